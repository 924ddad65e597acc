// SPDX-License-Identifier: Apache-2.0
// The table engine, on a structure that has one member of each kind.
#include "spec/field.h"
#include "test.h"

#include <stdlib.h>

enum colour { RED, GREEN, BLUE };

struct point {
	int64_t x, y;
};
struct sized {
	bool set;
	uint64_t height;
};
struct port {
	char *name;
	uint32_t number;
};

struct all {
	bool flag;
	int32_t i32;
	int64_t i64, natural;
	uint32_t u32, u16;
	uint64_t u64;
	struct opt_bool ob;
	struct opt_i32 oi32;
	struct opt_i64 oi64;
	struct opt_u32 ou32;
	struct opt_u64 ou64;
	char *text;
	char letter;
	enum colour colour;
	struct json *any;
	struct oci_strings list, keys;
	struct oci_pairs pairs;
	uint32_t *numbers;
	size_t n_numbers;
	struct point place;
	struct sized size;
	struct point *far;
	struct point *points;
	size_t n_points;
	struct port *ports;
	size_t n_ports;
	struct json *unknown;
};

static const struct field point_rows[] = {
	FIELD(struct point, x, "x", FIELD_MUST),
	FIELD(struct point, y, "y", 0),
};
static const struct field_table point_table = FIELD_TABLE(point_rows);
static const struct field sized_rows[] = {FIELD(struct sized, height, "height", FIELD_ALWAYS)};
static const struct field_table sized_table = FIELD_TABLE(sized_rows);
static const struct field port_rows[] = {FIELD(struct port, number, "number", 0)};
static const struct field_table port_table = FIELD_TABLE(port_rows);
static const struct field_word colour_list[] = {{"red", RED}, {"green", GREEN}, {"verde", GREEN}, {"blue", BLUE}};
static const struct field_words colours = {colour_list, ARRAY_SIZE(colour_list)};

static const struct field all_rows[] = {
	FIELD(struct all, flag, "flag", 0),
	FIELD(struct all, i32, "i32", 0),
	FIELD(struct all, i64, "i64", 0),
	FIELD(struct all, natural, "natural", FIELD_NATURAL),
	FIELD(struct all, u32, "u32", 0),
	FIELD(struct all, u16, "u16", FIELD_U16),
	FIELD(struct all, u64, "u64", 0),
	FIELD(struct all, ob, "ob", 0),
	FIELD(struct all, oi32, "oi32", 0),
	FIELD(struct all, oi64, "oi64", 0),
	FIELD(struct all, ou32, "ou32", 0),
	FIELD(struct all, ou64, "ou64", 0),
	FIELD(struct all, text, "text", 0),
	FIELD_CHAR(struct all, letter, "letter", 0, "abc"),
	FIELD_ENUM(struct all, colour, "colour", 0, &colours),
	FIELD(struct all, any, "any", 0),
	FIELD(struct all, list, "list", 0),
	FIELD_KEYS(struct all, keys, "keys", 0),
	FIELD(struct all, pairs, "pairs", 0),
	FIELD_U32S(struct all, numbers, n_numbers, "numbers", 0),
	FIELD_OBJECT(struct all, place, "place", 0, &point_table),
	FIELD_OBJECT_SET(struct all, size, "size", 0, &sized_table),
	FIELD_OBJECT_PTR(struct all, far, "far", 0, &point_table),
	FIELD_OBJECTS(struct all, points, n_points, "points", 0, &point_table),
	FIELD_MAP(struct all, ports, n_ports, "ports", 0, &port_table),
};
static const struct field_table all_table = FIELD_TABLE_UNKNOWN(all_rows, struct all, unknown);

static struct arena arena;
static struct all got;

static int parse(const char *text, struct err *e)
{
	struct json *j = NULL;

	CHECK_OK(json_parse(&arena, text, strlen(text), NULL, &j, e), *e);
	memset(&got, 0, sizeof(got));
	return field_parse(&arena, &all_table, j, &got, e);
}

static const char *written(void)
{
	static struct buf out;
	struct json_writer w = JSON_WRITER(&out, 0);

	buf_done(&out);
	out = BUF_INIT(1 << 20);
	field_write(&all_table, &got, &w);
	CHECK_EQ(out.failed, 0);
	return out.data;
}

