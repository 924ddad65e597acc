// SPDX-License-Identifier: Apache-2.0
// Owns what keeps a container's hands off our program files (the class of CVE-2019-5736).
//
// Theory of operation
//
// A process between clone and execve is our program still. Whoever may look at it (what runs in a container that it
// enters, with CAP_SYS_PTRACE) finds the file behind /proc/PID/exe; and a payload that is a script with the first line
// "#!/proc/self/exe", or an ELF file with that interpreter, makes the kernel execute our program once more, in the
// container, with the container's loader and libraries: hostile code whose /proc/self/exe is our file. That link
// is no path but the file itself, on the host's mount. Behind it, root of the container is root:
//   - it writes the file. While any process executes it, that fails with ETXTBSY, which is no protection: the payload
//     outlives its parents and just waits; Linux 6.11 and the first 6.12 do not do it at all; later ones leave it out
//     for files that a fanotify listener fills on demand;
//   - it changes its mode (set-user-ID!), owner, times, attributes: not even delayed by ETXTBSY.
//
// So the file must be met on a mount that allows neither. The parent clones a mount of the file alone, makes it
// read-only and opens the file through it. While the mount's own descriptor is open, the mount is in an anonymous
// namespace, and whoever may mount anything anywhere could make it writable again. When that is closed (before the
// payload is let go), it is in no namespace: it lives on below the open file, and no call changes it any more, with
// whatever capabilities. What remains possible is to read our program.
//
// To run from that file could mean to execute it at the start of every command: about 1 ms, and a process that security
// modules do not recognise by its path any more. Instead the child that is to become the payload changes what it is
// executed from, as checkpoint/restore does: prctl(PR_SET_MM) with PR_SET_MM_EXE_FILE sets the file behind
// /proc/self/exe, provided that nothing of the old one is mapped. A program's read-only segments are the same bytes in
// the clone, so these are mapped over themselves; the written ones are copied to anonymous memory, which is then moved
// over them, in one call each. It costs 100 us, once, before the first namespace is entered, and holds without
// the parent: what the payload gets to see does not depend on who else lives.
//
// The segments are those of the object whose first page is the file's own: usually the program; the loader, where it
// was called by name to load us, as then it is the loader's file that is behind the link.
#include "kernel/program.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/mount.h"

#include <inttypes.h>
#include <link.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const char self[] = "/proc/self/exe";

enum { COPY_MAX = 256 << 20, STAT_MAX = 2048 };

