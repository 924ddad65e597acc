// SPDX-License-Identifier: Apache-2.0
// Control groups for real: below a parent of the test's own, on whatever this host mounts (v1, hybrid, v2). A guard
// process removes the parent when a test dies half-way.
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static char parent[64], group[96];

static void sweep(void)
{
	struct cgroup_host *host = cgroup_host_get();

	for (size_t i = 0; i < host->n; i++) {
		int root = cgroup_root_open(&host->h[i], NULL),
		    fd = openat(root, parent + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		pid_t *pids = NULL;
		size_t n = 0;
		for (int round = 0; fd >= 0 && round < 50 && cgroup_dir_pids(fd, &pids, &n, NULL) >= 0 && n; round++) {
			for (size_t j = 0; j < n; j++)
				kill(pids[j], SIGKILL);
			free(TAKE_PTR(pids));
			clock_sleep(NS_PER_MS);
		}
		free(pids);
		if (fd >= 0)
			cgroup_remove_tree(root, parent + 1, clock_monotonic() + NS_PER_SEC);
		fd_close(fd);
		fd_close(root);
	}
}

// Needs groups that can be made here.
static void begin(void)
{
	snprintf(parent, sizeof(parent), "/berth-test.%d", (int)getpid());
	snprintf(group, sizeof(group), "%s/box", parent);
	if (cgroup_host_mode() == CGROUP_NONE || !cgroup_has_controller("devices"))
		test_skip("no cgroups can be made here");
	int self = sys_pidfd_open(getpid(), 0);
	if (!fork()) {
		fd_wait_readable(self, -1);
		sweep();
		_exit(0);
	}
	fd_close(self);
}

static bool v2_only(void)
{
	return cgroup_host_mode() == CGROUP_V2;
}

static struct cgroup *create(const struct oci_resources *res, unsigned flags)
{
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_OK(cgroup_create(group, res, flags, &c, &e), e);
	return c;
}

static void removed(struct cgroup *c)
{
	struct cgroup_host *host = cgroup_host_get();
	struct err e = {0};

	CHECK_OK(cgroup_remove(c, 5000, &e), e);
	cgroup_close(c);
	for (size_t i = 0; i < host->n; i++) {
		char path[256];
		snprintf(path, sizeof(path), "%s%s", host->h[i].mountpoint, parent);
		CHECK(access(path, F_OK));
	}
}

// A child born in the groups, as init is; fn's result is its exit status.
static pid_t spawn(const struct cgroup *c, int (*fn)(void))
{
	int fd = cgroup_clone_fd(c);
	struct clone_args args = {.flags = fd >= 0 ? CLONE_INTO_CGROUP : 0,
				  .exit_signal = SIGCHLD,
				  .cgroup = fd >= 0 ? (uint64_t)fd : 0};
	pid_t pid = sys_clone3(&args, sizeof(args));

	CHECK(pid >= 0);
	if (!pid) {
		struct err e = {0};
		if (cgroup_enter_self(c, fd >= 0, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(99);
		}
		_exit(fn());
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static int sleeper(void)
{
	while (pause())
		;
	return 0;
}

static void wait_members(const struct cgroup *c, size_t want)
{
	for (int i = 0; i < 2000; i++) {
		pid_t *pids = NULL;
		size_t n = 0;
		struct err e = {0};
		CHECK_OK(cgroup_pids(c, &pids, &n, &e), e);
		free(pids);
		if (n == want)
			return;
		clock_sleep(NS_PER_MS);
	}
	test_fail(__FILE__, __LINE__, "never %zu members", want);
}

// The first line of a file of the group that holds ctl.
static const char *value(const struct cgroup *c, enum cgroup_controller ctl, const char *v1, const char *v2)
{
	static char text[512];
	const struct cgroup_dir *d = cgroup_dir_of(c, ctl);
	struct buf b = BUF_INIT(CGROUP_FILE_MAX);
	struct err e = {0};

	CHECK(d);
	CHECK_OK(file_read(d->fd, d->h->v2 ? v2 : v1, CGROUP_FILE_MAX, &b, &e), e);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(b.data, "\n"), b.data);
	buf_done(&b);
	return text;
}

TEST(cgroup_create_enter_remove)
{
	begin();
	struct cgroup *c = create(NULL, 0);
	struct err e = {0};
	pid_t pid = spawn(c, sleeper), *pids = NULL;
	size_t n = 0;

	wait_members(c, 1);
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
	CHECK_EQ(cgroup_create(group, NULL, 0, &second, &e), -EEXIST);
	CHECK_EQ(e.class, ERR_EXISTS);
	CHECK_CONTAINS(e.text, "exists and has 1 processes in it");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK_EQ(WTERMSIG(status_of(pid)), SIGKILL);
	removed(c);
}

TEST(cgroup_needs_few_hierarchies)
{
	begin();
	struct cgroup *c = create(NULL, 0);
	struct cgroup_mount m[CGROUP_HIERARCHIES_MAX];
	size_t n = cgroup_mounts(c, m, ARRAY_SIZE(m));

	CHECK_EQ(n, c->n);
	if (cgroup_host_mode() == CGROUP_HYBRID) {
		CHECK(cgroup_dir_v2(c) && cgroup_dir_of(c, CG_PIDS) && cgroup_dir_of(c, CG_MEMORY));
		CHECK(!cgroup_dir_of(c, CG_CPUSET) && !cgroup_dir_of(c, CG_FREEZER));
	}
	removed(c);
	c = create(NULL, CGROUP_ALL_CONTROLLERS);
	CHECK_EQ(c->n, cgroup_host_get()->n);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, getppid))), getpid() & 0xff);
	removed(c);
}

