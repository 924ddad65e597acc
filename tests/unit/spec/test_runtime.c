// SPDX-License-Identifier: Apache-2.0
// Reading and writing of the runtime configuration. data/full.json has every member that the structures have, in the
// order of the tables; data/typical.json is what an engine writes for an ordinary container.
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "spec/runtime.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct buf slurp(const char *name)
{
	struct buf text = BUF_INIT(1 << 20);
	struct err e = {0};
	char path[4096];

	CHECK(str_fmt(path, sizeof(path), "%s/%s", TEST_DATA, name) > 0);
	CHECK_OK(file_read(AT_FDCWD, path, 1 << 20, &text, &e), e);
	return text;
}

static struct oci_spec *load(const char *name)
{
	_cleanup_buf_ struct buf text = slurp(name);
	struct oci_spec *s = NULL;
	struct err e = {0};

	CHECK_OK(oci_spec_parse(text.data, text.len, &s, &e), e);
	return s;
}

// The file's own text without blanks.
static struct buf compact(const char *name)
{
	_cleanup_buf_ struct buf text = slurp(name);
	struct buf out = BUF_INIT(1 << 20);
	struct json_writer w = JSON_WRITER(&out, 0);
	struct arena a = {0};
	struct err e = {0};
	struct json *j = NULL;

	CHECK_OK(json_parse(&a, text.data, text.len, NULL, &j, &e), e);
	jw_value(&w, j);
	arena_done(&a);
	return out;
}

static void check_round_trip(const char *name)
{
	_cleanup_oci_spec_ struct oci_spec *s = load(name), *again = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20), indented = BUF_INIT(1 << 20), out2 = BUF_INIT(1 << 20),
				 want = compact(name);
	struct err e = {0};

	oci_spec_write(s, 0, &out);
	CHECK_EQ(out.failed, 0);
	for (size_t i = 0; i < MIN(out.len, want.len); i++)
		if (out.data[i] != want.data[i])
			test_fail(__FILE__, __LINE__, "%s differs at %zu: %.80s, wanted %.80s", name, i,
				  out.data + (i > 40 ? i - 40 : 0), want.data + (i > 40 ? i - 40 : 0));
	CHECK_EQ(out.len, want.len);
	oci_spec_write(s, 4, &indented);
	CHECK_OK(oci_spec_parse(indented.data, indented.len, &again, &e), e);
	oci_spec_write(again, 0, &out2);
	CHECK_STR(out2.data, out.data);
}

TEST(runtime_every_member_comes_back)
{
	check_round_trip("full.json");
}

TEST(runtime_values_arrive)
{
	_cleanup_oci_spec_ struct oci_spec *s = load("full.json");
	const struct oci_process *p = s->process;
	const struct oci_linux *l = s->linux;

	CHECK_STR(s->oci_version, "1.2.1+dev");
	CHECK(p->terminal && p->console_size.set && p->console_size.height == 25 && p->console_size.width == 80);
	CHECK(p->user.uid == 1000 && p->user.umask.v == 077 && p->user.n_additional_gids == 2);
	CHECK_STR(p->args.v[2], "exit \xc3\xa9 \"0\"");
	CHECK(p->rlimits[0].hard == UINT64_MAX && p->rlimits[0].soft == 0);
	CHECK(p->oom_score_adj.set && p->oom_score_adj.v == -1000);
	CHECK_EQ(p->scheduler->deadline, 20000000);
	CHECK(s->root->readonly);
	CHECK(!s->mounts[1].type && s->mounts[1].uid_mappings.v[0].host_id == 1000);
	CHECK_EQ(s->hooks.start_container.n, 2);
	CHECK(s->hooks.start_container.v[0].timeout.v == 5 && !s->hooks.start_container.v[1].timeout.set);
	CHECK_STR(oci_pairs_get(&s->annotations, "com.example.key"), "value");
	CHECK_EQ(l->gid_mappings.v[1].container_id, 1000);
	const struct oci_resources *r = l->resources;
	CHECK(r->devices[0].type == 'a' && !r->devices[0].major.set && r->devices[2].minor.v == -1);
	CHECK(r->memory->swappiness.set && !r->memory->swappiness.v && r->memory->disable_oom_killer.set);
	CHECK(r->pids.set && r->pids.limit == -1);
	CHECK(r->block_io->write_bps.v[0].rate == UINT64_MAX && !r->block_io->weight_devices[1].leaf_weight.set);
	CHECK_STR(r->rdma[1].device, "rxe3");
	CHECK(!r->rdma[1].hca_handles.set && r->rdma[1].hca_objects.v == 10000);
	CHECK_EQ(r->network.class_id.v, 1048577);
	CHECK_EQ(l->namespaces[0].type, OCI_NS_PID);
	CHECK_STR(oci_find_namespace(s, OCI_NS_PID)->path, "/proc/1234/ns/pid");
	CHECK(l->devices[3].type == 'p' && l->devices[0].file_mode.v == 0666);
	CHECK_STR(l->net_devices[0].host_name, "eth0");
	CHECK(!l->net_devices[1].name);
	CHECK_EQ(l->seccomp->rules[0].action, OCI_ACT_ERRNO);
	CHECK(l->seccomp->rules[0].errno_ret.set && !l->seccomp->rules[0].errno_ret.v);
	CHECK(l->seccomp->rules[7].args[6].op == OCI_SCMP_MASKED_EQ &&
	      l->seccomp->rules[7].args[6].value == UINT64_MAX);
	CHECK_STR(l->intel_rdt->schemata.v[1], "MB:0=20;1=70");
	CHECK_STR(l->time_offsets[1].clock, "boottime");
	CHECK_EQ(l->time_offsets[1].secs, -604800);
	CHECK(json_get(s->unknown, "windows") && json_get(s->unknown, "vendor") && json_get(p->unknown, "future") &&
	      json_get(l->unknown, "futureSection"));
}

