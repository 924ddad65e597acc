// SPDX-License-Identifier: Apache-2.0
// Configurations made, read, written and freed. The JSON tree and the structures share one arena, and strings are the
// tree's own, so that reading costs one pass over the text and one over the tree.
#include "spec/runtime.h"

#include "base/fd.h"
#include "base/str.h"
#include "spec/runtime_fields.h"

#include <stdlib.h>

enum { CONFIG_BYTES_MAX = 16 << 20 };

static const struct json_limits config_limits = {.max_bytes = CONFIG_BYTES_MAX, .max_depth = 64, .max_nodes = 1000000};

struct oci_spec *oci_spec_new(void)
{
	struct oci_spec *s = xnew(struct oci_spec);

	s->oci_version = arena_strdup(&s->arena, OCI_RUNTIME_VERSION);
	s->process = arena_new(&s->arena, struct oci_process);
	s->linux = arena_new(&s->arena, struct oci_linux);
	return s;
}

void oci_spec_free(struct oci_spec *s)
{
	if (!s)
		return;
	arena_done(&s->arena);
	free(s);
}

void oci_spec_free_p(struct oci_spec **s)
{
	oci_spec_free(*s);
	*s = NULL;
}

// A device rule without type means all.
static void default_types(struct oci_resources *r)
{
	for (size_t i = 0; r && i < r->n_devices; i++)
		if (!r->devices[i].type)
			r->devices[i].type = 'a';
}

// A virtual machine is another kind of container: running the process without it would not be what was asked for.
static int refuse_vm(const struct oci_spec *s, struct err *e)
{
	if (!json_get(s->unknown, "vm") || json_get(s->unknown, "vm")->type == JSON_NULL)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "vm: containers inside a virtual machine are not supported");
}

int oci_spec_parse(const char *text, size_t len, struct oci_spec **ret, struct err *e)
{
	_cleanup_oci_spec_ struct oci_spec *s = xnew(struct oci_spec);
	struct json *j;

	int rc = json_parse(&s->arena, text, len, &config_limits, &j, e);
	if (rc >= 0)
		rc = field_parse(&s->arena, &oci_spec_table, j, s, e);
	if (rc >= 0)
		rc = refuse_vm(s, e);
	if (rc < 0)
		return rc;
	if (!s->linux)
		s->linux = arena_new(&s->arena, struct oci_linux);
	default_types(s->linux->resources);
	*ret = TAKE_PTR(s);
	return 0;
}

int oci_spec_load(int dirfd, struct oci_spec **ret, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(CONFIG_BYTES_MAX);

	int rc = file_read(dirfd, "config.json", CONFIG_BYTES_MAX, &text, e);
	if (rc < 0)
		return rc;
	rc = oci_spec_parse(text.data, text.len, ret, e);
	return rc < 0 ? err_wrap(e, rc, "config.json") : 0;
}

static void write_table(const struct field_table *t, const void *obj, unsigned indent, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out, indent);

	field_write(t, obj, &w);
}

void oci_spec_write(const struct oci_spec *s, unsigned indent, struct buf *out)
{
	write_table(&oci_spec_table, s, indent, out);
}

void oci_process_write(const struct oci_process *p, unsigned indent, struct buf *out)
{
	write_table(&oci_process_table, p, indent, out);
}

// Parses text and fills *obj of a table's structure.
static int parse_part(struct arena *a, const struct field_table *t, const char *text, size_t len,
		      struct json **ret_tree, void *obj, struct err *e)
{
	int rc = json_parse(a, text, len, &config_limits, ret_tree, e);

	return rc < 0 ? rc : field_parse(a, t, *ret_tree, obj, e);
}

int oci_process_parse(struct arena *a, const char *text, size_t len, struct oci_process **ret, struct err *e)
{
	struct oci_process *p = arena_new(a, struct oci_process);
	struct json *j;

	int rc = parse_part(a, &oci_process_table, text, len, &j, p, e);
	if (rc >= 0)
		*ret = p;
	return rc;
}

int oci_resources_parse(struct arena *a, const char *text, size_t len, struct oci_resources **ret, struct err *e)
{
	struct oci_resources *r = arena_new(a, struct oci_resources);
	struct json *j;

	int rc = parse_part(a, &oci_resources_table, text, len, &j, r, e);
	if (rc < 0)
		return rc;
	default_types(r);
	*ret = r;
	return 0;
}

// Passing over these would make a filter that its author did not mean.
static int refuse_docker_profile(const struct json *j, struct err *e)
{
	static const char *const conditions[] = {"includes", "excludes"};
	const struct json *rules = json_get(j, "syscalls");

	if (json_get(j, "archMap"))
		return err_invalid(e, "archMap: a member of Docker's profile format, which is not linux.seccomp");
	for (size_t i = 0; rules && i < rules->arr.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(conditions); k++)
			if (json_get(rules->arr.v[i], conditions[k]))
				return err_invalid(
					e,
					"syscalls[%zu].%s: a member of Docker's profile format, which is not "
					"linux.seccomp",
					i, conditions[k]);
	return 0;
}

int oci_seccomp_parse(struct arena *a, const char *text, size_t len, struct oci_seccomp **ret, struct err *e)
{
	struct oci_seccomp *s = arena_new(a, struct oci_seccomp);
	struct json *j;

	int rc = parse_part(a, &oci_seccomp_table, text, len, &j, s, e);
	if (rc >= 0)
		rc = refuse_docker_profile(j, e);
	if (rc >= 0)
		*ret = s;
	return rc;
}

const char *oci_namespace_name(enum oci_namespace_type t)
{
	return field_word_name(&oci_namespace_words, (int)t);
}

int oci_namespace_from_name(const char *name)
{
	return field_word_value(&oci_namespace_words, name);
}

struct oci_namespace *oci_find_namespace(const struct oci_spec *s, enum oci_namespace_type t)
{
	for (size_t i = 0; i < s->linux->n_namespaces; i++)
		if (s->linux->namespaces[i].type == t)
			return &s->linux->namespaces[i];
	return NULL;
}
