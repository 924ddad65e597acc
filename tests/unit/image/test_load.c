// SPDX-License-Identifier: Apache-2.0
// Loading: OCI and Docker forms, plain and compressed, from files, directories and pipes; and all that can be wrong
// with them.
#include "archive.h"

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/codec.h"
#include "image/image.h"
#include "spec/image.h"
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>
#include <zstd.h>

static const char *root;
static int top;
static struct db *db;
static struct image_store *store;
static const struct codec *codec;

static void begin(void)
{
	struct err e;

	if (geteuid())
		test_skip("needs root");
	top = scratch(&root);
	_cleanup_free_ char *file = path_join(root, "berth.db");
	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(root, db, &store, &e), e);
	CHECK_OK(codec_load(&codec, &e), e);
}

static void end(void)
{
	image_store_close(store);
	db_close(db);
}

static size_t count(const char *dir)
{
	_cleanup_free_ char *path = path_join(root, dir);
	DIR *d = opendir(path);
	const struct dirent *x = NULL;
	size_t n = 0;

	CHECK(d != NULL);
	while ((x = readdir(d)))
		n += !str_eq(x->d_name, ".") && !str_eq(x->d_name, "..");
	closedir(d);
	return n;
}

static void digest(const struct buf *b, char ret[static 72])
{
	uint8_t raw[SHA256_SIZE];
	struct codec_hash *h = codec->hash_new();

	codec->hash_update(h, b->data, b->len);
	codec->hash_final(h, raw);
	codec->hash_free(h);
	memcpy(ret, "sha256:", 7);
	hex_encode(ret + 7, raw, SHA256_SIZE);
}

static struct buf compressed(const struct buf *in, enum codec_format f)
{
	struct buf out = BUF_INIT(64 << 20);
	size_t room = in->len + (in->len >> 2) + 1024;
	char *p = buf_reserve(&out, room);

	if (f == CODEC_GZIP) {
		z_stream z = {.next_in = (Bytef *)in->data,
			      .avail_in = (uInt)in->len,
			      .next_out = (Bytef *)p,
			      .avail_out = (uInt)room};
		CHECK_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
		CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
		buf_commit(&out, z.total_out);
		deflateEnd(&z);
	} else if (f == CODEC_ZSTD) {
		size_t n = ZSTD_compress(p, room, in->data, in->len, 3);
		CHECK(!ZSTD_isError(n));
		buf_commit(&out, n);
	} else {
		memcpy(p, in->data, in->len);
		buf_commit(&out, in->len);
	}
	return out;
}

// ---- an image of two layers, with one thing or another wrong

enum wrong {
	RIGHT,
	BLOB_DIGEST,
	DIFF_ID,
	MANIFEST_DIGEST,
	CONFIG_DIGEST,
	LAYER_MISSING,
	LAYER_TRUNCATED,
	MEDIA_TYPE,
	COUNT,
	NOT_LINUX,
	OTHER_PLATFORM,
	SHA512,
	WRONG_MAX,
	NO_DATE, // Go's zero time: not wrong, and outside of what our nanoseconds can say
};

static void add_file(struct buf *tar, const char *name, const struct buf *data)
{
	ADD(tar, .name = name, .data = data->data, .len = data->len);
}

static void add_blob(struct buf *tar, const char *sha, const struct buf *data)
{
	_cleanup_free_ char *name = xasprintf("blobs/sha256/%s", sha + 7);

	if (data->len)
		add_file(tar, name, data);
	else
		ADD(tar, .name = name);
}

static struct buf layer_tar(int n)
{
	struct buf b = ARCHIVE_INIT;

	if (!n) {
		ADD(&b, .name = "etc/", .type = '5', .mode = 0755);
		ADD(&b, .name = "etc/one", .data = "first");
		ADD(&b, .name = "etc/gone", .data = "gone");
	} else {
		ADD(&b, .name = "etc/two", .data = "second", .mode = 04755, .uid = 3, .gid = 4);
		ADD(&b, .name = "etc/.wh.gone");
	}
	archive_end(&b);
	return b;
}

struct made {
	struct buf config, blobs[2];
	char diffids[2][72], sums[2][72], id[72];
};

