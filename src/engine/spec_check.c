// SPDX-License-Identifier: Apache-2.0
// Checks of the create options that need neither image nor root file system. What Docker's users know as an error
// is one here too, with the same numbers.
#include "base/mem.h"
#include "base/path.h"
#include "base/signame.h"
#include "base/str.h"
#include "engine/names.h"
#include "engine/spec.h"
#include "kernel/capability.h"
#include "kernel/rlimit.h"

#include <arpa/inet.h>
#include <sched.h>

enum {
	MEMORY_MIN = 6 << 20,
	CPU_PERIOD_MIN = 1000,
	CPU_PERIOD_MAX = 1000000,
	CPU_QUOTA_MIN = 1000,
	HOSTNAME_MAX = 64, // HOST_NAME_MAX of Linux
	CPU_NUMBERS_MAX = 8192,
};

static int check_memory(const struct engine_create_options *o, struct err *e)
{
	if (o->memory && o->memory < MEMORY_MIN)
		return err_invalid(e, "minimum memory limit allowed is 6MB");
	if (o->memory_reservation && o->memory_reservation < MEMORY_MIN)
		return err_invalid(e, "minimum memory reservation allowed is 6MB");
	if (o->memory && o->memory_reservation > o->memory)
		return err_invalid(e, "the memory limit should be larger than the memory reservation");
	if (o->memory_swap < -1)
		return err_invalid(e, "invalid memory-swap %lld: a size, or -1 for no limit",
				   (long long)o->memory_swap);
	if (o->memory_swap > 0 && !o->memory)
		return err_invalid(e, "set the memory limit (--memory) too when using --memory-swap");
	if (o->memory_swap > 0 && o->memory_swap < o->memory)
		return err_invalid(
			e, "the memory-swap limit should be larger than the memory limit: it counts both together");
	if (o->memory_swappiness_set && (o->memory_swappiness < -1 || o->memory_swappiness > 100))
		return err_invalid(e, "invalid value %lld: valid memory swappiness range is 0-100",
				   (long long)o->memory_swappiness);
	if (o->kernel_memory)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "--kernel-memory: Linux has no such limit any more; --memory counts the kernel's share");
	if (o->shm_size < 0)
		return err_invalid(e, "the size of /dev/shm can not be less than 0");
	return 0;
}

static int n_cpus(cpu_set_t **ret, size_t *ret_size)
{
	size_t size = CPU_ALLOC_SIZE(CPU_NUMBERS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPU_NUMBERS_MAX);

	if (!set)
		err_oom();
	if (sched_getaffinity(0, size, set))
		CPU_SET_S(0, size, set);
	int n = CPU_COUNT_S(size, set);
	*ret = set;
	*ret_size = size;
	return n;
}

static int check_cpus(const struct engine_create_options *o, struct err *e)
{
	cpu_set_t *set = NULL;
	size_t size = 0;

	if (o->cpus <= 0)
		return 0;
	if (o->cpu_quota || o->cpu_period)
		return err_invalid(
			e, "conflicting options: --cpus is --cpu-quota over --cpu-period, give one or the other");
	int n = n_cpus(&set, &size);
	CPU_FREE(set);
	if (o->cpus < 0.01 || o->cpus > n)
		return err_invalid(e, "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available", n, n);
	return 0;
}

// "0-2,4": digits, commas and ranges; every number must be in set (NULL: not checked).
static int check_list(const char *what, const char *list, const cpu_set_t *set, size_t size, struct err *e)
{
	_cleanup_strv_ char **parts = strv_split(list, ',');

	if (!parts || !*parts)
		return err_invalid(e, "invalid value \"%s\" for %s", list, what);
	for (char **p = parts; *p; p++) {
		char *dash = strchr(*p, '-');
		uint32_t from, to;
		if (dash)
			*dash = 0;
		if (str_to_u32(*p, &from) < 0 || str_to_u32(dash ? dash + 1 : *p, &to) < 0 || to < from ||
		    to >= CPU_NUMBERS_MAX)
			return err_invalid(e, "invalid value \"%s\" for %s", list, what);
		for (uint32_t i = from; set && i <= to; i++)
			if (!CPU_ISSET_S(i, size, set))
				return err_invalid(
					e, "requested CPUs are not available: requested %s, CPU %u is not there", list,
					i);
	}
	return 0;
}

