// SPDX-License-Identifier: Apache-2.0
// Owns the root file system of containers made from the image `host`, and that image's configuration.
//
// Theory of operation
//
// One overlay per shown file system would do, with the machine's as lower and a folder of the container as upper, if
// that folder did not lie inside the machine's file system: overlayfs refuses a lower that holds the upper (ELOOP). But
// it looks for that in one file system only. So whoever holds the container's folder is shown by two overlays, the
// inner of which is read-only and nothing but a wrapping, and the lower of the outer:
//
//	outer:  upper = <container>/upper   lower = inner
//	inner:  lower = mask : /            (no upper)
//
// The mask is a small tmpfs with whiteouts where Berth's own folders are, so that no container sees the store, itself
// included; the folders that lead there are made in it with the attributes of the real ones, as a folder has those of
// its topmost layer. overlayfs stacks two deep: where the machine's root is an overlay (a container) and holds the
// store as well, there is no way, and the error says to put the store elsewhere. File systems that do not hold the
// container's folder need one overlay only.
//
// Only Linux 6.15 and newer take detached mounts as layers and let mounts be put onto a detached tree. Before, all has
// to be mounted somewhere: a child process does it in a mount namespace of its own, on top of the container's folder,
// and hands back a detached copy of the finished tree. The way of the mounts is the same but for `stage`. Layers are
// named in one lowerdir option, which every kernel has.
#include "engine/host.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/rootless.h"
#include "kernel/mount.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	LOGIN_DEFS_MAX = 256 << 10,
	XATTR_MAX = 4096,
	OVERFLOW_ID = 65534, // proc_sys_kernel(5)
};
#define UPPERS "host" // below the container's folder: uppers of what is mounted in the root

bool host_try_detached = true;

struct builder {
	struct host_mounts *mounts;
	int container;
	unsigned flags;
	bool staged;   // mounts have to be somewhere to be used
	bool rootless; // in a user namespace
	int skeleton;  // then: a tmpfs, else -1
};

static int stage(struct builder *b, int fd, struct err *e)
{
	return b->staged ? mount_attach(fd, b->container, e) : 0;
}

// ---- the mask

// What decides who may enter, in the form of attributes. Failing is no harm where the tmpfs knows none.
static void copy_xattrs(int from, int to)
{
	char names[XATTR_MAX], value[XATTR_MAX];
	ssize_t n = flistxattr(from, names, sizeof(names));

	for (const char *s = names; n > 0 && s < names + n; s += strlen(s) + 1) {
		ssize_t k = str_starts(s, "security.") || str_starts(s, "system.posix_acl_")
				    ? fgetxattr(from, s, value, sizeof(value))
				    : -1;
		if (k >= 0 && fsetxattr(to, s, value, (size_t)k, 0) < 0)
			log_debug("image host: attribute %s: %s", s, strerror(errno));
	}
}

