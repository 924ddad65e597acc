// SPDX-License-Identifier: Apache-2.0
// Removing containers, and what killed processes left of them.
//
// Theory of operation. The row goes first: that frees the name and makes the container gone for everybody. Then its
// folders, volumes and ids. Whoever is killed in between leaves a folder without a row and without a lock holder, which
// engine_repair finds by one scan of <root>/containers.
//
// Freeing a folder's inodes waits for the file system's journal, on a busy disk several milliseconds. So the command in
// front of a `run --rm` does not: it moves the folder to <root>/gone, where the monitor, which nobody waits for,
// removes it (engine_retire, engine_sweep). Repair finds what a killed monitor left there, too.
//
// Processes are found through the control groups, whose place
// follows from the id and the options; where there are none (ordinary users), through init's pid and start time.
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "engine/names.h"
#include "engine/prepare.h"
#include "engine/row.h"
#include "engine/userns.h"
#include "engine/volumes.h"

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 3000, LOCK_POLL_MS = 5, KILL_WAIT_MS = 10000, CGROUP_WAIT_MS = 3000 };

char *engine_cgroup_path(const struct engine_create_options *o, const char *id)
{
	const char *parent = o && !str_empty(o->cgroup_parent) ? o->cgroup_parent : CGROUP_DEFAULT_PARENT;
	return path_join(parent, id);
}

unsigned engine_cgroup_flags(const struct engine *g)
{
	return g->rootless ? CGROUP_ROOTLESS : 0;
}

int engine_cgroup_open(struct engine *g, const struct engine_row *r, struct cgroup **ret, struct err *e)
{
	struct engine_create_options o = {0};
	struct engine_resolved resolved = {0};

	int rc = engine_options_load(r->options, &o, &resolved, e);
	if (rc < 0)
		return err_wrap(e, rc, "container %.12s", r->c.id);
	_cleanup_free_ char *path = engine_cgroup_path(&o, r->c.id);
	engine_create_options_done(&o);
	engine_resolved_done(&resolved);
	return cgroup_open_path(path, engine_cgroup_flags(g), ret, e);
}

static int lock_within(struct engine *g, const char *id, int timeout_ms, struct err *e)
{
	int64_t end = clock_monotonic() + timeout_ms * NS_PER_MS;

	for (;;) {
		int fd = engine_lock(g, id, false, e);
		if (fd != -EBUSY || clock_monotonic() > end)
			return fd;
		clock_sleep(LOCK_POLL_MS * NS_PER_MS);
	}
}

int engine_lock_ended(struct engine *g, const char *id, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};

	int rc = engine_row_load(g, id, &r, e);
	if (rc >= 0)
		rc = engine_row_check(g, &r, e);
	if (rc < 0)
		return rc;
	if (r.c.state == ENGINE_RUNNING || r.c.state == ENGINE_PAUSED)
		return err_set(e, ERR_CONFLICT, EBUSY, "container %s is running already", r.c.name);
	return lock_within(g, id, LOCK_WAIT_MS, e);
}

// ---- processes and groups -------------------------------------------------------------------------------------------

// Kills init, which takes its pid namespace with it; no more than asking if it is somebody else by now.
static void kill_init(struct engine *g, const struct engine_row *r)
{
	if (r->c.pid <= 0 || !str_eq(r->boot, engine_boot_id(g)))
		return;
	_cleanup_fd_ int fd = sys_pidfd_open(r->c.pid, 0);
	if (fd < 0 || engine_process_start(r->c.pid) != r->pid_start)
		return;
	if (!pidfd_send(fd, SIGKILL))
		(void)fd_wait_readable(fd, KILL_WAIT_MS);
}

int engine_kill_remains(struct engine *g, const struct engine_row *r, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = NULL;
	struct err none = {0};

	int rc = engine_cgroup_open(g, r, &c, &none);
	if (rc >= 0)
		(void)cgroup_freeze(c, false, &none); // a frozen process does not die
	kill_init(g, r);
	return rc >= 0 ? cgroup_remove(c, CGROUP_WAIT_MS, e) : 0;
}

// ---- folders --------------------------------------------------------------------------------------------------------

