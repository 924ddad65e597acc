// SPDX-License-Identifier: Apache-2.0
// A container's groups as a whole: which hierarchies it needs, creating, entering, saving, opening, updating.
//
// Which hierarchies: every group costs its making, an entry and its removal, so without CGROUP_ALL_CONTROLLERS a
// container gets the v2 group where there is a v2 tree (init is born in it; kill, freeze and processor time come from
// it, even without controllers), and of the v1 hierarchies memory, pids and devices, what its limits ask for, and,
// without a v2 tree, freezer and cpuacct. An update that needs another hierarchy makes the group then and moves the
// processes there.
//
// Order of creation: all groups first, then limits, so that nobody is inside before they are set. On failure what was
// made is removed in reverse.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ADOPT_ROUNDS = 200, REMOVE_MS = 2000 };

// What a container uses without asking. On v2 these are switched on where they are to be had.
#define BASIC    (CG_BIT(CG_MEMORY) | CG_BIT(CG_PIDS) | CG_BIT(CG_DEVICES))
#define BASIC_V1 (CG_BIT(CG_FREEZER) | CG_BIT(CG_CPUACCT))
#define BASIC_V2 (CG_BIT(CG_MEMORY) | CG_BIT(CG_PIDS) | CG_BIT(CG_CPU) | CG_BIT(CG_IO))

struct cgroup_dir *cgroup_dir_v2(const struct cgroup *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->dirs[i].h->v2 && c->dirs[i].fd >= 0)
			return (struct cgroup_dir *)&c->dirs[i];
	return NULL;
}

struct cgroup_dir *cgroup_dir_of(const struct cgroup *c, enum cgroup_controller ctl)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->dirs[i].fd >= 0 && c->dirs[i].enabled & CG_BIT(ctl))
			return (struct cgroup_dir *)&c->dirs[i];
	return NULL;
}

static void dir_done(struct cgroup_dir *d)
{
	fd_close(d->fd);
	fd_close(d->tasks);
	free(d->path);
}

void cgroup_close(struct cgroup *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		dir_done(&c->dirs[i]);
	free(c->path);
	free(c);
}

void cgroup_close_p(struct cgroup **c)
{
	cgroup_close(*c);
	*c = NULL;
}

static int no_controller(const struct cgroup *c, enum cgroup_controller ctl, const char *field, struct err *e)
{
	struct cgroup_host *host = cgroup_host_get();
	const struct cgroup_hierarchy *h = cgroup_host_find(host, ctl);
	const char *name = cgroup_controller_name(ctl, h ? h->v2 : host->mode == CGROUP_V2);

	if (!h)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s: this host has no %s cgroup controller (cgroup %s)",
			       field, name, cgroup_mode_name(host->mode));
	if (h->v2 && c->refusal.code == EBUSY)
		return err_set(e, ERR_CONFLICT, EBUSY,
			       "%s: cannot hand the %s controller on from cgroup %s: it has processes of its own, "
			       "which cgroup "
			       "v2 does not allow in an inner group; %s",
			       field, name, c->refusal.at,
			       c->flags & CGROUP_ROOTLESS
				       ? "start berth in a group below it (systemd: DelegateSubgroup=)"
				       : "choose another cgroup path");
	int code = h->v2 && c->refusal.code ? c->refusal.code : c->denied ? c->denied : EACCES;
	int rc = err_set(e, err_class_of_errno(code), code, "%s: no %s cgroup can be had in %s: %s", field, name,
			 h->mountpoint, strerror(code));
	if ((code == EACCES || code == EPERM) && c->flags & CGROUP_ROOTLESS)
		cgroup_hint(
			e,
			h->v2 ? "an ordinary user needs a delegated cgroup: systemd-run --user --scope -p Delegate=yes"
			      : "cgroup v1 hierarchies cannot be delegated to an ordinary user");
	return rc;
}

static int apply_all(const struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	for (int i = 0; i < CG_MAX; i++) {
		enum cgroup_controller ctl = (enum cgroup_controller)i;
		const char *field = cgroup_asked(res, ctl);
		struct cgroup_dir *d = cgroup_dir_of(c, ctl);
		if (!d && field)
			return no_controller(c, ctl, field, e);
		if (!d || !d->h->ops->apply[ctl])
			continue;
		int rc = d->h->ops->apply[ctl](d, res, e);
		if (rc < 0)
			return rc;
	}
	return cgroup_v2_apply_unified(c, res, e);
}

