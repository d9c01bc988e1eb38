// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of the registers of a block. Page faults insert the PTEs.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>

#include "instance/instance.h"

/**
 * vdfl_mmap_allow() - allow mappings, or trap all accesses
 * @vd: any instance, open or not
 * @on: allow mappings
 *
 * Takes vdfl_mdev.memory_lock for writing. May sleep.
 *
 * Return: 0, or -EBUSY while the instance is open
 */
int vdfl_mmap_allow(struct vdfl_mdev *vd, bool on)
{
	guard(rwsem_write)(&vd->memory_lock);
	if (!(atomic_read(&vd->revoked) & VDFL_REVOKED_CLOSED))
		return -EBUSY;
	vd->mmap_on = on;
	return 0;
}

/**
 * vdfl_mmap_size() - get the size of the mappable part of the block
 * @vd: open instance
 *
 * Return: bytes from the header on, whole pages; 0 if nothing can be mapped
 */
u64 vdfl_mmap_size(const struct vdfl_mdev *vd)
{
	return vd->mmap_on ? vd->block->window->map_size : 0;
}

/**
 * vdfl_mmap_area() - get the mappable area of a region
 * @vd: open instance
 * @index: any region index
 *
 * Return: the area, of length 0 if nothing can be mapped
 */
struct vdfl_mmap_area vdfl_mmap_area(const struct vdfl_mdev *vd, u32 index)
{
	u64 size = vdfl_mmap_size(vd);
	struct vdfl_mmap_area map = {};

	if (index == VFIO_PCI_BAR2_REGION_INDEX && vd->guest.size) {
		map.block_off = vd->guest.patched;
		map.start = vd->guest.block_off + map.block_off;
	} else if (index != VFIO_PCI_BAR0_REGION_INDEX) {
		return map;
	}
	if (size > map.block_off)
		map.len = size - map.block_off;
	return map;
}

static u64 vma_start(const struct vm_area_struct *vma)
{
	return ((u64)vma->vm_pgoff << PAGE_SHIFT) & VDFL_REGION_MASK;
}

static u32 vma_region(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff >> (VDFL_REGION_SHIFT - PAGE_SHIFT);
}

static vm_fault_t region_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);
	struct vdfl_mmap_area map = vdfl_mmap_area(vd, vma_region(vma));
	u64 off = vma_start(vma) - map.start + (vmf->address - vma->vm_start);
	phys_addr_t phys;
	vm_fault_t ret;

	/* vdfl_mmap() checked the range, but the VMA may have changed since */
	if (off >= map.len)
		return VM_FAULT_SIGBUS;
	phys = vdfl_block_phys(vd->block) + map.block_off + off;
	if (vdfl_access_begin(vd))
		return VM_FAULT_SIGBUS;
	ret = vmf_insert_pfn(vma, vmf->address, phys >> PAGE_SHIFT);
	vdfl_access_end(vd);
	return ret;
}

/*
 * Bound the number of mappings, because revocation zaps them one after the
 * other. A copy that mremap() makes while it moves a mapping exceeds the bound
 * for a moment, and so can splits in several processes, at most twofold.
 */
static bool map_count(struct vdfl_mdev *vd)
{
	if (atomic_inc_return(&vd->nr_maps) <= VFIO_DFL_MDEV_MAX_MAPS)
		return true;
	atomic_dec(&vd->nr_maps);
	return false;
}

static void region_vma_open(struct vm_area_struct *vma)
{
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);

	atomic_inc(&vd->nr_maps);
	vdfl_mapping_vma_open(vma);
}

static void region_vma_close(struct vm_area_struct *vma)
{
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);

	atomic_dec(&vd->nr_maps);
	vdfl_mapping_vma_close(vma);
}

static int region_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);

	return atomic_read(&vd->nr_maps) < VFIO_DFL_MDEV_MAX_MAPS ? 0 : -ENOMEM;
}

static const struct vm_operations_struct region_vm_ops = {
	.open		= region_vma_open,
	.close		= region_vma_close,
	.may_split	= region_may_split,
	.fault		= region_fault,
};

/**
 * vdfl_mmap() - map registers of a block into user space
 * @vdev: open instance
 * @vma: mapping that mmap() creates; mmap_lock is held for writing
 *
 * Inserts no PTE. fork() does not copy the mapping, so that the number of
 * mappings stays bounded.
 *
 * Return: 0; -EINVAL if the mapping is private or not inside the mappable area;
 * -ENOMEM if the instance has VFIO_DFL_MDEV_MAX_MAPS mappings
 */
int vdfl_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_mmap_area map = vdfl_mmap_area(vd, vma_region(vma));
	u64 len = vma->vm_end - vma->vm_start;
	u64 start = vma_start(vma);

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (start < map.start || len > map.len ||
	    start - map.start > map.len - len)
		return -EINVAL;
	if (!map_count(vd))
		return -ENOMEM;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_DONTCOPY);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &region_vm_ops;
	vdfl_mapping_attach(&vd->mapping, vma, vd);
	return 0;
}
