// SPDX-License-Identifier: Apache-2.0
// Starting a container: the parent's side of it.
//
// Theory of operation
//
//	parent                      [stage]                     init
//	prepare: check, open,
//	clone binds, cgroup
//	clone3 ------------------>  join namespaces, clocks
//	                            clone3(CLONE_PARENT) ---->  begin: die with the parent, signals, cgroup
//	  <--- SPAWNED pid, pidfd --+ exits
//	  --- GO (the parent closed what the payload must not meet, and knows init: nobody speaks before) --->
//	                                                        become root of the user namespace  --- MAP --->
//	on_namespaces(...)                                      mounts, /dev, console   --- NAMESPACES --->
//	answers what is asked with GO                           lo, names, sysctls, hidden paths, pivot_root
//	                                                        --- CONSOLE ---> ,  --- READY ---> (unless run_now)
//	                                                        --- LIMITS --->, descriptors, credentials, filter
//	socket closes: running                                  execve
//
// The stage exists only where something must happen before init is born: joining namespaces by path (a joined pid
// namespace is for children alone, and a joined user namespace must own the new ones), and setting the clocks of a new
// time namespace, which is possible only as long as no process is in it. In every other case one clone3 makes all
// namespaces at once, the user namespace first, as the kernel does it in that order. Init is the parent's own child
// in both cases (CLONE_PARENT).
//
// What can be resolved in the parent is: option strings, ids, names, and above all paths of the host. Binds are cloned
// as detached trees with their attributes on; init only moves them. Init does what needs its namespaces. In the usual
// case nothing is asked and init runs through from birth to execve while the parent reads its start time.
//
// When something fails in init, it sends the error and exits. When the parent fails or dies, the socket closes and
// the parent-death signal kills init wherever it is; a pid namespace takes all of its children along, and mounts,
// interfaces and namespaces go with their last process. The parent kills, reaps and removes the groups it made.
//
// While init is inside, it must not be taken over by what is inside already (a joined pid namespace, exec): it is not
// dumpable, so nobody without CAP_SYS_PTRACE in the user namespace of our own program may look into /proc/PID or
// attach. And it must not lead to our program file, by /proc/PID/exe or by a payload whose interpreter line names
// /proc/self/exe (the way of CVE-2019-5736): before it enters anything, our first process changes the file it is
// executed from for one that nobody can write (kernel/program.c has the whole story). The mounts made for that can be
// changed as long as a descriptor of them is open, so init waits for the GO that the parent sends after closing its
// own. The same holds for the other files of the host that a container sees: an init to put in front, /dev/null.
#include "base/fd.h"
#include "base/str.h"
#include "kernel/idmap.h"
#include "kernel/namespace.h"
#include "kernel/netlink.h"
#include "kernel/process.h"
#include "kernel/rlimit.h"
#include "runtime/start.h"

#include <sched.h>
#include <sys/socket.h>

enum { STAT_START_TIME = 22, CGROUP_REMOVE_MS = 5000 };

static int move_devices(pid_t pid, const struct oci_linux *l, struct err *e)
{
	char path[64];
	int rc = str_fmt(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	_cleanup_fd_ int ns = rc < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_sys(e, "linux.netDevices: open the network namespace");
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_net_device *d = &l->net_devices[i];
		rc = netlink_move_device(d->host_name, ns, str_empty(d->name) ? d->host_name : d->name, e);
		if (rc < 0)
			return err_wrap(e, rc, "linux.netDevices");
	}
	return 0;
}

// The OOM score too: lowering it needs rights outside, and init can still be written to, as it is dumpable until then.
static int map_user_namespace(const struct start *s, pid_t pid, struct err *e)
{
	const struct oci_process *p = s->spec->process;
	int rc = p->oom_score_adj.set && !s->staged ? process_set_oom_score(pid, p->oom_score_adj.v, e) : 0;
	return rc < 0 ? rc : idmap_write(pid, &s->spec->linux->uid_mappings, &s->spec->linux->gid_mappings, e);
}

static int run_create_hooks(const struct start *s, pid_t pid, struct err *e)
{
	int rc = hooks_run(s->spec, HOOK_PRESTART, s->plan->id, pid, s->bundle, e);
	return rc < 0 ? rc : hooks_run(s->spec, HOOK_CREATE_RUNTIME, s->plan->id, pid, s->bundle, e);
}

static int answer(struct spawn *sp, enum sync_type what, void *data, struct err *e)
{
	struct start *s = data;

	switch (what) {
	case SYNC_MAP: return map_user_namespace(s, sp->pid, e);
	case SYNC_LIMITS: return rlimit_apply(sp->pid, s->spec->process->rlimits, s->spec->process->n_rlimits, e);
	case SYNC_NAMESPACES: return run_create_hooks(s, sp->pid, e); // all else was done right after the birth
	default: return err_set(e, ERR_INTERNAL, EPROTO, "init asks what it should not");
	}
}

