// SPDX-License-Identifier: Apache-2.0
// The documents of the image specification: what is read, what is written again, what is refused and where.
#include "test.h"

#include "base/mem.h"
#include "spec/image.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
#define D512                                                                                                           \
	"sha512:"                                                                                                      \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"00000000000000000000"

static struct arena arena;
static struct err error;

static struct oci_manifest *manifest(const char *text, const char *media)
{
	struct oci_manifest *m = NULL;

	CHECK_OK(oci_manifest_parse(&arena, text, strlen(text), media, &m, &error), error);
	return m;
}

static const char *bad_manifest(const char *text, const char *media)
{
	struct oci_manifest *m = (struct oci_manifest *)&arena;

	err_clear(&error);
	CHECK_EQ(oci_manifest_parse(&arena, text, strlen(text), media, &m, &error), -EINVAL);
	CHECK(m == (struct oci_manifest *)&arena);
	return error.text;
}

static struct oci_index *new_index(const char *text)
{
	struct oci_index *x = NULL;

	CHECK_OK(oci_index_parse(&arena, text, strlen(text), NULL, &x, &error), error);
	return x;
}

static const char *bad_index(const char *text, const char *media)
{
	struct oci_index *x;

	err_clear(&error);
	CHECK_EQ(oci_index_parse(&arena, text, strlen(text), media, &x, &error), -EINVAL);
	return error.text;
}

static struct oci_image_config *config(const char *text)
{
	struct oci_image_config *c = NULL;

	CHECK_OK(oci_image_config_parse(&arena, text, strlen(text), &c, &error), error);
	return c;
}

static const char *bad_config(const char *text)
{
	struct oci_image_config *c;

	err_clear(&error);
	CHECK_EQ(oci_image_config_parse(&arena, text, strlen(text), &c, &error), -EINVAL);
	CHECK_EQ(error.class, ERR_INVALID);
	return error.text;
}

#define DESCRIPTOR(media, digest, size) "{\"mediaType\":\"" media "\",\"digest\":\"" digest "\",\"size\":" #size "}"
#define OCI_MANIFEST                                                                     \
	"{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_MANIFEST                       \
	"\",\"config\":" DESCRIPTOR(OCI_MEDIA_CONFIG, D1, 7) ",\"layers\":[" DESCRIPTOR( \
		OCI_MEDIA_LAYER_GZIP, D2, 100) "," DESCRIPTOR(OCI_MEDIA_LAYER_ZSTD, D512, 0) "]"

TEST(image_digests)
{
	CHECK(oci_digest_valid(D1) && oci_digest_valid(D512));
	CHECK_STR(oci_digest_hex(D2), D2 + 7);
	CHECK(!oci_digest_valid(NULL) && !oci_digest_valid("") && !oci_digest_valid("sha256:"));
	CHECK(!oci_digest_valid(D1 "1"));
	CHECK(!oci_digest_valid("sha256:111111111111111111111111111111111111111111111111111111111111111"));
	CHECK(!oci_digest_valid("sha256:ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"));
	CHECK(!oci_digest_valid("sha256:../../../../../../../../../../../../../../../../../../etc/passwd12345"));
	CHECK(!oci_digest_valid("sha512:1111111111111111111111111111111111111111111111111111111111111111"));
	CHECK(!oci_digest_valid("md5:11111111111111111111111111111111"));
	CHECK(!oci_digest_valid("SHA256:1111111111111111111111111111111111111111111111111111111111111111"));
	CHECK(!oci_digest_valid(" " D1));
}

TEST(image_media_types)
{
	CHECK_EQ(oci_media_kind(OCI_MEDIA_INDEX), OCI_KIND_INDEX);
	CHECK_EQ(oci_media_kind(DOCKER_MEDIA_LIST), OCI_KIND_INDEX);
	CHECK_EQ(oci_media_kind(DOCKER_MEDIA_MANIFEST), OCI_KIND_MANIFEST);
	CHECK_EQ(oci_media_kind(DOCKER_MEDIA_CONFIG), OCI_KIND_CONFIG);
	CHECK_EQ(oci_media_kind("text/plain"), OCI_KIND_OTHER);
	CHECK_EQ(oci_media_kind(NULL), OCI_KIND_OTHER);
	CHECK_EQ(oci_media_find(OCI_MEDIA_LAYER_ZSTD)->compression, OCI_ZSTD);
	CHECK(oci_media_find("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")->foreign);
	CHECK(oci_media_find(DOCKER_MEDIA_LAYER_GZIP)->docker);
	CHECK(!oci_media_find(OCI_MEDIA_LAYER_GZIP)->foreign);
}

