// SPDX-License-Identifier: Apache-2.0
// What the parts of the engine share: the opened engine, a container prepared for its start, its row in the database.
// Nothing outside src/engine includes this.
//
// Theory of operation
//
// Every container has a folder <root>/containers/<id>. Whoever builds, supervises or removes a container holds an
// exclusive flock on that folder. `run` takes it before anything else exists, the monitor inherits it over the fork and
// keeps it until it has written down the end; so "the lock can be taken" means "nobody supervises this container",
// and unlike a process id it is never reused. A folder without a row whose lock is free was left by a killed process:
// engine_repair removes it. A row that says running whose processes are gone is shown as dead and can be removed.
//
// The hot path (`run`) writes the database twice: the row is inserted as running, with its pids, while init builds the
// container (container_plan.on_namespaces), and one delete (--rm) or update ends it. The insertion is what reserves the
// name; if it fails, container_create fails with it and nothing was run. What the container is made of is not stored
// as config.json: it is built again from the options and the image's config, which are in the row, when exec or a later
// start needs it.
#pragma once

#include "base/err.h"
#include "db/db.h"
#include "engine/engine.h"
#include "image/image.h"
#include "kernel/seccomp.h"
#include "runtime/container.h"
#include "spec/image.h"
#include "spec/runtime.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ENGINE_ID_LEN = 64, ENGINE_SHORT_ID_LEN = 12 };

struct engine {
	char *root, *run;
	bool rootless;
	int root_fd, containers_fd, run_fd; // O_PATH or readable folders; -1 until asked for
	struct db *db;                      // NULL until asked for
	struct image_store *images;         // NULL until asked for
	char boot[40];                      // this boot's id, "" until asked for
};

// ---- engine.c: the parts, opened on first use; what they return stays the engine's

int engine_db(struct engine *g, struct db **ret, struct err *e);
int engine_image_store(struct engine *g, struct image_store **ret, struct err *e);
int engine_root_fd(struct engine *g, struct err *e);       // <root>, or negative errno
int engine_containers_fd(struct engine *g, struct err *e); // <root>/containers (0711)
int engine_run_fd(struct engine *g, struct err *e);        // <run>/containers (0700)
const char *engine_boot_id(struct engine *g);
// In a forked child that goes on working with g (the monitor), before it closes descriptors in bulk.
void engine_after_fork(struct engine *g);

// Opens <root>/containers/<id> and takes its lock. make: the folder must not exist yet. The descriptor keeps the lock
// as long as any copy of it is open. -EBUSY (ERR_CONFLICT): somebody supervises, builds or removes it right now.
int engine_lock(struct engine *g, const char *id, bool make, struct err *e);

// ---- row.c: the container's row

// The processes of a running container. Start times are field 22 of /proc/PID/stat.
struct engine_live {
	pid_t pid, monitor;
	uint64_t pid_start, monitor_start;
	int64_t started; // ns
};
// Start time of a process, 0 if it is not there.
uint64_t engine_process_start(pid_t pid);

// What a row holds; strings as in struct engine_container, which is made from it.
struct engine_row {
	struct engine_container c; // state: as written down, not checked
	uint64_t pid_start, monitor_start;
	char boot[40];
	char *options; // JSON
};
void engine_row_done(struct engine_row *r);
#define _cleanup_engine_row_ _cleanup_(engine_row_done)
// By full id.
int engine_row_load(struct engine *g, const char *id, struct engine_row *ret, struct err *e);
// Name, id or unique prefix to id.
int engine_row_lookup(struct engine *g, const char *ref, char ret_id[static ENGINE_ID_LEN + 1], struct err *e);
// Whether a row that says running or paused still has its monitor; if not it is read again, and becomes ENGINE_DEAD if
// it says the same. No statement of the database may be under way. ERR_NOT_FOUND: it was removed meanwhile.
int engine_row_check(struct engine *g, struct engine_row *r, struct err *e);

struct engine_prepared;
// live: NULL for `create` (state created). A name in use: ERR_EXISTS, `the container name "/x" is already in use ...`.
int engine_row_insert(struct engine *g, const struct engine_prepared *p, const struct engine_live *live, struct err *e);
int engine_row_running(struct engine *g, const char *id, const struct engine_live *live, struct err *e);
// Inserts or updates, whichever p needs: what container_plan.on_namespaces calls.
int engine_row_start(struct engine *g, const struct engine_prepared *p, const struct engine_live *live, struct err *e);
int engine_row_paused(struct engine *g, const char *id, bool paused, struct err *e);
// error: why it did not start, or NULL. pids become 0. finished in ns.
int engine_row_exited(struct engine *g, const char *id, int exit_code, int64_t finished, bool oom_killed,
		      const char *error, struct err *e);
