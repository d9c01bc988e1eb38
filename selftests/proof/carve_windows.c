// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: windows: inside their BAR, share no byte with another or a hole
 * Bound: any two headers, any policy, two reserved ranges, pages of 4 and 64 KiB
 * Unwind: 8
 * Fast: yes
 *
 * Two headers are enough. The size of a window depends on its own header only,
 * and overlaps() is a disjunction over the other headers. So two windows that
 * share a byte on a large card do so on the card of these two headers as well.
 * A reserved range can only shorten a window, whatever the others did before.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_RESERVED	2
#include "carve_cards.h"

static bool disjoint(u64 a, u64 a_len, u64 b, u64 b_len)
{
	if (!a_len || !b_len)
		return true;
	return a >= b ? a - b >= b_len : b - a >= a_len;
}

static void prove_window(const struct dfl_header *h,
			 const struct dfl_window *w,
			 const struct dfl_carve_args *args)
{
	u64 start = args->bar_start[h->bar] + h->off;

	PROVE(w->size <= args->bar_len[h->bar] - h->off,
	      "a window lies inside its BAR");
	PROVE(w->size <= h->limit && w->size <= w->rule->max_size,
	      "a window keeps its limit and its cap");
	PROVE(IMPLIES(args->view == DFL_VIEW_READ,
		      w->size <= w->rule->read_size &&
		      w->flags & DFL_RULE_READ_ONLY),
	      "a window of readers has their registers and no write");
	PROVE(w->size && w->size % 8 == 0, "a window has whole words");
	PROVE(IMPLIES(has_csr(h), w->csr <= w->size &&
		      csr_len(h) <= w->size - w->csr),
	      "a window contains the registers of its feature");
	PROVE(w->map_size <= w->size && w->map_size % args->page_size == 0,
	      "mapped pages are whole and inside the window");
	PROVE(IMPLIES(w->map_size, start % args->page_size == 0),
	      "mapped pages start a page of the host");
	PROVE(IMPLIES(w->flags & DFL_RULE_TRAP, !w->map_size),
	      "a trapped block has no mapped page");
}

int main(void)
{
	struct dfl_window win[DFL_MAX_HEADERS];
	struct dfl_carve_args args;
	const struct dfl_header *h, *o;
	struct dfl_map map;
	unsigned int nr, at;
	bool ok, both;

	h = &map.header[0];
	o = &map.header[1];
	map.nr_headers = 2;
	assume_args(&args);
	assume_header(h, &args);
	assume_header(o, &args);

	nr = dfl_carve(&map, &args, win);

	ok = !win[0].reason;
	both = ok && !win[1].reason;
	PROVE(nr == ok + !win[1].reason, "assigned windows are counted");
	PROVE(IMPLIES(!ok, !win[0].size && !win[0].map_size),
	      "a withheld feature has no window");
	PROVE(IMPLIES(h->reason, !ok), "what the walk excluded has no window");
	if (ok) {
		prove_window(h, &win[0], &args);
		PROVE(at >= args.nr_reserved ||
		      args.reserved[at].bar != h->bar ||
		      disjoint(h->off, win[0].size, args.reserved[at].off,
			       args.reserved[at].len),
		      "no byte of a reserved range");
		PROVE(o->bar != h->bar ||
		      disjoint(h->off, win[0].size, o->off, 1),
		      "no start of another header");
		PROVE(o->bar != h->bar || h->kind != DFL_KIND_AFU ||
		      disjoint(h->off, win[0].size, o->off,
			       max_len(o, &rules[1], &args)),
		      "no byte of another feature in the window of an AFU");
	}
	PROVE(!both || o->bar != h->bar ||
	      disjoint(h->off, win[0].size, o->off, win[1].size),
	      "windows share no byte");

	REACHED(both && o->bar == h->bar && win[0].map_size && win[1].map_size,
		"two windows with mapped pages in one BAR");
	REACHED(win[0].reason == DFL_REASON_OVERLAP, "an overlap");
	REACHED(win[0].reason == DFL_REASON_MSIX, "a reserved range at the start");
	REACHED(ok && has_csr(h) && args.nr_reserved, "a version 1 feature");
	return 0;
}
