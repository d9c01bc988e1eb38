// SPDX-License-Identifier: GPL-2.0-only
/* The clients of a card, and what the card tells all of them. */
#include "card/card_priv.h"

/**
 * vdfl_card_block_locked() - put all blocks out of reach
 * @card: vdfl_card.lock is held
 * @why: VDFL_BLOCKED_*
 *
 * Access of all clients is revoked before the accesses under way of any of them
 * are waited for.
 */
void vdfl_card_block_locked(struct vdfl_card *card, unsigned int why)
{
	struct vdfl_client *client;

	lockdep_assert_held(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->block(client, why);
	list_for_each_entry(client, &card->clients, node)
		client->ops->drain(client);
}

/* vdfl_card_block(): put all blocks out of reach because of @why */
void vdfl_card_block(struct vdfl_card *card, unsigned int why)
{
	mutex_lock(&card->lock);
	vdfl_card_block_locked(card, why);
	mutex_unlock(&card->lock);
}

/* vdfl_card_unblock(): take back @why of vdfl_card_block() */
void vdfl_card_unblock(struct vdfl_card *card, unsigned int why)
{
	struct vdfl_client *client;

	mutex_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->unblock(client, why);
	mutex_unlock(&card->lock);
}

/* vdfl_card_alarm(): tell all users of an error */
void vdfl_card_alarm(struct vdfl_card *card)
{
	struct vdfl_client *client;

	mutex_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->alarm(client);
	mutex_unlock(&card->lock);
}

/**
 * vdfl_card_open() - an instance is about to be used
 * @card: where its block is
 *
 * Until vdfl_card_close() the interrupt source of the card stays what it is.
 *
 * Return: 0, -ENODEV when the card is lost.
 */
int vdfl_card_open(struct vdfl_card *card)
{
	int ret = -ENODEV;

	mutex_lock(&card->lock);
	if (!card->gone) {
		card->nr_open++;
		ret = 0;
	}
	mutex_unlock(&card->lock);
	return ret;
}

/* vdfl_card_close(): undo vdfl_card_open() */
void vdfl_card_close(struct vdfl_card *card)
{
	mutex_lock(&card->lock);
	card->nr_open--;
	mutex_unlock(&card->lock);
}
