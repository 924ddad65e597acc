// SPDX-License-Identifier: Apache-2.0
// Finds and opens the codec module, and tells formats by their first bytes. The module is one of our own
// parts (base/private.h): never looked for in the working directory or through the environment.
#include "image/codec.h"

#include "base/private.h"

#include <dlfcn.h>
#include <string.h>

static const struct {
	const char *name;
	uint8_t magic[CODEC_SNIFF];
	uint8_t n;
	const char *way_out; // NULL: we read it
} formats[] = {
	[CODEC_NONE] = {.name = "none"},
	[CODEC_GZIP] = {.name = "gzip", .magic = {0x1f, 0x8b}, .n = 2},
	[CODEC_ZSTD] = {.name = "zstd", .magic = {0x28, 0xb5, 0x2f, 0xfd}, .n = 4},
	[CODEC_XZ] = {.name = "xz", .magic = {0xfd, '7', 'z', 'X', 'Z', 0}, .n = 6, .way_out = "xz -dc"},
	[CODEC_BZIP2] = {.name = "bzip2", .magic = {'B', 'Z', 'h'}, .n = 3, .way_out = "bzip2 -dc"},
	[CODEC_LZ4] = {.name = "lz4", .magic = {0x04, 0x22, 0x4d, 0x18}, .n = 4, .way_out = "lz4 -dc"},
};
_Static_assert(ARRAY_SIZE(formats) == CODEC_FORMAT_MAX, "a row for every format");

enum codec_format codec_sniff(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < ARRAY_SIZE(formats); i++)
		if (n >= formats[i].n && !memcmp(p, formats[i].magic, formats[i].n))
			return (enum codec_format)i;
	// zstd also begins with a skippable frame: 0x184D2A5?
	if (n >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return CODEC_ZSTD;
	return CODEC_NONE;
}

const char *codec_format_name(enum codec_format f)
{
	return formats[f].name;
}

int codec_check_format(enum codec_format f, struct err *e)
{
	if (!formats[f].way_out)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
		       "%s compression is not supported: decompress it first (%s FILE), or use gzip or zstd",
		       formats[f].name, formats[f].way_out);
}

int codec_load(const struct codec **ret, struct err *e)
{
	static const struct codec *loaded;

	if (!loaded) {
		char path[PATH_MAX];
		int rc = private_file("berth-codec.so", path, e);
		if (rc < 0)
			return rc;
		void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!handle)
			return err_set(e, ERR_UNSUPPORTED, ELIBACC, "open the codec module: %s: install berth again",
				       dlerror());
		const struct codec *c = dlsym(handle, CODEC_SYMBOL);
		if (!c || c->version != CODEC_VERSION) {
			dlclose(handle);
			return err_set(e, ERR_UNSUPPORTED, ELIBBAD,
				       "the codec module belongs to another version of berth: install berth again");
		}
		loaded = c;
	}
	*ret = loaded;
	return 0;
}
