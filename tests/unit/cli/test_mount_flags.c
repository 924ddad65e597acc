// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/path.h"
#include "base/str.h"
#include "cli/create_flags.h"
#include "cli/mount_flags.h"

static struct create_options o;
static struct err e;

static const struct engine_mount *parse(int (*fn)(void *, const char *, struct err *), const char *value)
{
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
	err_clear(&e);
	if (fn(&o, value, &e) < 0)
		return NULL;
	CHECK_EQ(o.engine.n_mounts, 1);
	return &o.engine.mounts[0];
}

TEST(volume_flag_forms)
{
	const struct engine_mount *m = parse(volume_flag_parse, "/src:/dst");
	CHECK(m && m->type == ENGINE_MOUNT_BIND && !m->readonly && m->bind_create_source);
	CHECK_STR(m->source, "/src");
	CHECK_STR(m->destination, "/dst");
	m = parse(volume_flag_parse, "data:/dst//x/../y:ro,z");
	CHECK(m && m->type == ENGINE_MOUNT_VOLUME && m->readonly);
	CHECK_STR(m->source, "data");
	CHECK_STR(m->destination, "/dst/y");
	CHECK_STR(m->options, "z");
	m = parse(volume_flag_parse, "/anonymous");
	CHECK(m && m->type == ENGINE_MOUNT_VOLUME && !m->source);
	m = parse(volume_flag_parse, "./rel:/dst:rslave,nocopy");
	CHECK(m && m->type == ENGINE_MOUNT_BIND && m->no_copy);
	CHECK(path_is_absolute(m->source));
	CHECK_STR(m->propagation, "rslave");
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
}

TEST(volume_flag_refused)
{
	CHECK(!parse(volume_flag_parse, "a:b:c:d"));
	CHECK_CONTAINS(e.text, "[SOURCE:]PATH[:OPTIONS]");
	CHECK(!parse(volume_flag_parse, "/src:relative"));
	CHECK_CONTAINS(e.text, "absolute");
	CHECK(!parse(volume_flag_parse, "/src:/"));
	CHECK(!parse(volume_flag_parse, ":/dst"));
	CHECK(!parse(volume_flag_parse, "/src:/dst:wat"));
	CHECK_CONTAINS(e.text, "\"wat\"");
	CHECK(!parse(volume_flag_parse, ""));
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
}

TEST(mount_flag_forms)
{
	const struct engine_mount *m =
		parse(mount_flag_parse, "type=bind,source=/a,target=/b,readonly,bind-propagation=rshared");
	CHECK(m && m->type == ENGINE_MOUNT_BIND && m->readonly && !m->bind_create_source);
	CHECK_STR(m->propagation, "rshared");
	m = parse(mount_flag_parse, "type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770");
	CHECK(m && m->type == ENGINE_MOUNT_TMPFS);
	CHECK_EQ(m->tmpfs_size, 1 << 20);
	CHECK_EQ(m->tmpfs_mode, 01770);
	m = parse(mount_flag_parse, "src=vol,destination=/v,ro=false,volume-nocopy=true");
	CHECK(m && m->type == ENGINE_MOUNT_VOLUME && !m->readonly && m->no_copy);
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
}

TEST(mount_flag_refused)
{
	static const char *const bad[] = {
		"type=bind,target=/b",
		"type=bind,source=rel,target=/b",
		"type=nosuch,target=/b",
		"target=/b,nosuchkey=1",
		"type=tmpfs,source=x,dst=/t",
		"type=bind,source=/a",
		"type=bind,source=/a,target=b",
		"readonly=maybe,target=/b",
		"type=tmpfs,dst=/t,tmpfs-mode=9",
		"type=volume,dst=/t,tmpfs-size=1",
		"type=bind,source=,target=/b",
		"",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(!parse(mount_flag_parse, bad[i]));
		CHECK_EQ(e.class, ERR_INVALID);
	}
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
}

TEST(tmpfs_flag_forms)
{
	const struct engine_mount *m = parse(tmpfs_flag_parse, "/t");
	CHECK(m && m->type == ENGINE_MOUNT_TMPFS && !m->tmpfs_size);
	m = parse(tmpfs_flag_parse, "/t:size=64k,mode=700,noexec,ro");
	CHECK(m && m->readonly);
	CHECK_EQ(m->tmpfs_size, 65536);
	CHECK_EQ(m->tmpfs_mode, 0700);
	CHECK_STR(m->options, "noexec");
	CHECK(!parse(tmpfs_flag_parse, "/t:size=x"));
	CHECK(!parse(tmpfs_flag_parse, "relative"));
	create_options_done(&o);
	memset(&o, 0, sizeof(o));
}
