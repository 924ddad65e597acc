// SPDX-License-Identifier: Apache-2.0
// The program's own parts beside it: berth-init, berth-codec.so.
#pragma once

#include "base/err.h"

#include <limits.h>

// The absolute path of a part: in the program's own folder, in a folder of the build tree below it, or in
// ../lib/berth. Found from /proc/self/exe, never from the environment. ERR_NOT_FOUND names the places.
int private_file(const char *name, char ret[static PATH_MAX], struct err *e);
