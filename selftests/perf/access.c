// SPDX-License-Identifier: GPL-2.0-only
/* Rows of one open device: registers, config space, information, mappings. */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "perf.h"

static inline long rd(int fd, void *buf, size_t len, uint64_t pos)
{
	return sys4(SYS_pread64, fd, (long)buf, len, pos);
}

static inline long wr(int fd, const void *buf, size_t len, uint64_t pos)
{
	return sys4(SYS_pwrite64, fd, (long)buf, len, pos);
}

/* measure_bar() - trapped accesses of one register */
void measure_bar(struct device *d)
{
	uint64_t value = 0, at4 = d->region + d->reg4, at8 = d->region + d->reg8;
	int fd = d->fd;

	must(rd(fd, &value, 4, at4), d->id);
	must(wr(fd, &value, 4, at4), d->id);
	MEASURE(d->name, "bar-pread-4", rd(fd, &value, 4, at4));
	MEASURE(d->name, "bar-pwrite-4", wr(fd, &value, 4, at4));
	if (!d->reg8)
		return;
	must(rd(fd, &value, 8, at8), d->id);
	MEASURE(d->name, "bar-pread-8", rd(fd, &value, 8, at8));
	MEASURE(d->name, "bar-pwrite-8", wr(fd, &value, 8, at8));
}

static void measure_config(struct device *d)
{
	uint64_t at = region_offset(d, VFIO_PCI_CONFIG_REGION_INDEX);
	uint8_t buf[64];
	int fd = d->fd;

	must(rd(fd, buf, sizeof(buf), at), d->id);
	MEASURE(d->name, "config-pread-4", rd(fd, buf, 4, at));
	MEASURE(d->name, "config-pread-2", rd(fd, buf, 2, at + 4));
	MEASURE(d->name, "config-pread-64", rd(fd, buf, sizeof(buf), at));
}

static inline long region_info(int fd, struct vfio_region_info *info)
{
	info->argsz = sizeof(*info);
	return sys3(SYS_ioctl, fd, VFIO_DEVICE_GET_REGION_INFO, (long)info);
}

static void measure_info(struct device *d)
{
	struct vfio_region_info bar = { .index = d->bar };
	struct vfio_region_info cfg = { .index = VFIO_PCI_CONFIG_REGION_INDEX };
	struct vfio_irq_info irq = {
		.argsz = sizeof(irq),
		.index = VFIO_PCI_INTX_IRQ_INDEX,
	};
	int fd = d->fd;

	must(region_info(fd, &bar), d->id);
	MEASURE(d->name, "region-info-bar", region_info(fd, &bar));
	MEASURE(d->name, "region-info-config", region_info(fd, &cfg));
	MEASURE(d->name, "irq-info",
		sys3(SYS_ioctl, fd, VFIO_DEVICE_GET_IRQ_INFO, (long)&irq));
}

#define GIB		0x40000000UL
#define GIB_ADDR	0x10000000000UL	/* an unused multiple of 1 GiB */
#define LARGE		0x200000UL
#define GIB_TIMES	20

static long map_shared(long addr, size_t len, int fd, uint64_t pos)
{
	register long r10 asm("r10") = MAP_SHARED | (addr ? MAP_FIXED : 0);
	register long r8 asm("r8") = fd;
	register long r9 asm("r9") = pos;
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (SYS_mmap), "D" (addr), "S" (len),
		       "d" (PROT_READ | PROT_WRITE), "r" (r10), "r" (r8),
		       "r" (r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static void map_touch_unmap(int fd, uint64_t pos, uint64_t reg)
{
	long map = map_shared(0, 4096, fd, pos);

	*(volatile uint32_t *)(map + reg);
	sys3(SYS_munmap, map, 4096, 0);
}

static void measure_mapped(struct device *d)
{
	char *map = device_map(d, d->map);
	volatile uint32_t *reg = (void *)(map + d->reg4 % 4096);
	uint64_t at = d->region + d->map;

	MEASURE(d->name, "mapped-load", (void)*reg);
	MEASURE(d->name, "mapped-store", *reg = 0);
	MEASURE(d->name, "map-touch-unmap",
		map_touch_unmap(d->fd, at, d->reg4 % 4096));
	munmap(map, 4096);	/* otherwise the device stays open */
}

static void map_touch_unmap_gib(int fd, uint64_t pos)
{
	uint64_t off;

	map_shared(GIB_ADDR, GIB, fd, pos);
	for (off = 0; off < GIB; off += LARGE)
		*(volatile uint32_t *)(GIB_ADDR + off);
	sys3(SYS_munmap, GIB_ADDR, GIB, 0);
}

/* measure_large() - first touch of 1 GiB, a load in each 2 MiB */
void measure_large(struct device *d)
{
	uint64_t at = d->region + d->map, begin;
	static struct samples s;

	must(map_shared(GIB_ADDR, GIB, d->fd, at), "mapping 1 GiB");
	s.nr = 0;
	while (s.nr < GIB_TIMES) {
		begin = ticks();
		map_touch_unmap_gib(d->fd, at);
		sample(&s, ticks() - begin);
	}
	report(d->name, "map-touch-unmap-gib", &s);
}

static void measure_trigger(struct device *d)
{
	int event = must(eventfd(0, EFD_NONBLOCK), "eventfd");
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = d->irq_index,
		.count = 1,
	};
	uint64_t value;

	irq_event(d, d->irq_index, 0, event);
	must(sys3(SYS_ioctl, d->fd, VFIO_DEVICE_SET_IRQS, (long)&set), d->id);
	must(sys3(SYS_read, event, (long)&value, sizeof(value)), "eventfd");
	MEASURE(d->name, "trigger-read",
		(sys3(SYS_ioctl, d->fd, VFIO_DEVICE_SET_IRQS, (long)&set),
		 sys3(SYS_read, event, (long)&value, sizeof(value))));
	irq_disable(d, d->irq_index);
	close(event);
}

/* measure_access() - all fast rows that @d supports */
void measure_access(struct device *d)
{
	measure_bar(d);
	measure_config(d);
	measure_info(d);
	if (d->map != UINT64_MAX)
		measure_mapped(d);
	if (d->irq_index >= 0)
		measure_trigger(d);
}
