// SPDX-License-Identifier: Apache-2.0
// From the rules of linux.seccomp to a decision for every system call of every ABI.
//
// Theory of operation. Container profiles are written against libseccomp's semantics, so these are kept (the unit
// tests decide every call by both):
// - Rules whose action is the default one are no rules.
// - A rule without conditions beats all rules with conditions for its call, wherever it stands; of several such
//   rules the first counts.
// - Conditions of one rule are and-ed, rules of one call are or-ed. Repeating an argument's index in a rule makes
//   each of its conditions a rule of its own (what runc does since before there was a specification).
// - Rules with different actions that can hold at once are tried in a fixed order, not in the profile's: higher
//   argument first; equality before "less", "less" before "greater"; the more demanding value first. The same
//   conditions with another action are an error, and so is a rule that is a prefix of an earlier, longer one with
//   another action.
// - ABIs of 32 bits compare the low word alone.
// - On i386 the socket and System V IPC calls exist twice: directly, and multiplexed through socketcall(2) and ipc(2)
//   by a number in argument 0. A rule for one of them becomes a rule for both ways; conditions on argument 0 of the
//   multiplexed way are lost, because the real arguments are out of a filter's sight there.
#include "kernel/seccomp_plan.h"

#include "base/log.h"
#include "base/str.h"

#include <assert.h>
#include <linux/seccomp.h>
#include <stdlib.h>

enum { DENSE = 1024, MAX_ERRNO = 4095 };
static_assert(sizeof(struct seccomp_cond) == 24 && sizeof(struct seccomp_check) == 8 + SECCOMP_ARGS * 24,
	      "compared as bytes: no padding");

// While one ABI is planned.
struct builder {
	struct seccomp_plan *plan;
	struct seccomp_arch_plan *arch;
	const struct seccomp_abi *abi;
	uint16_t index[DENSE]; // number without the ABI's offset -> entry + 1
};

void seccomp_plan_done(struct seccomp_plan *p)
{
	arena_done(&p->arena);
	*p = (struct seccomp_plan){0};
}

