// SPDX-License-Identifier: Apache-2.0
// The changes of a container, made through a real overlay by ordinary file operations.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"
#include "test.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *root;
static int top, container, merged;
static struct db *db;
static struct image_store *store;
static char *dirs[] = {(char *)"low", (char *)"high", NULL};
static struct image image = {.layer_dirs = dirs, .diffids = dirs};

static void put(int dir, const char *name, const char *text)
{
	_cleanup_fd_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(fd_write_full(fd, text, strlen(text)), strlen(text));
}

static void begin(void)
{
	static const char *const made[] = {"c",
					   "layers/low",
					   "layers/high",
					   "layers/low/etc",
					   "layers/low/keep",
					   "layers/low/opq",
					   "layers/low/keep/deep",
					   "layers/high/etc",
					   "layers/low/gone"};
	struct err e;

	if (geteuid())
		test_skip("needs root");
	top = scratch(&root);
	_cleanup_free_ char *file = path_join(root, "berth.db");
	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(root, db, &store, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		CHECK_EQ(mkdirat(top, made[i], 0755), 0);
	put(top, "layers/low/etc/passwd", "root");
	put(top, "layers/low/etc/hidden", "x");
	put(top, "layers/high/etc/group", "root");
	CHECK_EQ(mknodat(top, "layers/high/etc/hidden", S_IFCHR, makedev(0, 0)), 0);
	put(top, "layers/low/keep/deep/file", "x");
	put(top, "layers/low/opq/old1", "x");
	put(top, "layers/low/opq/old2", "x");
	put(top, "layers/low/gone/inside", "x");
	container = openat(top, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	merged = image_snapshot(store, &image, container, 0, -1, &e);
	CHECK_OK(merged, e);
}

static char *changes(void)
{
	struct image_change *v = NULL;
	size_t n = 0;
	struct err e;
	struct buf b = BUF_INIT(1 << 20);

	CHECK_OK(image_diff(store, &image, container, &v, &n, &e), e);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%c %s", i ? "; " : "", v[i].kind, v[i].path);
	image_changes_free(v, n);
	return buf_take(&b);
}

static void check_changes(const char *want)
{
	_cleanup_free_ char *have = changes();

	CHECK_STR(have ? have : "", want);
}

TEST(diff_of_nothing)
{
	begin();
	check_changes("");
	image_store_close(store);
	db_close(db);
}

TEST(diff_adds_changes_deletes)
{
	begin();
	put(merged, "etc/passwd", "changed");
	put(merged, "etc/new", "x");
	put(merged, "etc/hidden", "again"); // was deleted by a layer: it is new
	CHECK_EQ(unlinkat(merged, "etc/group", 0), 0);
	CHECK_EQ(mkdirat(merged, "srv", 0755), 0);
	put(merged, "srv/file", "x");
	check_changes("C /etc; D /etc/group; A /etc/hidden; A /etc/new; C /etc/passwd; A /srv; A /srv/file");
}

TEST(diff_parents_of_changes_count)
{
	begin();
	put(merged, "keep/deep/file", "other");
	check_changes("C /keep; C /keep/deep; C /keep/deep/file");
}

TEST(diff_directories)
{
	struct err e;

	begin();
	CHECK_OK(path_remove_tree(merged, "gone", &e), e);
	CHECK_OK(path_remove_tree(merged, "opq", &e), e);
	CHECK_EQ(mkdirat(merged, "opq", 0755), 0); // opaque in upper
	put(merged, "opq/old1", "again");
	put(merged, "opq/fresh", "x");
	check_changes("D /gone; C /opq; A /opq/fresh; C /opq/old1; D /opq/old2");
}

TEST(diff_file_becomes_directory_and_back)
{
	struct err e;

	begin();
	CHECK_EQ(unlinkat(merged, "etc/passwd", 0), 0);
	CHECK_EQ(mkdirat(merged, "etc/passwd", 0755), 0);
	put(merged, "etc/passwd/in", "x");
	CHECK_OK(path_remove_tree(merged, "keep", &e), e);
	put(merged, "keep", "file now");
	check_changes("C /etc; C /etc/passwd; A /etc/passwd/in; C /keep");
}

TEST(diff_added_and_removed_again_is_nothing)
{
	begin();
	put(merged, "etc/tmp", "x");
	CHECK_EQ(unlinkat(merged, "etc/tmp", 0), 0);
	check_changes("C /etc"); // its time changed
}

TEST(diff_links_in_upper_are_not_followed)
{
	begin();
	CHECK_EQ(symlinkat("/etc", merged, "out"), 0);
	CHECK_EQ(symlinkat("loop", merged, "loop"), 0);
	put(merged, "new\nline", "x");
	check_changes("A /loop; A /new\nline; A /out");
}

TEST(diff_deep_upper)
{
	enum { DEPTH = 3000 };
	struct image_change *v = NULL;
	size_t n = 0;
	struct err e;

	begin();
	_cleanup_fd_ int at = openat(container, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEPTH; i++) {
		CHECK_EQ(mkdirat(at, "deep", 0755), 0);
		int next = openat(at, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	CHECK_OK(image_diff(store, &image, container, &v, &n, &e), e);
	CHECK_EQ(n, DEPTH);
	CHECK_EQ(strlen(v[n - 1].path), 5 * DEPTH);
	image_changes_free(v, n);
}

TEST(diff_against_the_host)
{
	struct image_change *v = NULL;
	size_t n = 0;
	struct err e;

	begin();
	CHECK_EQ(mkdirat(top, "h", 0755), 0);
	CHECK_EQ(mkdirat(top, "h/upper", 0755), 0);
	CHECK_EQ(mkdirat(top, "h/upper/berth-never-there", 0755), 0);
	CHECK_EQ(mkdirat(top, "h/upper/etc", 0700), 0);
	CHECK_EQ(mknodat(top, "h/upper/etc/passwd", S_IFCHR, makedev(0, 0)), 0);
	_cleanup_fd_ int h = openat(top, "h", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(image_diff(store, NULL, h, &v, &n, &e), e);
	CHECK_EQ(n, 3);
	CHECK_STR(v[0].path, "/berth-never-there");
	CHECK_EQ(v[0].kind, 'A');
	CHECK_STR(v[1].path, "/etc");
	CHECK_EQ(v[1].kind, 'C');
	CHECK_STR(v[2].path, "/etc/passwd");
	CHECK_EQ(v[2].kind, 'D');
	image_changes_free(v, n);
}
