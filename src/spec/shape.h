// SPDX-License-Identifier: Apache-2.0
// JSON objects as tables: one table a structure says which member goes where, and drives reading, checking and writing
// alike. Members that a table does not know are kept and written again; null is as good as absent. Errors carry the
// JSON path. Private to src/spec.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>

struct shape_member;

// The way to a value, for errors; the root is NULL.
struct shape_at {
	const struct shape_at *up;
	const char *key; // NULL: an element of an array, by index
	size_t index;
};

struct shape_reader {
	struct arena *a;
	const char *what; // in front of every error: "manifest"
	struct err *e;
};

// How one type of member is read into memory and written from it.
struct shape_kind {
	int (*read)(struct shape_reader *r, const struct shape_at *at, const struct json *j,
		    const struct shape_member *m, void *to);
	bool (*present)(const struct shape_member *m, const void *from);
	void (*write)(struct json_writer *w, const struct shape_member *m, const void *from);
};

struct shape {
	size_t size;
	const struct shape_member *v;
	size_t n;
	size_t unknown; // offset of the struct json * for unknown members
	// Beyond types; may be NULL.
	int (*check)(struct shape_reader *r, const struct shape_at *at, const void *object);
};

struct shape_member {
	const char *key;
	const struct shape_kind *kind;
	size_t offset;
	bool required;             // read: must be there; write: even when empty
	const struct shape *shape; // of nested objects
	int (*check)(struct shape_reader *r, const struct shape_at *at,
		     const char *text); // of each string; may be NULL
};

extern const struct shape_kind shape_string;  // char *
extern const struct shape_kind shape_bool;    // bool; false is absent
extern const struct shape_kind shape_size;    // int64_t, not negative; 0 is absent unless required
extern const struct shape_kind shape_opt_int; // struct opt_i64
extern const struct shape_kind shape_strings; // struct oci_strings from an array
extern const struct shape_kind shape_names;  // struct oci_strings from the members' names of an object of empty objects
extern const struct shape_kind shape_pairs;  // struct oci_pairs
extern const struct shape_kind shape_object; // a nested structure
extern const struct shape_kind shape_pointer; // a pointer to one, NULL when absent
extern const struct shape_kind shape_vector;  // T *v and, right behind it, size_t n

// Reads j into object (zeroed by the caller).
int shape_read(struct shape_reader *r, const struct shape_at *at, const struct json *j, const struct shape *s,
	       void *object);
void shape_write(struct json_writer *w, const struct shape *s, const void *object);
// ERR_INVALID: "what: path: ...".
int shape_fail(struct shape_reader *r, const struct shape_at *at, const char *fmt, ...) _printf_(3, 4);
// For the text of errors: quoted, escaped, cut when long. In the arena.
const char *shape_quote(struct shape_reader *r, const char *text);
