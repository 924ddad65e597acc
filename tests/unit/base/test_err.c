// SPDX-License-Identifier: Apache-2.0
#include "test.h"

TEST(err_set_fills_all)
{
	struct err e = {0};

	CHECK_EQ(err_set(&e, ERR_CONFLICT, EBUSY, "name %s is %d", "web", 7), -EBUSY);
	CHECK_EQ(e.code, EBUSY);
	CHECK_EQ(e.class, ERR_CONFLICT);
	CHECK_STR(e.text, "name web is 7");
	CHECK_EQ(err_set(NULL, ERR_INVALID, EINVAL, "nobody listens"), -EINVAL);
	err_clear(&e);
	CHECK_EQ(e.code, 0);
	CHECK_EQ(e.class, ERR_NONE);
	CHECK_STR(e.text, "");
}

TEST(err_set_keeps_the_front)
{
	struct err e = {0};
	char big[3 * ERR_TEXT_MAX];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ERR_INVALID, EINVAL, "front %s", big);
	CHECK_EQ(strlen(e.text), ERR_TEXT_MAX - 1);
	CHECK(!strncmp(e.text, "front xxx", 9));
}

TEST(err_cut_is_never_inside_a_character)
{
	// Four lengths of a three-byte character's position: it appears whole or not at all.
	for (size_t shift = 0; shift < 4; shift++) {
		struct err e = {0};
		char text[ERR_TEXT_MAX + 8];
		size_t n = ERR_TEXT_MAX - 4 + shift;
		memset(text, 'a', n);
		memcpy(text + n, "\xe2\x82\xac", 4);
		err_invalid(&e, "%s", text);
		CHECK_EQ(strlen(e.text), shift ? n : n + 3);
	}
}

TEST(err_may_print_its_own_text)
{
	struct err e = {0};

	err_invalid(&e, "inner");
	err_set(&e, ERR_CORRUPT, EBADMSG, "outer (%s)", e.text);
	CHECK_STR(e.text, "outer (inner)");
}

TEST(err_sys_takes_errno)
{
	struct err e = {0};

	errno = ENOENT;
	CHECK_EQ(err_sys(&e, "open %s", "/x"), -ENOENT);
	CHECK_STR(e.text, "open /x: No such file or directory");
	CHECK_EQ(e.class, ERR_NOT_FOUND);
	CHECK_EQ(e.code, ENOENT);
	CHECK_EQ(err_rc(&e, -EACCES, "exec"), -EACCES);
	CHECK_STR(e.text, "exec: Permission denied");
	CHECK_EQ(e.class, ERR_DENIED);
	// A caller that lost errno still gets a failure.
	errno = 0;
	CHECK(err_sys(&e, "lost") < 0);
}

TEST(err_wrap_prefixes)
{
	struct err e = {0};

	err_invalid(&e, "no such flag");
	CHECK_EQ(err_wrap(&e, -EINVAL, "mount %s", "/data"), -EINVAL);
	CHECK_EQ(err_wrap(&e, -EINVAL, "start %s", "web"), -EINVAL);
	CHECK_STR(e.text, "start web: mount /data: no such flag");
	CHECK_EQ(e.class, ERR_INVALID);
	CHECK_EQ(err_wrap(NULL, -EIO, "x"), -EIO);
	// A callee without a story: the errno tells one.
	struct err blank = {0};
	CHECK_EQ(err_wrap(&blank, -ENOSPC, "write log"), -ENOSPC);
	CHECK_STR(blank.text, "write log: No space left on device");
	CHECK_EQ(blank.class, ERR_EXHAUSTED);
}

TEST(err_wrap_cuts_the_end)
{
	struct err e = {0};
	char big[ERR_TEXT_MAX];

	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_invalid(&e, "%s", big);
	err_wrap(&e, -EINVAL, "front");
	CHECK_EQ(strlen(e.text), ERR_TEXT_MAX - 1);
	CHECK(!strncmp(e.text, "front: yyy", 10));
	for (int i = 0; i < 500; i++)
		err_wrap(&e, -EINVAL, "layer %d", i);
	CHECK(!strncmp(e.text, "layer 499: layer 498: ", 22));
	CHECK_EQ(strlen(e.text), ERR_TEXT_MAX - 1);
}

TEST(err_classes_of_errnos)
{
	static const struct {
		int code;
		enum err_class class;
	} want[] = {
		{0, ERR_NONE},
		{ENOENT, ERR_NOT_FOUND},
		{ESRCH, ERR_NOT_FOUND},
		{EPERM, ERR_DENIED},
		{EACCES, ERR_DENIED},
		{EROFS, ERR_DENIED},
		{EEXIST, ERR_EXISTS},
		{EBUSY, ERR_CONFLICT},
		{EINVAL, ERR_INVALID},
		{ELOOP, ERR_INVALID},
		{ENOSYS, ERR_UNSUPPORTED},
		{EOPNOTSUPP, ERR_UNSUPPORTED},
		{ENOMEM, ERR_EXHAUSTED},
		{EMFILE, ERR_EXHAUSTED},
		{ENFILE, ERR_EXHAUSTED},
		{ENOSPC, ERR_EXHAUSTED},
		{EDQUOT, ERR_EXHAUSTED},
		{EAGAIN, ERR_EXHAUSTED},
		{EUSERS, ERR_EXHAUSTED},
		{EBADMSG, ERR_CORRUPT},
		{ECONNREFUSED, ERR_UNAVAILABLE},
		{ETIMEDOUT, ERR_TIMEOUT},
		{ECANCELED, ERR_CANCELLED},
		{EFAULT, ERR_INTERNAL},
		{100000, ERR_INTERNAL},
		{INT32_MIN, ERR_INTERNAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CHECK_EQ(err_class_of_errno(want[i].code), want[i].class);
		if (want[i].code != INT32_MIN)
			CHECK_EQ(err_class_of_errno(-want[i].code), want[i].class);
	}
}

TEST(err_class_names)
{
	for (int c = 0; c < ERR_CLASS_MAX; c++)
		CHECK(err_class_name((enum err_class)c)[0]);
	CHECK_STR(err_class_name(ERR_DENIED), "denied");
	CHECK_STR(err_class_name(ERR_CLASS_MAX), "unknown");
}