static void make_parts(struct made *m, enum codec_format f, enum wrong w)
{
	*m = (struct made){.config = BUF_INIT(1 << 20)};
	for (int i = 0; i < 2; i++) {
		_cleanup_buf_ struct buf tar = layer_tar(i);
		digest(&tar, m->diffids[i]);
		m->blobs[i] = compressed(&tar, f);
		digest(&m->blobs[i], m->sums[i]);
	}
	if (w == DIFF_ID)
		memset(m->diffids[1] + 7, '1', 64);
	buf_addf(&m->config,
		 "{\"created\":\"%s\",\"architecture\":\"%s\",\"os\":\"%s\",\"config\":{\"Cmd\":["
		 "\"sh\"]},"
		 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"%s%s%s]}}",
		 w == NO_DATE ? "0001-01-01T00:00:00Z" : "2024-01-02T03:04:05Z", oci_platform_host()->architecture,
		 w == NOT_LINUX ? "plan9" : "linux", m->diffids[0], m->diffids[1], w == COUNT ? ",\"" : "",
		 w == COUNT ? m->diffids[0] : "", w == COUNT ? "\"" : "");
	digest(&m->config, m->id);
}

static void made_done(struct made *m)
{
	buf_done(&m->config);
	buf_done(&m->blobs[0]);
	buf_done(&m->blobs[1]);
}

static struct buf oci_manifest_text(struct made *m, enum codec_format f, enum wrong w)
{
	static const char *const suffix[] = {[CODEC_NONE] = "", [CODEC_GZIP] = "+gzip", [CODEC_ZSTD] = "+zstd"};
	struct buf b = BUF_INIT(1 << 20);

	if (w == BLOB_DIGEST)
		memset(m->sums[1] + 7, '0', 64);
	buf_addf(&b,
		 "{\"schemaVersion\":2,\"mediaType\":\"application/"
		 "vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
		 "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
		 m->id, m->config.len);
	for (int i = 0; i < 2; i++)
		buf_addf(&b, "%s{\"mediaType\":\"application/vnd.%s.v1.tar%s\",\"digest\":\"%s\",\"size\":%zu}",
			 i ? "," : "", w == MEDIA_TYPE ? "example.thing" : "oci.image.layer", suffix[f], m->sums[i],
			 m->blobs[i].len);
	buf_adds(&b, "]}");
	return b;
}

static struct buf oci_archive(enum codec_format f, enum wrong w, const char *annotations, struct made *m)
{
	struct buf out = ARCHIVE_INIT;
	_cleanup_buf_ struct buf index = BUF_INIT(1 << 20);
	char sum[160];

	make_parts(m, f, w);
	_cleanup_buf_ struct buf manifest = oci_manifest_text(m, f, w);
	digest(&manifest, sum);
	ADD(&out, .name = "oci-layout", .data = "{\"imageLayoutVersion\":\"1.0.0\"}");
	ADD(&out, .name = "blobs/", .type = '5', .mode = 0755);
	if (w == LAYER_TRUNCATED)
		m->blobs[1].len -= 10;
	add_blob(&out, m->sums[0], &m->blobs[0]);
	if (w != LAYER_MISSING)
		add_blob(&out, m->sums[1], &m->blobs[1]);
	add_blob(&out, sum, &manifest);
	if (w == CONFIG_DIGEST)
		m->config.data[m->config.len - 1] = ' ';
	add_blob(&out, m->id, &m->config);
	if (w == MANIFEST_DIGEST)
		sum[70] = sum[70] == 'a' ? 'b' : 'a';
	if (w == SHA512)
		snprintf(sum, sizeof(sum), "sha512:%0128d", 0);
	buf_addf(&index,
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
		 "vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\","
		 "\"size\":%zu%s,\"annotations\":{%s}}]}",
		 sum, manifest.len,
		 w == OTHER_PLATFORM ? ",\"platform\":{\"architecture\":\"s390x\",\"os\":\"linux\"}" : "", annotations);
	add_file(&out, "index.json", &index);
	archive_end(&out);
	return out;
}

