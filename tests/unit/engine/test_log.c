// SPDX-License-Identifier: Apache-2.0
// The container's log: format, hostile payloads, rotation, tails, following.
#include "test.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/logfile.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int dir = -1;
static char dir_path[64];

static void clean(void)
{
	struct err e;

	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	fd_close(dir);
	if (path_remove_tree(tmp, dir_path + strlen("/tmp/"), &e) < 0)
		printf("  %s stays: %s\n", dir_path, e.text);
	fd_close(tmp);
}

static void setup(void)
{
	snprintf(dir_path, sizeof(dir_path), "/tmp/berth-test-log-XXXXXX");
	CHECK(mkdtemp(dir_path));
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	atexit(clean);
}

static struct logfile *writer(int64_t max_size, int64_t max_file)
{
	struct logfile_options o = {.max_size = max_size, .max_file = max_file};

	return logfile_new(dir, &o);
}

static void add(struct logfile *l, int stream, const char *s)
{
	logfile_write(l, stream, (const uint8_t *)s, strlen(s), 1767323045 * NS_PER_SEC + 5);
}

static void content(struct buf *b, const char *name)
{
	struct err e;

	CHECK_OK(file_read(dir, name, 64 << 20, b, &e), e);
}

TEST(log_format_is_dockers)
{
	setup();
	struct logfile *l = writer(0, 0);
	_cleanup_buf_ struct buf b = BUF_INIT(1 << 20);

	CHECK_EQ(faccessat(dir, "log", F_OK, 0), -1); // nothing before the first entry
	add(l, 1, "hello \"w\"\n");
	add(l, 2, "part");
	add(l, 2, "ial\n");
	logfile_free(l);
	content(&b, "log");
	CHECK_STR(b.data,
		  "{\"log\":\"hello \\\"w\\\"\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.000000005Z\"}\n"
		  "{\"log\":\"partial\\n\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05.000000005Z\"}\n");
}

// Reads everything as "1:text" pieces joined by '|'.
static const char *read_all(int64_t tail, struct buf *out)
{
	struct logfile_reader *r;
	const struct logfile_entry *entry;
	struct err e;
	int rc;

	buf_reset(out);
	CHECK_OK(logfile_reader_open(dir, tail, &r, &e), e);
	while ((rc = logfile_reader_next(r, &entry, &e)) > 0) {
		buf_addf(out, "%s%d:", out->len ? "|" : "", entry->stream);
		buf_add(out, entry->text.data, entry->text.len);
	}
	CHECK_OK(rc, e);
	logfile_reader_free(r);
	return out->data;
}

TEST(log_reads_back_any_byte)
{
	setup();
	struct logfile *l = writer(0, 0);
	struct logfile_reader *r;
	const struct logfile_entry *entry;
	struct err e;
	char line[] = "\x01\0\x7f \xc3\xa9 \xf0\x9f\x98\x80 <&> \"\\/\t\n";

	logfile_write(l, 1, (uint8_t *)line, sizeof(line) - 1, 77);
	logfile_free(l);
	CHECK_OK(logfile_reader_open(dir, -1, &r, &e), e);
	CHECK_EQ(logfile_reader_next(r, &entry, &e), 1);
	CHECK_EQ(entry->text.len, sizeof(line) - 1);
	CHECK(!memcmp(entry->text.data, line, sizeof(line) - 1));
	CHECK_EQ(entry->time, 77);
	CHECK_EQ(logfile_reader_next(r, &entry, &e), 0);
	CHECK_EQ(logfile_reader_damaged(r), 0);
	logfile_reader_free(r);
}

TEST(log_splits_endless_lines)
{
	setup();
	struct logfile *l = writer(0, 0);
	struct logfile_reader *r;
	const struct logfile_entry *entry;
	struct err e;
	static uint8_t block[65536];
	size_t total = 0;

	memset(block, 'x', sizeof(block));
	block[0] = 'y';
	for (int i = 0; i < 16; i++)
		logfile_write(l, 1, block, sizeof(block), 1);
	logfile_write(l, 1, (uint8_t *)"\n", 1, 1);
	logfile_free(l);
	CHECK_OK(logfile_reader_open(dir, -1, &r, &e), e);
	while (logfile_reader_next(r, &entry, &e) > 0) {
		CHECK(entry->text.len <= LOGFILE_LINE_MAX);
		CHECK_EQ(entry->text.data[0] == 'y', total % sizeof(block) == 0 && total < sizeof(block) * 16);
		total += entry->text.len;
	}
	CHECK_EQ(total, 16 * sizeof(block) + 1);
	logfile_reader_free(r);
}

TEST(log_does_not_cut_characters)
{
	setup();
	struct logfile *l = writer(0, 0);
	_cleanup_buf_ struct buf b = BUF_INIT(4 << 20), all = BUF_INIT(1 << 20);

	for (int i = 0; i < 10000; i++)
		buf_adds(&all, "\xe2\x82\xac"); // 3 bytes: 16384 is not a multiple
	buf_adds(&all, "\n");
	logfile_write(l, 2, (uint8_t *)all.data, all.len, 1);
	logfile_free(l);
	content(&b, "log");
	CHECK(!strstr(b.data, "\\ufffd") && !strstr(b.data, "\xef\xbf\xbd"));
}

