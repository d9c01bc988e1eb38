// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts under the source in use. Where the source distinguishes vectors, an
 * interrupt must signal only its own vector; under intx it signals all armed
 * vectors. A disarmed vector must not be signalled.
 */
#include <fcntl.h>

#include "harness.h"
#include "lab_card.h"

#define NONE		(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)
#define ARRIVES_MS	20000	/* long enough on the busiest machine */
#define QUIET_US	60000	/* many polls and hold-offs */
#define ROUNDS		10
#define BURST		500
#define NR_DEVS		3
#define NR_EVENTS	(2 * AFU_VECTORS + 1)

static const struct {
	const char *pos;
	unsigned int vectors;
} user[NR_DEVS] = {
	{ POS_AFU0, AFU_VECTORS },
	{ POS_AFU1, AFU_VECTORS },
	{ POS_UART, 1 },
};

FIXTURE(source) {
	struct card card;
	struct instance inst[NR_DEVS];
	struct dev dev[NR_DEVS];
	char name[VALUE_LEN];
	bool shared;		/* the pin is shared */
	bool level;		/* a pending interrupt is signalled again */
	int event[NR_DEVS][AFU_VECTORS];
};

FIXTURE_SETUP(source)
{
	unsigned int d, v;

	card_find(&self->card);
	sysfs_read(self->name, sizeof(self->name), "%s/dfl/irq_source",
		   self->card.dir);
	self->shared = !strcmp(self->name, "intx");
	self->level = strcmp(self->name, "msix");
	for (d = 0; d < NR_DEVS; d++)
		SKIP_UNLESS_BLOCK(return, &self->card, user[d].pos);
	for (d = 0; d < NR_DEVS; d++) {
		block_open(&self->inst[d], &self->dev[d], &self->card,
			   user[d].pos);
		for (v = 0; v < user[d].vectors; v++)
			self->event[d][v] = event_new();
	}
}

FIXTURE_TEARDOWN(source)
{
	unsigned int d;

	for (d = 0; d < NR_DEVS; d++)
		block_close(&self->inst[d], &self->dev[d]);
}

/* FIXTURE_DATA(source) of the harness, which checkpatch cannot parse */
static void arm_all(struct _test_data_source *self)
{
	unsigned int d;

	for (d = 0; d < NR_DEVS; d++)
		if (try_irq_fds(&self->dev[d], MSIX, 0, user[d].vectors,
				self->event[d]))
			die("arming %s", user[d].pos);
}

/* Take the signals of all eventfds; one bit for each with at least one. */
static unsigned int heard(struct _test_data_source *self)
{
	unsigned int d, v, bit = 0, bits = 0;

	for (d = 0; d < NR_DEVS; d++)
		for (v = 0; v < user[d].vectors; v++, bit++)
			if (event_take(self->event[d][v]))
				bits |= 1U << bit;
	return bits;
}

static void settle(struct _test_data_source *self)
{
	sleep_us(QUIET_US);
	heard(self);
}

static void acknowledge(struct dev *dev)
{
	dev_write64(dev, AFU_IRQ_STATUS, ~0ULL);
	dev_read64(dev, AFU_IRQ_STATUS);
}

/* The writes are posted, and may arrive after the return */
static void burst(struct dev *dev)
{
	unsigned int i;

	for (i = 0; i < BURST; i++)
		dev_write64(dev, AFU_IRQ_TRIGGER, 0xf);
}

TEST_F(source, irq_source_is_reported)
{
	static const char *const names[] = { "none", "intx", "poll", "msix" };
	struct vfio_dfl_mdev_block block;
	char value[VALUE_LEN];
	unsigned int d;

	for (d = 0; d < NR_DEVS; d++) {
		dev_read(&self->dev[d], REGION_BLOCK, 0, &block, sizeof(block));
		ASSERT_GT(4, block.irq_source);
		EXPECT_STREQ(self->name, names[block.irq_source]);
		EXPECT_EQ(user[d].vectors, block.vectors);
		sysfs_read(value, sizeof(value), "%s/dfl/irq_source",
			   self->inst[d].dir);
		EXPECT_STREQ(self->name, value);
	}
}

