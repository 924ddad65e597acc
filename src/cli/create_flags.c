// SPDX-License-Identifier: Apache-2.0
// The flag tables of `run` and `create`, and the small grammars of their values. What a value means is checked here;
// whether the machine can do it is the engine's business.
#include "cli/create_flags.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/mount_flags.h"

enum { FILE_MAX_BYTES = 4 << 20 };

#define OPT(member) offsetof(struct create_options, member)
#define ENG(member) offsetof(struct create_options, engine.member)

static struct engine_create_options *eng(void *options)
{
	return &((struct create_options *)options)->engine;
}

static int parse_ulimit(void *options, const char *value, struct err *e)
{
	struct engine_create_options *o = eng(options);
	const char *eq = strchr(value, '='), *colon = eq ? strchr(eq, ':') : NULL;
	_cleanup_free_ char *soft = NULL;
	struct engine_ulimit u = {0};

	if (!eq || eq == value)
		return err_invalid(e, "\"%s\" is not of the form NAME=SOFT[:HARD]", value);
	soft = colon ? xstrndup(eq + 1, (size_t)(colon - eq - 1)) : xstrdup(eq + 1);
	if (str_to_i64(soft, &u.soft) < 0 || (colon && str_to_i64(colon + 1, &u.hard) < 0) || u.soft < -1 ||
	    u.hard < -1)
		return err_invalid(e, "\"%s\": limits are whole numbers, -1 for none", value);
	if (!colon)
		u.hard = u.soft;
	if (u.hard != -1 && (u.soft == -1 || u.soft > u.hard))
		return err_invalid(e, "\"%s\": the soft limit is above the hard limit", value);
	u.name = xstrndup(value, (size_t)(eq - value));
	o->ulimits = xreallocarray(o->ulimits, o->n_ulimits + 1, sizeof(*o->ulimits));
	o->ulimits[o->n_ulimits++] = u;
	return 0;
}

static bool is_device_access(const char *s)
{
	return *s && strspn(s, "rwm") == strlen(s);
}

static int parse_device(void *options, const char *value, struct err *e)
{
	struct engine_create_options *o = eng(options);
	_cleanup_strv_ char **part = strv_split(value, ':');
	size_t n = strv_len(part);
	const char *access = "rwm", *inside = n > 0 ? part[0] : "";

	if (n < 1 || n > 3)
		return err_invalid(e, "\"%s\" is not of the form HOST[:CONTAINER][:rwm]", value);
	if (n == 3) {
		inside = part[1];
		access = part[2];
	} else if (n == 2 && part[1][0] == '/') {
		inside = part[1];
	} else if (n == 2) {
		access = part[1];
	}
	if (part[0][0] != '/' || inside[0] != '/')
		return err_invalid(e, "\"%s\": paths are absolute", value);
	if (!is_device_access(access))
		return err_invalid(e, "\"%s\": access \"%s\" is not made of r, w and m", value, access);
	o->devices = xreallocarray(o->devices, o->n_devices + 1, sizeof(*o->devices));
	o->devices[o->n_devices++] = (struct engine_device){.host = xstrdup(part[0]),
							    .container = xstrdup(inside),
							    .access = xstrdup(access)};
	return 0;
}

static void replace(char **slot, const char *value)
{
	char *copy = value ? xstrdup(value) : NULL;

	free(*slot);
	*slot = copy;
}

static int parse_seccomp(struct engine_create_options *o, const char *value, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);

	if (str_eq(value, "unconfined")) {
		replace(&o->seccomp, value);
		replace(&o->seccomp_name, value);
		return 0;
	}
	if (str_eq(value, "builtin") || str_eq(value, "default")) {
		replace(&o->seccomp, NULL);
		replace(&o->seccomp_name, NULL);
		return 0;
	}
	int rc = file_read(AT_FDCWD, value, FILE_MAX_BYTES, &text, e);
	if (rc < 0)
		return err_wrap(e, rc, "seccomp profile");
	replace(&o->seccomp, text.data);
	replace(&o->seccomp_name, value);
	return 0;
}

