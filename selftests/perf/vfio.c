// SPDX-License-Identifier: GPL-2.0-only
/* VFIO groups and devices, as far as the measurements need them. */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "perf.h"

/* device_open() - @d->name, with the directory @sysfs, through its group */
void device_open(struct device *d, const char *sysfs)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	char path[256], link[256] = "";
	ssize_t len;

	snprintf(path, sizeof(path), "%s/iommu_group", sysfs);
	len = must(readlink(path, link, sizeof(link) - 1), path);
	link[len] = 0;
	snprintf(path, sizeof(path), "/dev/vfio/%s", basename(link));
	snprintf(d->id, sizeof(d->id), "%s", strrchr(sysfs, '/') + 1);

	d->container = must(open("/dev/vfio/vfio", O_RDWR), "/dev/vfio/vfio");
	d->group = must(open(path, O_RDWR), path);
	must(ioctl(d->group, VFIO_GROUP_SET_CONTAINER, &d->container),
	     "VFIO_GROUP_SET_CONTAINER");
	must(ioctl(d->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU),
	     "VFIO_SET_IOMMU");
	d->fd = must(ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, d->id), d->id);
	/* mtty takes no interrupt eventfd before this */
	must(ioctl(d->fd, VFIO_DEVICE_GET_INFO, &info), d->id);
	d->region = region_offset(d, d->bar);
}

void device_close(struct device *d)
{
	close(d->fd);
	close(d->group);
	close(d->container);
}

uint64_t region_offset(struct device *d, unsigned int index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	must(ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &info), d->id);
	return info.offset;
}

/* device_map() - one page of the registers */
void *device_map(struct device *d, uint64_t page)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd,
			 d->region + page);

	if (map == MAP_FAILED)
		die("%s: cannot map: %m", d->id);
	return map;
}

uint64_t reg_read64(struct device *d, uint64_t off)
{
	uint64_t value;

	must(sys4(SYS_pread64, d->fd, (long)&value, sizeof(value),
		  d->region + off), d->id);
	return value;
}

void reg_write64(struct device *d, uint64_t off, uint64_t value)
{
	must(sys4(SYS_pwrite64, d->fd, (long)&value, sizeof(value),
		  d->region + off), d->id);
}

static uint64_t config(struct device *d)
{
	return region_offset(d, VFIO_PCI_CONFIG_REGION_INDEX);
}

void config_write16(struct device *d, unsigned int off, uint16_t value)
{
	must(pwrite(d->fd, &value, sizeof(value), config(d) + off), d->id);
}

uint16_t config_read16(struct device *d, unsigned int off)
{
	uint16_t value;

	must(pread(d->fd, &value, sizeof(value), config(d) + off), d->id);
	return value;
}

/* irq_event() - signal eventfd @fd for interrupt @nr of @index */
long irq_event(struct device *d, unsigned int index, unsigned int nr, int fd)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} arg = {
		.set.argsz = sizeof(arg),
		.set.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			     VFIO_IRQ_SET_ACTION_TRIGGER,
		.set.index = index,
		.set.start = nr,
		.set.count = 1,
		.fd = fd,
	};

	return must(ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &arg), "SET_IRQS");
}

void irq_disable(struct device *d, unsigned int index)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = index,
	};

	must(ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &set), "SET_IRQS");
}
