// SPDX-License-Identifier: Apache-2.0
// Every decision of our filters against those of libseccomp's, built from the same rules as runc builds them: each
// number of each ABI, with arguments on, beside and far from every value that some rule compares with.
#include "seccomp_util.h"

#include "base/str.h"
#include "kernel/capability.h"

#include <linux/audit.h>
#define seccomp_load libseccomp_load // the one name both have
#include <seccomp.h>
#undef seccomp_load
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// libseccomp 2.5.4 leaks when it refuses a rule; that is not ours to report.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

enum { X32 = 0x40000000, MAX_VALUES = 4096 };

// Argument values worth trying.
struct values {
	uint64_t v[MAX_VALUES];
	size_t n;
};

static uint64_t rng_state;
static uint32_t rng(uint32_t n)
{
	rng_state = rng_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(rng_state >> 33) % n;
}

static uint32_t oracle_action(enum oci_seccomp_action a, struct opt_u32 data)
{
	uint32_t v = data.set ? data.v : EPERM;

	switch (a) {
	case OCI_ACT_KILL: return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_KILL_PROCESS: return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP: return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO: return SCMP_ACT_ERRNO(v);
	case OCI_ACT_TRACE: return SCMP_ACT_TRACE(v);
	case OCI_ACT_ALLOW: return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG: return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY: return SCMP_ACT_NOTIFY;
	}
	test_fail(__FILE__, __LINE__, "action %d", (int)a);
}

static const enum scmp_compare oracle_op[] = {
	[OCI_SCMP_NE] = SCMP_CMP_NE,
	[OCI_SCMP_LT] = SCMP_CMP_LT,
	[OCI_SCMP_LE] = SCMP_CMP_LE,
	[OCI_SCMP_EQ] = SCMP_CMP_EQ,
	[OCI_SCMP_GE] = SCMP_CMP_GE,
	[OCI_SCMP_GT] = SCMP_CMP_GT,
	[OCI_SCMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static int oracle_add(scmp_filter_ctx c, const struct oci_seccomp_rule *r, int nr)
{
	uint32_t action = oracle_action(r->action, r->errno_ret);
	struct scmp_arg_cmp a[16];
	unsigned seen = 0;
	bool repeated = false;
	int rc = 0;

	for (size_t i = 0; i < r->n_args; i++) {
		a[i] = (struct scmp_arg_cmp){r->args[i].index, oracle_op[r->args[i].op], r->args[i].value,
					     r->args[i].value_two};
		repeated |= seen >> r->args[i].index & 1;
		seen |= 1U << r->args[i].index;
	}
	if (!repeated)
		return seccomp_rule_add_array(c, action, nr, (unsigned)r->n_args, a);
	for (size_t i = 0; i < r->n_args && !rc; i++)
		rc = seccomp_rule_add_array(c, action, nr, 1, &a[i]);
	return rc;
}

// The program libseccomp makes; 0 and *ret_n, or its error.
static int oracle_compile(const struct oci_seccomp *p, struct sock_filter *ret, size_t *ret_n)
{
	uint32_t otherwise = oracle_action(p->default_action, p->default_errno_ret);
	scmp_filter_ctx c = seccomp_init(otherwise);
	int fd = memfd_create("oracle", MFD_CLOEXEC), rc = 0;
	size_t names = 0;
	ssize_t n;

	CHECK(c && fd >= 0);
	for (size_t i = 0; i < p->n_rules; i++)
		names += p->rules[i].names.n;
	if (names > 32) // as runc does
		CHECK_EQ(seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	for (size_t i = 0; i < p->architectures.n; i++) {
		char name[32] = "";
		for (size_t k = 0; p->architectures.v[i][10 + k] && k < sizeof(name) - 1; k++)
			name[k] =
				(char)(p->architectures.v[i][10 + k] | (p->architectures.v[i][10 + k] == '_' ? 0 : 32));
		rc = seccomp_arch_add(c, seccomp_arch_resolve_name(name));
		CHECK(rc == 0 || rc == -EEXIST);
		rc = 0;
	}
	for (size_t i = 0; i < p->n_rules && !rc; i++)
		for (size_t k = 0; k < p->rules[i].names.n && !rc; k++) {
			int nr = seccomp_syscall_resolve_name(p->rules[i].names.v[k]);
			if (nr == __NR_SCMP_ERROR ||
			    oracle_action(p->rules[i].action, p->rules[i].errno_ret) == otherwise)
				continue;
			rc = oracle_add(c, &p->rules[i], nr);
		}
	if (!rc) {
		CHECK_EQ(seccomp_export_bpf(c, fd), 0);
		n = pread(fd, ret, BPF_MAXINSNS * sizeof(*ret), 0);
		CHECK(n > 0);
		*ret_n = (size_t)n / sizeof(*ret);
	}
	seccomp_release(c);
	close(fd);
	return rc;
}

static void add_value(struct values *s, uint64_t v)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == v)
			return;
	if (s->n < MAX_VALUES)
		s->v[s->n++] = v;
}

static void add_around(struct values *s, uint64_t v)
{
	static const uint64_t high[] = {0, UINT64_C(1) << 32, UINT64_C(0xffffffff00000000)};

	for (int d = -1; d <= 1; d++)
		for (size_t i = 0; i < ARRAY_SIZE(high); i++)
			add_value(s, (v + (uint64_t)(int64_t)d) ^ high[i]);
}

static void collect_values(const struct oci_seccomp *p, struct values *s)
{
	s->n = 0;
	add_around(s, 0);
	add_value(s, 0x123456789abcdefULL);
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].n_args; k++) {
			add_around(s, p->rules[i].args[k].value);
			add_around(s, p->rules[i].args[k].value_two);
		}
	for (unsigned n = 1; n <= 20; n++) // socketcall and ipc numbers
		add_value(s, n);
}

