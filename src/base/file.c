// SPDX-License-Identifier: Apache-2.0
// Small files read and written whole. A file that must survive a crash in one state or the other is written to a
// temporary beside it and renamed; the temporary's name starts with a dot and ends in ".tmp", so that who lists the
// folder can tell it.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

// Reads all of fd behind what ret holds; on failure ret is as it was. A zeroed ret gets max as its maximum.
static int read_into(int fd, size_t max, struct buf *ret)
{
	if (!ret->cap && !ret->max)
		*ret = BUF_INIT(max);
	size_t had = ret->len, limit = ret->max;
	ret->max = MIN(limit, max > SIZE_MAX - had ? SIZE_MAX : had + max);
	int rc = fd_read_all(fd, ret);
	ret->max = limit;
	if (rc < 0 && ret->cap) {
		ret->len = had;
		ret->data[had] = '\0';
	}
	return rc;
}

int file_read(int dirfd, const char *name, size_t max, struct buf *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open %s", name);
	int rc = read_into(fd, max, ret);
	if (rc == -EFBIG)
		return err_set(e, ERR_EXHAUSTED, EFBIG, "read %s: larger than %zu bytes", name, max);
	return rc < 0 ? err_rc(e, rc, "read %s", name) : 0;
}

int file_read_regular(int fd, size_t max, struct buf *ret, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if (!S_ISREG(st.st_mode))
		return err_invalid(e, "not a regular file");
	int rc = read_into(fd, max, ret);
	if (rc == -EFBIG)
		return err_set(e, ERR_EXHAUSTED, EFBIG, "larger than %zu bytes", max);
	return rc < 0 ? err_rc(e, rc, "read") : 0;
}

int file_write_kernel(int dirfd, const char *name, const char *value, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(value);
	ssize_t put;

	if (fd < 0)
		return err_sys(e, "open %s", name);
	// The kernel takes a value with the first write, so a rest must not follow in a second one.
	do
		put = write(fd, value, n);
	while (put < 0 && errno == EINTR);
	if (put == (ssize_t)n)
		return 0;
	if (put >= 0)
		errno = EIO;
	int shown = (int)MIN(strcspn(value, "\n"), (size_t)80);
	return err_sys(e, "write \"%.*s\" to %s", shown, value, name);
}

// A new file beside name: its descriptor, and its name into temp.
static int open_temporary(int dirfd, const char *name, char **ret_temp)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	for (int tries = 0; tries < 16; tries++) {
		uint64_t r = 0;
		if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
			r = (uint64_t)clock_monotonic() ^ (uint64_t)getpid() << 40;
		_cleanup_free_ char *temp =
			xasprintf("%.*s.%.200s.%016llx.tmp", (int)(base - name), name, base, (unsigned long long)r);
		int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0) {
			*ret_temp = TAKE_PTR(temp);
			return fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int sync_parent(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	_cleanup_free_ char *parent = slash ? xstrndup(name, MAX((size_t)(slash - name), (size_t)1)) : xstrdup(".");
	_cleanup_fd_ int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int file_write_atomic(int dirfd, const char *name, const void *p, size_t n, mode_t mode, bool sync, struct err *e)
{
	_cleanup_free_ char *temp = NULL;
	_cleanup_fd_ int fd = open_temporary(dirfd, name, &temp);

	if (fd < 0 || !temp)
		return err_rc(e, fd, "write %s: create a temporary beside it", name);
	ssize_t rc = fd_write_full(fd, p, n);
	// fchmod, for the mode given to open is subject to the umask.
	if (rc >= 0 && (fchmod(fd, mode) < 0 || (sync && fsync(fd) < 0) || renameat(dirfd, temp, dirfd, name) < 0))
		rc = -errno;
	if (rc < 0) {
		unlinkat(dirfd, temp, 0);
		return err_rc(e, (int)rc, "write %s", name);
	}
	rc = sync ? sync_parent(dirfd, name) : 0;
	return rc < 0 ? err_rc(e, (int)rc, "write %s: sync its directory", name) : 0;
}
