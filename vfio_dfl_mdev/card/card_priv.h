/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the card layer. From the bottom up, each file uses only files of its
 * own and of lower levels:
 *
 *   1  work, hw, client, port
 *   2  scan, busmaster, block, block_reset, irq_intx, irq_poll, irq_msix
 *   3  fence, irq
 *   4  recovery, audit, sysfs
 *   5  card
 */
#ifndef _VDFL_CARD_PRIV_H
#define _VDFL_CARD_PRIV_H

#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/mutex.h>

#include "card/irq_priv.h"
#include "card/vdfl_card.h"

/**
 * struct vdfl_busmaster - state of busmaster.c
 * @lock: serialises checks of the bit and changes of @msix_on
 * @violations: times the bit was found set while bound
 * @refuse: no new opens until an administrator acknowledges a violation
 * @msix_on: real MSI-X needs the bit set, and the IOMMU fence holds
 * @lost: the bit cannot be cleared
 * @bridge: PCIe port above the card whose bit is kept off as well, or NULL
 * @bridge_was_on: what to restore there
 * @bridge_lost: its bit cannot be cleared
 */
struct vdfl_busmaster {
	struct mutex lock;
	atomic_t violations;
	bool refuse;
	bool msix_on;
	bool lost;
	struct pci_dev *bridge;
	bool bridge_was_on;
	bool bridge_lost;
};

/**
 * struct vdfl_msix - MSI-X of the function
 * @nr: vectors; 0 without MSI-X
 * @table: where its table is
 * @pba: where its pending bits are
 */
struct vdfl_msix {
	unsigned int nr;
	struct dfl_range table;
	struct dfl_range pba;
};

/**
 * struct vdfl_card - one PCI function with feature lists
 * @ref: held by the PCI driver, by its mdev types and by each instance
 * @pdev: the function; a reference is held
 * @bar: mapped BARs, NULL where none was needed
 * @bar_len: bytes of each memory BAR, 0 where there is none
 * @saved: configuration at probe, which recovery restores; bus master is off
 * @msix: MSI-X layout that the card reported at probe
 * @map: snapshot of the headers
 * @window: one for each header
 * @block: one for each header
 * @nr_blocks: entries in @block
 * @lock: protects vdfl_block.owner, @clients and @nr_open
 * @clients: instances
 * @nr_open: instances that are open
 * @gone: no more access; set once under @lock, never cleared
 * @reset_lock: serialises resets; protects @frozen, @frozen_since and
 *	@dead_ports
 * @frozen: VDFL_FROZEN_*; the driver does not touch the card unless 0
 * @frozen_since: jiffies when the first of them began
 * @dead_ports: ports, by index of their header, that failed a reset
 * @group: IOMMU group whose DMA we own, or NULL
 * @audit: see audit.c
 * @busmaster: see busmaster.c
 * @irq: see irq.c
 * @dir: directory in sysfs
 * @blocks_dir: its subdirectory for blocks
 */
struct vdfl_card {
	struct kref ref;
	struct pci_dev *pdev;
	void __iomem *bar[DFL_NR_BARS];
	u64 bar_len[DFL_NR_BARS];
	struct pci_saved_state *saved;
	struct vdfl_msix msix;
	struct dfl_map *map;
	struct dfl_window *window;
	struct vdfl_block *block;
	u32 nr_blocks;
	struct mutex lock;
	struct list_head clients;
	unsigned int nr_open;
	bool gone;
	struct mutex reset_lock;
	unsigned int frozen;
	unsigned long frozen_since;
	DECLARE_BITMAP(dead_ports, DFL_MAX_HEADERS);
	struct iommu_group *group;
	struct delayed_work audit;
	struct vdfl_busmaster busmaster;
	struct vdfl_card_irq irq;
	struct vdfl_dir *dir;
	struct kobject *blocks_dir;
};

/* hw.c: BARs, MSI-X structures, headers */
int vdfl_card_read_layout(struct vdfl_card *card);
bool vdfl_card_range_valid(struct vdfl_card *card,
			   const struct dfl_range *range);
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar);
void vdfl_card_unmap_bars(struct vdfl_card *card);
int vdfl_card_check_msix(struct vdfl_card *card);
int vdfl_card_check_header(struct vdfl_block *block);

/* client.c: what the card tells its clients */
void vdfl_clients_revoke(struct vdfl_card *card, unsigned int mask);
void vdfl_clients_revoke_locked(struct vdfl_card *card, unsigned int mask);
void vdfl_clients_restore(struct vdfl_card *card, unsigned int mask);
void vdfl_clients_error(struct vdfl_card *card);

/* port.c: DFL ports */
int vdfl_port_deassert_reset(struct vdfl_card *card, u8 bar, u64 off);
int vdfl_port_reset(struct vdfl_card *card, const struct dfl_header *port);
bool vdfl_port_is_dead(const struct vdfl_card *card,
		       const struct dfl_header *port);
void vdfl_port_mark_dead(struct vdfl_card *card, const struct dfl_header *port,
			 int err);
void vdfl_ports_deassert_reset(struct vdfl_card *card);

/* scan.c: the walk of a card's lists */
int vdfl_card_walk(struct vdfl_card *card);

/* busmaster.c: the one owner of the card's bus-master bit */
int vdfl_busmaster_init(struct vdfl_card *card);
int vdfl_busmaster_disable(struct vdfl_card *card);
void vdfl_busmaster_fini(struct vdfl_card *card);
int vdfl_busmaster_verify(struct vdfl_card *card);
int vdfl_busmaster_may_open(struct vdfl_card *card);
void vdfl_busmaster_acknowledge(struct vdfl_card *card);
void vdfl_busmaster_enable_msix(struct vdfl_card *card);
void vdfl_busmaster_disable_msix(struct vdfl_card *card);
bool vdfl_busmaster_is_on(struct pci_dev *pdev);
u32 vdfl_busmaster_fences(struct vdfl_card *card);
int vdfl_busmaster_fence_bridge(struct vdfl_card *card);
const char *vdfl_busmaster_bridge_state(struct vdfl_card *card);

/* block.c: the blocks of a card */
int vdfl_blocks_init(struct vdfl_card *card);
void vdfl_blocks_free(struct vdfl_card *card);
void vdfl_blocks_recheck(struct vdfl_card *card);
const struct dfl_header *vdfl_block_port(const struct vdfl_block *block);
bool vdfl_block_port_dead(const struct vdfl_block *block);
bool vdfl_block_assignable(const struct vdfl_block *block);

/* fence.c: keeping DMA from memory by means outside the card */
int vdfl_fence_init(struct vdfl_card *card);
void vdfl_fence_fini(struct vdfl_card *card);
bool vdfl_fence_msix_permitted(struct vdfl_card *card);
int vdfl_fence_check_siblings(struct vdfl_card *card);
ssize_t vdfl_fence_siblings(struct vdfl_card *card, char *buf);

/* recovery.c: operations of the PCI core, loss */
void vdfl_card_check_frozen(struct vdfl_card *card);

/* audit.c: regular checks of the card */
void vdfl_audit_init(struct vdfl_card *card);
void vdfl_audit_stop(struct vdfl_card *card);

/* sysfs.c: attributes of the card and its blocks */
int vdfl_sysfs_add(struct vdfl_card *card);
void vdfl_sysfs_remove(struct vdfl_card *card);

#endif /* _VDFL_CARD_PRIV_H */
