// SPDX-License-Identifier: Apache-2.0
// Reading tar archives.
//
// Theory of operation. An archive is a row of 512-byte blocks: a header, then the data padded to whole blocks. Some
// headers only speak about the next one: pax 'x' (and 'g' about all that follow), GNU 'L' and 'K' for long names. So
// read_entry loops over header blocks, collecting what such headers say, until a real entry comes, and then puts the
// pieces together: pax before GNU before the fields of the block. Sparse files hold a map of segments, which stands in
// the header (old GNU, pax 0.x) or in front of the data (pax 1.0); tar_data then deals out the stored bytes by that
// map.
#include "image/tar.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tar_header.h"

#include <inttypes.h>

// The header block as it lies (POSIX ustar; the part behind the prefix differs for GNU).
struct block {
	char name[100];
	uint8_t mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100];
	char magic[8]; // "ustar\0" "00", or "ustar  \0" of GNU
	char uname[32], gname[32];
	uint8_t major[8], minor[8];
	union {
		char prefix[155];
		struct {
			uint8_t unused_times[24], offset[12], longnames[4], unused;
			struct {
				uint8_t offset[12], len[12];
			} sparse[4];
			uint8_t extended, realsize[12];
		} gnu;
	};
	char pad[12];
};
_Static_assert(sizeof(struct block) == TAR_BLOCK, "as on the medium");

struct sparse_block { // continues the old GNU map
	struct {
		uint8_t offset[12], len[12];
	} sparse[21];
	uint8_t extended, pad[7];
};
_Static_assert(sizeof(struct sparse_block) == TAR_BLOCK, "as on the medium");

struct tar {
	struct stream *stream;
	uint64_t entries;
	bool ended;
	struct tar_entry entry;
	struct tar_pax pax;
	struct buf global_text,
		local_text; // extended headers as they came: about all that follow, about the next entry
	struct buf global_copy, local_copy; // what is parsed of them, and the pax pointers lead into
	struct buf long_path, long_link;
	bool has_long_path, has_long_link;
	char path[sizeof(((struct block *)0)->prefix) + 1 + sizeof(((struct block *)0)->name) + 1];
	char link[sizeof(((struct block *)0)->link) + 1];
	struct tar_segment *segments; // of the old GNU and the pax 1.0 form
	size_t n_segments;
	// where the data of this entry is read
	uint64_t stored_left, padding;
	size_t segment;
	uint64_t in_segment;
};

struct tar *tar_new(struct stream *s)
{
	struct tar *t = xnew(struct tar);

	t->stream = s;
	t->pax.decoded = BUF_INIT(TAR_PAX_MAX);
	t->global_text = t->local_text = t->global_copy = t->local_copy = BUF_INIT(TAR_PAX_MAX);
	t->long_path = t->long_link = BUF_INIT(TAR_LONG_MAX);
	return t;
}

void tar_free(struct tar *t)
{
	if (!t)
		return;
	tar_pax_done(&t->pax);
	buf_done(&t->global_text);
	buf_done(&t->local_text);
	buf_done(&t->global_copy);
	buf_done(&t->local_copy);
	buf_done(&t->long_path);
	buf_done(&t->long_link);
	free(t->segments);
	free(t);
}

void tar_free_p(struct tar **t)
{
	tar_free(*t);
}

static size_t show_byte(char dst[static 5], const char *s, size_t *n)
{
	uint8_t c = (uint8_t)*s;
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	*n = 1;
	if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
		dst[0] = *s;
		return 1;
	}
	// C1 controls (U+0080 to U+009F) can steer a terminal
	if (c >= 0xc2 && strnlen(s, len) == len && str_is_utf8(s, len) && !(c == 0xc2 && (uint8_t)s[1] < 0xa0)) {
		memcpy(dst, s, len);
		*n = len;
		return len;
	}
	return (size_t)snprintf(dst, 5, "\\x%02x", c);
}

