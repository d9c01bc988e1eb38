// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revalidation of the blocks that clients own, after a reset of the card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "card/card_priv.h"

static bool block_has_owner(struct vdfl_block *block)
{
	bool owned;

	raw_spin_lock(&block->card->lock);
	owned = block->owner;
	raw_spin_unlock(&block->card->lock);
	return owned;
}

static void block_set_usable(struct vdfl_block *block, bool usable)
{
	struct vdfl_client *client;

	raw_spin_lock(&block->card->lock);
	client = block->owner;
	if (client && usable) {
		client->ops->clear(client, VDFL_REVOKED_RESET);
	} else if (client) {
		client->ops->mark(client, VDFL_REVOKED_RESET);
		vdfl_client_queue(client, VDFL_CLIENT_ERROR);
	}
	raw_spin_unlock(&block->card->lock);
}

/*
 * An AFU that the port of another function holds in reset does not respond. Do not
 * blame its block, and have the audit check it again. A reset that has ended
 * meanwhile has set the flag.
 */
static int block_check(struct vdfl_block *block)
{
	struct vdfl_card *card = block->card;
	bool held = vdfl_functions_hold_afus(card);
	int ret = held ? 0 : vdfl_card_check_header(block);

	if (ret == -EIO)
		held = vdfl_functions_hold_afus(card) ||
		       READ_ONCE(card->afus_reset);
	if (!held)
		return ret;
	WRITE_ONCE(card->afus_reset, true);
	return -ENODEV;
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
	const struct vdfl_block *end = card->block + card->nr_blocks;
	struct vdfl_block *block;
	int ret;

	lockdep_assert_held(&card->reset_lock);
	/* A reset that ends from now on sets the flag again */
	WRITE_ONCE(card->afus_reset, false);
	for (block = card->block; block < end; block++) {
		if (!block_has_owner(block))
			continue;
		ret = block_check(block);
		/* Do not blame the block; the audit finds that out */
		if (ret == -ENODEV)
			continue;
		block_set_usable(block, !ret && !vdfl_block_port_dead(block));
	}
}
