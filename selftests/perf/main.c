// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the driver beside vfio-pci and the sample driver mtty, in a VM that
 * counts instructions; see qemu-tests/performance.rst. Exact measurements come
 * first: after the control channel or interrupts are used, arrival times in the
 * VM vary.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../lib/dfl.h"
#include "perf.h"

#define PCI		"/sys/bus/pci/devices/"
#define MDEV		"/sys/bus/mdev/devices/"
#define OURS		"vfio_dfl_mdev"
#define OURS_UUID	"6f2d0a51-7d3e-4c43-9f0e-2f1d6d5f0002"
#define MTTY_UUID	"6f2d0a51-7d3e-4c43-9f0e-2f1d6d5f0003"
#define AFU_TYPE	PCI LAB_BDF "/mdev_supported_types/" OURS "-" TYPE_AFU
#define ETH_TYPE	"/mdev_supported_types/" OURS "-eth-group"
#define LARGE_TYPE	PCI LARGE_BDF "/mdev_supported_types/" OURS "-" TYPE_AFU
#define MTTY_TYPE	"/sys/class/mtty/mtty/mdev_supported_types/mtty-1"
#define NO_MAP		UINT64_MAX
#define COUNTED		100	/* operations per count */

static struct device ours = {
	.name = "ours", .bar = 0,
	.reg4 = AFU_SCRATCH0, .reg8 = AFU_SCRATCH0, .map = 0,
	.irq_index = VFIO_PCI_MSIX_IRQ_INDEX,
	.irq_raise = AFU_IRQ_TRIGGER, .irq_ack = AFU_IRQ_STATUS, .irq_width = 8,
};

/* The same registers, behind a filter with as many ranges as it can have */
static struct device filtered = {
	.name = "ours-filtered", .bar = 0,
	.reg4 = AFU_SCRATCH0, .reg8 = AFU_SCRATCH0, .map = NO_MAP,
	.irq_index = -1,
};

static struct device lab = {
	.name = "vfio-pci-lab", .bar = AFU_BAR,
	.reg4 = AFU_OFFSET + AFU_SCRATCH0, .reg8 = AFU_OFFSET + AFU_SCRATCH0,
	.map = AFU_OFFSET, .irq_index = VFIO_PCI_MSIX_IRQ_INDEX,
	.irq_raise = AFU_IRQ_TRIGGER, .irq_ack = AFU_IRQ_STATUS, .irq_width = 8,
};

/* A window of 1 GiB, under both drivers */
static struct device ours_large = {
	.name = "ours", .bar = 0, .map = 0, .irq_index = -1,
};

static struct device vfio_pci_large = {
	.name = "vfio-pci-lab", .bar = 0, .map = 0, .irq_index = -1,
};

static struct device edu = {
	.name = "vfio-pci-edu", .bar = 0,
	.reg4 = 0x04, .reg8 = 0x80, .map = 0,
	.irq_index = VFIO_PCI_MSI_IRQ_INDEX,
	.irq_raise = 0x60, .irq_ack = 0x64, .irq_width = 4,
};

static struct device ivshmem = {
	.name = "vfio-pci-ivshmem", .bar = 2,
	.reg4 = 0, .reg8 = 0, .map = 0, .irq_index = -1,
};

static struct device mtty = {
	.name = "mtty", .bar = 0,
	.reg4 = 4, .map = NO_MAP, .irq_index = VFIO_PCI_INTX_IRQ_INDEX,
};

static void ours_open(void)
{
	instance_create(AFU_TYPE, OURS_UUID);
	device_open(&ours, MDEV OURS_UUID);
}

static void ours_close(void)
{
	device_close(&ours);
	instance_remove(OURS_UUID);
}

static void measure_ours(void)
{
	card_set(LAB_BDF, "irq_source", "intx");
	ours_open();
	measure_access(&ours);
	measure_guest(&ours);
	measure_open_close(&ours, 200);
	ours_close();
}

#define FILTER_RANGES	32

static void load_filter(void)
{
	char table[FILTER_RANGES * 32];
	int used, i;

	used = sprintf(table, "0x%x+0x8 rw", AFU_SCRATCH0);
	for (i = 1; i < FILTER_RANGES; i++)
		used += sprintf(table + used, ";0x%x+0x8 rw",
				AFU_RAM + 16 * i);
	write_file(MDEV OURS_UUID "/dfl/filter", table);
}

