// SPDX-License-Identifier: Apache-2.0
// Device rules: the effective list, and cgroup v1's devices.allow and devices.deny.
//
// The list is: deny everything, then the devices that every container has (their nodes are in its /dev), then what
// the configuration says, later rules before earlier ones, each for the accesses it names. The configuration's own
// leading "deny everything" is the same statement and is left out, so that it does not take the house's devices;
// any other rule is obeyed to the letter, a later deny of /dev/null too.
//
// v1 cannot hold a list of rules: it knows a default (allow or deny) and exceptions, which it only adds or takes
// away as they were added. So the list is first played through to such a state. What has none (an exception inside
// a broader exception) is refused, for what the kernel would do instead is to ignore the narrower one. The state is
// then written as a difference to what the group has, so that an update never cuts a running container off.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIELD "linux.resources.devices"

const struct oci_device_rule cgroup_default_devices[] = {
	{.allow = true, .type = 'c', .access = (char *)"m"}, // nodes may be made, opening them is another matter
	{.allow = true, .type = 'b', .access = (char *)"m"},
	{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 3}}, // null
	{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 5}}, // zero
	{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 7}}, // full
	{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 8}}, // random
	{.allow = true, .type = 'c', .major = {true, 1}, .minor = {true, 9}}, // urandom
	{.allow = true, .type = 'c', .major = {true, 5}, .minor = {true, 0}}, // tty
	{.allow = true, .type = 'c', .major = {true, 5}, .minor = {true, 1}}, // console
	{.allow = true, .type = 'c', .major = {true, 5}, .minor = {true, 2}}, // ptmx
	{.allow = true, .type = 'c', .major = {true, 136}},                   // pts/*
};
const size_t cgroup_n_default_devices = ARRAY_SIZE(cgroup_default_devices);

static int number(struct opt_i64 v, size_t i, const char *what, int32_t *ret, struct err *e)
{
	if (!v.set || v.v == -1) {
		*ret = -1;
		return 0;
	}
	if (v.v < 0 || v.v > INT32_MAX)
		return err_invalid(e, FIELD "[%zu].%s: %lld is no device number", i, what, (long long)v.v);
	*ret = (int32_t)v.v;
	return 0;
}

static int rule_from_oci(const struct oci_device_rule *o, size_t i, struct cgroup_device_rule *ret, struct err *e)
{
	struct cgroup_device_rule r = {.allow = o->allow, .type = o->type};
	int rc;

	if (!r.type)
		r.type = 'a';
	if (r.type == 'u')
		r.type = 'c';
	if (r.type != 'a' && r.type != 'b' && r.type != 'c')
		return err_invalid(e, FIELD "[%zu].type: '%c' is not one of a, b, c", i, r.type);
	for (const char *a = o->access ? o->access : "rwm"; *a; a++) {
		if (*a != 'r' && *a != 'w' && *a != 'm')
			return err_invalid(e, FIELD "[%zu].access: \"%s\" is not made of r, w and m", i, o->access);
		r.access |= *a == 'r' ? CGROUP_DEV_READ : *a == 'w' ? CGROUP_DEV_WRITE : CGROUP_DEV_MKNOD;
	}
	if (!r.access)
		r.access = CGROUP_DEV_ALL;
	rc = number(o->major, i, "major", &r.major, e);
	if (rc >= 0)
		rc = number(o->minor, i, "minor", &r.minor, e);
	if (rc >= 0)
		*ret = r;
	return rc;
}

static bool is_everything(const struct cgroup_device_rule *r)
{
	return r->type == 'a' && r->major == -1 && r->minor == -1 && r->access == CGROUP_DEV_ALL;
}

int cgroup_device_rules(const struct oci_resources *res, struct cgroup_device_rule **ret, size_t *ret_n, struct err *e)
{
	size_t given = res ? res->n_devices : 0, n = 0;

	if (given > CGROUP_DEVICE_RULES_MAX)
		return err_invalid(e, FIELD ": %zu rules, at most %d are possible", given, CGROUP_DEVICE_RULES_MAX);
	_cleanup_free_ struct cgroup_device_rule *v =
		xnew_n(struct cgroup_device_rule, given + cgroup_n_default_devices + 1);
	v[n++] = (struct cgroup_device_rule){.type = 'a', .major = -1, .minor = -1, .access = CGROUP_DEV_ALL};
	for (size_t i = 0; i < cgroup_n_default_devices; i++)
		if (rule_from_oci(&cgroup_default_devices[i], i, &v[n], e) >= 0)
			n++;
	bool leading = true;
	for (size_t i = 0; i < given; i++) {
		int rc = rule_from_oci(&res->devices[i], i, &v[n], e);
		if (rc < 0)
			return rc;
		leading = leading && !v[n].allow && is_everything(&v[n]);
		n += !leading;
	}
	*ret = TAKE_PTR(v);
	*ret_n = n;
	return 0;
}

