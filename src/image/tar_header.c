// SPDX-License-Identifier: Apache-2.0
// Numbers of tar header blocks, and pax extended headers: a table of keywords drives their reading.
#include "image/tar_header.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>

static int base256(const uint8_t *p, size_t n, int64_t *ret)
{
	// Two's complement over the field with its first bit set as the mark; the sign is the bit behind it.
	bool negative = p[0] & 0x40;
	uint64_t value = negative ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t byte = i ? p[i] : (uint8_t)((p[0] & 0x7f) | (negative ? 0x80 : 0));
		uint64_t top = value >> 55;
		if (top != (negative ? UINT64_MAX >> 55 : 0))
			return -ERANGE;
		value = value << 8 | byte;
	}
	*ret = (int64_t)value;
	return 0;
}

int tar_number(const uint8_t *p, size_t n, int64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	if (p[0] & 0x80)
		return base256(p, n, ret);
	while (i < n && (p[i] == ' ' || !p[i]))
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
		if (value > (uint64_t)INT64_MAX >> 3)
			return -ERANGE;
		value = value << 3 | (p[i] - '0');
	}
	for (; i < n; i++)
		if (p[i] && p[i] != ' ')
			return -EINVAL;
	*ret = (int64_t)value;
	return 0;
}

int tar_segment_add(struct tar_segment **v, size_t *n, uint64_t offset, uint64_t len)
{
	if (*n >= TAR_SPARSE_MAX)
		return -E2BIG;
	if (!(*n & (*n - 1))) // grows at powers of two
		*v = xreallocarray(*v, *n ? *n * 2 : 1, sizeof(**v));
	(*v)[(*n)++] = (struct tar_segment){.offset = offset, .len = len};
	return 0;
}

void tar_pax_reset(struct tar_pax *p)
{
	p->set = 0;
	p->sparse_major = p->sparse_minor = 0;
	p->n_xattrs = p->n_segments = 0;
	p->segment_open = false;
	buf_reset(&p->decoded);
}

void tar_pax_done(struct tar_pax *p)
{
	free(p->xattrs);
	free(p->segments);
	buf_done(&p->decoded);
}

struct keyword {
	const char *name; // ends with '.' for a family, whose rest is handed over
	unsigned bit;
	int (*take)(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len);
	size_t member;
};

static int take_text(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	if (strlen(value) != len || !len)
		return -EINVAL;
	if (len >= TAR_LONG_MAX)
		return -ENAMETOOLONG;
	*(const char **)((char *)p + k->member) = value;
	return 0;
}

static int take_number(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	int64_t i = 0;
	int rc = str_to_i64(value, &i);

	if (rc < 0)
		return rc;
	if (i < 0)
		return -ERANGE;
	*(int64_t *)((char *)p + k->member) = i;
	return 0;
}

static int take_time(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	char *dot = strchr(value, '.');
	int64_t seconds = 0, ns = 0, unit = 100000000;

	if (dot)
		*dot = 0;
	bool negative = *value == '-';
	int rc = str_eq(value, "-") || !*value ? 0 : str_to_i64(value, &seconds);
	if (rc < 0)
		return rc;
	for (const char *d = dot ? dot + 1 : ""; *d; d++, unit /= 10) {
		if (!isdigit((unsigned char)*d))
			return -EINVAL;
		ns += (*d - '0') * unit;
	}
	if (negative && ns) {
		if (seconds == INT64_MIN)
			return -ERANGE;
		seconds--;
		ns = 1000000000 - ns;
	}
	*(struct timespec *)((char *)p + k->member) = (struct timespec){.tv_sec = seconds, .tv_nsec = ns};
	return 0;
}

static int add_xattr(struct tar_pax *p, const char *name, const void *value, size_t len)
{
	if (!*name || strlen(name) > 255)
		return -EINVAL;
	for (size_t i = 0; i < p->n_xattrs; i++)
		if (str_eq(p->xattrs[i].name, name)) {
			p->xattrs[i] = (struct tar_xattr){.name = name, .value = value, .len = len};
			return 0;
		}
	if (p->n_xattrs >= TAR_XATTR_MAX)
		return -E2BIG;
	p->xattrs = xreallocarray(p->xattrs, p->n_xattrs + 1, sizeof(*p->xattrs));
	p->xattrs[p->n_xattrs++] = (struct tar_xattr){.name = name, .value = value, .len = len};
	return 0;
}

static int take_xattr(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	return add_xattr(p, rest, value, len);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

// In place: the result is never longer. libarchive writes no padding; padding is accepted.
static int base64_decode(char *s, size_t *len)
{
	uint32_t bits = 0;
	unsigned n = 0;
	size_t out = 0, in = *len;

	while (in && s[in - 1] == '=')
		in--;
	for (size_t i = 0; i < in; i++) {
		int d = base64_digit(s[i]);
		if (d < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)d;
		if ((n += 6) >= 8)
			s[out++] = (char)(bits >> (n -= 8));
	}
	*len = out;
	return 0;
}

static int percent_decode(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s != '%') {
			*out++ = *s;
			continue;
		}
		static const char hex[] = "0123456789abcdef";
		const char *hi = s[1] ? strchr(hex, tolower((unsigned char)s[1])) : NULL;
		const char *lo = hi && s[2] ? strchr(hex, tolower((unsigned char)s[2])) : NULL;
		if (!lo || (hi == hex && lo == hex))
			return -EINVAL;
		*out++ = (char)((hi - hex) << 4 | (lo - hex));
		s += 2;
	}
	*out = 0;
	return 0;
}

