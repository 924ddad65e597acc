// SPDX-License-Identifier: Apache-2.0
// Owns the resolving of a plan before anything is started: what the configuration asks is checked against what can
// be done, names become numbers, paths become descriptors. What passes here fails later only for the kernel's reasons.
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/device.h"
#include "kernel/namespace.h"
#include "kernel/sysctl.h"
#include "runtime/start.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int prepare_namespaces(struct start *s, struct err *e)
{
	const struct oci_linux *l = s->spec->linux;
	unsigned seen = 0;

	for (size_t i = 0; i < l->n_namespaces; i++) {
		const struct oci_namespace *ns = &l->namespaces[i];
		unsigned flag = namespace_flag(ns->type);
		if (seen & flag)
			return err_invalid(e, "linux.namespaces: %s is given twice", oci_namespace_name(ns->type));
		seen |= flag;
		if (str_empty(ns->path)) {
			s->new_namespaces |= flag;
			s->own_namespaces |= flag;
			continue;
		}
		s->join[ns->type] = namespace_open(ns->type, ns->path, e);
		if (s->join[ns->type] < 0)
			return s->join[ns->type];
		s->joins = true;
		if (!namespace_is_ours(ns->type, s->join[ns->type]))
			s->own_namespaces |= flag;
	}
	if (!(seen & CLONE_NEWNS))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "linux.namespaces: a container needs a mount namespace, new or joined");
	s->has_userns = seen & CLONE_NEWUSER;
	s->host_mounts = s->join[OCI_NS_MOUNT] >= 0;
	return 0;
}

static int check_namespaced(const struct start *s, struct err *e)
{
	const struct oci_spec *spec = s->spec;

	if (!(s->own_namespaces & CLONE_NEWUTS) && (!str_empty(spec->hostname) || !str_empty(spec->domainname)))
		return err_invalid(e, "hostname: a name of the container's own needs a uts namespace");
	if (spec->linux->n_time_offsets && !(s->new_namespaces & CLONE_NEWTIME))
		return err_invalid(e, "linux.timeOffsets: they need a new time namespace");
	if (spec->linux->uid_mappings.n && !s->has_userns)
		return err_invalid(e, "linux.uidMappings: they need a user namespace");
	if (spec->linux->n_net_devices && !(s->own_namespaces & CLONE_NEWNET))
		return err_invalid(e, "linux.netDevices: they need a network namespace");
	return sysctl_check(&spec->linux->sysctl, s->own_namespaces, e);
}

// What is not there is refused by name, never passed over.
static int check_supported(const struct start *s, struct err *e)
{
	const struct oci_linux *l = s->spec->linux;

	if (l->intel_rdt)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "linux.intelRdt: not supported");
	if (!str_empty(l->mount_label) && access("/sys/fs/selinux/enforce", F_OK) < 0)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "linux.mountLabel: this kernel runs without SELinux");
	return 0;
}

static int parse_propagation(const char *name, unsigned *ret, struct err *e)
{
	static const struct {
		const char *name;
		unsigned ms;
	} table[] = {
		{"shared", MS_SHARED},  {"slave", MS_SLAVE},  {"private", MS_PRIVATE},  {"unbindable", MS_UNBINDABLE},
		{"rshared", MS_SHARED}, {"rslave", MS_SLAVE}, {"rprivate", MS_PRIVATE}, {"runbindable", MS_UNBINDABLE},
		{"", MS_SLAVE}};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (str_eq(table[i].name, name ? name : "")) {
			*ret = table[i].ms | (name && *name == 'r' ? MS_REC : 0u);
			return 0;
		}
	return err_invalid(e, "linux.rootfsPropagation: unknown value \"%s\"", name);
}

