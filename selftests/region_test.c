// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trapped accesses: the bounds of a block, the valid widths, the accesses that
 * reach the card, and the contents of the other regions.
 */
#include <sys/uio.h>

#include "harness.h"
#include "lab_card.h"

#define REGION_SIZE_MAX	0x10000000000ULL
#define PBA		0x800

/* --- bounds of BAR 0, whatever the block --------------------------------- */

FIXTURE(bounds) {
	struct card card;
	struct instance inst;
	struct dev dev;
	u64 block;
	u64 bar;
};

FIXTURE_VARIANT(bounds) {
	const char *pos;
	u64 block;
	u64 bar;
};

FIXTURE_VARIANT_ADD(bounds, page) {
	.pos = POS_ETH, .block = 0x1000, .bar = 0x1000,
};

FIXTURE_VARIANT_ADD(bounds, part_of_a_page) {
	.pos = POS_ETH_SHARED_PAGE, .block = 0x800, .bar = 0x1000,
};

FIXTURE_VARIANT_ADD(bounds, beside_msix_table) {
	.pos = POS_ETH_MSIX_PAGE, .block = 0x800, .bar = 0x1000,
};

FIXTURE_VARIANT_ADD(bounds, accelerator) {
	.pos = POS_AFU0, .block = AFU_SIZE, .bar = AFU_SIZE,
};

FIXTURE_VARIANT_ADD(bounds, narrow) {
	.pos = POS_UART, .block = 0x1000, .bar = 0x1000,
};

FIXTURE_SETUP(bounds)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
	self->block = variant->block;
	self->bar = variant->bar;
}

FIXTURE_TEARDOWN(bounds)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(bounds, sizes)
{
	EXPECT_EQ(self->block,
		  block_attr_u64(&self->card, self->inst.pos, "size"));
	EXPECT_EQ(self->bar, self->dev.region[BAR0].size);
	EXPECT_EQ(0, self->dev.region[BAR0].offset);
	EXPECT_EQ(4096, self->dev.region[CONFIG].size);
	EXPECT_EQ((u64)CONFIG << REGION_SHIFT, self->dev.region[CONFIG].offset);
}

TEST_F(bounds, first_and_last)
{
	const u64 edges[] = { 0, self->block - 8 };
	u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, edges[i], &value,
					  8));
		EXPECT_EQ(card_peek(&self->card, self->inst.pos, edges[i]),
			  value);
		value = 0;
		EXPECT_EQ(4, try_dev_read(&self->dev, BAR0, edges[i] + 4,
					  &value, 4));
		EXPECT_EQ(card_peek(&self->card, self->inst.pos, edges[i]) >>
			  32, value);
	}
}

TEST_F(bounds, access_past_the_bar_is_refused)
{
	static const u64 beyond[] = { 0, 4, 8, 0x1000, 0x100000 };
	u64 end = self->bar, value = 0;
	size_t i;

	EXPECT_EQ(8, try_dev_read(&self->dev, BAR0, end - 8, &value, 8));
	EXPECT_EQ(4, try_dev_read(&self->dev, BAR0, end - 4, &value, 4));
	EXPECT_EQ(8, try_dev_write(&self->dev, BAR0, end - 8, &value, 8));
	EXPECT_EQ(4, try_dev_write(&self->dev, BAR0, end - 4, &value, 4));
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0,
						end + beyond[i], &value, 4));
		EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0,
						 end + beyond[i], &value, 4));
	}
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0, REGION_SIZE_MAX - 1,
					&value, 1));
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0, REGION_SIZE_MAX - 8,
					&value, 8));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, REGION_SIZE_MAX - 8,
					 &value, 8));
}

