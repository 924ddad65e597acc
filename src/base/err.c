// SPDX-License-Identifier: Apache-2.0
// The error object. Texts are formatted into a buffer of their own first, because a caller may well print the old
// text into the new one, and are cut at the end, never in the middle of a character: the front tells the operation
// and the object, which is what a reader needs first.
#define ERR_IMPLEMENTATION
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What is not listed (EFAULT, EBADF, EIO, ...) is a defect or a surprise: ERR_INTERNAL, which is 1, so the table keeps
// 0 for "not listed". EAGAIN counts as exhaustion because clone and setrlimit-bound calls mean that by it; who polls
// handles it before it becomes an error.
static const uint8_t class_of[] = {
	[EINVAL] = ERR_INVALID,
	[ERANGE] = ERR_INVALID,
	[EDOM] = ERR_INVALID,
	[EOVERFLOW] = ERR_INVALID,
	[E2BIG] = ERR_INVALID,
	[ENAMETOOLONG] = ERR_INVALID,
	[ENOTDIR] = ERR_INVALID,
	[EISDIR] = ERR_INVALID,
	[ELOOP] = ERR_INVALID,
	[EXDEV] = ERR_INVALID,
	[ENOTBLK] = ERR_INVALID,
	[ENOTSOCK] = ERR_INVALID,
	[ESPIPE] = ERR_INVALID,
	[ENOEXEC] = ERR_INVALID,
	[ELIBBAD] = ERR_INVALID,
	[EDESTADDRREQ] = ERR_INVALID,
	[EADDRNOTAVAIL] = ERR_INVALID,
	[EMEDIUMTYPE] = ERR_INVALID,
	[ENOENT] = ERR_NOT_FOUND,
	[ESRCH] = ERR_NOT_FOUND,
	[ENXIO] = ERR_NOT_FOUND,
	[ENODEV] = ERR_NOT_FOUND,
	[ENODATA] = ERR_NOT_FOUND,
	[ECHILD] = ERR_NOT_FOUND,
	[ENOMEDIUM] = ERR_NOT_FOUND,
	[ENOKEY] = ERR_NOT_FOUND,
	[EEXIST] = ERR_EXISTS,
	[ENOTUNIQ] = ERR_EXISTS,
	[EBUSY] = ERR_CONFLICT,
	[ETXTBSY] = ERR_CONFLICT,
	[ENOTEMPTY] = ERR_CONFLICT,
	[EADDRINUSE] = ERR_CONFLICT,
	[EALREADY] = ERR_CONFLICT,
	[EINPROGRESS] = ERR_CONFLICT,
	[EISCONN] = ERR_CONFLICT,
	[EDEADLK] = ERR_CONFLICT,
	[EPERM] = ERR_DENIED,
	[EACCES] = ERR_DENIED,
	[EROFS] = ERR_DENIED,
	[EKEYREJECTED] = ERR_DENIED,
	[EKEYREVOKED] = ERR_DENIED,
	[EKEYEXPIRED] = ERR_DENIED,
	[ERFKILL] = ERR_DENIED,
	[ENOSYS] = ERR_UNSUPPORTED,
	[EOPNOTSUPP] = ERR_UNSUPPORTED,
	[ENOTTY] = ERR_UNSUPPORTED,
	[EPROTONOSUPPORT] = ERR_UNSUPPORTED,
	[EPROTOTYPE] = ERR_UNSUPPORTED,
	[EAFNOSUPPORT] = ERR_UNSUPPORTED,
	[EPFNOSUPPORT] = ERR_UNSUPPORTED,
	[ESOCKTNOSUPPORT] = ERR_UNSUPPORTED,
	[ENOPROTOOPT] = ERR_UNSUPPORTED,
	[ENOPKG] = ERR_UNSUPPORTED,
	[ENOMEM] = ERR_EXHAUSTED,
	[EMFILE] = ERR_EXHAUSTED,
	[ENFILE] = ERR_EXHAUSTED,
	[ENOSPC] = ERR_EXHAUSTED,
	[EDQUOT] = ERR_EXHAUSTED,
	[EAGAIN] = ERR_EXHAUSTED,
	[ENOBUFS] = ERR_EXHAUSTED,
	[EMLINK] = ERR_EXHAUSTED,
	[EUSERS] = ERR_EXHAUSTED,
	[ENOLCK] = ERR_EXHAUSTED,
	[ENOSR] = ERR_EXHAUSTED,
	[EFBIG] = ERR_EXHAUSTED,
	[EMSGSIZE] = ERR_EXHAUSTED,
	[EBADMSG] = ERR_CORRUPT,
	[EILSEQ] = ERR_CORRUPT,
	[EUCLEAN] = ERR_CORRUPT,
	[EPROTO] = ERR_CORRUPT,
	[ECONNREFUSED] = ERR_UNAVAILABLE,
	[ECONNRESET] = ERR_UNAVAILABLE,
	[ECONNABORTED] = ERR_UNAVAILABLE,
	[EPIPE] = ERR_UNAVAILABLE,
	[ENOTCONN] = ERR_UNAVAILABLE,
	[ESHUTDOWN] = ERR_UNAVAILABLE,
	[EHOSTUNREACH] = ERR_UNAVAILABLE,
	[EHOSTDOWN] = ERR_UNAVAILABLE,
	[ENETUNREACH] = ERR_UNAVAILABLE,
	[ENETDOWN] = ERR_UNAVAILABLE,
	[ENETRESET] = ERR_UNAVAILABLE,
	[ENONET] = ERR_UNAVAILABLE,
	[ECOMM] = ERR_UNAVAILABLE,
	[ESTALE] = ERR_UNAVAILABLE,
	[EREMOTEIO] = ERR_UNAVAILABLE,
	[ETIMEDOUT] = ERR_TIMEOUT,
	[ETIME] = ERR_TIMEOUT,
	[ECANCELED] = ERR_CANCELLED,
	[EINTR] = ERR_CANCELLED,
	[ERESTART] = ERR_CANCELLED,
};

