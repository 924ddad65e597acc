// SPDX-License-Identifier: Apache-2.0
// Seccomp filters: from the OCI linux.seccomp section to BPF by our own compiler (an interval tree over syscall
// numbers for each ABI, argument checks at its leaves), and the built-in profiles.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "spec/runtime.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_filter {
	struct sock_filter *insns; // malloc'd, or inside a mapping
	uint16_t n;
	unsigned flags;    // SECCOMP_FILTER_FLAG_*
	bool needs_notify; // some rule answers OCI_ACT_NOTIFY
	void *map;         // when loaded from the cache
	size_t map_len;
};
void seccomp_filter_done(struct seccomp_filter *f);

// Compiles p. Unknown syscall names are skipped with a debug line, as runc does. Errors name the rule.
int seccomp_compile(const struct oci_seccomp *p, struct seccomp_filter *ret, struct err *e);
// The same through a cache below dirfd (0700, ours): keyed by the whole content, so that a hit is never for another
// profile, and by the compiler's version. dirfd -1: no cache. A damaged or foreign-owned cache file is ignored and
// replaced.
int seccomp_compile_cached(int dirfd, const struct oci_seccomp *p, struct seccomp_filter *ret, struct err *e);
// Loads it into the calling thread. Returns the listener descriptor with needs_notify, else 0.
int seccomp_load(const struct seccomp_filter *f, struct err *e);

// The default profile as users of Docker expect it, for a container that holds the capabilities of caps (bit n:
// capability n). Into arena a.
struct oci_seccomp *seccomp_default_profile(struct arena *a, uint64_t caps);
// A profile file in Docker's format ("archMap", "includes"/"excludes" by capability, architecture and kernel) or plain
// OCI linux.seccomp; resolved for this machine and caps.
int seccomp_parse_profile(struct arena *a, const char *text, size_t len, uint64_t caps, struct oci_seccomp **ret,
			  struct err *e);

// Syscall names of the native ABI, newest kernels included. -1 if unknown.
int seccomp_syscall_number(const char *name);
const char *seccomp_syscall_name(int nr); // or NULL
