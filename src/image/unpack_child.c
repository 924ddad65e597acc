// SPDX-License-Identifier: Apache-2.0
// Inside the cell: bytes from the parent are decompressed, hashed and applied in one pass, then the result goes back.
#include "image/unpack_child.h"

#include "base/mem.h"

#include <sys/socket.h>
#include <unistd.h>

static void send_packet(const struct unpack_job *j, enum unpack_packet kind, const void *p, size_t n)
{
	uint32_t k = kind;
	struct iovec v[2] = {{.iov_base = &k, .iov_len = sizeof(k)}, {.iov_base = (void *)p, .iov_len = n}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};

	if (sendmsg(j->output, &m, MSG_NOSIGNAL) < 0)
		_exit(2); // nobody listens any more
}

// What follows the end of the archive belongs to the digest too.
static int drain(struct stream *s, struct err *e)
{
	const uint8_t *p = NULL;
	ssize_t n = 0;

	do
		n = stream_next(s, &p, SIZE_MAX / 4, e);
	while (n > 0);
	return (int)n;
}

static int open_input(const struct unpack_job *j, uint32_t *ret_format, struct stream **ret, struct err *e)
{
	_cleanup_stream_ struct stream *in = stream_of_fd(j->input, -1, STREAM_TO_END);
	uint8_t head[CODEC_SNIFF];
	ssize_t n = stream_peek(in, head, sizeof(head), e);

	if (n < 0)
		return (int)n;
	enum codec_format f = codec_sniff(head, (size_t)n);
	*ret_format = f;
	return stream_inflate(TAKE_PTR(in), j->codec, f, j->limits.bytes, ret, e);
}

static int run(const struct unpack_job *j, struct unpack_result *r, struct err *e)
{
	_cleanup_stream_ struct stream *s = NULL;
	int rc = open_input(j, &r->format, &s, e);

	if (rc < 0)
		return rc;
	stream_hash(s, j->codec, j->hash);
	_cleanup_tar_ struct tar *t = tar_new(s);
	struct apply *a = apply_new(t, j);
	rc = apply_all(a, r, e);
	if (rc >= 0)
		rc = drain(s, e);
	for (char *const *v = apply_opaque(a); rc >= 0 && v && *v; v++)
		send_packet(j, UNPACK_OPAQUE, *v, strlen(*v));
	apply_free(a);
	if (rc >= 0)
		j->codec->hash_final(j->hash, r->diffid);
	return rc;
}

void unpack_child(const struct unpack_job *j)
{
	struct unpack_result r = {0};
	struct err e = {0};

	if (run(j, &r, &e) < 0) {
		send_packet(j, UNPACK_ERROR, &e, sizeof(e));
		_exit(1);
	}
	send_packet(j, UNPACK_RESULT, &r, sizeof(r));
	_exit(0);
}
