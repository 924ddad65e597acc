// SPDX-License-Identifier: Apache-2.0
// File descriptors: closing, whole transfers, flags, passing over unix sockets, waiting. Whole transfers wait on a
// descriptor that turns out to be non-blocking (a terminal that another program left so), because a caller that
// asked for all of it cannot do anything with half.
#include "base/fd.h"

#include "base/clock.h"
#include "base/sys.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_STEP = 4096, COPY_STEP = 64 * 1024 };

void fd_close(int fd)
{
	if (fd < 0)
		return;
	int saved = errno;
	close(fd); // EINTR: Linux has closed it all the same
	errno = saved;
}

void fd_close_p(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}

void dir_close_p(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	*d = NULL;
	errno = saved;
}

// After a failed transfer: 0 if it may be tried again (EINTR, or ready after EAGAIN), else the negative errno.
static int retry(int fd, short events)
{
	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return -errno;
	struct pollfd p = {.fd = fd, .events = events};
	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

// One read that is not interrupted. off is -1 for the file's own position.
static ssize_t read_some(int fd, void *p, size_t n, off_t off)
{
	for (;;) {
		ssize_t got = off < 0 ? read(fd, p, n) : pread(fd, p, n, off);
		if (got >= 0)
			return got;
		int rc = retry(fd, POLLIN);
		if (rc < 0)
			return rc;
	}
}

static ssize_t read_full(int fd, void *p, size_t n, off_t off)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = read_some(fd, (char *)p + done, n - done, off < 0 ? -1 : off + (off_t)done);
		if (got < 0)
			return got;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t fd_read_full(int fd, void *p, size_t n)
{
	return read_full(fd, p, n, -1);
}

ssize_t fd_pread_full(int fd, void *p, size_t n, off_t off)
{
	return off < 0 ? -EINVAL : read_full(fd, p, n, off);
}

ssize_t fd_write_full(int fd, const void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = write(fd, (const char *)p + done, n - done);
		if (put < 0) {
			int rc = retry(fd, POLLOUT);
			if (rc < 0)
				return rc;
			continue;
		}
		if (!put)
			return -EIO;
		done += (size_t)put;
	}
	return (ssize_t)done;
}

int fd_read_all(int fd, struct buf *b)
{
	struct stat st;
	size_t step = READ_STEP;

	// One byte more than the size, so that the end of file shows without growing again.
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size < b->max - b->len)
		step = (size_t)st.st_size + 1;
	for (;;) {
		size_t room = b->max - b->len;
		if (!room)
			break;
		size_t n = MIN(step, room);
		char *at = buf_reserve(b, n);
		if (!at)
			return b->failed;
		ssize_t got = read_some(fd, at, n, -1);
		if (got <= 0) {
			*at = '\0';
			return (int)got;
		}
		buf_commit(b, (size_t)got);
		step = MAX((size_t)READ_STEP, MIN(b->len, (size_t)COPY_STEP));
	}
	char extra;
	ssize_t got = read_some(fd, &extra, 1, -1);
	return got > 0 ? -EFBIG : (int)got;
}

static int set_flag(int fd, int get, int set, int flag, bool on)
{
	int flags = fcntl(fd, get);

	if (flags < 0)
		return -errno;
	int want = on ? flags | flag : flags & ~flag;
	return want != flags && fcntl(fd, set, want) < 0 ? -errno : 0;
}

