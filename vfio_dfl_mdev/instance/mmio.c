// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trapped access to the registers of a block, through BAR 0 and the guest list.
 * The guest list (BAR 2) has emulated headers in front of the block.
 *
 * Registers are accessed only between vdfl_access_begin() and
 * vdfl_access_end(), and user memory only outside of them: a copy may fault,
 * and the fault handler takes vdfl_mdev.memory_lock.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/uaccess.h>

#include "trace.h"
#include "instance/instance.h"

/* --- registers ---------------------------------------------------------- */

static u64 reg_read(void __iomem *io, unsigned int width)
{
	switch (width) {
	case 8:
		return readq(io);
	case 4:
		return readl(io);
	case 2:
		return readw(io);
	default:
		return readb(io);
	}
}

static void reg_write(void __iomem *io, unsigned int width, u64 value)
{
	switch (width) {
	case 8:
		writeq(value, io);
		break;
	case 4:
		writel(value, io);
		break;
	case 2:
		writew(value, io);
		break;
	default:
		writeb(value, io);
	}
}

/* Widest access that is aligned at @pos and fits in @len. */
static unsigned int piece_width(u64 pos, size_t len)
{
	if (len >= 8 && IS_ALIGNED(pos, 8))
		return 8;
	if (len >= 4 && IS_ALIGNED(pos, 4))
		return 4;
	if (len >= 2 && IS_ALIGNED(pos, 2))
		return 2;
	return 1;
}

static bool piece_is_unfiltered(const struct vdfl_mdev *vd, u64 pos,
				unsigned int width)
{
	return pos < vd->unfiltered && width <= vd->unfiltered - pos;
}

/* Check whether a piece is in the block, and can be read. */
static bool piece_reads(const struct vdfl_mdev *vd, u64 pos, unsigned int width)
{
	if (likely(piece_is_unfiltered(vd, pos, width)))
		return true;
	return vd->filter && dfl_filter_reads(vd->filter, pos, width);
}

/* As piece_reads(), for a write; replace the bits that a filter masks. */
static bool piece_writes(const struct vdfl_mdev *vd, u64 pos,
			 unsigned int width, u64 *value)
{
	if (likely(piece_is_unfiltered(vd, pos, width)))
		return true;
	return vd->filter && dfl_filter_writes(vd->filter, pos, width, value);
}

/**
 * vdfl_mmio_legal() - check alignment and length of an access to registers
 * @vd: any instance
 * @pos: byte offset in BAR 0 or in the guest list
 * @count: bytes
 * @write: the access is a write
 *
 * Return: true for:
 *
 * * 8 bytes, aligned to 8; if the rule of the block has DFL_RULE_WRITE_8, a
 *   write must be a multiple
 * * another multiple of 4 bytes, aligned to 4
 * * 1 and 2 bytes, aligned, if the rule of the block has DFL_RULE_NARROW
 *
 * No write is legal if the block is read-only.
 */
bool vdfl_mmio_legal(const struct vdfl_mdev *vd, u64 pos, size_t count,
		     bool write)
{
	u32 flags = vd->block->window->flags;

	if (write && flags & (DFL_RULE_READ_ONLY | DFL_RULE_WRITE_8))
		return !(flags & DFL_RULE_READ_ONLY) && IS_ALIGNED(pos, 8) &&
		       IS_ALIGNED(count, 8);
	if (count < 4 && flags & DFL_RULE_NARROW)
		return is_power_of_2(count) && IS_ALIGNED(pos, count);
	if (count == 8)
		return IS_ALIGNED(pos, 8);
	return IS_ALIGNED(pos, 4) && IS_ALIGNED(count, 4);
}

static bool piece_is_ones(u64 value, unsigned int width)
{
	return value == GENMASK_ULL(8 * width - 1, 0);
}

/* Begin @nr accesses: wait for the rate of the instance, if it has one. */
static int mmio_begin(struct vdfl_mdev *vd, unsigned int nr)
{
	int ret;

	if (unlikely(READ_ONCE(vd->rate.per_second))) {
		ret = vdfl_rate_wait(vd, nr);
		if (ret)
			return ret;
	}
	return vdfl_access_begin(vd);
}

/* One aligned access at @pos, which reads to @value or writes @value. */
typedef void (*piece_fn)(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			 u64 *value);

