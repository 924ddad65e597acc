// SPDX-License-Identifier: Apache-2.0
// The built-in image `host`: this machine's own root, to be written to without consequences.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "engine/host_mounts.h"
#include "spec/image.h"

struct engine;

// This machine's root file system and the other storage mounted in it, each below an overlay of its own, as one
// detached tree of mounts; what the container writes goes below container_dir: "upper" and "work", and for a mount at
// /home "host/home/upper" and so on. Memory file systems (/tmp, /run) begin empty or as the file system under them;
// kernel file systems are the runtime's to mount; Berth's own folders are not there. Device nodes cannot be opened,
// nothing of the machine can be written. For an ordinary user it is put together from pieces (host_pieces.c); what
// belongs to ids that the user's namespace lacks can be read as far as the user could, but not changed. flags:
// SNAPSHOT_VOLATILE, SNAPSHOT_READONLY for no upper at all, and HOST_READONLY_MOUNTS where the root is going to be made
// read-only (--read-only). ERR_UNSUPPORTED tells what to do where overlayfs cannot be used. Source:
// Documentation/filesystems/overlayfs.rst.
enum { HOST_READONLY_MOUNTS = 1 << 16 }; // beside those of image_snapshot: what is mounted in the root is read-only
int engine_host_rootfs(struct engine *g, int container_dir, unsigned flags, int *ret_mount_fd, struct err *e);

// The image's configuration: the PATH of an administrator's login, the caller's shell.
void engine_host_config(struct arena *a, struct oci_image_config *ret);

// The mounts that a host container sees, with what is hidden: for `diff` too.
int host_mounts_of(struct engine *g, int container_dir, struct host_mounts *ret, struct err *e);
// The folder below container_dir that holds upper and work of t: "." for the root.
int host_upper_name(const struct host_mount *t, char **ret, struct err *e);

// For tests: false builds as on kernels before 6.15, with the help of a mount namespace.
extern bool host_try_detached;
