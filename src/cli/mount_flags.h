// SPDX-License-Identifier: Apache-2.0
// The grammars of -v, --mount and --tmpfs.
#pragma once

#include "base/err.h"

int volume_flag_parse(void *options, const char *value, struct err *e);
int mount_flag_parse(void *options, const char *value, struct err *e);
int tmpfs_flag_parse(void *options, const char *value, struct err *e);
