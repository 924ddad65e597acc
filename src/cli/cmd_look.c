// SPDX-License-Identifier: Apache-2.0
// inspect, logs, top, diff, stats: what looks into a container without changing it.
#include "cli/commands.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/format.h"
#include "cli/inspect_image.h"

enum { INSPECT_MAX = 16 << 20 };

// ---- inspect --------------------------------------------------------------------------------------------------------

struct inspect_options {
	char *format, *type;
};

static int inspect_one(struct cli *c, const char *ref, const char *type, struct json_writer *w, struct err *e)
{
	bool any = !type;
	int rc = -ENOENT;

	if (any || str_eq(type, "container")) {
		rc = engine_inspect(c->engine, ref, w, e);
		if (rc >= 0 || e->class != ERR_NOT_FOUND || !any)
			return rc;
	}
	rc = inspect_image(engine_images(c->engine), ref, w, e);
	if (rc < 0 && any && e->class == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, ENOENT,
			       "no such container or image: %s (see 'berth ps -a' and 'berth images')", ref);
	return rc;
}

static int print_inspected(const struct inspect_options *o, const struct buf *text, struct err *e)
{
	struct arena a = {0};
	struct json *all = NULL;
	int rc;

	if (!o->format) {
		fwrite(text->data, 1, text->len, stdout);
		putchar('\n');
		return 0;
	}
	rc = json_parse(&a, text->data, text->len, NULL, &all, e);
	if (!rc)
		rc = format_print(o->format, all, NULL, e);
	arena_done(&a);
	return rc;
}

static int inspect_run(struct cli *c, void *options, char **args, struct err *e)
{
	static const char *const types[] = {"container", "image", NULL};
	struct inspect_options *o = options;
	_cleanup_buf_ struct buf text = BUF_INIT(INSPECT_MAX);
	struct json_writer w = JSON_WRITER(&text, 4);
	int status = 0;

	if (o->type && !str_in(o->type, types))
		return err_invalid(e, "--type: \"%s\" is not one of container, image", o->type);
	if (!cli_engine(c, e))
		return -e->code;
	jw_array(&w);
	for (; *args; args++) {
		struct err one = {0};
		struct json_writer before = w;
		size_t len = text.len;
		if (inspect_one(c, *args, o->type, &w, &one) >= 0)
			continue;
		buf_truncate(&text, len);
		w = before;
		cli_report(&one);
		status = EXIT_ENGINE;
	}
	jw_array_end(&w);
	int rc = print_inspected(o, &text, e);
	return rc < 0 ? rc : status;
}

#define INSPECT(member) offsetof(struct inspect_options, member)
static const struct flag inspect_flags[] = {
	{"format", 'f', FLAG_STRING, .offset = INSPECT(format), .metavar = "TEMPLATE",
	 .help = "Print by a Go template"},
	{"type", 0, FLAG_STRING, .offset = INSPECT(type), .metavar = "TYPE",
	 .help = "container or image (default: whichever there is)"},
	{0},
};
static const struct flag *const inspect_tables[] = {inspect_flags, NULL};
const struct command command_inspect = {
	.name = "inspect",
	.summary = "Tell everything about containers or images, as JSON",
	.usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	.group = "Containers",
	.flags = inspect_tables,
	.options_size = sizeof(struct inspect_options),
	.min_args = 1,
	.max_args = -1,
	.run = inspect_run,
};

// ---- logs
// -------------------------------------------------------------------------------------------------------------

struct logs_options {
	bool follow, timestamps;
	char *tail, *since, *until;
};

static int print_line(const struct engine_log_line *l, void *data)
{
	const struct logs_options *o = data;
	FILE *out = l->stream == 2 ? stderr : stdout;

	if (o->timestamps) {
		char time[CLOCK_RFC3339_MAX];
		clock_rfc3339(time, l->time);
		fprintf(out, "%s ", time);
	}
	fwrite(l->data, 1, l->len, out);
	if (o->follow)
		fflush(out);
	return ferror(out) ? 1 : 0;
}

