// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loopback engines HE-LB and NLB, as part of an AFU: copy lines of 64 bytes,
 * or only read or write them, and report completion by a further write.
 */
#include <string.h>

#include "blocks/engine.h"

#define ENGINE_SCRATCH0		0x100
#define ENGINE_SCRATCH1		0x108
#define ENGINE_DSM		0x110
#define ENGINE_SRC		0x120
#define ENGINE_DST		0x128
#define ENGINE_LINES		0x130
#define ENGINE_CTL		0x138
#define   ENGINE_CTL_RUN	BIT(0)	/* out of reset */
#define   ENGINE_CTL_START	BIT(1)
#define ENGINE_CFG		0x140
#define   ENGINE_CFG_MODE	GENMASK(4, 2)

#define ENGINE_MODE_COPY	0
#define ENGINE_MODE_READ	1
#define ENGINE_MODE_WRITE	2
#define ENGINE_MODE_BOTH	3

#define LINE			64
#define LINE_SHIFT		6
#define LINES_MAX		1024
#define DSM_STATUS		0x40	/* offset of the completion */
#define DSM_COMPLETE		1
#define DATA			0x4c	/* bytes that mode write writes */

/**
 * struct engine - an engine
 * @name: in profiles
 * @extra_lines: lines in addition to those of the register
 * @dsm_shift: unit of the address for completion, as a power of two
 */
struct engine {
	const char *name;
	u64 extra_lines;
	u32 dsm_shift;
};

static const struct engine engines[] = {
	{ "he-lb", 1, LINE_SHIFT },
	{ "nlb", 0, 0 },
};

/* Return the engine called @name, or NULL. */
const struct engine *engine_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].name, name))
			return &engines[i];
	return NULL;
}

/* Add the registers of an engine to @b. */
void engine_add_regs(struct block *b)
{
	static const u64 stored[] = {
		ENGINE_SCRATCH0, ENGINE_SCRATCH1, ENGINE_DSM, ENGINE_SRC,
		ENGINE_DST, ENGINE_LINES, ENGINE_CFG,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stored); i++)
		block_add_reg(b, stored[i], 0, ALL_ONES);
	block_add_special(b, ENGINE_CTL, 0, REG_HOOKED);
}

/* Return true if writes at @off are for engine_control(). */
bool engine_has(u64 off)
{
	return off == ENGINE_CTL;
}

static bool transfer(struct block *b, u64 addr, void *line, bool write)
{
	const struct dma_transfer t = { addr, line, LINE, write };

	return dma_transfer(b->dma, b->name, &t) == DMA_DONE;
}

static bool run_line(struct block *b, u64 mode, u64 line)
{
	u64 src = block_reg(b, ENGINE_SRC)->value + line;
	u64 dst = block_reg(b, ENGINE_DST)->value + line;
	u8 data[LINE];

	memset(data, DATA, sizeof(data));
	if (mode != ENGINE_MODE_WRITE &&
	    !transfer(b, src << LINE_SHIFT, data, false))
		return false;
	return mode == ENGINE_MODE_READ ||
	       transfer(b, dst << LINE_SHIFT, data, true);
}

/* A transfer that fails stops the engine, which then reports no completion. */
static void run(struct block *b, const struct engine *e)
{
	u64 mode = FIELD_GET(ENGINE_CFG_MODE, block_reg(b, ENGINE_CFG)->value);
	u64 dsm = block_reg(b, ENGINE_DSM)->value << e->dsm_shift;
	u64 lines = block_reg(b, ENGINE_LINES)->value;
	u8 status[LINE] = { DSM_COMPLETE };
	u64 i;

	if (mode > ENGINE_MODE_BOTH)
		return;
	lines = min_u64(lines, LINES_MAX) + e->extra_lines;
	for (i = 0; i < lines; i++)
		if (!run_line(b, mode, i))
			return;
	transfer(b, dsm + DSM_STATUS, status, true);
}

/* Write @value to the control register of engine @e in @b. */
void engine_control(struct block *b, const struct engine *e, u64 value)
{
	block_reg(b, ENGINE_CTL)->value = value;
	if (value & ENGINE_CTL_RUN && value & ENGINE_CTL_START)
		run(b, e);
}
