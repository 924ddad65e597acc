// SPDX-License-Identifier: Apache-2.0
// The seccomp compiler's own promises: names, errors, limits, the default profile, real loading.
#include "seccomp_util.h"

#include "base/hash.h"
#include "kernel/capability.h"
#include "kernel/seccomp_plan.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_EPERM  (SECCOMP_RET_ERRNO | EPERM)
#define ANSWER_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

TEST(seccomp_syscall_names)
{
	CHECK_EQ(seccomp_syscall_number("read"), SYS_read);
	CHECK_EQ(seccomp_syscall_number("execve"), SYS_execve);
	CHECK_EQ(seccomp_syscall_number("cachestat"), 451);
	CHECK_EQ(seccomp_syscall_number("file_setattr"), 469);
	CHECK_EQ(seccomp_syscall_number("writev"), SYS_writev);
	CHECK_EQ(seccomp_syscall_number("accept"), SYS_accept);
	CHECK_EQ(seccomp_syscall_number("no_such_call"), -1);
	CHECK_EQ(seccomp_syscall_number(""), -1);
	CHECK_STR(seccomp_syscall_name(SYS_close), "close");
	CHECK_STR(seccomp_syscall_name(469), "file_setattr");
	CHECK(!seccomp_syscall_name(-1));
	CHECK(!seccomp_syscall_name(100000));
}

TEST(seccomp_table_is_sorted_and_complete)
{
	for (size_t i = 0; i < seccomp_n_syscalls; i++) {
		const char *name = seccomp_name_pool + seccomp_syscalls[i].name;
		CHECK(seccomp_find_syscall(name) == &seccomp_syscalls[i]);
		CHECK(!i || strcmp(seccomp_name_pool + seccomp_syscalls[i - 1].name, name) < 0);
	}
	CHECK(!seccomp_find_syscall("zzz"));
	// What the headers this was built with know, the table must know.
	for (int nr = 0; nr <= 450; nr++)
		CHECK(seccomp_syscall_name(nr) || (nr > 334 && nr < 424));
}

static int compile_error(struct profile *p, struct err *e)
{
	struct seccomp_filter f = {0};
	int r = seccomp_compile(&p->p, &f, e);

	CHECK(r < 0 ? !f.insns : f.n > 0);
	seccomp_filter_done(&f);
	profile_free(p);
	return r;
}

TEST(seccomp_errors_name_the_rule)
{
	struct err e = {0};
	struct profile *p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);

	rule_arg(p, profile_rule(p, "read", OCI_ACT_ALLOW, NO_ERRNO), 6, OCI_SCMP_EQ, 0, 0);
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp rule 0: read: argument index 6: system calls have arguments 0 to 5");

	p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);
	profile_rule(p, "close", OCI_ACT_ALLOW, NO_ERRNO);
	profile_rule(p, "open", OCI_ACT_ALLOW, ERRNO(5));
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp rule 1: open: errnoRet is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE only");

	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	profile_rule(p, "open", OCI_ACT_ERRNO, ERRNO(4096));
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp rule 0: open: errnoRet 4096 is more than 4095");

	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	rule_arg(p, profile_rule(p, "open", OCI_ACT_ERRNO, NO_ERRNO), 0, OCI_SCMP_EQ, 1, 0);
	rule_arg(p, profile_rule(p, "open", OCI_ACT_TRAP, NO_ERRNO), 0, OCI_SCMP_EQ, 1, 0);
	CHECK_EQ(compile_error(p, &e), -EEXIST);
	CHECK_STR(e.text, "seccomp rule 1: open: an earlier rule gives another action for the same conditions");

	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	profile_rule(p, "", OCI_ACT_ERRNO, NO_ERRNO);
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "an empty string is no system call");
}

TEST(seccomp_errors_of_the_whole)
{
	struct err e = {0};
	struct profile *p = profile_new(OCI_ACT_NOTIFY, NO_ERRNO);

	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp: SCMP_ACT_NOTIFY cannot be the default action");
	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	profile_rule(p, "write", OCI_ACT_NOTIFY, NO_ERRNO);
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "SCMP_ACT_NOTIFY cannot be used for write");
	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	profile_arch(p, "SCMP_ARCH_PDP11");
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp architecture SCMP_ARCH_PDP11 is unknown");
	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	oci_strings_add(&p->arena, &p->p.flags, "SECCOMP_FILTER_FLAG_FAST");
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_STR(e.text, "seccomp flag SECCOMP_FILTER_FLAG_FAST is unknown");
	p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	oci_strings_add(&p->arena, &p->p.flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	CHECK_EQ(compile_error(p, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "needs a rule with SCMP_ACT_NOTIFY");
}

TEST(seccomp_foreign_architectures_and_unknown_calls_are_skipped)
{
	struct err e = {0};
	struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);

	profile_arch(p, "SCMP_ARCH_S390X");
	profile_rule(p, "s390_pci_mmio_read", OCI_ACT_ERRNO, NO_ERRNO);
	profile_rule(p, "call_of_the_future", OCI_ACT_ERRNO, NO_ERRNO);
	CHECK_OK(compile_error(p, &e), e);
}

