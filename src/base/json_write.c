// SPDX-License-Identifier: Apache-2.0
// Building JSON trees, and the streaming writer. What is written is always valid JSON: strings are escaped as
// RFC 8259 asks and nothing beyond it, invalid UTF-8 becomes U+FFFD, doubles keep their value through a read and
// numbers without one (infinities, NaN) become null. A write beyond the buffer's maximum marks the buffer as failed,
// which its owner checks once at the end.
#include "base/json.h"

#include "base/str.h"

#include <locale.h>

enum { LEVELS_MAX = 64 }; // json_writer.nonempty has a bit a level

// ---- trees

static struct json *new_of(struct arena *a, enum json_type type)
{
	struct json *j = arena_new(a, struct json);

	j->type = type;
	return j;
}

struct json *json_new_object(struct arena *a)
{
	return new_of(a, JSON_OBJECT);
}

struct json *json_new_array(struct arena *a)
{
	return new_of(a, JSON_ARRAY);
}

struct json *json_new_string(struct arena *a, const char *s)
{
	struct json *j = new_of(a, JSON_STRING);

	j->str.len = strlen(s);
	j->str.s = arena_strndup(a, s, j->str.len);
	return j;
}

struct json *json_new_int(struct arena *a, int64_t i)
{
	struct json *j = new_of(a, JSON_INT);

	j->i = i;
	return j;
}

struct json *json_new_bool(struct arena *a, bool b)
{
	struct json *j = new_of(a, JSON_BOOL);

	j->boolean = b;
	return j;
}

// Room for one more behind n elements. Vectors of trees, the reader's too, hold the next power of two of their
// count, so a full one is known by its count alone.
static void *grown(struct arena *a, void *v, size_t n, size_t size)
{
	if (n & (n - 1))
		return v;
	void *to = arena_alloc_n(a, n ? 2 * n : 1, size);
	if (n)
		memcpy(to, v, n * size);
	return to;
}

void json_add(struct arena *a, struct json *obj, const struct json_member *m)
{
	size_t n = obj->obj.n;

	obj->obj.v = grown(a, obj->obj.v, n, sizeof(*obj->obj.v));
	obj->obj.v[n] = *m;
	obj->obj.n++;
}

void json_set(struct arena *a, struct json *obj, const char *key, struct json *value)
{
	size_t n = obj->obj.n, len = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (obj->obj.v[i].key_len == len && !memcmp(obj->obj.v[i].key, key, len)) {
			obj->obj.v[i].value = value;
			return;
		}
	json_add(a, obj, &(struct json_member){.key = arena_strndup(a, key, len), .key_len = len, .value = value});
}

void json_push(struct arena *a, struct json *arr, struct json *value)
{
	arr->arr.v = grown(a, arr->arr.v, arr->arr.n, sizeof(*arr->arr.v));
	arr->arr.v[arr->arr.n++] = value;
}

// ---- strings

// Bytes at s (n of them, at least one) that are plain in a JSON string: a run of ASCII or one UTF-8 sequence; 0 if
// the first byte needs an escape or is invalid.
static size_t plain_run(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x80 && s[i] != '"' && s[i] != '\\')
		i++;
	if (i || (unsigned char)s[0] < 0x80)
		return i;
	for (size_t len = 2; len <= 4 && len <= n; len++)
		if (str_is_utf8(s, len))
			return len;
	return 0;
}

static void quote_special(struct buf *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (c >= 0x80)
		buf_adds(out, "\xef\xbf\xbd");
	else if (at)
		buf_add(out, (const char[]){'\\', to[at - from]}, 2);
	else
		buf_addf(out, "\\u%04x", c);
}

void json_quote(struct buf *out, const char *s, size_t n)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < n;) {
		size_t run = plain_run(s + i, n - i);

		if (run)
			buf_add(out, s + i, run);
		else
			quote_special(out, (unsigned char)s[i]);
		i += run ? run : 1;
	}
	buf_addc(out, '"');
}

// ---- writer

// Of the innermost open object or array.
static uint64_t level_bit(const struct json_writer *w)
{
	return UINT64_C(1) << ((w->depth - 1) % LEVELS_MAX);
}

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	size_t n = (size_t)w->depth * w->indent;
	char *p = buf_reserve(w->out, n + 1);
	if (!p)
		return;
	p[0] = '\n';
	memset(p + 1, ' ', n);
	buf_commit(w->out, n + 1);
}