TEST(cgroup_existing_empty_group_is_taken)
{
	begin();
	struct cgroup *a = create(NULL, 0), *b = create(NULL, 0);
	struct err e = {0};

	for (size_t i = 0; i < b->n; i++)
		CHECK(!b->dirs[i].made);
	CHECK_OK(cgroup_remove(b, 1000, &e), e);
	cgroup_close(b);
	removed(a); // missing ones are fine
}

TEST(cgroup_path_is_checked)
{
	begin();
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_EQ(cgroup_create("/berth-test/../../x", NULL, 0, &c, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "cgroup path \"/berth-test/../../x\": \".\" and \"..\" are not allowed");
	CHECK_EQ(cgroup_create("", NULL, 0, &c, &e), -EINVAL);
	CHECK_EQ(cgroup_create("/a\nb", NULL, 0, &c, &e), -EINVAL);
	CHECK(!c);
}

static void check_memory(const struct cgroup *c, const char *limit, const char *v1_both, const char *v2_swap)
{
	CHECK_STR(value(c, CG_MEMORY, "memory.limit_in_bytes", "memory.max"), limit);
	if (!cgroup_has_swap())
		return;
	bool v2 = cgroup_dir_of(c, CG_MEMORY)->h->v2;
	CHECK_STR(value(c, CG_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max"), v2 ? v2_swap : v1_both);
}

TEST(cgroup_memory_limits)
{
	begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	bool swap = cgroup_has_swap();
	struct oci_memory m = {.limit = {true, 64 * MIB},
			       .swap = {swap, 96 * MIB},
			       .reservation = {true, 32 * MIB},
			       .kernel = {true, MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = create(&res, 0);
	struct err e = {0};

	check_memory(c, "67108864", "100663296", "33554432");
	CHECK_STR(value(c, CG_MEMORY, "memory.soft_limit_in_bytes", "memory.low"), "33554432");
	// raised beyond the old sum, lowered below the old limit, unlimited, back again: each order of writing
	m = (struct oci_memory){.limit = {true, 128 * MIB}, .swap = {swap, 160 * MIB}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	check_memory(c, "134217728", "167772160", "33554432");
	m = (struct oci_memory){.limit = {true, 16 * MIB}, .swap = {swap, 32 * MIB}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	check_memory(c, "16777216", "33554432", "16777216");
	if (swap) {
		m = (struct oci_memory){.swap = {true, 48 * MIB}}; // with the limit that is set
		CHECK_OK(cgroup_update(c, &res, &e), e);
		check_memory(c, "16777216", "50331648", "33554432");
	}
	m = (struct oci_memory){.limit = {true, -1}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	struct cgroup_stats s;
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.has_memory && s.memory_limit == UINT64_MAX);
	m = (struct oci_memory){.swap = {true, 48 * MIB}};
	CHECK_EQ(cgroup_update(c, &res, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "needs a memory limit");
	removed(c);
}

static int holder(void)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? 1 : sleeper();
}

TEST(cgroup_memory_refusals)
{
	begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	struct oci_memory m = {.limit = {true, 64 * MIB}, .swap = {true, 32 * MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_EQ(cgroup_create(group, &res, 0, &c, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "linux.resources.memory.swap: 33554432 is less than the memory limit 67108864");
	m = (struct oci_memory){.use_hierarchy = {true, false}};
	CHECK_EQ(cgroup_create(group, &res, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "linux.resources.memory.useHierarchy");
	m = (struct oci_memory){.swappiness = {true, 101}};
	CHECK(cgroup_create(group, &res, 0, &c, &e) < 0);
	CHECK_CONTAINS(e.text, "linux.resources.memory.swappiness");
	c = create(NULL, 0);
	m = (struct oci_memory){.limit = {true, 4096}, .check_before_update = {true, true}};
	pid_t pid = spawn(c, holder);
	for (struct cgroup_stats s = {0}; s.memory_usage < MIB; clock_sleep(NS_PER_MS))
		CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK_EQ(cgroup_update(c, &res, &e), -EBUSY);
	CHECK_CONTAINS(e.text, "linux.resources.memory.limit: 4096 is below what is in use");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	status_of(pid);
	removed(c);
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
	begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	struct oci_memory m = {.limit = {true, 16 * MIB}, .swap = {cgroup_has_swap(), 16 * MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = create(&res, 0);
	struct cgroup_stats s;
	struct err e = {0};
	char drain[4096];
	int fd = cgroup_oom_fd(c, &e);

	CHECK_OK(fd, e);
	CHECK_EQ(fd_wait_readable(fd, 0), 0);
	CHECK_EQ(WTERMSIG(status_of(spawn(c, eater))), SIGKILL);
	CHECK_EQ(fd_wait_readable(fd, 2000), 1);
	CHECK(read(fd, drain, sizeof(drain)) > 0);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.oom_kills >= 1);
	CHECK_EQ(s.memory_limit, 16 * MIB);
	CHECK(!s.memory_peak || s.memory_peak > 8 * MIB);
	fd_close(fd);
	removed(c);
}

static int bomb(void)
{
	int failed = 0;

	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		if (!pid)
			sleeper();
		failed += pid < 0 && errno == EAGAIN;
	}
	return failed;
}

TEST(cgroup_pids_limit_stops_a_bomb)
{
	begin();
	if (!cgroup_has_controller("pids"))
		test_skip("no pids controller");
	struct oci_resources res = {.pids = {true, 10}};
	struct cgroup *c = create(&res, 0);
	struct cgroup_stats s;
	struct err e = {0};

	CHECK_STR(value(c, CG_PIDS, "pids.max", "pids.max"), "10");
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, bomb))), 41);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.has_pids && s.pids_current == 9 && s.pids_limit == 10);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	wait_members(c, 0);
	res.pids.limit = 0;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_PIDS, "pids.max", "pids.max"), "max");
	removed(c);
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
	begin();
	struct oci_resources res = {.pids = {cgroup_has_controller("pids"), 200}};
	if (!res.pids.set)
		test_skip("no pids controller");
	struct cgroup *c = create(&res, 0);
	struct err e = {0};
	pid_t pid = spawn(c, hydra);

	clock_sleep(100 * NS_PER_MS);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK_EQ(WTERMSIG(status_of(pid)), SIGKILL);
	wait_members(c, 0);
	removed(c);
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
	struct cgroup *c = create(&res, 0);
	struct err e = {0};
	CHECK_EQ(cgroup_clone_fd(c), -1);
	pid_t pid = spawn(c, without ? sleeper : hydra);
	clock_sleep(50 * NS_PER_MS);
	CHECK_OK(cgroup_signal_all(c, SIGTERM, &e), e);
	if (without)
		CHECK_EQ(cgroup_freeze(c, true, &e), -EOPNOTSUPP);
	else
		CHECK_OK(cgroup_freeze(c, true, &e), e);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	CHECK(WIFSIGNALED(status_of(pid)));
	wait_members(c, 0);
	if (!without) {
		struct cgroup_stats s;
		CHECK_OK(cgroup_read_stats(c, &s, &e), e);
		CHECK(s.has_cpu && s.cpu_usage_ns > 0);
	}
	removed(c);
	cgroup_host_set(NULL);
}

TEST(cgroup_kill_by_the_v1_freezer)
{
	begin();
	if (v2_only() || !cgroup_has_controller("pids"))
		test_skip("no v1 hierarchies");
	kill_on_v1(0);
}

TEST(cgroup_kill_without_a_freezer)
{
	begin();
	if (v2_only() || !cgroup_has_controller("pids"))
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
	begin();
	struct cgroup *c = create(NULL, 0);
	struct err e = {0};
	char b[4096];
	bool frozen = true;

	CHECK(!pipe2(counter_pipe, O_CLOEXEC | O_NONBLOCK));
	pid_t pid = spawn(c, ticker);
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
	status_of(pid);
	removed(c);
}

static int family(void)
{
	for (int i = 0; i < 5; i++)
		if (!fork())
			sleeper();
	return sleeper();
}

TEST(cgroup_signal_reaches_all)
{
	begin();
	struct cgroup *c = create(NULL, 0);
	struct err e = {0};
	pid_t pid = spawn(c, family);

	wait_members(c, 6);
	CHECK_OK(cgroup_signal_all(c, SIGTERM, &e), e);
	CHECK_EQ(WTERMSIG(status_of(pid)), SIGTERM);
	wait_members(c, 0);
	removed(c);
}

TEST(cgroup_remove_kills_and_takes_nested_groups)
{
	begin();
	struct cgroup *c = create(NULL, 0);
	int dir = dup(c->dirs[0].fd), below = 0;
	struct err e = {0};

	for (int i = 0; i < 40; i++) { // 40 deep, three wide
		CHECK(!mkdirat(dir, "a", 0755) && !mkdirat(dir, "b", 0755) && !mkdirat(dir, "c c", 0755));
		below = openat(dir, "b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(below >= 0);
		fd_close(dir);
		dir = below;
	}
	pid_t pid = spawn(c, sleeper);
	wait_members(c, 1);
	char text[16];
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK_OK(file_write_kernel(dir, "cgroup.procs", text, &e), e);
	wait_members(c, 1);
	fd_close(dir);
	removed(c);
	CHECK_EQ(WTERMSIG(status_of(pid)), SIGKILL);
}

static int open_device(unsigned major, unsigned minor, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/.berth-test.%d", (int)getpid());
	if (mknod(path, S_IFCHR | 0600, makedev(major, minor)))
		return 200;
	int fd = open(path, flags | O_CLOEXEC), code = fd < 0 ? errno : 0;
	fd_close(fd);
	unlink(path);
	return code;
}

static int open_null(void)
{
	return open_device(1, 3, O_RDWR);
}
static int open_kmsg(void)
{
	return open_device(1, 11, O_RDONLY);
}
static int open_mem_write(void)
{
	return open_device(1, 9, O_WRONLY);
}
static int open_urandom_read(void)
{
	return open_device(1, 9, O_RDONLY);
}

static void check_devices(unsigned flags)
{
	struct oci_device_rule v[] = {
		{.allow = false, .type = 'a', .access = (char *)"rwm"},
		{.allow = false, .type = 'c', .major = {true, 1}, .minor = {true, 9}, .access = (char *)"w"},
		{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 11}, .access = (char *)"r"}};
	struct oci_resources res = {.devices = v, .n_devices = 1};
	struct cgroup *c = create(&res, flags);
	struct err e = {0};

	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_null))), 0);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_kmsg))), EPERM);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_mem_write))), 0);
	res.n_devices = 3;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_null))), 0);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_kmsg))), 0);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_mem_write))), EPERM);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_urandom_read))), 0);
	res.n_devices = 1;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_kmsg))), EPERM);
	v[0].allow = true; // a privileged container
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, open_kmsg))), 0);
	removed(c);
}

