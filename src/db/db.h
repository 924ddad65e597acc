// SPDX-License-Identifier: Apache-2.0
// The one SQLite database of the engine: names, images, layers, containers and their relations. Uniqueness and
// counting are its job. WAL, synchronous=NORMAL, a persistent WAL without checkpoint on close (a last close that
// checkpoints costs milliseconds), busy timeout, foreign keys on, migrations by user_version (db/schema.c).
//
// Opening must stay cheap (under 300 µs): no PRAGMA that is not needed, the schema is checked by user_version alone.
#pragma once

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct db;

// Opens (creates, mode 0600) file. A damaged database is ERR_CORRUPT and names the file and the way out; a newer
// schema than this program knows is ERR_UNSUPPORTED.
int db_open(const char *file, struct db **ret, struct err *e);
void db_close(struct db *d);
void db_close_p(struct db **d);
#define _cleanup_db_ _cleanup_(db_close_p)
// After fork in a child that will go on using the database: forgets the parent's handle without touching its locks
// and opens anew on first use (SQLite handles must not cross a fork).
// Must be called before descriptors are closed in bulk, and never inside a transaction.
void db_after_fork(struct db *d);

// Moves the WAL into the database now, so that no later opening has to read it: for processes nobody waits for, such as
// a monitor. Does nothing while others are reading.
int db_checkpoint(struct db *d, struct err *e);

// BEGIN IMMEDIATE ... COMMIT. A transaction that is not committed is rolled back by db_end.
int db_begin(struct db *d, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_end(struct db *d);

// A statement, prepared and kept in a small cache by the address of its text (string literals only). Parameters
// by format: 's' const char * (NULL binds null), 'i' int64_t (pass as int64_t), 'b' blob as (const void *, size_t).
// Returned statements are reset with db_reset.
int db_prepare(struct db *d, const char *sql, sqlite3_stmt **ret, struct err *e, const char *fmt, ...);
// 1: a row, 0: done, negative errno.
int db_step(struct db *d, sqlite3_stmt *s, struct err *e);
void db_reset(sqlite3_stmt *s);
void db_reset_p(sqlite3_stmt **s);
#define _cleanup_stmt_ _cleanup_(db_reset_p)
// Prepare, step to the end, reset. Returns rows changed. UNIQUE violations are ERR_EXISTS with -EEXIST, foreign key
// violations ERR_CONFLICT with -EBUSY, a full disk ERR_EXHAUSTED with -ENOSPC.
int db_exec(struct db *d, const char *sql, struct err *e, const char *fmt, ...);
const char *db_col_str(sqlite3_stmt *s, int col); // NULL if null; valid until the next step
int64_t db_col_int(sqlite3_stmt *s, int col);
