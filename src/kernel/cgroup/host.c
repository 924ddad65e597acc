// SPDX-License-Identifier: Apache-2.0
// What the host has: which cgroup hierarchies are mounted where, with which controllers, and which group the
// caller is in.
//
// /proc/self/mountinfo is the one source that is right everywhere: systemd's merged "cpu,cpuacct" with its
// symbolic links, a container's bind-mounted subtree, a v2 tree at /sys/fs/cgroup or at /sys/fs/cgroup/unified.
// Reading it costs about 15 us with fifty mounts. What few need is read when first asked for: /proc/self/cgroup
// for relative paths, cgroup.controllers of the v2 tree for limits that no v1 hierarchy can hold.
//
// No descriptor is kept: whoever forks a monitor and closes everything must not pull a cached one away.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOUNTINFO_MAX = 8 << 20, SELF_CGROUP_MAX = 256 << 10 };

static const struct {
	const char *v1, *v2;
} names[] = {
	[CG_CPU] = {"cpu", "cpu"},
	[CG_CPUACCT] = {"cpuacct", "cpuacct"},
	[CG_CPUSET] = {"cpuset", "cpuset"},
	[CG_MEMORY] = {"memory", "memory"},
	[CG_PIDS] = {"pids", "pids"},
	[CG_IO] = {"blkio", "io"},
	[CG_HUGETLB] = {"hugetlb", "hugetlb"},
	[CG_RDMA] = {"rdma", "rdma"},
	[CG_MISC] = {"misc", "misc"},
	[CG_DEVICES] = {"devices", "devices"},
	[CG_FREEZER] = {"freezer", "freezer"},
	[CG_NET_CLS] = {"net_cls", "net_cls"},
	[CG_NET_PRIO] = {"net_prio", "net_prio"},
	[CG_PERF_EVENT] = {"perf_event", "perf_event"},
	[CG_DMEM] = {"dmem", "dmem"},
};
_Static_assert(ARRAY_SIZE(names) == CG_MAX, "a name for every controller");

static struct cgroup_host found;
static struct cgroup_host *current;

int cgroup_controller_from_name(const char *name)
{
	for (size_t i = 0; i < CG_MAX; i++)
		if (str_eq(names[i].v1, name) || str_eq(names[i].v2, name))
			return (int)i;
	return -1;
}

const char *cgroup_controller_name(enum cgroup_controller c, bool v2)
{
	return v2 ? names[c].v2 : names[c].v1;
}

uint32_t cgroup_controllers_parse(const char *list, bool v2)
{
	char sep = v2 ? ' ' : ',';
	uint32_t bits = 0;

	while (*list) {
		size_t n = 0;
		while (list[n] && list[n] != sep && list[n] != '\n')
			n++;
		for (int i = 0; i < CG_MAX; i++) {
			const char *name = cgroup_controller_name((enum cgroup_controller)i, v2);
			if (strlen(name) == n && !strncmp(name, list, n))
				bits |= CG_BIT(i);
		}
		list += n;
		if (*list)
			list++;
	}
	return bits;
}

// A field of mountinfo up to the next blank, with its \ooo escapes undone. Moves *at behind it.
static char *take_field(const char **at)
{
	const char *s = *at;
	size_t n = strcspn(s, " \n");
	char *r = xmalloc(n + 1), *w = r;

	for (size_t i = 0; i < n; i++) {
		bool octal = s[i] == '\\' && i + 3 < n + 0 && s[i + 1] >= '0' && s[i + 1] <= '3';
		if (octal) {
			*w++ = (char)((s[i + 1] - '0') << 6 | (s[i + 2] - '0') << 3 | (s[i + 3] - '0'));
			i += 3;
		} else {
			*w++ = s[i];
		}
	}
	*w = 0;
	*at = s + n + (s[n] == ' ');
	return r;
}

static void skip_field(const char **at)
{
	size_t n = strcspn(*at, " \n");

	*at += n + ((*at)[n] == ' ');
}

// Of a v1 mount's super options, those that name its controllers or its name.
static char *controller_options(const char *super)
{
	_cleanup_strv_ char **all = strv_split(super, ',');
	_cleanup_strv_ char **keep = NULL;
	static const char *const other[] = {
		"rw",       "ro",           "none", "xattr", "clone_children", "noprefix", "cpuset_v2_mode",
		"seclabel", "favordynmods", NULL};

	for (size_t i = 0; all && all[i]; i++)
		if (*all[i] && !str_in(all[i], other) && !str_starts(all[i], "release_agent="))
			strv_push(&keep, all[i]);
	char *s = strv_join(keep, ",");
	return s ? s : xstrdup("");
}

