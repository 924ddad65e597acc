// SPDX-License-Identifier: Apache-2.0
// Entering an ordinary user's namespace, really: as an unused uid, with /etc/passwd, /etc/subuid and /etc/subgid of the
// test's own, bind-mounted in a private mount namespace.
#include "test.h"

#include "base/fd.h"
#include "base/macro.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "engine/rootless.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USER = 54321, OTHER = 54322 };

static const char PASSWD[] =
	"root:x:0:0:root:/root:/bin/sh\nalice:x:54321:54321::/:/bin/sh\nbob:x:54322:54322::/:/bin/sh\n";
static const char SUBIDS[] = "alice:300000:65536\n54321:400000:1000\n";

static char top[64], run_dir[96];

static void clean(void)
{
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	path_remove_tree(tmp, path_basename(top), NULL);
	close(tmp);
}

static void replace(const char *name, const char *text)
{
	char file[128], target[64];

	snprintf(file, sizeof(file), "%s/%s", top, name);
	snprintf(target, sizeof(target), "/etc/%s", name);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0 && !fchmod(fd, 0644) && fd_write_full(fd, text, strlen(text)) >= 0);
	close(fd);
	if (access(target, F_OK)) {
		clean();
		test_skip("no %s", target);
	}
	CHECK(!mount(file, target, NULL, MS_BIND, NULL));
}

static void begin(const char *subids)
{
	if (geteuid())
		test_skip("needs root");
	snprintf(top, sizeof(top), "/tmp/berth-rootless.XXXXXX");
	CHECK(mkdtemp(top) && !chmod(top, 0755));
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		clean();
		test_skip("no private mount namespace");
	}
	snprintf(run_dir, sizeof(run_dir), "%s/run", top);
	CHECK(!mkdir(run_dir, 0700) && !chown(run_dir, USER, USER));
	replace("passwd", PASSWD);
	replace("subuid", subids);
	replace("subgid", subids);
}

static void become(uid_t uid)
{
	CHECK(!setgroups(0, NULL));
	CHECK(!setresgid(uid, uid, uid) && !setresuid(uid, uid, uid));
	prctl(PR_SET_DUMPABLE, 1); // as after an execve by that user
	unsetenv("USER");
}

// fn in a child that is the user; its failures are the test's.
static pid_t child(void (*fn)(void))
{
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		become(USER);
		fn();
		fflush(stdout);
		_exit(0);
	}
	return pid;
}

static void ended(pid_t pid)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (status) {
		clean();
		test_fail(__FILE__, __LINE__, "child ended with 0x%x", (unsigned)status);
	}
}

static void enter(void)
{
	struct err e = {0};

	CHECK_OK(rootless_enter(run_dir, &e), e);
	CHECK(rootless_active());
	CHECK_EQ(rootless_outer_uid(), USER);
	CHECK(!geteuid() && !getegid());
}

static const char *text_of(const char *file)
{
	static char text[4096];
	struct buf b = BUF_INIT(4095);
	struct err e = {0};

	CHECK_OK(file_read(AT_FDCWD, file, 4095, &b, &e), e);
	snprintf(text, sizeof(text), "%s", b.data);
	buf_done(&b);
	return text;
}

static unsigned lines_of(const char *file)
{
	unsigned n = 0;

	for (const char *s = text_of(file); *s; s++)
		n += *s == '\n';
	return n;
}

static void with_subids(void)
{
	char here[256], file[128];

	CHECK(!chdir("/usr"));
	enter();
	CHECK(!rootless_single_reason());
	CHECK_STR(getcwd(here, sizeof(here)), "/usr");
	CHECK_EQ(lines_of("/proc/self/uid_map"), 3);
	CHECK_EQ(lines_of("/proc/self/gid_map"), 3);
	CHECK_CONTAINS(text_of("/proc/self/uid_map"), "54321          1");
	CHECK_CONTAINS(text_of("/proc/self/uid_map"), "     65537     400000       1000");
	snprintf(file, sizeof(file), "%s/file", run_dir);
	int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && !fchown(fd, 33, 34));
	CHECK(!setgroups(1, &(gid_t){5}));
	CHECK(!mount("none", run_dir, "tmpfs", 0, NULL));
}

