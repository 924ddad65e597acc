// SPDX-License-Identifier: Apache-2.0
// Paths below a root. Every privileged step on a tree that somebody else wrote (a rootfs, a volume, a layer) starts
// here, and goes on with the descriptor it got.
//
// Theory of operation. The kernel resolves a path as if after chroot(root) when openat2 is told RESOLVE_IN_ROOT; it
// answers EAGAIN when a rename elsewhere made it unsure about "..", and is then asked again for a bounded time. Where
// openat2 is missing (ENOSYS), `walk` does the same from outside: it opens one component at a time, O_PATH and
// O_NOFOLLOW, so that no step ever follows a link; it reads a symbolic link from the descriptor of the link and puts
// its text in front of what is left to resolve; and it keeps the descriptors of all directories it came through, so
// that ".." is the last of them and no rename can lead it outside. Magic links of procfs are followed as text only,
// inside the root. The walk also knows how to make what is missing on its way, which openat2 does not; so the makers
// of directories and mount targets first ask openat2, as mostly all is there, and then walk.
#include "base/path.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <limits.h>

enum {
	LINKS_MAX = 40, // as the kernel's
	RACE_TRIES = 64,
};
static const int64_t again_ns = 500 * NS_PER_MS; // how long openat2 may say EAGAIN
static const int64_t again_pause_ns = 100000;

// ---- openat2

static int open_in_kernel(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode & 07777 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int64_t deadline = 0;

	for (;;) {
		int fd = sys_openat2(root, path, &how);
		if (fd >= 0)
			return fd;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		// A FIFO or a lease may say EAGAIN for its own reasons, without end.
		int64_t now = clock_monotonic();
		if (!deadline)
			deadline = now + again_ns;
		else if (now >= deadline)
			return -EAGAIN;
		else
			clock_sleep(again_pause_ns);
	}
}

static int check_length(const char *path)
{
	size_t components = 0;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		components += *p != 0;
		p += strcspn(p, "/");
	}
	return components > PATH_DEPTH_MAX ? -ENAMETOOLONG : 0;
}

// ---- the walk

enum walk_make { MAKE_NOTHING, MAKE_DIRS, MAKE_FILE };

struct walk {
	int root;
	int *dirs; // descriptors of the directories from below the root to here
	size_t n_dirs;
	char *text, *rest; // what is left to resolve, within text
	unsigned n_links;
	enum walk_make make;
	mode_t mode; // of what is made
	uid_t uid;
	gid_t gid;
};

static void walk_done(struct walk *w)
{
	while (w->n_dirs)
		fd_close(w->dirs[--w->n_dirs]);
	free(w->dirs);
	free(w->text);
}

static int walk_here(const struct walk *w)
{
	return w->n_dirs ? w->dirs[w->n_dirs - 1] : w->root;
}

static void walk_to_root(struct walk *w)
{
	while (w->n_dirs)
		fd_close(w->dirs[--w->n_dirs]);
}

static int walk_push(struct walk *w, int fd)
{
	if (w->n_dirs == PATH_DEPTH_MAX) {
		fd_close(fd);
		return -ENAMETOOLONG;
	}
	w->dirs = xreallocarray(w->dirs, w->n_dirs + 1, sizeof(*w->dirs));
	w->dirs[w->n_dirs++] = fd;
	return 0;
}

// Takes the next component off the rest. *ret_slash tells whether a slash followed, *ret_last whether nothing else.
static int walk_next(struct walk *w, char name[static NAME_MAX + 1], bool *ret_slash, bool *ret_last)
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(p, "/");

	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, p, n);
	name[n] = 0;
	p += n;
	*ret_slash = *p == '/';
	*ret_last = !p[strspn(p, "/")];
	w->rest = p;
	return 0;
}

// link is the descriptor of a symbolic link. Its text comes before the rest, which begins with its slash, if any.
static int walk_follow(struct walk *w, int link)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));

	if (n < 0)
		return -errno;
	if (!n)
		return -ENOENT;
	if (n == sizeof(target))
		return -ENAMETOOLONG;
	if (++w->n_links > LINKS_MAX)
		return -ELOOP;
	if (target[0] == '/')
		walk_to_root(w);
	char *text = xasprintf("%.*s%s", (int)n, target, w->rest);
	free(w->text);
	w->text = w->rest = text;
	return 0;
}

