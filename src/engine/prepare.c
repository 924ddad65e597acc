// SPDX-License-Identifier: Apache-2.0
// Everything a start needs, resolved before the fork: image, folder, root filesystem, volumes, files in /etc, the OCI
// configuration and the compiled seccomp filter.
//
// The order is that of what must be undone: first checks that leave nothing, then the container's folder with its lock,
// then what is in it. Until the container has a row, the folder is all that a killed process leaves, and repair
// finds it because nobody holds its lock.
#include "engine/prepare.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/private.h"
#include "base/signame.h"
#include "base/str.h"
#include "engine/files.h"
#include "engine/host.h"
#include "engine/names.h"
#include "engine/notes.h"
#include "engine/options.h"
#include "engine/row.h"
#include "engine/spec.h"
#include "engine/userns.h"
#include "engine/volumes.h"
#include "kernel/idmap.h"

#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOP_TIMEOUT = 10, NAME_TRIES = 100 };

// ---- the prepared container -----------------------------------------------------------------------------------------

static struct engine_prepared *prepared_new(void)
{
	struct engine_prepared *p = xnew(struct engine_prepared);

	p->dir = p->rootfs = -1;
	p->options = &p->own;
	p->plan.bundle = p->plan.rootfs = p->plan.console_socket = -1;
	for (size_t i = 0; i < ARRAY_SIZE(p->plan.stdio); i++)
		p->plan.stdio[i] = -1;
	return p;
}

void engine_prepared_started(struct engine_prepared *p)
{
	fd_close(TAKE_FD(p->rootfs));
	p->plan.rootfs = -1;
	while (p->n_keep)
		fd_close(p->keep[--p->n_keep]);
}

void engine_prepared_free(struct engine_prepared *p)
{
	if (!p)
		return;
	engine_prepared_started(p);
	fd_close(p->dir);
	free(p->id);
	free(p->name);
	engine_create_options_done(&p->own);
	engine_resolved_done(&p->resolved);
	image_free(p->image);
	arena_done(&p->arena);
	oci_spec_free(p->spec);
	if (p->has_filter)
		seccomp_filter_done(&p->filter);
	free(p->cgroup_path);
	free(p->init_path);
	strv_free(p->command);
	free(p);
}

void engine_prepared_free_p(struct engine_prepared **p)
{
	engine_prepared_free(*p);
}

// ---- image ----------------------------------------------------------------------------------------------------------

// ref: a name, or the id that a row has ("" for the built-in image).
static int load_image(struct engine *g, struct engine_prepared *p, const char *ref, struct err *e)
{
	if (str_empty(ref) || str_eq(ref, ENGINE_IMAGE_HOST)) {
		p->config = arena_new(&p->arena, struct oci_image_config);
		engine_host_config(&p->arena, p->config);
		return 0;
	}
	int rc = image_resolve(g->images, ref, &p->image, e);
	if (rc < 0)
		return rc;
	rc = oci_image_config_parse(&p->arena, p->image->config_json, strlen(p->image->config_json), &p->config, e);
	return rc < 0 ? err_wrap(e, rc, "image %s: config", ref) : 0;
}

char **engine_labels(const struct engine_create_options *o, const struct oci_image_config *c)
{
	char **v = NULL;

	for (size_t i = 0; c && i < c->config.labels.n; i++)
		strv_pushf(&v, "%s=%s", c->config.labels.v[i].key, c->config.labels.v[i].value);
	for (char **l = o->labels; l && *l; l++)
		strv_env_set(&v, *l);
	return v;
}

static int decide_stop(struct engine_prepared *p, struct err *e)
{
	const struct engine_create_options *o = p->options;
	const char *name = o->stop_signal ? o->stop_signal : p->config->config.stop_signal;

	p->stop_signal = str_empty(name) ? SIGTERM : signal_from_name(name);
	if (p->stop_signal < 0)
		return err_invalid(e, "invalid signal: %s", name);
	p->stop_timeout = o->stop_timeout_set                  ? o->stop_timeout
			  : p->config->config.stop_timeout.set ? (int)p->config->config.stop_timeout.v
							       : STOP_TIMEOUT;
	return 0;
}