TEST_F(bounds, access_across_the_end_is_short)
{
	static const ssize_t inside[] = { 4, 8, 12, 64, 72 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inside); i++) {
		/* no byte beyond the region may be copied */
		char *buf = guarded_alloc(inside[i]);
		u64 pos = self->bar - inside[i];

		memset(buf, 0, inside[i]);
		EXPECT_EQ(inside[i],
			  try_dev_read(&self->dev, BAR0, pos, buf, 4096));
		EXPECT_EQ(inside[i],
			  try_dev_read(&self->dev, BAR0, pos, buf, INT_MAX));
		EXPECT_EQ(inside[i],
			  try_dev_write(&self->dev, BAR0, pos, buf, 4096));
		guarded_free(buf, inside[i]);
	}
}

TEST_F(bounds, access_of_no_bytes_returns_0)
{
	EXPECT_EQ(0, try_dev_read(&self->dev, BAR0, 0, bad_address(), 0));
	EXPECT_EQ(0, try_dev_read(&self->dev, BAR0, 1, bad_address(), 0));
	EXPECT_EQ(0, try_dev_read(&self->dev, BAR0, self->bar, bad_address(),
				  0));
	EXPECT_EQ(0, try_dev_write(&self->dev, BAR0, self->bar, bad_address(),
				   0));
	/* a region that does not exist */
	EXPECT_EQ(0, pread(self->dev.fd, bad_address(), 0,
			   3ULL << REGION_SHIFT));
	EXPECT_EQ(0, pread(self->dev.fd, bad_address(), 0,
			   77ULL << REGION_SHIFT));
	EXPECT_EQ(0, pwrite(self->dev.fd, bad_address(), 0,
			    77ULL << REGION_SHIFT));
}

static long read_region_nr(struct dev *dev, u64 nr, size_t len)
{
	char buf[8];

	return pread(dev->fd, buf, len, nr << REGION_SHIFT) < 0 ? -errno : 0;
}

static long write_region_nr(struct dev *dev, u64 nr, size_t len)
{
	char buf[8] = {};

	return pwrite(dev->fd, buf, len, nr << REGION_SHIFT) < 0 ? -errno : 0;
}

TEST_F(bounds, absent_regions_are_refused)
{
	static const u64 absent[] = {
		VFIO_PCI_BAR1_REGION_INDEX, VFIO_PCI_BAR3_REGION_INDEX,
		VFIO_PCI_BAR5_REGION_INDEX, VFIO_PCI_ROM_REGION_INDEX,
		VFIO_PCI_VGA_REGION_INDEX, NR_REGIONS, NR_REGIONS + 1, 64, 255,
		0x7fffff,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		EXPECT_ERR(EINVAL, read_region_nr(&self->dev, absent[i], 1));
		EXPECT_ERR(EINVAL, read_region_nr(&self->dev, absent[i], 8));
		EXPECT_ERR(EINVAL, write_region_nr(&self->dev, absent[i], 1));
		EXPECT_ERR(EINVAL, write_region_nr(&self->dev, absent[i], 4));
	}
}

TEST_F(bounds, positions_out_of_range_are_refused)
{
	char buf[8];

	EXPECT_EQ(-1, pread(self->dev.fd, buf, 8, -8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->dev.fd, buf, 8, INT64_MAX - 3));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->dev.fd, buf, 8, INT64_MAX - 3));
	EXPECT_EQ(EINVAL, errno);
}

/* --- blocks smaller than their BAR --------------------------------------- */

#define PADDED_BLOCK	0x800
#define PADDED_BAR	0x1000

FIXTURE(padded) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(padded) {
	const char *pos;
};

FIXTURE_VARIANT_ADD(padded, beside_a_block) {
	.pos = POS_ETH_SHARED_PAGE,
};

FIXTURE_VARIANT_ADD(padded, beside_msix_table) {
	.pos = POS_ETH_MSIX_PAGE,
};

FIXTURE_SETUP(padded)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
}

