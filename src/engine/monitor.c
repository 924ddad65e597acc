// SPDX-License-Identifier: Apache-2.0
// The monitor: a forked berth that supervises one container from its making to its end.
//
// Theory of operation
//
//	CLI                        monitor                              init
//	prepare, fork ---------->  container_create  ----------------> builds the container
//	  <---- FRAME_RECORD ----  (on_namespaces)                      waits
//	writes the row
//	  ----- FRAME_RECORDED -->                   ----------------> execs the payload
//	  <---- FRAME_STARTED ---  pumps, logs, serves the attach socket
//	                           reaps init, removes its groups, delivers what is left of the output
//	  <---- FRAME_EXIT ------
//	records or removes
//	  ----- FRAME_RECORDED -->  tells the other clients, ends
//
// The database is written by the CLI as long as it is there, because it has it open: a fork must not use its parent's
// handle, and opening anew costs as much as the writing. When the control socket closes without an answer (detached, or
// killed), the monitor does the same work itself. Both are idempotent, so a CLI that dies between the writing and its
// answer does no harm.
//
// The lock on the container's folder was taken by the CLI and is shared over the fork; whoever of the two lives longer
// holds it. A foreground CLI gives it up for both when all is recorded (flock belongs to the open file description):
// the monitor's own exit need not be awaited then: after FRAME_RECORDED nothing of the container is touched but, for
// --rm, its folder below <root>/gone.
//
// The monitor has no terminal (setsid) and ignores what terminals and dead readers send; SIGTERM is passed on as the
// container's stop signal, so that a system that goes down stops its containers. Its memory is what it shares with
// the CLI plus one chunk a stream.
#include "engine/monitor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "engine/monitor_priv.h"
#include "engine/rootless.h"

#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
	INHERITED_MAX = 256, // descriptors that are looked at one by one; those above are closed unseen
	CGROUP_REMOVE_MS = 10000,
	RECORD_MS = 5000,    // for the command to answer FRAME_EXIT
	LISTEN_AFTER_MS = 5, // a foreground container that ends sooner never has an attach socket
};

// ---- descriptors that came with the fork
// ------------------------------------------------------------------------------

// Closes what our caller left open over its exec (all of ours is O_CLOEXEC): it is not for a process that outlives
// the command, and a pipe of a shell would wait for us. What is ours stays: the locked folder, the engine's folders.
static void close_foreign(int control)
{
	struct pollfd p[INHERITED_MAX];

	if (control < INHERITED_MAX) // the newest of ours, and numbers are given out from below
		sys_close_range(INHERITED_MAX, ~0u, 0);
	for (int i = 0; i < INHERITED_MAX; i++)
		p[i] = (struct pollfd){.fd = i};
	if (poll(p, INHERITED_MAX, 0) < 0)
		return;
	for (int i = 3; i < INHERITED_MAX; i++)
		if (!(p[i].revents & POLLNVAL) && !(fcntl(i, F_GETFD) & FD_CLOEXEC))
			fd_close(i);
}

// 0, 1 and 2 stay occupied always, so that nothing else ever gets these numbers.
static void replace_stdio(const struct monitor_stdio *io)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	if (!io->in)
		(void)dup3(null, 0, O_CLOEXEC);
	if (!io->out)
		(void)dup3(null, 1, O_CLOEXEC);
	if (!io->err)
		(void)dup3(null, 2, O_CLOEXEC);
	if (null < 3)
		null = -1;
}

// ---- the payload's stdio
// ----------------------------------------------------------------------------------------------

struct pipes {
	int ours[3], theirs[3];
};

static void pipes_done(struct pipes *p)
{
	for (int i = 0; i < 3; i++) {
		fd_close(p->ours[i]);
		fd_close(p->theirs[i]);
	}
}

static int pipes_make(struct pipes *p, bool with_stdin, struct err *e)
{
	for (int i = with_stdin ? 0 : 1; i < 3; i++) {
		int pair[2];
		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe for the container");
		p->theirs[i] = pair[i ? 1 : 0];
		p->ours[i] = pair[i ? 0 : 1];
	}
	return 0;
}

