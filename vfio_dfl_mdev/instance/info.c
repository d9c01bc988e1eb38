// SPDX-License-Identifier: GPL-2.0-only
/*
 * The region that describes the block of an instance.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/slab.h>

#include "instance/instance.h"

/**
 * vdfl_info_size() - get the size of the description region
 * @vd: any instance
 *
 * Return: bytes, parameter blocks included
 */
u64 vdfl_info_size(const struct vdfl_mdev *vd)
{
	return sizeof(struct vfio_dfl_mdev_block) +
	       vd->block->header->nr_params * sizeof(u64);
}

static u32 info_parent(const struct vdfl_block *block)
{
	switch (vdfl_block_parent_kind(block)) {
	case DFL_KIND_FME:
		return VFIO_DFL_MDEV_PARENT_FME;
	case DFL_KIND_PORT:
		return VFIO_DFL_MDEV_PARENT_PORT;
	default:
		return VFIO_DFL_MDEV_PARENT_NONE;
	}
}

static u32 info_flags(const struct vdfl_block *block)
{
	u32 flags = 0;

	if (vdfl_block_read_only(block))
		flags |= VFIO_DFL_MDEV_BLOCK_READ_ONLY;
	if (vdfl_block_shared(block))
		flags |= VFIO_DFL_MDEV_BLOCK_SHARED;
	return flags;
}

static void info_fill(struct vdfl_mdev *vd,
		      struct vfio_dfl_mdev_block *desc)
{
	const struct dfl_window *win = vd->block->window;
	const struct dfl_header *h = vd->block->header;

	*desc = (struct vfio_dfl_mdev_block) {
		.argsz		= sizeof(*desc),
		.flags		= info_flags(vd->block),
		.kind		= h->kind == DFL_KIND_AFU ?
				  VFIO_DFL_MDEV_KIND_AFU :
				  VFIO_DFL_MDEV_KIND_PRIVATE,
		.feature_id	= h->id,
		.revision	= h->revision,
		.dfh_version	= h->version,
		.dfh		= h->dfh,
		.parent		= info_parent(vd->block),
		.port		= h->port == 0xff ? VFIO_DFL_MDEV_NO_PORT :
						    h->port,
		.bar		= h->bar,
		.irq_source	= vdfl_irq_kind(vd->card),
		.offset		= h->off,
		.size		= win->size,
		.csr_offset	= win->csr,
		.csr_size	= FIELD_GET(DFL_CSR_SIZE, h->csr_size),
		.map_size	= vdfl_mmap_size(vd),
		.fences		= vdfl_fences(vd->card),
		.scrub		= vdfl_block_scrub(vd->block),
		.vectors	= vd->nr_vectors,
		.param_offset	= sizeof(*desc),
		.param_size	= h->nr_params * sizeof(u64),
		.generation	= vdfl_card_generation(vd->card),
	};
	vdfl_block_guid(vd->block, desc->guid);
}

/**
 * vdfl_info_read() - read from the description region
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: result
 * @len: bytes, in range
 *
 * Reads the snapshot, not the card. May sleep.
 *
 * Return: 0 or -ENOMEM
 */
int vdfl_info_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	struct {
		struct vfio_dfl_mdev_block block;
		u64 params[DFL_MAX_PARAM_WORDS];
	} *all = kzalloc(sizeof(*all), GFP_KERNEL);

	if (!all)
		return -ENOMEM;
	info_fill(vd, &all->block);
	memcpy(all->params, vd->block->header->params, sizeof(all->params));
	memcpy(buf, (u8 *)all + pos, len);
	kfree(all);
	return 0;
}
