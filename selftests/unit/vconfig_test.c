// SPDX-License-Identifier: GPL-2.0-only
/* The emulated config space, byte by byte. */
#include "cmocka_env.h"
#include "dfl/vconfig.h"

static struct vconfig cfg;

static const struct vconfig_desc with_vectors = {
	.vendor = 0x8086,
	.device = 0xbcce,
	.subvendor = 0x8086,
	.subdevice = 0xa1ab,
	.revision = 0x01,
	.class = 0x120000,
	.bar0_size = 0x10000,
	.bar2_size = 0x20000,
	.prefetch = true,
	.nr_vectors = 4,
	.flr = true,
};

static struct vconfig_desc bare;

static int reset(void **state)
{
	(void)state;
	bare = with_vectors;
	bare.nr_vectors = 0;
	bare.bar2_size = 0;
	bare.prefetch = false;
	bare.flr = false;
	memset(&cfg, 0xa5, sizeof(cfg));
	vconfig_init(&cfg, &with_vectors);
	return 0;
}

static u32 rd(u32 off, u32 len)
{
	u8 buf[4] = { 0 };

	vconfig_read(&cfg, off, buf, len);
	return buf[0] | buf[1] << 8 | buf[2] << 16 | (u32)buf[3] << 24;
}

static u32 wr(u32 off, u32 len, u32 value)
{
	u8 buf[4] = { value, value >> 8, value >> 16, value >> 24 };

	return vconfig_write(&cfg, off, buf, len);
}

struct dword {
	u32 off;
	u32 value;
	u32 writable;
};

/* All dwords that are not zero and read-only */
static const struct dword layout[] = {
	{ 0x00, 0xbcce8086, 0x00000000 },
	{ 0x04, 0x00100002, 0x00000546 },
	{ 0x08, 0x12000001, 0x00000000 },
	{ 0x10, 0x0000000c, 0xffff0000 },
	{ 0x14, 0x00000000, 0xffffffff },
	{ 0x18, 0x0000000c, 0xfffe0000 },
	{ 0x1c, 0x00000000, 0xffffffff },
	{ 0x20, 0x00000000, 0xfffff000 },
	{ 0x2c, 0xa1ab8086, 0x00000000 },
	{ 0x34, 0x00000040, 0x00000000 },
	{ 0x3c, 0x00000000, 0x000000ff },
	{ 0x40, 0x00027c10, 0x00000000 },
	{ 0x44, 0x10008000, 0x00000000 },
	{ 0x48, 0x00002810, 0x000078ff },
	{ 0x4c, 0x00000011, 0x00000000 },
	{ 0x50, 0x00110000, 0x00000000 },
	{ 0x6c, 0x00000002, 0x00000000 },
	{ 0x70, 0x00000001, 0x00000000 },
	{ 0x7c, 0x00030011, 0xc0000000 },
	{ 0x80, 0x00000004, 0x00000000 },
	{ 0x84, 0x00000804, 0x00000000 },
	/* the list: capability, VSEC 0x43 of 16 bytes, one entry, BAR 2 + 0 */
	{ 0x100, 0x0001000b, 0x00000000 },
	{ 0x104, 0x01000043, 0x00000000 },
	{ 0x108, 0x00000001, 0x00000000 },
	{ 0x10c, 0x00000002, 0x00000000 },
};

static const struct dword *row(u32 off)
{
	static struct dword zero;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layout); i++)
		if (layout[i].off == off)
			return &layout[i];
	zero.off = off;
	return &zero;
}

static void every_dword_after_reset(void **state)
{
	u32 off;

	(void)state;
	for (off = 0; off < VCONFIG_SIZE; off += 4)
		assert_int_equal(rd(off, 4), row(off)->value);
}

static void every_bit_writable_or_not(void **state)
{
	u32 off;

	(void)state;
	for (off = 0; off < VCONFIG_SIZE; off += 4) {
		const struct dword *r = row(off);

		wr(off, 4, 0xffffffff);
		assert_int_equal(rd(off, 4),
				 (r->value & ~r->writable) | r->writable);
		wr(off, 4, 0);
		assert_int_equal(rd(off, 4), r->value & ~r->writable);
	}
}

