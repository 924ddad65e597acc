// SPDX-License-Identifier: Apache-2.0
// What the payload is: ids, capabilities, limits, filter, directory, descriptors, terminal, sysctls.
#include "box.h"
#include "test.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "kernel/rlimit.h"
#include "kernel/seccomp.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

TEST(process_ids_and_groups)
{
	struct box *b = box_new();
	static uint32_t groups[] = {50, 4000000000u};
	struct oci_user *u = &b->spec->process->user;
	*u = (struct oci_user){.uid = 1000, .gid = 1001, .additional_gids = groups, .n_additional_gids = 2};
	CHECK_STR(box_check(b, "id -u; id -g; id -G; while read k v; do case $k in Uid:|Gid:) set -- $v; echo $*;; "
			       "esac; done </proc/self/status"),
		  "1000\n1001\n1001 50 4000000000\n1000 1000 1000 1000\n1001 1001 1001 1001");
	u->uid = UINT32_MAX;
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.user: 4294967295 is not an id");
}

TEST(process_opens_its_pipes_again)
{
	struct box *b = box_new();
	b->spec->process->user.uid = 1000;
	CHECK_STR(box_check(b, "echo one >/dev/stdout; echo two >/dev/stderr"), "one\ntwo");
}

TEST(process_umask)
{
	struct box *b = box_new();
	CHECK_STR(box_check(b, "umask"), "0022");
	b->spec->process->user.umask.set = true;
	b->spec->process->user.umask.v = 0077;
	CHECK_STR(box_check(b, "umask; touch /tmp/f; stat -c %a /tmp/f"), "0077\n600");
}

static const char caps_line[] = "while read k v; do case $k in Cap*|NoNew*) echo $k $v;; esac; done </proc/self/status";

TEST(process_capabilities)
{
	struct box *b = box_new();
	struct oci_capabilities *c = b->spec->process->capabilities;

	CHECK_STR(box_check(b, caps_line),
		  "CapInh: 0000000000000000\nCapPrm: 00000000000000eb\nCapEff: 00000000000000eb\n"
		  "CapBnd: 00000000000000eb\nCapAmb: 0000000000000000\nNoNewPrivs: 0");
	b->spec->process->user.uid = 1000;
	CHECK_STR(box_check(b, caps_line),
		  "CapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\n"
		  "CapBnd: 00000000000000eb\nCapAmb: 0000000000000000\nNoNewPrivs: 0");
	oci_strings_add(&b->spec->arena, &c->inheritable, "CAP_CHOWN");
	oci_strings_add(&b->spec->arena, &c->ambient, "CAP_CHOWN");
	CHECK_STR(box_check(b, caps_line),
		  "CapInh: 0000000000000001\nCapPrm: 0000000000000001\nCapEff: 0000000000000001\n"
		  "CapBnd: 00000000000000eb\nCapAmb: 0000000000000001\nNoNewPrivs: 0");
	b->spec->process->capabilities = NULL;
	b->spec->process->user.uid = 0;
	b->spec->process->no_new_privileges = true;
	CHECK_STR(box_check(b, caps_line),
		  "CapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\n"
		  "CapBnd: 0000000000000000\nCapAmb: 0000000000000000\nNoNewPrivs: 1");
	b->spec->process->capabilities = c;
	oci_strings_add(&b->spec->arena, &c->bounding, "CAP_FLY");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.capabilities.bounding: unknown capability \"CAP_FLY\"");
}

static void deny_mkdir(struct box *b)
{
	struct arena *a = &b->spec->arena;
	struct oci_seccomp *p = arena_new(a, struct oci_seccomp);
	p->default_action = OCI_ACT_ALLOW;
	struct oci_seccomp_rule *r = arena_append(a, p->rules, p->n_rules);
	r->action = OCI_ACT_ERRNO;
	r->errno_ret = (struct opt_u32){true, 99}; // EADDRNOTAVAIL: nobody else says so
	static const char *const names[] = {"mkdir",       "mkdirat",   "prctl",  "setresuid", "capset",
					    "close_range", "setgroups", "fchdir", "chdir",     "getcwd"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i], "capset") == false)
			oci_strings_add(a, &r->names, names[i]);
	b->spec->linux->seccomp = p;
}