const char *tar_shown(char dst[static TAR_SHOWN_MAX], const char *name)
{
	enum { TAIL = 50, ROOM = TAR_SHOWN_MAX - TAIL - 16 };
	size_t at = 0, used = 0, len = strlen(name);
	bool cut = false;

	dst[at++] = '"';
	for (size_t i = 0; i < len; i += used) {
		char one[5];
		if (!cut && at > ROOM && len - i > TAIL / 4) { // its last bytes tell most
			at += (size_t)snprintf(dst + at, TAR_SHOWN_MAX - at, "...");
			i = len - TAIL / 4;
			cut = true;
		}
		size_t n = show_byte(one, name + i, &used);
		memcpy(dst + at, one, n);
		at += n;
	}
	dst[at++] = '"';
	dst[at] = 0;
	return dst;
}

static int corrupt(const struct tar *t, struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, EBADMSG, "tar header %" PRIu64 " at byte %" PRIu64 ": %s", t->entries + 1,
		       stream_offset(t->stream) - TAR_BLOCK, what);
}

static int truncated(const struct tar *t, struct err *e)
{
	return err_set(e, ERR_CORRUPT, EBADMSG,
		       "the archive is truncated: it ends at byte %" PRIu64 ", within an entry",
		       stream_offset(t->stream));
}

static bool is_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	return !b[0] && !memcmp(b, b + 1, n - 1);
}

static bool checksum_ok(const struct block *b)
{
	const uint8_t *p = (const uint8_t *)b;
	uint32_t sum = 0;
	int32_t signed_sum = 0; // of old writers whose char was signed
	int64_t want = -1;

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		uint8_t c = i >= offsetof(struct block, checksum) && i < offsetof(struct block, type) ? ' ' : p[i];
		sum += c;
		signed_sum += (int8_t)c;
	}
	return !tar_number(b->checksum, sizeof(b->checksum), &want) && (want == sum || want == signed_sum);
}

// 1: a header, 0: the end
static int read_block(struct tar *t, struct block *b, struct err *e)
{
	ssize_t n = stream_read(t->stream, b, sizeof(*b), e);

	if (n < 0)
		return (int)n;
	if (!n && stream_offset(t->stream))
		return 0; // without the two empty blocks: accepted, as by others
	if (n != sizeof(*b))
		return stream_offset(t->stream) > TAR_BLOCK
			       ? truncated(t, e)
			       : err_set(e, ERR_CORRUPT, EBADMSG,
					 n ? "this is not a tar archive"
					   : "there is nothing to read: the file is empty");
	if (is_zero(b, sizeof(*b)))
		return 0;
	if (!checksum_ok(b))
		return t->entries ? corrupt(t, e, "its checksum does not match: the archive is damaged")
				  : err_set(e, ERR_CORRUPT, EBADMSG, "this is not a tar archive");
	return 1;
}

// The data of a header that speaks about the next one.
static int read_meta(struct tar *t, const struct block *b, struct buf *ret, struct err *e)
{
	int64_t size = 0;

	if (tar_number(b->size, sizeof(b->size), &size) || size < 0)
		return corrupt(t, e, "its size is damaged");
	if ((uint64_t)size >= ret->max)
		return err_set(e, ERR_EXHAUSTED, E2BIG,
			       "tar header %" PRIu64 ": an extended header of %" PRId64 " bytes, %zu are allowed",
			       t->entries + 1, size, ret->max);
	buf_reset(ret);
	char *p = buf_reserve(ret, (size_t)size + 1);
	if (!p)
		return err_rc(e, -ENOMEM, "tar header");
	ssize_t n = stream_read(t->stream, p, (size_t)size, e);
	if (n < 0)
		return (int)n;
	if (n != size)
		return truncated(t, e);
	p[size] = 0;
	buf_commit(ret, (size_t)size);
	return stream_skip(t->stream, -(uint64_t)size % TAR_BLOCK, e);
}

