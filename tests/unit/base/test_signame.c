// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/signame.h"

#include <signal.h>

TEST(signal_names_in_every_spelling)
{
	CHECK_EQ(signal_from_name("KILL"), SIGKILL);
	CHECK_EQ(signal_from_name("SIGKILL"), SIGKILL);
	CHECK_EQ(signal_from_name("sigterm"), SIGTERM);
	CHECK_EQ(signal_from_name("9"), 9);
	CHECK_EQ(signal_from_name("RTMIN"), 34);
	CHECK_EQ(signal_from_name("SIGRTMIN+3"), 37);
	CHECK_EQ(signal_from_name("RTMAX-1"), 63);
}

TEST(signal_names_refused)
{
	static const char *const bad[] = {"",
					  "0",
					  "65",
					  "-9",
					  "SIG",
					  "KILLX",
					  "RTMIN+99",
					  "RTMIN-1",
					  "RTMAX+1",
					  "9x",
					  " 9",
					  "SIGSIGKILL",
					  "AVERYLONGSIGNALNAMEINDEED"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(signal_from_name(bad[i]), -EINVAL);
}

TEST(signal_numbers_to_names)
{
	char name[16];

	signal_name(SIGKILL, name);
	CHECK_STR(name, "SIGKILL");
	signal_name(37, name);
	CHECK_STR(name, "SIGRTMIN+3");
	signal_name(32, name);
	CHECK_STR(name, "");
	for (int i = 1; i <= 64; i++) {
		signal_name(i, name);
		if (*name)
			CHECK_EQ(signal_from_name(name), i);
	}
}