static void whole_space_in_one_write(void **state)
{
	static u8 ones[VCONFIG_SIZE], back[VCONFIG_SIZE];
	u32 off;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(vconfig_write(&cfg, 0, ones, sizeof(ones)),
			 VCONFIG_FLR);
	vconfig_read(&cfg, 0, back, sizeof(back));
	for (off = 0; off < VCONFIG_SIZE; off += 4) {
		const struct dword *r = row(off);
		u32 dword = rd(off, 4);

		assert_int_equal(dword, r->value | r->writable);
		assert_memory_equal(back + off, &dword, sizeof(dword));
	}
}

static void bytes_at_any_alignment(void **state)
{
	(void)state;
	/* upper byte of command with lower byte of status, and so on */
	assert_int_equal(wr(0x05, 2, 0xffff), 0);
	assert_int_equal(rd(0x04, 4), 0x00100502);
	assert_int_equal(wr(0x03, 2, 0xffff), 0);
	assert_int_equal(rd(0x00, 4), 0xbcce8086);
	assert_int_equal(rd(0x04, 4), 0x00100546);
	assert_int_equal(wr(0x11, 4, 0x89abcdef), 0);
	assert_int_equal(rd(0x10, 4), 0xabcd000c);
	assert_int_equal(rd(0x14, 4), 0x00000089);
	assert_int_equal(wr(VCONFIG_SIZE - 1, 1, 0xff), 0);
	assert_int_equal(rd(VCONFIG_SIZE - 1, 1), 0);
	assert_int_equal(wr(0x3c, 0, 0xff), 0);
	assert_int_equal(rd(0x3c, 1), 0);
}

static void memory_enable(void **state)
{
	(void)state;
	assert_true(vconfig_memory_on(&cfg));
	assert_int_equal(wr(0x04, 2, 0x0002), 0);
	assert_int_equal(wr(0x04, 2, 0x0004), VCONFIG_MEMORY_OFF);
	assert_false(vconfig_memory_on(&cfg));
	assert_int_equal(wr(0x04, 1, 0x00), 0);
	assert_int_equal(wr(0x04, 4, 0x00000002), VCONFIG_MEMORY_ON);
	assert_true(vconfig_memory_on(&cfg));
	/* the other byte of the register does not touch it */
	assert_int_equal(wr(0x05, 1, 0x00), 0);
	assert_true(vconfig_memory_on(&cfg));
}

static void bus_master_is_only_memory(void **state)
{
	(void)state;
	assert_int_equal(rd(0x04, 2) & PCI_COMMAND_MASTER, 0);
	assert_int_equal(wr(0x04, 2, 0x0006), 0);
	assert_int_equal(rd(0x04, 2), 0x0006);
}

static void io_and_pin_do_not_exist(void **state)
{
	(void)state;
	assert_int_equal(wr(0x04, 2, 0x0003), 0);
	assert_int_equal(rd(0x04, 2), 0x0002);
	wr(0x3c, 4, 0xffffffff);
	assert_int_equal(rd(0x3c, 4), 0x000000ff);
}

static void flr(void **state)
{
	(void)state;
	assert_int_equal(wr(0x48, 2, 0x8000 | 0x2810), VCONFIG_FLR);
	assert_int_equal(rd(0x48, 2), 0x2810);
	assert_int_equal(wr(0x49, 1, 0x80), VCONFIG_FLR);
	assert_int_equal(wr(0x48, 1, 0x80), 0);
	assert_int_equal(wr(0x4a, 2, 0x8000), 0);
	/* with the memory bit in one write */
	{
		u8 all[0x4a] = { 0 };

		all[0x49] = 0x80;
		assert_int_equal(vconfig_write(&cfg, 0, all, sizeof(all)),
				 VCONFIG_FLR | VCONFIG_MEMORY_OFF);
	}
	vconfig_init(&cfg, &bare);
	assert_int_equal(rd(0x44, 4), 0x00008000);
	assert_int_equal(wr(0x48, 2, 0x8000), 0);
	assert_int_equal(rd(0x48, 2), 0x0000);
}

