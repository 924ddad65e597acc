// SPDX-License-Identifier: Apache-2.0
// Control groups: where a container's groups are, what they limit, who is in them. Back-ends (v1 and hybrid
// through cgroupfs, v2 through cgroupfs; systemd later) are const vtables chosen once from what is mounted.
//
// Entering a group is arranged so that it costs no RCU grace period: on v2 the container's init is born in its
// group (CLONE_INTO_CGROUP with cgroup_clone_fd), on v1 the child writes 0 to `tasks` itself (cgroup_enter_self).
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_mode { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

// What this host has. Found once a process from /proc/self/mountinfo (or faster, from statfs of the usual places).
enum cgroup_mode cgroup_host_mode(void);
const char *cgroup_mode_name(enum cgroup_mode m); // "v1", "hybrid", "v2", "none"
// Whether controller ("memory", "pids", ...; "blkio" and "io" are one) can be used by this process: it is mounted and
// the process may make groups there, or below its own group where that is delegated to it.
bool cgroup_has_controller(const char *controller);
// Whether a swap limit can be set: without, linux.resources.memory.swap is an error.
bool cgroup_has_swap(void);

// Group below which the house puts its containers. Whoever leaves it empty removes it.
#define CGROUP_DEFAULT_PARENT "/berth"

enum {
	CGROUP_ALL_CONTROLLERS = 1 << 0, // a group in every mounted hierarchy (as runc), not only where it is needed
	CGROUP_ROOTLESS = 1 << 1,        // no error for groups that cannot be made, unless a limit asks for them
};

struct cgroup; // a container's groups, open

// Creates (must not exist, or be empty) the groups of path, relative to the caller's root of each hierarchy if it
// begins with '/', else below the caller's own group. Applies res (may be NULL; the devices rules too) before any
// process enters. What this host's controllers cannot do is an error naming the config.json field. Nothing is left on
// failure. Device access is denied but for cgroup_default_devices and what res->devices allow, in its order; a leading
// rule that denies everything says the same and takes nothing away. Zero is "not set" for memory values, cpu shares,
// quota, period and weights (kernels could not obey it); memory.kernel is accepted without effect, as kernels have it.
int cgroup_create(const char *path, const struct oci_resources *res, unsigned flags, struct cgroup **ret,
		  struct err *e);
// Opens the groups of an existing container, from what cgroup_save wrote.
int cgroup_open(const struct json *saved, struct cgroup **ret, struct err *e);
// Opens those groups of path (as for cgroup_create) that exist, without anything saved: for an engine whose container's
// monitor was killed. ERR_NOT_FOUND if no hierarchy has one.
int cgroup_open_path(const char *path, unsigned flags, struct cgroup **ret, struct err *e);
// Writes an object that cgroup_open reads back (paths by hierarchy), for state files.
void cgroup_save(const struct cgroup *c, struct json_writer *w);
// To be written again after cgroup_update, which may add a group.
void cgroup_close(struct cgroup *c); // frees, the groups stay
void cgroup_close_p(struct cgroup **c);
#define _cleanup_cgroup_ _cleanup_(cgroup_close_p)

// For struct clone_args: the v2 directory's descriptor, or -1 where init cannot be born in it.
int cgroup_clone_fd(const struct cgroup *c);
// The calling process (single-threaded) enters the rest (what cgroup_clone_fd did not do). Async-signal-safe in
// practice: writes to descriptors that are open already. with_clone_fd: the caller was born through it.
int cgroup_enter_self(const struct cgroup *c, bool with_clone_fd, struct err *e);
// Moves another process in (slow; for rare paths).
int cgroup_attach(const struct cgroup *c, pid_t pid, struct err *e);

// What a container that sees its own groups has mounted: one entry a hierarchy it has a group in (the others would show
// the host's). Strings are the host's, descriptors c's.
struct cgroup_mount {
	const char *name;    // directory below /sys/fs/cgroup: "cpu,cpuacct"
	const char *options; // for mount -t cgroup: "cpu,cpuacct", "name=systemd"; "" for v2
	bool v2;
	int fd; // the container's group
};
enum { CGROUP_MOUNTS_MAX = 24 };
size_t cgroup_mounts(const struct cgroup *c, struct cgroup_mount *ret, size_t max);

// Devices every container may use: null, zero, full, random, urandom, tty, console, ptmx, pts/*; and mknod of any.
extern const struct oci_device_rule cgroup_default_devices[];
extern const size_t cgroup_n_default_devices;

// Applies what res sets, keeps the rest. A hierarchy needed for the first time gets its group now and the processes are
// moved there. res->devices, if any, replace the rules; the device rules are kept if there are none.
int cgroup_update(struct cgroup *c, const struct oci_resources *res, struct err *e);
int cgroup_freeze(struct cgroup *c, bool frozen, struct err *e); // waits until it is so
int cgroup_is_frozen(struct cgroup *c, bool *ret, struct err *e);
// Every process in the groups and below gets sig (SIGKILL: cgroup.kill, or freeze-signal-thaw on v1), until none is
// left for SIGKILL. Fork bombs are met.
int cgroup_signal_all(struct cgroup *c, int sig, struct err *e);
// Process ids, of descendants too. malloc'd.
int cgroup_pids(const struct cgroup *c, pid_t **ret, size_t *ret_n, struct err *e);
// Kills what is left, removes the groups and those below, retrying EBUSY within timeout_ms. Missing ones are fine.
int cgroup_remove(struct cgroup *c, int timeout_ms, struct err *e);

struct cgroup_stats {
	bool has_memory, has_cpu, has_pids, has_io;
	uint64_t memory_usage, memory_limit /* UINT64_MAX: none */, memory_peak, memory_cache, memory_inactive_file,
		memory_swap;
	uint64_t oom_kills;
	uint64_t cpu_usage_ns, cpu_user_ns, cpu_system_ns, cpu_periods, cpu_throttled_periods, cpu_throttled_ns;
	uint64_t pids_current, pids_limit /* UINT64_MAX: none */;
	uint64_t io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
};
int cgroup_read_stats(const struct cgroup *c, struct cgroup_stats *ret, struct err *e);
// A descriptor that becomes readable (EPOLLIN or EPOLLPRI) when the OOM killer struck (v1: eventfd; v2: inotify on
// memory.events); then cgroup_read_stats tells oom_kills. One read of 4096 bytes makes it wait again. Removing the
// group may make it readable too. -ENOTSUP without a memory controller.
int cgroup_oom_fd(const struct cgroup *c, struct err *e);