static int load_bytes(const struct buf *b, char ***ret_refs, struct err *e)
{
	_cleanup_fd_ int fd = openat(top, "input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK_EQ(fd_write_full(fd, b->data, b->len), b->len);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return image_load(store, NULL, fd, NULL, NULL, ret_refs, e);
}

static void check_made(const char *ref, const struct made *m)
{
	struct image *i = NULL;
	struct err e;
	struct stat st;

	CHECK_OK(image_resolve(store, ref, &i, &e), e);
	CHECK_STR(i->id, m->id);
	CHECK_EQ(strv_len(i->layer_dirs), 2);
	CHECK_STR(i->diffids[0], m->diffids[0]);
	CHECK_EQ(i->created / 1000000000, 1704164645);
	_cleanup_free_ char *two = xasprintf("%s/layers/%s/etc/two", root, i->layer_dirs[1]);
	CHECK_EQ(stat(two, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 04755);
	_cleanup_free_ char *gone = xasprintf("%s/layers/%s/etc/gone", root, i->layer_dirs[1]);
	CHECK_EQ(lstat(gone, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	image_free(i);
}

static void remove_all(void)
{
	struct image **v = NULL;
	size_t n = 0;
	struct err e;

	CHECK_OK(image_list(store, &v, &n, &e), e);
	for (size_t i = 0; i < n; i++) {
		char **report = NULL;
		CHECK_OK(image_remove(store, v[i]->id, true, &report, &e), e);
		strv_free(report);
	}
	image_list_free(v, n);
	CHECK_EQ(count("layers") + count("images/blobs/sha256"), 0);
}

#define NAMED "\"io.containerd.image.name\":\"docker.io/library/made:v1\",\"org.opencontainers.image.ref.name\":\"v1\""

TEST(load_oci_in_every_compression)
{
	begin();
	for (int inner = CODEC_NONE; inner <= CODEC_ZSTD; inner++)
		for (int outer = CODEC_NONE; outer <= CODEC_ZSTD; outer++) {
			struct made m;
			struct err e;
			char **refs = NULL;
			_cleanup_buf_ struct buf b = oci_archive((enum codec_format)inner, RIGHT, NAMED, &m);
			_cleanup_buf_ struct buf z = compressed(&b, (enum codec_format)outer);
			CHECK_OK(load_bytes(&z, &refs, &e), e);
			CHECK_STR(refs[0], "made:v1");
			CHECK(!refs[1]);
			strv_free(refs);
			check_made("made:v1", &m);
			CHECK_EQ(count("layers"), 2);
			CHECK_EQ(count("images/blobs/sha256"), 4);
			CHECK_OK(load_bytes(&z, &refs, &e), e); // again: nothing doubles
			strv_free(refs);
			CHECK_EQ(count("layers"), 2);
			CHECK_EQ(count("images/blobs/sha256"), 4);
			remove_all();
			made_done(&m);
		}
	end();
}

TEST(load_from_a_pipe)
{
	struct made m;
	struct err e;
	char **refs = NULL;
	int p[2];

	begin();
	_cleanup_buf_ struct buf b = oci_archive(CODEC_GZIP, RIGHT, NAMED, &m);
	CHECK_EQ(pipe(p), 0);
	pid_t pid = fork();
	if (!pid) {
		close(p[0]);
		for (size_t i = 0; i < b.len; i += 1000) // in small pieces
			if (fd_write_full(p[1], b.data + i, MIN(1000, b.len - i)) < 0)
				_exit(1);
		_exit(0);
	}
	close(p[1]);
	CHECK_OK(image_load(store, "-", p[0], NULL, NULL, &refs, &e), e);
	waitpid(pid, NULL, 0);
	strv_free(refs);
	check_made("made:v1", &m);
	made_done(&m);
	end();
}

TEST(load_names)
{
	static const char *const cases[][2] = {
		{"", NULL},
		{"\"org.opencontainers.image.ref.name\":\"latest\"", NULL},
		{"\"org.opencontainers.image.ref.name\":\"app:v2\"", "app:v2"},
		{"\"org.opencontainers.image.ref.name\":\"example.org/team/app\"", "example.org/team/app:latest"},
	};
	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m;
		struct err e;
		char **refs = NULL;
		_cleanup_buf_ struct buf b = oci_archive(CODEC_NONE, RIGHT, cases[i][0], &m);
		CHECK_OK(load_bytes(&b, &refs, &e), e);
		CHECK_STR(refs[0], cases[i][1] ? cases[i][1] : m.id);
		check_made(refs[0], &m);
		strv_free(refs);
		made_done(&m);
	}
	end();
}

TEST(load_what_is_wrong_is_named)
{
	static const char *const texts[WRONG_MAX] = {
		[BLOB_DIGEST] = "layer 2 of 2: wrong digest: its blob should be sha256:000000",
		[DIFF_ID] = "layer 2 of 2: wrong digest: its content (diff id) should be sha256:111111",
		[MANIFEST_DIGEST] = "the archive lacks \"blobs/sha256/",
		[CONFIG_DIGEST] = "image config: wrong digest: blobs/sha256/",
		[LAYER_MISSING] = "layer 2 of 2: the archive lacks \"blobs/sha256/",
		[LAYER_TRUNCATED] = "layer 2 of 2: wrong digest",
		[MEDIA_TYPE] =
			"layer 1 of 2: media type \"application/vnd.example.thing.v1.tar+gzip\" is not supported",
		[COUNT] = "its config tells of 3 layers, and there are 2",
		[NOT_LINUX] = "it is an image for plan9, not for linux",
		[OTHER_PLATFORM] = "; there is: linux/s390x",
		[SHA512] = "only sha256 digests are supported",
	};
	begin();
	for (int w = RIGHT + 1; w < WRONG_MAX; w++) {
		struct made m;
		struct err e = {0};
		char **refs = NULL;
		_cleanup_buf_ struct buf b = oci_archive(CODEC_GZIP, (enum wrong)w, NAMED, &m);
		if (load_bytes(&b, &refs, &e) >= 0)
			test_fail(__FILE__, __LINE__, "case %d was loaded", w);
		CHECK(str_starts(e.text, "load standard input: "));
		CHECK_CONTAINS(e.text, texts[w]);
		CHECK(!refs);
		CHECK_EQ(count("layers"), 0);
		CHECK_EQ(count("images/blobs/sha256"), 0);
		made_done(&m);
	}
	end();
}

TEST(load_image_without_a_date)
{
	struct made m;
	struct err e;
	char **refs = NULL;
	struct image *i = NULL;

	begin();
	_cleanup_buf_ struct buf b = oci_archive(CODEC_GZIP, NO_DATE, NAMED, &m);
	CHECK_OK(load_bytes(&b, &refs, &e), e);
	strv_free(refs);
	CHECK_OK(image_resolve(store, "made:v1", &i, &e), e);
	CHECK_EQ(i->created, 0);
	image_free(i);
	made_done(&m);
	end();
}

TEST(load_archives_that_are_none)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{"", 0, "the file is empty"},
		{"this is no archive at all", 25, "not a tar archive"},
		{"\xfd"
		 "7zXZ\0",
		 6, "xz compression is not supported"},
		{"BZh91AY", 7, "bzip2 compression is not supported"},
		{"\x1f\x8b\x08\0\0\0\0\0\0\3", 10, "the compressed data ends early"},
		{"\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff\xff", 15, "damaged"},
		{"\x28\xb5\x2f\xfd\x24", 5, "the compressed data ends early"},
	};
	struct err e;
	char **refs = NULL;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT(1000);
		buf_add(&b, cases[i].bytes, cases[i].n);
		CHECK(load_bytes(&b, &refs, &e) < 0);
		CHECK_CONTAINS(e.text, cases[i].text);
	}
	_cleanup_buf_ struct buf rootfs = layer_tar(0);
	CHECK(load_bytes(&rootfs, &refs, &e) < 0);
	CHECK_CONTAINS(e.text, "berth import");
	CHECK_EQ(image_load(store, "/no/such.tar", -1, NULL, NULL, &refs, &e), -ENOENT);
	CHECK_CONTAINS(e.text, "/no/such.tar");
	end();
}

