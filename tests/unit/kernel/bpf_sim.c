// SPDX-License-Identifier: Apache-2.0
// Runs a seccomp filter without the kernel: just the instructions that seccomp filters use.
#include "bpf_sim.h"

#include "../test.h"

static bool jump_taken(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ: return a == k;
	case BPF_JGT: return a > k;
	case BPF_JGE: return a >= k;
	case BPF_JSET: return a & k;
	default: test_fail(__FILE__, __LINE__, "jump 0x%x is unknown", op);
	}
}

uint32_t bpf_sim_run(const struct sock_filter *f, size_t n, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &f[pc];
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			CHECK(i->k % 4 == 0 && i->k + 4 <= sizeof(*d));
			memcpy(&a, (const char *)d + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; break;
		case BPF_JMP | BPF_JA: pc += i->k; break;
		case BPF_RET | BPF_K: return i->k;
		default:
			if (BPF_CLASS(i->code) != BPF_JMP || BPF_SRC(i->code) != BPF_K)
				test_fail(__FILE__, __LINE__, "instruction 0x%x is unknown", i->code);
			pc += jump_taken(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
		}
	}
	test_fail(__FILE__, __LINE__, "the filter runs off its end");
}

void bpf_sim_check(const struct sock_filter *f, size_t n)
{
	CHECK(n > 0 && n <= BPF_MAXINSNS);
	for (size_t pc = 0; pc < n; pc++) {
		if (BPF_CLASS(f[pc].code) != BPF_JMP)
			continue;
		if (f[pc].code == (BPF_JMP | BPF_JA))
			CHECK(pc + 1 + f[pc].k < n);
		else
			CHECK(pc + 1 + f[pc].jt < n && pc + 1 + f[pc].jf < n);
	}
	CHECK_EQ(BPF_CLASS(f[n - 1].code), BPF_RET);
}
