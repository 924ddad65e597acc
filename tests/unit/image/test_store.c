// SPDX-License-Identifier: Apache-2.0
// The store: import, names, resolving, removing with shared layers, the OCI layout, what failures leave.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"
#include "spec/image.h"
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *root;
static int top;
static struct db *db;
static struct image_store *store;

static void begin(void)
{
	struct err e;

	if (geteuid())
		test_skip("needs root");
	top = scratch(&root);
	_cleanup_free_ char *file = path_join(root, "berth.db");
	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(root, db, &store, &e), e);
}

static void end(void)
{
	image_store_close(store);
	db_close(db);
}

// A file below the scratch folder with these bytes, opened for reading.
static int file_of(const struct buf *b)
{
	int fd = openat(top, "input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(fd_write_full(fd, b->data, b->len), b->len);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int try_import(const char *text, const char *ref, char *const *changes, char **ret_id, struct err *e)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	struct image_import o = {.ref = ref, .changes = changes};

	ADD(&b, .name = "etc/", .type = '5', .mode = 0755);
	ADD(&b, .name = "etc/text", .data = text);
	archive_end(&b);
	_cleanup_fd_ int fd = file_of(&b);
	return image_import(store, NULL, fd, &o, NULL, NULL, ret_id, e);
}

static char *import(const char *text, const char *ref)
{
	char *id = NULL;
	struct err e;

	CHECK_OK(try_import(text, ref, NULL, &id, &e), e);
	return id;
}

static size_t count(const char *dir)
{
	_cleanup_free_ char *path = path_join(root, dir);
	DIR *d = opendir(path);
	const struct dirent *x = NULL;
	size_t n = 0;

	CHECK(d != NULL);
	while ((x = readdir(d)))
		n += !str_eq(x->d_name, ".") && !str_eq(x->d_name, "..") && !str_starts(x->d_name, ".lock") &&
		     !str_starts(x->d_name, ".index-lock");
	closedir(d);
	return n;
}

static struct image *resolve(const char *ref)
{
	struct image *i = NULL;
	struct err e;

	CHECK_OK(image_resolve(store, ref, &i, &e), e);
	return i;
}

TEST(store_import_and_resolve)
{
	_cleanup_free_ char *id = NULL;

	begin();
	id = import("one", "debian");
	CHECK(str_starts(id, "sha256:"));
	static const char *const refs[] = {"debian", "debian:latest", "docker.io/library/debian",
					   "library/debian:latest"};
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
		_cleanup_image_ struct image *x = resolve(refs[i]);
		CHECK_STR(x->id, id);
		CHECK_STR(x->names[0], "debian:latest");
		CHECK(!x->names[1]);
		CHECK_EQ(strv_len(x->layer_dirs), 1);
		CHECK_EQ(strv_len(x->diffids), 1);
		CHECK_EQ(x->size, 3);
		CHECK_CONTAINS(x->config_json, x->diffids[0]);
		CHECK(x->created > 0 && x->added >= x->created);
		_cleanup_free_ char *file = xasprintf("%s/layers/%s/etc/text", root, x->layer_dirs[0]);
		_cleanup_buf_ struct buf b = BUF_INIT(100);
		struct err e;
		CHECK_OK(file_read(AT_FDCWD, file, 99, &b, &e), e);
		CHECK_STR(b.data, "one");
	}
	_cleanup_free_ char *prefix = xstrndup(id + 7, 12);
	_cleanup_image_ struct image *by_prefix = resolve(prefix), *by_id = resolve(id), *by_hex = resolve(id + 7);
	CHECK_STR(by_prefix->id, id);
	CHECK_STR(by_id->id, id);
	CHECK_STR(by_hex->id, id);
	_cleanup_free_ char *digest = xasprintf("debian@%s", by_id->manifest_digest);
	_cleanup_image_ struct image *by_digest = resolve(digest);
	CHECK_STR(by_digest->id, id);
	end();
}

static void check_unresolved(const char *ref, int class, const char *text)
{
	struct image *i = NULL;
	struct err e = {0};

	CHECK(image_resolve(store, ref, &i, &e) < 0);
	CHECK_EQ(e.class, class);
	CHECK_CONTAINS(e.text, text);
	CHECK(!i);
}

