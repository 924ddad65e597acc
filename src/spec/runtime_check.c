// SPDX-License-Identifier: Apache-2.0
// What a configuration must satisfy beyond the types of its members, checked before anything is touched: the rules of
// config.md and config-linux.md that need no look at the machine, and the grammars that keep foreign text from becoming
// a path, a file name or a line (sysctl names, cgroup files, device and interface names, CLOS names).
//
// In order: version; root, hostname, mounts, hooks, annotations; process (runtime_check_process.c); namespaces,
// mappings and what needs them; sysctls; devices; paths and propagation; resources; seccomp; the small sections of
// linux. The texts begin with the JSON path of the culprit, as those of the parser do.
#include "spec/runtime_check.h"

#include "base/str.h"

#include <ctype.h>

enum {
	UTS_NAME_MAX = 64,       // __NEW_UTS_LEN of the kernel
	ID_EXTENTS_MAX = 340,    // user_namespaces(7)
	DEV_NAME_MAX = 15,       // IFNAMSIZ less the NUL
	DEV_MAJOR_MAX = 4095,    // 12 bits
	DEV_MINOR_MAX = 1048575, // 20 bits
	ERRNO_MAX = 4095,        // what seccomp can return as an errno
	NS_A_SECOND = 1000000000,
};

bool check_in(const char *word, const char *const *words)
{
	return word && str_in(word, words);
}

bool check_absolute(const char *path)
{
	return path && path[0] == '/';
}

static bool list_number(const char **s, unsigned *ret)
{
	const char *start = *s;

	*ret = 0;
	for (; isdigit((unsigned char)**s) && *s - start < 6; (*s)++)
		*ret = *ret * 10 + (unsigned)(**s - '0');
	return *s != start;
}

bool check_cpu_list(const char *list)
{
	for (;; list++) {
		unsigned from, to;
		if (!list_number(&list, &from))
			return false;
		if (*list == '-' && (list++, !list_number(&list, &to) || to < from))
			return false;
		if (*list != ',')
			return !*list;
	}
}

static bool has_namespace(const struct oci_spec *s, enum oci_namespace_type t)
{
	return oci_find_namespace(s, t);
}

// ---- version, root, names, mounts, hooks, annotations

// A number without leading zeros, moving *s behind it; -1 if there is none.
static long version_number(const char **s)
{
	const char *start = *s;
	long v = 0;

	for (; isdigit((unsigned char)**s) && *s - start < 6; (*s)++)
		v = v * 10 + (**s - '0');
	return *s == start || (start[0] == '0' && *s - start > 1) ? -1 : v;
}

// Semantic versioning 2.0.0: MAJOR.MINOR.PATCH, then "-..." or "+...".
static int check_version(const char *version, struct err *e)
{
	const char *p = version;
	long major = version_number(&p);
	bool valid = major >= 0;

	for (int i = 0; i < 2 && valid; i++)
		valid = *p++ == '.' && version_number(&p) >= 0;
	if (valid && *p)
		valid = (*p == '-' || *p == '+') && p[1];
	for (; valid && *p; p++)
		valid = isalnum((unsigned char)*p) || strchr("-+.", *p);
	if (!valid)
		return err_invalid(e, "ociVersion: \"%.64s\" is not a version", version);
	if (major != 1)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "ociVersion: %s: version 1 is supported", version);
	return 0;
}

static int check_names(const struct oci_spec *s, struct err *e)
{
	const char *const names[] = {s->hostname, s->domainname}, *const members[] = {"hostname", "domainname"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_empty(names[i]))
			continue;
		if (strlen(names[i]) > UTS_NAME_MAX)
			return err_invalid(e, "%s: longer than %d bytes", members[i], UTS_NAME_MAX);
		if (!has_namespace(s, OCI_NS_UTS))
			return err_invalid(e, "%s: needs a uts namespace in linux.namespaces", members[i]);
	}
	return 0;
}

