// SPDX-License-Identifier: Apache-2.0
// Owns the choice of what the image `host` is made of.
//
// A file system is shown if it keeps files on a medium: kernel interfaces, memory file systems, other containers'
// overlays and what a user space program answers for are not, and neither is what is mounted below those. Of mounts
// stacked on one place only the visible one counts, which the mount's id tells.
//
// Our own folders must not be seen through any door. The place of a folder inside its file system is compared with the
// part that each shown mount of the same file system shows, so that bind mounts of it, or of a folder above it, hide
// it as well, and a mount of something inside it is left out.
#include "engine/host_mounts.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <limits.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MOUNTINFO_BYTES_MAX = 64 << 20 };

// What is no storage, and what overlayfs cannot have below it because names are compared in a way of their own.
static const char *const left_out[] = {
	"autofs",    "bdev",     "binfmt_misc", "bpf",     "cgroup",     "cgroup2",    "configfs",  "debugfs",
	"devpts",    "devtmpfs", "efivarfs",    "exfat",   "fuse",       "fusectl",    "hfs",       "hfsplus",
	"hugetlbfs", "mqueue",   "msdos",       "nfsd",    "nsfs",       "ntfs",       "ntfs3",     "overlay",
	"proc",      "pstore",   "ramfs",       "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs",
	"sysfs",     "tmpfs",    "tracefs",     "vfat",    NULL,
};
static const char *const unwritable[] = {"cramfs", "erofs", "iso9660", "romfs", "squashfs", NULL};

void host_mounts_done(struct host_mounts *m)
{
	for (size_t i = 0; i < m->n; i++)
		fd_close(m->v[i].fd);
	arena_done(&m->arena);
	*m = (struct host_mounts){0};
}

// ---- mountinfo

// Blanks and backslashes in names are written as \040 and the like.
static char *unescape(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1), *d = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 3 < n && s[i + 1] >= '0' && s[i + 1] <= '3') {
			*d++ = (char)((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + (s[i + 3] - '0'));
			i += 3;
		} else {
			*d++ = s[i];
		}
	}
	return out;
}

// The next word of *at, which ends at a blank; NULL at the end of the line.
static char *next_word(struct arena *a, const char **at, const char *end)
{
	const char *s = *at;

	while (s < end && *s == ' ')
		s++;
	const char *blank = s;
	while (blank < end && *blank != ' ')
		blank++;
	*at = blank;
	return blank == s ? NULL : unescape(a, s, (size_t)(blank - s));
}

static uint64_t attributes(const char *options)
{
	_cleanup_strv_ char **v = strv_split(options, ',');
	uint64_t attrs = strv_has(v, "nosuid") ? MOUNT_ATTR_NOSUID : 0;

	return attrs | (strv_has(v, "noexec") ? MOUNT_ATTR_NOEXEC : 0);
}

static bool parse_line(struct host_mounts *m, const char *s, const char *end)
{
	enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, FIXED };
	char *word[FIXED], *tag;

	for (size_t i = 0; i < FIXED; i++)
		if (!(word[i] = next_word(&m->arena, &s, end)))
			return false;
	do
		tag = next_word(&m->arena, &s, end);
	while (tag && !str_eq(tag, "-"));
	char *type = tag ? next_word(&m->arena, &s, end) : NULL;
	struct host_mount r = {
		.fd = -1, .device = word[DEVICE], .root = word[ROOT], .point = word[POINT], .type = type};
	if (!type || str_to_int(word[ID], &r.id) || str_to_int(word[PARENT], &r.parent) || *r.point != '/')
		return false;
	r.attrs = attributes(word[OPTIONS]);
	*arena_append(&m->arena, m->v, m->n) = r;
	return true;
}

// Parents first; of mounts on one place, the order in which they were made.
static int by_depth(const void *a, const void *b)
{
	const struct host_mount *x = a, *y = b;
	size_t n = strlen(x->point), k = strlen(y->point);

	return n != k ? (n < k ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

int host_mounts_parse(const char *text, struct host_mounts *ret, struct err *e)
{
	_cleanup_host_mounts_ struct host_mounts m = {0};

	for (const char *s = text; *s;) {
		const char *end = s + strcspn(s, "\n");
		if (!parse_line(&m, s, end))
			return err_set(e, ERR_CORRUPT, EINVAL,
				       "/proc/self/mountinfo: a line that is not understood: %.*s",
				       (int)MIN(end - s, 200), s);
		s = *end ? end + 1 : end;
	}
	if (m.n)
		qsort(m.v, m.n, sizeof(*m.v), by_depth);
	*ret = m;
	m = (struct host_mounts){0};
	return 0;
}

// ---- what is shown

static struct host_mount *by_id(struct host_mounts *m, int id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].id == id)
			return &m->v[i];
	return NULL;
}

