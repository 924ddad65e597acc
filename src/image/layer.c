// SPDX-License-Identifier: Apache-2.0
// Taking in a layer. One pass over its bytes serves three ends: they are kept as a blob, hashed as they came, and fed
// to the confined unpacker, which hashes what comes out. Only when both digests are right does anything get a name.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/store.h"
#include "image/unpack.h"

#include <sys/stat.h>

enum { SLICE = 256 << 10 };

#define TEMPORARY ".new-"

// A folder below layers/ under a temporary name; removed unless its name was taken.
struct workplace {
	struct image_store *store;
	char name[sizeof(TEMPORARY) + STORE_DIR_NAME];
	int fd;
};

static void workplace_done(struct workplace *w)
{
	struct err ignored;

	fd_close(w->fd);
	if (w->name[0])
		path_remove_tree(w->store->layers, w->name, &ignored); // else the next repair does it
}

static int workplace_make(struct image_store *s, struct workplace *w, struct err *e)
{
	char random[STORE_DIR_NAME + 1];
	int rc = store_random_name(random, e);

	if (rc < 0)
		return rc;
	snprintf(w->name, sizeof(w->name), TEMPORARY "%s", random);
	w->store = s;
	w->fd = -1;
	if (mkdirat(s->layers, w->name, 0755)) {
		rc = err_sys(e, "make a folder for the layer");
		w->name[0] = 0;
		return rc;
	}
	w->fd = openat(s->layers, w->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (w->fd < 0 || fchmod(w->fd, 0755)) // whatever the umask is
		return err_sys(e, "open the folder of the layer");
	return 0;
}

static int check_digest(const char *want, const char *have, const char *what, struct err *e)
{
	if (!want || str_eq(want, have))
		return 0;
	return err_set(e, ERR_CORRUPT, EBADMSG, "wrong digest: its %s should be %s, and is %s", what, want, have);
}

// The stream into blob and unpacker. *fed becomes false when the unpacker takes no more; the digest goes on if it is
// wanted.
static int pump(const struct layer_source *from, struct blob_writer *blob, struct unpack *u,
		image_progress_fn *progress, void *data, bool *fed, struct err *e)
{
	const uint8_t *p = NULL;
	ssize_t n = 0;

	while ((n = stream_next(from->stream, &p, SLICE, e)) > 0) {
		int rc = blob_write(blob, p, (size_t)n, e);
		if (rc < 0)
			return rc;
		if (*fed && unpack_feed(u, p, (size_t)n) < 0)
			*fed = false;
		if (!*fed && !from->want_blob)
			return 0;
		if (progress)
			progress(data, from->what, blob->size, from->total);
	}
	return (int)n;
}

static int unpack_and_keep(struct image_store *s, const struct codec *c, const struct layer_source *from,
			   image_progress_fn *progress, void *data, struct workplace *place, struct blob_writer *blob,
			   struct unpack_result *r, struct new_layer *l, struct err *e)
{
	_cleanup_unpack_ struct unpack *u = NULL;
	bool fed = true;
	int rc = unpack_start(place->fd, c, &unpack_limits_default, store_xattr_prefix(s), &u, e);

	if (rc < 0 || (rc = pump(from, blob, u, progress, data, &fed, e)) < 0)
		return rc;
	struct err from_unpacker = {0};
	rc = unpack_finish(TAKE_PTR(u), r, &from_unpacker);
	if (fed || from->want_blob) { // damage on the way explains an archive that cannot be read
		blob_digest(blob, l->blob);
		int wrong = check_digest(from->want_blob, l->blob, "blob", e);
		if (wrong < 0)
			return wrong;
	}
	if (rc < 0 && e)
		*e = from_unpacker;
	if (rc >= 0 && !fed)
		return err_set(e, ERR_INTERNAL, EIO, "the unpacker did not take the whole layer");
	return rc;
}

int layer_known(struct image_store *s, const char *diffid, const char *want_blob, struct new_layer *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	int rc = db_prepare(s->db,
			    "SELECT y.size, y.entries, l.blob, l.blob_size, y.dir FROM layer y JOIN image_layer l ON "
			    "l.diffid = y.chain "
			    "WHERE y.chain = ?1 AND l.blob = coalesce(?2, l.blob) LIMIT 1",
			    &row, e, "ss", diffid, want_blob);

	if (rc < 0 || (rc = db_step(s->db, row, e)) <= 0)
		return rc;
	struct new_layer l = {.size = (uint64_t)db_col_int(row, 0),
			      .entries = (uint64_t)db_col_int(row, 1),
			      .blob_size = (uint64_t)db_col_int(row, 3)};
	uint8_t head[CODEC_SNIFF];
	if (!str_copy(l.diffid, sizeof(l.diffid), diffid) || !str_copy(l.blob, sizeof(l.blob), db_col_str(row, 2)))
		return 0;
	_cleanup_fd_ int blob = blob_open(s, l.blob, e);
	ssize_t n = blob < 0 ? -1 : fd_pread_full(blob, head, sizeof(head), 0);
	if (n < 0 || faccessat(s->layers, db_col_str(row, 4), F_OK, AT_SYMLINK_NOFOLLOW))
		return 0; // damaged: taken in anew
	l.format = codec_sniff(head, (size_t)n);
	*ret = l;
	return 1;
}

// Gives the unpacked folder its name. If the store has the diffid already, ours is dropped, or takes the place of one
// that went missing.
static int settle(struct image_store *s, struct workplace *place, struct new_layer *l, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	char dir[STORE_DIR_NAME + 1];
	int known = db_prepare(s->db, "SELECT dir FROM layer WHERE chain = ?", &row, e, "s", l->diffid);

	if (known < 0 || (known = db_step(s->db, row, e)) < 0)
		return known;
	if (known &&
	    (!str_copy(dir, sizeof(dir), db_col_str(row, 0)) || !faccessat(s->layers, dir, F_OK, AT_SYMLINK_NOFOLLOW)))
		return 0;
	int rc = known ? 0 : store_random_name(dir, e);
	if (rc < 0)
		return rc;
	if (renameat(s->layers, place->name, s->layers, dir))
		return err_sys(e, "keep the layer");
	place->name[0] = 0;
	if (!known)
		memcpy(l->dir, dir, sizeof(dir));
	return 0;
}

int layer_take(struct image_store *s, const struct codec *c, const struct layer_source *from,
	       image_progress_fn *progress, void *data, struct new_layer *ret, struct err *e)
{
	_cleanup_(workplace_done) struct workplace place = {.fd = -1};
	_cleanup_blob_ struct blob_writer blob = {0};
	struct unpack_result r = {0};
	struct new_layer l = {0};
	int rc = workplace_make(s, &place, e);

	if (rc < 0 || (rc = blob_begin(s, c, &blob, e)) < 0)
		return rc;
	rc = unpack_and_keep(s, c, from, progress, data, &place, &blob, &r, &l, e);
	if (rc < 0)
		return rc;
	store_digest_text(l.diffid, r.diffid);
	if ((rc = check_digest(from->want_diffid, l.diffid, "content (diff id)", e)) < 0)
		return rc;
	l.blob_size = blob.size;
	l.size = r.size;
	l.entries = r.entries;
	l.format = (enum codec_format)r.format;
	if ((rc = settle(s, &place, &l, e)) < 0)
		return rc;
	if ((rc = blob_publish(&blob, l.blob, e)) < 0) {
		layer_drop(s, &l);
		return rc;
	}
	*ret = l;
	return 0;
}

void layer_drop(struct image_store *s, struct new_layer *l)
{
	struct err ignored;

	if (l->dir[0])
		path_remove_tree(s->layers, l->dir, &ignored);
	l->dir[0] = 0;
}
