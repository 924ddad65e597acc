// SPDX-License-Identifier: Apache-2.0
// The codec module: digests, and decompression in pieces of every size, of several members, and of damaged data.
#include "base/buf.h"
#include "base/hash.h"
#include "base/macro.h"
#include "base/mem.h"
#include "image/codec.h"
#include "image/stream.h"
#include "test.h"

#include <zlib.h>
#include <zstd.h>

enum { MANY = 1 << 20 };

static const struct codec *codec(void)
{
	const struct codec *c = NULL;
	struct err e;

	CHECK_OK(codec_load(&c, &e), e);
	return c;
}

static void gzip(struct buf *out, const void *p, size_t n)
{
	char *to = buf_reserve(out, n + 1024);
	z_stream z = {.next_in = (Bytef *)p, .avail_in = (uInt)n, .next_out = (Bytef *)to, .avail_out = (uInt)n + 1024};

	CHECK_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_commit(out, z.total_out);
	deflateEnd(&z);
}

static void zstd(struct buf *out, const void *p, size_t n)
{
	char *to = buf_reserve(out, ZSTD_compressBound(n));
	size_t rc = ZSTD_compress(to, ZSTD_compressBound(n), p, n, 1);

	CHECK(!ZSTD_isError(rc));
	buf_commit(out, rc);
}

// Decompresses in pieces of in_step and out_step bytes. 0 or the negative errno.
static int inflate_by(enum codec_format f, const struct buf *in, size_t in_step, size_t out_step, struct buf *out,
		      const char **why)
{
	const struct codec *c = codec();
	struct codec_inflate *s = c->inflate_new(f);
	_cleanup_free_ uint8_t *piece = xmalloc(out_step);
	size_t at = 0;
	int rc = 0;

	for (;;) {
		struct codec_io io = {.in = (const uint8_t *)in->data + at, .n_in = MIN(in_step, in->len - at)};
		size_t given = io.n_in;
		do {
			io.out = piece;
			io.n_out = out_step;
			rc = c->inflate(s, &io, why);
			buf_add(out, piece, out_step - io.n_out);
		} while (rc >= 0 && (!io.n_out || (io.n_in && io.n_in != given)));
		at += given - io.n_in;
		if (rc < 0 || at == in->len)
			break;
	}
	c->inflate_free(s);
	return rc < 0 ? rc : rc ? 0 : -ENODATA;
}

static char *text(size_t n)
{
	char *p = xmalloc(n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		p[i] = "abcdefgh"[x >> 29];
	}
	return p;
}

TEST(codec_sha256_vectors)
{
	static const char *const vectors[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};
	const struct codec *c = codec();
	struct codec_hash *h = c->hash_new();

	for (int round = 0; round < 2; round++) // hash_final begins anew
		for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
			uint8_t digest[SHA256_SIZE];
			char hex[SHA256_HEX + 1];
			for (const char *p = vectors[i][0]; *p; p++)
				c->hash_update(h, p, 1);
			c->hash_final(h, digest);
			hex_encode(hex, digest, sizeof(digest));
			CHECK_STR(hex, vectors[i][1]);
		}
	c->hash_free(h);
}

TEST(codec_sniffs)
{
	static const struct {
		const char *bytes;
		enum codec_format f;
	} cases[] = {{"\x1f\x8b\x08...", CODEC_GZIP},
		     {"\x28\xb5\x2f\xfd..", CODEC_ZSTD},
		     {"\x5a\x2a\x4d\x18..", CODEC_ZSTD},
		     {"\xfd"
		      "7zXZ\0",
		      CODEC_XZ},
		     {"BZh91A", CODEC_BZIP2},
		     {"\x04\x22\x4d\x18..", CODEC_LZ4},
		     {"plain.", CODEC_NONE}};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(codec_sniff((const uint8_t *)cases[i].bytes, CODEC_SNIFF), cases[i].f);
		CHECK_EQ(codec_sniff((const uint8_t *)cases[i].bytes, 1), CODEC_NONE);
	}
	CHECK_OK(codec_check_format(CODEC_GZIP, &e), e);
	CHECK_EQ(codec_check_format(CODEC_LZ4, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "lz4 -dc");
}