// Owners that have no place in the user namespace look like the one of OVERFLOW_ID, and become its root.
static int copy_owner(int fd, const struct stat *st)
{
	uid_t uid = st->st_uid == OVERFLOW_ID ? (uid_t)-1 : st->st_uid;
	gid_t gid = st->st_gid == OVERFLOW_ID ? (gid_t)-1 : st->st_gid;

	return fchown(fd, uid, gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ? -1 : 0;
}

// Makes the folder path of the mask like the one below it. Where that cannot be opened it stays as it was made.
static int mirror(int lower, int mask, const char *path, struct err *e)
{
	struct stat st;
	const char *name = *path ? path : ".";
	_cleanup_fd_ int from = path_open_in(lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK, 0);

	if (*path && mkdirat(mask, path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make %s in the mask", path);
	_cleanup_fd_ int to = openat(mask, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_sys(e, "open %s in the mask", path);
	if (from < 0)
		return 0;
	if (fstat(from, &st) < 0 || copy_owner(to, &st) < 0)
		return err_sys(e, "attributes of %s", path);
	copy_xattrs(from, to);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	return futimens(to, times) < 0 ? err_sys(e, "times of %s", path) : 0;
}

// All folders that lead to path, from the top.
static int mirror_parents(int lower, int mask, const char *path, struct err *e)
{
	int rc = mirror(lower, mask, "", e);

	for (const char *s = strchr(path, '/'); rc >= 0 && s; s = strchr(s + 1, '/')) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(s - path));
		rc = mirror(lower, mask, parent, e);
	}
	return rc;
}

static int open_dir(int at, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", name);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", name) : fd;
}

static int make_mask_entry(int mask, const struct host_mask *k, struct err *e)
{
	if (k->hide)
		return mknodat(mask, k->path, S_IFCHR, 0) < 0 ? err_sys(e, "hide /%s", k->path) : 0;
	const struct stat st = {.st_uid = k->uid, .st_gid = k->gid, .st_mode = k->mode};
	_cleanup_fd_ int fd = open_dir(mask, k->path, 0700, e);
	if (fd < 0)
		return fd;
	return copy_owner(fd, &st) < 0 ? err_sys(e, "attributes of /%s", k->path) : 0;
}

static int make_mask(struct builder *b, const struct host_mount *t, struct err *e)
{
	_cleanup_mount_options_ struct mount_options o = {0};

	strv_push(&o.fs, "mode=0755");
	_cleanup_fd_ int mask = mount_new("tmpfs", "berth", &o, e);
	int rc = mask < 0 ? mask : stage(b, mask, e);
	if (rc >= 0)
		rc = mirror(t->fd, mask, "", e);
	for (size_t i = 0; rc >= 0 && i < t->n_masks; i++) {
		rc = mirror_parents(t->fd, mask, t->masks[i].path, e);
		if (rc >= 0)
			rc = make_mask_entry(mask, &t->masks[i], e);
	}
	// making entries changed the times of what they are in
	for (size_t i = 0; rc >= 0 && i < t->n_masks; i++)
		rc = mirror_parents(t->fd, mask, t->masks[i].path, e);
	return rc < 0 ? rc : TAKE_FD(mask);
}

// ---- overlays

static bool is_root(const struct host_mount *t)
{
	return str_eq(t->point, "/");
}

// Folders of an upper, or -1 both.
struct upper {
	int upper, work;
};
static void upper_done(struct upper *u)
{
	fd_close(u->upper);
	fd_close(u->work);
}

// A volatile overlay leaves a mark that forbids the next one, as a crash may have lost data in between. It is asked for
// only where that does not matter.
static void clear_volatile_mark(int work)
{
	unlinkat(work, "work/incompat/volatile/dirty", 0);
	unlinkat(work, "work/incompat/volatile", AT_REMOVEDIR);
	unlinkat(work, "work/incompat", AT_REMOVEDIR);
}

int host_upper_name(const struct host_mount *t, char **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(sizeof(UPPERS) + NAME_MAX);

	if (str_eq(t->point, "/")) {
		*ret = xstrdup(".");
		return 0;
	}
	buf_adds(&b, UPPERS "/");
	for (const char *s = t->point + 1; *s; s++) {
		if (*s == '%' || *s == '-' || (*s == '.' && s == t->point + 1))
			buf_addf(&b, "%%%02x", (unsigned)*s);
		else
			buf_addc(&b, *s == '/' ? '-' : *s);
	}
	if (b.failed)
		return err_set(e, ERR_UNSUPPORTED, ENAMETOOLONG, "the path of the mount point is too long");
	*ret = buf_take(&b);
	return 0;
}

static int open_upper(struct builder *b, const struct host_mount *t, struct upper *ret, struct err *e)
{
	_cleanup_(upper_done) struct upper u = {-1, -1};
	_cleanup_free_ char *name = NULL;
	struct stat st;
	int rc = host_upper_name(t, &name, e);

	if (rc < 0)
		return rc;
	_cleanup_fd_ int at = path_mkdirs_in(b->container, name, 0700, (uid_t)-1, (gid_t)-1);
	if (at < 0)
		return err_rc(e, at, "make %s", name);
	bool fresh = faccessat(at, "upper", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	u.upper = open_dir(at, "upper", 0700, e);
	u.work = u.upper < 0 ? u.upper : open_dir(at, "work", 0700, e);
	if (u.work < 0)
		return u.work;
	if (fresh && (fstatat(t->fd, "", &st, AT_EMPTY_PATH) < 0 || copy_owner(u.upper, &st) < 0))
		return err_sys(e, "attributes of upper");
	clear_volatile_mark(u.work);
	*ret = u;
	u = (struct upper){-1, -1};
	return 0;
}

// lower2: -1 or what is below lower. u: NULL for none, which takes two lowers.
static int overlay(struct builder *b, uint64_t attrs, int lower, int lower2, const struct upper *u, struct err *e)
{
	_cleanup_mount_options_ struct mount_options o = {.set = attrs};
	static const char *const plain[] = {"index=off", "metacopy=off", "redirect_dir=nofollow"};

	if (lower2 < 0)
		strv_pushf(&o.fs, "lowerdir=/proc/self/fd/%d", lower);
	else
		strv_pushf(&o.fs, "lowerdir=/proc/self/fd/%d:/proc/self/fd/%d", lower, lower2);
	for (size_t i = 0; i < (b->rootless ? 1 : ARRAY_SIZE(plain)); i++)
		strv_push(&o.fs, plain[i]);
	if (b->rootless) // which knows no metacopy and follows no redirects
		strv_push(&o.fs, "userxattr");
	// Files have the device number of their folder only with xino: what keeps to one file system needs that.
	strv_push(&o.fs, u ? "xino=on" : "xino=off");
	if (u) {
		strv_pushf(&o.fs, "upperdir=/proc/self/fd/%d", u->upper);
		strv_pushf(&o.fs, "workdir=/proc/self/fd/%d", u->work);
		if (b->flags & SNAPSHOT_VOLATILE)
			strv_push(&o.fs, "volatile");
	} else {
		o.set |= MOUNT_ATTR_RDONLY;
	}
	return mount_new("overlay", "berth", &o, e);
}

// Device nodes are for the container's own /dev.
static uint64_t attrs_of(const struct host_mount *t)
{
	return t->attrs | MOUNT_ATTR_NODEV;
}

// The root's own attribute is the runtime's to set, last of all.
static uint64_t top_attrs_of(const struct builder *b, const struct host_mount *t)
{
	bool readonly = b->flags & HOST_READONLY_MOUNTS && !is_root(t);

	return attrs_of(t) | (readonly ? MOUNT_ATTR_RDONLY : 0);
}

static int stacking_refused(const struct host_mount *t, struct err *e)
{
	if (!t->own || !str_eq(t->type, "overlay"))
		return 0;
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
		       "this machine's root is an overlay itself and holds Berth's store, and overlays stack only two "
		       "deep; put "
		       "the store on another file system (BERTH_ROOT=<folder on a volume or a tmpfs>)");
}

static int make_overlay(struct builder *b, const struct host_mount *t, struct err *e)
{
	int lower = t->how == HOST_SKELETON ? b->skeleton : t->fd;
	bool writable = !(b->flags & SNAPSHOT_READONLY);
	_cleanup_(upper_done) struct upper u = {-1, -1};
	_cleanup_fd_ int mask = -1, inner = -1;
	int rc = writable ? stacking_refused(t, e) : 0;

	if (rc >= 0 && (t->n_masks || !writable))
		rc = mask = make_mask(b, t, e);
	if (rc >= 0 && writable)
		rc = open_upper(b, t, &u, e);
	if (rc < 0)
		return rc;
	if (writable && !t->own)
		return overlay(b, top_attrs_of(b, t), mask < 0 ? lower : mask, mask < 0 ? -1 : lower, &u, e);
	inner = overlay(b, attrs_of(t), mask, lower, NULL, e);
	if (inner < 0 || !writable)
		return TAKE_FD(inner);
	rc = stage(b, inner, e);
	return rc < 0 ? rc : overlay(b, top_attrs_of(b, t), inner, -1, &u, e);
}

// A copy of the mount, out of reach of what happens to the one that it is a copy of.
static int make_copy(const struct host_mount *t, struct err *e)
{
	_cleanup_fd_ int fd = mount_clone(t->fd, false, e);
	int rc = fd < 0 ? fd : mount_set_propagation(fd, MS_PRIVATE, e);

	if (rc >= 0)
		rc = mount_set_attr(fd, false, attrs_of(t) | MOUNT_ATTR_RDONLY, 0, e);
	return rc < 0 ? rc : TAKE_FD(fd);
}

// ---- the tree

// A descriptor for t's mount, -1 without error if t is not to be seen: overlayfs does not take every file system.
static int make_one(struct builder *b, const struct host_mount *t, struct err *e)
{
	struct err why = {0};

	if (t->how == HOST_READONLY)
		return make_copy(t, e);
	int fd = make_overlay(b, t, &why);
	if (fd >= 0)
		return fd;
	if (is_root(t) && fd == -EINVAL && str_eq(t->type, "overlay"))
		return err_set(e, ERR_UNSUPPORTED, EINVAL,
			       "mount /: this machine's root is an overlay of overlays already, on which the kernel "
			       "puts no other; "
			       "use another image here");
	if (is_root(t) || fd != -EINVAL) {
		if (e)
			*e = why;
		return err_wrap(e, fd, "mount %s", t->point);
	}
	log_debug("image host: %s is left out: %s", t->point, why.text);
	return -1;
}

// Where a mount's place is not there, it is in something hidden.
static int attach_one(int root, const struct host_mount *t, int fd, struct err *e)
{
	_cleanup_fd_ int at = path_open_in(root, t->point, O_PATH | O_NOFOLLOW, 0);

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	int rc = at < 0 ? err_rc(e, at, "open the mount point") : mount_attach(fd, at, e);
	return rc < 0 ? err_wrap(e, rc, "mount %s", t->point) : 0;
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(fds[i]);
	free(fds);
}

// All layers are made, and staged, before the first mount of the tree gets its place: staging stacks on one point.
static int build(struct builder *b, int *ret, struct err *e)
{
	struct host_mounts *m = b->mounts;
	int *fds = xnew_n(int, m->n), root = -1, rc = 0;

	for (size_t i = 0; i < m->n; i++)
		fds[i] = -1;
	for (size_t i = 0; rc >= 0 && i < m->n; i++) {
		if (m->v[i].how == HOST_LEFT_OUT)
			continue;
		fds[i] = make_one(b, &m->v[i], e);
		rc = fds[i] < -1 ? fds[i] : 0;
		if (is_root(&m->v[i]))
			root = fds[i];
	}
	if (rc >= 0)
		rc = stage(b, root, e);
	for (size_t i = 0; rc >= 0 && i < m->n; i++)
		if (fds[i] >= 0 && fds[i] != root)
			rc = attach_one(root, &m->v[i], fds[i], e);
	int tree = rc < 0 ? rc : b->staged ? mount_clone(root, true, e) : fcntl(root, F_DUPFD_CLOEXEC, 3);
	close_all(fds, m->n);
	if (tree >= 0)
		*ret = tree;
	return tree < 0 ? tree : 0;
}

static int hide_folder(struct host_mounts *m, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	return host_mounts_hide(m, fd, false, e);
}

int host_mounts_of(struct engine *g, int container_dir, struct host_mounts *ret, struct err *e)
{
	_cleanup_host_mounts_ struct host_mounts m = {0};
	int rc = host_mounts_read(&m, e);

	if (rc >= 0)
		rc = hide_folder(&m, g->root, e);
	if (rc >= 0)
		rc = hide_folder(&m, g->run, e);
	if (rc >= 0)
		rc = host_mounts_hide(&m, container_dir, true, e);
	if (rc < 0)
		return rc;
	host_mounts_scratch(&m);
	*ret = m;
	m = (struct host_mounts){0};
	return 0;
}

static bool is_rootless(const struct engine *g)
{
	return g->rootless || rootless_active();
}

static int make_skeleton(struct builder *b, struct err *e)
{
	_cleanup_mount_options_ struct mount_options o = {0};

	strv_push(&o.fs, "mode=0755");
	b->skeleton = mount_new("tmpfs", "berth", &o, e);
	int rc = b->skeleton < 0 ? b->skeleton : stage(b, b->skeleton, e);
	return rc < 0 ? rc : host_mounts_split(b->mounts, b->skeleton, e);
}

static int build_here(struct engine *g, int container, unsigned flags, bool staged, int *ret, struct err *e)
{
	_cleanup_host_mounts_ struct host_mounts m = {0};
	struct builder b = {.mounts = &m,
			    .container = container,
			    .flags = flags,
			    .staged = staged,
			    .rootless = is_rootless(g),
			    .skeleton = -1};
	int rc = host_mounts_of(g, container, &m, e);

	if (rc >= 0 && b.rootless)
		rc = make_skeleton(&b, e);
	if (rc >= 0)
		rc = build(&b, ret, e);
	fd_close(b.skeleton);
	return rc;
}

// ---- with a mount namespace, for older kernels

struct report {
	int rc;
	struct err e;
};

// In a new mount namespace only mounts opened there can be worked with: the container's folder is opened anew.
static int build_staged(struct engine *g, int container_dir, unsigned flags, int *ret, struct err *e)
{
	char link[FD_PATH_MAX], path[PATH_MAX];
	struct stat was, is;

	fd_proc_path(link, container_dir);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, "find the container's folder (is /proc mounted?)");
	path[n] = '\0';
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "a mount namespace for the layers");
	_cleanup_fd_ int container = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (container < 0 || fstat(container, &is) < 0 || fstat(container_dir, &was) < 0)
		return err_sys(e, "%s", path);
	if (is.st_ino != was.st_ino || is.st_dev != was.st_dev)
		return err_set(e, ERR_CONFLICT, ESTALE, "%s is not the container's folder any more", path);
	return build_here(g, container, flags, true, ret, e);
}

