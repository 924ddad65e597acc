// SPDX-License-Identifier: Apache-2.0
// The error object. A function that can fail returns 0 (or a count, or a descriptor) on success and a
// negative errno on failure, and takes a `struct err *` as last parameter that tells the story. The object
// has a fixed size and is never allocated, so that init can send it through a socket as it is.
//
// Each layer puts its operation and object in front: "start web: mount /data: open_tree: No such file".
#pragma once

#include "base/macro.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>

// What kind of failure this is; decides the exit status (and later HTTP and gRPC status) in one place each.
enum err_class {
	ERR_NONE = 0,
	ERR_INTERNAL,    // a defect, or a failure nobody foresaw
	ERR_INVALID,     // the caller's input is wrong
	ERR_NOT_FOUND,   // the named object does not exist
	ERR_EXISTS,      // the name is taken
	ERR_CONFLICT,    // the object is in a state that forbids this
	ERR_DENIED,      // the kernel or a policy said no
	ERR_UNSUPPORTED, // this kernel, cgroup mode or build cannot do it
	ERR_EXHAUSTED,   // out of memory, descriptors, disk, processes, addresses, a declared limit
	ERR_CORRUPT,     // stored or foreign data fails its checks
	ERR_UNAVAILABLE, // a peer does not answer; trying again may help
	ERR_TIMEOUT,
	ERR_CANCELLED,
	ERR_EXEC_NOT_FOUND, // the container's command does not exist (exit status 127)
	ERR_EXEC_DENIED,    // the container's command cannot be executed (exit status 126)
	ERR_CLASS_MAX,
};

enum { ERR_TEXT_MAX = 1024 };

struct err {
	int32_t code;   // positive errno, 0 when there is none
	uint32_t class; // enum err_class
	char text[ERR_TEXT_MAX];
};

// A class for an errno value: ENOENT is NOT_FOUND, EPERM and EACCES are DENIED, ...
enum err_class err_class_of_errno(int code) _pure_;
const char *err_class_name(enum err_class c) _pure_;

// Sets e (which may be NULL) and returns -code. code is a positive errno and is not appended to the text.
int err_set(struct err *e, enum err_class class, int code, const char *fmt, ...) _printf_(4, 5);
int err_setv(struct err *e, enum err_class class, int code, const char *fmt, va_list ap);

// For a failed system call: takes errno, appends its text, derives the class. Returns -errno.
int err_sys(struct err *e, const char *fmt, ...) _printf_(2, 3);

// For a negative errno in rc: appends its text, derives the class. Returns rc.
int err_rc(struct err *e, int rc, const char *fmt, ...) _printf_(3, 4);

// Shorthand: ERR_INVALID with EINVAL.
int err_invalid(struct err *e, const char *fmt, ...) _printf_(2, 3);

// Puts "what: " in front of the story. Returns rc unchanged, so that `return err_wrap(e, rc, "mount %s", p);` reads.
int err_wrap(struct err *e, int rc, const char *fmt, ...) _printf_(3, 4);

void err_clear(struct err *e);

// The program cannot go on without memory: says so on stderr and aborts. Never returns.
_noreturn_ void err_oom(void);

#if defined(__clang_analyzer__) && !defined(ERR_IMPLEMENTATION)
// The contract, for those who read one file at a time: what these return is negative.
static inline int err_negative(int rc)
{
	if (rc >= 0)
		__builtin_unreachable();
	return rc;
}
#define err_set(...)     err_negative(err_set(__VA_ARGS__))
#define err_sys(...)     err_negative(err_sys(__VA_ARGS__))
#define err_rc(...)      err_negative(err_rc(__VA_ARGS__))
#define err_invalid(...) err_negative(err_invalid(__VA_ARGS__))
#define err_wrap(...)    err_negative(err_wrap(__VA_ARGS__))
#endif
