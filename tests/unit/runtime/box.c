// SPDX-License-Identifier: Apache-2.0
// The fixture of the runtime's tests. Everything in it is real: mounts, namespaces, groups of this machine.
#include "box.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "test.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct box *current;
static pid_t owner;

static void box_clean(void)
{
	struct err e = {0};
	if (!current || getpid() != owner)
		return;
	box_kill(current);
	_cleanup_fd_ int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path_remove_tree(tmp, path_basename(current->dir), &e) < 0)
		printf("  %s stays: %s\n", current->dir, e.text);
}

static void add_default_mounts(struct box *b)
{
	box_mount(b, "/proc", "proc", "proc", "nosuid,noexec,nodev");
	box_mount(b, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	box_mount(b, "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	box_mount(b, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
	box_mount(b, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	box_mount(b, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
}

static void add_default_caps(struct box *b)
{
	static const char *const caps[] = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER",
					   "CAP_KILL",  "CAP_SETGID",       "CAP_SETUID"};
	struct arena *a = &b->spec->arena;
	struct oci_capabilities *c = arena_new(a, struct oci_capabilities);

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		oci_strings_add(a, &c->bounding, caps[i]);
		oci_strings_add(a, &c->effective, caps[i]);
		oci_strings_add(a, &c->permitted, caps[i]);
	}
	b->spec->process->capabilities = c;
}

static void make_root(struct box *b)
{
	static const char *const dirs[] = {"bin", "etc", "proc", "sys", "dev", "tmp", "root"};
	struct err e = {0};
	char path[128];

	CHECK_OK(path_mkdirs(b->root, 0755, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", b->root, dirs[i]);
		CHECK(!mkdir(path, 0755));
	}
	snprintf(path, sizeof(path), "%s/bin/busybox", b->root);
	_cleanup_fd_ int in = open("/bin/busybox", O_RDONLY | O_CLOEXEC),
			 out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	CHECK(in >= 0 && out >= 0);
	CHECK_OK(fd_copy(in, out, UINT64_MAX, &e), e);
	static const char *const links[] = {"sh",       "cat",  "tr",   "true", "false",    "id",    "ls",     "mount",
					    "readlink", "stat", "echo", "grep", "sleep",    "ps",    "test",   "touch",
					    "head",     "tty",  "stty", "env",  "ifconfig", "mkdir", "umount", "chown",
					    "sort",     "wc",   "kill", "ln",   "rm",       "date"};
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", b->root, links[i]);
		CHECK(!symlink("busybox", path));
	}
	box_file(b, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n", 0644);
	box_file(b, "etc/group", "root:x:0:\nstaff:x:50:app\napp:x:1001:\n", 0644);
}

struct box *box_new(void)
{
	static unsigned serial;

	if (geteuid() != 0)
		test_skip("needs root");
	if (access("/bin/busybox", X_OK) < 0)
		test_skip("needs /bin/busybox");
	struct box *b = xnew(struct box);
	snprintf(b->dir, sizeof(b->dir), "/tmp/berth-box.XXXXXX");
	CHECK(mkdtemp(b->dir));
	chmod(b->dir, 0755);
	owner = getpid();
	current = b;
	atexit(box_clean);
	snprintf(b->root, sizeof(b->root), "%s/rootfs", b->dir);
	snprintf(b->id, sizeof(b->id), "t%d.%u", (int)getpid(), serial++);
	make_root(b);

	b->spec = oci_spec_new();
	struct arena *a = &b->spec->arena;
	b->spec->root = arena_new(a, struct oci_root);
	b->spec->root->path = b->root;
	b->spec->process->cwd = arena_strdup(a, "/");
	oci_strings_add(a, &b->spec->process->env, "PATH=/usr/bin:/bin");
	for (enum oci_namespace_type t = 0; t < OCI_NS_MAX; t++)
		if (t != OCI_NS_USER && t != OCI_NS_TIME)
			box_namespace(b, t, NULL);
	add_default_mounts(b);
	add_default_caps(b);
	b->plan = (struct container_plan){.id = b->id,
					  .spec = b->spec,
					  .bundle = -1,
					  .rootfs = -1,
					  .stdio = {-1, -1, -1},
					  .console_socket = -1,
					  .cgroup_path = "",
					  .run_now = true};
	b->created.pid = -1;
	return b;
}

void box_args(struct box *b, const char *const *argv)
{
	b->spec->process->args = (struct oci_strings){0};
	for (; *argv; argv++)
		oci_strings_add(&b->spec->arena, &b->spec->process->args, *argv);
}

void box_shell(struct box *b, const char *line)
{
	box_args(b, (const char *const[]){"sh", "-c", line, NULL});
}

struct oci_mount *box_mount(struct box *b, const char *destination, const char *type, const char *source,
			    const char *options)
{
	struct arena *a = &b->spec->arena;
	struct oci_mount *m = arena_append(a, b->spec->mounts, b->spec->n_mounts);

	*m = (struct oci_mount){.destination =
					arena_strdup(a, destination)}; // the place may have been another's before
	m->type = type ? arena_strdup(a, type) : NULL;
	m->source = source ? arena_strdup(a, source) : NULL;
	_cleanup_strv_ char **v = strv_split(options, ',');
	for (char **o = v; o && *o; o++)
		oci_strings_add(a, &m->options, *o);
	return m;
}

void box_namespace(struct box *b, enum oci_namespace_type t, const char *path)
{
	struct oci_linux *l = b->spec->linux;

	box_drop_namespace(b, t);
	struct oci_namespace *ns = arena_append(&b->spec->arena, l->namespaces, l->n_namespaces);
	ns->type = t;
	ns->path = path ? arena_strdup(&b->spec->arena, path) : NULL;
}

void box_drop_namespace(struct box *b, enum oci_namespace_type t)
{
	struct oci_linux *l = b->spec->linux;
	size_t n = 0;

	for (size_t i = 0; i < l->n_namespaces; i++)
		if (l->namespaces[i].type != t)
			l->namespaces[n++] = l->namespaces[i];
	while (l->n_namespaces > n)
		l->namespaces[--l->n_namespaces] = (struct oci_namespace){0};
}

static void add_mapping(struct box *b, struct oci_id_mappings *m, uint32_t host, uint32_t size)
{
	struct oci_id_mapping *e = arena_append(&b->spec->arena, m->v, m->n);
	*e = (struct oci_id_mapping){.host_id = host, .size = size};
}

void box_userns(struct box *b, uint32_t host, uint32_t size)
{
	box_namespace(b, OCI_NS_USER, NULL);
	add_mapping(b, &b->spec->linux->uid_mappings, host, size);
	add_mapping(b, &b->spec->linux->gid_mappings, host, size);
}

static void collect(struct box *b, int fd)
{
	size_t len = 0;
	for (;;) {
		ssize_t n = read(fd, b->out + len, sizeof(b->out) - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	b->out[len] = '\0';
	while (len && b->out[len - 1] == '\n')
		b->out[--len] = '\0';
}

int box_run(struct box *b)
{
	int p[2];

	CHECK(!pipe2(p, O_CLOEXEC));
	b->plan.stdio[1] = b->plan.stdio[2] = p[1];
	err_clear(&b->e);
	int rc = container_create(&b->plan, &b->created, &b->e);
	close(p[1]);
	b->plan.stdio[1] = b->plan.stdio[2] = -1;
	collect(b, p[0]);
	close(p[0]);
	if (rc < 0) {
		b->created.pid = -1;
		CHECK(b->e.code && b->e.class && *b->e.text);
		CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); // nothing is left
		return rc;
	}
	CHECK_EQ(waitpid(b->created.pid, &b->status, 0), b->created.pid);
	b->created.pid = -1;
	if (b->created.cgroup)
		CHECK_OK(cgroup_remove(b->created.cgroup, 5000, &b->e), b->e);
	container_created_done(&b->created);
	return 0;
}

int box_start(struct box *b)
{
	err_clear(&b->e);
	int rc = container_create(&b->plan, &b->created, &b->e);
	if (rc < 0)
		b->created.pid = -1;
	return rc;
}

void box_kill(struct box *b)
{
	struct err e = {0};

	if (b->created.pid <= 0)
		return;
	pidfd_send(b->created.pidfd, SIGKILL);
	waitpid(b->created.pid, &b->status, 0);
	b->created.pid = -1;
	if (b->created.cgroup)
		cgroup_remove(b->created.cgroup, 5000, &e);
	container_created_done(&b->created);
}

const char *box_check(struct box *b, const char *line)
{
	box_shell(b, line);
	if (box_run(b) < 0)
		test_fail(__FILE__, __LINE__, "`%s`: %s", line, b->e.text);
	if (!WIFEXITED(b->status) || WEXITSTATUS(b->status))
		test_fail(__FILE__, __LINE__, "`%s`: status %#x, output: %s", line, (unsigned)b->status, b->out);
	return b->out;
}

void box_file(struct box *b, const char *path, const char *text, unsigned mode)
{
	char full[256];
	snprintf(full, sizeof(full), "%s/%s", b->root, path);
	_cleanup_fd_ int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(fd_write_full(fd, text, strlen(text)), strlen(text));
	CHECK(!fchmod(fd, mode));
}
