// SPDX-License-Identifier: GPL-2.0-only
/*
 * Validation of the blocks that clients claimed: before use, after a reset of the
 * block, and after a reset of the card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "card/card_priv.h"

static bool block_has_client(struct vdfl_block *block)
{
	bool claimed;

	raw_spin_lock(&block->card->lock);
	claimed = block->owner || block->nr_readers;
	raw_spin_unlock(&block->card->lock);
	return claimed;
}

static void client_set_usable(struct vdfl_client *client, bool usable)
{
	if (usable) {
		client->ops->clear(client, VDFL_REVOKED_RESET);
		return;
	}
	client->ops->mark(client, VDFL_REVOKED_RESET);
	vdfl_client_queue(client, VDFL_CLIENT_ERROR);
}

static void block_set_usable(struct vdfl_block *block, bool usable)
{
	struct vdfl_card *card = block->card;
	struct vdfl_client *client;

	raw_spin_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		if (client->block == block)
			client_set_usable(client, usable);
	raw_spin_unlock(&card->lock);
}

/**
 * vdfl_block_check() - compare the header of a block with its snapshot
 * @block: assignable block of a card that is not frozen;
 *	vdfl_card.reset_lock is held
 *
 * An AFU that the port of another function holds in reset does not respond. Do not
 * blame its block, and have the audit check it again. A reset that has ended
 * meanwhile has set vdfl_card.afus_reset. May sleep.
 *
 * Return: 0; -EIO if the header differs; -ENODEV if the card does not respond;
 * -EAGAIN if the header differs and the AFU may be held in reset
 */
int vdfl_block_check(struct vdfl_block *block)
{
	struct vdfl_card *card = block->card;
	int ret = vdfl_card_check_header(block);

	if (!ret || ret == -ENODEV)
		return ret;
	if (vdfl_functions_hold_afus(card) || READ_ONCE(card->afus_reset)) {
		WRITE_ONCE(card->afus_reset, true);
		return -EAGAIN;
	}
	dev_warn_ratelimited(&card->pdev->dev,
			     "%s: header changed since probe, block not usable; %s\n",
			     block->pos, ret == -ENODATA ?
			     "block does not respond, see vdflctl reset-port" :
			     "unbind and bind the card");
	return -EIO;
}

/**
 * vdfl_blocks_recheck() - revalidate claimed blocks after a reset of the card
 * @card: card whose ports are out of reset; vdfl_card.reset_lock is held
 *
 * Access to a block is revoked, and its error eventfd signalled, in two cases:
 *
 * - its port failed a reset;
 * - its header differs from the snapshot, as with a new bitstream.
 *
 * VDFL_REVOKED_RESET of all other clients is cleared. VDFL_REVOKED_CARD of all
 * clients is set, so no mapping has to be zapped. Blocks that a port of another
 * function may hold in reset are left to the audit. Takes vdfl_card.lock.
 */
void vdfl_blocks_recheck(struct vdfl_card *card)
{
	const struct vdfl_block *end = card->block +
				       DFL_NR_VIEWS * card->nr_blocks;
	struct vdfl_block *block;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	/* A reset that ends from now on sets the flag again */
	WRITE_ONCE(card->afus_reset, false);
	/* To read an AFU in reset is an error of its port */
	if (vdfl_functions_hold_afus(card)) {
		WRITE_ONCE(card->afus_reset, true);
		return;
	}
	for (block = card->block; block < end; block++) {
		if (!block_has_client(block))
			continue;
		ret = vdfl_block_check(block);
		/* Do not blame the block; the audit finds that out */
		if (ret == -ENODEV || ret == -EAGAIN)
			continue;
		block_set_usable(block, !ret && !vdfl_block_port_dead(block));
	}
}
