// SPDX-License-Identifier: Apache-2.0
// Help texts, generated from the tables of commands and flags, and tables of rows.
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"

enum { FLAG_COLUMN = 34, TEXT_WIDTH = 100, CELL_GAP = 3 };

static const char *metavar(const struct flag *f)
{
	static const char *const by_kind[] = {
		[FLAG_BOOL] = "",      [FLAG_STRING] = "STRING", [FLAG_LIST] = "STRING", [FLAG_INT] = "N",
		[FLAG_I64] = "N",      [FLAG_U64] = "N",         [FLAG_U32] = "N",       [FLAG_SIZE] = "SIZE",
		[FLAG_DOUBLE] = "NUM", [FLAG_CALL] = "STRING",
	};

	if (f->no_value)
		return "";
	return f->metavar ? f->metavar : by_kind[f->kind];
}

// Prints text from column `at` on, continued lines indented to it.
static void print_wrapped(const char *text, int at)
{
	int col = at;

	while (*text) {
		size_t word = strcspn(text, " ");
		if (col + (int)word > TEXT_WIDTH && col > at) {
			printf("\n%*s", at, "");
			col = at;
		}
		printf("%.*s", (int)word, text);
		col += (int)word;
		text += word;
		if (*text == ' ') {
			text++;
			if (col + 1 + (int)strcspn(text, " ") <= TEXT_WIDTH)
				putchar(' ');
			col++;
		}
	}
	putchar('\n');
}

static void print_flag(const struct flag *f)
{
	char left[128];
	const char *var = metavar(f);
	char letter[] = {'-', f->letter, ',', ' ', 0};

	if (str_fmt(left, sizeof(left), "  %s--%s%s%s", f->letter ? letter : "    ", f->name, *var ? " " : "", var) < 0)
		left[0] = 0;
	if (strlen(left) + 2 > FLAG_COLUMN)
		printf("%s\n%*s", left, FLAG_COLUMN, "");
	else
		printf("%-*s", FLAG_COLUMN, left);
	print_wrapped(f->help, FLAG_COLUMN);
}

static int compare_flags(const void *a, const void *b)
{
	return strcmp((*(const struct flag *const *)a)->name, (*(const struct flag *const *)b)->name);
}

static void print_flags(const struct command *cmd)
{
	_cleanup_free_ const struct flag **v = NULL;
	size_t n = 0;

	for (const struct flag *const *t = cmd->flags; t && *t; t++)
		for (const struct flag *f = *t; f->name; f++)
			if (!f->hidden) {
				v = xreallocarray(v, n + 1, sizeof(*v));
				v[n++] = f;
			}
	if (!n)
		return;
	qsort(v, n, sizeof(*v), compare_flags);
	printf("\nOptions:\n");
	for (size_t i = 0; i < n; i++)
		print_flag(v[i]);
}

void help_command(const struct command *cmd)
{
	bool any = false;

	printf("Usage:  berth %s %s\n\n%s\n", cmd->name, cmd->usage, cmd->summary);
	if (cmd->details)
		printf("\n%s\n", cmd->details);
	for (const struct command_alias *a = cli_aliases; a->name; a++)
		if (a->command == cmd) {
			printf("%sberth %s%s%s", any ? ", " : "\nAlso:  ", a->family ? a->family : "",
			       a->family ? " " : "", a->name);
			any = true;
		}
	if (any)
		putchar('\n');
	print_flags(cmd);
}

void help_family(const char *family)
{
	printf("Usage:  berth %s COMMAND\n\nCommands:\n", family);
	for (const struct command_alias *a = cli_aliases; a->name; a++)
		if (a->family && str_eq(a->family, family))
			printf("  %-12s%s\n", a->name, a->command->summary);
	printf("\nRun 'berth %s COMMAND --help' for the options of a command.\n", family);
}

static bool group_seen(const struct command *const *at)
{
	for (const struct command *const *c = cli_commands; c != at; c++)
		if (str_eq((*c)->group, (*at)->group))
			return true;
	return false;
}

void help_program(void)
{
	printf("Usage:  berth [--root DIR] [--run DIR] [--debug] COMMAND\n\n"
	       "A container engine: starts, looks into and keeps Linux containers, without a daemon.\n");
	for (const struct command *const *g = cli_commands; *g; g++) {
		if (group_seen(g))
			continue;
		printf("\n%s:\n", (*g)->group);
		for (const struct command *const *c = g; *c; c++)
			if (str_eq((*c)->group, (*g)->group))
				printf("  %-12s%s\n", (*c)->name, (*c)->summary);
	}
	printf("\nGlobal options:\n"
	       "  --root DIR      Where images and containers are kept (default /var/lib/berth)\n"
	       "  --run DIR       Where sockets of running containers are kept (default /run/berth)\n"
	       "  -D, --debug     Tell on stderr what is being done\n"
	       "  -v, --version   Print the version\n\n"
	       "Run 'berth COMMAND --help' for a command. First steps:  berth run -it --rm host bash\n");
}

struct table {
	char ***rows;
	size_t n;
};

struct table *table_new(void)
{
	return xnew(struct table);
}

void table_row(struct table *t, char *const *cells)
{
	t->rows = xreallocarray(t->rows, t->n + 1, sizeof(*t->rows));
	t->rows[t->n++] = strv_dup(cells);
}

// Columns that a text takes on a terminal: characters, not bytes.
static size_t columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_print(struct table *t)
{
	size_t width[32] = {0};

	for (size_t r = 0; r < t->n; r++)
		for (size_t c = 0; t->rows[r] && t->rows[r][c] && c < ARRAY_SIZE(width); c++)
			width[c] = MAX(width[c], columns(t->rows[r][c]));
	for (size_t r = 0; r < t->n; r++) {
		char **row = t->rows[r];
		for (size_t c = 0; row && row[c] && c < ARRAY_SIZE(width); c++) {
			if (row[c + 1])
				printf("%s%*s", row[c], (int)(width[c] - columns(row[c])) + CELL_GAP, "");
			else
				printf("%s", row[c]);
		}
		putchar('\n');
	}
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		strv_free(t->rows[i]);
	free(t->rows);
	free(t);
}

void table_free_p(struct table **t)
{
	table_free(*t);
}
