// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: the host's hierarchies, a container's open groups, and the table of
// functions that writes limits, one for v1 and one for v2. Nobody outside kernel/cgroup (and its tests) includes it.
#pragma once

#include "kernel/cgroup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Names that differ between the versions (blkio and io) are one controller here.
enum cgroup_controller {
	CG_CPU,
	CG_CPUACCT,
	CG_CPUSET,
	CG_MEMORY,
	CG_PIDS,
	CG_IO,
	CG_HUGETLB,
	CG_RDMA,
	CG_MISC,
	CG_DEVICES,
	CG_FREEZER,
	CG_NET_CLS,
	CG_NET_PRIO,
	CG_PERF_EVENT,
	CG_DMEM,
	CG_MAX,
};
#define CG_BIT(controller) (UINT32_C(1) << (controller))
// The controller of a name in either version's spelling, or -1.
int cgroup_controller_from_name(const char *name);
const char *cgroup_controller_name(enum cgroup_controller c, bool v2);
// The bits of the names in a v1 ("cpu,cpuacct") or v2 ("cpu io") list; unknown ones are left out.
uint32_t cgroup_controllers_parse(const char *list, bool v2);

enum { CGROUP_HIERARCHIES_MAX = CGROUP_MOUNTS_MAX, CGROUP_FILE_MAX = 1 << 20 };

struct cgroup_ops;
struct cgroup_hierarchy {
	char *mountpoint;
	char *root;           // which group is mounted there: the fourth field of mountinfo
	char *options;        // what mounts it again: "cpu,cpuacct", "name=systemd"; "" for v2
	char *own;            // the caller's group below mountpoint, "" if it is the mountpoint; NULL until asked for
	uint32_t controllers; // v1: mounted here; v2: offered at the mountpoint, once cgroup_host_v2_controllers was
			      // asked
	bool v2, controllers_known;
	const struct cgroup_ops *ops;
};
struct cgroup_host {
	enum cgroup_mode mode;
	struct cgroup_hierarchy h[CGROUP_HIERARCHIES_MAX];
	size_t n;
	char *self; // text of /proc/self/cgroup, NULL until asked for
};

// The host's, found once; tests may put another in its place (NULL: found anew).
struct cgroup_host *cgroup_host_get(void);
void cgroup_host_set(struct cgroup_host *h);
void cgroup_host_parse(const char *mountinfo, struct cgroup_host *ret);
void cgroup_host_done(struct cgroup_host *h);
struct cgroup_hierarchy *cgroup_host_v2(struct cgroup_host *h);                             // or NULL
struct cgroup_hierarchy *cgroup_host_find(struct cgroup_host *h, enum cgroup_controller c); // v1 before v2, or NULL
uint32_t cgroup_host_v2_controllers(struct cgroup_hierarchy *h);
const char *cgroup_host_own(struct cgroup_host *host, struct cgroup_hierarchy *h);

struct cgroup_dir {
	struct cgroup_hierarchy *h;
	int fd;           // the container's group; -1: it is gone
	int tasks;        // v1: its `tasks`, open for writing, or -1
	char *path;       // below the mountpoint: "berth/x"
	size_t floor;     // how many bytes of path were there before and stay
	bool made;        // by this cgroup_create
	uint32_t enabled; // controllers that can be used in it
};

// Why a v2 controller could not be switched on, for the error of the limit that wants it.
struct cgroup_refusal {
	int code; // positive errno, 0: no refusal
	char at[256];
};

struct cgroup {
	struct cgroup_dir dirs[CGROUP_HIERARCHIES_MAX];
	size_t n;
	char *path; // as asked for
	unsigned flags;
	struct cgroup_refusal refusal;
	int denied; // CGROUP_ROOTLESS: the errno that kept us from making a group
};

struct cgroup_dir *cgroup_dir_of(const struct cgroup *c, enum cgroup_controller ctl); // or NULL
struct cgroup_dir *cgroup_dir_v2(const struct cgroup *c);                             // or NULL

// Limits: one entry a controller; does nothing if res does not speak of it.
typedef int cgroup_apply_fn(struct cgroup_dir *d, const struct oci_resources *res, struct err *e);
struct cgroup_ops {
	cgroup_apply_fn *apply[CG_MAX];
};
extern const struct cgroup_ops cgroup_v1_ops, cgroup_v2_ops;
int cgroup_apply_cpuset(struct cgroup_dir *d, const struct oci_resources *res, struct err *e);
int cgroup_apply_pids(struct cgroup_dir *d, const struct oci_resources *res, struct err *e);
int cgroup_apply_hugetlb(struct cgroup_dir *d, const struct oci_resources *res, struct err *e);
int cgroup_apply_rdma(struct cgroup_dir *d, const struct oci_resources *res, struct err *e);
// The config.json field by which res asks for a limit of this controller, or NULL.
const char *cgroup_asked(const struct oci_resources *res, enum cgroup_controller ctl);
uint32_t cgroup_asked_mask(const struct oci_resources *res);
// linux.resources.unified: the controllers it names, and writing it.
uint32_t cgroup_v2_unified_mask(const struct oci_resources *res);
int cgroup_v2_apply_unified(const struct cgroup *c, const struct oci_resources *res, struct err *e);

