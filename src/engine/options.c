// SPDX-License-Identifier: Apache-2.0
// The create options as JSON, as the database keeps them. One table of members drives freeing, writing and reading;
// a member that has its default value is not written.
#include "engine/options.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/engine.h"

enum type { STR, STRV, BOOL, INT, UINT, I64, U32, U64, DOUBLE };

struct member {
	const char *name;
	enum type type;
	size_t offset;
};

#define M(t, field)                                                      \
	{                                                                \
#field, t, offsetof(struct engine_create_options, field) \
	}
static const struct member option_members[] = {
	M(STR, image),
	M(STR, name),
	M(STRV, args),
	M(BOOL, entrypoint_set),
	M(STRV, entrypoint),
	M(STRV, env),
	M(STRV, labels),
	M(STR, workdir),
	M(STR, user),
	M(STR, hostname),
	M(STR, domainname),
	M(STR, stop_signal),
	M(BOOL, stop_timeout_set),
	M(INT, stop_timeout),
	M(BOOL, interactive),
	M(BOOL, tty),
	M(BOOL, detach),
	M(BOOL, auto_remove),
	M(BOOL, init),
	M(BOOL, read_only),
	M(BOOL, privileged),
	M(BOOL, no_new_privileges),
	M(BOOL, attach_stdin),
	M(BOOL, attach_stdout),
	M(BOOL, attach_stderr),
	M(STR, detach_keys),
	M(STRV, cap_add),
	M(STRV, cap_drop),
	M(STRV, group_add),
	M(STRV, add_host),
	M(STRV, dns),
	M(STRV, dns_search),
	M(STRV, dns_option),
	M(STRV, sysctl),
	M(STR, seccomp),
	M(STR, seccomp_name),
	M(STR, apparmor),
	M(STR, selinux_label),
	M(STR, network),
	M(STR, userns),
	M(STR, pid),
	M(STR, ipc),
	M(STR, uts),
	M(STR, cgroupns),
	M(STR, cgroup_parent),
	M(I64, memory),
	M(I64, memory_reservation),
	M(I64, memory_swap),
	M(I64, kernel_memory),
	M(I64, shm_size),
	M(BOOL, memory_swappiness_set),
	M(BOOL, oom_kill_disable),
	M(BOOL, pids_limit_set),
	M(BOOL, oom_score_adj_set),
	M(I64, memory_swappiness),
	M(DOUBLE, cpus),
	M(U64, cpu_shares),
	M(U64, cpu_period),
	M(I64, cpu_quota),
	M(I64, cpu_rt_runtime),
	M(I64, cpu_rt_period),
	M(STR, cpuset_cpus),
	M(STR, cpuset_mems),
	M(I64, pids_limit),
	M(INT, oom_score_adj),
	M(U32, blkio_weight),
	M(BOOL, no_healthcheck),
	M(STR, cidfile),
	M(STR, pidfile),
	M(STR, log_driver),
	M(I64, log_max_size),
	M(I64, log_max_file),
	M(STR, pull),
	M(UINT, tty_rows),
	M(UINT, tty_cols),
};
#undef M

#define M(t, field)                                             \
	{                                                       \
#field, t, offsetof(struct engine_mount, field) \
	}
static const struct member mount_members[] = {
	M(STR, source),     M(STR, destination), M(BOOL, readonly), M(BOOL, bind_nonrecursive),
	M(BOOL, no_copy),   M(STR, propagation), M(STR, options),   M(BOOL, bind_create_source),
	M(I64, tmpfs_size), M(U32, tmpfs_mode),
};
#undef M

#define M(t, field)                                              \
	{                                                        \
#field, t, offsetof(struct engine_device, field) \
	}
static const struct member device_members[] = {M(STR, host), M(STR, container), M(STR, access)};
#undef M

#define M(t, field)                                              \
	{                                                        \
#field, t, offsetof(struct engine_ulimit, field) \
	}
