// SPDX-License-Identifier: Apache-2.0
// A container's row in the database: writing it, reading it, and checking it against the processes that are there.
//
// A row is believed only as far as it can be checked: "running" is true as long as init and monitor have the pids and
// start times that were written down, in this boot. Anything else is shown as dead.
#include "engine/row.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/names.h"
#include "engine/options.h"

#include <stdio.h>

enum { JSON_MAX = 8 << 20, STAT_MAX = 4096 };

static const char *const state_names[] = {"created", "running", "paused", "exited", "removing", "dead"};

const char *engine_state_name(enum engine_state s)
{
	return (size_t)s < ARRAY_SIZE(state_names) ? state_names[s] : "unknown";
}

static enum engine_state state_from_name(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++)
		if (s && str_eq(s, state_names[i]))
			return (enum engine_state)i;
	return ENGINE_DEAD;
}

uint64_t engine_process_start(pid_t pid)
{
	_cleanup_buf_ struct buf b = BUF_INIT(STAT_MAX);
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || file_read(AT_FDCWD, path, STAT_MAX, &b, NULL) < 0)
		return 0;
	// The command name, in parentheses, may hold anything; what follows the last one is field 3.
	char *p = strrchr(b.data, ')');
	if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return 0; // a zombie is no process that runs
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

// ---- writing --------------------------------------------------------------------------------------------------------

static char *json_of_strv(char *const *v)
{
	struct buf b = BUF_INIT(JSON_MAX);
	struct json_writer w = JSON_WRITER(&b, 0);

	jw_array(&w);
	for (; v && *v; v++)
		jw_str(&w, *v);
	jw_array_end(&w);
	return buf_take(&b);
}

// Labels of the image and the user's over them.
static char *json_of_labels(const struct engine_prepared *p)
{
	struct buf b = BUF_INIT(JSON_MAX);
	struct json_writer w = JSON_WRITER(&b, 0);
	_cleanup_strv_ char **all = engine_labels(p->options, p->config);

	jw_object(&w);
	for (char **l = all; l && *l; l++) {
		char *eq = strchr(*l, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*l, (size_t)(eq - *l)) : xstrdup(*l);
		jw_kstr(&w, key, eq ? eq + 1 : "");
	}
	jw_object_end(&w);
	return buf_take(&b);
}

static char *json_of_options(const struct engine_prepared *p)
{
	struct buf b = BUF_INIT(JSON_MAX);
	struct json_writer w = JSON_WRITER(&b, 0);

	jw_object(&w);
	engine_create_options_write_members(p->options, &w);
	jw_key(&w, "resolved");
	engine_resolved_write(&p->resolved, &w);
	jw_object_end(&w);
	return buf_take(&b);
}

static int name_taken(struct engine *g, const char *name, struct err *e)
{
	char id[ENGINE_ID_LEN + 1] = "";

	if (engine_row_lookup(g, name, id, NULL) < 0)
		return err_set(e, ERR_EXISTS, EEXIST, "the container name \"/%s\" is already in use", name);
	return err_set(e, ERR_EXISTS, EEXIST,
		       "the container name \"/%s\" is already in use by container %.12s: remove or rename that one, or "
		       "choose another name",
		       name, id);
}

int engine_row_name_free(struct engine *g, const char *name, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;

	int rc = db_prepare(g->db, "SELECT 1 FROM container WHERE name=?", &s, e, "s", name);
	if (rc >= 0)
		rc = db_step(g->db, s, e);
	return rc > 0 ? name_taken(g, name, e) : rc;
}

static int insert_volumes(struct engine *g, const struct engine_prepared *p, struct err *e)
{
	for (size_t i = 0; i < p->resolved.n_mounts; i++) {
		const struct engine_mount *m = &p->resolved.mounts[i];
		if (m->type != ENGINE_MOUNT_VOLUME)
			continue;
		int rc = db_exec(g->db, "INSERT OR IGNORE INTO container_volume(container,volume) VALUES(?,?)", e, "ss",
				 p->id, m->source);
		if (rc < 0)
			return err_wrap(e, rc, "volume %s", m->source);
	}
	return 0;
}

