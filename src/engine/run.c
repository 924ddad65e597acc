// SPDX-License-Identifier: Apache-2.0
// run, start, attach: from a container that is prepared to one that runs in a monitor of its own, with this command in
// front of it or not. Everything is resolved before the fork; after it, the command serves its monitor
// (attach_client.c) until the payload runs (detached) or ended.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/attach.h"
#include "engine/internal.h"
#include "engine/monitor.h"
#include "engine/notes.h"
#include "engine/running.h"

#include <signal.h>
#include <sys/stat.h>

// ---- what goes where
// ----------------------------------------------------------------------------------------------------

struct front { // the command in the foreground of a starting container
	bool in, out, err, sig_proxy;
	const char *detach_keys;
};

static struct front front_of(const struct engine_create_options *o, bool sig_proxy)
{
	bool all = !o->attach_stdin && !o->attach_stdout && !o->attach_stderr;

	return (struct front){
		.in = o->interactive && (all || o->attach_stdin),
		.out = all || o->attach_stdout,
		.err = all || o->attach_stderr,
		.sig_proxy = sig_proxy,
		.detach_keys = o->detach_keys,
	};
}

// The start failed, and the monitor leaves the undoing to us.
static void undo(struct engine *g, struct engine_prepared *p, const struct err *why)
{
	struct err ignored;

	if (p->fresh)
		engine_prepared_discard(g, p);
	else
		(void)engine_row_exited(g, p->id,
					why->class == ERR_EXEC_NOT_FOUND ? 127
					: why->class == ERR_EXEC_DENIED  ? 126
									 : 128,
					clock_now(), false, why->text, &ignored);
}

// Starts p in a monitor. front NULL: returns when the payload runs; else serves it to its end.
static int start(struct engine *g, struct engine_prepared *p, const struct front *front, int *ret_exit,
		 bool *ret_discarded, struct err *e)
{
	bool tty = p->options->tty, keyboard = front && front->in && (tty || isatty(0));
	struct attach_session s = {
		.g = g,
		.p = p,
		.tty = tty,
		.detached = !front,
		.input = keyboard,
		.sig_proxy = front && front->sig_proxy,
		.name = p->name,
		.sock = -1,
		.pidfd = -1,
	};
	struct monitor_stdio io = {0};
	sigset_t old;
	int rc = 0, exit_code = 0;

	if (front) {
		io = (struct monitor_stdio){.in = front->in && !keyboard,
					    .in_frames = keyboard,
					    .out = front->out,
					    .err = front->err};
		if (tty)
			rc = detach_keys_parse(front->detach_keys, &s.keys, e);
	}
	attach_block_signals(&s, &old);
	if (rc >= 0)
		rc = monitor_fork(g, p, &io, &old, &s.sock, e);
	s.failed = rc < 0;
	if (rc >= 0) {
		engine_prepared_started(p);
		rc = attach_session_run(&s, &old, &exit_code, e);
	} else {
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	}
	if (rc < 0 && s.failed)
		undo(g, p, e);
	if (ret_discarded)
		*ret_discarded = rc < 0 && s.failed;
	if (!rc && ret_exit)
		*ret_exit = exit_code;
	return rc;
}

int engine_run(struct engine *g, const struct engine_run *r, int *ret_exit, char **ret_id, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;
	struct engine_create_options *o = r->options;
	bool discarded = false;

	int rc = engine_prepare_new(g, o, &p, e);
	if (rc < 0)
		return rc;
	rc = notes_write_id(o, p->id, e);
	if (rc < 0) {
		engine_prepared_discard(g, p);
		return rc;
	}
	struct front front = front_of(o, r->sig_proxy);
	rc = start(g, p, o->detach ? NULL : &front, ret_exit, &discarded, e);
	if (discarded)
		notes_forget_id(o);
	if (rc < 0)
		return rc;
	if (ret_id)
		*ret_id = xstrdup(p->id);
	return 0;
}

static int prepare_by_ref(struct engine *g, const char *ref, struct engine_prepared **ret, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	int rc = engine_row_lookup(g, ref, id, e);

	return rc < 0 ? rc : engine_prepare(g, id, ret, e);
}

// Running already is what was asked for.
static bool runs(struct engine *g, const char *ref)
{
	_cleanup_engine_container_ struct engine_container *c = NULL;
	struct err e;

	return engine_find(g, ref, &c, &e) >= 0 && (c->state == ENGINE_RUNNING || c->state == ENGINE_PAUSED);
}

int engine_start(struct engine *g, const char *ref, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;

	if (runs(g, ref))
		return 0;
	int rc = prepare_by_ref(g, ref, &p, e);
	return rc < 0 ? rc : start(g, p, NULL, NULL, NULL, e);
}

int engine_start_attached(struct engine *g, const char *ref, bool with_stdin, bool sig_proxy, const char *detach_keys,
			  int *ret_exit, struct err *e)
{
	_cleanup_engine_prepared_ struct engine_prepared *p = NULL;

	if (runs(g, ref))
		return engine_attach(g, ref, !with_stdin, sig_proxy, detach_keys, ret_exit, e);
	int rc = prepare_by_ref(g, ref, &p, e);
	if (rc < 0)
		return rc;
	struct front front = {
		.in = with_stdin && p->options->interactive,
		.out = true,
		.err = true,
		.sig_proxy = sig_proxy && !p->options->tty,
		.detach_keys = detach_keys ? detach_keys : p->options->detach_keys,
	};
	return start(g, p, &front, ret_exit, NULL, e);
}

// ---- attach
// ---------------------------------------------------------------------------------------------------------------

int engine_attach(struct engine *g, const char *ref, bool no_stdin, bool sig_proxy, const char *detach_keys,
		  int *ret_exit, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;
	struct attach_session s = {.g = g};
	sigset_t old;

	int rc = engine_running_row(g, ref, &r, e);
	if (rc < 0)
		return rc;
	if (r.c.state == ENGINE_PAUSED)
		return err_set(e, ERR_CONFLICT, EBUSY, "container %s is paused: unpause it before attaching to it",
			       r.c.name);
	rc = detach_keys_parse(detach_keys, &s.keys, e);
	if (rc >= 0)
		rc = monitor_connect(g, r.c.id, true, !no_stdin, &l, e);
	if (rc < 0)
		return rc;
	s.name = r.c.name;
	s.tty = l.live.tty;
	s.input = l.live.interactive && !no_stdin;
	s.sig_proxy = sig_proxy && !s.tty;
	s.sock = TAKE_FD(l.sock);
	s.pidfd = TAKE_FD(l.pidfd);
	if (!s.tty)
		s.keys = (struct detach_keys){0};
	attach_block_signals(&s, &old);
	return attach_session_run(&s, &old, ret_exit, e);
}
