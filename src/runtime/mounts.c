// SPDX-License-Identifier: Apache-2.0
// Owns the parent's half of the mounts: options parsed, sources of binds opened in the host's view and cloned with all
// their attributes, before any namespace exists. Init is left with placing them. A bind's source is so resolved with
// the caller's rights and never inside the container.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/idmap.h"
#include "kernel/procfs.h"
#include "runtime/start.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

// What may be bound over single files of /proc; anything else there would undermine the kernel's own answers.
static const char *const proc_allowed[] = {"/proc/cpuinfo",
					   "/proc/diskstats",
					   "/proc/meminfo",
					   "/proc/stat",
					   "/proc/swaps",
					   "/proc/uptime",
					   "/proc/loadavg",
					   "/proc/slabinfo",
					   "/proc/sys/kernel/ns_last_pid",
					   "/proc/sys/crypto/fips_enabled",
					   NULL};

static bool is_bind(const struct start_mount *m)
{
	return m->o.bind || (m->m->type && str_eq(m->m->type, "bind"));
}

static int parse_options(struct start_mount *m, struct err *e)
{
	for (size_t i = 0; i < m->m->options.n; i++) {
		int rc = mount_options_add(&m->o, m->m->options.v[i], e);
		if (rc < 0)
			return rc;
	}
	if (!m->m->type && !m->o.bind)
		return err_invalid(e, "type is missing");
	if (m->o.tmpcopyup && !str_eq0(m->m->type, "tmpfs"))
		return err_invalid(e, "tmpcopyup is for tmpfs alone");
	if (m->o.copy_symlink)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "option copy-symlink is not supported");
	return 0;
}

// A map for this mount alone, or the container's.
static int apply_idmap(const struct start *s, struct start_mount *m, struct err *e)
{
	const struct oci_id_mappings *u = &m->m->uid_mappings, *g = &m->m->gid_mappings;
	bool own = u->n || g->n;

	if (!own && !m->o.idmap && !m->o.ridmap)
		return 0;
	if (!own) {
		u = &s->spec->linux->uid_mappings;
		g = &s->spec->linux->gid_mappings;
	}
	_cleanup_fd_ int ns = idmap_userns(u, g, e);
	return ns < 0 ? ns : mount_set_idmap(m->tree, m->o.ridmap, ns, e);
}

static int clone_source(const struct start *s, struct start_mount *m, struct err *e)
{
	const char *source = m->m->source;
	struct stat st;

	if (str_empty(source))
		return err_invalid(e, "a bind needs a source");
	int dir = s->plan->bundle >= 0 ? s->plan->bundle : AT_FDCWD;
	_cleanup_fd_ int fd = openat(dir, source, O_PATH | O_CLOEXEC | (m->o.src_nofollow ? O_NOFOLLOW : 0));
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "source %s", source);
	if (S_ISLNK(st.st_mode))
		return err_set(e, ERR_UNSUPPORTED, ELOOP, "source %s is a symbolic link (src-nofollow)", source);
	if (str_eq(m->destination, "/proc") && procfs_is(fd) != 1)
		return err_set(e, ERR_DENIED, EPERM, "%s is not a procfs, and nothing else may be there", source);
	m->directory = S_ISDIR(st.st_mode);
	m->tree = mount_clone(fd, m->o.recursive, e);
	// What the caller got from another mount namespace is a detached mount, which cannot be cloned but is ours to
	// use.
	if (m->tree == -EINVAL && str_starts(source, "/proc/self/fd/") && !mount_is_attached(fd)) {
		err_clear(e);
		m->tree = TAKE_FD(fd);
	}
	if (m->tree < 0)
		return err_wrap(e, m->tree, "source %s", source);
	return 0;
}

static int prepare_bind(const struct start *s, struct start_mount *m, struct err *e)
{
	int rc = clone_source(s, m, e);

	if (rc < 0)
		return rc;
	// The clone is a peer of its source; unless the root is to be shared, what happens inside must stay there.
	if (!(s->propagation & MS_SHARED))
		rc = mount_set_propagation(m->tree, s->propagation | MS_REC, e);
	if (!rc)
		rc = mount_apply(m->tree, &m->o, e);
	return rc < 0 ? rc : apply_idmap(s, m, e);
}

static int check_destination(const struct start_mount *m, struct err *e)
{
	const char *d = m->destination;

	if (str_eq(d, "/"))
		return err_invalid(e, "the root file system is root.path, not a mount");
	if (str_eq(d, "/proc") && !is_bind(m) && !str_eq(m->m->type, "proc"))
		return err_set(e, ERR_DENIED, EPERM, "only a procfs may be at /proc");
	if (str_starts(d, "/proc/") && !str_in(d, proc_allowed))
		return err_set(e, ERR_DENIED, EPERM, "nothing may be mounted inside /proc");
	return 0;
}

static int prepare_one(struct start *s, struct start_mount *m, const struct oci_mount *om, struct err *e)
{
	m->m = om;
	m->tree = -1;
	m->directory = true;
	m->destination = path_clean(om->destination);
	int rc = parse_options(m, e);
	if (!rc)
		rc = check_destination(m, e);
	if (rc < 0)
		return rc;
	if (str_eq(m->destination, "/dev"))
		s->own_dev = !is_bind(m);
	if (is_bind(m))
		return prepare_bind(s, m, e);
	if (m->o.idmap || m->o.ridmap || om->uid_mappings.n || om->gid_mappings.n)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "idmapping is for binds alone");
	if (str_eq(om->type, "tmpfs") && m->o.set & MOUNT_ATTR_RDONLY) {
		m->readonly_late = true;
		m->o.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	bool labelled = str_eq(om->type, "tmpfs") || str_eq(om->type, "devpts"); // the others have labels of their own
	if (labelled && !str_empty(s->spec->linux->mount_label))
		strv_pushf(&m->o.fs, "context=\"%s\"", s->spec->linux->mount_label);
	return 0;
}

int mounts_prepare(struct start *s, struct err *e)
{
	s->own_dev = true;
	s->mounts = xnew_n(struct start_mount, s->spec->n_mounts ? s->spec->n_mounts : 1);
	for (size_t i = 0; i < s->spec->n_mounts; i++) {
		struct start_mount *m = &s->mounts[i];
		s->n_mounts = i + 1;
		m->tree = -1;
		int rc = prepare_one(s, m, &s->spec->mounts[i], e);
		if (rc < 0)
			return err_wrap(e, rc, "mount %s", s->spec->mounts[i].destination);
	}
	return 0;
}