TEST(store_missing_images_name_what_is_there)
{
	begin();
	check_unresolved("debian", ERR_NOT_FOUND, "no such image: debian. Images here: none but the built-in 'host'.");
	free(import("one", "busybox"));
	free(import("two", "example.org/team/app:v1"));
	check_unresolved("debian", ERR_NOT_FOUND, "Images here: example.org/team/app:v1, busybox:latest.");
	check_unresolved("debian", ERR_NOT_FOUND, "berth load -i FILE");
	check_unresolved("busybox:v9", ERR_NOT_FOUND, "no such image: busybox:v9");
	check_unresolved("deadbeef", ERR_NOT_FOUND, "no such image: deadbeef");
	check_unresolved("Bad Name", ERR_INVALID, "Bad Name");
	check_unresolved("sha256:xyz", ERR_INVALID, "sha256:xyz");
	check_unresolved("busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000",
			 ERR_NOT_FOUND, "no such image");
	end();
}

TEST(store_import_refuses)
{
	static char *const bad_changes[][2] = {
		{(char *)"RUN x", NULL},
		{(char *)"NOSUCH x", NULL},
		{(char *)"ENV novalue", NULL},
		{(char *)"CMD", NULL},
		{(char *)"EXPOSE 70000", NULL},
		{(char *)"VOLUME rel", NULL},
		{(char *)"STOPSIGNAL NOSIG", NULL},
		{(char *)"USER a b", NULL},
		{(char *)"LABEL a=\"open", NULL},
	};
	char *id = NULL;
	struct err e;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(bad_changes); i++) {
		CHECK_EQ(try_import("x", "n", bad_changes[i], &id, &e), -EINVAL);
		CHECK_EQ(e.class, ERR_INVALID);
	}
	CHECK_EQ(try_import("x", "host", NULL, &id, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "built-in image");
	CHECK_EQ(try_import("x", "Upper", NULL, &id, &e), -EINVAL);
	CHECK(image_import(store, "/no/such/file", -1, &(struct image_import){0}, NULL, NULL, &id, &e) == -ENOENT);
	CHECK_CONTAINS(e.text, "/no/such/file");
	CHECK(image_import(store, "/etc", -1, &(struct image_import){0}, NULL, NULL, &id, &e) < 0);
	CHECK_CONTAINS(e.text, "directory");
	CHECK_EQ(count("layers") + count("images/blobs/sha256"), 0);
	end();
}

TEST(store_import_changes)
{
	static char *const changes[] = {(char *)"CMD [\"sh\", \"-c\", \"x y\"]",
					(char *)"entrypoint /bin/run me",
					(char *)"ENV A=1 B=\"two words\"",
					(char *)"ENV A 3 and more",
					(char *)"EXPOSE 80 53/UDP 7000-7001",
					(char *)"LABEL k='v w'",
					(char *)"USER 1:2",
					(char *)"VOLUME /data /more",
					(char *)"WORKDIR /srv",
					(char *)"WORKDIR sub",
					(char *)"STOPSIGNAL SIGQUIT",
					NULL};
	char *id = NULL;
	struct err e;

	begin();
	CHECK_OK(try_import("x", "changed", changes, &id, &e), e);
	_cleanup_image_ struct image *i = resolve("changed");
	CHECK_CONTAINS(i->config_json, "\"Cmd\":[\"sh\",\"-c\",\"x y\"]");
	CHECK_CONTAINS(i->config_json, "\"Entrypoint\":[\"/bin/sh\",\"-c\",\"/bin/run me\"]");
	CHECK_CONTAINS(i->config_json, "\"Env\":[\"A=3 and more\",\"B=two words\"]");
	CHECK_CONTAINS(i->config_json,
		       "\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"7000/tcp\":{},\"7001/tcp\":{}}");
	CHECK_CONTAINS(i->config_json, "\"Labels\":{\"k\":\"v w\"}");
	CHECK_CONTAINS(i->config_json, "\"User\":\"1:2\"");
	CHECK_CONTAINS(i->config_json, "\"Volumes\":{\"/data\":{},\"/more\":{}}");
	CHECK_CONTAINS(i->config_json, "\"WorkingDir\":\"/srv/sub\"");
	CHECK_CONTAINS(i->config_json, "\"StopSignal\":\"SIGQUIT\"");
	free(id);
	end();
}

