// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit, every 500 ms. A card whose bus mastering cannot be disabled is
 * declared lost. A card that does not respond is frozen first, and a frozen card
 * is declared lost when it stays frozen too long.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/workqueue.h>

#include "card/card_priv.h"

#define AUDIT_INTERVAL	(HZ / 2)

static void audit_running(struct vdfl_card *card)
{
	int ret = vdfl_busmaster_verify(card);

	if (ret == -ENODEV)
		vdfl_card_absent(card);
	else if (ret)
		vdfl_card_declare_lost(card, "bus mastering cannot be disabled");
	else if (vdfl_irq_resume(card))
		vdfl_irq_signal_all(card);
}

static void audit(struct vdfl_card *card)
{
	guard(mutex)(&card->reset_lock);
	if (card->frozen)
		vdfl_card_check_frozen(card);
	else
		audit_running(card);
}

static void audit_work(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card, audit);

	audit(card);
	queue_delayed_work(vdfl_wq, &card->audit, AUDIT_INTERVAL);
}

/**
 * vdfl_audit_init() - initialise the audit; it does not run yet
 * @card: card that is being allocated
 */
void vdfl_audit_init(struct vdfl_card *card)
{
	INIT_DELAYED_WORK(&card->audit, audit_work);
}

/**
 * vdfl_audit_start() - start to audit the card every 500 ms
 * @card: bound card
 *
 * Undone by vdfl_audit_stop().
 */
void vdfl_audit_start(struct vdfl_card *card)
{
	queue_delayed_work(vdfl_wq, &card->audit, AUDIT_INTERVAL);
}

/**
 * vdfl_audit_now() - audit the card and wait until the audit has ended
 * @card: bound card that did not respond to the caller
 *
 * May sleep. The audit takes vdfl_card.reset_lock, so the caller does not hold
 * it.
 */
void vdfl_audit_now(struct vdfl_card *card)
{
	mod_delayed_work(vdfl_wq, &card->audit, 0);
	flush_delayed_work(&card->audit);
}

/**
 * vdfl_audit_stop() - stop the audit and wait until it does not run any more
 * @card: card that is being removed
 *
 * May sleep.
 */
void vdfl_audit_stop(struct vdfl_card *card)
{
	cancel_delayed_work_sync(&card->audit);
}
