// SPDX-License-Identifier: Apache-2.0
// Images: the content store (an OCI image layout), unpacked layers, loading, importing, removing, and the overlay
// snapshot that a container runs on.
#pragma once

#include "base/err.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct image_store; // <root>/images (OCI layout), <root>/layers

// root is our state folder (made if missing, 0711 in between where needed); db stays the caller's.
int image_store_open(const char *root, struct db *db, struct image_store **ret, struct err *e);
void image_store_close(struct image_store *s);
void image_store_close_p(struct image_store **s);
#define _cleanup_image_store_ _cleanup_(image_store_close_p)

// One image, resolved; owns everything in it.
struct image {
	char *id;     // "sha256:..."
	char **names; // familiar names ("debian:latest"), sorted
	char *config_json;
	char *manifest_digest;
	char **layer_dirs; // folder names below layers/, bottom first
	char **diffids;
	uint64_t size;
	int64_t created, added; // ns
};
void image_free(struct image *i);
void image_free_p(struct image **i);
#define _cleanup_image_ _cleanup_(image_free_p)

// By name (default tag latest), name@digest, full or abbreviated id. ERR_NOT_FOUND names similar images that are there
// and how to get one; ERR_INVALID for a malformed reference; an ambiguous id prefix says so. The hot path: two or
// three indexed reads, no blob touched.
int image_resolve(struct image_store *s, const char *ref, struct image **ret, struct err *e);
int image_list(struct image_store *s, struct image ***ret, size_t *ret_n, struct err *e); // newest first
void image_list_free(struct image **v, size_t n);

// Progress of a long operation for people; may be NULL. what: "layer 2 of 5".
typedef void image_progress_fn(void *data, const char *what, uint64_t done, uint64_t total /* 0: unknown */);

// An OCI archive, an OCI directory (path only) or a docker-archive, itself plain, gzip or zstd; from path ("-" or NULL:
// fd). Layers plain, gzip, zstd. Names found inside are set. ret_names: what was loaded, for printing (familiar name or
// id).
int image_load(struct image_store *s, const char *path, int fd, image_progress_fn *progress, void *data,
	       char ***ret_refs, struct err *e);
// A root filesystem tar (plain, gzip, zstd, xz refused with the way out) becomes a one-layer image. changes: Dockerfile
// instructions CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR, as docker import --change.
struct image_import {
	const char *ref;     // NULL: no name
	const char *message; // NULL: "Imported from -"
	char *const *changes;
	const char *platform; // "linux/amd64" or NULL: this machine
};
int image_import(struct image_store *s, const char *path, int fd, const struct image_import *o,
		 image_progress_fn *progress, void *data, char **ret_id, struct err *e);

int image_tag(struct image_store *s, const char *ref, const char *name, struct err *e);
// Untags; removes the image, its layers and blobs when nothing else uses them. With force, also when several names
// point to it. In use by a container: ERR_CONFLICT naming it. report: "Untagged: ..." and "Deleted: ..." lines.
int image_remove(struct image_store *s, const char *ref, bool force, char ***ret_report, struct err *e);

// The container's root: an overlay of the image's layers below <container_dir>/upper and work (made here), as a
// detached mount. No path of ours is limited by the 4 KiB option page (fsconfig lowerdir+ or short relative names).
enum {
	SNAPSHOT_VOLATILE = 1 << 0,  // no sync at unmount: for --rm
	SNAPSHOT_READONLY = 1 << 1,  // without upper
	SNAPSHOT_USERXATTR = 1 << 2, // rootless
	SNAPSHOT_CLASSIC = 1 << 8,   // as on kernels before 6.8, for tests
};
// userns: -1, or a user namespace whose mapping the layers are shown through (idmapped mounts).
int image_snapshot(struct image_store *s, const struct image *i, int container_dir, unsigned flags, int userns,
		   struct err *e);
// Removes folders that no row knows of (after a kill); cheap when there is nothing to do. Called by the engine's
// repair.
int image_store_repair(struct image_store *s, struct err *e);

// What changed in an upper directory against its lower layers: for `diff`.
struct image_change {
	char kind;  // 'A', 'C', 'D'
	char *path; // "/etc/passwd"
};
int image_diff(struct image_store *s, const struct image *i /* NULL: host */, int container_dir,
	       struct image_change **ret, size_t *ret_n, struct err *e);
// The same for any two directories of an overlay, sorted by path; both stay the caller's.
int image_diff_trees(int upper, int lower, struct image_change **ret, size_t *ret_n, struct err *e);
void image_changes_free(struct image_change *v, size_t n);
