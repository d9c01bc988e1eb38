/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface of the card layer: lifetime of a card, its blocks and their
 * clients, its interrupts and fences.
 *
 * The card layer calls the layers above only through the callbacks of a client:
 * vdfl_client_ops, and those of vdfl_irq_client.
 *
 * Lock order of the driver, outermost first:
 *   VFIO's dev_set lock
 *   vdfl_mdev.cfg_lock
 *   vdfl_mdev.irq_config_lock
 *   configuration lock of the function (pci_cfg_access_lock())
 *   vdfl_card.reset_lock
 *   vdfl_card.monitor_lock
 *   mmap_lock
 *   vdfl_mdev.filter_lock
 *   vdfl_mdev.memory_lock
 *   vdfl_card_irq.mutex
 *   vdfl_busmaster.lock
 *   vdfl_card_irq.lock
 *   vdfl_mdev.irq_lock
 *   vdfl_rate.lock
 *   vdfl_card.lock
 *   links_lock
 *   functions_lock
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_CARD_H
#define _VDFL_CARD_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include <uapi/linux/vfio_dfl_mdev.h>

#include "dfl/carve.h"

#define VDFL_NAME		"vfio_dfl_mdev"
#define VDFL_POS_LEN		24	/* "b0-o" and 16 hex digits */

/*
 * Instances that can read one block. A reset of the card revokes each of them,
 * so the number bounds its duration.
 */
#define VDFL_MAX_READERS	64

/* Mask of the reasons why the registers of a block cannot be accessed */
#define VDFL_REVOKED_CLOSED	BIT(0)	/* the instance is not open */
#define VDFL_REVOKED_MEMORY	BIT(1)	/* virtual memory enable is 0 */
#define VDFL_REVOKED_RESET	BIT(2)	/* the block failed a reset */
#define VDFL_REVOKED_CARD	BIT(3)	/* vdfl_card.frozen is set */
#define VDFL_REVOKED_GONE	BIT(4)	/* card lost, or driver unbound */
#define VDFL_REVOKED_REMOVED	BIT(5)	/* removed, and the grace is over */
/* Reset requested by the user */
#define VDFL_REVOKED_SCRUB	BIT(6)
/*
 * Reasons that end by themselves. If no other bit is set, accesses wait instead
 * of failing.
 */
#define VDFL_REVOKED_WAIT	(VDFL_REVOKED_CARD | VDFL_REVOKED_SCRUB)

/*
 * Operations on the card of the PCI core, the audit or the administrator, or a
 * card that does not respond. Accesses of clients wait while any bit is set. The
 * checks of bus mastering stop only while vdfl_busmaster.paused is set.
 */
#define VDFL_FROZEN_RESET	BIT(0)
#define VDFL_FROZEN_ERROR	BIT(1)
#define VDFL_FROZEN_SUSPEND	BIT(2)
#define VDFL_FROZEN_ABSENT	BIT(3)	/* the audit waits for the card */
#define VDFL_FROZEN_RESTORE	BIT(4)	/* the audit restores the card */
#define VDFL_FROZEN_PORT	BIT(5)	/* the administrator resets a port */
/* Operations of this driver: the audit waits for a card that does not respond */
#define VDFL_FROZEN_OWN		(VDFL_FROZEN_RESTORE | VDFL_FROZEN_PORT)

/*
 * Callbacks that the work item of a client calls, in this order. Their duration
 * depends on the user.
 */
#define VDFL_CLIENT_WAKE	BIT(0)
#define VDFL_CLIENT_DRAIN	BIT(1)
#define VDFL_CLIENT_ERROR	BIT(2)
#define VDFL_CLIENT_REQUEST	BIT(3)

/* Counted for each instance; order of the lines in sysfs */
enum vdfl_stat {
	VDFL_STAT_READS,		/* registers of the card, by system call */
	VDFL_STAT_WRITES,
	VDFL_STAT_FAULTS,		/* pages that were mapped */
	VDFL_STAT_WAITS,		/* accesses that waited for a reset */
	VDFL_STAT_REVOCATIONS,
	VDFL_STAT_RESETS,		/* of the block, that succeeded */
	VDFL_STAT_IRQS_RAISED,		/* with an eventfd; without AT_ONCE */
	VDFL_STAT_IRQS_SIGNALLED,	/* without AT_ONCE */
	VDFL_STAT_IRQS_COALESCED,	/* with one that waits for its signal */
	VDFL_STAT_SHOWN,
	/* Raised and signalled at once: one counter, for a short path */
	VDFL_STAT_IRQS_AT_ONCE = VDFL_STAT_SHOWN,
	VDFL_STAT_NR,
};

