// SPDX-License-Identifier: Apache-2.0
// Limits as cgroup v1 takes them. Kernel documentation: admin-guide/cgroup-v1/.
//
// Two pairs of files are checked against each other by the kernel at every write, so the order matters when a
// running container's values change: memory.limit_in_bytes must stay at or below memory.memsw.limit_in_bytes, and
// cfs_quota/cfs_period below the parent's share. memory.kernel is accepted and has no effect: kernels stopped to
// account it apart in 5.4 and refuse or ignore writes since; the memory limit covers it.
#include "kernel/cgroup/internal.h"

#include "base/log.h"
#include "base/str.h"

#include <fcntl.h>
#include <unistd.h>

#define RES "linux.resources."

// What v1 shows for "no limit" is the largest multiple of the page size: anything near it.
#define V1_UNLIMITED (UINT64_C(1) << 62)

enum { SHARES_MIN = 2, SHARES_MAX = 262144, BLKIO_WEIGHT_MIN = 10, BLKIO_WEIGHT_MAX = 1000 };

static int write_i64(const struct cgroup_dir *d, const char *field, const char *file, int64_t v, struct err *e)
{
	return cgroup_writef(d, field, file, e, "%lld", (long long)v);
}

static int write_limit(const struct cgroup_dir *d, int64_t limit, struct err *e)
{
	int rc = write_i64(d, RES "memory.limit", "memory.limit_in_bytes", limit, e);
	uint64_t used = 0;

	if (rc == -EBUSY && !cgroup_read_u64(d, "memory.usage_in_bytes", &used))
		cgroup_hint(e, "%llu bytes are in use", (unsigned long long)used);
	else if (rc == -EINVAL && limit > 0)
		cgroup_hint(e, "above the present limit of memory and swap together: raise memory.swap with it");
	return rc;
}

static int write_swap(const struct cgroup_dir *d, int64_t swap, struct err *e)
{
	if (swap == -1 && !cgroup_has_file(d, "memory.memsw.limit_in_bytes"))
		return 0;
	int rc = write_i64(d, RES "memory.swap", "memory.memsw.limit_in_bytes", swap, e);
	if (rc == -EOPNOTSUPP)
		cgroup_hint(e, "swap accounting is off; boot with swapaccount=1, or leave the swap limit out");
	return rc;
}

static int check_update(const struct cgroup_dir *d, const struct oci_memory *m, const char *usage, struct err *e)
{
	uint64_t used = 0;

	if (!m->check_before_update.v || !m->limit.set || m->limit.v <= 0 || cgroup_read_u64(d, usage, &used) < 0)
		return 0;
	if (used > (uint64_t)m->limit.v)
		return err_set(e, ERR_CONFLICT, EBUSY, RES "memory.limit: %lld is below what is in use (%llu bytes)",
			       (long long)m->limit.v, (unsigned long long)used);
	return 0;
}

static int apply_limit_and_swap(const struct cgroup_dir *d, const struct oci_memory *m, struct err *e)
{
	bool has_limit = cgroup_wants(m->limit);
	int64_t limit = has_limit ? m->limit.v : 0, swap = m->swap.set ? m->swap.v : 0, part = 0;
	uint64_t now = UINT64_MAX;
	int rc;

	if (swap > 0 && !has_limit && !cgroup_read_u64(d, "memory.limit_in_bytes", &now) && now < V1_UNLIMITED)
		limit = (int64_t)now;
	rc = cgroup_swap_value(limit, swap, &part, e);
	if (rc < 0)
		return rc;
	if (limit == -1)
		swap = -1;
	if (!swap)
		return has_limit ? write_limit(d, limit, e) : 0;
	if (!has_limit)
		return write_swap(d, swap, e);
	cgroup_read_u64(d, "memory.limit_in_bytes", &now);
	bool swap_first = swap == -1 || (uint64_t)swap >= now;
	rc = swap_first ? write_swap(d, swap, e) : write_limit(d, limit, e);
	if (rc < 0)
		return rc;
	return swap_first ? write_limit(d, limit, e) : write_swap(d, swap, e);
}