static int parse_security_opt(void *options, const char *value, struct err *e)
{
	struct engine_create_options *o = eng(options);
	const char *v;

	if (str_eq(value, "no-new-privileges")) {
		o->no_new_privileges = true;
		return 0;
	}
	// Both separators are in use: Docker's old spelling has a colon.
	if ((v = str_after(value, "no-new-privileges=")) || (v = str_after(value, "no-new-privileges:")))
		return str_to_bool(v, &o->no_new_privileges) < 0 ? err_invalid(e, "\"%s\": wants true or false", value)
								 : 0;
	if ((v = str_after(value, "seccomp=")) || (v = str_after(value, "seccomp:")))
		return parse_seccomp(o, v, e);
	if ((v = str_after(value, "apparmor=")) || (v = str_after(value, "apparmor:"))) {
		replace(&o->apparmor, v);
		return 0;
	}
	if ((v = str_after(value, "label=")) || (v = str_after(value, "label:"))) {
		replace(&o->selinux_label, v);
		return 0;
	}
	return err_invalid(
		e, "\"%s\" is not known (seccomp=FILE|unconfined, no-new-privileges, apparmor=PROFILE, label=LABEL)",
		value);
}

static int parse_entrypoint(void *options, const char *value, struct err *e)
{
	struct engine_create_options *o = eng(options);

	strv_free(o->entrypoint);
	o->entrypoint = NULL;
	o->entrypoint_set = true;
	if (*value)
		strv_push(&o->entrypoint, value);
	return 0;
}

static int parse_add_host(void *options, const char *value, struct err *e)
{
	const char *sep = strpbrk(value, ":=");

	if (!sep || sep == value || !sep[1])
		return err_invalid(e, "\"%s\" is not of the form HOST:ADDRESS", value);
	if (value[strcspn(value, " \t\n#")])
		return err_invalid(e, "\"%s\": a host name has no blanks", value);
	strv_push(&eng(options)->add_host, value);
	return 0;
}

static int parse_cpus(void *options, const char *value, struct err *e)
{
	double d;
	char *end;

	errno = 0;
	d = strtod(value, &end);
	if (errno || end == value || *end || !(d >= 0) || d > 1e6)
		return err_invalid(e, "\"%s\" is not a number of CPUs such as 0.5", value);
	eng(options)->cpus = d;
	return 0;
}

static int parse_pull(void *options, const char *value, struct err *e)
{
	static const char *const known[] = {"missing", "never", "always", NULL};

	if (!str_in(value, known))
		return err_invalid(e, "\"%s\" is not one of missing, never, always", value);
	if (str_eq(value, "always"))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "\"always\": pulling from registries is not there yet");
	replace(&eng(options)->pull, value);
	return 0;
}

static int parse_log_opt(void *options, const char *value, struct err *e)
{
	const char *v;

	if ((v = str_after(value, "max-size=")))
		return str_to_size(v, &eng(options)->log_max_size) < 0 ? err_invalid(e, "\"%s\": wants a size", value)
								       : 0;
	if ((v = str_after(value, "max-file="))) {
		if (str_to_i64(v, &eng(options)->log_max_file) < 0 || eng(options)->log_max_file < 1)
			return err_invalid(e, "\"%s\": wants a number of at least 1", value);
		return 0;
	}
	return err_invalid(e, "\"%s\" is not known (max-size=SIZE, max-file=N)", value);
}

static int parse_log_driver(void *options, const char *value, struct err *e)
{
	if (!str_eq(value, "json-file") && !str_eq(value, "none"))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "\"%s\" is not supported (json-file, none)", value);
	replace(&eng(options)->log_driver, value);
	return 0;
}

#define CALL(fn) FLAG_CALL, .parse = (fn)

