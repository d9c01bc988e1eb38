// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delivery of the card's interrupts to armed clients through one of the
 * sources. The source runs only while a client is armed and delivery is not
 * suspended.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/sysfs.h>

#include "card/card_priv.h"

static bool none_usable(struct vdfl_card *card)
{
	return true;
}

static const struct vdfl_irq_source source_none = {
	.name	= "none",
	.uapi	= VFIO_DFL_MDEV_IRQ_NONE,
	.usable	= none_usable,
};

/*
 * In order of preference. source_none is always usable, so source_auto() never
 * returns the source after it.
 */
static const struct vdfl_irq_source * const sources[] = {
	&vdfl_irq_intx,
	&vdfl_irq_poll,
	&source_none,
	&vdfl_irq_msix,
};

static const struct vdfl_irq_source *source_auto(struct vdfl_card *card)
{
	unsigned int i = 0;

	while (!sources[i]->usable(card))
		i++;
	return sources[i];
}

static const struct vdfl_irq_source *source_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (sysfs_streq(sources[i]->name, name))
			return sources[i];
	return NULL;
}

/**
 * vdfl_irq_init() - initialise interrupt delivery and choose a source
 * @card: card that is being probed; its MSI-X layout and fences are known
 *
 * Requests no interrupt.
 */
void vdfl_irq_init(struct vdfl_card *card)
{
	struct vdfl_card_irq *irq = &card->irq;

	mutex_init(&irq->mutex);
	spin_lock_init(&irq->lock);
	INIT_LIST_HEAD(&irq->clients);
	vdfl_intx_init(card);
	vdfl_poll_init(card);
	irq->source = source_auto(card);
}

/**
 * vdfl_irq_choose() - change the source
 * @card: bound card
 * @name: name of a source, or "auto"
 *
 * Takes vdfl_card.lock.
 *
 * Return: 0; -EINVAL for an unknown name; -EOPNOTSUPP if the source is not
 * usable on this card; -EBUSY while an instance is open
 */
int vdfl_irq_choose(struct vdfl_card *card, const char *name)
{
	const struct vdfl_irq_source *source = sysfs_streq(name, "auto") ?
		source_auto(card) : source_by_name(name);
	bool busy;

	if (!source)
		return -EINVAL;
	if (!source->usable(card))
		return -EOPNOTSUPP;
	raw_spin_lock(&card->lock);
	busy = card->nr_open;
	if (!busy) {
		WRITE_ONCE(card->irq.source, source);
		vdfl_intx_retry(card);
	}
	raw_spin_unlock(&card->lock);
	if (busy)
		return -EBUSY;
	vdfl_notify(card, VDFL_NOTIFY_IRQ_SOURCE);
	return 0;
}

/**
 * vdfl_irq_kind() - get the source of a card
 * @card: bound card
 *
 * Lockless: the source is constant while an instance is open.
 *
 * Return: VFIO_DFL_MDEV_IRQ_*
 */
u32 vdfl_irq_kind(const struct vdfl_card *card)
{
	return READ_ONCE(card->irq.source)->uapi;
}

/**
 * vdfl_irq_name() - get the name of the source of a card
 * @card: bound card
 *
 * Lockless: the source is constant while an instance is open.
 *
 * Return: static string
 */
const char *vdfl_irq_name(const struct vdfl_card *card)
{
	return READ_ONCE(card->irq.source)->name;
}

