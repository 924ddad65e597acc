// SPDX-License-Identifier: Apache-2.0
// Rows of containers, for the parts of the engine that list and inspect them; the monitor needs internal.h alone.
#pragma once

#include "engine/internal.h"

// ERR_EXISTS if a container has that name. Only a hint: the insertion decides.
int engine_row_name_free(struct engine *g, const char *name, struct err *e);
void engine_container_done(struct engine_container *c);
// A statement over rows, newest first, for engine_row_read. all: those that are created or exited too.
int engine_row_each(struct engine *g, bool all, sqlite3_stmt **ret, struct err *e);
int engine_row_read(sqlite3_stmt *s, struct engine_row *r, struct err *e);

void engine_resolved_write(const struct engine_resolved *r, struct json_writer *w);
int engine_resolved_parse(const struct json *j, struct engine_resolved *ret, struct err *e);
void engine_resolved_done(struct engine_resolved *r);
// Both halves of a row's options column.
int engine_options_load(const char *text, struct engine_create_options *ret, struct engine_resolved *ret_resolved,
			struct err *e);
// The image's labels with the user's over them, "k=v"; strv.
char **engine_labels(const struct engine_create_options *o, const struct oci_image_config *c);
