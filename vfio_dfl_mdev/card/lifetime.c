// SPDX-License-Identifier: GPL-2.0-only
/*
 * References of a card, and the end of its memory.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "card/card_priv.h"

static DECLARE_WAIT_QUEUE_HEAD(cards_gone);
static atomic_t cards_alive;

/**
 * vdfl_card_ref_init() - give a card its first reference
 * @card: card that is allocated and initialised
 */
void vdfl_card_ref_init(struct vdfl_card *card)
{
	kref_init(&card->ref);
	atomic_inc(&cards_alive);
}

static void card_release(struct kref *ref)
{
	struct vdfl_card *card = container_of(ref, struct vdfl_card, ref);

	vdfl_clients_free(card);
	vdfl_notify_free(card);
	vdfl_blocks_free(card);
	vdfl_siblings_free(card);
	kfree(card->saved);
	kvfree(card->map);
	pci_dev_put(card->pdev);
	kfree(card);
	if (atomic_dec_and_test(&cards_alive))
		wake_up(&cards_gone);
}

/**
 * vdfl_card_dev() - get the device of the PCI function
 * @card: any card; a reference is held
 *
 * Return: the device, without a reference of its own
 */
struct device *vdfl_card_dev(const struct vdfl_card *card)
{
	return &card->pdev->dev;
}

/**
 * vdfl_card_get() - take a reference of a card
 * @card: any card; a reference is held
 *
 * Return: @card
 */
struct vdfl_card *vdfl_card_get(struct vdfl_card *card)
{
	kref_get(&card->ref);
	return card;
}

/**
 * vdfl_card_put() - drop a reference of a card
 * @card: freed with its last reference
 *
 * A caller that is not called by the module sleeps no more before it has left the
 * module, see vdfl_cards_wait_freed(). May sleep.
 */
void vdfl_card_put(struct vdfl_card *card)
{
	kref_put(&card->ref, card_release);
}

/**
 * vdfl_cards_wait_freed() - wait until the memory of all cards is freed
 *
 * The PCI driver and the mdev driver are unregistered. Also waits until the tasks
 * that dropped the last references have left the module. One of them may be a
 * task of a user, which is kept from running. May sleep.
 */
void vdfl_cards_wait_freed(void)
{
	wait_event(cards_gone, !atomic_read(&cards_alive));
	synchronize_rcu_tasks();
}
