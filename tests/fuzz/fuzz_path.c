// SPDX-License-Identifier: Apache-2.0
// Hostile paths in hostile trees. The input is a list of lines, each an operation below a fresh root in a temporary
// folder that also holds a canary:
//
//   d PATH          make a directory        m PATH  path_mkdirs_in      c PATH  create a file, both ways
//   f PATH          make a file             t PATH  path_make_target    anything else: open it, both ways
//   l TARGET PATH   make a symbolic link
//
// openat2 and the walk must give the same answer, every descriptor must be below the root, and the folder must be as
// it was in the end.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPERATIONS_MAX = 64 };

static char top_path[] = "/tmp/berth-fuzz-path-XXXXXX";
static char root_path[64];
static int top = -1, root = -1;

static void demand(bool what, const char *why, const char *path)
{
	if (what)
		return;
	fprintf(stderr, "%s: %s\n", path, why);
	abort();
}

static void remove_top(void)
{
	unlinkat(top, "canary", 0);
	path_remove_tree(top, "root", NULL);
	rmdir(top_path);
}

static void set_up_once(void)
{
	if (top >= 0)
		return;
	demand(mkdtemp(top_path), "mkdtemp", top_path);
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(root_path, sizeof(root_path), "%s/root", top_path);
	close(openat(top, "canary", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	atexit(remove_top);
}

// Where the descriptor is, as the kernel sees it.
static void location(int fd, char dst[static PATH_MAX])
{
	char link[FD_PATH_MAX];

	fd_proc_path(link, fd);
	ssize_t n = readlink(link, dst, PATH_MAX - 1);
	dst[n < 0 ? 0 : n] = 0;
}

static void demand_inside(int fd, const char *path)
{
	char where[PATH_MAX];

	location(fd, where);
	const char *rest = str_after(where, root_path);
	// The kernel has no name for what lies deeper than a page.
	demand(!where[0] || (rest && (!*rest || *rest == '/')), "escaped", path);
}

static void open_both(const char *path, int flags)
{
	_cleanup_fd_ int a = path_open_in(root, path, flags, 0), b = path_open_in_walk(root, path, flags, 0);
	struct stat sa, sb;

	if (a < 0 || b < 0) {
		if (a != b)
			fprintf(stderr, "openat2 %d, walk %d, flags %#o\n", a, b, (unsigned)flags);
		demand(a == b, "different errors", path);
		return;
	}
	demand(!fstat(a, &sa) && !fstat(b, &sb) && sa.st_ino == sb.st_ino, "different files", path);
	demand_inside(a, path);
	demand_inside(b, path);
}

// Creates path one way and removes it again; tells where it was.
static int create_one(const char *path, bool walk, char where[static PATH_MAX])
{
	const int flags = O_CREAT | O_EXCL | O_WRONLY;
	_cleanup_fd_ int fd = walk ? path_open_in_walk(root, path, flags, 0600) : path_open_in(root, path, flags, 0600);

	if (fd < 0)
		return fd;
	demand_inside(fd, path);
	location(fd, where);
	demand(!unlink(where), "not removed", path);
	return 0;
}

static void create_both(const char *path)
{
	char a[PATH_MAX] = "", b[PATH_MAX] = "";
	int ra = create_one(path, false, a), rb = create_one(path, true, b);

	if (ra != rb)
		fprintf(stderr, "openat2 %d, walk %d\n", ra, rb);
	demand(ra == rb && str_eq(a, b), "different creations", path);
}

static void make(char kind, const char *path, const char *target)
{
	char base[NAME_MAX + 1];
	_cleanup_fd_ int parent = -1;

	if (path_open_parent(root, path, &parent, base) < 0)
		return;
	demand_inside(parent, path);
	demand(path_is_component(base), "not a component", path);
	if (kind == 'l')
		(void)!symlinkat(target, parent, base);
	else if (kind == 'd')
		(void)!mkdirat(parent, base, 0755);
	else
		fd_close(openat(parent, base, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
}

static void operate(char *line)
{
	static const int flags[] = {O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_NONBLOCK, O_PATH | O_DIRECTORY};
	char kind = line[0] && line[1] == ' ' ? line[0] : 0, *path = kind ? line + 2 : line;
	_cleanup_fd_ int fd = -1;

	if (kind == 'd' || kind == 'f')
		make(kind, path, NULL);
	else if (kind == 'l') {
		char *space = strchr(path, ' ');
		if (space) {
			*space = 0;
			make(kind, space + 1, path);
		}
	} else if (kind == 'm' || kind == 't') {
		fd = kind == 'm' ? path_mkdirs_in(root, path, 0755, (uid_t)-1, (gid_t)-1)
				 : path_make_target(root, path, false);
		if (fd >= 0)
			demand_inside(fd, path);
	} else if (kind == 'c')
		create_both(path);
	else
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
			open_both(line, flags[i]);
}

static void check_text(const char *path)
{
	_cleanup_free_ char *clean = path_clean(path), *again = path_clean(clean);

	demand(str_eq(clean, again), "cleaning is not stable", path);
	demand(clean[0] != '/' || !path_has_dotdot(clean), "cleaned text leads up", path);
}

static void check_top(void)
{
	unsigned n = 0;
	_cleanup_dir_ DIR *d = opendir(top_path);
	struct stat st;

	while (readdir(d))
		n++;
	demand(n == 4, "something appeared or vanished outside", top_path); // with "." and ".."
	demand(!fstatat(top, "canary", &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && !st.st_size, "canary",
	       top_path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	unsigned n = 0;
	struct err e;

	set_up_once();
	demand(!mkdirat(top, "root", 0755), "no root", top_path);
	root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (char *line = text, *next; line && n < OPERATIONS_MAX; line = next, n++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		check_text(line);
		operate(line);
	}
	close(root);
	check_top();
	demand(path_remove_tree(top, "root", &e) == 0, e.text, root_path);
	return 0;
}