TEST(image_manifest_reads)
{
	struct oci_manifest *m = manifest(OCI_MANIFEST "}", OCI_MEDIA_MANIFEST);

	CHECK_STR(m->config.digest, D1);
	CHECK_EQ(m->config.size, 7);
	CHECK_EQ(m->n_layers, 2);
	CHECK_STR(m->layers[0].media_type, OCI_MEDIA_LAYER_GZIP);
	CHECK_EQ(m->layers[0].size, 100);
	CHECK_STR(m->layers[1].digest, D512);
	CHECK(!m->subject && !m->unknown && !m->annotations.n);
	m = manifest("{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_MEDIA_MANIFEST
		     "\",\"config\":" DESCRIPTOR(DOCKER_MEDIA_CONFIG, D1, 7) ",\"layers\":[]}",
		     DOCKER_MEDIA_MANIFEST);
	CHECK(oci_media_find(m->media_type)->docker);
	CHECK_EQ(m->n_layers, 0);
}

static void check_rewrite(const char *text)
{
	struct buf b = BUF_INIT(1 << 20);

	oci_manifest_write(manifest(text, NULL), &b);
	CHECK_EQ(b.failed, 0);
	CHECK_STR(b.data, text);
	buf_done(&b);
}

TEST(image_manifest_rewrites)
{
	check_rewrite(OCI_MANIFEST "}");
	check_rewrite(OCI_MANIFEST
		      ",\"subject\":" DESCRIPTOR(OCI_MEDIA_MANIFEST, D2,
						 5) ",\"annotations\":{\"b\":\"1\",\"a.b/c\":\"\\n\",\"\":\"\"}}");
	check_rewrite(OCI_MANIFEST ",\"x-unknown\":{\"deep\":[1,2.5,null]},\"other\":18446744073709551615}");
	check_rewrite("{\"schemaVersion\":2,\"artifactType\":\"a/b\",\"config\":{\"mediaType\":\"" OCI_MEDIA_EMPTY
		      "\",\"digest\":\"" D1 "\",\"size\":2,\"urls\":[\"https://x/\"],\"annotations\":{\"k\":\"v\"},"
		      "\"data\":\"e30=\",\"artifactType\":\"c/d\",\"vendor\":true},\"layers\":[]}");
}

TEST(image_manifest_refuses)
{
	CHECK_STR(bad_manifest("[]", NULL), "image manifest: wants an object, has an array");
	CHECK_STR(bad_manifest("{", NULL),
		  "image manifest: line 1, column 2: the text ends where a key in quotes is expected");
	CHECK_STR(bad_manifest("{}", NULL), "image manifest: schemaVersion: missing");
	CHECK_STR(bad_manifest("{\"schemaVersion\":2}", NULL), "image manifest: config: missing");
	CHECK_STR(bad_manifest("{\"schemaVersion\":2,\"config\":null,\"layers\":[]}", NULL),
		  "image manifest: config: missing");
	CHECK_STR(bad_manifest("{\"schemaVersion\":\"2\"}", NULL),
		  "image manifest: schemaVersion: wants an integer, has a string");
	CHECK_STR(bad_manifest("{\"schemaVersion\":1,\"fsLayers\":[]}", NULL),
		  "image manifest: schemaVersion: 1 is not supported, only 2 is");
	CHECK_EQ(error.class, ERR_UNSUPPORTED);
	CHECK_STR(bad_manifest(OCI_MANIFEST ",\"manifests\":[]}", NULL),
		  "image manifest: has the member \"manifests\" of an image index");
	CHECK_STR(bad_manifest(OCI_MANIFEST "}", DOCKER_MEDIA_MANIFEST),
		  "image manifest: mediaType: \"" OCI_MEDIA_MANIFEST "\" is not what the document was announced as");
	CHECK_STR(bad_manifest(OCI_MANIFEST "}", OCI_MEDIA_INDEX),
		  "image manifest: announced media type: \"" OCI_MEDIA_INDEX "\" is that of something else");
	CHECK_STR(bad_manifest("{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_INDEX
			       "\",\"config\":" DESCRIPTOR(OCI_MEDIA_CONFIG, D1, 7) ",\"layers\":[]}",
			       NULL),
		  "image manifest: mediaType: \"" OCI_MEDIA_INDEX "\" is that of something else");
}

