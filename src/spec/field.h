// SPDX-License-Identifier: Apache-2.0
// JSON objects to and from C structures by tables: one row a member, with its JSON name, its C type, its place and a
// few flags. Reading, writing and the texts of errors all follow from the table, so that they cannot disagree.
//
//   static const struct field rows[] = {
//           FIELD(struct oci_root, path, "path", FIELD_REQUIRED | FIELD_ALWAYS),
//           FIELD(struct oci_root, readonly, "readonly", 0),
//   };
//   static const struct field_table root_table = FIELD_TABLE(rows);
//
// Rules of reading: null counts as absent; an absent member leaves its zero value; a member that no row knows is kept
// if the table says where (FIELD_TABLE_UNKNOWN), else passed over; a wrong type or a number out of the C type's range
// is an error with the JSON path: `mounts[2].options[0]: wants a string, has an integer`. Duplicate names were refused
// by the JSON reader. Rules of writing: rows in order, absent and zero values left out unless FIELD_ALWAYS, unknown
// members last.
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "spec/types.h"

#include <stddef.h>

enum field_type {
	FIELD_T_BOOL,
	FIELD_T_I32,
	FIELD_T_I64,
	FIELD_T_U32,
	FIELD_T_U64,
	FIELD_T_OPT_BOOL, // struct opt_bool, and so on
	FIELD_T_OPT_I32,
	FIELD_T_OPT_I64,
	FIELD_T_OPT_U32,
	FIELD_T_OPT_U64,
	FIELD_T_STRING,     // char *
	FIELD_T_CHAR,       // char: a string of one letter out of a set
	FIELD_T_ENUM,       // an enum: a string out of a list of words
	FIELD_T_JSON,       // struct json *: anything
	FIELD_T_STRINGS,    // struct oci_strings: an array of strings
	FIELD_T_KEYS,       // struct oci_strings: the names of an object whose values say nothing
	FIELD_T_PAIRS,      // struct oci_pairs: an object of strings
	FIELD_T_U32S,       // uint32_t *v; size_t n: an array of integers
	FIELD_T_OBJECT,     // a structure in place
	FIELD_T_OBJECT_SET, // the same, its first member `bool set` telling whether it was there
	FIELD_T_OBJECT_PTR, // a structure in the arena; NULL: absent
	FIELD_T_OBJECTS,    // T *v; size_t n: an array of objects
	FIELD_T_MAP,        // T *v; size_t n: an object of objects, the name in T's first member, a char *
};

enum {
	FIELD_REQUIRED = 1, // absence is an error
	FIELD_ALWAYS = 2,   // written also when zero or empty
	FIELD_MUST = FIELD_REQUIRED | FIELD_ALWAYS,
	FIELD_U16 = 4,           // an integer of at most 65535, whatever the C type
	FIELD_NATURAL = 8,       // an integer that must not be negative, whatever the C type
	FIELD_EMPTY_ABSENT = 16, // a string: "" counts as absent, as it does for writers in Go
};

struct field_word {
	const char *name;
	int value; // the first word of a value is the one written
};
struct field_words {
	const struct field_word *v;
	size_t n;
};

struct field_table;
struct field {
	const char *name;
	uint8_t name_len;
	uint8_t type, flags;
	uint16_t offset; // in the structure
	uint16_t size;   // of an element or of what the pointer points to
	union {
		const struct field_table *table; // objects
		const struct field_words *words; // FIELD_T_ENUM
		const char *letters;             // FIELD_T_CHAR
	};
};

enum { FIELD_ROWS_MAX = 64 };
struct field_table {
	const struct field *rows;
	size_t n;
	size_t unknown; // offset of the `struct json *` that keeps unknown members; 0: none is kept
};

// obj is zeroed memory of the table's structure. Its strings and unknown members point into j, so a must be the arena
// that j lives in. On failure obj is partly filled.
int field_parse(struct arena *a, const struct field_table *t, const struct json *j, void *obj, struct err *e);
// The whole object with its braces.
void field_write(const struct field_table *t, const void *obj, struct json_writer *w);

// The name of a value, or NULL; the value of a name, or -EINVAL (so words have no negative values).
const char *field_word_name(const struct field_words *words, int value) _pure_;
int field_word_value(const struct field_words *words, const char *name) _pure_;

// ---- rows

#define FIELD_MEMBER(S, m) (((S *)0)->m)
#define FIELD_TYPE_OF(S, m) \
	_Generic(FIELD_MEMBER(S, m),             \
		bool: FIELD_T_BOOL,              \
		int32_t: FIELD_T_I32,            \
		int64_t: FIELD_T_I64,            \
		uint32_t: FIELD_T_U32,           \
		uint64_t: FIELD_T_U64,           \
		struct opt_bool: FIELD_T_OPT_BOOL, \
		struct opt_i32: FIELD_T_OPT_I32, \
		struct opt_i64: FIELD_T_OPT_I64, \
		struct opt_u32: FIELD_T_OPT_U32, \
		struct opt_u64: FIELD_T_OPT_U64, \
		char *: FIELD_T_STRING,          \
		struct oci_strings: FIELD_T_STRINGS, \
		struct oci_pairs: FIELD_T_PAIRS, \
		struct json *: FIELD_T_JSON)

