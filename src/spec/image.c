// SPDX-License-Identifier: Apache-2.0
// The documents of the image specification, one table each: descriptor, manifest, index, image configuration, the
// layout file, and the manifest of docker-archives. Source: image-spec 1.1 (descriptor.md, manifest.md, image-index.md,
// config.md, image-layout.md); Docker's differences are named where they are.
//
// The tables read and write; what a type cannot say (digests, media types, times, paths) is checked behind them. A
// document that one reader takes for a manifest and another for an index lets a digest mean two images; so the members
// of one kind are refused in the other, and a media type inside must be that which led here.
#include "spec/image.h"

#include "base/str.h"
#include "spec/field.h"

enum {
	SCHEMA_VERSION = 2,
	DOCUMENT_NODES_MAX = 200000,
	LAYOUT_BYTES_MAX = 4096,
	QUOTED_MAX = 80, // bytes of foreign text in an error
	PATH_MAX_TEXT = 64,
};

// ---- tables

static const struct field platform_rows[] = {
	FIELD(struct oci_platform, architecture, "architecture", FIELD_MUST),
	FIELD(struct oci_platform, os, "os", FIELD_MUST),
	FIELD(struct oci_platform, os_version, "os.version", 0),
	FIELD(struct oci_platform, os_features, "os.features", 0),
	FIELD(struct oci_platform, variant, "variant", 0),
};
static const struct field_table platform_table = FIELD_TABLE_UNKNOWN(platform_rows, struct oci_platform, unknown);

static const struct field descriptor_rows[] = {
	FIELD(struct oci_descriptor, media_type, "mediaType", FIELD_MUST),
	FIELD(struct oci_descriptor, digest, "digest", FIELD_MUST),
	FIELD(struct oci_descriptor, size, "size", FIELD_MUST | FIELD_NATURAL),
	FIELD(struct oci_descriptor, urls, "urls", 0),
	FIELD(struct oci_descriptor, annotations, "annotations", 0),
	FIELD(struct oci_descriptor, data, "data", 0),
	FIELD_OBJECT_PTR(struct oci_descriptor, platform, "platform", 0, &platform_table),
	FIELD(struct oci_descriptor, artifact_type, "artifactType", 0),
};
static const struct field_table descriptor_table = FIELD_TABLE_UNKNOWN(descriptor_rows, struct oci_descriptor, unknown);

static const struct field manifest_rows[] = {
	FIELD(struct oci_manifest, schema_version, "schemaVersion", FIELD_MUST),
	FIELD(struct oci_manifest, media_type, "mediaType", 0),
	FIELD(struct oci_manifest, artifact_type, "artifactType", 0),
	FIELD_OBJECT(struct oci_manifest, config, "config", FIELD_MUST, &descriptor_table),
	FIELD_OBJECTS(struct oci_manifest, layers, n_layers, "layers", FIELD_MUST, &descriptor_table),
	FIELD_OBJECT_PTR(struct oci_manifest, subject, "subject", 0, &descriptor_table),
	FIELD(struct oci_manifest, annotations, "annotations", 0),
};
static const struct field_table manifest_table = FIELD_TABLE_UNKNOWN(manifest_rows, struct oci_manifest, unknown);

static const struct field index_rows[] = {
	FIELD(struct oci_index, schema_version, "schemaVersion", FIELD_MUST),
	FIELD(struct oci_index, media_type, "mediaType", 0),
	FIELD(struct oci_index, artifact_type, "artifactType", 0),
	FIELD_OBJECTS(struct oci_index, manifests, n_manifests, "manifests", FIELD_MUST, &descriptor_table),
	FIELD_OBJECT_PTR(struct oci_index, subject, "subject", 0, &descriptor_table),
	FIELD(struct oci_index, annotations, "annotations", 0),
};
static const struct field_table index_table = FIELD_TABLE_UNKNOWN(index_rows, struct oci_index, unknown);

static const struct field healthcheck_rows[] = {
	FIELD(struct oci_healthcheck, test, "Test", 0),
	FIELD(struct oci_healthcheck, interval, "Interval", FIELD_NATURAL),
	FIELD(struct oci_healthcheck, timeout, "Timeout", FIELD_NATURAL),
	FIELD(struct oci_healthcheck, start_period, "StartPeriod", FIELD_NATURAL),
	FIELD(struct oci_healthcheck, start_interval, "StartInterval", FIELD_NATURAL),
	FIELD(struct oci_healthcheck, retries, "Retries", FIELD_NATURAL),
};
static const struct field_table healthcheck_table =
	FIELD_TABLE_UNKNOWN(healthcheck_rows, struct oci_healthcheck, unknown);

