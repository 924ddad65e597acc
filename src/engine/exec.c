// SPDX-License-Identifier: Apache-2.0
// A further process in a running container, with this command as its parent.
//
// Theory of operation. There is no monitor here: the command starts the process itself, moves its bytes and returns its
// status. Anonymous pipes of the caller are handed to the process as they are, which costs nothing; anything else is
// never handed over (a terminal would allow TIOCSTI into it, a file could be reopened for more than it was
// opened for) but pumped through pipes of our own, or through a terminal of the container's devpts.
//
// Detached, a forked child does the same with nothing attached, and stays to reap. Detaching from a terminal by keys
// leaves a child that holds the terminal's other end, since its closing would hang the process up.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "engine/monitor.h"
#include "engine/running.h"
#include "engine/stream.h"
#include "engine/terminal.h"
#include "kernel/capability.h"

#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

enum { FORCE_AFTER = 3, KEYS_CHUNK = 4096 };

struct exec_session {
	const struct engine_exec *x;
	struct engine_row row;
	struct engine_prepared *p;
	struct oci_process process;
	struct container_exec plan;
	struct container_exec_started started;
	int theirs[3], ours[3]; // pipes; -1
	struct loop *loop;
	struct stream_group *out;
	struct stream_input *in;
	struct stream_fd_sink *sink[STREAM_MAX];
	struct loop_source *keyboard;
	struct detach_keys keys;
	int peer;
	bool exited, delivered, detached, keyboard_full;
	unsigned urgent;
	int exit_code, kill_by;
};

// ---- the plan
// -----------------------------------------------------------------------------------------------------------

static int open_init(struct exec_session *s, int *ret_root, struct err *e)
{
	char path[64];
	_cleanup_fd_ int pidfd = sys_pidfd_open(s->row.c.pid, 0), root = -1;

	int rc = str_fmt(path, sizeof(path), "/proc/%d/root", (int)s->row.c.pid);
	if (rc >= 0)
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pidfd < 0 || root < 0 || engine_process_start(s->row.c.pid) != s->row.pid_start)
		return err_set(e, ERR_CONFLICT, ESRCH, "container %s is not running", s->row.c.name);
	s->plan.pidfd = TAKE_FD(pidfd);
	*ret_root = TAKE_FD(root);
	return 0;
}

static void every_capability(struct arena *a, struct oci_process *pr)
{
	struct oci_capabilities *c = arena_new(a, struct oci_capabilities);

	for (int i = 0; capability_name(i); i++)
		oci_strings_add(a, &c->bounding, capability_name(i));
	c->effective = c->permitted = c->bounding;
	pr->capabilities = c;
}

static void set_env(struct arena *a, struct oci_strings *env, const char *assignment)
{
	size_t n = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], assignment, n)) {
			env->v[i] = arena_strdup(a, assignment);
			return;
		}
	oci_strings_add(a, env, assignment);
}

// A copy: the container's own environment must not change under it.
static struct oci_strings copy_env(struct arena *a, const struct oci_strings *from, bool without_home)
{
	struct oci_strings env = {0};

	for (size_t i = 0; i < from->n; i++)
		if (!without_home || !str_starts(from->v[i], "HOME="))
			oci_strings_add(a, &env, from->v[i]);
	return env;
}

static void build_process(struct exec_session *s)
{
	const struct engine_exec *x = s->x;
	struct arena *a = &s->p->spec->arena;
	struct oci_process *pr = &s->process;
	struct winsize w = terminal_size(0);

	*pr = *s->p->spec->process;
	pr->args = (struct oci_strings){0};
	for (char *const *v = x->args; *v; v++)
		oci_strings_add(a, &pr->args, *v);
	pr->env = copy_env(a, &pr->env, x->user); // another user has another home
	pr->terminal = x->tty;
	pr->console_size.set = x->tty && w.ws_row && w.ws_col;
	pr->console_size.height = w.ws_row;
	pr->console_size.width = w.ws_col;
	if (x->tty)
		set_env(a, &pr->env, "TERM=xterm");
	for (char *const *v = x->env; v && *v; v++)
		set_env(a, &pr->env, *v);
	if (x->workdir)
		pr->cwd = arena_strdup(a, x->workdir);
	if (x->privileged)
		every_capability(a, pr);
}

