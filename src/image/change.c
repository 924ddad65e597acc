// SPDX-License-Identifier: Apache-2.0
// Dockerfile instructions that change an image's config, as `import --change` takes them. Lists are written as JSON
// arrays
// ("exec form") or as words; words may be quoted and escaped as Dockerfiles allow. Source: Dockerfile reference,
// docker.com.
#include "base/mem.h"
#include "base/signame.h"
#include "base/str.h"
#include "image/store.h"

#include <ctype.h>
#include <strings.h>

enum { INSTRUCTION_MAX = 64 << 10, WORDS_MAX = 4096 };

struct change {
	struct arena *a;
	struct oci_image_run *run;
	const char *instruction; // its name, for messages
	char *text;              // what follows it, without blanks around
	struct oci_strings words;
};

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

// Quotes are removed and backslashes take the next character, inside single quotes nothing is special.
static int next_word(struct change *c, const char **at, struct err *e)
{
	const char *s = *at;
	char *word = arena_alloc(c->a, strlen(s) + 1), quote = 0;
	size_t n = 0;

	for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
		if (*s == '\\' && quote != '\'' && s[1])
			word[n++] = *++s;
		else if (quote ? *s == quote : *s == '"' || *s == '\'')
			quote = quote ? 0 : *s;
		else
			word[n++] = *s;
	}
	if (quote)
		return err_invalid(e, "%s: a quote is not closed: %s", c->instruction, c->text);
	if (c->words.n >= WORDS_MAX)
		return err_invalid(e, "%s: too many words", c->instruction);
	oci_strings_add(c->a, &c->words, word);
	*at = skip_blanks(s);
	return 0;
}

static int split_words(struct change *c, struct err *e)
{
	for (const char *s = c->text; *s;) {
		int rc = next_word(c, &s, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

// 1: a JSON array of strings, now in words. What only begins like one is words, as in Docker.
static int parse_array(struct change *c)
{
	struct json *j = NULL;

	if (c->text[0] != '[' || json_parse(c->a, c->text, strlen(c->text), NULL, &j, NULL) < 0)
		return 0;
	for (size_t i = 0; i < j->arr.n; i++)
		if (j->arr.v[i]->type != JSON_STRING)
			return 0;
	for (size_t i = 0; i < j->arr.n; i++)
		oci_strings_add(c->a, &c->words, j->arr.v[i]->str.s);
	return 1;
}

static int need_words(const struct change *c, struct err *e)
{
	return c->words.n ? 0 : err_invalid(e, "%s needs a value", c->instruction);
}

static void take_command(struct change *c)
{
	if (parse_array(c))
		return;
	static const char *const shell[] = {"/bin/sh", "-c"};
	if (c->run->shell.n)
		c->words = c->run->shell;
	else
		for (size_t i = 0; i < ARRAY_SIZE(shell); i++)
			oci_strings_add(c->a, &c->words, shell[i]);
	oci_strings_add(c->a, &c->words, c->text);
}

static int do_cmd(struct change *c, struct err *e)
{
	take_command(c);
	c->run->cmd = c->words;
	return 0;
}

static int do_entrypoint(struct change *c, struct err *e)
{
	take_command(c);
	c->run->entrypoint = c->words;
	return 0;
}

// "K=v L=w", or the old "K v w" for one.
static int pairs(struct change *c, struct err *e)
{
	const char *blank = strpbrk(c->text, " \t"), *equals = strchr(c->text, '=');

	if (!equals || (blank && blank < equals)) {
		if (!blank)
			return err_invalid(e, "%s: \"%s\" is not NAME=VALUE", c->instruction, c->text);
		oci_strings_add(c->a, &c->words,
				arena_printf(c->a, "%.*s=%s", (int)(blank - c->text), c->text, skip_blanks(blank)));
		return 0;
	}
	int rc = split_words(c, e);
	for (size_t i = 0; rc >= 0 && i < c->words.n; i++)
		if (!strchr(c->words.v[i], '=') || c->words.v[i][0] == '=')
			rc = err_invalid(e, "%s: \"%s\" is not NAME=VALUE", c->instruction, c->words.v[i]);
	return rc;
}

static void set_env(struct arena *a, struct oci_strings *env, char *assignment)
{
	size_t n = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], assignment, n)) {
			env->v[i] = assignment;
			return;
		}
	oci_strings_add(a, env, assignment);
}

static int do_env(struct change *c, struct err *e)
{
	int rc = pairs(c, e);

	for (size_t i = 0; rc >= 0 && i < c->words.n; i++)
		set_env(c->a, &c->run->env, c->words.v[i]);
	return rc;
}

static int do_label(struct change *c, struct err *e)
{
	int rc = pairs(c, e);

	for (size_t i = 0; rc >= 0 && i < c->words.n; i++) {
		char *equals = strchr(c->words.v[i], '=');
		*equals = 0;
		oci_pairs_set(c->a, &c->run->labels, c->words.v[i], equals + 1);
	}
	return rc;
}

