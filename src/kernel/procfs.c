// SPDX-License-Identifier: Apache-2.0
// Owns the private procfs. Writes that decide over security (sysctls, security labels) must not go to whatever
// happens to be mounted at /proc; a detached mount made here has no path that anyone could redirect.
#include "kernel/procfs.h"

#include "base/fd.h"
#include "base/sys.h"

#include <linux/magic.h>
#include <sys/vfs.h>

int procfs_open_private(struct err *e)
{
	_cleanup_fd_ int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(e, "make a private procfs");
	int fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(e, "mount a private procfs") : fd;
}

int procfs_is(int fd)
{
	struct statfs s;
	return fstatfs(fd, &s) < 0 ? -errno : s.f_type == PROC_SUPER_MAGIC;
}
