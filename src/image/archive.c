// SPDX-License-Identifier: Apache-2.0
// Looking up files in a tar or a directory. Of a tar, a table of its entries is made (later entries win), so that its
// files can be read in any order: a manifest often comes after the layers that it names.
#include "image/archive.h"

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/tar.h"

#include <inttypes.h>
#include <sys/stat.h>

enum { MEMBERS_MAX = 200000, LINKS_MAX = 8 };

struct member {
	uint64_t offset, size;
	char *link; // of symbolic and hard links: cleaned, from the archive's root
};

struct archive {
	const struct image_source *src;
	struct map *members; // NULL for a directory
};

static void member_free(void *p)
{
	struct member *m = p;

	free(m->link);
	free(m);
}

static char *relative(const char *path)
{
	_cleanup_free_ char *absolute = path_join("/", path);
	_cleanup_free_ char *clean = path_clean(absolute);

	return xstrdup(clean + 1);
}

// Where a symbolic link at name leads, inside the archive.
static char *link_target(const char *name, const struct tar_entry *x)
{
	const char *slash = strrchr(name, '/');

	if (x->type == TAR_HARDLINK || x->link[0] == '/' || !slash)
		return relative(x->link);
	_cleanup_free_ char *joined = xasprintf("%.*s/%s", (int)(slash - name), name, x->link);
	return relative(joined);
}

static int add_member(struct archive *a, const struct tar_entry *x, struct err *e)
{
	char shown[TAR_SHOWN_MAX];
	_cleanup_free_ char *name = relative(x->path);

	if (x->type == TAR_DIR || !*name)
		return 0;
	if (map_len(a->members) >= MEMBERS_MAX)
		return err_set(e, ERR_EXHAUSTED, E2BIG, "it has more than %d entries", MEMBERS_MAX);
	if (x->type == TAR_FILE && x->sparse)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "entry %s: a sparse file in an image archive",
			       tar_shown(shown, x->path));
	if (x->type == TAR_FILE && (x->offset > a->src->size || x->size > a->src->size - x->offset))
		return err_set(e, ERR_CORRUPT, EBADMSG,
			       "entry %s: the archive is truncated: it ends at byte %" PRIu64
			       ", and this file at %" PRIu64,
			       tar_shown(shown, x->path), a->src->size, x->offset + x->size);
	if (x->type != TAR_FILE && x->type != TAR_SYMLINK && x->type != TAR_HARDLINK)
		return 0;
	struct member *m = xnew(struct member);
	m->offset = x->offset;
	m->size = x->size;
	m->link = x->type == TAR_FILE ? NULL : link_target(name, x);
	map_set(a->members, name, m);
	return 0;
}

static int scan(struct archive *a, struct err *e)
{
	_cleanup_stream_ struct stream *s = stream_of_fd(a->src->fd, 0, a->src->size);
	_cleanup_tar_ struct tar *t = tar_new(s);
	const struct tar_entry *x = NULL;
	int rc = 0;

	while ((rc = tar_next(t, &x, e)) > 0)
		if ((rc = add_member(a, x, e)) < 0)
			return rc;
	return rc;
}

int archive_open(const struct image_source *src, struct archive **ret, struct err *e)
{
	_cleanup_archive_ struct archive *a = xnew(struct archive);

	a->src = src;
	if (!src->directory) {
		a->members = map_new(member_free);
		int rc = scan(a, e);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE_PTR(a);
	return 0;
}

void archive_free(struct archive *a)
{
	if (!a)
		return;
	if (a->members)
		map_free(a->members);
	free(a);
}

void archive_free_p(struct archive **a)
{
	archive_free(*a);
}

static const struct member *find_member(const struct archive *a, const char *name)
{
	_cleanup_free_ char *clean = relative(name);
	const struct member *m = map_get(a->members, clean);

	for (int i = 0; m && m->link && i < LINKS_MAX; i++)
		m = map_get(a->members, m->link);
	return m && !m->link ? m : NULL;
}

static int open_file(const struct archive *a, const char *name)
{
	struct stat st;
	_cleanup_fd_ int fd = path_open_in(a->src->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

bool archive_has(const struct archive *a, const char *name)
{
	if (a->members)
		return find_member(a, name) != NULL;
	_cleanup_fd_ int fd = open_file(a, name);
	return fd >= 0;
}

int archive_stream(const struct archive *a, const char *name, struct stream **ret, uint64_t *ret_size, struct err *e)
{
	char shown[TAR_SHOWN_MAX];
	struct stat st;

	tar_shown(shown, name);
	if (a->members) {
		const struct member *m = find_member(a, name);
		if (!m)
			return err_set(e, ERR_CORRUPT, ENOENT, "the archive lacks %s", shown);
		*ret = stream_of_fd(a->src->fd, (int64_t)m->offset, m->size);
		*ret_size = m->size;
		return 0;
	}
	int fd = open_file(a, name);
	if (fd < 0)
		return err_set(e, ERR_CORRUPT, -fd, "the directory lacks %s: %s", shown,
			       fd == -EINVAL ? "not a regular file" : strerror(-fd));
	if (fstat(fd, &st)) {
		fd_close(fd);
		return err_sys(e, "look at %s", shown);
	}
	*ret_size = (uint64_t)st.st_size;
	*ret = stream_of_fd(fd, 0, (uint64_t)st.st_size);
	stream_own_fd(*ret);
	return 0;
}

int archive_read(const struct archive *a, const char *name, size_t max, struct buf *ret, struct err *e)
{
	_cleanup_stream_ struct stream *s = NULL;
	char shown[TAR_SHOWN_MAX];
	uint64_t size = 0;
	int rc = archive_stream(a, name, &s, &size, e);

	if (rc < 0)
		return rc;
	if (size > max)
		return err_set(e, ERR_EXHAUSTED, EFBIG, "%s has %" PRIu64 " bytes, %zu are allowed",
			       tar_shown(shown, name), size, max);
	buf_reset(ret);
	char *p = buf_reserve(ret, (size_t)size + 1);
	if (!p)
		return err_rc(e, -ENOMEM, "read %s", tar_shown(shown, name));
	ssize_t n = stream_read(s, p, (size_t)size, e);
	if (n < 0)
		return err_wrap(e, (int)n, "%s", tar_shown(shown, name));
	if ((uint64_t)n != size)
		return err_set(e, ERR_CORRUPT, EBADMSG, "%s is truncated", tar_shown(shown, name));
	p[n] = 0;
	buf_commit(ret, (size_t)n);
	return 0;
}