const struct flag create_flags[] = {
	{"add-host", 0, CALL(parse_add_host), .metavar = "HOST:IP", .help = "Add a line to /etc/hosts"},
	{"annotation", 0, FLAG_LIST, .hidden = true, .offset = ENG(labels), .help = "As --label"},
	{"attach", 'a', FLAG_LIST, .offset = OPT(attach), .metavar = "STREAM",
	 .help = "Attach to stdin, stdout or stderr only"},
	{"cap-add", 0, FLAG_LIST, .offset = ENG(cap_add), .metavar = "CAP", .help = "Add a capability, or ALL"},
	{"cap-drop", 0, FLAG_LIST, .offset = ENG(cap_drop), .metavar = "CAP", .help = "Drop a capability, or ALL"},
	{"cgroup-parent", 0, FLAG_STRING, .offset = ENG(cgroup_parent), .metavar = "PATH",
	 .help = "Put the container's cgroup below this one"},
	{"cgroupns", 0, FLAG_STRING, .offset = ENG(cgroupns), .metavar = "MODE",
	 .help = "Cgroup namespace: private (default) or host"},
	{"cidfile", 0, FLAG_STRING, .offset = ENG(cidfile), .metavar = "FILE",
	 .help = "Write the container's id to a file"},
	{"detach-keys", 0, FLAG_STRING, .offset = ENG(detach_keys), .metavar = "KEYS",
	 .help = "Keys that detach from a terminal (default ctrl-p,ctrl-q)"},
	{"device", 0, CALL(parse_device), .metavar = "HOST[:CONTAINER][:rwm]", .help = "Give the container a device"},
	{"dns", 0, FLAG_LIST, .offset = ENG(dns), .metavar = "ADDRESS", .help = "Name server in /etc/resolv.conf"},
	{"dns-option", 0, FLAG_LIST, .offset = ENG(dns_option), .metavar = "OPTION",
	 .help = "Option in /etc/resolv.conf"},
	{"dns-opt", 0, FLAG_LIST, .hidden = true, .offset = ENG(dns_option), .help = "As --dns-option"},
	{"dns-search", 0, FLAG_LIST, .offset = ENG(dns_search), .metavar = "DOMAIN",
	 .help = "Search domain in /etc/resolv.conf"},
	{"domainname", 0, FLAG_STRING, .offset = ENG(domainname), .metavar = "NAME", .help = "NIS domain name"},
	{"entrypoint", 0, CALL(parse_entrypoint), .metavar = "COMMAND",
	 .help = "Replace the image's entrypoint (\"\" for none)"},
	{"env", 'e', FLAG_LIST, .offset = OPT(env), .metavar = "NAME[=VALUE]",
	 .help = "Set an environment variable, or take it from here"},
	{"env-file", 0, FLAG_LIST, .offset = OPT(env_file), .metavar = "FILE",
	 .help = "Read environment variables from a file"},
	{"group-add", 0, FLAG_LIST, .offset = ENG(group_add), .metavar = "GROUP",
	 .help = "Additional group, by name or number"},
	{"hostname", 'h', FLAG_STRING, .offset = ENG(hostname), .metavar = "NAME",
	 .help = "Host name (default: the short id)"},
	{"init", 0, FLAG_BOOL, .offset = ENG(init),
	 .help = "Run a small init as PID 1 that forwards signals and reaps processes"},
	{"interactive", 'i', FLAG_BOOL, .offset = ENG(interactive), .help = "Keep standard input open"},
	{"ipc", 0, FLAG_STRING, .offset = ENG(ipc), .metavar = "MODE",
	 .help = "IPC namespace: private (default), host, container:ID"},
	{"label", 'l', FLAG_LIST, .offset = OPT(label), .metavar = "NAME[=VALUE]", .help = "Label the container"},
	{"label-file", 0, FLAG_LIST, .offset = OPT(label_file), .metavar = "FILE", .help = "Read labels from a file"},
	{"log-driver", 0, CALL(parse_log_driver), .metavar = "DRIVER", .help = "json-file (default) or none"},
	{"log-opt", 0, CALL(parse_log_opt), .metavar = "NAME=VALUE", .help = "max-size=SIZE, max-file=N"},
	{"mount", 0, CALL(mount_flag_parse), .metavar = "SPEC",
	 .help = "type=bind|volume|tmpfs,source=...,target=...[,readonly]"},
	{"name", 0, FLAG_STRING, .offset = ENG(name), .metavar = "NAME",
	 .help = "Name of the container (default: made up)"},
	{"network", 0, FLAG_STRING, .offset = ENG(network), .metavar = "MODE",
	 .help = "Network: none, host, container:ID, ns:PATH"},
	{"net", 0, FLAG_STRING, .hidden = true, .offset = ENG(network), .help = "As --network"},
	{"no-healthcheck", 0, FLAG_BOOL, .offset = ENG(no_healthcheck), .help = "Ignore the image's health check"},
	{"pid", 0, FLAG_STRING, .offset = ENG(pid), .metavar = "MODE",
	 .help = "PID namespace: private (default), host, container:ID"},
	{"pidfile", 0, FLAG_STRING, .offset = ENG(pidfile), .metavar = "FILE",
	 .help = "Write the process id of the container's init to a file"},
	{"privileged", 0, FLAG_BOOL, .offset = ENG(privileged),
	 .help = "All capabilities and devices, no seccomp filter, nothing masked"},
	{"pull", 0, CALL(parse_pull), .metavar = "POLICY",
	 .help = "When to pull: missing or never (pulling itself is not there yet)"},
	{"read-only", 0, FLAG_BOOL, .offset = ENG(read_only), .help = "Mount the root filesystem read-only"},
	{"rm", 0, FLAG_BOOL, .offset = ENG(auto_remove), .help = "Remove the container when it ends"},
	{"security-opt", 0, CALL(parse_security_opt), .metavar = "OPTION",
	 .help = "seccomp=FILE|unconfined, no-new-privileges, apparmor=PROFILE, label=LABEL"},
	{"stop-signal", 0, FLAG_STRING, .offset = ENG(stop_signal), .metavar = "SIGNAL",
	 .help = "Signal that asks the container to stop"},
	{"stop-timeout", 0, FLAG_INT, .offset = ENG(stop_timeout), .set_offset = ENG(stop_timeout_set),
	 .metavar = "SECONDS", .help = "Time to stop before it is killed (default 10)"},
	{"sysctl", 0, FLAG_LIST, .offset = ENG(sysctl), .metavar = "NAME=VALUE",
	 .help = "Set a namespaced kernel parameter"},
	{"tmpfs", 0, CALL(tmpfs_flag_parse), .metavar = "PATH[:OPTIONS]", .help = "Mount a tmpfs"},
	{"tty", 't', FLAG_BOOL, .offset = ENG(tty), .help = "Give the container a terminal"},
	{"user", 'u', FLAG_STRING, .offset = ENG(user), .metavar = "USER[:GROUP]",
	 .help = "User and group, by name or number"},
	{"userns", 0, FLAG_STRING, .offset = ENG(userns), .metavar = "MODE",
	 .help = "User namespace: host, auto, container:ID"},
	{"uts", 0, FLAG_STRING, .offset = ENG(uts), .metavar = "MODE",
	 .help = "UTS namespace: private (default) or host"},
	{"volume", 'v', CALL(volume_flag_parse), .metavar = "[SOURCE:]PATH[:OPTIONS]",
	 .help = "Mount a host path or a named volume (ro, rw, z, Z, nocopy, rprivate, ...)"},
	{"workdir", 'w', FLAG_STRING, .offset = ENG(workdir), .metavar = "PATH", .help = "Working directory"},
	{0},
};