static int check_cpuset(const struct engine_create_options *o, struct err *e)
{
	cpu_set_t *set = NULL;
	size_t size = 0;
	int rc = 0;

	if (o->cpuset_cpus) {
		n_cpus(&set, &size);
		rc = check_list("--cpuset-cpus", o->cpuset_cpus, set, size, e);
		CPU_FREE(set);
	}
	if (rc >= 0 && o->cpuset_mems)
		rc = check_list("--cpuset-mems", o->cpuset_mems, NULL, 0, e);
	return rc;
}

static int check_cpu(const struct engine_create_options *o, struct err *e)
{
	if (o->cpu_period && (o->cpu_period < CPU_PERIOD_MIN || o->cpu_period > CPU_PERIOD_MAX))
		return err_invalid(e, "the CPU period can not be less than 1ms (1000) or larger than 1s (1000000)");
	if (o->cpu_quota < -1 || (o->cpu_quota > 0 && o->cpu_quota < CPU_QUOTA_MIN))
		return err_invalid(e, "the CPU quota can not be less than 1ms (1000)");
	if (o->cpu_rt_runtime && o->cpu_rt_period && o->cpu_rt_runtime > o->cpu_rt_period)
		return err_invalid(e, "the real-time runtime can not be larger than the real-time period");
	if (o->cpu_rt_period < 0)
		return err_invalid(e, "the real-time period can not be negative");
	int rc = check_cpus(o, e);
	return rc < 0 ? rc : check_cpuset(o, e);
}

static int check_other_limits(const struct engine_create_options *o, struct err *e)
{
	if (o->pids_limit_set && o->pids_limit < -1)
		return err_invalid(e, "invalid pids limit %lld: a number, or -1 for no limit",
				   (long long)o->pids_limit);
	if (o->blkio_weight && (o->blkio_weight < 10 || o->blkio_weight > 1000))
		return err_invalid(e, "range of blkio weight is from 10 to 1000");
	if (o->oom_score_adj_set && (o->oom_score_adj < -1000 || o->oom_score_adj > 1000))
		return err_invalid(e, "invalid value %d: range for oom score adj is [-1000, 1000]", o->oom_score_adj);
	for (size_t i = 0; i < o->n_ulimits; i++) {
		const struct engine_ulimit *u = &o->ulimits[i];
		if (rlimit_from_name(u->name) < 0)
			return err_invalid(e, "--ulimit %s: no such limit", u->name);
		if (u->hard != -1 && (u->soft == -1 || u->soft > u->hard))
			return err_invalid(e, "--ulimit %s: the soft limit %lld is above the hard limit %lld", u->name,
					   (long long)u->soft, (long long)u->hard);
	}
	return 0;
}

static bool hostname_valid(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > HOSTNAME_MAX || *s == '-' || *s == '.' || s[n - 1] == '-')
		return false;
	for (; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", *s))
			return false;
	return true;
}