// The one in between. Its socket end is init's own.
_noreturn_ static void stage_main(struct start *s, unsigned flags)
{
	struct err e = {0};
	const struct oci_process *p = s->spec->process;
	int pidfd = -1, rc = payload_begin(s->payload.sync, &e);

	if (!rc)
		rc = payload_hide_self(&s->payload, &e);
	if (!rc && p->oom_score_adj.set)
		rc = process_set_oom_score(0, p->oom_score_adj.v, &e);
	if (!rc && s->stage_in_cgroup)
		rc = cgroup_enter_self(s->cgroup, cgroup_clone_fd(s->cgroup) >= 0, &e);
	if (!rc)
		rc = namespace_join(s->join, &e);
	if (!rc && s->new_namespaces & CLONE_NEWTIME && s->spec->linux->n_time_offsets) {
		flags &= ~(unsigned)CLONE_NEWTIME;
		rc = unshare(CLONE_NEWTIME) < 0
			     ? err_sys(&e, "make a time namespace")
			     : namespace_set_clocks(s->spec->linux->time_offsets, s->spec->linux->n_time_offsets, &e);
	}
	if (!rc) {
		bool own = s->cgroup && !s->stage_in_cgroup;
		pid_t pid = spawn_clone(flags | CLONE_PARENT, own ? cgroup_clone_fd(s->cgroup) : -1, &pidfd);
		if (!pid)
			init_main(s);
		rc = pid < 0 ? err_sys(&e, "clone3") : sync_send(s->payload.sync, SYNC_SPAWNED, pid, pidfd);
	}
	if (rc < 0)
		sync_send_error(s->payload.sync, &e);
	_exit(rc < 0);
}

static int spawn(struct start *s, struct spawn *sp, struct err *e)
{
	bool stage = s->staged = s->joins || (s->new_namespaces & CLONE_NEWTIME && s->spec->linux->n_time_offsets);
	unsigned flags = s->new_namespaces & ~(unsigned)CLONE_NEWCGROUP; // init makes it itself, in its group
	int pair[2], pidfd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	s->payload.sync = pair[1];
	sp->sock = pair[0];
	int group = s->cgroup ? cgroup_clone_fd(s->cgroup) : -1;
	// From inside of these two the groups could not be entered (see exec.c): init inherits them from the stage.
	s->stage_in_cgroup = s->cgroup && (s->join[OCI_NS_USER] >= 0 || s->join[OCI_NS_CGROUP] >= 0);
	pid_t pid = stage ? spawn_clone(0, s->stage_in_cgroup ? group : -1, &pidfd) : spawn_clone(flags, group, &pidfd);
	if (!pid) {
		fd_close(pair[0]);
		if (stage)
			stage_main(s, flags);
		init_main(s);
	}
	int rc = pid < 0 ? err_sys(e, "clone3") : 0;
	payload_release(&s->payload);
	fd_close(pair[1]);
	s->payload.sync = -1;
	if (rc < 0)
		return rc;
	if (stage) {
		sp->stage = pid;
		fd_close(pidfd);
		return spawn_await(sp, e);
	}
	sp->pid = pid;
	sp->pidfd = pidfd;
	rc = sync_send(sp->sock, SYNC_GO, 0, -1);
	return rc < 0 ? err_rc(e, rc, "talk to init") : 0;
}

static int create(struct start *s, struct spawn *sp, struct container_created *ret, struct err *e)
{
	uint64_t start_time = 0;
	int rc = spawn(s, sp, e);

	if (!rc)
		rc = spawn_stat(sp, STAT_START_TIME, &start_time);
	if (rc < 0)
		return rc;
	if (s->spec->linux->n_net_devices)
		rc = move_devices(sp->pid, s->spec->linux, e);
	if (!rc && s->plan->on_namespaces)
		rc = s->plan->on_namespaces(sp->pid, sp->pidfd, s->plan->data, e);
	if (rc < 0)
		return rc;
	rc = spawn_dialogue(sp, e);
	if (rc == 1) {
		int hook = hooks_run(s->spec, HOOK_POSTSTART, s->plan->id, sp->pid, s->bundle, e);
		rc = hook < 0 ? hook : rc;
	}
	if (rc < 0)
		return rc;
	*ret = (struct container_created){
		.pid = sp->pid,
		.pidfd = sp->pidfd,
		.start_time = start_time,
		.console = sp->console,
		.sync = rc ? -1 : sp->sock,
		.seccomp_notify = sp->notify,
		.cgroup = TAKE_PTR(s->cgroup),
	};
	if (rc)
		fd_close(sp->sock);
	return 0;
}

int container_create(const struct container_plan *p, struct container_created *ret, struct err *e)
{
	struct start s;
	struct spawn sp = {SPAWN_NONE, .on_ask = answer, .data = &s};
	int rc = start_prepare(&s, p, e);

	if (!rc)
		rc = create(&s, &sp, ret, e);
	if (rc < 0) {
		struct err ignored = {0};
		spawn_abort(&sp);
		if (s.cgroup)
			cgroup_remove(s.cgroup, CGROUP_REMOVE_MS, &ignored);
	}
	spawn_done(&sp);
	start_done(&s);
	return rc;
}

int container_start(struct container_created *c, struct err *e)
{
	struct spawn sp = {.stage = -1,
			   .pid = c->pid,
			   .pidfd = c->pidfd,
			   .sock = c->sync,
			   .console = -1,
			   .notify = c->seccomp_notify,
			   .stat = -1};

	if (c->sync < 0)
		return err_set(e, ERR_CONFLICT, EALREADY, "the container was started already");
	int rc = sync_send(c->sync, SYNC_GO, 0, -1);
	rc = rc < 0 ? err_rc(e, rc, "tell init to start") : spawn_dialogue(&sp, e);
	spawn_done(&sp);
	c->seccomp_notify = sp.notify;
	fd_close(c->sync);
	c->sync = -1;
	return rc < 0 ? rc : 0;
}

void container_created_done(struct container_created *c)
{
	fd_close(c->pidfd);
	fd_close(c->console);
	fd_close(c->sync);
	fd_close(c->seccomp_notify);
	cgroup_close(c->cgroup);
	*c = (struct container_created){.pidfd = -1, .console = -1, .sync = -1, .seccomp_notify = -1};
}
