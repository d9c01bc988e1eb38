// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layout of the list that a stock DFL driver finds in BAR 2 of an instance.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "guest.h"

#define FME_GUID_L	0x82fe38f0f9e17764ULL
#define FME_GUID_H	0xbfaf2ae94a5246e3ULL
#define PORT_GUID_L	0x9642b06c6b355b87ULL
#define PORT_GUID_H	0x3ab49893138d42ebULL

/* Port headers from this revision on have no user clock registers */
#define PORT_REVISION	2

static void add(struct dfl_guest *guest, u64 off, u64 value)
{
	guest->word[guest->nr_words].off = off;
	guest->word[guest->nr_words].value = value;
	guest->nr_words++;
}

static u64 dfh(u8 type, u16 id, u8 revision, u64 next, bool eol)
{
	return FIELD_PREP(DFL_DFH_TYPE, type) | FIELD_PREP(DFL_DFH_ID, id) |
	       FIELD_PREP(DFL_DFH_REVISION, revision) |
	       FIELD_PREP(DFL_DFH_NEXT, next) | (eol ? DFL_DFH_EOL : 0);
}

/* An FME without ports; the block follows it. */
static void add_fme(struct dfl_guest *guest)
{
	add(guest, DFL_DFH,
	    dfh(DFL_TYPE_FIU, DFL_FIU_FME, 0, guest->block_off, false));
	add(guest, DFL_GUID_L, FME_GUID_L);
	add(guest, DFL_GUID_H, FME_GUID_H);
}

static void add_port(struct dfl_guest *guest, u64 next, bool eol)
{
	add(guest, DFL_DFH,
	    dfh(DFL_TYPE_FIU, DFL_FIU_PORT, PORT_REVISION, next, eol));
	add(guest, DFL_GUID_L, PORT_GUID_L);
	add(guest, DFL_GUID_H, PORT_GUID_H);
	guest->ctrl = DFL_PORT_CTRL;
}

/* The vectors of an instance start at 0, whatever their numbers on the card. */
static void add_uint(struct dfl_guest *guest, u64 off, u16 nr_vectors)
{
	add(guest, off, dfh(DFL_TYPE_PRIVATE, DFL_PORT_UINT, 0, 0, true));
	add(guest, off + DFL_UINT_CAP,
	    FIELD_PREP(DFL_UINT_CAP_COUNT, nr_vectors));
}

static void lay_out_afu(struct dfl_guest *guest,
			const struct dfl_guest_desc *desc)
{
	bool has_uint = desc->nr_vectors;

	guest->block_off = (has_uint ? 2 : 1) * desc->page_size;
	add_port(guest, desc->page_size, !has_uint);
	add(guest, DFL_NEXT_AFU, guest->block_off);
	add(guest, DFL_PORT_CAP,
	    FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, desc->block_size / 1024) |
	    FIELD_PREP(DFL_PORT_CAP_INTERRUPTS, min(desc->nr_vectors, 15)));
	if (has_uint)
		add_uint(guest, desc->page_size, desc->nr_vectors);
}

static void patch_vectors(struct dfl_guest *guest,
			  const struct dfl_guest_desc *desc)
{
	u32 i = dfl_param_msix(desc->header);

	if (!i)
		return;
	add(guest, guest->block_off + DFL_PARAM + 8 * i,
	    FIELD_PREP(DFL_PARAM_MSIX_COUNT, desc->nr_vectors));
	guest->patched = desc->page_size;
}

static void lay_out_private(struct dfl_guest *guest,
			    const struct dfl_guest_desc *desc)
{
	guest->block_off = desc->page_size;
	if (desc->parent == DFL_KIND_PORT)
		add_port(guest, guest->block_off, false);
	else
		add_fme(guest);
	patch_vectors(guest, desc);
}

/*
 * A stock driver continues its walk at the next offset of the block. Words past
 * the block read all-ones, which ends the walk, as does the end of the list.
 * The driver refuses a block whose next offset leaves the list.
 */
static u64 guest_size(const struct dfl_guest *guest,
		      const struct dfl_guest_desc *desc)
{
	u64 next = FIELD_GET(DFL_DFH_NEXT, desc->header->dfh);
	u64 need = max(desc->block_size, desc->page_size);
	u64 size = desc->page_size;

	if (desc->header->kind == DFL_KIND_PRIVATE)
		need = max(need, next);
	while (size < guest->block_off + need)
		size *= 2;
	return size;
}

void dfl_guest_init(struct dfl_guest *guest, const struct dfl_guest_desc *desc)
{
	memset(guest, 0, sizeof(*guest));
	if (desc->header->kind == DFL_KIND_PRIVATE)
		lay_out_private(guest, desc);
	else if (desc->parent == DFL_KIND_PORT)
		lay_out_afu(guest, desc);
	else
		return;	/* no port to emulate: there is no reset behind it */
	guest->size = guest_size(guest, desc);
}

bool dfl_guest_word(const struct dfl_guest *guest, u64 off, u64 *value)
{
	u32 i;

	*value = 0;
	if (off >= guest->block_off + guest->patched)
		return false;
	for (i = 0; i < guest->nr_words; i++) {
		if (guest->word[i].off == off) {
			*value = guest->word[i].value;
			return true;
		}
	}
	return off < guest->block_off;
}
