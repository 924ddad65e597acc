// SPDX-License-Identifier: Apache-2.0
// What a container sees of control groups: its own groups as roots, and no hierarchy in which it has none.
#include "test.h"

#include "box.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(cgroup_mount_shows_own_groups_alone)
{
	struct box *b = box_new();
	char path[64];

	if (cgroup_host_mode() == CGROUP_NONE)
		test_skip("no cgroups here");
	snprintf(path, sizeof(path), "/berth-test.%d/box", (int)getpid());
	b->plan.cgroup_path = path;
	b->spec->linux->resources = arena_new(&b->spec->arena, struct oci_resources);
	b->spec->linux->resources->pids.set = true;
	b->spec->linux->resources->pids.limit = 77;
	box_mount(b, "/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	box_check(b, "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null;"
		     "cd /sys/fs/cgroup; for d in . * */*; do [ -d $d ] && [ ! -L $d ] && echo dir $d; done;"
		     "for f in cgroup.procs */cgroup.procs; do [ -f $f ] && echo $f $(wc -l <$f); done; exit 0");
	CHECK_CONTAINS(b->out, "77\n");
	if (cgroup_host_mode() != CGROUP_V2) {
		CHECK_CONTAINS(b->out, "dir pids\n");
		CHECK(!strstr(b->out, "dir cpuset\n") && !strstr(b->out, "dir systemd\n"));
	}
	CHECK(!strstr(b->out, "berth"));
	for (const char *s = b->out; (s = strstr(s, "cgroup.procs ")); s++) // the shell and its wc
		CHECK(s[13] == '1' || s[13] == '2');
}

// A user namespace of the container's own: its groups must be entered before it is, by exec too.
TEST(cgroup_is_entered_with_a_user_namespace)
{
	struct box *b = box_new();
	char path[64];

	if (cgroup_host_mode() == CGROUP_NONE)
		test_skip("no cgroups here");
	snprintf(path, sizeof(path), "/berth-test.%d/box", (int)getpid());
	b->plan.cgroup_path = path;
	box_userns(b, 300000, 65536);
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	pid_t *pids = NULL;
	size_t n = 0;
	int p[2], status = 0;
	struct err e = {0};
	struct container_exec_started started = {0};
	struct oci_process process = *b->spec->process;
	process.args = (struct oci_strings){0};
	oci_strings_add(&b->spec->arena, &process.args, "cat");
	CHECK(!pipe2(p, O_CLOEXEC));
	struct container_exec x = {.pid = b->created.pid,
				   .pidfd = b->created.pidfd,
				   .process = &process,
				   .spec = b->spec,
				   .cgroup = b->created.cgroup,
				   .stdio = {p[0], -1, -1},
				   .console_socket = -1};
	CHECK_OK(container_exec(&x, &started, &e), e);
	CHECK_OK(cgroup_pids(b->created.cgroup, &pids, &n, &e), e);
	CHECK_EQ(n, 2);
	CHECK(pids[0] == started.pid || pids[1] == started.pid);
	free(pids);
	close(p[1]);
	CHECK_EQ(waitpid(started.pid, &status, 0), started.pid);
	CHECK_EQ(status, 0);
	box_kill(b);
}

// Joined namespaces from which the groups could not be entered any more.
TEST(cgroup_is_entered_with_joined_namespaces)
{
	struct box *b = box_new();
	char path[64], second[64], user[64], cgroup[64];

	if (cgroup_host_mode() == CGROUP_NONE)
		test_skip("no cgroups here");
	snprintf(path, sizeof(path), "/berth-test.%d/one", (int)getpid());
	snprintf(second, sizeof(second), "/berth-test.%d/two", (int)getpid());
	b->plan.cgroup_path = path;
	box_userns(b, 300000, 65536);
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	struct container_created running = b->created;
	b->created.pid = -1;
	snprintf(user, sizeof(user), "/proc/%d/ns/user", (int)running.pid);
	snprintf(cgroup, sizeof(cgroup), "/proc/%d/ns/cgroup", (int)running.pid);
	b->spec->linux->uid_mappings.n = b->spec->linux->gid_mappings.n = 0;
	b->plan.cgroup_path = second;
	box_namespace(b, OCI_NS_USER, user);
	CHECK(!strstr(box_check(b, "cat /proc/self/cgroup"), "berth"));
	box_namespace(b, OCI_NS_CGROUP, cgroup);
	CHECK_CONTAINS(box_check(b, "cat /proc/self/cgroup"), "/../two");
	b->created = running;
	box_kill(b);
}
