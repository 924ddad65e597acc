// SPDX-License-Identifier: Apache-2.0
// Containers from birth to end: namespaces, identity, the command and its errors.
#include "box.h"
#include "test.h"

#include <sys/wait.h>

TEST(create_runs_true)
{
	struct box *b = box_new();
	box_args(b, (const char *const[]){"/bin/true", NULL});
	CHECK_OK(box_run(b), b->e);
	CHECK_EQ(b->status, 0);
}

TEST(create_is_pid_1_in_its_own_world)
{
	struct box *b = box_new();
	CHECK_STR(box_check(b, "echo $$"), "1");
	CHECK_STR(box_check(b, "set -- /proc/[0-9]*; echo $#"), "1");
}
