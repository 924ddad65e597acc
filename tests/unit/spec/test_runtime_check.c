// SPDX-License-Identifier: Apache-2.0
// The checks beyond types: a sound configuration with one thing changed, and the story that must come of it.
#include "base/str.h"
#include "spec/runtime.h"
#include "spec/runtime_check.h"
#include "test.h"

#include <sys/resource.h>

#define ALL_NAMESPACES                                                                                                 \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},{\"type\":\"network\"},{\"type\":" \
	"\"time\"}]"
#define SOUND_PROCESS "\"args\":[\"true\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"]"

// Each piece is put behind the sound members of its object.
static int check(const char *top, const char *process, const char *linux_members, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
	_cleanup_oci_spec_ struct oci_spec *s = NULL;

	buf_addf(&text, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{%s%s},\"linux\":{%s}%s}",
		 SOUND_PROCESS, process, linux_members, top);
	CHECK_OK(oci_spec_parse(text.data, text.len, &s, e), *e);
	return oci_spec_check(s, e);
}

static void refused(const char *top, const char *process, const char *linux_members, const char *story)
{
	struct err e = {0};

	CHECK(check(top, process, linux_members, &e) < 0);
	CHECK_STR(e.text, story);
}

static void top(const char *members, const char *story)
{
	refused(members, "", ALL_NAMESPACES, story);
}
static void process(const char *members, const char *story)
{
	refused("", members, ALL_NAMESPACES, story);
}

static void linux_with(const char *members, const char *story)
{
	_cleanup_buf_ struct buf all = BUF_INIT(1 << 20);

	buf_addf(&all, "%s,%s", ALL_NAMESPACES, members);
	if (story) {
		refused("", "", all.data, story);
	} else {
		struct err e = {0};
		CHECK_OK(check("", "", all.data, &e), e);
	}
}

static void resources(const char *members, const char *story)
{
	_cleanup_buf_ struct buf all = BUF_INIT(1 << 20);

	buf_addf(&all, "\"resources\":{%s}", members);
	linux_with(all.data, story);
}

static void seccomp(const char *members, const char *story)
{
	_cleanup_buf_ struct buf all = BUF_INIT(1 << 20);

	buf_addf(&all, "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"%s}", members);
	linux_with(all.data, story);
}

TEST(check_sound_configuration)
{
	struct err e = {0};

	CHECK_OK(check("", "", ALL_NAMESPACES, &e), e);
	CHECK_OK(check(",\"hostname\":\"x\",\"domainname\":\"y\",\"annotations\":{\"a\":\"\"}", "", ALL_NAMESPACES, &e),
		 e);
}

static int version(const char *text, struct err *e)
{
	_cleanup_oci_spec_ struct oci_spec *s = oci_spec_new();

	s->oci_version = arena_strdup(&s->arena, text);
	return oci_spec_check(s, e);
}

TEST(check_versions)
{
	static const char *const good[] = {"1.0.0", "1.0.2-dev", "1.2.1+dev", "1.3.0-rc.1+x", "1.10.20"};
	static const char *const bad[] = {"",       "1",      "1.0",    "1.0.0.0", "01.0.0", "1.00.0", "1.0.x",
					  "v1.0.0", "1.0.0 ", "1.0.0-", "1.0.0/x", "-1.0.0", "1..0"};
	struct err e = {0};

	// A sound version lets the check go on to the missing root.
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(version(good[i], &e), -EINVAL);
		CHECK_STR(e.text, "root: missing");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(version(bad[i], &e), -EINVAL);
		CHECK_CONTAINS(e.text, "is not a version");
	}
	CHECK_EQ(version("2.0.0", &e), -EOPNOTSUPP);
	CHECK_EQ(version("0.9.0", &e), -EOPNOTSUPP);
	CHECK_EQ(e.class, ERR_UNSUPPORTED);
	CHECK_STR(e.text, "ociVersion: 0.9.0: version 1 is supported");
}

