// SPDX-License-Identifier: GPL-2.0-only
/*
 * The config space of an instance: the values that a VFIO user and its guest
 * rely on, the bits that can be written, and the isolation from the config
 * space of the card.
 */
#include "harness.h"
#include "lab_card.h"

#define CONFIG_SIZE	4096
#define VSEC		PCI_CFG_SPACE_SIZE
#define PCIE_SIZE	0x3c
#define MSIX_SIZE	12
#define FLR_BYTE	(PCI_EXP_DEVCTL + 1)

FIXTURE(config) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(config) {
	const char *pos;
	u32 vectors;
	bool reset;
};

FIXTURE_VARIANT_ADD(config, accelerator) {
	.pos = POS_AFU0, .vectors = AFU_VECTORS, .reset = true,
};

FIXTURE_VARIANT_ADD(config, without_interrupts) {
	.pos = POS_ETH_SHARED_PAGE,
};

FIXTURE_SETUP(config)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
}

FIXTURE_TEARDOWN(config)
{
	block_close(&self->inst, &self->dev);
}

static u32 physical(const struct card *card, const char *name)
{
	return sysfs_read_u64("%s/%s", card->dir, name);
}

TEST_F(config, identity)
{
	const struct dev *dev = &self->dev;

	EXPECT_EQ(physical(&self->card, "vendor"),
		  dev_config_read(dev, PCI_VENDOR_ID, 2));
	EXPECT_EQ(physical(&self->card, "device"),
		  dev_config_read(dev, PCI_DEVICE_ID, 2));
	EXPECT_EQ(physical(&self->card, "subsystem_vendor"),
		  dev_config_read(dev, PCI_SUBSYSTEM_VENDOR_ID, 2));
	EXPECT_EQ(physical(&self->card, "subsystem_device"),
		  dev_config_read(dev, PCI_SUBSYSTEM_ID, 2));
	EXPECT_EQ(physical(&self->card, "revision"),
		  dev_config_read(dev, PCI_REVISION_ID, 1));
	EXPECT_EQ(physical(&self->card, "class"),
		  dev_config_read(dev, PCI_REVISION_ID, 4) >> 8);
	EXPECT_EQ(PCI_HEADER_TYPE_NORMAL,
		  dev_config_read(dev, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(PCI_STATUS_CAP_LIST, dev_config_read(dev, PCI_STATUS, 2));
	/* no INTx index, so no pin */
	EXPECT_EQ(0, dev_config_read(dev, PCI_INTERRUPT_PIN, 1));
	/* one feature list, at the start of BAR 2, and no more capabilities */
	EXPECT_EQ(0x0001000b, dev_config_read(dev, VSEC, 4));
	EXPECT_EQ(0x01000043, dev_config_read(dev, VSEC + 4, 4));
	EXPECT_EQ(1, dev_config_read(dev, VSEC + 8, 4));
	EXPECT_EQ(2, dev_config_read(dev, VSEC + 12, 4));
	EXPECT_EQ(0, dev_config_read(dev, VSEC + 16, 4));
	EXPECT_EQ(PCI_COMMAND_MEMORY, dev_config_read(dev, PCI_COMMAND, 2));
}

TEST_F(config, reads_of_all_widths_agree)
{
	u8 all[CONFIG_SIZE], part[8];
	unsigned int off, len;

	dev_read(&self->dev, CONFIG, 0, all, sizeof(all));
	for (off = 0; off < 0x140; off++) {
		for (len = 1; len <= sizeof(part); len++) {
			dev_read(&self->dev, CONFIG, off, part, len);
			EXPECT_EQ(0, memcmp(all + off, part, len));
		}
	}
}

TEST_F(config, access_past_the_end_is_refused)
{
	char buf[8192] = {};

	EXPECT_EQ(4, try_dev_read(&self->dev, CONFIG, CONFIG_SIZE - 4, buf, 4));
	EXPECT_EQ(1, try_dev_read(&self->dev, CONFIG, CONFIG_SIZE - 1, buf, 1));
	/* never short */
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG, CONFIG_SIZE - 3,
					buf, 4));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG, CONFIG_SIZE, buf,
					1));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG, 0, buf,
					CONFIG_SIZE + 1));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG, (1ULL << 40) - 4,
					buf, 4));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, CONFIG, CONFIG_SIZE - 3,
					 buf, 4));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, CONFIG, CONFIG_SIZE, buf,
					 1));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, CONFIG, 0, buf,
					 CONFIG_SIZE + 1));
	EXPECT_EQ(PCI_COMMAND_MEMORY, dev_config_read(&self->dev, PCI_COMMAND,
						      2));
}