TEST_F(source, irq_source_is_fixed_while_open)
{
	static const char *const names[] = {
		"auto", "intx", "poll", "msix", "none"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_ERR(EBUSY, try_sysfs_write(names[i],
						  "%s/dfl/irq_source",
						  self->card.dir));
}

TEST_F(source, interrupt_signals_its_vector)
{
	unsigned int d, v, got, bit = 0;

	arm_all(self);
	settle(self);
	for (d = 0; d < NR_DEVS; d++) {
		for (v = 0; v < user[d].vectors; v++, bit++) {
			card_set_irq(&self->card, user[d].pos, v, true);
			EXPECT_TRUE(event_wait(self->event[d][v], ARRIVES_MS));
			sleep_us(QUIET_US);
			got = heard(self);
			EXPECT_EQ(self->shared ? (1U << NR_EVENTS) - 1 :
				  1U << bit, got)
				TH_LOG("%s vector %u", user[d].pos, v);
			card_set_irq(&self->card, user[d].pos, v, false);
			settle(self);
			sleep_us(QUIET_US);
			EXPECT_EQ(0, heard(self));
		}
	}
}

TEST_F(source, pending_interrupt_is_signalled_again)
{
	int i;

	arm_all(self);
	dev_write64(&self->dev[1], AFU_IRQ_TRIGGER, 4);
	EXPECT_TRUE(event_wait(self->event[1][2], ARRIVES_MS));
	for (i = 0; i < 5 && self->level; i++) {
		event_take(self->event[1][2]);
		EXPECT_TRUE(event_wait(self->event[1][2], ARRIVES_MS));
	}
	/* Without an acknowledge, edges are signalled once per trigger */
	for (i = 0; i < 5 && !self->level; i++) {
		event_take(self->event[1][2]);
		dev_write64(&self->dev[1], AFU_IRQ_TRIGGER, 4);
		EXPECT_TRUE(event_wait(self->event[1][2], ARRIVES_MS));
	}
	acknowledge(&self->dev[1]);
}

/*
 * The vector is armed after the interrupt; only msix loses such an interrupt.
 */
TEST_F(source, interrupt_before_arming_is_signalled)
{
	if (!self->level)
		SKIP(return, "%s has edges", self->name);
	dev_write64(&self->dev[0], AFU_IRQ_TRIGGER, 2);
	arm_all(self);
	EXPECT_TRUE(event_wait(self->event[0][1], ARRIVES_MS));
	acknowledge(&self->dev[0]);
}

/* As with vfio-pci on hardware, where a vector without an eventfd is masked */
TEST_F(source, interrupt_without_eventfd_signals_the_next_eventfd)
{
	int fresh = event_new();

	irq_arm(&self->dev[0], MSIX, 3, self->event[0][3]);
	dev_write64(&self->dev[0], AFU_IRQ_TRIGGER, 1 << 2);
	dev_write64(&self->dev[0], AFU_IRQ_TRIGGER, 1 << 3);
	EXPECT_TRUE(event_wait(self->event[0][3], ARRIVES_MS));
	sleep_us(QUIET_US);
	irq_arm(&self->dev[0], MSIX, 2, self->event[0][2]);
	EXPECT_TRUE(event_wait(self->event[0][2], ARRIVES_MS));
	acknowledge(&self->dev[0]);
	settle(self);

	/* signalled once, so neither the next eventfd nor another vector is */
	irq_arm(&self->dev[0], MSIX, 2, fresh);
	irq_arm(&self->dev[0], MSIX, 1, self->event[0][1]);
	sleep_us(QUIET_US);
	EXPECT_EQ(0, event_take(fresh));
	EXPECT_EQ(0, heard(self));
}

TEST_F(source, replaced_eventfd_is_silent)
{
	int fresh = event_new(), i;

	arm_all(self);
	for (i = 0; i < ROUNDS; i++) {
		burst(&self->dev[0]);
		irq_arm(&self->dev[0], MSIX, 1, i % 2 ? self->event[0][1] :
			fresh);
		event_take(i % 2 ? fresh : self->event[0][1]);
		dev_write64(&self->dev[0], AFU_IRQ_TRIGGER, 2);
		EXPECT_TRUE(event_wait(i % 2 ? self->event[0][1] : fresh,
				       ARRIVES_MS));
		EXPECT_EQ(0, event_take(i % 2 ? fresh : self->event[0][1]));
		acknowledge(&self->dev[0]);
	}
}

TEST_F(source, cleared_vector_is_silent)
{
	const int32_t none = -1;
	int i;

	arm_all(self);
	for (i = 0; i < ROUNDS; i++) {
		burst(&self->dev[0]);
		EXPECT_ERR(0, try_irq_fds(&self->dev[0], MSIX, 2, 1, &none));
		event_take(self->event[0][2]);
		event_take(self->event[0][3]);
		dev_write64(&self->dev[0], AFU_IRQ_TRIGGER, 0xf);
		EXPECT_TRUE(event_wait(self->event[0][3], ARRIVES_MS));
		sleep_us(QUIET_US);
		EXPECT_EQ(0, event_take(self->event[0][2]));
		irq_arm(&self->dev[0], MSIX, 2, self->event[0][2]);
		acknowledge(&self->dev[0]);
	}
}

TEST_F(source, loopback_does_not_reach_the_card)
{
	static const uint8_t odd[AFU_VECTORS] = { 0, 1, 0, 1 };

	arm_all(self);
	settle(self);
	EXPECT_ERR(0, try_irq_set(&self->dev[1], MSIX, NONE, 0, AFU_VECTORS,
				  NULL, 0));
	EXPECT_EQ(0xf0, heard(self));
	EXPECT_ERR(0, try_irq_set(&self->dev[1], MSIX,
				  VFIO_IRQ_SET_DATA_BOOL |
				  VFIO_IRQ_SET_ACTION_TRIGGER, 0, AFU_VECTORS,
				  odd, sizeof(odd)));
	EXPECT_EQ(0xa0, heard(self));
}

TEST_F(source, disable_while_firing)
{
	int i, v;

	for (i = 0; i < ROUNDS; i++) {
		arm_all(self);
		burst(&self->dev[0]);
		EXPECT_TRUE(event_wait(self->event[0][0], ARRIVES_MS));
		irq_disable(&self->dev[0], MSIX);
		for (v = 0; v < AFU_VECTORS; v++)
			event_take(self->event[0][v]);
		sleep_us(QUIET_US);
		for (v = 0; v < AFU_VECTORS; v++)
			EXPECT_EQ(0, event_take(self->event[0][v]));
		acknowledge(&self->dev[0]);
	}
}

TEST_F(source, close_while_firing)
{
	int i, v;

	arm_all(self);
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_ERR(0, try_irq_fds(&self->dev[0], MSIX, 0, AFU_VECTORS,
					  self->event[0]));
		burst(&self->dev[0]);
		EXPECT_TRUE(event_wait(self->event[0][0], ARRIVES_MS));
		dev_close(&self->dev[0]);
		for (v = 0; v < AFU_VECTORS; v++)
			event_take(self->event[0][v]);
		sleep_us(QUIET_US);
		for (v = 0; v < AFU_VECTORS; v++)
			EXPECT_EQ(0, event_take(self->event[0][v]));
		/* the other vectors still work */
		event_take(self->event[1][0]);
		dev_write64(&self->dev[1], AFU_IRQ_TRIGGER, 1);
		EXPECT_TRUE(event_wait(self->event[1][0], ARRIVES_MS));
		acknowledge(&self->dev[1]);
		dev_open(&self->dev[0], &self->inst[0]);
	}
}

