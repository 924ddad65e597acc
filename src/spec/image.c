// SPDX-License-Identifier: Apache-2.0
// The documents of the image specification, one table each: descriptor, manifest, index, image configuration, the
// layout file, and the manifest of docker-archives. Source: image-spec 1.1 (descriptor.md, manifest.md, image-index.md,
// config.md, image-layout.md); Docker's differences are named where they are.
//
// A document that one reader takes for a manifest and another for an index lets a digest mean two images; so the
// members of one kind are refused in the other, and a media type inside must be that which led here.
#include "spec/image.h"

#include "base/str.h"
#include "spec/shape.h"

enum {
	SCHEMA_VERSION = 2,
	DOCUMENT_NODES_MAX = 400000,
};

// ---- checks of single strings

static int check_digest(struct shape_reader *r, const struct shape_at *at, const char *text)
{
	if (oci_digest_valid(text))
		return 0;
	return shape_fail(r, at, "%s is no digest (sha256: and 64, or sha512: and 128 lower-case hexadecimal digits)",
			  shape_quote(r, text));
}

// type "/" subtype, as RFC 6838 (4.2) has them.
static int check_media_type(struct shape_reader *r, const struct shape_at *at, const char *text)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+";
	size_t type = strspn(text, name), sub = text[type] == '/' ? strspn(text + type + 1, name) : 0;

	if (type && type <= 127 && sub && sub <= 127 && !text[type + 1 + sub])
		return 0;
	return shape_fail(r, at, "%s is no media type", shape_quote(r, text));
}

static bool read_digits(const char **s, size_t n, int min, int max)
{
	int v = 0;

	for (size_t i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + **s - '0';
	}
	return v >= min && v <= max;
}

// RFC 3339, any year: tools write 0001-01-01T00:00:00Z for "unknown".
static int check_time(struct shape_reader *r, const struct shape_at *at, const char *text)
{
	static const struct {
		size_t digits;
		int min, max;
		const char *then;
	} parts[] = {{4, 0, 9999, "-"}, {2, 1, 12, "-"}, {2, 1, 31, "Tt"},
		     {2, 0, 23, ":"},   {2, 0, 59, ":"}, {2, 0, 60, ""}};
	const char *s = text;
	bool good = true;

	for (size_t i = 0; good && i < ARRAY_SIZE(parts); i++) {
		good = read_digits(&s, parts[i].digits, parts[i].min, parts[i].max);
		if (good && *parts[i].then)
			good = *s && strchr(parts[i].then, *s++) != NULL;
	}
	if (good && *s == '.') {
		size_t n = strspn(++s, "0123456789");
		good = n > 0;
		s += n;
	}
	if (good && (*s == '+' || *s == '-'))
		good = (s++, read_digits(&s, 2, 0, 23)) && *s++ == ':' && read_digits(&s, 2, 0, 59);
	else if (good) {
		good = *s == 'Z' || *s == 'z';
		s += good;
	}
	return good && !*s ? 0 : shape_fail(r, at, "%s is no time of RFC 3339", shape_quote(r, text));
}

// A path inside an archive.
static int check_inside(struct shape_reader *r, const struct shape_at *at, const char *text)
{
	bool up = str_eq(text, "..") || str_starts(text, "../") || str_ends(text, "/..") || strstr(text, "/../");

	if (*text && *text != '/' && !up)
		return 0;
	return shape_fail(r, at, "%s is no path inside the archive", shape_quote(r, text));
}

static int check_rootfs_type(struct shape_reader *r, const struct shape_at *at, const char *text)
{
	return str_eq(text, "layers") ? 0 : shape_fail(r, at, "%s is not \"layers\"", shape_quote(r, text));
}

// ---- constants: members that have one value only

static bool constant_present(const struct shape_member *m, const void *from)
{
	return false;
}

