/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the selftests: the card under test and its control channel,
 * instances, and access to them the way a VFIO client has it.
 *
 * Functions whose name starts with try_ return 0 or a count, or a negative
 * errno. Any other that fails prints why and ends the test. An instance that a
 * test has left is removed by the next test that needs its block.
 */
#ifndef _VDFL_TEST_H
#define _VDFL_TEST_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/vfio_dfl_mdev.h>

#include "kselftest.h"

#define DRIVER		"vfio_dfl_mdev"
#define DRIVER_DIR	"/sys/bus/pci/drivers/" DRIVER
#define MDEV_DIR	"/sys/bus/mdev/devices"

/* check.c; time limits are multiplied by slow */
extern unsigned int slow;
void slow_learn(void);
const char *err_name(long ret);
void die(const char *fmt, ...) __noreturn __printf(1, 2);
extern unsigned long nr_broken;
void report_broken(const char *fmt, ...) __printf(1, 2);
void die_errno(const char *fmt, ...) __noreturn __printf(1, 2);
void format(char *buf, size_t size, const char *fmt, ...)
	__printf(3, 4);
u64 now_us(void);
void sleep_us(u64 us);
u64 random_next(u64 *state);

/* sysfs.c: paths are printf formats; values come without the newline */
#define VALUE_LEN	256

int try_sysfs_read(char *value, size_t size, const char *fmt, ...)
	__printf(3, 4);
int try_sysfs_write(const char *value, const char *fmt, ...)
	__printf(2, 3);
void sysfs_read(char *value, size_t size, const char *fmt, ...)
	__printf(3, 4);
u64 sysfs_read_u64(const char *fmt, ...)
	__printf(1, 2);
void sysfs_write(const char *value, const char *fmt, ...)
	__printf(2, 3);
int try_sysfs_link(char *name, size_t size, const char *fmt, ...)
	__printf(3, 4);

/**
 * struct card - the card under test
 * @bdf: its PCI address
 * @dir: its directory in sysfs
 * @ctl: device node of its control channel
 * @log: file the card logs to
 */
struct card {
	char bdf[32];
	char dir[128];
	char ctl[128];
	char log[128];
};

/** struct block_stats - what the card counted for one block */
struct block_stats {
	u64 reads;
	u64 writes;
	u64 header_reads;
	u64 resets;
	u64 stray;
};

/** struct card_stats - what the card counted in all */
struct card_stats {
	u64 bus_master;
	u64 bus_master_on_count;
	u64 intx_asserted;
	u64 reads;
	u64 writes;
	u64 accesses;
	u64 stray;
	u64 not_owned;
	u64 flr;
	bool vanished;
};

/*
 * card.c: requests on the control channel are answered after everything that
 * was written to the card before them arrived there.
 */
const char *card_missing(void);
void card_find(struct card *card);
void card_config_read(const struct card *card, unsigned int off, void *buf,
		      size_t len);
const char *card_ask(const struct card *card, const char *fmt, ...)
	__printf(2, 3);
bool pos_parse(const char *pos, unsigned int *bar, u64 *off);
void card_stats(const struct card *card, struct card_stats *stats);
void card_block_stats(const struct card *card, const char *pos,
		      struct block_stats *stats);
u64 card_peek(const struct card *card, const char *pos, u64 off);
void card_poke(const struct card *card, const char *pos, u64 off,
	       u64 value);
void card_set_irq(const struct card *card, const char *pos, unsigned int vector,
		  bool on);
unsigned int card_log_lines(const struct card *card, const char *event);
void card_own(const struct card *card, const char *const *pos, size_t nr);

/* json.c: @object and @value are places in a reply of the card */
const char *json_member(const char *object, const char *key);
const char *json_element(const char *p);
bool json_true(const char *object, const char *key);
u64 json_u64(const char *object, const char *key);
void json_text(const char *value, char *text, size_t size);

/* child.c */
struct child {
	pid_t pid;
	int to;
	int from;
};

void child_start(struct child *child, char (*obey)(void *arg, char order),
		 void *arg);
int child_ask(const struct child *child, char order);
void child_end(const struct child *child);

/* bind.c */
void card_at(struct card *card, const char *bdf, unsigned int nr);
bool card_is_bound(const struct card *card);
bool try_card_bind(const struct card *card);
bool name_stays(u64 since);
bool driver_is_gone(void);
int try_card_unbind(const struct card *card);

/**
 * struct instance - one mdev
 * @card: the card it is on
 * @uuid: its name
 * @dir: its directory in sysfs
 * @pos: its block
 */
struct instance {
	const struct card *card;
	char uuid[40];
	char dir[192];
	char pos[32];
};

/*
 * instance.c. Creating one takes the block from a test that has left it behind.
 * instance_type() is the name to create one with, for the block at @pos only.
 */
void uuid_new(char uuid[40]);
void instance_at(struct instance *inst, const struct card *card,
		 const char *uuid);
void instance_type(const struct card *card, const char *pos, char *type,
		   size_t size);
int try_instance_create(struct instance *inst, const struct card *card,
			const char *type);
const char *block_missing(const struct card *card, const char *pos);
void instance_create(struct instance *inst, const struct card *card,
		     const char *pos);
