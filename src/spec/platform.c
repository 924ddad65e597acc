// SPDX-License-Identifier: Apache-2.0
// Platforms of images: reading what users write, and choosing from an index what this machine runs. Names are Go's
// (GOOS, GOARCH), with the aliases and default variants that container tools agree upon.
#include "spec/image.h"

#include "base/str.h"

#include <sys/utsname.h>

// What uname, compilers and users call an architecture.
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{"x86_64", "amd64", NULL}, {"x86-64", "amd64", NULL},    {"aarch64", "arm64", NULL},
	{"armhf", "arm", "v7"},    {"armel", "arm", "v6"},       {"armv8l", "arm", "v7"},
	{"armv7l", "arm", "v7"},   {"armv6l", "arm", "v6"},      {"armv5tel", "arm", "v5"},
	{"i386", "386", NULL},     {"i486", "386", NULL},        {"i586", "386", NULL},
	{"i686", "386", NULL},     {"ppc64el", "ppc64le", NULL}, {"loongarch64", "loong64", NULL},
};

static const char *const architectures[] = {
	"amd64",   "arm64",   "arm",      "386",    "ppc64le", "ppc64", "s390x",
	"riscv64", "loong64", "mips64le", "mips64", "mipsle",  "mips",  NULL,
};

static const struct alias *find_alias(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (str_eq(aliases[i].name, name))
			return &aliases[i];
	return NULL;
}

// The variant as it is compared: defaults spelled out, "8" as "v8".
static int variant_level(const struct oci_platform *p, const char **ret_rest)
{
	const char *v = p->variant ? p->variant : "";
	int fallback = str_eq(p->architecture, "arm64") ? 8 : str_eq(p->architecture, "arm") ? 7 : 1;

	v += *v == 'v';
	if (*v < '0' || *v > '9') {
		*ret_rest = v;
		return *v ? -1 : fallback;
	}
	int level = *v - '0';
	v++;
	*ret_rest = str_eq(v, ".0") ? "" : v;
	return level;
}

static bool is_default_variant(const struct oci_platform *p)
{
	struct oci_platform plain = {.architecture = p->architecture};
	const char *rest, *plain_rest;

	return variant_level(p, &rest) == variant_level(&plain, &plain_rest) && !*rest;
}

// Lower levels of arm and amd64 run on higher ones; all else must be the same.
static bool variant_matches(const struct oci_platform *have, const struct oci_platform *want)
{
	const char *have_rest, *want_rest;
	int h = variant_level(have, &have_rest), w = variant_level(want, &want_rest);

	if (h < 0 || w < 0 || *have_rest || *want_rest)
		return h == w && str_eq(have_rest, want_rest);
	if (str_eq(have->architecture, "arm") || str_eq(have->architecture, "amd64"))
		return h <= w;
	return h == w;
}

bool oci_platform_matches(const struct oci_platform *have, const struct oci_platform *want)
{
	return str_eq(have->os, want->os) && str_eq(have->architecture, want->architecture) &&
	       variant_matches(have, want);
}

void oci_platform_text(const struct oci_platform *p, struct buf *out)
{
	buf_addf(out, "%s/%s", p->os, p->architecture);
	if (p->variant && *p->variant && !is_default_variant(p))
		buf_addf(out, "/%s", p->variant);
}

const struct oci_platform *oci_platform_host(void)
{
	static struct oci_platform host;
	static struct utsname name;

	if (host.os)
		return &host;
	const struct alias *alias = uname(&name) < 0 ? NULL : find_alias(name.machine);
	host.architecture = alias ? (char *)alias->architecture : name.machine;
	host.variant = alias ? (char *)alias->variant : NULL;
	host.os = (char *)"linux";
	return &host;
}

static bool is_part(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n && n <= 32 && !s[n];
}

// Up to three parts between slashes, in lower case; their number, or 0 if they are not well-formed.
static size_t split(struct arena *a, const char *text, char *part[static 3])
{
	char *s = arena_strdup(a, text);
	size_t n = 0;

	for (char *c = s; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	for (char *slash; s; s = slash) {
		slash = strchr(s, '/');
		if (slash)
			*slash++ = 0;
		if (n == 3 || !is_part(s))
			return 0;
		part[n++] = s;
	}
	return n;
}

int oci_platform_parse(struct arena *a, const char *text, struct oci_platform *ret, struct err *e)
{
	struct oci_platform p = {.os = (char *)"linux"};
	char *part[3] = {0};
	size_t n = strlen(text) > 100 ? 0 : split(a, text, part);

	if (!n)
		return err_invalid(e, "platform %.100s: not OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64", text);
	if (n == 1 && str_eq(part[0], "linux"))
		part[0] = oci_platform_host()->architecture;
	else if (n == 1 && !find_alias(part[0]) && !str_in(part[0], architectures))
		return err_invalid(e, "platform %s: unknown architecture; OS/ARCH is expected, such as linux/arm64",
				   text);
	if (n > 1)
		p.os = str_eq(part[0], "macos") ? (char *)"darwin" : part[0];
	const char *arch = part[n > 1];
	const struct alias *alias = find_alias(arch);
	p.architecture = arena_strdup(a, alias ? alias->architecture : arch);
	p.variant = n > 2 ? part[2] : alias && alias->variant ? arena_strdup(a, alias->variant) : NULL;
	if (p.variant && strlen(p.variant) <= 3 && !p.variant[strspn(p.variant, "0123456789.")]) // "8", "8.0"
		p.variant = arena_printf(a, "v%s", p.variant);
	if (p.variant && is_default_variant(&p))
		p.variant = NULL;
	*ret = p;
	return 0;
}

const struct oci_descriptor *oci_index_select(const struct oci_index *x, const struct oci_platform *want)
{
	const struct oci_descriptor *best = NULL;
	const char *rest;

	for (size_t i = 0; i < x->n_manifests; i++) {
		const struct oci_descriptor *d = &x->manifests[i];
		if (!d->platform || !oci_platform_matches(d->platform, want))
			continue;
		if (!best || variant_level(d->platform, &rest) > variant_level(best->platform, &rest))
			best = d;
	}
	if (!best && x->n_manifests == 1 && !x->manifests[0].platform)
		return &x->manifests[0];
	return best;
}
