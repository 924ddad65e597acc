// SPDX-License-Identifier: Apache-2.0
// An ordinary user's own user namespace: what makes the engine work without root.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Puts the calling process (single-threaded) into a user and a mount namespace in which it is root, unless it is root
// with CAP_SYS_ADMIN already: then nothing happens. Joins the namespaces of a living process of the same user that came
// here before (a monitor, another command), else makes new ones with the user's subordinate ids mapped from 1 on by
// newuidmap and newgidmap. Without such ids, or without these programs, the user's own id alone is mapped:
// rootless_single_reason tells why. runtime_dir (made if missing, 0700) must be the user's own; the record of who holds
// the namespaces is kept in it. The working directory stays. Errors tell what the administrator can do.
int rootless_enter(const char *runtime_dir, struct err *e);

// Whether rootless_enter put this process, or the one that forked it, into a namespace.
bool rootless_active(void);
// For who calls it after the fork of a process that entered (a container's monitor): later commands may join this one
// as long as it lives. It must stay dumpable and in these namespaces. Nothing to do when not active.
int rootless_hold(struct err *e);
// Why only one id is mapped, for errors about ids: "/etc/subuid has no entry for alice". NULL if more are mapped.
const char *rootless_single_reason(void);
// The user's id outside of the namespace; the real one when not active.
uid_t rootless_outer_uid(void);

struct rootless_range {
	uint32_t start, count;
};
enum { ROOTLESS_RANGES_MAX = 32 };
// Lines "name:start:count" of /etc/subuid or /etc/subgid that are for the user of that name (may be NULL) or number.
// Malformed lines and ranges that end above 2^32-2 are left out. Returns how many, at most max.
size_t rootless_parse_subids(const char *text, const char *name, uid_t uid, struct rootless_range *ret, size_t max);
