// SPDX-License-Identifier: Apache-2.0
// What a container sees of control groups: its own groups as roots, and no hierarchy in which it has none.
#include "test.h"

#include "box.h"

#include <stdio.h>
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
