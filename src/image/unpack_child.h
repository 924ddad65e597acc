// SPDX-License-Identifier: Apache-2.0
// What the unpacker's two sides say to each other, and the side inside.
#pragma once

#include "image/tar.h"
#include "image/unpack.h"

// Packets from the child to its parent: a kind, then the body.
enum unpack_packet { UNPACK_ERROR, UNPACK_OPAQUE, UNPACK_RESULT };
enum { UNPACK_PACKET_MAX = TAR_LONG_MAX + 64 };

struct unpack_job {
	int input, output; // bytes in, packets out
	const struct codec *codec;
	struct codec_hash *hash;
	struct unpack_limits limits;
	bool may_make_devices;
};
// Runs confined; never returns.
_noreturn_ void unpack_child(const struct unpack_job *j);

// The part that makes files, also for tests: applies all entries of t below the process's root directory.
struct apply;
struct apply *apply_new(struct tar *t, const struct unpack_job *j);
void apply_free(struct apply *a);
int apply_all(struct apply *a, struct unpack_result *r, struct err *e);
// Directories to be marked opaque, relative paths, NULL-terminated.
char *const *apply_opaque(const struct apply *a);
