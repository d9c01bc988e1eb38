// SPDX-License-Identifier: GPL-2.0-only
/* From words on a card to the windows of blocks and their mappable parts. */
#include "cmocka_env.h"
#include "dfl/carve.h"
#include "fake_card.h"

static struct fake_card card;
static struct dfl_map map;
static struct dfl_carve_args args;
static struct dfl_window win[DFL_MAX_HEADERS];
static struct dfl_window own[DFL_MAX_HEADERS];

static unsigned int carve(void)
{
	memcpy(args.bar_len, card.io.bar_len, sizeof(args.bar_len));
	memset(win, 0xa5, sizeof(win));
	assert_int_equal(dfl_walk(&card.io, NULL, 0, &map), 0);
	return dfl_carve(&map, &args, win);
}

static int reset(void **state)
{
	(void)state;
	memset(&args, 0, sizeof(args));
	args.page_size = 0x1000;
	args.bar_start[0] = 0x80000000;
	args.bar_start[2] = 0x4000000000;
	return 0;
}

static const struct dfl_window *window_at(u8 bar, u64 off)
{
	unsigned int i;

	for (i = 0; i < map.nr_headers; i++)
		if (map.header[i].bar == bar && map.header[i].off == off)
			return &win[i];
	fail_msg("no header at BAR %u 0x%llx", bar, off);
	return NULL;
}

static void expect_assignable(u8 bar, u64 off, u64 size, u64 map_size)
{
	const struct dfl_window *w = window_at(bar, off);

	assert_int_equal(w->reason, DFL_OK);
	assert_int_equal(w->size, size);
	assert_int_equal(w->map_size, map_size);
}

static void expect_withheld(u8 bar, u64 off, enum dfl_reason reason)
{
	const struct dfl_window *w = window_at(bar, off);

	assert_int_equal(w->reason, reason);
	assert_int_equal(w->size, 0);
	assert_int_equal(w->map_size, 0);
	assert_int_equal(w->csr, 0);
}

static void add_reserved(u8 bar, u64 off, u64 len)
{
	args.reserved[args.nr_reserved++] = (struct dfl_range) {
		.bar = bar, .off = off, .len = len,
	};
}

/* Return true if a window has this byte. */
static bool reachable(u8 bar, u64 off)
{
	unsigned int i;

	for (i = 0; i < map.nr_headers; i++)
		if (map.header[i].bar == bar && map.header[i].off <= off &&
		    off - map.header[i].off < win[i].size)
			return true;
	return false;
}

struct expect {
	u64 off;
	enum dfl_class class;
	enum dfl_reason reason;
	u64 size;
	u64 map_size;
	const char *type;
};

static void expect_windows(const struct expect *e, unsigned int nr)
{
	unsigned int i;

	assert_int_equal(map.nr_headers, nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(map.header[i].off, e[i].off);
		assert_int_equal(win[i].rule->class, e[i].class);
		assert_int_equal(win[i].reason, e[i].reason);
		assert_int_equal(win[i].size, e[i].size);
		assert_int_equal(win[i].map_size, e[i].map_size);
		if (e[i].type)
			assert_string_equal(win[i].type, e[i].type);
	}
}

#define NEVER(_off)	\
	{ .off = _off, .class = DFL_CLASS_NEVER, .reason = DFL_REASON_POLICY }

static void n6001(void **state)
{
	static const struct expect e[] = {
		NEVER(0x00000), NEVER(0x01000), NEVER(0x03000),
		NEVER(0x04000),
		{ 0x12000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "qsfp" },
		{ 0x13000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "qsfp" },
		{ 0x14000, DFL_CLASS_YES, 0, 0x1000, 0x1000, "hssi" },
		NEVER(0x15000), NEVER(0x20000), NEVER(0x40000),
		{ 0x60000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "uart" },
		NEVER(0x70000), NEVER(0x71000),
		{ 0x72000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "userclk" },
		{ 0x73000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "stp" },
		NEVER(0x80000),
	};

	(void)state;
	fake_n6001(&card);
	args.opt_in = "qsfp,uart,userclk,stp";
	assert_int_equal(carve(), 6);
	expect_windows(e, ARRAY_SIZE(e));
	assert_int_equal(window_at(0, 0x60000)->csr, 0x200);
	/* the PCIe block after "global error", and the aliases of STP */
	assert_false(reachable(0, 0x10000));
	assert_false(reachable(0, 0x7b000));
	assert_false(reachable(0, 0x7c038));

	/* without opt-in the HSSI block alone remains */
	args.opt_in = NULL;
	fake_n6001(&card);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x12000, DFL_REASON_OPT_IN);
	expect_withheld(0, 0x60000, DFL_REASON_OPT_IN);
	expect_withheld(0, 0x73000, DFL_REASON_OPT_IN);
}

