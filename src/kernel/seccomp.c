// SPDX-License-Identifier: Apache-2.0
// Seccomp filters as a whole: compile, load, release. The parts are in seccomp_plan.c (rules to decisions),
// seccomp_emit.c (decisions to BPF), seccomp_cache.c, seccomp_default.c and seccomp_profile.c.
#include "kernel/seccomp.h"

#include "base/str.h"
#include "base/sys.h"
#include "kernel/seccomp_plan.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct {
	char name[48];
	unsigned bit;
} flag_table[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

void seccomp_filter_done(struct seccomp_filter *f)
{
	if (f->map)
		munmap(f->map, f->map_len);
	else
		free(f->insns);
	*f = (struct seccomp_filter){0};
}

int seccomp_parse_flags(const struct oci_strings *names, unsigned *ret, struct err *e)
{
	unsigned flags = 0;

	for (size_t i = 0; i < names->n; i++) {
		unsigned bit = 0;
		for (size_t k = 0; k < ARRAY_SIZE(flag_table); k++)
			if (str_eq(names->v[i], flag_table[k].name))
				bit = flag_table[k].bit;
		if (!bit)
			return err_invalid(e, "seccomp flag %s is unknown", names->v[i]);
		flags |= bit;
	}
	*ret = flags;
	return 0;
}

// The flags seccomp(2) gets. A listener's descriptor and TSYNC's thread id share the return value, unless ESRCH stands
// for the latter.
static int load_flags(const struct oci_seccomp *p, bool needs_notify, unsigned *ret, struct err *e)
{
	unsigned flags = 0;
	int r = seccomp_parse_flags(&p->flags, &flags, e);

	if (r < 0)
		return r;
	if (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !needs_notify)
		return err_invalid(e, "seccomp flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with "
				      "SCMP_ACT_NOTIFY");
	if (needs_notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC && needs_notify)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	*ret = flags;
	return 0;
}

int seccomp_compile(const struct oci_seccomp *p, struct seccomp_filter *ret, struct err *e)
{
	struct seccomp_plan plan = {0};
	struct seccomp_filter f = {0};
	int r = seccomp_plan_make(p, &plan, e);

	if (r < 0)
		return r;
	f.needs_notify = plan.needs_notify;
	if ((r = load_flags(p, f.needs_notify, &f.flags, e)) >= 0 && (r = seccomp_emit(&plan, &f.insns, &f.n, e)) >= 0)
		*ret = f;
	seccomp_plan_done(&plan);
	return r < 0 ? r : 0;
}

int seccomp_load(const struct seccomp_filter *f, struct err *e)
{
	struct sock_fprog prog = {.len = f->n, .filter = f->insns};
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, f->flags, &prog);

	if (r >= 0)
		return r;
	switch (errno) {
	case EACCES:
		return err_set(e, ERR_DENIED, EACCES,
			       "load the seccomp filter: needs CAP_SYS_ADMIN or no new privileges");
	case EINVAL:
		return err_set(e, ERR_UNSUPPORTED, EINVAL,
			       "load the seccomp filter: this kernel has no seccomp filters, or lacks one of the flags "
			       "0x%x",
			       f->flags);
	case EBUSY:
		return err_set(e, ERR_CONFLICT, EBUSY,
			       "load the seccomp filter: another listener is installed already");
	default: return err_sys(e, "load the seccomp filter of %u instructions", f->n);
	}
}