// Numbers that rules name but this libseccomp does not know: ours alone decides those.
static bool oracle_ignorant(const struct oci_seccomp *p, int nr)
{
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].names.n; k++) {
			const char *name = p->rules[i].names.v[k];
			if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR && seccomp_syscall_number(name) == nr)
				return true;
		}
	return false;
}

struct versus {
	const struct oci_seccomp *p;
	struct seccomp_filter ours;
	struct sock_filter theirs[BPF_MAXINSNS];
	size_t n_theirs;
	struct values values;
	unsigned tries; // argument vectors a number
	unsigned long decided;
};

static void decide(struct versus *v, uint32_t arch, uint32_t nr)
{
	struct seccomp_data d = {.nr = (int)nr, .arch = arch, .instruction_pointer = 0x7f0011223344};

	for (unsigned t = 0; t < v->tries; t++) {
		for (int i = 0; i < 6; i++)
			d.args[i] = v->values.v[t < v->values.n && i == (int)(t % 3) ? t : rng((uint32_t)v->values.n)];
		uint32_t a = bpf_sim_run(v->ours.insns, v->ours.n, &d);
		uint32_t b = bpf_sim_run(v->theirs, v->n_theirs, &d);
		v->decided++;
		if (a != b)
			test_fail(__FILE__, __LINE__,
				  "arch %x call %u (0x%x) args %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
				  " %" PRIx64 ": ours 0x%x, libseccomp 0x%x",
				  arch, nr & ~(uint32_t)X32, nr, (uint64_t)d.args[0], (uint64_t)d.args[1],
				  (uint64_t)d.args[2], (uint64_t)d.args[3], (uint64_t)d.args[4], (uint64_t)d.args[5], a,
				  b);
	}
}

static void decide_all(struct versus *v)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_S390X, 0};
	static const uint32_t odd[] = {X32 - 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x3fffffff, 0xf0002};

	for (size_t a = 0; a < ARRAY_SIZE(archs); a++) {
		for (uint32_t nr = 0; nr <= 600; nr++) {
			if (oracle_ignorant(v->p, (int)nr))
				continue;
			decide(v, archs[a], nr);
			decide(v, archs[a], nr | X32);
		}
		for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
			decide(v, archs[a], odd[i]);
	}
}

static struct versus *versus_new(const struct oci_seccomp *p, unsigned tries)
{
	struct versus *v = xnew(struct versus);
	struct err e = {0};

	v->p = p;
	v->tries = tries;
	CHECK_OK(seccomp_compile(p, &v->ours, &e), e);
	bpf_sim_check(v->ours.insns, v->ours.n);
	CHECK_EQ(oracle_compile(p, v->theirs, &v->n_theirs), 0);
	collect_values(p, &v->values);
	return v;
}

static void versus_free(struct versus *v)
{
	seccomp_filter_done(&v->ours);
	free(v);
}

