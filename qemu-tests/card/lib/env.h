/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the kernel's basic headers that dfl/regs.h and the card use. */
#ifndef _VDFL_CARD_LIB_ENV_H
#define _VDFL_CARD_LIB_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define __printf(fmt, first)	__attribute__((format(printf, fmt, first)))

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define FIELD_GET(mask, v)	(((u64)(v) & (mask)) >> __builtin_ctzll(mask))
#define FIELD_PREP(mask, v)	(((u64)(v) << __builtin_ctzll(mask)) & (mask))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

#define ALL_ONES		(~0ULL)

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

#endif /* _VDFL_CARD_LIB_ENV_H */