FIXTURE_TEARDOWN(padded)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(padded, past_the_block_reads_ones)
{
	struct card_stats before, after;
	u64 value, pos;

	card_stats(&self->card, &before);
	for (pos = PADDED_BLOCK; pos < PADDED_BAR; pos += 0xf8) {
		EXPECT_EQ(ONES, dev_read64(&self->dev, pos));
		EXPECT_EQ(0xffffffff, dev_read32(&self->dev, pos + 4));
		dev_write64(&self->dev, pos, 0x5a5a5a5a5a5a5a5a);
		dev_write32(&self->dev, pos, 0x5a5a5a5a);
	}
	value = 0;
	dev_write(&self->dev, BAR0, PADDED_BAR - 8, &value, sizeof(value));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
	EXPECT_EQ(before.stray, after.stray);
}

TEST_F(padded, access_across_the_end_is_padded)
{
	struct card_stats before, after;
	u64 value[4] = {};

	card_stats(&self->card, &before);
	dev_read(&self->dev, BAR0, PADDED_BLOCK - 8, value, sizeof(value));
	EXPECT_NE(ONES, value[0]);
	EXPECT_EQ(ONES, value[1]);
	EXPECT_EQ(ONES, value[2]);
	EXPECT_EQ(ONES, value[3]);
	dev_write(&self->dev, BAR0, PADDED_BLOCK - 8, value, sizeof(value));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads + 1, after.reads);
	EXPECT_EQ(before.writes + 1, after.writes);
}

FIXTURE(neighbours) {
	struct card card;
	struct instance inst, other_inst;
	struct dev dev, other;
};

FIXTURE_SETUP(neighbours)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_ETH_SHARED_PAGE);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_TOD_SHARED_PAGE);
	block_open(&self->inst, &self->dev, &self->card, POS_ETH_SHARED_PAGE);
	block_open(&self->other_inst, &self->other, &self->card, POS_TOD_SHARED_PAGE);
}

FIXTURE_TEARDOWN(neighbours)
{
	block_close(&self->inst, &self->dev);
	block_close(&self->other_inst, &self->other);
}

/* The other half of the page belongs to another block. */
TEST_F(neighbours, neighbours_cannot_be_accessed)
{
	const u64 secret = 0x1122334455667788;
	u64 pos;

	dev_write64(&self->other, 8, secret);
	for (pos = PADDED_BLOCK; pos < PADDED_BAR; pos += 8) {
		dev_write64(&self->dev, pos, 0xbad);
		EXPECT_EQ(ONES, dev_read64(&self->dev, pos));
	}
	EXPECT_EQ(secret, dev_read64(&self->other, 8));
}

/* --- widths -------------------------------------------------------------- */

FIXTURE(afu) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(afu)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
}

FIXTURE_TEARDOWN(afu)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(afu, bad_widths_are_refused)
{
	static const struct {
		u64 pos;
		size_t len;
	} bad[] = {
		{ AFU_RAM, 1 }, { AFU_RAM, 2 }, { AFU_RAM, 3 }, { AFU_RAM, 5 },
		{ AFU_RAM, 6 }, { AFU_RAM, 7 }, { AFU_RAM, 9 }, { AFU_RAM, 10 },
		{ AFU_RAM, 65 }, { AFU_RAM + 1, 1 }, { AFU_RAM + 1, 4 },
		{ AFU_RAM + 2, 2 }, { AFU_RAM + 2, 4 }, { AFU_RAM + 2, 8 },
		{ AFU_RAM + 4, 8 }, { AFU_RAM + 3, 64 }, { AFU_RAM + 6, 12 },
	};
	struct block_stats before, after;
	char buf[128] = {};
	size_t i;

	card_block_stats(&self->card, POS_AFU0, &before);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0, bad[i].pos,
						buf, bad[i].len));
		EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, bad[i].pos,
						 buf, bad[i].len));
	}
	card_block_stats(&self->card, POS_AFU0, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
}

/*
 * Number of bytes moved, and of accesses by the card, for one call of that
 * length.
 */
