// SPDX-License-Identifier: Apache-2.0
// Control groups without a kernel: what is found in mountinfo, the grammar of paths, conversions between the two
// versions, device rules as v1 states and as eBPF programs (run here by a small evaluator).
#include "test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static const char SYSTEMD_V1[] =
	"21 26 0:19 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
	"30 21 0:25 / /sys/fs/cgroup ro,nosuid shared:8 - tmpfs tmpfs ro,mode=755\n"
	"31 30 0:26 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	"32 30 0:27 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup rw,xattr,name=systemd\n"
	"36 30 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 - cgroup cgroup rw,cpu,cpuacct\n"
	"37 30 0:32 / /sys/fs/cgroup/net_cls,net_prio rw shared:16 - cgroup cgroup rw,net_cls,net_prio\n"
	"38 30 0:33 / /sys/fs/cgroup/memory rw shared:17 - cgroup cgroup rw,memory\n"
	"90 1 0:33 / /srv/chroot/sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

TEST(cgroup_host_systemd_v1)
{
	struct cgroup_host h;

	cgroup_host_parse(SYSTEMD_V1, &h);
	CHECK_EQ(h.mode, CGROUP_HYBRID);
	CHECK_EQ(h.n, 5);
	CHECK_STR(cgroup_host_find(&h, CG_CPU)->mountpoint, "/sys/fs/cgroup/cpu,cpuacct");
	CHECK(cgroup_host_find(&h, CG_CPU) == cgroup_host_find(&h, CG_CPUACCT));
	CHECK_STR(cgroup_host_find(&h, CG_MEMORY)->mountpoint, "/sys/fs/cgroup/memory");
	CHECK_STR(cgroup_host_v2(&h)->mountpoint, "/sys/fs/cgroup/unified");
	CHECK_STR(h.h[1].options, "name=systemd");
	CHECK_EQ(h.h[1].controllers, 0);
	cgroup_host_v2(&h)->controllers_known = true;
	CHECK(!cgroup_host_find(&h, CG_PIDS));
	cgroup_host_done(&h);
}

