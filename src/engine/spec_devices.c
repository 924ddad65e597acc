// SPDX-License-Identifier: Apache-2.0
// Devices: those asked for by path, and for privileged containers all that the host has. The default ones are the
// runtime's business.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/spec.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { DEVICES_MAX = 16384, DEVICE_DEPTH_MAX = 8 };

// In /dev but a file system or a terminal of its own in every container.
static const char *const skipped[] = {"pts",  "shm",       "mqueue", "fd",   "console",
				      "ptmx", "hugepages", ".udev",  ".lxc", NULL};

static void add_device(struct spec_build *b, const char *path, const struct stat *st)
{
	struct oci_linux *l = b->spec->linux;

	for (size_t i = 0; i < l->n_devices; i++)
		if (str_eq(l->devices[i].path, path))
			return;
	struct oci_device *d = arena_append(b->a, l->devices, l->n_devices);
	d->path = arena_strdup(b->a, path);
	d->type = S_ISBLK(st->st_mode) ? 'b' : 'c';
	d->major = major(st->st_rdev);
	d->minor = minor(st->st_rdev);
	d->file_mode = (struct opt_u32){true, st->st_mode & 07777};
	d->uid = (struct opt_u32){true, st->st_uid};
	d->gid = (struct opt_u32){true, st->st_gid};
}

static void add_rule(struct spec_build *b, const struct stat *st, const char *access)
{
	struct oci_resources *r = b->spec->linux->resources;
	struct oci_device_rule *rule = arena_append(b->a, r->devices, r->n_devices);

	rule->allow = true;
	rule->type = S_ISBLK(st->st_mode) ? 'b' : 'c';
	rule->major = (struct opt_i64){true, major(st->st_rdev)};
	rule->minor = (struct opt_i64){true, minor(st->st_rdev)};
	rule->access = arena_strdup(b->a, access);
}

// Every device below dirfd, as path inside. access NULL: without a rule (everything is allowed anyway).
static int add_folder(struct spec_build *b, int dirfd, const char *name, const char *inside, const char *access,
		      unsigned depth, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int rc = 0;

	if (!d) {
		fd_close(fd);
		return depth ? 0 : err_sys(e, "%s", inside);
	}
	while (rc >= 0 && (de = readdir(d))) {
		struct stat st;
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, "..") ||
		    (!depth && !access && str_in(de->d_name, skipped)) ||
		    fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		_cleanup_free_ char *path = path_join(inside, de->d_name);
		if (S_ISDIR(st.st_mode) && depth < DEVICE_DEPTH_MAX) {
			rc = add_folder(b, fd, de->d_name, path, access, depth + 1, e);
		} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			if (b->spec->linux->n_devices >= DEVICES_MAX)
				return err_set(e, ERR_EXHAUSTED, E2BIG, "%s: more than %d devices", inside,
					       DEVICES_MAX);
			add_device(b, path, &st);
			if (access)
				add_rule(b, &st, access);
		}
	}
	return rc;
}

static int add_asked(struct spec_build *b, const struct engine_device *d, struct err *e)
{
	const char *inside = d->container ? d->container : d->host, *access = d->access ? d->access : "rwm";
	struct stat st;

	if (stat(d->host, &st))
		return err_sys(e, "--device %s", d->host);
	if (S_ISDIR(st.st_mode))
		return add_folder(b, AT_FDCWD, d->host, inside, access, 0, e);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_invalid(e, "--device %s: not a device node", d->host);
	add_device(b, inside, &st);
	add_rule(b, &st, access);
	return 0;
}

int spec_devices(struct spec_build *b, struct err *e)
{
	int rc = 0;

	if (b->running)
		return 0;
	for (size_t i = 0; i < b->o->n_devices && rc >= 0; i++)
		rc = add_asked(b, &b->o->devices[i], e);
	if (rc < 0 || !b->o->privileged)
		return rc;
	struct oci_resources *r = b->spec->linux->resources;
	struct oci_device_rule *all = arena_append(b->a, r->devices, r->n_devices);
	*all = (struct oci_device_rule){.allow = true, .type = 'a', .access = arena_strdup(b->a, "rwm")};
	return add_folder(b, AT_FDCWD, "/dev", "/dev", NULL, 0, e);
}
