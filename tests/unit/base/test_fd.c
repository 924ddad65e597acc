// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "test.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int memfd(const char *content)
{
	int fd = sys_memfd_create("test", 1 /* MFD_CLOEXEC */);

	CHECK(fd >= 0);
	CHECK_EQ(fd_write_full(fd, content, strlen(content)), (ssize_t)strlen(content));
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

TEST(fd_close_keeps_errno)
{
	int fd = memfd("");

	errno = 42;
	fd_close(fd);
	fd_close(-1);
	fd_close(987654);
	CHECK_EQ(errno, 42);
	int var = memfd("");
	fd_close_p(&var);
	CHECK_EQ(var, -1);
}

TEST(fd_whole_transfers)
{
	_cleanup_fd_ int fd = memfd("hello world");
	char text[32] = "";

	CHECK_EQ(fd_read_full(fd, text, 5), 5);
	CHECK_STR(text, "hello");
	CHECK_EQ(fd_read_full(fd, text, sizeof(text)), 6);
	CHECK_EQ(fd_read_full(fd, text, sizeof(text)), 0);
	CHECK_EQ(fd_pread_full(fd, text, 5, 6), 5);
	CHECK(!memcmp(text, "world", 5));
	CHECK_EQ(fd_read_full(-1, text, 1), -EBADF);
	CHECK_EQ(fd_write_full(-1, text, 1), -EBADF);
}

// A megabyte through a non-blocking pipe of 64 KiB to a slow reader.
TEST(fd_write_waits_for_room)
{
	enum { SIZE = 1 << 20 };
	int pipes[2];
	static char block[SIZE];

	CHECK_EQ(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	pid_t pid = fork();
	if (!pid) {
		close(pipes[1]);
		clock_sleep(20 * NS_PER_MS);
		_exit(fd_read_full(pipes[0], block, SIZE) == SIZE && block[SIZE - 1] == 'z' ? 0 : 1);
	}
	close(pipes[0]);
	memset(block, 'z', sizeof(block));
	CHECK_EQ(fd_write_full(pipes[1], block, SIZE), SIZE);
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST(fd_reads_all_up_to_the_maximum)
{
	_cleanup_fd_ int fd = memfd("0123456789");
	_cleanup_buf_ struct buf exact = BUF_INIT(10), small = BUF_INIT(9), large = BUF_INIT(1 << 20);

	CHECK_EQ(fd_read_all(fd, &exact), 0);
	CHECK_STR(exact.data, "0123456789");
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(fd_read_all(fd, &small), -EFBIG);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(fd_read_all(fd, &large), 0);
	CHECK_STR(large.data, "0123456789");
	// A kernel file tells no size.
	_cleanup_fd_ int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	_cleanup_buf_ struct buf status = BUF_INIT(1 << 20);
	CHECK_EQ(fd_read_all(proc, &status), 0);
	CHECK_CONTAINS(status.data, "Pid:");
	CHECK_EQ(strlen(status.data), status.len);
}

TEST(fd_flags)
{
	_cleanup_fd_ int fd = memfd("");

	CHECK_EQ(fd_set_cloexec(fd, false), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_EQ(fd_set_cloexec(fd, true), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fd_set_nonblock(fd, true), 0);
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CHECK_EQ(fd_set_nonblock(fd, false), 0);
	CHECK(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	CHECK_EQ(fd_set_cloexec(-1, true), -EBADF);
	char path[FD_PATH_MAX];
	fd_proc_path(path, 2147483647);
	CHECK_STR(path, "/proc/self/fd/2147483647");
}

TEST(fd_moves_above_stdio)
{
	close(0);
	int low = memfd("x");
	CHECK_EQ(low, 0);
	int high = fd_above_stdio(low);
	CHECK(high >= 3);
	CHECK_EQ(fcntl(high, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(0, F_GETFD), -1);
	CHECK_EQ(fd_above_stdio(high), high);
	CHECK_EQ(fd_above_stdio(-1), -EBADF);
}

static void check_copy(int from, int to, const char *want)
{
	struct err e = {0};
	char text[64] = "";

	CHECK_OK(fd_copy(from, to, 64, &e), e);
	CHECK_EQ(fd_pread_full(to, text, sizeof(text), 0), (ssize_t)strlen(want));
	CHECK_STR(text, want);
}

TEST(fd_copies_files_and_pipes)
{
	_cleanup_fd_ int from = memfd("some bytes"), to = memfd("");

	check_copy(from, to, "some bytes");
	int pipes[2];
	CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
	CHECK_EQ(write(pipes[1], "from a pipe", 11), 11);
	close(pipes[1]);
	_cleanup_fd_ int to2 = memfd("");
	check_copy(pipes[0], to2, "from a pipe");
	// copy_file_range refuses a file opened for appending.
	_cleanup_fd_ int again = memfd("appended"), to3 = memfd("");
	CHECK_EQ(fcntl(to3, F_SETFL, O_APPEND), 0);
	check_copy(again, to3, "appended");
}

TEST(fd_copies_kernel_files)
{
	_cleanup_fd_ int from = open("/proc/self/status", O_RDONLY | O_CLOEXEC), to = memfd("");
	struct err e = {0};
	char text[16] = "";

	CHECK_OK(fd_copy(from, to, 1 << 20, &e), e);
	CHECK_EQ(fd_pread_full(to, text, 5, 0), 5);
	CHECK_STR(text, "Name:");
}

TEST(fd_copy_is_bounded)
{
	_cleanup_fd_ int from = memfd("0123456789"), to = memfd(""), to2 = memfd("");
	struct err e = {0};

	CHECK_EQ(fd_copy(from, to, 9, &e), -EFBIG);
	CHECK_EQ(e.class, ERR_EXHAUSTED);
	CHECK_CONTAINS(e.text, "more than 9 bytes");
	CHECK_EQ(lseek(from, 0, SEEK_SET), 0);
	CHECK_OK(fd_copy(from, to2, 10, &e), e);
}

static void check_passing(int type)
{
	int s[2], fds[2] = {memfd("first"), memfd("second")}, got[FD_PASS_MAX];
	size_t n = FD_PASS_MAX;
	char text[16] = "";

	CHECK_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, s), 0);
	CHECK_EQ(fd_send(s[0], "hi", 2, fds, 2), 0);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), got, &n), 2);
	CHECK_STR(text, "hi");
	CHECK_EQ(n, 2);
	CHECK_EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	char content[8] = "";
	CHECK_EQ(fd_pread_full(got[1], content, 8, 0), 6);
	CHECK_STR(content, "second");
	// Without descriptors, and at the end.
	n = FD_PASS_MAX;
	CHECK_EQ(fd_send(s[0], "x", 1, NULL, 0), 0);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), got, &n), 1);
	CHECK_EQ(n, 0);
	close(s[0]);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), NULL, NULL), 0);
	CHECK_EQ(fd_send(s[1], "x", 1, NULL, 0), -EPIPE);
}

