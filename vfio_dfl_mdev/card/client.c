// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients of a card: calls to all of them, and the count of open instances.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "card/card_priv.h"

/**
 * vdfl_clients_revoke_locked() - revoke access to all blocks and wait
 * @card: bound card; vdfl_card.lock is held
 * @mask: VDFL_REVOKED_*
 *
 * Revoke access of all clients before waiting for running accesses of the
 * first, so that a slow access does not delay the revocation of others. May
 * sleep.
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

/**
 * vdfl_clients_revoke() - revoke access to all blocks and wait
 * @card: bound card
 * @mask: VDFL_REVOKED_*
 *
 * As vdfl_clients_revoke_locked(), but takes vdfl_card.lock. May sleep.
 */
void vdfl_clients_revoke(struct vdfl_card *card, unsigned int mask)
{
	guard(mutex)(&card->lock);
	vdfl_clients_revoke_locked(card, mask);
}

/**
 * vdfl_clients_restore() - undo vdfl_clients_revoke()
 * @card: bound card
 * @mask: VDFL_REVOKED_*, cleared for all clients
 *
 * Takes vdfl_card.lock. May sleep.
 */
void vdfl_clients_restore(struct vdfl_card *card, unsigned int mask)
{
	struct vdfl_client *client;

	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->restore(client, mask);
}

/**
 * vdfl_clients_error() - signal the error eventfds of all clients
 * @card: bound card
 *
 * Takes vdfl_card.lock. May sleep.
 */
void vdfl_clients_error(struct vdfl_card *card)
{
	struct vdfl_client *client;

	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->error(client);
}

/**
 * vdfl_clients_request() - ask the users of all clients to close them
 * @card: bound card
 *
 * Signals the device request eventfds. Takes vdfl_card.lock. May sleep.
 */
void vdfl_clients_request(struct vdfl_card *card)
{
	struct vdfl_client *client;

	guard(mutex)(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->request(client);
}

/**
 * vdfl_card_open() - count an instance that is being opened
 * @card: card of the instance
 *
 * The interrupt source of the card cannot change until vdfl_card_close(). Takes
 * vdfl_card.lock. May sleep.
 *
 * Return: 0, or -ENODEV if the card is lost or being unbound
 */
int vdfl_card_open(struct vdfl_card *card)
{
	guard(mutex)(&card->lock);
	if (card->gone || card->unbinding)
		return -ENODEV;
	card->nr_open++;
	return 0;
}

/**
 * vdfl_card_close() - undo vdfl_card_open()
 * @card: card of the instance
 *
 * Takes vdfl_card.lock. May sleep.
 */
void vdfl_card_close(struct vdfl_card *card)
{
	guard(mutex)(&card->lock);
	card->nr_open--;
}
