// SPDX-License-Identifier: GPL-2.0-only
/* FME header: the locations of the ports. */
#include "blocks/all.h"
#include "lib/dfl.h"
#include "lib/spec.h"

#define FME_SCRATCH		0x28
#define FME_FAB_STATUS		0x58
#define FME_BITSTREAM_ID	0x60
#define FME_BITSTREAM_MD	0x68
#define FAB_STATUS_PCIE0_LINK	BIT_ULL(8)
#define FAB_CAP_PCIE0		BIT_ULL(12)
#define FAB_CAP_ADDR_WIDTH	GENMASK_ULL(29, 24)
#define PORT_OFST_DECOUPLE	BIT_ULL(56)

static u64 port_word(const json_t *port)
{
	u64 word = DFL_PORT_OFST_IMPLEMENTED;

	word |= FIELD_PREP(DFL_PORT_OFST_OFFSET, spec_u64(port, "offset", 0));
	word |= FIELD_PREP(DFL_PORT_OFST_BAR, spec_u64(port, "bar", 0));
	if (json_is_true(json_object_get(port, "vf")))
		word |= DFL_PORT_OFST_VF;
	return word;
}

static int fme_init(struct block *b, const json_t *spec)
{
	const json_t *ports = json_object_get(spec, "ports");
	u64 cap = FAB_CAP_PCIE0;
	size_t i, nr = json_array_size(ports);

	if (nr > DFL_MAX_PORTS)
		return spec_error("%s: too many ports", b->name);
	cap |= FIELD_PREP(DFL_FME_CAP_NUM_PORTS, nr) |
	       FIELD_PREP(FAB_CAP_ADDR_WIDTH,
			  spec_u64(spec, "address_bits", 48));
	block_add_reg(b, FME_SCRATCH, 0, ALL_ONES);
	block_add_reg(b, DFL_FME_CAP, cap, 0);
	for (i = 0; i < DFL_MAX_PORTS; i++)
		block_add_reg(b, DFL_FME_PORT_OFST(i),
			      i < nr ? port_word(json_array_get(ports, i)) : 0,
			      DFL_PORT_OFST_VF | PORT_OFST_DECOUPLE);
	block_add_reg(b, FME_FAB_STATUS, FAB_STATUS_PCIE0_LINK, 0);
	block_add_reg(b, FME_BITSTREAM_ID, spec_u64(spec, "bitstream", 0), 0);
	block_add_reg(b, FME_BITSTREAM_MD, 0x0000000002411010, 0);
	return 0;
}

const struct model model_fme = {
	.name = "fme",
	.init = fme_init,
};
