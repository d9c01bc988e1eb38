// SPDX-License-Identifier: GPL-2.0-only
/* Blocks that are nothing but storage, and ones that announce interrupts. */
#include "../card.h"

#define PLAIN_DEFAULT_END	0x100

/* Storage from the end of the header to "end" (default 0x100, or the CSRs). */
static int plain_init(struct block *b, const json_t *spec)
{
	const json_t *csr = json_object_get(spec, "csr");
	u64 end = PLAIN_DEFAULT_END, start = b->header_len, off;

	if (csr) {
		start = image_u64(csr, "start", 0x100);
		end = start + image_u64(csr, "size", 0x100);
	}
	end = min_u64(image_u64(spec, "end", end), b->size);
	for (off = start; off < end; off += 8)
		block_add_reg(b, off, image_u64(spec, "fill", 0), CARD_ONES);
	return 0;
}

const struct model model_plain = {
	.name = "plain",
	.init = plain_init,
};

/*
 * A register that says which vectors some feature has: UINT for an AFU, error
 * reporting for itself. "cap" is its offset and decides the format.
 */
static int irq_cap_init(struct block *b, const json_t *spec)
{
	u64 cap = image_u64(spec, "cap", DFL_UINT_CAP);
	u64 first = image_u64(spec, "first", 0);
	u64 count = image_u64(spec, "count", 0);

	plain_init(b, spec);
	if (cap == DFL_UINT_CAP)
		block_add_reg(b, cap, FIELD_PREP(DFL_UINT_CAP_COUNT, count) |
			      FIELD_PREP(DFL_UINT_CAP_FIRST, first), 0);
	else
		block_add_reg(b, cap, BIT_ULL(0) | first << 1, 0);
	return 0;
}

const struct model model_irq_cap = {
	.name = "irq-cap",
	.init = irq_cap_init,
};
