// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any block: its guest list has room for it, every word of it is either
 * emulated or the block's, and a stock DFL driver that walks it finds an
 * interface unit and the block, and nothing that it would refuse.
 *
 * Input: struct head, then words of parameters.
 */
#include "dfl/guest.h"
#include "fuzz.h"

#define STOCK_SIZE		0x1000	/* of features without next offset */
#define ONES			(~0ULL)
#define SMALL_PAGE		0x1000ULL
#define BIG_PAGE		0x10000ULL
#define MAX_AFU			(0xffffULL * 1024)
#define MAX_BLOCK		BIT_ULL(40)

struct head {
	u8 kind;
	u8 parent;
	u8 big_pages;
	u8 nr_vectors;
	u8 nr_params;
	u8 pad[3];
	u64 block_size;
	u64 dfh;
};

static struct dfl_header header;
static struct dfl_guest guest;
static struct dfl_guest_desc desc;

/* Restrict to blocks that the walk accepts: a block ends at the next header. */
static u64 block_size(const struct head *head, bool afu)
{
	u64 next = FIELD_GET(DFL_DFH_NEXT, head->dfh);
	u64 size = head->block_size % (afu ? MAX_AFU : MAX_BLOCK) / 8 * 8 + 8;

	return afu || !next ? size : min_t(u64, size, next / 8 * 8);
}

/* Parameters lie in the block. */
static u16 nr_params(const struct head *head, u64 available)
{
	u64 room = desc.block_size < DFL_PARAM ? 0 :
		   (desc.block_size - DFL_PARAM) / 8;

	u64 most = min_t(u64, room, DFL_MAX_PARAM_WORDS);

	available = min_t(u64, available, most);
	return min_t(u64, head->nr_params, available);
}

/* Return false if there is no such block. */
static bool set_up(const u8 *data, size_t size)
{
	struct head head;
	bool afu;

	memcpy(&head, data, sizeof(head));
	afu = head.kind & 1;
	memset(&header, 0, sizeof(header));
	header.kind = afu ? DFL_KIND_AFU : DFL_KIND_PRIVATE;
	header.dfh = head.dfh & ~DFL_DFH_TYPE;
	header.dfh |= FIELD_PREP(DFL_DFH_TYPE,
				 afu ? DFL_TYPE_AFU : DFL_TYPE_PRIVATE);
	desc = (struct dfl_guest_desc) {
		.header = &header,
		.parent = head.parent % (DFL_KIND_OPAQUE + 1),
		.block_size = block_size(&head, afu),
		.page_size = head.big_pages & 1 ? BIG_PAGE : SMALL_PAGE,
		.nr_vectors = head.nr_vectors % (DFL_MAX_VECTORS + 1),
	};
	header.nr_params = nr_params(&head, (size - sizeof(head)) / 8);
	memcpy(header.params, data + sizeof(head), header.nr_params * 8);
	return desc.block_size;
}

static void check_layout(void)
{
	u32 i;

	HOLDS(!(guest.size & (guest.size - 1)));
	HOLDS(guest.block_off && guest.block_off % desc.page_size == 0);
	HOLDS(guest.patched % desc.page_size == 0);
	HOLDS(guest.size - guest.block_off >= desc.block_size);
	HOLDS(guest.size - guest.block_off >= guest.patched);
	HOLDS(guest.ctrl < guest.block_off);
	HOLDS(!guest.ctrl == (header.kind == DFL_KIND_PRIVATE &&
			      desc.parent != DFL_KIND_PORT));
	HOLDS(guest.nr_words <= DFL_GUEST_MAX_WORDS);
	for (i = 0; i < guest.nr_words; i++) {
		HOLDS(guest.word[i].off % 8 == 0);
		HOLDS(guest.word[i].off < guest.block_off + guest.patched);
	}
}

static void check_words(void)
{
	u64 off, value, end = guest.block_off + guest.patched + desc.page_size;
	u32 seen = 0;

	for (off = 0; off < end; off += 8) {
		bool emulated = dfl_guest_word(&guest, off, &value);

		HOLDS(emulated || off >= guest.block_off);
		HOLDS(!emulated || off < guest.block_off + guest.patched);
		HOLDS(emulated || !value);
		seen += emulated && off >= guest.block_off;
	}
	HOLDS(seen <= 1);
}

/* Read as a driver does: the header of the block, then ones. */
static u64 read64(u64 off)
{
	u64 value;

	HOLDS(off < guest.size && guest.size - off >= 8);
	if (dfl_guest_word(&guest, off, &value))
		return value;
	return off == guest.block_off ? header.dfh : ONES;
}

/* A header that the stock driver takes for a feature must lie in the list. */
static void check_feature(u64 off, u64 dfh)
{
	u64 next = FIELD_GET(DFL_DFH_NEXT, dfh);

	HOLDS((next ? next : STOCK_SIZE) <= guest.size - off);
}

/* Walk as the stock driver does; return true if the block is in the list. */
static bool walk(u64 *nr_vectors)
{
	u64 off = 0, dfh, next;
	bool found = false;

	for (;;) {
		dfh = read64(off);
		if (dfh == ONES)
			return found;
		check_feature(off, dfh);
		found |= off == guest.block_off;
		HOLDS(off == 0 || FIELD_GET(DFL_DFH_TYPE, dfh) != DFL_TYPE_FIU);
		if (off && off < guest.block_off &&
		    FIELD_GET(DFL_DFH_ID, dfh) == DFL_PORT_UINT)
			*nr_vectors = FIELD_GET(DFL_UINT_CAP_COUNT,
						read64(off + DFL_UINT_CAP));
		next = FIELD_GET(DFL_DFH_NEXT, dfh);
		if (!next || FIELD_GET(DFL_DFH_EOL, dfh))
			return found;
		off += next;
		if (off >= guest.size || guest.size - off < 8 || off % 8)
			return found;
	}
}

static void check_private(void)
{
	u64 none = 0;

	HOLDS(FIELD_GET(DFL_DFH_TYPE, read64(0)) == DFL_TYPE_FIU);
	HOLDS(walk(&none));
	HOLDS(!none);
}

static void check_afu(void)
{
	u64 nr_vectors = 0, cap = read64(DFL_PORT_CAP);

	HOLDS(FIELD_GET(DFL_DFH_ID, read64(0)) == DFL_FIU_PORT);
	HOLDS(FIELD_GET(DFL_NEXT_AFU_OFFSET, read64(DFL_NEXT_AFU)) ==
	      guest.block_off);
	HOLDS(FIELD_GET(DFL_PORT_CAP_MMIO_KIB, cap) ==
	      desc.block_size / 1024);
	walk(&nr_vectors);
	HOLDS(nr_vectors == desc.nr_vectors);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (size < sizeof(struct head) || !set_up(data, size))
		return 0;
	dfl_guest_init(&guest, &desc);
	if (!guest.size) {
		HOLDS(header.kind == DFL_KIND_AFU &&
		      desc.parent != DFL_KIND_PORT);
		return 0;
	}
	check_layout();
	if (desc.page_size == SMALL_PAGE)
		check_words();
	if (header.kind == DFL_KIND_AFU)
		check_afu();
	else
		check_private();
	return 0;
}
