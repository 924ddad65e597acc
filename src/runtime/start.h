// SPDX-License-Identifier: Apache-2.0
// Inside of the runtime: what the parent resolves before the clone (struct start), and what the last steps to the
// payload need (struct payload, shared by init and exec).
#pragma once

#include "kernel/capability.h"
#include "kernel/mount.h"
#include "runtime/container.h"
#include "runtime/hooks.h"
#include "runtime/sync.h"

struct start_mount {
	const struct oci_mount *m;
	char *destination; // cleaned
	struct mount_options o;
	int tree;       // of a bind: the detached clone with all its attributes; -1: a file system to be made by init
	bool directory; // what the target must be
	bool readonly_late; // a tmpfs that is filled before it becomes read-only
};

enum { PAYLOAD_HELD_MAX = 3 };

// The process that becomes the payload: what it is and what it keeps.
struct payload {
	const struct oci_process *process;
	const struct oci_linux *linux;
	const char *user; // to be looked up inside, or NULL
	struct capability_sets capabilities;
	const struct seccomp_filter *filter; // or NULL
	const char *id;
	const char *bundle;
	const struct oci_spec *hooks; // whose startContainer hooks to run, or NULL
	int sync;
	int stdio[3]; // -1: null
	int null;     // O_RDWR; -1: init opens the container's
	int console_socket;
	const int *preserve;
	size_t n_preserve;
	int init_process; // descriptor of the init to put in front, or -1
	bool ask_limits;  // limits and OOM score are the parent's to set
	bool limited;     // that was done
	bool new_keyring;
	bool is_exec;               // execCPUAffinity is for those alone
	int proc;                   // root of a verified procfs for labels, or -1
	int self;                   // our own program, to be hidden behind (kernel/program.h)
	int held[PAYLOAD_HELD_MAX]; // mounts of host files that the payload will see: closed before it is let go
	// made on the way:
	struct oci_user ids;
	char **argv, **env;
};

struct start {
	const struct container_plan *plan;
	const struct oci_spec *spec;
	unsigned new_namespaces; // CLONE_NEW*, all that are new
	unsigned own_namespaces; // those and the joined ones that are not the caller's
	int join[OCI_NS_MAX];    // descriptors, -1: not joined
	bool joins;              // any of them
	bool staged;             // there is a process in between (create.c)
	bool stage_in_cgroup;    // which entered the groups already: init inherits them
	bool has_userns;         // a new or a joined one: no rights over the host
	bool host_mounts;        // the mount namespace is joined: chroot instead of pivot_root
	unsigned propagation;    // MS_*: of the root and of what is bound into it
	int rootfs;              // detached
	char *bundle;            // path, or NULL
	char *host_root;         // with host_mounts: where it goes
	struct start_mount *mounts;
	size_t n_mounts;
	bool own_dev;        // /dev is ours to fill
	bool ask_namespaces; // the parent has work between namespaces and payload
	struct cgroup *cgroup;
	struct seccomp_filter own_filter; // compiled here
	struct payload payload;
};

// Resolves the plan: checks, opens, clones. On failure nothing is left but what start_done closes.
int start_prepare(struct start *s, const struct container_plan *plan, struct err *e);
void start_done(struct start *s);

// mounts.c: the parent's half and init's half of spec->mounts.
int mounts_prepare(struct start *s, struct err *e);

// rootfs_build.c, in init: everything from the host's view to the container's "/" in place, but not yet pivoted; then
// the rest.
struct rootfs_state {
	int root, dev, devpts, proc; // descriptors of our own mounts, -1 where there is none
	int master, slave;           // the console
};
int build_rootfs(struct start *s, struct rootfs_state *st, struct err *e);
int build_finish(struct start *s, struct rootfs_state *st, struct err *e);
// One entry of spec->mounts onto the root.
int build_mount(struct start *s, struct rootfs_state *st, struct start_mount *m, struct err *e);
int build_cgroup_mount(struct start *s, int target, struct start_mount *m, struct err *e);
// Fills the root of a new mount from a directory.
int build_copy_up(int from, int mount, struct err *e);

// init.c: never returns.
_noreturn_ void init_main(struct start *s);

// payload.c
int payload_prepare(struct payload *p, const struct oci_process *process, const struct oci_linux *linux, struct err *e);
// In the parent, before the first process is made: opens self.
void payload_init(struct payload *p);
int payload_open_self(struct payload *p, struct err *e);
// A file of the host that the payload gets or executes, in a form in which it cannot change it. Into p->held.
int payload_open_host(struct payload *p, const char *path, int flags, struct err *e);
int payload_open_null(struct payload *p, struct err *e); // the host's
// Closes p->held: the last process to do so takes the mounts out of everyone's reach.
void payload_release(struct payload *p);
void payload_done(struct payload *p);
// In the child, as long as it is outside of the container: from here on /proc/self/exe leads to nothing that can be
// written.
int payload_hide_self(struct payload *p, struct err *e);
// Once: by asking the parent, or by ourselves.
int payload_ask_limits(struct payload *p, struct err *e);
// The first steps of every process that we start: dies with its parent, opaque to others, signals as at birth.
int payload_begin(int sync, struct err *e);
// In a user namespace that maps 0.
int payload_become_root(struct err *e);
// Opens and sends the console, where asked for; tty is the slave or -1.
int payload_send_console(const struct payload *p, int master, struct err *e);
// Everything from here to execve, in the container already. Returns only on failure.
int payload_exec(struct payload *p, int tty, struct err *e);

// spawn.c: the parent's half of the dialogue, shared by create and exec.
struct spawn {
	pid_t stage; // the process in between, to be reaped, or -1
	pid_t pid;   // init, or -1 until it is known
	int pidfd;
	int sock;    // our end
	int console; // master, or -1
	int notify;
	int stat; // its /proc/PID/stat, opened when first asked; -1
	// What init asks for; NULL: never asked. 0 or negative errno.
	int (*on_ask)(struct spawn *s, enum sync_type what, void *data, struct err *e);
	void *data;
};
#define SPAWN_NONE .stage = -1, .pid = -1, .pidfd = -1, .sock = -1, .console = -1, .notify = -1, .stat = -1
// Starts the child with clone3 (flags: CLONE_NEW* and CLONE_PARENT; cgroup -1: none). 1 in the parent, 0 in the child.
pid_t spawn_clone(uint64_t flags, int cgroup, int *ret_pidfd);
// Runs the dialogue until the payload was exec'd (1), init waits for the start (0), or it failed.
int spawn_dialogue(struct spawn *s, struct err *e);
// Field number of proc(5)'s /proc/PID/stat, 3 or above, of the process that was started.
int spawn_stat(struct spawn *s, unsigned field, uint64_t *ret);
// Closes what only the dialogue needed.
void spawn_done(struct spawn *s);
// Waits for SYNC_SPAWNED from the stage and reaps it.
int spawn_await(struct spawn *s, struct err *e);
// Kills what was started and reaps it; closes everything.
void spawn_abort(struct spawn *s);
