// SPDX-License-Identifier: Apache-2.0
// engine_find, engine_list, engine_rename: containers by name, as they really are.
//
// Rows are read to the end before any of them is checked, because checking may read a row again.
#include "base/mem.h"
#include "engine/internal.h"
#include "engine/names.h"
#include "engine/row.h"

// The container part of a row, on its own.
static struct engine_container *take_container(struct engine_row *r)
{
	struct engine_container *c = xnew(struct engine_container);

	*c = r->c;
	r->c = (struct engine_container){0};
	engine_row_done(r);
	return c;
}

int engine_find(struct engine *g, const char *ref, struct engine_container **ret, struct err *e)
{
	struct engine_row row = {0};
	char id[ENGINE_ID_LEN + 1];
	struct db *db;

	int rc = engine_db(g, &db, e);
	if (!rc)
		rc = engine_row_lookup(g, ref, id, e);
	if (!rc)
		rc = engine_row_load(g, id, &row, e);
	if (rc < 0)
		return rc;
	rc = engine_row_check(g, &row, e);
	if (rc < 0) {
		engine_row_done(&row);
		return rc;
	}
	*ret = take_container(&row);
	return 0;
}

struct rows {
	struct engine_row *v;
	size_t n;
};

static void rows_done(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		engine_row_done(&r->v[i]);
	free(r->v);
}

static int read_rows(struct engine *g, bool all, struct rows *rows, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;
	struct db *db;

	int rc = engine_db(g, &db, e);
	if (!rc)
		rc = engine_row_each(g, all, &s, e);
	while (rc >= 0) {
		rc = db_step(db, s, e);
		if (rc <= 0)
			return rc;
		rows->v = xreallocarray(rows->v, rows->n + 1, sizeof(*rows->v));
		rc = engine_row_read(s, &rows->v[rows->n], e);
		if (rc >= 0)
			rows->n++;
	}
	return rc;
}

int engine_list(struct engine *g, bool all, struct engine_container ***ret, size_t *ret_n, struct err *e)
{
	_cleanup_(rows_done) struct rows rows = {0};
	size_t n = 0;

	engine_repair(g); // a list is the moment to see what killed processes left
	int rc = read_rows(g, all, &rows, e);
	if (rc < 0)
		return rc;
	struct engine_container **v = xnew_n(struct engine_container *, rows.n + 1);
	for (size_t i = 0; i < rows.n; i++) {
		struct err ignored = {0};
		// One that was removed since the list was read is none any more.
		if (engine_row_check(g, &rows.v[i], &ignored) < 0)
			continue;
		if (!all && rows.v[i].c.state == ENGINE_EXITED)
			continue;
		v[n++] = take_container(&rows.v[i]);
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

void engine_list_free(struct engine_container **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		engine_container_free(v[i]);
	free(v);
}

int engine_rename(struct engine *g, const char *ref, const char *name, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	struct db *db = NULL;

	name += *name == '/';
	int rc = engine_name_check("container", name, e);
	if (!rc)
		rc = engine_db(g, &db, e);
	if (!rc)
		rc = engine_row_lookup(g, ref, id, e);
	if (rc < 0)
		return rc;
	rc = db_exec(db, "UPDATE container SET name=? WHERE id=?", e, "ss", name, id);
	if (rc == -EEXIST)
		return err_set(e, ERR_EXISTS, EEXIST, "rename %s: the container name \"/%s\" is already in use", ref,
			       name);
	return rc < 0 ? err_wrap(e, rc, "rename %s", ref) : 0;
}
