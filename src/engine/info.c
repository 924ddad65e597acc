// SPDX-License-Identifier: Apache-2.0
// engine_info: what this machine and this engine have, for `berth info`.
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/internal.h"
#include "kernel/cgroup.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

enum { TEXT_MAX = 65536 };

static void write_counts(struct engine *g, struct json_writer *w)
{
	struct engine_container **v = NULL;
	size_t n = 0, count[ENGINE_DEAD + 1] = {0}, images = 0;
	struct image_store *s = NULL;
	struct image **all = NULL;

	if (engine_list(g, true, &v, &n, NULL) >= 0)
		for (size_t i = 0; i < n; i++)
			count[v[i]->state]++;
	engine_list_free(v, n);
	if (engine_image_store(g, &s, NULL) >= 0 && image_list(s, &all, &images, NULL) >= 0)
		image_list_free(all, images);
	jw_kint(w, "Containers", (int64_t)n);
	jw_kint(w, "ContainersRunning", (int64_t)count[ENGINE_RUNNING]);
	jw_kint(w, "ContainersPaused", (int64_t)count[ENGINE_PAUSED]);
	jw_kint(w, "ContainersStopped", (int64_t)(count[ENGINE_EXITED] + count[ENGINE_CREATED]));
	jw_kint(w, "ContainersDead", (int64_t)count[ENGINE_DEAD]);
	jw_kint(w, "Images", (int64_t)images);
}

static char *os_name(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT(TEXT_MAX);

	if (file_read(AT_FDCWD, "/etc/os-release", TEXT_MAX, &b, NULL) < 0)
		return xstrdup("Linux");
	_cleanup_strv_ char **lines = strv_split(b.data, '\n');
	for (char **l = lines; l && *l; l++) {
		const char *v = str_after(*l, "PRETTY_NAME=");
		if (v && *v == '"' && v[1])
			return xstrndup(v + 1, strlen(v + 1) - str_ends(v + 1, "\""));
		if (v)
			return xstrdup(v);
	}
	return xstrdup("Linux");
}

static void write_security(struct json_writer *w)
{
	_cleanup_buf_ struct buf lsm = BUF_INIT(TEXT_MAX);

	jw_key(w, "SecurityOptions");
	jw_array(w);
	jw_str(w, "seccomp,profile=builtin");
	// Security modules that are on, as the kernel lists them; without securityfs, by what they show in sysfs and
	// /proc.
	if (file_read(AT_FDCWD, "/sys/kernel/security/lsm", TEXT_MAX, &lsm, NULL) < 0)
		buf_reset(&lsm);
	if (strstr(lsm.data, "apparmor") || access("/sys/module/apparmor", F_OK) == 0)
		jw_str(w, "apparmor");
	if (strstr(lsm.data, "selinux") || access("/sys/fs/selinux/enforce", F_OK) == 0)
		jw_str(w, "selinux");
	jw_array_end(w);
}

static void write_cgroups(struct json_writer *w)
{
	static const char *const controllers[] = {"cpu",   "cpuset",  "memory",  "pids",    "io",
						  "blkio", "devices", "hugetlb", "freezer", NULL};

	jw_kstr(w, "CgroupVersion", cgroup_mode_name(cgroup_host_mode()));
	jw_kstr(w, "CgroupDriver", "cgroupfs");
	jw_key(w, "CgroupControllers");
	jw_array(w);
	for (const char *const *c = controllers; *c; c++)
		if (cgroup_has_controller(*c))
			jw_str(w, *c);
	jw_array_end(w);
}

int engine_info(struct engine *g, struct json_writer *w, struct err *e)
{
	_cleanup_free_ char *os = os_name();
	struct utsname u;
	struct sysinfo s;

	if (uname(&u) < 0 || sysinfo(&s) < 0)
		return err_sys(e, "ask the kernel for its name and memory");
	jw_object(w);
	write_counts(g, w);
	jw_kstr(w, "ServerVersion", BERTH_VERSION);
	jw_kstr(w, "Driver", "overlay");
	write_cgroups(w);
	write_security(w);
	jw_kstr(w, "KernelVersion", u.release);
	jw_kstr(w, "OperatingSystem", os);
	jw_kstr(w, "Architecture", u.machine);
	jw_kint(w, "NCPU", get_nprocs());
	jw_kint(w, "MemTotal", (int64_t)((uint64_t)s.totalram * s.mem_unit));
	jw_kstr(w, "Name", u.nodename);
	jw_kbool(w, "Rootless", g->rootless);
	jw_kstr(w, "BerthRootDir", g->root);
	jw_kstr(w, "BerthRunDir", g->run);
	jw_object_end(w);
	return 0;
}
