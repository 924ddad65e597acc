// SPDX-License-Identifier: Apache-2.0
// The seccomp compiler's data: system calls and ABIs as tables. Internal to src/kernel/seccomp*.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seccomp_column { COL_X86_64, COL_X86, COL_X32, COL_AARCH64, COL_ARM, COL_MAX };

// i386 reaches some calls through socketcall(2) and ipc(2) as well: which one, and under what first argument.
enum { MUX_NONE = 0, MUX_IPC = 0x80 };

struct seccomp_syscall {
	uint16_t name; // offset in seccomp_name_pool
	uint8_t mux;   // socketcall number, or MUX_IPC | ipc number, or MUX_NONE
	int32_t nr[COL_MAX];
};
extern const char seccomp_name_pool[];
extern const struct seccomp_syscall seccomp_syscalls[]; // sorted by name (strcmp)
extern const size_t seccomp_n_syscalls;

// An ABI: the numbering and argument width that one AUDIT_ARCH value (with x32's bit) stands for.
struct seccomp_abi {
	char name[24];           // "SCMP_ARCH_X86_64"
	uint32_t audit;          // AUDIT_ARCH_*
	uint32_t nr_offset;      // added to every number (x32)
	uint8_t column;          // enum seccomp_column
	bool is_64;              // compares 64-bit arguments; else the low word alone counts
	int16_t socketcall, ipc; // numbers of the multiplexers, -1 where there are none
};

enum { SECCOMP_MAX_ABIS = 3 };
// The ABIs this machine's kernel can run, the native one first.
extern const struct seccomp_abi seccomp_abis[];
extern const size_t seccomp_n_abis;
extern const char seccomp_native_arch[]; // as profile files name it in conditions: "amd64"

// The row of a name, or NULL.
const struct seccomp_syscall *seccomp_find_syscall(const char *name);
// Whether name is one of the OCI specification's architectures, native or not.
bool seccomp_is_arch_name(const char *name);
