// SPDX-License-Identifier: Apache-2.0
// The members of the runtime configuration, one row each: config.md and config-linux.md of runtime-spec 1.2, and of 1.3
// linux.netDevices, linux.memoryPolicy, intelRdt.schemata and intelRdt.enableMonitoring. Objects are in the order of
// the specification's own structures, which is the order in which most configurations are written.
//
// FIELD_MUST stands where a missing member leaves no sensible reading. Members that the specification requires but that
// every peer reads as 0 or as false when they are missing (user.uid, nice) are not insisted on; who must have arguments
// and a working directory is runtime_check.c's business. FIELD_EMPTY_ABSENT stands where "" has no meaning of its own,
// so that no reader of the structures has to look for both.
#include "spec/runtime_fields.h"

#include "spec/runtime.h"

// clang-format off

// ---- process

#define S struct oci_console_size
static const struct field console_size_rows[] = {
	FIELD(S, height, "height", FIELD_MUST),
	FIELD(S, width, "width", FIELD_MUST),
};
#undef S
static const struct field_table console_size_table = FIELD_TABLE(console_size_rows);

#define S struct oci_user
static const struct field user_rows[] = {
	FIELD(S, uid, "uid", FIELD_ALWAYS),
	FIELD(S, gid, "gid", FIELD_ALWAYS),
	FIELD(S, umask, "umask", 0),
	FIELD_U32S(S, additional_gids, n_additional_gids, "additionalGids", 0),
	FIELD(S, username, "username", FIELD_EMPTY_ABSENT),
};
#undef S
static const struct field_table user_table = FIELD_TABLE(user_rows);

#define S struct oci_capabilities
static const struct field capabilities_rows[] = {
	FIELD(S, bounding, "bounding", 0),
	FIELD(S, effective, "effective", 0),
	FIELD(S, inheritable, "inheritable", 0),
	FIELD(S, permitted, "permitted", 0),
	FIELD(S, ambient, "ambient", 0),
};
#undef S
static const struct field_table capabilities_table = FIELD_TABLE(capabilities_rows);

#define S struct oci_rlimit
static const struct field rlimit_rows[] = {
	FIELD(S, type, "type", FIELD_MUST),
	FIELD(S, hard, "hard", FIELD_MUST),
	FIELD(S, soft, "soft", FIELD_MUST),
};
#undef S
static const struct field_table rlimit_table = FIELD_TABLE(rlimit_rows);

#define S struct oci_scheduler
static const struct field scheduler_rows[] = {
	FIELD(S, policy, "policy", FIELD_MUST),
	FIELD(S, nice, "nice", 0),
	FIELD(S, priority, "priority", 0),
	FIELD(S, flags, "flags", 0),
	FIELD(S, runtime, "runtime", 0),
	FIELD(S, deadline, "deadline", 0),
	FIELD(S, period, "period", 0),
};
#undef S
static const struct field_table scheduler_table = FIELD_TABLE(scheduler_rows);

#define S struct oci_io_priority
static const struct field io_priority_rows[] = {
	FIELD(S, class, "class", FIELD_MUST),
	FIELD(S, priority, "priority", FIELD_ALWAYS),
};
#undef S
static const struct field_table io_priority_table = FIELD_TABLE(io_priority_rows);

#define S struct oci_exec_cpu_affinity
static const struct field exec_cpu_affinity_rows[] = {
	FIELD(S, initial, "initial", FIELD_EMPTY_ABSENT),
	FIELD(S, final, "final", FIELD_EMPTY_ABSENT),
};
#undef S
static const struct field_table exec_cpu_affinity_table = FIELD_TABLE(exec_cpu_affinity_rows);