static u64 reads_of(struct card *card, struct dev *dev, u64 pos,
		    size_t len)
{
	static char buf[8192];
	struct block_stats before, after;

	card_block_stats(card, POS_AFU0, &before);
	dev_read(dev, BAR0, pos, buf, len);
	card_block_stats(card, POS_AFU0, &after);
	return after.reads - before.reads;
}

static u64 writes_of(struct card *card, struct dev *dev, u64 pos,
		     size_t len)
{
	static char buf[8192];
	struct block_stats before, after;

	card_block_stats(card, POS_AFU0, &before);
	dev_write(dev, BAR0, pos, buf, len);
	card_block_stats(card, POS_AFU0, &after);
	return after.writes - before.writes;
}

TEST_F(afu, one_access_per_call)
{
	static const struct {
		u64 pos;
		size_t len;
		u64 accesses;
	} calls[] = {
		{ AFU_RAM, 4, 1 }, { AFU_RAM + 4, 4, 1 }, { AFU_RAM, 8, 1 },
		{ AFU_RAM, 12, 2 }, { AFU_RAM + 4, 12, 2 },
		{ AFU_RAM + 4, 16, 3 }, { AFU_RAM, 64, 8 },
		{ AFU_RAM + 0x38, 16, 2 }, { AFU_RAM + 0x3c, 8 + 4, 2 },
		{ AFU_RAM + 4, 4096 - 8, 2 + 510 }, { AFU_RAM, 4096, 512 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(calls[i].accesses,
			  reads_of(&self->card, &self->dev, calls[i].pos,
				   calls[i].len));
		EXPECT_EQ(calls[i].accesses,
			  writes_of(&self->card, &self->dev, calls[i].pos,
				    calls[i].len));
	}
}

TEST_F(afu, registers_of_each_kind)
{
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
	dev_write64(&self->dev, AFU_RO, 0);
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
	EXPECT_EQ(AFU_RO_VALUE >> 32, dev_read32(&self->dev, AFU_RO + 4));

	EXPECT_EQ(1, dev_read64(&self->dev, AFU_COUNTER));
	EXPECT_EQ(2, dev_read64(&self->dev, AFU_COUNTER));
	EXPECT_EQ(3, dev_read32(&self->dev, AFU_COUNTER));

	card_poke(&self->card, POS_AFU0, AFU_W1C, 0xff);
	dev_write64(&self->dev, AFU_W1C, 0x0f);
	EXPECT_EQ(0xf0, dev_read64(&self->dev, AFU_W1C));
	dev_write32(&self->dev, AFU_W1C, 0x10);
	EXPECT_EQ(0xe0, dev_read64(&self->dev, AFU_W1C));

	/* all ones is a valid value */
	dev_write64(&self->dev, AFU_SCRATCH0, ONES);
	EXPECT_EQ(ONES, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(0, sysfs_read_u64("%s/dfl/gone", self->card.dir));
}

TEST_F(afu, halves_of_a_register_are_separate)
{
	dev_write64(&self->dev, AFU_SCRATCH0, 0x1111111122222222);
	dev_write32(&self->dev, AFU_SCRATCH0, 0x33333333);
	EXPECT_EQ(0x1111111133333333,
		  card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	dev_write32(&self->dev, AFU_SCRATCH0 + 4, 0x44444444);
	EXPECT_EQ(0x4444444433333333,
		  card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	EXPECT_EQ(0x44444444, dev_read32(&self->dev, AFU_SCRATCH0 + 4));
}

TEST_F(afu, long_accesses_keep_their_order)
{
	u64 out[48], in[48];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(out); i++)
		out[i] = 0x0102030405060708 * (i + 1);
	dev_write(&self->dev, BAR0, AFU_RAM + 4, out, sizeof(out));
	dev_read(&self->dev, BAR0, AFU_RAM + 4, in, sizeof(in));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	for (i = 1; i < ARRAY_SIZE(out); i++)
		EXPECT_EQ(out[i - 1] >> 32 | out[i] << 32,
			  card_peek(&self->card, POS_AFU0, AFU_RAM + 8 * i));
}

TEST_F(afu, trapped_and_mapped_access_agree)
{
	void *map = dev_map(&self->dev, 0, AFU_SIZE);
	u64 pos;

	for (pos = AFU_RAM; pos < AFU_RAM_END; pos += 0x1f8) {
		dev_write64(&self->dev, pos, 0xa5a5000000000000 + pos);
		EXPECT_EQ(0xa5a5000000000000 + pos, map_load64(map + pos));
		map_store64(map + pos, 0x5a5a000000000000 + pos);
		EXPECT_EQ(0x5a5a000000000000 + pos,
			  dev_read64(&self->dev, pos));
		map_store32(map + pos + 4, 0x12345678);
		EXPECT_EQ(0x12345678, dev_read32(&self->dev, pos + 4));
		EXPECT_EQ(pos, map_load32(map + pos));
	}
	EXPECT_EQ(dev_read64(&self->dev, AFU_DFH), map_load64(map));
}

TEST_F(afu, file_position)
{
	u64 value[5];

	EXPECT_EQ(-1, lseek(self->dev.fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);

	EXPECT_EQ(sizeof(value), read(self->dev.fd, value, sizeof(value)));
	EXPECT_EQ(card_peek(&self->card, POS_AFU0, AFU_DFH), value[0]);
	EXPECT_EQ(card_peek(&self->card, POS_AFU0, AFU_GUID_H), value[2]);

	/* the position is SCRATCH0, and does not move when an access fails */
	EXPECT_EQ(-1, read(self->dev.fd, value, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->dev.fd, bad_address(), 8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));

	value[0] = 0x77;
	EXPECT_EQ(8, write(self->dev.fd, value, 8));
	EXPECT_EQ(0x77, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	EXPECT_EQ(0, card_peek(&self->card, POS_AFU0, AFU_SCRATCH1));
	EXPECT_EQ(8, write(self->dev.fd, value, 8));
	EXPECT_EQ(0x77, card_peek(&self->card, POS_AFU0, AFU_SCRATCH1));
	EXPECT_EQ(8, read(self->dev.fd, value, 8));
	EXPECT_EQ(1, value[0]);		/* COUNTER */
}

TEST_F(afu, bad_buffers)
{
	u64 *buf;

	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, BAR0, AFU_RO,
					bad_address(), 8));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, BAR0, AFU_SCRATCH0,
					 bad_address(), 8));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, BAR0, AFU_RO,
					(void *)-4096UL, 8));

	/*
	 * the first accesses succeed, then the buffer ends: EFAULT, no short
	 * count
	 */
	buf = guarded_alloc(64);
	memset(buf, 0, 64);
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, BAR0, AFU_RAM, buf, 128));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, BAR0, AFU_RAM, buf, 128));
	guarded_free(buf, 64);

	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, CONFIG, 0, bad_address(),
					4));
	EXPECT_ERR(EFAULT, try_dev_write(&self->dev, CONFIG, PCI_COMMAND,
					 bad_address(), 2));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, BAR4, 0, bad_address(), 4));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, REGION_BLOCK, 0,
					bad_address(), 4));
}

