// SPDX-License-Identifier: Apache-2.0
// Runs the registered tests, each in a child process with a time limit, and counts.
#include "test.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIP = 77, TIME_LIMIT_S = 120 };

static struct test_case *first, **last = &first;

void test_register(struct test_case *t)
{
	*last = t;
	last = &t->next;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("  %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	printf("  skipped: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_SKIP);
}

// 0 passed, EXIT_SKIP skipped, anything else failed.
static int run_one(const struct test_case *t)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (!pid) {
		alarm(TIME_LIMIT_S);
		t->fn();
		fflush(stdout);
		exit(0);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status)) {
		printf("  killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
		return 1;
	}
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	const char *only = argc > 1 + verbose ? argv[1 + verbose] : "";
	unsigned passed = 0, failed = 0, skipped = 0;

	for (const struct test_case *t = first; t; t = t->next) {
		if (!strstr(t->name, only))
			continue;
		if (verbose)
			printf("%s\n", t->name);
		int rc = run_one(t);
		if (!rc)
			passed++;
		else if (rc == EXIT_SKIP)
			skipped++, printf("skip %s\n", t->name);
		else
			failed++, printf("FAIL %s (%s)\n", t->name, t->file);
	}
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}
