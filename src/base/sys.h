// SPDX-License-Identifier: Apache-2.0
// Raw system calls that libc 2.36 does not wrap, or wraps in a way that does not serve. All return -1 and
// set errno, as libc does. Nothing else in the tree calls syscall(2).
#pragma once

#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int sys_openat2(int dirfd, const char *path, const struct open_how *how);
// fork-like: returns in both processes. cl->stack must be 0 unless CLONE_VM is not set.
pid_t sys_clone3(const struct clone_args *cl, size_t size);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned flags);
int sys_pidfd_getfd(int pidfd, int fd, unsigned flags);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_fsopen(const char *fstype, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attrs);
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from_dfd, const char *from, int to_dfd, const char *to, unsigned flags);
int sys_mount_setattr(int dfd, const char *path, unsigned flags, struct mount_attr *attr, size_t size);
int sys_seccomp(unsigned op, unsigned flags, void *args);
int sys_bpf(int cmd, void *attr, unsigned size);
int sys_capget(void *header, void *data);
int sys_capset(void *header, const void *data);
long sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_landlock_create_ruleset(const void *attr, size_t size, unsigned flags);
int sys_landlock_add_rule(int ruleset, int type, const void *attr, unsigned flags);
int sys_landlock_restrict_self(int ruleset, unsigned flags);
int sys_setresuid(uid_t r, uid_t e, uid_t s); // this thread only, exact ids
int sys_setresgid(gid_t r, gid_t e, gid_t s);
int sys_setgroups(size_t n, const gid_t *list);
int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_memfd_create(const char *name, unsigned flags);
// Every signal as at birth: default disposition (the two that libc keeps for its threads, 32 and 33, as well, which
// sigaction(3) refuses to touch and a parent may have ignored), none blocked.
void sys_signals_default(void);
int sys_ioprio_set(int which, int who, int ioprio);
int sys_sched_setattr(pid_t pid, void *attr, unsigned flags);
int sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long max_node);

// Constants that kernel headers of 6.1 or libc's own lack; the values are the kernel's ABI.
#ifndef MOVE_MOUNT_SET_GROUP
#define MOVE_MOUNT_SET_GROUP 0x00000100
#endif
#ifndef MOVE_MOUNT_BENEATH // 6.5
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#ifndef FSCONFIG_CMD_CREATE_EXCL // 6.6; an enumerator in newer headers, with the same value
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif
#ifndef MFD_NOEXEC_SEAL // 6.3
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif
#ifndef F_SEAL_EXEC // 6.3
#define F_SEAL_EXEC 0x0020
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV // 5.19
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef LANDLOCK_ACCESS_FS_REFER // 5.19
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE // 6.2
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV // 6.10
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef PR_SET_MDWE // 6.3
#define PR_SET_MDWE 65
#endif
