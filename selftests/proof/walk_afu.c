// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: walk: an AFU outside of the lists is read once, past all words read
 * Bound: any state with 2 headers and 1 rejected word, any words
 * Unwind: 7
 *
 * The AFUs of the ports are parsed one after the other, from any state that this
 * leaves. range_was_read() and unread_len() check the headers one by one, so that
 * more headers add no case.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_HEADERS		3
#define DFL_MAX_LISTS		1
#include "walk_state.h"

/* @other existed before. */
static void prove_unread(const struct walk *w, const struct dfl_header *other)
{
	u64 len = min_t(u64, other->limit, MAX_SPAN);

	PROVE(IMPLIES(nr_reads && other->bar == may_read.bar,
		      !covers(other->off, len, watched)),
	      "no word of another header is read again");
	PROVE(IMPLIES(nr_reads && w->rejected[0].bar == may_read.bar,
		      watched != w->rejected[0].off),
	      "no rejected word is read again");
}

int main(void)
{
	struct walk_port *port;
	struct dfl_map map;
	struct walk w;
	u32 i;

	assume_card();
	w.io = &card;
	w.map = &map;
	/* constants make it fast; ports and headers have no order here */
	port = &w.port[0];
	port->header = 0;
	port->afu = DFL_NO_PARENT;
	map.nr_headers = 2;
	w.nr_rejected = 1;
	ASSUME(state_valid(&w) && i < 2);
	map.header[2] = (struct dfl_header) { 0 };
	may_read.bar = map.header[0].bar;
	may_read.len = card.bar_len[may_read.bar];

	parse_port_afu(&w, port);

	PROVE(state_valid(&w), "the state stays valid");
	PROVE(w.nr_rejected <= 2, "at most one word is rejected");
	prove_unread(&w, &map.header[i]);

	REACHED(map.nr_headers == 3 && nr_reads, "an AFU that no list has");
	REACHED(w.nr_rejected == 2, "a word that begins no AFU");
	return 0;
}
