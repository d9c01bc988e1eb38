/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in JSON objects: profiles and requests of the control channel. */
#ifndef _VDFL_CARD_LIB_SPEC_H
#define _VDFL_CARD_LIB_SPEC_H

#include <jansson.h>

#include "lib/env.h"

bool spec_parse_u64(const json_t *value, u64 *out);
u64 spec_u64(const json_t *obj, const char *key, u64 fallback);
const char *spec_string(const json_t *obj, const char *key,
			const char *fallback);
int spec_error(const char *fmt, ...) __printf(1, 2);

#endif /* _VDFL_CARD_LIB_SPEC_H */
