// SPDX-License-Identifier: Apache-2.0
// A payload's outputs and their sinks.
//
// Theory of operation. A source reads one chunk; each sink keeps how much of it it has. As long as any sink lacks
// bytes the source is out of the event loop (removed, not masked: a hang-up would be told for ever), so the payload
// meets a full pipe and waits. The last sink to finish puts it back. A sink that returns -EAGAIN is left alone until it
// says that it is ready; with a stall time it is dropped when it makes no progress for so long, and the rest go on.
// Sinks may vanish from inside of their own write and from `gone`: removal marks them, the sweep frees them.
#include "engine/stream.h"

#include "base/fd.h"
#include "base/list.h"
#include "base/mem.h"
#include "engine/stream_nowait.h"

#include <sys/epoll.h>

enum { ROUNDS = 16 }; // chunks in a row before other events get their turn

struct source {
	struct stream_group *group;
	int stream, fd; // fd -1: none, or ended
	struct loop_source *watch;
	uint8_t *chunk;
	size_t n;
};

struct stream_sink {
	struct list link;
	struct stream_group *group;
	unsigned mask;
	const struct stream_sink_ops *ops;
	void *data;
	size_t has[STREAM_MAX]; // of the current chunk
	bool blocked, dead;
	int64_t stall_ns;
	struct loop_source *stall;
};

struct stream_group {
	struct loop *loop;
	struct source source[STREAM_MAX];
	struct list sinks;
	void (*done)(void *data);
	void *data;
	unsigned busy; // depth of pump: sinks are freed at 0
	bool finishing, told;
};

struct stream_group *stream_group_new(struct loop *l, void (*done)(void *data), void *data)
{
	struct stream_group *g = xnew(struct stream_group);

	g->loop = l;
	g->done = done;
	g->data = data;
	list_init(&g->sinks);
	for (int i = 0; i < STREAM_MAX; i++)
		g->source[i] = (struct source){.group = g, .stream = i + 1, .fd = -1};
	return g;
}

static void source_end(struct source *s)
{
	loop_remove(TAKE_PTR(s->watch));
	fd_close(TAKE_FD(s->fd));
	s->n = 0;
	free(TAKE_PTR(s->chunk));
}

static void sink_free(struct stream_sink *s)
{
	loop_remove(s->stall);
	list_remove(&s->link);
	free(s);
}

void stream_group_free(struct stream_group *g)
{
	if (!g)
		return;
	for (int i = 0; i < STREAM_MAX; i++)
		source_end(&g->source[i]);
	list_for_each (it, next, &g->sinks)
		sink_free(list_entry(it, struct stream_sink, link));
	free(g);
}

static bool wants(const struct stream_sink *s, int stream)
{
	return !s->dead && (s->mask & 1U << stream);
}

bool stream_has_sinks(const struct stream_group *g, int stream)
{
	for (const struct list *it = g->sinks.next; it != &g->sinks; it = it->next)
		if (wants(list_entry(it, struct stream_sink, link), stream))
			return true;
	return false;
}

static void sweep(struct stream_group *g)
{
	list_for_each (it, next, &g->sinks) {
		struct stream_sink *s = list_entry(it, struct stream_sink, link);
		if (s->dead)
			sink_free(s);
	}
}

static void sink_fail(struct stream_sink *s, int stream, int code)
{
	s->dead = true;
	if (s->ops->gone)
		s->ops->gone(s->data, stream, code);
}

static void pump_all(struct stream_group *g);

static void on_stall(struct loop *l, void *data)
{
	struct stream_sink *s = data;
	struct stream_group *g = s->group;
	int stream = s->has[0] < g->source[0].n ? STREAM_STDOUT : STREAM_STDERR;

	g->busy++;
	loop_remove(TAKE_PTR(s->stall));
	if (!s->dead)
		sink_fail(s, stream, -ETIMEDOUT);
	g->busy--;
	pump_all(g);
}

