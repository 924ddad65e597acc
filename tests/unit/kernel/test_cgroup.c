// SPDX-License-Identifier: Apache-2.0
// Control groups for real: made, entered, frozen, killed, counted, removed.
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "group.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(cgroup_create_enter_remove)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	struct err e = {0};
	pid_t pid = group_spawn(c, group_sleeper), *pids = NULL;
	size_t n = 0;

	group_wait_members(c, 1);
	CHECK_OK(cgroup_pids(c, &pids, &n, &e), e);
	CHECK_EQ(pids[0], pid);
	free(pids);
	for (size_t i = 0; i < c->n; i++) { // in every group of it
		pid_t *in = NULL;
		for (int t = 0; t < 1000; t++) {
			CHECK_OK(cgroup_dir_pids(c->dirs[i].fd, &in, &n, &e), e);
			if (n)
				break;
			free(TAKE_PTR(in));
			clock_sleep(NS_PER_MS);
		}
		CHECK_EQ(n, 1);
		free(in);
	}
	struct cgroup *second = NULL;
	CHECK_EQ(cgroup_create(group_path, NULL, 0, &second, &e), -EEXIST);
	CHECK_EQ(e.class, ERR_EXISTS);
	CHECK_CONTAINS(e.text, "exists and has 1 processes in it");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK_EQ(WTERMSIG(group_status(pid)), SIGKILL);
	group_removed(c);
}

TEST(cgroup_needs_few_hierarchies)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	struct cgroup_mount m[CGROUP_HIERARCHIES_MAX];
	size_t n = cgroup_mounts(c, m, ARRAY_SIZE(m));

	CHECK_EQ(n, c->n);
	if (cgroup_host_mode() == CGROUP_HYBRID) {
		CHECK(cgroup_dir_v2(c) && cgroup_dir_of(c, CG_PIDS) && cgroup_dir_of(c, CG_MEMORY));
		CHECK(!cgroup_dir_of(c, CG_CPUSET) && !cgroup_dir_of(c, CG_FREEZER));
	}
	group_removed(c);
	c = group_create(NULL, CGROUP_ALL_CONTROLLERS);
	CHECK_EQ(c->n, cgroup_host_get()->n);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, getppid))), getpid() & 0xff);
	group_removed(c);
}

TEST(cgroup_existing_empty_group_is_taken)
{
	group_begin();
	struct cgroup *a = group_create(NULL, 0), *b = group_create(NULL, 0);
	struct err e = {0};

	for (size_t i = 0; i < b->n; i++)
		CHECK(!b->dirs[i].made);
	CHECK_OK(cgroup_remove(b, 1000, &e), e);
	cgroup_close(b);
	group_removed(a); // missing ones are fine
}

TEST(cgroup_path_is_checked)
{
	group_begin();
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_EQ(cgroup_create("/berth-test/../../x", NULL, 0, &c, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "cgroup path \"/berth-test/../../x\": \".\" and \"..\" are not allowed");
	CHECK_EQ(cgroup_create("", NULL, 0, &c, &e), -EINVAL);
	CHECK_EQ(cgroup_create("/a\nb", NULL, 0, &c, &e), -EINVAL);
	CHECK(!c);
}

static int eater(void)
{
	size_t n = 64 * (size_t)MIB;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; p != MAP_FAILED && i < n; i += 4096)
		p[i] = 1;
	return 0;
}

TEST(cgroup_oom_is_seen)
{
	group_begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	struct oci_memory m = {.limit = {true, 16 * MIB}, .swap = {cgroup_has_swap(), 16 * MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = group_create(&res, 0);
	struct cgroup_stats s;
	struct err e = {0};
	char drain[4096];
	int fd = cgroup_oom_fd(c, &e);

	CHECK_OK(fd, e);
	CHECK_EQ(fd_wait_readable(fd, 0), 0);
	CHECK_EQ(WTERMSIG(group_status(group_spawn(c, eater))), SIGKILL);
	CHECK_EQ(fd_wait_readable(fd, 2000), 1);
	CHECK(read(fd, drain, sizeof(drain)) > 0);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.oom_kills >= 1);
	CHECK_EQ(s.memory_limit, 16 * MIB);
	CHECK(!s.memory_peak || s.memory_peak > 8 * MIB);
	fd_close(fd);
	group_removed(c);
}

static int bomb(void)
{
	int failed = 0;

	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		if (!pid)
			group_sleeper();
		failed += pid < 0 && errno == EAGAIN;
	}
	return failed;
}

