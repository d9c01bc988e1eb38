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
 * A user that adds entries to the queue and removes them in a loop can lengthen it
 * between a successful check and the signal. Some checks then fail as well. After a
 * failed check, no check is made for this time.
 */
#define DEFER_TIME		HZ

static u64 client_reserve(struct vdfl_irq_client *client, u64 pending,
			  u64 interval)
{
	u64 now = ktime_get_ns(), nr;
	s64 due = atomic64_read(&client->due);

	if (now < due)
		return due - now;
	nr = min_t(u64, hweight64(pending), client->nr);
	if (atomic64_try_cmpxchg(&client->due, &due, now + nr * interval))
		return 0;
	return interval;
}

/* Out of line, because a client without a rate does not need its registers. */
static noinline u64 client_try_reserve(struct vdfl_irq_client *client,
				       u64 pending, u64 interval)
{
	/* The work item has the next turn, or it would never get one */
	if (delayed_work_pending(&client->signal))
		return 1;
	return client_reserve(client, pending, interval);
}

/*
 * Reserve the time of the signals of @pending for the caller, who does not run in
 * the work item. Return 0, or the time in ns for which they have to wait.
 */
static u64 client_delay(struct vdfl_irq_client *client, u64 pending)
{
	u64 interval = READ_ONCE(client->interval);

	return likely(!interval) ? 0 :
	       client_try_reserve(client, pending, interval);
}

/* As client_delay(), but for the work item. */
static u64 client_item_delay(struct vdfl_irq_client *client)
{
	u64 interval = READ_ONCE(client->interval);
	u64 pending = atomic64_read(&client->noted) |
		      atomic64_read(&client->held);

	if (xchg(&client->has_turn, false) || !interval)
		return 0;
	return client_reserve(client, pending, interval);
}

/* A change of the interval takes effect within a second. */
static void client_signal_later(struct vdfl_irq_client *client, u64 delay)
{
	delay = min_t(u64, delay, NSEC_PER_SEC);
	queue_delayed_work(vdfl_signal_wq, &client->signal,
			   nsecs_to_jiffies(delay) + 1);
}

static void client_send_held(struct vdfl_irq_client *client)
{
	u64 held = atomic64_xchg(&client->held, 0);

	for (; held; held &= held - 1)
		client->message(client, __ffs64(held));
}

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
	u64 delay;

	if (client->rested > start + SIGNAL_BURST_NS)
		delay = client->rested - start;
	else
		delay = client_item_delay(client);
	if (delay) {
		client_signal_later(client, delay);
		return;
	}
	client_send_held(client);
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
	atomic64_set(&client->held, 0);
	atomic64_set(&client->due, 0);
	client->has_turn = false;
	client->rested = 0;
	client->deferred_until = jiffies;
	INIT_DELAYED_WORK(&client->signal, client_signal);
}

static void client_count(struct vdfl_irq_client *client, enum vdfl_stat stat,
			 u64 vectors)
{
	for (; vectors; vectors &= vectors - 1)
		vdfl_count_vector(client, stat, __ffs64(vectors));
}

static noinline void client_note(struct vdfl_irq_client *client, u64 pending)
{
	u64 raised = pending & READ_ONCE(client->listening);

	client_count(client, VDFL_STAT_IRQS_RAISED, raised);
	raised &= atomic64_fetch_or(pending, &client->noted);
	client_count(client, VDFL_STAT_IRQS_COALESCED, raised);
}

/**
 * vdfl_irq_note() - signal a client now or soon
 * @client: armed client
 * @pending: as the argument of notify()
 *
 * The caller holds vdfl_card_irq.lock. Takes a bounded time. A client that is
 * signalled slowly, or that has a rate, receives one signal for all notes that it
 * waits for.
 */
void vdfl_irq_note(struct vdfl_irq_client *client, u64 pending)
{
	u64 delay = client_delay(client, pending);

	if (delay) {
		client_note(client, pending);
		client_signal_later(client, delay);
		return;
	}
	if (time_after_eq(jiffies, READ_ONCE(client->deferred_until))) {
		pending = client->notify_quick(client, pending);
		if (!pending)
			return;
		WRITE_ONCE(client->deferred_until, jiffies + DEFER_TIME);
	}
	/* The time of these signals is reserved */
	WRITE_ONCE(client->has_turn, true);
	client_note(client, pending);
	queue_delayed_work(vdfl_signal_wq, &client->signal, 0);
}

/**
 * vdfl_irq_hold_message() - signal the vector of a message now or soon
 * @client: armed client that has a rate
 * @nr: number of the vector in the block
 *
 * The client receives one signal for all messages of a vector that wait. Called
 * in hard interrupt context.
 */
void vdfl_irq_hold_message(struct vdfl_irq_client *client, unsigned int nr)
{
	u64 delay = client_delay(client, BIT_ULL(nr));

	if (!delay) {
		client->message(client, nr);
		return;
	}
	/* A held message is counted as raised when it is sent */
	if (atomic64_fetch_or(BIT_ULL(nr), &client->held) & BIT_ULL(nr)) {
		vdfl_count_vector(client, VDFL_STAT_IRQS_RAISED, nr);
		vdfl_count_vector(client, VDFL_STAT_IRQS_COALESCED, nr);
	}
	client_signal_later(client, delay);
}

/**
 * vdfl_irq_forget() - drop what was noted for a client
 * @client: client that vdfl_irq_note() is not called for any more
 *
 * Messages that wait are delivered. notify() is not running and is not called any
 * more when this returns. The caller holds no lock of the card, since notify() may
 * take long. May sleep.
 */
void vdfl_irq_forget(struct vdfl_irq_client *client)
{
	cancel_delayed_work_sync(&client->signal);
	client_send_held(client);
	atomic64_set(&client->noted, 0);
	WRITE_ONCE(client->has_turn, false);
}
