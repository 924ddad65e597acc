// SPDX-License-Identifier: Apache-2.0
// The steps that bring a database to the schema of this program.
#pragma once

#include "base/err.h"

#include <sqlite3.h>

enum { SCHEMA_VERSION = 1 }; // what PRAGMA user_version says when all steps were taken

// The steps after version from, inside the caller's transaction; sets user_version. Returns an SQLite result code.
int schema_migrate(sqlite3 *conn, int from);
