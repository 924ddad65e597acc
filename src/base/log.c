// SPDX-License-Identifier: Apache-2.0
// Diagnostics: one line, one write, so that lines of several processes on one descriptor do not mix. What is printed
// may quote hostile input, so control characters never reach a terminal.
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024 };

enum log_level log_max_level = LOG_INFO;
static const char *log_prog = "berth";
static int log_fd = STDERR_FILENO;
static enum log_format log_form = LOG_TEXT;

void log_setup(const char *prog, int fd, enum log_level max, enum log_format format)
{
	log_prog = prog;
	log_fd = fd;
	log_max_level = max;
	log_form = format;
}

static void add_text(struct buf *line, enum log_level level, const char *msg)
{
	static const char *const prefix[] = {"", "warning: ", "", "debug: "};

	buf_addf(line, "%s: %s", log_prog, prefix[level]);
	for (const unsigned char *p = (const unsigned char *)msg; *p; p++) {
		if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
			buf_addf(line, "\\x%02x", *p);
		else
			buf_addc(line, (char)*p);
	}
}

static void add_json(struct buf *line, enum log_level level, const char *msg)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char now[CLOCK_RFC3339_MAX];

	clock_rfc3339(now, clock_now());
	buf_addf(line, "{\"level\":\"%s\",\"msg\":", names[level]);
	json_quote(line, msg, strlen(msg));
	buf_addf(line, ",\"time\":\"%s\"}", now);
}

void log_emit(enum log_level level, const char *fmt, ...)
{
	if (level > log_max_level)
		return;
	int saved = errno;
	char msg[LINE_MAX_BYTES / 8];
	_cleanup_buf_ struct buf line = BUF_INIT(LINE_MAX_BYTES);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (log_form == LOG_JSON)
		add_json(&line, level, msg);
	else
		add_text(&line, level, msg);
	buf_addc(&line, '\n');
	fd_write_full(log_fd, line.data, line.len);
	errno = saved;
}
