// SPDX-License-Identifier: Apache-2.0
// Any bytes as a seccomp profile: parsed, and what parses is compiled.
#include "kernel/seccomp.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct oci_seccomp *p = NULL;
	struct seccomp_filter f = {0};
	struct err e = {0};

	if (seccomp_parse_profile(&a, (const char *)data, size, 0x00000000a80425fb, &p, &e) >= 0 &&
	    seccomp_compile(p, &f, &e) >= 0) {
		if (!f.n || (f.insns[f.n - 1].code & 7) != BPF_RET)
			abort();
		seccomp_filter_done(&f);
	}
	arena_done(&a);
	return 0;
}