const struct flag create_resource_flags[] = {
	{"blkio-weight", 0, FLAG_U32, .offset = ENG(blkio_weight), .help = "Block IO weight, 10 to 1000"},
	{"cpu-period", 0, FLAG_U64, .offset = ENG(cpu_period), .metavar = "US",
	 .help = "Length of the CFS period in microseconds"},
	{"cpu-quota", 0, FLAG_I64, .offset = ENG(cpu_quota), .metavar = "US",
	 .help = "CPU time in a period, in microseconds"},
	{"cpu-rt-period", 0, FLAG_I64, .offset = ENG(cpu_rt_period), .metavar = "US",
	 .help = "Real-time period in microseconds"},
	{"cpu-rt-runtime", 0, FLAG_I64, .offset = ENG(cpu_rt_runtime), .metavar = "US",
	 .help = "Real-time runtime in microseconds"},
	{"cpu-shares", 'c', FLAG_U64, .offset = ENG(cpu_shares), .help = "Relative CPU weight (default 1024)"},
	{"cpus", 0, CALL(parse_cpus), .metavar = "NUM", .help = "Number of CPUs, such as 0.5"},
	{"cpuset-cpus", 0, FLAG_STRING, .offset = ENG(cpuset_cpus), .metavar = "LIST", .help = "CPUs to run on: 0-2,4"},
	{"cpuset-mems", 0, FLAG_STRING, .offset = ENG(cpuset_mems), .metavar = "LIST",
	 .help = "Memory nodes to use: 0,1"},
	{"memory", 'm', FLAG_SIZE, .offset = ENG(memory), .help = "Memory limit: 512m, 1.5g"},
	{"memory-reservation", 0, FLAG_SIZE, .offset = ENG(memory_reservation), .help = "Soft memory limit"},
	{"memory-swap", 0, FLAG_SIZE, .offset = ENG(memory_swap),
	 .help = "Memory and swap together; -1 for no limit on swap"},
	{"memory-swappiness", 0, FLAG_I64, .offset = ENG(memory_swappiness), .set_offset = ENG(memory_swappiness_set),
	 .help = "Swappiness, 0 to 100"},
	{"oom-kill-disable", 0, FLAG_BOOL, .offset = ENG(oom_kill_disable),
	 .help = "Do not kill on out of memory (cgroup v1)"},
	{"oom-score-adj", 0, FLAG_INT, .offset = ENG(oom_score_adj), .set_offset = ENG(oom_score_adj_set),
	 .help = "Out-of-memory preference, -1000 to 1000"},
	{"pids-limit", 0, FLAG_I64, .offset = ENG(pids_limit), .set_offset = ENG(pids_limit_set),
	 .help = "Most processes at once (default 2048; -1 for no limit)"},
	{"shm-size", 0, FLAG_SIZE, .offset = ENG(shm_size), .help = "Size of /dev/shm (default 64m)"},
	{"ulimit", 0, CALL(parse_ulimit), .metavar = "NAME=SOFT[:HARD]",
	 .help = "Resource limit of processes: nofile=1024:2048"},
	{0},
};

