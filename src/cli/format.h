// SPDX-License-Identifier: Apache-2.0
// --format: the part of Go's text/template that people use with Docker, over a JSON tree.
//
//   {{.Name}} {{.State.Status}} {{json .}} {{json .Config}} {{len .Mounts}} {{index .Config.Env 0}} {{upper .Name}}
//   {{range .Mounts}}{{.Source}} {{end}} {{range $k, $v := .Labels}}{{$k}}={{$v}}{{end}}
//   {{if .X}}..{{else}}..{{end}} {{eq .A "b"}} {{ne .A .B}} {{not .X}} {{join .List ","}} {{println .X}} {{truncate .ID
//   12}}
//
// "table TEMPLATE" prints a heading made of the field names and pads the columns, which are apart by \t.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

struct format;

// Errors tell the position: "template: character 12: ...".
int format_compile(const char *text, struct format **ret, struct err *e);
void format_free(struct format *f);
void format_free_p(struct format **f);
#define _cleanup_format_ _cleanup_(format_free_p)
bool format_is_table(const struct format *f);
// Appends what the template makes of value (no newline added).
int format_render(const struct format *f, const struct json *value, struct buf *out, struct err *e);
// The heading of a table: every field by its title ("ID" becomes "CONTAINER ID" by the caller's map), NULL titles by
// upper-casing the field's name.
void format_heading(const struct format *f, const char *(*title)(const char *field), struct buf *out);
// Renders one line for each value of the array and prints to stdout: as a table if the template says so.
int format_print(const char *text, const struct json *array, const char *(*title)(const char *field), struct err *e);
