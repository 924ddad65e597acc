// SPDX-License-Identifier: Apache-2.0
// A session keyring of the container's own, so that the caller's keys are not there to be found.
#pragma once

#include "base/err.h"

// Joins a new, empty session keyring. A kernel without key support is no error.
int keyring_join_new(struct err *e);
