// SPDX-License-Identifier: Apache-2.0
// Strings, string vectors, and strict parsing of numbers, sizes and durations.
#pragma once

#include "base/err.h"
#include "base/macro.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool str_eq(const char *a, const char *b)
{
	return !strcmp(a, b);
}
// NULL-safe: two NULLs are equal.
bool str_eq0(const char *a, const char *b) _pure_;
bool str_starts(const char *s, const char *prefix) _pure_;
bool str_ends(const char *s, const char *suffix) _pure_;
// What follows prefix in s, or NULL if s does not begin with it.
const char *str_after(const char *s, const char *prefix) _pure_;
bool str_in(const char *s, const char *const *set) _pure_; // set is NULL-terminated
bool str_empty(const char *s) _pure_;                      // NULL or ""
// Copies s into dst[n]; returns false (and an empty dst) if it does not fit.
bool str_copy(char *dst, size_t n, const char *s);
// snprintf that tells truncation as -ENAMETOOLONG.
int str_fmt(char *dst, size_t n, const char *fmt, ...) _printf_(3, 4) _must_check_;
// Edit distance, for suggestions; at most max+1.
size_t str_distance(const char *a, const char *b, size_t max) _pure_;
bool str_is_utf8(const char *s, size_t n) _pure_;

// NULL-terminated vectors of malloc'd strings. A NULL vector is empty.
size_t strv_len(char *const *v) _pure_;
void strv_free(char **v);
char **strv_dup(char *const *v);
void strv_push(char ***v, const char *s); // copies s
void strv_take(char ***v, char *s);       // owns s
void strv_pushf(char ***v, const char *fmt, ...) _printf_(2, 3);
char **strv_split(const char *s, char sep);       // empty fields kept; "" gives an empty vector
char *strv_join(char *const *v, const char *sep); // malloc'd
bool strv_has(char *const *v, const char *s) _pure_;
// "NAME=value" lists: the value, or NULL; set replaces the entry of the same name.
const char *strv_env_get(char *const *v, const char *name) _pure_;
void strv_env_set(char ***v, const char *assignment);
void strv_free_p(char ***v);
#define _cleanup_strv_ _cleanup_(strv_free_p)

// Whole string, base 10, no blanks, no '+', no leading '-' for unsigned. -EINVAL or -ERANGE; output untouched then.
int str_to_u64(const char *s, uint64_t *ret);
int str_to_i64(const char *s, int64_t *ret);
int str_to_u32(const char *s, uint32_t *ret);
int str_to_int(const char *s, int *ret);
int str_to_octal(const char *s, uint32_t *ret);
int str_to_bool(const char *s, bool *ret); // true/false/1/0/t/f/yes/no as Docker takes them
// A size as Docker takes it: "512", "64k", "1.5g", "2GiB"; binary units. In bytes.
int str_to_size(const char *s, int64_t *ret);
// A duration: "300ms", "1.5h", "2m30s", "10" (seconds). In nanoseconds.
int str_to_duration(const char *s, int64_t *ret_ns);

// "1.5kB", "7.8MB" (decimal, as Docker prints sizes); "512MiB" (binary).
void str_size_decimal(char dst[static 32], uint64_t bytes);
void str_size_binary(char dst[static 32], uint64_t bytes);
// "3 minutes", "About an hour", "2 weeks" as Docker prints ages.
void str_age(char dst[static 48], int64_t seconds);
