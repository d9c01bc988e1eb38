/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private header of the instance layer: one VFIO device per assigned block.
 * Each file uses only files of its own and of lower levels, from the bottom up:
 *
 *   1  access, eventfd, irq, rate
 *   2  config, filter, info, mmap, mmio, release, sysfs
 *   3  region
 *   4  ops
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_INSTANCE_H
#define _VDFL_INSTANCE_H

#include <linux/eventfd.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#include "card/vdfl_card.h"
#include "dfl/filter.h"
#include "dfl/guest.h"
#include "dfl/vconfig.h"

#define VDFL_REGION_INFO	VFIO_PCI_NUM_REGIONS
#define VDFL_NUM_REGIONS	(VFIO_PCI_NUM_REGIONS + 1)
#define VDFL_REGION_SHIFT	40	/* as in vfio-pci */
#define VDFL_REGION_MASK	((1ULL << VDFL_REGION_SHIFT) - 1)

/* Parts of a region that can be mapped, at most */
#define VDFL_MAX_PARTS		DFL_FILTER_MAX_RANGES

/**
 * struct vdfl_type - the mdev type of an instance
 * @mdev: member that the mdev core uses
 * @card: card of the blocks; struct vdfl_types holds the reference
 * @match: blocks that instances of the type claim
 * @last: type of the same card that is registered last
 *
 * Constant once the type is registered.
 */
struct vdfl_type {
	struct mdev_type mdev;
	struct vdfl_card *card;
	struct vdfl_block_match match;
	const struct mdev_type *last;
};

/* Highest rate, accesses a second */
#define VDFL_RATE_MAX		1000000

/**
 * struct vdfl_rate - bound on the trapped accesses of an instance
 * @per_second: accesses a second, 0 for no bound; also read without a lock
 * @lock: protects the other fields; a leaf
 * @interval: time of one access, ns
 * @next: time at which the next access may begin, ns of ktime_get_ns()
 * @epoch: number of changes of the rate; also read without a lock
 */
struct vdfl_rate {
	unsigned int per_second;
	spinlock_t lock;
	u64 interval;
	u64 next;
	u32 epoch;
};

/**
 * struct vdfl_mdev - one instance
 * @vdev: VFIO device; first member
 * @card: card of the block; a reference is held
 * @block: block claimed from VFIO init to release
 * @client: the instance as the card sees it; owns @block
 * @mapping: address space of the user mappings
 * @memory_lock: read side: held around each register access and each page
 *	fault; write side: taken after a bit of @revoked is set, to wait for
 *	readers
 * @revoked: VDFL_REVOKED_*, atomic; registers can be accessed only while 0
 * @restored: accesses that wait for the end of VDFL_REVOKED_WAIT, or for @rate
 * @removing: the instance is being removed; set once, read without a lock
 * @release: see release.c
 * @io: mapped registers of the block
 * @has_statistics: the attributes exist; changes only at open
 * @nr_maps: number of user mappings (VMAs), bounded as map_count() describes;
 *	atomic
 * @mmap_on: the block can be mapped; changes under @memory_lock while closed
 * @filter_lock: protects @filter from its readers in sysfs, which may be stopped
 *	at any time; taken outside of @memory_lock
 * @filter: registers that the user may access, NULL for all; changes as @mmap_on,
 *	with @filter_lock held as well
 * @unfiltered: bytes of the block that are permitted without a look-up: all
 *	without @filter, else 0; changes with it
 * @rate: see rate.c
 * @owner: the only user that can open the instance, or INVALID_UID; read and
 *	written without a lock
 * @nr_vectors: number of MSI-X vectors; changes only at open
 * @region_size: bytes of each region; changes only at open
 * @guest: feature list that a stock DFL driver finds in the guest list;
 *	changes only at open
 * @cfg_lock: protects @cfg; serialises its effects and resets of the block
 * @cfg: emulated config space; under @cfg_lock
 * @port_held: the emulated port of @guest is in reset; read and written without
 *	a lock
 * @irq_config_lock: serialises interrupt configuration
 * @irq_lock: protects the eventfd pointers below
 * @vmsix_on: MSI-X is enabled; under @irq_config_lock
 * @irq_client: subscription to the card's interrupts
 * @armed: @irq_client is armed; under @irq_config_lock
 * @vector: eventfd of each MSI-X vector; changes with both @irq_config_lock and
 *	@irq_lock held
 * @queue: wait queue of the eventfd of each MSI-X vector; changes as @vector
 * @missed: source msix: vectors whose message arrived while they had no eventfd;
 *	under @irq_lock, or while @irq_client is not armed
 * @err: eventfd of the error index; changes as @vector
 * @req: eventfd of the device request index; changes as @vector
 *
 * Fields without a lock are constant between VFIO init and release.
 */
struct vdfl_mdev {
	struct vfio_device vdev;
	struct vdfl_card *card;
	struct vdfl_block *block;
	struct vdfl_client client;
	struct vdfl_mapping mapping;
	struct rw_semaphore memory_lock;
	atomic_t revoked;
	wait_queue_head_t restored;
	bool removing;
	struct delayed_work release;
	void __iomem *io;
	bool has_statistics;
	atomic_t nr_maps;
	bool mmap_on;
	struct mutex filter_lock;
	struct dfl_filter *filter;
	u64 unfiltered;
	struct vdfl_rate rate;
	kuid_t owner;
	u16 nr_vectors;
	u64 region_size[VDFL_NUM_REGIONS];
	struct dfl_guest guest;
	struct mutex cfg_lock;
	struct vconfig cfg;
	bool port_held;
	struct mutex irq_config_lock;
	spinlock_t irq_lock;
	bool vmsix_on;
	struct vdfl_irq_client irq_client;
	bool armed;
	struct eventfd_ctx *vector[DFL_MAX_VECTORS];
	wait_queue_head_t *queue[DFL_MAX_VECTORS];
	u64 missed;
	struct eventfd_ctx *err;
	struct eventfd_ctx *req;
};

