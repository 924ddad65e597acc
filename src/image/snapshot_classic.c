// SPDX-License-Identifier: Apache-2.0
// The overlay on kernels before 6.8, where all options share one page and all layers must be mounted in the caller's
// own mount namespace.
//
// Theory of operation. A child takes a mount namespace of its own, where nothing that it mounts is seen by anybody. It
// goes into the layers' directory, so that layers are named by their short names alone: about 300 fit into the page.
// Id-mapped copies of layers are attached in a temporary file system first and named by number. The overlay is mounted,
// its mount detached again as a descriptor, and that is sent to the parent; it outlives child and namespace.
// Directories are opened by the child anew, below its working directory: only that one was carried over into the new
// namespace.
#include "image/snapshot.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sys.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static int enter_namespace(int container, int ret_dirs[2], bool writable, struct err *e)
{
	static const char *const names[2] = {"upper", "work"};

	if (fchdir(container) && writable)
		return err_sys(e, "enter the container's folder");
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_sys(e, "make a mount namespace");
	for (size_t i = 0; writable && i < 2; i++) {
		ret_dirs[i] = open(names[i], O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (ret_dirs[i] < 0)
			return err_sys(e, "open %s", names[i]);
	}
	return 0;
}

// Id-mapped copies go onto numbered directories of a file system made for them, which becomes the working directory.
static int attach_mapped(struct snapshot *s, const char *layers, struct err *e)
{
	if (mount("berth", layers, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") || chdir(layers))
		return err_sys(e, "make a place for id-mapped layers");
	for (size_t i = 0; i < s->n; i++) {
		char name[24];
		snprintf(name, sizeof(name), "%zu", i);
		if (mkdir(name, 0700) || sys_move_mount(s->fds[i], "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH))
			return err_sys(e, "attach the id-mapped layer %s", s->names[i]);
	}
	return 0;
}

static void write_options(const struct snapshot *s, const int dirs[2], bool mapped, struct buf *b)
{
	buf_adds(b, "lowerdir=");
	for (size_t i = 0; i < s->n; i++)
		if (mapped)
			buf_addf(b, "%s%zu", i ? ":" : "", i);
		else
			buf_addf(b, "%s%s", i ? ":" : "", s->names[i]);
	if (s->upper >= 0)
		buf_addf(b, ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d", dirs[0], dirs[1]);
	for (size_t i = 0; snapshot_options[i].key; i++) {
		const struct snapshot_option *o = &snapshot_options[i];
		if (snapshot_option_wanted(o, s->flags))
			buf_addf(b, ",%s%s%s", o->key, o->value ? "=" : "", o->value ? o->value : "");
	}
}

static int mount_here(struct snapshot *s, int container, int userns, struct err *e)
{
	_cleanup_free_ char *layers = path_join(s->store->root, "layers");
	_cleanup_buf_ struct buf options = BUF_INIT(PAGE - 1);
	int dirs[2] = {-1, -1};
	int rc = enter_namespace(container, dirs, s->upper >= 0, e);

	if (rc < 0)
		return rc;
	if (userns >= 0 && (rc = attach_mapped(s, layers, e)) < 0)
		return rc;
	if (userns < 0 && chdir(layers))
		return err_sys(e, "enter %s", layers);
	write_options(s, dirs, userns >= 0, &options);
	if (options.failed)
		return err_set(e, ERR_UNSUPPORTED, E2BIG, "an image of %zu layers needs Linux 6.8 or newer", s->n);
	unsigned long flags = s->flags & SNAPSHOT_READONLY ? MS_RDONLY : 0;
	if (mount("berth", layers, "overlay", flags, options.data))
		return err_sys(e, "mount the overlay of %zu layers", s->n);
	int fd = sys_open_tree(AT_FDCWD, layers, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? err_sys(e, "detach the overlay") : fd;
}

static _noreturn_ void run_child(struct snapshot *s, int container, int userns, int sock)
{
	struct err e = {0};
	int fd = mount_here(s, container, userns, &e);

	_exit(fd_send(sock, &e, sizeof(e), &fd, fd >= 0 ? 1 : 0) < 0);
}

int snapshot_mount_classic(struct snapshot *s, int container, int userns, struct err *e)
{
	struct err from = {0};
	size_t n = 1;
	int pair[2], fd = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "mount the overlay: socketpair");
	_cleanup_fd_ int ours = pair[0];
	_cleanup_fd_ int theirs = pair[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "mount the overlay: fork");
	if (!pid)
		run_child(s, container, userns, theirs);
	fd_close(TAKE_FD(theirs));
	ssize_t got = fd_recv(ours, &from, sizeof(from), &fd, &n);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(from))
		return err_set(e, ERR_INTERNAL, EIO, "mount the overlay: the helper ended without a result");
	if (n == 1)
		return fd;
	if (e)
		*e = from;
	return from.code > 0 ? -from.code : -EIO;
}
