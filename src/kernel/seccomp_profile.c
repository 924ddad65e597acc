// SPDX-License-Identifier: Apache-2.0
// Profile files: Docker's format, which is the OCI section with conditions, or the OCI section itself.
//
// What Docker adds is taken away here, and the specification's own parser reads what is left: "archMap" becomes
// "architectures", "name" becomes "names", errno names ("errno", "defaultErrno", as Podman's files have them) become
// numbers. Rules keep their places until they are parsed, so that errors name the place in the file; then those are
// dropped whose "includes" or "excludes" (capabilities of the bounding set, architecture, least kernel) say so.
// Members nobody knows are passed over, as the specification asks.
#include "kernel/seccomp.h"
#include "kernel/seccomp_table.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/str.h"
#include "kernel/capability.h"

#include <stdio.h>
#include <sys/utsname.h>

enum { PROFILE_MAX = 4 << 20, ERRNO_END = 134, VERSION_DIGITS = 4 };

struct reader {
	const struct json *profile;
	const struct json *calls; // "syscalls"
	bool *keep;               // of each of them
	uint64_t caps;
	unsigned kernel_major, kernel_minor;
	struct err *e;
};

// An array member or NULL; *ret_rc is set when it is something else.
static const struct json *get_array(const struct reader *r, const struct json *j, const char *key, const char *where,
				    int *ret_rc)
{
	const struct json *v = json_get(j, key);

	if (!v || v->type == JSON_NULL)
		return NULL;
	if (v->type != JSON_ARRAY) {
		*ret_rc = err_invalid(r->e, "%s%s: wants an array, has type %s", where, key, json_type_name(v));
		return NULL;
	}
	for (size_t i = 0; i < v->arr.n; i++)
		if (v->arr.v[i]->type != JSON_STRING && !str_eq(key, "syscalls") && !str_eq(key, "archMap")) {
			*ret_rc = err_invalid(r->e, "%s%s[%zu]: wants a string, has type %s", where, key, i,
					      json_type_name(v->arr.v[i]));
			return NULL;
		}
	return v->arr.n ? v : NULL;
}

static bool array_has(const struct json *arr, const char *s)
{
	for (size_t i = 0; arr && i < arr->arr.n; i++)
		if (str_eq(arr->arr.v[i]->str.s, s))
			return true;
	return false;
}

// How many of the named capabilities the container holds. A name this build does not know is held by nobody.
static size_t caps_held(const struct json *names, uint64_t caps)
{
	size_t n = 0;

	for (size_t i = 0; names && i < names->arr.n; i++) {
		int cap = capability_from_name(names->arr.v[i]->str.s);
		n += cap >= 0 && caps & CAPABILITY_BIT(cap);
	}
	return n;
}

// Reads "MAJOR.MINOR" at the start of s; what follows it, or NULL.
static const char *parse_version(const char *s, unsigned *ret_major, unsigned *ret_minor)
{
	unsigned part[2] = {0, 0};

	for (int i = 0; i < 2; i++) {
		size_t digits = strspn(s, "0123456789");
		if (!digits || digits > VERSION_DIGITS)
			return NULL;
		for (size_t k = 0; k < digits; k++)
			part[i] = 10 * part[i] + (unsigned)(s[k] - '0');
		s += digits;
		if (i == 0 && *s++ != '.')
			return NULL;
	}
	*ret_major = part[0];
	*ret_minor = part[1];
	return s;
}

// 1: this kernel is at least text ("4.8"); 0: it is older; -EINVAL.
static int kernel_at_least(const struct reader *r, const struct json *version, const char *where)
{
	unsigned major = 0, minor = 0;
	const char *end = version->type == JSON_STRING ? parse_version(version->str.s, &major, &minor) : NULL;

	if (!end || *end)
		return err_invalid(r->e, "%sminKernel: wants a version like \"4.8\"", where);
	return r->kernel_major > major || (r->kernel_major == major && r->kernel_minor >= minor);
}

// A filter's parts, each as: absent (-1), does not hold (0), holds (1). "Includes" wants all capabilities, "excludes"
// any of them.
struct conditions {
	int arch, caps, kernel;
};

static int read_conditions(const struct reader *r, const struct json *filter, const char *where, bool all_caps,
			   struct conditions *ret)
{
	const struct json *names, *version = json_get(filter, "minKernel");
	struct conditions c = {-1, -1, -1};
	int rc = 0;

