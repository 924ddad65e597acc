// SPDX-License-Identifier: Apache-2.0
// Parsing of flags from their tables, with the spellings that Docker's command line takes: --name value,
// --name=value, -n value, -nvalue, -n=value, -itd for several booleans, --flag=false, and -- as the end.
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>

static const struct flag *find_long(const struct command *cmd, const char *name, size_t len)
{
	for (const struct flag *const *t = cmd->flags; t && *t; t++)
		for (const struct flag *f = *t; f->name; f++)
			if (strlen(f->name) == len && !strncmp(f->name, name, len))
				return f;
	return NULL;
}

static const struct flag *find_letter(const struct command *cmd, char letter)
{
	for (const struct flag *const *t = cmd->flags; t && *t; t++)
		for (const struct flag *f = *t; f->name; f++)
			if (f->letter == letter)
				return f;
	return NULL;
}

const char *flags_suggest(const struct command *cmd, const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) > 4 ? 3 : 2;

	for (const struct flag *const *t = cmd->flags; t && *t; t++)
		for (const struct flag *f = *t; f->name; f++) {
			size_t d = str_distance(name, f->name, best_distance);
			if (d < best_distance) {
				best = f->name;
				best_distance = d;
			}
		}
	return best;
}

static bool takes_value(const struct flag *f)
{
	return f->kind != FLAG_BOOL && !f->no_value;
}

static int bad_value(const struct flag *f, const char *value, const char *wants, struct err *e)
{
	return err_invalid(e, "invalid value \"%s\" for --%s: %s", value, f->name, wants);
}

static int parse_double(const char *value, double *ret)
{
	char *end;

	errno = 0;
	double d = strtod(value, &end);
	if (errno || end == value || *end || !isfinite(d))
		return -EINVAL;
	*ret = d;
	return 0;
}

static int set_number(const struct flag *f, void *target, const char *value, struct err *e)
{
	if (!value)
		return err_invalid(e, "flag needs a value: --%s", f->name);
	switch (f->kind) {
	case FLAG_INT: return str_to_int(value, target) < 0 ? bad_value(f, value, "wants a whole number", e) : 0;
	case FLAG_I64: return str_to_i64(value, target) < 0 ? bad_value(f, value, "wants a whole number", e) : 0;
	case FLAG_U64:
		return str_to_u64(value, target) < 0 ? bad_value(f, value, "wants a whole number of at least 0", e) : 0;
	case FLAG_U32:
		return str_to_u32(value, target) < 0
			       ? bad_value(f, value, "wants a whole number from 0 to 4294967295", e)
			       : 0;
	case FLAG_SIZE:
		if (str_eq(value, "-1")) {
			*(int64_t *)target = -1;
			return 0;
		}
		return str_to_size(value, target) < 0 ? bad_value(f, value, "wants a size such as 512m or 1.5g", e) : 0;
	case FLAG_DOUBLE:
		return parse_double(value, target) < 0 ? bad_value(f, value, "wants a number such as 0.5", e) : 0;
	default: return err_set(e, ERR_INTERNAL, EINVAL, "flag --%s has no parser", f->name);
	}
}

static int set_flag(const struct flag *f, void *options, const char *value, struct err *e)
{
	void *target = (char *)options + f->offset;
	int rc = 0;

	switch (f->kind) {
	case FLAG_BOOL:
		if (!value)
			*(bool *)target = true;
		else if (str_to_bool(value, target) < 0)
			return bad_value(f, value, "wants true or false", e);
		break;
	case FLAG_STRING:
		free(*(char **)target);
		*(char **)target = xstrdup(value);
		break;
	case FLAG_LIST: strv_push(target, value); break;
	case FLAG_CALL:
		rc = f->parse(options, value, e);
		if (rc < 0)
			return err_wrap(e, rc, "--%s", f->name);
		break;
	default:
		rc = set_number(f, target, value, e);
		if (rc < 0)
			return rc;
	}
	if (f->set_offset)
		*(bool *)((char *)options + f->set_offset) = true;
	return 0;
}

// Flags that people know from Docker and that Berth does not have yet: told as such, not guessed at.
static bool is_dockers(const char *shown)
{
	static const char *const flags[] = {
		"-p",
		"--publish",
		"-P",
		"--publish-all",
		"--expose",
		"--restart",
		"--link",
		"--ip",
		"--ip6",
		"--mac-address",
		"--network-alias",
		"--volumes-from",
		"--gpus",
		"--health-cmd",
		"--health-timeout",
		"--health-retries",
		"--health-interval",
		"--storage-opt",
		"--cpu-count",
		"--device-read-bps",
		"--device-write-bps",
		"--blkio-weight-device",
		"--isolation",
		"--runtime",
		"--kernel-memory",
		"--platform",
		"--volume-driver",
		"--device-cgroup-rule",
		NULL,
	};

	return str_in(shown, flags);
}

