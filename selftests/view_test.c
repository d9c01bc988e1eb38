// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second view: a list of emulated headers and the block, which a stock DFL
 * driver can walk. The block has the same registers as in BAR 0.
 */
#include "dfl.h"
#include "harness.h"
#include "lab_card.h"

#define VIEW		BAR2

#define UINT_CAP	0x08
#define MSIX_PARAM	0x30	/* of the UART */

FIXTURE(view) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(view) {
	const char *pos;
	u64 size;
	u64 block;
	u64 block_size;
	u64 fiu;
	u64 map_start;
	u64 map_len;
	u64 scratch;
};

FIXTURE_VARIANT_ADD(view, accelerator) {
	.pos = POS_AFU0, .size = 0x20000, .block = 2 * PAGE, .fiu = DFH_ID_PORT,
	.block_size = AFU_SIZE, .map_start = 2 * PAGE, .map_len = AFU_SIZE,
	.scratch = AFU_SCRATCH0,
};

FIXTURE_VARIANT_ADD(view, below_fme) {
	.pos = POS_ETH, .size = 2 * PAGE, .block = PAGE, .fiu = DFH_ID_FME,
	.block_size = PAGE, .map_start = PAGE, .map_len = PAGE,
	.scratch = 0x10,
};

FIXTURE_VARIANT_ADD(view, below_port) {
	.pos = POS_USERCLK, .size = 2 * PAGE, .block = PAGE, .fiu = DFH_ID_PORT,
	.block_size = PAGE,
};

FIXTURE_VARIANT_ADD(view, shared_page) {
	.pos = POS_ETH_SHARED_PAGE, .size = 2 * PAGE, .block = PAGE,
	.fiu = DFH_ID_FME, .block_size = 0x800, .scratch = 0x10,
};

FIXTURE_VARIANT_ADD(view, with_vectors) {
	.pos = POS_UART, .size = 2 * PAGE, .block = PAGE, .fiu = DFH_ID_FME,
	.block_size = PAGE,
};

FIXTURE_SETUP(view)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
}

FIXTURE_TEARDOWN(view)
{
	block_close(&self->inst, &self->dev);
}

static u64 view_read64(const struct dev *dev, u64 pos)
{
	u64 value;

	dev_read(dev, VIEW, pos, &value, sizeof(value));
	return value;
}

static void view_write64(const struct dev *dev, u64 pos, u64 value)
{
	dev_write(dev, VIEW, pos, &value, sizeof(value));
}

/* Walk as a DFL driver does: FIU, next header, AFU of a port. */
TEST_F(view, list_leads_to_the_block)
{
	struct dev *dev = &self->dev;
	u64 fiu = view_read64(dev, 0), off = DFH_NEXT(fiu);

	EXPECT_EQ(variant->size, dev->region[VIEW].size);
	EXPECT_EQ(DFH_TYPE_FIU, DFH_TYPE(fiu));
	EXPECT_EQ(variant->fiu, DFH_ID(fiu));
	if (DFH_EOL(fiu) || off != variant->block) {
		EXPECT_EQ(DFH_ID_UINT, DFH_ID(view_read64(dev, off)));
		EXPECT_EQ(1, DFH_EOL(view_read64(dev, off)));
		off = view_read64(dev, NEXT_AFU);
	}
	EXPECT_EQ(variant->block, off);
	EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
		  view_read64(dev, off));
}

TEST_F(view, headers_are_emulated)
{
	struct card_stats before, after;
	u64 off, value;

	card_stats(&self->card, &before);
	for (off = 0; off < variant->block; off += 8) {
		if (off == PORT_CTRL)
			continue;
		value = view_read64(&self->dev, off);
		view_write64(&self->dev, off, ONES);
		EXPECT_EQ(value, view_read64(&self->dev, off));
	}
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
}

TEST_F(view, registers_are_those_of_bar0)
{
	struct dev *dev = &self->dev;
	u64 pos = variant->block + variant->scratch;
	u32 half;

	if (!variant->scratch)
		return;
	view_write64(dev, pos, 0x1122334455667788);
	EXPECT_EQ(0x1122334455667788,
		  card_peek(&self->card, variant->pos, variant->scratch));
	EXPECT_EQ(0x1122334455667788, dev_read64(dev, variant->scratch));
	dev_write64(dev, variant->scratch, 0x99aabbccddeeff00);
	EXPECT_EQ(0x99aabbccddeeff00, view_read64(dev, pos));
	dev_read(dev, VIEW, pos + 4, &half, sizeof(half));
	EXPECT_EQ(0x99aabbcc, half);
	dev_write64(dev, variant->scratch, 0);
}

TEST_F(view, past_the_block_reads_ones)
{
	u64 end = variant->block + variant->block_size, off;
	struct card_stats before, after;
	u64 value = 0x77;

	card_stats(&self->card, &before);
	for (off = end; off < variant->size; off += PAGE / 2) {
		EXPECT_EQ(ONES, view_read64(&self->dev, off));
		view_write64(&self->dev, off, 0x77);
	}
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, VIEW, variant->size, &value,
					8));
	card_stats(&self->card, &after);
	EXPECT_EQ(before.reads, after.reads);
	EXPECT_EQ(before.writes, after.writes);
}