// A time as RFC 3339, as seconds since 1970, or as a duration before now.
static int parse_when(const char *flag, const char *s, int64_t *ret, struct err *e)
{
	uint64_t seconds;
	int64_t ago;

	if (!s)
		return 0;
	if (clock_parse_rfc3339(s, ret) == 0)
		return 0;
	if (str_to_u64(s, &seconds) == 0 && seconds < INT64_MAX / NS_PER_SEC) {
		*ret = (int64_t)seconds * NS_PER_SEC;
		return 0;
	}
	if (str_to_duration(s, &ago) == 0) {
		*ret = clock_now() - ago;
		return 0;
	}
	return err_invalid(
		e, "%s: \"%s\" is no time (2026-01-02T03:04:05Z, seconds since 1970, or a duration such as 10m)", flag,
		s);
}

static int logs_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct logs_options *o = options;
	struct engine_logs l = {.follow = o->follow, .tail = -1};

	if (o->tail && !str_eq(o->tail, "all") && (str_to_i64(o->tail, &l.tail) < 0 || l.tail < 0))
		return err_invalid(e, "--tail: \"%s\" is no number of lines (or all)", o->tail);
	int rc = parse_when("--since", o->since, &l.since, e);
	if (!rc)
		rc = parse_when("--until", o->until, &l.until, e);
	if (rc < 0)
		return rc;
	return cli_engine(c, e) ? engine_logs(c->engine, args[0], &l, print_line, o, e) : -e->code;
}

#define LOGS(member) offsetof(struct logs_options, member)
static const struct flag logs_flags[] = {
	{"follow", 'f', FLAG_BOOL, .offset = LOGS(follow), .help = "Go on with what comes"},
	{"since", 0, FLAG_STRING, .offset = LOGS(since), .metavar = "TIME",
	 .help = "From this time on (RFC 3339, or 10m for ten minutes ago)"},
	{"tail", 'n', FLAG_STRING, .offset = LOGS(tail), .metavar = "N", .help = "Only the last N lines (default all)"},
	{"timestamps", 't', FLAG_BOOL, .offset = LOGS(timestamps), .help = "Print the time in front of each line"},
	{"until", 0, FLAG_STRING, .offset = LOGS(until), .metavar = "TIME", .help = "Up to this time"},
	{0},
};
static const struct flag *const logs_tables[] = {logs_flags, NULL};
const struct command command_logs = {
	.name = "logs",
	.summary = "Print what a container wrote",
	.usage = "[OPTIONS] CONTAINER",
	.group = "Common commands",
	.flags = logs_tables,
	.options_size = sizeof(struct logs_options),
	.min_args = 1,
	.max_args = 1,
	.run = logs_run,
};

// ---- top
// ----------------------------------------------------------------------------------------------------------------

static int top_run(struct cli *c, void *options, char **args, struct err *e)
{
	char ***rows = NULL;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = engine_top(c->engine, args[0], &rows, e);
	if (rc < 0)
		return rc;
	struct table *t = table_new();
	for (char ***r = rows; r && *r; r++) {
		table_row(t, *r);
		strv_free(*r);
	}
	free(rows);
	table_print(t);
	table_free(t);
	return 0;
}

const struct command command_top = {
	.name = "top",
	.summary = "List the processes of a container",
	.usage = "CONTAINER",
	.group = "Containers",
	.min_args = 1,
	.max_args = 1,
	.run = top_run,
};

// ---- diff
// ---------------------------------------------------------------------------------------------------------------

// A path comes from inside the container: line breaks and control characters are shown as \ooo.
static void print_path(const char *p)
{
	for (; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			printf("\\%03o", (unsigned)(unsigned char)*p);
		else
			putchar(*p);
	}
}

static int diff_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct image_change *v = NULL;
	size_t n = 0;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = engine_diff(c->engine, args[0], &v, &n, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		printf("%c ", v[i].kind);
		print_path(v[i].path);
		putchar('\n');
	}
	image_changes_free(v, n);
	return 0;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "List the files that a container added (A), changed (C) or deleted (D)",
	.usage = "CONTAINER",
	.group = "Containers",
	.min_args = 1,
	.max_args = 1,
	.run = diff_run,
};
