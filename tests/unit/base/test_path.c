// SPDX-License-Identifier: Apache-2.0
// Paths below a root: openat2 and the walk give the same answers, neither leaves the root, and trees are removed
// whole and alone. Each test works in a temporary folder "top" with the root in "top/root" and a canary beside it.
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err error;
static char top_path[] = "/tmp/berth-test-path-XXXXXX";
static int top = -1, root = -1;

static void setup(void)
{
	memset(top_path + sizeof(top_path) - 7, 'X', 6);
	CHECK(mkdtemp(top_path));
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(top >= 0);
	CHECK(!mkdirat(top, "root", 0755));
	root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	close(openat(top, "canary", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void teardown(void)
{
	struct stat st;

	CHECK(!fstatat(top, "canary", &st, 0));
	CHECK_OK(path_remove_tree(top, "root", &error), error);
	CHECK(!unlinkat(top, "canary", 0));
	CHECK(!rmdir(top_path));
}

static void file_at(const char *path)
{
	int fd = openat(root, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	close(fd);
}

static void dir_at(const char *path)
{
	CHECK(!mkdirat(root, path, 0755));
}

static void link_at(const char *target, const char *path)
{
	CHECK(!symlinkat(target, root, path));
}

// Opens by both ways, demands the same answer, and returns the errno or the inode.
static long long both(const char *path, int flags)
{
	_cleanup_fd_ int a = path_open_in(root, path, flags, 0600), b = path_open_in_walk(root, path, flags, 0600);
	struct stat sa, sb;

	if (a < 0 || b < 0) {
		if (a != b)
			test_fail(__FILE__, __LINE__, "%s: openat2 says %d, the walk %d", path, a, b);
		return a;
	}
	CHECK(!fstat(a, &sa) && !fstat(b, &sb));
	if (sa.st_ino != sb.st_ino || sa.st_dev != sb.st_dev)
		test_fail(__FILE__, __LINE__, "%s: the walk ends elsewhere", path);
	CHECK_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(b, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(a, F_GETFL), fcntl(b, F_GETFL) & ~(flags & O_NOFOLLOW ? 0 : O_NOFOLLOW));
	return (long long)sa.st_ino;
}

static long long inode(const char *path)
{
	struct stat st;

	CHECK(!fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW));
	return (long long)st.st_ino;
}

TEST(path_resolves_inside)
{
	setup();
	dir_at("a");
	dir_at("a/b");
	file_at("a/b/f");
	CHECK_EQ(both("a/b/f", O_RDONLY), inode("a/b/f"));
	CHECK_EQ(both("/a//b/./f", O_RDONLY), inode("a/b/f"));
	CHECK_EQ(both("a/../a/b/../b/f", O_RDONLY), inode("a/b/f"));
	CHECK_EQ(both("../../../a/b", O_PATH), inode("a/b"));
	CHECK_EQ(both("a/b/", O_RDONLY | O_DIRECTORY), inode("a/b"));
	CHECK_EQ(both("a/b/.", O_PATH), inode("a/b"));
	CHECK_EQ(both("a/b/..", O_RDONLY), inode("a"));
	CHECK_EQ(both("/", O_RDONLY), inode("."));
	CHECK_EQ(both(".", O_RDONLY), inode("."));
	CHECK_EQ(both("..", O_PATH | O_DIRECTORY), inode("."));
	CHECK_EQ(both("../canary", O_RDONLY), -ENOENT);
	CHECK_EQ(both("", O_RDONLY), -ENOENT);
	CHECK_EQ(both("a/x", O_RDONLY), -ENOENT);
	CHECK_EQ(both("a/x/../b", O_RDONLY), -ENOENT);
	CHECK_EQ(both("a/b/f/", O_RDONLY), -ENOTDIR);
	CHECK_EQ(both("a/b/f/..", O_RDONLY), -ENOTDIR);
	CHECK_EQ(both("a/b/f/.", O_PATH), -ENOTDIR);
	CHECK_EQ(both("a/b/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	CHECK_EQ(both("a", O_WRONLY), -EISDIR);
	teardown();
}

TEST(path_follows_links_inside)
{
	setup();
	dir_at("run");
	dir_at("var");
	file_at("run/f");
	link_at("/run", "var/run");
	link_at("../../../../run", "var/up");
	link_at("run/f", "rel");
	link_at("/../../../canary", "out");
	link_at("/var/run/../run/f", "deep");
	link_at("missing", "dangling");
	link_at("loop", "loop");
	link_at("run/", "slash");
	CHECK_EQ(both("var/run/f", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("var/up/f", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("rel", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("deep", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("var/run/../rel", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("out", O_RDONLY), -ENOENT);
	CHECK_EQ(both("dangling", O_RDONLY), -ENOENT);
	CHECK_EQ(both("loop", O_RDONLY), -ELOOP);
	CHECK_EQ(both("loop/x", O_RDONLY), -ELOOP);
	CHECK_EQ(both("rel", O_RDONLY | O_NOFOLLOW), -ELOOP);
	CHECK_EQ(both("rel", O_PATH | O_NOFOLLOW), inode("rel"));
	CHECK_EQ(both("var/run", O_PATH | O_NOFOLLOW), inode("var/run"));
	CHECK_EQ(both("var/run/", O_PATH | O_NOFOLLOW), inode("run"));
	CHECK_EQ(both("var/run", O_PATH | O_NOFOLLOW | O_DIRECTORY), -ENOTDIR);
	CHECK_EQ(both("slash", O_PATH), inode("run"));
	CHECK_EQ(both("slash/f", O_RDONLY), inode("run/f"));
	CHECK_EQ(both("rel/", O_RDONLY), -ENOTDIR);
	teardown();
}

TEST(path_follows_40_links)
{
	setup();
	file_at("l0");
	for (int i = 1; i <= 41; i++) {
		char name[16], target[16];
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		link_at(target, name);
	}
	CHECK_EQ(both("l40", O_RDONLY), inode("l0"));
	CHECK_EQ(both("l41", O_RDONLY), -ELOOP);
	teardown();
}

TEST(path_lengths)
{
	setup();
	char name[NAME_MAX + 2], longest[PATH_MAX + 16] = "";

	memset(name, 'n', sizeof(name) - 1);
	name[NAME_MAX + 1] = 0;
	CHECK_EQ(both(name, O_RDONLY), -ENAMETOOLONG);
	name[NAME_MAX] = 0;
	CHECK_EQ(both(name, O_RDONLY), -ENOENT);
	memset(longest, '/', PATH_MAX);
	CHECK_EQ(both(longest, O_RDONLY), -ENAMETOOLONG);
	longest[PATH_MAX - 1] = 0;
	CHECK_EQ(both(longest, O_RDONLY), inode("."));
	for (size_t i = 0; i < 2 * (PATH_DEPTH_MAX + 1); i += 2)
		memcpy(longest + i, "./", 3);
	CHECK_EQ(both(longest, O_RDONLY), -ENAMETOOLONG);
	longest[2 * PATH_DEPTH_MAX] = 0;
	CHECK_EQ(both(longest, O_RDONLY), inode("."));
	teardown();
}

// What O_CREAT does, in two equal roots, one a way.
TEST(path_creates_inside)
{
	static const struct {
		const char *path;
		int flags, answer;
		const char *made;
	} cases[] = {
		{"new", O_CREAT, 0, "new"},
		{"d/new", O_CREAT | O_EXCL, 0, "d/new"},
		{"f", O_CREAT, 0, NULL},
		{"f", O_CREAT | O_EXCL, -EEXIST, NULL},
		{"dangling", O_CREAT, 0, "d/target"},
		{"dangling2", O_CREAT | O_EXCL, -EEXIST, NULL},
		{"dangling2", O_CREAT | O_NOFOLLOW, -ELOOP, NULL},
		{"outside", O_CREAT, 0, "escaped"},
		{"missing/new", O_CREAT, -ENOENT, NULL},
		{"d", O_CREAT, -EISDIR, NULL},
		{"newdir/", O_CREAT, -EISDIR, NULL},
		{"d/", O_CREAT, -EISDIR, NULL},
		{"d/.", O_CREAT, -EISDIR, NULL},
		{"f/x", O_CREAT, -ENOTDIR, NULL},
	};

	for (int way = 0; way < 2; way++) {
		setup();
		dir_at("d");
		file_at("f");
		link_at("d/target", "dangling");
		link_at("/d/target2", "dangling2");
		link_at("../../escaped", "outside");
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			int flags = O_WRONLY | cases[i].flags;
			_cleanup_fd_ int fd = way ? path_open_in_walk(root, cases[i].path, flags, 0640)
						  : path_open_in(root, cases[i].path, flags, 0640);
			struct stat st;
			if ((fd < 0 ? fd : 0) != cases[i].answer)
				test_fail(__FILE__, __LINE__, "way %d: %s gives %d", way, cases[i].path, fd);
			if (!cases[i].made)
				continue;
			CHECK(!fstatat(root, cases[i].made, &st, AT_SYMLINK_NOFOLLOW));
			CHECK_EQ(st.st_mode, S_IFREG | 0640);
		}
		teardown();
	}
}

TEST(path_magic_links_do_not_lead_out)
{
	int fd = path_open_in(AT_FDCWD, "/", O_PATH, 0);

	CHECK(fd >= 0);
	close(fd);
	fd = open("/proc", O_PATH | O_CLOEXEC);
	int canary = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char path[64];
	snprintf(path, sizeof(path), "self/fd/%d", canary);
	CHECK_EQ(path_open_in(fd, path, O_RDONLY, 0), -ELOOP);
	CHECK_EQ(path_open_in_walk(fd, path, O_RDONLY, 0), -ENOENT);
	int through = path_open_in(fd, "self/status", O_RDONLY, 0);
	CHECK(through >= 0);
}

// Another process exchanges a folder and a link to the outside, and moves folders about, while we resolve.
static void stir(void)
{
	for (;;) {
		renameat2(root, "swap", root, "link", RENAME_EXCHANGE);
		renameat(root, "a/b", root, "b");
		renameat(root, "b", root, "a/b");
		renameat(root, "a/b/c", root, "c");
		renameat(root, "c", root, "a/b/c");
	}
}

static bool is_inside(int fd)
{
	char link[FD_PATH_MAX], where[PATH_MAX], inside[64];

	fd_proc_path(link, fd);
	ssize_t n = readlink(link, where, sizeof(where) - 1);
	where[n < 0 ? 0 : n] = 0;
	snprintf(inside, sizeof(inside), "%s/root", top_path);
	const char *rest = str_after(where, inside);
	return rest && (!*rest || *rest == '/');
}

TEST(path_races_do_not_lead_out)
{
	static const char *const paths[] = {
		"swap/canary",       "link/canary",       "swap", "a/b/c/../../../../canary",
		"a/b/c/../../../..", "a/b/../../link/..",
	};
	unsigned opened = 0;

	setup();
	dir_at("a");
	dir_at("a/b");
	dir_at("a/b/c");
	dir_at("swap");
	file_at("swap/canary");
	link_at("../../../../../../..", "link");
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stir();
	}
	int64_t deadline = clock_monotonic() + 600 * NS_PER_MS;
	for (unsigned i = 0; clock_monotonic() < deadline; i++) {
		const char *path = paths[i / 2 % ARRAY_SIZE(paths)];
		_cleanup_fd_ int fd =
			i % 2 ? path_open_in_walk(root, path, O_PATH, 0) : path_open_in(root, path, O_PATH, 0);
		if (fd < 0) {
			CHECK(fd == -ENOENT || fd == -EAGAIN || fd == -ELOOP);
			continue;
		}
		opened++;
		CHECK(is_inside(fd));
	}
	CHECK(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	CHECK(opened > 100);
	teardown();
}

TEST(path_mkdirs_goes_through_links)
{
	setup();
	struct stat st;

	umask(022);
	dir_at("var");
	link_at("/run/deep", "var/run");
	link_at("../../../../../out", "escape");
	file_at("file");
	_cleanup_fd_ int fd = path_mkdirs_in(root, "var/run/x/y", 0777, 12, 34);
	CHECK(fd >= 0);
	CHECK(!fstatat(root, "run/deep/x/y", &st, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(st.st_mode, S_IFDIR | 0755);
	CHECK_EQ(st.st_uid, 12);
	CHECK_EQ(st.st_gid, 34);
	CHECK_EQ(inode("run/deep/x/y"), (fstat(fd, &st), (long long)st.st_ino));
	CHECK(fcntl(fd, F_GETFL) & O_PATH);
	_cleanup_fd_ int out = path_mkdirs_in(root, "escape/../../d", 0700, (uid_t)-1, (gid_t)-1);
	CHECK(out >= 0);
	CHECK(!fstatat(root, "out", &st, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(inode("d"), (fstat(out, &st), (long long)st.st_ino));
	CHECK_EQ(st.st_mode, S_IFDIR | 0700);
	CHECK_EQ(path_mkdirs_in(root, "file", 0755, (uid_t)-1, (gid_t)-1), -ENOTDIR);
	CHECK_EQ(path_mkdirs_in(root, "file/x", 0755, (uid_t)-1, (gid_t)-1), -ENOTDIR);
	_cleanup_fd_ int same = path_mkdirs_in(root, "/", 0755, (uid_t)-1, (gid_t)-1);
	CHECK(same >= 0);
	teardown();
}

TEST(path_makes_targets)
{
	setup();
	struct stat st;

	dir_at("etc");
	link_at("/etc/resolv", "link");
	link_at("/new/folder/", "linkdir");
	int fd = path_make_target(root, "/dev/shm", true);
	CHECK(fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode));
	close(fd);
	fd = path_make_target(root, "a/b/c", false);
	CHECK(fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_size);
	close(fd);
	fd = path_make_target(root, "a/b/c", false);
	CHECK_EQ(inode("a/b/c"), (fstat(fd, &st), (long long)st.st_ino));
	close(fd);
	fd = path_make_target(root, "link", false);
	CHECK(fd >= 0);
	CHECK_EQ(inode("etc/resolv"), (fstat(fd, &st), (long long)st.st_ino));
	close(fd);
	CHECK_EQ(path_make_target(root, "a/b", false), -EISDIR);
	CHECK_EQ(path_make_target(root, "a/b/c", true), -ENOTDIR);
	CHECK_EQ(path_make_target(root, "a/b/c/d", true), -ENOTDIR);
	CHECK_EQ(path_make_target(root, "a/b/c/d", false), -ENOTDIR);
	CHECK_EQ(path_make_target(root, "a/new/", false), -EISDIR);
	CHECK_EQ(path_make_target(root, "linkdir", false), -EISDIR);
	CHECK_EQ(path_make_target(root, "", false), -ENOENT);
	CHECK_EQ(faccessat(root, "a/new", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	teardown();
}

TEST(path_opens_parents)
{
	setup();
	char base[NAME_MAX + 1] = "untouched";
	int parent = -7;
	struct stat st;

	dir_at("a");
	link_at("/a", "l");
	link_at("/a", "a/inner");
	CHECK_EQ(path_open_parent(root, "l/inner", &parent, base), 0);
	CHECK_STR(base, "inner");
	CHECK_EQ(inode("a"), (fstat(parent, &st), (long long)st.st_ino));
	close(parent);
	CHECK_EQ(path_open_parent(root, "//a//", &parent, base), 0);
	CHECK_STR(base, "a");
	CHECK_EQ(inode("."), (fstat(parent, &st), (long long)st.st_ino));
	close(parent);
	CHECK_EQ(path_open_parent(root, "../x", &parent, base), 0);
	CHECK_EQ(inode("."), (fstat(parent, &st), (long long)st.st_ino));
	close(parent);
	parent = -7;
	CHECK_EQ(path_open_parent(root, "", &parent, base), -EINVAL);
	CHECK_EQ(path_open_parent(root, "/", &parent, base), -EINVAL);
	CHECK_EQ(path_open_parent(root, "a/..", &parent, base), -EINVAL);
	CHECK_EQ(path_open_parent(root, "a/.", &parent, base), -EINVAL);
	CHECK_EQ(path_open_parent(root, "missing/x", &parent, base), -ENOENT);
	CHECK_EQ(parent, -7);
	CHECK_STR(base, "x");
	teardown();
}

TEST(path_texts)
{
	static const char *const clean[][2] = {
		{"/a//b/../c/.", "/a/c"},
		{"", "."},
		{"/", "/"},
		{"//", "/"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"a/..", "."},
		{"a/../..", ".."},
		{"../a", "../a"},
		{"../../x/..", "../.."},
		{"./a/", "a"},
		{"a/b/../../c", "c"},
		{"/a/..", "/"},
		{"...", "..."},
		{"a/..b", "a/..b"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(clean); i++) {
		_cleanup_free_ char *p = path_clean(clean[i][0]);
		CHECK_STR(p, clean[i][1]);
	}
	static const char *const join[][3] = {
		{"a", "b", "a/b"}, {"a/", "/b", "a/b"}, {"/", "b", "/b"},
		{"", "b", "b"},    {"a", "", "a"},      {"/", "/", "/"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(join); i++) {
		_cleanup_free_ char *p = path_join(join[i][0], join[i][1]);
		CHECK_STR(p, join[i][2]);
	}
	CHECK_STR(path_basename("/a/b"), "b");
	CHECK_STR(path_basename("b"), "b");
	CHECK_STR(path_basename("b/"), "");
	CHECK(path_is_absolute("/") && !path_is_absolute("a") && !path_is_absolute(""));
	CHECK(path_has_dotdot("..") && path_has_dotdot("a/..") && path_has_dotdot("/../a") &&
	      path_has_dotdot("a/../b"));
	CHECK(!path_has_dotdot("...") && !path_has_dotdot("a..") && !path_has_dotdot("a/..b") && !path_has_dotdot(""));
	char name[NAME_MAX + 2];
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = 0;
	CHECK(!path_is_component(name));
	CHECK(path_is_component(name + 1));
	CHECK(path_is_component("...") && !path_is_component("") && !path_is_component(".") &&
	      !path_is_component("..") && !path_is_component("a/b"));
}

TEST(path_mkdirs_by_string)
{
	setup();
	char path[PATH_MAX], wanted[PATH_MAX + 64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/root//a/b/c/", top_path);
	CHECK_OK(path_mkdirs(path, 0700, &error), error);
	CHECK_OK(path_mkdirs(path, 0700, &error), error);
	CHECK(!fstatat(root, "a/b/c", &st, 0) && st.st_mode == (S_IFDIR | 0700));
	file_at("a/f");
	snprintf(path, sizeof(path), "%s/root/a/f/x", top_path);
	CHECK_EQ(path_mkdirs(path, 0700, &error), -ENOTDIR);
	snprintf(wanted, sizeof(wanted), "make directory %s/root/a/f: Not a directory", top_path);
	CHECK_STR(error.text, wanted);
	CHECK_EQ(path_mkdirs("", 0700, &error), -EINVAL);
	teardown();
}

TEST(path_removes_trees)
{
	setup();
	dir_at("t");
	dir_at("t/d");
	file_at("t/d/f");
	dir_at("t/empty");
	link_at("../../canary", "t/d/link");
	link_at("/", "t/d/slash");
	link_at("..", "t/up");
	CHECK(!mkfifoat(root, "t/fifo", 0600));
	for (int i = 0; i < 3000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "t/d/many%d", i);
		i % 3 ? file_at(name) : dir_at(name);
	}
	CHECK_OK(path_remove_tree(root, "t", &error), error);
	CHECK_EQ(faccessat(root, "t", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	CHECK_OK(path_remove_tree(root, "t", &error), error); // missing is success
	link_at("../canary", "l");
	CHECK_OK(path_remove_tree(root, "l", &error), error);
	file_at("f");
	CHECK_OK(path_remove_tree(root, "f", &error), error);
	CHECK_EQ(path_remove_tree(root, "..", &error), -EINVAL);
	CHECK_EQ(path_remove_tree(root, "a/b", &error), -EINVAL);
	CHECK_STR(error.text, "remove a/b: not the name of an entry");
	CHECK_EQ(path_remove_tree(root, "", &error), -EINVAL);
	teardown();
}

// Many more levels than descriptors, with company on the way.
TEST(path_removes_deep_trees)
{
	setup();
	struct rlimit few = {64, 64};
	int fd = dup(root);

	for (int i = 0; i < 6000; i++) {
		CHECK(!mkdirat(fd, "deep", 0755));
		if (i % 500 == 0) {
			CHECK(!mkdirat(fd, "beside", 0755));
			CHECK(!mkdirat(fd, "beside/x", 0755));
			CHECK(!symlinkat("..", fd, "link"));
		}
		int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	CHECK(!setrlimit(RLIMIT_NOFILE, &few));
	CHECK_OK(path_remove_tree(root, "deep", &error), error);
	CHECK_EQ(faccessat(root, "deep", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	unlinkat(root, "link", 0);
	teardown();
}

TEST(path_removal_stops_at_mounts)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		test_skip("no mount namespace for us");
	setup();
	char path[PATH_MAX];
	dir_at("t");
	dir_at("t/d");
	dir_at("t/d/mnt");
	snprintf(path, sizeof(path), "%s/root/t/d/mnt", top_path);
	CHECK(!mount("none", path, "tmpfs", 0, NULL));
	file_at("t/d/mnt/precious");
	CHECK_EQ(path_remove_tree(root, "t", &error), -EBUSY);
	CHECK_STR(error.text, "remove t/d/mnt: it is a mount point or in use");
	CHECK(!faccessat(root, "t/d/mnt/precious", F_OK, AT_SYMLINK_NOFOLLOW));
	CHECK(!umount(path));
	// A mount hidden from this namespace's rmdir: a bind mount of the same file system.
	dir_at("kept");
	file_at("kept/precious");
	char kept[PATH_MAX];
	snprintf(kept, sizeof(kept), "%s/root/kept", top_path);
	CHECK(!mount(kept, path, NULL, MS_BIND, NULL));
	CHECK(path_remove_tree(root, "t", &error) < 0);
	CHECK(!faccessat(root, "kept/precious", F_OK, AT_SYMLINK_NOFOLLOW));
	CHECK(!umount(path));
	CHECK_OK(path_remove_tree(root, "t", &error), error);
	teardown();
}

TEST(path_removal_tells_what_failed)
{
	setup();
	if (geteuid())
		test_skip("not root");
	dir_at("t");
	dir_at("t/d");
	dir_at("t/d/e");
	file_at("t/d/e/f");
	static const char *const own[] = {".", "t", "t/d", "t/d/e", "t/d/e/f"};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		CHECK(!fchownat(root, own[i], 65534, 65534, 0));
	CHECK(!fchmodat(root, "t/d/e", 0500, 0));
	CHECK(!setegid(65534) && !seteuid(65534));
	CHECK_EQ(path_remove_tree(root, "t", &error), -EACCES);
	CHECK(!seteuid(0) && !setegid(0));
	CHECK_STR(error.text, "remove t/d/e/f: Permission denied");
	teardown();
}
