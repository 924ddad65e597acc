// SPDX-License-Identifier: Apache-2.0
// Lists of changes: merging, and leaving out what the engine itself did.
#include "test.h"

#include "base/buf.h"
#include "base/macro.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/changes.h"

#include <stdlib.h>

// "A /a" "C /b" ...
static struct changes list(const char *text)
{
	_cleanup_strv_ char **v = strv_split(text, ',');
	struct changes c = {.n = strv_len(v)};

	c.v = xnew_n(struct image_change, 64);
	for (size_t i = 0; i < c.n; i++)
		c.v[i] = (struct image_change){.kind = v[i][0], .path = xstrdup(v[i] + 2)};
	return c;
}

static void check(const struct changes *c, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4096);

	buf_adds(&b, "");
	for (size_t i = 0; i < c->n; i++)
		buf_addf(&b, "%s%c %s", i ? "," : "", c->v[i].kind, c->v[i].path);
	CHECK_STR(b.data, want);
}

static void check_tidy(const char *text, const char *want)
{
	static const char *const ours[] = {"/etc/hosts", "/etc/resolv.conf", "/run/resolve/stub.conf", NULL};
	_cleanup_changes_ struct changes c = list(text);

	changes_tidy(&c, (char *const *)ours);
	check(&c, want);
}

TEST(changes_leave_out_what_the_engine_made)
{
	check_tidy("", "");
	check_tidy("A /etc,A /etc/hosts", "");
	check_tidy("C /etc,A /etc/hosts,A /etc/mine", "C /etc,A /etc/mine");
	check_tidy("C /etc,C /etc/hostname", "C /etc,C /etc/hostname");
	check_tidy("A /dev,A /dev/console,A /dev/pts,A /proc,C /sys", "");
	check_tidy("A /device,D /process", "A /device,D /process");
	check_tidy("C /run,A /run/resolve,A /run/resolve/stub.conf", "");
	check_tidy("C /run,A /run/resolve,A /run/resolve/stub.conf,A /run/x", "C /run,A /run/x");
	check_tidy("C /var", "C /var"); // itself changed, with nothing in it
}

TEST(changes_are_sorted_and_each_once)
{
	check_tidy("C /b,A /a,C /b,D /b/x,C /b.c", "A /a,C /b,C /b.c,D /b/x");
	check_tidy("C /b,A /b,C /b", "A /b");
	check_tidy("C /etc,A /etc.d,A /etc/hosts", "A /etc.d");
}

TEST(changes_of_mounts_come_together)
{
	_cleanup_changes_ struct changes all = list("C /home,A /home/root-file");
	_cleanup_changes_ struct changes sub = list("A /f,C /d,D /d/x"), none = {0};

	all.n = 2;
	changes_add(&all, &sub, "/srv/data");
	changes_add(&all, &none, "/mnt");
	CHECK_EQ(sub.n, 0);
	CHECK(!sub.v);
	changes_tidy(&all, NULL);
	check(&all, "C /home,A /home/root-file,C /srv,C /srv/data,C /srv/data/d,D /srv/data/d/x,A /srv/data/f");
	struct changes root = list("A /z");
	changes_add(&all, &root, "/");
	changes_tidy(&all, NULL);
	check(&all, "C /home,A /home/root-file,C /srv,C /srv/data,C /srv/data/d,D /srv/data/d/x,A /srv/data/f,A /z");
}

TEST(changes_below_a_hidden_folder_are_the_containers_own)
{
	_cleanup_changes_ struct changes c = list(
		"C /var,C /var/lib,C /var/lib/berth,D /var/lib/berth/images,A /var/lib/berth/x,C /var/lib/berth/y,D "
		"/var/lib/berthx");

	changes_unhide(&c, "/var/lib/berth");
	check(&c, "C /var,C /var/lib,A /var/lib/berth,A /var/lib/berth/x,A /var/lib/berth/y,D /var/lib/berthx");
}