// Ranges of 32-bit ids that do not wrap, do not overlap on either side, and are not too many.
static int check_mappings(const struct oci_id_mappings *m, const char *where, struct err *e)
{
	if (m->n > ID_EXTENTS_MAX)
		return err_invalid(e, "%s: more than %d mappings", where, ID_EXTENTS_MAX);
	for (size_t i = 0; i < m->n; i++) {
		const struct oci_id_mapping *a = &m->v[i];
		if (!a->size)
			return err_invalid(e, "%s[%zu].size: must not be 0", where, i);
		if (a->size > UINT32_MAX - a->container_id || a->size > UINT32_MAX - a->host_id)
			return err_invalid(e, "%s[%zu]: exceeds the 32-bit ids", where, i);
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_mapping *b = &m->v[k];
			if ((a->container_id < b->container_id + b->size &&
			     b->container_id < a->container_id + a->size) ||
			    (a->host_id < b->host_id + b->size && b->host_id < a->host_id + a->size))
				return err_invalid(e, "%s[%zu]: overlaps %s[%zu]", where, i, where, k);
		}
	}
	return 0;
}

static int check_mounts(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct oci_mount *m = &s->mounts[i];
		char where[64];
		if (str_empty(m->destination))
			return err_invalid(e, "mounts[%zu].destination: must not be empty", i);
		if (!m->uid_mappings.n != !m->gid_mappings.n)
			return err_invalid(e, "mounts[%zu]: uidMappings and gidMappings must come together", i);
		snprintf(where, sizeof(where), "mounts[%zu].uidMappings", i);
		int rc = check_mappings(&m->uid_mappings, where, e);
		snprintf(where, sizeof(where), "mounts[%zu].gidMappings", i);
		if (rc >= 0)
			rc = check_mappings(&m->gid_mappings, where, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_hooks(const struct oci_hooks *h, struct err *e)
{
	const struct {
		const char *name;
		const struct oci_hook_list *list;
	} kinds[] = {
		{"prestart", &h->prestart},
		{"createRuntime", &h->create_runtime},
		{"createContainer", &h->create_container},
		{"startContainer", &h->start_container},
		{"poststart", &h->poststart},
		{"poststop", &h->poststop},
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < kinds[k].list->n; i++) {
			const struct oci_hook *hook = &kinds[k].list->v[i];
			if (!check_absolute(hook->path))
				return err_invalid(e, "hooks.%s[%zu].path: \"%s\" is not an absolute path",
						   kinds[k].name, i, hook->path);
			if (hook->timeout.set && hook->timeout.v <= 0)
				return err_invalid(e, "hooks.%s[%zu].timeout: %lld is not above 0", kinds[k].name, i,
						   (long long)hook->timeout.v);
		}
	return 0;
}

static int check_common(const struct oci_spec *s, struct err *e)
{
	int rc = check_version(s->oci_version, e);

	if (rc < 0)
		return rc;
	if (!s->root)
		return err_invalid(e, "root: missing");
	if (str_empty(s->root->path))
		return err_invalid(e, "root.path: must not be empty");
	if ((rc = check_names(s, e)) < 0 || (rc = check_mounts(s, e)) < 0 || (rc = check_hooks(&s->hooks, e)) < 0)
		return rc;
	for (size_t i = 0; i < s->annotations.n; i++)
		if (str_empty(s->annotations.v[i].key))
			return err_invalid(e, "annotations: a name must not be empty");
	return 0;
}

// ---- namespaces and what needs them

static int check_namespaces(const struct oci_spec *s, struct err *e)
{
	const struct oci_linux *l = s->linux;
	unsigned seen = 0;

	for (size_t i = 0; i < l->n_namespaces; i++) {
		const struct oci_namespace *n = &l->namespaces[i];
		if (seen >> n->type & 1)
			return err_invalid(e, "linux.namespaces[%zu]: a second %s namespace", i,
					   oci_namespace_name(n->type));
		seen |= 1U << n->type;
		if (n->path && !check_absolute(n->path))
			return err_invalid(e, "linux.namespaces[%zu].path: \"%s\" is not an absolute path", i, n->path);
	}
	// Without one, pivot_root and every mount would happen to the host.
	if (!has_namespace(s, OCI_NS_MOUNT))
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			       "linux.namespaces: a container without a mount namespace is not supported");
	return 0;
}

static int check_user_namespace(const struct oci_spec *s, struct err *e)
{
	const struct oci_linux *l = s->linux;
	const struct oci_namespace *user = oci_find_namespace(s, OCI_NS_USER);

	int rc = check_mappings(&l->uid_mappings, "linux.uidMappings", e);
	if (rc >= 0)
		rc = check_mappings(&l->gid_mappings, "linux.gidMappings", e);
	if (rc < 0)
		return rc;
	if (!user && (l->uid_mappings.n || l->gid_mappings.n))
		return err_invalid(e, "linux.%s: needs a user namespace in linux.namespaces",
				   l->uid_mappings.n ? "uidMappings" : "gidMappings");
	if (user && !user->path && (!l->uid_mappings.n || !l->gid_mappings.n))
		return err_invalid(e, "linux.%s: missing, a new user namespace needs both mappings",
				   l->uid_mappings.n ? "gidMappings" : "uidMappings");
	return 0;
}

static int check_time_offsets(const struct oci_spec *s, struct err *e)
{
	static const char *const clocks[] = {"monotonic", "boottime", NULL};
	const struct oci_namespace *ns = oci_find_namespace(s, OCI_NS_TIME);

	for (size_t i = 0; i < s->linux->n_time_offsets; i++) {
		const struct oci_time_offset *t = &s->linux->time_offsets[i];
		if (!check_in(t->clock, clocks))
			return err_invalid(e, "linux.timeOffsets: \"%s\" is not a clock (monotonic, boottime)",
					   t->clock);
		if (t->nanosecs >= NS_A_SECOND)
			return err_invalid(e, "linux.timeOffsets.%s.nanosecs: %u is not below 1000000000", t->clock,
					   t->nanosecs);
	}
	if (s->linux->n_time_offsets && (!ns || ns->path))
		return err_invalid(e, "linux.timeOffsets: needs a new time namespace in linux.namespaces");
	return 0;
}

static bool is_interface_name(const char *name)
{
	if (str_empty(name) || strlen(name) > DEV_NAME_MAX || str_eq(name, ".") || str_eq(name, ".."))
		return false;
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == ':' || *p == '%' || isspace((unsigned char)*p) || iscntrl((unsigned char)*p))
			return false;
	return true;
}

