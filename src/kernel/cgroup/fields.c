// SPDX-License-Identifier: Apache-2.0
// What a configuration asks for, controller by controller, and the conversions between the two versions' units.
//
// Zero means "not set" for the values where no kernel could obey a zero (memory, cpu shares, period and quota,
// weights): callers of `update` send whole objects with zeros for what they do not touch. "Unlimited" asks for
// nothing where there is no controller.
#include "kernel/cgroup/internal.h"

#include "base/str.h"

#define RES "linux.resources."

static bool positive(struct opt_i64 v)
{
	return v.set && v.v > 0;
}
static bool nonzero(struct opt_u64 v)
{
	return v.set && v.v;
}
static bool weight(struct opt_u32 v)
{
	return v.set && v.v;
}

static const char *asked_memory(const struct oci_memory *m)
{
	if (!m)
		return NULL;
	return positive(m->limit)                            ? RES "memory.limit"
	       : positive(m->swap)                           ? RES "memory.swap"
	       : positive(m->reservation)                    ? RES "memory.reservation"
	       : positive(m->kernel_tcp)                     ? RES "memory.kernelTCP"
	       : m->swappiness.set                           ? RES "memory.swappiness"
	       : m->disable_oom_killer.v                     ? RES "memory.disableOOMKiller"
	       : m->use_hierarchy.set && !m->use_hierarchy.v ? RES "memory.useHierarchy"
							     : NULL;
}

static const char *asked_cpu(const struct oci_cpu *c)
{
	if (!c)
		return NULL;
	return nonzero(c->shares)              ? RES "cpu.shares"
	       : positive(c->quota)            ? RES "cpu.quota"
	       : nonzero(c->period)            ? RES "cpu.period"
	       : nonzero(c->burst)             ? RES "cpu.burst"
	       : positive(c->realtime_runtime) ? RES "cpu.realtimeRuntime"
	       : nonzero(c->realtime_period)   ? RES "cpu.realtimePeriod"
	       : c->idle.set && c->idle.v      ? RES "cpu.idle"
					       : NULL;
}

static const char *asked_cpuset(const struct oci_cpu *c)
{
	if (!c)
		return NULL;
	return !str_empty(c->cpus) ? RES "cpu.cpus" : !str_empty(c->mems) ? RES "cpu.mems" : NULL;
}

static const char *asked_io(const struct oci_block_io *b)
{
	if (!b)
		return NULL;
	return weight(b->weight)        ? RES "blockIO.weight"
	       : weight(b->leaf_weight) ? RES "blockIO.leafWeight"
	       : b->n_weight_devices    ? RES "blockIO.weightDevice"
	       : b->read_bps.n          ? RES "blockIO.throttleReadBpsDevice"
	       : b->write_bps.n         ? RES "blockIO.throttleWriteBpsDevice"
	       : b->read_iops.n         ? RES "blockIO.throttleReadIOPSDevice"
	       : b->write_iops.n        ? RES "blockIO.throttleWriteIOPSDevice"
					: NULL;
}

const char *cgroup_asked(const struct oci_resources *res, enum cgroup_controller ctl)
{
	if (!res)
		return NULL;
	switch (ctl) {
	case CG_MEMORY: return asked_memory(res->memory);
	case CG_CPU: return asked_cpu(res->cpu);
	case CG_CPUSET: return asked_cpuset(res->cpu);
	case CG_PIDS: return res->pids.set && res->pids.limit > 0 ? RES "pids.limit" : NULL;
	case CG_IO: return asked_io(res->block_io);
	case CG_HUGETLB: return res->n_hugepage_limits ? RES "hugepageLimits" : NULL;
	case CG_RDMA: return res->n_rdma ? RES "rdma" : NULL;
	case CG_NET_CLS: return weight(res->network.class_id) ? RES "network.classID" : NULL;
	case CG_NET_PRIO: return res->network.n_priorities ? RES "network.priorities" : NULL;
	default: return NULL;
	}
}

uint32_t cgroup_asked_mask(const struct oci_resources *res)
{
	uint32_t mask = 0;

	for (int i = 0; i < CG_MAX; i++)
		if (cgroup_asked(res, (enum cgroup_controller)i))
			mask |= CG_BIT(i);
	return mask;
}

// Base-2 logarithm for x >= 1, by repeated squaring: a bit of the fraction a step. libm would cost every start.
static double log2_of(double x)
{
	double r = 0, bit = 0.5;

	for (; x >= 2; x /= 2)
		r += 1;
	for (int i = 0; i < 48; i++, bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			r += bit;
		}
	}
	return r;
}

// 10 to the x for 0 <= x <= 4: the whole part by multiplication, the rest by the exponential series.
static double exp10_of(double x)
{
	double whole = 1, term = 1, sum = 1;

	for (; x >= 1; x -= 1)
		whole *= 10;
	x *= 2.302585092994045684;
	for (int i = 1; i < 40; i++) {
		term *= x / i;
		sum += term;
	}
	return whole * sum;
}

// The runtimes' common curve since 2025: 2 becomes 1, 1024 becomes 100 (the defaults meet), 262144 becomes 10000;
// weight = ceil(10^((l^2 + 125 l) / 612 - 7 / 34)) with l = log2(shares).
uint64_t cgroup_cpu_weight(uint64_t shares)
{
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	double l = log2_of((double)shares);
	double w = exp10_of((l * l + 125 * l) / 612 - 7.0 / 34);
	uint64_t down = (uint64_t)w;
	return w - (double)down > 1e-7 ? down + 1 : down;
}

// blkio's 10..1000 onto io.weight's 1..10000, linearly.
uint64_t cgroup_io_weight(uint64_t w)
{
	return 1 + (w - 10) * 9999 / 990;
}

int cgroup_swap_value(int64_t limit, int64_t swap, int64_t *ret, struct err *e)
{
	if (limit == -1 && !swap)
		swap = -1;
	if (swap == -1 || !swap) {
		*ret = swap ? -1 : -2;
		return 0;
	}
	if (swap < 0)
		return err_invalid(e, RES "memory.swap: %lld is neither a size nor -1", (long long)swap);
	if (limit <= 0)
		return err_invalid(e, RES "memory.swap: is memory and swap together, and needs a memory limit");
	if (swap < limit)
		return err_invalid(e, RES "memory.swap: %lld is less than the memory limit %lld that it includes",
				   (long long)swap, (long long)limit);
	*ret = swap - limit;
	return 0;
}
