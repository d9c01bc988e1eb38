// SPDX-License-Identifier: GPL-2.0-only
/*
 * Release of the card by its users when the driver is unbound. All users are
 * asked at once to close their instances. Access ends when the grace is over.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/jiffies.h>
#include <linux/module.h>

#include "card/card_priv.h"

static unsigned int release_grace_ms = 5000;
module_param(release_grace_ms, uint, 0644);
MODULE_PARM_DESC(release_grace_ms,
		 "Time for which access goes on after a user was asked to close an instance, in ms, for cards that are bound from now on (default 5000, 0: none)");

static void release_work(struct work_struct *work)
{
	struct vdfl_card *card = container_of(to_delayed_work(work),
					      struct vdfl_card, release);

	vdfl_card_declare_lost(card, "unbind");
}

/**
 * vdfl_release_init() - initialise the release of a card
 * @card: card that is being allocated
 */
void vdfl_release_init(struct vdfl_card *card)
{
	INIT_DELAYED_WORK(&card->release, release_work);
	card->release_grace_ms = READ_ONCE(release_grace_ms);
}

/**
 * vdfl_card_grace() - get the time between the request and the end of access
 * @card: any card
 *
 * Return: jiffies, 0 to revoke access at once
 */
unsigned long vdfl_card_grace(const struct vdfl_card *card)
{
	return msecs_to_jiffies(READ_ONCE(card->release_grace_ms));
}

/**
 * vdfl_card_is_unbinding() - check whether the driver is being unbound
 * @card: any card
 *
 * Lockless: true stays true.
 *
 * Return: true once vdfl_card_begin_release() has begun
 */
bool vdfl_card_is_unbinding(const struct vdfl_card *card)
{
	return READ_ONCE(card->unbinding);
}

/*
 * A card that the PCI core operates on need not respond for long. A reset that a
 * user or the administrator requested ends soon.
 */
static bool card_is_usable(struct vdfl_card *card)
{
	/* Lockless: reset_lock may be held for the time of a reset */
	if (data_race(card->frozen) & ~VDFL_FROZEN_OWN ||
	    pci_channel_offline(card->pdev))
		return false;
	return vdfl_function_in_reset(card->pdev) || vdfl_card_answers(card);
}

/**
 * vdfl_card_begin_release() - ask all users of a card to close their instances
 * @card: bound card that is being unbound
 *
 * Instances can neither be created nor opened from now on. The device request
 * eventfds of all clients are signalled, and the card is declared lost after
 * the grace. It is declared lost at once if the grace is 0 or the card cannot
 * be used. Undone by vdfl_card_end_release(). May sleep.
 */
void vdfl_card_begin_release(struct vdfl_card *card)
{
	unsigned long grace = vdfl_card_grace(card);

	raw_spin_lock(&card->lock);
	WRITE_ONCE(card->unbinding, true);
	raw_spin_unlock(&card->lock);
	vdfl_notify(card, VDFL_NOTIFY_STATE);

	if (!grace || !card_is_usable(card)) {
		vdfl_card_declare_lost(card, "unbind");
		return;
	}
	vdfl_clients_notify(card, VDFL_CLIENT_REQUEST);
	queue_delayed_work(vdfl_wq, &card->release, grace);
}

/**
 * vdfl_card_end_release() - declare the card lost before the grace is over
 * @card: card after vdfl_card_begin_release() that has no registered instance
 *
 * May sleep.
 */
void vdfl_card_end_release(struct vdfl_card *card)
{
	cancel_delayed_work_sync(&card->release);
	vdfl_card_declare_lost(card, "unbind");
}
