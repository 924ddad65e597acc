// SPDX-License-Identifier: Apache-2.0
// The image `host`, on this machine's own root: really mounted, in a private mount namespace of the test.
#include "test.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/host.h"
#include "engine/internal.h"
#include "kernel/mount.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[64], store[96], run_dir[96], other[96];
static struct engine g;
static int container = -1;

static void clean(void)
{
	int tmp = open("/var/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	path_remove_tree(tmp, path_basename(top), NULL);
	close(tmp);
}

static void make_dir(char *dst, size_t n, const char *name, mode_t mode)
{
	snprintf(dst, n, "%s/%s", top, name);
	CHECK(!mkdir(dst, mode) && !chmod(dst, mode));
}

// The test goes on in a child with a mount namespace of its own; whatever it ends with, its files go.
static void run_apart(void)
{
	int status = 0;

	fflush(NULL);
	pid_t pid = fork();
	if (pid > 0) {
		CHECK(waitpid(pid, &status, 0) == pid);
		clean();
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	CHECK(!pid);
	CHECK(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

// A store below /var/tmp, as that is on the root's file system more often than /tmp is.
static void begin(void)
{
	char path[160];

	if (geteuid())
		test_skip("needs root");
	snprintf(top, sizeof(top), "/var/tmp/berth-host.XXXXXX");
	CHECK(mkdtemp(top) && !chmod(top, 02751) && !chown(top, 12, 34));
	run_apart();
	make_dir(store, sizeof(store), "store", 0711);
	make_dir(run_dir, sizeof(run_dir), "run", 0700);
	make_dir(other, sizeof(other), "other", 0755);
	snprintf(path, sizeof(path), "%s/containers", store);
	CHECK(!mkdir(path, 0711));
	snprintf(path, sizeof(path), "%s/containers/c", store);
	CHECK(!mkdir(path, 0711));
	container = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(container >= 0);
	g = (struct engine){.root = store, .run = run_dir};
}

static void make_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && fd_write_full(fd, text, strlen(text)) >= 0);
	close(fd);
}

static void mount_storage(const char *at)
{
	char image[160], command[400];
	const char *mkfs = access("/sbin/mkfs.ext4", X_OK) ? NULL : "/sbin/mkfs.ext4";

	if (!mkfs)
		test_skip("no mkfs.ext4");
	snprintf(image, sizeof(image), "%s/image", top);
	int fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, 8 << 20));
	close(fd);
	pid_t pid = fork();
	if (!pid) {
		execl(mkfs, mkfs, "-q", "-F", image, (char *)NULL);
		_exit(127);
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	snprintf(command, sizeof(command), "exec mount -o loop,nosuid %s %s 2>/dev/null", image, at);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (status)
		test_skip("no loop devices");
}

static int rootfs(unsigned flags)
{
	struct err e = {0};
	int tree = -1;

	CHECK_OK(engine_host_rootfs(&g, container, flags, &tree, &e), e);
	CHECK(tree >= 0);
	return tree;
}

// A path of the container, as text without its first slash.
static const char *in(const char *path)
{
	return path + 1;
}

static bool there(int root, const char *path)
{
	struct stat st;

	return !fstatat(root, in(path), &st, AT_SYMLINK_NOFOLLOW);
}

static void write_in(int root, const char *path, const char *text)
{
	int fd = path_open_in(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && fd_write_full(fd, text, strlen(text)) >= 0);
	close(fd);
}

// root: -1 for the machine's.
static void check_text(int root, const char *path, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4096);
	_cleanup_fd_ int fd = root < 0 ? open(path, O_RDONLY | O_CLOEXEC) : path_open_in(root, path, O_RDONLY, 0);

	CHECK(fd >= 0 && fd_read_all(fd, &b) >= 0);
	CHECK_STR(b.data, want);
}

