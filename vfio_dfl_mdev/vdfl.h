/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Structures and cross-file functions of vfio_dfl_mdev.
 *
 * Layers: binding (main, pci_drv, mdev_drv) -> mediated device (mdev_*) ->
 * card (card, block, busmaster, card_irq, fence, reset) -> pure (dfl_*,
 * vconfig). A lower layer never calls up, except through what an instance
 * left with it: its vdfl_tenant and its vdfl_irq_line.
 *
 * Lock order, outermost first:
 *   vfio dev_set lock (open, close)
 *   vdfl_mdev.cfg_lock
 *   vdfl_mdev.irq_gate
 *   vdfl_card.reset_lock
 *   vdfl_card.lock
 *   mmap_lock
 *   vdfl_mdev.memory_lock
 *   vdfl_card_irq.mutex
 *   vdfl_busmaster.lock
 *   vdfl_card_irq.lock
 *   vdfl_mdev.irq_lock
 */
#ifndef _VDFL_H
#define _VDFL_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include <uapi/linux/vfio_dfl_mdev.h>

#include "dfl/carve.h"
#include "dfl/guest.h"
#include "dfl/vconfig.h"

#define VDFL_NAME		"vfio_dfl_mdev"
#define VDFL_PBA_WORDS		32	/* 2048 vectors */
#define VDFL_POS_LEN		24	/* "b0-o" and 16 hex digits */
#define VDFL_TYPE_LEN		(DFL_TYPE_NAME_LEN + VDFL_POS_LEN)
#define VDFL_REGION_BLOCK	VFIO_PCI_NUM_REGIONS
#define VDFL_NUM_REGIONS	(VFIO_PCI_NUM_REGIONS + 1)
#define VDFL_REGION_SHIFT	40	/* as vfio-pci has it */
#define VDFL_REGION_MASK	((1ULL << VDFL_REGION_SHIFT) - 1)

/* What administrators may choose for intervals between interrupts */
#define VDFL_INTERVAL_MIN_US	10
#define VDFL_INTERVAL_MAX_US	1000000

/* Why an instance's registers are out of reach (vdfl_mdev.blocked) */
#define VDFL_BLOCKED_CLOSED	BIT(0)	/* nobody has it open */
#define VDFL_BLOCKED_MEMORY	BIT(1)	/* virtual memory enable is 0 */
#define VDFL_BLOCKED_RESET	BIT(2)	/* a reset did not bring the block back */
#define VDFL_BLOCKED_CARD	BIT(3)	/* the card is being reset or sleeps */
#define VDFL_BLOCKED_GONE	BIT(4)	/* card lost or driver unbinding */
#define VDFL_BLOCKED_REMOVED	BIT(5)	/* instance is being removed */
#define VDFL_BLOCKED_SCRUB	BIT(6)	/* its own reset: alone, it makes wait */

/* What the PCI core has the card for (vdfl_card.asleep) */
#define VDFL_ASLEEP_RESET	BIT(0)
#define VDFL_ASLEEP_ERROR	BIT(1)
#define VDFL_ASLEEP_SUSPEND	BIT(2)

struct vdfl_card;
struct vdfl_mdev;

/**
 * struct vdfl_block - one feature of the card
 * @card: where it is
 * @header: snapshot of its header
 * @window: what carving made of it
 * @owner: instance that holds it, or NULL; under vdfl_card.lock
 * @dir: its directory in sysfs
 * @pos: name by place, unique on the card
 */
struct vdfl_block {
	struct vdfl_card *card;
	const struct dfl_header *header;
	const struct dfl_window *window;
	struct vdfl_mdev *owner;
	struct vdfl_dir *dir;
	char pos[VDFL_POS_LEN];
};

/**
 * struct vdfl_type - one mdev type
 * @mdev: what the mdev core knows of it
 * @card: where its blocks are
 * @block: the one block of a position type, NULL for all blocks of @kind
 * @kind: type name that the blocks have
 * @name: type name with position, as in sysfs
 * @pretty: for people
 */
struct vdfl_type {
	struct mdev_type mdev;
	struct vdfl_card *card;
	struct vdfl_block *block;
	const char *kind;
	char name[VDFL_TYPE_LEN];
	char pretty[VDFL_TYPE_LEN + 8];
};

/**
 * struct vdfl_tenant - what the card knows of an instance
 * @node: on vdfl_card.tenants, under vdfl_card.lock
 * @ops: how to reach it
 */
struct vdfl_tenant {
	struct list_head node;
	const struct vdfl_tenant_ops *ops;
};

