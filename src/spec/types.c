// SPDX-License-Identifier: Apache-2.0
// Lists and objects of strings of both specifications: short, so that a scan serves as look-up.
#include "spec/types.h"

#include "base/str.h"

void oci_strings_add(struct arena *a, struct oci_strings *s, const char *v)
{
	char **slot = arena_append(a, s->v, s->n);

	*slot = arena_strdup(a, v);
}

bool oci_strings_has(const struct oci_strings *s, const char *v)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i], v))
			return true;
	return false;
}

void oci_pairs_set(struct arena *a, struct oci_pairs *p, const char *key, const char *value)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].key, key)) {
			p->v[i].value = arena_strdup(a, value);
			return;
		}
	struct oci_pair *pair = arena_append(a, p->v, p->n);
	pair->key = arena_strdup(a, key);
	pair->value = arena_strdup(a, value);
}

const char *oci_pairs_get(const struct oci_pairs *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].key, key))
			return p->v[i].value;
	return NULL;
}
