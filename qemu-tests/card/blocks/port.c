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
#define PORT_CAP_INTERRUPTS	GENMASK_ULL(35, 32)

/**
 * struct port - reset handshake
 * @ack_reads: reads of CTRL before a new request is acknowledged
 * @reads_left: reads before the request in progress is acknowledged
 * @stuck: requests are never acknowledged
 */
struct port {
	u64 ack_reads;
	u64 reads_left;
	bool stuck;
};

static u64 *control(const struct block *b)
{
	return &block_reg(b, DFL_PORT_CTRL)->value;
}

/* The AFU stays in reset until the port acknowledges the end of the reset. */
static bool afu_in_reset(const struct block *b)
{
	return *control(b) & (DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK);
}

static int port_init(struct block *b, const json_t *spec)
{
	struct port *p = calloc(1, sizeof(*p));
	u64 cap, off;

	if (!p)
		return -1;
	b->priv = p;
	p->ack_reads = spec_u64(spec, "ack_reads", 2);
	p->stuck = json_is_true(json_object_get(spec, "stuck"));
	cap = FIELD_PREP(DFL_PORT_CAP_NUMBER, spec_u64(spec, "port", 0)) |
	      FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, spec_u64(spec, "mmio_kib", 0)) |
	      FIELD_PREP(PORT_CAP_INTERRUPTS, spec_u64(spec, "count", 0));
	block_add_reg(b, PORT_MAILBOX, 0, ALL_ONES);
	block_add_reg(b, PORT_SCRATCH, 0, ALL_ONES);
	block_add_reg(b, DFL_PORT_CAP, cap, 0);
	block_add_special(b, DFL_PORT_CTRL,
			  DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK,
			  REG_HOOKED | REG_PORT_CTRL);
	block_add_reg(b, PORT_STS, 0, 0);
	if (spec_u64(spec, "rev", 0))
		return 0;
	for (off = PORT_USRCLK_FIRST; off <= PORT_USRCLK_LAST; off += 8)
		block_add_reg(b, off, 0, ALL_ONES);
	return 0;
}

static bool acknowledged(u64 ctrl)
{
	return !(ctrl & DFL_PORT_CTRL_RESET) == !(ctrl & DFL_PORT_CTRL_ACK);
}

static u64 port_read(struct block *b, u64 off)
{
	struct port *p = b->priv;
	u64 *ctrl = control(b);

	(void)off;	/* CTRL is the only hooked register */
	if (acknowledged(*ctrl) || p->stuck)
		return *ctrl;
	if (p->reads_left)
		p->reads_left--;
	else
		*ctrl ^= DFL_PORT_CTRL_ACK;
	return *ctrl;
}

static void log_reset(struct block *b, bool on)
{
	log_event(b->log, "reset", "{s:s,s:s,s:b}", "what", "port",
		  "block", b->name, "on", on);
}

static void port_write(struct block *b, u64 off, u64 value, u64 bits)
{
	const u64 writable = DFL_PORT_CTRL_RESET | PORT_CTRL_LTR;
	struct port *p = b->priv;
	u64 *ctrl = control(b), old = *ctrl;

	(void)off;
	(void)bits;	/* bits not covered are unchanged in @value */
	*ctrl = (old & ~writable) | (value & writable);
	if (!((old ^ *ctrl) & DFL_PORT_CTRL_RESET))
		return;
	p->reads_left = p->ack_reads;
	log_reset(b, value & DFL_PORT_CTRL_RESET);
	if (!(value & DFL_PORT_CTRL_RESET))
		return;
	b->resets++;
	if (b->afu)
		block_reset(b->afu);
	irq_update(b->irq.irq);
}

static void port_reset(struct block *b)
{
	struct port *p = b->priv;

	p->reads_left = 0;
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
