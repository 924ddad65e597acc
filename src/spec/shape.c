// SPDX-License-Identifier: Apache-2.0
// The engine behind the tables of the image documents: walks an object's members once, hands each to the kind its
// table names, and collects the rest. Nesting is that of the tables, so the recursion is as deep as they are.
#include "spec/shape.h"

#include "base/str.h"
#include "spec/types.h"

struct vector {
	void *v;
	size_t n;
};

// ---- errors

enum { QUOTE_MAX = 80 };

static void quote_cut(struct buf *b, const char *s)
{
	size_t n = strnlen(s, QUOTE_MAX + 1);
	bool cut = n > QUOTE_MAX;

	for (n -= cut; cut && n && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	json_quote(b, s, n);
	if (cut)
		buf_adds(b, "...");
}

const char *shape_quote(struct shape_reader *r, const char *text)
{
	_cleanup_buf_ struct buf b = BUF_INIT(8 * QUOTE_MAX);

	quote_cut(&b, text);
	return arena_strdup(r->a, b.data);
}

static bool is_plain(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n && !key[n] && n <= QUOTE_MAX;
}

static void add_path(struct buf *b, const struct shape_at *at)
{
	if (!at)
		return;
	add_path(b, at->up);
	if (!at->key)
		buf_addf(b, "[%zu]", at->index);
	else if (is_plain(at->key))
		buf_addf(b, "%s%s", at->up ? "." : "", at->key);
	else {
		buf_addc(b, '[');
		quote_cut(b, at->key);
		buf_addc(b, ']');
	}
}

int shape_fail(struct shape_reader *r, const struct shape_at *at, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = BUF_INIT(ERR_TEXT_MAX);
	va_list ap;

	add_path(&b, at);
	va_start(ap, fmt);
	int rc = err_setv(r->e, ERR_INVALID, EINVAL, fmt, ap);
	va_end(ap);
	if (at)
		rc = err_wrap(r->e, rc, "%s", b.data);
	return err_wrap(r->e, rc, "%s", r->what);
}

static int fail_type(struct shape_reader *r, const struct shape_at *at, const struct json *j, const char *wanted)
{
	return shape_fail(r, at, "%s where %s is expected", json_type_name(j), wanted);
}

// ---- scalars

static int read_text(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		     const struct shape_member *m, char **to)
{
	if (j->type != JSON_STRING)
		return fail_type(r, at, j, "a string");
	int rc = m->check ? m->check(r, at, j->str.s) : 0;
	if (rc >= 0)
		*to = j->str.s;
	return rc;
}

static int read_string(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		       const struct shape_member *m, void *to)
{
	return read_text(r, at, j, m, to);
}

static bool string_present(const struct shape_member *m, const void *from)
{
	return *(char *const *)from;
}

static void write_string(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_str(w, *(char *const *)from);
}

const struct shape_kind shape_string = {read_string, string_present, write_string};

static int read_bool(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		     const struct shape_member *m, void *to)
{
	if (j->type != JSON_BOOL)
		return fail_type(r, at, j, "a boolean");
	*(bool *)to = j->boolean;
	return 0;
}

static bool bool_present(const struct shape_member *m, const void *from)
{
	return *(const bool *)from;
}

static void write_bool(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_bool(w, *(const bool *)from);
}

const struct shape_kind shape_bool = {read_bool, bool_present, write_bool};

static int read_int(struct shape_reader *r, const struct shape_at *at, const struct json *j, int64_t *to)
{
	if (j->type == JSON_UINT)
		return shape_fail(r, at, "%llu is too large", (unsigned long long)j->u);
	if (j->type != JSON_INT)
		return fail_type(r, at, j, "an integer");
	*to = j->i;
	return 0;
}

static int read_size(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		     const struct shape_member *m, void *to)
{
	int64_t v = 0;
	int rc = read_int(r, at, j, &v);

	if (rc < 0)
		return rc;
	if (v < 0)
		return shape_fail(r, at, "%lld is negative", (long long)v);
	*(int64_t *)to = v;
	return 0;
}

static bool size_present(const struct shape_member *m, const void *from)
{
	return *(const int64_t *)from;
}

static void write_size(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_int(w, *(const int64_t *)from);
}

const struct shape_kind shape_size = {read_size, size_present, write_size};

static int read_opt_int(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			const struct shape_member *m, void *to)
{
	struct opt_i64 *o = to;
	int rc = read_int(r, at, j, &o->v);

	o->set = rc >= 0;
	return rc;
}

static bool opt_int_present(const struct shape_member *m, const void *from)
{
	return ((const struct opt_i64 *)from)->set;
}

static void write_opt_int(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_int(w, ((const struct opt_i64 *)from)->v);
}

const struct shape_kind shape_opt_int = {read_opt_int, opt_int_present, write_opt_int};

// ---- lists

static int read_strings(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			const struct shape_member *m, void *to)
{
	struct oci_strings s = {0};

	if (j->type != JSON_ARRAY)
		return fail_type(r, at, j, "an array of strings");
	for (size_t i = 0; i < j->arr.n; i++) {
		struct shape_at here = {.up = at, .index = i};
		int rc = read_text(r, &here, j->arr.v[i], m, arena_append(r->a, s.v, s.n));
		if (rc < 0)
			return rc;
	}
	*(struct oci_strings *)to = s;
	return 0;
}

static bool list_present(const struct shape_member *m, const void *from)
{
	return ((const struct oci_strings *)from)->n;
}

static void write_strings(struct json_writer *w, const struct shape_member *m, const void *from)
{
	const struct oci_strings *s = from;

	jw_array(w);
	for (size_t i = 0; i < s->n; i++)
		jw_str(w, s->v[i]);
	jw_array_end(w);
}

const struct shape_kind shape_strings = {read_strings, list_present, write_strings};

static int read_names(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		      const struct shape_member *m, void *to)
{
	struct oci_strings s = {0};

	if (j->type != JSON_OBJECT)
		return fail_type(r, at, j, "an object");
	for (size_t i = 0; i < j->obj.n; i++) {
		struct shape_at here = {.up = at, .key = j->obj.v[i].key};
		const struct json *v = j->obj.v[i].value;
		int rc = m->check ? m->check(r, &here, here.key) : 0;
		if (rc < 0)
			return rc;
		if (v->type != JSON_NULL && (v->type != JSON_OBJECT || v->obj.n))
			return shape_fail(r, &here, "an empty object is expected");
		char **slot = arena_append(r->a, s.v, s.n);
		*slot = j->obj.v[i].key;
	}
	*(struct oci_strings *)to = s;
	return 0;
}

static void write_names(struct json_writer *w, const struct shape_member *m, const void *from)
{
	const struct oci_strings *s = from;

	jw_object(w);
	for (size_t i = 0; i < s->n; i++) {
		jw_key(w, s->v[i]);
		jw_object(w);
		jw_object_end(w);
	}
	jw_object_end(w);
}

const struct shape_kind shape_names = {read_names, list_present, write_names};

static int read_pairs(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		      const struct shape_member *m, void *to)
{
	struct oci_pairs p = {0};

	if (j->type != JSON_OBJECT)
		return fail_type(r, at, j, "an object of strings");
	for (size_t i = 0; i < j->obj.n; i++) {
		struct shape_at here = {.up = at, .key = j->obj.v[i].key};
		struct oci_pair *pair = arena_append(r->a, p.v, p.n);
		pair->key = j->obj.v[i].key;
		int rc = read_text(r, &here, j->obj.v[i].value, m, &pair->value);
		if (rc < 0)
			return rc;
	}
	*(struct oci_pairs *)to = p;
	return 0;
}

static bool pairs_present(const struct shape_member *m, const void *from)
{
	return ((const struct oci_pairs *)from)->n;
}

static void write_pairs(struct json_writer *w, const struct shape_member *m, const void *from)
{
	const struct oci_pairs *p = from;

	jw_object(w);
	for (size_t i = 0; i < p->n; i++)
		jw_kstr(w, p->v[i].key, p->v[i].value);
	jw_object_end(w);
}

const struct shape_kind shape_pairs = {read_pairs, pairs_present, write_pairs};

// ---- structures

static int read_object(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		       const struct shape_member *m, void *to)
{
	return shape_read(r, at, j, m->shape, to);
}

static const struct json *unknown_of(const struct shape *s, const void *object)
{
	return *(struct json *const *)((const char *)object + s->unknown);
}

static bool object_present(const struct shape_member *m, const void *from)
{
	const struct shape *s = m->shape;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].kind->present(&s->v[i], (const char *)from + s->v[i].offset))
			return true;
	return unknown_of(s, from);
}