static int apply_devices(const struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	const struct cgroup_dir *v1 = cgroup_dir_of(c, CG_DEVICES), *v2 = cgroup_dir_v2(c);
	_cleanup_free_ struct cgroup_device_rule *rules = NULL;
	size_t n = 0;
	int rc = cgroup_device_rules(res, &rules, &n, e);

	if (rc < 0)
		return rc;
	if (v1)
		return cgroup_v1_devices(v1, rules, n, e);
	if (v2)
		rc = cgroup_v2_devices(v2, rules, n, e);
	else if (!(c->flags & CGROUP_ROOTLESS) && res && res->n_devices)
		return err_set(
			e, ERR_UNSUPPORTED, EOPNOTSUPP,
			"linux.resources.devices: this host has neither the v1 devices controller nor cgroup v2");
	if (rc == -EPERM && c->flags & CGROUP_ROOTLESS) {
		log_debug("device rules are left out: bpf is denied to an ordinary user");
		return 0;
	}
	return rc;
}

static bool needs(const struct cgroup_hierarchy *h, bool have_v2, uint32_t asked, unsigned flags)
{
	if (h->v2 || flags & CGROUP_ALL_CONTROLLERS)
		return true;
	return h->controllers & (asked | BASIC | (have_v2 ? 0 : BASIC_V1));
}

// Fills path and where the container's part of it begins. Relative paths start at the caller's own group.
static size_t place(struct cgroup_host *host, const struct cgroup *c, const char *clean, struct cgroup_dir *d)
{
	const char *own = *c->path == '/' ? "" : cgroup_host_own(host, d->h);

	d->path = xasprintf("%s%s%s", own, *own ? "/" : "", clean);
	return strlen(own);
}

// An ordinary user who may not write where the path leads gets it below a group that is delegated to him.
static int make_delegated(struct cgroup_host *host, int root, struct cgroup_dir *d, const char *clean, uint32_t asked,
			  size_t *base, struct err *e)
{
	bool all = false; // if not, apply_all tells what is missing
	_cleanup_free_ char *own = cgroup_v2_delegated(host, d->h, asked, &all);

	if (!own)
		return -EACCES;
	free(d->path);
	d->path = xasprintf("%s%s%s", own, *own ? "/" : "", clean);
	*base = strlen(own);
	return cgroup_dir_make(root, d, *base, e);
}

static uint32_t v1_controllers(void)
{
	const struct cgroup_host *host = cgroup_host_get();
	uint32_t mask = 0;

	for (size_t i = 0; i < host->n; i++)
		mask |= host->h[i].v2 ? 0 : host->h[i].controllers;
	return mask;
}

static int prepare(struct cgroup *c, int root, struct cgroup_dir *d, size_t base, uint32_t asked, struct err *e)
{
	int rc = 0;

	if (d->h->v2) {
		if (!d->made || d->floor)
			rc = cgroup_v2_check_type(d, e);
		uint32_t want = (BASIC_V2 | asked) & ~v1_controllers();
		size_t from = c->flags & CGROUP_ROOTLESS ? base : 0;
		if (rc >= 0 && want) // on most hybrid hosts there is nothing to look for
			cgroup_v2_enable(root, d, from, want & cgroup_host_v2_controllers(d->h), &c->refusal);
		return rc;
	}
	d->enabled = d->h->controllers;
	if (d->enabled & CG_BIT(CG_CPUSET))
		rc = cgroup_v1_prepare_cpuset(root, d, e);
	if (rc >= 0) {
		d->tasks = openat(d->fd, "tasks", O_WRONLY | O_CLOEXEC);
		if (d->tasks < 0)
			rc = err_sys(e, "open %s/%s/tasks", d->h->mountpoint, d->path);
	}
	return rc;
}

// Removes what this create or update made, from its n-th directory on.
static void undo(struct cgroup *c, size_t from)
{
	while (c->n > from) {
		struct cgroup_dir *d = &c->dirs[--c->n];
		_cleanup_fd_ int root = d->made ? cgroup_root_open(d->h, NULL) : -1;
		if (root >= 0 && !unlinkat(root, d->path, AT_REMOVEDIR))
			cgroup_remove_parents(root, d->path, d->floor);
		dir_done(d);
	}
}