// A container without groups of its own is fine. One that has them, but where this session may not move a process to,
// is not: the command would run outside of its limits.
static int open_cgroup(struct exec_session *s, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64 << 10);
	char path[48];

	int rc = cgroup_open_path(s->p->cgroup_path, s->p->cgroup_flags, &s->plan.cgroup, e);
	if (rc != -ENOENT)
		return rc;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)s->row.c.pid);
	if (file_read(AT_FDCWD, path, 64 << 10, &b, NULL) >= 0 && strstr(b.data, s->row.c.id))
		return err_set(e, ERR_DENIED, EACCES,
			       "the container's cgroup cannot be entered from this session: call berth from a "
			       "delegated one (systemd-run --user --scope -p Delegate=yes)");
	err_clear(e);
	return 0;
}

static int build_plan(struct engine *g, struct exec_session *s, struct err *e)
{
	_cleanup_fd_ int root = -1;
	int rc = open_init(s, &root, e);

	if (rc >= 0)
		rc = engine_prepare_running(g, s->row.c.id, root, &s->p, e);
	if (rc < 0)
		return rc;
	build_process(s);
	if (s->x->workdir && !path_is_absolute(s->x->workdir))
		return err_invalid(e, "the working directory %s is not an absolute path", s->x->workdir);
	rc = open_cgroup(s, e);
	if (rc < 0)
		return rc;
	s->plan.pid = s->row.c.pid;
	s->plan.process = &s->process;
	s->plan.spec = s->p->spec;
	s->plan.user = s->x->user;
	s->plan.seccomp = s->p->has_filter && !s->x->privileged ? &s->p->filter : NULL;
	s->plan.console_socket = -1;
	return 0;
}

// ---- stdio
// --------------------------------------------------------------------------------------------------------------

static bool is_anonymous_pipe(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

static int make_stdio(struct exec_session *s, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int pair[2];
		s->plan.stdio[i] = -1;
		if (s->x->tty || s->x->detach || (i == 0 && !s->x->interactive))
			continue;
		if (is_anonymous_pipe(i)) {
			s->plan.stdio[i] = i;
			continue;
		}
		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe for the process");
		s->theirs[i] = s->plan.stdio[i] = pair[i ? 1 : 0];
		s->ours[i] = pair[i ? 0 : 1];
	}
	return 0;
}

static void finish_if_done(struct exec_session *s)
{
	if (s->exited && s->delivered)
		loop_stop(s->loop, 0);
}

static void on_delivered(void *data)
{
	struct exec_session *s = data;

	s->delivered = true;
	finish_if_done(s);
}

static void on_output_gone(void *data, int stream, int code)
{
	struct exec_session *s = data;

	s->sink[stream - 1] = NULL;
	stream_source_close(s->out, stream); // the process gets its SIGPIPE, as in any pipeline
}

static void on_keyboard(struct loop *l, int fd, uint32_t revents, void *data);

static void input_drained(void *data)
{
	struct exec_session *s = data;

	if (s->keyboard_full && !loop_add_fd(s->loop, 0, EPOLLIN, on_keyboard, s, &s->keyboard, NULL))
		s->keyboard_full = false;
}

static const struct stream_input_ops input_ops = {.drained = input_drained};

static void on_keyboard(struct loop *l, int fd, uint32_t revents, void *data)
{
	struct exec_session *s = data;
	uint8_t raw[KEYS_CHUNK], out[KEYS_CHUNK + DETACH_KEYS_MAX];
	bool detach = false;

	ssize_t n = read(0, raw, sizeof(raw));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		loop_remove(TAKE_PTR(s->keyboard));
		stream_input_end(s->in);
		return;
	}
	size_t len = detach_keys_feed(&s->keys, raw, (size_t)n, out, &detach);
	if (len)
		(void)stream_input_offer(s->in, out, len);
	if (detach) {
		s->detached = true;
		loop_stop(l, 0);
		return;
	}
	if (!stream_input_ready(s->in)) {
		s->keyboard_full = true;
		loop_remove(TAKE_PTR(s->keyboard));
	}
}

