// SPDX-License-Identifier: Apache-2.0
// Limits as cgroup v2 takes them, and switching controllers on. Kernel documentation: admin-guide/cgroup-v2.rst.
//
// A controller can be used in a group when every group above it hands it on in cgroup.subtree_control. The kernel
// refuses that (EBUSY) for a group that has processes of its own, the root excepted. No process is moved to make
// room: what could not be switched on is remembered, and told when a limit needs it.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RES "linux.resources."

enum { PERIOD_DEFAULT = 100000, SHARES_MIN = 2, SHARES_MAX = 262144, BLKIO_WEIGHT_MIN = 10, BLKIO_WEIGHT_MAX = 1000 };

static int write_max(const struct cgroup_dir *d, const char *field, const char *file, int64_t v, struct err *e)
{
	return v < 0 ? cgroup_write(d, field, file, "max", e) : cgroup_writef(d, field, file, e, "%lld", (long long)v);
}

static int unsupported(struct err *e, const char *field, const char *why)
{
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s: not possible with cgroup v2: %s", field, why);
}

static int refuse_v1_only(const struct oci_memory *m, struct err *e)
{
	if (m->swappiness.set)
		return unsupported(e, RES "memory.swappiness", "swappiness is set for the whole system there");
	if (m->disable_oom_killer.v)
		return unsupported(e, RES "memory.disableOOMKiller", "the OOM killer cannot be switched off there");
	if (cgroup_wants(m->kernel_tcp) && m->kernel_tcp.v > 0)
		return unsupported(e, RES "memory.kernelTCP", "socket memory counts against the memory limit there");
	if (m->use_hierarchy.set && !m->use_hierarchy.v)
		return unsupported(e, RES "memory.useHierarchy", "accounting is always by hierarchy");
	if (cgroup_wants(m->kernel))
		log_debug(RES "memory.kernel has no effect: kernels account it with the memory limit");
	return 0;
}

static int apply_swap(const struct cgroup_dir *d, const struct oci_memory *m, int64_t limit, struct err *e)
{
	int64_t value = 0;
	uint64_t now = 0;

	if (m->swap.set && m->swap.v > 0 && !limit && !cgroup_read_u64(d, "memory.max", &now) && now <= INT64_MAX)
		limit = (int64_t)now;
	int rc = cgroup_swap_value(limit, m->swap.set ? m->swap.v : 0, &value, e);
	if (rc < 0 || value == -2 || (value == -1 && !cgroup_has_file(d, "memory.swap.max")))
		return rc;
	rc = write_max(d, RES "memory.swap", "memory.swap.max", value, e);
	if (rc == -EOPNOTSUPP)
		cgroup_hint(e, "this kernel does not account swap; leave the swap limit out");
	return rc;
}

static int apply_memory(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_memory *m = res->memory;
	uint64_t used = 0;
	int rc;

	if (!m)
		return 0;
	rc = refuse_v1_only(m, e);
	if (rc < 0)
		return rc;
	int64_t limit = cgroup_wants(m->limit) ? m->limit.v : 0;
	if (m->check_before_update.v && limit > 0 && !cgroup_read_u64(d, "memory.current", &used) &&
	    used > (uint64_t)limit)
		return err_set(e, ERR_CONFLICT, EBUSY, RES "memory.limit: %lld is below what is in use (%llu bytes)",
			       (long long)limit, (unsigned long long)used);
	rc = apply_swap(d, m, limit, e);
	if (rc >= 0 && limit)
		rc = write_max(d, RES "memory.limit", "memory.max", limit, e);
	if (rc >= 0 && cgroup_wants(m->reservation))
		rc = write_max(d, RES "memory.reservation", "memory.low", m->reservation.v, e);
	return rc < 0 ? rc : 0;
}