#define S struct oci_process
static const struct field process_rows[] = {
	FIELD(S, terminal, "terminal", 0),
	FIELD_OBJECT_SET(S, console_size, "consoleSize", 0, &console_size_table),
	FIELD_OBJECT(S, user, "user", FIELD_ALWAYS, &user_table),
	FIELD(S, args, "args", 0),
	FIELD(S, command_line, "commandLine", FIELD_EMPTY_ABSENT),
	FIELD(S, env, "env", 0),
	FIELD(S, cwd, "cwd", FIELD_EMPTY_ABSENT),
	FIELD_OBJECT_PTR(S, capabilities, "capabilities", 0, &capabilities_table),
	FIELD_OBJECTS(S, rlimits, n_rlimits, "rlimits", 0, &rlimit_table),
	FIELD(S, no_new_privileges, "noNewPrivileges", 0),
	FIELD(S, apparmor_profile, "apparmorProfile", FIELD_EMPTY_ABSENT),
	FIELD(S, oom_score_adj, "oomScoreAdj", 0),
	FIELD_OBJECT_PTR(S, scheduler, "scheduler", 0, &scheduler_table),
	FIELD(S, selinux_label, "selinuxLabel", FIELD_EMPTY_ABSENT),
	FIELD_OBJECT_PTR(S, io_priority, "ioPriority", 0, &io_priority_table),
	FIELD_OBJECT_PTR(S, exec_cpu_affinity, "execCPUAffinity", 0, &exec_cpu_affinity_table),
};
#undef S
const struct field_table oci_process_table = FIELD_TABLE_UNKNOWN(process_rows, struct oci_process, unknown);

// ---- root, mounts, hooks

#define S struct oci_root
static const struct field root_rows[] = {
	FIELD(S, path, "path", FIELD_MUST),
	FIELD(S, readonly, "readonly", 0),
};
#undef S
static const struct field_table root_table = FIELD_TABLE(root_rows);

#define S struct oci_id_mapping
static const struct field id_mapping_rows[] = {
	FIELD(S, container_id, "containerID", FIELD_MUST),
	FIELD(S, host_id, "hostID", FIELD_MUST),
	FIELD(S, size, "size", FIELD_MUST),
};
#undef S
static const struct field_table id_mapping_table = FIELD_TABLE(id_mapping_rows);

#define S struct oci_mount
static const struct field mount_rows[] = {
	FIELD(S, destination, "destination", FIELD_MUST),
	FIELD(S, type, "type", FIELD_EMPTY_ABSENT),
	FIELD(S, source, "source", FIELD_EMPTY_ABSENT),
	FIELD(S, options, "options", 0),
	FIELD_OBJECTS(S, uid_mappings.v, uid_mappings.n, "uidMappings", 0, &id_mapping_table),
	FIELD_OBJECTS(S, gid_mappings.v, gid_mappings.n, "gidMappings", 0, &id_mapping_table),
};
#undef S
static const struct field_table mount_table = FIELD_TABLE(mount_rows);

#define S struct oci_hook
static const struct field hook_rows[] = {
	FIELD(S, path, "path", FIELD_MUST),
	FIELD(S, args, "args", 0),
	FIELD(S, env, "env", 0),
	FIELD(S, timeout, "timeout", 0),
};
#undef S
static const struct field_table hook_table = FIELD_TABLE(hook_rows);

#define S struct oci_hooks
static const struct field hooks_rows[] = {
	FIELD_OBJECTS(S, prestart.v, prestart.n, "prestart", 0, &hook_table),
	FIELD_OBJECTS(S, create_runtime.v, create_runtime.n, "createRuntime", 0, &hook_table),
	FIELD_OBJECTS(S, create_container.v, create_container.n, "createContainer", 0, &hook_table),
	FIELD_OBJECTS(S, start_container.v, start_container.n, "startContainer", 0, &hook_table),
	FIELD_OBJECTS(S, poststart.v, poststart.n, "poststart", 0, &hook_table),
	FIELD_OBJECTS(S, poststop.v, poststop.n, "poststop", 0, &hook_table),
};
#undef S
static const struct field_table hooks_table = FIELD_TABLE(hooks_rows);

// ---- linux: namespaces and devices

