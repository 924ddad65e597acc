// SPDX-License-Identifier: Apache-2.0
// Owns what a container sees at a mount of type "cgroup". On v2 that is one cgroup2 file system. On v1 it is a tmpfs
// with a directory for each hierarchy and links for the joined ones ("cpu" -> "cpu,cpuacct").
//
// With a cgroup namespace a new mount of a hierarchy shows the container's own group as root; without one, that
// group is bound from the host's mount, so that in both cases nothing above it is there. Hierarchies in which the
// container has no group are left out. /proc/self/cgroup tells the
// hierarchies and our place in them.
#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "runtime/start.h"

#include <sched.h>
#include <sys/stat.h>

struct hierarchy {
	const char *controllers; // "cpu,cpuacct", "name=systemd", "" for v2
	const char *path;        // of the caller
};

static const char host_base[] = "/sys/fs/cgroup";

// A hierarchy in which the container has no group of its own would show the caller's, and everyone else's below it.
static bool has_group(const struct start *s, const struct hierarchy *h)
{
	struct cgroup_mount v[CGROUP_MOUNTS_MAX];
	size_t n = s->cgroup ? cgroup_mounts(s->cgroup, v, CGROUP_MOUNTS_MAX) : 0;

	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].options, h->controllers))
			return true;
	return !s->cgroup;
}

static const char *dir_name(const struct hierarchy *h)
{
	const char *name = str_after(h->controllers, "name=");
	return name ? name : *h->controllers ? h->controllers : "unified";
}

static int new_hierarchy(const struct hierarchy *h, const struct mount_options *attrs, struct err *e)
{
	struct mount_options o = {.set = attrs->set};
	int rc = 0;

	if (str_starts(h->controllers, "name=")) {
		strv_push(&o.fs, "none");
		strv_push(&o.fs, h->controllers);
	} else {
		o.fs = strv_split(h->controllers, ',');
	}
	rc = mount_new(*h->controllers ? "cgroup" : "cgroup2", "cgroup", &o, e);
	mount_options_done(&o);
	return rc;
}

static int bind_group(const struct start *s, const struct hierarchy *h, const struct mount_options *attrs, bool alone,
		      struct err *e)
{
	char path[PATH_MAX];
	int rc = alone ? str_fmt(path, sizeof(path), "%s%s", host_base, h->path)
		       : str_fmt(path, sizeof(path), "%s/%s%s", host_base, dir_name(h), h->path);
	if (rc < 0)
		return err_rc(e, rc, "cgroup path");
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	_cleanup_fd_ int clone = mount_clone(fd, false, e);
	if (clone < 0)
		return clone;
	rc = mount_set_attr(clone, false, attrs->set, 0, e);
	return rc < 0 ? rc : TAKE_FD(clone);
}

static int place(const struct start *s, const struct hierarchy *h, const struct mount_options *attrs, bool alone,
		 int target, struct err *e)
{
	bool own_ns = s->new_namespaces & CLONE_NEWCGROUP || s->join[OCI_NS_CGROUP] >= 0;
	_cleanup_fd_ int fd = own_ns ? new_hierarchy(h, attrs, e) : bind_group(s, h, attrs, alone, e);
	int rc = fd < 0 ? fd : mount_attach(fd, target, e);
	return rc < 0 ? err_wrap(e, rc, "hierarchy %s", dir_name(h)) : 0;
}

static int place_in(const struct start *s, const struct hierarchy *h, const struct mount_options *attrs, int dir,
		    struct err *e)
{
	const char *name = dir_name(h);

	if (mkdirat(dir, name, 0755) < 0)
		return err_sys(e, "make %s", name);
	_cleanup_fd_ int target = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open %s", name);
	int rc = place(s, h, attrs, false, target, e);
	if (rc < 0 || !strchr(h->controllers, ','))
		return rc;
	_cleanup_strv_ char **each = strv_split(h->controllers, ',');
	for (char **c = each; *c; c++)
		if (symlinkat(name, dir, *c) < 0 && errno != EEXIST)
			return err_sys(e, "link %s to %s", *c, name);
	return 0;
}

// Cuts "N:controllers:/path" lines; false at the end.
static bool next_hierarchy(char **text, struct hierarchy *h)
{
	while (**text) {
		char *line = *text;
		*text += strcspn(line, "\n");
		if (**text)
			*(*text)++ = '\0';
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		*h = (struct hierarchy){.controllers = controllers + 1, .path = path};
		return true;
	}
	return false;
}

static int build_v1(const struct start *s, int target, const struct start_mount *m, char *text, struct err *e)
{
	struct mount_options o = {.set = m->o.set & ~(uint64_t)MOUNT_ATTR_RDONLY};
	char *fs[] = {(char *)"mode=755", NULL};
	o.fs = fs;
	_cleanup_fd_ int dir = mount_new("tmpfs", "tmpfs", &o, e);
	int rc = dir < 0 ? dir : mount_attach(dir, target, e);
	if (rc < 0)
		return rc;
	struct hierarchy h;
	while (!rc && next_hierarchy(&text, &h))
		if ((*h.controllers || cgroup_host_mode() == CGROUP_HYBRID) && has_group(s, &h))
			rc = place_in(s, &h, &m->o, dir, e);
	return rc < 0 ? rc : mount_set_attr(dir, false, m->o.set, 0, e);
}

int build_cgroup_mount(struct start *s, int target, struct start_mount *m, struct err *e)
{
	enum cgroup_mode mode = cgroup_host_mode();
	_cleanup_buf_ struct buf b = BUF_INIT(1 << 16);

	if (mode == CGROUP_NONE)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "this host has no cgroup file system mounted");
	int rc = file_read(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &b, e);
	if (rc < 0)
		return rc;
	if (mode != CGROUP_V2)
		return build_v1(s, target, m, b.data, e);
	char *text = b.data;
	struct hierarchy h;
	while (next_hierarchy(&text, &h))
		if (!*h.controllers)
			return place(s, &h, &m->o, true, target, e);
	return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "no v2 hierarchy");
}
