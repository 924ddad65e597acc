// SPDX-License-Identifier: Apache-2.0
// Detach keys, and a terminal that is given back whatever happens.
#include "test.h"

#include "engine/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct detach_keys keys;

static const char *feed(const char *in, bool *detach)
{
	static char out[128];
	size_t n = detach_keys_feed(&keys, (const uint8_t *)in, strlen(in), (uint8_t *)out, detach);

	out[n] = 0;
	return out;
}

TEST(detach_keys_default)
{
	struct err e;
	bool detach = false;

	CHECK_OK(detach_keys_parse(NULL, &keys, &e), e);
	CHECK_STR(feed("ls\r", &detach), "ls\r");
	CHECK_STR(feed("a\x10", &detach), "a"); // held back
	CHECK_STR(feed("b", &detach), "\x10"
				      "b");
	CHECK_STR(feed("\x10\x10", &detach), "\x10");
	CHECK(!detach);
	CHECK_STR(feed("\x11zz", &detach), "");
	CHECK(detach);
}

TEST(detach_keys_grammar)
{
	struct err e;
	bool detach = false;

	CHECK_OK(detach_keys_parse("ctrl-],x", &keys, &e), e);
	CHECK_STR(feed("x\x1dx", &detach), "x");
	CHECK(detach);
	detach = false;
	CHECK_OK(detach_keys_parse("q", &keys, &e), e);
	CHECK_STR(feed("abq", &detach), "ab");
	CHECK(detach);
	CHECK_EQ(detach_keys_parse("", &keys, &e), -EINVAL);
	CHECK_EQ(detach_keys_parse("ctrl-1", &keys, &e), -EINVAL);
	CHECK_CONTAINS(e.text, "unknown key 'ctrl-1'");
	CHECK_EQ(detach_keys_parse("ab", &keys, &e), -EINVAL);
	CHECK_EQ(detach_keys_parse("a,,b", &keys, &e), -EINVAL);
	CHECK_EQ(detach_keys_parse("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", &keys, &e), -EINVAL);
}

static int open_pty(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	CHECK(master >= 0);
	CHECK_EQ(grantpt(master), 0);
	CHECK_EQ(unlockpt(master), 0);
	*ret_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(*ret_slave >= 0);
	return master;
}

static bool is_raw(int fd)
{
	struct termios t;

	CHECK_EQ(tcgetattr(fd, &t), 0);
	return !(t.c_lflag & (ICANON | ECHO | ISIG));
}

TEST(terminal_raw_and_back)
{
	int slave, master = open_pty(&slave);
	struct err e;
	struct winsize w = {.ws_row = 11, .ws_col = 22};

	CHECK_OK(terminal_raw(slave, &e), e);
	CHECK(is_raw(slave));
	terminal_restore();
	CHECK(!is_raw(slave));
	CHECK_EQ(ioctl(master, TIOCSWINSZ, &w), 0);
	CHECK_EQ(terminal_size(slave).ws_col, 22);
	CHECK_EQ(terminal_size(-1).ws_col, 0);
	CHECK_EQ(terminal_raw(open("/dev/null", O_RDWR | O_CLOEXEC), &e), -ENOTTY);
}

// Runs how in a child that made the terminal raw, and tells whether it is sane afterwards.
static bool sane_after(void (*how)(void))
{
	int slave, master = open_pty(&slave), status;
	struct err e;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		if (terminal_raw(slave, &e) < 0 || !is_raw(slave))
			_exit(9);
		how();
		_exit(9);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
	bool ok = !is_raw(slave);
	close(master);
	close(slave);
	return ok;
}

static void how_exit(void)
{
	exit(0);
}
static void how_abort(void)
{
	abort();
}
static void how_fault(void)
{
	raise(SIGSEGV);
}

TEST(terminal_restored_when_the_process_dies)
{
	CHECK(sane_after(how_exit));
	CHECK(sane_after(how_abort));
	CHECK(sane_after(how_fault));
}
