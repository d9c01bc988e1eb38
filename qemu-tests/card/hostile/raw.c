// SPDX-License-Identifier: GPL-2.0-only
/* Model of hostile cards: a block per BAR, with the behaviour of the draft. */
#include <unistd.h>

#include "hostile/draft.h"
#include "hostile/raw.h"
#include "lib/dfl.h"

/* Reads until a request is acknowledged, on average */
#define ACK_READS	2

static int raw_init(struct block *b, const json_t *spec)
{
	struct hostile *h = b->priv;
	u64 off;
	u32 i;

	(void)spec;
	for (off = 0; off < b->size; off += 8)
		block_add_special(b, off, h->word[b->bar][off / 8], REG_HOOKED);
	for (i = 0; i < h->nr_places; i++)
		if (h->place[i].kind == PLACE_PORT && h->place[i].bar == b->bar)
			block_reg(b, h->place[i].off + DFL_PORT_CTRL)->flags |=
				REG_PORT_CTRL;
	return 0;
}

static void stall(struct hostile *h)
{
	if (h->stall_us && h->nr_reads % h->stall_every == 0)
		usleep(h->stall_us);
}

static u64 acknowledge(struct hostile *h, u64 ctrl)
{
	bool reset = ctrl & DFL_PORT_CTRL_RESET, ack = reset;

	switch (h->ack) {
	case ACK_GOOD:
		if (hostile_pick(h, ACK_READS))
			return ctrl;
		break;
	case ACK_NEVER:
		return ctrl;
	case ACK_ALWAYS:
		ack = true;
		break;
	case ACK_NO_END:
		ack = reset || ctrl & DFL_PORT_CTRL_ACK;
		break;
	case ACK_RANDOM:
		ack = hostile_pick(h, 2);
		break;
	case ACK_ONES:
		return ALL_ONES;
	}
	return ack ? ctrl | DFL_PORT_CTRL_ACK : ctrl & ~DFL_PORT_CTRL_ACK;
}

/*
 * The driver has to read each word of a header only once, except the first
 * header, which the driver also reads to flush writes.
 */
static void count_read(struct hostile *h, const struct block *b, u64 off)
{
	u8 *seen = &h->seen[b->bar][off / 8];

	if (!h->flush->len && block_reg(b, off)->value)
		*h->flush = (struct range){ b->bar, off, 8 };
	if (*seen == 1)
		h->reread++;
	if (*seen < 2)
		++*seen;
}

static u64 raw_read(struct block *b, u64 off)
{
	struct hostile *h = b->priv;
	struct reg *r = block_reg(b, off);

	h->nr_reads++;
	stall(h);
	if (r->flags & REG_PORT_CTRL)
		return r->value = acknowledge(h, r->value);
	count_read(h, b, off);
	if (h->change && h->seen[b->bar][off / 8] > 1)
		return r->value ^ hostile_random(h);
	return r->value;
}

static void note_write(struct hostile *h, u8 bar, u64 off)
{
	u32 i;

	for (i = 0; i < h->nr_written && i < HOSTILE_MAX_WRITTEN; i++)
		if (h->written[i].bar == bar && h->written[i].off == off)
			return;
	if (h->nr_written < HOSTILE_MAX_WRITTEN)
		h->written[h->nr_written] = (struct range){ bar, off, 8 };
	h->nr_written++;
}

static void raw_write(struct block *b, u64 off, u64 value, u64 bits)
{
	struct reg *r = block_reg(b, off);

	(void)bits;
	note_write(b->priv, b->bar, off);
	if (r->flags & REG_PORT_CTRL)
		r->value = (r->value & ~DFL_PORT_CTRL_RESET) |
			   (value & DFL_PORT_CTRL_RESET);
}

const struct model model_raw = {
	.name = "raw",
	.init = raw_init,
	.read = raw_read,
	.write = raw_write,
};
