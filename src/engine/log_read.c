// SPDX-License-Identifier: Apache-2.0
// Reads a container's log back, rotated files first, and goes on behind the writer through rotations.
//
// Theory of operation. The files are opened newest first and each inode taken once: a rotation in between renames a
// file we hold, so it would turn up again under the next name, and nothing is missed. They are then read oldest
// first. When the newest is at its end, its name is looked at: if another inode is there now, the held one was rotated
// away; it is read once more to its end (the writer finished it before the new one was made) and the new one is next.
// The parser is strict and its own: general JSON would refuse the NUL characters that payloads do write.
#include "engine/logfile.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { BLOCK = 64 * 1024 };

struct logfile_reader {
	int dir;
	int *fds; // what is still to be read, oldest first; fds[at] is being read
	size_t n, at;
	off_t from;       // where to begin in fds[at] (after a tail)
	struct buf block; // read but not consumed bytes of fds[at]
	size_t used;      // of them
	bool overlong;    // skipping the rest of a line that is too long
	struct logfile_entry entry;
	uint64_t damaged;
};

// ---- one entry
// --------------------------------------------------------------------------------------------------------

struct cursor {
	const char *p, *end;
};

static bool expect(struct cursor *c, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, s, n) != 0)
		return false;
	c->p += n;
	return true;
}