TEST(fd_passes_over_sockets)
{
	check_passing(SOCK_SEQPACKET);
	check_passing(SOCK_STREAM);
}

static int open_count(void)
{
	int n = 0;

	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(fd_surplus_descriptors_are_refused_and_closed)
{
	int s[2], fds[FD_PASS_MAX + 1], got[2] = {-7, -7};
	size_t n = 2;
	char text[4];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = s[0];
	int before = open_count();
	CHECK_EQ(fd_send(s[0], "x", 1, fds, 5), 0);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), got, &n), -EMSGSIZE);
	CHECK_EQ(n, 2);
	CHECK_EQ(got[0], -7);
	CHECK_EQ(fd_send(s[0], "x", 1, fds, 1), 0);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), NULL, NULL), -EMSGSIZE);
	CHECK_EQ(fd_send(s[0], "too long", 8, fds, 1), 0);
	CHECK_EQ(fd_recv(s[1], text, sizeof(text), got, &n), -EMSGSIZE);
	CHECK_EQ(open_count(), before);
	CHECK_EQ(fd_send(s[0], "x", 1, fds, FD_PASS_MAX + 1), -EINVAL);
	CHECK_EQ(fd_send(s[0], "", 0, fds, 1), -EINVAL);
}

TEST(fd_waits)
{
	int pipes[2];

	CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
	int64_t before = clock_monotonic();
	CHECK_EQ(fd_wait_readable(pipes[0], 20), 0);
	CHECK(clock_monotonic() - before >= 19 * NS_PER_MS);
	CHECK_EQ(write(pipes[1], "x", 1), 1);
	CHECK_EQ(fd_wait_readable(pipes[0], -1), 1);
	CHECK_EQ(fd_wait_readable(pipes[0], 0), 1);
	close(pipes[0]);
	CHECK_EQ(fd_wait_readable(pipes[0], 0), -EBADF);
}

TEST(fd_signals_by_pidfd)
{
	pid_t pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	_cleanup_fd_ int pidfd = sys_pidfd_open(pid, 0);
	CHECK(pidfd >= 0);
	CHECK_EQ(fd_wait_readable(pidfd, 0), 0);
	CHECK_EQ(pidfd_send(pidfd, SIGKILL), 0);
	CHECK_EQ(fd_wait_readable(pidfd, 5000), 1);
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WTERMSIG(status), SIGKILL);
	CHECK_EQ(pidfd_send(pidfd, SIGKILL), -ESRCH);
}
