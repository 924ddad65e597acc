// SPDX-License-Identifier: Apache-2.0
// The JSON reader (RFC 8259), and look-ups in its trees.
//
// Theory of operation. The text is copied into the arena once, with zero bytes behind it, and is parsed there in
// place: a string is its own bytes in that copy, with the closing quote replaced by NUL and escapes decoded where
// they stand, as no escape is shorter than what it means. So a string costs one scan and no allocation. The zero
// bytes stop every scan, so that no loop compares with the end and wide loads never leave the copy. Nodes come from
// blocks, and the members of the open objects and arrays wait on one scratch stack until their number is known.
//
// The text may be hostile. Depth, nodes, bytes and the length of a number are bounded; the search for duplicate keys
// is a scan only for small objects and a table with a keyed hash for others; the recursion is as deep as the text is
// nested, which the limit holds below DEPTH_CEILING. Line and column are counted when an error is told, not before.
#include "base/json.h"

#include "base/hash.h"

#include <endian.h>
#include <locale.h>
#include <sys/auxv.h>

enum {
	DEPTH_CEILING = 512,  // whatever the limits say: the recursion takes stack
	PADDING = 16,         // zero bytes behind the copy
	NUMBER_MAX = 512,     // characters
	SCRATCH_INLINE = 128, // members that wait without an allocation
	SMALL_OBJECT = 16,    // keys compared pairwise
	PATH_TEXT_MAX = 256,  // bytes of a JSON path in an error
	KEY_TEXT_MAX = 64,    // bytes of a key in an error
	NODE_BLOCK_MAX = 256,
};

const struct json_limits json_limits_default = {.max_bytes = 4 << 20, .max_depth = 64, .max_nodes = 1000000};

// Where the parser stands, for the JSON path of an error. key is set inside objects.
struct frame {
	const struct frame *up;
	const char *key;
	size_t key_len, index;
};

struct parser {
	struct arena *arena;
	const char *text; // as given
	char *copy, *end; // in the arena; *end is 0
	char *p;
	struct json_limits limits;
	size_t n_nodes;
	struct json *block; // nodes not yet handed out
	size_t n_block;
	struct json_member *scratch, inline_scratch[SCRATCH_INLINE];
	size_t n_scratch, cap_scratch;
	struct err *e;
};

// ---- errors

// Puts n bytes of s in front of *at, as far as there is room down to start; false when cut.
static bool prepend(char *start, char **at, const char *s, size_t n)
{
	if ((size_t)(*at - start) < n)
		return false;
	*at -= n;
	memcpy(*at, s, n);
	return true;
}

static bool is_plain_key(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '_' &&
		    s[i] != '-')
			return false;
	return n && n <= KEY_TEXT_MAX;
}