static int action_value(enum oci_seccomp_action a, const struct opt_u32 *data, uint32_t *ret, struct err *e)
{
	static const uint32_t values[] = {
		[OCI_ACT_KILL] = SECCOMP_RET_KILL_THREAD, [OCI_ACT_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
		[OCI_ACT_TRAP] = SECCOMP_RET_TRAP,        [OCI_ACT_ERRNO] = SECCOMP_RET_ERRNO,
		[OCI_ACT_TRACE] = SECCOMP_RET_TRACE,      [OCI_ACT_ALLOW] = SECCOMP_RET_ALLOW,
		[OCI_ACT_LOG] = SECCOMP_RET_LOG,          [OCI_ACT_NOTIFY] = SECCOMP_RET_USER_NOTIF,
	};
	bool takes_data = a == OCI_ACT_ERRNO || a == OCI_ACT_TRACE;
	uint32_t max = a == OCI_ACT_ERRNO ? MAX_ERRNO : SECCOMP_RET_DATA;

	if (a < OCI_ACT_KILL || a > OCI_ACT_NOTIFY)
		return err_invalid(e, "unknown action %d", (int)a);
	if (data->set && !takes_data)
		return err_invalid(e, "errnoRet is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE only");
	if (data->set && data->v > max)
		return err_invalid(e, "errnoRet %u is more than %u", data->v, max);
	*ret = values[a] | (takes_data ? (data->set ? data->v : EPERM) : 0);
	return 0;
}

// The entry of a number, made on demand.
static struct seccomp_entry *entry_of(struct builder *b, int32_t nr)
{
	struct seccomp_arch_plan *a = b->arch;
	uint32_t full = (uint32_t)nr + b->abi->nr_offset;
	struct seccomp_entry *en;

	if (nr < DENSE && b->index[nr])
		return &a->entries[b->index[nr] - 1];
	for (size_t i = 0; nr >= DENSE && i < a->n_entries; i++)
		if (a->entries[i].nr == full)
			return &a->entries[i];
	en = arena_append(&b->plan->arena, a->entries, a->n_entries);
	en->nr = full;
	en->is_64 = b->abi->is_64;
	if (nr < DENSE)
		b->index[nr] = (uint16_t)a->n_entries;
	return en;
}

// One comparison as a filter makes it, word by word: what the order of rules is defined on.
struct word_test {
	unsigned word; // 2 * argument, and 1 for the high half: higher ones come first
	unsigned rank; // of the operator: higher ones come first
	unsigned kind; // which comparison instruction
	uint32_t mask, datum;
};

static struct word_test word_test_at(const struct seccomp_check *c, bool is_64, unsigned depth)
{
	enum { KIND_EQ, KIND_MASKED, KIND_GT, KIND_GE };
	const struct seccomp_cond *k = &c->cond[is_64 ? depth / 2 : depth];
	bool high = is_64 && depth % 2 == 0;
	struct word_test t = {.word = 2U * k->arg + high,
			      .mask = (uint32_t)(high ? k->mask >> 32 : k->mask),
			      .datum = (uint32_t)(high ? k->datum >> 32 : k->datum)};

	switch ((enum oci_seccomp_op)k->op) {
	case OCI_SCMP_EQ:
	case OCI_SCMP_NE: t.rank = 3, t.kind = KIND_EQ; break;
	case OCI_SCMP_MASKED_EQ: t.rank = 3, t.kind = KIND_MASKED; break;
	case OCI_SCMP_LE: t.rank = 2, t.kind = KIND_GT; break;
	case OCI_SCMP_LT: t.rank = 2, t.kind = high ? KIND_GT : KIND_GE; break;
	case OCI_SCMP_GT: t.rank = 1, t.kind = KIND_GT; break;
	case OCI_SCMP_GE: t.rank = 1, t.kind = high ? KIND_GT : KIND_GE; break;
	}
	return t;
}

static bool word_test_eq(const struct word_test *a, const struct word_test *b)
{
	return a->word == b->word && a->kind == b->kind && a->mask == b->mask && a->datum == b->datum;
}

// Whether b goes before a.
static bool word_test_after(const struct word_test *a, const struct word_test *b)
{
	if (a->word != b->word)
		return a->word < b->word;
	if (a->rank != b->rank)
		return a->rank < b->rank;
	return a->rank == 2 ? a->datum > b->datum : a->datum < b->datum;
}

// Where c belongs among checks [lo, hi), which all begin with the same `depth` word tests as c does.
static size_t place_of(const struct seccomp_entry *en, const struct seccomp_check *c, size_t lo, size_t hi,
		       unsigned depth)
{
	unsigned words = en->is_64 ? 2 : 1;

	if (depth >= c->n * words)
		return lo;
	struct word_test mine = word_test_at(c, en->is_64, depth);
	for (size_t i = lo, end; i < hi; i = end) {
		end = i + 1;
		if (depth >= en->checks[i].n * words)
			continue;
		struct word_test first = word_test_at(&en->checks[i], en->is_64, depth);
		for (; end < hi && depth < en->checks[end].n * words; end++) {
			struct word_test t = word_test_at(&en->checks[end], en->is_64, depth);
			if (!word_test_eq(&first, &t))
				break;
		}
		if (word_test_eq(&first, &mine))
			return place_of(en, c, i, end, depth + 1);
		if (word_test_after(&first, &mine))
			return i;
	}
	return hi;
}

// Adds a check to a call. -EEXIST when it contradicts an earlier one.
static int entry_add(struct arena *a, struct seccomp_entry *en, const struct seccomp_check *c)
{
	struct seccomp_check *place, *last;

	if (en->fixed)
		return 0;
	if (!c->n) {
		en->fixed = true;
		en->action = c->action;
		en->checks = NULL;
		en->n_checks = 0;
		return 0;
	}
	for (size_t i = 0; i < en->n_checks; i++) {
		const struct seccomp_check *x = &en->checks[i];
		if (memcmp(x->cond, c->cond, MIN(x->n, c->n) * sizeof(c->cond[0])) != 0)
			continue;
		if (x->n < c->n || (x->n == c->n && x->action == c->action))
			return 0; // the earlier, wider one stays
		if (x->action != c->action)
			return -EEXIST;
	}
	size_t at = place_of(en, c, 0, en->n_checks, 0);
	last = arena_append(a, en->checks, en->n_checks);
	place = &en->checks[at];
	memmove(place + 1, place, (size_t)(last - place) * sizeof(*c));
	*place = *c;
	return 0;
}

// Cuts conditions to the ABI's width and drops those that always hold.
static void normalise(struct seccomp_check *c, bool is_64)
{
	uint64_t width = is_64 ? UINT64_MAX : UINT32_MAX;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		struct seccomp_cond k = c->cond[i];
		k.mask &= width;
		k.datum &= k.mask;
		if (k.op != OCI_SCMP_MASKED_EQ || k.mask)
			c->cond[n++] = k;
	}
	c->n = n;
	memset(&c->cond[n], 0, (SECCOMP_ARGS - n) * sizeof(c->cond[0]));
}

static int add_direct(struct builder *b, int32_t nr, const struct seccomp_check *c)
{
	struct seccomp_check cut = *c;

	normalise(&cut, b->abi->is_64);
	return entry_add(&b->plan->arena, entry_of(b, nr), &cut);
}

