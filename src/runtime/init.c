// SPDX-License-Identifier: Apache-2.0
// Owns init: the child that builds its container from the inside and becomes the payload. See create.c for the
// whole protocol.
#include "base/fd.h"
#include "base/sys.h"
#include "kernel/cgroup.h"
#include "kernel/netlink.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "kernel/sysctl.h"
#include "runtime/start.h"

#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

// The groups must be entered before the cgroup namespace is made: its root is where its maker is. clone3 would take
// the parent's, even for a child born in another group.
static int enter_cgroup(const struct start *s, struct err *e)
{
	if (s->cgroup && !s->stage_in_cgroup) {
		int rc = cgroup_enter_self(s->cgroup, cgroup_clone_fd(s->cgroup) >= 0, e);
		if (rc < 0)
			return rc;
	}
	if (s->new_namespaces & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "make a cgroup namespace");
	return 0;
}

static int begin(struct start *s, struct err *e)
{
	const struct oci_process *p = s->spec->process;
	int rc = payload_begin(s->payload.sync, e);

	if (!rc && !s->staged)
		rc = payload_hide_self(&s->payload, e);
	if (!rc)
		rc = sync_wait(s->payload.sync, e);
	if (!rc && !s->has_userns && !s->staged && p->oom_score_adj.set)
		rc = process_set_oom_score(0, p->oom_score_adj.v, e);
	if (!rc)
		rc = enter_cgroup(s, e);
	return rc;
}

static int set_names(const struct oci_spec *spec, struct err *e)
{
	if (spec->hostname && *spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return err_sys(e, "hostname: set %s", spec->hostname);
	if (spec->domainname && *spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return err_sys(e, "domainname: set %s", spec->domainname);
	return 0;
}

// Sysctls go through the procfs that we mounted ourselves, or a private one where the container's will not serve.
static int set_sysctls(struct start *s, struct rootfs_state *st, struct err *e)
{
	if (!s->spec->linux->sysctl.n)
		return 0;
	_cleanup_fd_ int own = st->proc < 0 ? procfs_open_private(e) : -1;
	if (st->proc < 0 && own < 0)
		return own;
	return sysctl_apply(st->proc >= 0 ? st->proc : own, &s->spec->linux->sysctl, e);
}

static int wants_labels(const struct oci_process *p)
{
	return (p->apparmor_profile && *p->apparmor_profile) || (p->selinux_label && *p->selinux_label);
}

static int hand_over(struct start *s, struct rootfs_state *st, struct err *e)
{
	struct payload *p = &s->payload;
	int rc = 0;

	if (wants_labels(p->process)) {
		p->proc = st->proc >= 0 ? st->proc : procfs_open_private(e);
		if (p->proc < 0)
			return p->proc;
	}
	if (st->master >= 0) {
		rc = payload_send_console(p, st->master, e);
		fd_close(st->master);
	}
	if (rc < 0 || s->plan->run_now)
		return rc;
	if (p->ask_limits) // container_start, later and elsewhere, does not know them
		rc = payload_ask_limits(p, e);
	if (rc < 0)
		return rc;
	// From here on the parent may end in peace; the socket tells if it just goes away.
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(e, "PR_SET_PDEATHSIG");
	return sync_ask(p->sync, SYNC_READY, e);
}

static int build(struct start *s, struct rootfs_state *st, struct err *e)
{
	int rc = build_rootfs(s, st, e);

	if (!rc && s->ask_namespaces)
		rc = sync_ask(s->payload.sync, SYNC_NAMESPACES, e);
	if (!rc)
		rc = hooks_run(s->spec, HOOK_CREATE_CONTAINER, s->payload.id, getpid(), s->bundle, e);
	if (!rc && s->new_namespaces & CLONE_NEWNET)
		rc = netlink_loopback_up(e);
	if (!rc)
		rc = set_names(s->spec, e);
	if (!rc)
		rc = set_sysctls(s, st, e);
	if (!rc)
		rc = build_finish(s, st, e);
	return rc;
}

void init_main(struct start *s)
{
	struct err e = {0};
	struct rootfs_state st = {.root = -1, .dev = -1, .devpts = -1, .proc = -1, .master = -1, .slave = -1};

	umask(0);
	int rc = begin(s, &e);
	if (!rc && s->new_namespaces & CLONE_NEWUSER)
		rc = sync_ask(s->payload.sync, SYNC_MAP, &e);
	if (!rc && s->has_userns)
		rc = payload_become_root(&e);
	if (!rc && prctl(PR_SET_DUMPABLE, 0) < 0)
		rc = err_sys(&e, "PR_SET_DUMPABLE");
	if (!rc)
		rc = build(s, &st, &e);
	if (!rc)
		rc = hand_over(s, &st, &e);
	if (!rc)
		payload_exec(&s->payload, st.slave, &e);
	sync_send_error(s->payload.sync, &e);
	_exit(1);
}
