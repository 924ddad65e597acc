// SPDX-License-Identifier: Apache-2.0
// References: the grammar, the defaults, and that both forms read back as the same.
#include "test.h"

#include "spec/reference.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX

static struct err error;

static void check_same(const struct reference *a, const struct reference *b)
{
	CHECK_STR(a->domain, b->domain);
	CHECK_STR(a->path, b->path);
	CHECK_STR(a->tag, b->tag);
	CHECK_STR(a->digest, b->digest);
}

TEST(reference_forms)
{
	static const struct {
		const char *text, *domain, *path, *tag, *digest, *familiar;
	} good[] = {
		{"debian", "docker.io", "library/debian", "", "", "debian"},
		{"debian:12", "docker.io", "library/debian", "12", "", "debian:12"},
		{"library/debian", "docker.io", "library/debian", "", "", "debian"},
		{"docker.io/debian", "docker.io", "library/debian", "", "", "debian"},
		{"index.docker.io/library/debian:x", "docker.io", "library/debian", "x", "", "debian:x"},
		{"user/app", "docker.io", "user/app", "", "", "user/app"},
		{"a/b/c", "docker.io", "a/b/c", "", "", "a/b/c"},
		{"library/a/b", "docker.io", "library/a/b", "", "", "library/a/b"},
		{"ghcr.io/a/b:tag@" DIGEST, "ghcr.io", "a/b", "tag", DIGEST, "ghcr.io/a/b:tag@" DIGEST},
		{"debian@" DIGEST, "docker.io", "library/debian", "", DIGEST, "debian@" DIGEST},
		{"localhost/x", "localhost", "x", "", "", "localhost/x"},
		{"localhost:5000/x:y", "localhost:5000", "x", "y", "", "localhost:5000/x:y"},
		{"localhost:5000", "docker.io", "library/localhost", "5000", "", "localhost:5000"},
		{"host:80/a", "host:80", "a", "", "", "host:80/a"},
		{"Host/a", "Host", "a", "", "", "Host/a"},
		{"192.168.0.1:5000/a", "192.168.0.1:5000", "a", "", "", "192.168.0.1:5000/a"},
		{"[::1]/a:b", "[::1]", "a", "b", "", "[::1]/a:b"},
		{"[2001:db8::1]:443/a", "[2001:db8::1]:443", "a", "", "", "[2001:db8::1]:443/a"},
		{"a.b/c", "a.b", "c", "", "", "a.b/c"},
		{"docker.io/a.b/c", "docker.io", "a.b/c", "", "", "docker.io/a.b/c"},
		{"docker.io/localhost/c", "docker.io", "localhost/c", "", "", "docker.io/localhost/c"},
		{"docker.io/library/" HEX, "docker.io", "library/" HEX, "", "", "docker.io/library/" HEX},
		{"a__b/c-_", NULL, NULL, NULL, NULL, NULL},
		{"a__b/c---d.e_f", "docker.io", "a__b/c---d.e_f", "", "", "a__b/c---d.e_f"},
		{"x:_A.b-9", "docker.io", "library/x", "_A.b-9", "", "x:_A.b-9"},
		{"0123", "docker.io", "library/0123", "", "", "0123"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct reference r, again;
		char text[REFERENCE_MAX];
		int rc = reference_parse(good[i].text, &r, &error);
		if (!good[i].domain) {
			CHECK_EQ(rc, -EINVAL);
			continue;
		}
		CHECK_OK(rc, error);
		CHECK_STR(r.domain, good[i].domain);
		CHECK_STR(r.path, good[i].path);
		CHECK_STR(r.tag, good[i].tag);
		CHECK_STR(r.digest, good[i].digest);
		reference_familiar(&r, text);
		CHECK_STR(text, good[i].familiar);
		CHECK_OK(reference_parse(text, &again, &error), error);
		check_same(&r, &again);
		reference_canonical(&r, text);
		CHECK_OK(reference_parse(text, &again, &error), error);
		check_same(&r, &again);
	}
}

TEST(reference_refuses)
{
	static const char *const bad[][2] = {
		{"", "image reference: the name is missing"},
		{":tag", "image reference \":tag\": the name is missing"},
		{"@" DIGEST, "the name is missing"},
		{"Debian", "image reference \"Debian\": the name must be in lower case"},
		{"user/App", "the name must be in lower case"},
		{"ghcr.io/", "the name is missing"},
		{"/debian", "an empty part between slashes"},
		{"a//b", "an empty part between slashes"},
		{"a/b/", "an empty part between slashes"},
		{"../a", "image reference \"../a\": .. is no host name"},
		{"a/../b", "image reference \"a/../b\": ..: parts of a name"},
		{"a..b", "a..b: parts of a name"},
		{"a___b", "parts of a name"},
		{"a._b", "parts of a name"},
		{"-a", "parts of a name"},
		{"a-", "parts of a name"},
		{"_a", "parts of a name"},
		{"a b", "parts of a name"},
		{"a\nb", "image reference \"a\\nb\""},
		{"\xc3\xa4", "parts of a name"},
		{"a:", "a tag has 1 to 128"},
		{"a:.b", "a tag has 1 to 128"},
		{"a:-b", "a tag has 1 to 128"},
		{"a:b c", "a tag has 1 to 128"},
		{"a:b:c", "a tag has 1 to 128"},
		{"a@", "what follows '@' is no digest"},
		{"a@sha256:abc", "what follows '@' is no digest"},
		{"a@" DIGEST "@" DIGEST, "what follows '@' is no digest"},
		{"a@sha256:../../../x", "what follows '@' is no digest"},
		{"a@" DIGEST ":tag", "what follows '@' is no digest"},
		{HEX, "64 hexadecimal digits are an image's id"},
		{"-host.io/a", "-host.io is no host name"},
		{"host-.io/a", "is no host name"},
		{"host..io/a", "is no host name"},
		{"host.io:/a", "is no host name"},
		{"host.io:80x/a", "is no host name"},
		{"host.io:123456/a", "is no host name"},
		{"host.io:80:80/a", "is no host name"},
		{"[::1/a", "is no host name"},
		{"[]:80/a", "is no host name"},
		{"[::g]:80/a", "is no host name"},
		{"ho_st.io/a", "is no host name"},
		{"http://host.io/a", "is no host name"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct reference r;
		memset(&r, 'x', sizeof(r));
		err_clear(&error);
		CHECK_EQ(reference_parse(bad[i][0], &r, &error), -EINVAL);
		CHECK_EQ(error.class, ERR_INVALID);
		CHECK_CONTAINS(error.text, bad[i][1]);
		CHECK(r.domain[0] == 'x');
	}
}

TEST(reference_limits)
{
	char text[2 * REFERENCE_MAX];
	struct reference r;

	// 255 bytes with "docker.io/library/" in front.
	memset(text, 'a', sizeof(text));
	text[255 - 18] = 0;
	CHECK_OK(reference_parse(text, &r, &error), error);
	text[255 - 18] = 'a', text[256 - 18] = 0;
	CHECK_EQ(reference_parse(text, &r, &error), -EINVAL);
	CHECK_CONTAINS(error.text, "the name has more than 255 characters");
	CHECK_CONTAINS(error.text, "aaa\"...: ");
	text[256 - 18] = 'a', text[sizeof(text) - 1] = 0;
	CHECK_EQ(reference_parse(text, &r, &error), -EINVAL);
	text[300] = '.', text[301] = '/', text[303] = 0;
	CHECK_EQ(reference_parse(text, &r, &error), -EINVAL);

	text[1] = ':';
	memset(text + 2, 't', 128);
	text[130] = 0;
	CHECK_OK(reference_parse(text, &r, &error), error);
	text[130] = 't', text[131] = 0;
	CHECK_EQ(reference_parse(text, &r, &error), -EINVAL);
}

TEST(reference_default_tags)
{
	struct reference r;
	char text[REFERENCE_MAX];

	CHECK_OK(reference_parse("debian", &r, &error), error);
	reference_default_tag(&r);
	reference_canonical(&r, text);
	CHECK_STR(text, "docker.io/library/debian:latest");
	reference_name(&r, text);
	CHECK_STR(text, "docker.io/library/debian");
	reference_familiar_name(&r, text);
	CHECK_STR(text, "debian");
	CHECK_OK(reference_parse("debian:12", &r, &error), error);
	reference_default_tag(&r);
	CHECK_STR(r.tag, "12");
	CHECK_OK(reference_parse("debian@" DIGEST, &r, &error), error);
	reference_default_tag(&r);
	CHECK_STR(r.tag, "");
	CHECK(reference_tag_valid("v1.0_x-y") && !reference_tag_valid("") && !reference_tag_valid("a/b"));
}