TEST(cgroup_device_rules_hold)
{
	begin();
	check_devices(0);
}

TEST(cgroup_device_rules_hold_by_bpf)
{
	begin();
	struct cgroup_hierarchy *v2 = cgroup_host_v2(cgroup_host_get());
	if (!v2)
		test_skip("no cgroup v2 tree");
	struct cgroup_host only = {.mode = CGROUP_V2, .n = 1, .h = {*v2}};
	cgroup_host_set(&only);
	check_devices(0);
	cgroup_host_set(NULL);
}

TEST(cgroup_v1_refuses_a_hole)
{
	begin();
	struct cgroup_hierarchy *h = cgroup_host_find(cgroup_host_get(), CG_DEVICES);
	if (!h || h->v2)
		test_skip("no v1 devices controller");
	struct oci_device_rule v[] = {{.allow = true, .type = 'c', .major = {true, 7}},
				      {.type = 'c', .major = {true, 7}, .minor = {true, 1}}};
	struct oci_resources res = {.devices = v, .n_devices = 2};
	struct cgroup *c = NULL;
	struct err e = {0};
	CHECK_EQ(cgroup_create(group, &res, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "linux.resources.devices: cgroup v1 cannot deny \"c 7:1 rwm\" inside of \"c 7:* rwm\"");
	c = create(NULL, 0);
	removed(c); // and nothing was left
}

TEST(cgroup_cpu_limits)
{
	begin();
	if (!cgroup_has_controller("cpu"))
		test_skip("no cpu controller");
	struct oci_cpu cpu = {.shares = {true, 512},
			      .quota = {true, 50000},
			      .period = {true, 200000},
			      .burst = {true, 10000}};
	struct oci_resources res = {.cpu = &cpu};
	struct cgroup *c = create(&res, 0);
	struct err e = {0};
	bool v2 = cgroup_dir_of(c, CG_CPU)->h->v2;

	CHECK_STR(value(c, CG_CPU, "cpu.shares", "cpu.weight"), v2 ? "59" : "512");
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "50000 200000" : "50000");
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_burst_us", "cpu.max.burst"), "10000");
	cpu = (struct oci_cpu){.period = {true, 100000}}; // the quota stays
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "50000 100000" : "50000");
	cpu = (struct oci_cpu){.quota = {true, 5000}, .burst = {true, 2000}}; // below the old burst
	CHECK_OK(cgroup_update(c, &res, &e), e);
	cpu = (struct oci_cpu){.quota = {true, 80000}, .burst = {true, 60000}}; // above the old quota
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_burst_us", "cpu.max.burst"), "60000");
	cpu = (struct oci_cpu){.quota = {true, -1}, .burst = {true, 0}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "max 100000" : "-1");
	cpu = (struct oci_cpu){.idle = {true, 1}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_CPU, "cpu.idle", "cpu.idle"), "1");
	removed(c);
}

