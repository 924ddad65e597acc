// SPDX-License-Identifier: Apache-2.0
// The JSON reader and writer: what is accepted, what is refused and with which words, and that both agree.
#include "test.h"

#include "base/json.h"
#include "base/mem.h"

#include <math.h>

static struct arena arena;
static struct err error;

static int parse_n(const char *text, size_t len, struct json **ret)
{
	err_clear(&error);
	return json_parse(&arena, text, len, NULL, ret, &error);
}

static const struct json *good(const char *text)
{
	struct json *j = NULL;

	CHECK_OK(parse_n(text, strlen(text), &j), error);
	CHECK(j);
	return j;
}

static const char *bad_n(const char *text, size_t len)
{
	struct json *j = (struct json *)&arena;

	CHECK_EQ(parse_n(text, len, &j), -EINVAL);
	CHECK(j == (struct json *)&arena);
	CHECK_EQ(error.class, ERR_INVALID);
	return error.text;
}

static const char *bad(const char *text)
{
	return bad_n(text, strlen(text));
}

static char *written(const struct json *j, unsigned indent)
{
	struct buf b = BUF_INIT(1 << 20);
	struct json_writer w = JSON_WRITER(&b, indent);

	jw_value(&w, j);
	CHECK_EQ(b.failed, 0);
	return buf_take(&b);
}

TEST(json_reads_every_type)
{
	const struct json *j = good(" {\"a\":null,\"b\":true,\"c\":false,\"d\":-5,\"e\":18446744073709551615,"
				    "\"f\":1.5,\"g\":\"x\",\"h\":[1,[],{}],\"i\":{}}\r\n\t");

	CHECK_EQ(j->type, JSON_OBJECT);
	CHECK_EQ(j->obj.n, 9);
	CHECK_EQ(json_get(j, "a")->type, JSON_NULL);
	CHECK(json_get_bool(j, "b", false));
	CHECK(!json_get_bool(j, "c", true));
	CHECK_EQ(json_get_int(j, "d", 0), -5);
	CHECK_EQ(json_get(j, "e")->type, JSON_UINT);
	CHECK(json_get(j, "e")->u == UINT64_MAX);
	CHECK(json_get(j, "f")->d == 1.5);
	CHECK_STR(json_get_str(j, "g", ""), "x");
	CHECK_EQ(json_get(j, "h")->arr.n, 3);
	CHECK_EQ(json_get(j, "h")->arr.v[2]->type, JSON_OBJECT);
	CHECK(!json_get(j, "missing"));
	CHECK(!json_get(json_get(j, "g"), "x"));
	CHECK(!json_get(NULL, "x"));
	CHECK_STR(json_get_str(j, "d", "otherwise"), "otherwise");
	CHECK_EQ(json_get_int(j, "g", 7), 7);
	CHECK_STR(json_type_name(json_get(j, "e")), "integer");
	CHECK_STR(json_type_name(NULL), "nothing");
}

TEST(json_reads_bare_values)
{
	CHECK_EQ(good("0")->i, 0);
	CHECK_EQ(good("-0")->i, 0);
	CHECK_EQ(good("-0")->type, JSON_INT);
	CHECK(signbit(good("-0.0")->d));
	CHECK_EQ(good("9223372036854775807")->type, JSON_INT);
	CHECK_EQ(good("9223372036854775808")->type, JSON_UINT);
	CHECK_EQ(good("-9223372036854775808")->i, INT64_MIN);
	CHECK(good("1e2")->d == 100);
	CHECK_EQ(good("1e2")->type, JSON_DOUBLE);
	CHECK(good("1E-2")->d == 0.01);
	CHECK(good("0.1")->d == 0.1);
	CHECK(good("1e-400")->d == 0);
	CHECK_EQ(good("[]")->arr.n, 0);
	CHECK_EQ(good("{ }")->obj.n, 0);
	CHECK_STR(good("\"\"")->str.s, "");
}

