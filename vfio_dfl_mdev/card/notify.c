// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of attributes of the card that a program can poll().
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/sysfs.h>

#include "card/card_priv.h"

static const char * const notify_attr[] = {
	[VDFL_NOTIFY_STATE]		= "state",
	[VDFL_NOTIFY_GENERATION]	= "generation",
	[VDFL_NOTIFY_IRQ_SOURCE]	= "irq_source",
};

static_assert(ARRAY_SIZE(notify_attr) == VDFL_NOTIFY_NR);

static void notify_work(struct work_struct *work)
{
	struct vdfl_notify *notify = container_of(work, struct vdfl_notify,
						  work);
	struct kernfs_node *attr;
	unsigned int i;

	for (i = 0; i < VDFL_NOTIFY_NR; i++) {
		attr = READ_ONCE(notify->attr[i]);
		if (test_and_clear_bit(i, &notify->due) && attr)
			sysfs_notify_dirent(attr);
	}
}

/**
 * vdfl_notify_init() - initialise the notifications of a card
 * @card: card that is being allocated
 *
 * Undone by vdfl_notify_free().
 */
void vdfl_notify_init(struct vdfl_card *card)
{
	INIT_WORK(&card->notify.work, notify_work);
}

/**
 * vdfl_notify_add() - find the attributes
 * @card: card that is being probed
 * @dir: its directory in sysfs
 *
 * May sleep.
 */
void vdfl_notify_add(struct vdfl_card *card, struct kobject *dir)
{
	unsigned int i;

	for (i = 0; i < VDFL_NOTIFY_NR; i++)
		WRITE_ONCE(card->notify.attr[i],
			   sysfs_get_dirent(dir->sd, notify_attr[i]));
}

/**
 * vdfl_notify() - wake programs that poll an attribute
 * @card: card after vdfl_notify_init()
 * @what: attribute that has changed
 *
 * A work item wakes them, because users choose how many tasks poll. Does not
 * sleep; locks may be held.
 */
void vdfl_notify(struct vdfl_card *card, enum vdfl_notify_attr what)
{
	set_bit(what, &card->notify.due);
	queue_work(card->client_wq, &card->notify.work);
}

/**
 * vdfl_notify_free() - undo vdfl_notify_init() and vdfl_notify_add()
 * @card: card whose workqueue is destroyed
 */
void vdfl_notify_free(struct vdfl_card *card)
{
	unsigned int i;

	for (i = 0; i < VDFL_NOTIFY_NR; i++)
		sysfs_put(card->notify.attr[i]);
}
