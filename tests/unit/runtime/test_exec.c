// SPDX-License-Identifier: Apache-2.0
// Further processes in a running container.
#include "box.h"
#include "test.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct guest {
	struct oci_process process;
	struct container_exec x;
	struct container_exec_started started;
	struct err e;
	char out[4096];
	int status;
};

static void guest_init(struct guest *g, struct box *b, const char *line)
{
	*g = (struct guest){.process = *b->spec->process};
	g->process.args = (struct oci_strings){0};
	oci_strings_add(&b->spec->arena, &g->process.args, "sh");
	oci_strings_add(&b->spec->arena, &g->process.args, "-c");
	oci_strings_add(&b->spec->arena, &g->process.args, line);
	g->x = (struct container_exec){.pid = b->created.pid,
				       .pidfd = b->created.pidfd,
				       .process = &g->process,
				       .spec = b->spec,
				       .cgroup = b->created.cgroup,
				       .stdio = {-1, -1, -1},
				       .console_socket = -1};
}

static int guest_run(struct guest *g)
{
	int p[2];
	size_t len = 0;

	CHECK(!pipe2(p, O_CLOEXEC));
	g->x.stdio[1] = g->x.stdio[2] = p[1];
	int rc = container_exec(&g->x, &g->started, &g->e);
	close(p[1]);
	for (ssize_t n; (n = read(p[0], g->out + len, sizeof(g->out) - 1 - len)) > 0;)
		len += (size_t)n;
	g->out[len] = '\0';
	while (len && g->out[len - 1] == '\n')
		g->out[--len] = '\0';
	close(p[0]);
	if (rc < 0)
		return rc;
	CHECK_EQ(waitpid(g->started.pid, &g->status, 0), g->started.pid);
	close(g->started.pidfd);
	return 0;
}

static struct box *running(void)
{
	struct box *b = box_new();
	box_shell(b, "sleep 100");
	return b;
}

static void start(struct box *b)
{
	CHECK_OK(box_start(b), b->e);
}

TEST(exec_is_inside)
{
	static const char *const names[] = {"mnt", "uts", "ipc", "pid", "net", "user", "cgroup", "time"};
	struct box *b = running();
	struct guest g;

	b->plan.cgroup_path = NULL;
	box_namespace(b, OCI_NS_TIME, NULL);
	start(b);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char line[64], path[64], want[64] = "";
		snprintf(line, sizeof(line), "readlink /proc/self/ns/%s", names[i]);
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)b->created.pid, names[i]);
		CHECK(readlink(path, want, sizeof(want) - 1) > 0);
		guest_init(&g, b, line);
		CHECK_OK(guest_run(&g), g.e);
		CHECK_STR(g.out, want);
	}
	guest_init(&g, b, "ps; pwd; cat /proc/self/cgroup");
	CHECK_OK(guest_run(&g), g.e);
	CHECK_CONTAINS(g.out, "sleep 100");
	CHECK(!strstr(g.out, "berth")); // in its group, of which the namespace shows "/"
	CHECK(!strstr(g.out, ".."));
	box_kill(b);
}

TEST(exec_status_and_errors)
{
	struct box *b = running();
	struct guest g;
	start(b);
	guest_init(&g, b, "exit 7");
	CHECK_OK(guest_run(&g), g.e);
	CHECK_EQ(WEXITSTATUS(g.status), 7);
	guest_init(&g, b, "");
	g.process.args.n = 1;
	g.process.args.v[0] = (char *)"nope";
	CHECK_EQ(guest_run(&g), -ENOENT);
	CHECK_EQ(g.e.class, ERR_EXEC_NOT_FOUND);
	CHECK_STR(g.e.text, "exec: \"nope\": executable file not found in $PATH");
	guest_init(&g, b, "true");
	g.process.cwd = (char *)"/not/there";
	CHECK(guest_run(&g) < 0);
	CHECK_STR(g.e.text, "process.cwd: enter /not/there: No such file or directory");
	CHECK_EQ(waitpid(-1, NULL, WNOHANG), 0); // just the container's init is left
	box_kill(b);
}

TEST(exec_in_a_dead_container)
{
	struct box *b = running();
	struct guest g;
	start(b);
	guest_init(&g, b, "true");
	pidfd_send(b->created.pidfd, SIGKILL);
	waitpid(b->created.pid, NULL, WNOWAIT);
	siginfo_t info;
	CHECK(!waitid(P_PIDFD, (id_t)b->created.pidfd, &info, WEXITED | WNOWAIT));
	CHECK(guest_run(&g) < 0);
	CHECK_EQ(g.e.class, ERR_CONFLICT);
	CHECK_STR(g.e.text, "the container is not running");
	box_kill(b);
}

TEST(exec_user_by_the_containers_databases)
{
	struct box *b = running();
	struct guest g;
	start(b);
	guest_init(&g, b, "id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status");
	g.x.user = "app";
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "1000\n1001\n1001 50\n/home/app\nCapEff:\t0000000000000000");
	g.x.user = "0:staff";
	CHECK_OK(guest_run(&g), g.e);
	CHECK_CONTAINS(g.out, "0\n50\n50\n/root");
	g.x.user = "ghost";
	CHECK_EQ(guest_run(&g), -ENOENT);
	CHECK_EQ(g.e.class, ERR_NOT_FOUND);
	CHECK_STR(g.e.text, "user \"ghost\": no such user in the container's /etc/passwd");
	box_kill(b);
}