TEST_F(view, width_and_alignment)
{
	const u64 pos = variant->block;
	u64 value = 0;

	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, VIEW, 0x1c, &value, 8));
	EXPECT_ERR(EINVAL, try_dev_read(&self->dev, VIEW, pos + 2, &value, 4));
	EXPECT_ERR(EINVAL, try_dev_write(&self->dev, VIEW, pos + 1, &value, 8));
	EXPECT_ERR(EFAULT, try_dev_read(&self->dev, VIEW, pos, bad_address(),
					8));
	EXPECT_EQ(4, try_dev_read(&self->dev, VIEW, variant->size - 4, &value,
				  8));
}

TEST_F(view, block_only_can_be_mapped)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	u64 base = self->dev.region[VIEW].offset, off, seen;
	struct {
		struct vfio_region_info info;
		char caps[256];
	} bar;

	dev_region_info(&self->dev, VIEW, &bar.info, sizeof(bar));
	sparse = (const void *)region_cap(&bar.info,
					  VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ASSERT_EQ(!!variant->map_len, !!sparse);
	if (sparse) {
		EXPECT_EQ(1, sparse->nr_areas);
		EXPECT_EQ(variant->map_start, sparse->areas[0].offset);
		EXPECT_EQ(variant->map_len, sparse->areas[0].size);
	}
	for (off = 0; off < variant->size + PAGE; off += PAGE) {
		void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
				 self->dev.fd, base + off);
		bool inside = off >= variant->map_start &&
			      off - variant->map_start < variant->map_len;

		EXPECT_EQ(inside, map != MAP_FAILED);
		if (map == MAP_FAILED)
			continue;
		if (off == variant->block) {
			EXPECT_EQ(0, try_load64(map, &seen));
			EXPECT_EQ(card_peek(&self->card, variant->pos, 0),
				  seen);
		}
		munmap(map, PAGE);
	}
	EXPECT_EQ(MAP_FAILED, mmap(NULL, variant->map_len + PAGE,
				   PROT_READ | PROT_WRITE, MAP_SHARED,
				   self->dev.fd, base + variant->map_start));
}

TEST_F(view, memory_off_refuses_access)
{
	u64 value = 0;

	dev_memory_enable(&self->dev, false);
	EXPECT_ERR(EIO, try_dev_read(&self->dev, VIEW, 0, &value, 8));
	EXPECT_ERR(EIO, try_dev_read(&self->dev, VIEW, variant->block, &value,
				     8));
	EXPECT_ERR(EIO, try_dev_write(&self->dev, VIEW, 0, &value, 8));
	dev_memory_enable(&self->dev, true);
	EXPECT_EQ(8, try_dev_read(&self->dev, VIEW, 0, &value, 8));
}

/* Vectors of an instance start at 0, whatever their number on the card. */
TEST_F(view, vectors_start_at_0)
{
	u64 param = card_peek(&self->card, POS_UART, MSIX_PARAM);

	if (!strcmp(variant->pos, POS_AFU0)) {
		EXPECT_EQ(AFU_VECTORS, view_read64(&self->dev,
						   PAGE + UINT_CAP));
	}
	if (!strcmp(variant->pos, POS_UART)) {
		EXPECT_NE(0, (u32)param);
		EXPECT_EQ(param, dev_read64(&self->dev, MSIX_PARAM));
		EXPECT_EQ(param >> 32 << 32,
			  view_read64(&self->dev, PAGE + MSIX_PARAM));
	}
}

/* --- its port ------------------------------------------------------------- */

FIXTURE(view_port) {
	struct card card;
	struct instance inst, other_inst;
	struct dev dev, other;
};

FIXTURE_SETUP(view_port)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU1);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	block_open(&self->other_inst, &self->other, &self->card, POS_AFU1);
}

FIXTURE_TEARDOWN(view_port)
{
	block_close(&self->inst, &self->dev);
	block_close(&self->other_inst, &self->other);
}

TEST_F(view_port, port_reset_resets_this_block_only)
{
	struct block_stats before, after;

	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	dev_write64(&self->other, AFU_SCRATCH0, 0x88);
	card_block_stats(&self->card, POS_AFU0, &before);
	view_write64(&self->dev, PORT_CTRL, PORT_CTRL_RESET);
	EXPECT_EQ(PORT_CTRL_RESET | PORT_CTRL_ACK,
		  view_read64(&self->dev, PORT_CTRL));
	EXPECT_EQ(0, dev_read64(&self->dev, AFU_SCRATCH0));
	/* the port stays in reset, without a second reset */
	view_write64(&self->dev, PORT_CTRL, PORT_CTRL_RESET);
	view_write64(&self->dev, PORT_CTRL, 0);
	EXPECT_EQ(0, view_read64(&self->dev, PORT_CTRL));
	card_block_stats(&self->card, POS_AFU0, &after);
	EXPECT_EQ(before.resets + 1, after.resets);
	EXPECT_EQ(0x88, dev_read64(&self->other, AFU_SCRATCH0));
}

TEST_F(view_port, other_resets_clear_the_reset_bit)
{
	view_write64(&self->dev, PORT_CTRL, PORT_CTRL_RESET);
	EXPECT_EQ(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, view_read64(&self->dev, PORT_CTRL));
	view_write64(&self->dev, PORT_CTRL, PORT_CTRL_RESET);
	dev_close(&self->dev);
	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(0, view_read64(&self->dev, PORT_CTRL));
}

TEST_CARD_MAIN
