// SPDX-License-Identifier: Apache-2.0
// Owns the vocabulary of mount options and the calls of the mount API. What an option does is data: attributes to
// set and to clear on one mount or on a tree, a propagation, or a word for the file system.
#include "kernel/mount.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/sys.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#define ATIME MOUNT_ATTR__ATIME // a field of several bits: its value is set after clearing all of it

enum { MOUNTINFO_MAX = 16 << 20 };

enum option_kind {
	OPT_ATTR,        // arg, arg2: set and clear; on the tree too as "r" + name
	OPT_PROPAGATION, // arg: MS_*
	OPT_FS_FLAG,     // goes to the file system as a flag (superblock); nothing on a bind
	OPT_IGNORED,     // what mount(8) keeps for itself
	OPT_BIND,
	OPT_RBIND,
	OPT_TMPCOPYUP,
	OPT_COPY_SYMLINK,
	OPT_SRC_NOFOLLOW,
	OPT_IDMAP,
	OPT_RIDMAP,
};

static const struct option {
	const char *name;
	enum option_kind kind;
	uint64_t arg, arg2;
} options[] = {
	{"ro", OPT_ATTR, MOUNT_ATTR_RDONLY, 0},
	{"rw", OPT_ATTR, 0, MOUNT_ATTR_RDONLY},
	{"nosuid", OPT_ATTR, MOUNT_ATTR_NOSUID, 0},
	{"suid", OPT_ATTR, 0, MOUNT_ATTR_NOSUID},
	{"nodev", OPT_ATTR, MOUNT_ATTR_NODEV, 0},
	{"dev", OPT_ATTR, 0, MOUNT_ATTR_NODEV},
	{"noexec", OPT_ATTR, MOUNT_ATTR_NOEXEC, 0},
	{"exec", OPT_ATTR, 0, MOUNT_ATTR_NOEXEC},
	{"nodiratime", OPT_ATTR, MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", OPT_ATTR, 0, MOUNT_ATTR_NODIRATIME},
	{"relatime", OPT_ATTR, MOUNT_ATTR_RELATIME, ATIME},
	{"norelatime", OPT_ATTR, MOUNT_ATTR_STRICTATIME, ATIME},
	{"noatime", OPT_ATTR, MOUNT_ATTR_NOATIME, ATIME},
	{"atime", OPT_ATTR, MOUNT_ATTR_RELATIME, ATIME},
	{"strictatime", OPT_ATTR, MOUNT_ATTR_STRICTATIME, ATIME},
	{"nostrictatime", OPT_ATTR, MOUNT_ATTR_RELATIME, ATIME},
	{"nosymfollow", OPT_ATTR, MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"symfollow", OPT_ATTR, 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"shared", OPT_PROPAGATION, MS_SHARED, 0},
	{"slave", OPT_PROPAGATION, MS_SLAVE, 0},
	{"private", OPT_PROPAGATION, MS_PRIVATE, 0},
	{"unbindable", OPT_PROPAGATION, MS_UNBINDABLE, 0},
	{"rshared", OPT_PROPAGATION, MS_SHARED | MS_REC, 0},
	{"rslave", OPT_PROPAGATION, MS_SLAVE | MS_REC, 0},
	{"rprivate", OPT_PROPAGATION, MS_PRIVATE | MS_REC, 0},
	{"runbindable", OPT_PROPAGATION, MS_UNBINDABLE | MS_REC, 0},
	{"bind", OPT_BIND, 0, 0},
	{"rbind", OPT_RBIND, 0, 0},
	{"tmpcopyup", OPT_TMPCOPYUP, 0, 0},
	{"copy-symlink", OPT_COPY_SYMLINK, 0, 0},
	{"src-nofollow", OPT_SRC_NOFOLLOW, 0, 0},
	{"idmap", OPT_IDMAP, 0, 0},
	{"ridmap", OPT_RIDMAP, 0, 0},
	{"sync", OPT_FS_FLAG, 0, 0},
	{"async", OPT_FS_FLAG, 0, 0},
	{"dirsync", OPT_FS_FLAG, 0, 0},
	{"lazytime", OPT_FS_FLAG, 0, 0},
	{"nolazytime", OPT_FS_FLAG, 0, 0},
	{"mand", OPT_FS_FLAG, 0, 0},
	{"nomand", OPT_FS_FLAG, 0, 0},
	{"defaults", OPT_IGNORED, 0, 0},
	{"remount", OPT_IGNORED, 0, 0}, // every mount of a container is a new one
	{"silent", OPT_IGNORED, 0, 0},
	{"loud", OPT_IGNORED, 0, 0},
	{"iversion", OPT_IGNORED, 0, 0}, // the kernel decides by itself since 4.17
	{"noiversion", OPT_IGNORED, 0, 0},
	{"auto", OPT_IGNORED, 0, 0},
	{"noauto", OPT_IGNORED, 0, 0},
	{"user", OPT_IGNORED, 0, 0},
	{"nouser", OPT_IGNORED, 0, 0},
	{"_netdev", OPT_IGNORED, 0, 0},
	{"nofail", OPT_IGNORED, 0, 0},
};

static const struct option *find_option(const char *name, bool *ret_rec)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (str_eq(options[i].name, name)) {
			*ret_rec = false;
			return &options[i];
		}
		if (options[i].kind == OPT_ATTR && *name == 'r' && str_eq(options[i].name, name + 1)) {
			*ret_rec = true;
			return &options[i];
		}
	}
	return NULL;
}

bool mount_option_known(const char *name)
{
	bool rec;
	return find_option(name, &rec) != NULL;
}

void mount_options_done(struct mount_options *o)
{
	strv_free(o->fs);
	*o = (struct mount_options){0};
}