static void refused(const char *text, const char *story)
{
	struct err e = {0};

	CHECK_EQ(parse(text, &e), -EINVAL);
	CHECK_EQ(e.class, ERR_INVALID);
	CHECK_STR(e.text, story);
}

// In the order of the rows, so that it is written as it was read.
static const char whole[] =
	"{\"flag\":true,\"i32\":-2147483648,\"i64\":-9223372036854775808,\"natural\":9223372036854775807,"
	"\"u32\":4294967295,\"u16\":65535,\"u64\":18446744073709551615,\"ob\":false,\"oi32\":0,\"oi64\":-1,\"ou32\":0,"
	"\"ou64\":18446744073709551615,\"text\":\"\",\"letter\":\"b\",\"colour\":\"green\",\"any\":[1,{\"x\":null}],"
	"\"list\":[\"a\",\"\"],\"keys\":{\"80/tcp\":{},\"81/"
	"udp\":{}},\"pairs\":{\"k\":\"v\",\"\":\"w\"},\"numbers\":[1,4294967295],"
	"\"place\":{\"x\":1,\"y\":2},\"size\":{\"height\":0},\"far\":{\"x\":0},\"points\":[{\"x\":1},{\"x\":2,\"y\":-3}"
	"],"
	"\"ports\":{\"http\":{\"number\":80},\"none\":{}},\"strange\":{\"deep\":[true]},\"more\":null}";

TEST(field_round_trip_of_every_kind)
{
	struct err e = {0};

	CHECK_OK(parse(whole, &e), e);
	CHECK(got.flag && got.i32 == INT32_MIN && got.i64 == INT64_MIN && got.natural == INT64_MAX);
	CHECK(got.u32 == UINT32_MAX && got.u16 == 65535 && got.u64 == UINT64_MAX);
	CHECK(got.ob.set && !got.ob.v && got.oi32.set && got.oi64.v == -1 && got.ou32.set && got.ou64.v == UINT64_MAX);
	CHECK_STR(got.text, "");
	CHECK_EQ(got.letter, 'b');
	CHECK_EQ(got.colour, GREEN);
	CHECK_EQ(got.list.n, 2);
	CHECK_STR(got.keys.v[1], "81/udp");
	CHECK_STR(oci_pairs_get(&got.pairs, "k"), "v");
	CHECK_EQ(got.numbers[1], UINT32_MAX);
	CHECK(got.place.y == 2 && got.size.set && got.far && got.points[1].y == -3);
	CHECK_EQ(got.n_ports, 2);
	CHECK_STR(got.ports[0].name, "http");
	CHECK_EQ(got.ports[0].number, 80);
	CHECK_EQ(got.unknown->obj.n, 2);
	CHECK_STR(written(), whole);
}

TEST(field_any_order_is_understood)
{
	struct err e = {0};

	CHECK_OK(parse("{\"u64\":3,\"new\":1,\"u32\":2,\"ports\":{},\"flag\":true}", &e), e);
	CHECK(got.u64 == 3 && got.u32 == 2 && got.flag);
	CHECK_STR(written(), "{\"flag\":true,\"u32\":2,\"u64\":3,\"new\":1}");
	CHECK_OK(parse("{}", &e), e);
	CHECK_STR(written(), "{}");
}

TEST(field_null_is_absent)
{
	struct err e = {0};

	CHECK_OK(parse("{\"flag\":null,\"oi64\":null,\"text\":null,\"list\":null,\"far\":null,\"size\":null,"
		       "\"colour\":null,\"ports\":null,\"place\":null}",
		       &e),
		 e);
	CHECK(!got.oi64.set && !got.text && !got.far && !got.size.set);
	CHECK_STR(written(), "{}");
	refused("{\"far\":{\"x\":null}}", "far.x: missing");
}

TEST(field_aliases_are_written_by_their_first_name)
{
	struct err e = {0};

	CHECK_OK(parse("{\"colour\":\"verde\"}", &e), e);
	CHECK_STR(written(), "{\"colour\":\"green\"}");
	CHECK_EQ(field_word_value(&colours, "violet"), -EINVAL);
	CHECK(!field_word_name(&colours, 17));
}