TEST(store_failures_leave_nothing)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	char *id = NULL;
	struct err e;

	begin();
	ADD(&b, .name = "good", .data = "x");
	ADD(&b, .name = "../bad", .data = "x");
	archive_end(&b);
	_cleanup_fd_ int fd = file_of(&b);
	CHECK(image_import(store, "-", fd, &(struct image_import){.ref = "x"}, NULL, NULL, &id, &e) < 0);
	CHECK_CONTAINS(e.text, "import standard input: entry \"../bad\"");
	CHECK_EQ(count("layers"), 0);
	CHECK_EQ(count("images/blobs/sha256"), 0);
	CHECK_EQ(count("images"), 3); // oci-layout, index.json, blobs
	end();
}

TEST(store_same_content_is_one_layer)
{
	begin();
	char *a = import("same", "a"), *b = import("same", "b");
	CHECK_EQ(count("layers"), 1);
	CHECK(!str_eq(a, b)); // made at different times
	char **report = NULL;
	struct err e;
	CHECK_OK(image_remove(store, "a", false, &report, &e), e);
	CHECK_STR(report[0], "Untagged: a:latest");
	CHECK_CONTAINS(report[1], "Deleted: sha256:");
	CHECK(!report[2]); // the layer stays
	strv_free(report);
	CHECK_EQ(count("layers"), 1);
	CHECK_EQ(count("images/blobs/sha256"), 3);
	CHECK_OK(image_remove(store, "b", false, &report, &e), e);
	CHECK_EQ(strv_len(report), 3);
	strv_free(report);
	CHECK_EQ(count("layers"), 0);
	CHECK_EQ(count("images/blobs/sha256"), 0);
	free(a);
	free(b);
	end();
}

TEST(store_tags)
{
	_cleanup_free_ char *id = NULL, *other = NULL;
	char **report = NULL;
	struct err e;

	begin();
	id = import("1", "app:v1");
	CHECK_OK(image_tag(store, "app:v1", "app", &e), e);
	CHECK_OK(image_tag(store, id, "example.org:5000/app:x", &e), e);
	_cleanup_image_ struct image *i = resolve("app");
	CHECK_EQ(strv_len(i->names), 3);
	CHECK(image_tag(store, "nosuch", "y", &e) < 0);
	CHECK(image_tag(store, "app", "Y", &e) < 0);
	CHECK(image_tag(store, "app", "host", &e) < 0);
	CHECK(image_remove(store, id, false, &report, &e) < 0);
	CHECK_EQ(e.class, ERR_CONFLICT);
	CHECK_CONTAINS(e.text, "app:v1");
	CHECK_OK(image_remove(store, "app", false, &report, &e), e);
	CHECK_EQ(strv_len(report), 1);
	CHECK_STR(report[0], "Untagged: app:latest");
	strv_free(report);
	other = import("2", "app:v1"); // takes the name away
	_cleanup_image_ struct image *now = resolve("app:v1");
	CHECK_STR(now->id, other);
	CHECK_OK(image_remove(store, id, true, &report, &e), e);
	strv_free(report);
	CHECK(image_remove(store, id, true, &report, &e) < 0);
	CHECK_EQ(e.class, ERR_NOT_FOUND);
	end();
}

TEST(store_image_in_use_is_kept)
{
	_cleanup_free_ char *id = NULL;
	char **report = NULL;
	struct err e;

	begin();
	id = import("1", "used");
	CHECK_OK(db_exec(db,
			 "INSERT INTO container(id, name, image, image_name, command, state, created, options) "
			 "VALUES ('c1', 'web', ?, 'used', '[]', 'exited', 0, '{}')",
			 &e, "s", id),
		 e);
	CHECK(image_remove(store, "used", true, &report, &e) < 0);
	CHECK_EQ(e.class, ERR_CONFLICT);
	CHECK_CONTAINS(e.text, "web (exited)");
	CHECK_CONTAINS(e.text, "berth rm");
	_cleanup_image_ struct image *i = resolve("used"); // nothing was half done
	CHECK_EQ(strv_len(i->names), 1);
	CHECK_EQ(count("layers"), 1);
	end();
}