static int read_long(struct tar *t, const struct block *b, struct buf *ret, bool *has, struct err *e)
{
	int rc = read_meta(t, b, ret, e);

	if (rc < 0)
		return rc;
	while (ret->len && !ret->data[ret->len - 1])
		ret->len--;
	if (!ret->len || strlen(ret->data) != ret->len)
		return corrupt(t, e, "a long name is empty or holds a NUL");
	*has = true;
	return 0;
}

// Texts are kept whole and read when the entry itself comes: parsing changes them, several may speak about one entry,
// and global ones are read anew for every entry, for its own to override.
static int keep_pax(struct tar *t, const struct block *b, struct buf *all, struct err *e)
{
	int rc = read_meta(t, b, &t->local_copy, e);

	if (rc >= 0 && buf_add(all, t->local_copy.data, t->local_copy.len) < 0)
		return err_set(e, ERR_EXHAUSTED, E2BIG,
			       "tar header %" PRIu64 ": the extended headers are larger than 1 MiB", t->entries + 1);
	return rc;
}

static int parse_kept(struct tar *t, const struct buf *text, struct buf *copy, struct err *e)
{
	if (!text->len)
		return 0;
	buf_reset(copy);
	buf_add(copy, text->data, text->len);
	return tar_pax_parse(&t->pax, copy->data, copy->len, e);
}

static int parse_pax(struct tar *t, struct err *e)
{
	tar_pax_reset(&t->pax);
	int rc = parse_kept(t, &t->global_text, &t->global_copy, e);
	if (rc >= 0)
		rc = parse_kept(t, &t->local_text, &t->local_copy, e);
	return rc < 0 ? err_wrap(e, rc, "tar header %" PRIu64, t->entries + 1) : 0;
}

// 1 if the header spoke about the next one and was taken in.
static int take_meta(struct tar *t, const struct block *b, struct err *e)
{
	int rc = 0;

	switch (b->type) {
	case 'L': rc = read_long(t, b, &t->long_path, &t->has_long_path, e); break;
	case 'K': rc = read_long(t, b, &t->long_link, &t->has_long_link, e); break;
	case 'g': rc = keep_pax(t, b, &t->global_text, e); break;
	case 'x':
	case 'X': rc = keep_pax(t, b, &t->local_text, e); break;
	case 'V': // the name of a volume
		break;
	default: return 0;
	}
	return rc < 0 ? rc : 1;
}

static int entry_type(const struct block *b, enum tar_type *ret)
{
	switch (b->type) {
	case 0:
	case '0':
	case '7':
	case 'S': *ret = TAR_FILE; return 0;
	case '1': *ret = TAR_HARDLINK; return 0;
	case '2': *ret = TAR_SYMLINK; return 0;
	case '3': *ret = TAR_CHAR; return 0;
	case '4': *ret = TAR_BLOCK_DEVICE; return 0;
	case '5':
	case 'D': *ret = TAR_DIR; return 0;
	case '6': *ret = TAR_FIFO; return 0;
	default: return -EOPNOTSUPP;
	}
}

static void take_names(struct tar *t, const struct block *b)
{
	bool ustar = !memcmp(b->magic, "ustar\0", 6);
	int prefix = ustar ? (int)strnlen(b->prefix, sizeof(b->prefix)) : 0;

	snprintf(t->path, sizeof(t->path), "%.*s%s%.*s", prefix, b->prefix, prefix ? "/" : "",
		 (int)strnlen(b->name, sizeof(b->name)), b->name);
	snprintf(t->link, sizeof(t->link), "%.*s", (int)strnlen(b->link, sizeof(b->link)), b->link);
	t->entry.path = t->pax.set & PAX_SPARSE_NAME ? t->pax.sparse_name
			: t->pax.set & PAX_PATH      ? t->pax.path
			: t->has_long_path           ? t->long_path.data
						     : t->path;
	t->entry.link = t->pax.set & PAX_LINK ? t->pax.link : t->has_long_link ? t->long_link.data : t->link;
}

static int take_id(struct tar *t, const uint8_t *field, bool has_pax, int64_t pax, const char *what, uint32_t *ret,
		   struct err *e)
{
	int64_t id = pax;
	char shown[TAR_SHOWN_MAX];

