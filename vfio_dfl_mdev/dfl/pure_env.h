/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All kernel headers that the pure files (list walk, policy, carving, guest
 * list, config space, register filter) may use. Unit tests and fuzzers shadow
 * this header with a user-space twin.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PURE_ENV_H
#define _VDFL_PURE_ENV_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <linux/types.h>

#endif /* _VDFL_PURE_ENV_H */
