// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts: block causes in; INTx, MSI-X and pending bits out. */
#include <unistd.h>

#include "card.h"

void irq_init(struct card *c)
{
	u32 i;

	c->irq.intx_fd = -1;
	for (i = 0; i < CARD_MAX_VECTORS; i++)
		c->irq.msix_fd[i] = -1;
}

static bool signal_fd(int fd)
{
	u64 one = 1;

	return fd >= 0 && write(fd, &one, sizeof(one)) == sizeof(one);
}

static void swap_fd(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void set_intx_line(struct card *c, bool on)
{
	if (c->irq.intx_line == on)
		return;
	c->irq.intx_line = on;
	if (!c->irq_log_off)
		log_event(c->log, "intx", "{s:b}", "level", on);
}

/*
 * The client masks the line with every signal and unmasks it when the guest
 * has dealt with it: a level that stands by then is signalled again.
 */
static void intx_update(struct card *c)
{
	struct irq *irq = &c->irq;
	const char *why = NULL;

	if (!c->id.pin || !irq->any_cause || config_msix_enabled(c) ||
	    config_intx_disabled(c)) {
		set_intx_line(c, false);
		return;
	}
	set_intx_line(c, true);
	if (irq->intx_masked)
		return;
	irq->intx_masked = true;
	c->intx_asserted++;
	if (!signal_fd(irq->intx_fd))
		why = "no eventfd";
	if (!c->irq_log_off)
		log_event(c->log, "intx", "{s:b,s:s*}", "delivered", !why,
			  "why", why);
}

static void log_msix(struct card *c, u32 vector, const char *outcome,
		     const char *why)
{
	if (!c->irq_log_off)
		log_event(c->log, "msix", "{s:i,s:s,s:s*}", "vector", vector,
			  "outcome", outcome, "why", why);
}

static const char *msix_held_by(const struct card *c)
{
	if (config_msix_masked(c))
		return "function mask";
	if (!config_bus_master(c) && !c->dishonest)
		return "bus master off";
	return NULL;
}

static void msix_send(struct card *c, u32 vector)
{
	c->irq.pending &= ~BIT_ULL(vector);
	c->msix_sent++;
	if (signal_fd(c->irq.msix_fd[vector]))
		log_msix(c, vector, "delivered", NULL);
	else
		log_msix(c, vector, "dropped", "no eventfd");
}

static void msix_event(struct card *c, u32 vector)
{
	const char *why = msix_held_by(c);

	if (!config_msix_enabled(c) || vector >= c->id.nr_vectors)
		return;
	if (!why) {
		msix_send(c, vector);
		return;
	}
	if (c->irq.pending & BIT_ULL(vector))
		return;
	c->irq.pending |= BIT_ULL(vector);
	log_msix(c, vector, "pending", why);
}

static void msix_events(struct card *c, u64 vectors)
{
	u32 i;

	for (i = 0; i < c->id.nr_vectors; i++)
		if (vectors & BIT_ULL(i))
			msix_event(c, i);
}

static u64 block_level(const struct block *b)
{
	if (!b->nr_vectors || b->first_vector >= CARD_MAX_VECTORS)
		return 0;
	return b->cause << b->first_vector;
}

static u64 all_vectors(const struct card *c)
{
	return c->id.nr_vectors ? GENMASK_ULL(c->id.nr_vectors - 1, 0) : 0;
}

/** irq_storm() - send every message there is, allowed or not */
void irq_storm(struct card *c)
{
	u32 i;

	if (c->vanished)
		return;
	for (i = 0; i < c->id.nr_vectors; i++)
		signal_fd(c->irq.msix_fd[i]);
}

/** irq_update() - causes of some block changed */
void irq_update(struct card *c)
{
	u64 old = c->irq.level, new = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < c->nr_blocks; i++) {
		new |= block_level(&c->blocks[i]);
		any |= c->blocks[i].cause;
	}
	if (c->irq_storm) {
		new = all_vectors(c);
		any = true;
	}
	c->irq.level = new;
	c->irq.any_cause = any;
	c->irq.pending &= new;	/* the function sees the cause gone */
	if (c->vanished)
		return;
	msix_events(c, new & ~old);
	intx_update(c);
}

/** irq_event() - @vector of @b fired again while its cause still stood */
void irq_event(struct block *b, u32 vector)
{
	if (!b->card->vanished)
		msix_event(b->card, b->first_vector + vector);
}

/** irq_enables_changed() - some bit of config space that gates interrupts */
void irq_enables_changed(struct card *c, bool msix_came_on)
{
	if (c->vanished)
		return;
	if (!config_msix_enabled(c))
		c->irq.pending = 0;
	else if (msix_came_on)
		msix_events(c, c->irq.level);
	else if (!msix_held_by(c))
		msix_events(c, c->irq.pending);
	intx_update(c);
}

/* Eventfds belong to the client and survive every reset. */
void irq_reset(struct card *c)
{
	c->irq.pending = 0;
	c->irq.level = 0;
	c->irq.any_cause = false;
	irq_update(c);
}

void irq_set_intx_masked(struct card *c, bool masked)
{
	c->irq.intx_masked = masked;
	if (!c->vanished)
		intx_update(c);
}

void irq_set_intx_fd(struct card *c, int fd)
{
	swap_fd(&c->irq.intx_fd, fd);
	irq_set_intx_masked(c, false);
}

void irq_set_msix_fd(struct card *c, u32 vector, int fd)
{
	swap_fd(&c->irq.msix_fd[vector], fd);
}