static int check_net_devices(const struct oci_spec *s, struct err *e)
{
	const struct oci_linux *l = s->linux;

	if (l->n_net_devices && !has_namespace(s, OCI_NS_NETWORK))
		return err_invalid(e, "linux.netDevices: needs a network namespace in linux.namespaces");
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_net_device *d = &l->net_devices[i];
		const char *name = str_empty(d->name) ? d->host_name : d->name;
		if (!is_interface_name(d->host_name))
			return err_invalid(e, "linux.netDevices: \"%.64s\" is not an interface name", d->host_name);
		if (!is_interface_name(name))
			return err_invalid(e, "linux.netDevices.%s.name: \"%.64s\" is not an interface name",
					   d->host_name, name);
		for (size_t k = 0; k < i; k++) {
			const struct oci_net_device *o = &l->net_devices[k];
			if (str_eq(str_empty(o->name) ? o->host_name : o->name, name))
				return err_invalid(e, "linux.netDevices.%s.name: \"%s\" is taken by %s", d->host_name,
						   name, o->host_name);
		}
	}
	return 0;
}

// ---- sysctls

// The name with dots between its parts, as sysctl.d(5) reads it: if the first separator is a slash, slashes separate
// and dots belong to the parts. False if it could leave /proc/sys or name nothing.
static bool sysctl_normalise(const char *name, char *dst, size_t size)
{
	bool slashes = name[strcspn(name, "./")] == '/';
	char last = '.';

	if (!str_copy(dst, size, name))
		return false;
	for (char *p = dst; *p; p++) {
		if (slashes && (*p == '/' || *p == '.'))
			*p = *p == '/' ? '.' : '/';
		if (!isalnum((unsigned char)*p) && !strchr("._-:/@", *p))
			return false;
		// An empty part would be "//", a part that begins with a dot could be "..".
		if ((*p == '.' || *p == '/') && (last == '.' || last == '/'))
			return false;
		last = *p;
	}
	return last != '.' && last != '/';
}

