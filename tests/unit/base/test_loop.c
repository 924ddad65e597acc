// SPDX-License-Identifier: Apache-2.0
// The event loop: each kind of source, and removal in the middle of a batch.
#include "test.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/sys.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err error;

static struct loop *new_loop(void)
{
	struct loop *l = NULL;

	CHECK_OK(loop_new(&l, &error), error);
	return l;
}

struct pipe_state {
	int fds[2];
	char got[64];
	size_t n;
	struct loop_source *source, *victim;
	unsigned calls;
};

static void read_pipe(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct pipe_state *p = data;

	p->calls++;
	if (revents & EPOLLIN) {
		ssize_t n = read(fd, p->got + p->n, sizeof(p->got) - p->n);
		CHECK(n >= 0);
		p->n += (size_t)n;
	} else if (revents & EPOLLHUP)
		loop_stop(l, (int)p->n);
}

TEST(loop_reads_to_hangup)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct pipe_state p = {0};

	CHECK(!pipe2(p.fds, O_CLOEXEC));
	CHECK_OK(loop_add_fd(l, p.fds[0], EPOLLIN, read_pipe, &p, NULL, &error), error);
	CHECK_EQ(write(p.fds[1], "hello", 5), 5);
	close(p.fds[1]);
	CHECK_EQ(loop_run(l, &error), 5);
	CHECK(!memcmp(p.got, "hello", 5));
	close(p.fds[0]);
}

TEST(loop_refuses_what_cannot_wait)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct loop_source *s = (struct loop_source *)&error;

	CHECK_EQ(loop_add_fd(l, 9999, EPOLLIN, read_pipe, NULL, &s, &error), -EBADF);
	CHECK_CONTAINS(error.text, "event loop: watch descriptor 9999: Bad file descriptor");
	CHECK(s == (struct loop_source *)&error);
	CHECK_EQ(loop_run(l, &error), -EDEADLK);
	CHECK_STR(error.text, "event loop: nothing to wait for");
	loop_remove(NULL);
}

static void stop_with_7(struct loop *l, void *data)
{
	loop_stop(l, 7);
}

TEST(loop_paused_source_stays_silent)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct pipe_state p = {0};

	CHECK(!pipe2(p.fds, O_CLOEXEC));
	CHECK_OK(loop_add_fd(l, p.fds[0], EPOLLIN, read_pipe, &p, &p.source, &error), error);
	CHECK_EQ(loop_mod_fd(p.source, 0), 0);
	CHECK_EQ(write(p.fds[1], "x", 1), 1);
	CHECK_OK(loop_add_timer(l, 20 * NS_PER_MS, 0, stop_with_7, NULL, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 7);
	CHECK_EQ(p.calls, 0);
	CHECK_EQ(loop_mod_fd(p.source, EPOLLIN), 0);
	CHECK_OK(loop_add_timer(l, 20 * NS_PER_MS, 0, stop_with_7, NULL, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 7);
	CHECK_EQ(p.n, 1);
	close(p.fds[0]);
	close(p.fds[1]);
}

struct ticks {
	unsigned n;
	struct loop_source *source;
};

static void tick(struct loop *l, void *data)
{
	struct ticks *t = data;

	if (++t->n == 3)
		loop_remove(t->source);
}

TEST(loop_timers)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct ticks often = {0}, once = {0};
	int64_t start = clock_monotonic();

	CHECK_OK(loop_add_timer(l, 0, 2 * NS_PER_MS, tick, &often, &often.source, &error), error);
	CHECK_OK(loop_add_timer(l, 0, 0, tick, &once, &once.source, &error), error);
	CHECK_OK(loop_add_timer(l, 50 * NS_PER_MS, 0, stop_with_7, NULL, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 7);
	CHECK_EQ(often.n, 3);
	CHECK_EQ(once.n, 1);
	CHECK(clock_monotonic() - start >= 50 * NS_PER_MS);
	loop_remove(once.source);
}

struct signals {
	int last;
	pid_t sender;
	unsigned n;
};

static void on_signal(struct loop *l, int sig, pid_t sender, void *data)
{
	struct signals *s = data;

	s->last = sig;
	s->sender = sender;
	if (++s->n == 2)
		loop_stop(l, 1);
}

TEST(loop_signals)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct signals s = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	CHECK_OK(loop_add_signals(l, &set, on_signal, &s, &error), error);
	CHECK_EQ(loop_add_signals(l, &set, on_signal, &s, &error), -EEXIST);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGTERM);
	CHECK_EQ(loop_run(l, &error), 1);
	CHECK_EQ(s.n, 2);
	CHECK_EQ(s.last, SIGTERM);
	CHECK_EQ(s.sender, getpid());
}

struct child {
	unsigned calls;
	int status;
	pid_t pid;
};

static void on_exit_of_child(struct loop *l, int pidfd, void *data)
{
	struct child *c = data;

	c->calls++;
	CHECK_EQ(waitpid(c->pid, &c->status, WNOHANG), c->pid);
}

TEST(loop_pidfd_tells_once)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct child c = {0};

	c.pid = fork();
	if (!c.pid)
		_exit(5);
	_cleanup_fd_ int pidfd = sys_pidfd_open(c.pid, 0);
	CHECK(pidfd >= 0);
	CHECK_OK(loop_add_pid(l, pidfd, on_exit_of_child, &c, NULL, &error), error);
	CHECK_OK(loop_add_timer(l, 100 * NS_PER_MS, 0, stop_with_7, NULL, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 7);
	CHECK_EQ(c.calls, 1);
	CHECK_EQ(WEXITSTATUS(c.status), 5);
}

// Both ends are ready in one batch; whoever comes first removes the other and itself.
static void remove_both(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct pipe_state *p = data;

	p->calls++;
	loop_remove(p->source);
	loop_remove(p->victim);
	loop_remove(p->victim);
	CHECK_EQ(loop_mod_fd(p->source, EPOLLIN), -ENOENT);
}

TEST(loop_removal_within_a_batch)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct pipe_state p = {0};
	int other[2];

	CHECK(!pipe2(p.fds, O_CLOEXEC) && !pipe2(other, O_CLOEXEC));
	CHECK_EQ(write(p.fds[1], "x", 1), 1);
	CHECK_EQ(write(other[1], "x", 1), 1);
	CHECK_OK(loop_add_fd(l, p.fds[0], EPOLLIN, remove_both, &p, &p.source, &error), error);
	CHECK_OK(loop_add_fd(l, other[0], EPOLLIN, remove_both, &p, &p.victim, &error), error);
	CHECK_OK(loop_add_timer(l, 20 * NS_PER_MS, 0, stop_with_7, NULL, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 7);
	CHECK_EQ(p.calls, 1);
	close(p.fds[0]), close(p.fds[1]), close(other[0]), close(other[1]);
}

static void add_more(struct loop *l, void *data)
{
	struct ticks *t = data;

	if (++t->n == 50)
		loop_stop(l, 50);
	else
		CHECK_OK(loop_add_timer(l, 0, 0, add_more, t, NULL, &error), error);
}

TEST(loop_forgotten_timers_leave_no_descriptor)
{
	_cleanup_loop_ struct loop *l = new_loop();
	struct ticks t = {0};

	CHECK_OK(loop_add_timer(l, 0, 0, add_more, &t, NULL, &error), error);
	CHECK_EQ(loop_run(l, &error), 50);
	int fd = dup(0);
	CHECK(fd < 10);
	close(fd);
}
