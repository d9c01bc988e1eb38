/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts inside the card layer: the sources, and what serves them. */
#ifndef _VDFL_IRQ_PRIV_H
#define _VDFL_IRQ_PRIV_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define VDFL_PBA_WORDS		32	/* 2048 vectors */

/* Limits of the intervals that an administrator may set, microseconds */
#define VDFL_INTERVAL_MIN_US	10
#define VDFL_INTERVAL_MAX_US	1000000

struct task_struct;
struct vdfl_card;
struct vdfl_irq_client;

/**
 * struct vdfl_irq_source - a way to receive the card's interrupts
 * @name: in sysfs
 * @uapi: VFIO_DFL_MDEV_IRQ_*
 * @needs_busmaster: it enables bus mastering, which needs permission
 * @usable: check whether this card can be used that way now
 * @start: first client is armed; may sleep
 * @stop: last client is gone; may sleep; no notify() after it returned
 * @client_on: @client is about to be armed; may sleep; optional
 * @client_off: @client was disarmed; may sleep; optional
 *
 * All but @usable are called with vdfl_card_irq.mutex held.
 */
struct vdfl_irq_source {
	const char *name;
	u32 uapi;
	bool needs_busmaster;
	bool (*usable)(struct vdfl_card *card);
	int (*start)(struct vdfl_card *card);
	void (*stop)(struct vdfl_card *card);
	int (*client_on)(struct vdfl_card *card,
			 struct vdfl_irq_client *client);
	void (*client_off)(struct vdfl_card *card,
			   struct vdfl_irq_client *client);
};

/**
 * struct vdfl_intx - state of irq_intx.c; under vdfl_card_irq.lock
 * @held: the pin is masked at the card until the hold-off is over
 * @timer: unmasks the pin again
 * @holdoff_us: time between signal and unmask, microseconds
 */
struct vdfl_intx {
	bool held;
	struct hrtimer timer;
	unsigned int holdoff_us;
};

/**
 * struct vdfl_poll - state of irq_poll.c
 * @task: reads the pending bits
 * @pba: pending bits of the card
 * @interval_us: current time between two passes, microseconds; of the task
 * @floor_us: shortest interval, microseconds
 * @ceiling_us: longest interval, microseconds
 * @kicked: a client was armed: start over from the floor
 * @pending: words read in the current pass; of the task
 */
struct vdfl_poll {
	struct task_struct *task;
	void __iomem *pba;
	unsigned int interval_us;
	unsigned int floor_us;
	unsigned int ceiling_us;
	bool kicked;
	u64 pending[VDFL_PBA_WORDS];
};

/**
 * struct vdfl_card_irq - state of irq.c
 * @source: how interrupts arrive; changes only while no instance is open
 * @mutex: serialises arm and disarm
 * @lock: protects @clients and @running; serialises changes of the pin's mask and,
 *	by the audit, of bus master, which are in one register
 * @clients: clients to notify
 * @running: the source delivers
 * @suspended: the source must not start; under @mutex
 * @resume_failed: it could not start when it was to; under
 *	vdfl_card.reset_lock
 * @intx: see irq_intx.c
 * @poll: see irq_poll.c
 */
struct vdfl_card_irq {
	const struct vdfl_irq_source *source;
	struct mutex mutex;
	spinlock_t lock;
	struct list_head clients;
	bool running;
	bool suspended;
	bool resume_failed;
	struct vdfl_intx intx;
	struct vdfl_poll poll;
};

/**
 * vdfl_irq_set_running() - start or stop notifying armed clients; for sources
 * @irq: its source is about to deliver, or delivers no more
 * @running: clients are notified
 */
static inline void vdfl_irq_set_running(struct vdfl_card_irq *irq, bool running)
{
	spin_lock_irq(&irq->lock);
	irq->running = running;
	spin_unlock_irq(&irq->lock);
}

/* irq_intx.c, irq_poll.c, irq_msix.c: the sources */
extern const struct vdfl_irq_source vdfl_irq_intx;
extern const struct vdfl_irq_source vdfl_irq_poll;
extern const struct vdfl_irq_source vdfl_irq_msix;
void vdfl_intx_init(struct vdfl_card *card);
void vdfl_poll_init(struct vdfl_card *card);
ssize_t vdfl_poll_stuck(struct vdfl_card *card, char *buf);

/* irq.c */
void vdfl_irq_init(struct vdfl_card *card);
void vdfl_irq_suspend(struct vdfl_card *card);
bool vdfl_irq_resume(struct vdfl_card *card);
void vdfl_irq_signal_all(struct vdfl_card *card);
int vdfl_irq_choose(struct vdfl_card *card, const char *name);
ssize_t vdfl_irq_usable(struct vdfl_card *card, char *buf);

#endif /* _VDFL_IRQ_PRIV_H */