// Makes the group of h, the next of c. With CGROUP_ROOTLESS a refusal is no error yet: apply_all tells if it matters.
static int make_one(struct cgroup_host *host, struct cgroup *c, struct cgroup_hierarchy *h, const char *clean,
		    uint32_t asked, struct err *e)
{
	_cleanup_fd_ int root = cgroup_root_open(h, e);
	struct cgroup_dir *d = &c->dirs[c->n];

	if (root < 0)
		return root;
	*d = (struct cgroup_dir){.h = h, .fd = -1, .tasks = -1};
	size_t base = place(host, c, clean, d);
	int rc = cgroup_dir_make(root, d, base, e);
	bool denied = rc == -EACCES || rc == -EPERM || rc == -EROFS;
	if (denied && c->flags & CGROUP_ROOTLESS) {
		c->denied = -rc;
		rc = h->v2 ? make_delegated(host, root, d, clean, asked, &base, e) : rc;
		denied = rc == -EACCES || rc == -EPERM || rc == -EROFS;
	}
	if (rc < 0) {
		dir_done(d);
		if (!denied || !(c->flags & CGROUP_ROOTLESS))
			return rc;
		err_clear(e);
		return 0;
	}
	c->n++;
	rc = prepare(c, root, d, base, asked, e);
	if (rc < 0)
		undo(c, c->n - 1);
	return rc;
}

static uint32_t asked_of(const struct oci_resources *res)
{
	return res ? cgroup_asked_mask(res) | cgroup_v2_unified_mask(res) : 0;
}

// Limits that no controller of this host can hold are told before anything is made.
static int check_possible(const struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	for (int i = 0; i < CG_MAX; i++) {
		const char *field = cgroup_asked(res, (enum cgroup_controller)i);
		if (field && !cgroup_host_find(cgroup_host_get(), (enum cgroup_controller)i))
			return no_controller(c, (enum cgroup_controller)i, field, e);
	}
	return 0;
}

static int make_all(struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	struct cgroup_host *host = cgroup_host_get();
	_cleanup_free_ char *clean = cgroup_path_clean(c->path, e);

	if (!clean)
		return -EINVAL;
	int rc = check_possible(c, res, e);
	for (size_t i = 0; i < host->n && rc >= 0; i++)
		if (needs(&host->h[i], cgroup_host_v2(host), cgroup_asked_mask(res), c->flags))
			rc = make_one(host, c, &host->h[i], clean, asked_of(res), e);
	return rc;
}