enum err_class err_class_of_errno(int code)
{
	unsigned n = code < 0 ? -(unsigned)code : (unsigned)code;

	if (!n)
		return ERR_NONE;
	return n < ARRAY_SIZE(class_of) && class_of[n] ? class_of[n] : ERR_INTERNAL;
}

const char *err_class_name(enum err_class c)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INTERNAL] = "internal",
		[ERR_INVALID] = "invalid",
		[ERR_NOT_FOUND] = "not found",
		[ERR_EXISTS] = "exists",
		[ERR_CONFLICT] = "conflict",
		[ERR_DENIED] = "denied",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_EXHAUSTED] = "exhausted",
		[ERR_CORRUPT] = "corrupt",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_TIMEOUT] = "timeout",
		[ERR_CANCELLED] = "cancelled",
		[ERR_EXEC_NOT_FOUND] = "command not found",
		[ERR_EXEC_DENIED] = "command not executable",
	};
	_Static_assert(ARRAY_SIZE(names) == ERR_CLASS_MAX, "a name for each class");
	return (unsigned)c < ERR_CLASS_MAX ? names[c] : "unknown";
}

// Copies src (n bytes) to e->text at `at`, cut to what fits and never inside a UTF-8 sequence; returns the new end.
static size_t text_put(struct err *e, size_t at, const char *src, size_t n)
{
	size_t room = ERR_TEXT_MAX - 1 - at;

	if (n > room) {
		n = room;
		while (n && ((unsigned char)src[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(e->text + at, src, n);
	e->text[at + n] = '\0';
	return at + n;
}

// Formats into a scratch buffer, one byte longer than a text so that text_put sees where to cut.
static size_t format(char scratch[static ERR_TEXT_MAX + 4], const char *fmt, va_list ap)
{
	int n = vsnprintf(scratch, ERR_TEXT_MAX + 4, fmt, ap);

	if (n < 0)
		n = 0;
	return MIN((size_t)n, (size_t)ERR_TEXT_MAX + 3);
}

int err_setv(struct err *e, enum err_class class, int code, const char *fmt, va_list ap)
{
	char scratch[ERR_TEXT_MAX + 4];

	if (!e)
		return -code;
	size_t n = format(scratch, fmt, ap);
	e->code = code;
	e->class = class;
	text_put(e, 0, scratch, n);
	return -code;
}

int err_set(struct err *e, enum err_class class, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_setv(e, class, code, fmt, ap);
	va_end(ap);
	return -code;
}

// The text, then ": " and the errno's description.
static void set_with_errno(struct err *e, int code, const char *fmt, va_list ap)
{
	if (!e)
		return;
	err_setv(e, err_class_of_errno(code), code, fmt, ap);
	size_t at = strlen(e->text);
	if (at)
		at = text_put(e, at, ": ", 2);
	const char *why = strerror(code);
	text_put(e, at, why, strlen(why));
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int code = errno ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	set_with_errno(e, code, fmt, ap);
	va_end(ap);
	return -code;
}

int err_rc(struct err *e, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_with_errno(e, -rc, fmt, ap);
	va_end(ap);
	return rc;
}

int err_invalid(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_setv(e, ERR_INVALID, EINVAL, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int err_wrap(struct err *e, int rc, const char *fmt, ...)
{
	char scratch[ERR_TEXT_MAX + 4], old[ERR_TEXT_MAX];
	va_list ap;

	if (!e)
		return rc;
	va_start(ap, fmt);
	size_t n = format(scratch, fmt, ap);
	va_end(ap);
	if (e->class == ERR_NONE && !e->text[0]) {
		// The callee returned an errno and told no story: its description is better than none.
		e->code = -rc;
		e->class = err_class_of_errno(rc);
		const char *why = rc < 0 ? strerror(-rc) : "";
		text_put(e, 0, why, strlen(why));
	}
	size_t old_len = strnlen(e->text, ERR_TEXT_MAX - 1);
	memcpy(old, e->text, old_len);
	size_t at = text_put(e, 0, scratch, n);
	if (at && old_len)
		at = text_put(e, at, ": ", 2);
	text_put(e, at, old, old_len);
	return rc;
}

void err_clear(struct err *e)
{
	e->code = 0;
	e->class = ERR_NONE;
	e->text[0] = '\0';
}

void err_oom(void)
{
	static const char text[] = "berth: out of memory\n";
	ssize_t n _unused_ = write(STDERR_FILENO, text, sizeof(text) - 1);

	abort();
}
