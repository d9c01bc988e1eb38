/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any state in the middle of a walk, and any words of the card. The proofs of the
 * walk show that each step leaves such a state.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_WALK_STATE_H
#define _VDFL_PROOF_WALK_STATE_H

#include "small.h"
#include "dfl/walk.c"
#include "dfl/afu.c"

#define NR_REJECTED	(DFL_MAX_LISTS + DFL_MAX_PORTS)

static struct dfl_io card;

/* A step may read this part of a BAR, and each word in it once. */
static struct dfl_range {
	u8 bar;
	u64 off;
	u64 len;
} may_read;

/* Any word; its reads are counted. */
static u64 watched;
static unsigned int nr_reads;

static u64 any_read64(void *ctx, u8 bar, u64 off)
{
	u64 any;

	(void)ctx;
	PROVE(off % WORD == 0, "a read is aligned");
	PROVE(bar == may_read.bar && covers(may_read.off, may_read.len, off) &&
	      may_read.off + may_read.len - off >= WORD,
	      "a read stays inside its header");
	if (off == watched) {
		PROVE(!nr_reads, "each word is read once");
		nr_reads++;
	}
	return any;
}

static int any_reset(void *ctx, u8 bar, u64 off)
{
	int any;

	(void)ctx;
	PROVE(bar < DFL_NR_BARS && off < card.bar_len[bar],
	      "the port that is taken out of reset exists");
	return any;
}

static void assume_card(void)
{
	u64 any, len[DFL_NR_BARS];
	unsigned int i;
	u32 vectors;

	card.read64 = any_read64;
	card.deassert_port_reset = any_reset;
	card.nr_vectors = vectors;
	watched = any;
	for (i = 0; i < DFL_NR_BARS; i++) {
		ASSUME(len[i] <= BIT_ULL(48));
		card.bar_len[i] = len[i];
	}
}

static bool index_valid(int index, const struct dfl_map *map)
{
	return index >= 0 && index < (int)map->nr_headers;
}

/* Each header of the map is such a header at any time. */
static bool header_valid(const struct walk *w, const struct dfl_header *h)
{
	if (h->bar >= DFL_NR_BARS || h->off % WORD ||
	    h->off >= card.bar_len[h->bar] ||
	    h->limit > card.bar_len[h->bar] - h->off)
		return false;
	if (h->nr_params > DFL_MAX_PARAM_WORDS ||
	    (unsigned int)h->reason >= DFL_REASON_NR ||
	    ((h->kind == DFL_KIND_OPAQUE || h->version > 1) && !h->reason))
		return false;
	if (h->nr_vectors > DFL_MAX_VECTORS ||
	    (h->nr_vectors &&
	     h->first_vector + h->nr_vectors > (int)min_t(u32, card.nr_vectors, MAX_MSIX)))
		return false;
	if (h->parent != DFL_NO_PARENT && !index_valid(h->parent, w->map))
		return false;
	return h->port == NO_PORT ||
	       (h->port < DFL_MAX_PORTS &&
		index_valid(w->port[h->port].header, w->map));
}

static bool port_valid(const struct walk *w, const struct walk_port *port)
{
	const struct dfl_header *h;

	if (port->header == DFL_NO_PARENT)
		return port->afu == DFL_NO_PARENT;
	if (!index_valid(port->header, w->map))
		return false;
	h = &w->map->header[port->header];
	if (port->end <= h->off || port->end > card.bar_len[h->bar] ||
	    port->next_afu > DFL_NEXT_AFU_OFFSET)
		return false;
	if (port->afu == DFL_NO_PARENT)
		return true;
	return index_valid(port->afu, w->map) && port->afu != port->header &&
	       w->map->header[port->afu].bar == h->bar;
}

/* The FIU while a list of @bar is walked: one of that list, before @off */
static bool fiu_valid(const struct walk *w, u8 bar, u64 off)
{
	const struct dfl_header *fiu;

	if (w->fiu == DFL_NO_PARENT)
		return true;
	if (!index_valid(w->fiu, w->map))
		return false;
	fiu = &w->map->header[w->fiu];
	return fiu->bar == bar && fiu->off < off &&
	       (fiu->reason || fiu->port == NO_PORT ||
		w->port[fiu->port].header == w->fiu);
}

static bool state_valid(const struct walk *w)
{
	unsigned int i;

	if (w->map->nr_headers > DFL_MAX_HEADERS || w->nr_rejected > NR_REJECTED)
		return false;
	for (i = 0; i < DFL_MAX_HEADERS; i++)
		if (i < w->map->nr_headers &&
		    !header_valid(w, &w->map->header[i]))
			return false;
	for (i = 0; i < DFL_MAX_PORTS; i++)
		if (!port_valid(w, &w->port[i]))
			return false;
	return true;
}

#endif /* _VDFL_PROOF_WALK_STATE_H */
