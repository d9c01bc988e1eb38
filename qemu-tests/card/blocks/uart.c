// SPDX-License-Identifier: GPL-2.0-only
/* 16550 UART with an unconnected line: output is dropped except in loopback. */
#include <stdlib.h>
#include <string.h>

#include <linux/serial_reg.h>

#include "blocks/all.h"
#include "lib/spec.h"

#define UART_FEATURE_SCRATCH	0xf0
#define UART_WINDOW	0x200
#define UART_WINDOW_SHIFT	2
#define UART_NR_REGS	8
#define UART_MAX_FIFO	128
#define UART_DIVISORS	2

struct uart {
	u8 fifo[UART_MAX_FIFO];
	u32 fifo_len;		/* depth */
	u32 head, count;
	u8 ier, lcr, mcr, fcr, scr;
	u8 divisor[UART_DIVISORS];
	bool overrun;
	bool thr_event;		/* transmitter empty, not yet reported by IIR */
};

static int uart_init(struct block *b, const json_t *spec)
{
	struct uart *u = calloc(1, sizeof(*u));

	if (!u)
		return -1;
	u->fifo_len = min_u64(spec_u64(spec, "fifo", UART_MAX_FIFO),
			      UART_MAX_FIFO);
	b->priv = u;
	b->io_start = UART_WINDOW;
	b->io_len = UART_NR_REGS << UART_WINDOW_SHIFT;
	block_add_reg(b, UART_FEATURE_SCRATCH, 0, ALL_ONES);
	return 0;
}

static u32 depth(const struct uart *u)
{
	return u->fcr & UART_FCR_ENABLE_FIFO ? u->fifo_len : 1;
}

static u8 pending_id(const struct uart *u)
{
	if (u->ier & UART_IER_RLSI && u->overrun)
		return UART_IIR_RLSI;
	if (u->ier & UART_IER_RDI && u->count)
		return UART_IIR_RDI;
	if (u->ier & UART_IER_THRI && u->thr_event)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void update(struct block *b)
{
	u64 cause = pending_id(b->priv) != UART_IIR_NO_INT;

	if (cause != b->irq.cause)
		irq_set_cause(&b->irq, cause);
}

static void receive(struct uart *u, u8 byte)
{
	if (u->count == depth(u)) {
		u->overrun = true;
		return;
	}
	u->fifo[(u->head + u->count++) % UART_MAX_FIFO] = byte;
}

static void transmit(struct uart *u, u8 byte)
{
	u->thr_event = true;
	if (u->mcr & UART_MCR_LOOP)
		receive(u, byte);
}

static u8 take(struct uart *u)
{
	u8 byte = u->fifo[u->head];

	if (!u->count)
		return 0;
	u->head = (u->head + 1) % UART_MAX_FIFO;
	u->count--;
	return byte;
}

static u8 read_iir(struct uart *u)
{
	u8 id = pending_id(u);

	if (id == UART_IIR_THRI)
		u->thr_event = false;
	return id | (u->fcr & UART_FCR_ENABLE_FIFO ? 0xc0 : 0);
}

static u8 read_lsr(struct uart *u)
{
	u8 lsr = UART_LSR_THRE | UART_LSR_TEMT;

	if (u->count)
		lsr |= UART_LSR_DR;
	if (u->overrun)
		lsr |= UART_LSR_OE;
	u->overrun = false;
	return lsr;
}

/* In loopback the modem outputs are the modem inputs. */
static u8 modem_status(const struct uart *u)
{
	u8 msr = 0;

	if (!(u->mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	msr |= u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0;
	msr |= u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0;
	msr |= u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0;
	msr |= u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0;
	return msr;
}

static bool selects_divisor(const struct uart *u, u32 reg)
{
	return u->lcr & UART_LCR_DLAB && reg < UART_DIVISORS;
}

static u8 read_register(struct uart *u, u32 reg)
{
	if (selects_divisor(u, reg))
		return u->divisor[reg];
	switch (reg) {
	case UART_RX:
		return take(u);
	case UART_IER:
		return u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return read_lsr(u);
	case UART_MSR:
		return modem_status(u);
	default:
		return u->scr;
	}
}

static void write_ier(struct uart *u, u8 value)
{
	/* Enabling this interrupt reports an already empty transmitter. */
	if (value & ~u->ier & UART_IER_THRI)
		u->thr_event = true;
	u->ier = value & 0x0f;
}

static void write_fcr(struct uart *u, u8 value)
{
	if (value & UART_FCR_CLEAR_RCVR ||
	    (value ^ u->fcr) & UART_FCR_ENABLE_FIFO)
		u->count = 0;
	u->fcr = value & (UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK);
}

static void write_register(struct uart *u, u32 reg, u8 value)
{
	if (selects_divisor(u, reg)) {
		u->divisor[reg] = value;
		return;
	}
	switch (reg) {
	case UART_TX:
		transmit(u, value);
		break;
	case UART_IER:
		write_ier(u, value);
		break;
	case UART_FCR:
		write_fcr(u, value);
		break;
	case UART_LCR:
		u->lcr = value;
		break;
	case UART_MCR:
		u->mcr = value & 0x1f;
		break;
	case UART_SCR:
		u->scr = value;
		break;
	}
}

/* Registers are 4 bytes apart; only the lowest byte is decoded. */
static u64 uart_io_read(struct block *b, u64 off, u32 len)
{
	u64 value;

	(void)len;
	if (off % BIT(UART_WINDOW_SHIFT))
		return 0;
	value = read_register(b->priv, off >> UART_WINDOW_SHIFT);
	update(b);
	return value;
}

static void uart_io_write(struct block *b, u64 off, u32 len, u64 value)
{
	(void)len;
	if (off % BIT(UART_WINDOW_SHIFT))
		return;
	write_register(b->priv, off >> UART_WINDOW_SHIFT, value);
	update(b);
}

static void uart_reset(struct block *b)
{
	struct uart *u = b->priv;
	u32 fifo_len = u->fifo_len;

	memset(u, 0, sizeof(*u));
	u->fifo_len = fifo_len;
}

const struct model model_uart = {
	.name = "uart",
	.init = uart_init,
	.release = block_free_priv,
	.reset = uart_reset,
	.io_read = uart_io_read,
	.io_write = uart_io_write,
};
