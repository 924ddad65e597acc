// SPDX-License-Identifier: Apache-2.0
// One container's life, from a plan to a running payload: create, start, exec, signal, remove. Shared by
// berth-runtime (state in its --root) and by the engine (state in its own folders). No database here.
//
// Theory of operation: docs/ARCHITECTURE.md, "Starting a container".
#pragma once

#include "base/err.h"
#include "kernel/cgroup.h"
#include "kernel/seccomp.h"
#include "spec/runtime.h"

#include <stdbool.h>
#include <sys/types.h>

// Everything that init needs, resolved before the fork. Borrowed: the caller keeps it alive through
// container_create.
struct container_plan {
	const char *id;
	const struct oci_spec *spec; // checked
	int bundle;                  // directory descriptor, for relative paths; -1: none
	int rootfs;         // a detached mount (fsmount, open_tree clone) to become "/", or -1: spec->root.path by path
	int stdio[3];       // the payload's 0, 1, 2 without a terminal; -1: /dev/null
	int console_socket; // with process.terminal: the pty master is sent here (SCM_RIGHTS); -1: kept in
			    // container_created
	const struct seccomp_filter *seccomp; // compiled already, or NULL: compiled from the spec (no cache)
	unsigned cgroup_flags;
	const char *cgroup_path; // NULL: spec's cgroupsPath, else "/berth/<id>"; "" : no cgroup at all
	const int *preserve_fds; // to be 3, 4, ... in the payload
	size_t n_preserve_fds;
	const char *
		init_process; // a static init (pid 1) to put in front (--init), as a host path opened by us; NULL: none
	bool run_now;         // no waiting for container_start: straight into the payload
	bool no_pivot, no_new_keyring;
	// Called in the parent when init exists and its namespaces are there (and before hooks): move a link in, and so
	// on.
	int (*on_namespaces)(pid_t pid, int pidfd, void *data, struct err *e);
	void *data;
};

struct container_created {
	pid_t pid;
	int pidfd;
	uint64_t start_time; // field 22 of /proc/PID/stat
	int console;         // pty master, or -1
	int sync;            // where container_start speaks to a waiting init, or -1
	int seccomp_notify;  // listener or -1
	struct cgroup *cgroup;
};
void container_created_done(struct container_created *c); // closes; the container lives on

// plan->rootfs stays the caller's, who should close it right after: an open descriptor keeps the file system alive
// after the container's end. Hooks: see hooks.h for who runs which. Builds the container and returns when init waits
// for container_start, or with run_now when the payload was exec'd (its execve succeeded) or why not:
// ERR_EXEC_NOT_FOUND, ERR_EXEC_DENIED. On failure nothing is left: no process, group, mount. The caller is init's
// parent and reaps it.
int container_create(const struct container_plan *p, struct container_created *ret, struct err *e);
// Lets init go on; returns when the payload was exec'd, or why not.
int container_start(struct container_created *c, struct err *e);

// A process in a running container.
struct container_exec {
	pid_t pid; // the container's init
	int pidfd;
	const struct oci_process *process;
	const struct oci_spec *spec; // for what process leaves open (namespaces, seccomp, ...)
	const char *user;            // "name[:group]" resolved inside the container, or NULL: process->user as it is
	const struct seccomp_filter *seccomp;
	struct cgroup *cgroup; // may be NULL
	int stdio[3];
	int console_socket;
	const int *preserve_fds;
	size_t n_preserve_fds;
};
struct container_exec_started {
	pid_t pid; // as seen by the caller, whose child it is
	int pidfd;
	int console;        // pty master or -1
	int seccomp_notify; // listener or -1
};
// The process is a child of the caller (CLONE_PARENT from the one in between).
int container_exec(const struct container_exec *x, struct container_exec_started *ret, struct err *e);

// Users as images name them ("", "app", "1000", "app:staff", "1000:1000"), looked up in etc/passwd and etc/group below
// root by bounded, confined reads. Numbers that are no entry are taken as they are; -1 and above 2^32-2 are refused.
// home is malloc'd ("/" if unknown), groups malloc'd (supplementary ones from etc/group for a named or listed user).
struct container_user {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	char *home;
};
int container_user_resolve(int root, const char *user, const char *const *extra_groups, struct container_user *ret,
			   struct err *e);
void container_user_done(struct container_user *u);