// The longest beginning of s of at most max bytes that cuts no UTF-8 sequence.
static size_t cut_utf8(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	n = max;
	while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void quote_key(struct buf *b, const char *s, size_t n)
{
	size_t shown = cut_utf8(s, n, KEY_TEXT_MAX);

	json_quote(b, s, shown);
	if (shown < n)
		buf_adds(b, "...");
}

// One step of the path, with the dot in front unless it is the first.
static bool prepend_step(char *start, char **at, const struct frame *f)
{
	_cleanup_buf_ struct buf b = BUF_INIT(8 * KEY_TEXT_MAX);

	if (!f->key)
		buf_addf(&b, "[%zu]", f->index);
	else if (is_plain_key(f->key, f->key_len)) {
		if (f->up)
			buf_addc(&b, '.');
		buf_add(&b, f->key, f->key_len);
	} else {
		buf_addc(&b, '[');
		quote_key(&b, f->key, f->key_len);
		buf_addc(&b, ']');
	}
	return prepend(start, at, b.data, b.len);
}

// Ends with ": " when there is a path at all. The innermost steps are kept if not all fit.
static const char *path_text(char dst[static PATH_TEXT_MAX], const struct frame *f)
{
	enum { DOTS = 3 };
	char *at = dst + PATH_TEXT_MAX - 1;

	*at = 0;
	if (!f)
		return at;
	prepend(dst, &at, ": ", 2);
	for (; f; f = f->up)
		if (!prepend_step(dst + DOTS, &at, f)) {
			prepend(dst, &at, "...", DOTS);
			break;
		}
	return at;
}

_printf_(4, 5) static int fail(struct parser *ps, const struct frame *f, const char *at, const char *fmt, ...)
{
	char path[PATH_TEXT_MAX], what[256];
	size_t line = 1, column = 1;
	const char *stop = ps->text + (at - ps->copy);
	va_list ap;

	for (const char *t = ps->text; t < stop; t++)
		if (*t == '\n')
			line++, column = 1;
		else if (((unsigned char)*t & 0xc0) != 0x80)
			column++;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_invalid(ps->e, "line %zu, column %zu: %s%s", line, column, path_text(path, f), what);
}

static int fail_limit(struct parser *ps, const char *what, size_t limit)
{
	return err_set(ps->e, ERR_EXHAUSTED, E2BIG, "JSON text has more than %zu %s", limit, what);
}

static int fail_memory(struct parser *ps)
{
	return err_set(ps->e, ERR_EXHAUSTED, ENOMEM, "JSON text needs more memory than the %zu bytes allowed for it",
		       ps->arena->max);
}

// Tells what stands at at, where something else was expected.
static int fail_unexpected(struct parser *ps, const struct frame *f, const char *at, const char *wanted)
{
	unsigned char c = (unsigned char)*at;

	if (at >= ps->end)
		return fail(ps, f, at, "the text ends where %s is expected", wanted);
	if (c < 0x20 || c >= 0x7f)
		return fail(ps, f, at, "byte 0x%02x where %s is expected", c, wanted);
	return fail(ps, f, at, "'%c' where %s is expected", c, wanted);
}

// ---- memory

static struct json *new_node(struct parser *ps, enum json_type type)
{
	if (!ps->n_block) {
		size_t n = MIN(MAX(ps->n_nodes, 8), NODE_BLOCK_MAX);
		ps->block = arena_try_alloc(ps->arena, n * sizeof(*ps->block));
		if (!ps->block)
			return NULL;
		ps->n_block = n;
	}
	ps->n_block--;
	ps->n_nodes++;
	struct json *j = ps->block++;
	j->type = type;
	return j;
}

static struct json_member *scratch_push(struct parser *ps)
{
	if (ps->n_scratch == ps->cap_scratch) {
		bool was_inline = ps->scratch == ps->inline_scratch;

		ps->cap_scratch *= 2;
		ps->scratch = xreallocarray(was_inline ? NULL : ps->scratch, ps->cap_scratch, sizeof(*ps->scratch));
		if (was_inline)
			memcpy(ps->scratch, ps->inline_scratch, sizeof(ps->inline_scratch));
	}
	return &ps->scratch[ps->n_scratch++];
}

// Room for n elements, rounded as json_push and json_set expect it.
static void *new_vector(struct parser *ps, size_t n, size_t size)
{
	size_t cap = 1;

	while (cap < n)
		cap *= 2;
	return arena_try_alloc(ps->arena, cap * size);
}

// ---- scanning

// Eight bytes, the first in the lowest place.
static uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGH (ONES * 0x80)

static void skip_space(struct parser *ps)
{
	char *p = ps->p;

	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r') {
		p++;
		// Indentation comes in runs.
		for (uint64_t v = load8(p); v == ONES * ' ' || v == ONES * '\t'; v = load8(p))
			p += 8;
	}
	ps->p = p;
}

// The first byte from p on that is not plain text of a string: quote, backslash, control or not ASCII. The padding
// ends the search.
static char *skip_plain(char *p)
{
	for (;; p += 8) {
		uint64_t v = load8(p), quote = v ^ (ONES * '"'), slash = v ^ (ONES * '\\');
		// A byte's high bit is set where the byte is 0 (borrows only ever mark bytes behind a marked one).
		uint64_t hit = ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((v - ONES * 0x20) & ~v) | v;

		hit &= HIGH;
		if (hit)
			return p + (__builtin_ctzll(hit) >> 3);
	}
}