TEST(json_refuses_numbers)
{
	CHECK_STR(bad("18446744073709551616"), "line 1, column 1: integer 18446744073709551616 does not fit 64 bits");
	CHECK_CONTAINS(bad("-9223372036854775809"), "does not fit 64 bits");
	CHECK_STR(bad("{\"a\": 1e400}"), "line 1, column 7: a: a number too large for a double");
	CHECK_STR(bad("[01]"), "line 1, column 2: [0]: a number with a leading zero");
	CHECK_CONTAINS(bad("-01"), "leading zero");
	CHECK_STR(bad("[-]"), "line 1, column 3: [0]: ']' where a digit is expected");
	CHECK_STR(bad("1."), "line 1, column 3: the text ends where a digit is expected");
	CHECK_CONTAINS(bad("1.e5"), "'e' where a digit is expected");
	CHECK_CONTAINS(bad("1e+"), "where a digit is expected");
	CHECK_CONTAINS(bad("+1"), "'+' where a value is expected");
	CHECK_CONTAINS(bad(".5"), "'.' where a value is expected");
	CHECK_CONTAINS(bad("0x10"), "more text behind the value");
	CHECK_CONTAINS(bad("Infinity"), "'I' where a value is expected");
	CHECK_CONTAINS(bad("NaN"), "'N' where a value is expected");

	char digits[700];
	memset(digits, '1', sizeof(digits));
	CHECK_CONTAINS(bad_n(digits, sizeof(digits)), "a number of more than 512 characters");
}

TEST(json_refuses_structure)
{
	CHECK_STR(bad(""), "line 1, column 1: the text ends where a value is expected");
	CHECK_CONTAINS(bad("  \n "), "line 2, column 2: the text ends");
	CHECK_STR(bad("{"), "line 1, column 2: the text ends where a key in quotes is expected");
	CHECK_STR(bad("{\"a\""), "line 1, column 5: a: the text ends where ':' is expected");
	CHECK_STR(bad("{\"a\":1"), "line 1, column 7: the text ends where ',' or '}' is expected");
	CHECK_STR(bad("{\"a\":1,}"), "line 1, column 8: '}' where a key in quotes is expected");
	CHECK_STR(bad("[1,]"), "line 1, column 4: [1]: ']' where a value is expected");
	CHECK_STR(bad("[1 2]"), "line 1, column 4: '2' where ',' or ']' is expected");
	CHECK_STR(bad("{a:1}"), "line 1, column 2: 'a' where a key in quotes is expected");
	CHECK_STR(bad("{\"a\":tru}"), "line 1, column 6: a: 't' where a value is expected");
	CHECK_CONTAINS(bad("nul"), "'n' where a value is expected");
	CHECK_STR(bad("{} {}"), "line 1, column 4: more text behind the value");
	CHECK_CONTAINS(bad("1\001"), "more text");
	CHECK_STR(bad("\xef\xbb\xbf{}"), "line 1, column 1: a byte order mark is not JSON");
	CHECK_CONTAINS(bad("// c\n1"), "'/' where a value is expected");
	CHECK_CONTAINS(bad_n("[1\0]", 4), "byte 0x00 where ',' or ']' is expected");
	CHECK_CONTAINS(bad_n("\0", 1), "byte 0x00 where a value is expected");
	CHECK_CONTAINS(bad_n("1\0", 2), "more text behind the value");
	CHECK_CONTAINS(bad("\xc3\xa4"), "byte 0xc3 where a value is expected");
}

TEST(json_tells_the_place)
{
	CHECK_STR(bad("{\n \"linux\": {\"resources\": {\n  \"pids\": {\"limit\": 1, \"x\": 2, \"limit\": 3}}}}"),
		  "line 3, column 32: linux.resources.pids: duplicate key \"limit\"");
	CHECK_STR(bad("{\"a\":[{},{\"b\":[0,x]}]}"), "line 1, column 18: a[1].b[1]: 'x' where a value is expected");
	CHECK_STR(bad("{\"a.b\":{\"\":{\"c d\":?}}}"),
		  "line 1, column 19: [\"a.b\"][\"\"][\"c d\"]: '?' where a value is expected");
	// A column is a character, not a byte.
	CHECK_CONTAINS(bad("[\"\xc3\xa4\xe2\x82\xac\", ?]"), "line 1, column 8: [1]");
	// Control characters of a key do not reach the terminal.
	CHECK_CONTAINS(bad("{\"\\u001b[2J\":?}"), "[\"\\u001b[2J\"]");
}

