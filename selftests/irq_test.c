// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of the card by its pin. The pin is shared, so an interrupt of any
 * block signals every armed vector. A pending interrupt is signalled again and
 * again, but not faster than the hold-off allows.
 */
#include <linux/serial_reg.h>

#include "harness.h"
#include "lab_card.h"

#define ARRIVES_MS	20000	/* longer than the busiest machine takes */
#define QUIET_US	300000	/* many hold-offs */

FIXTURE(irq) {
	struct card card;
	struct instance inst, other_inst;
	struct dev dev, other;
	int event[AFU_VECTORS];
	int other_event;
	u64 holdoff;
};

FIXTURE_SETUP(irq)
{
	size_t i;

	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	self->holdoff = sysfs_read_u64("%s/dfl/irq_holdoff_us",
				       self->card.dir);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	block_open(&self->other_inst, &self->other, &self->card, POS_AFU1);
	for (i = 0; i < AFU_VECTORS; i++)
		self->event[i] = event_new();
	self->other_event = event_new();
}

static void set_holdoff(const struct card *card, u64 us)
{
	char value[24];

	format(value, sizeof(value), "%lu", us);
	sysfs_write(value, "%s/dfl/irq_holdoff_us", card->dir);
}

FIXTURE_TEARDOWN(irq)
{
	set_holdoff(&self->card, self->holdoff);
	block_close(&self->inst, &self->dev);
	block_close(&self->other_inst, &self->other);
}

static void trigger(struct dev *dev, u64 vectors)
{
	dev_write64(dev, AFU_IRQ_TRIGGER, vectors);
	/* the read returns after the write has arrived */
	dev_read64(dev, AFU_IRQ_STATUS);
}

static void acknowledge(struct dev *dev)
{
	dev_write64(dev, AFU_IRQ_STATUS, ~0ULL);
	dev_read64(dev, AFU_IRQ_STATUS);
}

/* Number of signals on @fd after those already being delivered. */
static u64 heard_later(int fd)
{
	sleep_us(QUIET_US);
	event_take(fd);
	sleep_us(QUIET_US);
	return event_take(fd);
}

TEST_F(irq, source_is_intx)
{
	char value[VALUE_LEN];

	sysfs_read(value, sizeof(value), "%s/dfl/irq_source", self->card.dir);
	EXPECT_STREQ("intx", value);
	sysfs_read(value, sizeof(value), "%s/dfl/irq_source", self->inst.dir);
	EXPECT_STREQ("intx", value);
}

TEST_F(irq, vector_is_signalled_per_interrupt)
{
	int i;

	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	EXPECT_EQ(0, event_take(self->event[0]));
	for (i = 0; i < 5; i++) {
		trigger(&self->dev, 1);
		EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
		acknowledge(&self->dev);
		EXPECT_EQ(0, heard_later(self->event[0]));
	}
}

/* The pin does not distinguish vectors: every armed vector is signalled. */
TEST_F(irq, every_armed_vector_is_signalled)
{
	irq_arm(&self->dev, MSIX, 1, self->event[1]);
	irq_arm(&self->dev, MSIX, 3, self->event[3]);
	irq_arm(&self->other, MSIX, 0, self->other_event);
	trigger(&self->dev, 1 << 2);
	EXPECT_TRUE(event_wait(self->event[1], ARRIVES_MS));
	EXPECT_TRUE(event_wait(self->event[3], ARRIVES_MS));
	EXPECT_TRUE(event_wait(self->other_event, ARRIVES_MS));
	EXPECT_EQ(0, event_take(self->event[0]));
	EXPECT_EQ(0, event_take(self->event[2]));
	acknowledge(&self->dev);
}

TEST_F(irq, pending_interrupt_is_signalled_again)
{
	int i;

	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	trigger(&self->dev, 1);
	for (i = 0; i < 5; i++) {
		EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
		event_take(self->event[0]);
	}
	acknowledge(&self->dev);
	EXPECT_EQ(0, heard_later(self->event[0]));
	/* and it is signalled again after the next interrupt */
	trigger(&self->dev, 2);
	EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
	acknowledge(&self->dev);
}

TEST_F(irq, cleared_vector_is_silent)
{
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	irq_arm(&self->dev, MSIX, 1, self->event[1]);
	irq_arm(&self->dev, MSIX, 0, -1);
	trigger(&self->dev, 1);
	EXPECT_TRUE(event_wait(self->event[1], ARRIVES_MS));
	EXPECT_EQ(0, event_take(self->event[0]));
	acknowledge(&self->dev);
}

