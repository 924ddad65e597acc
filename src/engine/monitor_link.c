// SPDX-License-Identifier: Apache-2.0
// Speaking to another container's monitor: attach, wait, stop and kill begin here. What the monitor gives away is a
// pidfd of its own child, so that no process id is ever looked up that could be somebody else's by now.
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "engine/monitor.h"
#include "engine/terminal.h"

#include <sys/socket.h>
#include <sys/un.h>

enum { CONNECT_WAIT_MS = 1000, CONNECT_STEP_MS = 4, ANSWER_MS = 5000 };

static int connect_once(struct engine *g, const char *id, int *ret_sock, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int dir = engine_run_fd(g, e);

	if (dir < 0)
		return dir;
	int rc = str_fmt(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/%s/attach", dir, id);
	if (rc < 0)
		return err_rc(e, rc, "name the attach socket");
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_sys(e, "make a socket");
	if (connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_set(e, ERR_CONFLICT, errno, "the monitor of container %.12s does not answer", id);
	*ret_sock = TAKE_FD(sock);
	return 0;
}

static int connect_soon(struct engine *g, const char *id, int *ret_sock, struct err *e)
{
	for (int waited = 0;; waited += CONNECT_STEP_MS) {
		int rc = connect_once(g, id, ret_sock, e);
		if (rc != -ENOENT || waited >= CONNECT_WAIT_MS)
			return rc;
		clock_sleep(CONNECT_STEP_MS * NS_PER_MS);
	}
}

static int hello(int sock, bool output, bool input, struct err *e)
{
	static const int fds[] = {1, 2};
	struct winsize w = output ? terminal_size(1) : (struct winsize){0};
	struct frame_hello h = {
		.version = FRAME_VERSION,
		.flags = (output ? FRAME_WANT_STDOUT | FRAME_WANT_STDERR : 0) | (input ? FRAME_WANT_STDIN : 0),
		.size = {.rows = w.ws_row, .cols = w.ws_col},
	};
	int rc = frame_send(sock, FRAME_HELLO, &h, sizeof(h), fds, output ? 2 : 0);

	return rc < 0 ? err_rc(e, rc, "speak to the container's monitor") : 0;
}

// The answer to hello.
static int started(struct monitor_link *l, const char *id, struct err *e)
{
	uint8_t buf[FRAME_MAX];
	int fds[FRAME_FDS_MAX] = {-1, -1};
	struct frame f;

	int rc = fd_wait_readable(l->sock, ANSWER_MS);
	if (rc <= 0)
		return err_set(e, ERR_TIMEOUT, ETIMEDOUT, "the monitor of container %.12s does not answer", id);
	rc = frame_recv(l->sock, buf, false, &f, fds, e);
	if (rc < 0)
		return rc;
	l->pidfd = TAKE_FD(fds[0]);
	fd_close(fds[1]);
	if (!rc || f.type != FRAME_STARTED || l->pidfd < 0)
		return err_set(e, ERR_CONFLICT, ECONNREFUSED, "the monitor of container %.12s is about to end", id);
	l->live = f.live;
	return 0;
}

int monitor_connect(struct engine *g, const char *id, bool with_output, bool with_input, struct monitor_link *ret,
		    struct err *e)
{
	_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;

	int rc = connect_soon(g, id, &l.sock, e);
	if (rc >= 0)
		rc = hello(l.sock, with_output, with_input, e);
	if (rc >= 0)
		rc = started(&l, id, e);
	if (rc < 0)
		return rc;
	*ret = l;
	l.sock = l.pidfd = -1;
	return 0;
}

void monitor_link_done(struct monitor_link *l)
{
	fd_close(TAKE_FD(l->sock));
	fd_close(TAKE_FD(l->pidfd));
}

int monitor_wait(const struct monitor_link *l, int timeout_ms, struct frame_exit *ret, struct err *e)
{
	uint8_t buf[FRAME_MAX];
	struct frame f;

	for (;;) { // nothing but FRAME_EXIT comes to one that wants neither output nor input
		int rc = fd_wait_readable(l->sock, timeout_ms);
		if (rc == -EINTR)
			continue;
		if (rc <= 0)
			return rc < 0 ? err_rc(e, rc, "wait for the container") : 0;
		rc = frame_recv(l->sock, buf, false, &f, NULL, e);
		if (rc == -EAGAIN)
			continue;
		if (rc < 0)
			return rc;
		if (!rc)
			return err_set(e, ERR_UNAVAILABLE, ECHILD, "the container's monitor was killed");
		if (f.type == FRAME_EXIT) {
			*ret = f.exit;
			return 1;
		}
	}
}