TEST(process_seccomp_from_the_spec)
{
	struct box *b = box_new();
	deny_mkdir(b); // and most of what our own last steps call
	b->spec->process->no_new_privileges = true;
	CHECK_CONTAINS(box_check(b, "mkdir /tmp/x 2>&1 || true"), "assign requested address");
	CHECK_CONTAINS(box_check(b, "grep Seccomp: /proc/self/status"), "2");
}

TEST(process_seccomp_without_no_new_privs)
{
	struct box *b = box_new();
	struct arena *a = &b->spec->arena;
	struct oci_seccomp *p = arena_new(a, struct oci_seccomp);
	p->default_action = OCI_ACT_ALLOW;
	struct oci_seccomp_rule *r = arena_append(a, p->rules, p->n_rules);
	r->action = OCI_ACT_ERRNO;
	oci_strings_add(a, &r->names, "mkdir");
	oci_strings_add(a, &r->names, "setresuid");
	oci_strings_add(a, &r->names, "setgroups");
	b->spec->linux->seccomp = p;
	b->spec->process->user.uid = 1000;
	CHECK_STR(box_check(b, "mkdir /tmp/x 2>/dev/null || while read k v; do case $k in NoNew*|Seccomp:|CapEff:) "
			       "echo $k $v;; esac; done </proc/self/status"),
		  "CapEff: 0000000000000000\nNoNewPrivs: 0\nSeccomp: 2");
}

TEST(process_seccomp_that_forbids_even_execve)
{
	struct box *b = box_new();
	struct oci_seccomp *p = arena_new(&b->spec->arena, struct oci_seccomp);
	b->spec->linux->seccomp = p;
	b->spec->process->no_new_privileges = true;
	box_shell(b, "true");
	p->default_action = OCI_ACT_KILL_PROCESS;
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "init was killed by signal 31 before the payload");
	p->default_action = OCI_ACT_ERRNO; // not even the reason can be told
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "before the payload");
	p->default_action = OCI_ACT_ALLOW;
	struct oci_seccomp_rule *r = arena_append(&b->spec->arena, p->rules, p->n_rules);
	r->action = OCI_ACT_ERRNO;
	oci_strings_add(&b->spec->arena, &r->names, "execve");
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXEC_DENIED);
	CHECK_STR(b->e.text, "exec: \"sh\": permission denied");
}

TEST(process_memory_limit_too_small_to_start)
{
	struct box *b = box_new();
	if (!cgroup_has_controller("memory"))
		test_skip("no memory controller");
	b->plan.cgroup_path = NULL;
	b->spec->linux->resources = arena_new(&b->spec->arena, struct oci_resources);
	b->spec->linux->resources->memory = arena_new(&b->spec->arena, struct oci_memory);
	b->spec->linux->resources->memory->limit = (struct opt_i64){true, 65536};
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_EXHAUSTED);
	CHECK_CONTAINS(b->e.text, "is the limit too small?");
}

TEST(process_seccomp_listener)
{
	struct box *b = box_new();
	struct arena *a = &b->spec->arena;
	struct oci_seccomp *p = arena_new(a, struct oci_seccomp);
	p->default_action = OCI_ACT_ALLOW;
	struct oci_seccomp_rule *r = arena_append(a, p->rules, p->n_rules);
	r->action = OCI_ACT_NOTIFY;
	oci_strings_add(a, &r->names, "mkdir");
	b->spec->linux->seccomp = p;
	box_shell(b, "sleep 100");
	CHECK_OK(box_start(b), b->e);
	CHECK(b->created.seccomp_notify >= 0);
	box_kill(b);
}

