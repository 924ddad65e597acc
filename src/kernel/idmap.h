// SPDX-License-Identifier: Apache-2.0
// User namespace mappings: writing them, and user namespaces that exist only to carry them for idmapped mounts.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>
#include <sys/types.h>

enum { IDMAP_EXTENTS_MAX = 340 }; // user_namespaces(7)

// Writes both maps of process pid, whose user namespace is new. Directly where the caller may; an ordinary user maps
// just himself directly (setgroups denied, as the kernel asks) and everything else through newuidmap and newgidmap.
int idmap_write(pid_t pid, const struct oci_id_mappings *uids, const struct oci_id_mappings *gids, struct err *e);

// A user namespace with these maps, for MOUNT_ATTR_IDMAP. Descriptor or negative errno.
int idmap_userns(const struct oci_id_mappings *uids, const struct oci_id_mappings *gids, struct err *e);

// The id outside for one inside; false if it is not mapped.
bool idmap_to_host(const struct oci_id_mappings *m, uint32_t id, uint32_t *ret);
// Whether this process is in the initial user namespace: all ids mapped to themselves. True if that cannot be told.
bool idmap_is_initial(void);
