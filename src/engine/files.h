// SPDX-License-Identifier: Apache-2.0
// The files every container gets bound into its /etc: hosts, hostname, resolv.conf.
#pragma once

#include "base/buf.h"
#include "engine/spec.h"

enum { FILES_HOSTS, FILES_HOSTNAME, FILES_RESOLV, FILES_N };
extern const char *const files_destination[FILES_N]; // "/etc/hosts", ...
extern const char *const files_name[FILES_N];        // in the container's folder

// Writes them into the container's folder p->dir, owned by owner (the root of the container's user namespace).
int files_write(struct engine *g, const struct engine_prepared *p, struct err *e);
// Host path of the i-th: the container's own or, with another container's network, that one's. malloc'd.
int files_source(struct spec_build *b, size_t i, char **ret, struct err *e);

// The texts. host: what the host has in the file of the same name.
void files_hosts_text(const struct engine_create_options *o, const char *hostname, const char *host, struct buf *out);
void files_resolv_text(const struct engine_create_options *o, const char *host, struct buf *out);