static int make_directory(struct walk *w, const char *name)
{
	if (mkdirat(walk_here(w), name, w->mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (w->uid == (uid_t)-1 && w->gid == (gid_t)-1)
		return 0;
	_cleanup_fd_ int fd = openat(walk_here(w), name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchownat(fd, "", w->uid, w->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int make_file(struct walk *w, const char *name)
{
	_cleanup_fd_ int fd =
		openat(walk_here(w), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0644);

	return fd < 0 && errno != EEXIST ? -errno : 0;
}

// Opens name here without following it, after making it if it is missing and the walk makes such things.
static int walk_open(struct walk *w, const char *name, bool last)
{
	for (int tries = 0; tries < RACE_TRIES; tries++) {
		int fd = openat(walk_here(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT || w->make == MAKE_NOTHING)
			return -errno;
		int rc = last && w->make == MAKE_FILE ? make_file(w, name) : make_directory(w, name);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		// A directory that was removed under us has ENOENT for everything.
		struct stat st;
		if (rc < 0 && (fstat(walk_here(w), &st) < 0 || !st.st_nlink))
			return -ENOENT;
	}
	return -ENOENT;
}

// Opens the last component, known not to be a link, as asked. -EAGAIN if it became one meanwhile.
static int open_last(struct walk *w, const char *name, int flags, mode_t mode)
{
	int fd = openat(walk_here(w), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ? -EAGAIN : -errno;
	// O_PATH opens the link itself and says nothing.
	if ((flags & O_PATH) && !(flags & O_NOFOLLOW) && !fstat(fd, &st) && S_ISLNK(st.st_mode)) {
		fd_close(fd);
		return -EAGAIN;
	}
	return fd;
}

// One component. Returns 1 when the end is reached and *ret_fd is open, 0 to go on, or a negative errno.
static int walk_step(struct walk *w, int flags, mode_t mode, int *ret_fd)
{
	char name[NAME_MAX + 1];
	bool slash, last;
	struct stat st;
	int rc = walk_next(w, name, &slash, &last);

	if (rc < 0)
		return rc;
	if (!name[0] || str_eq(name, ".") || str_eq(name, "..")) {
		if (str_eq(name, "..") && w->n_dirs)
			fd_close(w->dirs[--w->n_dirs]);
		if (!last)
			return 0;
		*ret_fd = openat(walk_here(w), ".", flags | O_CLOEXEC, mode);
		return *ret_fd < 0 ? -errno : 1;
	}
	if (last && slash && ((flags & O_CREAT) || w->make == MAKE_FILE))
		return -EISDIR;
	_cleanup_fd_ int fd = walk_open(w, name, last);
	if (fd == -ENOENT && last && (flags & O_CREAT)) {
		*ret_fd = open_last(w, name, flags, mode);
		return *ret_fd < 0 ? *ret_fd : 1;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	bool keep_link = (flags & O_NOFOLLOW) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	if (S_ISLNK(st.st_mode) && !(last && !slash && keep_link))
		return walk_follow(w, fd);
	if (!last || slash) {
		if (!S_ISDIR(st.st_mode))
			return -ENOTDIR;
		return walk_push(w, TAKE_FD(fd));
	}
	*ret_fd = S_ISLNK(st.st_mode) ? openat(walk_here(w), name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
				      : open_last(w, name, flags, mode);
	if (*ret_fd < 0)
		return S_ISLNK(st.st_mode) ? -errno : *ret_fd;
	return 1;
}

static int walk_once(struct walk *w, const char *path, int flags, mode_t mode)
{
	int fd = -1;

	if (!path[0])
		return -ENOENT;
	free(w->text);
	w->text = w->rest = xstrdup(path);
	walk_to_root(w);
	w->n_links = 0;
	for (;;) {
		int rc = walk_step(w, flags, mode, &fd);
		if (rc)
			return rc < 0 ? rc : fd;
	}
}

// The whole walk, again from the start when the last component changed under it.
static int walk(struct walk *w, const char *path, int flags, mode_t mode)
{
	int rc = check_length(path);

	if (!(flags & O_CREAT) && (flags & O_TMPFILE) != O_TMPFILE)
		mode = 0;
	for (int tries = 0; !rc || (rc == -EAGAIN && tries < RACE_TRIES); tries++) {
		rc = walk_once(w, path, flags, mode & 07777);
		if (rc == 0)
			break;
	}
	walk_done(w);
	return rc;
}

int path_open_in_walk(int root, const char *path, int flags, mode_t mode)
{
	struct walk w = {.root = root};

	return walk(&w, path, flags, mode);
}

int path_open_in(int root, const char *path, int flags, mode_t mode)
{
	int rc = check_length(path);

	if (rc < 0)
		return rc;
	rc = open_in_kernel(root, path, flags, mode);
	return rc == -ENOSYS ? path_open_in_walk(root, path, flags, mode) : rc;
}

// ---- makers

int path_mkdirs_in(int root, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct walk w = {.root = root, .make = MAKE_DIRS, .mode = mode, .uid = uid, .gid = gid};
	int fd = path_open_in(root, path, O_PATH | O_DIRECTORY, 0);

	return fd == -ENOENT ? walk(&w, path, O_PATH | O_DIRECTORY, 0) : fd;
}

int path_make_target(int root, const char *path, bool directory)
{
	struct walk w = {.root = root, .make = MAKE_FILE, .mode = 0755, .uid = (uid_t)-1, .gid = (gid_t)-1};
	struct stat st;

	if (directory)
		return path_mkdirs_in(root, path, 0755, (uid_t)-1, (gid_t)-1);
	_cleanup_fd_ int fd = path_open_in(root, path, O_PATH, 0);
	if (fd == -ENOENT)
		fd = walk(&w, path, O_PATH, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : TAKE_FD(fd);
}

int path_open_parent(int root, const char *path, int *ret_parent, char *base)
{
	size_t end = strlen(path);

	while (end && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start && path[start - 1] != '/')
		start--;
	size_t n = end - start;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	_cleanup_free_ char *dir = xstrndup(path, start), *name = xstrndup(path + start, n);
	if (!path_is_component(name))
		return -EINVAL;
	int fd = path_open_in(root, start ? dir : ".", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	memcpy(base, name, n + 1);
	*ret_parent = fd;
	return 0;
}

// ---- text

char *path_clean(const char *path)
{
	bool absolute = path[0] == '/';
	char *out = xmalloc(strlen(path) + 2), *o = out;
	size_t depth = 0; // components in out that ".." may remove

	if (absolute)
		*o++ = '/';
	char *start = o;
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t n = strcspn(p, "/");
		bool up = n == 2 && p[0] == '.' && p[1] == '.';

		if (up && depth) {
			while (o > start && o[-1] != '/')
				o--;
			o -= o > start;
			depth--;
		} else if (n && !(n == 1 && p[0] == '.') && !(up && absolute)) {
			if (o > start)
				*o++ = '/';
			memcpy(o, p, n);
			o += n;
			depth += !up;
		}
		p += n;
	}
	if (o == out)
		*o++ = '.';
	*o = 0;
	return out;
}

char *path_join(const char *a, const char *b)
{
	size_t n = strlen(a);

	if (!n || !*b)
		return xstrdup(n ? a : b);
	while (n && a[n - 1] == '/')
		n--;
	return xasprintf("%.*s/%s", (int)n, a, b + strspn(b, "/"));
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_absolute(const char *path)
{
	return path[0] == '/';
}

bool path_has_dotdot(const char *path)
{
	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += n;
	}
	return false;
}

bool path_is_component(const char *s)
{
	size_t n = strlen(s);

	return n && n <= NAME_MAX && !strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, "..");
}

// ---- our own folders

static int make_one(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (!mkdir(path, mode))
		return 0;
	int code = errno;
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return 0;
		code = ENOTDIR;
	}
	return err_rc(e, -code, "make directory %s", path);
}

int path_mkdirs(const char *path, mode_t mode, struct err *e)
{
	_cleanup_free_ char *p = xstrdup(path);

	if (!*path)
		return err_invalid(e, "make directory: the path is empty");
	for (char *s = p + strspn(p, "/"); *s;) {
		s += strcspn(s, "/");
		char end = *s;
		*s = 0;
		int rc = make_one(p, mode, e);
		if (rc < 0)
			return rc;
		*s = end;
		s += strspn(s, "/");
	}
	return 0;
}
