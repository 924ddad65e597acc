// SPDX-License-Identifier: Apache-2.0
// Reading tar archives: POSIX ustar and pax, GNU (long names, base-256 numbers, sparse files of the old form and of pax
// 0.0, 0.1 and 1.0), and what came before them. Source: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual,
// "Tar Internals"; libarchive tar(5).
//
// The archive is hostile. Headers are bounded, numbers are checked, names are handed over as they are (the caller
// decides where they lead): free of NUL, not empty, otherwise any bytes.
#pragma once

#include "base/err.h"
#include "image/stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	TAR_BLOCK = 512,
	TAR_PAX_MAX = 1 << 20,    // bytes of one extended header
	TAR_LONG_MAX = 64 << 10,  // bytes of a path or link target
	TAR_SPARSE_MAX = 1 << 18, // data segments of a sparse file
	TAR_XATTR_MAX = 1024,     // of one entry
	TAR_SHOWN_MAX = 160,      // a name as it is shown in messages
};

enum tar_type { TAR_FILE, TAR_HARDLINK, TAR_SYMLINK, TAR_CHAR, TAR_BLOCK_DEVICE, TAR_DIR, TAR_FIFO };

struct tar_xattr {
	const char *name; // "user.x"
	const uint8_t *value;
	size_t len;
};

struct tar_segment { // data of a sparse file; what lies between is a hole
	uint64_t offset, len;
};

// Valid until the next tar_next.
struct tar_entry {
	enum tar_type type;
	const char *path, *link; // link is "" unless it is a link
	uint32_t mode;           // permissions, set-id and sticky bits alone
	uint32_t uid, gid;
	uint32_t major, minor;
	struct timespec mtime;
	uint64_t size;   // bytes of the file, holes included
	uint64_t stored; // bytes of it in the archive
	uint64_t offset; // of its first stored byte in the stream
	bool sparse;
	const struct tar_segment *segments;
	size_t n_segments;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
};

struct tar;
struct tar *tar_new(struct stream *s); // s stays the caller's
void tar_free(struct tar *t);
void tar_free_p(struct tar **t);
#define _cleanup_tar_ _cleanup_(tar_free_p)

// 1: an entry, 0: the end of the archive. Data of the entry before that was not asked for is passed over.
int tar_next(struct tar *t, const struct tar_entry **ret, struct err *e);
// A slice of the entry's data and its offset in the file; 0 at its end.
ssize_t tar_data(struct tar *t, const uint8_t **ret, uint64_t *ret_offset, struct err *e);
// A name for messages: quoted, control characters and invalid UTF-8 escaped, shortened in the middle.
const char *tar_shown(char dst[static TAR_SHOWN_MAX], const char *name);