// Writing: errors begin with field and name the file in full.
int cgroup_write(const struct cgroup_dir *d, const char *field, const char *file, const char *value, struct err *e);
int cgroup_writef(const struct cgroup_dir *d, const char *field, const char *file, struct err *e, const char *fmt, ...)
	_printf_(5, 6);
bool cgroup_has_file(const struct cgroup_dir *d, const char *file);
int cgroup_read_u64(const struct cgroup_dir *d, const char *file,
		    uint64_t *ret); // "max" and v1's huge value: UINT64_MAX
// Appends " (hint)" to the story.
void cgroup_hint(struct err *e, const char *fmt, ...) _printf_(2, 3);
// -1 and 0 differ from a number: "max", leave alone.
static inline bool cgroup_wants(struct opt_i64 v)
{
	return v.set && v.v != 0;
}

// Directories.
char *cgroup_path_clean(const char *path, struct err *e); // "a/b" without leading slash; NULL when refused
int cgroup_root_open(const struct cgroup_hierarchy *h, struct err *e);
// How much of path stays when the group goes, for one whose first `floor` bytes were there before it.
size_t cgroup_house_floor(const char *path, size_t base, size_t floor) _pure_;
int cgroup_dir_make(int root, struct cgroup_dir *d, size_t base, struct err *e);
int cgroup_v1_prepare_cpuset(int root, const struct cgroup_dir *d, struct err *e);
// Switches want on in the groups from byte `from` of d->path down; fills d->enabled.
void cgroup_v2_enable(int root, struct cgroup_dir *d, size_t from, uint32_t want, struct cgroup_refusal *why);
int cgroup_v2_check_type(const struct cgroup_dir *d, struct err *e);
// Without root: the groups in which the caller may make others, from the highest above its own group down to that. The
// highest comes first since all of a user's commands agree on it, from whatever session or scope they are called.
char **cgroup_v2_candidates(struct cgroup_host *host, struct cgroup_hierarchy *h);
// The first of them that hands asked on. NULL: there is none. *ret_all: it does hand them on, else it is just the
// first.
char *cgroup_v2_delegated(struct cgroup_host *host, struct cgroup_hierarchy *h, uint32_t asked, bool *ret_all);

// Walks the groups below and including dirfd, parents first. fn's nonzero result ends the walk.
typedef int cgroup_walk_fn(int dirfd, void *data);
int cgroup_walk(int dirfd, cgroup_walk_fn *fn, void *data);
int cgroup_dir_pids(int dirfd, pid_t **ret, size_t *ret_n, struct err *e);
int cgroup_remove_tree(int root, const char *path, int64_t deadline_ns);
void cgroup_remove_parents(int root, const char *path, size_t floor);

// Devices.
enum { CGROUP_DEV_MKNOD = 1, CGROUP_DEV_READ = 2, CGROUP_DEV_WRITE = 4, CGROUP_DEV_ALL = 7 };
struct cgroup_device_rule {
	bool allow;
	char type;            // 'c', 'b' or 'a'
	int32_t major, minor; // -1: any
	uint8_t access;       // CGROUP_DEV_*
};
enum { CGROUP_DEVICE_RULES_MAX = 1024 };
// The effective list: deny all, our defaults, what the configuration says. malloc'd.
int cgroup_device_rules(const struct oci_resources *res, struct cgroup_device_rule **ret, size_t *ret_n, struct err *e);
int cgroup_v1_devices(const struct cgroup_dir *d, const struct cgroup_device_rule *r, size_t n, struct err *e);
int cgroup_v2_devices(const struct cgroup_dir *d, const struct cgroup_device_rule *r, size_t n, struct err *e);
bool cgroup_in_user_namespace(void);

// v1 knows a default and exceptions; the list of rules as such a state, or -ENOTSUP for what it cannot express.
struct cgroup_device_state {
	bool allow;
	struct cgroup_device_rule *v; // exceptions
	size_t n;
};
int cgroup_device_state_build(const struct cgroup_device_rule *r, size_t n, struct cgroup_device_state *ret,
			      struct err *e);

struct bpf_insn;
// The device filter as a program; malloc'd. Never fails for rules that cgroup_device_rules gave.
struct bpf_insn *cgroup_device_program(const struct cgroup_device_rule *r, size_t n, size_t *ret_n);

uint64_t cgroup_cpu_weight(uint64_t shares);
uint64_t cgroup_io_weight(uint64_t weight);
// The value for memory.swap.max: -1 unlimited, -2 leave alone; or an error. limit 0: unknown.
int cgroup_swap_value(int64_t limit, int64_t swap, int64_t *ret, struct err *e);
