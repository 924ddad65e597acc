// SPDX-License-Identifier: Apache-2.0
// Becoming root of a user namespace, and finding the one that is there already.
//
// Theory of operation
//
// All commands of a user must work in one user namespace, or they could neither signal nor enter the containers that
// another command started. The namespace lives as long as a process is in it, and that is recorded in
// <runtime_dir>/userns: a line with why only one id is mapped (or an empty one), then a line "PID START" for each
// process that came in, with its start time, so that a reused pid is never taken for it. Whoever comes reads the record
// under a lock (<runtime_dir>/userns.lock), joins the first process that is alive and whose namespace belongs to this
// user, or makes new namespaces; and adds itself before it lets the lock go. So of two commands that start together one
// makes the namespaces and the other joins it, and a command that ends early leaves the others on record. The monitor
// of a container adds itself with rootless_hold.
//
// Mapping more than one's own id takes privilege, which newuidmap and newgidmap have. They must run outside of the new
// namespace, on the process inside: a helper forked before unshare(2) waits for a byte and starts them. They are looked
// for in fixed places with an environment of our own: the caller's PATH has no say.
#include "engine/rootless.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD      "userns"
#define LOCK        "userns.lock"
#define LOCK_WAIT_S 60

enum { RECORD_MAX = 256 << 10, SUBID_FILE_MAX = 1 << 20, HOLDERS_MAX = 4096, PROVEN = 64, REASON_MAX = 384 };

static struct {
	bool active;
	char *dir;
	uid_t uid; // outside
	char reason[REASON_MAX];
} state;

struct holder {
	pid_t pid;
	uint64_t start;
};
struct record {
	char reason[REASON_MAX];
	struct holder v[HOLDERS_MAX];
	size_t n;
};

bool rootless_active(void)
{
	return state.active;
}
const char *rootless_single_reason(void)
{
	return *state.reason ? state.reason : NULL;
}
uid_t rootless_outer_uid(void)
{
	return state.active ? state.uid : getuid();
}

// ---- who is who

static bool has_sys_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return !sys_capget(&header, data) && data[0].effective & (1U << CAP_SYS_ADMIN);
}

// Field 22 of /proc/PID/stat; the second one, in parentheses, may contain anything. 0: no such process.
static uint64_t start_time(pid_t pid)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4096);
	char path[48];
	uint64_t start = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(AT_FDCWD, path, 4096, &b, NULL) < 0)
		return 0;
	const char *s = strrchr(b.data, ')');
	for (int field = 2; s && field < 22; field++) {
		s = strchr(s + 1, ' ');
		if (s && field == 2 && (s[1] == 'Z' || s[1] == 'X')) // its namespaces are gone
			return 0;
	}
	if (!s)
		return 0;
	b.data[s + 1 - b.data + (ptrdiff_t)strcspn(s + 1, " \n")] = 0;
	return str_to_u64(s + 1, &start) < 0 ? 0 : start;
}

// The user's name for subuid(5): from passwd(5), else what the login set. newuidmap checks it again.
static char *user_name(uid_t uid)
{
	_cleanup_buf_ struct buf b = BUF_INIT(SUBID_FILE_MAX);
	const char *env = getenv("USER");

	if (file_read(AT_FDCWD, "/etc/passwd", SUBID_FILE_MAX, &b, NULL) >= 0) {
		_cleanup_strv_ char **lines = strv_split(b.data, '\n');
		for (size_t i = 0; lines && lines[i]; i++) {
			_cleanup_strv_ char **f = strv_split(lines[i], ':');
			uint32_t id = 0;
			if (strv_len(f) >= 4 && *f[0] && !str_to_u32(f[2], &id) && id == uid)
				return xstrdup(f[0]);
		}
	}
	return env && *env ? xstrdup(env) : NULL;
}

size_t rootless_parse_subids(const char *text, const char *name, uid_t uid, struct rootless_range *ret, size_t max)
{
	_cleanup_strv_ char **lines = strv_split(text, '\n');
	size_t n = 0;

	for (size_t i = 0; lines && lines[i] && n < max; i++) {
		_cleanup_strv_ char **f = strv_split(lines[i], ':');
		uint32_t id = 0;
		struct rootless_range r = {0};
		if (strv_len(f) != 3 || !*f[0])
			continue;
		bool ours = (name && str_eq(f[0], name)) || (!str_to_u32(f[0], &id) && id == uid);
		if (!ours || str_to_u32(f[1], &r.start) < 0 || str_to_u32(f[2], &r.count) < 0 || !r.count)
			continue;
		if ((uint64_t)r.start + r.count > UINT32_MAX)
			continue;
		ret[n++] = r;
	}
	return n;
}