_noreturn_ static void helper(struct engine *g, int container_dir, unsigned flags, int sock)
{
	struct report r = {0};
	int tree = -1;

	r.rc = build_staged(g, container_dir, flags, &tree, &r.e);
	_exit(fd_send(sock, &r, sizeof(r), &tree, tree >= 0) < 0);
}

static int build_in_namespace(struct engine *g, int container_dir, unsigned flags, int *ret, struct err *e)
{
	int sock[2], tree = -1;
	size_t n = 1;
	struct report r = {0};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return err_sys(e, "socketpair");
	pid_t pid = fork();
	if (!pid) {
		close(sock[0]);
		helper(g, container_dir, flags, sock[1]);
	}
	close(sock[1]);
	ssize_t got = pid < 0 ? err_sys(e, "fork") : fd_recv(sock[0], &r, sizeof(r), &tree, &n);
	close(sock[0]);
	if (pid < 0)
		return (int)got;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(r))
		return err_set(e, ERR_INTERNAL, ECHILD, "the process that mounts the layers ended without an answer");
	if (r.rc >= 0 && n == 1) {
		*ret = tree;
		return 0;
	}
	if (e)
		*e = r.e;
	return r.rc < 0 ? r.rc : -EIO;
}

int engine_host_rootfs(struct engine *g, int container_dir, unsigned flags, int *ret_mount_fd, struct err *e)
{
	int rc = -EINVAL;

	if (host_try_detached)
		rc = build_here(g, container_dir, flags, false, ret_mount_fd, e);
	if (rc == -EINVAL) { // what older kernels say to detached layers
		if (e)
			err_clear(e);
		rc = build_in_namespace(g, container_dir, flags, ret_mount_fd, e);
	}
	return rc < 0 ? err_wrap(e, rc, "image host") : 0;
}

