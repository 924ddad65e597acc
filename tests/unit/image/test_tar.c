// SPDX-License-Identifier: Apache-2.0
// The tar reader: what each form of header says, and what is refused with which words.
#include "archive.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/tar.h"
#include "test.h"

struct reading {
	struct stream *s;
	struct tar *t;
	const struct tar_entry *x;
	struct err e;
};

static struct reading open_tar(const struct buf *b)
{
	struct reading r = {.s = stream_of_memory(b->data, b->len)};

	r.t = tar_new(r.s);
	return r;
}

static void close_tar(struct reading *r)
{
	tar_free(r->t);
	stream_free(r->s);
}

#define _cleanup_reading_ _cleanup_(close_tar)

static const struct tar_entry *next(struct reading *r)
{
	CHECK_OK(tar_next(r->t, &r->x, &r->e), r->e);
	return r->x;
}

// The file's bytes as they would be on disk, '.' for holes.
static char *contents(struct reading *r)
{
	char *text = xcalloc(1, r->x->size + 1);
	const uint8_t *p = NULL;
	uint64_t offset = 0;
	ssize_t n = 0;

	memset(text, '.', r->x->size);
	while ((n = tar_data(r->t, &p, &offset, &r->e)) > 0)
		memcpy(text + offset, p, (size_t)n);
	CHECK_OK(n, r->e);
	return text;
}

static void check_contents(struct reading *r, const char *want)
{
	_cleanup_free_ char *have = contents(r);

	CHECK_STR(have, want);
}

static void check_refused(struct buf *b, int code, const char *text)
{
	_cleanup_reading_ struct reading r = open_tar(b);
	int rc = 1;

	while (rc > 0 && (rc = tar_next(r.t, &r.x, &r.e)) > 0)
		;
	CHECK_EQ(rc, code);
	CHECK_CONTAINS(r.e.text, text);
}

TEST(tar_plain_headers)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	ADD(&b, .name = "file", .prefix = "long/prefix", .data = "abc", .mode = 04750, .uid = 1, .gid = 2, .mtime = 99);
	ADD(&b, .name = "old/", .v7 = true);
	ADD(&b, .name = "dev", .type = '3', .major = 10, .minor = 200);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	const struct tar_entry *x = next(&r);
	CHECK_STR(x->path, "long/prefix/file");
	CHECK_EQ(x->mode, 04750);
	CHECK_EQ(x->uid * 10 + x->gid, 12);
	CHECK_EQ(x->mtime.tv_sec, 99);
	CHECK_EQ(x->offset, 512);
	check_contents(&r, "abc");
	x = next(&r);
	CHECK_STR(x->path, "old/");
	CHECK_EQ(x->type, TAR_DIR);
	x = next(&r);
	CHECK_EQ(x->major * 1000 + x->minor, 10200);
	CHECK_EQ(tar_next(r.t, &r.x, &r.e), 0);
	CHECK_EQ(tar_next(r.t, &r.x, &r.e), 0);
}

TEST(tar_names_of_exactly_the_field)
{
	char name[101], link[101];
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	memset(name, 'n', 100);
	memset(link, 'l', 100);
	name[100] = link[100] = 0;
	ADD(&b, .name = name, .type = '2', .link = link);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	next(&r);
	CHECK_STR(r.x->path, name);
	CHECK_STR(r.x->link, link);
}

TEST(tar_gnu_long_names)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	char name[300] = "", link[300] = "";

	memset(name, 'n', 250);
	memset(link, 'l', 250);
	archive_raw_meta(&b, 'K', link, 251);
	archive_raw_meta(&b, 'L', name, 251);
	ADD(&b, .name = "short", .type = '2', .link = "short");
	ADD(&b, .name = "next", .type = '2', .link = "own"); // it was about one entry alone
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	next(&r);
	CHECK_STR(r.x->path, name);
	CHECK_STR(r.x->link, link);
	next(&r);
	CHECK_STR(r.x->path, "next");
	CHECK_STR(r.x->link, "own");
}