	if (!has_pax && tar_number(field, 8, &id))
		id = -1;
	if (id < 0 || id >= UINT32_MAX)
		return err_set(e, ERR_CORRUPT, ERANGE, "entry %s: its %s is not a valid number",
			       tar_shown(shown, t->entry.path), what);
	*ret = (uint32_t)id;
	return 0;
}

static int take_numbers(struct tar *t, const struct block *b, struct err *e)
{
	struct tar_entry *x = &t->entry;
	const struct tar_pax *p = &t->pax;
	int64_t mode = 0, size = 0, mtime = 0, major = 0, minor = 0;
	bool device = x->type == TAR_CHAR || x->type == TAR_BLOCK_DEVICE;
	char shown[TAR_SHOWN_MAX];

	if (tar_number(b->mode, sizeof(b->mode), &mode) || tar_number(b->size, sizeof(b->size), &size) ||
	    tar_number(b->mtime, sizeof(b->mtime), &mtime) ||
	    (device &&
	     (tar_number(b->major, sizeof(b->major), &major) || tar_number(b->minor, sizeof(b->minor), &minor))))
		return err_set(e, ERR_CORRUPT, EBADMSG, "entry %s: a number of its header is damaged",
			       tar_shown(shown, x->path));
	if (p->set & PAX_SIZE)
		size = p->size;
	if (size < 0 || size > INT64_MAX - TAR_BLOCK || major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff)
		return err_set(e, ERR_CORRUPT, ERANGE, "entry %s: its %s is out of range", tar_shown(shown, x->path),
			       device ? "device number" : "size");
	x->mode = (uint32_t)mode & 07777;
	x->stored = x->size = (uint64_t)size;
	x->mtime = p->set & PAX_MTIME ? p->mtime : (struct timespec){.tv_sec = mtime};
	x->major = (uint32_t)major;
	x->minor = (uint32_t)minor;
	int rc = take_id(t, b->uid, p->set & PAX_UID, p->uid, "user id", &x->uid, e);
	return rc < 0 ? rc : take_id(t, b->gid, p->set & PAX_GID, p->gid, "group id", &x->gid, e);
}

static int sparse_damaged(const struct tar *t, struct err *e, const char *what)
{
	char shown[TAR_SHOWN_MAX];

	return err_set(e, ERR_CORRUPT, EBADMSG, "entry %s: its sparse map %s", tar_shown(shown, t->entry.path), what);
}

static int add_old_segment(struct tar *t, const uint8_t *offset, const uint8_t *len, struct err *e)
{
	int64_t at = 0, n = 0;

	if (!offset[0] && !len[0])
		return 0; // an unused slot
	if (tar_number(offset, 12, &at) || tar_number(len, 12, &n) || at < 0 || n < 0)
		return sparse_damaged(t, e, "holds a damaged number");
	if (tar_segment_add(&t->segments, &t->n_segments, (uint64_t)at, (uint64_t)n))
		return sparse_damaged(t, e, "has too many segments");
	return 0;
}

// The old GNU form: four segments in the header, more in blocks behind it.
static int read_old_sparse(struct tar *t, const struct block *b, struct err *e)
{
	int64_t size = 0;
	bool more = b->gnu.extended;

	if (tar_number(b->gnu.realsize, sizeof(b->gnu.realsize), &size) || size < 0)
		return sparse_damaged(t, e, "holds a damaged number");
	t->entry.size = (uint64_t)size;
	for (size_t i = 0; i < ARRAY_SIZE(b->gnu.sparse); i++) {
		int rc = add_old_segment(t, b->gnu.sparse[i].offset, b->gnu.sparse[i].len, e);
		if (rc < 0)
			return rc;
	}
	while (more) {
		struct sparse_block s;
		ssize_t n = stream_read(t->stream, &s, sizeof(s), e);
		if (n < 0)
			return (int)n;
		if (n != sizeof(s))
			return truncated(t, e);
		for (size_t i = 0; i < ARRAY_SIZE(s.sparse); i++) {
			int rc = add_old_segment(t, s.sparse[i].offset, s.sparse[i].len, e);
			if (rc < 0)
				return rc;
		}
		more = s.extended;
	}
	return 0;
}

