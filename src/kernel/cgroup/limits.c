// SPDX-License-Identifier: Apache-2.0
// Limits that both versions take alike, but for the names of files: cpuset, pids, hugetlb, rdma.
#include "kernel/cgroup/internal.h"

#include "base/str.h"

#include <stdio.h>

#define RES "linux.resources."

int cgroup_apply_cpuset(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const struct oci_cpu *c = res->cpu;
	int rc = 0;

	if (c && !str_empty(c->cpus)) {
		rc = cgroup_write(d, RES "cpu.cpus", "cpuset.cpus", c->cpus, e);
		if (rc < 0)
			cgroup_hint(e, "a list such as 0-2,5 of processors that are online and the parent group's");
	}
	if (rc >= 0 && c && !str_empty(c->mems)) {
		rc = cgroup_write(d, RES "cpu.mems", "cpuset.mems", c->mems, e);
		if (rc < 0)
			cgroup_hint(e, "a list such as 0-2,5 of memory nodes that are the parent group's");
	}
	return rc;
}

int cgroup_apply_pids(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	if (!res->pids.set)
		return 0;
	if (res->pids.limit <= 0)
		return cgroup_write(d, RES "pids.limit", "pids.max", "max", e);
	int rc = cgroup_writef(d, RES "pids.limit", "pids.max", e, "%lld", (long long)res->pids.limit);
	if (rc == -EINVAL)
		cgroup_hint(e, "at most 4194304");
	return rc;
}

static bool is_page_size(const char *s)
{
	size_t digits = s ? strspn(s, "0123456789") : 0;

	return digits && digits < 8 &&
	       (str_eq(s + digits, "KB") || str_eq(s + digits, "MB") || str_eq(s + digits, "GB"));
}

// Both versions alike but for the file's name; "rsvd" (reservations, where a mapping fails instead of being killed
// later) is limited as well where the kernel knows it.
int cgroup_apply_hugetlb(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	const char *suffix = d->h->v2 ? "max" : "limit_in_bytes";

	for (size_t i = 0; i < res->n_hugepage_limits; i++) {
		const struct oci_hugepage_limit *l = &res->hugepage_limits[i];
		char file[64];
		if (!is_page_size(l->page_size))
			return err_invalid(e, RES "hugepageLimits[%zu].pageSize: \"%s\" is no size such as 2MB", i,
					   l->page_size ? l->page_size : "");
		int rc = str_fmt(file, sizeof(file), "hugetlb.%s.%s", l->page_size, suffix);
		if (rc >= 0)
			rc = cgroup_writef(d, RES "hugepageLimits", file, e, "%llu", (unsigned long long)l->limit);
		if (rc == -EOPNOTSUPP)
			cgroup_hint(e, "pages of that size are not known to this kernel");
		if (rc < 0)
			return rc;
		rc = str_fmt(file, sizeof(file), "hugetlb.%s.rsvd.%s", l->page_size, suffix);
		if (rc >= 0 && cgroup_has_file(d, file))
			rc = cgroup_writef(d, RES "hugepageLimits", file, e, "%llu", (unsigned long long)l->limit);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int cgroup_apply_rdma(struct cgroup_dir *d, const struct oci_resources *res, struct err *e)
{
	for (size_t i = 0; i < res->n_rdma; i++) {
		const struct oci_rdma_limit *l = &res->rdma[i];
		char value[256];
		int n = snprintf(value, sizeof(value), "%s", l->device);
		if (n > 0 && n < 200 && l->hca_handles.set)
			n += snprintf(value + n, sizeof(value) - (size_t)n, " hca_handle=%u", l->hca_handles.v);
		if (n > 0 && n < 230 && l->hca_objects.set)
			n += snprintf(value + n, sizeof(value) - (size_t)n, " hca_object=%u", l->hca_objects.v);
		if (n >= 230)
			return err_invalid(e, RES "rdma: device name too long");
		int rc = cgroup_write(d, RES "rdma", "rdma.max", value, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}
