// SPDX-License-Identifier: Apache-2.0
// Limits for real: written, read back, changed, refused with the field of config.json named.
#include "test.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "group.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void check_memory(const struct cgroup *c, const char *limit, const char *v1_both, const char *v2_swap)
{
	CHECK_STR(group_value(c, CG_MEMORY, "memory.limit_in_bytes", "memory.max"), limit);
	if (!cgroup_has_swap())
		return;
	bool v2 = cgroup_dir_of(c, CG_MEMORY)->h->v2;
	CHECK_STR(group_value(c, CG_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max"), v2 ? v2_swap : v1_both);
}

TEST(cgroup_memory_limits)
{
	group_begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	bool swap = cgroup_has_swap();
	struct oci_memory m = {.limit = {true, 64 * MIB},
			       .swap = {swap, 96 * MIB},
			       .reservation = {true, 32 * MIB},
			       .kernel = {true, MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = group_create(&res, 0);
	struct err e = {0};

	check_memory(c, "67108864", "100663296", "33554432");
	CHECK_STR(group_value(c, CG_MEMORY, "memory.soft_limit_in_bytes", "memory.low"), "33554432");
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
	group_removed(c);
}

static int holder(void)
{
	char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? 1 : group_sleeper();
}

TEST(cgroup_memory_refusals)
{
	group_begin();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	struct oci_memory m = {.limit = {true, 64 * MIB}, .swap = {true, 32 * MIB}};
	struct oci_resources res = {.memory = &m};
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_EQ(cgroup_create(group_path, &res, 0, &c, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "linux.resources.memory.swap: 33554432 is less than the memory limit 67108864");
	m = (struct oci_memory){.use_hierarchy = {true, false}};
	CHECK_EQ(cgroup_create(group_path, &res, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "linux.resources.memory.useHierarchy");
	m = (struct oci_memory){.swappiness = {true, 101}};
	CHECK(cgroup_create(group_path, &res, 0, &c, &e) < 0);
	CHECK_CONTAINS(e.text, "linux.resources.memory.swappiness");
	c = group_create(NULL, 0);
	m = (struct oci_memory){.limit = {true, 4096}, .check_before_update = {true, true}};
	pid_t pid = group_spawn(c, holder);
	for (struct cgroup_stats s = {0}; s.memory_usage < MIB; clock_sleep(NS_PER_MS))
		CHECK_OK(cgroup_read_stats(c, &s, &e), e);
	CHECK_EQ(cgroup_update(c, &res, &e), -EBUSY);
	CHECK_CONTAINS(e.text, "linux.resources.memory.limit: 4096 is below what is in use");
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	group_status(pid);
	group_removed(c);
}

TEST(cgroup_cpu_limits)
{
	group_begin();
	if (!cgroup_has_controller("cpu"))
		test_skip("no cpu controller");
	struct oci_cpu cpu = {.shares = {true, 512},
			      .quota = {true, 50000},
			      .period = {true, 200000},
			      .burst = {true, 10000}};
	struct oci_resources res = {.cpu = &cpu};
	struct cgroup *c = group_create(&res, 0);
	struct err e = {0};
	bool v2 = cgroup_dir_of(c, CG_CPU)->h->v2;

	CHECK_STR(group_value(c, CG_CPU, "cpu.shares", "cpu.weight"), v2 ? "59" : "512");
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "50000 200000" : "50000");
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_burst_us", "cpu.max.burst"), "10000");
	cpu = (struct oci_cpu){.period = {true, 100000}}; // the quota stays
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "50000 100000" : "50000");
	cpu = (struct oci_cpu){.quota = {true, 5000}, .burst = {true, 2000}}; // below the old burst
	CHECK_OK(cgroup_update(c, &res, &e), e);
	cpu = (struct oci_cpu){.quota = {true, 80000}, .burst = {true, 60000}}; // above the old quota
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_burst_us", "cpu.max.burst"), "60000");
	cpu = (struct oci_cpu){.quota = {true, -1}, .burst = {true, 0}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_CPU, "cpu.cfs_quota_us", "cpu.max"), v2 ? "max 100000" : "-1");
	cpu = (struct oci_cpu){.idle = {true, 1}};
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_CPU, "cpu.idle", "cpu.idle"), "1");
	group_removed(c);
}

TEST(cgroup_cpu_refusals)
{
	group_begin();
	if (!cgroup_has_controller("cpu"))
		test_skip("no cpu controller");
	struct oci_cpu cpu = {.shares = {true, 1}};
	struct oci_resources res = {.cpu = &cpu};

	group_refused(&res, "linux.resources.cpu.shares: 1 is not between 2 and 262144");
	cpu = (struct oci_cpu){.quota = {true, 10}};
	group_refused(&res, "linux.resources.cpu.quota: write \"10");
	cpu = (struct oci_cpu){.period = {true, 10}};
	group_refused(&res, "linux.resources.cpu.period: write \"");
	cpu = (struct oci_cpu){.quota = {true, 5000}, .burst = {true, 6000}};
	group_refused(&res, "linux.resources.cpu.burst: 6000 is above the quota 5000");
	cpu = (struct oci_cpu){.realtime_runtime = {true, 950000}};
	group_refused(&res, "linux.resources.cpu.realtimeRuntime: ");
}

TEST(cgroup_cpuset_is_filled_and_limited)
{
	group_begin();
	if (!cgroup_has_controller("cpuset"))
		test_skip("no cpuset controller");
	struct oci_cpu cpu = {.cpus = (char *)"0"};
	struct oci_resources res = {.cpu = &cpu};
	struct cgroup *c = group_create(&res, 0);

	CHECK_STR(group_value(c, CG_CPUSET, "cpuset.cpus", "cpuset.cpus"), "0");
	CHECK_STR(group_value(c, CG_CPUSET, "cpuset.mems", "cpuset.mems.effective"), "0");
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, getppid))), getpid() & 0xff);
	group_removed(c);
	cpu.cpus = (char *)"0-4000";
	group_refused(&res, "linux.resources.cpu.cpus: write \"0-4000\"");
	cpu.cpus = (char *)"zero";
	group_refused(&res, "(a list such as 0-2,5");
	cpu = (struct oci_cpu){.mems = (char *)"63"};
	group_refused(&res, "linux.resources.cpu.mems: write \"63\"");
}

