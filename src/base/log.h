// SPDX-License-Identifier: Apache-2.0
// Diagnostics for people. Only cli, monitor and api call the emitting functions above DEBUG; libraries return
// errors. log_debug is allowed everywhere and costs one comparison when off.
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

extern enum log_level log_max_level;

// prog is the name in front of text lines; fd is where they go (default 2). JSON lines are as runc's:
// {"level":"error","msg":"...","time":"..."}.
void log_setup(const char *prog, int fd, enum log_level max, enum log_format format);
void log_emit(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_error(...) log_emit(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_emit(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_emit(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                    \
	do {                                              \
		if (log_max_level >= LOG_DEBUG)           \
			log_emit(LOG_DEBUG, __VA_ARGS__); \
	} while (0)
