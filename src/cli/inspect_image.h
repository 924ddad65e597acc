// SPDX-License-Identifier: Apache-2.0
// An image in the shape of `docker image inspect`.
#pragma once

#include "base/json.h"
#include "image/image.h"

int inspect_image(struct image_store *s, const char *ref, struct json_writer *w, struct err *e);