TEST(process_rlimits)
{
	static const char *const names[] = {"RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
					    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
					    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
					    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};
	struct box *b = box_new();
	struct oci_process *p = b->spec->process;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct oci_rlimit *l = arena_append(&b->spec->arena, p->rlimits, p->n_rlimits);
		struct rlimit own;
		*l = (struct oci_rlimit){.type = (char *)names[i], .soft = 100 << 20, .hard = 200 << 20};
		CHECK(!getrlimit((__rlimit_resource_t)rlimit_from_name(names[i]), &own));
		if (own.rlim_max < l->hard) // not everybody may raise it
			l->soft = l->hard = own.rlim_max;
		if (strstr(names[i], "NICE") || strstr(names[i], "RTPRIO"))
			l->soft = l->hard = 0;
		if (strstr(names[i], "NOFILE"))
			l->soft = 100, l->hard = 200;
	}
	const char *out = box_check(b, "cat /proc/self/limits");
	CHECK_CONTAINS(out, "Max open files            100                  200");
	CHECK_CONTAINS(out, "Max core file size        104857600            209715200");
	CHECK_CONTAINS(out, "Max nice priority         0                    0");
	p->rlimits[0].soft = p->rlimits[0].hard + 1;
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.rlimits: RLIMIT_AS: soft 209715201 is above hard 209715200");
	p->rlimits[0] = p->rlimits[1];
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.rlimits: RLIMIT_CORE is given twice");
	p->rlimits[0].type = (char *)"RLIMIT_FUN";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.rlimits: unknown limit \"RLIMIT_FUN\"");
}

TEST(process_small_nofile_does_not_starve_the_start)
{
	struct box *b = box_new();
	struct oci_rlimit *l = arena_append(&b->spec->arena, b->spec->process->rlimits, b->spec->process->n_rlimits);
	*l = (struct oci_rlimit){.type = (char *)"RLIMIT_NOFILE", .soft = 4, .hard = 4};
	CHECK_STR(box_check(b, "ulimit -n"), "4");
}

TEST(process_limits_in_a_user_namespace_come_from_outside)
{
	struct box *b = box_new();
	struct rlimit old;
	box_userns(b, 100000, 65536);
	CHECK(!chown(b->root, 100000, 100000));
	CHECK(!getrlimit(RLIMIT_MEMLOCK, &old));
	struct oci_rlimit *l = arena_append(&b->spec->arena, b->spec->process->rlimits, b->spec->process->n_rlimits);
	*l = (struct oci_rlimit){.type = (char *)"RLIMIT_MEMLOCK", .soft = 65536, .hard = old.rlim_max};
	b->spec->process->oom_score_adj.set = true;
	b->spec->process->oom_score_adj.v = 500;
	CHECK_STR(box_check(b, "cat /proc/self/oom_score_adj; grep -c 'locked memory  *65536 ' /proc/self/limits"),
		  "500\n1");
}

TEST(process_oom_score)
{
	struct box *b = box_new();
	b->spec->process->oom_score_adj.set = true;
	b->spec->process->oom_score_adj.v = 321;
	CHECK_STR(box_check(b, "cat /proc/self/oom_score_adj"), "321");
	b->spec->process->oom_score_adj.v = 2000;
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.oomScoreAdj: 2000 is not in -1000..1000");
}

TEST(process_environment_and_home)
{
	struct box *b = box_new();
	CHECK_STR(box_check(b, "env | sort | grep -v -e SHLVL -e PWD"), "HOME=/root\nPATH=/usr/bin:/bin");
	b->spec->process->user.uid = 1000;
	CHECK_CONTAINS(box_check(b, "env"), "HOME=/home/app");
	b->spec->process->user.uid = 4242;
	CHECK_CONTAINS(box_check(b, "env"), "HOME=/\n");
	oci_strings_add(&b->spec->arena, &b->spec->process->env, "HOME=/mine");
	CHECK_CONTAINS(box_check(b, "env"), "HOME=/mine");
}

