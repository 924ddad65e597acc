// SPDX-License-Identifier: Apache-2.0
// The filter cache: hits, misses, and every way a file can be wrong.
#include "seccomp_util.h"

#include "base/fd.h"
#include "base/path.h"
#include "kernel/capability.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct box {
	char dir[64];
	int fd;
	struct arena arena;
	struct oci_seccomp *p;
	struct seccomp_filter plain; // compiled without a cache
};

static void box_open(struct box *b)
{
	struct err e = {0};

	*b = (struct box){.dir = "/tmp/berth-test-seccomp-XXXXXX"};
	CHECK(mkdtemp(b->dir));
	b->fd = open(b->dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	CHECK(b->fd >= 0);
	b->p = seccomp_default_profile(&b->arena, capability_default());
	CHECK_OK(seccomp_compile(b->p, &b->plain, &e), e);
}

static void box_close(struct box *b)
{
	struct err e = {0};

	seccomp_filter_done(&b->plain);
	arena_done(&b->arena);
	close(b->fd);
	int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(tmp >= 0);
	CHECK_OK(path_remove_tree(tmp, path_basename(b->dir), &e), e);
	close(tmp);
}

// The only file of the directory.
static void file_name(const struct box *b, char name[256])
{
	DIR *d = opendir(b->dir);
	unsigned n = 0;

	CHECK(d);
	for (struct dirent *de; (de = readdir(d));)
		if (de->d_name[0] != '.') {
			snprintf(name, 256, "%s", de->d_name);
			n++;
		}
	closedir(d);
	CHECK_EQ(n, 1);
}

static ino_t inode(const struct box *b)
{
	char name[256];
	struct stat st;

	file_name(b, name);
	CHECK_EQ(fstatat(b->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600);
	return st.st_ino;
}

// Gets the filter through the cache, which must be the one compiled without it.
static void get(const struct box *b)
{
	struct seccomp_filter f = {0};
	struct err e = {0};

	CHECK_OK(seccomp_compile_cached(b->fd, b->p, &f, &e), e);
	CHECK_EQ(f.n, b->plain.n);
	CHECK_EQ(f.flags, b->plain.flags);
	CHECK_EQ(f.needs_notify, b->plain.needs_notify);
	CHECK(!memcmp(f.insns, b->plain.insns, f.n * sizeof(*f.insns)));
	seccomp_filter_done(&f);
}

TEST(seccomp_cache_hits)
{
	struct box b;

	box_open(&b);
	get(&b);
	ino_t first = inode(&b);
	get(&b);
	CHECK_EQ(inode(&b), first);
	b.p->flags = (struct oci_strings){0};
	oci_strings_add(&b.arena, &b.p->flags, "SECCOMP_FILTER_FLAG_LOG");
	struct seccomp_filter f = {0};
	struct err e = {0};
	CHECK_OK(seccomp_compile_cached(b.fd, b.p, &f, &e), e);
	CHECK(f.flags != b.plain.flags);
	seccomp_filter_done(&f);
	box_close(&b);
}

TEST(seccomp_cache_tells_profiles_apart)
{
	struct box b;
	struct seccomp_filter f = {0};
	struct err e = {0};

	box_open(&b);
	get(&b);
	b.p->rules[0].names.n--;
	CHECK_OK(seccomp_compile_cached(b.fd, b.p, &f, &e), e);
	CHECK(f.n != b.plain.n || memcmp(f.insns, b.plain.insns, f.n * sizeof(*f.insns)) != 0);
	seccomp_filter_done(&f);
	b.p->rules[0].names.n++;
	get(&b);
	box_close(&b);
}

// After damage the right filter comes out, and the file is made anew.
static void survive(const struct box *b, const char *what)
{
	ino_t damaged = inode(b);

	get(b);
	if (inode(b) == damaged)
		test_fail(__FILE__, __LINE__, "%s: not replaced", what);
	damaged = inode(b);
	get(b);
	CHECK_EQ(inode(b), damaged);
}

TEST(seccomp_cache_survives_flipped_bits)
{
	struct box b;
	char name[256];
	struct stat st;

	box_open(&b);
	get(&b);
	file_name(&b, name);
	CHECK_EQ(fstatat(b.fd, name, &st, 0), 0);
	for (off_t at = 0; at < st.st_size; at += at < 64 ? 1 : 97) {
		int fd = openat(b.fd, name, O_RDWR | O_CLOEXEC);
		unsigned char c = 0;
		CHECK(fd >= 0 && pread(fd, &c, 1, at) == 1);
		c ^= (unsigned char)(1 << (at % 8));
		CHECK_EQ(pwrite(fd, &c, 1, at), 1);
		// A new file gets a new inode only while the old one is still held.
		survive(&b, "flipped bit");
		close(fd);
	}
	box_close(&b);
}

TEST(seccomp_cache_survives_wrong_lengths)
{
	static const off_t lengths[] = {0, 1, 8, 55, 56, 57, 64, 1000, 1 << 20, 1 << 24};
	struct box b;
	char name[256];

	box_open(&b);
	get(&b);
	file_name(&b, name);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		int fd = openat(b.fd, name, O_RDWR | O_CLOEXEC);
		CHECK(fd >= 0);
		CHECK_EQ(ftruncate(fd, lengths[i]), 0);
		survive(&b, "wrong length");
		close(fd);
	}
	box_close(&b);
}

TEST(seccomp_cache_ignores_foreign_files)
{
	struct box b;
	char name[256];

	if (geteuid())
		test_skip("needs root");
	box_open(&b);
	get(&b);
	file_name(&b, name);
	int fd = openat(b.fd, name, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(fchown(fd, 12345, (gid_t)-1), 0);
	survive(&b, "foreign owner");
	close(fd);
	fd = openat(b.fd, name, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(fchmod(fd, 0666), 0);
	struct stat st;
	CHECK_EQ(fstat(fd, &st), 0);
	get(&b);
	CHECK(inode(&b) != st.st_ino);
	close(fd);
	box_close(&b);
}

TEST(seccomp_cache_ignores_links_pipes_and_directories)
{
	struct box b;
	char name[256];

	box_open(&b);
	get(&b);
	file_name(&b, name);
	CHECK_EQ(renameat(b.fd, name, b.fd, ".aside"), 0);
	CHECK_EQ(symlinkat(".aside", b.fd, name), 0);
	get(&b);
	inode(&b); // a regular file again
	CHECK_EQ(unlinkat(b.fd, name, 0), 0);
	CHECK_EQ(mkfifoat(b.fd, name, 0600), 0);
	get(&b);
	inode(&b);
	CHECK_EQ(unlinkat(b.fd, name, 0), 0);
	CHECK_EQ(mkdirat(b.fd, name, 0700), 0);
	get(&b); // cannot be replaced by a file; costs the speed only
	box_close(&b);
}

TEST(seccomp_cache_without_a_place)
{
	struct box b;

	box_open(&b);
	close(b.fd);
	b.fd = -1;
	get(&b);
	b.fd = open("/proc/self", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	CHECK(b.fd >= 0);
	get(&b);
	box_close(&b);
}

TEST(seccomp_cache_passes_errors_on)
{
	struct box b;
	struct seccomp_filter f = {0};
	struct err e = {0};

	box_open(&b);
	b.p->default_action = OCI_ACT_NOTIFY;
	CHECK_EQ(seccomp_compile_cached(b.fd, b.p, &f, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "default action");
	CHECK(!f.insns);
	box_close(&b);
}
