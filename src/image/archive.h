// SPDX-License-Identifier: Apache-2.0
// The files inside what `load` is given: an uncompressed tar that can seek, or a directory. Both are hostile: names are
// looked up, never followed out, sizes are those of the archive.
#pragma once

#include "image/source.h"

struct archive;

// src stays the caller's and must live as long. A tar is scanned once, its contents are not read.
int archive_open(const struct image_source *src, struct archive **ret, struct err *e);
void archive_free(struct archive *a);
void archive_free_p(struct archive **a);
#define _cleanup_archive_ _cleanup_(archive_free_p)

bool archive_has(const struct archive *a, const char *name);
// The bytes of a file; links inside the archive are followed. ERR_CORRUPT names what is missing.
int archive_stream(const struct archive *a, const char *name, struct stream **ret, uint64_t *ret_size, struct err *e);
int archive_read(const struct archive *a, const char *name, size_t max, struct buf *ret, struct err *e);