static void copy_on_write(void)
{
	struct stat dir, file, var;
	char path[160];

	begin();
	make_file(other, "file", "machine");
	int root = rootfs(SNAPSHOT_VOLATILE);
	CHECK(there(root, "/etc/passwd") && there(root, "/usr"));
	CHECK(!fstatat(root, "etc", &dir, 0) && !fstatat(root, "etc/passwd", &file, 0) &&
	      !fstatat(root, "var", &var, 0));
	CHECK_EQ(file.st_dev, dir.st_dev); // for find -xdev, du -x, tar --one-file-system
	CHECK_EQ(var.st_dev, dir.st_dev);
	snprintf(path, sizeof(path), "%s/file", other);
	write_in(root, path, "container");
	check_text(root, path, "container");
	check_text(-1, path, "machine");
	snprintf(path, sizeof(path), "%s/new", other);
	write_in(root, path, "new");
	CHECK(access(path, F_OK) < 0);
	snprintf(path, sizeof(path), "upper%s/new", other);
	CHECK(!faccessat(container, path, F_OK, 0));
	close(root);
	// the next start of the same container finds what it wrote, in spite of the volatile mark
	root = rootfs(SNAPSHOT_VOLATILE);
	snprintf(path, sizeof(path), "%s/new", other);
	check_text(root, path, "new");
	close(root);
}

TEST(host_is_copied_on_write)
{
	copy_on_write();
}

TEST(host_is_copied_on_write_without_detached_layers)
{
	host_try_detached = false;
	copy_on_write();
}