TEST(cgroup_pids_limit_stops_a_bomb)
{
	group_begin();
	if (!cgroup_has_controller("pids"))
		test_skip("no pids controller");
	struct oci_resources res = {.pids = {true, 10}};
	struct cgroup *c = group_create(&res, 0);
	struct cgroup_stats s;
	struct err e = {0};

	CHECK_STR(group_value(c, CG_PIDS, "pids.max", "pids.max"), "10");
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, bomb))), 41);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.has_pids && s.pids_current == 9 && s.pids_limit == 10);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	group_wait_members(c, 0);
	res.pids.limit = 0;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_PIDS, "pids.max", "pids.max"), "max");
	group_removed(c);
}

// Forks without end: whoever is killed one by one leaves others behind.
static int hydra(void)
{
	while (getpid()) {
		pid_t pid = fork();
		if (!pid && !fork())
			usleep(100);
		if (!pid)
			continue;
		usleep(300);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return 0;
}

TEST(cgroup_kill_meets_a_fork_bomb)
{
	group_begin();
	struct oci_resources res = {.pids = {cgroup_has_controller("pids"), 200}};
	if (!res.pids.set)
		test_skip("no pids controller");
	struct cgroup *c = group_create(&res, 0);
	struct err e = {0};
	pid_t pid = group_spawn(c, hydra);

	clock_sleep(100 * NS_PER_MS);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK_EQ(WTERMSIG(group_status(pid)), SIGKILL);
	group_wait_members(c, 0);
	group_removed(c);
}

// The same without the v2 tree: freezer, signal, thaw; and without any freezer.
static void kill_on_v1(uint32_t without)
{
	struct cgroup_host *host = cgroup_host_get(), only = {.mode = CGROUP_V1};
	for (size_t i = 0; i < host->n; i++)
		if (!host->h[i].v2 && !(host->h[i].controllers & without))
			only.h[only.n++] = host->h[i];
	cgroup_host_set(&only);
	struct oci_resources res = {.pids = {true, 200}};
	struct cgroup *c = group_create(&res, 0);
	struct err e = {0};
	CHECK_EQ(cgroup_clone_fd(c), -1);
	pid_t pid = group_spawn(c, without ? group_sleeper : hydra);
	clock_sleep(50 * NS_PER_MS);
	CHECK_OK(cgroup_signal_all(c, SIGTERM, &e), e);
	if (without)
		CHECK_EQ(cgroup_freeze(c, true, &e), -EOPNOTSUPP);
	else
		CHECK_OK(cgroup_freeze(c, true, &e), e);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK(WIFSIGNALED(group_status(pid)));
	group_wait_members(c, 0);
	if (!without) {
		struct cgroup_stats s;
		CHECK_OK(cgroup_read_stats(c, &s, &e), e);
		CHECK(s.has_cpu && s.cpu_usage_ns > 0);
	}
	group_removed(c);
	cgroup_host_set(NULL);
}

TEST(cgroup_kill_by_the_v1_freezer)
{
	group_begin();
	if (group_v2_only() || !cgroup_has_controller("pids"))
		test_skip("no v1 hierarchies");
	kill_on_v1(0);
}

TEST(cgroup_kill_without_a_freezer)
{
	group_begin();
	if (group_v2_only() || !cgroup_has_controller("pids"))
		test_skip("no v1 hierarchies");
	kill_on_v1(CG_BIT(CG_FREEZER));
}

static int counter_pipe[2];
static int ticker(void)
{
	for (;;) {
		if (write(counter_pipe[1], "x", 1) != 1)
			return 1;
		usleep(1000);
	}
}

TEST(cgroup_freeze_and_thaw)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	struct err e = {0};
	char b[4096];
	bool frozen = true;

	CHECK(!pipe2(counter_pipe, O_CLOEXEC | O_NONBLOCK));
	pid_t pid = group_spawn(c, ticker);
	CHECK_OK(cgroup_is_frozen(c, &frozen, &e), e);
	CHECK(!frozen);
	CHECK_EQ(fd_wait_readable(counter_pipe[0], 2000), 1);
	CHECK_OK(cgroup_freeze(c, true, &e), e);
	CHECK_OK(cgroup_is_frozen(c, &frozen, &e), e);
	CHECK(frozen);
	while (read(counter_pipe[0], b, sizeof(b)) > 0)
		;
	CHECK_EQ(fd_wait_readable(counter_pipe[0], 50), 0);
	CHECK_OK(cgroup_freeze(c, false, &e), e);
	CHECK_EQ(fd_wait_readable(counter_pipe[0], 2000), 1);
	CHECK_OK(cgroup_freeze(c, true, &e), e); // a frozen one can be killed
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	group_status(pid);
	group_removed(c);
}

