// SPDX-License-Identifier: Apache-2.0
// The unpacker: what files a layer makes, and what hostile layers must not reach.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/unpack.h"
#include "test.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static const char *root; // path of the scratch folder
static int top, layer;   // it, and the layer in it

static void begin(void)
{
	if (geteuid())
		test_skip("needs root");
	umask(022);
	top = scratch(&root);
	CHECK_EQ(mkdirat(top, "layer", 0755), 0);
	layer = openat(top, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(layer >= 0);
}

static int feed_limited(const void *p, size_t n, const struct unpack_limits *l, struct unpack_result *r, struct err *e)
{
	const struct codec *c = NULL;
	struct unpack *u = NULL;

	CHECK_OK(codec_load(&c, e), *e);
	CHECK_OK(unpack_start(layer, c, l, "trusted.", &u, e), *e);
	unpack_feed(u, p, n);
	int rc = unpack_finish(u, r, e);
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1); // nobody is left behind
	return rc;
}

static int feed(const void *p, size_t n, struct unpack_result *r, struct err *e)
{
	return feed_limited(p, n, &unpack_limits_default, r, e);
}

static int unpack(struct buf *b, struct err *e)
{
	struct unpack_result r;

	archive_end(b);
	CHECK_EQ(b->failed, 0);
	return feed(b->data, b->len, &r, e);
}

static void unpack_ok(struct buf *b)
{
	struct err e = {0};

	CHECK_OK(unpack(b, &e), e);
}

static struct stat look(const char *name)
{
	struct stat st;

	if (fstatat(layer, name, &st, AT_SYMLINK_NOFOLLOW))
		test_fail(__FILE__, __LINE__, "%s: %s", name, strerror(errno));
	return st;
}

static bool there(const char *name)
{
	struct stat st;

	return !fstatat(layer, name, &st, AT_SYMLINK_NOFOLLOW);
}

static void check_text(const char *name, const char *text)
{
	_cleanup_buf_ struct buf b = BUF_INIT(1 << 20);
	struct err e;

	CHECK_OK(file_read(layer, name, 1 << 20, &b, &e), e);
	CHECK_STR(b.data, text);
}

static bool is_opaque(const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/layer/%s", root, name);
	char v[4] = "";

	return getxattr(path, "trusted.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y';
}

TEST(unpack_makes_every_kind)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "./", .type = '5', .mode = 0711, .uid = 3, .gid = 4, .mtime = 1000);
	ADD(&b, .name = "d/", .type = '5', .mode = 01777, .uid = 1, .gid = 2, .mtime = 2000);
	ADD(&b, .name = "d/f", .data = "hello", .mode = 04755, .uid = 5, .gid = 6, .mtime = 3000);
	ADD(&b, .name = "d/l", .type = '2', .link = "../etc/passwd", .uid = 7, .gid = 8, .mtime = 4000);
	ADD(&b, .name = "d/h", .type = '1', .link = "d/f");
	ADD(&b, .name = "d/c", .type = '3', .major = 1, .minor = 3, .mode = 0666, .gid = 9);
	ADD(&b, .name = "d/b", .type = '4', .major = 7, .minor = 300, .mode = 0600);
	ADD(&b, .name = "d/p", .type = '6', .mode = 02600, .gid = 10);
	unpack_ok(&b);
	struct stat st = look(".");
	CHECK_EQ(st.st_mode, S_IFDIR | 0711);
	CHECK_EQ(st.st_uid * 10 + st.st_gid, 34);
	CHECK_EQ(st.st_mtime, 1000);
	st = look("d");
	CHECK_EQ(st.st_mode, S_IFDIR | 01777);
	CHECK_EQ(st.st_mtime, 2000);
	st = look("d/f");
	CHECK_EQ(st.st_mode, S_IFREG | 04755);
	CHECK_EQ(st.st_uid * 10 + st.st_gid, 56);
	CHECK_EQ(st.st_mtime, 3000);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(look("d/h").st_ino, st.st_ino);
	check_text("d/h", "hello");
	st = look("d/l");
	CHECK_EQ(st.st_uid * 10 + st.st_gid, 78);
	CHECK_EQ(st.st_mtime, 4000);
	st = look("d/c");
	CHECK_EQ(st.st_mode, S_IFCHR | 0666);
	CHECK_EQ(st.st_rdev, makedev(1, 3));
	CHECK_EQ(look("d/b").st_rdev, makedev(7, 300));
	CHECK_EQ(look("d/p").st_mode, S_IFIFO | 02600);
}

