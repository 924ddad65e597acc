// SPDX-License-Identifier: Apache-2.0
// What a command writes for the caller's scripts: --cidfile and --pidfile.
#pragma once

#include "engine/engine.h"

// The file must not exist yet (ERR_EXISTS): an id in it may be of a container that somebody still needs.
int notes_write_id(const struct engine_create_options *o, const char *id, struct err *e);
void notes_forget_id(const struct engine_create_options *o); // the container was not made after all
int notes_write_pid(const struct engine_create_options *o, pid_t pid, struct err *e); // replaces
