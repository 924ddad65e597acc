// SPDX-License-Identifier: Apache-2.0
// A small self-registering test harness. `TEST(name) { ... }` in any linked file is found and run; every test runs
// in a process of its own, so that crashes, leaks of descriptors and namespaces stay with the one that made them.
//
//   TEST(json_refuses_duplicates) { CHECK_EQ(parse("{\"a\":1,\"a\":2}"), -EINVAL); }
//
// `unit-base [-v] [NAME-SUBSTRING]` runs the matching tests and ends with `N passed, N failed, N skipped`.
#pragma once

#include "base/err.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name, *file;
	void (*fn)(void);
	struct test_case *next;
};
void test_register(struct test_case *t);
_noreturn_ void test_fail(const char *file, int line, const char *fmt, ...) _printf_(3, 4);
// Ends the test as skipped, with the reason printed.
_noreturn_ void test_skip(const char *fmt, ...) _printf_(1, 2);

#define TEST(id)                                                                                 \
	static void test_fn_##id(void);                                                          \
	__attribute__((constructor)) static void test_ctor_##id(void)                            \
	{                                                                                        \
		static struct test_case t = {.name = #id, .file = __FILE__, .fn = test_fn_##id}; \
		test_register(&t);                                                               \
	}                                                                                        \
	static void test_fn_##id(void)

#define CHECK(cond)                                                 \
	do {                                                        \
		if (!(cond))                                        \
			test_fail(__FILE__, __LINE__, "%s", #cond); \
	} while (0)
#define CHECK_EQ(a, b)                                                                                 \
	do {                                                                                           \
		long long a_ = (long long)(a), b_ = (long long)(b);                                    \
		if (a_ != b_)                                                                          \
			test_fail(__FILE__, __LINE__, "%s is %lld, wanted %s = %lld", #a, a_, #b, b_); \
	} while (0)
#define CHECK_STR(a, b)                                                                                      \
	do {                                                                                                 \
		const char *a_ = (a), *b_ = (b);                                                             \
		if (!a_ || !b_ || strcmp(a_, b_))                                                            \
			test_fail(__FILE__, __LINE__, "%s is \"%s\", wanted \"%s\"", #a, a_ ? a_ : "(null)", \
				  b_ ? b_ : "(null)");                                                       \
	} while (0)
#define CHECK_CONTAINS(a, b)                                                                                           \
	do {                                                                                                           \
		const char *a_ = (a), *b_ = (b);                                                                       \
		if (!a_ || !strstr(a_, b_))                                                                            \
			test_fail(__FILE__, __LINE__, "%s is \"%s\", which lacks \"%s\"", #a, a_ ? a_ : "(null)", b_); \
	} while (0)
// A call that returns 0 or more and fills `struct err e`.
#define CHECK_OK(call, e)                                                                    \
	do {                                                                                 \
		long long r_ = (long long)(call);                                            \
		if (r_ < 0)                                                                  \
			test_fail(__FILE__, __LINE__, "%s = %lld: %s", #call, r_, (e).text); \
	} while (0)