static void input_drained(void *data)
{
	attach_server_input_drained(((struct monitor *)data)->clients);
}
static void input_closed(void *data)
{
	attach_server_input_drained(((struct monitor *)data)->clients);
}
static const struct stream_input_ops input_ops = {.drained = input_drained, .closed = input_closed};

static ssize_t log_sink(void *data, int stream, const uint8_t *p, size_t n)
{
	logfile_write(data, stream, p, n, clock_now());
	return (ssize_t)n;
}
static const struct stream_sink_ops log_ops = {.write = log_sink};

static int connect_terminal(struct monitor *m, struct err *e)
{
	int master = m->c.console, input = fcntl(master, F_DUPFD_CLOEXEC, 3);

	m->c.console = -1;
	if (input < 0) {
		fd_close(master);
		return err_sys(e, "share the terminal");
	}
	m->peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	m->in = stream_input_new(m->loop, input, true, &input_ops, m);
	return stream_source_add(m->out, STREAM_STDOUT, master, e);
}

static void on_delivered(void *data);

static int connect_streams(struct monitor *m, struct pipes *p, struct err *e)
{
	struct logfile_options o = {.max_size = m->p->options->log_max_size, .max_file = m->p->options->log_max_file};
	int rc;

	m->out = stream_group_new(m->loop, on_delivered, m);
	if (!m->p->options->log_driver || !str_eq(m->p->options->log_driver, "none")) {
		m->log = logfile_new(m->p->dir, &o);
		stream_sink_add(m->out, 1 << STREAM_STDOUT | 1 << STREAM_STDERR, &log_ops, m->log, 0);
	}
	if (m->tty)
		return connect_terminal(m, e);
	if (p->ours[0] >= 0)
		m->in = stream_input_new(m->loop, TAKE_FD(p->ours[0]), false, &input_ops, m);
	rc = stream_source_add(m->out, STREAM_STDOUT, TAKE_FD(p->ours[1]), e);
	return rc < 0 ? rc : stream_source_add(m->out, STREAM_STDERR, TAKE_FD(p->ours[2]), e);
}

void monitor_resize(struct monitor *m, struct frame_size size)
{
	struct winsize w = {.ws_row = size.rows, .ws_col = size.cols};

	if (m->tty && m->peer >= 0 && size.rows && size.cols)
		(void)ioctl(m->peer, TIOCSWINSZ, &w);
}

// ---- the end
// ------------------------------------------------------------------------------------------------------------

static void record_now(struct monitor *m, bool final)
{
	struct err e;
	int rc;

	if (final && m->p->options->auto_remove) {
		rc = engine_remove_ended(m->g, m->p->id, m->p->dir, true, &e);
		engine_sweep(m->g, m->p->id); // a command that died may have moved it already
	} else {
		rc = engine_row_exited(m->g, m->p->id, m->exit.code, m->exit.finished, m->oom_killed, NULL, &e);
	}
	if (rc < 0)
		log_debug("record the end of %s: %s", m->p->id, e.text);
	m->recorded = true;
}

// All is written down: the rest is telling.
static void conclude(struct monitor *m)
{
	if (m->told)
		return;
	m->told = true;
	if (!m->p->options->auto_remove)
		(void)flock(m->p->dir, LOCK_UN); // who is told may remove or start it
	attach_server_tell_all(m->clients, &m->exit);
	loop_stop(m->loop, 0);
}

static void on_record_late(struct loop *l, void *data);

static void finish(struct monitor *m)
{
	if (m->log)
		logfile_free(TAKE_PTR(m->log));
	attach_server_unlisten(m->clients);
	m->exit.recorded = m->recorded;
	if (attach_server_tell_control(m->clients, &m->exit)) {
		struct err e;
		(void)loop_add_timer(m->loop, RECORD_MS * NS_PER_MS, 0, on_record_late, m, NULL, &e);
		return; // monitor_recorded or monitor_control_gone comes next
	}
	if (!m->recorded || m->p->options->auto_remove)
		record_now(m, true);
	conclude(m);
}

// The command is stopped, say by Ctrl-Z: not a reason to leave the end unrecorded.
static void on_record_late(struct loop *l, void *data)
{
	monitor_control_gone(data);
}

