// SPDX-License-Identifier: Apache-2.0
// Makes the files of a layer from its tar entries. Runs inside the confined child, whose root directory is the layer's.
//
// Theory of operation. An entry's path is cleaned as text (no ".", no "//"; ".." that would leave is refused), its
// parent is opened once and kept, because archives go directory by directory, and the last component is made with calls
// that never follow a link. Links among the parents are followed, as peers do; they cannot lead out of the process's
// root. What stands in the way of an entry is removed first, except a directory in the way of a directory, which is
// kept and gets the new attributes. Missing parents are made, 0755.
//
// Whiteouts (".wh.x") hide x of the layers below: a 0/0 character device for overlayfs, unless the same layer brings an
// x of its own: then that x hides what is below by itself, and if it is a directory it must be opaque. ".wh..wh..opq"
// says the same of the directory it is in. Marks of overlayfs need a privilege that is not here: the paths are
// collected for the parent process to mark. Other ".wh..wh." names are bookkeeping of an old storage driver and are
// passed over.
//
// Attributes go on in the order owner, mode (owning clears set-id bits), extended attributes (owning clears
// capabilities), times. Times of directories come at the very end, as every file made in them would change them again.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/unpack_child.h"

#include <inttypes.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum {
	HOLE_MIN = 32 << 10, // zeros in a row that are not written
	HOLE_UNIT = 4 << 10,
	DIR_RECORDS_MAX = 256 << 20, // bytes kept about directories until the end
	DEPTH_MAX = 8192,
};

#define WHITEOUT \
	"."      \
	"wh."
#define WHITEOUT_META   WHITEOUT WHITEOUT
#define WHITEOUT_OPAQUE WHITEOUT_META ".opq"

struct dir_record {
	char *path;
	struct timespec mtime;
};

struct apply {
	struct tar *tar;
	const struct unpack_job *job;
	int root;
	char *clean; // of the entry at hand: TAR_LONG_MAX bytes each
	char *clean_link;
	char *parent_path; // what parent is opened for; NULL: nothing kept
	int parent;
	struct arena records; // of directories
	struct dir_record *dirs;
	size_t n_dirs;
	char **opaque;
	size_t n_opaque;
	uint64_t size, entries;
	uint32_t skipped_devices;
	bool making; // parents that are missing
};

struct apply *apply_new(struct tar *t, const struct unpack_job *j)
{
	struct apply *a = xnew(struct apply);

	*a = (struct apply){.tar = t, .job = j, .root = -1, .parent = -1, .records = {.max = DIR_RECORDS_MAX}};
	a->clean = xmalloc(TAR_LONG_MAX + 1);
	a->clean_link = xmalloc(TAR_LONG_MAX + 1);
	return a;
}

static void forget_parent(struct apply *a)
{
	free(a->parent_path);
	a->parent_path = NULL;
	fd_close(TAKE_FD(a->parent));
}

void apply_free(struct apply *a)
{
	if (!a)
		return;
	forget_parent(a);
	fd_close(a->root);
	free(a->clean);
	free(a->clean_link);
	free(a->opaque);
	arena_done(&a->records);
	free(a);
}

char *const *apply_opaque(const struct apply *a)
{
	return a->opaque;
}

static int entry_error(struct err *e, int rc, const char *path, const char *what)
{
	char shown[TAR_SHOWN_MAX];

	return err_rc(e, rc, "entry %s: %s", tar_shown(shown, path), what);
}

// "./a//b/../c/" becomes "a/c"; the root itself is "". -EXDEV if it would leave, -ENAMETOOLONG if too deep.
static int clean_path(char *dst, const char *path)
{
	size_t at = 0, depth = 0;

	while (*path) {
		size_t n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			if (!depth)
				return -EXDEV;
			while (at && dst[at - 1] != '/')
				at--;
			at -= at ? 1 : 0;
			depth--;
		} else if (n && !(n == 1 && path[0] == '.')) {
			if (++depth > DEPTH_MAX)
				return -ENAMETOOLONG;
			if (at)
				dst[at++] = '/';
			memcpy(dst + at, path, n);
			at += n;
		}
		path += n + (path[n] == '/');
	}
	dst[at] = 0;
	return 0;
}