// ---- the record

static void record_read(int dir, struct record *r)
{
	_cleanup_buf_ struct buf b = BUF_INIT(RECORD_MAX);

	*r = (struct record){0};
	if (file_read(dir, RECORD, RECORD_MAX, &b, NULL) < 0)
		return;
	_cleanup_strv_ char **lines = strv_split(b.data, '\n');
	if (!lines)
		return;
	str_copy(r->reason, sizeof(r->reason), lines[0]);
	for (size_t i = 1; lines[i] && r->n < HOLDERS_MAX; i++) {
		_cleanup_strv_ char **f = strv_split(lines[i], ' ');
		struct holder h;
		if (strv_len(f) == 2 && !str_to_int(f[0], &h.pid) && !str_to_u64(f[1], &h.start) && h.pid > 0)
			r->v[r->n++] = h;
	}
}

static bool is_alive(const struct holder *h)
{
	return h->start && start_time(h->pid) == h->start;
}

// Written anew with this process at its end and without those that are gone. Where very many are on record, the first
// that live are enough: to look at all of them would cost every command.
static int record_write(int dir, const struct record *r, const char *reason, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(RECORD_MAX);
	size_t proven = 0;

	buf_addf(&b, "%s\n", reason);
	for (size_t i = 0; i < r->n; i++) {
		bool look = proven < PROVEN || r->n > HOLDERS_MAX / 2;
		if (r->v[i].pid == getpid() || (look && !is_alive(&r->v[i])))
			continue;
		proven++;
		buf_addf(&b, "%d %" PRIu64 "\n", (int)r->v[i].pid, r->v[i].start);
	}
	buf_addf(&b, "%d %" PRIu64 "\n", (int)getpid(), start_time(getpid()));
	if (b.failed)
		return err_rc(e, b.failed, "record the user namespace");
	int rc = file_write_atomic(dir, RECORD, b.data, b.len, 0600, false, e);
	return rc < 0 ? err_wrap(e, rc, "record the user namespace") : 0;
}

// uid: who we are there as seen from here, which is 0 once we are inside.
static int open_dir(const char *path, uid_t uid, struct err *e)
{
	struct stat st;
	int rc = path_mkdirs(path, 0700, e);

	if (rc < 0)
		return rc;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, "open %s", path);
	if (st.st_uid != uid || st.st_mode & 022)
		return err_set(e, ERR_DENIED, EPERM, "%s: must belong to user %u and be writable by nobody else", path,
			       (unsigned)uid);
	return TAKE_FD(fd);
}

static int lock(int dir, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int64_t deadline = clock_monotonic() + LOCK_WAIT_S * NS_PER_SEC;

	if (fd < 0)
		return err_sys(e, "open " LOCK);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "lock " LOCK);
		if (clock_monotonic() >= deadline)
			return err_set(e, ERR_TIMEOUT, ETIMEDOUT,
				       "lock " LOCK ": another command has held it for %d seconds", LOCK_WAIT_S);
		clock_sleep(NS_PER_MS);
	}
	return TAKE_FD(fd);
}

// ---- joining

static bool owned_by_us(pid_t pid)
{
	char path[48];
	uid_t owner = (uid_t)-1;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	_cleanup_fd_ int ns = open(path, O_RDONLY | O_CLOEXEC);
	return ns >= 0 && !ioctl(ns, NS_GET_OWNER_UID, &owner) && owner == geteuid();
}

// The pidfd is taken before the start time is compared: what it refers to is what was recorded.
static bool join_one(const struct holder *h)
{
	_cleanup_fd_ int pidfd = sys_pidfd_open(h->pid, 0);

	return pidfd >= 0 && is_alive(h) && owned_by_us(h->pid) && !setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS);
}

// setns(2) puts the working directory to the namespace's root.
static bool join_any(const struct record *r)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0);

	for (size_t i = 0; i < r->n; i++)
		if (join_one(&r->v[i])) {
			if (cwd && chdir(cwd))
				log_debug("working directory %s: not there in the user's mount namespace", cwd);
			return true;
		}
	return false;
}

// ---- making