void monitor_recorded(struct monitor *m)
{
	if (!m->delivered || m->told)
		return;
	conclude(m);
	if (m->p->options->auto_remove)
		engine_sweep(m->g, m->p->id);
}

void monitor_control_gone(struct monitor *m)
{
	if (!m->delivered || m->told)
		return;
	if (!m->recorded || m->p->options->auto_remove)
		record_now(m, true);
	conclude(m);
}

static void on_delivered(void *data)
{
	struct monitor *m = data;

	if (!m->exited || m->delivered) // the payload closed its outputs and goes on
		return;
	m->delivered = true;
	finish(m);
}

static void note_oom(struct monitor *m)
{
	struct cgroup_stats s = {0};
	struct err e;

	if (!m->oom_killed && m->c.cgroup && cgroup_read_stats(m->c.cgroup, &s, &e) >= 0)
		m->oom_killed = s.oom_kills > 0;
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_init_end(struct loop *l, int pidfd, void *data)
{
	struct monitor *m = data;
	struct err e;

	m->exit.code = reap(m->c.pid);
	m->exit.finished = clock_now();
	m->exited = true;
	if (m->exit.code == 128 + SIGKILL || (m->oom_fd >= 0 && fd_wait_readable(m->oom_fd, 0)))
		note_oom(m);
	m->exit.oom_killed = m->oom_killed;
	if (m->c.cgroup && cgroup_remove(m->c.cgroup, CGROUP_REMOVE_MS, &e) < 0)
		log_debug("remove the groups of %s: %s", m->p->id, e.text);
	stream_group_finish(m->out);
	if (stream_group_is_done(m->out))
		on_delivered(m);
	else
		record_now(m,
			   false); // a reader is slow: the end is known at once, the rest of the output comes as it can
}

static void on_oom(struct loop *l, int fd, uint32_t revents, void *data)
{
	char drop[4096];

	(void)!read(fd, drop, sizeof(drop));
	note_oom(data);
}

static void watch_oom(struct monitor *m)
{
	struct err e;

	if (!m->c.cgroup || m->p->options->memory <= 0)
		return;
	m->oom_fd = cgroup_oom_fd(m->c.cgroup, &e);
	if (m->oom_fd >= 0)
		(void)loop_add_fd(m->loop, m->oom_fd, EPOLLIN | EPOLLPRI, on_oom, m, NULL, &e);
}

// ---- the beginning
// ------------------------------------------------------------------------------------------------------

static int on_namespaces(pid_t pid, int pidfd, void *data, struct err *e)
{
	struct monitor *m = data;
	struct engine_live live;

	m->live = (struct frame_live){
		.started = clock_now(),
		.pid_start = engine_process_start(pid),
		.monitor_start = engine_process_start(getpid()),
		.pid = pid,
		.monitor = getpid(),
		.tty = m->tty,
		.interactive = m->interactive,
		.stop_signal = (uint16_t)(m->p->stop_signal > 0 ? m->p->stop_signal : SIGTERM),
		.stop_timeout = (uint16_t)MIN(MAX(m->p->stop_timeout, 0), UINT16_MAX),
	};
	int rc = attach_server_ask_record(m->clients, &m->live, pidfd, e);
	if (rc != -ENOTCONN)
		return rc;
	live = (struct engine_live){.pid = pid,
				    .monitor = m->live.monitor,
				    .pid_start = m->live.pid_start,
				    .monitor_start = m->live.monitor_start,
				    .started = m->live.started};
	return engine_row_start(m->g, m->p, &live, e);
}

// A start that failed, and nobody to tell: what the CLI would have done.
static void undo(struct monitor *m, const struct err *why)
{
	struct err e;

	if (m->p->fresh)
		engine_prepared_discard(m->g, m->p);
	else
		(void)engine_row_exited(m->g, m->p->id, 128, clock_now(), false, why->text, &e);
}

static void on_signal(struct loop *l, int sig, pid_t sender, void *data)
{
	struct monitor *m = data;

	(void)pidfd_send(m->c.pidfd, m->live.stop_signal);
}

// Not earlier: an ignored signal would be one to the payload as well.
static int take_signals(struct monitor *m, struct err *e)
{
	static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTSTP,
				      SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGALRM};
	sigset_t set;

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	return loop_add_signals(m->loop, &set, on_signal, m, e);
}