static void d5005(void **state)
{
	static const struct expect e[] = {
		NEVER(0x00000), NEVER(0x01000), NEVER(0x03000),
		NEVER(0x04000), NEVER(0x10000), NEVER(0x20000),
		NEVER(0x30000), NEVER(0x40000), NEVER(0x90000),
		NEVER(0x91000),
		{ 0x92000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "userclk" },
		{ 0x93000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "stp" },
		NEVER(0xa0000),
	};

	(void)state;
	fake_d5005(&card);
	args.opt_in = "stp,userclk";
	assert_int_equal(carve(), 2);
	expect_windows(e, ARRAY_SIZE(e));
	/* ST2MM hides behind EMIF */
	assert_false(reachable(0, 0x80010));
}

static void d5005_hello(void **state)
{
	static const struct expect e[] = {
		NEVER(0x00000), NEVER(0x01000), NEVER(0x03000),
		NEVER(0x04000), NEVER(0x10000), NEVER(0x20000),
		NEVER(0x30000), NEVER(0x40000),
		{ 0x50000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "fme-fff" },
		NEVER(0x90000), NEVER(0x91000),
		{ 0x92000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "userclk" },
		{ 0x93000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "stp" },
		NEVER(0xa0000),
	};

	(void)state;
	fake_d5005_hello(&card);
	args.opt_in = "stp,userclk,fme-fff";
	assert_int_equal(carve(), 3);
	expect_windows(e, ARRAY_SIZE(e));
	assert_false(reachable(0, 0x80010));

	args.opt_in = NULL;
	assert_int_equal(carve(), 0);
	expect_withheld(0, 0x50000, DFL_REASON_OPT_IN);
}

static void n6001_hello(void **state)
{
	static const struct expect e[] = {
		NEVER(0x00000), NEVER(0x01000), NEVER(0x03000),
		NEVER(0x04000),
		{ 0x12000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "qsfp" },
		{ 0x13000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "qsfp" },
		{ 0x14000, DFL_CLASS_YES, 0, 0x1000, 0x1000, "hssi" },
		NEVER(0x15000),
		{ 0x16000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "fme-100" },
		NEVER(0x20000), NEVER(0x40000), NEVER(0x60000),
		NEVER(0x70000), NEVER(0x71000),
		{ 0x72000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "userclk" },
		{ 0x73000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "stp" },
		NEVER(0x80000),
	};

	(void)state;
	fake_n6001_hello(&card);
	args.opt_in = "qsfp,uart,userclk,stp,fme-100";
	assert_int_equal(carve(), 6);
	expect_windows(e, ARRAY_SIZE(e));

	/* without opt-in the HSSI block alone remains */
	args.opt_in = NULL;
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x16000, DFL_REASON_OPT_IN);
}

static void agilex5(void **state)
{
	static const struct expect e[] = {
		NEVER(0x00000), NEVER(0x01000), NEVER(0x03000),
		NEVER(0x04000), NEVER(0x15000), NEVER(0x40000),
		NEVER(0x70000), NEVER(0x71000),
		{ 0x72000, DFL_CLASS_OPT_IN, 0, 0x1000, 0, "userclk" },
		{ 0x73000, DFL_CLASS_OPT_IN, 0, 0x1000, 0x1000, "stp" },
		NEVER(0x80000),
	};

	(void)state;
	fake_agilex5(&card);
	args.opt_in = "userclk,stp";
	assert_int_equal(carve(), 2);
	expect_windows(e, ARRAY_SIZE(e));
	/* the PCIe block is not in the list */
	assert_int_equal(fake_reads(&card, 0, 0x10000, 0x5000), 0);
	assert_false(reachable(0, 0x10000));

	/* nothing remains without opt-in */
	args.opt_in = NULL;
	assert_int_equal(carve(), 0);
}

