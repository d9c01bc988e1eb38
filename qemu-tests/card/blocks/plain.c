// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of storage, and of storage with an interrupt capability. */
#include "blocks/all.h"
#include "lib/dfl.h"
#include "lib/spec.h"

#define PLAIN_DEFAULT_END	0x100

/* Storage from the end of the header to "end" (default 0x100, or the CSRs). */
static int plain_init(struct block *b, const json_t *spec)
{
	const json_t *csr = json_object_get(spec, "csr");
	u64 end = PLAIN_DEFAULT_END, start = b->header_len, off;

	if (csr) {
		start = spec_u64(csr, "start", 0x100);
		end = start + spec_u64(csr, "size", 0x100);
	}
	end = min_u64(spec_u64(spec, "end", end), b->size);
	for (off = start; off < end; off += 8)
		block_add_reg(b, off, spec_u64(spec, "fill", 0), ALL_ONES);
	return 0;
}

const struct model model_plain = {
	.name = "plain",
	.init = plain_init,
};

/*
 * Register that describes interrupt vectors: in a UINT feature those of the AFU,
 * in error reporting those of the feature itself. "cap" is the offset of the
 * register and selects the format.
 */
static int irq_cap_init(struct block *b, const json_t *spec)
{
	u64 cap = spec_u64(spec, "cap", DFL_UINT_CAP);
	u64 first = spec_u64(spec, "first", 0);
	u64 count = spec_u64(spec, "count", 0);

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

/* Storage with the error word of the protocol checker */
static int port_error_init(struct block *b, const json_t *spec)
{
	plain_init(b, spec);
	block_add_special(b, DFL_PORT_ERR_WORD, 0, REG_HOOKED);
	block_add_special(b, DFL_PORT_ERR_FIRST, 0, REG_HOOKED);
	return 0;
}

static u64 port_error_read(struct block *b, u64 off)
{
	(void)off;	/* the only error is also the first one */
	return b->checker->error;
}

static void port_error_write(struct block *b, u64 off, u64 value, u64 bits)
{
	if (off == DFL_PORT_ERR_WORD)
		b->checker->error &= ~(value & bits);
}

const struct model model_port_error = {
	.name = "port-error",
	.init = port_error_init,
	.read = port_error_read,
	.write = port_error_write,
};
