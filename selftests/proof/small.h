/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small capacities of a card; include before all other headers. A harness may set
 * others.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_SMALL_H
#define _VDFL_PROOF_SMALL_H

#ifndef DFL_MAX_HEADERS
#define DFL_MAX_HEADERS		2
#endif
#ifndef DFL_MAX_FINDINGS
#define DFL_MAX_FINDINGS	1
#endif
#ifndef DFL_MAX_PARAM_WORDS
#define DFL_MAX_PARAM_WORDS	1
#endif

#include "proof.h"

#endif /* _VDFL_PROOF_SMALL_H */
