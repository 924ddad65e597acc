// SPDX-License-Identifier: Apache-2.0
// The container engine: what the command line (and later the API) asks for. Containers by name or id, their lifecycle,
// monitors, logs. Daemonless: every call works on the database and on the containers' own monitors.
//
// Layout: <root>/berth.db, <root>/images, <root>/layers,
// <root>/containers/<id>/{config.json,upper,work,log,hosts,hostname, resolv.conf}, <root>/volumes/<name>/_data;
// <run>/containers/<id>/{attach,...} sockets; <root>/cache/seccomp. root: $BERTH_ROOT, else /var/lib/berth, rootless
// $XDG_DATA_HOME/berth (~/.local/share/berth); run: $BERTH_RUN, else /run/berth, rootless $XDG_RUNTIME_DIR/berth
// (fallback /tmp/berth-<uid>, checked to be ours, 0700).
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "image/image.h"
#include "kernel/cgroup.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct engine_options {
	const char *root, *run; // NULL: defaults above
};
int engine_open(const struct engine_options *o, struct engine **ret, struct err *e);
void engine_close(struct engine *g);
void engine_close_p(struct engine **g);
#define _cleanup_engine_ _cleanup_(engine_close_p)
struct image_store *engine_images(struct engine *g); // opened on first use
const char *engine_root_dir(const struct engine *g);
const char *engine_run_dir(const struct engine *g);
bool engine_rootless(const struct engine *g);

// ---- creating -------------------------------------------------------------------------------------------------------

enum engine_mount_type { ENGINE_MOUNT_BIND, ENGINE_MOUNT_VOLUME, ENGINE_MOUNT_TMPFS };
struct engine_mount {
	enum engine_mount_type type;
	char *source;      // host path, volume name (NULL: anonymous), or NULL for tmpfs
	char *destination; // absolute
	bool readonly, bind_nonrecursive, bind_create_source /* -v makes a missing source folder, --mount does not */,
		no_copy;
	char *propagation;   // "rprivate" ... or NULL
	char *options;       // extra comma-separated (z, Z, U; tmpfs: size=, mode=)
	int64_t tmpfs_size;  // bytes, 0: no limit
	uint32_t tmpfs_mode; // 0: 01777
};
struct engine_ulimit {
	char *name;         // "nofile"
	int64_t soft, hard; // -1 unlimited
};
struct engine_device {
	char *host, *container, *access; // "/dev/fuse", "/dev/fuse", "rwm"
};

// What `run` and `create` ask for; the CLI fills it from flags, inspect shows it. malloc'd members, freed by
// engine_create_options_done. Zeroed is the default everywhere. engine_create_options_write/parse keep it in the
// database.
struct engine_create_options {
	char *image; // as the user wrote it; "host" is built in
	char *name;  // NULL: generated
	char **args; // command and arguments; NULL: the image's Cmd
	bool entrypoint_set;
	char **entrypoint; // --entrypoint (one element, or empty to reset)
	char **env;        // "A=b", or "A" to take from the caller's environment (resolved by the CLI before)
	char **labels;     // "k=v"
	char *workdir, *user, *hostname, *domainname, *stop_signal;
	bool stop_timeout_set;
	int stop_timeout; // seconds
	bool interactive, tty, detach, auto_remove, init, read_only, privileged, no_new_privileges;
	bool attach_stdin, attach_stdout, attach_stderr;
	char *detach_keys;
	struct engine_mount *mounts;
	size_t n_mounts;
	struct engine_device *devices;
	size_t n_devices;
	struct engine_ulimit *ulimits;
	size_t n_ulimits;
	char **cap_add, **cap_drop, **group_add, **add_host, **dns, **dns_search, **dns_option;
	char **sysctl;       // "k=v"
	char *seccomp;       // NULL: default; "unconfined"; else the profile's JSON text (read by the CLI)
	char *seccomp_name;  // the file's name, for inspect
	char *apparmor;      // --security-opt apparmor=...
	char *selinux_label; // --security-opt label=...
	char *network;       // NULL or "default": see below; "none", "host", "container:ID", "ns:PATH"
	char *userns, *pid, *ipc, *uts,
		*cgroupns; // "host", "private", "container:ID", "auto", "keep-id", "ns:PATH"; NULL: default
	char *cgroup_parent;
	// resources; 0 or unset: none
	int64_t memory, memory_reservation, memory_swap /* -1 unlimited */, kernel_memory, shm_size;
	bool memory_swappiness_set, oom_kill_disable, pids_limit_set, oom_score_adj_set;
	int64_t memory_swappiness;
	double cpus;
	uint64_t cpu_shares, cpu_period;
	int64_t cpu_quota, cpu_rt_runtime, cpu_rt_period;
	char *cpuset_cpus, *cpuset_mems;
	int64_t pids_limit; // -1 unlimited
	int oom_score_adj;
	uint32_t blkio_weight;
	bool no_healthcheck;
	char *cidfile, *pidfile;
	char *log_driver; // NULL: "json-file"; "none"
	int64_t log_max_size, log_max_file;
	char *pull;                  // "missing" (default), "never", "always"
	unsigned tty_rows, tty_cols; // first size of the terminal
};
void engine_create_options_done(struct engine_create_options *o);
void engine_create_options_write(const struct engine_create_options *o, struct json_writer *w);
int engine_create_options_parse(const struct json *j, struct engine_create_options *ret, struct err *e);

