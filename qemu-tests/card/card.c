// SPDX-License-Identifier: GPL-2.0-only
/* BAR accesses and resets of the card as a whole. */
#include <string.h>

#include "card.h"

/** enum stray - what is wrong with an access no driver should make */
enum stray {
	STRAY_NONE,
	STRAY_MEMORY_OFF,
	STRAY_UNALIGNED,
	STRAY_OUTSIDE,
	STRAY_MSIX_TABLE,
	STRAY_NARROW,
	STRAY_RESET,
	STRAY_HOLE,
	/* from here on the access is carried out all the same */
	STRAY_WIDE,
	STRAY_NOT_OWNED,
};

static const char *const stray_names[] = {
	[STRAY_MEMORY_OFF] = "memory-off",
	[STRAY_UNALIGNED] = "unaligned",
	[STRAY_OUTSIDE] = "outside",
	[STRAY_MSIX_TABLE] = "msix-table",
	[STRAY_NARROW] = "narrow",
	[STRAY_RESET] = "reset",
	[STRAY_HOLE] = "hole",
	[STRAY_WIDE] = "wide",
	[STRAY_NOT_OWNED] = "not-owned",
};

/** struct access - one BAR access; @rel is @off inside @b */
struct access {
	struct block *b;
	u8 bar;
	u64 off;
	u64 rel;
	u32 len;
	bool write;
	u64 value;
};

static u64 len_mask(u32 len)
{
	return len >= 8 ? CARD_ONES : BIT_ULL(8 * len) - 1;
}

/** card_find_block() - block that decodes @off of @bar, or NULL */
struct block *card_find_block(struct card *c, u8 bar, u64 off)
{
	size_t i;

	for (i = 0; i < c->nr_blocks; i++) {
		struct block *b = &c->blocks[i];

		if (b->bar == bar && off >= b->offset &&
		    off - b->offset < b->size)
			return b;
	}
	return NULL;
}

static bool in_io_window(const struct block *b, u64 rel)
{
	return rel >= b->io_start && rel - b->io_start < b->io_len;
}

static bool in_range(u8 bar, u64 off, u8 range_bar, u64 start, u64 len)
{
	return bar == range_bar && off >= start && off - start < len;
}

static bool is_pba(const struct card *c, u8 bar, u64 off)
{
	return c->id.nr_vectors &&
	       in_range(bar, off, c->id.pba_bar, c->id.pba, 8);
}

static bool is_msix_table(const struct card *c, u8 bar, u64 off)
{
	return in_range(bar, off, c->id.table_bar, c->id.table,
			16 * c->id.nr_vectors);
}

static bool is_port_control(const struct block *b, u64 rel)
{
	return (b->kind == KIND_PORT && (rel & ~7ULL) == DFL_PORT_CTRL) ||
	       block_reg(b, rel)->flags & REG_MEDIATED;
}

/*
 * Whoever owns an AFU resets it through the port's control register. Any other
 * port the driver may look at and take out of reset, as after one of the card.
 */
static bool is_mediated(const struct card *c, const struct access *a)
{
	const struct range *port = &c->own_port;
	const struct block *b = a->b;

	if (!is_port_control(b, a->rel))
		return false;
	if (!a->write || !(a->value & DFL_PORT_CTRL_RESET))
		return true;
	return (b->afu && b->afu->owned) ||
	       in_range(a->bar, a->off, port->bar, port->off, port->len);
}

static bool is_owned(const struct card *c, const struct access *a)
{
	const struct range *r = &c->own_range, *flush = &c->flush;

	if (in_range(a->bar, a->off, r->bar, r->off, r->len) ||
	    (!a->write &&
	     in_range(a->bar, a->off, flush->bar, flush->off, flush->len)))
		return true;
	return a->b->owned || is_mediated(c, a);
}

static enum stray judge(struct card *c, const struct access *a)
{
	const struct block *b = a->b;
	bool io;

	if (!config_memory_on(c))
		return STRAY_MEMORY_OFF;
	if (a->off % a->len)
		return STRAY_UNALIGNED;
	if (is_msix_table(c, a->bar, a->off))
		return STRAY_MSIX_TABLE;
	if (!b)
		return STRAY_OUTSIDE;
	io = in_io_window(b, a->rel);
	if (a->len < 4 && !io)
		return STRAY_NARROW;
	if (b->port && port_in_reset(b->port))
		return STRAY_RESET;
	if (!io && !(block_reg(b, a->rel)->flags & REG_PRESENT))
		return STRAY_HOLE;
	if (io && a->len > 4)
		return STRAY_WIDE;
	if (c->owning && !is_owned(c, a))
		return STRAY_NOT_OWNED;
	return STRAY_NONE;
}