// cpu.max holds quota and period together: the one not given keeps its value.
static int apply_bandwidth(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	bool quota = cgroup_wants(c->quota), period = c->period.set && c->period.v;
	_cleanup_buf_ struct buf now = BUF_INIT(128);
	char keep[64];

	if (!quota && !period)
		return 0;
	const char *field = quota ? RES "cpu.quota" : RES "cpu.period";
	if (file_read(d->fd, "cpu.max", 128, &now, NULL) < 0 || !now.len)
		buf_adds(&now, "max 100000\n");
	size_t n = strcspn(now.data, " ");
	if (!quota && snprintf(keep, sizeof(keep), "%.*s", (int)n, now.data) >= (int)sizeof(keep))
		return err_set(e, ERR_CORRUPT, EINVAL, "%s: cannot read cpu.max", field);
	if (quota && c->quota.v > 0)
		snprintf(keep, sizeof(keep), "%lld", (long long)c->quota.v);
	else if (quota)
		snprintf(keep, sizeof(keep), "max");
	uint64_t us = PERIOD_DEFAULT;
	now.data[strcspn(now.data, "\n")] = 0;
	if (now.data[n])
		str_to_u64(now.data + n + 1, &us);
	if (period)
		us = c->period.v;
	int rc = cgroup_writef(d, field, "cpu.max", e, "%s %llu", keep, (unsigned long long)us);
	if (rc == -EINVAL)
		cgroup_hint(e, "a quota of at least 1000 and a period of 1000 to 1000000 microseconds");
	return rc;
}

// A burst may not exceed the quota, neither the old nor the new: lowered before, raised after it.
static int apply_burst_and_bandwidth(const struct cgroup_dir *d, const struct oci_cpu *c, struct err *e)
{
	uint64_t now = 0;
	bool burst = c->burst.set && (c->burst.v || cgroup_has_file(d, "cpu.max.burst"));
	bool lower = burst && !cgroup_read_u64(d, "cpu.max.burst", &now) && c->burst.v < now;
	int rc = 0;

	if (burst && c->quota.set && c->quota.v > 0 && c->burst.v > (uint64_t)c->quota.v)
		return err_invalid(e, RES "cpu.burst: %llu is above the quota %lld", (unsigned long long)c->burst.v,
				   (long long)c->quota.v);
	if (lower)
		rc = cgroup_writef(d, RES "cpu.burst", "cpu.max.burst", e, "%llu", (unsigned long long)c->burst.v);
	if (rc >= 0)
		rc = apply_bandwidth(d, c, e);
	if (rc >= 0 && burst && !lower)
		rc = cgroup_writef(d, RES "cpu.burst", "cpu.max.burst", e, "%llu", (unsigned long long)c->burst.v);
	return rc;
}

static int apply_cpu(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_cpu *c = res->cpu;
	int rc = 0;

	if (!c)
		return 0;
	if (cgroup_wants(c->realtime_runtime) || (c->realtime_period.set && c->realtime_period.v))
		return unsupported(e, RES "cpu.realtimeRuntime", "realtime bandwidth cannot be set there");
	if (c->shares.set && c->shares.v) {
		if (c->shares.v < SHARES_MIN || c->shares.v > SHARES_MAX)
			return err_invalid(e, RES "cpu.shares: %llu is not between %d and %d",
					   (unsigned long long)c->shares.v, SHARES_MIN, SHARES_MAX);
		rc = cgroup_writef(d, RES "cpu.shares", "cpu.weight", e, "%llu",
				   (unsigned long long)cgroup_cpu_weight(c->shares.v));
	}
	if (rc >= 0)
		rc = apply_burst_and_bandwidth(d, c, e);
	if (rc >= 0 && c->idle.set && (c->idle.v || cgroup_has_file(d, "cpu.idle")))
		rc = cgroup_writef(d, RES "cpu.idle", "cpu.idle", e, "%lld", (long long)c->idle.v);
	return rc;
}

