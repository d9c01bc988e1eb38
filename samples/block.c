// SPDX-License-Identifier: GPL-2.0-only
/*
 * Use an instance: open it by character device or else by group, find the
 * description of the block, read registers, mapped if possible, and wait for an
 * interrupt. block.py does the same. Usage: block UUID WORDS SECONDS
 */
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/vfio.h>
#include <linux/vfio_dfl_mdev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
	if (!ok)
		err(1, "%s", what);
}

/* Last component of the target of a link in the directory of an instance */
static const char *name_of(const char *pattern, const char *uuid)
{
	char path[256], *target;
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/%s", uuid, pattern);
	target = glob(path, 0, NULL, &found) ? NULL :
					       realpath(found.gl_pathv[0], NULL);
	check(!!target, path);
	return strrchr(target, '/') + 1;
}

static int open_rw(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	check(fd >= 0, path);
	return fd;
}

static int open_instance(const char *uuid)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	int container, group, device;
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
		 name_of("vfio-dev/vfio*", uuid));
	if (!access(path, F_OK)) {
		device = open_rw(path);
		bind.iommufd = open_rw("/dev/iommu");
		check(!ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind), "bind");
		return device;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%s", name_of("iommu_group", uuid));
	container = open_rw("/dev/vfio/vfio");
	group = open_rw(path);
	check(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "container");
	check(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	check(device >= 0, "device");
	return device;
}

/* A region and its capabilities */
union region {
	struct vfio_region_info info;
	char room[4096];
};

static void region_get(int device, __u32 index, union region *region)
{
	*region = (union region){ .info.argsz = sizeof(*region), .info.index = index };
	check(!ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region->info), "region");
}

/* Read the description and return true if the region is its region */
static int describe(int device, __u32 index, struct vfio_dfl_mdev_block *block)
{
	struct vfio_region_info_cap_type *cap;
	struct vfio_region_info *info;
	union region region;
	__u32 next;

	region_get(device, index, &region);
	info = &region.info;
	for (next = info->cap_offset; next; next = cap->header.next) {
		cap = (void *)info + next;
		if (cap->header.id == VFIO_REGION_INFO_CAP_TYPE &&
		    cap->type == VFIO_DFL_MDEV_REGION_TYPE &&
		    cap->subtype == VFIO_DFL_MDEV_REGION_SUBTYPE)
			return pread(device, block, sizeof(*block), info->offset) ==
			       sizeof(*block);
	}
	return 0;
}

/* @offset: of the region of the block in the device file */
static void print_words(int device, __u64 offset, __u64 map_size, __u64 words)
{
	volatile __u64 *map = NULL;
	__u64 value, i;

	if (words <= map_size / 8)
		map = mmap(NULL, map_size, PROT_READ, MAP_SHARED, device, offset);
	check(map != MAP_FAILED, "map");
	for (i = 0; i < words; i++) {
		check(map || pread(device, &value, 8, offset + 8 * i) == 8, "read");
		value = map ? map[i] : value;
		printf("%s 0x%llx 0x%016llx\n", map ? "mapped" : "pread", 8 * i, value);
	}
}

static int wait_irq(int device, int seconds)
{
	struct pollfd pfd = { .fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN };
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + sizeof(int));

	set->argsz = sizeof(*set) + sizeof(int);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->count = 1;
	memcpy(set->data, &pfd.fd, sizeof(int));
	check(!ioctl(device, VFIO_DEVICE_SET_IRQS, set), "interrupt");
	puts("waiting");
	return poll(&pfd, 1, 1000 * seconds) == 1;
}

static unsigned long number(const char *text, unsigned long max)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (text[strspn(text, "0123456789")] || end == text || value > max)
		errx(2, "not a number up to %lu: '%s'", max, text);
	return value;
}

int main(int argc, char **argv)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	unsigned long words, seconds;
	struct vfio_dfl_mdev_block b;
	union region bar0;
	int device;
	__u32 i = VFIO_PCI_NUM_REGIONS;

	if (argc != 4)
		errx(2, "usage: block UUID WORDS SECONDS");
	words = number(argv[2], UINT_MAX);
	seconds = number(argv[3], INT_MAX / 1000);
	setlinebuf(stdout);
	device = open_instance(argv[1]);
	check(!ioctl(device, VFIO_DEVICE_GET_INFO, &info), "device info");
	while (i < info.num_regions && !describe(device, i, &b))
		i++;
	if (i >= info.num_regions)
		errx(1, "%s: no description region: not an instance of vfio_dfl_mdev", argv[1]);
	printf("BAR %u offset 0x%llx size 0x%llx mappable 0x%llx\nfeature 0x%x guid ",
	       b.bar, b.offset, b.size, b.map_size, b.feature_id);
	for (i = 0; i < sizeof(b.guid); i++)
		printf("%02x", b.guid[i]);
	printf("\nvectors %u source %u\n", b.vectors, b.irq_source);
	region_get(device, VFIO_PCI_BAR0_REGION_INDEX, &bar0);
	print_words(device, bar0.info.offset, b.map_size, words);
	if (b.vectors)
		puts(wait_irq(device, seconds) ? "interrupt" : "timeout");
	return 0;
}