static int clean_entry(char *dst, const char *path, const char *what, struct err *e)
{
	char shown[TAR_SHOWN_MAX];
	int rc = clean_path(dst, path);

	if (rc == -EXDEV)
		return err_set(e, ERR_INVALID, EXDEV, "entry %s: its %s leads out of the layer", tar_shown(shown, path),
			       what);
	return rc < 0 ? entry_error(e, rc, path, what) : 0;
}

static void mark_opaque(struct apply *a, const char *path)
{
	for (size_t i = a->n_opaque; i-- > 0 && i + 8 > a->n_opaque;)
		if (str_eq(a->opaque[i], path))
			return;
	if (!((a->n_opaque + 2) & (a->n_opaque + 1)) || !a->opaque) // room for one more and the NULL, at powers of two
		a->opaque = xreallocarray(a->opaque, 2 * (a->n_opaque + 2), sizeof(*a->opaque));
	a->opaque[a->n_opaque++] = arena_strdup(&a->records, path);
	a->opaque[a->n_opaque] = NULL;
}

static bool is_whiteout(int dir, const char *name)
{
	struct stat st;

	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISCHR(st.st_mode) && !st.st_rdev;
}

// Opens name in dir for what is below it, and makes it if nobody has. path is the whole, up to and with name.
static int open_step(struct apply *a, int dir, const char *name, const char *path)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(dir, name, flags);

	if (fd >= 0 || !a->making)
		return fd < 0 ? -errno : fd;
	if (errno == ENOTDIR && is_whiteout(dir, name)) { // hidden below, and now something is put in its place
		if (unlinkat(dir, name, 0))
			return -errno;
		mark_opaque(a, path);
		errno = ENOENT;
	}
	if (errno != ENOENT)
		return -errno;
	if (mkdirat(dir, name, 0755))
		return -errno;
	fd = openat(dir, name, flags | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

// Walks rest (changed and restored) from dir, which it closes. whole is the path that rest is the end of.
static int open_steps(struct apply *a, int dir, char *rest, char *whole)
{
	_cleanup_fd_ int at = dir;

	for (char *name = rest; *name;) {
		char *slash = strchr(name, '/');
		if (slash)
			*slash = 0;
		int next = open_step(a, at, name, whole);
		if (slash)
			*slash = '/';
		if (next < 0)
			return next;
		fd_close(at);
		at = next;
		name = slash ? slash + 1 : name + strlen(name);
	}
	return TAKE_FD(at);
}

// The directory path (NUL-terminated, clean), kept until another one is asked for.
static int open_parent(struct apply *a, char *path)
{
	size_t kept = a->parent_path ? strlen(a->parent_path) : 0;
	char *rest = path;

	if (!*path)
		return a->root;
	if (a->parent_path && str_eq(a->parent_path, path))
		return a->parent;
	int from = a->root;
	if (kept && !strncmp(a->parent_path, path, kept) && path[kept] == '/') {
		from = a->parent;
		rest = path + kept + 1;
	}
	int fd = strlen(rest) < PATH_MAX ? openat(from, rest, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0) {
		int start = fcntl(from, F_DUPFD_CLOEXEC, 3);
		fd = start < 0 ? -errno : open_steps(a, start, rest, path);
	}
	if (fd < 0)
		return fd;
	forget_parent(a);
	a->parent_path = xstrdup(path);
	return a->parent = fd;
}

// Splits a clean path; gives the parent's descriptor (kept) and the last component.
static int open_place(struct apply *a, char *clean, const char **ret_name)
{
	char *slash = strrchr(clean, '/');

	*ret_name = slash ? slash + 1 : clean;
	if (!slash)
		return a->root;
	*slash = 0;
	int fd = open_parent(a, clean);
	*slash = '/';
	return fd;
}

// Whatever stands at name goes. The kept parent may have been inside.
static int remove_existing(struct apply *a, int dir, const char *name, struct err *e)
{
	if (!unlinkat(dir, name, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "replace what was there");
	return path_remove_tree(dir, name, e);
}

// ---- attributes

// Which extended attributes a layer may bring: contents of the image, not control input for us or the kernel's overlay.
static bool xattr_wanted(const char *name)
{
	static const char *const names[] = {"security.capability", "system.posix_acl_access",
					    "system.posix_acl_default", NULL};

	return str_in(name, names) || (str_starts(name, "user.") && !str_starts(name, "user.overlay."));
}

// On fd, or, where it is -1, on name in dir itself (links and devices cannot be opened for it).
static int set_xattrs(int fd, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	for (size_t i = 0; i < x->n_xattrs; i++) {
		const struct tar_xattr *v = &x->xattrs[i];
		char shown[TAR_SHOWN_MAX];
		if (!xattr_wanted(v->name))
			continue;
		if (fd < 0 && fchdir(dir))
			return err_sys(e, "enter its directory");
		if (!(fd < 0 ? lsetxattr(name, v->name, v->value, v->len, 0)
			     : fsetxattr(fd, v->name, v->value, v->len, 0)))
			continue;
		// user.* is for files and directories alone; ACLs need a file system that has them. Capabilities must
		// be kept.
		if (!str_eq(v->name, "security.capability") && (errno == EPERM || errno == EOPNOTSUPP))
			continue;
		return err_sys(e, "set %s", tar_shown(shown, v->name));
	}
	return 0;
}

static int own_error(const struct tar_entry *x, struct err *e)
{
	if (errno == EINVAL || errno == EOVERFLOW)
		return err_set(e, ERR_DENIED, EINVAL,
			       "its owner %" PRIu32 ":%" PRIu32
			       " is not mapped in this user namespace: give the user more subordinate ids in "
			       "/etc/subuid and /etc/subgid",
			       x->uid, x->gid);
	return err_sys(e, "set its owner %" PRIu32 ":%" PRIu32, x->uid, x->gid);
}

static void both_times(const struct tar_entry *x, struct timespec t[2])
{
	t[0] = t[1] = x->mtime;
}

static int set_attributes_fd(int fd, const struct tar_entry *x, bool mode_known, struct err *e)
{
	struct timespec times[2];

	if (fchown(fd, x->uid, x->gid))
		return own_error(x, e);
	if ((!mode_known || x->mode & 07000) && fchmod(fd, x->mode))
		return err_sys(e, "set its mode");
	int rc = set_xattrs(fd, -1, NULL, x, e);
	if (rc < 0)
		return rc;
	both_times(x, times);
	return x->type != TAR_DIR && futimens(fd, times) ? err_sys(e, "set its time") : 0;
}

// For what cannot be opened: links, devices, fifos.
static int set_attributes_at(int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	struct timespec times[2];

	if (fchownat(dir, name, x->uid, x->gid, AT_SYMLINK_NOFOLLOW))
		return own_error(x, e);
	if (x->type != TAR_SYMLINK && x->mode & 07000 && fchmodat(dir, name, x->mode, 0))
		return err_sys(e, "set its mode");
	int rc = set_xattrs(-1, dir, name, x, e);
	if (rc < 0)
		return rc;
	both_times(x, times);
	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) ? err_sys(e, "set its time") : 0;
}

// ---- contents

static bool all_zero(const uint8_t *p, size_t n)
{
	return !p[0] && (n == 1 || !memcmp(p, p + 1, n - 1));
}

static int write_at(int fd, const uint8_t *p, size_t n, uint64_t offset, struct err *e)
{
	while (n) {
		ssize_t w = pwrite(fd, p, n, (off_t)offset);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_sys(e, "write");
		p += w;
		n -= (size_t)w;
		offset += (uint64_t)w;
	}
	return 0;
}

// Writes a slice but for long runs of zeros, which stay holes: a bomb of zeros costs no disk.
static int write_sparsely(int fd, const uint8_t *p, size_t n, uint64_t offset, struct err *e)
{
	size_t from = 0, at = 0, zeros = 0; // [from, at) is looked at; its last `zeros` bytes are zero

	while (at < n) {
		size_t unit = MIN(n - at, HOLE_UNIT - (size_t)((offset + at) % HOLE_UNIT));
		bool zero = all_zero(p + at, unit);
		if (!zero && zeros >= HOLE_MIN) {
			int rc = write_at(fd, p + from, at - zeros - from, offset + from, e);
			if (rc < 0)
				return rc;
			from = at;
		}
		zeros = zero ? zeros + unit : 0;
		at += unit;
	}
	return write_at(fd, p + from, at - from - (zeros >= HOLE_MIN ? zeros : 0), offset + from, e);
}

static int write_contents(struct apply *a, int fd, const struct tar_entry *x, struct err *e)
{
	const uint8_t *slice = NULL;
	uint64_t offset = 0;
	ssize_t n = 0;

	while ((n = tar_data(a->tar, &slice, &offset, e)) > 0) {
		int rc = n < HOLE_MIN ? write_at(fd, slice, (size_t)n, offset, e)
				      : write_sparsely(fd, slice, (size_t)n, offset, e);
		if (rc < 0)
			return rc;
		a->size += (uint64_t)n;
	}
	if (n < 0)
		return (int)n;
	if ((x->sparse || x->size >= HOLE_MIN) && ftruncate(fd, (off_t)x->size))
		return err_sys(e, "set its size");
	return 0;
}

// ---- kinds of entries

static int make_file(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	_cleanup_fd_ int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, x->mode & 0777);

	if (fd < 0)
		return -errno;
	int rc = write_contents(a, fd, x, e);
	rc = rc < 0 ? rc : set_attributes_fd(fd, x, true, e);
	return rc < 0 ? 1 : 0;
}

