// SPDX-License-Identifier: Apache-2.0
// Snapshots: what a container sees of its layers, and the ways to mount them.
#include "archive.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/image.h"
#include "test.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

static const char *root;
static int top, container;
static struct db *db;
static struct image_store *store;

static void begin(void)
{
	struct err e;

	if (geteuid())
		test_skip("needs root");
	top = scratch(&root);
	_cleanup_free_ char *file = path_join(root, "berth.db");
	CHECK_OK(db_open(file, &db, &e), e);
	CHECK_OK(image_store_open(root, db, &store, &e), e);
	CHECK_EQ(mkdirat(top, "c", 0700), 0);
	container = openat(top, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(container >= 0);
}

static void end(void)
{
	image_store_close(store);
	db_close(db);
}

// A layer's folder made by hand, with one file and perhaps a whiteout.
static void make_layer(const char *name, const char *file, const char *whiteout)
{
	_cleanup_free_ char *dir = xasprintf("layers/%s", name), *path = xasprintf("layers/%s/%s", name, file);

	CHECK_EQ(mkdirat(top, dir, 0755), 0);
	_cleanup_fd_ int fd = openat(top, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_EQ(fd_write_full(fd, name, strlen(name)), strlen(name));
	if (whiteout) {
		_cleanup_free_ char *w = xasprintf("layers/%s/%s", name, whiteout);
		CHECK_EQ(mknodat(top, w, S_IFCHR, makedev(0, 0)), 0);
	}
}

static char *read_in(int dir, const char *name)
{
	struct buf b = BUF_INIT(4096);
	struct err e;

	return file_read(dir, name, 4095, &b, &e) < 0 ? NULL : buf_take(&b);
}

static unsigned how; // SNAPSHOT_CLASSIC or 0

static int snapshot(char **dirs, unsigned flags, int userns, struct err *e)
{
	struct image i = {.layer_dirs = dirs, .diffids = dirs};

	return image_snapshot(store, &i, container, flags | how, userns, e);
}

static void check_stacks_layers(void)
{
	static char *dirs[] = {(char *)"low", (char *)"high", NULL};
	struct err e;

	begin();
	make_layer("low", "a", NULL);
	make_layer("high", "b", "a");
	_cleanup_fd_ int fd = snapshot(dirs, 0, -1, &e);
	CHECK_OK(fd, e);
	_cleanup_free_ char *b = read_in(fd, "b"), *a = read_in(fd, "a");
	CHECK_STR(b, "high");
	CHECK(!a);
	_cleanup_fd_ int new = openat(fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(new >= 0);
	CHECK_EQ(faccessat(container, "upper/new", F_OK, 0), 0);
	struct stat st;
	CHECK_EQ(fstatat(container, "upper", &st, 0), 0);
	CHECK_EQ(st.st_mode & 07777, 0755);
	CHECK_EQ(fstatat(container, "work", &st, 0), 0);
	CHECK_EQ(st.st_mode & 07777, 0700);
	end();
}

TEST(snapshot_stacks_layers)
{
	check_stacks_layers();
}
TEST(snapshot_stacks_layers_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_stacks_layers();
}

static void check_readonly(void)
{
	static char *dirs[] = {(char *)"low", NULL};
	struct err e;

	begin();
	make_layer("low", "a", NULL);
	_cleanup_fd_ int fd = snapshot(dirs, SNAPSHOT_READONLY, -1, &e);
	CHECK_OK(fd, e);
	_cleanup_free_ char *a = read_in(fd, "a");
	CHECK_STR(a, "low");
	CHECK(openat(fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644) < 0 && errno == EROFS);
	CHECK(faccessat(container, "upper", F_OK, 0));
	end();
}

TEST(snapshot_readonly)
{
	check_readonly();
}
TEST(snapshot_readonly_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_readonly();
}

static void check_of_no_layers_and_of_twice_the_same(void)
{
	static char *none[] = {NULL}, *twice[] = {(char *)"low", (char *)"high", (char *)"low", NULL};
	struct err e;

	begin();
	_cleanup_fd_ int fd = snapshot(none, 0, -1, &e);
	CHECK_OK(fd, e);
	fd_close(TAKE_FD(fd));
	make_layer("low", "a", NULL);
	make_layer("high", "b", "a");
	_cleanup_fd_ int again = snapshot(twice, 0, -1, &e);
	CHECK_OK(again, e);
	_cleanup_free_ char *a = read_in(again, "a");
	CHECK_STR(a, "low");
	end();
}

TEST(snapshot_of_no_layers_and_of_twice_the_same)
{
	check_of_no_layers_and_of_twice_the_same();
}
TEST(snapshot_of_no_layers_and_of_twice_the_same_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_of_no_layers_and_of_twice_the_same();
}

TEST(snapshot_missing_layer_is_told)
{
	static char *dirs[] = {(char *)"nowhere", NULL};
	struct err e;

	begin();
	CHECK_EQ(snapshot(dirs, 0, -1, &e), -ENOENT);
	CHECK_CONTAINS(e.text, "root filesystem: open layer nowhere: it is missing; load the image again");
	end();
}

static void check_hundreds_of_layers(void)
{
	enum { LAYERS = 300 };
	char **dirs = NULL;
	struct err e;

	begin();
	for (int i = 0; i < LAYERS; i++) {
		_cleanup_free_ char *name = xasprintf("layer%07d", i);
		make_layer(name, "same", NULL);
		strv_push(&dirs, name);
	}
	_cleanup_fd_ int fd = snapshot(dirs, 0, -1, &e);
	CHECK_OK(fd, e);
	_cleanup_free_ char *text = read_in(fd, "same");
	CHECK_STR(text, "layer0000299");
	strv_free(dirs);
	end();
}

TEST(snapshot_hundreds_of_layers)
{
	check_hundreds_of_layers();
}
TEST(snapshot_hundreds_of_layers_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_hundreds_of_layers();
}

static void check_volatile_again(void)
{
	static char *dirs[] = {(char *)"low", NULL};
	struct err e;

	begin();
	make_layer("low", "a", NULL);
	for (int i = 0; i < 2; i++) { // the mark of the first must not stop the second
		_cleanup_fd_ int fd = snapshot(dirs, SNAPSHOT_VOLATILE, -1, &e);
		CHECK_OK(fd, e);
		_cleanup_fd_ int new = openat(fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		CHECK(new >= 0);
	}
	end();
}

TEST(snapshot_volatile_again)
{
	check_volatile_again();
}
TEST(snapshot_volatile_again_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_volatile_again();
}

// A user namespace that shows 0 as 100000, 65536 ids long; held open by a descriptor.
static int make_userns(void)
{
	int ready[2], done[2];
	char c = 0;

	CHECK_EQ(pipe(ready) | pipe(done), 0);
	pid_t pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(1);
		if (write(ready[1], &c, 1) != 1 || read(done[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	static const char *const maps[] = {"uid_map", "gid_map"};
	struct err e;
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *path = xasprintf("/proc/%d/%s", pid, maps[i]);
		CHECK_OK(file_write_kernel(AT_FDCWD, path, "0 100000 65536", &e), e);
	}
	_cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(write(done[1], &c, 1), 1);
	waitpid(pid, NULL, 0);
	return fd;
}

static void check_maps_ids(void)
{
	static char *dirs[] = {(char *)"low", NULL};
	struct err e;
	struct stat st;

	begin();
	make_layer("low", "a", NULL);
	_cleanup_fd_ int ns = make_userns();
	_cleanup_fd_ int fd = snapshot(dirs, 0, ns, &e);
	CHECK_OK(fd, e);
	CHECK_EQ(fstatat(fd, "a", &st, 0), 0);
	CHECK_EQ(st.st_uid, 100000);
	CHECK_EQ(fstatat(fd, ".", &st, 0), 0);
	CHECK_EQ(st.st_uid, 100000);
	CHECK_EQ(fstatat(top, "layers/low/a", &st, 0), 0);
	CHECK_EQ(st.st_uid, 0);
	end();
}

TEST(snapshot_maps_ids)
{
	check_maps_ids();
}
TEST(snapshot_maps_ids_classic)
{
	how = SNAPSHOT_CLASSIC;
	check_maps_ids();
}
