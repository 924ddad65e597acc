// SPDX-License-Identifier: Apache-2.0
// Paths below a root. Whatever is hostile (an image, a volume, a rootfs) is only ever reached through these:
// openat2(RESOLVE_IN_ROOT) or, where the kernel has none, a walk component by component on O_PATH descriptors
// that resolves symbolic links itself and never leaves the root.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/stat.h>

enum { PATH_DEPTH_MAX = 1024 }; // components a path may have

// Opens path inside root; absolute paths and symlinks resolve against root, ".." stops there. flags as for
// open(2), O_CLOEXEC is added. Returns a descriptor or negative errno (ELOOP, ENOENT, EXDEV, ENAMETOOLONG...).
int path_open_in(int root, const char *path, int flags, mode_t mode);
// The same by the fallback walk, for its own tests.
int path_open_in_walk(int root, const char *path, int flags, mode_t mode);
// Creates missing directories below root (mode before umask; owner uid:gid unless -1), through symlinks that
// stay inside; returns an O_PATH descriptor of the last.
int path_mkdirs_in(int root, const char *path, mode_t mode, uid_t uid, gid_t gid);
// Makes what a mount target needs: a directory, or an empty file in its directory. Existing ones are kept if of
// the right kind (-ENOTDIR, -EISDIR otherwise). Returns an O_PATH descriptor.
int path_make_target(int root, const char *path, bool directory);
// Opens the parent of path inside root and gives the last component (without resolving it). ".." and "" as last
// component are refused with -EINVAL. base must have NAME_MAX + 1 bytes.
int path_open_parent(int root, const char *path, int *ret_parent, char *base);

// Textual cleaning: "/a//b/../c/." -> "/a/c"; never above "/". malloc'd.
char *path_clean(const char *path);
char *path_join(const char *a, const char *b); // malloc'd
const char *path_basename(const char *path) _pure_;
bool path_is_absolute(const char *path) _pure_;
bool path_has_dotdot(const char *path) _pure_;
// A single component: not empty, not "." or "..", no '/', at most NAME_MAX bytes.
bool path_is_component(const char *s) _pure_;

// mkdir -p by the string, for our own state folders only. Existing directories are kept.
int path_mkdirs(const char *path, mode_t mode, struct err *e);
// Removes name below dirfd with everything in it, never following links, never crossing into another mount,
// bounded in depth. Missing is success.
int path_remove_tree(int dirfd, const char *name, struct err *e);