/* Those from VDFL_STAT_IRQS_RAISED on are counted for each vector */
#define VDFL_VECTOR_STAT_NR	(VDFL_STAT_NR - VDFL_STAT_IRQS_RAISED)

struct vconfig_desc;
struct vdfl_card;
struct vdfl_client;

/**
 * struct vdfl_vector_statistics - interrupts of each vector of an instance
 * @count: events by enum vdfl_stat, from VDFL_STAT_IRQS_RAISED on, and by vector
 */
struct vdfl_vector_statistics {
	atomic64_t count[VDFL_VECTOR_STAT_NR][DFL_MAX_VECTORS];
};

/**
 * struct vdfl_statistics - activity of an instance, or of all instances of a card
 * @since: ktime_get_boottime() of the creation; constant
 * @vector: interrupts of each vector; constant
 * @nr_vectors: number of vectors, 0 for a card; constant
 * @count: events by enum vdfl_stat; interrupts are counted here for a card only
 *
 * The counters are atomic rather than per CPU: a trapped access takes
 * vdfl_mdev.memory_lock of the same instance anyway, and memory per CPU would
 * make the creation of an instance slower.
 */
struct vdfl_statistics {
	ktime_t since;
	const struct vdfl_vector_statistics *vector;
	unsigned int nr_vectors;
	atomic64_t count[VDFL_STAT_NR];
};

/**
 * struct vdfl_block - one feature of a card, in one view
 * @card: card that has the block
 * @header: snapshot of its header
 * @window: result of dfl_carve() for @header and the view
 * @owner: DFL_VIEW_OWN: client that claimed it, or NULL; under vdfl_card.lock
 * @nr_readers: DFL_VIEW_READ: number of clients that claimed it; under
 *	vdfl_card.lock
 * @dir: DFL_VIEW_OWN: its directory in sysfs; written only at probe and remove
 * @pos: name by position, unique on the card except for the other view
 *
 * All fields but @owner, @nr_readers and @dir are constant after
 * vdfl_blocks_init().
 */
struct vdfl_block {
	struct vdfl_card *card;
	const struct dfl_header *header;
	const struct dfl_window *window;
	struct vdfl_client *owner;
	unsigned int nr_readers;
	struct vdfl_dir *dir;
	char pos[VDFL_POS_LEN];
};

/**
 * struct vdfl_block_match - selection of blocks
 * @kind: type name that the block must have; ignored if @block is set
 * @block: the only block that matches, or NULL for each block of type @kind
 */
struct vdfl_block_match {
	const char *kind;
	const struct vdfl_block *block;
};

/**
 * struct vdfl_client - an instance, as the card sees it
 * @node: entry of vdfl_card.clients, under vdfl_card.lock
 * @block: block it claimed; constant from vdfl_block_claim() to
 *	vdfl_block_release()
 * @dev: device of the instance, for its name; constant, set by the instance
 * @ops: callbacks into the instance; constant, set by the instance
 * @work: calls the callbacks in @todo
 * @todo: VDFL_CLIENT_*, under vdfl_card.lock
 * @stats: activity since creation, see vdfl_count()
 */
struct vdfl_client {
	struct list_head node;
	struct vdfl_block *block;
	struct device *dev;
	const struct vdfl_client_ops *ops;
	struct work_struct work;
	unsigned int todo;
	struct vdfl_statistics stats;
};

/**
 * struct vdfl_client_ops - callbacks of the card into a client
 * @mark: set the bits of @mask, VDFL_REVOKED_*; no access to the registers
 *	begins while a bit is set
 * @clear: clear the bits of @mask
 * @wake: wake tasks that wait for the end of a revocation
 * @drain: as @wake, zap all mappings, wait for accesses that are running, and
 *	zap the pages that they mapped
 * @error: signal the error eventfd
 * @request: signal the device request eventfd, which asks the user to close the
 *	instance
 *
 * @mark and @clear are called with vdfl_card.lock held, or by
 * vdfl_block_reset() of the client with vdfl_card.reset_lock held. They do not
 * sleep, and their duration does not depend on the user. The other callbacks
 * are called by the work item of the client without a lock, and may sleep.
 */
