// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: config space: read-only bits stay, effects are exact
 * Bound: any contents and offset, writes of up to 2 bytes
 * Unwind: 3
 * Fast: yes
 *
 * vconfig_write() handles each byte alone, and compares memory enable before
 * and after, so that a longer write only adds bytes of the same kinds.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "proof.h"
#include "dfl/vconfig.c"

#define MAX_LEN		2
#define FLR_BYTE	(PCIE_CAP + PCI_EXP_DEVCTL + 1)
#define FLR_BIT		(PCI_EXP_DEVCTL_BCR_FLR >> 8)

static bool asks_flr(const struct vconfig *cfg, const u8 *in, u32 off, u32 len)
{
	return covers(off, len, FLR_BYTE) && announces_flr(cfg) &&
	       (in[FLR_BYTE - off] & FLR_BIT);
}

int main(void)
{
	struct vconfig cfg, before, other, other_before;
	u32 off, len, at, effects;
	bool was_on, is_on, flr;
	u8 in[MAX_LEN];
	u8 changed, stored;

	ASSUME(len <= MAX_LEN && off <= VCONFIG_SIZE - len);
	ASSUME(at < VCONFIG_STORED);
	before = cfg;
	other_before = other;
	was_on = vconfig_memory_on(&cfg);
	flr = asks_flr(&cfg, in, off, len);
	/* this byte is read-only, which vconfig_init.c proves */
	ASSUME(!cfg.writable[PCIE_CAP + PCI_EXP_DEVCAP + 3]);

	effects = vconfig_write(&cfg, off, in, len);
	is_on = vconfig_memory_on(&cfg);

	changed = cfg.value[at] ^ before.value[at];
	PROVE(cfg.writable[at] == before.writable[at], "masks stay");
	PROVE(!(changed & ~cfg.writable[at]), "read-only bits stay");
	PROVE(covers(off, len, at) || !changed, "bytes outside the write stay");
	stored = cfg.value[at] & cfg.writable[at];
	PROVE(IMPLIES(covers(off, len, at),
		      stored == (in[at - off] & cfg.writable[at])),
	      "writable bits take the written value");
	PROVE(effects == ((was_on && !is_on ? VCONFIG_MEMORY_OFF : 0) |
			  (!was_on && is_on ? VCONFIG_MEMORY_ON : 0) |
			  (flr ? VCONFIG_FLR : 0)), "effects are exact");
	PROVE(other.value[at] == other_before.value[at] &&
	      other.writable[at] == other_before.writable[at],
	      "another instance's state stays");

	REACHED(changed && len == MAX_LEN, "a byte changes");
	REACHED(flr, "a reset is requested");
	REACHED(effects & VCONFIG_MEMORY_ON, "memory goes on");
	REACHED(effects & VCONFIG_MEMORY_OFF, "memory goes off");
	REACHED(off >= VCONFIG_STORED && len, "a write past the stored bytes");
	return 0;
}
