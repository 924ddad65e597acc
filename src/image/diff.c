// SPDX-License-Identifier: Apache-2.0
// What a container changed: its upper directory compared with what lies below it.
//
// Theory of operation. The lower side is not worked out from layers here; it is the read-only overlay of them, made for
// the occasion, so that whiteouts and opaque directories among the layers mean what the kernel takes them for. For the
// built-in image it is a copy of the root mount without the mounts on it. The upper side is written by the container:
// it is walked by descriptors, never through links, with directories yet to be read kept as paths, so that depth costs
// memory and not descriptors.
//
// A whiteout deletes what is below; an opaque directory deletes all below it that it does not hold itself; what is
// there on both sides is changed. A directory that looks the same on both sides is there only because of what is in it.
// Every directory above a change counts as changed.
#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/image.h"

#include <linux/limits.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { CHANGES_MAX = 1 << 20, PENDING_MAX = 1 << 20, PATH_BYTES_MAX = 256 << 20 };

struct diff {
	int upper, lower; // borrowed
	char **pending;   // directories to read, "" is the root
	size_t n_pending;
	struct image_change *changes;
	size_t n_changes;
	struct map *seen; // paths of changes
	size_t bytes;     // of all paths
};

static void diff_done(struct diff *d)
{
	for (size_t i = 0; i < d->n_pending; i++)
		free(d->pending[i]);
	free(d->pending);
	image_changes_free(d->changes, d->n_changes);
	map_free(d->seen);
}

void image_changes_free(struct image_change *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].path);
	free(v);
}

static int too_many(struct err *e)
{
	return err_set(e, ERR_EXHAUSTED, E2BIG, "there are too many changes to list them");
}

static int record(struct diff *d, char kind, const char *path, struct err *e)
{
	if (!map_set(d->seen, path, d))
		return 0;
	if (d->n_changes >= CHANGES_MAX || (d->bytes += strlen(path)) > PATH_BYTES_MAX)
		return too_many(e);
	if (!(d->n_changes & (d->n_changes - 1))) // grows at powers of two
		d->changes = xreallocarray(d->changes, d->n_changes ? d->n_changes * 2 : 1, sizeof(*d->changes));
	d->changes[d->n_changes++] = (struct image_change){.kind = kind, .path = xasprintf("/%s", path)};
	return 0;
}

static int record_with_parents(struct diff *d, char kind, const char *path, struct err *e)
{
	_cleanup_free_ char *above = xstrdup(path);
	char *slash = NULL;
	int rc = record(d, kind, path, e);

	while (rc >= 0 && (slash = strrchr(above, '/'))) {
		*slash = 0;
		if (map_has(d->seen, above))
			break; // and so are those above it
		rc = record(d, 'C', above, e);
	}
	return rc;
}

static int push(struct diff *d, char *path, struct err *e)
{
	if (d->n_pending >= PENDING_MAX || (d->bytes += strlen(path)) > PATH_BYTES_MAX) {
		free(path);
		return too_many(e);
	}
	if (!(d->n_pending & (d->n_pending - 1)))
		d->pending = xreallocarray(d->pending, d->n_pending ? d->n_pending * 2 : 1, sizeof(*d->pending));
	d->pending[d->n_pending++] = path;
	return 0;
}

// The directory path below root, in pieces that the kernel takes at once. Negative errno.
static int open_below(int root, const char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
	_cleanup_fd_ int at = sys_openat2(root, ".", &how);

	while (at >= 0 && *path) {
		char piece[PATH_MAX];
		size_t n = strlen(path);
		if (n >= sizeof(piece))
			for (n = sizeof(piece) - 1; path[n] != '/'; n--)
				;
		memcpy(piece, path, n);
		piece[n] = 0;
		int next = sys_openat2(at, piece, &how);
		fd_close(at);
		at = next;
		path += n;
		path += *path == '/';
	}
	return at < 0 ? -errno : TAKE_FD(at);
}

static bool is_opaque(int fd)
{
	char v = 0;

	return (fgetxattr(fd, "trusted.overlay.opaque", &v, 1) == 1 && v == 'y') ||
	       (fgetxattr(fd, "user.overlay.opaque", &v, 1) == 1 && v == 'y');
}