/* Without an armed vector the pin is masked. */
TEST_F(irq, pin_is_masked_without_armed_vector)
{
	struct card_stats before, after;

	card_stats(&self->card, &before);
	trigger(&self->dev, 1);
	sleep_us(QUIET_US);
	card_stats(&self->card, &after);
	EXPECT_EQ(before.intx_asserted, after.intx_asserted);

	/* the interrupt is still pending when a vector is armed */
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
	irq_disable(&self->dev, MSIX);
	event_take(self->event[0]);
	EXPECT_EQ(0, heard_later(self->event[0]));
	card_stats(&self->card, &before);
	sleep_us(QUIET_US);
	card_stats(&self->card, &after);
	EXPECT_EQ(before.intx_asserted, after.intx_asserted);
}

TEST_F(irq, no_interrupt_after_close)
{
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	irq_arm(&self->other, MSIX, 0, self->other_event);
	dev_close(&self->dev);
	trigger(&self->other, 1);
	EXPECT_TRUE(event_wait(self->other_event, ARRIVES_MS));
	EXPECT_EQ(0, event_take(self->event[0]));
	acknowledge(&self->other);
}

/* The reset at close also clears the interrupt. */
TEST_F(irq, close_ends_a_storm)
{
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	irq_arm(&self->other, MSIX, 0, self->other_event);
	trigger(&self->dev, 1);
	EXPECT_TRUE(event_wait(self->other_event, ARRIVES_MS));
	dev_close(&self->dev);
	EXPECT_EQ(0, heard_later(self->other_event));
	trigger(&self->other, 1);
	EXPECT_TRUE(event_wait(self->other_event, ARRIVES_MS));
	acknowledge(&self->other);
}

TEST_F(irq, reset_keeps_eventfds)
{
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	trigger(&self->dev, 1);
	EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
	ASSERT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_IRQ_STATUS));
	EXPECT_EQ(0, heard_later(self->event[0]));
	trigger(&self->dev, 1);
	EXPECT_TRUE(event_wait(self->event[0], ARRIVES_MS));
	acknowledge(&self->dev);
}

TEST_F(irq, holdoff_out_of_range_is_refused)
{
	static const char *const bad[] = { "0", "9", "1000001", "4294967295" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERR(ERANGE, try_sysfs_write(bad[i],
						   "%s/dfl/irq_holdoff_us",
						   self->card.dir));
	EXPECT_ERR(EINVAL, try_sysfs_write("soon", "%s/dfl/irq_holdoff_us",
					   self->card.dir));
	EXPECT_EQ(self->holdoff, sysfs_read_u64("%s/dfl/irq_holdoff_us",
						self->card.dir));
}

/* --- changes while it fires ---------------------------------------------- */

TEST_F(irq, replace_while_firing)
{
	int i;

	set_holdoff(&self->card, 10);
	irq_arm(&self->dev, MSIX, 0, self->event[0]);
	trigger(&self->dev, 1);
	for (i = 0; i < 100; i++) {
		int old = self->event[i % 2], fresh = self->event[1 - i % 2];

		ASSERT_TRUE(event_wait(old, ARRIVES_MS));
		irq_arm(&self->dev, MSIX, 0, fresh);
		event_take(old);
		ASSERT_TRUE(event_wait(fresh, ARRIVES_MS));
		/* no signal on the old eventfd after the call has returned */
		ASSERT_EQ(0, event_take(old));
		event_take(fresh);
	}
	acknowledge(&self->dev);
}

TEST_F(irq, disable_while_firing)
{
	int i;

	set_holdoff(&self->card, 10);
	trigger(&self->dev, 1);
	for (i = 0; i < 100; i++) {
		irq_arm(&self->dev, MSIX, 0, self->event[0]);
		ASSERT_TRUE(event_wait(self->event[0], ARRIVES_MS));
		irq_disable(&self->dev, MSIX);
		event_take(self->event[0]);
		sleep_us(1000);
		ASSERT_EQ(0, event_take(self->event[0]));
	}
	acknowledge(&self->dev);
}

TEST_F(irq, close_while_firing)
{
	int i;

	set_holdoff(&self->card, 10);
	irq_arm(&self->other, MSIX, 0, self->other_event);
	trigger(&self->other, 1);
	for (i = 0; i < 30; i++) {
		irq_arm(&self->dev, MSIX, 0, self->event[0]);
		ASSERT_TRUE(event_wait(self->event[0], ARRIVES_MS));
		dev_close(&self->dev);
		event_take(self->event[0]);
		event_take(self->other_event);
		ASSERT_TRUE(event_wait(self->other_event, ARRIVES_MS));
		ASSERT_EQ(0, event_take(self->event[0]));
		dev_open(&self->dev, &self->inst);
	}
	acknowledge(&self->other);
}

/* Only the driver still has a reference to the eventfd. */
TEST_F(irq, eventfd_closed_while_firing)
{
	int i, fd;

	set_holdoff(&self->card, 10);
	irq_arm(&self->dev, MSIX, 1, self->event[1]);
	trigger(&self->dev, 1);
	for (i = 0; i < 100; i++) {
		fd = event_new();
		irq_arm(&self->dev, MSIX, 0, fd);
		close(fd);
		event_take(self->event[1]);
		ASSERT_TRUE(event_wait(self->event[1], ARRIVES_MS));
	}
	acknowledge(&self->dev);
}

/* --- storms -------------------------------------------------------------- */

FIXTURE(storm) {
	struct card card;
	struct instance inst, other_inst;
	struct dev dev, other;
	int event, other_event;
	u64 holdoff;
};

FIXTURE_VARIANT(storm) {
	u64 holdoff_us;
};

FIXTURE_VARIANT_ADD(storm, default_holdoff) {
	.holdoff_us = 500,
};

FIXTURE_VARIANT_ADD(storm, long_holdoff) {
	.holdoff_us = 20000,
};

FIXTURE_SETUP(storm)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	self->holdoff = sysfs_read_u64("%s/dfl/irq_holdoff_us",
				       self->card.dir);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	block_open(&self->other_inst, &self->other, &self->card, POS_AFU1);
	self->event = event_new();
	self->other_event = event_new();
}

