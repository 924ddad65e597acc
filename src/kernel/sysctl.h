// SPDX-License-Identifier: Apache-2.0
// Sysctls of a container: which ones belong to its namespaces, and writing them through a procfs we can trust.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

// Whether every name belongs to a namespace of the container's own (CLONE_NEW* in namespaces: new, or joined and not
// the caller's); those that would change the host are refused by name.
int sysctl_check(const struct oci_pairs *v, unsigned namespaces, struct err *e);
// Writes them below proc (root of a verified procfs). The caller is in the namespaces.
int sysctl_apply(int proc, const struct oci_pairs *v, struct err *e);