static int apply_memory(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_memory *m = res->memory;
	int rc;

	if (!m)
		return 0;
	if (cgroup_wants(m->kernel))
		log_debug(RES "memory.kernel has no effect: kernels account it with the memory limit");
	if (m->use_hierarchy.set && !m->use_hierarchy.v)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			       RES "memory.useHierarchy: false is not possible, kernels always account by hierarchy");
	rc = check_update(d, m, "memory.usage_in_bytes", e);
	if (rc >= 0)
		rc = apply_limit_and_swap(d, m, e);
	if (rc >= 0 && cgroup_wants(m->reservation))
		rc = write_i64(d, RES "memory.reservation", "memory.soft_limit_in_bytes", m->reservation.v, e);
	if (rc >= 0 && cgroup_wants(m->kernel_tcp))
		rc = write_i64(d, RES "memory.kernelTCP", "memory.kmem.tcp.limit_in_bytes", m->kernel_tcp.v, e);
	if (rc >= 0 && m->swappiness.set)
		rc = m->swappiness.v > 100
			     ? err_invalid(e, RES "memory.swappiness: %llu is not between 0 and 100",
					   (unsigned long long)m->swappiness.v)
			     : write_i64(d, RES "memory.swappiness", "memory.swappiness", (int64_t)m->swappiness.v, e);
	if (rc >= 0 && m->disable_oom_killer.set)
		rc = cgroup_write(d, RES "memory.disableOOMKiller", "memory.oom_control",
				  m->disable_oom_killer.v ? "1" : "0", e);
	return rc < 0 ? rc : 0;
}

static int write_period(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	if (!c->period.set || !c->period.v)
		return 0;
	int rc = cgroup_writef(d, RES "cpu.period", "cpu.cfs_period_us", e, "%llu", (unsigned long long)c->period.v);
	if (rc == -EINVAL)
		cgroup_hint(e, "between 1000 and 1000000 microseconds");
	return rc;
}

static int write_quota(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	if (!cgroup_wants(c->quota))
		return 0;
	int rc = write_i64(d, RES "cpu.quota", "cpu.cfs_quota_us", c->quota.v, e);
	if (rc == -EINVAL)
		cgroup_hint(e, "-1, or at least 1000 microseconds and within the parent group's share");
	return rc;
}

// A new period may not fit with the old quota but with the new one, so it is tried on both sides of it; a burst must
// not exceed the quota, neither the old nor the new.
static int apply_bandwidth(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	bool burst = c->burst.set;
	struct err first = {0};
	int rc;

	if (burst && c->burst.v && c->quota.set && c->quota.v > 0 && c->burst.v > (uint64_t)c->quota.v)
		return err_invalid(e, RES "cpu.burst: %llu is above the quota %lld", (unsigned long long)c->burst.v,
				   (long long)c->quota.v);
	if (burst &&
	    cgroup_writef(d, RES "cpu.burst", "cpu.cfs_burst_us", &first, "%llu", (unsigned long long)c->burst.v) < 0)
		log_debug("%s; tried again after the quota", first.text);
	else
		burst = false;
	bool late = write_period(d, c, &first) < 0;
	rc = write_quota(d, c, e);
	if (rc >= 0 && late)
		rc = write_period(d, c, e);
	if (rc >= 0 && burst && (c->burst.v || cgroup_has_file(d, "cpu.cfs_burst_us")))
		rc = cgroup_writef(d, RES "cpu.burst", "cpu.cfs_burst_us", e, "%llu", (unsigned long long)c->burst.v);
	return rc;
}

static int apply_realtime(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	int rc = 0;

	if (c->realtime_period.set && c->realtime_period.v)
		rc = cgroup_writef(d, RES "cpu.realtimePeriod", "cpu.rt_period_us", e, "%llu",
				   (unsigned long long)c->realtime_period.v);
	if (rc >= 0 && cgroup_wants(c->realtime_runtime))
		rc = write_i64(d, RES "cpu.realtimeRuntime", "cpu.rt_runtime_us", c->realtime_runtime.v, e);
	if (rc == -EINVAL)
		cgroup_hint(e, "more than the parent group has to give: set cpu.rt_runtime_us there first");
	return rc;
}

static int apply_cpu(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_cpu *c = res->cpu;
	int rc = 0;

	if (!c)
		return 0;
	if (c->shares.set && c->shares.v) {
		if (c->shares.v < SHARES_MIN || c->shares.v > SHARES_MAX)
			return err_invalid(e, RES "cpu.shares: %llu is not between %d and %d",
					   (unsigned long long)c->shares.v, SHARES_MIN, SHARES_MAX);
		rc = cgroup_writef(d, RES "cpu.shares", "cpu.shares", e, "%llu", (unsigned long long)c->shares.v);
	}
	if (rc >= 0)
		rc = apply_realtime(d, c, e);
	if (rc >= 0)
		rc = apply_bandwidth(d, c, e);
	if (rc >= 0 && c->idle.set && (c->idle.v || cgroup_has_file(d, "cpu.idle")))
		rc = write_i64(d, RES "cpu.idle", "cpu.idle", c->idle.v, e);
	return rc;
}

