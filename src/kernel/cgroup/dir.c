// SPDX-License-Identifier: Apache-2.0
// Directories of a hierarchy: the grammar of their paths, making them, walking them, removing them.
//
// A cgroup file system holds no symbolic links and its directories do not move, but their names may come from a
// configuration and their contents from a container that was given its own subtree: names are checked once
// (cgroup_path_clean), everything goes by descriptor, and a walk holds one descriptor however deep the tree is.
//
// Groups above a container's own may come and go with other containers. So making retries when a parent vanished
// in between, and removing leaves a parent alone that is in use again.
#include "kernel/cgroup/internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAKE_TRIES = 64, MKDIR_MODE = 0755 };

static int refuse(const char *path, struct err *e, const char *why)
{
	return err_invalid(e, "cgroup path \"%s\": %s", path, why);
}

char *cgroup_path_clean(const char *path, struct err *e)
{
	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			err_invalid(e, "cgroup path: control character 0x%02x at byte %zu", (unsigned char)*s,
				    (size_t)(s - path));
			return NULL;
		}
	if (strlen(path) >= PATH_MAX - 512) {
		err_invalid(e, "cgroup path of %zu bytes: too long", strlen(path));
		return NULL;
	}
	_cleanup_strv_ char **parts = strv_split(path, '/');
	_cleanup_strv_ char **kept = NULL;
	for (size_t i = 0; parts && parts[i]; i++) {
		if (!*parts[i])
			continue;
		if (str_eq(parts[i], ".") || str_eq(parts[i], "..")) {
			refuse(path, e, "\".\" and \"..\" are not allowed");
			return NULL;
		}
		if (strlen(parts[i]) > NAME_MAX) {
			refuse(path, e, "a name is longer than 255 bytes");
			return NULL;
		}
		strv_push(&kept, parts[i]);
	}
	if (!kept) {
		refuse(path, e, "names no group");
		return NULL;
	}
	return strv_join(kept, "/");
}

int cgroup_root_open(const struct cgroup_hierarchy *h, struct err *e)
{
	int fd = open(h->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : err_sys(e, "open %s", h->mountpoint);
}

static int open_group(int at, const char *path)
{
	int fd = openat(at, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

// Makes the missing groups above the last; *first is set to where the first new one's name starts, if there was one.
static int make_parents(int root, const char *path, size_t *first)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *slash = strchr(p, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		int rc = mkdirat(root, p, MKDIR_MODE) ? -errno : 0;
		if (rc && rc != -EEXIST)
			return rc;
		const char *name = strrchr(p, '/');
		size_t start = name ? (size_t)(name - p) : 0;
		if (!rc)
			*first = MIN(*first, start);
		*slash = '/';
	}
	return 0;
}

// The group "berth" right below base is the house's own: whoever leaves it empty removes it.
size_t cgroup_house_floor(const char *path, size_t base, size_t floor)
{
	const char *rest = path + base + (path[base] == '/');

	return str_starts(rest, &CGROUP_DEFAULT_PARENT[1]) && rest[strlen(CGROUP_DEFAULT_PARENT) - 1] == '/'
		       ? MIN(base, floor)
		       : floor;
}

static int check_unused(const struct cgroup_dir *d, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int rc = cgroup_dir_pids(d->fd, &pids, &n, e);

	if (rc < 0)
		return err_wrap(e, rc, "cgroup %s/%s", d->h->mountpoint, d->path);
	if (n)
		return err_set(e, ERR_EXISTS, EEXIST,
			       "cgroup %s/%s: exists and has %zu processes in it (the first is %d)", d->h->mountpoint,
			       d->path, n, (int)pids[0]);
	return 0;
}

int cgroup_dir_make(int root, struct cgroup_dir *d, size_t base, struct err *e)
{
	const char *last = strrchr(d->path, '/');
	size_t above = last ? (size_t)(last - d->path) : 0, first = above;
	int rc = -ENOENT;

	for (int i = 0; i < MAKE_TRIES && rc == -ENOENT; i++) {
		rc = mkdirat(root, d->path, MKDIR_MODE) ? -errno : 0;
		if (rc == -ENOENT)
			rc = make_parents(root, d->path, &first) ?: -ENOENT;
		if (rc && rc != -EEXIST)
			continue;
		d->made = !rc;
		rc = open_group(root, d->path);
	}
	if (rc < 0) {
		cgroup_remove_parents(root, d->path, first);
		return err_rc(e, rc, "make cgroup %s/%s", d->h->mountpoint, d->path);
	}
	d->fd = rc;
	d->floor = cgroup_house_floor(d->path, base, first);
	if (d->made)
		return 0;
	rc = check_unused(d, e);
	if (rc < 0)
		fd_close(TAKE_FD(d->fd));
	return rc;
}

// A new v1 cpuset is empty and takes no process: it gets its parent's values, from the first filled ancestor down.
static int inherit(int root, const char *path, const char *file, struct err *e)
{
	_cleanup_free_ char *own = xasprintf("%s%s%s", path, *path ? "/" : "", file);
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);
	int rc = file_read(root, own, CGROUP_FILE_MAX, &b, e);

	if (rc < 0 || (b.len && b.data[0] != '\n') || !*path)
		return rc < 0 ? rc : 0;
	const char *last = strrchr(path, '/');
	_cleanup_free_ char *parent = xstrndup(path, last ? (size_t)(last - path) : 0);
	rc = inherit(root, parent, file, e);
	if (rc < 0)
		return rc;
	_cleanup_free_ char *above = xasprintf("%s%s%s", parent, *parent ? "/" : "", file);
	buf_reset(&b);
	rc = file_read(root, above, CGROUP_FILE_MAX, &b, e);
	return rc < 0 ? rc : file_write_kernel(root, own, b.data, e);
}

int cgroup_v1_prepare_cpuset(int root, const struct cgroup_dir *d, struct err *e)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int rc = inherit(root, d->path, files[i], e);
		if (rc < 0)
			return err_wrap(e, rc, "cgroup %s/%s: inherit %s", d->h->mountpoint, d->path, files[i]);
	}
	return 0;
}

