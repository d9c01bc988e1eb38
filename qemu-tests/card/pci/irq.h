/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts of the function. */
#ifndef _VDFL_CARD_PCI_IRQ_H
#define _VDFL_CARD_PCI_IRQ_H

#include "pci/config.h"

#define MAX_VECTORS		64

struct irq;

/**
 * struct irq_source - interrupt causes of one block
 * @irq: interrupts of the function
 * @next: next source of @irq
 * @first: first vector on the card
 * @nr: number of vectors; 0 if the block has none
 * @cause: active causes, one bit per vector
 */
struct irq_source {
	struct irq *irq;
	struct irq_source *next;
	u32 first;
	u32 nr;
	u64 cause;
};

/**
 * struct irq - interrupt state
 * @cfg: config space, whose bits gate delivery
 * @sources: list of all sources
 * @level: vectors with an active cause
 * @pending: pending-bit array
 * @any_cause: at least one source has an active cause, with or without a vector
 * @intx_line: INTx is asserted
 * @intx_masked: the client has INTx masked; each signal masks it
 * @intx_fd: eventfd, -1 if none
 * @msix_fd: eventfds, -1 if none
 * @storm: all causes are active, and all messages are sent continuously
 * @muted: causes are tracked, but nothing is signalled
 * @sticky: only a message or a reset clears a pending bit
 * @log_off: interrupts are counted, not logged
 * @raised: number of causes that AFUs raised
 * @intx_asserted: INTx signals
 * @msix_sent: messages
 */
struct irq {
	const struct config *cfg;
	struct irq_source *sources;
	u64 level;
	u64 pending;
	bool any_cause;
	bool intx_line;
	bool intx_masked;
	int intx_fd;
	int msix_fd[MAX_VECTORS];
	bool storm;
	bool muted;
	bool sticky;
	bool log_off;
	u64 raised;
	u64 intx_asserted;
	u64 msix_sent;
};

void irq_init(struct irq *irq, const struct config *cfg);
void irq_add_source(struct irq *irq, struct irq_source *src);
void irq_drop_sources(struct irq *irq);
void irq_set_cause(struct irq_source *src, u64 cause);
void irq_repeat(struct irq_source *src, u32 vector);
void irq_update(struct irq *irq);
void irq_enables_changed(struct irq *irq, bool msix_came_on);
void irq_reset(struct irq *irq);
void irq_storm(struct irq *irq);
bool irq_status(const struct irq *irq);
void irq_set_intx_masked(struct irq *irq, bool masked);
void irq_set_intx_fd(struct irq *irq, int fd);
void irq_set_msix_fd(struct irq *irq, u32 vector, int fd);

#endif /* _VDFL_CARD_PCI_IRQ_H */
