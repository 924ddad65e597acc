// SPDX-License-Identifier: Apache-2.0
// Hooks: where they run, what they get, what their failure does.
#include "box.h"
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/hooks.h"

#include <sys/wait.h>

// `sh -c line` by busybox, of the host or of the container.
static struct oci_hook *add(struct box *b, struct oci_hook_list *l, const char *line)
{
	struct arena *a = &b->spec->arena;
	struct oci_hook *h = arena_append(a, l->v, l->n);

	h->path = arena_strdup(a, "/bin/busybox");
	oci_strings_add(a, &h->args, "sh");
	oci_strings_add(a, &h->args, "-c");
	oci_strings_add(a, &h->args, line);
	return h;
}

static const char *read_out(struct box *b, const char *name)
{
	static char text[4096];
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	CHECK(n >= 0);
	text[n] = '\0';
	return text;
}

TEST(hooks_run_in_order_and_place)
{
	struct box *b = box_new();
	struct oci_hooks *h = &b->spec->hooks;
	char line[512];

	b->plan.bundle = open(b->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	static const char *const names[] = {"prestart", "createRuntime", "createContainer"};
	struct oci_hook_list *lists[] = {&h->prestart, &h->create_runtime, &h->create_container};
	for (size_t i = 0; i < 3; i++) {
		snprintf(line, sizeof(line),
			 "busybox cat >%s/%s; busybox readlink /proc/self/ns/net >%s/%s.ns; echo %s >>%s/order", b->dir,
			 names[i], b->dir, names[i], names[i], b->dir);
		oci_strings_add(&b->spec->arena, &add(b, lists[i], line)->env, "PATH=/bin");
	}
	add(b, &h->start_container, "/bin/busybox cat >/tmp/startContainer; echo startContainer >&2");
	snprintf(line, sizeof(line), "/bin/busybox cat >%s/poststart; echo poststart >>%s/order", b->dir, b->dir);
	add(b, &h->poststart, line);
	oci_pairs_set(&b->spec->arena, &b->spec->annotations, "org.example.key", "va\"lue");
	CHECK_CONTAINS(box_check(b, "cat /tmp/startContainer"), "\"status\":\"created\",\"pid\":1,");
	CHECK_STR(read_out(b, "order"), "prestart\ncreateRuntime\ncreateContainer\npoststart\n");

	struct arena a = {0};
	struct json *j = NULL;
	const char *text = read_out(b, "createRuntime");
	CHECK_OK(json_parse(&a, text, strlen(text), NULL, &j, &b->e), b->e);
	CHECK_STR(json_get_str(j, "id", ""), b->id);
	CHECK_STR(json_get_str(j, "status", ""), "creating");
	CHECK_STR(json_get_str(j, "bundle", ""), b->dir);
	CHECK(json_get_int(j, "pid", 0) > 1);
	CHECK_STR(json_get_str(json_get(j, "annotations"), "org.example.key", ""), "va\"lue");
	CHECK_CONTAINS(read_out(b, "poststart"), "\"status\":\"running\"");
	char inside[64], outside[64];
	str_copy(outside, sizeof(outside), read_out(b, "prestart.ns"));
	str_copy(inside, sizeof(inside), read_out(b, "createContainer.ns"));
	CHECK(!str_eq(inside, outside));
	arena_done(&a);
	close(b->plan.bundle);
}

TEST(hooks_failure_ends_the_start)
{
	struct box *b = box_new();
	struct oci_hooks *h = &b->spec->hooks;
	box_shell(b, "touch /tmp/ran");
	add(b, &h->create_runtime, "true");
	add(b, &h->create_runtime, "exit 3");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "hooks.createRuntime[1]: /bin/busybox exited with status 3");
	h->create_runtime.n = 0;
	add(b, &h->create_container, "exit 4");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "hooks.createContainer[0]: /bin/busybox exited with status 4");
	h->create_container.n = 0;
	add(b, &h->start_container, "kill -9 $$");
	CHECK(box_run(b) < 0);
	CHECK_STR(b->e.text, "hooks.startContainer[0]: /bin/busybox was killed by signal 9");
	h->start_container.v[0].path = (char *)"/no/hook";
	CHECK_EQ(box_run(b), -ENOENT);
	CHECK_STR(b->e.text, "hooks.startContainer[0]: /no/hook: No such file or directory");
	char ran[128];
	snprintf(ran, sizeof(ran), "%s/tmp/ran", b->root);
	CHECK(access(ran, F_OK) < 0);
}

TEST(hooks_time_out)
{
	struct box *b = box_new();
	box_shell(b, "true");
	struct oci_hook *h = add(b, &b->spec->hooks.prestart, "exec busybox sleep 100");
	oci_strings_add(&b->spec->arena, &h->env, "PATH=/bin");
	h->timeout = (struct opt_i64){true, 1};
	int64_t t = clock_monotonic();
	CHECK_EQ(box_run(b), -ETIMEDOUT);
	CHECK_EQ(b->e.class, ERR_TIMEOUT);
	CHECK_STR(b->e.text, "hooks.prestart[0]: /bin/busybox did not end within 1 seconds");
	CHECK(clock_monotonic() - t < 20 * NS_PER_SEC);
}

TEST(hooks_that_do_not_read_their_state)
{
	struct box *b = box_new();
	for (int i = 0; i < 200; i++) {
		char key[32];
		static char big[1024];
		snprintf(key, sizeof(key), "k%d", i);
		memset(big, 'x', sizeof(big) - 1);
		oci_pairs_set(&b->spec->arena, &b->spec->annotations, key, big);
	}
	add(b, &b->spec->hooks.prestart, "exit 0");
	add(b, &b->spec->hooks.start_container, "exit 0");
	box_check(b, "true");
}

TEST(hooks_start_container_has_no_more_rights_than_the_payload)
{
	struct box *b = box_new();
	b->spec->process->user.uid = 1000;
	add(b, &b->spec->hooks.start_container, "/bin/busybox grep -e CapPrm -e Uid /proc/self/status >&2");
	CHECK_CONTAINS(box_check(b, "true"), "Uid:\t1000\t1000\t1000\t1000\nCapPrm:\t0000000000000000");
}
