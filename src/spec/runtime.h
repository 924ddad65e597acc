// SPDX-License-Identifier: Apache-2.0
// The OCI runtime specification's config.json for Linux as C structures (runtime-spec 1.2, with 1.3's
// linux.netDevices and linux.memoryPolicy), its parser, checks and writer.
//
// These structures are the vocabulary of the whole project: the engine fills them, kernel and runtime read them.
// Everything in them lives in the arena of the struct oci_spec at the top; strings are never NULL unless said
// (absent strings are NULL). Arrays are `T *v; size_t n_v`. Optional scalars are `struct opt_*`, so that "absent"
// and "zero" differ where the specification tells them apart.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "spec/types.h"

#include <stdbool.h>
#include <stdint.h>

#define OCI_RUNTIME_VERSION "1.2.1"

struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};
struct oci_id_mappings {
	struct oci_id_mapping *v;
	size_t n;
};

struct oci_rlimit {
	char *type; // "RLIMIT_NOFILE"
	uint64_t soft, hard;
};

struct oci_capabilities {
	struct oci_strings bounding, effective, inheritable, permitted, ambient; // "CAP_CHOWN"
};

struct oci_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	uint32_t *additional_gids;
	size_t n_additional_gids;
	char *username; // Windows only; kept
};

struct oci_scheduler {
	char *policy; // "SCHED_FIFO"
	int32_t nice, priority;
	struct oci_strings flags;
	uint64_t runtime, deadline, period;
};

struct oci_io_priority {
	char *class; // "IOPRIO_CLASS_BE"
	int32_t priority;
};

struct oci_exec_cpu_affinity {
	char *initial, *final; // cpu lists or NULL
};

struct oci_console_size {
	bool set;
	uint64_t height, width; // characters
};

struct oci_process {
	bool terminal;
	struct oci_console_size console_size;
	struct oci_user user;
	struct oci_strings args, env;
	char *cwd;
	char *command_line;                    // Windows only; kept
	struct oci_capabilities *capabilities; // NULL: absent
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_i32 oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
	struct json *unknown; // object of unknown members, or NULL; so in every struct that has it
};

struct oci_root {
	char *path;
	bool readonly;
};

struct oci_mount {
	char *destination, *type, *source; // type and source may be NULL
	struct oci_strings options;
	struct oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_hook {
	char *path;
	struct oci_strings args, env;
	struct opt_i64 timeout; // seconds
};
struct oci_hook_list {
	struct oci_hook *v;
	size_t n;
};
struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

enum oci_namespace_type { // order of the table in runtime_fields.c
	OCI_NS_MOUNT,
	OCI_NS_UTS,
	OCI_NS_IPC,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_MAX,
};
struct oci_namespace {
	enum oci_namespace_type type;
	char *path; // NULL: a new one
};
const char *oci_namespace_name(enum oci_namespace_type t); // "mount", "network", ...
int oci_namespace_from_name(const char *name);             // or -EINVAL

struct oci_device {
	char *path;
	char type; // 'c', 'b', 'u' (as 'c') or 'p'
	int64_t major, minor;
	struct opt_u32 file_mode, uid, gid;
};

struct oci_device_rule {
	bool allow;
	char type;                   // 'a', 'c', 'b'
	struct opt_i64 major, minor; // unset (or -1): all
	char *access;                // subset of "rwm"; NULL: all
};

struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp; // bytes, -1 unlimited
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_u64 shares, period, burst, realtime_period;
	struct opt_i64 quota, realtime_runtime, idle; // microseconds
	char *cpus, *mems;
};

struct oci_weight_device {
	int64_t major, minor;
	struct opt_u32 weight, leaf_weight;
};
struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate; // bytes or operations a second
};
struct oci_throttle_devices {
	struct oci_throttle_device *v;
	size_t n;
};
struct oci_block_io {
	struct opt_u32 weight, leaf_weight;
	struct oci_weight_device *weight_devices;
	size_t n_weight_devices;
	struct oci_throttle_devices read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit {
	char *page_size; // "2MB"
	uint64_t limit;  // bytes
};
struct oci_network_priority {
	char *name;
	uint32_t priority;
};
struct oci_network {
	struct opt_u32 class_id;
	struct oci_network_priority *priorities;
	size_t n_priorities;
};
struct oci_pids {
	bool set;
	int64_t limit; // 0 or less: unlimited ("max")
};
struct oci_rdma_limit {
	char *device;
	struct opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	struct oci_device_rule *devices;
	size_t n_devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids pids;
	struct oci_block_io *block_io;
	struct oci_hugepage_limit *hugepage_limits;
	size_t n_hugepage_limits;
	struct oci_network network;
	struct oci_rdma_limit *rdma;
	size_t n_rdma;
	struct oci_pairs unified;
};

enum oci_seccomp_op {
	OCI_SCMP_NE = 1,
	OCI_SCMP_LT,
	OCI_SCMP_LE,
	OCI_SCMP_EQ,
	OCI_SCMP_GE,
	OCI_SCMP_GT,
	OCI_SCMP_MASKED_EQ
};
enum oci_seccomp_action {
	OCI_ACT_KILL = 1, // the thread (SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD)
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
};
struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	enum oci_seccomp_op op;
};
struct oci_seccomp_rule {
	struct oci_strings names;
	enum oci_seccomp_action action;
	struct opt_u32 errno_ret;
	struct oci_seccomp_arg *args; // all must match
	size_t n_args;
};
struct oci_seccomp {
	enum oci_seccomp_action default_action;
	struct opt_u32 default_errno_ret;
	struct oci_strings architectures; // "SCMP_ARCH_X86_64"; empty: native
	struct oci_strings flags;         // "SECCOMP_FILTER_FLAG_LOG"
	char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *rules;
	size_t n_rules;
};