static const struct field run_rows[] = {
	FIELD(struct oci_image_run, user, "User", 0),
	FIELD_KEYS(struct oci_image_run, exposed_ports, "ExposedPorts", 0),
	FIELD(struct oci_image_run, env, "Env", 0),
	FIELD(struct oci_image_run, entrypoint, "Entrypoint", 0),
	FIELD(struct oci_image_run, cmd, "Cmd", 0),
	FIELD_KEYS(struct oci_image_run, volumes, "Volumes", 0),
	FIELD(struct oci_image_run, working_dir, "WorkingDir", 0),
	FIELD(struct oci_image_run, labels, "Labels", 0),
	FIELD(struct oci_image_run, stop_signal, "StopSignal", 0),
	FIELD(struct oci_image_run, stop_timeout, "StopTimeout", 0),
	FIELD_OBJECT_PTR(struct oci_image_run, healthcheck, "Healthcheck", 0, &healthcheck_table),
	FIELD(struct oci_image_run, shell, "Shell", 0),
	FIELD(struct oci_image_run, on_build, "OnBuild", 0),
	FIELD(struct oci_image_run, args_escaped, "ArgsEscaped", 0),
};
static const struct field_table run_table = FIELD_TABLE_UNKNOWN(run_rows, struct oci_image_run, unknown);

static const struct field history_rows[] = {
	FIELD(struct oci_history, created, "created", 0),
	FIELD(struct oci_history, created_by, "created_by", 0),
	FIELD(struct oci_history, author, "author", 0),
	FIELD(struct oci_history, comment, "comment", 0),
	FIELD(struct oci_history, empty_layer, "empty_layer", 0),
};
static const struct field_table history_table = FIELD_TABLE_UNKNOWN(history_rows, struct oci_history, unknown);

// The "rootfs" member, whose parts lie in the configuration itself.
static const struct field rootfs_rows[] = {
	FIELD(struct oci_image_config, rootfs_type, "type", FIELD_MUST),
	FIELD(struct oci_image_config, diff_ids, "diff_ids", FIELD_ALWAYS), // Docker has null for FROM scratch
};
static const struct field_table rootfs_table =
	FIELD_TABLE_UNKNOWN(rootfs_rows, struct oci_image_config, rootfs_unknown);

static const struct field config_rows[] = {
	FIELD(struct oci_image_config, created, "created", 0),
	FIELD(struct oci_image_config, author, "author", 0),
	FIELD(struct oci_image_config, architecture, "architecture", FIELD_MUST),
	FIELD(struct oci_image_config, os, "os", FIELD_MUST),
	FIELD(struct oci_image_config, os_version, "os.version", 0),
	FIELD(struct oci_image_config, os_features, "os.features", 0),
	FIELD(struct oci_image_config, variant, "variant", 0),
	FIELD_OBJECT(struct oci_image_config, config, "config", 0, &run_table),
	{.name = "rootfs",
	 .name_len = sizeof("rootfs") - 1,
	 .type = FIELD_T_OBJECT,
	 .flags = FIELD_MUST,
	 .offset = 0,
	 .table = &rootfs_table},
	FIELD_OBJECTS(struct oci_image_config, history, n_history, "history", 0, &history_table),
};
static const struct field_table config_table = FIELD_TABLE_UNKNOWN(config_rows, struct oci_image_config, unknown);

static const struct field archive_rows[] = {
	FIELD(struct oci_archive_image, config, "Config", FIELD_MUST),
	FIELD(struct oci_archive_image, repo_tags, "RepoTags", 0),
	FIELD(struct oci_archive_image, layers, "Layers", 0),
};
static const struct field_table archive_table = FIELD_TABLE_UNKNOWN(archive_rows, struct oci_archive_image, unknown);

// ---- errors

// A document being read: its name stands in front of every error.
struct document {
	const char *what;
	struct arena *a;
	struct err *e;
	struct json *j;
};

