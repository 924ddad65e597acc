// SPDX-License-Identifier: Apache-2.0
// The payload of the measured containers: true without a C library, so that what is measured is the container. With an
// argument it waits for a signal instead.
#include <sys/syscall.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

#if defined(__x86_64__)
__attribute__((naked, noreturn, used)) void _start(void);
__attribute__((naked, noreturn, used)) void _start(void)
{
	__asm__ volatile("mov (%rsp), %rax\n\t" // argc
			 "cmp $1, %rax\n\t"
			 "ja 1f\n\t"
			 "mov $" STRING(__NR_exit) ", %eax\n\t"
						   "xor %edi, %edi\n\t"
						   "syscall\n\t"
						   "1: mov $" STRING(__NR_pause) ", %eax\n\t"
										 "syscall\n\t"
										 "jmp 1b\n\t");
}
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start: ldr x1, [sp]\n\t" // argc
	"cmp x1, #1\n\t"
	"b.hi 1f\n\t"
	"mov x0, #0\n\t"
	"mov x8, #" STRING(__NR_exit) "\n\t"
				      "svc #0\n"
				      "1: mov x0, #0\n\t"
				      "mov x1, #0\n\t"
				      "mov x2, #0\n\t"
				      "mov x3, #0\n\t"
				      "mov x8, #" STRING(__NR_ppoll) "\n\t"
								     "svc #0\n\t"
								     "b 1b\n");
#endif