// The namespace that holds a sysctl of its own, or OCI_NS_MAX.
bool oci_sysctl_is_ipc(const char *name)
{
	static const char *const ipc[] = {"kernel.msgmax",
					  "kernel.msgmnb",
					  "kernel.msgmni",
					  "kernel.sem",
					  "kernel.shmall",
					  "kernel.shmmax",
					  "kernel.shmmni",
					  "kernel.shm_rmid_forced",
					  "kernel.auto_msgmni",
					  "kernel.msg_next_id",
					  "kernel.sem_next_id",
					  "kernel.shm_next_id",
					  NULL};

	return str_in(name, ipc) || str_starts(name, "fs.mqueue.");
}

static enum oci_namespace_type sysctl_namespace(const char *name)
{
	if (oci_sysctl_is_ipc(name))
		return OCI_NS_IPC;
	if (str_starts(name, "net."))
		return OCI_NS_NETWORK;
	if (str_eq(name, "kernel.domainname") || str_eq(name, "kernel.hostname"))
		return OCI_NS_UTS;
	return str_starts(name, "user.") ? OCI_NS_USER : OCI_NS_MAX;
}

static int check_sysctls(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->linux->sysctl.n; i++) {
		const struct oci_pair *p = &s->linux->sysctl.v[i];
		char name[256];
		if (!sysctl_normalise(p->key, name, sizeof(name)))
			return err_invalid(e, "linux.sysctl: \"%.128s\" is not the name of a sysctl", p->key);
		if (str_eq(name, "kernel.hostname"))
			return err_invalid(e, "linux.sysctl: %s: the member hostname sets it", p->key);
		enum oci_namespace_type t = sysctl_namespace(name);
		if (t == OCI_NS_MAX)
			return err_invalid(e, "linux.sysctl: %s: belongs to no namespace, it would change the host",
					   p->key);
		if (!has_namespace(s, t))
			return err_invalid(e, "linux.sysctl: %s: needs a namespace of type %s in linux.namespaces",
					   p->key, oci_namespace_name(t));
	}
	return 0;
}

// ---- devices and paths

static int check_devices(const struct oci_linux *l, struct err *e)
{
	for (size_t i = 0; i < l->n_devices; i++) {
		const struct oci_device *d = &l->devices[i];
		if (!check_absolute(d->path))
			return err_invalid(e, "linux.devices[%zu].path: \"%s\" is not an absolute path", i, d->path);
		if (d->type == 'p')
			continue;
		if (!d->major && !d->minor)
			return err_invalid(e, "linux.devices[%zu]: type \"%c\" needs major and minor", i, d->type);
		if (d->major < 0 || d->major > DEV_MAJOR_MAX || d->minor < 0 || d->minor > DEV_MINOR_MAX)
			return err_invalid(e, "linux.devices[%zu]: %lld:%lld is not a device number", i,
					   (long long)d->major, (long long)d->minor);
	}
	return 0;
}

static int check_absolute_paths(const struct oci_strings *paths, const char *where, struct err *e)
{
	for (size_t i = 0; i < paths->n; i++)
		if (!check_absolute(paths->v[i]))
			return err_invalid(e, "%s[%zu]: \"%s\" is not an absolute path", where, i, paths->v[i]);
	return 0;
}

static int check_paths(const struct oci_linux *l, struct err *e)
{
	static const char *const propagations[] = {"shared", "slave",    "private",     "unbindable", "rshared",
						   "rslave", "rprivate", "runbindable", NULL};

	int rc = check_absolute_paths(&l->masked_paths, "linux.maskedPaths", e);
	if (rc >= 0)
		rc = check_absolute_paths(&l->readonly_paths, "linux.readonlyPaths", e);
	if (rc < 0)
		return rc;
	if (!str_empty(l->rootfs_propagation) && !check_in(l->rootfs_propagation, propagations))
		return err_invalid(
			e, "linux.rootfsPropagation: \"%.64s\" is not one of shared, slave, private, unbindable",
			l->rootfs_propagation);
	for (const char *p = l->cgroups_path; p && *p; p++) {
		bool starts = p == l->cgroups_path || p[-1] == '/';
		if (iscntrl((unsigned char)*p) || (starts && !strncmp(p, "..", 2) && (!p[2] || p[2] == '/')))
			return err_invalid(e, "linux.cgroupsPath: must not contain \"..\" or control characters");
	}
	return 0;
}

