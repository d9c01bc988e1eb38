/* SPDX-License-Identifier: GPL-2.0-only */
/* Profiles. */
#ifndef _VDFL_CARD_IMAGE_IMAGE_H
#define _VDFL_CARD_IMAGE_IMAGE_H

#include "core/card.h"

struct card *image_load(const char *path, struct log *log);

#endif /* _VDFL_CARD_IMAGE_IMAGE_H */