static int prepare_root(struct start *s, struct err *e)
{
	const struct oci_root *root = s->spec->root;
	int rc = parse_propagation(s->spec->linux->rootfs_propagation, &s->propagation, e);

	if (rc < 0)
		return rc;
	if (s->plan->rootfs >= 0) {
		s->rootfs = fcntl(s->plan->rootfs, F_DUPFD_CLOEXEC, 3);
		return s->rootfs < 0 ? err_sys(e, "root file system") : 0;
	}
	if (!root || str_empty(root->path))
		return err_invalid(e, "root.path: missing");
	int dir = s->plan->bundle >= 0 ? s->plan->bundle : AT_FDCWD;
	_cleanup_fd_ int at = openat(dir, root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_sys(e, "root.path: %s", root->path);
	s->rootfs = mount_clone(at, true, e);
	if (s->rootfs < 0)
		return err_wrap(e, s->rootfs, "root.path: %s", root->path);
	unsigned ms = s->propagation & MS_SHARED ? MS_PRIVATE : s->propagation;
	return mount_set_propagation(s->rootfs, ms | MS_REC, e);
}

// In a joined mount namespace the root is put where its path leads there.
static int prepare_host_root(struct start *s, struct err *e)
{
	if (!s->host_mounts)
		return 0;
	const struct oci_root *root = s->spec->root;
	if (!root || str_empty(root->path) || *root->path != '/')
		return err_invalid(e, "root.path: must be absolute with a joined mount namespace");
	s->host_root = xstrdup(root->path);
	return 0;
}

static int prepare_filter(struct start *s, struct err *e)
{
	s->payload.filter = s->plan->seccomp;
	if (s->plan->seccomp || !s->spec->linux->seccomp)
		return 0;
	int rc = seccomp_compile(s->spec->linux->seccomp, &s->own_filter, e);
	if (rc < 0)
		return err_wrap(e, rc, "linux.seccomp");
	s->payload.filter = &s->own_filter;
	return 0;
}

static int prepare_payload(struct start *s, struct err *e)
{
	struct payload *p = &s->payload;
	const struct container_plan *plan = s->plan;
	int rc = payload_prepare(p, s->spec->process, s->spec->linux, e);

	if (!rc)
		rc = prepare_filter(s, e);
	if (rc < 0)
		return rc;
	memcpy(p->stdio, plan->stdio, sizeof(p->stdio));
	p->console_socket = plan->console_socket;
	p->preserve = plan->preserve_fds;
	p->n_preserve = plan->n_preserve_fds;
	p->ask_limits = s->has_userns;
	p->new_keyring = !plan->no_new_keyring;
	if (plan->init_process) {
		p->init_process = payload_open_host(p, plan->init_process, O_PATH, e);
		if (p->init_process < 0)
			return err_wrap(e, p->init_process, "init process");
	}
	return payload_open_self(p, e);
}

static int prepare_cgroup(struct start *s, struct err *e)
{
	const struct container_plan *plan = s->plan;
	const char *path = plan->cgroup_path ? plan->cgroup_path : s->spec->linux->cgroups_path;
	char own[256];

	if (path && !*path && plan->cgroup_path)
		return 0;
	if (str_empty(path)) {
		int rc = str_fmt(own, sizeof(own), "/berth/%s", plan->id);
		if (rc < 0)
			return err_rc(e, rc, "cgroup of %s", plan->id);
		path = own;
	}
	return cgroup_create(path, s->spec->linux->resources, plan->cgroup_flags, &s->cgroup, e);
}

// For the state that hooks get.
static char *bundle_path(const struct container_plan *plan)
{
	char link[FD_PATH_MAX], path[PATH_MAX];

	if (plan->bundle < 0)
		return NULL;
	fd_proc_path(link, plan->bundle);
	ssize_t n = readlink(link, path, sizeof(path));
	return n <= 0 || n == (ssize_t)sizeof(path) ? NULL : xstrndup(path, (size_t)n);
}

int start_prepare(struct start *s, const struct container_plan *plan, struct err *e)
{
	*s = (struct start){.plan = plan, .spec = plan->spec, .rootfs = -1};
	for (int t = 0; t < OCI_NS_MAX; t++)
		s->join[t] = -1;
	s->payload.id = plan->id;
	s->payload.hooks = plan->spec;
	payload_init(&s->payload);
	s->ask_namespaces = plan->on_namespaces || plan->spec->linux->n_net_devices ||
			    hooks_any(plan->spec, HOOK_PRESTART) || hooks_any(plan->spec, HOOK_CREATE_RUNTIME);
	s->payload.bundle = s->bundle = bundle_path(plan);
	if (!plan->spec->process)
		return err_invalid(e, "process: missing");
	int rc = prepare_namespaces(s, e);
	if (!rc)
		rc = check_namespaced(s, e);
	if (!rc)
		rc = check_supported(s, e);
	if (!rc)
		rc = prepare_payload(s, e);
	if (!rc)
		rc = prepare_root(s, e);
	if (!rc)
		rc = prepare_host_root(s, e);
	if (!rc)
		rc = mounts_prepare(s, e);
	if (!rc && !s->own_dev)
		rc = payload_open_null(&s->payload, e);
	if (!rc)
		rc = prepare_cgroup(s, e);
	return rc;
}

void start_done(struct start *s)
{
	for (int t = 0; t < OCI_NS_MAX; t++)
		fd_close(s->join[t]);
	for (size_t i = 0; i < s->n_mounts; i++) {
		fd_close(s->mounts[i].tree);
		free(s->mounts[i].destination);
		mount_options_done(&s->mounts[i].o);
	}
	free(s->mounts);
	free(s->host_root);
	free(s->bundle);
	fd_close(s->rootfs);
	payload_done(&s->payload);
	seccomp_filter_done(&s->own_filter);
	cgroup_close(s->cgroup);
}