static void refused(const struct oci_resources *res, const char *text)
{
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK(cgroup_create(group, res, 0, &c, &e) < 0);
	CHECK(!c);
	CHECK_CONTAINS(e.text, text);
	removed(create(NULL, 0)); // nothing was left: made anew it is the one that removes the parent
}

TEST(cgroup_cpu_refusals)
{
	begin();
	if (!cgroup_has_controller("cpu"))
		test_skip("no cpu controller");
	struct oci_cpu cpu = {.shares = {true, 1}};
	struct oci_resources res = {.cpu = &cpu};

	refused(&res, "linux.resources.cpu.shares: 1 is not between 2 and 262144");
	cpu = (struct oci_cpu){.quota = {true, 10}};
	refused(&res, "linux.resources.cpu.quota: write \"10");
	cpu = (struct oci_cpu){.period = {true, 10}};
	refused(&res, "linux.resources.cpu.period: write \"");
	cpu = (struct oci_cpu){.quota = {true, 5000}, .burst = {true, 6000}};
	refused(&res, "linux.resources.cpu.burst: 6000 is above the quota 5000");
	cpu = (struct oci_cpu){.realtime_runtime = {true, 950000}};
	refused(&res, "linux.resources.cpu.realtimeRuntime: ");
}

TEST(cgroup_cpuset_is_filled_and_limited)
{
	begin();
	if (!cgroup_has_controller("cpuset"))
		test_skip("no cpuset controller");
	struct oci_cpu cpu = {.cpus = (char *)"0"};
	struct oci_resources res = {.cpu = &cpu};
	struct cgroup *c = create(&res, 0);

	CHECK_STR(value(c, CG_CPUSET, "cpuset.cpus", "cpuset.cpus"), "0");
	CHECK_STR(value(c, CG_CPUSET, "cpuset.mems", "cpuset.mems.effective"), "0");
	CHECK_EQ(WEXITSTATUS(status_of(spawn(c, getppid))), getpid() & 0xff);
	removed(c);
	cpu.cpus = (char *)"0-4000";
	refused(&res, "linux.resources.cpu.cpus: write \"0-4000\"");
	cpu.cpus = (char *)"zero";
	refused(&res, "(a list such as 0-2,5");
	cpu = (struct oci_cpu){.mems = (char *)"63"};
	refused(&res, "linux.resources.cpu.mems: write \"63\"");
}

