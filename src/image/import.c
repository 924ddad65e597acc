// SPDX-License-Identifier: Apache-2.0
// A root filesystem as a tar becomes an image of one layer.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/source.h"
#include "image/store.h"

#include <sys/stat.h>

static int fill_config(struct arena *a, const struct image_import *o, struct oci_image_config *c, struct err *e)
{
	struct oci_platform p = *oci_platform_host();
	char now[CLOCK_RFC3339_MAX];
	int rc = o->platform ? oci_platform_parse(a, o->platform, &p, e) : 0;

	for (char *const *v = o->changes; rc >= 0 && v && *v; v++)
		rc = image_change(a, &c->config, *v, e);
	if (rc < 0)
		return rc;
	clock_rfc3339(now, clock_now());
	c->created = arena_strdup(a, now);
	c->architecture = p.architecture;
	c->os = p.os;
	c->variant = p.variant;
	c->history = arena_new(a, struct oci_history);
	c->n_history = 1;
	c->history[0].created = c->created;
	c->history[0].comment = arena_strdup(a, o->message ? o->message : "Imported from -");
	return 0;
}

static int import_locked(struct image_store *s, const struct codec *codec, const struct image_source *src,
			 struct arena *a, struct oci_image_config *config, char *const *names,
			 image_progress_fn *progress, void *data, char id[static STORE_DIGEST], struct err *e)
{
	_cleanup_fd_ int lock = store_lock(s, false, true, e);
	_cleanup_stream_ struct stream *stream = stream_of_fd(src->fd, -1, STREAM_TO_END);
	struct layer_source from = {.stream = stream, .total = src->size, .what = "layer 1 of 1"};
	_cleanup_buf_ struct buf json = BUF_INIT(OCI_CONFIG_BYTES_MAX);
	struct new_layer layer;

	if (lock < 0)
		return lock;
	int rc = layer_take(s, codec, &from, progress, data, &layer, e);
	if (rc < 0)
		return rc;
	oci_strings_add(a, &config->diff_ids, layer.diffid);
	oci_image_config_write(config, &json);
	rc = json.failed ? err_rc(e, json.failed, "write the image config")
			 : image_build(s, codec, a, config, json.data, json.len, &layer, 1, names, id, e);
	if (rc < 0)
		layer_drop(s, &layer);
	return rc;
}

int image_import(struct image_store *s, const char *path, int fd, const struct image_import *o,
		 image_progress_fn *progress, void *data, char **ret_id, struct err *e)
{
	_cleanup_(arena_done) struct arena a = {0};
	_cleanup_(image_source_done) struct image_source src = {.fd = -1};
	struct oci_image_config config = {0};
	char name[REFERENCE_MAX] = "", id[STORE_DIGEST];
	char *names[] = {name, NULL};
	const struct codec *codec = NULL;
	int rc = o->ref ? image_name_parse(o->ref, name, e) : 0;

	if (rc < 0 || (rc = fill_config(&a, o, &config, e)) < 0 || (rc = codec_load(&codec, e)) < 0 ||
	    (rc = image_source_open(path, fd, &src, e)) < 0)
		return rc;
	if (src.directory)
		return err_invalid(e,
				   "import %s: it is a directory; pack it first: tar -C %s -c . | berth import - NAME",
				   src.shown, src.shown);
	rc = import_locked(s, codec, &src, &a, &config, *name ? names : NULL, progress, data, id, e);
	if (rc < 0) {
		store_tidy(s);
		return err_wrap(e, rc, "import %s", src.shown);
	}
	*ret_id = xstrdup(id);
	return 0;
}
