// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of an instance: what exists, trapped access, mappings and their
 * revocation.
 *
 * Registers are touched only under vdfl_mdev.memory_lock and only while
 * nothing blocks them. User memory is touched only outside that lock, because
 * it may fault, and the fault handler takes the lock.
 */
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "trace.h"
#include "vdfl.h"

#define REGION_SHIFT	40	/* as vfio-pci has it */
#define REGION_MASK	((1ULL << REGION_SHIFT) - 1)
#define CHUNK		64	/* bytes moved per hold of the lock */

static u64 region_offset(u32 index)
{
	return (u64)index << REGION_SHIFT;
}

/** vdfl_region_bar0_size() - the block, rounded up to what a BAR can be */
u64 vdfl_region_bar0_size(const struct vdfl_mdev *vd)
{
	return roundup_pow_of_two(max_t(u64, vd->block->window->size,
					PAGE_SIZE));
}

static u64 region_map_size(const struct vdfl_mdev *vd)
{
	return vd->mmap_on ? vd->block->window->map_size : 0;
}

static u64 description_size(const struct vdfl_mdev *vd)
{
	return sizeof(struct vfio_dfl_mdev_block) +
	       vd->block->header->nr_params * sizeof(u64);
}

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

/* --- registers ---------------------------------------------------------- */

static u64 reg_read(void __iomem *io, unsigned int width)
{
	switch (width) {
	case 8:
		return readq(io);
	case 4:
		return readl(io);
	case 2:
		return readw(io);
	default:
		return readb(io);
	}
}

static void reg_write(void __iomem *io, unsigned int width, u64 value)
{
	switch (width) {
	case 8:
		writeq(value, io);
		break;
	case 4:
		writel(value, io);
		break;
	case 2:
		writew(value, io);
		break;
	default:
		writeb(value, io);
	}
}

/* Widest access that is aligned at @pos and fits in @len. */
static unsigned int piece_width(u64 pos, size_t len)
{
	if (len >= 8 && IS_ALIGNED(pos, 8))
		return 8;
	if (len >= 4 && IS_ALIGNED(pos, 4))
		return 4;
	if (len >= 2 && IS_ALIGNED(pos, 2))
		return 2;
	return 1;
}

static bool piece_in_block(const struct vdfl_mdev *vd, u64 pos,
			   unsigned int width)
{
	u64 size = vd->block->window->size;

	return pos < size && width <= size - pos;
}

/* Registers take 4 and 8 bytes, aligned, unless the policy says otherwise. */
static bool bar0_access_legal(const struct vdfl_mdev *vd, u64 pos, size_t count)
{
	if (count < 4 && vd->block->window->rule->flags & DFL_RULE_NARROW)
		return is_power_of_2(count) && IS_ALIGNED(pos, count);
	if (count == 8)
		return IS_ALIGNED(pos, 8);
	return IS_ALIGNED(pos, 4) && IS_ALIGNED(count, 4);
}

static bool piece_is_ones(u64 value, unsigned int width)
{
	return value == GENMASK_ULL(8 * width - 1, 0);
}

static u64 bar0_read_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width)
{
	u64 value;

	if (!piece_in_block(vd, pos, width))
		return ~0ULL;
	value = reg_read(vd->io + pos, width);
	trace_vdfl_access(vd->vdev.dev, false, pos, width, value);
	return value;
}

static void bar0_write_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			     u64 value)
{
	if (!piece_in_block(vd, pos, width))
		return;
	reg_write(vd->io + pos, width, value);
	trace_vdfl_access(vd->vdev.dev, true, pos, width, value);
}

/* All-ones may be a register's value, or all that is left of the card. */
static int bar0_check_alive(struct vdfl_mdev *vd)
{
	if (vdfl_card_answers(vd->card))
		return 0;
	vdfl_card_lost(vd->card, "it no longer answers");
	return -EIO;
}

static int bar0_read_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	unsigned int width;
	size_t done;
	u64 value;
	int ret = 0;

	down_read(&vd->memory_lock);
	if (vd->blocked)
		ret = -EIO;
	for (done = 0; !ret && done < len; done += width) {
		width = piece_width(pos + done, len - done);
		value = bar0_read_piece(vd, pos + done, width);
		memcpy(buf + done, &value, width);
	}
	up_read(&vd->memory_lock);
	if (!ret && pos < vd->block->window->size &&
	    !memchr_inv(buf, 0xff, len))
		ret = bar0_check_alive(vd);
	return ret;
}