static int hex4(struct cursor *c)
{
	int v = 0;

	if (c->end - c->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char ch = *c->p++;
		int d = ch >= '0' && ch <= '9'   ? ch - '0'
			: ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
			: ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
						 : -1;
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static void add_utf8(struct buf *b, uint32_t u)
{
	if (u < 0x80) {
		buf_addc(b, (char)u);
	} else if (u < 0x800) {
		buf_addc(b, (char)(0xc0 | u >> 6));
		buf_addc(b, (char)(0x80 | (u & 0x3f)));
	} else if (u < 0x10000) {
		buf_addc(b, (char)(0xe0 | u >> 12));
		buf_addc(b, (char)(0x80 | (u >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (u & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | u >> 18));
		buf_addc(b, (char)(0x80 | (u >> 12 & 0x3f)));
		buf_addc(b, (char)(0x80 | (u >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (u & 0x3f)));
	}
}

// Behind "\u".
static bool unescape_unicode(struct cursor *c, struct buf *out)
{
	int u = hex4(c);

	if (u < 0 || (u >= 0xdc00 && u <= 0xdfff))
		return false;
	if (u >= 0xd800 && u <= 0xdbff) {
		int low = expect(c, "\\u") ? hex4(c) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(out, (uint32_t)u);
	return true;
}

static bool unescape(struct cursor *c, struct buf *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";

	if (c->p == c->end)
		return false;
	char ch = *c->p++;
	if (ch == 'u')
		return unescape_unicode(c, out);
	const char *at = ch ? strchr(names, ch) : NULL;
	if (!at)
		return false;
	buf_addc(out, values[at - names]);
	return true;
}

// A string, its opening quote consumed already; out may be reset before.
static bool string(struct cursor *c, struct buf *out)
{
	for (;;) {
		const char *from = c->p;
		while (c->p < c->end && *c->p != '"' && *c->p != '\\' && (unsigned char)*c->p >= 0x20)
			c->p++;
		buf_add(out, from, (size_t)(c->p - from));
		if (c->p == c->end || (unsigned char)*c->p < 0x20)
			return false;
		if (*c->p++ == '"')
			return !out->failed;
		if (!unescape(c, out))
			return false;
	}
}

int logfile_parse(const char *line, size_t n, struct logfile_entry *ret)
{
	struct cursor c = {line, line + n};
	char time[CLOCK_RFC3339_MAX];
	struct logfile_entry entry = {.text = ret->text};

	buf_reset(&entry.text);
	bool ok = expect(&c, "{\"log\":\"") && string(&c, &entry.text) && expect(&c, ",\"stream\":\"");
	entry.stream = ok && expect(&c, "stdout\"") ? 1 : ok && expect(&c, "stderr\"") ? 2 : 0;
	ok = entry.stream && expect(&c, ",\"time\":\"");
	size_t left = (size_t)(c.end - c.p);
	if (ok && left > 2 && left < sizeof(time) && c.end[-1] == '}' && c.end[-2] == '"') {
		memcpy(time, c.p, left - 2);
		time[left - 2] = 0;
		ok = clock_parse_rfc3339(time, &entry.time) == 0;
	} else {
		ok = false;
	}
	ret->text = entry.text; // its memory may have moved
	if (!ok)
		return -EINVAL;
	*ret = entry;
	return 0;
}

// ---- files
// ------------------------------------------------------------------------------------------------------------

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(fds[i]);
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

// All files, newest first, into r->fds.
static int open_files(struct logfile_reader *r, struct err *e)
{
	char name[32] = LOGFILE_NAME;

	r->fds = xnew_n(int, 4);
	for (int i = 0; i <= LOGFILE_FILES_MAX; i++) {
		if (i > 0 && str_fmt(name, sizeof(name), LOGFILE_NAME ".%d", i) < 0)
			return err_set(e, ERR_INTERNAL, ENAMETOOLONG, "log file %d", i);
		int fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 && errno == ENOENT) {
			if (i > 0)
				break; // no current one is possible: nothing written yet, or within a rotation
			continue;
		}
		if (fd < 0)
			return err_sys(e, "open the log file %s", name);
		if (r->n && same_file(fd, r->fds[r->n - 1])) {
			fd_close(fd);
			continue;
		}
		r->fds = xreallocarray(r->fds, r->n + 1, sizeof(int));
		r->fds[r->n++] = fd;
	}
	return 0;
}

// Finds where the last want lines of fd begin; returns how many of them are in it.
static int64_t seek_tail(int fd, int64_t want, off_t *ret)
{
	struct stat st;
	_cleanup_free_ char *block = xmalloc(BLOCK);
	int64_t lines = 0;

	*ret = 0;
	if (fstat(fd, &st) < 0)
		return 0;
	for (off_t end = st.st_size, at; end > 0; end = at) {
		size_t n = (size_t)MIN(end, (off_t)BLOCK);
		at = end - (off_t)n;
		ssize_t got = fd_pread_full(fd, block, n, at);
		for (ssize_t i = got - 1; i >= 0; i--) {
			if (block[i] != '\n' || at + i + 1 == st.st_size)
				continue;
			if (++lines == want) {
				*ret = at + i + 1;
				return lines;
			}
		}
	}
	return lines + (st.st_size > 0); // the first line has no newline before it
}

// Leaves in r->fds (newest first) those that the last tail lines are in, and sets where to begin.
static void apply_tail(struct logfile_reader *r, int64_t tail)
{
	size_t keep = 0;

	if (tail < 0)
		return;
	while (keep < r->n && tail > 0)
		tail -= seek_tail(r->fds[keep++], tail, &r->from);
	if (!keep && r->n) { // none of what is there: only what comes
		r->from = lseek(r->fds[0], 0, SEEK_END);
		keep = 1;
	}
	close_all(r->fds + keep, r->n - keep);
	r->n = keep;
}

int logfile_reader_open(int dir, int64_t tail, struct logfile_reader **ret, struct err *e)
{
	_cleanup_(logfile_reader_free_p) struct logfile_reader *r = xnew(struct logfile_reader);

	r->dir = dir;
	r->block = BUF_INIT(LOGFILE_ENTRY_MAX + BLOCK);
	r->entry.text = BUF_INIT(LOGFILE_ENTRY_MAX);
	int rc = open_files(r, e);
	if (rc < 0)
		return rc;
	apply_tail(r, tail);
	for (size_t i = 0; i < r->n / 2; i++) {
		int fd = r->fds[i];
		r->fds[i] = r->fds[r->n - 1 - i];
		r->fds[r->n - 1 - i] = fd;
	}
	*ret = TAKE_PTR(r);
	return 0;
}

void logfile_reader_free(struct logfile_reader *r)
{
	if (!r)
		return;
	if (r->fds)
		close_all(r->fds + r->at, r->n - r->at);
	free(r->fds);
	buf_done(&r->block);
	buf_done(&r->entry.text);
	free(r);
}

void logfile_reader_free_p(struct logfile_reader **r)
{
	logfile_reader_free(*r);
}

uint64_t logfile_reader_damaged(const struct logfile_reader *r)
{
	return r->damaged;
}

// Whether the name of the current file leads to another one than what is being read; that one is queued then.
static bool queue_successor(struct logfile_reader *r)
{
	_cleanup_fd_ int fd = openat(r->dir, LOGFILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || (r->at < r->n && same_file(fd, r->fds[r->at])))
		return false;
	r->fds = xreallocarray(r->fds, r->n + 1, sizeof(int));
	r->fds[r->n++] = TAKE_FD(fd);
	return true;
}

static void next_file(struct logfile_reader *r)
{
	fd_close(r->fds[r->at++]);
	r->from = 0;
	if (r->block.len > r->used || r->overlong)
		r->damaged++; // it ended within a line
	buf_reset(&r->block);
	r->used = 0;
	r->overlong = false;
}

// More bytes of the current file: 1, 0 at its end, or an error.
static int fill(struct logfile_reader *r, struct err *e)
{
	buf_consume(&r->block, r->used);
	r->used = 0;
	if (r->block.len >= LOGFILE_ENTRY_MAX) {
		r->overlong = true;
		buf_reset(&r->block);
	}
	char *to = buf_reserve(&r->block, BLOCK);
	if (!to)
		return err_rc(e, r->block.failed, "read the log");
	ssize_t n = pread(r->fds[r->at], to, BLOCK, r->from);
	if (n < 0)
		return err_sys(e, "read the log");
	r->from += n;
	buf_commit(&r->block, (size_t)n);
	return n > 0;
}

// The next whole line in the block: whether it is an entry.
static bool take_line(struct logfile_reader *r, const char *nl)
{
	const char *line = r->block.data + r->used;
	size_t n = (size_t)(nl - line);

	r->used += n + 1;
	if (r->overlong) {
		r->overlong = false;
		r->damaged++;
		return false;
	}
	if (n && logfile_parse(line, n, &r->entry) == 0)
		return true;
	r->damaged += n > 0;
	return false;
}

int logfile_reader_next(struct logfile_reader *r, const struct logfile_entry **ret, struct err *e)
{
	bool rotated = false; // the current file is complete: its end is final

	for (;;) {
		if (r->at == r->n && !queue_successor(r))
			return 0;
		const char *nl = memchr(r->block.data + r->used, '\n', r->block.len - r->used);
		if (nl) {
			if (!take_line(r, nl))
				continue;
			*ret = &r->entry;
			return 1;
		}
		int rc = fill(r, e);
		if (rc < 0)
			return rc;
		if (rc > 0)
			continue;
		if (r->at + 1 == r->n) {
			if (!queue_successor(r))
				return 0;
		} else if (!rotated) {
			rotated = true; // once more: it may have grown before it was rotated away
		} else {
			next_file(r);
			rotated = false;
		}
	}
}
