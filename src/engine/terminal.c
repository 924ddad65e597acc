// SPDX-License-Identifier: Apache-2.0
// Owns the caller's terminal while a container has it. The one global of the engine is here, on purpose: a terminal
// left raw is the user's shell left broken, so the way back must be known to exit handlers and to the handlers of
// fatal signals, which get no context. tcsetattr is async-signal-safe.
#include "engine/terminal.h"

#include "base/str.h"

#include <signal.h>
#include <stdlib.h>
#include <termios.h>

static struct {
	int fd;
	bool raw, hooked;
	struct termios saved;
} tty = {.fd = -1};

static const int fatal_signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};

void terminal_restore(void)
{
	if (!tty.raw)
		return;
	tty.raw = false;
	// DRAIN, not FLUSH: what the user typed ahead is for the shell.
	(void)tcsetattr(tty.fd, TCSADRAIN, &tty.saved);
}

bool terminal_is_raw(void)
{
	return tty.raw;
}

static void on_fatal(int sig)
{
	if (tty.raw)
		(void)tcsetattr(tty.fd, TCSANOW, &tty.saved);
	(void)raise(sig); // SA_RESETHAND: this time it kills
}

static int go_raw(void)
{
	struct termios t = tty.saved;

	cfmakeraw(&t);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(tty.fd, TCSADRAIN, &t);
}

int terminal_raw(int fd, struct err *e)
{
	if (tcgetattr(fd, &tty.saved) < 0)
		return err_sys(e, "read the terminal's settings");
	if (!tty.hooked) {
		struct sigaction sa = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND};
		for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
			(void)sigaction(fatal_signals[i], &sa, NULL);
		(void)atexit(terminal_restore);
		tty.hooked = true;
	}
	tty.fd = fd;
	if (go_raw() < 0)
		return err_sys(e, "set the terminal to raw mode");
	tty.raw = true;
	return 0;
}

void terminal_raw_again(void)
{
	if (tty.raw)
		(void)go_raw();
}

struct winsize terminal_size(int fd)
{
	struct winsize w = {0};

	if (ioctl(fd, TIOCGWINSZ, &w) < 0)
		w = (struct winsize){0};
	return w;
}

// One key of the grammar, or -1.
static int parse_key(const char *s)
{
	const char *c = str_after(s, "ctrl-");

	if (!c)
		return s[0] && !s[1] ? (uint8_t)s[0] : -1;
	if (!c[0] || c[1])
		return -1;
	if (c[0] >= 'a' && c[0] <= 'z')
		return c[0] - 'a' + 1;
	return strchr("@[\\]^_", c[0]) ? c[0] - '@' : -1;
}

int detach_keys_parse(const char *s, struct detach_keys *ret, struct err *e)
{
	struct detach_keys k = {0};
	_cleanup_strv_ char **v = strv_split(s ? s : "ctrl-p,ctrl-q", ',');

	if (!strv_len(v))
		return err_invalid(e, "detach keys: empty; give keys like ctrl-p,ctrl-q");
	if (strv_len(v) > DETACH_KEYS_MAX)
		return err_invalid(e, "detach keys %s: more than %d keys", s, DETACH_KEYS_MAX);
	for (size_t i = 0; v[i]; i++) {
		int c = parse_key(v[i]);
		if (c < 0)
			return err_invalid(e,
					   "detach keys %s: unknown key '%s' (a character, or ctrl- and a-z or one of "
					   "@ [ \\ ] ^ _)",
					   s, v[i]);
		k.key[k.n++] = (uint8_t)c;
	}
	*ret = k;
	return 0;
}

size_t detach_keys_feed(struct detach_keys *k, const uint8_t *in, size_t n, uint8_t *out, bool *ret_detach)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (k->n && in[i] == k->key[k->matched]) {
			if (++k->matched == k->n) {
				k->matched = 0;
				*ret_detach = true;
				return len;
			}
			continue;
		}
		// Not the sequence after all: what was held back goes first, and this byte may begin a new one.
		memcpy(out + len, k->key, k->matched);
		len += k->matched;
		k->matched = 0;
		if (k->n && in[i] == k->key[0] && k->n > 1)
			k->matched = 1;
		else
			out[len++] = in[i];
	}
	return len;
}