TEST_F(afu, vectors)
{
	struct iovec iov[2];
	u64 value[2];

	iov[0] = (struct iovec){ &value[0], 8 };
	iov[1] = (struct iovec){ &value[1], 8 };
	/* each element is a separate access */
	EXPECT_EQ(16, preadv(self->dev.fd, iov, 2, AFU_GUID_L));
	EXPECT_EQ(card_peek(&self->card, POS_AFU0, AFU_GUID_L), value[0]);
	EXPECT_EQ(card_peek(&self->card, POS_AFU0, AFU_GUID_H), value[1]);
}

/* --- the MSI-X BAR ------------------------------------------------------- */

TEST_F(afu, msix_bar)
{
	struct card_stats before, after;
	u8 table[16 * AFU_VECTORS + 8], rest[8];
	size_t i;

	ASSERT_EQ(4096, self->dev.region[BAR4].size);
	card_stats(&self->card, &before);
	dev_read(&self->dev, BAR4, 0, table, sizeof(table));
	for (i = 0; i < sizeof(table); i++)
		EXPECT_EQ(i < 16 * AFU_VECTORS ? 0xff : 0, table[i]);
	memset(rest, 0x5a, sizeof(rest));
	EXPECT_EQ(8, try_dev_write(&self->dev, BAR4, 0, rest, 8));
	EXPECT_EQ(3, try_dev_write(&self->dev, BAR4, 5, rest, 3));
	dev_read(&self->dev, BAR4, 0, table, 8);
	EXPECT_EQ(0xff, table[0]);
	EXPECT_EQ(8, try_dev_write(&self->dev, BAR4, PBA, rest, 8));
	dev_read(&self->dev, BAR4, PBA, rest, 8);
	EXPECT_EQ(0, rest[0]);
	EXPECT_EQ(4, try_dev_read(&self->dev, BAR4, 4092, rest, 8));
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR4, 4096, rest, 4));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR4, 4096, rest, 4));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
}

