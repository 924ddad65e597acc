// SPDX-License-Identifier: Apache-2.0
// A payload's stdin: one bounded buffer that clients' packets or the caller's own stdin go through. Whoever offers
// while it is full is told to wait, so that a payload that does not read costs its feeder time and the monitor nothing.
#include "engine/stream.h"

#include "base/fd.h"
#include "base/mem.h"
#include "engine/stream_nowait.h"

#include <string.h>
#include <sys/epoll.h>

enum { ROUNDS = 16 };

struct stream_input {
	struct loop *loop;
	int fd; // -1: closed
	bool terminal, ending, refused /* an offer */, wait_out;
	struct nowait from; // fd -1: none
	struct loop_source *out, *in;
	uint8_t *data;
	size_t n, at;
	const struct stream_input_ops *ops;
	void *arg;
};

struct stream_input *stream_input_new(struct loop *l, int fd, bool terminal, const struct stream_input_ops *ops,
				      void *data)
{
	struct stream_input *in = xnew(struct stream_input);

	*in = (struct stream_input){.loop = l, .fd = fd, .terminal = terminal, .from.fd = -1, .ops = ops, .arg = data};
	(void)fd_set_nonblock(fd, true);
	return in;
}

void stream_input_stop(struct stream_input *in)
{
	loop_remove(TAKE_PTR(in->in));
	if (in->from.fd >= 0)
		nowait_close(&in->from);
}

static void close_all(struct stream_input *in)
{
	stream_input_stop(in);
	loop_remove(TAKE_PTR(in->out));
	fd_close(TAKE_FD(in->fd));
	free(TAKE_PTR(in->data));
	in->n = in->at = 0;
}

void stream_input_free(struct stream_input *in)
{
	if (!in)
		return;
	close_all(in);
	free(in);
}

static void run(struct stream_input *in);

static void on_event(struct loop *l, int fd, uint32_t revents, void *data)
{
	run(data);
}

// Waits for room. Always ready ones (a file as stdin of a plain process) cannot be watched and need not be.
static void wait_out(struct stream_input *in)
{
	if (!in->out && loop_add_fd(in->loop, in->fd, EPOLLOUT, on_event, in, &in->out, NULL) < 0)
		close_all(in);
}

static void wait_in(struct stream_input *in)
{
	if (in->in || loop_add_fd(in->loop, in->from.fd, EPOLLIN, on_event, in, &in->in, NULL) >= 0)
		return;
	stream_input_stop(in);
	in->ending = true;
}

// Writes what waits: 0 all, -EAGAIN some is left, or it is over.
static int put(struct stream_input *in)
{
	while (in->at < in->n) {
		ssize_t n = write(in->fd, in->data + in->at, in->n - in->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		in->at += (size_t)n;
	}
	in->at = in->n = 0;
	return 0;
}

// Reads more: 1, 0 nothing now or no source.
static int get(struct stream_input *in)
{
	if (in->from.fd < 0 || in->ending)
		return 0;
	if (!in->data)
		in->data = xmalloc(STREAM_CHUNK);
	ssize_t n = nowait_read(&in->from, in->data, STREAM_CHUNK);
	if (n == -EAGAIN) {
		wait_in(in);
		return 0;
	}
	if (n <= 0) {
		stream_input_stop(in);
		in->ending = true;
		return 0;
	}
	in->n = (size_t)n;
	return 1;
}

static void finish(struct stream_input *in)
{
	close_all(in);
	if (in->ops->closed)
		in->ops->closed(in->arg);
}

static void run(struct stream_input *in)
{
	loop_remove(TAKE_PTR(in->in));
	for (int i = 0; i < ROUNDS; i++) {
		int rc = in->fd < 0 ? -EPIPE : put(in);
		if (rc == -EAGAIN) {
			wait_out(in);
			return;
		}
		if (rc < 0 || (in->ending && !in->terminal)) {
			finish(in);
			return;
		}
		if (!get(in)) {
			if (in->ending && !in->terminal)
				continue;
			loop_remove(TAKE_PTR(in->out));
			if (in->refused) {
				in->refused = false;
				in->ops->drained(in->arg);
			}
			return;
		}
	}
	wait_out(in); // others first
}

bool stream_input_offer(struct stream_input *in, const uint8_t *p, size_t n)
{
	if (in->fd < 0 || in->ending)
		return true; // nobody will read it
	if (in->n) {
		in->refused = true;
		return false;
	}
	if (!in->data)
		in->data = xmalloc(STREAM_CHUNK);
	memcpy(in->data, p, n);
	in->n = n;
	run(in);
	return true;
}

bool stream_input_ready(struct stream_input *in)
{
	in->refused = in->refused || in->n;
	return !in->n;
}

int stream_input_fd(const struct stream_input *in)
{
	return in->fd;
}

int stream_input_from(struct stream_input *in, int fd, struct err *e)
{
	in->from = nowait_open(fd, false);
	run(in);
	return 0;
}

void stream_input_end(struct stream_input *in)
{
	stream_input_stop(in);
	in->ending = true;
	if (in->fd >= 0)
		run(in);
}
