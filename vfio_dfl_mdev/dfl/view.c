// SPDX-License-Identifier: GPL-2.0-only
/* Layout of the list that a stock DFL driver finds in an instance. */
#include "view.h"

#define FME_GUID_L	0x82fe38f0f9e17764ULL
#define FME_GUID_H	0xbfaf2ae94a5246e3ULL
#define PORT_GUID_L	0x9642b06c6b355b87ULL
#define PORT_GUID_H	0x3ab49893138d42ebULL

/* Port headers from this revision on have no user clock registers */
#define PORT_REVISION	2

static void add(struct dfl_view *view, u64 off, u64 value)
{
	view->word[view->nr_words].off = off;
	view->word[view->nr_words].value = value;
	view->nr_words++;
}

static u64 dfh(u8 type, u16 id, u8 revision, u64 next, bool eol)
{
	return FIELD_PREP(DFL_DFH_TYPE, type) | FIELD_PREP(DFL_DFH_ID, id) |
	       FIELD_PREP(DFL_DFH_REVISION, revision) |
	       FIELD_PREP(DFL_DFH_NEXT, next) | (eol ? DFL_DFH_EOL : 0);
}

/* An FME without ports; what follows it is the block. */
static void add_fme(struct dfl_view *view)
{
	add(view, DFL_DFH, dfh(DFL_TYPE_FIU, DFL_FIU_FME, 0, view->block,
			       false));
	add(view, DFL_GUID_L, FME_GUID_L);
	add(view, DFL_GUID_H, FME_GUID_H);
}

static void add_port(struct dfl_view *view, u64 next, bool eol)
{
	add(view, DFL_DFH, dfh(DFL_TYPE_FIU, DFL_FIU_PORT, PORT_REVISION, next,
			       eol));
	add(view, DFL_GUID_L, PORT_GUID_L);
	add(view, DFL_GUID_H, PORT_GUID_H);
	view->ctrl = DFL_PORT_CTRL;
}

/* Vectors start at 0 in the instance, wherever they do on the card. */
static void add_uint(struct dfl_view *view, u64 off, u16 nr_vectors)
{
	add(view, off, dfh(DFL_TYPE_PRIVATE, DFL_PORT_UINT, 0, 0, true));
	add(view, off + DFL_UINT_CAP,
	    FIELD_PREP(DFL_UINT_CAP_COUNT, nr_vectors));
}

static void afu_view(struct dfl_view *view, const struct dfl_view_desc *desc)
{
	bool has_uint = desc->nr_vectors;

	view->block = (has_uint ? 2 : 1) * desc->page_size;
	add_port(view, desc->page_size, !has_uint);
	add(view, DFL_NEXT_AFU, view->block);
	add(view, DFL_PORT_CAP,
	    FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, desc->block_size / 1024) |
	    FIELD_PREP(DFL_PORT_CAP_INTERRUPTS, min(desc->nr_vectors, 15)));
	if (has_uint)
		add_uint(view, desc->page_size, desc->nr_vectors);
}

/* Returns the index of the data word of the MSI-X parameter, or 0. */
static u32 msix_param(const struct dfl_header *h)
{
	u32 i = 0;

	while (i + 1 < h->nr_params) {
		u64 next = FIELD_GET(DFL_PARAM_NEXT, h->params[i]);

		if (next > 1 &&
		    FIELD_GET(DFL_PARAM_ID, h->params[i]) == DFL_PARAM_MSIX)
			return i + 1;
		if (!next || next >= h->nr_params)
			return 0;
		i += next;
	}
	return 0;
}

static void patch_vectors(struct dfl_view *view,
			  const struct dfl_view_desc *desc)
{
	u32 i = msix_param(desc->header);

	if (!i)
		return;
	add(view, view->block + DFL_PARAM + 8 * i,
	    FIELD_PREP(DFL_PARAM_MSIX_COUNT, desc->nr_vectors));
	view->patched = desc->page_size;
}

static void private_view(struct dfl_view *view,
			 const struct dfl_view_desc *desc)
{
	view->block = desc->page_size;
	if (desc->parent == DFL_KIND_PORT)
		add_port(view, view->block, false);
	else
		add_fme(view);
	patch_vectors(view, desc);
}

/*
 * The walk of a stock driver goes on at the block's own next offset. Past the
 * block all words read ones, which ends it, and so does the end of the view;
 * the whole of the offset has to fit, or the driver refuses the block.
 */
static u64 view_size(const struct dfl_view *view,
		     const struct dfl_view_desc *desc)
{
	u64 next = FIELD_GET(DFL_DFH_NEXT, desc->header->dfh);
	u64 need = max(desc->block_size, desc->page_size);
	u64 size = desc->page_size;

	if (desc->header->kind == DFL_KIND_PRIVATE)
		need = max(need, next);
	while (size < view->block + need)
		size *= 2;
	return size;
}

void dfl_view_init(struct dfl_view *view, const struct dfl_view_desc *desc)
{
	memset(view, 0, sizeof(*view));
	if (desc->header->kind == DFL_KIND_PRIVATE)
		private_view(view, desc);
	else if (desc->parent == DFL_KIND_PORT)
		afu_view(view, desc);
	else
		return;	/* a port that resets nothing would be a lie */
	view->size = view_size(view, desc);
}

bool dfl_view_word(const struct dfl_view *view, u64 off, u64 *value)
{
	u32 i;

	*value = 0;
	if (off >= view->block + view->patched)
		return false;
	for (i = 0; i < view->nr_words; i++) {
		if (view->word[i].off == off) {
			*value = view->word[i].value;
			return true;
		}
	}
	return off < view->block;
}