TEST(log_rotates_and_reads_across)
{
	setup();
	struct logfile *l = writer(300, 3);
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
	char line[32];

	CHECK_STR(read_all(-1, &out), ""); // no file at all
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		add(l, 1, line);
	}
	logfile_free(l);
	CHECK_EQ(faccessat(dir, "log.2", F_OK, 0), 0);
	CHECK_EQ(faccessat(dir, "log.3", F_OK, 0), -1);
	// 4 entries of 78 bytes a file: 16..19 in log, 12..15 and 8..11 before.
	CHECK(str_starts(read_all(-1, &out), "1:line 8\n|"));
	CHECK_STR(read_all(2, &out), "1:line 18\n|1:line 19\n");
	CHECK_STR(read_all(0, &out), "");
	CHECK_STR(read_all(6, &out), "1:line 14\n|1:line 15\n|1:line 16\n|1:line 17\n|1:line 18\n|1:line 19\n");
	CHECK(str_starts(read_all(1000, &out), "1:line 8\n|"));
}

TEST(log_one_file_starts_over)
{
	setup();
	struct logfile *l = writer(100, 1);
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20);

	add(l, 1, "one\n");
	add(l, 1, "two\n");
	add(l, 1, "three\n");
	logfile_free(l);
	CHECK_STR(read_all(-1, &out), "1:three\n");
	CHECK_EQ(faccessat(dir, "log.1", F_OK, 0), -1);
}

TEST(log_followed_through_rotation)
{
	setup();
	struct logfile *l = writer(300, 2);
	struct logfile_reader *r;
	const struct logfile_entry *entry;
	struct err e;
	char line[32];

	CHECK_OK(logfile_reader_open(dir, -1, &r, &e), e);
	CHECK_EQ(logfile_reader_next(r, &entry, &e), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "n%d\n", i);
		add(l, 1 + i % 2, line);
		CHECK_EQ(logfile_reader_next(r, &entry, &e), 1);
		CHECK_STR(entry->text.data, line);
		CHECK_EQ(entry->stream, 1 + i % 2);
		CHECK_EQ(logfile_reader_next(r, &entry, &e), 0);
	}
	CHECK_EQ(logfile_reader_damaged(r), 0);
	logfile_reader_free(r);
	logfile_free(l);
}

TEST(log_survives_damage)
{
	setup();
	_cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
	struct logfile *l = writer(0, 0);
	struct logfile_reader *r;
	const struct logfile_entry *entry;
	struct err e;

	add(l, 1, "good\n");
	logfile_free(l);
	int fd = openat(dir, "log", O_WRONLY | O_APPEND | O_CLOEXEC);
	static char junk[200 * 1024];
	memset(junk, 'j', sizeof(junk));
	CHECK_EQ(write(fd, "{\"log\":\"torn", 12), 12); // a monitor killed in the middle of a write
	l = writer(0, 0);
	add(l, 1, "after\n");
	CHECK_EQ(write(fd, "\n", 1), 1);
	CHECK_EQ(write(fd, junk, sizeof(junk)), sizeof(junk));
	CHECK_EQ(write(fd, "\n", 1), 1);
	add(l, 1, "last\n");
	logfile_free(l);
	close(fd);
	CHECK_STR(read_all(-1, &out), "1:good\n|1:after\n|1:last\n");
	CHECK_OK(logfile_reader_open(dir, -1, &r, &e), e);
	while (logfile_reader_next(r, &entry, &e) > 0)
		;
	CHECK_EQ(logfile_reader_damaged(r), 2);
	logfile_reader_free(r);
}

TEST(log_full_disk_loses_lines_only)
{
	struct logfile_options o = {0};
	uint64_t lost;

	setup();
	CHECK_EQ(symlinkat("/dev/full", dir, "log"), 0); // not followed: the payload's log is never written elsewhere
	struct logfile *l = logfile_new(dir, &o);
	add(l, 1, "a\nb\n");
	lost = logfile_lost(l);
	logfile_free(l);
	CHECK_EQ(lost, 2);
}

TEST(log_entry_parser_is_strict)
{
	struct logfile_entry x = {.text = BUF_INIT(4096)};
	static const char *const bad[] = {
		"",
		"{}",
		"{\"log\":\"a\"}",
		"{\"log\":\"a\",\"stream\":\"stdin\",\"time\":\"2026-01-02T03:04:05Z\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"yesterday\"}",
		"{\"log\":\"\\ud800\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}",
		"{\"log\":\"\\x\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}",
		"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"} ",
		"{\"log\":\"a",
	};
	const char *good =
		"{\"log\":\"\\ud83d\\ude00\\u0041\",\"stream\":\"stderr\",\"time\":\"2026-01-02T03:04:05.5Z\"}";

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (logfile_parse(bad[i], strlen(bad[i]), &x) != -EINVAL)
			test_fail(__FILE__, __LINE__, "accepted: %s", bad[i]);
	CHECK_EQ(logfile_parse(good, strlen(good), &x), 0);
	CHECK_STR(x.text.data, "\xf0\x9f\x98\x80"
			       "A");
	CHECK_EQ(x.stream, 2);
	CHECK_EQ(x.time % NS_PER_SEC, 500000000);
	buf_done(&x.text);
}
