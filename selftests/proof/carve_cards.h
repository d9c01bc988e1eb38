/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cards for the proofs of carve.c: any headers that the walk can leave, any
 * answer of the policy, any reserved ranges.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_CARVE_CARDS_H
#define _VDFL_PROOF_CARVE_CARDS_H

#include "small.h"
#include "dfl/carve.c"

/* One row per header, as the policy may answer differently for each */
static struct dfl_rule rules[DFL_MAX_HEADERS];

/* policy_class.c proves the real one */
void dfl_policy_decide(const struct dfl_map *map, u32 index,
		       enum dfl_view view, const char *opt_in,
		       struct dfl_decision *decision)
{
	struct dfl_decision any;
	struct dfl_rule rule;

	ASSUME(!map->header[index].reason || any.reason);
	ASSUME(any.csr == 0 || any.csr == DFL_RULE_CSR_SHIFTED ||
	       any.csr == DFL_RULE_CSR_PLAIN);
	ASSUME(rule.read_size <= rule.max_size);
	rules[index] = rule;
	*decision = any;
	decision->rule = &rules[index];
}

/* The walk leaves only such headers; walk_step.c proves that. */
static void assume_header(const struct dfl_header *h,
			  const struct dfl_carve_args *args)
{
	ASSUME(h->bar < DFL_NR_BARS);
	ASSUME(h->off % 8 == 0 && h->off < args->bar_len[h->bar]);
	ASSUME(h->limit <= args->bar_len[h->bar] - h->off);
	ASSUME(h->nr_params <= DFL_MAX_PARAM_WORDS);
}

static void assume_args(const struct dfl_carve_args *args)
{
	unsigned int i;

	ASSUME(args->view == DFL_VIEW_OWN || args->view == DFL_VIEW_READ);
	ASSUME(args->page_size == 0x1000 || args->page_size == 0x10000);
	ASSUME(args->nr_reserved <= DFL_MAX_RESERVED);
	for (i = 0; i < DFL_NR_BARS; i++)
		ASSUME(args->bar_len[i] <= BIT_ULL(48) &&
		       args->bar_start[i] <= BIT_ULL(52));
}

#endif /* _VDFL_PROOF_CARVE_CARDS_H */
