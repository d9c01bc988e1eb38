// SPDX-License-Identifier: GPL-2.0-only
/* Reset between clients: data of one client must not reach the next one. */
#include <signal.h>
#include <sys/wait.h>

#include "harness.h"
#include "lab_card.h"

static u64 port_resets(const struct card *card, const char *pos)
{
	struct block_stats stats;

	card_block_stats(card, pos, &stats);
	return stats.resets;
}

FIXTURE(scrub) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(scrub)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	instance_create(&self->inst, &self->card, POS_AFU0);
	self->dev = (struct dev){ .container = -1, .group = -1, .fd = -1 };
}

FIXTURE_TEARDOWN(scrub)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(scrub, next_client_reads_reset_values)
{
	dev_open(&self->dev, &self->inst);
	dev_write64(&self->dev, AFU_SCRATCH0, 0x5ec4e7);
	dev_write64(&self->dev, AFU_RAM, 0x5ec4e7);
	dev_write64(&self->dev, AFU_RAM_END - 8, 0x5ec4e7);
	dev_read64(&self->dev, AFU_COUNTER);
	dev_close(&self->dev);
	/* at close, not at the next open */
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_RAM_END - 8));

	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_RAM));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_RAM_END - 8));
	EXPECT_EQ(1, dev_read64(&self->dev, AFU_COUNTER));
}

/* Values written while the block was not open are cleared as well. */
TEST_F(scrub, open_resets_the_block)
{
	card_poke(&self->card, POS_AFU0, AFU_SCRATCH0, 0x77);
	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_SCRATCH0));
}

TEST_F(scrub, one_reset_per_open_and_close)
{
	u64 port = port_resets(&self->card, POS_PORT0);
	u64 afu = port_resets(&self->card, POS_AFU0);
	u64 other = port_resets(&self->card, POS_PORT1);

	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(port + 1, port_resets(&self->card, POS_PORT0));
	EXPECT_EQ(afu + 1, port_resets(&self->card, POS_AFU0));
	dev_close(&self->dev);
	EXPECT_EQ(port + 2, port_resets(&self->card, POS_PORT0));
	EXPECT_EQ(afu + 2, port_resets(&self->card, POS_AFU0));
	EXPECT_EQ(other, port_resets(&self->card, POS_PORT1));
}

/* A second descriptor belongs to the same client. */
TEST_F(scrub, first_open_and_last_close)
{
	u64 port;
	int fd;

	dev_open(&self->dev, &self->inst);
	if (self->dev.group < 0)
		SKIP(return, "a device node has one descriptor");
	port = port_resets(&self->card, POS_PORT0);
	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	fd = ioctl(self->dev.group, VFIO_GROUP_GET_DEVICE_FD, self->inst.uuid);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(port, port_resets(&self->card, POS_PORT0));
	EXPECT_EQ(0x77, dev_read64(&self->dev, AFU_SCRATCH0));
}

TEST_F(scrub, create_and_remove_reset_nothing)
{
	u64 port = port_resets(&self->card, POS_PORT1);
	struct instance inst;
	struct card_stats before, after;

	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	card_stats(&self->card, &before);
	instance_create(&inst, &self->card, POS_AFU1);
	instance_remove(&inst);
	card_stats(&self->card, &after);
	EXPECT_EQ(port, port_resets(&self->card, POS_PORT1));
	EXPECT_EQ(before.writes, after.writes);
}

static void leave_something_and_wait(const struct instance *inst, int ready)
{
	struct dev dev;

	dev_open(&dev, inst);
	dev_write64(&dev, AFU_SCRATCH0, 0x77);
	dev_read64(&dev, AFU_SCRATCH0);
	if (write(ready, "", 1) == 1)
		pause();
	_exit(EXIT_FAILURE);
}

TEST_F(scrub, killed_client_leaves_no_data)
{
	int ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		leave_something_and_wait(&self->inst, ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(0x77, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

TEST_F(scrub, reset_leaves_other_blocks)
{
	u64 port, other_port;
	struct instance other_inst;
	struct dev other;

	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	block_open(&other_inst, &other, &self->card, POS_AFU1);
	dev_open(&self->dev, &self->inst);
	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	dev_write64(&other, AFU_SCRATCH0, 0x88);
	port = port_resets(&self->card, POS_PORT0);
	other_port = port_resets(&self->card, POS_PORT1);

	EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(0x88, dev_read64(&other, AFU_SCRATCH0));
	EXPECT_EQ(port + 1, port_resets(&self->card, POS_PORT0));
	EXPECT_EQ(other_port, port_resets(&self->card, POS_PORT1));
	block_close(&other_inst, &other);
}

/* No client may access the AFU, which does not respond, while its port is in reset. */
TEST_F(scrub, no_access_during_reset)
{
	struct card_stats before, after;
	void *map;
	u64 value = 0;
	pid_t pid;
	int i;

	dev_open(&self->dev, &self->inst);
	map = dev_map(&self->dev, 0, 4096);
	card_stats(&self->card, &before);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (i = 0; i < 20; i++)
			if (try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL))
				_exit(EXIT_FAILURE);
		_exit(EXIT_SUCCESS);
	}
	/*
	 * meanwhile a trapped access fails, a mapped one waits or raises SIGBUS
	 */
	while (!waitpid(pid, &i, WNOHANG)) {
		if (try_dev_read(&self->dev, 0, AFU_RO, &value, 8) == 8)
			EXPECT_EQ(AFU_RO_VALUE, value);
		if (!try_load64(map + AFU_RO, &value))
			EXPECT_EQ(AFU_RO_VALUE, value);
	}
	EXPECT_EQ(0, i);
	card_stats(&self->card, &after);
	EXPECT_EQ(before.stray, after.stray);
}

TEST_F(scrub, sysfs_reports_the_kind_of_reset)
{
	char value[VALUE_LEN];

	block_attr(&self->card, POS_AFU0, "scrub", value);
	EXPECT_STREQ("port-reset", value);
	sysfs_read(value, sizeof(value), "%s/dfl/scrub", self->inst.dir);
	EXPECT_STREQ("port-reset", value);
}

/* Without a reset the values stay, and sysfs reports that. */
TEST_F(scrub, blocks_without_reset_keep_data)
{
	char value[VALUE_LEN];
	struct instance inst;
	struct dev dev;

	SKIP_UNLESS_BLOCK(return, &self->card, POS_ETH);
	instance_create(&inst, &self->card, POS_ETH);
	block_attr(&self->card, POS_ETH, "scrub", value);
	EXPECT_STREQ("none", value);
	sysfs_read(value, sizeof(value), "%s/dfl/scrub", inst.dir);
	EXPECT_STREQ("none", value);
	dev_open(&dev, &inst);
	dev_write64(&dev, ETH_CTRL, 0x77);
	dev_close(&dev);
	dev_open(&dev, &inst);
	EXPECT_EQ(0x77, dev_read64(&dev, ETH_CTRL));
	dev_write64(&dev, ETH_CTRL, 0);
	block_close(&inst, &dev);
}

TEST_CARD_MAIN
