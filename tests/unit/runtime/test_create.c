// SPDX-License-Identifier: Apache-2.0
// Containers from birth to end: namespaces, the command, its errors, the two-step start, a parent that dies.
#include "box.h"
#include "test.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

TEST(create_runs_true)
{
	struct box *b = box_new();
	box_args(b, (const char *const[]){"/bin/true", NULL});
	CHECK_OK(box_run(b), b->e);
	CHECK_EQ(b->status, 0);
}

TEST(create_gives_the_payloads_status)
{
	struct box *b = box_new();
	box_shell(b, "exit 42");
	CHECK_OK(box_run(b), b->e);
	CHECK_EQ(WEXITSTATUS(b->status), 42);
	box_shell(b, "kill -9 $$; sleep 5 & wait"); // pid 1 is immune against itself
	box_shell(b, "exit 0");
	CHECK_OK(box_run(b), b->e);
	CHECK_EQ(b->status, 0);
}

TEST(create_is_pid_1_in_its_own_world)
{
	struct box *b = box_new();
	CHECK_STR(box_check(b, "echo $$"), "1");
	CHECK_STR(box_check(b, "set -- /proc/[0-9]*; echo $#"), "1");
}

static void ns_link(char *dst, size_t n, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	ssize_t len = readlink(path, dst, n - 1);
	CHECK(len > 0);
	dst[len] = '\0';
}

TEST(create_makes_each_namespace_or_leaves_it)
{
	static const char *const names[] = {"mnt", "uts", "ipc", "pid", "net", "user", "cgroup", "time"};
	struct box *b = box_new();
	char host[64], line[64];

	box_namespace(b, OCI_NS_TIME, NULL);
	for (int t = 0; t < OCI_NS_MAX; t++) {
		ns_link(host, sizeof(host), names[t]);
		snprintf(line, sizeof(line), "readlink /proc/self/ns/%s", names[t]);
		bool same = str_eq(box_check(b, line), host);
		CHECK_EQ(same, t == OCI_NS_USER);
		if (t == OCI_NS_MOUNT || t == OCI_NS_USER)
			continue;
		box_drop_namespace(b, (enum oci_namespace_type)t);
		CHECK_STR(box_check(b, line), host);
		box_namespace(b, (enum oci_namespace_type)t, NULL);
	}
}

TEST(create_needs_a_mount_namespace)
{
	struct box *b = box_new();
	box_drop_namespace(b, OCI_NS_MOUNT);
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_UNSUPPORTED);
	CHECK_CONTAINS(b->e.text, "mount namespace");
}

TEST(create_joins_namespaces_by_path)
{
	static const enum oci_namespace_type types[] = {OCI_NS_UTS, OCI_NS_IPC,    OCI_NS_NETWORK,
							OCI_NS_PID, OCI_NS_CGROUP, OCI_NS_TIME};
	static const char *const names[] = {"uts", "ipc", "net", "pid", "cgroup", "time"};
	struct box *first = box_new();
	struct box keep = *first;

	box_namespace(first, OCI_NS_TIME, NULL);
	first->spec->hostname = (char *)"first";
	box_shell(first, "sleep 100");
	CHECK_OK(box_start(first), first->e);
	struct container_created running = first->created;
	first->created = keep.created;

	char path[64], line[64], want[64];
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)running.pid, names[i]);
		ssize_t n = readlink(path, want, sizeof(want) - 1);
		CHECK(n > 0);
		want[n] = '\0';
		box_namespace(first, types[i], path);
		if (types[i] == OCI_NS_UTS)
			first->spec->hostname = NULL;
		snprintf(line, sizeof(line), "readlink /proc/self/ns/%s", names[i]);
		CHECK_STR(box_check(first, line), want);
	}
	CHECK_STR(box_check(first, "cat /proc/sys/kernel/hostname"), "first");
	CHECK_CONTAINS(box_check(first, "ps"), "sleep 100"); // the pid namespace is shared
	first->created = running;
	box_kill(first);
}

TEST(create_refuses_wrong_namespace_paths)
{
	struct box *b = box_new();
	box_shell(b, "true");
	box_namespace(b, OCI_NS_NETWORK, "/proc/self/ns/uts");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.namespaces: /proc/self/ns/uts is not a network namespace");
	box_namespace(b, OCI_NS_NETWORK, "/etc/passwd");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.namespaces: /etc/passwd is not a namespace");
	box_namespace(b, OCI_NS_NETWORK, "/nonexistent/net");
	CHECK_EQ(box_run(b), -ENOENT);
	CHECK_EQ(b->e.class, ERR_NOT_FOUND);
	CHECK_STR(b->e.text, "linux.namespaces: network namespace /nonexistent/net: No such file or directory");
}

