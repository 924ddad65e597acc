// SPDX-License-Identifier: Apache-2.0
// The default seccomp profile: an allow-list, as users of Docker know it, with three answers.
// - What containers commonly need is allowed.
// - What is known and refused answers EPERM: it needs a capability the container does not hold, or reaches kernel
//   surface that no container is given (kernel keyrings, io_uring, TIOCSTI, AF_ALG, AF_VSOCK).
// - What is unknown here, or has left the kernel, answers ENOSYS, so that programs take their fallback. clone3 is among
//   these unless the container may create namespaces: its flags lie in memory, out of a filter's sight, and the C
//   libraries fall back to clone, whose flags can be seen.
//
// Refusals by argument use a 32-bit mask where the kernel itself looks at 32 bits: otherwise a set bit above them
// would slip through. Rules that could hold at once are tried in the order seccomp_plan.c describes: "GE 0" of the
// lowest argument is the last resort of a call.
#include "kernel/seccomp.h"
#include "kernel/seccomp_table.h"

#include "base/macro.h"
#include "base/str.h"
#include "kernel/capability.h"

#include <assert.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/socket.h>

#define CAP(name) CAPABILITY_BIT(CAP_##name)

// clang-format off
static const char always_allowed[] =
	"_llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 arm_sync_file_range "
	"bind breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 clock_adjtime "
	"clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
	"clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create "
	"epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd "
	"eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate "
	"fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync "
	"fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync "
	"ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat "
	"get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 "
	"getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority "
	"getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt "
	"gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 "
	"inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit "
	"ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown "
	"lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek "
	"lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir "
	"mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr mq_notify "
	"mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal "
	"msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open "
	"openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll "
	"ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv "
	"process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink "
	"readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr "
	"removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending "
	"rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
	"rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr "
	"sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity "
	"sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop "
	"semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list "
	"set_thread_area set_tid_address set_tls setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 "
	"setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid "
	"setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat "
	"shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketpair splice stat "
	"stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill "
	"time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
	"timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times "
	"tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uprobe uretprobe utime utimensat "
	"utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev";
// clang-format on

// Refused with EPERM whatever the container holds. socketcall is the i386 way to every socket call; which family a
// socket gets lies in memory there, so the refusal of families below would be void with it. Compilers and C libraries
// have used the direct calls since Linux 4.3.
static const char always_refused[] = "add_key io_uring_enter io_uring_register io_uring_setup keyctl request_key "
				     "socketcall sysfs uselib ustat vm86 vm86old";

// Allowed for a container that holds any of these capabilities, EPERM for the others.
static const struct {
	uint64_t caps;
	const char *names;
} gated[] = {
	{CAP(SYS_ADMIN), "fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr "
			 "lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree open_tree_attr "
			 "pivot_root quotactl quotactl_fd setdomainname sethostname setns swapoff swapon umount "
			 "umount2 unshare"},
	{CAP(SYS_ADMIN) | CAP(BPF), "bpf"},
	{CAP(SYS_ADMIN) | CAP(PERFMON), "perf_event_open"},
	{CAP(SYS_ADMIN) | CAP(SYSLOG), "syslog"},
	{CAP(DAC_READ_SEARCH), "open_by_handle_at"},
	{CAP(SYS_BOOT), "kexec_file_load kexec_load reboot"},
	{CAP(SYS_CHROOT), "chroot"},
	{CAP(SYS_MODULE), "delete_module finit_module init_module"},
	{CAP(SYS_NICE), "get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node"},
	{CAP(SYS_PACCT), "acct"},
	{CAP(SYS_PTRACE), "kcmp pidfd_getfd process_madvise userfaultfd"},
	{CAP(SYS_RAWIO), "ioperm iopl"},
	{CAP(SYS_TIME), "clock_settime clock_settime64 settimeofday stime"},
	{CAP(SYS_TTY_CONFIG), "vhangup"},
};

enum {
	NEW_NAMESPACES = 0x7e020000, // all CLONE_NEW* that clone can do
	IOCTL_TIOCSTI = 0x5412,      // types into the terminal it is given
	IOCTL_TIOCLINUX = 0x541c,    // pastes on a virtual console
	FAMILIES = 46,               // AF_MAX of Linux 5.15 to 6.18
};
static_assert(NEW_NAMESPACES == (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
				 CLONE_NEWPID | CLONE_NEWNET),
	      "namespaces that clone(2) creates");