FIXTURE_TEARDOWN(storm)
{
	set_holdoff(&self->card, self->holdoff);
	block_close(&self->inst, &self->dev);
	block_close(&self->other_inst, &self->other);
}

/* A client that never acknowledges is signalled at a limited rate. */
TEST_F(storm, signal_rate_is_capped)
{
	u64 start, elapsed, cap, own, other;

	set_holdoff(&self->card, variant->holdoff_us);
	irq_arm(&self->dev, MSIX, 0, self->event);
	irq_arm(&self->other, MSIX, 0, self->other_event);
	trigger(&self->dev, 1);
	ASSERT_TRUE(event_wait(self->other_event, ARRIVES_MS));
	start = now_us();
	event_take(self->event);
	event_take(self->other_event);
	sleep_us(1000000);
	own = event_take(self->event);
	other = event_take(self->other_event);
	elapsed = now_us() - start;
	acknowledge(&self->dev);

	cap = elapsed / variant->holdoff_us * 11 / 10 + 2;
	EXPECT_GE(cap, own);
	EXPECT_GE(cap, other);
	/* it is not lost either; the number depends on the machine */
	EXPECT_LE(1, own);
	EXPECT_LE(1, other);
	EXPECT_EQ(0, heard_later(self->other_event));
}

/* --- a block that is no accelerator -------------------------------------- */

FIXTURE(uart) {
	struct card card;
	struct instance inst;
	struct dev dev;
	int event;
};

FIXTURE_SETUP(uart)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_UART);
	block_open(&self->inst, &self->dev, &self->card, POS_UART);
	self->event = event_new();
}

FIXTURE_TEARDOWN(uart)
{
	block_close(&self->inst, &self->dev);
}

static void uart_write(struct dev *dev, unsigned int reg, u8 value)
{
	dev_write(dev, BAR0, UART_REGS + reg * UART_REG_STEP, &value, 1);
}

static u8 uart_read(struct dev *dev, unsigned int reg)
{
	u8 value;

	dev_read(dev, BAR0, UART_REGS + reg * UART_REG_STEP, &value, 1);
	return value;
}

TEST_F(uart, received_byte_is_signalled)
{
	irq_arm(&self->dev, MSIX, 0, self->event);
	uart_write(&self->dev, UART_MCR, UART_MCR_LOOP);
	uart_write(&self->dev, UART_IER, UART_IER_RDI);
	EXPECT_EQ(0, heard_later(self->event));
	uart_write(&self->dev, UART_TX, 'x');
	EXPECT_EQ(UART_IIR_RDI, uart_read(&self->dev, UART_IIR));
	EXPECT_TRUE(event_wait(self->event, ARRIVES_MS));
	EXPECT_EQ('x', uart_read(&self->dev, UART_RX));
	EXPECT_EQ(0, heard_later(self->event));
	uart_write(&self->dev, UART_IER, 0);
	uart_write(&self->dev, UART_MCR, 0);
	uart_read(&self->dev, UART_IER);
}

TEST_CARD_MAIN
