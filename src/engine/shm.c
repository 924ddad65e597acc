// SPDX-License-Identifier: Apache-2.0
// A mount can be cloned only by somebody in its mount namespace, so a short-lived child goes there and sends the
// clone back. Before 6.15 the kernel refuses to bind such a clone a second time, which then is the error.
#include "engine/shm.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "engine/internal.h"
#include "kernel/mount.h"

#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int clone_shm(int mntns, struct err *e)
{
	if (setns(mntns, CLONE_NEWNS))
		return err_sys(e, "enter its mount namespace");
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "its root");
	_cleanup_fd_ int shm = path_open_in(root, "dev/shm", O_PATH | O_DIRECTORY, 0);
	if (shm < 0)
		return err_rc(e, shm, "its /dev/shm");
	return mount_clone(shm, false, e);
}

static _noreturn_ void child(int mntns, int sock)
{
	struct err e = {0};
	int fd = clone_shm(mntns, &e);

	(void)fd_send(sock, &e, sizeof(e), fd >= 0 ? &fd : NULL, fd >= 0);
	_exit(0);
}

static int receive(int sock, struct err *e)
{
	struct err story = {0};
	int fd = -1;
	size_t n = 1;

	ssize_t got = fd_recv(sock, &story, sizeof(story), &fd, &n);
	if (got == sizeof(story) && n == 1)
		return fd;
	if (got == sizeof(story) && story.code > 0) {
		*e = story;
		return -story.code;
	}
	return err_set(e, ERR_INTERNAL, EIO, "the helper that enters its mount namespace was killed");
}

int shm_of_process(pid_t pid, uint64_t start, struct err *e)
{
	char path[64];
	int pair[2];
	struct err local = {0};

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	_cleanup_fd_ int ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || engine_process_start(pid) != start)
		return err_set(e, ERR_CONFLICT, EINVAL, "the container is not running");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "socketpair");
	_cleanup_fd_ int ours = pair[0], theirs = pair[1];
	pid_t helper = fork();
	if (helper < 0)
		return err_sys(e, "fork");
	if (!helper)
		child(ns, theirs);
	fd_close(TAKE_FD(theirs));
	int fd = receive(ours, &local);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
	if (fd < 0 && e)
		*e = local;
	return fd;
}
