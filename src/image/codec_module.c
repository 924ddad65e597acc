// SPDX-License-Identifier: Apache-2.0
// The codec module's table, and SHA-256 through libcrypto, which uses the instructions of the CPU. libcrypto is told
// not to read its configuration file: nothing in it concerns a digest, and the confined unpacker could not open it.
#include "image/codec_module.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

static struct codec_hash *hash_new(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return NULL;
	}
	return (struct codec_hash *)ctx;
}

// With SHA-256 set up, these cannot fail.
static void hash_update(struct codec_hash *h, const void *p, size_t n)
{
	EVP_DigestUpdate((EVP_MD_CTX *)h, p, n);
}

static void hash_final(struct codec_hash *h, uint8_t digest[SHA256_SIZE])
{
	EVP_DigestFinal_ex((EVP_MD_CTX *)h, digest, NULL);
	EVP_DigestInit_ex((EVP_MD_CTX *)h, NULL, NULL);
}

static void hash_free(struct codec_hash *h)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)h);
}

static struct codec_inflate *inflate_new(enum codec_format f)
{
	return f == CODEC_GZIP ? codec_gzip_new() : f == CODEC_ZSTD ? codec_zstd_new() : NULL;
}

static int inflate_next(struct codec_inflate *s, struct codec_io *io, const char **ret_why)
{
	return s->next(s, io, ret_why);
}

static void inflate_free(struct codec_inflate *s)
{
	if (s)
		s->end(s);
}

int codec_members_next(struct codec_members *m, struct codec_io *io, const char **ret_why)
{
	if (m->done && io->n_in && !*io->in)
		m->padding = true;
	while (m->padding && io->n_in && !*io->in)
		io->in++, io->n_in--;
	if (!io->n_in)
		return 0;
	if (m->padding || (m->done && *io->in != 0x1f)) {
		*ret_why = "garbage behind the end of the gzip data";
		return -EBADMSG;
	}
	m->inside = true;
	return 1;
}

__attribute__((visibility("default"))) extern const struct codec berth_codec;
const struct codec berth_codec = {
	.version = CODEC_VERSION,
	.hash_new = hash_new,
	.hash_update = hash_update,
	.hash_final = hash_final,
	.hash_free = hash_free,
	.inflate_new = inflate_new,
	.inflate = inflate_next,
	.inflate_free = inflate_free,
};