int engine_remove_folders(struct engine *g, const char *id, struct err *e)
{
	int containers = engine_containers_fd(g, e), run = engine_run_fd(g, NULL);

	if (run >= 0)
		(void)path_remove_tree(run, id, NULL);
	if (containers < 0)
		return containers;
	int rc = path_remove_tree(containers, id, e);
	return rc < 0 ? err_wrap(e, rc, "remove %s/containers/%.12s", g->root, id) : 0;
}

// Anonymous volumes that are kept belong to nobody now; repair must not take them for leftovers.
static int keep_volumes(struct engine *g, const char *id, struct err *e)
{
	int rc = db_exec(g->db,
			 "UPDATE volume SET labels='{}' WHERE anonymous=1 AND name IN "
			 "(SELECT volume FROM container_volume WHERE container=?)",
			 e, "s", id);
	return MIN(rc, 0);
}

static int gone_fd(struct engine *g, bool make)
{
	struct err e;
	int root = engine_root_fd(g, &e);

	if (root < 0 || (make && mkdirat(root, "gone", 0700) && errno != EEXIST))
		return -1;
	return openat(root, "gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

// Out of sight, for engine_sweep; at once if it cannot be moved.
static int set_folders_aside(struct engine *g, const char *id, struct err *e)
{
	_cleanup_fd_ int gone = gone_fd(g, true);
	int containers = engine_containers_fd(g, e), run = engine_run_fd(g, NULL);

	if (gone < 0 || containers < 0 || renameat(containers, id, gone, id))
		return engine_remove_folders(g, id, e);
	if (run >= 0)
		(void)path_remove_tree(run, id, NULL);
	return 0;
}

static int remove_ended(struct engine *g, const char *id, bool volumes,
			int (*folders)(struct engine *g, const char *id, struct err *e), struct err *e)
{
	_cleanup_strv_ char **anonymous = NULL;

	int rc = volumes ? volumes_list_anonymous(g, id, &anonymous, e) : keep_volumes(g, id, e);
	if (rc >= 0)
		rc = engine_row_delete(g, id, e);
	if (rc < 0)
		return err_wrap(e, rc, "remove container %.12s", id);
	rc = folders(g, id, e);
	userns_range_release(g, id);
	int rc_volumes = volumes_remove(g, anonymous, rc < 0 ? NULL : e);
	return rc < 0 ? rc : rc_volumes;
}

int engine_remove_ended(struct engine *g, const char *id, int dir, bool volumes, struct err *e)
{
	return remove_ended(g, id, volumes, engine_remove_folders, e);
}

int engine_retire(struct engine *g, const char *id, struct err *e)
{
	return remove_ended(g, id, true, set_folders_aside, e);
}

void engine_sweep(struct engine *g, const char *id)
{
	_cleanup_fd_ int gone = gone_fd(g, false);
	struct err e;

	if (gone >= 0 && path_remove_tree(gone, id, &e) < 0)
		log_debug("%s", e.text);
}

// ---- remove ---------------------------------------------------------------------------------------------------------

// Kills everything in it and waits until its monitor has let go.
static int end_running(struct engine *g, const struct engine_row *r, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = NULL;
	struct err none = {0};

	if (engine_cgroup_open(g, r, &c, &none) >= 0)
		(void)cgroup_freeze(c, false, &none);
	kill_init(g, r);
	// With the host's pid namespace others may be left; they are the group's.
	if (c)
		(void)cgroup_signal_all(c, SIGKILL, &none);
	return lock_within(g, r->c.id, KILL_WAIT_MS, e);
}

static bool alive(struct engine *g, const struct engine_row *r)
{
	return r->c.pid > 0 && str_eq(r->boot, engine_boot_id(g)) && engine_process_start(r->c.pid) == r->pid_start;
}

static int refuse(const struct engine_row *r, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFLICT, EBUSY,
		       "cannot remove container \"%s\": %s: stop the container before removing or force remove (rm -f)",
		       r->c.name, why);
}

// Locks a container for removal, ending it if it runs. -ENOENT: its folder is gone, or it is.
static int lock_for_removal(struct engine *g, const struct engine_row *r, bool force, struct err *e)
{
	if (r->c.state != ENGINE_RUNNING && r->c.state != ENGINE_PAUSED && r->c.state != ENGINE_DEAD)
		return lock_within(g, r->c.id, LOCK_WAIT_MS, e);
	if (!force && (r->c.state != ENGINE_DEAD || alive(g, r)))
		return refuse(r, r->c.state == ENGINE_PAUSED ? "container is paused" : "container is running", e);
	return end_running(g, r, e);
}

int engine_remove(struct engine *g, const char *ref, bool force, bool volumes, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	char id[ENGINE_ID_LEN + 1];

	int rc = engine_row_lookup(g, ref, id, e);
	if (rc >= 0)
		rc = engine_row_load(g, id, &r, e);
	if (rc >= 0)
		rc = engine_row_check(g, &r, e);
	if (rc < 0)
		return rc;
	_cleanup_fd_ int dir = lock_for_removal(g, &r, force, e);
	if (dir < 0 && dir != -ENOENT)
		return dir;
	err_clear(e);
	if (r.c.state != ENGINE_CREATED && r.c.state != ENGINE_EXITED)
		rc = engine_kill_remains(g, &r, e);
	return rc < 0 ? err_wrap(e, rc, "remove %s", ref) : engine_remove_ended(g, id, dir, volumes, e);
}

// ---- repair ---------------------------------------------------------------------------------------------------------

static bool has_row(struct engine *g, const char *id)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;
	struct err e;

	// In doubt it has: nothing is removed because of a database that does not answer.
	return db_prepare(g->db, "SELECT 1 FROM container WHERE id=?", &s, &e, "s", id) < 0 ||
	       db_step(g->db, s, &e) != 0;
}