int program_open_readonly(const char *path, int flags, int *ret_mount, struct err *e)
{
	char link[FD_PATH_MAX];
	_cleanup_fd_ int at = open(path, O_PATH | O_CLOEXEC);

	if (at < 0)
		return err_sys(e, "%s", path);
	_cleanup_fd_ int mount = mount_clone(at, false, e);
	if (mount < 0)
		return err_wrap(e, mount, "%s", path);
	int rc = mount_set_attr(mount, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, e);
	if (rc < 0)
		return err_wrap(e, rc, "%s", path);
	fd_proc_path(link, mount);
	int fd = open(link, flags | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (ret_mount)
		*ret_mount = TAKE_FD(mount);
	return fd;
}

// In the mount namespace of an ordinary user, which is a copy, our file's mount is another one than the kernel
// remembers for us. Its path may lead to it, or to something else by now.
static int open_by_path(int *ret_mount, struct err *e)
{
	char path[PATH_MAX];
	struct stat ours, found;
	ssize_t n = readlink(self, path, sizeof(path) - 1);

	if (n < 0)
		return err_sys(e, "%s", self);
	path[n] = '\0';
	_cleanup_fd_ int mount = -1, fd = program_open_readonly(path, O_RDONLY, &mount, e);
	if (fd < 0)
		return fd;
	if (stat(self, &ours) < 0 || fstat(fd, &found) < 0)
		return err_sys(e, "%s", self);
	if (ours.st_dev != found.st_dev || ours.st_ino != found.st_ino)
		return err_set(e, ERR_CONFLICT, ESTALE, "%s: it is another program by now", path);
	*ret_mount = TAKE_FD(mount);
	return TAKE_FD(fd);
}

static int open_copy(struct err *e)
{
	char link[FD_PATH_MAX];
	_cleanup_fd_ int from = open(self, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int to = sys_memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (to < 0 && errno == EINVAL) // before 6.3
		to = sys_memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (from < 0 || to < 0)
		return err_sys(e, "copy our program");
	int rc = fd_copy(from, to, COPY_MAX, e);
	if (rc < 0)
		return err_wrap(e, rc, "copy our program");
	if (fchmod(to, 0555) < 0 ||
	    fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_sys(e, "seal a copy of our program");
	fd_proc_path(link, to);
	int fd = open(link, O_RDONLY | O_CLOEXEC); // what is open for writing cannot be executed
	return fd < 0 ? err_sys(e, "open the copy of our program") : fd;
}

int program_open_self(int *ret_mount, struct err *e)
{
	int fd = program_open_readonly(self, O_RDONLY, ret_mount, e);
	if (fd < 0)
		fd = open_by_path(ret_mount, e);
	if (fd >= 0)
		return fd;
	fd = open_copy(e);
	if (fd >= 0)
		*ret_mount = -1;
	return fd;
}

// ---- what is mapped

struct image {
	int fd;
	size_t page;
	unsigned char *head; // the file's first page
	const ElfW(Phdr) * ph;
	size_t n;
	uintptr_t base;
};

// The first segment of an object holds its ELF header, program headers and build id.
static int is_ours(struct dl_phdr_info *o, size_t size, void *data)
{
	struct image *im = data;

	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &o->dlpi_phdr[i];
		if (p->p_type != PT_LOAD || p->p_offset || p->p_flags & PF_W || p->p_filesz < sizeof(ElfW(Ehdr)))
			continue;
		if (memcmp(im->head, (void *)(o->dlpi_addr + p->p_vaddr), MIN(p->p_filesz, im->page)) != 0)
			return 0;
		im->ph = o->dlpi_phdr;
		im->n = o->dlpi_phnum;
		im->base = o->dlpi_addr;
		return 1;
	}
	return 0;
}

static int find_image(struct image *im, struct err *e)
{
	_cleanup_free_ unsigned char *head = xmalloc(im->page);

	im->head = head;
	ssize_t n = fd_pread_full(im->fd, head, im->page, 0);
	if (n != (ssize_t)im->page)
		return err_set(e, ERR_CORRUPT, EIO, "our program file cannot be read");
	if (dl_iterate_phdr(is_ours, im) != 1)
		return err_set(e, ERR_CONFLICT, ESTALE, "our program file is not what we were loaded from");
	im->head = NULL;
	return 0;
}

static uintptr_t down(const struct image *im, uintptr_t a)
{
	return a & ~(im->page - 1);
}
static uintptr_t up(const struct image *im, uintptr_t a)
{
	return down(im, a + im->page - 1);
}

static int protection(const ElfW(Phdr) * p)
{
	return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
	       (p->p_flags & PF_X ? PROT_EXEC : 0);
}

// Between the copying and the move nothing of the segment may be written, so this calls nothing; and it reads what lies
// between variables, which a sanitizer would take for an overflow.
__attribute__((noinline, no_sanitize("address"))) static void copy_words(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = from[i];
		__asm__ volatile("" ::: "memory"); // or the compiler makes it a memcpy
	}
}

static int replace_written(uintptr_t start, size_t len)
{
	void *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (copy == MAP_FAILED)
		return -errno;
	copy_words(copy, (void *)start, len / sizeof(uint64_t));
	if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) != MAP_FAILED)
		return 0;
	int rc = -errno;
	munmap(copy, len);
	return rc;
}

static int replace_segment(const struct image *im, const ElfW(Phdr) * p)
{
	uintptr_t start = down(im, im->base + p->p_vaddr), end = up(im, im->base + p->p_vaddr + p->p_filesz);

	if (!p->p_filesz)
		return 0;
	if (p->p_flags & PF_W)
		return replace_written(start, end - start);
	void *to = mmap((void *)start, end - start, protection(p), MAP_PRIVATE | MAP_FIXED, im->fd,
			(off_t)down(im, p->p_offset));
	return to == MAP_FAILED ? -errno : 0;
}