// What follows from options and image alone; nothing is made.
static int decide(struct engine *g, struct engine_prepared *p, const char *image, struct err *e)
{
	int rc = load_image(g, p, image, e);

	if (rc >= 0)
		rc = spec_command(p->options, &p->config->config, &p->command, e);
	if (rc >= 0)
		rc = decide_stop(p, e);
	if (rc < 0)
		return rc;
	p->cgroup_path = engine_cgroup_path(p->options, p->id);
	p->cgroup_flags = engine_cgroup_flags(g);
	return 0;
}

// ---- mounts and volumes ---------------------------------------------------------------------------------------------

static bool has_mount(const struct engine_resolved *r, const char *destination)
{
	for (size_t i = 0; i < r->n_mounts; i++)
		if (str_eq(r->mounts[i].destination, destination))
			return true;
	return false;
}

static void name_volume(struct engine_mount *m)
{
	char id[ENGINE_ID_LEN + 1];

	if (m->type != ENGINE_MOUNT_VOLUME || m->source)
		return;
	engine_id_generate(id);
	m->source = xstrdup(id);
}

static int check_destination(struct engine_resolved *r, struct engine_mount *m, struct err *e)
{
	if (!path_is_absolute(m->destination))
		return err_invalid(e, "mount %s: the path in the container is absolute", m->destination);
	char *clean = path_clean(m->destination);
	free(m->destination);
	m->destination = clean;
	if (str_eq(clean, "/"))
		return err_invalid(e, "mount /: the path in the container cannot be \"/\"");
	return has_mount(r, clean) ? err_invalid(e, "duplicate mount point: %s", clean) : 0;
}

// The user's mounts, then the image's volumes where the user has none; anonymous ones get their names for good.
static int resolve_mounts(struct engine_prepared *p, struct err *e)
{
	struct engine_resolved *r = &p->resolved;
	const struct oci_strings *volumes = &p->config->config.volumes;
	size_t n = p->options->n_mounts;

	r->mounts = engine_mounts_dup(p->options->mounts, n);
	for (; r->n_mounts < n; r->n_mounts++) {
		int rc = check_destination(r, &r->mounts[r->n_mounts], e);
		if (rc < 0) {
			r->n_mounts = n; // all of them are to be freed
			return rc;
		}
		name_volume(&r->mounts[r->n_mounts]);
	}
	for (size_t i = 0; i < volumes->n; i++) {
		_cleanup_free_ char *clean = path_clean(volumes->v[i]);
		if (!path_is_absolute(volumes->v[i]) || str_eq(clean, "/"))
			return err_invalid(e, "image %s: volume \"%s\" is no path", p->options->image, volumes->v[i]);
		if (has_mount(r, clean))
			continue;
		r->mounts = xreallocarray(r->mounts, r->n_mounts + 1, sizeof(*r->mounts));
		r->mounts[r->n_mounts] = (struct engine_mount){.type = ENGINE_MOUNT_VOLUME};
		r->mounts[r->n_mounts].destination = TAKE_PTR(clean);
		name_volume(&r->mounts[r->n_mounts++]);
	}
	return 0;
}

// ---- root filesystem ------------------------------------------------------------------------------------------------

static int userns_of(const struct engine_prepared *p, struct err *e)
{
	struct oci_id_mapping m = {.host_id = p->resolved.range.start, .size = p->resolved.range.size};
	const struct oci_id_mappings map = {.v = &m, .n = 1};

	return p->resolved.range.size ? idmap_userns(&map, &map, e) : -1;
}

int engine_prepare_rootfs(struct engine *g, const struct engine_prepared *p, struct err *e)
{
	unsigned flags = (p->options->auto_remove ? SNAPSHOT_VOLATILE : 0) | (g->rootless ? SNAPSHOT_USERXATTR : 0);
	int fd = -1;

	if (!p->image) {
		if (p->resolved.range.size)
			return err_set(
				e, ERR_UNSUPPORTED, ENOTSUP,
				"image host: this machine's files cannot be shown with other owners; leave --userns "
				"away");
		int rc = engine_host_rootfs(g, p->dir, flags | (p->options->read_only ? HOST_READONLY_MOUNTS : 0), &fd,
					    e);
		return rc < 0 ? rc : fd;
	}
	_cleanup_fd_ int userns = userns_of(p, e);
	if (p->resolved.range.size && userns < 0)
		return userns;
	return image_snapshot(g->images, p->image, p->dir, flags, userns, e);
}

