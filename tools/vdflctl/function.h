/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole PCI function, and one page of memory that it can reach */
#ifndef _VDFLCTL_FUNCTION_H
#define _VDFLCTL_FUNCTION_H

#include "vdflctl.h"

/**
 * struct function - a PCI function in use by this program alone
 * @bdf: its address
 * @iommu: opened through vfio-pci; its IOMMU domain contains @page only.
 *	Otherwise it has no driver, and is accessed through sysfs.
 * @page: memory for DMA
 * @size: bytes of @page
 * @address: address of @page for the function
 * @pin: pipe that holds a reference to @page without an IOMMU
 * @container: VFIO container, or -1
 * @group: VFIO group, or -1
 * @device: VFIO device, or configuration space in sysfs
 * @config: offset of configuration space in @device
 */
struct function {
	char bdf[BDF_LEN];
	bool iommu;
	void *page;
	size_t size;
	__u64 address;
	int pin[2];
	int container;
	int group;
	int device;
	__u64 config;
};

/*
 * Open the function, which has driver vfio-pci if @iommu, else none. Return 0, or
 * -1 with the problem in @fault; function_close() is needed in both cases.
 */
int function_open(struct function *fn, const char *bdf, bool iommu,
		  struct fault *fault);
/*
 * Turn bus mastering off, reset the function, then release its page. Return -1
 * with the problem in @fault if the function cannot be reset.
 */
int function_close(struct function *fn, struct fault *fault);
int function_reset(struct function *fn, struct fault *fault);
/* Turn bus mastering on or off, and verify it */
int function_master(struct function *fn, bool on, struct fault *fault);
/* Map the registers in the page of @offset; NULL with @fault set on error */
volatile void *function_map(struct function *fn, __u64 bar, __u64 offset,
			    struct fault *fault);
void function_unmap(struct function *fn, volatile void *registers);

#endif /* _VDFLCTL_FUNCTION_H */