// Length of the well-formed sequence at p that begins with a byte of at least 0x80 (Unicode, table 3-7), else 0.
static size_t utf8_sequence(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;

	if (*p >= 0xc2 && *p <= 0xdf)
		n = 2;
	else if (*p >= 0xe0 && *p <= 0xef) {
		n = 3;
		lo = *p == 0xe0 ? 0xa0 : lo;
		hi = *p == 0xed ? 0x9f : hi;
	} else if (*p >= 0xf0 && *p <= 0xf4) {
		n = 4;
		lo = *p == 0xf0 ? 0x90 : lo;
		hi = *p == 0xf4 ? 0x8f : hi;
	} else
		return 0;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int c = (unsigned char)p[i], lower = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (lower >= 'a' && lower <= 'f')
			v = v * 16 + lower - 'a' + 10;
		else
			return -1;
	}
	return v;
}

static char *put_utf8(char *dst, uint32_t c)
{
	if (c < 0x80)
		*dst++ = (char)c;
	else if (c < 0x800) {
		*dst++ = (char)(0xc0 | c >> 6);
		*dst++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*dst++ = (char)(0xe0 | c >> 12);
		*dst++ = (char)(0x80 | (c >> 6 & 0x3f));
		*dst++ = (char)(0x80 | (c & 0x3f));
	} else {
		*dst++ = (char)(0xf0 | c >> 18);
		*dst++ = (char)(0x80 | (c >> 12 & 0x3f));
		*dst++ = (char)(0x80 | (c >> 6 & 0x3f));
		*dst++ = (char)(0x80 | (c & 0x3f));
	}
	return dst;
}

// Decodes \uXXXX (and the second half of a surrogate pair) at *src.
static int decode_unicode(struct parser *ps, const struct frame *f, char **src, char **dst)
{
	char *s = *src;
	int c = hex4(s + 2);

	if (c < 0)
		return fail(ps, f, s, "\\u must be followed by four hexadecimal digits");
	if (!c)
		return fail(ps, f, s, "a NUL character in a string");
	*src += 6;
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail(ps, f, s, "lone surrogate \\u%04x", (unsigned)c);
	if (c >= 0xd800 && c <= 0xdbff) {
		int low = s[6] == '\\' && s[7] == 'u' ? hex4(s + 8) : -1;

		if (low < 0xdc00 || low > 0xdfff)
			return fail(ps, f, s, "lone surrogate \\u%04x", (unsigned)c);
		*src += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*dst = put_utf8(*dst, (uint32_t)c);
	return 0;
}

static int decode_escape(struct parser *ps, const struct frame *f, char **src, char **dst)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = (*src)[1];
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u')
		return decode_unicode(ps, f, src, dst);
	if (!at)
		return fail(ps, f, *src, "unknown escape in a string");
	*(*dst)++ = to[at - from];
	*src += 2;
	return 0;
}

// ps->p is behind the opening quote. The string lies between *ret and its NUL.
static int parse_string(struct parser *ps, const struct frame *f, char **ret, size_t *ret_len)
{
	char *start = ps->p, *src = start, *dst = start;

	for (;;) {
		char *stop = skip_plain(src);

		if (dst != src)
			memmove(dst, src, (size_t)(stop - src));
		dst += stop - src;
		src = stop;
		if (*src == '"')
			break;
		if (*src == '\\') {
			int rc = decode_escape(ps, f, &src, &dst);
			if (rc < 0)
				return rc;
			continue;
		}
		size_t n = utf8_sequence(src);
		if (n) {
			memmove(dst, src, n);
			src += n, dst += n;
			continue;
		}
		if (src >= ps->end)
			return fail(ps, f, start - 1, "a string that does not end");
		if ((unsigned char)*src >= 0x80)
			return fail(ps, f, src, "invalid UTF-8 (byte 0x%02x) in a string", (unsigned char)*src);
		return fail(ps, f, src, "control character 0x%02x in a string", (unsigned char)*src);
	}
	*dst = 0;
	ps->p = src + 1;
	*ret = start;
	*ret_len = (size_t)(dst - start);
	return 0;
}

// ---- numbers

static const char *skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