static const struct member ulimit_members[] = {M(STR, name), M(I64, soft), M(I64, hard)};
#undef M

static const char *const mount_types[] = {"bind", "volume", "tmpfs"};

#define AT(T, base, m)  ((T *)((char *)(base) + (m)->offset))
#define CAT(T, base, m) ((T const *)((const char *)(base) + (m)->offset))

static void members_done(void *base, const struct member *t, size_t n)
{
	for (const struct member *m = t; m < t + n; m++) {
		if (m->type == STR)
			free(*AT(char *, base, m));
		else if (m->type == STRV)
			strv_free(*AT(char **, base, m));
	}
}

void engine_mounts_free(struct engine_mount *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		members_done(&v[i], mount_members, ARRAY_SIZE(mount_members));
	free(v);
}

void engine_create_options_done(struct engine_create_options *o)
{
	members_done(o, option_members, ARRAY_SIZE(option_members));
	engine_mounts_free(o->mounts, o->n_mounts);
	for (size_t i = 0; i < o->n_devices; i++)
		members_done(&o->devices[i], device_members, ARRAY_SIZE(device_members));
	free(o->devices);
	for (size_t i = 0; i < o->n_ulimits; i++)
		members_done(&o->ulimits[i], ulimit_members, ARRAY_SIZE(ulimit_members));
	free(o->ulimits);
	*o = (struct engine_create_options){0};
}

// ---- writing --------------------------------------------------------------------------------------------------------

static void write_strv(struct json_writer *w, const char *key, char *const *v)
{
	jw_key(w, key);
	jw_array(w);
	for (; *v; v++)
		jw_str(w, *v);
	jw_array_end(w);
}

static void write_int(struct json_writer *w, const char *key, int64_t i)
{
	if (i)
		jw_kint(w, key, i);
}

static void write_member(struct json_writer *w, const void *base, const struct member *m)
{
	switch (m->type) {
	case STR:
		if (*CAT(char *, base, m))
			jw_kstr(w, m->name, *CAT(char *, base, m));
		break;
	case STRV: // an empty vector is a NULL one, except where a flag beside it tells them apart
		if (*CAT(char **, base, m))
			write_strv(w, m->name, *CAT(char **, base, m));
		break;
	case BOOL:
		if (*CAT(bool, base, m))
			jw_kbool(w, m->name, true);
		break;
	case INT: write_int(w, m->name, *CAT(int, base, m)); break;
	case UINT: write_int(w, m->name, *CAT(unsigned, base, m)); break;
	case I64: write_int(w, m->name, *CAT(int64_t, base, m)); break;
	case U32: write_int(w, m->name, *CAT(uint32_t, base, m)); break;
	case U64:
		if (*CAT(uint64_t, base, m)) {
			jw_key(w, m->name);
			jw_uint(w, *CAT(uint64_t, base, m));
		}
		break;
	case DOUBLE:
		if (*CAT(double, base, m) > 0) {
			jw_key(w, m->name);
			jw_double(w, *CAT(double, base, m));
		}
		break;
	}
}

static void write_members(struct json_writer *w, const void *base, const struct member *t, size_t n)
{
	for (const struct member *m = t; m < t + n; m++)
		write_member(w, base, m);
}

