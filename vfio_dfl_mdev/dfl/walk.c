// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounded walk of Device Feature Lists.
 *
 * A walk only moves forward, stays inside its list and adds one header per step
 * until the array is full, so its length is bounded. The AFUs of ports may
 * overlap other headers, so they are parsed after all lists.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "walk_priv.h"

/* Bytes needed to read a header of this kind */
#define MIN_PRIVATE		0x08
#define MIN_AFU			0x18
#define MIN_FIU			0x20
#define MIN_PORT		0x48
#define MIN_FME			0x70

#define NO_PORT			0xff
#define MAX_MSIX		2048
#define DEFAULT_AFU_VECTORS	4

/**
 * dfl_add_finding() - record a defect of the card
 * @w: state of the walk
 * @reason: kind of the defect
 * @bar: BAR of the defect
 * @off: offset of the defect
 * @value: refused word or number
 *
 * Past DFL_MAX_FINDINGS, findings are only counted.
 */
void dfl_add_finding(struct walk *w, enum dfl_reason reason, u8 bar, u64 off,
		     u64 value)
{
	struct dfl_map *map = w->map;

	if (map->nr_findings < DFL_MAX_FINDINGS)
		map->finding[map->nr_findings] = (struct dfl_finding) {
			.reason = reason,
			.bar = bar,
			.off = off,
			.value = value,
		};
	map->nr_findings++;
}

/**
 * dfl_reject() - record a word that was read and does not begin a header
 * @w: state of the walk
 * @reason: why it does not
 * @bar: BAR of the word
 * @off: offset of the word
 * @dfh: the word
 */
void dfl_reject(struct walk *w, enum dfl_reason reason, u8 bar, u64 off,
		u64 dfh)
{
	dfl_add_finding(w, reason, bar, off, dfh);
	w->rejected[w->nr_rejected++] = (struct rejected) { bar, off };
}

/**
 * dfl_make_opaque() - keep a header in the map but never assign it
 * @w: state of the walk
 * @h: the header
 * @reason: defect of the header
 * @value: refused word or number
 */
void dfl_make_opaque(struct walk *w, struct dfl_header *h,
		     enum dfl_reason reason, u64 value)
{
	h->kind = DFL_KIND_OPAQUE;
	h->reason = reason;
	dfl_add_finding(w, reason, h->bar, h->off, value);
}

/**
 * dfl_add_header() - append a header to the map
 * @w: state of the walk
 * @bar: BAR of the header
 * @off: offset of the header
 * @dfh: first word of the header
 *
 * Return: the header, or NULL if the map is full
 */
struct dfl_header *dfl_add_header(struct walk *w, u8 bar, u64 off, u64 dfh)
{
	struct dfl_map *map = w->map;
	struct dfl_header *h;

	if (map->nr_headers == DFL_MAX_HEADERS) {
		dfl_reject(w, DFL_REASON_TOO_MANY, bar, off, dfh);
		return NULL;
	}
	h = &map->header[map->nr_headers++];
	h->bar = bar;
	h->off = off;
	h->dfh = dfh;
	h->id = FIELD_GET(DFL_DFH_ID, dfh);
	h->revision = FIELD_GET(DFL_DFH_REVISION, dfh);
	h->version = FIELD_GET(DFL_DFH_VERSION, dfh);
	h->parent = DFL_NO_PARENT;
	h->port = NO_PORT;
	return h;
}

static u64 min_header(const struct dfl_header *h)
{
	if (h->version)
		return h->version == 1 ? MIN_V1 : MIN_PRIVATE;

	switch (FIELD_GET(DFL_DFH_TYPE, h->dfh)) {
	case DFL_TYPE_FIU:
		if (h->id == DFL_FIU_FME)
			return MIN_FME;
		return h->id == DFL_FIU_PORT ? MIN_PORT : MIN_FIU;
	case DFL_TYPE_AFU:
		return MIN_AFU;
	default:
		return MIN_PRIVATE;
	}
}

static void read_guid(struct walk *w, struct dfl_header *h)
{
	h->guid_l = read64(w, h->bar, h->off + DFL_GUID_L);
	h->guid_h = read64(w, h->bar, h->off + DFL_GUID_H);
}