static void functions_of_one_afu(void **state)
{
	static const struct {
		u64 bar_len;
		u64 guid_h;
		u64 guid_l;
		const char *type;
	} rows[] = {
		/* functions 1 and 3; functions 2 and 4 */
		{ 0x1000, 0x3e7b60a0df2d4850, 0xaa31f54a3e403501,
		  "afu-3e7b60a0" },
		{ 0x40000, 0x56e203e9864f49a7, 0xb94b12284c31e02b,
		  "afu-56e203e9" },
		{ 0x1000, 0x44bfc10db42a44e5, 0xbd4257dc93ea7f91,
		  "afu-44bfc10d" },
		/* virtual functions */
		{ 0x100000, 0x8568ab4e6ba54616, 0xbb652a578330a8eb,
		  "afu-8568ab4e" },
		{ 0x100000, 0x823c334c98bf11ea, 0xbb370242ac130002,
		  "afu-823c334c" },
		{ 0x100000, 0x4dadea342c7848cb, 0xa3dc5b831f5cecbb,
		  "afu-4dadea34" },
		/* virtual function of N6000 */
		{ 0x40000000, 0x3e7b60a0df2d4850, 0xaa31f54a3e403501,
		  "afu-3e7b60a0" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct expect e = {
			0, DFL_CLASS_YES, 0, rows[i].bar_len, rows[i].bar_len,
			rows[i].type
		};

		fake_afu(&card, rows[i].bar_len, rows[i].guid_h,
			 rows[i].guid_l);
		assert_int_equal(carve(), 1);
		expect_windows(&e, 1);
		assert_int_equal(map.header[0].parent, DFL_NO_PARENT);
		assert_int_equal(card.reads, 3);
	}
}

static void two_ports(void **state)
{
	(void)state;
	fake_two_ports(&card);
	assert_int_equal(carve(), 3);
	expect_assignable(0, 0x1000, 0x1000, 0x1000);
	expect_assignable(2, 0x40000, 0x10000, 0x10000);
	expect_assignable(2, 0xc0000, 0x10000, 0x10000);
	assert_string_equal(window_at(2, 0x40000)->type, "afu-d8424dc4");
	expect_withheld(2, 0x0, DFL_REASON_POLICY);
	expect_withheld(2, 0x2000, DFL_REASON_OPT_IN);
}

static void whole_bar(void **state)
{
	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x00, 0x1000010000000000);
	fake_set(&card, 0, 0x08, 0xf89e433683f9040b);
	fake_set(&card, 0, 0x10, 0xd8424dc4a4a3c413);
	assert_int_equal(carve(), 1);
	expect_assignable(0, 0x0, 0x100000, 0x100000);

	/* MSI-X structures over the header, as on a real function */
	add_reserved(0, 0x0, 0x10);
	assert_int_equal(carve(), 0);
	expect_withheld(0, 0x0, DFL_REASON_MSIX);
}

static void walk_reason_wins(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3020000010000010);
	assert_int_equal(carve(), 2);
	expect_withheld(0, 0x1000, DFL_REASON_VERSION);
	expect_assignable(0, 0x2000, 0x1000, 0x1000);
}

/* Sizes */

static void size_does_not_follow_next_header(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x2000, 0x3000000080000010);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x2000, 0x1000, 0x1000);
	assert_false(reachable(0, 0x3000));
}

static void last_block_ends_with_bar(void **state)
{
	(void)state;
	fake_small(&card);
	card.io.bar_len[0] = 0x3800;
	assert_int_equal(carve(), 3);
	expect_assignable(0, 0x3000, 0x800, 0);
	assert_true(reachable(0, 0x37ff));
	assert_false(reachable(0, 0x3800));
}

