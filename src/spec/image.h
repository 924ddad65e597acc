// SPDX-License-Identifier: Apache-2.0
// The OCI image specification 1.1 as C structures (descriptor, manifest, index, image configuration, layout file),
// and Docker's schema 2 documents and archive manifest through the same structures: the media types tell them apart.
//
// Everything lives in the arena given to the parser. Absent strings are NULL, absent lists have n == 0. Members that
// this header does not know are kept in `unknown` (an object, or NULL) and written again behind the known ones.
// Parsers refuse wrong types, malformed digests, negative sizes and documents that could be read as two kinds; an error
// is ERR_INVALID and names the JSON path of the culprit: `layers[2].digest: ...`. Writers make compact JSON without
// absent members, in the order of the specification.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "spec/types.h"

enum {
	OCI_MANIFEST_BYTES_MAX = 4 << 20, // of a manifest, an index, an archive's manifest.json
	OCI_CONFIG_BYTES_MAX = 8 << 20,
	OCI_DIGEST_MAX = 136, // "sha512:" and 128 digits, with the NUL
};

// ---- digests: "sha256:" with 64 or "sha512:" with 128 lower-case hexadecimal digits, nothing else

bool oci_digest_valid(const char *digest) _pure_; // NULL is not
// The digits of a valid digest: its file name below blobs/<algorithm>/.
const char *oci_digest_hex(const char *digest) _pure_;

// ---- media types

#define OCI_MEDIA_INDEX         "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_MANIFEST      "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_CONFIG        "application/vnd.oci.image.config.v1+json"
#define OCI_MEDIA_LAYER         "application/vnd.oci.image.layer.v1.tar"
#define OCI_MEDIA_LAYER_GZIP    "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_MEDIA_LAYER_ZSTD    "application/vnd.oci.image.layer.v1.tar+zstd"
#define OCI_MEDIA_EMPTY         "application/vnd.oci.empty.v1+json"
#define DOCKER_MEDIA_LIST       "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_MANIFEST   "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_MEDIA_CONFIG     "application/vnd.docker.container.image.v1+json"
#define DOCKER_MEDIA_LAYER      "application/vnd.docker.image.rootfs.diff.tar"
#define DOCKER_MEDIA_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

enum oci_kind { OCI_KIND_OTHER, OCI_KIND_INDEX, OCI_KIND_MANIFEST, OCI_KIND_CONFIG, OCI_KIND_LAYER };
enum oci_compression { OCI_PLAIN, OCI_GZIP, OCI_ZSTD };

struct oci_media {
	const char *name;
	enum oci_kind kind;
	enum oci_compression compression; // of layers, as declared: the bytes decide
	bool docker;
	bool foreign; // a layer not to be pushed ("nondistributable"), to be had from descriptor.urls
};
// NULL for a media type that is not in the table.
const struct oci_media *oci_media_find(const char *media_type) _pure_;
// OCI_KIND_OTHER for unknown types and NULL.
enum oci_kind oci_media_kind(const char *media_type) _pure_;

// ---- platforms

struct oci_platform {
	char *architecture, *os; // GOARCH and GOOS: "amd64", "linux"
	char *os_version, *variant;
	struct oci_strings os_features;
	struct json *unknown;
};

// "os/arch[/variant]", "arch" alone meaning linux; common aliases (x86_64, aarch64, armhf, ...) are normalised.
int oci_platform_parse(struct arena *a, const char *text, struct oci_platform *ret, struct err *e);
// Of this machine (uname). Static memory.
const struct oci_platform *oci_platform_host(void);
// Can have run where want is asked for? Variants compare as containerd's do: an absent variant of arm64 is v8, of arm
// v7; an arm machine also runs lower variants.
bool oci_platform_matches(const struct oci_platform *have, const struct oci_platform *want);
// "linux/arm64/v8" into dst; variant only where it is not the default.
void oci_platform_text(const struct oci_platform *p, struct buf *out);

// ---- descriptors, manifests, indexes

struct oci_descriptor {
	char *media_type, *digest; // never NULL; the digest is valid
	int64_t size;              // bytes, never negative
	struct oci_strings urls;
	struct oci_pairs annotations;
	char *data; // base64 of the content, as written; whoever uses it verifies it
	struct oci_platform *platform;
	char *artifact_type;
	struct json *unknown;
};

