// SPDX-License-Identifier: Apache-2.0
// Small predicates that the checks of the runtime configuration share.
#pragma once

#include "spec/runtime.h"

// word is in the NULL-terminated list.
bool check_in(const char *word, const char *const *words);
bool check_absolute(const char *path);
// "0-3,7": numbers of at most six digits, ranges upwards.
bool check_cpu_list(const char *list);
