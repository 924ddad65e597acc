// SPDX-License-Identifier: Apache-2.0
// A snapshot under way, shared by the two ways to mount it.
#pragma once

#include "image/store.h"

struct snapshot {
	struct image_store *store;
	int fs;                              // of fsopen
	int fds[STORE_LAYERS_MAX];           // lower directories (id-mapped copies, if asked for), top first
	const char *names[STORE_LAYERS_MAX]; // theirs below layers/
	size_t n;
	int upper, work; // -1: read-only
	unsigned flags;
};

struct snapshot_option {
	const char *key, *value; // no value: a flag
	unsigned when, unless;   // snapshot flags, 0: always
};
extern const struct snapshot_option snapshot_options[]; // ends with an empty one
bool snapshot_option_wanted(const struct snapshot_option *o, unsigned flags);

// By mount(2), for kernels that do not know lowerdir+. Returns the detached mount.
int snapshot_mount_classic(struct snapshot *s, int container, int userns, struct err *e);
