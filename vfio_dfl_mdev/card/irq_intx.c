// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt source "intx". The pin needs no memory write, so it works with bus
 * mastering disabled. All blocks share it, so every armed client is signalled.
 *
 * The pin stays masked for the hold-off time, and for SHARE times as long as the
 * driver has spent in interrupt context for it, whichever is longer. This bounds
 * the load that one client, or a slow card, can put on the others.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/timekeeping.h>

#include "card/card_priv.h"

#define HOLDOFF_DEFAULT_US	500

/* The driver spends at most one part in SHARE of the time in interrupt context */
#define SHARE			4

/* A pin that is found asserted after so many hold-offs in a row is stuck */
#define STUCK_ROUNDS		1024
#define STUCK_HOLDOFF_US	10000U

/*
 * A line that interrupts so often while the pin is masked does not go quiet, if
 * the handler takes more than its share of the time as well. Another device on
 * the line may interrupt as often.
 */
#define MASKED_ENTRIES		10000

/*
 * An idle Linux guest takes all signals for spurious interrupts, and disables
 * the vector if 99,900 of 100,000 are unhandled and at most 100 ms apart. A
 * pause now and then keeps its count low.
 */
#define PAUSE_SIGNALS		50000
#define PAUSE_US		150000U

/* Returns the time from which the pin may be unmasked. */
static u64 intx_hold_until(const struct vdfl_intx *intx)
{
	unsigned int holdoff_us = READ_ONCE(intx->holdoff_us);

	if (intx->rounds >= STUCK_ROUNDS)
		holdoff_us = max(holdoff_us, STUCK_HOLDOFF_US);
	if (!intx->signals)
		holdoff_us = max(holdoff_us, PAUSE_US);
	return intx->held_since + max((u64)holdoff_us * NSEC_PER_USEC,
				      SHARE * intx->spent);
}

static void intx_note_all(struct vdfl_card_irq *irq)
{
	struct vdfl_irq_client *client;

	lockdep_assert_held(&irq->lock);
	if (++irq->intx.signals == PAUSE_SIGNALS)
		irq->intx.signals = 0;
	list_for_each_entry(client, &irq->clients, node)
		vdfl_irq_note(client, ~0ULL);
}

/* --- the interrupt ------------------------------------------------------- */

/*
 * If the line does not go quiet, do not unmask the pin any more. The interrupt
 * core disables a line only if almost none of its interrupts is handled. The
 * audit frees the interrupt, which ends the interrupts of a line that is not
 * shared.
 */
static void intx_check_line(struct vdfl_card *card, u64 start)
{
	struct vdfl_intx *intx = &card->irq.intx;

	if (intx->masked_entries < MASKED_ENTRIES || intx->failed ||
	    SHARE * intx->spent < start - intx->held_since)
		return;
	WRITE_ONCE(intx->failed, true);
	dev_warn(&card->pdev->dev,
		 "interrupt line stays asserted while the pin is masked, source intx stopped\n");
}