TEST(create_user_namespace_maps_ids)
{
	struct box *b = box_new();
	box_userns(b, 100000, 65536);
	CHECK(!chown(b->root, 100000, 100000));
	CHECK_STR(box_check(b, "id -u; id -g"), "0\n0");
	CHECK_STR(box_check(b, "set -- $(cat /proc/self/uid_map); echo $*"), "0 100000 65536");
	CHECK_STR(box_check(b, "set -- $(cat /proc/self/gid_map); echo $*"), "0 100000 65536");
	CHECK_STR(box_check(b, "cat /proc/self/setgroups"), "allow");
	CHECK_STR(box_check(b, "stat -c %t:%T /dev/null /dev/tty"), "1:3\n5:0"); // bound from the host
	CHECK_STR(box_check(b, "echo x >/dev/null && head -c 3 /dev/zero | wc -c"), "3");
	b->spec->process->user.uid = 1000;
	b->spec->process->user.gid = 70000;
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.user.gid: set 70000 (it is not mapped): Invalid argument");
}

TEST(create_joins_a_user_namespace)
{
	struct box *b = box_new();
	box_userns(b, 100000, 65536);
	CHECK(!chown(b->root, 100000, 100000));
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	struct container_created running = b->created;
	b->created.pid = -1;
	char user[64], net[64];
	snprintf(user, sizeof(user), "/proc/%d/ns/user", (int)running.pid);
	snprintf(net, sizeof(net), "/proc/%d/ns/net", (int)running.pid);
	b->spec->linux->uid_mappings.n = b->spec->linux->gid_mappings.n = 0;
	box_namespace(b, OCI_NS_USER, user);
	box_namespace(b, OCI_NS_NETWORK, net);
	CHECK_STR(box_check(b, "set -- $(cat /proc/self/uid_map); echo $*; id -u"), "0 100000 65536\n0");
	b->created = running;
	box_kill(b);
}

TEST(create_user_namespace_with_the_hosts_network)
{
	struct box *b = box_new();
	box_userns(b, 100000, 65536);
	CHECK(!chown(b->root, 100000, 100000));
	box_drop_namespace(b, OCI_NS_NETWORK);
	CHECK_CONTAINS(box_check(b, "ls /sys"), "kernel"); // the host's, as a new one is not for us
	CHECK_CONTAINS(box_check(b, "touch /sys/kernel/x 2>&1 || true"), "Read-only");
}

TEST(create_time_offsets)
{
	struct box *b = box_new();
	struct oci_linux *l = b->spec->linux;

	box_namespace(b, OCI_NS_TIME, NULL);
	struct oci_time_offset *o = arena_append(&b->spec->arena, l->time_offsets, l->n_time_offsets);
	*o = (struct oci_time_offset){.clock = (char *)"boottime", .secs = 1000000};
	o = arena_append(&b->spec->arena, l->time_offsets, l->n_time_offsets);
	*o = (struct oci_time_offset){.clock = (char *)"monotonic", .secs = 500, .nanosecs = 7};
	const char *up = box_check(b, "cat /proc/uptime");
	CHECK(strtod(up, NULL) >= 1000000);
	CHECK_STR(box_check(b, "set -- $(cat /proc/self/timens_offsets); echo $*"),
		  "monotonic 500 7 boottime 1000000 0");
	box_drop_namespace(b, OCI_NS_TIME);
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.timeOffsets: they need a new time namespace");
}

TEST(create_joins_a_mount_namespace)
{
	struct box *b = box_new();
	char path[64], work[96];
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNS))
			_exit(1);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	char mine[64], its[64];
	for (int i = 0; i < 1000; i++) {
		memset(its, 0, sizeof(its));
		CHECK(readlink(path, its, sizeof(its) - 1) > 0);
		ns_link(mine, sizeof(mine), "mnt");
		if (!str_eq(mine, its))
			break;
		clock_sleep(NS_PER_MS);
	}
	box_namespace(b, OCI_NS_MOUNT, path);
	CHECK_STR(box_check(b, "readlink /proc/self/ns/mnt"), its);
	CHECK_CONTAINS(box_check(b, "ls /"), "bin");
	snprintf(work, sizeof(work), "test ! -e %s", b->root); // chroot'ed
	box_check(b, work);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(create_hostname_and_domainname)
{
	struct box *b = box_new();
	b->spec->hostname = (char *)"harbour";
	b->spec->domainname = (char *)"example.org";
	CHECK_STR(box_check(b, "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname"), "harbour\nexample.org");
	box_drop_namespace(b, OCI_NS_UTS);
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "uts namespace");
}

