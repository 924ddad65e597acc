// SPDX-License-Identifier: Apache-2.0
// A small evaluator for Docker's --format templates. The text is the caller's own; the values may come from images, so
// output is bounded, and depth is.
//
// A template is compiled to a flat list of nodes: text, output of an expression, range, if, else, end. Blocks know the
// index of their else and end, so that rendering is a walk without a tree.
#include "cli/format.h"

#include "base/str.h"
#include "cli/cli.h"

#include <ctype.h>

enum { OUTPUT_MAX = 64 << 20, DEPTH_MAX = 32, WORDS_MAX = 16, VARS_MAX = 8 };

enum node_kind { NODE_TEXT, NODE_OUTPUT, NODE_IF, NODE_RANGE, NODE_WITH, NODE_ELSE, NODE_END };

struct node {
	enum node_kind kind;
	char *text;                // NODE_TEXT
	char **words;              // expression: function and operands, or one operand
	char *key_var, *value_var; // range $k, $v :=
	size_t else_at, end_at;    // for blocks; else_at == end_at without else
};

struct format {
	bool table;
	struct node *nodes;
	size_t n;
};

struct scope {
	const struct json *dot, *root;
	struct {
		const char *name;
		const struct json *value;
	} vars[VARS_MAX];
	size_t n_vars;
	struct arena *arena;
};

void format_free(struct format *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->nodes[i].text);
		strv_free(f->nodes[i].words);
		free(f->nodes[i].key_var);
		free(f->nodes[i].value_var);
	}
	free(f->nodes);
	free(f);
}

void format_free_p(struct format **f)
{
	format_free(*f);
}

bool format_is_table(const struct format *f)
{
	return f->table;
}

static struct node *add_node(struct format *f, enum node_kind kind)
{
	f->nodes = xreallocarray(f->nodes, f->n + 1, sizeof(*f->nodes));
	f->nodes[f->n] = (struct node){.kind = kind};
	return &f->nodes[f->n++];
}

// Text outside of {{ }}, with \t and \n as the shell left them.
static void add_text(struct format *f, const char *s, size_t n)
{
	if (!n)
		return;
	char *out = xmalloc(n + 1), *o = out;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 1 < n && (s[i + 1] == 't' || s[i + 1] == 'n')) {
			*o++ = s[++i] == 't' ? '\t' : '\n';
			continue;
		}
		*o++ = s[i];
	}
	*o = 0;
	add_node(f, NODE_TEXT)->text = out;
}

// Splits an action into words; quoted strings keep their opening quote as a mark.
static int split_words(const char *s, size_t n, char ***ret, struct err *e)
{
	for (size_t i = 0; i < n;) {
		if (s[i] == ' ' || s[i] == '\t') {
			i++;
			continue;
		}
		size_t from = i;
		if (s[i] == '"' || s[i] == '`') {
			char quote = s[i++];
			while (i < n && s[i] != quote)
				i++;
			if (i >= n)
				return err_invalid(e, "template: unterminated string in {{%.*s}}", (int)n, s);
			strv_take(ret, xasprintf("\"%.*s", (int)(i - from - 1), s + from + 1));
			i++;
			continue;
		}
		if (strchr("()|", s[i]))
			return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
				       "template: pipelines and parentheses are not supported in {{%.*s}}", (int)n, s);
		while (i < n && !strchr(" \t\"`()|", s[i]))
			i++;
		strv_take(ret, xstrndup(s + from, i - from));
		if (strv_len(*ret) > WORDS_MAX)
			return err_invalid(e, "template: too many words in {{%.*s}}", (int)n, s);
	}
	return 0;
}

static const struct {
	const char *name;
	unsigned min, max; // operands
} functions[] = {
	{"json", 1, 1},  {"len", 1, 1},     {"index", 2, 2},    {"upper", 1, 1}, {"lower", 1, 1}, {"join", 2, 2},
	{"print", 1, 8}, {"println", 0, 8}, {"truncate", 2, 2}, {"eq", 2, 2},    {"ne", 2, 2},    {"not", 1, 1},
};

