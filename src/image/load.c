// SPDX-License-Identifier: Apache-2.0
// Loading images that others wrote: an OCI layout (archive or directory), or what `docker save` wrote before it wrote
// those. Everything an archive says is checked against digests: index to manifest, manifest to config and layers,
// config to the layers' contents. Docker's old form has no digests but the config's; there the config's list of
// contents decides.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/store.h"
#include "image/tar.h"

#include <inttypes.h>

enum { NESTING_MAX = 4, IMAGES_MAX = 1000 };

struct load {
	struct image_store *store;
	const struct codec *codec;
	struct archive *archive;
	image_progress_fn *progress;
	void *data;
	char **refs;      // loaded, for the caller
	struct buf other; // platforms passed over
	unsigned images;
};

struct loaded_document {
	struct buf text;
	char digest[STORE_DIGEST];
};

static void sha256_of(const struct codec *c, const void *p, size_t n, char ret[static STORE_DIGEST])
{
	uint8_t digest[SHA256_SIZE];
	struct codec_hash *h = c->hash_new();

	if (!h)
		err_oom();
	c->hash_update(h, p, n);
	c->hash_final(h, digest);
	c->hash_free(h);
	store_digest_text(ret, digest);
}

static int blob_name(const char *digest, char dst[static 96], struct err *e)
{
	if (!str_starts(digest, "sha256:"))
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%.80s: only sha256 digests are supported", digest);
	snprintf(dst, 96, "blobs/sha256/%s", oci_digest_hex(digest));
	return 0;
}

// A small blob whose size and digest must be as described.
static int read_blob(struct load *l, const struct oci_descriptor *d, size_t max, struct buf *ret, struct err *e)
{
	char name[96], have[STORE_DIGEST];
	int rc = blob_name(d->digest, name, e);

	if (rc < 0 || (rc = archive_read(l->archive, name, max, ret, e)) < 0)
		return rc;
	sha256_of(l->codec, ret->data, ret->len, have);
	if (!str_eq(have, d->digest))
		return err_set(e, ERR_CORRUPT, EBADMSG, "wrong digest: %s should be %s, and is %s", name, d->digest,
			       have);
	if ((int64_t)ret->len != d->size)
		return err_set(e, ERR_CORRUPT, EBADMSG, "%s has %zu bytes, and its descriptor says %" PRId64, name,
			       ret->len, d->size);
	return 0;
}

static void forget_layers(struct load *l, struct new_layer *layers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		layer_drop(l->store, &layers[i]);
}

static int check_config(const struct oci_image_config *c, size_t n_layers, struct err *e)
{
	if (!str_eq(c->os, "linux"))
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "it is an image for %.40s, not for linux", c->os);
	if (c->diff_ids.n != n_layers)
		return err_set(e, ERR_CORRUPT, EBADMSG, "its config tells of %zu layers, and there are %zu",
			       c->diff_ids.n, n_layers);
	if (n_layers > STORE_LAYERS_MAX)
		return err_set(e, ERR_UNSUPPORTED, E2BIG, "it has %zu layers, and at most %d can be stacked", n_layers,
			       STORE_LAYERS_MAX);
	return 0;
}

// One layer from the archive's file name, unless the store has it. A layer that comes twice in one image is taken once.
static int take_layer(struct load *l, const char *name, const char *want_blob, const char *want_diffid,
		      struct new_layer *done, size_t i, size_t n, struct err *e)
{
	_cleanup_stream_ struct stream *s = NULL;
	char what[64];
	struct layer_source from = {.want_blob = want_blob, .want_diffid = want_diffid, .what = what};

	snprintf(what, sizeof(what), "layer %zu of %zu", i + 1, n);
	for (size_t k = 0; k < i; k++)
		if (str_eq(done[k].diffid, want_diffid) && (!want_blob || str_eq(done[k].blob, want_blob))) {
			done[i] = done[k];
			done[i].dir[0] = 0; // the first one's to make known
			return 0;
		}
	int rc = layer_known(l->store, want_diffid, want_blob, &done[i], e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = archive_stream(l->archive, name, &s, &from.total, e);
	if (rc >= 0) {
		from.stream = s;
		rc = layer_take(l->store, l->codec, &from, l->progress, l->data, &done[i], e);
	}
	return rc < 0 ? err_wrap(e, rc, "%s", what) : 0;
}

static void push_ref(struct load *l, const char *canonical, const char *id)
{
	char familiar[REFERENCE_MAX];
	struct reference r;

	if (canonical && !reference_parse(canonical, &r, NULL)) {
		reference_familiar(&r, familiar);
		strv_push(&l->refs, familiar);
	} else {
		strv_push(&l->refs, id);
	}
}

static void report_loaded(struct load *l, char *const *names, const char *id)
{
	if (!names || !names[0])
		push_ref(l, NULL, id);
	for (; names && *names; names++)
		push_ref(l, *names, id);
}

// ---- OCI

static int check_layer_type(const struct oci_descriptor *d, size_t i, size_t n, struct err *e)
{
	char shown[TAR_SHOWN_MAX];

	if (oci_media_kind(d->media_type) == OCI_KIND_LAYER)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "layer %zu of %zu: media type %s is not supported", i + 1, n,
		       tar_shown(shown, d->media_type));
}

