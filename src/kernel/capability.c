// SPDX-License-Identifier: Apache-2.0
// Capabilities. One table holds the whole vocabulary (capabilities(7), linux/capability.h); sets are 64-bit masks.
//
// Applying happens in two steps around the change of uid, because leaving uid 0 empties the permitted set unless
// PR_SET_KEEPCAPS is on, and because dropping from the bounding set needs CAP_SETPCAP, which the container rarely
// keeps. Everything goes through capset(2) and prctl(2) directly: the calling thread is alone in its process.
#include "kernel/capability.h"

#include "base/macro.h"
#include "base/sys.h"

#include <assert.h>
#include <linux/capability.h>
#include <stdio.h>
#include <strings.h>
#include <sys/prctl.h>

enum { NAME_MAX_LEN = 24, PREFIX_LEN = 4 };

// Fixed-size rows instead of pointers: the table needs no relocation when the program starts.
static const char names[][NAME_MAX_LEN] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};
static_assert(ARRAY_SIZE(names) == 41, "every capability from 0 to CAP_CHECKPOINT_RESTORE has its name");
static_assert(CAP_LAST_CAP >= 40, "kernel headers older than Linux 5.9");
static_assert(sizeof("CAP_CHECKPOINT_RESTORE") <= NAME_MAX_LEN, "the longest name fits its row");

int capability_from_name(const char *name)
{
	bool full = !strncasecmp(name, "CAP_", PREFIX_LEN);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(name, names[i] + (full ? 0 : PREFIX_LEN)))
			return (int)i;
	return -EINVAL;
}

const char *capability_name(int cap)
{
	return cap >= 0 && cap < (int)ARRAY_SIZE(names) ? names[cap] : NULL;
}

// The bounding set can be asked about exactly those capabilities that the kernel knows; that needs no /proc, which
// init has already left behind when it asks.
static uint64_t find_all(void)
{
	int last = (int)ARRAY_SIZE(names) - 1;

	while (last > 0 && prctl(PR_CAPBSET_READ, (unsigned long)last, 0, 0, 0) < 0)
		last--;
	while (last < CAPABILITY_MAX && prctl(PR_CAPBSET_READ, (unsigned long)last + 1, 0, 0, 0) >= 0)
		last++;
	return last == CAPABILITY_MAX ? UINT64_MAX : CAPABILITY_BIT(last + 1) - 1;
}

uint64_t capability_all(void)
{
	static uint64_t all;

	if (!all)
		all = find_all();
	return all;
}

uint64_t capability_default(void)
{
	return CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_FOWNER) |
	       CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_KILL) | CAPABILITY_BIT(CAP_NET_BIND_SERVICE) |
	       CAPABILITY_BIT(CAP_SETFCAP) | CAPABILITY_BIT(CAP_SETGID) | CAPABILITY_BIT(CAP_SETPCAP) |
	       CAPABILITY_BIT(CAP_SETUID) | CAPABILITY_BIT(CAP_SYS_CHROOT);
}

// Names the members of mask for an error text: "CAP_BPF, CAP_PERFMON" or a number where there is no name.
static const char *describe(char *dst, size_t n, uint64_t mask)
{
	size_t at = 0;

	dst[0] = '\0';
	for (int i = 0; i <= CAPABILITY_MAX && at < n; i++) {
		if (!(mask & CAPABILITY_BIT(i)))
			continue;
		const char *name = capability_name(i);
		int len = name ? snprintf(dst + at, n - at, "%s%s", at ? ", " : "", name)
			       : snprintf(dst + at, n - at, "%scapability %d", at ? ", " : "", i);
		at += len > 0 ? (size_t)len : 0;
	}
	return dst;
}

static int refuse_unknown(const char *set, uint64_t mask, struct err *e)
{
	uint64_t unknown = mask & ~capability_all();
	char text[256];

	if (!unknown)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, EINVAL, "%s capabilities: this kernel does not know %s", set,
		       describe(text, sizeof(text), unknown));
}

int capability_apply_bounding(const struct capability_sets *s, struct err *e)
{
	uint64_t drop = capability_all() & ~s->bounding;
	int r = refuse_unknown("bounding", s->bounding, e);

	if (r < 0)
		return r;
	for (int i = 0; i <= CAPABILITY_MAX && drop >> i; i++) {
		if (!(drop & CAPABILITY_BIT(i)) || !prctl(PR_CAPBSET_DROP, (unsigned long)i, 0, 0, 0))
			continue;
		int code = errno;
		if (!prctl(PR_CAPBSET_READ, (unsigned long)i, 0, 0, 0))
			continue; // not there: nothing to drop, and no privilege needed
		errno = code;
		return err_sys(e, "drop %s from the bounding set", capability_name(i) ?: "a capability");
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over the change of user");
	return 0;
}

static void pack(struct __user_cap_data_struct d[2], const struct capability_sets *s)
{
	for (unsigned i = 0; i < 2; i++) {
		d[i].effective = (uint32_t)(s->effective >> (32 * i));
		d[i].permitted = (uint32_t)(s->permitted >> (32 * i));
		d[i].inheritable = (uint32_t)(s->inheritable >> (32 * i));
	}
}

uint64_t capability_held(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};

	return sys_capget(&h, d) ? 0 : (uint64_t)d[1].permitted << 32 | d[0].permitted;
}

// Why capset said no: what is asked for beyond what the thread holds.
static int explain_denied(const struct capability_sets *s, int code, struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {0};
	char text[256];
	uint64_t held, wanted = s->permitted | s->effective;

	if (code == EPERM && !sys_capget(&h, d)) {
		held = (uint64_t)d[1].permitted << 32 | d[0].permitted;
		if (wanted & ~held)
			return err_set(e, ERR_DENIED, EPERM, "set capabilities: the caller does not hold %s",
				       describe(text, sizeof(text), wanted & ~held));
		if (s->effective & ~s->permitted)
			return err_set(e, ERR_INVALID, EPERM, "set capabilities: %s effective but not permitted",
				       describe(text, sizeof(text), s->effective & ~s->permitted));
		if (s->inheritable & ~s->bounding)
			return err_set(e, ERR_INVALID, EPERM,
				       "set capabilities: %s inheritable but not in the bounding set",
				       describe(text, sizeof(text), s->inheritable & ~s->bounding));
	}
	errno = code;
	return err_sys(e, "set capabilities");
}

static int apply_ambient(const struct capability_sets *s, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "clear the ambient capabilities");
	for (int i = 0; i <= CAPABILITY_MAX && s->ambient >> i; i++) {
		if (!(s->ambient & CAPABILITY_BIT(i)))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)i, 0, 0) < 0)
			return err_sys(e, "raise ambient %s (it must be permitted and inheritable too)",
				       capability_name(i) ?: "capability");
	}
	return 0;
}

int capability_apply(const struct capability_sets *s, struct err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];
	int r;

	if ((r = refuse_unknown("permitted", s->permitted, e)) < 0 ||
	    (r = refuse_unknown("effective", s->effective, e)) < 0 ||
	    (r = refuse_unknown("inheritable", s->inheritable, e)) < 0 ||
	    (r = refuse_unknown("ambient", s->ambient, e)) < 0)
		return r;
	pack(d, s);
	if (sys_capset(&h, d) < 0)
		return explain_denied(s, errno, e);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(e, "end keeping capabilities");
	return apply_ambient(s, e);
}