struct oci_manifest {
	int32_t schema_version; // 2; written as 2 whatever it is
	char *media_type;       // NULL: absent, as OCI allows (then it is OCI_MEDIA_MANIFEST)
	char *artifact_type;
	struct oci_descriptor config;
	struct oci_descriptor *layers; // bottom first
	size_t n_layers;
	struct oci_descriptor *subject;
	struct oci_pairs annotations;
	struct json *unknown;
};

struct oci_index {              // also Docker's manifest list, and index.json of a layout
	int32_t schema_version; // as above
	char *media_type;       // NULL: absent
	char *artifact_type;
	struct oci_descriptor *manifests;
	size_t n_manifests;
	struct oci_descriptor *subject;
	struct oci_pairs annotations;
	struct json *unknown;
};

// media_type: what the descriptor or the transport said it is, or NULL. The document must agree with it. schemaVersion
// 1 is ERR_UNSUPPORTED.
int oci_manifest_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_manifest **ret,
		       struct err *e);
int oci_index_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_index **ret,
		    struct err *e);
// Manifest or index, by its own media type or, if it has none, by its members.
int oci_document_kind(const char *text, size_t len, enum oci_kind *ret, struct err *e);
void oci_manifest_write(const struct oci_manifest *m, struct buf *out);
void oci_index_write(const struct oci_index *x, struct buf *out);
// One descriptor alone (the pieces of larger outputs).
void oci_descriptor_write(struct json_writer *w, const struct oci_descriptor *d);
// The manifest (or nested index) to take for want: the best match, the first of equals. An entry without platform
// matches only if it is alone. NULL if there is none.
const struct oci_descriptor *oci_index_select(const struct oci_index *x, const struct oci_platform *want);

// ---- image configuration

struct oci_healthcheck {         // Docker's extension
	struct oci_strings test; // empty: inherit; {"NONE"}; {"CMD", ...}; {"CMD-SHELL", text}
	int64_t interval, timeout, start_period, start_interval; // nanoseconds, 0: default
	int64_t retries;
	struct json *unknown;
};

struct oci_image_run { // the "config" member
	char *user;
	struct oci_strings exposed_ports; // "80/tcp": the members' names
	struct oci_strings env;           // "NAME=value"
	struct oci_strings entrypoint, cmd;
	struct oci_strings volumes; // absolute paths: the members' names
	char *working_dir;
	struct oci_pairs labels;
	char *stop_signal;                   // "SIGTERM", "15"
	struct opt_i64 stop_timeout;         // seconds (Docker)
	struct oci_healthcheck *healthcheck; // (Docker)
	struct oci_strings shell, on_build;  // (Docker)
	bool args_escaped;                   // (Docker)
	struct json *unknown;
};

struct oci_history {
	char *created, *author, *created_by, *comment;
	bool empty_layer;
	struct json *unknown;
};

struct oci_image_config {
	char *created; // RFC 3339, checked
	char *author;
	char *architecture, *os; // never NULL
	char *os_version, *variant;
	struct oci_strings os_features;
	struct oci_image_run config; // all empty when absent
	struct oci_strings diff_ids; // rootfs.diff_ids: valid digests, bottom first
	char *rootfs_type;           // "layers"; written as such whatever it is
	struct json *rootfs_unknown;
	struct oci_history *history;
	size_t n_history;
	struct json *unknown;
};

int oci_image_config_parse(struct arena *a, const char *text, size_t len, struct oci_image_config **ret, struct err *e);
void oci_image_config_write(const struct oci_image_config *c, struct buf *out);

// ---- docker-archive's manifest.json

struct oci_archive_image {
	char *config; // path inside the archive: relative, without ".."
	struct oci_strings repo_tags;
	struct oci_strings layers; // paths, bottom first
	struct json *unknown;
};
int oci_archive_parse(struct arena *a, const char *text, size_t len, struct oci_archive_image **ret, size_t *ret_n,
		      struct err *e);
void oci_archive_write(const struct oci_archive_image *v, size_t n, struct buf *out);

// ---- the oci-layout file

// Succeeds for imageLayoutVersion 1.x.
int oci_layout_check(const char *text, size_t len, struct err *e);
#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