static bool vectors_claimed(const struct dfl_map *map, u64 first, u64 count)
{
	u32 i;

	for (i = 0; i < map->nr_headers; i++) {
		const struct dfl_header *h = &map->header[i];

		if (h->nr_vectors && first < h->first_vector + h->nr_vectors &&
		    h->first_vector < first + count)
			return true;
	}
	return false;
}

static void claim_vectors(struct walk *w, struct dfl_header *h, u64 first,
			  u64 count)
{
	u64 total = min_t(u64, w->io->nr_vectors, MAX_MSIX);

	if (!count || h->nr_vectors)
		return;
	if (count > DFL_MAX_VECTORS || first >= total ||
	    count > total - first) {
		dfl_add_finding(w, DFL_REASON_VECTORS, h->bar, h->off, first);
		return;
	}
	if (vectors_claimed(w->map, first, count)) {
		dfl_add_finding(w, DFL_REASON_VECTOR_SHARED, h->bar, h->off,
				first);
		return;
	}
	h->first_vector = first;
	h->nr_vectors = count;
}

/* Copy all parameter blocks, or none if one of them is malformed. */
static void read_params(struct walk *w, struct dfl_header *h, u64 room)
{
	u64 left = min_t(u64, (room - DFL_PARAM) / WORD, DFL_MAX_PARAM_WORDS);
	u64 at = h->off + DFL_PARAM;
	u64 word, words;

	do {
		word = left ? read64(w, h->bar, at) : 0;
		words = FIELD_GET(DFL_PARAM_NEXT, word);
		if (!words || words > left) {
			h->nr_params = 0;
			memset(h->params, 0, sizeof(h->params));
			dfl_add_finding(w, DFL_REASON_PARAMS, h->bar, at, word);
			return;
		}
		left -= words;
		h->params[h->nr_params++] = word;
		for (at += WORD; --words; at += WORD)
			h->params[h->nr_params++] = read64(w, h->bar, at);
	} while (!FIELD_GET(DFL_PARAM_EOP, word));
}

u32 dfl_param_msix(const struct dfl_header *h)
{
	u32 i = 0;

	while (i + 1 < h->nr_params) {
		u64 words = FIELD_GET(DFL_PARAM_NEXT, h->params[i]);

		if (words > 1 &&
		    FIELD_GET(DFL_PARAM_ID, h->params[i]) == DFL_PARAM_MSIX)
			return i + 1;
		if (!words || words >= h->nr_params)
			return 0;
		i += words;
	}
	return 0;
}

static void claim_param_vectors(struct walk *w, struct dfl_header *h)
{
	u32 i = dfl_param_msix(h);

	if (i)
		claim_vectors(w, h,
			      FIELD_GET(DFL_PARAM_MSIX_START, h->params[i]),
			      FIELD_GET(DFL_PARAM_MSIX_COUNT, h->params[i]));
}

/* Read the rest of a version 1 header; @room is at least MIN_V1. */
static void read_v1(struct walk *w, struct dfl_header *h, u64 room)
{
	read_guid(w, h);
	h->csr_addr = read64(w, h->bar, h->off + DFL_CSR_ADDR);
	h->csr_size = read64(w, h->bar, h->off + DFL_CSR_SIZE_GROUP);
	if (!FIELD_GET(DFL_CSR_HAS_PARAMS, h->csr_size))
		return;
	read_params(w, h, room);
	claim_param_vectors(w, h);
}

static void parse_fme(struct walk *w, struct dfl_header *h)
{
	u64 ports;
	u32 i;

	if (w->have_fme) {
		dfl_make_opaque(w, h, DFL_REASON_FIU_DUPLICATE, h->dfh);
		return;
	}
	w->have_fme = true;
	h->kind = DFL_KIND_FME;
	read_guid(w, h);
	w->map->fme_cap = read64(w, h->bar, h->off + DFL_FME_CAP);
	w->map->bitstream = read64(w, h->bar, h->off + DFL_FME_BITSTREAM_ID);

	ports = FIELD_GET(DFL_FME_CAP_NUM_PORTS, w->map->fme_cap);
	if (ports > DFL_MAX_PORTS) {
		dfl_add_finding(w, DFL_REASON_PORT_COUNT, h->bar, h->off,
				ports);
		ports = DFL_MAX_PORTS;
	}
	w->nr_ofst = ports;
	for (i = 0; i < w->nr_ofst; i++) {
		w->ofst[i] = read64(w, h->bar, h->off + DFL_FME_PORT_OFST(i));
		if (FIELD_GET(DFL_PORT_OFST_IMPLEMENTED, w->ofst[i]) &&
		    FIELD_GET(DFL_PORT_OFST_VF, w->ofst[i]))
			w->vf_ports |= BIT(i);
	}
}

