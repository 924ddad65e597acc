// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 and hexadecimal text. (SHA-256 lives in the codec module: image/codec.h.)
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t hash_sip(const uint8_t key[static 16], const void *p, size_t n);
// dst gets 2*n characters and a NUL.
void hex_encode(char *dst, const uint8_t *src, size_t n);
// Lower-case hexadecimal only; -EINVAL otherwise. s must have exactly 2*n characters.
int hex_decode(uint8_t *dst, size_t n, const char *s);
