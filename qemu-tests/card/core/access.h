/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses of the driver. */
#ifndef _VDFL_CARD_CORE_ACCESS_H
#define _VDFL_CARD_CORE_ACCESS_H

#include "core/card.h"

u64 access_read(struct card *c, u8 bar, u64 off, u32 len);
void access_write(struct card *c, u8 bar, u64 off, u32 len, u64 value);
void access_config_read(struct card *c, u32 off, u32 len, void *data);
void access_config_write(struct card *c, u32 off, u32 len, const void *data);

#endif /* _VDFL_CARD_CORE_ACCESS_H */