static int bar0_write_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	unsigned int width;
	size_t done;
	int ret = 0;

	down_read(&vd->memory_lock);
	if (vd->blocked)
		ret = -EIO;
	for (done = 0; !ret && done < len; done += width) {
		u64 value = 0;

		width = piece_width(pos + done, len - done);
		memcpy(&value, buf + done, width);
		bar0_write_piece(vd, pos + done, width, value);
	}
	up_read(&vd->memory_lock);
	return ret;
}

/* --- one register: what nearly every trapped access is --------------------- */

static bool is_one_register(u32 index, size_t count)
{
	return index == VFIO_PCI_BAR0_REGION_INDEX && (count == 4 || count == 8);
}

static int bar0_read_register(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			      unsigned int width)
{
	u64 value = 0;
	int ret = 0;

	down_read(&vd->memory_lock);
	if (vd->blocked)
		ret = -EIO;
	else
		value = bar0_read_piece(vd, pos, width);
	up_read(&vd->memory_lock);
	if (!ret && piece_is_ones(value, width) &&
	    pos < vd->block->window->size)
		ret = bar0_check_alive(vd);
	if (ret)
		return ret;
	return width == 8 ? put_user(value, (u64 __user *)buf) :
			    put_user(value, (u32 __user *)buf);
}

static int bar0_write_register(struct vdfl_mdev *vd, u64 pos,
			       const char __user *buf, unsigned int width)
{
	u64 value;
	int ret;

	ret = width == 8 ? get_user(value, (const u64 __user *)buf) :
			   get_user(value, (const u32 __user *)buf);
	if (ret)
		return ret;
	down_read(&vd->memory_lock);
	if (vd->blocked)
		ret = -EIO;
	else
		bar0_write_piece(vd, pos, width, value);
	up_read(&vd->memory_lock);
	return ret;
}

/* --- MSI-X BAR: emulated by whoever uses the eventfds --------------------- */

static int msix_read_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	u64 table = vd->nr_vectors * PCI_MSIX_ENTRY_SIZE;
	bool blocked;
	size_t i;

	down_read(&vd->memory_lock);
	blocked = vd->blocked;
	up_read(&vd->memory_lock);
	if (blocked && (pos >= table || len > table - pos))
		return -EIO;
	for (i = 0; i < len; i++)
		buf[i] = pos + i < table ? 0xff : 0;
	return 0;
}

static int msix_write_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return msix_read_chunk(vd, pos, buf, len);
}

/* --- config space ------------------------------------------------------- */

static int config_read_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	mutex_lock(&vd->cfg_lock);
	vconfig_read(&vd->cfg, pos, buf, len);
	mutex_unlock(&vd->cfg_lock);
	return 0;
}

/* Effects happen under the lock, in the order of the writes. */
static int config_write_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf,
			      size_t len)
{
	u32 effects;

	mutex_lock(&vd->cfg_lock);
	effects = vconfig_write(&vd->cfg, pos, buf, len);
	if (effects & VCONFIG_MEMORY_OFF)
		vdfl_region_block(vd, VDFL_BLOCKED_MEMORY);
	if (effects & VCONFIG_FLR)
		vdfl_mdev_reset_locked(vd);
	if (effects & VCONFIG_MEMORY_ON)
		vdfl_region_unblock(vd, VDFL_BLOCKED_MEMORY);
	mutex_unlock(&vd->cfg_lock);
	return 0;
}

/* --- description of the block -------------------------------------------- */

static u32 description_parent(const struct vdfl_block *block)
{
	const struct dfl_header *h = block->header;

	if (h->parent == DFL_NO_PARENT)
		return VFIO_DFL_MDEV_PARENT_NONE;
	return block->card->map->header[h->parent].kind == DFL_KIND_PORT ?
	       VFIO_DFL_MDEV_PARENT_PORT : VFIO_DFL_MDEV_PARENT_FME;
}

static void description_fill(struct vdfl_mdev *vd,
			     struct vfio_dfl_mdev_block *desc)
{
	const struct dfl_window *win = vd->block->window;
	const struct dfl_header *h = vd->block->header;

