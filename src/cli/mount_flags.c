// SPDX-License-Identifier: Apache-2.0
// The grammars of -v, --mount and --tmpfs, as Docker has them.
#include "cli/mount_flags.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "cli/create_flags.h"

static const char *const propagations[] = {"private", "rprivate", "shared", "rshared", "slave", "rslave", NULL};

static void mount_done(struct engine_mount *m)
{
	free(m->source);
	free(m->destination);
	free(m->propagation);
	free(m->options);
}
#define _cleanup_mount_ _cleanup_(mount_done)

static int add_mount(void *options, struct engine_mount *m, struct err *e)
{
	struct engine_create_options *o = &((struct create_options *)options)->engine;

	if (!m->destination || !path_is_absolute(m->destination))
		return err_invalid(e, "\"%s\": the path in the container is absolute",
				   m->destination ? m->destination : "");
	char *clean = path_clean(m->destination);
	free(m->destination);
	m->destination = clean;
	if (str_eq(clean, "/"))
		return err_invalid(e, "the path in the container cannot be \"/\"");
	o->mounts = xreallocarray(o->mounts, o->n_mounts + 1, sizeof(*o->mounts));
	o->mounts[o->n_mounts++] = *m;
	*m = (struct engine_mount){0};
	return 0;
}

static void add_option(struct engine_mount *m, const char *option)
{
	char *joined = m->options ? xasprintf("%s,%s", m->options, option) : xstrdup(option);

	free(m->options);
	m->options = joined;
}

static int volume_option(struct engine_mount *m, const char *o, struct err *e)
{
	static const char *const labels[] = {"z", "Z", "U", NULL};
	static const char *const consistency[] = {"cached", "delegated", "consistent", NULL};

	if (str_eq(o, "ro") || str_eq(o, "readonly"))
		m->readonly = true;
	else if (str_eq(o, "rw"))
		m->readonly = false;
	else if (str_eq(o, "nocopy"))
		m->no_copy = true;
	else if (str_eq(o, "bind"))
		m->bind_nonrecursive = true;
	else if (str_eq(o, "rbind"))
		m->bind_nonrecursive = false;
	else if (str_in(o, labels))
		add_option(m, o);
	else if (str_in(o, propagations) && !m->propagation)
		m->propagation = xstrdup(o);
	else if (!str_in(o, consistency))
		return err_invalid(
			e, "mount option \"%s\" is not known (ro, rw, nocopy, z, Z, U, rbind, bind, or a propagation)",
			o);
	return 0;
}

// A volume's name, or a host path: absolute, or relative and beginning with a dot, as Docker resolves it.
static int volume_source(struct engine_mount *m, const char *source, struct err *e)
{
	if (!*source)
		return err_invalid(e, "the source is empty");
	if (source[0] == '/') {
		m->type = ENGINE_MOUNT_BIND;
		m->source = path_clean(source);
	} else if (source[0] == '.' || source[0] == '~' || strchr(source, '/')) {
		_cleanup_free_ char *cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_sys(e, "current directory");
		_cleanup_free_ char *joined = path_join(cwd, source);
		m->type = ENGINE_MOUNT_BIND;
		m->source = path_clean(joined);
	} else {
		m->type = ENGINE_MOUNT_VOLUME;
		m->source = xstrdup(source);
	}
	m->bind_create_source = m->type == ENGINE_MOUNT_BIND;
	return 0;
}

int volume_flag_parse(void *options, const char *value, struct err *e)
{
	_cleanup_mount_ struct engine_mount m = {.type = ENGINE_MOUNT_VOLUME};
	_cleanup_strv_ char **part = strv_split(value, ':');
	size_t n = strv_len(part);
	int rc = 0;

	if (n < 1 || n > 3)
		return err_invalid(e, "\"%s\" is not of the form [SOURCE:]PATH[:OPTIONS]", value);
	m.destination = xstrdup(n == 1 ? part[0] : part[1]);
	if (n > 1)
		rc = volume_source(&m, part[0], e);
	if (rc < 0)
		return err_wrap(e, rc, "\"%s\"", value);
	_cleanup_strv_ char **opts = n == 3 ? strv_split(part[2], ',') : NULL;
	for (char **o = opts; o && *o; o++) {
		rc = volume_option(&m, *o, e);
		if (rc < 0)
			return err_wrap(e, rc, "\"%s\"", value);
	}
	return add_mount(options, &m, e);
}

static int mount_type(struct engine_mount *m, const char *v, struct err *e)
{
	if (str_eq(v, "bind"))
		m->type = ENGINE_MOUNT_BIND;
	else if (str_eq(v, "volume"))
		m->type = ENGINE_MOUNT_VOLUME;
	else if (str_eq(v, "tmpfs"))
		m->type = ENGINE_MOUNT_TMPFS;
	else
		return err_invalid(e, "type \"%s\" is not one of bind, volume, tmpfs", v);
	return 0;
}

static int mount_bool(const char *key, const char *v, bool *ret, struct err *e)
{
	if (!v) {
		*ret = true;
		return 0;
	}
	return str_to_bool(v, ret) < 0 ? err_invalid(e, "%s wants true or false, not \"%s\"", key, v) : 0;
}

