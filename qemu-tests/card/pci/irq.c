// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts: INTx, MSI-X and pending bits, from the causes of blocks. */
#include <unistd.h>

#include "pci/irq.h"

void irq_init(struct irq *irq, const struct config *cfg)
{
	u32 i;

	irq->cfg = cfg;
	irq->intx_fd = -1;
	for (i = 0; i < MAX_VECTORS; i++)
		irq->msix_fd[i] = -1;
}

void irq_add_source(struct irq *irq, struct irq_source *src)
{
	src->irq = irq;
	src->next = irq->sources;
	irq->sources = src;
}

/* Drop all sources before their blocks are freed. */
void irq_drop_sources(struct irq *irq)
{
	irq->sources = NULL;
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

static void set_intx_line(struct irq *irq, bool on)
{
	if (irq->intx_line == on)
		return;
	irq->intx_line = on;
	if (!irq->log_off)
		log_event(irq->cfg->log, "intx", "{s:b}", "level", on);
}

/* Return the interrupt status bit: true if INTx has an active cause. */
bool irq_status(const struct irq *irq)
{
	return irq->cfg->id.pin && irq->any_cause &&
	       !config_msix_enabled(irq->cfg);
}

/*
 * The client masks INTx with every signal and unmasks it when the guest has
 * handled the interrupt. INTx is then signalled again if a cause is active.
 */
static void intx_update(struct irq *irq)
{
	const char *why = NULL;

	if (!irq_status(irq) || config_intx_disabled(irq->cfg)) {
		set_intx_line(irq, false);
		return;
	}
	set_intx_line(irq, true);
	if (irq->intx_masked)
		return;
	irq->intx_masked = true;
	irq->intx_asserted++;
	if (!signal_fd(irq->intx_fd))
		why = "no eventfd";
	if (!irq->log_off)
		log_event(irq->cfg->log, "intx", "{s:b,s:s*}", "delivered",
			  !why, "why", why);
}

static void log_msix(struct irq *irq, u32 vector, const char *outcome,
		     const char *why)
{
	if (!irq->log_off)
		log_event(irq->cfg->log, "msix", "{s:i,s:s,s:s*}", "vector",
			  vector, "outcome", outcome, "why", why);
}

static const char *msix_gated_by(const struct irq *irq)
{
	if (config_msix_masked(irq->cfg))
		return "function mask";
	if (!config_may_master(irq->cfg))
		return "bus master off";
	return NULL;
}

static void msix_send(struct irq *irq, u32 vector)
{
	irq->pending &= ~BIT_ULL(vector);
	irq->msix_sent++;
	if (signal_fd(irq->msix_fd[vector]))
		log_msix(irq, vector, "delivered", NULL);
	else
		log_msix(irq, vector, "dropped", "no eventfd");
}

static void msix_event(struct irq *irq, u32 vector)
{
	const char *why = msix_gated_by(irq);

	if (!config_msix_enabled(irq->cfg) || vector >= irq->cfg->id.nr_vectors)
		return;
	if (!why) {
		msix_send(irq, vector);
		return;
	}
	if (irq->pending & BIT_ULL(vector))
		return;
	irq->pending |= BIT_ULL(vector);
	log_msix(irq, vector, "pending", why);
}

static void msix_events(struct irq *irq, u64 vectors)
{
	u32 i;

	for (i = 0; i < irq->cfg->id.nr_vectors; i++)
		if (vectors & BIT_ULL(i))
			msix_event(irq, i);
}

static u64 source_level(const struct irq_source *src)
{
	if (!src->nr || src->first >= MAX_VECTORS)
		return 0;
	return src->cause << src->first;
}

static u64 all_vectors(const struct irq *irq)
{
	u32 nr = irq->cfg->id.nr_vectors;

	return nr ? GENMASK_ULL(nr - 1, 0) : 0;
}

/* Send all messages of the function, even if MSI-X is disabled. */
void irq_storm(struct irq *irq)
{
	u32 i;

	if (irq->muted)
		return;
	for (i = 0; i < irq->cfg->id.nr_vectors; i++)
		signal_fd(irq->msix_fd[i]);
}

static void collect_causes(struct irq *irq)
{
	const struct irq_source *src;

	irq->level = irq->storm ? all_vectors(irq) : 0;
	irq->any_cause = irq->storm;
	for (src = irq->sources; src && !irq->storm; src = src->next) {
		irq->level |= source_level(src);
		irq->any_cause |= src->cause;
	}
}

/* Collect the causes, and signal those that became active. */
void irq_update(struct irq *irq)
{
	u64 old = irq->level;

	collect_causes(irq);
	if (!irq->sticky)
		irq->pending &= irq->level;	/* only active causes */
	if (irq->muted)
		return;
	msix_events(irq, irq->level & ~old);
	intx_update(irq);
}

void irq_set_cause(struct irq_source *src, u64 cause)
{
	src->cause = cause;
	irq_update(src->irq);
}

/* Signal @vector of @src again, although its cause is already active. */
void irq_repeat(struct irq_source *src, u32 vector)
{
	if (!src->irq->muted)
		msix_event(src->irq, src->first + vector);
}

/* Update interrupts after a write to a config bit that gates delivery. */
void irq_enables_changed(struct irq *irq, bool msix_came_on)
{
	if (irq->muted)
		return;
	if (!config_msix_enabled(irq->cfg))
		irq->pending &= irq->sticky ? ALL_ONES : 0;
	else if (msix_came_on)
		msix_events(irq, irq->level | irq->pending);
	else if (!msix_gated_by(irq))
		msix_events(irq, irq->pending);
	intx_update(irq);
}

/* Eventfds belong to the client and survive every reset. */
void irq_reset(struct irq *irq)
{
	irq->pending = 0;
	irq->level = 0;
	irq->any_cause = false;
	irq_update(irq);
}

void irq_set_intx_masked(struct irq *irq, bool masked)
{
	irq->intx_masked = masked;
	if (!irq->muted)
		intx_update(irq);
}

void irq_set_intx_fd(struct irq *irq, int fd)
{
	swap_fd(&irq->intx_fd, fd);
	irq_set_intx_masked(irq, false);
}

void irq_set_msix_fd(struct irq *irq, u32 vector, int fd)
{
	swap_fd(&irq->msix_fd[vector], fd);
}