#define WITH_LAYER(d)                                                       \
	"{\"schemaVersion\":2,\"config\":" DESCRIPTOR(OCI_MEDIA_CONFIG, D1, \
						      7) ",\"layers\":[" DESCRIPTOR(OCI_MEDIA_LAYER, D1, 1) "," d "]}"

TEST(image_descriptors_refused)
{
	CHECK_STR(bad_manifest(WITH_LAYER("7"), NULL), "image manifest: layers[1]: wants an object, has an integer");
	CHECK_STR(bad_manifest(WITH_LAYER("{}"), NULL), "image manifest: layers[1].mediaType: missing");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a/b", "sha256:../x", 1)), NULL),
		  "image manifest: layers[1].digest: \"sha256:../x\" is no digest (sha256: and 64, or sha512: and 128 "
		  "lower-case hexadecimal digits)");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a/b", D1, -1)), NULL),
		  "image manifest: layers[1].size: -1 is out of range (0 to 9223372036854775807)");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a/b", D1, 9223372036854775808)), NULL),
		  "image manifest: layers[1].size: 9223372036854775808 is out of range (0 to 9223372036854775807)");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a/b", D1, 1.0)), NULL),
		  "image manifest: layers[1].size: wants an integer, has a number with a fraction or exponent");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a/b", D1, true)), NULL),
		  "image manifest: layers[1].size: wants an integer, has a boolean");
	CHECK_STR(bad_manifest(WITH_LAYER(DESCRIPTOR("a b", D1, 1)), NULL),
		  "image manifest: layers[1].mediaType: \"a b\" is no media type");
	CHECK_CONTAINS(bad_manifest(WITH_LAYER(DESCRIPTOR("text", D1, 1)), NULL), "is no media type");
	CHECK_CONTAINS(bad_manifest(WITH_LAYER(DESCRIPTOR("", D1, 1)), NULL), "\"\" is no media type");
	CHECK_STR(bad_manifest(WITH_LAYER("{\"mediaType\":\"a/b\",\"digest\":\"" D1 "\",\"size\":1,\"annotations\":"
					  "{\"ok\":\"\",\"a b\":1}}"),
			       NULL),
		  "image manifest: layers[1].annotations[\"a b\"]: wants a string, has an integer");
	CHECK_STR(bad_manifest(WITH_LAYER("{\"mediaType\":\"a/b\",\"digest\":\"" D1
					  "\",\"size\":1,\"urls\":[\"\",{}]}"),
			       NULL),
		  "image manifest: layers[1].urls[1]: wants a string, has an object");
	CHECK_STR(bad_manifest(WITH_LAYER("{\"mediaType\":\"a/b\",\"digest\":\"" D1
					  "\",\"size\":1,\"platform\":{\"os\":\"x\"}}"),
			       NULL),
		  "image manifest: layers[1].platform.architecture: missing");
	CHECK_CONTAINS(bad_manifest(WITH_LAYER("{\"mediaType\":\"a/b\",\"digest\":\"" D1 "\",\"digest\":\"" D2
					       "\",\"size\":1}"),
				    NULL),
		       ": layers[1]: duplicate key \"digest\"");
}

TEST(image_errors_show_hostile_text_safely)
{
	char digest[2000] = "sha256:\\u001b[31m";

	memset(digest + 17, 'x', sizeof(digest) - 18);
	char text[4096];
	snprintf(text, sizeof(text),
		 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":1},\"layers\":[]}",
		 digest);
	const char *told = bad_manifest(text, NULL);
	CHECK_CONTAINS(told, "config.digest: \"sha256:\\u001b[31mxxx");
	CHECK_CONTAINS(told, "xxx\"... is no digest");
	CHECK(strlen(told) < 400);
}

#define ENTRY(digest, platform) \
	"{\"mediaType\":\"" OCI_MEDIA_MANIFEST "\",\"digest\":\"" digest "\",\"size\":1,\"platform\":" platform "}"

