// SPDX-License-Identifier: Apache-2.0
// The flags that `run` and `create` share, parsed into struct engine_create_options.
#pragma once

#include "cli/cli.h"

struct create_options {
	struct engine_create_options engine; // first: the flag tables point into it
	char **env, **env_file, **label, **label_file;
	char **attach;
};

extern const struct flag create_flags[];          // what the container is
extern const struct flag create_resource_flags[]; // what it may use

void create_options_done(void *options);
// Reads environment and label files, resolves "-e NAME" from our environment, takes image and command from args.
int create_options_finish(struct create_options *o, char **args, struct err *e);

// Files of --env-file first, then the assignments of -e; "NAME" alone takes our own value, if there is one.
int create_collect_env(char *const *files, char *const *assignments, char ***ret, struct err *e);