// Checks the grammar of the number at start and finds its end. *ret_double tells a fraction or an exponent.
static int number_end(struct parser *ps, const struct frame *f, const char *start, const char **ret, bool *ret_double)
{
	const char *p = start + (*start == '-'), *digits = p;
	bool is_double = false;

	p = skip_digits(p);
	if (p == digits)
		return fail_unexpected(ps, f, p, "a digit");
	if (*digits == '0' && p - digits > 1)
		return fail(ps, f, digits, "a number with a leading zero");
	if (*p == '.') {
		is_double = true;
		digits = ++p;
		p = skip_digits(p);
		if (p == digits)
			return fail_unexpected(ps, f, p, "a digit");
	}
	if (*p == 'e' || *p == 'E') {
		is_double = true;
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p;
		p = skip_digits(p);
		if (p == digits)
			return fail_unexpected(ps, f, p, "a digit");
	}
	if (p - start > NUMBER_MAX)
		return fail(ps, f, start, "a number of more than %d characters", NUMBER_MAX);
	*ret = p;
	*ret_double = is_double;
	return 0;
}

static int parse_double(struct parser *ps, const struct frame *f, const char *start, double *ret)
{
	static locale_t c_locale; // the decimal point is '.', whatever the user's language

	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	double d = strtod_l(start, NULL, c_locale);
	if (__builtin_isinf(d))
		return fail(ps, f, start, "a number too large for a double");
	*ret = d;
	return 0;
}

// A whole number of n digits at p, negated if asked. Anything beyond 64 bits is an error.
static int parse_integer(struct parser *ps, const struct frame *f, const char *start, const char *end, struct json *j)
{
	bool negative = *start == '-', overflow = false;
	uint64_t u = 0;

	for (const char *p = start + negative; p < end; p++)
		overflow |= __builtin_mul_overflow(u, 10, &u) || __builtin_add_overflow(u, (uint64_t)(*p - '0'), &u);
	if (overflow || (negative && u > (uint64_t)INT64_MAX + 1))
		return fail(ps, f, start, "integer %.*s%s does not fit 64 bits", (int)MIN(end - start, 40), start,
			    end - start > 40 ? "..." : "");
	if (negative)
		j->i = (int64_t)(0 - u);
	else if (u <= INT64_MAX)
		j->i = (int64_t)u;
	else {
		j->type = JSON_UINT;
		j->u = u;
	}
	return 0;
}

static int parse_number(struct parser *ps, const struct frame *f, struct json *j)
{
	const char *start = ps->p, *end = start;
	bool is_double = false;
	int rc = number_end(ps, f, start, &end, &is_double);

	if (rc < 0)
		return rc;
	ps->p += end - start;
	j->type = is_double ? JSON_DOUBLE : JSON_INT;
	return is_double ? parse_double(ps, f, start, &j->d) : parse_integer(ps, f, start, end, j);
}

// ---- duplicate keys

static bool same_key(const struct json_member *a, const struct json_member *b)
{
	return a->key_len == b->key_len && !memcmp(a->key, b->key, a->key_len);
}

// The index of the first member whose key stood before, or n.
static size_t find_duplicate_small(const struct json_member *v, size_t n)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = v[i].key_len;
		unsigned char first = len ? v[i].key[0] : 0, last = len ? v[i].key[len - 1] : 0;
		uint64_t bit = UINT64_C(1) << ((len + first * 7 + last * 31) & 63);

		for (size_t k = 0; (seen & bit) && k < i; k++)
			if (same_key(&v[i], &v[k]))
				return i;
		seen |= bit;
	}
	return n;
}

static size_t find_duplicate_large(const struct json_member *v, size_t n)
{
	const uint8_t *seed = (const uint8_t *)getauxval(AT_RANDOM);
	size_t cap = 64, at = n;

	while (cap < 2 * n)
		cap *= 2;
	_cleanup_free_ uint32_t *table = xnew_n(uint32_t, cap); // index + 1
	for (size_t i = 0; i < n && at == n; i++) {
		size_t slot = hash_sip(seed, v[i].key, v[i].key_len) & (cap - 1);

		for (; table[slot]; slot = (slot + 1) & (cap - 1))
			if (same_key(&v[i], &v[table[slot] - 1])) {
				at = i;
				break;
			}
		table[slot] = (uint32_t)i + 1;
	}
	return at;
}

