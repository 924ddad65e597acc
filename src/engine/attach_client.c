// SPDX-License-Identifier: Apache-2.0
// What a command does while its container runs in the foreground: next to nothing. Output does not pass through it (the
// monitor writes to its descriptors), so it sleeps in poll until a signal, a key or the end comes.
//
// Theory of operation. Signals that are to be passed on, or that must not kill us while the terminal is raw, are
// blocked before the monitor is forked and read from a signalfd: none can slip through between. With a terminal, keys
// go as packets, window changes too, and the detach keys are looked for here. Without one, signals go straight to init
// by its pidfd, which came with the first frame; a third SIGINT or SIGTERM gives up on a container that heeds none.
// Input waits for the monitor (a full socket stops the reading of the keyboard), the rest never does.
//
// While this command is there it is the one that writes the container's row (FRAME_RECORD, FRAME_EXIT): its
// database is open. See monitor.c.
#include "engine/attach.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/frames.h"
#include "engine/monitor.h"
#include "engine/notes.h"
#include "engine/prepare.h"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/signalfd.h>

enum { FORCE_AFTER = 3 /* SIGINTs or SIGTERMs */, PIPE_GRACE_MS = 1000 };

struct session {
	struct attach_session *a;
	int signals;
	bool raw, recorded, eof, pipe_gone, done, detaching;
	unsigned urgent;                 // SIGINTs and SIGTERMs so far
	int exit_code, kill_by;          // kill_by: a signal to die of once all is restored
	uint8_t pending[FRAME_DATA_MAX]; // input that the socket did not take
	size_t n_pending;
	struct detach_keys keys;
};

// ---- signals
// ------------------------------------------------------------------------------------------------------------

// Neither faults of our own, nor children, nor job control.
static bool is_proxied(int sig)
{
	static const int not [] = {SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU,
				   SIGCONT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGTRAP,  SIGSYS,  SIGABRT};

	for (size_t i = 0; i < ARRAY_SIZE(not ); i++)
		if (not [i] == sig)
			return false;
	return sig < 32 || sig >= SIGRTMIN; // libc's own
}

static void wanted_signals(const struct attach_session *a, sigset_t *ret)
{
	static const int terminal[] = {SIGWINCH, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT};

	sigemptyset(ret);
	if (a->detached)
		return;
	if (a->tty) {
		for (size_t i = 0; i < ARRAY_SIZE(terminal); i++)
			sigaddset(ret, terminal[i]);
	} else if (a->sig_proxy) {
		for (int i = 1; i <= SIGRTMAX; i++)
			if (is_proxied(i))
				sigaddset(ret, i);
	}
}

void attach_block_signals(const struct attach_session *a, sigset_t *ret_old)
{
	sigset_t set;

	wanted_signals(a, &set);
	(void)sigprocmask(SIG_BLOCK, &set, ret_old);
}

static void send_size(struct session *s)
{
	struct winsize w = terminal_size(s->a->input ? 0 : 1);
	struct frame_size size = {.rows = w.ws_row, .cols = w.ws_col};

	if (size.rows && size.cols)
		(void)frame_send(s->a->sock, FRAME_RESIZE, &size, sizeof(size), NULL, 0);
}

static void stop_self(void)
{
	bool raw = terminal_is_raw();

	if (raw)
		terminal_restore();
	(void)kill(getpid(), SIGSTOP);
}

static void on_terminal_signal(struct session *s, int sig)
{
	switch (sig) {
	case SIGWINCH: send_size(s); break;
	case SIGTSTP: stop_self(); break;
	case SIGCONT:
		if (s->raw) {
			struct err e;
			(void)terminal_raw(0, &e);
			send_size(s);
		}
		break;
	default: // the command is told to end; the container is not
		s->kill_by = sig;
		s->done = true;
	}
}

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	int sig = (int)info.ssi_signo;
	if (s->a->tty) {
		on_terminal_signal(s, sig);
		return;
	}
	if (s->a->pidfd >= 0)
		(void)pidfd_send(s->a->pidfd, sig);
	if ((sig == SIGINT || sig == SIGTERM) && ++s->urgent >= FORCE_AFTER) {
		s->kill_by = sig;
		s->done = true;
	}
}