TEST(unpack_result_tells_size_entries_and_diffid)
{
	static const char expected[] = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"; // 1024 zeros
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	struct unpack_result r;
	struct err e;

	begin();
	archive_end(&b);
	CHECK_OK(feed(b.data, b.len, &r, &e), e);
	char hex[SHA256_HEX + 1];
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", r.diffid[i]);
	CHECK_STR(hex, expected);
	CHECK_EQ(r.entries, 0);
	buf_reset(&b);
	ADD(&b, .name = "a", .data = "12345");
	ADD(&b, .name = "b", .data = "678");
	archive_end(&b);
	CHECK_OK(feed(b.data, b.len, &r, &e), e);
	CHECK_EQ(r.entries, 2);
	CHECK_EQ(r.size, 8);
}

// ---- hostile names

static void check_refused(struct buf *b, const char *text)
{
	struct err e = {0};

	CHECK(unpack(b, &e) < 0);
	CHECK_CONTAINS(e.text, text);
	CHECK(faccessat(top, "escaped", F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT);
}

TEST(unpack_refuses_dotdot)
{
	static const char *const names[] = {"../escaped", "/../escaped", "a/../../escaped", "./.././escaped"};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		ADD(&b, .name = names[i], .data = "x");
		check_refused(&b, "leads out of the layer");
	}
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	ADD(&b, .name = "h", .type = '1', .link = "../canary");
	check_refused(&b, "its target leads out of the layer");
}

TEST(unpack_absolute_names_are_below_the_layer)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "/etc//./x/../passwd", .data = "mine");
	unpack_ok(&b);
	check_text("etc/passwd", "mine");
	CHECK(!there("etc/x"));
}

// A canary stands beside the layer; links of all sorts point to it and to the machine's root.
TEST(unpack_links_do_not_lead_out)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	_cleanup_free_ char *outside = NULL;

	begin();
	outside = xasprintf("%s/outside", root);
	CHECK_EQ(mkdirat(top, "outside", 0700), 0);
	ADD(&b, .name = "abs", .type = '2', .link = outside);
	ADD(&b, .name = "rel", .type = '2', .link = "../outside");
	ADD(&b, .name = "up", .type = '2', .link = "../../../../../../../..");
	ADD(&b, .name = "up/escaped", .data = "x");
	unpack_ok(&b);
	check_text("escaped", "x"); // ".." stopped at the layer
	CHECK(faccessat(AT_FDCWD, "/escaped", F_OK, 0));
	buf_reset(&b);
	ADD(&b, .name = "abs2", .type = '2', .link = outside);
	ADD(&b, .name = "abs2/escaped", .data = "x"); // dangling inside
	struct err e;
	CHECK(unpack(&b, &e) < 0);
	CHECK_CONTAINS(e.text, "entry \"abs2/escaped\"");
	buf_reset(&b);
	ADD(&b, .name = "rel2", .type = '2', .link = "../outside/escaped");
	ADD(&b, .name = "rel2", .data = "x"); // the link is replaced, not written through
	unpack_ok(&b);
	CHECK(S_ISREG(look("rel2").st_mode));
	struct stat st;
	CHECK(fstatat(top, "outside/escaped", &st, 0) && errno == ENOENT);
}

TEST(unpack_parent_links_resolve_inside)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "usr/lib/", .type = '5', .mode = 0755);
	ADD(&b, .name = "lib", .type = '2', .link = "/usr/lib");
	ADD(&b, .name = "lib/libc.so", .data = "elf");
	ADD(&b, .name = "lib/sub/deep/x", .data = "y");
	unpack_ok(&b);
	check_text("usr/lib/libc.so", "elf");
	check_text("usr/lib/sub/deep/x", "y");
	CHECK(S_ISLNK(look("lib").st_mode));
}

