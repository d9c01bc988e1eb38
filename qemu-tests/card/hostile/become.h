/* SPDX-License-Identifier: GPL-2.0-only */
/* Turn the card into a hostile card. */
#ifndef _VDFL_CARD_HOSTILE_BECOME_H
#define _VDFL_CARD_HOSTILE_BECOME_H

#include "core/card.h"

int hostile_become(struct card *c, u64 seed, const char *name);

#endif /* _VDFL_CARD_HOSTILE_BECOME_H */