TEST(seccomp_refuses_more_than_the_kernel_takes)
{
	struct err e = {0};
	struct profile *p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);

	for (uint64_t i = 0; i < 900; i++) {
		struct oci_seccomp_rule *r = profile_rule(p, "ioctl", OCI_ACT_ALLOW, NO_ERRNO);
		rule_arg(p, r, 0, OCI_SCMP_EQ, i, 0);
		rule_arg(p, r, 1, OCI_SCMP_EQ, i << 32, 0);
	}
	CHECK_EQ(compile_error(p, &e), -E2BIG);
	CHECK_CONTAINS(e.text, "the kernel takes 4096");
}

TEST(seccomp_long_trees_jump_far)
{
	// Every second call of a kind of its own: the tree's halves are longer than a conditional jump.
	struct profile *p = profile_new(OCI_ACT_ERRNO, NO_ERRNO);
	struct seccomp_filter f = {0};
	struct err e = {0};

	for (int nr = 0; nr < 334; nr++)
		profile_rule(p, seccomp_syscall_name(nr), OCI_ACT_ERRNO, ERRNO(100 + (uint32_t)nr));
	CHECK_OK(seccomp_compile(&p->p, &f, &e), e);
	bpf_sim_check(f.insns, f.n);
	for (int nr = 0; nr < 334; nr++) {
		struct seccomp_data d = {.nr = nr, .arch = AUDIT_ARCH_X86_64};
		CHECK_EQ(bpf_sim_run(f.insns, f.n, &d), SECCOMP_RET_ERRNO | (100 + nr));
	}
	seccomp_filter_done(&f);
	profile_free(p);
}

// ---- the default profile

struct expect {
	const char *name;
	uint64_t arg0, arg1;
	uint32_t plain;     // with the default capabilities
	uint32_t sys_admin; // with CAP_SYS_ADMIN too
};

#define BOTH(x) (x), (x)
static const struct expect expectations[] = {
	{"read", 0, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"mseal", 0, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"chroot", 0, 0, BOTH(SECCOMP_RET_ALLOW)}, // CAP_SYS_CHROOT is a default one
	{"clone", SIGCHLD, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"clone", CLONE_NEWUSER, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"clone", UINT64_C(0xffffffff00000000) | CLONE_NEWNS, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"clone3", 0, 0, ANSWER_ENOSYS, SECCOMP_RET_ALLOW},
	{"unshare", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"setns", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"mount", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"open_tree_attr", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"pivot_root", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"bpf", 0, 0, ANSWER_EPERM, SECCOMP_RET_ALLOW},
	{"reboot", 0, 0, BOTH(ANSWER_EPERM)},
	{"init_module", 0, 0, BOTH(ANSWER_EPERM)},
	{"kexec_load", 0, 0, BOTH(ANSWER_EPERM)},
	{"userfaultfd", 0, 0, BOTH(ANSWER_EPERM)},
	{"open_by_handle_at", 0, 0, BOTH(ANSWER_EPERM)},
	{"keyctl", 0, 0, BOTH(ANSWER_EPERM)},
	{"add_key", 0, 0, BOTH(ANSWER_EPERM)},
	{"io_uring_setup", 0, 0, BOTH(ANSWER_EPERM)},
	{"io_uring_enter", 0, 0, BOTH(ANSWER_EPERM)},
	{"create_module", 0, 0, BOTH(ANSWER_ENOSYS)},
	{"listns", 0, 0, BOTH(ANSWER_ENOSYS)},
	{"personality", 0, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"personality", 0xffffffff, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"personality", 0x20008, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"personality", 0x40000, 0, BOTH(ANSWER_EPERM)}, // ADDR_NO_RANDOMIZE
	{"socket", 1, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"socket", 16, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"socket", 45, 0, BOTH(SECCOMP_RET_ALLOW)},
	{"socket", 38, 0, BOTH(ANSWER_EPERM)},
	{"socket", 40, 0, BOTH(ANSWER_EPERM)},
	{"socket", 46, 0, BOTH(ANSWER_EPERM)},
	{"ioctl", 0, 0x5401, BOTH(SECCOMP_RET_ALLOW)},
	{"ioctl", 0, 0x5412, BOTH(ANSWER_EPERM)},
	{"ioctl", UINT64_MAX, 0x541c, BOTH(ANSWER_EPERM)},
	{"ioctl", 0, UINT64_C(0x100005412), BOTH(ANSWER_EPERM)},
	{"ioctl", 0, UINT64_C(0xffffffff0000541c), BOTH(ANSWER_EPERM)},
};

