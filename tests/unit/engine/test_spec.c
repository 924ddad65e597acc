// SPDX-License-Identifier: Apache-2.0
// Each option's effect in the OCI configuration.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/spec.h"
#include "kernel/capability.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef"

static void remove_folder(const char *path)
{
	_cleanup_fd_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = {0};

	CHECK_OK(path_remove_tree(tmp, path_basename(path), &e), e);
}

struct fixture {
	char dir[64];
	int rootfs;
	struct engine g;
	struct engine_create_options o;
	struct engine_prepared p;
	struct oci_image_config config;
	struct arena a;
	struct spec_build b;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){0};
	str_copy(f->dir, sizeof(f->dir), "/tmp/berth-unit-spec.XXXXXX");
	CHECK(mkdtemp(f->dir));
	f->rootfs = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(f->rootfs >= 0);
	CHECK(!mkdirat(f->rootfs, "etc", 0755));
	static const char passwd[] = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
	static const char group[] = "root:x:0:\napp:x:1001:\nstaff:x:50:app\n";
	CHECK(!file_write_atomic(f->rootfs, "etc/passwd", passwd, sizeof(passwd) - 1, 0644, false, NULL));
	CHECK(!file_write_atomic(f->rootfs, "etc/group", group, sizeof(group) - 1, 0644, false, NULL));
	f->g = (struct engine){.root = f->dir, .run = f->dir, .root_fd = -1, .containers_fd = -1, .run_fd = -1};
	f->o.image = (char *)"test";
	f->p.id = (char *)ID;
	f->p.options = &f->o;
	f->p.config = &f->config;
}

static int build(struct fixture *f, struct err *e)
{
	int rc = spec_command(&f->o, &f->config.config, &f->p.command, e);

	if (rc < 0)
		return rc;
	f->p.resolved.mounts = f->o.mounts;
	f->p.resolved.n_mounts = f->o.n_mounts;
	f->b = (struct spec_build){.g = &f->g, .p = &f->p, .o = &f->o, .image = &f->config.config, .rootfs = f->rootfs};
	f->b.spec = oci_spec_new();
	f->b.a = &f->b.spec->arena;
	f->b.spec->linux->resources = arena_new(f->b.a, struct oci_resources);
	return spec_build(&f->b, e);
}

static void end(struct fixture *f)
{
	strv_free(f->p.command);
	oci_spec_free(f->b.spec);
	arena_done(&f->a);
	fd_close(f->rootfs);
	remove_folder(f->dir);
}

static const char *env_of(const struct fixture *f, const char *name)
{
	const struct oci_strings *v = &f->b.spec->process->env;
	size_t n = strlen(name);

	for (size_t i = 0; i < v->n; i++)
		if (!strncmp(v->v[i], name, n) && v->v[i][n] == '=')
			return v->v[i] + n + 1;
	return NULL;
}

static const struct oci_mount *mount_at(const struct fixture *f, const char *destination)
{
	const struct oci_mount *found = NULL;

	for (size_t i = 0; i < f->b.spec->n_mounts; i++)
		if (str_eq(f->b.spec->mounts[i].destination, destination)) {
			CHECK(!found);
			found = &f->b.spec->mounts[i];
		}
	return found;
}

static bool has(const struct oci_strings *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->v[i], s))
			return true;
	return false;
}

#define ARGS(...) ((char *[]){__VA_ARGS__, NULL})
#define S(text)   ((char *)(text))