// One decimal number and its newline, of the map in front of the data.
static int read_map_number(struct tar *t, uint64_t *ret, struct err *e)
{
	char digits[24];
	size_t n = 0;

	for (;;) {
		if (!t->entry.stored)
			return sparse_damaged(t, e, "runs past the entry");
		ssize_t got = stream_read(t->stream, digits + n, 1, e);
		if (got < 0)
			return (int)got;
		if (!got)
			return truncated(t, e);
		t->entry.stored--;
		if (digits[n] == '\n')
			break;
		if (++n == sizeof(digits))
			return sparse_damaged(t, e, "holds a damaged number");
	}
	digits[n] = 0;
	return str_to_u64(digits, ret) ? sparse_damaged(t, e, "holds a damaged number") : 0;
}

// pax 1.0: the count, then offset and length of each segment, padded to whole blocks
static int read_new_sparse(struct tar *t, struct err *e)
{
	uint64_t count = 0, start = t->entry.stored;
	int rc = read_map_number(t, &count, e);

	if (rc < 0)
		return rc;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t offset = 0, len = 0;
		rc = read_map_number(t, &offset, e);
		if (!rc)
			rc = read_map_number(t, &len, e);
		if (rc < 0)
			return rc;
		if (tar_segment_add(&t->segments, &t->n_segments, offset, len))
			return sparse_damaged(t, e, "has too many segments");
	}
	uint64_t pad = -(start - t->entry.stored) % TAR_BLOCK;
	if (pad > t->entry.stored)
		return sparse_damaged(t, e, "runs past the entry");
	t->entry.stored -= pad;
	return stream_skip(t->stream, pad, e);
}

static int check_segments(const struct tar *t, struct err *e)
{
	const struct tar_entry *x = &t->entry;
	uint64_t end = 0, sum = 0;

	for (size_t i = 0; i < x->n_segments; i++) {
		const struct tar_segment *s = &x->segments[i];
		if (s->offset < end || s->len > INT64_MAX || s->offset > (uint64_t)INT64_MAX - s->len)
			return sparse_damaged(t, e, "is not in order");
		end = s->offset + s->len;
		sum += s->len;
	}
	if (end > x->size || x->size > INT64_MAX)
		return sparse_damaged(t, e, "reaches past the end of the file");
	if (sum != x->stored)
		return sparse_damaged(t, e, "does not fit the stored data");
	return 0;
}

static int take_sparse(struct tar *t, const struct block *b, struct err *e)
{
	struct tar_entry *x = &t->entry;
	const struct tar_pax *p = &t->pax;
	int rc = 0;

	t->n_segments = 0;
	if (b->type == 'S') {
		rc = read_old_sparse(t, b, e);
	} else if (p->set & PAX_SPARSE_1_0 && p->sparse_major == 1 && !p->sparse_minor) {
		if (!(p->set & PAX_SPARSE_SIZE))
			return sparse_damaged(t, e, "lacks the size of the file");
		rc = read_new_sparse(t, e);
		x->size = (uint64_t)p->sparse_size;
	} else if (p->set & PAX_SPARSE_1_0 && p->sparse_major) {
		return sparse_damaged(t, e, "is of an unknown version");
	} else if (p->set & PAX_SPARSE_MAP) {
		x->size = p->set & PAX_SPARSE_SIZE ? (uint64_t)p->sparse_size : x->size;
	} else {
		return 0;
	}
	if (rc < 0)
		return rc;
	x->sparse = true;
	bool own = t->n_segments || !(p->set & PAX_SPARSE_MAP);
	x->segments = own ? t->segments : p->segments;
	x->n_segments = own ? t->n_segments : p->n_segments;
	return check_segments(t, e);
}

