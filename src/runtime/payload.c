// SPDX-License-Identifier: Apache-2.0
// Owns the last steps of a process on its way to the payload: terminal, descriptors, credentials, filter, execve.
// Shared by a container's init and by exec into a container.
//
// The order is dictated by what each step needs:
//   - limits late (a small RLIMIT_NOFILE would starve us), by the parent where only it has the rights;
//   - descriptors before credentials (/dev/null and ttys are opened as root), O_CLOEXEC for all that stay ours, so that
//     a successful execve closes them in the same instant, the synchronising socket among them;
//   - capabilities out of the bounding set while CAP_SETPCAP is there, then groups, gid, uid, then the other sets;
//   - the seccomp filter as late as can be, so that few of our own calls must pass it: with no_new_privs after
//     everything; without, CAP_SYS_ADMIN is still needed, so the permitted set is taken away right after it.
// execve itself is the test whether the command exists and may be executed: no look before it could be outrun.
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/device.h"
#include "kernel/keyring.h"
#include "kernel/process.h"
#include "kernel/program.h"
#include "kernel/pty.h"
#include "kernel/rlimit.h"
#include "runtime/start.h"
#include "runtime/sync.h"

#include <linux/capability.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static int capability_mask(const struct oci_strings *names, const char *set, uint64_t *ret, struct err *e)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->n; i++) {
		int cap = capability_from_name(names->v[i]);
		if (cap < 0)
			return err_invalid(e, "process.capabilities.%s: unknown capability \"%s\"", set, names->v[i]);
		mask |= CAPABILITY_BIT(cap);
	}
	*ret = mask & capability_all(); // what this kernel does not know nobody can have
	return 0;
}

static int capability_masks(const struct oci_capabilities *c, struct capability_sets *ret, struct err *e)
{
	int rc = capability_mask(&c->bounding, "bounding", &ret->bounding, e);
	if (!rc)
		rc = capability_mask(&c->effective, "effective", &ret->effective, e);
	if (!rc)
		rc = capability_mask(&c->inheritable, "inheritable", &ret->inheritable, e);
	if (!rc)
		rc = capability_mask(&c->permitted, "permitted", &ret->permitted, e);
	if (!rc)
		rc = capability_mask(&c->ambient, "ambient", &ret->ambient, e);
	return rc;
}

int payload_prepare(struct payload *p, const struct oci_process *process, const struct oci_linux *linux, struct err *e)
{
	p->process = process;
	p->linux = linux;
	if (!process->args.n || !process->args.v[0] || !*process->args.v[0])
		return err_invalid(e, "process.args: no command was given");
	if (!process->cwd || *process->cwd != '/')
		return err_invalid(e, "process.cwd: \"%s\" is not an absolute path", process->cwd ? process->cwd : "");
	if (process->user.uid == UINT32_MAX || process->user.gid == UINT32_MAX)
		return err_invalid(e, "process.user: 4294967295 is not an id");
	int rc = process_check(process, linux, e);
	if (!rc)
		rc = process_check_labels(process->apparmor_profile, process->selinux_label, e);
	if (!rc && process->capabilities) // absent: none at all
		rc = capability_masks(process->capabilities, &p->capabilities, e);
	return rc;
}

void payload_init(struct payload *p)
{
	p->null = p->sync = p->init_process = p->proc = p->self = -1;
	for (size_t i = 0; i < PAYLOAD_HELD_MAX; i++)
		p->held[i] = -1;
}

void payload_release(struct payload *p)
{
	for (size_t i = 0; i < PAYLOAD_HELD_MAX; i++)
		fd_close(TAKE_FD(p->held[i]));
}

void payload_done(struct payload *p)
{
	payload_release(p);
	fd_close(p->null);
	fd_close(p->init_process);
	fd_close(p->self);
}

static int *free_place(struct payload *p)
{
	size_t i = 0;

	while (i < PAYLOAD_HELD_MAX - 1 && p->held[i] >= 0)
		i++;
	return &p->held[i];
}

int payload_open_self(struct payload *p, struct err *e)
{
	p->self = program_open_self(free_place(p), e);
	return p->self < 0 ? p->self : 0;
}

int payload_open_host(struct payload *p, const char *path, int flags, struct err *e)
{
	return program_open_readonly(path, flags, free_place(p), e);
}

int payload_open_null(struct payload *p, struct err *e)
{
	p->null = payload_open_host(p, "/dev/null", O_RDWR | O_NOCTTY, e);
	return p->null < 0 ? p->null : device_check_null(p->null, e);
}

int payload_hide_self(struct payload *p, struct err *e)
{
	payload_release(p);
	int rc = program_hide_self(p->self, e);
	fd_close(TAKE_FD(p->self));
	return rc;
}

