// SPDX-License-Identifier: Apache-2.0
// Sysctls of a container: which ones belong to its namespaces, and writing them through a procfs we can trust.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>

// Whether every name belongs to a namespace that s makes new or joins; those of the host are refused by name.
int sysctl_check(const struct oci_spec *s, struct err *e);
// Writes them below proc (root of a verified procfs). The caller is in the namespaces.
int sysctl_apply(int proc, const struct oci_pairs *v, struct err *e);