struct walk_entry {
	size_t depth;
	char *name;
};
struct walk_stack {
	struct walk_entry *v;
	size_t n, cap;
};

static void stack_push(struct walk_stack *s, size_t depth, const char *name)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = (struct walk_entry){depth, xstrdup(name)};
}

static void stack_done(struct walk_stack *s)
{
	while (s->n)
		free(s->v[--s->n].name);
	free(s->v);
}

// kernfs keeps the link count: 2 and one for each child.
static int push_children(struct walk_stack *s, int fd, size_t depth)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_nlink == 2)
		return 0;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		fd_close(copy);
		return errno == ENOENT ? 0 : -errno;
	}
	const struct dirent *de;
	while ((de = readdir(d)))
		if (de->d_type == DT_DIR && !str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			stack_push(s, depth, de->d_name);
	return 0;
}

// From depth *at up to depth to, then into name. Directories that vanished are -ENOENT.
static int step_to(int *fd, size_t *at, size_t to, const char *name)
{
	while (*at > to) {
		int up = open_group(*fd, "..");
		if (up < 0)
			return up;
		fd_close(*fd);
		*fd = up;
		--*at;
	}
	int down = open_group(*fd, name);
	if (down < 0)
		return down;
	fd_close(*fd);
	*fd = down;
	++*at;
	return 0;
}

int cgroup_walk(int dirfd, cgroup_walk_fn *fn, void *data)
{
	_cleanup_(stack_done) struct walk_stack s = {0};
	_cleanup_fd_ int fd = open_group(dirfd, "");
	size_t at = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (;;) {
		int rc = fn(fd, data);
		if (rc)
			return rc;
		rc = push_children(&s, fd, at);
		if (rc < 0)
			return rc;
		do {
			if (!s.n)
				return 0;
			_cleanup_free_ char *name = s.v[--s.n].name;
			rc = step_to(&fd, &at, s.v[s.n].depth, name);
		} while (rc == -ENOENT);
		if (rc < 0)
			return rc;
	}
}

// The first group below fd, or false.
static bool first_child(int fd, char name[static NAME_MAX + 1])
{
	_cleanup_(stack_done) struct walk_stack s = {0};

	if (push_children(&s, fd, 0) < 0 || !s.n)
		return false;
	return str_copy(name, NAME_MAX + 1, s.v[0].name);
}

// The kernel answers EBUSY until the last process is gone for good; most often that is soon.
static int remove_patiently(int at, const char *name, int64_t deadline)
{
	int64_t pause = NS_PER_MS / 10;

	while (unlinkat(at, name, AT_REMOVEDIR)) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY || clock_monotonic() >= deadline)
			return -errno;
		clock_sleep(pause);
		pause = MIN(pause * 2, 20 * NS_PER_MS);
	}
	return 0;
}

// Children first; one descriptor and the names on the way down are all that is held.
static int remove_below(int fd_top, int64_t deadline)
{
	_cleanup_(stack_done) struct walk_stack way = {0};
	_cleanup_fd_ int fd = open_group(fd_top, "");
	char name[NAME_MAX + 1];

	if (fd < 0)
		return fd;
	for (;;) {
		if (first_child(fd, name)) {
			int down = open_group(fd, name);
			if (down < 0 && down != -ENOENT)
				return down;
			if (down < 0)
				continue;
			stack_push(&way, 0, name);
			fd_close(fd);
			fd = down;
			continue;
		}
		if (!way.n)
			return 0;
		int up = open_group(fd, "..");
		if (up < 0)
			return up;
		fd_close(fd);
		fd = up;
		_cleanup_free_ char *last = way.v[--way.n].name;
		int rc = remove_patiently(fd, last, deadline);
		if (rc < 0)
			return rc;
	}
}

int cgroup_remove_tree(int root, const char *path, int64_t deadline_ns)
{
	int64_t pause = NS_PER_MS / 10;

	while (unlinkat(root, path, AT_REMOVEDIR)) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -errno;
		int fd = open_group(root, path);
		int rc = fd < 0 ? fd : remove_below(fd, deadline_ns);
		fd_close(fd);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		if (!unlinkat(root, path, AT_REMOVEDIR) || errno == ENOENT)
			return 0;
		if (clock_monotonic() >= deadline_ns)
			return -EBUSY;
		clock_sleep(pause);
		pause = MIN(pause * 2, 20 * NS_PER_MS);
	}
	return 0;
}

void cgroup_remove_parents(int root, const char *path, size_t floor)
{
	_cleanup_free_ char *p = xstrdup(path);

	for (char *slash = strrchr(p, '/'); slash; slash = strrchr(p, '/')) {
		*slash = 0;
		if ((size_t)(slash - p) <= floor || unlinkat(root, p, AT_REMOVEDIR))
			return;
	}
}