static void own_store_hidden(void)
{
	struct stat is, was;

	begin();
	int root = rootfs(0);
	CHECK(!there(root, store));
	CHECK(!there(root, run_dir));
	CHECK(there(root, other));
	// the way there looks as it does outside
	CHECK(!fstatat(root, in(top), &is, 0) && !stat(top, &was));
	CHECK_EQ(is.st_mode, was.st_mode);
	CHECK_EQ(is.st_uid, 12);
	CHECK_EQ(is.st_gid, 34);
	CHECK_EQ(is.st_mtim.tv_sec, was.st_mtim.tv_sec);
	CHECK_EQ(is.st_mtim.tv_nsec, was.st_mtim.tv_nsec);
	CHECK(!fstatat(root, "var/tmp", &is, 0));
	CHECK_EQ(is.st_mode & 07777, 01777);
	CHECK(!fstatat(root, "tmp", &is, 0));
	CHECK_EQ(is.st_mode & 07777, 01777);
	// a container may have a folder of that name of its own
	CHECK(!mkdirat(root, in(store), 0755));
	int fd = openat(root, in(store), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(fd);
	CHECK(d);
	for (struct dirent *f; (f = readdir(d));)
		CHECK(f->d_name[0] == '.');
	closedir(d);
	close(root);
}

TEST(host_hides_its_own_store)
{
	own_store_hidden();
}

TEST(host_hides_its_own_store_without_detached_layers)
{
	host_try_detached = false;
	own_store_hidden();
}

TEST(host_hides_the_store_through_bind_mounts)
{
	struct host_mounts m = {0};
	struct err e = {0};
	char path[160], inside[160];
	const char *rest;

	begin();
	snprintf(path, sizeof(path), "%s/above", top);
	CHECK(!mkdir(path, 0755) && !mount(top, path, NULL, MS_BIND, NULL));
	snprintf(inside, sizeof(inside), "%s/inside", top);
	CHECK(!mkdir(inside, 0755));
	snprintf(inside, sizeof(inside), "%s/containers", store);
	char at[160];
	snprintf(at, sizeof(at), "%s/inside", top);
	CHECK(!mount(inside, at, NULL, MS_BIND, NULL));

	CHECK_OK(host_mounts_of(&g, container, &m, &e), e);
	struct host_mount *t = host_mounts_at(&m, path, &rest);
	CHECK(t);
	CHECK_STR(t->point, path);
	bool hidden = false;
	for (size_t i = 0; i < t->n_masks; i++)
		hidden |= t->masks[i].hide && str_eq(t->masks[i].path, "store");
	CHECK(hidden);
	t = host_mounts_at(&m, at, &rest);
	CHECK(t && !str_eq(t->point, at)); // what is inside the store is not shown as a mount
	host_mounts_done(&m);

	int root = rootfs(0);
	snprintf(path, sizeof(path), "%s/above/store", top);
	CHECK(!there(root, path));
	snprintf(path, sizeof(path), "%s/above/other", top);
	CHECK(there(root, path));
	snprintf(path, sizeof(path), "%s/inside/c", top);
	CHECK(!there(root, path));
	close(root);
}

static void submount(void)
{
	char path[160];
	struct statvfs fs;

	begin();
	mount_storage(other);
	make_file(other, "data", "machine");
	int root = rootfs(0);
	snprintf(path, sizeof(path), "%s/data", other);
	check_text(root, path, "machine");
	write_in(root, path, "container");
	check_text(root, path, "container");
	check_text(-1, path, "machine");
	_cleanup_fd_ int at = path_open_in(root, other, O_RDONLY | O_DIRECTORY, 0);
	CHECK(at >= 0 && !fstatvfs(at, &fs));
	CHECK(fs.f_flag & ST_NOSUID); // as it was mounted
	CHECK(fs.f_flag & MS_NODEV);
	close(root);
	root = rootfs(0);
	check_text(root, path, "container");
	close(root);
	CHECK(!umount2(other, MNT_DETACH));
}

TEST(host_shows_other_storage_below_overlays)
{
	submount();
}

TEST(host_shows_other_storage_without_detached_layers)
{
	host_try_detached = false;
	submount();
}

TEST(host_leaves_out_memory_file_systems)
{
	char path[160];

	begin();
	CHECK(!mount("none", other, "tmpfs", 0, NULL));
	make_file(other, "secret", "x");
	int root = rootfs(0);
	snprintf(path, sizeof(path), "%s/secret", other);
	CHECK(there(root, other));
	CHECK(!there(root, path));
	CHECK(!there(root, "/proc/self") && !there(root, "/sys/kernel"));
	// A root file system may have nodes of its own below /dev (debootstrap makes some): none can be opened.
	CHECK(openat(root, "dev/null", O_RDONLY | O_CLOEXEC) < 0);
	close(root);
}

TEST(host_readonly_has_no_upper)
{
	begin();
	mount_storage(other);
	make_file(other, "data", "machine");
	int root = rootfs(SNAPSHOT_READONLY);
	char path[160];
	snprintf(path, sizeof(path), "%s/data", other);
	check_text(root, path, "machine");
	CHECK_EQ(path_open_in(root, path, O_WRONLY, 0), -EROFS);
	CHECK_EQ(path_open_in(root, "/etc/berth-test", O_WRONLY | O_CREAT, 0644), -EROFS);
	CHECK(faccessat(container, "upper", F_OK, 0) < 0);
	// and none can be given to it later
	struct err e = {0};
	CHECK_OK(mount_set_attr(root, true, 0, MOUNT_ATTR_RDONLY, &e), e);
	CHECK_EQ(path_open_in(root, path, O_WRONLY, 0), -EROFS);
	CHECK(!there(root, store));
	close(root);
	CHECK(!umount2(other, MNT_DETACH));
}

TEST(host_with_a_readonly_root_has_readonly_mounts)
{
	char path[160];

	begin();
	mount_storage(other);
	int root = rootfs(HOST_READONLY_MOUNTS);
	snprintf(path, sizeof(path), "%s/new", other);
	CHECK_EQ(path_open_in(root, path, O_WRONLY | O_CREAT, 0644), -EROFS);
	snprintf(path, sizeof(path), "%s/new", top); // the runtime still has to make its mount points
	write_in(root, path, "x");
	close(root);
	CHECK(!umount2(other, MNT_DETACH));
}

TEST(host_device_nodes_are_dead)
{
	char path[160];

	begin();
	snprintf(path, sizeof(path), "%s/null", other);
	CHECK(!mknod(path, S_IFCHR | 0666, 0x103));
	int root = rootfs(0);
	CHECK_EQ(path_open_in(root, path, O_RDONLY, 0), -EACCES);
	close(root);
}

enum { USER = 54321 };

// The user's namespaces, with the mounts of the machine locked in them.
static void become_user(void)
{
	char path[160];

	for (const char **p = (const char *[]){store, run_dir, other, NULL}; *p; p++)
		CHECK(!chown(*p, USER, USER));
	snprintf(path, sizeof(path), "%s/containers", store);
	CHECK(!chown(path, USER, USER) && !fchown(container, USER, USER));
	CHECK(!setgroups(0, NULL) && !setresgid(USER, USER, USER) && !setresuid(USER, USER, USER));
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		test_skip("no user namespaces");
	struct err e = {0};
	CHECK_OK(file_write_kernel(AT_FDCWD, "/proc/self/uid_map", "0 54321 1", &e), e);
	CHECK_OK(file_write_kernel(AT_FDCWD, "/proc/self/setgroups", "deny", &e), e);
	CHECK_OK(file_write_kernel(AT_FDCWD, "/proc/self/gid_map", "0 54321 1", &e), e);
	snprintf(path, sizeof(path), "%s/containers/c", store);
	close(container);
	container = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); // in this mount namespace
	CHECK(container >= 0);
	g.rootless = true;
}