/* --- a block with registers of 8 bytes ------------------------------------ */

FIXTURE(user_clock) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(user_clock)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_USERCLK);
	block_open(&self->inst, &self->dev, &self->card, POS_USERCLK);
}

FIXTURE_TEARDOWN(user_clock)
{
	block_close(&self->inst, &self->dev);
}

/* On current shells they would replace the lower half, too. */
TEST_F(user_clock, writes_of_4_bytes_are_refused)
{
	struct block_stats before, after;
	u64 value[2] = { 0x1234, 0x5678 };
	u32 half;

	dev_write64(&self->dev, 0x10, value[0]);
	card_block_stats(&self->card, POS_USERCLK, &before);
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, 0x10, value, 4));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, 0x14, value, 4));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, 0x14, value, 8));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, 0x10, value, 12));
	card_block_stats(&self->card, POS_USERCLK, &after);
	EXPECT_EQ(before.writes, after.writes);
	dev_write(&self->dev, BAR0, 0x10, value, sizeof(value));
	EXPECT_EQ(0x5678, dev_read64(&self->dev, 0x18));
	dev_read(&self->dev, BAR0, 0x10, &half, sizeof(half));
	EXPECT_EQ(0x1234, half);
}

/* --- blocks that take narrow accesses ------------------------------------ */

FIXTURE(uart) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_SETUP(uart)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_UART);
	block_open(&self->inst, &self->dev, &self->card, POS_UART);
}

FIXTURE_TEARDOWN(uart)
{
	block_close(&self->inst, &self->dev);
}

#define UART_SCR	(UART_REGS + 7 * UART_REG_STEP)

TEST_F(uart, narrow_accesses)
{
	struct block_stats before, after;
	u32 value = 0xa7, seen = 0;

	card_block_stats(&self->card, POS_UART, &before);
	dev_write(&self->dev, BAR0, UART_SCR, &value, 1);
	dev_read(&self->dev, BAR0, UART_SCR, &seen, 1);
	EXPECT_EQ(0xa7, seen);
	seen = 0;
	dev_read(&self->dev, BAR0, UART_SCR, &seen, 2);
	EXPECT_EQ(0xa7, seen & 0xff);
	value = 0x3c;
	dev_write(&self->dev, BAR0, UART_SCR, &value, 4);
	EXPECT_EQ(0x3c, dev_read32(&self->dev, UART_SCR));
	card_block_stats(&self->card, POS_UART, &after);
	EXPECT_EQ(before.reads + 3, after.reads);
	EXPECT_EQ(before.writes + 2, after.writes);
	EXPECT_EQ(before.stray, after.stray);
}

