// SPDX-License-Identifier: Apache-2.0
// The caller's terminal: raw mode that is always taken back, its size, and the keys that detach from a container.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

// One terminal of the process may be raw at a time. Raw mode is undone by terminal_restore, at exit(), and when the
// process dies of abort() or a fault.
int terminal_raw(int fd, struct err *e);
void terminal_restore(void);
bool terminal_is_raw(void);
// Raw again after a stop and continue, when terminal_raw was in force.
void terminal_raw_again(void);
// {0} if fd is no terminal or does not know.
struct winsize terminal_size(int fd);

// Docker's grammar: "ctrl-p,ctrl-q", "a", "ctrl-a,a": characters, or ctrl- with a letter or one of @ [ \ ] ^ _
enum { DETACH_KEYS_MAX = 16 };
struct detach_keys {
	uint8_t key[DETACH_KEYS_MAX];
	size_t n;       // 0: no sequence detaches
	size_t matched; // so many of them are held back
};
// s NULL: "ctrl-p,ctrl-q"; "" is refused.
int detach_keys_parse(const char *s, struct detach_keys *ret, struct err *e);
// Passes input through: what does not belong to a sequence is written to out (room for n + DETACH_KEYS_MAX bytes).
// Returns the number of bytes; *ret_detach is set when the sequence is complete (what follows it is dropped).
size_t detach_keys_feed(struct detach_keys *k, const uint8_t *in, size_t n, uint8_t *out, bool *ret_detach);
