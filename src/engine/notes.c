// SPDX-License-Identifier: Apache-2.0
// --cidfile and --pidfile. The paths are the caller's own, relative to its directory, so only the command writes them,
// never a monitor.
#include "engine/notes.h"

#include "base/fd.h"
#include "base/str.h"

int notes_write_id(const struct engine_create_options *o, const char *id, struct err *e)
{
	if (!o->cidfile)
		return 0;
	_cleanup_fd_ int fd = open(o->cidfile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_EXISTS, EEXIST,
			       "--cidfile %s exists: make sure that no container needs it, and remove it", o->cidfile);
	if (fd < 0)
		return err_sys(e, "--cidfile %s", o->cidfile);
	ssize_t n = fd_write_full(fd, id, strlen(id));
	return n < 0 ? err_rc(e, (int)n, "--cidfile %s", o->cidfile) : 0;
}

void notes_forget_id(const struct engine_create_options *o)
{
	if (o->cidfile)
		(void)unlink(o->cidfile);
}

int notes_write_pid(const struct engine_create_options *o, pid_t pid, struct err *e)
{
	char text[16];

	if (!o->pidfile)
		return 0;
	int n = snprintf(text, sizeof(text), "%d\n", (int)pid);
	int rc = file_write_atomic(AT_FDCWD, o->pidfile, text, (size_t)n, 0644, false, e);
	return rc < 0 ? err_wrap(e, rc, "--pidfile %s", o->pidfile) : 0;
}
