// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: filter: an accepted range lies in the block, a mask in one register
 * Bound: any text of up to 12 bytes for the place, any mask, any size of the block
 * Unwind: 13
 * Fast: yes
 *
 * A text of 12 bytes has numbers of up to six digits. parse_number() rejects a
 * longer one by its upper four bits before it adds a digit, so more digits add no
 * case but that one, which the unit tests have.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_FILTER_MAX_RANGES	1
#include "filter_table.h"

#define TEXT_LEN	12

int main(void)
{
	struct dfl_filter_range range;
	char text[TEXT_LEN];
	struct scan s = { .text = text };
	size_t len;
	u64 size, first, last;

	ASSUME(len <= TEXT_LEN && size <= BIT_ULL(48));
	s.len = len;

	if (parse_place(&s, &range, size)) {
		PROVE(s.pos <= s.len, "the byte at fault is in the text");
		REACHED(s.pos == TEXT_LEN, "a fault at the end");
		return 0;
	}
	PROVE(s.pos <= s.len, "the next byte is in the text");
	PROVE(range.first <= range.last && range.last < size,
	      "a range lies in the block");
	REACHED(range.first > 0xff && range.last - range.first > 0xff,
		"numbers of three digits");

	ASSUME(access_valid(&range));
	first = range.first;
	last = range.last;
	if (!check_mask(&range)) {
		PROVE(range_valid(&range, size),
		      "a mask belongs to one aligned register that can be written");
		PROVE(range.first == first && range.last == last,
		      "a mask does not move its range");
		REACHED(range.fixed && range.last - range.first == 7,
			"a mask of 8 bytes");
	}
	return 0;
}
