// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register filters: what reaches the card through read(), write() and mappings,
 * and what is reported to the user.
 */
#include <sys/mman.h>

#include "dfl.h"
#include "harness.h"
#include "lab_card.h"

#define VALUE		0x1122334455667788ULL

/* Registers of the header, one to read, one under a mask, one to write */
#define REGISTERS	"0x0+0x28 r; 0x28+0x8 rw 0xff00/0x80; 0x30+0x8 w"
/* Page 0 trapped, page 1 for both, page 2 to read, page 3 in part, 4 to write */
#define PAGES		"0x0+0x40 rw; 0x1000+0x1000 rw; 0x2000+0x1000 r; " \
			"0x3000+0xff8 rw; 0x4000+0x1000 w"

static int try_filter(const struct instance *inst, const char *text)
{
	return try_sysfs_write(text, "%s/dfl/filter", inst->dir);
}

FIXTURE(filter) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

static void start(struct card *card, struct instance *inst, struct dev *dev,
		  const char *text)
{
	instance_create(inst, card, POS_AFU0);
	if (text && try_filter(inst, text))
		die("the filter is rejected: %s", text);
	dev_open(dev, inst);
}

FIXTURE_SETUP(filter)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	start(&self->card, &self->inst, &self->dev, REGISTERS);
}

FIXTURE_TEARDOWN(filter)
{
	block_close(&self->inst, &self->dev);
}

static u64 block_accesses(const struct card *card)
{
	struct block_stats stats;

	card_block_stats(card, POS_AFU0, &stats);
	return stats.reads + stats.writes;
}

/* --- trapped accesses ------------------------------------------------------ */

