// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of the registers of a block. A page fault inserts the largest
 * page that lies in both the mapping and the mappable area.
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

/*
 * Return the area of a region in which pages can be mapped. A filter may forbid
 * some of the pages.
 */
static struct vdfl_mmap_area mmap_area(const struct vdfl_mdev *vd, u32 index)
{
	u64 size = vd->mmap_on ? vd->block->window->map_size : 0;
	struct vdfl_mmap_area map = {};

	if (index == VFIO_PCI_BAR2_REGION_INDEX && vd->guest.size) {
		/*
		 * A stock driver in a guest may write. A trapped write fails,
		 * but a write to a read-only page ends QEMU.
		 */
		if (vdfl_block_read_only(vd->block))
			return map;
		map.block_off = vd->guest.patched;
		map.start = vd->guest.block_off + map.block_off;
	} else if (index != VFIO_PCI_BAR0_REGION_INDEX) {
		return map;
	}
	if (size > map.block_off)
		map.len = size - map.block_off;
	return map;
}

static u32 filter_access(bool write)
{
	return DFL_FILTER_READ | (write ? DFL_FILTER_WRITE : 0);
}

/* Check whether the filter, if any, permits to map @len bytes of the block. */
static bool filter_maps(const struct vdfl_mdev *vd, u64 block_off, u64 len,
			bool write)
{
	return !vd->filter ||
	       dfl_filter_maps(vd->filter, block_off, len, filter_access(write));
}

/* Return the pages of one range of the filter that are in @map. */
static struct vdfl_mmap_area filter_part(const struct vdfl_mdev *vd, u32 nr,
					 bool write,
					 const struct vdfl_mmap_area *map)
{
	struct vdfl_mmap_area part = {};
	u64 start, len, end;

	len = dfl_filter_pages(vd->filter, nr, filter_access(write), PAGE_SIZE,
			       &start);
	end = min(start + len, map->block_off + map->len);
	start = max(start, map->block_off);
	if (end <= start)
		return part;
	part.block_off = start;
	part.start = map->start + start - map->block_off;
	part.len = end - start;
	return part;
}

/**
 * vdfl_mmap_parts() - get the parts of a region that can be mapped
 * @vd: open instance
 * @index: any region index
 * @write: only parts that can be mapped writable
 * @part: result, VDFL_MAX_PARTS entries, in the order of their offsets
 *
 * Return: number of parts, 0 if nothing can be mapped
 */
unsigned int vdfl_mmap_parts(const struct vdfl_mdev *vd, u32 index, bool write,
			     struct vdfl_mmap_area *part)
{
	struct vdfl_mmap_area map = mmap_area(vd, index);
	unsigned int found = 0;
	u32 i;

	if (!vd->filter) {
		part[0] = map;
		return map.len ? 1 : 0;
	}
	for (i = 0; i < vd->filter->nr; i++) {
		part[found] = filter_part(vd, i, write, &map);
		if (part[found].len)
			found++;
	}
	return found;
}

/**
 * vdfl_mmap_size() - get the size of the mappable part at the start of the block
 * @vd: open instance
 *
 * Return: bytes from the header on, whole pages; 0 if nothing can be mapped there
 */
u64 vdfl_mmap_size(const struct vdfl_mdev *vd)
{
	struct vdfl_mmap_area map = mmap_area(vd, VFIO_PCI_BAR0_REGION_INDEX);

	if (!vd->filter)
		return map.len;
	map = filter_part(vd, 0, !dfl_filter_is_read_only(vd->filter), &map);
	return map.block_off ? 0 : map.len;
}

static u64 vma_start(const struct vm_area_struct *vma)
{
	return ((u64)vma->vm_pgoff << PAGE_SHIFT) & VDFL_REGION_MASK;
}

static u32 vma_region(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff >> (VDFL_REGION_SHIFT - PAGE_SHIFT);
}

/**
 * struct page_range - the page of one order around a fault
 * @addr: first user address
 * @off: offset of @addr in the mappable area; wraps if @addr is before the VMA
 * @size: bytes
 */
struct page_range {
	unsigned long addr;
	u64 off;
	u64 size;
};

static struct page_range fault_range(const struct vm_fault *vmf, u64 map_start,
				     unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 size = PAGE_SIZE << order;
	unsigned long addr = vmf->address & ~(size - 1);

	return (struct page_range){
		.addr = addr,
		.off = vma_start(vma) - map_start + (addr - vma->vm_start),
		.size = size,
	};
}

/* vdfl_mmap() checked the VMA, but it may have changed since */
static bool range_fits(const struct page_range *range,
		       const struct vm_area_struct *vma, u64 map_len)
{
	return range->addr >= vma->vm_start &&
	       range->size <= vma->vm_end - range->addr &&
	       range->size <= map_len && range->off <= map_len - range->size;
}

/*
 * Return true if a large page was inserted while this fault waited for the end of a
 * reset. A process can have that by disabling large pages meanwhile.
 */
static bool large_page_is_in(const struct vm_fault *vmf)
{
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	return pmd_leaf(READ_ONCE(*vmf->pmd));
#else
	return false;
#endif
}

/*
 * Return true if the entries of a writable mapping are not writable at first, because
 * its process has begun soft-dirty tracking.
 */
