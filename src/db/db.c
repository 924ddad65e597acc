// SPDX-License-Identifier: Apache-2.0
// The connection to the database, and the statements that run on it.
//
// Opening is on the path of every container start, so it does the least that is right: one open, switches that need
// no SQL, one read of user_version. A new database is made complete under another name and renamed into place, below a
// lock on its folder; therefore nobody ever sees a half-made one, and a file without our version is a damaged file.
//
// The WAL outlives the last connection and is not checkpointed by it: that would cost a start several milliseconds of
// sync. The price is that the first connection after a pause reads the WAL once; the automatic checkpoint keeps it
// short, and db_checkpoint lets a process that nobody waits for (a container's monitor) do it.
#include "db/db.h"

#include "base/fd.h"
#include "base/mem.h"
#include "db/schema.h"

#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	BUSY_TIMEOUT_MS = 10000, // writers hold the lock for microseconds; a second means something is badly wrong
	WAL_PAGES = 200,         // a commit that makes it longer writes it back
};

struct db_cached {
	const char *sql; // the literal's address is the key
	sqlite3_stmt *stmt;
};

struct db {
	char *file;
	sqlite3 *conn; // NULL after db_after_fork, until the next use
	struct db_cached *cache;
	size_t n_cache;
	bool in_transaction;
};

struct db_failure {
	int sqlite; // primary or extended code
	enum err_class class;
	int code;
};

// Extended codes first: the first match decides.
static const struct db_failure failures[] = {
	{SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS, EEXIST},
	{SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS, EEXIST},
	{SQLITE_CONSTRAINT_ROWID, ERR_EXISTS, EEXIST},
	{SQLITE_CONSTRAINT_FOREIGNKEY, ERR_CONFLICT, EBUSY},
	{SQLITE_CONSTRAINT, ERR_INTERNAL, EINVAL},
	{SQLITE_BUSY, ERR_UNAVAILABLE, EAGAIN},
	{SQLITE_LOCKED, ERR_UNAVAILABLE, EAGAIN},
	{SQLITE_FULL, ERR_EXHAUSTED, ENOSPC},
	{SQLITE_NOMEM, ERR_EXHAUSTED, ENOMEM},
	{SQLITE_TOOBIG, ERR_EXHAUSTED, EFBIG},
	{SQLITE_CORRUPT, ERR_CORRUPT, EUCLEAN},
	{SQLITE_NOTADB, ERR_CORRUPT, EUCLEAN},
	{SQLITE_READONLY, ERR_DENIED, EROFS},
	{SQLITE_PERM, ERR_DENIED, EACCES},
	{SQLITE_AUTH, ERR_DENIED, EACCES},
	{SQLITE_CANTOPEN, ERR_DENIED, EACCES},
	{SQLITE_IOERR, ERR_UNAVAILABLE, EIO},
};

static int fail_corrupt(const struct db *d, struct err *e, const char *why)
{
	return err_set(e, ERR_CORRUPT, EUCLEAN,
		       "database %s is damaged (%s): restore it from a copy, or move it and its -wal and -shm files "
		       "away and load the images again",
		       d->file, why);
}

// Turns an SQLite result into our error; what is the statement or operation.
static int fail(const struct db *d, int rc, const char *what, struct err *e)
{
	int extended = d->conn ? sqlite3_extended_errcode(d->conn) : rc;
	const char *text = d->conn ? sqlite3_errmsg(d->conn) : sqlite3_errstr(rc);

	if (d->conn && (rc & 0xff) != (extended & 0xff)) {
		extended = rc;
		text = sqlite3_errstr(rc);
	}
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		const struct db_failure *f = &failures[i];
		if (f->sqlite != extended && f->sqlite != (extended & 0xff))
			continue;
		if (f->class == ERR_CORRUPT)
			return fail_corrupt(d, e, text);
		int sys = d->conn ? sqlite3_system_errno(d->conn) : 0;
		if (f->sqlite == SQLITE_CANTOPEN && sys)
			return err_rc(e, -sys, "database %s", d->file);
		if (f->sqlite == SQLITE_IOERR && sys == ENOSPC)
			return err_set(e, ERR_EXHAUSTED, ENOSPC, "database %s: no space left on device", d->file);
		return err_set(e, f->class, f->code, "database %s: %s%s%s", d->file, text, what ? ": " : "",
			       what ? what : "");
	}
	return err_set(e, ERR_INTERNAL, EIO, "database %s: %s%s%s", d->file, text, what ? ": " : "", what ? what : "");
}

