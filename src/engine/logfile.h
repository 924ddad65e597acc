// SPDX-License-Identifier: Apache-2.0
// A container's log in the format of Docker's json-file driver: one JSON object a line,
// {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}, in <container>/log, rotated to log.1,
// log.2, ... Lines longer than LOGFILE_LINE_MAX bytes are split: all but the last part lack the newline.
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define LOGFILE_NAME "log"
enum {
	LOGFILE_LINE_MAX = 16384,       // bytes of the payload in one entry
	LOGFILE_ENTRY_MAX = 128 * 1024, // bytes of one entry in the file: six for each of a line, and the frame
	LOGFILE_FILES_MAX = 1000,       // rotated files
};

struct logfile_options {
	int64_t max_size; // bytes after which a file is rotated; 0: never
	int64_t max_file; // files kept, the current one included; 0 is 1
};

// ---- writing (the monitor) ----------------------------------------------------------------------------------------

struct logfile;
// dir is borrowed. Nothing is opened before the first entry.
struct logfile *logfile_new(int dir, const struct logfile_options *o);
// Ends what has no newline yet, closes. NULL is ignored.
void logfile_free(struct logfile *l);
// stream: 1 or 2. Never fails and never waits for anything but the file system: on a full disk lines are lost and
// counted.
void logfile_write(struct logfile *l, int stream, const uint8_t *p, size_t n, int64_t now);
// Writes out what has no newline yet (at the end of a run).
void logfile_end(struct logfile *l, int64_t now);
uint64_t logfile_lost(const struct logfile *l); // entries

// ---- reading --------------------------------------------------------------------------------------------------------

struct logfile_entry {
	int64_t time;
	int stream;
	struct buf text; // BUF_INIT(LOGFILE_ENTRY_MAX) before the first call; reused
};
// Parses one line without its newline. -EINVAL for what is no entry.
int logfile_parse(const char *line, size_t n, struct logfile_entry *ret);

struct logfile_reader;
// Opens what is there. tail: so many of the last entries, -1: all. dir is borrowed.
int logfile_reader_open(int dir, int64_t tail, struct logfile_reader **ret, struct err *e);
void logfile_reader_free(struct logfile_reader *r);
void logfile_reader_free_p(struct logfile_reader **r);
// The next entry: 1; 0: no more for now (later calls see what was appended, through rotations). Damaged lines are
// skipped and counted. *ret stays valid until the next call.
int logfile_reader_next(struct logfile_reader *r, const struct logfile_entry **ret, struct err *e);
uint64_t logfile_reader_damaged(const struct logfile_reader *r); // lines