static void write_object(struct json_writer *w, const struct shape_member *m, const void *from)
{
	shape_write(w, m->shape, from);
}

const struct shape_kind shape_object = {read_object, object_present, write_object};

static int read_pointer(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			const struct shape_member *m, void *to)
{
	void *object = arena_alloc(r->a, m->shape->size);
	int rc = shape_read(r, at, j, m->shape, object);

	if (rc >= 0)
		*(void **)to = object;
	return rc;
}

static bool pointer_present(const struct shape_member *m, const void *from)
{
	return *(void *const *)from;
}

static void write_pointer(struct json_writer *w, const struct shape_member *m, const void *from)
{
	shape_write(w, m->shape, *(void *const *)from);
}

const struct shape_kind shape_pointer = {read_pointer, pointer_present, write_pointer};

static int read_vector(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		       const struct shape_member *m, void *to)
{
	struct vector v = {0};

	if (j->type != JSON_ARRAY)
		return fail_type(r, at, j, "an array");
	for (size_t i = 0; i < j->arr.n; i++) {
		struct shape_at here = {.up = at, .index = i};
		void *object = arena_append_raw(r->a, &v.v, &v.n, m->shape->size);
		int rc = shape_read(r, &here, j->arr.v[i], m->shape, object);
		if (rc < 0)
			return rc;
	}
	*(struct vector *)to = v;
	return 0;
}