/**
 * vdfl_irq_usable() - get the value of the sysfs attribute irq_sources
 * @card: bound card
 * @buf: result, a page
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_irq_usable(struct vdfl_card *card, char *buf)
{
	unsigned int i;
	ssize_t len = 0;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i]->usable(card))
			len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "",
					     sources[i]->name);
	return len + sysfs_emit_at(buf, len, "\n");
}

struct stuck_call {
	struct vdfl_card *card;
	char *buf;
};

static int irq_stuck(void *data)
{
	struct stuck_call *call = data;

	if (vdfl_intx_stuck(call->card))
		return sysfs_emit(call->buf, "pin\n");
	return vdfl_poll_stuck(call->card, call->buf);
}

/**
 * vdfl_irq_stuck() - get the value of the sysfs attribute irq_stuck
 * @card: bound card
 * @buf: result, a page
 *
 * A work item takes vdfl_card_irq.lock: on PREEMPT_RT the reader could be
 * preempted under it. May sleep.
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_irq_stuck(struct vdfl_card *card, char *buf)
{
	struct stuck_call call = { card, buf };

	return vdfl_work_call(irq_stuck, &call);
}

static int source_start(struct vdfl_card *card)
{
	lockdep_assert_held(&card->irq.mutex);
	if (READ_ONCE(card->gone) || READ_ONCE(card->irq.intx.failed))
		return -EIO;
	if (card->irq.running || card->irq.suspended ||
	    !card->irq.source->start)
		return 0;
	return card->irq.source->start(card);
}

static void source_stop(struct vdfl_card *card)
{
	lockdep_assert_held(&card->irq.mutex);
	if (card->irq.running)
		card->irq.source->stop(card);
}

/* The interrupt handler cannot free itself. */
static void source_stop_failed(struct vdfl_card *card)
{
	guard(mutex)(&card->irq.mutex);
	if (!vdfl_intx_failed(card))
		return;
	source_stop(card);
	/* There are no further interrupts: each user has to check its block */
	vdfl_irq_signal_all(card);
}

static int client_on(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	const struct vdfl_irq_source *source = card->irq.source;

	if (!card->irq.running || !source->client_on)
		return 0;
	return source->client_on(card, client);
}

static void client_off(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	const struct vdfl_irq_source *source = card->irq.source;

	if (card->irq.running && source->client_off)
		source->client_off(card, client);
}

static void client_add(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	/* Clear the state that polling kept for an earlier user */
	client->polled = 0;
	client->stuck = 0;
	memset(client->run, 0, sizeof(client->run));

	spin_lock_irq(&card->irq.lock);
	list_add_tail(&client->node, &card->irq.clients);
	spin_unlock_irq(&card->irq.lock);
}

static void client_del(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	spin_lock_irq(&card->irq.lock);
	list_del(&client->node);
	spin_unlock_irq(&card->irq.lock);
}

struct client_call {
	struct vdfl_card *card;
	struct vdfl_irq_client *client;
};

static int irq_arm(void *data)
{
	struct client_call *call = data;
	struct vdfl_card *card = call->card;
	int ret;

	guard(mutex)(&card->irq.mutex);
	ret = source_start(card);
	if (ret)
		return ret;
	client_add(card, call->client);
	ret = client_on(card, call->client);
	if (!ret)
		return 0;
	client_del(card, call->client);
	if (list_empty(&card->irq.clients))
		source_stop(card);
	return ret;
}

static int irq_disarm(void *data)
{
	struct client_call *call = data;
	struct vdfl_card *card = call->card;

	guard(mutex)(&card->irq.mutex);
	client_del(card, call->client);
	client_off(card, call->client);
	if (list_empty(&card->irq.clients))
		source_stop(card);
	return 0;
}

/**
 * vdfl_irq_arm() - start notifying a client of interrupts
 * @card: card of the block
 * @client: client that is not armed; its @nr is not 0
 *
 * While delivery is suspended, the client is added, and notified after
 * vdfl_irq_resume(). A work item does this under vdfl_card_irq.mutex; the
 * caller waits for it and does not hold that lock.
 *
 * Return: 0; -EIO if the card is lost; -EPERM if the source needs bus
 * mastering, and it is not permitted any more; another error of the source
 */
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	struct client_call call = { card, client };
	int ret = vdfl_work_call(irq_arm, &call);

	if (ret)
		vdfl_irq_forget(client);
	return ret;
}

/**
 * vdfl_irq_disarm() - stop notifying a client of interrupts
 * @card: card of the block
 * @client: armed client
 *
 * When this returns, no callback of @client is running, and none is called any
 * more. A work item does this under vdfl_card_irq.mutex; the caller waits
 * for it, and holds neither that lock nor a lock that notify() takes. The caller
 * also waits for a running notify(), but holds up no other client meanwhile.
 */
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	struct client_call call = { card, client };

	vdfl_work_call(irq_disarm, &call);
	vdfl_irq_forget(client);
}

