// SPDX-License-Identifier: Apache-2.0
// Hostile user databases. The input is three parts between NUL bytes: the user string, etc/passwd, etc/group. Whatever
// they are, no number may become another one: the id that comes out is in the files or in the string, and never -1.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/container.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[] = "/tmp/berth-fuzz-user-XXXXXX";
static int root = -1, etc = -1;

static void clean_up(void)
{
	_cleanup_fd_ int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path_remove_tree(tmp, path_basename(top), NULL) < 0)
		fprintf(stderr, "%s stays\n", top);
}

static void set_up_once(void)
{
	if (root >= 0)
		return;
	if (!mkdtemp(top))
		abort();
	root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root, "etc", 0755) < 0)
		abort();
	etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(clean_up);
}

static void put(const char *name, const uint8_t *p, size_t n)
{
	_cleanup_fd_ int fd = openat(etc, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_full(fd, p, n) != (ssize_t)n)
		abort();
}

static bool appears(const uint8_t *p, size_t n, uint32_t id)
{
	char digits[16];
	snprintf(digits, sizeof(digits), "%u", id);
	return !id || memmem(p, n, digits, strlen(digits)); // 0 is the default
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_user u;
	struct err e = {0};

	set_up_once();
	const uint8_t *end = data + size, *a = memchr(data, 0, size),
		      *b = a ? memchr(a + 1, 0, (size_t)(end - a - 1)) : NULL;
	if (!b)
		return 0;
	put("passwd", a + 1, (size_t)(b - a - 1));
	put("group", b + 1, (size_t)(end - b - 1));
	_cleanup_free_ char *user = xstrndup((const char *)data, (size_t)(a - data));
	if (container_user_resolve(root, user, NULL, &u, &e) < 0) {
		if (!e.code || !*e.text)
			abort();
		return 0;
	}
	if (u.uid == UINT32_MAX || u.gid == UINT32_MAX || !u.home || *u.home != '/' || strchr(u.home, '\n'))
		abort();
	if (!appears(data, size, u.uid) || !appears(data, size, u.gid))
		abort();
	for (size_t i = 0; i < u.n_groups; i++)
		if (u.groups[i] == UINT32_MAX || !appears(data, size, u.groups[i]))
			abort();
	container_user_done(&u);
	return 0;
}