static int read_schema_version(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			       const struct shape_member *m, void *to)
{
	if (j->type != JSON_INT)
		return shape_fail(r, at, "%s where %d is expected", json_type_name(j), SCHEMA_VERSION);
	if (j->i == SCHEMA_VERSION)
		return 0;
	int rc = shape_fail(r, at, "%lld is not supported, only %d is", (long long)j->i, SCHEMA_VERSION);
	if (r->e)
		r->e->class = ERR_UNSUPPORTED;
	return rc;
}

static void write_schema_version(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_int(w, SCHEMA_VERSION);
}

static const struct shape_kind schema_version = {read_schema_version, constant_present, write_schema_version};

static int read_rootfs_type(struct shape_reader *r, const struct shape_at *at, const struct json *j,
			    const struct shape_member *m, void *to)
{
	char *text = NULL;

	return shape_string.read(r, at, j, m, &text);
}

static void write_rootfs_type(struct json_writer *w, const struct shape_member *m, const void *from)
{
	jw_str(w, "layers");
}

static const struct shape_kind rootfs_type = {read_rootfs_type, constant_present, write_rootfs_type};

// ---- tables

#define SHAPE(name, type, ...)                                                        \
	static const struct shape name##_shape = {.size = sizeof(type),               \
						  .v = name##_members,                \
						  .n = ARRAY_SIZE(name##_members),    \
						  .unknown = offsetof(type, unknown), \
						  ##__VA_ARGS__}
// shape_vector wants the count right behind the pointer.
#define VECTOR(type, m) \
	_Static_assert(offsetof(type, n_##m) == offsetof(type, m) + sizeof(void *), "the count is behind the vector")

#define AT(m) offsetof(struct oci_platform, m)
static const struct shape_member platform_members[] = {
	{"architecture", &shape_string, AT(architecture), .required = true},
	{"os", &shape_string, AT(os), .required = true},
	{"os.version", &shape_string, AT(os_version)},
	{"os.features", &shape_strings, AT(os_features)},
	{"variant", &shape_string, AT(variant)},
};
SHAPE(platform, struct oci_platform);
#undef AT

#define AT(m) offsetof(struct oci_descriptor, m)
static const struct shape_member descriptor_members[] = {
	{"mediaType", &shape_string, AT(media_type), .required = true, .check = check_media_type},
	{"digest", &shape_string, AT(digest), .required = true, .check = check_digest},
	{"size", &shape_size, AT(size), .required = true},
	{"urls", &shape_strings, AT(urls)},
	{"annotations", &shape_pairs, AT(annotations)},
	{"data", &shape_string, AT(data)},
	{"platform", &shape_pointer, AT(platform), .shape = &platform_shape},
	{"artifactType", &shape_string, AT(artifact_type), .check = check_media_type},
};
SHAPE(descriptor, struct oci_descriptor);
#undef AT

#define AT(m) offsetof(struct oci_manifest, m)
static const struct shape_member manifest_members[] = {
	{"schemaVersion", &schema_version, 0, .required = true},
	{"mediaType", &shape_string, AT(media_type), .check = check_media_type},
	{"artifactType", &shape_string, AT(artifact_type), .check = check_media_type},
	{"config", &shape_object, AT(config), .required = true, .shape = &descriptor_shape},
	{"layers", &shape_vector, AT(layers), .required = true, .shape = &descriptor_shape},
	{"subject", &shape_pointer, AT(subject), .shape = &descriptor_shape},
	{"annotations", &shape_pairs, AT(annotations)},
};
VECTOR(struct oci_manifest, layers);
SHAPE(manifest, struct oci_manifest);
#undef AT

#define AT(m) offsetof(struct oci_index, m)
static const struct shape_member index_members[] = {
	{"schemaVersion", &schema_version, 0, .required = true},
	{"mediaType", &shape_string, AT(media_type), .check = check_media_type},
	{"artifactType", &shape_string, AT(artifact_type), .check = check_media_type},
	{"manifests", &shape_vector, AT(manifests), .required = true, .shape = &descriptor_shape},
	{"subject", &shape_pointer, AT(subject), .shape = &descriptor_shape},
	{"annotations", &shape_pairs, AT(annotations)},
};
VECTOR(struct oci_index, manifests);
SHAPE(index, struct oci_index);
#undef AT

#define AT(m) offsetof(struct oci_healthcheck, m)
static const struct shape_member healthcheck_members[] = {
	{"Test", &shape_strings, AT(test)},
	{"Interval", &shape_size, AT(interval)},
	{"Timeout", &shape_size, AT(timeout)},
	{"StartPeriod", &shape_size, AT(start_period)},
	{"StartInterval", &shape_size, AT(start_interval)},
	{"Retries", &shape_size, AT(retries)},
};
SHAPE(healthcheck, struct oci_healthcheck);
#undef AT

#define AT(m) offsetof(struct oci_image_run, m)
static const struct shape_member run_members[] = {
	{"User", &shape_string, AT(user)},
	{"ExposedPorts", &shape_names, AT(exposed_ports)},
	{"Env", &shape_strings, AT(env)},
	{"Entrypoint", &shape_strings, AT(entrypoint)},
	{"Cmd", &shape_strings, AT(cmd)},
	{"Volumes", &shape_names, AT(volumes)},
	{"WorkingDir", &shape_string, AT(working_dir)},
	{"Labels", &shape_pairs, AT(labels)},
	{"StopSignal", &shape_string, AT(stop_signal)},
	{"StopTimeout", &shape_opt_int, AT(stop_timeout)},
	{"Healthcheck", &shape_pointer, AT(healthcheck), .shape = &healthcheck_shape},
	{"Shell", &shape_strings, AT(shell)},
	{"OnBuild", &shape_strings, AT(on_build)},
	{"ArgsEscaped", &shape_bool, AT(args_escaped)},
};
SHAPE(run, struct oci_image_run);
#undef AT

#define AT(m) offsetof(struct oci_history, m)
static const struct shape_member history_members[] = {
	{"created", &shape_string, AT(created), .check = check_time},
	{"created_by", &shape_string, AT(created_by)},
	{"author", &shape_string, AT(author)},
	{"comment", &shape_string, AT(comment)},
	{"empty_layer", &shape_bool, AT(empty_layer)},
};
SHAPE(history, struct oci_history);
#undef AT

#define AT(m) offsetof(struct oci_image_config, m)
// The "rootfs" member, whose parts lie in the configuration itself.
static const struct shape_member rootfs_members[] = {
	{"type", &rootfs_type, 0, .required = true, .check = check_rootfs_type},
	{"diff_ids", &shape_strings, AT(diff_ids), .check = check_digest}, // Docker has none for FROM scratch
};
static const struct shape rootfs_shape = {
	.size = sizeof(struct oci_image_config),
	.v = rootfs_members,
	.n = ARRAY_SIZE(rootfs_members),
	.unknown = AT(rootfs_unknown),
};
static const struct shape_member config_members[] = {
	{"created", &shape_string, AT(created), .check = check_time},
	{"author", &shape_string, AT(author)},
	{"architecture", &shape_string, AT(architecture), .required = true},
	{"os", &shape_string, AT(os), .required = true},
	{"os.version", &shape_string, AT(os_version)},
	{"os.features", &shape_strings, AT(os_features)},
	{"variant", &shape_string, AT(variant)},
	{"config", &shape_object, AT(config), .shape = &run_shape},
	{"rootfs", &shape_object, 0, .required = true, .shape = &rootfs_shape},
	{"history", &shape_vector, AT(history), .shape = &history_shape},
};
VECTOR(struct oci_image_config, history);
SHAPE(config, struct oci_image_config);
#undef AT

#define AT(m) offsetof(struct oci_archive_image, m)
static const struct shape_member archive_members[] = {
	{"Config", &shape_string, AT(config), .required = true, .check = check_inside},
	{"RepoTags", &shape_strings, AT(repo_tags)},
	{"Layers", &shape_strings, AT(layers), .check = check_inside},
};
SHAPE(archive, struct oci_archive_image);
#undef AT

// ---- reading

static int parse_document(struct shape_reader *r, const char *text, size_t len, size_t max, struct json **ret)
{
	struct json_limits limits = json_limits_default;

	limits.max_bytes = max;
	limits.max_nodes = DOCUMENT_NODES_MAX;
	int rc = json_parse(r->a, text, len, &limits, ret, r->e);
	return rc < 0 ? err_wrap(r->e, rc, "%s", r->what) : 0;
}

// What a document must not have, with what it is then.
struct stranger {
	const char *key, *kind;
};

static int refuse_strangers(struct shape_reader *r, const struct json *j, const struct stranger *v, size_t n)
{
	struct shape_at at = {.key = "schemaVersion"};
	const struct json *version = json_get(j, at.key);

	if (j->type != JSON_OBJECT)
		return shape_fail(r, NULL, "%s where an object is expected", json_type_name(j));
	// First of all, as an older document lacks all that the tables demand.
	int rc = version ? read_schema_version(r, &at, version, NULL, NULL) : 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		const struct json *found = json_get(j, v[i].key);
		if (found && found->type != JSON_NULL)
			return shape_fail(r, NULL, "has the member \"%s\" of %s", v[i].key, v[i].kind);
	}
	return 0;
}

// The media type inside is of this kind, and the one that led here.
static int check_media(struct shape_reader *r, const char *inside, const char *outside, enum oci_kind kind)
{
	struct shape_at at = {.key = "mediaType"};

	if (outside && oci_media_kind(outside) != kind)
		return shape_fail(r, NULL, "is announced as %s", shape_quote(r, outside));
	if (inside && oci_media_kind(inside) != kind)
		return shape_fail(r, &at, "%s is that of something else", shape_quote(r, inside));
	if (inside && outside && !str_eq(inside, outside))
		return shape_fail(r, &at, "%s inside, but announced as %s", shape_quote(r, inside),
				  shape_quote(r, outside));
	return 0;
}

int oci_manifest_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_manifest **ret,
		       struct err *e)
{
	static const struct stranger strangers[] = {{"manifests", "an image index"}};
	struct shape_reader r = {.a = a, .what = "image manifest", .e = e};
	struct json *j = NULL;
	int rc = parse_document(&r, text, len, OCI_MANIFEST_BYTES_MAX, &j);

	if (rc >= 0)
		rc = refuse_strangers(&r, j, strangers, ARRAY_SIZE(strangers));
	if (rc < 0)
		return rc;
	struct oci_manifest *m = arena_new(a, struct oci_manifest);
	rc = shape_read(&r, NULL, j, &manifest_shape, m);
	if (rc >= 0)
		rc = check_media(&r, m->media_type, media_type, OCI_KIND_MANIFEST);
	if (rc >= 0)
		*ret = m;
	return rc;
}

int oci_index_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_index **ret,
		    struct err *e)
{
	static const struct stranger strangers[] = {{"layers", "an image manifest"},
						    {"config", "an image manifest"},
						    {"fsLayers", "an image manifest of schema 1"}};
	struct shape_reader r = {.a = a, .what = "image index", .e = e};
	struct json *j = NULL;
	int rc = parse_document(&r, text, len, OCI_MANIFEST_BYTES_MAX, &j);