TEST(spec_command_merge)
{
	struct oci_image_run image = {0};
	char *entry[] = {S("/entry"), S("-e")}, *cmd[] = {S("cmd")};
	struct engine_create_options o = {.image = S("img")};
	char **v = NULL;
	struct err e = {0};

	CHECK_EQ(spec_command(&o, &image, &v, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "no command specified");
	image.entrypoint = (struct oci_strings){entry, 2};
	image.cmd = (struct oci_strings){cmd, 1};
	CHECK_OK(spec_command(&o, &image, &v, &e), e);
	CHECK_EQ(strv_len(v), 3);
	CHECK_STR(v[2], "cmd");
	strv_free(v);
	o.args = ARGS(S("x"), S("y"));
	CHECK_OK(spec_command(&o, &image, &v, &e), e);
	CHECK_EQ(strv_len(v), 4);
	CHECK_STR(v[3], "y");
	strv_free(v);
	o.args = NULL;
	o.entrypoint_set = true; // --entrypoint "": the image's command goes with it
	CHECK_EQ(spec_command(&o, &image, &v, &e), -EINVAL);
	o.entrypoint = ARGS(S("/mine"));
	CHECK_OK(spec_command(&o, &image, &v, &e), e);
	CHECK_EQ(strv_len(v), 1);
	strv_free(v);
}

TEST(spec_defaults)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	CHECK_OK(build(&f, &e), e);
	const struct oci_spec *s = f.b.spec;
	CHECK_STR(s->process->args.v[0], "true");
	CHECK_STR(s->process->cwd, "/");
	CHECK_STR(env_of(&f, "PATH"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	CHECK_STR(env_of(&f, "HOSTNAME"), "0123456789ab");
	CHECK_STR(env_of(&f, "HOME"), "/root");
	CHECK(!env_of(&f, "TERM"));
	CHECK_STR(s->hostname, "0123456789ab");
	CHECK_EQ(s->process->capabilities->bounding.n, 11);
	CHECK_EQ(s->process->capabilities->inheritable.n, 0);
	CHECK_EQ(s->process->capabilities->ambient.n, 0);
	CHECK(!has(&s->process->capabilities->bounding, "CAP_NET_RAW"));
	CHECK(s->linux->seccomp != NULL);
	CHECK(!s->process->no_new_privileges);
	CHECK_EQ(s->process->user.umask.v, 0022);
	CHECK(has(&s->linux->masked_paths, "/proc/kcore"));
	CHECK(has(&s->linux->masked_paths, "/sys/firmware"));
	CHECK(has(&s->linux->readonly_paths, "/proc/sys"));
	CHECK(s->linux->resources->pids.set);
	CHECK_EQ(s->linux->resources->pids.limit, 2048);
	CHECK(!s->linux->resources->memory && !s->linux->resources->cpu);
	for (int t = 0; t < OCI_NS_MAX; t++) {
		bool want = t != OCI_NS_USER && t != OCI_NS_TIME;
		CHECK_EQ(oci_find_namespace(s, (enum oci_namespace_type)t) != NULL, want);
	}
	CHECK(has(&mount_at(&f, "/sys")->options, "ro"));
	CHECK(has(&mount_at(&f, "/sys/fs/cgroup")->options, "ro"));
	CHECK(has(&mount_at(&f, "/dev/shm")->options, "size=67108864"));
	CHECK_STR(mount_at(&f, "/etc/hosts")->type, "bind");
	CHECK_CONTAINS(mount_at(&f, "/etc/resolv.conf")->source, "/containers/" ID "/resolv.conf");
	CHECK_STR(oci_pairs_get(&s->linux->sysctl, "net.ipv4.ip_unprivileged_port_start"), "0");
	end(&f);
}

TEST(spec_image_wishes_and_options_over_them)
{
	struct fixture f;
	struct err e = {0};
	char *env[] = {S("PATH=/image"), S("X=1"), S("Y=1")};

	begin(&f);
	f.config.config.env = (struct oci_strings){env, 3};
	f.config.config.user = S("app");
	f.config.config.working_dir = S("/srv/../work");
	f.o.args = ARGS(S("true"));
	f.o.env = ARGS(S("X=2"), S("Z=3"));
	f.o.tty = true;
	f.o.tty_rows = 40;
	f.o.tty_cols = 100;
	CHECK_OK(build(&f, &e), e);
	const struct oci_process *p = f.b.spec->process;
	CHECK_STR(env_of(&f, "PATH"), "/image");
	CHECK_STR(env_of(&f, "X"), "2");
	CHECK_STR(env_of(&f, "Y"), "1");
	CHECK_STR(env_of(&f, "Z"), "3");
	CHECK_STR(env_of(&f, "TERM"), "xterm");
	CHECK_STR(env_of(&f, "HOME"), "/home/app");
	CHECK_EQ(p->user.uid, 1000);
	CHECK_EQ(p->user.gid, 1001);
	CHECK_EQ(p->user.n_additional_gids, 2); // its own and staff
	CHECK_STR(p->cwd, "/work");
	CHECK(p->terminal && p->console_size.set);
	CHECK_EQ(p->console_size.width, 100);
	CHECK(!faccessat(f.rootfs, "work", F_OK, 0)); // made
	end(&f);
}

TEST(spec_working_directory_stays_inside)
{
	struct fixture f;
	struct err e = {0};
	char target[64];

	begin(&f);
	str_copy(target, sizeof(target), "/tmp/berth-unit-outside.XXXXXX");
	CHECK(mkdtemp(target));
	CHECK(!symlinkat(target, f.rootfs, "link"));
	f.o.args = ARGS(S("true"));
	f.o.workdir = S("/link/below");
	(void)build(&f, &e);
	CHECK(!rmdir(target)); // still empty
	end(&f);
}

TEST(spec_unknown_user)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.user = S("nobody-knows");
	CHECK(build(&f, &e) < 0);
	CHECK_CONTAINS(e.text, "nobody-knows");
	end(&f);
}

TEST(spec_capabilities)
{
	static const struct {
		const char *add, *drop;
		size_t n; // 0: all that we hold
	} cases[] = {{"NET_RAW", NULL, 12},
		     {"cap_chown", NULL, 11},
		     {NULL, "CHOWN", 10},
		     {"NET_RAW", "all", 1},
		     {"ALL", NULL, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		struct err e = {0};
		begin(&f);
		f.o.args = ARGS(S("true"));
		f.o.cap_add = cases[i].add ? ARGS(S(cases[i].add)) : NULL;
		f.o.cap_drop = cases[i].drop ? ARGS(S(cases[i].drop)) : NULL;
		CHECK_OK(build(&f, &e), e);
		size_t want =
			cases[i].n ? cases[i].n : (size_t)__builtin_popcountll(capability_held() & capability_all());
		CHECK_EQ(f.b.spec->process->capabilities->effective.n, want);
		end(&f);
	}
}

TEST(spec_privileged)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.privileged = true;
	CHECK_OK(build(&f, &e), e);
	const struct oci_linux *l = f.b.spec->linux;
	CHECK(!l->seccomp);
	CHECK_EQ(l->masked_paths.n, 0);
	CHECK_EQ(l->readonly_paths.n, 0);
	CHECK(!has(&mount_at(&f, "/sys")->options, "ro"));
	CHECK(!has(&mount_at(&f, "/sys/fs/cgroup")->options, "ro"));
	CHECK_EQ(l->resources->n_devices, 1);
	CHECK(l->resources->devices[0].allow && l->resources->devices[0].type == 'a');
	end(&f);
}

TEST(spec_security_options)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.no_new_privileges = true;
	f.o.seccomp = S("unconfined");
	f.o.apparmor = S("unconfined");
	CHECK_OK(build(&f, &e), e);
	CHECK(f.b.spec->process->no_new_privileges && !f.b.spec->linux->seccomp);
	end(&f);

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.seccomp = S("{\"defaultAction\":\"NOPE\"}");
	f.o.seccomp_name = S("p.json");
	CHECK(build(&f, &e) < 0);
	CHECK_CONTAINS(e.text, "seccomp profile p.json: ");
	end(&f);
}

