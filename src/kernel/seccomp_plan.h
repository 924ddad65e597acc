// SPDX-License-Identifier: Apache-2.0
// What the seccomp compiler knows between reading rules (seccomp_plan.c) and writing BPF (seccomp_emit.c).
// Internal to src/kernel/seccomp*.c.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "kernel/seccomp.h"
#include "kernel/seccomp_table.h"
#include "spec/runtime.h"

enum {
	SECCOMP_ARGS = 6,
	SECCOMP_COMPILER_VERSION = 3, // grows with every change that changes a compiled program, see seccomp_cache.c
};

// One comparison, normalised: datum and mask are cut to the ABI's width, mask is all ones but for MASKED_EQ.
struct seccomp_cond {
	uint8_t arg;
	uint8_t op; // enum oci_seccomp_op
	uint8_t zero[6];
	uint64_t mask, datum;
};

// All conditions hold: action. Conditions in order of arguments, each argument once; those behind n are zero, and there
// is no padding: checks are compared as bytes.
struct seccomp_check {
	uint32_t action; // SECCOMP_RET_*
	uint32_t n;
	struct seccomp_cond cond[SECCOMP_ARGS];
};

// What one system call of one ABI gets: a fixed action, or the first check that holds, else the default.
struct seccomp_entry {
	uint32_t nr;
	bool is_64;
	bool fixed;
	uint32_t action; // if fixed
	struct seccomp_check *checks;
	size_t n_checks;
};

// One AUDIT_ARCH value: its calls, sorted by number (x32 shares one with x86_64).
struct seccomp_arch_plan {
	uint32_t audit;
	bool refuse_x32; // numbers with x32's bit are another architecture, and not one of the filter's
	struct seccomp_entry *entries;
	size_t n_entries;
};

struct seccomp_plan {
	struct arena arena;
	uint32_t default_action;
	bool needs_notify;
	struct seccomp_arch_plan archs[SECCOMP_MAX_ABIS];
	size_t n_archs;
};
void seccomp_plan_done(struct seccomp_plan *p);

int seccomp_plan_make(const struct oci_seccomp *p, struct seccomp_plan *ret, struct err *e);
int seccomp_emit(const struct seccomp_plan *p, struct sock_filter **ret, uint16_t *ret_n, struct err *e);
// The SECCOMP_FILTER_FLAG_* bits of flag names.
int seccomp_parse_flags(const struct oci_strings *names, unsigned *ret, struct err *e);
