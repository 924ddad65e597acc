// SPDX-License-Identifier: Apache-2.0
// The other end of a monitor's socket: the command in the foreground, with its terminal, signals and standard streams.
#pragma once

#include "base/err.h"
#include "engine/internal.h"
#include "engine/terminal.h"

#include <stdbool.h>

struct attach_session {
	struct engine *g;
	struct engine_prepared
		*p;     // the container that this command starts, and whose row it writes; NULL: attached later
	int sock;       // of the monitor; owned
	int pidfd;      // of init, or -1: comes with the first frame; owned
	bool tty;       // the container has a terminal
	bool detached;  // only until the payload runs
	bool input;     // descriptor 0 is pumped into FRAME_STDIN
	bool sig_proxy; // signals go on to the container
	struct detach_keys keys; // with a terminal
	const char *name;        // for errors
	bool failed;             // set: nothing was started, and what p has prepared is the caller's to undo
};
// Blocks the signals that the session will take, before anything is started that they could orphan. What was blocked
// before goes to *ret_old.
void attach_block_signals(const struct attach_session *s, sigset_t *ret_old);
// Serves the session until the container ended (its exit code), was detached from (0), or did not start (an error).
// Restores terminal and signals (from old).
int attach_session_run(struct attach_session *s, const sigset_t *old, int *ret_exit, struct err *e);
