// SPDX-License-Identifier: Apache-2.0
// kill, stop, restart, rm, wait, rename, pause, unpause: what ends containers or changes their state.
#include "cli/commands.h"

#include "base/mem.h"
#include "base/signame.h"
#include "base/str.h"

#include <signal.h>

struct life_options {
	char *signal;
	int time;
	bool time_set, force, volumes, link;
};

#define LIFE(member) offsetof(struct life_options, member)
#define NAMES_USAGE  "[OPTIONS] CONTAINER [CONTAINER...]"

static int for_each(struct cli *c, char **args, bool echo, int (*fn)(struct cli *, const char *, void *, struct err *),
		    void *data, struct err *e)
{
	return cli_engine(c, e) ? cli_each(c, args, echo, fn, data) : -e->code;
}

// ---- kill -----------------------------------------------------------------------------------------------------------

static int kill_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	return engine_kill(c->engine, arg, *(int *)data, e);
}

static int kill_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct life_options *o = options;
	int sig = o->signal ? signal_from_name(o->signal) : SIGKILL;

	if (sig < 0)
		return err_invalid(e, "invalid signal: %s", o->signal);
	return for_each(c, args, true, kill_one, &sig, e);
}

static const struct flag kill_flags[] = {
	{"signal", 's', FLAG_STRING, .offset = LIFE(signal), .metavar = "SIGNAL",
	 .help = "Signal to send (default KILL)"},
	{0},
};
static const struct flag *const kill_tables[] = {kill_flags, NULL};
const struct command command_kill = {
	.name = "kill",
	.summary = "Send a signal to running containers",
	.usage = NAMES_USAGE,
	.group = "Containers",
	.flags = kill_tables,
	.options_size = sizeof(struct life_options),
	.min_args = 1,
	.max_args = -1,
	.run = kill_run,
};

// ---- stop, restart --------------------------------------------------------------------------------------------------

static int stop_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	const struct life_options *o = data;

	return engine_stop(c->engine, arg, o->time_set ? o->time : -1, e);
}

static int stop_check(struct life_options *o, struct err *e)
{
	if (o->time_set && o->time < -1)
		return err_invalid(e, "--time: %d seconds make no sense", o->time);
	// -1 waits for ever, as Docker's does; the engine's -1 means the container's own time.
	if (o->time_set && o->time == -1)
		o->time = INT32_MAX / 1000;
	return 0;
}

static int stop_run(struct cli *c, void *options, char **args, struct err *e)
{
	int rc = stop_check(options, e);

	return rc < 0 ? rc : for_each(c, args, true, stop_one, options, e);
}

static const struct flag stop_flags[] = {
	{"time", 't', FLAG_INT, .offset = LIFE(time), .set_offset = LIFE(time_set), .metavar = "SECONDS",
	 .help = "Wait this long before killing it (default: the container's own, 10)"},
	{"timeout", 0, FLAG_INT, .hidden = true, .offset = LIFE(time), .set_offset = LIFE(time_set),
	 .help = "As --time"},
	{0},
};
static const struct flag *const stop_tables[] = {stop_flags, NULL};
const struct command command_stop = {
	.name = "stop",
	.summary = "Stop running containers",
	.usage = NAMES_USAGE,
	.group = "Common commands",
	.flags = stop_tables,
	.options_size = sizeof(struct life_options),
	.min_args = 1,
	.max_args = -1,
	.run = stop_run,
};

static int restart_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	int rc = stop_one(c, arg, data, e);

	return rc < 0 ? rc : engine_start(c->engine, arg, e);
}

static int restart_run(struct cli *c, void *options, char **args, struct err *e)
{
	int rc = stop_check(options, e);

	return rc < 0 ? rc : for_each(c, args, true, restart_one, options, e);
}

const struct command command_restart = {
	.name = "restart",
	.summary = "Stop containers and start them again",
	.usage = NAMES_USAGE,
	.group = "Containers",
	.flags = stop_tables,
	.options_size = sizeof(struct life_options),
	.min_args = 1,
	.max_args = -1,
	.run = restart_run,
};

// ---- rm -------------------------------------------------------------------------------------------------------------

static int rm_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	const struct life_options *o = data;
	int rc = engine_remove(c->engine, arg, o->force, o->volumes, e);

	// What is gone already is no failure for those who force.
	if (rc < 0 && o->force && e->class == ERR_NOT_FOUND) {
		cli_report(e);
		return 0;
	}
	if (!rc)
		puts(arg);
	return rc;
}

static int rm_run(struct cli *c, void *options, char **args, struct err *e)
{
	return for_each(c, args, false, rm_one, options, e);
}

static const struct flag rm_flags[] = {
	{"force", 'f', FLAG_BOOL, .offset = LIFE(force), .help = "Kill running ones first"},
	{"volumes", 'v', FLAG_BOOL, .offset = LIFE(volumes), .help = "Remove their anonymous volumes too"},
	{0},
};
static const struct flag *const rm_tables[] = {rm_flags, NULL};
const struct command command_rm = {
	.name = "rm",
	.summary = "Remove containers",
	.usage = NAMES_USAGE,
	.group = "Common commands",
	.flags = rm_tables,
	.options_size = sizeof(struct life_options),
	.min_args = 1,
	.max_args = -1,
	.run = rm_run,
};

// ---- wait, rename, pause
// ----------------------------------------------------------------------------------------------

static int wait_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	int exit_code = 0;
	int rc = engine_wait(c->engine, arg, &exit_code, e);

	if (!rc) {
		printf("%d\n", exit_code);
		fflush(stdout);
	}
	return rc;
}

static int wait_run(struct cli *c, void *options, char **args, struct err *e)
{
	return for_each(c, args, false, wait_one, NULL, e);
}

const struct command command_wait = {
	.name = "wait",
	.summary = "Wait until containers end, then print their exit codes",
	.usage = "CONTAINER [CONTAINER...]",
	.group = "Containers",
	.min_args = 1,
	.max_args = -1,
	.run = wait_run,
};

static int rename_run(struct cli *c, void *options, char **args, struct err *e)
{
	return cli_engine(c, e) ? engine_rename(c->engine, args[0], args[1], e) : -e->code;
}

const struct command command_rename = {
	.name = "rename",
	.summary = "Rename a container",
	.usage = "CONTAINER NAME",
	.group = "Containers",
	.min_args = 2,
	.max_args = 2,
	.run = rename_run,
};

static int pause_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	return engine_pause(c->engine, arg, *(const bool *)data, e);
}

static int pause_run(struct cli *c, void *options, char **args, struct err *e)
{
	bool paused = true;

	return for_each(c, args, true, pause_one, &paused, e);
}

const struct command command_pause = {
	.name = "pause",
	.summary = "Freeze every process of containers",
	.usage = "CONTAINER [CONTAINER...]",
	.group = "Containers",
	.min_args = 1,
	.max_args = -1,
	.run = pause_run,
};

static int unpause_run(struct cli *c, void *options, char **args, struct err *e)
{
	bool paused = false;

	return for_each(c, args, true, pause_one, &paused, e);
}

const struct command command_unpause = {
	.name = "unpause",
	.summary = "Let paused containers go on",
	.usage = "CONTAINER [CONTAINER...]",
	.group = "Containers",
	.min_args = 1,
	.max_args = -1,
	.run = unpause_run,
};