TEST(load_truncated_archive)
{
	struct made m;
	struct err e;
	char **refs = NULL;

	begin();
	_cleanup_buf_ struct buf b = oci_archive(CODEC_NONE, RIGHT, NAMED, &m);
	for (size_t n = 100; n < b.len - 2048; n += 777) {
		_cleanup_buf_ struct buf part = BUF_INIT(1 << 20);
		buf_add(&part, b.data, n);
		CHECK(load_bytes(&part, &refs, &e) < 0);
		CHECK_EQ(count("layers"), 0);
	}
	made_done(&m);
	end();
}

// Docker's form of before 25: layers are in folders of their own, later ones with links instead of copies.
static struct buf docker_archive(struct made *m, bool links)
{
	struct buf out = ARCHIVE_INIT;

	make_parts(m, CODEC_NONE, RIGHT);
	add_file(&out, "cfg.json", &m->config);
	add_file(&out, "aaaa/layer.tar", &m->blobs[0]);
	if (links) {
		add_file(&out, "cccc/layer.tar", &m->blobs[1]);
		ADD(&out, .name = "bbbb/layer.tar", .type = '2', .link = "../cccc/layer.tar");
	} else {
		add_file(&out, "bbbb/layer.tar", &m->blobs[1]);
	}
	ADD(&out, .name = "manifest.json",
	    .data = "[{\"Config\":\"cfg.json\",\"RepoTags\":[\"old:1\",\"old:2\"],\"Layers\":[\"aaaa/"
		    "layer.tar\",\"bbbb/layer.tar\"]}]");
	archive_end(&out);
	return out;
}

