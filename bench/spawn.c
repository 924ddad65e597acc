// SPDX-License-Identifier: Apache-2.0
// Starts commands in turn, round by round, and tells how long each took from start to its end.
//
//   bench-spawn ROUNDS [-p] COMMAND... [\; [-p] COMMAND...]...
//
// Prints `index microseconds status` a run. `%` alone in a command stands for a number that never repeats. Commands run
// with /dev/null for standard input and output; the first round, which only warms up, keeps standard error. Commands
// after -p run where the v2 hierarchy of a hybrid machine is out of sight (/sys/fs/cgroup/unified), because crun
// of Debian 12 takes a hybrid machine for a plain v2 one otherwise.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { MAX_COMMANDS = 32, MAX_ROUNDS = 100000 };

struct command {
	char **argv; // NULL-terminated
	bool peer;
};
struct result {
	double us;
	int status;
};

static struct command commands[MAX_COMMANDS];
static size_t n_commands;
static int null_fd;
static unsigned long serial;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "bench-spawn: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct result run(const struct command *c, bool quiet)
{
	char number[32];
	char *argv[64];
	size_t n = 0;
	struct result r = {0};

	snprintf(number, sizeof(number), "bench%d-%lu", (int)getpid(), serial++);
	for (; c->argv[n] && n < 63; n++)
		argv[n] = strcmp(c->argv[n], "%") == 0 ? number : c->argv[n];
	argv[n] = NULL;
	double start = now_us();
	pid_t pid = vfork();
	if (pid < 0)
		die("vfork");
	if (!pid) {
		dup2(null_fd, 0);
		dup2(null_fd, 1);
		if (quiet)
			dup2(null_fd, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &r.status, 0) < 0)
		if (errno != EINTR)
			die("wait");
	r.us = now_us() - start;
	return r;
}

// The process that runs peers' commands in a mount namespace of its own.
static void serve_peers(int in, int out)
{
	uint32_t ask[2];

	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("a mount namespace for the peers");
	if (access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0 &&
	    umount2("/sys/fs/cgroup/unified", MNT_DETACH) < 0)
		die("unmount /sys/fs/cgroup/unified");
	while (read(in, ask, sizeof(ask)) == sizeof(ask)) {
		struct result r = run(&commands[ask[0]], ask[1]);
		if (write(out, &r, sizeof(r)) != sizeof(r))
			break;
	}
	_exit(0);
}

static void start_server(int *ret_to, int *ret_from)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(to[1]);
		serve_peers(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	*ret_to = to[1];
	*ret_from = from[0];
}

static struct result run_peer(int to, int from, uint32_t index, bool quiet)
{
	uint32_t ask[2] = {index, quiet};
	struct result r;

	if (write(to, ask, sizeof(ask)) != sizeof(ask) || read(from, &r, sizeof(r)) != sizeof(r))
		die("the peers' process is gone");
	return r;
}

static void parse(char **argv)
{
	for (; *argv; argv++) {
		struct command *c = &commands[n_commands];
		if (n_commands == MAX_COMMANDS) {
			errno = E2BIG;
			die("commands");
		}
		c->peer = strcmp(*argv, "-p") == 0;
		c->argv = argv + c->peer;
		for (argv = c->argv; *argv && strcmp(*argv, ";") != 0;)
			argv++;
		n_commands += argv > c->argv;
		if (!*argv)
			return;
		*argv = NULL;
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	int to = -1, from = -1;

	if (!rounds || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: bench-spawn ROUNDS [-p] COMMAND... [; [-p] COMMAND...]...\n");
		return 2;
	}
	parse(argv + 2);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	start_server(&to, &from);
	for (unsigned long r = 0; r <= rounds; r++)
		for (uint32_t i = 0; i < n_commands; i++) {
			struct result x = commands[i].peer ? run_peer(to, from, i, r > 0) : run(&commands[i], r > 0);
			if (r > 0 || x.status)
				printf("%u %.1f %d\n", i, x.us, x.status);
			fflush(stdout);
		}
	return 0;
}