static int check_expression(char **words, struct err *e)
{
	size_t n = strv_len(words);

	if (!n)
		return err_invalid(e, "template: empty action {{}}");
	if (words[0][0] == '.' || words[0][0] == '$' || words[0][0] == '"' || isdigit((unsigned char)words[0][0]))
		return n == 1 ? 0 : err_invalid(e, "template: \"%s\" is no function", words[0]);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (str_eq(words[0], functions[i].name)) {
			if (n - 1 < functions[i].min || n - 1 > functions[i].max)
				return err_invalid(e, "template: wrong number of arguments for %s", words[0]);
			return 0;
		}
	return err_invalid(e,
			   "template: function \"%s\" not defined (json, len, index, upper, lower, join, println, "
			   "truncate, eq, ne, not)",
			   words[0]);
}

static void drop_first(char **words, size_t n)
{
	size_t len = strv_len(words);

	for (size_t i = 0; i < n; i++)
		free(words[i]);
	memmove(words, words + n, (len - n + 1) * sizeof(*words));
}

// "range $k, $v := .X": takes the variables out of the words.
static int range_variables(struct node *node, struct err *e)
{
	char **w = node->words;
	size_t n = strv_len(w);

	if (n < 2 || w[0][0] != '$')
		return 0;
	size_t at = str_eq(w[1], ":=") ? 1 : n > 2 && str_eq(w[2], ":=") ? 2 : 0;
	if (!at)
		return err_invalid(e, "template: range with variables is \"range $k, $v := .Field\"");
	if (at == 2) {
		w[0][strcspn(w[0], ",")] = 0;
		node->key_var = xstrdup(w[0]);
	}
	node->value_var = xstrdup(w[at - 1]);
	drop_first(w, at + 1);
	return 0;
}

static int add_action(struct format *f, const char *s, size_t n, struct err *e)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = {
		{"if", NODE_IF}, {"range", NODE_RANGE}, {"with", NODE_WITH}, {"else", NODE_ELSE}, {"end", NODE_END}};
	_cleanup_strv_ char **words = NULL;
	enum node_kind kind = NODE_OUTPUT;

	int rc = split_words(s, n, &words, e);
	if (rc < 0)
		return rc;
	if (!words)
		return err_invalid(e, "template: empty action {{}}");
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (str_eq(words[0], blocks[i].word))
			kind = blocks[i].kind;
	struct node *node = add_node(f, kind);
	node->words = TAKE_PTR(words);
	if (kind == NODE_OUTPUT)
		return check_expression(node->words, e);
	drop_first(node->words, 1);
	if (kind == NODE_ELSE || kind == NODE_END)
		return node->words[0] ? err_invalid(e, "template: unexpected \"%s\"", node->words[0]) : 0;
	if (kind == NODE_RANGE)
		rc = range_variables(node, e);
	return rc < 0 ? rc : check_expression(node->words, e);
}

// Tells every block where its else and end are.
static int link_blocks(struct format *f, struct err *e)
{
	size_t stack[DEPTH_MAX], depth = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct node *node = &f->nodes[i];
		if (node->kind == NODE_IF || node->kind == NODE_RANGE || node->kind == NODE_WITH) {
			if (depth == DEPTH_MAX)
				return err_invalid(e, "template: nested too deep");
			stack[depth++] = i;
		} else if (node->kind == NODE_ELSE || node->kind == NODE_END) {
			if (!depth)
				return err_invalid(e, "template: unexpected {{%s}}",
						   node->kind == NODE_ELSE ? "else" : "end");
			struct node *block = &f->nodes[stack[depth - 1]];
			if (node->kind == NODE_ELSE) {
				block->else_at = i;
				continue;
			}
			block->end_at = i;
			if (!block->else_at)
				block->else_at = i;
			depth--;
		}
	}
	return depth ? err_invalid(e, "template: {{end}} is missing") : 0;
}

