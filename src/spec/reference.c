// SPDX-License-Identifier: Apache-2.0
// References: a scanner for the grammar of distribution/reference, the defaults that users rely on, and the two forms
// in which names are shown. What a familiar form shortens, parsing restores: a name whose short form would read as
// something else is shown whole.
#include "spec/reference.h"

#include "base/str.h"

static const char default_domain[] = "docker.io", legacy_domain[] = "index.docker.io", official[] = "library/";

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum { SHOWN_MAX = 100 };

_printf_(3, 4) static int fail(struct err *e, const char *text, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = BUF_INIT(8 * SHOWN_MAX);
	va_list ap;
	size_t n = strlen(text);

	json_quote(&b, text, MIN(n, SHOWN_MAX));
	va_start(ap, fmt);
	int rc = err_setv(e, ERR_INVALID, EINVAL, fmt, ap);
	va_end(ap);
	return err_wrap(e, rc, "image reference %s%s", b.data, n > SHOWN_MAX ? "..." : "");
}

// ---- grammar. Each scanner returns the length of the longest match at s, 0 for none.

static size_t scan_domain_component(const char *s)
{
	size_t n = strspn(s, LOWER UPPER DIGITS "-");

	return n && s[0] != '-' && s[n - 1] != '-' ? n : 0;
}

static size_t scan_host(const char *s)
{
	if (*s == '[') {
		size_t n = strspn(s + 1, DIGITS "abcdefABCDEF:");
		return n && s[n + 1] == ']' ? n + 2 : 0;
	}
	size_t at = 0, n;
	while ((n = scan_domain_component(s + at))) {
		at += n;
		if (s[at] != '.')
			return at;
		at++;
	}
	return 0;
}

static bool is_domain(const char *s)
{
	size_t n = scan_host(s);

	if (!n)
		return false;
	if (s[n] == ':') {
		size_t port = strspn(s + n + 1, DIGITS);
		return port && port <= 5 && !s[n + 1 + port];
	}
	return !s[n];
}

// [a-z0-9]+ parts, between them one '.', one or two '_', or any number of '-'.
static bool is_path_component(const char *s, size_t len)
{
	const char *end = s + len;

	for (;;) {
		size_t n = strspn(s, LOWER DIGITS);
		s += MIN(n, (size_t)(end - s));
		if (!n || s == end)
			return n;
		n = strspn(s, "-");
		if (!n)
			n = *s == '.' ? 1 : *s == '_' ? 1 + (s[1] == '_') : 0;
		if (!n || n >= (size_t)(end - s))
			return false;
		s += n;
	}
}

bool reference_tag_valid(const char *tag)
{
	size_t n = strspn(tag, LOWER UPPER DIGITS "_.-");

	return n && n <= REFERENCE_TAG_MAX && !tag[n] && tag[0] != '.' && tag[0] != '-';
}

static bool is_id(const char *s)
{
	return strspn(s, DIGITS "abcdef") == 64 && !s[64];
}

// Does the part before the first slash name a host, and not a folder of the default one?
static bool looks_like_domain(const char *s, size_t n)
{
	bool telling = n == strlen("localhost") && !memcmp(s, "localhost", n);

	for (size_t i = 0; i < n; i++)
		telling |= s[i] == '.' || s[i] == ':' || (s[i] >= 'A' && s[i] <= 'Z');
	return telling;
}

// ---- parsing

static int check_path(const char *text, const char *path, struct err *e)
{
	if (!*path)
		return fail(e, text, "the name is missing");
	if (strpbrk(path, UPPER))
		return fail(e, text, "the name must be in lower case");
	for (const char *s = path;;) {
		size_t n = strcspn(s, "/");
		if (!n)
			return fail(e, text, "an empty part between slashes");
		if (!is_path_component(s, n))
			return fail(e, text,
				    "%.*s: parts of a name are letters a-z and digits with single '.', '_', '__' or "
				    "dashes between",
				    (int)MIN(n, SHOWN_MAX), s);
		if (!s[n])
			return 0;
		s += n + 1;
	}
}

