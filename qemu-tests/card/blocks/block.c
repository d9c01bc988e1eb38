// SPDX-License-Identifier: GPL-2.0-only
/* Registers of a block: layout, access and reset. */
#include <stdio.h>
#include <stdlib.h>

#include "blocks/block.h"

/* Lanes of a narrow write that carry no data */
#define LANE_GARBAGE		0xa5a5a5a5ULL

static u64 len_mask(u32 len)
{
	return len >= 8 ? ALL_ONES : BIT_ULL(8 * len) - 1;
}

void block_place(struct block *b, u8 bar, u64 offset)
{
	b->bar = bar;
	b->offset = offset;
	snprintf(b->name, sizeof(b->name), "b%u-o%llx", bar, offset);
}

int block_alloc_regs(struct block *b, u64 size)
{
	b->size = size;
	b->regs = calloc(size / 8, sizeof(*b->regs));
	return b->regs ? 0 : -1;
}

/*
 * Add a register at @off of which @rw bits can be written. A register past the
 * end of @b is left out.
 */
void block_add_reg(struct block *b, u64 off, u64 reset, u64 rw)
{
	struct reg *r;

	if (off >= b->size)
		return;
	r = block_reg(b, off);
	r->reset = reset;
	r->value = reset;
	r->rw = rw;
	r->flags |= REG_PRESENT;
}

/* Add a register whose behaviour is in @flags; writes store nothing. */
void block_add_special(struct block *b, u64 off, u64 reset, u8 flags)
{
	block_add_reg(b, off, reset, 0);
	if (off < b->size)
		block_reg(b, off)->flags |= flags;
}

bool block_is_io(const struct block *b, u64 rel)
{
	return rel >= b->io_start && rel - b->io_start < b->io_len;
}

static u64 read_reg(struct block *b, u64 rel)
{
	struct reg *r = block_reg(b, rel);

	if (r->flags & REG_COUNTER)
		r->value++;
	if (r->flags & REG_HOOKED && b->model->read)
		return b->model->read(b, rel & ~7ULL);
	return r->value;
}

/* Read @len bytes at @rel of @b, with all side effects. */
u64 block_read(struct block *b, u64 rel, u32 len)
{
	if (block_is_io(b, rel))
		return b->model->io_read(b, rel - b->io_start, len);
	if (rel < b->header_len)
		b->header_reads++;
	return read_reg(b, rel) >> (8 * (rel % 8));
}

/* The write covers @bits; @value has no other bits. */
static void write_reg(struct block *b, u64 rel, u64 value, u64 bits)
{
	struct reg *r = block_reg(b, rel);
	u64 merged = (r->value & ~bits) | value;

	if (r->flags & REG_HOOKED && b->model->write) {
		b->model->write(b, rel & ~7ULL, merged, bits);
		return;
	}
	r->value = (r->value & ~r->rw) | (merged & r->rw);
	r->value &= ~(value & r->w1c);
}

/* Write less than 8 bytes to a block that ignores byte enables. */
static void write_lanes(struct block *b, u64 rel, u32 len, u64 value)
{
	u64 mask = len_mask(len);

	if (len < 4) {
		u32 shift = 8 * (rel % 4);

		value = (value << shift) | (LANE_GARBAGE & ~(mask << shift));
		write_reg(b, rel, value, len_mask(4));
	} else if (rel % 8 == 0) {
		write_reg(b, rel, value, mask);
	} else if (b->lanes == LANES_FME) {
		write_reg(b, rel, value << 32, mask << 32);
	} else {
		write_reg(b, rel, value << 32 | value, ALL_ONES);
	}
}

/* Write the low @len bytes of @value at @rel of @b, with all side effects. */
void block_write(struct block *b, u64 rel, u32 len, u64 value)
{
	u64 mask = len_mask(len);
	u32 shift = 8 * (rel % 8);

	value &= mask;
	if (block_is_io(b, rel))
		b->model->io_write(b, rel - b->io_start, len, value);
	else if (len < 8 && b->lanes != LANES_BYTES)
		write_lanes(b, rel, len, value);
	else
		write_reg(b, rel, value << shift, mask << shift);
}

/* Check whether @b is an AFU that is in reset. */
bool block_in_reset(const struct block *b)
{
	const struct block *port = b->port;

	return port && port->model->afu_in_reset &&
	       port->model->afu_in_reset(port);
}

/* Reset all registers; the caller updates the interrupts. */
void block_reset(struct block *b)
{
	u64 i;

	b->resets++;
	b->hung = false;
	b->irq.cause = 0;
	for (i = 0; i < b->size / 8; i++)
		b->regs[i].value = b->regs[i].reset;
	if (b->model->reset)
		b->model->reset(b);
}

void block_release(struct block *b)
{
	if (b->model && b->model->release)
		b->model->release(b);
	free(b->regs);
}

/* Release callback of models whose state is one allocation */
void block_free_priv(struct block *b)
{
	free(b->priv);
}
