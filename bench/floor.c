// SPDX-License-Identifier: Apache-2.0
// The floor: one whole container by nothing but the system calls it needs, each the fastest way known, in a fresh
// process. No engine can be faster than this on the kernel it runs on; `make bench` gives speeds as multiples of it.
//
//   bench-floor SCRATCH       SCRATCH has layer/ (the root filesystem, with /true), mnt/ and filter.bpf
//
// The container: mount, UTS, IPC, PID, network and cgroup namespaces; groups with limits of memory, CPU and processes;
// a volatile overlay; /proc, /dev with its nodes, /dev/pts, /dev/shm, /dev/mqueue, /sys; twelve masked and five
// read-only paths; pivot_root; lo up; hostname, limits, capabilities, no_new_privs, a seccomp filter. It runs /true,
// and everything is removed again.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

enum { MAX_GROUPS = 4, CAPS = 41 };
#define KEPT_CAPS UINT64_C(0x800405fb)

struct group {
	const char *parent; // directory
	const char *limit_file, *limit;
	int parent_fd, fd;
};

static struct group groups[MAX_GROUPS];
static int n_groups;
static bool has_v2;
static char name[64];
static struct sock_filter filter[BPF_MAXINSNS];
static struct sock_fprog program = {.filter = filter};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	int code = errno;
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "bench-floor: ");
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(code));
	_exit(2);
}

#define TRY(call, what)            \
	do {                       \
		if ((call) < 0)    \
			die(what); \
	} while (0)

static int write_text(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static void add_group(const char *parent, const char *limit_file, const char *limit)
{
	groups[n_groups++] = (struct group){parent, limit_file, limit, -1, -1};
}

// The last group is the v2 one where there is any: the container is born in it.
static void choose_groups(void)
{
	if (access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0) {
		has_v2 = true;
		add_group("/sys/fs/cgroup", "memory.max", "67108864");
		return;
	}
	add_group("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "67108864");
	add_group("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000");
	add_group("/sys/fs/cgroup/pids", "pids.max", "100");
	has_v2 = access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0;
	if (has_v2)
		add_group("/sys/fs/cgroup/unified", NULL, NULL);
}

static void make_groups(void)
{
	for (struct group *g = groups; g < groups + n_groups; g++) {
		TRY(g->parent_fd = open(g->parent, O_PATH | O_DIRECTORY | O_CLOEXEC), "open a cgroup");
		TRY(mkdirat(g->parent_fd, name, 0755), "make a cgroup");
		TRY(g->fd = openat(g->parent_fd, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC), "open a new cgroup");
		if (g->limit_file)
			TRY(write_text(g->fd, g->limit_file, g->limit), "limit a cgroup");
	}
}

static void remove_groups(void)
{
	for (struct group *g = groups; g < groups + n_groups; g++)
		for (int tries = 0; unlinkat(g->parent_fd, name, AT_REMOVEDIR) < 0; tries++) {
			if (errno != EBUSY || tries > 5000)
				die("remove a cgroup");
			usleep(100);
		}
}

static void upper_path(char dst[128], const char *below)
{
	snprintf(dst, 128, "%s%s", name, below);
}

static void make_upper(void)
{
	static const char *const dirs[] = {"", "/u", "/w"};
	char path[128];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		upper_path(path, dirs[i]);
		TRY(mkdir(path, 0755), "make the upper directory");
	}
}

static void remove_upper(void)
{
	static const char *const parts[] = {"/w/work/incompat/volatile/dirty",
					    "/w/work/incompat/volatile",
					    "/w/work/incompat",
					    "/w/work",
					    "/w",
					    "/u",
					    ""};
	char path[128];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		upper_path(path, parts[i]);
		TRY(unlinkat(AT_FDCWD, path, i ? AT_REMOVEDIR : 0), "remove the upper directory");
	}
}

static void read_filter(void)
{
	int fd = open("filter.bpf", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, filter, sizeof(filter));

	if (n <= 0)
		die("read filter.bpf");
	program.len = (unsigned short)((size_t)n / sizeof(filter[0]));
	close(fd);
}

static int move_to(int fd, const char *path)
{
	return (int)syscall(SYS_move_mount, fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

static void mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	if (mount(source, target, type, flags, data) < 0)
		die("mount %s", target);
}

static void set_string(int fd, const char *key, const char *value)
{
	TRY(syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, key, value, 0), "fsconfig");
}

static void mount_overlay(void)
{
	char path[128];
	int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), fd;

	TRY(fs, "fsopen overlay");
	set_string(fs, "lowerdir", "layer");
	upper_path(path, "/u");
	set_string(fs, "upperdir", path);
	upper_path(path, "/w");
	set_string(fs, "workdir", path);
	TRY(syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0), "overlay: volatile");
	TRY(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "overlay: create");
	TRY(fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0), "fsmount overlay");
	TRY(move_to(fd, "mnt"), "move the overlay");
	close(fd);
	close(fs);
}