TEST(image_index_reads_and_rewrites)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_INDEX
		"\",\"manifests\":[" ENTRY(D1, "{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10.0\","
					       "\"os.features\":[\"win32k\"],\"variant\":\"v1\",\"features\":[\"sse4\"]"
					       "}") "],"
						    "\"annotations\":{\"org.opencontainers.image.ref.name\":\"x\"}}";
	struct oci_index *x = new_index(text);
	struct buf b = BUF_INIT(1 << 16);

	CHECK_EQ(x->n_manifests, 1);
	CHECK_STR(x->manifests[0].platform->os_version, "10.0");
	CHECK_STR(x->manifests[0].platform->os_features.v[0], "win32k");
	CHECK_STR(oci_pairs_get(&x->annotations, "org.opencontainers.image.ref.name"), "x");
	oci_index_write(x, &b);
	CHECK_STR(b.data, text);
	buf_done(&b);
	x = new_index("{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_MEDIA_LIST "\",\"manifests\":[]}");
	CHECK_EQ(x->n_manifests, 0);

	CHECK_STR(bad_index("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL),
		  "image index: has the member \"layers\" of an image manifest");
	CHECK_CONTAINS(bad_index("{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}", NULL), "\"config\"");
	CHECK_STR(bad_index("{\"schemaVersion\":2}", NULL), "image index: manifests: missing");
	CHECK_STR(bad_index("{\"schemaVersion\":2,\"manifests\":{}}", NULL),
		  "image index: manifests: wants an array of objects, has an object");
	CHECK_STR(bad_index("{\"schemaVersion\":2,\"manifests\":[]}", OCI_MEDIA_MANIFEST),
		  "image index: announced media type: \"" OCI_MEDIA_MANIFEST "\" is that of something else");
}

static enum oci_kind kind_of(const char *text)
{
	enum oci_kind k = OCI_KIND_OTHER;

	return oci_document_kind(text, strlen(text), &k, &error) < 0 ? OCI_KIND_OTHER : k;
}

TEST(image_document_kind)
{
	CHECK_EQ(kind_of(OCI_MANIFEST "}"), OCI_KIND_MANIFEST);
	CHECK_EQ(kind_of("{\"manifests\":[]}"), OCI_KIND_INDEX);
	CHECK_EQ(kind_of("{\"layers\":[]}"), OCI_KIND_MANIFEST);
	CHECK_EQ(kind_of("{\"mediaType\":\"" DOCKER_MEDIA_LIST "\"}"), OCI_KIND_INDEX);
	CHECK_EQ(kind_of("{\"layers\":[],\"manifests\":[]}"), OCI_KIND_OTHER);
	CHECK_STR(error.text, "image manifest or index: has the members of both");
	CHECK_EQ(kind_of("{}"), OCI_KIND_OTHER);
	CHECK_STR(error.text, "image manifest or index: is neither");
	CHECK_EQ(kind_of("nonsense"), OCI_KIND_OTHER);
}

static const char *selected(const char *entries, const char *platform)
{
	char text[4096];
	struct oci_platform want;

	snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"manifests\":[%s]}", entries);
	CHECK_OK(oci_platform_parse(&arena, platform, &want, &error), error);
	const struct oci_descriptor *d = oci_index_select(new_index(text), &want);
	return d ? d->digest : "none";
}

TEST(image_index_selects)
{
#define P(os, arch, variant) "{\"architecture\":\"" arch "\",\"os\":\"" os "\"" variant "}"
	static const char arm[] =
		ENTRY(D1, P("linux", "arm", ",\"variant\":\"v6\"")) "," ENTRY(D2,
									      P("linux", "arm", ",\"variant\":\"v7\""));

	CHECK_STR(selected(arm, "linux/arm"), D2);
	CHECK_STR(selected(arm, "linux/arm/v7"), D2);
	CHECK_STR(selected(arm, "linux/arm/6"), D1);
	CHECK_STR(selected(arm, "linux/arm/v5"), "none");
	CHECK_STR(selected(arm, "linux/amd64"), "none");
	CHECK_STR(selected(ENTRY(D1, P("linux", "arm64", "")) "," ENTRY(D2, P("linux", "arm64", ",\"variant\":\"v8\"")),
			   "aarch64"),
		  D1);
	CHECK_STR(selected(ENTRY(D1, P("unknown", "unknown", "")) "," ENTRY(D2, P("linux", "amd64", "")), "x86_64"),
		  D2);
	CHECK_STR(selected(ENTRY(D1, P("linux", "amd64", ",\"variant\":\"v3\"")), "linux/amd64"), "none");
	CHECK_STR(selected(ENTRY(D1, P("linux", "amd64", ",\"variant\":\"v2\"")), "linux/amd64/v3"), D1);
	CHECK_STR(selected(DESCRIPTOR(OCI_MEDIA_MANIFEST, D1, 1), "linux/s390x"), D1);
	CHECK_STR(selected(DESCRIPTOR(OCI_MEDIA_MANIFEST, D1, 1) "," DESCRIPTOR(OCI_MEDIA_MANIFEST, D2, 1),
			   "linux/s390x"),
		  "none");
	CHECK_STR(selected("", "linux/s390x"), "none");
}