static void bar_of_card_may_be_shorter_than_walked(void **state)
{
	(void)state;
	fake_small(&card);
	assert_int_equal(dfl_walk(&card.io, NULL, 0, &map), 0);
	args.bar_len[0] = 0x2400;
	assert_int_equal(dfl_carve(&map, &args, win), 2);
	expect_assignable(0, 0x1000, 0x1000, 0x1000);
	expect_assignable(0, 0x2000, 0x400, 0);
	expect_withheld(0, 0x3000, DFL_REASON_TRUNCATED);
}

/* Pages */

static void shared_page_is_trapped(void **state)
{
	(void)state;
	/* one at the start of the page, one in its middle */
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3000000008000010);
	fake_set(&card, 0, 0x1800, 0x3000000008000010);
	assert_int_equal(carve(), 4);
	expect_assignable(0, 0x1000, 0x800, 0);
	expect_assignable(0, 0x1800, 0x800, 0);
	expect_assignable(0, 0x2000, 0x1000, 0x1000);
}

static void afu_page_shared_at_its_end(void **state)
{
	(void)state;
	/* AFU of 1 page and 1 KiB, then any block */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x30, 0x0000000400000500);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x40000, 0x1400, 0x1000);

	/* starts in the middle of a page: no page can be mapped */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0x40800);
	fake_set(&card, 2, 0x40800, 0x1000010000000000);
	fake_set(&card, 2, 0x40808, 0x1);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x40800, 0x10000, 0);
}

static void large_pages(void **state)
{
	(void)state;
	fake_two_ports(&card);
	args.page_size = 0x10000;
	assert_int_equal(carve(), 3);
	expect_assignable(0, 0x1000, 0x1000, 0);
	expect_assignable(2, 0x40000, 0x10000, 0x10000);

	/* one KiB short of a page */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x30, 0x0000000400003f00);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x40000, 0xfc00, 0);
}

static void bar_not_page_aligned(void **state)
{
	(void)state;
	fake_small(&card);
	args.bar_start[0] = 0x80000800;
	assert_int_equal(carve(), 3);
	expect_assignable(0, 0x1000, 0x1000, 0);
	expect_assignable(0, 0x3000, 0x1000, 0);

	fake_init(&card);
	card.io.bar_len[0] = 0x400;
	args.bar_start[0] = 0x80000000;
	fake_set(&card, 0, 0x00, 0x1000010000000000);
	fake_set(&card, 0, 0x08, 0x1);
	assert_int_equal(carve(), 1);
	expect_assignable(0, 0x0, 0x400, 0);
}

/* MSI-X structures */

static void reserved_ranges(void **state)
{
	(void)state;
	/* table and PBA amid the second block's page */
	fake_small(&card);
	add_reserved(0, 0x2800, 0x100);
	add_reserved(0, 0x2c00, 0x8);
	assert_int_equal(carve(), 3);
	expect_assignable(0, 0x1000, 0x1000, 0x1000);
	expect_assignable(0, 0x2000, 0x800, 0);
	expect_assignable(0, 0x3000, 0x1000, 0x1000);
	assert_false(reachable(0, 0x2c08));
}

static void reserved_range_edges(void **state)
{
	static const struct {
		u64 off;
		u64 len;
		u64 size;	/* of the block at 0x2000 */
	} rows[] = {
		{ 0x1ff0, 0x10, 0x1000 },	/* up to it */
		{ 0x1ff0, 0x11, 0 },		/* one byte into it */
		{ 0x3000, 0x10, 0x1000 },	/* right after it */
		{ 0x2fff, 0x10, 0xff8 },	/* its last byte */
		{ 0x2008, 0x10, 0x8 },		/* all but the header */
		{ 0x2007, 0x10, 0 },
		{ 0x2000, 0x1, 0 },
		{ 0x1000, 0x3000, 0 },		/* over all of it */
		{ 0x0, ~0ULL, 0 },
		{ 0x2800, 0, 0x1000 },		/* empty */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		args.nr_reserved = 0;
		add_reserved(0, rows[i].off, rows[i].len);
		fake_small(&card);
		carve();
		if (rows[i].size)
			expect_assignable(0, 0x2000, rows[i].size,
					  rows[i].size & ~0xfffULL);
		else
			expect_withheld(0, 0x2000, DFL_REASON_MSIX);
	}
	/* a range of another BAR has no effect */
	args.nr_reserved = 0;
	add_reserved(4, 0x2000, 0x1000);
	fake_small(&card);
	assert_int_equal(carve(), 3);
}