struct oci_time_offset {
	char *clock; // "monotonic", "boottime"
	int64_t secs;
	uint32_t nanosecs;
};
struct oci_intel_rdt {
	char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct oci_strings schemata; // 1.3
	bool enable_cmt, enable_mbm, enable_monitoring;
};
struct oci_personality {
	char *domain; // "LINUX", "LINUX32"
	struct oci_strings flags;
};
struct oci_net_device {
	char *host_name, *name; // name NULL: keeps host_name
};
struct oci_memory_policy {
	char *mode, *nodes; // "MPOL_BIND", "0-3"
	struct oci_strings flags;
};

struct oci_linux {
	struct oci_id_mappings uid_mappings, gid_mappings;
	struct oci_pairs sysctl;
	struct oci_resources *resources;
	char *cgroups_path;
	struct oci_namespace *namespaces;
	size_t n_namespaces;
	struct oci_device *devices;
	size_t n_devices;
	struct oci_net_device *net_devices;
	size_t n_net_devices;
	struct oci_seccomp *seccomp;
	char *rootfs_propagation; // "shared", "slave", "private", "unbindable" or NULL
	struct oci_strings masked_paths, readonly_paths;
	char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_personality *personality;
	struct oci_memory_policy *memory_policy;
	struct oci_time_offset *time_offsets;
	size_t n_time_offsets;
	struct json *unknown;
};

struct oci_spec {
	struct arena arena; // owns everything below, and the struct itself is malloc'd
	char *oci_version;
	struct oci_process *process; // may be NULL (specification: required only at start)
	struct oci_root *root;
	char *hostname, *domainname;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks hooks;
	struct oci_pairs annotations;
	struct oci_linux *linux; // never NULL after parse or new
	struct json *unknown;    // unknown top-level members, windows/solaris/... sections included (kept, not obeyed)
};

// An empty spec: version, linux and process allocated, everything else absent.
struct oci_spec *oci_spec_new(void);
void oci_spec_free(struct oci_spec *s);
void oci_spec_free_p(struct oci_spec **s);
#define _cleanup_oci_spec_ _cleanup_(oci_spec_free_p)

// Parses text. Errors are ERR_INVALID and name the JSON path. A `vm` section is refused (ERR_UNSUPPORTED).
int oci_spec_parse(const char *text, size_t len, struct oci_spec **ret, struct err *e);
// Reads and parses config.json in dirfd (at most 16 MiB).
int oci_spec_load(int dirfd, struct oci_spec **ret, struct err *e);
// The checks of the specification that go beyond types (config.md): see runtime_check.c for the list. What no container
// can be made of is refused here, before anything is touched; process is required.
int oci_spec_check(const struct oci_spec *s, struct err *e);
// The part of it for a process alone (exec --process).
int oci_process_check(const struct oci_process *p, struct err *e);
// The part of it for resources alone (update --resources).
int oci_resources_check(const struct oci_resources *r, struct err *e);
// What is passed over and its author should know: capabilities that capability_value does not know (it returns a
// negative number), relative mount destinations, sections of other platforms. Lines into ret, in arena a.
void oci_spec_warnings(const struct oci_spec *s, int (*capability_value)(const char *name), struct arena *a,
		       struct oci_strings *ret);
// RLIMIT_* of setrlimit(2) for "RLIMIT_NOFILE", or -EINVAL.
int oci_rlimit_value(const char *type);
// Writes the whole config; indent as for json_writer.
void oci_spec_write(const struct oci_spec *s, unsigned indent, struct buf *out);

// Just a process object (exec --process) or a resources object (update --resources), in the given arena.
int oci_process_parse(struct arena *a, const char *text, size_t len, struct oci_process **ret, struct err *e);
void oci_process_write(const struct oci_process *p, unsigned indent, struct buf *out);
int oci_resources_parse(struct arena *a, const char *text, size_t len, struct oci_resources **ret, struct err *e);
// linux.seccomp alone. Docker's profile format is refused: seccomp_parse_profile (kernel/seccomp.h) reads it.
int oci_seccomp_parse(struct arena *a, const char *text, size_t len, struct oci_seccomp **ret, struct err *e);

// A sysctl (named with dots) that belongs to the IPC namespace: ipc_namespaces(7).
bool oci_sysctl_is_ipc(const char *name);
struct oci_namespace *oci_find_namespace(const struct oci_spec *s, enum oci_namespace_type t); // or NULL
