// SPDX-License-Identifier: Apache-2.0
// A range is taken by making the link <root>/userns/<start> to the container's id, which is atomic among all processes
// and outlives them. A link whose container has no folder was left by a killed process and is taken over.
#include "engine/userns.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/names.h"
#include "engine/rootless.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANGE_SIZE    65536u
#define DEFAULT_START 1879048192u
#define DEFAULT_SIZE  268435456u
enum { SUBID_MAX = 1 << 20 };

static size_t subids(const char *text, const char *name, struct rootless_range *v)
{
	return rootless_parse_subids(text, name, (uid_t)-1, v, ROOTLESS_RANGES_MAX);
}

struct engine_idrange userns_room(const char *subuid, const char *subgid)
{
	static const char *const names[] = {"berth", "containers"};
	struct rootless_range u[ROOTLESS_RANGES_MAX], g[ROOTLESS_RANGES_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n_u = subids(subuid, names[i], u), n_g = subids(subgid, names[i], g);
		for (size_t k = 0; k < n_u * n_g; k++) {
			uint64_t start = MAX(u[k / n_g].start, g[k % n_g].start);
			uint64_t end = MIN((uint64_t)u[k / n_g].start + u[k / n_g].count,
					   (uint64_t)g[k % n_g].start + g[k % n_g].count);
			if (end >= start + RANGE_SIZE)
				return (struct engine_idrange){(uint32_t)start, (uint32_t)(end - start)};
		}
	}
	return (struct engine_idrange){DEFAULT_START, DEFAULT_SIZE};
}

static int open_folder(struct engine *g, struct err *e)
{
	int root = engine_root_fd(g, e);

	if (root < 0)
		return root;
	if (mkdirat(root, "userns", 0700) && errno != EEXIST)
		return err_sys(e, "%s/userns", g->root);
	int fd = openat(root, "userns", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "%s/userns", g->root) : fd;
}

static bool is_stale(struct engine *g, int dir, const char *name)
{
	char id[ENGINE_ID_LEN + 1];
	struct stat st;

	ssize_t n = readlinkat(dir, name, id, sizeof(id));
	if (n < 0)
		return false;
	id[MIN(n, ENGINE_ID_LEN)] = 0;
	int containers = engine_containers_fd(g, NULL);
	return !engine_id_valid(id) ||
	       (containers >= 0 && fstatat(containers, id, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT);
}

int userns_range_take(struct engine *g, const char *id, struct engine_idrange *ret, struct err *e)
{
	_cleanup_buf_ struct buf uids = BUF_INIT(SUBID_MAX), gids = BUF_INIT(SUBID_MAX);
	char name[16];

	(void)file_read(AT_FDCWD, "/etc/subuid", SUBID_MAX, &uids, NULL);
	(void)file_read(AT_FDCWD, "/etc/subgid", SUBID_MAX, &gids, NULL);
	struct engine_idrange room = userns_room(uids.data, gids.data);
	_cleanup_fd_ int dir = open_folder(g, e);
	if (dir < 0)
		return dir;
	for (uint32_t off = 0; room.size - off >= RANGE_SIZE; off += RANGE_SIZE) {
		snprintf(name, sizeof(name), "%u", room.start + off);
		int rc = symlinkat(id, dir, name);
		if (rc && errno == EEXIST && is_stale(g, dir, name) && !unlinkat(dir, name, 0))
			rc = symlinkat(id, dir, name);
		if (rc && errno != EEXIST)
			return err_sys(e, "%s/userns/%s", g->root, name);
		if (rc)
			continue;
		*ret = (struct engine_idrange){room.start + off, RANGE_SIZE};
		return 0;
	}
	return err_set(e, ERR_EXHAUSTED, ENOSPC,
		       "--userns auto: all %u ranges of 65536 ids from %u on are taken: give user \"berth\" more in "
		       "/etc/subuid and /etc/subgid",
		       room.size / RANGE_SIZE, room.start);
}

void userns_range_release(struct engine *g, const char *id)
{
	char owner[ENGINE_ID_LEN + 1];
	int root = engine_root_fd(g, NULL);
	int fd = root < 0 ? -1 : openat(root, "userns", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		fd_close(fd);
		return;
	}
	for (struct dirent *de; (de = readdir(d));)
		if (readlinkat(fd, de->d_name, owner, sizeof(owner)) == ENGINE_ID_LEN &&
		    !memcmp(owner, id, ENGINE_ID_LEN))
			unlinkat(fd, de->d_name, 0);
}
