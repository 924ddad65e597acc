// SPDX-License-Identifier: Apache-2.0
// Written by tools/gen-syscalls; do not edit. System calls by name, with their numbers on each ABI
// (-1: none) and how i386 multiplexes them. One pool of text instead of pointers: no relocations.
#include "kernel/seccomp_table.h"

// clang-format off
const char seccomp_name_pool[] =
	"_llseek\0"
	"_newselect\0"
	"_sysctl\0"
	"accept\0"
	"accept4\0"
	"access\0"
	"acct\0"
	"add_key\0"
	"adjtimex\0"
	"afs_syscall\0"
	"alarm\0"
	"arch_prctl\0"
	"arm_fadvise64_64\0"
	"arm_sync_file_range\0"
	"bdflush\0"
	"bind\0"
	"bpf\0"
	"break\0"
	"breakpoint\0"
	"brk\0"
	"cacheflush\0"
	"cachestat\0"
	"capget\0"
	"capset\0"
	"chdir\0"
	"chmod\0"
	"chown\0"
	"chown32\0"
	"chroot\0"
	"clock_adjtime\0"
	"clock_adjtime64\0"
	"clock_getres\0"
	"clock_getres_time64\0"
	"clock_gettime\0"
	"clock_gettime64\0"
	"clock_nanosleep\0"
	"clock_nanosleep_time64\0"
	"clock_settime\0"
	"clock_settime64\0"
	"clone\0"
	"clone3\0"
	"close\0"
	"close_range\0"
	"connect\0"
	"copy_file_range\0"
	"creat\0"
	"create_module\0"
	"delete_module\0"
	"dup\0"
	"dup2\0"
	"dup3\0"
	"epoll_create\0"
	"epoll_create1\0"
	"epoll_ctl\0"
	"epoll_ctl_old\0"
	"epoll_pwait\0"
	"epoll_pwait2\0"
	"epoll_wait\0"
	"epoll_wait_old\0"
	"eventfd\0"
	"eventfd2\0"
	"execve\0"
	"execveat\0"
	"exit\0"
	"exit_group\0"
	"faccessat\0"
	"faccessat2\0"
	"fadvise64\0"
	"fadvise64_64\0"
	"fallocate\0"
	"fanotify_init\0"
	"fanotify_mark\0"
	"fchdir\0"
	"fchmod\0"
	"fchmodat\0"
	"fchmodat2\0"
	"fchown\0"
	"fchown32\0"
	"fchownat\0"
	"fcntl\0"
	"fcntl64\0"
	"fdatasync\0"
	"fgetxattr\0"
	"file_getattr\0"
	"file_setattr\0"
	"finit_module\0"
	"flistxattr\0"
	"flock\0"
	"fork\0"
	"fremovexattr\0"
	"fsconfig\0"
	"fsetxattr\0"
	"fsmount\0"
	"fsopen\0"
	"fspick\0"
	"fstat\0"
	"fstat64\0"
	"fstatat64\0"
	"fstatfs\0"
	"fstatfs64\0"
	"fsync\0"
	"ftime\0"
	"ftruncate\0"
	"ftruncate64\0"
	"futex\0"
	"futex_requeue\0"
	"futex_time64\0"
	"futex_wait\0"
	"futex_waitv\0"
	"futex_wake\0"
	"futimesat\0"
	"get_kernel_syms\0"
	"get_mempolicy\0"
	"get_robust_list\0"
	"get_thread_area\0"
	"get_tls\0"
	"getcpu\0"
	"getcwd\0"
	"getdents\0"
	"getdents64\0"
	"getegid\0"
	"getegid32\0"
	"geteuid\0"
	"geteuid32\0"
	"getgid\0"
	"getgid32\0"
	"getgroups\0"
	"getgroups32\0"
	"getitimer\0"
	"getpeername\0"
	"getpgid\0"
	"getpgrp\0"
	"getpid\0"
	"getpmsg\0"
	"getppid\0"
	"getpriority\0"
	"getrandom\0"
	"getresgid\0"
	"getresgid32\0"
	"getresuid\0"
	"getresuid32\0"
	"getrlimit\0"
	"getrusage\0"
	"getsid\0"
	"getsockname\0"
	"getsockopt\0"
	"gettid\0"
	"gettimeofday\0"
	"getuid\0"
	"getuid32\0"
	"getxattr\0"
	"getxattrat\0"
	"gtty\0"
	"idle\0"
	"init_module\0"
	"inotify_add_watch\0"
	"inotify_init\0"
	"inotify_init1\0"
	"inotify_rm_watch\0"
	"io_cancel\0"
	"io_destroy\0"
	"io_getevents\0"
	"io_pgetevents\0"
	"io_pgetevents_time64\0"
	"io_setup\0"
	"io_submit\0"
	"io_uring_enter\0"
	"io_uring_register\0"
	"io_uring_setup\0"
	"ioctl\0"
	"ioperm\0"
	"iopl\0"
	"ioprio_get\0"
	"ioprio_set\0"
	"ipc\0"
	"kcmp\0"
	"kexec_file_load\0"
	"kexec_load\0"
	"keyctl\0"
	"kill\0"
	"landlock_add_rule\0"
	"landlock_create_ruleset\0"
	"landlock_restrict_self\0"
	"lchown\0"
	"lchown32\0"
	"lgetxattr\0"
	"link\0"
	"linkat\0"
	"listen\0"
	"listmount\0"
	"listns\0"
	"listxattr\0"
	"listxattrat\0"
	"llistxattr\0"
	"lock\0"
	"lookup_dcookie\0"
	"lremovexattr\0"
	"lseek\0"
	"lsetxattr\0"
	"lsm_get_self_attr\0"
	"lsm_list_modules\0"
	"lsm_set_self_attr\0"
	"lstat\0"
	"lstat64\0"
	"madvise\0"
	"map_shadow_stack\0"
	"mbind\0"
	"membarrier\0"
	"memfd_create\0"
	"memfd_secret\0"
	"migrate_pages\0"
	"mincore\0"
	"mkdir\0"
	"mkdirat\0"
	"mknod\0"
	"mknodat\0"
	"mlock\0"
	"mlock2\0"
	"mlockall\0"
	"mmap\0"
	"mmap2\0"
	"modify_ldt\0"
	"mount\0"
	"mount_setattr\0"
	"move_mount\0"
	"move_pages\0"
	"mprotect\0"
	"mpx\0"
	"mq_getsetattr\0"
	"mq_notify\0"
	"mq_open\0"
	"mq_timedreceive\0"
	"mq_timedreceive_time64\0"
	"mq_timedsend\0"
	"mq_timedsend_time64\0"
	"mq_unlink\0"
	"mremap\0"
	"mseal\0"
	"msgctl\0"
	"msgget\0"
	"msgrcv\0"
	"msgsnd\0"
	"msync\0"
	"munlock\0"
	"munlockall\0"
	"munmap\0"
	"name_to_handle_at\0"
	"nanosleep\0"
	"newfstatat\0"
	"nfsservctl\0"
	"nice\0"
	"oldfstat\0"
	"oldlstat\0"
	"oldolduname\0"
	"oldstat\0"
	"olduname\0"
	"open\0"
	"open_by_handle_at\0"
	"open_tree\0"
	"open_tree_attr\0"
	"openat\0"
	"openat2\0"
	"pause\0"
	"pciconfig_iobase\0"
	"pciconfig_read\0"
	"pciconfig_write\0"
	"perf_event_open\0"
	"personality\0"
	"pidfd_getfd\0"
	"pidfd_open\0"
	"pidfd_send_signal\0"
	"pipe\0"
	"pipe2\0"
	"pivot_root\0"
	"pkey_alloc\0"
	"pkey_free\0"
	"pkey_mprotect\0"
	"poll\0"
	"ppoll\0"
	"ppoll_time64\0"
	"prctl\0"
	"pread64\0"
	"preadv\0"
	"preadv2\0"
	"prlimit64\0"
	"process_madvise\0"
	"process_mrelease\0"
	"process_vm_readv\0"
	"process_vm_writev\0"
	"prof\0"
	"profil\0"
	"pselect6\0"
	"pselect6_time64\0"
	"ptrace\0"
	"putpmsg\0"
	"pwrite64\0"
	"pwritev\0"
	"pwritev2\0"
	"query_module\0"
	"quotactl\0"
	"quotactl_fd\0"
	"read\0"
	"readahead\0"
	"readdir\0"
	"readlink\0"
	"readlinkat\0"
	"readv\0"
	"reboot\0"
	"recv\0"
	"recvfrom\0"
	"recvmmsg\0"
	"recvmmsg_time64\0"
	"recvmsg\0"
	"remap_file_pages\0"
	"removexattr\0"
	"removexattrat\0"
	"rename\0"
	"renameat\0"
	"renameat2\0"
	"request_key\0"
	"restart_syscall\0"
	"rmdir\0"
	"rseq\0"
	"rseq_slice_yield\0"
	"rt_sigaction\0"
	"rt_sigpending\0"
	"rt_sigprocmask\0"
	"rt_sigqueueinfo\0"
	"rt_sigreturn\0"
	"rt_sigsuspend\0"
	"rt_sigtimedwait\0"
	"rt_sigtimedwait_time64\0"
	"rt_tgsigqueueinfo\0"
	"sched_get_priority_max\0"
	"sched_get_priority_min\0"
	"sched_getaffinity\0"
	"sched_getattr\0"
	"sched_getparam\0"
	"sched_getscheduler\0"
	"sched_rr_get_interval\0"
	"sched_rr_get_interval_time64\0"
	"sched_setaffinity\0"
	"sched_setattr\0"
	"sched_setparam\0"
	"sched_setscheduler\0"
	"sched_yield\0"
	"seccomp\0"
	"security\0"
	"select\0"
	"semctl\0"
	"semget\0"
	"semop\0"
	"semtimedop\0"
	"semtimedop_time64\0"
	"send\0"
	"sendfile\0"
	"sendfile64\0"
	"sendmmsg\0"
	"sendmsg\0"
	"sendto\0"
	"set_mempolicy\0"
	"set_mempolicy_home_node\0"
	"set_robust_list\0"
	"set_thread_area\0"
	"set_tid_address\0"
	"set_tls\0"
	"setdomainname\0"
	"setfsgid\0"
	"setfsgid32\0"
	"setfsuid\0"
	"setfsuid32\0"
	"setgid\0"
	"setgid32\0"
	"setgroups\0"
	"setgroups32\0"
	"sethostname\0"
	"setitimer\0"
	"setns\0"
	"setpgid\0"
	"setpriority\0"
	"setregid\0"
	"setregid32\0"
	"setresgid\0"
	"setresgid32\0"
	"setresuid\0"
	"setresuid32\0"
	"setreuid\0"
	"setreuid32\0"
	"setrlimit\0"
	"setsid\0"
	"setsockopt\0"
	"settimeofday\0"
	"setuid\0"
	"setuid32\0"
	"setxattr\0"
	"setxattrat\0"
	"sgetmask\0"
	"shmat\0"
	"shmctl\0"
	"shmdt\0"
	"shmget\0"
	"shutdown\0"
	"sigaction\0"
	"sigaltstack\0"
	"signal\0"
	"signalfd\0"
	"signalfd4\0"
	"sigpending\0"
	"sigprocmask\0"
	"sigreturn\0"
	"sigsuspend\0"
	"socket\0"
	"socketcall\0"
	"socketpair\0"
	"splice\0"
	"ssetmask\0"
	"stat\0"
	"stat64\0"
	"statfs\0"
	"statfs64\0"
	"statmount\0"
	"statx\0"
	"stime\0"
	"stty\0"
	"swapoff\0"
	"swapon\0"
	"symlink\0"
	"symlinkat\0"
	"sync\0"
	"sync_file_range\0"
	"syncfs\0"
	"sysfs\0"
	"sysinfo\0"
	"syslog\0"
	"tee\0"
	"tgkill\0"
	"time\0"
	"timer_create\0"
	"timer_delete\0"
	"timer_getoverrun\0"
	"timer_gettime\0"
	"timer_gettime64\0"
	"timer_settime\0"
	"timer_settime64\0"
	"timerfd_create\0"
	"timerfd_gettime\0"
	"timerfd_gettime64\0"
	"timerfd_settime\0"
	"timerfd_settime64\0"
	"times\0"
	"tkill\0"
	"truncate\0"
	"truncate64\0"
	"tuxcall\0"
	"ugetrlimit\0"
	"ulimit\0"
	"umask\0"
	"umount\0"
	"umount2\0"
	"uname\0"
	"unlink\0"
	"unlinkat\0"
	"unshare\0"
	"uprobe\0"
	"uretprobe\0"
	"uselib\0"
	"userfaultfd\0"
	"usr26\0"
	"usr32\0"
	"ustat\0"
	"utime\0"
	"utimensat\0"
	"utimensat_time64\0"
	"utimes\0"
	"vfork\0"
	"vhangup\0"
	"vm86\0"
	"vm86old\0"
	"vmsplice\0"
	"vserver\0"
	"wait4\0"
	"waitid\0"
	"waitpid\0"
	"write\0"
	"writev\0"
	;

