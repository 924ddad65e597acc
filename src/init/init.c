// SPDX-License-Identifier: Apache-2.0
// The init that --init puts in front of a container's command: starts it, passes every signal on to it, reaps whatever
// else ends, and ends with its exit status.
//
// It is a static program without a C library, because it is executed at every start with --init: a libc's own start-up
// would cost four times as much as everything done here. It runs inside the container with the payload's identity, so
// nothing in it needs to be trusted by the engine.
//
//   berth-init -- COMMAND [ARG...]
#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <errno.h>
#include <linux/signal.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_USAGE = 125, EXIT_CANNOT_EXEC = 126, EXIT_NOT_FOUND = 127, PATH_BYTES = 4096, SIGNALS = 64 };

#define WAIT_ANY (-1)
#define NOHANG   1

#if defined(__x86_64__)
static long call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
}
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start_c\n\thlt\n");
#elif defined(__aarch64__)
static long call(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl start_c\n\tbrk #0\n");
#else
#error "berth-init: this architecture has no system call stub yet"
#endif

void start_c(long *stack) __attribute__((noreturn));

static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
	for (;;)
		call(__NR_exit_group, status, 0, 0, 0);
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *a, const char *b, const char *c)
{
	const char *parts[] = {"berth-init: ", a, b, c, "\n"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		call(__NR_write, 2, (long)parts[i], (long)length(parts[i]), 0);
}

static const char *path_of(char **env)
{
	static const char name[] = "PATH=";

	for (; *env; env++) {
		size_t i = 0;
		while (name[i] && (*env)[i] == name[i])
			i++;
		if (!name[i])
			return *env + i;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

// execve of every "dir/command" of PATH. Returns the errno that tells most: EACCES wins over ENOENT.
static int exec_search(char **argv, char **env)
{
	const char *p = path_of(env);
	size_t n = length(argv[0]);
	int error = ENOENT;

	for (size_t i = 0; i < n; i++)
		if (argv[0][i] == '/')
			return -(int)call(__NR_execve, (long)argv[0], (long)argv, (long)env, 0);
	while (*p) {
		char full[PATH_BYTES];
		size_t dir = 0;
		while (p[dir] && p[dir] != ':')
			dir++;
		if (dir + n + 2 <= sizeof(full)) {
			size_t at = 0;
			for (size_t i = 0; i < dir; i++)
				full[at++] = p[i];
			full[at++] = '/';
			for (size_t i = 0; i <= n; i++)
				full[at++] = argv[0][i];
			int rc = -(int)call(__NR_execve, (long)full, (long)argv, (long)env, 0);
			if (rc != ENOENT && rc != ENOTDIR)
				error = rc;
		}
		p += dir + (p[dir] == ':');
	}
	return error;
}

// In the child: a process group of its own, in the foreground of the terminal if there is one.
static void child(char **argv, char **env, uint64_t *mask)
{
	int32_t pgrp = (int32_t)call(__NR_getpid, 0, 0, 0, 0);

	call(__NR_setpgid, 0, 0, 0, 0);
	// SIGTTOU is blocked here still, so that a background group may do this.
	call(__NR_ioctl, 0, TIOCSPGRP, (long)&pgrp, 0);
	call(__NR_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, sizeof(*mask));
	int error = exec_search(argv, env);
	say("cannot execute ", argv[0], error == ENOENT ? ": not found" : ": not executable");
	leave(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

// Reaps what has ended; leaves when the command itself did.
static void reap(long command)
{
	for (;;) {
		int32_t status = 0;
		long pid = call(__NR_wait4, WAIT_ANY, (long)&status, NOHANG, 0);
		if (pid == -EINTR)
			continue;
		if (pid <= 0)
			return;
		if (pid != command)
			continue;
		if ((status & 0x7f) == 0)
			leave((status >> 8) & 0xff);
		leave(128 + (status & 0x7f));
	}
}

void start_c(long *stack)
{
	long argc = *stack;
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	uint64_t all = ~(uint64_t)0, old = 0;

	if (argc < 3 || argv[1][0] != '-' || argv[1][1] != '-' || argv[1][2]) {
		say("usage: berth-init -- COMMAND [ARG...]", "", "");
		leave(EXIT_USAGE);
	}
	call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, sizeof(all));
#ifdef __NR_fork
	long pid = call(__NR_fork, 0, 0, 0, 0);
#else
	long pid = call(__NR_clone, SIGCHLD, 0, 0, 0);
#endif
	if (pid < 0) {
		say("cannot fork", "", "");
		leave(EXIT_USAGE);
	}
	if (!pid)
		child(argv + 2, env, &old);
	call(__NR_setpgid, pid, pid, 0, 0);
	for (;;) {
		long sig = call(__NR_rt_sigtimedwait, (long)&all, 0, 0, sizeof(all));
		if (sig == SIGCHLD)
			reap(pid);
		else if (sig > 0 && sig <= SIGNALS)
			call(__NR_kill, pid, sig, 0, 0);
	}
}