	if (rc >= 0)
		rc = refuse_strangers(&r, j, strangers, ARRAY_SIZE(strangers));
	if (rc < 0)
		return rc;
	struct oci_index *x = arena_new(a, struct oci_index);
	rc = shape_read(&r, NULL, j, &index_shape, x);
	if (rc >= 0)
		rc = check_media(&r, x->media_type, media_type, OCI_KIND_INDEX);
	if (rc >= 0)
		*ret = x;
	return rc;
}

int oci_document_kind(const char *text, size_t len, enum oci_kind *ret, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	struct shape_reader r = {.a = &a, .what = "image manifest or index", .e = e};
	struct json *j = NULL;
	int rc = parse_document(&r, text, len, OCI_MANIFEST_BYTES_MAX, &j);

	if (rc < 0)
		return rc;
	enum oci_kind kind = oci_media_kind(json_get_str(j, "mediaType", NULL));
	bool index = json_get(j, "manifests"), manifest = json_get(j, "layers") || json_get(j, "fsLayers");
	if (kind != OCI_KIND_INDEX && kind != OCI_KIND_MANIFEST) {
		if (index == manifest)
			return shape_fail(&r, NULL, index ? "has the members of both" : "is neither");
		kind = index ? OCI_KIND_INDEX : OCI_KIND_MANIFEST;
	}
	*ret = kind;
	return 0;
}

