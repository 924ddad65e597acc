// SPDX-License-Identifier: Apache-2.0
// Moving a payload's bytes: from its stdout, stderr or terminal to every sink that wants them, and from a source
// to its stdin. Nothing here waits, and memory is one chunk a stream whatever the payload writes: the next chunk is
// read when every sink has the last one. So a slow reader slows the payload down, as a pipe would; a sink that may not
// do so for ever declares after how long it is dropped.
#pragma once

#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STREAM_STDOUT = 1, STREAM_STDERR = 2, STREAM_MAX = 2 };
enum { STREAM_CHUNK = 64 * 1024 };

// ---- outputs
// ----------------------------------------------------------------------------------------------------------

struct stream_group;
struct stream_sink;

struct stream_sink_ops {
	// Takes up to n bytes: how many (at least 1), -EAGAIN (then stream_sink_ready is called when it can go on), or
	// another negative errno: the sink is finished.
	ssize_t (*write)(void *data, int stream, const uint8_t *p, size_t n);
	// The sink failed with code (a negative errno; -ETIMEDOUT: it stalled) and was removed. stream: where. May be
	// NULL.
	void (*gone)(void *data, int stream, int code);
};

// done is called once, when every source ended and every sink has everything.
struct stream_group *stream_group_new(struct loop *l, void (*done)(void *data), void *data);
void stream_group_free(struct stream_group *g); // closes the sources; fd sinks must be removed before, others are freed
// Reads fd (owned from here on, made non-blocking) as stream. At most one source a stream.
int stream_source_add(struct stream_group *g, int stream, int fd, struct err *e);
// Nobody wants this stream any more: closes the source, so that the payload gets EPIPE.
void stream_source_close(struct stream_group *g, int stream);
// mask: bits 1 << STREAM_*. stall_ns: 0, or after how long without progress it is dropped. It gets what is read from
// now on.
struct stream_sink *stream_sink_add(struct stream_group *g, unsigned mask, const struct stream_sink_ops *ops,
				    void *data, int64_t stall_ns);
void stream_sink_ready(struct stream_sink *s);
void stream_sink_remove(struct stream_sink *s); // NULL is ignored; gone is not called
bool stream_has_sinks(const struct stream_group *g, int stream);
// The writers are dead: whatever the sources hold now is the rest, their end is not waited for.
void stream_group_finish(struct stream_group *g);
bool stream_group_is_done(const struct stream_group *g);

// ---- a sink that is somebody else's descriptor ----------------------------------------------------------------------

// Writes to fd (borrowed), which may be anything, without waiting and without changing flags that are shared with
// others: pipes and terminals are reopened, sockets get MSG_DONTWAIT, files do not make one wait.
struct stream_fd_sink;
// stall_ns and gone as for stream_sink_add.
struct stream_fd_sink *stream_fd_sink_add(struct stream_group *g, struct loop *l, int stream, int fd, int64_t stall_ns,
					  void (*gone)(void *data, int stream, int code), void *data);
void stream_fd_sink_remove(struct stream_fd_sink *s); // NULL is ignored

// ---- the input
// --------------------------------------------------------------------------------------------------------

struct stream_input;
struct stream_input_ops {
	void (*drained)(void *data); // an offer would be taken again
	void (*closed)(void *data);  // the payload does not read any more, or all was written after the end
};
// fd (owned) is the payload's stdin: a pipe's end or a terminal's master (terminal: its end is not passed on).
struct stream_input *stream_input_new(struct loop *l, int fd, bool terminal, const struct stream_input_ops *ops,
				      void *data);
void stream_input_free(struct stream_input *in); // NULL is ignored; closes fd
// All of p, or none (false) when earlier bytes still wait: then drained is called. n at most STREAM_CHUNK.
bool stream_input_offer(struct stream_input *in, const uint8_t *p, size_t n);
bool stream_input_ready(struct stream_input *in); // an offer would be taken now; if not, drained is called
int stream_input_fd(const struct stream_input *in);
// Pumps from fd (borrowed, may be anything but the caller's terminal) until its end.
int stream_input_from(struct stream_input *in, int fd, struct err *e);
void stream_input_stop(struct stream_input *in); // no more from that fd
// Closes the payload's stdin when what waits is written.
void stream_input_end(struct stream_input *in);
