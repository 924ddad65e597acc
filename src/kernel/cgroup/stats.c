// SPDX-License-Identifier: Apache-2.0
// Reading a container's use of memory, processors, processes and block devices, and hearing of OOM kills.
//
// On a hybrid host processor time comes from the v2 group's cpu.stat, which counts without any controller; v1's
// cpuacct is read where there is no v2 tree.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { V1_UNLIMITED_SHIFT = 62 };

// Value of `key` in a file of "key value" lines.
static bool keyed(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *s = text; *s;) {
		size_t len = strcspn(s, "\n");
		if (len > n + 1 && !strncmp(s, key, n) && s[n] == ' ') {
			char number[32];
			snprintf(number, sizeof(number), "%.*s", (int)(len - n - 1), s + n + 1);
			return !str_to_u64(number, ret);
		}
		s += len + (s[len] == '\n');
	}
	return false;
}

static bool read_text(const struct cgroup_dir *d, const char *file, struct buf *b)
{
	buf_reset(b);
	return d && file_read(d->fd, file, CGROUP_FILE_MAX, b, NULL) >= 0;
}

static void memory_v1(const struct cgroup_dir *d, struct buf *b, struct cgroup_stats *s)
{
	cgroup_read_u64(d, "memory.usage_in_bytes", &s->memory_usage);
	cgroup_read_u64(d, "memory.limit_in_bytes", &s->memory_limit);
	if (s->memory_limit >> V1_UNLIMITED_SHIFT)
		s->memory_limit = UINT64_MAX;
	cgroup_read_u64(d, "memory.max_usage_in_bytes", &s->memory_peak);
	if (read_text(d, "memory.stat", b)) {
		keyed(b->data, "total_cache", &s->memory_cache);
		keyed(b->data, "total_inactive_file", &s->memory_inactive_file);
		keyed(b->data, "total_swap", &s->memory_swap);
	}
	if (read_text(d, "memory.oom_control", b))
		keyed(b->data, "oom_kill", &s->oom_kills);
}

static void memory_v2(const struct cgroup_dir *d, struct buf *b, struct cgroup_stats *s)
{
	cgroup_read_u64(d, "memory.current", &s->memory_usage);
	cgroup_read_u64(d, "memory.max", &s->memory_limit);
	cgroup_read_u64(d, "memory.peak", &s->memory_peak);
	cgroup_read_u64(d, "memory.swap.current", &s->memory_swap);
	if (read_text(d, "memory.stat", b)) {
		keyed(b->data, "file", &s->memory_cache);
		keyed(b->data, "inactive_file", &s->memory_inactive_file);
	}
	if (read_text(d, "memory.events", b))
		keyed(b->data, "oom_kill", &s->oom_kills);
}

static void scaled(const char *text, const char *key, uint64_t factor, uint64_t *ret)
{
	uint64_t v = 0;

	if (keyed(text, key, &v))
		*ret = v * factor;
}

static bool cpu_v2(const struct cgroup_dir *d, struct buf *b, struct cgroup_stats *s)
{
	if (!read_text(d, "cpu.stat", b))
		return false;
	scaled(b->data, "usage_usec", 1000, &s->cpu_usage_ns);
	scaled(b->data, "user_usec", 1000, &s->cpu_user_ns);
	scaled(b->data, "system_usec", 1000, &s->cpu_system_ns);
	keyed(b->data, "nr_periods", &s->cpu_periods);
	keyed(b->data, "nr_throttled", &s->cpu_throttled_periods);
	scaled(b->data, "throttled_usec", 1000, &s->cpu_throttled_ns);
	return true;
}

static bool cpuacct_v1(const struct cgroup_dir *d, struct buf *b, struct cgroup_stats *s)
{
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

	if (!d || cgroup_read_u64(d, "cpuacct.usage", &s->cpu_usage_ns) < 0)
		return false;
	if (read_text(d, "cpuacct.stat", b)) {
		scaled(b->data, "user", tick, &s->cpu_user_ns);
		scaled(b->data, "system", tick, &s->cpu_system_ns);
	}
	return true;
}

static void read_cpu(const struct cgroup *c, struct buf *b, struct cgroup_stats *s)
{
	const struct cgroup_dir *v1 = cgroup_dir_of(c, CG_CPU);

	s->has_cpu = cpu_v2(cgroup_dir_v2(c), b, s) || cpuacct_v1(cgroup_dir_of(c, CG_CPUACCT), b, s);
	if (!v1 || v1->h->v2 || !read_text(v1, "cpu.stat", b))
		return;
	keyed(b->data, "nr_periods", &s->cpu_periods);
	keyed(b->data, "nr_throttled", &s->cpu_throttled_periods);
	keyed(b->data, "throttled_time", &s->cpu_throttled_ns);
}

