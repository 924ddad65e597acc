// SPDX-License-Identifier: Apache-2.0
// A hash map from strings to pointers, keyed with SipHash and a random seed, so that foreign keys cannot
// force collisions. Keeps insertion order.
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

struct map;
struct map_iter {
	size_t at;
	const char *key;
	void *value;
};

// free_value (may be NULL) is called for values replaced, removed, or left at map_free.
struct map *map_new(void (*free_value)(void *)) _malloc_;
void map_free(struct map *m);
void map_free_p(struct map **m);
#define _cleanup_map_ _cleanup_(map_free_p)

size_t map_len(const struct map *m) _pure_;
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);
// Copies key. Returns true if the key was new.
bool map_set(struct map *m, const char *key, void *value);
bool map_remove(struct map *m, const char *key);
// `struct map_iter it = {0}; while (map_next(m, &it)) ...`, in insertion order. No removal meanwhile.
bool map_next(const struct map *m, struct map_iter *it);
