// SPDX-License-Identifier: Apache-2.0
// A container that runs, found by reference.
#pragma once

#include "engine/internal.h"

// The row of a container that runs or is paused. ERR_CONFLICT otherwise: -EALREADY, "container web is not running";
// -ESRCH, it is dead.
int engine_running_row(struct engine *g, const char *ref, struct engine_row *ret, struct err *e);
