// SPDX-License-Identifier: Apache-2.0
// images, load, import, tag, rmi, and images in `inspect`.
#include "cli/commands.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/format.h"
#include "cli/inspect_image.h"

#include <fcntl.h>

enum { SHORT_ID = 12 };

// ---- images
// -----------------------------------------------------------------------------------------------------------

struct images_options {
	bool all, quiet, no_trunc, digests;
	char *format;
	char **filter;
};

static const char *title(const char *field)
{
	static const char *const titles[][2] = {
		{"Repository", "REPOSITORY"}, {"Tag", "TAG"},   {"ID", "IMAGE ID"},   {"CreatedSince", "CREATED"},
		{"CreatedAt", "CREATED AT"},  {"Size", "SIZE"}, {"Digest", "DIGEST"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (str_eq(titles[i][0], field))
			return titles[i][1];
	return NULL;
}

static void set(struct arena *a, struct json *o, const char *key, const char *value)
{
	json_set(a, o, key, json_new_string(a, value));
}

static const char *bare_digest(const char *id)
{
	const char *hex = str_after(id, "sha256:");

	return hex ? hex : id;
}

// The colon of "name:tag": one behind the last slash.
static const char *tag_colon(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, ':');
}

static struct json *image_row(struct arena *a, const struct image *i, const char *name, const struct images_options *o)
{
	struct json *r = json_new_object(a);
	char created[CLOCK_RFC3339_MAX], age[48], size[32];
	const char *colon = name ? tag_colon(name) : NULL;
	int64_t when = i->created ? i->created : i->added;

	clock_rfc3339(created, when);
	str_age(age, (clock_now() - when) / NS_PER_SEC);
	str_size_decimal(size, i->size);
	set(a, r, "ID", o->no_trunc ? i->id : arena_strndup(a, bare_digest(i->id), SHORT_ID));
	set(a, r, "Repository", !name ? "<none>" : colon ? arena_strndup(a, name, (size_t)(colon - name)) : name);
	set(a, r, "Tag", colon ? colon + 1 : "<none>");
	set(a, r, "Digest", i->manifest_digest);
	set(a, r, "CreatedAt", created);
	set(a, r, "CreatedSince", arena_printf(a, "%s ago", age));
	set(a, r, "Size", size);
	return r;
}

static int check_filter(const char *f, struct err *e)
{
	if (!str_starts(f, "reference=") && !str_starts(f, "dangling="))
		return err_invalid(e, "--filter: \"%s\" is not known (reference=PATTERN, dangling=true|false)", f);
	bool b;
	if (str_starts(f, "dangling=") && str_to_bool(f + strlen("dangling="), &b) < 0)
		return err_invalid(e, "--filter: dangling wants true or false");
	return 0;
}

// '*' matches within one path component, '?' one character.
static bool glob(const char *p, const char *s)
{
	for (; *p; p++, s++) {
		if (*p == '*') {
			do {
				if (glob(p + 1, s))
					return true;
			} while (*s && *s++ != '/');
			return false;
		}
		if (!*s || (*p != '?' && *p != *s))
			return false;
	}
	return !*s;
}

static bool reference_matches(const char *pattern, const char *name)
{
	if (!name)
		return false;
	const char *colon = tag_colon(name);
	_cleanup_free_ char *repository = colon ? xstrndup(name, (size_t)(colon - name)) : xstrdup(name);
	return glob(pattern, name) || glob(pattern, repository);
}

static bool image_passes(const char *name, const char *wanted, char *const *filters)
{
	if (wanted && !reference_matches(wanted, name))
		return false;
	for (char *const *f = filters; f && *f; f++) {
		const char *v;
		bool dangling = false;
		if ((v = str_after(*f, "reference=")) && !reference_matches(v, name))
			return false;
		if ((v = str_after(*f, "dangling=")) && str_to_bool(v, &dangling) == 0 && dangling != !name)
			return false;
	}
	return true;
}

static void add_rows(struct arena *a, struct json *rows, const struct image *i, const char *wanted,
		     const struct images_options *o)
{
	if (!i->names || !i->names[0]) {
		if (image_passes(NULL, wanted, o->filter))
			json_push(a, rows, image_row(a, i, NULL, o));
		return;
	}
	for (char **name = i->names; *name; name++) {
		if (!image_passes(*name, wanted, o->filter))
			continue;
		json_push(a, rows, image_row(a, i, *name, o));
		if (o->quiet)
			return; // an id once
	}
}

static int images_run(struct cli *c, void *options, char **args, struct err *e)
{
	static const char plain[] = "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	static const char digests[] =
		"table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
	struct images_options *o = options;
	struct image **v = NULL;
	struct arena a = {0};
	size_t n = 0;
	int rc = 0;

	for (char **f = o->filter; f && *f && !rc; f++)
		rc = check_filter(*f, e);
	if (rc < 0)
		return rc;
	if (!cli_engine(c, e))
		return -e->code;
	struct image_store *s = engine_images(c->engine);
	rc = image_list(s, &v, &n, e);
	if (rc < 0)
		return rc;
	struct json *rows = json_new_array(&a);
	for (size_t i = 0; i < n; i++)
		add_rows(&a, rows, v[i], args[0], o);
	rc = format_print(o->format ? o->format : o->quiet ? "{{.ID}}" : o->digests ? digests : plain, rows, title, e);
	arena_done(&a);
	image_list_free(v, n);
	return rc;
}

#define IMAGES(member) offsetof(struct images_options, member)
static const struct flag images_flags[] = {
	{"all", 'a', FLAG_BOOL, .offset = IMAGES(all), .help = "Every image (there are no hidden ones: the same list)"},
	{"digests", 0, FLAG_BOOL, .offset = IMAGES(digests), .help = "Show digests"},
	{"filter", 'f', FLAG_LIST, .offset = IMAGES(filter), .metavar = "NAME=VALUE",
	 .help = "reference=PATTERN, dangling=true|false"},
	{"format", 0, FLAG_STRING, .offset = IMAGES(format), .metavar = "TEMPLATE",
	 .help = "Print by a Go template, \"table TEMPLATE\" or json"},
	{"no-trunc", 0, FLAG_BOOL, .offset = IMAGES(no_trunc), .help = "Do not shorten ids"},
	{"quiet", 'q', FLAG_BOOL, .offset = IMAGES(quiet), .help = "Ids only"},
	{0},
};
static const struct flag *const images_tables[] = {images_flags, NULL};
const struct command command_images = {
	.name = "images",
	.summary = "List images",
	.usage = "[OPTIONS] [NAME[:TAG]]",
	.group = "Common commands",
	.flags = images_tables,
	.options_size = sizeof(struct images_options),
	.max_args = 1,
	.run = images_run,
};

// ---- load, import
// -----------------------------------------------------------------------------------------------------

struct load_options {
	char *input, *message, *platform;
	char **change;
	bool quiet;
};

// One line that rewrites itself on a terminal, nothing in a pipe.
static void progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	char d[32], t[32];

	if (!*(bool *)data)
		return;
	str_size_decimal(d, done);
	str_size_decimal(t, total);
	fprintf(stderr, "\r\033[K%s: %s%s%s", what, d, total ? " of " : "", total ? t : "");
}

