// SPDX-License-Identifier: Apache-2.0
// Namespaces: one table of their kinds, opening one by path with its kind verified, joining, clock offsets.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <sys/types.h>

// CLONE_NEWNS, ... of clone(2); and the name below /proc/PID/ns.
unsigned namespace_flag(enum oci_namespace_type t);
const char *namespace_proc_name(enum oci_namespace_type t);

// Opens a namespace file (/proc/PID/ns/net, or bound elsewhere). Anything that is not a namespace of kind t is refused
// (ERR_INVALID); a missing one is ERR_NOT_FOUND. Errors begin with "linux.namespaces: ".
int namespace_open(enum oci_namespace_type t, const char *path, struct err *e);
// Whether two processes (0: the caller) are in the same namespace of kind t. 1, 0 or negative errno.
int namespace_same(enum oci_namespace_type t, pid_t a, pid_t b);

// Whether fd, a namespace of kind t, is the caller's own. 1, 0 or negative errno.
int namespace_is_ours(enum oci_namespace_type t, int fd);

// Enters the namespaces whose descriptors in fds are not -1. What the caller may not enter with its present
// rights is tried again after the user namespace. A joined pid or time namespace is for the next child.
int namespace_join(const int fds[static OCI_NS_MAX], struct err *e);

// The clocks of the time namespace for the caller's children, made by unshare(CLONE_NEWTIME) and empty of processes
// yet.
int namespace_set_clocks(const struct oci_time_offset *v, size_t n, struct err *e);
