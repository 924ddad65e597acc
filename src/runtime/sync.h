// SPDX-License-Identifier: Apache-2.0
// What the parent and init say to each other while a container starts: one message a packet over a SOCK_SEQPACKET
// pair, errors as the whole error object.
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum sync_type {
	SYNC_ERROR = 1,  // init: it failed; err holds why, and it exits
	SYNC_SPAWNED,    // the one in between: value is init's pid; its pidfd comes along. Answered with GO to init
	SYNC_MAP,        // init asks: write my user namespace's maps
	SYNC_NAMESPACES, // init asks: run what wants my namespaces (on_namespaces, hooks)
	SYNC_LIMITS,     // init asks: set my limits, which needs rights in your user namespace
	SYNC_CONSOLE,    // init: the pty master comes along
	SYNC_NOTIFY,     // init: the seccomp listener comes along
	SYNC_READY,      // init asks: all is built, may I go on? (answered by container_start)
	SYNC_GO,         // parent: the answer to everything that is asked
};

struct sync_message {
	uint32_t type;
	int32_t value;
	struct err err; // sent with SYNC_ERROR alone
};

// fd -1: none goes along.
int sync_send(int sock, enum sync_type type, int32_t value, int fd);
void sync_send_error(int sock, const struct err *why);
// 1 with a message (and *ret_fd, or -1), 0 when the other side is gone for good, negative errno.
int sync_receive(int sock, struct sync_message *ret, int *ret_fd);
// Waits for SYNC_GO: a process with one in between must not speak before the parent has heard of it.
int sync_wait(int sock, struct err *e);
// Asks and waits for SYNC_GO.
int sync_ask(int sock, enum sync_type type, struct err *e);
