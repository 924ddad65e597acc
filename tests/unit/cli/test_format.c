// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/json.h"
#include "base/str.h"
#include "cli/format.h"

static const char sample[] = "{\"Name\":\"web\",\"N\":3,\"On\":true,\"Off\":false,\"State\":{\"Status\":\"running\"},"
			     "\"List\":[\"a\",\"b\",\"c\"],\"Empty\":[],\"Labels\":{\"k1\":\"v1\",\"k2\":\"v2\"},"
			     "\"Mounts\":[{\"S\":\"/x\"},{\"S\":\"/y\"}],\"Nil\":null}";

// The output of a template over the sample, or the error behind "error: ".
static const char *render(const char *text)
{
	static char result[4096];
	struct arena a = {0};
	struct json *j = NULL;
	struct err e = {0};
	_cleanup_format_ struct format *f = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(sizeof(result) - 1);

	CHECK_OK(json_parse(&a, sample, strlen(sample), NULL, &j, &e), e);
	if (format_compile(text, &f, &e) < 0 || format_render(f, j, &out, &e) < 0)
		snprintf(result, sizeof(result), "error: %s", e.text);
	else
		snprintf(result, sizeof(result), "%s", out.data);
	arena_done(&a);
	return result;
}

TEST(format_fields)
{
	CHECK_STR(render("{{.Name}}"), "web");
	CHECK_STR(render("<{{ .State.Status }}>"), "<running>");
	CHECK_STR(render("{{.N}} {{.On}} {{.List}}"), "3 true [a b c]");
	CHECK_STR(render("{{.Missing}}"), "<no value>");
	CHECK_STR(render("{{.Missing.Deeper}}"), "<no value>");
	CHECK_STR(render("{{.Labels}}"), "map[k1:v1 k2:v2]");
	CHECK_STR(render("plain"), "plain");
	CHECK_STR(render("a\\tb\\nc"), "a\tb\nc");
}

TEST(format_functions)
{
	CHECK_STR(render("{{json .State}}"), "{\"Status\":\"running\"}");
	CHECK_STR(render("{{json .Missing}}"), "null");
	CHECK_STR(render("{{len .List}} {{len .Labels}} {{len .Name}} {{len .Missing}}"), "3 2 3 0");
	CHECK_STR(render("{{index .List 1}}{{index .Labels \"k2\"}}"), "bv2");
	CHECK_STR(render("{{index .Labels \"none\"}}"), "");
	CHECK_STR(render("{{upper .Name}}{{lower \"ABC\"}}"), "WEBabc");
	CHECK_STR(render("{{join .List \",\"}}"), "a,b,c");
	CHECK_STR(render("{{truncate .State.Status 3}}"), "run");
	CHECK_STR(render("{{println .Name}}"), "web\n");
	CHECK_STR(render("{{println}}"), "\n");
	CHECK_STR(render("{{eq .Name \"web\"}}{{ne .Name \"web\"}}{{not .Off}}"), "truefalsetrue");
}

TEST(format_blocks)
{
	CHECK_STR(render("{{range .Mounts}}{{.S}};{{end}}"), "/x;/y;");
	CHECK_STR(render("{{range .Empty}}x{{else}}none{{end}}"), "none");
	CHECK_STR(render("{{range $k, $v := .Labels}}{{$k}}={{$v}} {{end}}"), "k1=v1 k2=v2 ");
	CHECK_STR(render("{{range $i, $v := .List}}{{$i}}{{$v}}{{end}}"), "0a1b2c");
	CHECK_STR(render("{{if .On}}yes{{else}}no{{end}}{{if .Off}}yes{{else}}no{{end}}{{if .Nil}}x{{end}}"), "yesno");
	CHECK_STR(render("{{with .State}}{{.Status}}{{end}}"), "running");
	CHECK_STR(render("{{range .Mounts}}{{if eq .S \"/y\"}}{{$.Name}}{{end}}{{end}}"), "web");
}

TEST(format_errors)
{
	CHECK_CONTAINS(render("{{.Name"), "without }}");
	CHECK_CONTAINS(render("{{}}"), "empty action");
	CHECK_CONTAINS(render("{{nosuch .Name}}"), "\"nosuch\" not defined");
	CHECK_CONTAINS(render("{{json}}"), "wrong number");
	CHECK_CONTAINS(render("{{end}}"), "unexpected {{end}}");
	CHECK_CONTAINS(render("{{if .On}}"), "{{end}} is missing");
	CHECK_CONTAINS(render("{{index .List 9}}"), "out of range");
	CHECK_CONTAINS(render("{{index .Name 0}}"), "cannot index");
	CHECK_CONTAINS(render("{{.Name | upper}}"), "not supported");
	CHECK_CONTAINS(render("{{\"open}}"), "unterminated");
}

static const char *heading(const char *field)
{
	return str_eq(field, "Name") ? "THE NAME" : NULL;
}

TEST(format_table_heading)
{
	struct err e = {0};
	_cleanup_format_ struct format *f = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT(100);

	CHECK_OK(format_compile("table {{.Name}}\\t{{.Status}}", &f, &e), e);
	CHECK(format_is_table(f));
	format_heading(f, heading, &out);
	CHECK_STR(out.data, "THE NAME\tSTATUS");
}
