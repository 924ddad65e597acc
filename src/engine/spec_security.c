// SPDX-License-Identifier: Apache-2.0
// What the container may do: capabilities, seccomp profile, hidden and read-only paths, labels, sysctls.
#include "base/mem.h"
#include "base/str.h"
#include "engine/spec.h"
#include "kernel/capability.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

// Kernel interfaces that tell about or act on the whole machine.
static const char *const masked[] = {
	"/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
	"/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list", "/proc/timer_stats",   "/sys/firmware",     "/sys/devices/virtual/powercap",
	"/sys/fs/selinux",
};
static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

#define CPU_FOLDER "/sys/devices/system/cpu"

static bool names_all(char *const *v)
{
	for (; v && *v; v++)
		if (!strcasecmp(*v, "ALL"))
			return true;
	return false;
}

static uint64_t mask_of(char *const *v)
{
	uint64_t mask = 0;

	for (; v && *v; v++) {
		int cap = strcasecmp(*v, "ALL") ? capability_from_name(*v) : -1;
		if (cap >= 0)
			mask |= CAPABILITY_BIT(cap);
	}
	return mask;
}

// The order in which they are given does not matter: ALL is the set that the others change. It means all that the
// caller has to give.
static uint64_t capabilities(const struct engine_create_options *o)
{
	if (o->privileged)
		return capability_all() & capability_held();
	if (names_all(o->cap_add))
		return capability_all() & capability_held() & ~mask_of(o->cap_drop);
	if (names_all(o->cap_drop))
		return mask_of(o->cap_add);
	return (capability_default() | mask_of(o->cap_add)) & ~mask_of(o->cap_drop);
}

static int build_capabilities(struct spec_build *b, struct err *e)
{
	uint64_t unknown = mask_of(b->o->cap_add) & ~capability_all();

	for (int i = 0; i <= CAPABILITY_MAX; i++)
		if (unknown & CAPABILITY_BIT(i))
			return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "--cap-add: this kernel does not know %s",
				       capability_name(i));
	struct oci_capabilities *c = arena_new(b->a, struct oci_capabilities);
	b->caps = capabilities(b->o);
	for (int i = 0; i <= CAPABILITY_MAX; i++)
		if (b->caps & CAPABILITY_BIT(i) && capability_name(i))
			oci_strings_add(b->a, &c->bounding, capability_name(i));
	c->effective = c->permitted = c->bounding;
	b->spec->process->capabilities = c;
	return 0;
}

static int build_seccomp(struct spec_build *b, struct err *e)
{
	const char *s = b->o->seccomp;

	if ((s && str_eq(s, "unconfined")) || (!s && b->o->privileged))
		return 0;
	if (!s) {
		b->spec->linux->seccomp = seccomp_default_profile(b->a, b->caps);
		return 0;
	}
	int rc = seccomp_parse_profile(b->a, s, strlen(s), b->caps, &b->spec->linux->seccomp, e);
	if (rc < 0)
		return err_wrap(e, rc, "seccomp profile %s", b->o->seccomp_name ? b->o->seccomp_name : "");
	return 0;
}

static void mask_thermal(struct spec_build *b)
{
	if (access(CPU_FOLDER "/cpu0/thermal_throttle", F_OK))
		return;
	long n = sysconf(_SC_NPROCESSORS_CONF);
	for (long i = 0; i < n; i++) {
		char *path = arena_printf(b->a, CPU_FOLDER "/cpu%ld/thermal_throttle", i);
		oci_strings_add(b->a, &b->spec->linux->masked_paths, path);
	}
}

static void build_paths(struct spec_build *b)
{
	if (b->o->privileged)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		oci_strings_add(b->a, &b->spec->linux->masked_paths, masked[i]);
	mask_thermal(b);
	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
		oci_strings_add(b->a, &b->spec->linux->readonly_paths, readonly[i]);
}

static int build_labels(struct spec_build *b, struct err *e)
{
	const char *profile = b->o->apparmor, *label = b->o->selinux_label;

	if (profile && !str_eq(profile, "unconfined")) {
		if (access("/sys/kernel/security/apparmor", F_OK))
			return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
				       "--security-opt apparmor=%s: this kernel runs without AppArmor", profile);
		b->spec->process->apparmor_profile = arena_strdup(b->a, profile);
	}
	if (label && !str_eq(label, "disable"))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "--security-opt label=%s: SELinux labels are not supported, only label=disable", label);
	return 0;
}

// A new network namespace behaves as containers are used to: low ports and pings need no privilege in it.
static void default_sysctls(struct spec_build *b)
{
	struct oci_namespace *net = oci_find_namespace(b->spec, OCI_NS_NETWORK);

	if (!net || net->path)
		return;
	oci_pairs_set(b->a, &b->spec->linux->sysctl, "net.ipv4.ip_unprivileged_port_start", "0");
	if (!b->userns && !b->g->rootless) // groups beyond a map are refused
		oci_pairs_set(b->a, &b->spec->linux->sysctl, "net.ipv4.ping_group_range", "0 2147483647");
}

static void build_sysctls(struct spec_build *b)
{
	default_sysctls(b);
	for (char **s = b->o->sysctl; s && *s; s++) {
		const char *eq = strchr(*s, '=');
		char *name = arena_strndup(b->a, *s, (size_t)(eq - *s));
		oci_pairs_set(b->a, &b->spec->linux->sysctl, name, eq + 1);
	}
}

int spec_security(struct spec_build *b, struct err *e)
{
	int rc = build_capabilities(b, e);

	if (rc >= 0)
		rc = build_seccomp(b, e);
	if (rc >= 0)
		rc = build_labels(b, e);
	if (rc < 0)
		return rc;
	b->spec->process->no_new_privileges = b->o->no_new_privileges;
	build_paths(b);
	build_sysctls(b);
	return 0;
}