static void progress_end(bool shown)
{
	if (shown)
		fputs("\r\033[K", stderr);
}

static int load_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct load_options *o = options;
	_cleanup_strv_ char **refs = NULL;
	const char *path = args[0] ? args[0] : o->input;
	bool show = !o->quiet && isatty(STDERR_FILENO);

	if (args[0] && o->input)
		return err_invalid(e, "one archive at a time: --input %s or %s", o->input, args[0]);
	if ((!path || str_eq(path, "-")) && isatty(STDIN_FILENO))
		return err_invalid(e,
				   "standard input is a terminal: name an archive with --input FILE, or pipe one in");
	if (!cli_engine(c, e))
		return -e->code;
	int rc = image_load(engine_images(c->engine), path && !str_eq(path, "-") ? path : NULL, STDIN_FILENO, progress,
			    &show, &refs, e);
	progress_end(show);
	if (rc < 0)
		return rc;
	for (char **r = refs; r && *r; r++)
		printf("Loaded image%s: %s\n", str_starts(*r, "sha256:") ? " ID" : "", *r);
	return 0;
}

#define LOAD(member) offsetof(struct load_options, member)
static const struct flag load_flags[] = {
	{"input", 'i', FLAG_STRING, .offset = LOAD(input), .metavar = "FILE",
	 .help = "Archive or OCI directory to read (default: standard input)"},
	{"quiet", 'q', FLAG_BOOL, .offset = LOAD(quiet), .help = "No progress"},
	{0},
};
static const struct flag *const load_tables[] = {load_flags, NULL};
const struct command command_load = {
	.name = "load",
	.summary = "Load images from an OCI archive, an OCI directory or a docker-archive",
	.usage = "[OPTIONS] [FILE|DIRECTORY|-]",
	.group = "Images",
	.flags = load_tables,
	.options_size = sizeof(struct load_options),
	.max_args = 1,
	.run = load_run,
};

static int import_run(struct cli *c, void *options, char **args, struct err *e)
{
	struct load_options *o = options;
	_cleanup_free_ char *id = NULL;
	const char *path = str_eq(args[0], "-") ? NULL : args[0];
	bool show = !o->quiet && isatty(STDERR_FILENO);
	struct image_import i = {.ref = args[1], .message = o->message, .changes = o->change, .platform = o->platform};

	if (!path && isatty(STDIN_FILENO))
		return err_invalid(e, "standard input is a terminal: name a tar archive, or pipe one in");
	if (!cli_engine(c, e))
		return -e->code;
	int rc = image_import(engine_images(c->engine), path, STDIN_FILENO, &i, progress, &show, &id, e);
	progress_end(show);
	if (rc < 0)
		return rc;
	puts(id);
	return 0;
}

