// SPDX-License-Identifier: Apache-2.0
// What is mounted in a container, in order: the system's own file systems; then our files in /etc and what the user
// asked for, parents before children. A user's mount replaces a default one at the same place.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/files.h"
#include "engine/rootless.h"
#include "engine/shm.h"
#include "engine/spec.h"
#include "engine/volumes.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHM_SIZE INT64_C(67108864)

struct entry { // what is sorted: an entry of the spec and how deep it is
	struct oci_mount m;
	size_t depth, order;
};

struct list_of {
	struct entry *v;
	size_t n;
};

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

static bool user_has(const struct spec_build *b, const char *destination)
{
	for (size_t i = 0; i < b->p->resolved.n_mounts; i++)
		if (str_eq(b->p->resolved.mounts[i].destination, destination))
			return true;
	return false;
}

static struct oci_mount *add(struct spec_build *b, const char *destination, const char *type, const char *source,
			     const char *options)
{
	struct oci_mount *m = arena_append(b->a, b->spec->mounts, b->spec->n_mounts);
	_cleanup_strv_ char **v = strv_split(options, ',');

	m->destination = arena_strdup(b->a, destination);
	m->type = arena_strdup(b->a, type);
	m->source = arena_strdup(b->a, source);
	for (char **o = v; o && *o; o++)
		oci_strings_add(b->a, &m->options, *o);
	return m;
}

// A default, unless the user has something there, or has a /dev of his own for what is in it.
static void add_default(struct spec_build *b, const char *destination, const char *type, const char *source,
			const char *options)
{
	if (!user_has(b, destination) && (!str_starts(destination, "/dev/") || !user_has(b, "/dev")))
		add(b, destination, type, source, options);
}

// Where the namespace a file system shows is not ours to mount it in, the host's is bound.
static void add_proc(struct spec_build *b, bool foreign)
{
	if (foreign && spec_mode_is_host(b->o->pid))
		add_default(b, "/proc", "bind", "/proc", "rbind,nosuid,noexec,nodev");
	else
		add_default(b, "/proc", "proc", "proc", "nosuid,noexec,nodev");
}