/**
 * struct vdfl_tenant_ops - what the card tells an instance
 * @block: no access to the registers begins from now on, and mappings are
 *	zapped. @why is VDFL_BLOCKED_*.
 * @unblock: take back @why
 * @drain: wait for accesses that began earlier, and zap what they mapped
 * @alarm: an error the user must hear of: fire the error eventfd
 * @evict: ask the user to let go: fire the device request eventfd
 *
 * Called with vdfl_card.lock held, or by who has the instance open.
 */
struct vdfl_tenant_ops {
	void (*block)(struct vdfl_tenant *tenant, unsigned int why);
	void (*unblock)(struct vdfl_tenant *tenant, unsigned int why);
	void (*drain)(struct vdfl_tenant *tenant);
	void (*alarm)(struct vdfl_tenant *tenant);
	void (*evict)(struct vdfl_tenant *tenant);
};

/**
 * struct vdfl_irq_line - an instance that wants the card's interrupts
 * @node: on vdfl_card_irq.armed
 * @first: first vector of the card that is its own
 * @nr: number of its vectors, at most DFL_MAX_VECTORS
 * @fire: interrupts of the block: bit i of @pending is its vector i; possibly
 *	in hard interrupt context, with vdfl_card_irq.lock held except by msix
 * @msix: real vectors: what was requested for it
 * @polled: polling: vectors found pending in the last pass
 * @run: polling: passes in a row that found each vector pending
 * @stuck: polling: vectors that stay pending
 * @stuck_fired: polling: when those were signalled last
 */
struct vdfl_irq_line {
	struct list_head node;
	unsigned int first;
	unsigned int nr;
	void (*fire)(struct vdfl_irq_line *line, u64 pending);
	struct vdfl_msix_vector *msix;
	u64 polled;
	u16 run[DFL_MAX_VECTORS];
	u64 stuck;
	ktime_t stuck_fired;
};

/**
 * struct vdfl_irq_source - a way to hear of the card's interrupts
 * @name: in sysfs
 * @uapi: VFIO_DFL_MDEV_IRQ_*
 * @usable: can this card be heard that way now?
 * @start: first line is armed; may sleep
 * @stop: last line is gone; may sleep; no fire() after it returned
 * @line_on: @line is about to be armed; may sleep; optional
 * @line_off: @line was disarmed; may sleep; optional
 *
 * All but @usable are called with vdfl_card_irq.mutex held.
 */
struct vdfl_irq_source {
	const char *name;
	u32 uapi;
	bool (*usable)(struct vdfl_card *card);
	int (*start)(struct vdfl_card *card);
	void (*stop)(struct vdfl_card *card);
	int (*line_on)(struct vdfl_card *card, struct vdfl_irq_line *line);
	void (*line_off)(struct vdfl_card *card, struct vdfl_irq_line *line);
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
 * @kicked: a line was armed: start over from the floor
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
 * struct vdfl_card_irq - state of card_irq.c
 * @source: how interrupts arrive; changes only while no instance is open
 * @mutex: serialises arm and disarm
 * @lock: protects @armed and @running; serialises changes of the pin's mask and,
 *	by the audit, of bus master, which are in one register
 * @armed: lines to fire
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
	struct list_head armed;
	bool running;
	bool suspended;
	bool resume_failed;
	struct vdfl_intx intx;
	struct vdfl_poll poll;
};

/**
 * struct vdfl_busmaster - state of busmaster.c
 * @lock: serialises looking at the bit and changing what is allowed
 * @audit: looks at the bit twice a second
 * @violations: times the bit was found on while bound
 * @refuse: no new opens until an administrator acknowledges a violation
 * @allowed: real MSI-X needs the bit on, and the IOMMU fence holds
 * @lost: the card would not let the bit go
 * @port: port above the card whose bit is kept off as well, or NULL
 * @port_was_on: what to restore there
 * @port_lost: the port would not let the bit go
 */