void engine_mounts_write(const struct engine_mount *v, size_t n, struct json_writer *w)
{
	jw_array(w);
	for (size_t i = 0; i < n; i++) {
		jw_object(w);
		jw_kstr(w, "type", mount_types[v[i].type]);
		write_members(w, &v[i], mount_members, ARRAY_SIZE(mount_members));
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void write_array(struct json_writer *w, const char *key, const void *v, size_t n, size_t size,
			const struct member *t, size_t n_t)
{
	if (!n)
		return;
	jw_key(w, key);
	jw_array(w);
	for (size_t i = 0; i < n; i++) {
		jw_object(w);
		write_members(w, (const char *)v + i * size, t, n_t);
		jw_object_end(w);
	}
	jw_array_end(w);
}

void engine_create_options_write_members(const struct engine_create_options *o, struct json_writer *w)
{
	write_members(w, o, option_members, ARRAY_SIZE(option_members));
	if (o->n_mounts) {
		jw_key(w, "mounts");
		engine_mounts_write(o->mounts, o->n_mounts, w);
	}
	write_array(w, "devices", o->devices, o->n_devices, sizeof(*o->devices), device_members,
		    ARRAY_SIZE(device_members));
	write_array(w, "ulimits", o->ulimits, o->n_ulimits, sizeof(*o->ulimits), ulimit_members,
		    ARRAY_SIZE(ulimit_members));
}

void engine_create_options_write(const struct engine_create_options *o, struct json_writer *w)
{
	jw_object(w);
	engine_create_options_write_members(o, w);
	jw_object_end(w);
}

// ---- reading --------------------------------------------------------------------------------------------------------

static int bad(const char *name, const struct json *j, const char *want, struct err *e)
{
	return err_set(e, ERR_CORRUPT, EINVAL, "%s: %s where %s belongs", name, json_type_name(j), want);
}

static int read_strv(const char *name, const struct json *j, char ***ret, struct err *e)
{
	_cleanup_strv_ char **v = NULL;

	if (j->type != JSON_ARRAY)
		return bad(name, j, "a list", e);
	v = xnew(char *);
	for (size_t i = 0; i < j->arr.n; i++) {
		if (j->arr.v[i]->type != JSON_STRING)
			return bad(name, j->arr.v[i], "a string", e);
		strv_push(&v, j->arr.v[i]->str.s);
	}
	*ret = TAKE_PTR(v);
	return 0;
}

static int read_double(const char *name, const struct json *j, double *ret, struct err *e)
{
	if (j->type == JSON_DOUBLE)
		*ret = j->d;
	else if (j->type == JSON_INT)
		*ret = (double)j->i;
	else
		return bad(name, j, "a number", e);
	return 0;
}

static int read_number(void *base, const struct member *m, const struct json *j, struct err *e)
{
	int64_t i = j->i;

	if (m->type == U64 && j->type == JSON_UINT) {
		*AT(uint64_t, base, m) = j->u;
		return 0;
	}
	if (j->type != JSON_INT)
		return bad(m->name, j, "a whole number", e);
	if ((m->type == INT && (i < INT32_MIN || i > INT32_MAX)) ||
	    ((m->type == U32 || m->type == UINT) && (i < 0 || i > UINT32_MAX)) || (m->type == U64 && i < 0))
		return err_set(e, ERR_CORRUPT, ERANGE, "%s: %lld is out of range", m->name, (long long)i);
	switch (m->type) {
	case INT: *AT(int, base, m) = (int)i; break;
	case UINT: *AT(unsigned, base, m) = (unsigned)i; break;
	case U32: *AT(uint32_t, base, m) = (uint32_t)i; break;
	case U64: *AT(uint64_t, base, m) = (uint64_t)i; break;
	default: *AT(int64_t, base, m) = i; break;
	}
	return 0;
}

static int read_member(void *base, const struct member *m, const struct json *j, struct err *e)
{
	switch (m->type) {
	case STR:
		if (j->type != JSON_STRING)
			return bad(m->name, j, "a string", e);
		*AT(char *, base, m) = xstrdup(j->str.s);
		return 0;
	case STRV: return read_strv(m->name, j, AT(char **, base, m), e);
	case BOOL:
		if (j->type != JSON_BOOL)
			return bad(m->name, j, "true or false", e);
		*AT(bool, base, m) = j->boolean;
		return 0;
	case DOUBLE: return read_double(m->name, j, AT(double, base, m), e);
	default: return read_number(base, m, j, e);
	}
}

// Unknown members are left alone: a newer program may have written them.
static int read_members(void *base, const struct json *j, const struct member *t, size_t n, struct err *e)
{
	if (j->type != JSON_OBJECT)
		return err_set(e, ERR_CORRUPT, EINVAL, "%s where an object belongs", json_type_name(j));
	for (const struct member *m = t; m < t + n; m++) {
		const struct json *v = json_get(j, m->name);
		int rc = v ? read_member(base, m, v, e) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_mount(struct engine_mount *m, const struct json *j, struct err *e)
{
	const char *type = json_get_str(j, "type", "");

	int rc = read_members(m, j, mount_members, ARRAY_SIZE(mount_members), e);
	if (rc < 0)
		return rc;
	if (!m->destination)
		return err_set(e, ERR_CORRUPT, EINVAL, "destination is missing");
	for (size_t i = 0; i < ARRAY_SIZE(mount_types); i++)
		if (str_eq(type, mount_types[i])) {
			m->type = (enum engine_mount_type)i;
			return 0;
		}
	return err_set(e, ERR_CORRUPT, EINVAL, "type \"%s\" is unknown", type);
}

int engine_mounts_parse(const struct json *j, struct engine_mount **ret, size_t *ret_n, struct err *e)
{
	if (!j)
		return 0;
	if (j->type != JSON_ARRAY)
		return bad("mounts", j, "a list", e);
	struct engine_mount *v = xnew_n(struct engine_mount, j->arr.n);
	for (size_t i = 0; i < j->arr.n; i++) {
		int rc = read_mount(&v[i], j->arr.v[i], e);
		if (rc < 0) {
			engine_mounts_free(v, i + 1);
			return err_wrap(e, rc, "mounts[%zu]", i);
		}
	}
	*ret = v;
	*ret_n = j->arr.n;
	return 0;
}

// The array is owned by the options from the start, so that what was read is freed with them on failure.
static int read_array(const struct json *o, const char *key, void **ret, size_t *ret_n, size_t size,
		      const struct member *t, size_t n_t, struct err *e)
{
	const struct json *j = json_get(o, key);

	if (!j)
		return 0;
	if (j->type != JSON_ARRAY)
		return bad(key, j, "a list", e);
	*ret = xcalloc(j->arr.n, size);
	*ret_n = j->arr.n;
	for (size_t i = 0; i < j->arr.n; i++) {
		int rc = read_members((char *)*ret + i * size, j->arr.v[i], t, n_t, e);
		if (rc < 0)
			return err_wrap(e, rc, "%s[%zu]", key, i);
	}
	return 0;
}

int engine_create_options_parse(const struct json *j, struct engine_create_options *ret, struct err *e)
{
	struct engine_create_options o = {0};
	void *devices = NULL, *ulimits = NULL;

	int rc = read_members(&o, j, option_members, ARRAY_SIZE(option_members), e);
	if (rc >= 0)
		rc = engine_mounts_parse(json_get(j, "mounts"), &o.mounts, &o.n_mounts, e);
	if (rc >= 0)
		rc = read_array(j, "devices", &devices, &o.n_devices, sizeof(*o.devices), device_members,
				ARRAY_SIZE(device_members), e);
	o.devices = devices;
	if (rc >= 0)
		rc = read_array(j, "ulimits", &ulimits, &o.n_ulimits, sizeof(*o.ulimits), ulimit_members,
				ARRAY_SIZE(ulimit_members), e);
	o.ulimits = ulimits;
	if (rc < 0) {
		engine_create_options_done(&o);
		return err_wrap(e, rc, "create options");
	}
	*ret = o;
	return 0;
}

struct engine_mount *engine_mounts_dup(const struct engine_mount *v, size_t n)
{
	struct engine_mount *copy = xnew_n(struct engine_mount, n ? n : 1);

	for (size_t i = 0; i < n; i++) {
		copy[i] = v[i];
		for (const struct member *m = mount_members; m < mount_members + ARRAY_SIZE(mount_members); m++) {
			char *s = m->type == STR ? *CAT(char *, &v[i], m) : NULL;
			if (s)
				*AT(char *, &copy[i], m) = xstrdup(s);
		}
	}
	return copy;
}
