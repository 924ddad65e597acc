// SPDX-License-Identifier: Apache-2.0
// ps: the list of containers, its filters and formats.
#include "cli/commands.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/format.h"

enum { SHORT_ID = 12, COMMAND_WIDTH = 20 };

struct ps_options {
	bool all, quiet, no_trunc, latest;
	int last;
	bool last_set;
	char *format;
	char **filter;
};

static const char *title(const char *field)
{
	static const char *const titles[][2] = {
		{"ID", "CONTAINER ID"},    {"Names", "NAMES"},          {"Image", "IMAGE"},   {"Command", "COMMAND"},
		{"RunningFor", "CREATED"}, {"CreatedAt", "CREATED AT"}, {"Status", "STATUS"}, {"State", "STATE"},
		{"Ports", "PORTS"},        {"Labels", "LABELS"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (str_eq(titles[i][0], field))
			return titles[i][1];
	return NULL;
}

// "Up 3 minutes", "Exited (0) 2 hours ago": as Docker words it.
static char *status_text(const struct engine_container *c)
{
	char age[48] = "";
	int64_t now = clock_now();

	switch (c->state) {
	case ENGINE_RUNNING: str_age(age, (now - c->started) / NS_PER_SEC); return xasprintf("Up %s", age);
	case ENGINE_PAUSED: str_age(age, (now - c->started) / NS_PER_SEC); return xasprintf("Up %s (Paused)", age);
	case ENGINE_CREATED: return xstrdup("Created");
	case ENGINE_REMOVING: return xstrdup("Removal In Progress");
	case ENGINE_DEAD: return xstrdup("Dead (its monitor is gone)");
	case ENGINE_EXITED: break;
	}
	str_age(age, (now - c->finished) / NS_PER_SEC);
	return xasprintf("Exited (%d) %s ago", c->exit_code, age);
}

static char *command_text(const struct engine_container *c, bool whole)
{
	_cleanup_free_ char *joined = strv_join(c->command, " ");

	if (!whole && strlen(joined) > COMMAND_WIDTH) {
		size_t n = COMMAND_WIDTH - 1;
		while (n && ((unsigned char)joined[n] & 0xc0) == 0x80)
			n--;
		joined[n] = 0;
		return xasprintf("\"%s…\"", joined);
	}
	return xasprintf("\"%s\"", joined);
}

static struct json *labels_object(struct arena *a, char *const *labels)
{
	struct json *o = json_new_object(a);

	for (char *const *l = labels; l && *l; l++) {
		char *eq = strchr(*l, '=');
		_cleanup_free_ char *key = eq ? xstrndup(*l, (size_t)(eq - *l)) : xstrdup(*l);
		json_set(a, o, key, json_new_string(a, eq ? eq + 1 : ""));
	}
	return o;
}

static void set(struct arena *a, struct json *o, const char *key, const char *value)
{
	json_set(a, o, key, json_new_string(a, value));
}

static struct json *row(struct arena *a, const struct engine_container *c, const struct ps_options *o)
{
	struct json *r = json_new_object(a);
	_cleanup_free_ char *status = status_text(c), *command = command_text(c, o->no_trunc);
	_cleanup_free_ char *labels = strv_join(c->labels, ",");
	char created[CLOCK_RFC3339_MAX], age[48];

	clock_rfc3339(created, c->created);
	str_age(age, (clock_now() - c->created) / NS_PER_SEC);
	json_set(a, r, "ID", json_new_string(a, o->no_trunc ? c->id : arena_strndup(a, c->id, SHORT_ID)));
	set(a, r, "Names", c->name);
	set(a, r, "Image", c->image_name);
	set(a, r, "Command", command);
	set(a, r, "CreatedAt", created);
	set(a, r, "RunningFor", arena_printf(a, "%s ago", age));
	set(a, r, "Status", status);
	set(a, r, "State", engine_state_name(c->state));
	set(a, r, "Ports", "");
	set(a, r, "Networks", "");
	set(a, r, "Labels", labels ? labels : "");
	json_set(a, r, "Label", labels_object(a, c->labels));
	json_set(a, r, "Pid", json_new_int(a, c->pid));
	return r;
}

static bool label_matches(const struct engine_container *c, const char *wanted)
{
	size_t n = strlen(wanted);
	bool with_value = strchr(wanted, '=') != NULL;

	for (char *const *l = c->labels; l && *l; l++)
		if (with_value ? str_eq(*l, wanted) : !strncmp(*l, wanted, n) && ((*l)[n] == '=' || !(*l)[n]))
			return true;
	return false;
}

static bool image_matches(const struct engine_container *c, const char *wanted)
{
	const char *id = str_after(c->image_id, "sha256:");
	size_t n = strcspn(c->image_name, ":@");

	if (str_eq(c->image_name, wanted) || str_eq(c->image_id, wanted) ||
	    (id && strlen(wanted) >= 4 && str_starts(id, wanted)))
		return true;
	return strlen(wanted) == n && !strncmp(c->image_name, wanted, n);
}

struct filter_context {
	struct engine_container *const *all;
	size_t n;
};

// Creation time of the container that before= and since= name; 0 if there is none.
static int64_t created_of(const struct filter_context *x, const char *ref)
{
	for (size_t i = 0; i < x->n; i++)
		if (str_eq(x->all[i]->name, ref) || (*ref && str_starts(x->all[i]->id, ref)))
			return x->all[i]->created;
	return 0;
}

static bool filter_one(const struct filter_context *x, const struct engine_container *c, const char *key, const char *v)
{
	int number = 0;

	if (str_eq(key, "id"))
		return str_starts(c->id, v);
	if (str_eq(key, "name"))
		return strstr(c->name, *v == '/' ? v + 1 : v) != NULL;
	if (str_eq(key, "label"))
		return label_matches(c, v);
	if (str_eq(key, "status"))
		return str_eq(engine_state_name(c->state), v);
	if (str_eq(key, "ancestor"))
		return image_matches(c, v);
	if (str_eq(key, "exited"))
		return c->state == ENGINE_EXITED && str_to_int(v, &number) == 0 && c->exit_code == number;
	if (str_eq(key, "before"))
		return c->created < created_of(x, v);
	return c->created > created_of(x, v); // since
}

static int check_filter(const struct filter_context *x, const char *f, struct err *e)
{
	static const char *const keys[] = {"id",     "name",   "label", "status", "ancestor",
					   "exited", "before", "since", NULL};
	static const char *const states[] = {"created", "running", "paused", "exited", "removing", "dead", NULL};
	size_t n = strcspn(f, "=");
	_cleanup_free_ char *key = xstrndup(f, n);
	int number;

	if (!f[n])
		return err_invalid(e, "--filter: \"%s\" is not of the form NAME=VALUE", f);
	if (!str_in(key, keys))
		return err_invalid(
			e, "--filter: \"%s\" is not known (id, name, label, status, ancestor, exited, before, since)",
			key);
	if (str_eq(key, "status") && !str_in(f + n + 1, states))
		return err_invalid(
			e, "--filter: status \"%s\" is not one of created, running, paused, exited, removing, dead",
			f + n + 1);
	if (str_eq(key, "exited") && str_to_int(f + n + 1, &number) < 0)
		return err_invalid(e, "--filter: exited wants an exit code, not \"%s\"", f + n + 1);
	if ((str_eq(key, "before") || str_eq(key, "since")) && !created_of(x, f + n + 1))
		return err_set(e, ERR_NOT_FOUND, ENOENT, "--filter: no such container: %s", f + n + 1);
	return 0;
}

// Filters of the same name are alternatives (but labels must all match), different names must all match.
static bool passes(const struct filter_context *x, const struct engine_container *c, char *const *filters)
{
	for (char *const *f = filters; f && *f; f++) {
		size_t n = strcspn(*f, "=");
		_cleanup_free_ char *key = xstrndup(*f, n);
		bool any = false;
		if (str_eq(key, "label")) {
			if (!filter_one(x, c, key, *f + n + 1))
				return false;
			continue;
		}
		for (char *const *g = filters; *g && !any; g++)
			if (!strncmp(*g, *f, n + 1))
				any = filter_one(x, c, key, *g + n + 1);
		if (!any)
			return false;
	}
	return true;
}

static bool wants_stopped(const struct ps_options *o)
{
	for (char *const *f = o->filter; f && *f; f++)
		if (str_starts(*f, "status=") || str_starts(*f, "exited="))
			return true;
	return o->all || o->latest || o->last_set;
}

static void collect(const struct ps_options *o, const struct filter_context *x, struct arena *a, struct json *rows)
{
	int64_t left = o->latest ? 1 : o->last_set && o->last >= 0 ? o->last : INT64_MAX;
	bool stopped = wants_stopped(o);

	for (size_t i = 0; i < x->n && left; i++) {
		const struct engine_container *c = x->all[i];
		bool live = c->state == ENGINE_RUNNING || c->state == ENGINE_PAUSED || c->state == ENGINE_DEAD;
		if ((!live && !stopped) || !passes(x, c, o->filter))
			continue;
		json_push(a, rows, row(a, c, o));
		left--;
	}
}

static int ps_run(struct cli *c, void *options, char **args, struct err *e)
{
	static const char wide[] =
		"table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
	struct ps_options *o = options;
	struct engine_container **v = NULL;
	struct arena a = {0};
	size_t n = 0;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = engine_list(c->engine, true, &v, &n, e);
	if (rc < 0)
		return rc;
	struct filter_context x = {.all = v, .n = n};
	for (char **f = o->filter; f && *f && !rc; f++)
		rc = check_filter(&x, *f, e);
	if (!rc) {
		struct json *rows = json_new_array(&a);
		collect(o, &x, &a, rows);
		rc = format_print(o->format ? o->format : o->quiet ? "{{.ID}}" : wide, rows, title, e);
	}
	arena_done(&a);
	engine_list_free(v, n);
	return rc;
}

#define PS(member) offsetof(struct ps_options, member)
static const struct flag ps_flags[] = {
	{"all", 'a', FLAG_BOOL, .offset = PS(all), .help = "Those that do not run too"},
	{"filter", 'f', FLAG_LIST, .offset = PS(filter), .metavar = "NAME=VALUE",
	 .help = "Only those with this id, name, label, status, ancestor, exited, before, since"},
	{"format", 0, FLAG_STRING, .offset = PS(format), .metavar = "TEMPLATE",
	 .help = "Print by a Go template, \"table TEMPLATE\" or json"},
	{"last", 'n', FLAG_INT, .offset = PS(last), .set_offset = PS(last_set), .help = "The N newest, in any state"},
	{"latest", 'l', FLAG_BOOL, .offset = PS(latest), .help = "The newest, in any state"},
	{"no-trunc", 0, FLAG_BOOL, .offset = PS(no_trunc), .help = "Do not shorten ids and commands"},
	{"quiet", 'q', FLAG_BOOL, .offset = PS(quiet), .help = "Ids only"},
	{0},
};
static const struct flag *const ps_tables[] = {ps_flags, NULL};
const struct command command_ps = {
	.name = "ps",
	.summary = "List containers",
	.usage = "[OPTIONS]",
	.group = "Common commands",
	.flags = ps_tables,
	.options_size = sizeof(struct ps_options),
	.run = ps_run,
};
