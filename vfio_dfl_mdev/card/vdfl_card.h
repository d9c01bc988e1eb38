/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the layers above may do with a card: the blocks that it has, the clients
 * that hold them, its interrupts, and its life.
 *
 * The card layer calls up only through what a client left with it: its
 * vdfl_client_ops, and the callback of its vdfl_irq_client.
 *
 * Lock order of the driver, outermost first:
 *   vfio dev_set lock (open, close)
 *   vdfl_mdev.cfg_lock
 *   vdfl_mdev.irq_config_lock
 *   vdfl_card.reset_lock
 *   vdfl_card.lock
 *   mmap_lock
 *   vdfl_mdev.memory_lock
 *   vdfl_card_irq.mutex
 *   vdfl_busmaster.lock
 *   vdfl_card_irq.lock
 *   vdfl_mdev.irq_lock
 */
#ifndef _VDFL_CARD_H
#define _VDFL_CARD_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include <uapi/linux/vfio_dfl_mdev.h>

#include "dfl/carve.h"

#define VDFL_NAME		"vfio_dfl_mdev"
#define VDFL_POS_LEN		24	/* "b0-o" and 16 hex digits */

/* Reasons mask the registers of a block cannot be accessed; a set of them */
#define VDFL_REVOKED_CLOSED	BIT(0)	/* the instance is not open */
#define VDFL_REVOKED_MEMORY	BIT(1)	/* virtual memory enable is 0 */
#define VDFL_REVOKED_RESET	BIT(2)	/* the block did not survive a reset */
#define VDFL_REVOKED_CARD	BIT(3)	/* the PCI core operates on the card */
#define VDFL_REVOKED_GONE	BIT(4)	/* card lost, or driver unbinding */
#define VDFL_REVOKED_REMOVED	BIT(5)	/* the instance is being removed */
/*
 * Reset requested by the user. If this is the only bit set, accesses wait
 * instead of failing.
 */
#define VDFL_REVOKED_SCRUB	BIT(6)

/* PCI core operations in progress; the driver must not touch the device */
#define VDFL_FROZEN_RESET	BIT(0)
#define VDFL_FROZEN_ERROR	BIT(1)
#define VDFL_FROZEN_SUSPEND	BIT(2)

struct vconfig_desc;
struct vdfl_card;
struct vdfl_client;

/**
 * struct vdfl_block - one feature of a card
 * @card: where it is
 * @header: snapshot of its header
 * @window: what carving made of it
 * @owner: client that claimed it, or NULL; under vdfl_card.lock
 * @dir: its directory in sysfs
 * @pos: name by position, unique on the card
 */
struct vdfl_block {
	struct vdfl_card *card;
	const struct dfl_header *header;
	const struct dfl_window *window;
	struct vdfl_client *owner;
	struct vdfl_dir *dir;
	char pos[VDFL_POS_LEN];
};

/**
 * struct vdfl_block_match - which block is asked for
 * @kind: type name that the block must have
 * @block: the only one that matches, or NULL for any of @kind
 */
struct vdfl_block_match {
	const char *kind;
	const struct vdfl_block *block;
};

/**
 * struct vdfl_client - an instance, as the card sees it
 * @node: on vdfl_card.clients, under vdfl_card.lock
 * @block: the block it claimed
 * @dev: device of the instance, for its name
 * @ops: how to reach it
 */
struct vdfl_client {
	struct list_head node;
	struct vdfl_block *block;
	struct device *dev;
	const struct vdfl_client_ops *ops;
};

/**
 * struct vdfl_client_ops - what the card tells a client
 * @revoke: revoke access to the registers: none begins from now on, and
 *	mappings are zapped. @mask is VDFL_REVOKED_*.
 * @restore: take back @mask
 * @drain: wait for accesses that began earlier, and zap what they mapped
 * @error: signal an error to the user: fire the error eventfd
 * @request: ask the user to close the instance: fire the device request eventfd
 *
 * Called with vdfl_card.lock held, or by the client itself.
 */
struct vdfl_client_ops {
	void (*revoke)(struct vdfl_client *client, unsigned int mask);
	void (*restore)(struct vdfl_client *client, unsigned int mask);
	void (*drain)(struct vdfl_client *client);
	void (*error)(struct vdfl_client *client);
	void (*request)(struct vdfl_client *client);
};

