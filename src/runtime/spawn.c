// SPDX-License-Identifier: Apache-2.0
// Owns the parent's half of the dialogue with a starting process: who was born, what it asks, how it ended.
//
// Success has no message: the socket closes on execve. A process killed on the way closes it too, and before it can be
// waited for, so whether it is alive tells nothing. Its flags in /proc/PID/stat do: PF_FORKNOEXEC stands until execve
// takes it away, just before it closes descriptors. The process is ours to reap, so the file is there, and is its.
#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/start.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

enum { PF_FORKNOEXEC = 0x40, STAT_FLAGS = 9 };

pid_t spawn_clone(uint64_t flags, int cgroup, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args cl = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
	pid_t pid = sys_clone3(&cl, sizeof(cl));
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

int spawn_stat(struct spawn *s, unsigned field, uint64_t *ret)
{
	char path[64], text[1024];

	if (s->stat < 0) {
		int rc = str_fmt(path, sizeof(path), "/proc/%d/stat", (int)s->pid);
		s->stat = rc < 0 ? rc : open(path, O_RDONLY | O_CLOEXEC);
		if (s->stat < 0)
			return rc < 0 ? rc : -errno;
	}
	ssize_t n = pread(s->stat, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	char *p = strrchr(text, ')'); // the name may hold anything; what follows starts with field 3
	if (!p)
		return -EPROTO;
	for (unsigned i = 2; p && i < field; i++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EPROTO;
	*ret = strtoull(p + 1, NULL, 10);
	return 0;
}

static void reap(pid_t *pid)
{
	if (*pid <= 0)
		return;
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = -1;
}

static int died(struct spawn *s, struct err *e)
{
	siginfo_t info = {0};

	// It is on its way out at least: its descriptors are closed already.
	while (waitid(P_PIDFD, (id_t)s->pidfd, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return err_sys(e, "tell how init ended");
	if (info.si_code == CLD_EXITED)
		return err_set(e, ERR_INTERNAL, ECHILD, "init exited with status %d before the payload",
			       info.si_status);
	if (info.si_status == SIGKILL) // not by us, who would not ask then
		return err_set(
			e, ERR_EXHAUSTED, ENOMEM,
			"init was killed before the payload, most likely for want of memory: is the limit too small?");
	return err_set(e, ERR_INTERNAL, ECHILD, "init was killed by signal %d before the payload", info.si_status);
}

// The socket closed without a word.
static int silent_end(struct spawn *s, struct err *e)
{
	uint64_t flags = 0;

	if (s->pid < 0)
		return err_set(e, ERR_INTERNAL, ECHILD, "the process that was to start it died");
	int rc = spawn_stat(s, STAT_FLAGS, &flags);
	if (rc < 0)
		return err_rc(e, rc, "tell whether the payload was executed");
	return flags & PF_FORKNOEXEC ? died(s, e) : 1;
}

static int handle(struct spawn *s, struct sync_message *m, int fd, struct err *e)
{
	int rc;

	switch (m->type) {
	case SYNC_ERROR:
		if (e)
			*e = m->err;
		return m->err.code ? -m->err.code : -EIO;
	case SYNC_SPAWNED:
		s->pid = m->value;
		s->pidfd = fd;
		reap(&s->stage);
		if (fd < 0)
			return err_set(e, ERR_INTERNAL, EPROTO, "no pidfd came along");
		rc = sync_send(s->sock, SYNC_GO, 0, -1);
		return rc < 0 ? err_rc(e, rc, "talk to init") : 0;
	case SYNC_CONSOLE: s->console = fd; return 0;
	case SYNC_NOTIFY: s->notify = fd; return 0;
	case SYNC_MAP:
	case SYNC_NAMESPACES:
	case SYNC_LIMITS:
		rc = s->on_ask ? s->on_ask(s, (enum sync_type)m->type, s->data, e)
			       : err_set(e, ERR_INTERNAL, EPROTO, "init asks what nobody answers");
		if (!rc)
			rc = sync_send(s->sock, SYNC_GO, 0, -1);
		return rc < 0 && e && !e->code ? err_rc(e, rc, "answer init") : rc;
	default: fd_close(fd); return err_set(e, ERR_INTERNAL, EPROTO, "unknown message %u from init", m->type);
	}
}

int spawn_dialogue(struct spawn *s, struct err *e)
{
	for (;;) {
		struct sync_message m;
		int fd = -1, rc = sync_receive(s->sock, &m, &fd);
		if (rc == -EINTR)
			continue;
		if (rc < 0)
			return err_rc(e, rc, "listen to init");
		if (!rc)
			return silent_end(s, e);
		if (m.type == SYNC_READY)
			return 0;
		rc = handle(s, &m, fd, e);
		if (rc < 0)
			return rc;
	}
}

int spawn_await(struct spawn *s, struct err *e)
{
	while (s->pid < 0) {
		struct sync_message m;
		int fd = -1, rc = sync_receive(s->sock, &m, &fd);
		if (rc == -EINTR)
			continue;
		if (rc < 0)
			return err_rc(e, rc, "listen to init");
		rc = rc ? handle(s, &m, fd, e) : silent_end(s, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void spawn_done(struct spawn *s)
{
	fd_close(s->stat);
	s->stat = -1;
}

void spawn_abort(struct spawn *s)
{
	fd_close(s->sock); // whoever waits for us gives up
	s->sock = -1;
	if (s->pidfd >= 0)
		pidfd_send(s->pidfd, SIGKILL);
	reap(&s->stage);
	reap(&s->pid);
	fd_close(s->pidfd);
	fd_close(s->console);
	fd_close(s->notify);
	spawn_done(s);
	s->pidfd = s->console = s->notify = -1;
}