// ---- the configuration

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// The administrator's PATH as login(1) sets it: "ENV_SUPATH	PATH=/usr/local/sbin:..." in /etc/login.defs.
static const char *login_path(struct arena *a)
{
	_cleanup_buf_ struct buf b = BUF_INIT(LOGIN_DEFS_MAX);
	_cleanup_fd_ int fd = open("/etc/login.defs", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || file_read_regular(fd, LOGIN_DEFS_MAX, &b, NULL) < 0)
		return DEFAULT_PATH;
	for (const char *s = b.data; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		const char *value = str_after(s, "ENV_SUPATH");
		if (!value || (*value != ' ' && *value != '\t'))
			continue;
		value += strspn(value, " \t");
		size_t n = strcspn(value, " \t\r\n");
		if (n > strlen("PATH=") && str_starts(value, "PATH="))
			return arena_strndup(a, value, n);
		if (n && *value == '/')
			return arena_printf(a, "PATH=%.*s", (int)n, value);
	}
	return DEFAULT_PATH;
}

static const char *shell(void)
{
	const char *own = getenv("SHELL");

	if (own && *own == '/' && strlen(own) < PATH_MAX && !access(own, X_OK))
		return own;
	return !access("/bin/bash", X_OK) ? "/bin/bash" : "/bin/sh";
}

void engine_host_config(struct arena *a, struct oci_image_config *ret)
{
	const struct oci_platform *p = oci_platform_host();
	const char *home = getenv("HOME");

	*ret = (struct oci_image_config){.architecture = p->architecture, .os = p->os, .variant = p->variant};
	oci_strings_add(a, &ret->config.env, login_path(a));
	if (rootless_active() && home && *home == '/') // the administrator's is not for this user to read
		oci_strings_add(a, &ret->config.env, arena_printf(a, "HOME=%s", home));
	oci_strings_add(a, &ret->config.cmd, shell());
}
