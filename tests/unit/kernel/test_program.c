// SPDX-License-Identifier: Apache-2.0
// What stands behind /proc/self/exe after program_hide_self, and that the process goes on as before.
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/program.h"
#include "test.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

static const char exe[] = "/proc/self/exe";
static int written = 42; // in the segment that is copied
static int *const relocated = &written;

static void need_mounts(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		test_skip("needs root");
	CHECK(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

// A process that was executed here: in a copy of the mount namespace the kernel remembers the original's mount for us.
static void hide(void)
{
	struct err e = {0};
	int mount = -1, fd = program_open_self(&mount, &e);

	CHECK_OK(fd, e);
	fd_close(mount);
	written++;
	CHECK_OK(program_hide_self(fd, &e), e);
	fd_close(fd);
}

static void check_sane(int expected)
{
	CHECK_EQ(written, expected);
	written++;
	CHECK_EQ(*relocated, expected + 1);
	pid_t pid = fork();
	if (!pid)
		_exit(*relocated - expected);
	int status = 0;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 1 << 8);
}

static void check_untouchable(const char *path)
{
	struct statvfs v;
	struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
	char link[FD_PATH_MAX];

	CHECK(open(path, O_RDWR | O_CLOEXEC) < 0 && (errno == EROFS || errno == ETXTBSY));
	CHECK(truncate(path, 0) < 0 && (errno == EROFS || errno == ETXTBSY));
	CHECK_EQ(chmod(path, 04755), -1);
	CHECK_EQ(errno, EROFS);
	CHECK_EQ(chown(path, 1, 1), -1);
	CHECK_EQ(errno, EROFS);
	CHECK_EQ(utimensat(AT_FDCWD, path, now, 0), -1);
	CHECK_EQ(errno, EROFS);
	CHECK(!statvfs(path, &v));
	CHECK(v.f_flag & ST_RDONLY && v.f_flag & ST_NOSUID);
	// The mount is nowhere: not even who may mount finds it to change it or to clone it.
	_cleanup_fd_ int at = open(path, O_PATH | O_CLOEXEC);
	CHECK(at >= 0);
	CHECK_EQ(sys_mount_setattr(at, "", AT_EMPTY_PATH, &writable, sizeof(writable)), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(sys_open_tree(at, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), -1);
	CHECK_EQ(errno, EINVAL);
	fd_proc_path(link, at);
	CHECK_EQ(mount("", link, NULL, MS_REMOUNT | MS_BIND, NULL), -1);
	CHECK_EQ(chmod(link, 04755), -1);
	CHECK_EQ(errno, EROFS);
}

TEST(program_hidden_cannot_be_changed)
{
	struct stat before, after;

	if (geteuid() != 0)
		test_skip("needs root");
	CHECK(!stat(exe, &before));
	hide();
	check_untouchable(exe);
	check_sane(43);
	CHECK(!stat(exe, &after));
	CHECK_EQ(before.st_ino, after.st_ino); // no copy: memory is shared
	CHECK_EQ(before.st_mode, after.st_mode);
}

TEST(program_hidden_stays_hidden_in_children)
{
	int status = 0;

	if (geteuid() != 0)
		test_skip("needs root");
	hide();
	pid_t pid = fork();
	if (!pid) {
		check_untouchable(exe);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

// Nothing of what is mapped is the original any more, or the kernel would have refused; and nothing is writable now
// that was not before.
TEST(program_hidden_keeps_protections)
{
	static char map[65536];
	struct err e = {0};

	if (geteuid() != 0)
		test_skip("needs root");
	hide();
	_cleanup_fd_ int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	CHECK(fd_read_full(fd, map, sizeof(map) - 1) > 0);
	CHECK(!strstr(map, "unit-kernel"));
	CHECK(!strstr(map, "rwx"));
	uintptr_t table = (uintptr_t)&relocated;
	bool found = false;
	for (char *line = map; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end = NULL;
		uintptr_t from = strtoull(line, &end, 16), to = strtoull(end + 1, &end, 16);
		if (table < from || table >= to)
			continue;
		found = true;
		CHECK(str_starts(end, " r--p"));
	}
	CHECK(found);
	err_clear(&e);
}

TEST(program_found_by_path_in_another_mount_namespace)
{
	need_mounts();
	hide();
	check_untouchable(exe);
	check_sane(43);
}

TEST(program_copied_where_it_cannot_be_cloned)
{
	char dir[PATH_MAX];
	struct stat before, after;

	ssize_t n = readlink(exe, dir, sizeof(dir) - 1);
	CHECK(n > 0);
	dir[n] = '\0';
	need_mounts();
	*strrchr(dir, '/') = '\0';
	CHECK(!mount("tmpfs", dir, "tmpfs", 0, NULL));
	CHECK(!stat(exe, &before));
	hide();
	CHECK(!stat(exe, &after));
	CHECK(before.st_dev != after.st_dev || before.st_ino != after.st_ino);
	CHECK_EQ(after.st_size, before.st_size);
	CHECK(open(exe, O_RDWR | O_CLOEXEC) < 0);
	CHECK(truncate(exe, 0) < 0);
	check_sane(43);
}

TEST(program_of_another_file_is_refused)
{
	struct err e = {0};
	_cleanup_fd_ int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(program_hide_self(fd, &e), -ESTALE);
	CHECK_STR(e.text,
		  "keep our program file out of the container: our program file is not what we were loaded from");
}

// A device can be written through a read-only mount, but not changed.
TEST(program_readonly_device)
{
	struct err e = {0};

	if (geteuid() != 0)
		test_skip("needs root");
	_cleanup_fd_ int fd = program_open_readonly("/dev/null", O_RDWR, NULL, &e);
	CHECK_OK(fd, e);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(fchmod(fd, 0600), -1);
	CHECK_EQ(errno, EROFS);
	CHECK_EQ(fchown(fd, 1, 1), -1);
	CHECK_EQ(errno, EROFS);
	CHECK_EQ(program_open_readonly("/no/such", O_PATH, NULL, &e), -ENOENT);
	CHECK_STR(e.text, "/no/such: No such file or directory");
}

// As long as its mount is held the file could be made writable again; that is why both sides close it in time.
TEST(program_mount_is_out_of_reach_once_closed)
{
	struct err e = {0};
	struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
	int mount = -1;

	if (geteuid() != 0)
		test_skip("needs root");
	_cleanup_fd_ int fd = program_open_self(&mount, &e);
	CHECK_OK(fd, e);
	CHECK(mount >= 0);
	int copy = fcntl(mount, F_DUPFD_CLOEXEC, 3);
	fd_close(mount);
	CHECK(!sys_mount_setattr(fd, "", AT_EMPTY_PATH, &writable, sizeof(writable)));
	fd_close(copy);
	CHECK_EQ(sys_mount_setattr(fd, "", AT_EMPTY_PATH, &writable, sizeof(writable)), -1);
	CHECK_EQ(errno, EINVAL);
}