static const char *find_program(const char *name, char path[static 64])
{
	static const char *const places[] = {"/usr/bin", "/bin", "/usr/local/bin"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, 64, "%s/%s", places[i], name);
		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

struct map {
	const char *program, *file, *proc; // "newuidmap", "/etc/subuid", "/proc/self/uid_map"
	uint32_t own;
	struct rootless_range v[ROOTLESS_RANGES_MAX];
	size_t n;
	char path[64];        // of the program
	char why[REASON_MAX]; // why it cannot be used, or ""
};

static void plan_map(struct map *m, const char *name, uid_t uid)
{
	_cleanup_buf_ struct buf b = BUF_INIT(SUBID_FILE_MAX);
	int rc = file_read(AT_FDCWD, m->file, SUBID_FILE_MAX, &b, NULL);

	if (rc < 0)
		snprintf(m->why, sizeof(m->why), "%s cannot be read: %s", m->file, strerror(-rc));
	else if (!(m->n = rootless_parse_subids(b.data, name, uid, m->v, ARRAY_SIZE(m->v))))
		snprintf(m->why, sizeof(m->why), "%s has no entry for %s", m->file, name ? name : "this user");
	else if (!find_program(m->program, m->path))
		snprintf(m->why, sizeof(m->why), "%s is not installed (package uidmap)", m->program);
}

// "newuidmap PID 0 OWN 1  1 START COUNT ...": our own id becomes 0, the subordinate ones follow from 1 on.
static char **map_command(const struct map *m, pid_t target)
{
	char **argv = NULL;
	uint64_t inside = 1;

	strv_push(&argv, m->program);
	strv_pushf(&argv, "%d", (int)target);
	strv_push(&argv, "0");
	strv_pushf(&argv, "%u", m->own);
	strv_push(&argv, "1");
	for (size_t i = 0; i < m->n && inside + m->v[i].count <= UINT32_MAX; i++) {
		strv_pushf(&argv, "%" PRIu64, inside);
		strv_pushf(&argv, "%u", m->v[i].start);
		strv_pushf(&argv, "%u", m->v[i].count);
		inside += m->v[i].count;
	}
	return argv;
}

static _noreturn_ void exec_program(const char *path, char *const argv[], int errors)
{
	char *const env[] = {(char *)"PATH=/usr/bin:/bin", (char *)"LANG=C", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(null, 1);
	dup2(errors, 2);
	execve(path, argv, env);
	_exit(127);
}

// Runs it and waits; what it says on stderr, its first line, becomes m->why if it fails.
static void run_program(struct map *m, pid_t target)
{
	_cleanup_strv_ char **argv = map_command(m, target);
	char said[REASON_MAX / 2] = "";
	int p[2], status = 0;

	if (pipe2(p, O_CLOEXEC)) {
		snprintf(m->why, sizeof(m->why), "%s: %s", m->program, strerror(errno));
		return;
	}
	pid_t pid = fork();
	if (!pid)
		exec_program(m->path, argv, p[1]);
	close(p[1]);
	ssize_t n = fd_read_full(p[0], said, sizeof(said) - 1);
	close(p[0]);
	said[MAX(n, (ssize_t)0)] = 0;
	said[strcspn(said, "\n")] = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		snprintf(m->why, sizeof(m->why), "%s failed%s%s", m->path, *said ? ": " : "", said);
}

// In the helper, outside of the namespace: at the byte, map target; answers with both reasons.
static _noreturn_ void helper(int sock, pid_t target, struct map *uids, struct map *gids)
{
	char go;

	if (fd_read_full(sock, &go, 1) != 1)
		_exit(1);
	if (!*uids->why && !*gids->why)
		run_program(uids, target);
	if (!*uids->why && !*gids->why)
		run_program(gids, target);
	fd_write_full(sock, uids->why, REASON_MAX);
	fd_write_full(sock, gids->why, REASON_MAX);
	_exit(0);
}

// The kernel allows everyone to map the own id to one; group ids only without setgroups(2).
static int map_single(const struct map *m, struct err *e)
{
	char line[64];

	if (str_eq(m->program, "newgidmap") && file_write_kernel(AT_FDCWD, "/proc/self/setgroups", "deny", e) < 0)
		return err_wrap(e, -EPERM, "user namespace");
	snprintf(line, sizeof(line), "0 %u 1\n", m->own);
	int rc = file_write_kernel(AT_FDCWD, m->proc, line, e);
	return rc < 0 ? err_wrap(e, rc, "user namespace") : 0;
}

static uint64_t read_number(const char *file, uint64_t otherwise)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64);
	uint64_t v = otherwise;

	if (file_read(AT_FDCWD, file, 64, &b, NULL) < 0 || !b.len)
		return otherwise;
	b.data[strcspn(b.data, "\n")] = 0;
	str_to_u64(b.data, &v);
	return v;
}

