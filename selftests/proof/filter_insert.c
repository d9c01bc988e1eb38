// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: filter: insertion keeps the table sorted and disjoint
 * Bound: any table of up to 3 ranges, any range
 * Unwind: 5
 *
 * By induction over the ranges of a text the table stays sorted. insert() compares a
 * range with its two neighbours only, and moves the ranges after it by one, so that
 * more ranges add no case.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_FILTER_MAX_RANGES	3
#include "filter_table.h"

#define NR	DFL_FILTER_MAX_RANGES

static bool overlap(const struct dfl_filter_range *a,
		    const struct dfl_filter_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static bool same(const struct dfl_filter_range *a,
		 const struct dfl_filter_range *b)
{
	return a->first == b->first && a->last == b->last &&
	       a->mask == b->mask && a->fixed == b->fixed &&
	       a->access == b->access;
}

/* Unused ranges start after all others. */
static bool table_valid(const struct dfl_filter *filter)
{
	bool valid = filter->nr <= NR;
	u32 i;

	for (i = 0; i < NR; i++) {
		const struct dfl_filter_range *range = &filter->range[i];

		if (i >= filter->nr)
			valid = valid && range->first == DFL_FILTER_UNUSED &&
				!range->last;
		else
			valid = valid && range->first <= range->last &&
				(!i || range[-1].last < range->first);
	}
	return valid;
}

static bool table_has(const struct dfl_filter *filter,
		      const struct dfl_filter_range *range)
{
	bool has = false;
	u32 i;

	for (i = 0; i < NR; i++)
		has = has || (i < filter->nr && same(&filter->range[i], range));
	return has;
}

int main(void)
{
	struct dfl_filter filter, old;
	struct dfl_filter_range range;
	bool overlaps = false;
	u32 i, any;

	ASSUME(table_valid(&filter) && range.first <= range.last);
	for (i = 0; i < NR; i++)
		overlaps = overlaps || (i < filter.nr &&
					overlap(&filter.range[i], &range));
	ASSUME(any < NR);
	old = filter;

	if (insert(&filter, &range)) {
		PROVE(overlaps || old.nr == NR, "only an overlap is rejected");
		PROVE(filter.nr == old.nr &&
		      same(&filter.range[any], &old.range[any]),
		      "a rejected range changes nothing");
		REACHED(old.nr == NR && !overlaps, "a full table");
		REACHED(overlaps && old.nr == 2 &&
			range.first < filter.range[1].first &&
			range.first > filter.range[0].last,
			"an overlap with the next range");
		return 0;
	}
	PROVE(!overlaps, "an overlap is rejected");
	PROVE(table_valid(&filter), "the table stays sorted and disjoint");
	PROVE(filter.nr == old.nr + 1 && table_has(&filter, &range),
	      "the range is inserted");
	PROVE(any >= old.nr || table_has(&filter, &old.range[any]),
	      "the other ranges stay");
	REACHED(filter.nr == NR && same(&filter.range[1], &range),
		"a range in the middle");
	return 0;
}
