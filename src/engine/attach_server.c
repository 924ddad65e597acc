// SPDX-License-Identifier: Apache-2.0
// The monitor's clients: the CLI that started the container (the control client, over a socketpair), and whoever
// connects to the attach socket to watch, to type, or to wait for the end.
//
// Theory of operation. A client's output does not travel in packets: it sends its own descriptors 1 and 2 along with
// FRAME_HELLO and the monitor writes to them without waiting (stream_fd_sink). So the socket carries only small frames
// and input, and a byte of output costs no switch to the client and back. The control client's descriptors came with
// the fork. What a client cannot take, its pipe holds; after STALL_MS without progress a client of the attach socket is
// dropped, so that it never holds up the container for longer. The control client may hold it up, as the reader of
// any pipeline does.
//
// Input that the payload does not take yet is one packet a client, held here, and its socket is not read until it went
// through: the kernel's socket buffer is the bound. Everything that comes from a client is checked by frame_parse, and
// a client that errs, says nothing for HELLO_MS, or is one too many is closed.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/monitor_priv.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum {
	CLIENTS_MAX = 64,
	STALL_MS = 10000,
	HELLO_MS = 5000,
	TELL_MS = 2000, // at the end, for a client whose socket is full
};

struct client {
	struct list link;
	struct attach_server *server;
	int sock;
	bool control, greeted, input, ended /* its input */;
	struct loop_source *watch, *hello_timer;
	int out[STREAM_MAX]; // received descriptors; -1
	struct stream_fd_sink *sink[STREAM_MAX];
	uint8_t *held; // input that the payload did not take yet
	size_t n_held;
};

struct attach_server {
	struct monitor *m;
	struct list clients;
	size_t n;
	struct client *control; // NULL: gone
	int listener;
	struct loop_source *listen_watch;
	char path[128]; // of the listener's socket, for unlink
};

static struct client *client_new(struct attach_server *a, int sock)
{
	struct client *c = xnew(struct client);

	*c = (struct client){.server = a, .sock = sock, .out = {-1, -1}};
	list_append(&a->clients, &c->link);
	a->n++;
	return c;
}

struct attach_server *attach_server_new(struct monitor *m, int control)
{
	struct attach_server *a = xnew(struct attach_server);

	*a = (struct attach_server){.m = m, .listener = -1};
	list_init(&a->clients);
	a->control = client_new(a, control);
	a->control->control = a->control->greeted = true;
	a->control->input = m->io.in || m->io.in_frames;
	return a;
}

bool attach_server_has_control(const struct attach_server *a)
{
	return a->control;
}

// ---- dropping
// -----------------------------------------------------------------------------------------------------------

static void drop_outputs(struct client *c)
{
	for (int i = 0; i < STREAM_MAX; i++) {
		stream_fd_sink_remove(TAKE_PTR(c->sink[i]));
		fd_close(TAKE_FD(c->out[i]));
	}
	if (c->control) { // these numbers stay occupied
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		for (int i = 0; null >= 0 && i < 3; i++)
			(void)dup3(null, i, O_CLOEXEC);
		fd_close(null);
	}
}

// The input of the one who started the container is the container's: when it ends, stdin ends. An attached client's
// end leaves a detached container's stdin open for the next.
static void end_input(struct client *c)
{
	struct monitor *m = c->server->m;

	if (c->ended || !c->input)
		return;
	c->ended = true;
	if (m->in && (c->control || !m->p->options->detach))
		stream_input_end(m->in);
}

static void client_free(struct client *c)
{
	struct attach_server *a = c->server;
	bool control = c->control;

	if (control)
		a->control = NULL;
	list_remove(&c->link);
	a->n--;
	loop_remove(TAKE_PTR(c->watch));
	loop_remove(TAKE_PTR(c->hello_timer));
	if (control && a->m->io.in && a->m->in)
		stream_input_stop(a->m->in);
	drop_outputs(c);
	if (control && c->input && !a->m->tty)
		end_input(c);
	fd_close(c->sock);
	free(c->held);
	free(c);
	if (control)
		monitor_control_gone(a->m);
}

// ---- output
// -------------------------------------------------------------------------------------------------------------

static void output_gone(void *data, int stream, int code)
{
	struct client *c = data;
	struct monitor *m = c->server->m;

	c->sink[stream - 1] = NULL;
	fd_close(TAKE_FD(c->out[stream - 1]));
	if (code == -ETIMEDOUT) {
		struct err e;
		(void)err_set(&e, ERR_TIMEOUT, ETIMEDOUT,
			      "the output was not read for %d s, so the container let go of it", STALL_MS / 1000);
		(void)frame_send(c->sock, FRAME_FAILED, &e, sizeof(e), NULL, 0);
		client_free(c);
		return;
	}
	if (code == -EPIPE && stream == STREAM_STDOUT)
		(void)frame_send(c->sock, FRAME_PIPE, NULL, 0, NULL, 0);
	// Nobody will ever read it, not even from the log: the payload's pipe ends as in any pipeline.
	bool unread = !m->tty && (!m->log || m->p->options->auto_remove);
	for (const struct list *it = c->server->clients.next; it != &c->server->clients; it = it->next)
		unread = unread && !list_entry(it, struct client, link)->sink[stream - 1];
	if (unread && c->control)
		stream_source_close(m->out, stream);
}

