// SPDX-License-Identifier: Apache-2.0
// Finding images: by name, digest, id or the beginning of one. On the path of every start: three indexed reads.
#include "base/mem.h"
#include "base/str.h"
#include "image/store.h"

#include <ctype.h>

enum { NAMES_SHOWN = 8, PREFIX_MIN = 2 };

void image_free(struct image *i)
{
	if (!i)
		return;
	free(i->id);
	strv_free(i->names);
	free(i->config_json);
	free(i->manifest_digest);
	strv_free(i->layer_dirs);
	strv_free(i->diffids);
	free(i);
}

void image_free_p(struct image **i)
{
	image_free(*i);
}

void image_list_free(struct image **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		image_free(v[i]);
	free(v);
}

static void push_familiar(char ***v, const char *canonical)
{
	char familiar[REFERENCE_MAX];
	struct reference r;

	if (reference_parse(canonical, &r, NULL) < 0)
		return;
	reference_familiar(&r, familiar);
	strv_push(v, familiar);
}

#define IMAGE_COLUMNS "i.id, i.config, i.manifest, i.size, i.created, i.added"

static struct image *image_of_row(sqlite3_stmt *row)
{
	struct image *i = xnew(struct image);

	i->id = xstrdup(db_col_str(row, 0));
	i->config_json = xstrdup(db_col_str(row, 1));
	i->manifest_digest = xstrdup(db_col_str(row, 2));
	i->size = (uint64_t)db_col_int(row, 3);
	i->created = db_col_int(row, 4);
	i->added = db_col_int(row, 5);
	return i;
}

static int fill_names(struct image_store *s, struct image *i, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	int rc = db_prepare(s->db, "SELECT name FROM image_name WHERE image = ? ORDER BY name", &row, e, "s", i->id);

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0)
		push_familiar(&i->names, db_col_str(row, 0));
	return rc;
}

static int fill_layers(struct image_store *s, struct image *i, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	int rc = db_prepare(s->db,
			    "SELECT l.diffid, y.dir FROM image_layer l JOIN layer y ON y.chain = l.diffid "
			    "WHERE l.image = ? ORDER BY l.position",
			    &row, e, "s", i->id);

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0) {
		strv_push(&i->diffids, db_col_str(row, 0));
		strv_push(&i->layer_dirs, db_col_str(row, 1));
	}
	return rc;
}

// 1: one image, 0: none, negative. The second row of an ambiguous prefix is ERR_INVALID.
static int find_one(struct image_store *s, const char *sql, const char *ref, const char *a, const char *b,
		    struct image **ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	_cleanup_image_ struct image *i = NULL;
	int rc = b ? db_prepare(s->db, sql, &row, e, "ss", a, b) : db_prepare(s->db, sql, &row, e, "s", a);

	if (rc < 0 || (rc = db_step(s->db, row, e)) <= 0)
		return rc;
	i = image_of_row(row);
	if ((rc = db_step(s->db, row, e)) < 0)
		return rc;
	if (rc)
		return err_invalid(e, "image \"%s\": several image ids begin like this; give more of it", ref);
	*ret = TAKE_PTR(i);
	return 1;
}

static int find_by_name(struct image_store *s, const char *ref, struct image **ret, struct err *e)
{
	struct reference r;
	char canonical[REFERENCE_MAX], name[REFERENCE_MAX];
	int rc = reference_parse(ref, &r, e);

	if (rc < 0)
		return rc;
	if (!*r.digest) {
		reference_default_tag(&r);
		reference_canonical(&r, canonical);
		return find_one(s,
				"SELECT " IMAGE_COLUMNS
				" FROM image_name n JOIN image i ON i.id = n.image WHERE n.name = ?",
				ref, canonical, NULL, ret, e);
	}
	// A digest decides; the name must be one of that image's, whatever its tag.
	reference_name(&r, name);
	return find_one(s,
			"SELECT DISTINCT " IMAGE_COLUMNS
			" FROM image i JOIN image_name n ON n.image = i.id WHERE i.manifest = ? "
			"AND substr(n.name, 1, length(?2) + 1) = ?2 || ':'",
			ref, r.digest, name, ret, e);
}

static bool is_hex(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return !s[n] && n >= PREFIX_MIN && n <= SHA256_HEX;
}

static int find_by_id(struct image_store *s, const char *ref, const char *hex, struct image **ret, struct err *e)
{
	char from[STORE_DIGEST], to[STORE_DIGEST + 1];

	snprintf(from, sizeof(from), "sha256:%s", hex);
	snprintf(to, sizeof(to), "sha256:%sg", hex); // 'g' follows every digit
	return find_one(s, "SELECT " IMAGE_COLUMNS " FROM image i WHERE i.id >= ? AND i.id < ? LIMIT 2", ref, from, to,
			ret, e);
}

static int not_found(struct image_store *s, const char *ref, struct err *e)
{
	_cleanup_buf_ struct buf names = BUF_INIT(512);
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	_cleanup_strv_ char **v = NULL;
	size_t n = 0;

	int rc = db_prepare(s->db, "SELECT name FROM image_name ORDER BY updated DESC", &row, e, "");
	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0)
		if (++n <= NAMES_SHOWN)
			push_familiar(&v, db_col_str(row, 0));
	if (rc < 0)
		return rc;
	for (size_t i = 0; v && v[i]; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", v[i]);
	if (n > NAMES_SHOWN)
		buf_addf(&names, " and %zu more", n - NAMES_SHOWN);
	return err_set(
		e, ERR_NOT_FOUND, ENOENT,
		"no such image: %s. Images here: %s. Load one with 'berth load -i FILE', or import a root filesystem: "
		"'berth import FILE NAME'",
		ref,
		n && !names.failed ? names.data
		: n                ? "see 'berth images'"
				   : "none but the built-in 'host'");
}

static int find(struct image_store *s, const char *ref, struct image **ret, struct err *e)
{
	const char *hex = str_after(ref, "sha256:");

	if (hex && !is_hex(hex))
		return err_invalid(e, "image \"%s\": not an id", ref);
	int rc = hex || strlen(ref) == SHA256_HEX ? 0 : find_by_name(s, ref, ret, e);
	if (!rc && is_hex(hex ? hex : ref))
		rc = find_by_id(s, ref, hex ? hex : ref, ret, e);
	return rc ? rc : not_found(s, ref, e);
}

int image_resolve(struct image_store *s, const char *ref, struct image **ret, struct err *e)
{
	_cleanup_image_ struct image *i = NULL;
	int rc = find(s, ref, &i, e);

	if (rc < 0 || (rc = fill_names(s, i, e)) < 0 || (rc = fill_layers(s, i, e)) < 0)
		return rc;
	*ret = TAKE_PTR(i);
	return 0;
}

int image_list(struct image_store *s, struct image ***ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	struct image **v = NULL;
	size_t n = 0;
	int rc = db_prepare(s->db, "SELECT " IMAGE_COLUMNS " FROM image i ORDER BY i.added DESC, i.id", &row, e, "");

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0) {
		v = xreallocarray(v, n + 1, sizeof(*v));
		v[n++] = image_of_row(row);
		rc = fill_names(s, v[n - 1], e);
		if (rc >= 0)
			rc = fill_layers(s, v[n - 1], e);
	}
	if (rc < 0) {
		image_list_free(v, n);
		return rc;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}
