// SPDX-License-Identifier: Apache-2.0
// The pieces tar.c is made of: numbers of the header block, and the records of pax extended headers.
#pragma once

#include "base/buf.h"
#include "image/tar.h"

// Octal text (blanks around it allowed, empty is 0) or GNU's base-256, of a field of n bytes. -EINVAL, -ERANGE.
int tar_number(const uint8_t *p, size_t n, int64_t *ret);

// What extended headers said about the next entry; a member counts if its bit is set in `set`.
enum {
	PAX_PATH = 1 << 0,
	PAX_LINK = 1 << 1,
	PAX_SIZE = 1 << 2,
	PAX_MTIME = 1 << 3,
	PAX_UID = 1 << 4,
	PAX_GID = 1 << 5,
	PAX_SPARSE_SIZE = 1 << 6, // GNU.sparse.size or realsize
	PAX_SPARSE_NAME = 1 << 7,
	PAX_SPARSE_MAP = 1 << 8,
	PAX_SPARSE_1_0 = 1 << 9, // the map is in front of the data
};
struct tar_pax {
	unsigned set;
	const char *path, *link, *sparse_name; // into the header's own text
	int64_t size, uid, gid, sparse_size;
	struct timespec mtime;
	int sparse_major, sparse_minor;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
	struct tar_segment *segments; // GNU.sparse 0.0 and 0.1
	size_t n_segments;
	bool segment_open;  // an offset without its numbytes
	struct buf decoded; // values of LIBARCHIVE.xattr
};
void tar_pax_reset(struct tar_pax *p);
void tar_pax_done(struct tar_pax *p);
// Reads the records of one extended header; text is changed (NULs behind values) and must live as long as p is used.
int tar_pax_parse(struct tar_pax *p, char *text, size_t len, struct err *e);

int tar_segment_add(struct tar_segment **v, size_t *n, uint64_t offset, uint64_t len);
