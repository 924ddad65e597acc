// SPDX-License-Identifier: Apache-2.0
// The field tables of the runtime configuration, for runtime.c.
#pragma once

#include "spec/field.h"

extern const struct field_table oci_spec_table;      // struct oci_spec
extern const struct field_table oci_process_table;   // struct oci_process
extern const struct field_table oci_resources_table; // struct oci_resources
extern const struct field_table oci_seccomp_table;   // struct oci_seccomp
extern const struct field_words oci_namespace_words; // enum oci_namespace_type
