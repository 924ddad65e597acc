// SPDX-License-Identifier: Apache-2.0
// See group.h.
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"
#include "group.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char group_parent[64], group_path[96];

static void sweep(void)
{
	struct cgroup_host *host = cgroup_host_get();

	for (size_t i = 0; i < host->n; i++) {
		int root = cgroup_root_open(&host->h[i], NULL),
		    fd = openat(root, group_parent + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		pid_t *pids = NULL;
		size_t n = 0;
		for (int round = 0; fd >= 0 && round < 50 && cgroup_dir_pids(fd, &pids, &n, NULL) >= 0 && n; round++) {
			for (size_t j = 0; j < n; j++)
				kill(pids[j], SIGKILL);
			free(TAKE_PTR(pids));
			clock_sleep(NS_PER_MS);
		}
		free(pids);
		if (fd >= 0)
			cgroup_remove_tree(root, group_parent + 1, clock_monotonic() + NS_PER_SEC);
		fd_close(fd);
		fd_close(root);
	}
}

// Needs groups that can be made here.
void group_begin(void)
{
	snprintf(group_parent, sizeof(group_parent), "/berth-test.%d", (int)getpid());
	snprintf(group_path, sizeof(group_path), "%s/box", group_parent);
	if (cgroup_host_mode() == CGROUP_NONE || !cgroup_has_controller("devices"))
		test_skip("no cgroups can be made here");
	int self = sys_pidfd_open(getpid(), 0);
	if (!fork()) {
		fd_wait_readable(self, -1);
		sweep();
		_exit(0);
	}
	fd_close(self);
}

bool group_v2_only(void)
{
	return cgroup_host_mode() == CGROUP_V2;
}

struct cgroup *group_create(const struct oci_resources *res, unsigned flags)
{
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK_OK(cgroup_create(group_path, res, flags, &c, &e), e);
	return c;
}

void group_removed(struct cgroup *c)
{
	struct cgroup_host *host = cgroup_host_get();
	struct err e = {0};

	CHECK_OK(cgroup_remove(c, 5000, &e), e);
	cgroup_close(c);
	for (size_t i = 0; i < host->n; i++) {
		char path[256];
		snprintf(path, sizeof(path), "%s%s", host->h[i].mountpoint, group_parent);
		CHECK(access(path, F_OK));
	}
}

// A child born in the groups, as init is; fn's result is its exit status.
pid_t group_spawn(const struct cgroup *c, int (*fn)(void))
{
	int fd = cgroup_clone_fd(c);
	struct clone_args args = {.flags = fd >= 0 ? CLONE_INTO_CGROUP : 0,
				  .exit_signal = SIGCHLD,
				  .cgroup = fd >= 0 ? (uint64_t)fd : 0};
	pid_t pid = sys_clone3(&args, sizeof(args));

	CHECK(pid >= 0);
	if (!pid) {
		struct err e = {0};
		if (cgroup_enter_self(c, fd >= 0, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(99);
		}
		_exit(fn());
	}
	return pid;
}

int group_status(pid_t pid)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

int group_sleeper(void)
{
	while (pause())
		;
	return 0;
}

void group_wait_members(const struct cgroup *c, size_t want)
{
	for (int i = 0; i < 2000; i++) {
		pid_t *pids = NULL;
		size_t n = 0;
		struct err e = {0};
		CHECK_OK(cgroup_pids(c, &pids, &n, &e), e);
		free(pids);
		if (n == want)
			return;
		clock_sleep(NS_PER_MS);
	}
	test_fail(__FILE__, __LINE__, "never %zu members", want);
}

// The first line of a file of the group that holds ctl.
const char *group_value(const struct cgroup *c, enum cgroup_controller ctl, const char *v1, const char *v2)
{
	static char text[512];
	const struct cgroup_dir *d = cgroup_dir_of(c, ctl);
	struct buf b = BUF_INIT(CGROUP_FILE_MAX);
	struct err e = {0};

	CHECK(d);
	CHECK_OK(file_read(d->fd, d->h->v2 ? v2 : v1, CGROUP_FILE_MAX, &b, &e), e);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(b.data, "\n"), b.data);
	buf_done(&b);
	return text;
}

int group_family(void)
{
	for (int i = 0; i < 5; i++)
		if (!fork())
			group_sleeper();
	return group_sleeper();
}

void group_refused(const struct oci_resources *res, const char *text)
{
	struct cgroup *c = NULL;
	struct err e = {0};

	CHECK(cgroup_create(group_path, res, 0, &c, &e) < 0);
	CHECK(!c);
	CHECK_CONTAINS(e.text, text);
	group_removed(group_create(NULL, 0)); // nothing was left: made anew it is the one that removes the group_parent
}
