// SPDX-License-Identifier: Apache-2.0
// A container for tests: a root file system of busybox in a temporary directory, a configuration that is a sane
// default, and running it with its output captured.
#pragma once

#include "runtime/container.h"
#include "spec/runtime.h"

#include <stdbool.h>

struct box {
	char dir[64]; // temporary; below it rootfs/
	char root[80];
	char id[48];
	struct oci_spec *spec;
	struct container_plan plan;
	struct container_created created;
	char out[16384]; // what the payload wrote to 1 and 2
	int status;      // of waitpid
	struct err e;
};

// Makes it; skips the test where containers cannot be made (no root, no busybox). Removed at the end of the test, by
// the test's own process.
struct box *box_new(void);
// The command: a shell line.
void box_shell(struct box *b, const char *line);
void box_args(struct box *b, const char *const *argv); // NULL-terminated
void box_option(struct oci_mount *m, const char *option);
struct oci_mount *box_mount(struct box *b, const char *destination, const char *type, const char *source,
			    const char *options);
void box_namespace(struct box *b, enum oci_namespace_type t, const char *path);
void box_drop_namespace(struct box *b, enum oci_namespace_type t);
void box_userns(struct box *b, uint32_t host, uint32_t size);
// Creates, waits for the end, fills out and status. Returns container_create's result.
int box_run(struct box *b);
// Creates with the payload's output going to the test's own; the caller ends it with box_kill.
int box_start(struct box *b);
void box_kill(struct box *b);
// Runs line and checks that it exits with 0; returns its output.
const char *box_check(struct box *b, const char *line);
// Writes a file below the root.
void box_file(struct box *b, const char *path, const char *text, unsigned mode);