TEST(runtime_typical_comes_back)
{
	_cleanup_oci_spec_ struct oci_spec *s = load("typical.json"), *again = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20), out2 = BUF_INIT(1 << 20);
	struct err e = {0};

	CHECK_OK(oci_spec_check(s, &e), e);
	oci_spec_write(s, 0, &out);
	CHECK_OK(oci_spec_parse(out.data, out.len, &again, &e), e);
	oci_spec_write(again, 0, &out2);
	CHECK_STR(out2.data, out.data);
	// A device rule without type is one for all.
	CHECK_EQ(s->linux->resources->devices[0].type, 'a');
}

TEST(runtime_empty_spec)
{
	_cleanup_oci_spec_ struct oci_spec *s = oci_spec_new(), *back = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(1000);
	struct err e = {0};

	oci_spec_write(s, 0, &out);
	CHECK_STR(out.data, "{\"ociVersion\":\"1.2.1\",\"process\":{\"user\":{\"uid\":0,\"gid\":0}},\"linux\":{}}");
	CHECK_OK(oci_spec_parse("{\"ociVersion\":\"1.0.0\"}", 22, &back, &e), e);
	CHECK(!back->process && !back->root && back->linux);
	CHECK(!oci_find_namespace(back, OCI_NS_USER));
	oci_spec_free(NULL);
}

static void refused(const char *text, const char *story)
{
	struct oci_spec *s = NULL;
	struct err e = {0};

	CHECK(oci_spec_parse(text, strlen(text), &s, &e) < 0);
	CHECK(!s);
	CHECK_STR(e.text, story);
}
#define V "{\"ociVersion\":\"1.2.0\","