static void afu_over_reserved_range_is_cut(void **state)
{
	(void)state;
	fake_two_ports(&card);
	add_reserved(2, 0x43010, 0x100);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x40000, 0x3010, 0x3000);
}

/* Overlap */

static void afu_over_features_of_a_port(void **state)
{
	(void)state;
	/* AFU of port 0 runs into port 1 */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x30, 0x0000000400010100);
	assert_int_equal(carve(), 2);
	expect_withheld(2, 0x40000, DFL_REASON_OVERLAP);
	expect_assignable(2, 0xc0000, 0x10000, 0x10000);

	/* 256 KiB just reach it */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x30, 0x0000000400010000);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x40000, 0x40000, 0x40000);
}

static void afu_over_first_word_of_a_port(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x100000020004fff8);
	fake_set(&card, 2, 0x4fff8, 0x4000010010000001);
	fake_set(&card, 2, 0x50028, 0x0000000000000001);
	assert_int_equal(carve(), 1);
	expect_withheld(2, 0x40000, DFL_REASON_OVERLAP);

	/* one word further on they only touch */
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x1000000200050000);
	fake_set(&card, 2, 0x50000, 0x4000010010000001);
	fake_set(&card, 2, 0x50030, 0x0000000000000001);
	assert_int_equal(carve(), 2);
	expect_assignable(2, 0x40000, 0x10000, 0x10000);
}

static void afu_over_feature_that_is_assignable(void **state)
{
	(void)state;
	fake_two_ports(&card);
	args.opt_in = "userclk";
	fake_set(&card, 2, 0x18, 0x1800);
	fake_set(&card, 2, 0x1800, 0x1000010000000000);
	fake_set(&card, 2, 0x1808, 0x1);
	assert_int_equal(carve(), 4);
	expect_withheld(2, 0x1800, DFL_REASON_OVERLAP);
	expect_assignable(2, 0x2000, 0x1000, 0);
}

static void afu_inside_withheld_feature(void **state)
{
	(void)state;
	/* in the page of port errors, after the last header of the list */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x2000, 0x3000010000000010);
	fake_set(&card, 2, 0x18, 0x2800);
	fake_set(&card, 2, 0x30, 0x0000000400000100);
	fake_set(&card, 2, 0x2800, 0x1000010000000000);
	fake_set(&card, 2, 0x2808, 0x1);
	assert_int_equal(carve(), 2);
	expect_withheld(2, 0x2800, DFL_REASON_OVERLAP);

	/* the next page belongs to no block */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x2000, 0x3000010000000010);
	fake_set(&card, 2, 0x18, 0x3000);
	fake_set(&card, 2, 0x30, 0x0000000400000100);
	fake_set(&card, 2, 0x3000, 0x1000010000000000);
	fake_set(&card, 2, 0x3008, 0x1);
	assert_int_equal(carve(), 3);
	expect_assignable(2, 0x3000, 0x400, 0);
}

static void afu_inside_feature_withholds_both(void **state)
{
	(void)state;
	/* user clock, last of its list, would hold a header of another */
	fake_two_ports(&card);
	args.opt_in = "userclk";
	fake_set(&card, 2, 0x18, 0x2800);
	fake_set(&card, 2, 0x2800, 0x1000010000000000);
	fake_set(&card, 2, 0x2808, 0x1);
	assert_int_equal(carve(), 3);
	expect_withheld(2, 0x2000, DFL_REASON_OVERLAP);
	expect_withheld(2, 0x2800, DFL_REASON_OVERLAP);
	expect_assignable(2, 0x82000, 0x1000, 0);
}

/* GUIDs */

static void guid_selects(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 2, 0x40008, 0);
	fake_set(&card, 2, 0x40010, 0);
	fake_set(&card, 2, 0xc0008, ~0ULL);
	fake_set(&card, 2, 0xc0010, ~0ULL);
	assert_int_equal(carve(), 1);
	expect_withheld(2, 0x40000, DFL_REASON_GUID);
	expect_withheld(2, 0xc0000, DFL_REASON_GUID);
}

/* Version 1 registers */

