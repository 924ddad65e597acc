// SPDX-License-Identifier: Apache-2.0
// Names, masks, and the two steps of applying, each seen from /proc/self/status.
#include "../test.h"

#include "kernel/capability.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(capability_names_round_trip)
{
	for (int i = 0; i <= 40; i++) {
		const char *name = capability_name(i);
		CHECK(name);
		CHECK_EQ(capability_from_name(name), i);
		CHECK_EQ(capability_from_name(name + 4), i);
	}
	CHECK_EQ(capability_from_name("cap_sys_admin"), CAP_SYS_ADMIN);
	CHECK_EQ(capability_from_name("Net_Raw"), CAP_NET_RAW);
}

TEST(capability_names_unknown)
{
	static const char *const bad[] = {"", "CAP_", "CAP_CHOWN ", "CAP_CHOW", "ALL", "CAP_CAP_CHOWN", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(capability_from_name(bad[i]), -EINVAL);
	CHECK(!capability_name(-1));
	CHECK(!capability_name(41));
	CHECK(!capability_name(64));
}

TEST(capability_all_is_what_the_kernel_says)
{
	FILE *f = fopen("/proc/sys/kernel/cap_last_cap", "re");
	int last = 0;

	if (!f)
		test_skip("no /proc/sys/kernel/cap_last_cap");
	CHECK_EQ(fscanf(f, "%d", &last), 1);
	fclose(f);
	CHECK(capability_all() == (last == 63 ? UINT64_MAX : CAPABILITY_BIT(last + 1) - 1));
}

TEST(capability_default_set)
{
	uint64_t d = capability_default();

	CHECK_EQ(__builtin_popcountll(d), 11);
	CHECK(!(d & (CAPABILITY_BIT(CAP_SYS_ADMIN) | CAPABILITY_BIT(CAP_NET_RAW) | CAPABILITY_BIT(CAP_MKNOD))));
	CHECK(d & CAPABILITY_BIT(CAP_SETFCAP));
}

static uint64_t status_mask(const char *field)
{
	FILE *f = fopen("/proc/thread-self/status", "re");
	char line[256];
	uint64_t v = UINT64_MAX;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			CHECK_EQ(sscanf(line + strlen(field) + 1, "%" SCNx64, &v), 1);
	fclose(f);
	CHECK(v != UINT64_MAX);
	return v;
}

static void need_root(void)
{
	if (geteuid())
		test_skip("needs root");
}

TEST(capability_apply_all_five_sets_over_a_change_of_user)
{
	uint64_t chown = CAPABILITY_BIT(CAP_CHOWN), bind = CAPABILITY_BIT(CAP_NET_BIND_SERVICE);
	struct capability_sets s = {.bounding = chown | bind,
				    .permitted = chown | bind,
				    .effective = chown,
				    .inheritable = bind,
				    .ambient = bind};
	struct err e = {0};

	need_root();
	CHECK_OK(capability_apply_bounding(&s, &e), e);
	CHECK_EQ(setresgid(65534, 65534, 65534), 0);
	CHECK_EQ(setresuid(65534, 65534, 65534), 0);
	CHECK_OK(capability_apply(&s, &e), e);
	CHECK_EQ(status_mask("CapBnd:"), chown | bind);
	CHECK_EQ(status_mask("CapPrm:"), chown | bind);
	CHECK_EQ(status_mask("CapEff:"), chown);
	CHECK_EQ(status_mask("CapInh:"), bind);
	CHECK_EQ(status_mask("CapAmb:"), bind);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
}

TEST(capability_apply_nothing_leaves_nothing)
{
	struct capability_sets s = {0};
	struct err e = {0};

	need_root();
	CHECK_OK(capability_apply_bounding(&s, &e), e);
	CHECK_OK(capability_apply(&s, &e), e);
	CHECK_EQ(status_mask("CapBnd:") | status_mask("CapPrm:") | status_mask("CapEff:"), 0);
	// Again, without CAP_SETPCAP: there is nothing left to drop, so nothing fails.
	CHECK_OK(capability_apply_bounding(&s, &e), e);
	CHECK_OK(capability_apply(&s, &e), e);
}

TEST(capability_errors_name_the_capability)
{
	struct capability_sets s = {0}, more = {.bounding = UINT64_MAX, .permitted = CAPABILITY_BIT(CAP_SYS_TIME)};
	struct err e = {0};

	need_root();
	CHECK_OK(capability_apply(&s, &e), e);
	CHECK_EQ(capability_apply(&more, &e), -EPERM);
	CHECK_EQ(e.class, ERR_DENIED);
	CHECK_STR(e.text, "set capabilities: the caller does not hold CAP_SYS_TIME");
	CHECK_EQ(capability_apply_bounding(&s, &e), -EPERM);
	CHECK_CONTAINS(e.text, "drop CAP_CHOWN from the bounding set: ");
}

TEST(capability_errors_tell_which_set_is_too_big)
{
	struct capability_sets s = {.bounding = CAPABILITY_BIT(CAP_KILL), .permitted = CAPABILITY_BIT(CAP_KILL)};
	struct err e = {0};

	need_root();
	s.effective = CAPABILITY_BIT(CAP_CHOWN);
	CHECK_EQ(capability_apply(&s, &e), -EPERM);
	CHECK_STR(e.text, "set capabilities: CAP_CHOWN effective but not permitted");
	s.effective = 0;
	s.ambient = CAPABILITY_BIT(CAP_KILL);
	CHECK_EQ(capability_apply(&s, &e), -EPERM);
	CHECK_CONTAINS(e.text, "raise ambient CAP_KILL (it must be permitted and inheritable too): ");
}

TEST(capability_refuses_what_the_kernel_does_not_know)
{
	struct capability_sets s = {.permitted = CAPABILITY_BIT(62)};
	struct err e = {0};

	if (capability_all() & CAPABILITY_BIT(62))
		test_skip("this kernel knows capability 62");
	CHECK_EQ(capability_apply(&s, &e), -EINVAL);
	CHECK_EQ(e.class, ERR_UNSUPPORTED);
	CHECK_STR(e.text, "permitted capabilities: this kernel does not know capability 62");
}