static void parse_port(struct walk *w, struct dfl_header *h)
{
	u64 cap = read64(w, h->bar, h->off + DFL_PORT_CAP);
	struct walk_port *port = &w->port[FIELD_GET(DFL_PORT_CAP_NUMBER, cap)];

	if (port->header != DFL_NO_PARENT) {
		dfl_make_opaque(w, h, DFL_REASON_FIU_DUPLICATE, cap);
		return;
	}
	h->kind = DFL_KIND_PORT;
	h->port = FIELD_GET(DFL_PORT_CAP_NUMBER, cap);
	read_guid(w, h);
	port->header = h - w->map->header;
	port->end = w->end;
	port->window = FIELD_GET(DFL_PORT_CAP_MMIO_KIB, cap) * 1024;
	port->next_afu = FIELD_GET(DFL_NEXT_AFU_OFFSET,
				   read64(w, h->bar, h->off + DFL_NEXT_AFU));
}

static void parse_fiu(struct walk *w, struct dfl_header *h)
{
	w->fiu = h - w->map->header;
	if (h->version)
		dfl_make_opaque(w, h, DFL_REASON_VERSION, h->dfh);
	else if (h->id == DFL_FIU_FME)
		parse_fme(w, h);
	else if (h->id == DFL_FIU_PORT)
		parse_port(w, h);
	else
		dfl_make_opaque(w, h, DFL_REASON_FIU_UNKNOWN, h->dfh);
}

/* Parse an AFU header in the list of its port; afu.c reads its other words. */
static void parse_listed_afu(struct walk *w, struct dfl_header *h)
{
	struct walk_port *port;

	if (h->port == NO_PORT) {
		dfl_make_opaque(w, h, DFL_REASON_AFU_UNDER_FME, h->dfh);
		return;
	}
	port = &w->port[h->port];
	if (port->afu != DFL_NO_PARENT ||
	    (port->next_afu &&
	     port->next_afu != h->off - w->map->header[port->header].off)) {
		dfl_make_opaque(w, h, DFL_REASON_AFU_OFFSET, h->dfh);
		return;
	}
	h->kind = DFL_KIND_AFU;
	port->afu = h - w->map->header;
}

static void parse_private(struct walk *w, struct dfl_header *h)
{
	u64 cap;

	h->kind = DFL_KIND_PRIVATE;
	if (h->version == 1) {
		read_v1(w, h, h->limit);
	} else if (h->port != NO_PORT && h->id == DFL_PORT_UINT &&
		   h->limit >= DFL_UINT_CAP + WORD) {
		cap = read64(w, h->bar, h->off + DFL_UINT_CAP);
		claim_vectors(w, h, FIELD_GET(DFL_UINT_CAP_FIRST, cap),
			      FIELD_GET(DFL_UINT_CAP_COUNT, cap));
	}
}

/* Parse a feature or AFU, which belongs to the FIU before it. */
static void parse_child(struct walk *w, struct dfl_header *h)
{
	const struct dfl_header *fiu;

	if (w->fiu == DFL_NO_PARENT) {
		dfl_make_opaque(w, h, DFL_REASON_NO_FIU, h->dfh);
		return;
	}
	fiu = &w->map->header[w->fiu];
	h->parent = w->fiu;
	h->port = fiu->port;
	if (fiu->reason)
		dfl_make_opaque(w, h, fiu->reason, h->dfh);
	else if (h->version > 1)
		dfl_make_opaque(w, h, DFL_REASON_VERSION, h->dfh);
	else if (FIELD_GET(DFL_DFH_TYPE, h->dfh) == DFL_TYPE_AFU)
		parse_listed_afu(w, h);
	else
		parse_private(w, h);
}

static enum dfl_reason check_extent(const struct dfl_header *h, u64 rest)
{
	if (rest < min_header(h))
		return DFL_REASON_TRUNCATED;
	if (h->limit < rest && h->limit % WORD)
		return DFL_REASON_NEXT_UNALIGNED;
	if (h->limit < min_header(h))
		return DFL_REASON_NEXT_SHORT;
	return DFL_OK;
}

