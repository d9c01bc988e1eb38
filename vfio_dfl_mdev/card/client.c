// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients of a card: calls to all of them, and the count of open instances.
 *
 * The user of an instance chooses how long it takes to zap its mappings and to
 * wake its tasks. Each client therefore has a work item for that. The work items
 * of all clients run in parallel, without a lock of the card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/workqueue.h>

#include "card/card_priv.h"

/**
 * vdfl_clients_init() - initialise the clients of a card
 * @card: card that is being allocated
 *
 * Undone by vdfl_clients_free(). May sleep.
 *
 * Return: 0 or -ENOMEM
 */
int vdfl_clients_init(struct vdfl_card *card)
{
	raw_spin_lock_init(&card->lock);
	INIT_LIST_HEAD(&card->clients);
	vdfl_statistics_init(&card->stats);
	init_waitqueue_head(&card->settled);
	card->client_wq = alloc_workqueue("vdfl-%s", WQ_UNBOUND, WQ_MAX_ACTIVE,
					  pci_name(card->pdev));
	return card->client_wq ? 0 : -ENOMEM;
}

/**
 * vdfl_clients_free() - undo vdfl_clients_init()
 * @card: card without clients
 *
 * May sleep.
 */
void vdfl_clients_free(struct vdfl_card *card)
{
	destroy_workqueue(card->client_wq);
}

static void client_work_done(struct vdfl_card *card)
{
	if (atomic_dec_and_test(&card->nr_working))
		wake_up_all(&card->settled);
}

static unsigned int client_take_todo(struct vdfl_client *client)
{
	struct vdfl_card *card = client->block->card;
	unsigned int todo;

	raw_spin_lock(&card->lock);
	todo = client->todo;
	client->todo = 0;
	raw_spin_unlock(&card->lock);
	return todo;
}

static void client_work(struct work_struct *work)
{
	struct vdfl_client *client = container_of(work, struct vdfl_client,
						  work);
	const struct vdfl_client_ops *ops = client->ops;
	unsigned int todo = client_take_todo(client);
	struct vdfl_card *card = client->block->card;

	if (todo & VDFL_CLIENT_WAKE)
		ops->wake(client);
	if (todo & VDFL_CLIENT_DRAIN)
		ops->drain(client);
	if (todo & VDFL_CLIENT_ERROR)
		ops->error(client);
	if (todo & VDFL_CLIENT_REQUEST)
		ops->request(client);
	client_work_done(card);
}

/**
 * vdfl_client_add() - add a client of a block to the clients of its card
 * @client: client with its block, which is free; vdfl_card.lock is held
 *
 * The client becomes the owner of the block, or a reader. Undone by
 * vdfl_client_del().
 */
void vdfl_client_add(struct vdfl_client *client)
{
	struct vdfl_card *card = client->block->card;

	lockdep_assert_held(&card->lock);
	INIT_WORK(&client->work, client_work);
	vdfl_statistics_init(&client->stats);
	client->todo = 0;
	if (vdfl_block_read_only(client->block))
		client->block->nr_readers++;
	else
		client->block->owner = client;
	list_add_tail(&client->node, &card->clients);
}

/**
 * vdfl_client_del() - undo vdfl_client_add(), and release the block
 * @client: client that is not open
 *
 * No callback is running when this returns, and none is called any more. Takes
 * vdfl_card.lock. May sleep.
 */
void vdfl_client_del(struct vdfl_client *client)
{
	struct vdfl_card *card = client->block->card;

	raw_spin_lock(&card->lock);
	list_del(&client->node);
	if (vdfl_block_read_only(client->block))
		client->block->nr_readers--;
	else
		client->block->owner = NULL;
	vdfl_statistics_add(&card->stats, &client->stats);
	raw_spin_unlock(&card->lock);
	flush_work(&client->work);
}

/**
 * vdfl_client_queue() - queue callbacks of a client
 * @client: client on the list; vdfl_card.lock is held
 * @todo: VDFL_CLIENT_*
 */
void vdfl_client_queue(struct vdfl_client *client, unsigned int todo)
{
	struct vdfl_card *card = client->block->card;

	lockdep_assert_held(&card->lock);
	client->todo |= todo;
	/*
	 * Counted before it can run. An item that is pending runs only once, and
	 * is counted until it ends. It takes the lock first, so the count does
	 * not drop to 0 here.
	 */
	atomic_inc(&card->nr_working);
	if (!queue_work(card->client_wq, &client->work))
		atomic_dec(&card->nr_working);
}

/**
 * vdfl_clients_notify() - queue callbacks of all clients
 * @card: bound card
 * @todo: VDFL_CLIENT_*
 *
 * The work items of the clients call them; vdfl_clients_wait() waits for them.
 * Takes vdfl_card.lock. Does not sleep.
 */
void vdfl_clients_notify(struct vdfl_card *card, unsigned int todo)
{
	struct vdfl_client *client;

	raw_spin_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		vdfl_client_queue(client, todo);
	raw_spin_unlock(&card->lock);
}

/**
 * vdfl_clients_revoke() - revoke access to all blocks
 * @card: bound card
 * @mask: VDFL_REVOKED_*
 *
 * No access of any client begins when this returns. The zaps and the waits for
 * running accesses are queued; vdfl_clients_wait() waits for them. Takes
 * vdfl_card.lock. Does not sleep.
 */
void vdfl_clients_revoke(struct vdfl_card *card, unsigned int mask)
{
	struct vdfl_client *client;

	raw_spin_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->mark(client, mask);
	raw_spin_unlock(&card->lock);
	vdfl_clients_notify(card, VDFL_CLIENT_DRAIN);
}

/**
 * vdfl_clients_wait() - wait until no queued callback is left
 * @card: bound card; the caller holds no lock of it
 *
 * The duration depends on the users, within the bound of their mappings. May
 * sleep.
 */
void vdfl_clients_wait(struct vdfl_card *card)
{
	/* Pairs with atomic_dec_and_test() in client_work_done() */
	wait_event(card->settled, !atomic_read_acquire(&card->nr_working));
}

/**
 * vdfl_clients_restore() - undo vdfl_clients_revoke()
 * @card: bound card
 * @mask: VDFL_REVOKED_*, cleared for all clients
 *
 * Tasks that wait for the end of the revocation are woken by work items. Takes
 * vdfl_card.lock. Does not sleep.
 */
void vdfl_clients_restore(struct vdfl_card *card, unsigned int mask)
{
	struct vdfl_client *client;

	raw_spin_lock(&card->lock);
	list_for_each_entry(client, &card->clients, node)
		client->ops->clear(client, mask);
	raw_spin_unlock(&card->lock);
	vdfl_clients_notify(card, VDFL_CLIENT_WAKE);
}

/**
 * vdfl_card_open() - count an instance that is being opened
 * @card: card of the instance
 *
 * The interrupt source of the card cannot change until vdfl_card_close(). Takes
 * vdfl_card.lock.
 *
 * Return: 0, or -ENODEV if the card is lost or being unbound
 */
int vdfl_card_open(struct vdfl_card *card)
{
	bool refused;

	raw_spin_lock(&card->lock);
	refused = card->gone || card->unbinding;
	if (!refused)
		card->nr_open++;
	raw_spin_unlock(&card->lock);
	return refused ? -ENODEV : 0;
}

/**
 * vdfl_card_close() - undo vdfl_card_open()
 * @card: card of the instance
 *
 * Takes vdfl_card.lock.
 */
void vdfl_card_close(struct vdfl_card *card)
{
	raw_spin_lock(&card->lock);
	card->nr_open--;
	raw_spin_unlock(&card->lock);
}