static int insert(struct engine *g, const struct engine_prepared *p, const struct engine_live *live, struct err *e)
{
	static const struct engine_live none;
	const struct engine_live *l = live ? live : &none;
	_cleanup_free_ char *command = json_of_strv(p->command), *labels = json_of_labels(p),
			    *options = json_of_options(p);

	if (!command || !labels || !options)
		return err_set(e, ERR_EXHAUSTED, EMSGSIZE, "the options are larger than %d bytes", JSON_MAX);
	return db_exec(g->db,
		       "INSERT INTO container(id,name,image,image_name,command,state,created,started,pid,pid_start,"
		       "monitor,monitor_start,boot,auto_remove,labels,options) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		       e, "ssssssiiiiiisiss", p->id, p->name, p->image ? p->image->id : NULL, p->options->image,
		       command, live ? "running" : "created", p->created, l->started, (int64_t)l->pid,
		       (int64_t)l->pid_start, (int64_t)l->monitor, (int64_t)l->monitor_start,
		       live ? engine_boot_id(g) : "", (int64_t)p->options->auto_remove, labels, options);
}

static bool has_volumes(const struct engine_prepared *p)
{
	for (size_t i = 0; i < p->resolved.n_mounts; i++)
		if (p->resolved.mounts[i].type == ENGINE_MOUNT_VOLUME)
			return true;
	return false;
}

int engine_row_insert(struct engine *g, const struct engine_prepared *p, const struct engine_live *live, struct err *e)
{
	bool volumes = has_volumes(p); // without, a single statement is its own transaction
	int rc = volumes ? db_begin(g->db, e) : 0;

	if (rc < 0)
		return rc;
	rc = insert(g, p, live, e);
	if (rc >= 0 && volumes)
		rc = insert_volumes(g, p, e);
	if (rc >= 0 && volumes)
		rc = db_commit(g->db, e);
	if (rc < 0 && volumes)
		db_end(g->db);
	if (rc == -EEXIST)
		return name_taken(g, p->name, e);
	if (rc == -EBUSY && e && e->class == ERR_CONFLICT)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "image %s was removed meanwhile", p->options->image);
	return rc < 0 ? rc : 0;
}

int engine_row_running(struct engine *g, const char *id, const struct engine_live *l, struct err *e)
{
	int rc = db_exec(g->db,
			 "UPDATE container SET state='running',started=?,finished=0,exit_code=0,oom_killed=0,error='',"
			 "pid=?,pid_start=?,monitor=?,monitor_start=?,boot=? WHERE id=?",
			 e, "iiiiiss", l->started, (int64_t)l->pid, (int64_t)l->pid_start, (int64_t)l->monitor,
			 (int64_t)l->monitor_start, engine_boot_id(g), id);
	return rc == 0 ? err_set(e, ERR_NOT_FOUND, ENOENT, "no such container: %.12s", id) : MIN(rc, 0);
}

int engine_row_start(struct engine *g, const struct engine_prepared *p, const struct engine_live *live, struct err *e)
{
	return p->fresh ? engine_row_insert(g, p, live, e) : engine_row_running(g, p->id, live, e);
}

int engine_row_paused(struct engine *g, const char *id, bool paused, struct err *e)
{
	int rc = db_exec(g->db, "UPDATE container SET state=? WHERE id=?", e, "ss", paused ? "paused" : "running", id);
	return MIN(rc, 0);
}

int engine_row_exited(struct engine *g, const char *id, int exit_code, int64_t finished, bool oom_killed,
		      const char *error, struct err *e)
{
	int rc = db_exec(g->db,
			 "UPDATE container SET state='exited',exit_code=?,finished=?,oom_killed=?,error=?,pid=0,"
			 "pid_start=0,monitor=0,monitor_start=0 WHERE id=?",
			 e, "iiiss", (int64_t)exit_code, finished, (int64_t)oom_killed, error ? error : "", id);
	return MIN(rc, 0);
}

int engine_row_delete(struct engine *g, const char *id, struct err *e)
{
	int rc = db_exec(g->db, "DELETE FROM container WHERE id=?", e, "s", id);
	return MIN(rc, 0);
}

// ---- reading --------------------------------------------------------------------------------------------------------

void engine_container_free(struct engine_container *c)
{
	if (!c)
		return;
	engine_container_done(c);
	free(c);
}

void engine_container_free_p(struct engine_container **c)
{
	engine_container_free(*c);
}

void engine_container_done(struct engine_container *c)
{
	free(c->id);
	free(c->name);
	free(c->image_id);
	free(c->image_name);
	free(c->error);
	strv_free(c->command);
	strv_free(c->labels);
	*c = (struct engine_container){0};
}

void engine_row_done(struct engine_row *r)
{
	engine_container_done(&r->c);
	free(r->options);
	*r = (struct engine_row){0};
}

