// SPDX-License-Identifier: Apache-2.0
// Owns the sixteen resource limits. Applied late, as a small RLIMIT_NOFILE would starve our own set-up; and from
// outside for a container in a user namespace, as only rights in the initial one may raise a hard limit.
#include "kernel/rlimit.h"

#include "base/str.h"

#include <inttypes.h>
#include <sys/resource.h>

static const char *const names[] = {
	[RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_CORE] = "RLIMIT_CORE",
	[RLIMIT_CPU] = "RLIMIT_CPU",
	[RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE",
	[RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",
	[RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
	[RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_STACK] = "RLIMIT_STACK",
};
_Static_assert(ARRAY_SIZE(names) == 16, "a name for each limit");

int rlimit_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(names[i], name) || !strcasecmp(names[i] + sizeof("RLIMIT_") - 1, name))
			return (int)i;
	return -EINVAL;
}

const char *rlimit_name(int resource)
{
	return resource >= 0 && (size_t)resource < ARRAY_SIZE(names) ? names[resource] : NULL;
}

static int apply_one(pid_t pid, int resource, const struct oci_rlimit *l, struct err *e)
{
	struct rlimit64 new = {.rlim_cur = l->soft, .rlim_max = l->hard}, old;

	if (!prlimit64(pid, (enum __rlimit_resource)resource, &new, NULL))
		return 0;
	int saved = errno;
	if (saved == EPERM && !prlimit64(pid, (enum __rlimit_resource)resource, NULL, &old) && l->hard > old.rlim_max)
		return err_set(e, ERR_DENIED, EPERM,
			       "process.rlimits: %s: raising the hard limit from %" PRIu64 " to %" PRIu64
			       " needs CAP_SYS_RESOURCE",
			       l->type, (uint64_t)old.rlim_max, l->hard);
	return err_rc(e, -saved, "process.rlimits: %s: set %" PRIu64 ":%" PRIu64, l->type, l->soft, l->hard);
}

int rlimit_apply(pid_t pid, const struct oci_rlimit *v, size_t n, struct err *e)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		int resource = rlimit_from_name(v[i].type);
		if (resource < 0)
			return err_invalid(e, "process.rlimits: unknown limit \"%s\"", v[i].type);
		if (seen & 1u << resource)
			return err_invalid(e, "process.rlimits: %s is given twice", v[i].type);
		if (v[i].soft > v[i].hard)
			return err_invalid(e, "process.rlimits: %s: soft %" PRIu64 " is above hard %" PRIu64, v[i].type,
					   v[i].soft, v[i].hard);
		seen |= 1u << resource;
		int rc = apply_one(pid, resource, &v[i], e);
		if (rc < 0)
			return rc;
	}
	return 0;
}
