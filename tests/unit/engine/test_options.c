// SPDX-License-Identifier: Apache-2.0
// Create options survive the database: written and read again they are the same, and damaged ones are refused.
#include "base/mem.h"
#include "base/str.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "test.h"

#include <stdlib.h>

static char *write_options(const struct engine_create_options *o)
{
	struct buf b = BUF_INIT(1 << 20);
	struct json_writer w = JSON_WRITER(&b, 0);

	engine_create_options_write(o, &w);
	return buf_take(&b);
}

static int parse(const char *text, struct engine_create_options *o, struct err *e)
{
	struct arena a = {0};
	struct json *j = NULL;

	int rc = json_parse(&a, text, strlen(text), NULL, &j, e);
	if (rc >= 0)
		rc = engine_create_options_parse(j, o, e);
	arena_done(&a);
	return rc;
}

static void fill(struct engine_create_options *o)
{
	o->image = xstrdup("debian:12");
	o->name = xstrdup("web");
	strv_push(&o->args, "sh");
	strv_push(&o->args, "-c");
	strv_push(&o->args, "echo \"\xc3\xa4\"\n");
	o->entrypoint_set = true;
	strv_push(&o->env, "A=b=c");
	strv_push(&o->labels, "k=v");
	o->tty = o->auto_remove = true;
	o->stop_timeout_set = true;
	o->memory = INT64_C(8) << 40;
	o->memory_swap = -1;
	o->cpus = 0.25;
	o->cpu_shares = UINT64_MAX;
	o->pids_limit_set = true;
	o->pids_limit = -1;
	o->oom_score_adj = -500;
	o->blkio_weight = 1000;
	o->tty_rows = 40;
	o->seccomp = xstrdup("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	o->mounts = xnew_n(struct engine_mount, 2);
	o->n_mounts = 2;
	o->mounts[0] = (struct engine_mount){.type = ENGINE_MOUNT_BIND, .readonly = true, .bind_create_source = true};
	o->mounts[0].source = xstrdup("/srv");
	o->mounts[0].destination = xstrdup("/data");
	o->mounts[1] = (struct engine_mount){.type = ENGINE_MOUNT_TMPFS, .tmpfs_size = 4096, .tmpfs_mode = 0700};
	o->mounts[1].destination = xstrdup("/tmp");
	o->devices = xnew(struct engine_device);
	o->n_devices = 1;
	o->devices[0] = (struct engine_device){xstrdup("/dev/fuse"), xstrdup("/dev/f"), xstrdup("r")};
	o->ulimits = xnew(struct engine_ulimit);
	o->n_ulimits = 1;
	o->ulimits[0] = (struct engine_ulimit){xstrdup("nofile"), 10, -1};
}

TEST(options_round_trip)
{
	struct engine_create_options o = {0}, back = {0};
	struct err e;

	fill(&o);
	char *text = write_options(&o);
	CHECK(text);
	CHECK_OK(parse(text, &back, &e), e);
	char *again = write_options(&back);
	CHECK_STR(again, text);
	CHECK_STR(back.args[2], "echo \"\xc3\xa4\"\n");
	CHECK(back.memory == INT64_C(8) << 40);
	CHECK_EQ(back.memory_swap, -1);
	CHECK(back.cpus > 0.249 && back.cpus < 0.251);
	CHECK(back.cpu_shares == UINT64_MAX);
	CHECK_EQ(back.oom_score_adj, -500);
	CHECK_EQ(back.n_mounts, 2);
	CHECK(back.mounts[0].readonly && back.mounts[0].bind_create_source);
	CHECK_EQ(back.mounts[1].type, ENGINE_MOUNT_TMPFS);
	CHECK_EQ(back.mounts[1].tmpfs_mode, 0700);
	CHECK(!back.mounts[1].source);
	CHECK_STR(back.devices[0].access, "r");
	CHECK_EQ(back.ulimits[0].hard, -1);
	free(text);
	free(again);
	engine_create_options_done(&o);
	engine_create_options_done(&back);
}

TEST(options_defaults_are_not_written)
{
	struct engine_create_options o = {0};
	char *text = write_options(&o);

	CHECK_STR(text, "{}");
	free(text);
}

TEST(options_unknown_members_are_left_alone)
{
	struct engine_create_options o = {0};
	struct err e;

	CHECK_OK(parse("{\"image\":\"x\",\"from_the_future\":[1]}", &o, &e), e);
	CHECK_STR(o.image, "x");
	engine_create_options_done(&o);
}

TEST(options_damaged)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"[]", "create options: array where an object belongs"},
		{"{\"image\":5}", "create options: image: "},
		{"{\"args\":\"sh\"}", "create options: args: string where a list belongs"},
		{"{\"args\":[1]}", "where a string belongs"},
		{"{\"tty\":1}", "where true or false belongs"},
		{"{\"oom_score_adj\":3000000000}", "oom_score_adj: 3000000000 is out of range"},
		{"{\"cpu_shares\":-1}", "cpu_shares: -1 is out of range"},
		{"{\"mounts\":[{\"type\":\"bind\"}]}", "mounts[0]: destination is missing"},
		{"{\"mounts\":[{\"type\":\"floppy\",\"destination\":\"/a\"}]}",
		 "mounts[0]: type \"floppy\" is unknown"},
		{"{\"devices\":[5]}", "devices[0]: "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct engine_create_options o = {0};
		struct err e = {0};
		CHECK(parse(cases[i].text, &o, &e) < 0);
		CHECK_EQ(e.class, ERR_CORRUPT);
		CHECK_CONTAINS(e.text, cases[i].error);
	}
}

TEST(options_mounts_are_copied_whole)
{
	struct engine_create_options o = {0};

	fill(&o);
	struct engine_mount *copy = engine_mounts_dup(o.mounts, o.n_mounts);
	CHECK(copy[0].source != o.mounts[0].source);
	CHECK_STR(copy[0].source, "/srv");
	CHECK_STR(copy[1].destination, "/tmp");
	engine_mounts_free(copy, o.n_mounts);
	engine_create_options_done(&o);
}
