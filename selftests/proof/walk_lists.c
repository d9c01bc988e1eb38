// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: walk: each list is inside its BAR, and lists share no byte
 * Bound: any VSEC of up to 2 lists, any offsets of up to 2 ports
 * Unwind: 7
 *
 * A list is compared with each other one separately, so that more of them add no
 * case: a third one can only shorten a list further. walk_lists() walks the lists one
 * after the other, and walk_step.c proves each step.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_LISTS		2
#include "walk_state.h"

#define NR_PORTS		2
#define NR_DWORDS		(2 + DFL_MAX_LISTS)

static bool in_bar(const struct dfl_list *list, u64 min)
{
	return list->bar < DFL_NR_BARS && !(list->start & (WORD - 1)) &&
	       list->start < card.bar_len[list->bar] && list->len >= min &&
	       list->len <= card.bar_len[list->bar] - list->start;
}

static bool apart(const struct dfl_list *a, const struct dfl_list *b)
{
	if (a->bar != b->bar)
		return true;
	return a->start < b->start ? a->len <= b->start - a->start :
				     b->len <= a->start - b->start;
}

static void prove_vsec(struct walk *w)
{
	struct dfl_list list[DFL_MAX_LISTS + 1];
	u32 vsec[NR_DWORDS];
	unsigned int dwords, nr;

	ASSUME(dwords <= NR_DWORDS);
	nr = parse_vsec(w, vsec, dwords, list);
	PROVE(nr <= DFL_MAX_LISTS, "no more lists than there is room for");
	PROVE(nr < 1 || in_bar(&list[0], WORD), "a list is inside its BAR");
	PROVE(nr < 2 || in_bar(&list[1], WORD), "the next list is inside its BAR");
	PROVE(nr < 2 || list[0].bar != list[1].bar, "each list has its own BAR");
	REACHED(nr == 2, "two lists of a VSEC");
}

static void prove_ports(struct walk *w)
{
	struct dfl_list list[NR_PORTS];
	unsigned int nr = 0, i, a, b;

	for (i = 0; i < NR_PORTS; i++) {
		u64 ofst;

		if (parse_port_ofst(w, ofst, list, nr, &list[nr]))
			nr++;
	}
	ASSUME(a < nr && b < nr && a != b);
	PROVE(in_bar(&list[a], MIN_PORT), "the list of a port is inside its BAR");
	PROVE(list[a].bar || list[a].start >= w->used,
	      "no list of a port starts in that of the FME");
	clip_lists(list, nr);
	PROVE(in_bar(&list[a], WORD), "a list that is clipped has a header");
	PROVE(apart(&list[a], &list[b]), "lists of ports share no byte");
	REACHED(nr == NR_PORTS && list[a].bar == list[b].bar &&
		list[a].start + list[a].len == list[b].start,
		"a list that ends where the next one starts");
}

int main(void)
{
	struct dfl_map map;
	struct walk w;

	assume_card();
	w.io = &card;
	w.map = &map;
	map.nr_headers = 0;
	prove_vsec(&w);
	prove_ports(&w);
	return 0;
}
