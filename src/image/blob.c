// SPDX-License-Identifier: Apache-2.0
// Blobs: files named by the digest of their bytes. They are written under a temporary name while their digest is made,
// and renamed into place only when it is the one that was promised.
#include "base/fd.h"
#include "base/mem.h"
#include "image/store.h"

#include <sys/stat.h>

int blob_begin(struct image_store *s, const struct codec *c, struct blob_writer *ret, struct err *e)
{
	char random[STORE_DIR_NAME + 1];
	struct blob_writer w = {.store = s, .codec = c};
	int rc = store_open_blobs(s, e);

	if (rc < 0 || (rc = store_random_name(random, e)) < 0)
		return rc;
	snprintf(w.name, sizeof(w.name), ".new-%s", random);
	w.fd = openat(s->images, w.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w.fd < 0)
		return err_sys(e, "make a blob");
	w.hash = c->hash_new();
	*ret = w;
	if (!w.hash) {
		blob_done(ret);
		return err_set(e, ERR_EXHAUSTED, ENOMEM, "make a blob: out of memory");
	}
	return 0;
}

int blob_write(struct blob_writer *w, const void *p, size_t n, struct err *e)
{
	ssize_t rc = fd_write_full(w->fd, p, n);

	if (rc < 0)
		return err_rc(e, (int)rc, "write a blob");
	w->codec->hash_update(w->hash, p, n);
	w->size += n;
	return 0;
}

void blob_digest(struct blob_writer *w, char ret[static STORE_DIGEST])
{
	uint8_t digest[SHA256_SIZE];

	w->codec->hash_final(w->hash, digest);
	store_digest_text(ret, digest);
}

int blob_publish(struct blob_writer *w, const char *digest, struct err *e)
{
	if (fchmod(w->fd, 0400) || renameat(w->store->images, w->name, w->store->blobs, oci_digest_hex(digest)))
		return err_sys(e, "keep blob %s", digest);
	w->name[0] = 0;
	return 0;
}

void blob_done(struct blob_writer *w)
{
	if (!w->codec)
		return;
	if (w->name[0])
		unlinkat(w->store->images, w->name, 0);
	if (w->hash)
		w->codec->hash_free(w->hash);
	fd_close(w->fd);
	w->codec = NULL;
}

int blob_put(struct image_store *s, const struct codec *c, const void *p, size_t n,
	     char ret_digest[static STORE_DIGEST], struct err *e)
{
	_cleanup_blob_ struct blob_writer w = {0};
	char digest[STORE_DIGEST];
	int rc = blob_begin(s, c, &w, e);

	if (rc >= 0)
		rc = blob_write(&w, p, n, e);
	if (rc < 0)
		return rc;
	blob_digest(&w, digest);
	rc = blob_publish(&w, digest, e);
	if (rc >= 0)
		memcpy(ret_digest, digest, STORE_DIGEST);
	return rc;
}

int blob_open(struct image_store *s, const char *digest, struct err *e)
{
	int rc = store_open_blobs(s, e);

	if (rc < 0)
		return rc;
	int fd = openat(s->blobs, oci_digest_hex(digest), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "open blob %s", digest) : fd;
}