static int check_duplicates(struct parser *ps, const struct frame *f, const struct json_member *v, size_t n)
{
	_cleanup_buf_ struct buf b = BUF_INIT(8 * KEY_TEXT_MAX);
	size_t at = n <= SMALL_OBJECT ? find_duplicate_small(v, n) : find_duplicate_large(v, n);

	if (at == n)
		return 0;
	quote_key(&b, v[at].key, v[at].key_len);
	return fail(ps, f, v[at].key - 1, "duplicate key %s", b.data);
}

// ---- values

static int parse_value(struct parser *ps, const struct frame *f, unsigned depth, struct json **ret);

static int parse_literal(struct parser *ps, const struct frame *f, const char *word, size_t n)
{
	if (memcmp(ps->p, word, n))
		return fail_unexpected(ps, f, ps->p, "a value");
	ps->p += n;
	return 0;
}

// Behind an element: true in *ret_more after a comma, false after close.
static int parse_separator(struct parser *ps, const struct frame *f, char close, bool *ret_more)
{
	skip_space(ps);
	char c = *ps->p;
	if (c != ',' && c != close)
		return fail_unexpected(ps, f, ps->p, close == '}' ? "',' or '}'" : "',' or ']'");
	ps->p++;
	if (c == ',')
		skip_space(ps);
	*ret_more = c == ',';
	return 0;
}

static int parse_array(struct parser *ps, const struct frame *up, unsigned depth, struct json *j)
{
	struct frame f = {.up = up};
	size_t base = ps->n_scratch;
	bool more = true;

	skip_space(ps);
	if (*ps->p == ']') {
		ps->p++;
		return 0;
	}
	while (more) {
		struct json *value = NULL;
		int rc = parse_value(ps, &f, depth, &value);
		if (rc < 0)
			return rc;
		scratch_push(ps)->value = value;
		rc = parse_separator(ps, up, ']', &more);
		if (rc < 0)
			return rc;
		f.index++;
	}
	j->arr.n = ps->n_scratch - base;
	j->arr.v = new_vector(ps, j->arr.n, sizeof(*j->arr.v));
	if (!j->arr.v)
		return fail_memory(ps);
	for (size_t i = 0; i < j->arr.n; i++)
		j->arr.v[i] = ps->scratch[base + i].value;
	ps->n_scratch = base;
	return 0;
}

static int parse_member(struct parser *ps, const struct frame *up, unsigned depth)
{
	struct frame f = {.up = up};
	struct json_member m = {0};

	if (*ps->p != '"')
		return fail_unexpected(ps, up, ps->p, "a key in quotes");
	ps->p++;
	int rc = parse_string(ps, up, &m.key, &m.key_len);
	if (rc < 0)
		return rc;
	f.key = m.key, f.key_len = m.key_len;
	skip_space(ps);
	if (*ps->p != ':')
		return fail_unexpected(ps, &f, ps->p, "':'");
	ps->p++;
	skip_space(ps);
	rc = parse_value(ps, &f, depth, &m.value);
	if (rc < 0)
		return rc;
	*scratch_push(ps) = m;
	return 0;
}

static int parse_object(struct parser *ps, const struct frame *up, unsigned depth, struct json *j)
{
	size_t base = ps->n_scratch;
	bool more = true;

	skip_space(ps);
	if (*ps->p == '}') {
		ps->p++;
		return 0;
	}
	while (more) {
		int rc = parse_member(ps, up, depth);
		if (rc < 0)
			return rc;
		rc = parse_separator(ps, up, '}', &more);
		if (rc < 0)
			return rc;
	}
	size_t n = ps->n_scratch - base;
	int rc = check_duplicates(ps, up, ps->scratch + base, n);
	if (rc < 0)
		return rc;
	j->obj.n = n;
	j->obj.v = new_vector(ps, n, sizeof(*j->obj.v));
	if (!j->obj.v)
		return fail_memory(ps);
	memcpy(j->obj.v, ps->scratch + base, n * sizeof(*j->obj.v));
	ps->n_scratch = base;
	return 0;
}