// LIBARCHIVE.xattr.<percent-encoded name>=<base64>; the name stands in the text, which is ours to change.
static int take_xattr_base64(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	int rc = percent_decode((char *)rest);

	if (!rc)
		rc = base64_decode(value, &len);
	return rc < 0 ? rc : add_xattr(p, rest, value, len);
}

static int take_sparse_version(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	return str_to_int(value, (int *)((char *)p + k->member));
}

// 0.0: pairs of records
static int take_sparse_offset(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	uint64_t offset = 0;

	if (p->segment_open)
		return -EINVAL;
	int rc = str_to_u64(value, &offset);
	if (rc < 0)
		return rc;
	p->segment_open = true;
	return tar_segment_add(&p->segments, &p->n_segments, offset, 0);
}

static int take_sparse_bytes(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	if (!p->segment_open)
		return -EINVAL;
	p->segment_open = false;
	return str_to_u64(value, &p->segments[p->n_segments - 1].len);
}

// 0.1: "offset,bytes,offset,bytes"
static int take_sparse_map(struct tar_pax *p, const struct keyword *k, const char *rest, char *value, size_t len)
{
	p->n_segments = 0;
	while (*value) {
		char *comma = strchr(value, ',');
		if (!comma)
			return -EINVAL;
		char *end = strchr(comma + 1, ',');
		uint64_t offset = 0, bytes = 0;
		*comma = 0;
		if (end)
			*end = 0;
		int rc = str_to_u64(value, &offset);
		if (!rc)
			rc = str_to_u64(comma + 1, &bytes);
		if (!rc)
			rc = tar_segment_add(&p->segments, &p->n_segments, offset, bytes);
		if (rc < 0)
			return rc;
		value = end ? end + 1 : comma + 1 + strlen(comma + 1);
	}
	return 0;
}

#define M(member) offsetof(struct tar_pax, member)
static const struct keyword keywords[] = {
	{"path", PAX_PATH, take_text, M(path)},
	{"linkpath", PAX_LINK, take_text, M(link)},
	{"size", PAX_SIZE, take_number, M(size)},
	{"mtime", PAX_MTIME, take_time, M(mtime)},
	{"uid", PAX_UID, take_number, M(uid)},
	{"gid", PAX_GID, take_number, M(gid)},
	{"SCHILY.xattr.", 0, take_xattr, 0},
	{"LIBARCHIVE.xattr.", 0, take_xattr_base64, 0},
	{"GNU.sparse.major", PAX_SPARSE_1_0, take_sparse_version, M(sparse_major)},
	{"GNU.sparse.minor", 0, take_sparse_version, M(sparse_minor)},
	{"GNU.sparse.name", PAX_SPARSE_NAME, take_text, M(sparse_name)},
	{"GNU.sparse.size", PAX_SPARSE_SIZE, take_number, M(sparse_size)},
	{"GNU.sparse.realsize", PAX_SPARSE_SIZE, take_number, M(sparse_size)},
	{"GNU.sparse.offset", PAX_SPARSE_MAP, take_sparse_offset, 0},
	{"GNU.sparse.numbytes", PAX_SPARSE_MAP, take_sparse_bytes, 0},
	{"GNU.sparse.map", PAX_SPARSE_MAP, take_sparse_map, 0},
};
#undef M

// An empty value takes back what an earlier header said. Other keywords (atime, uname, comment, ...) say nothing here.
static int take_record(struct tar_pax *p, char *key, char *value, size_t len, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		const struct keyword *k = &keywords[i];
		size_t n = strlen(k->name);
		bool family = k->name[n - 1] == '.';
		if (family ? !str_starts(key, k->name) : !str_eq(key, k->name))
			continue;
		if (!len && !family && k->take != take_sparse_map) {
			p->set &= ~k->bit;
			return 0;
		}
		int rc = k->take(p, k, key + n, value, len);
		if (rc < 0) {
			char shown[TAR_SHOWN_MAX];
			return err_rc(e, rc == -EINVAL ? -EBADMSG : rc, "extended header: %s %s", k->name,
				      tar_shown(shown, value));
		}
		p->set |= k->bit;
		return 0;
	}
	return 0;
}

// "LENGTH KEY=VALUE\n", where LENGTH counts all of it
int tar_pax_parse(struct tar_pax *p, char *text, size_t len, struct err *e)
{
	while (len && *text) { // some writers pad with NULs
		size_t n = 0, digits = 0;
		while (digits < len && digits < 8 && isdigit((unsigned char)text[digits]))
			n = n * 10 + (text[digits++] - '0');
		if (!digits || n > len || n < digits + 4 || text[digits] != ' ' || text[n - 1] != '\n')
			return err_set(e, ERR_CORRUPT, EBADMSG, "extended header: a record is damaged");
		char *key = text + digits + 1, *equals = memchr(key, '=', n - digits - 2);
		if (!equals || equals == key || memchr(key, 0, equals - key))
			return err_set(e, ERR_CORRUPT, EBADMSG, "extended header: a record without keyword");
		*equals = text[n - 1] = 0;
		int rc = take_record(p, key, equals + 1, text + n - 1 - (equals + 1), e);
		if (rc < 0)
			return rc;
		text += n;
		len -= n;
	}
	if (p->segment_open)
		return err_set(e, ERR_CORRUPT, EBADMSG, "extended header: GNU.sparse.offset without numbytes");
	return 0;
}