static void sink_block(struct stream_sink *s)
{
	s->blocked = true;
	if (s->stall_ns && !s->stall)
		(void)loop_add_timer(s->group->loop, s->stall_ns, 0, on_stall, s, &s->stall, NULL);
}

// Gives a sink what it lacks of src's chunk.
static void sink_feed(struct stream_sink *s, struct source *src)
{
	size_t *has = &s->has[src->stream - 1];

	while (!s->dead && !s->blocked && *has < src->n) {
		ssize_t n = s->ops->write(s->data, src->stream, src->chunk + *has, src->n - *has);
		if (n == -EAGAIN) {
			sink_block(s);
		} else if (n <= 0) {
			if (!s->dead)
				sink_fail(s, src->stream, n ? (int)n : -EIO);
		} else {
			*has += (size_t)n;
			loop_remove(TAKE_PTR(s->stall));
		}
	}
}

// Feeds every sink; whether all of them have the whole chunk.
static bool deliver(struct source *src)
{
	bool all = true;

	list_for_each (it, next, &src->group->sinks) {
		struct stream_sink *s = list_entry(it, struct stream_sink, link);
		if (!wants(s, src->stream))
			continue;
		sink_feed(s, src);
		if (wants(s, src->stream) && s->has[src->stream - 1] < src->n)
			all = false;
	}
	return all;
}

