// SPDX-License-Identifier: Apache-2.0
// What is written on a v2 host: into a directory of ordinary files that has the shape of a cgroup, so that it is
// checked on hosts of any kind. What the kernel makes of it is checked by test_cgroup.c on a v2 host.
#include "test.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static struct cgroup_host host;

static void put(const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fd_write_full(fd, text, strlen(text)) >= 0);
	fd_close(fd);
}

static const char *got(const char *file)
{
	static char text[512];
	struct buf b = BUF_INIT(512);
	struct err e = {0};
	char path[256];

	snprintf(path, sizeof(path), "%s/g/%s", top, file);
	CHECK_OK(file_read(AT_FDCWD, path, 512, &b, &e), e);
	snprintf(text, sizeof(text), "%s", b.data);
	buf_done(&b);
	return text;
}

static void fake(const char *controllers, const char *const files[])
{
	char line[256], path[128];

	snprintf(top, sizeof(top), "/tmp/berth-cg2.XXXXXX");
	CHECK(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/g", top);
	CHECK(!mkdir(path, 0755));
	put("cgroup.controllers", controllers);
	put("cgroup.subtree_control", "");
	put("g/cgroup.controllers", controllers);
	put("g/cgroup.procs", "");
	put("g/cgroup.type", "domain\n");
	for (; *files; files++) {
		snprintf(path, sizeof(path), "g/%s", *files);
		put(path, "");
	}
	snprintf(line, sizeof(line), "29 22 0:26 / %s rw - cgroup2 cgroup2 rw\n", top);
	cgroup_host_parse(line, &host);
	CHECK_EQ(host.mode, CGROUP_V2);
	cgroup_host_set(&host);
}

static void finish(void)
{
	struct err e = {0};

	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(path_remove_tree(tmp, path_basename(top), &e), e);
	fd_close(tmp);
	cgroup_host_done(&host);
	cgroup_host_set(NULL);
}

// The limits alone: a device filter cannot be attached to an ordinary directory.
static int apply(const struct oci_resources *res, struct err *e)
{
	struct cgroup_dir d = {.h = &host.h[0], .path = (char *)"g", .tasks = -1};
	char path[128];
	int rc = 0;

	snprintf(path, sizeof(path), "%s/g", top);
	d.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < CG_MAX && rc >= 0; i++)
		if (cgroup_v2_ops.apply[i])
			rc = cgroup_v2_ops.apply[i](&d, res, e);
	fd_close(d.fd);
	return rc;
}

