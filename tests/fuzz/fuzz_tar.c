// SPDX-License-Identifier: Apache-2.0
// The tar reader: whatever comes, entries are well formed, data stays within what headers promise, and it ends.
#include "image/tar.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_entry(const struct tar_entry *x)
{
	char shown[TAR_SHOWN_MAX];
	uint64_t end = 0;

	check(*x->path && strlen(x->path) < TAR_LONG_MAX && strlen(x->link) < TAR_LONG_MAX);
	check(!(x->mode & ~07777U) && x->n_xattrs <= TAR_XATTR_MAX && x->mtime.tv_nsec >= 0 &&
	      x->mtime.tv_nsec < 1000000000);
	check((x->type == TAR_HARDLINK || x->type == TAR_SYMLINK) == (*x->link != 0));
	check(strlen(tar_shown(shown, x->path)) < TAR_SHOWN_MAX);
	for (size_t i = 0; i < x->n_segments; i++) {
		check(x->segments[i].offset >= end);
		end = x->segments[i].offset + x->segments[i].len;
	}
	check(end <= x->size || !x->sparse);
	for (size_t i = 0; i < x->n_xattrs; i++)
		check(*x->xattrs[i].name && (!x->xattrs[i].len || x->xattrs[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_stream_ struct stream *s = stream_of_memory(data, size);
	_cleanup_tar_ struct tar *t = tar_new(s);
	const struct tar_entry *x = NULL;
	struct err e = {0};
	int rc = 0;

	while ((rc = tar_next(t, &x, &e)) > 0) {
		const uint8_t *p = NULL;
		uint64_t offset = 0, sum = 0;
		ssize_t n = 0;
		check_entry(x);
		while ((n = tar_data(t, &p, &offset, &e)) > 0) {
			check(offset + (uint64_t)n <= x->size || x->type == TAR_DIR);
			sum += (uint64_t)n;
		}
		check(sum <= x->stored);
		if (n < 0)
			break;
		check(sum == x->stored);
	}
	check(rc >= 0 || *e.text);
	return 0;
}