static int make_link(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	return symlinkat(x->link, dir, name) ? -errno : set_attributes_at(dir, name, x, e) < 0;
}

static int make_device(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	mode_t kind = x->type == TAR_CHAR ? S_IFCHR : x->type == TAR_FIFO ? S_IFIFO : S_IFBLK;
	dev_t device = kind == S_IFIFO ? 0 : makedev(x->major, x->minor);

	if (mknodat(dir, name, kind | (x->mode & 0777), device))
		return -errno;
	return set_attributes_at(dir, name, x, e) < 0;
}

static int link_error(const struct tar_entry *x, int code, struct err *e)
{
	char shown[TAR_SHOWN_MAX];

	tar_shown(shown, x->link);
	if (code == ENOENT || code == ENOTDIR)
		err_set(e, ERR_CORRUPT, ENOENT, "hard link to %s, which is not in this layer", shown);
	else if (code == EPERM)
		err_set(e, ERR_CORRUPT, EPERM, "hard link to %s, which is a directory", shown);
	else
		err_rc(e, -code, "hard link to %s", shown);
	return 1;
}

// The target's last component is not followed: a hard link to a symbolic link is one.
static int make_hardlink(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	const char *base = a->clean_link;
	_cleanup_fd_ int far = -1;
	int from = a->root;

	if (strlen(base) >= PATH_MAX) { // opened step by step, as the kernel takes no longer path
		char *slash = strrchr(a->clean_link, '/');
		*slash = 0;
		int start = fcntl(a->root, F_DUPFD_CLOEXEC, 3);
		a->making = false;
		far = from = start < 0 ? start : open_steps(a, start, a->clean_link, a->clean_link);
		a->making = true;
		*slash = '/';
		base = slash + 1;
		if (from < 0)
			return link_error(x, ENOENT, e);
	}
	if (!linkat(from, base, dir, name, 0))
		return 0;
	return errno == EEXIST ? -EEXIST : link_error(x, errno, e);
}

