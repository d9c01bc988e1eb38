// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit, every 500 ms, in two work items. The first checks the bus-master
 * bits, and waits neither for users nor for resets of the card. The second takes
 * vdfl_card.reset_lock and does everything else:
 *
 * - a card whose bus mastering cannot be disabled is declared lost;
 * - a card that does not respond is frozen first, and declared lost when it stays
 *   frozen too long;
 * - a card that was reset externally is restored;
 * - blocks are rechecked if a port of another function has reset their AFUs.
 *
 * The siblings are watched by a third item, see sibling.c.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/workqueue.h>

#include "card/card_priv.h"

#define AUDIT_INTERVAL	(HZ / 2)

/* While its source runs, MSI-X control reads as the source has set it. */
static bool msix_was_changed(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;
	u16 control, flags;

	spin_lock_irq(&irq->lock);
	flags = irq->running ? irq->source->msix_flags : 0;
	if (flags)
		pci_read_config_word(card->pdev,
				     card->pdev->msix_cap + PCI_MSIX_FLAGS,
				     &control);
	spin_unlock_irq(&irq->lock);
	if (!flags || PCI_POSSIBLE_ERROR(control))
		return false;
	return flags != (control & (PCI_MSIX_FLAGS_ENABLE |
				    PCI_MSIX_FLAGS_MASKALL));
}

/*
 * A reset clears memory enable and MSI-X control. In a virtual function, which a
 * reset of its physical function resets as well, only the latter shows it. A card
 * that does not respond was not reset.
 */
static bool card_was_reset(struct vdfl_card *card)
{
	u16 command;

	pci_read_config_word(card->pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command))
		return false;
	return !vdfl_card_answers(card) || msix_was_changed(card);
}

/* If the PCI core operates on the card meanwhile, it restores the card itself. */
static void audit_restore(struct vdfl_card *card)
{
	dev_warn_ratelimited(&card->pdev->dev,
			     "reset externally; restoring the configuration\n");
	vdfl_card_freeze(card, VDFL_FROZEN_RESTORE);
	mutex_lock(&card->reset_lock);
	if (card->frozen == VDFL_FROZEN_RESTORE)
		vdfl_card_slot_reset(card);
	mutex_unlock(&card->reset_lock);
	vdfl_card_thaw(card, VDFL_FROZEN_RESTORE);
}

/* A port of another function has reset the AFUs. The configuration is unchanged. */
static void audit_recheck(struct vdfl_card *card)
{
	vdfl_card_freeze(card, VDFL_FROZEN_RESTORE);
	vdfl_card_thaw(card, VDFL_FROZEN_RESTORE);
}

static bool afus_were_reset(struct vdfl_card *card)
{
	if (!READ_ONCE(card->afus_reset) || READ_ONCE(card->gone))
		return false;
	/* Lockless: the end of another operation rechecks the blocks as well */
	return !data_race(card->frozen) && !vdfl_functions_hold_afus(card);
}

static void audit_running(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (ret == -ENODEV)
		vdfl_card_absent(card);
	else if (ret)
		vdfl_card_declare_lost(card, "bus mastering cannot be disabled");
	else if (READ_ONCE(card->gone))
		vdfl_irq_mask_idle(card);
	else if (vdfl_irq_resume(card))
		vdfl_irq_signal_all(card);
}

/* Return true if the card has to be restored. */
static bool audit(struct vdfl_card *card)
{
	guard(mutex)(&card->reset_lock);
	if (!card->frozen && !READ_ONCE(card->gone) && card_was_reset(card))
		return true;
	if (card->frozen)
		vdfl_card_check_frozen(card);
	else
		audit_running(card);
	return false;
}

static void audit_work(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card, audit);

	WRITE_ONCE(card->audits_begun, card->audits_begun + 1);
	if (audit(card))
		audit_restore(card);
	else if (afus_were_reset(card))
		audit_recheck(card);
	WRITE_ONCE(card->audits_ended, card->audits_begun);
	queue_delayed_work(vdfl_wq, &card->audit, AUDIT_INTERVAL);
	/* Only users that found a card without response wait */
	wake_up_all(&card->audited);
}

static void busmaster_audit_work(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card,
					      busmaster_audit);

	if (vdfl_busmaster_check(card))
		mod_delayed_work(vdfl_wq, &card->audit, 0);
	queue_delayed_work(vdfl_audit_wq, &card->busmaster_audit,
			   AUDIT_INTERVAL);
}

/**
 * vdfl_audit_init() - initialise the audit; it does not run yet
 * @card: card that is being allocated
 */
void vdfl_audit_init(struct vdfl_card *card)
{
	INIT_DELAYED_WORK(&card->busmaster_audit, busmaster_audit_work);
	INIT_DELAYED_WORK(&card->audit, audit_work);
	init_waitqueue_head(&card->audited);
}

/**
 * vdfl_audit_start() - start to audit the card and its siblings every 500 ms
 * @card: bound card
 *
 * Undone by vdfl_audit_stop().
 */
void vdfl_audit_start(struct vdfl_card *card)
{
	queue_delayed_work(vdfl_audit_wq, &card->busmaster_audit,
			   AUDIT_INTERVAL);
	queue_delayed_work(vdfl_wq, &card->audit, AUDIT_INTERVAL);
	vdfl_siblings_start(card);
}

/**
 * vdfl_audit_now() - audit the card and wait until the audit has ended
 * @card: bound card that did not respond to the caller; an instance is open, so
 *	the audit is not stopped
 *
 * The audit takes vdfl_card.reset_lock, so the caller does not hold it. The audit
 * may wait for other users. May sleep.
 *
 * Return: 0, or -EINTR if a fatal signal ended the wait
 */
int vdfl_audit_now(struct vdfl_card *card)
{
	unsigned int begun = READ_ONCE(card->audits_begun);

	mod_delayed_work(vdfl_wq, &card->audit, 0);
	return wait_event_killable(card->audited,
				   (int)(READ_ONCE(card->audits_ended) - begun) > 0) ?
	       -EINTR : 0;
}

/**
 * vdfl_audit_stop() - stop the audit and wait until it does not run any more
 * @card: card that is being removed
 *
 * May sleep.
 */
void vdfl_audit_stop(struct vdfl_card *card)
{
	/* The first item queues the second */
	cancel_delayed_work_sync(&card->busmaster_audit);
	cancel_delayed_work_sync(&card->audit);
	vdfl_siblings_stop(card);
}
