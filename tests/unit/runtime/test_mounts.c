// SPDX-License-Identifier: Apache-2.0
// Mounts of a container: types, options, targets, hidden paths, devices; and roots that try to trick us.
#include "box.h"
#include "test.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// The options column of a mount point, sorted as the kernel prints it.
static const char *options_of(struct box *b, const char *where)
{
	char line[256];
	snprintf(line, sizeof(line),
		 "while read a b c d p o rest; do test \"$p\" = %s && l=\"$o $rest\"; done </proc/self/mountinfo; echo "
		 "\"$l\"",
		 where);
	return box_check(b, line);
}

static const char *source_dir(struct box *b, const char *name)
{
	static char path[128];
	struct err e = {0};
	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	CHECK_OK(path_mkdirs(path, 0755, &e), e);
	return path;
}

TEST(mounts_defaults)
{
	struct box *b = box_new();
	CHECK_CONTAINS(options_of(b, "/proc"), "rw,nosuid,nodev,noexec,relatime");
	CHECK_CONTAINS(options_of(b, "/dev"), "rw,nosuid - tmpfs");
	CHECK_CONTAINS(options_of(b, "/dev"), "size=65536k,mode=755");
	CHECK_CONTAINS(options_of(b, "/dev/pts"), "gid=5,mode=620,ptmxmode=666");
	CHECK_CONTAINS(options_of(b, "/dev/mqueue"), "mqueue");
	CHECK_CONTAINS(options_of(b, "/sys"), "ro,nosuid,nodev,noexec");
	CHECK_STR(box_check(b, "stat -c %a /dev /dev/shm"), "755\n1777");
}

TEST(mounts_bind_directory_and_file)
{
	struct box *b = box_new();
	const char *src = source_dir(b, "src");
	char file[160];
	snprintf(file, sizeof(file), "%s/hello", src);
	_cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_EQ(fd_write_full(fd, "hi\n", 3), 3);
	box_mount(b, "/made/for/it", "bind", src, "rbind,rw");
	box_mount(b, "/a/file", NULL, file, "bind,ro,nosuid,noexec,nodev");
	CHECK_STR(box_check(b, "cat /made/for/it/hello /a/file"), "hi\nhi");
	CHECK_CONTAINS(options_of(b, "/a/file"), "ro,nosuid,nodev,noexec");
	box_check(b, "touch /made/for/it/new");
	CHECK_CONTAINS(box_check(b, "touch /a/file 2>&1 || true"), "Read-only file system");
	CHECK(!strstr(options_of(b, "/made/for/it"), "shared"));
}

