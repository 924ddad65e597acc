// SPDX-License-Identifier: Apache-2.0
// Small allocations that abort when memory is out. Sizes that a peer controls go through struct buf instead.
#pragma once

#include "base/macro.h"

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t n) _malloc_;
void *xcalloc(size_t n, size_t size) _malloc_;
// Grows or shrinks an array to n elements of size bytes; overflow of the product aborts.
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((warn_unused_result));
char *xstrdup(const char *s) _malloc_;
char *xstrndup(const char *s, size_t n) _malloc_;
// Not _malloc_: the copy may hold pointers.
void *xmemdup(const void *p, size_t n) __attribute__((returns_nonnull, warn_unused_result));
char *xasprintf(const char *fmt, ...) _printf_(1, 2) _malloc_;
char *xvasprintf(const char *fmt, va_list ap) _malloc_;

#define xnew(type)      ((type *)xcalloc(1, sizeof(type)))
#define xnew_n(type, n) ((type *)xcalloc((n), sizeof(type)))

// An arena: many small objects, freed together. Zero-initialised is empty and ready.
struct arena {
	struct arena_chunk *head;
	size_t total; // bytes handed out
	size_t max;   // bytes it may hand out; 0 means no limit. Beyond it, arena_try_alloc fails and the others abort.
};

void *arena_alloc(struct arena *a, size_t n) _malloc_; // zeroed, aligned for any object
void *arena_try_alloc(struct arena *a, size_t n);      // NULL beyond max
char *arena_strdup(struct arena *a, const char *s) _malloc_;
char *arena_strndup(struct arena *a, const char *s, size_t n) _malloc_;
char *arena_printf(struct arena *a, const char *fmt, ...) _printf_(2, 3) _malloc_;
void arena_done(struct arena *a);

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
// Arrays have room up to the next power of two, so that arena_append may go on from any count.
#define arena_new_n(a, type, n) ((type *)arena_alloc_n((a), (n), sizeof(type)))
void *arena_alloc_n(struct arena *a, size_t n, size_t size) _malloc_;

// Appends one zeroed element to an arena array (`T *v; size_t n_v`) and returns a pointer to it.
// Capacity is the power of two at or above the count, so the count alone tells when to move. The array must come from
// here, from arena_new_n, or from an arena allocation of that capacity.
#define arena_append(a, vec, count) ((__typeof__(vec))arena_append_raw((a), (void **)&(vec), &(count), sizeof(*(vec))))
// Not _malloc_: that would promise the compiler that the element is not reachable through the array.
void *arena_append_raw(struct arena *a, void **vec, size_t *count, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));
