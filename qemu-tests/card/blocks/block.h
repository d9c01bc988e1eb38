/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks of registers, and the callbacks of their models. */
#ifndef _VDFL_CARD_BLOCKS_BLOCK_H
#define _VDFL_CARD_BLOCKS_BLOCK_H

#include <jansson.h>

#include "lib/env.h"
#include "pci/dma.h"
#include "pci/irq.h"

#define BLOCK_NAME_LEN		24

#define REG_PRESENT		BIT(0)
#define REG_COUNTER		BIT(1)	/* each read returns the next value */
#define REG_HOOKED		BIT(2)	/* the model handles reads and writes */
#define REG_PORT_CTRL		BIT(3)	/* control of a port */

struct block;

/**
 * struct reg - one 64-bit register
 * @value: value of a read
 * @reset: value after a reset of its block
 * @rw: bits that a write stores
 * @w1c: bits that a written 1 clears
 * @flags: REG_*
 */
struct reg {
	u64 value;
	u64 reset;
	u64 rw;
	u64 w1c;
	u8 flags;
};

/**
 * struct model - behaviour of a kind of block; every member but @name and
 * @init may be NULL
 * @name: name in profiles
 * @init: lay out the registers; returns 0, or -1 after a message
 * @release: free what @init and the other callbacks allocated
 * @read: value of a hooked register, with the side effects of a read
 * @write: store what is written to a hooked register; @bits are the bits that
 *	the write covers, @value is the old value with @bits replaced
 * @reset: reset the state of the model; the registers are reset already
 * @raise: raise or lower interrupt @vector of the block
 * @afu_in_reset: port only: check whether the AFU of the port is in reset
 * @io_read: read the byte-wide register window [io_start, io_start + io_len)
 * @io_write: write the same window
 */
struct model {
	const char *name;
	int (*init)(struct block *b, const json_t *spec);
	void (*release)(struct block *b);
	u64 (*read)(struct block *b, u64 off);
	void (*write)(struct block *b, u64 off, u64 value, u64 bits);
	void (*reset)(struct block *b);
	void (*raise)(struct block *b, u32 vector, bool on);
	bool (*afu_in_reset)(const struct block *b);
	u64 (*io_read)(struct block *b, u64 off, u32 len);
	void (*io_write)(struct block *b, u64 off, u32 len, u64 value);
};

/** enum lanes - registers that a write of less than 8 bytes changes */
enum lanes {
	LANES_BYTES,	/* the bytes of the access */
	LANES_FME,	/* 4 bytes: these; less: the low half, with garbage */
	LANES_GASKET,	/* as LANES_FME, but the upper half changes both */
};

/**
 * struct repeat - part of a block that decodes as another part of its BAR
 * @at: first offset in the block
 * @len: bytes, 0 if nothing repeats
 * @of: offset in the BAR that @at stands for
 * @writes_only: reads do not repeat
 */
struct repeat {
	u64 at;
	u64 len;
	u64 of;
	bool writes_only;
};

/**
 * struct checker - protocol checker of the shell
 * @on: the shell has one
 * @blocked: no access reaches an AFU until a port is released from reset
 * @error: error word of the port
 */
struct checker {
	bool on;
	bool blocked;
	u64 error;
};

enum block_kind {
	KIND_FME,
	KIND_PORT,
	KIND_AFU,
	KIND_PRIVATE,
	KIND_HIDDEN,	/* registers that no header announces */
};

/**
 * struct block - a header and its window of registers
 * @log: log of events
 * @dma: DMA engine of the card
 * @clock: number of accesses of the driver to the card
 * @checker: protocol checker of the card
 * @irq: interrupt causes
 * @kind: kind of the header
 * @model: behaviour
 * @name: "b<bar>-o<offset>", as in the driver's sysfs
 * @bar: BAR that contains the block
 * @offset: offset in @bar
 * @size: bytes that the block decodes
 * @header_len: bytes of the header, including parameters
 * @regs: one per 8 bytes
 * @lanes: registers that a write of less than 8 bytes changes
 * @repeat: part of the block that repeats other registers
 * @port: AFU only: port that resets the AFU, or NULL
 * @afu: port only: AFU that the port resets, or NULL
 * @io_start: offset of the byte-wide register window
 * @io_len: bytes of the byte-wide window, 0 if there is none
 * @hung: AFU only: does not answer until its next reset
 * @prompt: port only: acknowledges a request with the next access
 * @owned: see "own" of the control channel
 * @priv: state of the model
 * @reads: reads by the driver
 * @writes: writes by the driver
 * @header_reads: reads of the header
 * @resets: resets
 * @stray: accesses that no driver should make
 */
struct block {
	struct log *log;
	struct dma *dma;
	const u64 *clock;
	struct checker *checker;
	struct irq_source irq;
	enum block_kind kind;
	const struct model *model;
	char name[BLOCK_NAME_LEN];
	u8 bar;
	u64 offset;
	u64 size;
	u64 header_len;
	struct reg *regs;
	enum lanes lanes;
	struct repeat repeat;
	struct block *port;
	struct block *afu;
	u64 io_start;
	u64 io_len;
	bool hung;
	bool prompt;
	bool owned;
	void *priv;

	u64 reads;
	u64 writes;
	u64 header_reads;
	u64 resets;
	u64 stray;
};

/* Return the register that contains byte @off of @b. */
static inline struct reg *block_reg(const struct block *b, u64 off)
{
	return &b->regs[off / 8];
}

void block_place(struct block *b, u8 bar, u64 offset);
int block_alloc_regs(struct block *b, u64 size);
void block_add_reg(struct block *b, u64 off, u64 reset, u64 rw);
void block_add_special(struct block *b, u64 off, u64 reset, u8 flags);
bool block_is_io(const struct block *b, u64 rel);
u64 block_read(struct block *b, u64 rel, u32 len);
void block_write(struct block *b, u64 rel, u32 len, u64 value);
bool block_in_reset(const struct block *b);
void block_reset(struct block *b);
void block_release(struct block *b);
void block_free_priv(struct block *b);

#endif /* _VDFL_CARD_BLOCKS_BLOCK_H */
