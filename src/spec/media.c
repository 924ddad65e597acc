// SPDX-License-Identifier: Apache-2.0
// Digests and media types: the vocabulary that content is named by. A digest becomes a file name, so nothing but the
// two registered algorithms with the exact number of lower-case digits passes.
#include "spec/image.h"

#include "base/str.h"

static const struct {
	const char *prefix;
	size_t digits;
} algorithms[] = {
	{"sha256:", 64},
	{"sha512:", 128},
};

bool oci_digest_valid(const char *digest)
{
	for (size_t i = 0; digest && i < ARRAY_SIZE(algorithms); i++) {
		const char *hex = str_after(digest, algorithms[i].prefix);
		size_t n = hex ? strspn(hex, "0123456789abcdef") : 0;
		if (hex)
			return n == algorithms[i].digits && !hex[n];
	}
	return false;
}

const char *oci_digest_hex(const char *digest)
{
	return strchr(digest, ':') + 1;
}

// Sources: image-spec 1.1 media-types.md; distribution's manifest-v2-2.md.
static const struct oci_media media[] = {
	{OCI_MEDIA_INDEX, OCI_KIND_INDEX, .docker = false},
	{OCI_MEDIA_MANIFEST, OCI_KIND_MANIFEST, .docker = false},
	{OCI_MEDIA_CONFIG, OCI_KIND_CONFIG, .docker = false},
	{OCI_MEDIA_LAYER, OCI_KIND_LAYER, OCI_PLAIN},
	{OCI_MEDIA_LAYER_GZIP, OCI_KIND_LAYER, OCI_GZIP},
	{OCI_MEDIA_LAYER_ZSTD, OCI_KIND_LAYER, OCI_ZSTD},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", OCI_KIND_LAYER, OCI_PLAIN, .foreign = true},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", OCI_KIND_LAYER, OCI_GZIP, .foreign = true},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", OCI_KIND_LAYER, OCI_ZSTD, .foreign = true},
	{DOCKER_MEDIA_LIST, OCI_KIND_INDEX, .docker = true},
	{DOCKER_MEDIA_MANIFEST, OCI_KIND_MANIFEST, .docker = true},
	{DOCKER_MEDIA_CONFIG, OCI_KIND_CONFIG, .docker = true},
	{DOCKER_MEDIA_LAYER, OCI_KIND_LAYER, OCI_PLAIN, .docker = true},
	{DOCKER_MEDIA_LAYER_GZIP, OCI_KIND_LAYER, OCI_GZIP, .docker = true},
	{"application/vnd.docker.image.rootfs.diff.tar.zstd", OCI_KIND_LAYER, OCI_ZSTD, .docker = true},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar", OCI_KIND_LAYER, OCI_PLAIN, .docker = true,
	 .foreign = true},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", OCI_KIND_LAYER, OCI_GZIP, .docker = true,
	 .foreign = true},
};

const struct oci_media *oci_media_find(const char *media_type)
{
	for (size_t i = 0; media_type && i < ARRAY_SIZE(media); i++)
		if (str_eq(media[i].name, media_type))
			return &media[i];
	return NULL;
}

enum oci_kind oci_media_kind(const char *media_type)
{
	const struct oci_media *m = oci_media_find(media_type);

	return m ? m->kind : OCI_KIND_OTHER;
}
