// SPDX-License-Identifier: Apache-2.0
// Time. Calendar arithmetic is done here on the proleptic Gregorian calendar in UTC: libc's conversions read time zone
// files and share static storage.
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep(int64_t ns)
{
	if (ns <= 0)
		return;
	int64_t now = clock_monotonic(), end = ns > INT64_MAX - now ? INT64_MAX : now + ns;
	struct timespec ts = {.tv_sec = end / NS_PER_SEC, .tv_nsec = end % NS_PER_SEC};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

struct date {
	int64_t year;
	unsigned month, day; // from 1
};

// Years are counted from March, so that the leap day ends the year, in eras of 400 years = 146097 days.
// 719468 is the distance from 0000-03-01 to 1970-01-01.
static struct date date_of_days(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	unsigned doe = (unsigned)(days - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;

	return (struct date){
		.year = (int64_t)yoe + era * 400 + (month <= 2),
		.month = month,
		.day = doy - (153 * mp + 2) / 5 + 1,
	};
}

static int64_t days_of_date(struct date d)
{
	int64_t y = d.year - (d.month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static unsigned days_in_month(struct date d)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);

	return days[d.month - 1] + (d.month == 2 && leap);
}

void clock_rfc3339(char dst[static CLOCK_RFC3339_MAX], int64_t ns)
{
	int64_t secs = ns / NS_PER_SEC, frac = ns % NS_PER_SEC;
	if (frac < 0)
		frac += NS_PER_SEC, secs--;
	int64_t days = secs / 86400, rest = secs % 86400;
	if (rest < 0)
		rest += 86400, days--;
	struct date d = date_of_days(days);

	// int64 nanoseconds reach from 1677 to 2262. The remainders tell the compiler that it all fits.
	unsigned h = (unsigned)(rest / 3600), m = (unsigned)(rest / 60 % 60), sec = (unsigned)(rest % 60);
	snprintf(dst, CLOCK_RFC3339_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", (unsigned)d.year % 10000, d.month % 100,
		 d.day % 100, h % 100, m, sec, (unsigned)frac % 1000000000);
}

// Exactly n digits, moving *s behind them; -1 if there are fewer.
static int digits(const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

static bool skip(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

// ".123" as nanoseconds; digits beyond the ninth are dropped.
static int fraction(const char **s)
{
	int v = 0, n = 0;

	if (!skip(s, '.'))
		return 0;
	for (; isdigit((unsigned char)**s); (*s)++, n++)
		if (n < 9)
			v = v * 10 + (**s - '0');
	if (!n)
		return -1;
	for (; n < 9; n++)
		v *= 10;
	return v;
}

// "Z" or "+hh:mm" to the end of the string, in seconds east of Greenwich.
static int offset(const char *s, int *ret)
{
	int sign = *s == '-' ? -1 : 1;

	if ((*s == 'Z' || *s == 'z') && !s[1])
		return *ret = 0;
	if (*s != '+' && *s != '-')
		return -EINVAL;
	s++;
	int h = digits(&s, 2);
	if (h < 0 || h > 23 || !skip(&s, ':'))
		return -EINVAL;
	int m = digits(&s, 2);
	if (m < 0 || m > 59 || *s)
		return -EINVAL;
	*ret = sign * (h * 3600 + m * 60);
	return 0;
}

int clock_parse_rfc3339(const char *s, int64_t *ret_ns)
{
	int year, month, day, h, m, sec, frac, east;

	if ((year = digits(&s, 4)) < 0 || !skip(&s, '-') || (month = digits(&s, 2)) < 1 || month > 12 ||
	    !skip(&s, '-') || (day = digits(&s, 2)) < 1)
		return -EINVAL;
	struct date d = {.year = year, .month = (unsigned)month, .day = (unsigned)day};
	if (d.day > days_in_month(d) || (!skip(&s, 'T') && !skip(&s, 't')))
		return -EINVAL;
	if ((h = digits(&s, 2)) < 0 || h > 23 || !skip(&s, ':') || (m = digits(&s, 2)) < 0 || m > 59 ||
	    !skip(&s, ':') || (sec = digits(&s, 2)) < 0 || sec > 59 || (frac = fraction(&s)) < 0 ||
	    offset(s, &east) < 0)
		return -EINVAL;
	int64_t secs = days_of_date(d) * 86400 + h * 3600 + m * 60 + sec - east, ns;
	// Near the lower end of the range the whole seconds alone may not fit where the sum does.
	if (secs < 0 && frac)
		secs++, frac -= (int)NS_PER_SEC;
	if (__builtin_mul_overflow(secs, NS_PER_SEC, &ns) || __builtin_add_overflow(ns, frac, &ns))
		return -EINVAL;
	*ret_ns = ns;
	return 0;
}