struct vdfl_client_ops {
	void (*mark)(struct vdfl_client *client, unsigned int mask);
	void (*clear)(struct vdfl_client *client, unsigned int mask);
	void (*wake)(struct vdfl_client *client);
	void (*drain)(struct vdfl_client *client);
	void (*error)(struct vdfl_client *client);
	void (*request)(struct vdfl_client *client);
};

/**
 * struct vdfl_irq_client - subscription of an instance to the card's interrupts
 * @node: entry of vdfl_card_irq.clients; changes with both vdfl_card_irq.mutex
 *	and vdfl_card_irq.lock held
 * @first: first vector of the card that belongs to the block
 * @nr: number of vectors of the block, at most DFL_MAX_VECTORS
 * @listening: vectors that have an eventfd; changes with both
 *	vdfl_mdev.irq_config_lock and vdfl_mdev.irq_lock held, also read without
 *	a lock
 * @notify: signal vectors: bit i of @pending is vector i of the block, bits
 *	from @nr on are ignored; called in a work item, without a lock
 * @notify_quick: as @notify, but only the signals that take a short, bounded
 *	time; called with vdfl_card_irq.lock held, also in hard interrupt
 *	context; returns the vectors that were not signalled
 * @message: source msix: signal the vector @nr, whose message arrived; called in
 *	hard interrupt context or in a work item, without a lock
 * @interval: time between two signals of the client at least, ns; 0 for none; set
 *	by the client, read without a lock
 * @due: time from which the client may be signalled, ns of ktime_get_ns(); atomic
 * @noted: vectors to signal; atomic
 * @has_turn: @signal need not wait for @due once; atomic
 * @held: source msix: vectors whose messages wait for @due; atomic
 * @deferred_until: jiffies until which only the work item signals the client
 * @signal: work item that signals @noted
 * @rested: time from which @signal runs without a delay, in ns of
 *	ktime_get_ns(); only @signal accesses it
 * @msix: source msix: the requested vectors; under vdfl_card_irq.mutex
 * @polled: source poll: vectors pending in the last pass; under
 *	vdfl_card_irq.lock
 * @run: source poll: number of consecutive passes that found each vector
 *	pending; under vdfl_card_irq.lock
 * @stuck: source poll: vectors that stay pending; under vdfl_card_irq.lock
 * @stuck_fired: source poll: time when @stuck was signalled last; under
 *	vdfl_card_irq.lock
 * @vector_stats: interrupts of each vector since the creation of the instance, see
 *	vdfl_count_vector()
 *
 * The client sets @first, @nr and the three callbacks while it is not armed, and
 * @listening and @interval at any time. The card layer owns all other fields.
 */
struct vdfl_irq_client {
	struct list_head node;
	unsigned int first;
	unsigned int nr;
	u64 listening;
	void (*notify)(struct vdfl_irq_client *client, u64 pending);
	u64 (*notify_quick)(struct vdfl_irq_client *client, u64 pending);
	void (*message)(struct vdfl_irq_client *client, unsigned int nr);
	u64 interval;
	atomic64_t due;
	bool has_turn;
	atomic64_t noted;
	atomic64_t held;
	unsigned long deferred_until;
	struct delayed_work signal;
	u64 rested;
	struct vdfl_msix_vector *msix;
	u64 polled;
	u16 run[DFL_MAX_VECTORS];
	u64 stuck;
	ktime_t stuck_fired;
	struct vdfl_vector_statistics vector_stats;
};

/* work.c: the workqueues */
extern struct workqueue_struct *vdfl_wq;
extern struct workqueue_struct *vdfl_signal_wq;
extern struct workqueue_struct *vdfl_audit_wq;
int vdfl_work_init(void);
int vdfl_work_call(int (*fn)(void *data), void *data);
void vdfl_work_exit(void);

/* card.c: probe, removal */
struct vdfl_card *vdfl_card_probe(struct pci_dev *pdev);
void vdfl_card_remove(struct vdfl_card *card);

/* lifetime.c: references, end */
struct vdfl_card *vdfl_card_get(struct vdfl_card *card);
void vdfl_card_put(struct vdfl_card *card);
void vdfl_cards_wait_freed(void);
struct device *vdfl_card_dev(const struct vdfl_card *card);

/* audit.c: regular checks of the card */
void vdfl_audit_start(struct vdfl_card *card);
int vdfl_audit_now(struct vdfl_card *card);