static void change(uint64_t *set, uint64_t *clear, const struct option *t)
{
	*clear = (*clear | t->arg2) & ~(t->arg & ~(uint64_t)ATIME);
	*set = (*set & ~t->arg2) | t->arg;
	if (t->arg2 == ATIME)
		*clear |= ATIME;
}

static int add_propagation(struct mount_options *o, unsigned ms, struct err *e)
{
	if (o->n_propagation == MOUNT_PROPAGATIONS_MAX)
		return err_invalid(e, "more than %d propagation options", MOUNT_PROPAGATIONS_MAX);
	o->propagation[o->n_propagation++] = ms;
	return 0;
}

int mount_options_add(struct mount_options *o, const char *option, struct err *e)
{
	bool rec = false;
	const struct option *t = find_option(option, &rec);

	switch (t ? t->kind : OPT_FS_FLAG) {
	case OPT_ATTR:
		if (rec)
			change(&o->rec_set, &o->rec_clear, t);
		else
			change(&o->set, &o->clear, t);
		break;
	case OPT_PROPAGATION: return add_propagation(o, (unsigned)t->arg, e);
	case OPT_FS_FLAG: strv_push(&o->fs, option); break;
	case OPT_IGNORED: break;
	case OPT_RBIND: o->recursive = true; // fallthrough
	case OPT_BIND: o->bind = true; break;
	case OPT_TMPCOPYUP: o->tmpcopyup = true; break;
	case OPT_COPY_SYMLINK: o->copy_symlink = true; break;
	case OPT_SRC_NOFOLLOW: o->src_nofollow = true; break;
	case OPT_IDMAP: o->idmap = true; break;
	case OPT_RIDMAP: o->ridmap = true; break;
	}
	return 0;
}

// What the kernel wrote into the context's log is better than its errno.
static int fs_failed(int fs, const char *what, struct err *e)
{
	char log[512];
	int saved = errno;
	ssize_t n = read(fs, log, sizeof(log) - 1);

	if (n <= 2 || log[1] != ' ')
		return err_rc(e, -saved, "%s", what);
	log[n] = '\0';
	log[strcspn(log, "\n")] = '\0';
	return err_set(e, err_class_of_errno(saved), saved, "%s: %s (%s)", what, log + 2, strerror(saved));
}

static int configure(int fs, const char *option, struct err *e)
{
	const char *eq = strchr(option, '=');
	if (!eq)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) < 0 ? fs_failed(fs, option, e) : 0;
	_cleanup_free_ char *key = xstrndup(option, (size_t)(eq - option));
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, eq + 1, 0) < 0 ? fs_failed(fs, option, e) : 0;
}

int mount_new(const char *type, const char *source, const struct mount_options *o, struct err *e)
{
	_cleanup_fd_ int fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0 && errno == ENODEV)
		return err_set(e, ERR_UNSUPPORTED, ENODEV, "this kernel has no file system \"%s\"", type);
	if (fs < 0)
		return err_sys(e, "fsopen %s", type);
	if (source && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fs_failed(fs, "source", e);
	for (char **s = o->fs; s && *s; s++) {
		int rc = configure(fs, *s, e);
		if (rc < 0)
			return rc;
	}
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_failed(fs, type, e);
	int fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)o->set);
	return fd < 0 ? fs_failed(fs, type, e) : fd;
}

int mount_clone(int fd, bool recursive, struct err *e)
{
	unsigned rec = recursive ? AT_RECURSIVE : 0;
	int clone = sys_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | rec);
	return clone < 0 ? err_sys(e, "open_tree") : clone;
}

bool mount_is_attached(int fd)
{
	_cleanup_buf_ struct buf b = BUF_INIT(MOUNTINFO_MAX);
	struct statx stx = {0};
	unsigned long long id;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) || !(stx.stx_mask & STATX_MNT_ID) ||
	    file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &b, NULL) < 0)
		return true;
	for (const char *line = b.data; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		id = strtoull(line, NULL, 10);
		if (id == stx.stx_mnt_id)
			return true;
	}
	return false;
}

static int setattr(int fd, bool recursive, struct mount_attr *a)
{
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u), a, sizeof(*a));
}

int mount_set_attr(int fd, bool recursive, uint64_t set, uint64_t clear, struct err *e)
{
	struct mount_attr a = {.attr_set = set, .attr_clr = clear};
	if (!(set | clear))
		return 0;
	return setattr(fd, recursive, &a) < 0 ? err_sys(e, "mount_setattr") : 0;
}

int mount_set_propagation(int fd, unsigned ms, struct err *e)
{
	struct mount_attr a = {.propagation = ms & ~(unsigned)MS_REC};
	return setattr(fd, ms & MS_REC, &a) < 0 ? err_sys(e, "set the propagation") : 0;
}

int mount_set_idmap(int fd, bool recursive, int userns, struct err *e)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	if (!setattr(fd, recursive, &a))
		return 0;
	if (errno == EINVAL)
		return err_set(e, ERR_UNSUPPORTED, EINVAL, "this file system does not support idmapped mounts");
	return err_sys(e, "idmap the mount");
}

int mount_apply(int fd, const struct mount_options *o, struct err *e)
{
	int rc = mount_set_attr(fd, true, o->rec_set, o->rec_clear, e);
	if (!rc)
		rc = mount_set_attr(fd, false, o->set, o->clear, e);
	for (size_t i = 0; !rc && i < o->n_propagation; i++)
		rc = mount_set_propagation(fd, o->propagation[i], e);
	return rc;
}

int mount_attach(int fd, int target, struct err *e)
{
	if (sys_move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "move_mount");
	return 0;
}
