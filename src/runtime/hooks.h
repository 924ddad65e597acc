// SPDX-License-Identifier: Apache-2.0
// Hooks: who runs them where. prestart and createRuntime: container_create, in the caller's namespaces, when the
// container's mounts are there; createContainer: init, before its change of root; startContainer: the process that
// becomes the payload, last; poststart: container_create with run_now, else the caller of container_start; poststop:
// the caller, after it has removed the container.
#pragma once

#include "base/err.h"
#include "spec/runtime.h"

#include <stdbool.h>
#include <sys/types.h>

enum hook_point {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
};

bool hooks_any(const struct oci_spec *s, enum hook_point p);
// Runs them in order with the state on stdin and exactly the environment of each; stdout and stderr are the caller's.
// The first that cannot be started, fails or takes longer than its timeout ends it: "hooks.prestart[0]: /bin/x exited
// with status 1". bundle: absolute path or NULL. The caller's descriptors must be O_CLOEXEC.
int hooks_run(const struct oci_spec *s, enum hook_point p, const char *id, pid_t pid, const char *bundle,
	      struct err *e);
