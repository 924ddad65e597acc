// SPDX-License-Identifier: Apache-2.0
// The engine behind field tables. Strings are not copied: they are the JSON reader's own. A row is looked for beginning
// behind the last one found, since writers keep an order; so an object in the table's order costs one comparison a
// member. The place inside the document is a chain of frames on the stack, made into text only for an error.
#include "spec/field.h"

#include "base/str.h"

#include <stdio.h>

enum { PLACE_TEXT_MAX = 512 };

struct place {
	const struct place *up; // NULL: the document itself
	const char *key;        // member of an object, or
	size_t index;           // element of an array
};

struct reader {
	struct arena *arena;
	struct err *e;
};

// ---- errors

static bool is_plain(const char *key)
{
	return *key && !key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static void place_text(const struct place *at, struct buf *out)
{
	if (!at->up)
		return;
	place_text(at->up, out);
	if (!at->key) {
		buf_addf(out, "[%zu]", at->index);
	} else if (is_plain(at->key)) {
		buf_addf(out, "%s%.64s", out->len ? "." : "", at->key);
	} else {
		size_t n = strlen(at->key);
		buf_addc(out, '[');
		json_quote(out, at->key, n > 64 ? 64 : n);
		buf_addc(out, ']');
	}
}

static int refuse(const struct reader *r, const struct place *at, const char *fmt, ...) _printf_(3, 4);
static int refuse(const struct reader *r, const struct place *at, const char *fmt, ...)
{
	_cleanup_buf_ struct buf where = BUF_INIT(PLACE_TEXT_MAX);
	va_list ap;

	place_text(at, &where);
	va_start(ap, fmt);
	err_setv(r->e, ERR_INVALID, EINVAL, fmt, ap);
	va_end(ap);
	if (where.len)
		err_wrap(r->e, -EINVAL, "%s", where.data);
	return -EINVAL;
}

static const char *with_article(const struct json *j)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_BOOL] = "a boolean",
		[JSON_INT] = "an integer",
		[JSON_UINT] = "an integer",
		[JSON_DOUBLE] = "a number with a fraction or exponent",
		[JSON_STRING] = "a string",
		[JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return names[j->type];
}

static int wrong_type(const struct reader *r, const struct place *at, const char *wants, const struct json *j)
{
	return refuse(r, at, "wants %s, has %s", wants, with_article(j));
}

// ---- reading: scalars

static int read_signed(const struct reader *r, const struct place *at, const struct json *j, int64_t min, int64_t max,
		       int64_t *ret)
{
	if (j->type == JSON_INT && j->i >= min && j->i <= max) {
		*ret = j->i;
		return 0;
	}
	if (j->type == JSON_INT)
		return refuse(r, at, "%lld is out of range (%lld to %lld)", (long long)j->i, (long long)min,
			      (long long)max);
	if (j->type == JSON_UINT)
		return refuse(r, at, "%llu is out of range (%lld to %lld)", (unsigned long long)j->u, (long long)min,
			      (long long)max);
	return wrong_type(r, at, min == INT64_MIN ? "a 64-bit integer" : "an integer", j);
}

static int read_unsigned(const struct reader *r, const struct place *at, const struct json *j, uint64_t max,
			 uint64_t *ret)
{
	if (j->type == JSON_UINT && max == UINT64_MAX) {
		*ret = j->u;
		return 0;
	}
	if (j->type == JSON_INT && j->i >= 0 && (uint64_t)j->i <= max) {
		*ret = (uint64_t)j->i;
		return 0;
	}
	if (j->type == JSON_INT)
		return refuse(r, at, "%lld is out of range (0 to %llu)", (long long)j->i, (unsigned long long)max);
	if (j->type == JSON_UINT)
		return refuse(r, at, "%llu is out of range (0 to %llu)", (unsigned long long)j->u,
			      (unsigned long long)max);
	return wrong_type(r, at, max == UINT64_MAX ? "an unsigned 64-bit integer" : "an unsigned integer", j);
}

static int read_bool(const struct reader *r, const struct place *at, const struct json *j, bool *ret)
{
	if (j->type != JSON_BOOL)
		return wrong_type(r, at, "a boolean", j);
	*ret = j->boolean;
	return 0;
}

