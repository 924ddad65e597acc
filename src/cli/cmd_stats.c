// SPDX-License-Identifier: Apache-2.0
// stats: what containers use, from their cgroups.
#include "cli/commands.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/format.h"

#include <sys/sysinfo.h>

enum { INTERVAL_MS = 1000, SHORT_ID = 12 };

struct stats_options {
	bool no_stream, all, no_trunc;
	char *format;
};

// One reading of a container; cpu shares come from the difference of two.
struct reading {
	char *id, *name;
	struct cgroup_stats now;
	uint64_t cpu_before;
	int64_t at_before, at;
	bool ok;
};

static const char *title(const char *field)
{
	static const char *const titles[][2] = {
		{"ID", "CONTAINER ID"},   {"Name", "NAME"},
		{"CPUPerc", "CPU %"},     {"MemUsage", "MEM USAGE / LIMIT"},
		{"MemPerc", "MEM %"},     {"NetIO", "NET I/O"},
		{"BlockIO", "BLOCK I/O"}, {"PIDs", "PIDS"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (str_eq(titles[i][0], field))
			return titles[i][1];
	return NULL;
}

static uint64_t machine_memory(void)
{
	struct sysinfo s;

	return sysinfo(&s) < 0 ? 0 : (uint64_t)s.totalram * s.mem_unit;
}

static void set(struct arena *a, struct json *o, const char *key, const char *value)
{
	json_set(a, o, key, json_new_string(a, value));
}

static void set_memory(struct arena *a, struct json *o, const struct cgroup_stats *s)
{
	uint64_t used = s->memory_usage > s->memory_inactive_file ? s->memory_usage - s->memory_inactive_file : 0;
	uint64_t total = machine_memory(), limit = s->memory_limit < total ? s->memory_limit : total;
	char u[32], l[32];

	if (!s->has_memory) {
		set(a, o, "MemUsage", "-- / --");
		set(a, o, "MemPerc", "--");
		return;
	}
	str_size_binary(u, used);
	str_size_binary(l, limit);
	set(a, o, "MemUsage", arena_printf(a, "%s / %s", u, l));
	set(a, o, "MemPerc", arena_printf(a, "%.2f%%", limit ? 100.0 * (double)used / (double)limit : 0.0));
}

static struct json *stats_row(struct arena *a, const struct reading *r, const struct stats_options *opt)
{
	struct json *o = json_new_object(a);
	const struct cgroup_stats *s = &r->now;
	char in[32], out[32];
	int64_t span = r->at - r->at_before;

	str_size_decimal(in, s->io_read_bytes);
	str_size_decimal(out, s->io_write_bytes);
	set(a, o, "ID", opt->no_trunc ? r->id : arena_strndup(a, r->id, SHORT_ID));
	set(a, o, "Name", r->name);
	set(a, o, "Container", r->name);
	set(a, o, "CPUPerc",
	    s->has_cpu && span > 0
		    ? arena_printf(a, "%.2f%%", 100.0 * (double)(s->cpu_usage_ns - r->cpu_before) / (double)span)
		    : "--");
	set_memory(a, o, s);
	set(a, o, "NetIO", "--");
	set(a, o, "BlockIO", s->has_io ? arena_printf(a, "%s / %s", in, out) : "--");
	set(a, o, "PIDs", s->has_pids ? arena_printf(a, "%llu", (unsigned long long)s->pids_current) : "--");
	return o;
}

static int read_one(struct cli *c, struct reading *r, struct err *e)
{
	struct cgroup_stats s = {0};
	int rc = engine_stats(c->engine, r->id, &s, e);

	r->ok = rc >= 0;
	r->cpu_before = r->at ? r->now.cpu_usage_ns : s.cpu_usage_ns;
	r->at_before = r->at;
	r->at = clock_monotonic();
	if (r->ok)
		r->now = s;
	return rc;
}

static int find_readings(struct cli *c, char **args, const struct stats_options *o, struct reading **ret, size_t *ret_n,
			 struct err *e)
{
	struct engine_container **v = NULL;
	size_t n = 0;
	int rc = 0;

	for (; *args; args++) {
		_cleanup_engine_container_ struct engine_container *one = NULL;
		rc = engine_find(c->engine, *args, &one, e);
		if (rc < 0)
			return rc;
		*ret = xreallocarray(*ret, *ret_n + 1, sizeof(**ret));
		(*ret)[(*ret_n)++] = (struct reading){.id = xstrdup(one->id), .name = xstrdup(one->name)};
	}
	if (*ret_n)
		return 0;
	rc = engine_list(c->engine, o->all, &v, &n, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		*ret = xreallocarray(*ret, *ret_n + 1, sizeof(**ret));
		(*ret)[(*ret_n)++] = (struct reading){.id = xstrdup(v[i]->id), .name = xstrdup(v[i]->name)};
	}
	engine_list_free(v, n);
	return 0;
}

static int print_round(struct reading *v, size_t n, const struct stats_options *o, struct err *e)
{
	static const char plain[] =
		"table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.BlockIO}}\t{{.PIDs}}";
	struct arena a = {0};
	struct json *rows = json_new_array(&a);

	for (size_t i = 0; i < n; i++)
		if (v[i].ok)
			json_push(&a, rows, stats_row(&a, &v[i], o));
	int rc = format_print(o->format ? o->format : plain, rows, title, e);
	arena_done(&a);
	return rc < 0 ? rc : cli_flush(e);
}

static int stats_loop(struct cli *c, struct reading *v, size_t n, const struct stats_options *o, struct err *e)
{
	bool terminal = isatty(STDOUT_FILENO), first = true;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = read_one(c, &v[i], e);
	while (rc >= 0) {
		clock_sleep(INTERVAL_MS * NS_PER_MS);
		for (size_t i = 0; i < n; i++) {
			struct err ignored = {0};
			read_one(c, &v[i], &ignored); // one that ended meanwhile leaves the list
		}
		if (terminal && !o->no_stream)
			fputs(first ? "\033[2J\033[H" : "\033[H\033[J", stdout);
		first = false;
		rc = print_round(v, n, o, e);
		if (o->no_stream)
			break;
	}
	return rc;
}

static int stats_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct reading *v = NULL;
	size_t n = 0;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = find_readings(c, args, options, &v, &n, e);
	if (rc >= 0)
		rc = stats_loop(c, v, n, options, e);
	for (size_t i = 0; i < n; i++) {
		free(v[i].id);
		free(v[i].name);
	}
	free(v);
	return rc;
}

#define STATS(member) offsetof(struct stats_options, member)
static const struct flag stats_flags[] = {
	{"all", 'a', FLAG_BOOL, .offset = STATS(all), .hidden = true,
	 .help = "Stopped ones use nothing: the same list"},
	{"format", 0, FLAG_STRING, .offset = STATS(format), .metavar = "TEMPLATE",
	 .help = "Print by a Go template, \"table TEMPLATE\" or json"},
	{"no-stream", 0, FLAG_BOOL, .offset = STATS(no_stream), .help = "Print once and end"},
	{"no-trunc", 0, FLAG_BOOL, .offset = STATS(no_trunc), .help = "Do not shorten ids"},
	{0},
};
static const struct flag *const stats_tables[] = {stats_flags, NULL};
const struct command command_stats = {
	.name = "stats",
	.summary = "Show what running containers use",
	.usage = "[OPTIONS] [CONTAINER...]",
	.group = "Containers",
	.flags = stats_tables,
	.options_size = sizeof(struct stats_options),
	.max_args = -1,
	.run = stats_run,
};