// Makes the container (state created): row, folder, everything checked that can be. id: 64 hex, to be freed.
int engine_create(struct engine *g, const struct engine_create_options *o, char **ret_id, struct err *e);
// Starts a created or exited one in a monitor of its own, and returns when the payload was exec'd.
int engine_start(struct engine *g, const char *ref, struct err *e);

// The same in the foreground, with nothing of its output lost: until it ended or was detached from. One that runs
// already is attached to.
int engine_start_attached(struct engine *g, const char *ref, bool with_stdin, bool sig_proxy, const char *detach_keys,
			  int *ret_exit, struct err *e);

// create + start in one pass, the hot path. In the foreground: connects stdio (raw terminal when tty and stdin is one,
// window size followed, signals forwarded when not a tty and sig_proxy), waits, returns the exit code in ret_exit.
// detach: returns when the payload was exec'd; ret_id is set then.
struct engine_run {
	struct engine_create_options *options;
	bool sig_proxy;
};
int engine_run(struct engine *g, const struct engine_run *r, int *ret_exit, char **ret_id, struct err *e);
// Connects to a running container (its monitor's socket).
int engine_attach(struct engine *g, const char *ref, bool no_stdin, bool sig_proxy, const char *detach_keys,
		  int *ret_exit, struct err *e);

struct engine_exec {
	char *const *args;
	char *const *env;
	const char *user, *workdir, *detach_keys;
	bool interactive, tty, detach, privileged;
};
int engine_exec(struct engine *g, const char *ref, const struct engine_exec *x, int *ret_exit, struct err *e);

// ---- looking
// ----------------------------------------------------------------------------------------------------------

enum engine_state { ENGINE_CREATED, ENGINE_RUNNING, ENGINE_PAUSED, ENGINE_EXITED, ENGINE_REMOVING, ENGINE_DEAD };
const char *engine_state_name(enum engine_state s); // "running"
struct engine_container {
	char *id, *name, *image_id /* "" for host */, *image_name, *error;
	char **command;          // entrypoint + args as run
	char **labels;           // "k=v"
	enum engine_state state; // as it really is: pid and start time were checked, ENGINE_DEAD: its monitor is gone
	pid_t pid, monitor;
	int exit_code;
	bool oom_killed, auto_remove;
	int64_t created, started, finished; // ns, 0: never
};
void engine_container_free(struct engine_container *c);
void engine_container_free_p(struct engine_container **c);
#define _cleanup_engine_container_ _cleanup_(engine_container_free_p)
// By full name, full id, or unique id prefix. ERR_NOT_FOUND: "no such container: x".
int engine_find(struct engine *g, const char *ref, struct engine_container **ret, struct err *e);
int engine_list(struct engine *g, bool all, struct engine_container ***ret, size_t *ret_n,
		struct err *e); // newest first
void engine_list_free(struct engine_container **v, size_t n);
// The whole truth as Docker's `inspect` shapes it, one object.
int engine_inspect(struct engine *g, const char *ref, struct json_writer *w, struct err *e);

struct engine_log_line {
	int64_t time; // ns
	int stream;   // 1 stdout, 2 stderr
	const char *data;
	size_t len; // with its newline if it had one
};
struct engine_logs {
	bool follow;
	int64_t since, until; // ns, 0: no bound
	int64_t tail;         // -1: all
};
// fn returns non-zero to stop.
int engine_logs(struct engine *g, const char *ref, const struct engine_logs *o,
		int (*fn)(const struct engine_log_line *l, void *data), void *data, struct err *e);
// Processes of a container: `ps`-like rows read from /proc, without ps(1). columns: UID PID PPID C STIME TTY TIME CMD.
int engine_top(struct engine *g, const char *ref, char ****ret_rows /* NULL-terminated vector of strv */,
	       struct err *e);
int engine_stats(struct engine *g, const char *ref, struct cgroup_stats *ret, struct err *e);
int engine_diff(struct engine *g, const char *ref, struct image_change **ret, size_t *ret_n, struct err *e);
int engine_info(struct engine *g, struct json_writer *w, struct err *e);

// ---- changing
// -----------------------------------------------------------------------------------------------------------

int engine_kill(struct engine *g, const char *ref, int sig, struct err *e); // running ones only: ERR_CONFLICT otherwise
// Its stop signal, after timeout seconds SIGKILL. timeout -1: the container's own (10 by default). Stopped already:
// success.
int engine_stop(struct engine *g, const char *ref, int timeout, struct err *e);
// Waits for the end; exit code.
int engine_wait(struct engine *g, const char *ref, int *ret_exit, struct err *e);
// Running: ERR_CONFLICT unless force (then killed first). volumes: anonymous ones go too.
int engine_remove(struct engine *g, const char *ref, bool force, bool volumes, struct err *e);
int engine_rename(struct engine *g, const char *ref, const char *name, struct err *e);
int engine_pause(struct engine *g, const char *ref, bool paused, struct err *e);
