// SPDX-License-Identifier: Apache-2.0
// Ranges of 65,536 host ids for containers with a user namespace of their own (--userns=auto).
#pragma once

#include "engine/internal.h"

// A range that no other container has, held in <root>/userns until userns_range_release.
int userns_range_take(struct engine *g, const char *id, struct engine_idrange *ret, struct err *e);
// Of a container that is gone; nothing if it has none.
void userns_range_release(struct engine *g, const char *id);
// The room that ranges are taken from: the entries of "berth", else "containers", in the text of /etc/subuid that are
// in /etc/subgid too; else 1879048192-2147483647, which no common tool hands out.
struct engine_idrange userns_room(const char *subuid, const char *subgid);