/**
 * struct vdfl_mmap_area - the part of a region that can be mapped
 * @start: byte offset in the region, whole pages
 * @len: bytes, whole pages; 0 for nothing
 * @block_off: offset of @start from the header of the block
 */
struct vdfl_mmap_area {
	u64 start;
	u64 len;
	u64 block_off;
};

/* ops.c: VFIO device operations */
extern const struct vfio_device_ops vdfl_mdev_ops;

/* region.c: table of the regions; read() and write() */
void vdfl_region_open(struct vdfl_mdev *vd);
int vdfl_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
		     struct vfio_info_cap *caps);
ssize_t vdfl_region_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos);
ssize_t vdfl_region_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos);

/* config.c: emulated config space */
void vdfl_config_init(struct vdfl_mdev *vd);
u64 vdfl_config_size(const struct vdfl_mdev *vd);
int vdfl_config_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_config_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);

/* info.c: description of the block */
u64 vdfl_info_size(const struct vdfl_mdev *vd);
int vdfl_info_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);

/* mmio.c: trapped access to registers */
u64 vdfl_bar0_size(const struct vdfl_mdev *vd);
bool vdfl_mmio_legal(const struct vdfl_mdev *vd, u64 pos, size_t count,
		     bool write);
int vdfl_bar0_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_bar0_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_bar0_read_register(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			    unsigned int width);
int vdfl_bar0_write_register(struct vdfl_mdev *vd, u64 pos,
			     const char __user *buf, unsigned int width);
u64 vdfl_guest_size(const struct vdfl_mdev *vd);
int vdfl_guest_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_guest_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);

/* access.c: revocation of register access; reset of the block */
void vdfl_access_mark(struct vdfl_mdev *vd, unsigned int mask);
void vdfl_access_clear(struct vdfl_mdev *vd, unsigned int mask);
void vdfl_access_wake(struct vdfl_mdev *vd);
void vdfl_access_drain(struct vdfl_mdev *vd);
void vdfl_access_revoke_sync(struct vdfl_mdev *vd, unsigned int mask);
void vdfl_access_restore(struct vdfl_mdev *vd, unsigned int mask);
void vdfl_access_open(struct vdfl_mdev *vd);
int vdfl_access_begin(struct vdfl_mdev *vd);
void vdfl_access_end(struct vdfl_mdev *vd);
int vdfl_access_recheck(struct vdfl_mdev *vd, u32 generation);
int vdfl_mdev_reset(struct vdfl_mdev *vd, bool hold_port);

/* rate.c: bound on accesses and interrupts */
void vdfl_rate_init(struct vdfl_mdev *vd);
void vdfl_rate_open(struct vdfl_mdev *vd);
int vdfl_rate_set(struct vdfl_mdev *vd, unsigned int per_second);
int vdfl_rate_wait(struct vdfl_mdev *vd, unsigned int nr);
void vdfl_rate_charge_reset(struct vdfl_mdev *vd);

/* mmap.c: mappings */
int vdfl_mmap_allow(struct vdfl_mdev *vd, bool on);
u64 vdfl_mmap_size(const struct vdfl_mdev *vd);
unsigned int vdfl_mmap_parts(const struct vdfl_mdev *vd, u32 index, bool write,
			     struct vdfl_mmap_area *part);
int vdfl_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);

/* filter.c: the registers that a user may access */
void vdfl_filter_init(struct vdfl_mdev *vd);
int vdfl_filter_load(struct vdfl_mdev *vd, const char *text, size_t len);
int vdfl_filter_remove(struct vdfl_mdev *vd);
size_t vdfl_filter_print(struct vdfl_mdev *vd, char *buf);

/* eventfd.c: eventfds of users, and their wait queues */
struct eventfd_ctx *vdfl_eventfd_get(int fd, wait_queue_head_t **queue);

/* irq.c: eventfds of an instance */
void vdfl_mdev_irq_init(struct vdfl_mdev *vd);
void vdfl_mdev_irq_close(struct vdfl_mdev *vd);
u64 vdfl_vmsix_bar_size(const struct vdfl_mdev *vd);
int vdfl_vmsix_bar_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
int vdfl_vmsix_bar_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
unsigned int vdfl_mdev_irq_count(struct vdfl_mdev *vd, u32 index);
int vdfl_mdev_set_irqs(struct vdfl_mdev *vd, const struct vfio_irq_set *hdr,
		       void *data);
void vdfl_mdev_fire_err(struct vdfl_mdev *vd);
bool vdfl_mdev_fire_req(struct vdfl_mdev *vd);

/* release.c: removal of an open instance */
void vdfl_mdev_release_init(struct vdfl_mdev *vd);
void vdfl_mdev_begin_release(struct vdfl_mdev *vd);
void vdfl_mdev_end_release(struct vdfl_mdev *vd);

/* sysfs.c: attributes of an instance */
extern const struct attribute_group *vdfl_mdev_groups[];
void vdfl_mdev_add_statistics(struct vdfl_mdev *vd);

static inline struct vdfl_mdev *vdfl_mdev_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct vdfl_mdev, vdev);
}

#endif /* _VDFL_INSTANCE_H */