static int pieces_rw(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len,
		     piece_fn fn)
{
	unsigned int width;
	size_t done;
	int ret = mmio_begin(vd, DIV_ROUND_UP(len, 8));

	if (ret)
		return ret;
	for (done = 0; done < len; done += width) {
		u64 value = 0;

		width = piece_width(pos + done, len - done);
		memcpy(&value, buf + done, width);
		fn(vd, pos + done, width, &value);
		memcpy(buf + done, &value, width);
	}
	vdfl_access_end(vd);
	return 0;
}

/*
 * Check the last register of the block in @buf: a card that stops to respond
 * in the middle of the access does not respond to the last one either. @off is
 * the offset of @buf in the block.
 */
static bool ends_in_ones(const struct vdfl_mdev *vd, u64 off, const u8 *buf,
			 size_t len)
{
	u64 size = vd->block->window->size;
	size_t tail;

	if (off >= size)
		return false;
	len = min_t(u64, len, size - off);
	tail = min_t(size_t, len, 4);
	return !memchr_inv(buf + len - tail, 0xff, tail);
}

/* Read, and repeat it if the card did not respond. @base: offset of the block */
static int pieces_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len,
		       piece_fn fn, u64 base)
{
	u32 generation;
	int ret;

	do {
		generation = vdfl_card_generation(vd->card);
		ret = pieces_rw(vd, pos, buf, len, fn);
		if (ret || pos < base || !ends_in_ones(vd, pos - base, buf, len))
			return ret;
		ret = vdfl_access_recheck(vd, generation);
	} while (ret == -EAGAIN);
	return ret;
}

/* --- BAR 0: the block ----------------------------------------------------- */

/**
 * vdfl_bar0_size() - get the size of BAR 0
 * @vd: any instance
 *
 * Return: bytes of the block, rounded up to a power of two of at least one page
 */
u64 vdfl_bar0_size(const struct vdfl_mdev *vd)
{
	return roundup_pow_of_two(max_t(u64, vd->block->window->size,
					PAGE_SIZE));
}

static void bar0_read_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			    u64 *value)
{
	*value = ~0ULL;
	if (!piece_reads(vd, pos, width))
		return;
	*value = reg_read(vd->io + pos, width);
	vdfl_count(&vd->client.stats, VDFL_STAT_READS, 1);
	trace_vdfl_access(vd->vdev.dev, false, pos, width, *value);
}

static void bar0_write_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			     u64 *value)
{
	if (!piece_writes(vd, pos, width, value))
		return;
	reg_write(vd->io + pos, width, *value);
	vdfl_count(&vd->client.stats, VDFL_STAT_WRITES, 1);
	trace_vdfl_access(vd->vdev.dev, true, pos, width, *value);
}

/**
 * vdfl_bar0_read() - read from BAR 0
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: result; bytes past the end of the block are 0xff
 * @len: bytes, in range
 *
 * A read that ends in all-ones is repeated if the card did not respond. May
 * sleep.
 *
 * Return: 0; -EIO if access is revoked or the card is lost; -EINTR on a fatal
 * signal
 */
int vdfl_bar0_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return pieces_read(vd, pos, buf, len, bar0_read_piece, 0);
}

/**
 * vdfl_bar0_write() - write to BAR 0
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: value; bytes past the end of the block are ignored
 * @len: bytes, in range
 *
 * May sleep.
 *
 * Return: 0; -EIO if access is revoked; -EINTR on a fatal signal
 */
int vdfl_bar0_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return pieces_rw(vd, pos, buf, len, bar0_write_piece);
}

/**
 * vdfl_bar0_read_register() - read one register of BAR 0 to user memory
 * @vd: open instance
 * @pos: byte offset in BAR 0, in range, aligned to @width
 * @buf: result
 * @width: 4 or 8 bytes
 *
 * Fast path of vdfl_bar0_read() without buffer. May sleep.
 *
 * Return: 0; -EIO if access is revoked or the card is lost; -EINTR on a fatal
 * signal; -EFAULT if @buf cannot be written
 */
int vdfl_bar0_read_register(struct vdfl_mdev *vd, u64 pos, char __user *buf,
			    unsigned int width)
{
	u32 generation;
	u64 value;
	int ret;

	do {
		generation = vdfl_card_generation(vd->card);
		ret = mmio_begin(vd, 1);
		if (ret)
			return ret;
		bar0_read_piece(vd, pos, width, &value);
		vdfl_access_end(vd);
		if (piece_is_ones(value, width) && piece_reads(vd, pos, width))
			ret = vdfl_access_recheck(vd, generation);
	} while (ret == -EAGAIN);
	if (ret)
		return ret;
	return width == 8 ? put_user(value, (u64 __user *)buf) :
			    put_user(value, (u32 __user *)buf);
}