static void log_stray(struct card *c, const struct access *a, enum stray why)
{
	c->stray++;
	if (a->b)
		a->b->stray++;
	if (a->b && c->owning && !is_owned(c, a))
		c->not_owned++;
	if (c->access_log_off)
		return;
	log_event(c->log, "access", "{s:s,s:s,s:i,s:o,s:i,s:o*}", "op",
		  a->write ? "write" : "read", "why", stray_names[why], "bar",
		  a->bar, "offset", log_hex(a->off), "len", a->len, "value",
		  a->write ? log_hex(a->value) : NULL);
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

static u64 read_block(const struct access *a)
{
	struct block *b = a->b;

	if (in_io_window(b, a->rel))
		return b->model->io_read(b, a->rel - b->io_start, a->len);
	if (a->rel < b->header_len)
		b->header_reads++;
	return read_reg(b, a->rel) >> (8 * (a->rel % 8));
}

/* @value has no bits outside @bits, the ones the write covers */
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

static void write_block(const struct access *a)
{
	struct block *b = a->b;
	u32 shift = 8 * (a->rel % 8);

	if (in_io_window(b, a->rel))
		b->model->io_write(b, a->rel - b->io_start, a->len, a->value);
	else
		write_reg(b, a->rel, a->value << shift,
			  len_mask(a->len) << shift);
}

static struct access make_access(struct card *c, u8 bar, u64 off, u32 len)
{
	struct access a = { .bar = bar, .off = off, .len = len };

	a.b = card_find_block(c, bar, off);
	if (a.b)
		a.rel = off - a.b->offset;
	return a;
}

/** card_count_access() - the driver is about to access the card */
void card_count_access(struct card *c)
{
	if (c->vanished)
		return;
	c->accesses++;
	if (c->accesses == c->master_at)
		config_set_master(c);
	if (c->accesses == c->vanish_at)
		card_vanish(c);
}

/** card_bar_read() - the driver reads @len (1, 2, 4 or 8) bytes */
u64 card_bar_read(struct card *c, u8 bar, u64 off, u32 len)
{
	struct access a = make_access(c, bar, off, len);
	enum stray why;

	card_count_access(c);
	if (c->vanished)
		return CARD_ONES;
	c->reads++;
	if (is_pba(c, bar, off)) {
		c->pba_reads++;
		return c->irq.pending >> (8 * (off % 8));
	}
	if (a.b)
		a.b->reads++;
	why = judge(c, &a);
	if (why != STRAY_NONE)
		log_stray(c, &a, why);
	if (why == STRAY_HOLE)
		return 0;
	if (why != STRAY_NONE && why < STRAY_WIDE)
		return CARD_ONES;
	return read_block(&a);
}

/** card_bar_write() - the driver writes @len (1, 2, 4 or 8) bytes */
void card_bar_write(struct card *c, u8 bar, u64 off, u32 len, u64 value)
{
	struct access a = make_access(c, bar, off, len);
	enum stray why;

	card_count_access(c);
	if (c->vanished)
		return;
	a.write = true;
	a.value = value & len_mask(len);
	c->writes++;
	if (is_pba(c, bar, off))
		return;
	if (a.b)
		a.b->writes++;
	why = judge(c, &a);
	if (why != STRAY_NONE)
		log_stray(c, &a, why);
	if (why == STRAY_NONE || why >= STRAY_WIDE)
		write_block(&a);
}

/** block_add_reg() - there is a register at @off; @rw bits can be written */
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

/** block_reset() - back to reset values; the caller updates interrupts */
void block_reset(struct block *b)
{
	u64 i;

	b->resets++;
	b->cause = 0;
	for (i = 0; i < b->size / 8; i++)
		b->regs[i].value = b->regs[i].reset;
	if (b->model->reset)
		b->model->reset(b);
}

/** card_reset() - everything back to power-up, for reason @what */
void card_reset(struct card *c, const char *what)
{
	size_t i;

	log_event(c->log, "reset", "{s:s}", "what", what);
	config_reset(c);
	for (i = 0; i < c->nr_blocks; i++)
		block_reset(&c->blocks[i]);
	irq_reset(c);
}

/** card_vanish() - from now on reads give ones, nothing else happens */
void card_vanish(struct card *c)
{
	c->vanished = true;
	log_event(c->log, "vanish", "{}");
}

/** card_return() - the link is back, and that resets the card */
void card_return(struct card *c)
{
	if (!c->vanished)
		return;
	c->vanished = false;
	log_event(c->log, "return", "{}");
	card_reset(c, "return");
}

/** card_own() - start or stop watching for accesses outside owned blocks */
void card_own(struct card *c, bool on)
{
	size_t i;

	c->owning = on;
	c->not_owned = 0;
	c->own_range = (struct range){ 0 };
	c->own_port = (struct range){ 0 };
	for (i = 0; i < c->nr_blocks; i++)
		c->blocks[i].owned = false;
}