	if (filter && filter->type != JSON_OBJECT && filter->type != JSON_NULL)
		return err_invalid(r->e, "%.*s: wants an object, has type %s", (int)strlen(where) - 1, where,
				   json_type_name(filter));
	if ((names = get_array(r, filter, "arches", where, &rc)))
		c.arch = array_has(names, seccomp_native_arch);
	if (rc >= 0 && (names = get_array(r, filter, "caps", where, &rc))) {
		size_t held = caps_held(names, r->caps);
		c.caps = all_caps ? held == names->arr.n : held > 0;
	}
	if (rc >= 0 && version && version->type != JSON_NULL)
		rc = c.kernel = kernel_at_least(r, version, where);
	if (rc >= 0)
		*ret = c;
	return rc < 0 ? rc : 0;
}

static int decide_keep(struct reader *r, size_t i)
{
	const struct json *call = r->calls->arr.v[i];
	struct conditions in, ex;
	char where[64];
	int rc;

	r->keep[i] = true;
	if (call->type != JSON_OBJECT)
		return 0; // the specification's parser says it
	snprintf(where, sizeof(where), "syscalls[%zu].includes.", i);
	if ((rc = read_conditions(r, json_get(call, "includes"), where, true, &in)) < 0)
		return rc;
	snprintf(where, sizeof(where), "syscalls[%zu].excludes.", i);
	if ((rc = read_conditions(r, json_get(call, "excludes"), where, false, &ex)) < 0)
		return rc;
	r->keep[i] = in.arch && in.caps && in.kernel && ex.arch <= 0 && ex.caps <= 0 && ex.kernel <= 0;
	return 0;
}

static int errno_by_name(const char *name)
{
	for (int n = 1; n < ERRNO_END; n++) {
		const char *known = strerrorname_np(n);
		if (known && str_eq(known, name))
			return n;
	}
	return -EINVAL;
}

static void copy_member(struct json_writer *w, const struct json *from, const char *key)
{
	const struct json *v = json_get(from, key);

	if (!v)
		return;
	jw_key(w, key);
	jw_value(w, v);
}

// errnoRet, or what its name says. A name that contradicts the number is an error.
static int copy_errno(const struct reader *r, struct json_writer *w, const struct json *from, const char *number_key,
		      const char *name_key, const char *where)
{
	const struct json *number = json_get(from, number_key);
	const char *name = json_get_str(from, name_key, "");
	int value;

	if (number && number->type == JSON_NULL)
		number = NULL;
	if (str_empty(name)) {
		copy_member(w, from, number_key);
		return 0;
	}
	value = errno_by_name(name);
	if (value < 0)
		return err_invalid(r->e, "%s%s: %s is no error", where, name_key, name);
	if (number && (number->type != JSON_INT || number->i != value))
		return err_invalid(r->e, "%s%s: %s contradicts %s", where, name_key, name, number_key);
	jw_kint(w, number_key, value);
	return 0;
}

static int write_call(const struct reader *r, struct json_writer *w, size_t i)
{
	const struct json *call = r->calls->arr.v[i];
	const char *name = json_get_str(call, "name", "");
	char where[64];
	int rc = 0;

	if (call->type != JSON_OBJECT) {
		jw_value(w, call);
		return 0;
	}
	snprintf(where, sizeof(where), "syscalls[%zu].", i);
	if (!str_empty(name) && get_array(r, call, "names", where, &rc))
		return err_invalid(r->e, "%sname: names is there too, only one of them is possible", where);
	if (rc < 0)
		return rc;
	jw_object(w);
	if (str_empty(name)) {
		copy_member(w, call, "names");
	} else {
		jw_key(w, "names");
		jw_array(w);
		jw_str(w, name);
		jw_array_end(w);
	}
	copy_member(w, call, "action");
	copy_member(w, call, "args");
	// Podman writes the errno's name also where the action takes none.
	if (str_in(json_get_str(call, "action", ""), (const char *const[]){"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", NULL}))
		rc = copy_errno(r, w, call, "errnoRet", "errno", where);
	else
		copy_member(w, call, "errnoRet");
	jw_object_end(w);
	return rc;
}

