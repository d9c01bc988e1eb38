/* SPDX-License-Identifier: GPL-2.0-only */
/* Model of hostile cards: one block per BAR. */
#ifndef _VDFL_CARD_HOSTILE_RAW_H
#define _VDFL_CARD_HOSTILE_RAW_H

#include "blocks/block.h"

extern const struct model model_raw;

#endif /* _VDFL_CARD_HOSTILE_RAW_H */
