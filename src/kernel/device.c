// SPDX-License-Identifier: Apache-2.0
// Owns the device nodes. mknod is tried first; a process outside the initial user namespace may not, so then the
// host's node of the same numbers is bound over an empty file. The caller has umask 0, and its descriptor of /dev, so
// that six nodes are six calls.
#include "kernel/device.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/mount.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

struct node {
	const char *name; // of the host's node below /dev
	mode_t mode;      // with the type
	dev_t rdev;
	uid_t uid;
	gid_t gid;
};

static bool is_node(int fd, const struct node *n)
{
	struct stat st;
	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	       (S_ISFIFO(n->mode) || st.st_rdev == n->rdev);
}

int device_check_null(int fd, struct err *e)
{
	const struct node null = {.mode = S_IFCHR, .rdev = makedev(1, 3)};
	return is_node(fd, &null) ? 0 : err_set(e, ERR_CORRUPT, ENODEV, "/dev/null is not the null device");
}

int device_open_null(int dev, struct err *e)
{
	_cleanup_fd_ int fd = openat(dev, "null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "/dev/null");
	int rc = device_check_null(fd, e);
	return rc < 0 ? rc : TAKE_FD(fd);
}

static int bind_host(int dir, const char *name, const struct node *n, struct err *e)
{
	char path[PATH_MAX];
	int rc = str_fmt(path, sizeof(path), "%s%s", *n->name == '/' ? "" : "/dev/", n->name);
	if (rc < 0)
		return err_rc(e, rc, "device");
	_cleanup_fd_ int host = open(path, O_PATH | O_CLOEXEC);
	if (host < 0)
		return err_sys(e, "bind the host's %s", path);
	if (!is_node(host, n))
		return err_set(e, ERR_DENIED, EPERM, "the host's %s is not device %u:%u, and nodes cannot be made here",
			       path, major(n->rdev), minor(n->rdev));
	_cleanup_fd_ int made =
		openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_EXCL, 0666);
	if (made < 0 && errno != EEXIST)
		return err_sys(e, "make a place for the device");
	_cleanup_fd_ int target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open the device's place");
	_cleanup_fd_ int clone = mount_clone(host, false, e);
	return clone < 0 ? clone : mount_attach(clone, target, e);
}

static int set_owner(int dir, const char *name, const struct node *n, struct err *e)
{
	if (!n->uid && !n->gid)
		return 0;
	return fchownat(dir, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0 ? err_sys(e, "change the owner") : 0;
}

// What stands at name already: 1 if it is the device, 0 if it was removed.
static int keep_or_remove(int dir, const char *name, const struct node *n, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && is_node(fd, n))
		return 1;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_sys(e, "replace what is there") : 0;
}

static int make_node(int dir, const char *name, const struct node *n, struct err *e)
{
	for (int tries = 0; tries < 2; tries++) {
		if (!mknodat(dir, name, n->mode, n->rdev))
			return set_owner(dir, name, n, e);
		if (errno == EPERM && !S_ISFIFO(n->mode))
			return bind_host(dir, name, n, e);
		if (errno != EEXIST || tries)
			break;
		int rc = keep_or_remove(dir, name, n, e);
		if (rc)
			return rc < 0 ? rc : 0;
	}
	return err_sys(e, "make the node");
}

int device_make_defaults(int dev, struct err *e)
{
	static const struct {
		const char *name;
		unsigned major, minor;
	} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
		     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		struct node n = {.name = nodes[i].name,
				 .mode = S_IFCHR | 0666,
				 .rdev = makedev(nodes[i].major, nodes[i].minor)};
		int rc = make_node(dev, n.name, &n, e);
		if (rc < 0)
			return err_wrap(e, rc, "/dev/%s", n.name);
	}
	return 0;
}

static int make_link(int dev, const char *name, const char *to, struct err *e)
{
	char old[64];
	if (!symlinkat(to, dev, name))
		return 0;
	if (errno == EEXIST) {
		ssize_t n = readlinkat(dev, name, old, sizeof(old));
		if (n == (ssize_t)strlen(to) && !memcmp(old, to, (size_t)n))
			return 0;
		if (!unlinkat(dev, name, 0) && !symlinkat(to, dev, name))
			return 0;
	}
	return err_sys(e, "/dev/%s: make the link to %s", name, to);
}

int device_make_links(int dev, bool with_ptmx, struct err *e)
{
	static const char *const links[][2] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(links) - !with_ptmx; i++) {
		int rc = make_link(dev, links[i][0], links[i][1], e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static mode_t type_bits(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

int device_make(int root, const struct oci_device *d, struct err *e)
{
	char base[NAME_MAX + 1];
	_cleanup_fd_ int dir = -1;
	struct node n = {
		.name = d->path,
		.mode = type_bits(d->type) | (d->file_mode.set ? d->file_mode.v & 07777 : 0666),
		.rdev = d->type == 'p' ? 0 : makedev((unsigned)d->major, (unsigned)d->minor),
		.uid = d->uid.set ? d->uid.v : 0,
		.gid = d->gid.set ? d->gid.v : 0,
	};
	_cleanup_free_ char *clean = path_clean(d->path),
			    *parent = xstrndup(clean, (size_t)(path_basename(clean) - clean));
	_cleanup_fd_ int made = path_mkdirs_in(root, parent, 0755, (uid_t)-1, (gid_t)-1);
	int rc = made < 0 ? made : path_open_parent(root, clean, &dir, base);
	if (rc < 0)
		return err_rc(e, rc, "linux.devices: %s", d->path);
	rc = make_node(dir, base, &n, e);
	return rc < 0 ? err_wrap(e, rc, "linux.devices: %s", d->path) : 0;
}
