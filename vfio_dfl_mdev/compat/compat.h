/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces of the newest supported kernel, for older ones. Kbuild includes
 * this header before every file; no file includes it by name.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_COMPAT_H
#define _VDFL_COMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#ifdef VDFL_COMPAT_EVENTFD_SIGNAL
#define eventfd_signal(ctx)	eventfd_signal(ctx, 1)
#endif

#ifdef VDFL_COMPAT_INSERT_PFN_T
#include <linux/pfn_t.h>

#define vmf_insert_pfn_pmd(vmf, pfn, write)				\
	vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write)
#define vmf_insert_pfn_pud(vmf, pfn, write)				\
	vmf_insert_pfn_pud(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write)
#endif

#ifdef VDFL_COMPAT_NO_ZAP_SPECIAL
#define zap_special_vma_range	zap_vma_ptes
#endif

#ifdef VDFL_COMPAT_NO_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#ifdef VDFL_COMPAT_NO_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifdef VDFL_COMPAT_NO_ISOLATED_MSI
static inline bool msi_device_has_isolated_msi(struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
}
#endif

/* Flex Bus Port capability: vendor and id; status with CXL.cache, CXL.mem */
#ifdef VDFL_COMPAT_NO_PCIE_IS_CXL
static inline bool pcie_is_cxl(struct pci_dev *pdev)
{
	u16 pos = pci_find_dvsec_capability(pdev, 0x1e98, 7);
	u16 status = 0;

	if (pos)
		pci_read_config_word(pdev, pos + 0xe, &status);
	return !PCI_POSSIBLE_ERROR(status) && status & (BIT(0) | BIT(2));
}
#endif

/* Before 6.2 only a whole group can be claimed, and only once. */
#ifdef VDFL_COMPAT_NO_DEVICE_DMA_OWNER
static inline int iommu_device_claim_dma_owner(struct device *dev, void *owner)
{
	struct iommu_group *group = iommu_group_get(dev);
	int ret = iommu_group_claim_dma_owner(group, owner);

	iommu_group_put(group);
	return ret;
}

static inline void iommu_device_release_dma_owner(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);

	iommu_group_release_dma_owner(group);
	iommu_group_put(group);
}
#endif

/**
 * vdfl_compat_free_device() - free a VFIO device in its release operation
 * @vdev: device that is being released
 *
 * Does nothing from 6.2 on, where the VFIO core frees the device.
 */
static inline void vdfl_compat_free_device(struct vfio_device *vdev)
{
#ifdef VDFL_COMPAT_FREE_DEVICE
	vfio_free_device(vdev);
#endif
}

/* Operations of the core for a device without DMA; older kernels have fewer */
#if defined(VDFL_COMPAT_NO_IOMMUFD)
#define VDFL_COMPAT_IOMMUFD_OPS
#elif defined(VDFL_COMPAT_NO_DETACH_IOAS)
#define VDFL_COMPAT_IOMMUFD_OPS						\
	.bind_iommufd	= vfio_iommufd_emulated_bind,			\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,			\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
#else
#define VDFL_COMPAT_IOMMUFD_OPS						\
	.bind_iommufd	= vfio_iommufd_emulated_bind,			\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,			\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,		\
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#endif

/*
 * Before 6.19 the ioctl operation also handles VFIO_DEVICE_GET_REGION_INFO:
 * vdfl_compat_ioctl() does, as later cores do, and passes all other commands to
 * vdfl_mdev_ioctl().
 */
#ifdef VDFL_COMPAT_NO_REGION_INFO_CAPS
#define VDFL_COMPAT_IOCTL_OPS	.ioctl = vdfl_compat_ioctl,
long vdfl_compat_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg);
#else
#define VDFL_COMPAT_IOCTL_OPS						\
	.ioctl			= vdfl_mdev_ioctl,			\
	.get_region_info_caps	= vdfl_region_info,
#endif
long vdfl_mdev_ioctl(struct vfio_device *vdev, unsigned int cmd,
		     unsigned long arg);

/*
 * User mappings of an instance. The functions are described in mapping.c; with
 * an inode per VFIO device (6.10 and later) they are the inline functions below.
 */
#ifdef VDFL_COMPAT_NO_INODE
/**
 * struct vdfl_mapping - address space of the user mappings of an instance
 * @file: shmem file that provides the address space; constant
 */
struct vdfl_mapping {
	struct file *file;
};

int vdfl_mapping_init(struct vdfl_mapping *mapping, void *owner);
void vdfl_mapping_release(struct vdfl_mapping *mapping);
void vdfl_mapping_attach(struct vdfl_mapping *mapping,
			 struct vm_area_struct *vma, void *owner);
void *vdfl_mapping_owner(struct vm_area_struct *vma);
void vdfl_mapping_zap(struct vdfl_mapping *mapping, struct vfio_device *vdev);
void vdfl_mapping_vma_open(struct vm_area_struct *vma);
void vdfl_mapping_vma_close(struct vm_area_struct *vma);
#else
struct vdfl_mapping {
};

static inline int vdfl_mapping_init(struct vdfl_mapping *mapping, void *owner)
{
	return 0;
}

static inline void vdfl_mapping_release(struct vdfl_mapping *mapping)
{
}

static inline void vdfl_mapping_attach(struct vdfl_mapping *mapping,
				       struct vm_area_struct *vma, void *owner)
{
	vma->vm_private_data = owner;
}

static inline void *vdfl_mapping_owner(struct vm_area_struct *vma)
{
	return vma->vm_private_data;
}

static inline void vdfl_mapping_zap(struct vdfl_mapping *mapping,
				    struct vfio_device *vdev)
{
	unmap_mapping_range(vdev->inode->i_mapping, 0, 0, true);
}

static inline void vdfl_mapping_vma_open(struct vm_area_struct *vma)
{
}

static inline void vdfl_mapping_vma_close(struct vm_area_struct *vma)
{
}
#endif

#endif /* _VDFL_COMPAT_H */
