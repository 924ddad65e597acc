// SPDX-License-Identifier: Apache-2.0
// Building seccomp sections by hand, for the tests.
#pragma once

#include "../test.h"
#include "bpf_sim.h"
#include "kernel/seccomp.h"

#define NO_ERRNO ((struct opt_u32){0})
#define ERRNO(n) ((struct opt_u32){.set = true, .v = (n)})

struct profile {
	struct arena arena;
	struct oci_seccomp p;
};

static inline struct profile *profile_new(enum oci_seccomp_action action, struct opt_u32 errno_ret)
{
	struct profile *p = xnew(struct profile);

	p->p.default_action = action;
	p->p.default_errno_ret = errno_ret;
	return p;
}

static inline void profile_free(struct profile *p)
{
	arena_done(&p->arena);
	free(p);
}

static inline void profile_arch(struct profile *p, const char *name)
{
	oci_strings_add(&p->arena, &p->p.architectures, name);
}

static inline struct oci_seccomp_rule *profile_rule(struct profile *p, const char *name, enum oci_seccomp_action action,
						    struct opt_u32 errno_ret)
{
	struct oci_seccomp_rule *r = arena_append(&p->arena, p->p.rules, p->p.n_rules);

	oci_strings_add(&p->arena, &r->names, name);
	r->action = action;
	r->errno_ret = errno_ret;
	return r;
}

static inline void rule_arg(struct profile *p, struct oci_seccomp_rule *r, uint32_t index, enum oci_seccomp_op op,
			    uint64_t value, uint64_t value_two)
{
	struct oci_seccomp_arg *a = arena_append(&p->arena, r->args, r->n_args);

	*a = (struct oci_seccomp_arg){.index = index, .value = value, .value_two = value_two, .op = op};
}