static void record_dir(struct apply *a, const char *path, const struct tar_entry *x)
{
	struct dir_record *r = arena_append(&a->records, a->dirs, a->n_dirs);

	r->path = arena_strdup(&a->records, path);
	r->mtime = x->mtime;
}

static int records_full(const struct apply *a, size_t more, struct err *e)
{
	// arrays double, so keep well away from the arena's limit
	if (a->records.total + 4 * sizeof(struct dir_record) * (a->n_dirs + 1) + more < DIR_RECORDS_MAX)
		return 0;
	return err_set(e, ERR_EXHAUSTED, E2BIG, "the layer has too many directories (%zu)", a->n_dirs);
}

static int make_dir(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	bool made = !mkdirat(dir, name, x->mode & 0777);
	struct stat st;

	if (!made && errno != EEXIST)
		return -errno;
	if (!made && (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)))
		return -EEXIST;
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (records_full(a, strlen(a->clean), e) < 0 || set_attributes_fd(fd, x, made, e) < 0)
		return 1;
	record_dir(a, a->clean, x);
	forget_parent(a); // what comes next is most likely inside
	a->parent_path = xstrdup(a->clean);
	a->parent = TAKE_FD(fd);
	return 0;
}

static int set_root(struct apply *a, const struct tar_entry *x, struct err *e)
{
	if (x->type != TAR_DIR)
		return err_set(e, ERR_CORRUPT, ENOTDIR, "entry \"%s\": the root must be a directory", x->path);
	int rc = records_full(a, 0, e);
	if (rc < 0)
		return rc;
	_cleanup_fd_ int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the layer's root");
	record_dir(a, "", x);
	rc = set_attributes_fd(fd, x, false, e);
	return rc < 0 ? err_wrap(e, rc, "entry \"./\"") : 0;
}

