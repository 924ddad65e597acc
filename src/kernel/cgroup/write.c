// SPDX-License-Identifier: Apache-2.0
// Reading and writing the files of a group, with errors that name the field of config.json, the file and the cause.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { VALUE_MAX = 512 };

void cgroup_hint(struct err *e, const char *fmt, ...)
{
	if (!e)
		return;
	size_t at = strlen(e->text);
	va_list ap;

	if (at + 4 >= ERR_TEXT_MAX)
		return;
	at += (size_t)snprintf(e->text + at, ERR_TEXT_MAX - at, " (");
	va_start(ap, fmt);
	int n = vsnprintf(e->text + at, ERR_TEXT_MAX - at - 1, fmt, ap);
	va_end(ap);
	at = MIN(at + (size_t)MAX(n, 0), (size_t)ERR_TEXT_MAX - 2);
	e->text[at] = ')';
	e->text[at + 1] = 0;
}

int cgroup_write(const struct cgroup_dir *d, const char *field, const char *file, const char *value, struct err *e)
{
	int rc = file_write_kernel(d->fd, file, value, NULL);

	if (rc == -ENOENT)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP, "%s: this kernel has no %s in %s/%s", field, file,
			       d->h->mountpoint, d->path);
	if (rc < 0)
		return err_rc(e, rc, "%s: write \"%s\" to %s/%s/%s", field, value, d->h->mountpoint, d->path, file);
	return 0;
}

int cgroup_writef(const struct cgroup_dir *d, const char *field, const char *file, struct err *e, const char *fmt, ...)
{
	char value[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= VALUE_MAX)
		return err_invalid(e, "%s: value too long", field);
	return cgroup_write(d, field, file, value, e);
}

bool cgroup_has_file(const struct cgroup_dir *d, const char *file)
{
	return !faccessat(d->fd, file, F_OK, 0);
}

int cgroup_read_u64(const struct cgroup_dir *d, const char *file, uint64_t *ret)
{
	char text[64];
	int fd = openat(d->fd, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t n = fd_read_full(fd, text, sizeof(text) - 1);
	fd_close(fd);
	if (n < 0)
		return (int)n;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	if (str_eq(text, "max") || str_eq(text, "-1")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return str_to_u64(text, ret);
}
