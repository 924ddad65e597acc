// SPDX-License-Identifier: Apache-2.0
// Rows: inserted, found, checked against the processes that are there; folders and their locks; repair.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/row.h"
#include "engine/userns.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID1 "0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef"
#define ID2 "0123456789ac0123456789ab0123456789ab0123456789ab0123456789abcdef"

static void remove_folder(const char *path)
{
	_cleanup_fd_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = {0};

	CHECK_OK(path_remove_tree(tmp, path_basename(path), &e), e);
}

static char dir[64], run_dir[80], root_dir[80];

static struct engine *begin(void)
{
	struct engine *g = NULL;
	struct err e = {0};

	str_copy(dir, sizeof(dir), "/tmp/berth-unit-row.XXXXXX");
	CHECK(mkdtemp(dir));
	snprintf(root_dir, sizeof(root_dir), "%s/root", dir);
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	CHECK_OK(engine_open(&(struct engine_options){root_dir, run_dir}, &g, &e), e);
	return g;
}

static void end(struct engine *g)
{
	engine_close(g);
	remove_folder(dir);
}

static int insert(struct engine *g, const char *id, const char *name, const struct engine_live *live, struct err *e)
{
	struct oci_image_config config = {0};
	char *command[] = {(char *)"sleep", (char *)"1", NULL}, *labels[] = {(char *)"a=b=c", NULL};
	struct engine_create_options o = {.image = (char *)"host", .labels = labels};
	struct engine_prepared p = {.id = (char *)(uintptr_t)id,
				    .name = (char *)(uintptr_t)name,
				    .options = &o,
				    .config = &config,
				    .command = command,
				    .created = clock_now()};

	return engine_row_insert(g, &p, live, e);
}

TEST(row_insert_and_find)
{
	struct engine *g = begin();
	struct err e = {0};
	char id[ENGINE_ID_LEN + 1];
	struct engine_row r = {0};

	CHECK_OK(insert(g, ID1, "one", NULL, &e), e);
	CHECK_OK(insert(g, ID2, "two", NULL, &e), e);
	CHECK_OK(engine_row_lookup(g, "one", id, &e), e);
	CHECK_STR(id, ID1);
	CHECK_OK(engine_row_lookup(g, "/two", id, &e), e);
	CHECK_STR(id, ID2);
	CHECK_OK(engine_row_lookup(g, "0123456789ab", id, &e), e);
	CHECK_STR(id, ID1);
	CHECK_EQ(engine_row_lookup(g, "0123456789a", id, &e), -EINVAL);
	CHECK_STR(e.text, "several containers have an id that begins with 0123456789a: give more digits");
	CHECK_EQ(engine_row_lookup(g, "nobody", id, &e), -ENOENT);
	CHECK_STR(e.text, "no such container: nobody");
	CHECK_EQ(engine_row_lookup(g, "", id, &e), -ENOENT);
	CHECK_OK(engine_row_load(g, ID1, &r, &e), e);
	CHECK_STR(r.c.command[0], "sleep");
	CHECK_STR(r.c.labels[0], "a=b=c");
	CHECK_STR(r.c.image_id, "");
	CHECK_EQ(r.c.state, ENGINE_CREATED);
	engine_row_done(&r);
	end(g);
}

TEST(row_name_in_use)
{
	struct engine *g = begin();
	struct err e = {0};

	CHECK_OK(insert(g, ID1, "web", NULL, &e), e);
	CHECK_EQ(insert(g, ID2, "web", NULL, &e), -EEXIST);
	CHECK_EQ(e.class, ERR_EXISTS);
	CHECK_STR(e.text,
		  "the container name \"/web\" is already in use by container 0123456789ab: remove or rename that "
		  "one, or choose another name");
	CHECK_EQ(engine_row_name_free(g, "web", &e), -EEXIST);
	CHECK_OK(engine_row_name_free(g, "other", &e), e);
	end(g);
}