static int take_oci_layers(struct load *l, const struct oci_manifest *m, const struct oci_image_config *c,
			   struct new_layer *layers, size_t *n, struct err *e)
{
	for (size_t i = 0; i < m->n_layers; i++) {
		const struct oci_descriptor *d = &m->layers[i];
		char name[96];
		int rc = check_layer_type(d, i, m->n_layers, e);
		if (rc >= 0)
			rc = blob_name(d->digest, name, e);
		if (rc >= 0)
			rc = take_layer(l, name, d->digest, c->diff_ids.v[i], layers, i, m->n_layers, e);
		if (rc < 0)
			return rc;
		*n = i + 1;
	}
	return 0;
}

static int parse_config(struct load *l, struct arena *a, const struct oci_manifest *m, struct buf *text,
			struct oci_image_config **ret, struct err *e)
{
	char shown[TAR_SHOWN_MAX];

	if (oci_media_kind(m->config.media_type) != OCI_KIND_CONFIG)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "it is not an image that can run, but holds %s",
			       tar_shown(shown, m->artifact_type ? m->artifact_type : m->config.media_type));
	int rc = read_blob(l, &m->config, OCI_CONFIG_BYTES_MAX, text, e);
	if (rc < 0)
		return err_wrap(e, rc, "image config");
	rc = oci_image_config_parse(a, text->data, text->len, ret, e);
	return rc < 0 ? err_wrap(e, rc, "image config") : check_config(*ret, m->n_layers, e);
}

static int commit_oci(struct load *l, const struct oci_descriptor *d, const struct buf *manifest,
		      const struct oci_manifest *m, const struct oci_image_config *c, const struct buf *config,
		      struct new_layer *layers, char *const *names, struct err *e)
{
	struct new_image i = {.manifest_type = m->media_type ? m->media_type : d->media_type,
			      .config = config->data,
			      .architecture = c->architecture,
			      .os = c->os,
			      .variant = c->variant,
			      .layers = layers,
			      .n_layers = m->n_layers,
			      .names = names};

	if (c->created)
		clock_parse_rfc3339(c->created, &i.created);
	int rc = blob_put(l->store, l->codec, config->data, config->len, i.id, e);
	if (rc >= 0)
		rc = blob_put(l->store, l->codec, manifest->data, manifest->len, i.manifest, e);
	if (rc >= 0)
		rc = image_commit(l->store, &i, e);
	if (rc >= 0)
		report_loaded(l, names, i.id);
	return rc;
}

static int load_manifest(struct load *l, struct arena *a, const struct oci_descriptor *d, char *const *names,
			 struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_MANIFEST_BYTES_MAX + 2),
				 config = BUF_INIT(OCI_CONFIG_BYTES_MAX + 2);
	struct oci_manifest *m = NULL;
	struct oci_image_config *c = NULL;
	size_t n = 0;
	int rc = read_blob(l, d, OCI_MANIFEST_BYTES_MAX, &text, e);

	if (rc >= 0)
		rc = oci_manifest_parse(a, text.data, text.len, d->media_type, &m, e);
	if (rc < 0)
		return err_wrap(e, rc, "manifest");
	if ((rc = parse_config(l, a, m, &config, &c, e)) < 0)
		return rc;
	_cleanup_free_ struct new_layer *layers = xcalloc(m->n_layers + 1, sizeof(*layers));
	rc = take_oci_layers(l, m, c, layers, &n, e);
	if (rc >= 0)
		rc = commit_oci(l, d, &text, m, c, &config, layers, names, e);
	if (rc < 0)
		forget_layers(l, layers, n);
	return rc;
}