TEST(check_process_is_needed)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}";
	_cleanup_oci_spec_ struct oci_spec *s = NULL;
	struct err e = {0};

	CHECK_OK(oci_spec_parse(text, sizeof(text) - 1, &s, &e), e);
	CHECK_EQ(oci_spec_check(s, &e), -EINVAL);
	CHECK_STR(e.text, "process: missing, without it nothing can be started");
}

TEST(check_process_members)
{
	struct oci_process p = {0};
	struct err e = {0};
	char *argv[] = {(char *)"x"};

	CHECK_EQ(oci_process_check(&p, &e), -EINVAL);
	CHECK_STR(e.text, "process.cwd: missing");
	p.cwd = (char *)"bin";
	CHECK_EQ(oci_process_check(&p, &e), -EINVAL);
	CHECK_STR(e.text, "process.cwd: \"bin\" is not an absolute path");
	p.cwd = (char *)"/";
	CHECK_EQ(oci_process_check(&p, &e), -EINVAL);
	CHECK_STR(e.text, "process.args: missing");
	p.args = (struct oci_strings){argv, 1};
	CHECK_OK(oci_process_check(&p, &e), e);
	char *env[] = {(char *)"A=", (char *)"B"};
	p.env = (struct oci_strings){env, 2};
	CHECK_EQ(oci_process_check(&p, &e), -EINVAL);
	CHECK_STR(e.text, "process.env[1]: \"B\" is not NAME=value");
	env[1] = (char *)"=x";
	CHECK_EQ(oci_process_check(&p, &e), -EINVAL);
}

TEST(check_ids)
{
	process(",\"user\":{\"uid\":4294967295,\"gid\":0}", "process.user.uid: 4294967295 is not an id");
	process(",\"user\":{\"uid\":0,\"gid\":4294967295}", "process.user.gid: 4294967295 is not an id");
	process(",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,4294967295]}",
		"process.user.additionalGids[1]: 4294967295 is not an id");
	process(",\"user\":{\"uid\":0,\"gid\":0,\"umask\":512}", "process.user.umask: 512 is above 511 (0777)");
}

TEST(check_rlimits)
{
	process(",\"rlimits\":[{\"type\":\"RLIMIT_FOO\",\"soft\":1,\"hard\":1}]",
		"process.rlimits[0].type: \"RLIMIT_FOO\" is unknown");
	process(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},{\"type\":\"RLIMIT_CPU\",\"soft\":1,"
		"\"hard\":1}]",
		"process.rlimits[1].type: a second RLIMIT_CPU");
	process(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]",
		"process.rlimits[0]: RLIMIT_CPU: soft 2 is above hard 1");
	CHECK_EQ(oci_rlimit_value("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_EQ(oci_rlimit_value("RLIMIT_RTTIME"), RLIMIT_RTTIME);
	CHECK_EQ(oci_rlimit_value("nofile"), -EINVAL);
}

TEST(check_scheduling)
{
	process(",\"oomScoreAdj\":1001", "process.oomScoreAdj: 1001 is out of range (-1000 to 1000)");
	process(",\"scheduler\":{\"policy\":\"SCHED_FAST\"}", "process.scheduler.policy: \"SCHED_FAST\" is unknown");
	process(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
		"process.scheduler.nice: 20 is out of range (-20 to 19)");
	process(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":5}",
		"process.scheduler.priority: 5: only for SCHED_FIFO and SCHED_RR");
	process(",\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":100}",
		"process.scheduler.priority: 100: out of range (1 to 99)");
	process(",\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1,\"period\":5}",
		"process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE");
	process(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}",
		"process.scheduler.flags[0]: \"X\" is unknown");
	process(",\"ioPriority\":{\"class\":\"BE\"}", "process.ioPriority.class: \"BE\" is unknown");
	process(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}",
		"process.ioPriority.priority: 8 is out of range (0 to 7)");
	process(",\"execCPUAffinity\":{\"initial\":\"0-\"}",
		"process.execCPUAffinity.initial: \"0-\" is not a list like \"0-3,7\"");
}