static int replace_all(const struct image *im)
{
	for (size_t i = 0; i < im->n; i++) {
		int rc = im->ph[i].p_type == PT_LOAD ? replace_segment(im, &im->ph[i]) : 0;
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < im->n; i++) { // what the loader made read-only after relocation
		const ElfW(Phdr) *p = &im->ph[i];
		uintptr_t start = down(im, im->base + p->p_vaddr), end = down(im, im->base + p->p_vaddr + p->p_memsz);
		if (p->p_type == PT_GNU_RELRO && end > start && mprotect((void *)start, end - start, PROT_READ) < 0)
			return -errno;
	}
	return 0;
}

// ---- what it is executed from

// Without rights over the host the whole description must be set at once, as it is but for the file. From proc(5)'s
// /proc/PID/stat.
static int describe(struct prctl_mm_map *m, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT(STAT_MAX);
	uint64_t field[52] = {0};
	int rc = file_read(AT_FDCWD, "/proc/self/stat", STAT_MAX, &b, e);

	if (rc < 0)
		return rc;
	const char *s = strrchr(b.data, ')');
	for (size_t i = 3; s && i < ARRAY_SIZE(field); i++) {
		s = strchr(s + 1, ' ');
		if (s)
			field[i] = strtoull(s + 1, NULL, 10);
	}
	if (!s)
		return err_set(e, ERR_INTERNAL, EPROTO, "/proc/self/stat has too few fields");
	*m = (struct prctl_mm_map){
		.start_code = field[26],
		.end_code = field[27],
		.start_stack = field[28],
		.start_data = field[45],
		.end_data = field[46],
		.start_brk = field[47],
		.brk = (uint64_t)(uintptr_t)sbrk(0),
		.arg_start = field[48],
		.arg_end = field[49],
		.env_start = field[50],
		.env_end = field[51],
	};
	return 0;
}

// An id that the user namespace does not map shows as this one, and gives nobody inside any rights.
static bool out_of_reach(int fd)
{
	_cleanup_buf_ struct buf b = BUF_INIT(64);
	struct stat st;
	uint32_t unmapped = 0;

	if (fstat(fd, &st) < 0 || file_read(AT_FDCWD, "/proc/sys/kernel/overflowuid", 64, &b, NULL) < 0 || !b.len)
		return false;
	b.data[strcspn(b.data, "\n")] = '\0';
	return !str_to_u32(b.data, &unmapped) && st.st_uid == unmapped && !(st.st_mode & 022);
}

static int set_file(int fd, struct err *e)
{
	struct prctl_mm_map m;

	if (!prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0))
		return 0;
	if (errno != EPERM)
		return err_sys(e, "PR_SET_MM_EXE_FILE");
	int rc = describe(&m, e);
	if (rc < 0)
		return rc;
	m.exe_fd = (uint32_t)fd;
	if (!prctl(PR_SET_MM, PR_SET_MM_MAP, &m, sizeof(m), 0))
		return 0;
	rc = -errno;
	if (out_of_reach(fd))
		return 0;
	if (rc == -EINVAL)
		return err_set(e, ERR_UNSUPPORTED, ENOSYS,
			       "this kernel has no CONFIG_CHECKPOINT_RESTORE, and the file belongs to a user of the "
			       "container (let another one own it)");
	return err_rc(e, rc, "PR_SET_MM_MAP");
}

int program_hide_self(int fd, struct err *e)
{
	struct image im = {.fd = fd, .page = (size_t)sysconf(_SC_PAGESIZE)};
	int rc = find_image(&im, e);

	if (!rc) {
		rc = replace_all(&im);
		rc = rc < 0 ? err_rc(e, rc, "map it anew") : set_file(fd, e);
	}
	return rc < 0 ? err_wrap(e, rc, "keep our program file out of the container") : 0;
}