// A bare "latest" is a tag that somebody wrote without its name.
static int add_name(struct arena *a, const char *text, char ***ret, struct err *e)
{
	char canonical[REFERENCE_MAX];

	if (!text || str_eq(text, "latest"))
		return 0;
	int rc = image_name_parse(text, canonical, e);
	if (rc >= 0)
		strv_push(ret, canonical);
	return rc;
}

static int names_of(struct arena *a, const struct oci_descriptor *d, char ***ret, struct err *e)
{
	const char *full = oci_pairs_get(&d->annotations, "io.containerd.image.name");

	return add_name(a, full ? full : oci_pairs_get(&d->annotations, "org.opencontainers.image.ref.name"), ret, e);
}

static int load_descriptor(struct load *l, struct arena *a, const struct oci_descriptor *d, char *const *names,
			   unsigned depth, struct err *e);

// Of an index one image is taken: this machine's.
static int load_index(struct load *l, struct arena *a, const struct oci_descriptor *d, char *const *names,
		      unsigned depth, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_MANIFEST_BYTES_MAX + 2);
	struct oci_index *x = NULL;

	if (depth >= NESTING_MAX)
		return err_set(e, ERR_CORRUPT, ELOOP, "indexes are nested more than %d deep", NESTING_MAX);
	int rc = read_blob(l, d, OCI_MANIFEST_BYTES_MAX, &text, e);
	if (rc >= 0)
		rc = oci_index_parse(a, text.data, text.len, d->media_type, &x, e);
	if (rc < 0)
		return err_wrap(e, rc, "image index");
	const struct oci_descriptor *best = oci_index_select(x, oci_platform_host());
	if (best)
		return load_descriptor(l, a, best, names, depth + 1, e);
	for (size_t i = 0; i < x->n_manifests; i++)
		if (x->manifests[i].platform) {
			buf_adds(&l->other, l->other.len ? ", " : "");
			oci_platform_text(x->manifests[i].platform, &l->other);
		}
	return 0;
}

static int load_descriptor(struct load *l, struct arena *a, const struct oci_descriptor *d, char *const *names,
			   unsigned depth, struct err *e)
{
	char shown[TAR_SHOWN_MAX];

	switch (oci_media_kind(d->media_type)) {
	case OCI_KIND_INDEX: return load_index(l, a, d, names, depth, e);
	case OCI_KIND_MANIFEST: return load_manifest(l, a, d, names, e);
	default:
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "media type %s is not an image",
			       tar_shown(shown, d->media_type));
	}
}

static int load_entry(struct load *l, const struct oci_descriptor *d, struct err *e)
{
	_cleanup_(arena_done) struct arena a = {0};
	_cleanup_strv_ char **names = NULL;
	char shown[TAR_SHOWN_MAX];

	if (d->platform && !oci_platform_matches(d->platform, oci_platform_host())) {
		buf_adds(&l->other, l->other.len ? ", " : "");
		oci_platform_text(d->platform, &l->other);
		return 0;
	}
	if (++l->images > IMAGES_MAX)
		return err_set(e, ERR_EXHAUSTED, E2BIG, "it holds more than %d images", IMAGES_MAX);
	int rc = names_of(&a, d, &names, e);
	if (rc >= 0)
		rc = load_descriptor(l, &a, d, names, 0, e);
	return rc < 0 && names ? err_wrap(e, rc, "image %s", tar_shown(shown, names[0])) : rc;
}

static int load_oci(struct load *l, struct err *e)
{
	_cleanup_(arena_done) struct arena a = {0};
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_MANIFEST_BYTES_MAX + 2);
	struct oci_index *x = NULL;
	int rc = archive_read(l->archive, "oci-layout", 4096, &text, e);

	if (rc >= 0)
		rc = oci_layout_check(text.data, text.len, e);
	if (rc >= 0)
		rc = archive_read(l->archive, "index.json", OCI_MANIFEST_BYTES_MAX, &text, e);
	if (rc >= 0 && (rc = oci_index_parse(&a, text.data, text.len, NULL, &x, e)) < 0)
		return err_wrap(e, rc, "index.json");
	for (size_t i = 0; rc >= 0 && i < x->n_manifests; i++)
		rc = load_entry(l, &x->manifests[i], e);
	return rc;
}

// ---- Docker's old form

static int docker_names(const struct oci_archive_image *x, char ***ret, struct err *e)
{
	for (size_t i = 0; i < x->repo_tags.n; i++) {
		char canonical[REFERENCE_MAX];
		int rc = image_name_parse(x->repo_tags.v[i], canonical, e);
		if (rc < 0)
			return rc;
		strv_push(ret, canonical);
	}
	return 0;
}