TEST(rootless_maps_subordinate_ids)
{
	struct stat st;
	char file[128];

	begin(SUBIDS);
	if (access("/usr/bin/newuidmap", X_OK)) {
		clean();
		test_skip("newuidmap is not installed");
	}
	setenv("PATH", top, 1); // has no say
	ended(child(with_subids));
	snprintf(file, sizeof(file), "%s/file", run_dir);
	CHECK(!stat(file, &st));
	CHECK_EQ(st.st_uid, 300000 + 32);
	CHECK_EQ(st.st_gid, 300000 + 33);
	clean();
}

static void single(void)
{
	enter();
	CHECK_CONTAINS(rootless_single_reason(), "/etc/subuid has no entry for alice");
	CHECK_EQ(lines_of("/proc/self/uid_map"), 1);
	CHECK_EQ(lines_of("/proc/self/gid_map"), 1);
	CHECK_STR(text_of("/proc/self/setgroups"), "deny\n");
	CHECK(!mount("none", run_dir, "tmpfs", 0, NULL));
}

static void joins_single(void)
{
	pid_t other = fork();

	enter();
	CHECK_CONTAINS(rootless_single_reason(), "/etc/subuid has no entry for alice"); // the maker's and the joiner's
	if (!other)
		_exit(0);
	ended(other);
}

TEST(rootless_without_subordinate_ids)
{
	begin("bob:300000:65536\n");
	ended(child(single));
	ended(child(joins_single));
	clean();
}

static void overlapping(void)
{
	enter();
	CHECK_CONTAINS(rootless_single_reason(), "newuidmap failed: ");
	CHECK_EQ(lines_of("/proc/self/uid_map"), 1);
}

TEST(rootless_tells_what_newuidmap_said)
{
	begin("alice:54321:10\n"); // 0 and 1 would be the same id
	if (access("/usr/bin/newuidmap", X_OK)) {
		clean();
		test_skip("newuidmap is not installed");
	}
	ended(child(overlapping));
	clean();
}

static void namespaces_of(const char *pid, char dst[static 160])
{
	char path[64];
	size_t at = 0;
	static const char *const kinds[] = {"user", "mnt"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kinds[i]);
		ssize_t n = readlink(path, dst + at, 79);
		CHECK(n > 0);
		at += (size_t)n;
		dst[at] = 0;
	}
}

static int ready[2], stop[2], report[2];

static void tell_namespaces(void)
{
	char ns[160] = "";

	namespaces_of("self", ns);
	CHECK(write(report[1], ns, sizeof(ns)) == sizeof(ns));
}

static void visitor(void)
{
	char here[256];

	CHECK(!chdir("/usr"));
	enter();
	CHECK_STR(getcwd(here, sizeof(here)), "/usr");
	tell_namespaces();
}

// As a command does that starts a container: it ends, its monitor stays.
static void starter(void)
{
	struct err e = {0};

	visitor();
	pid_t monitor = fork();
	if (!monitor) {
		pid_t self = getpid();
		CHECK_OK(rootless_hold(&e), e);
		CHECK(write(ready[1], &self, sizeof(self)) == sizeof(self));
		char b;
		close(stop[1]);
		_exit(read(stop[0], &b, 1) != 0);
	}
}

static void visit(char ns[static 160])
{
	ended(child(visitor));
	CHECK(fd_read_full(report[0], ns, 160) == 160);
}

