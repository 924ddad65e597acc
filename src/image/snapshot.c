// SPDX-License-Identifier: Apache-2.0
// The root of a container: an overlay of its image's layers and a directory of its own, as a detached mount.
//
// Layers are named to overlayfs one by one, top first. Since Linux 6.13 that is done with descriptors (which also may
// be detached, id-mapped copies of the layers); from 6.8 on with lowerdir+ and a path through /proc/self/fd; before, in
// the classic way of snapshot_classic.c.
//
// Options are said outright where the kernel's default is a build option: no index, no metacopy and no following of
// redirects (marks of those kinds in a layer would come from an image), no xino surprises.
#include "image/snapshot.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <linux/mount.h>
#include <sys/stat.h>

// userxattr forbids those that need trusted marks, and implies their absence.
const struct snapshot_option snapshot_options[] = {
	{.key = "index", .value = "off"},
	{.key = "xino", .value = "off"},
	{.key = "metacopy", .value = "off", .unless = SNAPSHOT_USERXATTR},
	{.key = "redirect_dir", .value = "nofollow", .unless = SNAPSHOT_USERXATTR},
	{.key = "userxattr", .when = SNAPSHOT_USERXATTR},
	{.key = "volatile", .when = SNAPSHOT_VOLATILE, .unless = SNAPSHOT_READONLY},
	{0},
};

bool snapshot_option_wanted(const struct snapshot_option *o, unsigned flags)
{
	return (!o->when || flags & o->when) && !(flags & o->unless);
}

static void snapshot_done(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_close(s->fds[i]);
	fd_close(s->fs);
	fd_close(s->upper);
	fd_close(s->work);
}

// A detached copy of the layer's mount that shows ids through the namespace's mapping.
static int map_ids(int fd, int userns, struct err *e)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	_cleanup_fd_ int tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0)
		return err_sys(e, "open_tree");
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return err_sys(e, "map its ids (mount_setattr; does the file system support it?)");
	return TAKE_FD(tree);
}

static int add_lower(struct snapshot *s, const char *dir, const char *shown, int userns, struct err *e)
{
	int fd = openat(s->store->layers, dir, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_sys(e, "open layer %s: it is missing; load the image again", shown);
	if (s->n >= STORE_LAYERS_MAX) {
		fd_close(fd);
		return err_set(e, ERR_UNSUPPORTED, E2BIG, "the image has more than %d layers, overlayfs's limit",
			       STORE_LAYERS_MAX);
	}
	if (userns >= 0) {
		int mapped = map_ids(fd, userns, e);
		fd_close(fd);
		if (mapped < 0)
			return err_wrap(e, mapped, "layer %s", shown);
		fd = mapped;
	}
	s->names[s->n] = dir;
	s->fds[s->n++] = fd;
	return 0;
}

static int add_empty(struct snapshot *s, int userns, struct err *e)
{
	if (mkdirat(s->store->layers, STORE_EMPTY_LAYER, 0755) && errno != EEXIST)
		return err_sys(e, "make the empty layer");
	return add_lower(s, STORE_EMPTY_LAYER, "(none)", userns, e);
}

// A layer that comes twice is stacked where it is on top: the lower one shows nothing that the upper one does not.
static bool seen_above(char *const *dirs, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (str_eq(dirs[k], dirs[i]))
			return true;
	return false;
}

static int open_lowers(struct snapshot *s, const struct image *i, int userns, struct err *e)
{
	size_t n = strv_len(i->layer_dirs);
	int rc = 0;

	for (size_t k = n; rc >= 0 && k-- > 0;) {
		if (seen_above(i->layer_dirs, n, k))
			continue;
		rc = add_lower(s, i->layer_dirs[k], i->diffids[k], userns, e);
	}
	if (rc >= 0 && !s->n)
		rc = add_empty(s, userns, e);
	return rc;
}

// With upper absent (read-only) overlayfs wants two lower layers at least.
static int pad_lowers(struct snapshot *s, int userns, struct err *e)
{
	if (!(s->flags & SNAPSHOT_READONLY) || s->n > 1)
		return 0;
	return add_empty(s, userns, e);
}

static int set_string(struct snapshot *s, const char *key, const char *value, struct err *e)
{
	if (sys_fsconfig(s->fs, FSCONFIG_SET_STRING, key, value, 0))
		return err_sys(e, "overlay option %s=%s", key, value);
	return 0;
}

static int set_flag(struct snapshot *s, const char *key, struct err *e)
{
	return sys_fsconfig(s->fs, FSCONFIG_SET_FLAG, key, NULL, 0) ? err_sys(e, "overlay option %s", key) : 0;
}

// -EINVAL without error text on kernels that do not know it. *ret_by_fd: they know more.
static int set_lowers(struct snapshot *s, bool *ret_by_fd, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		char path[FD_PATH_MAX];
		if (!sys_fsconfig(s->fs, FSCONFIG_SET_FD, "lowerdir+", NULL, s->fds[i])) {
			*ret_by_fd = true;
			continue;
		}
		// Before 6.13 EBADF (a descriptor of O_PATH is none to FSCONFIG_SET_FD there), or EINVAL.
		fd_proc_path(path, s->fds[i]);
		if (!sys_fsconfig(s->fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0))
			continue;
		return errno == EINVAL && !i ? -EINVAL : err_sys(e, "overlay option lowerdir+ (layer %zu)", s->n - i);
	}
	return 0;
}

