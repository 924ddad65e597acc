// SPDX-License-Identifier: Apache-2.0
// Resource limits: the table of names, checking and setting.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <sys/types.h>

// "RLIMIT_NOFILE" (or "nofile", in any case) to its number; -EINVAL if unknown.
int rlimit_from_name(const char *name);
const char *rlimit_name(int resource); // "RLIMIT_NOFILE" or NULL

// Sets the limits of process pid (0: the caller), all of them or an error that names the first one refused.
// Unknown, doubled or soft-above-hard ones are ERR_INVALID.
int rlimit_apply(pid_t pid, const struct oci_rlimit *v, size_t n, struct err *e);