// The same through socketcall or ipc: argument 0 selects the call.
static int add_multiplexed(struct builder *b, uint8_t mux, const struct seccomp_check *c)
{
	int32_t nr = mux & MUX_IPC ? b->abi->ipc : b->abi->socketcall;
	struct seccomp_check m = {.action = c->action, .n = 1};

	if (mux == MUX_NONE || nr < 0)
		return 0;
	m.cond[0] = (struct seccomp_cond){.op = OCI_SCMP_EQ, .mask = UINT64_MAX, .datum = mux & ~MUX_IPC};
	for (uint32_t i = 0; i < c->n; i++)
		if (c->cond[i].arg != 0)
			m.cond[m.n++] = c->cond[i];
	return add_direct(b, nr, &m);
}

static int add_check(struct builder *b, const struct seccomp_syscall *row, const struct seccomp_check *c)
{
	int32_t nr = row->nr[b->abi->column];
	int r = add_multiplexed(b, row->mux, c);

	return r < 0 || nr < 0 ? r : add_direct(b, nr, c);
}

static int make_cond(const struct oci_seccomp_arg *a, struct seccomp_cond *ret, struct err *e)
{
	if (a->index >= SECCOMP_ARGS)
		return err_invalid(e, "argument index %u: system calls have arguments 0 to 5", a->index);
	if (a->op < OCI_SCMP_NE || a->op > OCI_SCMP_MASKED_EQ)
		return err_invalid(e, "argument %u: unknown operator %d", a->index, (int)a->op);
	memset(ret, 0, sizeof(*ret));
	ret->arg = (uint8_t)a->index;
	ret->op = (uint8_t)a->op;
	ret->mask = a->op == OCI_SCMP_MASKED_EQ ? a->value : UINT64_MAX;
	ret->datum = a->op == OCI_SCMP_MASKED_EQ ? a->value_two : a->value;
	return 0;
}

// A rule, resolved: what every ABI adds for it.
struct rule {
	struct seccomp_check *checks;
	size_t n_checks;
	const struct seccomp_syscall **rows;
	const char **names;
	size_t n_rows;
	size_t number; // in the profile
};

static int rule_conditions(struct arena *a, const struct oci_seccomp_rule *o, uint32_t action, struct rule *ret,
			   struct err *e)
{
	const struct seccomp_cond *of_arg[SECCOMP_ARGS] = {0};
	struct seccomp_cond *conds = arena_new_n(a, struct seccomp_cond, o->n_args + 1);
	bool repeated = false;
	struct seccomp_check *c;

	for (size_t i = 0; i < o->n_args; i++) {
		int r = make_cond(&o->args[i], &conds[i], e);
		if (r < 0)
			return r;
		repeated |= of_arg[conds[i].arg] != NULL;
		of_arg[conds[i].arg] = &conds[i];
	}
	ret->n_checks = repeated ? o->n_args : 1;
	ret->checks = arena_new_n(a, struct seccomp_check, ret->n_checks);
	for (size_t i = 0; repeated && i < o->n_args; i++) {
		ret->checks[i].action = action;
		ret->checks[i].cond[0] = conds[i];
		ret->checks[i].n = 1;
	}
	if (repeated)
		return 0;
	c = &ret->checks[0];
	c->action = action;
	for (size_t i = 0; i < SECCOMP_ARGS; i++)
		if (of_arg[i])
			c->cond[c->n++] = *of_arg[i];
	return 0;
}

static int rule_names(struct arena *a, const struct oci_seccomp_rule *o, struct rule *ret, struct err *e)
{
	if (!o->names.n)
		return err_invalid(e, "no system call is named");
	ret->rows = arena_new_n(a, const struct seccomp_syscall *, o->names.n);
	ret->names = arena_new_n(a, const char *, o->names.n);
	for (size_t i = 0; i < o->names.n; i++) {
		const struct seccomp_syscall *row = seccomp_find_syscall(o->names.v[i]);
		if (str_empty(o->names.v[i]))
			return err_invalid(e, "an empty string is no system call");
		if (!row) {
			log_debug("seccomp: no system call %s on this machine, skipped", o->names.v[i]);
			continue;
		}
		ret->names[ret->n_rows] = o->names.v[i];
		ret->rows[ret->n_rows++] = row;
	}
	return 0;
}

// Reads one rule; *ret_skip: its action is the default one.
static int rule_read(struct seccomp_plan *p, const struct oci_seccomp_rule *o, struct rule *ret, bool *ret_skip,
		     struct err *e)
{
	uint32_t action = 0;
	int r;