static int connect_terminal(struct exec_session *s, struct err *e)
{
	int master = TAKE_FD(s->started.console), input = fcntl(master, F_DUPFD_CLOEXEC, 3);

	s->peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (input < 0) {
		fd_close(master);
		return err_sys(e, "share the terminal");
	}
	s->in = stream_input_new(s->loop, input, true, &input_ops, s);
	return stream_source_add(s->out, STREAM_STDOUT, master, e);
}

static int connect_stdio(struct exec_session *s, struct err *e)
{
	int rc = s->x->tty ? connect_terminal(s, e) : 0;

	for (int i = 1; !rc && i < 3; i++)
		if (s->ours[i] >= 0)
			rc = stream_source_add(s->out, i, TAKE_FD(s->ours[i]), e);
	if (rc < 0)
		return rc;
	for (int i = 1; i < 3; i++)
		s->sink[i - 1] = stream_fd_sink_add(s->out, s->loop, i, i, 0, on_output_gone, s);
	if (s->ours[0] >= 0)
		s->in = stream_input_new(s->loop, TAKE_FD(s->ours[0]), false, &input_ops, s);
	if (!s->in || !s->x->interactive)
		return 0;
	if (!isatty(0))
		return stream_input_from(s->in, 0, e);
	if (s->x->tty)
		rc = terminal_raw(0, e);
	return rc < 0 ? rc : loop_add_fd(s->loop, 0, EPOLLIN, on_keyboard, s, &s->keyboard, e);
}

// ---- signals and the end
// --------------------------------------------------------------------------------------------------

static void resize(struct exec_session *s)
{
	struct winsize w = terminal_size(0);

	if (s->peer >= 0 && w.ws_row)
		(void)ioctl(s->peer, TIOCSWINSZ, &w);
}

static void on_signal(struct loop *l, int sig, pid_t sender, void *data)
{
	struct exec_session *s = data;

	if (sig == SIGWINCH) {
		resize(s);
	} else if (s->x->tty || ((sig == SIGINT || sig == SIGTERM) && ++s->urgent >= FORCE_AFTER)) {
		s->kill_by = sig;
		loop_stop(l, 0);
	} else {
		(void)pidfd_send(s->started.pidfd, sig);
	}
}

static int wait_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_end(struct loop *l, int pidfd, void *data)
{
	struct exec_session *s = data;

	s->exit_code = wait_status(s->started.pid);
	s->exited = true;
	stream_group_finish(s->out);
	if (stream_group_is_done(s->out))
		s->delivered = true;
	finish_if_done(s);
}

static void signal_set(sigset_t *ret)
{
	static const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};

	sigemptyset(ret);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		sigaddset(ret, all[i]);
}

// Keeps a detached process's terminal alive: drains it until the process is gone.
static void leave_holder(struct exec_session *s)
{
	char drop[4096];
	pid_t pid = fork();

	if (pid)
		return;
	(void)setsid();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), master = stream_input_fd(s->in);
	for (int i = 0; i < 3; i++)
		(void)dup3(null, i, O_CLOEXEC);
	struct pollfd p[] = {{.fd = master, .events = POLLIN}, {.fd = s->started.pidfd, .events = POLLIN}};
	while (!(p[1].revents & POLLIN) && poll(p, ARRAY_SIZE(p), -1) >= 0)
		if (p[0].revents && read(master, drop, sizeof(drop)) <= 0 && errno != EAGAIN)
			break;
	_exit(0);
}

static int serve(struct exec_session *s, struct err *e)
{
	sigset_t set;

	signal_set(&set);
	s->out = stream_group_new(s->loop, on_delivered, s);
	int rc = connect_stdio(s, e);
	if (rc >= 0)
		rc = loop_add_signals(s->loop, &set, on_signal, s, e);
	if (rc >= 0)
		rc = loop_add_pid(s->loop, s->started.pidfd, on_end, s, NULL, e);
	if (rc >= 0)
		rc = loop_run(s->loop, e);
	if (s->detached)
		leave_holder(s);
	terminal_restore();
	return rc;
}