// ---- input
// --------------------------------------------------------------------------------------------------------------

// Whether everything is on its way.
static bool push_input(struct session *s)
{
	if (s->n_pending && frame_send(s->a->sock, FRAME_STDIN, s->pending, s->n_pending, NULL, 0) == -EAGAIN)
		return false;
	s->n_pending = 0;
	return true;
}

static void on_input(struct session *s)
{
	uint8_t raw[FRAME_DATA_MAX - DETACH_KEYS_MAX];
	bool detach = false;

	ssize_t n = read(0, raw, sizeof(raw));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->eof = true;
		(void)frame_send(s->a->sock, FRAME_STDIN_EOF, NULL, 0, NULL, 0);
		return;
	}
	s->n_pending = detach_keys_feed(&s->keys, raw, (size_t)n, s->pending, &detach);
	(void)push_input(s);
	if (detach) {
		s->detaching = s->eof = true;
		(void)frame_send(s->a->sock, FRAME_DETACH, NULL, 0, NULL, 0);
	}
}

// ---- frames
// -------------------------------------------------------------------------------------------------------------

static int record_start(struct session *s, const struct frame_live *f)
{
	struct engine_live live = {
		.pid = f->pid,
		.monitor = f->monitor,
		.pid_start = f->pid_start,
		.monitor_start = f->monitor_start,
		.started = f->started,
	};
	struct err e = {0};

	if (!s->a->p)
		return -EPROTO;
	s->recorded = true;
	if (engine_row_start(s->a->g, s->a->p, &live, &e) < 0 || notes_write_pid(s->a->p->options, f->pid, &e) < 0)
		return frame_send(s->a->sock, FRAME_FAILED, &e, sizeof(e), NULL, 0);
	return frame_send(s->a->sock, FRAME_RECORDED, NULL, 0, NULL, 0);
}

// The payload runs: the keyboard is its own from now on.
static int take_terminal(struct session *s, struct err *e)
{
	if (!s->a->tty || !s->a->input || s->raw || !isatty(0))
		return 0;
	int rc = terminal_raw(0, e);
	if (rc < 0)
		return rc;
	s->raw = true;
	send_size(s);
	return 0;
}

static int on_started(struct session *s, struct err *e)
{
	s->done = s->a->detached;
	return s->done ? 0 : take_terminal(s, e);
}

static int on_exit_frame(struct session *s, const struct frame_exit *x, struct err *e)
{
	struct engine_prepared *p = s->a->p;
	int rc = 0;

	s->done = true;
	s->exit_code = x->code;
	if (!p)
		return 0;
	if (p->options->auto_remove)
		rc = engine_retire(s->a->g, p->id, e); // the monitor sweeps up
	else if (!x->recorded)
		rc = engine_row_exited(s->a->g, p->id, x->code, x->finished, x->oom_killed, NULL, e);
	if (rc < 0)
		return rc; // the monitor sees the socket close and tries itself
	if (!p->options->auto_remove)
		(void)flock(p->dir, LOCK_UN); // for the monitor too, which has nothing to do any more
	(void)frame_send(s->a->sock, FRAME_RECORDED, NULL, 0, NULL, 0);
	return 0;
}

static int on_frame(struct session *s, const struct frame *f, struct err *e)
{
	switch (f->type) {
	case FRAME_RECORD: return record_start(s, &f->live) < 0 ? err_invalid(e, "the monitor is gone") : 0;
	case FRAME_STARTED: return on_started(s, e);
	case FRAME_FAILED:
		s->a->failed = true;
		*e = f->err;
		return -f->err.code;
	case FRAME_PIPE: s->pipe_gone = true; return 0;
	case FRAME_DETACHED: s->done = true; return 0;
	case FRAME_EXIT: return on_exit_frame(s, &f->exit, e);
	default: return err_set(e, ERR_INTERNAL, EPROTO, "unexpected frame %u from the monitor", (unsigned)f->type);
	}
}

