// SPDX-License-Identifier: Apache-2.0
// Owns init's half of the root file system: every mount onto its place, /dev, the console, hidden paths, the
// switch of root.
//
// Whatever is inside the root is hostile. A target is found or made through the root's descriptor with openat2
// (RESOLVE_IN_ROOT) and held as O_PATH; the mount is put onto exactly that object. From then on our own mounts (/dev,
// /dev/pts, /proc) are reached through the descriptors they were born with, which no path can redirect.
// A tmpfs asked for read-only is so only at the end, as other mounts may need directories made in it.
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/device.h"
#include "kernel/procfs.h"
#include "kernel/pty.h"
#include "kernel/rootfs.h"
#include "runtime/start.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

// /proc and /sys must be plain directories of the root: through a link they would come up somewhere else, and every
// later rule about them (masks, sysctls) would protect the wrong place.
static int plain_target(int root, const char *path, struct err *e)
{
	struct stat st;
	_cleanup_fd_ int fd = path_open_in(root, path, O_PATH | O_NOFOLLOW, 0);

	if (fd == -ENOENT) {
		int made = path_make_target(root, path, true);
		return made < 0 ? err_rc(e, made, "make the directory") : made;
	}
	if (fd < 0)
		return err_rc(e, fd, "open the mount point");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_DENIED, ENOTDIR, "the root file system has a %s there, which is refused",
			       S_ISLNK(st.st_mode) ? "symbolic link" : "file");
	return TAKE_FD(fd);
}

static bool wants_plain(const struct start_mount *m)
{
	return str_eq(m->destination, "/proc") || str_eq(m->destination, "/sys") ||
	       (m->tree < 0 && (str_eq(m->m->type, "proc") || str_eq(m->m->type, "sysfs")));
}

