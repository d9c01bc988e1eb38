/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memcpy() and memset() byte by byte. The checker's own models of these are slow
 * where the length is not constant.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_BYTEWISE_H
#define _VDFL_PROOF_BYTEWISE_H

#define memcpy(to, from, len)	copy_bytes(to, from, len)
#define memset(to, value, len)	fill_bytes(to, value, len)

static inline void copy_bytes(void *to, const void *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		((u8 *)to)[i] = ((const u8 *)from)[i];
}

static inline void fill_bytes(void *to, int value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		((u8 *)to)[i] = value;
}

#endif /* _VDFL_PROOF_BYTEWISE_H */
