// SPDX-License-Identifier: Apache-2.0
// Every command, for the table in commands.c.
#pragma once

#include "cli/cli.h"

extern const struct command command_run, command_create, command_start, command_attach, command_exec;
extern const struct command command_ps, command_inspect, command_logs, command_top, command_diff, command_stats;
extern const struct command command_kill, command_stop, command_restart, command_rm, command_wait, command_rename,
	command_pause, command_unpause;
extern const struct command command_images, command_load, command_import, command_tag, command_rmi;
extern const struct command command_version, command_info;
