// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt source "poll": MSI-X is enabled with the function mask set, so the
 * card sends no message but sets bits in the pending-bit array. A kernel thread
 * reads the array while a client is armed. The function mask is never cleared,
 * because user logic that ignores Bus Master Enable would send the messages.
 *
 * A pending bit is a level: it is signalled in each pass until the card clears
 * the bit. A bit that never clears is signalled at the ceiling interval only,
 * and does not keep the thread at the floor interval.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sysfs.h>

#include "card/card_priv.h"

#define FLOOR_DEFAULT_US	50
#define CEILING_DEFAULT_US	10000
#define STUCK_PASSES		1024

static void poll_msix_control(struct pci_dev *pdev, bool on)
{
	u16 control;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &control);
	control &= ~PCI_MSIX_FLAGS_ENABLE;
	control |= PCI_MSIX_FLAGS_MASKALL;
	if (on)
		control |= PCI_MSIX_FLAGS_ENABLE;
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, control);
}

/* --- one pass ------------------------------------------------------------ */

/* Returns a mask of the words that contain vectors of armed clients. */
static u32 poll_words(struct vdfl_card_irq *irq)
{
	struct vdfl_irq_client *client;
	u32 words = 0;

	spin_lock_irq(&irq->lock);
	list_for_each_entry(client, &irq->clients, node)
		words |= GENMASK((client->first + client->nr - 1) / 64,
				 client->first / 64);
	spin_unlock_irq(&irq->lock);
	return words;
}

/* Called without a lock: a read from a failing card can take a long time. */
static void poll_read(struct vdfl_poll *poll, u32 words)
{
	unsigned int i;

	memset(poll->pending, 0, sizeof(poll->pending));
	for (i = 0; i < VDFL_PBA_WORDS; i++)
		if (words & BIT(i))
			poll->pending[i] = readq(poll->pba + 8 * i);
}

/* Returns false if a word is all-ones, as reads from a lost card are. */
static bool poll_plausible(const struct vdfl_poll *poll, u32 words)
{
	unsigned int i;

	for (i = 0; i < VDFL_PBA_WORDS; i++)
		if (words & BIT(i) && poll->pending[i] == ~0ULL)
			return false;
	return true;
}

static u64 client_pending(const struct vdfl_poll *poll,
			  const struct vdfl_irq_client *client)
{
	unsigned int word = client->first / 64, shift = client->first % 64;
	u64 pending = poll->pending[word] >> shift;

	if (shift && word + 1 < VDFL_PBA_WORDS)
		pending |= poll->pending[word + 1] << (64 - shift);
	return pending & GENMASK_ULL(client->nr - 1, 0);
}

static void client_count_runs(struct vdfl_irq_client *client, u64 pending)
{
	unsigned int i;

	for (i = 0; i < client->nr; i++) {
		if (!(pending & BIT_ULL(i))) {
			client->run[i] = 0;
			client->stuck &= ~BIT_ULL(i);
		} else if (client->run[i] < STUCK_PASSES) {
			client->run[i]++;
		} else {
			client->stuck |= BIT_ULL(i);
		}
	}
}

/* Returns true if a vector is pending that is not stuck. */
static bool client_poll(struct vdfl_poll *poll, struct vdfl_irq_client *client,
			ktime_t now)
{
	u64 pending = client_pending(poll, client);
	u64 fire;

	if (!pending && !client->stuck && !client->polled)
		return false;
	client->polled = pending;
	client_count_runs(client, pending);
	fire = pending & ~client->stuck;
	if (client->stuck &&
	    ktime_us_delta(now, client->stuck_fired) >=
	    READ_ONCE(poll->ceiling_us)) {
		fire |= client->stuck;
		client->stuck_fired = now;
	}
	if (fire)
		vdfl_irq_note(client, fire);
	return pending & ~client->stuck;
}

static bool poll_fire(struct vdfl_card_irq *irq)
{
	struct vdfl_irq_client *client;
	ktime_t now = ktime_get();
	bool moves = false;

	spin_lock_irq(&irq->lock);
	list_for_each_entry(client, &irq->clients, node)
		moves |= client_poll(&irq->poll, client, now);
	spin_unlock_irq(&irq->lock);
	return moves;
}

static bool poll_pass(struct vdfl_card *card)
{
	struct vdfl_poll *poll = &card->irq.poll;
	u32 words = poll_words(&card->irq);

	poll_read(poll, words);
	if (!poll_plausible(poll, words) && !vdfl_card_answers(card))
		return false;	/* the audit freezes the card */
	return poll_fire(&card->irq);
}

/* --- the task ------------------------------------------------------------ */

