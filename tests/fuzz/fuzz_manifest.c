// SPDX-License-Identifier: Apache-2.0
// The documents of images: whatever is accepted keeps its promises (digests, sizes, paths), and what is written from it
// is accepted again and written the same.
#include "base/str.h"
#include "spec/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 64 << 20 };

static void demand(bool what)
{
	if (!what)
		abort();
}

static void demand_descriptors(const struct oci_descriptor *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		demand(oci_digest_valid(v[i].digest) && v[i].size >= 0 && v[i].media_type);
}

static void fuzz_manifest(struct arena *a, const char *text, size_t len)
{
	_cleanup_buf_ struct buf one = BUF_INIT(OUT_MAX), two = BUF_INIT(OUT_MAX);
	struct oci_manifest *m;
	struct err e = {0};

	if (oci_manifest_parse(a, text, len, NULL, &m, &e) < 0) {
		demand(str_starts(e.text, "image manifest: "));
		return;
	}
	demand_descriptors(&m->config, 1);
	demand_descriptors(m->layers, m->n_layers);
	oci_manifest_write(m, &one);
	demand(oci_manifest_parse(a, one.data, one.len, m->media_type, &m, &e) >= 0);
	oci_manifest_write(m, &two);
	demand(!one.failed && str_eq(one.data, two.data));
}

static void fuzz_index(struct arena *a, const char *text, size_t len)
{
	_cleanup_buf_ struct buf one = BUF_INIT(OUT_MAX), two = BUF_INIT(OUT_MAX);
	struct oci_index *x;
	struct err e = {0};

	if (oci_index_parse(a, text, len, NULL, &x, &e) < 0) {
		demand(str_starts(e.text, "image index: "));
		return;
	}
	demand_descriptors(x->manifests, x->n_manifests);
	const struct oci_descriptor *d = oci_index_select(x, oci_platform_host());
	demand(!d || (d >= x->manifests && d < x->manifests + x->n_manifests));
	oci_index_write(x, &one);
	demand(oci_index_parse(a, one.data, one.len, x->media_type, &x, &e) >= 0);
	oci_index_write(x, &two);
	demand(!one.failed && str_eq(one.data, two.data));
}

static void fuzz_config(struct arena *a, const char *text, size_t len)
{
	_cleanup_buf_ struct buf one = BUF_INIT(OUT_MAX), two = BUF_INIT(OUT_MAX);
	struct oci_image_config *c;
	struct err e = {0};

	if (oci_image_config_parse(a, text, len, &c, &e) < 0) {
		demand(str_starts(e.text, "image configuration: "));
		return;
	}
	for (size_t i = 0; i < c->diff_ids.n; i++)
		demand(oci_digest_valid(c->diff_ids.v[i]));
	demand(c->architecture && c->os);
	oci_image_config_write(c, &one);
	demand(oci_image_config_parse(a, one.data, one.len, &c, &e) >= 0);
	oci_image_config_write(c, &two);
	demand(!one.failed && str_eq(one.data, two.data));
}

static void fuzz_archive(struct arena *a, const char *text, size_t len)
{
	_cleanup_buf_ struct buf one = BUF_INIT(OUT_MAX), two = BUF_INIT(OUT_MAX);
	struct oci_archive_image *v;
	struct err e = {0};
	size_t n;

	if (oci_archive_parse(a, text, len, &v, &n, &e) < 0) {
		demand(str_starts(e.text, "manifest.json: "));
		return;
	}
	for (size_t i = 0; i < n; i++)
		demand(v[i].config && v[i].config[0] != '/' && !str_starts(v[i].config, "../"));
	oci_archive_write(v, n, &one);
	demand(oci_archive_parse(a, one.data, one.len, &v, &n, &e) >= 0);
	oci_archive_write(v, n, &two);
	demand(!one.failed && str_eq(one.data, two.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct arena a = {0};
	struct err e = {0};
	enum oci_kind kind;

	fuzz_manifest(&a, text, size);
	fuzz_index(&a, text, size);
	fuzz_config(&a, text, size);
	fuzz_archive(&a, text, size);
	if (oci_document_kind(text, size, &kind, &e) >= 0)
		demand(kind == OCI_KIND_MANIFEST || kind == OCI_KIND_INDEX);
	demand(oci_layout_check(text, size, &e) >= 0 || e.text[0]);
	arena_done(&a);
	return 0;
}
