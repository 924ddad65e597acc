// SPDX-License-Identifier: Apache-2.0
// What a process is beyond its credentials: scheduling, I/O priority, cpu affinity, personality, NUMA memory policy,
// OOM score, security labels. Parsing is apart from applying, so that names are checked before anything starts.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <sched.h>
#include <stdbool.h>

// All names and ranges of what process and linux ask for here; errors name the config.json field.
int process_check(const struct oci_process *p, const struct oci_linux *l, struct err *e);

// For the calling process. Absent members are left as they are.
int process_apply_scheduler(const struct oci_scheduler *s, struct err *e);
int process_apply_io_priority(const struct oci_io_priority *p, struct err *e);
int process_apply_affinity(const char *cpus, struct err *e); // a list as "0-3,7"; NULL: nothing
int process_apply_personality(const struct oci_personality *p, struct err *e);
int process_apply_memory_policy(const struct oci_memory_policy *p, struct err *e);

// -1000 to 1000 into /proc/PID/oom_score_adj (0: the caller) of the host's procfs.
int process_set_oom_score(pid_t pid, int32_t score, struct err *e);
// The labels that the next execve takes, through proc (root of a verified procfs). NULL or "": nothing. A label that
// the kernel has no security module for is ERR_UNSUPPORTED.
int process_check_labels(const char *apparmor, const char *selinux, struct err *e);
int process_set_exec_labels(int proc, const char *apparmor, const char *selinux, struct err *e);

// "0-3,7" to a set of at most max bits; -EINVAL.
int process_parse_list(const char *list, uint64_t *bits, size_t max);