// name is text without tag and digest.
static int parse_name(const char *text, const char *name, struct reference *r, struct err *e)
{
	const char *slash = strchr(name, '/'), *path = name;
	size_t n = slash ? (size_t)(slash - name) : 0;
	bool ok = true;

	str_copy(r->domain, sizeof(r->domain), default_domain);
	if (slash && looks_like_domain(name, n)) {
		path = slash + 1;
		if (n > REFERENCE_NAME_MAX)
			return fail(e, text, "the name has more than %d characters", REFERENCE_NAME_MAX);
		memcpy(r->domain, name, n);
		r->domain[n] = 0;
		if (!is_domain(r->domain))
			return fail(e, text, "%.*s is no host name with an optional port", (int)MIN(n, SHOWN_MAX),
				    name);
		if (str_eq(r->domain, legacy_domain))
			str_copy(r->domain, sizeof(r->domain), default_domain);
	}
	int rc = check_path(text, path, e);
	if (rc < 0)
		return rc;
	if (str_eq(r->domain, default_domain) && !strchr(path, '/'))
		ok = str_fmt(r->path, sizeof(r->path), "%s%s", official, path) >= 0;
	else
		ok = str_copy(r->path, sizeof(r->path), path);
	if (!ok || strlen(r->domain) + 1 + strlen(r->path) > REFERENCE_NAME_MAX)
		return fail(e, text, "the name has more than %d characters", REFERENCE_NAME_MAX);
	return 0;
}

int reference_parse(const char *text, struct reference *ret, struct err *e)
{
	struct reference r = {0};
	char name[REFERENCE_MAX + 1];

	if (!*text)
		return err_invalid(e, "image reference: the name is missing");
	if (is_id(text))
		return fail(e, text, "64 hexadecimal digits are an image's id, not a name");
	if (!str_copy(name, sizeof(name), text))
		return fail(e, text, "more than %d characters", REFERENCE_MAX);
	char *digest = strchr(name, '@');
	if (digest) {
		*digest++ = 0;
		if (!oci_digest_valid(digest))
			return fail(e, text,
				    "what follows '@' is no digest (sha256: and 64 lower-case hexadecimal digits)");
		str_copy(r.digest, sizeof(r.digest), digest);
	}
	char *slash = strrchr(name, '/'), *colon = strchr(slash ? slash : name, ':');
	if (colon) {
		*colon++ = 0;
		if (!reference_tag_valid(colon))
			return fail(e, text,
				    "a tag has 1 to %d letters, digits, '_', '.' and '-', and begins with neither of "
				    "the last",
				    REFERENCE_TAG_MAX);
		str_copy(r.tag, sizeof(r.tag), colon);
	}
	int rc = parse_name(text, name, &r, e);
	if (rc >= 0)
		*ret = r;
	return rc;
}

void reference_default_tag(struct reference *r)
{
	if (!r->tag[0] && !r->digest[0])
		str_copy(r->tag, sizeof(r->tag), "latest");
}

// ---- showing

void reference_name(const struct reference *r, char dst[static REFERENCE_MAX])
{
	snprintf(dst, REFERENCE_MAX, "%s/%s", r->domain, r->path);
}

void reference_familiar_name(const struct reference *r, char dst[static REFERENCE_MAX])
{
	const char *rest = str_after(r->path, official), *path = rest && !strchr(rest, '/') ? rest : r->path;

	if (!str_eq(r->domain, default_domain) || is_id(path) ||
	    (strchr(path, '/') && looks_like_domain(path, strcspn(path, "/"))))
		reference_name(r, dst);
	else
		snprintf(dst, REFERENCE_MAX, "%s", path);
}

static void add_rest(const struct reference *r, char dst[static REFERENCE_MAX])
{
	size_t n = strlen(dst);

	snprintf(dst + n, REFERENCE_MAX - n, "%s%s%s%s", r->tag[0] ? ":" : "", r->tag, r->digest[0] ? "@" : "",
		 r->digest);
}

void reference_canonical(const struct reference *r, char dst[static REFERENCE_MAX])
{
	reference_name(r, dst);
	add_rest(r, dst);
}

void reference_familiar(const struct reference *r, char dst[static REFERENCE_MAX])
{
	reference_familiar_name(r, dst);
	add_rest(r, dst);
}
