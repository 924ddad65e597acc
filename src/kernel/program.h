// SPDX-License-Identifier: Apache-2.0
// Program files of the host that a container gets to see through /proc/PID/exe: our own, while a process of ours is
// on its way to the payload, and whatever of ours is executed inside. Through that link everyone who may look at the
// process reaches the file itself, on its own writable mount; here it becomes a file that can only be read.
#pragma once

#include "base/err.h"

// path's file through a mount of its own, read-only: neither content nor mode, owner or attributes can be changed
// through the descriptor or through what is executed from it. For devices too: to write those is no change of a file.
// flags: O_RDONLY, O_RDWR, O_PATH. *ret_mount holds the mount in the kernel's view of mounts that can be changed: only
// when it and all copies of it were closed, nobody can make it writable again. The last close waits for an RCU grace
// period (50 us), for which there may be a better moment; NULL: at once.
int program_open_readonly(const char *path, int flags, int *ret_mount, struct err *e);

// Our own program file (proc(5)'s /proc/self/exe) like that, O_RDONLY; where it cannot be cloned a sealed copy in
// memory, with -1 in *ret_mount.
int program_open_self(int *ret_mount, struct err *e);

// Lets /proc/self/exe of the calling process be fd (of program_open_self), and nothing of it be mapped from elsewhere:
// then neither it nor what it executes (`#!/proc/self/exe`) leads to the original. Forked processes inherit it. For a
// process of one thread that has no signal handlers. ERR_UNSUPPORTED says why not.
int program_hide_self(int fd, struct err *e);