int format_compile(const char *text, struct format **ret, struct err *e)
{
	_cleanup_format_ struct format *f = xnew(struct format);
	const char *rest = str_after(text, "table"), *p = text;

	if (rest && (*rest == ' ' || *rest == '\t' || !*rest)) {
		f->table = true;
		p = rest + strspn(rest, " ");
	}
	while (*p) {
		const char *open = strstr(p, "{{");
		if (!open) {
			add_text(f, p, strlen(p));
			break;
		}
		add_text(f, p, (size_t)(open - p));
		const char *close = strstr(open, "}}");
		if (!close)
			return err_invalid(e, "template: character %zu: {{ without }}", (size_t)(open - text) + 1);
		const char *from = open + 2, *to = close;
		if (*from == '-')
			from++;
		if (to > from && to[-1] == '-')
			to--;
		int rc = add_action(f, from, (size_t)(to - from), e);
		if (rc < 0)
			return rc;
		p = close + 2;
	}
	int rc = link_blocks(f, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(f);
	return 0;
}

static const struct json *walk_fields(const struct json *j, const char *path)
{
	while (*path == '.') {
		size_t n = strcspn(++path, ".");
		if (!n)
			break;
		_cleanup_free_ char *name = xstrndup(path, n);
		j = json_get(j, name);
		path += n;
	}
	return j;
}

static const struct json *operand(struct scope *s, const char *word)
{
	int64_t number;

	if (word[0] == '"')
		return json_new_string(s->arena, word + 1);
	if (word[0] == '.')
		return walk_fields(s->dot, word);
	if (word[0] == '$') {
		size_t n = strcspn(word, ".");
		if (n == 1)
			return walk_fields(s->root, word + n);
		for (size_t i = s->n_vars; i--;)
			if (strlen(s->vars[i].name) == n && !strncmp(s->vars[i].name, word, n))
				return walk_fields(s->vars[i].value, word + n);
		return NULL;
	}
	return str_to_i64(word, &number) < 0 ? NULL : json_new_int(s->arena, number);
}

static bool is_true(const struct json *j)
{
	if (!j)
		return false;
	switch (j->type) {
	case JSON_BOOL: return j->boolean;
	case JSON_INT: return j->i != 0;
	case JSON_STRING: return j->str.len > 0;
	case JSON_ARRAY: return j->arr.n > 0;
	case JSON_OBJECT: return j->obj.n > 0;
	case JSON_NULL: return false;
	default: return true;
	}
}

static void write_json(struct buf *out, const struct json *j)
{
	struct json_writer w = JSON_WRITER(out, 0);

	if (j)
		jw_value(&w, j);
	else
		jw_null(&w);
}

// As Go prints it: strings bare, lists in brackets, maps as map[k:v].
static void write_plain(struct buf *out, const struct json *j)
{
	if (!j || j->type == JSON_NULL) {
		buf_adds(out, "<no value>");
	} else if (j->type == JSON_STRING) {
		buf_add(out, j->str.s, j->str.len);
	} else if (j->type == JSON_ARRAY) {
		buf_addc(out, '[');
		for (size_t i = 0; i < j->arr.n; i++) {
			if (i)
				buf_addc(out, ' ');
			write_plain(out, j->arr.v[i]);
		}
		buf_addc(out, ']');
	} else if (j->type == JSON_OBJECT) {
		buf_adds(out, "map[");
		for (size_t i = 0; i < j->obj.n; i++) {
			buf_addf(out, "%s%s:", i ? " " : "", j->obj.v[i].key);
			write_plain(out, j->obj.v[i].value);
		}
		buf_addc(out, ']');
	} else {
		write_json(out, j);
	}
}

static char *plain_text(const struct json *j)
{
	struct buf b = BUF_INIT(OUTPUT_MAX);

	write_plain(&b, j);
	char *s = buf_take(&b);
	return s ? s : xstrdup("");
}

static const struct json *call_compare(struct scope *s, char **w)
{
	_cleanup_free_ char *a = plain_text(operand(s, w[1])), *b = plain_text(operand(s, w[2]));

	return json_new_bool(s->arena, str_eq(a, b) == str_eq(w[0], "eq"));
}

static const struct json *call_text(struct scope *s, char **w)
{
	_cleanup_free_ char *text = plain_text(operand(s, w[1]));

	if (str_eq(w[0], "truncate")) {
		const struct json *n = operand(s, w[2]);
		if (n && n->type == JSON_INT && n->i >= 0 && (size_t)n->i < strlen(text))
			text[n->i] = 0;
	} else {
		for (char *p = text; *p; p++)
			*p = (char)(str_eq(w[0], "upper") ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
	}
	return json_new_string(s->arena, text);
}

static const struct json *call_join(struct scope *s, char **w)
{
	const struct json *list = operand(s, w[1]);
	_cleanup_free_ char *sep = plain_text(operand(s, w[2]));
	_cleanup_buf_ struct buf b = BUF_INIT(OUTPUT_MAX);

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->arr.n; i++) {
		if (i)
			buf_adds(&b, sep);
		write_plain(&b, list->arr.v[i]);
	}
	return json_new_string(s->arena, b.data);
}

static const struct json *call_print(struct scope *s, char **w)
{
	_cleanup_buf_ struct buf b = BUF_INIT(OUTPUT_MAX);

	for (size_t i = 1; w[i]; i++) {
		if (i > 1)
			buf_addc(&b, ' ');
		write_plain(&b, operand(s, w[i]));
	}
	if (str_eq(w[0], "println"))
		buf_addc(&b, '\n');
	return json_new_string(s->arena, b.data);
}

static int call_index(struct scope *s, char **w, const struct json **ret, struct err *e)
{
	const struct json *in = operand(s, w[1]), *at = operand(s, w[2]);

	*ret = NULL;
	if (in && at && in->type == JSON_OBJECT && at->type == JSON_STRING) {
		*ret = json_get(in, at->str.s);
		if (!*ret)
			*ret = json_new_string(s->arena, "");
		return 0;
	}
	if (in && at && in->type == JSON_ARRAY && at->type == JSON_INT) {
		if (at->i < 0 || (size_t)at->i >= in->arr.n)
			return err_invalid(e, "template: index %lld out of range (%zu elements)", (long long)at->i,
					   in->arr.n);
		*ret = in->arr.v[at->i];
		return 0;
	}
	return err_invalid(e, "template: cannot index %s with %s", in ? json_type_name(in) : "nothing",
			   at ? json_type_name(at) : "nothing");
}

static int evaluate(struct scope *s, char **w, const struct json **ret, struct err *e)
{
	if (!w[1] && str_eq(w[0], "println")) {
		*ret = json_new_string(s->arena, "\n");
	} else if (!w[1]) {
		*ret = operand(s, w[0]);
	} else if (str_eq(w[0], "index")) {
		return call_index(s, w, ret, e);
	} else if (str_eq(w[0], "json")) {
		_cleanup_buf_ struct buf b = BUF_INIT(OUTPUT_MAX);
		write_json(&b, operand(s, w[1]));
		*ret = json_new_string(s->arena, b.data);
	} else if (str_eq(w[0], "len")) {
		const struct json *j = operand(s, w[1]);
		size_t n = !j                       ? 0
			   : j->type == JSON_ARRAY  ? j->arr.n
			   : j->type == JSON_OBJECT ? j->obj.n
			   : j->type == JSON_STRING ? j->str.len
						    : 0;
		*ret = json_new_int(s->arena, (int64_t)n);
	} else if (str_eq(w[0], "not")) {
		*ret = json_new_bool(s->arena, !is_true(operand(s, w[1])));
	} else if (str_eq(w[0], "eq") || str_eq(w[0], "ne")) {
		*ret = call_compare(s, w);
	} else if (str_eq(w[0], "join")) {
		*ret = call_join(s, w);
	} else if (str_starts(w[0], "print")) {
		*ret = call_print(s, w);
	} else {
		*ret = call_text(s, w);
	}
	return 0;
}

static int render(const struct format *f, size_t from, size_t to, struct scope *s, struct buf *out, struct err *e);

static void set_var(struct scope *s, const char *name, const struct json *value)
{
	if (!name || s->n_vars == VARS_MAX)
		return;
	s->vars[s->n_vars].name = name;
	s->vars[s->n_vars++].value = value;
}

static int render_range(const struct format *f, size_t at, const struct json *list, struct scope *s, struct buf *out,
			struct err *e)
{
	const struct node *node = &f->nodes[at];
	bool object = list && list->type == JSON_OBJECT;
	size_t n = !list ? 0 : object ? list->obj.n : list->type == JSON_ARRAY ? list->arr.n : 0;

	for (size_t i = 0; i < n; i++) {
		struct scope inner = *s;
		inner.dot = object ? list->obj.v[i].value : list->arr.v[i];
		set_var(&inner, node->key_var,
			object ? json_new_string(s->arena, list->obj.v[i].key) : json_new_int(s->arena, (int64_t)i));
		set_var(&inner, node->value_var, inner.dot);
		int rc = render(f, at + 1, node->else_at, &inner, out, e);
		if (rc < 0)
			return rc;
	}
	return n ? 0 : render(f, node->else_at + 1, node->end_at, s, out, e);
}

static int render_block(const struct format *f, size_t at, struct scope *s, struct buf *out, struct err *e)
{
	const struct node *node = &f->nodes[at];
	const struct json *value = NULL;
	struct scope inner = *s;

	int rc = evaluate(s, node->words, &value, e);
	if (rc < 0)
		return rc;
	if (node->kind == NODE_RANGE)
		return render_range(f, at, value, s, out, e);
	if (!is_true(value))
		return node->else_at < node->end_at ? render(f, node->else_at + 1, node->end_at, s, out, e) : 0;
	if (node->kind == NODE_WITH)
		inner.dot = value;
	return render(f, at + 1, node->else_at, &inner, out, e);
}

static int render(const struct format *f, size_t from, size_t to, struct scope *s, struct buf *out, struct err *e)
{
	for (size_t i = from; i < to; i++) {
		const struct node *node = &f->nodes[i];
		const struct json *value = NULL;
		int rc = 0;

		switch (node->kind) {
		case NODE_TEXT: buf_adds(out, node->text); break;
		case NODE_OUTPUT:
			rc = evaluate(s, node->words, &value, e);
			if (!rc)
				write_plain(out, value);
			break;
		case NODE_IF:
		case NODE_RANGE:
		case NODE_WITH:
			rc = render_block(f, i, s, out, e);
			i = node->end_at;
			break;
		case NODE_ELSE:
		case NODE_END: break;
		}
		if (rc < 0)
			return rc;
	}
	return out->failed ? err_set(e, ERR_EXHAUSTED, EMSGSIZE, "template: the output is too large") : 0;
}

int format_render(const struct format *f, const struct json *value, struct buf *out, struct err *e)
{
	struct arena arena = {0};
	struct scope s = {.dot = value, .root = value, .arena = &arena};

	int rc = render(f, 0, f->n, &s, out, e);
	arena_done(&arena);
	return rc;
}

void format_heading(const struct format *f, const char *(*title)(const char *field), struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct node *node = &f->nodes[i];
		if (node->kind == NODE_TEXT)
			buf_adds(out, node->text);
		if (node->kind != NODE_OUTPUT)
			continue;
		char *const *w = node->words;
		const char *field = w[1] ? w[1] : w[0];
		field += *field == '.';
		const char *known = title ? title(field) : NULL;
		for (const char *p = known ? known : field; *p; p++)
			buf_addc(out, (char)toupper((unsigned char)*p));
	}
}