static void parse_line(const char *line, struct cgroup_host *h)
{
	const char *at = line;

	for (int i = 0; i < 3; i++) // id, parent, device
		skip_field(&at);
	const char *root = at;
	skip_field(&at);
	const char *mountpoint = at;
	skip_field(&at);
	const char *end = at + strcspn(at, "\n"), *dash = strstr(at, " - ");
	if (!dash || dash > end)
		return;
	at = dash + 3;
	bool v2 = str_starts(at, "cgroup2 ");
	if ((!v2 && !str_starts(at, "cgroup ")) || h->n == CGROUP_HIERARCHIES_MAX)
		return;
	skip_field(&at); // type
	skip_field(&at); // source
	_cleanup_free_ char *super = take_field(&at);
	struct cgroup_hierarchy new = {
		.v2 = v2,
		.mountpoint = take_field(&mountpoint),
		.root = take_field(&root),
		.options = v2 ? xstrdup("") : controller_options(super),
		.ops = v2 ? &cgroup_v2_ops : &cgroup_v1_ops,
	};
	if (!v2)
		new.controllers = cgroup_controllers_parse(new.options, false);
	h->h[h->n++] = new;
}

static void hierarchy_done(struct cgroup_hierarchy *h)
{
	free(h->mountpoint);
	free(h->root);
	free(h->options);
	free(h->own);
}

// One hierarchy may be mounted several times (a bind mount into a chroot): the first is taken.
static void drop_repeated(struct cgroup_host *h)
{
	for (size_t i = 1; i < h->n; i++)
		for (size_t j = 0; j < i; j++) {
			if (h->h[i].v2 != h->h[j].v2 || !str_eq(h->h[i].options, h->h[j].options))
				continue;
			hierarchy_done(&h->h[i]);
			memmove(&h->h[i], &h->h[i + 1], (--h->n - i) * sizeof(h->h[0]));
			i--;
			break;
		}
}

void cgroup_host_parse(const char *mountinfo, struct cgroup_host *ret)
{
	*ret = (struct cgroup_host){0};
	for (const char *line = mountinfo; *line;) {
		parse_line(line, ret);
		drop_repeated(ret);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	bool v1 = false, v2 = false;
	for (size_t i = 0; i < ret->n; i++) {
		v2 = v2 || ret->h[i].v2;
		v1 = v1 || ret->h[i].controllers;
	}
	ret->mode = v1 && v2 ? CGROUP_HYBRID : v2 ? CGROUP_V2 : v1 ? CGROUP_V1 : CGROUP_NONE;
}

void cgroup_host_done(struct cgroup_host *h)
{
	for (size_t i = 0; i < h->n; i++)
		hierarchy_done(&h->h[i]);
	free(h->self);
	*h = (struct cgroup_host){0};
}

void cgroup_host_set(struct cgroup_host *h)
{
	current = h;
}

struct cgroup_host *cgroup_host_get(void)
{
	if (current)
		return current;
	_cleanup_buf_ struct buf b = BUF_INIT(MOUNTINFO_MAX);
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &b, NULL) < 0)
		b.data[b.len] = 0;
	cgroup_host_done(&found);
	cgroup_host_parse(b.data, &found);
	current = &found;
	return current;
}

enum cgroup_mode cgroup_host_mode(void)
{
	return cgroup_host_get()->mode;
}

const char *cgroup_mode_name(enum cgroup_mode m)
{
	static const char *const n[] = {"none", "v1", "hybrid", "v2"};

	return n[m];
}

struct cgroup_hierarchy *cgroup_host_v2(struct cgroup_host *host)
{
	for (size_t i = 0; i < host->n; i++)
		if (host->h[i].v2)
			return &host->h[i];
	return NULL;
}