	*desc = (struct vfio_dfl_mdev_block) {
		.argsz		= sizeof(*desc),
		.kind		= h->kind == DFL_KIND_AFU ?
				  VFIO_DFL_MDEV_KIND_AFU :
				  VFIO_DFL_MDEV_KIND_PRIVATE,
		.feature_id	= h->id,
		.revision	= h->revision,
		.dfh_version	= h->version,
		.dfh		= h->dfh,
		.parent		= description_parent(vd->block),
		.port		= h->port == 0xff ? VFIO_DFL_MDEV_NO_PORT :
						    h->port,
		.bar		= h->bar,
		.irq_source	= vd->card->irq.source->uapi,
		.offset		= h->off,
		.size		= win->size,
		.csr_offset	= win->csr,
		.csr_size	= FIELD_GET(DFL_CSR_SIZE, h->csr_size),
		.map_size	= region_map_size(vd),
		.fences		= vdfl_fences(vd->card),
		.scrub		= vdfl_block_has_reset(vd->block) ?
				  VFIO_DFL_MDEV_SCRUB_PORT_RESET :
				  VFIO_DFL_MDEV_SCRUB_NONE,
		.vectors	= vd->nr_vectors,
		.param_offset	= sizeof(*desc),
		.param_size	= h->nr_params * sizeof(u64),
	};
	vdfl_block_guid(vd->block, desc->guid);
}

static int description_read_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf,
				  size_t len)
{
	struct {
		struct vfio_dfl_mdev_block block;
		u64 params[DFL_MAX_PARAM_WORDS];
	} *all = kzalloc(sizeof(*all), GFP_KERNEL);

	if (!all)
		return -ENOMEM;
	description_fill(vd, &all->block);
	memcpy(all->params, vd->block->header->params, sizeof(all->params));
	memcpy(buf, (u8 *)all + pos, len);
	kfree(all);
	return 0;
}

/* --- the regions --------------------------------------------------------- */

typedef int (*region_chunk_fn)(struct vdfl_mdev *vd, u64 pos, u8 *buf,
			       size_t len);

struct region {
	region_chunk_fn read;
	region_chunk_fn write;
};

static const struct region regions[VDFL_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX]	= { bar0_read_chunk, bar0_write_chunk },
	[VFIO_PCI_BAR4_REGION_INDEX]	= { msix_read_chunk, msix_write_chunk },
	[VFIO_PCI_CONFIG_REGION_INDEX]	= { config_read_chunk,
					    config_write_chunk },
	[VDFL_REGION_BLOCK]		= { description_read_chunk, NULL },
};

static u64 region_size(const struct vdfl_mdev *vd, u32 index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return vdfl_region_bar0_size(vd);
	case VFIO_PCI_BAR4_REGION_INDEX:
		return vd->nr_vectors ? VCONFIG_MSIX_BAR_SIZE : 0;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return VCONFIG_SIZE;
	case VDFL_REGION_BLOCK:
		return description_size(vd);
	default:
		return 0;
	}
}

static int region_cap_sparse(u64 map_size, struct vfio_info_cap *caps)
{
	struct {
		struct vfio_region_info_cap_sparse_mmap cap;
		struct vfio_region_sparse_mmap_area area;
	} sparse = {
		.cap.header.id		= VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		.cap.header.version	= 1,
		.cap.nr_areas		= 1,
		.area.size		= map_size,
	};

	return vfio_info_add_capability(caps, &sparse.cap.header,
					sizeof(sparse));
}

static int region_cap_type(struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_type type = {
		.header.id	= VFIO_REGION_INFO_CAP_TYPE,
		.header.version	= 1,
		.type		= VFIO_DFL_MDEV_REGION_TYPE,
		.subtype	= VFIO_DFL_MDEV_REGION_SUBTYPE,
	};

	return vfio_info_add_capability(caps, &type.header, sizeof(type));
}

/* vdfl_region_info(): VFIO_DEVICE_GET_REGION_INFO; @info->index is the user's */
int vdfl_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
		     struct vfio_info_cap *caps)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	u32 index = info->index;

	if (index >= VDFL_NUM_REGIONS || index == VFIO_PCI_VGA_REGION_INDEX)
		return -EINVAL;
	index = array_index_nospec(index, VDFL_NUM_REGIONS);

	info->offset = region_offset(index);
	info->size = region_size(vd, index);
	info->cap_offset = 0;
	info->flags = 0;
	if (!info->size)
		return 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ;
	if (regions[index].write)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;

	if (index == VDFL_REGION_BLOCK)
		return region_cap_type(caps);
	if (index == VFIO_PCI_BAR0_REGION_INDEX && region_map_size(vd)) {
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
		return region_cap_sparse(region_map_size(vd), caps);
	}
	return 0;
}