TEST(store_list_is_newest_first)
{
	struct image **v = NULL;
	size_t n = 0;
	struct err e;

	begin();
	CHECK_OK(image_list(store, &v, &n, &e), e);
	CHECK_EQ(n, 0);
	free(import("1", "first"));
	free(import("2", "second"));
	CHECK_OK(image_list(store, &v, &n, &e), e);
	CHECK_EQ(n, 2);
	CHECK_STR(v[0]->names[0], "second:latest");
	CHECK_STR(v[1]->names[0], "first:latest");
	image_list_free(v, n);
	end();
}

TEST(store_repair_removes_rubbish_alone)
{
	struct err e;

	begin();
	free(import("1", "kept"));
	CHECK_EQ(mkdirat(top, "layers/.new-abc", 0755), 0);
	CHECK_EQ(mkdirat(top, "layers/.new-abc/sub", 0755), 0);
	CHECK_EQ(mkdirat(top, "layers/norow", 0755), 0);
	fd_close(openat(top, "images/.new-blob", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	fd_close(openat(top, "images/blobs/sha256/abcd", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_OK(image_store_repair(store, &e), e);
	CHECK_EQ(count("layers"), 1);
	CHECK_EQ(count("images/blobs/sha256"), 3);
	CHECK_EQ(count("images"), 3);
	end();
}

TEST(store_index_json_follows)
{
	_cleanup_buf_ struct buf b = BUF_INIT(1 << 20);
	_cleanup_(arena_done) struct arena a = {0};
	struct oci_index *x = NULL;
	char **report = NULL;
	struct err e;

	begin();
	free(import("1", "one"));
	CHECK_OK(image_tag(store, "one", "two:v2", &e), e);
	CHECK_OK(file_read(top, "images/index.json", 1 << 20, &b, &e), e);
	CHECK_OK(oci_index_parse(&a, b.data, b.len, NULL, &x, &e), e);
	CHECK_EQ(x->n_manifests, 2);
	CHECK_STR(oci_pairs_get(&x->manifests[0].annotations, "org.opencontainers.image.ref.name"), "one:latest");
	CHECK_STR(oci_pairs_get(&x->manifests[1].annotations, "org.opencontainers.image.ref.name"), "two:v2");
	CHECK_OK(image_remove(store, "one", false, &report, &e), e);
	strv_free(report);
	CHECK_OK(image_remove(store, "two:v2", false, &report, &e), e);
	strv_free(report);
	buf_reset(&b);
	CHECK_OK(file_read(top, "images/index.json", 1 << 20, &b, &e), e);
	CHECK_OK(oci_index_parse(&a, b.data, b.len, NULL, &x, &e), e);
	CHECK_EQ(x->n_manifests, 0);
	end();
}

// Importers and removers of the same content at once: in the end nothing is left, and nobody failed in between.
TEST(store_racing_imports_and_removals)
{
	enum { WORKERS = 6, ROUNDS = 4 };
	struct err e;

	begin();
	end();
	for (int w = 0; w < WORKERS; w++) {
		if (fork())
			continue;
		_cleanup_free_ char *file = path_join(root, "berth.db"), *name = xasprintf("w%d", w);
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		CHECK_OK(db_open(file, &db, &e), e);
		CHECK_OK(image_store_open(root, db, &store, &e), e);
		ADD(&b, .name = "same", .data = "for all");
		archive_end(&b);
		for (int i = 0; i < ROUNDS; i++) {
			char *id = NULL, **report = NULL;
			_cleanup_free_ char *input = xasprintf("input%d", w);
			_cleanup_fd_ int fd = openat(top, input, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
			CHECK_EQ(fd_write_full(fd, b.data, b.len), b.len);
			lseek(fd, 0, SEEK_SET);
			CHECK_OK(image_import(store, NULL, fd, &(struct image_import){.ref = name}, NULL, NULL, &id,
					      &e),
				 e);
			struct image *x = resolve(name);
			CHECK_STR(x->id, id);
			_cleanup_free_ char *there = xasprintf("%s/layers/%s/same", root, x->layer_dirs[0]);
			CHECK_EQ(access(there, F_OK), 0);
			image_free(x);
			CHECK_OK(image_remove(store, name, false, &report, &e), e);
			strv_free(report);
			free(id);
		}
		_exit(0);
	}
	for (int i = 0; i < WORKERS; i++) {
		int status = -1;
		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(count("layers"), 0);
	CHECK_EQ(count("images/blobs/sha256"), 0);
}
