// SPDX-License-Identifier: Apache-2.0
// What runs: command, environment, working directory, user, limits of the process. The image proposes, the options
// decide.
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "engine/rootless.h"
#include "engine/spec.h"
#include "engine/terminal.h"
#include "kernel/rlimit.h"

#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void push_all(char ***to, char *const *v, size_t n)
{
	for (size_t i = 0; i < n && v[i]; i++)
		strv_push(to, v[i]);
}

// --entrypoint takes the image's command away with its entrypoint: that was made for the old one.
int spec_command(const struct engine_create_options *o, const struct oci_image_run *image, char ***ret, struct err *e)
{
	_cleanup_strv_ char **v = NULL;

	if (o->entrypoint_set)
		push_all(&v, o->entrypoint, strv_len(o->entrypoint));
	else
		push_all(&v, image->entrypoint.v, image->entrypoint.n);
	if (o->args)
		push_all(&v, o->args, strv_len(o->args));
	else if (!o->entrypoint_set)
		push_all(&v, image->cmd.v, image->cmd.n);
	if (!v || !v[0])
		return err_invalid(e, "no command specified: image %s has none, so name one behind it", o->image);
	if (!v[0][0])
		return err_invalid(e, "the command's name is empty");
	*ret = TAKE_PTR(v);
	return 0;
}

char *spec_hostname(const struct engine_create_options *o, const char *id)
{
	struct utsname u;

	if (o->hostname)
		return xstrdup(o->hostname);
	if ((spec_network_is_host(o) || spec_mode_is_host(o->uts)) && !uname(&u))
		return xstrdup(u.nodename);
	return xstrndup(id, ENGINE_SHORT_ID_LEN);
}

static void build_env(struct spec_build *b, const char *home)
{
	_cleanup_strv_ char **env = NULL;
	_cleanup_free_ char *hostname = spec_hostname(b->o, b->p->id);

	strv_push(&env, "PATH=" DEFAULT_PATH);
	strv_pushf(&env, "HOSTNAME=%s", hostname);
	if (b->o->tty)
		strv_push(&env, "TERM=xterm");
	for (size_t i = 0; i < b->image->env.n; i++)
		if (strchr(b->image->env.v[i], '='))
			strv_env_set(&env, b->image->env.v[i]);
	for (char **v = b->o->env; v && *v; v++)
		if (strchr(*v, '='))
			strv_env_set(&env, *v);
	if (!strv_env_get(env, "HOME"))
		strv_pushf(&env, "HOME=%s", home);
	for (char **v = env; *v; v++)
		oci_strings_add(b->a, &b->spec->process->env, *v);
}

static bool below_a_mount(const struct spec_build *b, const char *path)
{
	for (size_t i = 0; i < b->p->resolved.n_mounts; i++) {
		const char *rest = str_after(path, b->p->resolved.mounts[i].destination);
		if (rest && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

// A missing working directory is made, as image builders rely on it; below a mount the runtime does it.
static int build_cwd(struct spec_build *b, struct err *e)
{
	const char *cwd = b->o->workdir ? b->o->workdir : b->image->working_dir;
	_cleanup_free_ char *clean = NULL;
	uint32_t owner = b->p->resolved.range.size ? b->p->resolved.range.start : 0;

	if (str_empty(cwd))
		cwd = "/";
	if (!path_is_absolute(cwd))
		return err_invalid(e, "the working directory '%s' is invalid, it needs to be an absolute path", cwd);
	clean = path_clean(cwd);
	b->spec->process->cwd = arena_strdup(b->a, clean);
	if (b->running || str_eq(clean, "/") || below_a_mount(b, clean))
		return 0;
	int there = path_open_in(b->rootfs, clean, O_PATH | O_DIRECTORY, 0);
	if (there == -ENOENT)
		there = path_mkdirs_in(b->rootfs, clean, 0755, owner, owner);
	if (there < 0)
		return err_rc(e, there, "working directory %s", clean);
	fd_close(there);
	return 0;
}

// The primary group is a supplementary one too: else a program that changes its group could shed it, and with it what
// files deny to that group. With a single id mapped, the kernel lets nobody set groups.
static void add_groups(struct spec_build *b, struct oci_user *to, const struct container_user *u)
{
	bool listed = false;

	if (b->g->rootless && rootless_single_reason() && !u->n_groups)
		return;
	for (size_t i = 0; i < u->n_groups; i++)
		listed |= u->groups[i] == u->gid;
	to->additional_gids = arena_new_n(b->a, uint32_t, u->n_groups + 1);
	if (!listed)
		to->additional_gids[to->n_additional_gids++] = u->gid;
	for (size_t i = 0; i < u->n_groups; i++)
		to->additional_gids[to->n_additional_gids++] = u->groups[i];
}

static int build_user(struct spec_build *b, struct container_user *u, struct err *e)
{
	const char *user = b->o->user ? b->o->user : b->image->user;
	struct oci_user *to = &b->spec->process->user;

	int rc = container_user_resolve(b->rootfs, user ? user : "", (const char *const *)b->o->group_add, u, e);
	if (rc < 0)
		return rc;
	to->uid = u->uid;
	to->gid = u->gid;
	to->umask = (struct opt_u32){true, 0022};
	add_groups(b, to, u);
	return 0;
}

static void build_rlimits(struct spec_build *b)
{
	struct oci_process *p = b->spec->process;

	for (size_t i = 0; i < b->o->n_ulimits; i++) {
		const struct engine_ulimit *u = &b->o->ulimits[i];
		const char *type = rlimit_name(rlimit_from_name(u->name));
		struct oci_rlimit *r = NULL;
		for (size_t k = 0; k < p->n_rlimits; k++)
			if (str_eq(p->rlimits[k].type, type))
				r = &p->rlimits[k]; // the later one wins
		if (!r)
			r = arena_append(b->a, p->rlimits, p->n_rlimits);
		r->type = arena_strdup(b->a, type);
		r->soft = u->soft == -1 ? UINT64_MAX : (uint64_t)u->soft;
		r->hard = u->hard == -1 ? UINT64_MAX : (uint64_t)u->hard;
	}
}

// The caller's terminal, if there is one: a payload that asks for the size at once must not see none.
static void build_console_size(struct spec_build *b)
{
	struct oci_process *p = b->spec->process;
	struct winsize w = {.ws_row = (unsigned short)b->o->tty_rows, .ws_col = (unsigned short)b->o->tty_cols};

	if (!b->o->tty)
		return;
	if (!w.ws_row || !w.ws_col)
		w = terminal_size(STDIN_FILENO);
	p->console_size.set = w.ws_row && w.ws_col;
	p->console_size.height = w.ws_row;
	p->console_size.width = w.ws_col;
}

int spec_process(struct spec_build *b, struct err *e)
{
	struct oci_process *p = b->spec->process;
	struct container_user u = {0};

	for (char **v = b->p->command; v && *v; v++)
		oci_strings_add(b->a, &p->args, *v);
	p->terminal = b->o->tty;
	build_console_size(b);
	int rc = build_user(b, &u, e);
	if (rc < 0)
		return rc;
	build_env(b, u.home ? u.home : "/");
	container_user_done(&u);
	build_rlimits(b);
	if (b->o->oom_score_adj_set) {
		p->oom_score_adj.set = true;
		p->oom_score_adj.v = b->o->oom_score_adj;
	}
	return build_cwd(b, e);
}

int spec_build(struct spec_build *b, struct err *e)
{
	static int (*const steps[])(struct spec_build *, struct err *) = {
		spec_namespaces, spec_security, spec_process, spec_mounts, spec_devices, spec_resources,
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int rc = steps[i](b, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}
