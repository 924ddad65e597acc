// SPDX-License-Identifier: Apache-2.0
// The database: making it, damaged and foreign files, constraints as errors, transactions, forks, racing creators.
#include "db/db.h"

#include "base/fd.h"
#include "base/mem.h"
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>

static char folder[64];

static void remove_folder(void)
{
	static const char *const names[] = {"berth.db", "berth.db-wal", "berth.db-shm"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *name = xasprintf("%s/%s", folder, names[i]);
		unlink(name);
	}
	rmdir(folder);
}

static char *fresh(void)
{
	snprintf(folder, sizeof(folder), "/tmp/berth-test-db-XXXXXX");
	CHECK(mkdtemp(folder));
	atexit(remove_folder);
	return xasprintf("%s/berth.db", folder);
}

static int add_volume(struct db *d, const char *name, struct err *e)
{
	return db_exec(d, "INSERT INTO volume(name, created) VALUES (?, ?)", e, "si", name, INT64_C(7));
}

static int64_t count_volumes(struct db *d)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;
	struct err e;

	CHECK_OK(db_prepare(d, "SELECT count(*) FROM volume", &s, &e, ""), e);
	CHECK_EQ(db_step(d, s, &e), 1);
	return db_col_int(s, 0);
}

TEST(db_is_made_private_and_kept)
{
	_cleanup_free_ char *file = fresh();
	struct db *d = NULL;
	struct err e;
	struct stat st;

	umask(0);
	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_EQ(stat(file, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(add_volume(d, "v", &e), 1);
	_cleanup_free_ char *wal = xasprintf("%s-wal", file);
	CHECK_EQ(stat(wal, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	db_close(d);
	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_EQ(count_volumes(d), 1);
	CHECK_OK(db_checkpoint(d, &e), e);
	db_close(d);
	_cleanup_free_ char *tmp = xasprintf("%s.new", file);
	CHECK(access(tmp, F_OK) && errno == ENOENT);
}

TEST(db_missing_folder_is_told)
{
	struct db *d = NULL;
	struct err e;

	CHECK_EQ(db_open("/nonexistent/folder/berth.db", &d, &e), -ENOENT);
	CHECK_CONTAINS(e.text, "/nonexistent/folder/berth.db");
	CHECK(!d);
}

TEST(db_constraints_have_classes)
{
	_cleanup_free_ char *file = fresh();
	_cleanup_db_ struct db *d = NULL;
	struct err e;

	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_EQ(add_volume(d, "v", &e), 1);
	CHECK_EQ(add_volume(d, "v", &e), -EEXIST);
	CHECK_EQ(e.class, ERR_EXISTS);
	CHECK_EQ(db_exec(d, "INSERT INTO image_name(name, image, updated) VALUES ('a', 'nobody', 0)", &e, ""), -EBUSY);
	CHECK_EQ(e.class, ERR_CONFLICT);
	CHECK_EQ(db_exec(d, "INSERT INTO volume(name, created) VALUES (?, ?)", &e, "si", NULL, INT64_C(0)), -EINVAL);
	CHECK_EQ(db_exec(d, "SELECT nonsense", &e, ""), -EIO);
	CHECK_EQ(e.class, ERR_INTERNAL);
	CHECK_CONTAINS(e.text, "nonsense");
	CHECK(db_exec(d, "SELECT 1 WHERE 1 = ?", &e, "") < 0); // a parameter is missing
	CHECK_EQ(count_volumes(d), 1);
}

TEST(db_values_round_trip)
{
	_cleanup_free_ char *file = fresh();
	_cleanup_db_ struct db *d = NULL;
	sqlite3_stmt *s = NULL;
	struct err e;

	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_OK(db_prepare(d, "SELECT ?, ?, ?, ?", &s, &e, "ssib", "text", NULL, INT64_MIN, "a\0b", (size_t)3), e);
	CHECK_EQ(db_step(d, s, &e), 1);
	CHECK_STR(db_col_str(s, 0), "text");
	CHECK(!db_col_str(s, 1));
	CHECK(db_col_int(s, 2) == INT64_MIN);
	CHECK_EQ(sqlite3_column_bytes(s, 3), 3);
	CHECK_EQ(db_step(d, s, &e), 0);
	db_reset(s);
}

TEST(db_transaction_rolls_back_unless_committed)
{
	_cleanup_free_ char *file = fresh();
	_cleanup_db_ struct db *d = NULL;
	struct err e;

	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_OK(db_begin(d, &e), e);
	CHECK_EQ(add_volume(d, "lost", &e), 1);
	db_end(d);
	CHECK_EQ(count_volumes(d), 0);
	CHECK_OK(db_begin(d, &e), e);
	CHECK_EQ(add_volume(d, "kept", &e), 1);
	CHECK_OK(db_commit(d, &e), e);
	db_end(d);
	CHECK_EQ(count_volumes(d), 1);
}

static void write_file(const char *file, const char *text, size_t n)
{
	_cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK_EQ(fd_write_full(fd, text, n), n);
}

TEST(db_damage_is_named)
{
	static const char *const bad[] = {"", "this is no database at all, but it is long enough to be looked at"};
	_cleanup_free_ char *file = fresh();
	struct db *d = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_file(file, bad[i], strlen(bad[i]));
		CHECK_EQ(db_open(file, &d, &e), -EUCLEAN);
		CHECK_EQ(e.class, ERR_CORRUPT);
		CHECK_CONTAINS(e.text, file);
		CHECK_CONTAINS(e.text, "move it");
		CHECK(!d);
	}
}

TEST(db_newer_schema_is_refused)
{
	_cleanup_free_ char *file = fresh();
	struct db *d = NULL;
	struct err e;

	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_OK(db_exec(d, "PRAGMA user_version=1000", &e, ""), e);
	db_close(d);
	d = NULL;
	CHECK(db_open(file, &d, &e) < 0);
	CHECK_EQ(e.class, ERR_UNSUPPORTED);
	CHECK_CONTAINS(e.text, "newer version");
}

TEST(db_survives_a_fork)
{
	_cleanup_free_ char *file = fresh();
	_cleanup_db_ struct db *d = NULL;
	struct err e;
	int status = -1;

	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_EQ(add_volume(d, "parent", &e), 1);
	pid_t pid = fork();
	if (!pid) {
		db_after_fork(d);
		CHECK_EQ(count_volumes(d), 1);
		CHECK_EQ(add_volume(d, "child", &e), 1);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(count_volumes(d), 2);
	CHECK_EQ(add_volume(d, "after", &e), 1);
}

// All create at once and write rows of their own; every row must be there in the end.
TEST(db_racing_creators)
{
	enum { WORKERS = 12, ROWS = 10 };
	_cleanup_free_ char *file = fresh();
	_cleanup_db_ struct db *d = NULL;
	struct err e;

	for (int i = 0; i < WORKERS; i++) {
		if (fork())
			continue;
		CHECK_OK(db_open(file, &d, &e), e);
		for (int j = 0; j < ROWS; j++) {
			_cleanup_free_ char *name = xasprintf("w%d-%d", i, j);
			CHECK_OK(db_begin(d, &e), e);
			CHECK_OK(add_volume(d, name, &e), e);
			CHECK_OK(db_commit(d, &e), e);
		}
		_exit(0);
	}
	for (int i = 0; i < WORKERS; i++) {
		int status = -1;
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
	CHECK_OK(db_open(file, &d, &e), e);
	CHECK_EQ(count_volumes(d), WORKERS * ROWS);
}
