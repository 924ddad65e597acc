// SPDX-License-Identifier: Apache-2.0
// Transfers without waiting on descriptors whose flags are not ours to change.
//
// Pipes, FIFOs and terminals get an open file description of their own through /proc/self/fd, which is non-blocking.
// Regular files must not be opened anew (the shell's offset and O_APPEND are in the old description) and need
// not be. What cannot be reopened (a terminal of another user after su, say) is polled before each transfer, which is
// small enough for a pipe that has room at all.
#include "engine/stream_nowait.h"

#include "base/fd.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct nowait nowait_open(int fd, bool write)
{
	struct nowait n = {.fd = fd, .kind = NOWAIT_PLAIN};
	char path[FD_PATH_MAX];
	struct stat st;

	if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return n;
	if (S_ISSOCK(st.st_mode)) {
		n.kind = NOWAIT_SOCKET;
		return n;
	}
	fd_proc_path(path, fd);
	int own = open(path, (write ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0) {
		n.kind = NOWAIT_POLL;
		return n;
	}
	return (struct nowait){.fd = own, .own = true, .kind = NOWAIT_OWN};
}

void nowait_close(struct nowait *n)
{
	if (n->own)
		fd_close(n->fd);
	*n = (struct nowait){.fd = -1};
}

// Whether fd is ready: 0, or -EAGAIN.
static int ask(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) > 0 ? 0 : -EAGAIN;
}

ssize_t nowait_read(const struct nowait *n, void *p, size_t len)
{
	if (n->kind == NOWAIT_POLL && ask(n->fd, POLLIN) < 0)
		return -EAGAIN;
	for (;;) {
		ssize_t got = n->kind == NOWAIT_SOCKET ? recv(n->fd, p, len, MSG_DONTWAIT) : read(n->fd, p, len);
		if (got >= 0)
			return got;
		if (errno != EINTR)
			return -errno;
	}
}

ssize_t nowait_write(const struct nowait *n, const void *p, size_t len)
{
	if (n->kind == NOWAIT_POLL) {
		if (ask(n->fd, POLLOUT) < 0)
			return -EAGAIN;
		len = MIN(len, (size_t)PIPE_BUF);
	}
	for (;;) {
		ssize_t put = n->kind == NOWAIT_SOCKET ? send(n->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL)
						       : write(n->fd, p, len);
		if (put >= 0)
			return put;
		if (errno != EINTR)
			return -errno;
	}
}