static int check_weight(const char *field, uint32_t w, struct err *e)
{
	if (w < BLKIO_WEIGHT_MIN || w > BLKIO_WEIGHT_MAX)
		return err_invalid(e, "%s: %u is not between %d and %d", field, w, BLKIO_WEIGHT_MIN, BLKIO_WEIGHT_MAX);
	return 0;
}

// The proportional files belong to the CFQ scheduler of old kernels ("blkio.weight") or to BFQ.
static const char *pick(const struct cgroup_dir *d, const char *bfq, const char *plain)
{
	return cgroup_has_file(d, bfq) ? bfq : plain;
}

static int write_weight(const struct cgroup_dir *d, const char *field, const char *file, struct opt_u32 w,
			struct err *e)
{
	if (!w.set || !w.v)
		return 0;
	int rc = check_weight(field, w.v, e);
	if (rc < 0)
		return rc;
	rc = cgroup_writef(d, field, file, e, "%u", w.v);
	if (rc == -EOPNOTSUPP)
		cgroup_hint(e, "weights need the BFQ scheduler");
	return rc;
}

static int write_device_weight(const struct cgroup_dir *d, const char *field, const char *file,
			       const struct oci_weight_device *w, struct opt_u32 value, struct err *e)
{
	if (!value.set || !value.v)
		return 0;
	int rc = check_weight(field, value.v, e);
	if (rc < 0)
		return rc;
	rc = cgroup_writef(d, field, file, e, "%lld:%lld %u", (long long)w->major, (long long)w->minor, value.v);
	if (rc == -EOPNOTSUPP)
		cgroup_hint(e, "that device's scheduler takes no weights");
	return rc;
}

static int apply_throttle(const struct cgroup_dir *d, const char *field, const char *file,
			  const struct oci_throttle_devices *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < t->n && rc >= 0; i++) {
		rc = cgroup_writef(d, field, file, e, "%lld:%lld %llu", (long long)t->v[i].major,
				   (long long)t->v[i].minor, (unsigned long long)t->v[i].rate);
		if (rc == -ENODEV)
			cgroup_hint(e, "no such block device, or a partition");
	}
	return rc;
}

static int apply_blkio(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_block_io *b = res->block_io;

	if (!b)
		return 0;
	int rc = write_weight(d, RES "blockIO.weight", pick(d, "blkio.bfq.weight", "blkio.weight"), b->weight, e);
	if (rc >= 0)
		rc = write_weight(d, RES "blockIO.leafWeight", "blkio.leaf_weight", b->leaf_weight, e);
	for (size_t i = 0; i < b->n_weight_devices && rc >= 0; i++) {
		const struct oci_weight_device *w = &b->weight_devices[i];
		const char *file = pick(d, "blkio.bfq.weight_device", "blkio.weight_device");
		rc = write_device_weight(d, RES "blockIO.weightDevice.weight", file, w, w->weight, e);
		if (rc >= 0)
			rc = write_device_weight(d, RES "blockIO.weightDevice.leafWeight", "blkio.leaf_weight_device",
						 w, w->leaf_weight, e);
	}
	const struct {
		const char *field, *file;
		const struct oci_throttle_devices *t;
	} throttles[] = {
		{RES "blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device", &b->read_bps},
		{RES "blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device", &b->write_bps},
		{RES "blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device", &b->read_iops},
		{RES "blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", &b->write_iops},
	};
	for (size_t i = 0; i < ARRAY_SIZE(throttles) && rc >= 0; i++)
		rc = apply_throttle(d, throttles[i].field, throttles[i].file, throttles[i].t, e);
	return rc;
}

static int apply_net_cls(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	if (!res->network.class_id.set)
		return 0;
	return cgroup_writef(d, RES "network.classID", "net_cls.classid", e, "%u", res->network.class_id.v);
}

static int apply_net_prio(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < res->network.n_priorities && rc >= 0; i++)
		rc = cgroup_writef(d, RES "network.priorities", "net_prio.ifpriomap", e, "%s %u",
				   res->network.priorities[i].name, res->network.priorities[i].priority);
	return rc;
}

const struct cgroup_ops cgroup_v1_ops = {
	.apply =
		{
			[CG_MEMORY] = apply_memory,
			[CG_CPU] = apply_cpu,
			[CG_CPUSET] = cgroup_apply_cpuset,
			[CG_PIDS] = cgroup_apply_pids,
			[CG_IO] = apply_blkio,
			[CG_HUGETLB] = cgroup_apply_hugetlb,
			[CG_RDMA] = cgroup_apply_rdma,
			[CG_NET_CLS] = apply_net_cls,
			[CG_NET_PRIO] = apply_net_prio,
		},
};
