// SPDX-License-Identifier: Apache-2.0
// Pieces of the create options that the rest of the engine stores or copies by themselves.
#pragma once

#include "engine/engine.h"

void engine_mounts_free(struct engine_mount *v, size_t n);
struct engine_mount *engine_mounts_dup(const struct engine_mount *v, size_t n);
// An array of mounts.
void engine_mounts_write(const struct engine_mount *v, size_t n, struct json_writer *w);
// j NULL: none, outputs untouched.
int engine_mounts_parse(const struct json *j, struct engine_mount **ret, size_t *ret_n, struct err *e);
// The members alone, into an object that the caller opened.
void engine_create_options_write_members(const struct engine_create_options *o, struct json_writer *w);
