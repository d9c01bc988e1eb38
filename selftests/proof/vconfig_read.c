// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: config space: a read returns exactly the stored bytes
 * Bound: any contents and offset, reads of up to 4 bytes
 * Unwind: 5
 * Fast: yes
 *
 * A read splits once, where the stored bytes end; 4 bytes reach both sides.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "proof.h"
#include "bytewise.h"
#include "dfl/vconfig.c"

#define MAX_LEN		4

int main(void)
{
	struct vconfig cfg;
	u32 off, len, at;
	u8 out[MAX_LEN + 1], last = out[MAX_LEN];

	ASSUME(len <= MAX_LEN && off <= VCONFIG_SIZE - len);
	ASSUME(at < len);

	vconfig_read(&cfg, off, out, len);
	PROVE(out[at] == (off + at < VCONFIG_STORED ?
			  cfg.value[off + at] : 0), "each byte is its value");
	PROVE(out[MAX_LEN] == last, "no byte past the buffer changes");

	REACHED(off < VCONFIG_STORED && off + at >= VCONFIG_STORED,
		"a read across the end of the stored bytes");
	REACHED(out[at], "a byte that is not zero");
	return 0;
}
