// SPDX-License-Identifier: Apache-2.0
// Device rules for real: nodes that can be opened and nodes that cannot, by v1 files and by BPF.
#include "test.h"

#include "base/fd.h"
#include "group.h"
#include "kernel/cgroup/internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_device(unsigned major, unsigned minor, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/.berth-test.%d", (int)getpid());
	if (mknod(path, S_IFCHR | 0600, makedev(major, minor)))
		return 200;
	int fd = open(path, flags | O_CLOEXEC), code = fd < 0 ? errno : 0;
	fd_close(fd);
	unlink(path);
	return code;
}

static int open_null(void)
{
	return open_device(1, 3, O_RDWR);
}
static int open_kmsg(void)
{
	return open_device(1, 11, O_RDONLY);
}
static int open_mem_write(void)
{
	return open_device(1, 9, O_WRONLY);
}
static int open_urandom_read(void)
{
	return open_device(1, 9, O_RDONLY);
}

static void check_devices(unsigned flags)
{
	struct oci_device_rule v[] = {
		{.allow = false, .type = 'a', .access = (char *)"rwm"},
		{.allow = false, .type = 'c', .major = {true, 1}, .minor = {true, 9}, .access = (char *)"w"},
		{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 11}, .access = (char *)"r"}};
	struct oci_resources res = {.devices = v, .n_devices = 1};
	struct cgroup *c = group_create(&res, flags);
	struct err e = {0};

	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_null))), 0);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_kmsg))), EPERM);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_mem_write))), 0);
	res.n_devices = 3;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_null))), 0);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_kmsg))), 0);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_mem_write))), EPERM);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_urandom_read))), 0);
	res.n_devices = 1;
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_kmsg))), EPERM);
	v[0].allow = true; // a privileged container
	CHECK_OK(cgroup_update(c, &res, &e), e);
	CHECK_EQ(WEXITSTATUS(group_status(group_spawn(c, open_kmsg))), 0);
	group_removed(c);
}

TEST(cgroup_device_rules_hold)
{
	group_begin();
	check_devices(0);
}

TEST(cgroup_device_rules_hold_by_bpf)
{
	group_begin();
	struct cgroup_hierarchy *v2 = cgroup_host_v2(cgroup_host_get());
	if (!v2)
		test_skip("no cgroup v2 tree");
	struct cgroup_host only = {.mode = CGROUP_V2, .n = 1, .h = {*v2}};
	cgroup_host_set(&only);
	check_devices(0);
	cgroup_host_set(NULL);
}

TEST(cgroup_v1_refuses_a_hole)
{
	group_begin();
	struct cgroup_hierarchy *h = cgroup_host_find(cgroup_host_get(), CG_DEVICES);
	if (!h || h->v2)
		test_skip("no v1 devices controller");
	struct oci_device_rule v[] = {{.allow = true, .type = 'c', .major = {true, 7}},
				      {.type = 'c', .major = {true, 7}, .minor = {true, 1}}};
	struct oci_resources res = {.devices = v, .n_devices = 2};
	struct cgroup *c = NULL;
	struct err e = {0};
	CHECK_EQ(cgroup_create(group_path, &res, 0, &c, &e), -EOPNOTSUPP);
	CHECK_CONTAINS(e.text, "linux.resources.devices: cgroup v1 cannot deny \"c 7:1 rwm\" inside of \"c 7:* rwm\"");
	c = group_create(NULL, 0);
	group_removed(c); // and nothing was left
}
