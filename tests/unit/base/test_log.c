// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"
#include "base/log.h"
#include "test.h"

#include <unistd.h>

static int out, in;

static const char *logged(void)
{
	static char text[8192];
	ssize_t n = fd_read_full(out, text, sizeof(text) - 1);

	CHECK(n >= 0);
	text[n] = '\0';
	return text;
}

static void setup(enum log_level max, enum log_format format)
{
	int pipes[2];

	CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
	out = pipes[0];
	in = pipes[1];
	log_setup("unit", in, max, format);
}

static void finish(void)
{
	log_setup("unit", 2, LOG_INFO, LOG_TEXT);
	close(in);
}

TEST(log_text)
{
	setup(LOG_INFO, LOG_TEXT);
	errno = 33;
	log_error("no %s", "image");
	CHECK_EQ(errno, 33);
	log_warn("old kernel");
	log_info("ready");
	log_debug("hidden %d", 1);
	log_error("evil \x1b[31m\r text\nsecond line");
	finish();
	CHECK_STR(logged(), "unit: no image\nunit: warning: old kernel\nunit: ready\n"
			    "unit: evil \\x1b[31m\\x0d text\nsecond line\n");
}

TEST(log_json)
{
	setup(LOG_DEBUG, LOG_JSON);
	log_debug("say \"hi\"\\\n\x01");
	finish();
	const char *line = logged();
	CHECK_CONTAINS(line, "{\"level\":\"debug\",\"msg\":\"say \\\"hi\\\"\\\\\\n\\u0001\",\"time\":\"20");
	CHECK_CONTAINS(line, "Z\"}\n");
}

TEST(log_long_messages_are_cut)
{
	char big[10000];

	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	setup(LOG_INFO, LOG_TEXT);
	log_info("%s", big);
	finish();
	const char *line = logged();
	CHECK(strlen(line) > 1000 && strlen(line) < sizeof(big));
	CHECK(line[strlen(line) - 1] == '\n');
}
