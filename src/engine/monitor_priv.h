// SPDX-License-Identifier: Apache-2.0
// What monitor.c (the container's life) and attach_server.c (its clients) share.
#pragma once

#include "base/list.h"
#include "base/loop.h"
#include "engine/frames.h"
#include "engine/internal.h"
#include "engine/logfile.h"
#include "engine/monitor.h"
#include "engine/stream.h"

struct attach_server;

struct monitor {
	struct engine *g;
	struct engine_prepared *p;
	struct monitor_stdio io;
	bool tty, interactive;
	struct loop *loop;
	struct container_created c;
	bool running; // the payload was exec'd
	struct frame_live live;
	int peer; // a slave of the terminal, so that it is never without one; -1
	struct stream_group *out;
	struct stream_input *in; // NULL: stdin is /dev/null
	struct logfile *log;     // NULL: no log
	struct attach_server *clients;
	int oom_fd;
	bool oom_killed, exited, delivered, recorded, told;
	struct frame_exit exit;
};

// What attach_server tells the monitor.
void monitor_resize(struct monitor *m, struct frame_size size);
void monitor_recorded(struct monitor *m);     // by the control client
void monitor_control_gone(struct monitor *m); // it will do nothing any more

// The control client is there from the start; its descriptors are the monitor's own 0, 1 and 2 as io says.
struct attach_server *attach_server_new(struct monitor *m, int control);
// Before the loop runs, blocking: sends FRAME_RECORD and waits for the answer. 0 recorded; -ENOTCONN: the client is
// gone and the monitor must do it itself; else the client's error.
int attach_server_ask_record(struct attach_server *a, const struct frame_live *live, int pidfd, struct err *e);
void attach_server_failed(struct attach_server *a, const struct err *e);
bool attach_server_has_control(const struct attach_server *a);
// The payload runs: connects the control client's streams and serves it in the loop.
int attach_server_start(struct attach_server *a, struct err *e);
// Makes the attach socket, for everybody else.
int attach_server_listen(struct attach_server *a, struct err *e);
void attach_server_unlisten(struct attach_server *a);
void attach_server_input_drained(struct attach_server *a);
// To the control client alone: false if there is none.
bool attach_server_tell_control(struct attach_server *a, const struct frame_exit *x);
// To all others; waits for each a bounded time.
void attach_server_tell_all(struct attach_server *a, const struct frame_exit *x);
