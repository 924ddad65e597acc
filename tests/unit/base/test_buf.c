// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "test.h"

#include <stdlib.h>

TEST(buf_is_readable_at_birth)
{
	struct buf b = BUF_INIT(10);

	CHECK_STR(b.data, "");
	buf_reset(&b);
	buf_consume(&b, 5);
	buf_commit(&b, 5);
	CHECK_EQ(b.len, 0);
	buf_done(&b);
	CHECK_STR(b.data, "");
}

TEST(buf_appends_and_terminates)
{
	_cleanup_buf_ struct buf b = BUF_INIT(100000);
	size_t n = 0;

	for (int i = 0; i < 5000; i++) {
		CHECK_EQ(buf_addc(&b, 'x'), 0);
		CHECK_EQ(buf_add(&b, "a\0b", 3), 0);
		n += 4;
		CHECK_EQ(b.data[b.len], 0);
	}
	CHECK_EQ(b.len, n);
	CHECK(!memcmp(b.data + n - 4, "xa\0b", 4));
	CHECK_EQ(buf_add(&b, NULL, 0), 0);
}

TEST(buf_maximum_is_exact)
{
	_cleanup_buf_ struct buf b = BUF_INIT(5);

	CHECK_EQ(buf_adds(&b, "12345"), 0);
	CHECK_EQ(b.failed, 0);
	CHECK_EQ(buf_addc(&b, '6'), -EMSGSIZE);
	CHECK_EQ(b.failed, -EMSGSIZE);
	CHECK_STR(b.data, "12345");
	// Failed is failed, also for what would fit.
	buf_consume(&b, 3);
	CHECK_EQ(buf_addc(&b, 'x'), -EMSGSIZE);
	CHECK_STR(b.data, "45");
	CHECK(!buf_take(&b));
	CHECK_EQ(b.len, 0);
	CHECK_EQ(b.failed, 0);
	CHECK_EQ(buf_adds(&b, "again"), 0);
}

TEST(buf_formats)
{
	_cleanup_buf_ struct buf b = BUF_INIT(300);
	char long_text[251];

	memset(long_text, 'q', 250);
	long_text[250] = '\0';
	CHECK_EQ(buf_addf(&b, "%d-%s;", 5, "five"), 0);
	CHECK_STR(b.data, "5-five;");
	CHECK_EQ(buf_addf(&b, "%s", ""), 0);
	CHECK_EQ(buf_addf(&b, "%s", long_text), 0);
	CHECK_EQ(b.len, 257);
	CHECK_EQ(buf_addf(&b, "%s", long_text), -EMSGSIZE);
	CHECK_EQ(b.len, 257);
	CHECK_EQ(strlen(b.data), 257);
}

TEST(buf_format_up_to_the_last_byte)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4);

	CHECK_EQ(buf_addf(&b, "%s", "abcd"), 0);
	CHECK_STR(b.data, "abcd");
	_cleanup_buf_ struct buf c = BUF_INIT(4);
	CHECK_EQ(buf_addf(&c, "%s", "abcde"), -EMSGSIZE);
	CHECK_STR(c.data, "");
}

TEST(buf_reserve_and_consume)
{
	_cleanup_buf_ struct buf b = BUF_INIT(1000);

	char *p = buf_reserve(&b, 700);
	CHECK(p);
	memcpy(p, "abcdef", 6);
	buf_commit(&b, 6);
	CHECK_STR(b.data, "abcdef");
	buf_consume(&b, 2);
	CHECK_STR(b.data, "cdef");
	buf_consume(&b, 99);
	CHECK_STR(b.data, "");
	CHECK(!buf_reserve(&b, 1001));
	CHECK_EQ(b.failed, -EMSGSIZE);
	buf_reset(&b);
	CHECK(buf_reserve(&b, 1000));
}

TEST(buf_take_gives_the_string_away)
{
	struct buf b = BUF_INIT(100);

	buf_adds(&b, "mine");
	char *s = buf_take(&b);
	CHECK_STR(s, "mine");
	CHECK_EQ(b.len, 0);
	CHECK_STR(b.data, "");
	free(s);
	s = buf_take(&b);
	CHECK_STR(s, "");
	free(s);
	buf_done(&b);
}

TEST(buf_unlimited)
{
	_cleanup_buf_ struct buf b = BUF_INIT(SIZE_MAX);

	CHECK_EQ(buf_adds(&b, "abc"), 0);
	CHECK_EQ(buf_add(&b, "x", SIZE_MAX - 3) < 0, 1); // cannot be had, must not overflow
}