static bool covers(const struct cgroup_device_rule *r, const struct cgroup_device_rule *x)
{
	return r->type == x->type && (r->major == -1 || r->major == x->major) &&
	       (r->minor == -1 || r->minor == x->minor);
}

static bool overlaps(const struct cgroup_device_rule *r, const struct cgroup_device_rule *x)
{
	return r->type == x->type && r->access & x->access &&
	       (r->major == -1 || x->major == -1 || r->major == x->major) &&
	       (r->minor == -1 || x->minor == -1 || r->minor == x->minor);
}

static void rule_text(const struct cgroup_device_rule *r, char dst[static 48])
{
	char major[16] = "*", minor[16] = "*";

	if (r->major >= 0)
		snprintf(major, sizeof(major), "%d", r->major);
	if (r->minor >= 0)
		snprintf(minor, sizeof(minor), "%d", r->minor);
	snprintf(dst, 48, "%c %s:%s %s%s%s", r->type, major, minor, r->access & CGROUP_DEV_READ ? "r" : "",
		 r->access & CGROUP_DEV_WRITE ? "w" : "", r->access & CGROUP_DEV_MKNOD ? "m" : "");
}

static bool same_device(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static void state_add(struct cgroup_device_state *s, const struct cgroup_device_rule *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_device(&s->v[i], r)) {
			s->v[i].access |= r->access;
			return;
		}
	s->v[s->n++] = *r;
}

// Takes r's accesses out of the exceptions it covers.
static int state_remove(struct cgroup_device_state *s, const struct cgroup_device_rule *r, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		struct cgroup_device_rule *x = &s->v[i];
		if (covers(r, x)) {
			x->access &= (uint8_t)~r->access;
		} else if (overlaps(r, x)) {
			if (x->access == CGROUP_DEV_MKNOD && x->major == -1 && x->minor == -1)
				continue; // the house's "nodes may be made": a node alone gives no access
			char inner[48], outer[48];
			rule_text(r, inner);
			rule_text(x, outer);
			return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
				       FIELD ": cgroup v1 cannot %s \"%s\" inside of \"%s\", which an earlier rule %s",
				       r->allow ? "allow" : "deny", inner, outer, r->allow ? "denies" : "allows");
		}
	}
	size_t kept = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].access)
			s->v[kept++] = s->v[i];
	s->n = kept;
	return 0;
}

int cgroup_device_state_build(const struct cgroup_device_rule *r, size_t n, struct cgroup_device_state *ret,
			      struct err *e)
{
	// A rule for both types becomes two.
	struct cgroup_device_state s = {.v = xnew_n(struct cgroup_device_rule, 2 * n + 1)};

	for (size_t i = 0; i < n; i++) {
		if (is_everything(&r[i])) {
			s.allow = r[i].allow;
			s.n = 0;
			continue;
		}
		for (const char *type = r[i].type == 'a' ? "cb" : (char[]){r[i].type, 0}; *type; type++) {
			struct cgroup_device_rule one = r[i];
			one.type = *type;
			int rc = 0;
			if (one.allow == s.allow)
				rc = state_remove(&s, &one, e);
			else
				state_add(&s, &one);
			if (rc < 0) {
				free(s.v);
				return rc;
			}
		}
	}
	*ret = s;
	return 0;
}

