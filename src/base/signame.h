// SPDX-License-Identifier: Apache-2.0
// Signals by name and number, as people write them: "KILL", "SIGKILL", "9", "RTMIN+3".
#pragma once

// The number, or -EINVAL. Numbers from 1 to 64.
int signal_from_name(const char *name);
// "SIGKILL", "SIGRTMIN+3"; dst must have 16 bytes. "" for numbers that are none.
void signal_name(int sig, char dst[static 16]);
