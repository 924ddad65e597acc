// SPDX-License-Identifier: Apache-2.0
// How long a minimal container takes from nothing to nothing, through the runtime's own calls: groups with limits,
// all namespaces, overlay, /dev, /proc, /sys, 12 masked and 5 read-only paths, capabilities, filter, execve, wait,
// removal. The steps are those of the floor measurement, so that the two can be compared.
//
// usage: start_loop DIR PAYLOAD [ROUNDS]     DIR: scratch folder on the disk to test; PAYLOAD: a static program
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/capability.h"
#include "kernel/mount.h"
#include "runtime/container.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *scratch;
static struct seccomp_filter filter;

_noreturn_ static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "start_loop: %s: %s\n", what, e ? e->text : strerror(errno));
	exit(1);
}

static void add_mount(struct oci_spec *s, const char *dest, const char *type, const char *options)
{
	struct oci_mount *m = arena_append(&s->arena, s->mounts, s->n_mounts);
	m->destination = arena_strdup(&s->arena, dest);
	m->type = m->source = arena_strdup(&s->arena, type);
	_cleanup_strv_ char **v = strv_split(options, ',');
	for (char **o = v; o && *o; o++)
		oci_strings_add(&s->arena, &m->options, *o);
}

static void add_all(struct oci_spec *s, struct oci_strings *to, const char *list)
{
	_cleanup_strv_ char **v = strv_split(list, ' ');
	for (char **p = v; *p; p++)
		oci_strings_add(&s->arena, to, *p);
}

static void add_process(struct oci_spec *s)
{
	struct arena *a = &s->arena;
	struct oci_process *p = s->process;
	static const char caps[] =
		"CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_BIND_SERVICE CAP_SETFCAP "
		"CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT";

	p->cwd = arena_strdup(a, "/");
	add_all(s, &p->args, "/true");
	add_all(s, &p->env, "PATH=/bin HOME=/root");
	p->capabilities = arena_new(a, struct oci_capabilities);
	add_all(s, &p->capabilities->bounding, caps);
	add_all(s, &p->capabilities->effective, caps);
	add_all(s, &p->capabilities->permitted, caps);
	p->no_new_privileges = true;
	p->oom_score_adj.set = true;
	p->oom_score_adj.v = 100;
	struct oci_rlimit *l = arena_append(a, p->rlimits, p->n_rlimits);
	*l = (struct oci_rlimit){.type = arena_strdup(a, "RLIMIT_NOFILE"), .soft = 1024, .hard = 1024};
}

static struct oci_spec *make_spec(void)
{
	struct oci_spec *s = oci_spec_new();
	struct arena *a = &s->arena;

