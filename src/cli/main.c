// SPDX-License-Identifier: Apache-2.0
// From argv to a command: global options, look-up with suggestions, and the one place that turns an error into a
// line on stderr and an exit status.
#include "cli/cli.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <signal.h>

struct engine *cli_engine(struct cli *c, struct err *e)
{
	if (!c->engine)
		engine_open(&c->engine_options, &c->engine, e);
	return c->engine;
}

int cli_exit_status(const struct err *e)
{
	switch (e->class) {
	case ERR_EXEC_NOT_FOUND: return EXIT_NOT_FOUND;
	case ERR_EXEC_DENIED: return EXIT_CANNOT_EXEC;
	default: return EXIT_ENGINE;
	}
}

void cli_report(const struct err *e)
{
	char line[ERR_TEXT_MAX + 1];
	size_t n = 0;

	// Names and values in a message may come from an image: nothing in them may reach the terminal as control.
	for (const char *p = e->text; *p && n < sizeof(line) - 1; p++)
		line[n++] = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	line[n] = 0;
	fflush(stdout);
	fprintf(stderr, "berth: %s\n", n ? line : "failed without a reason (this is a defect: please report it)");
}

int cli_flush(struct err *e)
{
	if (fflush(stdout) || ferror(stdout))
		return err_sys(e, "write standard output");
	return 0;
}

int cli_each(struct cli *c, char **args, bool echo,
	     int (*fn)(struct cli *c, const char *arg, void *data, struct err *e), void *data)
{
	int status = 0;

	for (; *args; args++) {
		struct err e = {0};
		int rc = fn(c, *args, data, &e);
		if (rc < 0) {
			cli_report(&e);
			status = EXIT_ENGINE;
		} else if (echo) {
			puts(*args);
		}
	}
	return status;
}

static const struct command *find_command(const char *family, const char *name)
{
	if (!family)
		for (const struct command *const *c = cli_commands; *c; c++)
			if (str_eq((*c)->name, name))
				return *c;
	for (const struct command_alias *a = cli_aliases; a->name; a++)
		if (str_eq0(a->family, family) && str_eq(a->name, name))
			return a->command;
	return NULL;
}

static bool is_family(const char *name)
{
	for (const struct command_alias *a = cli_aliases; a->name; a++)
		if (a->family && str_eq(a->family, name))
			return true;
	return false;
}

static int unknown_command(const char *name, struct err *e)
{
	// Docker's, which people will type: told as missing, not taken for a slip of the finger.
	static const char *const dockers[] = {"pull",   "push",    "build",   "network", "volume",   "login",  "logout",
					      "search", "commit",  "save",    "export",  "cp",       "port",   "update",
					      "events", "history", "compose", "builder", "manifest", "plugin", "secret",
					      "stack",  "swarm",   "node",    "service", "context",  NULL};
	const char *best = NULL;
	size_t best_distance = 3;

	if (str_in(name, dockers))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "'berth %s' is not there yet (see 'berth --help' for what is)%s", name,
			       str_eq(name, "pull") ? ": get an image with 'berth load' or 'berth import'" : "");
	for (const struct command *const *c = cli_commands; *c; c++) {
		size_t d = str_distance(name, (*c)->name, best_distance);
		if (d < best_distance) {
			best = (*c)->name;
			best_distance = d;
		}
	}
	if (best)
		return err_invalid(e, "unknown command: %s (did you mean 'berth %s'? see 'berth --help')", name, best);
	return err_invalid(e, "unknown command: %s (see 'berth --help')", name);
}

static int run_command(struct cli *c, const struct command *cmd, char **argv, struct err *e)
{
	_cleanup_free_ char **args = NULL;
	void *options = xcalloc(1, cmd->options_size + 1);

	if (cmd->init)
		cmd->init(options);
	c->command = cmd->name;
	int rc = flags_parse(cmd, options, argv, &args, e);
	if (rc > 0) {
		help_command(cmd);
		rc = 0;
	} else if (!rc) {
		rc = cmd->run(c, options, args, e);
	}
	flags_free(cmd, options);
	free(options);
	engine_close(c->engine);
	c->engine = NULL;
	if (rc >= 0) {
		int flushed = cli_flush(e);
		if (flushed < 0)
			return flushed;
	}
	return rc;
}

// Options before the command. Returns 1 when there is nothing more to do.
static int global_options(struct cli *c, char ***argv, struct err *e)
{
	for ((*argv)++; **argv && ***argv == '-'; (*argv)++) {
		const char *a = **argv, *value = NULL;

		if (str_eq(a, "-h") || str_eq(a, "--help")) {
			help_program();
			return 1;
		}
		if (str_eq(a, "-v") || str_eq(a, "--version")) {
			puts("berth version " BERTH_VERSION);
			return 1;
		}
		if (str_eq(a, "-D") || str_eq(a, "--debug")) {
			log_setup("berth", 2, LOG_DEBUG, LOG_TEXT);
			continue;
		}
		bool root = str_eq(a, "--root") || str_starts(a, "--root=");
		if (!root && !str_eq(a, "--run") && !str_starts(a, "--run="))
			return err_invalid(e, "unknown flag: %s (see 'berth --help')", a);
		value = strchr(a, '=');
		if (!value && !(*argv)[1])
			return err_invalid(e, "flag needs a value: %s", a);
		value = value ? value + 1 : *++*argv;
		if (!*value)
			return err_invalid(e, "flag needs a folder: %s", a);
		*(root ? &c->engine_options.root : &c->engine_options.run) = value;
	}
	return 0;
}

static int help_for(char **argv, struct err *e)
{
	if (!*argv) {
		help_program();
		return 0;
	}
	if (is_family(*argv) && !argv[1]) {
		help_family(*argv);
		return 0;
	}
	const struct command *cmd = argv[1] ? find_command(argv[0], argv[1]) : find_command(NULL, argv[0]);
	if (!cmd)
		return unknown_command(argv[argv[1] ? 1 : 0], e);
	help_command(cmd);
	return 0;
}

static int dispatch(struct cli *c, char **argv, struct err *e)
{
	const struct command *cmd;
	int rc = global_options(c, &argv, e);

	if (rc)
		return rc < 0 ? rc : 0;
	if (!*argv) {
		help_program();
		return 0;
	}
	if (str_eq(*argv, "help"))
		return help_for(argv + 1, e);
	cmd = find_command(NULL, *argv);
	if (!cmd && is_family(*argv)) {
		const char *family = *argv++;
		if (!*argv || str_eq(*argv, "--help") || str_eq(*argv, "-h")) {
			help_family(family);
			return 0;
		}
		cmd = find_command(family, *argv);
	}
	if (!cmd)
		return unknown_command(*argv, e);
	return run_command(c, cmd, argv, e);
}

int cli_main(int argc, char **argv)
{
	struct cli c = {.argv0 = argv};
	struct err e = {0};

	log_setup("berth", 2, LOG_WARN, LOG_TEXT);
	int rc = dispatch(&c, argv, &e);
	if (rc < 0) {
		// A reader that went away (`berth ps | head -1`) is no story.
		if (rc == -EPIPE)
			return 128 + SIGPIPE;
		cli_report(&e);
		return cli_exit_status(&e);
	}
	if (!rc && cli_flush(&e) < 0) {
		cli_report(&e);
		return EXIT_ENGINE;
	}
	return rc;
}
