// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: walk: a step moves forward and reads only its own header, once
 * Bound: any state with up to 2 headers, any words, 2 parameter words
 * Unwind: 7
 *
 * One step from any state, not only from the first: by induction this holds for
 * lists of any length. A header is compared with those before it one by one, so
 * more of them add no case. walk_list() reads the first word of each header, and
 * the next header starts past the words of the one before.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_LISTS		1
#define DFL_MAX_PARAM_WORDS	2
#include "walk_state.h"

/* Bytes read per header; MAX_SPAN exceeds MIN_FME unless parameters are few. */
#define SPAN	max((u64)MAX_SPAN, (u64)MIN_FME)

/* The step parses the header at @off of @bar, whose first word is @dfh. */
static void prove_step(struct walk *w, u8 bar, u64 off, u64 dfh)
{
	u64 rest = w->end - off, next = FIELD_GET(DFL_DFH_NEXT, dfh);
	u64 limit = next && next < rest ? next : rest, step;
	u32 nr = w->map->nr_headers, nr_rejected = w->nr_rejected;
	const struct dfl_header *h;

	may_read = (struct dfl_range) { bar, off + WORD,
					min_t(u64, limit, SPAN) - WORD };
	step = parse_header(w, bar, off, dfh);

	PROVE(!step || (step % WORD == 0 && step >= WORD && step < rest),
	      "a step moves forward and stays inside the list");
	PROVE(IMPLIES(step, w->map->nr_headers == nr + 1),
	      "a step adds one header");
	PROVE(IMPLIES(!step, w->nr_rejected <= nr_rejected + 1) &&
	      IMPLIES(step, w->nr_rejected == nr_rejected),
	      "only the end of a list rejects a word");
	PROVE(state_valid(w), "the state stays valid");
	PROVE(IMPLIES(step, fiu_valid(w, bar, off + step)),
	      "the FIU stays one of this list");
	if (nr == DFL_MAX_HEADERS)
		return;
	h = &w->map->header[nr];
	PROVE(h->bar == bar && h->off == off && h->dfh == dfh,
	      "the header is where it was found");
	PROVE(h->limit == limit, "its limit ends where the next header starts");
	PROVE(IMPLIES(h->kind == DFL_KIND_AFU, !h->nr_params && !h->nr_vectors &&
		      limit >= min_header(h)),
	      "the other words of an AFU are left for later");
	PROVE(w->used >= off + min_t(u64, limit, MAX_SPAN) || step,
	      "the part of the list that was read is known");

	REACHED(step && h->kind == DFL_KIND_PORT, "a port");
	REACHED(step && h->kind == DFL_KIND_FME && w->nr_ofst == 4, "an FME");
	REACHED(step && h->nr_params == 2 && h->nr_vectors, "parameters");
	REACHED(h->reason == DFL_REASON_NEXT_SHORT, "a header that is too short");
	REACHED(h->kind == DFL_KIND_AFU && h->parent == 0, "an AFU below a port");
}

int main(void)
{
	struct dfl_map map;
	struct walk w;
	u64 off, dfh;
	bool full;
	u8 bar;

	assume_card();
	w.io = &card;
	w.map = &map;
	ASSUME(map.nr_headers == (full ? DFL_MAX_HEADERS : 1));
	ASSUME(state_valid(&w) && w.nr_rejected < NR_REJECTED);
	ASSUME(bar < DFL_NR_BARS && w.end <= card.bar_len[bar]);
	ASSUME(fiu_valid(&w, bar, off));
	ASSUME(off % WORD == 0 && off < w.end && w.end - off >= WORD);
	ASSUME(dfh && dfh != ALL_ONES);
	/* constants make it fast; a header may be as good as absent */
	if (full) {
		map.nr_headers = DFL_MAX_HEADERS;
		prove_step(&w, bar, off, dfh);
	} else {
		map.nr_headers = 1;
		map.header[1] = (struct dfl_header) { 0 };
		prove_step(&w, bar, off, dfh);
	}
	return 0;
}
