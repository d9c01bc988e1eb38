// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instantiates the tracepoints.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
