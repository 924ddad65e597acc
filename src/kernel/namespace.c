// SPDX-License-Identifier: Apache-2.0
// Owns the table of namespace kinds. The order of entering matters: a process with rights in the initial user
// namespace loses them when it enters another one, while a process without rights gains them only there. So everything
// is tried before the user namespace, and what was refused then once more after it.
#include "kernel/namespace.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"

#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const struct {
	unsigned flag;
	const char *proc;
} kinds[] = {
	[OCI_NS_MOUNT] = {CLONE_NEWNS, "mnt"},         [OCI_NS_UTS] = {CLONE_NEWUTS, "uts"},
	[OCI_NS_IPC] = {CLONE_NEWIPC, "ipc"},          [OCI_NS_PID] = {CLONE_NEWPID, "pid"},
	[OCI_NS_NETWORK] = {CLONE_NEWNET, "net"},      [OCI_NS_USER] = {CLONE_NEWUSER, "user"},
	[OCI_NS_CGROUP] = {CLONE_NEWCGROUP, "cgroup"}, [OCI_NS_TIME] = {CLONE_NEWTIME, "time"},
};
_Static_assert(ARRAY_SIZE(kinds) == OCI_NS_MAX, "a row for each kind of namespace");

unsigned namespace_flag(enum oci_namespace_type t)
{
	return kinds[t].flag;
}

const char *namespace_proc_name(enum oci_namespace_type t)
{
	return kinds[t].proc;
}

int namespace_open(enum oci_namespace_type t, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "linux.namespaces: %s namespace %s", oci_namespace_name(t), path);
	int kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0)
		return err_invalid(e, "linux.namespaces: %s is not a namespace", path);
	if ((unsigned)kind != kinds[t].flag)
		return err_invalid(e, "linux.namespaces: %s is not a %s namespace", path, oci_namespace_name(t));
	return TAKE_FD(fd);
}

static int stat_of(enum oci_namespace_type t, pid_t pid, struct stat *st)
{
	char path[64];
	int rc = pid ? str_fmt(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kinds[t].proc)
		     : str_fmt(path, sizeof(path), "/proc/self/ns/%s", kinds[t].proc);
	if (rc < 0)
		return rc;
	return stat(path, st) < 0 ? -errno : 0;
}

int namespace_same(enum oci_namespace_type t, pid_t a, pid_t b)
{
	struct stat x, y;
	int rc = stat_of(t, a, &x);
	if (!rc)
		rc = stat_of(t, b, &y);
	if (rc)
		return rc;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int namespace_is_ours(enum oci_namespace_type t, int fd)
{
	struct stat ours, other;
	int rc = stat_of(t, 0, &ours);

	if (!rc && fstat(fd, &other) < 0)
		rc = -errno;
	if (rc)
		return rc;
	return ours.st_dev == other.st_dev && ours.st_ino == other.st_ino;
}

static int join_failed(enum oci_namespace_type t, struct err *e)
{
	return err_sys(e, "join the %s namespace", oci_namespace_name(t));
}

int namespace_join(const int fds[static OCI_NS_MAX], struct err *e)
{
	bool again[OCI_NS_MAX] = {0};

	for (int t = 0; t < OCI_NS_MAX; t++) {
		if (fds[t] < 0 || t == OCI_NS_USER || !setns(fds[t], (int)kinds[t].flag))
			continue;
		if (errno != EPERM || fds[OCI_NS_USER] < 0)
			return join_failed((enum oci_namespace_type)t, e);
		again[t] = true;
	}
	if (fds[OCI_NS_USER] >= 0 && setns(fds[OCI_NS_USER], CLONE_NEWUSER) < 0)
		return join_failed(OCI_NS_USER, e);
	for (int t = 0; t < OCI_NS_MAX; t++)
		if (again[t] && setns(fds[t], (int)kinds[t].flag) < 0)
			return join_failed((enum oci_namespace_type)t, e);
	return 0;
}

int namespace_set_clocks(const struct oci_time_offset *v, size_t n, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < n; i++) {
		if (!str_eq(v[i].clock, "monotonic") && !str_eq(v[i].clock, "boottime"))
			return err_invalid(e, "linux.timeOffsets: unknown clock \"%s\"", v[i].clock);
		buf_addf(&b, "%s %" PRId64 " %" PRIu32 "\n", v[i].clock, v[i].secs, v[i].nanosecs);
	}
	if (b.failed)
		return err_rc(e, b.failed, "linux.timeOffsets");
	int rc = file_write_kernel(AT_FDCWD, "/proc/self/timens_offsets", b.data, e);
	return rc < 0 ? err_wrap(e, rc, "linux.timeOffsets") : 0;
}