static const struct field_word namespace_list[] = {
	{"mount", OCI_NS_MOUNT},     {"uts", OCI_NS_UTS},   {"ipc", OCI_NS_IPC},       {"pid", OCI_NS_PID},
	{"network", OCI_NS_NETWORK}, {"user", OCI_NS_USER}, {"cgroup", OCI_NS_CGROUP}, {"time", OCI_NS_TIME},
};
_Static_assert(ARRAY_SIZE(namespace_list) == OCI_NS_MAX, "a name for each namespace");
const struct field_words oci_namespace_words = {namespace_list, ARRAY_SIZE(namespace_list)};

#define S struct oci_namespace
static const struct field namespace_rows[] = {
	FIELD_ENUM(S, type, "type", FIELD_MUST, &oci_namespace_words),
	FIELD(S, path, "path", FIELD_EMPTY_ABSENT),
};
#undef S
static const struct field_table namespace_table = FIELD_TABLE(namespace_rows);

#define S struct oci_device
static const struct field device_rows[] = {
	FIELD(S, path, "path", FIELD_MUST),
	FIELD_CHAR(S, type, "type", FIELD_MUST, "cbup"),
	FIELD(S, major, "major", FIELD_ALWAYS | FIELD_NATURAL),
	FIELD(S, minor, "minor", FIELD_ALWAYS | FIELD_NATURAL),
	FIELD(S, file_mode, "fileMode", 0),
	FIELD(S, uid, "uid", 0),
	FIELD(S, gid, "gid", 0),
};
#undef S
static const struct field_table device_table = FIELD_TABLE(device_rows);

// ---- linux: resources

#define S struct oci_device_rule
static const struct field device_rule_rows[] = {
	FIELD(S, allow, "allow", FIELD_MUST),
	FIELD_CHAR(S, type, "type", 0, "acb"),
	FIELD(S, major, "major", 0),
	FIELD(S, minor, "minor", 0),
	FIELD(S, access, "access", 0),
};
#undef S
static const struct field_table device_rule_table = FIELD_TABLE(device_rule_rows);

#define S struct oci_memory
static const struct field memory_rows[] = {
	FIELD(S, limit, "limit", 0),
	FIELD(S, reservation, "reservation", 0),
	FIELD(S, swap, "swap", 0),
	FIELD(S, kernel, "kernel", 0),
	FIELD(S, kernel_tcp, "kernelTCP", 0),
	FIELD(S, swappiness, "swappiness", 0),
	FIELD(S, disable_oom_killer, "disableOOMKiller", 0),
	FIELD(S, use_hierarchy, "useHierarchy", 0),
	FIELD(S, check_before_update, "checkBeforeUpdate", 0),
};
#undef S
static const struct field_table memory_table = FIELD_TABLE(memory_rows);

#define S struct oci_cpu
static const struct field cpu_rows[] = {
	FIELD(S, shares, "shares", 0),
	FIELD(S, quota, "quota", 0),
	FIELD(S, burst, "burst", 0),
	FIELD(S, period, "period", 0),
	FIELD(S, realtime_runtime, "realtimeRuntime", 0),
	FIELD(S, realtime_period, "realtimePeriod", 0),
	FIELD(S, cpus, "cpus", FIELD_EMPTY_ABSENT),
	FIELD(S, mems, "mems", FIELD_EMPTY_ABSENT),
	FIELD(S, idle, "idle", 0),
};
#undef S
static const struct field_table cpu_table = FIELD_TABLE(cpu_rows);

// pids.limit is the one member of its object, so the object's `set` is the member's.
_Static_assert(sizeof(struct oci_pids) == sizeof(struct opt_i64) &&
		       offsetof(struct oci_pids, limit) == offsetof(struct opt_i64, v), "pids is an optional integer");
static const struct field pids_rows[] = {
	{.name = "limit", .name_len = 5, .type = FIELD_T_OPT_I64},
};
static const struct field_table pids_table = FIELD_TABLE(pids_rows);

#define S struct oci_weight_device
static const struct field weight_device_rows[] = {
	FIELD(S, major, "major", FIELD_MUST | FIELD_NATURAL),
	FIELD(S, minor, "minor", FIELD_MUST | FIELD_NATURAL),
	FIELD(S, weight, "weight", FIELD_U16),
	FIELD(S, leaf_weight, "leafWeight", FIELD_U16),
};
#undef S
static const struct field_table weight_device_table = FIELD_TABLE(weight_device_rows);