void create_options_done(void *options)
{
	struct create_options *o = options;

	engine_create_options_done(&o->engine);
	strv_free(o->env);
	strv_free(o->env_file);
	strv_free(o->label);
	strv_free(o->label_file);
	strv_free(o->attach);
}

static char *trim(char *s)
{
	s += strspn(s, " \t");
	for (size_t n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
		s[n - 1] = 0;
	return s;
}

// Lines "NAME=value" or "NAME"; "#" comments and empty lines are skipped. The value is taken as it stands.
static int read_pairs_file(const char *path, bool environment, char ***ret, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	unsigned number = 0;

	int rc = file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text, e);
	if (rc < 0)
		return rc;
	_cleanup_strv_ char **lines = strv_split(text.data, '\n');
	for (char **l = lines; l && *l; l++) {
		char *line = *l;
		number++;
		size_t n = strlen(line);
		if (n && line[n - 1] == '\r')
			line[n - 1] = 0;
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		size_t name = strcspn(line, "=");
		if (!name || memchr(line, ' ', name) || memchr(line, '\t', name))
			return err_invalid(e, "%s: line %u: \"%.*s\" is no variable name", path, number,
					   (int)MIN(name, (size_t)60), line);
		if (line[name] == '=') {
			strv_push(ret, line);
		} else if (!environment) {
			strv_pushf(ret, "%s=", trim(line));
		} else if (getenv(trim(line))) {
			strv_pushf(ret, "%s=%s", line, getenv(line));
		}
	}
	return 0;
}

int create_collect_env(char *const *files, char *const *assignments, char ***ret, struct err *e)
{
	for (char *const *f = files; f && *f; f++) {
		int rc = read_pairs_file(*f, true, ret, e);
		if (rc < 0)
			return err_wrap(e, rc, "--env-file");
	}
	for (char *const *v = assignments; v && *v; v++) {
		if (!**v || **v == '=')
			return err_invalid(e, "--env: \"%s\" has no name", *v);
		if (strchr(*v, '=')) {
			strv_env_set(ret, *v);
		} else if (getenv(*v)) {
			_cleanup_free_ char *pair = xasprintf("%s=%s", *v, getenv(*v));
			strv_env_set(ret, pair);
		}
	}
	return 0;
}

static int collect_labels(struct create_options *o, struct err *e)
{
	for (char **f = o->label_file; f && *f; f++) {
		int rc = read_pairs_file(*f, false, &o->engine.labels, e);
		if (rc < 0)
			return err_wrap(e, rc, "--label-file");
	}
	for (char **v = o->label; v && *v; v++) {
		if (!**v || **v == '=')
			return err_invalid(e, "--label: \"%s\" has no name", *v);
		_cleanup_free_ char *pair = strchr(*v, '=') ? xstrdup(*v) : xasprintf("%s=", *v);
		strv_env_set(&o->engine.labels, pair);
	}
	return 0;
}

static int collect_attach(struct create_options *o, struct err *e)
{
	struct engine_create_options *g = &o->engine;

	if (!o->attach) {
		g->attach_stdin = g->interactive && !g->detach;
		g->attach_stdout = g->attach_stderr = !g->detach;
		return 0;
	}
	if (g->detach)
		return err_invalid(e, "--attach and --detach exclude each other");
	for (char **v = o->attach; *v; v++) {
		if (!strcasecmp(*v, "stdin"))
			g->attach_stdin = true;
		else if (!strcasecmp(*v, "stdout"))
			g->attach_stdout = true;
		else if (!strcasecmp(*v, "stderr"))
			g->attach_stderr = true;
		else
			return err_invalid(e, "--attach: \"%s\" is not one of stdin, stdout, stderr", *v);
	}
	return 0;
}

int create_options_finish(struct create_options *o, char **args, struct err *e)
{
	int rc = create_collect_env(o->env_file, o->env, &o->engine.env, e);

	if (rc < 0)
		return rc;
	rc = collect_labels(o, e);
	if (rc < 0)
		return rc;
	rc = collect_attach(o, e);
	if (rc < 0)
		return rc;
	o->engine.image = xstrdup(args[0]);
	if (args[1])
		o->engine.args = strv_dup(args + 1);
	return 0;
}
