// SPDX-License-Identifier: Apache-2.0
// Owns the hooks of config.json: programs that get the container's state on stdin at fixed points of its life. The
// first failure ends the list. Only plain old calls are used here (fork, execve, waitpid, nanosleep), because
// startContainer's run under the payload's own filter.
#include "runtime/hooks.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { STATE_MAX = 1 << 20, POLL_NS = 2 * 1000 * 1000 };

static const struct {
	const char *name, *status;
} points[] = {
	[HOOK_PRESTART] = {"prestart", "creating"},
	[HOOK_CREATE_RUNTIME] = {"createRuntime", "creating"},
	[HOOK_CREATE_CONTAINER] = {"createContainer", "creating"},
	[HOOK_START_CONTAINER] = {"startContainer", "created"},
	[HOOK_POSTSTART] = {"poststart", "running"},
	[HOOK_POSTSTOP] = {"poststop", "stopped"},
};

static const struct oci_hook_list *list_of(const struct oci_hooks *h, enum hook_point p)
{
	switch (p) {
	case HOOK_PRESTART: return &h->prestart;
	case HOOK_CREATE_RUNTIME: return &h->create_runtime;
	case HOOK_CREATE_CONTAINER: return &h->create_container;
	case HOOK_START_CONTAINER: return &h->start_container;
	case HOOK_POSTSTART: return &h->poststart;
	case HOOK_POSTSTOP: return &h->poststop;
	}
	return &h->poststop;
}

bool hooks_any(const struct oci_spec *s, enum hook_point p)
{
	return list_of(&s->hooks, p)->n;
}

static void write_state(struct buf *b, const struct oci_spec *s, enum hook_point p, const char *id, pid_t pid,
			const char *bundle)
{
	struct json_writer w = JSON_WRITER(b, 0);

	jw_object(&w);
	jw_kstr(&w, "ociVersion", s->oci_version ? s->oci_version : OCI_RUNTIME_VERSION);
	jw_kstr(&w, "id", id);
	jw_kstr(&w, "status", points[p].status);
	if (pid > 0)
		jw_kint(&w, "pid", pid);
	jw_kstr(&w, "bundle", bundle ? bundle : "");
	if (s->annotations.n) {
		jw_key(&w, "annotations");
		jw_object(&w);
		for (size_t i = 0; i < s->annotations.n; i++)
			jw_kstr(&w, s->annotations.v[i].key, s->annotations.v[i].value);
		jw_object_end(&w);
	}
	jw_object_end(&w);
}

static char **vector(const struct oci_strings *s, const char *otherwise)
{
	char **v = xnew_n(char *, s->n + 2);
	for (size_t i = 0; i < s->n; i++)
		v[i] = s->v[i];
	if (!s->n)
		v[0] = (char *)otherwise;
	return v;
}

_noreturn_ static void become_hook(const struct oci_hook *h, int in, int report)
{
	static char *const nothing[] = {NULL};
	_cleanup_free_ char **argv = vector(&h->args, h->path), **env = vector(&h->env, NULL);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sys_signals_default();
	if (dup2(in, 0) >= 0)
		execve(h->path, argv, h->env.n ? env : nothing);
	int code = errno;
	if (write(report, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

// 1: it ended; 0: time is over. timeout in seconds, 0 or less: none.
static int await(pid_t pid, int64_t timeout, int *ret_status)
{
	int64_t end = clock_monotonic() + timeout * NS_PER_SEC;

	for (;;) {
		pid_t got = waitpid(pid, ret_status, timeout > 0 ? WNOHANG : 0);
		if (got == pid)
			return 1;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (timeout > 0 && clock_monotonic() >= end)
			return 0;
		if (timeout > 0)
			clock_sleep(POLL_NS);
	}
}

static int judge(const struct oci_hook *h, int status, struct err *e)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status))
		return err_set(e, ERR_CANCELLED, ECANCELED, "%s exited with status %d", h->path, WEXITSTATUS(status));
	return err_set(e, ERR_CANCELLED, ECANCELED, "%s was killed by signal %d", h->path, WTERMSIG(status));
}

static int feed_and_wait(const struct oci_hook *h, pid_t pid, int in, int report, const struct buf *state,
			 struct err *e)
{
	int code = 0, status = 0;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

	sigaction(SIGPIPE, &ignore, &old);
	fd_set_nonblock(in, true); // a state fits into a pipe; a hook that does not read must not hold us
	ssize_t put = fd_write_full(in, state->data, state->len);
	fd_close(in);
	sigaction(SIGPIPE, &old, NULL);
	if (read(report, &code, sizeof(code)) == sizeof(code)) {
		waitpid(pid, &status, 0);
		return err_rc(e, -code, "%s", h->path);
	}
	int rc = await(pid, h->timeout.set ? h->timeout.v : 0, &status);
	if (rc == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return err_set(e, ERR_TIMEOUT, ETIMEDOUT, "%s did not end within %lld seconds", h->path,
			       (long long)h->timeout.v);
	}
	if (rc < 0)
		return err_rc(e, rc, "wait for %s", h->path);
	rc = judge(h, status, e);
	return !rc && put < 0 && put != -EPIPE ? err_rc(e, (int)put, "hand the state to %s", h->path) : rc;
}

static int run_one(const struct oci_hook *h, const struct buf *state, struct err *e)
{
	int in[2], report[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		int rc = err_sys(e, "pipe");
		fd_close(in[0]);
		fd_close(in[1]);
		return rc;
	}
	fcntl(in[1], F_SETPIPE_SZ, STATE_MAX);
	pid_t pid = fork();
	int rc = pid < 0 ? err_sys(e, "fork") : 0;
	if (!pid)
		become_hook(h, in[0], report[1]);
	fd_close(in[0]);
	fd_close(report[1]);
	if (!rc)
		rc = feed_and_wait(h, pid, in[1], report[0], state, e);
	else
		fd_close(in[1]);
	fd_close(report[0]);
	return rc;
}

int hooks_run(const struct oci_spec *s, enum hook_point p, const char *id, pid_t pid, const char *bundle, struct err *e)
{
	const struct oci_hook_list *l = list_of(&s->hooks, p);
	_cleanup_buf_ struct buf state = BUF_INIT(STATE_MAX);

	if (!l->n)
		return 0;
	write_state(&state, s, p, id, pid, bundle);
	if (state.failed)
		return err_rc(e, state.failed, "hooks.%s: the state", points[p].name);
	for (size_t i = 0; i < l->n; i++) {
		int rc = run_one(&l->v[i], &state, e);
		if (rc < 0)
			return err_wrap(e, rc, "hooks.%s[%zu]", points[p].name, i);
	}
	return 0;
}
