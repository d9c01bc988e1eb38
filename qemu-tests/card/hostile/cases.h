/* SPDX-License-Identifier: GPL-2.0-only */
/* Defects of hostile cards. */
#ifndef _VDFL_CARD_HOSTILE_CASES_H
#define _VDFL_CARD_HOSTILE_CASES_H

#include <jansson.h>

#include "hostile/draft.h"

#define NOT_LISTED		""

int hostile_make_wrong(struct hostile *h, u64 seed, const char *name);
json_t *hostile_case_names(void);

#endif /* _VDFL_CARD_HOSTILE_CASES_H */