int engine_row_delete(struct engine *g, const char *id, struct err *e); // missing is success

// ---- prepare.c: everything a start needs, resolved before the fork

// A subordinate id range in use by a container (--userns=auto), in host ids. size 0: none.
struct engine_idrange {
	uint32_t start, size;
};

// What was decided once at creation and must be the same at every start; stored beside the options in the row.
struct engine_resolved {
	struct engine_mount *mounts; // the options' and the image's, anonymous volumes with their names
	size_t n_mounts;
	struct engine_idrange range;
};

struct engine_prepared {
	char *id, *name;                       // name without slash
	int dir;                               // <root>/containers/<id>, locked; closed by engine_prepared_free
	bool fresh;                            // there is no row yet
	struct engine_create_options *options; // borrowed from the caller of engine_prepare_new, or &own
	struct engine_create_options own;
	struct engine_resolved resolved;
	struct image *image;             // NULL: host
	struct arena arena;              // of config
	struct oci_image_config *config; // of image; all empty for host
	struct oci_spec *spec;
	struct seccomp_filter filter;
	bool has_filter;
	int rootfs;        // detached mount; -1 once engine_prepared_started was called
	char *cgroup_path; // as for container_plan
	unsigned cgroup_flags;
	int stop_signal;  // number
	int stop_timeout; // seconds
	char **command;   // entrypoint + args as run
	int64_t created;  // ns
	int keep[8]; // descriptors that paths in spec refer to as /proc/self/fd/N, open until engine_prepared_started
	size_t n_keep;
	char *init_path; // --init: the init's host path, or NULL
	// Ready for container_create; spec, rootfs, seccomp, cgroup and init are set, run_now too. stdio,
	// console_socket, on_namespaces and data are the monitor's to fill.
	struct container_plan plan;
};
void engine_prepared_free(struct engine_prepared *p);
void engine_prepared_free_p(struct engine_prepared **p);
#define _cleanup_engine_prepared_ _cleanup_(engine_prepared_free_p)

// For `run`: checks, folder, volumes, root filesystem, files, spec; no row yet (fresh). o must outlive the result.
int engine_prepare_new(struct engine *g, struct engine_create_options *o, struct engine_prepared **ret, struct err *e);
// For `start`: the same for a container with a row. ERR_CONFLICT if it runs.
int engine_prepare(struct engine *g, const char *id, struct engine_prepared **ret, struct err *e);
// For `exec`: spec, filter, options and config of a running container, whose root is root_fd (borrowed); no lock, no
// folder (dir -1), no mount (rootfs -1).
int engine_prepare_running(struct engine *g, const char *id, int root_fd, struct engine_prepared **ret, struct err *e);
// Lets go of the root filesystem: to be called once the container has it (in the monitor), and at once in the
// CLI's process after the fork, so that the mount ends with the container.
void engine_prepared_started(struct engine_prepared *p);
// Undoes engine_prepare_new after a failed start: folder, row, anonymous volumes. Nothing is left.
void engine_prepared_discard(struct engine *g, struct engine_prepared *p);

// ---- remove.c

// The control groups that there are of a row's container, by the same rule as in preparing. ERR_NOT_FOUND: none.
int engine_cgroup_open(struct engine *g, const struct engine_row *r, struct cgroup **ret, struct err *e);

// Removes a container that nobody supervises (the caller holds its lock: the monitor at its end with --rm, or remove):
// what is left of its processes and cgroup, its folders, its row; anonymous volumes with volumes. No checks; missing
// pieces are fine. dir: the locked folder.
int engine_remove_ended(struct engine *g, const char *id, int dir, bool volumes, struct err *e);
// The same with its volumes, for a command that shall not wait for the disk: the folder only moves to <root>/gone.
int engine_retire(struct engine *g, const char *id, struct err *e);
void engine_sweep(struct engine *g, const char *id); // removes it there
// Clears up after killed processes: folders without rows, their cgroups and volumes. A scan of one folder; for commands
// other than the hot ones, and for a monitor that has nothing else to do.
void engine_repair(struct engine *g);
