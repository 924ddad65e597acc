// SPDX-License-Identifier: Apache-2.0
// Owns the framing of the start protocol.
#include "runtime/sync.h"

#include "base/fd.h"

#include <sys/socket.h>

int sync_send(int sock, enum sync_type type, int32_t value, int fd)
{
	struct sync_message m = {.type = type, .value = value};
	return fd_send(sock, &m, offsetof(struct sync_message, err), &fd, fd >= 0);
}

void sync_send_error(int sock, const struct err *why)
{
	struct sync_message m = {.type = SYNC_ERROR, .err = *why};
	fd_send(sock, &m, sizeof(m), NULL, 0);
}

int sync_receive(int sock, struct sync_message *ret, int *ret_fd)
{
	size_t n_fds = 1;
	int fd = -1;
	ssize_t n = fd_recv(sock, ret, sizeof(*ret), &fd, &n_fds);

	if (n == -ECONNRESET)
		n = 0;
	if (n <= 0)
		return (int)n;
	_cleanup_fd_ int got = n_fds ? fd : -1;
	if ((size_t)n != (ret->type == SYNC_ERROR ? sizeof(*ret) : offsetof(struct sync_message, err)))
		return -EPROTO;
	ret->err.text[sizeof(ret->err.text) - 1] = '\0';
	*ret_fd = TAKE_FD(got);
	return 1;
}

int sync_ask(int sock, enum sync_type type, struct err *e)
{
	int rc = sync_send(sock, type, 0, -1);
	return rc < 0 ? err_rc(e, rc, "talk to the parent") : sync_wait(sock, e);
}

int sync_wait(int sock, struct err *e)
{
	struct sync_message m;
	int fd = -1, rc = sync_receive(sock, &m, &fd);

	fd_close(fd);
	if (rc < 0)
		return err_rc(e, rc, "talk to the parent");
	if (!rc || m.type != SYNC_GO)
		return err_set(e, ERR_CANCELLED, ECANCELED, "the parent gave the start up");
	return 0;
}
