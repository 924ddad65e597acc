// SPDX-License-Identifier: Apache-2.0
// From decisions to BPF.
//
// Theory of operation. A filter sees struct seccomp_data: number, architecture, instruction pointer, six arguments of
// 64 bits. The program is, in this order:
//   load the architecture; is it this one? on to its tree; the next one? ...; none of them: kill the thread, as
//   libseccomp does
//   for each architecture: load the number; its tree
//   the argument checks
// A tree splits the whole range of 32-bit numbers into intervals of equal decision and finds the interval by binary
// search, one comparison a level; neighbouring calls that are treated alike cost nothing. The search ends at a stretch
// of intervals that is one answer with at most a few exceptions, which are compared one by one. An answer is a return
// instruction, or a block of argument checks, written once for all calls (and ABIs of the same width) that have the
// same checks. Loading a filter costs by the instruction, so there are as few as possible: a comparison jumps straight
// to its answer, and one return serves all comparisons that can reach it.
//
// BPF jumps forward only, and comparisons no farther than 255 instructions. So trees are written backwards, from the
// last instruction to the first: whatever a comparison jumps to exists already, its distance is known, and where it is
// too far, a copy of the answer (or an unconditional jump) is put down nearby. Places are counted from the start of the
// argument checks: these have 0, 1, ..., and what lies before them -1, -2, ...
//
// The kernel works out beforehand which calls a filter always allows (its action cache, since 5.11) by running it with
// unknown arguments; it can as long as nothing but number and architecture is loaded before the answer, which holds
// here. So allowed calls without conditions never run the filter at all.
#include "kernel/seccomp_plan.h"

#include <limits.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_INSNS = BPF_MAXINSNS,
	MAX_JUMP = 250, // what a comparison may leap, with some room for what is put between
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
	long at;
};

// A leaf as an instruction: its nearest copy.
struct answer {
	uint64_t leaf;
	long at;
};

// One architecture's intervals, and where its part of the program begins.
struct arch_tree {
	uint32_t audit;
	struct interval *intervals;
	size_t n_intervals;
	size_t *stretches; // first interval of each, and the end
	size_t n_stretches;
	long at;
};

