// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: config space: exactly the listed bits can be written
 * Bound: any ids, BAR sizes and number of vectors
 * Unwind: 545
 * Fast: yes
 *
 * The loops of vconfig_init() have constant bounds.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "proof.h"
#include "dfl/vconfig.c"

static u8 byte_of(u64 word, u32 nr)
{
	return word >> (8 * nr);
}

/* Written from the PCI specification, not from the table of vconfig.c */
static u8 expected_mask(const struct vconfig_desc *desc, u32 at)
{
	switch (at) {
	case 0x04:	/* command: memory, bus master, parity */
		return 0x46;
	case 0x05:	/* command: SERR, INTx disable */
		return 0x05;
	case 0x10 ... 0x17:
		return byte_of(~(desc->bar0_size - 1), at - 0x10);
	case 0x18 ... 0x1f:
		return desc->bar2_size ?
		       byte_of(~(desc->bar2_size - 1), at - 0x18) : 0;
	case 0x20 ... 0x23:
		return desc->nr_vectors ? byte_of(~0xfffULL, at - 0x20) : 0;
	case 0x3c:	/* interrupt line */
		return 0xff;
	case 0x48:	/* device control: error reports, ordering, payload */
		return 0xff;
	case 0x49:	/* device control: no snoop, read request; not FLR */
		return 0x78;
	case 0x7f:	/* MSI-X: enable, mask all */
		return desc->nr_vectors ? 0xc0 : 0;
	default:
		return 0;
	}
}

static void prove_capabilities(const struct vconfig *cfg,
			       const struct vconfig_desc *desc)
{
	u8 next = cfg->value[PCI_CAPABILITY_LIST];

	PROVE(next == 0x40 && cfg->value[next] == PCI_CAP_ID_EXP,
	      "the first capability is PCI Express");
	next = cfg->value[next + 1];
	PROVE(next == (desc->nr_vectors ? 0x7c : 0) &&
	      (!next || (cfg->value[next] == PCI_CAP_ID_MSIX &&
			 !cfg->value[next + 1])),
	      "MSI-X follows if there are vectors, and ends the list");
	PROVE(!(cfg->value[0x47] & 0x10) == !desc->flr,
	      "a function level reset is announced where it exists");
}

int main(void)
{
	struct vconfig_desc desc;
	struct vconfig cfg;
	u32 at;

	ASSUME(power_of_two(desc.bar0_size) && desc.bar0_size >= 4096);
	ASSUME(!desc.bar2_size ||
	       (power_of_two(desc.bar2_size) && desc.bar2_size >= 4096));
	ASSUME(at < VCONFIG_STORED);

	vconfig_init(&cfg, &desc);
	PROVE(cfg.writable[at] == expected_mask(&desc, at),
	      "masks are exact");
	PROVE(vconfig_memory_on(&cfg), "memory enable starts at 1");
	PROVE(IMPLIES(at >= PCI_BASE_ADDRESS_0 && at < PCI_CARDBUS_CIS,
		      !(cfg.value[at] & cfg.writable[at])),
	      "BAR addresses start at 0");
	prove_capabilities(&cfg, &desc);

	REACHED(at == 0x13 && cfg.writable[at], "a BAR below 4 GiB");
	REACHED(at == 0x1f && cfg.writable[at], "a guest list");
	REACHED(at == 0x7f && cfg.writable[at], "MSI-X");
	REACHED(desc.flr && !desc.nr_vectors && !desc.bar2_size, "neither");
	return 0;
}