static void irq_stop_all(struct vdfl_card *card)
{
	struct vdfl_irq_client *client;

	lockdep_assert_held(&card->irq.mutex);
	WRITE_ONCE(card->irq.suspended, true);
	list_for_each_entry(client, &card->irq.clients, node)
		client_off(card, client);
	source_stop(card);
}

static int irq_start_all(struct vdfl_card *card)
{
	struct vdfl_irq_client *client;
	int ret = 0;

	lockdep_assert_held(&card->irq.mutex);
	WRITE_ONCE(card->irq.suspended, false);
	/* A source that failed stays stopped until an administrator retries it */
	if (READ_ONCE(card->irq.intx.failed))
		return 0;
	if (!list_empty(&card->irq.clients))
		ret = source_start(card);
	list_for_each_entry(client, &card->irq.clients, node)
		ret = ret ?: client_on(card, client);
	return ret;
}

/**
 * vdfl_irq_suspend() - stop delivery to all clients
 * @card: bound card
 *
 * When this returns, no message() is running, and no interrupt is noted until
 * vdfl_irq_resume(). Clients may still be signalled for interrupts noted before.
 * Takes vdfl_card_irq.mutex. May sleep.
 */
void vdfl_irq_suspend(struct vdfl_card *card)
{
	guard(mutex)(&card->irq.mutex);
	irq_stop_all(card);
}

/**
 * vdfl_irq_resume() - restart delivery to the armed clients
 * @card: bound card that is not frozen; vdfl_card.reset_lock is held
 *
 * If the source cannot start, delivery stays suspended, and the next audit tries
 * again. Causes are lack of memory, a fatal signal for the task that resets the
 * card, and that msix is not permitted any more. A source that failed is stopped.
 * Takes vdfl_card_irq.mutex. May sleep.
 *
 * Return: true if this call restarted delivery. The caller then calls
 * vdfl_irq_signal_all() once clients can access their registers.
 */
bool vdfl_irq_resume(struct vdfl_card *card)
{
	int ret = 0;

	lockdep_assert_held(&card->reset_lock);
	/*
	 * Lockless: the audit calls this every 500 ms and must not contend with
	 * arming.
	 */
	if (vdfl_intx_failed(card))
		source_stop_failed(card);
	if (!READ_ONCE(card->irq.suspended) || READ_ONCE(card->gone))
		return false;
	mutex_lock(&card->irq.mutex);
	ret = irq_start_all(card);
	if (ret)
		irq_stop_all(card);
	mutex_unlock(&card->irq.mutex);
	if (ret && !card->irq.resume_failed && !READ_ONCE(card->gone))
		dev_warn_ratelimited(&card->pdev->dev,
				     "interrupts not restored after reset (%pe); retrying\n",
				     ERR_PTR(ret));
	card->irq.resume_failed = ret;
	return !ret;
}

/**
 * vdfl_irq_mask_idle() - mask the pin of a card whose source does not run
 * @card: bound card that responds
 *
 * A source that stops while the card does not respond cannot mask the pin. Takes
 * vdfl_card_irq.lock.
 */
void vdfl_irq_mask_idle(struct vdfl_card *card)
{
	spin_lock_irq(&card->irq.lock);
	if (card->pdev->pin && !card->irq.running)
		pci_intx(card->pdev, 0);
	spin_unlock_irq(&card->irq.lock);
}

/**
 * vdfl_irq_signal_all() - have every armed vector signalled once
 * @card: bound card
 *
 * Interrupts raised while delivery was stopped are lost, so each user has to
 * check its block. Takes vdfl_card_irq.lock.
 */
void vdfl_irq_signal_all(struct vdfl_card *card)
{
	struct vdfl_irq_client *client;

	spin_lock_irq(&card->irq.lock);
	list_for_each_entry(client, &card->irq.clients, node)
		vdfl_irq_note(client, ~0ULL);
	spin_unlock_irq(&card->irq.lock);
}