// ---- resources

static int check_device_rules(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		const struct oci_device_rule *d = &r->devices[i];
		if (d->access && (!*d->access || d->access[strspn(d->access, "rwm")] || strlen(d->access) > 3))
			return err_invalid(e,
					   "linux.resources.devices[%zu].access: \"%.64s\" is not made of r, w and m",
					   i, d->access);
		if ((d->major.set && d->major.v < -1) || (d->minor.set && d->minor.v < -1))
			return err_invalid(e, "linux.resources.devices[%zu]: numbers must be -1 (all) or more", i);
	}
	return 0;
}

static int check_memory(const struct oci_memory *m, struct err *e)
{
	const struct {
		const char *name;
		const struct opt_i64 *limit;
	} limits[] = {
		{"limit", &m->limit},   {"reservation", &m->reservation}, {"swap", &m->swap},
		{"kernel", &m->kernel}, {"kernelTCP", &m->kernel_tcp},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].limit->set && limits[i].limit->v < -1)
			return err_invalid(e, "linux.resources.memory.%s: %lld is neither a size nor -1 (unlimited)",
					   limits[i].name, (long long)limits[i].limit->v);
	if (m->limit.v > 0 && m->swap.v > 0 && m->swap.v < m->limit.v)
		return err_invalid(
			e, "linux.resources.memory.swap: %lld is below the memory limit of %lld, which it includes",
			(long long)m->swap.v, (long long)m->limit.v);
	if (m->swappiness.set && m->swappiness.v > 100)
		return err_invalid(e, "linux.resources.memory.swappiness: %llu is above 100",
				   (unsigned long long)m->swappiness.v);
	return 0;
}

static int check_cpu(const struct oci_cpu *c, struct err *e)
{
	if (c->quota.v > 0 && c->burst.set && c->burst.v > (uint64_t)c->quota.v)
		return err_invalid(e, "linux.resources.cpu.burst: %llu is above the quota of %lld",
				   (unsigned long long)c->burst.v, (long long)c->quota.v);
	if (c->idle.set && c->idle.v != 0 && c->idle.v != 1)
		return err_invalid(e, "linux.resources.cpu.idle: %lld is neither 0 nor 1", (long long)c->idle.v);
	if (!str_empty(c->cpus) && !check_cpu_list(c->cpus))
		return err_invalid(e, "linux.resources.cpu.cpus: \"%.64s\" is not a list like \"0-3,7\"", c->cpus);
	if (!str_empty(c->mems) && !check_cpu_list(c->mems))
		return err_invalid(e, "linux.resources.cpu.mems: \"%.64s\" is not a list like \"0-3,7\"", c->mems);
	return 0;
}

static bool is_weight(const struct opt_u32 *w)
{
	return !w->v || (w->v >= 10 && w->v <= 1000);
}

static int check_block_io(const struct oci_block_io *b, struct err *e)
{
	if (!is_weight(&b->weight) || !is_weight(&b->leaf_weight))
		return err_invalid(e, "linux.resources.blockIO.%s: must be 10 to 1000",
				   is_weight(&b->weight) ? "leafWeight" : "weight");
	for (size_t i = 0; i < b->n_weight_devices; i++) {
		const struct oci_weight_device *d = &b->weight_devices[i];
		if (!d->weight.set && !d->leaf_weight.set)
			return err_invalid(e, "linux.resources.blockIO.weightDevice[%zu]: needs weight or leafWeight",
					   i);
		if (!is_weight(&d->weight) || !is_weight(&d->leaf_weight))
			return err_invalid(e, "linux.resources.blockIO.weightDevice[%zu]: a weight must be 10 to 1000",
					   i);
	}
	return 0;
}

