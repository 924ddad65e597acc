// SPDX-License-Identifier: Apache-2.0
// Reading and writing descriptors that belong to others without waiting. O_NONBLOCK lives in the open file
// description, which the caller's shell shares, so it is never set on them.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum nowait_kind {
	NOWAIT_PLAIN,  // files and devices that are always ready: epoll does not take them, they are just used
	NOWAIT_OWN,    // reopened non-blocking
	NOWAIT_SOCKET, // MSG_DONTWAIT
	NOWAIT_POLL,   // cannot be reopened: asked with poll before each small transfer
};
struct nowait {
	int fd;   // to be used, and to be watched
	bool own; // fd is ours
	enum nowait_kind kind;
};
struct nowait nowait_open(int fd, bool write);
void nowait_close(struct nowait *n);                                     // only what is ours
ssize_t nowait_read(const struct nowait *n, void *p, size_t len);        // bytes, 0: end, or negative errno
ssize_t nowait_write(const struct nowait *n, const void *p, size_t len); // no SIGPIPE only if it is ignored