// ps->p is at the first byte of the value; f is the path to it.
static int parse_value(struct parser *ps, const struct frame *f, unsigned depth, struct json **ret)
{
	char c = *ps->p;

	if (ps->n_nodes >= ps->limits.max_nodes)
		return fail_limit(ps, "values", ps->limits.max_nodes);
	struct json *j = new_node(ps, JSON_NULL);
	if (!j)
		return fail_memory(ps);
	*ret = j;
	switch (c) {
	case '"':
		ps->p++;
		j->type = JSON_STRING;
		return parse_string(ps, f, &j->str.s, &j->str.len);
	case '{':
	case '[':
		if (depth >= ps->limits.max_depth)
			return fail(ps, f, ps->p, "nested deeper than %u levels", ps->limits.max_depth);
		ps->p++;
		j->type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
		return c == '{' ? parse_object(ps, f, depth + 1, j) : parse_array(ps, f, depth + 1, j);
	case 't':
	case 'f':
		j->type = JSON_BOOL;
		j->boolean = c == 't';
		return c == 't' ? parse_literal(ps, f, "true", 4) : parse_literal(ps, f, "false", 5);
	case 'n': return parse_literal(ps, f, "null", 4);
	default:
		if (c == '-' || (c >= '0' && c <= '9'))
			return parse_number(ps, f, j);
		return fail_unexpected(ps, f, ps->p, "a value");
	}
}

static int parse_text(struct parser *ps, struct json **ret)
{
	struct json *root = NULL;

	if (!memcmp(ps->p, "\xef\xbb\xbf", 3))
		return fail(ps, NULL, ps->p, "a byte order mark is not JSON");
	skip_space(ps);
	int rc = parse_value(ps, NULL, 0, &root);
	if (rc < 0)
		return rc;
	skip_space(ps);
	if (ps->p < ps->end)
		return fail(ps, NULL, ps->p, "more text behind the value");
	*ret = root;
	return 0;
}

int json_parse(struct arena *a, const char *text, size_t len, const struct json_limits *limits, struct json **ret,
	       struct err *e)
{
	struct parser ps = {
		.arena = a,
		.text = text,
		.limits = limits ? *limits : json_limits_default,
		.cap_scratch = SCRATCH_INLINE,
		.e = e,
	};

	ps.limits.max_depth = MIN(ps.limits.max_depth, DEPTH_CEILING);
	if (len > ps.limits.max_bytes)
		return fail_limit(&ps, "bytes", ps.limits.max_bytes);
	ps.copy = arena_try_alloc(a, len + PADDING);
	if (!ps.copy)
		return fail_memory(&ps);
	if (len)
		memcpy(ps.copy, text, len);
	ps.p = ps.copy;
	ps.end = ps.copy + len;
	ps.scratch = ps.inline_scratch;
	int rc = parse_text(&ps, ret);
	if (ps.scratch != ps.inline_scratch)
		free(ps.scratch);
	return rc;
}

// ---- look-ups

const struct json *json_get(const struct json *j, const char *key)
{
	size_t n = strlen(key);

	if (!j || j->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < j->obj.n; i++)
		if (j->obj.v[i].key_len == n && !memcmp(j->obj.v[i].key, key, n))
			return j->obj.v[i].value;
	return NULL;
}

const char *json_get_str(const struct json *j, const char *key, const char *otherwise)
{
	const struct json *v = json_get(j, key);

	return v && v->type == JSON_STRING ? v->str.s : otherwise;
}

int64_t json_get_int(const struct json *j, const char *key, int64_t otherwise)
{
	const struct json *v = json_get(j, key);

	return v && v->type == JSON_INT ? v->i : otherwise;
}

bool json_get_bool(const struct json *j, const char *key, bool otherwise)
{
	const struct json *v = json_get(j, key);

	return v && v->type == JSON_BOOL ? v->boolean : otherwise;
}

const char *json_type_name(const struct json *j)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",     [JSON_BOOL] = "boolean",  [JSON_INT] = "integer", [JSON_UINT] = "integer",
		[JSON_DOUBLE] = "number", [JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object",
	};

	return j && j->type < ARRAY_SIZE(names) ? names[j->type] : "nothing";
}
