// SPDX-License-Identifier: Apache-2.0
// The event loop of the monitor and of every command that waits for more than one thing.
//
// Theory of operation. Everything is a descriptor in one epoll set: those of the caller, and timerfds and one
// signalfd that the loop makes itself. A source may be removed by any callback while events of the same batch still
// point to it: removal takes it out of the set and marks it dead, and the dead are freed between batches. pidfds stay
// readable for ever, so they are armed for one event. All else is level-triggered: what a callback leaves is told
// again.
#include "base/loop.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/list.h"
#include "base/mem.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNALS, SOURCE_PID };

struct loop_source {
	struct list link; // in loop.live or loop.dead
	struct loop *loop;
	enum source_kind kind;
	int fd;
	bool own_fd; // made here
	bool dead;
	bool forget; // a one-shot timer nobody holds
	union {
		loop_fd_fn *fd;
		loop_timer_fn *timer;
		loop_signal_fn *signal;
		loop_pid_fn *pid;
	} fn;
	void *data;
};

struct loop {
	int epoll;
	struct list live, dead;
	bool has_signals, stopped;
	int value;
};

int loop_new(struct loop **ret, struct err *e)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "event loop: epoll_create1");
	struct loop *l = xnew(struct loop);
	l->epoll = fd;
	list_init(&l->live);
	list_init(&l->dead);
	*ret = l;
	return 0;
}

static void source_free(struct loop_source *s)
{
	list_remove(&s->link);
	if (s->own_fd)
		fd_close(s->fd);
	free(s);
}

static void free_all(struct list *head)
{
	list_for_each (it, next, head)
		source_free(list_entry(it, struct loop_source, link));
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	free_all(&l->live);
	free_all(&l->dead);
	fd_close(l->epoll);
	free(l);
}

void loop_free_p(struct loop **l)
{
	loop_free(*l);
}

// Owns s from here on, and s->fd if s does.
static int add(struct loop *l, struct loop_source *s, uint32_t events, struct loop_source **ret, struct err *e)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	list_init(&s->link);
	s->loop = l;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &ev) < 0) {
		int rc = err_sys(e, "event loop: watch descriptor %d", s->fd);
		source_free(s);
		return rc;
	}
	list_append(&l->live, &s->link);
	if (ret)
		*ret = s;
	return 0;
}

static struct loop_source *new_source(enum source_kind kind, int fd, bool own_fd, void *data)
{
	struct loop_source *s = xnew(struct loop_source);

	*s = (struct loop_source){.kind = kind, .fd = fd, .own_fd = own_fd, .data = data};
	return s;
}

int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *data, struct loop_source **ret,
		struct err *e)
{
	struct loop_source *s = new_source(SOURCE_FD, fd, false, data);

	s->fn.fd = fn;
	return add(l, s, events, ret, e);
}

int loop_mod_fd(struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = s};

	if (s->dead)
		return -ENOENT;
	return epoll_ctl(s->loop->epoll, EPOLL_CTL_MOD, s->fd, &ev) < 0 ? -errno : 0;
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC};
}

int loop_add_timer(struct loop *l, int64_t after_ns, int64_t interval_ns, loop_timer_fn *fn, void *data,
		   struct loop_source **ret, struct err *e)
{
	struct itimerspec when = {
		.it_value = to_timespec(MAX(after_ns, 1)), // zero would disarm
		.it_interval = to_timespec(MAX(interval_ns, 0)),
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return err_sys(e, "event loop: timerfd_create");
	if (timerfd_settime(fd, 0, &when, NULL) < 0) {
		int rc = err_sys(e, "event loop: timerfd_settime");
		fd_close(fd);
		return rc;
	}
	struct loop_source *s = new_source(SOURCE_TIMER, fd, true, data);
	s->fn.timer = fn;
	s->forget = !ret && interval_ns <= 0;
	return add(l, s, EPOLLIN, ret, e);
}

int loop_add_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *data, struct err *e)
{
	if (l->has_signals)
		return err_set(e, ERR_INTERNAL, EEXIST, "event loop: signals are watched already");
	if (sigprocmask(SIG_BLOCK, set, NULL) < 0)
		return err_sys(e, "event loop: sigprocmask");
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "event loop: signalfd");
	struct loop_source *s = new_source(SOURCE_SIGNALS, fd, true, data);
	s->fn.signal = fn;
	int rc = add(l, s, EPOLLIN, NULL, e);
	l->has_signals = rc >= 0;
	return rc;
}

int loop_add_pid(struct loop *l, int pidfd, loop_pid_fn *fn, void *data, struct loop_source **ret, struct err *e)
{
	struct loop_source *s = new_source(SOURCE_PID, pidfd, false, data);

	s->fn.pid = fn;
	return add(l, s, EPOLLIN | EPOLLONESHOT, ret, e);
}

void loop_remove(struct loop_source *s)
{
	if (!s || s->dead)
		return;
	epoll_ctl(s->loop->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	s->dead = true;
	list_remove(&s->link);
	list_append(&s->loop->dead, &s->link);
}

static void dispatch_timer(struct loop *l, struct loop_source *s)
{
	uint64_t times;

	if (read(s->fd, &times, sizeof(times)) != sizeof(times))
		return; // told again, but not yet due again
	s->fn.timer(l, s->data);
	if (s->forget)
		loop_remove(s);
}

static void dispatch_signals(struct loop *l, struct loop_source *s)
{
	struct signalfd_siginfo info;

	while (!s->dead && read(s->fd, &info, sizeof(info)) == sizeof(info))
		s->fn.signal(l, (int)info.ssi_signo, (pid_t)info.ssi_pid, s->data);
}

static void dispatch(struct loop *l, struct loop_source *s, uint32_t revents)
{
	switch (s->kind) {
	case SOURCE_FD: s->fn.fd(l, s->fd, revents, s->data); break;
	case SOURCE_TIMER: dispatch_timer(l, s); break;
	case SOURCE_SIGNALS: dispatch_signals(l, s); break;
	case SOURCE_PID: s->fn.pid(l, s->fd, s->data); break;
	}
}

int loop_run(struct loop *l, struct err *e)
{
	enum { BATCH = 32 };
	struct epoll_event events[BATCH];

	while (!l->stopped) {
		if (list_empty(&l->live))
			return err_set(e, ERR_INTERNAL, EDEADLK, "event loop: nothing to wait for");
		int n = epoll_wait(l->epoll, events, BATCH, -1);
		if (n < 0 && errno != EINTR)
			return err_sys(e, "event loop: epoll_wait");
		// To the end of the batch even when stopped: an event of a one-shot source comes once.
		for (int i = 0; i < n; i++) {
			struct loop_source *s = events[i].data.ptr;
			if (!s->dead)
				dispatch(l, s, events[i].events);
		}
		free_all(&l->dead);
	}
	l->stopped = false;
	return l->value;
}

void loop_stop(struct loop *l, int value)
{
	l->stopped = true;
	l->value = value;
}
