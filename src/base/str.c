// SPDX-License-Identifier: Apache-2.0
// Strings and the strict reading of numbers. Numbers are parsed by hand: strtol and its kin skip blanks, take signs and
// "0x", and tell an overflow only through errno. Sizes and durations use integers throughout, so that "0.1g" is what
// the arithmetic says and not what a double makes of it.
#include "base/str.h"

#include <ctype.h>
#include <stdio.h>

bool str_eq0(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

const char *str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

bool str_starts(const char *s, const char *prefix)
{
	return str_after(s, prefix);
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return m <= n && !memcmp(s + n - m, suffix, m);
}

bool str_in(const char *s, const char *const *set)
{
	for (; *set; set++)
		if (str_eq(s, *set))
			return true;
	return false;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

bool str_copy(char *dst, size_t n, const char *s)
{
	size_t len = strlen(s);

	if (len >= n) {
		if (n)
			dst[0] = '\0';
		return false;
	}
	memcpy(dst, s, len + 1);
	return true;
}

int str_fmt(char *dst, size_t n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = vsnprintf(dst, n, fmt, ap);
	va_end(ap);
	return rc < 0 || (size_t)rc >= n ? -ENAMETOOLONG : rc;
}

// Levenshtein's distance, where two neighbours exchanged count as one mistake: three rows of the usual table.
size_t str_distance(const char *a, const char *b, size_t max)
{
	enum { LONGEST = 63 };
	size_t la = strlen(a), lb = strlen(b);
	size_t rows[3][LONGEST + 1] = {0};

	if (la > LONGEST || lb > LONGEST || (la > lb ? la - lb : lb - la) > max)
		return max + 1;
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);
			d = MIN(d, MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = MIN(d, before[j - 2] + 1);
			row[j] = d;
		}
		size_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return MIN(last[lb], max + 1);
}

// The length of the valid multi-byte sequence at p (with left bytes to go), 0 if there is none. The ranges of the
// second byte are those of table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF.
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
		return 0;
	switch (p[0]) {
	case 0xe0: lo = 0xa0; break;
	case 0xed: hi = 0x9f; break;
	case 0xf0: lo = 0x90; break;
	case 0xf4: hi = 0x8f; break;
	default: break;
	}
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool str_is_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		if (*p < 0x80) {
			p++;
			continue;
		}
		size_t len = utf8_sequence(p, (size_t)(end - p));
		if (!len)
			return false;
		p += len;
	}
	return true;
}

static int parse_unsigned(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (str_empty(s))
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p >= (char)('0' + base))
			return -EINVAL;
	for (; *s; s++)
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, (unsigned)(*s - '0'), &v) ||
		    v > max)
			return -ERANGE;
	*ret = v;
	return 0;
}

static int parse_signed(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = s && *s == '-';
	uint64_t v;

	int rc = parse_unsigned(s + minus, 10, minus ? -(uint64_t)min : (uint64_t)max, &v);
	if (rc < 0)
		return rc;
	*ret = (int64_t)(minus ? -v : v);
	return 0;
}

int str_to_u64(const char *s, uint64_t *ret)
{
	return parse_unsigned(s, 10, UINT64_MAX, ret);
}

int str_to_i64(const char *s, int64_t *ret)
{
	return parse_signed(s, INT64_MIN, INT64_MAX, ret);
}

int str_to_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int rc = parse_unsigned(s, 10, UINT32_MAX, &v);

	if (!rc)
		*ret = (uint32_t)v;
	return rc;
}

int str_to_int(const char *s, int *ret)
{
	int64_t v;
	int rc = parse_signed(s, INT32_MIN, INT32_MAX, &v);

	if (!rc)
		*ret = (int)v;
	return rc;
}

int str_to_octal(const char *s, uint32_t *ret)
{
	uint64_t v;
	int rc = parse_unsigned(s, 8, UINT32_MAX, &v);

	if (!rc)
		*ret = (uint32_t)v;
	return rc;
}

int str_to_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True", "yes", NULL};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False", "no", NULL};

	if (!s || (!str_in(s, yes) && !str_in(s, no)))
		return -EINVAL;
	*ret = str_in(s, yes);
	return 0;
}

// A decimal number without sign or exponent: whole + frac / scale.
struct decimal {
	uint64_t whole, frac, scale;
};

// Reads one from *s and moves *s behind it. "5.", ".5" are taken, "." is not. Digits behind the 15th decimal are
// dropped.
static int parse_decimal(const char **s, struct decimal *ret)
{
	struct decimal d = {.scale = 1};
	const char *p = *s;
	size_t n = 0;

	for (; isdigit((unsigned char)*p); p++, n++)
		if (__builtin_mul_overflow(d.whole, 10, &d.whole) ||
		    __builtin_add_overflow(d.whole, *p - '0', &d.whole))
			return -ERANGE;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, n++) {
			if (d.scale >= UINT64_C(1000000000000000))
				continue;
			d.frac = d.frac * 10 + (uint64_t)(*p - '0');
			d.scale *= 10;
		}
	}
	if (!n)
		return -EINVAL;
	*ret = d;
	*s = p;
	return 0;
}