// "64KB", "2MB", "1GB": becomes part of a file name.
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 8 && s[0] != '0' && s[n] && strchr("KMG", s[n]) && str_eq(s + n + 1, "B");
}

// "memory.high", "io.max": the name of a file in a cgroup.
static bool is_cgroup_file(const char *s)
{
	if (!islower((unsigned char)*s) || !strchr(s, '.') || strstr(s, ".."))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '.' && *s != '_' && *s != '-')
			return false;
	return s[-1] != '.';
}

static int check_other_controllers(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++)
		if (!is_page_size(r->hugepage_limits[i].page_size))
			return err_invalid(
				e, "linux.resources.hugepageLimits[%zu].pageSize: \"%.64s\" is not a size like \"2MB\"",
				i, r->hugepage_limits[i].page_size);
	for (size_t i = 0; i < r->network.n_priorities; i++)
		if (!is_interface_name(r->network.priorities[i].name))
			return err_invalid(
				e, "linux.resources.network.priorities[%zu].name: \"%.64s\" is not an interface name",
				i, r->network.priorities[i].name);
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma_limit *d = &r->rdma[i];
		if (str_empty(d->device) || d->device[strcspn(d->device, " \t\n")])
			return err_invalid(e, "linux.resources.rdma: \"%.64s\" is not the name of a device", d->device);
		if (!d->hca_handles.set && !d->hca_objects.set)
			return err_invalid(e, "linux.resources.rdma.%s: needs hcaHandles or hcaObjects", d->device);
	}
	for (size_t i = 0; i < r->unified.n; i++)
		if (!is_cgroup_file(r->unified.v[i].key))
			return err_invalid(e, "linux.resources.unified: \"%.128s\" is not the name of a cgroup file",
					   r->unified.v[i].key);
	return 0;
}

int oci_resources_check(const struct oci_resources *r, struct err *e)
{
	int rc = check_device_rules(r, e);

	if (rc >= 0 && r->memory)
		rc = check_memory(r->memory, e);
	if (rc >= 0 && r->cpu)
		rc = check_cpu(r->cpu, e);
	if (rc >= 0 && r->block_io)
		rc = check_block_io(r->block_io, e);
	return rc < 0 ? rc : check_other_controllers(r, e);
}

// ---- seccomp

// That an errno is given only to an action that returns one.
static int check_errno(enum oci_seccomp_action action, const struct opt_u32 *value, const char *where, struct err *e)
{
	if (!value->set)
		return 0;
	if (action != OCI_ACT_ERRNO && action != OCI_ACT_TRACE)
		return err_invalid(e, "%s: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one", where);
	uint32_t max = action == OCI_ACT_ERRNO ? ERRNO_MAX : UINT16_MAX;
	return value->v > max ? err_invalid(e, "%s: %u is above %u", where, value->v, max) : 0;
}

static int check_seccomp_rule(const struct oci_seccomp *s, size_t i, struct err *e)
{
	const struct oci_seccomp_rule *rule = &s->rules[i];
	char where[64];

	if (!rule->names.n)
		return err_invalid(e, "linux.seccomp.syscalls[%zu].names: must not be empty", i);
	snprintf(where, sizeof(where), "linux.seccomp.syscalls[%zu].errnoRet", i);
	int rc = check_errno(rule->action, &rule->errno_ret, where, e);
	if (rc < 0)
		return rc;
	for (size_t k = 0; k < rule->n_args; k++)
		if (rule->args[k].index > 5)
			return err_invalid(e, "linux.seccomp.syscalls[%zu].args[%zu].index: %u is above 5", i, k,
					   rule->args[k].index);
	if (rule->action != OCI_ACT_NOTIFY)
		return 0;
	if (str_empty(s->listener_path))
		return err_invalid(e, "linux.seccomp.listenerPath: missing, syscalls[%zu] uses SCMP_ACT_NOTIFY", i);
	// The message with the listener is written under the filter: it would wait for itself.
	if (oci_strings_has(&rule->names, "write"))
		return err_invalid(e, "linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for write", i);
	return 0;
}

