/* SPDX-License-Identifier: GPL-2.0-only */
/* DFL registers, as the driver defines them. */
#ifndef _VDFL_CARD_LIB_DFL_H
#define _VDFL_CARD_LIB_DFL_H

#include "lib/env.h"
#include "dfl/regs.h"

#endif /* _VDFL_CARD_LIB_DFL_H */