static bool vector_present(const struct shape_member *m, const void *from)
{
	return ((const struct vector *)from)->n;
}

static void write_vector(struct json_writer *w, const struct shape_member *m, const void *from)
{
	const struct vector *v = from;

	jw_array(w);
	for (size_t i = 0; i < v->n; i++)
		shape_write(w, m->shape, (const char *)v->v + i * m->shape->size);
	jw_array_end(w);
}

const struct shape_kind shape_vector = {read_vector, vector_present, write_vector};

// ---- tables

static const struct shape_member *find_member(const struct shape *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].key, key))
			return &s->v[i];
	return NULL;
}

static int check_required(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			  const struct shape *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct json *v = s->v[i].required ? json_get(j, s->v[i].key) : j;
		struct shape_at here = {.up = at, .key = s->v[i].key};
		if (!v || v->type == JSON_NULL)
			return shape_fail(r, &here, "missing");
	}
	return 0;
}

int shape_read(struct shape_reader *r, const struct shape_at *at, const struct json *j, const struct shape *s,
	       void *object)
{
	struct json *unknown = NULL;

	if (j->type != JSON_OBJECT)
		return fail_type(r, at, j, "an object");
	int rc = check_required(r, at, j, s);
	for (size_t i = 0; rc >= 0 && i < j->obj.n; i++) {
		const struct json_member *v = &j->obj.v[i];
		const struct shape_member *m = find_member(s, v->key);
		struct shape_at here = {.up = at, .key = v->key};

		if (m && v->value->type != JSON_NULL)
			rc = m->kind->read(r, &here, v->value, m, (char *)object + m->offset);
		else if (!m) {
			unknown = unknown ? unknown : json_new_object(r->a);
			json_add(r->a, unknown, v);
		}
	}
	if (rc < 0)
		return rc;
	*(struct json **)((char *)object + s->unknown) = unknown;
	return s->check ? s->check(r, at, object) : 0;
}

void shape_write(struct json_writer *w, const struct shape *s, const void *object)
{
	const struct json *unknown = unknown_of(s, object);

	jw_object(w);
	for (size_t i = 0; i < s->n; i++) {
		const struct shape_member *m = &s->v[i];
		const void *from = (const char *)object + m->offset;

		if (!m->required && !m->kind->present(m, from))
			continue;
		jw_key(w, m->key);
		m->kind->write(w, m, from);
	}
	for (size_t i = 0; unknown && i < unknown->obj.n; i++) {
		jw_key(w, unknown->obj.v[i].key);
		jw_value(w, unknown->obj.v[i].value);
	}
	jw_object_end(w);
}
