// SPDX-License-Identifier: Apache-2.0
// From create options and an image's config to the OCI configuration of the container: one file a concern, all adding
// to the same struct oci_spec. The order is that of spec_build.
#pragma once

#include "engine/internal.h"

struct spec_build {
	struct engine *g;
	const struct engine_prepared *p;
	const struct engine_create_options *o; // p->options
	const struct oci_image_run *image;     // the image's wishes
	int rootfs;                            // for users and groups, looked up confined
	struct oci_spec *spec;
	struct arena *a; // the spec's
	uint64_t caps;   // what the container gets (spec_security)
	bool userns;     // in a user namespace of its own
	bool running;    // built again for exec: nothing is made or opened
	int keep[8];     // descriptors that paths in the spec refer to (/proc/self/fd/N)
	size_t n_keep;
};

// Checks that need neither image nor root (spec_check.c): limits, names, combinations. ERR_INVALID with one line.
int spec_check(const struct engine_create_options *o, struct err *e);

// All of it, in order. What is opened on the way is in keep, also on failure.
int spec_build(struct spec_build *b, struct err *e);

int spec_namespaces(struct spec_build *b, struct err *e);
int spec_security(struct spec_build *b, struct err *e);
int spec_process(struct spec_build *b, struct err *e);
int spec_mounts(struct spec_build *b, struct err *e);
int spec_devices(struct spec_build *b, struct err *e);
int spec_resources(struct spec_build *b, struct err *e);

// Entrypoint and command as they will run; strv. ERR_INVALID: `no command specified`.
int spec_command(const struct engine_create_options *o, const struct oci_image_run *image, char ***ret, struct err *e);
// The container's host name: --hostname, the host's with its network, else the short id. malloc'd.
char *spec_hostname(const struct engine_create_options *o, const char *id);

// Modes of namespaces.
bool spec_network_is_host(const struct engine_create_options *o) _pure_;
// What follows "container:" or NULL.
const char *spec_mode_container(const char *mode) _pure_;
// "private", "" or NULL, and what a namespace has by default.
bool spec_mode_is_private(const char *mode) _pure_;
bool spec_mode_is_host(const char *mode) _pure_;
// A running container named in a mode: its init's pid and full id.
int spec_other_container(struct engine *g, const char *what, const char *ref, struct engine_row *ret, struct err *e);
// A map of the user namespace for --userns=auto. ret stays empty for modes without a range.
int spec_userns_range(struct engine *g, const char *id, const char *mode, struct engine_idrange *ret, struct err *e);
