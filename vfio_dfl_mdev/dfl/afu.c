// SPDX-License-Identifier: GPL-2.0-only
/*
 * AFUs of ports: locate each AFU, take its port out of reset, read its header.
 *
 * All lists are parsed before, so that every header and every rejected word
 * that an AFU could overlap is known.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "walk_priv.h"

/* Check whether the range overlaps a header or a rejected word. */
static bool range_was_read(const struct walk *w, u8 bar, u64 off, u64 len)
{
	u32 i;

	for (i = 0; i < w->map->nr_headers; i++) {
		const struct dfl_header *h = &w->map->header[i];

		if (h->bar == bar && h->off < off + len &&
		    off < h->off + min_t(u64, h->limit, MAX_SPAN))
			return true;
	}
	for (i = 0; i < w->nr_rejected; i++)
		if (w->rejected[i].bar == bar && w->rejected[i].off >= off &&
		    w->rejected[i].off < off + len)
			return true;
	return false;
}

/* Return the part of @limit bytes before the next word that was read. */
static u64 unread_len(const struct walk *w, u8 bar, u64 off, u64 limit)
{
	u32 i;

	for (i = 0; i < w->map->nr_headers; i++) {
		const struct dfl_header *h = &w->map->header[i];

		if (h->bar == bar && h->off > off)
			limit = min(limit, h->off - off);
	}
	for (i = 0; i < w->nr_rejected; i++)
		if (w->rejected[i].bar == bar && w->rejected[i].off > off)
			limit = min(limit, w->rejected[i].off - off);
	return limit;
}

/* Locate the AFU from the registers of its port, without reading the AFU. */
static enum dfl_reason locate_afu(const struct walk *w,
				  const struct walk_port *port, u64 *off)
{
	const struct dfl_header *fiu = &w->map->header[port->header];
	u64 bar_len = w->io->bar_len[fiu->bar];

	if (port->afu != DFL_NO_PARENT) {
		*off = w->map->header[port->afu].off;
	} else {
		if (port->next_afu % WORD ||
		    port->next_afu >= port->end - fiu->off)
			return DFL_REASON_AFU_OFFSET;
		*off = fiu->off + port->next_afu;
		if (range_was_read(w, fiu->bar, *off, MIN_V1))
			return DFL_REASON_AFU_OFFSET;
	}
	if (port->window < MIN_V1 || port->window > bar_len - *off)
		return DFL_REASON_AFU_SIZE;
	return DFL_OK;
}

/* Return the header of the AFU, or NULL. The port is out of reset. */
static struct dfl_header *afu_header(struct walk *w,
				     const struct walk_port *port, u8 bar,
				     u64 off)
{
	struct dfl_header *h;
	u64 dfh;

	if (port->afu != DFL_NO_PARENT)
		return &w->map->header[port->afu];
	dfh = read64(w, bar, off);
	if (dfh == ALL_ONES || FIELD_GET(DFL_DFH_TYPE, dfh) != DFL_TYPE_AFU) {
		dfl_reject(w, DFL_REASON_AFU_HEADER, bar, off, dfh);
		return NULL;
	}
	h = dfl_add_header(w, bar, off, dfh);
	if (h) {
		h->kind = DFL_KIND_AFU;
		h->parent = port->header;
		h->port = w->map->header[port->header].port;
	}
	return h;
}

/* The AFU signals the user interrupts of its port. */
static void move_vectors(struct dfl_map *map, struct dfl_header *afu)
{
	u32 i;

	for (i = 0; i < map->nr_headers; i++) {
		struct dfl_header *h = &map->header[i];

		if (h->kind != DFL_KIND_PRIVATE || h->version ||
		    h->port != afu->port || !h->nr_vectors)
			continue;
		afu->first_vector = h->first_vector;
		afu->nr_vectors = h->nr_vectors;
		h->first_vector = 0;
		h->nr_vectors = 0;
		return;
	}
}

/* Exclude the AFU of @port. If the list contains it, its header stays there. */
static void drop_afu(struct walk *w, const struct walk_port *port,
		     enum dfl_reason reason, u64 value)
{
	const struct dfl_header *fiu = &w->map->header[port->header];

	if (port->afu != DFL_NO_PARENT)
		dfl_make_opaque(w, &w->map->header[port->afu], reason, value);
	else
		dfl_add_finding(w, reason, fiu->bar, fiu->off, value);
}

static void parse_port_afu(struct walk *w, const struct walk_port *port)
{
	struct dfl_header *fiu = &w->map->header[port->header];
	struct dfl_header *h;
	enum dfl_reason reason;
	u64 off;

	reason = locate_afu(w, port, &off);
	if (reason) {
		drop_afu(w, port, reason, reason == DFL_REASON_AFU_SIZE ?
			 port->window : port->next_afu);
		return;
	}
	/* The caller refuses such a card, whose AFU could use that link */
	if (w->map->fme_cap & (DFL_FME_CAP_COHERENT | DFL_FME_CAP_PCIE1)) {
		drop_afu(w, port, DFL_REASON_PORT_STUCK, off);
		return;
	}
	if (w->io->deassert_port_reset(w->io->ctx, fiu->bar, fiu->off)) {
		fiu->reason = DFL_REASON_PORT_STUCK;
		drop_afu(w, port, DFL_REASON_PORT_STUCK, off);
		return;
	}
	h = afu_header(w, port, fiu->bar, off);
	if (!h)
		return;
	h->limit = port->window;
	if (h->version > 1) {
		dfl_make_opaque(w, h, DFL_REASON_VERSION, h->dfh);
		return;
	}
	move_vectors(w->map, h);
	dfl_read_afu(w, h, unread_len(w, h->bar, h->off, h->limit));
}

/**
 * dfl_parse_port_afus() - parse the AFU of each usable port
 * @w: state of the walk; all lists are parsed
 */
void dfl_parse_port_afus(struct walk *w)
{
	unsigned int i;

	for (i = 0; i < DFL_MAX_PORTS; i++) {
		const struct walk_port *port = &w->port[i];

		if (port->header == DFL_NO_PARENT ||
		    w->map->header[port->header].reason)
			continue;
		if (port->afu == DFL_NO_PARENT && !port->next_afu)
			w->map->header[port->header].no_afu = true;
		else
			parse_port_afu(w, port);
	}
}