static void add_output(struct client *c, int stream, int fd, int64_t stall_ns)
{
	struct monitor *m = c->server->m;

	c->sink[stream - 1] = stream_fd_sink_add(m->out, m->loop, stream, fd, stall_ns, output_gone, c);
}

// ---- input
// --------------------------------------------------------------------------------------------------------------

static void on_client(struct loop *l, int fd, uint32_t revents, void *data);

static int watch(struct client *c)
{
	struct err e;

	return c->watch ? 0 : loop_add_fd(c->server->m->loop, c->sock, EPOLLIN, on_client, c, &c->watch, &e);
}

static void take_input(struct client *c, const struct frame_data *d)
{
	struct stream_input *in = c->server->m->in;

	if (!in || !c->input || c->ended || stream_input_offer(in, d->p, d->n))
		return;
	c->held = xmemdup(d->p, d->n);
	c->n_held = d->n;
	loop_remove(TAKE_PTR(c->watch));
}

void attach_server_input_drained(struct attach_server *a)
{
	list_for_each (it, next, &a->clients) {
		struct client *c = list_entry(it, struct client, link);
		if (!c->held)
			continue;
		if (!stream_input_offer(a->m->in, c->held, c->n_held))
			return;
		free(TAKE_PTR(c->held));
		(void)watch(c);
	}
}

// ---- frames
// -------------------------------------------------------------------------------------------------------------

static int send_started(struct client *c)
{
	struct monitor *m = c->server->m;

	return frame_send(c->sock, FRAME_STARTED, &m->live, sizeof(m->live), &m->c.pidfd, 1);
}

// Takes over the descriptors that came along with HELLO.
static int greet(struct client *c, const struct frame_hello *h, int fds[static FRAME_FDS_MAX])
{
	struct monitor *m = c->server->m;
	static const uint32_t want[STREAM_MAX] = {FRAME_WANT_STDOUT, FRAME_WANT_STDERR};
	size_t used = 0;

	if (c->greeted)
		return -EPROTO;
	c->greeted = true;
	loop_remove(TAKE_PTR(c->hello_timer));
	c->input = (h->flags & FRAME_WANT_STDIN) && m->interactive;
	for (int i = 0; i < STREAM_MAX; i++) {
		if (!(h->flags & want[i]))
			continue;
		if (used >= FRAME_FDS_MAX || fds[used] < 0)
			return -EPROTO;
		c->out[i] = TAKE_FD(fds[used]);
		used++;
		add_output(c, i + 1, c->out[i], STALL_MS * NS_PER_MS);
	}
	monitor_resize(m, h->size);
	return send_started(c);
}

static int handle(struct client *c, const struct frame *f, int fds[static FRAME_FDS_MAX])
{
	struct monitor *m = c->server->m;

	if (!c->greeted && f->type != FRAME_HELLO)
		return -EPROTO;
	switch (f->type) {
	case FRAME_HELLO: return greet(c, &f->hello, fds);
	case FRAME_STDIN: take_input(c, &f->data); return 0;
	case FRAME_STDIN_EOF: end_input(c); return 0;
	case FRAME_RESIZE: monitor_resize(m, f->size); return 0;
	case FRAME_DETACH:
		drop_outputs(c);
		c->ended = true; // its input, without the container's
		if (c->control && m->io.in && m->in)
			stream_input_stop(m->in);
		return frame_send(c->sock, FRAME_DETACHED, NULL, 0, NULL, 0);
	case FRAME_RECORDED:
		if (!c->control)
			return -EPERM;
		monitor_recorded(m);
		return 0;
	default: return -EPROTO;
	}
}

static void on_client(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct client *c = data;
	uint8_t buf[FRAME_MAX];
	int fds[FRAME_FDS_MAX] = {-1, -1};
	struct frame f;
	struct err e;

	int rc = frame_recv(c->sock, buf, true, &f, fds, &e);
	if (rc == -EAGAIN)
		return;
	if (rc > 0)
		rc = handle(c, &f, fds) < 0 ? -EPROTO : 1;
	for (size_t i = 0; i < FRAME_FDS_MAX; i++)
		fd_close(fds[i]);
	if (rc <= 0)
		client_free(c);
}

static void on_hello_late(struct loop *l, void *data)
{
	client_free(data);
}

