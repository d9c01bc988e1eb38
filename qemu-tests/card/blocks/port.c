// SPDX-License-Identifier: GPL-2.0-only
/* Port header: the reset of an AFU. */
#include <stdlib.h>

#include "blocks/all.h"
#include "lib/dfl.h"
#include "lib/spec.h"

#define PORT_MAILBOX		0x20
#define PORT_SCRATCH		0x28
#define PORT_STS		0x40
#define PORT_USRCLK_FIRST	0x50
#define PORT_USRCLK_LAST	0x68
#define PORT_CTRL_LTR		BIT_ULL(2)
#define RELEASED_REVISION	2	/* comes up out of reset */
#define PORT_CAP_INTERRUPTS	GENMASK_ULL(35, 32)

/**
 * struct port - reset handshake
 * @ack_after: accesses of the driver before a new request is acknowledged
 * @requested_at: number of the access that made the last request
 * @held_until: number of the access up to which the AFU stays in reset
 * @stuck: requests are never acknowledged
 */
struct port {
	u64 ack_after;
	u64 requested_at;
	u64 held_until;
	bool stuck;
};

static u64 *control(const struct block *b)
{
	return &block_reg(b, DFL_PORT_CTRL)->value;
}

static bool acknowledged(u64 ctrl)
{
	return !(ctrl & DFL_PORT_CTRL_RESET) == !(ctrl & DFL_PORT_CTRL_ACK);
}

/* Return the number of the last access that precedes the acknowledgment. */
static u64 pending_until(const struct block *b)
{
	const struct port *p = b->priv;

	return p->requested_at + (b->prompt ? 0 : p->ack_after);
}

/* Return CTRL with the acknowledgment that is due by now. */
static u64 current_control(const struct block *b)
{
	const struct port *p = b->priv;
	u64 ctrl = *control(b);

	if (acknowledged(ctrl) || p->stuck || *b->clock <= pending_until(b))
		return ctrl;
	return ctrl ^ DFL_PORT_CTRL_ACK;
}

/*
 * The AFU stays in reset until the port acknowledges the end of the reset. A
 * request that is withdrawn before its acknowledgment is never acknowledged,
 * but the AFU stays in reset for as long.
 */
static bool afu_in_reset(const struct block *b)
{
	const struct port *p = b->priv;

	return current_control(b) & (DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK) ||
	       *b->clock <= p->held_until;
}

static u64 first_control(const json_t *spec)
{
	if (spec_u64(spec, "rev", 0) >= RELEASED_REVISION)
		return PORT_CTRL_LTR;
	return DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK;
}

static int port_init(struct block *b, const json_t *spec)
{
	struct port *p = calloc(1, sizeof(*p));
	u64 cap, off;

	if (!p)
		return -1;
	b->priv = p;
	p->ack_after = spec_u64(spec, "ack_after", 2);
	p->stuck = json_is_true(json_object_get(spec, "stuck"));
	cap = FIELD_PREP(DFL_PORT_CAP_NUMBER, spec_u64(spec, "port", 0)) |
	      FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, spec_u64(spec, "mmio_kib", 0)) |
	      FIELD_PREP(PORT_CAP_INTERRUPTS, spec_u64(spec, "count", 0));
	block_add_reg(b, PORT_MAILBOX, 0, ALL_ONES);
	block_add_reg(b, PORT_SCRATCH, 0, ALL_ONES);
	block_add_reg(b, DFL_PORT_CAP, cap, 0);
	block_add_special(b, DFL_PORT_CTRL, first_control(spec),
			  REG_HOOKED | REG_PORT_CTRL);
	block_add_reg(b, PORT_STS, 0, 0);
	if (spec_u64(spec, "rev", 0))
		return 0;
	for (off = PORT_USRCLK_FIRST; off <= PORT_USRCLK_LAST; off += 8)
		block_add_reg(b, off, 0, ALL_ONES);
	return 0;
}

static u64 port_read(struct block *b, u64 off)
{
	(void)off;	/* CTRL is the only hooked register */
	*control(b) = current_control(b);
	return *control(b);
}

static void log_reset(struct block *b, bool on)
{
	log_event(b->log, "reset", "{s:s,s:s,s:b}", "what", "port",
		  "block", b->name, "on", on);
}

static void request_reset(struct block *b)
{
	b->resets++;
	if (b->afu)
		block_reset(b->afu);
	irq_update(b->irq.irq);
}

/* Toggling the soft reset ends the block that the protocol checker imposed. */
static void end_request(struct block *b, u64 old)
{
	struct port *p = b->priv;

	b->checker->blocked = false;
	if (!(old & DFL_PORT_CTRL_ACK))
		p->held_until = pending_until(b);
}

static void port_write(struct block *b, u64 off, u64 value, u64 bits)
{
	const u64 writable = DFL_PORT_CTRL_RESET | PORT_CTRL_LTR;
	struct port *p = b->priv;
	u64 old = current_control(b), *ctrl = control(b);

	(void)off;
	(void)bits;	/* bits not covered are unchanged in @value */
	*ctrl = (old & ~writable) | (value & writable);
	if (!((old ^ *ctrl) & DFL_PORT_CTRL_RESET))
		return;
	log_reset(b, value & DFL_PORT_CTRL_RESET);
	if (value & DFL_PORT_CTRL_RESET)
		request_reset(b);
	else
		end_request(b, old);
	p->requested_at = *b->clock;
}

static void port_reset(struct block *b)
{
	struct port *p = b->priv;

	p->requested_at = 0;
	p->held_until = 0;
	b->checker->blocked = false;
	b->checker->error = 0;
}

const struct model model_port = {
	.name = "port",
	.init = port_init,
	.release = block_free_priv,
	.read = port_read,
	.write = port_write,
	.reset = port_reset,
	.afu_in_reset = afu_in_reset,
};