TEST(rootless_joins_the_living)
{
	char first[160], again[160], host[160];
	pid_t monitor = 0;

	begin(SUBIDS);
	CHECK(!pipe2(ready, O_CLOEXEC) && !pipe2(stop, O_CLOEXEC) && !pipe2(report, O_CLOEXEC));
	namespaces_of("self", host);
	ended(child(starter));
	CHECK(fd_read_full(report[0], first, 160) == 160);
	CHECK(read(ready[0], &monitor, sizeof(monitor)) == sizeof(monitor));
	CHECK(strcmp(first, host) != 0);
	for (int i = 0; i < 3; i++) {
		visit(again);
		CHECK_STR(again, first);
	}
	char path[64];
	int kept[2]; // so that their numbers are not given again
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)monitor);
	kept[0] = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)monitor);
	kept[1] = open(path, O_RDONLY | O_CLOEXEC);
	int pidfd = sys_pidfd_open(monitor, 0);
	CHECK(kept[0] >= 0 && kept[1] >= 0 && pidfd >= 0);
	close(stop[1]); // the monitor ends
	CHECK_EQ(fd_wait_readable(pidfd, 10000), 1);
	visit(again);
	CHECK(strcmp(first, again) != 0);
	char record[128];
	snprintf(record, sizeof(record), "%s/userns", run_dir);
	CHECK_EQ(lines_of(record), 2); // the reason, and the last visitor
	clean();
}

static void racer(void)
{
	char b;

	close(stop[1]);
	CHECK(read(stop[0], &b, 1) == 0); // all start at once
	enter();
	tell_namespaces();
	CHECK(write(ready[1], "x", 1) == 1);
	pause();
}

TEST(rootless_commands_that_start_together_meet)
{
	enum { N = 8 };
	pid_t pids[N];
	char first[160], other[160], b;

	begin(SUBIDS);
	CHECK(!pipe2(ready, O_CLOEXEC) && !pipe2(stop, O_CLOEXEC) && !pipe2(report, O_CLOEXEC));
	for (int i = 0; i < N; i++)
		pids[i] = child(racer);
	close(stop[1]);
	close(ready[1]);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(read(ready[0], &b, 1), 1);
		CHECK(fd_read_full(report[0], i ? other : first, 160) == 160);
		if (i)
			CHECK_STR(other, first);
	}
	for (int i = 0; i < N; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	clean();
}

static void put_record(const char *text)
{
	char record[128];

	snprintf(record, sizeof(record), "%s/userns", run_dir);
	int fd = open(record, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && fd_write_full(fd, text, strlen(text)) >= 0);
	close(fd);
}