// libseccomp 2.5.4 forgets, for some profiles of several ABIs, to load the number before it compares: such a filter
// decides by the architecture's value and is no oracle.
static bool oracle_is_broken(const struct sock_filter *f, size_t n)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386};

	for (size_t k = 0; k < ARRAY_SIZE(archs); k++)
		for (size_t pc = 1; pc < n && BPF_CLASS(f[pc].code) == BPF_JMP;
		     pc++) { // while the architecture is loaded
			if (f[pc].code == (BPF_JMP | BPF_JA))
				pc += f[pc].k;
			else if (f[pc].code != (BPF_JMP | BPF_JEQ | BPF_K) ||
				 (f[pc].k != AUDIT_ARCH_X86_64 && f[pc].k != AUDIT_ARCH_I386))
				return true;
			else
				pc += f[pc].k == archs[k] ? f[pc].jt : f[pc].jf;
		}
	return false;
}

static unsigned compared, unusable;

static void compare_profile(const struct oci_seccomp *p, unsigned tries)
{
	struct versus *v = versus_new(p, tries);

	if (oracle_is_broken(v->theirs, v->n_theirs)) {
		unusable++;
	} else {
		decide_all(v);
		compared++;
	}
	versus_free(v);
}

static void all_archs(struct profile *p)
{
	profile_arch(p, "SCMP_ARCH_X86_64");
	profile_arch(p, "SCMP_ARCH_X86");
	profile_arch(p, "SCMP_ARCH_X32");
}

TEST(seccomp_oracle_empty_profiles)
{
	for (int archs = 0; archs < 2; archs++) {
		struct profile *p = profile_new(OCI_ACT_ERRNO, ERRNO(ENOSYS));
		if (archs)
			all_archs(p);
		compare_profile(&p->p, 2);
		profile_free(p);
	}
}

TEST(seccomp_oracle_each_operator)
{
	static const uint64_t data[] = {0, 5, 0xffffffff, 0x100000000, 0x500000005, UINT64_MAX, 0x7e020000};

	for (enum oci_seccomp_op op = OCI_SCMP_NE; op <= OCI_SCMP_MASKED_EQ; op++)
		for (size_t i = 0; i < ARRAY_SIZE(data); i++)
			for (unsigned arg = 0; arg < 6; arg += 5) {
				struct profile *p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);
				all_archs(p);
				rule_arg(p, profile_rule(p, "ioctl", OCI_ACT_ALLOW, NO_ERRNO), arg, op, data[i],
					 data[6 - i]);
				struct versus *v = versus_new(&p->p, 200);
				decide(v, AUDIT_ARCH_X86_64, 16);
				decide(v, AUDIT_ARCH_X86_64, 514 | X32);
				decide(v, AUDIT_ARCH_I386, 54);
				decide(v, AUDIT_ARCH_I386, 16);
				versus_free(v);
				profile_free(p);
			}
}

