// SPDX-License-Identifier: Apache-2.0
// Where ranges of ids come from.
#include "engine/userns.h"
#include "test.h"

TEST(userns_room_default)
{
	struct engine_idrange r = userns_room("", "alice:100000:65536\n");

	CHECK_EQ(r.start, 1879048192);
	CHECK_EQ(r.size, 268435456);
}

TEST(userns_room_of_an_entry)
{
	struct engine_idrange r = userns_room("containers:200000:131072\nberth:1000000:655360\n",
					      "containers:200000:131072\nberth:1000000:655360\n");
	CHECK_EQ(r.start, 1000000);
	CHECK_EQ(r.size, 655360);
	r = userns_room("containers:200000:131072\n", "containers:200000:131072\n");
	CHECK_EQ(r.start, 200000);
}

// Only ids that are both a user's and a group's can be mapped alike.
TEST(userns_room_is_what_both_files_have)
{
	struct engine_idrange r = userns_room("berth:100000:200000\n", "berth:150000:200000\n");

	CHECK_EQ(r.start, 150000);
	CHECK_EQ(r.size, 150000);
	r = userns_room("berth:100000:65536\n", "berth:900000:65536\n");
	CHECK_EQ(r.start, 1879048192);
}
