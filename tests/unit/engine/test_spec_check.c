// SPDX-License-Identifier: Apache-2.0
// Options that cannot be: one line each, as users know it.
#include "base/mem.h"
#include "base/str.h"
#include "engine/spec.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static void refused(const struct engine_create_options *o, const char *text)
{
	struct err e = {0};

	CHECK(spec_check(o, &e) < 0);
	CHECK_CONTAINS(e.text, text);
	CHECK(!strchr(e.text, '\n'));
}

static void accepted(const struct engine_create_options *o)
{
	struct err e = {0};
	CHECK_OK(spec_check(o, &e), e);
}

#define REFUSED(error, ...) refused(&(struct engine_create_options){__VA_ARGS__}, error)
#define ACCEPTED(...)       accepted(&(struct engine_create_options){__VA_ARGS__})

TEST(check_memory)
{
	REFUSED("minimum memory limit allowed is 6MB", .memory = 1 << 20);
	REFUSED("minimum memory limit allowed is 6MB", .memory = (6 << 20) - 1);
	REFUSED("minimum memory reservation allowed is 6MB", .memory_reservation = 1 << 20);
	REFUSED("set the memory limit (--memory) too", .memory_swap = 64 << 20);
	REFUSED("the memory-swap limit should be larger than the memory limit", .memory = 64 << 20,
		.memory_swap = 32 << 20);
	REFUSED("invalid memory-swap -2", .memory = 64 << 20, .memory_swap = -2);
	REFUSED("larger than the memory reservation", .memory = 16 << 20, .memory_reservation = 32 << 20);
	REFUSED("valid memory swappiness range is 0-100", .memory_swappiness_set = true, .memory_swappiness = 101);
	REFUSED("--kernel-memory", .kernel_memory = 64 << 20);
	REFUSED("/dev/shm can not be less than 0", .shm_size = -1);
	ACCEPTED(.memory = 6 << 20);
	ACCEPTED(.memory = 64 << 20, .memory_swap = -1);
	ACCEPTED(.memory = 64 << 20, .memory_swap = 64 << 20, .memory_reservation = 8 << 20);
}

TEST(check_cpus)
{
	char want[128];
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	snprintf(want, sizeof(want), "range of CPUs is from 0.01 to %ld.00, as there are only %ld CPUs available", n,
		 n);
	REFUSED(want, .cpus = 9999);
	REFUSED(want, .cpus = 0.001);
	REFUSED("conflicting options: --cpus", .cpus = 0.5, .cpu_quota = 5000);
	REFUSED("CPU period can not be less than 1ms", .cpu_period = 999);
	REFUSED("CPU period can not be less than 1ms (1000) or larger than 1s (1000000)", .cpu_period = 1000001);
	REFUSED("CPU quota can not be less than 1ms (1000)", .cpu_quota = 999);
	ACCEPTED(.cpus = 0.5);
	ACCEPTED(.cpu_period = 1000, .cpu_quota = 1000);
	ACCEPTED(.cpu_quota = -1);
}

TEST(check_cpuset)
{
	char cpus[] = "0,999", nonsense[] = "a-b", empty[] = "", back[] = "2-1", good[] = "0", mems[] = "x";

	REFUSED("requested CPUs are not available: requested 0,999, CPU 999 is not there", .cpuset_cpus = cpus);
	REFUSED("invalid value \"a-b\" for --cpuset-cpus", .cpuset_cpus = nonsense);
	REFUSED("invalid value \"\" for --cpuset-cpus", .cpuset_cpus = empty);
	REFUSED("invalid value \"2-1\"", .cpuset_cpus = back);
	REFUSED("invalid value \"x\" for --cpuset-mems", .cpuset_mems = mems);
	ACCEPTED(.cpuset_cpus = good);
}

TEST(check_other_limits)
{
	struct engine_ulimit bad = {.name = (char *)"nosuch"},
			     above = {.name = (char *)"nofile", .soft = 10, .hard = 5};
	struct engine_ulimit endless = {.name = (char *)"nofile", .soft = -1, .hard = 5};

	REFUSED("invalid pids limit -2", .pids_limit_set = true, .pids_limit = -2);
	REFUSED("range of blkio weight is from 10 to 1000", .blkio_weight = 9);
	REFUSED("range for oom score adj is [-1000, 1000]", .oom_score_adj_set = true, .oom_score_adj = 1001);
	REFUSED("--ulimit nosuch: no such limit", .ulimits = &bad, .n_ulimits = 1);
	REFUSED("the soft limit 10 is above the hard limit 5", .ulimits = &above, .n_ulimits = 1);
	REFUSED("the soft limit -1 is above the hard limit 5", .ulimits = &endless, .n_ulimits = 1);
	ACCEPTED(.pids_limit_set = true, .pids_limit = -1);
}

TEST(check_names_and_modes)
{
	char bad[] = "a_b c", host[] = "host", name[] = "box", other[] = "container:x", rel[] = "a/b",
	     sig[] = "SIGNOPE";
	char driver[] = "syslog", long_name[80];

	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	REFUSED("invalid hostname format: a_b c", .hostname = bad);
	REFUSED("invalid hostname format: aaaa", .hostname = long_name);
	REFUSED("conflicting options: hostname and the host's UTS", .hostname = name, .uts = host);
	REFUSED("conflicting options: hostname and another container's network", .hostname = name, .network = other);
	REFUSED("the working directory 'a/b' is invalid, it needs to be an absolute path", .workdir = rel);
	REFUSED("invalid signal: SIGNOPE", .stop_signal = sig);
	REFUSED("log driver \"syslog\" is not supported", .log_driver = driver);
	REFUSED("invalid container name (a_b c)", .name = bad);
	ACCEPTED(.hostname = name, .network = host);
}

TEST(check_lists)
{
	char *dns[] = {(char *)"not-an-address", NULL}, *ok[] = {(char *)"9.9.9.9", (char *)"2620:fe::fe", NULL};
	char *hosts[] = {(char *)"db:nowhere", NULL}, *newline[] = {(char *)"a\nnameserver 6.6.6.6", NULL};
	char *cap[] = {(char *)"NOSUCH", NULL}, *all[] = {(char *)"all", NULL};
	char *sysctl[] = {(char *)"net.ipv4.ip_forward=1", NULL}, *no_value[] = {(char *)"kernel.msgmax", NULL};
	char *six[] = {(char *)"db:::1", NULL}, host[] = "host";

	REFUSED("--dns: \"not-an-address\" is not an IP address", .dns = dns);
	REFUSED("--add-host: \"db:nowhere\"", .add_host = hosts);
	REFUSED("--dns-search", .dns_search = newline);
	REFUSED("--dns-option", .dns_option = newline);
	REFUSED("--cap-add: unknown capability \"NOSUCH\"", .cap_add = cap);
	REFUSED("--cap-drop: unknown capability \"NOSUCH\"", .cap_drop = cap);
	REFUSED("sysctl 'net.ipv4.ip_forward' is not allowed with the host's network", .sysctl = sysctl,
		.network = host);
	REFUSED("--sysctl: \"kernel.msgmax\" is not of the form NAME=VALUE", .sysctl = no_value);
	ACCEPTED(.dns = ok, .add_host = six, .cap_drop = all, .sysctl = sysctl);
}
