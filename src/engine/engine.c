// SPDX-License-Identifier: Apache-2.0
// The opened engine: where its state lives, and its parts. The database and the image store are opened at once, because
// every command needs them and an error here is clearer than one in the middle of something; folders are opened on
// first use.
#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/rootless.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BOOT_ID_LEN = 36 };

// $XDG_DATA_HOME/berth, or ~/.local/share/berth.
static char *data_home(struct err *e)
{
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return path_join(xdg, "berth");
	if (home && *home == '/')
		return path_join(home, ".local/share/berth");
	err_set(e, ERR_INVALID, ENOENT, "neither XDG_DATA_HOME nor HOME is set: set BERTH_ROOT to a folder of yours");
	return NULL;
}

// $XDG_RUNTIME_DIR/berth, or a folder in /tmp that must turn out to be ours.
static char *runtime_home(uid_t uid)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (xdg && *xdg == '/')
		return path_join(xdg, "berth");
	return xasprintf("/tmp/berth-%u", uid);
}

static int absolute(const char *what, const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *cwd = NULL, *joined = NULL;

	if (path_is_absolute(path)) {
		*ret = path_clean(path);
		return 0;
	}
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return err_sys(e, "%s %s: current directory", what, path);
	joined = path_join(cwd, path);
	*ret = path_clean(joined);
	return 0;
}

static int choose_paths(struct engine *g, const struct engine_options *o, struct err *e)
{
	const char *root = o && o->root ? o->root : getenv("BERTH_ROOT");
	const char *run = o && o->run ? o->run : getenv("BERTH_RUN");
	_cleanup_free_ char *made = NULL, *made_run = NULL;

	if (str_empty(root)) {
		made = g->rootless ? data_home(e) : xstrdup("/var/lib/berth");
		if (!made)
			return -ENOENT;
		root = made;
	}
	if (str_empty(run)) {
		made_run = g->rootless ? runtime_home(geteuid()) : xstrdup("/run/berth");
		run = made_run;
	}
	int rc = absolute("root", root, &g->root, e);
	return rc < 0 ? rc : absolute("run", run, &g->run, e);
}

// Makes a state folder and makes sure that nobody else can put things there.
static int own_folder(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (lstat(path, &st)) {
		int rc = path_mkdirs(path, mode, e);
		if (rc < 0)
			return rc;
		if (lstat(path, &st))
			return err_sys(e, "%s", path);
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, ENOTDIR, "%s: not a folder", path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_DENIED, EPERM,
			       "%s belongs to user %u, not to us: move it away or set BERTH_ROOT and BERTH_RUN", path,
			       st.st_uid);
	if (st.st_mode & 022)
		return err_set(e, ERR_DENIED, EPERM, "%s can be written by others (mode %04o): chmod it to %04o", path,
			       st.st_mode & 07777, mode);
	return 0;
}

int engine_open(const struct engine_options *o, struct engine **ret, struct err *e)
{
	_cleanup_engine_ struct engine *g = xnew(struct engine);
	_cleanup_free_ char *file = NULL;

	g->root_fd = g->containers_fd = g->run_fd = -1;
	g->rootless = geteuid() != 0;
	int rc = choose_paths(g, o, e);
	if (rc < 0)
		return rc;
	rc = rootless_enter(g->run, e);
	if (rc < 0)
		return rc;
	g->rootless = rootless_active();
	rc = own_folder(g->root, 0711, e);
	if (rc < 0)
		return rc;
	file = path_join(g->root, "berth.db");
	rc = db_open(file, &g->db, e);
	if (rc < 0)
		return rc;
	rc = image_store_open(g->root, g->db, &g->images, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(g);
	return 0;
}

void engine_close(struct engine *g)
{
	if (!g)
		return;
	image_store_close(g->images);
	db_close(g->db);
	fd_close(g->root_fd);
	fd_close(g->containers_fd);
	fd_close(g->run_fd);
	free(g->root);
	free(g->run);
	free(g);
}

void engine_close_p(struct engine **g)
{
	engine_close(*g);
}

void engine_after_fork(struct engine *g)
{
	db_after_fork(g->db);
}

struct image_store *engine_images(struct engine *g)
{
	return g->images;
}

const char *engine_root_dir(const struct engine *g)
{
	return g->root;
}

const char *engine_run_dir(const struct engine *g)
{
	return g->run;
}

bool engine_rootless(const struct engine *g)
{
	return g->rootless;
}

int engine_root_fd(struct engine *g, struct err *e)
{
	if (g->root_fd < 0)
		g->root_fd = open(g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->root_fd < 0 ? err_sys(e, "%s", g->root) : g->root_fd;
}

int engine_containers_fd(struct engine *g, struct err *e)
{
	if (g->containers_fd >= 0)
		return g->containers_fd;
	int root = engine_root_fd(g, e);
	if (root < 0)
		return root;
	g->containers_fd = openat(root, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (g->containers_fd < 0 && errno == ENOENT) {
		if (mkdirat(root, "containers", 0711) && errno != EEXIST)
			return err_sys(e, "%s/containers", g->root);
		g->containers_fd = openat(root, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	}
	return g->containers_fd < 0 ? err_sys(e, "%s/containers", g->root) : g->containers_fd;
}

int engine_run_fd(struct engine *g, struct err *e)
{
	if (g->run_fd >= 0)
		return g->run_fd;
	_cleanup_free_ char *path = path_join(g->run, "containers");
	g->run_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (g->run_fd >= 0)
		return g->run_fd;
	int rc = own_folder(g->run, 0700, e);
	if (rc < 0)
		return rc;
	if (mkdir(path, 0700) && errno != EEXIST)
		return err_sys(e, "%s", path);
	g->run_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return g->run_fd < 0 ? err_sys(e, "%s", path) : g->run_fd;
}

const char *engine_boot_id(struct engine *g)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64);

	if (!g->boot[0] && file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &b, NULL) >= 0 &&
	    b.len >= BOOT_ID_LEN) {
		memcpy(g->boot, b.data, BOOT_ID_LEN);
		g->boot[BOOT_ID_LEN] = 0;
	}
	return g->boot;
}

int engine_lock(struct engine *g, const char *id, bool make, struct err *e)
{
	int dir = engine_containers_fd(g, e);

	if (dir < 0)
		return dir;
	if (make && mkdirat(dir, id, 0711))
		return err_sys(e, "%s/containers/%s", g->root, id);
	_cleanup_fd_ int fd = openat(dir, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "%s/containers/%s", g->root, id);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return err_sys(e, "%s/containers/%s: lock", g->root, id);
		return err_set(e, ERR_CONFLICT, EBUSY, "container %.12s is running, or being started or removed", id);
	}
	// Between the opening and the lock it may have been removed; a lock on a folder that has no name protects
	// nothing.
	struct stat here, there;
	if (fstat(fd, &here) || fstatat(dir, id, &there, AT_SYMLINK_NOFOLLOW) || here.st_ino != there.st_ino)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "no such container: %.12s", id);
	return TAKE_FD(fd);
}

int engine_db(struct engine *g, struct db **ret, struct err *e)
{
	*ret = g->db;
	return 0;
}

int engine_image_store(struct engine *g, struct image_store **ret, struct err *e)
{
	*ret = g->images;
	return 0;
}
