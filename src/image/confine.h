// SPDX-License-Identifier: Apache-2.0
// Locks a forked child away before it reads hostile bytes: nothing of the host is within reach of what it may do.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

// What the confined process is for; decides capabilities, system calls and file access.
enum confine_job {
	CONFINE_FILTER, // reads descriptors, writes descriptors, opens nothing
	CONFINE_UNPACK, // makes files of any owner and kind below root
};

struct confine {
	enum confine_job job;
	int root;        // CONFINE_UNPACK: the directory that becomes its whole world, else -1
	uint64_t memory; // bytes of address space on top of what is mapped now; 0: no limit
};

// For the child, after fork: from here on it dies with its parent, sees only c->root, and keeps the descriptors in
// keep[n_keep] (ascending, above 2) beside 0-2. On failure the child must report and _exit.
int confine_self(const struct confine *c, const int *keep, size_t n_keep, struct err *e);
