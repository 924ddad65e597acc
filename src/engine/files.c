// SPDX-License-Identifier: Apache-2.0
// /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. They are written anew at every start, into the
// container's folder, without temporary and sync: who reads them is started afterwards, and after a crash they are
// written again.
#include "engine/files.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

const char *const files_destination[FILES_N] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
const char *const files_name[FILES_N] = {"hosts", "hostname", "resolv.conf"};

static void add_extra_hosts(const struct engine_create_options *o, struct buf *out)
{
	for (char **h = o->add_host; h && *h; h++) {
		size_t n = strcspn(*h, ":=");
		buf_addf(out, "%s\t%.*s\n", *h + n + 1, (int)n, *h);
	}
}

void files_hosts_text(const struct engine_create_options *o, const char *hostname, const char *host, struct buf *out)
{
	if (spec_network_is_host(o)) {
		buf_adds(out, host);
		if (out->len && out->data[out->len - 1] != '\n')
			buf_addc(out, '\n');
		add_extra_hosts(o, out);
		return;
	}
	buf_adds(out, "127.0.0.1\tlocalhost\n"
		      "::1\tlocalhost ip6-localhost ip6-loopback\n"
		      "fe00::\tip6-localnet\n"
		      "ff00::\tip6-mcastprefix\n"
		      "ff02::1\tip6-allnodes\n"
		      "ff02::2\tip6-allrouters\n");
	add_extra_hosts(o, out);
	buf_addf(out, "127.0.1.1\t%s", hostname);
	if (o->domainname)
		buf_addf(out, ".%s %s", o->domainname, hostname);
	buf_addc(out, '\n');
}

static bool is_loopback(const char *address)
{
	return str_starts(address, "127.") || str_eq(address, "::1");
}

static void add_joined(struct buf *out, const char *keyword, char *const *v)
{
	buf_adds(out, keyword);
	for (; *v; v++)
		buf_addf(out, " %s", *v);
	buf_addc(out, '\n');
}

// A loopback name server is the host's own and cannot be reached from a network namespace of the container's own.
static void add_host_line(const struct engine_create_options *o, const char *line, struct buf *out)
{
	_cleanup_strv_ char **word = NULL;
	const char *p = line + strspn(line, " \t");
	bool private = !spec_network_is_host(o);

	while (*p && *p != '#' && *p != ';') {
		size_t n = strcspn(p, " \t");
		strv_take(&word, xstrndup(p, n));
		p += n + strspn(p + n, " \t");
	}
	if (!word || !word[1])
		return;
	bool server = str_eq(word[0], "nameserver");
	if ((server && (o->dns || (private && is_loopback(word[1])))) ||
	    ((str_eq(word[0], "search") || str_eq(word[0], "domain")) && o->dns_search) ||
	    (str_eq(word[0], "options") && o->dns_option))
		return;
	add_joined(out, word[0], word + 1);
}

void files_resolv_text(const struct engine_create_options *o, const char *host, struct buf *out)
{
	_cleanup_strv_ char **lines = strv_split(host, '\n');

	for (char **l = lines; l && *l; l++)
		add_host_line(o, *l, out);
	for (char **d = o->dns; d && *d; d++)
		buf_addf(out, "nameserver %s\n", *d);
	if (o->dns_search && *o->dns_search && !str_eq(*o->dns_search, "."))
		add_joined(out, "search", o->dns_search);
	if (o->dns_option && *o->dns_option)
		add_joined(out, "options", o->dns_option);
}

static int write_file(const struct engine_prepared *p, const char *name, const struct buf *text, struct err *e)
{
	uint32_t owner = p->resolved.range.start;

	if (text->failed)
		return err_rc(e, text->failed, "%s", name);
	_cleanup_fd_ int fd = openat(p->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(e, "%s", name);
	ssize_t n = fd_write_full(fd, text->data, text->len);
	if (n < 0)
		return err_rc(e, (int)n, "%s", name);
	if ((owner && fchown(fd, owner, owner)) || fchmod(fd, 0644))
		return err_sys(e, "%s", name);
	return 0;
}

// A host without the file has none of its lines to give.
static void read_host(const char *path, struct buf *b)
{
	if (file_read(AT_FDCWD, path, FILE_MAX, b, NULL) < 0)
		buf_reset(b);
}

int files_write(struct engine *g, const struct engine_prepared *p, struct err *e)
{
	_cleanup_buf_ struct buf hosts = BUF_INIT(FILE_MAX), name = BUF_INIT(FILE_MAX), resolv = BUF_INIT(FILE_MAX),
				 host = BUF_INIT(FILE_MAX);
	_cleanup_free_ char *hostname = spec_hostname(p->options, p->id);

	if (spec_network_is_host(p->options))
		read_host("/etc/hosts", &host);
	files_hosts_text(p->options, hostname, host.data, &hosts);
	buf_addf(&name, "%s\n", hostname);
	buf_reset(&host);
	read_host("/etc/resolv.conf", &host);
	files_resolv_text(p->options, host.data, &resolv);
	const struct buf *texts[FILES_N] = {&hosts, &name, &resolv};
	for (size_t i = 0; i < FILES_N; i++) {
		if (i != FILES_HOSTNAME && spec_mode_container(p->options->network))
			continue; // the other one's are bound
		int rc = write_file(p, files_name[i], texts[i], e);
		if (rc < 0)
			return err_wrap(e, rc, "%s/containers/%.12s", g->root, p->id);
	}
	return 0;
}

int files_source(struct spec_build *b, size_t i, char **ret, struct err *e)
{
	const char *other = spec_mode_container(b->o->network), *id = b->p->id;
	char of_other[ENGINE_ID_LEN + 1];

	if (other && i != FILES_HOSTNAME && !b->running) {
		int rc = engine_row_lookup(b->g, other, of_other, e);
		if (rc < 0)
			return err_wrap(e, rc, "--network");
		id = of_other;
	}
	*ret = xasprintf("%s/containers/%s/%s", b->g->root, id, files_name[i]);
	return 0;
}
