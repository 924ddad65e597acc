// SPDX-License-Identifier: Apache-2.0
// A procfs of our own, which nothing in an image can have put something over.
#pragma once

#include "base/err.h"

// A detached procfs of the caller's pid namespace, its root as descriptor.
int procfs_open_private(struct err *e);
// Whether fd is on a procfs. 1, 0 or negative errno.
int procfs_is(int fd);