TEST(unpack_hard_link_cases)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "s", .type = '2', .link = "/etc/shadow");
	ADD(&b, .name = "hs", .type = '1', .link = "/s");
	ADD(&b, .name = "f", .data = "1");
	ADD(&b, .name = "g", .data = "2");
	ADD(&b, .name = "g", .type = '1', .link = "./f"); // replaces
	unpack_ok(&b);
	CHECK(S_ISLNK(look("hs").st_mode));
	CHECK_EQ(look("hs").st_ino, look("s").st_ino);
	CHECK_EQ(look("g").st_ino, look("f").st_ino);
	buf_reset(&b);
	ADD(&b, .name = "x", .type = '1', .link = "nowhere");
	check_refused(&b, "not in this layer");
	buf_reset(&b);
	ADD(&b, .name = "d/", .type = '5', .mode = 0755);
	ADD(&b, .name = "x", .type = '1', .link = "d");
	check_refused(&b, "which is a directory");
	buf_reset(&b);
	ADD(&b, .name = "y", .data = "1");
	ADD(&b, .name = "y", .type = '1', .link = "y");
	check_refused(&b, "hard link to itself");
	buf_reset(&b);
	ADD(&b, .name = "s2", .type = '2', .link = "/proc/self");
	ADD(&b, .name = "x", .type = '1', .link = "s2/exe"); // would be ours, were we not away
	check_refused(&b, "not in this layer");
}

// ---- whiteouts

TEST(unpack_whiteouts)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "etc/.wh.gone", .mode = 0600);
	ADD(&b, .name = ".wh.top", .mode = 0600);
	ADD(&b, .name = "var/.wh..wh..opq", .mode = 0600);
	ADD(&b, .name = "var/new", .data = "x");
	ADD(&b, .name = ".wh..wh.aufs", .mode = 0600);
	ADD(&b, .name = ".wh..wh.plnk/1.2", .mode = 0600);
	unpack_ok(&b);
	struct stat st = look("etc/gone");
	CHECK(S_ISCHR(st.st_mode) && !st.st_rdev);
	CHECK(S_ISCHR(look("top").st_mode));
	CHECK(is_opaque("var"));
	CHECK(!is_opaque("etc"));
	check_text("var/new", "x");
	CHECK(!there(".wh..wh.aufs"));
	CHECK(!there(".wh..wh.plnk"));
	CHECK(!there("var/.wh..wh..opq"));
}

TEST(unpack_root_can_be_opaque)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = ".wh..wh..opq", .mode = 0600);
	unpack_ok(&b);
	CHECK(is_opaque("."));
}

TEST(unpack_whiteout_and_its_successor)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = ".wh.d1");
	ADD(&b, .name = "d1/", .type = '5', .mode = 0750);
	ADD(&b, .name = "d2/", .type = '5', .mode = 0750);
	ADD(&b, .name = ".wh.d2");
	ADD(&b, .name = ".wh.d3");
	ADD(&b, .name = "d3/file", .data = "x");
	ADD(&b, .name = ".wh.f1");
	ADD(&b, .name = "f1", .data = "new");
	ADD(&b, .name = "f2", .data = "new");
	ADD(&b, .name = ".wh.f2");
	unpack_ok(&b);
	CHECK(is_opaque("d1") && is_opaque("d2") && is_opaque("d3"));
	CHECK_EQ(look("d1").st_mode, S_IFDIR | 0750);
	check_text("d3/file", "x");
	check_text("f1", "new");
	check_text("f2", "new");
}

TEST(unpack_refuses_whiteouts_of_nothing)
{
	static const char *const names[] = {".wh.", ".wh..", ".wh...", "a/.wh..."};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		ADD(&b, .name = names[i]);
		check_refused(&b, "a whiteout of nothing");
	}
}

TEST(unpack_overlay_marks_of_the_archive_are_dropped)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	_cleanup_free_ char *path = NULL;
	char v[64];

	begin();
	archive_pax(&b, "SCHILY.xattr.trusted.overlay.redirect", "/etc", 4);
	ADD(&b, .name = "d/", .type = '5', .mode = 0755);
	archive_pax(&b, "SCHILY.xattr.user.overlay.opaque", "y", 1);
	ADD(&b, .name = "e/", .type = '5', .mode = 0755);
	archive_pax(&b, "SCHILY.xattr.user.kept", "a\0b", 3);
	ADD(&b, .name = "f", .data = "1");
	unpack_ok(&b);
	path = xasprintf("%s/layer/d", root);
	CHECK_EQ(getxattr(path, "trusted.overlay.redirect", v, sizeof(v)), -1);
	path[strlen(path) - 1] = 'e';
	CHECK_EQ(getxattr(path, "user.overlay.opaque", v, sizeof(v)), -1);
	path[strlen(path) - 1] = 'f';
	CHECK_EQ(getxattr(path, "user.kept", v, sizeof(v)), 3);
	CHECK(!memcmp(v, "a\0b", 3));
}

