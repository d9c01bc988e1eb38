/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private header of interrupt delivery: the sources, and their state.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
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
 * @name: name in sysfs
 * @uapi: VFIO_DFL_MDEV_IRQ_*
 * @msix_flags: value of PCI_MSIX_FLAGS_ENABLE and PCI_MSIX_FLAGS_MASKALL while
 *	the source runs; 0 if it does not use MSI-X
 * @usable: check whether the card supports the source; no lock is held
 * @start: start delivery, before the first client is armed or on resume; may
 *	sleep; optional; returns 0 or a negative errno
 * @stop: stop delivery, after the last client is disarmed or on suspend; no
 *	interrupt is noted and no message() runs or follows when it returns; may
 *	sleep; set if @start is
 * @client_on: start delivery to @client, which is in vdfl_card_irq.clients; may
 *	sleep; optional; returns 0 or a negative errno
 * @client_off: stop delivery to @client; may sleep; optional
 *
 * All but @usable are called with vdfl_card_irq.mutex held.
 */
struct vdfl_irq_source {
	const char *name;
	u32 uapi;
	u16 msix_flags;
	bool (*usable)(struct vdfl_card *card);
	int (*start)(struct vdfl_card *card);
	void (*stop)(struct vdfl_card *card);
	int (*client_on)(struct vdfl_card *card,
			 struct vdfl_irq_client *client);
	void (*client_off)(struct vdfl_card *card,
			   struct vdfl_irq_client *client);
};

/**
 * struct vdfl_intx - state of irq_intx.c
 * @held: the pin is masked until @timer expires
 * @held_since: start of the hold-off, in ns of ktime_get_ns()
 * @spent: time spent in interrupt context for the pin since the start of the
 *	hold-off, with that of the timer before it, in ns
 * @rounds: number of hold-offs in a row that ended with the pin asserted
 * @signals: number of times that all clients were signalled since the last pause
 * @masked_entries: number of interrupts in this hold-off, on a line that may be
 *	shared
 * @failed: the line did not go quiet, the source must not run; changes to false
 *	while the source does not run; also read without a lock
 * @timer: unmasks the pin; started under vdfl_card_irq.lock
 * @holdoff_us: shortest hold-off, microseconds; READ_ONCE() and WRITE_ONCE(), no
 *	lock
 *
 * Fields without a note change under vdfl_card_irq.lock, or while the source
 * does not run.
 */
struct vdfl_intx {
	bool held;
	u64 held_since;
	u64 spent;
	unsigned int rounds;
	unsigned int signals;
	unsigned int masked_entries;
	bool failed;
	struct hrtimer timer;
	unsigned int holdoff_us;
};

/**
 * struct vdfl_poll - state of irq_poll.c
 * @task: kernel thread that reads @pba; under vdfl_card_irq.mutex
 * @pba: mapped pending-bit array; written under vdfl_card_irq.mutex while @task
 *	does not run
 * @interval_us: current time between two passes, microseconds; only @task
 *	accesses it while it runs
 * @floor_us: shortest interval, microseconds; READ_ONCE() and WRITE_ONCE(), no
 *	lock
 * @ceiling_us: longest interval, microseconds; READ_ONCE() and WRITE_ONCE(), no
 *	lock
 * @kicked: a client was armed, so the next interval is @floor_us; WRITE_ONCE()
 *	and xchg(), no lock
 * @pending: words read in the current pass; only @task accesses it
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
 * @source: source in use; changes under vdfl_card.lock while no instance is
 *	open
 * @mutex: serialises arming, disarming, suspending and resuming, and with them
 *	all callbacks of @source but usable()
 * @lock: protects @clients and @running; serialises changes of the command
 *	register by irq_intx.c (INTx mask) and by the audit (bus mastering)
 * @clients: armed clients; changes with both @mutex and @lock held
 * @running: the source delivers; changes with both @mutex and @lock held, also
 *	read without a lock
 * @suspended: the source must not start; written under @mutex, also read
 *	without a lock
 * @resume_failed: the last vdfl_irq_resume() failed and was logged; under
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
 * vdfl_irq_set_running() - set whether the source delivers; for sources
 * @irq: interrupt state of a card; @irq->mutex is held
 * @running: new value
 */
static inline void vdfl_irq_set_running(struct vdfl_card_irq *irq, bool running)
{
	spin_lock_irq(&irq->lock);
	WRITE_ONCE(irq->running, running);
	spin_unlock_irq(&irq->lock);
}

/* irq_intx.c, irq_poll.c, irq_msix.c: the sources */
extern const struct vdfl_irq_source vdfl_irq_intx;
extern const struct vdfl_irq_source vdfl_irq_poll;
extern const struct vdfl_irq_source vdfl_irq_msix;
void vdfl_intx_init(struct vdfl_card *card);
void vdfl_intx_retry(struct vdfl_card *card);
bool vdfl_intx_failed(const struct vdfl_card *card);
bool vdfl_intx_stuck(struct vdfl_card *card);
void vdfl_poll_init(struct vdfl_card *card);
ssize_t vdfl_poll_stuck(struct vdfl_card *card, char *buf);

/* irq_signal.c: signals to clients */
void vdfl_irq_note(struct vdfl_irq_client *client, u64 pending);
void vdfl_irq_hold_message(struct vdfl_irq_client *client, unsigned int nr);
void vdfl_irq_forget(struct vdfl_irq_client *client);

/* irq.c: subscriptions to the card's interrupts */
void vdfl_irq_init(struct vdfl_card *card);
void vdfl_irq_suspend(struct vdfl_card *card);
bool vdfl_irq_resume(struct vdfl_card *card);
void vdfl_irq_signal_all(struct vdfl_card *card);
void vdfl_irq_mask_idle(struct vdfl_card *card);
int vdfl_irq_choose(struct vdfl_card *card, const char *name);
ssize_t vdfl_irq_usable(struct vdfl_card *card, char *buf);
ssize_t vdfl_irq_stuck(struct vdfl_card *card, char *buf);

#endif /* _VDFL_IRQ_PRIV_H */