const struct seccomp_syscall seccomp_syscalls[] = {
	{0, 0, {-1, 140, -1, -1, 140}}, // _llseek
	{8, 0, {-1, 142, -1, -1, 142}}, // _newselect
	{19, 0, {156, 149, -1, -1, 149}}, // _sysctl
	{27, 5, {43, -1, 43, 202, 285}}, // accept
	{34, 18, {288, 364, 288, 242, 366}}, // accept4
	{42, 0, {21, 33, 21, -1, 33}}, // access
	{49, 0, {163, 51, 163, 89, 51}}, // acct
	{54, 0, {248, 286, 248, 217, 309}}, // add_key
	{62, 0, {159, 124, 159, 171, 124}}, // adjtimex
	{71, 0, {183, 137, 183, -1, -1}}, // afs_syscall
	{83, 0, {37, 27, 37, -1, -1}}, // alarm
	{89, 0, {158, 384, 158, -1, -1}}, // arch_prctl
	{100, 0, {-1, -1, -1, -1, 270}}, // arm_fadvise64_64
	{117, 0, {-1, -1, -1, -1, 341}}, // arm_sync_file_range
	{137, 0, {-1, 134, -1, -1, 134}}, // bdflush
	{145, 2, {49, 361, 49, 200, 282}}, // bind
	{150, 0, {321, 357, 321, 280, 386}}, // bpf
	{154, 0, {-1, 17, -1, -1, -1}}, // break
	{160, 0, {-1, -1, -1, -1, 983041}}, // breakpoint
	{171, 0, {12, 45, 12, 214, 45}}, // brk
	{175, 0, {-1, -1, -1, -1, 983042}}, // cacheflush
	{186, 0, {451, 451, 451, 451, 451}}, // cachestat
	{196, 0, {125, 184, 125, 90, 184}}, // capget
	{203, 0, {126, 185, 126, 91, 185}}, // capset
	{210, 0, {80, 12, 80, 49, 12}}, // chdir
	{216, 0, {90, 15, 90, -1, 15}}, // chmod
	{222, 0, {92, 182, 92, -1, 182}}, // chown
	{228, 0, {-1, 212, -1, -1, 212}}, // chown32
	{236, 0, {161, 61, 161, 51, 61}}, // chroot
	{243, 0, {305, 343, 305, 266, 372}}, // clock_adjtime
	{257, 0, {-1, 405, -1, -1, 405}}, // clock_adjtime64
	{273, 0, {229, 266, 229, 114, 264}}, // clock_getres
	{286, 0, {-1, 406, -1, -1, 406}}, // clock_getres_time64
	{306, 0, {228, 265, 228, 113, 263}}, // clock_gettime
	{320, 0, {-1, 403, -1, -1, 403}}, // clock_gettime64
	{336, 0, {230, 267, 230, 115, 265}}, // clock_nanosleep
	{352, 0, {-1, 407, -1, -1, 407}}, // clock_nanosleep_time64
	{375, 0, {227, 264, 227, 112, 262}}, // clock_settime
	{389, 0, {-1, 404, -1, -1, 404}}, // clock_settime64
	{405, 0, {56, 120, 56, 220, 120}}, // clone
	{411, 0, {435, 435, 435, 435, 435}}, // clone3
	{418, 0, {3, 6, 3, 57, 6}}, // close
	{424, 0, {436, 436, 436, 436, 436}}, // close_range
	{436, 3, {42, 362, 42, 203, 283}}, // connect
	{444, 0, {326, 377, 326, 285, 391}}, // copy_file_range
	{460, 0, {85, 8, 85, -1, 8}}, // creat
	{466, 0, {174, 127, -1, -1, -1}}, // create_module
	{480, 0, {176, 129, 176, 106, 129}}, // delete_module
	{494, 0, {32, 41, 32, 23, 41}}, // dup
	{498, 0, {33, 63, 33, -1, 63}}, // dup2
	{503, 0, {292, 330, 292, 24, 358}}, // dup3
	{508, 0, {213, 254, 213, -1, 250}}, // epoll_create
	{521, 0, {291, 329, 291, 20, 357}}, // epoll_create1
	{535, 0, {233, 255, 233, 21, 251}}, // epoll_ctl
	{545, 0, {214, -1, -1, -1, -1}}, // epoll_ctl_old
	{559, 0, {281, 319, 281, 22, 346}}, // epoll_pwait
	{571, 0, {441, 441, 441, 441, 441}}, // epoll_pwait2
	{584, 0, {232, 256, 232, -1, 252}}, // epoll_wait
	{595, 0, {215, -1, -1, -1, -1}}, // epoll_wait_old
	{610, 0, {284, 323, 284, -1, 351}}, // eventfd
	{618, 0, {290, 328, 290, 19, 356}}, // eventfd2
	{627, 0, {59, 11, 520, 221, 11}}, // execve
	{634, 0, {322, 358, 545, 281, 387}}, // execveat
	{643, 0, {60, 1, 60, 93, 1}}, // exit
	{648, 0, {231, 252, 231, 94, 248}}, // exit_group
	{659, 0, {269, 307, 269, 48, 334}}, // faccessat
	{669, 0, {439, 439, 439, 439, 439}}, // faccessat2
	{680, 0, {221, 250, 221, 223, -1}}, // fadvise64
	{690, 0, {-1, 272, -1, -1, -1}}, // fadvise64_64
	{703, 0, {285, 324, 285, 47, 352}}, // fallocate
	{713, 0, {300, 338, 300, 262, 367}}, // fanotify_init
	{727, 0, {301, 339, 301, 263, 368}}, // fanotify_mark
	{741, 0, {81, 133, 81, 50, 133}}, // fchdir
	{748, 0, {91, 94, 91, 52, 94}}, // fchmod
	{755, 0, {268, 306, 268, 53, 333}}, // fchmodat
	{764, 0, {452, 452, 452, 452, 452}}, // fchmodat2
	{774, 0, {93, 95, 93, 55, 95}}, // fchown
	{781, 0, {-1, 207, -1, -1, 207}}, // fchown32
	{790, 0, {260, 298, 260, 54, 325}}, // fchownat
	{799, 0, {72, 55, 72, 25, 55}}, // fcntl
	{805, 0, {-1, 221, -1, -1, 221}}, // fcntl64
	{813, 0, {75, 148, 75, 83, 148}}, // fdatasync
	{823, 0, {193, 231, 193, 10, 231}}, // fgetxattr
	{833, 0, {468, 468, 468, 468, 468}}, // file_getattr
	{846, 0, {469, 469, 469, 469, 469}}, // file_setattr
	{859, 0, {313, 350, 313, 273, 379}}, // finit_module
	{872, 0, {196, 234, 196, 13, 234}}, // flistxattr
	{883, 0, {73, 143, 73, 32, 143}}, // flock
	{889, 0, {57, 2, 57, -1, 2}}, // fork
	{894, 0, {199, 237, 199, 16, 237}}, // fremovexattr
	{907, 0, {431, 431, 431, 431, 431}}, // fsconfig
	{916, 0, {190, 228, 190, 7, 228}}, // fsetxattr
	{926, 0, {432, 432, 432, 432, 432}}, // fsmount
	{934, 0, {430, 430, 430, 430, 430}}, // fsopen
	{941, 0, {433, 433, 433, 433, 433}}, // fspick
	{948, 0, {5, 108, 5, 80, 108}}, // fstat
	{954, 0, {-1, 197, -1, -1, 197}}, // fstat64
	{962, 0, {-1, 300, -1, -1, 327}}, // fstatat64
	{972, 0, {138, 100, 138, 44, 100}}, // fstatfs
	{980, 0, {-1, 269, -1, -1, 267}}, // fstatfs64
	{990, 0, {74, 118, 74, 82, 118}}, // fsync
	{996, 0, {-1, 35, -1, -1, -1}}, // ftime
	{1002, 0, {77, 93, 77, 46, 93}}, // ftruncate
	{1012, 0, {-1, 194, -1, -1, 194}}, // ftruncate64
	{1024, 0, {202, 240, 202, 98, 240}}, // futex
	{1030, 0, {456, 456, 456, 456, 456}}, // futex_requeue
	{1044, 0, {-1, 422, -1, -1, 422}}, // futex_time64
	{1057, 0, {455, 455, 455, 455, 455}}, // futex_wait
	{1068, 0, {449, 449, 449, 449, 449}}, // futex_waitv
	{1080, 0, {454, 454, 454, 454, 454}}, // futex_wake
	{1091, 0, {261, 299, 261, -1, 326}}, // futimesat
	{1101, 0, {177, 130, -1, -1, -1}}, // get_kernel_syms
	{1117, 0, {239, 275, 239, 236, 320}}, // get_mempolicy
	{1131, 0, {274, 312, 531, 100, 339}}, // get_robust_list
	{1147, 0, {211, 244, -1, -1, -1}}, // get_thread_area
	{1163, 0, {-1, -1, -1, -1, 983046}}, // get_tls
	{1171, 0, {309, 318, 309, 168, 345}}, // getcpu
	{1178, 0, {79, 183, 79, 17, 183}}, // getcwd
	{1185, 0, {78, 141, 78, -1, 141}}, // getdents
	{1194, 0, {217, 220, 217, 61, 217}}, // getdents64
	{1205, 0, {108, 50, 108, 177, 50}}, // getegid
	{1213, 0, {-1, 202, -1, -1, 202}}, // getegid32
	{1223, 0, {107, 49, 107, 175, 49}}, // geteuid
	{1231, 0, {-1, 201, -1, -1, 201}}, // geteuid32
	{1241, 0, {104, 47, 104, 176, 47}}, // getgid
	{1248, 0, {-1, 200, -1, -1, 200}}, // getgid32
	{1257, 0, {115, 80, 115, 158, 80}}, // getgroups
	{1267, 0, {-1, 205, -1, -1, 205}}, // getgroups32
	{1279, 0, {36, 105, 36, 102, 105}}, // getitimer
	{1289, 7, {52, 368, 52, 205, 287}}, // getpeername
	{1301, 0, {121, 132, 121, 155, 132}}, // getpgid
	{1309, 0, {111, 65, 111, -1, 65}}, // getpgrp
	{1317, 0, {39, 20, 39, 172, 20}}, // getpid
	{1324, 0, {181, 188, 181, -1, -1}}, // getpmsg
	{1332, 0, {110, 64, 110, 173, 64}}, // getppid
	{1340, 0, {140, 96, 140, 141, 96}}, // getpriority
	{1352, 0, {318, 355, 318, 278, 384}}, // getrandom
	{1362, 0, {120, 171, 120, 150, 171}}, // getresgid
	{1372, 0, {-1, 211, -1, -1, 211}}, // getresgid32
	{1384, 0, {118, 165, 118, 148, 165}}, // getresuid
	{1394, 0, {-1, 209, -1, -1, 209}}, // getresuid32
	{1406, 0, {97, 76, 97, 163, -1}}, // getrlimit
	{1416, 0, {98, 77, 98, 165, 77}}, // getrusage
	{1426, 0, {124, 147, 124, 156, 147}}, // getsid
	{1433, 6, {51, 367, 51, 204, 286}}, // getsockname
	{1445, 15, {55, 365, 542, 209, 295}}, // getsockopt
	{1456, 0, {186, 224, 186, 178, 224}}, // gettid
	{1463, 0, {96, 78, 96, 169, 78}}, // gettimeofday
	{1476, 0, {102, 24, 102, 174, 24}}, // getuid
	{1483, 0, {-1, 199, -1, -1, 199}}, // getuid32
	{1492, 0, {191, 229, 191, 8, 229}}, // getxattr
	{1501, 0, {464, 464, 464, 464, 464}}, // getxattrat
	{1512, 0, {-1, 32, -1, -1, -1}}, // gtty
	{1517, 0, {-1, 112, -1, -1, -1}}, // idle
	{1522, 0, {175, 128, 175, 105, 128}}, // init_module
	{1534, 0, {254, 292, 254, 27, 317}}, // inotify_add_watch
	{1552, 0, {253, 291, 253, -1, 316}}, // inotify_init
	{1565, 0, {294, 332, 294, 26, 360}}, // inotify_init1
	{1579, 0, {255, 293, 255, 28, 318}}, // inotify_rm_watch
	{1596, 0, {210, 249, 210, 3, 247}}, // io_cancel
	{1606, 0, {207, 246, 207, 1, 244}}, // io_destroy
	{1617, 0, {208, 247, 208, 4, 245}}, // io_getevents
	{1630, 0, {333, 385, 333, 292, 399}}, // io_pgetevents
	{1644, 0, {-1, 416, -1, -1, 416}}, // io_pgetevents_time64
	{1665, 0, {206, 245, 543, 0, 243}}, // io_setup
	{1674, 0, {209, 248, 544, 2, 246}}, // io_submit
	{1684, 0, {426, 426, 426, 426, 426}}, // io_uring_enter
	{1699, 0, {427, 427, 427, 427, 427}}, // io_uring_register
	{1717, 0, {425, 425, 425, 425, 425}}, // io_uring_setup
	{1732, 0, {16, 54, 514, 29, 54}}, // ioctl
	{1738, 0, {173, 101, 173, -1, -1}}, // ioperm
	{1745, 0, {172, 110, 172, -1, -1}}, // iopl
	{1750, 0, {252, 290, 252, 31, 315}}, // ioprio_get
	{1761, 0, {251, 289, 251, 30, 314}}, // ioprio_set
	{1772, 0, {-1, 117, -1, -1, -1}}, // ipc
	{1776, 0, {312, 349, 312, 272, 378}}, // kcmp
	{1781, 0, {320, -1, 320, 294, 401}}, // kexec_file_load
	{1797, 0, {246, 283, 528, 104, 347}}, // kexec_load
	{1808, 0, {250, 288, 250, 219, 311}}, // keyctl
	{1815, 0, {62, 37, 62, 129, 37}}, // kill
	{1820, 0, {445, 445, 445, 445, 445}}, // landlock_add_rule
	{1838, 0, {444, 444, 444, 444, 444}}, // landlock_create_ruleset
	{1862, 0, {446, 446, 446, 446, 446}}, // landlock_restrict_self
	{1885, 0, {94, 16, 94, -1, 16}}, // lchown
	{1892, 0, {-1, 198, -1, -1, 198}}, // lchown32
	{1901, 0, {192, 230, 192, 9, 230}}, // lgetxattr
	{1911, 0, {86, 9, 86, -1, 9}}, // link
	{1916, 0, {265, 303, 265, 37, 330}}, // linkat
	{1923, 4, {50, 363, 50, 201, 284}}, // listen
	{1930, 0, {458, 458, 458, 458, 458}}, // listmount
	{1940, 0, {470, 470, 470, 470, 470}}, // listns
	{1947, 0, {194, 232, 194, 11, 232}}, // listxattr
	{1957, 0, {465, 465, 465, 465, 465}}, // listxattrat
	{1969, 0, {195, 233, 195, 12, 233}}, // llistxattr
	{1980, 0, {-1, 53, -1, -1, -1}}, // lock
	{1985, 0, {212, 253, 212, 18, 249}}, // lookup_dcookie
	{2000, 0, {198, 236, 198, 15, 236}}, // lremovexattr
	{2013, 0, {8, 19, 8, 62, 19}}, // lseek
	{2019, 0, {189, 227, 189, 6, 227}}, // lsetxattr
	{2029, 0, {459, 459, 459, 459, 459}}, // lsm_get_self_attr
	{2047, 0, {461, 461, 461, 461, 461}}, // lsm_list_modules
	{2064, 0, {460, 460, 460, 460, 460}}, // lsm_set_self_attr
	{2082, 0, {6, 107, 6, -1, 107}}, // lstat
	{2088, 0, {-1, 196, -1, -1, 196}}, // lstat64
	{2096, 0, {28, 219, 28, 233, 220}}, // madvise
	{2104, 0, {453, 453, -1, 453, 453}}, // map_shadow_stack
	{2121, 0, {237, 274, 237, 235, 319}}, // mbind
	{2127, 0, {324, 375, 324, 283, 389}}, // membarrier
	{2138, 0, {319, 356, 319, 279, 385}}, // memfd_create
	{2151, 0, {447, 447, 447, 447, -1}}, // memfd_secret
	{2164, 0, {256, 294, 256, 238, 400}}, // migrate_pages
	{2178, 0, {27, 218, 27, 232, 219}}, // mincore
	{2186, 0, {83, 39, 83, -1, 39}}, // mkdir
	{2192, 0, {258, 296, 258, 34, 323}}, // mkdirat
	{2200, 0, {133, 14, 133, -1, 14}}, // mknod
	{2206, 0, {259, 297, 259, 33, 324}}, // mknodat
	{2214, 0, {149, 150, 149, 228, 150}}, // mlock
	{2220, 0, {325, 376, 325, 284, 390}}, // mlock2
	{2227, 0, {151, 152, 151, 230, 152}}, // mlockall
	{2236, 0, {9, 90, 9, 222, -1}}, // mmap
	{2241, 0, {-1, 192, -1, -1, 192}}, // mmap2
	{2247, 0, {154, 123, 154, -1, -1}}, // modify_ldt
	{2258, 0, {165, 21, 165, 40, 21}}, // mount
	{2264, 0, {442, 442, 442, 442, 442}}, // mount_setattr
	{2278, 0, {429, 429, 429, 429, 429}}, // move_mount
	{2289, 0, {279, 317, 533, 239, 344}}, // move_pages
	{2300, 0, {10, 125, 10, 226, 125}}, // mprotect
	{2309, 0, {-1, 56, -1, -1, -1}}, // mpx
	{2313, 0, {245, 282, 245, 185, 279}}, // mq_getsetattr
	{2327, 0, {244, 281, 527, 184, 278}}, // mq_notify
	{2337, 0, {240, 277, 240, 180, 274}}, // mq_open
	{2345, 0, {243, 280, 243, 183, 277}}, // mq_timedreceive
	{2361, 0, {-1, 419, -1, -1, 419}}, // mq_timedreceive_time64
	{2384, 0, {242, 279, 242, 182, 276}}, // mq_timedsend
	{2397, 0, {-1, 418, -1, -1, 418}}, // mq_timedsend_time64
	{2417, 0, {241, 278, 241, 181, 275}}, // mq_unlink
	{2427, 0, {25, 163, 25, 216, 163}}, // mremap
	{2434, 0, {462, 462, 462, 462, 462}}, // mseal
	{2440, 142, {71, 402, 71, 187, 304}}, // msgctl
	{2447, 141, {68, 399, 68, 186, 303}}, // msgget
	{2454, 140, {70, 401, 70, 188, 302}}, // msgrcv
	{2461, 139, {69, 400, 69, 189, 301}}, // msgsnd
	{2468, 0, {26, 144, 26, 227, 144}}, // msync
	{2474, 0, {150, 151, 150, 229, 151}}, // munlock
	{2482, 0, {152, 153, 152, 231, 153}}, // munlockall
	{2493, 0, {11, 91, 11, 215, 91}}, // munmap
	{2500, 0, {303, 341, 303, 264, 370}}, // name_to_handle_at
	{2518, 0, {35, 162, 35, 101, 162}}, // nanosleep
	{2528, 0, {262, -1, 262, 79, -1}}, // newfstatat
	{2539, 0, {180, 169, -1, 42, 169}}, // nfsservctl
	{2550, 0, {-1, 34, -1, -1, 34}}, // nice
	{2555, 0, {-1, 28, -1, -1, -1}}, // oldfstat
	{2564, 0, {-1, 84, -1, -1, -1}}, // oldlstat
	{2573, 0, {-1, 59, -1, -1, -1}}, // oldolduname
	{2585, 0, {-1, 18, -1, -1, -1}}, // oldstat
	{2593, 0, {-1, 109, -1, -1, -1}}, // olduname
	{2602, 0, {2, 5, 2, -1, 5}}, // open
	{2607, 0, {304, 342, 304, 265, 371}}, // open_by_handle_at
	{2625, 0, {428, 428, 428, 428, 428}}, // open_tree
	{2635, 0, {467, 467, 467, 467, 467}}, // open_tree_attr
	{2650, 0, {257, 295, 257, 56, 322}}, // openat
	{2657, 0, {437, 437, 437, 437, 437}}, // openat2
	{2665, 0, {34, 29, 34, -1, 29}}, // pause
	{2671, 0, {-1, -1, -1, -1, 271}}, // pciconfig_iobase
	{2688, 0, {-1, -1, -1, -1, 272}}, // pciconfig_read
	{2703, 0, {-1, -1, -1, -1, 273}}, // pciconfig_write
	{2719, 0, {298, 336, 298, 241, 364}}, // perf_event_open
	{2735, 0, {135, 136, 135, 92, 136}}, // personality
	{2747, 0, {438, 438, 438, 438, 438}}, // pidfd_getfd
	{2759, 0, {434, 434, 434, 434, 434}}, // pidfd_open
	{2770, 0, {424, 424, 424, 424, 424}}, // pidfd_send_signal
	{2788, 0, {22, 42, 22, -1, 42}}, // pipe
	{2793, 0, {293, 331, 293, 59, 359}}, // pipe2
	{2799, 0, {155, 217, 155, 41, 218}}, // pivot_root
	{2810, 0, {330, 381, 330, 289, 395}}, // pkey_alloc
	{2821, 0, {331, 382, 331, 290, 396}}, // pkey_free
	{2831, 0, {329, 380, 329, 288, 394}}, // pkey_mprotect
	{2845, 0, {7, 168, 7, -1, 168}}, // poll
	{2850, 0, {271, 309, 271, 73, 336}}, // ppoll
	{2856, 0, {-1, 414, -1, -1, 414}}, // ppoll_time64
	{2869, 0, {157, 172, 157, 167, 172}}, // prctl
	{2875, 0, {17, 180, 17, 67, 180}}, // pread64
	{2883, 0, {295, 333, 534, 69, 361}}, // preadv
	{2890, 0, {327, 378, 546, 286, 392}}, // preadv2
	{2898, 0, {302, 340, 302, 261, 369}}, // prlimit64
	{2908, 0, {440, 440, 440, 440, 440}}, // process_madvise
	{2924, 0, {448, 448, 448, 448, 448}}, // process_mrelease
	{2941, 0, {310, 347, 539, 270, 376}}, // process_vm_readv
	{2958, 0, {311, 348, 540, 271, 377}}, // process_vm_writev
	{2976, 0, {-1, 44, -1, -1, -1}}, // prof
	{2981, 0, {-1, 98, -1, -1, -1}}, // profil
	{2988, 0, {270, 308, 270, 72, 335}}, // pselect6
	{2997, 0, {-1, 413, -1, -1, 413}}, // pselect6_time64
	{3013, 0, {101, 26, 521, 117, 26}}, // ptrace
	{3020, 0, {182, 189, 182, -1, -1}}, // putpmsg
	{3028, 0, {18, 181, 18, 68, 181}}, // pwrite64
	{3037, 0, {296, 334, 535, 70, 362}}, // pwritev
	{3045, 0, {328, 379, 547, 287, 393}}, // pwritev2
	{3054, 0, {178, 167, -1, -1, -1}}, // query_module
	{3067, 0, {179, 131, 179, 60, 131}}, // quotactl
	{3076, 0, {443, 443, 443, 443, 443}}, // quotactl_fd
	{3088, 0, {0, 3, 0, 63, 3}}, // read
	{3093, 0, {187, 225, 187, 213, 225}}, // readahead
	{3103, 0, {-1, 89, -1, -1, -1}}, // readdir
	{3111, 0, {89, 85, 89, -1, 85}}, // readlink
	{3120, 0, {267, 305, 267, 78, 332}}, // readlinkat
	{3131, 0, {19, 145, 515, 65, 145}}, // readv
	{3137, 0, {169, 88, 169, 142, 88}}, // reboot
	{3144, 10, {-1, -1, -1, -1, 291}}, // recv
	{3149, 12, {45, 371, 517, 207, 292}}, // recvfrom
	{3158, 19, {299, 337, 537, 243, 365}}, // recvmmsg
	{3167, 0, {-1, 417, -1, -1, 417}}, // recvmmsg_time64
	{3183, 17, {47, 372, 519, 212, 297}}, // recvmsg
	{3191, 0, {216, 257, 216, 234, 253}}, // remap_file_pages
	{3208, 0, {197, 235, 197, 14, 235}}, // removexattr
	{3220, 0, {466, 466, 466, 466, 466}}, // removexattrat
	{3234, 0, {82, 38, 82, -1, 38}}, // rename
	{3241, 0, {264, 302, 264, 38, 329}}, // renameat
	{3250, 0, {316, 353, 316, 276, 382}}, // renameat2
	{3260, 0, {249, 287, 249, 218, 310}}, // request_key
	{3272, 0, {219, 0, 219, 128, 0}}, // restart_syscall
	{3288, 0, {84, 40, 84, -1, 40}}, // rmdir
	{3294, 0, {334, 386, 334, 293, 398}}, // rseq
	{3299, 0, {471, 471, 471, 471, 471}}, // rseq_slice_yield
	{3316, 0, {13, 174, 512, 134, 174}}, // rt_sigaction
	{3329, 0, {127, 176, 522, 136, 176}}, // rt_sigpending
	{3343, 0, {14, 175, 14, 135, 175}}, // rt_sigprocmask
	{3358, 0, {129, 178, 524, 138, 178}}, // rt_sigqueueinfo
	{3374, 0, {15, 173, 513, 139, 173}}, // rt_sigreturn
	{3387, 0, {130, 179, 130, 133, 179}}, // rt_sigsuspend
	{3401, 0, {128, 177, 523, 137, 177}}, // rt_sigtimedwait
	{3417, 0, {-1, 421, -1, -1, 421}}, // rt_sigtimedwait_time64
	{3440, 0, {297, 335, 536, 240, 363}}, // rt_tgsigqueueinfo
	{3458, 0, {146, 159, 146, 125, 159}}, // sched_get_priority_max
	{3481, 0, {147, 160, 147, 126, 160}}, // sched_get_priority_min
	{3504, 0, {204, 242, 204, 123, 242}}, // sched_getaffinity
	{3522, 0, {315, 352, 315, 275, 381}}, // sched_getattr
	{3536, 0, {143, 155, 143, 121, 155}}, // sched_getparam
	{3551, 0, {145, 157, 145, 120, 157}}, // sched_getscheduler
	{3570, 0, {148, 161, 148, 127, 161}}, // sched_rr_get_interval
	{3592, 0, {-1, 423, -1, -1, 423}}, // sched_rr_get_interval_time64
	{3621, 0, {203, 241, 203, 122, 241}}, // sched_setaffinity
	{3639, 0, {314, 351, 314, 274, 380}}, // sched_setattr
	{3653, 0, {142, 154, 142, 118, 154}}, // sched_setparam
	{3668, 0, {144, 156, 144, 119, 156}}, // sched_setscheduler
	{3687, 0, {24, 158, 24, 124, 158}}, // sched_yield
	{3699, 0, {317, 354, 317, 277, 383}}, // seccomp
	{3707, 0, {185, -1, 185, -1, -1}}, // security
	{3716, 0, {23, 82, 23, -1, -1}}, // select
	{3723, 131, {66, 394, 66, 191, 300}}, // semctl
	{3730, 130, {64, 393, 64, 190, 299}}, // semget
	{3737, 129, {65, -1, 65, 193, 298}}, // semop
	{3743, 132, {220, -1, 220, 192, 312}}, // semtimedop
	{3754, 0, {-1, 420, -1, -1, 420}}, // semtimedop_time64
	{3772, 9, {-1, -1, -1, -1, 289}}, // send
	{3777, 0, {40, 187, 40, 71, 187}}, // sendfile
	{3786, 0, {-1, 239, -1, -1, 239}}, // sendfile64
	{3797, 20, {307, 345, 538, 269, 374}}, // sendmmsg
	{3806, 16, {46, 370, 518, 211, 296}}, // sendmsg
	{3814, 11, {44, 369, 44, 206, 290}}, // sendto
	{3821, 0, {238, 276, 238, 237, 321}}, // set_mempolicy
	{3835, 0, {450, 450, 450, 450, 450}}, // set_mempolicy_home_node
	{3859, 0, {273, 311, 530, 99, 338}}, // set_robust_list
	{3875, 0, {205, 243, -1, -1, -1}}, // set_thread_area
	{3891, 0, {218, 258, 218, 96, 256}}, // set_tid_address
	{3907, 0, {-1, -1, -1, -1, 983045}}, // set_tls
	{3915, 0, {171, 121, 171, 162, 121}}, // setdomainname
	{3929, 0, {123, 139, 123, 152, 139}}, // setfsgid
	{3938, 0, {-1, 216, -1, -1, 216}}, // setfsgid32
	{3949, 0, {122, 138, 122, 151, 138}}, // setfsuid
	{3958, 0, {-1, 215, -1, -1, 215}}, // setfsuid32
	{3969, 0, {106, 46, 106, 144, 46}}, // setgid
	{3976, 0, {-1, 214, -1, -1, 214}}, // setgid32
	{3985, 0, {116, 81, 116, 159, 81}}, // setgroups
	{3995, 0, {-1, 206, -1, -1, 206}}, // setgroups32
	{4007, 0, {170, 74, 170, 161, 74}}, // sethostname
	{4019, 0, {38, 104, 38, 103, 104}}, // setitimer
	{4029, 0, {308, 346, 308, 268, 375}}, // setns
	{4035, 0, {109, 57, 109, 154, 57}}, // setpgid
	{4043, 0, {141, 97, 141, 140, 97}}, // setpriority
	{4055, 0, {114, 71, 114, 143, 71}}, // setregid
	{4064, 0, {-1, 204, -1, -1, 204}}, // setregid32
	{4075, 0, {119, 170, 119, 149, 170}}, // setresgid
	{4085, 0, {-1, 210, -1, -1, 210}}, // setresgid32
	{4097, 0, {117, 164, 117, 147, 164}}, // setresuid
	{4107, 0, {-1, 208, -1, -1, 208}}, // setresuid32
	{4119, 0, {113, 70, 113, 145, 70}}, // setreuid
	{4128, 0, {-1, 203, -1, -1, 203}}, // setreuid32
	{4139, 0, {160, 75, 160, 164, 75}}, // setrlimit
	{4149, 0, {112, 66, 112, 157, 66}}, // setsid
	{4156, 14, {54, 366, 541, 208, 294}}, // setsockopt
	{4167, 0, {164, 79, 164, 170, 79}}, // settimeofday
	{4180, 0, {105, 23, 105, 146, 23}}, // setuid
	{4187, 0, {-1, 213, -1, -1, 213}}, // setuid32
	{4196, 0, {188, 226, 188, 5, 226}}, // setxattr
	{4205, 0, {463, 463, 463, 463, 463}}, // setxattrat
	{4216, 0, {-1, 68, -1, -1, -1}}, // sgetmask
	{4225, 149, {30, 397, 30, 196, 305}}, // shmat
	{4231, 152, {31, 396, 31, 195, 308}}, // shmctl
	{4238, 150, {67, 398, 67, 197, 306}}, // shmdt
	{4244, 151, {29, 395, 29, 194, 307}}, // shmget
	{4251, 13, {48, 373, 48, 210, 293}}, // shutdown
	{4260, 0, {-1, 67, -1, -1, 67}}, // sigaction
	{4270, 0, {131, 186, 525, 132, 186}}, // sigaltstack
	{4282, 0, {-1, 48, -1, -1, -1}}, // signal
	{4289, 0, {282, 321, 282, -1, 349}}, // signalfd
	{4298, 0, {289, 327, 289, 74, 355}}, // signalfd4
	{4308, 0, {-1, 73, -1, -1, 73}}, // sigpending
	{4319, 0, {-1, 126, -1, -1, 126}}, // sigprocmask
	{4331, 0, {-1, 119, -1, -1, 119}}, // sigreturn
	{4341, 0, {-1, 72, -1, -1, 72}}, // sigsuspend
	{4352, 1, {41, 359, 41, 198, 281}}, // socket
	{4359, 0, {-1, 102, -1, -1, -1}}, // socketcall
	{4370, 8, {53, 360, 53, 199, 288}}, // socketpair
	{4381, 0, {275, 313, 275, 76, 340}}, // splice
	{4388, 0, {-1, 69, -1, -1, -1}}, // ssetmask
	{4397, 0, {4, 106, 4, -1, 106}}, // stat
	{4402, 0, {-1, 195, -1, -1, 195}}, // stat64
	{4409, 0, {137, 99, 137, 43, 99}}, // statfs
	{4416, 0, {-1, 268, -1, -1, 266}}, // statfs64
	{4425, 0, {457, 457, 457, 457, 457}}, // statmount
	{4435, 0, {332, 383, 332, 291, 397}}, // statx
	{4441, 0, {-1, 25, -1, -1, -1}}, // stime
	{4447, 0, {-1, 31, -1, -1, -1}}, // stty
	{4452, 0, {168, 115, 168, 225, 115}}, // swapoff
	{4460, 0, {167, 87, 167, 224, 87}}, // swapon
	{4467, 0, {88, 83, 88, -1, 83}}, // symlink
	{4475, 0, {266, 304, 266, 36, 331}}, // symlinkat
	{4485, 0, {162, 36, 162, 81, 36}}, // sync
	{4490, 0, {277, 314, 277, 84, -1}}, // sync_file_range
	{4506, 0, {306, 344, 306, 267, 373}}, // syncfs
	{4513, 0, {139, 135, 139, -1, 135}}, // sysfs
	{4519, 0, {99, 116, 99, 179, 116}}, // sysinfo
	{4527, 0, {103, 103, 103, 116, 103}}, // syslog
	{4534, 0, {276, 315, 276, 77, 342}}, // tee
	{4538, 0, {234, 270, 234, 131, 268}}, // tgkill
	{4545, 0, {201, 13, 201, -1, -1}}, // time
	{4550, 0, {222, 259, 526, 107, 257}}, // timer_create
	{4563, 0, {226, 263, 226, 111, 261}}, // timer_delete
	{4576, 0, {225, 262, 225, 109, 260}}, // timer_getoverrun
	{4593, 0, {224, 261, 224, 108, 259}}, // timer_gettime
	{4607, 0, {-1, 408, -1, -1, 408}}, // timer_gettime64
	{4623, 0, {223, 260, 223, 110, 258}}, // timer_settime
	{4637, 0, {-1, 409, -1, -1, 409}}, // timer_settime64
	{4653, 0, {283, 322, 283, 85, 350}}, // timerfd_create
	{4668, 0, {287, 326, 287, 87, 354}}, // timerfd_gettime
	{4684, 0, {-1, 410, -1, -1, 410}}, // timerfd_gettime64
	{4702, 0, {286, 325, 286, 86, 353}}, // timerfd_settime
	{4718, 0, {-1, 411, -1, -1, 411}}, // timerfd_settime64
	{4736, 0, {100, 43, 100, 153, 43}}, // times
	{4742, 0, {200, 238, 200, 130, 238}}, // tkill
	{4748, 0, {76, 92, 76, 45, 92}}, // truncate
	{4757, 0, {-1, 193, -1, -1, 193}}, // truncate64
	{4768, 0, {184, -1, 184, -1, -1}}, // tuxcall
	{4776, 0, {-1, 191, -1, -1, 191}}, // ugetrlimit
	{4787, 0, {-1, 58, -1, -1, -1}}, // ulimit
	{4794, 0, {95, 60, 95, 166, 60}}, // umask
	{4800, 0, {-1, 22, -1, -1, -1}}, // umount
	{4807, 0, {166, 52, 166, 39, 52}}, // umount2
	{4815, 0, {63, 122, 63, 160, 122}}, // uname
	{4821, 0, {87, 10, 87, -1, 10}}, // unlink
	{4828, 0, {263, 301, 263, 35, 328}}, // unlinkat
	{4837, 0, {272, 310, 272, 97, 337}}, // unshare
	{4845, 0, {336, -1, -1, -1, -1}}, // uprobe
	{4852, 0, {335, -1, -1, -1, -1}}, // uretprobe
	{4862, 0, {134, 86, -1, -1, 86}}, // uselib
	{4869, 0, {323, 374, 323, 282, 388}}, // userfaultfd
	{4881, 0, {-1, -1, -1, -1, 983043}}, // usr26
	{4887, 0, {-1, -1, -1, -1, 983044}}, // usr32
	{4893, 0, {136, 62, 136, -1, 62}}, // ustat
	{4899, 0, {132, 30, 132, -1, -1}}, // utime
	{4905, 0, {280, 320, 280, 88, 348}}, // utimensat
	{4915, 0, {-1, 412, -1, -1, 412}}, // utimensat_time64
	{4932, 0, {235, 271, 235, -1, 269}}, // utimes
	{4939, 0, {58, 190, 58, -1, 190}}, // vfork
	{4945, 0, {153, 111, 153, 58, 111}}, // vhangup
	{4953, 0, {-1, 166, -1, -1, -1}}, // vm86
	{4958, 0, {-1, 113, -1, -1, -1}}, // vm86old
	{4966, 0, {278, 316, 532, 75, 343}}, // vmsplice
	{4975, 0, {236, 273, -1, -1, 313}}, // vserver
	{4983, 0, {61, 114, 61, 260, 114}}, // wait4
	{4989, 0, {247, 284, 529, 95, 280}}, // waitid
	{4996, 0, {-1, 7, -1, -1, -1}}, // waitpid
	{5004, 0, {1, 4, 1, 64, 4}}, // write
	{5010, 0, {20, 146, 516, 66, 146}}, // writev
};
const size_t seccomp_n_syscalls = sizeof(seccomp_syscalls) / sizeof(seccomp_syscalls[0]);
