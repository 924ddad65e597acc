// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "base/str.h"
#include "test.h"

#include <stdlib.h>

TEST(str_comparisons)
{
	static const char *const set[] = {"one", "two", NULL};

	CHECK(str_eq0(NULL, NULL) && !str_eq0("a", NULL) && !str_eq0(NULL, "a") && str_eq0("a", "a"));
	CHECK(str_starts("abc", "ab") && str_starts("abc", "") && !str_starts("ab", "abc"));
	CHECK(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("bc", "abc"));
	CHECK_STR(str_after("key=value", "key="), "value");
	CHECK(!str_after("ke", "key"));
	CHECK(str_in("two", set) && !str_in("three", set));
	CHECK(str_empty(NULL) && str_empty("") && !str_empty(" "));
}

TEST(str_copies_fit_or_not)
{
	char dst[4] = "zzz";

	CHECK(str_copy(dst, sizeof(dst), "abc"));
	CHECK_STR(dst, "abc");
	CHECK(!str_copy(dst, sizeof(dst), "abcd"));
	CHECK_STR(dst, "");
	CHECK_EQ(str_fmt(dst, sizeof(dst), "%d", 123), 3);
	CHECK_EQ(str_fmt(dst, sizeof(dst), "%d", 1234), -ENAMETOOLONG);
}

TEST(str_edit_distance)
{
	CHECK_EQ(str_distance("", "", 3), 0);
	CHECK_EQ(str_distance("memory", "memory", 3), 0);
	CHECK_EQ(str_distance("memroy", "memory", 3), 1); // neighbours exchanged
	CHECK_EQ(str_distance("memry", "memory", 3), 1);
	CHECK_EQ(str_distance("kitten", "sitting", 3), 3);
	CHECK_EQ(str_distance("kitten", "sitting", 2), 3);
	CHECK_EQ(str_distance("a", "abcdefgh", 3), 4);
	char big[200];
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK_EQ(str_distance(big, big, 3), 4);
}

static bool utf8(const char *s)
{
	return str_is_utf8(s, strlen(s));
}

TEST(str_utf8)
{
	CHECK(utf8("") && utf8("plain") && utf8("\xc3\xa9") && utf8("\xe2\x82\xac") && utf8("\xf0\x9f\x90\xb3"));
	CHECK(str_is_utf8("a\0b", 3));
	CHECK(utf8("\xed\x9f\xbf") && utf8("\xee\x80\x80") && utf8("\xf4\x8f\xbf\xbf"));
	CHECK(!utf8("\x80") && !utf8("\xc3") && !utf8("\xe2\x82") && !utf8("\xff"));
	CHECK(!utf8("\xc0\xaf") && !utf8("\xc1\xbf") && !utf8("\xe0\x80\xaf") && !utf8("\xf0\x80\x80\xaf")); // overlong
	CHECK(!utf8("\xed\xa0\x80"));     // a surrogate
	CHECK(!utf8("\xf4\x90\x80\x80")); // above U+10FFFF
	CHECK(!str_is_utf8("\xe2\x82\xac", 2));
}