TEST(unpack_keeps_file_capabilities)
{
	static const struct vfs_cap_data ping = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
						 .data = {{.permitted = 1U << CAP_NET_RAW}}};
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	struct vfs_cap_data got = {0};

	begin();
	archive_pax(&b, "SCHILY.xattr.security.capability", (const char *)&ping, sizeof(ping));
	ADD(&b, .name = "ping", .data = "elf", .uid = 1, .gid = 1, .mode = 0755);
	unpack_ok(&b);
	_cleanup_free_ char *path = xasprintf("%s/layer/ping", root);
	CHECK_EQ(getxattr(path, "security.capability", &got, sizeof(got)), sizeof(got));
	CHECK(!memcmp(&got, &ping, sizeof(got)));
}

// ---- replacing

TEST(unpack_later_entries_win)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "x", .data = "first");
	ADD(&b, .name = "x", .data = "second");
	ADD(&b, .name = "d/sub/deep", .data = "1");
	ADD(&b, .name = "d", .data = "a file now");
	ADD(&b, .name = "f", .data = "1");
	ADD(&b, .name = "f/", .type = '5', .mode = 0700);
	ADD(&b, .name = "f/in", .data = "inside");
	ADD(&b, .name = "k/", .type = '5', .mode = 0700);
	ADD(&b, .name = "k/kept", .data = "kept");
	ADD(&b, .name = "k/", .type = '5', .mode = 0755, .mtime = 77);
	ADD(&b, .name = "s", .type = '2', .link = "k");
	ADD(&b, .name = "s/", .type = '5', .mode = 0755);
	ADD(&b, .name = "s/own", .data = "1");
	unpack_ok(&b);
	check_text("x", "second");
	check_text("d", "a file now");
	check_text("f/in", "inside");
	check_text("k/kept", "kept");
	CHECK_EQ(look("k").st_mode, S_IFDIR | 0755);
	CHECK_EQ(look("k").st_mtime, 77);
	CHECK(S_ISDIR(look("s").st_mode));
	CHECK(!there("k/own"));
}

TEST(unpack_times_of_replaced_directories_do_not_stick)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	ADD(&b, .name = "d/", .type = '5', .mode = 0755, .mtime = 55);
	ADD(&b, .name = "d/e/", .type = '5', .mode = 0755, .mtime = 55);
	ADD(&b, .name = "d", .data = "file", .mtime = 66);
	unpack_ok(&b);
	CHECK_EQ(look("d").st_mtime, 66);
}

// ---- names and depths

TEST(unpack_odd_names)
{
	static const char *const names[] = {"new\nline", "bad\xff\xfeutf8", " lead", "-rf", "tab\there", "a\\b", "*?"};
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ADD(&b, .name = names[i], .data = "x");
	unpack_ok(&b);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_text(names[i], "x");
	buf_reset(&b);
	ADD(&b, .name = "evil\n\x1b[31m\xff", .type = '1', .link = "no\nwhere");
	check_refused(&b, "entry \"evil\\x0a\\x1b[31m\\xff\": hard link to \"no\\x0awhere\"");
}

TEST(unpack_depth_5000)
{
	enum { DEPTH = 5000 };
	_cleanup_buf_ struct buf b = ARCHIVE_INIT, name = BUF_INIT(64 << 10);

	begin();
	for (int i = 0; i < DEPTH; i++)
		buf_adds(&name, "d/");
	buf_adds(&name, "leaf");
	archive_pax(&b, "path", name.data, name.len);
	ADD(&b, .name = "short", .data = "deep");
	archive_pax(&b, "linkpath", name.data, name.len);
	ADD(&b, .name = "link", .type = '1', .link = "short");
	name.len -= 4;
	name.data[name.len] = 0;
	buf_adds(&name, ".wh..wh..opq");
	archive_pax(&b, "path", name.data, name.len);
	ADD(&b, .name = "short");
	unpack_ok(&b);
	check_text("link", "deep");
	buf_reset(&b);
	buf_reset(&name);
	for (int i = 0; i < 9000; i++)
		buf_adds(&name, "e/");
	archive_pax(&b, "path", name.data, name.len);
	ADD(&b, .name = "short", .type = '5', .mode = 0755);
	check_refused(&b, "File name too long");
	CHECK(!there("e"));
}

