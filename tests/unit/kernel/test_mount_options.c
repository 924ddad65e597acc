// SPDX-License-Identifier: Apache-2.0
// The vocabulary of mount options, and what mount_new tells when a file system refuses one.
#include "kernel/mount.h"
#include "test.h"

#include <linux/mount.h>
#include <sys/mount.h>
#include <unistd.h>

static struct mount_options parse(const char *list)
{
	struct mount_options o = {0};
	struct err e = {0};
	char **v = strv_split(list, ',');
	for (char **p = v; p && *p; p++)
		CHECK_OK(mount_options_add(&o, *p, &e), e);
	strv_free(v);
	return o;
}

TEST(mount_options_attributes)
{
	static const struct {
		const char *list;
		uint64_t set, clear;
	} t[] = {
		{"ro", MOUNT_ATTR_RDONLY, 0},
		{"rw", 0, MOUNT_ATTR_RDONLY},
		{"ro,rw", 0, MOUNT_ATTR_RDONLY},
		{"rw,ro", MOUNT_ATTR_RDONLY, 0},
		{"nosuid,nodev,noexec", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0},
		{"nosuid,suid,dev,exec", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC},
		{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
		{"noatime,strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
		{"strictatime,relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
		{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
		{"noatime,nodiratime,ro", MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_RDONLY,
		 MOUNT_ATTR__ATIME},
		{"nosymfollow", 0x200000, 0},
		{"defaults,silent,nofail", 0, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct mount_options o = parse(t[i].list);
		CHECK_EQ(o.set, t[i].set);
		CHECK_EQ(o.clear, t[i].clear);
		CHECK(!o.rec_set && !o.rec_clear && !o.fs);
	}
}

TEST(mount_options_recursive_variants)
{
	struct mount_options o = parse("rro,rnosuid,rnodev,rnoexec,rnoatime");
	CHECK_EQ(o.rec_set,
		 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
	CHECK_EQ(o.rec_clear, MOUNT_ATTR__ATIME);
	CHECK(!o.set && !o.clear && !o.bind);
	o = parse("rrw,rsuid,rdev,rexec,rsymfollow");
	CHECK_EQ(o.rec_clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | 0x200000);
	static const char *const known[] = {"ro",    "rro",    "rrw",      "rstrictatime", "rnodiratime",
					    "rbind", "rslave", "relatime", "rrelatime",    "ridmap"};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		CHECK(mount_option_known(known[i]));
	static const char *const unknown[] = {"",          "r",        "rbindd",     "rrro",
					      "rshared,x", "mode=755", "rtmpcopyup", "rsync"};
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		CHECK(!mount_option_known(unknown[i]));
}

TEST(mount_options_kinds)
{
	struct mount_options o = parse("rbind,rprivate,slave,tmpcopyup,ridmap,src-nofollow,mode=755,sync,size=1m");
	CHECK(o.bind && o.recursive && o.tmpcopyup && o.ridmap && o.src_nofollow && !o.idmap);
	CHECK_EQ(o.n_propagation, 2);
	CHECK_EQ(o.propagation[0], MS_PRIVATE | MS_REC);
	CHECK_EQ(o.propagation[1], MS_SLAVE);
	CHECK_EQ(strv_len(o.fs), 3);
	CHECK_STR(o.fs[0], "mode=755");
	CHECK_STR(o.fs[1], "sync");
	mount_options_done(&o);
	struct err e = {0};
	o = parse("shared,shared,shared,shared");
	CHECK_EQ(mount_options_add(&o, "shared", &e), -EINVAL);
	CHECK_STR(e.text, "more than 4 propagation options");
}

TEST(mount_new_explains)
{
	struct err e = {0};
	if (geteuid() != 0)
		test_skip("needs root");
	struct mount_options o = parse("size=nonsense");
	CHECK(mount_new("tmpfs", "tmpfs", &o, &e) < 0);
	CHECK_CONTAINS(e.text, "size=nonsense: ");
	CHECK_CONTAINS(e.text, "Bad value for 'size'");
	mount_options_done(&o);
	o = parse("size=64k,ro");
	int fd = mount_new("tmpfs", NULL, &o, &e);
	CHECK_OK(fd, e);
	CHECK(faccessat(fd, ".", W_OK, 0) < 0 && errno == EROFS);
	close(fd);
	mount_options_done(&o);
}