static const char *platform_text(const char *text)
{
	static struct buf b = BUF_INIT(256);
	struct oci_platform p;

	if (oci_platform_parse(&arena, text, &p, &error) < 0)
		return error.text;
	buf_reset(&b);
	oci_platform_text(&p, &b);
	return b.data;
}

TEST(image_platforms)
{
	CHECK_STR(platform_text("linux/amd64"), "linux/amd64");
	CHECK_STR(platform_text("Linux/x86_64"), "linux/amd64");
	CHECK_STR(platform_text("aarch64"), "linux/arm64");
	CHECK_STR(platform_text("linux/arm64/v8"), "linux/arm64");
	CHECK_STR(platform_text("linux/arm64/8.0"), "linux/arm64");
	CHECK_STR(platform_text("armhf"), "linux/arm");
	CHECK_STR(platform_text("armel"), "linux/arm/v6");
	CHECK_STR(platform_text("linux/arm/6"), "linux/arm/v6");
	CHECK_STR(platform_text("windows/amd64"), "windows/amd64");
	CHECK_STR(platform_text("linux/vax"), "linux/vax");
	CHECK_CONTAINS(platform_text("vax"), "platform vax: unknown architecture");
	CHECK_CONTAINS(platform_text(""), "not OS/ARCH");
	CHECK_CONTAINS(platform_text("a/b/c/d"), "not OS/ARCH");
	CHECK_CONTAINS(platform_text("linux//v8"), "not OS/ARCH");
	CHECK_CONTAINS(platform_text("linux/amd 64"), "not OS/ARCH");
	const struct oci_platform *host = oci_platform_host();
	CHECK_STR(host->os, "linux");
	CHECK(oci_platform_matches(host, host));
	char text[128];
	snprintf(text, sizeof(text), "linux/%s", host->architecture);
	CHECK_CONTAINS(platform_text("linux"), text);
}

#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D1 "\",\"" D2 "\"]}"

TEST(image_config_reads_and_rewrites)
{
	static const char text[] =
		"{\"created\":\"2024-02-29T12:34:56.789+01:00\",\"author\":\"a\",\"architecture\":\"arm\",\"os\":"
		"\"linux\","
		"\"variant\":\"v7\",\"config\":{\"User\":\"1000:users\",\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},"
		"\"Env\":[\"PATH=/bin\",\"E=\"],\"Entrypoint\":[\"/init\"],\"Cmd\":[\"sh\",\"-c\",\"x\"],"
		"\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/w\",\"Labels\":{\"b\":\"2\",\"a\":\"1\"},"
		"\"StopSignal\":\"SIGINT\",\"StopTimeout\":0,\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],"
		"\"Interval\":30000000000,\"StartInterval\":5,\"Retries\":3},\"Shell\":[\"/bin/bash\",\"-c\"],"
		"\"OnBuild\":[\"RUN x\"],\"ArgsEscaped\":true,\"Hostname\":\"kept\",\"AttachStdin\":false}," ROOTFS ","
		"\"history\":[{\"created\":\"0001-01-01T00:00:00Z\",\"created_by\":\"ADD\",\"comment\":\"c\"},"
		"{\"created_by\":\"CMD\",\"empty_layer\":true,\"extra\":1}],\"docker_version\":\"24\",\"container_"
		"config\":{}}";
	struct oci_image_config *c = config(text);
	struct buf b = BUF_INIT(1 << 16);

	CHECK_STR(c->config.user, "1000:users");
	CHECK_EQ(c->config.exposed_ports.n, 2);
	CHECK_STR(c->config.exposed_ports.v[1], "53/udp");
	CHECK_EQ(c->config.env.n, 2);
	CHECK_STR(c->config.cmd.v[2], "x");
	CHECK_STR(c->config.volumes.v[0], "/data");
	CHECK_STR(oci_pairs_get(&c->config.labels, "a"), "1");
	CHECK(c->config.stop_timeout.set && !c->config.stop_timeout.v);
	CHECK_EQ(c->config.healthcheck->interval, 30000000000);
	CHECK_EQ(c->config.healthcheck->retries, 3);
	CHECK(c->config.args_escaped);
	CHECK_EQ(c->diff_ids.n, 2);
	CHECK_EQ(c->n_history, 2);
	CHECK(c->history[1].empty_layer && !c->history[0].empty_layer);
	oci_image_config_write(c, &b);
	CHECK_STR(b.data, text);
	buf_done(&b);
}

