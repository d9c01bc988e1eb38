// SPDX-License-Identifier: GPL-2.0-only
/* Accesses of the driver to BARs and config space, and stray accesses. */
#include <string.h>
#include <unistd.h>

#include "core/access.h"
#include "lib/dfl.h"

/** enum stray - defect of an access that no driver should make */
enum stray {
	STRAY_NONE,
	STRAY_MEMORY_OFF,
	STRAY_UNALIGNED,
	STRAY_OUTSIDE,
	STRAY_MSIX_TABLE,
	STRAY_NARROW,
	STRAY_RESET,
	STRAY_HOLE,
	/* accesses with a defect below are carried out */
	STRAY_LANES,
	STRAY_REPEAT,
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
	[STRAY_LANES] = "narrow",
	[STRAY_REPEAT] = "repeat",
	[STRAY_WIDE] = "wide",
	[STRAY_NOT_OWNED] = "not-owned",
};

/**
 * struct access - a BAR access; @rel is the offset in @b, @off that in @bar,
 * @repeated: @b is the block that @off repeats
 */
struct access {
	struct block *b;
	u8 bar;
	u64 off;
	u64 rel;
	u32 len;
	bool write;
	bool repeated;
	u64 value;
};

/* Redirect an access to the registers that its offset repeats. */
static void follow_repeat(struct card *c, struct access *a)
{
	const struct repeat *r = &a->b->repeat;
	u64 target = r->of + a->rel - r->at;
	struct block *b;

	if (a->rel < r->at || a->rel - r->at >= r->len ||
	    (r->writes_only && !a->write))
		return;
	b = card_find_block(c, a->bar, target);
	if (!b)
		return;
	a->b = b;
	a->rel = target - b->offset;
	a->repeated = true;
}

static struct access make_access(struct card *c, u8 bar, u64 off, u32 len,
				 bool write)
{
	struct access a = {
		.bar = bar, .off = off, .len = len, .write = write
	};

	a.b = card_find_block(c, bar, off);
	if (!a.b)
		return a;
	a.rel = off - a.b->offset;
	follow_repeat(c, &a);
	return a;
}

/* The driver puts a port without an AFU back into reset when it is unbound. */
static bool port_has_no_afu(const struct block *b, u64 ctrl)
{
	u64 off = ctrl - DFL_PORT_CTRL + DFL_NEXT_AFU;

	return !b->afu &&
	       !FIELD_GET(DFL_NEXT_AFU_OFFSET, block_reg(b, off)->value);
}

/*
 * The owner of an AFU resets it through the control register of its port. The
 * driver may also read the control register of another port, and take that port
 * out of reset, as after a reset of the card.
 */
static bool is_mediated(const struct card *c, const struct access *a)
{
	const struct block *b = a->b;

	if (!(block_reg(b, a->rel)->flags & REG_PORT_CTRL))
		return false;
	if (!a->write || !(a->value & DFL_PORT_CTRL_RESET))
		return true;
	return (b->afu && b->afu->owned) || port_has_no_afu(b, a->rel) ||
	       range_has(&c->watch.port_ctrl, a->bar, a->off);
}

static bool is_owned(const struct card *c, const struct access *a)
{
	const struct watch *w = &c->watch;

	if (range_has(&w->range, a->bar, a->off) ||
	    (!a->write && range_has(&w->flush, a->bar, a->off)))
		return true;
	return a->b->owned || is_mediated(c, a);
}

static enum stray judge(struct card *c, const struct access *a)
{
	const struct block *b = a->b;
	bool io;

	if (!config_memory_on(&c->cfg))
		return STRAY_MEMORY_OFF;
	if (a->off % a->len)
		return STRAY_UNALIGNED;
	if (range_has(&c->cfg.id.table, a->bar, a->off))
		return STRAY_MSIX_TABLE;
	if (!b)
		return STRAY_OUTSIDE;
	io = block_is_io(b, a->rel);
	if (a->len < 4 && !io)
		return b->lanes == LANES_BYTES ? STRAY_NARROW : STRAY_LANES;
	if (block_in_reset(b))
		return STRAY_RESET;
	if (!io && !(block_reg(b, a->rel)->flags & REG_PRESENT))
		return STRAY_HOLE;
	if (a->repeated)
		return STRAY_REPEAT;
	if (io && a->len > 4)
		return STRAY_WIDE;
	if (c->watch.on && !is_owned(c, a))
		return STRAY_NOT_OWNED;
	return STRAY_NONE;
}