TEST(mounts_relative_source_is_below_the_bundle)
{
	struct box *b = box_new();
	source_dir(b, "inside");
	b->plan.bundle = open(b->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	b->spec->root->path = (char *)"rootfs";
	box_mount(b, "/mnt", "bind", "inside", "rbind");
	box_check(b, "touch /mnt/x");
	char path[128];
	snprintf(path, sizeof(path), "%s/inside/x", b->dir);
	CHECK(!access(path, F_OK));
	close(b->plan.bundle);
}

TEST(mounts_missing_source)
{
	struct box *b = box_new();
	box_mount(b, "/data", "bind", "/srv/not-there", "rbind");
	box_shell(b, "true");
	CHECK_EQ(box_run(b), -ENOENT);
	CHECK_EQ(b->e.class, ERR_NOT_FOUND);
	CHECK_STR(b->e.text, "mount /data: source /srv/not-there: No such file or directory");
}

TEST(mounts_recursive_options_reach_submounts)
{
	struct box *b = box_new();
	const char *src = source_dir(b, "tree");
	char sub[160];
	snprintf(sub, sizeof(sub), "%s/sub", src);
	CHECK(!mkdir(sub, 0755));
	CHECK(!mount("t", sub, "tmpfs", 0, "size=64k"));
	box_mount(b, "/t1", "bind", src, "rbind,ro");
	box_mount(b, "/t2", "bind", src, "rbind,rro,rnoexec");
	box_mount(b, "/t3", "bind", src, "bind");
	box_check(b, "touch /t1/sub/ok");
	CHECK_CONTAINS(box_check(b, "touch /t2/sub/no 2>&1 || true"), "Read-only file system");
	CHECK_CONTAINS(options_of(b, "/t2/sub"), "ro,noexec");
	box_check(b, "test ! -e /t3/sub/ok");
	CHECK(!umount2(sub, MNT_DETACH));
}

TEST(mounts_do_not_propagate)
{
	struct box *b = box_new();
	const char *src = source_dir(b, "shared");
	char sub[160];
	CHECK(!mount(src, src, NULL, MS_BIND, NULL));
	CHECK(!mount(NULL, src, NULL, MS_SHARED, NULL));
	snprintf(sub, sizeof(sub), "%s/sub", src);
	CHECK(!mkdir(sub, 0755));
	static const char *const caps[] = {"CAP_SYS_ADMIN"};
	oci_strings_add(&b->spec->arena, &b->spec->process->capabilities->bounding, caps[0]);
	oci_strings_add(&b->spec->arena, &b->spec->process->capabilities->effective, caps[0]);
	oci_strings_add(&b->spec->arena, &b->spec->process->capabilities->permitted, caps[0]);
	box_mount(b, "/s", "bind", src, "rbind");
	box_check(b, "mount -t tmpfs x /s/sub && touch /s/sub/file");
	char file[192];
	snprintf(file, sizeof(file), "%s/file", sub);
	CHECK(access(file, F_OK) < 0);
	CHECK_CONTAINS(options_of(b, "/s"), "master:"); // slave: what the host mounts there arrives
	box_mount(b, "/p", "bind", src, "rbind,rprivate");
	CHECK(!strstr(options_of(b, "/p"), "master:"));
	b->spec->linux->rootfs_propagation = (char *)"private";
	CHECK(!strstr(options_of(b, "/s"), "master:"));
	b->spec->linux->rootfs_propagation = (char *)"sideways";
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "linux.rootfsPropagation: unknown value \"sideways\"");
	CHECK(!umount2(src, MNT_DETACH));
}

TEST(mounts_shared_root_propagation)
{
	struct box *b = box_new();
	b->spec->linux->rootfs_propagation = (char *)"shared";
	CHECK_CONTAINS(options_of(b, "/"), "shared:");
}

TEST(mounts_unknown_option_is_the_file_systems_error)
{
	struct box *b = box_new();
	box_mount(b, "/x", "tmpfs", "tmpfs", "nosuid,colour=blue");
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "mount /x: colour=blue: ");
	CHECK_CONTAINS(b->e.text, "Unknown parameter 'colour'");
	b->spec->n_mounts--;
	box_mount(b, "/x", "nosuchfs", "x", "");
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_UNSUPPORTED);
	CHECK_STR(b->e.text, "mount /x: this kernel has no file system \"nosuchfs\"");
}

TEST(mounts_tmpfs_read_only_with_a_mount_inside)
{
	struct box *b = box_new();
	const char *src = source_dir(b, "src");
	box_mount(b, "/run", "tmpfs", "tmpfs", "ro,mode=700,size=1m");
	box_mount(b, "/run/deep/in", "bind", src, "bind");
	CHECK_CONTAINS(options_of(b, "/run"), "ro,");
	box_check(b, "touch /run/deep/in/file");
	CHECK_CONTAINS(box_check(b, "touch /run/x 2>&1 || true"), "Read-only");
}

TEST(mounts_tmpcopyup)
{
	struct box *b = box_new();
	char path[160];
	snprintf(path, sizeof(path), "%s/var", b->root);
	CHECK(!mkdir(path, 0750));
	CHECK(!chown(path, 7, 8));
	snprintf(path, sizeof(path), "%s/var/d", b->root);
	CHECK(!mkdir(path, 0711));
	box_file(b, "var/d/f", "text", 04755);
	snprintf(path, sizeof(path), "%s/var/l", b->root);
	CHECK(!symlink("/etc/passwd", path));
	box_mount(b, "/var", "tmpfs", "tmpfs", "tmpcopyup,mode=755");
	CHECK_STR(
		box_check(b,
			  "cat /var/d/f; echo; stat -c '%a %u %g' /var /var/d/f; readlink /var/l; echo more >/var/d/f"),
		"text\n750 7 8\n4755 0 0\n/etc/passwd");
	struct stat st;
	snprintf(path, sizeof(path), "%s/var/d/f", b->root);
	CHECK(!stat(path, &st) && st.st_size == 4);
}