static void measure_filtered(void)
{
	instance_create(AFU_TYPE, OURS_UUID);
	load_filter();
	device_open(&filtered, MDEV OURS_UUID);
	measure_bar(&filtered);
	device_close(&filtered);
	instance_remove(OURS_UUID);
}

static void measure_mtty(void)
{
	instance_create(MTTY_TYPE, MTTY_UUID);
	device_open(&mtty, MDEV MTTY_UUID);
	measure_access(&mtty);
	measure_open_close(&mtty, 200);
	device_close(&mtty);
	instance_remove(MTTY_UUID);
}

static void measure_vfio_pci(void)
{
	driver_bind(EDU_BDF, "vfio-pci");
	device_open(&edu, PCI EDU_BDF);
	measure_access(&edu);
	measure_open_close(&edu, 10);
	config_write16(&edu, PCI_COMMAND, config_read16(&edu, PCI_COMMAND) |
					  PCI_COMMAND_MASTER);
	measure_interrupts(&edu, "vfio-pci-edu-intx", VFIO_PCI_INTX_IRQ_INDEX);
	measure_interrupts(&edu, "vfio-pci-edu-msi", VFIO_PCI_MSI_IRQ_INDEX);
	device_close(&edu);

	driver_bind(IVSHMEM_BDF, "vfio-pci");
	device_open(&ivshmem, PCI IVSHMEM_BDF);
	measure_access(&ivshmem);
	measure_open_close(&ivshmem, 60);
	device_close(&ivshmem);
}

static void measure_large_windows(void)
{
	driver_bind(LARGE_BDF, OURS);
	instance_create(LARGE_TYPE, OURS_UUID);
	device_open(&ours_large, MDEV OURS_UUID);
	measure_large(&ours_large);
	device_close(&ours_large);
	instance_remove(OURS_UUID);
	driver_unbind(LARGE_BDF);
	driver_bind(LARGE_BDF, "vfio-pci");
	device_open(&vfio_pci_large, PCI LARGE_BDF);
	measure_large(&vfio_pci_large);
	device_close(&vfio_pci_large);
	driver_unbind(LARGE_BDF);
}

static void measure_lifecycle(void)
{
	measure_create_remove("mtty", MTTY_TYPE);
	measure_create_remove("ours-afu", AFU_TYPE);
	measure_create_remove("ours", PCI LAB_BDF ETH_TYPE);
	measure_create_remove("ours-many", PCI MANY_BDF ETH_TYPE);
}

static void poll_interval(const char *floor, const char *ceiling)
{
	card_set(LAB_BDF, "poll_floor_us", floor);
	card_set(LAB_BDF, "poll_ceiling_us", ceiling);
}

static void measure_polling(void)
{
	card_set(LAB_BDF, "irq_source", "poll");
	ours_open();
	poll_interval("100", "100");
	measure_poll(&ours, "poll-100", 1000, 400);
	poll_interval("1000", "1000");
	measure_poll(&ours, "poll-1000", 500, 4000);
	poll_interval("50", "10000");
	measure_poll(&ours, "poll-adaptive-busy", 1000, 100);
	measure_poll(&ours, "poll-adaptive-idle", 200, 100000);
	ours_close();
}

/* Opening resets the card, and its ports are in reset after that. */
static void lab_release_port(void)
{
	uint64_t control;

	reg_write64(&lab, PORT_CTRL, 0);
	do {
		control = reg_read64(&lab, PORT_CTRL);
	} while (control & PORT_CTRL_ACK);
}

static void measure_lab_vfio_pci(void)
{
	driver_unbind(LAB_BDF);
	driver_bind(LAB_BDF, "vfio-pci");
	device_open(&lab, PCI LAB_BDF);
	lab_release_port();
	measure_access(&lab);
	measure_guest(&lab);
	measure_interrupts(&lab, "vfio-pci-lab-intx", VFIO_PCI_INTX_IRQ_INDEX);
	config_write16(&lab, PCI_COMMAND, config_read16(&lab, PCI_COMMAND) |
					  PCI_COMMAND_MASTER);
	measure_interrupts(&lab, "vfio-pci-lab-msix", VFIO_PCI_MSIX_IRQ_INDEX);
	device_close(&lab);
	driver_unbind(LAB_BDF);
}

