// SPDX-License-Identifier: Apache-2.0
// From decisions to BPF.
//
// Theory of operation. A filter sees struct seccomp_data: number, architecture, instruction pointer, six arguments of
// 64 bits. The program is, in this order:
//   load architecture; for each planned one, in turn: not this one? on to the next; load the number; its tree
//   refuse the thread whose architecture is none of them (as libseccomp does)
//   the argument checks
// A tree splits the whole range of 32-bit numbers into intervals of equal decision and finds the interval by binary
// search, one comparison a level; neighbouring calls that are treated alike cost nothing. The search ends at a stretch
// of intervals that is one answer with at most a few exceptions, which are compared one by one: that needs a third of
// the instructions of a search to the end, and loading a filter costs by the instruction. An answer is one instruction:
// a return, or a jump to a block of argument checks. Those blocks are written once for all calls (and ABIs of the same
// width) that have the same checks.
//
// The kernel works out beforehand which calls a filter always allows (its action cache, since 5.11) by running it with
// unknown arguments; it can as long as nothing but number and architecture is loaded before the answer, which holds
// here. So allowed calls without conditions never run the filter at all.
//
// Conditional jumps reach 255 instructions; a left half longer than that is skipped by an unconditional one.
#include "kernel/seccomp_plan.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_INSNS = BPF_MAXINSNS,
	MAX_JUMP = 255,
	// Stand-ins for jump offsets until the end of a condition or a check is known. A check is far shorter.
	TO_HOLDS = 254,
	TO_FAILS = 255,
	MAX_EQUALS = 200,   // values compared in one run
	MAX_EXCEPTIONS = 8, // numbers compared one by one at the end of a tree
	X32_BIT = 0x40000000,
};

// What an interval of numbers gets: a return value, or (with LEAF_CHECKS) the index of a block.
#define LEAF_CHECKS (UINT64_C(1) << 32)

struct interval {
	uint32_t start;
	uint64_t leaf;
};

struct block {
	const struct seccomp_check *checks;
	size_t n;
	bool is_64;
	size_t at;
};

struct emitter {
	struct arena arena;
	const struct seccomp_plan *plan;
	struct interval *intervals;
	size_t n_intervals;
	struct block *blocks;
	size_t n_blocks;
	struct {
		size_t at, block;
	} * fixups;
	size_t n_fixups;
	size_t n; // instructions, also those beyond the end of code
	struct sock_filter code[MAX_INSNS];
};

static void put(struct emitter *m, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (m->n < MAX_INSNS)
		m->code[m->n] = (struct sock_filter){code, jt, jf, k};
	m->n++;
}

static void put_return(struct emitter *m, uint32_t action)
{
	put(m, BPF_RET | BPF_K, action, 0, 0);
}

