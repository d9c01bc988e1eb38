// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: filter: an access and a mapped page lie in one range that permits them
 * Bound: any table of up to 4 ranges, any access of up to 8 bytes, any mapping
 * Unwind: 5
 *
 * Two steps of find() are enough for four ranges; filter_step.c proves one step
 * of any length. The order of the ranges is replaced by what follows from it: the
 * ranges that start at or before an offset are the first ones, up to the range @at.
 * No other range contains the offset, as @other shows.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_FILTER_MAX_RANGES	4
#include "filter_table.h"

static struct dfl_filter filter;

/* @at is the last range that starts at or before @off. */
static void assume_last(u64 off, u32 at)
{
	u32 i;

	ASSUME(filter.nr <= DFL_FILTER_MAX_RANGES && at < filter.nr);
	for (i = 0; i < DFL_FILTER_MAX_RANGES; i++) {
		u64 first = filter.range[i].first;

		ASSUME(i <= at ? first <= off || !i : first > off);
		ASSUME(i < filter.nr || first == DFL_FILTER_UNUSED);
	}
}

static bool contains(const struct dfl_filter_range *range, u64 off, u64 len)
{
	return off >= range->first && off <= range->last &&
	       len - 1 <= range->last - off;
}

/* @range is the only one that can contain @off. */
static void prove_access(const struct dfl_filter_range *range, u64 off,
			 unsigned int width)
{
	bool inside = contains(range, off, width), masked;
	u64 value, written = value;
	unsigned int bit, shift;

	masked = range->mask != DFL_FILTER_NO_MASK;
	PROVE(dfl_filter_reads(&filter, off, width) ==
	      (inside && range->access & DFL_FILTER_READ),
	      "a read is permitted exactly if one range permits all bytes");
	PROVE(dfl_filter_writes(&filter, off, width, &written) ==
	      (inside && range->access & DFL_FILTER_WRITE),
	      "a write is permitted exactly if one range permits all bytes");
	if (!inside || !(range->access & DFL_FILTER_WRITE))
		return;
	ASSUME(bit < 8 * width);
	shift = bit + 8 * (off - range->first);
	PROVE(IMPLIES(!masked, written == value),
	      "a write without a mask keeps its value");
	PROVE(IMPLIES(masked, (written >> bit & 1) ==
		      (((range->mask >> shift & 1 ? value >> bit : 0) |
		       range->fixed >> shift) & 1)),
	      "bits outside of the mask have their fixed values");
	REACHED(masked && written != value, "a masked write");
	REACHED(range == &filter.range[DFL_FILTER_MAX_RANGES - 1],
		"the last range of a full table");
}

static void prove_mapping(const struct dfl_filter_range *range, u64 off,
			  u64 len, u32 access)
{
	bool maps = dfl_filter_maps(&filter, off, len, access);

	PROVE(maps == (contains(range, off, len) &&
		       (range->access & access) == access &&
		       range->mask == DFL_FILTER_NO_MASK),
	      "a page is mapped exactly if one range permits all its bytes");
	REACHED(maps && access == (DFL_FILTER_READ | DFL_FILTER_WRITE),
		"a writable page");
}

int main(void)
{
	struct dfl_filter any;
	const struct dfl_filter_range *range, *other;
	unsigned int width;
	u64 off, len, size;
	u32 at, i, access;

	filter = any;
	ASSUME(size <= BIT_ULL(48));
	assume_last(off, at);
	range = &filter.range[at];
	ASSUME(i < filter.nr);
	other = &filter.range[i];
	ASSUME(range_valid(range, size) && range_valid(other, size));
	ASSUME(i <= at || range->last < other->first);
	ASSUME(i >= at || other->last < range->first);
	ASSUME(width >= 1 && width <= 8 && len);
	ASSUME(access && !(access & ~(DFL_FILTER_READ | DFL_FILTER_WRITE)));

	PROVE(i == at || !contains(other, off, 1),
	      "no other range contains the offset");
	prove_access(range, off, width);
	prove_mapping(range, off, len, access);
	return 0;
}