static int read_integer(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
			void *p)
{
	int64_t low = f->flags & FIELD_NATURAL ? 0 : INT64_MIN, i = 0;
	uint64_t top = f->flags & FIELD_U16 ? UINT16_MAX : UINT64_MAX, u = 0;
	int rc;

	switch (f->type) {
	case FIELD_T_I32:
	case FIELD_T_OPT_I32: rc = read_signed(r, at, j, MAX(low, (int64_t)INT32_MIN), INT32_MAX, &i); break;
	case FIELD_T_I64:
	case FIELD_T_OPT_I64: rc = read_signed(r, at, j, low, INT64_MAX, &i); break;
	case FIELD_T_U32:
	case FIELD_T_OPT_U32: rc = read_unsigned(r, at, j, MIN(top, (uint64_t)UINT32_MAX), &u); break;
	default: rc = read_unsigned(r, at, j, top, &u); break;
	}
	if (rc < 0)
		return rc;
	switch (f->type) {
	case FIELD_T_I32: *(int32_t *)p = (int32_t)i; break;
	case FIELD_T_I64: *(int64_t *)p = i; break;
	case FIELD_T_U32: *(uint32_t *)p = (uint32_t)u; break;
	case FIELD_T_U64: *(uint64_t *)p = u; break;
	case FIELD_T_OPT_I32: *(struct opt_i32 *)p = (struct opt_i32){true, (int32_t)i}; break;
	case FIELD_T_OPT_I64: *(struct opt_i64 *)p = (struct opt_i64){true, i}; break;
	case FIELD_T_OPT_U32: *(struct opt_u32 *)p = (struct opt_u32){true, (uint32_t)u}; break;
	default: *(struct opt_u64 *)p = (struct opt_u64){true, u}; break;
	}
	return 0;
}

static int read_string(const struct reader *r, const struct place *at, uint8_t flags, const struct json *j, char **ret)
{
	if (j->type != JSON_STRING)
		return wrong_type(r, at, "a string", j);
	if (j->str.len || !(flags & FIELD_EMPTY_ABSENT))
		*ret = j->str.s;
	return 0;
}

static int read_letter(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
		       char *ret)
{
	if (j->type != JSON_STRING)
		return wrong_type(r, at, "a string", j);
	const char *s = j->str.s;
	if (!s[0] || s[1] || !strchr(f->letters, s[0]))
		return refuse(r, at, "\"%.32s\" is not one letter of \"%s\"", s, f->letters);
	*ret = s[0];
	return 0;
}

static int read_word(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
		     int *ret)
{
	if (j->type != JSON_STRING)
		return wrong_type(r, at, "a string", j);
	const char *s = j->str.s;
	int value = field_word_value(f->words, s);
	if (value >= 0) {
		*ret = value;
		return 0;
	}
	_cleanup_buf_ struct buf list = BUF_INIT(PLACE_TEXT_MAX);
	for (size_t i = 0; i < f->words->n; i++)
		buf_addf(&list, "%s%s", i ? ", " : "", f->words->v[i].name);
	return refuse(r, at, "\"%.64s\" is not one of %s", s, list.data);
}

// ---- reading: lists and objects

// What a `T *v; size_t n` pair looks like to the engine.
struct vector {
	void *v;
	size_t n;
};

static int read_object(const struct reader *r, const struct place *at, const struct field_table *t,
		       const struct json *j, void *obj);

static int read_strings(const struct reader *r, const struct place *at, const struct json *j, struct oci_strings *ret)
{
	if (j->type != JSON_ARRAY)
		return wrong_type(r, at, "an array of strings", j);
	if (!j->arr.n)
		return 0;
	char **v = arena_new_n(r->arena, char *, j->arr.n);
	for (size_t i = 0; i < j->arr.n; i++) {
		const struct json *item = j->arr.v[i];
		if (item->type != JSON_STRING)
			return wrong_type(r, &(struct place){.up = at, .index = i}, "a string", item);
		v[i] = item->str.s;
	}
	*ret = (struct oci_strings){v, j->arr.n};
	return 0;
}

static int read_u32s(const struct reader *r, const struct place *at, const struct json *j, struct vector *ret)
{
	if (j->type != JSON_ARRAY)
		return wrong_type(r, at, "an array of integers", j);
	if (!j->arr.n)
		return 0;
	uint32_t *v = arena_new_n(r->arena, uint32_t, j->arr.n);
	for (size_t i = 0; i < j->arr.n; i++) {
		uint64_t u = 0;
		int rc = read_unsigned(r, &(struct place){.up = at, .index = i}, j->arr.v[i], UINT32_MAX, &u);
		if (rc < 0)
			return rc;
		v[i] = (uint32_t)u;
	}
	*ret = (struct vector){v, j->arr.n};
	return 0;
}