static void on_listen_time(struct loop *l, void *data)
{
	struct monitor *m = data;
	struct err e;

	if (!m->exited && attach_server_listen(m->clients, &e) < 0)
		log_debug("attach socket of %s: %s", m->p->id, e.text);
	(void)malloc_trim(0); // it will be here for a while: what the command used before the fork goes back
}

static int create(struct monitor *m, struct pipes *pipes, struct err *e)
{
	struct container_plan *plan = &m->p->plan;

	if (!m->tty) {
		int rc = pipes_make(pipes, m->interactive, e);
		if (rc < 0)
			return rc;
	}
	memcpy(plan->stdio, pipes->theirs, sizeof(plan->stdio));
	plan->console_socket = -1;
	plan->on_namespaces = on_namespaces;
	plan->data = m;
	plan->run_now = true;
	int rc = container_create(plan, &m->c, e);
	if (rc < 0)
		return rc;
	m->running = true;
	for (int i = 0; i < 3; i++)
		fd_close(TAKE_FD(pipes->theirs[i]));
	return 0;
}

// The payload runs: everything that watches it.
static int supervise(struct monitor *m, struct pipes *pipes, struct err *e)
{
	int rc = take_signals(m, e);

	if (!rc)
		rc = connect_streams(m, pipes, e);
	if (!rc)
		rc = attach_server_start(m->clients, e);
	if (!rc)
		rc = loop_add_pid(m->loop, m->c.pidfd, on_init_end, m, NULL, e);
	if (rc < 0)
		return rc;
	watch_oom(m);
	if (m->io.out || m->io.err)
		return loop_add_timer(m->loop, LISTEN_AFTER_MS * NS_PER_MS, 0, on_listen_time, m, NULL, e);
	(void)malloc_trim(0);
	return attach_server_listen(m->clients, e);
}

static void abandon(struct monitor *m, const struct err *why)
{
	struct err e;

	if (m->running) {
		(void)pidfd_send(m->c.pidfd, SIGKILL);
		(void)reap(m->c.pid);
		if (m->c.cgroup)
			(void)cgroup_remove(m->c.cgroup, CGROUP_REMOVE_MS, &e);
	}
	if (attach_server_has_control(m->clients))
		attach_server_failed(m->clients, why);
	else
		undo(m, why);
	_exit(1);
}

_noreturn_ static void monitor_main(struct monitor *m, int control)
{
	struct pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};
	struct err e = {0};

	(void)setsid();
	(void)prctl(PR_SET_NAME, "berth-monitor");
	(void)!chdir("/");
	engine_after_fork(m->g);
	close_foreign(control);
	m->clients = attach_server_new(m, control);
	int rc = rootless_hold(&e); // before the command that forked us may end
	if (!rc)
		rc = loop_new(&m->loop, &e);
	if (!rc)
		rc = create(m, &pipes, &e);
	if (rc < 0)
		abandon(m, &e);
	engine_prepared_started(m->p);
	replace_stdio(&m->io);
	rc = supervise(m, &pipes, &e);
	if (rc < 0)
		abandon(m, &e);
	pipes_done(&pipes);
	(void)loop_run(m->loop, &e);
	_exit(0);
}

int monitor_fork(struct engine *g, struct engine_prepared *p, const struct monitor_stdio *io, const sigset_t *signals,
		 int *ret_control, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make the monitor's control socket");
	pid_t pid = fork();
	if (pid < 0) {
		int rc = err_sys(e, "fork the monitor");
		fd_close(pair[0]);
		fd_close(pair[1]);
		return rc;
	}
	if (!pid) {
		struct monitor m = {
			.g = g,
			.p = p,
			.io = *io,
			.tty = p->options->tty,
			.interactive = p->options->interactive,
			.peer = -1,
			.oom_fd = -1,
			.c = {.pidfd = -1, .console = -1, .sync = -1, .seccomp_notify = -1},
		};
		fd_close(pair[0]);
		if (signals)
			(void)sigprocmask(SIG_SETMASK, signals, NULL);
		monitor_main(&m, pair[1]);
	}
	fd_close(pair[1]);
	*ret_control = pair[0];
	return 0;
}
