// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: parameters: the MSI-X search ends and stays inside
 * Bound: any words, up to 5
 * Unwind: 7
 * Fast: yes
 *
 * Each step moves forward by the words of a block. With 5 words a block is
 * skipped, found and cut off.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#define DFL_MAX_PARAM_WORDS	5
#include "small.h"
#include "dfl/walk.c"

void dfl_parse_port_afus(struct walk *w)
{
}

int main(void)
{
	struct dfl_header h;
	u32 i;

	ASSUME(h.nr_params <= DFL_MAX_PARAM_WORDS);
	i = dfl_param_msix(&h);
	PROVE(!i || i < h.nr_params, "the index lies inside the parameters");
	PROVE(!i || FIELD_GET(DFL_PARAM_ID, h.params[i - 1]) == DFL_PARAM_MSIX,
	      "the word before it is a header of MSI-X");

	REACHED(i == 4, "a block after another");
	REACHED(!i && h.nr_params == 5, "no block");
	return 0;
}