static char *col_dup(sqlite3_stmt *s, int col)
{
	const char *v = db_col_str(s, col);
	return xstrdup(v ? v : "");
}

static int parse_command(const char *text, char ***ret, struct err *e)
{
	struct arena a = {0};
	struct json *j = NULL;

	int rc = json_parse(&a, text, strlen(text), NULL, &j, e);
	if (rc >= 0 && j->type == JSON_ARRAY)
		for (size_t i = 0; i < j->arr.n; i++)
			if (j->arr.v[i]->type == JSON_STRING)
				strv_push(ret, j->arr.v[i]->str.s);
	arena_done(&a);
	return rc;
}

static int parse_labels(const char *text, char ***ret, struct err *e)
{
	struct arena a = {0};
	struct json *j = NULL;

	int rc = json_parse(&a, text, strlen(text), NULL, &j, e);
	if (rc >= 0 && j->type == JSON_OBJECT)
		for (size_t i = 0; i < j->obj.n; i++)
			if (j->obj.v[i].value->type == JSON_STRING)
				strv_pushf(ret, "%s=%s", j->obj.v[i].key, j->obj.v[i].value->str.s);
	arena_done(&a);
	return rc;
}

static int parse_texts(sqlite3_stmt *s, struct engine_container *c, struct err *e)
{
	const char *command = db_col_str(s, 4), *labels = db_col_str(s, 17);

	int rc = parse_command(command ? command : "", &c->command, e);
	if (rc >= 0)
		rc = parse_labels(labels ? labels : "", &c->labels, e);
	return rc < 0 ? err_wrap(e, rc, "container %.12s: its row in the database", c->id) : 0;
}

#define COLUMNS                                                                                                       \
	"id,name,image,image_name,command,state,created,started,finished,exit_code,oom_killed,pid,pid_start,monitor," \
	"monitor_start,boot,auto_remove,labels,error,options"

int engine_row_read(sqlite3_stmt *s, struct engine_row *r, struct err *e)
{
	struct engine_container *c = &r->c;
	const char *boot = db_col_str(s, 15);

	*r = (struct engine_row){0};
	c->id = col_dup(s, 0);
	c->name = col_dup(s, 1);
	c->image_id = col_dup(s, 2);
	c->image_name = col_dup(s, 3);
	c->state = state_from_name(db_col_str(s, 5));
	c->created = db_col_int(s, 6);
	c->started = db_col_int(s, 7);
	c->finished = db_col_int(s, 8);
	c->exit_code = (int)db_col_int(s, 9);
	c->oom_killed = db_col_int(s, 10);
	c->pid = (pid_t)db_col_int(s, 11);
	r->pid_start = (uint64_t)db_col_int(s, 12);
	c->monitor = (pid_t)db_col_int(s, 13);
	r->monitor_start = (uint64_t)db_col_int(s, 14);
	str_copy(r->boot, sizeof(r->boot), boot ? boot : "");
	c->auto_remove = db_col_int(s, 16);
	c->error = col_dup(s, 18);
	r->options = col_dup(s, 19);
	int rc = parse_texts(s, c, e);
	if (rc < 0)
		engine_row_done(r);
	return rc;
}

int engine_row_load(struct engine *g, const char *id, struct engine_row *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;

	int rc = db_prepare(g->db, "SELECT " COLUMNS " FROM container WHERE id=?", &s, e, "s", id);
	if (rc < 0)
		return rc;
	rc = db_step(g->db, s, e);
	if (rc < 0)
		return rc;
	return rc ? engine_row_read(s, ret, e) : err_set(e, ERR_NOT_FOUND, ENOENT, "no such container: %.12s", id);
}

int engine_row_each(struct engine *g, bool all, sqlite3_stmt **ret, struct err *e)
{
	return all ? db_prepare(g->db, "SELECT " COLUMNS " FROM container ORDER BY created DESC", ret, e, "")
		   : db_prepare(g->db,
				"SELECT " COLUMNS " FROM container WHERE state NOT IN ('created','exited') "
				"ORDER BY created DESC",
				ret, e, "");
}

static int lookup_one(struct engine *g, sqlite3_stmt *s, const char *ref, char *ret_id, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];

	int rc = db_step(g->db, s, e);
	if (rc <= 0)
		return rc;
	if (!str_copy(id, sizeof(id), db_col_str(s, 0)))
		return err_set(e, ERR_CORRUPT, EUCLEAN, "container %s: its id in the database is too long", ref);
	rc = db_step(g->db, s, e);
	if (rc < 0)
		return rc;
	if (rc > 0)
		return err_invalid(e, "several containers have an id that begins with %s: give more digits", ref);
	str_copy(ret_id, sizeof(id), id);
	return 1;
}

