// SPDX-License-Identifier: Apache-2.0
// zstd frames, one behind the other, with a limit on the window a frame may ask memory for.
#include "image/codec_module.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd {
	struct codec_inflate base;
	ZSTD_DCtx *ctx;
	bool at_end; // of a frame, all of it handed out
};

static int next(struct codec_inflate *s, struct codec_io *io, const char **ret_why)
{
	struct zstd *z = container_of(s, struct zstd, base);
	ZSTD_inBuffer in = {.src = io->in, .size = io->n_in};
	ZSTD_outBuffer out = {.dst = io->out, .size = io->n_out};
	size_t rc = 0;

	while (out.pos < out.size && (in.pos < in.size || !z->at_end)) {
		size_t before_in = in.pos, before_out = out.pos;
		rc = ZSTD_decompressStream(z->ctx, &out, &in);
		if (ZSTD_isError(rc)) {
			bool window = ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge;
			*ret_why = window ? "its zstd window is larger than 128 MiB" : ZSTD_getErrorName(rc);
			return window ? -EFBIG : -EBADMSG;
		}
		if (in.pos == before_in && out.pos == before_out)
			break; // wants input
		z->at_end = !rc;
	}
	io->in += in.pos;
	io->n_in -= in.pos;
	io->out += out.pos;
	io->n_out -= out.pos;
	return z->at_end;
}

static void end(struct codec_inflate *s)
{
	struct zstd *z = container_of(s, struct zstd, base);

	ZSTD_freeDCtx(z->ctx);
	free(z);
}

struct codec_inflate *codec_zstd_new(void)
{
	struct zstd *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->base = (struct codec_inflate){.next = next, .end = end};
	z->ctx = ZSTD_createDCtx();
	if (!z->ctx || ZSTD_isError(ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, CODEC_ZSTD_WINDOW_LOG))) {
		end(&z->base);
		return NULL;
	}
	return &z->base;
}