static void log_stray(struct card *c, const struct access *a, enum stray why)
{
	c->stray++;
	if (a->b)
		a->b->stray++;
	if (a->b && c->watch.on && !is_owned(c, a))
		c->watch.violations++;
	if (c->access_log_off)
		return;
	log_event(c->log, "access", "{s:s,s:s,s:i,s:o,s:i,s:o*}", "op",
		  a->write ? "write" : "read", "why", stray_names[why], "bar",
		  a->bar, "offset", log_hex(a->off), "len", a->len, "value",
		  a->write ? log_hex(a->value) : NULL);
}

static bool is_dropped(enum stray why)
{
	return why != STRAY_NONE && why < STRAY_LANES;
}

/* Check whether an access reaches an AFU that does not answer. */
static bool unanswered(const struct card *c, const struct block *b)
{
	return b->kind == KIND_AFU && (b->hung || c->checker.blocked);
}

static enum stray check(struct card *c, const struct access *a)
{
	enum stray why = judge(c, a);

	if (why != STRAY_NONE)
		log_stray(c, a, why);
	return why;
}

/*
 * Only reads time out: the loss of a posted write is not noticed. The protocol
 * checker completes them with all-ones.
 */
static u64 unanswered_value(struct card *c)
{
	if (c->checker.on && !c->checker.blocked)
		card_protocol_error(c, DFL_PORT_ERR_MMIO_TIMEOUT);
	return ALL_ONES;
}

/* Value of a read with a defect that the card does not carry out */
static u64 stray_value(const struct card *c, enum stray why)
{
	if (why == STRAY_HOLE || (why == STRAY_OUTSIDE && c->zero_outside))
		return 0;
	return ALL_ONES;
}

/* Read @len (1, 2, 4 or 8) bytes of a BAR for the driver. */
u64 access_read(struct card *c, u8 bar, u64 off, u32 len)
{
	struct access a = make_access(c, bar, off, len, false);
	enum stray why;

	card_count_access(c);
	if (c->vanished)
		return ALL_ONES;
	c->reads++;
	if (c->faults.slow_us && range_has(&c->faults.slow, bar, off))
		usleep(c->faults.slow_us);
	if (range_has(&c->cfg.id.pba, bar, off)) {
		c->pba_reads++;
		return c->irq.pending >> (8 * (off % 8));
	}
	if (a.b)
		a.b->reads++;
	why = check(c, &a);
	if (is_dropped(why))
		return stray_value(c, why);
	if (unanswered(c, a.b))
		return unanswered_value(c);
	return block_read(a.b, a.rel, len);
}

/* Write @len (1, 2, 4 or 8) bytes of a BAR for the driver. */
void access_write(struct card *c, u8 bar, u64 off, u32 len, u64 value)
{
	struct access a = make_access(c, bar, off, len, true);
	enum stray why;

	card_count_access(c);
	if (c->vanished)
		return;
	a.value = value;
	c->writes++;
	if (range_has(&c->cfg.id.pba, bar, off))
		return;
	if (a.b)
		a.b->writes++;
	why = check(c, &a);
	if (!is_dropped(why) && !unanswered(c, a.b))
		block_write(a.b, a.rel, len, value);
}

void access_config_read(struct card *c, u32 off, u32 len, void *data)
{
	card_count_access(c);
	if (c->vanished)
		memset(data, 0xff, len);
	else
		config_read(&c->cfg, off, len, data, irq_status(&c->irq));
}

static void function_level_reset(struct card *c)
{
	c->flr++;
	log_event(c->log, "flr", "{}");
	if (c->faults.vanish_at_flr)
		card_vanish(c);
	else
		card_reset(c, "flr");
}

void access_config_write(struct card *c, u32 off, u32 len, const void *data)
{
	u32 effects;

	card_count_access(c);
	if (c->vanished)
		return;
	effects = config_write(&c->cfg, off, len, data);
	if (effects & CONFIG_FLR) {
		function_level_reset(c);
		return;
	}
	if (effects & CONFIG_POWER_UP)
		card_reset(c, "pm");
	irq_enables_changed(&c->irq, effects & CONFIG_MSIX_ON);
}
