// SPDX-License-Identifier: Apache-2.0
// Owns tmpcopyup: what an image has at the place of a tmpfs is copied into it first. The source is hostile but just
// read: every entry is opened by its own name below its directory without following links, the depth is bounded, and
// the tmpfs's size bounds the bytes.
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/start.h"

#include <sys/stat.h>

enum { COPY_DEPTH_MAX = 128 };

static int copy_dir(int from, int to, int depth, struct err *e);

static int copy_meta(int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "tmpcopyup: owner of %s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return err_sys(e, "tmpcopyup: mode of %s", name);
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? err_sys(e, "tmpcopyup: times of %s", name) : 0;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (in < 0)
		return err_sys(e, "tmpcopyup: open %s", name);
	_cleanup_fd_ int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "tmpcopyup: make %s", name);
	int rc = fd_copy(in, out, UINT64_MAX, e);
	return rc < 0 ? err_wrap(e, rc, "tmpcopyup: %s", name) : 0;
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(e, "tmpcopyup: read the link %s", name);
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? err_sys(e, "tmpcopyup: make the link %s", name) : 0;
}

static int copy_subdir(int from, int to, const char *name, int depth, struct err *e)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return err_sys(e, "tmpcopyup: open %s", name);
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(e, "tmpcopyup: make %s", name);
	_cleanup_fd_ int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(e, "tmpcopyup: open the new %s", name);
	return copy_dir(in, out, depth + 1, e);
}

static int copy_entry(int from, int to, const char *name, int depth, struct err *e)
{
	struct stat st;
	int rc;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "tmpcopyup: %s", name);
	if (S_ISDIR(st.st_mode))
		rc = copy_subdir(from, to, name, depth, e);
	else if (S_ISREG(st.st_mode))
		rc = copy_file(from, to, name, e);
	else if (S_ISLNK(st.st_mode))
		rc = copy_link(from, to, name, e);
	else if (mknodat(to, name, st.st_mode & (S_IFMT | 0777), st.st_rdev) < 0)
		rc = err_sys(e, "tmpcopyup: make %s", name);
	else
		rc = 0;
	return rc < 0 ? rc : copy_meta(to, name, &st, e);
}

static int copy_dir(int from, int to, int depth, struct err *e)
{
	if (depth > COPY_DEPTH_MAX)
		return err_set(e, ERR_EXHAUSTED, ELOOP, "tmpcopyup: more than %d directories deep", COPY_DEPTH_MAX);
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		fd_close(fd);
		return err_sys(e, "tmpcopyup: read the directory");
	}
	for (struct dirent *de; errno = 0, de = readdir(d);) {
		if (!path_is_component(de->d_name))
			continue;
		int rc = copy_entry(from, to, de->d_name, depth, e);
		if (rc < 0)
			return rc;
	}
	return errno ? err_sys(e, "tmpcopyup: read the directory") : 0;
}

int build_copy_up(int from, int mount, struct err *e)
{
	struct stat st;
	_cleanup_fd_ int to = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // a mount's descriptor is O_PATH

	if (to < 0 || fstat(from, &st) < 0)
		return err_sys(e, "tmpcopyup");
	if (fchown(to, st.st_uid, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return err_sys(e, "tmpcopyup: take over owner and mode");
	return copy_dir(from, to, 0, e);
}
