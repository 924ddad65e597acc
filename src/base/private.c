// SPDX-License-Identifier: Apache-2.0
// Where our own parts are. They are executed and loaded with the caller's full rights, so nothing that a caller or an
// image can set (a variable, the current folder) takes part in the search.
#include "base/private.h"

#include "base/str.h"

#include <unistd.h>

int private_file(const char *name, char ret[static PATH_MAX], struct err *e)
{
	static const char *const places[] = {"", "../lib/berth/", "../libexec/berth/", "init/", "image/"};
	char exe[PATH_MAX], path[PATH_MAX];

	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n < 0)
		return err_sys(e, "read /proc/self/exe");
	exe[n] = 0;
	char *slash = strrchr(exe, '/');
	if (!slash)
		return err_set(e, ERR_INTERNAL, EINVAL, "/proc/self/exe is no path: %s", exe);
	slash[1] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (str_fmt(path, sizeof(path), "%s%s%s", exe, places[i], name) < 0 || access(path, R_OK) < 0)
			continue;
		memcpy(ret, path, strlen(path) + 1);
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, ENOENT,
		       "%s is not beside the program (%s) nor in %s../lib/berth: the installation is incomplete", name,
		       exe, exe);
}