TEST(check_cpu_lists)
{
	static const char *const good[] = {"0", "0-3", "0-3,7", "7,0-3,5", "0-0", "999999"};
	static const char *const bad[] = {"",     ",",     "0,", ",0", "0-",  "-1",     "3-0",
					  "0--3", "0-1-2", "a",  "0 ", "0\n", "1234567"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!check_cpu_list(good[i]))
			test_fail(__FILE__, __LINE__, "\"%s\" was refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (check_cpu_list(bad[i]))
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
}

TEST(check_root_names_mounts_hooks)
{
	struct err e = {0};

	refused(",\"hostname\":\"x\"", "", "\"namespaces\":[{\"type\":\"mount\"}]",
		"hostname: needs a uts namespace in linux.namespaces");
	refused(",\"domainname\":\"x\"", "", "\"namespaces\":[{\"type\":\"mount\"}]",
		"domainname: needs a uts namespace in linux.namespaces");
	// As with runc, an empty one asks for nothing.
	CHECK_OK(check(",\"hostname\":\"\"", "", "\"namespaces\":[{\"type\":\"mount\"}]", &e), e);
	top(",\"hostname\":\"01234567890123456789012345678901234567890123456789012345678901234\"",
	    "hostname: longer than 64 bytes");
	top(",\"mounts\":[{\"destination\":\"\"}]", "mounts[0].destination: must not be empty");
	top(",\"mounts\":[{\"destination\":\"/x\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}]",
	    "mounts[0]: uidMappings and gidMappings must come together");
	top(",\"hooks\":{\"poststop\":[{\"path\":\"/ok\"},{\"path\":\"bin/x\"}]}",
	    "hooks.poststop[1].path: \"bin/x\" is not an absolute path");
	top(",\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}",
	    "hooks.prestart[0].timeout: 0 is not above 0");
	top(",\"annotations\":{\"\":\"x\"}", "annotations: a name must not be empty");
}

TEST(check_namespaces_and_mappings)
{
#define MOUNT_AND    "\"namespaces\":[{\"type\":\"mount\"},"
#define MAP(c, h, n) "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #n "}"
	struct err e = {0};

	refused("", "", MOUNT_AND "{\"type\":\"mount\"}]", "linux.namespaces[1]: a second mount namespace");
	refused("", "", MOUNT_AND "{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]",
		"linux.namespaces[1].path: \"proc/1/ns/pid\" is not an absolute path");
	refused("", "", "\"namespaces\":[{\"type\":\"pid\"}]",
		"linux.namespaces: a container without a mount namespace is not supported");
	linux_with("\"gidMappings\":[" MAP(0, 0, 1) "]",
		   "linux.gidMappings: needs a user namespace in linux.namespaces");
	refused("", "", MOUNT_AND "{\"type\":\"user\"}],\"uidMappings\":[" MAP(0, 0, 1) "]",
		"linux.gidMappings: missing, a new user namespace needs both mappings");
	refused("", "", MOUNT_AND "{\"type\":\"user\"}]",
		"linux.uidMappings: missing, a new user namespace needs both mappings");
	CHECK_OK(check("", "", MOUNT_AND "{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}]", &e), e);
	CHECK_OK(check("", "",
		       MOUNT_AND "{\"type\":\"user\"}],\"uidMappings\":[" MAP(
			       0, 0, 4294967295) "],\"gidMappings\":[" MAP(0, 1000, 1) "," MAP(1, 100000, 65536) "]",
		       &e),
		 e);
	linux_with("\"uidMappings\":[" MAP(0, 0, 0) "]", "linux.uidMappings[0].size: must not be 0");
	linux_with("\"uidMappings\":[" MAP(1, 0, 4294967295) "]", "linux.uidMappings[0]: exceeds the 32-bit ids");
	linux_with("\"uidMappings\":[" MAP(0, 100, 10) "," MAP(9, 200, 1) "]",
		   "linux.uidMappings[1]: overlaps linux.uidMappings[0]");
	linux_with("\"uidMappings\":[" MAP(0, 100, 10) "," MAP(10, 95, 6) "]",
		   "linux.uidMappings[1]: overlaps linux.uidMappings[0]");
}

TEST(check_time_offsets)
{
	linux_with("\"timeOffsets\":{\"boottime\":{\"secs\":-5,\"nanosecs\":999999999}}", NULL);
	linux_with("\"timeOffsets\":{\"realtime\":{\"secs\":1}}",
		   "linux.timeOffsets: \"realtime\" is not a clock (monotonic, boottime)");
	linux_with("\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}",
		   "linux.timeOffsets.monotonic.nanosecs: 1000000000 is not below 1000000000");
	refused("", "", "\"namespaces\":[{\"type\":\"mount\"}],\"timeOffsets\":{\"monotonic\":{\"secs\":1}}",
		"linux.timeOffsets: needs a new time namespace in linux.namespaces");
	refused("", "",
		MOUNT_AND "{\"type\":\"time\",\"path\":\"/proc/1/ns/time\"}],\"timeOffsets\":{\"monotonic\":{}}",
		"linux.timeOffsets: needs a new time namespace in linux.namespaces");
}

TEST(check_net_devices)
{
	linux_with("\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{},\"eth2\":{\"name\":\"eth0\"}}", NULL);
	refused("", "", "\"namespaces\":[{\"type\":\"mount\"}],\"netDevices\":{\"eth0\":{}}",
		"linux.netDevices: needs a network namespace in linux.namespaces");
	linux_with("\"netDevices\":{\"a/b\":{}}", "linux.netDevices: \"a/b\" is not an interface name");
	linux_with("\"netDevices\":{\"sixteencharacter\":{}}",
		   "linux.netDevices: \"sixteencharacter\" is not an interface name");
	linux_with("\"netDevices\":{\"eth0\":{\"name\":\"..\"}}",
		   "linux.netDevices.eth0.name: \"..\" is not an interface name");
	linux_with("\"netDevices\":{\"eth0\":{\"name\":\"a b\"}}",
		   "linux.netDevices.eth0.name: \"a b\" is not an interface name");
	linux_with("\"netDevices\":{\"eth0\":{\"name\":\"x%d\"}}",
		   "linux.netDevices.eth0.name: \"x%d\" is not an interface name");
	linux_with("\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"eth0\"}}",
		   "linux.netDevices.eth1.name: \"eth0\" is taken by eth0");
}

static void sysctl(const char *name, const char *story)
{
	_cleanup_buf_ struct buf all = BUF_INIT(10000);

	buf_addf(&all, "\"sysctl\":{\"%s\":\"1\"}", name);
	linux_with(all.data, story);
}

TEST(check_sysctls)
{
	struct err e = {0};

	sysctl("net.ipv4.ip_forward", NULL);
	sysctl("net/ipv4/ip_forward", NULL);
	sysctl("net/ipv4/conf/eth0.100/rp_filter", NULL);
	sysctl("net.ipv4.conf.eth0/100.rp_filter", NULL);
	sysctl("kernel.shm_rmid_forced", NULL);
	sysctl("fs.mqueue.msg_max", NULL);
	sysctl("kernel.domainname", NULL);
	sysctl("kernel.hostname", "linux.sysctl: kernel.hostname: the member hostname sets it");
	sysctl("kernel/hostname", "linux.sysctl: kernel/hostname: the member hostname sets it");
	sysctl("kernel.panic", "linux.sysctl: kernel.panic: belongs to no namespace, it would change the host");
	sysctl("vm.swappiness", "linux.sysctl: vm.swappiness: belongs to no namespace, it would change the host");
	sysctl("netx.y", "linux.sysctl: netx.y: belongs to no namespace, it would change the host");
	sysctl("user.max_user_namespaces",
	       "linux.sysctl: user.max_user_namespaces: needs a namespace of type user in linux.namespaces");
	refused("", "", "\"namespaces\":[{\"type\":\"mount\"}],\"sysctl\":{\"net.x\":\"1\"}",
		"linux.sysctl: net.x: needs a namespace of type network in linux.namespaces");
	refused("", "", "\"namespaces\":[{\"type\":\"mount\"}],\"sysctl\":{\"kernel.sem\":\"1\"}",
		"linux.sysctl: kernel.sem: needs a namespace of type ipc in linux.namespaces");
	CHECK_OK(check("", "",
		       "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/run/netns/a\"}],"
		       "\"sysctl\":{\"net.x\":\"1\"}",
		       &e),
		 e);
}

TEST(check_sysctl_names_stay_below_proc_sys)
{
	static const char *const bad[] = {"",
					  ".",
					  "net..x",
					  "net.",
					  ".net.x",
					  "/net/x",
					  "net/../kernel/panic",
					  "net.ipv4./../x",
					  "net//x",
					  "net/x/",
					  "net.x y",
					  "net.x\\n",
					  "net.x;",
					  "net/.x",
					  "net/.../x"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf all = BUF_INIT(10000);
		struct err e = {0};
		buf_addf(&all, "%s,\"sysctl\":{\"%s\":\"1\"}", ALL_NAMESPACES, bad[i]);
		if (check("", "", all.data, &e) >= 0 || !strstr(e.text, "is not the name of a sysctl"))
			test_fail(__FILE__, __LINE__, "\"%s\": \"%s\"", bad[i], e.text);
	}
}

TEST(check_devices_and_paths)
{
	linux_with("\"devices\":[{\"path\":\"/dev/p\",\"type\":\"p\"},{\"path\":\"/dev/"
		   "x\",\"type\":\"u\",\"major\":1,\"minor\":0}]",
		   NULL);
	linux_with("\"devices\":[{\"path\":\"dev/x\",\"type\":\"c\",\"major\":1,\"minor\":1}]",
		   "linux.devices[0].path: \"dev/x\" is not an absolute path");
	linux_with("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"b\"}]",
		   "linux.devices[0]: type \"b\" needs major and minor");
	linux_with("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":4096,\"minor\":0}]",
		   "linux.devices[0]: 4096:0 is not a device number");
	linux_with("\"maskedPaths\":[\"/proc/kcore\",\"proc\"]",
		   "linux.maskedPaths[1]: \"proc\" is not an absolute path");
	linux_with("\"readonlyPaths\":[\"\"]", "linux.readonlyPaths[0]: \"\" is not an absolute path");
	linux_with("\"rootfsPropagation\":\"rslave\"", NULL);
	linux_with("\"rootfsPropagation\":\"public\"",
		   "linux.rootfsPropagation: \"public\" is not one of shared, slave, private, unbindable");
	linux_with("\"cgroupsPath\":\"/a/..b/c..\"", NULL);
	linux_with("\"cgroupsPath\":\"machine.slice:berth:abc\"", NULL);
	linux_with("\"cgroupsPath\":\"/a/../b\"", "linux.cgroupsPath: must not contain \"..\" or control characters");
	linux_with("\"cgroupsPath\":\"..\"", "linux.cgroupsPath: must not contain \"..\" or control characters");
	linux_with("\"cgroupsPath\":\"/a\\nb\"", "linux.cgroupsPath: must not contain \"..\" or control characters");
}

TEST(check_resources)
{
#define R "linux.resources."
	resources("\"devices\":[{\"allow\":true,\"access\":\"rx\"}]",
		  R "devices[0].access: \"rx\" is not made of r, w and m");
	resources("\"devices\":[{\"allow\":true,\"access\":\"\"}]",
		  R "devices[0].access: \"\" is not made of r, w and m");
	resources("\"devices\":[{\"allow\":true,\"major\":-2}]", R "devices[0]: numbers must be -1 (all) or more");
	resources("\"memory\":{\"limit\":-2}", R "memory.limit: -2 is neither a size nor -1 (unlimited)");
	resources("\"memory\":{\"kernelTCP\":-9}", R "memory.kernelTCP: -9 is neither a size nor -1 (unlimited)");
	resources("\"memory\":{\"limit\":100,\"swap\":99}",
		  R "memory.swap: 99 is below the memory limit of 100, which it includes");
	resources("\"memory\":{\"limit\":100,\"swap\":-1}", NULL);
	resources("\"memory\":{\"swappiness\":101}", R "memory.swappiness: 101 is above 100");
	resources("\"cpu\":{\"quota\":100,\"burst\":101}", R "cpu.burst: 101 is above the quota of 100");
	resources("\"cpu\":{\"quota\":-1,\"burst\":101,\"cpus\":\"\"}", NULL);
	resources("\"cpu\":{\"idle\":2}", R "cpu.idle: 2 is neither 0 nor 1");
	resources("\"cpu\":{\"cpus\":\"0;1\"}", R "cpu.cpus: \"0;1\" is not a list like \"0-3,7\"");
	resources("\"cpu\":{\"mems\":\"x\"}", R "cpu.mems: \"x\" is not a list like \"0-3,7\"");
	resources("\"blockIO\":{\"weight\":0,\"leafWeight\":1000}", NULL);
	resources("\"blockIO\":{\"leafWeight\":9}", R "blockIO.leafWeight: must be 10 to 1000");
	resources("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}",
		  R "blockIO.weightDevice[0]: needs weight or leafWeight");
	resources("\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":1}]",
		  R "hugepageLimits[0].pageSize: \"../x\" is not a size like \"2MB\"");
	resources("\"hugepageLimits\":[{\"pageSize\":\"2MiB\",\"limit\":1}]",
		  R "hugepageLimits[0].pageSize: \"2MiB\" is not a size like \"2MB\"");
	resources("\"network\":{\"priorities\":[{\"name\":\"a/b\",\"priority\":1}]}",
		  R "network.priorities[0].name: \"a/b\" is not an interface name");
	resources("\"rdma\":{\"mlx\":{}}", R "rdma.mlx: needs hcaHandles or hcaObjects");
	resources("\"rdma\":{\"m x\":{\"hcaHandles\":1}}", R "rdma: \"m x\" is not the name of a device");
	resources("\"unified\":{\"memory.high\":\"1\",\"hugetlb.1GB.max\":\"1\"}", NULL);
	resources("\"unified\":{\"../x.y\":\"1\"}", R "unified: \"../x.y\" is not the name of a cgroup file");
	resources("\"unified\":{\"a/b.c\":\"1\"}", R "unified: \"a/b.c\" is not the name of a cgroup file");
	resources("\"unified\":{\"memory\":\"1\"}", R "unified: \"memory\" is not the name of a cgroup file");
}

