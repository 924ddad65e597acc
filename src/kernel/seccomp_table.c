// SPDX-License-Identifier: Apache-2.0
// Look-ups in the seccomp tables: names, numbers, and what ABIs the machine this was built for can run. Another
// machine is another block of rows here and a column in tools/gen-syscalls.
#include "kernel/seccomp_table.h"

#include "base/macro.h"
#include "base/str.h"
#include "kernel/seccomp.h"

#include <linux/audit.h>

#if defined(__x86_64__) && !defined(__ILP32__)
enum { X32_BIT = 0x40000000 };
const char seccomp_native_arch[] = "amd64";
const struct seccomp_abi seccomp_abis[] = {
	{"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, 0, COL_X86_64, true, -1, -1},
	{"SCMP_ARCH_X86", AUDIT_ARCH_I386, 0, COL_X86, false, 102, 117},
	{"SCMP_ARCH_X32", AUDIT_ARCH_X86_64, X32_BIT, COL_X32, false, -1, -1},
};
#elif defined(__aarch64__)
const char seccomp_native_arch[] = "arm64";
const struct seccomp_abi seccomp_abis[] = {
	{"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0, COL_AARCH64, true, -1, -1},
	{"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, 0, COL_ARM, false, -1, -1},
};
#else
#error "seccomp: no table of ABIs for this machine"
#endif
const size_t seccomp_n_abis = ARRAY_SIZE(seccomp_abis);

bool seccomp_is_arch_name(const char *name)
{
	static const char known[][16] = {"X86",      "X86_64",      "X32",       "ARM",         "AARCH64", "MIPS",
					 "MIPS64",   "PPC",         "MIPS64N32", "PPC64",       "MIPSEL",  "PPC64LE",
					 "MIPSEL64", "S390",        "S390X",     "MIPSEL64N32", "PARISC",  "PARISC64",
					 "RISCV64",  "LOONGARCH64", "M68K",      "SH",          "SHEB"};
	const char *rest = str_after(name, "SCMP_ARCH_");

	for (size_t i = 0; rest && i < ARRAY_SIZE(known); i++)
		if (str_eq(rest, known[i]))
			return true;
	return false;
}

const struct seccomp_syscall *seccomp_find_syscall(const char *name)
{
	size_t lo = 0, hi = seccomp_n_syscalls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(name, seccomp_name_pool + seccomp_syscalls[mid].name);
		if (!c)
			return &seccomp_syscalls[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

int seccomp_syscall_number(const char *name)
{
	const struct seccomp_syscall *s = seccomp_find_syscall(name);

	return s ? s->nr[seccomp_abis[0].column] : -1;
}

const char *seccomp_syscall_name(int nr)
{
	for (size_t i = 0; nr >= 0 && i < seccomp_n_syscalls; i++)
		if (seccomp_syscalls[i].nr[seccomp_abis[0].column] == nr)
			return seccomp_name_pool + seccomp_syscalls[i].name;
	return NULL;
}