/* --- writable bits ------------------------------------------------------- */

/* Bits that a write may change; all others keep their value. */
static void writable_bits(struct dev *dev, u8 mask[CONFIG_SIZE])
{
	const u16 command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
				 PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
				 PCI_COMMAND_INTX_DISABLE;
	const u16 devctl = 0x7fff & ~(PCI_EXP_DEVCTL_EXT_TAG |
					   PCI_EXP_DEVCTL_PHANTOM |
					   PCI_EXP_DEVCTL_AUX_PME);
	const u16 msix = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL;
	const u32 bar4 = dev->region[BAR4].size ? 0xfffff000 : 0;
	const u64 bar0 = ~(dev->region[BAR0].size - 1);
	const u64 bar2 = ~(dev->region[BAR2].size - 1);
	unsigned int off;

	memset(mask, 0, CONFIG_SIZE);
	memcpy(mask + PCI_COMMAND, &command, sizeof(command));
	memcpy(mask + PCI_BASE_ADDRESS_0, &bar0, sizeof(bar0));
	memcpy(mask + PCI_BASE_ADDRESS_2, &bar2, sizeof(bar2));
	memcpy(mask + PCI_BASE_ADDRESS_4, &bar4, sizeof(bar4));
	mask[PCI_INTERRUPT_LINE] = 0xff;
	off = dev_find_cap(dev, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;
	memcpy(mask + off, &devctl, sizeof(devctl));
	off = dev_find_cap(dev, PCI_CAP_ID_MSIX);
	if (off)
		memcpy(mask + off + PCI_MSIX_FLAGS, &msix, sizeof(msix));
}

/* Offset of the first byte with a wrong value, or the size. */
static unsigned int first_wrong(struct dev *dev,
				const u8 reset[CONFIG_SIZE],
				const u8 mask[CONFIG_SIZE],
				u8 written, bool exact)
{
	u8 now[CONFIG_SIZE];
	unsigned int i;

	dev_read(dev, CONFIG, 0, now, sizeof(now));
	for (i = 0; i < CONFIG_SIZE; i++) {
		if ((now[i] ^ reset[i]) & ~mask[i])
			return i;
		if (exact && (now[i] ^ written) & mask[i])
			return i;
	}
	return CONFIG_SIZE;
}

TEST_F(config, patterns_change_writable_bits_only)
{
	static const u8 pattern[] = { 0xff, 0x00, 0x55, 0xaa };
	u8 reset[CONFIG_SIZE], mask[CONFIG_SIZE], data[CONFIG_SIZE];
	size_t i;

	writable_bits(&self->dev, mask);
	dev_read(&self->dev, CONFIG, 0, reset, sizeof(reset));
	for (i = 0; i < ARRAY_SIZE(pattern); i++) {
		memset(data, pattern[i], sizeof(data));
		dev_write(&self->dev, CONFIG, 0, data, sizeof(data));
		EXPECT_EQ(CONFIG_SIZE, first_wrong(&self->dev, reset, mask,
						   pattern[i], true));
	}
}

TEST_F(config, random_writes_change_writable_bits_only)
{
	u8 reset[CONFIG_SIZE], mask[CONFIG_SIZE];
	unsigned int commands = card_log_lines(&self->card, "command");
	unsigned int seed = 20260101, i;
	struct card_stats stats;

	writable_bits(&self->dev, mask);
	dev_read(&self->dev, CONFIG, 0, reset, sizeof(reset));
	for (i = 0; i < 5000; i++) {
		unsigned int len = 1U << rand_r(&seed) % 3;
		/* mostly where registers are */
		unsigned int off = rand_r(&seed) % (i % 4 ? 0x100 : 4093);

		dev_config_write(&self->dev, off, len,
				 (u32)rand_r(&seed) << 16 ^ rand_r(&seed));
	}
	EXPECT_EQ(CONFIG_SIZE, first_wrong(&self->dev, reset, mask, 0, false));
	card_stats(&self->card, &stats);
	EXPECT_EQ(0, stats.bus_master_on_count);
	EXPECT_EQ(0, stats.flr);
	EXPECT_EQ(commands, card_log_lines(&self->card, "command"));
}

/* Size a BAR as QEMU does: write ones, read, restore. */
static u32 size_bar(struct dev *dev, unsigned int off)
{
	u32 old = dev_config_read(dev, off, 4), mask;

	dev_config_write(dev, off, 4, ~0U);
	mask = dev_config_read(dev, off, 4);
	dev_config_write(dev, off, 4, old);
	return mask;
}

TEST_F(config, bar_sizing)
{
	unsigned int bar;

	for (bar = BAR0; bar <= BAR2; bar += 2) {
		u32 low = size_bar(&self->dev, PCI_BASE_ADDRESS_0 + 4 * bar);
		u32 high = size_bar(&self->dev, PCI_BASE_ADDRESS_1 + 4 * bar);
		u64 size = -(((u64)high << 32 | low) & ~0xfULL);

		EXPECT_EQ(self->dev.region[bar].size, size);
		EXPECT_EQ(0, size & (size - 1));
		EXPECT_EQ(PCI_BASE_ADDRESS_MEM_TYPE_64,
			  low & (PCI_BASE_ADDRESS_MEM_TYPE_MASK |
				 PCI_BASE_ADDRESS_SPACE));
	}
	EXPECT_EQ(variant->vectors ? 0xfffff000 : 0,
		  size_bar(&self->dev, PCI_BASE_ADDRESS_4));
	EXPECT_EQ(0, size_bar(&self->dev, PCI_BASE_ADDRESS_5));
	EXPECT_EQ(0, size_bar(&self->dev, PCI_ROM_ADDRESS));

	dev_config_write(&self->dev, PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	dev_config_write(&self->dev, PCI_BASE_ADDRESS_1, 4, 0x12);
	EXPECT_EQ(0xfe000000, dev_config_read(&self->dev, PCI_BASE_ADDRESS_0,
					      4) & ~0xfU);
	EXPECT_EQ(0x12, dev_config_read(&self->dev, PCI_BASE_ADDRESS_1, 4));
	/* the guest address of a BAR does not affect accesses by the client */
	EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
		  dev_read64(&self->dev, 0));
}

/* --- capabilities -------------------------------------------------------- */

static unsigned int cap_size(u8 id)
{
	switch (id) {
	case PCI_CAP_ID_EXP:
		return PCIE_SIZE;
	case PCI_CAP_ID_MSIX:
		return MSIX_SIZE;
	default:
		return 0;
	}
}

TEST_F(config, capability_list)
{
	unsigned int off = dev_config_read(&self->dev, PCI_CAPABILITY_LIST, 1);
	u8 used[PCI_CFG_SPACE_SIZE] = {};
	unsigned int found = 0;

	for (; off; found++) {
		u8 id = dev_config_read(&self->dev, off, 1);
		unsigned int size = cap_size(id), i;

		ASSERT_LE(PCI_STD_HEADER_SIZEOF, off);
		ASSERT_EQ(0, off % 4);
		ASSERT_NE(0, size)
			TH_LOG("capability 0x%x is not expected", id);
		ASSERT_GE(PCI_CFG_SPACE_SIZE, off + size);
		for (i = off; i < off + size; i++) {
			ASSERT_EQ(0, used[i]);
			used[i] = 1;
		}
		off = dev_config_read(&self->dev, off + PCI_CAP_LIST_NEXT, 1);
	}
	EXPECT_EQ(variant->vectors ? 2 : 1, found);
}

TEST_F(config, pcie_capability)
{
	unsigned int cap = dev_find_cap(&self->dev, PCI_CAP_ID_EXP);
	u32 flags, devcap;

	ASSERT_NE(0, cap);
	flags = dev_config_read(&self->dev, cap + PCI_EXP_FLAGS, 2);
	devcap = dev_config_read(&self->dev, cap + PCI_EXP_DEVCAP, 4);
	EXPECT_EQ(2, flags & PCI_EXP_FLAGS_VERS);
	EXPECT_EQ(PCI_EXP_TYPE_ENDPOINT, (flags & PCI_EXP_FLAGS_TYPE) >> 4);
	EXPECT_EQ(variant->reset, !!(devcap & PCI_EXP_DEVCAP_FLR));
}

TEST_F(config, msix_capability)
{
	unsigned int cap = dev_find_cap(&self->dev, PCI_CAP_ID_MSIX);
	u32 flags, table, pba, vectors = variant->vectors;

	ASSERT_EQ(!!vectors, !!cap);
	if (!cap)
		return;
	flags = dev_config_read(&self->dev, cap + PCI_MSIX_FLAGS, 2);
	table = dev_config_read(&self->dev, cap + PCI_MSIX_TABLE, 4);
	pba = dev_config_read(&self->dev, cap + PCI_MSIX_PBA, 4);
	EXPECT_EQ(vectors - 1, flags & PCI_MSIX_FLAGS_QSIZE);
	EXPECT_EQ(BAR4, table & PCI_MSIX_TABLE_BIR);
	EXPECT_EQ(BAR4, pba & PCI_MSIX_PBA_BIR);
	table &= PCI_MSIX_TABLE_OFFSET;
	pba &= PCI_MSIX_PBA_OFFSET;
	EXPECT_LE(table + 16 * vectors, pba);
	EXPECT_LE(pba + 8, self->dev.region[BAR4].size);
}

/* --- the bus master bit -------------------------------------------------- */

TEST_F(config, bus_master_does_not_reach_the_card)
{
	unsigned int commands = card_log_lines(&self->card, "command");
	unsigned int masters = card_log_lines(&self->card, "bus-master");
	char violations[VALUE_LEN];
	struct card_stats stats;

	dev_config_write(&self->dev, PCI_COMMAND, 2,
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
		  dev_config_read(&self->dev, PCI_COMMAND, 2));
	card_stats(&self->card, &stats);
	EXPECT_EQ(0, stats.bus_master);
	EXPECT_EQ(0, stats.bus_master_on_count);
	EXPECT_EQ(commands, card_log_lines(&self->card, "command"));
	EXPECT_EQ(masters, card_log_lines(&self->card, "bus-master"));
	sysfs_read(violations, sizeof(violations),
		   "%s/dfl/busmaster_violations", self->card.dir);
	EXPECT_STREQ("0", violations);
}

/* --- memory enable ------------------------------------------------------- */

TEST_F(config, memory_off_refuses_access)
{
	struct card_stats before, after;
	u64 value = 0x77;

	card_stats(&self->card, &before);
	dev_memory_enable(&self->dev, false);
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0, 0, &value, 8));
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0, 4, &value, 4));
	EXPECT_ERR(EIO, try_dev_write(&self->dev, BAR0, 8, &value, 8));
	/* also past the block, where no register is */
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0,
				     self->dev.region[BAR0].size - 8, &value,
				     8));
	/* the order of the checks */
	EXPECT_EQ(0, try_dev_read(&self->dev, BAR0, 0, &value, 0));
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0,
					self->dev.region[BAR0].size, &value,
					8));
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0, 0, bad_address(), 8));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, BAR0, 0, bad_address(),
					 8));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);

	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
		  dev_read64(&self->dev, 0));
}

