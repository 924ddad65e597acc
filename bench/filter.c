// SPDX-License-Identifier: Apache-2.0
// Writes the default profile's filter to standard output, for the floor to load: the same work for the kernel as in
// a container of ours.
#include "kernel/capability.h"
#include "kernel/seccomp.h"

#include <stdio.h>

int main(void)
{
	struct arena a = {0};
	struct seccomp_filter f = {0};
	struct err e = {0};
	size_t n;

	if (seccomp_compile(seccomp_default_profile(&a, capability_default()), &f, &e) < 0) {
		fprintf(stderr, "bench-filter: %s\n", e.text);
		return 1;
	}
	n = fwrite(f.insns, sizeof(*f.insns), f.n, stdout);
	return n != f.n || fflush(stdout) ? 1 : 0;
}