static int check_seccomp(const struct oci_seccomp *s, struct err *e)
{
	static const char *const architectures[] = {
		"SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",     "SCMP_ARCH_ARM",
		"SCMP_ARCH_AARCH64",     "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",  "SCMP_ARCH_MIPS64N32",
		"SCMP_ARCH_MIPSEL",      "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_PPC",     "SCMP_ARCH_PPC64",
		"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",    "SCMP_ARCH_S390X",
		"SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64",
		"SCMP_ARCH_M68K",        "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB",    NULL,
	};
	static const char *const flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					    "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
					    NULL};

	for (size_t i = 0; i < s->architectures.n; i++)
		if (!check_in(s->architectures.v[i], architectures))
			return err_invalid(e, "linux.seccomp.architectures[%zu]: \"%.64s\" is unknown", i,
					   s->architectures.v[i]);
	for (size_t i = 0; i < s->flags.n; i++)
		if (!check_in(s->flags.v[i], flags))
			return err_invalid(e, "linux.seccomp.flags[%zu]: \"%.64s\" is unknown", i, s->flags.v[i]);
	if (s->default_action == OCI_ACT_NOTIFY)
		return err_invalid(e, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	if (!str_empty(s->listener_metadata) && str_empty(s->listener_path))
		return err_invalid(e, "linux.seccomp.listenerMetadata: needs listenerPath");
	int rc = check_errno(s->default_action, &s->default_errno_ret, "linux.seccomp.defaultErrnoRet", e);
	for (size_t i = 0; i < s->n_rules && rc >= 0; i++)
		rc = check_seccomp_rule(s, i, e);
	return rc;
}

// ---- the small sections of linux

static int check_intel_rdt(const struct oci_intel_rdt *r, struct err *e)
{
	if (r->clos_id &&
	    (str_eq(r->clos_id, ".") || str_eq(r->clos_id, "..") || r->clos_id[strcspn(r->clos_id, "/\n")]))
		return err_invalid(e, "linux.intelRdt.closID: \"%.64s\" is not the name of a folder", r->clos_id);
	if (!str_empty(r->mem_bw_schema) && (!str_starts(r->mem_bw_schema, "MB:") || strchr(r->mem_bw_schema, '\n')))
		return err_invalid(e, "linux.intelRdt.memBwSchema: must be one line that begins with \"MB:\"");
	for (size_t i = 0; i < r->schemata.n; i++)
		if (strchr(r->schemata.v[i], '\n'))
			return err_invalid(e, "linux.intelRdt.schemata[%zu]: must be one line", i);
	return 0;
}

static int check_personality(const struct oci_personality *p, struct err *e)
{
	static const char *const domains[] = {"LINUX", "LINUX32", NULL};

	if (!check_in(p->domain, domains))
		return err_invalid(e, "linux.personality.domain: \"%.64s\" is not one of LINUX, LINUX32", p->domain);
	if (p->flags.n)
		return err_invalid(e, "linux.personality.flags[0]: \"%.64s\" is unknown", p->flags.v[0]);
	return 0;
}