TEST(cgroup_host_modes)
{
	struct cgroup_host h;

	cgroup_host_parse("", &h);
	CHECK_EQ(h.mode, CGROUP_NONE);
	cgroup_host_parse("29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &h);
	CHECK_EQ(h.mode, CGROUP_V2);
	cgroup_host_done(&h);
	// systemd's name alone does not make a hybrid host
	cgroup_host_parse("29 22 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
			  "30 22 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
			  &h);
	CHECK_EQ(h.mode, CGROUP_V2);
	cgroup_host_done(&h);
	cgroup_host_parse("29 22 0:26 / /a\\040b rw opt:1 opt:2 - cgroup none rw,memory,release_agent=/x\n", &h);
	CHECK_EQ(h.mode, CGROUP_V1);
	CHECK_STR(h.h[0].mountpoint, "/a b");
	CHECK_STR(h.h[0].options, "memory");
	cgroup_host_done(&h);
	cgroup_host_parse("garbage\n - cgroup\n29 22\n", &h);
	CHECK_EQ(h.mode, CGROUP_NONE);
	cgroup_host_done(&h);
}

TEST(cgroup_host_own_group)
{
	struct cgroup_host h;

	cgroup_host_parse("29 22 0:26 / /u rw - cgroup2 cgroup2 rw\n"
			  "30 22 0:27 /docker/x /m rw - cgroup cgroup rw,memory\n"
			  "31 22 0:28 / /p rw - cgroup cgroup rw,pids\n"
			  "32 22 0:29 /elsewhere /c rw - cgroup cgroup rw,cpu,cpuacct\n",
			  &h);
	h.self = xstrdup(
		"9:cpu,cpuacct:/a\n4:memory:/docker/x/y/z\n3:name=systemd:/\n2:pids:/\n0::/user.slice/s.scope\n");
	CHECK_STR(cgroup_host_own(&h, &h.h[0]), "user.slice/s.scope");
	CHECK_STR(cgroup_host_own(&h, &h.h[1]), "y/z");
	CHECK_STR(cgroup_host_own(&h, &h.h[2]), "");
	CHECK_STR(cgroup_host_own(&h, &h.h[3]), "");
	cgroup_host_done(&h);
}

TEST(cgroup_paths)
{
	struct err e = {0};
	static const char *const good[][2] = {{"/berth/x", "berth/x"},
					      {"a", "a"},
					      {"//a///b/", "a/b"},
					      {"/..a/.b", "..a/.b"},
					      {"sys.slice:p:n", "sys.slice:p:n"}};
	static const char *const bad[][2] = {
		{"", "names no group"},
		{"/", "names no group"},
		{"///", "names no group"},
		{"/a/../b", "\".\" and \"..\" are not allowed"},
		{"..", "\".\" and \"..\" are not allowed"},
		{"./a", "\".\" and \"..\" are not allowed"},
		{"/a\nb", "control character 0x0a at byte 2"},
		{"/a\tb", "control character 0x09"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_free_ char *p = cgroup_path_clean(good[i][0], &e);
		CHECK_STR(p, good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&e);
		CHECK(!cgroup_path_clean(bad[i][0], &e));
		CHECK_CONTAINS(e.text, bad[i][1]);
		CHECK_EQ(e.class, ERR_INVALID);
	}
	char long_name[300];
	memset(long_name, 'a', sizeof(long_name));
	long_name[299] = 0;
	CHECK(!cgroup_path_clean(long_name, &e));
	CHECK_CONTAINS(e.text, "longer than 255");
}

TEST(cgroup_cpu_weights)
{
	CHECK_EQ(cgroup_cpu_weight(2), 1);
	CHECK_EQ(cgroup_cpu_weight(1024), 100);
	CHECK_EQ(cgroup_cpu_weight(262144), 10000);
	CHECK_EQ(cgroup_cpu_weight(512), 59);
	for (uint64_t s = 3; s < 262144; s++) {
		double l = log2((double)s), w = pow(10, (l * l + 125 * l) / 612 - 7.0 / 34);
		CHECK_EQ(cgroup_cpu_weight(s), (uint64_t)ceil(w - 1e-7));
	}
}

TEST(cgroup_io_weights)
{
	CHECK_EQ(cgroup_io_weight(10), 1);
	CHECK_EQ(cgroup_io_weight(1000), 10000);
	CHECK_EQ(cgroup_io_weight(500), 4950);
}

TEST(cgroup_swap_values)
{
	struct err e = {0};
	int64_t v = 0;

	CHECK_OK(cgroup_swap_value(100, 300, &v, &e), e);
	CHECK_EQ(v, 200);
	CHECK_OK(cgroup_swap_value(100, 100, &v, &e), e);
	CHECK_EQ(v, 0);
	CHECK_OK(cgroup_swap_value(100, -1, &v, &e), e);
	CHECK_EQ(v, -1);
	CHECK_OK(cgroup_swap_value(-1, 0, &v, &e), e);
	CHECK_EQ(v, -1);
	CHECK_OK(cgroup_swap_value(100, 0, &v, &e), e);
	CHECK_EQ(v, -2);
	CHECK_EQ(cgroup_swap_value(100, 99, &v, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "memory.swap: 99 is less than the memory limit 100");
	CHECK_EQ(cgroup_swap_value(0, 99, &v, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "needs a memory limit");
	CHECK_EQ(cgroup_swap_value(100, -7, &v, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "neither a size nor -1");
}

// Runs a program as the kernel would: the instructions that the generator uses, and no others.
static int run(const struct bpf_insn *p, size_t n, char type, unsigned access, unsigned major, unsigned minor)
{
	uint64_t r[11] = {0};
	uint32_t ctx[3] = {access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR), major, minor};

	for (size_t pc = 0;; pc++) {
		CHECK(pc < n);
		const struct bpf_insn *i = &p[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W: r[i->dst_reg] = ctx[i->off / 4]; break;
		case BPF_ALU | BPF_MOV | BPF_X: r[i->dst_reg] = (uint32_t)r[i->src_reg]; break;
		case BPF_ALU | BPF_MOV | BPF_K: r[i->dst_reg] = (uint32_t)imm; break;
		case BPF_ALU | BPF_AND | BPF_K: r[i->dst_reg] = (uint32_t)(r[i->dst_reg] & imm); break;
		case BPF_ALU | BPF_RSH | BPF_K: r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> imm; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: r[i->dst_reg] = imm; break;
		case BPF_JMP | BPF_JNE | BPF_K: pc += r[i->dst_reg] != imm ? (size_t)i->off : 0; break;
		case BPF_JMP | BPF_JSET | BPF_K: pc += r[i->dst_reg] & imm ? (size_t)i->off : 0; break;
		case BPF_JMP | BPF_JA: pc += (size_t)i->off; break;
		case BPF_JMP | BPF_EXIT: return (int)r[0];
		default: test_fail(__FILE__, __LINE__, "instruction 0x%x", i->code);
		}
	}
}

// What the rules mean, written down in the plainest way: each access is decided by the last rule that names it.
static bool meant(const struct cgroup_device_rule *r, size_t n, char type, unsigned access, int major, int minor)
{
	for (unsigned bit = 1; bit < 8; bit <<= 1) {
		bool ok = false;
		for (size_t i = 0; i < n; i++)
			if (r[i].access & bit && (r[i].type == 'a' || r[i].type == type) &&
			    (r[i].major < 0 || r[i].major == major) && (r[i].minor < 0 || r[i].minor == minor))
				ok = r[i].allow;
		if (access & bit && !ok)
			return false;
	}
	return true;
}

static bool state_allows(const struct cgroup_device_state *s, char type, unsigned access, int major, int minor)
{
	unsigned excepted = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].type == type && (s->v[i].major < 0 || s->v[i].major == major) &&
		    (s->v[i].minor < 0 || s->v[i].minor == minor))
			excepted |= s->v[i].access;
	return s->allow ? !(access & excepted) : !(access & ~excepted);
}

static unsigned compared;
static void compare_all(const struct cgroup_device_rule *r, size_t n)
{
	size_t len = 0;
	struct bpf_insn *p = cgroup_device_program(r, n, &len);
	struct cgroup_device_state s = {0};
	bool v1 = cgroup_device_state_build(r, n, &s, NULL) >= 0;

	for (size_t i = 0; i < n; i++) // v1 leaves "nodes may be made" whole
		v1 = v1 && (r[i].access != CGROUP_DEV_MKNOD || r[i].major >= 0 || r[i].minor >= 0);

	for (unsigned i = 0; i < 2 * 7 * 4 * 4; i++) {
		char type = i & 1 ? 'b' : 'c';
		unsigned access = 1 + (i >> 1) % 7;
		int major = (int)(i / 14 % 4), minor = (int)(i / 56);
		CHECK_EQ(run(p, len, type, access, (unsigned)major, (unsigned)minor),
			 meant(r, n, type, access, major, minor));
		if (v1 && ++compared)
			CHECK_EQ(state_allows(&s, type, access, major, minor), meant(r, n, type, access, major, minor));
	}
	free(p);
	free(s.v);
}

TEST(cgroup_device_programs_random)
{
	unsigned seed = 4711;

	for (int round = 0; round < 3000; round++) {
		struct cgroup_device_rule r[8];
		size_t n = 1 + (size_t)(rand_r(&seed) % 8);
		for (size_t i = 0; i < n; i++)
			r[i] = (struct cgroup_device_rule){.allow = rand_r(&seed) & 1,
							   .type = "abc"[rand_r(&seed) % 3],
							   .major = rand_r(&seed) % 4 - 1,
							   .minor = rand_r(&seed) % 4 - 1,
							   .access = (uint8_t)(rand_r(&seed) % 3
										       ? 7
										       : 1 + rand_r(&seed) % 7)};
		compare_all(r, n);
	}
	CHECK(compared > 100000);
}

TEST(cgroup_device_program_corners)
{
	const struct cgroup_device_rule halves[] = {{true, 'c', 1, 3, CGROUP_DEV_READ},
						    {true, 'c', 1, 3, CGROUP_DEV_WRITE}};
	const struct cgroup_device_rule narrow[] = {{true, 'c', 1, -1, 7}, {false, 'c', 1, 3, CGROUP_DEV_WRITE}};
	size_t n = 0;
	struct bpf_insn *p = cgroup_device_program(halves, 2, &n);

	CHECK_EQ(run(p, n, 'c', CGROUP_DEV_READ | CGROUP_DEV_WRITE, 1, 3), 1);
	CHECK_EQ(run(p, n, 'c', CGROUP_DEV_MKNOD, 1, 3), 0);
	CHECK_EQ(run(p, n, 'c', 0, 1, 3), 1);
	CHECK_EQ(run(p, n, 'c', 0, 1, 5), 0); // an open for neither is one for reading
	free(p);
	p = cgroup_device_program(narrow, 2, &n);
	CHECK_EQ(run(p, n, 'c', CGROUP_DEV_READ | CGROUP_DEV_WRITE, 1, 3), 0);
	CHECK_EQ(run(p, n, 'c', CGROUP_DEV_READ, 1, 3), 1);
	free(p);
	p = cgroup_device_program(NULL, 0, &n);
	CHECK_EQ(run(p, n, 'c', CGROUP_DEV_READ, 1, 3), 0);
	free(p);
}

static struct oci_device_rule oci(bool allow, char type, int64_t major, int64_t minor, const char *access)
{
	return (struct oci_device_rule){.allow = allow,
					.type = type,
					.major = {major >= 0, major},
					.minor = {minor >= 0, minor},
					.access = (char *)access};
}

TEST(cgroup_device_rule_list)
{
	struct oci_device_rule v[] = {oci(false, 'a', -1, -1, "rwm"), oci(true, 'c', 10, 200, NULL),
				      oci(false, 'c', 1, 9, "w")};
	struct oci_resources res = {.devices = v, .n_devices = 3};
	struct cgroup_device_rule *r = NULL;
	struct err e = {0};
	size_t n = 0;

	CHECK_OK(cgroup_device_rules(&res, &r, &n, &e), e);
	CHECK_EQ(n, 1 + cgroup_n_default_devices + 2);
	CHECK(meant(r, n, 'c', CGROUP_DEV_READ | CGROUP_DEV_WRITE, 1, 3)); // the leading deny does not take /dev/null
	CHECK(meant(r, n, 'c', 7, 10, 200));
	CHECK(meant(r, n, 'c', CGROUP_DEV_READ, 1, 9) && !meant(r, n, 'c', CGROUP_DEV_WRITE, 1, 9));
	CHECK(!meant(r, n, 'b', CGROUP_DEV_READ, 8, 0) && meant(r, n, 'b', CGROUP_DEV_MKNOD, 8, 0));
	free(r);
	v[2] = oci(false, 'a', -1, -1, NULL); // but one that comes later does
	CHECK_OK(cgroup_device_rules(&res, &r, &n, &e), e);
	CHECK(!meant(r, n, 'c', CGROUP_DEV_READ, 1, 3));
	free(r);
}

TEST(cgroup_device_rule_errors)
{
	struct oci_device_rule v = oci(true, 'c', 1, 3, "rx");
	struct oci_resources res = {.devices = &v, .n_devices = 1};
	struct cgroup_device_rule *r = NULL;
	struct err e = {0};
	size_t n = 0;

	CHECK_EQ(cgroup_device_rules(&res, &r, &n, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "linux.resources.devices[0].access: \"rx\"");
	v = oci(true, 'p', 1, 3, "r");
	CHECK_EQ(cgroup_device_rules(&res, &r, &n, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "linux.resources.devices[0].type: 'p'");
	v = oci(true, 'c', INT64_C(1) << 40, 3, "r");
	CHECK_EQ(cgroup_device_rules(&res, &r, &n, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "devices[0].major: 1099511627776 is no device number");
	res.n_devices = 5000;
	CHECK_EQ(cgroup_device_rules(&res, &r, &n, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "5000 rules");
	CHECK(!r);

	const struct cgroup_device_rule hole[] = {{true, 'c', 1, -1, 7}, {false, 'c', 1, 3, CGROUP_DEV_WRITE}};
	struct cgroup_device_state s = {0};
	CHECK_EQ(cgroup_device_state_build(hole, 2, &s, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "cannot deny \"c 1:3 w\" inside of \"c 1:* rwm\"");
}

TEST(cgroup_asked_fields)
{
	struct oci_memory m = {.limit = {true, 0}, .swap = {true, -1}};
	struct oci_cpu cpu = {.quota = {true, -1}, .cpus = (char *)""};
	struct oci_resources res = {.memory = &m, .cpu = &cpu};

	CHECK_EQ(cgroup_asked_mask(&res), 0); // zero and unlimited ask for nothing
	res.pids.set = true;
	CHECK_EQ(cgroup_asked_mask(&res), 0);
	m.reservation = (struct opt_i64){true, 4096};
	CHECK_STR(cgroup_asked(&res, CG_MEMORY), "linux.resources.memory.reservation");
	cpu.mems = (char *)"0";
	CHECK_STR(cgroup_asked(&res, CG_CPUSET), "linux.resources.cpu.mems");
	cpu.shares = (struct opt_u64){true, 5};
	CHECK_STR(cgroup_asked(&res, CG_CPU), "linux.resources.cpu.shares");
	res.pids.limit = 7;
	CHECK_STR(cgroup_asked(&res, CG_PIDS), "linux.resources.pids.limit");
	CHECK_EQ(cgroup_asked_mask(&res), CG_BIT(CG_MEMORY) | CG_BIT(CG_CPUSET) | CG_BIT(CG_CPU) | CG_BIT(CG_PIDS));
	CHECK(!cgroup_asked(NULL, CG_MEMORY));
}

TEST(cgroup_open_refuses_damage)
{
	static const char *const bad[][2] = {
		{"{}", "\"path\" and \"groups\" are missing"},
		{"{\"path\":\"/x\",\"groups\":[{}]}", "a group's entry is damaged"},
		{"{\"path\":\"/x\",\"groups\":[{\"v2\":true,\"hierarchy\":\"\",\"path\":\"a/../../x\",\"keep\":0}]}",
		 "\"..\" are not allowed"},
		{"{\"path\":\"/x\",\"groups\":[{\"v2\":true,\"hierarchy\":\"\",\"path\":\"x\",\"keep\":9}]}",
		 "entry is damaged"},
		{"{\"path\":\"/x\",\"groups\":[{\"v2\":true,\"hierarchy\":\"\",\"path\":\"x\",\"keep\":-3}]}",
		 "entry is damaged"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct arena a = {0};
		struct json *j = NULL;
		struct cgroup *c = NULL;
		struct err e = {0};
		CHECK_OK(json_parse(&a, bad[i][0], strlen(bad[i][0]), NULL, &j, &e), e);
		CHECK_EQ(cgroup_open(j, &c, &e), -EINVAL);
		CHECK(!c);
		CHECK_CONTAINS(e.text, bad[i][1]);
		arena_done(&a);
	}
}

static void put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fd_write_full(fd, text, strlen(text)) >= 0);
	fd_close(fd);
}

TEST(cgroup_v1_block_io_is_summed)
{
	static const char *const files[] = {"blkio.throttle.io_service_bytes_recursive",
					    "blkio.throttle.io_serviced_recursive"};
	char top[] = "/tmp/berth-cg1.XXXXXX";
	struct cgroup_hierarchy h = {.mountpoint = top, .options = (char *)"blkio", .controllers = CG_BIT(CG_IO)};
	struct cgroup c = {.n = 1, .path = (char *)"/g"};
	struct cgroup_stats s;
	struct err e = {0};

	CHECK(mkdtemp(top));
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.dirs[0] = (struct cgroup_dir){.h = &h, .fd = fd, .tasks = -1, .path = top, .enabled = h.controllers};
	put(fd, files[0], "8:0 Read 100\n8:0 Write 20\n8:0 Sync 120\n253:16 Read 1\n253:16 Write 2\nTotal 123\n");
	put(fd, files[1], "8:0 Read 5\n8:0 Write 6\n8:0 Total 11\nTotal 11\n");
	CHECK_EQ(cgroup_read_stats(&c, &s, &e), -ENOENT); // with nothing but block devices
	put(fd, "cpu.stat", "nr_periods 3\n");
	put(fd, "pids.current", "1\n");
	c.dirs[0].enabled |= CG_BIT(CG_PIDS);
	CHECK_OK(cgroup_read_stats(&c, &s, &e), e);
	CHECK(s.has_io && s.has_pids && !s.has_cpu && !s.has_memory);
	CHECK_EQ(s.io_read_bytes, 101);
	CHECK_EQ(s.io_write_bytes, 22);
	CHECK_EQ(s.io_read_ops, 5);
	CHECK_EQ(s.io_write_ops, 6);
	unlinkat(fd, files[0], 0);
	unlinkat(fd, files[1], 0);
	unlinkat(fd, "cpu.stat", 0);
	unlinkat(fd, "pids.current", 0);
	CHECK(!rmdir(top));
	fd_close(fd);
}

TEST(cgroup_knows_user_namespaces)
{
	CHECK(!cgroup_in_user_namespace() || geteuid());
	if (unshare(CLONE_NEWUSER))
		test_skip("no user namespaces");
	CHECK(cgroup_in_user_namespace());
}
