// SPDX-License-Identifier: Apache-2.0
// Mounts through the descriptor-based API: the table of option names, making file systems and clones, attributes.
// A mount is a descriptor here from birth to its place; paths come from base/path.h.
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOUNT_PROPAGATIONS_MAX = 4 };

struct mount_options {
	uint64_t set, clear;                          // MOUNT_ATTR_* for the mount itself
	uint64_t rec_set, rec_clear;                  // for it and all below it
	unsigned propagation[MOUNT_PROPAGATIONS_MAX]; // MS_PRIVATE, ... with MS_REC, in the order given
	size_t n_propagation;
	bool bind, recursive; // "bind", "rbind"
	bool tmpcopyup, copy_symlink, src_nofollow;
	bool idmap, ridmap;
	char **fs; // what the file system itself shall parse: "mode=755", "sync"; strv
};
void mount_options_done(struct mount_options *o);
#define _cleanup_mount_options_ _cleanup_(mount_options_done)

// Adds one option. Contradictions: the later one wins, as in mount(8).
int mount_options_add(struct mount_options *o, const char *option, struct err *e);
// Whether name is one that this table knows (not one for the file system).
bool mount_option_known(const char *name);

// A new file system, not attached yet. source may be NULL. The kernel's own explanation is in the error.
int mount_new(const char *type, const char *source, const struct mount_options *o, struct err *e);
// A clone of what fd (O_PATH is enough) stands for, not attached yet.
int mount_clone(int fd, bool recursive, struct err *e);
// Whether fd is on a mount of the caller's mount namespace; true when that cannot be told.
bool mount_is_attached(int fd);
// Attributes and propagation of o on the mount of fd, as a bind takes them.
int mount_apply(int fd, const struct mount_options *o, struct err *e);
int mount_set_attr(int fd, bool recursive, uint64_t set, uint64_t clear, struct err *e);
// ms is one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, with or without MS_REC.
int mount_set_propagation(int fd, unsigned ms, struct err *e);
int mount_set_idmap(int fd, bool recursive, int userns, struct err *e);
// Puts the detached mount of fd onto what target stands for.
int mount_attach(int fd, int target, struct err *e);
