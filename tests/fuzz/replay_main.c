// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target as an ordinary test: every file of the corpus folders given on the command line, and a number of
// mutations of each that depend on nothing but the file's name and their number.
//
//   fuzz-json [-n MUTATIONS] [-t SECONDS] FOLDER|FILE...
//
// A crash, a sanitizer's abort or an input that takes longer than INPUT_LIMIT_S ends the run with the name of the file
// and the number of the mutation, and leaves the input in ./fuzz-crash, from where `fuzz-json fuzz-crash -n 0` repeats
// it.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 1 << 20,
	INPUT_LIMIT_S = 20,
	DEFAULT_MUTATIONS = 150,
	DEFAULT_SECONDS = 40,
};

static struct {
	const uint8_t *data;
	size_t size;
	char label[320];
} current;

static void say(const char *s)
{
	if (write(2, s, strlen(s)) < 0)
		_exit(1);
}

static void on_crash(int sig)
{
	int fd = open("fuzz-crash", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd >= 0 && write(fd, current.data, current.size) < 0)
		say("fuzz-crash: not written\n");
	say(sig == SIGALRM ? "took too long: " : "crashed: ");
	say(current.label);
	say("\n");
	signal(sig, SIG_DFL);
	raise(sig);
}

static uint64_t next_random(uint64_t *state) // splitmix64
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint8_t nasty_byte(uint64_t r)
{
	static const uint8_t bytes[] = {0,   0xff, 0x7f, 0x80, '"', '\\', '{', '}',  '[', ']',
					',', ':',  '.',  '/',  '-', '0',  '9', '\n', '@', ' '};

	return r & 1 ? bytes[(r >> 1) % sizeof(bytes)] : (uint8_t)(r >> 8);
}

// One small change in a buffer with room for twice its size.
static size_t mutate_once(uint8_t *p, size_t n, uint64_t *state)
{
	uint64_t kind = next_random(state) % 6, r = next_random(state);
	size_t at = n ? r % n : 0, len = n ? 1 + (r >> 32) % MIN(n - at, 64) : 0;

	if (!n) {
		p[0] = nasty_byte(r);
		return 1;
	}
	switch (kind) {
	case 0: // flip a bit
		p[at] ^= (uint8_t)(1 << (r >> 40 & 7));
		return n;
	case 1: // overwrite a byte
		p[at] = nasty_byte(r >> 16);
		return n;
	case 2: // insert a byte
		memmove(p + at + 1, p + at, n - at);
		p[at] = nasty_byte(r >> 16);
		return n + 1;
	case 3: // cut out a piece
		memmove(p + at, p + at + len, n - at - len);
		return n - len;
	case 4: // repeat a piece
		memmove(p + at + len, p + at, n - at);
		return n + len;
	default: // copy a piece elsewhere
		memmove(p + (r >> 16) % (n - len + 1), p + at, len);
		return n;
	}
}

static void run(const uint8_t *data, size_t size)
{
	// A copy of the exact size, so that AddressSanitizer sees a read behind the end.
	_cleanup_free_ uint8_t *copy = xmalloc(size);

	if (size)
		memcpy(copy, data, size);
	current.data = copy;
	current.size = size;
	alarm(INPUT_LIMIT_S);
	LLVMFuzzerTestOneInput(copy, size);
	alarm(0);
}

static void run_mutations(const char *name, const struct buf *b, unsigned n, int64_t deadline)
{
	enum { CHANGES_MAX = 8 };
	_cleanup_free_ uint8_t *p = xmalloc(b->len + CHANGES_MAX * 64 + 1);
	uint64_t state = b->len;

	for (const char *c = name; *c; c++)
		state = state * 31 + (uint8_t)*c;
	for (unsigned i = 1; i <= n && clock_monotonic() < deadline; i++) {
		size_t len = b->len;
		memcpy(p, b->data, len);
		for (uint64_t changes = 1 + next_random(&state) % CHANGES_MAX; changes; changes--)
			len = mutate_once(p, len, &state);
		snprintf(current.label, sizeof(current.label), "%s, mutation %u", name, i);
		run(p, len);
	}
}

struct options {
	unsigned mutations;
	int64_t deadline;
	unsigned n_files;
};

static int run_file(int dir, const char *name, struct options *o)
{
	_cleanup_buf_ struct buf b = BUF_INIT(INPUT_MAX);
	struct err e;

	if (file_read(dir, name, INPUT_MAX, &b, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return -1;
	}
	snprintf(current.label, sizeof(current.label), "%s", name);
	run((const uint8_t *)b.data, b.len);
	run_mutations(name, &b, o->mutations, o->deadline);
	o->n_files++;
	return 0;
}

static int run_path(const char *path, struct options *o)
{
	_cleanup_dir_ DIR *d = opendir(path);
	const struct dirent *ent;

	if (!d)
		return run_file(AT_FDCWD, path, o);
	while ((ent = readdir(d)))
		if (ent->d_name[0] != '.' && run_file(dirfd(d), ent->d_name, o) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
	struct options o = {.mutations = DEFAULT_MUTATIONS};
	uint32_t seconds = DEFAULT_SECONDS;
	int c;

	while ((c = getopt(argc, argv, "n:t:")) != -1)
		if (c == '?' || str_to_u32(optarg, c == 'n' ? &o.mutations : &seconds) < 0)
			return 2;
	o.deadline = clock_monotonic() + seconds * NS_PER_SEC;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], on_crash);
	for (int i = optind; i < argc; i++)
		if (run_path(argv[i], &o) < 0)
			return 1;
	if (!o.n_files) {
		fprintf(stderr, "no corpus to replay\n");
		return 1;
	}
	printf("%u inputs and their mutations passed\n", o.n_files);
	return 0;
}
