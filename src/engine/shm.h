// SPDX-License-Identifier: Apache-2.0
// The shared memory of another container, for --ipc container:NAME.
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

// A detached clone of /dev/shm as process pid (with that start time) sees it. The path is resolved inside that
// container's root. Descriptor or negative errno.
int shm_of_process(pid_t pid, uint64_t start, struct err *e);
