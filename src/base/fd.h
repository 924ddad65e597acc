// SPDX-License-Identifier: Apache-2.0
// File descriptors: owning variables, whole reads and writes, passing over sockets.
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

void fd_close(int fd); // ignores -1, keeps errno
void fd_close_p(int *fd);
#define _cleanup_fd_ _cleanup_(fd_close_p)
void dir_close_p(DIR **d);
#define _cleanup_dir_ _cleanup_(dir_close_p)

// Whole transfers through EINTR and short counts. Return bytes (read: less only at end of file) or negative errno.
ssize_t fd_read_full(int fd, void *p, size_t n);
ssize_t fd_write_full(int fd, const void *p, size_t n);
ssize_t fd_pread_full(int fd, void *p, size_t n, off_t off);

// All readers append to the buffer, which is as it was after a failure; a zeroed one gets max as its maximum.

// Reads to end of file, at most b's maximum (then -EFBIG).
int fd_read_all(int fd, struct buf *b);
// Opens (openat, O_RDONLY|O_CLOEXEC|O_NOCTTY) and reads a regular file or a kernel file of at most max bytes.
int file_read(int dirfd, const char *name, size_t max, struct buf *ret, struct err *e);
// For hostile files: must be a regular file (opened O_NONBLOCK, checked), at most max bytes.
int file_read_regular(int fd, size_t max, struct buf *ret, struct err *e);
// One write to an existing kernel file (cgroup, proc): open, write whole, close. Does not create.
int file_write_kernel(int dirfd, const char *name, const char *value, struct err *e);

// Writes a temporary beside name, fsyncs it if sync, renames it over name. Mode is exact.
int file_write_atomic(int dirfd, const char *name, const void *p, size_t n, mode_t mode, bool sync, struct err *e);

int fd_set_cloexec(int fd, bool on);
int fd_set_nonblock(int fd, bool on);
// "/proc/self/fd/N" into dst.
enum { FD_PATH_MAX = 32 };
void fd_proc_path(char dst[static FD_PATH_MAX], int fd);
// Moves fd to a number of at least 3 (F_DUPFD_CLOEXEC); closes the old one. Negative errno on failure.
int fd_above_stdio(int fd);
// Copies all of from to to: copy_file_range, then sendfile, then read and write. At most max bytes (then -EFBIG).
int fd_copy(int from, int to, uint64_t max, struct err *e);

// One message with up to n descriptors over a SOCK_SEQPACKET or SOCK_STREAM unix socket.
enum { FD_PASS_MAX = 16 };
int fd_send(int sock, const void *p, size_t len, const int *fds, size_t n);
// Received descriptors are O_CLOEXEC; *n_fds is in/out. Returns bytes, 0 at end of file, or negative errno.
ssize_t fd_recv(int sock, void *p, size_t len, int *fds, size_t *n_fds);

// pidfd helpers
int pidfd_send(int pidfd, int sig);
// Waits until ready or timeout_ms (-1: forever). 1 ready, 0 timeout, negative errno.
int fd_wait_readable(int fd, int timeout_ms);