static void add_table_line(struct table *t, const char *line)
{
	_cleanup_strv_ char **cells = strv_split(line, '\t');

	if (cells)
		table_row(t, cells);
}

static int print_all(const struct format *f, const struct json *array, struct table *t, struct err *e)
{
	for (size_t i = 0; i < array->arr.n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT(OUTPUT_MAX);
		int rc = format_render(f, array->arr.v[i], &b, e);
		if (rc < 0)
			return rc;
		if (t) {
			add_table_line(t, b.data);
			continue;
		}
		fwrite(b.data, 1, b.len, stdout);
		putchar('\n');
	}
	return 0;
}

int format_print(const char *text, const struct json *array, const char *(*title)(const char *field), struct err *e)
{
	_cleanup_format_ struct format *f = NULL;
	_cleanup_(table_free_p) struct table *t = NULL;

	int rc = format_compile(str_eq(text, "json") ? "{{json .}}" : text, &f, e);
	if (rc < 0 || !f)
		return rc;
	if (f->table) {
		_cleanup_buf_ struct buf heading = BUF_INIT(4096);
		t = table_new();
		format_heading(f, title, &heading);
		add_table_line(t, heading.data);
	}
	rc = print_all(f, array, t, e);
	if (!rc && t)
		table_print(t);
	return rc;
}
