// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table of the regions of an instance; VFIO_DEVICE_GET_REGION_INFO, read() and
 * write(). region_check() makes the only range check of each access.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "instance/instance.h"

#define CHUNK		64	/* bytes accessed per critical section */

static u64 region_offset(u32 index)
{
	return (u64)index << VDFL_REGION_SHIFT;
}

/**
 * struct region - one region index
 * @size: return the bytes of the region, 0 if the instance does not have it
 * @legal: check alignment and length of an access that is in range; optional
 * @read: read at most CHUNK bytes in range
 * @write: write at most CHUNK bytes in range; optional
 * @read_register: as @read, for 4 or 8 bytes directly to user memory; optional
 * @write_register: as @write, for 4 or 8 bytes directly from user memory; set
 *	if @read_register is
 * @exact: an access past the end fails instead of being truncated
 *
 * Constant. All callbacks may sleep and are called without a lock.
 */
struct region {
	u64 (*size)(const struct vdfl_mdev *vd);
	bool (*legal)(const struct vdfl_mdev *vd, u64 pos, size_t count,
		      bool write);
	int (*read)(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
	int (*write)(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len);
	int (*read_register)(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			     unsigned int width);
	int (*write_register)(struct vdfl_mdev *vd, u64 pos,
			      const char __user *buf, unsigned int width);
	bool exact;
};

static const struct region regions[VDFL_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = {
		.size		= vdfl_bar0_size,
		.legal		= vdfl_mmio_legal,
		.read		= vdfl_bar0_read,
		.write		= vdfl_bar0_write,
		.read_register	= vdfl_bar0_read_register,
		.write_register	= vdfl_bar0_write_register,
	},
	[VFIO_PCI_BAR2_REGION_INDEX] = {
		.size		= vdfl_guest_size,
		.legal		= vdfl_mmio_legal,
		.read		= vdfl_guest_read,
		.write		= vdfl_guest_write,
	},
	[VFIO_PCI_BAR4_REGION_INDEX] = {
		.size		= vdfl_vmsix_bar_size,
		.read		= vdfl_vmsix_bar_read,
		.write		= vdfl_vmsix_bar_write,
	},
	[VFIO_PCI_CONFIG_REGION_INDEX] = {
		.size		= vdfl_config_size,
		.read		= vdfl_config_read,
		.write		= vdfl_config_write,
		.exact		= true,
	},
	[VDFL_REGION_INFO] = {
		.size		= vdfl_info_size,
		.read		= vdfl_info_read,
	},
};

/**
 * vdfl_region_open() - set the sizes of all regions
 * @vd: instance that is being opened; its vectors and guest list are set
 *
 * They do not change until it is closed, so that an access does not have to
 * compute them.
 */
void vdfl_region_open(struct vdfl_mdev *vd)
{
	unsigned int i;

	for (i = 0; i < VDFL_NUM_REGIONS; i++)
		vd->region_size[i] = regions[i].size ? regions[i].size(vd) : 0;
}

static int region_cap_sparse(const struct vdfl_mmap_area *part, unsigned int nr,
			     struct vfio_info_cap *caps)
{
	struct {
		struct vfio_region_info_cap_sparse_mmap cap;
		struct vfio_region_sparse_mmap_area area[VDFL_MAX_PARTS];
	} sparse;
	unsigned int i;

	memset(&sparse.cap, 0, sizeof(sparse.cap));
	sparse.cap.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse.cap.header.version = 1;
	sparse.cap.nr_areas = nr;
	for (i = 0; i < nr; i++) {
		sparse.area[i].offset = part[i].start;
		sparse.area[i].size = part[i].len;
	}
	return vfio_info_add_capability(caps, &sparse.cap.header,
					struct_size(&sparse.cap, areas, nr));
}

/*
 * Regions with a check of accesses contain registers of the block. A filter may
 * permit no write at all. BAR 2 also has a register of its own.
 */
static bool region_is_writable(const struct vdfl_mdev *vd, u32 index)
{
	if (regions[index].legal && vdfl_block_read_only(vd->block))
		return false;
	if (index == VFIO_PCI_BAR0_REGION_INDEX && vd->filter)
		return !dfl_filter_is_read_only(vd->filter);
	return regions[index].write;
}

/* Add the parts that can be mapped for all accesses of the region. */
static int region_add_mmap(struct vdfl_mdev *vd, u32 index,
			   struct vfio_region_info *info,
			   struct vfio_info_cap *caps)
{
	struct vdfl_mmap_area part[VDFL_MAX_PARTS];
	unsigned int nr;

	nr = vdfl_mmap_parts(vd, index,
			     info->flags & VFIO_REGION_INFO_FLAG_WRITE, part);
	if (!nr)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return region_cap_sparse(part, nr, caps);
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

/**
 * vdfl_region_info() - fill in the result of VFIO_DEVICE_GET_REGION_INFO
 * @vdev: open instance
 * @info: index of the user, not checked; the other fields are set
 * @caps: capabilities of the region are added
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for an index that does not exist; -ENOMEM
 */
int vdfl_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
		     struct vfio_info_cap *caps)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	u32 index = info->index;

