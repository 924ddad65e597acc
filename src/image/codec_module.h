// SPDX-License-Identifier: Apache-2.0
// Inside berth-codec.so only: what the decompressors of the module offer to its table.
#pragma once

#include "image/codec.h"

// One decompressor. next works as codec.inflate does.
struct codec_inflate {
	int (*next)(struct codec_inflate *s, struct codec_io *io, const char **ret_why);
	void (*end)(struct codec_inflate *s);
};

struct codec_inflate *codec_gzip_new(void);
struct codec_inflate *codec_zstd_new(void);

// How a gzip stream is strung together from members; the same for both libraries that read one member.
struct codec_members {
	bool inside, padding;
	uint64_t done; // members read to their end
};
// Called outside of a member: 1 begin the next one, 0 nothing to do now, negative: garbage behind the last.
int codec_members_next(struct codec_members *m, struct codec_io *io, const char **ret_why);