/* Return the distance to the next header, 0 at the end of the list. */
static u64 parse_header(struct walk *w, u8 bar, u64 off, u64 dfh)
{
	u64 next = FIELD_GET(DFL_DFH_NEXT, dfh);
	u64 rest = w->end - off;
	struct dfl_header *h;
	enum dfl_reason reason;

	h = dfl_add_header(w, bar, off, dfh);
	if (!h)
		return 0;
	h->limit = next && next < rest ? next : rest;
	w->used = off + (h->limit < rest ? h->limit :
			 min_t(u64, rest, MAX_SPAN));

	reason = check_extent(h, rest);
	if (reason) {
		/* without the FIU, the features after it have no parent */
		dfl_make_opaque(w, h, reason, dfh);
		return 0;
	}
	switch (FIELD_GET(DFL_DFH_TYPE, dfh)) {
	case DFL_TYPE_FIU:
		parse_fiu(w, h);
		break;
	case DFL_TYPE_AFU:
	case DFL_TYPE_PRIVATE:
		parse_child(w, h);
		break;
	default:
		dfl_make_opaque(w, h, DFL_REASON_TYPE_UNKNOWN, dfh);
		break;
	}
	if (FIELD_GET(DFL_DFH_EOL, dfh) || h->limit == rest)
		return 0;
	return h->limit;
}

static int walk_list(struct walk *w, const struct dfl_list *list, u64 dfh)
{
	u64 off = list->start;
	u64 step;

	w->fiu = DFL_NO_PARENT;
	w->end = list->start + list->len;
	for (;;) {
		w->used = off + WORD;
		if (dfh == ALL_ONES) {
			dfl_add_finding(w, DFL_REASON_GONE, list->bar, off,
					dfh);
			return -EIO;
		}
		if (!dfh) {
			dfl_reject(w, DFL_REASON_ZERO, list->bar, off, dfh);
			return 0;
		}
		step = parse_header(w, list->bar, off, dfh);
		if (!step)
			return 0;
		off += step;
		if (w->end - off < WORD) {
			dfl_add_finding(w, DFL_REASON_TRUNCATED, list->bar, off,
					step);
			return 0;
		}
		dfh = read64(w, list->bar, off);
	}
}

static int walk_lists(struct walk *w, const struct dfl_list *list,
		      unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = walk_list(w, &list[i],
				read64(w, list[i].bar, list[i].start));
	return err;
}

/* Place @list at @start of BAR @bar. Return false if @min bytes do not fit. */
static bool place_list(const struct walk *w, u8 bar, u64 start, u64 min,
		       struct dfl_list *list)
{
	u64 len;

	if (bar >= DFL_NR_BARS || start % WORD)
		return false;
	len = w->io->bar_len[bar];
	if (start >= len || len - start < min)
		return false;
	*list = (struct dfl_list) { bar, start, len - start };
	return true;
}

static bool parse_vsec_entry(const struct walk *w, u32 entry,
			     const struct dfl_list *seen, unsigned int nr,
			     struct dfl_list *list)
{
	unsigned int i;

	if (!place_list(w, FIELD_GET(DFL_VSEC_ENTRY_BIR, entry),
			entry & DFL_VSEC_ENTRY_OFFSET, WORD, list))
		return false;
	for (i = 0; i < nr; i++)
		if (seen[i].bar == list->bar)
			return false;
	return true;
}

/* Return the number of lists in the VSEC that can be walked. */
static unsigned int parse_vsec(struct walk *w, const u32 *vsec,
			       unsigned int dwords, struct dfl_list *list)
{
	unsigned int nr = 0;
	u32 i, count, len;
	const u32 *entry;

	if (!vsec)
		return 0;
	if (dwords < 2 || FIELD_GET(DFL_VSEC_HDR_ID, vsec[0]) != DFL_VSEC_ID) {
		dfl_add_finding(w, DFL_REASON_VSEC_BAD, 0, 0,
				dwords ? vsec[0] : 0);
		return 0;
	}
	count = vsec[(DFL_VSEC_COUNT - DFL_VSEC_HDR) / 4];
	len = FIELD_GET(DFL_VSEC_HDR_LEN, vsec[0]);
	if (count > DFL_MAX_LISTS || count > dwords - 2 ||
	    len < DFL_VSEC_ENTRY + 4 * count) {
		dfl_add_finding(w, DFL_REASON_VSEC_BAD, 0, 0, count);
		return 0;
	}
	/* @vsec starts after the header dword of the extended capability */
	entry = vsec + (DFL_VSEC_ENTRY - DFL_VSEC_HDR) / 4;
	for (i = 0; i < count; i++) {
		if (parse_vsec_entry(w, entry[i], list, nr, &list[nr]))
			nr++;
		else
			dfl_add_finding(w, DFL_REASON_VSEC_ENTRY, 0, i,
					entry[i]);
	}
	return nr;
}