TEST(cgroup_block_io)
{
	begin();
	if (!cgroup_has_controller("blkio"))
		test_skip("no blkio controller");
	struct oci_block_io b = {.weight = {true, 9}};
	struct oci_resources res = {.block_io = &b};

	refused(&res, "linux.resources.blockIO.weight: 9 is not between 10 and 1000");
	b = (struct oci_block_io){.leaf_weight = {true, 300}};
	refused(&res, "linux.resources.blockIO.leafWeight: ");
	struct oci_throttle_device t = {.major = 4000, .minor = 9, .rate = 1000000};
	b = (struct oci_block_io){.read_bps = {&t, 1}};
	refused(&res, "linux.resources.blockIO.throttleReadBpsDevice: write \"4000:9 ");
	b = (struct oci_block_io){.weight = {true, 300}};
	struct cgroup *c = NULL;
	struct err e = {0};
	if (cgroup_create(group, &res, 0, &c, &e) < 0) { // no scheduler here knows weights
		CHECK_CONTAINS(e.text, "linux.resources.blockIO.weight: this kernel has no");
		CHECK_CONTAINS(e.text, "(weights need ");
		return;
	}
	const struct cgroup_dir *d = cgroup_dir_of(c, CG_IO);
	const char *bfq = d->h->v2 ? "io.bfq.weight" : "blkio.bfq.weight";
	if (cgroup_has_file(d, bfq))
		CHECK_CONTAINS(value(c, CG_IO, bfq, bfq), "300");
	removed(c);
}