TEST(create_loopback_is_up)
{
	struct box *b = box_new();
	CHECK_CONTAINS(box_check(b, "ifconfig lo"), "UP LOOPBACK RUNNING");
}

TEST(create_missing_command)
{
	struct box *b = box_new();
	box_args(b, (const char *const[]){"foo", NULL});
	CHECK_EQ(box_run(b), -ENOENT);
	CHECK_EQ(b->e.class, ERR_EXEC_NOT_FOUND);
	CHECK_STR(b->e.text, "exec: \"foo\": executable file not found in $PATH");
	box_args(b, (const char *const[]){"/no/foo", NULL});
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_NOT_FOUND);
	CHECK_STR(b->e.text, "exec: \"/no/foo\": stat /no/foo: no such file or directory");
	box_args(b, (const char *const[]){"", NULL});
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.args: no command was given");
}

TEST(create_command_that_cannot_be_executed)
{
	struct box *b = box_new();
	box_file(b, "bin/plain", "x", 0644);
	box_file(b, "bin/junk", "\177junk", 0755);
	box_file(b, "bin/script", "#!/no/interpreter\n", 0755);
	box_args(b, (const char *const[]){"plain", NULL});
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_DENIED);
	CHECK_STR(b->e.text, "exec: \"plain\": permission denied");
	box_args(b, (const char *const[]){"/bin/junk", NULL});
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_DENIED);
	CHECK_STR(b->e.text, "exec: \"/bin/junk\": exec format error");
	box_args(b, (const char *const[]){"/tmp", NULL});
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_DENIED);
	CHECK_STR(b->e.text, "exec: \"/tmp\": is a directory");
	box_args(b, (const char *const[]){"script", NULL});
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_NOT_FOUND);
	CHECK_CONTAINS(b->e.text, "interpreter");
	box_file(b, "etc/true", "", 0644); // a directory of PATH with a plain file does not hide the next
	b->spec->process->env = (struct oci_strings){0};
	oci_strings_add(&b->spec->arena, &b->spec->process->env, "PATH=/etc:/bin");
	box_args(b, (const char *const[]){"true", NULL});
	CHECK_OK(box_run(b), b->e);
}

TEST(create_waits_for_start)
{
	struct box *b = box_new();
	b->plan.run_now = false;
	box_shell(b, "echo started >/tmp/ran; exit 3");
	CHECK_OK(box_start(b), b->e);
	CHECK(b->created.sync >= 0 && b->created.start_time > 0);
	char ran[128];
	snprintf(ran, sizeof(ran), "%s/tmp/ran", b->root);
	clock_sleep(50 * NS_PER_MS);
	CHECK(access(ran, F_OK) < 0);
	CHECK_OK(container_start(&b->created, &b->e), b->e);
	CHECK_EQ(waitpid(b->created.pid, &b->status, 0), b->created.pid);
	b->created.pid = -1;
	CHECK_EQ(WEXITSTATUS(b->status), 3);
	CHECK(!access(ran, F_OK));
	CHECK_EQ(container_start(&b->created, &b->e), -EALREADY);
	container_created_done(&b->created);
}

TEST(create_start_reports_a_missing_command)
{
	struct box *b = box_new();
	b->plan.run_now = false;
	box_args(b, (const char *const[]){"nothing-here", NULL});
	CHECK_OK(box_start(b), b->e);
	CHECK_EQ(container_start(&b->created, &b->e), -ENOENT);
	CHECK_EQ(b->e.class, ERR_EXEC_NOT_FOUND);
	box_kill(b);
}

TEST(create_init_goes_with_the_one_who_would_start_it)
{
	struct box *b = box_new();
	b->plan.run_now = false;
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	fd_close(b->created.sync);
	b->created.sync = -1;
	CHECK_EQ(fd_wait_readable(b->created.pidfd, 5000), 1);
	box_kill(b);
}

static int never(pid_t pid, int pidfd, void *data, struct err *e)
{
	*(pid_t *)data = pid;
	return err_set(e, ERR_UNAVAILABLE, ENETDOWN, "no network today");
}

TEST(create_callback_failure_leaves_nothing)
{
	struct box *b = box_new();
	pid_t pid = 0;
	b->plan.on_namespaces = never;
	b->plan.data = &pid;
	box_shell(b, "touch /tmp/ran");
	CHECK_EQ(box_run(b), -ENETDOWN);
	CHECK_STR(b->e.text, "no network today");
	CHECK(pid > 0 && kill(pid, 0) < 0 && errno == ESRCH);
	char ran[128];
	snprintf(ran, sizeof(ran), "%s/tmp/ran", b->root);
	CHECK(access(ran, F_OK) < 0);
}

