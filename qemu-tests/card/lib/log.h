/* SPDX-License-Identifier: GPL-2.0-only */
/* The card's log of events. */
#ifndef _VDFL_CARD_LIB_LOG_H
#define _VDFL_CARD_LIB_LOG_H

#include <jansson.h>

#include "lib/env.h"

struct log;

struct log *log_open(const char *path);
void log_event(struct log *log, const char *ev, const char *fmt, ...);
json_t *log_hex(u64 value);

#endif /* _VDFL_CARD_LIB_LOG_H */
