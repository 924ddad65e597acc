// SPDX-License-Identifier: Apache-2.0
// The processes of a container's groups: listing, freezing, signalling and killing all of them; removing the groups.
//
// v2 kills a whole subtree in one write (cgroup.kill), forks in flight included. Everything else signals pid by pid,
// and is only right while no pid can be reused and no child escapes the list: so the groups are frozen for it, and for
// SIGKILL the list is read again until it is empty. Where nothing can freeze, each process is held by a pidfd and seen
// in the list once more before it gets the signal.
//
// On a hybrid host the v2 group is the first choice for all of this; v1 groups are looked at for what is left, since a
// process with enough rights can be moved in one hierarchy alone.
#include "kernel/cgroup/internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define WAIT_MAX (10 * NS_PER_SEC)

enum { PROCS_MAX = 64 << 20, CHUNK = 64, PAUSE_MIN_US = 100, PAUSE_MAX_US = 10000 };

struct pid_list {
	pid_t *v;
	size_t n, cap;
};

static void pids_add(struct pid_list *l, pid_t pid)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 32;
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = pid;
}

// A process outside of our pid namespace is shown as 0, and 0 must never reach kill(2).
static int read_procs(int fd, void *data)
{
	_cleanup_buf_ struct buf b = BUF_INIT(PROCS_MAX);
	int rc = file_read(fd, "cgroup.procs", PROCS_MAX, &b, NULL);

	if (rc == -ENOENT || rc == -ENODEV || rc == -EOPNOTSUPP) // removed meanwhile; threaded: its domain lists them
		return 0;
	if (rc < 0)
		return rc;
	for (char *s = b.data; *s;) {
		char *end = s + strcspn(s, "\n");
		bool more = *end;
		int pid = 0;
		*end = 0;
		if (!str_to_int(s, &pid) && pid > 0)
			pids_add(data, pid);
		s = end + more;
	}
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_dir_pids(int dirfd, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pid_list l = {0};
	int rc = cgroup_walk(dirfd, read_procs, &l);

	if (rc < 0) {
		free(l.v);
		return err_rc(e, rc, "read cgroup.procs");
	}
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), compare_pids);
	size_t n = 0;
	for (size_t i = 0; i < l.n; i++)
		if (!i || l.v[i] != l.v[i - 1])
			l.v[n++] = l.v[i];
	*ret = l.v;
	*ret_n = n;
	return 0;
}

// The group to ask about processes: v2, else the freezer's, else any.
static struct cgroup_dir *primary(const struct cgroup *c)
{
	struct cgroup_dir *d = cgroup_dir_v2(c);

	if (!d)
		d = cgroup_dir_of(c, CG_FREEZER);
	for (size_t i = 0; !d && i < c->n; i++)
		if (c->dirs[i].fd >= 0)
			d = (struct cgroup_dir *)&c->dirs[i];
	return d;
}

int cgroup_pids(const struct cgroup *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	const struct cgroup_dir *d = primary(c);

	if (!d) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	return err_wrap(e, cgroup_dir_pids(d->fd, ret, ret_n, e), "cgroup %s", c->path);
}

static bool event_is(const char *text, const char *key, bool value)
{
	for (const char *s = text; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		const char *v = str_after(s, key);
		if (v && *v == ' ')
			return (v[1] != '0') == value;
	}
	return false;
}