static void uart(void **state)
{
	(void)state;
	fake_uart(&card);
	args.opt_in = "uart";
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x1000, 0);
	assert_int_equal(window_at(0, 0x1000)->csr, 0x200);
	assert_string_equal(window_at(0, 0x1000)->type, "uart");

	/* its next header bounds it */
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000004000024);
	fake_set(&card, 0, 0x1400, 0x3000010010000010);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x400, 0);

	/* another GUID: unknown block */
	fake_uart(&card);
	fake_set(&card, 0, 0x1008, 0xe1df0d4ace8e486d);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_POLICY);
}

/* A vendor block at 0x1000 of fake_uart()'s card, registers at @csr_addr */
static void set_vendor(u64 csr_addr, u64 csr_size)
{
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000010000023);
	fake_set(&card, 0, 0x1008, 0x1);
	fake_set(&card, 0, 0x1010, 0x1234567800000000);
	fake_set(&card, 0, 0x1018, csr_addr);
	fake_set(&card, 0, 0x1020, csr_size);
}

static void csr_encoding(void **state)
{
	(void)state;
	set_vendor(0x100, 0x0000004000000000);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_OPT_IN);
	assert_string_equal(window_at(0, 0x1000)->type, "vendor-12345678");

	set_vendor(0x100, 0x0000004000000000);
	args.opt_in = "vendor-12345678";
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_AMBIGUOUS);

	set_vendor(0x100, 0x0000004000000000);
	args.opt_in = "vendor-12345678@plain";
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x140, 0);
	assert_int_equal(window_at(0, 0x1000)->csr, 0x100);

	set_vendor(0x100, 0x0000004000000000);
	args.opt_in = "vendor-12345678@shifted";
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0xc0, 0);
	assert_int_equal(window_at(0, 0x1000)->csr, 0x80);

	/* known to be fine as version 0, unknown layout as version 1 */
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000010000010);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_AMBIGUOUS);
}

static void absolute_csr(void **state)
{
	(void)state;
	args.opt_in = "vendor-12345678@plain,uart";
	set_vendor(0x101, 0x0000004000000000);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_ABSOLUTE);

	fake_uart(&card);
	fake_set(&card, 0, 0x1018, 0x0000000080001201);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_ABSOLUTE);
}

static void bad_csr_range(void **state)
{
	static const struct {
		u64 addr;
		u64 size;
	} bad[] = {
		{ 0x100, 0x0000000000000000 },	/* no size */
		{ 0x020, 0x0000001000000000 },	/* over the header */
		{ 0x026, 0x0000001000000000 },	/* last bytes of it */
		{ 0x028, 0x0000001080000000 },	/* over parameters */
		{ 0x066, 0x0000001080000000 },	/* last of them */
		{ 0x1000, 0x0000001000000000 },	/* past the end */
		{ 0x1008, 0x0000001000000000 },
		{ 0xff8, 0x0000001000000000 },	/* over the end */
		{ 0x100, 0x00000f0100000000 },	/* one byte over the end */
		{ 0x100, 0xffffffff00000000 },
		{ 0xfffffffffffffffe, 0x0000001000000000 },	/* wraps */
		{ 0xfffffffffffffff0, 0xffffffff00000000 },
	};
	unsigned int i;

	(void)state;
	args.opt_in = "vendor-12345678@plain";
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		set_vendor(bad[i].addr, bad[i].size);
		assert_int_equal(carve(), 1);
		expect_withheld(0, 0x1000, DFL_REASON_CSR_RANGE);
		expect_assignable(0, 0x2000, 0x1000, 0x1000);
	}
	/* right after the header, up to the end */
	set_vendor(0x28, 0x00000fd800000000);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x1000, 0x1000);
	set_vendor(0x68, 0x0000000180000000);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x70, 0);
	/* unreadable parameters still have a header */
	set_vendor(0x28, 0x0000001080000000);
	fake_set(&card, 0, 0x1028, 0);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_RANGE);

	/* the UART's, in the other encoding */
	args.opt_in = "uart";
	fake_uart(&card);
	fake_set(&card, 0, 0x1018, 0x2000);
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_CSR_RANGE);
}

