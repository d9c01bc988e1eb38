/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private header of the card layer. Each file uses only files of its own and of
 * lower levels, from the bottom up:
 *
 *   1  work, hw, statistics, client, port, notify, irq_signal
 *   2  scan, busmaster, block, irq_intx, irq_poll, irq_msix
 *   3  fence, irq, lifetime, sibling, links, monitor, functions
 *   4  recovery, recheck, release, audit, function_reset, block_reset, hwmon
 *   4  cure, sysfs
 *   5  card
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_CARD_PRIV_H
#define _VDFL_CARD_PRIV_H

#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "card/irq_priv.h"
#include "card/vdfl_card.h"

/**
 * struct vdfl_busmaster - state of busmaster.c
 * @lock: serialises checks and changes of the bits; no register is accessed
 *	under it
 * @violations: number of times the bit was found set while bound
 * @announced: violations that have been announced; only @announce accesses it
 * @announce: sends the events of violations
 * @refuse: opens fail until an administrator acknowledges the violation
 * @owed: the bit was set for real MSI-X, and could not be cleared because the
 *	card did not respond; under @lock
 * @msix_on: the bit is set for real MSI-X; the IOMMU fence was in force when it
 *	was set
 * @lost: the bit cannot be cleared
 * @paused: the PCI core operates on the card, so the audit does not access it;
 *	under @lock
 * @bridge: bridge above the card whose bit is kept clear as well, or NULL; a
 *	reference is held; constant between probe and remove
 * @bridge_was_on: the bit of the bridge before the card was enabled; constant
 *	after vdfl_busmaster_init()
 * @bridge_lost: the bit of the bridge cannot be cleared
 *
 * Fields for which nothing else is noted are written under @lock, and read
 * without a lock with READ_ONCE().
 */
struct vdfl_busmaster {
	struct mutex lock;
	unsigned int violations;
	unsigned int announced;
	struct work_struct announce;
	bool refuse;
	bool owed;
	bool msix_on;
	bool lost;
	bool paused;
	struct pci_dev *bridge;
	bool bridge_was_on;
	bool bridge_lost;
};

/**
 * struct vdfl_msix - MSI-X of the function
 * @nr: vectors; 0 without MSI-X
 * @table: location of its table
 * @pba: location of its pending-bit array
 *
 * Constant after vdfl_card_read_layout().
 */
struct vdfl_msix {
	unsigned int nr;
	struct dfl_range table;
	struct dfl_range pba;
};

/* Error words of an FME or a port; order of the attributes in sysfs.c */
enum vdfl_error_word {
	VDFL_ERROR_WORD,
	VDFL_ERROR_FIRST,
	VDFL_ERROR_PCIE,
	VDFL_ERROR_NONFATAL,
	VDFL_ERROR_CATFATAL,
	VDFL_ERROR_NR,
};

/**
 * enum vdfl_links - whether Bus Master Enable gates all links of the card
 * @VDFL_LINKS_UNKNOWN: no FME was read
 * @VDFL_LINKS_GATED: the FME reports one PCIe link
 * @VDFL_LINKS_NOT_GATED: the FME reports a coherent or second PCIe link
 */
enum vdfl_links {
	VDFL_LINKS_UNKNOWN,
	VDFL_LINKS_GATED,
	VDFL_LINKS_NOT_GATED,
};

/**
 * struct vdfl_siblings - state of sibling.c
 * @watch: check of the siblings every 500 ms
 * @mastering: for each sibling that mastered the bus, by bus and function number,
 *	the value of @checks when a check found that last; only the checks access
 *	it
 * @checks: number of checks; only the checks access it
 * @started: number of times that a sibling started to master the bus; written by
 *	@watch, READ_ONCE()
 */
struct vdfl_siblings {
	struct delayed_work watch;
	struct xarray mastering;
	unsigned int checks;
	unsigned int started;
};

/* Attributes of the card that a program can poll() */
enum vdfl_notify_attr {
	VDFL_NOTIFY_STATE,
	VDFL_NOTIFY_GENERATION,
	VDFL_NOTIFY_IRQ_SOURCE,
	VDFL_NOTIFY_NR,
};

/**
 * struct vdfl_notify - state of notify.c
 * @work: wakes the tasks that poll
 * @due: bits of enum vdfl_notify_attr for @work; atomic
 * @attr: the attributes, or NULL; written at probe, READ_ONCE()
 */
struct vdfl_notify {
	struct work_struct work;
	unsigned long due;
	struct kernfs_node *attr[VDFL_NOTIFY_NR];
};