static void measure_our_interrupts(void)
{
	card_set(LAB_BDF, "irq_holdoff_us", "100");
	card_set(LAB_BDF, "irq_source", "intx");
	ours_open();
	measure_interrupts(&ours, "ours-intx", VFIO_PCI_MSIX_IRQ_INDEX);
	ours_close();
	card_set(LAB_BDF, "irq_source", "msix");
	ours_open();
	measure_interrupts(&ours, "ours-msix", VFIO_PCI_MSIX_IRQ_INDEX);
	ours_close();
}

/* --- accesses of the device ----------------------------------------------------- */

/* Device accesses per evaluation of @op, of @times */
#define COUNT(row, times, op) do {					\
	uint64_t before_ = card_accesses();				\
	unsigned int n_;						\
									\
	for (n_ = 0; n_ < (times); n_++)				\
		op;							\
	report_count("ours", row,					\
		     (double)(card_accesses() - before_) / (times));	\
} while (0)

static void count_open_device(void)
{
	uint64_t cfg = region_offset(&ours, VFIO_PCI_CONFIG_REGION_INDEX);
	volatile uint64_t *map = device_map(&ours, 0);
	uint64_t at = ours.region + AFU_RAM;
	char buf[64];

	COUNT("bar-pread-4", COUNTED,
	      sys4(SYS_pread64, ours.fd, (long)buf, 4, at));
	COUNT("bar-pwrite-4", COUNTED,
	      sys4(SYS_pwrite64, ours.fd, (long)buf, 4, at));
	COUNT("bar-pread-8", COUNTED,
	      sys4(SYS_pread64, ours.fd, (long)buf, 8, at));
	COUNT("bar-pwrite-8", COUNTED,
	      sys4(SYS_pwrite64, ours.fd, (long)buf, 8, at));
	COUNT("bar-pread-64", COUNTED,
	      sys4(SYS_pread64, ours.fd, (long)buf, 64, at));
	COUNT("mapped-load", COUNTED, (void)map[AFU_SCRATCH0 / 8]);
	COUNT("mapped-store", COUNTED, map[AFU_SCRATCH0 / 8] = 0);
	COUNT("config-pread-64", COUNTED,
	      sys4(SYS_pread64, ours.fd, (long)buf, 64, cfg));
	COUNT("region-info-bar", COUNTED, region_offset(&ours, 0));
	COUNT("second-of-nothing", 1, sleep(1));
	munmap((void *)map, 4096);
}

static void count_enumeration(void)
{
	uint64_t before = card_accesses(), after;
	unsigned int blocks;

	driver_bind(LAB_BDF, OURS);
	after = card_accesses();
	blocks = count_dir(PCI LAB_BDF "/dfl/blocks");
	report_count("ours", "enumeration-total", after - before);
	report_count("ours", "enumeration-per-block",
		     (double)(after - before) / blocks);
}

static void count_accesses(void)
{
	driver_unbind(LAB_BDF);
	count_enumeration();
	card_set(LAB_BDF, "irq_source", "poll");
	COUNT("create", 1, instance_create(AFU_TYPE, OURS_UUID));
	device_open(&ours, MDEV OURS_UUID);
	count_open_device();
	device_close(&ours);
	COUNT("open-close", 1,
	      (device_open(&ours, MDEV OURS_UUID), device_close(&ours)));
	COUNT("remove", 1, instance_remove(OURS_UUID));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(prctl(PR_SET_TIMERSLACK, 1), "timer slack");
	sleep(2);
	measure_floors();
	driver_bind(LAB_BDF, OURS);
	driver_bind(MANY_BDF, OURS);
	measure_ours();
	measure_filtered();
	measure_mtty();
	measure_vfio_pci();
	measure_large_windows();
	measure_lifecycle();
	measure_polling();
	measure_lab_vfio_pci();
	driver_bind(LAB_BDF, OURS);
	measure_our_interrupts();
	count_accesses();
	printf("done\n");
	return 0;
}
