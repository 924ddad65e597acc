// SPDX-License-Identifier: Apache-2.0
// Compiled filters on disk, so that a container start loads instead of compiling.
//
// A file is named after a hash of the profile's canonical form, and holds that form itself: a hit is a comparison of
// bytes, so neither a collision nor a foreign file under the right name can pass for another profile. The program is
// protected by a checksum against rot and checked instruction by instruction for what our emitter writes, so that
// nothing but a filter ever reaches the kernel. Whatever is wrong with a file, it is compiled anew and replaced; a
// directory that cannot be written costs the speed, not the start.
//
// A file whose compiler version is another one is a miss: COMPILER_VERSION must grow with every change of
// seccomp_plan.c, seccomp_emit.c or the tables that changes a program (test_seccomp.c holds a sample against it).
#include "kernel/seccomp.h"
#include "kernel/seccomp_plan.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FORMAT_VERSION = 1,
	PROFILE_MAX = 1 << 20,
	NAME_MAX_LEN = 32,
};

static const char magic[8] = "BERTHSCF";
static const uint8_t name_key[16] = "seccomp cache nm", sum_key[16] = "seccomp cache ck";

struct header {
	char magic[8];
	uint32_t format, compiler;
	uint32_t profile_len, n_insns;
	uint32_t flags, needs_notify;
	char berth[16];
	uint64_t checksum; // of the header with this field 0, and the program
};
// Behind it: n_insns instructions, then the profile's canonical form.

static void add_u32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

static void add_u64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof(v));
}

static void add_strings(struct buf *b, const struct oci_strings *s)
{
	add_u32(b, (uint32_t)s->n);
	for (size_t i = 0; i < s->n; i++)
		buf_add(b, s->v[i], strlen(s->v[i]) + 1);
}

static void add_action(struct buf *b, enum oci_seccomp_action a, const struct opt_u32 *errno_ret)
{
	add_u32(b, (uint32_t)a << 1 | errno_ret->set);
	add_u32(b, errno_ret->v);
}

// Everything that a filter depends on, and nothing else; each list with its length, so that no two profiles share it.
static void canonical_form(const struct oci_seccomp *p, struct buf *b)
{
	add_action(b, p->default_action, &p->default_errno_ret);
	add_strings(b, &p->architectures);
	add_strings(b, &p->flags);
	add_u32(b, (uint32_t)p->n_rules);
	for (const struct oci_seccomp_rule *r = p->rules; r < p->rules + p->n_rules; r++) {
		add_action(b, r->action, &r->errno_ret);
		add_strings(b, &r->names);
		add_u32(b, (uint32_t)r->n_args);
		for (size_t i = 0; i < r->n_args; i++) {
			add_u32(b, r->args[i].index);
			add_u32(b, (uint32_t)r->args[i].op);
			add_u64(b, r->args[i].value);
			add_u64(b, r->args[i].value_two);
		}
	}
}

// What our emitter writes, with every jump inside; the kernel checks the same again.
static bool is_sane_program(const struct sock_filter *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t room = n - i - 1;
		switch (f[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f[i].k % 4 || f[i].k > sizeof(struct seccomp_data) - 4)
				return false;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
			if (f[i].jt >= room || f[i].jf >= room)
				return false;
			break;
		case BPF_JMP | BPF_JA:
			if (f[i].k >= room)
				return false;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
		case BPF_RET | BPF_K: break;
		default: return false;
		}
	}
	return n && f[n - 1].code == (BPF_RET | BPF_K);
}

static uint64_t checksum(const struct header *h, const struct sock_filter *f)
{
	struct header plain = *h;

	plain.checksum = 0;
	return hash_sip(sum_key, &plain, sizeof(plain)) * 31 + hash_sip(sum_key, f, h->n_insns * sizeof(*f));
}

static struct header header_of(const struct seccomp_filter *f, size_t profile_len)
{
	struct header h = {.format = FORMAT_VERSION,
			   .compiler = SECCOMP_COMPILER_VERSION,
			   .profile_len = (uint32_t)profile_len,
			   .n_insns = f->n,
			   .flags = f->flags,
			   .needs_notify = f->needs_notify};