int fd_set_cloexec(int fd, bool on)
{
	return set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

int fd_set_nonblock(int fd, bool on)
{
	return set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

void fd_proc_path(char dst[static FD_PATH_MAX], int fd)
{
	snprintf(dst, FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

int fd_above_stdio(int fd)
{
	if (fd < 0)
		return -EBADF;
	if (fd > STDERR_FILENO)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return -errno;
	fd_close(fd);
	return moved;
}

// What copy_file_range and sendfile say of files that they do not serve.
static bool cannot_serve(int code)
{
	return code == EXDEV || code == EINVAL || code == ENOSYS || code == EOPNOTSUPP || code == EBADF ||
	       code == EPERM || code == ETXTBSY || code == EISDIR;
}

// Copies inside the kernel as far as it goes: until the end, until max in all, or until one that is no match.
// *done counts. Negative errno only for real failures.
static int copy_in_kernel(int from, int to, uint64_t max, uint64_t *done, bool by_sendfile)
{
	while (*done < max) {
		size_t n = (size_t)MIN(max - *done, UINT64_C(1) << 30);
		ssize_t got = by_sendfile ? sendfile(to, from, NULL, n) : copy_file_range(from, NULL, to, NULL, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return cannot_serve(errno) || errno == EAGAIN ? 0 : -errno;
		if (!got)
			return 0;
		*done += (uint64_t)got;
	}
	return 0;
}

int fd_copy(int from, int to, uint64_t max, struct err *e)
{
	char block[COPY_STEP];
	uint64_t done = 0;

	int rc = copy_in_kernel(from, to, max, &done, false);
	if (rc >= 0)
		rc = copy_in_kernel(from, to, max, &done, true);
	if (rc < 0)
		return err_rc(e, rc, "copy");
	// Kernel files tell the calls above that they are empty, so a read has the last word about the end.
	for (;;) {
		ssize_t got = read_some(from, block, sizeof(block), -1);
		if (got < 0)
			return err_rc(e, (int)got, "copy: read");
		if (!got)
			return 0;
		if ((uint64_t)got > max - done)
			return err_set(e, ERR_EXHAUSTED, EFBIG, "copy: more than %llu bytes", (unsigned long long)max);
		ssize_t put = fd_write_full(to, block, (size_t)got);
		if (put < 0)
			return err_rc(e, (int)put, "copy: write");
		done += (uint64_t)got;
	}
}

union fd_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

int fd_send(int sock, const void *p, size_t len, const int *fds, size_t n)
{
	union fd_control control = {0};
	struct iovec iov = {.iov_base = (void *)p, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n > FD_PASS_MAX || (n && !len))
		return -EINVAL;
	if (n) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	do {
		ssize_t put = sendmsg(sock, &msg, MSG_NOSIGNAL);
		if (put < 0) {
			int rc = retry(sock, POLLOUT);
			if (rc < 0)
				return rc;
			continue;
		}
		// Only a stream socket sends short; the descriptors went with the first part.
		iov.iov_base = (char *)iov.iov_base + put;
		iov.iov_len -= (size_t)put;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	} while (iov.iov_len);
	return 0;
}

// Collects the descriptors of a received message; those beyond max are closed. Returns how many there were.
static size_t take_fds(struct msghdr *msg, int *fds, size_t max)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here; i++, n++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < max)
				fds[n] = fd;
			else
				fd_close(fd);
		}
	}
	return n;
}

ssize_t fd_recv(int sock, void *p, size_t len, int *fds, size_t *n_fds)
{
	union fd_control control = {0};
	struct iovec iov = {.iov_base = p, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.space,
			     .msg_controllen = sizeof(control)};
	int got_fds[FD_PASS_MAX];
	size_t max = n_fds ? MIN(*n_fds, (size_t)FD_PASS_MAX) : 0;
	ssize_t got;

	while ((got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC)) < 0) {
		int rc = retry(sock, POLLIN);
		if (rc < 0)
			return rc;
	}
	size_t n = take_fds(&msg, got_fds, max);
	if (n > max || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < MIN(n, max); i++)
			fd_close(got_fds[i]);
		return -EMSGSIZE;
	}
	if (n)
		memcpy(fds, got_fds, n * sizeof(int));
	if (n_fds)
		*n_fds = n;
	return got;
}

int pidfd_send(int pidfd, int sig)
{
	return sys_pidfd_send_signal(pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int fd_wait_readable(int fd, int timeout_ms)
{
	int64_t end = timeout_ms < 0 ? 0 : clock_monotonic() + timeout_ms * NS_PER_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, timeout_ms);
		if (n >= 0)
			return n && p.revents & POLLNVAL ? -EBADF : n;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms >= 0)
			timeout_ms = (int)(MAX(end - clock_monotonic(), INT64_C(0)) / NS_PER_MS);
	}
}
