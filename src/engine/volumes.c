// SPDX-License-Identifier: Apache-2.0
// Volumes of containers: made when a container first asks for them, filled once from the image, removed with the
// container if nobody gave them a name.
//
// An anonymous volume's row tells in its labels whose it is, so that repair finds those whose container never came to
// be or is gone.
#include "engine/volumes.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/names.h"
#include "engine/volume_copy.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *volume_path(const struct engine *g, const char *name)
{
	return xasprintf("%s/volumes/%s/_data", g->root, name);
}

static bool is_anonymous(const char *name)
{
	return engine_id_valid(name);
}

static int make_folder(int dir, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(dir, name, mode) && errno != EEXIST)
		return err_sys(e, "make %s", name);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "open %s", name) : fd;
}

static int open_volumes(struct engine *g, struct err *e)
{
	int root = engine_root_fd(g, e);
	return root < 0 ? root : make_folder(root, "volumes", 0711, e);
}

static int make_row(struct engine *g, const char *name, const char *container, struct err *e)
{
	_cleanup_free_ char *labels =
		is_anonymous(name) ? xasprintf("{\"berth.container\":\"%s\"}", container) : xstrdup("{}");
	_cleanup_stmt_ sqlite3_stmt *s = NULL;

	int rc = db_prepare(g->db, "SELECT 1 FROM volume WHERE name=?", &s, e, "s", name);
	if (rc >= 0)
		rc = db_step(g->db, s, e);
	if (rc)
		return MIN(rc, 0);
	rc = db_exec(g->db, "INSERT OR IGNORE INTO volume(name,created,anonymous,labels) VALUES(?,?,?,?)", e, "siis",
		     name, clock_now(), (int64_t)is_anonymous(name), labels);
	return MIN(rc, 0);
}

static bool is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		fd_close(copy);
		return false;
	}
	for (struct dirent *de; (de = readdir(d));)
		if (path_is_component(de->d_name))
			return false;
	return true;
}

static int fill(const struct engine_prepared *p, const struct engine_mount *m, int data, int rootfs, struct err *e)
{
	if (m->no_copy || rootfs < 0 || !is_empty(data))
		return 0;
	_cleanup_fd_ int from = path_open_in(rootfs, m->destination, O_RDONLY | O_DIRECTORY, 0);
	if (from == -ENOENT || from == -ENOTDIR)
		return 0;
	if (from < 0)
		return err_rc(e, from, "the image's %s", m->destination);
	return volume_copy(from, data, p->resolved.range, e);
}

static int prepare_one(struct engine *g, const struct engine_prepared *p, const struct engine_mount *m, int volumes,
		       int rootfs, struct err *e)
{
	int rc = is_anonymous(m->source) ? 0 : engine_name_check("volume", m->source, e);

	if (rc >= 0)
		rc = make_row(g, m->source, p->id, e);
	if (rc < 0)
		return rc;
	_cleanup_fd_ int dir = make_folder(volumes, m->source, 0711, e);
	if (dir < 0)
		return dir;
	if (flock(dir, LOCK_EX)) // two first users fill it once
		return err_sys(e, "lock");
	_cleanup_fd_ int data = make_folder(dir, "_data", 0755, e);
	return data < 0 ? data : fill(p, m, data, rootfs, e);
}

int volumes_prepare(struct engine *g, const struct engine_prepared *p, int rootfs, struct err *e)
{
	_cleanup_fd_ int volumes = -1;

	for (size_t i = 0; i < p->resolved.n_mounts; i++) {
		const struct engine_mount *m = &p->resolved.mounts[i];
		if (m->type != ENGINE_MOUNT_VOLUME)
			continue;
		if (volumes < 0 && (volumes = open_volumes(g, e)) < 0)
			return volumes;
		int rc = prepare_one(g, p, m, volumes, rootfs, e);
		if (rc < 0)
			return err_wrap(e, rc, "volume %s", m->source);
	}
	return 0;
}

// The row goes first and only if nobody uses it; who comes later makes a new one. A folder without a row is repaired.
static int remove_one(struct engine *g, const char *name, struct err *e)
{
	int rc = db_exec(g->db,
			 "DELETE FROM volume WHERE name=?1 AND anonymous=1 AND "
			 "NOT EXISTS(SELECT 1 FROM container_volume WHERE volume=?1)",
			 e, "s", name);
	if (rc <= 0)
		return rc;
	_cleanup_fd_ int volumes = open_volumes(g, e);
	return volumes < 0 ? volumes : path_remove_tree(volumes, name, e);
}

int volumes_list_anonymous(struct engine *g, const char *id, char ***ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;

	int rc = db_prepare(g->db,
			    "SELECT v.name FROM container_volume c JOIN volume v ON v.name=c.volume "
			    "WHERE c.container=? AND v.anonymous=1",
			    &s, e, "s", id);
	while (rc >= 0 && (rc = db_step(g->db, s, e)) > 0)
		strv_push(ret, db_col_str(s, 0));
	return rc;
}

int volumes_remove(struct engine *g, char *const *names, struct err *e)
{
	int rc = 0;

	for (; names && *names; names++) {
		int one = remove_one(g, *names, rc < 0 ? NULL : e);
		rc = rc < 0 ? rc : one;
	}
	return rc;
}

void volumes_discard(struct engine *g, const struct engine_prepared *p)
{
	for (size_t i = 0; i < p->resolved.n_mounts; i++) {
		const struct engine_mount *m = &p->resolved.mounts[i];
		if (m->type == ENGINE_MOUNT_VOLUME && m->source && is_anonymous(m->source))
			(void)remove_one(g, m->source, NULL);
	}
}

int volumes_repair(struct engine *g, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *s = NULL;
	_cleanup_strv_ char **orphans = NULL;
	struct stat st;

	int rc = db_prepare(g->db,
			    "SELECT name,labels FROM volume WHERE anonymous=1 AND "
			    "name NOT IN (SELECT volume FROM container_volume)",
			    &s, e, "");
	while (rc >= 0 && (rc = db_step(g->db, s, e)) > 0) {
		const char *labels = db_col_str(s, 1), *id = labels ? strchr(labels, ':') : NULL;
		_cleanup_free_ char *owner = id && strlen(id) > 2 ? xstrndup(id + 2, ENGINE_ID_LEN) : xstrdup("");
		int containers = engine_containers_fd(g, NULL);
		if (engine_id_valid(owner) && containers >= 0 && fstatat(containers, owner, &st, AT_SYMLINK_NOFOLLOW) &&
		    errno == ENOENT)
			strv_push(&orphans, db_col_str(s, 0));
	}
	return rc < 0 ? rc : volumes_remove(g, orphans, e);
}
