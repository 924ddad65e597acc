// SPDX-License-Identifier: Apache-2.0
// The bounded byte buffer. An untouched buffer points at a static empty string (cap 0), so that data is always
// readable and nothing is allocated for what stays empty. Capacity doubles; it never exceeds max + 1 (the NUL).
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 128 };

void buf_done(struct buf *b)
{
	if (b->cap)
		free(b->data);
	*b = BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->cap)
		b->data[0] = '\0';
}

static int fail(struct buf *b, int rc)
{
	if (!b->failed)
		b->failed = rc;
	return b->failed;
}

// Room for n more bytes and a NUL.
static int grow(struct buf *b, size_t n)
{
	if (b->failed)
		return b->failed;
	if (n > b->max - b->len || n > SIZE_MAX / 2 - b->len)
		return fail(b, -EMSGSIZE);
	size_t want = b->len + n + 1;
	if (want <= b->cap)
		return 0;
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	while (cap < want)
		cap *= 2;
	if (b->max < SIZE_MAX)
		cap = MIN(cap, b->max + 1);
	cap = MAX(cap, want);
	char *p = realloc(b->cap ? b->data : NULL, cap);
	if (!p)
		return fail(b, -ENOMEM);
	b->data = p;
	b->cap = cap;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	int rc = grow(b, n);

	if (rc < 0)
		return rc;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	if (b->len + 1 < b->cap && !b->failed) {
		b->data[b->len++] = c;
		b->data[b->len] = '\0';
		return 0;
	}
	return buf_add(b, &c, 1);
}

int buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	if (b->failed)
		return b->failed;
	va_copy(again, ap);
	size_t room = b->cap ? b->cap - b->len : 0;
	int n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		n = fail(b, -EINVAL);
	} else if ((size_t)n < room) {
		b->len += (size_t)n;
		n = 0;
	} else {
		size_t len = (size_t)n;
		if (room)
			b->data[b->len] = '\0'; // what vsnprintf left there does not count
		n = grow(b, len);
		if (!n) {
			vsnprintf(b->data + b->len, len + 1, fmt, again);
			b->len += len;
		}
	}
	va_end(again);
	return n;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = buf_addv(b, fmt, ap);
	va_end(ap);
	return rc;
}

char *buf_reserve(struct buf *b, size_t n)
{
	return grow(b, n) < 0 ? NULL : b->data + b->len;
}

void buf_commit(struct buf *b, size_t n)
{
	if (!b->cap)
		return;
	b->len += MIN(n, b->cap - 1 - b->len);
	b->data[b->len] = '\0';
}

void buf_consume(struct buf *b, size_t n)
{
	if (!n || !b->cap)
		return;
	n = MIN(n, b->len);
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = 0;
}

char *buf_take(struct buf *b)
{
	char *p = NULL;

	if (!b->failed)
		p = b->cap ? TAKE_PTR(b->data) : calloc(1, 1);
	if (b->cap)
		free(b->data);
	*b = BUF_INIT(b->max);
	return p;
}
