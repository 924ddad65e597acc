// SPDX-License-Identifier: Apache-2.0
// The cell of the unpacker. Each wall stands alone, so that a hole in one is not a way out:
//
//  - chroot into the layer's own directory, no descriptor of anything else, and no capability to leave again;
//  - Landlock (where the kernel has it, in the version that can tell moves between directories) for the same directory,
//    without the right to execute;
//  - only the capabilities that owning, labelling and making files needs;
//  - a short list of system calls: no sockets, no processes, no mounts, no exec, no signals;
//  - limits on memory, descriptors and processor time, and death with the parent.
//
// The allow-list is written out here and not taken from the container profile: the two change for different reasons.
#include "image/confine.h"

#include "base/fd.h"
#include "base/sys.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the unpacker's system call filter does not know this machine"
#endif

#ifndef __has_feature // clang's way to tell
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum {
	NOFILE_MAX = 64,
	CPU_SECONDS_MAX = 3600,
	LANDLOCK_ABI_REFER = 2, // before it, links between directories are refused altogether
};

static const uint16_t calls_filter[] = {
	__NR_read,          __NR_write,           __NR_writev,
	__NR_pread64,       __NR_sendto,          __NR_sendmsg,
	__NR_recvfrom,      __NR_close,           __NR_lseek,
	__NR_mmap,          __NR_munmap,          __NR_mremap,
	__NR_madvise,       __NR_mprotect,        __NR_brk,
	__NR_futex,         __NR_exit_group,      __NR_exit,
	__NR_rt_sigreturn,  __NR_rt_sigprocmask,  __NR_getrandom,
	__NR_clock_gettime, __NR_restart_syscall, __NR_sched_yield,
};

static const uint16_t calls_unpack[] = {
	__NR_openat,    __NR_openat2,    __NR_newfstatat, __NR_fstat,    __NR_statx,     __NR_pwrite64,
	__NR_ftruncate, __NR_mkdirat,    __NR_mknodat,    __NR_linkat,   __NR_symlinkat, __NR_unlinkat,
	__NR_fchownat,  __NR_fchown,     __NR_fchmod,     __NR_fchmodat, __NR_fsetxattr, __NR_lsetxattr,
	__NR_utimensat, __NR_getdents64, __NR_fchdir,     __NR_fcntl,
};

// What the run-time of a sanitizer wants on top, in builds that have one.
static const uint16_t calls_sanitizer[] = {__NR_sigaltstack, __NR_prlimit64, __NR_gettid, __NR_getpid,
					   __NR_rt_sigaction};

static const unsigned capabilities_unpack[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
					       CAP_FSETID, CAP_MKNOD,        CAP_SETFCAP};

static int close_others(const int *keep, size_t n, struct err *e)
{
	unsigned from = 3;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned)keep[i] > from && sys_close_range(from, (unsigned)keep[i] - 1, 0))
			return err_sys(e, "close descriptors");
		from = (unsigned)keep[i] + 1;
	}
	return sys_close_range(from, ~0U, 0) ? err_sys(e, "close descriptors") : 0;
}

static int change_root(int root, struct err *e)
{
	if (fchdir(root) || chroot(".") || chdir("/"))
		return err_sys(e, "change the root of the unpacker");
	return 0;
}

static int restrict_files(struct err *e)
{
	struct landlock_ruleset_attr ruleset = {
		.handled_access_fs = (LANDLOCK_ACCESS_FS_REFER << 1) - 1, // all that ABI 2 knows
	};

	if (sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < LANDLOCK_ABI_REFER)
		return 0; // not there: the other walls stand
	_cleanup_fd_ int rules = sys_landlock_create_ruleset(&ruleset, sizeof(ruleset), 0);
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr below = {
		.allowed_access = ruleset.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE,
		.parent_fd = root,
	};
	if (rules < 0 || root < 0 || sys_landlock_add_rule(rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) ||
	    sys_landlock_restrict_self(rules, 0))
		return err_sys(e, "restrict the unpacker to its folder");
	return 0;
}

static int limit(int what, rlim_t value, struct err *e)
{
	struct rlimit r = {0};

	if (getrlimit((__rlimit_resource_t)what, &r))
		return err_sys(e, "read a resource limit");
	r.rlim_max = r.rlim_cur = MIN(value, r.rlim_max);
	return setrlimit((__rlimit_resource_t)what, &r) ? err_sys(e, "set a resource limit") : 0;
}

// Bytes of address space that are mapped now.
static uint64_t mapped(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT(256);
	unsigned long pages = 0;

	if (file_read(AT_FDCWD, "/proc/self/statm", 255, &b, NULL) < 0)
		return 0;
	pages = strtoul(b.data, NULL, 10);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int set_limits(const struct confine *c, uint64_t in_use, struct err *e)
{
	int rc = limit(RLIMIT_CORE, 0, e);

	if (rc >= 0)
		rc = limit(RLIMIT_NOFILE, NOFILE_MAX, e);
	if (rc >= 0)
		rc = limit(RLIMIT_CPU, CPU_SECONDS_MAX, e);
	if (rc >= 0 && c->job == CONFINE_FILTER)
		rc = limit(RLIMIT_NPROC, 0, e);
	if (rc >= 0 && c->memory && in_use && !SANITIZED) // the sanitizer maps terabytes
		rc = limit(RLIMIT_AS, in_use + c->memory, e);
	return rc;
}

static int keep_capabilities(const struct confine *c, struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};
	uint64_t mask = 0;

	for (size_t i = 0; c->job == CONFINE_UNPACK && i < ARRAY_SIZE(capabilities_unpack); i++)
		mask |= UINT64_C(1) << capabilities_unpack[i];
	if (sys_capget(&h, d))
		return err_sys(e, "read capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(d); i++) {
		d[i].permitted &= (uint32_t)(mask >> (32 * i));
		d[i].effective = d[i].permitted;
		d[i].inheritable = 0;
	}
	return sys_capset(&h, d) ? err_sys(e, "give up capabilities") : 0;
}

static size_t add_calls(struct sock_filter *f, const uint16_t *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		f[2 * i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		f[2 * i + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	return 2 * n;
}

static int filter_calls(const struct confine *c, struct err *e)
{
	enum { FIXED = 5 };
	struct sock_filter
		f[FIXED + 2 * (ARRAY_SIZE(calls_filter) + ARRAY_SIZE(calls_unpack) + ARRAY_SIZE(calls_sanitizer))] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		};
	size_t n = FIXED - 1;

	n += add_calls(f + n, calls_filter, ARRAY_SIZE(calls_filter));
	if (c->job == CONFINE_UNPACK)
		n += add_calls(f + n, calls_unpack, ARRAY_SIZE(calls_unpack));
	if (SANITIZED)
		n += add_calls(f + n, calls_sanitizer, ARRAY_SIZE(calls_sanitizer));
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	struct sock_fprog p = {.len = (unsigned short)n, .filter = f};
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &p) ? err_sys(e, "filter system calls") : 0;
}

int confine_self(const struct confine *c, const int *keep, size_t n_keep, struct err *e)
{
	uint64_t in_use = mapped(); // /proc is out of sight soon
	int rc = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, "confine the unpacker");
	umask(0);
	if (c->root >= 0 && (rc = change_root(c->root, e)) < 0)
		return rc;
	if ((rc = close_others(keep, n_keep, e)) < 0)
		return rc;
	if (c->root >= 0 && (rc = restrict_files(e)) < 0)
		return rc;
	if ((rc = set_limits(c, in_use, e)) < 0 || (rc = keep_capabilities(c, e)) < 0)
		return rc;
	return filter_calls(c, e);
}