// What stands before a value or key: the comma and the line of its own; nothing behind a key.
static void before_value(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (!w->depth)
		return;
	if (w->nonempty & level_bit(w))
		buf_addc(w->out, ',');
	w->nonempty |= level_bit(w);
	new_line(w);
}

static void open_level(struct json_writer *w, char c)
{
	before_value(w);
	buf_addc(w->out, c);
	if (w->depth == LEVELS_MAX) {
		w->out->failed = w->out->failed ? w->out->failed : -EMSGSIZE;
		return;
	}
	w->depth++;
	w->nonempty &= ~level_bit(w);
}

static void close_level(struct json_writer *w, char c)
{
	if (!w->depth)
		return;
	bool any = w->nonempty & level_bit(w);
	w->depth--;
	if (any)
		new_line(w);
	buf_addc(w->out, c);
}

void jw_object(struct json_writer *w)
{
	open_level(w, '{');
}

void jw_object_end(struct json_writer *w)
{
	close_level(w, '}');
}

void jw_array(struct json_writer *w)
{
	open_level(w, '[');
}

void jw_array_end(struct json_writer *w)
{
	close_level(w, ']');
}

static void write_key(struct json_writer *w, const char *key, size_t n)
{
	before_value(w);
	json_quote(w->out, key, n);
	buf_add(w->out, ": ", w->indent ? 2 : 1);
	w->after_key = true;
}

void jw_key(struct json_writer *w, const char *key)
{
	write_key(w, key, strlen(key));
}

void jw_str(struct json_writer *w, const char *s)
{
	if (s)
		jw_strn(w, s, strlen(s));
	else
		jw_null(w);
}

void jw_strn(struct json_writer *w, const char *s, size_t n)
{
	before_value(w);
	json_quote(w->out, s, n);
}

void jw_int(struct json_writer *w, int64_t i)
{
	before_value(w);
	buf_addf(w->out, "%lld", (long long)i);
}

void jw_uint(struct json_writer *w, uint64_t u)
{
	before_value(w);
	buf_addf(w->out, "%llu", (unsigned long long)u);
}

// The shortest of 15 to 17 digits that reads back as the same value, with a '.' or an exponent so that it reads
// back as a double.
static void format_double(char *dst, size_t n, double d)
{
	static locale_t c_locale;

	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	locale_t before = uselocale(c_locale);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(dst, n, "%.*g", digits, d);
		if (strtod(dst, NULL) == d)
			break;
	}
	uselocale(before);
}

void jw_double(struct json_writer *w, double d)
{
	char text[40];

	if (!__builtin_isfinite(d)) {
		jw_null(w);
		return;
	}
	before_value(w);
	format_double(text, sizeof(text), d);
	buf_adds(w->out, text);
	if (!strpbrk(text, ".e"))
		buf_adds(w->out, ".0");
}

void jw_bool(struct json_writer *w, bool b)
{
	before_value(w);
	buf_adds(w->out, b ? "true" : "false");
}

void jw_null(struct json_writer *w)
{
	before_value(w);
	buf_adds(w->out, "null");
}

static void write_array(struct json_writer *w, const struct json *j)
{
	jw_array(w);
	for (size_t i = 0; i < j->arr.n && !w->out->failed; i++)
		jw_value(w, j->arr.v[i]);
	jw_array_end(w);
}

static void write_object(struct json_writer *w, const struct json *j)
{
	jw_object(w);
	for (size_t i = 0; i < j->obj.n && !w->out->failed; i++) {
		write_key(w, j->obj.v[i].key, j->obj.v[i].key_len);
		jw_value(w, j->obj.v[i].value);
	}
	jw_object_end(w);
}

void jw_value(struct json_writer *w, const struct json *j)
{
	switch (j ? (enum json_type)j->type : JSON_NULL) {
	case JSON_NULL: jw_null(w); break;
	case JSON_BOOL: jw_bool(w, j->boolean); break;
	case JSON_INT: jw_int(w, j->i); break;
	case JSON_UINT: jw_uint(w, j->u); break;
	case JSON_DOUBLE: jw_double(w, j->d); break;
	case JSON_STRING: jw_strn(w, j->str.s, j->str.len); break;
	case JSON_ARRAY: write_array(w, j); break;
	case JSON_OBJECT: write_object(w, j); break;
	}
}

void jw_kstr(struct json_writer *w, const char *key, const char *s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_kint(struct json_writer *w, const char *key, int64_t i)
{
	jw_key(w, key);
	jw_int(w, i);
}

void jw_kbool(struct json_writer *w, const char *key, bool b)
{
	jw_key(w, key);
	jw_bool(w, b);
}