static void check_denied(int root, const char *path, int flags, int want)
{
	_cleanup_free_ char *whole = path_join(top, path);

	CHECK_EQ(path_open_in(root, whole, flags, 0600), want);
}

static void as_ordinary_user(void)
{
	char path[160], secret[160];

	begin();
	CHECK(!chmod(top, 0755));
	make_file(other, "file", "machine");
	snprintf(path, sizeof(path), "%s/file", other);
	CHECK(!chown(path, USER, USER));
	make_file(top, "beside", "user's");
	snprintf(path, sizeof(path), "%s/beside", top);
	CHECK(!chown(path, USER, USER));
	make_dir(secret, sizeof(secret), "secret", 0700);
	make_file(secret, "file", "root's");
	make_dir(path, sizeof(path), "mount", 0755);
	CHECK(!mount("none", path, "tmpfs", 0, NULL)); // so all folders above are a skeleton
	make_file(path, "hidden", "x");
	snprintf(path, sizeof(path), "%s/link", top);
	CHECK(!symlink("other/file", path));
	become_user();

	int root = rootfs(0);
	CHECK(there(root, "/etc/passwd") && there(root, "/usr") && there(root, "/bin/sh"));
	CHECK(!there(root, store) && !there(root, run_dir));
	check_text(root, path, "machine"); // through the link
	snprintf(path, sizeof(path), "%s/file", other);
	write_in(root, path, "container");
	check_text(root, path, "container");
	check_text(-1, path, "machine");
	snprintf(path, sizeof(path), "%s/beside", top);
	check_text(root, path, "user's");
	check_denied(root, "beside", O_WRONLY, -EROFS);
	check_denied(root, "secret/file", O_RDONLY, -ENOENT);
	snprintf(path, sizeof(path), "%s/secret/file", top);
	write_in(root, path, "container"); // an empty folder of its own
	check_denied(root, "mount/hidden", O_RDONLY, -ENOENT);
	write_in(root, "/new-in-root", "x");
	CHECK(access("/new-in-root", F_OK) < 0);
	close(root);
	root = rootfs(SNAPSHOT_READONLY);
	check_denied(root, "other/file", O_WRONLY, -EROFS);
	close(root);
}

TEST(host_of_an_ordinary_user_is_made_of_pieces)
{
	as_ordinary_user();
}

