// SPDX-License-Identifier: GPL-2.0-only
/*
 * Use two AFU instances of the simulated card through VFIO system calls and
 * without privilege: trapped and mapped accesses, isolation, bounds, an interrupt,
 * and a DMA attempt. Usage: tour UUID UUID
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Registers of the simulated AFU, bytes from the start of the block */
#define SCRATCH		0x28
#define IRQ_TRIGGER	0x50
#define IRQ_STATUS	0x58
#define DMA_ADDR	0x60
#define DMA_DATA	0x68
#define DMA_GO		0x70
#define DMA_RESULT	0x78
#define   DMA_REFUSED	2

struct instance {
	int fd;
	struct vfio_region_info bar0;
};

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tour: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void show(int ok, const char *what)
{
	printf("  %-4s %s\n", ok ? "yes" : "NO", what);
	if (!ok)
		exit(1);
}

static int group_of(const char *uuid)
{
	char path[PATH_MAX], target[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group",
		 uuid);
	check(readlink(path, target, sizeof(target) - 1) > 0, path);
	return atoi(strrchr(target, '/') + 1);
}

static struct instance instance_open(const char *uuid)
{
	struct instance in = { .bar0.argsz = sizeof(in.bar0) };
	int container, group;
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%d", group_of(uuid));
	container = open("/dev/vfio/vfio", O_RDWR);
	check(container >= 0, "/dev/vfio/vfio");
	group = open(path, O_RDWR);
	check(group >= 0, path);
	check(!ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "container");
	check(!ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "IOMMU");
	in.fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	check(in.fd >= 0, "device");
	check(!ioctl(in.fd, VFIO_DEVICE_GET_REGION_INFO, &in.bar0), "region 0");
	return in;
}

static uint64_t reg_read(struct instance *in, uint64_t reg)
{
	uint64_t value;

	check(pread(in->fd, &value, 8, in->bar0.offset + reg) == 8, "read");
	return value;
}

static void reg_write(struct instance *in, uint64_t reg, uint64_t value)
{
	check(pwrite(in->fd, &value, 8, in->bar0.offset + reg) == 8, "write");
}

static void tour_registers(struct instance *a, struct instance *b)
{
	volatile uint64_t *map = mmap(NULL, getpagesize(),
				      PROT_READ | PROT_WRITE, MAP_SHARED, a->fd,
				      a->bar0.offset);
	uint64_t before = reg_read(b, SCRATCH);

	check(map != MAP_FAILED, "mmap");
	reg_write(a, SCRATCH, 0x1122334455667788);
	show(map[SCRATCH / 8] == 0x1122334455667788,
	     "a register written by a system call reads back through a mapping");
	show(reg_read(b, SCRATCH) == before,
	     "the same register of the other instance did not change");
}

static void tour_bounds(struct instance *a)
{
	uint64_t value = 0;

	show(pread(a->fd, &value, 8, a->bar0.offset + a->bar0.size) < 0 &&
	     errno == EINVAL, "a read past the block is refused");
	show(mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, a->fd,
		  a->bar0.offset + a->bar0.size) == MAP_FAILED &&
	     errno == EINVAL, "a mapping past the block is refused");
}

static void tour_interrupt(struct instance *a)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} arm = {
		.set = {
			.argsz	= sizeof(arm),
			.flags	= VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER,
			.index	= VFIO_PCI_MSIX_IRQ_INDEX,
			.count	= 1,
		},
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	struct pollfd pfd = { .fd = arm.fd, .events = POLLIN };

	check(!ioctl(a->fd, VFIO_DEVICE_SET_IRQS, &arm), "arm");
	show(!poll(&pfd, 1, 0), "no interrupt yet");
	reg_write(a, IRQ_TRIGGER, 1);
	show(poll(&pfd, 1, 5000) == 1, "the block's interrupt arrives");
	reg_write(a, IRQ_STATUS, 1);
}

static void tour_dma(struct instance *a)
{
	reg_write(a, DMA_ADDR, 0x8000);
	reg_write(a, DMA_DATA, 0xdeadbeef);
	reg_write(a, DMA_GO, 1);
	show(reg_read(a, DMA_RESULT) == DMA_REFUSED,
	     "the block tried to write host memory, and was refused");
}

int main(int argc, char **argv)
{
	struct instance a, b;

	if (argc != 3) {
		fprintf(stderr, "usage: tour UUID UUID\n");
		return 2;
	}
	setlinebuf(stdout);
	a = instance_open(argv[1]);
	b = instance_open(argv[2]);
	printf("  both instances are open, user id %u\n", getuid());
	tour_registers(&a, &b);
	tour_bounds(&a);
	tour_interrupt(&a);
	tour_dma(&a);
	return 0;
}