TEST(runtime_refusals_name_the_path)
{
	refused("{}", "ociVersion: missing");
	refused("[]", "wants an object, has an array");
	refused(V "\"process\":[]}", "process: wants an object, has an array");
	refused(V "\"process\":{\"user\":{\"uid\":-1}}}", "process.user.uid: -1 is out of range (0 to 4294967295)");
	refused(V "\"process\":{\"user\":{\"uid\":4294967296}}}",
		"process.user.uid: 4294967296 is out of range (0 to 4294967295)");
	refused(V "\"process\":{\"user\":{\"uid\":\"0\"}}}",
		"process.user.uid: wants an unsigned integer, has a string");
	refused(V "\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0}]}}",
		"process.rlimits[0].hard: missing");
	refused(V "\"root\":{}}", "root.path: missing");
	refused(V "\"mounts\":[{},{}]}", "mounts[0].destination: missing");
	refused(V "\"mounts\":[{\"destination\":\"/\",\"options\":[1]}]}",
		"mounts[0].options[0]: wants a string, has an integer");
	refused(V "\"annotations\":{\"a.b\":7}}", "annotations[\"a.b\"]: wants a string, has an integer");
	refused(V "\"linux\":{\"resources\":{\"pids\":{\"limit\":\"5\"}}}}",
		"linux.resources.pids.limit: wants a 64-bit integer, has a string");
	refused(V "\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
		"linux.resources.memory.limit: 9223372036854775808 is out of range (-9223372036854775808 to "
		"9223372036854775807)");
	refused(V "\"linux\":{\"resources\":{\"blockIO\":{\"weight\":65536}}}}",
		"linux.resources.blockIO.weight: 65536 is out of range (0 to 65535)");
	refused(V "\"linux\":{\"resources\":{\"devices\":[{\"type\":\"c\"}]}}}",
		"linux.resources.devices[0].allow: missing");
	refused(V "\"linux\":{\"namespaces\":[{\"type\":\"pids\"}]}}",
		"linux.namespaces[0].type: \"pids\" is not one of mount, uts, ipc, pid, network, user, cgroup, time");
	refused(V "\"linux\":{\"seccomp\":{\"defaultAction\":\"ALLOW\"}}}",
		"linux.seccomp.defaultAction: \"ALLOW\" is not one of SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD, "
		"SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, "
		"SCMP_ACT_NOTIFY");
	refused(V "\"linux\":{\"devices\":[{\"path\":\"/dev/x\",\"type\":\"x\"}]}}",
		"linux.devices[0].type: \"x\" is not one letter of \"cbup\"");
	refused(V "\"linux\":{\"timeOffsets\":{\"monotonic\":5}}}",
		"linux.timeOffsets.monotonic: wants an object, has an integer");
}

TEST(runtime_duplicates_and_other_machines)
{
	struct oci_spec *s = NULL;
	struct err e = {0};
	static const char twice[] = "{\"ociVersion\":\"1.2.0\",\"linux\":{\"sysctl\":{\"a\":\"1\",\"a\":\"2\"}}}";
	static const char vm[] = "{\"ociVersion\":\"1.2.0\",\"vm\":{\"kernel\":{\"path\":\"/k\"}}}";

	CHECK(oci_spec_parse(twice, sizeof(twice) - 1, &s, &e) < 0);
	CHECK_EQ(e.class, ERR_INVALID);
	CHECK_CONTAINS(e.text, "linux.sysctl");
	CHECK_EQ(oci_spec_parse(vm, sizeof(vm) - 1, &s, &e), -EOPNOTSUPP);
	CHECK_EQ(e.class, ERR_UNSUPPORTED);
	CHECK_CONTAINS(e.text, "vm: ");
	CHECK(!s);
}

TEST(runtime_load_from_a_bundle)
{
	char path[] = "/tmp/berth-unit-XXXXXX";
	struct oci_spec *s = NULL;
	struct err e = {0};

	CHECK(mkdtemp(path));
	_cleanup_fd_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(oci_spec_load(dir, &s, &e), -ENOENT);
	CHECK_CONTAINS(e.text, "config.json: No such file or directory");
	static const char bad[] = V "\"linux\":{\"resources\":{\"pids\":{\"limit\":\"5\"}}}}";
	CHECK_OK(file_write_atomic(dir, "config.json", bad, sizeof(bad) - 1, 0600, false, &e), e);
	int rc = oci_spec_load(dir, &s, &e);
	CHECK_EQ(unlinkat(dir, "config.json", 0), 0);
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(rc, -EINVAL);
	CHECK_STR(e.text, "config.json: linux.resources.pids.limit: wants a 64-bit integer, has a string");
}

