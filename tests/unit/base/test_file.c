// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A temporary folder that is gone after the test; the descriptor stays.
static int scratch(void)
{
	char path[] = "/tmp/berth-unit-XXXXXX";

	CHECK(mkdtemp(path));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(fchdir(fd), 0);
	return fd;
}

static void scratch_done(int *fd)
{
	char link[FD_PATH_MAX], path[256] = "";

	_cleanup_dir_ DIR *d = fdopendir(dup(*fd));
	for (struct dirent *en; d && (en = readdir(d));)
		if (unlinkat(*fd, en->d_name, 0) < 0)
			unlinkat(*fd, en->d_name, AT_REMOVEDIR);
	fd_proc_path(link, *fd);
	CHECK(readlink(link, path, sizeof(path) - 1) > 0);
	CHECK_EQ(rmdir(path), 0);
	fd_close_p(fd);
}
#define SCRATCH(name) __attribute__((cleanup(scratch_done))) int name = scratch()

static int entries(int dir)
{
	int n = 0;

	_cleanup_dir_ DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	CHECK(d);
	for (struct dirent *en; (en = readdir(d));)
		n += en->d_name[0] != '.' || (en->d_name[1] && en->d_name[1] != '.');
	return n;
}

static const char *slurp(int dir, const char *name)
{
	static char text[256];
	_cleanup_buf_ struct buf b = {0};
	struct err e = {0};

	CHECK_OK(file_read(dir, name, sizeof(text) - 1, &b, &e), e);
	memcpy(text, b.data, b.len + 1);
	return text;
}

TEST(file_written_atomically)
{
	SCRATCH(dir);
	struct err e = {0};
	struct stat st;

	umask(077);
	for (int round = 0; round < 2; round++) {
		CHECK_OK(file_write_atomic(dir, "state", round ? "second" : "first", round ? 6 : 5, 0664, round, &e),
			 e);
		CHECK_STR(slurp(dir, "state"), round ? "second" : "first");
		CHECK_EQ(fstatat(dir, "state", &st, 0), 0);
		CHECK_EQ(st.st_mode & 07777, 0664);
	}
	CHECK_EQ(entries(dir), 1);
	CHECK_EQ(mkdirat(dir, "sub", 0700), 0);
	CHECK_OK(file_write_atomic(dir, "sub/x", "", 0, 0600, true, &e), e);
	CHECK_STR(slurp(dir, "sub/x"), "");
	CHECK_EQ(unlinkat(dir, "sub/x", 0), 0);
}

TEST(file_replaces_a_link_not_its_target)
{
	SCRATCH(dir);
	struct err e = {0};

	CHECK_OK(file_write_atomic(dir, "target", "old", 3, 0600, false, &e), e);
	CHECK_EQ(symlinkat("target", dir, "link"), 0);
	CHECK_OK(file_write_atomic(dir, "link", "new", 3, 0600, false, &e), e);
	CHECK_STR(slurp(dir, "target"), "old");
	CHECK_STR(slurp(dir, "link"), "new");
}

TEST(file_write_failure_leaves_nothing)
{
	SCRATCH(dir);
	struct err e = {0};

	CHECK_EQ(file_write_atomic(dir, "missing/x", "x", 1, 0600, false, &e), -ENOENT);
	CHECK_CONTAINS(e.text, "write missing/x: ");
	CHECK_EQ(e.class, ERR_NOT_FOUND);
	CHECK_EQ(mkdirat(dir, "taken", 0700), 0);
	CHECK_EQ(file_write_atomic(dir, "taken", "x", 1, 0600, false, &e), -EISDIR);
	CHECK_EQ(entries(dir), 1);
	// A name near NAME_MAX leaves room for the temporary's.
	char name[256];
	memset(name, 'n', 255);
	name[255] = '\0';
	CHECK_OK(file_write_atomic(dir, name, "x", 1, 0600, false, &e), e);
	CHECK_EQ(entries(dir), 2);
}

TEST(file_read_is_bounded)
{
	SCRATCH(dir);
	struct err e = {0};
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	buf_adds(&b, "kept ");
	CHECK_OK(file_write_atomic(dir, "f", "0123456789", 10, 0600, false, &e), e);
	CHECK_EQ(file_read(dir, "f", 9, &b, &e), -EFBIG);
	CHECK_STR(e.text, "read f: larger than 9 bytes");
	CHECK_STR(b.data, "kept ");
	CHECK_OK(file_read(dir, "f", 10, &b, &e), e);
	CHECK_STR(b.data, "kept 0123456789");
	CHECK_EQ(file_read(dir, "none", 10, &b, &e), -ENOENT);
	CHECK_STR(e.text, "open none: No such file or directory");
	CHECK_EQ(file_read(dir, ".", 10, &b, &e), -EISDIR);
	CHECK_STR(b.data, "kept 0123456789");
}

TEST(file_read_regular_refuses_the_rest)
{
	SCRATCH(dir);
	struct err e = {0};
	_cleanup_buf_ struct buf b = BUF_INIT(100);

	CHECK_EQ(mkfifoat(dir, "fifo", 0600), 0);
	_cleanup_fd_ int fifo = openat(dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK_EQ(file_read_regular(fifo, 100, &b, &e), -EINVAL);
	CHECK_STR(e.text, "not a regular file");
	_cleanup_fd_ int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(file_read_regular(zero, 100, &b, &e), -EINVAL);
	CHECK_OK(file_write_atomic(dir, "f", "data", 4, 0600, false, &e), e);
	_cleanup_fd_ int fd = openat(dir, "f", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK_EQ(file_read_regular(fd, 3, &b, &e), -EFBIG);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_OK(file_read_regular(fd, 4, &b, &e), e);
	CHECK_STR(b.data, "data");
}

TEST(file_write_kernel_does_not_create)
{
	SCRATCH(dir);
	struct err e = {0};

	CHECK_EQ(file_write_kernel(dir, "pids.max", "5", &e), -ENOENT);
	CHECK_STR(e.text, "open pids.max: No such file or directory");
	CHECK_EQ(entries(dir), 0);
	CHECK_EQ(file_write_kernel(AT_FDCWD, "/proc/self/oom_score_adj", "5000\n", &e), -EINVAL);
	CHECK_STR(e.text, "write \"5000\" to /proc/self/oom_score_adj: Invalid argument");
	CHECK_OK(file_write_kernel(AT_FDCWD, "/proc/self/oom_score_adj", "500", &e), e);
	CHECK_STR(slurp(AT_FDCWD, "/proc/self/oom_score_adj"), "500\n");
}