TEST_F(config, memory_off_leaves_other_regions)
{
	struct vfio_dfl_mdev_block desc;
	u8 table[4] = {};

	dev_memory_enable(&self->dev, false);
	EXPECT_EQ(physical(&self->card, "vendor"),
		  dev_config_read(&self->dev, PCI_VENDOR_ID, 2));
	dev_read(&self->dev, REGION_BLOCK, 0, &desc, sizeof(desc));
	EXPECT_EQ(sizeof(desc), desc.argsz);
	if (!variant->vectors)
		return;
	dev_read(&self->dev, BAR4, 0, table, sizeof(table));
	EXPECT_EQ(0xff, table[0]);
	EXPECT_EQ(4, try_dev_write(&self->dev, BAR4, 0, table, 4));
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR4, 0x800, table, 4));
}

/* The bit may be written alone, with its neighbours, or bytewise. */
TEST_F(config, memory_bit_is_set_by_any_width)
{
	u32 all = dev_config_read(&self->dev, PCI_COMMAND, 4);
	u64 value;

	dev_config_write(&self->dev, PCI_COMMAND, 1, 0);
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0, 0, &value, 8));
	dev_config_write(&self->dev, PCI_COMMAND, 4, all);
	EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, 0, &value, 8));
	dev_config_write(&self->dev, PCI_COMMAND - 2, 4, 0);
	EXPECT_ERR(EIO, try_dev_read(&self->dev, BAR0, 0, &value, 8));
	dev_config_write(&self->dev, PCI_COMMAND - 1, 2, ~0U);
	EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, 0, &value, 8));
	dev_config_write(&self->dev, PCI_COMMAND + 1, 1, 0);
	EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, 0, &value, 8));
}

