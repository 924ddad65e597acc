// SPDX-License-Identifier: Apache-2.0
// Opening what to load or import, and spooling what has to be read more than once. A compressed archive is opened up by
// a confined child that can only read its input and write its output.
#include "image/source.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/confine.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { FILTER_MEMORY = 256 << 20 };

int image_source_open(const char *path, int fd, struct image_source *ret, struct err *e)
{
	bool named = path && !str_eq(path, "-");
	struct image_source s = {.fd = fd, .own = named, .shown = named ? path : "standard input"};
	struct stat st;

	if (named)
		s.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s.fd < 0 || fstat(s.fd, &st)) {
		int rc = err_sys(e, "open %s", s.shown);
		image_source_done(&s);
		return rc;
	}
	s.directory = S_ISDIR(st.st_mode);
	s.size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (!named && isatty(fd))
		return err_invalid(e, "standard input is a terminal: give a file, or redirect one: < FILE");
	*ret = s;
	return 0;
}

void image_source_done(struct image_source *s)
{
	if (s->own)
		fd_close(s->fd);
	s->fd = -1;
}

static int open_spool(struct image_store *s, struct err *e)
{
	char random[STORE_DIR_NAME + 1], name[32];
	int rc = store_open_blobs(s, e);

	if (rc < 0 || (rc = store_random_name(random, e)) < 0)
		return rc;
	snprintf(name, sizeof(name), ".new-%s", random);
	int fd = openat(s->images, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || (unlinkat(s->images, name, 0) && errno != ENOENT)) {
		rc = err_sys(e, "make a temporary file in the image store");
		fd_close(fd);
		return rc;
	}
	return fd;
}

static int copy_stream(struct stream *in, int out, struct err *e)
{
	const uint8_t *p = NULL;
	ssize_t n = 0;

	while ((n = stream_next(in, &p, SIZE_MAX / 4, e)) > 0) {
		ssize_t rc = fd_write_full(out, p, (size_t)n);
		if (rc < 0)
			return err_rc(e, (int)rc, "write a temporary file in the image store");
	}
	return (int)n;
}

static _noreturn_ void run_filter(int in, int64_t offset, int out, int report, const struct codec *c,
				  enum codec_format f)
{
	int keep[3] = {in, out, report};
	struct confine cell = {.job = CONFINE_FILTER, .root = -1, .memory = FILTER_MEMORY};
	struct err e = {0};
	struct stream *s = NULL;

	for (size_t i = 0; i < 3; i++) // ascending, as confine_self wants them
		for (size_t j = i + 1; j < 3; j++)
			if (keep[j] < keep[i]) {
				int swap = keep[i];
				keep[i] = keep[j];
				keep[j] = swap;
			}
	int rc = confine_self(&cell, keep, 3, &e);
	if (rc >= 0)
		rc = stream_inflate(stream_of_fd(in, offset, STREAM_TO_END), c, f, 0, &s, &e);
	if (rc >= 0)
		rc = copy_stream(s, out, &e);
	if (rc < 0)
		send(report, &e, sizeof(e), MSG_NOSIGNAL);
	_exit(rc < 0);
}

static int wait_filter(pid_t pid, int report, struct err *e)
{
	struct err from = {0};
	int status = 0;
	ssize_t n = 0;

	do
		n = recv(report, &from, sizeof(from), 0);
	while (n < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!n && !status)
		return 0;
	if (n != sizeof(from) || from.class >= ERR_CLASS_MAX || from.code <= 0)
		return err_set(e, ERR_INTERNAL, EIO, "the decompressor ended without a result (status %#x)",
			       (unsigned)status);
	from.text[sizeof(from.text) - 1] = 0;
	return err_set(e, (enum err_class)from.class, from.code, "%s", from.text);
}

static int decompress(int in, int out, const struct codec *c, enum codec_format f, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "start the decompressor: socketpair");
	_cleanup_fd_ int ours = pair[0];
	_cleanup_fd_ int theirs = pair[1];
	_cleanup_fd_ int high = fd_above_stdio(fcntl(in, F_DUPFD_CLOEXEC, 3)); // standard input may be what is read
	if (high < 0)
		return err_sys(e, "start the decompressor");
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "start the decompressor: fork");
	if (!pid)
		run_filter(high, 0, out, theirs, c, f);
	fd_close(TAKE_FD(theirs));
	return wait_filter(pid, ours, e);
}

static int spool(struct image_source *src, struct image_store *s, struct err *e)
{
	_cleanup_stream_ struct stream *in = stream_of_fd(src->fd, -1, STREAM_TO_END);
	_cleanup_fd_ int out = open_spool(s, e);
	int rc = out < 0 ? out : copy_stream(in, out, e);

	if (rc < 0)
		return rc;
	image_source_done(src);
	src->fd = TAKE_FD(out);
	src->own = true;
	return 0;
}

int image_source_seekable(struct image_source *src, struct image_store *s, const struct codec *c, struct err *e)
{
	uint8_t head[CODEC_SNIFF];
	struct stat st;
	int rc = 0;

	if (fstat(src->fd, &st))
		return err_sys(e, "look at the archive");
	if ((!S_ISREG(st.st_mode) || lseek(src->fd, 0, SEEK_CUR) != 0) && (rc = spool(src, s, e)) < 0)
		return rc;
	ssize_t n = fd_pread_full(src->fd, head, sizeof(head), 0);
	if (n < 0)
		return err_rc(e, (int)n, "read the archive");
	enum codec_format f = codec_sniff(head, (size_t)n);
	if ((rc = codec_check_format(f, e)) < 0)
		return rc;
	if (f != CODEC_NONE) {
		_cleanup_fd_ int out = open_spool(s, e);
		if (out < 0 || (rc = decompress(src->fd, out, c, f, e)) < 0)
			return out < 0 ? out : rc;
		image_source_done(src);
		src->fd = TAKE_FD(out);
		src->own = true;
	}
	off_t size = lseek(src->fd, 0, SEEK_END);
	if (size < 0)
		return err_sys(e, "look at the archive");
	src->size = (uint64_t)size;
	return 0;
}