static void pax(struct buf *b, const char *key, const char *value)
{
	archive_pax(b, key, value, strlen(value));
}

TEST(tar_pax_overrides)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	pax(&b, "path", "from/pax");
	pax(&b, "uid", "3000000000");
	pax(&b, "gid", "5");
	pax(&b, "mtime", "-1.25");
	pax(&b, "size", "3");
	pax(&b, "hdrcharset", "BINARY");
	ADD(&b, .name = "short", .data = "abc", .uid = 7, .mtime = 8);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	const struct tar_entry *x = next(&r);
	CHECK_STR(x->path, "from/pax");
	CHECK_EQ(x->uid, 3000000000);
	CHECK_EQ(x->gid, 5);
	CHECK_EQ(x->mtime.tv_sec, -2);
	CHECK_EQ(x->mtime.tv_nsec, 750000000);
	check_contents(&r, "abc");
}

TEST(tar_pax_times)
{
	static const struct {
		const char *text;
		long sec, ns;
	} cases[] = {{"0", 0, 0},
		     {"1.5", 1, 500000000},
		     {"1.123456789", 1, 123456789},
		     {"1.1234567899", 1, 123456789},
		     {"-0.5", -1, 500000000},
		     {"-3", -3, 0},
		     {"7.", 7, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		pax(&b, "mtime", cases[i].text);
		ADD(&b, .name = "f");
		archive_end(&b);
		_cleanup_reading_ struct reading r = open_tar(&b);
		next(&r);
		CHECK_EQ(r.x->mtime.tv_sec, cases[i].sec);
		CHECK_EQ(r.x->mtime.tv_nsec, cases[i].ns);
	}
}

TEST(tar_pax_global)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	archive_pax_typed(&b, 'g', "uid", "77", 2);
	archive_pax_typed(&b, 'g', "comment", "0123", 4);
	ADD(&b, .name = "a", .uid = 1);
	pax(&b, "uid", "88");
	ADD(&b, .name = "b", .uid = 2);
	pax(&b, "uid", ""); // takes the global one back
	ADD(&b, .name = "c", .uid = 3);
	ADD(&b, .name = "d", .uid = 4);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	CHECK_EQ(next(&r)->uid, 77);
	CHECK_EQ(next(&r)->uid, 88);
	CHECK_EQ(next(&r)->uid, 3);
	CHECK_EQ(next(&r)->uid, 77);
	CHECK_EQ(tar_next(r.t, &r.x, &r.e), 0);
}

TEST(tar_xattrs)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	archive_pax(&b, "SCHILY.xattr.user.a=b", "v", 1); // the first '=' ends a key, as everywhere
	archive_pax(&b, "SCHILY.xattr.user.bin", "a\0\nb", 4);
	pax(&b, "LIBARCHIVE.xattr.user%2Esmile", "aGVsbG8");
	pax(&b, "SCHILY.xattr.user.bin", "later");
	ADD(&b, .name = "f");
	ADD(&b, .name = "g");
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	const struct tar_entry *x = next(&r);
	CHECK_EQ(x->n_xattrs, 3);
	CHECK_STR(x->xattrs[0].name, "user.a");
	CHECK(x->xattrs[0].len == 3 && !memcmp(x->xattrs[0].value, "b=v", 3));
	CHECK_STR(x->xattrs[1].name, "user.bin");
	CHECK(x->xattrs[1].len == 5 && !memcmp(x->xattrs[1].value, "later", 5));
	CHECK_STR(x->xattrs[2].name, "user.smile");
	CHECK(x->xattrs[2].len == 5 && !memcmp(x->xattrs[2].value, "hello", 5));
	CHECK_EQ(next(&r)->n_xattrs, 0);
}