TEST_F(config, open_resets_config_space)
{
	dev_config_write(&self->dev, PCI_INTERRUPT_LINE, 1, 0x55);
	dev_memory_enable(&self->dev, false);
	dev_close(&self->dev);
	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(0, dev_config_read(&self->dev, PCI_INTERRUPT_LINE, 1));
	EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
		  dev_read64(&self->dev, 0));
}

/* --- function level reset ------------------------------------------------ */

FIXTURE(flr) {
	struct card card;
	struct instance inst, other_inst;
	struct dev dev, other;
};

FIXTURE_SETUP(flr)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	block_open(&self->other_inst, &self->other, &self->card, POS_AFU1);
}

FIXTURE_TEARDOWN(flr)
{
	block_close(&self->inst, &self->dev);
	block_close(&self->other_inst, &self->other);
}

TEST_F(flr, resets_this_block_only)
{
	unsigned int off = dev_find_cap(&self->dev, PCI_CAP_ID_EXP) + FLR_BYTE;
	u32 old = dev_config_read(&self->dev, off, 1);
	struct card_stats stats;

	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	dev_write64(&self->other, AFU_SCRATCH0, 0x88);
	dev_config_write(&self->dev, off, 1,
			 old | PCI_EXP_DEVCTL_BCR_FLR >> 8);
	EXPECT_EQ(old, dev_config_read(&self->dev, off, 1));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(0x88, dev_read64(&self->other, AFU_SCRATCH0));
	card_stats(&self->card, &stats);
	EXPECT_EQ(0, stats.flr);
}