// d * unit, rounded down; -ERANGE above INT64_MAX.
static int decimal_times(struct decimal d, uint64_t unit, uint64_t *ret)
{
	__extension__ unsigned __int128 v =
		(unsigned __int128)d.whole * unit + (unsigned __int128)d.frac * unit / d.scale;

	if (v > INT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)v;
	return 0;
}

// "", "b", "k", "kb", "kib", ... in either case: the factor, or 0.
static uint64_t size_unit(const char *s)
{
	static const char letters[] = "kmgtp";

	if (!*s || !strcasecmp(s, "b"))
		return 1;
	const char *at = strchr(letters, tolower((unsigned char)*s));
	if (!at || (s[1] && strcasecmp(s + 1, "b") && strcasecmp(s + 1, "ib")))
		return 0;
	return UINT64_C(1) << (10 * (at - letters + 1));
}

int str_to_size(const char *s, int64_t *ret)
{
	struct decimal d;
	uint64_t v;

	if (!s)
		return -EINVAL;
	int rc = parse_decimal(&s, &d);
	if (rc < 0)
		return rc;
	if (*s == ' ' && s[1])
		s++;
	uint64_t unit = size_unit(s);
	if (!unit)
		return -EINVAL;
	if ((rc = decimal_times(d, unit, &v)) < 0)
		return rc;
	*ret = (int64_t)v;
	return 0;
}

// Reads a unit from *s and moves *s behind it: nanoseconds, or 0.
static uint64_t duration_unit(const char **s)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},           {"us", 1000},      {"\xc2\xb5s", 1000}, // U+00B5 micro sign
		{"\xce\xbcs", 1000},                                         // U+03BC Greek mu
		{"ms", 1000000},     {"s", 1000000000}, {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)},
	};
	size_t n = strcspn(*s, "0123456789.");

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == n && !strncmp(*s, units[i].name, n)) {
			*s += n;
			return units[i].ns;
		}
	return 0;
}

// A sum of decimals with units; a single decimal without one counts seconds.
static int parse_duration(const char *s, uint64_t *ret)
{
	uint64_t sum = 0, part;
	bool first = true;

	do {
		struct decimal d;
		int rc = parse_decimal(&s, &d);
		if (rc < 0)
			return rc;
		uint64_t unit = first && !*s ? 1000000000 : duration_unit(&s);
		if (!unit)
			return -EINVAL;
		if ((rc = decimal_times(d, unit, &part)) < 0)
			return rc;
		if (__builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
			return -ERANGE;
		first = false;
	} while (*s);
	*ret = sum;
	return 0;
}

int str_to_duration(const char *s, int64_t *ret_ns)
{
	uint64_t v;

	if (!s)
		return -EINVAL;
	bool minus = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	int rc = parse_duration(s, &v);
	if (rc < 0)
		return rc;
	*ret_ns = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

// Three or four significant digits and a unit. A value that rounds up to the base moves on to the next unit, so that
// no "1e+03kB" appears.
static void format_size(char dst[static 32], uint64_t bytes, double base, int precision, const char *const units[7])
{
	double v = (double)bytes;
	char number[24];
	size_t i = 0;

	for (; v >= base && i < 6; i++)
		v /= base;
	snprintf(number, sizeof(number), "%.*g", precision, v);
	if (strchr(number, 'e') && base == 1000 && i < 6) {
		snprintf(number, sizeof(number), "1");
		i++;
	} else if (strchr(number, 'e')) {
		snprintf(number, sizeof(number), "%.0f", v);
	}
	snprintf(dst, 32, "%s%s", number, units[i]);
}

void str_size_decimal(char dst[static 32], uint64_t bytes)
{
	static const char *const units[7] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

	format_size(dst, bytes, 1000, 3, units);
}

void str_size_binary(char dst[static 32], uint64_t bytes)
{
	static const char *const units[7] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

	format_size(dst, bytes, 1024, 4, units);
}

void str_age(char dst[static 48], int64_t seconds)
{
	int64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		snprintf(dst, 48, "Less than a second");
	else if (seconds < 60)
		snprintf(dst, 48, seconds == 1 ? "1 second" : "%d seconds", (int)seconds);
	else if (minutes < 60)
		snprintf(dst, 48, minutes == 1 ? "About a minute" : "%d minutes", (int)minutes);
	else if (hours < 48)
		snprintf(dst, 48, hours == 1 ? "About an hour" : "%d hours", (int)hours);
	else if (hours < 24 * 7 * 2)
		snprintf(dst, 48, "%d days", (int)(hours / 24));
	else if (hours < 24 * 30 * 2)
		snprintf(dst, 48, "%d weeks", (int)(hours / 24 / 7));
	else if (hours < 24 * 365 * 2)
		snprintf(dst, 48, "%d months", (int)(hours / 24 / 30));
	else
		snprintf(dst, 48, "%lld years", (long long)(seconds / 3600 / 24 / 365));
}
