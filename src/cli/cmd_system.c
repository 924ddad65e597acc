// SPDX-License-Identifier: Apache-2.0
// version, info, stats: the program and the machine.
#include "cli/commands.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/format.h"

#include <sys/utsname.h>

enum { INFO_MAX = 1 << 20 };

struct system_options {
	char *format;
	bool no_trunc, no_stream;
};

#define SYSTEM(member) offsetof(struct system_options, member)
static const struct flag format_flags[] = {
	{"format", 'f', FLAG_STRING, .offset = SYSTEM(format), .metavar = "TEMPLATE",
	 .help = "Print by a Go template, or json"},
	{0},
};
static const struct flag *const format_tables[] = {format_flags, NULL};

static int print_object(const char *format, struct arena *a, struct json *object, struct err *e)
{
	struct json *one = json_new_array(a);

	json_push(a, one, object);
	return format_print(format, one, NULL, e);
}

// ---- version
// ----------------------------------------------------------------------------------------------------------

static int version_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct system_options *o = options;
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(e, "uname");
	if (!o->format) {
		printf("Berth version %s\n OCI runtime:  %s\n OS/Arch:      linux/%s\n Kernel:       %s\n",
		       BERTH_VERSION, OCI_RUNTIME_VERSION, u.machine, u.release);
		return 0;
	}
	struct arena a = {0};
	struct json *v = json_new_object(&a), *client = json_new_object(&a);
	json_set(&a, client, "Version", json_new_string(&a, BERTH_VERSION));
	json_set(&a, client, "OciVersion", json_new_string(&a, OCI_RUNTIME_VERSION));
	json_set(&a, client, "Os", json_new_string(&a, "linux"));
	json_set(&a, client, "Arch", json_new_string(&a, u.machine));
	json_set(&a, client, "KernelVersion", json_new_string(&a, u.release));
	json_set(&a, v, "Client", client);
	json_set(&a, v, "Server", client); // there is no server: the same program
	int rc = print_object(o->format, &a, v, e);
	arena_done(&a);
	return rc;
}

const struct command command_version = {
	.name = "version",
	.summary = "Print the version",
	.usage = "[OPTIONS]",
	.group = "System",
	.flags = format_tables,
	.options_size = sizeof(struct system_options),
	.run = version_run,
};

// ---- info
// -------------------------------------------------------------------------------------------------------------

static void print_info(const struct json *o, int indent)
{
	for (size_t i = 0; i < o->obj.n; i++) {
		const struct json_member *m = &o->obj.v[i];
		_cleanup_buf_ struct buf text = BUF_INIT(INFO_MAX);
		struct json_writer w = JSON_WRITER(&text, 0);
		if (m->value->type == JSON_OBJECT) {
			printf("%*s%s:\n", indent, "", m->key);
			print_info(m->value, indent + 1);
			continue;
		}
		if (m->value->type == JSON_STRING)
			buf_adds(&text, m->value->str.s);
		else
			jw_value(&w, m->value);
		printf("%*s%s: %s\n", indent, "", m->key, text.data);
	}
}

static int info_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct system_options *o = options;
	_cleanup_buf_ struct buf text = BUF_INIT(INFO_MAX);
	struct json_writer w = JSON_WRITER(&text, 0);
	struct arena a = {0};
	struct json *object = NULL;

	if (!cli_engine(c, e))
		return -e->code;
	int rc = engine_info(c->engine, &w, e);
	if (!rc)
		rc = json_parse(&a, text.data, text.len, NULL, &object, e);
	if (!rc && o->format)
		rc = print_object(o->format, &a, object, e);
	else if (!rc)
		print_info(object, 0);
	arena_done(&a);
	return rc;
}

const struct command command_info = {
	.name = "info",
	.summary = "Tell what this machine and this engine have",
	.usage = "[OPTIONS]",
	.group = "System",
	.flags = format_tables,
	.options_size = sizeof(struct system_options),
	.run = info_run,
};