// Keys without a mandatory value.
static int mount_switch(struct engine_mount *m, const char *key, const char *v, struct err *e)
{
	if (str_eq(key, "readonly") || str_eq(key, "ro"))
		return mount_bool(key, v, &m->readonly, e);
	if (str_eq(key, "bind-nonrecursive"))
		return mount_bool(key, v, &m->bind_nonrecursive, e);
	if (str_eq(key, "volume-nocopy"))
		return mount_bool(key, v, &m->no_copy, e);
	if (str_eq(key, "bind-recursive")) {
		if (v && (str_eq(v, "enabled") || str_eq(v, "writable")))
			return 0;
		if (!v || !str_eq(v, "disabled"))
			return err_invalid(e, "bind-recursive wants enabled or disabled");
		m->bind_nonrecursive = true;
		return 0;
	}
	return err_invalid(
		e,
		"key \"%s\" is not known (type, source, target, readonly, bind-propagation, bind-nonrecursive, "
		"volume-nocopy, tmpfs-size, tmpfs-mode)",
		key);
}

static int mount_key(struct engine_mount *m, const char *key, const char *v, bool *has_type, struct err *e)
{
	static const char *const valued[] = {"type", "source",           "src",        "target",     "destination",
					     "dst",  "bind-propagation", "tmpfs-size", "tmpfs-mode", NULL};

	if (!str_in(key, valued))
		return mount_switch(m, key, v, e);
	if (!v || !*v)
		return err_invalid(e, "%s needs a value", key);
	if (str_eq(key, "type")) {
		*has_type = true;
		return mount_type(m, v, e);
	}
	if (str_eq(key, "source") || str_eq(key, "src")) {
		free(m->source);
		m->source = xstrdup(v);
	} else if (str_eq(key, "bind-propagation")) {
		if (!str_in(v, propagations))
			return err_invalid(e, "propagation \"%s\" is not known", v);
		free(m->propagation);
		m->propagation = xstrdup(v);
	} else if (str_eq(key, "tmpfs-size")) {
		if (str_to_size(v, &m->tmpfs_size) < 0)
			return err_invalid(e, "tmpfs-size \"%s\" is no size", v);
	} else if (str_eq(key, "tmpfs-mode")) {
		if (str_to_octal(v, &m->tmpfs_mode) < 0 || m->tmpfs_mode > 07777)
			return err_invalid(e, "tmpfs-mode \"%s\" is no octal file mode", v);
	} else {
		free(m->destination);
		m->destination = xstrdup(v);
	}
	return 0;
}

static int mount_check(const struct engine_mount *m, struct err *e)
{
	if (!m->destination)
		return err_invalid(e, "target is missing");
	if (m->type == ENGINE_MOUNT_BIND && !m->source)
		return err_invalid(e, "a bind mount needs source=");
	if (m->type == ENGINE_MOUNT_BIND && m->source[0] != '/')
		return err_invalid(e, "source \"%s\" is not absolute", m->source);
	if (m->type == ENGINE_MOUNT_TMPFS && m->source)
		return err_invalid(e, "a tmpfs has no source");
	if (m->type != ENGINE_MOUNT_TMPFS && (m->tmpfs_size || m->tmpfs_mode))
		return err_invalid(e, "tmpfs-size and tmpfs-mode are for type=tmpfs");
	if (m->type != ENGINE_MOUNT_BIND && m->propagation)
		return err_invalid(e, "bind-propagation is for type=bind");
	if (m->type != ENGINE_MOUNT_VOLUME && m->no_copy)
		return err_invalid(e, "volume-nocopy is for type=volume");
	return 0;
}

int mount_flag_parse(void *options, const char *value, struct err *e)
{
	_cleanup_mount_ struct engine_mount m = {.type = ENGINE_MOUNT_VOLUME};
	_cleanup_strv_ char **fields = strv_split(value, ',');
	bool has_type = false;

	for (char **f = fields; f && *f; f++) {
		char *eq = strchr(*f, '=');
		if (eq)
			*eq = 0;
		int rc = mount_key(&m, *f, eq ? eq + 1 : NULL, &has_type, e);
		if (rc < 0)
			return err_wrap(e, rc, "\"%s\"", value);
	}
	int rc = mount_check(&m, e);
	if (rc < 0)
		return err_wrap(e, rc, "\"%s\"", value);
	return add_mount(options, &m, e);
}

int tmpfs_flag_parse(void *options, const char *value, struct err *e)
{
	_cleanup_mount_ struct engine_mount m = {.type = ENGINE_MOUNT_TMPFS};
	const char *colon = strchr(value, ':');

	m.destination = colon ? xstrndup(value, (size_t)(colon - value)) : xstrdup(value);
	_cleanup_strv_ char **opts = colon ? strv_split(colon + 1, ',') : NULL;
	for (char **o = opts; o && *o; o++) {
		const char *v;
		if ((v = str_after(*o, "size="))) {
			if (!strchr(v, '%') && str_to_size(v, &m.tmpfs_size) == 0)
				continue;
			if (!strchr(v, '%'))
				return err_invalid(e, "\"%s\": size \"%s\" is no size", value, v);
		} else if ((v = str_after(*o, "mode="))) {
			if (str_to_octal(v, &m.tmpfs_mode) < 0 || m.tmpfs_mode > 07777)
				return err_invalid(e, "\"%s\": mode \"%s\" is no octal file mode", value, v);
			continue;
		} else if (str_eq(*o, "ro")) {
			m.readonly = true;
			continue;
		}
		if (**o)
			add_option(&m, *o);
	}
	return add_mount(options, &m, e);
}