TEST(cgroup_block_io)
{
	group_begin();
	if (!cgroup_has_controller("blkio"))
		test_skip("no blkio controller");
	struct oci_block_io b = {.weight = {true, 9}};
	struct oci_resources res = {.block_io = &b};

	group_refused(&res, "linux.resources.blockIO.weight: 9 is not between 10 and 1000");
	b = (struct oci_block_io){.leaf_weight = {true, 300}};
	group_refused(&res, "linux.resources.blockIO.leafWeight: ");
	struct oci_throttle_device t = {.major = 4000, .minor = 9, .rate = 1000000};
	b = (struct oci_block_io){.read_bps = {&t, 1}};
	group_refused(&res, "linux.resources.blockIO.throttleReadBpsDevice: write \"4000:9 ");
	b = (struct oci_block_io){.weight = {true, 300}};
	struct cgroup *c = NULL;
	struct err e = {0};
	if (cgroup_create(group_path, &res, 0, &c, &e) < 0) { // no scheduler here knows weights
		CHECK_CONTAINS(e.text, "linux.resources.blockIO.weight: this kernel has no");
		CHECK_CONTAINS(e.text, "(weights need ");
		return;
	}
	const struct cgroup_dir *d = cgroup_dir_of(c, CG_IO);
	const char *bfq = d->h->v2 ? "io.bfq.weight" : "blkio.bfq.weight";
	if (cgroup_has_file(d, bfq))
		CHECK_CONTAINS(group_value(c, CG_IO, bfq, bfq), "300");
	group_removed(c);
}

// Some disk of this machine that takes limits.
static bool some_disk(struct oci_throttle_device *ret)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *de;
	bool found = false;

	while (dir && !found && (de = readdir(dir))) {
		char path[300], text[32] = "";
		long long major, minor;
		if (*de->d_name == '.' || str_starts(de->d_name, "ram") || str_starts(de->d_name, "loop"))
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/dev", de->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && sscanf(text, "%lld:%lld", &major, &minor) == 2) {
			*ret = (struct oci_throttle_device){.major = major, .minor = minor, .rate = 1048576};
			found = true;
		}
		fd_close(fd);
	}
	if (dir)
		closedir(dir);
	return found;
}

