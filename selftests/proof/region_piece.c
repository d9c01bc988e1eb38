// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statement: region: no trapped access reaches a register outside of the window
 * Bound: any window of up to 1 MiB, any guest list, filter and offset
 * Unwind: 3
 *
 * pieces_rw() and the paths of one register call these functions only. They check
 * each register for any offset, also for one that region_check() would reject. A
 * filter may give any answer for the block; filter_lookup.c proves the real one.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include "kernel.h"

#define readq(io)		io_read(io, 8)
#define readl(io)		io_read(io, 4)
#define readw(io)		io_read(io, 2)
#define readb(io)		io_read(io, 1)
#define writeq(value, io)	io_write(value, io, 8)
#define writel(value, io)	io_write(value, io, 4)
#define writew(value, io)	io_write(value, io, 2)
#define writeb(value, io)	io_write(value, io, 1)
#define roundup_pow_of_two(value) (value)

static u64 io_read(const void *io, unsigned int width);
static void io_write(u64 value, const void *io, unsigned int width);

static inline void *memchr_inv(const void *from, int c, size_t len)
{
	void *any;

	return any;
}

static inline void trace_vdfl_access(struct device *dev, bool write, u64 pos,
				     unsigned int width, u64 value)
{
}

#include "instance/mmio.c"

static u8 registers[1 << 20];
static struct dfl_filter filter;
static bool permitted;		/* by the filter, in the direction of the access */
static struct dfl_window window;
static struct vdfl_block block;
static struct vdfl_mdev *vd;
static bool writing;		/* the system call is a write */
static unsigned int nr_registers;

/* Filters permit only bytes of the block. */
static bool any_answer(u64 off, unsigned int width)
{
	bool any;

	ASSUME(!any || (off < window.size && width <= window.size - off));
	permitted = any;
	return any;
}

bool dfl_filter_reads(const struct dfl_filter *of, u64 off, unsigned int width)
{
	PROVE(of == &filter && !writing, "the filter of this instance");
	return any_answer(off, width);
}

bool dfl_filter_writes(const struct dfl_filter *of, u64 off,
		       unsigned int width, u64 *value)
{
	u64 any;

	PROVE(of == &filter && writing, "the filter of this instance");
	*value = any;
	return any_answer(off, width);
}

static void prove_register(const void *io, unsigned int width, u32 access)
{
	u64 off = __CPROVER_POINTER_OFFSET(io);

	PROVE(__CPROVER_same_object(io, vd->io), "a register of this block");
	PROVE(off < window.size && width <= window.size - off,
	      "no register outside of the window");
	PROVE(!vd->filter || permitted, "the filter permits the register");
	PROVE(access == (writing ? DFL_FILTER_WRITE : DFL_FILTER_READ),
	      "only a write writes");
	nr_registers++;
}

static u64 io_read(const void *io, unsigned int width)
{
	u64 any;

	prove_register(io, width, DFL_FILTER_READ);
	return any;
}

static void io_write(u64 value, const void *io, unsigned int width)
{
	(void)value;
	prove_register(io, width, DFL_FILTER_WRITE);
}

/* The guest list may have any words. guest_list.c proves which ones it has. */
bool dfl_guest_word(const struct dfl_guest *guest, u64 off, u64 *value)
{
	u64 any;
	bool has;

	(void)guest;
	PROVE(!(off & 7), "an emulated word is aligned");
	*value = any;
	return has;
}

static void assume_instance(struct vdfl_mdev *any)
{
	struct dfl_window any_window;
	bool filtered;

	vd = any;
	window = any_window;
	block.window = &window;
	vd->block = &block;
	ASSUME(window.size && window.size <= sizeof(registers));
	vd->filter = filtered ? &filter : NULL;
	vd->unfiltered = filtered ? 0 : window.size;
	vd->io = registers;
}

static void prove_legal(u64 pos, size_t count, bool write)
{
	bool legal = vdfl_mmio_legal(vd, pos, count, write);

	PROVE(IMPLIES(legal && write, !(window.flags & DFL_RULE_READ_ONLY)),
	      "no write to a read-only block is legal");
	PROVE(IMPLIES(legal && count, count % 4 == 0 ? pos % 4 == 0 :
		      (window.flags & DFL_RULE_NARROW) && count < 4),
	      "a legal access is aligned");
	REACHED(legal && count == 2, "a narrow access");
}

/* Any register, with any offset from the start of the region */
static void prove_piece(bool guest)
{
	unsigned int width;
	u64 pos, value;

	ASSUME(width == 1 || width == 2 || width == 4 || width == 8);
	if (writing)
		(guest ? guest_write_piece : bar0_write_piece)(vd, pos, width, &value);
	else
		(guest ? guest_read_piece : bar0_read_piece)(vd, pos, width, &value);
	PROVE(nr_registers <= 1, "at most one register is accessed");
	REACHED(!nr_registers && vd->filter, "a filtered register");
	REACHED(nr_registers && guest && writing, "a write of a guest");
}

int main(void)
{
	struct vdfl_mdev any;
	bool guest, write;
	size_t len;
	u64 pos;

	assume_instance(&any);
	writing = write;
	prove_legal(pos, len, write);
	prove_piece(guest);
	return 0;
}
