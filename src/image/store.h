// SPDX-License-Identifier: Apache-2.0
// The inside of the image store, shared by the files of this folder.
//
// <root>/images is an OCI image layout: oci-layout, index.json (written anew from the database after every change),
// blobs/sha256/. <root>/layers/<dir> are unpacked layers, one each for a diffid. The database says which of them count;
// what no row knows is rubbish of a killed process.
//
// Who adds blobs or layers holds images/.lock shared from the first file to the commit; who deletes them holds it
// exclusively. So a deleter never takes what another one is about to refer to, and whatever it finds unknown is
// rubbish.
#pragma once

#include "image/codec.h"
#include "image/image.h"
#include "image/stream.h"
#include "spec/image.h"
#include "spec/reference.h"

enum {
	STORE_DIR_NAME = 12,               // characters of a layer's folder name
	STORE_DIGEST = 7 + SHA256_HEX + 1, // "sha256:..." with its NUL
	STORE_LAYERS_MAX = 500,            // what overlayfs can stack
};

#define STORE_EMPTY_LAYER ".empty" // a folder below layers/ for images without layers

struct image_store {
	char *root;
	struct db *db;
	int top, images, blobs, layers; // directories; -1 until needed (all but layers)
};

// Opens what a hot path does not need: images, blobs.
int store_open_blobs(struct image_store *s, struct err *e);
// images/.lock; the descriptor holds it. -EWOULDBLOCK without error text if wait is false and somebody has it.
int store_lock(struct image_store *s, bool exclusive, bool wait, struct err *e);
int store_write_index(struct image_store *s, struct err *e);
const char *store_xattr_prefix(const struct image_store *s);
void store_digest_text(char dst[static STORE_DIGEST], const uint8_t digest[SHA256_SIZE]);
// A new name for a layer's folder.
int store_random_name(char dst[static STORE_DIR_NAME + 1], struct err *e);

// ---- blobs (blob.c)

struct blob_writer {
	struct image_store *store;
	const struct codec *codec;
	struct codec_hash *hash;
	int fd;
	char name[32]; // below images/, "" when there is none
	uint64_t size;
};
int blob_begin(struct image_store *s, const struct codec *c, struct blob_writer *ret, struct err *e);
int blob_write(struct blob_writer *w, const void *p, size_t n, struct err *e);
// Ends the digest; the blob is not yet in its place.
void blob_digest(struct blob_writer *w, char ret[static STORE_DIGEST]);
int blob_publish(struct blob_writer *w, const char *digest, struct err *e);
void blob_done(struct blob_writer *w); // drops it unless published
#define _cleanup_blob_ _cleanup_(blob_done)
// A small one in a single step.
int blob_put(struct image_store *s, const struct codec *c, const void *p, size_t n,
	     char ret_digest[static STORE_DIGEST], struct err *e);
int blob_open(struct image_store *s, const char *digest, struct err *e);

// ---- layers (layer.c)

struct new_layer {
	char diffid[STORE_DIGEST], blob[STORE_DIGEST];
	uint64_t blob_size, size, entries;
	enum codec_format format;
	char dir[STORE_DIR_NAME + 1]; // "" when the store has this diffid already
};
// Takes in one layer from a stream in a single pass: keeps its bytes as a blob, verifies, unpacks. want_blob,
// want_diffid: digests it must have, or NULL. Nothing is visible when it fails.
struct layer_source {
	struct stream *stream;
	const char *want_blob, *want_diffid;
	uint64_t total; // for progress, 0: unknown
	const char *what;
};
int layer_take(struct image_store *s, const struct codec *c, const struct layer_source *from,
	       image_progress_fn *progress, void *data, struct new_layer *ret, struct err *e);
// Does the store have this layer unpacked, and its blob (want_blob, or with NULL any)? 1 (ret filled), 0, negative.
int layer_known(struct image_store *s, const char *diffid, const char *want_blob, struct new_layer *ret, struct err *e);
void layer_drop(struct image_store *s, struct new_layer *l); // an uncommitted one

// ---- images (commit.c)

struct new_image {
	char id[STORE_DIGEST], manifest[STORE_DIGEST];
	const char *manifest_type;
	const char *config; // JSON
	const char *architecture, *os, *variant;
	int64_t created;
	struct new_layer *layers;
	size_t n_layers;
	char *const *names; // canonical
};
// Makes everything durable, then known, in one transaction.
int image_commit(struct image_store *s, const struct new_image *i, struct err *e);
// "debian" -> canonical with tag; refuses digests and the built-in name.
int image_name_parse(const char *text, char dst[static REFERENCE_MAX], struct err *e);
// Writes a manifest for a config (its bytes, and what they say) and layers, and commits the image.
int image_build(struct image_store *s, const struct codec *c, struct arena *a, const struct oci_image_config *config,
		const char *json, size_t n_json, struct new_layer *layers, size_t n, char *const *names,
		char ret_id[static STORE_DIGEST], struct err *e);
// Blobs and folders that no row knows. The exclusive lock is held.
int store_collect(struct image_store *s, struct err *e);
// After a failure: the same, if nobody else is at work; otherwise the next repair does it.
void store_tidy(struct image_store *s);

// ---- Dockerfile instructions (change.c)

// CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR
int image_change(struct arena *a, struct oci_image_run *run, const char *instruction, struct err *e);