// "image manifest: layers[1].digest: "x" is no digest".
static int refuse(const struct document *d, const char *path, const char *text, const char *why)
{
	_cleanup_buf_ struct buf b = BUF_INIT(8 * QUOTED_MAX);
	size_t n = strlen(text);

	json_quote(&b, text, MIN(n, QUOTED_MAX));
	return err_invalid(d->e, "%s: %s%s%s%s %s", d->what, path, *path ? ": " : "", b.data,
			   n > QUOTED_MAX ? "..." : "", why);
}

// ---- checks of single strings

static int check_digest(const struct document *d, const char *path, const char *text)
{
	if (oci_digest_valid(text))
		return 0;
	return refuse(d, path, text, "is no digest (sha256: and 64, or sha512: and 128 lower-case hexadecimal digits)");
}

// type "/" subtype, as RFC 6838 (4.2) has them. NULL is none.
static int check_media_type(const struct document *d, const char *path, const char *text)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+";
	size_t type = text ? strspn(text, name) : 0,
	       sub = type && text[type] == '/' ? strspn(text + type + 1, name) : 0;

	if (!text || (type && type <= 127 && sub && sub <= 127 && !text[type + 1 + sub]))
		return 0;
	return refuse(d, path, text, "is no media type");
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
static bool is_time(const char *text)
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
	return good && !*s;
}

static int check_time(const struct document *d, const char *path, const char *text)
{
	return !text || is_time(text) ? 0 : refuse(d, path, text, "is no time of RFC 3339");
}

// A path inside an archive.
static int check_inside(const struct document *d, const char *path, const char *text)
{
	bool up = str_eq(text, "..") || str_starts(text, "../") || str_ends(text, "/..") || strstr(text, "/../");

	return *text && *text != '/' && !up ? 0 : refuse(d, path, text, "is no path inside the archive");
}

// ---- reading

// The text as a tree, and the tree as a structure.
static int read_json(struct document *d, const char *text, size_t len, size_t max)
{
	struct json_limits limits = json_limits_default;

	limits.max_bytes = max;
	limits.max_nodes = DOCUMENT_NODES_MAX;
	int rc = json_parse(d->a, text, len, &limits, &d->j, d->e);
	return rc < 0 ? err_wrap(d->e, rc, "%s", d->what) : 0;
}

static int read_fields(const struct document *d, const struct field_table *t, void *object)
{
	int rc = field_parse(d->a, t, d->j, object, d->e);

	return rc < 0 ? err_wrap(d->e, rc, "%s", d->what) : 0;
}

// Before the tables are asked, as a document of schema 1 lacks all that they demand.
static int check_version(const struct document *d)
{
	int64_t version = json_get_int(d->j, "schemaVersion", SCHEMA_VERSION);

	if (version == SCHEMA_VERSION)
		return 0;
	return err_set(d->e, ERR_UNSUPPORTED, EINVAL, "%s: schemaVersion: %lld is not supported, only %d is", d->what,
		       (long long)version, SCHEMA_VERSION);
}

static int refuse_member(const struct document *d, const char *key, const char *kind)
{
	const struct json *found = json_get(d->j, key);

	if (!found || found->type == JSON_NULL)
		return 0;
	return err_invalid(d->e, "%s: has the member \"%s\" of an image %s", d->what, key, kind);
}

// The media type inside is of this kind, and the one that led here.
static int check_media(const struct document *d, const char *inside, const char *outside, enum oci_kind kind)
{
	if (outside && oci_media_kind(outside) != kind)
		return refuse(d, "announced media type", outside, "is that of something else");
	if (inside && oci_media_kind(inside) != kind)
		return refuse(d, "mediaType", inside, "is that of something else");
	if (inside && outside && !str_eq(inside, outside))
		return refuse(d, "mediaType", inside, "is not what the document was announced as");
	return 0;
}

static int check_descriptor(const struct document *d, const char *path, const struct oci_descriptor *x)
{
	char at[PATH_MAX_TEXT];

	snprintf(at, sizeof(at), "%s.mediaType", path);
	int rc = check_media_type(d, at, x->media_type);
	if (rc < 0)
		return rc;
	snprintf(at, sizeof(at), "%s.digest", path);
	rc = check_digest(d, at, x->digest);
	if (rc < 0)
		return rc;
	snprintf(at, sizeof(at), "%s.artifactType", path);
	return check_media_type(d, at, x->artifact_type);
}

