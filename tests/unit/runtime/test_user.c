// SPDX-License-Identifier: Apache-2.0
// User strings against databases that cannot be trusted.
#include "box.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

static int resolve(struct box *b, const char *user, const char *const *extra, struct container_user *u)
{
	int root = open(b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	err_clear(&b->e);
	int rc = container_user_resolve(root, user, extra, u, &b->e);
	close(root);
	return rc;
}

static void check(struct box *b, const char *user, uint32_t uid, uint32_t gid, size_t n_groups, const char *home)
{
	struct container_user u;
	CHECK_OK(resolve(b, user, NULL, &u), b->e);
	CHECK_EQ(u.uid, uid);
	CHECK_EQ(u.gid, gid);
	CHECK_EQ(u.n_groups, n_groups);
	CHECK_STR(u.home, home);
	container_user_done(&u);
}

TEST(user_forms)
{
	struct box *b = box_new();
	box_file(b, "etc/group", "root:x:0:\nstaff:x:50:other,app\ndocker:x:60:app\nappx:x:61:appx\n", 0644);
	check(b, NULL, 0, 0, 0, "/root");
	check(b, "", 0, 0, 0, "/root");
	check(b, "app", 1000, 1001, 2, "/home/app");
	check(b, "1000", 1000, 1001, 2, "/home/app");
	check(b, "app:docker", 1000, 60, 0, "/home/app");
	check(b, "app:77", 1000, 77, 0, "/home/app");
	check(b, "5000:6000", 5000, 6000, 0, "/");
	check(b, "5000", 5000, 0, 0, "/");
	check(b, ":staff", 0, 50, 0, "/root");
	check(b, "4294967294", 4294967294u, 0, 0, "/");
}

TEST(user_refusals)
{
	static const char *const bad[] = {"ghost",      "-1",  "4294967295",
					  "4294967296", "0x0", "+0",
					  " 0",         "1e3", "00000000000000000000001x"};
	struct box *b = box_new();
	struct container_user u;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(resolve(b, bad[i], NULL, &u), -ENOENT);
		CHECK_EQ(b->e.class, ERR_NOT_FOUND);
		CHECK_CONTAINS(b->e.text, bad[i]);
	}
	CHECK_EQ(resolve(b, "app:ghosts", NULL, &u), -ENOENT);
	CHECK_STR(b->e.text, "group \"ghosts\": no such group in the container's /etc/group");
	CHECK_EQ(resolve(b, "app:4294967295", NULL, &u), -ENOENT);
}

TEST(user_extra_groups)
{
	static const char *const extra[] = {"staff", "999", "staff", NULL};
	struct box *b = box_new();
	struct container_user u;
	CHECK_OK(resolve(b, "0", extra, &u), b->e);
	CHECK_EQ(u.n_groups, 2);
	CHECK_EQ(u.groups[0], 50);
	CHECK_EQ(u.groups[1], 999);
	container_user_done(&u);
}

TEST(user_numeric_names_win_over_numbers)
{
	struct box *b = box_new();
	box_file(b, "etc/passwd", "one:x:1:1::/one:/bin/sh\n1:x:2000:2000::/named:/bin/sh\n", 0644);
	check(b, "1", 2000, 2000, 0, "/named");
}

TEST(user_malformed_lines_are_no_lines)
{
	struct box *b = box_new();
	box_file(b, "etc/passwd",
		 "\n:::\nevil:x:4294967296:0::/:/x\nwrap:x:-1:0::/:/\nshort:x\nspace:x: "
		 "0:0::/:\nok:x:9:9::relative/home:/bin/sh\nlast:x:8:8::/last",
		 0644);
	check(b, "ok", 9, 9, 0, "/");
	check(b, "last", 8, 8, 0, "/last");
	struct container_user u;
	CHECK_EQ(resolve(b, "evil", NULL, &u), -ENOENT);
	CHECK_EQ(resolve(b, "wrap", NULL, &u), -ENOENT);
	CHECK_EQ(resolve(b, "space", NULL, &u), -ENOENT);
	CHECK_EQ(resolve(b, "short", NULL, &u), -ENOENT);
}

TEST(user_database_is_a_trap)
{
	struct box *b = box_new();
	struct container_user u;
	char path[256];
	snprintf(path, sizeof(path), "%s/etc/passwd", b->root);
	CHECK(!unlink(path));
	CHECK(!mkfifo(path, 0644));
	CHECK(resolve(b, "app", NULL, &u) < 0); // at once, not when somebody writes
	CHECK_CONTAINS(b->e.text, "/etc/passwd");
	CHECK(!unlink(path));
	CHECK(!symlink("/dev/zero", path));
	CHECK(!mknod((snprintf(path, sizeof(path), "%s/dev/zero", b->root), path), S_IFCHR | 0666, 0x105));
	CHECK(resolve(b, "app", NULL, &u) < 0);
	snprintf(path, sizeof(path), "%s/etc/passwd", b->root);
	CHECK(!unlink(path));
	CHECK(!symlink("../../../../../../../../etc/passwd", path)); // stays inside: a loop onto itself
	CHECK(resolve(b, "app", NULL, &u) < 0);
	CHECK(!unlink(path));
	CHECK(!symlink("/nowhere", path));
	check(b, "0", 0, 0, 0, "/");
	int fd = open((snprintf(path, sizeof(path), "%s/etc/group", b->root), path), O_WRONLY | O_CLOEXEC);
	CHECK(!ftruncate(fd, 1LL << 30));
	close(fd);
	CHECK(resolve(b, "0:root", NULL, &u) < 0);
	CHECK_CONTAINS(b->e.text, "/etc/group");
}
