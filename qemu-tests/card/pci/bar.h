/* SPDX-License-Identifier: GPL-2.0-only */
/* Base address registers and ranges of them. */
#ifndef _VDFL_CARD_PCI_BAR_H
#define _VDFL_CARD_PCI_BAR_H

#include "lib/env.h"

#define NR_BARS			6

struct bar {
	u64 size;
	bool is64;
	bool prefetchable;
};

/** struct range - bytes of a BAR */
struct range {
	u8 bar;
	u64 off;
	u64 len;
};

static inline bool range_has(const struct range *r, u8 bar, u64 off)
{
	return bar == r->bar && off >= r->off && off - r->off < r->len;
}

#endif /* _VDFL_CARD_PCI_BAR_H */
