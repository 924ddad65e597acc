// SPDX-License-Identifier: Apache-2.0
// A further process in a running container.
//
// Theory of operation: as in create.c, always with a process in between. It sets what needs the host's view (OOM
// score, initial affinity), stops being dumpable, enters the pid namespace of the container's init, which is for
// children alone, and clones the process, in its group already, as the caller's child. That one enters the other
// groups, then all other namespaces in one setns on the pidfd, and walks the same last steps to execve as an init does.
//
// The groups come before the namespaces: from inside of a user namespace they could not be written to, and a v2 tree
// mounted with nsdelegate lets nobody cross the border of a cgroup namespace that he is in.
//
// Everything of the container is read after the fork and in the container's view, so that a hostile passwd or /dev
// is met with the container's rights. init's root is taken along by descriptor: its mount namespace's own root is
// another one where pivot_root could not be used.
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup.h"
#include "kernel/device.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "kernel/pty.h"
#include "kernel/rlimit.h"
#include "runtime/start.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

struct entering {
	const struct container_exec *x;
	struct oci_process process; // a copy: what it leaves open comes from the container's
	struct payload payload;
	struct seccomp_filter own_filter;
	unsigned namespaces; // those that differ from ours
	int root;            // of init
};

static int gone(struct err *e)
{
	return err_set(e, ERR_CONFLICT, ESRCH, "the container is not running");
}

// The pid may be another process's by now; the pidfd, asked after everything was opened, tells.
static int open_container(struct entering *n, struct err *e)
{
	char path[64];
	int rc = str_fmt(path, sizeof(path), "/proc/%d/root", (int)n->x->pid);

	n->root = rc < 0 ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (n->root < 0)
		return errno == ENOENT ? gone(e) : err_sys(e, "open the container's root");
	for (enum oci_namespace_type t = 0; t < OCI_NS_MAX; t++) {
		rc = namespace_same(t, 0, n->x->pid);
		if (rc == -ENOENT)
			continue; // a kind this kernel does not have, or gone: see below
		if (rc < 0)
			return err_rc(e, rc, "look at the container's %s namespace", oci_namespace_name(t));
		if (!rc)
			n->namespaces |= namespace_flag(t);
	}
	return pidfd_send(n->x->pidfd, 0) < 0 ? gone(e) : 0;
}

static int prepare_filter(struct entering *n, struct err *e)
{
	const struct container_exec *x = n->x;

	n->payload.filter = x->seccomp;
	if (x->seccomp || !x->spec->linux->seccomp)
		return 0;
	int rc = seccomp_compile(x->spec->linux->seccomp, &n->own_filter, e);
	if (rc < 0)
		return err_wrap(e, rc, "linux.seccomp");
	n->payload.filter = &n->own_filter;
	return 0;
}

static int prepare(struct entering *n, struct err *e)
{
	const struct container_exec *x = n->x;
	const struct oci_process *first = x->spec->process;
	struct payload *p = &n->payload;

	n->process = *x->process;
	if (!n->process.capabilities && first)
		n->process.capabilities = first->capabilities;
	if (!n->process.apparmor_profile && first)
		n->process.apparmor_profile = first->apparmor_profile;
	if (!n->process.selinux_label && first)
		n->process.selinux_label = first->selinux_label;
	int rc = payload_prepare(p, &n->process, x->spec->linux, e);
	if (!rc)
		rc = prepare_filter(n, e);
	if (!rc)
		rc = open_container(n, e);
	if (rc < 0)
		return rc;
	memcpy(p->stdio, x->stdio, sizeof(p->stdio));
	p->user = x->user;
	p->console_socket = x->console_socket;
	p->preserve = x->preserve_fds;
	p->n_preserve = x->n_preserve_fds;
	p->ask_limits = n->namespaces & CLONE_NEWUSER;
	p->new_keyring = p->is_exec = true;
	rc = payload_open_null(p, e);
	return rc < 0 ? rc : payload_open_self(p, e);
}

