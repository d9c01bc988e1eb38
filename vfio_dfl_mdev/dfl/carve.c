// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carve windows: policy and size per header, then cut at reserved ranges, drop
 * whatever would share a byte, and find the pages that may be mapped.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "carve.h"

#define WORD			8
#define FIRST_REGISTER		0x08	/* version 0: after the header word */

/* Return the upper bound of the window: list, BAR and policy limit it. */
static u64 max_len(const struct dfl_header *h, const struct dfl_rule *rule,
		   const struct dfl_carve_args *args)
{
	u64 len = args->bar_len[h->bar];

	if (h->off >= len)
		return 0;
	len = min(len - h->off, h->limit);
	len = min(len, args->view == DFL_VIEW_READ ? rule->read_size :
						     rule->max_size);
	return len & ~(u64)(WORD - 1);
}

/* The header of a version 1 private feature locates its registers. */
static bool has_csr(const struct dfl_header *h)
{
	return h->kind == DFL_KIND_PRIVATE && h->version == 1;
}

static u64 csr_len(const struct dfl_header *h)
{
	return FIELD_GET(DFL_CSR_SIZE, h->csr_size);
}

static u64 header_len(const struct dfl_header *h)
{
	u64 params = h->nr_params;

	if (!has_csr(h))
		return FIRST_REGISTER;
	/* malformed parameters still start with one word */
	if (!params && FIELD_GET(DFL_CSR_HAS_PARAMS, h->csr_size))
		params = 1;
	return DFL_PARAM + WORD * params;
}

/* Locate the registers of a version 1 feature and size its window. */
static enum dfl_reason place_csr(const struct dfl_header *h, u64 len,
				 u32 encoding, struct dfl_window *win)
{
	u64 value = FIELD_GET(DFL_CSR_ADDR_VALUE, h->csr_addr);

	if (FIELD_GET(DFL_CSR_ADDR_REL, h->csr_addr))
		return DFL_REASON_CSR_ABSOLUTE;
	if (!encoding)
		return DFL_REASON_CSR_AMBIGUOUS;
	win->csr = encoding == DFL_RULE_CSR_SHIFTED ? value : value << 1;
	if (!csr_len(h) || win->csr < header_len(h) || win->csr > len ||
	    csr_len(h) > len - win->csr)
		return DFL_REASON_CSR_RANGE;

	/* a row with an encoding also has the true size */
	if (win->rule->flags & DFL_RULE_CSR)
		win->size = len;
	else
		win->size = (win->csr + csr_len(h) + WORD - 1) &
			    ~(u64)(WORD - 1);
	return DFL_OK;
}

static void open_window(const struct dfl_map *map, u32 index,
			const struct dfl_carve_args *args,
			struct dfl_window *win)
{
	const struct dfl_header *h = &map->header[index];
	struct dfl_decision decision;
	u64 len;

	dfl_policy_decide(map, index, args->view, args->opt_in, &decision);
	memset(win, 0, sizeof(*win));
	win->rule = decision.rule;
	win->flags = decision.rule->flags;
	if (args->view == DFL_VIEW_READ)
		win->flags |= DFL_RULE_READ_ONLY;
	win->reason = decision.reason;
	memcpy(win->type, decision.type, sizeof(win->type));
	if (win->reason)
		return;

	len = max_len(h, win->rule, args);
	if (has_csr(h))
		win->reason = place_csr(h, len, decision.csr, win);
	else if (len < FIRST_REGISTER)
		win->reason = DFL_REASON_TRUNCATED;
	else
		win->size = len;
}

/* Return the part of @len bytes from @off on that lies before @range. */
static u64 len_before(const struct dfl_range *range, u8 bar, u64 off, u64 len)
{
	if (range->bar != bar || !range->len)
		return len;
	if (range->off >= off)
		return min(len, range->off - off);
	return off - range->off < range->len ? 0 : len;
}

static void exclude_reserved(const struct dfl_header *h,
			     const struct dfl_carve_args *args,
			     struct dfl_window *win)
{
	u64 need = has_csr(h) ? win->csr + csr_len(h) : header_len(h);
	unsigned int i;

	for (i = 0; i < args->nr_reserved; i++)
		win->size = len_before(&args->reserved[i], h->bar, h->off,
				       win->size);
	win->size &= ~(u64)(WORD - 1);
	if (win->size < need)
		win->reason = DFL_REASON_MSIX;
}

static bool starts_inside(const struct dfl_header *h, u64 len,
			  const struct dfl_header *other)
{
	return other->bar == h->bar && other->off >= h->off &&
	       other->off - h->off < len;
}

/*
 * Features of one list cannot overlap. The AFU location comes from the port, so
 * an AFU may also start inside a withheld feature; reject it.
 */
static bool overlaps(const struct dfl_map *map,
		     const struct dfl_carve_args *args,
		     const struct dfl_window *win, u32 index)
{
	const struct dfl_header *h = &map->header[index];
	u32 i;

	for (i = 0; i < map->nr_headers; i++) {
		const struct dfl_header *other = &map->header[i];

		if (i == index)
			continue;
		if (starts_inside(h, win[index].size, other))
			return true;
		if (h->kind == DFL_KIND_AFU &&
		    starts_inside(other, max_len(other, win[i].rule, args), h))
			return true;
	}
	return false;
}

/*
 * Return the whole host pages from the header on. Reserved ranges and other
 * headers are outside the window already, so a page inside it contains nothing
 * else.
 */
static u64 mappable(const struct dfl_header *h,
		    const struct dfl_carve_args *args,
		    const struct dfl_window *win)
{
	u64 in_page = args->page_size - 1;

	if ((win->flags & DFL_RULE_TRAP) ||
	    ((args->bar_start[h->bar] + h->off) & in_page))
		return 0;
	return win->size & ~in_page;
}

unsigned int dfl_carve(const struct dfl_map *map,
		       const struct dfl_carve_args *args,
		       struct dfl_window *win)
{
	unsigned int assignable = 0;
	u32 i;

	for (i = 0; i < map->nr_headers; i++) {
		open_window(map, i, args, &win[i]);
		if (!win[i].reason)
			exclude_reserved(&map->header[i], args, &win[i]);
	}
	/*
	 * Keep all sizes until every window is checked, so that the result does
	 * not depend on list order.
	 */
	for (i = 0; i < map->nr_headers; i++)
		if (!win[i].reason && overlaps(map, args, win, i))
			win[i].reason = DFL_REASON_OVERLAP;

	for (i = 0; i < map->nr_headers; i++) {
		if (win[i].reason) {
			win[i].size = 0;
			win[i].csr = 0;
			continue;
		}
		win[i].map_size = mappable(&map->header[i], args, &win[i]);
		assignable++;
	}
	return assignable;
}