static void poll_adapt(struct vdfl_poll *poll, bool moves)
{
	unsigned int floor = READ_ONCE(poll->floor_us);
	unsigned int ceiling = max(READ_ONCE(poll->ceiling_us), floor);
	bool kicked = xchg(&poll->kicked, false);

	if (moves || kicked)
		poll->interval_us = floor;
	else
		poll->interval_us = clamp(2 * poll->interval_us, floor,
					  ceiling);
}

/*
 * Passes start one interval apart, so the duration of a pass does not add to
 * the interval. The gap after a pass is at least as long as the pass, so a slow
 * card does not occupy the CPU all the time.
 */
static ktime_t poll_next(const struct vdfl_poll *poll, ktime_t begun)
{
	ktime_t next = ktime_add_us(begun, poll->interval_us);
	ktime_t now = ktime_get();
	ktime_t soonest = ktime_add(now, ktime_sub(now, begun));

	return ktime_after(next, soonest) ? next : soonest;
}

static int poll_task(void *data)
{
	struct vdfl_card *card = data;
	struct vdfl_poll *poll = &card->irq.poll;
	ktime_t begun, next;

	sched_set_fifo_low(current);
	while (!kthread_should_stop()) {
		begun = ktime_get();
		poll_adapt(poll, poll_pass(card));
		next = poll_next(poll, begun);
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && !READ_ONCE(poll->kicked))
			schedule_hrtimeout(&next, HRTIMER_MODE_ABS);
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/* --- the source ---------------------------------------------------------- */

static bool poll_usable(struct vdfl_card *card)
{
	return card->msix.nr && vdfl_card_range_valid(card, &card->msix.pba);
}

static int poll_map(struct vdfl_card *card)
{
	const struct dfl_range *pba = &card->msix.pba;
	void __iomem *base = vdfl_card_map_bar(card, pba->bar);

	if (!base)
		return -EIO;
	card->irq.poll.pba = base + pba->off;
	return 0;
}

static int poll_start(struct vdfl_card *card)
{
	struct vdfl_poll *poll = &card->irq.poll;
	struct task_struct *task;
	int ret = poll_map(card);

	if (ret)
		return ret;
	task = kthread_create(poll_task, card, "vdfl/%s", pci_name(card->pdev));
	if (IS_ERR(task))
		return PTR_ERR(task);
	poll->task = task;
	poll->interval_us = poll->floor_us;
	poll_msix_control(card->pdev, true);
	vdfl_irq_set_running(&card->irq, true);
	wake_up_process(task);
	return 0;
}

static void poll_stop(struct vdfl_card *card)
{
	vdfl_irq_set_running(&card->irq, false);
	kthread_stop(card->irq.poll.task);
	card->irq.poll.task = NULL;
	poll_msix_control(card->pdev, false);
}

/* A client was armed: poll at once. */
static int poll_client_on(struct vdfl_card *card,
			  struct vdfl_irq_client *client)
{
	struct vdfl_poll *poll = &card->irq.poll;

	lockdep_assert_held(&card->irq.mutex);
	WRITE_ONCE(poll->kicked, true);
	wake_up_process(poll->task);
	return 0;
}

/**
 * vdfl_poll_init() - set the default intervals
 * @card: card that is being probed
 */
void vdfl_poll_init(struct vdfl_card *card)
{
	card->irq.poll.floor_us = FLOOR_DEFAULT_US;
	card->irq.poll.ceiling_us = CEILING_DEFAULT_US;
}

/**
 * vdfl_poll_stuck() - list the vectors that stay pending
 * @card: bound card
 * @buf: result, a page
 *
 * Takes vdfl_card_irq.lock.
 *
 * Return: bytes written to @buf
 */
ssize_t vdfl_poll_stuck(struct vdfl_card *card, char *buf)
{
	struct vdfl_irq_client *client;
	unsigned int i;
	ssize_t len = 0;

	spin_lock_irq(&card->irq.lock);
	list_for_each_entry(client, &card->irq.clients, node)
		for (i = 0; i < client->nr; i++)
			if (client->stuck & BIT_ULL(i))
				len += sysfs_emit_at(buf, len, "%s%u",
						     len ? " " : "",
						     client->first + i);
	spin_unlock_irq(&card->irq.lock);
	return len + sysfs_emit_at(buf, len, "\n");
}

const struct vdfl_irq_source vdfl_irq_poll = {
	.name		= "poll",
	.uapi		= VFIO_DFL_MDEV_IRQ_POLL,
	.msix_flags	= PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
	.usable		= poll_usable,
	.start		= poll_start,
	.stop		= poll_stop,
	.client_on	= poll_client_on,
};