TEST(load_docker_archive)
{
	begin();
	for (int links = 0; links < 2; links++) {
		struct made m;
		struct err e;
		char **refs = NULL;
		_cleanup_buf_ struct buf b = docker_archive(&m, links);
		CHECK_OK(load_bytes(&b, &refs, &e), e);
		CHECK_EQ(strv_len(refs), 2);
		CHECK_STR(refs[0], "old:1");
		CHECK_STR(refs[1], "old:2");
		strv_free(refs);
		check_made("old:2", &m);
		CHECK_EQ(count("images/blobs/sha256"), 4);
		remove_all();
		made_done(&m);
	}
	end();
}

// The store is itself an OCI layout: it can be loaded into another one.
TEST(load_own_store_as_directory)
{
	struct made m;
	struct err e;
	char **refs = NULL;

	begin();
	_cleanup_buf_ struct buf b = oci_archive(CODEC_ZSTD, RIGHT, NAMED, &m);
	CHECK_OK(load_bytes(&b, &refs, &e), e);
	strv_free(refs);
	_cleanup_free_ char *other = path_join(root, "other"), *file = path_join(root, "other.db"),
			    *images = path_join(root, "images");
	struct db *db2 = NULL;
	struct image_store *store2 = NULL;
	CHECK_OK(db_open(file, &db2, &e), e);
	CHECK_OK(image_store_open(other, db2, &store2, &e), e);
	CHECK_OK(image_load(store2, images, -1, NULL, NULL, &refs, &e), e);
	CHECK_STR(refs[0], "made:v1");
	strv_free(refs);
	struct image *i = NULL;
	CHECK_OK(image_resolve(store2, "made:v1", &i, &e), e);
	CHECK_STR(i->id, m.id);
	image_free(i);
	image_store_close(store2);
	db_close(db2);
	made_done(&m);
	end();
}

TEST(load_directory_links_do_not_lead_out)
{
	struct err e;
	char **refs = NULL;

	begin();
	CHECK_EQ(mkdirat(top, "evil", 0755), 0);
	CHECK_EQ(symlinkat("/etc/passwd", top, "evil/oci-layout"), 0);
	CHECK_EQ(symlinkat("../berth.db", top, "evil/index.json"), 0);
	CHECK_EQ(mkfifoat(top, "evil/manifest.json", 0600), 0);
	_cleanup_free_ char *evil = path_join(root, "evil");
	CHECK(image_load(store, evil, -1, NULL, NULL, &refs, &e) < 0);
	CHECK_CONTAINS(e.text, "no image in it");
	end();
}

TEST(load_heals_a_lost_layer)
{
	struct made m;
	struct err e;
	char **refs = NULL;
	struct image *i = NULL;

	begin();
	_cleanup_buf_ struct buf b = oci_archive(CODEC_GZIP, RIGHT, NAMED, &m);
	CHECK_OK(load_bytes(&b, &refs, &e), e);
	strv_free(refs);
	CHECK_OK(image_resolve(store, "made:v1", &i, &e), e);
	_cleanup_fd_ int layers = openat(top, "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(path_remove_tree(layers, i->layer_dirs[1], &e), e);
	image_free(i);
	CHECK_OK(load_bytes(&b, &refs, &e), e);
	strv_free(refs);
	check_made("made:v1", &m);
	made_done(&m);
	end();
}
