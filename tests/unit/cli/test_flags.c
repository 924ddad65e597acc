// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"

struct options {
	bool all, tty, number_set;
	char *name;
	char **list;
	int number;
	int64_t size;
	double ratio;
	uint32_t u32;
};

#define OPT(m) offsetof(struct options, m)
static const struct flag flags[] = {
	{"all", 'a', FLAG_BOOL, .offset = OPT(all), .help = ""},
	{"tty", 't', FLAG_BOOL, .offset = OPT(tty), .help = ""},
	{"name", 'n', FLAG_STRING, .offset = OPT(name), .help = ""},
	{"list", 'l', FLAG_LIST, .offset = OPT(list), .help = ""},
	{"number", 0, FLAG_INT, .offset = OPT(number), .set_offset = OPT(number_set), .help = ""},
	{"size", 's', FLAG_SIZE, .offset = OPT(size), .help = ""},
	{"ratio", 0, FLAG_DOUBLE, .offset = OPT(ratio), .help = ""},
	{"u32", 0, FLAG_U32, .offset = OPT(u32), .help = ""},
	{0},
};
static const struct flag *const tables[] = {flags, NULL};
static struct command command = {
	.name = "test", .usage = "X", .flags = tables, .options_size = sizeof(struct options), .max_args = -1};

static struct options got;
static char **args, **argv;
static struct err e;

static void forget(void)
{
	flags_free(&command, &got);
	free(args);
	strv_free(argv);
	args = argv = NULL;
}

// Splits line at blanks and parses it; the result is flags_parse's. What the call before left is freed.
static int parse(const char *line)
{
	forget();
	argv = strv_split(line, ' ');
	memset(&got, 0, sizeof(got));
	err_clear(&e);
	return flags_parse(&command, &got, argv, &args, &e);
}

TEST(flags_spellings)
{
	CHECK_EQ(parse("test --all --name=x --list a --list=b -s 1k one two"), 0);
	CHECK(got.all && !got.tty);
	CHECK_STR(got.name, "x");
	CHECK_EQ(strv_len(got.list), 2);
	CHECK_EQ(got.size, 1024);
	CHECK_STR(args[0], "one");
	CHECK_STR(args[1], "two");
	CHECK(!args[2]);
	CHECK_EQ(parse("test -at -nvalue -n=last"), 0);
	CHECK(got.all && got.tty);
	CHECK_STR(got.name, "last");
	CHECK_EQ(parse("test -atn x"), 0);
	CHECK_STR(got.name, "x");
	CHECK_EQ(parse("test --all=false -t=true"), 0);
	CHECK(!got.all && got.tty);
	CHECK_EQ(parse("test --number -5"), 0);
	CHECK_EQ(got.number, -5);
	CHECK(got.number_set);
	CHECK_EQ(parse("test --name --all"), 0);
	CHECK_STR(got.name, "--all");
	forget();
}

TEST(flags_end)
{
	CHECK_EQ(parse("test one -a -- -t --name"), 0);
	CHECK(got.all && !got.tty);
	CHECK_STR(args[1], "-t");
	CHECK_STR(args[2], "--name");
	CHECK_EQ(parse("test -"), 0);
	CHECK_STR(args[0], "-");
	command.stop_at_first = true;
	CHECK_EQ(parse("test -a image ls -t --nosuch"), 0);
	CHECK(got.all && !got.tty);
	CHECK_STR(args[2], "-t");
	forget();
}

TEST(flags_refused)
{
	static const struct {
		const char *line, *error;
	} bad[] = {
		{"test --nam x", "unknown flag: --nam (did you mean --name?"},
		{"test --zzzzzz", "unknown flag: --zzzzzz (see"},
		{"test -x", "unknown flag: -x (see"},
		{"test -ax", "unknown flag: -x in -ax"},
		{"test --publish 80", "--publish is not there yet"},
		{"test --name", "flag needs a value: --name"},
		{"test -n", "flag needs a value: -n (--name)"},
		{"test --number x", "invalid value \"x\" for --number"},
		{"test --number 99999999999", "invalid value"},
		{"test --u32 -1", "invalid value"},
		{"test --u32 4294967296", "invalid value"},
		{"test --size 12q", "invalid value \"12q\" for --size"},
		{"test --ratio nan", "invalid value"},
		{"test --ratio 1x", "invalid value"},
		{"test --all=maybe", "wants true or false"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(parse(bad[i].line) < 0);
		CHECK_CONTAINS(e.text, bad[i].error);
		CHECK(e.class == ERR_INVALID || e.class == ERR_UNSUPPORTED);
	}
	forget();
}

TEST(flags_help_and_counts)
{
	CHECK_EQ(parse("test --help"), 1);
	CHECK_EQ(parse("test -h"), 1);
	command.min_args = 1;
	command.max_args = 2;
	CHECK(parse("test") < 0);
	CHECK_CONTAINS(e.text, "needs at least 1 argument");
	CHECK(parse("test a b c") < 0);
	CHECK_CONTAINS(e.text, "takes at most 2 arguments");
	forget();
}
