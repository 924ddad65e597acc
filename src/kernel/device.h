// SPDX-License-Identifier: Apache-2.0
// Device nodes of a container: the default ones, those of the configuration, the links beside them.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>

// Opens "null" in a container's /dev as O_RDWR and verifies that it is character device 1:3.
int device_open_null(int dev, struct err *e);
int device_check_null(int fd, struct err *e);

// Fills dev (directory descriptor of the container's /dev) with null, zero, full, random, urandom and tty. Where nodes
// cannot be made (user namespaces), the host's are bound, each verified. What is there already is kept if it is
// that device, else replaced.
int device_make_defaults(int dev, struct err *e);
// fd, stdin, stdout, stderr, core, and ptmx -> pts/ptmx. Existing links and files are replaced, ptmx only if with_ptmx.
int device_make_links(int dev, bool with_ptmx, struct err *e);
// A node of linux.devices, anywhere below root.
int device_make(int root, const struct oci_device *d, struct err *e);
