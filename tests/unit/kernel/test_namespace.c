// SPDX-License-Identifier: Apache-2.0
// Namespaces by path, id maps, and the small tables of the process's attributes.
#include "base/fd.h"
#include "kernel/idmap.h"
#include "kernel/namespace.h"
#include "kernel/netlink.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "kernel/rlimit.h"
#include "test.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

TEST(namespace_open_checks_the_kind)
{
	struct err e = {0};
	for (enum oci_namespace_type t = 0; t < OCI_NS_MAX; t++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_proc_name(t));
		if (access(path, F_OK) < 0)
			continue;
		_cleanup_fd_ int fd = namespace_open(t, path, &e);
		CHECK_OK(fd, e);
		CHECK_EQ(namespace_open((t + 1) % OCI_NS_MAX, path, &e), -EINVAL);
		CHECK_CONTAINS(e.text, "is not a ");
		CHECK_EQ(namespace_same(t, 0, getpid()), 1);
	}
	CHECK_EQ(namespace_open(OCI_NS_NETWORK, "/proc/self/ns/none", &e), -ENOENT);
	char fifo[] = "/tmp/berth-fifo.XXXXXX";
	CHECK(mkdtemp(fifo));
	char path[64];
	snprintf(path, sizeof(path), "%s/f", fifo);
	CHECK(!mkfifo(path, 0600));
	CHECK_EQ(namespace_open(OCI_NS_NETWORK, path, &e), -EINVAL); // and does not wait for a writer
	CHECK(!unlink(path) && !rmdir(fifo));
}

TEST(idmap_to_host_finds_the_extent)
{
	struct oci_id_mapping v[] = {{0, 1000, 1}, {1, 100000, 65535}};
	struct oci_id_mappings m = {v, 2};
	uint32_t id = 7;
	CHECK(idmap_to_host(&m, 0, &id) && id == 1000);
	CHECK(idmap_to_host(&m, 65535, &id) && id == 165534);
	CHECK(!idmap_to_host(&m, 65536, &id) && id == 165534);
}

TEST(idmap_userns_carries_the_map)
{
	struct err e = {0};
	struct oci_id_mapping v[] = {{0, 5000, 10}};
	struct oci_id_mappings m = {v, 1}, none = {0};
	if (geteuid() != 0)
		test_skip("needs root");
	_cleanup_fd_ int fd = idmap_userns(&m, &m, &e);
	CHECK_OK(fd, e);
	CHECK_EQ(idmap_userns(&m, &none, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "linux.gidMappings");
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); // its helper is gone
}

TEST(rlimit_names)
{
	CHECK_EQ(rlimit_from_name("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_EQ(rlimit_from_name("nofile"), RLIMIT_NOFILE);
	CHECK_EQ(rlimit_from_name("rlimit_As"), RLIMIT_AS);
	CHECK_EQ(rlimit_from_name(""), -EINVAL);
	CHECK_EQ(rlimit_from_name("RLIMIT_"), -EINVAL);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(rlimit_from_name(rlimit_name(i)), i);
	CHECK(!rlimit_name(16) && !rlimit_name(-1));
}

TEST(process_lists)
{
	uint64_t b[2];
	CHECK_EQ(process_parse_list("0-2,5,64-65", b, 128), 0);
	CHECK_EQ(b[0], 0x27);
	CHECK_EQ(b[1], 3);
	static const char *const bad[] = {"-1",   "1-",   "2-1", "1,",    ",1",
					  "a",    "1 ",   "128", "0-128", "99999999999999999999",
					  "1--2", "1-2-3"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(process_parse_list(bad[i], b, 128), -EINVAL);
}

TEST(process_memory_policy)
{
	struct err e = {0};
	struct oci_memory_policy p = {.mode = (char *)"MPOL_BIND", .nodes = (char *)"0"};
	int rc = process_apply_memory_policy(&p, &e);
	if (rc == -ENOSYS || rc == -EPERM)
		test_skip("%s", e.text);
	CHECK_OK(rc, e);
	p.nodes = (char *)"1000";
	CHECK(process_apply_memory_policy(&p, &e) < 0);
	CHECK_CONTAINS(e.text, "linux.memoryPolicy: set MPOL_BIND");
	p.mode = (char *)"MPOL_SOMETIMES";
	CHECK_EQ(process_apply_memory_policy(&p, &e), -EINVAL);
	CHECK_STR(e.text, "linux.memoryPolicy.mode: unknown value \"MPOL_SOMETIMES\"");
}

TEST(netlink_in_a_network_of_its_own)
{
	struct err e = {0};
	if (geteuid() != 0)
		test_skip("needs root");
	CHECK(!unshare(CLONE_NEWNET));
	CHECK_OK(netlink_loopback_up(&e), e);
	_cleanup_fd_ int ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(netlink_move_device("nothing0", ns, "eth0", &e) < 0);
	CHECK_CONTAINS(e.text, "network device nothing0");
	CHECK(netlink_move_device("lo", ns, "a-name-that-is-much-too-long", &e) < 0);
}

TEST(procfs_private_is_one)
{
	struct err e = {0};
	if (geteuid() != 0)
		test_skip("needs root");
	_cleanup_fd_ int fd = procfs_open_private(&e);
	CHECK_OK(fd, e);
	CHECK_EQ(procfs_is(fd), 1);
	_cleanup_fd_ int root = open("/", O_PATH | O_CLOEXEC);
	CHECK_EQ(procfs_is(root), 0);
	CHECK(!faccessat(fd, "sys/kernel/hostname", R_OK, 0));
}
