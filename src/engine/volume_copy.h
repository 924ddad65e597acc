// SPDX-License-Identifier: Apache-2.0
// Filling a new volume with what the image has at its place.
#pragma once

#include "engine/internal.h"

// Copies what is in directory from (part of an image: hostile, but only read) into directory to, which is ours and
// empty, with owners, modes, times and extended attributes. Owners within range come out as the ids inside it. Devices
// are left out: a volume has none. Nothing is followed and no mount is crossed.
int volume_copy(int from, int to, struct engine_idrange range, struct err *e);