static bool same_directory(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static char *below(const char *dir, const char *name)
{
	return xasprintf("%s%s%s", dir, *dir ? "/" : "", name);
}

static int compare(struct diff *d, const char *dir, int upper, int lower, const char *name, struct err *e)
{
	struct stat u, l;
	bool there = lower >= 0 && !fstatat(lower, name, &l, AT_SYMLINK_NOFOLLOW);
	int rc = 0;

	if (fstatat(upper, name, &u, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_sys(e, "look at %s/%s", dir, name);
	_cleanup_free_ char *path = below(dir, name);
	if (S_ISCHR(u.st_mode) && !u.st_rdev)
		return there ? record_with_parents(d, 'D', path, e) : 0;
	if (!there)
		rc = record_with_parents(d, 'A', path, e);
	else if (!S_ISDIR(u.st_mode) || !S_ISDIR(l.st_mode) || !same_directory(&u, &l))
		rc = record_with_parents(d, 'C', path, e);
	return rc < 0 || !S_ISDIR(u.st_mode) ? rc : push(d, TAKE_PTR(path), e);
}

static DIR *open_stream(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *s = copy < 0 ? NULL : fdopendir(copy);

	if (!s)
		fd_close(copy);
	return s;
}

static bool is_dots(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..");
}

// What an opaque directory hides: everything below it that it does not bring again.
static int record_hidden(struct diff *d, const char *dir, int upper, int lower, struct err *e)
{
	_cleanup_dir_ DIR *s = open_stream(lower);
	const struct dirent *x = NULL;
	struct stat st;

	while (s && (x = readdir(s))) {
		if (is_dots(x->d_name) || !fstatat(upper, x->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		_cleanup_free_ char *path = below(dir, x->d_name);
		int rc = record_with_parents(d, 'D', path, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_directory(struct diff *d, const char *dir, struct err *e)
{
	_cleanup_fd_ int upper = open_below(d->upper, dir);
	_cleanup_fd_ int lower = open_below(d->lower, dir);
	_cleanup_dir_ DIR *s = upper < 0 ? NULL : open_stream(upper);
	const struct dirent *x = NULL;
	int rc = 0;

	if (upper == -ENOENT || upper == -ENOTDIR || upper == -ELOOP)
		return 0; // it changed while we were looking
	if (!s)
		return err_rc(e, upper < 0 ? upper : -errno, "read /%s", dir);
	while (rc >= 0 && (x = readdir(s)))
		if (!is_dots(x->d_name))
			rc = compare(d, dir, upper, lower, x->d_name, e);
	if (rc >= 0 && lower >= 0 && is_opaque(upper))
		rc = record_hidden(d, dir, upper, lower, e);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct image_change *)a)->path, ((const struct image_change *)b)->path);
}

static int open_lower(struct image_store *s, const struct image *i, struct err *e)
{
	if (i)
		return image_snapshot(s, i, -1, SNAPSHOT_READONLY, -1, e);
	// The root file system alone, without what is mounted on it: that is what overlayfs sees.
	int fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the root of this machine") : fd;
}

int image_diff_trees(int upper, int lower, struct image_change **ret, size_t *ret_n, struct err *e)
{
	_cleanup_(diff_done) struct diff d = {.upper = upper, .lower = lower, .seen = map_new(NULL)};
	int rc = push(&d, xstrdup(""), e);

	while (rc >= 0 && d.n_pending) {
		_cleanup_free_ char *dir = d.pending[--d.n_pending];
		rc = read_directory(&d, dir, e);
	}
	if (rc < 0)
		return rc;
	if (d.n_changes)
		qsort(d.changes, d.n_changes, sizeof(*d.changes), by_path);
	*ret = TAKE_PTR(d.changes);
	*ret_n = d.n_changes;
	d.n_changes = 0;
	return 0;
}

int image_diff(struct image_store *s, const struct image *i, int container_dir, struct image_change **ret,
	       size_t *ret_n, struct err *e)
{
	_cleanup_fd_ int upper = openat(container_dir, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (upper < 0 && errno != ENOENT)
		return err_sys(e, "open the container's changes");
	if (upper < 0) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	_cleanup_fd_ int lower = open_lower(s, i, e);
	return lower < 0 ? lower : image_diff_trees(upper, lower, ret, ret_n, e);
}
