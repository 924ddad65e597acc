// SPDX-License-Identifier: Apache-2.0
// References and platforms: what is accepted fits its bounds, and both forms of it read back as the same reference.
#include "base/mem.h"
#include "base/str.h"
#include "spec/reference.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
	if (!what)
		abort();
}

static void demand_same(const struct reference *r, const char *text)
{
	struct reference again;

	demand(reference_parse(text, &again, NULL) >= 0);
	demand(str_eq(r->domain, again.domain) && str_eq(r->path, again.path));
	demand(str_eq(r->tag, again.tag) && str_eq(r->digest, again.digest));
}

static void fuzz_reference(const char *text)
{
	char form[REFERENCE_MAX];
	struct reference r;
	struct err e = {0};

	if (reference_parse(text, &r, &e) < 0) {
		demand(e.class == ERR_INVALID && str_starts(e.text, "image reference"));
		return;
	}
	demand(r.domain[0] && r.path[0] && strlen(r.domain) + 1 + strlen(r.path) <= REFERENCE_NAME_MAX);
	demand(!strstr(r.path, "..") && !strstr(r.path, "//"));
	demand(!r.digest[0] || oci_digest_valid(r.digest));
	demand(!r.tag[0] || reference_tag_valid(r.tag));
	reference_canonical(&r, form);
	demand_same(&r, form);
	reference_familiar(&r, form);
	demand_same(&r, form);
	reference_default_tag(&r);
	reference_familiar(&r, form);
	demand_same(&r, form);
}

static void fuzz_platform(const char *text)
{
	_cleanup_buf_ struct buf one = BUF_INIT(1024), two = BUF_INIT(1024);
	struct arena a = {0};
	struct oci_platform p;

	if (oci_platform_parse(&a, text, &p, NULL) >= 0) {
		demand(oci_platform_matches(&p, &p));
		oci_platform_text(&p, &one);
		demand(oci_platform_parse(&a, one.data, &p, NULL) >= 0);
		oci_platform_text(&p, &two);
		demand(!one.failed && str_eq(one.data, two.data));
	}
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);

	fuzz_reference(text);
	fuzz_platform(text);
	return 0;
}
