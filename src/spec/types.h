// SPDX-License-Identifier: Apache-2.0
// The small types that the runtime and the image specification share: optional scalars, lists of strings, and
// objects of strings. All memory is an arena's.
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct opt_bool {
	bool set, v;
};
struct opt_i32 {
	bool set;
	int32_t v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};

struct oci_strings {
	char **v;
	size_t n;
};

struct oci_pair {
	char *key, *value;
};
struct oci_pairs { // annotations, sysctl, unified: JSON objects of strings, in order
	struct oci_pair *v;
	size_t n;
};

// Convenience for those who build specs. Strings are copied into the arena.
void oci_strings_add(struct arena *a, struct oci_strings *s, const char *v);
bool oci_strings_has(const struct oci_strings *s, const char *v) _pure_;
void oci_pairs_set(struct arena *a, struct oci_pairs *p, const char *key, const char *value); // replaces
const char *oci_pairs_get(const struct oci_pairs *p, const char *key);                        // or NULL