TEST(image_config_takes_docker_nulls)
{
	struct oci_image_config *c = config("{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":null,\"config\":{"
					    "\"Entrypoint\":null,\"Volumes\":null,\"Labels\":null,\"OnBuild\":null,"
					    "\"Healthcheck\":null},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null},"
					    "\"history\":null}");
	struct buf b = BUF_INIT(1 << 16);

	CHECK(!c->created && !c->config.entrypoint.n && !c->config.healthcheck && !c->n_history);
	oci_image_config_write(c, &b);
	CHECK_STR(b.data,
		  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
	buf_done(&b);
}

#define CONFIG(rest) "{\"architecture\":\"amd64\",\"os\":\"linux\"," rest "," ROOTFS "}"

TEST(image_config_refuses)
{
	CHECK_STR(bad_config("{}"), "image configuration: architecture: missing");
	CHECK_STR(bad_config("{\"architecture\":\"a\",\"os\":\"b\"}"), "image configuration: rootfs: missing");
	CHECK_STR(bad_config("{\"architecture\":\"a\",\"os\":\"b\",\"rootfs\":{}}"),
		  "image configuration: rootfs.type: missing");
	CHECK_STR(bad_config("{\"architecture\":\"a\",\"os\":\"b\",\"rootfs\":{\"type\":\"tree\"}}"),
		  "image configuration: rootfs.type: \"tree\" is not \"layers\"");
	CHECK_CONTAINS(
		bad_config("{\"architecture\":\"a\",\"os\":\"b\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D1
			   "\",\"x\"]}}"),
		"image configuration: rootfs.diff_ids[1]: \"x\" is no digest");
	CHECK_STR(bad_config(CONFIG("\"config\":{\"Env\":\"A=B\"}")),
		  "image configuration: config.Env: wants an array of strings, has a string");
	CHECK_STR(bad_config(CONFIG("\"config\":{\"Labels\":{\"a.b\":{}}}")),
		  "image configuration: config.Labels[\"a.b\"]: wants a string, has an object");
	CHECK_STR(bad_config(CONFIG("\"config\":{\"Volumes\":[\"/a\"]}")),
		  "image configuration: config.Volumes: wants an object, has an array");
	CHECK_STR(bad_config(CONFIG("\"config\":{\"ArgsEscaped\":0}")),
		  "image configuration: config.ArgsEscaped: wants a boolean, has an integer");
	CHECK_STR(bad_config(CONFIG("\"config\":{\"Healthcheck\":{\"Timeout\":-5}}")),
		  "image configuration: config.Healthcheck.Timeout: -5 is out of range (0 to 9223372036854775807)");
	CHECK_STR(bad_config(CONFIG("\"history\":[{},7]")),
		  "image configuration: history[1]: wants an object, has an integer");
}

TEST(image_config_times)
{
	static const char *const good[] = {"2024-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
					   "2024-12-31t23:59:60.123456789-23:59", "9999-12-31T23:59:59z"};
	static const char *const bad[] = {"",
					  "2024",
					  "2024-13-01T00:00:00Z",
					  "2024-00-01T00:00:00Z",
					  "2024-01-32T00:00:00Z",
					  "2024-01-01 00:00:00Z",
					  "2024-01-01T24:00:00Z",
					  "2024-01-01T00:00:00",
					  "2024-01-01T00:00:00.Z",
					  "2024-01-01T00:00:00Zx",
					  "2024-01-01T00:00:00+1:00",
					  "24-01-01T00:00:00Z",
					  "2024-01-01T00:00:00+0100"};
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool ok = i < ARRAY_SIZE(good);
		const char *time = ok ? good[i] : bad[i - ARRAY_SIZE(good)];
		snprintf(text, sizeof(text), CONFIG("\"created\":\"%s\""), time);
		if (ok)
			CHECK_STR(config(text)->created, time);
		else
			CHECK_CONTAINS(bad_config(text), "image configuration: created: \"");
	}
}