// A terminal of the container's own devpts.
static int open_console(struct entering *n, int *ret_slave, struct err *e)
{
	struct statfs fs;
	_cleanup_fd_ int master = -1, devpts = -1, root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!n->process.terminal)
		return 0;
	if (root < 0)
		return err_sys(e, "open /");
	devpts = path_open_in(root, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	if (devpts < 0 || fstatfs(devpts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_invalid(e, "process.terminal: the container has no devpts at /dev/pts");
	int rc = pty_open(devpts, &master, ret_slave, e);
	return rc < 0 ? rc : payload_send_console(&n->payload, master, e);
}

static int wants_labels(const struct oci_process *p)
{
	return !str_empty(p->apparmor_profile) || !str_empty(p->selinux_label);
}

static int join(const struct entering *n, unsigned namespaces, struct err *e)
{
	if (namespaces && setns(n->x->pidfd, (int)namespaces) < 0)
		return errno == ESRCH ? gone(e) : err_sys(e, "enter the container's namespaces");
	return 0;
}

// The groups, while they can be seen and written to; then the container.
static int go_inside(const struct entering *n, struct err *e)
{
	const struct cgroup *cg = n->x->cgroup;
	int rc = cg ? cgroup_enter_self(cg, cgroup_clone_fd(cg) >= 0, e) : 0;

	if (!rc)
		rc = join(n, n->namespaces & ~(unsigned)CLONE_NEWPID, e);
	if (!rc && (fchdir(n->root) < 0 || chroot(".") < 0))
		rc = err_sys(e, "enter the container's root");
	return rc;
}

_noreturn_ static void process_main(struct entering *n)
{
	struct err e = {0};
	struct payload *p = &n->payload;
	int slave = -1, rc = payload_begin(p->sync, &e);

	if (!rc)
		rc = sync_wait(p->sync, &e);
	if (!rc)
		rc = go_inside(n, &e);
	if (!rc && n->namespaces & CLONE_NEWUSER)
		rc = payload_become_root(&e);
	if (!rc && prctl(PR_SET_DUMPABLE, 0) < 0)
		rc = err_sys(&e, "PR_SET_DUMPABLE");
	if (!rc && wants_labels(&n->process)) {
		p->proc = procfs_open_private(&e);
		rc = p->proc < 0 ? p->proc : 0;
	}
	if (!rc)
		rc = open_console(n, &slave, &e);
	if (!rc)
		payload_exec(p, slave, &e);
	sync_send_error(p->sync, &e);
	_exit(1);
}

static int enter(struct entering *n, struct err *e)
{
	const struct oci_process *pr = &n->process;
	int rc = payload_begin(n->payload.sync, e);

	if (!rc)
		rc = payload_hide_self(&n->payload, e);
	if (!rc && pr->oom_score_adj.set)
		rc = process_set_oom_score(0, pr->oom_score_adj.v, e);
	if (!rc && pr->exec_cpu_affinity)
		rc = process_apply_affinity(pr->exec_cpu_affinity->initial, e);
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "PR_SET_DUMPABLE");
	return join(n, n->namespaces & CLONE_NEWPID, e);
}

_noreturn_ static void stage_main(struct entering *n)
{
	struct err e = {0};
	const struct cgroup *cg = n->x->cgroup;
	int pidfd = -1, rc = enter(n, &e);

	umask(0);
	if (!rc) {
		pid_t pid = spawn_clone(CLONE_PARENT, cg ? cgroup_clone_fd(cg) : -1, &pidfd);
		if (!pid)
			process_main(n);
		rc = pid < 0 ? err_sys(&e, "clone3") : sync_send(n->payload.sync, SYNC_SPAWNED, pid, pidfd);
	}
	if (rc < 0)
		sync_send_error(n->payload.sync, &e);
	_exit(rc < 0);
}

static int answer(struct spawn *sp, enum sync_type what, void *data, struct err *e)
{
	const struct entering *n = data;
	if (what != SYNC_LIMITS)
		return err_set(e, ERR_INTERNAL, EPROTO, "the process asks what it should not");
	return rlimit_apply(sp->pid, n->process.rlimits, n->process.n_rlimits, e);
}

static int run(struct entering *n, struct spawn *sp, struct err *e)
{
	int pair[2], pidfd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	n->payload.sync = pair[1];
	sp->sock = pair[0];
	sp->stage = spawn_clone(0, -1, &pidfd);
	if (!sp->stage) {
		fd_close(pair[0]);
		stage_main(n);
	}
	int rc = sp->stage < 0 ? err_sys(e, "clone3") : 0;
	payload_release(&n->payload); // before the process is told to go on
	fd_close(pair[1]);
	fd_close(pidfd);
	if (!rc)
		rc = spawn_dialogue(sp, e);
	return rc < 0 ? rc : 0;
}

int container_exec(const struct container_exec *x, struct container_exec_started *ret, struct err *e)
{
	struct entering n = {.x = x, .root = -1};
	struct spawn sp = {SPAWN_NONE, .on_ask = answer, .data = &n};

	payload_init(&n.payload);
	int rc = prepare(&n, e);

	if (!rc)
		rc = run(&n, &sp, e);
	if (rc < 0) {
		spawn_abort(&sp);
	} else {
		fd_close(sp.sock);
		*ret = (struct container_exec_started){.pid = sp.pid,
						       .pidfd = sp.pidfd,
						       .console = sp.console,
						       .seccomp_notify = sp.notify};
	}
	spawn_done(&sp);
	fd_close(n.root);
	payload_done(&n.payload);
	seccomp_filter_done(&n.own_filter);
	return rc;
}
