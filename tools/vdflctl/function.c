// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole PCI function, and one page of memory that it can reach: through
 * vfio-pci and an IOMMU domain that contains this page only, or without an IOMMU
 * through sysfs. The latter needs no support for VFIO without IOMMU, which
 * distributions disable.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "function.h"

#define IOVA			0x1000000ULL
#define PAGEMAP_PRESENT		BIT_ULL(63)
#define PAGEMAP_FRAME		GENMASK_ULL(54, 0)

static int failed(struct fault *fault, const char *step)
{
	return fault_set(fault, "%s: %s", step, strerror(errno));
}

static int add_page(struct function *fn, struct fault *fault)
{
	fn->size = sysconf(_SC_PAGESIZE);
	fn->page = mmap(NULL, fn->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (fn->page != MAP_FAILED)
		return 0;
	fn->page = NULL;
	return failed(fault, "cannot allocate a page");
}

/* --- with an IOMMU: vfio-pci ------------------------------------------------ */

static int open_group(struct function *fn, struct fault *fault)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char group[NAME_LEN], path[PATH_LEN];

	sysfs_link(group, sizeof(group), "bus/pci/devices/%s/iommu_group",
		   fn->bdf);
	text_set(path, sizeof(path), "%s/vfio/%s", dev_root(), group);
	fn->group = open(path, O_RDWR | O_CLOEXEC);
	if (fn->group < 0)
		return failed(fault, "cannot open the VFIO group");
	if (ioctl(fn->group, VFIO_GROUP_GET_STATUS, &status))
		return failed(fault, "cannot get the status of the VFIO group");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return fault_set(fault, "other devices of the IOMMU group have drivers");
	return 0;
}