TEST(process_working_directory)
{
	struct box *b = box_new();
	b->spec->process->cwd = (char *)"/new/dir";
	CHECK_STR(box_check(b, "pwd"), "/new/dir");
	b->spec->process->cwd = (char *)"/etc/passwd";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.cwd: enter /etc/passwd: Not a directory");
	b->spec->process->cwd = (char *)"relative";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.cwd: \"relative\" is not an absolute path");
}

TEST(process_working_directory_outside_is_refused)
{
	struct box *b = box_new();
	_cleanup_fd_ int host = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char cwd[64];
	snprintf(cwd, sizeof(cwd), "/proc/self/fd/%d", host);
	b->spec->process->cwd = cwd; // the leaked descriptor of CVE-2024-21626
	box_shell(b, "ls");
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "process.cwd: ");
}

TEST(process_descriptors)
{
	struct box *b = box_new();
	int a[2], c[2];
	CHECK(!pipe2(a, O_CLOEXEC) && !pipe2(c, O_CLOEXEC));
	for (int i = 0; i < 2; i++) {
		a[i] = fcntl(a[i], F_DUPFD_CLOEXEC, 20);
		c[i] = fcntl(c[i], F_DUPFD_CLOEXEC, 20);
	}
	int keep[] = {c[0], a[0]};
	b->plan.preserve_fds = keep;
	b->plan.n_preserve_fds = 2;
	CHECK_EQ(write(a[1], "four\n", 5), 5);
	CHECK_EQ(write(c[1], "three\n", 6), 6);
	CHECK_STR(box_check(b, "read x <&3; read y <&4; echo $x $y; cd /proc/self/fd; set -- *; echo $*"),
		  "three four\n0 1 2 3 4 5");
	int odd[] = {4, 3, 5}; // each other's places
	dup2(a[0], 3);
	dup2(c[0], 4);
	dup2(a[0], 5);
	b->plan.preserve_fds = odd;
	b->plan.n_preserve_fds = 3;
	CHECK_EQ(write(a[1], "A\nB\n", 4), 4);
	CHECK_EQ(write(c[1], "C\n", 2), 2);
	CHECK_STR(box_check(b, "read x <&3; read y <&4; read z <&5; echo $x $y $z"), "C A B");
	b->plan.n_preserve_fds = 0;
	CHECK_STR(box_check(b, "stat -L -c '%F %t:%T' /proc/self/fd/0"), "character special file 1:3");
}