/* recovery.c: operations of the PCI core, loss */
void vdfl_card_declare_lost(struct vdfl_card *card, const char *cause);
bool vdfl_card_is_gone(const struct vdfl_card *card);
u32 vdfl_card_generation(const struct vdfl_card *card);
void vdfl_card_freeze(struct vdfl_card *card, unsigned int op);
int vdfl_card_thaw(struct vdfl_card *card, unsigned int op);
pci_ers_result_t vdfl_card_error_detected(struct vdfl_card *card,
					  pci_channel_state_t state);
bool vdfl_card_slot_reset(struct vdfl_card *card);

/* release.c: release of the card by its users */
unsigned long vdfl_card_grace(const struct vdfl_card *card);
bool vdfl_card_is_unbinding(const struct vdfl_card *card);
void vdfl_card_begin_release(struct vdfl_card *card);
void vdfl_card_end_release(struct vdfl_card *card);

/* hw.c: config space and registers of the card */
bool vdfl_card_answers(struct vdfl_card *card);

/* statistics.c: activity of instances */
void vdfl_statistics_init(struct vdfl_statistics *stats);
ssize_t vdfl_statistics_show(const struct vdfl_statistics *stats, char *buf);
ssize_t vdfl_vector_statistics_show(const struct vdfl_statistics *stats,
				    char *buf);

/**
 * vdfl_count() - count events of an instance
 * @stats: counters of the instance
 * @stat: kind of the events
 * @nr: number of events
 *
 * In any context.
 */
static inline void vdfl_count(struct vdfl_statistics *stats,
			      enum vdfl_stat stat, unsigned int nr)
{
	atomic64_add(nr, &stats->count[stat]);
}

/**
 * vdfl_count_vector() - count an interrupt of a vector
 * @client: client with the vector
 * @stat: VDFL_STAT_IRQS_*
 * @nr: number of the vector in the block
 *
 * In any context.
 */
static inline void vdfl_count_vector(struct vdfl_irq_client *client,
				     enum vdfl_stat stat, unsigned int nr)
{
	atomic64_inc(&client->vector_stats.count[stat - VDFL_STAT_IRQS_RAISED][nr]);
}

/* client.c: open instances of the card */
int vdfl_card_open(struct vdfl_card *card);
void vdfl_card_close(struct vdfl_card *card);

/* block.c: blocks of the card and their owners */
const struct vdfl_block *vdfl_block_next(const struct vdfl_card *card,
					 const struct vdfl_block *prev,
					 const struct vdfl_block_match *match);
unsigned int vdfl_blocks_nr_free(struct vdfl_card *card,
				 const struct vdfl_block_match *match);
struct vdfl_block *vdfl_block_claim(struct vdfl_card *card,
				    const struct vdfl_block_match *match,
				    struct vdfl_client *client);
void vdfl_block_release(struct vdfl_client *client);
bool vdfl_block_shared(const struct vdfl_block *block);
u16 vdfl_block_nr_vectors(const struct vdfl_block *block);
void __iomem *vdfl_block_io(const struct vdfl_block *block);
phys_addr_t vdfl_block_phys(const struct vdfl_block *block);
void vdfl_block_ids(const struct vdfl_block *block, struct vconfig_desc *desc);
void vdfl_block_guid(const struct vdfl_block *block, u8 guid[16]);
enum dfl_kind vdfl_block_parent_kind(const struct vdfl_block *block);

/* block_reset.c: reset of a block */
u32 vdfl_block_scrub(const struct vdfl_block *block);
bool vdfl_block_has_reset(const struct vdfl_block *block);
const char *vdfl_block_scrub_name(const struct vdfl_block *block);
int vdfl_block_prepare(struct vdfl_block *block);
int vdfl_block_reset(struct vdfl_block *block);
void vdfl_block_clean(struct vdfl_block *block);

/* irq_signal.c: signals to clients */
void vdfl_irq_client_init(struct vdfl_irq_client *client);

/* irq.c: subscriptions to the card's interrupts */
u32 vdfl_irq_kind(const struct vdfl_card *card);
const char *vdfl_irq_name(const struct vdfl_card *card);
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_client *client);
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_client *client);

/* fence.c: fences against DMA of the card */
u32 vdfl_fences(struct vdfl_card *card);

/* Return true if clients of the block can only read it. */
static inline bool vdfl_block_read_only(const struct vdfl_block *block)
{
	return block->window->flags & DFL_RULE_READ_ONLY;
}

#endif /* _VDFL_CARD_H */