static void check_round_trip(enum codec_format f, void (*compress)(struct buf *, const void *, size_t))
{
	static const size_t steps[][2] = {{1, 1}, {1, 1000}, {1000, 1}, {7, 13}, {MANY, MANY}, {MANY, 4096}};
	enum { N = 20000 };
	_cleanup_free_ char *p = text(N);
	_cleanup_buf_ struct buf in = BUF_INIT(MANY);

	compress(&in, p, N / 2); // two members, with an empty one between them
	compress(&in, p, 0);
	compress(&in, p + N / 2, N / 2);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(MANY);
		const char *why = "";
		CHECK_EQ(inflate_by(f, &in, steps[i][0], steps[i][1], &out, &why), 0);
		CHECK_EQ(out.len, N);
		CHECK(!memcmp(out.data, p, N));
	}
}

TEST(codec_gzip_members)
{
	check_round_trip(CODEC_GZIP, gzip);
}
TEST(codec_zstd_frames)
{
	check_round_trip(CODEC_ZSTD, zstd);
}

TEST(codec_gzip_end)
{
	static const struct {
		const char *tail;
		size_t n;
		int rc;
	} cases[] = {{"\0\0\0\0\0", 5, 0},
		     {"garbage", 7, -EBADMSG},
		     {"\0\0x", 3, -EBADMSG},
		     {"\x1f\x8b", 2, -ENODATA},
		     {"\x1fx34567890", 11, -EBADMSG}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t step = 1; step <= 1000; step += 999) {
			_cleanup_buf_ struct buf in = BUF_INIT(MANY), out = BUF_INIT(MANY);
			const char *why = "";
			gzip(&in, "hello", 5);
			buf_add(&in, cases[i].tail, cases[i].n);
			CHECK_EQ(inflate_by(CODEC_GZIP, &in, step, 1000, &out, &why), cases[i].rc);
			CHECK_STR(out.data, "hello");
		}
}

TEST(codec_damage)
{
	for (int f = CODEC_GZIP; f <= CODEC_ZSTD; f++) {
		_cleanup_free_ char *p = text(5000);
		_cleanup_buf_ struct buf in = BUF_INIT(MANY);
		(f == CODEC_GZIP ? gzip : zstd)(&in, p, 5000);
		for (size_t n = 0; n < in.len; n += 101) { // cut off
			_cleanup_buf_ struct buf part = BUF_INIT(MANY), out = BUF_INIT(MANY);
			const char *why = "";
			buf_add(&part, in.data, n);
			CHECK(n == 0 || inflate_by((enum codec_format)f, &part, MANY, MANY, &out, &why) == -ENODATA);
		}
	}
	_cleanup_buf_ struct buf in = BUF_INIT(MANY), out = BUF_INIT(MANY);
	const char *why = "";
	gzip(&in, "hello", 5);
	in.data[in.len - 6] ^= 1; // of the checksum
	CHECK_EQ(inflate_by(CODEC_GZIP, &in, MANY, MANY, &out, &why), -EBADMSG);
}

TEST(codec_zstd_window_limit)
{
	_cleanup_buf_ struct buf in = BUF_INIT(MANY), out = BUF_INIT(MANY);
	char *to = buf_reserve(&in, 4096);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	const char *why = "";

	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, 30);
	ZSTD_CCtx_setParameter(z, ZSTD_c_enableLongDistanceMatching, 1);
	ZSTD_inBuffer from = {"hello", 5, 0};
	ZSTD_outBuffer dst = {to, 4096, 0};
	ZSTD_compressStream2(z, &dst, &from, ZSTD_e_flush); // size unknown: the window stands in the header
	ZSTD_compressStream2(z, &dst, &from, ZSTD_e_end);
	buf_commit(&in, dst.pos);
	ZSTD_freeCCtx(z);
	CHECK_EQ(inflate_by(CODEC_ZSTD, &in, MANY, MANY, &out, &why), -EFBIG);
	CHECK_CONTAINS(why, "128 MiB");
}

TEST(stream_limit_of_what_comes_out)
{
	_cleanup_free_ char *zeros = xcalloc(1, MANY);
	_cleanup_buf_ struct buf in = BUF_INIT(2 * MANY);
	_cleanup_stream_ struct stream *s = NULL;
	const uint8_t *p = NULL;
	struct err e;
	ssize_t n = 0;

	gzip(&in, zeros, MANY);
	CHECK_OK(stream_inflate(stream_of_memory(in.data, in.len), codec(), CODEC_GZIP, 500000, &s, &e), e);
	while ((n = stream_next(s, &p, MANY, &e)) > 0)
		;
	CHECK_EQ(n, -EFBIG);
	CHECK_CONTAINS(e.text, "more than 500000 bytes");
	CHECK(stream_offset(s) <= 500000);
}