static const struct flag import_flags[] = {
	{"change", 'c', FLAG_LIST, .offset = LOAD(change), .metavar = "INSTRUCTION",
	 .help = "Apply a Dockerfile instruction: CMD, ENTRYPOINT, ENV, USER, ..."},
	{"message", 'm', FLAG_STRING, .offset = LOAD(message), .help = "Comment in the image's history"},
	{"platform", 0, FLAG_STRING, .offset = LOAD(platform), .metavar = "OS/ARCH",
	 .help = "Platform of the image (default: this machine's)"},
	{"quiet", 'q', FLAG_BOOL, .offset = LOAD(quiet), .help = "No progress"},
	{0},
};
static const struct flag *const import_tables[] = {import_flags, NULL};
const struct command command_import = {
	.name = "import",
	.summary = "Make an image from a tar archive of a root filesystem",
	.usage = "[OPTIONS] FILE|- [NAME[:TAG]]",
	.group = "Images",
	.flags = import_tables,
	.options_size = sizeof(struct load_options),
	.min_args = 1,
	.max_args = 2,
	.run = import_run,
};

// ---- tag, rmi
// -----------------------------------------------------------------------------------------------------------

static int tag_run(struct cli *c, void *options, char **args, struct err *e)
{
	return cli_engine(c, e) ? image_tag(engine_images(c->engine), args[0], args[1], e) : -e->code;
}

const struct command command_tag = {
	.name = "tag",
	.summary = "Give an image another name",
	.usage = "IMAGE NAME[:TAG]",
	.group = "Images",
	.min_args = 2,
	.max_args = 2,
	.run = tag_run,
};

struct rmi_options {
	bool force;
};

static int rmi_one(struct cli *c, const char *arg, void *data, struct err *e)
{
	const struct rmi_options *o = data;
	_cleanup_strv_ char **report = NULL;
	int rc = image_remove(engine_images(c->engine), arg, o->force, &report, e);

	for (char **line = report; line && *line; line++)
		puts(*line);
	return rc;
}

static int rmi_run(struct cli *c, void *options, char **args, struct err *e)
{
	return cli_engine(c, e) ? cli_each(c, args, false, rmi_one, options) : -e->code;
}

static const struct flag rmi_flags[] = {
	{"force", 'f', FLAG_BOOL, .offset = offsetof(struct rmi_options, force),
	 .help = "Remove it with all its names"},
	{0},
};
static const struct flag *const rmi_tables[] = {rmi_flags, NULL};
const struct command command_rmi = {
	.name = "rmi",
	.summary = "Remove images",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.group = "Images",
	.flags = rmi_tables,
	.options_size = sizeof(struct rmi_options),
	.min_args = 1,
	.max_args = -1,
	.run = rmi_run,
};

// ---- inspect
// --------------------------------------------------------------------------------------------------------------

static void write_names(struct json_writer *w, const struct image *i)
{
	jw_key(w, "RepoTags");
	jw_array(w);
	for (char **n = i->names; n && *n; n++)
		jw_str(w, *n);
	jw_array_end(w);
	jw_key(w, "RepoDigests");
	jw_array(w);
	jw_array_end(w);
}

static void write_layers(struct json_writer *w, const struct image *i)
{
	jw_key(w, "RootFS");
	jw_object(w);
	jw_kstr(w, "Type", "layers");
	jw_key(w, "Layers");
	jw_array(w);
	for (char **d = i->diffids; d && *d; d++)
		jw_str(w, *d);
	jw_array_end(w);
	jw_object_end(w);
}

int inspect_image(struct image_store *s, const char *ref, struct json_writer *w, struct err *e)
{
	_cleanup_image_ struct image *i = NULL;
	struct arena a = {0};
	struct json *config = NULL;

	int rc = image_resolve(s, ref, &i, e);
	if (rc < 0)
		return rc;
	rc = json_parse(&a, i->config_json, strlen(i->config_json), NULL, &config, e);
	if (rc < 0) {
		arena_done(&a);
		return err_wrap(e, rc, "image %s: config", ref);
	}
	jw_object(w);
	jw_kstr(w, "Id", i->id);
	write_names(w, i);
	jw_kstr(w, "Comment", json_get_str(config, "comment", ""));
	jw_kstr(w, "Created", json_get_str(config, "created", ""));
	jw_kstr(w, "Author", json_get_str(config, "author", ""));
	jw_kstr(w, "Architecture", json_get_str(config, "architecture", ""));
	jw_kstr(w, "Os", json_get_str(config, "os", ""));
	jw_kint(w, "Size", (int64_t)i->size);
	jw_key(w, "Config");
	if (json_get(config, "config"))
		jw_value(w, json_get(config, "config"));
	else
		jw_null(w);
	write_layers(w, i);
	jw_object_end(w);
	arena_done(&a);
	return 0;
}