static void put_load(struct emitter *m, size_t offset)
{
	put(m, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_jump(struct emitter *m, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	put(m, (uint16_t)(BPF_JMP | op | BPF_K), k, jt, jf);
}

// Makes an unconditional jump at index `at` go to the next instruction to be written.
static void land_here(struct emitter *m, size_t at)
{
	if (at < MAX_INSNS)
		m->code[at].k = (uint32_t)(m->n - at - 1);
}

static size_t arg_word(unsigned arg, bool high)
{
	bool second = high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	return offsetof(struct seccomp_data, args) + 8 * arg + (second ? 4 : 0);
}

// Both halves equal (under the mask).
static void put_equal(struct emitter *m, const struct seccomp_cond *c, bool is_64, bool negated)
{
	for (int high = is_64; high >= 0; high--) {
		uint32_t mask = (uint32_t)(high ? c->mask >> 32 : c->mask);
		uint32_t datum = (uint32_t)(high ? c->datum >> 32 : c->datum);
		if (!mask)
			continue;
		put_load(m, arg_word(c->arg, high));
		if (mask != UINT32_MAX)
			put(m, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
		if (!negated)
			put_jump(m, BPF_JEQ, datum, 0, TO_FAILS);
		else
			put_jump(m, BPF_JEQ, datum, high ? 0 : TO_FAILS, TO_HOLDS);
	}
}

// GT, GE and, with the sense turned round, LE and LT.
static void put_greater(struct emitter *m, const struct seccomp_cond *c, bool is_64, bool or_equal, bool negated)
{
	uint8_t yes = negated ? TO_FAILS : TO_HOLDS, no = negated ? TO_HOLDS : TO_FAILS;
	uint32_t high = (uint32_t)(c->datum >> 32);

	if (is_64) {
		put_load(m, arg_word(c->arg, true));
		put_jump(m, BPF_JGT, high, yes, 0);
		put_jump(m, BPF_JEQ, high, 0, no);
	}
	put_load(m, arg_word(c->arg, false));
	put_jump(m, or_equal ? BPF_JGE : BPF_JGT, (uint32_t)c->datum, yes, no);
}

// Replaces a stand-in by the way to the next instruction, from instruction `from` on.
static void resolve(struct emitter *m, size_t from, uint8_t what)
{
	for (size_t i = from; i < m->n && i < MAX_INSNS; i++) {
		struct sock_filter *f = &m->code[i];
		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->jt == what)
			f->jt = (uint8_t)(m->n - i - 1);
		if (f->jf == what)
			f->jf = (uint8_t)(m->n - i - 1);
	}
}

static void put_cond(struct emitter *m, const struct seccomp_cond *c, bool is_64)
{
	size_t start = m->n;

	switch ((enum oci_seccomp_op)c->op) {
	case OCI_SCMP_EQ:
	case OCI_SCMP_MASKED_EQ: put_equal(m, c, is_64, false); break;
	case OCI_SCMP_NE: put_equal(m, c, is_64, true); break;
	case OCI_SCMP_GT: put_greater(m, c, is_64, false, false); break;
	case OCI_SCMP_GE: put_greater(m, c, is_64, true, false); break;
	case OCI_SCMP_LE: put_greater(m, c, is_64, false, true); break;
	case OCI_SCMP_LT: put_greater(m, c, is_64, true, true); break;
	}
	resolve(m, start, TO_HOLDS);
}

static bool always_holds(const struct seccomp_check *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->cond[i].op != OCI_SCMP_GE || c->cond[i].datum)
			return false;
	return true;
}

// How many checks from c on compare one argument with plain values of the same high word, for the same action.
static size_t equals_run(const struct seccomp_check *c, size_t n)
{
	size_t run = 0;

	while (run < n && run < MAX_EQUALS && c[run].n == 1 && c[run].cond[0].op == OCI_SCMP_EQ &&
	       c[run].cond[0].arg == c->cond[0].arg && c[run].action == c->action &&
	       c[run].cond[0].datum >> 32 == c->cond[0].datum >> 32)
		run++;
	return run;
}

static void put_equals_run(struct emitter *m, const struct seccomp_check *c, size_t run, bool is_64)
{
	if (is_64) {
		put_load(m, arg_word(c->cond[0].arg, true));
		put_jump(m, BPF_JEQ, (uint32_t)(c->cond[0].datum >> 32), 0, (uint8_t)(run + 2));
	}
	put_load(m, arg_word(c->cond[0].arg, false));
	for (size_t i = 0; i < run; i++)
		put_jump(m, BPF_JEQ, (uint32_t)c[i].cond[0].datum, (uint8_t)(run - 1 - i), i + 1 == run);
	put_return(m, c->action);
}

static void put_block(struct emitter *m, const struct block *b)
{
	for (size_t i = 0; i < b->n;) {
		const struct seccomp_check *c = &b->checks[i];
		size_t run = equals_run(c, b->n - i), start = m->n;
		if (always_holds(c)) {
			put_return(m, c->action);
			return;
		}
		if (run > 1) {
			put_equals_run(m, c, run, b->is_64);
			i += run;
			continue;
		}
		for (uint32_t k = 0; k < c->n; k++)
			put_cond(m, &c->cond[k], b->is_64);
		put_return(m, c->action);
		resolve(m, start, TO_FAILS);
		i++;
	}
	put_return(m, m->plan->default_action);
}

// The leaf of an entry; equal checks share a block.
static uint64_t leaf_of(struct emitter *m, const struct seccomp_entry *en)
{
	struct block *b;

	if (en->fixed)
		return en->action;
	for (size_t i = 0; i < m->n_blocks; i++) {
		b = &m->blocks[i];
		if (b->is_64 == en->is_64 && b->n == en->n_checks &&
		    !memcmp(b->checks, en->checks, b->n * sizeof(b->checks[0])))
			return LEAF_CHECKS | i;
	}
	b = arena_append(&m->arena, m->blocks, m->n_blocks);
	b->checks = en->checks;
	b->n = en->n_checks;
	b->is_64 = en->is_64;
	return LEAF_CHECKS | (m->n_blocks - 1);
}

static void add_interval(struct emitter *m, uint32_t start, uint64_t leaf)
{
	struct interval *last = m->n_intervals ? &m->intervals[m->n_intervals - 1] : NULL;

	if (last && last->start == start) {
		// The interval just begun is empty: it becomes this one, or melts into the one before.
		m->n_intervals--;
		add_interval(m, start, leaf);
		return;
	}
	if (last && last->leaf == leaf)
		return;
	last = arena_append(&m->arena, m->intervals, m->n_intervals);
	*last = (struct interval){.start = start, .leaf = leaf};
}

static void make_intervals(struct emitter *m, const struct seccomp_arch_plan *a)
{
	uint64_t otherwise = m->plan->default_action;

	m->n_intervals = 0;
	add_interval(m, 0, otherwise);
	for (size_t i = 0; i < a->n_entries; i++) {
		add_interval(m, a->entries[i].nr, leaf_of(m, &a->entries[i]));
		add_interval(m, a->entries[i].nr + 1, otherwise);
	}
	if (!a->refuse_x32)
		return;
	add_interval(m, X32_BIT, SECCOMP_RET_KILL_THREAD);
	add_interval(m, UINT32_MAX, otherwise); // -1: a call that a tracer cancelled
}

// A stretch of intervals that is one answer with few exceptions: shorter as a list of comparisons than as a tree.
struct stretch {
	uint64_t rule; // the answer of the longest interval
	size_t n;      // exceptions
	struct {
		uint32_t nr;
		uint64_t leaf;
	} except[MAX_EXCEPTIONS];
	size_t n_leaves; // different answers among them
	uint64_t leaves[MAX_EXCEPTIONS];
};

static uint32_t last_of(const struct emitter *m, size_t i)
{
	return i + 1 < m->n_intervals ? m->intervals[i + 1].start - 1 : UINT32_MAX;
}

static void stretch_add_leaf(struct stretch *s, uint64_t leaf)
{
	for (size_t i = 0; i < s->n_leaves; i++)
		if (s->leaves[i] == leaf)
			return;
	s->leaves[s->n_leaves++] = leaf;
}

// Whether intervals [lo, hi) are such a stretch.
static bool stretch_of(const struct emitter *m, size_t lo, size_t hi, struct stretch *ret)
{
	size_t longest = lo;

	if (hi - lo > 2 * MAX_EXCEPTIONS + 1)
		return false;
	for (size_t i = lo; i < hi; i++)
		if (last_of(m, i) - m->intervals[i].start > last_of(m, longest) - m->intervals[longest].start)
			longest = i;
	*ret = (struct stretch){.rule = m->intervals[longest].leaf};
	for (size_t i = lo; i < hi; i++) {
		uint32_t nr = m->intervals[i].start, more = last_of(m, i) - nr;
		if (m->intervals[i].leaf == ret->rule)
			continue;
		if (more >= MAX_EXCEPTIONS || ret->n + more >= MAX_EXCEPTIONS)
			return false;
		stretch_add_leaf(ret, m->intervals[i].leaf);
		for (uint32_t k = 0; k <= more; k++) {
			ret->except[ret->n].nr = nr + k;
			ret->except[ret->n++].leaf = m->intervals[i].leaf;
		}
	}
	return true;
}

// Instructions of the tree over intervals [lo, hi).
static size_t tree_size(const struct emitter *m, size_t lo, size_t hi)
{
	struct stretch s;

	if (stretch_of(m, lo, hi, &s))
		return s.n + 1 + s.n_leaves;
	size_t mid = lo + (hi - lo) / 2, left = tree_size(m, lo, mid);

	return 1 + (left > MAX_JUMP) + left + tree_size(m, mid, hi);
}

static void put_leaf(struct emitter *m, uint64_t leaf)
{
	if (leaf & LEAF_CHECKS) {
		__typeof__(m->fixups) f = arena_append(&m->arena, m->fixups, m->n_fixups);
		f->at = m->n;
		f->block = (size_t)(leaf & ~LEAF_CHECKS);
		put(m, BPF_JMP | BPF_JA, 0, 0, 0);
	} else {
		put_return(m, (uint32_t)leaf);
	}
}

static void put_stretch(struct emitter *m, const struct stretch *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t which = 0;
		while (s->leaves[which] != s->except[i].leaf)
			which++;
		// Behind the other comparisons and the rule: the answers of the exceptions.
		put_jump(m, BPF_JEQ, s->except[i].nr, (uint8_t)(s->n - i + which), 0);
	}
	put_leaf(m, s->rule);
	for (size_t i = 0; i < s->n_leaves; i++)
		put_leaf(m, s->leaves[i]);
}

