// SPDX-License-Identifier: Apache-2.0
// Owns /proc/sys. What is namespaced is a short list: net.* in a network namespace, the System V and POSIX message
// limits in an ipc namespace, two names in a uts namespace. Anything else would change the host and is refused.
#include "kernel/sysctl.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <sched.h>

// "net/ipv4/ip_forward" or "net.ipv4.ip_forward" to the path; the first separator found decides which of both it is,
// so that "net.ipv4.conf.eth0/1.forwarding" keeps its slash as a dot, as sysctl(8) has it.
static int name_to_path(const char *name, char *dst, size_t n, struct err *e)
{
	char sep = name[strcspn(name, "./")];

	if (!str_copy(dst, n, name) || !*name || path_has_dotdot(dst) || !sep)
		return err_invalid(e, "linux.sysctl: \"%s\" is not a sysctl name", name);
	for (char *p = dst; *p; p++) {
		if (sep == '.' && (*p == '.' || *p == '/'))
			*p = *p == '.' ? '/' : '.';
		if (*p == '\n')
			return err_invalid(e, "linux.sysctl: a line break in a name");
	}
	if (path_has_dotdot(dst) || strstr(dst, "//") || *dst == '/')
		return err_invalid(e, "linux.sysctl: \"%s\" is not a sysctl name", name);
	return 0;
}

static int needs(unsigned namespaces, unsigned flag, const char *name, const char *kind, struct err *e)
{
	if (namespaces & flag)
		return 0;
	return err_invalid(e, "linux.sysctl: %s needs %s namespace of the container's own", name, kind);
}

static int check_one(unsigned namespaces, const char *name, struct err *e)
{
	char dotted[256];
	int rc = name_to_path(name, dotted, sizeof(dotted), e);
	if (rc < 0)
		return rc;
	for (char *p = dotted; *p; p++)
		if (*p == '/')
			*p = '.';
	if (str_starts(dotted, "net."))
		return needs(namespaces, CLONE_NEWNET, name, "a network", e);
	if (oci_sysctl_is_ipc(dotted))
		return needs(namespaces, CLONE_NEWIPC, name, "an ipc", e);
	if (str_eq(dotted, "kernel.domainname") || str_eq(dotted, "kernel.hostname"))
		return needs(namespaces, CLONE_NEWUTS, name, "a uts", e);
	return err_invalid(e, "linux.sysctl: %s is not separate for each container and would change the host", name);
}

int sysctl_check(const struct oci_pairs *v, unsigned namespaces, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		int rc = check_one(namespaces, v->v[i].key, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int sysctl_apply(int proc, const struct oci_pairs *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		char path[256], below[272];
		int rc = name_to_path(v->v[i].key, path, sizeof(path), e);
		if (!rc)
			rc = str_fmt(below, sizeof(below), "sys/%s", path);
		if (rc >= 0)
			rc = file_write_kernel(proc, below, v->v[i].value, e);
		if (rc < 0)
			return err_wrap(e, rc, "linux.sysctl: %s=%s", v->v[i].key, v->v[i].value);
	}
	return 0;
}
