// SPDX-License-Identifier: Apache-2.0
// Owns the attributes of a process: tables of names for what the kernel counts in numbers, and the calls.
#include "kernel/process.h"

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sys/personality.h>

enum { NODES_MAX = 1024, PERSONA_LINUX = 0, PERSONA_LINUX32 = 8 };

struct name_value {
	const char *name;
	uint64_t value;
};

static const struct name_value policies[] = {
	{"SCHED_OTHER", SCHED_OTHER}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH}, {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
	{"SCHED_DEADLINE", 6}};
static const struct name_value sched_flags[] = {{"SCHED_FLAG_RESET_ON_FORK", 0x01}, {"SCHED_FLAG_RECLAIM", 0x02},
						{"SCHED_FLAG_DL_OVERRUN", 0x04},    {"SCHED_FLAG_KEEP_POLICY", 0x08},
						{"SCHED_FLAG_KEEP_PARAMS", 0x10},   {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
						{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}};
static const struct name_value io_classes[] = {{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
					       {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
					       {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE}};
static const struct name_value domains[] = {{"LINUX", PERSONA_LINUX}, {"LINUX32", PERSONA_LINUX32}};
static const struct name_value memory_modes[] = {{"MPOL_DEFAULT", MPOL_DEFAULT}, {"MPOL_PREFERRED", MPOL_PREFERRED},
						 {"MPOL_BIND", MPOL_BIND},       {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
						 {"MPOL_LOCAL", MPOL_LOCAL},     {"MPOL_PREFERRED_MANY", 5},
						 {"MPOL_WEIGHTED_INTERLEAVE", 6}};
static const struct name_value memory_flags[] = {{"MPOL_F_STATIC_NODES", 1 << 15},
						 {"MPOL_F_RELATIVE_NODES", 1 << 14},
						 {"MPOL_F_NUMA_BALANCING", 1 << 13}};

static int look_up(const struct name_value *t, size_t n, const char *name, const char *field, uint64_t *ret,
		   struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (name && str_eq(t[i].name, name)) {
			*ret = t[i].value;
			return 0;
		}
	return err_invalid(e, "%s: unknown value \"%s\"", field, name ? name : "");
}
#define LOOK_UP(table, name, field, ret, e) look_up(table, ARRAY_SIZE(table), name, field, ret, e)

static int look_up_all(const struct name_value *t, size_t n, const struct oci_strings *names, const char *field,
		       uint64_t *ret, struct err *e)
{
	uint64_t all = 0, one = 0;
	for (size_t i = 0; i < names->n; i++) {
		int rc = look_up(t, n, names->v[i], field, &one, e);
		if (rc < 0)
			return rc;
		all |= one;
	}
	*ret = all;
	return 0;
}

int process_parse_list(const char *list, uint64_t *bits, size_t max)
{
	memset(bits, 0, max / 8);
	for (const char *p = list; *p;) {
		unsigned long range[2];
		char *end;
		for (int i = 0; i < 2; i++) {
			if (*p < '0' || *p > '9')
				return -EINVAL;
			range[i] = strtoul(p, &end, 10);
			p = end;
			if (i || *p != '-') {
				range[1] = range[i];
				break;
			}
			p++;
		}
		if (range[0] > range[1] || range[1] >= max)
			return -EINVAL;
		for (unsigned long b = range[0]; b <= range[1]; b++)
			bits[b / 64] |= UINT64_C(1) << b % 64;
		if (*p == ',' && p[1])
			p++;
		else if (*p)
			return -EINVAL;
	}
	return 0;
}

// Layout of struct sched_attr, which libc does not have.
struct scheduler_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int scheduler_attr(const struct oci_scheduler *s, struct scheduler_attr *ret, struct err *e)
{
	uint64_t policy = 0, flags = 0;
	int rc = LOOK_UP(policies, s->policy, "process.scheduler.policy", &policy, e);
	if (!rc)
		rc = look_up_all(sched_flags, ARRAY_SIZE(sched_flags), &s->flags, "process.scheduler.flags", &flags, e);
	if (rc < 0)
		return rc;
	if (s->nice < -20 || s->nice > 19)
		return err_invalid(e, "process.scheduler.nice: %d is not in -20..19", s->nice);
	if (s->priority && policy != SCHED_FIFO && policy != SCHED_RR)
		return err_invalid(e, "process.scheduler.priority: only for SCHED_FIFO and SCHED_RR");
	*ret = (struct scheduler_attr){.size = sizeof(*ret),
				       .policy = (uint32_t)policy,
				       .flags = flags,
				       .nice = s->nice,
				       .priority = (uint32_t)s->priority,
				       .runtime = s->runtime,
				       .deadline = s->deadline,
				       .period = s->period};
	return 0;
}

int process_apply_scheduler(const struct oci_scheduler *s, struct err *e)
{
	struct scheduler_attr a;
	int rc = s ? scheduler_attr(s, &a, e) : 0;
	if (!s || rc < 0)
		return rc;
	return sys_sched_setattr(0, &a, 0) < 0 ? err_sys(e, "process.scheduler: set %s", s->policy) : 0;
}

static int io_priority(const struct oci_io_priority *p, int *ret, struct err *e)
{
	uint64_t class = 0;
	int rc = LOOK_UP(io_classes, p->class, "process.ioPriority.class", &class, e);
	if (rc < 0)
		return rc;
	if (p->priority < 0 || p->priority > 7)
		return err_invalid(e, "process.ioPriority.priority: %d is not in 0..7", p->priority);
	*ret = IOPRIO_PRIO_VALUE((int)class, p->priority);
	return 0;
}

int process_apply_io_priority(const struct oci_io_priority *p, struct err *e)
{
	int value = 0, rc = p ? io_priority(p, &value, e) : 0;
	if (!p || rc < 0)
		return rc;
	return sys_ioprio_set(IOPRIO_WHO_PROCESS, 0, value) < 0 ? err_sys(e, "process.ioPriority: set %s", p->class)
								: 0;
}

int process_apply_affinity(const char *cpus, struct err *e)
{
	union {
		cpu_set_t set;
		uint64_t bits[CPU_SETSIZE / 64];
	} u;
	if (str_empty(cpus))
		return 0;
	if (process_parse_list(cpus, u.bits, CPU_SETSIZE) < 0)
		return err_invalid(e, "process.execCPUAffinity: \"%s\" is not a list of cpus", cpus);
	return sched_setaffinity(0, sizeof(u.set), &u.set) < 0 ? err_sys(e, "process.execCPUAffinity: %s", cpus) : 0;
}

static int persona(const struct oci_personality *p, uint64_t *ret, struct err *e)
{
	if (p->flags.n)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "linux.personality.flags: none are supported");
	return LOOK_UP(domains, p->domain, "linux.personality.domain", ret, e);
}

int process_apply_personality(const struct oci_personality *p, struct err *e)
{
	uint64_t value = 0;
	int rc = p ? persona(p, &value, e) : 0;
	if (!p || rc < 0)
		return rc;
	return personality((unsigned long)value) < 0 ? err_sys(e, "linux.personality: set %s", p->domain) : 0;
}

static int memory_policy(const struct oci_memory_policy *p, uint64_t *ret_mode, uint64_t nodes[NODES_MAX / 64],
			 struct err *e)
{
	uint64_t mode = 0, flags = 0;
	int rc = LOOK_UP(memory_modes, p->mode, "linux.memoryPolicy.mode", &mode, e);
	if (!rc)
		rc = look_up_all(memory_flags, ARRAY_SIZE(memory_flags), &p->flags, "linux.memoryPolicy.flags", &flags,
				 e);
	if (rc < 0)
		return rc;
	memset(nodes, 0, NODES_MAX / 8);
	if (!str_empty(p->nodes) && process_parse_list(p->nodes, nodes, NODES_MAX) < 0)
		return err_invalid(e, "linux.memoryPolicy.nodes: \"%s\" is not a list of nodes", p->nodes);
	*ret_mode = mode | flags;
	return 0;
}

int process_apply_memory_policy(const struct oci_memory_policy *p, struct err *e)
{
	uint64_t mode = 0, nodes[NODES_MAX / 64];
	int rc = p ? memory_policy(p, &mode, nodes, e) : 0;
	if (!p || rc < 0)
		return rc;
	bool any = !str_empty(p->nodes);
	if (sys_set_mempolicy((int)mode, any ? (unsigned long *)nodes : NULL, any ? NODES_MAX : 0) < 0)
		return err_sys(e, "linux.memoryPolicy: set %s", p->mode);
	return 0;
}

static int check_process(const struct oci_process *p, struct err *e)
{
	struct scheduler_attr attr;
	uint64_t bits[CPU_SETSIZE / 64];
	int value, rc = p->scheduler ? scheduler_attr(p->scheduler, &attr, e) : 0;

	if (!rc && p->io_priority)
		rc = io_priority(p->io_priority, &value, e);
	if (rc < 0 || !p->exec_cpu_affinity)
		return rc;
	const char *lists[] = {p->exec_cpu_affinity->initial, p->exec_cpu_affinity->final};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!str_empty(lists[i]) && process_parse_list(lists[i], bits, CPU_SETSIZE) < 0)
			return err_invalid(e, "process.execCPUAffinity: \"%s\" is not a list of cpus", lists[i]);
	return 0;
}

int process_check(const struct oci_process *p, const struct oci_linux *l, struct err *e)
{
	uint64_t value, nodes[NODES_MAX / 64];
	int rc = check_process(p, e);

	if (!rc && l->personality)
		rc = persona(l->personality, &value, e);
	if (!rc && l->memory_policy)
		rc = memory_policy(l->memory_policy, &value, nodes, e);
	if (!rc && p->oom_score_adj.set && (p->oom_score_adj.v < -1000 || p->oom_score_adj.v > 1000))
		rc = err_invalid(e, "process.oomScoreAdj: %d is not in -1000..1000", p->oom_score_adj.v);
	return rc;
}

int process_set_oom_score(pid_t pid, int32_t score, struct err *e)
{
	char path[64], value[16];
	int rc = pid ? str_fmt(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid)
		     : str_fmt(path, sizeof(path), "/proc/self/oom_score_adj");
	if (rc >= 0)
		rc = str_fmt(value, sizeof(value), "%d", score);
	if (rc >= 0)
		rc = file_write_kernel(AT_FDCWD, path, value, e);
	if (rc == -EACCES || rc == -EPERM)
		return err_set(e, ERR_DENIED, -rc, "process.oomScoreAdj: lowering it to %d needs CAP_SYS_RESOURCE",
			       score);
	return rc < 0 ? err_wrap(e, rc, "process.oomScoreAdj") : 0;
}

int process_check_labels(const char *apparmor, const char *selinux, struct err *e)
{
	if (!str_empty(apparmor) && access("/sys/module/apparmor/parameters/enabled", F_OK) < 0)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "process.apparmorProfile: this kernel runs without AppArmor");
	if (!str_empty(selinux) && access("/sys/fs/selinux/enforce", F_OK) < 0)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "process.selinuxLabel: this kernel runs without SELinux");
	return 0;
}

int process_set_exec_labels(int proc, const char *apparmor, const char *selinux, struct err *e)
{
	char value[4096];
	int rc = 0;

	if (!str_empty(apparmor)) {
		rc = str_fmt(value, sizeof(value), "exec %s", apparmor);
		if (rc >= 0) // the file of AppArmor alone, where modules are stacked
			rc = file_write_kernel(proc,
					       faccessat(proc, "self/attr/apparmor/exec", F_OK, 0)
						       ? "self/attr/exec"
						       : "self/attr/apparmor/exec",
					       value, e);
		if (rc < 0)
			return err_wrap(e, rc, "process.apparmorProfile: %s", apparmor);
	}
	if (!str_empty(selinux)) {
		rc = file_write_kernel(proc, "self/attr/exec", selinux, e);
		if (rc < 0)
			return err_wrap(e, rc, "process.selinuxLabel: %s", selinux);
	}
	return 0;
}
