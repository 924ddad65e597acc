// SPDX-License-Identifier: Apache-2.0
// The packets between monitor and clients: what is refused, and descriptors that come along.
#include "test.h"

#include "base/fd.h"
#include "engine/frames.h"

#include <sys/socket.h>
#include <unistd.h>

static uint8_t packet[FRAME_MAX + 64];

static int parse(uint8_t type, size_t n, bool from_client, struct frame *f, struct err *e)
{
	packet[0] = type;
	return frame_parse(packet, n, from_client, f, e);
}

TEST(frame_round_trip)
{
	int s[2];
	uint8_t buf[FRAME_MAX];
	struct frame f;
	struct err e;
	struct frame_size size = {.rows = 50, .cols = 132};

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	CHECK_EQ(frame_send(s[0], FRAME_RESIZE, &size, sizeof(size), NULL, 0), 0);
	CHECK_EQ(frame_recv(s[1], buf, true, &f, NULL, &e), 1);
	CHECK_EQ(f.type, FRAME_RESIZE);
	CHECK_EQ(f.size.rows, 50);
	CHECK_EQ(f.size.cols, 132);
	CHECK_EQ(frame_send(s[0], FRAME_STDIN, "a\0b", 3, NULL, 0), 0);
	CHECK_EQ(frame_recv(s[1], buf, true, &f, NULL, &e), 1);
	CHECK_EQ(f.data.n, 3);
	CHECK(!memcmp(f.data.p, "a\0b", 3));
	close(s[0]);
	CHECK_EQ(frame_recv(s[1], buf, true, &f, NULL, &e), 0);
	CHECK_EQ(frame_send(s[1], FRAME_DETACHED, NULL, 0, NULL, 0), -EPIPE);
}

TEST(frame_carries_a_descriptor)
{
	int s[2], p[2], got[FRAME_FDS_MAX];
	uint8_t buf[FRAME_MAX];
	struct frame f;
	struct err e;
	struct frame_live st = {.pid = 1, .monitor = 2, .tty = 1};

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(frame_send(s[0], FRAME_STARTED, &st, sizeof(st), &p[1], 1), 0);
	CHECK_EQ(frame_recv(s[1], buf, false, &f, got, &e), 1);
	CHECK(got[0] >= 0);
	CHECK_EQ(got[1], -1);
	CHECK(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	close(p[1]);
	CHECK_EQ(write(got[0], "x", 1), 1);
	// A descriptor nobody asked for is closed: the pipe has no writer left then.
	CHECK_EQ(frame_send(s[0], FRAME_STARTED, &st, sizeof(st), got, 1), 0);
	close(got[0]);
	CHECK_EQ(frame_recv(s[1], buf, false, &f, NULL, &e), 1);
	CHECK_EQ(read(p[0], buf, 8), 1);
	CHECK_EQ(read(p[0], buf, 8), 0);
}

TEST(frame_refuses_what_is_malformed)
{
	struct frame f = {0};
	struct err e;

	memset(packet, 0, sizeof(packet));
	CHECK_EQ(parse(FRAME_DETACH, 3, true, &f, &e), -EPROTO); // no header
	CHECK_EQ(e.class, ERR_CORRUPT);
	CHECK_EQ(parse(FRAME_DETACH, 4, true, &f, &e), 0);
	CHECK_EQ(parse(FRAME_DETACH, 5, true, &f, &e), -EPROTO);  // a body it must not have
	CHECK_EQ(parse(FRAME_DETACH, 4, false, &f, &e), -EPROTO); // the wrong direction
	CHECK_EQ(parse(FRAME_EXIT, 20, true, &f, &e), -EPROTO);
	CHECK_EQ(parse(FRAME_STDIN, 4, true, &f, &e), -EPROTO); // empty
	CHECK_EQ(parse(FRAME_STDIN, FRAME_MAX, true, &f, &e), 0);
	CHECK_EQ(parse(FRAME_STDIN, FRAME_MAX + 1, true, &f, &e), -EPROTO);
	CHECK_EQ(parse(0, 4, true, &f, &e), -EPROTO);
	CHECK_EQ(parse(200, 4, true, &f, &e), -EPROTO);
	CHECK_CONTAINS(e.text, "200");
	packet[2] = 1;
	CHECK_EQ(parse(FRAME_DETACH, 4, true, &f, &e), -EPROTO);
}

TEST(frame_refuses_bodies_that_lie)
{
	struct frame f = {0};
	struct err e, *body = (struct err *)(packet + FRAME_HEADER);
	struct frame_hello h = {.version = 7};
	struct frame_exit x = {.code = 256};

	memset(packet, 0, sizeof(packet));
	memcpy(packet + FRAME_HEADER, &h, sizeof(h));
	CHECK_EQ(parse(FRAME_HELLO, FRAME_HEADER + sizeof(h), true, &f, &e), -EPROTO);
	CHECK_EQ(e.class, ERR_UNSUPPORTED);
	CHECK_CONTAINS(e.text, "version 7");
	h = (struct frame_hello){.version = FRAME_VERSION, .flags = 0x80};
	memcpy(packet + FRAME_HEADER, &h, sizeof(h));
	CHECK_EQ(parse(FRAME_HELLO, FRAME_HEADER + sizeof(h), true, &f, &e), -EPROTO);
	memcpy(packet + FRAME_HEADER, &x, sizeof(x));
	CHECK_EQ(parse(FRAME_EXIT, FRAME_HEADER + sizeof(x), false, &f, &e), -EPROTO);
	// An error text without its end must not be printed.
	memset(body->text, 'x', sizeof(body->text));
	body->code = 5;
	body->class = ERR_INTERNAL;
	CHECK_EQ(parse(FRAME_FAILED, FRAME_HEADER + sizeof(*body), false, &f, &e), -EPROTO);
	body->text[10] = 0;
	CHECK_EQ(parse(FRAME_FAILED, FRAME_HEADER + sizeof(*body), false, &f, &e), 0);
	CHECK_STR(f.err.text, "xxxxxxxxxx");
}

TEST(frame_overlong_packet_is_an_error)
{
	int s[2];
	uint8_t buf[FRAME_MAX];
	struct frame f;
	struct err e;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	memset(packet, 0, sizeof(packet));
	packet[0] = FRAME_STDIN;
	CHECK_EQ(send(s[0], packet, sizeof(packet), 0), sizeof(packet));
	CHECK_EQ(frame_recv(s[1], buf, true, &f, NULL, &e), -EPROTO);
	CHECK_CONTAINS(e.text, "longer than");
}
