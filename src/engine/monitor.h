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

// Connects to the monitor of a running container. -ENOENT, -ECONNREFUSED (ERR_CONFLICT): there is none. The socket
// of a container that is just being started may come a little later: waits up to wait_ms for it.
int monitor_connect(struct engine *g, const char *id, int wait_ms, int *ret_sock, struct err *e);
