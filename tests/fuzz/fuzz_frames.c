// SPDX-License-Identifier: Apache-2.0
// Packets as a hostile client, or monitor, would send them. The first byte chooses the direction.
#include "engine/frames.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f = {0};
	struct err e = {0};

	if (!size)
		return 0;
	int rc = frame_parse(data + 1, size - 1, data[0] & 1, &f, &e);
	if (rc < 0) {
		if (e.code != -rc || f.type)
			abort(); // an error without its story, or an output touched
		return 0;
	}
	if (f.type == FRAME_STDIN && (f.data.n != size - 1 - FRAME_HEADER || f.data.n > FRAME_DATA_MAX))
		abort();
	if (f.type == FRAME_FAILED && strnlen(f.err.text, sizeof(f.err.text)) == sizeof(f.err.text))
		abort();
	return 0;
}