static struct seccomp_filter default_filter(uint64_t caps)
{
	struct arena a = {0};
	struct seccomp_filter f = {0};
	struct err e = {0};

	CHECK_OK(seccomp_compile(seccomp_default_profile(&a, caps), &f, &e), e);
	bpf_sim_check(f.insns, f.n);
	arena_done(&a);
	return f;
}

static uint32_t answer(const struct seccomp_filter *f, const struct seccomp_abi *abi, int nr, uint64_t a0, uint64_t a1)
{
	struct seccomp_data d = {.nr = (int)((uint32_t)nr + abi->nr_offset), .arch = abi->audit, .args = {a0, a1}};

	return bpf_sim_run(f->insns, f->n, &d);
}

TEST(seccomp_default_profile_decides)
{
	struct seccomp_filter plain = default_filter(capability_default());
	struct seccomp_filter admin = default_filter(capability_default() | CAPABILITY_BIT(CAP_SYS_ADMIN));

	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++)
		for (size_t k = 0; k < seccomp_n_abis; k++) {
			const struct expect *x = &expectations[i];
			const struct seccomp_abi *abi = &seccomp_abis[k];
			int nr = seccomp_find_syscall(x->name)->nr[abi->column];
			if (nr < 0)
				continue;
			uint32_t a = answer(&plain, abi, nr, x->arg0, x->arg1);
			uint32_t b = answer(&admin, abi, nr, x->arg0, x->arg1);
			if (a != x->plain || b != x->sys_admin)
				test_fail(__FILE__, __LINE__, "%s: %s(0x%" PRIx64 ", 0x%" PRIx64 "): 0x%x and 0x%x",
					  abi->name, x->name, x->arg0, x->arg1, a, b);
		}
	seccomp_filter_done(&plain);
	seccomp_filter_done(&admin);
}

TEST(seccomp_default_profile_is_closed_to_the_unknown)
{
	struct seccomp_filter f = default_filter(capability_default());

	for (size_t k = 0; k < seccomp_n_abis; k++)
		for (int nr = 472; nr < 512; nr++)
			CHECK_EQ(answer(&f, &seccomp_abis[k], nr, 0, 0), ANSWER_ENOSYS);
	struct seccomp_abi other = {.audit = AUDIT_ARCH_S390X};
	CHECK_EQ(answer(&f, &other, 4, 0, 0), SECCOMP_RET_KILL_THREAD);
	seccomp_filter_done(&f);
}

#if defined(__x86_64__)
TEST(seccomp_default_profile_closes_the_i386_detour)
{
	struct seccomp_filter f = default_filter(capability_default());

	for (uint64_t call = 0; call <= 21; call++)
		CHECK_EQ(answer(&f, &seccomp_abis[1], 102, call, 0), ANSWER_EPERM); // socketcall
	CHECK_EQ(answer(&f, &seccomp_abis[1], 117, 1, 0), SECCOMP_RET_ALLOW);       // ipc
	seccomp_filter_done(&f);
}
#endif

TEST(seccomp_default_profile_names_only_what_exists)
{
	struct arena a = {0};
	struct oci_seccomp *p = seccomp_default_profile(&a, 0);

	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t k = 0; k < p->rules[i].names.n; k++)
			if (!seccomp_find_syscall(p->rules[i].names.v[k]))
				test_fail(__FILE__, __LINE__, "%s", p->rules[i].names.v[k]);
	arena_done(&a);
}

// A sample of compiled programs. When this fails because the compiler (or a table) now writes other programs,
// SECCOMP_COMPILER_VERSION must grow, or stale cache files would be loaded; then take the new sum.
TEST(seccomp_compiler_version_stands_for_its_programs)
{
	static const uint8_t key[16] = "programs";
	uint64_t sum = 0;

	for (int i = 0; i < 3; i++) {
		struct seccomp_filter f = default_filter(i == 2 ? UINT64_MAX : i ? capability_default() : 0);
		sum = sum * 31 + hash_sip(key, f.insns, f.n * sizeof(*f.insns));
		seccomp_filter_done(&f);
	}
#if defined(__x86_64__)
	CHECK_EQ(SECCOMP_COMPILER_VERSION, 3);
	if (sum != UINT64_C(0x8c1e64dc9376f38))
		test_fail(__FILE__, __LINE__, "programs changed, sum is now 0x%" PRIx64, sum);
#endif
}

