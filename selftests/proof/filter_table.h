/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of ranges, for the proofs of filter.c.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_FILTER_TABLE_H
#define _VDFL_PROOF_FILTER_TABLE_H

#include "proof.h"
#include "dfl/filter.h"

/* memmove() of whole ranges to higher addresses; the checker's own one is slow */
#define memmove(to, from, len)	move_ranges(to, from, len)

static inline void move_ranges(struct dfl_filter_range *to,
			       const struct dfl_filter_range *from, size_t len)
{
	size_t i;

	for (i = len / sizeof(*to); i; i--)
		to[i - 1] = from[i - 1];
}

#include "dfl/filter.c"

/* A mask belongs to one aligned register; its bits and the fixed ones are apart. */
static bool mask_valid(const struct dfl_filter_range *range)
{
	u64 len = range->last - range->first + 1, all;

	if (range->mask == DFL_FILTER_NO_MASK)
		return true;
	if ((len != 1 && len != 2 && len != 4 && len != 8) ||
	    range->first & (len - 1))
		return false;
	all = len == 8 ? ~0ULL : BIT_ULL(8 * len) - 1;
	return !((range->mask | range->fixed) & ~all) &&
	       !(range->mask & range->fixed) && range->access & DFL_FILTER_WRITE;
}

/* parse_access() sets only these bits */
static bool access_valid(const struct dfl_filter_range *range)
{
	return range->access == DFL_FILTER_READ ||
	       range->access == DFL_FILTER_WRITE ||
	       range->access == (DFL_FILTER_READ | DFL_FILTER_WRITE);
}

/* Each range of an accepted table of a block of @size bytes */
static bool range_valid(const struct dfl_filter_range *range, u64 size)
{
	return range->first <= range->last && range->last < size &&
	       access_valid(range) && mask_valid(range);
}

#endif /* _VDFL_PROOF_FILTER_TABLE_H */
