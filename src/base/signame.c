// SPDX-License-Identifier: Apache-2.0
// The table of signal names. Real-time signals count from the kernel's 34 (what libc leaves of 32), as every engine
// does, and from 64 downwards.
#include "base/signame.h"

#include "base/macro.h"
#include "base/str.h"

#include <signal.h>

enum { RT_FIRST = 34, RT_LAST = 64 };

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT},     {"ILL", SIGILL},   {"TRAP", SIGTRAP},
	{"ABRT", SIGABRT}, {"IOT", SIGIOT},       {"BUS", SIGBUS},       {"FPE", SIGFPE},   {"KILL", SIGKILL},
	{"USR1", SIGUSR1}, {"SEGV", SIGSEGV},     {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
	{"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},  {"CONT", SIGCONT},
	{"STOP", SIGSTOP}, {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},
	{"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},     {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
	{"IO", SIGIO},     {"POLL", SIGIO},       {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

static int real_time(const char *s)
{
	const char *rest;
	int n = 0;

	if ((rest = str_after(s, "RTMIN"))) {
		if (!*rest)
			return RT_FIRST;
		if (*rest == '+' && str_to_int(rest + 1, &n) == 0 && n >= 0 && n <= RT_LAST - RT_FIRST)
			return RT_FIRST + n;
	} else if ((rest = str_after(s, "RTMAX"))) {
		if (!*rest)
			return RT_LAST;
		if (*rest == '-' && str_to_int(rest + 1, &n) == 0 && n >= 0 && n <= RT_LAST - RT_FIRST)
			return RT_LAST - n;
	}
	return -EINVAL;
}

int signal_from_name(const char *name)
{
	char upper[16];
	size_t n = 0;
	int number;

	if (str_to_int(name, &number) == 0)
		return number >= 1 && number <= RT_LAST ? number : -EINVAL;
	for (; name[n] && n < sizeof(upper) - 1; n++)
		upper[n] = name[n] >= 'a' && name[n] <= 'z' ? (char)(name[n] - 'a' + 'A') : name[n];
	if (name[n])
		return -EINVAL;
	upper[n] = 0;
	const char *bare = str_after(upper, "SIG");
	if (!bare)
		bare = upper;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (str_eq(signals[i].name, bare))
			return signals[i].number;
	return real_time(bare);
}

void signal_name(int sig, char dst[static 16])
{
	dst[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == sig) {
			if (str_fmt(dst, 16, "SIG%s", signals[i].name) < 0)
				dst[0] = 0;
			return;
		}
	if (sig >= RT_FIRST && sig <= RT_LAST &&
	    str_fmt(dst, 16, sig == RT_FIRST ? "SIGRTMIN" : "SIGRTMIN+%d", sig - RT_FIRST) < 0)
		dst[0] = 0;
}