static int check_memory_policy(const struct oci_memory_policy *m, struct err *e)
{
	static const char *const bare[] = {"MPOL_DEFAULT", "MPOL_LOCAL", NULL};
	static const char *const with_nodes[] = {"MPOL_BIND",      "MPOL_INTERLEAVE",     "MPOL_WEIGHTED_INTERLEAVE",
						 "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", NULL};
	static const char *const flags[] = {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",
					    NULL};

	if (!check_in(m->mode, bare) && !check_in(m->mode, with_nodes))
		return err_invalid(e, "linux.memoryPolicy.mode: \"%.64s\" is unknown", m->mode);
	if (!str_empty(m->nodes) && !check_cpu_list(m->nodes))
		return err_invalid(e, "linux.memoryPolicy.nodes: \"%.64s\" is not a list like \"0-3,7\"", m->nodes);
	if (!str_empty(m->nodes) && check_in(m->mode, bare))
		return err_invalid(e, "linux.memoryPolicy.nodes: %s takes none", m->mode);
	// set_mempolicy(2): an empty set makes MPOL_PREFERRED local allocation and is an error for the others.
	if (str_empty(m->nodes) && !check_in(m->mode, bare) && !str_eq(m->mode, "MPOL_PREFERRED"))
		return err_invalid(e, "linux.memoryPolicy.nodes: missing, %s needs them", m->mode);
	for (size_t i = 0; i < m->flags.n; i++)
		if (!check_in(m->flags.v[i], flags))
			return err_invalid(e, "linux.memoryPolicy.flags[%zu]: \"%.64s\" is unknown", i, m->flags.v[i]);
	if (oci_strings_has(&m->flags, "MPOL_F_RELATIVE_NODES") && oci_strings_has(&m->flags, "MPOL_F_STATIC_NODES"))
		return err_invalid(e, "linux.memoryPolicy.flags: relative and static nodes exclude each other");
	return 0;
}

static int check_linux(const struct oci_spec *s, struct err *e)
{
	const struct oci_linux *l = s->linux;
	int rc;

	if ((rc = check_namespaces(s, e)) < 0 || (rc = check_user_namespace(s, e)) < 0 ||
	    (rc = check_time_offsets(s, e)) < 0 || (rc = check_net_devices(s, e)) < 0 ||
	    (rc = check_sysctls(s, e)) < 0 || (rc = check_devices(l, e)) < 0 || (rc = check_paths(l, e)) < 0)
		return rc;
	if (l->resources && (rc = oci_resources_check(l->resources, e)) < 0)
		return rc;
	if (l->seccomp && (rc = check_seccomp(l->seccomp, e)) < 0)
		return rc;
	if (l->intel_rdt && (rc = check_intel_rdt(l->intel_rdt, e)) < 0)
		return rc;
	if (l->personality && (rc = check_personality(l->personality, e)) < 0)
		return rc;
	return l->memory_policy ? check_memory_policy(l->memory_policy, e) : 0;
}

int oci_spec_check(const struct oci_spec *s, struct err *e)
{
	int rc = check_common(s, e);

	if (rc < 0)
		return rc;
	if (!s->process)
		return err_invalid(e, "process: missing, without it nothing can be started");
	if ((rc = oci_process_check(s->process, e)) < 0)
		return rc;
	return check_linux(s, e);
}

// ---- warnings

static void warn_capabilities(const struct oci_capabilities *c, int (*value)(const char *), struct arena *a,
			      struct oci_strings *ret)
{
	const struct {
		const char *name;
		const struct oci_strings *list;
	} sets[] = {
		{"bounding", &c->bounding},   {"effective", &c->effective}, {"inheritable", &c->inheritable},
		{"permitted", &c->permitted}, {"ambient", &c->ambient},
	};

	for (size_t k = 0; k < ARRAY_SIZE(sets); k++)
		for (size_t i = 0; i < sets[k].list->n; i++)
			if (value(sets[k].list->v[i]) < 0)
				oci_strings_add(
					a, ret,
					arena_printf(a,
						     "process.capabilities.%s[%zu]: \"%.64s\" is unknown and left out",
						     sets[k].name, i, sets[k].list->v[i]));
}

void oci_spec_warnings(const struct oci_spec *s, int (*capability_value)(const char *name), struct arena *a,
		       struct oci_strings *ret)
{
	static const char *const platforms[] = {"windows", "solaris", "zos", "freebsd"};

	if (s->process && s->process->capabilities)
		warn_capabilities(s->process->capabilities, capability_value, a, ret);
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!check_absolute(s->mounts[i].destination))
			oci_strings_add(
				a, ret,
				arena_printf(a,
					     "mounts[%zu].destination: \"%.128s\" is relative, which is deprecated; "
					     "taken as below /",
					     i, s->mounts[i].destination));
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++)
		if (json_get(s->unknown, platforms[i]))
			oci_strings_add(a, ret,
					arena_printf(a, "%s: a section for another platform, not obeyed",
						     platforms[i]));
}
