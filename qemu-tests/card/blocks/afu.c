// SPDX-License-Identifier: GPL-2.0-only
/* AFU for tests: storage, a counter, interrupts, DMA, a loopback engine. */
#include <stdlib.h>

#include "blocks/all.h"
#include "blocks/engine.h"
#include "lib/spec.h"

#define AFU_SCRATCH0	0x28
#define AFU_SCRATCH1	0x30
#define AFU_COUNTER	0x38
#define AFU_W1C		0x40
#define AFU_RO		0x48
#define AFU_IRQ_TRIGGER	0x50
#define AFU_IRQ_STATUS	0x58
#define AFU_DMA_ADDR	0x60
#define AFU_DMA_DATA	0x68
#define AFU_DMA_GO	0x70
#define AFU_DMA_RESULT	0x78
#define AFU_RAM		0x1000
#define AFU_RAM_END	0x2000
#define AFU_RO_VALUE	0x1122334455667788ULL

/**
 * struct afu - state of the model
 * @client: user of the DMA engine
 * @engine: loopback engine, or NULL
 */
struct afu {
	struct dma_client client;
	const struct engine *engine;
};

static void dma_done(void *owner, enum dma_result result)
{
	block_reg(owner, AFU_DMA_RESULT)->value = result;
}

static int add_engine(struct block *b, struct afu *afu, const json_t *spec)
{
	const char *name = spec_string(spec, "engine", NULL);

	if (!name)
		return 0;
	afu->engine = engine_find(name);
	if (!afu->engine)
		return spec_error("%s: unknown engine %s", b->name, name);
	engine_add_regs(b);
	return 0;
}

static int add_state(struct block *b, const json_t *spec)
{
	struct afu *afu = calloc(1, sizeof(*afu));

	if (!afu)
		return -1;
	afu->client = (struct dma_client){ b->name, dma_done, b };
	b->priv = afu;
	return add_engine(b, afu, spec);
}

static int afu_init(struct block *b, const json_t *spec)
{
	u64 off;

	block_add_reg(b, AFU_SCRATCH0, 0, ALL_ONES);
	block_add_reg(b, AFU_SCRATCH1, 0, ALL_ONES);
	block_add_special(b, AFU_COUNTER, 0, REG_COUNTER);
	block_add_reg(b, AFU_W1C, 0, 0);
	block_reg(b, AFU_W1C)->w1c = ALL_ONES;
	block_add_reg(b, AFU_RO, AFU_RO_VALUE, 0);
	block_add_special(b, AFU_IRQ_TRIGGER, 0, REG_HOOKED);
	block_add_special(b, AFU_IRQ_STATUS, 0, REG_HOOKED);
	block_add_reg(b, AFU_DMA_ADDR, 0, ALL_ONES);
	block_add_reg(b, AFU_DMA_DATA, 0, ALL_ONES);
	block_add_special(b, AFU_DMA_GO, 0, REG_HOOKED);
	block_add_reg(b, AFU_DMA_RESULT, 0, 0);
	for (off = AFU_RAM; off < AFU_RAM_END; off += 8)
		block_add_reg(b, off, 0, ALL_ONES);
	return add_state(b, spec);
}

static u64 vector_mask(const struct block *b)
{
	return b->irq.nr ? GENMASK_ULL(b->irq.nr - 1, 0) : 0;
}

static void set_status(struct block *b, u64 status)
{
	block_reg(b, AFU_IRQ_STATUS)->value = status;
	irq_set_cause(&b->irq, status);
}

static void trigger(struct block *b, u64 vectors)
{
	u64 old = b->irq.cause, again = vectors & old;
	u32 i;

	b->irq.irq->raised += __builtin_popcountll(vectors & ~old);
	set_status(b, old | vectors);
	for (i = 0; i < b->irq.nr; i++)
		if (again & BIT_ULL(i))
			irq_repeat(&b->irq, i);
}

static void start_dma(struct block *b)
{
	const struct afu *afu = b->priv;

	block_reg(b, AFU_DMA_RESULT)->value = DMA_NONE;
	dma_start(b->dma, &afu->client, block_reg(b, AFU_DMA_ADDR)->value,
		  block_reg(b, AFU_DMA_DATA)->value);
}

static void afu_write(struct block *b, u64 off, u64 value, u64 bits)
{
	const struct afu *afu = b->priv;
	u64 written = value & bits;

	if (engine_has(off))
		engine_control(b, afu->engine, value);
	else if (off == AFU_IRQ_TRIGGER)
		trigger(b, written & vector_mask(b));
	else if (off == AFU_IRQ_STATUS)
		set_status(b, b->irq.cause & ~written);
	else if (written & 1)
		start_dma(b);
}

static void afu_reset(struct block *b)
{
	const struct afu *afu = b->priv;

	dma_forget(b->dma, &afu->client);
}

static void afu_release(struct block *b)
{
	afu_reset(b);
	free(b->priv);
}

static void afu_raise(struct block *b, u32 vector, bool on)
{
	if (on)
		trigger(b, BIT_ULL(vector));
	else
		set_status(b, b->irq.cause & ~BIT_ULL(vector));
}

const struct model model_afu = {
	.name = "afu",
	.init = afu_init,
	.release = afu_release,
	.write = afu_write,
	.reset = afu_reset,
	.raise = afu_raise,
};
