// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the card's interrupts come from, and lending them to instances.
 *
 * With bus master off a card cannot send MSI or MSI-X. What needs no memory
 * write is the interrupt pin: one line for all blocks, so every armed instance
 * is signalled. The line is masked at the card when it fires and unmasked no
 * sooner than the hold-off later, which caps what a tenant that never
 * acknowledges can cost the others.
 */
#include <linux/interrupt.h>
#include <linux/ktime.h>

#include "vdfl.h"

#define HOLDOFF_DEFAULT_US	500

static void irq_fire_all(struct vdfl_card_irq *irq)
{
	struct vdfl_irq_line *line;

	lockdep_assert_held(&irq->lock);
	list_for_each_entry(line, &irq->armed, node)
		line->fire(line);
}

/* --- the interrupt pin -------------------------------------------------- */

static ktime_t intx_holdoff(struct vdfl_card_irq *irq)
{
	return ns_to_ktime((u64)READ_ONCE(irq->holdoff_us) * NSEC_PER_USEC);
}

static irqreturn_t intx_handler(int nr, void *data)
{
	struct vdfl_card *card = data;
	struct vdfl_card_irq *irq = &card->irq;
	irqreturn_t ret = IRQ_NONE;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	if (irq->running && pci_check_and_mask_intx(card->pdev)) {
		ret = IRQ_HANDLED;
		if (!irq->held) {
			irq->held = true;
			irq_fire_all(irq);
			hrtimer_start(&irq->holdoff, intx_holdoff(irq),
				      HRTIMER_MODE_REL_SOFT);
		}
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	return ret;
}

/* A cause that still stands is a new signal, not an unmasked line. */
static enum hrtimer_restart intx_holdoff_over(struct hrtimer *timer)
{
	struct vdfl_card *card = container_of(timer, struct vdfl_card,
					      irq.holdoff);
	struct vdfl_card_irq *irq = &card->irq;
	enum hrtimer_restart again = HRTIMER_NORESTART;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	irq->held = irq->running && !pci_check_and_unmask_intx(card->pdev);
	if (irq->held) {
		irq_fire_all(irq);
		hrtimer_forward_now(timer, intx_holdoff(irq));
		again = HRTIMER_RESTART;
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	return again;
}

static void irq_set_running(struct vdfl_card_irq *irq, bool running)
{
	spin_lock_irq(&irq->lock);
	irq->running = running;
	irq->held = false;
	spin_unlock_irq(&irq->lock);
}

static int intx_start(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;
	int ret;

	irq_set_running(irq, true);
	pci_intx(card->pdev, 0);
	ret = request_irq(card->pdev->irq, intx_handler, IRQF_SHARED, VDFL_NAME,
			  card);
	if (ret)
		irq_set_running(irq, false);
	else
		pci_intx(card->pdev, 1);
	return ret;
}

static void intx_stop(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;

	irq_set_running(irq, false);
	free_irq(card->pdev->irq, card);
	hrtimer_cancel(&irq->holdoff);
	pci_intx(card->pdev, 0);
}

static const struct vdfl_irq_source source_intx = {
	.name	= "intx",
	.uapi	= VFIO_DFL_MDEV_IRQ_INTX,
	.start	= intx_start,
	.stop	= intx_stop,
};

static const struct vdfl_irq_source source_none = {
	.name	= "none",
	.uapi	= VFIO_DFL_MDEV_IRQ_NONE,
};

static const struct vdfl_irq_source *irq_choose(struct pci_dev *pdev)
{
	if (pdev->pin && pdev->irq && !pdev->broken_intx_masking)
		return &source_intx;
	return &source_none;
}

/* --- lines -------------------------------------------------------------- */

/* vdfl_irq_init(): choose the source; nothing is requested yet */
void vdfl_irq_init(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;

	mutex_init(&irq->mutex);
	spin_lock_init(&irq->lock);
	INIT_LIST_HEAD(&irq->armed);
	hrtimer_setup(&irq->holdoff, intx_holdoff_over, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	irq->holdoff_us = HOLDOFF_DEFAULT_US;
	irq->source = irq_choose(card->pdev);
}

static bool irq_needed(struct vdfl_card *card)
{
	lockdep_assert_held(&card->irq.mutex);
	return !list_empty(&card->irq.armed) && !READ_ONCE(card->gone);
}

/**
 * vdfl_irq_arm() - fire @line on the card's interrupts from now on
 * @card: where the block is
 * @line: not armed; its instance has interrupt vectors
 *
 * The source runs only while a line is armed.
 *
 * Return: 0, or the error of the source; -EIO when the card is lost.
 */
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_line *line)
{
	struct vdfl_card_irq *irq = &card->irq;
	int ret = 0;

	mutex_lock(&irq->mutex);
	if (READ_ONCE(card->gone))
		ret = -EIO;
	else if (list_empty(&irq->armed) && irq->source->start)
		ret = irq->source->start(card);
	if (!ret) {
		spin_lock_irq(&irq->lock);
		list_add_tail(&line->node, &irq->armed);
		spin_unlock_irq(&irq->lock);
	}
	mutex_unlock(&irq->mutex);
	return ret;
}

/* vdfl_irq_disarm(): @line is not fired any more when this returns */
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_line *line)
{
	struct vdfl_card_irq *irq = &card->irq;
	bool stop;

	mutex_lock(&irq->mutex);
	spin_lock_irq(&irq->lock);
	list_del(&line->node);
	stop = list_empty(&irq->armed) && irq->running;
	spin_unlock_irq(&irq->lock);
	if (stop)
		irq->source->stop(card);
	mutex_unlock(&irq->mutex);
}

/* vdfl_irq_suspend(): no interrupt is delivered when this returns */
void vdfl_irq_suspend(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;

	mutex_lock(&irq->mutex);
	if (irq->running)
		irq->source->stop(card);
	mutex_unlock(&irq->mutex);
}

/* vdfl_irq_resume(): deliver again to the lines that are still armed */
int vdfl_irq_resume(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;
	int ret = 0;

	mutex_lock(&irq->mutex);
	if (irq_needed(card) && !irq->running && irq->source->start)
		ret = irq->source->start(card);
	mutex_unlock(&irq->mutex);
	return ret;
}
