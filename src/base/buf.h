// SPDX-License-Identifier: Apache-2.0
// A byte buffer that declares its maximum at birth. Every write beyond it marks the buffer as failed and
// is dropped, so that callers check once at the end. Always NUL-terminated behind len.
#pragma once

#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; // never NULL after buf_init; data[len] == 0
	size_t len;
	size_t cap;
	size_t max; // len never exceeds this
	int failed; // 0, or the negative errno of the first failure (-EMSGSIZE, -ENOMEM)
};

#define BUF_INIT(maximum) ((struct buf){.data = (char *)"", .max = (maximum)})
void buf_done(struct buf *b);
void buf_reset(struct buf *b); // len = 0, failed = 0, memory kept

int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) _printf_(2, 3);
int buf_addv(struct buf *b, const char *fmt, va_list ap);
// Makes room for n more bytes and returns where they go, NULL on failure; buf_commit tells how many were written.
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
// Removes n bytes from the front.
void buf_consume(struct buf *b, size_t n);
// Cuts the contents to len bytes, if they are longer.
void buf_truncate(struct buf *b, size_t len);
// The contents as a malloc'd string; the buffer is empty afterwards. NULL if it failed.
char *buf_take(struct buf *b);
#define _cleanup_buf_ _cleanup_(buf_done)