// Why the kernel refused, and the switch that would change it.
static int explain(int code, struct err *e)
{
	uint64_t max = read_number("/proc/sys/user/max_user_namespaces", UINT64_MAX);
	const char *what = "make a user namespace, which an ordinary user needs", *why = strerror(code);

	if (!read_number("/proc/sys/kernel/unprivileged_userns_clone", 1))
		return err_set(e, ERR_DENIED, code,
			       "%s: %s: they are switched off for ordinary users (as root: sysctl "
			       "kernel.unprivileged_userns_clone=1)",
			       what, why);
	if (!max)
		return err_set(e, ERR_DENIED, code,
			       "%s: %s: they are switched off (as root: sysctl user.max_user_namespaces=15000)", what,
			       why);
	if (code == ENOSPC || code == EUSERS)
		return err_set(e, ERR_EXHAUSTED, code,
			       "%s: %s: the limit of %" PRIu64
			       " is reached (as root: sysctl user.max_user_namespaces), or they "
			       "are nested too deeply",
			       what, why, max);
	if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0))
		return err_set(e, ERR_DENIED, code,
			       "%s: %s: AppArmor restricts them (as root: a profile with \"userns,\" for this program, "
			       "or sysctl "
			       "kernel.apparmor_restrict_unprivileged_userns=0)",
			       what, why);
	if (code == EINVAL)
		return err_set(e, ERR_UNSUPPORTED, code, "%s: %s: this kernel has no CONFIG_USER_NS", what, why);
	return err_set(e, err_class_of_errno(code), code,
		       "%s: %s: a seccomp filter or the container this runs in may refuse it", what, why);
}

static int finish_maps(int sock, struct map *uids, struct map *gids, struct err *e)
{
	bool tried = !*uids->why && !*gids->why; // the helper runs both programs or neither
	int rc = 0;

	if (fd_write_full(sock, "g", 1) < 0 || fd_read_full(sock, uids->why, REASON_MAX) != REASON_MAX ||
	    fd_read_full(sock, gids->why, REASON_MAX) != REASON_MAX)
		return err_set(e, ERR_INTERNAL, EIO, "map ids: the helper process ended");
	uids->why[REASON_MAX - 1] = gids->why[REASON_MAX - 1] = 0;
	bool uids_done = tried && !*uids->why, gids_done = uids_done && !*gids->why;
	if (!gids_done)
		str_copy(state.reason, sizeof(state.reason), *uids->why ? uids->why : gids->why);
	if (!uids_done)
		rc = map_single(uids, e);
	if (rc >= 0 && !gids_done)
		rc = map_single(gids, e);
	return rc == -EPERM || rc == -EACCES ? explain(-rc, e) : rc;
}

static int make(struct err *e)
{
	struct map uids = {.program = "newuidmap",
			   .file = "/etc/subuid",
			   .proc = "/proc/self/uid_map",
			   .own = geteuid()};
	struct map gids = {.program = "newgidmap",
			   .file = "/etc/subgid",
			   .proc = "/proc/self/gid_map",
			   .own = getegid()};
	_cleanup_free_ char *name = user_name(geteuid());
	int sock[2], status, rc = 0;

	plan_map(&uids, name, geteuid());
	plan_map(&gids, name, geteuid());
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return err_sys(e, "socketpair");
	pid_t self = getpid(), child = fork();
	if (!child) {
		close(sock[0]);
		helper(sock[1], self, &uids, &gids);
	}
	close(sock[1]);
	if (child < 0)
		rc = err_sys(e, "fork");
	else if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		rc = explain(errno, e);
	else
		rc = finish_maps(sock[0], &uids, &gids, e);
	close(sock[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return rc;
}

static int enter(int dir, struct err *e)
{
	static struct record r;
	_cleanup_fd_ int held = lock(dir, e);
	uid_t uid = geteuid();

	if (held < 0)
		return held;
	record_read(dir, &r);
	if (join_any(&r)) {
		str_copy(state.reason, sizeof(state.reason), r.reason);
	} else {
		int rc = make(e);
		if (rc < 0)
			return rc;
	}
	state.active = true;
	state.uid = uid;
	return record_write(dir, &r, state.reason, e);
}

int rootless_enter(const char *runtime_dir, struct err *e)
{
	if (state.active || (!geteuid() && has_sys_admin()))
		return 0;
	_cleanup_fd_ int dir = open_dir(runtime_dir, geteuid(), e);
	int rc = dir < 0 ? dir : enter(dir, e);
	if (rc < 0)
		return err_wrap(e, rc, "without root");
	free(state.dir);
	state.dir = xstrdup(runtime_dir);
	return 0;
}

int rootless_hold(struct err *e)
{
	static struct record r;

	if (!state.active)
		return 0;
	_cleanup_fd_ int dir = open_dir(state.dir, geteuid(), e);
	_cleanup_fd_ int held = dir < 0 ? -1 : lock(dir, e);
	if (dir < 0 || held < 0)
		return dir < 0 ? dir : held;
	record_read(dir, &r);
	return record_write(dir, &r, state.reason, e);
}
