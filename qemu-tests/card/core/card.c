// SPDX-License-Identifier: GPL-2.0-only
/* The card: blocks, resets, loss and return. */
#include <stdlib.h>
#include <string.h>

#include "core/card.h"

struct card *card_new(struct log *log)
{
	struct card *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->log = log;
	c->cfg.log = log;
	irq_init(&c->irq, &c->cfg);
	c->dma = dma_new(&c->cfg);
	return c->dma ? c : NULL;
}

/* Allocate @nr blocks, which the caller fills in. */
int card_alloc_blocks(struct card *c, size_t nr)
{
	size_t i;

	c->blocks = calloc(nr, sizeof(*c->blocks));
	if (!c->blocks)
		return -1;
	c->nr_blocks = nr;
	for (i = 0; i < nr; i++) {
		c->blocks[i].log = c->log;
		c->blocks[i].dma = c->dma;
		c->blocks[i].clock = &c->accesses;
		c->blocks[i].checker = &c->checker;
		irq_add_source(&c->irq, &c->blocks[i].irq);
	}
	return 0;
}

void card_free_blocks(struct card *c)
{
	size_t i;

	irq_drop_sources(&c->irq);
	for (i = 0; i < c->nr_blocks; i++)
		block_release(&c->blocks[i]);
	free(c->blocks);
	c->blocks = NULL;
	c->nr_blocks = 0;
}

/* Return the block that decodes @off of @bar, or NULL. */
struct block *card_find_block(struct card *c, u8 bar, u64 off)
{
	size_t i;

	for (i = 0; i < c->nr_blocks; i++) {
		struct block *b = &c->blocks[i];

		if (b->bar == bar && off >= b->offset &&
		    off - b->offset < b->size)
			return b;
	}
	return NULL;
}

struct block *card_block_named(struct card *c, const char *name)
{
	size_t i;

	for (i = 0; name && i < c->nr_blocks; i++)
		if (!strcmp(c->blocks[i].name, name))
			return &c->blocks[i];
	return NULL;
}

/* Reset the card to its state after power-up; @what is the cause in the log. */
void card_reset(struct card *c, const char *what)
{
	size_t i;

	log_event(c->log, "reset", "{s:s}", "what", what);
	config_reset(&c->cfg);
	for (i = 0; i < c->nr_blocks; i++)
		block_reset(&c->blocks[i]);
	irq_reset(&c->irq);
}

/* Block the AFUs of the card, as the protocol checker does after an error. */
void card_protocol_error(struct card *c, u64 error)
{
	c->checker.blocked = true;
	c->checker.error |= error;
	log_event(c->log, "protocol-error", "{s:o}", "error", log_hex(error));
}

static void set_vanished(struct card *c, bool vanished)
{
	c->vanished = vanished;
	c->irq.muted = vanished;
	log_event(c->log, vanished ? "vanish" : "return", "{}");
}

/* Return all-ones for reads and drop writes until card_return(). */
void card_vanish(struct card *c)
{
	set_vanished(c, true);
}

/* Restore the link of a card that vanished, which resets the card. */
void card_return(struct card *c)
{
	if (!c->vanished)
		return;
	set_vanished(c, false);
	card_reset(c, "return");
}

/* The link was only silent for a time: the card keeps its state. */
void card_reappear(struct card *c)
{
	if (c->vanished)
		set_vanished(c, false);
}

/* Start or stop watching for accesses outside of owned blocks. */
void card_own(struct card *c, bool on)
{
	struct watch *w = &c->watch;
	size_t i;

	*w = (struct watch){ .on = on, .flush = w->flush };
	for (i = 0; i < c->nr_blocks; i++)
		c->blocks[i].owned = false;
}

/* Count an access of the driver, and trigger the faults that are due. */
void card_count_access(struct card *c)
{
	if (c->vanished)
		return;
	c->accesses++;
	if (c->accesses == c->faults.master_at)
		config_set_master(&c->cfg);
	if (c->accesses == c->faults.vanish_at)
		card_vanish(c);
}