TEST(cgroup_block_io_throttles)
{
	group_begin();
	struct oci_throttle_device t;
	if (!cgroup_has_controller("blkio") || !some_disk(&t))
		test_skip("no blkio controller, or no disk");
	struct oci_block_io b = {.read_bps = {&t, 1}, .write_iops = {&t, 1}};
	struct oci_resources res = {.block_io = &b};
	struct cgroup *c = group_create(&res, 0);
	struct err e = {0};
	char want[64];
	bool v2 = cgroup_dir_of(c, CG_IO)->h->v2;

	snprintf(want, sizeof(want),
		 v2 ? "%lld:%lld rbps=1048576 wbps=max riops=max wiops=1048576" : "%lld:%lld 1048576",
		 (long long)t.major, (long long)t.minor);
	CHECK_STR(group_value(c, CG_IO, "blkio.throttle.read_bps_device", "io.max"), want);
	CHECK_STR(group_value(c, CG_IO, "blkio.throttle.write_iops_device", "io.max"), want);
	t.rate = 0; // no limit any more
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_STR(group_value(c, CG_IO, "blkio.throttle.read_bps_device", "io.max"), "");
	group_removed(c);
}

TEST(cgroup_huge_pages)
{
	group_begin();
	if (!cgroup_has_controller("hugetlb") || access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK))
		test_skip("no hugetlb controller, or no pages of 2 MiB");
	struct oci_hugepage_limit huge = {.page_size = (char *)"2MB", .limit = 4 * MIB};
	struct oci_resources res = {.hugepage_limits = &huge, .n_hugepage_limits = 1};
	struct cgroup *c = group_create(&res, 0);

	CHECK_STR(group_value(c, CG_HUGETLB, "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max"), "4194304");
	CHECK_STR(group_value(c, CG_HUGETLB, "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max"), "4194304");
	group_removed(c);
	huge.page_size = (char *)"3MB";
	group_refused(&res, "linux.resources.hugepageLimits: this kernel has no hugetlb.3MB.");
	huge.page_size = (char *)"2048kB";
	group_refused(&res, "hugepageLimits[0].pageSize: \"2048kB\" is no size such as 2MB");
}

TEST(cgroup_unified_keys)
{
	group_begin();
	if (!group_v2_only() || !cgroup_has_controller("memory") || !cgroup_has_controller("pids"))
		test_skip("no cgroup v2 with memory and pids");
	struct oci_pair p[] = {{(char *)"memory.high", (char *)"8388608"}, {(char *)"pids.max", (char *)"9"}};
	struct oci_resources res = {.unified = {p, 2}, .pids = {true, 5}};
	struct cgroup *c = group_create(&res, 0);

	CHECK_STR(group_value(c, CG_MEMORY, "", "memory.high"), "8388608");
	CHECK_STR(group_value(c, CG_PIDS, "", "pids.max"), "9"); // the raw key is the last word
	group_removed(c);
	p[1].value = (char *)"nine";
	group_refused(&res, "linux.resources.unified[\"pids.max\"]: write \"nine\" to ");
}

TEST(cgroup_missing_controllers_are_named)
{
	group_begin();
	struct oci_network_priority prio = {.name = (char *)"lo", .priority = 3};
	struct oci_resources res = {.network = {.class_id = {true, 5}}};

	if (!cgroup_has_controller("net_cls"))
		group_refused(&res, "linux.resources.network.classID: this host has no net_cls cgroup controller");
	res = (struct oci_resources){.network = {.priorities = &prio, .n_priorities = 1}};
	if (!cgroup_has_controller("net_prio"))
		group_refused(&res, "linux.resources.network.priorities: this host has no net_prio cgroup controller");
	struct oci_hugepage_limit huge = {.page_size = (char *)"2MB", .limit = 1 << 21};
	res = (struct oci_resources){.hugepage_limits = &huge, .n_hugepage_limits = 1};
	if (!cgroup_has_controller("hugetlb"))
		group_refused(&res, "linux.resources.hugepageLimits: this host has no hugetlb cgroup controller");
}

TEST(cgroup_unified_without_controllers)
{
	group_begin();
	if (group_v2_only())
		test_skip("a pure v2 host");
	struct oci_pair p[] = {{(char *)"memory.high", (char *)"1000000"}};
	struct oci_resources res = {.unified = {p, 1}};

	group_refused(&res, "linux.resources.unified[\"memory.high\"]: ");
	p[0].key = (char *)"../x.y";
	group_refused(&res, "linux.resources.unified[\"../x.y\"]: not a file name of cgroup v2");
	p[0].key = (char *)"cgroup.procs";
	group_refused(&res, "linux.resources.unified[\"cgroup.procs\"]: not a limit");
	p[0] = (struct oci_pair){(char *)"cgroup.max.depth", (char *)"3"};
	if (cgroup_host_mode() == CGROUP_HYBRID)
		group_removed(group_create(&res, 0));
}