TEST(cgroup_missing_controllers_are_named)
{
	begin();
	struct oci_network_priority prio = {.name = (char *)"lo", .priority = 3};
	struct oci_resources res = {.network = {.class_id = {true, 5}}};

	if (!cgroup_has_controller("net_cls"))
		refused(&res, "linux.resources.network.classID: this host has no net_cls cgroup controller");
	res = (struct oci_resources){.network = {.priorities = &prio, .n_priorities = 1}};
	if (!cgroup_has_controller("net_prio"))
		refused(&res, "linux.resources.network.priorities: this host has no net_prio cgroup controller");
	struct oci_hugepage_limit huge = {.page_size = (char *)"2MB", .limit = 1 << 21};
	res = (struct oci_resources){.hugepage_limits = &huge, .n_hugepage_limits = 1};
	if (!cgroup_has_controller("hugetlb"))
		refused(&res, "linux.resources.hugepageLimits: this host has no hugetlb cgroup controller");
}

TEST(cgroup_unified_without_controllers)
{
	begin();
	if (v2_only())
		test_skip("a pure v2 host");
	struct oci_pair p[] = {{(char *)"memory.high", (char *)"1000000"}};
	struct oci_resources res = {.unified = {p, 1}};

	refused(&res, "linux.resources.unified[\"memory.high\"]: ");
	p[0].key = (char *)"../x.y";
	refused(&res, "linux.resources.unified[\"../x.y\"]: not a file name of cgroup v2");
	p[0].key = (char *)"cgroup.procs";
	refused(&res, "linux.resources.unified[\"cgroup.procs\"]: not a limit");
	p[0] = (struct oci_pair){(char *)"cgroup.max.depth", (char *)"3"};
	if (cgroup_host_mode() == CGROUP_HYBRID)
		removed(create(&res, 0));
}

TEST(cgroup_save_and_open)
{
	begin();
	struct cgroup *c = create(NULL, 0), *again = NULL;
	struct buf b = BUF_INIT(1 << 16);
	struct json_writer w = JSON_WRITER(&b, 0);
	struct arena a = {0};
	struct json *j = NULL;
	struct err e = {0};
	pid_t pid = spawn(c, sleeper);

	wait_members(c, 1);
	cgroup_save(c, &w);
	CHECK_OK(json_parse(&a, b.data, b.len, NULL, &j, &e), e);
	CHECK_OK(cgroup_open(j, &again, &e), e);
	CHECK_EQ(again->n, c->n);
	cgroup_close(c);
	wait_members(again, 1);
	pid_t second = fork();
	if (!second) { // as exec does
		if (cgroup_enter_self(again, false, &e) < 0)
			_exit(1);
		sleeper();
	}
	wait_members(again, 2);
	struct oci_resources res = {.pids = {cgroup_has_controller("pids"), 33}};
	CHECK_OK(cgroup_update(again, &res, &e), e);
	CHECK_OK(cgroup_remove(again, 3000, &e), e);
	status_of(pid);
	status_of(second);
	cgroup_close(again);
	CHECK_OK(cgroup_open(j, &again, &e), e); // of a container that is gone
	CHECK_EQ(cgroup_clone_fd(again), -1);
	wait_members(again, 0);
	CHECK_EQ(cgroup_read_stats(again, &(struct cgroup_stats){0}, &e), -ENOENT);
	removed(again);
	arena_done(&a);
	buf_done(&b);
}