int try_instance_remove(struct instance *inst);
void instance_remove(struct instance *inst);
void block_attr(const struct card *card, const char *pos, const char *name,
		char value[VALUE_LEN]);
u64 block_attr_u64(const struct card *card, const char *pos,
		   const char *name);

/* Regions, in the order of their index; the last one describes the block */
#define BAR0		VFIO_PCI_BAR0_REGION_INDEX
#define BAR2		VFIO_PCI_BAR2_REGION_INDEX
#define BAR4		VFIO_PCI_BAR4_REGION_INDEX
#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define REGION_BLOCK	VFIO_PCI_NUM_REGIONS
#define NR_REGIONS	(VFIO_PCI_NUM_REGIONS + 1)
#define REGION_SHIFT	40	/* from its index to its offset */
/* Interrupts */
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX

#define PAGE		4096UL
#define ONES		(~0ULL)
#define MAX_MAPS	16

enum dev_path { DEV_GROUP, DEV_CDEV };

/**
 * struct dev - an open instance
 * @container: container or iommufd
 * @group: group, -1 if opened by device node
 * @fd: the device
 * @region: region info of each region
 * @map: mappings, which dev_close() takes down
 */
struct dev {
	int container;
	int group;
	int fd;
	struct vfio_region_info region[NR_REGIONS];
	struct {
		void *addr;
		size_t len;
	} map[MAX_MAPS];
};

/* dev.c: opening, and operations on the device */
bool dev_has_path(enum dev_path path);
bool dev_can_open(void);
int try_dev_open_path(struct dev *dev, const struct instance *inst,
		      enum dev_path path);
int try_dev_open(struct dev *dev, const struct instance *inst);
void dev_open(struct dev *dev, const struct instance *inst);
void dev_close(struct dev *dev);
void block_open(struct instance *inst, struct dev *dev, const struct card *card,
		const char *pos);
void block_close(struct instance *inst, struct dev *dev);
long try_dev_ioctl(const struct dev *dev, unsigned long cmd, void *arg);
ssize_t try_dev_read(const struct dev *dev, unsigned int region, u64 pos,
		     void *buf, size_t len);
ssize_t try_dev_write(const struct dev *dev, unsigned int region, u64 pos,
		      const void *buf, size_t len);
void dev_read(const struct dev *dev, unsigned int region, u64 pos,
	      void *buf, size_t len);
void dev_write(const struct dev *dev, unsigned int region, u64 pos,
	       const void *buf, size_t len);

/* BAR 0 */
u64 dev_read64(const struct dev *dev, u64 pos);
void dev_write64(const struct dev *dev, u64 pos, u64 value);
u32 dev_read32(const struct dev *dev, u64 pos);
void dev_write32(const struct dev *dev, u64 pos, u32 value);

/* config space, 1, 2 or 4 bytes */
u32 dev_config_read(const struct dev *dev, unsigned int off,
		    unsigned int len);
void dev_config_write(const struct dev *dev, unsigned int off, unsigned int len,
		      u32 value);
void dev_memory_enable(const struct dev *dev, bool on);
unsigned int dev_find_cap(const struct dev *dev, u8 id);

/**
 * dev_region_info() - region info with its capabilities
 * @size: bytes at @info
 * Grows to no more than @size; ends the test when that is too little.
 */
void dev_region_info(const struct dev *dev, unsigned int region,
		     struct vfio_region_info *info, size_t size);
const struct vfio_info_cap_header *
region_cap(const struct vfio_region_info *info, u16 id);

/* Mappings of BAR 0. try_ returns MAP_FAILED with errno set. */
void *try_dev_map(struct dev *dev, u64 off, size_t len);
void *dev_map(struct dev *dev, u64 off, size_t len);
void dev_unmap(struct dev *dev, void *addr);

/* One access of that width to a mapping */
static inline u64 map_load64(void *addr)
{
	return *(volatile u64 *)addr;
}

static inline u32 map_load32(void *addr)
{
	return *(volatile u32 *)addr;
}

static inline void map_store64(void *addr, u64 value)
{
	*(volatile u64 *)addr = value;
}

static inline void map_store32(void *addr, u32 value)
{
	*(volatile u32 *)addr = value;
}

/* fault.c: the same; -EFAULT if it raised SIGBUS */
int try_load64(void *addr, u64 *value);
int try_load32(void *addr, u32 *value);
int try_store64(void *addr, u64 value);
int try_store32(void *addr, u32 value);
/* @len bytes that are followed by an inaccessible page */
void *guarded_alloc(size_t len);
void guarded_free(void *buf, size_t len);
/* an address that nothing can be read from or written to */
void *bad_address(void);

/* irq.c */
long try_irq_set(const struct dev *dev, u32 index, u32 flags,
		 u32 start, u32 count, const void *data, size_t size);
long try_irq_fds(const struct dev *dev, u32 index, u32 start,
		 u32 count, const s32 *fds);
void irq_arm(const struct dev *dev, u32 index, u32 vector, int fd);
void irq_disable(const struct dev *dev, u32 index);
int event_new(void);
u64 event_take(int fd);
bool event_wait(int fd, unsigned int ms);

#endif /* _VDFL_TEST_H */