TEST(json_path_of_an_error_is_bounded)
{
	struct buf b = BUF_INIT(1 << 16);

	for (int i = 0; i < 60; i++)
		buf_addf(&b, "{\"a_rather_long_key_number_%d\":", i);
	buf_addc(&b, '?');
	const char *text = bad_n(b.data, b.len);
	CHECK_CONTAINS(text, ": ...");
	CHECK_CONTAINS(text, ".a_rather_long_key_number_59: '?' where");
	CHECK(strlen(text) < 400);

	buf_reset(&b);
	buf_adds(&b, "{\"");
	for (int i = 0; i < 5000; i++)
		buf_adds(&b, "\xc3\xa4");
	buf_adds(&b, "\":?}");
	text = bad_n(b.data, b.len);
	CHECK_CONTAINS(text, "\xc3\xa4\"...]: '?' where");
	CHECK(strlen(text) < 400);
	buf_done(&b);
}

TEST(json_duplicate_keys_small_and_large)
{
	CHECK_CONTAINS(bad("{\"a\":1,\"\\u0061\":2}"), "line 1, column 8: duplicate key \"a\"");
	CHECK_CONTAINS(bad("{\"\":1,\"\":2}"), "duplicate key \"\"");
	good("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}");
	for (int n = 2; n < 600; n = n * 3 / 2 + 1) {
		struct buf b = BUF_INIT(1 << 20);
		buf_addc(&b, '{');
		for (int i = 0; i < n; i++)
			buf_addf(&b, "\"key%d\":%d,", i, i);
		size_t len = b.len;
		buf_adds(&b, "\"last\":0}");
		good(b.data);
		b.len = len;
		buf_addf(&b, "\"key%d\":0}", n / 2);
		char wanted[64];
		snprintf(wanted, sizeof(wanted), "column %zu: duplicate key \"key%d\"", len + 1, n / 2);
		CHECK_CONTAINS(bad(b.data), wanted);
		buf_done(&b);
	}
}

TEST(json_huge_object_is_not_quadratic)
{
	struct buf b = BUF_INIT(8 << 20);
	struct json *j;

	buf_addc(&b, '{');
	for (int i = 0; i < 100000; i++)
		buf_addf(&b, "%s\"k%d\":0", i ? "," : "", i);
	buf_addc(&b, '}');
	alarm(10);
	CHECK_OK(parse_n(b.data, b.len, &j), error);
	CHECK_EQ(j->obj.n, 100000);
	buf_done(&b);
}

