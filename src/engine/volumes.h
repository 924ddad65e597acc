// SPDX-License-Identifier: Apache-2.0
// Volumes: <root>/volumes/<name>/_data and a row each. Named ones stay until they are removed by name; anonymous ones
// belong to the container that made them.
#pragma once

#include "engine/internal.h"

char *volume_path(const struct engine *g, const char *name); // malloc'd
// Makes sure that every volume of p->resolved is there, and fills empty ones with what the image has at their
// destination (files by descriptor below rootfs, owners as the container sees them). Anonymous ones must have names.
int volumes_prepare(struct engine *g, const struct engine_prepared *p, int rootfs, struct err *e);
// The anonymous volumes of a container, to be read before its row goes; strv.
int volumes_list_anonymous(struct engine *g, const char *id, char ***ret, struct err *e);
// Removes those of them that no container uses. All are tried, the first error is told.
int volumes_remove(struct engine *g, char *const *names, struct err *e);
// Those of p that nobody uses: after a start that failed.
void volumes_discard(struct engine *g, const struct engine_prepared *p);
// Anonymous volumes whose container never came to be: left by a killed process.
int volumes_repair(struct engine *g, struct err *e);