static int check_names(const struct engine_create_options *o, struct err *e)
{
	int rc = o->name ? engine_name_check("container", o->name + (*o->name == '/'), e) : 0;

	if (rc < 0)
		return rc;
	if (o->hostname && !hostname_valid(o->hostname))
		return err_invalid(e, "invalid hostname format: %s", o->hostname);
	if (o->domainname && !hostname_valid(o->domainname))
		return err_invalid(e, "invalid domainname format: %s", o->domainname);
	if (o->hostname && spec_mode_is_host(o->uts))
		return err_invalid(e, "conflicting options: hostname and the host's UTS namespace");
	if (o->hostname && spec_mode_container(o->network))
		return err_invalid(e, "conflicting options: hostname and another container's network");
	if (o->workdir && !path_is_absolute(o->workdir))
		return err_invalid(e, "the working directory '%s' is invalid, it needs to be an absolute path",
				   o->workdir);
	if (o->stop_signal && signal_from_name(o->stop_signal) < 0)
		return err_invalid(e, "invalid signal: %s", o->stop_signal);
	if (o->stop_timeout_set && o->stop_timeout < -1)
		return err_invalid(e, "invalid stop timeout %d", o->stop_timeout);
	if (o->log_driver && !str_eq(o->log_driver, "json-file") && !str_eq(o->log_driver, "none"))
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP, "log driver \"%s\" is not supported (json-file, none)",
			       o->log_driver);
	return 0;
}

static bool is_address(const char *s)
{
	unsigned char b[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, s, b) == 1 || inet_pton(AF_INET6, s, b) == 1;
}

// What goes into files of the container line by line must not bring lines of its own.
static int check_lines(const char *what, char *const *v, struct err *e)
{
	for (; v && *v; v++)
		if (!**v || strpbrk(*v, "\n\r"))
			return err_invalid(e, "%s: \"%.*s\" is empty or has a line break", what,
					   (int)strcspn(*v, "\n\r"), *v);
	return 0;
}

static int check_files(const struct engine_create_options *o, struct err *e)
{
	for (char **d = o->dns; d && *d; d++)
		if (!is_address(*d))
			return err_invalid(e, "--dns: \"%s\" is not an IP address", *d);
	for (char **h = o->add_host; h && *h; h++) {
		size_t n = strcspn(*h, ":=");
		const char *address = (*h)[n] ? *h + n + 1 : "";
		if (!n || (*h)[strcspn(*h, " \t\n\r#")] || (!is_address(address) && !str_eq(address, "host-gateway")))
			return err_invalid(e, "--add-host: \"%s\" is not of the form HOST:ADDRESS", *h);
		if (str_eq(address, "host-gateway"))
			return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
				       "--add-host: host-gateway needs a bridge network, which is not there yet");
	}
	int rc = check_lines("--dns-search", o->dns_search, e);
	if (rc >= 0)
		rc = check_lines("--dns-option", o->dns_option, e);
	if (rc >= 0 && (o->dns || o->dns_search || o->dns_option || o->add_host) && spec_mode_container(o->network))
		return err_invalid(e, "conflicting options: --dns, --add-host and another container's network");
	return rc;
}

static int check_caps(const char *flag, char *const *v, struct err *e)
{
	for (; v && *v; v++)
		if (strcasecmp(*v, "ALL") && capability_from_name(*v) < 0)
			return err_invalid(e, "%s: unknown capability \"%s\"", flag, *v);
	return 0;
}

static int check_sysctls(const struct engine_create_options *o, struct err *e)
{
	for (char **s = o->sysctl; s && *s; s++) {
		const char *eq = strchr(*s, '=');
		if (!eq || eq == *s)
			return err_invalid(e, "--sysctl: \"%s\" is not of the form NAME=VALUE", *s);
		if (str_starts(*s, "net.") && spec_network_is_host(o))
			return err_invalid(e, "sysctl '%.*s' is not allowed with the host's network namespace",
					   (int)(eq - *s), *s);
	}
	return 0;
}

int spec_check(const struct engine_create_options *o, struct err *e)
{
	int rc = check_names(o, e);

	if (rc >= 0)
		rc = check_memory(o, e);
	if (rc >= 0)
		rc = check_cpu(o, e);
	if (rc >= 0)
		rc = check_other_limits(o, e);
	if (rc >= 0)
		rc = check_files(o, e);
	if (rc >= 0)
		rc = check_caps("--cap-add", o->cap_add, e);
	if (rc >= 0)
		rc = check_caps("--cap-drop", o->cap_drop, e);
	return rc < 0 ? rc : check_sysctls(o, e);
}