// With BFQ weights go to it as they are; else to the cost model's io.weight, whose range is ten times as wide.
static int write_io_weight(const struct cgroup_dir *d, const char *field, const char *device, struct opt_u32 w,
			   struct err *e)
{
	if (!w.set || !w.v)
		return 0;
	if (w.v < BLKIO_WEIGHT_MIN || w.v > BLKIO_WEIGHT_MAX)
		return err_invalid(e, "%s: %u is not between %d and %d", field, w.v, BLKIO_WEIGHT_MIN,
				   BLKIO_WEIGHT_MAX);
	bool bfq = cgroup_has_file(d, "io.bfq.weight");
	uint64_t v = bfq ? w.v : cgroup_io_weight(w.v);
	int rc = cgroup_writef(d, field, bfq ? "io.bfq.weight" : "io.weight", e, "%s %llu", device,
			       (unsigned long long)v);
	if (rc == -EOPNOTSUPP)
		cgroup_hint(e, "weights need the BFQ scheduler or the io cost model");
	return rc;
}

static int apply_io_max(const struct cgroup_dir *d, const char *field, const char *key,
			const struct oci_throttle_devices *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < t->n && rc >= 0; i++) {
		const struct oci_throttle_device *v = &t->v[i];
		rc = v->rate ? cgroup_writef(d, field, "io.max", e, "%lld:%lld %s=%llu", (long long)v->major,
					     (long long)v->minor, key, (unsigned long long)v->rate)
			     : cgroup_writef(d, field, "io.max", e, "%lld:%lld %s=max", (long long)v->major,
					     (long long)v->minor, key);
		if (rc == -ENODEV)
			cgroup_hint(e, "no such block device, or a partition");
	}
	return rc;
}

static int apply_io(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_block_io *b = res->block_io;

	if (!b)
		return 0;
	if (b->leaf_weight.set && b->leaf_weight.v)
		return unsupported(e, RES "blockIO.leafWeight", "leaf weights went with the CFQ scheduler");
	int rc = write_io_weight(d, RES "blockIO.weight", "default", b->weight, e);
	for (size_t i = 0; i < b->n_weight_devices && rc >= 0; i++) {
		const struct oci_weight_device *w = &b->weight_devices[i];
		char device[48];
		if (w->leaf_weight.set && w->leaf_weight.v)
			return unsupported(e, RES "blockIO.weightDevice.leafWeight",
					   "leaf weights went with the CFQ scheduler");
		rc = str_fmt(device, sizeof(device), "%lld:%lld", (long long)w->major, (long long)w->minor);
		if (rc >= 0)
			rc = write_io_weight(d, RES "blockIO.weightDevice.weight", device, w->weight, e);
	}
	const struct {
		const char *field, *key;
		const struct oci_throttle_devices *t;
	} throttles[] = {
		{RES "blockIO.throttleReadBpsDevice", "rbps", &b->read_bps},
		{RES "blockIO.throttleWriteBpsDevice", "wbps", &b->write_bps},
		{RES "blockIO.throttleReadIOPSDevice", "riops", &b->read_iops},
		{RES "blockIO.throttleWriteIOPSDevice", "wiops", &b->write_iops},
	};
	for (size_t i = 0; i < ARRAY_SIZE(throttles) && rc >= 0; i++)
		rc = apply_io_max(d, throttles[i].field, throttles[i].key, throttles[i].t, e);
	return rc;
}

const struct cgroup_ops cgroup_v2_ops = {
	.apply =
		{
			[CG_MEMORY] = apply_memory,
			[CG_CPU] = apply_cpu,
			[CG_CPUSET] = cgroup_apply_cpuset,
			[CG_PIDS] = cgroup_apply_pids,
			[CG_IO] = apply_io,
			[CG_HUGETLB] = cgroup_apply_hugetlb,
			[CG_RDMA] = cgroup_apply_rdma,
		},
};

static int unified_controller(const char *key)
{
	char name[32];
	size_t n = strcspn(key, ".");

	if (n >= sizeof(name) || !key[n])
		return -1;
	snprintf(name, sizeof(name), "%.*s", (int)n, key);
	return cgroup_controller_from_name(name);
}

uint32_t cgroup_v2_unified_mask(const struct oci_resources *res)
{
	uint32_t mask = 0;

	for (size_t i = 0; res && i < res->unified.n; i++) {
		int c = unified_controller(res->unified.v[i].key);
		if (c >= 0)
			mask |= CG_BIT(c);
	}
	return mask;
}

