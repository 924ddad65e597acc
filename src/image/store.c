// SPDX-License-Identifier: Apache-2.0
// Opening the store, its lock, and the view of it that other tools read: oci-layout and index.json.
#include "image/store.h"

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/idmap.h"

#include <inttypes.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#define LOCK_FILE  ".lock"
#define INDEX_LOCK ".index-lock"

enum { INDEX_MAX = 64 << 20 };

static int make_dir(int at, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(at, name, mode) && errno != EEXIST)
		return err_sys(e, "make %s", name);
	return 0;
}

static int open_dir(int at, const char *name, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? err_sys(e, "open %s", name) : fd;
}

// Folders are closed to others: layers hold set-uid programs.
static int make_layout(struct image_store *s, struct err *e)
{
	int rc = path_mkdirs(s->root, 0711, e);

	if (rc < 0)
		return rc;
	_cleanup_fd_ int top = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_sys(e, "open %s", s->root);
	if ((rc = make_dir(top, "images", 0700, e)) < 0 || (rc = make_dir(top, "images/blobs", 0700, e)) < 0 ||
	    (rc = make_dir(top, "images/blobs/sha256", 0700, e)) < 0)
		return rc;
	_cleanup_fd_ int images = open_dir(top, "images", e);
	if (images < 0)
		return images;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_fd_ int lock = openat(images, i ? INDEX_LOCK : LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock < 0)
			return err_sys(e, "make the lock of the image store");
	}
	if (faccessat(images, "index.json", F_OK, 0)) {
		static const char empty[] = "{\"schemaVersion\":2,\"manifests\":[]}";
		rc = file_write_atomic(images, "index.json", empty, strlen(empty), 0600, false, e);
	}
	if (rc >= 0)
		rc = file_write_atomic(images, "oci-layout", OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), 0600, false, e);
	return rc < 0 ? rc : make_dir(top, "layers", 0700, e); // last: its presence says that all is there
}

static int open_layers(struct image_store *s, struct err *e)
{
	_cleanup_free_ char *path = path_join(s->root, "layers");

	s->layers = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->layers < 0 && errno == ENOENT) {
		int rc = make_layout(s, e);
		if (rc < 0)
			return err_wrap(e, rc, "image store %s", s->root);
		s->layers = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return s->layers < 0 ? err_sys(e, "open %s", path) : 0;
}

// Overlay marks of a user namespace are user.*; the initial one's map is the whole.
int image_store_open(const char *root, struct db *db, struct image_store **ret, struct err *e)
{
	_cleanup_image_store_ struct image_store *s = xnew(struct image_store);

	*s = (struct image_store){.root = xstrdup(root), .db = db, .top = -1, .images = -1, .blobs = -1, .layers = -1};
	int rc = open_layers(s, e);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(s);
	return 0;
}

void image_store_close(struct image_store *s)
{
	if (!s)
		return;
	fd_close(s->top);
	fd_close(s->images);
	fd_close(s->blobs);
	fd_close(s->layers);
	free(s->root);
	free(s);
}

void image_store_close_p(struct image_store **s)
{
	image_store_close(*s);
}

const char *store_xattr_prefix(const struct image_store *s)
{
	return geteuid() || !idmap_is_initial() ? "user." : "trusted.";
}

int store_open_blobs(struct image_store *s, struct err *e)
{
	if (s->blobs >= 0)
		return 0;
	s->top = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->top < 0)
		return err_sys(e, "open %s", s->root);
	if ((s->images = open_dir(s->top, "images", e)) < 0)
		return s->images;
	s->blobs = open_dir(s->images, "blobs/sha256", e);
	return s->blobs < 0 ? s->blobs : 0;
}

static int lock_file(struct image_store *s, const char *name, int operation, struct err *e)
{
	int rc = store_open_blobs(s, e);

	if (rc < 0)
		return rc;
	_cleanup_fd_ int fd = openat(s->images, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "lock the image store");
	while (flock(fd, operation)) {
		if (errno == EINTR)
			continue;
		return errno == EWOULDBLOCK ? -EWOULDBLOCK : err_sys(e, "lock the image store");
	}
	return TAKE_FD(fd);
}

int store_lock(struct image_store *s, bool exclusive, bool wait, struct err *e)
{
	return lock_file(s, LOCK_FILE, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB), e);
}

void store_digest_text(char dst[static STORE_DIGEST], const uint8_t digest[SHA256_SIZE])
{
	memcpy(dst, "sha256:", sizeof("sha256:")); // its end is overwritten
	hex_encode(dst + 7, digest, SHA256_SIZE);
}

int store_random_name(char dst[static STORE_DIR_NAME + 1], struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[STORE_DIR_NAME];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return err_sys(e, "get random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		dst[i] = letters[random[i] % 32];
	dst[STORE_DIR_NAME] = 0;
	return 0;
}

static void write_descriptor(struct json_writer *w, sqlite3_stmt *row, int64_t size)
{
	const char *name = db_col_str(row, 2);
	struct reference r;
	char familiar[REFERENCE_MAX];

	jw_object(w);
	jw_kstr(w, "mediaType", db_col_str(row, 1));
	jw_kstr(w, "digest", db_col_str(row, 0));
	jw_kint(w, "size", size);
	jw_key(w, "platform");
	jw_object(w);
	jw_kstr(w, "architecture", db_col_str(row, 3));
	jw_kstr(w, "os", db_col_str(row, 4));
	if (db_col_str(row, 5))
		jw_kstr(w, "variant", db_col_str(row, 5));
	jw_object_end(w);
	if (name && !reference_parse(name, &r, NULL)) {
		reference_familiar(&r, familiar);
		jw_key(w, "annotations");
		jw_object(w);
		jw_kstr(w, "org.opencontainers.image.ref.name", familiar);
		jw_kstr(w, "io.containerd.image.name", name);
		jw_object_end(w);
	}
	jw_object_end(w);
}

static int write_manifests(struct image_store *s, struct json_writer *w, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *row = NULL;
	int rc = db_prepare(s->db,
			    "SELECT i.manifest, i.manifest_type, n.name, i.architecture, i.os, i.variant "
			    "FROM image i LEFT JOIN image_name n ON n.image = i.id ORDER BY i.added, i.id, n.name",
			    &row, e, "");

	while (rc >= 0 && (rc = db_step(s->db, row, e)) > 0) {
		struct stat st;
		if (fstatat(s->blobs, oci_digest_hex(db_col_str(row, 0)), &st, AT_SYMLINK_NOFOLLOW))
			continue; // damage that verification reports; the rest stays readable
		write_descriptor(w, row, st.st_size);
	}
	return rc;
}

int store_write_index(struct image_store *s, struct err *e)
{
	_cleanup_fd_ int lock = lock_file(s, INDEX_LOCK, LOCK_EX, e);

	if (lock < 0)
		return lock;
	_cleanup_buf_ struct buf b = BUF_INIT(INDEX_MAX);
	struct json_writer w = JSON_WRITER(&b, 0);
	jw_object(&w);
	jw_kint(&w, "schemaVersion", 2);
	jw_kstr(&w, "mediaType", OCI_MEDIA_INDEX);
	jw_key(&w, "manifests");
	jw_array(&w);
	int rc = write_manifests(s, &w, e);
	jw_array_end(&w);
	jw_object_end(&w);
	if (rc < 0)
		return rc;
	if (b.failed)
		return err_rc(e, b.failed, "write index.json");
	return file_write_atomic(s->images, "index.json", b.data, b.len, 0600, false, e);
}
