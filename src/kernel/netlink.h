// SPDX-License-Identifier: Apache-2.0
// The few rtnetlink requests that a container's start needs. Networks proper are made elsewhere.
#pragma once

#include "base/err.h"

// Brings the loopback interface of the caller's network namespace up.
int netlink_loopback_up(struct err *e);
// Moves the caller's interface host_name into the network namespace netns (descriptor), renamed to name there.
int netlink_move_device(const char *host_name, int netns, const char *name, struct err *e);
