// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations come in chains. A chain that reached new code of the module is
 * kept; later chains may start with the operations of a kept one. The numbers
 * of the kept chains reproduce a run, also on kernels without KCOV.
 */
#include "fuzz.h"

/* The random numbers of an operation depend only on its place in the run. */
static u64 fresh_seed(const struct worker *w, u64 op)
{
	return w->t->opt->seed * 0x100000001b3ULL +
	       ((u64)w->t->tag << 56 | (u64)w->nr << 48 | op);
}

static void chain_begin(struct worker *w)
{
	struct chain *c = &w->chain;
	u64 i;

	c->nr = w->op / CHAIN;
	for (i = 0; i < CHAIN; i++)
		c->seed[i] = fresh_seed(w, w->op + i);
	w->rng = ~c->seed[0];
	if (w->nr_kept && chance(w, 2))
		memcpy(c->seed, w->kept[below(w, w->nr_kept)].seed,
		       (1 + below(w, CHAIN - 1)) * sizeof(u64));
}

/* Seed of the next operation */
u64 chain_seed(struct worker *w)
{
	if (w->op % CHAIN == 0)
		chain_begin(w);
	return w->chain.seed[w->op % CHAIN];
}

static bool is_listed(const char *list, u64 nr)
{
	char *end;

	for (; *list; list = *end ? end + 1 : end)
		if (strtoull(list, &end, 10) == nr)
			return true;
	return false;
}

/*
 * Keep the chain of the last operation, if it ended and is worth
 * it
 */
void chain_done(struct worker *w)
{
	const struct options *opt = w->t->opt;
	bool keep;

	if (w->op % CHAIN != CHAIN - 1)
		return;
	keep = kcov_new(w) && opt->feedback;
	if (opt->kept)
		keep = is_listed(opt->kept, w->chain.nr);
	if (keep && w->nr_kept < MAX_KEPT)
		w->kept[w->nr_kept++] = w->chain;
}

/* Print the option that reproduces the run. */
void say_kept(const struct worker *w)
{
	u32 i;

	for (i = 0; i < w->nr_kept; i++)
		fprintf(stderr, "%s%lu", i ? "," : "# the same again: --kept=",
			w->kept[i].nr);
	if (w->nr_kept)
		fprintf(stderr, "\n");
}
