// SPDX-License-Identifier: Apache-2.0
// Where groups are made: below the caller, in delegated groups, where v2 forbids it.
#include "test.h"

#include "base/fd.h"
#include "base/str.h"
#include "group.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(cgroup_relative_path_is_below_the_caller)
{
	group_begin();
	struct cgroup *outer = group_create(NULL, 0), *c = NULL;
	struct err e = {0};
	int status = 0;

	pid_t pid = fork();
	if (!pid) {
		CHECK_OK(cgroup_enter_self(outer, false, &e), e);
		cgroup_host_set(NULL);
		CHECK_OK(cgroup_create("inner", NULL, 0, &c, &e), e);
		for (size_t i = 0; i < c->n; i++)
			CHECK(str_ends(c->dirs[i].path, "box/inner"));
		CHECK_OK(cgroup_remove(c, 1000, &e), e);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	group_removed(outer);
}

TEST(cgroup_v2_inner_processes_are_told)
{
	group_begin();
	if (!group_v2_only() || !cgroup_has_controller("pids"))
		test_skip("no pids controller on cgroup v2");
	struct cgroup *outer = group_create(NULL, 0), *c = NULL;
	struct oci_resources res = {.pids = {true, 5}};
	struct err e = {0};
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(cgroup_enter_self(outer, false, &e), e);
		cgroup_host_set(NULL);
		CHECK_EQ(cgroup_create("inner", &res, 0, &c, &e), -EBUSY);
		CHECK_CONTAINS(
			e.text,
			"linux.resources.pids.limit: cannot hand the pids controller on from cgroup berth-test.");
		CHECK_CONTAINS(e.text, "it has processes of its own");
		_exit(0);
	}
	CHECK_EQ(group_status(pid), 0);
	group_removed(outer);
}

TEST(cgroup_v2_threaded_parent_is_refused)
{
	group_begin();
	struct cgroup_hierarchy *h = cgroup_host_v2(cgroup_host_get());
	struct cgroup_host only = {.mode = CGROUP_V2, .n = 1};
	struct cgroup *c = NULL;
	struct err e = {0};
	char inner[128];

	if (!h)
		test_skip("no cgroup v2 tree");
	only.h[0] = *h;
	cgroup_host_set(&only);
	int root = cgroup_root_open(h, &e);
	CHECK(!mkdirat(root, group_parent + 1, 0755) && !mkdirat(root, group_path + 1, 0755));
	int box = openat(root, group_path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(file_write_kernel(box, "cgroup.type", "threaded", &e), e);
	snprintf(inner, sizeof(inner), "%s/inner", group_path);
	CHECK_EQ(cgroup_create(inner, NULL, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "is of type \"domain invalid\": a group above it is threaded");
	CHECK(faccessat(root, inner + 1, F_OK, 0));
	CHECK(!unlinkat(root, group_path + 1, AT_REMOVEDIR) && !unlinkat(root, group_parent + 1, AT_REMOVEDIR));
	fd_close(box);
	fd_close(root);
}

enum { ORDINARY_UID = 54321 };

// What systemd's Delegate= does: the directory and the files that move processes and hand controllers on.
static void delegate(const struct cgroup_dir *d)
{
	CHECK(!fchown(d->fd, ORDINARY_UID, ORDINARY_UID));
	CHECK(!fchownat(d->fd, "cgroup.procs", ORDINARY_UID, ORDINARY_UID, 0));
	CHECK(!fchownat(d->fd, "cgroup.subtree_control", ORDINARY_UID, ORDINARY_UID, 0));
}

static void as_ordinary_user(bool with_pids)
{
	struct oci_resources res = {.pids = {with_pids, 12}};
	struct cgroup *c = NULL, *again = NULL;
	struct err e = {0};

	CHECK(!setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) &&
	      !setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID));
	cgroup_host_set(NULL);
	CHECK_OK(cgroup_create(CGROUP_DEFAULT_PARENT "/web", &res, CGROUP_ROOTLESS, &c, &e), e);
	CHECK_EQ(c->n, 1);
	CHECK(cgroup_has_controller("pids") == with_pids);
	CHECK(str_starts(c->dirs[0].path, group_parent + 1));
	CHECK(str_ends(c->dirs[0].path, "box/berth/web")); // beside the caller's own, which is box/session
	if (with_pids)
		CHECK_STR(group_value(c, CG_PIDS, "pids.max", "pids.max"), "12");
	CHECK_EQ(cgroup_open_path(CGROUP_DEFAULT_PARENT "/web", CGROUP_ROOTLESS, &again, &e), 0);
	CHECK_EQ(again->n, 1);
	CHECK_STR(again->dirs[0].path, c->dirs[0].path);
	CHECK_EQ(again->dirs[0].floor, c->dirs[0].floor);
	cgroup_close(again);
	pid_t pid = group_spawn(c, group_family);
	group_wait_members(c, 6);
	CHECK_OK(cgroup_freeze(c, true, &e), e);
	CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
	group_status(pid);
	CHECK_OK(cgroup_remove(c, 2000, &e), e);
	struct oci_memory m = {.limit = {true, 64 * MIB}};
	struct oci_resources memory = {.memory = &m};
	if (!with_pids) { // and what the v2 tree cannot hold is told
		CHECK(cgroup_create(CGROUP_DEFAULT_PARENT "/web", &memory, CGROUP_ROOTLESS, &c, &e) < 0);
		CHECK_CONTAINS(e.text, "linux.resources.memory.limit: ");
	}
	_exit(0);
}

