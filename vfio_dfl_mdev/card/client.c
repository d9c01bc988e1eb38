// SPDX-License-Identifier: GPL-2.0-only
/* The clients of a card, and what the card tells all of them. */
#include "card/card_priv.h"

/**
 * vdfl_clients_revoke_locked() - put all blocks out of reach
 * @card: vdfl_card.lock is held
 * @mask: VDFL_REVOKED_*
 *
 * Access of all clients is revoked before the accesses under way of any of them
 * are waited for.
 */
void vdfl_clients_revoke_locked(struct vdfl_card *card, unsigned int mask)
{
	struct vdfl_client *client;

	lockdep_assert_held(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->revoke(client, mask);
	list_for_each_entry(client, &card->clients, node)
		client->ops->drain(client);
}

/* vdfl_clients_revoke(): put all blocks out of reach because of @mask */
void vdfl_clients_revoke(struct vdfl_card *card, unsigned int mask)
{
	guard(mutex)(&card->lock);
	vdfl_clients_revoke_locked(card, mask);
}

/* vdfl_clients_restore(): take back @mask of vdfl_clients_revoke() */
void vdfl_clients_restore(struct vdfl_card *card, unsigned int mask)
{
	struct vdfl_client *client;

	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->restore(client, mask);
}

/* vdfl_clients_error(): tell all users of an error */
void vdfl_clients_error(struct vdfl_card *card)
{
	struct vdfl_client *client;

	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->error(client);
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
	guard(mutex)(&card->lock);
	if (card->gone)
		return -ENODEV;
	card->nr_open++;
	return 0;
}

/* vdfl_card_close(): undo vdfl_card_open() */
void vdfl_card_close(struct vdfl_card *card)
{
	guard(mutex)(&card->lock);
	card->nr_open--;
}
