// SPDX-License-Identifier: Apache-2.0
// Lists of what a container changed: putting together and leaving out.
#pragma once

#include "image/image.h"

struct changes {
	struct image_change *v;
	size_t n;
};
void changes_done(struct changes *c);
#define _cleanup_changes_ _cleanup_(changes_done)

// Moves all of from, whose paths are below the folder `in` ("/" or "/home"), into c; in and the folders above it count
// as changed if from has anything.
void changes_add(struct changes *c, struct changes *from, const char *in);
// Sorts by path, each once, and leaves out what the engine made: /dev, /proc and /sys with all that is in them, paths
// (NULL-terminated), and folders that are there for nothing else.
void changes_tidy(struct changes *c, char *const *paths);
// A folder that the container cannot see has no contents to delete, and is new if the container made one like it.
void changes_unhide(struct changes *c, const char *hidden);