TEST(cgroup_signal_reaches_all)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	struct err e = {0};
	pid_t pid = group_spawn(c, group_family);

	group_wait_members(c, 6);
	CHECK_OK(cgroup_signal_all(c, SIGTERM, &e), e);
	CHECK_EQ(WTERMSIG(group_status(pid)), SIGTERM);
	group_wait_members(c, 0);
	group_removed(c);
}

TEST(cgroup_remove_kills_and_takes_nested_groups)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	int dir = dup(c->dirs[0].fd), below = 0;
	struct err e = {0};

	for (int i = 0; i < 40; i++) { // 40 deep, three wide
		CHECK(!mkdirat(dir, "a", 0755) && !mkdirat(dir, "b", 0755) && !mkdirat(dir, "c c", 0755));
		below = openat(dir, "b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(below >= 0);
		fd_close(dir);
		dir = below;
	}
	pid_t pid = group_spawn(c, group_sleeper);
	group_wait_members(c, 1);
	char text[16];
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK_OK(file_write_kernel(dir, "cgroup.procs", text, &e), e);
	group_wait_members(c, 1);
	fd_close(dir);
	group_removed(c);
	CHECK_EQ(WTERMSIG(group_status(pid)), SIGKILL);
}

TEST(cgroup_save_and_open)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0), *again = NULL;
	struct buf b = BUF_INIT(1 << 16);
	struct json_writer w = JSON_WRITER(&b, 0);
	struct arena a = {0};
	struct json *j = NULL;
	struct err e = {0};
	pid_t pid = group_spawn(c, group_sleeper);

	group_wait_members(c, 1);
	cgroup_save(c, &w);
	CHECK_OK(json_parse(&a, b.data, b.len, NULL, &j, &e), e);
	CHECK_OK(cgroup_open(j, &again, &e), e);
	CHECK_EQ(again->n, c->n);
	cgroup_close(c);
	group_wait_members(again, 1);
	pid_t second = fork();
	if (!second) { // as exec does
		if (cgroup_enter_self(again, false, &e) < 0)
			_exit(1);
		group_sleeper();
	}
	group_wait_members(again, 2);
	struct oci_resources res = {.pids = {cgroup_has_controller("pids"), 33}};
	CHECK_OK(cgroup_update(again, &res, &e), e);
	CHECK_OK(cgroup_remove(again, 3000, &e), e);
	group_status(pid);
	group_status(second);
	cgroup_close(again);
	CHECK_OK(cgroup_open(j, &again, &e), e); // of a container that is gone
	CHECK_EQ(cgroup_clone_fd(again), -1);
	group_wait_members(again, 0);
	CHECK_EQ(cgroup_read_stats(again, &(struct cgroup_stats){0}, &e), -ENOENT);
	group_removed(again);
	arena_done(&a);
	buf_done(&b);
}