static int run_here(struct exec_session *s, int *ret_exit, struct err *e)
{
	sigset_t set, old;
	int rc = make_stdio(s, e);

	if (rc >= 0)
		rc = loop_new(&s->loop, e);
	if (rc < 0)
		return rc;
	signal_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, &old); // nothing is to kill us between the start and the loop
	rc = container_exec(&s->plan, &s->started, e);
	for (int i = 0; i < 3; i++)
		fd_close(TAKE_FD(s->theirs[i]));
	if (rc >= 0)
		rc = serve(s, e);
	if (s->kill_by)
		(void)signal(s->kill_by, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (s->kill_by)
		(void)raise(s->kill_by);
	if (rc >= 0)
		*ret_exit = s->detached ? 0 : s->exit_code;
	return rc < 0 ? rc : 0;
}

// ---- detached
// -----------------------------------------------------------------------------------------------------------

_noreturn_ static void keep_detached(struct exec_session *s, int sock)
{
	struct err e = {0};
	char drop[4096];

	(void)setsid();
	(void)prctl(PR_SET_NAME, "berth-exec");
	(void)!chdir("/");
	int rc = container_exec(&s->plan, &s->started, &e);
	(void)fd_write_full(sock, &e, sizeof(e)); // code 0: it runs
	fd_close(sock);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		(void)dup3(null, i, O_CLOEXEC);
	if (rc < 0)
		_exit(1);
	struct pollfd p[] = {{.fd = s->started.console, .events = POLLIN}, {.fd = s->started.pidfd, .events = POLLIN}};
	while (!(p[1].revents & POLLIN) && poll(p, ARRAY_SIZE(p), -1) >= 0)
		if (p[0].revents && read(p[0].fd, drop, sizeof(drop)) <= 0)
			p[0].fd = -1;
	(void)wait_status(s->started.pid);
	_exit(0);
}

static int run_detached(struct exec_session *s, struct err *e)
{
	int pair[2];
	struct err answer = {0};
	int rc = make_stdio(s, e);

	if (rc < 0)
		return rc;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid_t pid = fork();
	if (!pid) {
		fd_close(pair[0]);
		keep_detached(s, pair[1]);
	}
	fd_close(pair[1]);
	ssize_t n = pid < 0 ? err_sys(e, "fork") : fd_read_full(pair[0], &answer, sizeof(answer));
	fd_close(pair[0]);
	if (pid < 0)
		return (int)n;
	if (n != sizeof(answer))
		return err_set(e, ERR_INTERNAL, ECHILD, "the process that was to start it died");
	if (!answer.code)
		return 0;
	*e = answer;
	return -answer.code;
}

static void session_done(struct exec_session *s)
{
	for (size_t i = 0; i < STREAM_MAX; i++)
		stream_fd_sink_remove(s->sink[i]);
	stream_group_free(s->out);
	stream_input_free(s->in);
	loop_free(s->loop);
	for (int i = 0; i < 3; i++) {
		fd_close(s->theirs[i]);
		fd_close(s->ours[i]);
	}
	fd_close(s->peer);
	fd_close(s->plan.pidfd);
	fd_close(s->started.pidfd);
	fd_close(s->started.console);
	cgroup_close(s->plan.cgroup);
	engine_prepared_free(s->p);
	engine_row_done(&s->row);
}

int engine_exec(struct engine *g, const char *ref, const struct engine_exec *x, int *ret_exit, struct err *e)
{
	struct exec_session s = {
		.x = x,
		.theirs = {-1, -1, -1},
		.ours = {-1, -1, -1},
		.plan = {.pidfd = -1},
		.started = {.pidfd = -1, .console = -1},
		.peer = -1,
	};

	int rc = engine_running_row(g, ref, &s.row, e);
	if (rc < 0)
		return rc;
	if (s.row.c.state == ENGINE_PAUSED)
		rc = err_set(e, ERR_CONFLICT, EBUSY,
			     "container %s is paused: unpause it before running a command in it", s.row.c.name);
	if (rc >= 0 && x->tty)
		rc = detach_keys_parse(x->detach_keys, &s.keys, e);
	if (rc >= 0)
		rc = build_plan(g, &s, e);
	if (rc >= 0)
		rc = x->detach ? run_detached(&s, e) : run_here(&s, ret_exit, e);
	session_done(&s);
	return rc;
}