TEST_F(flr, other_bits_reset_nothing)
{
	unsigned int cap = dev_find_cap(&self->dev, PCI_CAP_ID_EXP);

	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	dev_config_write(&self->dev, cap + PCI_EXP_DEVCTL, 2, 0x7fff);
	dev_config_write(&self->dev, cap + PCI_EXP_DEVCTL, 1, 0xff);
	dev_config_write(&self->dev, cap + PCI_EXP_DEVSTA, 2, 0xffff);
	EXPECT_EQ(0x77, dev_read64(&self->dev, AFU_SCRATCH0));
}

/* --- no FLR without a reset ---------------------------------------------- */

FIXTURE(no_reset) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(no_reset)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_ETH);
	block_open(&self->inst, &self->dev, &self->card, POS_ETH);
}

FIXTURE_TEARDOWN(no_reset)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(no_reset, flr_bit_does_nothing)
{
	unsigned int off = dev_find_cap(&self->dev, PCI_CAP_ID_EXP) + FLR_BYTE;

	dev_write64(&self->dev, ETH_CTRL, 0x77);
	dev_config_write(&self->dev, off, 1, 0xff);
	EXPECT_EQ(0x77, dev_read64(&self->dev, ETH_CTRL));
	dev_write64(&self->dev, ETH_CTRL, 0);
}

TEST_CARD_MAIN