static void fill_dev(void)
{
	static const struct {
		const char *name;
		unsigned major, minor;
	} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
		     {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
	static const char *const links[][2] = {{"/proc/self/fd", "fd"},
					       {"/proc/self/fd/0", "stdin"},
					       {"/proc/self/fd/1", "stdout"},
					       {"/proc/self/fd/2", "stderr"},
					       {"pts/ptmx", "ptmx"}};
	static const char *const dirs[] = {"pts", "shm", "mqueue"};
	int dev = open("mnt/dev", O_PATH | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		TRY(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), "mknod");
		TRY(fchmodat(dev, nodes[i].name, 0666, 0), "chmod a device");
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		TRY(symlinkat(links[i][0], dev, links[i][1]), "symlink");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		TRY(mkdirat(dev, dirs[i], 0755), "mkdir in /dev");
	close(dev);
}

static void mount_kernel_filesystems(void)
{
	const unsigned long nn = MS_NOSUID | MS_NOEXEC, nnn = nn | MS_NODEV;

	mount_at("tmpfs", "mnt/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	fill_dev();
	mount_at("devpts", "mnt/dev/pts", "devpts", nn, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_at("shm", "mnt/dev/shm", "tmpfs", nnn, "mode=1777,size=65536k");
	mount_at("mqueue", "mnt/dev/mqueue", "mqueue", nnn, NULL);
	mount_at("proc", "mnt/proc", "proc", nnn, NULL);
	mount_at("sysfs", "mnt/sys", "sysfs", nnn | MS_RDONLY, NULL);
}

static void mask_paths(void)
{
	static const char *const files[] = {"kpageflags", "keys",        "timer_list", "interrupts",
					    "kallsyms",   "vmallocinfo", "kpagecount"};
	static const char *const dirs[] = {"proc/driver", "proc/tty", "proc/fs", "sys/firmware", "sys/kernel"};
	static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/acpi"};
	char path[64];
	int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), empty;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "mnt/proc/%s", files[i]);
		if (access(path, F_OK) == 0)
			mount_at("/dev/null", path, NULL, MS_BIND, NULL);
	}
	TRY(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "tmpfs: create");
	TRY(empty = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY), "fsmount tmpfs");
	close(fs);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "mnt/%s", dirs[i]);
		int fd = (int)syscall(SYS_open_tree, empty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
		if (access(path, F_OK) == 0)
			TRY(move_to(fd, path), "mask a directory");
		close(fd);
	}
	close(empty);
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++) {
		snprintf(path, sizeof(path), "mnt/%s", readonly[i]);
		if (access(path, F_OK) != 0)
			continue;
		mount_at(path, path, NULL, MS_BIND, NULL);
		mount_at(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	}
}

static void enter_root(void)
{
	TRY(chdir("mnt"), "chdir");
	TRY(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	TRY(umount2(".", MNT_DETACH), "unmount the old root");
	TRY(chdir("/"), "chdir /");
}

static void loopback_up(void)
{
	struct ifreq r = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(r.ifr_name, "lo", 3);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		die("lo up");
	close(fd);
}

static void drop_privileges(void)
{
	struct rlimit files = {1024, 1024};
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{(uint32_t)KEPT_CAPS, (uint32_t)KEPT_CAPS, 0}, {0, 0, 0}};

	TRY(sethostname("floor", 5), "sethostname");
	TRY(write_text(AT_FDCWD, "/proc/self/oom_score_adj", "100"), "oom_score_adj");
	TRY(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	for (unsigned long i = 0; i < CAPS; i++)
		if (!(KEPT_CAPS >> i & 1))
			TRY(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), "drop a capability");
	TRY(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear ambient capabilities");
	TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	TRY(syscall(SYS_capset, &h, d), "capset");
	TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

__attribute__((noreturn)) static void child(void)
{
	char *argv[] = {(char[]){"true"}, NULL}, *envp[] = {NULL};

	for (int i = 0; i < n_groups - has_v2; i++)
		TRY(write_text(groups[i].fd, "tasks", "0"), "enter a cgroup");
	mount_at("", "/", "", MS_REC | MS_PRIVATE, NULL);
	mount_overlay();
	mount_kernel_filesystems();
	mask_paths();
	enter_root();
	loopback_up();
	drop_privileges();
	execve("/true", argv, envp);
	die("exec /true");
}

static void run(void)
{
	struct clone_args a = {.flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP |
					CLONE_NEWNET,
			       .exit_signal = SIGCHLD};
	int status = 0;
	pid_t pid;

	if (has_v2) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)groups[n_groups - 1].fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	TRY(pid, "clone3");
	if (!pid)
		child();
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	if (status) {
		fprintf(stderr, "bench-floor: the container ended with status 0x%x\n", (unsigned)status);
		_exit(3);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: bench-floor SCRATCH\n");
		return 2;
	}
	snprintf(name, sizeof(name), "berth-bench.%d", (int)getpid());
	choose_groups();
	read_filter();
	make_groups();
	make_upper();
	run();
	remove_groups();
	remove_upper();
	return 0;
}