/* Attach the group to a domain with no mappings, then map the page */
static int open_domain(struct function *fn, struct fault *fault)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)fn->page,
		.iova = IOVA,
		.size = fn->size,
	};
	char path[PATH_LEN];

	text_set(path, sizeof(path), "%s/vfio/vfio", dev_root());
	fn->container = open(path, O_RDWR | O_CLOEXEC);
	if (fn->container < 0)
		return failed(fault, "cannot open a VFIO container");
	if (ioctl(fn->group, VFIO_GROUP_SET_CONTAINER, &fn->container))
		return failed(fault, "cannot use the VFIO group");
	if (ioctl(fn->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return failed(fault, "cannot create an IOMMU domain");
	if (ioctl(fn->container, VFIO_IOMMU_MAP_DMA, &map))
		return failed(fault, "cannot map a page for DMA");
	fn->address = IOVA;
	return 0;
}

static int open_device(struct function *fn, struct fault *fault)
{
	struct region region;

	fn->device = ioctl(fn->group, VFIO_GROUP_GET_DEVICE_FD, fn->bdf);
	if (fn->device < 0)
		return failed(fault, "cannot open the function");
	errno = -region_get(fn->device, VFIO_PCI_CONFIG_REGION_INDEX, &region);
	if (errno)
		return failed(fault, "cannot find the configuration space");
	fn->config = region.offset;
	return 0;
}

/* --- without an IOMMU: sysfs ------------------------------------------------ */

/*
 * A locked page is not swapped, but may be moved. A further reference prevents
 * that.
 */
static int pin_page(struct function *fn, struct fault *fault)
{
	const struct iovec page = { fn->page, fn->size };

	if (pipe2(fn->pin, O_CLOEXEC))
		return failed(fault, "cannot pin a page");
	if (vmsplice(fn->pin[1], &page, 1, 0) != (ssize_t)fn->size)
		return failed(fault, "cannot pin a page");
	return 0;
}

static int find_address(struct function *fn, struct fault *fault)
{
	__u64 index = (uintptr_t)fn->page / fn->size, entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return failed(fault, "cannot open the page map");
	len = pread(fd, &entry, sizeof(entry), index * sizeof(entry));
	close(fd);
	/* The frame reads 0 without privilege */
	if (len != sizeof(entry) || !(entry & PAGEMAP_PRESENT) ||
	    !(entry & PAGEMAP_FRAME))
		return fault_set(fault, "cannot find the address of a page");
	fn->address = (entry & PAGEMAP_FRAME) * fn->size;
	return 0;
}

static int open_sysfs(struct function *fn, struct fault *fault)
{
	char path[PATH_LEN];

	errno = -sysfs_write("1", "bus/pci/devices/%s/enable", fn->bdf);
	if (errno)
		return failed(fault, "cannot enable the function");
	if (sysfs_path(path, "bus/pci/devices/%s/config", fn->bdf))
		return fault_set(fault, "path too long");
	fn->device = open(path, O_RDWR | O_CLOEXEC);
	if (fn->device < 0)
		return failed(fault, "cannot open the configuration space");
	return 0;
}

/* --- both ------------------------------------------------------------------- */

int function_open(struct function *fn, const char *bdf, bool iommu,
		  struct fault *fault)
{
	*fn = (struct function){ .iommu = iommu, .pin = { -1, -1 },
				 .container = -1, .group = -1, .device = -1 };
	text_set(fn->bdf, sizeof(fn->bdf), "%s", bdf);
	if (add_page(fn, fault))
		return -1;
	if (iommu)
		return open_group(fn, fault) || open_domain(fn, fault) ||
		       open_device(fn, fault) ? -1 : 0;
	return pin_page(fn, fault) || find_address(fn, fault) ||
	       open_sysfs(fn, fault) ? -1 : 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int function_close(struct function *fn, struct fault *fault)
{
	int ret = 0;

	if (fn->device >= 0) {
		/* The reset stops DMA also if the function ignores the bit */
		ret = function_master(fn, false, fault);
		if (function_reset(fn, fault))
			ret = -1;
	}
	if (!fn->iommu)
		sysfs_write("0", "bus/pci/devices/%s/enable", fn->bdf);
	close_fd(fn->device);
	close_fd(fn->group);
	close_fd(fn->container);
	close_fd(fn->pin[0]);
	close_fd(fn->pin[1]);
	if (fn->page)
		munmap(fn->page, fn->size);
	return ret;
}

int function_reset(struct function *fn, struct fault *fault)
{
	if (fn->iommu)
		errno = ioctl(fn->device, VFIO_DEVICE_RESET) ? errno : 0;
	else
		errno = -sysfs_write("1", "bus/pci/devices/%s/reset", fn->bdf);
	return errno ? failed(fault, "the function cannot be reset") : 0;
}

int function_master(struct function *fn, bool on, struct fault *fault)
{
	off_t at = fn->config + PCI_COMMAND;
	__u16 command;

	if (pread(fn->device, &command, 2, at) != 2)
		return failed(fault, "cannot read the command register");
	command &= ~PCI_COMMAND_MASTER;
	if (on)
		command |= PCI_COMMAND_MASTER;
	command |= PCI_COMMAND_MEMORY;
	if (pwrite(fn->device, &command, 2, at) != 2)
		return failed(fault, "cannot write the command register");
	if (pread(fn->device, &command, 2, at) != 2)
		return failed(fault, "cannot read the command register");
	if (!!(command & PCI_COMMAND_MASTER) != on)
		return fault_set(fault, "bus mastering cannot be turned %s",
				 on ? "on" : "off");
	return 0;
}

static int open_bar(struct function *fn, __u64 bar, __u64 *start,
		    struct fault *fault)
{
	char path[PATH_LEN];
	struct region region;
	int fd;

	if (fn->iommu) {
		errno = -region_get(fn->device, bar, &region);
		*start = region.offset;
		return errno ? failed(fault, "cannot find the BAR") :
			       dup(fn->device);
	}
	*start = 0;
	if (sysfs_path(path, "bus/pci/devices/%s/resource%llu", fn->bdf, bar))
		return fault_set(fault, "path too long");
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? failed(fault, "cannot open the BAR") : fd;
}

volatile void *function_map(struct function *fn, __u64 bar, __u64 offset,
			    struct fault *fault)
{
	__u64 start, rest = offset % fn->size;
	char *map;
	int fd = open_bar(fn, bar, &start, fault);

	if (fd < 0)
		return NULL;
	map = mmap(NULL, fn->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   start + offset - rest);
	if (map == MAP_FAILED)
		failed(fault, "cannot map registers");
	close(fd);
	return map == MAP_FAILED ? NULL : map + rest;
}

void function_unmap(struct function *fn, volatile void *registers)
{
	uintptr_t at = (uintptr_t)registers;

	if (registers)
		munmap((void *)(at - at % fn->size), fn->size);
}
