// SPDX-License-Identifier: Apache-2.0
// The unpacker's cell seen from outside, the store in an ordinary user's namespace, and a disk that fills up.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"
#include "image/unpack.h"
#include "test.h"

#include <dirent.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static char *read_proc(pid_t pid, const char *name)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, name);
	struct buf b = BUF_INIT(64 << 10);
	struct err e;

	CHECK_OK(file_read(AT_FDCWD, path, 64 << 10, &b, &e), e);
	return buf_take(&b);
}

static pid_t only_child(void)
{
	_cleanup_free_ char *name = xasprintf("task/%d/children", getpid()), *list = read_proc(getpid(), name);

	return (pid_t)strtol(list ? list : "0", NULL, 10);
}

static const char *field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	CHECK(at != NULL);
	return at + strlen(name) + 1;
}

TEST(confine_the_unpacker_is_locked_away)
{
	const struct codec *c = NULL;
	struct unpack *u = NULL;
	const char *root = NULL;
	struct err e;

	if (geteuid())
		test_skip("needs root");
	_cleanup_fd_ int top = scratch(&root);
	_cleanup_fd_ int secret = open("/etc/passwd", O_RDONLY); // not even O_CLOEXEC
	CHECK_OK(codec_load(&c, &e), e);
	CHECK_OK(unpack_start(top, c, &unpack_limits_default, "trusted.", &u, &e), e);
	pid_t pid = only_child();
	CHECK(pid > 0);
	_cleanup_buf_ struct buf status = BUF_INIT(64 << 10);
	for (int i = 0; i < 2000 && !strstr(status.data, "Seccomp:\t2"); i++) { // until it waits for input
		_cleanup_free_ char *text = read_proc(pid, "status");
		buf_reset(&status);
		buf_adds(&status, text);
		usleep(1000);
	}
	CHECK_CONTAINS(status.data, "Seccomp:\t2");
	CHECK_CONTAINS(status.data, "NoNewPrivs:\t1");
	unsigned long long caps = strtoull(field(status.data, "CapPrm:"), NULL, 16);
	CHECK_EQ(caps, 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID |
			       1ULL << CAP_MKNOD | 1ULL << CAP_SETFCAP);
	CHECK_EQ(strtoull(field(status.data, "CapEff:"), NULL, 16), caps);
	CHECK_EQ(strtoull(field(status.data, "CapInh:"), NULL, 16), 0);
	_cleanup_free_ char *link = xasprintf("/proc/%d/root", pid), *fds = xasprintf("/proc/%d/fd", pid);
	char target[256] = "";
	CHECK(readlink(link, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, root);
	DIR *d = opendir(fds);
	const struct dirent *x = NULL;
	size_t n = 0;
	while ((x = readdir(d)))
		if (x->d_name[0] != '.' && strtol(x->d_name, NULL, 10) > 2)
			n++;
	closedir(d);
	CHECK_EQ(n, 2); // bytes in, result out
	unpack_abort(u);
}

static void fill(struct buf *b)
{
	ADD(b, .name = "dev/", .type = '5', .mode = 0755);
	ADD(b, .name = "dev/null", .type = '3', .major = 1, .minor = 3, .mode = 0666);
	ADD(b, .name = "owned", .data = "x", .uid = 1000, .gid = 1000, .mode = 04755);
	ADD(b, .name = "var/.wh..wh..opq");
	ADD(b, .name = ".wh.gone");
	archive_end(b);
}

static int write_input(int top, const struct buf *b)
{
	int fd = openat(top, "input", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK_EQ(fd_write_full(fd, b->data, b->len), b->len);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

// Whether everybody may search every folder above our own program, where the codec module is.
static bool reachable_by_all(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct stat st;

	CHECK(n > 0);
	for (path[n] = 0; strrchr(path, '/') > path;) {
		*strrchr(path, '/') = 0;
		if (stat(path, &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

// What runs inside the namespace: 0 is 100000 outside.
static void in_namespace(const char *root, int input)
{
	_cleanup_free_ char *state = path_join(root, "state"), *file = path_join(root, "state/berth.db");
	struct db *db = NULL;
	struct image_store *s = NULL;
	struct image *i = NULL;
	struct err e;
	struct stat st;
	char *id = NULL, v[4];

	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(state, db, &s, &e), e);
	CHECK_OK(image_import(s, NULL, input, &(struct image_import){.ref = "x"}, NULL, NULL, &id, &e), e);
	CHECK_OK(image_resolve(s, "x", &i, &e), e);
	_cleanup_free_ char *dir = xasprintf("%s/layers/%s", state, i->layer_dirs[0]), *var = path_join(dir, "var"),
			    *owned = path_join(dir, "owned"), *null = path_join(dir, "dev/null"),
			    *gone = path_join(dir, "gone");
	CHECK_EQ(stat(owned, &st), 0);
	CHECK_EQ(st.st_uid, 1000);
	CHECK_EQ(st.st_mode & 07777, 04755);
	CHECK(lstat(null, &st) && errno == ENOENT); // as rootless engines do
	CHECK_EQ(lstat(gone, &st), 0);
	CHECK(S_ISCHR(st.st_mode) && !st.st_rdev);
	CHECK_EQ(getxattr(var, "user.overlay.opaque", v, sizeof(v)), 1);
	_cleanup_free_ char *c = path_join(state, "c");
	CHECK_EQ(mkdir(c, 0700), 0);
	_cleanup_fd_ int container = open(c, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static const unsigned ways[] = {0, SNAPSHOT_CLASSIC};
	for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
		_cleanup_fd_ int merged = image_snapshot(s, i, container, SNAPSHOT_USERXATTR | ways[k], -1, &e);
		CHECK_OK(merged, e);
		CHECK_EQ(fstatat(merged, "owned", &st, 0), 0);
	}
	image_free(i);
	image_store_close(s);
	db_close(db);
}

TEST(confine_store_in_a_user_namespace)
{
	if (!reachable_by_all())
		test_skip("the build folder is closed to other users");
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	const char *root = NULL;
	int ready[2], go[2], status = -1;
	char c = 0;

	if (geteuid())
		test_skip("needs root");
	_cleanup_fd_ int top = scratch(&root);
	fill(&b);
	_cleanup_fd_ int input = write_input(top, &b);
	CHECK_EQ(fchmod(top, 0755), 0);
	CHECK_EQ(mkdirat(top, "state", 0755) | fchownat(top, "state", 100000, 100000, 0), 0);
	CHECK_EQ(pipe(ready) | pipe(go), 0);
	pid_t pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			test_skip("no user namespaces here");
		CHECK_EQ(write(ready[1], &c, 1), 1);
		CHECK_EQ(read(go[0], &c, 1), 1);
		CHECK_EQ(setresgid(0, 0, 0) | setresuid(0, 0, 0), 0);
		CHECK_EQ(unshare(CLONE_NEWNS), 0); // as an engine does first
		in_namespace(root, input);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	static const char *const maps[] = {"uid_map", "gid_map"};
	struct err e;
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, maps[i]);
		CHECK_OK(file_write_kernel(AT_FDCWD, path, "0 100000 65536", &e), e);
	}
	CHECK_EQ(write(go[1], &c, 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST(confine_disk_full_leaves_nothing)
{
	_cleanup_buf_ struct buf b = ARCHIVE_INIT;
	const char *root = NULL;
	struct db *db = NULL;
	struct image_store *s = NULL;
	struct statvfs before, after;
	struct err e;
	char *id = NULL;
	enum { SIZE = 6 << 20 };

	if (geteuid())
		test_skip("needs root");
	_cleanup_fd_ int top = scratch(&root);
	_cleanup_free_ char *data = xmalloc(SIZE), *small = path_join(root, "small"),
			    *file = path_join(root, "berth.db");
	memset(data, 'x', SIZE);
	ADD(&b, .name = "big", .data = data, .len = SIZE);
	archive_end(&b);
	_cleanup_fd_ int input = write_input(top, &b);
	CHECK_EQ(mkdir(small, 0755), 0);
	CHECK_EQ(unshare(CLONE_NEWNS) | mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_EQ(mount("small", small, "tmpfs", 0, "size=9m"), 0); // the blob fits, blob and layer do not
	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(small, db, &s, &e), e);
	CHECK_EQ(statvfs(small, &before), 0);
	CHECK_EQ(image_import(s, NULL, input, &(struct image_import){.ref = "x"}, NULL, NULL, &id, &e), -ENOSPC);
	CHECK_EQ(e.class, ERR_EXHAUSTED);
	CHECK_CONTAINS(e.text, "No space left on device");
	CHECK_EQ(statvfs(small, &after), 0);
	CHECK_EQ(before.f_bfree, after.f_bfree);
	static const char *const empty[] = {"layers", "images/blobs/sha256"};
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		_cleanup_free_ char *path = path_join(small, empty[i]);
		CHECK_EQ(rmdir(path), 0);
	}
	image_store_close(s);
	db_close(db);
	CHECK_EQ(umount2(small, MNT_DETACH), 0);
}
