/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common part of the proofs. A local variable without a value is
 * nondeterministic: the model checker tries all values that ASSUME() permits.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_H
#define _VDFL_PROOF_H

#include "pure_env.h"

#define ASSUME(condition)		__CPROVER_assume(condition)

/* @condition holds for all values */
#define PROVE(condition, statement)	__CPROVER_assert(condition, statement)

/* @condition holds for some values, so that the proofs beside it are not empty */
#define REACHED(condition, statement)	\
	__CPROVER_assert(!(condition), "reached: " statement)

#define IMPLIES(a, b)			(!(a) || (b))

static inline bool power_of_two(u64 value)
{
	return value && !(value & (value - 1));
}

/* Check whether @len bytes from @off on contain byte @at. */
static inline bool covers(u64 off, u64 len, u64 at)
{
	return at >= off && at - off < len;
}

#endif /* _VDFL_PROOF_H */