int cgroup_create(const char *path, const struct oci_resources *res, unsigned flags, struct cgroup **ret, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = xnew(struct cgroup);
	static const struct oci_resources none = {0};

	c->path = xstrdup(path);
	c->flags = flags;
	if (!res)
		res = &none;
	int rc = make_all(c, res, e);
	if (rc >= 0)
		rc = apply_all(c, res, e);
	if (rc >= 0)
		rc = apply_devices(c, res, e);
	if (rc < 0) {
		undo(c, 0);
		return rc;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

void cgroup_save(const struct cgroup *c, struct json_writer *w)
{
	jw_object(w);
	jw_kstr(w, "path", c->path);
	jw_kint(w, "flags", c->flags);
	jw_key(w, "groups");
	jw_array(w);
	for (size_t i = 0; i < c->n; i++) {
		jw_object(w);
		jw_kbool(w, "v2", c->dirs[i].h->v2);
		jw_kstr(w, "hierarchy", c->dirs[i].h->options);
		jw_kstr(w, "path", c->dirs[i].path);
		jw_kint(w, "keep", (int64_t)c->dirs[i].floor);
		jw_object_end(w);
	}
	jw_array_end(w);
	jw_object_end(w);
}

static struct cgroup_hierarchy *find_saved(struct cgroup_host *host, bool v2, const char *options)
{
	for (size_t i = 0; i < host->n; i++)
		if (host->h[i].v2 == v2 && (v2 || str_eq(host->h[i].options, options)))
			return &host->h[i];
	return NULL;
}

static uint32_t saved_controllers(const struct cgroup_dir *d)
{
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);

	if (!d->h->v2)
		return d->h->controllers;
	if (file_read(d->fd, "cgroup.controllers", CGROUP_FILE_MAX, &b, NULL) < 0)
		return 0;
	return cgroup_controllers_parse(b.data, true);
}

// A group that is gone, or whose hierarchy is (the machine was booted anew), leaves a closed directory behind or
// nothing.
static int open_one(struct cgroup_host *host, struct cgroup *c, const struct json *j, struct err *e)
{
	const char *options = json_get_str(j, "hierarchy", NULL), *path = json_get_str(j, "path", NULL);
	int64_t keep = json_get_int(j, "keep", -1);

	if (!options || !path || keep < 0 || keep >= (int64_t)strlen(path) || c->n == CGROUP_HIERARCHIES_MAX)
		return err_set(e, ERR_CORRUPT, EINVAL, "saved cgroup: a group's entry is damaged");
	_cleanup_free_ char *clean = cgroup_path_clean(path, e);
	if (!clean)
		return err_wrap(e, -EINVAL, "saved cgroup");
	struct cgroup_hierarchy *h = find_saved(host, json_get_bool(j, "v2", false), options);
	if (!h)
		return 0;
	struct cgroup_dir d = {.h = h, .tasks = -1, .fd = -1, .floor = (size_t)keep};
	_cleanup_fd_ int root = cgroup_root_open(h, e);
	if (root < 0)
		return root;
	d.fd = openat(root, clean, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0 && errno != ENOENT)
		return err_sys(e, "open cgroup %s/%s", h->mountpoint, clean);
	d.enabled = d.fd < 0 ? 0 : saved_controllers(&d);
	d.path = TAKE_PTR(clean);
	c->dirs[c->n++] = d;
	return 0;
}

int cgroup_open(const struct json *saved, struct cgroup **ret, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = xnew(struct cgroup);
	const struct json *groups = json_get(saved, "groups");
	const char *path = json_get_str(saved, "path", NULL);

	if (!path || !groups || groups->type != JSON_ARRAY)
		return err_set(e, ERR_CORRUPT, EINVAL, "saved cgroup: \"path\" and \"groups\" are missing");
	c->path = xstrdup(path);
	c->flags = (unsigned)json_get_int(saved, "flags", 0);
	for (size_t i = 0; i < groups->arr.n; i++) {
		int rc = open_one(cgroup_host_get(), c, groups->arr.v[i], e);
		if (rc < 0)
			return rc;
	}
	*ret = TAKE_PTR(c);
	return 0;
}

// The group of h at path, the next of c; 1 if there is one.
// Nobody remembers which of its parents were made with it: all but the house's own stay.
static int open_existing(struct cgroup *c, struct cgroup_hierarchy *h, char *path, size_t base, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t parents = slash ? (size_t)(slash - path) : 0;
	struct cgroup_dir d = {.h = h,
			       .tasks = -1,
			       .fd = -1,
			       .floor = cgroup_house_floor(path, base, MAX(base, parents))};
	_cleanup_free_ char *owned = path;
	_cleanup_fd_ int root = cgroup_root_open(h, e);

	if (root < 0)
		return root;
	d.fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : err_sys(e, "open cgroup %s/%s", h->mountpoint, path);
	d.enabled = saved_controllers(&d);
	d.path = TAKE_PTR(owned);
	c->dirs[c->n++] = d;
	return 1;
}

static int find_existing(struct cgroup_host *host, struct cgroup *c, struct cgroup_hierarchy *h, const char *clean,
			 struct err *e)
{
	struct cgroup_dir placed = {.h = h, .fd = -1, .tasks = -1};
	size_t base = place(host, c, clean, &placed);

	int rc = open_existing(c, h, placed.path, base, e);
	if (rc || !h->v2 || !(c->flags & CGROUP_ROOTLESS))
		return rc;
	_cleanup_strv_ char **v = cgroup_v2_candidates(host, h);
	for (size_t i = 0; !rc && v && v[i]; i++)
		rc = open_existing(c, h, xasprintf("%s%s%s", v[i], *v[i] ? "/" : "", clean), strlen(v[i]), e);
	return rc;
}

int cgroup_open_path(const char *path, unsigned flags, struct cgroup **ret, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = xnew(struct cgroup);
	struct cgroup_host *host = cgroup_host_get();
	_cleanup_free_ char *clean = cgroup_path_clean(path, e);

	if (!clean)
		return -EINVAL;
	c->path = xstrdup(path);
	c->flags = flags;
	for (size_t i = 0; i < host->n; i++) {
		int rc = find_existing(host, c, &host->h[i], clean, e);
		if (rc < 0)
			return rc;
	}
	if (!c->n)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "no cgroup %s", path);
	*ret = TAKE_PTR(c);
	return 0;
}

int cgroup_clone_fd(const struct cgroup *c)
{
	const struct cgroup_dir *d = cgroup_dir_v2(c);

	return d ? d->fd : -1;
}

static int enter(const struct cgroup_dir *d, struct err *e)
{
	const char *file = d->h->v2 ? "cgroup.procs" : "tasks";
	_cleanup_fd_ int opened = d->tasks >= 0 ? -1 : openat(d->fd, file, O_WRONLY | O_CLOEXEC);
	int fd = d->tasks >= 0 ? d->tasks : opened;

	if (fd < 0 || fd_write_full(fd, "0", 1) < 0)
		return err_sys(e, "enter cgroup %s/%s", d->h->mountpoint, d->path);
	return 0;
}

