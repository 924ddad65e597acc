// SPDX-License-Identifier: Apache-2.0
// Owns lists of changes after they were read from the upper directories: one list from several, without what users did
// not do. As Docker has it, the files and mount points that the engine itself puts into a container are no changes.
#include "engine/changes.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>

void changes_done(struct changes *c)
{
	image_changes_free(c->v, c->n);
	*c = (struct changes){0};
}

static void push(struct changes *c, char kind, char *path)
{
	if (!(c->n & (c->n - 1)))
		c->v = xreallocarray(c->v, c->n ? c->n * 2 : 1, sizeof(*c->v));
	c->v[c->n++] = (struct image_change){.kind = kind, .path = path};
}

void changes_add(struct changes *c, struct changes *from, const char *in)
{
	bool root = str_eq(in, "/");

	// tidy keeps the first of equals
	for (const char *s = in; from->n && !root && (s = strchr(s + 1, '/'));)
		push(c, 'C', xstrndup(in, (size_t)(s - in)));
	if (from->n && !root)
		push(c, 'C', xstrdup(in));
	for (size_t i = 0; i < from->n; i++) {
		char *path = TAKE_PTR(from->v[i].path);
		push(c, from->v[i].kind, root ? path : xasprintf("%s%s", in, path));
		if (!root)
			free(path);
	}
	changes_done(from);
}

// inside: path is dir or below it.
static bool inside(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (!*rest || *rest == '/');
}

static bool is_ours(const char *path, char *const *paths)
{
	return inside(path, "/dev") || inside(path, "/proc") || inside(path, "/sys") || strv_has(paths, path);
}

static void mark_above(struct map *m, const char *path)
{
	_cleanup_free_ char *above = xstrdup(path);
	char *slash;

	while ((slash = strrchr(above, '/')) && slash != above) {
		*slash = '\0';
		if (!map_set(m, above, m))
			return; // and so are those above it
	}
}

// Equal paths: what is more than "changed" comes first.
static int by_path(const void *a, const void *b)
{
	const struct image_change *x = a, *y = b;
	int n = strcmp(x->path, y->path);

	return n ? n : (x->kind == 'C') - (y->kind == 'C');
}

// Keeps those marked, in their order.
static void keep_only(struct changes *c, const bool *keep)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (keep[i])
			c->v[n++] = c->v[i];
		else
			free(c->v[i].path);
	}
	c->n = n;
}

// What is in a folder stands behind it, so going backwards the folder's contents are known when it comes.
void changes_tidy(struct changes *c, char *const *paths)
{
	_cleanup_map_ struct map *ours = map_new(NULL), *users = map_new(NULL);
	_cleanup_free_ bool *keep = xcalloc(c->n + 1, sizeof(*keep));

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), by_path);
	for (size_t i = c->n; i-- > 0;) {
		const char *path = c->v[i].path;
		if (is_ours(path, paths)) {
			mark_above(ours, path);
			continue;
		}
		if ((i && str_eq(c->v[i - 1].path, path)) || (map_has(ours, path) && !map_has(users, path)))
			continue;
		mark_above(users, path);
		keep[i] = true;
	}
	keep_only(c, keep);
}

void changes_unhide(struct changes *c, const char *hidden)
{
	_cleanup_free_ bool *keep = xcalloc(c->n + 1, sizeof(*keep));

	for (size_t i = 0; i < c->n; i++) {
		struct image_change *x = &c->v[i];
		keep[i] = x->kind != 'D' || !inside(x->path, hidden);
		if (inside(x->path, hidden))
			x->kind = keep[i] ? 'A' : x->kind;
	}
	keep_only(c, keep);
}
