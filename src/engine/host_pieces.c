// SPDX-License-Identifier: Apache-2.0
// Owns what an ordinary user's `host` container is made of.
//
// In a user namespace the mounts of the machine are locked: nothing may show what is below one of them, so overlayfs
// takes no folder that has a mount anywhere in it, and the root always has. The root is put together anew then. Each
// folder without mounts in it is a piece with an overlay of its own; those on the way to a mount are made again in a
// small tmpfs, the skeleton, in which the pieces find their places. So are folders that the user may not enter: they
// are empty then, and the container's, as /root. Of what stands beside the pieces, files are shown read-only and links
// are made again. Other users' files can be read as far as the user could, but not changed, as their owners have no
// place in the namespace.
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/host_mounts.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_MAX = 64, // each is a mount
	DEPTH_MAX = 64,
};

struct split {
	struct host_mounts *m;
	struct host_mount *out;
	size_t n_out, n_files;
	int skeleton; // -1: only the list is wanted
};

static bool has_mounts(const struct host_mounts *m, const char *path, bool beneath)
{
	for (size_t i = 0; i < m->n; i++) {
		const char *rest = host_rest_in(m->v[i].point, path);
		if (rest && (*rest || !beneath))
			return true;
	}
	return false;
}

// What t hides in path, and whether the container's folder is there.
static void inherit(struct split *s, const struct host_mount *t, struct host_mount *piece)
{
	const char *in = host_rest_in(piece->point, t->point);

	for (size_t i = 0; in && i < t->n_masks; i++) {
		const char *rest = *in ? host_rest_in(t->masks[i].path, in) : t->masks[i].path;
		if (!rest || !*rest)
			continue;
		struct host_mask *k = arena_append(&s->m->arena, piece->masks, piece->n_masks);
		*k = t->masks[i];
		k->path = arena_strdup(&s->m->arena, rest);
	}
	const char *own = in && t->own ? (*in ? host_rest_in(t->own, in) : t->own) : NULL;
	piece->own = own ? arena_strdup(&s->m->arena, own) : NULL;
}

static void add_piece(struct split *s, const struct host_mount *t, const char *path, int fd, enum host_how how)
{
	struct host_mount piece = {.id = t->id,
				   .parent = t->parent,
				   .device = t->device,
				   .type = t->type,
				   .attrs = t->attrs,
				   .how = how,
				   .point = arena_strdup(&s->m->arena, path),
				   .fd = fd};

	if (how == HOST_OVERLAY)
		inherit(s, t, &piece);
	*arena_append(&s->m->arena, s->out, s->n_out) = piece;
}

static int add_link(struct split *s, int fd, const char *path, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

	if (n < 0 || s->skeleton < 0)
		return 0;
	target[n] = '\0';
	return symlinkat(target, s->skeleton, path + 1) < 0 ? err_sys(e, "make the link %s", path) : 0;
}

static int add_file(struct split *s, const struct host_mount *t, int *fd, const char *path, struct err *e)
{
	if (s->n_files == FILES_MAX) {
		log_debug("image host: %s is left out: more than %d files beside mounts", path, FILES_MAX);
		return 0;
	}
	s->n_files++;
	if (s->skeleton >= 0 && mknodat(s->skeleton, path + 1, S_IFREG | 0444, 0) < 0)
		return err_sys(e, "make the file %s", path);
	add_piece(s, t, path, TAKE_FD(*fd), HOST_READONLY);
	return 0;
}

static int make_folder(struct split *s, const char *path, mode_t mode, struct err *e)
{
	if (s->skeleton < 0)
		return 0;
	if ((mkdirat(s->skeleton, path + 1, 0700) < 0 && errno != EEXIST) ||
	    fchmodat(s->skeleton, path + 1, mode & 07777, 0) < 0)
		return err_sys(e, "make the folder %s", path);
	return 0;
}

static int split_folder(struct split *s, const struct host_mount *t, const char *path, int depth, struct err *e);

static int add_folder(struct split *s, const struct host_mount *t, int *fd, const char *path, int depth, struct err *e)
{
	const struct host_mount *now = host_mount_of(s->m, *fd);

	if (faccessat(*fd, ".", X_OK, AT_EACCESS) < 0)
		return 0;
	if (!has_mounts(s->m, path, false)) {
		add_piece(s, t, path, TAKE_FD(*fd), HOST_OVERLAY);
		return 0;
	}
	if (now != t && now && now->how == HOST_LEFT_OUT)
		return 0;
	if (now == t || !now || has_mounts(s->m, path, true))
		return split_folder(s, now ? now : t, path, depth, e);
	add_piece(s, now, path, TAKE_FD(*fd), now->how);
	return 0;
}

static int add_entry(struct split *s, const struct host_mount *t, int at, const char *path, int depth, struct err *e)
{
	_cleanup_fd_ int fd = openat(at, path_basename(path), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || host_is_hidden(t, path) || fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return add_link(s, fd, path, e);
	if (S_ISREG(st.st_mode))
		return add_file(s, t, &fd, path, e);
	if (!S_ISDIR(st.st_mode))
		return 0;
	int rc = make_folder(s, path, st.st_mode, e);
	return rc < 0 ? rc : add_folder(s, t, &fd, path, depth, e);
}

static int split_folder(struct split *s, const struct host_mount *t, const char *path, int depth, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) { // what the user cannot read is empty in the container
		fd_close(fd);
		return 0;
	}
	if (depth == DEPTH_MAX)
		return err_set(e, ERR_UNSUPPORTED, ELOOP, "%.200s: a mount deeper than %d folders", path, DEPTH_MAX);
	for (const struct dirent *f; rc >= 0 && (f = readdir(d));) {
		if (str_eq(f->d_name, ".") || str_eq(f->d_name, ".."))
			continue;
		_cleanup_free_ char *full = path_join(path, f->d_name);
		rc = add_entry(s, t, dirfd(d), full, depth + 1, e);
	}
	return rc;
}

// Scratch folders that the machine's file system lacks.
static int add_scratch(struct split *s, const struct host_mount *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < t->n_masks; i++) {
		_cleanup_free_ char *path = path_join("/", t->masks[i].path);
		if (!t->masks[i].hide && !strchr(t->masks[i].path, '/'))
			rc = make_folder(s, path, t->masks[i].mode, e);
	}
	return rc;
}

int host_mounts_split(struct host_mounts *m, int skeleton, struct err *e)
{
	struct split s = {.m = m, .skeleton = skeleton};
	const char *rest;
	struct host_mount *root = host_mounts_at(m, "/", &rest);

	add_piece(&s, root, "/", -1, HOST_SKELETON);
	int rc = split_folder(&s, root, "/", 0, e);
	if (rc >= 0)
		rc = add_scratch(&s, root, e);
	s.out[0].fd = TAKE_FD(root->fd);
	for (size_t i = 0; i < m->n; i++)
		fd_close(m->v[i].fd);
	m->v = s.out;
	m->n = s.n_out;
	return rc;
}