TEST(spec_namespaces_of_the_host)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.network = f.o.pid = f.o.ipc = f.o.uts = f.o.cgroupns = S("host");
	CHECK_OK(build(&f, &e), e);
	CHECK_EQ(f.b.spec->linux->n_namespaces, 1); // the mount namespace
	CHECK(!f.b.spec->hostname);
	CHECK(!oci_pairs_get(&f.b.spec->linux->sysctl, "net.ipv4.ip_unprivileged_port_start"));
	CHECK_STR(mount_at(&f, "/dev/shm")->source, "/dev/shm");
	end(&f);
}

TEST(spec_namespace_modes_refused)
{
	static const struct {
		const char *network, *pid, *error;
	} cases[] = {
		{"bridge", NULL, "network \"bridge\": there are none, host, container:NAME and ns:/PATH"},
		{NULL, "nonsense", "--pid: \"nonsense\" is not one of private, host, container:NAME, ns:/PATH"},
		{NULL, "ns:relative", "--pid: \"ns:relative\" is not one of"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		struct err e = {0};
		begin(&f);
		f.o.args = ARGS(S("true"));
		f.o.network = (char *)(uintptr_t)cases[i].network;
		f.o.pid = (char *)(uintptr_t)cases[i].pid;
		CHECK(build(&f, &e) < 0);
		CHECK_CONTAINS(e.text, cases[i].error);
		end(&f);
	}
}

TEST(spec_user_namespace)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.p.resolved.range = (struct engine_idrange){1879048192u, 65536};
	CHECK_OK(build(&f, &e), e);
	CHECK(oci_find_namespace(f.b.spec, OCI_NS_USER) != NULL);
	CHECK_EQ(f.b.spec->linux->uid_mappings.n, 1);
	CHECK_EQ(f.b.spec->linux->uid_mappings.v[0].host_id, 1879048192);
	CHECK_EQ(f.b.spec->linux->gid_mappings.v[0].size, 65536);
	CHECK(!oci_pairs_get(&f.b.spec->linux->sysctl, "net.ipv4.ping_group_range"));
	end(&f);
}