static void on_connect(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct attach_server *a = data;
	struct err e;

	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return;
	if (a->n >= CLIENTS_MAX) {
		fd_close(sock);
		return;
	}
	struct client *c = client_new(a, sock);
	if (watch(c) < 0 ||
	    loop_add_timer(a->m->loop, HELLO_MS * NS_PER_MS, 0, on_hello_late, c, &c->hello_timer, &e) < 0)
		client_free(c);
}

// ---- for the monitor
// ------------------------------------------------------------------------------------------------------

int attach_server_ask_record(struct attach_server *a, const struct frame_live *live, int pidfd, struct err *e)
{
	uint8_t buf[FRAME_MAX];
	struct frame f;

	if (!a->control || frame_send(a->control->sock, FRAME_RECORD, live, sizeof(*live), &pidfd, 1) < 0)
		return -ENOTCONN;
	for (;;) { // the socket blocks here: it is made non-blocking when the loop begins
		int rc = frame_recv(a->control->sock, buf, true, &f, NULL, e);
		if (rc == -EAGAIN)
			continue;
		if (rc <= 0)
			return -ENOTCONN;
		if (f.type == FRAME_RECORDED)
			return 0;
		if (f.type == FRAME_FAILED) {
			*e = f.err;
			return -f.err.code;
		}
	}
}

void attach_server_failed(struct attach_server *a, const struct err *e)
{
	(void)frame_send(a->control->sock, FRAME_FAILED, e, sizeof(*e), NULL, 0);
}

int attach_server_start(struct attach_server *a, struct err *e)
{
	struct monitor *m = a->m;
	struct client *c = a->control;

	if (!c)
		return 0;
	if (m->io.out)
		add_output(c, STREAM_STDOUT, 1, 0);
	if (m->io.err && !m->tty)
		add_output(c, STREAM_STDERR, 2, 0);
	int rc = fd_set_nonblock(c->sock, true);
	if (rc < 0)
		return err_rc(e, rc, "the control socket");
	rc = loop_add_fd(m->loop, c->sock, EPOLLIN, on_client, c, &c->watch, e);
	if (rc < 0)
		return rc;
	// A command that only waits for the end is not woken before: it has the pidfd from FRAME_RECORD.
	bool waits = (m->io.out || m->io.err) && !m->io.in_frames;
	if (!waits && send_started(c) == -EPIPE)
		return 0; // its end will be read from the socket
	if (m->io.in && m->in)
		return stream_input_from(m->in, 0, e);
	return 0;
}

int attach_server_listen(struct attach_server *a, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int dir = engine_run_fd(a->m->g, e);

	if (dir < 0)
		return dir;
	if (mkdirat(dir, a->m->p->id, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder of the attach socket");
	// Through the descriptor: sun_path holds 108 bytes, whatever the user's run folder is called.
	int rc = str_fmt(a->path, sizeof(a->path), "%s/attach", a->m->p->id);
	if (rc >= 0)
		rc = str_fmt(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/%s", dir, a->path);
	if (rc < 0)
		return err_rc(e, rc, "name the attach socket");
	(void)unlinkat(dir, a->path, 0);
	a->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->listener < 0)
		return err_sys(e, "make the attach socket");
	mode_t mask = umask(0177);
	rc = bind(a->listener, (struct sockaddr *)&to, sizeof(to));
	umask(mask);
	if (rc < 0 || listen(a->listener, CLIENTS_MAX) < 0)
		return err_sys(e, "make the attach socket");
	return loop_add_fd(a->m->loop, a->listener, EPOLLIN, on_connect, a, &a->listen_watch, e);
}

void attach_server_unlisten(struct attach_server *a)
{
	struct err e;

	if (a->listener < 0)
		return;
	int dir = engine_run_fd(a->m->g, &e);
	if (dir >= 0) {
		(void)unlinkat(dir, a->path, 0);
		(void)unlinkat(dir, a->m->p->id, AT_REMOVEDIR);
	}
	loop_remove(TAKE_PTR(a->listen_watch));
	fd_close(TAKE_FD(a->listener));
}

bool attach_server_tell_control(struct attach_server *a, const struct frame_exit *x)
{
	return a->control && frame_send(a->control->sock, FRAME_EXIT, x, sizeof(*x), NULL, 0) == 0;
}

void attach_server_tell_all(struct attach_server *a, const struct frame_exit *x)
{
	list_for_each (it, next, &a->clients) {
		struct client *c = list_entry(it, struct client, link);
		struct pollfd p = {.fd = c->sock, .events = POLLOUT};
		if (c->control)
			continue;
		if (frame_send(c->sock, FRAME_EXIT, x, sizeof(*x), NULL, 0) == -EAGAIN && poll(&p, 1, TELL_MS) > 0)
			(void)frame_send(c->sock, FRAME_EXIT, x, sizeof(*x), NULL, 0);
	}
}