// 0: made, 1: failed with e filled, negative errno: failed, not yet told.
static int make_entry(struct apply *a, int dir, const char *name, const struct tar_entry *x, struct err *e)
{
	switch (x->type) {
	case TAR_FILE: return make_file(a, dir, name, x, e);
	case TAR_HARDLINK: return make_hardlink(a, dir, name, x, e);
	case TAR_SYMLINK: return make_link(a, dir, name, x, e);
	case TAR_DIR: return make_dir(a, dir, name, x, e);
	case TAR_CHAR:
	case TAR_BLOCK_DEVICE:
	case TAR_FIFO: return make_device(a, dir, name, x, e);
	}
	return -EINVAL;
}

static const char *const type_verbs[] = {
	[TAR_FILE] = "create",
	[TAR_HARDLINK] = "link",
	[TAR_SYMLINK] = "symlink",
	[TAR_CHAR] = "make the device",
	[TAR_BLOCK_DEVICE] = "make the device",
	[TAR_DIR] = "make the directory",
	[TAR_FIFO] = "make the fifo",
};

static int put_entry(struct apply *a, const struct tar_entry *x, struct err *e)
{
	char shown[TAR_SHOWN_MAX];
	const char *name = NULL;
	int dir = open_place(a, a->clean, &name);

	if (dir < 0)
		return entry_error(e, dir, x->path, "open its directory");
	int rc = make_entry(a, dir, name, x, e);
	if (rc == -EEXIST) {
		bool hidden = x->type == TAR_DIR && is_whiteout(dir, name);
		if (x->type == TAR_HARDLINK && str_eq(a->clean, a->clean_link))
			return err_set(e, ERR_CORRUPT, ELOOP, "entry %s: a hard link to itself",
				       tar_shown(shown, x->path));
		rc = remove_existing(a, dir, name, e);
		if (rc < 0)
			return err_wrap(e, rc, "entry %s", tar_shown(shown, x->path));
		if (hidden)
			mark_opaque(a, a->clean);
		forget_parent(a); // it may lie in what was removed
		dir = open_place(a, a->clean, &name);
		rc = dir < 0 ? dir : make_entry(a, dir, name, x, e);
	}
	if (rc < 0)
		return entry_error(e, rc, x->path, type_verbs[x->type]);
	return rc ? err_wrap(e, -(int)(e->code ? e->code : EIO), "entry %s", tar_shown(shown, x->path)) : 0;
}