// Killed by somebody. Its container may run on, unwatched: a container of nobody's goes, another one is shown as dead.
static int monitor_died(struct session *s, struct err *e)
{
	struct engine_prepared *p = s->a->p;
	struct err ignored;

	s->a->failed = p && !s->recorded;
	bool stays = s->recorded && p && !p->options->auto_remove;
	if (p && s->recorded && !stays) {
		_cleanup_engine_row_ struct engine_row r = {0};
		if (engine_row_load(s->a->g, p->id, &r, &ignored) >= 0)
			(void)engine_kill_remains(s->a->g, &r, &ignored);
		(void)engine_remove_ended(s->a->g, p->id, p->dir, true, &ignored);
	}
	return err_set(e, ERR_INTERNAL, ECHILD, "the monitor of container %s was killed%s%s", s->a->name,
		       stays ? "; remove what is left with: berth rm -f " : "", stays ? s->a->name : "");
}

static int on_socket(struct session *s, struct err *e)
{
	uint8_t buf[FRAME_MAX];
	int fds[FRAME_FDS_MAX] = {-1, -1};
	struct frame f;

	int rc = frame_recv(s->a->sock, buf, false, &f, fds, e);
	if (rc == -EAGAIN)
		return 0;
	if (!rc)
		return monitor_died(s, e);
	if (rc > 0 && fds[0] >= 0 && s->a->pidfd < 0)
		s->a->pidfd = TAKE_FD(fds[0]);
	for (size_t i = 0; i < FRAME_FDS_MAX; i++)
		fd_close(fds[i]);
	return rc < 0 ? rc : on_frame(s, &f, e);
}

// ---- the session
// ----------------------------------------------------------------------------------------------------------

static int step(struct session *s, struct err *e)
{
	bool reads = s->a->input && !s->eof && !s->n_pending && s->a->pidfd >= 0;
	struct pollfd p[] = {
		{.fd = s->a->sock, .events = (short)(POLLIN | (s->n_pending ? POLLOUT : 0))},
		{.fd = s->signals, .events = POLLIN},
		{.fd = reads ? 0 : -1, .events = POLLIN},
	};

	int n = poll(p, ARRAY_SIZE(p), s->pipe_gone ? PIPE_GRACE_MS : -1);
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(e, "wait for the container");
	if (!n) { // a reader of ours is gone and the container goes on: end as any writer to that pipe would
		s->kill_by = SIGPIPE;
		s->done = true;
		return 0;
	}
	if (p[1].revents)
		on_signal(s);
	if (p[0].revents & POLLOUT)
		(void)push_input(s);
	if (p[2].revents && !s->done)
		on_input(s);
	return p[0].revents & (POLLIN | POLLHUP | POLLERR) ? on_socket(s, e) : 0;
}

static void restore(struct session *s, const sigset_t *old)
{
	terminal_restore();
	fd_close(s->signals);
	fd_close(TAKE_FD(s->a->pidfd));
	fd_close(TAKE_FD(s->a->sock));
	if (s->kill_by) {
		(void)signal(s->kill_by, SIG_DFL);
		(void)sigprocmask(SIG_SETMASK, old, NULL);
		(void)raise(s->kill_by);
	}
	(void)sigprocmask(SIG_SETMASK, old, NULL);
}

int attach_session_run(struct attach_session *a, const sigset_t *old, int *ret_exit, struct err *e)
{
	struct session s = {.a = a, .signals = -1, .keys = a->keys};
	sigset_t set;
	int rc = 0;

	wanted_signals(a, &set);
	if (!sigisemptyset(&set)) {
		s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		if (s.signals < 0)
			rc = err_sys(e, "signalfd");
	}
	if (!rc && a->pidfd >= 0) // attached later: it runs already
		rc = take_terminal(&s, e);
	while (!rc && !s.done)
		rc = step(&s, e);
	restore(&s, old);
	if (rc < 0)
		return rc;
	*ret_exit = s.kill_by ? 128 + s.kill_by : s.exit_code;
	return 0;
}