static void add_sys(struct spec_build *b, bool foreign)
{
	bool rw = b->o->privileged;

	if (foreign && (spec_network_is_host(b->o) || spec_mode_container(b->o->network)))
		add_default(b, "/sys", "bind", "/sys",
			    rw ? "rbind,nosuid,noexec,nodev" : "rbind,nosuid,noexec,nodev,ro,rro");
	else
		add_default(b, "/sys", "sysfs", "sysfs", rw ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro");
	add_default(b, "/sys/fs/cgroup", "cgroup", "cgroup",
		    rw ? "nosuid,noexec,nodev,relatime" : "nosuid,noexec,nodev,relatime,ro");
}

static int add_ipc(struct spec_build *b, struct err *e)
{
	const char *other = spec_mode_container(b->o->ipc);
	char options[128];

	if (spec_mode_is_host(b->o->ipc)) {
		if (!access("/dev/mqueue", F_OK))
			add_default(b, "/dev/mqueue", "bind", "/dev/mqueue", "bind,nosuid,noexec,nodev");
		add_default(b, "/dev/shm", "bind", "/dev/shm", "bind,nosuid,noexec,nodev");
		return 0;
	}
	add_default(b, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	if (other && !user_has(b, "/dev/shm") && !b->running) {
		_cleanup_engine_row_ struct engine_row r = {0};
		int rc = spec_other_container(b->g, "--ipc", other, &r, e);
		int fd = rc < 0 ? rc : shm_of_process(r.c.pid, r.pid_start, e);
		if (fd < 0)
			return err_wrap(e, fd, "--ipc %s", b->o->ipc);
		b->keep[b->n_keep++] = fd;
		add(b, "/dev/shm", "bind", arena_printf(b->a, "/proc/self/fd/%d", fd), "bind,nosuid,noexec,nodev");
		return 0;
	}
	int rc = str_fmt(options, sizeof(options), "nosuid,noexec,nodev,mode=1777,size=%lld",
			 (long long)(b->o->shm_size ? b->o->shm_size : SHM_SIZE));
	if (rc < 0)
		return err_rc(e, rc, "/dev/shm");
	add_default(b, "/dev/shm", "tmpfs", "shm", options);
	return 0;
}

static int add_defaults(struct spec_build *b, struct err *e)
{
	bool foreign = b->userns || b->g->rootless;

	add_proc(b, foreign);
	add_default(b, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	add_default(b, "/dev/pts", "devpts", "devpts",
		    b->g->rootless && rootless_single_reason()
			    ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"
			    : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_sys(b, foreign);
	return add_ipc(b, e);
}

// ---- what the user asked for, and our files -------------------------------------------------------------------------

static struct oci_mount *entry(struct list_of *l, const char *destination)
{
	struct entry *n = &l->v[l->n];

	n->order = l->n++;
	n->depth = depth_of(destination);
	return &n->m;
}

static void fill(struct spec_build *b, struct oci_mount *m, const char *destination, const char *type,
		 const char *source)
{
	m->destination = arena_strdup(b->a, destination);
	m->type = arena_strdup(b->a, type);
	m->source = arena_strdup(b->a, source);
}

// SELinux relabelling is nothing where there is no SELinux, as everywhere else; the rest must not be passed over.
static int check_options(const struct engine_mount *m, struct err *e)
{
	_cleanup_strv_ char **v = m->options ? strv_split(m->options, ',') : NULL;

	for (char **o = v; o && *o; o++) {
		if ((str_eq(*o, "z") || str_eq(*o, "Z")) && access("/sys/fs/selinux/enforce", F_OK))
			continue;
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "option \"%s\" is not supported", *o);
	}
	return 0;
}

static int bind_source(struct spec_build *b, const struct engine_mount *m, struct err *e)
{
	struct stat st;

	if (b->running || !stat(m->source, &st))
		return 0;
	if (errno != ENOENT || !m->bind_create_source)
		return err_sys(e, "source %s", m->source);
	int rc = path_mkdirs(m->source, 0755, e);
	return rc < 0 ? err_wrap(e, rc, "source %s", m->source) : 0;
}

static void bind_options(struct spec_build *b, const struct engine_mount *m, struct oci_mount *to)
{
	oci_strings_add(b->a, &to->options, m->bind_nonrecursive ? "bind" : "rbind");
	oci_strings_add(b->a, &to->options, m->propagation ? m->propagation : "rprivate");
	if (!m->readonly)
		return;
	oci_strings_add(b->a, &to->options, "ro");
	if (!m->bind_nonrecursive)
		oci_strings_add(b->a, &to->options, "rro");
}

static int add_bind(struct spec_build *b, struct list_of *l, const struct engine_mount *m, struct err *e)
{
	int rc = check_options(m, e);

	if (rc >= 0)
		rc = bind_source(b, m, e);
	if (rc < 0)
		return rc;
	struct oci_mount *to = entry(l, m->destination);
	fill(b, to, m->destination, "bind", m->source);
	bind_options(b, m, to);
	return 0;
}

// A volume's files have the container's ids on disk, so that it can be shared and outlive the range.
static int add_volume(struct spec_build *b, struct list_of *l, const struct engine_mount *m, struct err *e)
{
	int rc = check_options(m, e);

	if (rc < 0)
		return rc;
	_cleanup_free_ char *path = volume_path(b->g, m->source);
	struct oci_mount *to = entry(l, m->destination);
	fill(b, to, m->destination, "bind", path);
	bind_options(b, m, to);
	if (b->userns)
		oci_strings_add(b->a, &to->options, "idmap");
	return 0;
}

static int add_tmpfs(struct spec_build *b, struct list_of *l, const struct engine_mount *m, struct err *e)
{
	struct oci_mount *to = entry(l, m->destination);
	_cleanup_strv_ char **v = m->options ? strv_split(m->options, ',') : NULL;

	fill(b, to, m->destination, "tmpfs", "tmpfs");
	oci_strings_add(b->a, &to->options, "nosuid");
	oci_strings_add(b->a, &to->options, "nodev");
	oci_strings_add(b->a, &to->options, "noexec");
	for (char **o = v; o && *o; o++)
		oci_strings_add(b->a, &to->options, *o);
	char *mode = arena_printf(b->a, "mode=%o", m->tmpfs_mode ? m->tmpfs_mode : 01777);
	oci_strings_add(b->a, &to->options, mode);
	if (m->tmpfs_size) {
		char *size = arena_printf(b->a, "size=%lld", (long long)m->tmpfs_size);
		oci_strings_add(b->a, &to->options, size);
	}
	if (m->readonly)
		oci_strings_add(b->a, &to->options, "ro");
	return 0;
}

static int add_asked(struct spec_build *b, struct list_of *l, const struct engine_mount *m, struct err *e)
{
	int rc = 0;

	switch (m->type) {
	case ENGINE_MOUNT_BIND: rc = add_bind(b, l, m, e); break;
	case ENGINE_MOUNT_VOLUME: rc = add_volume(b, l, m, e); break;
	case ENGINE_MOUNT_TMPFS: rc = add_tmpfs(b, l, m, e); break;
	}
	return rc < 0 ? err_wrap(e, rc, "mount %s", m->destination) : 0;
}

static int add_files(struct spec_build *b, struct list_of *l, struct err *e)
{
	for (size_t i = 0; i < FILES_N; i++) {
		_cleanup_free_ char *source = NULL;
		if (user_has(b, files_destination[i]))
			continue;
		int rc = files_source(b, i, &source, e);
		if (rc < 0)
			return rc;
		struct oci_mount *to = entry(l, files_destination[i]);
		fill(b, to, files_destination[i], "bind", source);
		oci_strings_add(b->a, &to->options, "bind");
		oci_strings_add(b->a, &to->options, "rprivate");
		if (b->o->read_only)
			oci_strings_add(b->a, &to->options, "ro");
	}
	return 0;
}

static int by_depth(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

int spec_mounts(struct spec_build *b, struct err *e)
{
	const struct engine_resolved *r = &b->p->resolved;
	struct list_of l = {.v = xnew_n(struct entry, r->n_mounts + FILES_N)};
	_cleanup_free_ struct entry *all = l.v;

	b->spec->root = arena_new(b->a, struct oci_root);
	b->spec->root->path = arena_strdup(b->a, "rootfs"); // a name only: the plan brings the mount itself
	b->spec->root->readonly = b->o->read_only;
	int rc = add_defaults(b, e);
	for (size_t i = 0; i < r->n_mounts && rc >= 0; i++)
		rc = add_asked(b, &l, &r->mounts[i], e);
	if (rc >= 0)
		rc = add_files(b, &l, e);
	if (rc < 0)
		return rc;
	qsort(all, l.n, sizeof(*all), by_depth);
	for (size_t i = 0; i < l.n; i++) {
		struct oci_mount *m = arena_append(b->a, b->spec->mounts, b->spec->n_mounts);
		*m = all[i].m;
	}
	return 0;
}
