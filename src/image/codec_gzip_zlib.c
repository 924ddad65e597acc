// SPDX-License-Identifier: Apache-2.0
// gzip members read by zlib, where ISA-L is not installed (or does not know the CPU).
#include "image/codec_module.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { WINDOW_GZIP = 15 + 16 }; // 32 KiB, gzip header and trailer

struct gzip {
	struct codec_inflate base;
	struct codec_members members;
	z_stream z;
};

static int run(struct gzip *g, struct codec_io *io)
{
	uInt in = io->n_in > INT_MAX ? INT_MAX : (uInt)io->n_in, out = io->n_out > INT_MAX ? INT_MAX : (uInt)io->n_out;

	g->z.next_in = (Bytef *)io->in;
	g->z.avail_in = in;
	g->z.next_out = io->out;
	g->z.avail_out = out;
	int rc = inflate(&g->z, Z_NO_FLUSH);
	io->in += in - g->z.avail_in;
	io->n_in -= in - g->z.avail_in;
	io->out += out - g->z.avail_out;
	io->n_out -= out - g->z.avail_out;
	return rc;
}

static int next(struct codec_inflate *s, struct codec_io *io, const char **ret_why)
{
	struct gzip *g = container_of(s, struct gzip, base);

	while (io->n_out) {
		if (!g->members.inside) {
			int rc = codec_members_next(&g->members, io, ret_why);
			if (rc < 0)
				return rc;
			if (!rc)
				return g->members.done ? 1 : 0;
			inflateReset(&g->z);
		}
		int rc = run(g, io);
		if (rc == Z_STREAM_END) {
			g->members.inside = false;
			g->members.done++;
		} else if (rc == Z_BUF_ERROR) {
			break; // wants input
		} else if (rc != Z_OK) {
			*ret_why = rc == Z_MEM_ERROR ? "out of memory" : "the gzip data is damaged";
			return rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		}
	}
	return !g->members.inside && g->members.done;
}

static void end(struct codec_inflate *s)
{
	struct gzip *g = container_of(s, struct gzip, base);

	inflateEnd(&g->z);
	free(g);
}

struct codec_inflate *codec_gzip_new(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g || inflateInit2(&g->z, WINDOW_GZIP) != Z_OK) {
		free(g);
		return NULL;
	}
	g->base = (struct codec_inflate){.next = next, .end = end};
	return &g->base;
}
