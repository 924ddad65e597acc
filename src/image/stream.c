// SPDX-License-Identifier: Apache-2.0
// Pull streams: a descriptor (or memory) below, a decompressor perhaps above it. Buffers are fixed, whatever the other
// side sends.
#include "image/stream.h"

#include "base/fd.h"
#include "base/mem.h"

#include <unistd.h>

enum { READ_SIZE = 256 << 10 };

struct stream {
	struct stream *inner; // of a decompressor
	const struct codec *codec;
	struct codec_inflate *inflate;
	struct codec_io io;
	bool may_end, inner_ended;
	uint64_t max;

	int fd;
	bool own;
	int64_t position; // of the next pread, -1: read
	uint64_t left;    // bytes that fd may still give

	uint8_t *buffer;
	const uint8_t *slice; // given by the source and not yet by us
	size_t n_slice;
	uint64_t offset;
	const struct codec *hash_codec;
	struct codec_hash *hash;
};

struct stream *stream_of_fd(int fd, int64_t offset, uint64_t size)
{
	struct stream *s = xnew(struct stream);

	s->fd = fd;
	s->position = offset;
	s->left = size;
	s->buffer = xmalloc(READ_SIZE);
	return s;
}

void stream_own_fd(struct stream *s)
{
	s->own = true;
}

struct stream *stream_of_memory(const void *p, size_t n)
{
	struct stream *s = xnew(struct stream);

	s->fd = -1;
	s->slice = p;
	s->n_slice = n;
	return s;
}

int stream_inflate(struct stream *inner, const struct codec *c, enum codec_format format, uint64_t max,
		   struct stream **ret, struct err *e)
{
	int rc = codec_check_format(format, e);

	if (rc < 0) {
		stream_free(inner);
		return rc;
	}
	struct stream *s = xnew(struct stream);
	s->fd = -1;
	s->inner = inner;
	s->codec = c;
	s->max = max;
	if (format != CODEC_NONE) {
		s->inflate = c->inflate_new(format);
		s->buffer = xmalloc(READ_SIZE);
		if (!s->inflate) {
			stream_free(s);
			return err_set(e, ERR_EXHAUSTED, ENOMEM, "start %s decompression: out of memory",
				       codec_format_name(format));
		}
	}
	*ret = s;
	return 0;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	if (s->inflate)
		s->codec->inflate_free(s->inflate);
	stream_free(s->inner);
	if (s->own)
		fd_close(s->fd);
	free(s->buffer);
	free(s);
}

void stream_free_p(struct stream **s)
{
	stream_free(*s);
}

// Reads once, behind the first `have` bytes of the buffer; the slice is all of them.
static int fill_behind(struct stream *s, size_t have, struct err *e)
{
	size_t room = READ_SIZE - have, want = s->left < room ? (size_t)s->left : room;
	uint8_t *to = s->buffer + have;
	ssize_t n = 0;

	if (s->fd < 0 || !want)
		return 0;
	do
		n = s->position < 0 ? read(s->fd, to, want) : pread(s->fd, to, want, s->position);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read");
	if (s->position >= 0)
		s->position += n;
	if (s->left != STREAM_TO_END)
		s->left -= (uint64_t)n;
	s->slice = s->buffer;
	s->n_slice = have + (size_t)n;
	return 0;
}

static int fill_from_fd(struct stream *s, struct err *e)
{
	return fill_behind(s, 0, e);
}

// Gives the decompressor input until it gives output, or both have ended.
static int fill_from_inflate(struct stream *s, struct err *e)
{
	const char *why = "";

	for (;;) {
		s->io.out = s->buffer;
		s->io.n_out = READ_SIZE;
		int rc = s->codec->inflate(s->inflate, &s->io, &why);
		if (rc < 0)
			return err_set(e, rc == -ENOMEM || rc == -EFBIG ? ERR_EXHAUSTED : ERR_CORRUPT, -rc,
				       "decompress: %s", why);
		s->may_end = rc > 0;
		s->slice = s->buffer;
		s->n_slice = READ_SIZE - s->io.n_out;
		if (s->n_slice)
			return 0;
		if (s->io.n_in)
			continue;
		if (s->inner_ended)
			return s->may_end
				       ? 0
				       : err_set(e, ERR_CORRUPT, EBADMSG, "decompress: the compressed data ends early");
		ssize_t n = stream_next(s->inner, &s->io.in, READ_SIZE, e);
		if (n < 0)
			return (int)n;
		s->io.n_in = n;
		s->inner_ended = !n;
	}
}

static int fill(struct stream *s, struct err *e)
{
	if (!s->inner)
		return fill_from_fd(s, e);
	if (s->inflate)
		return fill_from_inflate(s, e);
	ssize_t n = stream_next(s->inner, &s->slice, READ_SIZE, e);
	if (n < 0)
		return (int)n;
	s->n_slice = n;
	return 0;
}

ssize_t stream_next(struct stream *s, const uint8_t **ret, size_t max, struct err *e)
{
	if (!s->n_slice) {
		int rc = fill(s, e);
		if (rc < 0)
			return rc;
	}
	size_t n = MIN(s->n_slice, max);
	if (s->max && s->offset + n > s->max)
		return err_set(e, ERR_EXHAUSTED, EFBIG, "it unpacks to more than %llu bytes, the limit",
			       (unsigned long long)s->max);
	*ret = s->slice;
	s->slice += n;
	s->n_slice -= n;
	s->offset += n;
	if (s->hash && n)
		s->hash_codec->hash_update(s->hash, *ret, n);
	return (ssize_t)n;
}

ssize_t stream_read(struct stream *s, void *p, size_t n, struct err *e)
{
	size_t at = 0;

	while (at < n) {
		const uint8_t *slice = NULL;
		ssize_t got = stream_next(s, &slice, n - at, e);
		if (got < 0)
			return got;
		if (!got)
			break;
		memcpy((uint8_t *)p + at, slice, got);
		at += got;
	}
	return (ssize_t)at;
}

ssize_t stream_peek(struct stream *s, void *p, size_t n, struct err *e)
{
	while (s->n_slice < n && s->fd >= 0) { // a pipe may give single bytes
		size_t have = s->n_slice;
		int rc = fill_behind(s, have, e);
		if (rc < 0)
			return rc;
		if (s->n_slice == have)
			break;
	}
	n = MIN(n, s->n_slice);
	memcpy(p, s->slice, n);
	return (ssize_t)n;
}

int stream_skip(struct stream *s, uint64_t n, struct err *e)
{
	const uint8_t *slice = NULL;

	while (n) {
		if (!s->n_slice && !s->inner && s->fd >= 0 && s->position >= 0 && !s->hash) {
			uint64_t jump = MIN(n, s->left);
			s->position += (int64_t)jump;
			s->left -= s->left == STREAM_TO_END ? 0 : jump;
			s->offset += jump;
			return 0;
		}
		ssize_t got = stream_next(s, &slice, MIN(n, READ_SIZE), e);
		if (got < 0)
			return (int)got;
		if (!got)
			return 0;
		n -= got;
	}
	return 0;
}

uint64_t stream_offset(const struct stream *s)
{
	return s->offset;
}

void stream_hash(struct stream *s, const struct codec *c, struct codec_hash *h)
{
	s->hash_codec = c;
	s->hash = h;
}
