// SPDX-License-Identifier: Apache-2.0
// Names and ids: what is allowed, and what is made up.
#include "base/str.h"
#include "engine/names.h"
#include "test.h"

#include <stdlib.h>

TEST(names_grammar)
{
	static const char *const good[] = {"ab", "a", "A.b-c_d", "0x", "web.1"};
	static const char *const bad[] = {"", "-a", ".a", "_a", "a b", "a/b", "a\nb", "\xc3\xa4", "a:b", "a+b"};
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_OK(engine_name_check("container", good[i], &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(engine_name_check("container", bad[i], &e), -EINVAL);
		CHECK_CONTAINS(e.text, "invalid container name (");
		CHECK_CONTAINS(e.text, "only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed");
	}
}

TEST(names_length)
{
	char name[ENGINE_NAME_MAX + 2];
	struct err e;

	memset(name, 'a', sizeof(name));
	name[ENGINE_NAME_MAX] = 0;
	CHECK_OK(engine_name_check("volume", name, &e), e);
	name[ENGINE_NAME_MAX] = 'a';
	name[ENGINE_NAME_MAX + 1] = 0;
	CHECK_EQ(engine_name_check("volume", name, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "invalid volume name: it has 256 characters");
}

TEST(names_generated_obey_the_grammar)
{
	struct err e;

	for (unsigned i = 0; i < 2000; i++) {
		char *name = engine_name_generate(i % 3);
		CHECK_OK(engine_name_check("container", name, &e), e);
		CHECK(strchr(name, '_') != NULL);
		free(name);
	}
}

TEST(names_ids)
{
	char a[65], b[65];

	engine_id_generate(a);
	engine_id_generate(b);
	CHECK(engine_id_valid(a) && engine_id_valid(b));
	CHECK(strcmp(a, b) != 0);
	CHECK(!engine_id_valid("abc"));
	a[3] = 'X';
	CHECK(!engine_id_valid(a));
	for (int i = 0; i < 200; i++) {
		engine_id_generate(a);
		CHECK(strspn(a, "0123456789") < 12);
	}
}
