// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: region: any index, offset and count reach no byte past the region
 * Bound: any sizes; any count for the check, up to 9 bytes for read() and write()
 * Unwind: 11
 * Options: --unwindset region_rw_chunks.0:3
 *
 * 9 bytes are one register, or up to two chunks; region_chunks.c has more.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "region_calls.h"

#define MAX_COUNT	9

static void prove_check(const struct vdfl_mdev *vd)
{
	u64 pos, size;
	size_t count;
	u32 index;
	bool write;
	ssize_t len;

	ASSUME(index < VDFL_NUM_REGIONS && count);
	size = vd->region_size[index];
	len = region_check(vd, index, pos, count, write);
	PROVE(IMPLIES(len >= 0, pos < size && len && (u64)len <= size - pos &&
		      (size_t)len <= count),
	      "the check returns bytes in range");
	REACHED(len > 0 && (size_t)len < count, "a truncated access");
	REACHED(len == -EFAULT, "a config access past the end");
}

int main(void)
{
	char user[MAX_COUNT];
	struct vdfl_mdev vd;
	size_t count;
	loff_t ppos, before;
	ssize_t len;
	bool write;

	assume_sizes(&vd);
	prove_check(&vd);

	ASSUME(count <= MAX_COUNT);
	instance = &vd;
	used = (u64)ppos >> VDFL_REGION_SHIFT;
	next = ppos & VDFL_REGION_MASK;
	end = next + count;
	before = ppos;
	len = region_rw(&vd.vdev, user, count, &ppos, write);
	PROVE(IMPLIES(nr_calls, (u64)before >> VDFL_REGION_SHIFT < VDFL_NUM_REGIONS),
	      "an index that does not exist has no callback");
	PROVE(IMPLIES(len > 0, (size_t)len <= count && ppos == before + len),
	      "the offset moves by the bytes that were accessed");
	PROVE(IMPLIES(len <= 0, ppos == before), "a failed access moves nothing");
	REACHED(len == MAX_COUNT && nr_calls == 2, "two chunks");
	REACHED(len == 8 && nr_calls == 1 && !used, "a register");
	REACHED(len > 0 && used == VDFL_REGION_INFO, "the last region");
	return 0;
}