static int write_calls(struct reader *r, struct arena *a, struct json_writer *w)
{
	int rc = 0;

	r->calls = get_array(r, r->profile, "syscalls", "", &rc);
	if (rc < 0 || !r->calls)
		return rc;
	r->keep = arena_new_n(a, bool, r->calls->arr.n);
	jw_key(w, "syscalls");
	jw_array(w);
	for (size_t i = 0; i < r->calls->arr.n; i++)
		if ((rc = decide_keep(r, i)) < 0 || (rc = write_call(r, w, i)) < 0)
			return rc;
	jw_array_end(w);
	return 0;
}

// "architectures", or this machine's line of "archMap".
static int write_architectures(const struct reader *r, struct json_writer *w)
{
	int rc = 0;
	const struct json *plain = get_array(r, r->profile, "architectures", "", &rc);
	const struct json *map = rc < 0 ? NULL : get_array(r, r->profile, "archMap", "", &rc);

	if (rc < 0)
		return rc;
	if (plain && map)
		return err_invalid(r->e, "archMap: architectures is there too, only one of them is possible");
	if (plain)
		copy_member(w, r->profile, "architectures");
	for (size_t i = 0; map && i < map->arr.n; i++) {
		const struct json *line = map->arr.v[i];
		if (!str_eq(json_get_str(line, "architecture", ""), seccomp_abis[0].name))
			continue;
		const struct json *sub = get_array(r, line, "subArchitectures", "archMap: ", &rc);
		if (rc < 0)
			return rc;
		jw_key(w, "architectures");
		jw_array(w);
		jw_str(w, seccomp_abis[0].name);
		for (size_t k = 0; sub && k < sub->arr.n; k++)
			jw_str(w, sub->arr.v[k]->str.s);
		jw_array_end(w);
		return 0;
	}
	return 0;
}

// The profile without Docker's additions.
static int write_plain(struct reader *r, struct arena *a, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, 0);
	int rc;

	jw_object(&w);
	copy_member(&w, r->profile, "defaultAction");
	copy_member(&w, r->profile, "flags");
	copy_member(&w, r->profile, "listenerPath");
	copy_member(&w, r->profile, "listenerMetadata");
	if ((rc = copy_errno(r, &w, r->profile, "defaultErrnoRet", "defaultErrno", "")) < 0 ||
	    (rc = write_architectures(r, &w)) < 0 || (rc = write_calls(r, a, &w)) < 0)
		return rc;
	jw_object_end(&w);
	return out->failed ? err_rc(r->e, out->failed, "more than %d bytes", PROFILE_MAX) : 0;
}

static int find_kernel(struct reader *r)
{
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(r->e, "ask for the kernel's version");
	if (!parse_version(u.release, &r->kernel_major, &r->kernel_minor))
		return err_set(r->e, ERR_INTERNAL, EINVAL, "the kernel's version %s is not understood", u.release);
	return 0;
}

static int parse_profile(struct arena *a, const char *text, size_t len, struct reader *r, struct oci_seccomp **ret)
{
	_cleanup_buf_ struct buf plain = BUF_INIT(PROFILE_MAX);
	struct json *j = NULL;
	struct oci_seccomp *p = NULL;
	size_t n = 0;
	int rc;

	if ((rc = find_kernel(r)) < 0 || (rc = json_parse(a, text, len, NULL, &j, r->e)) < 0)
		return rc;
	if (j->type != JSON_OBJECT)
		return err_invalid(r->e, "wants an object, has type %s", json_type_name(j));
	r->profile = j;
	if ((rc = write_plain(r, a, &plain)) < 0 || (rc = oci_seccomp_parse(a, plain.data, plain.len, &p, r->e)) < 0)
		return rc;
	for (size_t i = 0; i < p->n_rules; i++)
		if (r->keep && r->keep[i])
			p->rules[n++] = p->rules[i];
	p->n_rules = n;
	*ret = p;
	return 0;
}

int seccomp_parse_profile(struct arena *a, const char *text, size_t len, uint64_t caps, struct oci_seccomp **ret,
			  struct err *e)
{
	struct reader r = {.caps = caps, .e = e};
	int rc = parse_profile(a, text, len, &r, ret);

	return rc < 0 ? err_wrap(e, rc, "seccomp profile") : 0;
}
