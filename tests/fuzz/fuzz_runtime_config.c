// SPDX-License-Identifier: Apache-2.0
// What the reader of config.json accepts, the writer writes; the reader accepts that again, the checks say the same of
// both, and the second text equals the first. What it refuses, it refuses with a story and no configuration.
#include "base/str.h"
#include "spec/runtime.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
	if (!what)
		abort();
}

static int no_capability(const char *name)
{
	return -EINVAL;
}

static void check_spec(const struct oci_spec *s)
{
	_cleanup_buf_ struct buf first = BUF_INIT(64 << 20), second = BUF_INIT(64 << 20);
	_cleanup_oci_spec_ struct oci_spec *again = NULL;
	struct err e1 = {0}, e2 = {0};
	struct oci_strings warnings = {0};
	struct arena a = {0};

	oci_spec_write(s, 0, &first);
	demand(!first.failed);
	demand(oci_spec_parse(first.data, first.len, &again, &e1) == 0);
	oci_spec_write(again, 0, &second);
	demand(first.len == second.len && !memcmp(first.data, second.data, first.len));
	int rc = oci_spec_check(s, &e1);
	demand(oci_spec_check(again, &e2) == rc);
	demand(rc == 0 || (e1.text[0] && str_eq(e1.text, e2.text)));
	oci_spec_warnings(s, no_capability, &a, &warnings);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	_cleanup_oci_spec_ struct oci_spec *s = NULL;
	struct oci_process *p = NULL;
	struct oci_resources *r = NULL;
	struct oci_seccomp *f = NULL;
	struct arena a = {0};
	struct err e = {0};

	if (oci_spec_parse(text, size, &s, &e) < 0)
		demand(!s && e.text[0] && e.class != ERR_NONE);
	else
		check_spec(s);
	if (oci_process_parse(&a, text, size, &p, &e) >= 0)
		oci_process_check(p, &e);
	if (oci_resources_parse(&a, text, size, &r, &e) >= 0)
		oci_resources_check(r, &e);
	oci_seccomp_parse(&a, text, size, &f, &e);
	arena_done(&a);
	return 0;
}