/* Returns true if the pin was asserted and not masked yet. */
static bool intx_mask(struct vdfl_card *card, u64 start)
{
	struct vdfl_card_irq *irq = &card->irq;
	struct vdfl_intx *intx = &irq->intx;
	bool masked = false;
	unsigned long flags;
	bool pending;

	spin_lock_irqsave(&irq->lock, flags);
	pending = irq->running && pci_check_and_mask_intx(card->pdev);
	if (intx->held) {
		intx->masked_entries++;
		intx->spent += ktime_get_ns() - start;
		intx_check_line(card, start);
	} else if (pending) {
		masked = true;
		intx->held = true;
		intx->held_since = start;
		intx_note_all(irq);
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	return masked;
}

/*
 * A read completion cannot pass Deassert_INTx, so the pin is deasserted when
 * the read returns. Reading a header has no side effect. Called without a lock:
 * a read from a slow card can take a long time.
 */
static void intx_flush(struct vdfl_card *card)
{
	const struct dfl_header *h = &card->map->header[0];

	readq(card->bar[h->bar] + h->off + DFL_DFH);
}

static void intx_start_holdoff(struct vdfl_card_irq *irq, u64 start)
{
	struct vdfl_intx *intx = &irq->intx;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	intx->spent += ktime_get_ns() - start;
	hrtimer_start(&intx->timer, ns_to_ktime(intx_hold_until(intx)),
		      HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&irq->lock, flags);
}

/*
 * Return IRQ_NONE if the card asserts the pin although it is masked. The
 * interrupt core then disables the interrupt before it consumes the CPU.
 */
static irqreturn_t intx_handler(int nr, void *data)
{
	struct vdfl_card *card = data;
	u64 start = ktime_get_ns();

	if (!intx_mask(card, start))
		return IRQ_NONE;
	intx_flush(card);
	intx_start_holdoff(&card->irq, start);
	return IRQ_HANDLED;
}

/* --- end of the hold-off ------------------------------------------------- */

/* If the interrupt is still pending, signal it again instead of unmasking. */
static void intx_unmask(struct vdfl_card *card, u64 start)
{
	struct vdfl_intx *intx = &card->irq.intx;

	intx->held = !pci_check_and_unmask_intx(card->pdev);
	intx->rounds = intx->held ? intx->rounds + 1 : 0;
	/* The status of a lost card reads all-ones, thus as pending */
	if (intx->held && vdfl_card_answers(card))
		intx_note_all(&card->irq);
	intx->held_since = start;
	intx->masked_entries = 0;
	intx->spent = ktime_get_ns() - start;
}

static enum hrtimer_restart intx_holdoff_over(struct hrtimer *timer)
{
	struct vdfl_card *card = container_of(timer, struct vdfl_card,
					      irq.intx.timer);
	struct vdfl_card_irq *irq = &card->irq;
	u64 start = ktime_get_ns();
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&irq->lock, flags);
	if (irq->running && !irq->intx.failed &&
	    start >= intx_hold_until(&irq->intx))
		intx_unmask(card, start);
	again = irq->running && !irq->intx.failed && irq->intx.held;
	if (again)
		hrtimer_set_expires(timer,
				    ns_to_ktime(intx_hold_until(&irq->intx)));
	spin_unlock_irqrestore(&irq->lock, flags);
	return again ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/* --- the source ---------------------------------------------------------- */

/*
 * The lock serialises changes of the command register. pci_intx() would write
 * all-ones, with bus mastering, back to a card that does not respond.
 */
static void intx_enable_pin(struct vdfl_card *card, bool on)
{
	u16 command;

	spin_lock_irq(&card->irq.lock);
	pci_read_config_word(card->pdev, PCI_COMMAND, &command);
	if (!PCI_POSSIBLE_ERROR(command))
		pci_intx(card->pdev, on);
	spin_unlock_irq(&card->irq.lock);
}

static int intx_start(struct vdfl_card *card)
{
	int ret;

	if (card->irq.intx.failed)
		return -EIO;
	card->irq.intx.held = false;
	card->irq.intx.rounds = 0;
	card->irq.intx.spent = 0;
	card->irq.intx.masked_entries = 0;
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
	WRITE_ONCE(card->irq.running, false);
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
		      HRTIMER_MODE_ABS);
	intx->holdoff_us = HOLDOFF_DEFAULT_US;
}

/**
 * vdfl_intx_retry() - permit the source again after its line did not go quiet
 * @card: bound card; the source does not run
 */
void vdfl_intx_retry(struct vdfl_card *card)
{
	WRITE_ONCE(card->irq.intx.failed, false);
}

/**
 * vdfl_intx_failed() - check whether the source has to be stopped
 * @card: bound card
 *
 * Lockless.
 *
 * Return: true if the source runs although its line did not go quiet
 */
bool vdfl_intx_failed(const struct vdfl_card *card)
{
	return READ_ONCE(card->irq.intx.failed) && READ_ONCE(card->irq.running);
}

/**
 * vdfl_intx_stuck() - check whether the pin stays asserted
 * @card: bound card
 *
 * Takes vdfl_card_irq.lock.
 *
 * Return: true if the source runs and the pin was asserted after each of the
 * last STUCK_ROUNDS hold-offs, or if the source was stopped because its line did
 * not go quiet
 */
bool vdfl_intx_stuck(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;
	bool stuck;

	spin_lock_irq(&irq->lock);
	stuck = irq->intx.failed ||
		(irq->running && irq->intx.rounds >= STUCK_ROUNDS);
	spin_unlock_irq(&irq->lock);
	return stuck;
}

const struct vdfl_irq_source vdfl_irq_intx = {
	.name	= "intx",
	.uapi	= VFIO_DFL_MDEV_IRQ_INTX,
	.usable	= intx_usable,
	.start	= intx_start,
	.stop	= intx_stop,
};
