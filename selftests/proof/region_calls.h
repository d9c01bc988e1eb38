/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The callbacks of each region, for the proofs of region.c. Each asserts that it gets
 * the next bytes of the region that the offset names.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_REGION_CALLS_H
#define _VDFL_PROOF_REGION_CALLS_H

#include "kernel.h"
#include "instance/region.c"

static struct vdfl_mdev *instance;
static u32 used;		/* index of the region */
static u64 next, end;		/* bytes that a callback may still access */
static unsigned int nr_calls;

/* All callbacks; each gets the bytes after those of the one before. */
static int callback(struct vdfl_mdev *vd, u32 index, u64 pos, size_t len)
{
	PROVE(vd == instance && index == used, "the region is the one of the offset");
	PROVE(len && len <= CHUNK, "a callback gets one chunk");
	PROVE(pos == next && len <= end - pos, "chunks follow each other");
	PROVE(pos < vd->region_size[index] &&
	      len <= vd->region_size[index] - pos,
	      "a callback gets bytes in range");
	next += len;
	nr_calls++;
	return any_error();
}

#define REGION(name, index)						\
int vdfl_##name##_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len) \
{									\
	PROVE(__CPROVER_w_ok(buf, len), "a chunk has a buffer");	\
	return callback(vd, index, pos, len);				\
}									\
int vdfl_##name##_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len) \
{									\
	PROVE(__CPROVER_r_ok(buf, len), "a chunk has a buffer");	\
	return callback(vd, index, pos, len);				\
}									\
u64 vdfl_##name##_size(const struct vdfl_mdev *vd)			\
{									\
	return vd->region_size[index];					\
}

REGION(bar0, VFIO_PCI_BAR0_REGION_INDEX)
REGION(guest, VFIO_PCI_BAR2_REGION_INDEX)
REGION(vmsix_bar, VFIO_PCI_BAR4_REGION_INDEX)
REGION(config, VFIO_PCI_CONFIG_REGION_INDEX)
REGION(info, VDFL_REGION_INFO)

int vdfl_bar0_read_register(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			    unsigned int width)
{
	return callback(vd, VFIO_PCI_BAR0_REGION_INDEX, pos, width);
}

int vdfl_bar0_write_register(struct vdfl_mdev *vd, u64 pos,
			     const char __user *buf, unsigned int width)
{
	return callback(vd, VFIO_PCI_BAR0_REGION_INDEX, pos, width);
}

/* region_piece.c proves the real one */
bool vdfl_mmio_legal(const struct vdfl_mdev *vd, u64 pos, size_t count,
		     bool write)
{
	bool any;

	PROVE(pos < end || count, "only a range that was checked");
	return any;
}

/* The sizes are those of the callbacks; a region without one has none. */
static void assume_sizes(struct vdfl_mdev *vd)
{
	u32 i;

	for (i = 0; i < VDFL_NUM_REGIONS; i++)
		ASSUME(regions[i].size ?
		       vd->region_size[i] <= BIT_ULL(VDFL_REGION_SHIFT) :
		       !vd->region_size[i]);
}

#endif /* _VDFL_PROOF_REGION_CALLS_H */
