// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"
#include "base/sys.h"
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(sys_clone3_returns_twice)
{
	int pidfd = -1;
	struct clone_args cl = {.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
	pid_t pid = sys_clone3(&cl, sizeof(cl));

	CHECK(pid >= 0);
	if (!pid)
		_exit(getppid() > 0 ? 42 : 1);
	CHECK(pidfd >= 0);
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 42);
	close(pidfd);
}

TEST(sys_openat2_stays_beneath)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	_cleanup_fd_ int inside = sys_openat2(proc, "sys/kernel", &how);
	CHECK(inside >= 0);
	CHECK_EQ(sys_openat2(proc, "../etc", &how), -1);
	CHECK_EQ(errno, EXDEV);
}

TEST(sys_close_range_closes)
{
	int a = fcntl(0, F_DUPFD, 100), b = fcntl(0, F_DUPFD, 120);

	CHECK(a >= 100 && b >= 120);
	CHECK_EQ(sys_close_range(100, 119, 0), 0);
	CHECK_EQ(fcntl(a, F_GETFD), -1);
	CHECK(fcntl(b, F_GETFD) >= 0);
}

TEST(sys_ids_are_exact)
{
	if (geteuid())
		test_skip("needs root");
	gid_t groups[] = {7, 70000};
	CHECK_EQ(sys_setgroups(2, groups), 0);
	CHECK_EQ(getgroups(0, NULL), 2);
	CHECK_EQ(sys_setresgid(70001, 70001, 70001), 0);
	CHECK_EQ(sys_setresuid(70000, 70000, 70000), 0);
	uid_t r, e, s;
	CHECK_EQ(getresuid(&r, &e, &s), 0);
	CHECK(r == 70000 && e == 70000 && s == 70000);
	CHECK_EQ(sys_setresuid(0, 0, 0), -1);
	CHECK_EQ(errno, EPERM);
}

TEST(sys_execveat_runs_a_descriptor)
{
	pid_t pid = fork();
	if (!pid) {
		char *argv[] = {(char *)"true", NULL}, *envp[] = {NULL};
		_cleanup_fd_ int fd = open("/bin/true", O_PATH | O_CLOEXEC);
		sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(1);
	}
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}
