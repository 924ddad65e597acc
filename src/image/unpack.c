// SPDX-License-Identifier: Apache-2.0
// The parent's side of the unpacker. It trusts nothing that comes back: the result is a fixed structure, and the one
// kind of path that does come back (directories to be marked opaque, which takes a privilege the child does not have)
// is followed below the layer's directory only.
#include "image/unpack.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "image/confine.h"
#include "image/unpack_child.h"
#include "kernel/idmap.h"

#include <linux/limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>

enum { CHILD_MEMORY = 768 << 20, FEED_BUFFER = 1 << 20 };

const struct unpack_limits unpack_limits_default = {.bytes = UINT64_C(1) << 40, .entries = 2000000};

struct unpack {
	pid_t pid;
	int input, output; // our ends
	int dir;           // the caller's
	const char *xattr_prefix;
};

static _noreturn_ void run_child(struct unpack_job *j, int dir)
{
	int keep[2] = {MIN(j->input, j->output), MAX(j->input, j->output)};
	struct confine c = {.job = CONFINE_UNPACK, .root = dir, .memory = CHILD_MEMORY};
	struct {
		uint32_t kind;
		struct err e;
	} packet = {.kind = UNPACK_ERROR};

	if (confine_self(&c, keep, 2, &packet.e) < 0) {
		send(j->output, &packet, sizeof(packet), MSG_NOSIGNAL);
		_exit(1);
	}
	unpack_child(j);
}

int unpack_start(int dir, const struct codec *c, const struct unpack_limits *l, const char *xattr_prefix,
		 struct unpack **ret, struct err *e)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, size = FEED_BUFFER;
	struct unpack_job j = {.codec = c, .limits = *l, .may_make_devices = idmap_is_initial()};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in))
		return err_sys(e, "start the unpacker: socketpair");
	_cleanup_fd_ int in0 = in[0], in1 = in[1];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out))
		return err_sys(e, "start the unpacker: socketpair");
	_cleanup_fd_ int out0 = out[0], out1 = out[1];
	setsockopt(in1, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	j.hash = c->hash_new(); // what libcrypto wants to set up, it cannot inside
	if (!j.hash)
		return err_set(e, ERR_EXHAUSTED, ENOMEM, "start the unpacker: out of memory");
	pid_t pid = fork();
	if (!pid) {
		j.input = in0;
		j.output = out0;
		run_child(&j, dir);
	}
	int saved = errno;
	c->hash_free(j.hash);
	if (pid < 0) {
		errno = saved;
		return err_sys(e, "start the unpacker: fork");
	}
	struct unpack *u = xnew(struct unpack);
	*u = (struct unpack){
		.pid = pid, .input = TAKE_FD(in1), .output = TAKE_FD(out1), .dir = dir, .xattr_prefix = xattr_prefix};
	*ret = u;
	return 0;
}

int unpack_feed(struct unpack *u, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t sent = send(u->input, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -EPIPE;
		at += sent;
		n -= (size_t)sent;
	}
	return 0;
}

// One component at a time where the path is longer than the kernel takes at once; no links then.
static int open_deep(int root, char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
	_cleanup_fd_ int at = sys_openat2(root, ".", &how);

	for (char *name = path; name && at >= 0;) {
		char *slash = strchr(name, '/');
		if (slash)
			*slash = 0;
		int next = sys_openat2(at, name, &how);
		fd_close(at);
		at = next;
		name = slash ? slash + 1 : NULL;
	}
	return at < 0 ? -errno : TAKE_FD(at);
}

static int mark_opaque(const struct unpack *u, char *path, struct err *e)
{
	char shown[TAR_SHOWN_MAX], name[64], link[FD_PATH_MAX];

	tar_shown(shown, path);
	_cleanup_fd_ int fd = !*path                    ? fcntl(u->dir, F_DUPFD_CLOEXEC, 3)
			      : strlen(path) < PATH_MAX ? path_open_in(u->dir, path, O_PATH | O_DIRECTORY, 0)
							: open_deep(u->dir, path);
	if (fd < 0)
		return err_rc(e, fd, "entry %s: mark it opaque", shown);
	snprintf(name, sizeof(name), "%soverlay.opaque", u->xattr_prefix);
	fd_proc_path(link, fd);
	if (setxattr(link, name, "y", 1, 0))
		return err_sys(e, "entry %s: set %s (does the file system of the layers know extended attributes?)",
			       shown, name);
	return 0;
}

static int take_packet(const struct unpack *u, char *p, size_t n, struct unpack_result *r, bool *done, struct err *e)
{
	uint32_t kind = 0;
	char *body = p + sizeof(kind);

	if (n < sizeof(kind))
		return err_set(e, ERR_INTERNAL, EPROTO, "the unpacker speaks nonsense");
	memcpy(&kind, p, sizeof(kind));
	n -= sizeof(kind);
	if (kind == UNPACK_ERROR && n == sizeof(struct err)) {
		struct err from;
		memcpy(&from, body, sizeof(from));
		from.text[sizeof(from.text) - 1] = 0;
		uint32_t class = from.class > ERR_NONE && from.class < ERR_CLASS_MAX ? from.class : ERR_INTERNAL;
		return err_set(e, (enum err_class) class, from.code > 0 && from.code < 4096 ? from.code : EIO, "%s",
			       from.text);
	}
	if (kind == UNPACK_OPAQUE && n < TAR_LONG_MAX) {
		body[n] = 0;
		return mark_opaque(u, body, e);
	}
	if (kind == UNPACK_RESULT && n == sizeof(*r)) {
		memcpy(r, body, sizeof(*r));
		if (r->format >= CODEC_FORMAT_MAX)
			return err_set(e, ERR_INTERNAL, EPROTO, "the unpacker speaks nonsense");
		*done = true;
		return 0;
	}
	return err_set(e, ERR_INTERNAL, EPROTO, "the unpacker speaks nonsense");
}

static int died(int status, struct err *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return err_set(e, ERR_EXHAUSTED, ENOMEM, "the unpacker was killed, perhaps for want of memory");
	if (WIFSIGNALED(status))
		return err_set(e, ERR_INTERNAL, EIO, "the unpacker was ended by signal %d", WTERMSIG(status));
	return err_set(e, ERR_INTERNAL, EIO, "the unpacker ended without a result (status %d)", WEXITSTATUS(status));
}

static int reap(struct unpack *u)
{
	int status = 0;

	while (waitpid(u->pid, &status, 0) < 0 && errno == EINTR)
		;
	fd_close(u->input);
	fd_close(u->output);
	free(u);
	return status;
}

int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e)
{
	_cleanup_free_ char *packet = xmalloc(UNPACK_PACKET_MAX + 1);
	struct unpack_result r = {0};
	bool done = false;
	int rc = 0;

	shutdown(u->input, SHUT_WR);
	while (!rc) {
		ssize_t n = recv(u->output, packet, UNPACK_PACKET_MAX, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		rc = take_packet(u, packet, (size_t)n, &r, &done, e);
	}
	if (rc < 0)
		kill(u->pid, SIGKILL);
	int status = reap(u);
	if (rc < 0)
		return rc;
	if (!done || status)
		return died(status, e);
	*ret = r;
	return 0;
}

void unpack_abort(struct unpack *u)
{
	if (!u)
		return;
	kill(u->pid, SIGKILL);
	reap(u);
}

void unpack_abort_p(struct unpack **u)
{
	unpack_abort(*u);
}
