// SPDX-License-Identifier: Apache-2.0
// The root file system's own steps: coming into place, hiding paths, becoming "/".
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>

// Puts the detached mount root on top of the caller's "/" (its own mount namespace), where nothing resolves to it yet
// but by descriptor.
int rootfs_attach(int root, struct err *e);
// Makes it "/" and detaches all that was there before. no_pivot: by chroot, for a host whose
// root is a ramfs, where pivot_root cannot work; less of a wall against a payload with CAP_SYS_CHROOT.
int rootfs_pivot(int root, bool no_pivot, struct err *e);

// Read-only binds over paths below root, with what is mounted below them. Missing ones are skipped.
int rootfs_make_readonly(int root, const struct oci_strings *paths, struct err *e);
// Hides paths below root: files under null (descriptor of a verified null device in this mount namespace), directories
// under one empty read-only tmpfs. Missing ones are skipped.
int rootfs_mask(int root, int null, const struct oci_strings *paths, struct err *e);