TEST(seccomp_oracle_multiplexed_calls)
{
	static const char *const names[] = {"socket",     "accept", "send",  "recvmmsg", "semop",   "semget",
					    "semtimedop", "msgctl", "shmat", "connect",  "accept4", "shutdown"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (int cond = 0; cond < 3; cond++) {
			struct profile *p = profile_new(OCI_ACT_ERRNO, ERRNO(ENOSYS));
			all_archs(p);
			struct oci_seccomp_rule *r = profile_rule(p, names[i], OCI_ACT_ALLOW, NO_ERRNO);
			if (cond > 0)
				rule_arg(p, r, 0, OCI_SCMP_NE, 40, 0);
			if (cond > 1)
				rule_arg(p, r, 2, OCI_SCMP_GE, 7, 0);
			compare_profile(&p->p, 12);
			profile_free(p);
		}
	CHECK(compared > 12);
}

TEST(seccomp_oracle_precedence)
{
	struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);

	// Conditional first, unconditional later; two unconditional ones; the default action is no rule.
	rule_arg(p, profile_rule(p, "close", OCI_ACT_KILL, NO_ERRNO), 0, OCI_SCMP_EQ, 3, 0);
	profile_rule(p, "close", OCI_ACT_ERRNO, ERRNO(EIO));
	profile_rule(p, "open", OCI_ACT_ERRNO, ERRNO(ENOENT));
	profile_rule(p, "open", OCI_ACT_ERRNO, ERRNO(EIO));
	profile_rule(p, "read", OCI_ACT_ALLOW, NO_ERRNO);
	rule_arg(p, profile_rule(p, "read", OCI_ACT_TRAP, NO_ERRNO), 2, OCI_SCMP_GT, 100, 0);
	// Overlapping conditions with different actions.
	rule_arg(p, profile_rule(p, "ioctl", OCI_ACT_LOG, NO_ERRNO), 0, OCI_SCMP_GE, 0, 0);
	rule_arg(p, profile_rule(p, "ioctl", OCI_ACT_ERRNO, NO_ERRNO), 1, OCI_SCMP_MASKED_EQ, 0xffffffff, 0x5412);
	rule_arg(p, profile_rule(p, "ioctl", OCI_ACT_ERRNO, NO_ERRNO), 1, OCI_SCMP_MASKED_EQ, 0xffffffff, 0x541c);
	rule_arg(p, profile_rule(p, "clone", OCI_ACT_ERRNO, NO_ERRNO), 0, OCI_SCMP_GE, 0, 0);
	rule_arg(p, profile_rule(p, "clone", OCI_ACT_LOG, NO_ERRNO), 0, OCI_SCMP_MASKED_EQ, 0x7e020000, 0);
	rule_arg(p, profile_rule(p, "personality", OCI_ACT_ERRNO, NO_ERRNO), 0, OCI_SCMP_GT, 10, 0);
	rule_arg(p, profile_rule(p, "personality", OCI_ACT_LOG, NO_ERRNO), 0, OCI_SCMP_GT, 100, 0);
	rule_arg(p, profile_rule(p, "personality", OCI_ACT_TRAP, NO_ERRNO), 0, OCI_SCMP_LT, 4, 0);
	rule_arg(p, profile_rule(p, "personality", OCI_ACT_KILL, NO_ERRNO), 0, OCI_SCMP_EQ, 1000, 0);
	compare_profile(&p->p, 60);
	profile_arch(p, "SCMP_ARCH_X86");
	compare_profile(&p->p, 60);
	profile_arch(p, "SCMP_ARCH_X32");
	compare_profile(&p->p, 60);
	CHECK(compared >= 2);
	profile_free(p);
}

TEST(seccomp_oracle_repeated_argument)
{
	struct profile *p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);
	struct oci_seccomp_rule *r = profile_rule(p, "personality", OCI_ACT_ALLOW, NO_ERRNO);

	rule_arg(p, r, 0, OCI_SCMP_EQ, 0, 0);
	rule_arg(p, r, 0, OCI_SCMP_EQ, 8, 0);
	rule_arg(p, r, 1, OCI_SCMP_EQ, 5, 0);
	compare_profile(&p->p, 30);
	CHECK_EQ(compared, 1);
	profile_free(p);
}

// Profiles of random shape. libseccomp 2.5 merges the trees of rules whose several conditions need their "false"
// branches (NE, LT, LE and what it makes of GT, GE on 64 bits) in ways that lose or add matches, so that rules with
// several conditions are made of equalities here, and calls with different actions of one kind of operator.
static const char *const random_names[] = {
	"read",     "write",
	"open",     "close",
	"ioctl",    "mmap",
	"clone",    "personality",
	"socket",   "bind",
	"semget",   "semop",
	"shmctl",   "keyctl",
	"prctl",    "fcntl",
	"kill",     "setsockopt",
	"execve",   "ptrace",
	"umount",   "fstatat64",
	"llseek",   "_llseek",
	"mmap2",    "rt_sigaction",
	"recv",     "uname",
	"futex",    "getpid",
	"clone3",   "openat2",
	"io_setup", "process_vm_readv",
	"unshare",  "no_such_call",
};

static uint64_t random_datum(void)
{
	static const uint64_t v[] = {0,    1,          2,          3,           5,           8,         40,
				     0xff, 0x7e020000, 0xffffffff, 0x100000000, 0x100000005, UINT64_MAX};

	return v[rng(ARRAY_SIZE(v))];
}

