// SPDX-License-Identifier: Apache-2.0
// Where image bytes come from: a file, a directory, or a descriptor that cannot seek.
#pragma once

#include "image/codec.h"
#include "image/store.h"

struct image_source {
	int fd; // owned when own is set
	bool own, directory;
	const char *shown; // for messages: the path, or "standard input"
	uint64_t size;     // of a regular file, else 0
};
// path NULL or "-": fd, which stays the caller's.
int image_source_open(const char *path, int fd, struct image_source *ret, struct err *e);
void image_source_done(struct image_source *s);
// Makes it a regular, uncompressed file: spools what cannot seek, and decompresses, in a confined child, what is
// compressed. The spool has no name, so that it vanishes with the process.
int image_source_seekable(struct image_source *src, struct image_store *s, const struct codec *c, struct err *e);
