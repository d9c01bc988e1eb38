// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: filter: mapped pages are whole, and one range permits all their bytes
 * Bound: any range, any access, pages of 4 and 64 KiB
 * Unwind: 3
 * Fast: yes
 *
 * The ranges are independent: the pages of one depend on no other.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_FILTER_MAX_RANGES	2
#include "filter_table.h"

int main(void)
{
	const struct dfl_filter_range *range;
	u64 start, len, page_size, size;
	struct dfl_filter filter;
	u32 index, access;
	bool read_only;

	ASSUME(size <= BIT_ULL(48) && filter.nr <= 2 && index < filter.nr);
	range = &filter.range[index];
	ASSUME(range_valid(range, size));
	ASSUME(page_size == 0x1000 || page_size == 0x10000);
	ASSUME(access == DFL_FILTER_READ ||
	       access == (DFL_FILTER_READ | DFL_FILTER_WRITE));

	len = dfl_filter_pages(&filter, index, access, page_size, &start);
	PROVE(IMPLIES(len, !((start | len) & (page_size - 1))),
	      "mapped pages are whole");
	PROVE(IMPLIES(len, start >= range->first && start <= range->last &&
		      len - 1 <= range->last - start),
	      "mapped pages are inside their range");
	PROVE(IMPLIES(len, (range->access & access) == access &&
		      range->mask == DFL_FILTER_NO_MASK),
	      "a mapped page is permitted in each direction, without a mask");
	read_only = dfl_filter_is_read_only(&filter);
	PROVE(IMPLIES(read_only, !(range->access & DFL_FILTER_WRITE)),
	      "no range of a read-only filter can be written");
	REACHED(len > page_size && range->first & (page_size - 1), "two pages");
	REACHED(read_only && len, "a read-only filter with a page");
	return 0;
}
