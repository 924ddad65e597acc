// SPDX-License-Identifier: Apache-2.0
// Profile files: what conditions keep, what old spellings mean, what errors say.
#include "seccomp_util.h"

#include "base/str.h"
#include "kernel/capability.h"
#include "kernel/seccomp_table.h"

#include <linux/capability.h>

static const char conditional_profile[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,"
	" \"archMap\": [{\"architecture\": \"SCMP_ARCH_S390X\", \"subArchitectures\": [\"SCMP_ARCH_S390\"]},"
	"  {\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]},"
	"  {\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": [\"SCMP_ARCH_ARM\"]}],"
	" \"syscalls\": ["
	"  {\"names\": [\"read\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [], \"comment\": \"always\","
	"   \"includes\": {}, \"excludes\": {}},"
	"  {\"name\": \"mount\", \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}},"
	"  {\"names\": [\"open\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"caps\": [\"CAP_CHOWN\", \"CAP_SYS_TIME\"]}},"
	"  {\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]},"
	"   \"args\": [{\"index\": 0, \"value\": 2114060288, \"valueTwo\": 0, \"op\": \"SCMP_CMP_MASKED_EQ\"}]},"
	"  {\"names\": [\"stat\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"amd64\", \"arm64\"]}},"
	"  {\"names\": [\"fstat\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"s390x\"]}},"
	"  {\"names\": [\"lstat\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"arches\": [\"amd64\", "
	"\"arm64\"]}},"
	"  {\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"4.8\"}},"
	"  {\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"99.0\"}},"
	"  {\"names\": [\"kcmp\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"minKernel\": \"4.8\"}},"
	"  {\"names\": [\"keyctl\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1, \"errno\": \"EPERM\"},"
	"  {\"names\": [\"acct\"], \"action\": \"SCMP_ACT_ERRNO\", \"errno\": \"ENOENT\"},"
	"  {\"names\": [\"uname\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"caps\": [\"CAP_OF_THE_FUTURE\"]}}]}";

static struct oci_seccomp *parse(struct arena *a, const char *text, uint64_t caps)
{
	struct oci_seccomp *p = NULL;
	struct err e = {0};

	CHECK_OK(seccomp_parse_profile(a, text, strlen(text), caps, &p, &e), e);
	return p;
}

// The first names of the rules, in order.
static void check_rules(const struct oci_seccomp *p, const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < p->n_rules; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "", p->rules[i].names.v[0]);
	CHECK_STR(got, wanted);
}

TEST(seccomp_profile_conditions)
{
	struct arena a = {0};
	struct oci_seccomp *p = parse(&a, conditional_profile, CAPABILITY_BIT(CAP_CHOWN));

	check_rules(p, "read clone stat ptrace keyctl acct");
	CHECK_EQ(p->rules[0].names.n, 2);
	CHECK_EQ(p->default_action, OCI_ACT_ERRNO);
	CHECK_EQ(p->default_errno_ret.v, ENOSYS);
	CHECK_STR(p->architectures.v[0], seccomp_abis[0].name);
	CHECK_EQ(p->architectures.n, seccomp_n_abis);
	CHECK_EQ(p->rules[1].n_args, 1);
	CHECK_EQ(p->rules[1].args[0].value, 0x7e020000);
	CHECK_EQ(p->rules[1].args[0].op, OCI_SCMP_MASKED_EQ);
	CHECK_EQ(p->rules[4].errno_ret.v, EPERM);
	CHECK(p->rules[5].errno_ret.set && p->rules[5].errno_ret.v == ENOENT);
	p = parse(&a, conditional_profile,
		  CAPABILITY_BIT(CAP_SYS_ADMIN) | CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_SYS_TIME));
	check_rules(p, "read mount open stat ptrace keyctl acct");
	p = parse(&a, conditional_profile, UINT64_MAX);
	check_rules(p, "read mount open stat ptrace keyctl acct");
	arena_done(&a);
}

TEST(seccomp_profile_plain_section)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"m\","
		"\"future\":{\"x\":1},\"syscalls\":[{\"names\":[\"getcwd\"],\"action\":\"SCMP_ACT_ERRNO\","
		"\"args\":[{\"index\":1,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_NE\"}]}]}";
	struct arena a = {0};
	struct oci_seccomp *p = parse(&a, text, 0);

	CHECK_STR(p->flags.v[0], "SECCOMP_FILTER_FLAG_LOG");
	CHECK_STR(p->listener_path, "/run/x");
	CHECK_STR(p->listener_metadata, "m");
	CHECK(p->rules[0].args[0].value == UINT64_MAX);
	CHECK(!p->rules[0].errno_ret.set && !p->default_errno_ret.set);
	p = parse(&a, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", 0);
	CHECK_EQ(p->n_rules, 0);
	arena_done(&a);
}

struct bad {
	const char *text, *error;
};

#define RULE(members) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"]},{" members "}]}"
static const struct bad bad_profiles[] = {
	{"", "seccomp profile: "},
	{"[]", "seccomp profile: wants an object"},
	{"{}", "defaultAction"},
	{"{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "SCMP_ACT_MAYBE"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls: wants an array"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[7]}", "syscalls[0]"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{}]}",
	 "archMap: architectures is there too"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[1]}", "architectures[0]: wants a string"},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EWHAT\"}", "defaultErrno: EWHAT is no error"},
	{RULE("\"name\":\"a\",\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\""), "syscalls[1].name: names is there too"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":2,\"errno\":\"EPERM\""),
	 "syscalls[1].errno: EPERM contradicts errnoRet"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\",\"includes\":[]"),
	 "syscalls[1].includes: wants an object"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\",\"includes\":{\"caps\":\"x\"}"),
	 "syscalls[1].includes.caps: wants an array"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\",\"excludes\":{\"arches\":[null]}"),
	 "syscalls[1].excludes.arches[0]: wants a string"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\",\"excludes\":{\"minKernel\":\"4.8-rc1\"}"),
	 "syscalls[1].excludes.minKernel: wants a version"},
	{RULE("\"names\":[\"b\"],\"action\":\"SCMP_ACT_LOG\",\"includes\":{\"minKernel\":4.8}"),
	 "syscalls[1].includes.minKernel: wants a version"},
};

TEST(seccomp_profile_errors_name_the_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_profiles); i++) {
		struct arena a = {0};
		struct oci_seccomp *p = NULL;
		struct err e = {0};
		const char *text = bad_profiles[i].text;
		CHECK(seccomp_parse_profile(&a, text, strlen(text), 0, &p, &e) < 0);
		CHECK(!p);
		CHECK(str_starts(e.text, "seccomp profile: "));
		CHECK_CONTAINS(e.text, bad_profiles[i].error);
		arena_done(&a);
	}
}

TEST(seccomp_profile_compiles)
{
	struct arena a = {0};
	struct seccomp_filter f = {0};
	struct err e = {0};

	CHECK_OK(seccomp_compile(parse(&a, conditional_profile, 0), &f, &e), e);
	bpf_sim_check(f.insns, f.n);
	struct seccomp_data d = {.nr = seccomp_syscall_number("mount"), .arch = seccomp_abis[0].audit};
	CHECK_EQ(bpf_sim_run(f.insns, f.n, &d), SECCOMP_RET_ERRNO | ENOSYS);
	d.nr = seccomp_syscall_number("keyctl");
	CHECK_EQ(bpf_sim_run(f.insns, f.n, &d), SECCOMP_RET_ERRNO | EPERM);
	seccomp_filter_done(&f);
	arena_done(&a);
}
