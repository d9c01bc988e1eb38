/* SPDX-License-Identifier: GPL-2.0-only */
/* Models by name. */
#ifndef _VDFL_CARD_BLOCKS_MODELS_H
#define _VDFL_CARD_BLOCKS_MODELS_H

struct model;

const struct model *model_find(const char *name);

#endif /* _VDFL_CARD_BLOCKS_MODELS_H */
