// SPDX-License-Identifier: Apache-2.0
// Writes a container's log. The payload is hostile here: it may write a line without end, bytes that are no UTF-8, or
// fill the disk. So a line is cut at 16 KiB, whatever waits for its newline is at most one such line a stream, the
// encoded form goes out in pieces, and a write that fails costs entries, never the container or the monitor.
#include "engine/logfile.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { OUT_FLUSH = 32 * 1024, STREAMS = 2 };

struct partial {
	uint8_t *data; // LOGFILE_LINE_MAX bytes, made on first need
	size_t n;
};

struct logfile {
	int dir, fd;
	struct logfile_options o;
	int64_t size; // of the current file
	struct partial part[STREAMS];
	struct buf out;
	uint64_t lost, pending; // entries; pending: those in out
	bool torn;              // the file ends in the middle of an entry
};

struct logfile *logfile_new(int dir, const struct logfile_options *o)
{
	struct logfile *l = xnew(struct logfile);

	*l = (struct logfile){.dir = dir, .fd = -1, .o = *o, .out = BUF_INIT(OUT_FLUSH + LOGFILE_ENTRY_MAX)};
	if (l->o.max_file < 1)
		l->o.max_file = 1;
	if (l->o.max_file > LOGFILE_FILES_MAX)
		l->o.max_file = LOGFILE_FILES_MAX;
	return l;
}

uint64_t logfile_lost(const struct logfile *l)
{
	return l->lost;
}

// Whether the file was left in the middle of a line by a monitor that was killed.
static bool ends_torn(int dir, int64_t size)
{
	char last = '\n';
	_cleanup_fd_ int fd = openat(dir, LOGFILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && size > 0 && fd_pread_full(fd, &last, 1, size - 1) == 1 && last != '\n';
}

static int open_current(struct logfile *l)
{
	struct stat st;

	if (l->fd >= 0)
		return 0;
	l->fd = openat(l->dir, LOGFILE_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0)
		return -errno;
	l->size = fstat(l->fd, &st) < 0 ? 0 : st.st_size;
	if (l->size > 0)
		l->torn = ends_torn(l->dir, l->size);
	return 0;
}

static void rotate(struct logfile *l)
{
	char from[32] = LOGFILE_NAME, to[32];

	for (int64_t i = l->o.max_file - 1; i >= 1; i--) {
		if (str_fmt(to, sizeof(to), LOGFILE_NAME ".%lld", (long long)i) < 0 ||
		    (i > 1 && str_fmt(from, sizeof(from), LOGFILE_NAME ".%lld", (long long)i - 1) < 0))
			return;
		if (i == 1)
			(void)str_copy(from, sizeof(from), LOGFILE_NAME);
		(void)renameat(l->dir, from, l->dir, to);
	}
	// A new inode also when one file is all that is kept: a reader that follows finishes the old one.
	if (l->o.max_file == 1)
		(void)unlinkat(l->dir, LOGFILE_NAME, 0);
	fd_close(TAKE_FD(l->fd));
	l->torn = false;
}

static void flush(struct logfile *l)
{
	if (!l->out.len)
		return;
	int rc = open_current(l);
	if (!rc && l->torn && fd_write_full(l->fd, "\n", 1) == 1) {
		l->size++;
		l->torn = false;
	}
	ssize_t n = rc < 0 || l->torn ? -ENOSPC : fd_write_full(l->fd, l->out.data, l->out.len);
	if (n == (ssize_t)l->out.len) {
		l->size += n;
	} else {
		l->lost += l->pending;
		l->torn = !rc; // part of it may be there
	}
	l->pending = 0;
	buf_reset(&l->out);
}

static void entry(struct logfile *l, int stream, const uint8_t *p, size_t n, int64_t now)
{
	char time[CLOCK_RFC3339_MAX];

	if (l->fd < 0)
		(void)open_current(l); // for its size
	if (l->o.max_size > 0 && l->size + (int64_t)l->out.len >= l->o.max_size) {
		flush(l);
		rotate(l);
	}
	clock_rfc3339(time, now);
	buf_adds(&l->out, "{\"log\":");
	json_quote(&l->out, (const char *)p, n);
	buf_addf(&l->out, ",\"stream\":\"%s\",\"time\":\"%s\"}\n", stream == 2 ? "stderr" : "stdout", time);
	l->pending++;
	if (l->out.failed || l->out.len >= OUT_FLUSH)
		flush(l);
}

// Where to cut a line that is too long: not inside of a UTF-8 sequence, if the last four bytes hold its beginning.
static size_t cut(const uint8_t *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back < n; back++) {
		uint8_t c = p[n - back];
		if (c < 0x80)
			return n;
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) ? n - back : n;
	}
	return n;
}

// Adds bytes without a newline to what waits, and writes out what is full.
static void keep(struct logfile *l, int stream, const uint8_t *p, size_t n, int64_t now)
{
	struct partial *part = &l->part[stream - 1];

	if (!part->data)
		part->data = xmalloc(LOGFILE_LINE_MAX);
	while (n) {
		size_t take = MIN(n, LOGFILE_LINE_MAX - part->n);
		memcpy(part->data + part->n, p, take);
		part->n += take;
		p += take;
		n -= take;
		if (part->n < LOGFILE_LINE_MAX)
			break;
		size_t done = cut(part->data, part->n);
		entry(l, stream, part->data, done, now);
		part->n -= done;
		memmove(part->data, part->data + done, part->n);
	}
}

void logfile_write(struct logfile *l, int stream, const uint8_t *p, size_t n, int64_t now)
{
	struct partial *part = &l->part[stream - 1];

	while (n) {
		const uint8_t *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) + 1 : n;
		if (nl && !part->n && len <= LOGFILE_LINE_MAX) {
			entry(l, stream, p, len, now);
		} else {
			keep(l, stream, p, len, now);
			if (nl && part->n) {
				entry(l, stream, part->data, part->n, now);
				part->n = 0;
			}
		}
		p += len;
		n -= len;
	}
	flush(l);
}

void logfile_end(struct logfile *l, int64_t now)
{
	for (int i = 0; i < STREAMS; i++) {
		if (l->part[i].n)
			entry(l, i + 1, l->part[i].data, l->part[i].n, now);
		l->part[i].n = 0;
	}
	flush(l);
}

void logfile_free(struct logfile *l)
{
	if (!l)
		return;
	logfile_end(l, clock_now());
	fd_close(l->fd);
	for (int i = 0; i < STREAMS; i++)
		free(l->part[i].data);
	buf_done(&l->out);
	free(l);
}
