// SPDX-License-Identifier: GPL-2.0-only
/* Replace the blocks of the profile by those of a draft. */
#include "hostile/become.h"
#include "hostile/cases.h"
#include "hostile/draft.h"
#include "hostile/raw.h"
#include "hostile/valid.h"

static size_t count_bars(const struct hostile *h)
{
	size_t i, nr = 0;

	for (i = 0; i < NR_BARS; i++)
		nr += h->len[i] != 0;
	return nr;
}

static int init_block(struct block *b, struct hostile *h, u8 bar)
{
	block_place(b, bar, 0);
	b->kind = KIND_HIDDEN;
	b->model = &model_raw;
	b->priv = h;
	if (block_alloc_regs(b, h->len[bar]))
		return -1;
	return b->model->init(b, NULL);
}

/* Create one block per BAR. */
static int replace_blocks(struct card *c, struct hostile *h)
{
	struct block *b;
	u8 bar;

	card_free_blocks(c);
	if (card_alloc_blocks(c, count_bars(h)))
		return -1;
	b = c->blocks;
	for (bar = 0; bar < NR_BARS; bar++)
		if (h->len[bar] && init_block(b++, h, bar))
			return -1;
	return 0;
}

static struct hostile *make_draft(struct card *c, u64 seed, const char *name)
{
	struct hostile *h = hostile_new(c->bars, &c->cfg.id, seed);

	if (!h)
		return NULL;
	hostile_make_valid(h);
	h->flush = &c->watch.flush;
	if (hostile_make_wrong(h, seed, name) || replace_blocks(c, h)) {
		hostile_free(h);
		return NULL;
	}
	return h;
}

static void announce_lists(struct card *c, const struct hostile *h)
{
	c->cfg.id.vsec = h->vsec;
	c->cfg.id.vsec.present = true;
	config_set_vsec(&c->cfg, h->vsec_id, h->vsec_len);
}

static void forget_faults(struct card *c)
{
	card_own(c, false);
	c->watch.flush = (struct range){ 0 };
	c->stray = 0;
	c->faults.vanish_at = 0;
	card_return(c);
}

static void plan_faults(struct card *c, const struct hostile *h)
{
	c->irq.storm = h->storm;
	c->cfg.master_stuck = h->master_stuck;
	if (h->vanish_after)
		c->faults.vanish_at = c->accesses + h->vanish_after;
	c->faults.master_at = h->master_after ? c->accesses + h->master_after : 0;
	if (h->master_stuck)
		config_set_master(&c->cfg);
	irq_update(&c->irq);
}

/**
 * hostile_become() - turn the card into a hostile card, as if reconfigured
 * @c: card; no driver is bound; BARs and vectors are kept
 * @seed: seed of all random choices
 * @name: name of a case; NULL: @seed chooses the case
 *
 * Return: 0, or -1 if there is no such case or no memory.
 */
int hostile_become(struct card *c, u64 seed, const char *name)
{
	struct hostile *h;

	if (c->bars[0].size < SMALLEST_BAR || !c->cfg.id.vsec.present)
		return -1;
	h = make_draft(c, seed, name);
	if (!h)
		return -1;
	hostile_free(c->hostile);
	c->hostile = h;
	announce_lists(c, h);
	forget_faults(c);
	plan_faults(c, h);
	return 0;
}
