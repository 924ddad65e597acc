// SPDX-License-Identifier: Apache-2.0
// The command line's frame: one table of commands, one table of flags a command. The tables drive parsing, help,
// suggestions and (later) completion and manual pages alike, so that they cannot disagree.
#pragma once

#include "base/err.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>

// The engine's own failures exit with 125 as Docker's and Podman's `run` do; 126 and 127 mean the container's
// command could not be executed or found.
enum { EXIT_ENGINE = 125, EXIT_CANNOT_EXEC = 126, EXIT_NOT_FOUND = 127 };

enum flag_kind {
	FLAG_BOOL,   // bool
	FLAG_STRING, // char *, owned
	FLAG_LIST,   // char **, owned, may be given several times
	FLAG_INT,    // int
	FLAG_I64,    // int64_t
	FLAG_U64,    // uint64_t
	FLAG_U32,    // uint32_t
	FLAG_SIZE,   // int64_t, bytes: "512m"
	FLAG_DOUBLE, // double
	FLAG_CALL,   // parse() does it
};

struct flag {
	const char *name; // long name without dashes
	char letter;      // or 0
	enum flag_kind kind;
	bool hidden;                // works, but is not in the help (synonyms)
	size_t offset;              // of the target in the command's options
	size_t set_offset;          // of a bool that tells it was given, or 0 (offset 0 is never such a bool)
	const char *metavar, *help; // metavar NULL: by kind
	// FLAG_CALL: options is the whole options struct, value NULL for a flag without value.
	int (*parse)(void *options, const char *value, struct err *e);
	bool no_value; // FLAG_CALL without value
};

struct cli {
	struct engine_options engine_options;
	struct engine *engine; // opened by cli_engine
	const char *command;   // name as typed, for messages
	char **argv0;
};

struct command {
	const char *name;
	const char *summary, *usage, *details; // details may be NULL
	const char *group;                     // heading in `berth --help`
	const struct flag *const *flags;       // NULL-terminated list of tables, each ended by a flag without name
	size_t options_size;
	int min_args, max_args; // max_args -1: any number
	bool stop_at_first;     // flags end at the first argument (run, exec, create)
	void (*init)(void *options);
	void (*done)(void *options); // NULL: strings and lists of the flag tables are freed
	// Returns the exit status, or a negative errno with e set.
	int (*run)(struct cli *c, void *options, char **args, struct err *e);
};

// commands.c: every command there is, NULL-terminated, in the order of the help.
extern const struct command *const cli_commands[];
// `berth container ls` and the like: another way to write a command.
struct command_alias {
	const char *family; // "container", or NULL for a synonym at the top
	const char *name;
	const struct command *command;
};
extern const struct command_alias cli_aliases[]; // ended by name NULL

int cli_main(int argc, char **argv);

// Opens the engine on first use. NULL with e set on failure.
struct engine *cli_engine(struct cli *c, struct err *e);

// flags.c ------------------------------------------------------------------------------------------------------
// Parses argv[1..] into options; what is left, NULL-terminated, goes to ret_args (malloc'd vector, borrowed strings).
// Returns 1 when --help was asked for.
int flags_parse(const struct command *cmd, void *options, char **argv, char ***ret_args, struct err *e);
void flags_free(const struct command *cmd, void *options);
// The nearest of the command's flags to a mistyped one, or NULL.
const char *flags_suggest(const struct command *cmd, const char *name);

// help.c -------------------------------------------------------------------------------------------------------
void help_program(void);
void help_command(const struct command *cmd);
void help_family(const char *family);

// Tables of rows for people: columns padded to their widest cell, three spaces between, as Docker prints them.
struct table;
struct table *table_new(void);
void table_row(struct table *t, char *const *cells); // copies
void table_print(struct table *t);                   // to stdout
void table_free(struct table *t);
void table_free_p(struct table **t);

// Reports each argument's failure on its own and goes on, as Docker's multi-argument commands do. Prints the
// argument on success when echo. Returns 0, or EXIT_ENGINE if any failed.
int cli_each(struct cli *c, char **args, bool echo,
	     int (*fn)(struct cli *c, const char *arg, void *data, struct err *e), void *data);

// Prints "berth: text" on stderr, control characters made visible.
void cli_report(const struct err *e);
int cli_exit_status(const struct err *e);
// Writes out to stdout and tells a failure (a full disk, a closed pipe).
int cli_flush(struct err *e);