TEST(cgroup_ordinary_user_with_a_delegated_group)
{
	group_begin();
	struct cgroup *outer = group_create(NULL, 0);
	struct cgroup_dir *d = cgroup_dir_v2(outer);

	if (!d)
		test_skip("no cgroup v2 tree");
	bool pids = group_v2_only() && d->enabled & CG_BIT(CG_PIDS);
	CHECK(!mkdirat(d->fd, "session", 0755));
	delegate(d);
	pid_t pid = fork();
	if (!pid) {
		struct cgroup_dir session = {.h = d->h, .path = (char *)"session", .tasks = -1};
		session.fd = openat(d->fd, "session", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		delegate(&session);
		struct err e = {0};
		CHECK_OK(file_write_kernel(session.fd, "cgroup.procs", "0", &e), e);
		as_ordinary_user(pids);
	}
	CHECK_EQ(group_status(pid), 0);
	group_removed(outer);
}

TEST(cgroup_ordinary_user_without_delegation)
{
	group_begin();
	pid_t pid = fork();
	if (!pid) {
		struct oci_resources res = {.pids = {true, 12}};
		struct cgroup *c = NULL;
		struct err e = {0};
		CHECK(!setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) &&
		      !setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID));
		CHECK(!cgroup_has_controller("pids") && !cgroup_has_controller("memory"));
		CHECK_OK(cgroup_create("/berth/web", NULL, CGROUP_ROOTLESS, &c, &e), e);
		CHECK_EQ(c->n, 0);
		CHECK_OK(cgroup_signal_all(c, SIGKILL, &e), e);
		CHECK_OK(cgroup_remove(c, 100, &e), e);
		CHECK_EQ(cgroup_create("/berth/web", &res, CGROUP_ROOTLESS, &c, &e), -EACCES);
		CHECK_CONTAINS(e.text, "linux.resources.pids.limit: no pids cgroup can be had in ");
		CHECK_CONTAINS(e.text, group_v2_only() ? "Delegate=yes" : "cgroup v1 hierarchies cannot be delegated");
		CHECK_EQ(e.class, ERR_DENIED);
		CHECK_EQ(cgroup_create("/berth/web", NULL, 0, &c, &e), -EACCES);
		CHECK_CONTAINS(e.text, "make cgroup ");
		_exit(0);
	}
	CHECK_EQ(group_status(pid), 0);
}