static int unknown_flag(const struct command *cmd, const char *shown, const char *name, struct err *e)
{
	const char *near = name ? flags_suggest(cmd, name) : NULL;

	if (is_dockers(shown))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "%s is not there yet (see 'berth %s --help' for what is)",
			       shown, cmd->name);
	if (near)
		return err_invalid(e, "unknown flag: %s (did you mean --%s? see 'berth %s --help')", shown, near,
				   cmd->name);
	return err_invalid(e, "unknown flag: %s (see 'berth %s --help')", shown, cmd->name);
}

// One argument that begins with "--". *argv is advanced over a value taken from the next argument.
static int parse_long(const struct command *cmd, void *options, char ***argv, struct err *e)
{
	const char *arg = **argv + 2, *eq = strchr(arg, '=');
	size_t len = eq ? (size_t)(eq - arg) : strlen(arg);
	const struct flag *f = find_long(cmd, arg, len);

	if (!f) {
		_cleanup_free_ char *name = xstrndup(arg, len);
		_cleanup_free_ char *shown = xasprintf("--%s", name);
		if (str_eq(name, "help"))
			return 1;
		return unknown_flag(cmd, shown, name, e);
	}
	if (eq && f->no_value)
		return err_invalid(e, "flag --%s takes no value", f->name);
	if (eq || !takes_value(f))
		return set_flag(f, options, eq ? eq + 1 : NULL, e);
	if (!(*argv)[1])
		return err_invalid(e, "flag needs a value: --%s", f->name);
	(*argv)++;
	return set_flag(f, options, **argv, e);
}

// One argument of letters: "-it", "-eA=b", "-e A=b", "-m=64m".
static int parse_letters(const struct command *cmd, void *options, char ***argv, struct err *e)
{
	for (const char *p = **argv + 1; *p; p++) {
		const struct flag *f = find_letter(cmd, *p);
		int rc;

		if (!f && *p == 'h')
			return 1;
		if (!f) {
			bool alone = !(**argv)[2];
			_cleanup_free_ char *shown = alone ? xstrdup(**argv) : xasprintf("-%c in %s", *p, **argv);
			return unknown_flag(cmd, shown, alone ? NULL : **argv + 1, e);
		}
		if (!takes_value(f)) {
			rc = p[1] == '=' ? set_flag(f, options, p + 2, e) : set_flag(f, options, NULL, e);
			if (rc < 0 || p[1] == '=')
				return rc;
			continue;
		}
		if (p[1])
			return set_flag(f, options, p + 1 + (p[1] == '='), e);
		if (!(*argv)[1])
			return err_invalid(e, "flag needs a value: -%c (--%s)", *p, f->name);
		(*argv)++;
		return set_flag(f, options, **argv, e);
	}
	return 0;
}

static int check_count(const struct command *cmd, size_t n, struct err *e)
{
	if (n < (size_t)cmd->min_args)
		return err_invalid(e, "'berth %s' needs %s%d argument%s (usage: berth %s %s)", cmd->name,
				   cmd->max_args == cmd->min_args ? "" : "at least ", cmd->min_args,
				   cmd->min_args == 1 ? "" : "s", cmd->name, cmd->usage);
	if (cmd->max_args >= 0 && n > (size_t)cmd->max_args)
		return err_invalid(e, "'berth %s' takes %s%d argument%s (usage: berth %s %s)", cmd->name,
				   cmd->max_args == cmd->min_args ? "" : "at most ", cmd->max_args,
				   cmd->max_args == 1 ? "" : "s", cmd->name, cmd->usage);
	return 0;
}

int flags_parse(const struct command *cmd, void *options, char **argv, char ***ret_args, struct err *e)
{
	_cleanup_free_ char **args = xnew_n(char *, strv_len(argv) + 1);
	size_t n = 0;
	bool ended = false;

	for (argv++; *argv; argv++) {
		char *a = *argv;
		int rc = 0;

		if (ended || a[0] != '-' || !a[1]) {
			args[n++] = a;
			if (cmd->stop_at_first)
				ended = true;
			continue;
		}
		if (str_eq(a, "--"))
			ended = true;
		else if (a[1] == '-')
			rc = parse_long(cmd, options, &argv, e);
		else
			rc = parse_letters(cmd, options, &argv, e);
		if (rc)
			return rc;
	}
	int rc = check_count(cmd, n, e);
	if (rc < 0)
		return rc;
	*ret_args = TAKE_PTR(args);
	return 0;
}

void flags_free(const struct command *cmd, void *options)
{
	if (cmd->done) {
		cmd->done(options);
		return;
	}
	for (const struct flag *const *t = cmd->flags; t && *t; t++)
		for (const struct flag *f = *t; f->name; f++) {
			void *target = (char *)options + f->offset;
			if (f->kind == FLAG_STRING) {
				free(*(char **)target);
				*(char **)target = NULL; // synonyms share a target
			} else if (f->kind == FLAG_LIST) {
				strv_free(*(char ***)target);
				*(char ***)target = NULL;
			}
		}
}
