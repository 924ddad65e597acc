// SPDX-License-Identifier: Apache-2.0
// Owns the making of pseudo terminals.
#include "kernel/pty.h"

#include "base/fd.h"

#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

// The node must be the multiplexer (5:2) of a devpts, whatever an image put at its place.
static int open_ptmx(int devpts, struct err *e)
{
	struct statfs fs;
	struct stat st;
	_cleanup_fd_ int fd = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open ptmx of the container's devpts");
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "check ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return err_set(e, ERR_DENIED, EPERM, "ptmx is not the pseudo terminal multiplexer");
	return TAKE_FD(fd);
}

int pty_open(int devpts, int *ret_master, int *ret_slave, struct err *e)
{
	_cleanup_fd_ int master = open_ptmx(devpts, e);
	if (master < 0)
		return master;
	int unlock = 0;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the pseudo terminal");
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(e, "open the pseudo terminal's other side");
	*ret_master = TAKE_FD(master);
	*ret_slave = slave;
	return 0;
}

int pty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *e)
{
	struct winsize w = {.ws_row = rows, .ws_col = columns};
	return ioctl(fd, TIOCSWINSZ, &w) < 0 ? err_sys(e, "set the terminal's size") : 0;
}

int pty_set_controlling(int tty, struct err *e)
{
	return ioctl(tty, TIOCSCTTY, 0) < 0 ? err_sys(e, "make the terminal the controlling one") : 0;
}
