// SPDX-License-Identifier: Apache-2.0
// A pull stream of bytes: slices of a descriptor, as they are or decompressed. Readers take what they are given and ask
// for more; nothing is copied that need not be.
#pragma once

#include "base/err.h"
#include "image/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

// size bytes of fd from offset (pread), or with size STREAM_TO_END and offset -1 what read(2) gives until its end. The
// descriptor stays the caller's.
#define STREAM_TO_END UINT64_MAX
struct stream *stream_of_fd(int fd, int64_t offset, uint64_t size);
void stream_own_fd(struct stream *s); // it closes the descriptor in the end
// Bytes in memory; p stays the caller's.
struct stream *stream_of_memory(const void *p, size_t n);
// Decompresses inner, which it owns then. format CODEC_NONE hands inner's slices through. max: bytes it may give, then
// ERR_EXHAUSTED.
int stream_inflate(struct stream *inner, const struct codec *c, enum codec_format format, uint64_t max,
		   struct stream **ret, struct err *e);
void stream_free(struct stream *s);
void stream_free_p(struct stream **s);
#define _cleanup_stream_ _cleanup_(stream_free_p)

// A slice of 1 to max bytes, valid until the next call; 0 at the end.
ssize_t stream_next(struct stream *s, const uint8_t **ret, size_t max, struct err *e);
// All of n bytes into p. A shorter stream gives the shorter count.
ssize_t stream_read(struct stream *s, void *p, size_t n, struct err *e);
// The first n bytes of a stream of a descriptor of which nothing was read yet (n at most a few); they are given again.
ssize_t stream_peek(struct stream *s, void *p, size_t n, struct err *e);
// Passes over n bytes; seeks where it can. Negative, or 0; the end of the stream may be passed unnoticed by seeking.
int stream_skip(struct stream *s, uint64_t n, struct err *e);
uint64_t stream_offset(const struct stream *s); // bytes given so far
// Every byte given is added to h as well (NULL: no more).
void stream_hash(struct stream *s, const struct codec *c, struct codec_hash *h);
