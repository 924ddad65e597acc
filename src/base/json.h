// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259): a bounded one-pass reader into an arena tree, and a writer. Integers keep all 64 bits, signed
// or unsigned; duplicate keys, invalid UTF-8, lone surrogates, NUL characters in strings (unless allowed) and
// trailing bytes are refused, with line, column and JSON path of the culprit.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_UINT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	uint8_t type; // enum json_type; JSON_UINT only for values above INT64_MAX
	union {
		bool boolean;
		int64_t i;
		uint64_t u;
		double d;
		struct {
			char *s; // NUL-terminated
			size_t len;
		} str;
		struct {
			struct json **v;
			size_t n;
		} arr;
		struct {
			struct json_member *v; // in the order of the text
			size_t n;
		} obj;
	};
};

struct json_member {
	char *key;
	size_t key_len;
	struct json *value;
};

struct json_limits {
	size_t max_bytes; // of text
	unsigned max_depth;
	size_t max_nodes;
};
extern const struct json_limits json_limits_default; // 4 MiB, depth 64, 1,000,000 nodes

// The tree lives in a. limits may be NULL for the default.
int json_parse(struct arena *a, const char *text, size_t len, const struct json_limits *limits, struct json **ret,
	       struct err *e);

// Object member or NULL; NULL also if j is NULL or no object.
const struct json *json_get(const struct json *j, const char *key);
// Typed look-ups with a default when missing, null or of another type (for our own files and lenient reads).
const char *json_get_str(const struct json *j, const char *key, const char *otherwise);
int64_t json_get_int(const struct json *j, const char *key, int64_t otherwise);
bool json_get_bool(const struct json *j, const char *key, bool otherwise);
const char *json_type_name(const struct json *j);

// Building trees (for unknown fields and small outputs).
struct json *json_new_object(struct arena *a);
struct json *json_new_array(struct arena *a);
struct json *json_new_string(struct arena *a, const char *s);
struct json *json_new_int(struct arena *a, int64_t i);
struct json *json_new_bool(struct arena *a, bool b);
void json_set(struct arena *a, struct json *obj, const char *key, struct json *value); // replaces
// Adds a member whose key is known to be new; its key and value are shared, not copied.
void json_add(struct arena *a, struct json *obj, const struct json_member *m);
void json_push(struct arena *a, struct json *arr, struct json *value);

// Streaming writer. Commas and indentation are its business; keys before values inside objects.
struct json_writer {
	struct buf *out;
	unsigned depth;
	unsigned indent;   // spaces a level, 0 for compact
	uint64_t nonempty; // a bit per level
	bool after_key;
};
#define JSON_WRITER(buffer, spaces) ((struct json_writer){.out = (buffer), .indent = (spaces)})
void jw_object(struct json_writer *w);
void jw_object_end(struct json_writer *w);
void jw_array(struct json_writer *w);
void jw_array_end(struct json_writer *w);
void jw_key(struct json_writer *w, const char *key);
void jw_str(struct json_writer *w, const char *s); // NULL writes null; invalid UTF-8 becomes U+FFFD
void jw_strn(struct json_writer *w, const char *s, size_t n);
void jw_int(struct json_writer *w, int64_t i);
void jw_uint(struct json_writer *w, uint64_t u);
void jw_double(struct json_writer *w, double d);
void jw_bool(struct json_writer *w, bool b);
void jw_null(struct json_writer *w);
void jw_value(struct json_writer *w, const struct json *j);
// key and value in one
void jw_kstr(struct json_writer *w, const char *key, const char *s);
void jw_kint(struct json_writer *w, const char *key, int64_t i);
void jw_kbool(struct json_writer *w, const char *key, bool b);
// Just the quoted string into a buffer.
void json_quote(struct buf *out, const char *s, size_t n);
