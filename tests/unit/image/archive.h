// SPDX-License-Identifier: Apache-2.0
// Builds tar archives for tests, good and evil ones.
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define ARCHIVE_INIT BUF_INIT(64 << 20)

struct archive_entry {
	const char *name, *link, *data;
	char type; // '0' when 0
	unsigned mode, uid, gid, major, minor;
	size_t len; // of data; strlen when 0
	int64_t mtime;
	bool v7, no_data; // without magic; without the data that the size promises
	int64_t size;     // instead of len, when not 0
	const char *prefix;
};

void archive_add(struct buf *b, const struct archive_entry *x);
#define ADD(b, ...) archive_add((b), &(struct archive_entry){__VA_ARGS__})
// One pax record for the entry that follows; key and value.
void archive_pax(struct buf *b, const char *key, const char *value, size_t len);
void archive_pax_typed(struct buf *b, char type, const char *key, const char *value, size_t len);
void archive_raw_meta(struct buf *b, char type, const void *data, size_t len);
void archive_end(struct buf *b);
void archive_block(struct buf *b, const void *p, size_t n); // padded to whole blocks
// Sets the checksum of the header at offset at anew.
void archive_checksum(struct buf *b, size_t at);

// A directory that is removed with everything in it when the test ends; gives its descriptor.
int scratch(const char **ret_path);