	for (int t = 0; t < OCI_NS_MAX; t++)
		if (t != OCI_NS_USER && t != OCI_NS_TIME) {
			struct oci_namespace *n = arena_append(a, s->linux->namespaces, s->linux->n_namespaces);
			n->type = (enum oci_namespace_type)t;
		}
	add_process(s);
	s->hostname = arena_strdup(a, "bench");
	add_mount(s, "/proc", "proc", "nosuid,noexec,nodev");
	add_mount(s, "/dev", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	add_mount(s, "/dev/pts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_mount(s, "/dev/shm", "tmpfs", "nosuid,noexec,nodev,mode=1777,size=65536k");
	add_mount(s, "/dev/mqueue", "mqueue", "nosuid,noexec,nodev");
	add_mount(s, "/sys", "sysfs", "nosuid,noexec,nodev,ro");
	add_all(s, &s->linux->masked_paths,
		"/proc/kpageflags /proc/keys /proc/timer_list /proc/interrupts /proc/kallsyms /proc/vmallocinfo "
		"/proc/kpagecount "
		"/proc/driver /proc/tty /proc/fs /sys/firmware /sys/kernel");
	add_all(s, &s->linux->readonly_paths, "/proc/bus /proc/fs /proc/irq /proc/sys /proc/acpi");
	s->linux->resources = arena_new(a, struct oci_resources);
	s->linux->resources->memory = arena_new(a, struct oci_memory);
	s->linux->resources->memory->limit = (struct opt_i64){true, 64 << 20};
	s->linux->resources->cpu = arena_new(a, struct oci_cpu);
	s->linux->resources->cpu->quota = (struct opt_i64){true, 100000};
	s->linux->resources->pids.set = true;
	s->linux->resources->pids.limit = 100;
	return s;
}

static int overlay(unsigned i)
{
	char up[PATH_MAX], work[PATH_MAX], lower[PATH_MAX];
	struct err e = {0};
	struct mount_options o = {0};

	snprintf(lower, sizeof(lower), "%s/up%u", scratch, i);
	mkdir(lower, 0755);
	snprintf(up, sizeof(up), "upperdir=%s/up%u/u", scratch, i);
	snprintf(work, sizeof(work), "workdir=%s/up%u/w", scratch, i);
	mkdir(up + 9, 0755);
	mkdir(work + 8, 0755);
	snprintf(lower, sizeof(lower), "lowerdir+=%s/layer", scratch);
	char *fs[] = {lower, up, work, (char *)"volatile", NULL};
	o.fs = fs;
	int fd = mount_new("overlay", NULL, &o, &e);
	if (fd < 0)
		die("overlay", &e);
	return fd;
}

enum { STEP_OVERLAY, STEP_CREATE, STEP_WAIT, STEP_REMOVE, STEP_ALL, STEP_CPU, STEPS };
static const char *const step_names[STEPS] = {"overlay", "container_create", "payload until reaped", "cgroup_remove",
					      "all",     "cpu time"};

static int64_t cpu_time(void)
{
	int64_t us = 0;
	static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};

	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		struct rusage u;
		getrusage(who[i], &u);
		us += (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
	}
	return us * 1000;
}

static void lap(int64_t t[static STEPS], int step, int64_t *since)
{
	int64_t now = clock_monotonic();
	t[step] = now - *since;
	*since = now;
}

static void run_one(struct oci_spec *spec, unsigned i, int64_t t[static STEPS])
{
	struct err e = {0};
	struct container_created c;
	char id[32];
	int status = -1;
	int64_t cpu = cpu_time(), start = clock_monotonic(), since = start;

	snprintf(id, sizeof(id), "/bench%d.%u", (int)getpid(), i);
	struct container_plan plan = {.id = id + 1,
				      .cgroup_path = id,
				      .spec = spec,
				      .bundle = -1,
				      .rootfs = overlay(i),
				      .stdio = {-1, -1, -1},
				      .console_socket = -1,
				      .run_now = true,
				      .seccomp = filter.n ? &filter : NULL};
	lap(t, STEP_OVERLAY, &since);
	if (container_create(&plan, &c, &e) < 0)
		die("create", &e);
	close(plan.rootfs);
	lap(t, STEP_CREATE, &since);
	if (waitpid(c.pid, &status, 0) < 0 || status)
		die("payload failed", NULL);
	lap(t, STEP_WAIT, &since);
	if (cgroup_remove(c.cgroup, 5000, &e) < 0)
		die("cgroup", &e);
	container_created_done(&c);
	lap(t, STEP_REMOVE, &since);
	t[STEP_ALL] = since - start;
	t[STEP_CPU] = cpu_time() - cpu;
	char up[PATH_MAX];
	snprintf(up, sizeof(up), "up%u", i);
	int dir = open(scratch, O_DIRECTORY | O_CLOEXEC);
	if (path_remove_tree(dir, up, &e) < 0)
		die("remove", &e);
	close(dir);
}

static void prepare(const char *payload)
{
	static const char *const dirs[] = {"", "/layer", "/layer/proc", "/layer/sys", "/layer/dev"};
	char path[PATH_MAX];
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", scratch, dirs[i]);
		mkdir(path, 0755);
	}
	snprintf(path, sizeof(path), "%s/layer/true", scratch);
	_cleanup_fd_ int in = open(payload, O_RDONLY | O_CLOEXEC),
			 out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (in < 0 || out < 0)
		die(payload, NULL);
	if (fd_copy(in, out, UINT64_MAX, &e) < 0)
		die("copy the payload", &e);
	if (unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("unshare", NULL);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int n = 50;
	struct err e = {0};

	if (argc < 3 || (argc > 3 && (str_to_int(argv[3], &n) < 0 || n < 1))) {
		fprintf(stderr, "usage: start_loop DIR PAYLOAD [ROUNDS]\n");
		return 2;
	}
	scratch = argv[1];
	prepare(argv[2]);
	struct oci_spec *spec = make_spec();
	struct oci_seccomp *profile = seccomp_default_profile(&spec->arena, capability_default());
	if (seccomp_compile(profile, &filter, &e) < 0)
		die("seccomp", &e);
	int64_t *t[STEPS], one[STEPS];
	for (int k = 0; k < STEPS; k++)
		t[k] = xnew_n(int64_t, (size_t)n);
	for (int i = 0; i < n; i++) {
		run_one(spec, (unsigned)i, one);
		for (int k = 0; k < STEPS; k++)
			t[k][i] = one[k];
	}
	for (int k = 0; k < STEPS; k++) {
		qsort(t[k], (size_t)n, sizeof(**t), by_value);
		printf("%-22s min %6.0f us, median %6.0f us\n", step_names[k], (double)t[k][0] / 1e3,
		       (double)t[k][n / 2] / 1e3);
	}
	return 0;
}