struct vdfl_busmaster {
	struct mutex lock;
	struct delayed_work audit;
	atomic_t violations;
	bool refuse;
	bool allowed;
	bool lost;
	struct pci_dev *port;
	bool port_was_on;
	bool port_lost;
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
 * @ref: held by the PCI driver and by each instance
 * @pdev: the function; a reference is held
 * @bar: mapped BARs, NULL where none was needed
 * @saved: configuration at probe, which recovery restores; bus master is off
 * @msix: what the card said of its MSI-X at probe
 * @map: snapshot of the headers
 * @window: one for each header
 * @block: one for each header
 * @nr_blocks: entries in @block
 * @lock: protects vdfl_block.owner, @tenants and @nr_open
 * @tenants: instances
 * @nr_open: instances that are open
 * @gone: no more access; set once under @lock, never cleared
 * @reset_lock: serialises resets; protects @asleep, @asleep_since and
 *	@dead_ports
 * @asleep: VDFL_ASLEEP_*; nobody else touches the card unless 0
 * @asleep_since: jiffies when the first of them began
 * @dead_ports: ports, by index of their header, that did not answer a reset
 * @group: IOMMU group whose DMA we own, or NULL
 * @busmaster: see busmaster.c
 * @irq: see card_irq.c
 * @dir: directory in sysfs
 * @blocks_dir: its subdirectory for blocks
 * @parent: registration with the mdev core
 * @type: mdev types
 * @mdev_type: the same, as the mdev core wants them
 * @nr_types: entries in @type
 * @types_held: the mdev core has them all, and we a reference of each
 * @free_work: frees the card once the mdev core has let go of @type
 */
struct vdfl_card {
	struct kref ref;
	struct pci_dev *pdev;
	void __iomem *bar[DFL_NR_BARS];
	struct pci_saved_state *saved;
	struct vdfl_msix msix;
	struct dfl_map *map;
	struct dfl_window *window;
	struct vdfl_block *block;
	u32 nr_blocks;
	struct mutex lock;
	struct list_head tenants;
	unsigned int nr_open;
	bool gone;
	struct mutex reset_lock;
	unsigned int asleep;
	unsigned long asleep_since;
	DECLARE_BITMAP(dead_ports, DFL_MAX_HEADERS);
	struct iommu_group *group;
	struct vdfl_busmaster busmaster;
	struct vdfl_card_irq irq;
	struct vdfl_dir *dir;
	struct kobject *blocks_dir;
	struct mdev_parent parent;
	struct vdfl_type *type;
	struct mdev_type **mdev_type;
	unsigned int nr_types;
	bool types_held;
	struct delayed_work free_work;
};

/**
 * struct vdfl_mdev - one instance
 * @vdev: VFIO device; first member
 * @card: a reference is held
 * @block: claimed from vfio init to release
 * @tenant: how the card reaches us
 * @mapping: what is needed to find its user mappings
 * @memory_lock: held for reading around each register access and page fault,
 *	for writing by who waits for those to end
 * @blocked: VDFL_BLOCKED_*; registers can be reached only while 0
 * @unblocked: who waits for the end of VDFL_BLOCKED_SCRUB
 * @io: registers of the block
 * @mmap_on: may be mapped; changes only while closed
 * @nr_vectors: MSI-X vectors; set at open
 * @guest: list that a stock DFL driver finds in the instance; set at open
 * @cfg_lock: protects @cfg and @port_held, serialises their effects and block
 *	resets
 * @cfg: emulated config space
 * @port_held: the user holds the port of @guest in reset
 * @irq_gate: serialises interrupt configuration
 * @irq_lock: protects the eventfd pointers below
 * @msix_on: MSI-X is enabled; under @irq_gate
 * @line: our place in the card's interrupts
 * @armed: @line is armed; under @irq_gate
 * @vector: eventfd of each MSI-X vector
 * @listening: vectors that have one
 * @err: eventfd of the error index
 * @req: eventfd of the device request index
 */
struct vdfl_mdev {
	struct vfio_device vdev;
	struct vdfl_card *card;
	struct vdfl_block *block;
	struct vdfl_tenant tenant;
	struct vdfl_mapping mapping;
	struct rw_semaphore memory_lock;
	atomic_t blocked;
	wait_queue_head_t unblocked;
	void __iomem *io;
	bool mmap_on;
	u16 nr_vectors;
	struct dfl_guest guest;
	struct mutex cfg_lock;
	struct vconfig cfg;
	bool port_held;
	struct mutex irq_gate;
	spinlock_t irq_lock;
	bool msix_on;
	struct vdfl_irq_line line;
	bool armed;
	struct eventfd_ctx *vector[DFL_MAX_VECTORS];
	u64 listening;
	struct eventfd_ctx *err;
	struct eventfd_ctx *req;
};

/**
 * struct vdfl_region_map - what of a region can be mapped
 * @start: byte offset in the region, whole pages
 * @len: bytes, whole pages; 0 for nothing
 * @block: offset of @start from the header of the block
 */
struct vdfl_region_map {
	u64 start;
	u64 len;
	u64 block;
};

/* card.c: BARs, snapshot, lifetime, work for the users of cards */
struct vdfl_card *vdfl_card_probe(struct pci_dev *pdev);
void vdfl_card_remove(struct vdfl_card *card);
struct vdfl_card *vdfl_card_get(struct vdfl_card *card);
void vdfl_card_put(struct vdfl_card *card);
int vdfl_cards_init(void);
extern struct workqueue_struct *vdfl_cards_wq;
int vdfl_cards_call(int (*fn)(void *data), void *data);
void vdfl_cards_exit(void);
int vdfl_card_check_header(struct vdfl_block *block);
int vdfl_card_check_msix(struct vdfl_card *card);
bool vdfl_card_answers(struct vdfl_card *card);
bool vdfl_card_has(struct vdfl_card *card, const struct dfl_range *place);
void __iomem *vdfl_card_map_bar(struct vdfl_card *card, u8 bar);
int vdfl_card_open(struct vdfl_card *card);
void vdfl_card_close(struct vdfl_card *card);
void vdfl_card_lost(struct vdfl_card *card, const char *why);
void vdfl_card_block(struct vdfl_card *card, unsigned int why);
void vdfl_card_unblock(struct vdfl_card *card, unsigned int why);
void vdfl_card_alarm(struct vdfl_card *card);

/* fence.c: keeping DMA from memory by means outside the card */
int vdfl_fence_init(struct vdfl_card *card);
void vdfl_fence_fini(struct vdfl_card *card);
u32 vdfl_fences(struct vdfl_card *card);
bool vdfl_fence_isolates_msi(struct vdfl_card *card);
int vdfl_fence_check_siblings(struct vdfl_card *card);
ssize_t vdfl_fence_siblings(struct vdfl_card *card, char *buf);

/* busmaster.c: the one owner of the card's bus-master bit */
int vdfl_busmaster_init(struct vdfl_card *card);
int vdfl_busmaster_take(struct vdfl_card *card);
void vdfl_busmaster_start(struct vdfl_card *card);
void vdfl_busmaster_look(struct vdfl_card *card);
void vdfl_busmaster_fini(struct vdfl_card *card);
int vdfl_busmaster_verify(struct vdfl_card *card);
int vdfl_busmaster_may_open(struct vdfl_card *card);
void vdfl_busmaster_acknowledge(struct vdfl_card *card);
bool vdfl_busmaster_may_be_on(struct vdfl_card *card);
int vdfl_busmaster_allow(struct vdfl_card *card);
void vdfl_busmaster_forbid(struct vdfl_card *card);
bool vdfl_busmaster_is_on(struct pci_dev *pdev);
u32 vdfl_busmaster_fences(struct vdfl_card *card);
int vdfl_busmaster_fence_port(struct vdfl_card *card);
const char *vdfl_busmaster_port_state(struct vdfl_card *card);

/* block.c: which block belongs to whom */
int vdfl_blocks_init(struct vdfl_card *card);
void vdfl_blocks_free(struct vdfl_card *card);
void vdfl_blocks_recheck(struct vdfl_card *card);
struct vdfl_block *vdfl_block_claim(struct vdfl_type *type,
				    struct vdfl_mdev *vd);
void vdfl_block_release(struct vdfl_mdev *vd);
bool vdfl_block_assignable(const struct vdfl_block *block);
bool vdfl_block_port_dead(const struct vdfl_block *block);
unsigned int vdfl_blocks_free_of(struct vdfl_type *type);
void vdfl_block_guid(const struct vdfl_block *block, u8 guid[16]);
const struct dfl_header *vdfl_block_port(const struct vdfl_block *block);

/* irq_intx.c, irq_poll.c, irq_msix.c: the sources */
extern const struct vdfl_irq_source vdfl_irq_intx;
extern const struct vdfl_irq_source vdfl_irq_poll;
extern const struct vdfl_irq_source vdfl_irq_msix;
void vdfl_intx_init(struct vdfl_card *card);
void vdfl_poll_init(struct vdfl_card *card);
ssize_t vdfl_poll_stuck(struct vdfl_card *card, char *buf);

/* card_irq.c: lending the card's interrupts to instances */
void vdfl_irq_init(struct vdfl_card *card);
int vdfl_irq_arm(struct vdfl_card *card, struct vdfl_irq_line *line);
void vdfl_irq_disarm(struct vdfl_card *card, struct vdfl_irq_line *line);
void vdfl_irq_suspend(struct vdfl_card *card);
bool vdfl_irq_resume(struct vdfl_card *card);
void vdfl_irq_catch_up(struct vdfl_card *card);
int vdfl_irq_choose(struct vdfl_card *card, const char *name);
ssize_t vdfl_irq_usable(struct vdfl_card *card, char *buf);
void vdfl_irq_set_running(struct vdfl_card *card, bool running);

/* reset.c: block and card reset, and what the PCI core reports */
extern const struct pci_error_handlers vdfl_err_handlers;
extern const struct dev_pm_ops vdfl_pm_ops;
int vdfl_port_release(struct vdfl_card *card, u8 bar, u64 off);
bool vdfl_block_has_reset(const struct vdfl_block *block);
const char *vdfl_block_scrub_name(const struct vdfl_block *block);
int vdfl_block_prepare(struct vdfl_block *block);
int vdfl_block_reset(struct vdfl_block *block);
void vdfl_block_clean(struct vdfl_block *block);
void vdfl_card_audit(struct vdfl_card *card);

/* mdev_type.c: registration of types with the mdev core */
int vdfl_types_register(struct vdfl_card *card);
void vdfl_types_unregister(struct vdfl_card *card);
bool vdfl_types_ready(struct vdfl_card *card);
bool vdfl_types_drained(struct vdfl_card *card);
void vdfl_types_free(struct vdfl_card *card);
unsigned int vdfl_type_available(struct mdev_type *mtype);
ssize_t vdfl_type_description(struct mdev_type *mtype, char *buf);

/* mdev_ops.c: VFIO device operations */
extern const struct vfio_device_ops vdfl_mdev_ops;
int vdfl_mdev_reset_locked(struct vdfl_mdev *vd);

/* mdev_region.c: which regions exist; read() and write() on them */
u64 vdfl_region_bar0_size(const struct vdfl_mdev *vd);
int vdfl_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
		     struct vfio_info_cap *caps);
