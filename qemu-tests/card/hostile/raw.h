/* SPDX-License-Identifier: GPL-2.0-only */
/* Behaviour of a hostile card: each block is a whole BAR. */
#ifndef _VDFL_CARD_HOSTILE_RAW_H
#define _VDFL_CARD_HOSTILE_RAW_H

#include "blocks/block.h"

extern const struct model model_raw;

#endif /* _VDFL_CARD_HOSTILE_RAW_H */
