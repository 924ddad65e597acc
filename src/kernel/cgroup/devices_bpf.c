// SPDX-License-Identifier: Apache-2.0
// Device rules on cgroup v2: a small eBPF program of type CGROUP_DEVICE, attached to the container's group.
//
// The program keeps the accesses still to be granted in a register and goes through the rules from the last to the
// first. A rule that fits the device takes a decision about the accesses it names: to deny one of them ends the
// program with 0; to allow takes them off, and none left ends it with 1. So the last rule that speaks of an access
// decides it, and "allow r" with "allow w" together grant an open for both. Whatever no rule grants is denied. A rule
// that fits everything ends the generation: the verifier refuses code that cannot be reached.
//
// Programs of groups above stay in force (BPF_F_ALLOW_MULTI). An update puts the new program in the old one's place in
// one step where the kernel can (BPF_F_REPLACE), so there is no moment without rules.
#include "kernel/cgroup/internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sys.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <unistd.h>

#define FIELD        "linux.resources.devices"
#define PROGRAM_NAME "berth_devices"

enum { INSNS_HEAD = 8, INSNS_RULE = 8, INSNS_END = 2, ATTACHED_MAX = 64, LOG_SIZE = 16 << 10 };
enum { R_ACCESS = BPF_REG_2, R_TYPE = BPF_REG_3, R_MAJOR = BPF_REG_4, R_MINOR = BPF_REG_5 };

static struct bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	return (struct bpf_insn){.code = code, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = imm};
}

static struct bpf_insn load32(uint8_t dst, size_t field)
{
	return insn(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int16_t)field, 0);
}