TEST(check_seccomp)
{
#define RULE ",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
#define SC   "linux.seccomp."
	seccomp(",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]", NULL);
	seccomp(",\"architectures\":[\"x86\"]", SC "architectures[0]: \"x86\" is unknown");
	seccomp(",\"flags\":[\"LOG\"]", SC "flags[0]: \"LOG\" is unknown");
	seccomp(",\"defaultErrnoRet\":4095", NULL);
	seccomp(",\"defaultErrnoRet\":4096", SC "defaultErrnoRet: 4096 is above 4095");
	seccomp(",\"listenerMetadata\":\"x\"", SC "listenerMetadata: needs listenerPath");
	seccomp(",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}]",
		SC "syscalls[0].names: must not be empty");
	seccomp(RULE "\"SCMP_ACT_ALLOW\",\"errnoRet\":1}]",
		SC "syscalls[0].errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one");
	seccomp(RULE "\"SCMP_ACT_TRACE\",\"errnoRet\":65535}]", NULL);
	seccomp(RULE "\"SCMP_ACT_TRACE\",\"errnoRet\":65536}]", SC "syscalls[0].errnoRet: 65536 is above 65535");
	seccomp(RULE "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]",
		SC "syscalls[0].args[0].index: 6 is above 5");
	seccomp(RULE "\"SCMP_ACT_NOTIFY\"}]", SC "listenerPath: missing, syscalls[0] uses SCMP_ACT_NOTIFY");
	seccomp(",\"listenerPath\":\"/x\"" RULE "\"SCMP_ACT_NOTIFY\"}]", NULL);
	seccomp(",\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":[\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]",
		SC "syscalls[0]: SCMP_ACT_NOTIFY cannot be used for write");
	linux_with("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		   SC "defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	linux_with("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		   SC "defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one");
}

TEST(check_small_sections)
{
	linux_with("\"intelRdt\":{\"closID\":\"a/b\"}", "linux.intelRdt.closID: \"a/b\" is not the name of a folder");
	linux_with("\"intelRdt\":{\"closID\":\"..\"}", "linux.intelRdt.closID: \"..\" is not the name of a folder");
	linux_with("\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}",
		   "linux.intelRdt.memBwSchema: must be one line that begins with \"MB:\"");
	linux_with("\"intelRdt\":{\"schemata\":[\"MB:0=1\\nx\"]}", "linux.intelRdt.schemata[0]: must be one line");
	linux_with("\"personality\":{\"domain\":\"BSD\"}",
		   "linux.personality.domain: \"BSD\" is not one of LINUX, LINUX32");
	linux_with("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}",
		   "linux.personality.flags[0]: \"X\" is unknown");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\"}", NULL);
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\"}", NULL);
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_X\"}", "linux.memoryPolicy.mode: \"MPOL_X\" is unknown");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}",
		   "linux.memoryPolicy.nodes: missing, MPOL_BIND needs them");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}",
		   "linux.memoryPolicy.nodes: MPOL_LOCAL takes none");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-\"}",
		   "linux.memoryPolicy.nodes: \"0-\" is not a list like \"0-3,7\"");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"X\"]}",
		   "linux.memoryPolicy.flags[0]: \"X\" is unknown");
	linux_with("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\","
		   "\"MPOL_F_RELATIVE_NODES\"]}",
		   "linux.memoryPolicy.flags: relative and static nodes exclude each other");
}

static int only_kill(const char *name)
{
	return str_eq(name, "CAP_KILL") ? 5 : -EINVAL;
}

TEST(check_warnings)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_FLY\"],"
		"\"ambient\":[\"CAP_SWIM\"]}},\"mounts\":[{\"destination\":\"/"
		"a\"},{\"destination\":\"b\"}],\"windows\":{}}";
	_cleanup_oci_spec_ struct oci_spec *s = NULL;
	struct arena a = {0};
	struct oci_strings w = {0};
	struct err e = {0};

	CHECK_OK(oci_spec_parse(text, sizeof(text) - 1, &s, &e), e);
	oci_spec_warnings(s, only_kill, &a, &w);
	CHECK_EQ(w.n, 4);
	CHECK_STR(w.v[0], "process.capabilities.bounding[1]: \"CAP_FLY\" is unknown and left out");
	CHECK_STR(w.v[1], "process.capabilities.ambient[0]: \"CAP_SWIM\" is unknown and left out");
	CHECK_STR(w.v[2], "mounts[1].destination: \"b\" is relative, which is deprecated; taken as below /");
	CHECK_STR(w.v[3], "windows: a section for another platform, not obeyed");
	arena_done(&a);
}