static int check_unified_key(const char *key, const char *field, struct err *e)
{
	static const char *const not_limits[] = {
		"cgroup.procs",  "cgroup.threads",         "cgroup.kill", "cgroup.type", "cgroup.freeze",
		"cgroup.events", "cgroup.subtree_control", NULL};

	if (!*key || strchr(key, '/') || !strchr(key, '.') || *key == '.' || strlen(key) > 128)
		return err_invalid(e, "%s: not a file name of cgroup v2", field);
	if (str_in(key, not_limits))
		return err_invalid(e, "%s: not a limit", field);
	return 0;
}

// Values of several lines ("io.max" of two devices) are written line by line, as the kernel wants them.
static int write_unified(const struct cgroup_dir *d, const struct oci_pair *p, const char *field, struct err *e)
{
	_cleanup_strv_ char **lines = strv_split(p->value, '\n');
	int rc = 0;

	for (size_t i = 0; lines && lines[i] && rc >= 0; i++)
		if (*lines[i] || !lines[1])
			rc = cgroup_write(d, field, p->key, lines[i], e);
	return rc;
}

int cgroup_v2_apply_unified(const struct cgroup *c, const struct oci_resources *res, struct err *e)
{
	const struct cgroup_dir *d = cgroup_dir_v2(c);

	for (size_t i = 0; i < res->unified.n; i++) {
		const struct oci_pair *p = &res->unified.v[i];
		_cleanup_free_ char *field = xasprintf(RES "unified[\"%.140s\"]", p->key);
		int ctl = unified_controller(p->key), rc = check_unified_key(p->key, field, e);
		if (rc < 0)
			return rc;
		if (!d)
			return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s: this container has no cgroup v2 group%s",
				       field,
				       cgroup_host_mode() == CGROUP_V1 ? ": the host mounts cgroup v1 alone" : "");
		if (ctl < 0 && !str_starts(p->key, "cgroup."))
			return err_invalid(e, "%s: unknown controller", field);
		if (ctl >= 0 && !(d->enabled & CG_BIT(ctl)) && !cgroup_has_file(d, p->key)) {
			const char *name = cgroup_controller_name((enum cgroup_controller)ctl, true);
			struct cgroup_hierarchy *h = cgroup_host_find(cgroup_host_get(), (enum cgroup_controller)ctl);
			return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s: the %s controller is %s", field, name,
				       !h       ? "not there on this host"
				       : !h->v2 ? "a cgroup v1 hierarchy on this host, which unified cannot reach"
						: "not handed on to this group");
		}
		rc = write_unified(d, p, field, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const char *controller(int c)
{
	return cgroup_controller_name((enum cgroup_controller)c, true);
}

static uint32_t read_controllers(int at, const char *file)
{
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);

	return file_read(at, file, CGROUP_FILE_MAX, &b, NULL) < 0 ? 0 : cgroup_controllers_parse(b.data, true);
}

// The kernel lets a group with processes hand on cpu, pids and the like, at a price: the groups below become "domain
// invalid" and take nobody. So a group with processes hands nothing on; the root of the tree (it has no type) may.
static bool has_processes(int fd)
{
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);

	return !faccessat(fd, "cgroup.type", F_OK, 0) &&
	       file_read(fd, "cgroup.procs", CGROUP_FILE_MAX, &b, NULL) >= 0 && b.len;
}

static void remember(struct cgroup_refusal *why, int code, const char *at)
{
	if (why->code)
		return;
	why->code = code;
	snprintf(why->at, sizeof(why->at), "%s", *at ? at : "/");
}

