// SPDX-License-Identifier: Apache-2.0
// Every entry is opened by its own name below the descriptor of its directory, without following links; depth is
// bounded, and so are extended attributes.
#include "engine/volume_copy.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DEPTH_MAX = 256, XATTR_NAMES_MAX = 65536, XATTR_VALUE_MAX = 65536 };

struct copy {
	struct engine_idrange range;
	dev_t dev;
	unsigned depth;
};

static int copy_dir(struct copy *c, int from, int to, struct err *e);

static uint32_t shift(const struct copy *c, uint32_t id)
{
	return c->range.size && id >= c->range.start && id - c->range.start < c->range.size ? id - c->range.start : id;
}

static int copy_owner(struct copy *c, int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchownat(to, name, shift(c, st->st_uid), shift(c, st->st_gid), AT_SYMLINK_NOFOLLOW))
		return err_sys(e, "owner of %s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0))
		return err_sys(e, "mode of %s", name);
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) ? err_sys(e, "times of %s", name) : 0;
}

// What the volume's file system does not take (other labels, other limits) is left out.
static void copy_xattrs(int from, int to)
{
	_cleanup_free_ char *names = malloc(XATTR_NAMES_MAX), *value = malloc(XATTR_VALUE_MAX);

	if (!names || !value)
		err_oom();
	ssize_t n = flistxattr(from, names, XATTR_NAMES_MAX);
	for (char *p = names; n > 0 && p < names + n; p += strlen(p) + 1) {
		if (str_starts(p, "trusted.") || str_starts(p, "security.selinux"))
			continue;
		ssize_t len = fgetxattr(from, p, value, XATTR_VALUE_MAX);
		if (len >= 0)
			(void)fsetxattr(to, p, value, (size_t)len, 0);
	}
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (in < 0)
		return err_sys(e, "open %s", name);
	_cleanup_fd_ int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "make %s", name);
	int rc = fd_copy(in, out, UINT64_MAX, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", name);
	copy_xattrs(in, out);
	return 0;
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the link %s", name);
	target[n] = '\0';
	return symlinkat(target, to, name) ? err_sys(e, "make the link %s", name) : 0;
}

static int copy_subdir(struct copy *c, int from, int to, const char *name, struct err *e)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return err_sys(e, "open %s", name);
	if (mkdirat(to, name, 0700))
		return err_sys(e, "make %s", name);
	_cleanup_fd_ int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(e, "open the new %s", name);
	if (++c->depth > DEPTH_MAX)
		return err_set(e, ERR_EXHAUSTED, ELOOP, "more than %d folders deep", DEPTH_MAX);
	int rc = copy_dir(c, in, out, e);
	c->depth--;
	copy_xattrs(in, out);
	return rc;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, struct err *e)
{
	struct stat st;
	int rc = 0;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, "%s", name);
	if (st.st_dev != c->dev && S_ISDIR(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		rc = copy_subdir(c, from, to, name, e);
	else if (S_ISREG(st.st_mode))
		rc = copy_file(from, to, name, e);
	else if (S_ISLNK(st.st_mode))
		rc = copy_link(from, to, name, e);
	else if (S_ISFIFO(st.st_mode) && mkfifoat(to, name, 0600))
		rc = err_sys(e, "make %s", name);
	else if (!S_ISFIFO(st.st_mode))
		return 0;
	return rc < 0 ? rc : copy_owner(c, to, name, &st, e);
}

static int copy_dir(struct copy *c, int from, int to, struct err *e)
{
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 3);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		fd_close(fd);
		return err_sys(e, "read the folder");
	}
	for (struct dirent *de; errno = 0, de = readdir(d);) {
		if (!path_is_component(de->d_name))
			continue;
		int rc = copy_entry(c, from, to, de->d_name, e);
		if (rc < 0)
			return rc;
	}
	return errno ? err_sys(e, "read the folder") : 0;
}

int volume_copy(int from, int to, struct engine_idrange range, struct err *e)
{
	struct copy c = {.range = range};
	struct stat st;

	if (fstat(from, &st))
		return err_sys(e, "the image's folder");
	c.dev = st.st_dev;
	if (fchown(to, shift(&c, st.st_uid), shift(&c, st.st_gid)) || fchmod(to, st.st_mode & 07777))
		return err_sys(e, "take over owner and mode");
	copy_xattrs(from, to);
	return copy_dir(&c, from, to, e);
}