/* Place @list at the port that @ofst locates, past the list of the FME. */
static bool parse_port_ofst(const struct walk *w, u64 ofst,
			    const struct dfl_list *seen, unsigned int nr,
			    struct dfl_list *list)
{
	unsigned int i;

	if (!place_list(w, FIELD_GET(DFL_PORT_OFST_BAR, ofst),
			FIELD_GET(DFL_PORT_OFST_OFFSET, ofst), MIN_PORT, list))
		return false;
	if (list->bar == 0 && list->start < w->used)
		return false;
	for (i = 0; i < nr; i++)
		if (seen[i].bar == list->bar && seen[i].start == list->start)
			return false;
	return true;
}

/* End each list where the next one starts. */
static void clip_lists(struct dfl_list *list, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < nr; j++)
			if (list[i].bar == list[j].bar &&
			    list[i].start < list[j].start)
				list[i].len = min(list[i].len, list[j].start -
						  list[i].start);
}

static int walk_port_lists(struct walk *w)
{
	struct dfl_list list[DFL_MAX_PORTS];
	unsigned int i, nr = 0;

	for (i = 0; i < w->nr_ofst; i++) {
		u64 ofst = w->ofst[i];

		if (!FIELD_GET(DFL_PORT_OFST_IMPLEMENTED, ofst) ||
		    (w->vf_ports & BIT(i)) ||
		    FIELD_GET(DFL_PORT_OFST_BAR, ofst) ==
		    DFL_PORT_OFST_BAR_SKIP)
			continue;
		if (parse_port_ofst(w, ofst, list, nr, &list[nr]))
			nr++;
		else
			dfl_add_finding(w, DFL_REASON_PORT_OFST, 0,
					DFL_FME_PORT_OFST(i), ofst);
	}
	clip_lists(list, nr);
	return walk_lists(w, list, nr);
}

/**
 * dfl_read_afu() - read the words of an AFU header after the first
 * @w: state of the walk
 * @h: the header
 * @room: bytes from the header on that may be read
 */
void dfl_read_afu(struct walk *w, struct dfl_header *h, u64 room)
{
	if (h->version == 1)
		read_v1(w, h, room);
	else
		read_guid(w, h);
}

/* If BAR 0 starts with an AFU header, the whole BAR belongs to the AFU. */
static void parse_whole_bar(struct walk *w, u64 dfh)
{
	struct dfl_header *h = dfl_add_header(w, 0, 0, dfh);

	h->kind = DFL_KIND_AFU;
	h->limit = w->io->bar_len[0];
	if (h->version > 1) {
		dfl_make_opaque(w, h, DFL_REASON_VERSION, dfh);
	} else if (h->limit < min_header(h)) {
		dfl_make_opaque(w, h, DFL_REASON_TRUNCATED, dfh);
	} else {
		dfl_read_afu(w, h, h->limit);
		claim_vectors(w, h, 0, min_t(u64, w->io->nr_vectors,
					     DEFAULT_AFU_VECTORS));
	}
}

static int walk_bar0(struct walk *w)
{
	struct dfl_list list = { .len = w->io->bar_len[0] };
	u64 dfh;
	int err;

	if (list.len < WORD)
		return -ENODEV;
	dfh = read64(w, 0, 0);
	if (dfh == ALL_ONES) {
		dfl_add_finding(w, DFL_REASON_GONE, 0, 0, dfh);
		return -EIO;
	}
	switch (FIELD_GET(DFL_DFH_TYPE, dfh)) {
	case DFL_TYPE_AFU:
		parse_whole_bar(w, dfh);
		return 0;
	case DFL_TYPE_FIU:
		err = walk_list(w, &list, dfh);
		return err ?: walk_port_lists(w);
	default:
		return -ENODEV;
	}
}

