// SPDX-License-Identifier: Apache-2.0
// Making images known: rows for image, layers and names in one transaction, after everything they speak of is on the
// disk. And the other way: removing what no row speaks of.
#include "base/clock.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/store.h"

#include <dirent.h>

int image_name_parse(const char *text, char dst[static REFERENCE_MAX], struct err *e)
{
	struct reference r;
	int rc = reference_parse(text, &r, e);

	if (rc < 0)
		return rc;
	if (*r.digest)
		return err_invalid(e, "image name \"%s\": a name with a digest cannot be given to an image", text);
	reference_default_tag(&r);
	if (str_eq(r.domain, "docker.io") && str_eq(r.path, "library/host") && str_eq(r.tag, "latest"))
		return err_invalid(e, "image name \"%s\": \"host\" is the built-in image of this machine", text);
	reference_canonical(&r, dst);
	return 0;
}

// Layers that another process committed meanwhile keep theirs; ours is marked for dropping by its folder.
static int insert_layers(struct image_store *s, const struct new_image *i, bool *drop, struct err *e)
{
	for (size_t n = 0; n < i->n_layers; n++) {
		const struct new_layer *l = &i->layers[n];
		if (!l->dir[0])
			continue;
		int rc = db_exec(s->db,
				 "INSERT INTO layer(chain, dir, size, entries, added) VALUES (?,?,?,?,?) "
				 "ON CONFLICT(chain) DO NOTHING",
				 e, "ssiii", l->diffid, l->dir, (int64_t)l->size, (int64_t)l->entries, clock_now());
		if (rc < 0)
			return rc;
		drop[n] = !rc;
	}
	return 0;
}

static int insert_image(struct image_store *s, const struct new_image *i, struct err *e)
{
	uint64_t size = 0;

	for (size_t n = 0; n < i->n_layers; n++)
		size += i->layers[n].size;
	int rc = db_exec(
		s->db,
		"INSERT INTO image(id, manifest, manifest_type, config, architecture, os, variant, size, created, "
		"added) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING",
		e, "sssssssiii", i->id, i->manifest, i->manifest_type, i->config, i->architecture, i->os, i->variant,
		(int64_t)size, i->created, clock_now());
	for (size_t n = 0; rc > 0 && n < i->n_layers; n++) {
		const struct new_layer *l = &i->layers[n];
		int added =
			db_exec(s->db,
				"INSERT INTO image_layer(image, position, diffid, blob, blob_size) VALUES (?,?,?,?,?)",
				e, "sissi", i->id, (int64_t)n, l->diffid, l->blob, (int64_t)l->blob_size);
		rc = added < 0 ? added : rc;
	}
	return rc;
}