// Together in one write, one by one if that fails, so that one refusal does not take the others with it.
static void enable_at(int fd, uint32_t want, const char *at, struct cgroup_refusal *why)
{
	char line[256] = "";
	size_t n = 0;

	if (want && has_processes(fd)) {
		remember(why, EBUSY, at);
		return;
	}
	for (int c = 0; c < CG_MAX; c++)
		if (want & CG_BIT(c))
			n += (size_t)snprintf(line + n, sizeof(line) - n, "+%s ", controller(c));
	if (!n || file_write_kernel(fd, "cgroup.subtree_control", line, NULL) >= 0)
		return;
	for (int c = 0; c < CG_MAX; c++) {
		if (!(want & CG_BIT(c)))
			continue;
		snprintf(line, sizeof(line), "+%s", controller(c));
		int rc = file_write_kernel(fd, "cgroup.subtree_control", line, NULL);
		if (rc < 0)
			remember(why, -rc, at);
	}
}

void cgroup_v2_enable(int root, struct cgroup_dir *d, size_t from, uint32_t want, struct cgroup_refusal *why)
{
	_cleanup_free_ char *p = xstrdup(d->path);

	d->enabled = read_controllers(d->fd, "cgroup.controllers");
	if (!(want & ~d->enabled))
		return;
	for (size_t at = from;;) {
		char kept = p[at];
		p[at] = 0;
		_cleanup_fd_ int fd = openat(root, at ? p : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		uint32_t here = fd < 0 ? 0 : read_controllers(fd, "cgroup.controllers") & want;
		if (here)
			enable_at(fd, here & ~read_controllers(fd, "cgroup.subtree_control"), p, why);
		p[at] = kept;
		const char *next = strchr(p + at + (at != 0), '/');
		if (!next)
			break;
		at = (size_t)(next - p);
	}
	d->enabled = read_controllers(d->fd, "cgroup.controllers");
}

int cgroup_v2_check_type(const struct cgroup_dir *d, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(128);

	if (file_read(d->fd, "cgroup.type", 128, &b, NULL) < 0 || str_eq(b.data, "domain\n") || !b.len ||
	    str_eq(b.data, "domain threaded\n"))
		return 0;
	b.data[strcspn(b.data, "\n")] = 0;
	return err_set(
		e, ERR_UNSUPPORTED, EOPNOTSUPP,
		"cgroup %s/%s: is of type \"%s\": a group above it is threaded, and such a subtree takes threads of "
		"one process only; choose another cgroup path",
		d->h->mountpoint, d->path, b.data);
}

// May the caller make groups below path and move processes between them?
static bool is_ours(int root, const char *path)
{
	_cleanup_fd_ int fd = openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && !faccessat(fd, ".", W_OK, AT_EACCESS) && !faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS);
}

static bool hands_on(int root, const char *path, uint32_t asked)
{
	struct cgroup_refusal why = {0};
	_cleanup_fd_ int fd = openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || asked & ~read_controllers(fd, "cgroup.controllers"))
		return false;
	uint32_t missing = asked & ~read_controllers(fd, "cgroup.subtree_control");
	if (missing)
		enable_at(fd, missing, path, &why);
	return !why.code;
}

char **cgroup_v2_candidates(struct cgroup_host *host, struct cgroup_hierarchy *h)
{
	_cleanup_fd_ int root = cgroup_root_open(h, NULL);
	_cleanup_free_ char *p = xstrdup(cgroup_host_own(host, h));
	char **up = NULL, **down = NULL;

	while (root >= 0 && is_ours(root, *p ? p : ".")) {
		strv_push(&up, p);
		if (!*p)
			break;
		char *slash = strrchr(p, '/');
		*(slash ? slash : p) = 0;
	}
	for (size_t i = up ? strv_len(up) : 0; i-- > 0;)
		strv_push(&down, up[i]);
	strv_free(up);
	return down;
}

char *cgroup_v2_delegated(struct cgroup_host *host, struct cgroup_hierarchy *h, uint32_t asked, bool *ret_all)
{
	_cleanup_fd_ int root = cgroup_root_open(h, NULL);
	_cleanup_strv_ char **v = cgroup_v2_candidates(host, h);

	asked &= cgroup_host_v2_controllers(h);
	for (size_t i = 0; v && v[i]; i++)
		if (hands_on(root, *v[i] ? v[i] : ".", asked)) {
			*ret_all = true;
			return xstrdup(v[i]);
		}
	*ret_all = false;
	return v ? xstrdup(v[0]) : NULL;
}