static int read_pairs(const struct reader *r, const struct place *at, const struct json *j, struct oci_pairs *ret)
{
	if (j->type != JSON_OBJECT)
		return wrong_type(r, at, "an object of strings", j);
	if (!j->obj.n)
		return 0;
	struct oci_pair *v = arena_new_n(r->arena, struct oci_pair, j->obj.n);
	for (size_t i = 0; i < j->obj.n; i++) {
		const struct json_member *m = &j->obj.v[i];
		v[i].key = m->key;
		int rc = read_string(r, &(struct place){.up = at, .key = m->key}, 0, m->value, &v[i].value);
		if (rc < 0)
			return rc;
	}
	*ret = (struct oci_pairs){v, j->obj.n};
	return 0;
}

static int read_keys(const struct reader *r, const struct place *at, const struct json *j, struct oci_strings *ret)
{
	if (j->type != JSON_OBJECT)
		return wrong_type(r, at, "an object", j);
	if (!j->obj.n)
		return 0;
	char **v = arena_new_n(r->arena, char *, j->obj.n);
	for (size_t i = 0; i < j->obj.n; i++)
		v[i] = j->obj.v[i].key;
	*ret = (struct oci_strings){v, j->obj.n};
	return 0;
}

static int read_objects(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
			struct vector *ret)
{
	if (j->type != JSON_ARRAY)
		return wrong_type(r, at, "an array of objects", j);
	if (!j->arr.n)
		return 0;
	char *v = arena_alloc_n(r->arena, j->arr.n, f->size);
	for (size_t i = 0; i < j->arr.n; i++) {
		int rc = read_object(r, &(struct place){.up = at, .index = i}, f->table, j->arr.v[i], v + i * f->size);
		if (rc < 0)
			return rc;
	}
	*ret = (struct vector){v, j->arr.n};
	return 0;
}

static int read_map(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
		    struct vector *ret)
{
	if (j->type != JSON_OBJECT)
		return wrong_type(r, at, "an object of objects", j);
	if (!j->obj.n)
		return 0;
	char *v = arena_alloc_n(r->arena, j->obj.n, f->size);
	for (size_t i = 0; i < j->obj.n; i++) {
		const struct json_member *m = &j->obj.v[i];
		void *item = v + i * f->size;
		*(char **)item = m->key;
		int rc = read_object(r, &(struct place){.up = at, .key = m->key}, f->table, m->value, item);
		if (rc < 0)
			return rc;
	}
	*ret = (struct vector){v, j->obj.n};
	return 0;
}

static int read_value(const struct reader *r, const struct place *at, const struct field *f, const struct json *j,
		      void *p)
{
	int rc;

	switch ((enum field_type)f->type) {
	case FIELD_T_BOOL: return read_bool(r, at, j, p);
	case FIELD_T_OPT_BOOL:
		rc = read_bool(r, at, j, &((struct opt_bool *)p)->v);
		((struct opt_bool *)p)->set = rc >= 0;
		return rc;
	case FIELD_T_STRING: return read_string(r, at, f->flags, j, p);
	case FIELD_T_CHAR: return read_letter(r, at, f, j, p);
	case FIELD_T_ENUM: return read_word(r, at, f, j, p);
	case FIELD_T_JSON: *(const struct json **)p = j; return 0;
	case FIELD_T_STRINGS: return read_strings(r, at, j, p);
	case FIELD_T_KEYS: return read_keys(r, at, j, p);
	case FIELD_T_PAIRS: return read_pairs(r, at, j, p);
	case FIELD_T_U32S: return read_u32s(r, at, j, p);
	case FIELD_T_OBJECT_SET: *(bool *)p = true; __attribute__((fallthrough));
	case FIELD_T_OBJECT: return read_object(r, at, f->table, j, p);
	case FIELD_T_OBJECT_PTR:
		*(void **)p = arena_alloc(r->arena, f->size);
		return read_object(r, at, f->table, j, *(void **)p);
	case FIELD_T_OBJECTS: return read_objects(r, at, f, j, p);
	case FIELD_T_MAP: return read_map(r, at, f, j, p);
	default: return read_integer(r, at, f, j, p);
	}
}