int payload_begin(int sync, struct err *e)
{
	char c;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(e, "PR_SET_PDEATHSIG");
	if (recv(sync, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0) // it died before that
		return err_set(e, ERR_CANCELLED, ECANCELED, "the parent is gone");
	sys_signals_default(); // those caught are reset by clone3 and execve; ignored ones would stay so
	return 0;
}

// Root of the user namespace, as everything that is made from here on belongs to it.
int payload_become_root(struct err *e)
{
	if (sys_setresgid(0, 0, 0) < 0)
		return err_sys(e, "linux.gidMappings: become group 0, which must be mapped");
	if (sys_setresuid(0, 0, 0) < 0)
		return err_sys(e, "linux.uidMappings: become user 0, which must be mapped");
	if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "drop additional groups");
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? err_sys(e, "PR_SET_PDEATHSIG") : 0;
}

// To the caller's socket (the message is the terminal's name, as runc's), or through our own to the parent.
int payload_send_console(const struct payload *p, int master, struct err *e)
{
	int rc;

	if (p->process->console_size.set) {
		rc = pty_set_size(master, (uint16_t)MIN(p->process->console_size.height, (uint64_t)UINT16_MAX),
				  (uint16_t)MIN(p->process->console_size.width, (uint64_t)UINT16_MAX), e);
		if (rc < 0)
			return rc;
	}
	if (p->console_socket >= 0)
		rc = fd_send(p->console_socket, "/dev/ptmx", sizeof("/dev/ptmx") - 1, &master, 1);
	else
		rc = sync_send(p->sync, SYNC_CONSOLE, 0, master);
	return rc < 0 ? err_rc(e, rc, "hand the terminal over") : 0;
}

// Everything that is copied to a low number is first moved above them all, so that no copy overwrites another's source.
static int raise_fd(int *fd, int above)
{
	if (*fd < 0)
		return 0;
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, above);
	if (high < 0)
		return -errno;
	*fd = high;
	return 0;
}

