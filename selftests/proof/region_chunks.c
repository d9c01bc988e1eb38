// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: region: a long access is made of chunks that follow each other
 * Bound: any offset, up to 130 bytes
 * Unwind: 11
 * Options: --unwindset region_rw_chunks.0:5
 * Fast: yes
 *
 * 130 bytes are up to four chunks: one that starts unaligned, two whole ones, and a
 * rest. More whole chunks add no case, as each depends on its own offset only. The
 * loop is the same for all regions.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "region_calls.h"

#define MAX_COUNT	130

int main(void)
{
	char user[MAX_COUNT];
	struct vdfl_mdev vd;
	u64 pos, size;
	size_t count;
	bool write;
	int ret;

	instance = &vd;
	assume_sizes(&vd);
	size = vd.region_size[0];
	ASSUME(pos < size && count && count <= MAX_COUNT && count <= size - pos);
	next = pos;
	end = pos + count;

	ret = region_rw_chunks(&vd, &regions[0], pos, user, count, write);
	PROVE(IMPLIES(!ret, next == end), "all bytes are accessed");
	REACHED(!ret && nr_calls == 4, "four chunks");
	REACHED(ret && nr_calls == 2, "a fault in the middle");
	return 0;
}
