/* SPDX-License-Identifier: GPL-2.0-only */
/* The models that a profile can name, one per file. */
#ifndef _VDFL_CARD_BLOCKS_ALL_H
#define _VDFL_CARD_BLOCKS_ALL_H

#include "blocks/block.h"

extern const struct model model_afu;
extern const struct model model_ethgroup;
extern const struct model model_fme;
extern const struct model model_irq_cap;
extern const struct model model_plain;
extern const struct model model_port;
extern const struct model model_port_error;
extern const struct model model_uart;

#endif /* _VDFL_CARD_BLOCKS_ALL_H */