/*
 * The one range check. A config access must fit; any other may run past the
 * end and is cut there.
 */
static int region_check(const struct vdfl_mdev *vd, u32 index, u64 pos,
			size_t *count)
{
	u64 size = region_size(vd, index);

	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return pos < size && *count <= size - pos ? 0 : -EFAULT;
	if (pos >= size)
		return -EINVAL;
	*count = min_t(u64, *count, size - pos);
	if (index == VFIO_PCI_BAR0_REGION_INDEX &&
	    !bar0_access_legal(vd, pos, *count))
		return -EINVAL;
	return 0;
}

/* Chunks end at multiples of CHUNK, so that none splits an aligned register. */
static size_t chunk_len(u64 pos, size_t left)
{
	return min_t(size_t, left, CHUNK - (pos & (CHUNK - 1)));
}

static noinline_for_stack int region_read_chunks(struct vdfl_mdev *vd,
						 u32 index, u64 pos,
						 char __user *buf, size_t count)
{
	size_t done, len;
	u8 chunk[CHUNK];
	int ret;

	for (done = 0; done < count; done += len) {
		len = chunk_len(pos + done, count - done);
		ret = regions[index].read(vd, pos + done, chunk, len);
		if (ret)
			return ret;
		if (copy_to_user(buf + done, chunk, len))
			return -EFAULT;
	}
	return 0;
}

ssize_t vdfl_region_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	u64 index = (u64)*ppos >> REGION_SHIFT;
	u64 pos = *ppos & REGION_MASK;
	int ret;

	if (!count)
		return 0;
	if (index >= VDFL_NUM_REGIONS)
		return -EINVAL;
	index = array_index_nospec(index, VDFL_NUM_REGIONS);
	ret = region_check(vd, index, pos, &count);
	if (ret)
		return ret;
	if (is_one_register(index, count))
		ret = bar0_read_register(vd, pos, buf, count);
	else
		ret = region_read_chunks(vd, index, pos, buf, count);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static noinline_for_stack int region_write_chunks(struct vdfl_mdev *vd,
						  u32 index, u64 pos,
						  const char __user *buf,
						  size_t count)
{
	size_t done, len;
	u8 chunk[CHUNK];
	int ret;

	for (done = 0; done < count; done += len) {
		len = chunk_len(pos + done, count - done);
		if (copy_from_user(chunk, buf + done, len))
			return -EFAULT;
		ret = regions[index].write(vd, pos + done, chunk, len);
		if (ret)
			return ret;
	}
	return 0;
}

ssize_t vdfl_region_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	u64 index = (u64)*ppos >> REGION_SHIFT;
	u64 pos = *ppos & REGION_MASK;
	int ret;

	if (!count)
		return 0;
	if (index >= VDFL_NUM_REGIONS)
		return -EINVAL;
	index = array_index_nospec(index, VDFL_NUM_REGIONS);
	ret = region_check(vd, index, pos, &count);
	if (!ret && !regions[index].write)
		ret = -EINVAL;
	if (ret)
		return ret;
	if (is_one_register(index, count))
		ret = bar0_write_register(vd, pos, buf, count);
	else
		ret = region_write_chunks(vd, index, pos, buf, count);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

/* --- mappings ------------------------------------------------------------ */

static unsigned long vma_first_page(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff & (REGION_MASK >> PAGE_SHIFT);
}

static vm_fault_t region_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vdfl_mdev *vd = vdfl_mapping_owner(vma);
	const struct dfl_header *h = vd->block->header;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long pfn;

	pfn = (pci_resource_start(vd->card->pdev, h->bar) + h->off) >>
	      PAGE_SHIFT;
	pfn += vma_first_page(vma) +
	       ((vmf->address - vma->vm_start) >> PAGE_SHIFT);

	down_read(&vd->memory_lock);
	if (!vd->blocked)
		ret = vmf_insert_pfn(vma, vmf->address, pfn);
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
	unsigned long index = vma->vm_pgoff >> (REGION_SHIFT - PAGE_SHIFT);
	u64 limit = region_map_size(vd) >> PAGE_SHIFT;
	u64 first = vma_first_page(vma);

	if (index != VFIO_PCI_BAR0_REGION_INDEX)
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (first >= limit || vma_pages(vma) > limit - first)
		return -EINVAL;

	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_ops = &region_vm_ops;
	vdfl_mapping_attach(&vd->mapping, vma, vd);
	return 0;
}