// Rules with one condition; not for a container that holds `unless`.
static const struct {
	char name[16];
	enum oci_seccomp_action action;
	uint64_t unless;
	struct oci_seccomp_arg arg;
} conditional[] = {
	{"clone", OCI_ACT_ALLOW, CAP(SYS_ADMIN), {0, NEW_NAMESPACES, 0, OCI_SCMP_MASKED_EQ}},
	{"clone", OCI_ACT_ERRNO, CAP(SYS_ADMIN), {0, 0, 0, OCI_SCMP_GE}},
	{"ioctl", OCI_ACT_ERRNO, 0, {1, UINT32_MAX, IOCTL_TIOCSTI, OCI_SCMP_MASKED_EQ}},
	{"ioctl", OCI_ACT_ERRNO, 0, {1, UINT32_MAX, IOCTL_TIOCLINUX, OCI_SCMP_MASKED_EQ}},
	{"ioctl", OCI_ACT_ALLOW, 0, {0, 0, 0, OCI_SCMP_GE}},
	{"personality", OCI_ACT_ALLOW, 0, {0, 0, 0, OCI_SCMP_EQ}},
	{"personality", OCI_ACT_ALLOW, 0, {0, 0x8, 0, OCI_SCMP_EQ}},     // PER_LINUX32
	{"personality", OCI_ACT_ALLOW, 0, {0, 0x20000, 0, OCI_SCMP_EQ}}, // UNAME26
	{"personality", OCI_ACT_ALLOW, 0, {0, 0x20008, 0, OCI_SCMP_EQ}},
	{"personality", OCI_ACT_ALLOW, 0, {0, UINT32_MAX, 0, OCI_SCMP_EQ}}, // asks only
	{"personality", OCI_ACT_ERRNO, 0, {0, 0, 0, OCI_SCMP_GE}},
	{"socket", OCI_ACT_ERRNO, 0, {0, UINT32_MAX, AF_ALG, OCI_SCMP_MASKED_EQ}},
	{"socket", OCI_ACT_ERRNO, 0, {0, UINT32_MAX, AF_VSOCK, OCI_SCMP_MASKED_EQ}},
	{"socket", OCI_ACT_ALLOW, 0, {0, FAMILIES, 0, OCI_SCMP_LT}},
	{"socket", OCI_ACT_ERRNO, 0, {0, 0, 0, OCI_SCMP_GE}},
};

enum { MAX_RULES = 3 + ARRAY_SIZE(gated) + ARRAY_SIZE(conditional) };

static struct oci_seccomp_rule *add_rule(struct oci_seccomp *p, enum oci_seccomp_action action)
{
	struct oci_seccomp_rule *r = &p->rules[p->n_rules++];

	r->action = action;
	r->errno_ret = (struct opt_u32){.set = action == OCI_ACT_ERRNO, .v = action == OCI_ACT_ERRNO ? EPERM : 0};
	return r;
}

// A rule for names separated by single blanks. One copy of the text serves all of them.
static void add_names(struct arena *a, struct oci_seccomp *p, enum oci_seccomp_action action, const char *names)
{
	struct oci_strings *s = &add_rule(p, action)->names;
	char *text = arena_strdup(a, names);
	size_t n = 1;

	for (const char *c = names; *c; c++)
		n += *c == ' ';
	s->v = arena_new_n(a, char *, n);
	for (char *next; text; text = next) {
		s->v[s->n++] = text;
		next = strchr(text, ' ');
		if (next)
			*next++ = '\0';
	}
}

struct oci_seccomp *seccomp_default_profile(struct arena *a, uint64_t caps)
{
	struct oci_seccomp *p = arena_new(a, struct oci_seccomp);

	p->default_action = OCI_ACT_ERRNO;
	p->default_errno_ret = (struct opt_u32){.set = true, .v = ENOSYS};
	for (size_t i = 0; i < seccomp_n_abis; i++)
		oci_strings_add(a, &p->architectures, seccomp_abis[i].name);
	p->rules = arena_new_n(a, struct oci_seccomp_rule, MAX_RULES);
	add_names(a, p, OCI_ACT_ALLOW, always_allowed);
	add_names(a, p, OCI_ACT_ERRNO, always_refused);
	for (size_t i = 0; i < ARRAY_SIZE(gated); i++)
		add_names(a, p, caps & gated[i].caps ? OCI_ACT_ALLOW : OCI_ACT_ERRNO, gated[i].names);
	if (caps & CAP(SYS_ADMIN))
		add_names(a, p, OCI_ACT_ALLOW, "clone clone3");
	for (size_t i = 0; i < ARRAY_SIZE(conditional); i++) {
		if (caps & conditional[i].unless)
			continue;
		struct oci_seccomp_rule *r = add_rule(p, conditional[i].action);
		oci_strings_add(a, &r->names, conditional[i].name);
		r->args = arena_new(a, struct oci_seccomp_arg);
		r->args[0] = conditional[i].arg;
		r->n_args = 1;
	}
	return p;
}
