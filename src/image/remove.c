// SPDX-License-Identifier: Apache-2.0
// Tagging and removing. The database counts: foreign keys keep an image that a container uses and a layer that an image
// uses, and what is no longer spoken of goes from the disk after the commit, under the store's exclusive lock.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/store.h"

enum { SHORT_ID = 12 };

int image_tag(struct image_store *s, const char *ref, const char *name, struct err *e)
{
	_cleanup_image_ struct image *i = NULL;
	char canonical[REFERENCE_MAX];
	int rc = image_name_parse(name, canonical, e);

	if (rc < 0 || (rc = image_resolve(s, ref, &i, e)) < 0)
		return rc;
	_cleanup_fd_ int lock = store_lock(s, false, true, e);
	if (lock < 0)
		return lock;
	rc = db_exec(s->db,
		     "INSERT INTO image_name(name, image, updated) VALUES (?,?,?) "
		     "ON CONFLICT(name) DO UPDATE SET image = excluded.image, updated = excluded.updated",
		     e, "ssi", canonical, i->id, clock_now());
	if (rc == -EBUSY)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "no such image: %s: it was removed just now", ref);
	return rc < 0 ? rc : store_write_index(s, e);
}

// The containers of an image, for the message.
static int in_use(struct image_store *s, const struct image *i, const char *ref, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	_cleanup_buf_ struct buf names = BUF_INIT(512);
	size_t n = 0;
	int rc = db_prepare(s->db, "SELECT name, state FROM container WHERE image = ? ORDER BY created", &row, e, "s",
			    i->id);

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0)
		buf_addf(&names, "%s%s (%s)", n++ ? ", " : "", db_col_str(row, 0), db_col_str(row, 1));
	if (rc < 0 || !n)
		return rc;
	return err_set(e, ERR_CONFLICT, EBUSY,
		       "remove image %s: it is used by container%s %s: remove %s first with 'berth rm'", ref,
		       n > 1 ? "s" : "", names.failed ? "many" : names.data, n > 1 ? "them" : "it");
}

static int untag(struct image_store *s, const char *familiar, char ***report, struct err *e)
{
	char canonical[REFERENCE_MAX];
	struct reference r;
	int rc = reference_parse(familiar, &r, e);

	if (rc < 0)
		return rc;
	reference_canonical(&r, canonical);
	rc = db_exec(s->db, "DELETE FROM image_name WHERE name = ?", e, "s", canonical);
	if (rc > 0)
		strv_pushf(report, "Untagged: %s", familiar);
	return rc;
}

// Which of the image's names ref is, or NULL if it is an id.
static const char *name_meant(const struct image *i, const char *ref)
{
	char familiar[REFERENCE_MAX];
	struct reference r;

	if (reference_parse(ref, &r, NULL) < 0 || *r.digest)
		return NULL;
	reference_default_tag(&r);
	reference_familiar(&r, familiar);
	for (size_t n = 0; i->names && i->names[n]; n++)
		if (str_eq(i->names[n], familiar))
			return i->names[n];
	return NULL;
}

static int delete_layers(struct image_store *s, const struct image *i, char ***report, struct err *e)
{
	for (size_t n = strv_len(i->diffids); n-- > 0;) {
		int rc = db_exec(s->db,
				 "DELETE FROM layer WHERE chain = ?1 AND NOT EXISTS "
				 "(SELECT 1 FROM image_layer WHERE diffid = ?1)",
				 e, "s", i->diffids[n]);
		if (rc < 0)
			return rc;
		if (rc)
			strv_pushf(report, "Deleted: %s", i->diffids[n]);
	}
	return 0;
}

static int delete_image(struct image_store *s, const struct image *i, const char *ref, char ***report, struct err *e)
{
	int rc = in_use(s, i, ref, e);

	for (size_t n = 0; rc >= 0 && i->names && i->names[n]; n++)
		rc = untag(s, i->names[n], report, e);
	if (rc >= 0)
		rc = db_exec(s->db, "DELETE FROM image WHERE id = ?", e, "s", i->id);
	if (rc < 0)
		return rc;
	strv_pushf(report, "Deleted: %s", i->id);
	return delete_layers(s, i, report, e);
}

static int remove_rows(struct image_store *s, const char *ref, bool force, char ***report, struct err *e)
{
	_cleanup_image_ struct image *i = NULL;
	int rc = image_resolve(s, ref, &i, e);

	if (rc < 0)
		return rc;
	const char *name = name_meant(i, ref);
	size_t names = strv_len(i->names);
	if (name && names > 1)
		return untag(s, name, report, e);
	if (!name && names > 1 && !force) {
		_cleanup_free_ char *all = strv_join(i->names, ", ");
		return err_set(e, ERR_CONFLICT, EBUSY,
			       "remove image %.*s: it has several names (%s): remove those, or use --force",
			       SHORT_ID + 7, ref, all);
	}
	return delete_image(s, i, ref, report, e);
}

int image_remove(struct image_store *s, const char *ref, bool force, char ***ret_report, struct err *e)
{
	_cleanup_strv_ char **report = NULL;
	_cleanup_fd_ int lock = store_lock(s, true, true, e);
	int rc = lock < 0 ? lock : db_begin(s->db, e);

	if (rc < 0)
		return rc;
	rc = remove_rows(s, ref, force, &report, e);
	if (rc >= 0)
		rc = db_commit(s->db, e);
	db_end(s->db);
	if (rc >= 0)
		rc = store_write_index(s, e);
	if (rc >= 0)
		rc = store_collect(s, e);
	if (rc >= 0)
		*ret_report = TAKE_PTR(report);
	return rc;
}
