// SPDX-License-Identifier: Apache-2.0
// engine_inspect: everything about one container, in the shape that `docker inspect` gives it, so that scripts written
// for Docker read it. Built from the row alone: the options as they were given, the image's configuration, the checked
// state.
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/row.h"

struct inspection {
	struct engine *g;
	struct engine_row row;
	struct engine_create_options o;
	struct engine_resolved resolved;
	struct image *image;             // NULL: host, or gone
	struct oci_image_config *config; // NULL: none
	struct arena arena;
};

static void inspection_done(struct inspection *x)
{
	engine_row_done(&x->row);
	engine_create_options_done(&x->o);
	engine_resolved_done(&x->resolved);
	image_free(x->image);
	arena_done(&x->arena);
}

static void strings(struct json_writer *w, const char *key, char *const *v)
{
	jw_key(w, key);
	if (!v) {
		jw_null(w);
		return;
	}
	jw_array(w);
	for (; *v; v++)
		jw_str(w, *v);
	jw_array_end(w);
}

static void text(struct json_writer *w, const char *key, const char *s)
{
	jw_kstr(w, key, s ? s : "");
}

static void time_of(struct json_writer *w, const char *key, int64_t ns)
{
	char t[CLOCK_RFC3339_MAX] = "0001-01-01T00:00:00Z";

	if (ns)
		clock_rfc3339(t, ns);
	jw_kstr(w, key, t);
}

static void write_state(const struct inspection *x, struct json_writer *w)
{
	const struct engine_container *c = &x->row.c;
	bool running = c->state == ENGINE_RUNNING || c->state == ENGINE_PAUSED;

	jw_key(w, "State");
	jw_object(w);
	jw_kstr(w, "Status", engine_state_name(c->state));
	jw_kbool(w, "Running", running);
	jw_kbool(w, "Paused", c->state == ENGINE_PAUSED);
	jw_kbool(w, "Restarting", false);
	jw_kbool(w, "OOMKilled", c->oom_killed);
	jw_kbool(w, "Dead", c->state == ENGINE_DEAD);
	jw_kint(w, "Pid", running ? c->pid : 0);
	jw_kint(w, "MonitorPid", running ? c->monitor : 0);
	jw_kint(w, "ExitCode", c->exit_code);
	text(w, "Error", c->state == ENGINE_DEAD ? "its monitor is gone: remove it with 'berth rm -f'" : c->error);
	time_of(w, "StartedAt", c->started);
	time_of(w, "FinishedAt", c->finished);
	jw_object_end(w);
}

static const char *mode_or(const char *mode, const char *otherwise)
{
	return mode ? mode : otherwise;
}

static void write_resources(const struct engine_create_options *o, struct json_writer *w)
{
	jw_kint(w, "Memory", o->memory);
	jw_kint(w, "MemoryReservation", o->memory_reservation);
	jw_kint(w, "MemorySwap", o->memory_swap);
	jw_key(w, "MemorySwappiness");
	if (o->memory_swappiness_set)
		jw_int(w, o->memory_swappiness);
	else
		jw_null(w);
	jw_kint(w, "NanoCpus", (int64_t)(o->cpus * 1e9 + 0.5));
	jw_kint(w, "CpuShares", (int64_t)o->cpu_shares);
	jw_kint(w, "CpuPeriod", (int64_t)o->cpu_period);
	jw_kint(w, "CpuQuota", o->cpu_quota);
	jw_kint(w, "CpuRealtimePeriod", o->cpu_rt_period);
	jw_kint(w, "CpuRealtimeRuntime", o->cpu_rt_runtime);
	text(w, "CpusetCpus", o->cpuset_cpus);
	text(w, "CpusetMems", o->cpuset_mems);
	jw_kint(w, "BlkioWeight", o->blkio_weight);
	jw_key(w, "PidsLimit");
	if (o->pids_limit_set)
		jw_int(w, o->pids_limit);
	else
		jw_null(w);
	jw_kbool(w, "OomKillDisable", o->oom_kill_disable);
	jw_kint(w, "OomScoreAdj", o->oom_score_adj);
	jw_kint(w, "ShmSize", o->shm_size ? o->shm_size : 64 << 20);
	text(w, "CgroupParent", o->cgroup_parent);
}

