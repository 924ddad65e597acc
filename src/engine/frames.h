// SPDX-License-Identifier: Apache-2.0
// What a monitor and its clients say to each other: one frame is one packet of a SOCK_SEQPACKET unix socket, so
// that the kernel keeps the borders and a torn frame cannot exist. Both ends run on one machine; numbers are in its
// byte order, and FRAME_HELLO carries the version of the protocol.
//
// A packet is 4 bytes (type, three zeroes) and a body whose exact or greatest size the type decides. Whatever is
// longer, shorter, unknown, or sent in the wrong direction is an error, and the receiver drops the peer.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_VERSION = 1,
	FRAME_HEADER = 4,
	FRAME_DATA_MAX = 16384,                    // bytes of stdin in one packet
	FRAME_MAX = FRAME_HEADER + FRAME_DATA_MAX, // no packet is longer
};

enum frame_type {
	// from a client
	FRAME_HELLO = 1, // frame_hello: the first packet on the attach socket, with the descriptors that it promises
	FRAME_STDIN,     // bytes for the payload
	FRAME_STDIN_EOF, // no more of them from this client
	FRAME_RESIZE,    // frame_size
	FRAME_DETACH,    // let go of my output; answered with FRAME_DETACHED
	FRAME_RECORDED,  // the control client wrote into the container's row what FRAME_RECORD or FRAME_EXIT said
	// from both
	FRAME_FAILED =
		16, // struct err: the container was not started; the control client: its row could not be written
	// from the monitor
	FRAME_RECORD = 32, // frame_live: init exists, write the row; a pidfd of init comes along
	FRAME_STARTED,     // frame_live: the payload was exec'd, or runs already; a pidfd of init comes along
	FRAME_PIPE,        // your standard output has no reader any more
	FRAME_DETACHED,
	FRAME_EXIT, // frame_exit; all output came before it
};

enum {                              // frame_hello.flags
	FRAME_WANT_STDIN = 1 << 0,  // FRAME_STDIN will come
	FRAME_WANT_STDOUT = 1 << 1, // a descriptor comes along that the payload's output is to be written to
	FRAME_WANT_STDERR = 1 << 2, // another one, behind it
	FRAME_HELLO_FLAGS = FRAME_WANT_STDIN | FRAME_WANT_STDOUT | FRAME_WANT_STDERR,
};
struct frame_size {
	uint16_t rows, cols; // zeroes: no terminal
};
struct frame_hello {
	uint32_t version, flags;
	struct frame_size size;
};
struct frame_live {
	int64_t started;                   // ns since 1970
	uint64_t pid_start, monitor_start; // field 22 of /proc/PID/stat
	int32_t pid, monitor;
	uint16_t tty, interactive; // 1: the payload has a terminal; takes input
	uint16_t stop_signal, stop_timeout /* s */;
};
struct frame_exit {
	int64_t finished; // ns since 1970
	int32_t code;     // 128+n for a signal
	uint8_t oom_killed, recorded /* by the monitor itself */, zero[2];
};
struct frame_data {
	const uint8_t *p; // into the packet
	size_t n;
};

struct frame {
	enum frame_type type;
	union {
		struct frame_hello hello;
		struct frame_size size;
		struct frame_live live;
		struct frame_exit exit;
		struct err err;
		struct frame_data data;
	};
};

// Reads one packet. from_client: the direction it came from. ERR_CORRUPT for whatever is not one of the above.
int frame_parse(const void *packet, size_t n, bool from_client, struct frame *ret, struct err *e);
enum { FRAME_FDS_MAX = 2 };
// Sends one frame without waiting and without SIGPIPE; n_fds descriptors go with it. body may be NULL if n is 0.
// 0, or -EAGAIN when the peer is slow, -EPIPE (-ECONNRESET) when it is gone.
int frame_send(int sock, enum frame_type type, const void *body, size_t n, const int *fds, size_t n_fds);
// Receives one packet into buf (FRAME_MAX bytes) and parses it. fds has room for FRAME_FDS_MAX descriptors that may
// come along (the rest is -1; more than that are closed); NULL: all are closed. 1 a frame, 0 end of file, -EAGAIN, or
// an error (filled in e).
int frame_recv(int sock, uint8_t *buf, bool from_client, struct frame *ret, int *fds, struct err *e);
