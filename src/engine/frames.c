// SPDX-License-Identifier: Apache-2.0
// The packets between a monitor and its clients. One table says who may send what and how long it is; the parser
// has no other knowledge, so that a new frame is a new line of it.
#include "engine/frames.h"

#include "base/fd.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { FROM_CLIENT = 1 << 0, FROM_MONITOR = 1 << 1 };

struct frame_rule {
	enum frame_type type;
	unsigned from;
	size_t min, max; // of the body
};

static const struct frame_rule rules[] = {
	{FRAME_HELLO, FROM_CLIENT, sizeof(struct frame_hello), sizeof(struct frame_hello)},
	{FRAME_STDIN, FROM_CLIENT, 1, FRAME_DATA_MAX},
	{FRAME_STDIN_EOF, FROM_CLIENT, 0, 0},
	{FRAME_RESIZE, FROM_CLIENT, sizeof(struct frame_size), sizeof(struct frame_size)},
	{FRAME_DETACH, FROM_CLIENT, 0, 0},
	{FRAME_RECORDED, FROM_CLIENT, 0, 0},
	{FRAME_FAILED, FROM_CLIENT | FROM_MONITOR, sizeof(struct err), sizeof(struct err)},
	{FRAME_RECORD, FROM_MONITOR, sizeof(struct frame_live), sizeof(struct frame_live)},
	{FRAME_STARTED, FROM_MONITOR, sizeof(struct frame_live), sizeof(struct frame_live)},
	{FRAME_PIPE, FROM_MONITOR, 0, 0},
	{FRAME_DETACHED, FROM_MONITOR, 0, 0},
	{FRAME_EXIT, FROM_MONITOR, sizeof(struct frame_exit), sizeof(struct frame_exit)},
};

static const struct frame_rule *rule_of(unsigned type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

// The bodies that have an inner order of their own.
static int check_body(const struct frame *f, struct err *e)
{
	switch (f->type) {
	case FRAME_HELLO:
		if (f->hello.version != FRAME_VERSION)
			return err_set(e, ERR_UNSUPPORTED, EPROTO,
				       "the other end speaks version %u of the attach protocol, this one %d",
				       f->hello.version, FRAME_VERSION);
		if (f->hello.flags & ~(uint32_t)FRAME_HELLO_FLAGS)
			return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: unknown wishes %#x", f->hello.flags);
		return 0;
	case FRAME_FAILED:
		if (f->err.code <= 0 || f->err.class == ERR_NONE || f->err.class >= ERR_CLASS_MAX ||
		    !memchr(f->err.text, 0, sizeof(f->err.text)))
			return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: a malformed error");
		return 0;
	case FRAME_RECORD:
	case FRAME_STARTED:
		if (f->live.pid <= 0 || f->live.monitor <= 0 || f->live.tty > 1)
			return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: a malformed start");
		return 0;
	case FRAME_EXIT:
		if (f->exit.code < 0 || f->exit.code > 255)
			return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: exit code %d", f->exit.code);
		return 0;
	default: return 0;
	}
}

int frame_parse(const void *packet, size_t n, bool from_client, struct frame *ret, struct err *e)
{
	const uint8_t *p = packet;
	struct frame f = {0};

	if (n < FRAME_HEADER || p[1] || p[2] || p[3])
		return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: a packet of %zu bytes without a header", n);
	const struct frame_rule *r = rule_of(p[0]);
	if (!r || !(r->from & (from_client ? FROM_CLIENT : FROM_MONITOR)))
		return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: unexpected frame %u", p[0]);
	size_t body = n - FRAME_HEADER;
	if (body < r->min || body > r->max)
		return err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: frame %u of %zu bytes", p[0], body);
	f.type = r->type;
	if (f.type == FRAME_STDIN)
		f.data = (struct frame_data){.p = p + FRAME_HEADER, .n = body};
	else if (body)
		memcpy(&f.hello, p + FRAME_HEADER, body); // all members of the union begin there
	int rc = check_body(&f, e);
	if (rc < 0)
		return rc;
	*ret = f;
	return 0;
}

int frame_send(int sock, enum frame_type type, const void *body, size_t n, const int *fds, size_t n_fds)
{
	uint8_t header[FRAME_HEADER] = {(uint8_t)type};
	struct iovec iov[2] = {{header, sizeof(header)}, {(void *)body, n}};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(FRAME_FDS_MAX * sizeof(int))];
	} control = {0};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = n ? 2 : 1};

	if (n_fds) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.h.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.h), fds, n_fds * sizeof(int));
	}
	for (;;) {
		if (sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return errno == ENOBUFS ? -EAGAIN : -errno;
	}
}

// Keeps the first descriptors of a message in fds (FRAME_FDS_MAX) and closes the rest.
static void take_fds(struct msghdr *m, int *fds)
{
	size_t kept = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (kept < FRAME_FDS_MAX)
				fds[kept++] = fd;
			else
				fd_close(fd);
		}
	}
}

int frame_recv(int sock, uint8_t *buf, bool from_client, struct frame *ret, int *fds, struct err *e)
{
	struct iovec iov = {buf, FRAME_MAX};
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
	} control = {0};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.space,
			   .msg_controllen = sizeof(control.space)};
	int got[FRAME_FDS_MAX] = {-1, -1};

	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return -EAGAIN;
		return errno == ECONNRESET ? 0 : err_sys(e, "attach protocol: receive");
	}
	take_fds(&m, got);
	int rc = 0;
	if (n && (m.msg_flags & MSG_TRUNC))
		rc = err_set(e, ERR_CORRUPT, EPROTO, "attach protocol: a packet longer than %d bytes", FRAME_MAX);
	else if (n)
		rc = frame_parse(buf, (size_t)n, from_client, ret, e);
	if (!rc && n && fds)
		memcpy(fds, got, sizeof(got));
	else
		for (size_t i = 0; i < FRAME_FDS_MAX; i++)
			fd_close(got[i]);
	return rc < 0 ? rc : n > 0;
}