uint32_t cgroup_host_v2_controllers(struct cgroup_hierarchy *h)
{
	if (h->controllers_known)
		return h->controllers;
	_cleanup_fd_ int fd = open(h->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_buf_ struct buf b = BUF_INIT(CGROUP_FILE_MAX);
	if (fd >= 0 && file_read(fd, "cgroup.controllers", CGROUP_FILE_MAX, &b, NULL) >= 0)
		h->controllers = cgroup_controllers_parse(b.data, true);
	h->controllers_known = true;
	return h->controllers;
}

struct cgroup_hierarchy *cgroup_host_find(struct cgroup_host *host, enum cgroup_controller c)
{
	for (size_t i = 0; i < host->n; i++)
		if (!host->h[i].v2 && host->h[i].controllers & CG_BIT(c))
			return &host->h[i];
	struct cgroup_hierarchy *v2 = cgroup_host_v2(host);
	return v2 && cgroup_host_v2_controllers(v2) & CG_BIT(c) ? v2 : NULL;
}

// The path of h's line in /proc/self/cgroup ("4:memory:/a/b", "0::/a/b"), up to the line's end; NULL without one.
static const char *self_line(const char *text, const struct cgroup_hierarchy *h)
{
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		const char *list = memchr(line, ':', n);
		const char *path = list ? memchr(list + 1, ':', (size_t)(line + n - list - 1)) : NULL;
		if (path) {
			_cleanup_free_ char *options = xstrndup(list + 1, (size_t)(path - list - 1));
			bool same = h->controllers && !h->v2
					    ? (cgroup_controllers_parse(options, false) & h->controllers) != 0
					    : str_eq(options, h->options);
			if (h->v2)
				same = !*options && str_starts(line, "0:");
			if (same)
				return path + 1;
		}
		line += n;
		line += *line == '\n';
	}
	return NULL;
}

// What is mounted may be a subtree (root "/docker/x"): the caller's path is taken relative to it. A caller outside of
// the mounted subtree is as good as in its top.
const char *cgroup_host_own(struct cgroup_host *host, struct cgroup_hierarchy *h)
{
	if (h->own)
		return h->own;
	if (!host->self) {
		_cleanup_buf_ struct buf b = BUF_INIT(SELF_CGROUP_MAX);
		int rc = file_read(AT_FDCWD, "/proc/self/cgroup", SELF_CGROUP_MAX, &b, NULL);
		host->self = xstrdup(rc < 0 ? "" : b.data);
	}
	const char *p = self_line(host->self, h);
	_cleanup_free_ char *path = p ? xstrndup(p, strcspn(p, "\n")) : xstrdup("");
	const char *below = str_eq(h->root, "/") ? path : str_after(path, h->root);
	if (!below || (*below && *below != '/') || strstr(below, "/.."))
		below = "";
	while (*below == '/')
		below++;
	h->own = xstrdup(below);
	return h->own;
}

// Whether a group could be made in h by this process.
static bool may_write(struct cgroup_host *host, struct cgroup_hierarchy *h, enum cgroup_controller c)
{
	if (!faccessat(AT_FDCWD, h->mountpoint, W_OK, AT_EACCESS))
		return true;
	if (!h->v2)
		return false;
	bool all = false;
	_cleanup_free_ char *base = cgroup_v2_delegated(host, h, CG_BIT(c), &all);
	return base && all;
}

bool cgroup_has_controller(const char *controller)
{
	int c = cgroup_controller_from_name(controller);
	struct cgroup_host *host = cgroup_host_get();
	struct cgroup_hierarchy *h = c < 0 ? NULL : cgroup_host_find(host, (enum cgroup_controller)c);

	if (!h && c == CG_DEVICES) // a BPF program on any v2 group
		return cgroup_host_v2(host) && !faccessat(AT_FDCWD, cgroup_host_v2(host)->mountpoint, W_OK, AT_EACCESS);
	if (!h && c == CG_FREEZER)
		h = cgroup_host_v2(host);
	return h && may_write(host, h, (enum cgroup_controller)c);
}

// v2 shows memory.swap.max in every group but the root: looked for in the first child that there is.
static bool v2_has_swap(const struct cgroup_hierarchy *h)
{
	_cleanup_dir_ DIR *d = opendir(h->mountpoint);
	const struct dirent *de;

	while (d && (de = readdir(d))) {
		char file[NAME_MAX + 32];
		if (de->d_type != DT_DIR || *de->d_name == '.')
			continue;
		if (str_fmt(file, sizeof(file), "%s/memory.current", de->d_name) < 0 ||
		    faccessat(dirfd(d), file, F_OK, 0))
			continue;
		if (str_fmt(file, sizeof(file), "%s/memory.swap.max", de->d_name) < 0)
			continue;
		return !faccessat(dirfd(d), file, F_OK, 0);
	}
	return !access("/proc/swaps", F_OK);
}

bool cgroup_has_swap(void)
{
	struct cgroup_hierarchy *h = cgroup_host_find(cgroup_host_get(), CG_MEMORY);

	if (!h || h->v2)
		return h && v2_has_swap(h);
	_cleanup_free_ char *file = xasprintf("%s/memory.memsw.limit_in_bytes", h->mountpoint);
	return !access(file, F_OK);
}
