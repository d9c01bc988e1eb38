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
 * vdfl_region_shut() - no access begins from now on because of @why
 * @vd: any instance, open or not
 * @why: VDFL_BLOCKED_*
 *
 * Mappings have no pages either, but for what a fault under way may still put
 * there. May sleep, though not for accesses of the user.
 */
void vdfl_region_shut(struct vdfl_mdev *vd, unsigned int why)
{
	atomic_or(why, &vd->blocked);
	wake_up_all(&vd->unblocked);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
}

/**
 * vdfl_region_drain() - wait until what began before vdfl_region_shut() is over
 * @vd: shut
 *
 * When it returns no access is under way and no mapping has a page. May sleep.
 */
void vdfl_region_drain(struct vdfl_mdev *vd)
{
	down_write(&vd->memory_lock);
	vdfl_mapping_zap(&vd->mapping, &vd->vdev);
	trace_vdfl_revoke(vd->vdev.dev, atomic_read(&vd->blocked));
	up_write(&vd->memory_lock);
}

/**
 * vdfl_region_block() - put the registers out of reach because of @why
 * @vd: any instance, open or not
 * @why: VDFL_BLOCKED_*
 *
 * See vdfl_region_drain().
 */
void vdfl_region_block(struct vdfl_mdev *vd, unsigned int why)
{
	vdfl_region_shut(vd, why);
	vdfl_region_drain(vd);
}

/* vdfl_region_unblock(): take back @why; others may still hold */
void vdfl_region_unblock(struct vdfl_mdev *vd, unsigned int why)
{
	atomic_andnot(why, &vd->blocked);
	wake_up_all(&vd->unblocked);
}

/* vdfl_region_open(): its first user may have it; @mmap_on stays what it is */
void vdfl_region_open(struct vdfl_mdev *vd)
{
	down_write(&vd->memory_lock);
	vdfl_region_unblock(vd, VDFL_BLOCKED_CLOSED | VDFL_BLOCKED_MEMORY);
	up_write(&vd->memory_lock);
}

/**
 * vdfl_region_enter() - begin an access to the registers
 * @vd: any instance
 *
 * Who comes while the block is reset for its own user waits, as with vfio-pci:
 * a fault that failed would end a guest.
 *
 * Return: 0, and vdfl_mdev.memory_lock is held for reading until
 * vdfl_region_leave(); -EIO when they are out of reach
 */
int vdfl_region_enter(struct vdfl_mdev *vd)
{
	unsigned int blocked;

	for (;;) {
		down_read(&vd->memory_lock);
		blocked = atomic_read(&vd->blocked);
		if (!blocked)
			return 0;
		up_read(&vd->memory_lock);
		if (blocked != VDFL_BLOCKED_SCRUB)
			return -EIO;
		wait_event(vd->unblocked,
			   atomic_read(&vd->blocked) != VDFL_BLOCKED_SCRUB);
	}
}

void vdfl_region_leave(struct vdfl_mdev *vd)
{
	up_read(&vd->memory_lock);
}

/**
 * vdfl_region_reset() - reset the block, out of reach of its user
 * @vd: open instance
 *
 * Mappings fault in again afterwards.
 *
 * Return: as vdfl_block_reset()
 */
int vdfl_region_reset(struct vdfl_mdev *vd)
{
	int ret;

	vdfl_region_block(vd, VDFL_BLOCKED_SCRUB);
	ret = vdfl_block_reset(vd->block);
	vdfl_region_unblock(vd, VDFL_BLOCKED_SCRUB);
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
	if (atomic_read(&vd->blocked) & VDFL_BLOCKED_CLOSED) {
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

	if (index == VFIO_PCI_BAR2_REGION_INDEX && vd->guest.size) {
		map.block = vd->guest.patched;
		map.start = vd->guest.block_off + map.block;
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
	struct vdfl_region_map map = vdfl_region_map(vd, vma_region(vma));
	u64 off = vma_start(vma) - map.start + (vmf->address - vma->vm_start);
	phys_addr_t phys;
	vm_fault_t ret;

	/* What mmap() has checked, but a VMA can be split since */
	if (off >= map.len)
		return VM_FAULT_SIGBUS;
	phys = pci_resource_start(vd->card->pdev, h->bar) + h->off + map.block +
	       off;
	if (vdfl_region_enter(vd))
		return VM_FAULT_SIGBUS;
	ret = vmf_insert_pfn(vma, vmf->address, phys >> PAGE_SHIFT);
	vdfl_region_leave(vd);
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