static int set_dir(struct snapshot *s, const char *key, int fd, struct err *e)
{
	char path[FD_PATH_MAX];

	if (!sys_fsconfig(s->fs, FSCONFIG_SET_FD, key, NULL, fd))
		return 0;
	fd_proc_path(path, fd);
	return set_string(s, key, path, e);
}

static int make_dir(int at, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(at, name, mode) && errno != EEXIST)
		return err_sys(e, "make %s", name);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "open %s", name) : fd;
}

// The upper directory is the container's "/": it takes the look of the topmost layer's root.
static int make_upper(struct snapshot *s, int container, struct err *e)
{
	bool fresh = faccessat(container, "upper", F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	struct stat st;

	s->upper = make_dir(container, "upper", 0755, e);
	if (s->upper < 0)
		return s->upper;
	if (fresh &&
	    (fstat(s->fds[0], &st) || fchown(s->upper, st.st_uid, st.st_gid) || fchmod(s->upper, st.st_mode & 07777)))
		return err_sys(e, "set the owner of upper");
	s->work = make_dir(container, "work", 0700, e);
	return s->work < 0 ? s->work : 0;
}

static int set_options(struct snapshot *s, struct err *e)
{
	int rc = set_string(s, "source", "berth", e);

	for (size_t i = 0; rc >= 0 && snapshot_options[i].key; i++) {
		const struct snapshot_option *o = &snapshot_options[i];
		if (!snapshot_option_wanted(o, s->flags))
			continue;
		rc = o->value ? set_string(s, o->key, o->value, e) : set_flag(s, o->key, e);
	}
	return rc;
}

// overlayfs leaves a mark in work that forbids a second volatile mount, as a crash may have lost data in between. The
// engine asks for volatile only when the contents may be lost, so the mark says nothing new.
static void clear_volatile_mark(int container)
{
	unlinkat(container, "work/work/incompat/volatile/dirty", 0);
	unlinkat(container, "work/work/incompat/volatile", AT_REMOVEDIR);
	unlinkat(container, "work/work/incompat", AT_REMOVEDIR);
}

static int create(struct snapshot *s, struct err *e)
{
	if (sys_fsconfig(s->fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		char why[512];
		int code = errno;
		ssize_t n = read(s->fs, why, sizeof(why) - 1); // the kernel's own words, if it has any
		why[n > 0 ? n : 0] = 0;
		why[strcspn(why, "\n")] = 0;
		return err_rc(e, -code, "mount the overlay of %zu layers%s%s", s->n, n > 2 ? ": " : "",
			      n > 2 ? why + 2 : "");
	}
	int fd = sys_fsmount(s->fs, FSMOUNT_CLOEXEC, s->flags & SNAPSHOT_READONLY ? MOUNT_ATTR_RDONLY : 0);
	return fd < 0 ? err_sys(e, "mount the overlay") : fd;
}

static int mount_modern(struct snapshot *s, bool *ret_by_fd, struct err *e)
{
	s->fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (s->fs < 0)
		return err_sys(e, "fsopen overlay (is overlayfs in this kernel?)");
	int rc = set_options(s, e);
	if (rc >= 0)
		rc = set_lowers(s, ret_by_fd, e);
	if (rc >= 0 && s->upper >= 0)
		rc = set_dir(s, "upperdir", s->upper, e);
	if (rc >= 0 && s->upper >= 0)
		rc = set_dir(s, "workdir", s->work, e);
	return rc < 0 ? rc : create(s, e);
}

static int mount_overlay(struct snapshot *s, int container, int userns, struct err *e)
{
	bool by_fd = false;
	int rc = s->flags & SNAPSHOT_CLASSIC ? -EINVAL : mount_modern(s, &by_fd, e);

	// Kernels before 6.5 take options as they come and say EINVAL in the end, those up to 6.7 at once.
	return rc == -EINVAL && !by_fd ? snapshot_mount_classic(s, container, userns, e) : rc;
}

int image_snapshot(struct image_store *s, const struct image *i, int container_dir, unsigned flags, int userns,
		   struct err *e)
{
	_cleanup_(snapshot_done) struct snapshot shot = {.store = s, .fs = -1, .upper = -1, .work = -1, .flags = flags};
	int rc = open_lowers(&shot, i, userns, e);

	if (rc >= 0)
		rc = pad_lowers(&shot, userns, e);
	if (rc >= 0 && !(flags & SNAPSHOT_READONLY)) {
		clear_volatile_mark(container_dir);
		rc = make_upper(&shot, container_dir, e);
	}
	if (rc >= 0)
		rc = mount_overlay(&shot, container_dir, userns, e);
	return rc < 0 ? err_wrap(e, rc, "root filesystem") : rc;
}
