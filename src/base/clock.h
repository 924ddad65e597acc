// SPDX-License-Identifier: Apache-2.0
// Time: wall clock for records, monotonic for waiting. All in nanoseconds.
#pragma once

#include "base/macro.h"

#include <stddef.h>
#include <stdint.h>

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS  INT64_C(1000000)

int64_t clock_now(void);       // CLOCK_REALTIME
int64_t clock_monotonic(void); // CLOCK_MONOTONIC
void clock_sleep(int64_t ns);  // whole, through signals

enum { CLOCK_RFC3339_MAX = 40 };
// "2026-01-02T03:04:05.123456789Z"
void clock_rfc3339(char dst[static CLOCK_RFC3339_MAX], int64_t ns);
int clock_parse_rfc3339(const char *s, int64_t *ret_ns); // offsets accepted; -EINVAL
