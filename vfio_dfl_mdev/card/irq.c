// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lending the card's interrupts to instances: which source is in use, and
 * which instances it serves. The source runs only while an instance is armed.
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

/* In the order of preference; the last one is never chosen by itself. */
static const struct vdfl_irq_source * const sources[] = {
	&vdfl_irq_intx,
	&vdfl_irq_poll,
	&source_none,
	&vdfl_irq_msix,
};

static bool source_permitted(struct vdfl_card *card,
			     const struct vdfl_irq_source *source)
{
	return !source->needs_busmaster || vdfl_fence_msix_permitted(card);
}

static bool source_usable(struct vdfl_card *card,
			  const struct vdfl_irq_source *source)
{
	return source->usable(card) && source_permitted(card, source);
}

static const struct vdfl_irq_source *source_auto(struct vdfl_card *card)
{
	unsigned int i = 0;

	while (!source_usable(card, sources[i]))
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

/* vdfl_irq_init(): choose the source; nothing is requested yet */
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
 * vdfl_irq_choose() - use another source
 * @card: bound card
 * @name: of a source, or "auto"
 *
 * Return: 0; -EINVAL for an unknown name; -EOPNOTSUPP when the card cannot be
 * heard that way; -EBUSY while an instance is open.
 */
int vdfl_irq_choose(struct vdfl_card *card, const char *name)
{
	const struct vdfl_irq_source *source = sysfs_streq(name, "auto") ?
		source_auto(card) : source_by_name(name);

	if (!source)
		return -EINVAL;
	if (!source_usable(card, source))
		return -EOPNOTSUPP;
	guard(mutex)(&card->lock);
	if (card->nr_open)
		return -EBUSY;
	WRITE_ONCE(card->irq.source, source);
	return 0;
}

/**
 * vdfl_irq_kind() - which source the card has
 * @card: bound card
 *
 * Return: VFIO_DFL_MDEV_IRQ_*
 */
u32 vdfl_irq_kind(const struct vdfl_card *card)
{
	return READ_ONCE(card->irq.source)->uapi;
}

/**
 * vdfl_irq_name() - name of the card's source, as in sysfs
 * @card: bound card
 *
 * Return: static string
 */
const char *vdfl_irq_name(const struct vdfl_card *card)
{
	return READ_ONCE(card->irq.source)->name;
}

/* vdfl_irq_usable(): names of the sources this card has, for sysfs */
ssize_t vdfl_irq_usable(struct vdfl_card *card, char *buf)
{
	unsigned int i;
	ssize_t len = 0;

	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (source_usable(card, sources[i]))
			len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "",
					     sources[i]->name);
	return len + sysfs_emit_at(buf, len, "\n");
}

static int source_start(struct vdfl_card *card)
{
	lockdep_assert_held(&card->irq.mutex);
	if (READ_ONCE(card->gone))
		return -EIO;
	if (card->irq.running || card->irq.suspended ||
	    !card->irq.source->start)
		return 0;
	if (!source_permitted(card, card->irq.source))
		return -EPERM;
	return card->irq.source->start(card);
}

static void source_stop(struct vdfl_card *card)
{
	lockdep_assert_held(&card->irq.mutex);
	if (card->irq.running)
		card->irq.source->stop(card);
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
	/* Nothing of what an earlier user saw */
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
 * vdfl_irq_arm() - notify @client of the card's interrupts from now on
 * @card: where the block is
 * @client: not armed; its instance has interrupt vectors
 *
 * Return: 0, or the error of the source; -EIO when the card is lost.
 */
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	struct client_call call = { card, client };

	return vdfl_work_call(irq_arm, &call);
}

/* vdfl_irq_disarm(): @client is not notified any more when this returns */
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_client *client)
{
	struct client_call call = { card, client };

	vdfl_work_call(irq_disarm, &call);
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
	if (!list_empty(&card->irq.clients))
		ret = source_start(card);
	list_for_each_entry(client, &card->irq.clients, node)
		ret = ret ?: client_on(card, client);
	return ret;
}

/*
 * vdfl_irq_suspend(): no interrupt is delivered from when this returns until
 * vdfl_irq_resume(); arming in between takes effect there
 */
void vdfl_irq_suspend(struct vdfl_card *card)
{
	guard(mutex)(&card->irq.mutex);
	irq_stop_all(card);
}

/**
 * vdfl_irq_resume() - deliver again to the clients that are still armed
 * @card: vdfl_card.reset_lock is held, and the card is not frozen
 *
 * If that fails, for want of memory or because whoever resets the card was
 * interrupted, nothing is delivered until it is called again.
 *
 * Return: true if that began with this call: then vdfl_irq_signal_all() is due
 * once users can reach their registers.
 */
bool vdfl_irq_resume(struct vdfl_card *card)
{
	int ret = 0;

	lockdep_assert_held(&card->reset_lock);
	/* The audit asks each time, and need not wait for who arms meanwhile */
	if (!READ_ONCE(card->irq.suspended) || READ_ONCE(card->gone))
		return false;
	mutex_lock(&card->irq.mutex);
	ret = irq_start_all(card);
	if (ret)
		irq_stop_all(card);
	mutex_unlock(&card->irq.mutex);
	if (ret && !card->irq.resume_failed && !READ_ONCE(card->gone))
		dev_warn_ratelimited(&card->pdev->dev,
				     "no interrupts after a reset (%pe), trying again\n",
				     ERR_PTR(ret));
	card->irq.resume_failed = ret;
	return !ret;
}

/*
 * vdfl_irq_signal_all(): what the card raised while nobody listened is lost, so
 * all who are armed have to look
 */
void vdfl_irq_signal_all(struct vdfl_card *card)
{
	struct vdfl_irq_client *client;

	spin_lock_irq(&card->irq.lock);
	list_for_each_entry(client, &card->irq.clients, node)
		client->notify(client, ~0ULL);
	spin_unlock_irq(&card->irq.lock);
}
