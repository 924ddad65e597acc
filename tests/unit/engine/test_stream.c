// SPDX-License-Identifier: Apache-2.0
// Pumping: exact bytes, bounded memory, back-pressure, sinks that fail or stall.
#include "test.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "engine/stream.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop *loop;
static struct stream_group *group;
static int gone_code, gone_stream, ends;

static void on_done(void *data)
{
	ends++;
	loop_stop(loop, 0);
}
static void on_gone(void *data, int stream, int code)
{
	gone_stream = stream;
	gone_code = code;
}

static void setup(void)
{
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	CHECK_OK(loop_new(&loop, &e), e);
	group = stream_group_new(loop, on_done, NULL);
}

// A child that writes total bytes of a pattern to a pipe; its reading end.
static int feeder(size_t total)
{
	int p[2];

	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		uint8_t block[4099];
		close(p[0]);
		for (size_t at = 0; at < total;) {
			size_t n = MIN(sizeof(block), total - at);
			for (size_t i = 0; i < n; i++)
				block[i] = (uint8_t)((at + i) * 31 >> 3);
			if (fd_write_full(p[1], block, n) < 0)
				_exit(1);
			at += n;
		}
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

static void check_pattern(const char *file, size_t total)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint8_t block[65536];
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (block[i] != (uint8_t)(at * 31 >> 3))
				test_fail(__FILE__, __LINE__, "byte %zu differs", at);
	CHECK_EQ(at, total);
	close(fd);
}

TEST(stream_to_file_is_exact)
{
	enum { TOTAL = 20 * 1000 * 1000 + 7 };
	char out[] = "/tmp/berth-test-stream-XXXXXX";
	struct err e;

	setup();
	int fd = mkstemp(out);
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, feeder(TOTAL), &e), e);
	struct stream_fd_sink *sink = stream_fd_sink_add(group, loop, STREAM_STDOUT, fd, 0, on_gone, NULL);
	CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(ends, 1);
	CHECK(stream_group_is_done(group));
	check_pattern(out, TOTAL);
	unlink(out);
	stream_fd_sink_remove(sink);
	stream_group_free(group);
	loop_free(loop);
}

// Through a pipe whose reader is slow, and a second sink that counts.
static size_t counted;
static ssize_t count_write(void *data, int stream, const uint8_t *p, size_t n)
{
	counted += MIN(n, 1000);
	return (ssize_t)MIN(n, 1000);
}

TEST(stream_two_sinks_one_slow)
{
	static const struct stream_sink_ops ops = {.write = count_write};
	enum { TOTAL = 3000 * 1000 };
	char out[] = "/tmp/berth-test-stream-XXXXXX";
	struct err e;
	int p[2], fd = mkstemp(out), status;

	setup();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (!pid) {
		char block[65536];
		ssize_t n;
		close(p[1]);
		while ((n = read(p[0], block, sizeof(block))) > 0) {
			if (fd_write_full(fd, block, (size_t)n) < 0)
				_exit(1);
			clock_sleep(NS_PER_MS);
		}
		_exit(0);
	}
	close(p[0]);
	CHECK_OK(stream_source_add(group, STREAM_STDERR, feeder(TOTAL), &e), e);
	struct stream_fd_sink *slow = stream_fd_sink_add(group, loop, STREAM_STDERR, p[1], 0, on_gone, NULL);
	stream_sink_add(group, 1 << STREAM_STDERR, &ops, NULL, 0);
	CHECK_OK(loop_run(loop, &e), e);
	stream_fd_sink_remove(slow);
	stream_group_free(group);
	CHECK(!(fcntl(p[1], F_GETFL) & O_NONBLOCK)); // others share it
	close(p[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(counted, TOTAL);
	check_pattern(out, TOTAL);
	unlink(out);
}

TEST(stream_reader_gone_then_source_closed)
{
	struct err e;
	int p[2];

	setup();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	close(p[0]);
	int fd = feeder(1000 * 1000);
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, fd, &e), e);
	stream_fd_sink_add(group, loop, STREAM_STDOUT, p[1], 0, on_gone, NULL);
	CHECK_OK(loop_run(loop, &e), e); // nobody is left: read and dropped
	CHECK_EQ(gone_code, -EPIPE);
	CHECK_EQ(gone_stream, STREAM_STDOUT);
	CHECK(!stream_has_sinks(group, STREAM_STDOUT));
}

static ssize_t stuck_write(void *data, int stream, const uint8_t *p, size_t n)
{
	return -EAGAIN;
}

TEST(stream_stalled_sink_is_dropped)
{
	static const struct stream_sink_ops ops = {.write = stuck_write, .gone = on_gone},
					    count = {.write = count_write};
	struct err e;

	setup();
	counted = 0;
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, feeder(500 * 1000), &e), e);
	stream_sink_add(group, 1 << STREAM_STDOUT, &count, NULL, 0);
	stream_sink_add(group, 1 << STREAM_STDOUT, &ops, NULL, 50 * NS_PER_MS);
	int64_t t = clock_monotonic();
	CHECK_OK(loop_run(loop, &e), e);
	CHECK(clock_monotonic() - t >= 50 * NS_PER_MS);
	CHECK_EQ(gone_code, -ETIMEDOUT);
	CHECK_EQ(counted, 500 * 1000);
	stream_group_free(group);
}