/* Exclude ports that are assigned to a virtual function. */
static void exclude_vf_ports(struct walk *w)
{
	u32 i;

	for (i = 0; i < w->map->nr_headers; i++) {
		struct dfl_header *h = &w->map->header[i];

		if (h->port == NO_PORT || !(w->vf_ports & BIT(h->port)))
			continue;
		if (!h->reason)
			h->reason = DFL_REASON_PORT_VF;
		if (h->kind == DFL_KIND_PORT)
			dfl_add_finding(w, DFL_REASON_PORT_VF, h->bar, h->off,
					h->port);
	}
}

static bool any_usable(const struct dfl_map *map)
{
	u32 i;

	for (i = 0; i < map->nr_headers; i++)
		if (!map->header[i].reason)
			return true;
	return false;
}

int dfl_walk(const struct dfl_io *io, const u32 *vsec,
	     unsigned int vsec_dwords, struct dfl_map *map)
{
	struct walk w = { .io = io, .map = map };
	struct dfl_list list[DFL_MAX_LISTS + 1];
	unsigned int i, nr;
	int err;

	memset(map, 0, sizeof(*map));
	for (i = 0; i < DFL_MAX_PORTS; i++) {
		w.port[i].header = DFL_NO_PARENT;
		w.port[i].afu = DFL_NO_PARENT;
	}
	nr = parse_vsec(&w, vsec, vsec_dwords, list);
	err = nr ? walk_lists(&w, list, nr) : walk_bar0(&w);
	if (err) {
		map->nr_headers = 0;
		return err;
	}
	exclude_vf_ports(&w);
	dfl_parse_port_afus(&w);
	return any_usable(map) ? 0 : -EINVAL;
}

static const char * const reason_text[DFL_REASON_NR] = {
	[DFL_OK]			= "",
	[DFL_REASON_GONE]		= "card does not respond",
	[DFL_REASON_ZERO]		= "header is zero",
	[DFL_REASON_NEXT_UNALIGNED]	= "next offset is not aligned",
	[DFL_REASON_NEXT_SHORT]		= "next offset lies inside the header",
	[DFL_REASON_TRUNCATED]		= "header does not fit in its list",
	[DFL_REASON_TOO_MANY]		= "too many headers",
	[DFL_REASON_NO_FIU]		= "feature without interface unit",
	[DFL_REASON_FIU_UNKNOWN]	= "interface unit of unknown kind",
	[DFL_REASON_FIU_DUPLICATE]	= "interface unit exists already",
	[DFL_REASON_TYPE_UNKNOWN]	= "unknown header type",
	[DFL_REASON_VSEC_BAD]		= "list capability is malformed",
	[DFL_REASON_VSEC_ENTRY]		= "list capability has a bad entry",
	[DFL_REASON_PORT_COUNT]		= "too many ports announced",
	[DFL_REASON_PORT_OFST]		= "bad port location",
	[DFL_REASON_PORT_VF]		= "port belongs to a virtual function",
	[DFL_REASON_PORT_STUCK]		= "port does not leave or enter reset",
	[DFL_REASON_AFU_OFFSET]		= "bad AFU location",
	[DFL_REASON_AFU_HEADER]		= "no AFU header",
	[DFL_REASON_AFU_SIZE]		= "AFU window is empty or leaves the BAR",
	[DFL_REASON_AFU_UNDER_FME]	= "AFU without port",
	[DFL_REASON_PARAMS]		= "malformed parameters",
	[DFL_REASON_VECTORS]		= "bad interrupt vectors",
	[DFL_REASON_VECTOR_SHARED]	= "interrupt vectors belong to another feature",
	[DFL_REASON_POLICY]		= "never assigned",
	[DFL_REASON_OPT_IN]		= "needs opt-in",
	[DFL_REASON_VERSION]		= "unknown header version",
	[DFL_REASON_GUID]		= "invalid GUID",
	[DFL_REASON_CSR_ABSOLUTE]	= "absolute register address",
	[DFL_REASON_CSR_AMBIGUOUS]	= "ambiguous register address",
	[DFL_REASON_CSR_RANGE]		= "bad register window",
	[DFL_REASON_OVERLAP]		= "overlaps another feature",
	[DFL_REASON_MSIX]		= "contains MSI-X structures",
};

const char *dfl_reason_text(enum dfl_reason reason)
{
	if ((unsigned int)reason >= DFL_REASON_NR)
		return "unknown";
	return reason_text[reason];
}