int cgroup_enter_self(const struct cgroup *c, bool with_clone_fd, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct cgroup_dir *d = &c->dirs[i];
		if (d->fd < 0 || (d->h->v2 && with_clone_fd))
			continue;
		int rc = enter(d, e);
		if (rc == -EINVAL && d->enabled & CG_BIT(CG_CPU))
			cgroup_hint(e, "a realtime process needs linux.resources.cpu.realtimeRuntime");
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int attach_to(const struct cgroup_dir *d, pid_t pid, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	int rc = file_write_kernel(d->fd, "cgroup.procs", text, NULL);
	return rc < 0 ? err_rc(e, rc, "move process %d to cgroup %s/%s", (int)pid, d->h->mountpoint, d->path) : 0;
}

int cgroup_attach(const struct cgroup *c, pid_t pid, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		int rc = c->dirs[i].fd < 0 ? 0 : attach_to(&c->dirs[i], pid, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// Moves everyone of the container into d, which an update made. Children of those not yet moved are found by looking
// again until nobody is left.
static int adopt(const struct cgroup *c, const struct cgroup_dir *d, struct err *e)
{
	for (int round = 0; round < ADOPT_ROUNDS; round++) {
		_cleanup_free_ pid_t *all = NULL, *in = NULL;
		size_t n = 0, n_in = 0, moved = 0;
		int rc = cgroup_pids(c, &all, &n, e);
		if (rc >= 0)
			rc = cgroup_dir_pids(d->fd, &in, &n_in, e);
		if (rc < 0)
			return rc;
		for (size_t i = 0, j = 0; i < n; i++) {
			while (j < n_in && in[j] < all[i])
				j++;
			if (j < n_in && in[j] == all[i])
				continue;
			rc = attach_to(d, all[i], e);
			if (rc < 0 && rc != -ESRCH)
				return rc;
			moved++;
		}
		if (!moved)
			return 0;
	}
	return err_set(e, ERR_UNAVAILABLE, EAGAIN, "move the processes to cgroup %s/%s: new ones keep coming",
		       d->h->mountpoint, d->path);
}

static bool has_dir(const struct cgroup *c, const struct cgroup_hierarchy *h)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->dirs[i].h == h)
			return true;
	return false;
}

// A v2 group whose controllers must first be handed on.
static int enable_more(struct cgroup *c, uint32_t asked, struct err *e)
{
	struct cgroup_dir *d = cgroup_dir_v2(c);

	if (!d || !(asked & cgroup_host_v2_controllers(d->h) & ~d->enabled))
		return 0;
	_cleanup_fd_ int root = cgroup_root_open(d->h, e);
	if (root < 0)
		return root;
	cgroup_v2_enable(root, d, c->flags & CGROUP_ROOTLESS ? d->floor : 0, asked & d->h->controllers, &c->refusal);
	return 0;
}

static int make_missing(struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	struct cgroup_host *host = cgroup_host_get();
	uint32_t asked = cgroup_asked_mask(res);
	_cleanup_free_ char *clean = cgroup_path_clean(c->path, e);
	size_t before = c->n;
	int rc = clean ? check_possible(c, res, e) : -EINVAL;

	for (size_t i = 0; i < host->n && rc >= 0; i++) {
		struct cgroup_hierarchy *h = &host->h[i];
		if (h->v2 || !(h->controllers & asked) || has_dir(c, h))
			continue;
		rc = make_one(host, c, h, clean, asked, e);
	}
	if (rc >= 0 && c->n > before)
		rc = apply_all(c, res, e);
	if (rc < 0)
		undo(c, before);
	for (size_t i = before; i < c->n && rc >= 0; i++)
		rc = adopt(c, &c->dirs[i], e);
	return rc;
}

int cgroup_update(struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	int rc = enable_more(c, asked_of(res), e);

	if (rc >= 0)
		rc = make_missing(c, res, e);
	if (rc >= 0)
		rc = apply_all(c, res, e);
	if (rc >= 0 && res->n_devices)
		rc = apply_devices(c, res, e);
	return rc < 0 ? err_wrap(e, rc, "update cgroup %s", c->path) : 0;
}

size_t cgroup_mounts(const struct cgroup *c, struct cgroup_mount *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n && n < max; i++) {
		const struct cgroup_dir *d = &c->dirs[i];
		const char *slash = strrchr(d->h->mountpoint, '/');
		if (d->fd >= 0)
			ret[n++] = (struct cgroup_mount){.name = slash ? slash + 1 : d->h->mountpoint,
							 .options = d->h->options,
							 .v2 = d->h->v2,
							 .fd = d->fd};
	}
	return n;
}