ssize_t vdfl_region_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos);
ssize_t vdfl_region_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos);

/* mdev_mmio.c: trapped access to registers */
bool vdfl_mmio_legal(const struct vdfl_mdev *vd, u64 pos, size_t count);
int vdfl_bar0_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_bar0_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_bar0_read_register(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			    unsigned int width);
int vdfl_bar0_write_register(struct vdfl_mdev *vd, u64 pos,
			     const char __user *buf, unsigned int width);
int vdfl_guest_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_guest_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);

/* mdev_mmap.c: the gate before the registers, and mappings of them */
void vdfl_region_shut(struct vdfl_mdev *vd, unsigned int why);
void vdfl_region_drain(struct vdfl_mdev *vd);
void vdfl_region_block(struct vdfl_mdev *vd, unsigned int why);
void vdfl_region_unblock(struct vdfl_mdev *vd, unsigned int why);
void vdfl_region_open(struct vdfl_mdev *vd);
int vdfl_region_enter(struct vdfl_mdev *vd);
void vdfl_region_leave(struct vdfl_mdev *vd);
int vdfl_region_reset(struct vdfl_mdev *vd);
int vdfl_region_set_mmap(struct vdfl_mdev *vd, bool on);
u64 vdfl_region_map_size(const struct vdfl_mdev *vd);
struct vdfl_region_map vdfl_region_map(const struct vdfl_mdev *vd, u32 index);
int vdfl_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);

/* mdev_irq.c: eventfds of an instance */
void vdfl_mdev_irq_init(struct vdfl_mdev *vd);
void vdfl_mdev_irq_close(struct vdfl_mdev *vd);
unsigned int vdfl_mdev_irq_count(struct vdfl_mdev *vd, u32 index);
int vdfl_mdev_set_irqs(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
		       void *data);
void vdfl_mdev_fire_err(struct vdfl_mdev *vd);
bool vdfl_mdev_fire_req(struct vdfl_mdev *vd);

/* mdev_drv.c: the mdev driver */
extern struct mdev_driver vdfl_mdev_driver;

/* pci_drv.c: the PCI driver */
extern struct pci_driver vdfl_pci_driver;

/* sysfs.c: what administrators see */
extern const struct attribute_group *vdfl_mdev_groups[];
int vdfl_sysfs_add(struct vdfl_card *card);
void vdfl_sysfs_remove(struct vdfl_card *card);

static inline struct vdfl_mdev *vdfl_mdev_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct vdfl_mdev, vdev);
}

static inline const char *vdfl_mdev_name(const struct vdfl_mdev *vd)
{
	return dev_name(vd->vdev.dev);
}

#endif /* _VDFL_H */
