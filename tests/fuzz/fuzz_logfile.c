// SPDX-License-Identifier: Apache-2.0
// Lines of a log file, damaged in every way. What is read must not be longer than what it was read from.
#include "engine/logfile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct logfile_entry entry = {.text = BUF_INIT(LOGFILE_ENTRY_MAX)};

	int rc = logfile_parse((const char *)data, size, &entry);
	if (entry.text.len > size || (!rc && entry.stream != 1 && entry.stream != 2))
		abort();
	buf_done(&entry.text);
	return 0;
}
