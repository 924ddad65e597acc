// SPDX-License-Identifier: Apache-2.0
// Owns `diff`: what a container changed against its image, or against this machine for the image `host`.
//
// A host container has an upper directory for each file system it was given. Each is compared with that file system
// alone, through a copy of its mount without what is mounted on it, as that is what overlayfs has below it. A file
// system that is not mounted any more has nothing to be compared with and is not listed.
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/changes.h"
#include "engine/files.h"
#include "engine/host.h"
#include "engine/internal.h"
#include "engine/rootless.h"
#include "kernel/mount.h"

#include <limits.h>
#include <unistd.h>

static int diff_mount(int container, const struct host_mount *t, struct changes *all, struct err *e)
{
	_cleanup_changes_ struct changes c = {0};
	_cleanup_free_ char *name = NULL;
	int rc = host_upper_name(t, &name, e);

	if (rc < 0)
		return rc;
	_cleanup_free_ char *path = path_join(name, "upper");
	_cleanup_fd_ int upper = openat(container, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open the container's changes");
	// an ordinary user gets no copy of the root; its walk does not enter mounts anyway
	_cleanup_fd_ int lower =
		t->how == HOST_SKELETON ? fcntl(t->fd, F_DUPFD_CLOEXEC, 3) : mount_clone(t->fd, false, e);
	if (lower < 0)
		return lower;
	rc = image_diff_trees(upper, lower, &c.v, &c.n, e);
	for (size_t i = 0; rc >= 0 && i < t->n_masks; i++) {
		_cleanup_free_ char *hidden = xasprintf("/%s", t->masks[i].path);
		if (t->masks[i].hide)
			changes_unhide(&c, hidden);
	}
	if (rc >= 0)
		changes_add(all, &c, t->point);
	return rc;
}

static int diff_host(struct engine *g, int container, struct changes *ret, struct err *e)
{
	_cleanup_host_mounts_ struct host_mounts m = {0};
	int rc = host_mounts_of(g, container, &m, e);

	if (rc >= 0 && (g->rootless || rootless_active()))
		rc = host_mounts_split(&m, -1, e);
	for (size_t i = 0; rc >= 0 && i < m.n; i++)
		if (m.v[i].how == HOST_OVERLAY || m.v[i].how == HOST_SKELETON) {
			rc = diff_mount(container, &m.v[i], ret, e);
			if (rc < 0)
				err_wrap(e, rc, "%s", m.v[i].point);
		}
	return rc;
}

// The files bound into every container, and where a link of the machine leads their mount to.
static char **own_paths(bool host)
{
	static const char *const fixed[] = {"/.dockerenv", "/run/.containerenv", "/etc/mtab"};
	char **v = NULL, link[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		strv_push(&v, fixed[i]);
	for (size_t i = 0; i < FILES_N; i++) {
		strv_push(&v, files_destination[i]);
		ssize_t n = host ? readlink(files_destination[i], link, sizeof(link) - 1) : -1;
		if (n <= 0)
			continue;
		link[n] = '\0';
		_cleanup_free_ char *whole = *link == '/' ? xstrdup(link) : path_join("/etc", link);
		strv_take(&v, path_clean(whole));
	}
	return v;
}

static int diff_image(struct engine *g, const char *image, int container, struct changes *ret, struct err *e)
{
	_cleanup_image_ struct image *i = NULL;
	struct image_store *s = NULL;
	int rc = engine_image_store(g, &s, e);

	if (rc >= 0)
		rc = image_resolve(s, image, &i, e);
	return rc < 0 ? rc : image_diff(s, i, container, &ret->v, &ret->n, e);
}

static int open_folder(struct engine *g, const char *id, struct err *e)
{
	int all = engine_containers_fd(g, e);

	if (all < 0)
		return all;
	int fd = openat(all, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the container's folder") : fd;
}

int engine_diff(struct engine *g, const char *ref, struct image_change **ret, size_t *ret_n, struct err *e)
{
	_cleanup_engine_row_ struct engine_row row = {0};
	_cleanup_changes_ struct changes c = {0};
	char id[ENGINE_ID_LEN + 1];
	int rc = engine_row_lookup(g, ref, id, e);

	if (rc >= 0)
		rc = engine_row_load(g, id, &row, e);
	if (rc < 0)
		return rc;
	bool host = str_empty(row.c.image_id);
	_cleanup_fd_ int container = open_folder(g, id, e);
	if (container < 0)
		return err_wrap(e, container, "diff %s", ref);
	rc = host ? diff_host(g, container, &c, e) : diff_image(g, row.c.image_id, container, &c, e);
	if (rc < 0)
		return err_wrap(e, rc, "diff %s", ref);
	_cleanup_strv_ char **ours = own_paths(host);
	changes_tidy(&c, ours);
	*ret = TAKE_PTR(c.v);
	*ret_n = c.n;
	c.n = 0;
	return 0;
}