static void put_tree(struct emitter *m, size_t lo, size_t hi)
{
	struct stretch s;

	if (stretch_of(m, lo, hi, &s)) {
		put_stretch(m, &s);
		return;
	}
	size_t mid = lo + (hi - lo) / 2, left = tree_size(m, lo, mid);
	if (left > MAX_JUMP) {
		put_jump(m, BPF_JGE, m->intervals[mid].start, 0, 1);
		put(m, BPF_JMP | BPF_JA, (uint32_t)left, 0, 0);
	} else {
		put_jump(m, BPF_JGE, m->intervals[mid].start, (uint8_t)left, 0);
	}
	put_tree(m, lo, mid);
	put_tree(m, mid, hi);
}

static void put_program(struct emitter *m)
{
	put_load(m, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < m->plan->n_archs; i++) {
		const struct seccomp_arch_plan *a = &m->plan->archs[i];
		size_t skip;
		put_jump(m, BPF_JEQ, a->audit, 1, 0);
		skip = m->n;
		put(m, BPF_JMP | BPF_JA, 0, 0, 0);
		put_load(m, offsetof(struct seccomp_data, nr));
		make_intervals(m, a);
		put_tree(m, 0, m->n_intervals);
		land_here(m, skip);
	}
	put_return(m, SECCOMP_RET_KILL_THREAD);
	for (size_t i = 0; i < m->n_blocks; i++) {
		m->blocks[i].at = m->n;
		put_block(m, &m->blocks[i]);
	}
	for (size_t i = 0; i < m->n_fixups; i++)
		if (m->fixups[i].at < MAX_INSNS)
			m->code[m->fixups[i].at].k = (uint32_t)(m->blocks[m->fixups[i].block].at - m->fixups[i].at - 1);
}

int seccomp_emit(const struct seccomp_plan *p, struct sock_filter **ret, uint16_t *ret_n, struct err *e)
{
	struct emitter *m = xnew(struct emitter);
	int r = 0;

	m->plan = p;
	put_program(m);
	if (m->n > MAX_INSNS) {
		r = err_set(e, ERR_UNSUPPORTED, E2BIG,
			    "seccomp: the filter needs %zu instructions, the kernel takes %d: fewer or simpler "
			    "argument rules are needed",
			    m->n, MAX_INSNS);
	} else {
		*ret = xmemdup(m->code, m->n * sizeof(m->code[0]));
		*ret_n = (uint16_t)m->n;
	}
	arena_done(&m->arena);
	free(m);
	return r;
}