TEST(str_numbers_unsigned)
{
	uint64_t v = 77;
	uint32_t w = 77;

	CHECK_EQ(str_to_u64("0", &v), 0);
	CHECK_EQ(v, 0);
	CHECK_EQ(str_to_u64("18446744073709551615", &v), 0);
	CHECK(v == UINT64_MAX);
	v = 77;
	CHECK_EQ(str_to_u64("18446744073709551616", &v), -ERANGE);
	CHECK_EQ(str_to_u64("99999999999999999999999", &v), -ERANGE);
	static const char *const bad[] = {"",     " 1",  "1 ",  "+1", "-1",
					  "0x10", "1e3", "1.0", "a",  "99999999999999999999999x"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(str_to_u64(bad[i], &v), -EINVAL);
	CHECK_EQ(str_to_u64(NULL, &v), -EINVAL);
	CHECK_EQ(v, 77);
	CHECK_EQ(str_to_u32("4294967295", &w), 0);
	CHECK_EQ(w, UINT32_MAX);
	CHECK_EQ(str_to_u32("4294967296", &w), -ERANGE);
	CHECK_EQ(str_to_octal("0755", &w), 0);
	CHECK_EQ(w, 0755);
	CHECK_EQ(str_to_octal("8", &w), -EINVAL);
	CHECK_EQ(w, 0755);
}

TEST(str_numbers_signed)
{
	int64_t v = 77;
	int i = 77;

	CHECK_EQ(str_to_i64("-9223372036854775808", &v), 0);
	CHECK(v == INT64_MIN);
	CHECK_EQ(str_to_i64("9223372036854775807", &v), 0);
	CHECK(v == INT64_MAX);
	CHECK_EQ(str_to_i64("9223372036854775808", &v), -ERANGE);
	CHECK_EQ(str_to_i64("-9223372036854775809", &v), -ERANGE);
	CHECK_EQ(str_to_i64("-", &v), -EINVAL);
	CHECK_EQ(str_to_i64("--1", &v), -EINVAL);
	CHECK_EQ(str_to_i64(NULL, &v), -EINVAL);
	CHECK_EQ(str_to_i64("-0", &v), 0);
	CHECK_EQ(v, 0);
	CHECK_EQ(str_to_int("-2147483648", &i), 0);
	CHECK_EQ(i, INT32_MIN);
	CHECK_EQ(str_to_int("2147483648", &i), -ERANGE);
}

TEST(str_booleans)
{
	bool b = false;

	CHECK_EQ(str_to_bool("true", &b), 0);
	CHECK(b);
	CHECK_EQ(str_to_bool("F", &b), 0);
	CHECK(!b);
	CHECK_EQ(str_to_bool("yes", &b), 0);
	CHECK(b);
	CHECK_EQ(str_to_bool("on", &b), -EINVAL);
	CHECK_EQ(str_to_bool("", &b), -EINVAL);
	CHECK_EQ(str_to_bool(NULL, &b), -EINVAL);
	CHECK(b);
}

TEST(str_sizes)
{
	static const struct {
		const char *text;
		int64_t bytes; // or a negative errno
	} want[] = {
		{"0", 0},
		{"512", 512},
		{"32b", 32},
		{"32B", 32},
		{"32k", 32 << 10},
		{"32KB", 32 << 10},
		{"32KiB", 32 << 10},
		{"32 Mb", 32 << 20},
		{"2g", INT64_C(2) << 30},
		{"1T", INT64_C(1) << 40},
		{"3pib", INT64_C(3) << 50},
		{"1.5g", INT64_C(3) << 29},
		{"32.3", 32},
		{"32.3mb", 33869004},
		{".5k", 512},
		{"5.k", 5120},
		{"8191p", INT64_C(8191) << 50},
		{"8192p", -ERANGE},
		{"99999999999999999999", -ERANGE},
		{"", -EINVAL},
		{".", -EINVAL},
		{" ", -EINVAL},
		{" 32", -EINVAL},
		{"32 ", -EINVAL},
		{"32  k", -EINVAL},
		{"32m b", -EINVAL},
		{"32bm", -EINVAL},
		{"32ki", -EINVAL},
		{"32kibb", -EINVAL},
		{"32bib", -EINVAL},
		{"32e", -EINVAL},
		{"-32", -EINVAL},
		{"+32", -EINVAL},
		{"hello", -EINVAL},
		{"1.2.3", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		int64_t v = -1;
		int rc = str_to_size(want[i].text, &v);
		if (want[i].bytes >= 0 ? rc || v != want[i].bytes : rc != want[i].bytes || v != -1)
			test_fail(__FILE__, __LINE__, "\"%s\": %d, %lld", want[i].text, rc, (long long)v);
	}
	CHECK_EQ(str_to_size(NULL, &(int64_t){0}), -EINVAL);
}

TEST(str_durations)
{
	static const struct {
		const char *text;
		int rc;
		int64_t ns;
	} want[] = {
		{"0", 0, 0},
		{"10", 0, INT64_C(10000000000)},
		{"1.5", 0, 1500000000},
		{"300ms", 0, 300000000},
		{"1.5h", 0, INT64_C(5400000000000)},
		{"2m30s", 0, INT64_C(150000000000)},
		{"1h1m1s1ms1us1ns", 0, INT64_C(3661001001001)},
		{"7us", 0, 7000},
		{"7\xc2\xb5s", 0, 7000},
		{"7\xce\xbcs", 0, 7000},
		{"-1.5h", 0, INT64_C(-5400000000000)},
		{"+5s", 0, INT64_C(5000000000)},
		{".5s", 0, 500000000},
		{"0.3333333333333333333h", 0, INT64_C(1199999999999)},
		{"2562047h", 0, INT64_C(2562047) * 3600 * 1000000000},
		{"2562048h", -ERANGE, 0},
		{"9223372036s1000ms", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"1m30", -EINVAL, 0},
		{"10x", -EINVAL, 0},
		{"10 s", -EINVAL, 0},
		{"1d", -EINVAL, 0},
		{"--1s", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		int64_t v = 12345;
		int rc = str_to_duration(want[i].text, &v);
		if (rc != want[i].rc || v != (rc ? 12345 : want[i].ns))
			test_fail(__FILE__, __LINE__, "\"%s\": %d, %lld", want[i].text, rc, (long long)v);
	}
}

static const char *decimal(uint64_t n)
{
	static char text[32];

	str_size_decimal(text, n);
	return text;
}

static const char *binary(uint64_t n)
{
	static char text[32];

	str_size_binary(text, n);
	return text;
}

TEST(str_prints_sizes)
{
	CHECK_STR(decimal(0), "0B");
	CHECK_STR(decimal(999), "999B");
	CHECK_STR(decimal(1000), "1kB");
	CHECK_STR(decimal(1500), "1.5kB");
	CHECK_STR(decimal(7800000), "7.8MB");
	CHECK_STR(decimal(124000000), "124MB");
	CHECK_STR(decimal(999999), "1MB");
	CHECK_STR(decimal(UINT64_MAX), "18.4EB");
	CHECK_STR(binary(0), "0B");
	CHECK_STR(binary(1023), "1023B");
	CHECK_STR(binary(512 << 20), "512MiB");
	CHECK_STR(binary(1536), "1.5KiB");
	CHECK_STR(binary(UINT64_MAX), "16EiB");
}

TEST(str_prints_ages)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} want[] = {
		{-5, "Less than a second"}, {0, "Less than a second"},  {1, "1 second"},
		{45, "45 seconds"},         {60, "About a minute"},     {119, "About a minute"},
		{180, "3 minutes"},         {3599, "59 minutes"},       {3600, "About an hour"},
		{5399, "About an hour"},    {5400, "2 hours"},          {47 * 3600, "47 hours"},
		{49 * 3600, "2 days"},      {13 * 86400, "13 days"},    {14 * 86400, "2 weeks"},
		{61 * 86400, "2 months"},   {729 * 86400, "24 months"}, {731 * 86400, "2 years"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		char text[48];
		str_age(text, want[i].seconds);
		CHECK_STR(text, want[i].text);
	}
}

TEST(strv_grows_and_joins)
{
	_cleanup_strv_ char **v = NULL;

	CHECK_EQ(strv_len(v), 0);
	CHECK(!strv_has(v, "a"));
	strv_push(&v, "a");
	strv_take(&v, xstrdup("b"));
	strv_pushf(&v, "%d", 3);
	CHECK_EQ(strv_len(v), 3);
	CHECK(strv_has(v, "b") && !strv_has(v, "c"));
	_cleanup_free_ char *s = strv_join(v, ", ");
	CHECK_STR(s, "a, b, 3");
	_cleanup_strv_ char **copy = strv_dup(v);
	CHECK_EQ(strv_len(copy), 3);
	CHECK(copy[0] != v[0]);
	_cleanup_free_ char *none = strv_join(NULL, ",");
	CHECK_STR(none, "");
	_cleanup_strv_ char **empty = strv_dup(NULL);
	CHECK_EQ(strv_len(empty), 0);
}

TEST(strv_splits)
{
	_cleanup_strv_ char **v = strv_split("a::b:", ':');

	CHECK_EQ(strv_len(v), 4);
	CHECK_STR(v[0], "a");
	CHECK_STR(v[1], "");
	CHECK_STR(v[2], "b");
	CHECK_STR(v[3], "");
	_cleanup_strv_ char **none = strv_split("", ':');
	CHECK_EQ(strv_len(none), 0);
	_cleanup_strv_ char **one = strv_split("word", ':');
	CHECK_EQ(strv_len(one), 1);
}

TEST(strv_environment)
{
	_cleanup_strv_ char **v = NULL;

	strv_env_set(&v, "PATH=/bin");
	strv_env_set(&v, "PATHS=no");
	strv_env_set(&v, "PATH=/usr/bin");
	CHECK_EQ(strv_len(v), 2);
	CHECK_STR(strv_env_get(v, "PATH"), "/usr/bin");
	CHECK_STR(strv_env_get(v, "PATHS"), "no");
	CHECK(!strv_env_get(v, "PAT"));
	strv_env_set(&v, "EMPTY=");
	CHECK_STR(strv_env_get(v, "EMPTY"), "");
	// A name alone is an entry of that name, without a value.
	strv_env_set(&v, "EMPTY");
	CHECK(!strv_env_get(v, "EMPTY"));
	CHECK_EQ(strv_len(v), 3);
	// The replaced entry may be the source.
	strv_env_set(&v, v[0]);
	CHECK_STR(v[0], "PATH=/usr/bin");
}