static void set_base256(struct buf *b, size_t field, size_t width, int64_t v)
{
	uint8_t *p = (uint8_t *)b->data + field;

	for (size_t i = width; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
	p[0] |= 0x80;
	archive_checksum(b, 0);
}

TEST(tar_base256)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	ADD(&b, .name = "f", .data = "abc");
	set_base256(&b, 108, 8, 4000000000);
	set_base256(&b, 124, 12, 3);
	set_base256(&b, 136, 12, -5);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	next(&r);
	CHECK_EQ(r.x->uid, 4000000000);
	CHECK_EQ(r.x->mtime.tv_sec, -5);
	check_contents(&r, "abc");
	set_base256(&b, 124, 12, -3);
	check_refused(&b, -ERANGE, "entry \"f\": its size is out of range");
	set_base256(&b, 124, 12, 3);
	set_base256(&b, 108, 8, UINT32_MAX);
	check_refused(&b, -ERANGE, "entry \"f\": its user id is not a valid number");
}

// Sparse forms that mean the same file: 2 bytes at 3, 1 at 8, ten in all.
TEST(tar_sparse_forms)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	char map[512] = "2\n3\n2\n8\n1\n";

	static const char zero_zero[] = "22 GNU.sparse.size=10\n23 GNU.sparse.offset=3\n25 GNU.sparse.numbytes=2\n"
					"23 GNU.sparse.offset=8\n25 GNU.sparse.numbytes=1\n";
	archive_raw_meta(&b, 'x', zero_zero, sizeof(zero_zero) - 1);
	ADD(&b, .name = "0.0", .data = "abc");
	pax(&b, "GNU.sparse.size", "10");
	pax(&b, "GNU.sparse.map", "3,2,8,1");
	pax(&b, "GNU.sparse.name", "0.1");
	ADD(&b, .name = "GNUSparseFile.0/0.1", .data = "abc");
	pax(&b, "GNU.sparse.major", "1");
	pax(&b, "GNU.sparse.minor", "0");
	pax(&b, "GNU.sparse.realsize", "10");
	pax(&b, "GNU.sparse.name", "1.0");
	ADD(&b, .name = "GNUSparseFile.0/1.0", .size = 515, .no_data = true);
	archive_block(&b, map, 512);
	archive_block(&b, "abc", 3);
	ADD(&b, .name = "after", .data = "x");
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	static const char *const names[] = {"0.0", "0.1", "1.0"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_STR(next(&r)->path, names[i]);
		CHECK_EQ(r.x->size, 10);
		check_contents(&r, "...ab...c.");
	}
	CHECK_STR(next(&r)->path, "after");
}

TEST(tar_sparse_old_with_continuation)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	char more[512] = "";

	ADD(&b, .name = "old", .type = 'S', .size = 5, .no_data = true);
	for (int i = 0; i < 4; i++) {
		snprintf(b.data + 386 + 24 * i, 12, "%011o", 2U * (unsigned)i);
		snprintf(b.data + 398 + 24 * i, 12, "%011o", 1U);
	}
	b.data[482] = 1;
	snprintf(b.data + 483, 12, "%011o", 12U);
	memset(b.data + 345, 0, 41);
	memcpy(b.data + 257, "ustar  ", 8);
	archive_checksum(&b, 0);
	snprintf(more, 12, "%011o", 10U);
	snprintf(more + 12, 12, "%011o", 1U);
	archive_block(&b, more, 512);
	archive_block(&b, "abcde", 5);
	archive_end(&b);
	_cleanup_reading_ struct reading r = open_tar(&b);
	next(&r);
	CHECK_EQ(r.x->size, 12);
	check_contents(&r, "a.b.c.d...e.");
	CHECK_EQ(tar_next(r.t, &r.x, &r.e), 0);
}