// Reads the next chunk: 1, 0 nothing now, -1 the end.
static int refill(struct source *src)
{
	if (!src->chunk)
		src->chunk = xmalloc(STREAM_CHUNK);
	src->n = 0;
	ssize_t n = read(src->fd, src->chunk, STREAM_CHUNK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return src->group->finishing && errno == EAGAIN ? -1 : 0;
	if (n <= 0)
		return -1; // EIO: the last slave of a terminal was closed
	src->n = (size_t)n;
	list_for_each (it, next, &src->group->sinks)
		list_entry(it, struct stream_sink, link)->has[src->stream - 1] = 0;
	return 1;
}

static void on_readable(struct loop *l, int fd, uint32_t revents, void *data);

static void watch(struct source *src, bool on)
{
	if (on && !src->watch) {
		if (loop_add_fd(src->group->loop, src->fd, EPOLLIN, on_readable, src, &src->watch, NULL) < 0)
			source_end(src); // out of memory for epoll: rather an end than a payload that hangs
	} else if (!on) {
		loop_remove(TAKE_PTR(src->watch));
	}
}

// Moves src on as far as it goes without waiting.
static void pump(struct source *src)
{
	for (int i = 0; i < ROUNDS && src->fd >= 0; i++) {
		if (!deliver(src)) {
			watch(src, false);
			return;
		}
		int rc = src->fd < 0 ? -1 : refill(src);
		if (rc < 0) {
			source_end(src);
			return;
		}
		if (!rc)
			break;
	}
	if (src->fd >= 0 && !deliver(src))
		watch(src, false);
	else if (src->fd >= 0)
		watch(src, true);
}

bool stream_group_is_done(const struct stream_group *g)
{
	for (int i = 0; i < STREAM_MAX; i++)
		if (g->source[i].fd >= 0)
			return false;
	return true;
}

static void settle(struct stream_group *g)
{
	if (g->busy)
		return;
	sweep(g);
	if (stream_group_is_done(g) && !g->told) {
		g->told = true;
		g->done(g->data);
	}
}

static void pump_all(struct stream_group *g)
{
	g->busy++;
	for (int i = 0; i < STREAM_MAX; i++)
		if (g->source[i].fd >= 0)
			pump(&g->source[i]);
	g->busy--;
	settle(g);
}

static void on_readable(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct source *src = data;
	struct stream_group *g = src->group;

	g->busy++;
	pump(src);
	g->busy--;
	settle(g);
}

int stream_source_add(struct stream_group *g, int stream, int fd, struct err *e)
{
	struct source *src = &g->source[stream - 1];
	int rc = fd_set_nonblock(fd, true);

	if (rc >= 0)
		rc = loop_add_fd(g->loop, fd, EPOLLIN, on_readable, src, &src->watch, e);
	else
		(void)err_rc(e, rc, "set the payload's output non-blocking");
	if (rc < 0) {
		fd_close(fd);
		return rc;
	}
	src->fd = fd;
	return 0;
}

void stream_source_close(struct stream_group *g, int stream)
{
	source_end(&g->source[stream - 1]);
	settle(g);
}

struct stream_sink *stream_sink_add(struct stream_group *g, unsigned mask, const struct stream_sink_ops *ops,
				    void *data, int64_t stall_ns)
{
	struct stream_sink *s = xnew(struct stream_sink);

	*s = (struct stream_sink){.group = g, .mask = mask, .ops = ops, .data = data, .stall_ns = stall_ns};
	for (int i = 0; i < STREAM_MAX; i++)
		s->has[i] = g->source[i].n;
	list_append(&g->sinks, &s->link);
	return s;
}

void stream_sink_ready(struct stream_sink *s)
{
	s->blocked = false;
	pump_all(s->group);
}

void stream_sink_remove(struct stream_sink *s)
{
	if (!s)
		return;
	struct stream_group *g = s->group;
	s->dead = true;
	loop_remove(TAKE_PTR(s->stall));
	if (!g->busy)
		pump_all(g); // it may have been the one that others waited for
}

void stream_group_finish(struct stream_group *g)
{
	g->finishing = true;
	pump_all(g);
}

// ---- somebody else's descriptor
// -----------------------------------------------------------------------------------------

struct stream_fd_sink {
	struct loop *loop;
	struct stream_sink *sink;
	int fd; // as given
	struct nowait out;
	bool opened;
	struct loop_source *watch;
	void (*gone)(void *data, int stream, int code);
	void *data;
};

static void on_writable(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct stream_fd_sink *s = data;

	loop_remove(TAKE_PTR(s->watch));
	stream_sink_ready(s->sink);
}

static ssize_t fd_sink_write(void *data, int stream, const uint8_t *p, size_t n)
{
	struct stream_fd_sink *s = data;
	struct err e;

	if (!s->opened) { // here and not earlier: many a payload writes nothing
		s->out = nowait_open(s->fd, true);
		s->opened = true;
	}
	ssize_t put = nowait_write(&s->out, p, n);
	if (put != -EAGAIN)
		return put;
	int rc = s->watch ? 0 : loop_add_fd(s->loop, s->out.fd, EPOLLOUT, on_writable, s, &s->watch, &e);
	return rc < 0 ? rc : -EAGAIN;
}

static void fd_sink_free(struct stream_fd_sink *s)
{
	loop_remove(s->watch);
	if (s->opened)
		nowait_close(&s->out);
	free(s);
}

static void fd_sink_gone(void *data, int stream, int code)
{
	struct stream_fd_sink *s = data;
	void (*gone)(void *, int, int) = s->gone;
	void *d = s->data;

	fd_sink_free(s);
	gone(d, stream, code);
}

struct stream_fd_sink *stream_fd_sink_add(struct stream_group *g, struct loop *l, int stream, int fd, int64_t stall_ns,
					  void (*gone)(void *data, int stream, int code), void *data)
{
	static const struct stream_sink_ops ops = {.write = fd_sink_write, .gone = fd_sink_gone};
	struct stream_fd_sink *s = xnew(struct stream_fd_sink);

	*s = (struct stream_fd_sink){.loop = l, .fd = fd, .gone = gone, .data = data};
	s->sink = stream_sink_add(g, 1U << stream, &ops, s, stall_ns);
	return s;
}

void stream_fd_sink_remove(struct stream_fd_sink *s)
{
	if (!s)
		return;
	struct stream_sink *sink = s->sink;
	fd_sink_free(s);
	stream_sink_remove(sink);
}