// The row of a member, looked for from *hint on, around to before it.
static const struct field *find_row(const struct field_table *t, const struct json_member *m, size_t *hint)
{
	for (size_t i = 0, at = *hint; i < t->n; i++, at++) {
		if (at >= t->n)
			at = 0;
		const struct field *f = &t->rows[at];
		if (f->name_len == m->key_len && !memcmp(f->name, m->key, m->key_len)) {
			*hint = at + 1;
			return f;
		}
	}
	return NULL;
}

static void keep_unknown(const struct reader *r, const struct field_table *t, const struct json_member *m, void *obj)
{
	struct json **slot = (struct json **)((char *)obj + t->unknown);

	if (!t->unknown)
		return;
	if (!*slot)
		*slot = json_new_object(r->arena);
	json_add(r->arena, *slot, m);
}

static int read_object(const struct reader *r, const struct place *at, const struct field_table *t,
		       const struct json *j, void *obj)
{
	uint64_t seen = 0;
	size_t hint = 0;

	if (j->type != JSON_OBJECT)
		return wrong_type(r, at, "an object", j);
	for (size_t i = 0; i < j->obj.n; i++) {
		const struct json_member *m = &j->obj.v[i];
		const struct field *f = find_row(t, m, &hint);
		if (!f) {
			keep_unknown(r, t, m, obj);
			continue;
		}
		if (m->value->type == JSON_NULL && f->type != FIELD_T_JSON)
			continue;
		seen |= UINT64_C(1) << (f - t->rows);
		struct place here = {.up = at, .key = f->name};
		int rc = read_value(r, &here, f, m->value, (char *)obj + f->offset);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].flags & FIELD_REQUIRED && !(seen >> i & 1))
			return refuse(r, &(struct place){.up = at, .key = t->rows[i].name}, "missing");
	return 0;
}

int field_parse(struct arena *a, const struct field_table *t, const struct json *j, void *obj, struct err *e)
{
	struct reader r = {.arena = a, .e = e};
	struct place document = {0};

	return read_object(&r, &document, t, j, obj);
}

// ---- writing

static bool is_absent(const struct field *f, const void *p);

static bool all_absent(const struct field_table *t, const void *obj)
{
	for (size_t i = 0; i < t->n; i++)
		if (!is_absent(&t->rows[i], (const char *)obj + t->rows[i].offset))
			return false;
	return !t->unknown || !*(struct json *const *)((const char *)obj + t->unknown);
}

static bool is_absent(const struct field *f, const void *p)
{
	switch ((enum field_type)f->type) {
	case FIELD_T_BOOL:
	case FIELD_T_OPT_BOOL:
	case FIELD_T_OPT_I32:
	case FIELD_T_OPT_I64:
	case FIELD_T_OPT_U32:
	case FIELD_T_OPT_U64:
	case FIELD_T_OBJECT_SET: return !*(const bool *)p; // the value, or the `set` in front of it
	case FIELD_T_I32:
	case FIELD_T_U32:
	case FIELD_T_ENUM: return !*(const uint32_t *)p;
	case FIELD_T_I64:
	case FIELD_T_U64: return !*(const uint64_t *)p;
	case FIELD_T_CHAR: return !*(const char *)p;
	case FIELD_T_STRING:
	case FIELD_T_JSON:
	case FIELD_T_OBJECT_PTR: return !*(void *const *)p;
	case FIELD_T_STRINGS:
	case FIELD_T_KEYS:
	case FIELD_T_PAIRS:
	case FIELD_T_U32S:
	case FIELD_T_OBJECTS:
	case FIELD_T_MAP: return !((const struct vector *)p)->n;
	case FIELD_T_OBJECT: return all_absent(f->table, p);
	}
	return true;
}

static void write_strings(const struct oci_strings *s, struct json_writer *w)
{
	jw_array(w);
	for (size_t i = 0; i < s->n; i++)
		jw_str(w, s->v[i]);
	jw_array_end(w);
}

static void write_keys(const struct oci_strings *s, struct json_writer *w)
{
	jw_object(w);
	for (size_t i = 0; i < s->n; i++) {
		jw_key(w, s->v[i]);
		jw_object(w);
		jw_object_end(w);
	}
	jw_object_end(w);
}