static void version_1_larger_than_a_page(void **state)
{
	(void)state;
	args.opt_in = "vendor-12345678@plain";
	set_vendor(0x100, 0x0000300000000000);
	fake_set(&card, 0, 0x1000, 0x3010000080000023);
	fake_set(&card, 0, 0x9000, 0x3000010010000010);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x3100, 0x3000);
}

static void reserved_range_in_registers_of_version_1(void **state)
{
	(void)state;
	args.opt_in = "vendor-12345678@plain";
	set_vendor(0x100, 0x0000004000000000);
	add_reserved(0, 0x1140, 0x10);
	assert_int_equal(carve(), 2);
	expect_assignable(0, 0x1000, 0x140, 0);

	set_vendor(0x100, 0x0000004000000000);
	args.reserved[0].off = 0x1138;
	assert_int_equal(carve(), 1);
	expect_withheld(0, 0x1000, DFL_REASON_MSIX);
}

/* Read-only windows */

#define ALL_READERS	"thermal-ro,power-ro,iperf-ro,dperf-ro,fme-error-ro," \
			"emif-ro,hssi-ro,tod-ro"

/* Carve both views; "own" are the windows of owners, "win" those of readers. */
static unsigned int carve_views(const char *opt_in)
{
	args.opt_in = opt_in;
	args.view = DFL_VIEW_OWN;
	carve();
	memcpy(own, win, sizeof(own));
	args.view = DFL_VIEW_READ;
	memset(win, 0xa5, sizeof(win));
	return dfl_carve(&map, &args, win);
}

static bool meet(u32 i, const struct dfl_window *a, u32 j,
		 const struct dfl_window *b)
{
	const struct dfl_header *h = &map.header[i], *o = &map.header[j];

	return a->size && b->size && h->bar == o->bar &&
	       h->off < o->off + b->size && o->off < h->off + a->size;
}

/* Windows share a byte only if they are two views of one header. */
static void expect_no_meeting(void)
{
	u32 i, j;

	for (i = 0; i < map.nr_headers; i++) {
		assert_true(win[i].flags & DFL_RULE_READ_ONLY);
		assert_false(own[i].flags & DFL_RULE_READ_ONLY);
		for (j = 0; j < map.nr_headers; j++) {
			if (i == j)
				continue;
			assert_false(meet(i, &win[i], j, &win[j]));
			assert_false(meet(i, &win[i], j, &own[j]));
			assert_false(meet(i, &own[i], j, &own[j]));
		}
	}
}

static void readers_of_n6001(void **state)
{
	(void)state;
	fake_n6001(&card);
	assert_int_equal(carve_views(ALL_READERS), 5);
	expect_assignable(0, 0x01000, 0x28, 0);
	expect_assignable(0, 0x03000, 0x50, 0);
	expect_assignable(0, 0x04000, 0x78, 0);
	expect_assignable(0, 0x14000, 0x100, 0);
	expect_assignable(0, 0x15000, 0x18, 0);
	assert_string_equal(window_at(0, 0x14000)->type, "hssi-ro");
	/* I2C of QSFP, PMCI, ST2MM, PR, port, user clock */
	expect_withheld(0, 0x12000, DFL_REASON_POLICY);
	expect_withheld(0, 0x20000, DFL_REASON_POLICY);
	expect_withheld(0, 0x40000, DFL_REASON_POLICY);
	expect_withheld(0, 0x70000, DFL_REASON_POLICY);
	expect_withheld(0, 0x71000, DFL_REASON_POLICY);
	expect_withheld(0, 0x72000, DFL_REASON_POLICY);
	expect_no_meeting();
	assert_int_equal(own[6].size, 0x1000);

	/* none without opt-in, also not by the names of owners */
	assert_int_equal(carve_views("tod,hssi,thermal,fme-1"), 0);
	expect_withheld(0, 0x14000, DFL_REASON_OPT_IN);
}

static void views_meet_at_one_header_only(void **state)
{
	static void (*const make[])(struct fake_card *card) = {
		fake_n6001, fake_n6001_hello, fake_d5005, fake_d5005_hello,
		fake_agilex5, fake_small, fake_two_ports, fake_uart,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(make); i++) {
		make[i](&card);
		carve_views(ALL_READERS ",tod,uart,qsfp,stp,userclk");
		expect_no_meeting();
	}
}

