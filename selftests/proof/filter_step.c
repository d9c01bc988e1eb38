// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: filter: the binary search finds the range that a plain loop finds
 * Bound: any 32 ranges for each step; all steps in one full table
 * Unwind: 33
 *
 * A plain loop finds @last, the last range that starts at or before an offset. By
 * induction over the steps, the search keeps it in an interval that halves. The
 * second part shows that find() makes these steps in this order.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "filter_table.h"

#define NR	DFL_FILTER_MAX_RANGES

/* The interval has @nr * 2 ranges from @start on, and contains @last. */
static void prove_step(const struct dfl_filter_range *range, u32 nr)
{
	u32 start, last, found;
	u64 off;

	ASSUME(start < NR && start % (2 * nr) == 0);
	ASSUME(last >= start && last < start + 2 * nr);
	/* the range is sorted, so all up to @last start at or before @off */
	ASSUME(start + nr <= last ? range[start + nr].first <= off :
				    range[start + nr].first > off);

	found = step(range + start, off, nr) - range;
	PROVE(found == start || found == start + nr, "a step halves the interval");
	PROVE(last >= found && last < found + nr, "the range stays in the interval");
	REACHED(found != start && last == NR - 1, "the last range");
}

static void prove_find(void)
{
	const struct dfl_filter_range *found;
	struct dfl_filter table;
	u64 off, len, i;

	table.nr = NR;
	for (i = 0; i < NR; i++) {
		table.range[i].first = 16 + 32 * i;
		table.range[i].last = 16 + 32 * i + 15;
	}
	ASSUME(len && len <= 16);
	found = find(&table, off, len);
	i = off / 32;
	if (i < NR && off % 32 >= 16 && len <= 32 - off % 32)
		PROVE(found == &table.range[i], "the range is found");
	else
		PROVE(!found, "a gap has no range");
	REACHED(found == &table.range[NR - 1], "the end of the table");
}

int main(void)
{
	struct dfl_filter_range range[NR];

	prove_step(range, 16);
	prove_step(range, 8);
	prove_step(range, 4);
	prove_step(range, 2);
	prove_step(range, 1);
	prove_find();
	return 0;
}