int oci_image_config_parse(struct arena *a, const char *text, size_t len, struct oci_image_config **ret, struct err *e)
{
	struct shape_reader r = {.a = a, .what = "image configuration", .e = e};
	struct json *j = NULL;
	int rc = parse_document(&r, text, len, OCI_CONFIG_BYTES_MAX, &j);

	if (rc < 0)
		return rc;
	struct oci_image_config *c = arena_new(a, struct oci_image_config);
	rc = shape_read(&r, NULL, j, &config_shape, c);
	if (rc >= 0)
		*ret = c;
	return rc;
}

int oci_archive_parse(struct arena *a, const char *text, size_t len, struct oci_archive_image **ret, size_t *ret_n,
		      struct err *e)
{
	struct shape_reader r = {.a = a, .what = "manifest.json", .e = e};
	struct oci_archive_image *v = NULL;
	struct json *j = NULL;
	size_t n = 0;
	int rc = parse_document(&r, text, len, OCI_MANIFEST_BYTES_MAX, &j);

	if (rc < 0)
		return rc;
	if (j->type != JSON_ARRAY)
		return shape_fail(&r, NULL, "%s where an array of images is expected", json_type_name(j));
	for (size_t i = 0; i < j->arr.n; i++) {
		struct shape_at at = {.index = i};
		rc = shape_read(&r, &at, j->arr.v[i], &archive_shape, arena_append(a, v, n));
		if (rc < 0)
			return rc;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

int oci_layout_check(const char *text, size_t len, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	struct shape_reader r = {.a = &a, .what = "oci-layout", .e = e};
	struct shape_at at = {.key = "imageLayoutVersion"};
	struct json *j = NULL;
	int rc = parse_document(&r, text, len, 4096, &j);

	if (rc < 0)
		return rc;
	const char *version = json_get_str(j, at.key, NULL);
	if (!version)
		return shape_fail(&r, &at, "missing or no string");
	if (!str_starts(version, "1.")) {
		rc = shape_fail(&r, &at, "%s is not supported, only 1.x is", shape_quote(&r, version));
		if (e)
			e->class = ERR_UNSUPPORTED;
		return rc;
	}
	return 0;
}

// ---- writing

void oci_manifest_write(const struct oci_manifest *m, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	shape_write(&w, &manifest_shape, m);
}

void oci_index_write(const struct oci_index *x, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	shape_write(&w, &index_shape, x);
}

void oci_descriptor_write(struct json_writer *w, const struct oci_descriptor *d)
{
	shape_write(w, &descriptor_shape, d);
}

void oci_image_config_write(const struct oci_image_config *c, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	shape_write(&w, &config_shape, c);
}

void oci_archive_write(const struct oci_archive_image *v, size_t n, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	jw_array(&w);
	for (size_t i = 0; i < n; i++)
		shape_write(&w, &archive_shape, &v[i]);
	jw_array_end(&w);
}
