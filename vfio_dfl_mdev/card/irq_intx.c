// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt source "intx". The pin needs no memory write, so it works with bus
 * mastering disabled. All blocks share it, so every armed client is signalled.
 *
 * The pin stays masked for the hold-off time. This bounds the load that one
 * client can put on the others.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/interrupt.h>
#include <linux/io.h>

#include "card/card_priv.h"

#define HOLDOFF_DEFAULT_US	500

static ktime_t intx_holdoff(struct vdfl_card_irq *irq)
{
	return ns_to_ktime((u64)READ_ONCE(irq->intx.holdoff_us) *
			   NSEC_PER_USEC);
}

static void intx_note_all(struct vdfl_card_irq *irq)
{
	struct vdfl_irq_client *client;

	lockdep_assert_held(&irq->lock);
	list_for_each_entry(client, &irq->clients, node)
		vdfl_irq_note(client, ~0ULL);
}

/*
 * A read completion cannot pass Deassert_INTx, so the pin is deasserted when
 * the read returns. Reading a header has no side effect.
 */
static void intx_flush(struct vdfl_card *card)
{
	const struct dfl_header *h = &card->map->header[0];

	readq(card->bar[h->bar] + h->off + DFL_DFH);
}

/*
 * Return IRQ_NONE if the card asserts the pin although it is masked. The
 * interrupt core then disables the interrupt before it consumes the CPU.
 */
static irqreturn_t intx_handler(int nr, void *data)
{
	struct vdfl_card *card = data;
	struct vdfl_card_irq *irq = &card->irq;
	irqreturn_t ret = IRQ_NONE;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	if (irq->running && pci_check_and_mask_intx(card->pdev) &&
	    !irq->intx.held) {
		ret = IRQ_HANDLED;
		irq->intx.held = true;
		intx_note_all(irq);
		hrtimer_start(&irq->intx.timer, intx_holdoff(irq),
			      HRTIMER_MODE_REL);
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	if (ret == IRQ_HANDLED)
		intx_flush(card);
	return ret;
}

/* If the interrupt is still pending, signal it again instead of unmasking. */
static enum hrtimer_restart intx_holdoff_over(struct hrtimer *timer)
{
	struct vdfl_card *card = container_of(timer, struct vdfl_card,
					      irq.intx.timer);
	struct vdfl_card_irq *irq = &card->irq;
	enum hrtimer_restart again = HRTIMER_NORESTART;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	irq->intx.held = irq->running && !pci_check_and_unmask_intx(card->pdev);
	if (irq->intx.held) {
		/* The status of a lost card reads all-ones, thus as pending */
		if (vdfl_card_answers(card))
			intx_note_all(irq);
		hrtimer_set_expires(timer, ktime_add(ktime_get(),
						     intx_holdoff(irq)));
		again = HRTIMER_RESTART;
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	return again;
}

/* The lock serialises changes of the command register. */
static void intx_enable_pin(struct vdfl_card *card, bool on)
{
	spin_lock_irq(&card->irq.lock);
	pci_intx(card->pdev, on);
	spin_unlock_irq(&card->irq.lock);
}

static int intx_start(struct vdfl_card *card)
{
	int ret;

	card->irq.intx.held = false;
	vdfl_irq_set_running(&card->irq, true);
	intx_enable_pin(card, false);
	ret = request_irq(card->pdev->irq, intx_handler, IRQF_SHARED, VDFL_NAME,
			  card);
	if (ret)
		vdfl_irq_set_running(&card->irq, false);
	else
		intx_enable_pin(card, true);
	return ret;
}

/* Mask the pin in the critical section that disables the handler. */
static void intx_stop(struct vdfl_card *card)
{
	spin_lock_irq(&card->irq.lock);
	card->irq.running = false;
	pci_intx(card->pdev, 0);
	spin_unlock_irq(&card->irq.lock);
	free_irq(card->pdev->irq, card);
	hrtimer_cancel(&card->irq.intx.timer);
}

static bool intx_usable(struct vdfl_card *card)
{
	struct pci_dev *pdev = card->pdev;

	return pdev->pin && pdev->irq && pdev->irq != IRQ_NOTCONNECTED &&
	       !pdev->broken_intx_masking;
}

/**
 * vdfl_intx_init() - initialise the hold-off timer
 * @card: card that is being probed
 */
void vdfl_intx_init(struct vdfl_card *card)
{
	struct vdfl_intx *intx = &card->irq.intx;

	/* Not _SOFT: the callback does no more than the interrupt handler */
	hrtimer_setup(&intx->timer, intx_holdoff_over, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL);
	intx->holdoff_us = HOLDOFF_DEFAULT_US;
}

const struct vdfl_irq_source vdfl_irq_intx = {
	.name	= "intx",
	.uapi	= VFIO_DFL_MDEV_IRQ_INTX,
	.usable	= intx_usable,
	.start	= intx_start,
	.stop	= intx_stop,
};