TEST(host_of_an_ordinary_user_without_detached_layers)
{
	host_try_detached = false;
	as_ordinary_user();
}

TEST(host_is_a_detached_tree_that_attaches)
{
	char at[160];

	begin();
	snprintf(at, sizeof(at), "%s/at", top);
	CHECK(!mkdir(at, 0755));
	for (int i = 0; i < 2; i++) {
		struct err e = {0};
		host_try_detached = i == 0;
		int root = rootfs(0), target = open(at, O_PATH | O_CLOEXEC);
		CHECK_OK(mount_attach(root, target, &e), e);
		char path[256];
		snprintf(path, sizeof(path), "%s/etc/passwd", at);
		CHECK(!access(path, R_OK));
		close(target);
		close(root);
		CHECK(!umount2(at, MNT_DETACH));
	}
}

TEST(host_mountinfo_is_read)
{
	struct host_mounts m = {0};
	struct err e = {0};
	const char *rest;

	CHECK_OK(host_mounts_parse("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
				   "40 30 8:17 /@a /mnt/my\\040disk/b rw,nosuid - xfs /dev/sdb1 rw\n"
				   "30 27 8:1 / /mnt rw,noexec shared:1 master:2 - ext4 /dev/sda1 rw\n",
				   &m, &e),
		 e);
	CHECK_EQ(m.n, 3);
	CHECK_STR(m.v[1].point, "/mnt");
	CHECK_EQ(m.v[1].attrs, MOUNT_ATTR_NOEXEC);
	CHECK_STR(m.v[1].type, "ext4");
	CHECK_STR(m.v[2].point, "/mnt/my disk/b");
	CHECK_STR(m.v[2].root, "/@a");
	CHECK_STR(m.v[2].device, "8:17");
	CHECK_EQ(m.v[2].parent, 30);
	CHECK_EQ(m.v[2].attrs, MOUNT_ATTR_NOSUID);
	m.v[0].how = m.v[2].how = HOST_OVERLAY;
	CHECK(host_mounts_at(&m, "/mnt/my disk/b/c", &rest) == &m.v[2]);
	CHECK_STR(rest, "c");
	CHECK(host_mounts_at(&m, "/mnt/my disk/bc", &rest) == &m.v[0]);
	CHECK_STR(rest, "mnt/my disk/bc");
	char *name = NULL;
	CHECK_OK(host_upper_name(&m.v[2], &name, &e), e);
	CHECK_STR(name, "host/mnt-my disk-b");
	free(name);
	host_mounts_done(&m);
	CHECK_EQ(host_mounts_parse("27 1 254:0 / / rw,relatime ext4\n", &m, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "mountinfo");
	CHECK_EQ(host_mounts_parse("x 1 254:0 / / rw - ext4 a rw\n", &m, &e), -EINVAL);
}

TEST(host_config_has_a_shell_and_a_path)
{
	struct arena a = {0};
	struct oci_image_config c;

	setenv("SHELL", "/bin/sh", 1);
	engine_host_config(&a, &c);
	CHECK_EQ(c.config.cmd.n, 1);
	CHECK_STR(c.config.cmd.v[0], "/bin/sh");
	CHECK_EQ(c.config.env.n, 1);
	CHECK_CONTAINS(c.config.env.v[0], "PATH=/");
	CHECK_CONTAINS(c.config.env.v[0], "/sbin");
	CHECK_STR(c.os, "linux");
	setenv("SHELL", "/no/such/shell", 1);
	engine_host_config(&a, &c);
	CHECK_STR(c.config.cmd.v[0], access("/bin/bash", X_OK) ? "/bin/sh" : "/bin/bash");
	setenv("SHELL", "sh", 1);
	engine_host_config(&a, &c);
	CHECK_CONTAINS(c.config.cmd.v[0], "/bin/");
	arena_done(&a);
}
