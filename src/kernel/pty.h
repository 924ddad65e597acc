// SPDX-License-Identifier: Apache-2.0
// Pseudo terminals from a devpts that is known by descriptor.
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

// Opens a pair in the devpts mount whose root is devpts. The slave comes from the master itself (TIOCGPTPEER), never
// by a path that an image could have prepared.
int pty_open(int devpts, int *ret_master, int *ret_slave, struct err *e);
int pty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *e);
// Makes tty the controlling terminal of the caller, a session leader without one.
int pty_set_controlling(int tty, struct err *e);