TEST(spec_resources)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.memory = 64 << 20;
	f.o.memory_swap = 128 << 20;
	f.o.cpus = 0.5;
	f.o.cpu_shares = 512;
	f.o.cpuset_cpus = S("0");
	f.o.pids_limit_set = true;
	f.o.blkio_weight = 100;
	CHECK_OK(build(&f, &e), e);
	const struct oci_resources *r = f.b.spec->linux->resources;
	CHECK_EQ(r->memory->limit.v, 64 << 20);
	CHECK_EQ(r->memory->swap.v, 128 << 20);
	CHECK_EQ(r->cpu->quota.v, 50000);
	CHECK_EQ(r->cpu->period.v, 100000);
	CHECK_EQ(r->cpu->shares.v, 512);
	CHECK_STR(r->cpu->cpus, "0");
	CHECK_EQ(r->pids.limit, -1); // 0 is no limit
	CHECK_EQ(r->block_io->weight.v, 100);
	end(&f);
}

TEST(spec_process_limits)
{
	struct fixture f;
	struct err e = {0};
	struct engine_ulimit u[] = {{S("nofile"), 1, 2}, {S("core"), 0, -1}, {S("NOFILE"), 3, 4}};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.ulimits = u;
	f.o.n_ulimits = 3;
	f.o.oom_score_adj_set = true;
	f.o.oom_score_adj = -5;
	CHECK_OK(build(&f, &e), e);
	const struct oci_process *p = f.b.spec->process;
	CHECK_EQ(p->n_rlimits, 2);
	CHECK_STR(p->rlimits[0].type, "RLIMIT_NOFILE");
	CHECK_EQ(p->rlimits[0].soft, 3);
	CHECK(p->rlimits[1].hard == UINT64_MAX);
	CHECK(p->oom_score_adj.set && p->oom_score_adj.v == -5);
	end(&f);
}

TEST(spec_mounts_in_order)
{
	struct fixture f;
	struct err e = {0};
	struct engine_mount m[] = {
		{.type = ENGINE_MOUNT_TMPFS, .destination = S("/a/b/c"), .tmpfs_size = 4096, .options = S("exec")},
		{.type = ENGINE_MOUNT_BIND, .source = S("/tmp"), .destination = S("/a"), .readonly = true},
		{.type = ENGINE_MOUNT_VOLUME, .source = S("data"), .destination = S("/etc")},
		{.type = ENGINE_MOUNT_TMPFS, .destination = S("/dev/shm")},
	};
	size_t at[5] = {0};
	static const char *const want[] = {"/proc", "/a", "/etc", "/etc/hosts", "/a/b/c"};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.mounts = m;
	f.o.n_mounts = ARRAY_SIZE(m);
	CHECK_OK(build(&f, &e), e);
	for (size_t i = 0; i < f.b.spec->n_mounts; i++)
		for (size_t k = 0; k < ARRAY_SIZE(want); k++)
			if (str_eq(f.b.spec->mounts[i].destination, want[k]))
				at[k] = i + 1;
	for (size_t k = 0; k < ARRAY_SIZE(want); k++)
		CHECK(at[k] && (!k || at[k] > at[k - 1]));
	CHECK(has(&mount_at(&f, "/a")->options, "rro"));
	CHECK(has(&mount_at(&f, "/a")->options, "rprivate"));
	CHECK(has(&mount_at(&f, "/a/b/c")->options, "exec"));
	CHECK(has(&mount_at(&f, "/a/b/c")->options, "size=4096"));
	CHECK(has(&mount_at(&f, "/a/b/c")->options, "mode=1777"));
	CHECK_CONTAINS(mount_at(&f, "/etc")->source, "/volumes/data/_data");
	CHECK_STR(mount_at(&f, "/dev/shm")->source, "tmpfs"); // instead of the default one
	end(&f);
}

