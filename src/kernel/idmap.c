// SPDX-License-Identifier: Apache-2.0
// Owns /proc/PID/{uid_map,gid_map,setgroups}. A map is accepted once and only as one write, so it is built whole.
#include "kernel/idmap.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { MAP_TEXT_MAX = 4095 }; // the kernel takes less than a page

bool idmap_to_host(const struct oci_id_mappings *m, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		if (id < m->v[i].container_id || id - m->v[i].container_id >= m->v[i].size)
			continue;
		*ret = m->v[i].host_id + (id - m->v[i].container_id);
		return true;
	}
	return false;
}

static int format_map(const struct oci_id_mappings *m, const char *field, struct buf *b, struct err *e)
{
	if (!m->n)
		return err_invalid(e, "linux.%s: a new user namespace needs at least one", field);
	if (m->n > IDMAP_EXTENTS_MAX)
		return err_invalid(e, "linux.%s: more than %d mappings", field, IDMAP_EXTENTS_MAX);
	for (size_t i = 0; i < m->n; i++)
		buf_addf(b, "%u %u %u\n", m->v[i].container_id, m->v[i].host_id, m->v[i].size);
	return b->failed ? err_invalid(e, "linux.%s: too many mappings", field) : 0;
}

// newuidmap PID c h n [c h n]...
static int run_helper(const char *helper, pid_t pid, const struct oci_id_mappings *m, struct err *e)
{
	_cleanup_strv_ char **argv = NULL;
	strv_push(&argv, helper);
	strv_pushf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < m->n; i++) {
		strv_pushf(&argv, "%u", m->v[i].container_id);
		strv_pushf(&argv, "%u", m->v[i].host_id);
		strv_pushf(&argv, "%u", m->v[i].size);
	}
	pid_t child = fork();
	if (child < 0)
		return err_sys(e, "fork for %s", helper);
	if (!child) {
		execvp(helper, argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	int status = 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for %s", helper);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(e, ERR_UNSUPPORTED, ENOENT, "%s is not installed (Debian: apt install uidmap)", helper);
	return err_set(e, ERR_DENIED, EPERM, "%s refused the mapping: see /etc/subuid and /etc/subgid", helper);
}

// One id, the caller's own: what any user may map.
static bool maps_self_only(const struct oci_id_mappings *m, uint32_t self)
{
	return m->n == 1 && m->v[0].size == 1 && m->v[0].host_id == self;
}

static int write_one(pid_t pid, const char *file, const char *helper, const char *text, const struct oci_id_mappings *m,
		     struct err *e)
{
	char path[64];
	int rc = str_fmt(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (rc < 0)
		return err_rc(e, rc, "%s", file);
	rc = file_write_kernel(AT_FDCWD, path, text, e);
	if (rc == -EPERM && geteuid() != 0)
		return run_helper(helper, pid, m, e);
	return rc;
}

int idmap_write(pid_t pid, const struct oci_id_mappings *uids, const struct oci_id_mappings *gids, struct err *e)
{
	_cleanup_buf_ struct buf u = BUF_INIT(MAP_TEXT_MAX), g = BUF_INIT(MAP_TEXT_MAX);
	int rc = format_map(uids, "uidMappings", &u, e);
	if (!rc)
		rc = format_map(gids, "gidMappings", &g, e);
	if (rc < 0)
		return rc;
	if (geteuid() != 0 && maps_self_only(gids, getegid())) {
		char path[64];
		rc = str_fmt(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		if (rc >= 0)
			rc = file_write_kernel(AT_FDCWD, path, "deny", e);
		if (rc < 0)
			return err_wrap(e, rc, "write the user namespace's mappings");
	}
	rc = write_one(pid, "gid_map", "newgidmap", g.data, gids, e);
	if (rc >= 0)
		rc = write_one(pid, "uid_map", "newuidmap", u.data, uids, e);
	return rc < 0 ? err_wrap(e, rc, "write the user namespace's mappings") : 0;
}

int idmap_userns(const struct oci_id_mappings *uids, const struct oci_id_mappings *gids, struct err *e)
{
	int pidfd = -1;
	struct clone_args cl = {.flags = CLONE_NEWUSER | CLONE_PIDFD,
				.pidfd = (uint64_t)(uintptr_t)&pidfd,
				.exit_signal = SIGCHLD};
	pid_t pid = sys_clone3(&cl, sizeof(cl));
	if (pid < 0)
		return err_sys(e, "make a user namespace for an idmapped mount");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	int rc = idmap_write(pid, uids, gids, e), fd = -1;
	if (!rc) {
		char path[64];
		rc = str_fmt(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = rc < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			rc = err_sys(e, "open %s", path);
	}
	pidfd_send(pidfd, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(pidfd);
	return rc < 0 ? rc : fd;
}

bool idmap_is_initial(void)
{
	static const char *const whole[] = {"0", "0", "4294967295"};
	_cleanup_buf_ struct buf b = BUF_INIT(4096);

	if (file_read(AT_FDCWD, "/proc/self/uid_map", 4095, &b, NULL) < 0)
		return true;
	const char *p = b.data;
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		p += strspn(p, " \t");
		size_t n = strcspn(p, " \t\n");
		if (n != strlen(whole[i]) || strncmp(p, whole[i], n))
			return false;
		p += n;
	}
	return true;
}