// ---- real loading

static void load(struct profile *p, const char *flag)
{
	struct seccomp_filter f = {0};
	struct err e = {0};

	if (flag)
		oci_strings_add(&p->arena, &p->p.flags, flag);
	CHECK_OK(seccomp_compile(&p->p, &f, &e), e);
	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(seccomp_load(&f, &e), 0);
	seccomp_filter_done(&f);
	profile_free(p);
}

TEST(seccomp_load_errno_values)
{
	struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);

	profile_rule(p, "getpriority", OCI_ACT_ERRNO, ERRNO(ENOSYS));
	profile_rule(p, "acct", OCI_ACT_ERRNO, NO_ERRNO);
	profile_rule(p, "umask", OCI_ACT_ERRNO, ERRNO(EXFULL));
	rule_arg(p, profile_rule(p, "dup", OCI_ACT_ERRNO, ERRNO(EMFILE)), 0, OCI_SCMP_EQ, 0xffffffffffffffff, 0);
	load(p, "SECCOMP_FILTER_FLAG_LOG");
	CHECK(syscall(SYS_getpriority, 0, 0) == -1 && errno == ENOSYS);
	CHECK(syscall(SYS_acct, NULL) == -1 && errno == EPERM);
	CHECK(syscall(SYS_umask, 0) == -1 && errno == EXFULL);
	CHECK(syscall(SYS_dup, -1L) == -1 && errno == EMFILE);
	CHECK(syscall(SYS_dup, 0xffffffffL) == -1 && errno == EBADF);
	CHECK(getppid() > 0);
}

TEST(seccomp_load_default_profile)
{
	struct seccomp_filter f = default_filter(capability_default());
	struct err e = {0};

	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(seccomp_load(&f, &e), 0);
	CHECK(unshare(CLONE_NEWUTS) == -1 && errno == EPERM);
	CHECK(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	CHECK(syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == EPERM);
	CHECK(syscall(500) == -1 && errno == ENOSYS);
	CHECK(ioctl(0, UINT64_C(0x100005412), "x") == -1 && errno == EPERM);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(7);
	int status = 0;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 7);
	seccomp_filter_done(&f);
}

static int status_of_child_that_calls(enum oci_seccomp_action action, long nr)
{
	int status = 0;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
		profile_rule(p, "acct", action, NO_ERRNO);
		load(p, NULL);
		syscall(nr, NULL);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

TEST(seccomp_load_kills_and_traps)
{
	int s = status_of_child_that_calls(OCI_ACT_KILL_PROCESS, SYS_acct);

	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGSYS);
	s = status_of_child_that_calls(OCI_ACT_KILL, SYS_acct);
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGSYS);
	s = status_of_child_that_calls(OCI_ACT_TRAP, SYS_acct);
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGSYS);
	s = status_of_child_that_calls(OCI_ACT_LOG, SYS_acct);
	CHECK(WIFEXITED(s) && WEXITSTATUS(s) == 0);
#if defined(__x86_64__)
	s = status_of_child_that_calls(OCI_ACT_ERRNO, 0x40000000); // x32's read: not an ABI of this filter
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGSYS);
#endif
}

TEST(seccomp_load_returns_a_listener)
{
	struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	struct seccomp_filter f = {0};
	struct err e = {0};

	profile_rule(p, "acct", OCI_ACT_NOTIFY, NO_ERRNO);
	oci_strings_add(&p->arena, &p->p.flags, "SECCOMP_FILTER_FLAG_TSYNC");
	CHECK_OK(seccomp_compile(&p->p, &f, &e), e);
	CHECK(f.needs_notify);
	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	int fd = seccomp_load(&f, &e);
	CHECK(fd > 2);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	// A second listener is one too many.
	CHECK_EQ(seccomp_load(&f, &e), -EBUSY);
	CHECK_CONTAINS(e.text, "another listener");
	seccomp_filter_done(&f);
	profile_free(p);
}

TEST(seccomp_load_needs_privilege_or_no_new_privs)
{
	struct profile *p = profile_new(OCI_ACT_ALLOW, NO_ERRNO);
	struct seccomp_filter f = {0};
	struct err e = {0};

	CHECK_OK(seccomp_compile(&p->p, &f, &e), e);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))
		test_skip("no_new_privs is on already");
	if (!geteuid())
		CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	CHECK_EQ(seccomp_load(&f, &e), -EACCES);
	CHECK_STR(e.text, "load the seccomp filter: needs CAP_SYS_ADMIN or no new privileges");
	seccomp_filter_done(&f);
	profile_free(p);
}
