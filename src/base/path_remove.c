// SPDX-License-Identifier: Apache-2.0
// Removing a tree that somebody else wrote: of any depth, with names and links meant to lead the remover astray.
//
// Theory of operation. The tree is walked in a loop, with a stack on the heap, one level a directory. A child is
// opened by openat2 without following links and without crossing into another mount, so what is deleted is always
// below the start. Only the innermost FDS_MAX levels keep their descriptor: those above are closed, and opened again
// through ".." of their child on the way back, which is believed only if device and inode are those noted on the way
// down. A directory that was moved away meanwhile ends the removal with an error instead of leading it elsewhere.
// A directory is read once; if it is not empty then, as somebody still writes or the file system skipped entries, it
// is read again a bounded number of times.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

enum {
	FDS_MAX = 16,         // levels that keep a descriptor
	LEVELS_MAX = 1 << 16, // depth of a tree that is still removed
	ROUNDS_MAX = 32,      // readings of a directory that does not become empty
};

struct level {
	DIR *dir; // NULL while closed
	dev_t dev;
	ino_t ino;
	unsigned rounds;
	char *name; // in the level above
};

struct remover {
	int start; // where the outermost name is
	struct level *v;
	size_t n, cap;
	struct err *e;
};

static void remover_done(struct remover *r)
{
	for (size_t i = 0; i < r->n; i++) {
		dir_close_p(&r->v[i].dir);
		free(r->v[i].name);
	}
	free(r->v);
}

// "remove a/b/c: ...", where deep paths lose their middle.
static int fail(const struct remover *r, int rc, const char *name)
{
	enum { SHOWN_MAX = 4 };
	_cleanup_buf_ struct buf b = BUF_INIT(SHOWN_MAX * 4 * 256);

	for (size_t i = 0; i < r->n; i++) {
		if (i == SHOWN_MAX && r->n > 2 * SHOWN_MAX) {
			buf_adds(&b, "/...");
			i = r->n - SHOWN_MAX;
		}
		buf_addf(&b, "%s%s", i ? "/" : "", r->v[i].name);
	}
	if (name)
		buf_addf(&b, "%s%s", r->n ? "/" : "", name);
	if (rc == -EXDEV || rc == -EBUSY)
		return err_set(r->e, ERR_CONFLICT, -rc, "remove %s: it is a mount point or in use", b.data);
	return err_rc(r->e, rc, "remove %s", b.data);
}

static uint64_t mount_id(int fd)
{
	struct statx sx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0 ? 0 : sx.stx_mnt_id;
}

// openat2 without links and other mounts; where the kernel has none, the same by looking.
static int open_child(int dirfd, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct open_how how = {.flags = flags, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
	int fd = sys_openat2(dirfd, name, &how);

	if (fd >= 0)
		return fd;
	if (errno != ENOSYS)
		return -errno;
	fd = openat(dirfd, name, flags);
	if (fd < 0)
		return -errno;
	if (mount_id(fd) != mount_id(dirfd)) {
		fd_close(fd);
		return -EXDEV;
	}
	return fd;
}

// A descriptor of level i, which must be open; -1 is the start.
static int level_fd(const struct remover *r, ssize_t i)
{
	return i < 0 ? r->start : dirfd(r->v[i].dir);
}

// Opens level i again through its child.
static int reopen(struct remover *r, size_t i)
{
	struct stat st;
	_cleanup_fd_ int fd =
		openat(level_fd(r, (ssize_t)i + 1), "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != r->v[i].dev || st.st_ino != r->v[i].ino)
		return -ESTALE;
	r->v[i].dir = fdopendir(fd);
	if (!r->v[i].dir)
		return -errno;
	TAKE_FD(fd);
	return 0;
}

// Enters the directory name of the innermost level.
static int descend(struct remover *r, const char *name)
{
	struct stat st;

	if (r->n == LEVELS_MAX)
		return fail(r, -ELOOP, name);
	_cleanup_fd_ int fd = open_child(level_fd(r, (ssize_t)r->n - 1), name);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fail(r, fd, name);
	if (fstat(fd, &st) < 0)
		return fail(r, -errno, name);
	DIR *d = fdopendir(fd);
	if (!d)
		return fail(r, -errno, name);
	TAKE_FD(fd);
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->v = xreallocarray(r->v, r->cap, sizeof(*r->v));
	}
	r->v[r->n++] = (struct level){.dir = d, .dev = st.st_dev, .ino = st.st_ino, .name = xstrdup(name)};
	if (r->n > FDS_MAX)
		dir_close_p(&r->v[r->n - 1 - FDS_MAX].dir);
	return 0;
}

// Leaves the innermost level, whose entries are gone, and removes it.
static int ascend(struct remover *r)
{
	size_t at = r->n - 1;
	struct level *l = &r->v[at];

	if (at && !r->v[at - 1].dir) {
		int rc = reopen(r, at - 1);
		if (rc < 0)
			return fail(r, rc, NULL);
	}
	if (unlinkat(level_fd(r, (ssize_t)at - 1), l->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		if (errno != ENOTEMPTY && errno != EEXIST)
			return fail(r, -errno, NULL);
		if (++l->rounds == ROUNDS_MAX)
			return fail(r, -ENOTEMPTY, NULL);
		rewinddir(l->dir);
		return 0;
	}
	dir_close_p(&l->dir);
	free(l->name);
	r->n--;
	return 0;
}

// Removes one entry of the innermost level (or of the start), or enters it. type is a hint.
static int remove_entry(struct remover *r, const char *name, unsigned char type)
{
	int dir = level_fd(r, (ssize_t)r->n - 1), code = ENOTDIR;
	struct stat st;

	if (type == DT_DIR) {
		if (!unlinkat(dir, name, AT_REMOVEDIR))
			return 0;
		code = errno;
	}
	if (code == ENOTDIR) {
		if (!unlinkat(dir, name, 0))
			return 0;
		code = errno;
	}
	if (code == ENOENT)
		return 0;
	if (code == ENOTEMPTY || code == EEXIST)
		return descend(r, name);
	// A directory: Linux says EISDIR, POSIX EPERM, which also is what a protected file gets.
	if (type != DT_DIR && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
		return remove_entry(r, name, DT_DIR);
	return fail(r, -code, name);
}

int path_remove_tree(int dirfd, const char *name, struct err *e)
{
	__attribute__((cleanup(remover_done))) struct remover r = {.start = dirfd, .e = e};

	if (!path_is_component(name))
		return err_invalid(e, "remove %s: not the name of an entry", name);
	int rc = remove_entry(&r, name, DT_UNKNOWN);
	while (rc >= 0 && r.n) {
		errno = 0;
		const struct dirent *d = readdir(r.v[r.n - 1].dir);
		if (d && (str_eq(d->d_name, ".") || str_eq(d->d_name, "..")))
			continue;
		if (!d && errno)
			rc = fail(&r, -errno, NULL);
		else
			rc = d ? remove_entry(&r, d->d_name, d->d_type) : ascend(&r);
	}
	return rc;
}
