// SPDX-License-Identifier: Apache-2.0
// What preparing and removing share.
#pragma once

#include "engine/internal.h"

#define ENGINE_IMAGE_HOST "host" // the built-in image

// The root file system of p as a detached mount, with upper and work in p->dir. Descriptor or negative errno.
int engine_prepare_rootfs(struct engine *g, const struct engine_prepared *p, struct err *e);
// Where a container's control groups are. malloc'd.
// Name of the link in a container's folder that holds --cgroup-parent.
#define ENGINE_CGROUP_PARENT_LINK "cgroup-parent"
char *engine_cgroup_path(const struct engine_create_options *o, const char *id);
unsigned engine_cgroup_flags(const struct engine *g);
// The lock of a container whose monitor is about to end gets a moment. Errors as engine_lock's.
int engine_lock_ended(struct engine *g, const char *id, struct err *e);
// Processes and control groups that a killed monitor left behind.
int engine_kill_remains(struct engine *g, const struct engine_row *r, struct err *e);
// <root>/containers/<id> and <run>/containers/<id>. Missing ones are fine.
int engine_remove_folders(struct engine *g, const char *id, struct err *e);
