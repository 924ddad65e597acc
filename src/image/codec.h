// SPDX-License-Identifier: Apache-2.0
// The codec module: SHA-256 and decompression, behind one table of functions. It is a shared module of its own
// (berth-codec.so) that only commands which touch image bytes open, because libcrypto, zlib and zstd would cost every
// start of `berth` several milliseconds. Module and program are built together; the version catches a mixed install.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CODEC_VERSION = 1, SHA256_SIZE = 32, SHA256_HEX = 64 };
enum { CODEC_ZSTD_WINDOW_LOG = 27 }; // 128 MiB, what `zstd --long` makes; larger windows are refused

// The first bytes of a file tell; CODEC_SNIFF of them are enough.
enum codec_format { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ, CODEC_BZIP2, CODEC_LZ4, CODEC_FORMAT_MAX };
enum { CODEC_SNIFF = 6 };
enum codec_format codec_sniff(const uint8_t *p, size_t n);
const char *codec_format_name(enum codec_format f); // "gzip"
// ERR_UNSUPPORTED with the way out for formats that we know but cannot read.
int codec_check_format(enum codec_format f, struct err *e);

struct codec_hash;    // SHA-256 under way
struct codec_inflate; // one decompression under way

// Both ends move as bytes are consumed and produced.
struct codec_io {
	const uint8_t *in;
	size_t n_in;
	uint8_t *out;
	size_t n_out;
};

struct codec {
	uint32_t version; // CODEC_VERSION

	struct codec_hash *(*hash_new)(void); // NULL: out of memory
	void (*hash_update)(struct codec_hash *h, const void *p, size_t n);
	void (*hash_final)(struct codec_hash *h, uint8_t digest[SHA256_SIZE]); // and begins anew
	void (*hash_free)(struct codec_hash *h);

	// GZIP (several members, zero padding behind the last) and ZSTD (several frames).
	struct codec_inflate *(*inflate_new)(enum codec_format f); // NULL: out of memory or another format
	// Consumes and produces what it can. 1: the input may end here, 0: it may not, negative errno: it is damaged,
	// and *ret_why tells how (a static text). It has produced all it can when it leaves room in out.
	int (*inflate)(struct codec_inflate *s, struct codec_io *io, const char **ret_why);
	void (*inflate_free)(struct codec_inflate *s);
};

#define CODEC_SYMBOL "berth_codec" // const struct codec

// Opens the module, once a process; later calls give the same table.
int codec_load(const struct codec **ret, struct err *e);