// 0, or an error of the compiler that says what is wrong with the table.
#define FIELD_ASSERT(cond, text)             \
	(0 * sizeof(struct {                 \
		 _Static_assert(cond, text); \
		 int unused;                 \
	 }))
#define FIELD_ROW(S, m, json, kind, flag_bits) \
	.name = json, .name_len = sizeof(json) - 1, .type = kind, .flags = (flag_bits), .offset = offsetof(S, m)
// That the count stands right behind the array, where the engine looks for it.
#define FIELD_COUNT_BEHIND(S, v, n)                                                                \
	FIELD_ASSERT(offsetof(S, n) == offsetof(S, v) + sizeof(void *) &&                          \
			     __builtin_types_compatible_p(__typeof__(FIELD_MEMBER(S, n)), size_t), \
		     "the count must follow the array")

// Scalars, strings, lists and objects of strings: by the C type.
#define FIELD(S, m, json, flag_bits)                                  \
	{                                                             \
		FIELD_ROW(S, m, json, FIELD_TYPE_OF(S, m), flag_bits) \
	}
#define FIELD_CHAR(S, m, json, flag_bits, set)                                                                   \
	{                                                                                                        \
		FIELD_ROW(S, m, json, FIELD_T_CHAR, flag_bits),                                                  \
			.letters = (set),                                                                        \
			.size = FIELD_ASSERT(__builtin_types_compatible_p(__typeof__(FIELD_MEMBER(S, m)), char), \
					     "wants a char")                                                     \
	}
#define FIELD_ENUM(S, m, json, flag_bits, list)                                                          \
	{                                                                                                \
		FIELD_ROW(S, m, json, FIELD_T_ENUM, flag_bits),                                          \
			.words = (list),                                                                 \
			.size = FIELD_ASSERT(sizeof(FIELD_MEMBER(S, m)) == sizeof(int), "wants an enum") \
	}
#define FIELD_KEYS(S, m, json, flag_bits)                                                                          \
	{                                                                                                          \
		FIELD_ROW(S, m, json, FIELD_T_KEYS, flag_bits),                                                    \
			.size = FIELD_ASSERT(FIELD_TYPE_OF(S, m) == FIELD_T_STRINGS, "wants a struct oci_strings") \
	}
#define FIELD_U32S(S, v, n, json, flag_bits)                                              \
	{                                                                                 \
		FIELD_ROW(S, v, json, FIELD_T_U32S, flag_bits),                           \
			.size = sizeof(*FIELD_MEMBER(S, v)) + FIELD_COUNT_BEHIND(S, v, n) \
	}
#define FIELD_OBJECT(S, m, json, flag_bits, rows_of)                                 \
	{                                                                            \
		FIELD_ROW(S, m, json, FIELD_T_OBJECT, flag_bits), .table = (rows_of) \
	}
#define FIELD_OBJECT_SET(S, m, json, flag_bits, rows_of)                                         \
	{                                                                                        \
		FIELD_ROW(S, m, json, FIELD_T_OBJECT_SET, flag_bits),                            \
			.table = (rows_of),                                                      \
			.size = FIELD_ASSERT(offsetof(__typeof__(FIELD_MEMBER(S, m)), set) == 0, \
					     "`set` must be first")                              \
	}
#define FIELD_OBJECT_PTR(S, m, json, flag_bits, rows_of)                                                  \
	{                                                                                                 \
		FIELD_ROW(S, m, json, FIELD_T_OBJECT_PTR, flag_bits), .table = (rows_of),                 \
								      .size = sizeof(*FIELD_MEMBER(S, m)) \
	}
#define FIELD_OBJECTS(S, v, n, json, flag_bits, rows_of)                                                      \
	{                                                                                                     \
		FIELD_ROW(S, v, json, FIELD_T_OBJECTS, flag_bits),                                            \
			.table = (rows_of), .size = sizeof(*FIELD_MEMBER(S, v)) + FIELD_COUNT_BEHIND(S, v, n) \
	}
#define FIELD_MAP(S, v, n, json, flag_bits, rows_of)                                                          \
	{                                                                                                     \
		FIELD_ROW(S, v, json, FIELD_T_MAP, flag_bits),                                                \
			.table = (rows_of), .size = sizeof(*FIELD_MEMBER(S, v)) + FIELD_COUNT_BEHIND(S, v, n) \
	}

#define FIELD_TABLE(list)                                                                                 \
	{                                                                                                 \
		.rows = (list),                                                                           \
		.n = ARRAY_SIZE(list) + FIELD_ASSERT(ARRAY_SIZE(list) <= FIELD_ROWS_MAX, "too many rows") \
	}
#define FIELD_TABLE_UNKNOWN(list, S, m)                                                                             \
	{                                                                                                           \
		.rows = (list),                                                                                     \
		.n = ARRAY_SIZE(list) + FIELD_ASSERT(ARRAY_SIZE(list) <= FIELD_ROWS_MAX &&                          \
							     FIELD_TYPE_OF(S, m) == FIELD_T_JSON && offsetof(S, m), \
						     "unknown members"),                                            \
		.unknown = offsetof(S, m)                                                                           \
	}