TEST(tar_sparse_lies)
{
	static const char *const maps[][2] = {
		{"3,2,4,1", "is not in order"},
		{"8,2,3,1", "is not in order"},
		{"3,3,9,2", "does not fit"},
		{"3,2,20,1", "reaches past the end"},
		{"18446744073709551615,3", "not in order"},
		{"3,1", "does not fit the stored data"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		pax(&b, "GNU.sparse.size", "11");
		pax(&b, "GNU.sparse.map", maps[i][0]);
		ADD(&b, .name = "f", .data = "abc");
		archive_end(&b);
		check_refused(&b, -EBADMSG, maps[i][1]);
	}
}

TEST(tar_damage_is_named)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;

	ADD(&b, .name = "one", .data = "abc");
	ADD(&b, .name = "two", .data = "abc");
	archive_end(&b);
	b.data[1024 + 3] ^= 1;
	check_refused(&b, -EBADMSG, "tar header 2 at byte 1024: its checksum does not match");
	b.data[0] ^= 1;
	check_refused(&b, -EBADMSG, "this is not a tar archive");
}

TEST(tar_refuses)
{
	static const struct {
		const char *key, *value, *text;
		size_t len;
		int code;
	} cases[] = {
		{"path", "a\0b", "extended header: path", 3, -EBADMSG},
		{"size", "-5", "extended header: size", 2, -ERANGE},
		{"size", "99999999999999999999", "extended header: size", 20, -ERANGE},
		{"uid", "x", "extended header: uid", 1, -EBADMSG},
		{"uid", "4294967295", "its user id is not a valid number", 10, -ERANGE},
		{"mtime", "1.x", "extended header: mtime", 3, -EBADMSG},
		{"LIBARCHIVE.xattr.user.a", "!", "extended header: LIBARCHIVE.xattr.", 1, -EBADMSG},
		{"GNU.sparse.numbytes", "1", "extended header: GNU.sparse.numbytes", 1, -EBADMSG},
		{"GNU.sparse.offset", "1", "GNU.sparse.offset without numbytes", 1, -EBADMSG},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf b = ARCHIVE_INIT;
		archive_pax(&b, cases[i].key, cases[i].value, cases[i].len);
		ADD(&b, .name = "f");
		archive_end(&b);
		check_refused(&b, cases[i].code, cases[i].text);
	}
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	ADD(&b, .name = "f", .type = 'M');
	archive_end(&b);
	check_refused(&b, -EOPNOTSUPP, "entry \"f\": tar entries of type 'M' are not supported");
	buf_reset(&b);
	ADD(&b, .name = "l", .type = '2');
	archive_end(&b);
	check_refused(&b, -EBADMSG, "a link without a target");
	buf_reset(&b);
	ADD(&b, .name = "", .data = "x");
	archive_end(&b);
	check_refused(&b, -EBADMSG, "an entry without a name");
	buf_reset(&b);
	ADD(&b, .name = "p", .type = 'x', .size = 2 << 20, .no_data = true);
	archive_end(&b);
	check_refused(&b, -E2BIG, "an extended header of 2097152 bytes");
	buf_reset(&b);
	archive_raw_meta(&b, 'x', "12 path=xyz\n", 12);
	check_refused(&b, -EBADMSG, "truncated"); // it spoke about an entry that does not come
}

TEST(tar_shown_names)
{
	char shown[TAR_SHOWN_MAX];
	_cleanup_free_ char *huge = xcalloc(1, 5001);

	CHECK_STR(tar_shown(shown, "plain/name"), "\"plain/name\"");
	CHECK_STR(tar_shown(shown, "q\"b\\n\n"), "\"q\\x22b\\x5cn\\x0a\"");
	CHECK_STR(tar_shown(shown, "gr\xc3\xbc\xc3\x9f"
				   "e \xe2\x82\xac"),
		  "\"gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x82\xac\"");
	CHECK_STR(tar_shown(shown, "\xc2\x9b"
				   "31m\xff\xe2\x82"),
		  "\"\\xc2\\x9b31m\\xff\\xe2\\x82\"");
	memset(huge, '\n', 5000);
	CHECK(strlen(tar_shown(shown, huge)) < TAR_SHOWN_MAX);
	memset(huge, 'a', 5000);
	memcpy(huge + 4993, "the-end", 7);
	CHECK(strlen(tar_shown(shown, huge)) < TAR_SHOWN_MAX);
	CHECK_CONTAINS(shown, "...");
	CHECK_CONTAINS(shown, "the-end\"");
}
