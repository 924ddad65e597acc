// SPDX-License-Identifier: Apache-2.0
// Filling a volume: everything but devices, nothing followed, ids shifted.
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/volume_copy.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void remove_folder(const char *path)
{
	_cleanup_fd_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = {0};

	CHECK_OK(path_remove_tree(tmp, path_basename(path), &e), e);
}

static int folder(char dir[static 64])
{
	str_copy(dir, 64, "/tmp/berth-unit-copy.XXXXXX");
	CHECK(mkdtemp(dir));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

TEST(volume_copy_all_kinds)
{
	char from_dir[64], to_dir[64], text[64];
	_cleanup_fd_ int from = folder(from_dir), to = folder(to_dir);
	_cleanup_buf_ struct buf b = BUF_INIT(64);
	struct err e = {0};
	struct stat st;

	if (geteuid())
		test_skip("changing owners needs root");
	CHECK(!fchmod(from, 0750));
	CHECK(!mkdirat(from, "sub", 0711));
	CHECK(!file_write_atomic(from, "sub/file", "data", 4, 04755, false, &e));
	CHECK(!fchownat(from, "sub/file", 100007, 100008, 0) && !fchmodat(from, "sub/file", 04755, 0));
	CHECK(!symlinkat("/etc/shadow", from, "link"));
	CHECK(!mkfifoat(from, "fifo", 0600));
	CHECK(!mknodat(from, "null", S_IFCHR | 0666, makedev(1, 3)));
	CHECK_OK(volume_copy(from, to, (struct engine_idrange){100000, 65536}, &e), e);
	CHECK(!fstat(to, &st) && (st.st_mode & 07777) == 0750);
	CHECK(!fstatat(to, "sub/file", &st, 0));
	CHECK_EQ(st.st_uid, 7);
	CHECK_EQ(st.st_gid, 8);
	CHECK_EQ(st.st_mode & 07777, 04755);
	CHECK_OK(file_read(to, "sub/file", 64, &b, &e), e);
	CHECK_STR(b.data, "data");
	CHECK(readlinkat(to, "link", text, sizeof(text)) == 11);
	CHECK(!fstatat(to, "fifo", &st, 0) && S_ISFIFO(st.st_mode));
	CHECK(faccessat(to, "null", F_OK, 0) && errno == ENOENT);
	remove_folder(from_dir);
	remove_folder(to_dir);
}
