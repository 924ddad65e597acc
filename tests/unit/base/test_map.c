// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "base/mem.h"
#include "test.h"

#include <stdlib.h>

TEST(map_empty)
{
	_cleanup_map_ struct map *m = map_new(NULL);
	struct map_iter it = {0};

	CHECK_EQ(map_len(m), 0);
	CHECK(!map_get(m, "a") && !map_has(m, "a") && !map_remove(m, "a") && !map_next(m, &it));
	map_free(NULL);
}

TEST(map_sets_and_replaces)
{
	_cleanup_map_ struct map *m = map_new(free);
	char key[] = "key";

	CHECK(map_set(m, key, xstrdup("one")));
	key[0] = 'X'; // the map keeps its own copy
	CHECK_STR(map_get(m, "key"), "one");
	CHECK(!map_set(m, "key", xstrdup("two")));
	CHECK_STR(map_get(m, "key"), "two");
	CHECK_EQ(map_len(m), 1);
	// Setting the present value again must not free it.
	char *same = map_get(m, "key");
	CHECK(!map_set(m, "key", same));
	CHECK_STR(map_get(m, "key"), "two");
	CHECK(map_set(m, "null", NULL));
	CHECK(map_has(m, "null") && !map_get(m, "null"));
}

TEST(map_keeps_the_order)
{
	_cleanup_map_ struct map *m = map_new(NULL);
	static const char *const keys[] = {"zebra", "apple", "mango", "banana"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		map_set(m, keys[i], (void *)keys[i]);
	map_set(m, "apple", (void *)keys[1]); // replacing keeps the place
	map_remove(m, "mango");
	map_set(m, "mango", (void *)keys[2]); // a new one goes to the end
	static const char *const order[] = {"zebra", "apple", "banana", "mango"};
	struct map_iter it = {0};
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		CHECK(map_next(m, &it));
		CHECK_STR(it.key, order[i]);
		CHECK_STR(it.value, order[i]);
	}
	CHECK(!map_next(m, &it));
}

// Against a plain array: 20,000 pseudo-random operations on 500 keys.
TEST(map_agrees_with_an_array)
{
	_cleanup_map_ struct map *m = map_new(free);
	int values[500];
	size_t live = 0;
	uint32_t r = 12345;

	memset(values, -1, sizeof(values));
	for (int step = 0; step < 20000; step++) {
		r = r * 1664525 + 1013904223;
		unsigned k = (r >> 8) % 500;
		char key[16];
		snprintf(key, sizeof(key), "k%u", k);
		if (r >> 24 & 3) {
			int *v = xnew(int);
			*v = step;
			CHECK_EQ(map_set(m, key, v), values[k] < 0);
			live += values[k] < 0;
			values[k] = step;
		} else {
			CHECK_EQ(map_remove(m, key), values[k] >= 0);
			live -= values[k] >= 0;
			values[k] = -1;
		}
		CHECK_EQ(map_len(m), live);
	}
	for (unsigned k = 0; k < 500; k++) {
		char key[16];
		snprintf(key, sizeof(key), "k%u", k);
		int *v = map_get(m, key);
		CHECK_EQ(v ? *v : -1, values[k]);
	}
	size_t seen = 0;
	struct map_iter it = {0};
	while (map_next(m, &it))
		seen++;
	CHECK_EQ(seen, live);
}

TEST(map_removes_by_its_own_key)
{
	_cleanup_map_ struct map *m = map_new(free);
	struct map_iter it = {0};

	map_set(m, "a", xstrdup("1"));
	CHECK(map_next(m, &it));
	CHECK(map_remove(m, it.key));
	CHECK_EQ(map_len(m), 0);
}