static bool tracks_writes(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE &&
	       !pte_write(pfn_pte(0, vma->vm_page_prot));
}

/*
 * A page table may take the place of a large page at any time. The mm core ignores
 * that, but warns if the insertion of the large page is to add write access. So write
 * access comes with vm_page_prot.
 */
static vm_fault_t insert_page(struct vm_fault *vmf, unsigned long pfn,
			      unsigned int order)
{
	switch (order) {
	case 0:
		return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	case PMD_ORDER:
		return vmf_insert_pfn_pmd(vmf, pfn, false);
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	case PUD_ORDER:
		return vmf_insert_pfn_pud(vmf, pfn, false);
#endif
	default:
		return VM_FAULT_FALLBACK;
	}
}

static vm_fault_t region_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);
	struct vdfl_mmap_area map = mmap_area(vd, vma_region(vma));
	struct page_range range = fault_range(vmf, map.start, order);
	phys_addr_t phys = vdfl_block_phys(vd->block) + map.block_off +
			   range.off;
	vm_fault_t ret;

	if (!range_fits(&range, vma, map.len) || phys & (range.size - 1) ||
	    !filter_maps(vd, map.block_off + range.off, range.size,
			 vma->vm_flags & VM_MAYWRITE))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;
	if (order && tracks_writes(vma))
		return VM_FAULT_FALLBACK;
	if (vdfl_access_begin(vd))
		return VM_FAULT_SIGBUS;
	ret = !order && large_page_is_in(vmf) ? VM_FAULT_NOPAGE :
		insert_page(vmf, phys >> PAGE_SHIFT, order);
	vdfl_access_end(vd);
	if (ret == VM_FAULT_NOPAGE)
		vdfl_count(&vd->client.stats, VDFL_STAT_FAULTS, 1);
	return ret;
}

static vm_fault_t region_fault(struct vm_fault *vmf)
{
	return region_huge_fault(vmf, 0);
}

/*
 * PUD entries and changes of VMAs. Several kernels split a VMA in the middle of
 * a PUD entry, and then treat the entry as a pointer to a PMD table. mremap()
 * treats the entry as corrupt, and clears it without a TLB flush. The driver
 * therefore zaps the entries before the mm core finds them.
 */
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
/* Zap the PUD entry across @addr. mmap_lock is held for writing. */
static void zap_pud(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PUD_MASK;

	if (start < vma->vm_start || PUD_SIZE > vma->vm_end - start)
		return;
	/* No fault inserts the entry again while mmap_lock is held */
	vma_start_write(vma);
	zap_special_vma_range(vma, start, PUD_SIZE);
}

static bool has_puds(const struct vm_area_struct *vma)
{
	return vma->vm_end - vma->vm_start >= PUD_SIZE;
}
#else
static void zap_pud(struct vm_area_struct *vma, unsigned long addr)
{
}

static bool has_puds(const struct vm_area_struct *vma)
{
	return false;
}
#endif

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
	/* mremap() has locked the VMA that it moves, so no fault is running */
	if (has_puds(vma))
		vdfl_mapping_zap(&vd->mapping, &vd->vdev);
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

	if (atomic_read(&vd->nr_maps) >= VFIO_DFL_MDEV_MAX_MAPS)
		return -ENOMEM;
	zap_pud(vma, addr);
	return 0;
}

static const struct vm_operations_struct region_vm_ops = {
	.open		= region_vma_open,
	.close		= region_vma_close,
	.may_split	= region_may_split,
	.fault		= region_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault	= region_huge_fault,
#endif
};

/* Check a new VMA, and withhold write access for good. */
static int vma_check_access(const struct vdfl_mdev *vd, u64 block_off,
			    struct vm_area_struct *vma)
{
	u64 len = vma->vm_end - vma->vm_start;

	if (!filter_maps(vd, block_off, len, false))
		return -EINVAL;
	if (!vdfl_block_read_only(vd->block) &&
	    filter_maps(vd, block_off, len, true))
		return 0;
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

/**
 * vdfl_mmap() - map registers of a block into user space
 * @vdev: open instance
 * @vma: mapping that mmap() creates; mmap_lock is held for writing
 *
 * Inserts no page. fork() does not copy the mapping, so that the number of
 * mappings stays bounded. A mapping of a read-only block stays read-only:
 * mprotect() cannot add write access without VM_MAYWRITE, and without VM_WRITE
 * a fault inserts a read-only page.
 *
 * Return: 0; -EINVAL if the mapping is private or not inside the mappable area,
 * or if the filter forbids to read a page; -EACCES if it is writable, and the
 * block is read-only or the filter forbids to write a page; -ENOMEM if the
 * instance has VFIO_DFL_MDEV_MAX_MAPS mappings
 */
int vdfl_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	struct vdfl_mmap_area map = mmap_area(vd, vma_region(vma));
	u64 len = vma->vm_end - vma->vm_start;
	u64 start = vma_start(vma);
	int ret;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (start < map.start || len > map.len ||
	    start - map.start > map.len - len)
		return -EINVAL;
	ret = vma_check_access(vd, map.block_off + start - map.start, vma);
	if (ret)
		return ret;
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