/* Time of day in place of the first Ethernet group */
static void reader_pages(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3000000010000022);
	assert_int_equal(carve_views("tod-ro"), 1);
	expect_assignable(0, 0x1000, 0x1000, 0x1000);
	assert_int_equal(own[1].reason, DFL_REASON_OPT_IN);

	/* the rest of the page belongs to another feature */
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3000000008000022);
	fake_set(&card, 0, 0x1800, 0x3000000008000010);
	assert_int_equal(carve_views("tod-ro"), 1);
	expect_assignable(0, 0x1000, 0x800, 0);
	expect_no_meeting();

	/* the rest of the page holds the MSI-X table */
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3000000010000022);
	add_reserved(0, 0x1800, 0x100);
	assert_int_equal(carve_views("tod-ro"), 1);
	expect_assignable(0, 0x1000, 0x800, 0);
}

/* No list has this: a header inside the window of readers, or before it */
static void header_inside_reader_window(void **state)
{
	static const struct {
		u64 off;
		unsigned int readers;
	} rows[] = {
		{ 0x0ff8, 1 }, { 0x1000, 0 }, { 0x1008, 0 }, { 0x1ff8, 0 },
		{ 0x2000, 1 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_small(&card);
		fake_set(&card, 0, 0x1000, 0x3000000010000022);
		carve_views("tod-ro");
		map.header[2].off = rows[i].off;
		assert_int_equal(dfl_carve(&map, &args, win), rows[i].readers);
		args.view = DFL_VIEW_OWN;
		dfl_carve(&map, &args, own);
		expect_no_meeting();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(n6001, reset),
		cmocka_unit_test_setup(d5005, reset),
		cmocka_unit_test_setup(d5005_hello, reset),
		cmocka_unit_test_setup(n6001_hello, reset),
		cmocka_unit_test_setup(agilex5, reset),
		cmocka_unit_test_setup(functions_of_one_afu, reset),
		cmocka_unit_test_setup(two_ports, reset),
		cmocka_unit_test_setup(whole_bar, reset),
		cmocka_unit_test_setup(walk_reason_wins, reset),
		cmocka_unit_test_setup(size_does_not_follow_next_header, reset),
		cmocka_unit_test_setup(last_block_ends_with_bar, reset),
		cmocka_unit_test_setup(bar_of_card_may_be_shorter_than_walked,
				       reset),
		cmocka_unit_test_setup(shared_page_is_trapped, reset),
		cmocka_unit_test_setup(afu_page_shared_at_its_end, reset),
		cmocka_unit_test_setup(large_pages, reset),
		cmocka_unit_test_setup(bar_not_page_aligned, reset),
		cmocka_unit_test_setup(reserved_ranges, reset),
		cmocka_unit_test_setup(reserved_range_edges, reset),
		cmocka_unit_test_setup(afu_over_reserved_range_is_cut,
				       reset),
		cmocka_unit_test_setup(afu_over_features_of_a_port, reset),
		cmocka_unit_test_setup(afu_over_first_word_of_a_port, reset),
		cmocka_unit_test_setup(afu_over_feature_that_is_assignable,
				       reset),
		cmocka_unit_test_setup(afu_inside_withheld_feature, reset),
		cmocka_unit_test_setup(afu_inside_feature_withholds_both,
				       reset),
		cmocka_unit_test_setup(guid_selects, reset),
		cmocka_unit_test_setup(uart, reset),
		cmocka_unit_test_setup(csr_encoding, reset),
		cmocka_unit_test_setup(absolute_csr, reset),
		cmocka_unit_test_setup(bad_csr_range, reset),
		cmocka_unit_test_setup(version_1_larger_than_a_page, reset),
		cmocka_unit_test_setup(reserved_range_in_registers_of_version_1,
				       reset),
		cmocka_unit_test_setup(readers_of_n6001, reset),
		cmocka_unit_test_setup(views_meet_at_one_header_only, reset),
		cmocka_unit_test_setup(reader_pages, reset),
		cmocka_unit_test_setup(header_inside_reader_window, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
