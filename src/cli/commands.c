// SPDX-License-Identifier: Apache-2.0
// The table of commands, in the order of the help, and their other spellings.
#include "cli/commands.h"

const struct command *const cli_commands[] = {
	&command_run,     &command_exec,    &command_ps,
	&command_logs,    &command_stop,    &command_rm,
	&command_images,  &command_create,  &command_start,
	&command_restart, &command_kill,    &command_wait,
	&command_attach,  &command_pause,   &command_unpause,
	&command_rename,  &command_inspect, &command_top,
	&command_stats,   &command_diff,    &command_load,
	&command_import,  &command_tag,     &command_rmi,
	&command_version, &command_info,    NULL,
};

const struct command_alias cli_aliases[] = {
	{"container", "attach", &command_attach},
	{"container", "create", &command_create},
	{"container", "diff", &command_diff},
	{"container", "exec", &command_exec},
	{"container", "inspect", &command_inspect},
	{"container", "kill", &command_kill},
	{"container", "logs", &command_logs},
	{"container", "ls", &command_ps},
	{"container", "list", &command_ps},
	{"container", "ps", &command_ps},
	{"container", "pause", &command_pause},
	{"container", "rename", &command_rename},
	{"container", "restart", &command_restart},
	{"container", "rm", &command_rm},
	{"container", "run", &command_run},
	{"container", "start", &command_start},
	{"container", "stats", &command_stats},
	{"container", "stop", &command_stop},
	{"container", "top", &command_top},
	{"container", "unpause", &command_unpause},
	{"container", "wait", &command_wait},
	{"image", "import", &command_import},
	{"image", "inspect", &command_inspect},
	{"image", "load", &command_load},
	{"image", "ls", &command_images},
	{"image", "list", &command_images},
	{"image", "rm", &command_rmi},
	{"image", "tag", &command_tag},
	{"system", "info", &command_info},
	{0},
};
