// SPDX-License-Identifier: Apache-2.0
// Unpacking one layer: a stream of bytes (a tar, plain or compressed) becomes the files of a directory, with whiteouts
// as overlayfs wants them. The work is done by a confined child; this side feeds it and hears the result.
#pragma once

#include "base/err.h"
#include "image/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unpack_limits {
	uint64_t bytes; // of the uncompressed tar
	uint64_t entries;
};

struct unpack_result {
	uint8_t diffid[SHA256_SIZE]; // of the uncompressed tar
	uint64_t size;               // bytes of file contents, holes not counted
	uint64_t entries;
	uint32_t format;          // enum codec_format of the input
	uint32_t skipped_devices; // that a user namespace may not make
};

struct unpack;

// Starts the child for the empty directory dir, which stays the caller's. xattr_prefix: "trusted." or "user.", where
// the overlay that will use the layer looks for its marks.
int unpack_start(int dir, const struct codec *c, const struct unpack_limits *l, const char *xattr_prefix,
		 struct unpack **ret, struct err *e);
// Hands it bytes; waits while it is busy. -EPIPE without an error text if it takes no more: unpack_finish tells why.
int unpack_feed(struct unpack *u, const void *p, size_t n);
// The end of the input. Waits for the child; on failure the directory holds rubbish. Frees u in any case.
int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e);
void unpack_abort(struct unpack *u); // kills it
void unpack_abort_p(struct unpack **u);
#define _cleanup_unpack_ _cleanup_(unpack_abort_p)

extern const struct unpack_limits unpack_limits_default;