// The usual directories of a /dev that we have just made are made and opened directly; -1 for any other.
static int below_dev(const struct rootfs_state *st, const struct start_mount *m)
{
	const char *name = str_after(m->destination, "/dev/");

	if (st->dev < 0 || !m->directory || !name || !path_is_component(name))
		return -1;
	if (mkdirat(st->dev, name, 0755) < 0)
		return -1;
	return openat(st->dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_target(struct rootfs_state *st, const struct start_mount *m, struct err *e)
{
	if (wants_plain(m))
		return plain_target(st->root, m->destination, e);
	_cleanup_fd_ int quick = below_dev(st, m);
	if (quick >= 0)
		return TAKE_FD(quick);
	_cleanup_fd_ int fd = path_make_target(st->root, m->destination, m->directory);
	if (fd < 0)
		return err_rc(e, fd, "make the mount point");
	if (procfs_is(fd) == 1 && !str_starts(m->destination, "/proc/"))
		return err_set(e, ERR_DENIED, EPERM, "it leads into /proc, where nothing may be mounted");
	return TAKE_FD(fd);
}

// To a process in a user namespace (the container's, or that of a whole rootless engine) the kernel shows a new sysfs,
// procfs or mqueue only to the owner of the network, pid or ipc namespace; with the host's, the host's own mount is
// what there is.
static int new_or_host(const struct start *s, struct start_mount *m, struct err *e)
{
	int fd = mount_new(m->m->type, m->m->source, &m->o, e);
	if (fd != -EPERM)
		return fd;
	const char *host = str_eq(m->m->type, "proc") ? "/proc" : str_eq(m->m->type, "sysfs") ? "/sys" : NULL;
	if (!host && str_eq(m->m->type, "mqueue"))
		host = "/dev/mqueue";
	_cleanup_fd_ int src = host ? open(host, O_PATH | O_CLOEXEC) : -1;
	if (src < 0)
		return fd;
	err_clear(e);
	_cleanup_fd_ int clone = mount_clone(src, true, e);
	if (clone < 0)
		return clone;
	int rc = mount_set_attr(clone, true, m->o.set, m->o.clear, e);
	return rc < 0 ? rc : TAKE_FD(clone);
}

static int make_filesystem(const struct start *s, struct start_mount *m, int target, struct err *e)
{
	_cleanup_fd_ int fd = new_or_host(s, m, e);
	if (fd < 0)
		return fd;
	if (m->o.tmpcopyup) {
		_cleanup_fd_ int below = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int rc = below < 0 ? err_sys(e, "tmpcopyup: open") : build_copy_up(below, fd, e);
		if (rc < 0)
			return rc;
	}
	int rc = mount_attach(fd, target, e);
	if (!rc)
		rc = mount_set_attr(fd, true, m->o.rec_set, m->o.rec_clear, e);
	for (size_t i = 0; !rc && i < m->o.n_propagation; i++)
		rc = mount_set_propagation(fd, m->o.propagation[i], e);
	return rc < 0 ? rc : TAKE_FD(fd);
}

// The descriptors of our own mounts at the places that matter.
static void remember(struct rootfs_state *st, const struct start_mount *m, int fd)
{
	bool whole = !(m->o.set & MOUNT_ATTR_RDONLY) && !strv_has(m->o.fs, "subset=pid");
	int *where = str_eq(m->destination, "/dev")                                           ? &st->dev
		     : str_eq(m->destination, "/dev/pts") && str_eq(m->m->type, "devpts")     ? &st->devpts
		     : str_eq(m->destination, "/proc") && str_eq(m->m->type, "proc") && whole ? &st->proc
											      : NULL;
	if (!where) {
		fd_close(fd);
		return;
	}
	fd_close(*where);
	*where = fd;
}

int build_mount(struct start *s, struct rootfs_state *st, struct start_mount *m, struct err *e)
{
	_cleanup_fd_ int target = open_target(st, m, e);
	if (target < 0)
		return target;
	if (m->tree >= 0)
		return mount_attach(m->tree, target, e);
	if (str_eq(m->m->type, "cgroup") || str_eq(m->m->type, "cgroup2"))
		return build_cgroup_mount(s, target, m, e);
	int fd = make_filesystem(s, m, target, e);
	if (fd < 0)
		return fd;
	remember(st, m, fd);
	return 0;
}

static int build_dev(struct start *s, struct rootfs_state *st, struct err *e)
{
	_cleanup_fd_ int own = -1;
	int dev = st->dev;

	if (!s->own_dev) // a bound one is somebody else's
		return 0;
	if (dev < 0)
		dev = own = path_mkdirs_in(st->root, "/dev", 0755, (uid_t)-1, (gid_t)-1);
	if (dev < 0)
		return err_rc(e, dev, "/dev");
	int rc = device_make_defaults(dev, e);
	if (!rc)
		rc = device_make_links(dev, st->devpts >= 0, e);
	if (!rc)
		rc = s->payload.null = device_open_null(dev, e);
	for (size_t i = 0; rc >= 0 && i < s->spec->linux->n_devices; i++)
		rc = device_make(st->root, &s->spec->linux->devices[i], e);
	return rc < 0 ? rc : 0;
}

// The pty lives in the container's devpts and is bound over /dev/console.
static int build_console(struct start *s, struct rootfs_state *st, struct err *e)
{
	if (!s->payload.process->terminal)
		return 0;
	if (st->devpts < 0)
		return err_invalid(e, "process.terminal: the container has no devpts at /dev/pts");
	int rc = pty_open(st->devpts, &st->master, &st->slave, e);
	if (rc < 0)
		return rc;
	_cleanup_fd_ int target = path_make_target(st->root, "/dev/console", false);
	if (target < 0)
		return err_rc(e, target, "/dev/console");
	_cleanup_fd_ int clone = mount_clone(st->slave, false, e);
	rc = clone < 0 ? clone : mount_attach(clone, target, e);
	return rc < 0 ? err_wrap(e, rc, "/dev/console") : 0;
}

// The working directory is made if the image lacks it, as users expect of -w.
static int make_cwd(struct start *s, struct rootfs_state *st, struct err *e)
{
	const char *cwd = s->payload.process->cwd;
	_cleanup_fd_ int fd = path_open_in(st->root, cwd, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return 0; // other troubles are chdir's to tell
	_cleanup_fd_ int made = path_mkdirs_in(st->root, cwd, 0755, (uid_t)-1, (gid_t)-1);
	return made < 0 ? err_rc(e, made, "process.cwd: make %s", cwd) : 0;
}

static int place_root(struct start *s, struct err *e)
{
	if (!s->host_mounts) {
		if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			return err_sys(e, "make the mount namespace private");
		return rootfs_attach(s->rootfs, e);
	}
	_cleanup_fd_ int at = open(s->host_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_sys(e, "root.path %s in the joined mount namespace", s->host_root);
	return mount_attach(s->rootfs, at, e);
}

int build_rootfs(struct start *s, struct rootfs_state *st, struct err *e)
{
	int rc = place_root(s, e);

	st->root = s->rootfs;
	for (size_t i = 0; !rc && i < s->n_mounts; i++) {
		rc = build_mount(s, st, &s->mounts[i], e);
		if (rc < 0)
			err_wrap(e, rc, "mount %s", s->mounts[i].m->destination);
	}
	if (!rc)
		rc = build_dev(s, st, e);
	if (!rc)
		rc = build_console(s, st, e);
	if (!rc)
		rc = make_cwd(s, st, e);
	return rc;
}

static int make_readonly_late(struct start *s, struct rootfs_state *st, struct err *e)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		if (!s->mounts[i].readonly_late)
			continue;
		_cleanup_fd_ int fd = path_open_in(st->root, s->mounts[i].destination, O_PATH | O_DIRECTORY, 0);
		int rc = fd < 0 ? err_rc(e, fd, "open") : mount_set_attr(fd, false, MOUNT_ATTR_RDONLY, 0, e);
		if (rc < 0)
			return err_wrap(e, rc, "mount %s: make it read-only", s->mounts[i].destination);
	}
	return 0;
}

static int hide_paths(struct start *s, struct rootfs_state *st, struct err *e)
{
	const struct oci_linux *l = s->spec->linux;
	int rc = l->readonly_paths.n ? rootfs_make_readonly(st->root, &l->readonly_paths, e) : 0;
	if (rc < 0 || !l->masked_paths.n)
		return rc;
	_cleanup_fd_ int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	rc = null < 0 ? err_sys(e, "/dev/null") : device_check_null(null, e);
	return rc < 0 ? rc : rootfs_mask(st->root, null, &l->masked_paths, e);
}

int build_finish(struct start *s, struct rootfs_state *st, struct err *e)
{
	int rc = make_readonly_late(s, st, e);
	if (!rc)
		rc = hide_paths(s, st, e);
	if (!rc && s->host_mounts)
		rc = fchdir(st->root) < 0 || chroot(".") < 0 ? err_sys(e, "chroot into root.path") : 0;
	else if (!rc)
		rc = rootfs_pivot(st->root, s->plan->no_pivot, e);
	if (!rc && s->propagation & (MS_SHARED | MS_UNBINDABLE)) // the others it is already
		rc = mount_set_propagation(st->root, s->propagation, e);
	if (!rc && s->spec->root && s->spec->root->readonly)
		rc = mount_set_attr(st->root, false, MOUNT_ATTR_RDONLY, 0, e);
	return rc;
}