// devices.list: "a *:* rwm" (everything is allowed, whatever is excepted), or a line for each exception of "deny".
static void state_parse(const char *text, struct cgroup_device_state *ret)
{
	size_t cap = 1;

	for (const char *s = text; *s; s++)
		cap += *s == '\n';
	*ret = (struct cgroup_device_state){.v = xnew_n(struct cgroup_device_rule, cap)};
	_cleanup_strv_ char **lines = strv_split(text, '\n');
	for (size_t i = 0; lines && lines[i]; i++) {
		struct cgroup_device_rule r = {.allow = true, .major = -1, .minor = -1};
		char major[16], minor[16], access[8];
		if (*lines[i] == 'a') {
			ret->allow = true;
			ret->n = 0;
			return;
		}
		if (sscanf(lines[i], "%c %15[0-9*]:%15[0-9*] %7[rwm]", &r.type, major, minor, access) != 4)
			continue;
		str_to_int(major, &r.major);
		str_to_int(minor, &r.minor);
		r.access = (uint8_t)((strchr(access, 'r') ? CGROUP_DEV_READ : 0) |
				     (strchr(access, 'w') ? CGROUP_DEV_WRITE : 0) |
				     (strchr(access, 'm') ? CGROUP_DEV_MKNOD : 0));
		state_add(ret, &r);
	}
}

static int write_line(int fd, const char *line, bool allow, struct err *e)
{
	ssize_t n = fd_write_full(fd, line, strlen(line));

	if (n >= 0)
		return 0;
	int rc = err_rc(e, (int)n, FIELD ": write \"%s\" to %s", line, allow ? "devices.allow" : "devices.deny");
	if (n == -EPERM)
		cgroup_hint(e, "needs CAP_SYS_ADMIN, and a parent group that allows the device");
	return rc;
}

// What is in want and not in have goes to fd.
static int write_difference(int fd, const struct cgroup_device_state *want, const struct cgroup_device_state *have,
			    bool allow, struct err *e)
{
	for (size_t i = 0; i < want->n; i++) {
		struct cgroup_device_rule r = want->v[i];
		char line[48];
		for (size_t j = 0; j < have->n; j++)
			if (same_device(&have->v[j], &r))
				r.access &= (uint8_t)~have->v[j].access;
		if (!r.access)
			continue;
		rule_text(&r, line);
		int rc = write_line(fd, line, allow, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void state_done(struct cgroup_device_state *s)
{
	free(s->v);
}

static int write_state(const struct cgroup_device_state *want, const struct cgroup_device_state *have, int allow,
		       int deny, struct err *e)
{
	static const struct cgroup_device_state none = {0};
	int rc = 0;

	if (want->allow) {
		rc = write_line(allow, "a", true, e);
		return rc < 0 ? rc : write_difference(deny, want, &none, false, e);
	}
	if (have->allow)
		rc = write_line(deny, "a", false, e);
	if (rc >= 0)
		rc = write_difference(allow, want, have->allow ? &none : have, true, e);
	if (rc >= 0 && !have->allow)
		rc = write_difference(deny, have, want, false, e);
	return rc;
}

int cgroup_v1_devices(const struct cgroup_dir *d, const struct cgroup_device_rule *r, size_t n, struct err *e)
{
	_cleanup_(state_done) struct cgroup_device_state want = {0}, have = {0};
	_cleanup_fd_ int allow = openat(d->fd, "devices.allow", O_WRONLY | O_CLOEXEC);
	_cleanup_fd_ int deny = openat(d->fd, "devices.deny", O_WRONLY | O_CLOEXEC);
	_cleanup_buf_ struct buf list = BUF_INIT(CGROUP_FILE_MAX);

	if (allow < 0 || deny < 0)
		return err_sys(e, FIELD ": open %s/%s/devices.%s", d->h->mountpoint, d->path,
			       allow < 0 ? "allow" : "deny");
	int rc = cgroup_device_state_build(r, n, &want, e);
	if (rc >= 0)
		rc = file_read(d->fd, "devices.list", CGROUP_FILE_MAX, &list, e);
	if (rc < 0)
		return rc;
	state_parse(list.data, &have);
	rc = write_state(&want, &have, allow, deny, e);
	if (rc == -EPERM && cgroup_in_user_namespace()) {
		log_debug("device rules are left out: they need privilege outside of this user namespace");
		return 0;
	}
	return rc < 0 ? err_wrap(e, rc, "cgroup %s/%s", d->h->mountpoint, d->path) : 0;
}

// The initial user namespace maps everything onto itself.
bool cgroup_in_user_namespace(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64 << 10);
	char inside[16], outside[16], count[16];

	if (file_read(AT_FDCWD, "/proc/self/uid_map", 64 << 10, &b, NULL) < 0)
		return false;
	return sscanf(b.data, "%15s %15s %15s", inside, outside, count) != 3 || !str_eq(inside, "0") ||
	       !str_eq(outside, "0") || !str_eq(count, "4294967295");
}
