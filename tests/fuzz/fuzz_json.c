// SPDX-License-Identifier: Apache-2.0
// What the JSON reader accepts, the writer writes, and the reader accepts that again with the same meaning; what it
// refuses, it refuses with a story.
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool what)
{
	if (!what)
		abort();
}

static void write_tree(const struct json *j, unsigned indent, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, indent);

	jw_value(&w, j);
	demand(!out->failed && !w.depth);
}

static void check_again(const struct buf *text, const struct buf *compact)
{
	_cleanup_buf_ struct buf again = BUF_INIT(64 << 20);
	struct json_limits limits = {.max_bytes = 64 << 20, .max_depth = 64, .max_nodes = 1000000};
	struct arena a = {0};
	struct err e = {0};
	struct json *j = NULL;

	demand(json_parse(&a, text->data, text->len, &limits, &j, &e) == 0);
	write_tree(j, 0, &again);
	demand(again.len == compact->len && !memcmp(again.data, compact->data, again.len));
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf compact = BUF_INIT(64 << 20), indented = BUF_INIT(64 << 20);
	struct arena a = {0};
	struct err e = {0};
	struct json *j = NULL;
	int rc = json_parse(&a, (const char *)data, size, NULL, &j, &e);

	if (rc < 0) {
		demand(!j && e.text[0] && (e.class == ERR_INVALID || e.class == ERR_EXHAUSTED));
		demand(strlen(e.text) < ERR_TEXT_MAX);
	} else {
		write_tree(j, 0, &compact);
		write_tree(j, 3, &indented);
		check_again(&compact, &compact);
		check_again(&indented, &compact);
	}
	arena_done(&a);
	return 0;
}