TEST(exec_has_the_containers_filter_and_capabilities)
{
	struct box *b = running();
	struct guest g;
	struct arena *a = &b->spec->arena;
	struct oci_seccomp *p = arena_new(a, struct oci_seccomp);
	p->default_action = OCI_ACT_ALLOW;
	struct oci_seccomp_rule *r = arena_append(a, p->rules, p->n_rules);
	r->action = OCI_ACT_ERRNO;
	oci_strings_add(a, &r->names, "mkdir");
	b->spec->linux->seccomp = p;
	start(b);
	guest_init(&g, b, "mkdir /tmp/x; grep -e Seccomp: -e CapBnd -e CapInh /proc/self/status");
	g.process.capabilities = NULL;
	CHECK_OK(guest_run(&g), g.e);
	CHECK_CONTAINS(g.out, "not permitted\nCapInh:\t0000000000000000\nCapBnd:\t00000000000000eb\nSeccomp:\t2");
	box_kill(b);
}

TEST(exec_terminal)
{
	struct box *b = running();
	struct guest g;
	size_t len = 0;
	start(b);
	guest_init(&g, b, "tty; echo hello >/dev/tty");
	g.process.terminal = true;
	CHECK_OK(container_exec(&g.x, &g.started, &g.e), g.e);
	CHECK(g.started.console >= 0);
	for (ssize_t n; (n = read(g.started.console, g.out + len, sizeof(g.out) - 1 - len)) > 0;)
		len += (size_t)n;
	CHECK_CONTAINS(g.out, "/dev/pts/0\r\nhello\r\n");
	CHECK_EQ(waitpid(g.started.pid, &g.status, 0), g.started.pid);
	box_kill(b);
}

TEST(exec_in_a_user_namespace)
{
	struct box *b = running();
	struct guest g;
	struct rlimit old;
	box_userns(b, 100000, 65536);
	CHECK(!chown(b->root, 100000, 100000));
	CHECK(!getrlimit(RLIMIT_MEMLOCK, &old));
	start(b);
	struct oci_rlimit l = {.type = (char *)"RLIMIT_MEMLOCK", .soft = 65536, .hard = old.rlim_max};
	guest_init(&g, b,
		   "id -u; set -- $(cat /proc/self/uid_map); echo $*; cat /proc/self/oom_score_adj; touch /tmp/mine; "
		   "stat -c %u /tmp/mine");
	g.process.rlimits = &l;
	g.process.n_rlimits = 1;
	g.process.oom_score_adj.set = true;
	g.process.oom_score_adj.v = 17;
	CHECK(!chmod((snprintf(g.out, sizeof(g.out), "%s/tmp", b->root), g.out), 0777));
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "0\n0 100000 65536\n17\n0");
	struct stat st;
	snprintf(g.out, sizeof(g.out), "%s/tmp/mine", b->root);
	CHECK(!stat(g.out, &st) && st.st_uid == 100000);
	box_kill(b);
}

TEST(exec_without_pivot_root)
{
	struct box *b = running();
	struct guest g;
	b->plan.no_pivot = true;
	start(b);
	guest_init(&g, b, "echo /bin/*true /*/.. | head -c 9; ls -d /proc/1/root/etc/passwd");
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "/bin/true/proc/1/root/etc/passwd");
	box_kill(b);
}

TEST(exec_does_not_leak_descriptors)
{
	struct box *b = running();
	struct guest g;
	start(b);
	guest_init(&g, b, "cd /proc/self/fd; set -- *; echo $*");
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "0 1 2 3"); // 3 is the directory being read
	box_kill(b);
}

TEST(exec_cpu_affinity)
{
	struct box *b = running();
	struct guest g;
	struct oci_exec_cpu_affinity cpus = {.initial = (char *)"0", .final = (char *)"0"};
	start(b);
	guest_init(&g, b, "grep Cpus_allowed_list /proc/self/status");
	g.process.exec_cpu_affinity = &cpus;
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "Cpus_allowed_list:\t0");
	cpus.final = (char *)"9999999";
	CHECK(guest_run(&g) < 0);
	CHECK_STR(g.e.text, "process.execCPUAffinity: \"9999999\" is not a list of cpus");
	box_kill(b);
}

// A process on its way into a pid namespace that others are in already must not be looked into by them.
TEST(exec_others_cannot_look_into_a_waiting_init)
{
	struct box *b = running();
	struct guest g;
	char path[64];
	start(b);
	struct container_created first = b->created;
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)first.pid);
	box_namespace(b, OCI_NS_PID, path);
	b->plan.run_now = false;
	start(b);
	struct container_created waiting = b->created;
	b->created = first;
	guest_init(&g, b,
		   "cd /proc/[2-9]*; grep Uid: status; for f in exe root cwd fd/0 fd/3 fd/5; do readlink $f; done; cat "
		   "environ; "
		   "cat mem; ls root/ || cat fd/3 || echo nothing");
	CHECK_OK(guest_run(&g), g.e);
	CHECK_STR(g.out, "Uid:\t0\t0\t0\t0\n" // the same user even
			 "cat: can't open 'environ': Permission denied\ncat: can't open 'mem': Permission denied\n"
			 "ls: root/: Permission denied\ncat: can't open 'fd/3': Permission denied\nnothing");
	b->created = waiting;
	box_kill(b);
	b->created = first;
	box_kill(b);
}