TEST(cgroup_update_makes_a_missing_group)
{
	begin();
	if (!cgroup_has_controller("cpuset") || !cgroup_has_controller("cpu"))
		test_skip("no cpuset or cpu controller");
	struct cgroup *c = create(NULL, 0);
	struct oci_cpu cpu = {.cpus = (char *)"0", .quota = {true, 50000}};
	struct oci_resources res = {.cpu = &cpu};
	struct err e = {0};
	pid_t pid = spawn(c, family), *in = NULL;
	size_t n = 0;

	wait_members(c, 6);
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(value(c, CG_CPUSET, "cpuset.cpus", "cpuset.cpus"), "0");
	CHECK_OK(cgroup_dir_pids(cgroup_dir_of(c, CG_CPUSET)->fd, &in, &n, &e), e);
	CHECK_EQ(n, 6);
	free(in);
	CHECK_STR(value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"),
		  cgroup_dir_of(c, CG_CPU)->h->v2 ? "50000 100000" : "50000");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	status_of(pid);
	removed(c);
}

static int burn(void)
{
	for (int64_t end = clock_monotonic() + 30 * NS_PER_MS; clock_monotonic() < end;)
		;
	return 0;
}

TEST(cgroup_cpu_time_is_counted)
{
	begin();
	struct cgroup *c = create(NULL, 0);
	struct cgroup_stats s;
	struct err e = {0};

	CHECK_EQ(status_of(spawn(c, burn)), 0);
	CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK(s.has_cpu && s.cpu_usage_ns > 1 * NS_PER_MS && s.cpu_usage_ns < 20 * NS_PER_SEC);
	removed(c);
}

TEST(cgroup_relative_path_is_below_the_caller)
{
	begin();
	struct cgroup *outer = create(NULL, 0), *c = NULL;
	struct err e = {0};
	int status = 0;

	pid_t pid = fork();
	if (!pid) {
		CHECK_OK(cgroup_enter_self(outer, false, &e), e);
		cgroup_host_set(NULL);
		CHECK_OK(cgroup_create("inner", NULL, 0, &c, &e), e);
		for (size_t i = 0; i < c->n; i++)
			CHECK(str_ends(c->dirs[i].path, "box/inner"));
		CHECK_OK(cgroup_remove(c, 1000, &e), e);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	removed(outer);
}

TEST(cgroup_v2_inner_processes_are_told)
{
	begin();
	if (!v2_only() || !cgroup_has_controller("pids"))
		test_skip("no pids controller on cgroup v2");
	struct cgroup *outer = create(NULL, 0), *c = NULL;
	struct oci_resources res = {.pids = {true, 5}};
	struct err e = {0};
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(cgroup_enter_self(outer, false, &e), e);
		cgroup_host_set(NULL);
		CHECK_EQ(cgroup_create("inner", &res, 0, &c, &e), -EBUSY);
		CHECK_CONTAINS(
			e.text,
			"linux.resources.pids.limit: cannot hand the pids controller on from cgroup berth-test.");
		CHECK_CONTAINS(e.text, "it has processes of its own");
		_exit(0);
	}
	CHECK_EQ(status_of(pid), 0);
	removed(outer);
}

