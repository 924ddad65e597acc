// SPDX-License-Identifier: Apache-2.0
// What of this machine the built-in image `host` shows: the file systems mounted here, and what in them stays hidden.
#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum host_how {
	HOST_LEFT_OUT, // the directory below it is seen instead
	HOST_OVERLAY,  // below an overlay
	HOST_READONLY, // its file system cannot be written by anybody: as it is, read-only
	HOST_SKELETON, // below an overlay, but only as folders for others to be mounted on
};

// One path of a mount that the container shall see otherwise than it is.
struct host_mask {
	char *path; // relative to the mount, without "." and ".."
	bool hide;  // not there at all; else a directory of this mode and owner
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct host_mount {
	int id, parent;
	char *device; // "8:1", that of the file system
	char *root;   // which part of the file system is mounted; NULL: not known
	char *point;  // where, as this process sees it
	char *type;
	uint64_t attrs; // MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOEXEC
	enum host_how how;
	char *own; // where in it the container's own folder is, or NULL
	int fd;    // O_PATH of point if it is shown, else -1
	struct host_mask *masks;
	size_t n_masks;
};

// Zeroed is empty. The root comes first, what is deeper in the tree of paths later.
struct host_mounts {
	struct arena arena;
	struct host_mount *v;
	size_t n;
};
void host_mounts_done(struct host_mounts *m);
#define _cleanup_host_mounts_ _cleanup_(host_mounts_done)

// The lines of a mountinfo file (proc_pid_mountinfo(5)), nothing decided yet: all are left out. ERR_CORRUPT for a line
// that is not one.
int host_mounts_parse(const char *text, struct host_mounts *ret, struct err *e);
// Those of this process, with what is shown and how.
int host_mounts_read(struct host_mounts *ret, struct err *e);
// Takes the folder dir out of whatever shows it. own: it is the container's.
int host_mounts_hide(struct host_mounts *m, int dir, bool own, struct err *e);
// Gives the well-known scratch folders (/tmp, /run, ...) that are mounts left out their look, but empty or as the file
// system below has them.
void host_mounts_scratch(struct host_mounts *m);
// The shown mount that path (absolute) is on, and the path's rest in it ("" for its root).
struct host_mount *host_mounts_at(struct host_mounts *m, const char *path, const char **ret_rest);
// The listed mount that fd is on, or NULL.
struct host_mount *host_mount_of(struct host_mounts *m, int fd);
// Whether path (absolute, on t) is hidden.
bool host_is_hidden(const struct host_mount *t, const char *path) _pure_;
// What follows the folder `in` in path: "" for itself, NULL if path is not inside.
const char *host_rest_in(const char *path, const char *in) _pure_;

// For an ordinary user, whose kernel shows no folder that has a mount in it (host_pieces.c): m becomes the list of
// pieces that can be shown, the first being the root, a HOST_SKELETON. The folders, links and places of files that the
// pieces are put into are made in skeleton, unless that is -1.
int host_mounts_split(struct host_mounts *m, int skeleton, struct err *e);