TEST(rootless_ignores_stale_and_foreign_records)
{
	char host[160], ns[160], line[128];
	unsigned long long start = 0;
	int p[2];

	begin(SUBIDS);
	CHECK(!pipe2(report, O_CLOEXEC));
	namespaces_of("self", host);
	snprintf(line, sizeof(line), "\n%d 1\n", (int)getpid()); // a pid that was used again
	put_record(line);
	visit(ns);
	CHECK(strcmp(ns, host) != 0);

	CHECK(!pipe2(p, O_CLOEXEC));
	pid_t foreign = fork(); // a namespace of another user, with its right start time
	if (!foreign) {
		become(OTHER);
		CHECK(!unshare(CLONE_NEWUSER | CLONE_NEWNS));
		CHECK(write(p[1], "x", 1) == 1);
		pause();
	}
	CHECK(read(p[0], line, 1) == 1);
	snprintf(line, sizeof(line), "/proc/%d/stat", (int)foreign);
	const char *s = strrchr(text_of(line), ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	CHECK(s && sscanf(s, "%llu", &start) == 1);
	char theirs[160];
	snprintf(line, sizeof(line), "%d", (int)foreign);
	namespaces_of(line, theirs);
	snprintf(line, sizeof(line), "\n%d %llu\n", (int)foreign, start);
	put_record(line);
	visit(ns);
	CHECK(strcmp(ns, theirs) != 0 && strcmp(ns, host) != 0);
	kill(foreign, SIGKILL);
	waitpid(foreign, NULL, 0);

	put_record("\xff\nx y z\n1 2 3\n-4 5\n99999999999999999999 1\n"); // garbage
	visit(ns);
	CHECK(strcmp(ns, host) != 0);
	clean();
}

static void refused_dir(void)
{
	struct err e = {0};

	CHECK_EQ(rootless_enter(top, &e), -EPERM);
	CHECK_CONTAINS(e.text, "must belong to user 54321");
	CHECK(!rootless_active());
	CHECK(!chmod(run_dir, 0777));
	CHECK_EQ(rootless_enter(run_dir, &e), -EPERM);
	CHECK_CONTAINS(e.text, "be writable by nobody else");
}

TEST(rootless_wants_a_directory_of_its_own)
{
	begin(SUBIDS);
	ended(child(refused_dir));
	clean();
}

static void switched_off(void)
{
	struct err e = {0};

	CHECK_EQ(rootless_enter(run_dir, &e), -ENOSPC);
	CHECK_EQ(e.class, ERR_DENIED);
	CHECK_CONTAINS(e.text, "without root: make a user namespace, which an ordinary user needs: ");
	CHECK_CONTAINS(e.text, "sysctl user.max_user_namespaces=");
	CHECK(!rootless_active());
}

TEST(rootless_tells_that_namespaces_are_off)
{
	struct err e = {0};

	begin(SUBIDS);
	// The limit belongs to a user namespace: one of our own gets the zero.
	pid_t pid = fork();
	if (!pid) {
		int up[2], down[2], status = 0;
		char b, path[64];
		CHECK(!pipe2(up, O_CLOEXEC) && !pipe2(down, O_CLOEXEC));
		pid_t inner = fork();
		if (!inner) {
			CHECK(!unshare(CLONE_NEWUSER));
			CHECK(write(up[1], "x", 1) == 1 && read(down[0], &b, 1) == 1);
			CHECK_OK(file_write_kernel(AT_FDCWD, "/proc/sys/user/max_user_namespaces", "0", &e), e);
			become(USER);
			switched_off();
			_exit(0);
		}
		CHECK(read(up[0], &b, 1) == 1);
		static const char *const maps[] = {"uid_map", "gid_map"};
		for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", (int)inner, maps[i]);
			CHECK_OK(file_write_kernel(AT_FDCWD, path, "0 0 100000", &e), e);
		}
		CHECK(write(down[1], "x", 1) == 1);
		waitpid(inner, &status, 0);
		_exit(status != 0);
	}
	ended(pid);
	clean();
}

TEST(rootless_leaves_root_alone)
{
	struct err e = {0};

	if (geteuid())
		test_skip("needs root");
	CHECK_OK(rootless_enter("/nonexistent/berth", &e), e);
	CHECK(!rootless_active());
	CHECK_OK(rootless_hold(&e), e);
	CHECK(access("/nonexistent", F_OK));
	CHECK_EQ(rootless_outer_uid(), 0);
}

TEST(rootless_parses_subids)
{
	static const char text[] = "# comment\n"
				   "alice:100000:65536\n"
				   "alice:1:2:3\n"
				   "alice::5\n"
				   "alice:5:\n"
				   "alice:5:0\n"
				   "alice:4294967295:1\n"
				   "alice:4294967000:295\n"
				   "alice: 7:8\n"
				   "alicex:1:1\n"
				   ":1:1\n"
				   "1000:200000:10\n"
				   "01000:9:9x\n"
				   "1001:300000:10";
	struct rootless_range r[8];

	CHECK_EQ(rootless_parse_subids(text, "alice", 1000, r, 8), 3);
	CHECK(r[0].start == 100000 && r[0].count == 65536);
	CHECK(r[1].start == 4294967000 && r[1].count == 295);
	CHECK(r[2].start == 200000 && r[2].count == 10);
	CHECK_EQ(rootless_parse_subids(text, NULL, 1001, r, 8), 1);
	CHECK_EQ(rootless_parse_subids(text, "alice", 1000, r, 2), 2);
	CHECK_EQ(rootless_parse_subids("", "alice", 1000, r, 8), 0);
}