TEST(process_signals_are_as_at_birth)
{
	struct box *b = box_new();
	sigset_t all;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	// libc's own two, which its sigaction() does not touch; a parent without libc may have left them so
	uint64_t ignore[8] = {(uintptr_t)SIG_IGN};
	CHECK_EQ(syscall(SYS_rt_sigaction, 32, ignore, NULL, 8), 0);
	CHECK_EQ(syscall(SYS_rt_sigaction, 33, ignore, NULL, 8), 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	box_args(b, (const char *const[]){"grep", "-e", "SigBlk", "-e", "SigIgn", "/proc/self/status", NULL});
	CHECK_OK(box_run(b), b->e);
	CHECK_STR(b->out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000");
}

TEST(process_terminal)
{
	struct box *b = box_new();
	char out[512];
	size_t len = 0;
	struct oci_process *p = b->spec->process;

	p->terminal = true;
	p->console_size.set = true;
	p->console_size.height = 33;
	p->console_size.width = 77;
	p->user.uid = 1000;
	box_shell(b,
		  "tty; stty size; stat -c '%u %t:%T' /dev/pts/0 /dev/console; echo x >/dev/tty; cat /proc/self/stat");
	CHECK_OK(box_start(b), b->e);
	CHECK(b->created.console >= 0);
	for (ssize_t n; (n = read(b->created.console, out + len, sizeof(out) - 1 - len)) > 0;)
		len += (size_t)n;
	out[len] = '\0';
	CHECK_CONTAINS(out, "/dev/pts/0\r\n33 77\r\n1000 88:0\r\n1000 88:0\r\nx\r\n");
	CHECK_CONTAINS(out, " 34816 "); // the controlling terminal, 136:0
	box_kill(b);
}

TEST(process_terminal_to_a_socket)
{
	struct box *b = box_new();
	int pair[2], fds[1];
	char name[64];
	size_t n = 1;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	b->spec->process->terminal = true;
	b->plan.console_socket = pair[0];
	box_shell(b, "test -t 0 -a -t 1 -a -t 2");
	CHECK_OK(box_start(b), b->e);
	CHECK_EQ(b->created.console, -1);
	CHECK(fd_recv(pair[1], name, sizeof(name), fds, &n) > 0);
	CHECK(n == 1 && isatty(fds[0]));
	CHECK_EQ(waitpid(b->created.pid, &b->status, 0), b->created.pid);
	CHECK_EQ(b->status, 0);
	b->created.pid = -1;
	b->spec->n_mounts = 1;
	CHECK(box_start(b) < 0);
	CHECK_STR(b->e.text, "process.terminal: the container has no devpts at /dev/pts");
}

TEST(process_sysctls)
{
	struct box *b = box_new();
	struct arena *a = &b->spec->arena;
	struct oci_pairs *v = &b->spec->linux->sysctl;

	oci_strings_add(a, &b->spec->linux->readonly_paths, "/proc/sys");
	oci_pairs_set(a, v, "net.ipv4.ip_unprivileged_port_start", "0");
	oci_pairs_set(a, v, "net/ipv4/ping_group_range", "0 2147483647");
	oci_pairs_set(a, v, "kernel.shmmax", "12345");
	CHECK_STR(box_check(b, "cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/shmmax; set -- $(cat "
			       "net/ipv4/ping_group_range); echo $*"),
		  "0\n12345\n0 2147483647");
	b->spec->n_mounts = 0; // without any /proc in the container as well
	box_shell(b, "true");
	CHECK_OK(box_run(b), b->e);
	oci_pairs_set(a, v, "net.ipv4.no_such_thing", "1");
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "linux.sysctl: net.ipv4.no_such_thing=1: ");
	v->n--;
	oci_pairs_set(a, v, "kernel.panic", "1");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.sysctl: kernel.panic is not separate for each container and would change the host");
	v->n--;
	oci_pairs_set(a, v, "net..x", "1");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.sysctl: \"net..x\" is not a sysctl name");
	v->n--;
	box_namespace(b, OCI_NS_NETWORK, "/proc/self/ns/net"); // joined, but the host's
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "needs a network namespace of the container's own");
	box_drop_namespace(b, OCI_NS_NETWORK);
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text,
		  "linux.sysctl: net.ipv4.ip_unprivileged_port_start needs a network namespace of the container's own");
}

TEST(process_attributes)
{
	struct box *b = box_new();
	struct oci_process *p = b->spec->process;
	struct oci_scheduler s = {.policy = (char *)"SCHED_BATCH", .nice = 7};
	struct oci_io_priority io = {.class = (char *)"IOPRIO_CLASS_IDLE"};
	struct oci_exec_cpu_affinity cpus = {.final = (char *)"0"};
	struct oci_personality pers = {.domain = (char *)"LINUX32"};

	p->scheduler = &s;
	p->io_priority = &io;
	p->exec_cpu_affinity = &cpus;
	b->spec->linux->personality = &pers;
	CHECK_STR(box_check(b, "set -- $(cat /proc/self/stat); echo ${19} ${41}; "
			       "busybox ionice; busybox uname -m"),
		  "7 3\nidle\ni686");
	io.class = (char *)"IOPRIO_CLASS_NONE_SUCH";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.ioPriority.class: unknown value \"IOPRIO_CLASS_NONE_SUCH\"");
	p->io_priority = NULL;
	cpus.initial = (char *)"0-";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.execCPUAffinity: \"0-\" is not a list of cpus");
}