static void random_rule(struct profile *p, const enum oci_seccomp_action *action_of)
{
	uint32_t name = rng(ARRAY_SIZE(random_names)), n_args = rng(4), seen = 0;
	struct oci_seccomp_rule *r = profile_rule(p, random_names[name], action_of[name], NO_ERRNO);

	if (rng(3) == 0)
		oci_strings_add(&p->arena, &r->names, random_names[rng(ARRAY_SIZE(random_names))]);
	for (uint32_t i = 0; i < n_args; i++) {
		uint32_t arg = rng(6);
		enum oci_seccomp_op op = rng(2) ? OCI_SCMP_EQ : OCI_SCMP_MASKED_EQ;
		if (seen >> arg & 1)
			continue;
		seen |= 1U << arg;
		if (n_args == 1)
			op = (enum oci_seccomp_op)(1 + rng(7));
		rule_arg(p, r, arg, op, random_datum(), random_datum());
	}
}

static unsigned refused;

// Contradictory rules are errors for both or for none; nothing to compare then.
static bool incomparable(const struct oci_seccomp *p)
{
	static struct sock_filter f[BPF_MAXINSNS];
	struct seccomp_filter ours = {0};
	struct err e = {0};
	size_t n = 0;
	int a = seccomp_compile(p, &ours, &e), b = oracle_compile(p, f, &n);

	seccomp_filter_done(&ours);
	CHECK_EQ(a, b);
	return a < 0;
}

static void random_profile(uint64_t seed)
{
	static const enum oci_seccomp_action actions[] = {OCI_ACT_ERRNO, OCI_ACT_ALLOW, OCI_ACT_KILL, OCI_ACT_TRAP,
							  OCI_ACT_LOG};
	enum oci_seccomp_action action_of[ARRAY_SIZE(random_names)];
	struct profile *p;

	rng_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	p = profile_new(actions[rng(2)], NO_ERRNO);
	if (rng(2))
		profile_arch(p, "SCMP_ARCH_X86");
	if (rng(2))
		profile_arch(p, "SCMP_ARCH_X32");
	for (size_t i = 0; i < ARRAY_SIZE(action_of); i++)
		action_of[i] = actions[rng(ARRAY_SIZE(actions))];
	for (uint32_t n = 1 + rng(60); n; n--)
		random_rule(p, action_of);
	if (incomparable(&p->p))
		refused++;
	else
		compare_profile(&p->p, 6);
	profile_free(p);
}

TEST(seccomp_oracle_default_profile)
{
	const uint64_t caps[] = {0, capability_default(), capability_default() | CAPABILITY_BIT(21), UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		struct arena a = {0};
		compare_profile(seccomp_default_profile(&a, caps[i]), 60);
		arena_done(&a);
	}
	CHECK_EQ(compared, ARRAY_SIZE(caps));
}

// A profile file of the shape Docker's has: families one by one, a range, masks, conditions by capability.
TEST(seccomp_oracle_profile_file)
{
	static const uint64_t caps[] = {0, CAPABILITY_BIT(21)};
	struct err e = {0};
	char text[16384];
	size_t n = 0;

	n += (size_t)
		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"archMap\":[{\"architecture\":"
			 "\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]}],"
			 "\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"socketcall\",\"ipc\"");
	for (int nr = 0; nr < 330; nr += 1 + nr % 3)
		if (nr != 41 && nr != 56 && nr != 135)
			n += (size_t)snprintf(text + n, sizeof(text) - n, ",\"%s\"", seccomp_syscall_name(nr));
	n += (size_t)snprintf(text + n, sizeof(text) - n, "]}");
	for (int family = 0; family < 46; family += 1 + family % 2)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      ",{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
				      "\"value\":%d,\"op\":\"%s\"}]}",
				      family + 3, family ? "SCMP_CMP_EQ" : "SCMP_CMP_LT");
	n += (size_t)snprintf(
		text + n, sizeof(text) - n,
		",{\"name\":\"clone\",\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]},"
		"\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		"{\"names\":[\"clone\",\"clone3\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":"
		"[\"CAP_SYS_ADMIN\"]}},{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
		"\"index\":0,\"value\":4294967295,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	CHECK(n < sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		struct arena a = {0};
		struct oci_seccomp *p = NULL;
		CHECK_OK(seccomp_parse_profile(&a, text, n, caps[i], &p, &e), e);
		compare_profile(p, 60);
		arena_done(&a);
	}
	CHECK_EQ(compared, ARRAY_SIZE(caps));
}

TEST(seccomp_oracle_random_profiles)
{
	for (uint64_t seed = 1; seed <= 340; seed++)
		random_profile(seed);
	CHECK(compared > 200 && refused > 10);
}