/**
 * struct vdfl_irq_client - subscription of an instance to the card's interrupts
 * @node: on vdfl_card_irq.clients
 * @first: first vector of the card that belongs to the block
 * @nr: number of its vectors, at most DFL_MAX_VECTORS
 * @notify: interrupts of the block: bit i of @pending is its vector i; possibly
 *	in hard interrupt context, with vdfl_card_irq.lock held except by msix
 * @msix: real vectors: what was requested for it
 * @polled: polling: vectors found pending in the last pass
 * @run: polling: passes in a row that found each vector pending
 * @stuck: polling: vectors that stay pending
 * @stuck_fired: polling: when those were signalled last
 *
 * The client sets @first, @nr and @notify; all else belongs to the card.
 */
struct vdfl_irq_client {
	struct list_head node;
	unsigned int first;
	unsigned int nr;
	void (*notify)(struct vdfl_irq_client *client, u64 pending);
	struct vdfl_msix_vector *msix;
	u64 polled;
	u16 run[DFL_MAX_VECTORS];
	u64 stuck;
	ktime_t stuck_fired;
};

/* work.c: the workqueue */
extern struct workqueue_struct *vdfl_wq;
int vdfl_work_init(void);
int vdfl_work_call(int (*fn)(void *data), void *data);
void vdfl_work_exit(void);

/* card.c: probe, lifetime */
struct vdfl_card *vdfl_card_probe(struct pci_dev *pdev);
void vdfl_card_remove(struct vdfl_card *card);
struct vdfl_card *vdfl_card_get(struct vdfl_card *card);
void vdfl_card_put(struct vdfl_card *card);
void vdfl_cards_wait_freed(void);
struct device *vdfl_card_dev(const struct vdfl_card *card);

/* audit.c: regular checks of the card */
void vdfl_audit_start(struct vdfl_card *card);
void vdfl_audit_now(struct vdfl_card *card);

/* recovery.c: operations of the PCI core, loss */
void vdfl_card_declare_lost(struct vdfl_card *card, const char *cause);
bool vdfl_card_is_gone(const struct vdfl_card *card);
void vdfl_card_freeze(struct vdfl_card *card, unsigned int op);
int vdfl_card_thaw(struct vdfl_card *card, unsigned int op);
pci_ers_result_t vdfl_card_error_detected(struct vdfl_card *card,
					  pci_channel_state_t state);
bool vdfl_card_slot_reset(struct vdfl_card *card);

/* hw.c: is it there? */
bool vdfl_card_answers(struct vdfl_card *card);

/* client.c: use of the card */
int vdfl_card_open(struct vdfl_card *card);
void vdfl_card_close(struct vdfl_card *card);

/* block.c: which there are, and who has them */
const struct vdfl_block *vdfl_block_next(const struct vdfl_card *card,
					 const struct vdfl_block *prev,
					 const struct vdfl_block_match *match);
unsigned int vdfl_blocks_nr_free(struct vdfl_card *card,
				 const struct vdfl_block_match *match);
struct vdfl_block *vdfl_block_claim(struct vdfl_card *card,
				    const struct vdfl_block_match *match,
				    struct vdfl_client *client);
void vdfl_block_release(struct vdfl_client *client);
void __iomem *vdfl_block_io(const struct vdfl_block *block);
phys_addr_t vdfl_block_phys(const struct vdfl_block *block);
void vdfl_block_ids(const struct vdfl_block *block, struct vconfig_desc *desc);
void vdfl_block_guid(const struct vdfl_block *block, u8 guid[16]);
enum dfl_kind vdfl_block_parent_kind(const struct vdfl_block *block);

/* block_reset.c: reset of a block */
bool vdfl_block_has_reset(const struct vdfl_block *block);
const char *vdfl_block_scrub_name(const struct vdfl_block *block);
int vdfl_block_prepare(struct vdfl_block *block);
int vdfl_block_reset(struct vdfl_block *block);
void vdfl_block_clean(struct vdfl_block *block);

/* irq.c: subscriptions to the card's interrupts */
u32 vdfl_irq_kind(const struct vdfl_card *card);
const char *vdfl_irq_name(const struct vdfl_card *card);
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_client *client);
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_client *client);

/* fence.c: what keeps DMA of the card from memory */
u32 vdfl_fences(struct vdfl_card *card);

#endif /* _VDFL_CARD_H */
