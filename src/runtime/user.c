// SPDX-License-Identifier: Apache-2.0
// Owns the meaning of user strings: "app", "1000", "app:staff", looked up in etc/passwd and etc/group below a root that
// nobody trusts. Files are opened confined, must be regular, and are read up to a limit. A malformed line is no line.
//
// A name is looked for first and a number is a number only if no entry is so called, as docker does it; but a number
// must be exact: what does not fit into 32 bits, or is -1, is refused and never wraps to root.
#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/container.h"

enum { DATABASE_MAX = 4 << 20, GROUPS_MAX = 65536, FIELDS_MAX = 7 };

static int load(int root, const char *path, struct buf *b, struct err *e)
{
	_cleanup_fd_ int fd = path_open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	int rc = fd < 0 ? err_rc(e, fd, "open") : file_read_regular(fd, DATABASE_MAX, b, e);
	return rc < 0 ? err_wrap(e, rc, "the container's /%s", path) : 0;
}

// Cuts the next line off text into fields; false at the end. Fields beyond n are empty.
static bool next_entry(char **text, char *fields[static FIELDS_MAX])
{
	static char nothing[] = "";

	if (!**text)
		return false;
	char *line = *text;
	*text += strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	for (int i = 0; i < FIELDS_MAX; i++) {
		fields[i] = line ? line : nothing;
		line = line ? strchr(line, ':') : NULL;
		if (line)
			*line++ = '\0';
	}
	return true;
}

static int parse_id(const char *s, uint32_t *ret)
{
	return str_to_u32(s, ret) < 0 || *ret == UINT32_MAX ? -EINVAL : 0;
}

struct found {
	bool is;
	uint32_t uid, gid;
	char *name, *home;
};

// By name, else by number: the first entry.
static int find_user(int root, const char *user, struct found *f, struct err *e)
{
	char *v[FIELDS_MAX];
	uint32_t number = UINT32_MAX, uid, gid;
	bool numeric = !parse_id(user, &number);
	_cleanup_buf_ struct buf b = BUF_INIT(DATABASE_MAX);
	int rc = load(root, "etc/passwd", &b, e);

	if (rc < 0)
		return rc;
	for (char *p = b.data; next_entry(&p, v);) {
		if (!*v[0] || parse_id(v[2], &uid) < 0 || parse_id(v[3], &gid) < 0)
			continue;
		bool by_name = str_eq(v[0], user);
		if (!by_name && (!numeric || uid != number || f->is))
			continue;
		free(f->name);
		free(f->home);
		*f = (struct found){.is = true, .uid = uid, .gid = gid, .name = xstrdup(v[0]), .home = xstrdup(v[5])};
		if (by_name)
			return 0;
	}
	if (!f->is && !numeric)
		return err_set(e, ERR_NOT_FOUND, ENOENT, "user \"%s\": no such user in the container's /etc/passwd",
			       user);
	if (!f->is)
		*f = (struct found){.uid = number};
	return 0;
}

static void add_group(struct container_user *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	if (u->n_groups == GROUPS_MAX)
		return;
	u->groups = xreallocarray(u->groups, u->n_groups + 1, sizeof(*u->groups));
	u->groups[u->n_groups++] = gid;
}

static bool is_member(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == n && !strncmp(p, name, n))
			return true;
	return false;
}

// One pass over etc/group: memberships of member (may be NULL), and the gids of wanted names.
struct group_search {
	const char *member;
	const char *const *wanted;
	size_t n_wanted;
	uint32_t *gids;
	bool *is;
};

static int search_groups(int root, const struct group_search *g, struct container_user *u, struct err *e)
{
	char *v[FIELDS_MAX];
	uint32_t gid;
	_cleanup_buf_ struct buf b = BUF_INIT(DATABASE_MAX);
	int rc = load(root, "etc/group", &b, e);

	if (rc < 0)
		return rc;
	for (char *p = b.data; next_entry(&p, v);) {
		if (!*v[0] || parse_id(v[2], &gid) < 0)
			continue;
		if (g->member && is_member(v[3], g->member))
			add_group(u, gid);
		for (size_t i = 0; i < g->n_wanted; i++)
			if (!g->is[i] && str_eq(v[0], g->wanted[i])) {
				g->gids[i] = gid;
				g->is[i] = true;
			}
	}
	for (size_t i = 0; i < g->n_wanted; i++)
		if (!g->is[i] && parse_id(g->wanted[i], &g->gids[i]) < 0)
			return err_set(e, ERR_NOT_FOUND, ENOENT,
				       "group \"%s\": no such group in the container's /etc/group", g->wanted[i]);
	return 0;
}

// gid_name and the extra ones are looked up together; with an explicit group, memberships do not count, as in docker.
static int resolve_groups(int root, const struct found *f, const char *gid_name, const char *const *extra,
			  struct container_user *u, struct err *e)
{
	size_t n = 0, n_extra = 0;
	while (extra && extra[n_extra])
		n_extra++;
	_cleanup_free_ const char **names = xnew_n(const char *, n_extra + 1);
	_cleanup_free_ uint32_t *gids = xnew_n(uint32_t, n_extra + 1);
	_cleanup_free_ bool *is = xnew_n(bool, n_extra + 1);

	if (gid_name)
		names[n++] = gid_name;
	for (size_t i = 0; i < n_extra; i++)
		names[n++] = extra[i];
	const char *member = f->is && !gid_name ? f->name : NULL;
	if (!n && !member)
		return 0;
	struct group_search g = {.member = member, .wanted = names, .n_wanted = n, .gids = gids, .is = is};
	int rc = search_groups(root, &g, u, e);
	if (rc < 0)
		return rc;
	if (gid_name)
		u->gid = gids[0];
	for (size_t i = gid_name ? 1 : 0; i < n; i++)
		add_group(u, gids[i]);
	return 0;
}

int container_user_resolve(int root, const char *user, const char *const *extra_groups, struct container_user *ret,
			   struct err *e)
{
	struct container_user u = {0};
	struct found f = {0};
	_cleanup_free_ char *name = xstrdup(user ? user : "");
	char *group = strchr(name, ':');

	if (group)
		*group++ = '\0';
	if (group && !*group)
		group = NULL;
	int rc = find_user(root, *name ? name : "0", &f, e);
	u.uid = f.uid;
	u.gid = f.gid;
	if (!rc)
		rc = resolve_groups(root, &f, group, extra_groups, &u, e);
	u.home = xstrdup(f.home && *f.home == '/' && !strchr(f.home, '\n') ? f.home : "/");
	free(f.name);
	free(f.home);
	if (rc < 0) {
		container_user_done(&u);
		return rc;
	}
	*ret = u;
	return 0;
}

void container_user_done(struct container_user *u)
{
	free(u->groups);
	free(u->home);
	*u = (struct container_user){0};
}