static void repair_one(struct engine *g, const char *id)
{
	_cleanup_cgroup_ struct cgroup *c = NULL;
	struct err e = {0};

	if (has_row(g, id))
		return;
	_cleanup_fd_ int dir = engine_lock(g, id, false, &e);
	if (dir < 0 || has_row(g, id)) // it was being made, and now is
		return;
	char parent[PATH_MAX];
	ssize_t n = readlinkat(dir, ENGINE_CGROUP_PARENT_LINK, parent, sizeof(parent) - 1);
	parent[MAX(n, 0)] = 0;
	_cleanup_free_ char *path = engine_cgroup_path(&(struct engine_create_options){.cgroup_parent = parent}, id);
	if (cgroup_open_path(path, engine_cgroup_flags(g), &c, &e) >= 0)
		(void)cgroup_remove(c, CGROUP_WAIT_MS, &e);
	(void)engine_remove_folders(g, id, &e);
	userns_range_release(g, id);
}

// Calls fn for every folder in dir that has a container's name.
static void each_folder(struct engine *g, int dir, void (*fn)(struct engine *g, const char *id))
{
	int fd = dir < 0 ? -1 : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		fd_close(fd);
		return;
	}
	for (struct dirent *de; (de = readdir(d));)
		if (engine_id_valid(de->d_name))
			fn(g, de->d_name);
}

// A folder of sockets whose container is gone.
static void repair_run(struct engine *g, const char *id)
{
	struct stat st;

	if (fstatat(g->containers_fd, id, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		(void)path_remove_tree(g->run_fd, id, NULL);
}

// Its monitor holds the lock while it is at it.
static void repair_gone(struct engine *g, const char *id)
{
	_cleanup_fd_ int gone = gone_fd(g, false);
	_cleanup_fd_ int dir = gone < 0 ? -1 : openat(gone, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (dir >= 0 && !flock(dir, LOCK_EX | LOCK_NB))
		engine_sweep(g, id);
}

void engine_repair(struct engine *g)
{
	struct err e = {0};
	_cleanup_fd_ int gone = gone_fd(g, false);

	each_folder(g, engine_containers_fd(g, &e), repair_one);
	each_folder(g, gone, repair_gone);
	if (g->containers_fd >= 0)
		each_folder(g, engine_run_fd(g, &e), repair_run);
	(void)volumes_repair(g, &e);
	(void)image_store_repair(g->images, &e);
}