/* Return whether bus master is on, and count how often it was turned on. */
static uint64_t mastering(struct _test_data_source *self, uint64_t *times)
{
	struct card_stats stats;

	card_stats(&self->card, &stats);
	*times = stats.bus_master_on_count;
	return stats.bus_master;
}

TEST_F(source, bus_master_is_on_only_for_armed_msix)
{
	uint64_t needed = self->level ? 0 : 1, start, times;
	const int32_t none = -1;

	EXPECT_EQ(0, mastering(self, &start));
	irq_arm(&self->dev[0], MSIX, 1, self->event[0][1]);
	EXPECT_EQ(needed, mastering(self, &times));
	irq_arm(&self->dev[1], MSIX, 0, self->event[1][0]);
	EXPECT_ERR(0, try_irq_fds(&self->dev[0], MSIX, 1, 1, &none));
	EXPECT_EQ(needed, mastering(self, &times));
	EXPECT_EQ(start + needed, times);
	irq_disable(&self->dev[1], MSIX);
	EXPECT_EQ(0, mastering(self, &times));

	irq_arm(&self->dev[2], MSIX, 0, self->event[2][0]);
	EXPECT_EQ(needed, mastering(self, &times));
	dev_close(&self->dev[2]);
	EXPECT_EQ(0, mastering(self, &times));
	EXPECT_EQ(start + 2 * needed, times);
	dev_open(&self->dev[2], &self->inst[2]);
}

static int open_config(const struct card *card)
{
	char path[PATH_MAX];
	int fd;

	format(path, sizeof(path), "%s/config", card->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno("opening %s", path);
	return fd;
}

static uint16_t read_command(int config)
{
	uint16_t command;

	if (pread(config, &command, sizeof(command), PCI_COMMAND) !=
	    sizeof(command))
		die_errno("reading config space");
	return command;
}

/*
 * A client that receives ERR may assume that the card is idle: no DMA of the
 * card may follow. The child unbinds the driver, which waits until this process
 * closes.
 */
TEST_F(source, bus_master_is_off_when_err_is_signalled)
{
	int config = open_config(&self->card), error = event_new(), d;
	pid_t child;

	arm_all(self);
	irq_arm(&self->dev[0], VFIO_PCI_ERR_IRQ_INDEX, 0, error);
	sysfs_write("0", "%s/dfl/release_grace_ms", self->card.dir);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		for (d = 0; d < NR_DEVS; d++)
			dev_close(&self->dev[d]);
		sysfs_write(self->card.bdf, "%s/driver/unbind", self->card.dir);
		_exit(0);
	}
	while (!event_take(error))
		;
	EXPECT_EQ(0, read_command(config) & PCI_COMMAND_MASTER);
	close(config);
	for (d = 0; d < NR_DEVS; d++)
		dev_close(&self->dev[d]);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	sysfs_write(self->card.bdf, "/sys/bus/pci/drivers_probe");
	sysfs_write(self->name, "%s/dfl/irq_source", self->card.dir);
	for (d = 0; d < NR_DEVS; d++)
		block_open(&self->inst[d], &self->dev[d], &self->card,
			   user[d].pos);
}

TEST_CARD_MAIN