struct emitter {
	struct arena arena;
	const struct seccomp_plan *plan;
	struct arch_tree trees[SECCOMP_MAX_ABIS];
	struct block *blocks;
	size_t n_blocks;
	struct answer *answers;
	size_t n_answers;
	size_t n;    // instructions of the argument checks, also those beyond the end of code
	size_t back; // instructions before them, the same
	struct sock_filter code[MAX_INSNS];
	struct sock_filter reversed[MAX_INSNS]; // [i] is at place -1 - i
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

static void add_interval(struct emitter *m, struct arch_tree *t, uint32_t start, uint64_t leaf)
{
	struct interval *last = t->n_intervals ? &t->intervals[t->n_intervals - 1] : NULL;

	if (last && last->start == start) {
		// The interval just begun is empty: it becomes this one, or melts into the one before.
		t->n_intervals--;
		add_interval(m, t, start, leaf);
		return;
	}
	if (last && last->leaf == leaf)
		return;
	last = arena_append(&m->arena, t->intervals, t->n_intervals);
	*last = (struct interval){.start = start, .leaf = leaf};
}

static void make_intervals(struct emitter *m, struct arch_tree *t, const struct seccomp_arch_plan *a)
{
	uint64_t otherwise = m->plan->default_action;

	add_interval(m, t, 0, otherwise);
	for (size_t i = 0; i < a->n_entries; i++) {
		add_interval(m, t, a->entries[i].nr, leaf_of(m, &a->entries[i]));
		add_interval(m, t, a->entries[i].nr + 1, otherwise);
	}
	if (!a->refuse_x32)
		return;
	add_interval(m, t, X32_BIT, SECCOMP_RET_KILL_THREAD);
	add_interval(m, t, UINT32_MAX, otherwise); // -1: a call that a tracer cancelled
}

// A stretch of intervals that is one answer with few exceptions.
struct stretch {
	uint64_t rule; // the answer of the longest interval
	size_t n;      // exceptions
	struct {
		uint32_t nr;
		uint64_t leaf;
	} except[MAX_EXCEPTIONS];
};

static uint32_t last_of(const struct arch_tree *t, size_t i)
{
	return i + 1 < t->n_intervals ? t->intervals[i + 1].start - 1 : UINT32_MAX;
}

// Whether intervals [lo, hi) are such a stretch.
static bool stretch_of(const struct arch_tree *t, size_t lo, size_t hi, struct stretch *ret)
{
	size_t longest = lo;

	if (hi - lo > 2 * MAX_EXCEPTIONS + 1)
		return false;
	for (size_t i = lo; i < hi; i++)
		if (last_of(t, i) - t->intervals[i].start > last_of(t, longest) - t->intervals[longest].start)
			longest = i;
	*ret = (struct stretch){.rule = t->intervals[longest].leaf};
	for (size_t i = lo; i < hi; i++) {
		uint32_t nr = t->intervals[i].start, more = last_of(t, i) - nr;
		if (t->intervals[i].leaf == ret->rule)
			continue;
		if (more >= MAX_EXCEPTIONS || ret->n + more >= MAX_EXCEPTIONS)
			return false;
		for (uint32_t k = 0; k <= more; k++) {
			ret->except[ret->n].nr = nr + k;
			ret->except[ret->n++].leaf = t->intervals[i].leaf;
		}
	}
	return true;
}

// Cuts the intervals into stretches, each as long as can be.
static void make_stretches(struct emitter *m, struct arch_tree *t)
{
	struct stretch s = {0};
	size_t lo = 0;

	t->stretches = arena_new_n(&m->arena, size_t, t->n_intervals + 1);
	while (lo < t->n_intervals) {
		size_t hi = lo + 1;
		while (hi < t->n_intervals && stretch_of(t, lo, hi + 1, &s))
			hi++;
		t->stretches[t->n_stretches++] = lo;
		lo = hi;
	}
	t->stretches[t->n_stretches] = t->n_intervals;
}

// Puts an instruction before all others written so far; returns its place.
static long put_before(struct emitter *m, uint16_t code, uint32_t k, long jt, long jf)
{
	long at = -1 - (long)m->back;

	if (m->back < MAX_INSNS)
		m->reversed[m->back] = (struct sock_filter){code, 0, 0, k};
	if (m->back < MAX_INSNS && BPF_CLASS(code) == BPF_JMP) {
		if (code == (BPF_JMP | BPF_JA)) {
			m->reversed[m->back].k = (uint32_t)(jt - at - 1);
		} else {
			m->reversed[m->back].jt = (uint8_t)(jt - at - 1);
			m->reversed[m->back].jf = (uint8_t)(jf - at - 1);
		}
	}
	m->back++;
	return at;
}

// How far the next instruction would have to jump to a place.
static long leap(const struct emitter *m, long to)
{
	return to + (long)m->back + 1;
}

// A place from where `to` is reached, near enough for a comparison.
static long near(struct emitter *m, long to)
{
	return leap(m, to) <= MAX_JUMP ? to : put_before(m, BPF_JMP | BPF_JA, 0, to, 0);
}

// The same for a leaf: a copy that is near enough, made if there is none.
static long answer_near(struct emitter *m, uint64_t leaf)
{
	struct answer *a = NULL;

	for (size_t i = 0; i < m->n_answers; i++)
		if (m->answers[i].leaf == leaf)
			a = &m->answers[i];
	if (a && leap(m, a->at) <= MAX_JUMP)
		return a->at;
	if (!a) {
		a = arena_append(&m->arena, m->answers, m->n_answers);
		a->leaf = leaf;
		a->at = leaf & LEAF_CHECKS ? m->blocks[leaf & ~LEAF_CHECKS].at : LONG_MAX / 2;
	}
	a->at = leaf & LEAF_CHECKS ? near(m, m->blocks[leaf & ~LEAF_CHECKS].at)
				   : put_before(m, BPF_RET | BPF_K, (uint32_t)leaf, 0, 0);
	return a->at;
}

// These return the place where the part begins.
static long put_stretch(struct emitter *m, const struct stretch *s)
{
	long next = answer_near(m, s->rule);

	for (size_t i = s->n; i-- > 0;) {
		long answer = answer_near(m, s->except[i].leaf);
		next = put_before(m, BPF_JMP | BPF_JEQ | BPF_K, s->except[i].nr, answer, near(m, next));
	}
	return next;
}

static long put_tree(struct emitter *m, const struct arch_tree *t, size_t lo, size_t hi)
{
	struct stretch s = {0};

	if (hi - lo == 1) {
		stretch_of(t, t->stretches[lo], t->stretches[hi], &s);
		return put_stretch(m, &s);
	}
	size_t mid = lo + (hi - lo) / 2;
	long right = put_tree(m, t, mid, hi), left = put_tree(m, t, lo, mid);
	right = near(m, right);
	left = near(m, left);
	return put_before(m, BPF_JMP | BPF_JGE | BPF_K, t->intervals[t->stretches[mid]].start, right, left);
}

static void put_arch(struct emitter *m, struct arch_tree *t)
{
	long root = put_tree(m, t, 0, t->n_stretches);

	if (leap(m, root) != 1)
		put_before(m, BPF_JMP | BPF_JA, 0, root, 0);
	t->at = put_before(m, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
}

static void put_program(struct emitter *m)
{
	size_t n = m->plan->n_archs;
	long next;

	for (size_t i = 0; i < n; i++) {
		m->trees[i].audit = m->plan->archs[i].audit;
		make_intervals(m, &m->trees[i], &m->plan->archs[i]);
		make_stretches(m, &m->trees[i]);
	}
	for (size_t i = 0; i < m->n_blocks; i++) {
		m->blocks[i].at = (long)m->n;
		put_block(m, &m->blocks[i]);
	}
	for (size_t i = n; i-- > 0;)
		put_arch(m, &m->trees[i]);
	next = answer_near(m, SECCOMP_RET_KILL_THREAD);
	for (size_t i = n; i-- > 0;) {
		long tree = near(m, m->trees[i].at);
		next = put_before(m, BPF_JMP | BPF_JEQ | BPF_K, m->trees[i].audit, tree, near(m, next));
	}
	put_before(m, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
}

int seccomp_emit(const struct seccomp_plan *p, struct sock_filter **ret, uint16_t *ret_n, struct err *e)
{
	struct emitter *m = xnew(struct emitter);
	size_t total;
	int r = 0;

	m->plan = p;
	put_program(m);
	total = m->back + m->n;
	if (total > MAX_INSNS) {
		r = err_set(e, ERR_UNSUPPORTED, E2BIG,
			    "seccomp: the filter needs %zu instructions, the kernel takes %d: fewer or simpler "
			    "argument rules are needed",
			    total, MAX_INSNS);
	} else {
		struct sock_filter *f = xnew_n(struct sock_filter, total);
		for (size_t i = 0; i < m->back; i++)
			f[i] = m->reversed[m->back - 1 - i];
		memcpy(f + m->back, m->code, m->n * sizeof(*f));
		*ret = f;
		*ret_n = (uint16_t)total;
	}
	arena_done(&m->arena);
	free(m);
	return r;
}