#define S struct oci_throttle_device
static const struct field throttle_device_rows[] = {
	FIELD(S, major, "major", FIELD_MUST | FIELD_NATURAL),
	FIELD(S, minor, "minor", FIELD_MUST | FIELD_NATURAL),
	FIELD(S, rate, "rate", FIELD_MUST),
};
#undef S
static const struct field_table throttle_device_table = FIELD_TABLE(throttle_device_rows);

#define S struct oci_block_io
static const struct field block_io_rows[] = {
	FIELD(S, weight, "weight", FIELD_U16),
	FIELD(S, leaf_weight, "leafWeight", FIELD_U16),
	FIELD_OBJECTS(S, weight_devices, n_weight_devices, "weightDevice", 0, &weight_device_table),
	FIELD_OBJECTS(S, read_bps.v, read_bps.n, "throttleReadBpsDevice", 0, &throttle_device_table),
	FIELD_OBJECTS(S, write_bps.v, write_bps.n, "throttleWriteBpsDevice", 0, &throttle_device_table),
	FIELD_OBJECTS(S, read_iops.v, read_iops.n, "throttleReadIOPSDevice", 0, &throttle_device_table),
	FIELD_OBJECTS(S, write_iops.v, write_iops.n, "throttleWriteIOPSDevice", 0, &throttle_device_table),
};
#undef S
static const struct field_table block_io_table = FIELD_TABLE(block_io_rows);

#define S struct oci_hugepage_limit
static const struct field hugepage_limit_rows[] = {
	FIELD(S, page_size, "pageSize", FIELD_MUST),
	FIELD(S, limit, "limit", FIELD_MUST),
};
#undef S
static const struct field_table hugepage_limit_table = FIELD_TABLE(hugepage_limit_rows);

#define S struct oci_network_priority
static const struct field network_priority_rows[] = {
	FIELD(S, name, "name", FIELD_MUST),
	FIELD(S, priority, "priority", FIELD_MUST),
};
#undef S
static const struct field_table network_priority_table = FIELD_TABLE(network_priority_rows);

#define S struct oci_network
static const struct field network_rows[] = {
	FIELD(S, class_id, "classID", 0),
	FIELD_OBJECTS(S, priorities, n_priorities, "priorities", 0, &network_priority_table),
};
#undef S
static const struct field_table network_table = FIELD_TABLE(network_rows);

#define S struct oci_rdma_limit // the device is the member's name
static const struct field rdma_limit_rows[] = {
	FIELD(S, hca_handles, "hcaHandles", 0),
	FIELD(S, hca_objects, "hcaObjects", 0),
};
#undef S
static const struct field_table rdma_limit_table = FIELD_TABLE(rdma_limit_rows);

#define S struct oci_resources
static const struct field resources_rows[] = {
	FIELD_OBJECTS(S, devices, n_devices, "devices", 0, &device_rule_table),
	FIELD_OBJECT_PTR(S, memory, "memory", 0, &memory_table),
	FIELD_OBJECT_PTR(S, cpu, "cpu", 0, &cpu_table),
	FIELD_OBJECT(S, pids, "pids", 0, &pids_table),
	FIELD_OBJECT_PTR(S, block_io, "blockIO", 0, &block_io_table),
	FIELD_OBJECTS(S, hugepage_limits, n_hugepage_limits, "hugepageLimits", 0, &hugepage_limit_table),
	FIELD_OBJECT(S, network, "network", 0, &network_table),
	FIELD_MAP(S, rdma, n_rdma, "rdma", 0, &rdma_limit_table),
	FIELD(S, unified, "unified", 0),
};
#undef S
const struct field_table oci_resources_table = FIELD_TABLE(resources_rows);

// ---- linux: seccomp

