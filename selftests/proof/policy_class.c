// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: policy: no opt-in text yields a feature of class never
 * Bound: any header below any FIU; any answer of the opt-in text
 * Unwind: 48
 * Fast: yes
 *
 * The text is one entry, and each comparison of it has any result, which is more
 * than all texts have. policy_opt_in.c proves the parser. The loop over the table
 * has a constant bound.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "small.h"

/* Any result: more than the real text can give */
static int any_int(void)
{
	int any;

	return any;
}

static size_t any_size(void)
{
	size_t any;

	return any;
}

/* An entry that ends the text, with or without '@' */
static size_t any_span(const char *text, const char *set)
{
	(void)text;
	return set[0] == '@' && any_int() ? 0 : 1;
}

#define snprintf(...)	any_int()
#define strlen(...)	any_size()
#define memcmp(...)	any_int()
#define strcspn		any_span

#include "dfl/policy.c"

/* Features of which not even a read is known to be safe */
static bool must_not_read(const struct dfl_map *map)
{
	const struct dfl_header *h = &map->header[1];

	if (h->kind != DFL_KIND_PRIVATE || h->parent == DFL_NO_PARENT ||
	    map->header[0].kind != DFL_KIND_FME)
		return true;
	return h->id == DFL_FME_PR || h->id == DFL_FME_QSPI ||
	       h->id == DFL_FME_QSFP || h->id == DFL_FME_UART ||
	       h->id == DFL_FME_PMCI || h->id == DFL_FME_MAX10_SPI ||
	       h->id == DFL_FME_NIOS || h->id == DFL_FME_SGDMA ||
	       h->id == DFL_FME_CXL_CACHE;
}

/* Features that can harm the card, its other users or the host; FIUs */
static bool must_never(const struct dfl_map *map)
{
	const struct dfl_header *h = &map->header[1];

	if (h->kind != DFL_KIND_PRIVATE)
		return h->kind != DFL_KIND_AFU;
	if (h->parent == DFL_NO_PARENT)
		return true;
	switch (map->header[0].kind) {
	case DFL_KIND_FME:
		return h->id == DFL_FME_PR || h->id == DFL_FME_ERROR ||
		       h->id == DFL_FME_THERMAL || h->id == DFL_FME_POWER ||
		       h->id == DFL_FME_QSPI || h->id == DFL_FME_PMCI ||
		       h->id == DFL_FME_MAX10_SPI || h->id == DFL_FME_NIOS ||
		       h->id == DFL_FME_SGDMA || h->id == DFL_FME_CXL_CACHE;
	case DFL_KIND_PORT:
		return h->id == DFL_PORT_ERROR || h->id == DFL_PORT_UMSG ||
		       h->id == DFL_PORT_UINT;
	default:
		return true;
	}
}

int main(void)
{
	struct dfl_decision d;
	const struct dfl_header *h;
	struct dfl_map map;
	char text[2] = "@";
	enum dfl_view view;
	bool no_text, own;

	h = &map.header[1];
	map.nr_headers = 2;
	ASSUME(h->parent == DFL_NO_PARENT || h->parent == 0);
	ASSUME(view == DFL_VIEW_OWN || view == DFL_VIEW_READ);
	own = view == DFL_VIEW_OWN;

	dfl_policy_decide(&map, 1, view, no_text ? NULL : text, &d);

	PROVE(d.rule, "each feature has a row");
	PROVE(d.rule->read_size <= d.rule->max_size,
	      "a reader has no register that the owner lacks");
	PROVE(IMPLIES(own && must_never(&map), d.reason),
	      "listed features stay");
	PROVE(IMPLIES(own && d.rule->class == DFL_CLASS_NEVER, d.reason),
	      "class never is never assigned");
	PROVE(IMPLIES(!own && must_not_read(&map), d.reason),
	      "features whose reads have effects have no readers");
	PROVE(IMPLIES(!own && !d.reason, d.rule->read_size && !h->version),
	      "readers have registers at a known place");
	PROVE(IMPLIES(h->reason, d.reason == h->reason),
	      "what the walk excluded is never assigned");
	PROVE(IMPLIES(no_text && !d.reason,
		      own && d.rule->class == DFL_CLASS_YES),
	      "without a text only class yes is assigned");
	PROVE(IMPLIES(!d.reason && h->kind == DFL_KIND_PRIVATE &&
		      h->id != DFL_FME_VENDOR, d.rule->max_size <= 0x1000),
	      "a private feature has a cap, but for the vendor's own");
	PROVE(IMPLIES(!d.reason && (d.rule->flags & DFL_RULE_BY_GUID),
		      h->guid_l | h->guid_h), "a zero GUID is never assigned");

	REACHED(!d.reason && own && d.rule->class == DFL_CLASS_YES, "class yes");
	REACHED(!d.reason && own && d.rule->class == DFL_CLASS_OPT_IN,
		"opted in");
	REACHED(!d.reason && !own && d.rule->class == DFL_CLASS_NEVER,
		"readers of a feature without owner");
	REACHED(d.reason == DFL_REASON_OPT_IN && !no_text, "not opted in");
	REACHED(!h->reason && d.rule->class == DFL_CLASS_NEVER, "class never");
	REACHED(!d.reason && d.csr == DFL_RULE_CSR_PLAIN, "an encoding");
	return 0;
}