TEST(mounts_idmapped)
{
	struct box *b = box_new();
	const char *src = source_dir(b, "owned");
	struct oci_mount *m = box_mount(b, "/o", "bind", src, "bind");
	struct oci_id_mapping *map = arena_append(&b->spec->arena, m->uid_mappings.v, m->uid_mappings.n);
	*map = (struct oci_id_mapping){.container_id = 0, .host_id = 5000, .size = 10};
	map = arena_append(&b->spec->arena, m->gid_mappings.v, m->gid_mappings.n);
	*map = (struct oci_id_mapping){.container_id = 0, .host_id = 6000, .size = 10};
	box_shell(b, "stat -c '%u %g' /o");
	if (box_run(b) < 0 && b->e.class == ERR_UNSUPPORTED)
		test_skip("%s", b->e.text);
	CHECK_STR(b->out, "5000 6000");
}

TEST(mounts_bad_destinations)
{
	struct box *b = box_new();
	box_shell(b, "true");
	size_t n = b->spec->n_mounts;
	box_mount(b, "/../", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "the root file system is root.path");
	b->spec->n_mounts = n;
	box_mount(b, "/proc/sys", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /proc/sys: nothing may be mounted inside /proc");
	b->spec->n_mounts = n;
	box_mount(b, "/proc", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /proc: only a procfs may be at /proc");
	b->spec->n_mounts = n;
	box_mount(b, "/proc", "bind", "/etc", "bind");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /proc: /etc is not a procfs, and nothing else may be there");
	b->spec->n_mounts = n;
	box_mount(b, "/proc/uptime", "bind", "/etc/hostname", "bind,ro");
	box_check(b, "true");
}

TEST(hostile_proc_is_a_link_or_a_file)
{
	struct box *b = box_new();
	char path[128];
	snprintf(path, sizeof(path), "%s/proc", b->root);
	CHECK(!rmdir(path));
	CHECK(!symlink("/tmp", path));
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_EQ(b->e.class, ERR_DENIED);
	CHECK_STR(b->e.text, "mount /proc: the root file system has a symbolic link there, which is refused");
	CHECK(!unlink(path));
	box_file(b, "proc", "", 0644);
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /proc: the root file system has a file there, which is refused");
	CHECK(!unlink(path));
	box_check(b, "test -e /proc/self/status"); // made where it is missing
	snprintf(path, sizeof(path), "%s/sys", b->root);
	CHECK(!rmdir(path));
	CHECK(!symlink("dev", path));
	CHECK(box_run(b) < 0);
	CHECK_CONTAINS(b->e.text, "mount /sys: ");
}

TEST(hostile_links_stay_inside)
{
	struct box *b = box_new();
	char path[256], outside[96], link[160];
	snprintf(outside, sizeof(outside), "%s/outside", b->dir);
	CHECK(!mkdir(outside, 0755));
	snprintf(path, sizeof(path), "%s/evil", b->root);
	snprintf(link, sizeof(link), "../../../../../../../..%s", outside);
	CHECK(!symlink(link, path));
	box_mount(b, "/evil/sub/dir", "tmpfs", "tmpfs", "");
	box_check(b, "touch /evil/sub/dir/x");
	snprintf(path, sizeof(path), "%s/sub", outside);
	CHECK(access(path, F_OK) < 0);
	snprintf(path, sizeof(path), "%s%s/sub/dir", b->root, outside); // resolved below the root
	CHECK(!access(path, F_OK));
}

TEST(hostile_link_into_proc)
{
	struct box *b = box_new();
	char path[128];
	snprintf(path, sizeof(path), "%s/door", b->root);
	CHECK(!symlink("/proc/sys", path));
	box_mount(b, "/door", "tmpfs", "tmpfs", "");
	box_shell(b, "true");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /door: it leads into /proc, where nothing may be mounted");
}

TEST(hostile_dev_of_the_root)
{
	struct box *b = box_new();
	char path[128];
	b->spec->n_mounts = 1; // just /proc: the root's own /dev is filled
	snprintf(path, sizeof(path), "%s/dev", b->root);
	CHECK(!rmdir(path));
	CHECK(!symlink("/etc", path));
	box_file(b, "etc/null", "a trap", 0644);
	CHECK_STR(box_check(b, "stat -c '%F %t:%T' /etc/null"), "character special file 1:3");
}

TEST(readonly_root)
{
	struct box *b = box_new();
	b->spec->root->readonly = true;
	CHECK_CONTAINS(box_check(b, "touch /x 2>&1 || true"), "Read-only file system");
	box_check(b, "touch /dev/shm/x");
}

TEST(masked_and_readonly_paths)
{
	struct box *b = box_new();
	struct arena *a = &b->spec->arena;
	struct oci_linux *l = b->spec->linux;

	box_file(b, "etc/secret", "x", 0644);
	oci_strings_add(a, &l->masked_paths, "/proc/keys");
	oci_strings_add(a, &l->masked_paths, "/etc/secret");
	oci_strings_add(a, &l->masked_paths, "/sys/firmware");
	oci_strings_add(a, &l->masked_paths, "/proc/tty");
	oci_strings_add(a, &l->masked_paths, "/proc/no/such/thing");
	oci_strings_add(a, &l->readonly_paths, "/proc/sys");
	oci_strings_add(a, &l->readonly_paths, "/proc/not-there");
	oci_strings_add(a, &l->readonly_paths, "/tmp");
	CHECK_STR(box_check(b, "cat /etc/secret /proc/keys; stat -c '%F %t:%T' /etc/secret /proc/keys"),
		  "character special file 1:3\ncharacter special file 1:3");
	CHECK_STR(box_check(b, "ls /proc/tty /sys/firmware"), "/proc/tty:\n\n/sys/firmware:");
	CHECK_CONTAINS(box_check(b, "touch /proc/tty/x 2>&1 || true"), "Read-only");
	CHECK_CONTAINS(box_check(b, "echo x 2>&1 >/proc/sys/kernel/hostname || true"), "Read-only");
	CHECK_CONTAINS(box_check(b, "touch /tmp/x 2>&1 || true"), "Read-only");
	CHECK_CONTAINS(options_of(b, "/proc/sys"), "ro,nosuid,nodev,noexec");
	CHECK_CONTAINS(box_check(b, "umount /etc/secret 2>&1 || true"), "ermitted");
}

TEST(devices_default)
{
	struct box *b = box_new();
	CHECK_STR(box_check(b, "cd /dev; stat -c '%n %F %a %t:%T' null zero full random urandom tty"),
		  "null character special file 666 1:3\nzero character special file 666 1:5\n"
		  "full character special file 666 1:7\nrandom character special file 666 1:8\n"
		  "urandom character special file 666 1:9\ntty character special file 666 5:0");
	CHECK_STR(box_check(b, "cd /dev; readlink fd; readlink stdin; readlink stdout; readlink stderr; readlink ptmx"),
		  "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx");
}

TEST(devices_not_in_a_bound_dev)
{
	struct box *b = box_new();
	struct oci_linux *l = b->spec->linux;
	const char *src = source_dir(b, "dev");
	char path[160];
	b->spec->n_mounts = 1;
	box_mount(b, "/dev", "bind", src, "rbind");
	struct oci_device *d = arena_append(&b->spec->arena, l->devices, l->n_devices);
	*d = (struct oci_device){.path = (char *)"/dev/mine", .type = 'c', .major = 1, .minor = 3};
	box_check(b, "true");
	snprintf(path, sizeof(path), "%s/mine", src);
	CHECK(access(path, F_OK) < 0);
	snprintf(path, sizeof(path), "%s/null", src);
	CHECK(access(path, F_OK) < 0);
}

TEST(devices_configured)
{
	struct box *b = box_new();
	struct oci_linux *l = b->spec->linux;
	struct oci_device *d = arena_append(&b->spec->arena, l->devices, l->n_devices);
	*d = (struct oci_device){.path = (char *)"/dev/deep/fuse",
				 .type = 'c',
				 .major = 10,
				 .minor = 229,
				 .file_mode = {true, 0640},
				 .uid = {true, 5},
				 .gid = {true, 6}};
	d = arena_append(&b->spec->arena, l->devices, l->n_devices);
	*d = (struct oci_device){.path = (char *)"/dev/pipe", .type = 'p', .file_mode = {true, 0622}};
	CHECK_STR(box_check(b, "stat -c '%F %a %t:%T %u %g' /dev/deep/fuse; stat -c '%F %a' /dev/pipe"),
		  "character special file 640 a:e5 5 6\nfifo 622");
}

TEST(mounts_cgroup)
{
	struct box *b = box_new();
	if (cgroup_host_mode() == CGROUP_NONE)
		test_skip("no cgroups");
	b->plan.cgroup_path = NULL;
	box_mount(b, "/sys/fs/cgroup", "cgroup", "cgroup", "ro,nosuid,noexec,nodev");
	const char *root = cgroup_host_mode() == CGROUP_V2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
	char line[256];
	snprintf(line, sizeof(line), "cat %s/cgroup.procs | head -n1; touch %s/x 2>&1; mkdir %s/y 2>&1; true", root,
		 root, root);
	CHECK_CONTAINS(box_check(b, line), "1\n");
	CHECK_CONTAINS(b->out, "Read-only");
	CHECK_STR(box_check(b,
			    "sort -u /proc/self/cgroup | while IFS=: read n c p; do test $p = / || echo $c $p; done"),
		  "");
	box_drop_namespace(b, OCI_NS_CGROUP);
	snprintf(line, sizeof(line), "cat %s/cgroup.procs | head -n1", root);
	CHECK_STR(box_check(b, line), "1"); // its own group bound, not the whole tree
}

TEST(mounts_through_links_of_the_image)
{
	struct box *b = box_new();
	char path[160], file[160];
	const char *src = source_dir(b, "src");
	snprintf(file, sizeof(file), "%s/resolv.conf", src);
	_cleanup_fd_ int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK_EQ(fd_write_full(fd, "nameserver 1\n", 13), 13);
	snprintf(path, sizeof(path), "%s/etc/resolv.conf", b->root);
	CHECK(!symlink("../run/made/up/resolv.conf", path)); // dangling, as in many images
	snprintf(path, sizeof(path), "%s/lock", b->root);
	CHECK(!symlink("/run/lock", path));
	box_mount(b, "/etc/resolv.conf", "bind", file, "rbind,ro");
	box_mount(b, "/lock/deep", "tmpfs", "tmpfs", "size=64k");
	CHECK_STR(box_check(b, "cat /etc/resolv.conf /run/made/up/resolv.conf; touch /run/lock/deep/x; ls /lock/deep"),
		  "nameserver 1\nnameserver 1\nx");
}

TEST(mounts_targets_of_the_wrong_kind)
{
	struct box *b = box_new();
	size_t n = b->spec->n_mounts;
	box_shell(b, "true");
	box_mount(b, "/etc/passwd", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /etc/passwd: make the mount point: Not a directory");
	b->spec->n_mounts = n;
	box_mount(b, "/etc", "bind", "/proc/self/status", "bind");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /etc: make the mount point: Is a directory");
	b->spec->n_mounts = n;
	box_mount(b, "/etc/passwd/below", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /etc/passwd/below: make the mount point: Not a directory");
	b->spec->n_mounts = n;
	char loop[160];
	snprintf(loop, sizeof(loop), "%s/loop", b->root);
	CHECK(!symlink("loop", loop));
	box_mount(b, "/loop", "tmpfs", "tmpfs", "");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "mount /loop: make the mount point: Too many levels of symbolic links");
}