static int insert_names(struct image_store *s, const char *id, char *const *names, struct err *e)
{
	for (; names && *names; names++) {
		int rc = db_exec(s->db,
				 "INSERT INTO image_name(name, image, updated) VALUES (?,?,?) "
				 "ON CONFLICT(name) DO UPDATE SET image = excluded.image, updated = excluded.updated",
				 e, "ssi", *names, id, clock_now());
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int commit_rows(struct image_store *s, const struct new_image *i, bool *drop, struct err *e)
{
	int rc = db_begin(s->db, e);

	if (rc >= 0)
		rc = insert_layers(s, i, drop, e);
	if (rc >= 0)
		rc = insert_image(s, i, e);
	if (rc >= 0)
		rc = insert_names(s, i->id, i->names, e);
	if (rc >= 0)
		rc = db_commit(s->db, e);
	db_end(s->db);
	return rc;
}

int image_commit(struct image_store *s, const struct new_image *i, struct err *e)
{
	_cleanup_free_ bool *drop = xcalloc(i->n_layers + 1, sizeof(bool));

	// One sync for all files of all layers, instead of one each.
	if (syncfs(s->layers) || syncfs(s->images))
		return err_sys(e, "write the layers to the disk");
	int rc = commit_rows(s, i, drop, e);
	if (rc < 0)
		return rc;
	for (size_t n = 0; n < i->n_layers; n++) {
		if (drop[n])
			layer_drop(s, &i->layers[n]);
		i->layers[n].dir[0] = 0; // no longer ours to drop
	}
	return store_write_index(s, e);
}

static const char *layer_media_type(enum codec_format f)
{
	return f == CODEC_GZIP ? OCI_MEDIA_LAYER_GZIP : f == CODEC_ZSTD ? OCI_MEDIA_LAYER_ZSTD : OCI_MEDIA_LAYER;
}

static void fill_manifest(struct arena *a, struct oci_manifest *m, const struct new_layer *layers, size_t n)
{
	m->media_type = arena_strdup(a, OCI_MEDIA_MANIFEST);
	m->config.media_type = arena_strdup(a, OCI_MEDIA_CONFIG);
	m->layers = arena_new_n(a, struct oci_descriptor, n);
	m->n_layers = n;
	for (size_t i = 0; i < n; i++) {
		m->layers[i].media_type = arena_strdup(a, layer_media_type(layers[i].format));
		m->layers[i].digest = arena_strdup(a, layers[i].blob);
		m->layers[i].size = (int64_t)layers[i].blob_size;
	}
}

int image_build(struct image_store *s, const struct codec *c, struct arena *a, const struct oci_image_config *config,
		const char *json, size_t n_json, struct new_layer *layers, size_t n, char *const *names,
		char ret_id[static STORE_DIGEST], struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT(OCI_MANIFEST_BYTES_MAX);
	struct new_image i = {.layers = layers,
			      .n_layers = n,
			      .names = names,
			      .manifest_type = OCI_MEDIA_MANIFEST,
			      .config = json,
			      .architecture = config->architecture,
			      .os = config->os,
			      .variant = config->variant};
	struct oci_manifest m = {0};
	int rc = blob_put(s, c, json, n_json, i.id, e);

	if (rc < 0)
		return rc;
	fill_manifest(a, &m, layers, n);
	m.config.digest = i.id;
	m.config.size = (int64_t)n_json;
	oci_manifest_write(&m, &text);
	if (text.failed)
		return err_rc(e, text.failed, "write the manifest");
	if ((rc = blob_put(s, c, text.data, text.len, i.manifest, e)) < 0)
		return rc;
	if (config->created)
		clock_parse_rfc3339(config->created, &i.created);
	rc = image_commit(s, &i, e);
	if (rc >= 0)
		memcpy(ret_id, i.id, STORE_DIGEST);
	return rc;
}

// ---- collecting

static int known_names(struct image_store *s, const char *sql, struct map *known, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	int rc = db_prepare(s->db, sql, &row, e, "");

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0) {
		const char *name = db_col_str(row, 0);
		if (name)
			map_set(known, name, known);
	}
	return rc;
}

typedef int forget_fn(int dir, const char *name, struct err *e);

static int forget_file(int dir, const char *name, struct err *e)
{
	return unlinkat(dir, name, 0) && errno != ENOENT ? err_sys(e, "remove %s", name) : 0;
}

// Every entry of dir whose name is not known goes. prefix: what the known names have in front of an entry's name.
static int collect_dir(int dir, const char *prefix, const struct map *known, const char *only, forget_fn *forget,
		       struct err *e)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *x = NULL;

	if (!d)
		return err_sys(e, "read a folder of the image store");
	while ((x = readdir(d))) {
		_cleanup_free_ char *name = xasprintf("%s%s", prefix, x->d_name);
		if (str_eq(x->d_name, ".") || str_eq(x->d_name, "..") || !str_starts(x->d_name, only) ||
		    map_has(known, name))
			continue;
		int rc = forget(dir, x->d_name, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int store_collect(struct image_store *s, struct err *e)
{
	_cleanup_map_ struct map *blobs = map_new(NULL), *dirs = map_new(NULL), *nothing = map_new(NULL);
	int rc = store_open_blobs(s, e);

	if (rc >= 0)
		rc = known_names(
			s, "SELECT id FROM image UNION SELECT manifest FROM image UNION SELECT blob FROM image_layer",
			blobs, e);
	if (rc >= 0)
		rc = known_names(s, "SELECT dir FROM layer", dirs, e);
	if (rc >= 0)
		rc = collect_dir(s->images, "", nothing, ".new-", forget_file, e);
	if (rc >= 0)
		rc = collect_dir(s->blobs, "sha256:", blobs, "", forget_file, e);
	map_set(dirs, STORE_EMPTY_LAYER, dirs);
	return rc < 0 ? rc : collect_dir(s->layers, "", dirs, "", path_remove_tree, e);
}

// Cheap: two queries and three folders read.
int image_store_repair(struct image_store *s, struct err *e)
{
	_cleanup_fd_ int lock = store_lock(s, true, false, e);

	if (lock < 0)
		return lock == -EWOULDBLOCK ? 0 : lock; // somebody adds or deletes: the next one repairs
	return store_collect(s, e);
}

void store_tidy(struct image_store *s)
{
	struct err ignored;

	image_store_repair(s, &ignored);
}