static const struct field_word action_list[] = {
	{"SCMP_ACT_KILL", OCI_ACT_KILL},
	{"SCMP_ACT_KILL_THREAD", OCI_ACT_KILL},
	{"SCMP_ACT_KILL_PROCESS", OCI_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP", OCI_ACT_TRAP},
	{"SCMP_ACT_ERRNO", OCI_ACT_ERRNO},
	{"SCMP_ACT_TRACE", OCI_ACT_TRACE},
	{"SCMP_ACT_ALLOW", OCI_ACT_ALLOW},
	{"SCMP_ACT_LOG", OCI_ACT_LOG},
	{"SCMP_ACT_NOTIFY", OCI_ACT_NOTIFY},
};
static const struct field_words action_words = {action_list, ARRAY_SIZE(action_list)};

static const struct field_word op_list[] = {
	{"SCMP_CMP_NE", OCI_SCMP_NE}, {"SCMP_CMP_LT", OCI_SCMP_LT}, {"SCMP_CMP_LE", OCI_SCMP_LE},
	{"SCMP_CMP_EQ", OCI_SCMP_EQ}, {"SCMP_CMP_GE", OCI_SCMP_GE}, {"SCMP_CMP_GT", OCI_SCMP_GT},
	{"SCMP_CMP_MASKED_EQ", OCI_SCMP_MASKED_EQ},
};
static const struct field_words op_words = {op_list, ARRAY_SIZE(op_list)};

#define S struct oci_seccomp_arg
static const struct field seccomp_arg_rows[] = {
	FIELD(S, index, "index", FIELD_MUST),
	FIELD(S, value, "value", FIELD_MUST),
	FIELD(S, value_two, "valueTwo", 0),
	FIELD_ENUM(S, op, "op", FIELD_MUST, &op_words),
};
#undef S
static const struct field_table seccomp_arg_table = FIELD_TABLE(seccomp_arg_rows);

#define S struct oci_seccomp_rule
static const struct field seccomp_rule_rows[] = {
	FIELD(S, names, "names", FIELD_MUST),
	FIELD_ENUM(S, action, "action", FIELD_MUST, &action_words),
	FIELD(S, errno_ret, "errnoRet", 0),
	FIELD_OBJECTS(S, args, n_args, "args", 0, &seccomp_arg_table),
};
#undef S
static const struct field_table seccomp_rule_table = FIELD_TABLE(seccomp_rule_rows);

#define S struct oci_seccomp
static const struct field seccomp_rows[] = {
	FIELD_ENUM(S, default_action, "defaultAction", FIELD_MUST, &action_words),
	FIELD(S, default_errno_ret, "defaultErrnoRet", 0),
	FIELD(S, architectures, "architectures", 0),
	FIELD(S, flags, "flags", 0),
	FIELD(S, listener_path, "listenerPath", FIELD_EMPTY_ABSENT),
	FIELD(S, listener_metadata, "listenerMetadata", FIELD_EMPTY_ABSENT),
	FIELD_OBJECTS(S, rules, n_rules, "syscalls", 0, &seccomp_rule_table),
};
#undef S
const struct field_table oci_seccomp_table = FIELD_TABLE(seccomp_rows);

// ---- linux: the rest

#define S struct oci_time_offset // the clock is the member's name
static const struct field time_offset_rows[] = {
	FIELD(S, secs, "secs", 0),
	FIELD(S, nanosecs, "nanosecs", 0),
};
#undef S
static const struct field_table time_offset_table = FIELD_TABLE(time_offset_rows);

#define S struct oci_intel_rdt
static const struct field intel_rdt_rows[] = {
	FIELD(S, clos_id, "closID", FIELD_EMPTY_ABSENT),
	FIELD(S, schemata, "schemata", 0),
	FIELD(S, l3_cache_schema, "l3CacheSchema", FIELD_EMPTY_ABSENT),
	FIELD(S, mem_bw_schema, "memBwSchema", FIELD_EMPTY_ABSENT),
	FIELD(S, enable_cmt, "enableCMT", 0),
	FIELD(S, enable_mbm, "enableMBM", 0),
	FIELD(S, enable_monitoring, "enableMonitoring", 0),
};
#undef S
static const struct field_table intel_rdt_table = FIELD_TABLE(intel_rdt_rows);

#define S struct oci_personality
static const struct field personality_rows[] = {
	FIELD(S, domain, "domain", FIELD_MUST),
	FIELD(S, flags, "flags", 0),
};
#undef S
static const struct field_table personality_table = FIELD_TABLE(personality_rows);

#define S struct oci_net_device // the name on the host is the member's
static const struct field net_device_rows[] = {
	FIELD(S, name, "name", FIELD_EMPTY_ABSENT),
};
#undef S
static const struct field_table net_device_table = FIELD_TABLE(net_device_rows);

#define S struct oci_memory_policy
static const struct field memory_policy_rows[] = {
	FIELD(S, mode, "mode", FIELD_MUST),
	FIELD(S, nodes, "nodes", FIELD_EMPTY_ABSENT),
	FIELD(S, flags, "flags", 0),
};
#undef S
static const struct field_table memory_policy_table = FIELD_TABLE(memory_policy_rows);

#define S struct oci_linux
static const struct field linux_rows[] = {
	FIELD_OBJECTS(S, uid_mappings.v, uid_mappings.n, "uidMappings", 0, &id_mapping_table),
	FIELD_OBJECTS(S, gid_mappings.v, gid_mappings.n, "gidMappings", 0, &id_mapping_table),
	FIELD(S, sysctl, "sysctl", 0),
	FIELD_OBJECT_PTR(S, resources, "resources", 0, &oci_resources_table),
	FIELD(S, cgroups_path, "cgroupsPath", FIELD_EMPTY_ABSENT),
	FIELD_OBJECTS(S, namespaces, n_namespaces, "namespaces", 0, &namespace_table),
	FIELD_OBJECTS(S, devices, n_devices, "devices", 0, &device_table),
	FIELD_MAP(S, net_devices, n_net_devices, "netDevices", 0, &net_device_table),
	FIELD_OBJECT_PTR(S, seccomp, "seccomp", 0, &oci_seccomp_table),
	FIELD(S, rootfs_propagation, "rootfsPropagation", FIELD_EMPTY_ABSENT),
	FIELD(S, masked_paths, "maskedPaths", 0),
	FIELD(S, readonly_paths, "readonlyPaths", 0),
	FIELD(S, mount_label, "mountLabel", FIELD_EMPTY_ABSENT),
	FIELD_OBJECT_PTR(S, intel_rdt, "intelRdt", 0, &intel_rdt_table),
	FIELD_OBJECT_PTR(S, personality, "personality", 0, &personality_table),
	FIELD_OBJECT_PTR(S, memory_policy, "memoryPolicy", 0, &memory_policy_table),
	FIELD_MAP(S, time_offsets, n_time_offsets, "timeOffsets", 0, &time_offset_table),
};
#undef S
static const struct field_table linux_table = FIELD_TABLE_UNKNOWN(linux_rows, struct oci_linux, unknown);

// ---- the whole

#define S struct oci_spec
static const struct field spec_rows[] = {
	FIELD(S, oci_version, "ociVersion", FIELD_MUST),
	FIELD_OBJECT_PTR(S, process, "process", 0, &oci_process_table),
	FIELD_OBJECT_PTR(S, root, "root", 0, &root_table),
	FIELD(S, hostname, "hostname", FIELD_EMPTY_ABSENT),
	FIELD(S, domainname, "domainname", FIELD_EMPTY_ABSENT),
	FIELD_OBJECTS(S, mounts, n_mounts, "mounts", 0, &mount_table),
	FIELD_OBJECT(S, hooks, "hooks", 0, &hooks_table),
	FIELD(S, annotations, "annotations", 0),
	FIELD_OBJECT_PTR(S, linux, "linux", 0, &linux_table),
};
#undef S
const struct field_table oci_spec_table = FIELD_TABLE_UNKNOWN(spec_rows, struct oci_spec, unknown);