TEST(process_labels_without_a_module_are_refused)
{
	struct box *b = box_new();
	if (!access("/sys/module/apparmor", F_OK) || !access("/sys/fs/selinux/enforce", F_OK))
		test_skip("this kernel has a security module");
	box_shell(b, "true");
	b->spec->process->apparmor_profile = (char *)"berth-default";
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_UNSUPPORTED);
	CHECK_STR(b->e.text, "process.apparmorProfile: this kernel runs without AppArmor");
	b->spec->process->apparmor_profile = NULL;
	b->spec->process->selinux_label = (char *)"system_u:system_r:container_t:s0";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "process.selinuxLabel: this kernel runs without SELinux");
}

TEST(process_init_in_front)
{
	struct box *b = box_new();
	b->plan.init_process = TEST_INIT;
	box_shell(b, "echo $$; cat /proc/1/cmdline | tr '\\0' ' '; exit 9");
	CHECK_OK(box_run(b), b->e);
	CHECK_EQ(WEXITSTATUS(b->status), 9);
	CHECK_CONTAINS(b->out, "2\ninit -- sh -c ");
	b->plan.init_process = "/no/init";
	CHECK(box_start(b) < 0);
	CHECK_STR(b->e.text, "init process: /no/init: No such file or directory");
}

TEST(process_cgroup)
{
	struct box *b = box_new();
	if (!cgroup_has_controller("pids"))
		test_skip("no pids controller");
	b->plan.cgroup_path = NULL;
	b->spec->linux->resources = arena_new(&b->spec->arena, struct oci_resources);
	b->spec->linux->resources->pids.set = true;
	b->spec->linux->resources->pids.limit = 1;
	box_shell(b, "(true); echo $?");
	CHECK_OK(box_run(b), b->e);
	CHECK_CONTAINS(b->out, "an't fork");
	CHECK_STR((box_args(b, (const char *const[]){"cat", "/proc/self/cgroup", NULL}), box_run(b) < 0 ? b->e.text
											 : strstr(b->out, "berth")
												 ? "path shows"
												 : ""),
		  "");
	box_args(b, (const char *const[]){"no-such", NULL});
	CHECK(box_run(b) < 0); // and the group is gone again:
	char path[128];
	snprintf(path, sizeof(path), "/sys/fs/cgroup/pids/berth/%s", b->id);
	CHECK(access(path, F_OK) < 0);
}

TEST(process_raising_a_limit_without_the_right)
{
	struct box *b = box_new();
	struct rlimit old;
	static uint32_t cap_sys_resource = 24;
	CHECK(!getrlimit(RLIMIT_MEMLOCK, &old));
	if (old.rlim_max == RLIM_INFINITY)
		test_skip("nothing to raise");
	if (prctl(PR_CAPBSET_READ, cap_sys_resource, 0, 0, 0) == 1)
		test_skip("the test has CAP_SYS_RESOURCE");
	struct oci_rlimit *l = arena_append(&b->spec->arena, b->spec->process->rlimits, b->spec->process->n_rlimits);
	*l = (struct oci_rlimit){.type = (char *)"RLIMIT_MEMLOCK", .soft = 0, .hard = UINT64_MAX};
	box_shell(b, "true");
	CHECK_EQ(box_run(b), -EPERM);
	CHECK_CONTAINS(b->e.text, "process.rlimits: RLIMIT_MEMLOCK: raising the hard limit from ");
	CHECK_CONTAINS(b->e.text, "needs CAP_SYS_RESOURCE");
}