// Lines "8:0 Read 4096", a sum for each kind.
static void add_v1_io(const struct cgroup_dir *d, const char *file, struct buf *b, uint64_t *ret_read,
		      uint64_t *ret_write)
{
	if (!read_text(d, file, b))
		return;
	for (const char *s = b->data; *s;) {
		char kind[16], number[32];
		uint64_t v = 0;
		if (sscanf(s, "%*u:%*u %15s %31s", kind, number) == 2 && !str_to_u64(number, &v)) {
			if (str_eq(kind, "Read"))
				*ret_read += v;
			else if (str_eq(kind, "Write"))
				*ret_write += v;
		}
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
}

// Lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...".
static void add_v2_io(const char *text, struct cgroup_stats *s)
{
	const struct {
		const char *key;
		uint64_t *sum;
	} keys[] = {
		{" rbytes=", &s->io_read_bytes},
		{" wbytes=", &s->io_write_bytes},
		{" rios=", &s->io_read_ops},
		{" wios=", &s->io_write_ops},
	};
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		for (const char *at = text; (at = strstr(at, keys[i].key));) {
			char number[32];
			at += strlen(keys[i].key);
			snprintf(number, sizeof(number), "%.*s", (int)strspn(at, "0123456789"), at);
			uint64_t v = 0;
			if (!str_to_u64(number, &v))
				*keys[i].sum += v;
		}
}

static void read_io(const struct cgroup *c, struct buf *b, struct cgroup_stats *s)
{
	const struct cgroup_dir *d = cgroup_dir_of(c, CG_IO);

	s->has_io = d != NULL;
	if (!d)
		return;
	if (d->h->v2) {
		if (read_text(d, "io.stat", b))
			add_v2_io(b->data, s);
		return;
	}
	add_v1_io(d, "blkio.throttle.io_service_bytes_recursive", b, &s->io_read_bytes, &s->io_write_bytes);
	add_v1_io(d, "blkio.throttle.io_serviced_recursive", b, &s->io_read_ops, &s->io_write_ops);
}

int cgroup_read_stats(const struct cgroup *c, struct cgroup_stats *ret, struct err *e)
{
	struct cgroup_stats s = {.memory_limit = UINT64_MAX, .pids_limit = UINT64_MAX};
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);
	const struct cgroup_dir *memory = cgroup_dir_of(c, CG_MEMORY), *pids = cgroup_dir_of(c, CG_PIDS);

	if (memory && memory->h->v2)
		memory_v2(memory, &b, &s);
	else if (memory)
		memory_v1(memory, &b, &s);
	s.has_memory = memory != NULL;
	read_cpu(c, &b, &s);
	s.has_pids = pids && cgroup_read_u64(pids, "pids.current", &s.pids_current) >= 0;
	if (pids)
		cgroup_read_u64(pids, "pids.max", &s.pids_limit);
	read_io(c, &b, &s);
	if (!s.has_memory && !s.has_cpu && !s.has_pids && c->n)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "cgroup %s: its groups are gone", c->path);
	*ret = s;
	return 0;
}

static int oom_v1(const struct cgroup_dir *d, struct err *e)
{
	_cleanup_fd_ int control = openat(d->fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];

	if (control < 0 || event < 0)
		return err_sys(e, "watch %s/%s/memory.oom_control", d->h->mountpoint, d->path);
	snprintf(line, sizeof(line), "%d %d", event, control);
	int rc = file_write_kernel(d->fd, "cgroup.event_control", line, NULL);
	if (rc < 0)
		return err_rc(e, rc, "watch %s/%s/memory.oom_control", d->h->mountpoint, d->path);
	return TAKE_FD(event);
}

static int oom_v2(const struct cgroup_dir *d, struct err *e)
{
	_cleanup_fd_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	_cleanup_fd_ int file = openat(d->fd, "memory.events", O_PATH | O_CLOEXEC);
	char path[FD_PATH_MAX];

	if (watch < 0 || file < 0)
		return err_sys(e, "watch %s/%s/memory.events", d->h->mountpoint, d->path);
	fd_proc_path(path, file);
	if (inotify_add_watch(watch, path, IN_MODIFY) < 0)
		return err_sys(e, "watch %s/%s/memory.events", d->h->mountpoint, d->path);
	return TAKE_FD(watch);
}

int cgroup_oom_fd(const struct cgroup *c, struct err *e)
{
	const struct cgroup_dir *d = cgroup_dir_of(c, CG_MEMORY);

	if (!d)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "cgroup %s: no memory controller", c->path);
	return d->h->v2 ? oom_v2(d, e) : oom_v1(d, e);
}