TEST(unpack_name_too_long)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	char name[300];

	begin();
	memset(name, 'n', sizeof(name));
	archive_pax(&b, "path", name, sizeof(name));
	ADD(&b, .name = "short", .data = "1");
	check_refused(&b, "File name too long");
}

// ---- limits

TEST(unpack_limits_are_kept)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	struct unpack_limits few = {.bytes = 1 << 20, .entries = 10}, small = {.bytes = 2000, .entries = 1000};
	struct unpack_result r;
	struct err e;

	begin();
	for (int i = 0; i < 11; i++) {
		_cleanup_free_ char *name = xasprintf("f%d", i);
		ADD(&b, .name = name);
	}
	archive_end(&b);
	CHECK_EQ(feed_limited(b.data, b.len, &few, &r, &e), -E2BIG);
	CHECK_EQ(e.class, ERR_EXHAUSTED);
	CHECK_CONTAINS(e.text, "more than 10 entries");
	CHECK_EQ(feed_limited(b.data, b.len, &small, &r, &e), -EFBIG);
	CHECK_CONTAINS(e.text, "more than 2000 bytes");
}

TEST(unpack_zeros_cost_no_disk)
{
	enum { SIZE = 16 << 20 };
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	_cleanup_free_ char *zeros = xcalloc(1, SIZE);

	begin();
	memcpy(zeros + SIZE / 2, "middle", 6);
	ADD(&b, .name = "zeros", .data = zeros, .len = SIZE);
	unpack_ok(&b);
	struct stat st = look("zeros");
	CHECK_EQ(st.st_size, SIZE);
	CHECK(st.st_blocks * 512 < SIZE / 4);
	_cleanup_buf_ struct buf got = BUF_INIT(SIZE + 1);
	struct err e;
	CHECK_OK(file_read(layer, "zeros", SIZE, &got, &e), e);
	CHECK_EQ(got.len, SIZE);
	CHECK(!memcmp(got.data, zeros, SIZE));
}

TEST(unpack_sparse_terabyte)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	begin();
	archive_raw_meta(&b, 'x',
			 "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n37 GNU.sparse.realsize=1099511627776\n", 81);
	ADD(&b, .name = "huge", .size = 512 + 5, .no_data = true);
	char map[512] = "1\n1000000000000\n5\n";
	archive_block(&b, map, 512);
	archive_block(&b, "there", 5);
	unpack_ok(&b);
	struct stat st = look("huge");
	CHECK_EQ(st.st_size, 1099511627776);
	CHECK(st.st_blocks < 100);
	_cleanup_fd_ int fd = openat(layer, "huge", O_RDONLY | O_CLOEXEC);
	char got[6] = "";
	CHECK_EQ(pread(fd, got, 5, 1000000000000), 5);
	CHECK_STR(got, "there");
}

// ---- damage

TEST(unpack_truncated)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	struct unpack_result r;
	struct err e;

	begin();
	ADD(&b, .name = "first", .data = "1");
	ADD(&b, .name = "etc/x", .data = "0123456789", .size = 4000);
	CHECK_EQ(feed(b.data, b.len, &r, &e), -EBADMSG);
	CHECK_EQ(e.class, ERR_CORRUPT);
	CHECK_CONTAINS(e.text, "entry \"etc/x\": the archive is truncated");
	CHECK_EQ(feed(b.data, 1024 + 100, &r, &e), -EBADMSG);
	CHECK_CONTAINS(e.text, "truncated");
	CHECK_EQ(feed(b.data, 0, &r, &e), -EBADMSG);
	CHECK_CONTAINS(e.text, "empty");
	CHECK_EQ(feed("hello", 5, &r, &e), -EBADMSG);
	CHECK_CONTAINS(e.text, "not a tar archive");
}

TEST(unpack_other_compression_is_named)
{
	struct unpack_result r;
	struct err e;

	begin();
	CHECK_EQ(feed("\xfd"
		      "7zXZ\0....",
		      10, &r, &e),
		 -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "xz compression is not supported");
	CHECK_EQ(feed("BZh9......", 10, &r, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "bzip2");
}

TEST(unpack_abort_leaves_nobody)
{
	const struct codec *c = NULL;
	struct unpack *u = NULL;
	struct err e;

	begin();
	CHECK_OK(codec_load(&c, &e), e);
	CHECK_OK(unpack_start(layer, c, &unpack_limits_default, "trusted.", &u, &e), e);
	unpack_abort(u);
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
}