TEST(runtime_parts)
{
	struct arena a = {0};
	struct err e = {0};
	struct oci_process *p = NULL;
	struct oci_resources *r = NULL;
	struct oci_seccomp *s = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(1000);
	static const char process[] = "{\"user\":{\"uid\":1,\"gid\":2},\"args\":[\"id\"],\"cwd\":\"/\",\"novel\":[]}";
	static const char resources[] = "{\"devices\":[{\"allow\":true}],\"pids\":{\"limit\":7}}";
	static const char seccomp[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"x\"],\"action\":"
		"\"SCMP_ACT_KILL_THREAD\"}]}";

	CHECK_OK(oci_process_parse(&a, process, sizeof(process) - 1, &p, &e), e);
	oci_process_write(p, 0, &out);
	CHECK_STR(out.data, process);
	CHECK_OK(oci_process_check(p, &e), e);
	CHECK_OK(oci_resources_parse(&a, resources, sizeof(resources) - 1, &r, &e), e);
	CHECK(r->devices[0].type == 'a' && r->pids.limit == 7);
	CHECK_OK(oci_seccomp_parse(&a, seccomp, sizeof(seccomp) - 1, &s, &e), e);
	CHECK_EQ(s->rules[0].action, OCI_ACT_KILL);
	CHECK_EQ(oci_resources_parse(&a, "{\"pids\":5}", 10, &r, &e), -EINVAL);
	CHECK_STR(e.text, "pids: wants an object, has an integer");
	arena_done(&a);
}

// Docker's profiles have members that turn rules on and off; read as linux.seccomp they would all be on.
TEST(runtime_seccomp_refuses_dockers_format)
{
	struct arena a = {0};
	struct err e = {0};
	struct oci_seccomp *s = NULL;
	static const char with_map[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[]}";
	static const char with_caps[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"bpf\"],\"action\":"
		"\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_BPF\"]}}]}";

	CHECK_EQ(oci_seccomp_parse(&a, with_map, sizeof(with_map) - 1, &s, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "archMap: ");
	CHECK_EQ(oci_seccomp_parse(&a, with_caps, sizeof(with_caps) - 1, &s, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "syscalls[0].includes: ");
	arena_done(&a);
}

TEST(runtime_empty_strings_are_absent)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"\",\"env\":[\"\"],\"apparmorProfile\":\"\"},"
		"\"hostname\":\"\","
		"\"mounts\":[{\"destination\":\"\",\"source\":\"\"}],\"annotations\":{\"k\":\"\"},"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}],\"cgroupsPath\":\"\"}}";
	_cleanup_oci_spec_ struct oci_spec *s = NULL;
	struct err e = {0};

	CHECK_OK(oci_spec_parse(text, sizeof(text) - 1, &s, &e), e);
	CHECK(!s->hostname && !s->process->cwd && !s->process->apparmor_profile && !s->mounts[0].source);
	CHECK(!s->linux->namespaces[0].path && !s->linux->cgroups_path);
	// Where the empty string says something it stays.
	CHECK_STR(s->process->env.v[0], "");
	CHECK_STR(s->mounts[0].destination, "");
	CHECK_STR(oci_pairs_get(&s->annotations, "k"), "");
}

TEST(runtime_namespace_names)
{
	for (int t = 0; t < OCI_NS_MAX; t++)
		CHECK_EQ(oci_namespace_from_name(oci_namespace_name((enum oci_namespace_type)t)), t);
	CHECK_EQ(oci_namespace_from_name("net"), -EINVAL);
	CHECK(!oci_namespace_name(OCI_NS_MAX));
}

TEST(runtime_specs_can_be_built_on)
{
	_cleanup_oci_spec_ struct oci_spec *s = load("typical.json");
	size_t env = s->process->env.n, mounts = s->n_mounts;

	for (int i = 0; i < 50; i++) {
		oci_strings_add(&s->arena, &s->process->env, "MORE=1");
		arena_append(&s->arena, s->mounts, s->n_mounts)->destination = arena_strdup(&s->arena, "/more");
	}
	CHECK(s->process->env.n == env + 50 && s->n_mounts == mounts + 50);
	CHECK_STR(s->mounts[0].destination, "/proc");
	CHECK_STR(s->mounts[mounts].destination, "/more");
}

// Reading is on the path of every start. The bound is far above what it takes, so that only a change of the order of
// magnitude fails; TEST_TELL_TIMES=1 prints the time.
TEST(runtime_parse_is_fast)
{
	_cleanup_buf_ struct buf text = slurp("typical.json");
	int64_t best = INT64_MAX;

	for (int round = 0; round < 200; round++) {
		struct err e = {0};
		_cleanup_oci_spec_ struct oci_spec *s = NULL;
		int64_t before = clock_monotonic();
		CHECK_OK(oci_spec_parse(text.data, text.len, &s, &e), e);
		best = MIN(best, clock_monotonic() - before);
	}
	if (getenv("TEST_TELL_TIMES"))
		printf("  %zu bytes in %lld ns\n", text.len, (long long)best);
	CHECK(best < 5 * NS_PER_MS);
}