TEST(row_truth)
{
	struct engine *g = begin();
	struct err e = {0};
	struct engine_row r = {0};
	struct engine_live live = {.pid = getpid(), .monitor = getpid(), .started = clock_now()};

	live.pid_start = live.monitor_start = engine_process_start(getpid());
	CHECK(live.monitor_start > 0);
	CHECK_OK(insert(g, ID1, "alive", &live, &e), e);
	live.monitor_start++; // another process got the number
	CHECK_OK(insert(g, ID2, "dead", &live, &e), e);
	CHECK_OK(engine_row_load(g, ID1, &r, &e), e);
	CHECK_OK(engine_row_check(g, &r, &e), e);
	CHECK_EQ(r.c.state, ENGINE_RUNNING);
	engine_row_done(&r);
	CHECK_OK(engine_row_load(g, ID2, &r, &e), e);
	CHECK_OK(engine_row_check(g, &r, &e), e);
	CHECK_EQ(r.c.state, ENGINE_DEAD);
	// It ended in good order after it was read: the second look tells.
	CHECK_OK(engine_row_exited(g, ID2, 3, clock_now(), false, NULL, &e), e);
	r.c.state = ENGINE_RUNNING;
	CHECK_OK(engine_row_check(g, &r, &e), e);
	CHECK_EQ(r.c.state, ENGINE_EXITED);
	CHECK_EQ(r.c.exit_code, 3);
	r.c.state = ENGINE_RUNNING;
	CHECK_OK(engine_row_delete(g, ID2, &e), e);
	CHECK_EQ(engine_row_check(g, &r, &e), -ENOENT);
	engine_row_done(&r);
	end(g);
}

TEST(row_process_start_of_a_zombie_is_none)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	siginfo_t si;
	CHECK(!waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT));
	CHECK_EQ(engine_process_start(pid), 0);
	waitpid(pid, NULL, 0);
	CHECK_EQ(engine_process_start(pid), 0);
	CHECK_EQ(engine_process_start(-1), 0);
}

TEST(row_lock_is_one_holder)
{
	struct engine *g = begin();
	struct err e = {0};
	int a = engine_lock(g, ID1, true, &e);

	CHECK(a >= 0);
	CHECK_EQ(engine_lock(g, ID1, false, &e), -EBUSY);
	CHECK_EQ(e.class, ERR_CONFLICT);
	fd_close(a);
	a = engine_lock(g, ID1, false, &e);
	CHECK(a >= 0);
	fd_close(a);
	CHECK_EQ(engine_lock(g, ID2, false, &e), -ENOENT);
	end(g);
}

TEST(row_repair_removes_what_nobody_holds)
{
	struct engine *g = begin();
	struct err e = {0};
	struct engine_idrange range = {0};
	int containers = engine_containers_fd(g, &e);

	fd_close(engine_lock(g, ID1, true, &e));  // left by a killed process
	int held = engine_lock(g, ID2, true, &e); // being made
	CHECK(held >= 0);
	CHECK_OK(userns_range_take(g, ID1, &range, &e), e);
	CHECK(!mkdirat(containers, "not-an-id", 0700));
	engine_repair(g);
	CHECK(faccessat(containers, ID1, F_OK, 0) && errno == ENOENT);
	CHECK(!faccessat(containers, ID2, F_OK, 0));
	CHECK(!faccessat(containers, "not-an-id", F_OK, 0));
	struct engine_idrange again = {0};
	CHECK_OK(userns_range_take(g, ID2, &again, &e), e);
	CHECK_EQ(again.start, range.start); // given back
	userns_range_release(g, ID2);
	fd_close(held);
	CHECK_OK(insert(g, ID2, "kept", NULL, &e), e);
	engine_repair(g);
	CHECK(!faccessat(containers, ID2, F_OK, 0));
	end(g);
}

TEST(engine_open_refuses_foreign_folders)
{
	struct engine *g = NULL;
	struct err e = {0};

	str_copy(dir, sizeof(dir), "/tmp/berth-unit-row.XXXXXX");
	CHECK(mkdtemp(dir));
	CHECK(!chmod(dir, 0777));
	CHECK(engine_open(&(struct engine_options){dir, dir}, &g, &e) < 0);
	CHECK_CONTAINS(e.text, "can be written by others (mode 0777)");
	CHECK(!rmdir(dir));
}