	memcpy(h.magic, magic, sizeof(magic));
	str_copy(h.berth, sizeof(h.berth), BERTH_VERSION);
	h.checksum = checksum(&h, f->insns);
	return h;
}

// Takes a filter out of a file's bytes if they are one of ours for this profile.
static bool parse_file(const char *data, size_t len, const struct buf *profile, struct seccomp_filter *ret)
{
	struct header h, expected;
	struct seccomp_filter f = {0};

	if (len < sizeof(h))
		return false;
	memcpy(&h, data, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.n_insns > BPF_MAXINSNS || h.profile_len != profile->len ||
	    len != sizeof(h) + h.n_insns * sizeof(*f.insns) + h.profile_len || h.needs_notify > 1)
		return false;
	f = (struct seccomp_filter){.n = (uint16_t)h.n_insns, .flags = h.flags, .needs_notify = h.needs_notify};
	f.insns = xmemdup(data + sizeof(h), h.n_insns * sizeof(*f.insns));
	expected = header_of(&f, profile->len);
	if (memcmp(&h, &expected, sizeof(h)) != 0 || !is_sane_program(f.insns, f.n) ||
	    memcmp(data + len - profile->len, profile->data, profile->len) != 0) {
		seccomp_filter_done(&f);
		return false;
	}
	*ret = f;
	return true;
}

static bool read_cached(int dirfd, const char *name, const struct buf *profile, struct seccomp_filter *ret)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *data = NULL;
	size_t max = sizeof(struct header) + BPF_MAXINSNS * sizeof(struct sock_filter) + PROFILE_MAX;
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0777) != 0600 ||
	    st.st_size < 0 || (size_t)st.st_size > max) {
		log_debug("seccomp cache: %s is not a file of ours, ignored", name);
		return false;
	}
	data = xmalloc((size_t)st.st_size + 1);
	ssize_t n = fd_read_full(fd, data, (size_t)st.st_size + 1);
	if (n == st.st_size && parse_file(data, (size_t)n, profile, ret))
		return true;
	log_debug("seccomp cache: %s does not hold this profile, replaced", name);
	return false;
}

static void write_cached(int dirfd, const char *name, const struct buf *profile, const struct seccomp_filter *f)
{
	struct header h = header_of(f, profile->len);
	size_t code = f->n * sizeof(*f->insns);
	_cleanup_buf_ struct buf b = BUF_INIT(sizeof(h) + code + profile->len);
	struct err e = {0};

	buf_add(&b, &h, sizeof(h));
	buf_add(&b, f->insns, code);
	buf_add(&b, profile->data, profile->len);
	if (!b.failed && file_write_atomic(dirfd, name, b.data, b.len, 0600, false, &e) < 0)
		log_debug("seccomp cache: %s", e.text);
}

int seccomp_compile_cached(int dirfd, const struct oci_seccomp *p, struct seccomp_filter *ret, struct err *e)
{
	_cleanup_buf_ struct buf profile = BUF_INIT(PROFILE_MAX);
	struct seccomp_filter f = {0};
	char name[NAME_MAX_LEN];
	int r;

	if (dirfd < 0)
		return seccomp_compile(p, ret, e);
	canonical_form(p, &profile);
	if (profile.failed) // beyond any sense for a cache; the compiler has its own limits
		return seccomp_compile(p, ret, e);
	r = str_fmt(name, sizeof(name), "seccomp-%016llx",
		    (unsigned long long)hash_sip(name_key, profile.data, profile.len));
	if (r < 0)
		return err_rc(e, r, "name a seccomp cache file");
	if (read_cached(dirfd, name, &profile, ret))
		return 0;
	if ((r = seccomp_compile(p, &f, e)) < 0)
		return r;
	write_cached(dirfd, name, &profile, &f);
	*ret = f;
	return 0;
}
