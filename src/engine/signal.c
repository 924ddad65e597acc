// SPDX-License-Identifier: Apache-2.0
// Ending, waiting for, and freezing containers that run. Whoever signals gets a pidfd of init from the container's
// monitor, or, where that does not answer, opens one and checks the start time that the row has: never a foreign
// process. kill and stop return when the end is recorded, so that the next command finds it so.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "engine/monitor.h"
#include "engine/prepare.h"
#include "engine/running.h"

#include <poll.h>
#include <signal.h>

enum { KILL_WAIT_MS = 10000, SIG_MAX = 64 };

int engine_running_row(struct engine *g, const char *ref, struct engine_row *ret, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	_cleanup_engine_row_ struct engine_row r = {0};

	int rc = engine_row_lookup(g, ref, id, e);
	if (rc >= 0)
		rc = engine_row_load(g, id, &r, e);
	if (rc >= 0)
		rc = engine_row_check(g, &r, e);
	if (rc < 0)
		return rc;
	if (r.c.state == ENGINE_DEAD)
		return err_set(e, ERR_CONFLICT, ESRCH,
			       "container %s is dead, its monitor was killed: remove it with berth rm -f %s", r.c.name,
			       r.c.name);
	if (r.c.state != ENGINE_RUNNING && r.c.state != ENGINE_PAUSED)
		return err_set(e, ERR_CONFLICT, EALREADY, "container %s is not running", r.c.name);
	*ret = r;
	r = (struct engine_row){0};
	return 0;
}

// By the row alone, for a monitor that does not answer.
static int pidfd_of_row(const struct engine_row *r, struct err *e)
{
	_cleanup_fd_ int fd = sys_pidfd_open(r->c.pid, 0);

	if (fd < 0 || engine_process_start(r->c.pid) != r->pid_start)
		return err_set(e, ERR_CONFLICT, ESRCH, "container %s is not running", r->c.name);
	return TAKE_FD(fd);
}

static int thaw(struct engine *g, const struct engine_row *r, struct err *e)
{
	_cleanup_cgroup_ struct cgroup *c = NULL;

	int rc = engine_cgroup_open(g, r, &c, e);
	if (rc >= 0)
		rc = cgroup_freeze(c, false, e);
	return rc < 0 ? rc : engine_row_paused(g, r->c.id, false, e);
}

static int send_to(const struct engine_row *r, int pidfd, int sig, struct err *e)
{
	int rc = pidfd_send(pidfd, sig);

	if (rc == -ESRCH)
		return err_set(e, ERR_CONFLICT, ESRCH, "container %s is not running", r->c.name);
	return rc < 0 ? err_rc(e, rc, "send signal %d to container %s", sig, r->c.name) : 0;
}

// One signal, and with SIGKILL the end of a freeze, which would keep it from dying.
static int signal_running(struct engine *g, const struct engine_row *r, const struct monitor_link *l, int sig,
			  struct err *e)
{
	_cleanup_fd_ int own = l->pidfd < 0 ? pidfd_of_row(r, e) : -1;

	if (l->pidfd < 0 && own < 0)
		return own;
	int rc = send_to(r, l->pidfd >= 0 ? l->pidfd : own, sig, e);
	if (!rc && r->c.state == ENGINE_PAUSED && sig == SIGKILL)
		rc = thaw(g, r, e);
	return rc;
}

int engine_kill(struct engine *g, const char *ref, int sig, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;
	struct frame_exit x;
	struct err ignored;

	if (sig < 1 || sig > SIG_MAX)
		return err_invalid(e, "signal %d: there are 1 to %d", sig, SIG_MAX);
	int rc = engine_running_row(g, ref, &r, e);
	if (rc < 0)
		return rc;
	(void)monitor_connect(g, r.c.id, false, false, &l, &ignored);
	rc = signal_running(g, &r, &l, sig, e);
	if (!rc && sig == SIGKILL && l.sock >= 0)
		(void)monitor_wait(&l, KILL_WAIT_MS, &x, &ignored);
	return rc;
}

int engine_stop(struct engine *g, const char *ref, int timeout, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;
	struct frame_exit x;

	int rc = engine_running_row(g, ref, &r, e);
	if (rc == -EALREADY)
		return 0; // stopped already
	if (rc < 0)
		return rc;
	rc = monitor_connect(g, r.c.id, false, false, &l, e);
	if (rc < 0)
		return rc;
	if (timeout < 0)
		timeout = l.live.stop_timeout;
	rc = signal_running(g, &r, &l, l.live.stop_signal, e);
	if (!rc && r.c.state == ENGINE_PAUSED)
		rc = thaw(g, &r, e);
	if (rc == -ESRCH)
		rc = 0; // it ends by itself
	if (!rc)
		rc = monitor_wait(&l, MIN(timeout, INT32_MAX / 1000) * 1000, &x, e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = signal_running(g, &r, &l, SIGKILL, e);
	if (!rc || rc == -ESRCH)
		rc = monitor_wait(&l, KILL_WAIT_MS, &x, e);
	if (!rc)
		return err_set(e, ERR_TIMEOUT, ETIMEDOUT, "container %s did not end %d s after SIGKILL", r.c.name,
			       KILL_WAIT_MS / 1000);
	return rc < 0 ? rc : 0;
}

int engine_wait(struct engine *g, const char *ref, int *ret_exit, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	struct err why;
	int rc = engine_row_lookup(g, ref, id, e);

	if (rc < 0)
		return rc;
	for (int tries = 0; tries < 2; tries++) { // it may end between the look at the row and the connection
		_cleanup_engine_row_ struct engine_row r = {0};
		_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;
		struct frame_exit x;
		rc = engine_row_load(g, id, &r, e);
		if (rc >= 0)
			rc = engine_row_check(g, &r, e);
		if (rc < 0)
			return rc;
		if (r.c.state != ENGINE_RUNNING && r.c.state != ENGINE_PAUSED) {
			*ret_exit = r.c.state == ENGINE_DEAD ? 128 + SIGKILL : r.c.exit_code;
			return 0;
		}
		rc = monitor_connect(g, id, false, false, &l, &why);
		if (rc < 0)
			continue;
		rc = monitor_wait(&l, -1, &x, e);
		if (rc > 0)
			*ret_exit = x.code;
		return rc < 0 ? rc : 0;
	}
	*e = why;
	return rc;
}

int engine_pause(struct engine *g, const char *ref, bool paused, struct err *e)
{
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_cgroup_ struct cgroup *c = NULL;

	int rc = engine_running_row(g, ref, &r, e);
	if (rc < 0)
		return rc;
	if (paused == (r.c.state == ENGINE_PAUSED))
		return err_set(e, ERR_CONFLICT, EALREADY, "container %s is %s paused", r.c.name,
			       paused ? "already" : "not");
	rc = engine_cgroup_open(g, &r, &c, e);
	if (rc >= 0)
		rc = cgroup_freeze(c, paused, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s %s", paused ? "pause" : "unpause", r.c.name);
	return engine_row_paused(g, r.c.id, paused, e);
}
