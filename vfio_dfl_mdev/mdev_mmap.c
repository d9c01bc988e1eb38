// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate before the registers of a block, and mappings of them: what closes
 * the gate also takes every page out of every mapping.
 */
#include <linux/io.h>

#include "trace.h"
#include "vdfl.h"

/* --- gate --------------------------------------------------------------- */

/**
 * vdfl_region_block() - put the registers out of reach because of @why
 * @vd: any instance, open or not
 * @why: VDFL_BLOCKED_*
 *
 * When it returns no access is under way and no mapping has a page. May sleep.
 */
void vdfl_region_block(struct vdfl_mdev *vd, unsigned int why)
{
	down_write(&vd->memory_lock);
	vd->blocked |= why;
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	trace_vdfl_revoke(vd->vdev.dev, vd->blocked);
	up_write(&vd->memory_lock);
}

/* vdfl_region_unblock(): take back @why; others may still hold */
void vdfl_region_unblock(struct vdfl_mdev *vd, unsigned int why)
{
	down_write(&vd->memory_lock);
	vd->blocked &= ~why;
	up_write(&vd->memory_lock);
}

/**
 * vdfl_region_reset() - reset the block, out of reach of its user
 * @vd: open instance
 *
 * Who touches it meanwhile waits, as with vfio-pci: a fault that failed would
 * end a guest. Mappings fault in again afterwards. A block that did not take the
 * reset, or is another one now, stays out of reach.
 *
 * Return: as vdfl_block_scrub(), -EIO also for another header
 */
int vdfl_region_reset(struct vdfl_mdev *vd)
{
	int ret;

	mutex_lock(&vd->card->reset_lock);
	down_write(&vd->memory_lock);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	ret = vdfl_block_scrub(vd->block);
	if (!ret)
		ret = vdfl_card_check_header(vd->block);
	if (ret == -EIO)
		vd->blocked |= VDFL_BLOCKED_RESET;
	else if (!ret)
		vd->blocked &= ~VDFL_BLOCKED_RESET;
	trace_vdfl_revoke(vd->vdev.dev, vd->blocked);
	up_write(&vd->memory_lock);
	mutex_unlock(&vd->card->reset_lock);
	return ret;
}

/**
 * vdfl_region_set_mmap() - allow mappings, or trap everything
 * @vd: closed instance
 * @on: allow mappings
 *
 * Return: 0, -EBUSY while the instance is open.
 */
int vdfl_region_set_mmap(struct vdfl_mdev *vd, bool on)
{
	int ret = -EBUSY;

	down_write(&vd->memory_lock);
	if (vd->blocked & VDFL_BLOCKED_CLOSED) {
		vd->mmap_on = on;
		ret = 0;
	}
	up_write(&vd->memory_lock);
	return ret;
}

/* --- mappings ------------------------------------------------------------ */

/**
 * vdfl_region_map_size() - how much of the block can be mapped
 * @vd: any instance
 *
 * Return: bytes from the header on, whole pages
 */
u64 vdfl_region_map_size(const struct vdfl_mdev *vd)
{
	return vd->mmap_on ? vd->block->window->map_size : 0;
}

/**
 * vdfl_region_map() - what of a region can be mapped
 * @vd: open instance
 * @index: any region index
 *
 * Return: the one area, of length 0 where there is none
 */
struct vdfl_region_map vdfl_region_map(const struct vdfl_mdev *vd, u32 index)
{
	u64 size = vdfl_region_map_size(vd);
	struct vdfl_region_map map = {};

	if (index == VFIO_PCI_BAR2_REGION_INDEX && vd->view.size) {
		map.block = vd->view.patched;
		map.start = vd->view.block + map.block;
	} else if (index != VFIO_PCI_BAR0_REGION_INDEX) {
		return map;
	}
	if (size > map.block)
		map.len = size - map.block;
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
	const struct dfl_header *h = vd->block->header;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct vdfl_region_map map = vdfl_region_map(vd, vma_region(vma));
	phys_addr_t phys;

	phys = pci_resource_start(vd->card->pdev, h->bar) + h->off + map.block;
	phys += vma_start(vma) - map.start + (vmf->address - vma->vm_start);

	down_read(&vd->memory_lock);
	if (!vd->blocked)
		ret = vmf_insert_pfn(vma, vmf->address, phys >> PAGE_SHIFT);
	up_read(&vd->memory_lock);
	return ret;
}

static const struct vm_operations_struct region_vm_ops = {
	.fault = region_fault,
	VDFL_COMPAT_VM_OPS
};

int vdfl_region_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_region_map map = vdfl_region_map(vd, vma_region(vma));
	u64 len = vma->vm_end - vma->vm_start;
	u64 start = vma_start(vma);

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (start < map.start || len > map.len ||
	    start - map.start > map.len - len)
		return -EINVAL;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &region_vm_ops;
	vdfl_mapping_attach(&vd->mapping, vma, vd);
	return 0;
}