// Id of the mount that fd is on, without asking a server that may be gone. -1: unknown.
static int mount_id(int fd, struct statx *ret)
{
	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID, ret) <
		    0 ||
	    !(ret->stx_mask & STATX_MNT_ID))
		return -1;
	return (int)ret->stx_mnt_id;
}

struct host_mount *host_mount_of(struct host_mounts *m, int fd)
{
	struct statx st;
	return by_id(m, mount_id(fd, &st));
}

// What is mounted on what is left out would have no place to be. A mount that is covered by another one on the same
// place stands for what that one covers.
static bool parent_shown(struct host_mounts *m, const struct host_mount *t)
{
	const struct host_mount *p = by_id(m, t->parent);

	while (p && str_eq(p->point, t->point))
		p = by_id(m, p->parent);
	return p && p->how != HOST_LEFT_OUT;
}

// Opens the mount's root if it is a directory that can be seen.
static int open_visible(const struct host_mount *t)
{
	struct statx st;
	_cleanup_fd_ int fd = open(t->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || mount_id(fd, &st) != t->id || !S_ISDIR(st.stx_mode))
		return -1;
	return TAKE_FD(fd);
}

static void decide(struct host_mounts *m, struct host_mount *t)
{
	if (str_in(t->type, left_out) || str_starts(t->type, "fuse.") || !parent_shown(m, t))
		return;
	t->fd = open_visible(t);
	if (t->fd >= 0)
		t->how = str_in(t->type, unwritable) ? HOST_READONLY : HOST_OVERLAY;
}

// The mount of "/", whatever its type. In a chroot it is not in the list.
static int take_root(struct host_mounts *m, struct err *e)
{
	struct statx st;
	_cleanup_fd_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int id = fd < 0 ? -1 : mount_id(fd, &st);

	if (id < 0)
		return err_sys(e, "open the root directory");
	struct host_mount *t = by_id(m, id);
	if (t && !str_eq(t->point, "/"))
		t = NULL;
	if (!t) {
		t = arena_append(&m->arena, m->v, m->n);
		memmove(m->v + 1, m->v, (m->n - 1) * sizeof(*m->v));
		t = m->v;
		*t = (struct host_mount){.id = id, .parent = -1, .point = arena_strdup(&m->arena, "/")};
		t->type = arena_strdup(&m->arena, "unknown");
		t->device = arena_printf(&m->arena, "%u:%u", st.stx_dev_major, st.stx_dev_minor);
	}
	t->how = HOST_OVERLAY;
	t->fd = TAKE_FD(fd);
	return 0;
}

int host_mounts_read(struct host_mounts *ret, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(MOUNTINFO_BYTES_MAX);
	_cleanup_host_mounts_ struct host_mounts m = {0};
	int rc = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &b, e);

	if (rc >= 0)
		rc = host_mounts_parse(b.data, &m, e);
	if (rc >= 0)
		rc = take_root(&m, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m.n; i++)
		if (!str_eq(m.v[i].point, "/"))
			decide(&m, &m.v[i]);
	*ret = m;
	m = (struct host_mounts){0};
	return 0;
}

// ---- what is hidden