/**
 * struct vdfl_card - one PCI function with feature lists
 * @ref: held by the PCI driver, by the mdev types and by each instance
 * @pdev: the function; a reference is held
 * @bar: mapped BARs, NULL where none was needed; mapped at probe, the BAR of
 *	the pending-bit array also under vdfl_card_irq.mutex
 * @bar_len: bytes of each memory BAR, 0 where there is none
 * @saved: configuration at probe, which recovery restores; Bus Master Enable is
 *	clear in it
 * @msix: MSI-X layout that the card reported at probe
 * @map: snapshot of the headers
 * @window: one for each header in DFL_VIEW_OWN, then in DFL_VIEW_READ
 * @block: as @window
 * @nr_blocks: entries in @block for each view
 * @flr_block: the block that function level reset resets, because it is all of
 *	the function; or NULL
 * @lock: protects vdfl_block.owner and nr_readers, @clients, vdfl_client.todo and @nr_open;
 *	raw, because tasks of users and readers of sysfs take it: on PREEMPT_RT the
 *	holder of a spinlock_t can be preempted
 * @clients: all instances; under @lock
 * @stats: activity of instances that were removed, since probe; added to under
 *	@lock
 * @client_wq: runs the work items of @clients
 * @notify: see notify.c
 * @nr_working: number of work items of @clients that are queued or running;
 *	atomic
 * @settled: callers that wait until @nr_working is 0
 * @nr_open: number of open instances; under @lock
 * @gone: access is revoked for good; set once under @lock, never cleared, read
 *	without a lock
 * @unbinding: the driver is being unbound; set once under @lock, never
 *	cleared, read without a lock
 * @release_grace_ms: time between the request to close an instance and the end
 *	of access, in ms; READ_ONCE() and WRITE_ONCE()
 * @release: see release.c
 * @generation: number of times that use was resumed after @frozen; written
 *	under @reset_lock, read without a lock
 * @reset_lock: serialises resets; protects @frozen, @revoking, @operating,
 *	@frozen_since, @absent_since and @dead_ports
 * @frozen: VDFL_FROZEN_*; accesses of clients wait unless 0; under @reset_lock
 * @revoking: number of calls of vdfl_card_freeze() that still wait for clients;
 *	under @reset_lock
 * @operating: bits of @frozen for which vdfl_card_freeze() has returned, so the
 *	PCI core may operate on the card; under @reset_lock
 * @frozen_since: jiffies when @operating was set; valid while it is; under
 *	@reset_lock
 * @absent_since: jiffies when VDFL_FROZEN_ABSENT was set; under @reset_lock
 * @dead_ports: ports, by index of their header, that failed a reset; bits
 *	change under @reset_lock, and are read without a lock
 * @held_ports: ports without an AFU of their own, by index of their header, that
 *	were found in reset at probe; constant after vdfl_ports_release()
 * @monitor_lock: read side: held by work items that read a register for the
 *	administrator while @frozen is 0; write side: taken after a bit of @frozen
 *	was set, to wait for them; no lock is taken under it
 * @bound: entry of the list of cards that are bound, see functions.c
 * @curing: entry of the list of functions of one port reset, or empty, see
 *	functions.c
 * @afus_reset: a port of another function has reset AFUs of this one, and the
 *	audit has to recheck the blocks; READ_ONCE() and WRITE_ONCE()
 * @group: IOMMU group whose DMA the driver owns, or NULL
 * @may_use_ats: a function of the card may use ATS; set by the checks of the
 *	siblings, READ_ONCE()
 * @links: what is known of the links of the card; written under links_lock, read
 *	without a lock
 * @links_node: entry of the list of links.c; under links_lock
 * @siblings: see sibling.c
 * @busmaster_audit: regular check of the bus-master bits, see audit.c
 * @audit: regular check of everything else, see audit.c
 * @audits_begun: number of runs of @audit that have begun; written by @audit,
 *	read without a lock
 * @audits_ended: number of the last run that has ended; written by @audit, read
 *	without a lock
 * @audited: tasks that wait for the end of a run
 * @busmaster: see busmaster.c
 * @irq: see irq.c
 * @dir: directory in sysfs
 * @blocks_dir: its subdirectory for blocks
 * @hwmon: its hwmon device, or NULL
 *
 * Fields without a lock are constant between probe and remove.
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
	struct vdfl_block *flr_block;
	raw_spinlock_t lock;
	struct list_head clients;
	struct vdfl_statistics stats;
	struct workqueue_struct *client_wq;
	struct vdfl_notify notify;
	atomic_t nr_working;
	wait_queue_head_t settled;
	unsigned int nr_open;
	bool gone;
	bool unbinding;
	unsigned int release_grace_ms;
	struct delayed_work release;
	u32 generation;
	struct mutex reset_lock;
	unsigned int frozen;
	unsigned int revoking;
	unsigned int operating;
	unsigned long frozen_since;
	unsigned long absent_since;
	DECLARE_BITMAP(dead_ports, DFL_MAX_HEADERS);
	DECLARE_BITMAP(held_ports, DFL_MAX_HEADERS);
	struct rw_semaphore monitor_lock;
	struct list_head bound;
	struct list_head curing;
	bool afus_reset;
	struct iommu_group *group;
	bool may_use_ats;
	enum vdfl_links links;
	struct list_head links_node;
	struct vdfl_siblings siblings;
	struct delayed_work busmaster_audit;
	struct delayed_work audit;
	unsigned int audits_begun;
	unsigned int audits_ended;
	wait_queue_head_t audited;
	struct vdfl_busmaster busmaster;
	struct vdfl_card_irq irq;
	struct vdfl_dir *dir;
	struct kobject *blocks_dir;
	struct device *hwmon;
};

/* lifetime.c: references */
void vdfl_card_ref_init(struct vdfl_card *card);