TEST_F(filter, permitted_accesses_reach_the_card)
{
	u64 before;

	card_poke(&self->card, POS_AFU0, AFU_SCRATCH0, VALUE);
	before = block_accesses(&self->card);
	EXPECT_EQ(VALUE, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ((u32)VALUE, dev_read32(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(VALUE >> 32, dev_read32(&self->dev, AFU_SCRATCH0 + 4));
	dev_write64(&self->dev, AFU_SCRATCH1, VALUE);
	EXPECT_EQ(VALUE, card_peek(&self->card, POS_AFU0, AFU_SCRATCH1));
	dev_write32(&self->dev, AFU_SCRATCH1 + 4, 0);
	EXPECT_EQ((u32)VALUE, card_peek(&self->card, POS_AFU0, AFU_SCRATCH1));
	EXPECT_EQ(before + 5, block_accesses(&self->card));
}

TEST_F(filter, other_accesses_do_not_reach_the_card)
{
	u64 before;

	card_poke(&self->card, POS_AFU0, AFU_SCRATCH1, VALUE);
	before = block_accesses(&self->card);
	EXPECT_EQ(ONES, dev_read64(&self->dev, AFU_SCRATCH1));
	EXPECT_EQ(~0U, dev_read32(&self->dev, AFU_SCRATCH1));
	EXPECT_EQ(ONES, dev_read64(&self->dev, AFU_COUNTER));
	EXPECT_EQ(ONES, dev_read64(&self->dev, AFU_RAM));
	dev_write64(&self->dev, AFU_DFH, 0);
	dev_write64(&self->dev, AFU_RAM, VALUE);
	dev_write32(&self->dev, AFU_DMA_GO, 1);
	EXPECT_EQ(before, block_accesses(&self->card));
}

TEST_F(filter, each_register_of_a_long_read_is_judged)
{
	u64 buf[8], before = block_accesses(&self->card);
	unsigned int i;

	card_poke(&self->card, POS_AFU0, AFU_SCRATCH0, VALUE);
	dev_read(&self->dev, BAR0, 0, buf, sizeof(buf));
	EXPECT_NE(ONES, buf[0]);
	EXPECT_EQ(VALUE, buf[AFU_SCRATCH0 / 8]);
	EXPECT_EQ(ONES, buf[AFU_SCRATCH1 / 8]);
	EXPECT_EQ(ONES, buf[AFU_COUNTER / 8]);
	EXPECT_EQ(before + 6, block_accesses(&self->card));

	for (i = 0; i < 8; i++)
		buf[i] = i;
	dev_write(&self->dev, BAR0, 0, buf, sizeof(buf));
	EXPECT_EQ(6, card_peek(&self->card, POS_AFU0, AFU_SCRATCH1));
	EXPECT_EQ(before + 8, block_accesses(&self->card));
}

TEST_F(filter, an_access_across_two_ranges_is_refused)
{
	u64 before;

	block_close(&self->inst, &self->dev);
	start(&self->card, &self->inst, &self->dev,
	      "0x28+0x4 rw; 0x2c+0x4 rw");
	before = block_accesses(&self->card);
	EXPECT_EQ(ONES, dev_read64(&self->dev, AFU_SCRATCH0));
	dev_write64(&self->dev, AFU_SCRATCH0, VALUE);
	EXPECT_EQ(before, block_accesses(&self->card));
	dev_write32(&self->dev, AFU_SCRATCH0, 1);
	dev_write32(&self->dev, AFU_SCRATCH0 + 4, 2);
	EXPECT_EQ(0x200000001, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

TEST_F(filter, bits_outside_of_a_mask_are_fixed)
{
	dev_write64(&self->dev, AFU_SCRATCH0, ONES);
	EXPECT_EQ(0xff80, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	dev_write64(&self->dev, AFU_SCRATCH0, 0);
	EXPECT_EQ(0x80, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	dev_write32(&self->dev, AFU_SCRATCH0, 0x12345678);
	EXPECT_EQ(0x5680, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	dev_write32(&self->dev, AFU_SCRATCH0 + 4, ~0U);
	EXPECT_EQ(0x5680, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
}

TEST_F(filter, guest_list_is_filtered)
{
	u64 off, word, before;

	/* The emulated port names the offset of the block */
	dev_read(&self->dev, BAR2, NEXT_AFU, &off, sizeof(off));
	before = block_accesses(&self->card);
	dev_read(&self->dev, BAR2, off + AFU_SCRATCH1, &word, sizeof(word));
	EXPECT_EQ(ONES, word);
	dev_write(&self->dev, BAR2, off + AFU_RAM, &word, sizeof(word));
	EXPECT_EQ(before, block_accesses(&self->card));
	word = ONES;
	dev_write(&self->dev, BAR2, off + AFU_SCRATCH0, &word, sizeof(word));
	EXPECT_EQ(0xff80, card_peek(&self->card, POS_AFU0, AFU_SCRATCH0));
	dev_read(&self->dev, BAR2, off + AFU_SCRATCH0, &word, sizeof(word));
	EXPECT_EQ(0xff80, word);
}

/* --- the attribute --------------------------------------------------------- */

TEST_F(filter, attribute_changes_only_while_closed)
{
	char text[256];

	EXPECT_ERR(EBUSY, try_filter(&self->inst, "none"));
	EXPECT_ERR(EBUSY, try_filter(&self->inst, "0x0+0x8 rw"));
	sysfs_read(text, sizeof(text), "%s/dfl/filter", self->inst.dir);
	EXPECT_STREQ(REGISTERS, text);
	dev_close(&self->dev);
	EXPECT_ERR(EINVAL, try_filter(&self->inst, "0x0+0x10001 r"));
	sysfs_read(text, sizeof(text), "%s/dfl/filter", self->inst.dir);
	EXPECT_STREQ(REGISTERS, text);
	EXPECT_ERR(0, try_filter(&self->inst, "none"));
	sysfs_read(text, sizeof(text), "%s/dfl/filter", self->inst.dir);
	EXPECT_STREQ("none", text);
	dev_open(&self->dev, &self->inst);
	dev_write64(&self->dev, AFU_RAM, VALUE);
	EXPECT_EQ(VALUE, card_peek(&self->card, POS_AFU0, AFU_RAM));
}

/* --- mappings -------------------------------------------------------------- */

FIXTURE(filtered_pages) {
	struct card card;
	struct instance inst;
	struct dev dev;
	struct {
		struct vfio_region_info info;
		char caps[256];
	} bar;
};

FIXTURE_SETUP(filtered_pages)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	start(&self->card, &self->inst, &self->dev, PAGES);
}

FIXTURE_TEARDOWN(filtered_pages)
{
	block_close(&self->inst, &self->dev);
}

static const struct vfio_region_info_cap_sparse_mmap *
areas(const struct dev *dev, unsigned int region, void *buf, size_t size)
{
	dev_region_info(dev, region, buf, size);
	return (const void *)region_cap(buf, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
}

static void *map(const struct dev *dev, u64 off, size_t len, int prot)
{
	return mmap(NULL, len, prot, MAP_SHARED, dev->fd,
		    dev->region[BAR0].offset + off);
}

TEST_F(filtered_pages, region_reports_pages_for_both_directions)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	sparse = areas(&self->dev, BAR0, &self->bar, sizeof(self->bar));
	ASSERT_NE(NULL, sparse);
	EXPECT_TRUE(self->bar.info.flags & VFIO_REGION_INFO_FLAG_WRITE);
	EXPECT_TRUE(self->bar.info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	ASSERT_EQ(1, sparse->nr_areas);
	EXPECT_EQ(PAGE, sparse->areas[0].offset);
	EXPECT_EQ(PAGE, sparse->areas[0].size);
}

TEST_F(filtered_pages, read_only_filter_reports_a_read_only_region)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	block_close(&self->inst, &self->dev);
	start(&self->card, &self->inst, &self->dev,
	      "0x0+0x2000 r; 0x4008+0x2ff8 r");
	sparse = areas(&self->dev, BAR0, &self->bar, sizeof(self->bar));
	ASSERT_NE(NULL, sparse);
	EXPECT_FALSE(self->bar.info.flags & VFIO_REGION_INFO_FLAG_WRITE);
	ASSERT_EQ(2, sparse->nr_areas);
	EXPECT_EQ(0, sparse->areas[0].offset);
	EXPECT_EQ(2 * PAGE, sparse->areas[0].size);
	EXPECT_EQ(0x5000, sparse->areas[1].offset);
	EXPECT_EQ(2 * PAGE, sparse->areas[1].size);
	EXPECT_EQ(MAP_FAILED, map(&self->dev, 0, PAGE, PROT_READ | PROT_WRITE));
}

TEST_F(filtered_pages, registers_without_a_page_are_not_mapped)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;

	block_close(&self->inst, &self->dev);
	start(&self->card, &self->inst, &self->dev, REGISTERS);
	sparse = areas(&self->dev, BAR0, &self->bar, sizeof(self->bar));
	EXPECT_EQ(NULL, sparse);
	EXPECT_FALSE(self->bar.info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	EXPECT_EQ(MAP_FAILED, map(&self->dev, 0, PAGE, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(filtered_pages, a_page_for_both_directions_maps)
{
	void *page = map(&self->dev, PAGE, PAGE, PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, page);
	map_store64(page, VALUE);
	EXPECT_EQ(VALUE, card_peek(&self->card, POS_AFU0, PAGE));
	EXPECT_EQ(VALUE, map_load64(page));
	munmap(page, PAGE);
}

TEST_F(filtered_pages, a_page_to_read_never_becomes_writable)
{
	void *page, *moved;

	EXPECT_EQ(MAP_FAILED,
		  map(&self->dev, 2 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	page = map(&self->dev, 2 * PAGE, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, page);
	map_load64(page);
	EXPECT_NE(0, mprotect(page, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	moved = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	moved = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moved);
	ASSERT_NE(MAP_FAILED, moved);
	EXPECT_NE(0, mprotect(moved, PAGE, PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	munmap(moved, PAGE);
}

TEST_F(filtered_pages, other_pages_do_not_map)
{
	static const struct {
		u64 off;
		size_t len;
	} refused[] = {
		{ 0, PAGE }, { 3 * PAGE, PAGE }, { 4 * PAGE, PAGE },
		{ 5 * PAGE, PAGE }, { 0, 2 * PAGE }, { 2 * PAGE, 2 * PAGE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(MAP_FAILED, map(&self->dev, refused[i].off,
					  refused[i].len, PROT_READ));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(MAP_FAILED, map(&self->dev, refused[i].off,
					  refused[i].len, PROT_WRITE));
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_CARD_MAIN