static int read_version(sqlite3 *conn, int *ret)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(conn, "PRAGMA user_version", -1, &s, NULL);

	if (!rc && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		*ret = sqlite3_column_int(s, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return rc;
}

// Switches of a connection that last as long as it does.
static int configure(sqlite3 *conn)
{
	int on = 1;

	sqlite3_extended_result_codes(conn, 1);
	sqlite3_busy_timeout(conn, BUSY_TIMEOUT_MS);
	sqlite3_db_config(conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(conn, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_file_control(conn, NULL, SQLITE_FCNTL_PERSIST_WAL, &on);
	sqlite3_wal_autocheckpoint(conn, WAL_PAGES);
	return sqlite3_exec(conn, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
}

// A complete, closed database under a temporary name.
static int make_file(struct db *d, const char *tmp, struct err *e)
{
	const char *operation = "make its tables";
	int rc = sqlite3_open_v2(tmp, &d->conn, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!rc)
		rc = sqlite3_exec(d->conn, "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (!rc)
		rc = schema_migrate(d->conn, 0);
	if (!rc)
		rc = sqlite3_exec(d->conn, "COMMIT", NULL, NULL, NULL);
	if (rc) {
		rc = fail(d, rc, operation, e);
		sqlite3_close_v2(d->conn);
		d->conn = NULL;
		return rc;
	}
	rc = sqlite3_close(d->conn); // the only connection: writes everything into the file and removes its WAL
	d->conn = NULL;
	return rc ? fail(d, rc, operation, e) : 0;
}

static void remove_with_wal(const char *file)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *name = xasprintf("%s%s", file, suffixes[i]);
		unlink(name);
	}
}

static int create_file(struct db *d, struct err *e)
{
	_cleanup_free_ char *tmp = xasprintf("%s.new", d->file);
	const char *slash = strrchr(d->file, '/');
	_cleanup_free_ char *folder = slash ? xstrndup(d->file, slash - d->file + 1) : xstrdup(".");
	_cleanup_fd_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "database %s", d->file);
	if (flock(dir, LOCK_EX))
		return err_sys(e, "database %s: lock its folder", d->file);
	if (!access(d->file, F_OK))
		return 0; // somebody was faster
	remove_with_wal(tmp);
	_cleanup_fd_ int fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "database %s: create", d->file);
	int rc = make_file(d, tmp, e);
	if (rc >= 0 && rename(tmp, d->file))
		rc = err_sys(e, "database %s: rename", d->file);
	if (rc < 0)
		remove_with_wal(tmp);
	return rc;
}

// Takes the missing steps; another process may have taken them meanwhile.
static int migrate(struct db *d, struct err *e)
{
	int version = 0;
	int rc = sqlite3_exec(d->conn, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (!rc)
		rc = read_version(d->conn, &version);
	if (!rc && version < SCHEMA_VERSION)
		rc = schema_migrate(d->conn, version);
	if (!rc)
		rc = sqlite3_exec(d->conn, "COMMIT", NULL, NULL, NULL);
	if (!rc)
		return 0;
	rc = fail(d, rc, "bring its tables up to date", e);
	sqlite3_exec(d->conn, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static int check_version(struct db *d, struct err *e)
{
	int version = 0;
	int rc = read_version(d->conn, &version);

	if (rc)
		return fail(d, rc, NULL, e);
	if (version == SCHEMA_VERSION)
		return 0;
	if (version > SCHEMA_VERSION)
		return err_set(e, ERR_UNSUPPORTED, EPROTO,
			       "database %s was written by a newer version of this program (schema %d, this one knows "
			       "%d): upgrade it",
			       d->file, version, SCHEMA_VERSION);
	if (version <= 0)
		return fail_corrupt(d, e, "it is empty");
	return migrate(d, e);
}

static int connect_file(struct db *d, struct err *e)
{
	int rc = sqlite3_open_v2(d->file, &d->conn, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!rc && !(rc = configure(d->conn)))
		return check_version(d, e);
	return fail(d, rc, NULL, e);
}

static void disconnect(struct db *d)
{
	for (size_t i = 0; i < d->n_cache; i++)
		sqlite3_finalize(d->cache[i].stmt);
	free(d->cache);
	d->cache = NULL;
	d->n_cache = 0;
	sqlite3_close_v2(d->conn);
	d->conn = NULL;
	d->in_transaction = false;
}

int db_open(const char *file, struct db **ret, struct err *e)
{
	_cleanup_db_ struct db *d = xnew(struct db);

	d->file = xstrdup(file);
	if (access(file, F_OK)) {
		int rc = create_file(d, e);
		if (rc < 0)
			return rc;
	}
	int rc = connect_file(d, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(d);
	return 0;
}

void db_close(struct db *d)
{
	if (!d)
		return;
	disconnect(d);
	free(d->file);
	free(d);
}

void db_close_p(struct db **d)
{
	db_close(*d);
}

// Record locks belong to the process, so that closing here gives up nothing of the parent's; and without a
// checkpoint on close nothing is written. What must not be is an open transaction.
void db_after_fork(struct db *d)
{
	disconnect(d);
}

static int ready(struct db *d, struct err *e)
{
	return d->conn ? 0 : connect_file(d, e);
}

int db_checkpoint(struct db *d, struct err *e)
{
	int rc = ready(d, e);

	if (rc < 0)
		return rc;
	rc = sqlite3_wal_checkpoint_v2(d->conn, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return rc && rc != SQLITE_BUSY ? fail(d, rc, "checkpoint", e) : 0;
}

int db_begin(struct db *d, struct err *e)
{
	int rc = db_exec(d, "BEGIN IMMEDIATE", e, "");

	if (rc < 0)
		return rc;
	d->in_transaction = true;
	return 0;
}

int db_commit(struct db *d, struct err *e)
{
	int rc = db_exec(d, "COMMIT", e, "");

	if (rc < 0)
		return rc;
	d->in_transaction = false;
	return 0;
}

void db_end(struct db *d)
{
	if (!d->in_transaction)
		return;
	d->in_transaction = false;
	if (d->conn && !sqlite3_get_autocommit(d->conn)) // a full disk rolls back by itself
		sqlite3_exec(d->conn, "ROLLBACK", NULL, NULL, NULL);
}

static int cached_statement(struct db *d, const char *sql, sqlite3_stmt **ret, struct err *e)
{
	for (size_t i = 0; i < d->n_cache; i++)
		if (d->cache[i].sql == sql && !sqlite3_stmt_busy(d->cache[i].stmt)) {
			*ret = d->cache[i].stmt;
			return 0;
		}
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v3(d->conn, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
	if (rc)
		return fail(d, rc, sql, e);
	d->cache = xreallocarray(d->cache, d->n_cache + 1, sizeof(*d->cache));
	d->cache[d->n_cache++] = (struct db_cached){.sql = sql, .stmt = s};
	*ret = s;
	return 0;
}

static int bind_all(sqlite3_stmt *s, const char *fmt, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; *fmt && !rc; fmt++, i++) {
		if (*fmt == 's') {
			const char *text = va_arg(ap, const char *);
			rc = text ? sqlite3_bind_text(s, i, text, -1, SQLITE_TRANSIENT) : sqlite3_bind_null(s, i);
		} else if (*fmt == 'i') {
			rc = sqlite3_bind_int64(s, i, va_arg(ap, int64_t));
		} else if (*fmt == 'b') {
			const void *blob = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(s, i, blob, va_arg(ap, size_t), SQLITE_TRANSIENT);
		} else {
			rc = SQLITE_MISUSE;
		}
	}
	return rc;
}

static int preparev(struct db *d, const char *sql, sqlite3_stmt **ret, struct err *e, const char *fmt, va_list ap)
{
	sqlite3_stmt *s = NULL;
	int rc = ready(d, e);

	if (rc < 0 || (rc = cached_statement(d, sql, &s, e)) < 0)
		return rc;
	sqlite3_reset(s);
	rc = sqlite3_bind_parameter_count(s) == (int)strlen(fmt) ? bind_all(s, fmt, ap) : SQLITE_MISUSE;
	if (rc)
		return fail(d, rc, sql, e);
	*ret = s;
	return 0;
}

int db_prepare(struct db *d, const char *sql, sqlite3_stmt **ret, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = preparev(d, sql, ret, e, fmt, ap);
	va_end(ap);
	return rc;
}

int db_step(struct db *d, sqlite3_stmt *s, struct err *e)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return fail(d, rc, NULL, e);
}

// Also lets go of the values bound, so that a cached statement holds no copies of them.
void db_reset(sqlite3_stmt *s)
{
	if (!s)
		return;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

void db_reset_p(sqlite3_stmt **s)
{
	db_reset(*s);
}

int db_exec(struct db *d, const char *sql, struct err *e, const char *fmt, ...)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int rc = preparev(d, sql, &s, e, fmt, ap);
	va_end(ap);
	if (rc < 0)
		return rc;
	while ((rc = db_step(d, s, e)) > 0)
		;
	return rc < 0 ? rc : sqlite3_changes(d->conn);
}

const char *db_col_str(sqlite3_stmt *s, int col)
{
	return (const char *)sqlite3_column_text(s, col);
}

int64_t db_col_int(sqlite3_stmt *s, int col)
{
	return sqlite3_column_int64(s, col);
}