	if ((r = action_value(o->action, &o->errno_ret, &action, e)) < 0 ||
	    (r = rule_names(&p->arena, o, ret, e)) < 0 || (r = rule_conditions(&p->arena, o, action, ret, e)) < 0)
		return r;
	for (size_t i = 0; o->action == OCI_ACT_NOTIFY && i < ret->n_rows; i++)
		if (str_eq(ret->names[i], "write"))
			return err_invalid(e,
					   "SCMP_ACT_NOTIFY cannot be used for write: the container's start needs it");
	p->needs_notify |= o->action == OCI_ACT_NOTIFY;
	*ret_skip = action == p->default_action;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	uint32_t x = ((const struct seccomp_entry *)a)->nr, y = ((const struct seccomp_entry *)b)->nr;

	return x < y ? -1 : x > y;
}

static int plan_abi(struct seccomp_plan *p, const struct seccomp_abi *abi, const struct rule *rules, size_t n_rules,
		    struct err *e)
{
	struct builder b = {.plan = p, .abi = abi};

	for (size_t i = 0; i < p->n_archs; i++)
		if (p->archs[i].audit == abi->audit)
			b.arch = &p->archs[i];
	if (!b.arch) {
		b.arch = &p->archs[p->n_archs++];
		b.arch->audit = abi->audit;
		b.arch->refuse_x32 = abi->column == COL_X86_64;
	} else {
		b.arch->refuse_x32 = false;
	}
	for (const struct rule *r = rules; r < rules + n_rules; r++)
		for (size_t i = 0; i < r->n_rows; i++)
			for (size_t k = 0; k < r->n_checks; k++)
				if (add_check(&b, r->rows[i], &r->checks[k]) < 0)
					return err_set(e, ERR_INVALID, EEXIST,
						       "seccomp rule %zu: %s: an earlier rule gives another action "
						       "for the same conditions",
						       r->number, r->names[i]);
	return 0;
}

// Whether the profile lists this ABI; the native one always counts as listed.
static bool abi_wanted(const struct oci_seccomp *p, const struct seccomp_abi *abi)
{
	if (abi == &seccomp_abis[0])
		return true;
	for (size_t i = 0; i < p->architectures.n; i++)
		if (str_eq(p->architectures.v[i], abi->name))
			return true;
	return false;
}

static int check_architectures(const struct oci_seccomp *p, struct err *e)
{
	for (size_t i = 0; i < p->architectures.n; i++)
		if (!seccomp_is_arch_name(p->architectures.v[i]))
			return err_invalid(e, "seccomp architecture %s is unknown", p->architectures.v[i]);
	return 0;
}

static int read_rules(struct seccomp_plan *plan, const struct oci_seccomp *p, struct rule *rules, size_t *ret_n,
		      struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rules; i++) {
		bool skip = false;
		rules[n] = (struct rule){.number = i};
		int r = rule_read(plan, &p->rules[i], &rules[n], &skip, e);
		if (r < 0)
			return err_wrap(e, r, "seccomp rule %zu%s%s", i, p->rules[i].names.n ? ": " : "",
					p->rules[i].names.n ? p->rules[i].names.v[0] : "");
		n += !skip;
	}
	*ret_n = n;
	return 0;
}

static int plan_all(struct seccomp_plan *plan, const struct oci_seccomp *p, struct err *e)
{
	struct rule *rules = arena_new_n(&plan->arena, struct rule, p->n_rules + 1);
	size_t n_rules = 0;
	int r = action_value(p->default_action, &p->default_errno_ret, &plan->default_action, e);

	if (r < 0)
		return err_wrap(e, r, "seccomp default action");
	if (p->default_action == OCI_ACT_NOTIFY)
		return err_invalid(e, "seccomp: SCMP_ACT_NOTIFY cannot be the default action");
	if ((r = check_architectures(p, e)) < 0 || (r = read_rules(plan, p, rules, &n_rules, e)) < 0)
		return r;
	for (size_t i = 0; i < seccomp_n_abis; i++)
		if (abi_wanted(p, &seccomp_abis[i]) && (r = plan_abi(plan, &seccomp_abis[i], rules, n_rules, e)) < 0)
			return r;
	for (size_t i = 0; i < plan->n_archs; i++)
		if (plan->archs[i].n_entries)
			qsort(plan->archs[i].entries, plan->archs[i].n_entries, sizeof(struct seccomp_entry),
			      compare_entries);
	return 0;
}

int seccomp_plan_make(const struct oci_seccomp *p, struct seccomp_plan *ret, struct err *e)
{
	struct seccomp_plan plan = {0};
	int r = plan_all(&plan, p, e);

	if (r < 0) {
		seccomp_plan_done(&plan);
		return r;
	}
	*ret = plan;
	return 0;
}