	if (index >= VDFL_NUM_REGIONS || index == VFIO_PCI_VGA_REGION_INDEX)
		return -EINVAL;
	index = array_index_nospec(index, VDFL_NUM_REGIONS);

	info->offset = region_offset(index);
	info->size = vd->region_size[index];
	info->cap_offset = 0;
	info->flags = 0;
	if (!info->size)
		return 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ;
	if (region_is_writable(vd, index))
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;

	if (index == VDFL_REGION_INFO)
		return region_cap_type(caps);
	return region_add_mmap(vd, index, info, caps);
}

/* The range check of an access. Returns the bytes in range, or an error. */
static __always_inline ssize_t region_check(const struct vdfl_mdev *vd,
					    u32 index, u64 pos, size_t count,
					    bool write)
{
	const struct region *region = &regions[index];
	u64 size = vd->region_size[index];

	if (region->exact)
		return pos < size && count <= size - pos ? count : -EFAULT;
	if (pos >= size)
		return -EINVAL;
	count = min_t(u64, count, size - pos);
	if (region->legal && !region->legal(vd, pos, count, write))
		return -EINVAL;
	return count;
}

/* Chunks end at multiples of CHUNK, so no chunk splits an aligned register. */
static size_t chunk_len(u64 pos, size_t left)
{
	return min_t(size_t, left, CHUNK - (pos & (CHUNK - 1)));
}

static noinline_for_stack int region_rw_chunks(struct vdfl_mdev *vd,
					       const struct region *region,
					       u64 pos, char __user *buf,
					       size_t count, bool write)
{
	size_t done, len;
	u8 chunk[CHUNK];
	int ret;

	for (done = 0; done < count; done += len) {
		/* A slow card may take a second for each register */
		if (fatal_signal_pending(current))
			return -EINTR;
		len = chunk_len(pos + done, count - done);
		if (write && copy_from_user(chunk, buf + done, len))
			return -EFAULT;
		ret = (write ? region->write : region->read)(vd, pos + done,
							     chunk, len);
		if (ret)
			return ret;
		if (!write && copy_to_user(buf + done, chunk, len))
			return -EFAULT;
	}
	return 0;
}

static int region_rw_register(struct vdfl_mdev *vd, const struct region *region,
			      u64 pos, char __user *buf, unsigned int width,
			      bool write)
{
	return write ? region->write_register(vd, pos, buf, width) :
		       region->read_register(vd, pos, buf, width);
}

static __always_inline ssize_t region_rw(struct vfio_device *vdev,
					 char __user *buf, size_t count,
					 loff_t *ppos, bool write)
{
	struct vdfl_mdev *vd = vdfl_mdev_of(vdev);
	u64 index = (u64)*ppos >> VDFL_REGION_SHIFT;
	u64 pos = *ppos & VDFL_REGION_MASK;
	const struct region *region;
	ssize_t len;
	int ret;

	if (!count)
		return 0;
	if (index >= VDFL_NUM_REGIONS)
		return -EINVAL;
	index = array_index_nospec(index, VDFL_NUM_REGIONS);
	region = &regions[index];
	len = region_check(vd, index, pos, count, write);
	if (len < 0)
		return len;
	if (write && !region->write)
		return -EINVAL;
	if (region->read_register && (len == 4 || len == 8))
		ret = region_rw_register(vd, region, pos, buf, len, write);
	else
		ret = region_rw_chunks(vd, region, pos, buf, len, write);
	if (ret)
		return ret;
	*ppos += len;
	return len;
}

/**
 * vdfl_region_read() - read from a region
 * @vdev: open instance
 * @buf: result
 * @count: bytes
 * @ppos: region index and byte offset in the region; advanced on success
 *
 * May sleep; the caller does not hold vdfl_mdev.cfg_lock or
 * vdfl_mdev.memory_lock.
 *
 * Return: bytes read; -EINVAL for a bad region, offset, length or alignment;
 * -EFAULT if user memory cannot be accessed or config space ends before the
 * access; -EIO if access is revoked; -EINTR on a fatal signal; -ENOMEM
 */
ssize_t vdfl_region_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos)
{
	return region_rw(vdev, buf, count, ppos, false);
}

/**
 * vdfl_region_write() - write to a region
 * @vdev: open instance
 * @buf: value
 * @count: bytes
 * @ppos: region index and byte offset in the region; advanced on success
 *
 * May sleep; the caller does not hold vdfl_mdev.cfg_lock or
 * vdfl_mdev.memory_lock.
 *
 * Return: bytes written; -EINVAL for a bad region, offset, length or alignment,
 * and for a read-only region; -EFAULT, -EIO and -EINTR as vdfl_region_read()
 */
ssize_t vdfl_region_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	return region_rw(vdev, (char __user *)buf, count, ppos, true);
}