const char *host_rest_in(const char *path, const char *in)
{
	size_t n = str_eq(in, "/") ? 0 : strlen(in);

	if (strncmp(path, in, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + (path[n] == '/');
}

struct host_mount *host_mounts_at(struct host_mounts *m, const char *path, const char **ret_rest)
{
	for (size_t i = m->n; i-- > 0;) {
		const char *rest = m->v[i].how == HOST_LEFT_OUT ? NULL : host_rest_in(path, m->v[i].point);
		if (rest) {
			*ret_rest = rest;
			return &m->v[i];
		}
	}
	return NULL;
}

static bool inside_hidden(const struct host_mount *t, const char *path)
{
	for (size_t i = 0; i < t->n_masks; i++)
		if (t->masks[i].hide && host_rest_in(path, t->masks[i].path))
			return true;
	return false;
}

bool host_is_hidden(const struct host_mount *t, const char *path)
{
	const char *rest = host_rest_in(path, t->point);
	return rest && inside_hidden(t, rest);
}

static void hide_path(struct host_mounts *m, struct host_mount *t, const char *path)
{
	if (!*path) {
		t->how = HOST_LEFT_OUT;
		return;
	}
	if (inside_hidden(t, path))
		return;
	for (size_t i = 0; i < t->n_masks; i++) // what lies inside the new one is no longer of interest
		if (host_rest_in(t->masks[i].path, path))
			t->masks[i--] = t->masks[--t->n_masks];
	*arena_append(&m->arena, t->masks, t->n_masks) =
		(struct host_mask){.path = arena_strdup(&m->arena, path), .hide = true};
}

// Where a folder is.
struct place {
	struct host_mount *mount;
	char path[PATH_MAX]; // from our root
	char *inside;        // from its file system's root; NULL: not known
};

static int locate(struct host_mounts *m, int dir, struct place *ret, struct err *e)
{
	char link[FD_PATH_MAX];
	struct statx st;

	fd_proc_path(link, dir);
	ssize_t n = readlink(link, ret->path, sizeof(ret->path) - 1);
	if (n < 0)
		return err_sys(e, "find our own folders (is /proc mounted?)");
	ret->path[n] = '\0';
	int id = mount_id(dir, &st);
	ret->mount = by_id(m, id);
	ret->inside = NULL;
	const char *rest = ret->mount ? host_rest_in(ret->path, ret->mount->point) : NULL;
	if (!rest)
		return err_set(e, ERR_UNSUPPORTED, ENOENT, "%s is not in the list of mounts, so it cannot be hidden",
			       ret->path);
	if (ret->mount->root)
		ret->inside = arena_printf(&m->arena, "%s%s%s", str_eq(ret->mount->root, "/") ? "" : ret->mount->root,
					   *rest || str_eq(ret->mount->root, "/") ? "/" : "", rest);
	return 0;
}

// The folder's path in mount t, which may be another one than its own, or NULL.
static const char *path_in(const struct host_mount *t, const struct place *p)
{
	if (t == p->mount)
		return host_rest_in(p->path, t->point);
	if (!t->root || !p->inside || !str_eq(t->device, p->mount->device))
		return NULL;
	if (host_rest_in(t->root, p->inside))
		return ""; // it shows something inside of the folder
	return host_rest_in(p->inside, t->root);
}

int host_mounts_hide(struct host_mounts *m, int dir, bool own, struct err *e)
{
	struct place p;
	int rc = locate(m, dir, &p, e);

	for (size_t i = 0; rc >= 0 && i < m->n; i++) {
		struct host_mount *t = &m->v[i];
		const char *path = t->how == HOST_LEFT_OUT ? NULL : path_in(t, &p);
		if (!path)
			continue;
		if (!*path && str_eq(t->point, "/"))
			return err_set(e, ERR_UNSUPPORTED, EINVAL, "our own folder %s is the whole root file system",
				       p.path);
		hide_path(m, t, path);
		if (own)
			t->own = arena_strdup(&m->arena, path);
	}
	return rc;
}

// ---- scratch folders

static void scratch(struct host_mounts *m, const char *path, mode_t mode)
{
	struct statx st = {.stx_mode = (uint16_t)(S_IFDIR | mode)};
	const char *rest;
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct host_mount *now = fd < 0 ? NULL : by_id(m, mount_id(fd, &st)), *t = host_mounts_at(m, path, &rest);

	if ((fd < 0 && errno != ENOENT) || !S_ISDIR(st.stx_mode) || (now && now->how != HOST_LEFT_OUT))
		return;
	if (!t || !*rest || inside_hidden(t, rest))
		return;
	*arena_append(&m->arena, t->masks, t->n_masks) = (struct host_mask){.path = arena_strdup(&m->arena, rest),
									    .mode = st.stx_mode & 07777,
									    .uid = st.stx_uid,
									    .gid = st.stx_gid};
}

void host_mounts_scratch(struct host_mounts *m)
{
	scratch(m, "/tmp", 01777);
	scratch(m, "/var/tmp", 01777);
	scratch(m, "/run", 0755);
}
