// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of an instance: which exist, what describes them, and read() and
 * write() on each.
 */
#include <linux/log2.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vdfl.h"

#define CHUNK		64	/* bytes moved per hold of the lock */

static u64 region_offset(u32 index)
{
	return (u64)index << VDFL_REGION_SHIFT;
}

/** vdfl_region_bar0_size() - the block, rounded up to what a BAR can be */
u64 vdfl_region_bar0_size(const struct vdfl_mdev *vd)
{
	return roundup_pow_of_two(max_t(u64, vd->block->window->size,
					PAGE_SIZE));
}

static u64 description_size(const struct vdfl_mdev *vd)
{
	return sizeof(struct vfio_dfl_mdev_block) +
	       vd->block->header->nr_params * sizeof(u64);
}

/* --- MSI-X BAR: emulated by whoever uses the eventfds --------------------- */

static u64 msix_table_size(const struct vdfl_mdev *vd)
{
	return vd->nr_vectors * PCI_MSIX_ENTRY_SIZE;
}

static int msix_check(struct vdfl_mdev *vd, u64 pos, size_t len)
{
	u64 table = msix_table_size(vd);
	int blocked = atomic_read(&vd->blocked) & ~VDFL_BLOCKED_SCRUB;

	return blocked && (pos >= table || len > table - pos) ? -EIO : 0;
}

static int msix_read_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = pos + i < msix_table_size(vd) ? 0xff : 0;
	return msix_check(vd, pos, len);
}

static int msix_write_chunk(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return msix_check(vd, pos, len);
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
		.map_size	= vdfl_region_map_size(vd),
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
	[VFIO_PCI_BAR0_REGION_INDEX]	= { vdfl_bar0_read, vdfl_bar0_write },
	[VFIO_PCI_BAR2_REGION_INDEX]	= { vdfl_guest_read, vdfl_guest_write },
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
	case VFIO_PCI_BAR2_REGION_INDEX:
		return vd->guest.size;
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

static int region_cap_sparse(const struct vdfl_region_map *map,
			     struct vfio_info_cap *caps)
{
	struct {
		struct vfio_region_info_cap_sparse_mmap cap;
		struct vfio_region_sparse_mmap_area area;
	} sparse = {
		.cap.header.id		= VFIO_REGION_INFO_CAP_SPARSE_MMAP,
		.cap.header.version	= 1,
		.cap.nr_areas		= 1,
		.area.offset		= map->start,
		.area.size		= map->len,
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
	struct vdfl_region_map map;
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
	map = vdfl_region_map(vd, index);
	if (!map.len)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return region_cap_sparse(&map, caps);
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
	if ((index == VFIO_PCI_BAR0_REGION_INDEX ||
	     index == VFIO_PCI_BAR2_REGION_INDEX) &&
	    !vdfl_mmio_legal(vd, pos, *count))
		return -EINVAL;
	return 0;
}

/* What nearly every trapped access is */
static bool is_one_register(u32 index, size_t count)
{
	return index == VFIO_PCI_BAR0_REGION_INDEX && (count == 4 || count == 8);
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
		/* A slow card may take a second for each register */
		if (fatal_signal_pending(current))
			return -EINTR;
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
	u64 index = (u64)*ppos >> VDFL_REGION_SHIFT;
	u64 pos = *ppos & VDFL_REGION_MASK;
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
		ret = vdfl_bar0_read_register(vd, pos, buf, count);
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
		/* A slow card may take a second for each register */
		if (fatal_signal_pending(current))
			return -EINTR;
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
	u64 index = (u64)*ppos >> VDFL_REGION_SHIFT;
	u64 pos = *ppos & VDFL_REGION_MASK;
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
		ret = vdfl_bar0_write_register(vd, pos, buf, count);
	else
		ret = region_write_chunks(vd, index, pos, buf, count);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}