TEST(spec_bind_source_missing)
{
	struct fixture f;
	struct err e = {0};
	struct engine_mount m = {.type = ENGINE_MOUNT_BIND, .source = S("/no/such/source"), .destination = S("/data")};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.mounts = &m;
	f.o.n_mounts = 1;
	CHECK(build(&f, &e) < 0);
	CHECK_STR(e.text, "mount /data: source /no/such/source: No such file or directory");
	end(&f);
}

TEST(spec_bind_source_made_for_v)
{
	struct fixture f;
	struct err e = {0};
	char source[128];
	struct engine_mount m = {.type = ENGINE_MOUNT_BIND, .destination = S("/data"), .bind_create_source = true};

	begin(&f);
	snprintf(source, sizeof(source), "%s/made/here", f.dir);
	m.source = source;
	f.o.args = ARGS(S("true"));
	f.o.mounts = &m;
	f.o.n_mounts = 1;
	CHECK_OK(build(&f, &e), e);
	CHECK(!access(source, F_OK));
	end(&f);
}

TEST(spec_mount_options_refused)
{
	struct fixture f;
	struct err e = {0};
	struct engine_mount m = {.type = ENGINE_MOUNT_BIND,
				 .source = S("/tmp"),
				 .destination = S("/data"),
				 .options = S("U")};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.mounts = &m;
	f.o.n_mounts = 1;
	CHECK(build(&f, &e) < 0);
	CHECK_STR(e.text, "mount /data: option \"U\" is not supported");
	end(&f);
}

TEST(spec_devices)
{
	struct fixture f;
	struct err e = {0};
	struct engine_device d = {S("/dev/zero"), S("/dev/nought"), S("r")}, bad = {S("/etc"), S("/dev/x"), S("r")},
			     none = {S("/dev/nosuch"), S("/dev/x"), S("r")},
			     file = {S("/proc/version"), S("/dev/x"), S("r")};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.devices = &d;
	f.o.n_devices = 1;
	CHECK_OK(build(&f, &e), e);
	CHECK_EQ(f.b.spec->linux->n_devices, 1);
	CHECK_STR(f.b.spec->linux->devices[0].path, "/dev/nought");
	CHECK_EQ(f.b.spec->linux->devices[0].minor, 5);
	CHECK_STR(f.b.spec->linux->resources->devices[0].access, "r");
	end(&f);
	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.devices = &none;
	f.o.n_devices = 1;
	CHECK(build(&f, &e) < 0);
	CHECK_STR(e.text, "--device /dev/nosuch: No such file or directory");
	end(&f);
	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.devices = &file;
	f.o.n_devices = 1;
	CHECK(build(&f, &e) < 0);
	CHECK_STR(e.text, "--device /proc/version: not a device node");
	f.o.devices = &bad; // a folder without devices gives none
	end(&f);
}

TEST(spec_passes_the_specification_check)
{
	struct fixture f;
	struct err e = {0};

	begin(&f);
	f.o.args = ARGS(S("true"));
	f.o.memory = 64 << 20;
	f.o.cpus = 1;
	CHECK_OK(build(&f, &e), e);
	CHECK_OK(oci_spec_check(f.b.spec, &e), e);
	end(&f);
}