TEST(cgroup_v2_threaded_parent_is_refused)
{
	begin();
	struct cgroup_hierarchy *h = cgroup_host_v2(cgroup_host_get());
	struct cgroup_host only = {.mode = CGROUP_V2, .n = 1};
	struct cgroup *c = NULL;
	struct err e = {0};
	char inner[128];

	if (!h)
		test_skip("no cgroup v2 tree");
	only.h[0] = *h;
	cgroup_host_set(&only);
	int root = cgroup_root_open(h, &e);
	CHECK(!mkdirat(root, parent + 1, 0755) && !mkdirat(root, group + 1, 0755));
	int box = openat(root, group + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(file_write_kernel(box, "cgroup.type", "threaded", &e), e);
	snprintf(inner, sizeof(inner), "%s/inner", group);
	CHECK_EQ(cgroup_create(inner, NULL, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "is of type \"domain invalid\": a group above it is threaded");
	CHECK(faccessat(root, inner + 1, F_OK, 0));
	CHECK(!unlinkat(root, group + 1, AT_REMOVEDIR) && !unlinkat(root, parent + 1, AT_REMOVEDIR));
	fd_close(box);
	fd_close(root);
}

enum { ORDINARY_UID = 54321 };

// What systemd's Delegate= does: the directory and the files that move processes and hand controllers on.
static void delegate(const struct cgroup_dir *d)
{
	CHECK(!fchown(d->fd, ORDINARY_UID, ORDINARY_UID));
	CHECK(!fchownat(d->fd, "cgroup.procs", ORDINARY_UID, ORDINARY_UID, 0));
	CHECK(!fchownat(d->fd, "cgroup.subtree_control", ORDINARY_UID, ORDINARY_UID, 0));
}

static void as_ordinary_user(bool with_pids)
{
	struct oci_resources res = {.pids = {with_pids, 12}};
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK(!setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) &&
	      !setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID));
	cgroup_host_set(NULL);
	CHECK_OK(cgroup_create(CGROUP_DEFAULT_PARENT "/web", &res, CGROUP_ROOTLESS, &c, &e), e);
	CHECK_EQ(c->n, 1);
	CHECK(str_starts(c->dirs[0].path, parent + 1) && str_ends(c->dirs[0].path, "/berth/web"));
	if (with_pids) {
		CHECK_STR(value(c, CG_PIDS, "pids.max", "pids.max"), "12");
		CHECK(str_ends(c->dirs[0].path, "box/berth/web")); // beside the caller's own group, which has processes
	}
	pid_t pid = spawn(c, family);
	wait_members(c, 6);
	CHECK_OK(cgroup_freeze(c, true, &e), e);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	status_of(pid);
	CHECK_OK(cgroup_remove(c, 2000, &e), e);
	struct oci_memory m = {.limit = {true, 64 * MIB}};
	struct oci_resources memory = {.memory = &m};
	if (!with_pids) { // and what the v2 tree cannot hold is told
		CHECK(cgroup_create(CGROUP_DEFAULT_PARENT "/web", &memory, CGROUP_ROOTLESS, &c, &e) < 0);
		CHECK_CONTAINS(e.text, "linux.resources.memory.limit: ");
	}
	_exit(0);
}

TEST(cgroup_ordinary_user_with_a_delegated_group)
{
	begin();
	struct cgroup *outer = create(NULL, 0);
	struct cgroup_dir *d = cgroup_dir_v2(outer);

	if (!d)
		test_skip("no cgroup v2 tree");
	bool pids = v2_only() && d->enabled & CG_BIT(CG_PIDS);
	CHECK(!mkdirat(d->fd, "session", 0755));
	delegate(d);
	pid_t pid = fork();
	if (!pid) {
		struct cgroup_dir session = {.h = d->h, .path = (char *)"session", .tasks = -1};
		session.fd = openat(d->fd, "session", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		delegate(&session);
		struct err e = {0};
		CHECK_OK(file_write_kernel(session.fd, "cgroup.procs", "0", &e), e);
		as_ordinary_user(pids);
	}
	CHECK_EQ(status_of(pid), 0);
	removed(outer);
}

TEST(cgroup_ordinary_user_without_delegation)
{
	begin();
	pid_t pid = fork();
	if (!pid) {
		struct oci_resources res = {.pids = {true, 12}};
		struct cgroup *c = NULL;
		struct err e = {0};
		CHECK(!setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) &&
		      !setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID));
		CHECK(!cgroup_has_controller("pids") && !cgroup_has_controller("memory"));
		CHECK_OK(cgroup_create("/berth/web", NULL, CGROUP_ROOTLESS, &c, &e), e);
		CHECK_EQ(c->n, 0);
		CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
		CHECK_OK(cgroup_remove(c, 100, &e), e);
		CHECK_EQ(cgroup_create("/berth/web", &res, CGROUP_ROOTLESS, &c, &e), -EACCES);
		CHECK_CONTAINS(e.text, "linux.resources.pids.limit: no pids cgroup can be had in ");
		CHECK_CONTAINS(e.text, "Delegate=yes");
		CHECK_EQ(e.class, ERR_DENIED);
		CHECK_EQ(cgroup_create("/berth/web", NULL, 0, &c, &e), -EACCES);
		CHECK_CONTAINS(e.text, "make cgroup ");
		_exit(0);
	}
	CHECK_EQ(status_of(pid), 0);
}

// Containers that share a parent which each removes when it leaves it empty.
TEST(cgroup_parents_come_and_go)
{
	begin();
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		snprintf(group, sizeof(group), "%s/w%d", parent, i);
		for (int round = 0; round < 60; round++) {
			struct cgroup *c = create(NULL, 0);
			struct err e = {0};
			for (size_t d = 0; d < c->n; d++)
				c->dirs[d].floor = 0; // as below the house's own parent
			CHECK_OK(cgroup_remove(c, 2000, &e), e);
			cgroup_close(c);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(status_of(pids[i]), 0);
	removed(create(NULL, 0));
}

TEST(cgroup_house_parent_is_removed_when_empty)
{
	begin();
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