TEST(cgroup_open_by_path)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0), *again = NULL;
	struct err e = {0};
	pid_t pid = group_spawn(c, group_sleeper);

	group_wait_members(c, 1);
	CHECK_OK(cgroup_open_path(group_path, 0, &again, &e), e);
	CHECK_EQ(again->n, c->n);
	group_wait_members(again, 1);
	CHECK_OK(cgroup_remove(again, 3000, &e), e);
	CHECK_EQ(group_status(pid), SIGKILL);
	cgroup_close(again);
	again = NULL;
	CHECK_EQ(cgroup_open_path(group_path, 0, &again, &e), -ENOENT);
	CHECK(!again);
	CHECK_EQ(e.class, ERR_NOT_FOUND);
	CHECK_EQ(cgroup_open_path("/a/../b", 0, &again, &e), -EINVAL);
	group_removed(c);
}

TEST(cgroup_update_makes_a_missing_group)
{
	group_begin();
	if (!cgroup_has_controller("cpuset") || !cgroup_has_controller("cpu"))
		test_skip("no cpuset or cpu controller");
	struct cgroup *c = group_create(NULL, 0);
	struct oci_cpu cpu = {.cpus = (char *)"0", .quota = {true, 50000}};
	struct oci_resources res = {.cpu = &cpu};
	struct err e = {0};
	pid_t pid = group_spawn(c, group_family), *in = NULL;
	size_t n = 0;

	group_wait_members(c, 6);
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_CPUSET, "cpuset.cpus", "cpuset.cpus"), "0");
	CHECK_OK(cgroup_dir_pids(cgroup_dir_of(c, CG_CPUSET)->fd, &in, &n, &e), e);
	CHECK_EQ(n, 6);
	free(in);
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"),
		  cgroup_dir_of(c, CG_CPU)->h->v2 ? "50000 100000" : "50000");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	group_status(pid);
	group_removed(c);
}

static int burn(void)
{
	for (int64_t end = clock_monotonic() + 30 * NS_PER_MS; clock_monotonic() < end;)
		;
	return 0;
}

TEST(cgroup_cpu_time_is_counted)
{
	group_begin();
	struct cgroup *c = group_create(NULL, 0);
	struct cgroup_stats s;
	struct err e = {0};

	CHECK_EQ(group_status(group_spawn(c, burn)), 0);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.has_cpu && s.cpu_usage_ns > 1 * NS_PER_MS && s.cpu_usage_ns < 20 * NS_PER_SEC);
	group_removed(c);
}

// Containers that share a parent which each removes when it leaves it empty.
TEST(cgroup_parents_come_and_go)
{
	group_begin();
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		snprintf(group_path, sizeof(group_path), "%s/w%d", group_parent, i);
		for (int round = 0; round < 60; round++) {
			struct cgroup *c = group_create(NULL, 0);
			struct err e = {0};
			for (size_t d = 0; d < c->n; d++)
				c->dirs[d].floor = 0; // as below the house's own parent
			CHECK_OK(cgroup_remove(c, 2000, &e), e);
			cgroup_close(c);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(group_status(pids[i]), 0);
	group_removed(group_create(NULL, 0));
}

TEST(cgroup_house_parent_is_removed_when_empty)
{
	group_begin();
	struct cgroup *a = NULL, *b = NULL;
	struct err e = {0};
	char name[2][64];

	for (int i = 0; i < 2; i++)
		snprintf(name[i], sizeof(name[i]), CGROUP_DEFAULT_PARENT "/test.%d.%d", (int)getpid(), i);
	CHECK_OK(cgroup_create(name[0], NULL, 0, &a, &e), e);
	CHECK_OK(cgroup_create(name[1], NULL, 0, &b, &e), e);
	CHECK_EQ(a->dirs[0].floor, 0);
	CHECK_EQ(b->dirs[0].floor, 0);
	CHECK_OK(cgroup_remove(a, 1000, &e), e);
	CHECK_OK(cgroup_remove(b, 1000, &e), e);
	cgroup_close(a);
	cgroup_close(b);
}
