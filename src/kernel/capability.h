// SPDX-License-Identifier: Apache-2.0
// Capabilities: one table of names, sets as 64-bit masks, and applying all five sets.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { CAPABILITY_MAX = 63 };
#define CAPABILITY_BIT(n) (UINT64_C(1) << (n))

struct capability_sets {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

// "CAP_CHOWN", "chown", in any case; -EINVAL if unknown.
int capability_from_name(const char *name);
const char *capability_name(int cap); // "CAP_CHOWN" or NULL
uint64_t capability_all(void);        // what this kernel knows; asked once, needs no /proc
uint64_t capability_held(void);       // what the calling process may use (permitted)
uint64_t capability_default(void);    // what a container of ours gets: 11 of them (SECURITY.md)

// Two steps around the change of uid: drop the bounding set and keep the permitted ones (before), then set
// permitted, effective, inheritable and ambient (after). Capabilities that this kernel does not know are refused
// (mask with capability_all() first where a specification wants them skipped). No allocation: for init's use.
int capability_apply_bounding(const struct capability_sets *s, struct err *e);
int capability_apply(const struct capability_sets *s, struct err *e);