int engine_row_lookup(struct engine *g, const char *ref, char ret_id[static ENGINE_ID_LEN + 1], struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *exact = NULL, *prefix = NULL;
	char end[ENGINE_ID_LEN + 2];
	size_t n;

	ref += *ref == '/'; // as inspect shows names
	n = strlen(ref);
	int rc = db_prepare(g->db, "SELECT id FROM container WHERE id=?1 UNION SELECT id FROM container WHERE name=?1",
			    &exact, e, "s", ref);
	if (rc >= 0)
		rc = lookup_one(g, exact, ref, ret_id, e);
	if (rc)
		return MIN(rc, 0);
	if (n && n <= ENGINE_ID_LEN && strspn(ref, "0123456789abcdef") == n) {
		if (str_fmt(end, sizeof(end), "%sg", ref) < 0) // 'g' sorts behind every digit
			return err_invalid(e, "container id %s is too long", ref);
		rc = db_prepare(g->db, "SELECT id FROM container WHERE id>=? AND id<? LIMIT 2", &prefix, e, "ss", ref,
				end);
		if (rc >= 0)
			rc = lookup_one(g, prefix, ref, ret_id, e);
		if (rc)
			return MIN(rc, 0);
	}
	return err_set(e, ERR_NOT_FOUND, ENOENT, "no such container: %s", ref);
}

static bool supervised(struct engine *g, const struct engine_row *r)
{
	return r->c.monitor > 0 && str_eq(r->boot, engine_boot_id(g)) &&
	       engine_process_start(r->c.monitor) == r->monitor_start;
}

int engine_row_check(struct engine *g, struct engine_row *r, struct err *e)
{
	struct engine_row again = {0};

	if ((r->c.state != ENGINE_RUNNING && r->c.state != ENGINE_PAUSED) || supervised(g, r))
		return 0;
	// The monitor may have ended, well and truly, since the row was read.
	int rc = engine_row_load(g, r->c.id, &again, e);
	if (rc < 0)
		return rc;
	engine_row_done(r);
	*r = again;
	if ((r->c.state == ENGINE_RUNNING || r->c.state == ENGINE_PAUSED) && !supervised(g, r))
		r->c.state = ENGINE_DEAD;
	return 0;
}

// ---- what was resolved at creation ----------------------------------------------------------------------------------

void engine_resolved_write(const struct engine_resolved *r, struct json_writer *w)
{
	jw_object(w);
	if (r->n_mounts) {
		jw_key(w, "mounts");
		engine_mounts_write(r->mounts, r->n_mounts, w);
	}
	if (r->range.size) {
		jw_kint(w, "range_start", r->range.start);
		jw_kint(w, "range_size", r->range.size);
	}
	jw_object_end(w);
}

int engine_resolved_parse(const struct json *j, struct engine_resolved *ret, struct err *e)
{
	struct engine_resolved r = {0};
	int64_t start = json_get_int(j, "range_start", 0), size = json_get_int(j, "range_size", 0);

	if (start < 0 || size < 0 || start + size > UINT32_MAX)
		return err_set(e, ERR_CORRUPT, ERANGE, "resolved: the id range %lld+%lld is impossible",
			       (long long)start, (long long)size);
	r.range = (struct engine_idrange){(uint32_t)start, (uint32_t)size};
	int rc = engine_mounts_parse(json_get(j, "mounts"), &r.mounts, &r.n_mounts, e);
	if (rc < 0)
		return rc;
	*ret = r;
	return 0;
}

void engine_resolved_done(struct engine_resolved *r)
{
	engine_mounts_free(r->mounts, r->n_mounts);
	*r = (struct engine_resolved){0};
}

int engine_options_load(const char *text, struct engine_create_options *ret, struct engine_resolved *ret_resolved,
			struct err *e)
{
	struct arena a = {0};
	struct json *j = NULL;
	struct engine_create_options o = {0};

	int rc = json_parse(&a, text, strlen(text), NULL, &j, e);
	if (rc >= 0)
		rc = engine_create_options_parse(j, &o, e);
	if (rc >= 0)
		rc = engine_resolved_parse(json_get(j, "resolved"), ret_resolved, e);
	arena_done(&a);
	if (rc < 0) {
		engine_create_options_done(&o);
		return rc;
	}
	*ret = o;
	return 0;
}
