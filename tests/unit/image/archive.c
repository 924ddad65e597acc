// SPDX-License-Identifier: Apache-2.0
// Builds tar archives for tests.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "test.h"

#include <sys/stat.h>

void archive_checksum(struct buf *b, size_t at)
{
	unsigned sum = 0;

	memset(b->data + at + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (uint8_t)b->data[at + i];
	snprintf(b->data + at + 148, 8, "%06o", sum);
}

void archive_block(struct buf *b, const void *p, size_t n)
{
	static const char zero[512];

	buf_add(b, p, n);
	buf_add(b, zero, -n % 512);
}

static void octal(char *at, size_t n, int64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)n - 1, (unsigned long long)v);
	memcpy(at, text, n);
}

void archive_add(struct buf *b, const struct archive_entry *x)
{
	char h[512] = {0};
	size_t len = x->len ? x->len : x->data ? strlen(x->data) : 0, at = b->len;

	memcpy(h, x->name, MIN(strlen(x->name), 100));
	octal(h + 100, 8, x->mode ? x->mode : 0644);
	octal(h + 108, 8, x->uid);
	octal(h + 116, 8, x->gid);
	octal(h + 124, 12, x->size ? x->size : (int64_t)len);
	octal(h + 136, 12, x->mtime);
	h[156] = x->type ? x->type : '0';
	if (x->link)
		memcpy(h + 157, x->link, MIN(strlen(x->link), 100));
	if (!x->v7)
		memcpy(h + 257,
		       "ustar\0"
		       "00",
		       8);
	octal(h + 329, 8, x->major);
	octal(h + 337, 8, x->minor);
	if (x->prefix)
		memcpy(h + 345, x->prefix, strlen(x->prefix));
	buf_add(b, h, sizeof(h));
	archive_checksum(b, at);
	if (!x->no_data)
		archive_block(b, x->data, len);
}

void archive_raw_meta(struct buf *b, char type, const void *data, size_t len)
{
	ADD(b, .name = "meta", .type = type, .data = data, .len = len);
}

void archive_pax_typed(struct buf *b, char type, const char *key, const char *value, size_t len)
{
	_cleanup_buf_ struct buf r = BUF_INIT(2 << 20);
	size_t bare = strlen(key) + len + 3, n = bare, digits = 0;

	do {
		n = bare + digits;
		digits = (size_t)snprintf(NULL, 0, "%zu", n);
	} while (n != bare + digits);
	buf_addf(&r, "%zu %s=", n, key);
	buf_add(&r, value, len);
	buf_addc(&r, '\n');
	archive_raw_meta(b, type, r.data, r.len);
}

void archive_pax(struct buf *b, const char *key, const char *value, size_t len)
{
	archive_pax_typed(b, 'x', key, value, len);
}

void archive_end(struct buf *b)
{
	static const char zero[1024];

	buf_add(b, zero, sizeof(zero));
}

static char scratch_path[64];
static pid_t scratch_owner;

static void remove_scratch(void)
{
	struct err e;

	_cleanup_fd_ int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (getpid() == scratch_owner && path_remove_tree(tmp, path_basename(scratch_path), &e) < 0)
		fprintf(stderr, "%s\n", e.text);
}

int scratch(const char **ret_path)
{
	snprintf(scratch_path, sizeof(scratch_path), "/tmp/berth-test-image-XXXXXX");
	CHECK(mkdtemp(scratch_path));
	scratch_owner = getpid();
	atexit(remove_scratch);
	if (ret_path)
		*ret_path = scratch_path;
	int fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}