TEST(json_strings_decode)
{
	CHECK_STR(good("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")->str.s, "\"\\/\b\f\n\r\t");
	CHECK_STR(good("\"a\\u0041\\u00e4\\u20AC\\ud83d\\uDE00z\"")->str.s, "aA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
	CHECK_STR(good("\"long enough for a wide load \xc3\xa4 and some more \\n of it\"")->str.s,
		  "long enough for a wide load \xc3\xa4 and some more \n of it");
	CHECK_EQ(good("\"\\u00e4x\"")->str.len, 3);
	CHECK_STR(good("\"\x7f\"")->str.s, "\x7f");
	CHECK_STR(good("\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"")->str.s, "\xef\xbf\xbf\xf4\x8f\xbf\xbf");
	const struct json *j = good("{\"\\u0061b\\tc\":1}");
	CHECK_STR(j->obj.v[0].key, "ab\tc");
	CHECK_EQ(j->obj.v[0].key_len, 4);
	CHECK_EQ(json_get_int(j, "ab\tc", 0), 1);
}

TEST(json_strings_refused)
{
	CHECK_STR(bad("{\"a\":\"xyz"), "line 1, column 6: a: a string that does not end");
	CHECK_STR(bad("[\"a\nb\"]"), "line 1, column 4: [0]: control character 0x0a in a string");
	CHECK_CONTAINS(bad_n("\"a\0b\"", 5), "column 3: control character 0x00 in a string");
	CHECK_STR(bad("\"a\\u0000\""), "line 1, column 3: a NUL character in a string");
	CHECK_CONTAINS(bad("\"\\x41\""), "column 2: unknown escape in a string");
	CHECK_CONTAINS(bad("\"\\"), "escape");
	CHECK_CONTAINS(bad("\"\\u12g4\""), "\\u must be followed by four hexadecimal digits");
	CHECK_CONTAINS(bad("\"\\u12"), "\\u must be followed by four hexadecimal digits");
	CHECK_STR(bad("\"\\ud800\""), "line 1, column 2: lone surrogate \\ud800");
	CHECK_CONTAINS(bad("\"\\ud800x\""), "lone surrogate");
	CHECK_CONTAINS(bad("\"\\ud800\\u0041\""), "lone surrogate \\ud800");
	CHECK_CONTAINS(bad("\"\\ud800\\ud800\""), "lone surrogate \\ud800");
	CHECK_CONTAINS(bad("\"\\udc00\""), "lone surrogate \\udc00");
}

TEST(json_refuses_invalid_utf8)
{
	static const char *const bytes[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3\x28",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xe2\x82",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xf0\x9f\x98",
		"\xe2\x28\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		char text[64];
		snprintf(text, sizeof(text), "[\"plain text, %s\"]", bytes[i]);
		CHECK_CONTAINS(bad(text), "line 1, column 15: [0]: invalid UTF-8 (byte 0x");
	}
}

TEST(json_depth_is_bounded)
{
	char text[2100];

	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = 0;
	good(text);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = 0;
	CHECK_CONTAINS(bad(text), "column 65: [0]");
	CHECK_CONTAINS(bad(text), "nested deeper than 64 levels");
	// Whatever a caller allows, the stack is safe.
	struct json_limits much = {.max_bytes = 4096, .max_depth = 100000, .max_nodes = 100000};
	struct json *j;
	memset(text, '[', sizeof(text));
	CHECK_EQ(json_parse(&arena, text, sizeof(text), &much, &j, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "nested deeper than 512 levels");
}

TEST(json_limits_hold)
{
	struct json_limits few = {.max_bytes = 20, .max_depth = 4, .max_nodes = 4};
	struct json *j;

	CHECK_EQ(json_parse(&arena, "[1,2,3,4]", 9, &few, &j, &error), -E2BIG);
	CHECK_STR(error.text, "JSON text has more than 4 values");
	CHECK_EQ(error.class, ERR_EXHAUSTED);
	CHECK_OK(json_parse(&arena, "[1,2,3]", 7, &few, &j, &error), error);
	CHECK_EQ(json_parse(&arena, "                      1", 23, &few, &j, &error), -E2BIG);
	CHECK_STR(error.text, "JSON text has more than 20 bytes");

	struct arena small = {.max = 200};
	CHECK_EQ(json_parse(&small, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]", 40, NULL, &j, &error), -ENOMEM);
	CHECK_CONTAINS(error.text, "more memory than the 200 bytes allowed");
	arena_done(&small);
}

TEST(json_writes_what_it_read)
{
	static const char *const texts[] = {
		"null",
		"{\"a\":null,\"b\":[true,false],\"c\":{},\"d\":[],\"e\":[[],{\"f\":-1}]}",
		"[18446744073709551615,-9223372036854775808,0]",
		"[0.1,1.5,100.0,1e+300,-0.0,4.94065645841247e-324,0.30000000000000004]",
		"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa4\xf0\x9f\x98\x80\"",
		"{\"\":0,\"k\\ney\":\"v\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *out = written(good(texts[i]), 0);
		CHECK_STR(out, texts[i]);
	}
}

TEST(json_writes_indented)
{
	_cleanup_free_ char *out = written(good("{\"a\":[1,{\"b\":[]}],\"c\":{}}"), 2);

	CHECK_STR(out, "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
}

TEST(json_writer_streams)
{
	struct buf b = BUF_INIT(4096);
	struct json_writer w = JSON_WRITER(&b, 0);

	jw_object(&w);
	jw_kstr(&w, "s", "x\"y");
	jw_kstr(&w, "none", NULL);
	jw_kint(&w, "i", INT64_MIN);
	jw_kbool(&w, "b", true);
	jw_key(&w, "a");
	jw_array(&w);
	jw_uint(&w, UINT64_MAX);
	jw_double(&w, NAN);
	jw_double(&w, -HUGE_VAL);
	jw_double(&w, 3);
	jw_strn(&w, "a\0b\xff\xc3", 5);
	jw_null(&w);
	jw_array_end(&w);
	jw_object_end(&w);
	CHECK_STR(b.data, "{\"s\":\"x\\\"y\",\"none\":null,\"i\":-9223372036854775808,\"b\":true,"
			  "\"a\":[18446744073709551615,null,null,3.0,\"a\\u0000b\xef\xbf\xbd\xef\xbf\xbd\",null]}");
	CHECK_EQ(w.depth, 0);
	CHECK_CONTAINS(bad(b.data), "a[4]: a NUL character in a string");
	buf_done(&b);
}

TEST(json_writer_is_bounded)
{
	struct buf b = BUF_INIT(16);
	struct json_writer w = JSON_WRITER(&b, 0);

	jw_array(&w);
	for (int i = 0; i < 100; i++)
		jw_str(&w, "text");
	jw_array_end(&w);
	CHECK_EQ(b.failed, -EMSGSIZE);
	CHECK(b.len <= 16);
	buf_done(&b);

	struct buf deep = BUF_INIT(4096);
	struct json_writer dw = JSON_WRITER(&deep, 0);
	for (int i = 0; i < 64; i++)
		jw_array(&dw);
	CHECK_EQ(deep.failed, 0);
	for (int i = 0; i < 64; i++)
		jw_array_end(&dw);
	good(deep.data);
	for (int i = 0; i < 65; i++)
		jw_array(&dw);
	CHECK_EQ(deep.failed, -EMSGSIZE);
	buf_done(&deep);
}

TEST(json_trees_grow)
{
	struct json *o = json_new_object(&arena), *a = json_new_array(&arena);

	for (int i = 0; i < 100; i++) {
		char key[16];
		snprintf(key, sizeof(key), "k%d", i % 50);
		json_set(&arena, o, key, json_new_int(&arena, i));
		json_push(&arena, a, json_new_bool(&arena, i & 1));
	}
	CHECK_EQ(o->obj.n, 50);
	CHECK_EQ(json_get_int(o, "k7", 0), 57);
	CHECK_EQ(a->arr.n, 100);
	CHECK(a->arr.v[99]->boolean);
}

// A tree that was read may be added to: its vectors have the same capacities.
TEST(json_trees_read_grow)
{
	for (int n = 0; n < 40; n++) {
		struct buf b = BUF_INIT(4096);
		buf_addc(&b, '[');
		for (int i = 0; i < n; i++)
			buf_addf(&b, "%s%d", i ? "," : "", i);
		buf_addc(&b, ']');
		struct json *j;
		CHECK_OK(parse_n(b.data, b.len, &j), error);
		struct json *guard = json_new_string(&arena, "guard");
		for (int i = n; i < 80; i++)
			json_push(&arena, j, json_new_int(&arena, i));
		for (int i = 0; i < 80; i++)
			CHECK_EQ(j->arr.v[i]->i, i);
		CHECK_STR(guard->str.s, "guard");
		buf_done(&b);
	}
	struct json *o;
	CHECK_OK(parse_n("{\"a\":1,\"b\":2,\"c\":3}", 19, &o), error);
	json_set(&arena, o, "d", json_new_string(&arena, "x"));
	json_set(&arena, o, "e", json_new_string(&arena, "y"));
	json_set(&arena, o, "a", json_new_bool(&arena, true));
	_cleanup_free_ char *out = written(o, 0);
	CHECK_STR(out, "{\"a\":true,\"b\":2,\"c\":3,\"d\":\"x\",\"e\":\"y\"}");
}

// Objects and arrays that were read can be added to, whatever their number of members was.
TEST(json_read_trees_can_grow)
{
	for (int n = 0; n < 10; n++) {
		_cleanup_buf_ struct buf text = BUF_INIT(1000), out = BUF_INIT(10000);
		struct arena a = {0};
		struct err e = {0};
		struct json *j = NULL;
		buf_adds(&text, "[{");
		for (int i = 0; i < n; i++)
			buf_addf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
		buf_adds(&text, "},[");
		for (int i = 0; i < n; i++)
			buf_addf(&text, "%s%d", i ? "," : "", i);
		buf_adds(&text, "]]");
		CHECK_OK(json_parse(&a, text.data, text.len, NULL, &j, &e), e);
		char *wall = arena_alloc(&a, 256); // what an overrun would hit
		for (int i = n; i < 20; i++) {
			char key[8];
			snprintf(key, sizeof(key), "k%d", i);
			json_set(&a, j->arr.v[0], key, json_new_int(&a, i));
			json_push(&a, j->arr.v[1], json_new_int(&a, i));
		}
		CHECK_EQ(j->arr.v[0]->obj.n, 20);
		CHECK_EQ(j->arr.v[1]->arr.n, 20);
		for (int i = 0; i < 20; i++) {
			CHECK_EQ(j->arr.v[0]->obj.v[i].value->i, i);
			CHECK_EQ(j->arr.v[1]->arr.v[i]->i, i);
		}
		for (int i = 0; i < 256; i++)
			CHECK_EQ(wall[i], 0);
		arena_done(&a);
	}
}