static int look(pid_t pid, int pidfd, void *data, struct err *e)
{
	char path[64], its[64] = "", mine[64];
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	CHECK(readlink(path, its, sizeof(its) - 1) > 0);
	ns_link(mine, sizeof(mine), "net");
	CHECK(!str_eq(its, mine));
	clock_sleep(100 * NS_PER_MS); // init must wait for us
	*(bool *)data = true;
	return 0;
}

TEST(create_callback_comes_before_the_payload)
{
	struct box *b = box_new();
	bool called = false;
	b->plan.on_namespaces = look;
	b->plan.data = &called;
	box_check(b, "true");
	CHECK(called);
}

static int die(pid_t pid, int pidfd, void *data, struct err *e)
{
	CHECK_EQ(write(*(int *)data, &pid, sizeof(pid)), sizeof(pid));
	kill(getpid(), SIGKILL);
	return 0;
}

TEST(create_parent_killed_midway_leaves_nothing)
{
	struct box *b = box_new();
	int p[2];
	pid_t init = 0;

	CHECK(!pipe2(p, O_CLOEXEC));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t parent = fork();
	if (!parent) {
		b->plan.on_namespaces = die;
		b->plan.data = &p[1];
		box_shell(b, "sleep 100");
		box_start(b);
		_exit(0);
	}
	CHECK_EQ(read(p[0], &init, sizeof(init)), sizeof(init));
	int status = 0;
	CHECK_EQ(waitpid(parent, &status, 0), parent);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(waitpid(init, &status, 0), init); // ours by now, and dead
	CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 1);
	char ran[128];
	snprintf(ran, sizeof(ran), "%s/dev/null", b->root);
	CHECK(access(ran, F_OK) < 0); // no mount was left on the host
}

TEST(create_parent_killed_at_any_moment_leaves_nothing)
{
	struct box *b = box_new();
	b->plan.run_now = false; // init waits for a start that never comes
	box_namespace(b, OCI_NS_TIME, NULL);
	box_shell(b, "true");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < 40; i++) {
		if (i == 20) { // with a process in between
			struct oci_linux *l = b->spec->linux;
			struct oci_time_offset *o = arena_append(&b->spec->arena, l->time_offsets, l->n_time_offsets);
			*o = (struct oci_time_offset){.clock = (char *)"boottime", .secs = 10};
		}
		pid_t parent = fork();
		if (!parent) {
			box_start(b);
			for (;;)
				pause();
		}
		clock_sleep(i % 20 * NS_PER_MS / 5);
		kill(parent, SIGKILL);
		int64_t end = clock_monotonic() + 20 * NS_PER_SEC;
		for (;;) {
			pid_t got = waitpid(-1, NULL, WNOHANG);
			if (got < 0)
				break;
			CHECK(clock_monotonic() < end); // somebody lives on
			if (!got)
				clock_sleep(NS_PER_MS);
		}
	}
}

TEST(create_two_at_once_from_one_root)
{
	struct box *b = box_new();
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	struct container_created one = b->created;
	b->created.pid = -1;
	CHECK_STR(box_check(b, "echo two"), "two");
	b->created = one;
	box_kill(b);
}

TEST(create_leaves_no_descriptors)
{
	struct box *b = box_new();
	box_check(b, "true");
	int before = dup(0);
	CHECK(before >= 0);
	close(before);
	box_check(b, "true");
	box_args(b, (const char *const[]){"nope", NULL});
	CHECK(box_run(b) < 0);
	int after = dup(0);
	CHECK_EQ(after, before);
	close(after);
}

static bool make_veth(const char *name, const char *peer)
{
	pid_t pid = fork();
	int status = -1;
	if (!pid) {
		execlp("ip", "ip", "link", "add", name, "type", "veth", "peer", "name", peer, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return !status;
}

TEST(create_moves_network_devices)
{
	struct box *b = box_new();
	struct oci_linux *l = b->spec->linux;
	CHECK(!unshare(CLONE_NEWNET));
	if (!make_veth("dum0", "dum1"))
		test_skip("needs ip and veth");
	struct oci_net_device *d = arena_append(&b->spec->arena, l->net_devices, l->n_net_devices);
	*d = (struct oci_net_device){.host_name = (char *)"dum0", .name = (char *)"eth7"};
	d = arena_append(&b->spec->arena, l->net_devices, l->n_net_devices);
	*d = (struct oci_net_device){.host_name = (char *)"dum1"};
	CHECK_CONTAINS(box_check(b, "ifconfig -a"), "eth7 ");
	CHECK_CONTAINS(b->out, "dum1 ");
	l->net_devices[0].host_name = (char *)"none0";
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "linux.netDevices: network device none0: ");
	box_drop_namespace(b, OCI_NS_NETWORK);
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.netDevices: they need a network namespace");
}
