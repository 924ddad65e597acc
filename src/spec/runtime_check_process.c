// SPDX-License-Identifier: Apache-2.0
// The checks of a process: what execve, setrlimit, sched_setattr and the rest of init's last steps will be given.
#include "spec/runtime_check.h"

#include "base/str.h"

#include <sys/resource.h>

// setrlimit(2). RLIMIT_RTTIME and the like are numbers of the generic ABI that libc's header gives.
static const struct {
	const char *name;
	int value;
} rlimits[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};
_Static_assert(ARRAY_SIZE(rlimits) == RLIM_NLIMITS, "a name for each resource limit");

int oci_rlimit_value(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rlimits); i++)
		if (str_eq(rlimits[i].name, type))
			return rlimits[i].value;
	return -EINVAL;
}

static int check_environment(const struct oci_strings *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i][0] == '=' || !strchr(env->v[i], '='))
			return err_invalid(e, "process.env[%zu]: \"%.64s\" is not NAME=value", i, env->v[i]);
	return 0;
}

// (uid_t)-1 is what the system calls take for "leave as it is".
static int check_user(const struct oci_user *u, struct err *e)
{
	if (u->uid == UINT32_MAX || u->gid == UINT32_MAX)
		return err_invalid(e, "process.user.%s: %u is not an id", u->uid == UINT32_MAX ? "uid" : "gid",
				   UINT32_MAX);
	for (size_t i = 0; i < u->n_additional_gids; i++)
		if (u->additional_gids[i] == UINT32_MAX)
			return err_invalid(e, "process.user.additionalGids[%zu]: %u is not an id", i, UINT32_MAX);
	if (u->umask.set && u->umask.v > 0777)
		return err_invalid(e, "process.user.umask: %u is above 511 (0777)", u->umask.v);
	return 0;
}

static int check_rlimits(const struct oci_process *p, struct err *e)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *r = &p->rlimits[i];
		int value = oci_rlimit_value(r->type);
		if (value < 0)
			return err_invalid(e, "process.rlimits[%zu].type: \"%.64s\" is unknown", i, r->type);
		if (seen >> value & 1)
			return err_invalid(e, "process.rlimits[%zu].type: a second %s", i, r->type);
		seen |= UINT32_C(1) << value;
		if (r->soft > r->hard)
			return err_invalid(e, "process.rlimits[%zu]: %s: soft %llu is above hard %llu", i, r->type,
					   (unsigned long long)r->soft, (unsigned long long)r->hard);
	}
	return 0;
}

static int check_scheduler(const struct oci_scheduler *s, struct err *e)
{
	static const char *const policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",       "SCHED_BATCH",
					       "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE", NULL};
	static const char *const flags[] = {"SCHED_FLAG_RESET_ON_FORK",  "SCHED_FLAG_RECLAIM",
					    "SCHED_FLAG_DL_OVERRUN",     "SCHED_FLAG_KEEP_POLICY",
					    "SCHED_FLAG_KEEP_PARAMS",    "SCHED_FLAG_UTIL_CLAMP_MIN",
					    "SCHED_FLAG_UTIL_CLAMP_MAX", NULL};

	if (!check_in(s->policy, policies))
		return err_invalid(e, "process.scheduler.policy: \"%.64s\" is unknown", s->policy);
	if (s->nice < -20 || s->nice > 19)
		return err_invalid(e, "process.scheduler.nice: %d is out of range (-20 to 19)", s->nice);
	bool realtime = str_eq(s->policy, "SCHED_FIFO") || str_eq(s->policy, "SCHED_RR");
	if (realtime ? s->priority < 1 || s->priority > 99 : s->priority != 0)
		return err_invalid(e, "process.scheduler.priority: %d: %s", s->priority,
				   realtime ? "out of range (1 to 99)" : "only for SCHED_FIFO and SCHED_RR");
	if (!str_eq(s->policy, "SCHED_DEADLINE") && (s->runtime || s->deadline || s->period))
		return err_invalid(e, "process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE");
	for (size_t i = 0; i < s->flags.n; i++)
		if (!check_in(s->flags.v[i], flags))
			return err_invalid(e, "process.scheduler.flags[%zu]: \"%.64s\" is unknown", i, s->flags.v[i]);
	return 0;
}

static int check_io_priority(const struct oci_io_priority *p, struct err *e)
{
	static const char *const classes[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL};

	if (!check_in(p->class, classes))
		return err_invalid(e, "process.ioPriority.class: \"%.64s\" is unknown", p->class);
	if (p->priority < 0 || p->priority > 7)
		return err_invalid(e, "process.ioPriority.priority: %d is out of range (0 to 7)", p->priority);
	return 0;
}

static int check_affinity(const struct oci_exec_cpu_affinity *a, struct err *e)
{
	if (!str_empty(a->initial) && !check_cpu_list(a->initial))
		return err_invalid(e, "process.execCPUAffinity.initial: \"%.64s\" is not a list like \"0-3,7\"",
				   a->initial);
	if (!str_empty(a->final) && !check_cpu_list(a->final))
		return err_invalid(e, "process.execCPUAffinity.final: \"%.64s\" is not a list like \"0-3,7\"",
				   a->final);
	return 0;
}

int oci_process_check(const struct oci_process *p, struct err *e)
{
	int rc;

	if (str_empty(p->cwd))
		return err_invalid(e, "process.cwd: missing");
	if (!check_absolute(p->cwd))
		return err_invalid(e, "process.cwd: \"%s\" is not an absolute path", p->cwd);
	if (!p->args.n)
		return err_invalid(e, "process.args: missing");
	if ((rc = check_environment(&p->env, e)) < 0 || (rc = check_user(&p->user, e)) < 0 ||
	    (rc = check_rlimits(p, e)) < 0)
		return rc;
	if (p->oom_score_adj.set && (p->oom_score_adj.v < -1000 || p->oom_score_adj.v > 1000))
		return err_invalid(e, "process.oomScoreAdj: %d is out of range (-1000 to 1000)", p->oom_score_adj.v);
	if (p->scheduler && (rc = check_scheduler(p->scheduler, e)) < 0)
		return rc;
	if (p->io_priority && (rc = check_io_priority(p->io_priority, e)) < 0)
		return rc;
	return p->exec_cpu_affinity ? check_affinity(p->exec_cpu_affinity, e) : 0;
}