static void bar_sizing(void **state)
{
	static const struct {
		u64 size;
		u32 low;
		u32 high;
	} rows[] = {
		{ 0x1000, 0xfffff004, 0xffffffff },
		{ 0x80000000, 0x80000004, 0xffffffff },
		{ 0x100000000, 0x00000004, 0xffffffff },
		{ 0x4000000000, 0x00000004, 0xffffffc0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bare.bar0_size = rows[i].size;
		vconfig_init(&cfg, &bare);
		wr(0x10, 4, 0xffffffff);
		wr(0x14, 4, 0xffffffff);
		assert_int_equal(rd(0x10, 4), rows[i].low);
		assert_int_equal(rd(0x14, 4), rows[i].high);
	}
	/* no expansion ROM, no other BAR, no list */
	assert_int_equal(rd(0x100, 4), 0);
	wr(0x30, 4, 0xffffffff);
	assert_int_equal(rd(0x30, 4), 0);
	for (i = 0x18; i < 0x28; i += 4) {
		wr(i, 4, 0xffffffff);
		assert_int_equal(rd(i, 4), 0);
	}
}

static void no_vectors_no_msix(void **state)
{
	(void)state;
	vconfig_init(&cfg, &bare);
	assert_int_equal(rd(0x34, 1), 0x40);
	assert_int_equal(rd(0x40, 4), 0x00020010);
	assert_int_equal(rd(0x7c, 4), 0);
	wr(0x7c, 4, 0xffffffff);
	assert_int_equal(rd(0x7c, 4), 0);
	assert_int_equal(rd(0x20, 4), 0);
}

static void capability_chain(void **state)
{
	u32 cap;

	(void)state;
	cap = rd(0x34, 1);
	assert_int_equal(rd(cap, 1), 0x10);
	cap = rd(cap + 1, 1);
	assert_int_equal(cap % 4, 0);
	assert_int_equal(rd(cap, 1), 0x11);
	assert_int_equal(rd(cap + 1, 1), 0);
	/* the table of 2048 entries would not fit; the limit is 64 */
	bare.nr_vectors = 64;
	vconfig_init(&cfg, &bare);
	assert_int_equal(rd(cap + 2, 2), 63);
	assert_true(64 * 16 <= VCONFIG_MSIX_PBA);
	assert_true(VCONFIG_MSIX_PBA + 64 / 8 <= VCONFIG_MSIX_BAR_SIZE);
}

static void init_starts_over(void **state)
{
	static u8 ones[VCONFIG_SIZE];
	struct vconfig fresh;

	(void)state;
	fresh = cfg;
	memset(ones, 0xff, sizeof(ones));
	vconfig_write(&cfg, 0, ones, sizeof(ones));
	assert_memory_not_equal(&cfg, &fresh, sizeof(cfg));
	vconfig_init(&cfg, &with_vectors);
	assert_memory_equal(&cfg, &fresh, sizeof(cfg));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_dword_after_reset, reset),
		cmocka_unit_test_setup(every_bit_writable_or_not, reset),
		cmocka_unit_test_setup(whole_space_in_one_write, reset),
		cmocka_unit_test_setup(bytes_at_any_alignment, reset),
		cmocka_unit_test_setup(memory_enable, reset),
		cmocka_unit_test_setup(bus_master_is_only_memory, reset),
		cmocka_unit_test_setup(io_and_pin_do_not_exist, reset),
		cmocka_unit_test_setup(flr, reset),
		cmocka_unit_test_setup(bar_sizing, reset),
		cmocka_unit_test_setup(no_vectors_no_msix, reset),
		cmocka_unit_test_setup(capability_chain, reset),
		cmocka_unit_test_setup(init_starts_over, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
