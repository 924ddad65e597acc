// SPDX-License-Identifier: Apache-2.0
// An event loop on epoll, with signalfd, timerfd and pidfd sources. Single-threaded; callbacks may add and
// remove sources, their own too.
#pragma once

#include "base/err.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_source;

// events and revents are EPOLLIN, EPOLLOUT, EPOLLHUP, ...
typedef void loop_fd_fn(struct loop *l, int fd, uint32_t revents, void *data);
typedef void loop_timer_fn(struct loop *l, void *data);
// info is the signal's; several of one kind may be merged by the kernel.
typedef void loop_signal_fn(struct loop *l, int sig, pid_t sender, void *data);
// pidfd became readable: the process ended and can be waited for.
typedef void loop_pid_fn(struct loop *l, int pidfd, void *data);

int loop_new(struct loop **ret, struct err *e);
void loop_free(struct loop *l); // closes what the loop made itself, never descriptors it was given
void loop_free_p(struct loop **l);
#define _cleanup_loop_ _cleanup_(loop_free_p)

int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *data, struct loop_source **ret,
		struct err *e);
int loop_mod_fd(struct loop_source *s, uint32_t events); // 0 keeps the source but waits for nothing (HUP still comes)
// One-shot; interval_ns > 0 repeats.
int loop_add_timer(struct loop *l, int64_t after_ns, int64_t interval_ns, loop_timer_fn *fn, void *data,
		   struct loop_source **ret, struct err *e);
// Blocks the signals of set in the calling process and delivers them here. Once a loop.
int loop_add_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *data, struct err *e);
int loop_add_pid(struct loop *l, int pidfd, loop_pid_fn *fn, void *data, struct loop_source **ret, struct err *e);
void loop_remove(struct loop_source *s); // NULL is ignored

// Runs until loop_stop; returns its argument, or a negative errno.
int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l, int value);