/* hw.c: BARs, MSI-X structures, headers */
int vdfl_card_read_layout(struct vdfl_card *card);
bool vdfl_card_range_valid(struct vdfl_card *card,
			   const struct dfl_range *range);
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar);
void vdfl_card_unmap_bars(struct vdfl_card *card);
int vdfl_card_check_msix(struct vdfl_card *card);
int vdfl_card_check_header(struct vdfl_block *block);

/* statistics.c: activity of instances */
void vdfl_statistics_add(struct vdfl_statistics *sum,
			 const struct vdfl_statistics *stats);
void vdfl_card_statistics(struct vdfl_card *card, struct vdfl_statistics *sum);

/* notify.c: attributes that a program can poll() */
void vdfl_notify_init(struct vdfl_card *card);
void vdfl_notify_add(struct vdfl_card *card, struct kobject *dir);
void vdfl_notify(struct vdfl_card *card, enum vdfl_notify_attr what);
void vdfl_notify_free(struct vdfl_card *card);

/* client.c: the list of clients, calls to all of them */
int vdfl_clients_init(struct vdfl_card *card);
void vdfl_clients_free(struct vdfl_card *card);
void vdfl_client_add(struct vdfl_client *client);
void vdfl_client_del(struct vdfl_client *client);
void vdfl_client_queue(struct vdfl_client *client, unsigned int todo);
void vdfl_clients_notify(struct vdfl_card *card, unsigned int todo);
void vdfl_clients_revoke(struct vdfl_card *card, unsigned int mask);
void vdfl_clients_wait(struct vdfl_card *card);
void vdfl_clients_restore(struct vdfl_card *card, unsigned int mask);

/* port.c: DFL ports */
int vdfl_port_deassert_reset(struct vdfl_card *card, u8 bar, u64 off);
int vdfl_port_assert_reset(struct vdfl_card *card,
			   const struct dfl_header *port);
int vdfl_port_end_reset(struct vdfl_card *card, const struct dfl_header *port,
			int err);
int vdfl_port_reset(struct vdfl_card *card, const struct dfl_header *port);
bool vdfl_port_is_dead(const struct vdfl_card *card,
		       const struct dfl_header *port);
void vdfl_port_mark_dead(struct vdfl_card *card, const struct dfl_header *port,
			 int err);
bool vdfl_ports_deassert_reset(struct vdfl_card *card);
bool vdfl_ports_are_shared(struct vdfl_card *card);
bool vdfl_ports_release(struct vdfl_card *card);
void vdfl_ports_restore(struct vdfl_card *card);

/* scan.c: the walk of a card's lists */
int vdfl_card_walk(struct vdfl_card *card);

/* busmaster.c: owner of the card's bus-master bit */
int vdfl_busmaster_init(struct vdfl_card *card);
int vdfl_busmaster_disable(struct vdfl_card *card);
void vdfl_busmaster_fini(struct vdfl_card *card);
int vdfl_busmaster_check(struct vdfl_card *card);
int vdfl_busmaster_verify(struct vdfl_card *card);
void vdfl_busmaster_verify_bridge(struct vdfl_card *card);
void vdfl_busmaster_pause(struct vdfl_card *card, bool paused);
int vdfl_busmaster_may_open(struct vdfl_card *card);
void vdfl_busmaster_acknowledge(struct vdfl_card *card);
bool vdfl_busmaster_msix_permitted(struct vdfl_card *card);
int vdfl_busmaster_enable_msix(struct vdfl_card *card);
void vdfl_busmaster_disable_msix(struct vdfl_card *card);
bool vdfl_busmaster_is_on(struct pci_dev *pdev);
u32 vdfl_busmaster_fences(struct vdfl_card *card);
int vdfl_busmaster_fence_bridge(struct vdfl_card *card);
const char *vdfl_busmaster_bridge_state(struct vdfl_card *card);

