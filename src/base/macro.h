// SPDX-License-Identifier: Apache-2.0
// Small language helpers: ownership transfer, cleanup attributes, array sizes.
#pragma once

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _cleanup_(fn)  __attribute__((cleanup(fn)))
#define _pure_         __attribute__((pure))
#define _unused_       __attribute__((unused))
#define _must_check_   __attribute__((warn_unused_result))
#define _malloc_       __attribute__((malloc, returns_nonnull, warn_unused_result))
#define _noreturn_     __attribute__((noreturn))

// The value of an owning pointer, which no longer owns it afterwards.
#define TAKE_PTR(p)                     \
	__extension__({                 \
		__typeof__(p) _p = (p); \
		(p) = NULL;             \
		_p;                     \
	})

// The same for a file descriptor variable.
#define TAKE_FD(fd)             \
	__extension__({         \
		int _fd = (fd); \
		(fd) = -1;      \
		_fd;            \
	})

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

// Frees what a `T *` variable points to; for use with _cleanup_.
void free_ptr(void *p);
#define _cleanup_free_ _cleanup_(free_ptr)
