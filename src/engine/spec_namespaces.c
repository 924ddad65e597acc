// SPDX-License-Identifier: Apache-2.0
// Which namespaces are new, whose are joined, what stays the host's; and the id range of a user namespace of its own.
//
// A namespace of another container is joined by a descriptor that is opened first and checked afterwards: the process
// still has its recorded start time, so the descriptor is of that container and no pid was reused in between.
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/rootless.h"
#include "engine/row.h"
#include "engine/spec.h"
#include "engine/userns.h"
#include "kernel/namespace.h"

#include <stdio.h>

bool spec_mode_is_private(const char *mode)
{
	return !mode || !*mode || str_eq(mode, "private");
}

bool spec_mode_is_host(const char *mode)
{
	return mode && str_eq(mode, "host");
}

bool spec_network_is_host(const struct engine_create_options *o)
{
	return spec_mode_is_host(o->network);
}

const char *spec_mode_container(const char *mode)
{
	return mode ? str_after(mode, "container:") : NULL;
}

int spec_other_container(struct engine *g, const char *what, const char *ref, struct engine_row *ret, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	_cleanup_engine_row_ struct engine_row r = {0};

	int rc = engine_row_lookup(g, ref, id, e);
	if (rc >= 0)
		rc = engine_row_load(g, id, &r, e);
	if (rc >= 0)
		rc = engine_row_check(g, &r, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", what);
	if ((r.c.state != ENGINE_RUNNING && r.c.state != ENGINE_PAUSED) || r.c.pid <= 0)
		return err_set(e, ERR_CONFLICT, EINVAL, "%s: container %s is not running", what, ref);
	*ret = r;
	r = (struct engine_row){0};
	return 0;
}

static int open_of_container(struct spec_build *b, const char *what, enum oci_namespace_type t, const char *ref,
			     struct oci_namespace *ns, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	char path[64];

	if (b->running) { // exec joins the container itself
		ns->path = arena_printf(b->a, "container:%s", ref);
		return 0;
	}
	int rc = spec_other_container(b->g, what, ref, &r, e);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", r.c.pid, namespace_proc_name(t));
	int fd = namespace_open(t, path, e);
	if (fd < 0)
		return err_wrap(e, fd, "%s", what);
	b->keep[b->n_keep++] = fd;
	if (engine_process_start(r.c.pid) != r.pid_start)
		return err_set(e, ERR_CONFLICT, EINVAL, "%s: container %s is not running", what, ref);
	ns->path = arena_printf(b->a, "/proc/self/fd/%d", fd);
	return 0;
}

static int add(struct spec_build *b, const char *flag, enum oci_namespace_type t, const char *mode, struct err *e)
{
	const char *other = spec_mode_container(mode), *path = mode ? str_after(mode, "ns:") : NULL;

	if (spec_mode_is_host(mode))
		return 0;
	struct oci_namespace *ns = arena_append(b->a, b->spec->linux->namespaces, b->spec->linux->n_namespaces);
	ns->type = t;
	if (spec_mode_is_private(mode))
		return 0;
	if (other)
		return open_of_container(b, flag, t, other, ns, e);
	if (path && *path == '/') {
		ns->path = arena_strdup(b->a, path);
		return 0;
	}
	return err_invalid(e, "%s: \"%s\" is not one of private, host, container:NAME, ns:/PATH", flag, mode);
}

static const char *network_mode(const struct engine_create_options *o)
{
	return !o->network || str_eq(o->network, "default") || str_eq(o->network, "none") ? NULL : o->network;
}

static int check_network(const struct engine_create_options *o, struct err *e)
{
	const char *m = network_mode(o);

	if (spec_mode_is_private(m) || spec_mode_is_host(m) || spec_mode_container(m) || str_after(m, "ns:"))
		return 0;
	return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
		       "network \"%s\": there are none, host, container:NAME and ns:/PATH; bridge and own networks are "
		       "not there yet",
		       m);
}

static void map(struct spec_build *b, struct oci_id_mappings *m, struct engine_idrange r)
{
	struct oci_id_mapping *v = arena_append(b->a, m->v, m->n);
	*v = (struct oci_id_mapping){.container_id = 0, .host_id = r.start, .size = r.size};
}

static int add_user(struct spec_build *b, struct err *e)
{
	struct oci_linux *l = b->spec->linux;
	const char *other = spec_mode_container(b->o->userns);

	if (!b->p->resolved.range.size)
		return 0;
	b->userns = true;
	struct oci_namespace *ns = arena_append(b->a, l->namespaces, l->n_namespaces);
	ns->type = OCI_NS_USER;
	if (other)
		return open_of_container(b, "--userns", OCI_NS_USER, other, ns, e);
	map(b, &l->uid_mappings, b->p->resolved.range);
	map(b, &l->gid_mappings, b->p->resolved.range);
	return 0;
}

static int range_of_other(struct engine *g, const char *ref, struct engine_idrange *ret, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	struct engine_create_options o = {0};
	struct engine_resolved resolved = {0};

	int rc = spec_other_container(g, "--userns", ref, &r, e);
	if (rc >= 0)
		rc = engine_options_load(r.options, &o, &resolved, e);
	if (rc < 0)
		return rc;
	*ret = resolved.range;
	engine_create_options_done(&o);
	engine_resolved_done(&resolved);
	return 0;
}

int spec_userns_range(struct engine *g, const char *id, const char *mode, struct engine_idrange *ret, struct err *e)
{
	if (str_empty(mode) || spec_mode_is_host(mode))
		return 0;
	if (g->rootless)
		return err_set(
			e, ERR_UNSUPPORTED, ENOTSUP,
			"--userns %s: an ordinary user's containers are in his own user namespace; layers cannot be "
			"shown with other owners in a second one",
			mode);
	if (spec_mode_container(mode))
		return range_of_other(g, spec_mode_container(mode), ret, e);
	if (str_eq(mode, "auto"))
		return userns_range_take(g, id, ret, e);
	if (str_eq(mode, "keep-id"))
		return err_invalid(e, "--userns keep-id: is for ordinary users, root has nothing to keep");
	return err_invalid(e, "--userns: \"%s\" is not one of host, auto, container:NAME", mode);
}

int spec_namespaces(struct spec_build *b, struct err *e)
{
	const struct engine_create_options *o = b->o;
	const char *ipc = o->ipc && str_eq(o->ipc, "shareable") ? NULL : o->ipc;

	int rc = check_network(o, e);
	if (rc >= 0)
		rc = add_user(b, e);
	if (rc >= 0)
		rc = add(b, "mount", OCI_NS_MOUNT, NULL, e);
	if (rc >= 0)
		rc = add(b, "--network", OCI_NS_NETWORK, network_mode(o), e);
	if (rc >= 0)
		rc = add(b, "--pid", OCI_NS_PID, o->pid, e);
	if (rc >= 0)
		rc = add(b, "--ipc", OCI_NS_IPC, ipc, e);
	if (rc >= 0)
		rc = add(b, "--uts", OCI_NS_UTS, o->uts, e);
	if (rc >= 0)
		rc = add(b, "--cgroupns", OCI_NS_CGROUP, o->cgroupns, e);
	if (rc < 0)
		return rc;
	if (!spec_mode_is_private(o->uts))
		return 0;
	_cleanup_free_ char *hostname = spec_hostname(o, b->p->id);
	b->spec->hostname = arena_strdup(b->a, hostname);
	b->spec->domainname = o->domainname ? arena_strdup(b->a, o->domainname) : NULL;
	return 0;
}
