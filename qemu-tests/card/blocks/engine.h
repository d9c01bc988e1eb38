/* SPDX-License-Identifier: GPL-2.0-only */
/* The loopback engines HE-LB and NLB, as part of an AFU. */
#ifndef _VDFL_CARD_BLOCKS_ENGINE_H
#define _VDFL_CARD_BLOCKS_ENGINE_H

#include "blocks/block.h"

struct engine;

const struct engine *engine_find(const char *name);
void engine_add_regs(struct block *b);
bool engine_has(u64 off);
void engine_control(struct block *b, const struct engine *e, u64 value);

#endif /* _VDFL_CARD_BLOCKS_ENGINE_H */
