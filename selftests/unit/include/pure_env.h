/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User-space twin of the module's pure_env.h. The guard is the same, so
 * "-include pure_env.h" with this directory on the path shuts the other out.
 */
#ifndef _VDFL_PURE_ENV_H
#define _VDFL_PURE_ENV_H

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s16 s16;

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(hi, lo)		((~0UL >> (63 - (hi))) & (~0UL << (lo)))
#define GENMASK_ULL(hi, lo)	((~0ULL >> (63 - (hi))) & (~0ULL << (lo)))

#define FIELD_SHIFT(mask)	__builtin_ctzll(mask)
#define FIELD_GET(mask, word)	(((word) & (mask)) >> FIELD_SHIFT(mask))
#define FIELD_PREP(mask, value)	(((u64)(value) << FIELD_SHIFT(mask)) & (mask))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define min(a, b) ({			\
	typeof(a) _a = (a);		\
	typeof(b) _b = (b);		\
	_a < _b ? _a : _b;		\
})
#define max(a, b) ({			\
	typeof(a) _a = (a);		\
	typeof(b) _b = (b);		\
	_a > _b ? _a : _b;		\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))

#endif /* _VDFL_PURE_ENV_H */
