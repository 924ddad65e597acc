// SPDX-License-Identifier: Apache-2.0
// Migrations. Each version of the schema is one step, never edited once released: schema.sql is the first, later ones
// are ALTERs of their own appended to the table. user_version in the file's header tells which steps were taken.
#include "db/schema.h"

#include <stdio.h>

extern const char schema_sql_v1[];

static const char *const steps[] = {schema_sql_v1};
_Static_assert(ARRAY_SIZE(steps) == SCHEMA_VERSION, "one step a version");

int schema_migrate(sqlite3 *conn, int from)
{
	char version[48];

	for (int i = from; i < SCHEMA_VERSION; i++) {
		int rc = sqlite3_exec(conn, steps[i], NULL, NULL, NULL);
		if (rc)
			return rc;
	}
	snprintf(version, sizeof(version), "PRAGMA user_version=%d", SCHEMA_VERSION);
	return sqlite3_exec(conn, version, NULL, NULL, NULL);
}