TEST(stream_stuck_sink_removed_lets_others_go_on)
{
	static const struct stream_sink_ops ops = {.write = stuck_write};
	static const struct stream_sink_ops count = {.write = count_write};
	struct err e;

	setup();
	counted = 0;
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, feeder(500 * 1000), &e), e);
	stream_sink_add(group, 1 << STREAM_STDOUT, &count, NULL, 0);
	struct stream_sink *s = stream_sink_add(group, 1 << STREAM_STDOUT, &ops, NULL, 0);
	for (int i = 0; i < 3; i++) // reads one chunk, no more
		stream_sink_ready(s);
	CHECK(counted <= STREAM_CHUNK);
	stream_sink_remove(s);
	CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(counted, 500 * 1000);
	stream_group_free(group);
}

TEST(stream_finish_takes_what_is_there)
{
	static const struct stream_sink_ops count = {.write = count_write};
	struct err e;
	int p[2];

	setup();
	counted = 0;
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, p[0], &e), e);
	stream_sink_add(group, 1 << STREAM_STDOUT, &count, NULL, 0);
	CHECK_EQ(write(p[1], "0123456789", 10), 10); // and the writing end stays open, as with a leaked descriptor
	stream_group_finish(group);
	CHECK_EQ(counted, 10);
	CHECK_EQ(ends, 1);
	close(p[1]);
}

TEST(stream_socket_sink)
{
	struct err e;
	int s[2];
	char buf[64];

	setup();
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	CHECK_OK(stream_source_add(group, STREAM_STDOUT, feeder(10), &e), e);
	struct stream_fd_sink *sink = stream_fd_sink_add(group, loop, STREAM_STDOUT, s[0], 0, on_gone, NULL);
	CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(read(s[1], buf, sizeof(buf)), 10);
	stream_fd_sink_remove(sink);
	stream_group_free(group);
}

// ---- input
// --------------------------------------------------------------------------------------------------------------

static int drained, closed;
static void on_drained(void *data)
{
	drained++;
}
static void on_closed(void *data)
{
	closed++;
	loop_stop(loop, 0);
}
static const struct stream_input_ops input_ops = {.drained = on_drained, .closed = on_closed};

TEST(stream_input_from_pipe_to_end)
{
	enum { TOTAL = 5 * 1000 * 1000 };
	char out[] = "/tmp/berth-test-stream-XXXXXX";
	struct err e;
	int p[2], fd = mkstemp(out), status;

	setup();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	int from = feeder(TOTAL);
	pid_t pid = fork();
	if (!pid) { // the payload: reads to the end
		char block[10000];
		ssize_t n;
		close(p[1]);
		while ((n = read(p[0], block, sizeof(block))) > 0)
			if (fd_write_full(fd, block, (size_t)n) < 0)
				_exit(1);
		_exit(0);
	}
	close(p[0]);
	struct stream_input *in = stream_input_new(loop, p[1], false, &input_ops, NULL);
	CHECK_OK(stream_input_from(in, from, &e), e);
	CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(closed, 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(!(fcntl(from, F_GETFL) & O_NONBLOCK));
	check_pattern(out, TOTAL);
	stream_input_free(in);
	unlink(out);
}

TEST(stream_input_from_file_and_devnull)
{
	struct err e;
	int p[2], q[2];
	char buf[64], name[] = "/tmp/berth-test-stream-XXXXXX";
	int fd = mkstemp(name);

	setup();
	unlink(name);
	CHECK_EQ(write(fd, "skipHELLO", 9), 9);
	CHECK_EQ(lseek(fd, 4, SEEK_SET), 4); // the shell's offset counts
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	struct stream_input *in = stream_input_new(loop, p[1], false, &input_ops, NULL);
	CHECK_OK(stream_input_from(in, fd, &e), e);
	CHECK_EQ(closed, 1);
	CHECK_EQ(read(p[0], buf, sizeof(buf)), 5);
	CHECK_EQ(read(p[0], buf, sizeof(buf)), 0);
	stream_input_free(in);
	CHECK_EQ(pipe2(q, O_CLOEXEC), 0);
	in = stream_input_new(loop, q[1], false, &input_ops, NULL);
	CHECK_OK(stream_input_from(in, open("/dev/null", O_RDONLY | O_CLOEXEC), &e), e);
	CHECK_EQ(closed, 2);
	CHECK_EQ(read(q[0], buf, sizeof(buf)), 0);
	stream_input_free(in);
}

TEST(stream_input_offers_wait_for_the_payload)
{
	struct err e;
	int p[2];
	static uint8_t block[16384];
	size_t taken = 0;

	setup();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	struct stream_input *in = stream_input_new(loop, p[1], false, &input_ops, NULL);
	while (stream_input_offer(in, block, sizeof(block)))
		taken += sizeof(block);
	CHECK_EQ(taken, 65536 + sizeof(block)); // the pipe and one packet
	CHECK_EQ(drained, 0);
	static uint8_t sink[131072];
	CHECK_EQ(read(p[0], sink, sizeof(sink)), 65536);
	stream_input_end(in); // what waits is still written
	if (!closed)
		CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(fd_read_full(p[0], sink, sizeof(sink)), sizeof(block));
	CHECK_EQ(closed, 1);
	CHECK(stream_input_offer(in, block, 1)); // too late: swallowed
	stream_input_free(in);
}

TEST(stream_input_payload_does_not_read)
{
	struct err e;
	int p[2];

	setup();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	close(p[0]);
	struct stream_input *in = stream_input_new(loop, p[1], false, &input_ops, NULL);
	CHECK_OK(stream_input_from(in, feeder(1 << 20), &e), e);
	if (!closed)
		CHECK_OK(loop_run(loop, &e), e);
	CHECK_EQ(closed, 1);
	stream_input_free(in);
}
