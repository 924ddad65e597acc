// SPDX-License-Identifier: Apache-2.0
// run, create, start, attach, exec, restart: what sets processes going.
#include "cli/commands.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/create_flags.h"

// ---- run and create -----------------------------------------------------------------------------------------------

struct run_options {
	struct create_options create; // first
	bool no_sig_proxy;
};

static int parse_sig_proxy(void *options, const char *value, struct err *e)
{
	bool on = true;

	if (value && str_to_bool(value, &on) < 0)
		return err_invalid(e, "\"%s\": wants true or false", value);
	((struct run_options *)options)->no_sig_proxy = !on;
	return 0;
}

static const struct flag run_flags[] = {
	{"detach", 'd', FLAG_BOOL, .offset = offsetof(struct run_options, create.engine.detach),
	 .help = "Run in the background and print the container's id"},
	{"sig-proxy", 0, FLAG_CALL, .parse = parse_sig_proxy, .metavar = "BOOL",
	 .help = "Pass signals on to the container (default true)"},
	{0},
};

static void run_done(void *options)
{
	create_options_done(&((struct run_options *)options)->create);
}

static int run_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct run_options *o = options;
	struct engine_create_options *g = &o->create.engine;
	_cleanup_free_ char *id = NULL;
	int exit_code = 0;

	int rc = create_options_finish(&o->create, args, e);
	if (rc < 0)
		return rc;
	if (g->tty && !g->detach && g->interactive && !isatty(STDIN_FILENO))
		return err_invalid(e, "the input device is not a terminal (leave out -t, or run in a terminal)");
	if (!cli_engine(c, e))
		return -e->code;
	struct engine_run r = {.options = g, .sig_proxy = !o->no_sig_proxy && !g->tty};
	rc = engine_run(c->engine, &r, &exit_code, &id, e);
	if (rc < 0)
		return rc;
	if (g->detach && id)
		puts(id);
	return g->detach ? 0 : exit_code;
}

static const struct flag *const run_tables[] = {create_flags, create_resource_flags, run_flags, NULL};
const struct command command_run = {
	.name = "run",
	.summary = "Create a container from an image and run a command in it",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.details = "The image \"host\" is built in: this machine's own root filesystem, copied on write.",
	.group = "Common commands",
	.flags = run_tables,
	.options_size = sizeof(struct run_options),
	.min_args = 1,
	.max_args = -1,
	.stop_at_first = true,
	.done = run_done,
	.run = run_run,
};

static int create_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct create_options *o = options;
	_cleanup_free_ char *id = NULL;

	int rc = create_options_finish(o, args, e);
	if (rc < 0)
		return rc;
	if (!cli_engine(c, e))
		return -e->code;
	rc = engine_create(c->engine, &o->engine, &id, e);
	if (rc < 0)
		return rc;
	puts(id);
	return 0;
}

static const struct flag *const create_tables[] = {create_flags, create_resource_flags, NULL};
const struct command command_create = {
	.name = "create",
	.summary = "Create a container, to be started later",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.group = "Containers",
	.flags = create_tables,
	.options_size = sizeof(struct create_options),
	.min_args = 1,
	.max_args = -1,
	.stop_at_first = true,
	.done = create_options_done,
	.run = create_run,
};

// ---- start, attach --------------------------------------------------------------------------------------------------

struct start_options {
	bool attach, interactive, no_stdin, no_sig_proxy;
	char *detach_keys;
};

static int parse_start_sig_proxy(void *options, const char *value, struct err *e)
{
	bool on = true;

	if (value && str_to_bool(value, &on) < 0)
		return err_invalid(e, "\"%s\": wants true or false", value);
	((struct start_options *)options)->no_sig_proxy = !on;
	return 0;
}

#define START(member) offsetof(struct start_options, member)
static const struct flag start_flags[] = {
	{"attach", 'a', FLAG_BOOL, .offset = START(attach), .help = "Attach to its output and wait for its end"},
	{"detach-keys", 0, FLAG_STRING, .offset = START(detach_keys), .metavar = "KEYS",
	 .help = "Keys that detach from a terminal"},
	{"interactive", 'i', FLAG_BOOL, .offset = START(interactive), .help = "Attach standard input too"},
	{0},
};

static int start_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	return engine_start(c->engine, arg, e);
}

static int start_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct start_options *o = options;
	int exit_code = 0;

	if (!cli_engine(c, e))
		return -e->code;
	if (!o->attach && !o->interactive)
		return cli_each(c, args, true, start_one, NULL);
	if (args[1])
		return err_invalid(e, "only one container can be started with --attach or --interactive");
	int rc = engine_start_attached(c->engine, args[0], o->interactive, true, o->detach_keys, &exit_code, e);
	return rc < 0 ? rc : exit_code;
}

