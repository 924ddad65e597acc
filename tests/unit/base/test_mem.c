// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "test.h"

#include <stdalign.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(mem_zero_sizes_are_pointers)
{
	_cleanup_free_ void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xmemdup("", 0);

	CHECK(a && b && c);
	a = xreallocarray(TAKE_PTR(a), 0, 4);
	CHECK(a);
}

TEST(mem_strings)
{
	_cleanup_free_ char *a = xstrdup("abc"), *b = xstrndup("abcdef", 3), *c = xstrndup("ab", 9),
			    *d = xasprintf("%s-%d", "x", 42);

	CHECK_STR(a, "abc");
	CHECK_STR(b, "abc");
	CHECK_STR(c, "ab");
	CHECK_STR(d, "x-42");
}

TEST(mem_overflow_aborts_with_a_word)
{
	int pipes[2];

	CHECK_EQ(pipe(pipes), 0);
	pid_t pid = fork();
	if (!pid) {
		dup2(pipes[1], 2);
		_cleanup_free_ void *p = xreallocarray(NULL, SIZE_MAX / 2, 4);
		_exit(p ? 0 : 1);
	}
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	char text[64] = "";
	CHECK(read(pipes[0], text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "berth: out of memory\n");
}

TEST(arena_objects_are_zeroed_aligned_and_apart)
{
	struct arena a = {0};
	unsigned char *objects[2000];

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t n = i % 97 + 1;
		objects[i] = arena_alloc(&a, n);
		CHECK_EQ((uintptr_t)objects[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			CHECK_EQ(objects[i][k], 0);
		memset(objects[i], (int)(i & 0xff), n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		for (size_t k = 0; k < i % 97 + 1; k++)
			CHECK_EQ(objects[i][k], i & 0xff);
	arena_done(&a);
	CHECK(!a.head);
	CHECK_EQ(a.total, 0);
	arena_done(&a);
}

TEST(arena_large_objects_leave_the_chunk_in_use)
{
	struct arena a = {0};
	char *small = arena_alloc(&a, 16), *large = arena_alloc(&a, 5 << 20), *next = arena_alloc(&a, 16);

	memset(large, 1, 5 << 20);
	CHECK_EQ(next - small, 16);
	arena_done(&a);
}

TEST(arena_budget)
{
	struct arena a = {.max = 1000};

	CHECK(arena_try_alloc(&a, 600));
	CHECK(!arena_try_alloc(&a, 401));
	CHECK(arena_try_alloc(&a, 400));
	CHECK(!arena_try_alloc(&a, 1));
	CHECK(!arena_try_alloc(&a, SIZE_MAX));
	CHECK_EQ(a.total, 1000);
	arena_done(&a);
	CHECK(arena_try_alloc(&a, 1000));
	arena_done(&a);
}

TEST(arena_text)
{
	struct arena a = {0};

	CHECK_STR(arena_strdup(&a, "hello"), "hello");
	CHECK_STR(arena_strndup(&a, "hello", 2), "he");
	CHECK_STR(arena_strndup(&a, "hi", 20), "hi");
	CHECK_STR(arena_printf(&a, "%s:%03d", "x", 7), "x:007");
	CHECK_EQ(strlen(arena_printf(&a, "%255d", 1)), 255);
	CHECK_EQ(strlen(arena_printf(&a, "%256d", 1)), 256);
	CHECK_EQ(strlen(arena_printf(&a, "%5000d", 1)), 5000);
	arena_done(&a);
}

TEST(arena_append_keeps_contents)
{
	struct arena a = {0};
	struct pair {
		int a, b;
	} *v = NULL;
	struct big {
		char text[100];
	} *w = NULL;
	size_t n = 0, m = 0;

	for (int i = 0; i < 1000; i++) {
		struct pair *p = arena_append(&a, v, n);
		CHECK(!p->a && !p->b);
		*p = (struct pair){i, -i};
		struct big *q = arena_append(&a, w, m);
		CHECK(!q->text[0]);
		snprintf(q->text, sizeof(q->text), "%d", i);
	}
	CHECK_EQ(n, 1000);
	CHECK_EQ(m, 1000);
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(v[i].a, i);
		CHECK_EQ(v[i].b, -i);
		char want[16];
		snprintf(want, sizeof(want), "%d", i);
		CHECK_STR(w[i].text, want);
	}
	arena_done(&a);
}

TEST(arena_append_goes_on_from_a_plain_array)
{
	for (size_t start = 1; start < 20; start++) {
		struct arena a = {0};
		int *v = arena_new_n(&a, int, start);
		size_t n = start;
		for (size_t i = 0; i < start; i++)
			v[i] = (int)i;
		char *wall = arena_alloc(&a, 64); // what an overrun would hit
		for (; n < 50;) {
			int next = (int)n;
			*arena_append(&a, v, n) = next;
		}
		for (size_t i = 0; i < n; i++)
			CHECK_EQ(v[i], i);
		for (size_t i = 0; i < 64; i++)
			CHECK_EQ(wall[i], 0);
		arena_done(&a);
	}
}
