// SPDX-License-Identifier: Apache-2.0
// Allocation. The x* functions serve sizes that the program itself decides, where running out has no sensible answer.
// The arena serves parsers: a chain of chunks, doubling in size, from which objects are cut off by moving a pointer;
// nothing is freed singly. Its budget (max) is the bound on what a hostile document can make us allocate.
#include "base/mem.h"

#include "base/err.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_FIRST = 4096, CHUNK_LARGEST = 256 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size; // bytes of data
	alignas(max_align_t) char data[];
};

void free_ptr(void *p)
{
	free(*(void **)p);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		err_oom();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p)
		err_oom();
	return p;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		err_oom();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		err_oom();
	return p;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
	n = strnlen(s, n);
	char *p = xmalloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void *xmemdup(const void *p, size_t n)
{
	void *q = xmalloc(n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *p;

	if (vasprintf(&p, fmt, ap) < 0)
		err_oom();
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *p = xvasprintf(fmt, ap);
	va_end(ap);
	return p;
}

static size_t align_up(size_t n)
{
	return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

// A chunk with room for n bytes at the head of the chain, or, if n is so large that the rest of the present head would
// be wasted for it, behind the head.
static struct arena_chunk *chunk_add(struct arena *a, size_t n)
{
	size_t size = a->head ? MIN(a->head->size * 2, (size_t)CHUNK_LARGEST) : CHUNK_FIRST;
	bool alone = a->head && n > size / 4;

	if (alone || n > size)
		size = n;
	struct arena_chunk *c = malloc(sizeof(*c) + size);
	if (!c)
		err_oom();
	c->used = 0;
	c->size = size;
	if (alone) {
		c->next = a->head->next;
		a->head->next = c;
	} else {
		c->next = a->head;
		a->head = c;
	}
	return c;
}

void *arena_try_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->head;

	if (n > SIZE_MAX / 2 || (a->max && n > a->max - MIN(a->total, a->max)))
		return NULL;
	size_t room = align_up(n ? n : 1);
	if (!c || room > c->size - c->used)
		c = chunk_add(a, room);
	void *p = c->data + c->used;
	c->used += room;
	a->total += n;
	return memset(p, 0, room);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_try_alloc(a, n);

	if (!p)
		err_oom();
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	n = strnlen(s, n);
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		err_oom();
	char *p = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(small))
		return memcpy(p, small, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

// The capacity that an arena array of this count has: the power of two at or above it. Others size arrays by the same
// rule (the JSON reader), so it must stay as plain as mem.h tells it.
static size_t array_cap(size_t count)
{
	size_t cap = 1;

	while (cap < count && cap <= SIZE_MAX / 2)
		cap *= 2;
	return MAX(cap, count);
}

void *arena_alloc_n(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(array_cap(n), size, &bytes))
		err_oom();
	return arena_alloc(a, bytes);
}

void *arena_append_raw(struct arena *a, void **vec, size_t *count, size_t size)
{
	size_t n = *count;

	if (!n || n == array_cap(n)) {
		void *p = arena_alloc_n(a, n + 1, size);
		if (n)
			memcpy(p, *vec, n * size);
		*vec = p;
	}
	*count = n + 1;
	return (char *)*vec + n * size;
}

void arena_done(struct arena *a)
{
	for (struct arena_chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	a->head = NULL;
	a->total = 0;
}
