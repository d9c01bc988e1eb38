// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to clients. The wait queue of an eventfd is as long as its owner
 * likes, and eventfd_signal() walks all of it. So interrupt handlers and code
 * that holds a lock of the card only send the signals that take a short, bounded
 * time. A work item of the client sends the others, and delays no other client.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/timekeeping.h>

#include "card/card_priv.h"

/* Time for which a client may be signalled before its share is bounded */
#define SIGNAL_BURST_NS		NSEC_PER_MSEC

/*
 * A user that adds to a queue and removes from it fails some checks of the queue,
 * and could lengthen it after others. No check is made for this time after one
 * that failed.
 */
#define DEFER_TIME		HZ

/*
 * A client is signalled for at most half of the time: after signals that took a
 * long time, the next ones wait for as long.
 */
static void client_signal(struct work_struct *work)
{
	struct vdfl_irq_client *client = container_of(to_delayed_work(work),
						      struct vdfl_irq_client,
						      signal);
	u64 start = ktime_get_ns();

	if (client->rested > start + SIGNAL_BURST_NS) {
		queue_delayed_work(vdfl_signal_wq, &client->signal,
				   nsecs_to_jiffies(client->rested - start) + 1);
		return;
	}
	client->notify(client, atomic64_xchg(&client->noted, 0));
	client->rested = max(client->rested, start) +
			 2 * (ktime_get_ns() - start);
}

/**
 * vdfl_irq_client_init() - initialise a client for a new user
 * @client: client of an instance that is being opened
 *
 * The share of an earlier user is not counted. It is counted across arming and
 * disarming, so that a user cannot evade it.
 */
void vdfl_irq_client_init(struct vdfl_irq_client *client)
{
	atomic64_set(&client->noted, 0);
	client->rested = 0;
	client->deferred_until = jiffies;
	INIT_DELAYED_WORK(&client->signal, client_signal);
}

/**
 * vdfl_irq_note() - signal a client now or soon
 * @client: armed client
 * @pending: as the argument of notify()
 *
 * Takes a bounded time, in any context. A client that is signalled slowly
 * receives one signal for all notes that it waits for.
 */
void vdfl_irq_note(struct vdfl_irq_client *client, u64 pending)
{
	u64 raised;

	if (time_after_eq(jiffies, READ_ONCE(client->deferred_until))) {
		pending = client->notify_quick(client, pending);
		if (!pending)
			return;
		WRITE_ONCE(client->deferred_until, jiffies + DEFER_TIME);
	}
	raised = pending & READ_ONCE(client->listening);
	vdfl_count(client->stats, VDFL_STAT_IRQS_RAISED, hweight64(raised));
	raised &= atomic64_fetch_or(pending, &client->noted);
	vdfl_count(client->stats, VDFL_STAT_IRQS_COALESCED, hweight64(raised));
	queue_delayed_work(vdfl_signal_wq, &client->signal, 0);
}

/**
 * vdfl_irq_forget() - drop what was noted for a client
 * @client: client that vdfl_irq_note() is not called for any more
 *
 * notify() is not running and is not called any more when this returns. The
 * caller holds no lock of the card, since notify() may take long. May sleep.
 */
void vdfl_irq_forget(struct vdfl_irq_client *client)
{
	cancel_delayed_work_sync(&client->signal);
	atomic64_set(&client->noted, 0);
}