static const struct flag *const start_tables[] = {start_flags, NULL};
const struct command command_start = {
	.name = "start",
	.summary = "Start created or stopped containers",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.group = "Containers",
	.flags = start_tables,
	.options_size = sizeof(struct start_options),
	.min_args = 1,
	.max_args = -1,
	.run = start_run,
};

static const struct flag attach_flags[] = {
	{"detach-keys", 0, FLAG_STRING, .offset = START(detach_keys), .metavar = "KEYS",
	 .help = "Keys that detach from a terminal"},
	{"no-stdin", 0, FLAG_BOOL, .offset = START(no_stdin), .help = "Leave standard input alone"},
	{"sig-proxy", 0, FLAG_CALL, .parse = parse_start_sig_proxy, .metavar = "BOOL",
	 .help = "Pass signals on to the container (default true)"},
	{0},
};

static int attach_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct start_options *o = options;
	int exit_code = 0;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = engine_attach(c->engine, args[0], o->no_stdin, !o->no_sig_proxy, o->detach_keys, &exit_code, e);
	return rc < 0 ? rc : exit_code;
}

static const struct flag *const attach_tables[] = {attach_flags, NULL};
const struct command command_attach = {
	.name = "attach",
	.summary = "Connect this terminal to a running container",
	.usage = "[OPTIONS] CONTAINER",
	.group = "Containers",
	.flags = attach_tables,
	.options_size = sizeof(struct start_options),
	.min_args = 1,
	.max_args = 1,
	.run = attach_run,
};

// ---- exec -----------------------------------------------------------------------------------------------------------

struct exec_options {
	bool interactive, tty, detach, privileged;
	char **env, **env_file;
	char *user, *workdir, *detach_keys;
};

#define EXEC(member) offsetof(struct exec_options, member)
static const struct flag exec_flags[] = {
	{"detach", 'd', FLAG_BOOL, .offset = EXEC(detach), .help = "Do not wait for the command"},
	{"detach-keys", 0, FLAG_STRING, .offset = EXEC(detach_keys), .metavar = "KEYS",
	 .help = "Keys that detach from a terminal"},
	{"env", 'e', FLAG_LIST, .offset = EXEC(env), .metavar = "NAME[=VALUE]",
	 .help = "Set an environment variable, or take it from here"},
	{"env-file", 0, FLAG_LIST, .offset = EXEC(env_file), .metavar = "FILE",
	 .help = "Read environment variables from a file"},
	{"interactive", 'i', FLAG_BOOL, .offset = EXEC(interactive), .help = "Keep standard input open"},
	{"privileged", 0, FLAG_BOOL, .offset = EXEC(privileged), .help = "All capabilities"},
	{"tty", 't', FLAG_BOOL, .offset = EXEC(tty), .help = "Give the command a terminal"},
	{"user", 'u', FLAG_STRING, .offset = EXEC(user), .metavar = "USER[:GROUP]",
	 .help = "User and group, by name or number"},
	{"workdir", 'w', FLAG_STRING, .offset = EXEC(workdir), .metavar = "PATH", .help = "Working directory"},
	{0},
};

static int exec_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct exec_options *o = options;
	_cleanup_strv_ char **env = NULL;
	int exit_code = 0;

	int rc = create_collect_env(o->env_file, o->env, &env, e);
	if (rc < 0)
		return rc;
	if (o->tty && o->interactive && !o->detach && !isatty(STDIN_FILENO))
		return err_invalid(e, "the input device is not a terminal (leave out -t, or run in a terminal)");
	if (!cli_engine(c, e))
		return -e->code;
	struct engine_exec x = {
		.args = args + 1,
		.env = env,
		.user = o->user,
		.workdir = o->workdir,
		.detach_keys = o->detach_keys,
		.interactive = o->interactive,
		.tty = o->tty,
		.detach = o->detach,
		.privileged = o->privileged,
	};
	rc = engine_exec(c->engine, args[0], &x, &exit_code, e);
	return rc < 0 ? rc : exit_code;
}

static const struct flag *const exec_tables[] = {exec_flags, NULL};
const struct command command_exec = {
	.name = "exec",
	.summary = "Run a command in a running container",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.group = "Common commands",
	.flags = exec_tables,
	.options_size = sizeof(struct exec_options),
	.min_args = 2,
	.max_args = -1,
	.stop_at_first = true,
	.run = exec_run,
};