static void write_pairs(const struct oci_pairs *s, struct json_writer *w)
{
	jw_object(w);
	for (size_t i = 0; i < s->n; i++)
		jw_kstr(w, s->v[i].key, s->v[i].value);
	jw_object_end(w);
}

static void write_u32s(const struct vector *s, struct json_writer *w)
{
	jw_array(w);
	for (size_t i = 0; i < s->n; i++)
		jw_uint(w, ((const uint32_t *)s->v)[i]);
	jw_array_end(w);
}

static void write_objects(const struct field *f, const struct vector *s, struct json_writer *w)
{
	const char *item = s->v;

	jw_array(w);
	for (size_t i = 0; i < s->n; i++, item += f->size)
		field_write(f->table, item, w);
	jw_array_end(w);
}

static void write_map(const struct field *f, const struct vector *s, struct json_writer *w)
{
	const char *item = s->v;

	jw_object(w);
	for (size_t i = 0; i < s->n; i++, item += f->size) {
		jw_key(w, *(char *const *)item);
		field_write(f->table, item, w);
	}
	jw_object_end(w);
}

static void write_value(const struct field *f, const void *p, struct json_writer *w)
{
	switch ((enum field_type)f->type) {
	case FIELD_T_BOOL: jw_bool(w, *(const bool *)p); break;
	case FIELD_T_I32: jw_int(w, *(const int32_t *)p); break;
	case FIELD_T_I64: jw_int(w, *(const int64_t *)p); break;
	case FIELD_T_U32: jw_uint(w, *(const uint32_t *)p); break;
	case FIELD_T_U64: jw_uint(w, *(const uint64_t *)p); break;
	case FIELD_T_OPT_BOOL: jw_bool(w, ((const struct opt_bool *)p)->v); break;
	case FIELD_T_OPT_I32: jw_int(w, ((const struct opt_i32 *)p)->v); break;
	case FIELD_T_OPT_I64: jw_int(w, ((const struct opt_i64 *)p)->v); break;
	case FIELD_T_OPT_U32: jw_uint(w, ((const struct opt_u32 *)p)->v); break;
	case FIELD_T_OPT_U64: jw_uint(w, ((const struct opt_u64 *)p)->v); break;
	case FIELD_T_STRING: jw_str(w, *(char *const *)p); break;
	case FIELD_T_CHAR: jw_strn(w, p, *(const char *)p ? 1 : 0); break;
	case FIELD_T_ENUM: jw_str(w, field_word_name(f->words, *(const int *)p)); break;
	case FIELD_T_JSON: jw_value(w, *(struct json *const *)p); break;
	case FIELD_T_STRINGS: write_strings(p, w); break;
	case FIELD_T_KEYS: write_keys(p, w); break;
	case FIELD_T_PAIRS: write_pairs(p, w); break;
	case FIELD_T_U32S: write_u32s(p, w); break;
	case FIELD_T_OBJECT:
	case FIELD_T_OBJECT_SET: field_write(f->table, p, w); break;
	case FIELD_T_OBJECT_PTR:
		if (*(void *const *)p)
			field_write(f->table, *(void *const *)p, w);
		else
			jw_null(w);
		break;
	case FIELD_T_OBJECTS: write_objects(f, p, w); break;
	case FIELD_T_MAP: write_map(f, p, w); break;
	}
}

void field_write(const struct field_table *t, const void *obj, struct json_writer *w)
{
	jw_object(w);
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->rows[i];
		const void *p = (const char *)obj + f->offset;
		if (!(f->flags & FIELD_ALWAYS) && is_absent(f, p))
			continue;
		jw_key(w, f->name);
		write_value(f, p, w);
	}
	const struct json *unknown = t->unknown ? *(struct json *const *)((const char *)obj + t->unknown) : NULL;
	for (size_t i = 0; unknown && i < unknown->obj.n; i++) {
		jw_key(w, unknown->obj.v[i].key);
		jw_value(w, unknown->obj.v[i].value);
	}
	jw_object_end(w);
}

// ---- words

const char *field_word_name(const struct field_words *words, int value)
{
	for (size_t i = 0; i < words->n; i++)
		if (words->v[i].value == value)
			return words->v[i].name;
	return NULL;
}

int field_word_value(const struct field_words *words, const char *name)
{
	for (size_t i = 0; i < words->n; i++)
		if (str_eq(words->v[i].name, name))
			return words->v[i].value;
	return -EINVAL;
}