TEST(field_parsed_arrays_can_grow)
{
	struct err e = {0};

	CHECK_OK(parse("{\"list\":[\"1\",\"2\",\"3\",\"4\",\"5\"],\"pairs\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}",
		       &e),
		 e);
	for (int i = 0; i < 20; i++) {
		oci_strings_add(&arena, &got.list, "more");
		oci_pairs_set(&arena, &got.pairs, arena_printf(&arena, "k%d", i), "v");
	}
	CHECK_EQ(got.list.n, 25);
	CHECK_STR(got.list.v[4], "5");
	CHECK_STR(oci_pairs_get(&got.pairs, "c"), "3");
}

TEST(field_wrong_types)
{
	refused("[]", "wants an object, has an array");
	refused("\"x\"", "wants an object, has a string");
	refused("{\"flag\":1}", "flag: wants a boolean, has an integer");
	refused("{\"ob\":\"true\"}", "ob: wants a boolean, has a string");
	refused("{\"i64\":\"5\"}", "i64: wants a 64-bit integer, has a string");
	refused("{\"i32\":1.5}", "i32: wants an integer, has a number with a fraction or exponent");
	refused("{\"u64\":true}", "u64: wants an unsigned 64-bit integer, has a boolean");
	refused("{\"text\":[]}", "text: wants a string, has an array");
	refused("{\"list\":\"a\"}", "list: wants an array of strings, has a string");
	refused("{\"list\":[\"a\",null]}", "list[1]: wants a string, has null");
	refused("{\"keys\":[]}", "keys: wants an object, has an array");
	refused("{\"pairs\":{\"a.b/c\":1}}", "pairs[\"a.b/c\"]: wants a string, has an integer");
	refused("{\"pairs\":{\"\":1}}", "pairs[\"\"]: wants a string, has an integer");
	refused("{\"numbers\":[1,-2]}", "numbers[1]: -2 is out of range (0 to 4294967295)");
	refused("{\"place\":[]}", "place: wants an object, has an array");
	refused("{\"points\":{}}", "points: wants an array of objects, has an object");
	refused("{\"points\":[{\"x\":1},5]}", "points[1]: wants an object, has an integer");
	refused("{\"points\":[{\"x\":1},{\"y\":1}]}", "points[1].x: missing");
	refused("{\"ports\":[]}", "ports: wants an object of objects, has an array");
	refused("{\"ports\":{\"http\":{\"number\":\"80\"}}}",
		"ports.http.number: wants an unsigned integer, has a string");
	refused("{\"letter\":\"d\"}", "letter: \"d\" is not one letter of \"abc\"");
	refused("{\"letter\":\"ab\"}", "letter: \"ab\" is not one letter of \"abc\"");
	refused("{\"letter\":\"\"}", "letter: \"\" is not one letter of \"abc\"");
	refused("{\"colour\":\"pink\"}", "colour: \"pink\" is not one of red, green, verde, blue");
}

TEST(field_out_of_range)
{
	refused("{\"i32\":2147483648}", "i32: 2147483648 is out of range (-2147483648 to 2147483647)");
	refused("{\"oi32\":-2147483649}", "oi32: -2147483649 is out of range (-2147483648 to 2147483647)");
	refused("{\"i64\":9223372036854775808}",
		"i64: 9223372036854775808 is out of range (-9223372036854775808 to 9223372036854775807)");
	refused("{\"natural\":-1}", "natural: -1 is out of range (0 to 9223372036854775807)");
	refused("{\"u32\":4294967296}", "u32: 4294967296 is out of range (0 to 4294967295)");
	refused("{\"ou32\":-1}", "ou32: -1 is out of range (0 to 4294967295)");
	refused("{\"u16\":65536}", "u16: 65536 is out of range (0 to 65535)");
	refused("{\"u64\":-1}", "u64: -1 is out of range (0 to 18446744073709551615)");
	refused("{\"ou32\":18446744073709551615}", "ou32: 18446744073709551615 is out of range (0 to 4294967295)");
}
