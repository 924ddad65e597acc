// SPDX-License-Identifier: Apache-2.0
// The small vocabularies of a configuration: mount options, sysctl names, cpu lists, names of limits. The input is
// lines, given to each.
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/mount.h"
#include "kernel/process.h"
#include "kernel/rlimit.h"
#include "kernel/sysctl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEMAND(what)                                                \
	do {                                                        \
		if (!(what)) {                                      \
			fprintf(stderr, "\"%s\": %s\n", *l, #what); \
			abort();                                    \
		}                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_strv_ char **lines = strv_split(text, '\n');
	_cleanup_mount_options_ struct mount_options o = {0};

	for (char **l = lines; l && *l; l++) {
		struct err e = {0};
		uint64_t bits[4];
		struct oci_pair pair = {.key = *l, .value = *l};
		struct oci_pairs pairs = {&pair, 1};
		bool known = mount_option_known(*l);
		size_t fs = strv_len(o.fs);

		DEMAND(mount_options_add(&o, *l, &e) >= 0 || *e.text);
		DEMAND(known || strv_len(o.fs) == fs + 1);
		DEMAND(!(o.set & o.clear & ~(uint64_t)0x70) &&
		       !(o.rec_set & o.rec_clear & ~(uint64_t)0x70)); // but atime's field
		if (!process_parse_list(*l, bits, 256) && **l)
			DEMAND(bits[0] | bits[1] | bits[2] | bits[3]);
		if (sysctl_check(&pairs, ~0u, &e) < 0)
			DEMAND(*e.text);
		else
			DEMAND(!path_has_dotdot(*l) && **l != '/' && !strchr(*l, '\n'));
		DEMAND(rlimit_from_name(*l) < 16);
	}
	return 0;
}