static int check_descriptors(const struct document *d, const char *name, const struct oci_descriptor *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char at[PATH_MAX_TEXT];
		snprintf(at, sizeof(at), "%s[%zu]", name, i);
		int rc = check_descriptor(d, at, &v[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_manifest(const struct document *d, const struct oci_manifest *m, const char *media_type)
{
	int rc = check_media(d, m->media_type, media_type, OCI_KIND_MANIFEST);

	if (rc >= 0)
		rc = check_media_type(d, "artifactType", m->artifact_type);
	if (rc >= 0)
		rc = check_descriptor(d, "config", &m->config);
	if (rc >= 0)
		rc = check_descriptors(d, "layers", m->layers, m->n_layers);
	if (rc >= 0 && m->subject)
		rc = check_descriptor(d, "subject", m->subject);
	return rc;
}

int oci_manifest_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_manifest **ret,
		       struct err *e)
{
	struct document d = {.what = "image manifest", .a = a, .e = e};
	struct oci_manifest *m = NULL;
	int rc = read_json(&d, text, len, OCI_MANIFEST_BYTES_MAX);

	if (rc >= 0)
		rc = check_version(&d);
	if (rc >= 0)
		rc = refuse_member(&d, "manifests", "index");
	if (rc >= 0) {
		m = arena_new(a, struct oci_manifest);
		rc = read_fields(&d, &manifest_table, m);
	}
	if (rc >= 0)
		rc = check_manifest(&d, m, media_type);
	if (rc >= 0)
		*ret = m;
	return rc;
}

static int check_index(const struct document *d, const struct oci_index *x, const char *media_type)
{
	int rc = check_media(d, x->media_type, media_type, OCI_KIND_INDEX);

	if (rc >= 0)
		rc = check_media_type(d, "artifactType", x->artifact_type);
	if (rc >= 0)
		rc = check_descriptors(d, "manifests", x->manifests, x->n_manifests);
	if (rc >= 0 && x->subject)
		rc = check_descriptor(d, "subject", x->subject);
	return rc;
}

int oci_index_parse(struct arena *a, const char *text, size_t len, const char *media_type, struct oci_index **ret,
		    struct err *e)
{
	static const char *const strange[] = {"layers", "config", "fsLayers"};
	struct document d = {.what = "image index", .a = a, .e = e};
	struct oci_index *x = NULL;
	int rc = read_json(&d, text, len, OCI_MANIFEST_BYTES_MAX);

	if (rc >= 0)
		rc = check_version(&d);
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(strange); i++)
		rc = refuse_member(&d, strange[i], "manifest");
	if (rc >= 0) {
		x = arena_new(a, struct oci_index);
		rc = read_fields(&d, &index_table, x);
	}
	if (rc >= 0)
		rc = check_index(&d, x, media_type);
	if (rc >= 0)
		*ret = x;
	return rc;
}

int oci_document_kind(const char *text, size_t len, enum oci_kind *ret, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	struct document d = {.what = "image manifest or index", .a = &a, .e = e};
	int rc = read_json(&d, text, len, OCI_MANIFEST_BYTES_MAX);

	if (rc < 0)
		return rc;
	enum oci_kind kind = oci_media_kind(json_get_str(d.j, "mediaType", NULL));
	bool index = json_get(d.j, "manifests"), manifest = json_get(d.j, "layers") || json_get(d.j, "fsLayers");
	if (kind != OCI_KIND_INDEX && kind != OCI_KIND_MANIFEST) {
		if (index == manifest)
			return err_invalid(e, "%s: %s", d.what, index ? "has the members of both" : "is neither");
		kind = index ? OCI_KIND_INDEX : OCI_KIND_MANIFEST;
	}
	*ret = kind;
	return 0;
}

static int check_config(const struct document *d, const struct oci_image_config *c)
{
	char at[PATH_MAX_TEXT];
	int rc = check_time(d, "created", c->created);

	if (rc >= 0 && !str_eq(c->rootfs_type, "layers"))
		rc = refuse(d, "rootfs.type", c->rootfs_type, "is not \"layers\"");
	for (size_t i = 0; rc >= 0 && i < c->diff_ids.n; i++) {
		snprintf(at, sizeof(at), "rootfs.diff_ids[%zu]", i);
		rc = check_digest(d, at, c->diff_ids.v[i]);
	}
	for (size_t i = 0; rc >= 0 && i < c->n_history; i++) {
		snprintf(at, sizeof(at), "history[%zu].created", i);
		rc = check_time(d, at, c->history[i].created);
	}
	return rc;
}

int oci_image_config_parse(struct arena *a, const char *text, size_t len, struct oci_image_config **ret, struct err *e)
{
	struct document d = {.what = "image configuration", .a = a, .e = e};
	struct oci_image_config *c = NULL;
	int rc = read_json(&d, text, len, OCI_CONFIG_BYTES_MAX);

	if (rc >= 0) {
		c = arena_new(a, struct oci_image_config);
		rc = read_fields(&d, &config_table, c);
	}
	if (rc >= 0)
		rc = check_config(&d, c);
	if (rc >= 0)
		*ret = c;
	return rc;
}

// One image of a docker-archive.
static int read_archive_image(const struct document *d, size_t i, struct oci_archive_image *v)
{
	char at[PATH_MAX_TEXT];
	int rc = field_parse(d->a, &archive_table, d->j->arr.v[i], v, d->e);

	if (rc < 0)
		return err_wrap(d->e, rc, "%s: [%zu]", d->what, i);
	snprintf(at, sizeof(at), "[%zu]: Config", i);
	rc = check_inside(d, at, v->config);
	for (size_t k = 0; rc >= 0 && k < v->layers.n; k++) {
		snprintf(at, sizeof(at), "[%zu]: Layers[%zu]", i, k);
		rc = check_inside(d, at, v->layers.v[k]);
	}
	return rc;
}

int oci_archive_parse(struct arena *a, const char *text, size_t len, struct oci_archive_image **ret, size_t *ret_n,
		      struct err *e)
{
	struct document d = {.what = "manifest.json", .a = a, .e = e};
	struct oci_archive_image *v = NULL;
	size_t n = 0;
	int rc = read_json(&d, text, len, OCI_MANIFEST_BYTES_MAX);

	if (rc >= 0 && d.j->type != JSON_ARRAY)
		rc = err_invalid(e, "%s: wants an array of images, has %s", d.what, json_type_name(d.j));
	for (size_t i = 0; rc >= 0 && i < d.j->arr.n; i++)
		rc = read_archive_image(&d, i, arena_append(a, v, n));
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = n;
	return 0;
}

int oci_layout_check(const char *text, size_t len, struct err *e)
{
	__attribute__((cleanup(arena_done))) struct arena a = {0};
	struct document d = {.what = "oci-layout", .a = &a, .e = e};
	int rc = read_json(&d, text, len, LAYOUT_BYTES_MAX);

	if (rc < 0)
		return rc;
	const char *version = json_get_str(d.j, "imageLayoutVersion", NULL);
	if (!version)
		return err_invalid(e, "%s: imageLayoutVersion: missing or no string", d.what);
	if (str_starts(version, "1."))
		return 0;
	rc = refuse(&d, "imageLayoutVersion", version, "is not supported, only 1.x is");
	if (e)
		e->class = ERR_UNSUPPORTED;
	return rc;
}

// ---- writing

static void write_compact(const struct field_table *t, const void *object, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	field_write(t, object, &w);
}

void oci_manifest_write(const struct oci_manifest *m, struct buf *out)
{
	struct oci_manifest copy = *m;

	copy.schema_version = SCHEMA_VERSION;
	write_compact(&manifest_table, &copy, out);
}

void oci_index_write(const struct oci_index *x, struct buf *out)
{
	struct oci_index copy = *x;

	copy.schema_version = SCHEMA_VERSION;
	write_compact(&index_table, &copy, out);
}

void oci_descriptor_write(struct json_writer *w, const struct oci_descriptor *d)
{
	field_write(&descriptor_table, d, w);
}

void oci_image_config_write(const struct oci_image_config *c, struct buf *out)
{
	struct oci_image_config copy = *c;

	copy.rootfs_type = (char *)"layers";
	write_compact(&config_table, &copy, out);
}

void oci_archive_write(const struct oci_archive_image *v, size_t n, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);

	jw_array(&w);
	for (size_t i = 0; i < n; i++)
		field_write(&archive_table, &v[i], &w);
	jw_array_end(&w);
}
