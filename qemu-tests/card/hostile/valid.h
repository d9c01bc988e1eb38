/* SPDX-License-Identifier: GPL-2.0-only */
/* The valid list of a draft. */
#ifndef _VDFL_CARD_HOSTILE_VALID_H
#define _VDFL_CARD_HOSTILE_VALID_H

#include "hostile/draft.h"

#define SMALLEST_BAR		0x800	/* a port and an AFU of 1 KiB */

void hostile_make_valid(struct hostile *h);

#endif /* _VDFL_CARD_HOSTILE_VALID_H */
