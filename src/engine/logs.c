// SPDX-License-Identifier: Apache-2.0
// `logs`: what log_read.c finds, within bounds of time, and what comes after it until the container ended. inotify
// tells of new entries and rotations, the monitor's socket of the end; when that closes, the file is complete.
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/logfile.h"
#include "engine/monitor.h"

#include <poll.h>
#include <sys/inotify.h>

enum { GO_ON = 0, STOP = 1 };

struct follower {
	struct logfile_reader *reader;
	const struct engine_logs *o;
	int (*fn)(const struct engine_log_line *l, void *data);
	void *data;
};

// Hands out what is there: GO_ON at its end, STOP if the caller wants no more or the bound is reached.
static int hand_out(const struct follower *f, struct err *e)
{
	const struct logfile_entry *entry;
	int rc;

	while ((rc = logfile_reader_next(f->reader, &entry, e)) > 0) {
		struct engine_log_line line = {.time = entry->time,
					       .stream = entry->stream,
					       .data = entry->text.data,
					       .len = entry->text.len};
		if (f->o->since && entry->time < f->o->since)
			continue;
		if (f->o->until && entry->time > f->o->until)
			return STOP;
		rc = f->fn(&line, f->data);
		if (rc)
			return rc < 0 ? rc : STOP;
	}
	return rc < 0 ? rc : GO_ON;
}

// Sleeps until something was written, or the end came: GO_ON, or STOP at the end.
static int wait_more(int notify, const struct monitor_link *l, struct err *e)
{
	char drop[4096];
	struct frame_exit x;
	struct pollfd p[] = {{.fd = notify, .events = POLLIN}, {.fd = l->sock, .events = POLLIN}};

	if (poll(p, ARRAY_SIZE(p), -1) < 0)
		return errno == EINTR ? GO_ON : err_sys(e, "wait for the log");
	if (p[0].revents)
		(void)!read(notify, drop, sizeof(drop));
	if (!p[1].revents)
		return GO_ON;
	int rc = monitor_wait(l, 0, &x, e);
	return rc == 0 ? GO_ON : STOP; // a monitor that was killed writes no more either
}

static int follow(const struct follower *f, const char *folder, const struct monitor_link *l, struct err *e)
{
	_cleanup_fd_ int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (notify < 0 || inotify_add_watch(notify, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(e, "watch the log in %s", folder);
	for (;;) {
		int rc = hand_out(f, e); // first: something may have come before the watch
		if (rc)
			return rc;
		rc = wait_more(notify, l, e);
		if (rc < 0)
			return rc;
		if (rc == STOP)
			return hand_out(f, e);
	}
}

// One member of the stored options; all of them need not be taken apart for it.
static int check_driver(const struct engine_row *r, struct err *e)
{
	struct arena a = {0};
	struct json *j = NULL;

	int rc = json_parse(&a, r->options, strlen(r->options), NULL, &j, e);
	bool none = rc >= 0 && str_eq0(json_get_str(j, "log_driver", NULL), "none");
	arena_done(&a);
	if (rc < 0)
		return err_wrap(e, rc, "options of container %s", r->c.name);
	if (none)
		return err_set(e, ERR_UNSUPPORTED, ENOTSUP,
			       "container %s has no log: it was made with --log-driver none", r->c.name);
	return 0;
}

int engine_logs(struct engine *g, const char *ref, const struct engine_logs *o,
		int (*fn)(const struct engine_log_line *l, void *data), void *data, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	_cleanup_engine_row_ struct engine_row r = {0};
	_cleanup_(logfile_reader_free_p) struct logfile_reader *reader = NULL;
	_cleanup_monitor_link_ struct monitor_link l = MONITOR_LINK_INIT;
	struct err ignored;

	int rc = engine_row_lookup(g, ref, id, e);
	if (rc >= 0)
		rc = engine_row_load(g, id, &r, e);
	if (rc >= 0)
		rc = check_driver(&r, e);
	int containers = rc < 0 ? rc : engine_containers_fd(g, e);
	if (containers < 0)
		return containers;
	_cleanup_fd_ int dir = openat(containers, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return err_sys(e, "the folder of container %s", r.c.name);
	rc = engine_row_check(g, &r, &ignored);
	if (rc >= 0 && o->follow && (r.c.state == ENGINE_RUNNING || r.c.state == ENGINE_PAUSED))
		(void)monitor_connect(g, id, false, false, &l, &ignored);
	rc = logfile_reader_open(dir, o->tail, &reader, e);
	if (rc < 0)
		return err_wrap(e, rc, "logs of %s", r.c.name);
	struct follower f = {.reader = reader, .o = o, .fn = fn, .data = data};
	if (l.sock >= 0) {
		char folder[FD_PATH_MAX];
		fd_proc_path(folder, dir);
		rc = follow(&f, folder, &l, e);
	} else {
		rc = hand_out(&f, e);
	}
	return rc < 0 ? err_wrap(e, rc, "logs of %s", r.c.name) : 0;
}
