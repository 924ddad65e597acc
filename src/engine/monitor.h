// SPDX-License-Identifier: Apache-2.0
// The supervising process of one container, as the one who starts it sees it.
#pragma once

#include "base/err.h"
#include "engine/frames.h"
#include "engine/internal.h"

#include <stdbool.h>

// What of the caller's own stdio the monitor uses while the caller lives and holds its end of the control socket.
struct monitor_stdio {
	bool in;        // reads descriptor 0 itself (never a terminal: that is pumped by FRAME_STDIN)
	bool in_frames; // the caller sends FRAME_STDIN
	bool out, err;  // writes to descriptors 1 and 2
};

// Forks the monitor of p. The parent gets the control socket (blocking, O_CLOEXEC) and must then serve it: FRAME_RECORD
// is answered with FRAME_RECORDED or FRAME_FAILED, then comes FRAME_STARTED or FRAME_FAILED, then FRAME_EXIT, answered
// with FRAME_RECORDED when the end is written down. A caller that closes the socket instead leaves all of that to the
// monitor. signals: the mask that the caller had before it blocked any; NULL: it has blocked none.
int monitor_fork(struct engine *g, struct engine_prepared *p, const struct monitor_stdio *io, const sigset_t *signals,
		 int *ret_control, struct err *e);

// Connects to the monitor of a running container and greets it; what it answers. with_output: our descriptors 1 and 2
// are where the payload's output goes from now on. The socket blocks; more frames come, FRAME_EXIT at the end.
// ERR_CONFLICT, -ENOENT, -ECONNREFUSED: there is none. One that is just being started makes its socket some
// milliseconds later than its row, so that is waited for.
struct monitor_link {
	int sock, pidfd; // pidfd: of init
	struct frame_live live;
};
#define MONITOR_LINK_INIT               \
	{                               \
		.sock = -1, .pidfd = -1 \
	}
int monitor_connect(struct engine *g, const char *id, bool with_output, bool with_input, struct monitor_link *ret,
		    struct err *e);
void monitor_link_done(struct monitor_link *l);
#define _cleanup_monitor_link_ _cleanup_(monitor_link_done)
// Waits for FRAME_EXIT. timeout_ms -1: forever. 1 and *ret, 0 timeout, or an error (-ECHILD: the monitor died).
int monitor_wait(const struct monitor_link *l, int timeout_ms, struct frame_exit *ret, struct err *e);
