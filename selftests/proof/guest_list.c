// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: guest list: well-formed, and a driver finds the block in it
 * Bound: any block and vectors, pages of 4 and 64 KiB, up to 3 parameter words
 * Unwind: 50
 * Fast: yes
 *
 * A guest list has one or two emulated headers before the block. One parameter
 * word is patched, of the first block that matches; with 3 words it is the first
 * or the second block.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_PARAM_WORDS	3
#include "small.h"
#include "dfl/guest.c"

#define STOCK_SIZE	0x1000	/* of features without next offset */
#define MAX_AFU		(0xffffULL * 1024)
#define MAX_BLOCK	BIT_ULL(40)

/* dfl_param_msix() of walk.c has a statement of its own */
u32 dfl_param_msix(const struct dfl_header *h)
{
	u32 any;

	ASSUME(!any || any < h->nr_params);
	return any;
}

/* Restrict to blocks that the walk and the carving produce. */
static void assume_block(const struct dfl_guest_desc *desc)
{
	const struct dfl_header *h = desc->header;
	u64 next = FIELD_GET(DFL_DFH_NEXT, h->dfh);
	bool afu = h->kind == DFL_KIND_AFU;

	ASSUME(afu || h->kind == DFL_KIND_PRIVATE);
	ASSUME(FIELD_GET(DFL_DFH_TYPE, h->dfh) ==
	       (afu ? DFL_TYPE_AFU : DFL_TYPE_PRIVATE));
	ASSUME(desc->page_size == 0x1000 || desc->page_size == 0x10000);
	ASSUME(desc->block_size && desc->block_size % 8 == 0);
	ASSUME(desc->block_size <= (afu ? MAX_AFU : MAX_BLOCK));
	ASSUME(afu || !next || (desc->block_size <= next && next % 8 == 0));
	ASSUME(h->nr_params <= DFL_MAX_PARAM_WORDS);
	ASSUME(!h->nr_params ||
	       desc->block_size >= DFL_PARAM + 8 * h->nr_params);
	ASSUME(desc->nr_vectors <= DFL_MAX_VECTORS);
}

static void prove_layout(const struct dfl_guest *guest,
			 const struct dfl_guest_desc *desc)
{
	u32 i;

	PROVE(power_of_two(guest->size), "the size is a power of two");
	PROVE(guest->block_off && guest->block_off % desc->page_size == 0,
	      "the block starts a page");
	PROVE(guest->block_off < guest->size &&
	      guest->size - guest->block_off >= desc->block_size &&
	      guest->size - guest->block_off >= guest->patched,
	      "the block lies in the list");
	PROVE(guest->nr_words <= DFL_GUEST_MAX_WORDS, "words fit");
	ASSUME(i < guest->nr_words);
	PROVE(guest->word[i].off % 8 == 0 &&
	      guest->word[i].off < guest->block_off + guest->patched,
	      "emulated words lie before the block or in its first page");
	PROVE(!guest->patched || guest->patched == desc->page_size,
	      "whole pages are patched");
}

static u64 read64(const struct dfl_guest *guest, u64 off, u64 dfh)
{
	u64 value;

	if (dfl_guest_word(guest, off, &value))
		return value;
	return off == guest->block_off ? dfh : ~0ULL;
}

/* Walk as the stock driver does, from the FIU to the block. */
static void prove_walk(const struct dfl_guest *guest,
		       const struct dfl_guest_desc *desc)
{
	u64 dfh = read64(guest, 0, desc->header->dfh);
	u64 next = FIELD_GET(DFL_DFH_NEXT, dfh), size;
	bool port = FIELD_GET(DFL_DFH_ID, dfh) == DFL_FIU_PORT;

	PROVE(FIELD_GET(DFL_DFH_TYPE, dfh) == DFL_TYPE_FIU, "it starts with a FIU");
	PROVE(port == (desc->parent == DFL_KIND_PORT), "of the kind of its parent");
	if (desc->header->kind == DFL_KIND_PRIVATE) {
		PROVE(next == guest->block_off && !(dfh & DFL_DFH_EOL),
		      "the block follows");
		size = FIELD_GET(DFL_DFH_NEXT,
				 read64(guest, next, desc->header->dfh));
		PROVE((size ? size : STOCK_SIZE) <= guest->size - next,
		      "the driver accepts the size of the block");
		return;
	}
	PROVE(read64(guest, DFL_NEXT_AFU, 0) == guest->block_off,
	      "the port locates the AFU");
	PROVE(FIELD_GET(DFL_PORT_CAP_MMIO_KIB, read64(guest, DFL_PORT_CAP, 0)) ==
	      desc->block_size / 1024, "the port reports the size of the AFU");
	PROVE(!(dfh & DFL_DFH_EOL) == !!desc->nr_vectors,
	      "a feature follows if there are vectors");
	if (!desc->nr_vectors)
		return;
	dfh = read64(guest, next, 0);
	PROVE(FIELD_GET(DFL_DFH_ID, dfh) == DFL_PORT_UINT &&
	      (dfh & DFL_DFH_EOL), "the user interrupts end the list");
	PROVE(FIELD_GET(DFL_UINT_CAP_COUNT, read64(guest, next + DFL_UINT_CAP, 0)) ==
	      desc->nr_vectors, "with all vectors of the instance");
}

int main(void)
{
	struct dfl_header header;
	struct dfl_guest_desc desc;
	struct dfl_guest guest;
	u64 off, value;

	desc.header = &header;
	assume_block(&desc);
	ASSUME(off % 8 == 0);

	dfl_guest_init(&guest, &desc);
	if (!guest.size) {
		PROVE(header.kind == DFL_KIND_AFU && desc.parent != DFL_KIND_PORT,
		      "only an AFU without port has no list");
		return 0;
	}
	prove_layout(&guest, &desc);
	prove_walk(&guest, &desc);
	PROVE(dfl_guest_word(&guest, off, &value) || off >= guest.block_off,
	      "all words before the block are emulated");

	REACHED(guest.patched && desc.page_size == 0x10000, "a patched word");
	REACHED(header.kind == DFL_KIND_AFU && desc.nr_vectors, "an AFU");
	REACHED(guest.size == MAX_BLOCK * 2, "the largest list");
	return 0;
}