static const char *const FILES[] = {
	"memory.max",      "memory.swap.max",      "memory.low",  "cpu.weight",     "cpu.max",   "cpu.max.burst",
	"cpu.idle",        "cpuset.cpus",          "cpuset.mems", "pids.max",       "io.weight", "io.max",
	"hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "rdma.max",    "memory.current", NULL};
static const char ALL[] = "cpuset cpu io memory hugetlb pids rdma misc\n";

TEST(cgroup_v2_files)
{
	fake(ALL, FILES);
	struct oci_memory m = {.limit = {true, 1 << 20}, .swap = {true, 3 << 20}, .reservation = {true, 4096}};
	struct oci_cpu cpu = {.shares = {true, 1024},
			      .quota = {true, 25000},
			      .period = {true, 50000},
			      .burst = {true, 1000},
			      .idle = {true, 1},
			      .cpus = (char *)"0-1",
			      .mems = (char *)"0"};
	struct oci_throttle_device t = {.major = 8, .minor = 16, .rate = 1000};
	struct oci_block_io io = {.weight = {true, 500}, .write_iops = {&t, 1}};
	struct oci_hugepage_limit huge = {.page_size = (char *)"2MB", .limit = 4 << 20};
	struct oci_rdma_limit rdma = {.device = (char *)"mlx5_0", .hca_handles = {true, 3}, .hca_objects = {true, 7}};
	struct oci_resources res = {.memory = &m,
				    .cpu = &cpu,
				    .pids = {true, 55},
				    .block_io = &io,
				    .hugepage_limits = &huge,
				    .n_hugepage_limits = 1,
				    .rdma = &rdma,
				    .n_rdma = 1};
	struct err e = {0};

	CHECK_OK(apply(&res, &e), e);
	CHECK_STR(got("memory.max"), "1048576");
	CHECK_STR(got("memory.swap.max"), "2097152");
	CHECK_STR(got("memory.low"), "4096");
	CHECK_STR(got("cpu.weight"), "100");
	CHECK_STR(got("cpu.max"), "25000 50000");
	CHECK_STR(got("cpu.max.burst"), "1000");
	CHECK_STR(got("cpu.idle"), "1");
	CHECK_STR(got("cpuset.cpus"), "0-1");
	CHECK_STR(got("cpuset.mems"), "0");
	CHECK_STR(got("pids.max"), "55");
	CHECK_STR(got("io.weight"), "default 4950");
	CHECK_STR(got("io.max"), "8:16 wiops=1000");
	CHECK_STR(got("hugetlb.2MB.max"), "4194304");
	CHECK_STR(got("hugetlb.2MB.rsvd.max"), "4194304");
	CHECK_STR(got("rdma.max"), "mlx5_0 hca_handle=3 hca_object=7");
	finish();
}

TEST(cgroup_v2_unlimited_and_bfq)
{
	fake(ALL, FILES);
	struct oci_memory m = {.limit = {true, -1}};
	struct oci_throttle_device t = {.major = 8, .minor = 0};
	struct oci_weight_device w = {.major = 8, .minor = 0, .weight = {true, 200}};
	struct oci_block_io io = {.weight = {true, 500}, .read_bps = {&t, 1}};
	struct oci_cpu cpu = {.quota = {true, -1}};
	struct oci_resources res = {.memory = &m, .block_io = &io, .cpu = &cpu, .pids = {true, -1}};
	struct err e = {0};

	put("g/io.bfq.weight", "");
	CHECK_OK(apply(&res, &e), e);
	CHECK_STR(got("memory.max"), "max");
	CHECK_STR(got("memory.swap.max"), "max");
	CHECK_STR(got("pids.max"), "max");
	CHECK_STR(got("cpu.max"), "max 100000");
	CHECK_STR(got("io.bfq.weight"), "default 500");
	CHECK_STR(got("io.max"), "8:0 rbps=max");
	put("g/io.bfq.weight", "");
	io = (struct oci_block_io){.weight_devices = &w, .n_weight_devices = 1};
	CHECK_OK(apply(&res, &e), e);
	CHECK_STR(got("io.bfq.weight"), "8:0 200");
	finish();
}

static void refused(const struct oci_resources *res, int code, const char *text)
{
	struct err e = {0};

	CHECK_EQ(apply(res, &e), code);
	CHECK_CONTAINS(e.text, text);
}

TEST(cgroup_v2_refusals)
{
	fake(ALL, FILES);
	struct oci_memory m = {.swappiness = {true, 10}};
	struct oci_cpu cpu = {.realtime_runtime = {true, 1000}};
	struct oci_block_io io = {.leaf_weight = {true, 100}};
	struct oci_resources res = {.memory = &m};

	refused(&res, -EOPNOTSUPP, "linux.resources.memory.swappiness: not possible with cgroup v2");
	m = (struct oci_memory){.disable_oom_killer = {true, true}};
	refused(&res, -EOPNOTSUPP, "linux.resources.memory.disableOOMKiller: not possible with cgroup v2");
	m = (struct oci_memory){.kernel_tcp = {true, 1}};
	refused(&res, -EOPNOTSUPP, "linux.resources.memory.kernelTCP: not possible with cgroup v2");
	put("g/memory.current", "9000\n");
	m = (struct oci_memory){.limit = {true, 8192}, .check_before_update = {true, true}};
	refused(&res, -EBUSY, "linux.resources.memory.limit: 8192 is below what is in use (9000 bytes)");
	m = (struct oci_memory){.limit = {true, 8192}, .swap = {true, 100}};
	refused(&res, -EINVAL, "linux.resources.memory.swap: 100 is less than");
	res = (struct oci_resources){.cpu = &cpu};
	refused(&res, -EOPNOTSUPP, "linux.resources.cpu.realtimeRuntime: not possible with cgroup v2");
	res = (struct oci_resources){.block_io = &io};
	refused(&res, -EOPNOTSUPP, "linux.resources.blockIO.leafWeight: not possible with cgroup v2");
	struct oci_hugepage_limit huge = {.page_size = (char *)"../2MB", .limit = 1};
	res = (struct oci_resources){.hugepage_limits = &huge, .n_hugepage_limits = 1};
	refused(&res, -EINVAL, "linux.resources.hugepageLimits[0].pageSize: \"../2MB\"");
	huge.page_size = (char *)"16GB";
	refused(&res, -EOPNOTSUPP, "no hugetlb.16GB.max");
	finish();
}

TEST(cgroup_v2_without_swap_accounting)
{
	static const char *const files[] = {"memory.max", NULL};
	fake("memory\n", files);
	struct oci_memory m = {.limit = {true, 8192}, .swap = {true, -1}};
	struct oci_resources res = {.memory = &m};
	struct err e = {0};

	CHECK_OK(apply(&res, &e), e); // unlimited swap is what there is
	m.swap.v = 16384;
	refused(&res, -EOPNOTSUPP, "linux.resources.memory.swap: this kernel has no memory.swap.max");
	finish();
}

TEST(cgroup_v2_controllers_not_handed_on)
{
	static const char *const files[] = {NULL};
	fake("pids\n", files);
	struct oci_resources res = {.pids = {true, 5}};
	struct oci_memory m = {.limit = {true, 1 << 20}};
	struct cgroup *c = NULL;
	struct err e = {0};

	put("g/cgroup.controllers", "\n"); // an ordinary file takes "+pids" but nothing follows from it
	CHECK(cgroup_create("/g", &res, 0, &c, &e) < 0);
	CHECK_CONTAINS(e.text, "linux.resources.pids.limit: no pids cgroup can be had in ");
	res = (struct oci_resources){.memory = &m};
	CHECK_EQ(cgroup_create("/g", &res, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "linux.resources.memory.limit: this host has no memory cgroup controller (cgroup v2)");
	put("g/cgroup.procs", "4194301\n");
	CHECK_EQ(cgroup_create("/g", NULL, 0, &c, &e), -EEXIST);
	CHECK_CONTAINS(e.text, "has 1 processes in it (the first is 4194301)");
	put("g/cgroup.procs", "");
	put("g/cgroup.type", "domain invalid\n");
	CHECK_EQ(cgroup_create("/g", NULL, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "is of type \"domain invalid\": a group above it is threaded");
	finish();
}

TEST(cgroup_v2_unified)
{
	fake(ALL, FILES);
	struct cgroup c = {.n = 1, .path = (char *)"/g"};
	struct oci_pair p[] = {{(char *)"memory.high", (char *)"1000"}, {(char *)"io.max", (char *)"8:0 rbps=1\n"}};
	struct oci_resources res = {.unified = {p, 2}};
	struct err e = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/g", top);
	c.dirs[0] = (struct cgroup_dir){.h = &host.h[0],
					.path = (char *)"g",
					.tasks = -1,
					.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.enabled = CG_BIT(CG_MEMORY) | CG_BIT(CG_IO)};
	put("g/memory.high", "");
	CHECK_EQ(cgroup_v2_unified_mask(&res), CG_BIT(CG_MEMORY) | CG_BIT(CG_IO));
	CHECK_OK(cgroup_v2_apply_unified(&c, &res, &e), e);
	CHECK_STR(got("memory.high"), "1000");
	CHECK_STR(got("io.max"), "8:0 rbps=1");
	static const char *const bad[][2] = {{"memory.nothing", "this kernel has no memory.nothing"},
					     {"misc.max", "the misc controller is not handed on to this group"},
					     {"foo.bar", "unified[\"foo.bar\"]: unknown controller"},
					     {"a/b.c", "not a file name"},
					     {"", "not a file name"},
					     {"cgroup.freeze", "not a limit"}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		p[0].key = (char *)bad[i][0];
		CHECK(cgroup_v2_apply_unified(&c, &res, &e) < 0);
		CHECK_CONTAINS(e.text, bad[i][1]);
	}
	fd_close(c.dirs[0].fd);
	finish();
}

TEST(cgroup_v2_stats)
{
	fake(ALL, FILES);
	struct cgroup c = {.n = 1, .path = (char *)"/g"};
	struct cgroup_stats s;
	struct err e = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/g", top);
	c.dirs[0] = (struct cgroup_dir){.h = &host.h[0],
					.path = (char *)"g",
					.tasks = -1,
					.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.enabled = cgroup_controllers_parse(ALL, true)};
	put("g/memory.current", "5000\n");
	put("g/memory.max", "max\n");
	put("g/memory.peak", "6000\n");
	put("g/memory.swap.current", "70\n");
	put("g/memory.stat", "anon 1\nfile 800\nkernel 3\ninactive_file 90\n");
	put("g/memory.events", "low 0\noom 3\noom_kill 2\n");
	put("g/cpu.stat",
	    "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2\n");
	put("g/pids.current", "8\n");
	put("g/pids.max", "9\n");
	put("g/io.stat",
	    "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n8:16 rbytes=10 wbytes=20 rios=30 wios=40\n");
	CHECK_OK(cgroup_read_stats(&c, &s, &e), e);
	CHECK(s.has_memory && s.has_cpu && s.has_pids && s.has_io);
	CHECK_EQ(s.memory_usage, 5000);
	CHECK(s.memory_limit == UINT64_MAX);
	CHECK_EQ(s.memory_peak, 6000);
	CHECK_EQ(s.memory_swap, 70);
	CHECK_EQ(s.memory_cache, 800);
	CHECK_EQ(s.memory_inactive_file, 90);
	CHECK_EQ(s.oom_kills, 2);
	CHECK_EQ(s.cpu_usage_ns, 30000);
	CHECK_EQ(s.cpu_user_ns, 20000);
	CHECK_EQ(s.cpu_system_ns, 10000);
	CHECK_EQ(s.cpu_periods, 4);
	CHECK_EQ(s.cpu_throttled_periods, 3);
	CHECK_EQ(s.cpu_throttled_ns, 2000);
	CHECK_EQ(s.pids_current, 8);
	CHECK_EQ(s.pids_limit, 9);
	CHECK_EQ(s.io_read_bytes, 11);
	CHECK_EQ(s.io_write_bytes, 22);
	CHECK_EQ(s.io_read_ops, 33);
	CHECK_EQ(s.io_write_ops, 44);
	fd_close(c.dirs[0].fd);
	finish();
}