// name is what follows ".wh." in the last component.
static int put_whiteout(struct apply *a, const struct tar_entry *x, struct err *e)
{
	const char *name = NULL;
	int dir = open_place(a, a->clean, &name);
	struct stat st;

	if (dir < 0)
		return entry_error(e, dir, x->path, "open its directory");
	name += strlen(WHITEOUT);
	if (!path_is_component(name)) {
		char shown[TAR_SHOWN_MAX];
		return err_set(e, ERR_CORRUPT, EBADMSG, "entry %s: a whiteout of nothing", tar_shown(shown, x->path));
	}
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT || mknodat(dir, name, S_IFCHR, 0))
			return entry_error(e, -errno, x->path, "make the whiteout");
		return 0;
	}
	if (S_ISDIR(st.st_mode)) {
		char *last = a->clean + (name - strlen(WHITEOUT) - a->clean);
		memmove(last, name, strlen(name) + 1); // the directory's own path
		mark_opaque(a, a->clean);
	}
	return 0;
}

static int put_opaque(struct apply *a, const struct tar_entry *x, struct err *e)
{
	const char *name = NULL;
	int dir = open_place(a, a->clean, &name);

	if (dir < 0)
		return entry_error(e, dir, x->path, "open its directory");
	a->clean[name - a->clean - (name > a->clean)] = 0;
	mark_opaque(a, a->clean);
	return 0;
}

static bool is_bookkeeping(const char *clean)
{
	for (const char *at = clean; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (str_starts(at, WHITEOUT_META))
			return true;
	}
	return false;
}

static int apply_one(struct apply *a, const struct tar_entry *x, struct err *e)
{
	int rc = clean_entry(a->clean, x->path, "path", e);

	if (rc >= 0 && x->type == TAR_HARDLINK)
		rc = clean_entry(a->clean_link, x->link, "target", e);
	if (rc < 0)
		return rc;
	if (!*a->clean)
		return set_root(a, x, e);
	rc = records_full(a, strlen(a->clean), e);
	if (rc < 0)
		return rc;
	const char *name = path_basename(a->clean);
	if (str_eq(name, WHITEOUT_OPAQUE))
		return put_opaque(a, x, e);
	if (is_bookkeeping(a->clean))
		return 0;
	if (str_starts(name, WHITEOUT))
		return put_whiteout(a, x, e);
	if ((x->type == TAR_CHAR || x->type == TAR_BLOCK_DEVICE) && !a->job->may_make_devices) {
		a->skipped_devices++;
		return 0;
	}
	return put_entry(a, x, e);
}

// A directory that was replaced by something else later has no time to set.
static int set_dir_times(struct apply *a, struct err *e)
{
	a->making = false;
	for (size_t i = 0; i < a->n_dirs; i++) {
		const struct dir_record *r = &a->dirs[i];
		struct timespec times[2] = {r->mtime, r->mtime};
		const char *name = "/";
		struct stat st;
		memcpy(a->clean, r->path, strlen(r->path) + 1);
		int dir = *r->path ? open_place(a, a->clean, &name) : a->root;
		if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
			continue;
		if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW))
			return entry_error(e, -errno, r->path, "set its time");
	}
	return 0;
}

int apply_all(struct apply *a, struct unpack_result *r, struct err *e)
{
	const struct tar_entry *x = NULL;
	int rc = 0;

	a->making = true;
	a->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a->root < 0)
		return err_sys(e, "open the layer's root");
	while ((rc = tar_next(a->tar, &x, e)) > 0) {
		if (++a->entries > a->job->limits.entries)
			return err_set(e, ERR_EXHAUSTED, E2BIG, "it has more than %" PRIu64 " entries, the limit",
				       a->job->limits.entries);
		if ((rc = apply_one(a, x, e)) < 0)
			return rc;
	}
	if (rc < 0 || (rc = set_dir_times(a, e)) < 0)
		return rc;
	r->size = a->size;
	r->entries = a->entries;
	r->skipped_devices = a->skipped_devices;
	return 0;
}