static int put_together(struct tar *t, const struct block *b, struct err *e)
{
	struct tar_entry *x = &t->entry;
	char shown[TAR_SHOWN_MAX];

	*x = (struct tar_entry){0};
	take_names(t, b);
	if (!*x->path)
		return corrupt(t, e, "an entry without a name");
	if (entry_type(b, &x->type))
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "entry %s: tar entries of type %s are not supported",
			       tar_shown(shown, x->path),
			       (char[]){'\'', b->type > ' ' && b->type < 127 ? b->type : '?', '\'', 0});
	if (x->type == TAR_FILE && b->type != 'S' && x->path[strlen(x->path) - 1] == '/')
		x->type = TAR_DIR; // as tar was before it had a type for them
	if (x->type != TAR_HARDLINK && x->type != TAR_SYMLINK)
		x->link = "";
	else if (!*x->link)
		return err_set(e, ERR_CORRUPT, EBADMSG, "entry %s: a link without a target", tar_shown(shown, x->path));
	int rc = take_numbers(t, b, e);
	if (rc < 0)
		return rc;
	uint64_t in_archive = x->type == TAR_FILE || b->type == 'D' ? x->stored : 0;
	t->padding = -in_archive % TAR_BLOCK;
	x->stored = in_archive;
	if (x->type != TAR_FILE)
		x->size = 0;
	else if ((rc = take_sparse(t, b, e)) < 0)
		return rc;
	x->offset = stream_offset(t->stream);
	x->xattrs = t->pax.xattrs;
	x->n_xattrs = t->pax.n_xattrs;
	t->stored_left = x->stored;
	t->segment = 0;
	t->in_segment = 0;
	return 1;
}

static int skip_data(struct tar *t, struct err *e)
{
	int rc = stream_skip(t->stream, t->stored_left + t->padding, e);

	t->stored_left = t->padding = 0;
	return rc;
}

int tar_next(struct tar *t, const struct tar_entry **ret, struct err *e)
{
	struct block b;
	int rc = t->ended ? 0 : skip_data(t, e);

	if (t->ended || rc < 0)
		return rc;
	t->has_long_path = t->has_long_link = false;
	buf_reset(&t->local_text);
	while (rc >= 0) {
		rc = read_block(t, &b, e);
		if (rc <= 0) {
			t->ended = true;
			bool spoken = t->local_text.len || t->has_long_path || t->has_long_link;
			return !rc && spoken ? truncated(t, e) : rc;
		}
		rc = take_meta(t, &b, e);
		if (rc)
			continue;
		rc = parse_pax(t, e);
		if (rc >= 0)
			rc = put_together(t, &b, e);
		if (rc > 0) {
			t->entries++;
			*ret = &t->entry;
		}
		return rc;
	}
	return rc;
}

ssize_t tar_data(struct tar *t, const uint8_t **ret, uint64_t *ret_offset, struct err *e)
{
	const struct tar_entry *x = &t->entry;
	uint64_t want = t->stored_left;

	if (!want)
		return 0;
	*ret_offset = x->stored - t->stored_left;
	if (x->sparse) {
		while (t->in_segment == x->segments[t->segment].len) {
			t->segment++;
			t->in_segment = 0;
		}
		const struct tar_segment *s = &x->segments[t->segment];
		*ret_offset = s->offset + t->in_segment;
		want = MIN(want, s->len - t->in_segment);
	}
	ssize_t n = stream_next(t->stream, ret, MIN(want, SIZE_MAX / 4), e);
	if (n < 0)
		return n;
	if (!n) {
		char shown[TAR_SHOWN_MAX];
		return err_set(e, ERR_CORRUPT, EBADMSG,
			       "entry %s: the archive is truncated: %" PRIu64 " of %" PRIu64 " bytes are missing",
			       tar_shown(shown, x->path), t->stored_left, x->stored);
	}
	t->stored_left -= n;
	t->in_segment += n;
	return n;
}
