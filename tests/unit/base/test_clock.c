// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "test.h"

#include <time.h>

static const char *rfc3339(int64_t ns)
{
	static char text[CLOCK_RFC3339_MAX];

	clock_rfc3339(text, ns);
	return text;
}

TEST(clock_prints)
{
	CHECK_STR(rfc3339(0), "1970-01-01T00:00:00.000000000Z");
	CHECK_STR(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
	CHECK_STR(rfc3339(INT64_C(951782400) * NS_PER_SEC), "2000-02-29T00:00:00.000000000Z");
	CHECK_STR(rfc3339(INT64_C(1767323045) * NS_PER_SEC + 123456789), "2026-01-02T03:04:05.123456789Z");
	CHECK_STR(rfc3339(INT64_MAX), "2262-04-11T23:47:16.854775807Z");
	CHECK_STR(rfc3339(INT64_MIN), "1677-09-21T00:12:43.145224192Z");
}

// Every day from 1678 to 2261 against libc, and back.
TEST(clock_agrees_with_libc)
{
	for (int64_t day = -106000; day < 106000; day++) {
		time_t t = (time_t)(day * 86400 + 12345);
		struct tm tm;
		char want[64];
		int64_t back;
		CHECK(gmtime_r(&t, &tm));
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		const char *text = rfc3339(t * NS_PER_SEC);
		if (strcmp(text, want))
			test_fail(__FILE__, __LINE__, "%s, wanted %s", text, want);
		if (clock_parse_rfc3339(text, &back) || back != t * NS_PER_SEC)
			test_fail(__FILE__, __LINE__, "%s does not come back", text);
	}
}

TEST(clock_parses)
{
	static const struct {
		const char *text;
		int64_t ns;
	} want[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01t00:00:01z", NS_PER_SEC},
		{"1970-01-01T01:00:00+01:00", 0},
		{"1969-12-31T18:30:00-05:30", 0},
		{"1970-01-01T00:00:00.5Z", NS_PER_SEC / 2},
		{"1970-01-01T00:00:00.1234567899Z", 123456789},
		{"1969-12-31T23:59:59.999999999Z", -1},
		{"2262-04-11T23:47:16.854775807Z", INT64_MAX},
		{"1677-09-21T00:12:43.145224192Z", INT64_MIN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		int64_t ns = 7;
		CHECK_EQ(clock_parse_rfc3339(want[i].text, &ns), 0);
		CHECK_EQ(ns, want[i].ns);
	}
}

TEST(clock_refuses)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-01-02",
		"2026-01-02T03:04:05",
		"2026-01-02 03:04:05Z",
		"2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z",
		"2026-02-29T03:04:05Z",
		"2026-01-00T03:04:05Z",
		"2026-01-32T03:04:05Z",
		"2026-01-02T24:04:05Z",
		"2026-01-02T03:60:05Z",
		"2026-01-02T03:04:60Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05Zx",
		"2026-01-02T03:04:05+1:00",
		"2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+01:00x",
		"26-01-02T03:04:05Z",
		"-026-01-02T03:04:05Z",
		"2262-04-11T23:47:16.854775808Z",
		"1677-09-21T00:12:43.145224191Z",
		"0001-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t ns = 7;
		if (clock_parse_rfc3339(bad[i], &ns) != -EINVAL || ns != 7)
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
	}
}

TEST(clock_sleeps_and_advances)
{
	int64_t before = clock_monotonic();

	clock_sleep(20 * NS_PER_MS);
	CHECK(clock_monotonic() - before >= 20 * NS_PER_MS);
	clock_sleep(0);
	clock_sleep(-5);
	CHECK(clock_now() > INT64_C(1600000000) * NS_PER_SEC);
}