TEST(image_archive_manifest)
{
	static const char text[] = "[{\"Config\":\"blobs/sha256/abc\",\"RepoTags\":[\"busybox:latest\"],"
				   "\"Layers\":[\"a/layer.tar\",\"b/layer.tar\"],\"LayerSources\":{}},"
				   "{\"Config\":\"x.json\"}]";
	struct oci_archive_image *v;
	size_t n;
	struct buf b = BUF_INIT(4096);

	CHECK_OK(oci_archive_parse(&arena, text, strlen(text), &v, &n, &error), error);
	CHECK_EQ(n, 2);
	CHECK_STR(v[0].repo_tags.v[0], "busybox:latest");
	CHECK_STR(v[0].layers.v[1], "b/layer.tar");
	CHECK_EQ(v[1].layers.n, 0);
	oci_archive_write(v, n, &b);
	CHECK_STR(b.data, text);
	buf_done(&b);

	static const char *const bad[][2] = {
		{"{}", "manifest.json: wants an array of images, has object"},
		{"[{}]", "manifest.json: [0]: Config: missing"},
		{"[{\"Config\":\"/etc/passwd\"}]",
		 "manifest.json: [0]: Config: \"/etc/passwd\" is no path inside the archive"},
		{"[{\"Config\":\"a/../../b\"}]",
		 "manifest.json: [0]: Config: \"a/../../b\" is no path inside the archive"},
		{"[{\"Config\":\"a\",\"Layers\":[\"b\",\"..\"]}]",
		 "manifest.json: [0]: Layers[1]: \"..\" is no path inside the archive"},
		{"[{\"Config\":\"a\",\"Layers\":[\"\"]}]",
		 "manifest.json: [0]: Layers[0]: \"\" is no path inside the archive"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(oci_archive_parse(&arena, bad[i][0], strlen(bad[i][0]), &v, &n, &error), -EINVAL);
		CHECK_STR(error.text, bad[i][1]);
	}
}

static int layout(const char *text)
{
	return oci_layout_check(text, strlen(text), &error);
}

TEST(image_layout_file)
{
	CHECK_OK(layout(OCI_LAYOUT_TEXT), error);
	CHECK_OK(layout("{\"imageLayoutVersion\": \"1.1.0\", \"x\": 1}\n"), error);
	CHECK_EQ(layout("{\"imageLayoutVersion\":\"2.0.0\"}"), -EINVAL);
	CHECK_STR(error.text, "oci-layout: imageLayoutVersion: \"2.0.0\" is not supported, only 1.x is");
	CHECK_EQ(error.class, ERR_UNSUPPORTED);
	CHECK_EQ(layout("{}"), -EINVAL);
	CHECK_EQ(layout("[]"), -EINVAL);
	CHECK_EQ(layout(""), -EINVAL);
}

TEST(image_documents_are_bounded)
{
	struct buf b = BUF_INIT(16 << 20);
	struct oci_manifest *m;

	buf_adds(&b, OCI_MANIFEST ",\"x\":\"");
	while (b.len < OCI_MANIFEST_BYTES_MAX)
		buf_adds(&b, "0123456789abcdef0123456789abcdef");
	buf_adds(&b, "\"}");
	CHECK_EQ(oci_manifest_parse(&arena, b.data, b.len, NULL, &m, &error), -E2BIG);
	CHECK_STR(error.text, "image manifest: JSON text has more than 4194304 bytes");
	buf_reset(&b);
	// Many unknown members, in linear time.
	alarm(10);
	buf_adds(&b, OCI_MANIFEST);
	for (int i = 0; i < 100000; i++)
		buf_addf(&b, ",\"k%d\":0", i);
	buf_adds(&b, "}");
	CHECK_OK(oci_manifest_parse(&arena, b.data, b.len, NULL, &m, &error), error);
	CHECK_EQ(m->unknown->obj.n, 100000);
	buf_done(&b);
}