TEST_F(uart, unaligned_accesses_are_refused)
{
	static const struct {
		u64 pos;
		size_t len;
	} bad[] = {
		{ UART_REGS + 1, 2 }, { UART_REGS + 1, 4 },
		{ UART_REGS + 2, 4 }, { UART_REGS + 4, 8 }, { UART_REGS, 3 },
		{ UART_REGS, 5 }, { UART_REGS, 6 }, { UART_REGS, 7 },
	};
	struct block_stats before, after;
	char buf[8] = {};
	size_t i;

	card_block_stats(&self->card, POS_UART, &before);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERR(EINVAL, try_dev_read(&self->dev, BAR0, bad[i].pos,
						buf, bad[i].len));
		EXPECT_ERR(EINVAL, try_dev_write(&self->dev, BAR0, bad[i].pos,
						 buf, bad[i].len));
	}
	card_block_stats(&self->card, POS_UART, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
}

/* --- the description ----------------------------------------------------- */

FIXTURE(description) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(description) {
	const char *pos;
	u32 kind;
	u32 parent;
	u32 port;
	u32 vectors;
	u32 scrub;
	u64 csr_offset;
	u32 param_size;
};

FIXTURE_VARIANT_ADD(description, private) {
	.pos = POS_ETH_SHARED_PAGE,
	.kind = VFIO_DFL_MDEV_KIND_PRIVATE,
	.parent = VFIO_DFL_MDEV_PARENT_FME,
	.port = VFIO_DFL_MDEV_NO_PORT,
	.scrub = VFIO_DFL_MDEV_SCRUB_NONE,
};

FIXTURE_VARIANT_ADD(description, accelerator) {
	.pos = POS_AFU1,
	.kind = VFIO_DFL_MDEV_KIND_AFU,
	.parent = VFIO_DFL_MDEV_PARENT_PORT,
	.port = 1,
	.vectors = AFU_VECTORS,
	.scrub = VFIO_DFL_MDEV_SCRUB_PORT_RESET,
};

FIXTURE_VARIANT_ADD(description, with_parameters) {
	.pos = POS_UART,
	.kind = VFIO_DFL_MDEV_KIND_PRIVATE,
	.parent = VFIO_DFL_MDEV_PARENT_FME,
	.port = VFIO_DFL_MDEV_NO_PORT,
	.vectors = 1,
	.scrub = VFIO_DFL_MDEV_SCRUB_NONE,
	.csr_offset = UART_REGS,
	.param_size = 4 * 2 * sizeof(u64),
};

FIXTURE_SETUP(description)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
}

FIXTURE_TEARDOWN(description)
{
	block_close(&self->inst, &self->dev);
}

static void format_guid(const u8 guid[16], char *text, size_t size)
{
	static const u8 none[16];
	const u8 *g = guid;

	text[0] = 0;
	if (memcmp(guid, none, sizeof(none)))
		format(text, size,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		       g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7], g[8],
		       g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

TEST_F(description, description_agrees_with_sysfs)
{
	const struct card *card = &self->card;
	struct vfio_dfl_mdev_block desc;
	char guid[40], seen[VALUE_LEN];

	dev_read(&self->dev, REGION_BLOCK, 0, &desc, sizeof(desc));
	EXPECT_EQ(sizeof(desc), desc.argsz);
	EXPECT_EQ(0, desc.flags);
	EXPECT_EQ(variant->kind, desc.kind);
	EXPECT_EQ(variant->parent, desc.parent);
	EXPECT_EQ(variant->port, desc.port);
	EXPECT_EQ(variant->vectors, desc.vectors);
	EXPECT_EQ(variant->scrub, desc.scrub);
	EXPECT_EQ(variant->csr_offset, desc.csr_offset);
	EXPECT_EQ(VFIO_DFL_MDEV_IRQ_INTX, desc.irq_source);
	EXPECT_EQ(VFIO_DFL_MDEV_FENCE_COMMAND,
		  desc.fences & VFIO_DFL_MDEV_FENCE_COMMAND);
	EXPECT_EQ(0, desc.reserved);
	EXPECT_EQ(sysfs_read_u64("%s/dfl/generation", card->dir),
		  desc.generation);
	EXPECT_EQ(0, desc.reserved2);

	EXPECT_EQ(card_peek(card, variant->pos, 0), desc.dfh);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "feature_id"),
		  desc.feature_id);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "revision"),
		  desc.revision);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "dfh_version"),
		  desc.dfh_version);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "bar"), desc.bar);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "offset"), desc.offset);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "size"), desc.size);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "mappable"),
		  desc.map_size);
	EXPECT_EQ(block_attr_u64(card, variant->pos, "vectors"), desc.vectors);

	block_attr(card, variant->pos, "guid", seen);
	format_guid(desc.guid, guid, sizeof(guid));
	EXPECT_STREQ(seen, guid);
}