// Waits for a line of cgroup.events ("populated 0", "frozen 1"). 0, -ETIMEDOUT, or -ENOENT when the group is gone.
static int wait_event(const struct cgroup_dir *d, const char *key, bool value, int64_t deadline)
{
	_cleanup_fd_ int fd = openat(d->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[256];

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = fd_pread_full(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			return n == -ENODEV ? -ENOENT : (int)n;
		text[n] = 0;
		if (event_is(text, key, value))
			return 0;
		int64_t left = deadline - clock_monotonic();
		if (left <= 0)
			return -ETIMEDOUT;
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		poll(&p, 1, (int)MIN(left / NS_PER_MS + 1, INT64_C(1000)));
	}
}

static int freeze_v2(const struct cgroup_dir *d, bool frozen, struct err *e)
{
	int rc = file_write_kernel(d->fd, "cgroup.freeze", frozen ? "1" : "0", NULL);

	if (rc < 0)
		return err_rc(e, rc, "write %s/%s/cgroup.freeze", d->h->mountpoint, d->path);
	rc = wait_event(d, "frozen", frozen, clock_monotonic() + WAIT_MAX);
	if (rc < 0 && frozen)
		file_write_kernel(d->fd, "cgroup.freeze", "0", NULL);
	return rc < 0 ? err_rc(e, rc, "wait until %s/%s is %s", d->h->mountpoint, d->path, frozen ? "frozen" : "thawed")
		      : 0;
}

static int read_v1_freezer(const struct cgroup_dir *d, char state[static 32])
{
	_cleanup_fd_ int fd = openat(d->fd, "freezer.state", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, state, 31);

	if (n < 0)
		return (int)n;
	state[n] = 0;
	state[strcspn(state, "\n")] = 0;
	return 0;
}

// v1 stays FREEZING while a task sleeps in the kernel or was just forked: written again until it is done.
static int freeze_v1(const struct cgroup_dir *d, bool frozen, struct err *e)
{
	const char *want = frozen ? "FROZEN" : "THAWED";
	int64_t deadline = clock_monotonic() + WAIT_MAX, pause = PAUSE_MIN_US;
	char state[32];

	for (;;) {
		int rc = file_write_kernel(d->fd, "freezer.state", want, NULL);
		if (rc >= 0)
			rc = read_v1_freezer(d, state);
		if (rc < 0)
			return err_rc(e, rc, "set %s/%s/freezer.state", d->h->mountpoint, d->path);
		if (str_eq(state, want))
			return 0;
		if (clock_monotonic() >= deadline)
			break;
		clock_sleep(pause * 1000);
		pause = MIN(pause * 2, (int64_t)PAUSE_MAX_US);
	}
	if (frozen)
		file_write_kernel(d->fd, "freezer.state", "THAWED", NULL);
	return err_set(e, ERR_TIMEOUT, ETIMEDOUT, "wait until %s/%s is %s: still %s", d->h->mountpoint, d->path, want,
		       state);
}

static struct cgroup_dir *freezer(const struct cgroup *c)
{
	struct cgroup_dir *v2 = cgroup_dir_v2(c);

	return v2 && cgroup_has_file(v2, "cgroup.freeze") ? v2 : cgroup_dir_of(c, CG_FREEZER);
}

static int no_freezer(const struct cgroup *c, struct err *e)
{
	return err_set(
		e, ERR_UNSUPPORTED, EOPNOTSUPP,
		"cgroup %s: cannot be frozen: the container has neither a cgroup v2 group nor one of the v1 freezer",
		c->path);
}

int cgroup_freeze(struct cgroup *c, bool frozen, struct err *e)
{
	const struct cgroup_dir *d = freezer(c);

	if (!d)
		return no_freezer(c, e);
	return d->h->v2 ? freeze_v2(d, frozen, e) : freeze_v1(d, frozen, e);
}

int cgroup_is_frozen(struct cgroup *c, bool *ret, struct err *e)
{
	const struct cgroup_dir *d = freezer(c);
	char state[32];
	uint64_t v = 0;
	int rc;

	if (!d) {
		*ret = false;
		return 0;
	}
	rc = d->h->v2 ? cgroup_read_u64(d, "cgroup.freeze", &v) : read_v1_freezer(d, state);
	if (rc < 0)
		return err_rc(e, rc, "cgroup %s: read its freezer", c->path);
	*ret = d->h->v2 ? v == 1 : !str_eq(state, "THAWED");
	return 0;
}

static bool in_list(const struct pid_list *l, pid_t pid)
{
	return bsearch(&pid, l->v, l->n, sizeof(pid), compare_pids);
}

// A pid that was in the list before the pidfd was taken and is in it again afterwards is held by the pidfd.
static int signal_chunk(int dirfd, const pid_t *pids, size_t n, int sig)
{
	int fds[CHUNK];
	struct pid_list again = {0};

	for (size_t i = 0; i < n; i++)
		fds[i] = pids[i] == getpid() ? -1 : sys_pidfd_open(pids[i], 0);
	int rc = cgroup_dir_pids(dirfd, &again.v, &again.n, NULL);
	for (size_t i = 0; i < n; i++) {
		if (rc >= 0 && fds[i] >= 0 && in_list(&again, pids[i]) && pidfd_send(fds[i], sig) == -EPERM)
			rc = -EPERM;
		fd_close(fds[i]);
	}
	free(again.v);
	return rc;
}

// One round: everyone in d now gets sig. Returns how many there were.
static int signal_round(const struct cgroup_dir *d, int sig, pid_t *ret_first, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int rc = cgroup_dir_pids(d->fd, &pids, &n, e);

	for (size_t i = 0; i < n && rc >= 0; i += CHUNK) {
		rc = signal_chunk(d->fd, &pids[i], MIN(n - i, (size_t)CHUNK), sig);
		if (rc < 0)
			err_rc(e, rc, "signal the processes of %s/%s", d->h->mountpoint, d->path);
	}
	if (rc < 0)
		return rc;
	if (n)
		*ret_first = pids[0];
	return (int)MIN(n, (size_t)INT32_MAX);
}

static int still_there(const struct cgroup_dir *d, int n, pid_t first, struct err *e)
{
	if (first == getpid())
		return err_set(e, ERR_CONFLICT, EBUSY, "kill all in %s/%s: the caller itself (pid %d) is in it",
			       d->h->mountpoint, d->path, (int)first);
	return err_set(e, ERR_TIMEOUT, ETIMEDOUT, "kill all in %s/%s: %d processes do not end (the first is %d)",
		       d->h->mountpoint, d->path, n, (int)first);
}

// Frozen by v1, nobody dies before the thaw: frozen, killed, thawed, until a round finds nobody.
static int kill_rounds(struct cgroup *c, const struct cgroup_dir *d, struct err *e)
{
	int64_t deadline = clock_monotonic() + WAIT_MAX, pause = PAUSE_MIN_US;
	const struct cgroup_dir *f = cgroup_dir_of(c, CG_FREEZER);

	for (;;) {
		pid_t first = 0;
		if (f)
			freeze_v1(f, true, NULL); // a slow one is killed unfrozen
		int n = signal_round(d, SIGKILL, &first, e);
		if (f)
			freeze_v1(f, false, NULL);
		if (n <= 0)
			return n;
		if (clock_monotonic() >= deadline || (n == 1 && first == getpid()))
			return still_there(d, n, first, e);
		clock_sleep(pause * 1000);
		pause = MIN(pause * 2, (int64_t)PAUSE_MAX_US);
	}
}

static int kill_v2(const struct cgroup_dir *d, struct err *e)
{
	int rc = file_write_kernel(d->fd, "cgroup.kill", "1", NULL);
	pid_t first = 0;

	if (rc == -ENOENT || rc == -EOPNOTSUPP)
		return 0;
	if (rc >= 0)
		rc = wait_event(d, "populated", false, clock_monotonic() + WAIT_MAX);
	if (rc == -ETIMEDOUT) {
		int n = signal_round(d, 0, &first, NULL);
		return still_there(d, MAX(n, 0), first, e);
	}
	return rc < 0 && rc != -ENOENT && rc != -ENODEV ? err_rc(e, rc, "kill all in %s/%s", d->h->mountpoint, d->path)
							: 0;
}

static int kill_all(struct cgroup *c, struct err *e)
{
	const struct cgroup_dir *v2 = cgroup_dir_v2(c), *f = cgroup_dir_of(c, CG_FREEZER);

	if (v2 && f) // whom v1 keeps frozen, no signal ends
		freeze_v1(f, false, NULL);
	int rc = v2 ? kill_v2(v2, e) : 0;

	for (size_t i = 0; i < c->n && rc >= 0; i++) {
		_cleanup_free_ pid_t *pids = NULL;
		size_t n = 0;
		if (c->dirs[i].fd < 0)
			continue;
		rc = cgroup_dir_pids(c->dirs[i].fd, &pids, &n, e);
		if (rc >= 0 && n)
			rc = kill_rounds(c, &c->dirs[i], e);
	}
	return rc < 0 ? err_wrap(e, rc, "cgroup %s", c->path) : 0;
}

int cgroup_signal_all(struct cgroup *c, int sig, struct err *e)
{
	const struct cgroup_dir *d = primary(c);
	bool was_frozen = false;
	pid_t first = 0;

	if (sig == SIGKILL)
		return kill_all(c, e);
	if (!d)
		return 0;
	bool can = freezer(c) && cgroup_is_frozen(c, &was_frozen, NULL) >= 0 && !was_frozen;
	can = can && cgroup_freeze(c, true, NULL) >= 0;
	int rc = signal_round(d, sig, &first, e);
	if (can) {
		int thawed = cgroup_freeze(c, false, rc < 0 ? NULL : e);
		rc = rc < 0 ? rc : thawed;
	}
	return rc < 0 ? err_wrap(e, rc, "cgroup %s", c->path) : 0;
}

static int remove_one(struct cgroup_dir *d, int64_t deadline, struct err *e)
{
	_cleanup_fd_ int root = cgroup_root_open(d->h, e);
	if (root < 0)
		return root;
	int rc = cgroup_remove_tree(root, d->path, deadline);
	if (rc < 0)
		return err_rc(e, rc, "remove cgroup %s/%s", d->h->mountpoint, d->path);
	cgroup_remove_parents(root, d->path, d->floor);
	fd_close(TAKE_FD(d->fd));
	fd_close(TAKE_FD(d->tasks));
	return 0;
}

// Empty groups go at the first try; only where one is busy the processes are looked for.
int cgroup_remove(struct cgroup *c, int timeout_ms, struct err *e)
{
	int64_t deadline = clock_monotonic() + timeout_ms * NS_PER_MS;
	bool killed = false;

	for (size_t i = c->n; i-- > 0;) {
		struct err first = {0};
		int rc = remove_one(&c->dirs[i], killed ? deadline : 0, &first);
		if (rc == -EBUSY && !killed) {
			killed = true;
			rc = kill_all(c, e);
			if (rc < 0)
				return rc;
			err_clear(&first);
			rc = remove_one(&c->dirs[i], deadline, &first);
		}
		if (rc < 0) {
			if (e)
				*e = first;
			return rc;
		}
	}
	return 0;
}
