/* SPDX-License-Identifier: GPL-2.0-only */
/* The control channel. */
#ifndef _VDFL_CARD_PROTO_CONTROL_H
#define _VDFL_CARD_PROTO_CONTROL_H

#include "core/card.h"

json_t *control_execute(struct card *c, const char *line);

#endif /* _VDFL_CARD_PROTO_CONTROL_H */