static int place_descriptors(struct payload *p, int tty, struct err *e)
{
	int above = 3 + (int)p->n_preserve, rc = 0;
	_cleanup_free_ int *keep = xnew_n(int, p->n_preserve + 1);
	int std[3];

	for (int i = 0; i < 3; i++)
		std[i] = tty >= 0 ? tty : p->stdio[i] >= 0 ? p->stdio[i] : p->null;
	for (size_t i = 0; !rc && i < p->n_preserve; i++) {
		keep[i] = p->preserve[i];
		rc = raise_fd(&keep[i], above);
	}
	for (int i = 0; !rc && i < 3; i++)
		if (std[i] != i)
			rc = raise_fd(&std[i], above);
	if (!rc && p->sync < above)
		rc = raise_fd(&p->sync, above);
	if (!rc && p->proc < above)
		rc = raise_fd(&p->proc, above);
	if (!rc && p->init_process < above)
		rc = raise_fd(&p->init_process, above);
	for (int i = 0; !rc && i < 3; i++)
		if (std[i] != i ? dup2(std[i], i) < 0 : fcntl(i, F_SETFD, 0) < 0)
			rc = -errno;
	for (size_t i = 0; !rc && i < p->n_preserve; i++)
		if (dup2(keep[i], 3 + (int)i) < 0)
			rc = -errno;
	if (!rc && sys_close_range((unsigned)above, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		rc = -errno;
	return rc < 0 ? err_rc(e, rc, "put descriptors into place") : 0;
}

// Only where it differs from root's defaults does the process's stdio get the user's ownership: ttys of our own.
static int start_session(struct payload *p, int tty, struct err *e)
{
	if (setsid() < 0 && errno != EPERM)
		return err_sys(e, "setsid");
	if (tty < 0)
		return 0;
	if (p->ids.uid && fchown(tty, p->ids.uid, (gid_t)-1) < 0)
		return err_sys(e, "give the terminal to the user");
	return pty_set_controlling(tty, e);
}

// A payload that is not root opens its pipes again as /dev/stdout and the like, which takes ownership. Only pipes: they
// are nobody else's files. Where it may not be done, that opening fails, nothing more.
static void own_pipes(const struct payload *p)
{
	struct stat st;

	for (int fd = 0; p->ids.uid && fd < 3; fd++)
		if (!fstat(fd, &st) && S_ISFIFO(st.st_mode) && st.st_uid != p->ids.uid &&
		    fchown(fd, p->ids.uid, (gid_t)-1) < 0)
			log_debug("stdio %d stays its owner's: %s", fd, strerror(errno));
}

// The kernel's answer, not libc's: a directory outside of the root shows as "(unreachable)...".
static int check_cwd(struct err *e)
{
	char path[PATH_MAX];
	if (!getcwd(path, sizeof(path)) || *path != '/')
		return err_set(e, ERR_DENIED, EPERM, "process.cwd: it is outside of the container's root");
	return 0;
}

static int enter_cwd(const char *cwd, struct err *e)
{
	return chdir(cwd) < 0 ? err_sys(e, "process.cwd: enter %s", cwd) : check_cwd(e);
}

static int set_ids(const struct oci_user *u, struct err *e)
{
	if (sys_setgroups(u->n_additional_gids, u->additional_gids) < 0 && (errno != EPERM || u->n_additional_gids))
		return err_sys(e, "process.user.additionalGids: setgroups");
	if (sys_setresgid(u->gid, u->gid, u->gid) < 0)
		return err_sys(e, "process.user.gid: set %u%s", u->gid, errno == EINVAL ? " (it is not mapped)" : "");
	if (sys_setresuid(u->uid, u->uid, u->uid) < 0)
		return err_sys(e, "process.user.uid: set %u%s", u->uid, errno == EINVAL ? " (it is not mapped)" : "");
	// A change of ids makes the process dumpable as the admin likes it. The parent-death signal ends here: the
	// filter to come may not let it be changed.
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(e, "prctl");
	return 0;
}

// After the change of uid the effective set is empty but the permitted one was kept.
static int raise_effective(struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (sys_capget(&h, d) < 0)
		return err_sys(e, "capget");
	d[0].effective = d[0].permitted;
	d[1].effective = d[1].permitted;
	return sys_capset(&h, d) < 0 ? err_sys(e, "raise capabilities for seccomp") : 0;
}

static int load_filter(const struct payload *p, struct err *e)
{
	_cleanup_fd_ int listener = -1;
	int rc = seccomp_load(p->filter, e);

	if (rc < 0 || !p->filter->needs_notify)
		return rc < 0 ? rc : 0;
	listener = rc;
	rc = sync_send(p->sync, SYNC_NOTIFY, 0, listener);
	return rc < 0 ? err_rc(e, rc, "hand the seccomp listener over") : 0;
}

static int set_credentials(struct payload *p, struct err *e)
{
	const struct oci_process *pr = p->process;
	int rc = capability_apply_bounding(&p->capabilities, e);

	if (!rc)
		rc = set_ids(&p->ids, e);
	if (!rc && pr->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		rc = err_sys(e, "process.noNewPrivileges");
	if (!rc && p->filter && !pr->no_new_privileges) {
		if (p->ids.uid)
			rc = raise_effective(e);
		if (!rc)
			rc = load_filter(p, e);
	}
	if (!rc)
		rc = capability_apply(&p->capabilities, e);
	if (!rc && p->filter && pr->no_new_privileges)
		rc = load_filter(p, e);
	return rc;
}

int payload_ask_limits(struct payload *p, struct err *e)
{
	if (p->limited)
		return 0;
	p->limited = true;
	if (p->ask_limits)
		return sync_ask(p->sync, SYNC_LIMITS, e);
	return rlimit_apply(0, p->process->rlimits, p->process->n_rlimits, e);
}

static int set_attributes(struct payload *p, struct err *e)
{
	const struct oci_process *pr = p->process;
	int rc = p->new_keyring ? keyring_join_new(e) : 0;

	if (!rc)
		rc = process_apply_scheduler(pr->scheduler, e);
	if (!rc)
		rc = process_apply_io_priority(pr->io_priority, e);
	if (!rc)
		rc = process_apply_personality(p->linux->personality, e);
	if (!rc)
		rc = process_apply_memory_policy(p->linux->memory_policy, e);
	if (!rc && p->is_exec && pr->exec_cpu_affinity)
		rc = process_apply_affinity(pr->exec_cpu_affinity->final, e);
	return rc < 0 ? rc : payload_ask_limits(p, e);
}

static char **vector(const struct oci_strings *s, size_t spare)
{
	char **v = xnew_n(char *, s->n + spare + 1);
	for (size_t i = 0; i < s->n; i++)
		v[i] = s->v[i];
	return v;
}

// The user by the databases of the container's own root, and HOME from there if the environment lacks it.
static int resolve_user(struct payload *p, struct err *e)
{
	char number[16];
	struct container_user found;
	const char *user = p->user;
	bool home = strv_env_get(p->env, "HOME") != NULL;

	if (!user && home)
		return 0;
	if (!user) {
		int rc = str_fmt(number, sizeof(number), "%u", p->ids.uid);
		if (rc < 0)
			return err_rc(e, rc, "user");
		user = number;
	}
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "open /");
	int rc = container_user_resolve(root, user, NULL, &found, e);
	if (rc < 0)
		return rc;
	if (!home)
		p->env[p->process->env.n] = xasprintf("HOME=%s", found.home); // its place was left
	if (p->user) {
		p->ids.uid = found.uid;
		p->ids.gid = found.gid;
		p->ids.additional_gids = TAKE_PTR(found.groups);
		p->ids.n_additional_gids = found.n_groups;
	}
	container_user_done(&found);
	return 0;
}

// What execve takes is made before the limits are set, which may leave no memory.
static int prepare_exec(struct payload *p, struct err *e)
{
	const struct oci_strings *args = &p->process->args;

	p->ids = p->process->user;
	p->env = vector(&p->process->env, 1);
	p->argv = vector(args, 2);
	if (p->init_process >= 0) {
		memmove(p->argv + 2, p->argv, args->n * sizeof(*p->argv));
		p->argv[0] = (char *)"init";
		p->argv[1] = (char *)"--";
	}
	return resolve_user(p, e);
}

static int exec_failed(const char *name, const char *path, int code, struct err *e)
{
	struct stat st;

	if (code == ENOENT && !stat(path, &st))
		return err_set(e, ERR_EXEC_NOT_FOUND, code,
			       "exec: \"%s\": its interpreter or loader is missing: no such file or directory", name);
	if (code == ENOENT || code == ENOTDIR)
		return err_set(e, ERR_EXEC_NOT_FOUND, code, "exec: \"%s\": stat %s: no such file or directory", name,
			       path);
	if (code == EACCES && !stat(path, &st) && S_ISDIR(st.st_mode))
		return err_set(e, ERR_EXEC_DENIED, EISDIR, "exec: \"%s\": is a directory", name);
	if (code == ENOEXEC)
		return err_set(e, ERR_EXEC_DENIED, code, "exec: \"%s\": exec format error", name);
	if (code == EACCES || code == EPERM)
		return err_set(e, ERR_EXEC_DENIED, code, "exec: \"%s\": permission denied", name);
	return err_set(e, ERR_EXEC_DENIED, code, "exec: \"%s\": %s", name, strerror(code));
}

// As execvp, but in the payload's own PATH and with the reason kept. Empty entries mean the working directory, as ever.
static int exec_in_path(const char *name, const char *path, char **argv, char **env, struct err *e)
{
	char file[PATH_MAX], denied_file[PATH_MAX] = "";
	int denied = 0;

	for (const char *p = path;; p++) {
		size_t n = strcspn(p, ":");
		if (str_fmt(file, sizeof(file), "%.*s%s%s", (int)n, p, n ? "/" : "./", name) >= 0) {
			execve(file, argv, env);
			struct stat st;
			if (errno != ENOENT && errno != ENOTDIR &&
			    !(errno == EACCES && !stat(file, &st) && S_ISDIR(st.st_mode))) {
				denied = errno;
				str_copy(denied_file, sizeof(denied_file), file);
				if (errno != EACCES)
					break;
			} else if (errno == ENOENT && !access(file, F_OK)) {
				denied = ENOENT;
				str_copy(denied_file, sizeof(denied_file), file);
				break;
			}
		}
		p += n;
		if (!*p)
			break;
	}
	if (denied)
		return exec_failed(name, denied_file, denied, e);
	return err_set(e, ERR_EXEC_NOT_FOUND, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

static int exec_payload(const struct payload *p, struct err *e)
{
	const char *name = p->argv[0], *path = strv_env_get(p->env, "PATH");

	if (p->init_process >= 0) {
		sys_execveat(p->init_process, "", p->argv, p->env, AT_EMPTY_PATH);
		return err_sys(e, "exec: start the init process");
	}
	if (!strchr(name, '/'))
		return exec_in_path(name, path ? path : default_path, p->argv, p->env, e);
	execve(name, p->argv, p->env);
	return exec_failed(name, name, errno, e);
}

int payload_exec(struct payload *p, int tty, struct err *e)
{
	bool entered = false;
	int rc = prepare_exec(p, e);

	if (!rc)
		rc = start_session(p, tty, e);
	if (!rc)
		rc = place_descriptors(p, tty, e);
	if (rc < 0)
		return rc;
	own_pipes(p);
	rc = set_attributes(p, e);
	if (rc < 0)
		return rc;
	entered = !chdir(p->process->cwd); // as root first: a directory of root's is no obstacle; else as the user
	if (entered)
		rc = check_cwd(e);
	umask(p->process->user.umask.set ? p->process->user.umask.v & 0777 : 0022);
	if (!rc && p->proc >= 0)
		rc = process_set_exec_labels(p->proc, p->process->apparmor_profile, p->process->selinux_label, e);
	if (!rc)
		rc = set_credentials(p, e);
	if (!rc && !entered)
		rc = enter_cwd(p->process->cwd, e);
	if (!rc && p->hooks)
		rc = hooks_run(p->hooks, HOOK_START_CONTAINER, p->id, getpid(), p->bundle, e);
	return rc < 0 ? rc : exec_payload(p, e);
}