/**
 * vdfl_bar0_write_register() - write one register of BAR 0 from user memory
 * @vd: open instance
 * @pos: byte offset in BAR 0, in range, aligned to @width
 * @buf: value
 * @width: 4 or 8 bytes
 *
 * Fast path of vdfl_bar0_write() without buffer. May sleep.
 *
 * Return: 0; -EIO if access is revoked; -EINTR on a fatal signal; -EFAULT if
 * @buf cannot be read
 */
int vdfl_bar0_write_register(struct vdfl_mdev *vd, u64 pos,
			     const char __user *buf, unsigned int width)
{
	u64 value;
	int ret;

	ret = width == 8 ? get_user(value, (const u64 __user *)buf) :
			   get_user(value, (const u32 __user *)buf);
	if (!ret)
		ret = mmio_begin(vd, 1);
	if (ret)
		return ret;
	bar0_write_piece(vd, pos, width, &value);
	vdfl_access_end(vd);
	return 0;
}

/* --- guest list: emulated headers, then the block ------------------------ */

static bool guest_word(struct vdfl_mdev *vd, u64 pos, u64 *value)
{
	u64 off = ALIGN_DOWN(pos, 8);

	if (!dfl_guest_word(&vd->guest, off, value))
		return false;
	if (vd->guest.ctrl && off == vd->guest.ctrl && READ_ONCE(vd->port_held))
		*value = DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK;
	return true;
}

static void guest_read_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			     u64 *value)
{
	u64 word;

	if (guest_word(vd, pos, &word))
		*value = word >> (8 * (pos & 7));
	else
		bar0_read_piece(vd, pos - vd->guest.block_off, width, value);
}

static void guest_write_piece(struct vdfl_mdev *vd, u64 pos, unsigned int width,
			      u64 *value)
{
	u64 word;

	if (!guest_word(vd, pos, &word))
		bar0_write_piece(vd, pos - vd->guest.block_off, width, value);
}

/*
 * Setting the reset bit of the emulated port resets the block. The bit reads
 * back set until the guest clears it. If the reset fails, the bit reads back
 * clear. For a block without reset the bit is stored but has no effect, so that
 * the guest's port driver still binds.
 */
static void guest_write_ctrl(struct vdfl_mdev *vd, bool reset)
{
	if (reset && !READ_ONCE(vd->port_held) &&
	    vdfl_block_has_reset(vd->block))
		vdfl_mdev_reset(vd, true);
	else
		WRITE_ONCE(vd->port_held, reset);
}

/**
 * vdfl_guest_size() - get the size of the guest list
 * @vd: open instance
 *
 * Return: bytes, 0 without guest list
 */
u64 vdfl_guest_size(const struct vdfl_mdev *vd)
{
	return vd->guest.size;
}

/**
 * vdfl_guest_read() - read from the guest list
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: result; bytes past the end of the block are 0xff
 * @len: bytes, in range
 *
 * A read that ends in all-ones is repeated if the card did not respond. May
 * sleep.
 *
 * Return: 0; -EIO if access is revoked or the card is lost; -EINTR on a fatal
 * signal
 */
int vdfl_guest_read(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	return pieces_read(vd, pos, buf, len, guest_read_piece,
			   vd->guest.block_off);
}

/**
 * vdfl_guest_write() - write to the guest list
 * @vd: open instance
 * @pos: byte offset, in range
 * @buf: value; ignored for emulated headers except the port control register
 * @len: bytes, in range
 *
 * The port control register may reset the block, under vdfl_mdev.cfg_lock. May
 * sleep.
 *
 * Return: 0; -EIO if access is revoked; -EINTR on a fatal signal; a failed reset
 * is not reported
 */
int vdfl_guest_write(struct vdfl_mdev *vd, u64 pos, u8 *buf, size_t len)
{
	u64 ctrl = vd->guest.ctrl;
	int ret = pieces_rw(vd, pos, buf, len, guest_write_piece);

	if (!ret && ctrl && pos <= ctrl && ctrl - pos < len)
		guest_write_ctrl(vd, buf[ctrl - pos] & DFL_PORT_CTRL_RESET);
	return ret;
}