static void write_ulimits_and_devices(const struct engine_create_options *o, struct json_writer *w)
{
	jw_key(w, "Ulimits");
	jw_array(w);
	for (size_t i = 0; i < o->n_ulimits; i++) {
		jw_object(w);
		jw_kstr(w, "Name", o->ulimits[i].name);
		jw_kint(w, "Soft", o->ulimits[i].soft);
		jw_kint(w, "Hard", o->ulimits[i].hard);
		jw_object_end(w);
	}
	jw_array_end(w);
	jw_key(w, "Devices");
	jw_array(w);
	for (size_t i = 0; i < o->n_devices; i++) {
		jw_object(w);
		jw_kstr(w, "PathOnHost", o->devices[i].host);
		jw_kstr(w, "PathInContainer", o->devices[i].container);
		jw_kstr(w, "CgroupPermissions", o->devices[i].access);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void write_security(const struct engine_create_options *o, struct json_writer *w)
{
	jw_kbool(w, "Privileged", o->privileged);
	jw_kbool(w, "ReadonlyRootfs", o->read_only);
	strings(w, "CapAdd", o->cap_add);
	strings(w, "CapDrop", o->cap_drop);
	strings(w, "GroupAdd", o->group_add);
	jw_key(w, "SecurityOpt");
	jw_array(w);
	if (o->no_new_privileges)
		jw_str(w, "no-new-privileges");
	if (o->seccomp) {
		_cleanup_free_ char *s = xasprintf("seccomp=%s", mode_or(o->seccomp_name, "profile"));
		jw_str(w, s);
	}
	if (o->apparmor) {
		_cleanup_free_ char *s = xasprintf("apparmor=%s", o->apparmor);
		jw_str(w, s);
	}
	if (o->selinux_label) {
		_cleanup_free_ char *s = xasprintf("label=%s", o->selinux_label);
		jw_str(w, s);
	}
	jw_array_end(w);
}

static void write_host_config(const struct inspection *x, struct json_writer *w)
{
	const struct engine_create_options *o = &x->o;

	jw_key(w, "HostConfig");
	jw_object(w);
	jw_kbool(w, "AutoRemove", o->auto_remove);
	jw_kstr(w, "NetworkMode", mode_or(o->network, "none"));
	jw_kstr(w, "PidMode", mode_or(o->pid, "private"));
	jw_kstr(w, "IpcMode", mode_or(o->ipc, "private"));
	jw_kstr(w, "UTSMode", mode_or(o->uts, ""));
	jw_kstr(w, "UsernsMode", mode_or(o->userns, ""));
	jw_kstr(w, "CgroupnsMode", mode_or(o->cgroupns, "private"));
	jw_key(w, "Init");
	jw_bool(w, o->init);
	strings(w, "Dns", o->dns);
	strings(w, "DnsOptions", o->dns_option);
	strings(w, "DnsSearch", o->dns_search);
	strings(w, "ExtraHosts", o->add_host);
	strings(w, "Sysctls", o->sysctl);
	write_security(o, w);
	write_resources(o, w);
	write_ulimits_and_devices(o, w);
	jw_key(w, "LogConfig");
	jw_object(w);
	jw_kstr(w, "Type", mode_or(o->log_driver, "json-file"));
	jw_object_end(w);
	jw_object_end(w);
}

static void write_one_mount(const struct inspection *x, const struct engine_mount *m, struct json_writer *w)
{
	static const char *const types[] = {
		[ENGINE_MOUNT_BIND] = "bind", [ENGINE_MOUNT_VOLUME] = "volume", [ENGINE_MOUNT_TMPFS] = "tmpfs"};

	jw_object(w);
	jw_kstr(w, "Type", types[m->type]);
	if (m->type == ENGINE_MOUNT_VOLUME && m->source) {
		_cleanup_free_ char *path = xasprintf("%s/volumes/%s/_data", x->g->root, m->source);
		jw_kstr(w, "Name", m->source);
		jw_kstr(w, "Source", path);
		jw_kstr(w, "Driver", "local");
	} else {
		text(w, "Source", m->source);
	}
	jw_kstr(w, "Destination", m->destination);
	text(w, "Mode", m->options);
	jw_kbool(w, "RW", !m->readonly);
	text(w, "Propagation", m->type == ENGINE_MOUNT_BIND ? mode_or(m->propagation, "rprivate") : "");
	jw_object_end(w);
}

static void write_mounts(const struct inspection *x, struct json_writer *w)
{
	bool resolved = x->resolved.n_mounts > 0;
	const struct engine_mount *v = resolved ? x->resolved.mounts : x->o.mounts;
	size_t n = resolved ? x->resolved.n_mounts : x->o.n_mounts;

	jw_key(w, "Mounts");
	jw_array(w);
	for (size_t i = 0; i < n; i++)
		write_one_mount(x, &v[i], w);
	jw_array_end(w);
}

static void write_env(const struct inspection *x, struct json_writer *w)
{
	_cleanup_strv_ char **env = NULL;

	for (size_t i = 0; x->config && i < x->config->config.env.n; i++)
		strv_env_set(&env, x->config->config.env.v[i]);
	for (char **v = x->o.env; v && *v; v++)
		strv_env_set(&env, *v);
	jw_key(w, "Env");
	jw_array(w);
	for (char **v = env; v && *v; v++)
		jw_str(w, *v);
	jw_array_end(w);
}

static void write_labels(const struct inspection *x, struct json_writer *w)
{
	jw_key(w, "Labels");
	jw_object(w);
	for (char **l = x->row.c.labels; l && *l; l++) {
		char *eq = strchr(*l, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*l, (size_t)(eq - *l)) : xstrdup(*l);
		jw_kstr(w, key, eq ? eq + 1 : "");
	}
	jw_object_end(w);
}

static void write_oci_strings(struct json_writer *w, const char *key, const struct oci_strings *s)
{
	jw_key(w, key);
	if (!s || !s->n) {
		jw_null(w);
		return;
	}
	jw_array(w);
	for (size_t i = 0; i < s->n; i++)
		jw_str(w, s->v[i]);
	jw_array_end(w);
}

static void write_config(const struct inspection *x, struct json_writer *w)
{
	const struct engine_create_options *o = &x->o;
	const struct oci_image_run *image = x->config ? &x->config->config : NULL;
	_cleanup_free_ char *short_id = xstrndup(x->row.c.id, ENGINE_SHORT_ID_LEN);

	jw_key(w, "Config");
	jw_object(w);
	jw_kstr(w, "Hostname", mode_or(o->hostname, short_id));
	text(w, "Domainname", o->domainname);
	text(w, "User", o->user ? o->user : image ? image->user : NULL);
	jw_kbool(w, "AttachStdin", o->attach_stdin);
	jw_kbool(w, "AttachStdout", o->attach_stdout);
	jw_kbool(w, "AttachStderr", o->attach_stderr);
	jw_kbool(w, "Tty", o->tty);
	jw_kbool(w, "OpenStdin", o->interactive);
	write_env(x, w);
	if (o->args)
		strings(w, "Cmd", o->args);
	else
		write_oci_strings(w, "Cmd", image && !o->entrypoint_set ? &image->cmd : NULL);
	jw_kstr(w, "Image", x->row.c.image_name);
	text(w, "WorkingDir", o->workdir ? o->workdir : image ? image->working_dir : NULL);
	if (o->entrypoint_set)
		strings(w, "Entrypoint", o->entrypoint);
	else
		write_oci_strings(w, "Entrypoint", image ? &image->entrypoint : NULL);
	write_labels(x, w);
	jw_kstr(w, "StopSignal",
		o->stop_signal                ? o->stop_signal
		: image && image->stop_signal ? image->stop_signal
					      : "SIGTERM");
	if (o->stop_timeout_set)
		jw_kint(w, "StopTimeout", o->stop_timeout);
	jw_object_end(w);
}

static void write_paths(const struct inspection *x, struct json_writer *w)
{
	static const char *const files[][2] = {{"ResolvConfPath", "resolv.conf"},
					       {"HostnamePath", "hostname"},
					       {"HostsPath", "hosts"},
					       {"LogPath", "log"}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf("%s/containers/%s/%s", x->g->root, x->row.c.id, files[i][1]);
		jw_kstr(w, files[i][0], path);
	}
}

static void write_all(const struct inspection *x, struct json_writer *w)
{
	const struct engine_container *c = &x->row.c;
	_cleanup_free_ char *name = xasprintf("/%s", c->name);

	jw_object(w);
	jw_kstr(w, "Id", c->id);
	time_of(w, "Created", c->created);
	text(w, "Path", c->command ? c->command[0] : NULL);
	jw_key(w, "Args");
	jw_array(w);
	for (char **a = c->command && c->command[0] ? c->command + 1 : NULL; a && *a; a++)
		jw_str(w, *a);
	jw_array_end(w);
	write_state(x, w);
	text(w, "Image", c->image_id);
	write_paths(x, w);
	jw_kstr(w, "Name", name);
	jw_kint(w, "RestartCount", 0);
	jw_kstr(w, "Driver", "overlay");
	jw_kstr(w, "Platform", "linux");
	write_host_config(x, w);
	write_mounts(x, w);
	write_config(x, w);
	jw_key(w, "NetworkSettings");
	jw_object(w);
	jw_key(w, "Networks");
	jw_object(w);
	jw_object_end(w);
	jw_object_end(w);
	jw_object_end(w);
}

// The image may be gone from the store (forced away); then its share of the answer is empty.
static void load_image(struct inspection *x)
{
	struct image_store *s = NULL;

	if (str_empty(x->row.c.image_id) || engine_image_store(x->g, &s, NULL) < 0 ||
	    image_resolve(s, x->row.c.image_id, &x->image, NULL) < 0)
		return;
	(void)oci_image_config_parse(&x->arena, x->image->config_json, strlen(x->image->config_json), &x->config, NULL);
}

int engine_inspect(struct engine *g, const char *ref, struct json_writer *w, struct err *e)
{
	_cleanup_(inspection_done) struct inspection x = {.g = g};
	char id[ENGINE_ID_LEN + 1];
	struct db *db;

	int rc = engine_db(g, &db, e);
	if (!rc)
		rc = engine_row_lookup(g, ref, id, e);
	if (!rc)
		rc = engine_row_load(g, id, &x.row, e);
	if (!rc)
		rc = engine_row_check(g, &x.row, e);
	if (rc < 0)
		return rc;
	rc = engine_options_load(x.row.options, &x.o, &x.resolved, e);
	if (rc < 0)
		return err_wrap(e, rc, "container %s", x.row.c.name);
	load_image(&x);
	write_all(&x, w);
	return 0;
}