/* block.c: the blocks of a card */
int vdfl_blocks_init(struct vdfl_card *card);
void vdfl_blocks_free(struct vdfl_card *card);
const struct dfl_header *vdfl_block_port(const struct vdfl_block *block);
bool vdfl_block_port_dead(const struct vdfl_block *block);
bool vdfl_block_assignable(const struct vdfl_block *block);
struct vdfl_block *vdfl_block_reader(const struct vdfl_block *block);

/* fence.c: fences outside the card */
int vdfl_fence_init(struct vdfl_card *card);
void vdfl_fence_fini(struct vdfl_card *card);
const char *vdfl_fence_iommu_state(struct vdfl_card *card);

/* sibling.c: other functions of the card */
void vdfl_siblings_init(struct vdfl_card *card);
void vdfl_siblings_free(struct vdfl_card *card);
bool vdfl_sibling_is(const struct vdfl_card *card, struct pci_dev *other);
struct pci_dev *vdfl_sibling_next(const struct vdfl_card *card,
				  struct pci_dev *prev);
bool vdfl_siblings_bound(const struct vdfl_card *card);
bool vdfl_function_in_reset(struct pci_dev *other);
int vdfl_siblings_check(struct vdfl_card *card);
void vdfl_siblings_start(struct vdfl_card *card);
void vdfl_siblings_stop(struct vdfl_card *card);
ssize_t vdfl_siblings_mastering(struct vdfl_card *card, char *buf);
ssize_t vdfl_siblings_out_of_sight(struct vdfl_card *card, char *buf);

/* links.c: links that bus mastering does not gate */
int vdfl_links_check_cxl(struct vdfl_card *card);
int vdfl_links_join(struct vdfl_card *card);
void vdfl_links_leave(struct vdfl_card *card);
const char *vdfl_links_name(const struct vdfl_card *card);

/* monitor.c: registers that are read for the administrator */
int vdfl_monitor_read(const struct vdfl_block *block, u64 reg, u64 *value);
void vdfl_monitor_wait(struct vdfl_card *card);
const struct vdfl_block *vdfl_monitor_fme_feature(const struct vdfl_card *card,
						  u16 id, u64 reg);
u64 vdfl_monitor_error_reg(const struct vdfl_block *block,
			   enum vdfl_error_word word);

/* functions.c: functions of the card that are bound to this driver */
void vdfl_functions_add(struct vdfl_card *card);
void vdfl_functions_remove(struct vdfl_card *card);
int vdfl_functions_begin(struct vdfl_card *card, struct list_head *functions);
void vdfl_functions_end(struct list_head *functions);
void vdfl_functions_set_reset(struct vdfl_card *card);
bool vdfl_functions_hold_afus(struct vdfl_card *card);

/* recheck.c: revalidation of blocks after a reset */
int vdfl_block_check(struct vdfl_block *block);
void vdfl_blocks_recheck(struct vdfl_card *card);

/* recovery.c: operations of the PCI core, loss */
void vdfl_card_begin_freeze(struct vdfl_card *card, unsigned int op);
void vdfl_card_end_freeze(struct vdfl_card *card, unsigned int op);
void vdfl_card_absent(struct vdfl_card *card);
void vdfl_card_check_frozen(struct vdfl_card *card);

/* function_reset.c: reset of a function that is one block */
int vdfl_function_reset(struct vdfl_card *card);

/* release.c: release of the card by its users */
void vdfl_release_init(struct vdfl_card *card);

/* audit.c: regular checks of the card */
void vdfl_audit_init(struct vdfl_card *card);
void vdfl_audit_stop(struct vdfl_card *card);

/* hwmon.c: temperature and power */
void vdfl_hwmon_add(struct vdfl_card *card);
void vdfl_hwmon_remove(struct vdfl_card *card);

/* cure.c: port reset on request of the administrator */
int vdfl_cure_port(struct vdfl_block *block);

/* sysfs.c: attributes of the card and its blocks */
int vdfl_sysfs_add(struct vdfl_card *card);
void vdfl_sysfs_remove(struct vdfl_card *card);

#endif /* _VDFL_CARD_PRIV_H */