// ---- configuration --------------------------------------------------------------------------------------------------

static int open_cache(struct engine *g)
{
	int root = engine_root_fd(g, NULL);

	if (root < 0)
		return -1;
	int fd = openat(root, "cache/seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if ((mkdirat(root, "cache", 0700) && errno != EEXIST) ||
	    (mkdirat(root, "cache/seccomp", 0700) && errno != EEXIST))
		return -1;
	return openat(root, "cache/seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

// Without a cache it is compiled, which only takes longer.
static int compile_filter(struct engine *g, struct engine_prepared *p, struct err *e)
{
	if (!p->spec->linux->seccomp)
		return 0;
	_cleanup_fd_ int cache = open_cache(g);
	int rc = seccomp_compile_cached(cache, p->spec->linux->seccomp, &p->filter, e);
	if (rc < 0)
		return err_wrap(e, rc, "seccomp profile");
	p->has_filter = true;
	return 0;
}

static int build_spec(struct engine *g, struct engine_prepared *p, int rootfs, bool running, struct err *e)
{
	struct spec_build b = {
		.g = g,
		.p = p,
		.o = p->options,
		.image = &p->config->config,
		.rootfs = rootfs,
		.running = running,
	};

	p->spec = b.spec = oci_spec_new();
	b.a = &p->spec->arena;
	b.spec->linux->resources = arena_new(b.a, struct oci_resources);
	b.spec->linux->cgroups_path = arena_strdup(b.a, p->cgroup_path);
	int rc = spec_build(&b, e);
	memcpy(p->keep, b.keep, sizeof(p->keep));
	p->n_keep = b.n_keep;
	if (rc >= 0)
		rc = compile_filter(g, p, e);
	return rc;
}

static int find_init(struct engine_prepared *p, struct err *e)
{
	char path[PATH_MAX];

	if (!p->options->init)
		return 0;
	int rc = private_file("berth-init", path, e);
	if (rc < 0)
		return err_wrap(e, rc, "--init");
	p->init_path = xstrdup(path);
	return 0;
}

static int fill_plan(struct engine *g, struct engine_prepared *p, struct err *e)
{
	int rc = build_spec(g, p, p->rootfs, false, e);

	if (rc >= 0)
		rc = find_init(p, e);
	if (rc < 0)
		return rc;
	p->plan.id = p->id;
	p->plan.spec = p->spec;
	p->plan.rootfs = p->rootfs;
	p->plan.seccomp = p->has_filter ? &p->filter : NULL;
	p->plan.cgroup_flags = p->cgroup_flags;
	p->plan.cgroup_path = p->cgroup_path;
	p->plan.init_process = p->init_path;
	p->plan.run_now = true;
	return 0;
}

// With the folder locked: all that is in it, and the plan.
static int furnish(struct engine *g, struct engine_prepared *p, struct err *e)
{
	p->rootfs = engine_prepare_rootfs(g, p, e);
	if (p->rootfs < 0)
		return p->rootfs;
	int rc = volumes_prepare(g, p, p->rootfs, e);
	if (rc >= 0)
		rc = files_write(g, p, e);
	return rc < 0 ? rc : fill_plan(g, p, e);
}

// ---- entry points ---------------------------------------------------------------------------------------------------

static int choose_name(struct engine *g, struct engine_prepared *p, struct err *e)
{
	if (p->options->name) {
		p->name = xstrdup(p->options->name + (*p->options->name == '/'));
		return engine_row_name_free(g, p->name, e);
	}
	for (unsigned i = 0; i < NAME_TRIES; i++) {
		free(p->name);
		p->name = engine_name_generate(i);
		int rc = engine_row_name_free(g, p->name, i + 1 < NAME_TRIES ? NULL : e);
		if (rc != -EEXIST)
			return rc;
	}
	return err_set(e, ERR_EXHAUSTED, EEXIST, "no free name was found: give one with --name");
}

// Until there is a row, repair finds the groups of a start that was killed by this: a link, as it is made at once or
// not.
static int note_cgroup_parent(const struct engine_prepared *p, struct err *e)
{
	if (str_empty(p->options->cgroup_parent) ||
	    !symlinkat(p->options->cgroup_parent, p->dir, ENGINE_CGROUP_PARENT_LINK))
		return 0;
	return err_sys(e, "note the parent of the container's cgroup");
}

static int make(struct engine *g, struct engine_prepared *p, struct err *e)
{
	p->dir = engine_lock(g, p->id, true, e);
	if (p->dir < 0)
		return p->dir;
	int rc = note_cgroup_parent(p, e);
	if (rc >= 0)
		rc = spec_userns_range(g, p->id, p->options->userns, &p->resolved.range, e);
	if (rc >= 0)
		rc = furnish(g, p, e);
	if (rc < 0)
		engine_prepared_discard(g, p);
	return rc;
}

int engine_prepare_new(struct engine *g, struct engine_create_options *o, struct engine_prepared **ret, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = prepared_new();
	char id[ENGINE_ID_LEN + 1];

	engine_id_generate(id);
	p->id = xstrdup(id);
	p->options = o;
	p->fresh = true;
	p->created = clock_now();
	int rc = spec_check(o, e);
	if (rc >= 0)
		rc = choose_name(g, p, e);
	if (rc >= 0)
		rc = decide(g, p, o->image, e);
	if (rc >= 0)
		rc = resolve_mounts(p, e);
	if (rc >= 0)
		rc = make(g, p, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(p);
	return 0;
}

// A container with a row, as it was written down.
static int load(struct engine *g, const char *id, struct engine_row *r, struct engine_prepared **ret, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = prepared_new();

	int rc = engine_row_load(g, id, r, e);
	if (rc >= 0)
		rc = engine_options_load(r->options, &p->own, &p->resolved, e);
	if (rc < 0)
		return err_wrap(e, rc, "container %.12s", id);
	p->id = xstrdup(r->c.id);
	p->name = xstrdup(r->c.name);
	p->created = r->c.created;
	rc = decide(g, p, r->c.image_id, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(p);
	return 0;
}

int engine_prepare(struct engine *g, const char *id, struct engine_prepared **ret, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_fd_ int dir = engine_lock_ended(g, id, e);

	if (dir < 0)
		return dir;
	int rc = load(g, id, &r, &p, e);
	if (rc < 0)
		return rc;
	p->dir = TAKE_FD(dir);
	// A monitor that was killed may have left processes and groups; a new start begins clean.
	if (r.c.state == ENGINE_RUNNING || r.c.state == ENGINE_PAUSED)
		rc = engine_kill_remains(g, &r, e);
	if (rc >= 0)
		rc = furnish(g, p, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(p);
	return 0;
}

int engine_prepare_running(struct engine *g, const char *id, int root_fd, struct engine_prepared **ret, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;
	_cleanup_engine_row_ struct engine_row r = {0};

	int rc = load(g, id, &r, &p, e);
	if (rc >= 0)
		rc = build_spec(g, p, root_fd, true, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(p);
	return 0;
}

void engine_prepared_discard(struct engine *g, struct engine_prepared *p)
{
	engine_prepared_started(p);
	(void)engine_row_delete(g, p->id, NULL);
	volumes_discard(g, p);
	engine_remove_folders(g, p->id, NULL);
	userns_range_release(g, p->id);
	fd_close(TAKE_FD(p->dir));
}

int engine_create(struct engine *g, const struct engine_create_options *o, char **ret_id, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;

	// engine_prepare_new only reads the options; run hands them on to the monitor, which does not.
	int rc = engine_prepare_new(g, (struct engine_create_options *)(uintptr_t)o, &p, e);
	if (rc < 0)
		return rc;
	engine_prepared_started(p);
	rc = notes_write_id(o, p->id, e);
	if (rc >= 0) {
		rc = engine_row_insert(g, p, NULL, e);
		if (rc < 0)
			notes_forget_id(o);
	}
	if (rc < 0) {
		engine_prepared_discard(g, p);
		return rc;
	}
	*ret_id = xstrdup(p->id);
	return 0;
}
