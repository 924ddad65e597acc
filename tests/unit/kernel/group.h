// SPDX-License-Identifier: Apache-2.0
// Real control groups for tests: below a parent of the test's own, on whatever this host mounts (v1, hybrid, v2). A
// guard process removes the parent when a test dies half-way.
#pragma once

#include "kernel/cgroup/internal.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { MIB = 1 << 20 };

extern char group_parent[64], group_path[96]; // "/berth-test.PID", and "box" below it

// First call of a test; skips it where no groups can be made.
void group_begin(void);
bool group_v2_only(void);
struct cgroup *group_create(const struct oci_resources *res, unsigned flags); // at group_path
// Removes and closes it; nothing of the parent may be left anywhere.
void group_removed(struct cgroup *c);
// Creation with res fails with text in its story, and leaves nothing.
void group_refused(const struct oci_resources *res, const char *text);
// A child born in the groups, as init is; fn's result is its exit status.
pid_t group_spawn(const struct cgroup *c, int (*fn)(void));
int group_status(pid_t pid); // of waitpid
int group_sleeper(void);     // sleeps for ever
int group_family(void);      // six of them
void group_wait_members(const struct cgroup *c, size_t want);
// The first line of a file of the group that holds ctl, by the name it has in that version.
const char *group_value(const struct cgroup *c, enum cgroup_controller ctl, const char *v1, const char *v2);
