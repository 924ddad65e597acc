// SPDX-License-Identifier: Apache-2.0
// Owns the last steps of a root file system.
//
// The new root is mounted on top of "/" itself: a lookup that begins at "/" begins at the process's root below that
// mount, so no path of the host is covered, and no directory has to be found or made to hold it. pivot_root(".", ".")
// from within then swaps both in place, and the old root, stacked on the new one's ".", is detached.
#include "kernel/rootfs.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/mount.h"

#include <sys/mount.h>
#include <sys/stat.h>

int rootfs_attach(int root, struct err *e)
{
	if (sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "put the root file system into place");
	return 0;
}

// The new root stands over the old one already. What else the host has mounted stays below it, out of sight of all but
// who breaks out of a chroot; the file systems that could be used for harm from there are taken away.
static int change_root(struct err *e)
{
	static const char *const host[] = {"/proc", "/sys"};
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		if (umount2(host[i], MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
			return err_sys(e, "detach the host's %s", host[i]);
	return chroot(".") < 0 ? err_sys(e, "chroot into the root file system") : 0;
}

static int pivot(struct err *e)
{
	if (sys_pivot_root(".", ".") < 0)
		return err_sys(e, "pivot_root%s",
			       errno == EINVAL ? " (the host's root is a ramfs? try without pivot)" : "");
	return umount2(".", MNT_DETACH) < 0 ? err_sys(e, "detach the old root") : 0;
}

int rootfs_pivot(int root, bool no_pivot, struct err *e)
{
	if (fchdir(root) < 0)
		return err_sys(e, "enter the root file system");
	int rc = no_pivot ? change_root(e) : pivot(e);
	if (rc < 0)
		return rc;
	return chdir("/") < 0 ? err_sys(e, "enter the new root") : 0;
}

static int readonly_one(int root, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = path_open_in(root, path, O_PATH, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_rc(e, fd, "open");
	_cleanup_fd_ int clone = mount_clone(fd, true, e);
	if (clone < 0)
		return clone;
	int rc = mount_set_attr(clone, true, MOUNT_ATTR_RDONLY, 0, e);
	return rc < 0 ? rc : mount_attach(clone, fd, e);
}

int rootfs_make_readonly(int root, const struct oci_strings *paths, struct err *e)
{
	for (size_t i = 0; i < paths->n; i++) {
		int rc = readonly_one(root, paths->v[i], e);
		if (rc < 0)
			return err_wrap(e, rc, "linux.readonlyPaths: %s", paths->v[i]);
	}
	return 0;
}

// The empty directory is made once; clones can only be taken of a mount that is attached, so the first goes to its
// place and the others are clones of that one.
static int empty_dir(int *tmpfs, struct err *e)
{
	if (*tmpfs >= 0)
		return mount_clone(*tmpfs, false, e);
	struct mount_options o = {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	char *fs[] = {(char *)"mode=755", (char *)"nr_blocks=1", (char *)"nr_inodes=2", NULL};
	o.fs = fs;
	return mount_new("tmpfs", "tmpfs", &o, e);
}

// The host's null device, which must stay as it is: its mode and owner too.
static int clone_null(int null, struct err *e)
{
	_cleanup_fd_ int clone = mount_clone(null, false, e);
	int rc = clone < 0 ? clone
			   : mount_set_attr(clone, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0,
					    e);
	return rc < 0 ? rc : TAKE_FD(clone);
}

static int mask_one(int root, int null, int *tmpfs, const char *path, struct err *e)
{
	struct stat st;
	_cleanup_fd_ int fd = path_open_in(root, path, O_PATH, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_rc(e, fd, "open");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	_cleanup_fd_ int cover = S_ISDIR(st.st_mode) ? empty_dir(tmpfs, e) : clone_null(null, e);
	if (cover < 0)
		return cover;
	int rc = mount_attach(cover, fd, e);
	if (!rc && S_ISDIR(st.st_mode) && *tmpfs < 0)
		*tmpfs = TAKE_FD(cover);
	return rc;
}

int rootfs_mask(int root, int null, const struct oci_strings *paths, struct err *e)
{
	_cleanup_fd_ int tmpfs = -1;

	for (size_t i = 0; i < paths->n; i++) {
		int rc = mask_one(root, null, &tmpfs, paths->v[i], e);
		if (rc < 0)
			return err_wrap(e, rc, "linux.maskedPaths: %s", paths->v[i]);
	}
	return 0;
}
