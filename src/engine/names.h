// SPDX-License-Identifier: Apache-2.0
// Names and ids of containers.
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { ENGINE_NAME_MAX = 255 };

// [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most ENGINE_NAME_MAX bytes. what: "container", "volume".
int engine_name_check(const char *what, const char *name, struct err *e);
// adjective_noun from our own lists; malloc'd. attempt above 0 gets a number behind it, as the plain one was taken.
char *engine_name_generate(unsigned attempt);
// 64 random hexadecimal digits, never all decimal in their first 12 (they serve as host name).
void engine_id_generate(char dst[static 65]);
bool engine_id_valid(const char *id) _pure_; // 64 lower-case hexadecimal digits