static void add_once(struct arena *a, struct oci_strings *s, const char *v)
{
	if (!oci_strings_has(s, v))
		oci_strings_add(a, s, v);
}

static int expose_one(struct change *c, char *text, struct err *e)
{
	char *protocol = strchr(text, '/'), *dash = NULL;
	uint32_t first = 0, last = 0;

	if (protocol)
		*protocol++ = 0;
	else
		protocol = arena_strdup(c->a, "tcp");
	for (char *p = protocol; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if ((dash = strchr(text, '-')))
		*dash++ = 0;
	if (str_to_u32(text, &first) || str_to_u32(dash ? dash : text, &last) || !first || last > 65535 ||
	    first > last || (!str_eq(protocol, "tcp") && !str_eq(protocol, "udp") && !str_eq(protocol, "sctp")))
		return err_invalid(e, "EXPOSE: \"%s/%s\" is not PORT[-PORT][/tcp|udp|sctp]", text, protocol);
	for (uint32_t p = first; p <= last; p++)
		add_once(c->a, &c->run->exposed_ports, arena_printf(c->a, "%u/%s", p, protocol));
	return 0;
}

static int do_expose(struct change *c, struct err *e)
{
	int rc = split_words(c, e);

	if (rc >= 0)
		rc = need_words(c, e);
	for (size_t i = 0; rc >= 0 && i < c->words.n; i++)
		rc = expose_one(c, c->words.v[i], e);
	return rc;
}

static int do_volume(struct change *c, struct err *e)
{
	int rc = parse_array(c) ? 0 : split_words(c, e);

	if (rc >= 0)
		rc = need_words(c, e);
	for (size_t i = 0; rc >= 0 && i < c->words.n; i++) {
		if (c->words.v[i][0] != '/')
			return err_invalid(e, "VOLUME: \"%s\" is not an absolute path", c->words.v[i]);
		add_once(c->a, &c->run->volumes, c->words.v[i]);
	}
	return rc;
}

static int one_word(struct change *c, char **ret, struct err *e)
{
	int rc = split_words(c, e);

	if (rc >= 0 && c->words.n != 1)
		return err_invalid(e, "%s needs exactly one value, not \"%s\"", c->instruction, c->text);
	if (rc >= 0)
		*ret = c->words.v[0];
	return rc;
}

static int do_user(struct change *c, struct err *e)
{
	return one_word(c, &c->run->user, e);
}

static int do_workdir(struct change *c, struct err *e)
{
	char *dir = NULL;
	int rc = one_word(c, &dir, e);

	if (rc < 0)
		return rc;
	if (*dir != '/') // relative to the one before
		dir = arena_printf(c->a, "%s/%s", c->run->working_dir ? c->run->working_dir : "", dir);
	c->run->working_dir = dir;
	return 0;
}

static int do_stopsignal(struct change *c, struct err *e)
{
	char *name = NULL;
	int rc = one_word(c, &name, e);

	if (rc < 0)
		return rc;
	if (signal_from_name(name) < 0)
		return err_invalid(e, "STOPSIGNAL: \"%s\" is not a signal", name);
	c->run->stop_signal = name;
	return 0;
}

static int do_onbuild(struct change *c, struct err *e)
{
	oci_strings_add(c->a, &c->run->on_build, c->text);
	return 0;
}

static const struct {
	const char *name;
	int (*apply)(struct change *c, struct err *e);
} instructions[] = {
	{"CMD", do_cmd},
	{"ENTRYPOINT", do_entrypoint},
	{"ENV", do_env},
	{"EXPOSE", do_expose},
	{"LABEL", do_label},
	{"ONBUILD", do_onbuild},
	{"STOPSIGNAL", do_stopsignal},
	{"USER", do_user},
	{"VOLUME", do_volume},
	{"WORKDIR", do_workdir},
};

int image_change(struct arena *a, struct oci_image_run *run, const char *instruction, struct err *e)
{
	const char *s = skip_blanks(instruction);
	size_t n = strcspn(s, " \t");

	if (strlen(s) > INSTRUCTION_MAX || strpbrk(s, "\n\r"))
		return err_invalid(e, "--change: one instruction of at most %d bytes on one line, please",
				   INSTRUCTION_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strlen(instructions[i].name) != n || strncasecmp(instructions[i].name, s, n))
			continue;
		struct change c = {.a = a,
				   .run = run,
				   .instruction = instructions[i].name,
				   .text = arena_strdup(a, skip_blanks(s + n))};
		for (size_t k = strlen(c.text); k && isspace((unsigned char)c.text[k - 1]); k--)
			c.text[k - 1] = 0;
		if (!*c.text)
			return err_invalid(e, "%s needs a value", c.instruction);
		return instructions[i].apply(&c, e);
	}
	return err_invalid(
		e,
		"--change: \"%.*s\" is not an instruction that can be applied here (CMD, ENTRYPOINT, ENV, EXPOSE, "
		"LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR)",
		(int)MIN(n, 64), s);
}