static struct bpf_insn alu32(uint8_t op, uint8_t dst, int32_t imm)
{
	return insn(BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

static struct bpf_insn jump(uint8_t op, uint8_t dst, int32_t imm, size_t over)
{
	return insn(BPF_JMP | op | BPF_K, dst, 0, (int16_t)over, imm);
}

static size_t add_exit(struct bpf_insn *p, int value)
{
	p[0] = insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	p[1] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return 2;
}

// The accesses are the upper half of access_type, the kind of device its lower. An open for neither reading nor writing
// asks for no access: it is treated as one for reading.
static size_t add_head(struct bpf_insn *p)
{
	size_t n = 0;

	p[n++] = load32(R_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	p[n++] = insn(BPF_ALU | BPF_MOV | BPF_X, R_TYPE, R_ACCESS, 0, 0);
	p[n++] = alu32(BPF_AND, R_TYPE, 0xffff);
	p[n++] = alu32(BPF_RSH, R_ACCESS, 16);
	p[n++] = load32(R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	p[n++] = load32(R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	p[n++] = jump(BPF_JNE, R_ACCESS, 0, 1);
	p[n++] = insn(BPF_ALU | BPF_MOV | BPF_K, R_ACCESS, 0, 0, BPF_DEVCG_ACC_READ);
	return n;
}

// *last is set when nothing can come behind it.
static size_t add_rule(struct bpf_insn *p, const struct cgroup_device_rule *r, bool *last)
{
	struct bpf_insn body[4];
	size_t n = 0, n_body = 0;
	bool all = r->access == CGROUP_DEV_ALL;

	if (!all && r->allow) {
		body[n_body++] = alu32(BPF_AND, R_ACCESS, CGROUP_DEV_ALL & ~r->access);
		body[n_body++] = jump(BPF_JNE, R_ACCESS, 0, 2);
	} else if (!all) {
		body[n_body++] = jump(BPF_JSET, R_ACCESS, r->access, 1);
		body[n_body++] = insn(BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	n_body += add_exit(&body[n_body], r->allow);

	unsigned conditions = (r->type != 'a') + (r->major >= 0) + (r->minor >= 0);
	*last = all && !conditions;
	if (r->type != 'a') {
		int32_t type = r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
		p[n++] = jump(BPF_JNE, R_TYPE, type, --conditions + n_body);
	}
	if (r->major >= 0)
		p[n++] = jump(BPF_JNE, R_MAJOR, r->major, --conditions + n_body);
	if (r->minor >= 0)
		p[n++] = jump(BPF_JNE, R_MINOR, r->minor, --conditions + n_body);
	memcpy(&p[n], body, n_body * sizeof(*body));
	return n + n_body;
}

struct bpf_insn *cgroup_device_program(const struct cgroup_device_rule *r, size_t n, size_t *ret_n)
{
	struct bpf_insn *p = xnew_n(struct bpf_insn, INSNS_HEAD + n * INSNS_RULE + INSNS_END);
	size_t len = add_head(p);
	bool last = false;

	for (size_t i = n; i-- > 0 && !last;)
		len += add_rule(&p[len], &r[i], &last);
	if (!last)
		len += add_exit(&p[len], 0);
	*ret_n = len;
	return p;
}

// The kernel reads and, for a query, writes a prefix of the union: what is not named is zero.
static int bpf_call(int cmd, union bpf_attr *attr)
{
	int rc = sys_bpf(cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : rc;
}

static int load_program(const struct bpf_insn *p, size_t n, struct err *e)
{
	_cleanup_free_ char *text = xnew_n(char, LOG_SIZE);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)p,
		.insn_cnt = (uint32_t)n,
		.license = (uint64_t)(uintptr_t) "Apache-2.0",
		.prog_name = PROGRAM_NAME,
	};
	int fd = bpf_call(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	if (fd == -EINVAL || fd == -EACCES) {
		attr.log_level = 1;
		attr.log_buf = (uint64_t)(uintptr_t)text;
		attr.log_size = LOG_SIZE;
		fd = bpf_call(BPF_PROG_LOAD, &attr);
		log_debug("device filter: %s", text);
	}
	if (fd >= 0)
		return fd;
	err_rc(e, fd, FIELD ": load the device filter (bpf)");
	if (fd == -EPERM)
		cgroup_hint(e, "needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, outside of a user namespace");
	else if (fd == -ENOSYS || fd == -EINVAL)
		cgroup_hint(e, "this kernel has no CONFIG_CGROUP_BPF");
	return fd;
}

static bool is_ours(int prog)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {
		.info = {.bpf_fd = (uint32_t)prog, .info_len = sizeof(info), .info = (uint64_t)(uintptr_t)&info}};

	return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 && str_eq(info.name, PROGRAM_NAME);
}

// Descriptors of our programs that are attached to the group already.
static size_t attached(int group, int fds[static ATTACHED_MAX])
{
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr = {.query = {.target_fd = (uint32_t)group,
					 .attach_type = BPF_CGROUP_DEVICE,
					 .prog_ids = (uint64_t)(uintptr_t)ids,
					 .prog_cnt = ATTACHED_MAX}};
	size_t n = 0;

	if (bpf_call(BPF_PROG_QUERY, &attr) < 0)
		return 0;
	for (uint32_t i = 0; i < attr.query.prog_cnt; i++) {
		union bpf_attr get = {.prog_id = ids[i]};
		int fd = bpf_call(BPF_PROG_GET_FD_BY_ID, &get);
		if (fd >= 0 && is_ours(fd))
			fds[n++] = fd;
		else
			fd_close(fd);
	}
	return n;
}

static int attach(int group, int prog, int replace, struct err *e)
{
	union bpf_attr attr = {.target_fd = (uint32_t)group,
			       .attach_bpf_fd = (uint32_t)prog,
			       .attach_type = BPF_CGROUP_DEVICE,
			       .attach_flags = BPF_F_ALLOW_MULTI};

	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace;
	}
	int rc = bpf_call(BPF_PROG_ATTACH, &attr);
	if (rc >= 0)
		return 0;
	err_rc(e, rc, FIELD ": attach the device filter (bpf)");
	if (rc == -EPERM)
		cgroup_hint(e, "a group above has a filter that allows no others, or privilege is missing");
	return rc;
}

static void detach(int group, int prog)
{
	union bpf_attr attr = {.target_fd = (uint32_t)group,
			       .attach_bpf_fd = (uint32_t)prog,
			       .attach_type = BPF_CGROUP_DEVICE};

	bpf_call(BPF_PROG_DETACH, &attr);
}

static int replace_all(const struct cgroup_dir *d, int prog, struct err *e)
{
	int old[ATTACHED_MAX];
	size_t n = attached(d->fd, old);
	int rc = attach(d->fd, prog, n == 1 ? old[0] : -1, e);

	for (size_t i = 0; i < n; i++) {
		if (rc >= 0 && n > 1)
			detach(d->fd, old[i]);
		fd_close(old[i]);
	}
	return rc;
}

int cgroup_v2_devices(const struct cgroup_dir *d, const struct cgroup_device_rule *r, size_t n, struct err *e)
{
	size_t len = 0;
	_cleanup_free_ struct bpf_insn *p = cgroup_device_program(r, n, &len);
	_cleanup_fd_ int prog = load_program(p, len, e);
	int rc = prog;

	if (rc >= 0)
		rc = replace_all(d, prog, e);
	if (rc == -EPERM && cgroup_in_user_namespace()) {
		log_debug("device rules are left out: bpf is denied in this user namespace");
		return 0;
	}
	return rc < 0 ? err_wrap(e, rc, "cgroup %s/%s", d->h->mountpoint, d->path) : 0;
}
