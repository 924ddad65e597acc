// SPDX-License-Identifier: Apache-2.0
// Limits, in the terms of control groups. What was checked in spec_check.c is only translated here.
#include "base/mem.h"
#include "base/str.h"
#include "engine/spec.h"

enum { DEFAULT_PIDS = 2048, CPU_PERIOD = 100000 };

static void set_i64(struct opt_i64 *to, int64_t v)
{
	if (v)
		*to = (struct opt_i64){true, v};
}

// Without --memory-swap, as much swap as memory, where swap can be limited at all.
static void build_memory(struct spec_build *b, struct oci_resources *r)
{
	const struct engine_create_options *o = b->o;

	if (!o->memory && !o->memory_reservation && !o->memory_swappiness_set && !o->oom_kill_disable)
		return;
	struct oci_memory *m = r->memory = arena_new(b->a, struct oci_memory);
	set_i64(&m->limit, o->memory);
	set_i64(&m->reservation, o->memory_reservation);
	set_i64(&m->swap, o->memory_swap);
	if (o->memory && !o->memory_swap && o->memory <= INT64_MAX / 2 && cgroup_has_swap())
		set_i64(&m->swap, 2 * o->memory);
	if (o->memory_swappiness_set && o->memory_swappiness >= 0)
		m->swappiness = (struct opt_u64){true, (uint64_t)o->memory_swappiness};
	if (o->oom_kill_disable)
		m->disable_oom_killer = (struct opt_bool){true, true};
}

static void build_cpu(struct spec_build *b, struct oci_resources *r)
{
	const struct engine_create_options *o = b->o;

	if (!(o->cpus > 0) && !o->cpu_shares && !o->cpu_period && !o->cpu_quota && !o->cpu_rt_runtime &&
	    !o->cpu_rt_period && !o->cpuset_cpus && !o->cpuset_mems)
		return;
	struct oci_cpu *c = r->cpu = arena_new(b->a, struct oci_cpu);
	if (o->cpu_shares)
		c->shares = (struct opt_u64){true, o->cpu_shares};
	if (o->cpu_period)
		c->period = (struct opt_u64){true, o->cpu_period};
	set_i64(&c->quota, o->cpu_quota);
	if (o->cpus > 0) {
		c->period = (struct opt_u64){true, CPU_PERIOD};
		c->quota = (struct opt_i64){true, (int64_t)(o->cpus * CPU_PERIOD + 0.5)};
	}
	set_i64(&c->realtime_runtime, o->cpu_rt_runtime);
	if (o->cpu_rt_period)
		c->realtime_period = (struct opt_u64){true, (uint64_t)o->cpu_rt_period};
	c->cpus = o->cpuset_cpus ? arena_strdup(b->a, o->cpuset_cpus) : NULL;
	c->mems = o->cpuset_mems ? arena_strdup(b->a, o->cpuset_mems) : NULL;
}

int spec_resources(struct spec_build *b, struct err *e)
{
	const struct engine_create_options *o = b->o;
	struct oci_resources *r = b->spec->linux->resources;

	build_memory(b, r);
	build_cpu(b, r);
	// The default is for the machine's sake; where the groups are not the caller's to make, there is no default.
	if (o->pids_limit_set || !b->g->rootless || cgroup_has_controller("pids")) {
		r->pids.set = true;
		r->pids.limit = o->pids_limit_set ? (o->pids_limit > 0 ? o->pids_limit : -1) : DEFAULT_PIDS;
	}
	if (o->blkio_weight) {
		r->block_io = arena_new(b->a, struct oci_block_io);
		r->block_io->weight = (struct opt_u32){true, o->blkio_weight};
	}
	return 0;
}