TEST_F(description, parameters_follow_the_header)
{
	struct vfio_dfl_mdev_block desc;
	u64 seen, i;

	dev_read(&self->dev, REGION_BLOCK, 0, &desc, sizeof(desc));
	ASSERT_EQ(variant->param_size, desc.param_size);
	ASSERT_LE(sizeof(desc), desc.param_offset);
	EXPECT_EQ(desc.param_offset + desc.param_size,
		  self->dev.region[REGION_BLOCK].size);
	/* parameters follow the five words of a version 1 header */
	for (i = 0; i < desc.param_size; i += sizeof(seen)) {
		dev_read(&self->dev, REGION_BLOCK, desc.param_offset + i,
			 &seen, sizeof(seen));
		EXPECT_EQ(card_peek(&self->card, variant->pos, 0x28 + i), seen);
	}
}

TEST_F(description, description_is_read_only)
{
	struct vfio_dfl_mdev_block before, after;

	dev_read(&self->dev, REGION_BLOCK, 0, &before, sizeof(before));
	memset(&after, 0xff, sizeof(after));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, REGION_BLOCK, 0, &after,
					 sizeof(after)));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, REGION_BLOCK, 0, &after,
					 1));
	dev_read(&self->dev, REGION_BLOCK, 0, &after, sizeof(after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(description, reads_of_any_shape)
{
	u64 size = self->dev.region[REGION_BLOCK].size;
	u8 all[512] = {}, part[512];
	struct card_stats before, after;
	u64 pos;

	ASSERT_GE(sizeof(all), size);
	card_stats(&self->card, &before);
	dev_read(&self->dev, REGION_BLOCK, 0, all, size);
	for (pos = 0; pos < size; pos++) {
		EXPECT_EQ(1, try_dev_read(&self->dev, REGION_BLOCK, pos, part,
					  1));
		EXPECT_EQ(all[pos], part[0]);
		EXPECT_EQ((ssize_t)(size - pos),
			  try_dev_read(&self->dev, REGION_BLOCK, pos, part,
				       sizeof(part)));
		EXPECT_EQ(0, memcmp(all + pos, part, size - pos));
	}
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, REGION_BLOCK, size, part,
					1));
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, REGION_BLOCK,
					REGION_SIZE_MAX - 1, part, 1));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
}

TEST_F(description, region_info_has_its_type)
{
	struct {
		struct vfio_region_info info;
		char caps[256];
	} all;
	const struct vfio_region_info_cap_type *cap;

	dev_region_info(&self->dev, REGION_BLOCK, &all.info, sizeof(all));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_CAPS,
		  all.info.flags);
	cap = (const void *)region_cap(&all.info, VFIO_REGION_INFO_CAP_TYPE);
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(1, cap->header.version);
	EXPECT_EQ(VFIO_DFL_MDEV_REGION_TYPE, cap->type);
	EXPECT_EQ(VFIO_DFL_MDEV_REGION_SUBTYPE, cap->subtype);
}

TEST_CARD_MAIN
