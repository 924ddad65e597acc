// SPDX-License-Identifier: Apache-2.0
// Names of images as users write them, after the grammar of distribution/reference:
//
//   [domain[:port]/]path[:tag][@algorithm:hex]
//
// The first part is a domain only if it has a dot, a colon, an upper-case letter, or is "localhost"; without one the
// domain is docker.io, and a single path there is below library/: "debian" is docker.io/library/debian.
#pragma once

#include "base/err.h"
#include "spec/image.h"

enum {
	REFERENCE_NAME_MAX = 255, // domain, slash and path
	REFERENCE_TAG_MAX = 128,
	REFERENCE_MAX = REFERENCE_NAME_MAX + 1 + REFERENCE_TAG_MAX + 1 + OCI_DIGEST_MAX,
};

// A value: no memory to free.
struct reference {
	char domain[REFERENCE_NAME_MAX + 1]; // "docker.io", "ghcr.io", "localhost:5000", "[::1]:443"
	char path[REFERENCE_NAME_MAX + 1];   // "library/debian"
	char tag[REFERENCE_TAG_MAX + 1];     // "" when absent
	char digest[OCI_DIGEST_MAX];         // "" when absent
};

// ERR_INVALID says what is wrong with which part; *ret is untouched then. 64 hexadecimal digits are refused: that is an
// id.
int reference_parse(const char *text, struct reference *ret, struct err *e);
// Gives it the tag "latest" if it has neither tag nor digest.
void reference_default_tag(struct reference *r);
// "docker.io/library/debian:latest@sha256:..."
void reference_canonical(const struct reference *r, char dst[static REFERENCE_MAX]);
// As users know it: "debian:latest", "ghcr.io/a/b:1"
void reference_familiar(const struct reference *r, char dst[static REFERENCE_MAX]);
// Without tag and digest, canonical and familiar: "docker.io/library/debian", "debian".
void reference_name(const struct reference *r, char dst[static REFERENCE_MAX]);
void reference_familiar_name(const struct reference *r, char dst[static REFERENCE_MAX]);
// The pieces alone.
bool reference_tag_valid(const char *tag) _pure_;