static int load_docker_image(struct load *l, const struct oci_archive_image *x, struct err *e)
{
	_cleanup_(arena_done) struct arena a = {0};
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_CONFIG_BYTES_MAX + 2);
	_cleanup_strv_ char **names = NULL;
	struct oci_image_config *c = NULL;
	char id[STORE_DIGEST];
	size_t n = 0;
	int rc = docker_names(x, &names, e);

	if (rc < 0 || (rc = archive_read(l->archive, x->config, OCI_CONFIG_BYTES_MAX, &text, e)) < 0)
		return rc;
	if ((rc = oci_image_config_parse(&a, text.data, text.len, &c, e)) < 0)
		return err_wrap(e, rc, "image config");
	if ((rc = check_config(c, x->layers.n, e)) < 0)
		return rc;
	_cleanup_free_ struct new_layer *layers = xcalloc(x->layers.n + 1, sizeof(*layers));
	for (; rc >= 0 && n < x->layers.n; n += rc >= 0)
		rc = take_layer(l, x->layers.v[n], NULL, c->diff_ids.v[n], layers, n, x->layers.n, e);
	if (rc >= 0)
		rc = image_build(l->store, l->codec, &a, c, text.data, text.len, layers, n, names, id, e);
	if (rc >= 0)
		report_loaded(l, names, id);
	else
		forget_layers(l, layers, n);
	return rc;
}

static int load_docker(struct load *l, struct err *e)
{
	_cleanup_(arena_done) struct arena a = {0};
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_MANIFEST_BYTES_MAX + 2);
	struct oci_archive_image *v = NULL;
	size_t n = 0;
	int rc = archive_read(l->archive, "manifest.json", OCI_MANIFEST_BYTES_MAX, &text, e);

	if (rc >= 0 && (rc = oci_archive_parse(&a, text.data, text.len, &v, &n, e)) < 0)
		return err_wrap(e, rc, "manifest.json");
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		char shown[TAR_SHOWN_MAX];
		rc = load_docker_image(l, &v[i], e);
		if (rc < 0 && v[i].repo_tags.n)
			return err_wrap(e, rc, "image %s", tar_shown(shown, v[i].repo_tags.v[0]));
	}
	return rc;
}

// ---- both

static int load_archive(struct load *l, struct err *e)
{
	int rc = 0;

	if (archive_has(l->archive, "oci-layout") && archive_has(l->archive, "index.json"))
		rc = load_oci(l, e);
	else if (archive_has(l->archive, "manifest.json"))
		rc = load_docker(l, e);
	else
		return err_set(e, ERR_CORRUPT, EBADMSG,
			       "no image in it: neither index.json and oci-layout (OCI) nor manifest.json (docker "
			       "save). If it is "
			       "a root filesystem, use 'berth import FILE NAME'");
	if (rc < 0 || l->refs)
		return rc;
	if (l->other.len) {
		_cleanup_buf_ struct buf host = BUF_INIT(256);
		oci_platform_text(oci_platform_host(), &host);
		return err_set(e, ERR_NOT_FOUND, ENOENT, "no image for %s in it; there is: %s", host.data,
			       l->other.data);
	}
	return err_set(e, ERR_CORRUPT, ENOENT, "there is no image in it");
}

static int load_locked(struct load *l, struct err *e)
{
	_cleanup_fd_ int lock = store_lock(l->store, false, true, e);

	return lock < 0 ? lock : load_archive(l, e);
}

int image_load(struct image_store *s, const char *path, int fd, image_progress_fn *progress, void *data,
	       char ***ret_refs, struct err *e)
{
	_cleanup_(image_source_done) struct image_source src = {.fd = -1};
	_cleanup_archive_ struct archive *archive = NULL;
	struct load l = {.store = s, .progress = progress, .data = data, .other = BUF_INIT(1024)};
	int rc = codec_load(&l.codec, e);

	if (rc < 0 || (rc = image_source_open(path, fd, &src, e)) < 0)
		return rc;
	if (!src.directory)
		rc = image_source_seekable(&src, s, l.codec, e);
	if (rc >= 0)
		rc = archive_open(&src, &archive, e);
	if (rc >= 0) {
		l.archive = archive;
		rc = load_locked(&l, e);
		store_tidy(s); // also what an image that was here already brought again
	}
	buf_done(&l.other);
	if (rc < 0) {
		strv_free(l.refs);
		return err_wrap(e, rc, "load %s", src.shown);
	}
	*ret_refs = l.refs;
	return 0;
}
