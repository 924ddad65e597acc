// SPDX-License-Identifier: Apache-2.0
// The root of a container: an overlay of its image's layers and a directory of its own, as a detached mount.
//
// Layers are named to overlayfs one by one, top first. Since Linux 6.13 that is done with descriptors (which also may
// be detached, id-mapped copies of the layers); from 6.8 on with lowerdir+ and a path through /proc/self/fd; before,
// with one lowerdir option of the same paths, which is short enough for all layers that overlayfs can stack.
//
// Options are said outright where the kernel's default is a build option: no index, no metacopy and no following of
// redirects (marks of those kinds in a layer would come from an image), no xino surprises.
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/store.h"

#include <linux/mount.h>
#include <sys/stat.h>

enum { LAYERS_FDS = STORE_LAYERS_MAX };

struct snapshot {
	struct image_store *store;
	int fs;
	int fds[LAYERS_FDS]; // lower directories, top first
	size_t n;
	unsigned flags;
};

static void snapshot_done(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_close(s->fds[i]);
	fd_close(s->fs);
}

static int open_empty_layer(struct image_store *s)
{
	if (mkdirat(s->layers, STORE_EMPTY_LAYER, 0755) && errno != EEXIST)
		return -1;
	return openat(s->layers, STORE_EMPTY_LAYER, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
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

static int add_lower(struct snapshot *s, int fd, const char *shown, int userns, struct err *e)
{
	if (fd < 0)
		return err_sys(e, "open layer %s: it is missing; load the image again", shown);
	if (s->n >= LAYERS_FDS) {
		fd_close(fd);
		return err_set(e, ERR_UNSUPPORTED, E2BIG, "the image has more than %d layers, overlayfs's limit",
			       LAYERS_FDS);
	}
	if (userns >= 0) {
		int mapped = map_ids(fd, userns, e);
		fd_close(fd);
		if (mapped < 0)
			return err_wrap(e, mapped, "layer %s", shown);
		fd = mapped;
	}
	s->fds[s->n++] = fd;
	return 0;
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
		int fd = openat(s->store->layers, i->layer_dirs[k], O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		rc = add_lower(s, fd, i->diffids[k], userns, e);
	}
	if (rc >= 0 && !s->n)
		rc = add_lower(s, open_empty_layer(s->store), "(none)", userns, e);
	return rc;
}

// With upper absent (read-only) overlayfs wants two lower layers at least.
static int pad_lowers(struct snapshot *s, struct err *e)
{
	if (!(s->flags & SNAPSHOT_READONLY) || s->n > 1)
		return 0;
	return add_lower(s, open_empty_layer(s->store), "(none)", -1, e);
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

static int set_joined_lowers(struct snapshot *s, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(LAYERS_FDS * FD_PATH_MAX);

	for (size_t i = 0; i < s->n; i++)
		buf_addf(&b, "%s/proc/self/fd/%d", i ? ":" : "", s->fds[i]);
	// fsconfig takes at most 255 bytes of a value
	if (b.len > 255)
		return err_set(e, ERR_UNSUPPORTED, E2BIG, "an image of %zu layers needs Linux 6.8 or newer", s->n);
	return set_string(s, "lowerdir", b.data, e);
}

static int set_lowers(struct snapshot *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		char path[FD_PATH_MAX];
		if (!sys_fsconfig(s->fs, FSCONFIG_SET_FD, "lowerdir+", NULL, s->fds[i]))
			continue;
		// Before 6.13 EBADF: a descriptor of O_PATH is none to FSCONFIG_SET_FD there.
		if (errno != EINVAL && errno != EOPNOTSUPP && errno != EBADF)
			return err_sys(e, "overlay option lowerdir+ (layer %zu)", s->n - i);
		fd_proc_path(path, s->fds[i]);
		if (!sys_fsconfig(s->fs, FSCONFIG_SET_STRING, "lowerdir+", path, 0))
			continue;
		if (i || errno != EINVAL)
			return err_sys(e, "overlay option lowerdir+ (layer %zu)", s->n - i);
		return set_joined_lowers(s, e);
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
	_cleanup_fd_ int upper = make_dir(container, "upper", 0755, e);
	struct stat st;

	if (upper < 0)
		return upper;
	if (fresh &&
	    (fstat(s->fds[0], &st) || fchown(upper, st.st_uid, st.st_gid) || fchmod(upper, st.st_mode & 07777)))
		return err_sys(e, "set the owner of upper");
	_cleanup_fd_ int work = make_dir(container, "work", 0700, e);
	if (work < 0)
		return work;
	int rc = set_dir(s, "upperdir", upper, e);
	return rc < 0 ? rc : set_dir(s, "workdir", work, e);
}

static int set_options(struct snapshot *s, struct err *e)
{
	static const char *const plain[][2] = {{"index", "off"},
					       {"metacopy", "off"},
					       {"redirect_dir", "nofollow"},
					       {"xino", "off"}};
	int rc = set_string(s, "source", "berth", e);

	// userxattr forbids the two that need trusted marks, and implies their absence
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(plain); i++)
		if (!(s->flags & SNAPSHOT_USERXATTR) || i == 0 || i == 3)
			rc = set_string(s, plain[i][0], plain[i][1], e);
	if (rc >= 0 && s->flags & SNAPSHOT_USERXATTR)
		rc = set_flag(s, "userxattr", e);
	if (rc >= 0 && s->flags & SNAPSHOT_VOLATILE && !(s->flags & SNAPSHOT_READONLY))
		rc = set_flag(s, "volatile", e);
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

static int mount_overlay(struct snapshot *s, int container, struct err *e)
{
	s->fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	if (s->fs < 0)
		return err_sys(e, "fsopen overlay (is overlayfs in this kernel?)");
	int rc = pad_lowers(s, e);
	if (rc >= 0)
		rc = set_options(s, e);
	if (rc >= 0)
		rc = set_lowers(s, e);
	if (rc >= 0 && !(s->flags & SNAPSHOT_READONLY))
		rc = make_upper(s, container, e);
	if (rc < 0)
		return rc;
	if (sys_fsconfig(s->fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		char why[512];
		int code = errno;
		ssize_t n = read(s->fs, why, sizeof(why) - 1); // the kernel's own words, if it has any
		why[n > 0 ? n : 0] = 0;
		why[strcspn(why, "\n")] = 0;
		return err_rc(e, -code, "mount the overlay of %zu layers%s%s", s->n, *why ? ": " : "",
			      *why ? why + 2 : "");
	}
	int fd = sys_fsmount(s->fs, FSMOUNT_CLOEXEC, s->flags & SNAPSHOT_READONLY ? MOUNT_ATTR_RDONLY : 0);
	return fd < 0 ? err_sys(e, "mount the overlay") : fd;
}

int image_snapshot(struct image_store *s, const struct image *i, int container_dir, unsigned flags, int userns,
		   struct err *e)
{
	_cleanup_(snapshot_done) struct snapshot shot = {.store = s, .fs = -1, .flags = flags};
	int rc = open_lowers(&shot, i, userns, e);

	if (rc >= 0 && !(flags & SNAPSHOT_READONLY))
		clear_volatile_mark(container_dir);
	if (rc >= 0)
		rc = mount_overlay(&shot, container_dir, e);
	return rc < 0 ? err_wrap(e, rc, "root filesystem") : rc;
}
