// SPDX-License-Identifier: Apache-2.0
// engine_stats and engine_top: what a running container uses, and which processes it has. Both read the kernel's files;
// nothing of the container is executed.
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/internal.h"

#include <sys/stat.h>

enum { PROC_FILE_MAX = 16384, TTY_PTS_MAJOR = 136, TTY_PTS_LAST = 143 };

// The row of a container that runs, and its groups.
static int running_row(struct engine *g, const char *ref, struct engine_row *row, struct cgroup **ret, struct err *e)
{
	char id[ENGINE_ID_LEN + 1];
	struct db *db;

	int rc = engine_db(g, &db, e);
	if (!rc)
		rc = engine_row_lookup(g, ref, id, e);
	if (!rc)
		rc = engine_row_load(g, id, row, e);
	if (!rc)
		rc = engine_row_check(g, row, e);
	if (rc < 0)
		return rc;
	if (row->c.state != ENGINE_RUNNING && row->c.state != ENGINE_PAUSED)
		return err_set(e, ERR_CONFLICT, EINVAL, "container %s is not running", row->c.name);
	rc = engine_cgroup_open(g, row, ret, e);
	return rc < 0 ? err_wrap(e, rc, "container %s", row->c.name) : 0;
}

int engine_stats(struct engine *g, const char *ref, struct cgroup_stats *ret, struct err *e)
{
	_cleanup_engine_row_ struct engine_row row = {0};
	_cleanup_cgroup_ struct cgroup *c = NULL;

	int rc = running_row(g, ref, &row, &c, e);
	return rc < 0 ? rc : cgroup_read_stats(c, ret, e);
}

// ---- top ------------------------------------------------------------------------------------------------------------

struct process {
	pid_t pid, ppid;
	uid_t uid;
	unsigned tty;
	uint64_t ticks, start; // CPU time, start since boot: in clock ticks
	char *command;
};

// Arguments with blanks between; control characters of the container's do not reach a terminal.
static char *command_of(int dir, const char *comm)
{
	_cleanup_buf_ struct buf b = BUF_INIT(PROC_FILE_MAX);

	if (file_read(dir, "cmdline", PROC_FILE_MAX, &b, NULL) < 0 || !b.len)
		return xasprintf("[%s]", comm);
	for (size_t i = 0; i < b.len; i++)
		if ((unsigned char)b.data[i] < 0x20 || b.data[i] == 0x7f)
			b.data[i] = b.data[i] ? '?' : ' ';
	while (b.len && b.data[b.len - 1] == ' ')
		buf_truncate(&b, b.len - 1);
	return xstrdup(b.data);
}

// /proc/PID/stat (proc(5)): the command in parentheses may hold anything, so that fields count from the last ')'.
static bool parse_stat(char *stat, struct process *p, char **comm)
{
	char *open = strchr(stat, '('), *close = strrchr(stat, ')');
	_cleanup_strv_ char **f = NULL;
	uint64_t v[23] = {0};

	if (!open || !close || close < open || close[1] != ' ')
		return false;
	*close = 0;
	*comm = open + 1;
	f = strv_split(close + 2, ' ');
	if (strv_len(f) < 20)
		return false;
	// f[0] is field 3 (state)
	for (size_t field = 4; field <= 22; field++)
		if (f[field - 3][0] != '-' && str_to_u64(f[field - 3], &v[field]) < 0)
			return false;
	p->ppid = (pid_t)v[4];
	p->tty = (unsigned)v[7];
	p->ticks = v[14] + v[15];
	p->start = v[22];
	return true;
}

// False if the process ended meanwhile.
static bool read_process(pid_t pid, struct process *p)
{
	char path[32], *comm = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT(PROC_FILE_MAX);
	struct stat st;

	if (str_fmt(path, sizeof(path), "/proc/%d", pid) < 0)
		return false;
	_cleanup_fd_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0 || file_read(dir, "stat", PROC_FILE_MAX, &b, NULL) < 0 ||
	    !parse_stat(b.data, p, &comm))
		return false;
	p->pid = pid;
	p->uid = st.st_uid;
	p->command = command_of(dir, comm);
	return true;
}

static char *tty_name(unsigned tty)
{
	unsigned major = (tty >> 8) & 0xfff, minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);

	if (!tty)
		return xstrdup("?");
	if (major >= TTY_PTS_MAJOR && major <= TTY_PTS_LAST)
		return xasprintf("pts/%u", minor + (major - TTY_PTS_MAJOR) * 256);
	return xasprintf("%u:%u", major, minor);
}

static int64_t start_time(uint64_t ticks_since_boot)
{
	struct timespec boot;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	int64_t booted = clock_now() - (boot.tv_sec * NS_PER_SEC + boot.tv_nsec);
	return booted + (int64_t)(ticks_since_boot * (uint64_t)NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
}

static char **row_of(const struct process *p)
{
	char **row = NULL;
	char when[16];
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), seconds = p->ticks / hz;
	time_t started = (time_t)(start_time(p->start) / NS_PER_SEC);
	double alive = (double)clock_now() / NS_PER_SEC - (double)started;
	struct tm tm;

	localtime_r(&started, &tm);
	strftime(when, sizeof(when), alive < 86400 ? "%H:%M" : "%b%d", &tm);
	strv_pushf(&row, "%u", p->uid);
	strv_pushf(&row, "%d", p->pid);
	strv_pushf(&row, "%d", p->ppid);
	strv_pushf(&row, "%u", alive > 0 ? (unsigned)(100.0 * (double)seconds / alive) : 0);
	strv_push(&row, when);
	strv_take(&row, tty_name(p->tty));
	strv_pushf(&row, "%02llu:%02llu:%02llu", (unsigned long long)(seconds / 3600),
		   (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
	strv_push(&row, p->command);
	return row;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int engine_top(struct engine *g, const char *ref, char ****ret_rows, struct err *e)
{
	static const char *const heading[] = {"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"};
	_cleanup_engine_row_ struct engine_row row = {0};
	_cleanup_cgroup_ struct cgroup *c = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0, at = 1;

	int rc = running_row(g, ref, &row, &c, e);
	if (!rc)
		rc = cgroup_pids(c, &pids, &n, e);
	if (rc < 0)
		return rc;
	if (n)
		qsort(pids, n, sizeof(*pids), by_pid);
	char ***rows = xnew_n(char **, n + 2);
	for (size_t i = 0; i < ARRAY_SIZE(heading); i++)
		strv_push(&rows[0], heading[i]);
	for (size_t i = 0; i < n; i++) {
		struct process p = {0};
		if (!read_process(pids[i], &p))
			continue;
		rows[at++] = row_of(&p);
		free(p.command);
	}
	*ret_rows = rows;
	return 0;
}
