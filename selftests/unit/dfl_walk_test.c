// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of real cards and of hostile cards. Every walk must read each word
 * once, and nothing outside of the BARs.
 */
#include "cmocka_env.h"
#include "fake_card.h"

static struct fake_card card;
static struct dfl_map map;

struct expect {
	u8 bar;
	u64 off;
	enum dfl_kind kind;
	u16 id;
	u64 limit;
	enum dfl_reason reason;
};

static int walk_vsec(const u32 *vsec, unsigned int dwords)
{
	int err;

	/* the walk has to clear it */
	memset(&map, 0xa5, sizeof(map));
	err = dfl_walk(&card.io, vsec, dwords, &map);
	assert_int_equal(card.stray_reads, 0);
	assert_in_range(card.most_reads, 0, 1);
	assert_in_range(map.nr_headers, 0, DFL_MAX_HEADERS);
	return err;
}

static int walk(void)
{
	return walk_vsec(NULL, 0);
}

static void expect_headers(const struct expect *e, unsigned int nr)
{
	unsigned int i;

	assert_int_equal(map.nr_headers, nr);
	for (i = 0; i < nr; i++) {
		const struct dfl_header *h = &map.header[i];

		assert_int_equal(h->bar, e[i].bar);
		assert_int_equal(h->off, e[i].off);
		assert_int_equal(h->kind, e[i].kind);
		assert_int_equal(h->id, e[i].id);
		assert_int_equal(h->limit, e[i].limit);
		assert_int_equal(h->reason, e[i].reason);
	}
}

#define EXPECT(...)							\
	do {								\
		static const struct expect e[] = { __VA_ARGS__ };	\
									\
		expect_headers(e, ARRAY_SIZE(e));			\
	} while (0)

static unsigned int findings(enum dfl_reason reason)
{
	unsigned int i, nr = 0;

	for (i = 0; i < min_t(u32, map.nr_findings, DFL_MAX_FINDINGS); i++)
		nr += map.finding[i].reason == reason;
	return nr;
}

static const struct dfl_header *header_at(u8 bar, u64 off)
{
	unsigned int i;

	for (i = 0; i < map.nr_headers; i++)
		if (map.header[i].bar == bar && map.header[i].off == off)
			return &map.header[i];
	fail_msg("no header at BAR %u 0x%llx", bar, off);
	return NULL;
}

static bool listed(u8 bar, u64 off)
{
	unsigned int i;

	for (i = 0; i < map.nr_headers; i++)
		if (map.header[i].bar == bar && map.header[i].off == off)
			return true;
	return false;
}

/* The four headers of fake_small(), all valid */
static void expect_small(void)
{
	EXPECT({ 0, 0x0000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x1000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
	       { 0, 0x2000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
	       { 0, 0x3000, DFL_KIND_PRIVATE, 0x15, 0x1000, 0 });
}

/* Real cards */

static void n6001(void **state)
{
	const struct dfl_header *h;

	(void)state;
	fake_n6001(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	EXPECT({ 0, 0x00000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x01000, DFL_KIND_PRIVATE, 0x01, 0x2000, 0 },
	       { 0, 0x03000, DFL_KIND_PRIVATE, 0x07, 0x1000, 0 },
	       { 0, 0x04000, DFL_KIND_PRIVATE, 0x04, 0xe000, 0 },
	       { 0, 0x12000, DFL_KIND_PRIVATE, 0x13, 0x1000, 0 },
	       { 0, 0x13000, DFL_KIND_PRIVATE, 0x13, 0x1000, 0 },
	       { 0, 0x14000, DFL_KIND_PRIVATE, 0x15, 0x1000, 0 },
	       { 0, 0x15000, DFL_KIND_PRIVATE, 0x09, 0xb000, 0 },
	       { 0, 0x20000, DFL_KIND_PRIVATE, 0x12, 0x20000, 0 },
	       { 0, 0x40000, DFL_KIND_PRIVATE, 0x14, 0x20000, 0 },
	       { 0, 0x60000, DFL_KIND_PRIVATE, 0x24, 0x10000, 0 },
	       { 0, 0x70000, DFL_KIND_PRIVATE, 0x05, 0x1000, 0 },
	       { 0, 0x71000, DFL_KIND_PORT, 0x01, 0x1000, 0 },
	       { 0, 0x72000, DFL_KIND_PRIVATE, 0x14, 0x1000, 0 },
	       { 0, 0x73000, DFL_KIND_PRIVATE, 0x13, 0xd000, 0 },
	       { 0, 0x80000, DFL_KIND_PRIVATE, 0x10, 0x80000, 0 });
	assert_int_equal(map.fme_cap, 0x14021000);
	/* the FIU changes inside of the list */
	assert_int_equal(header_at(0, 0x70000)->parent, 0);
	assert_int_equal(header_at(0, 0x70000)->port, 0xff);
	assert_int_equal(header_at(0, 0x71000)->parent, DFL_NO_PARENT);
	/* the AFUs are in other functions */
	assert_true(header_at(0, 0x71000)->no_afu);
	assert_int_equal(header_at(0, 0x72000)->parent, 12);
	assert_int_equal(header_at(0, 0x80000)->parent, 12);
	assert_int_equal(header_at(0, 0x80000)->port, 0);
	assert_int_equal(header_at(0, 0x14000)->revision, 2);

	h = header_at(0, 0x60000);
	assert_int_equal(h->version, 1);
	assert_int_equal(h->first_vector, 5);
	assert_int_equal(h->nr_vectors, 1);
	assert_int_equal(card.nr_deasserts, 0);
}

static void d5005(void **state)
{
	(void)state;
	fake_d5005(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	EXPECT({ 0, 0x00000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x01000, DFL_KIND_PRIVATE, 0x01, 0x2000, 0 },
	       { 0, 0x03000, DFL_KIND_PRIVATE, 0x07, 0x1000, 0 },
	       { 0, 0x04000, DFL_KIND_PRIVATE, 0x04, 0xc000, 0 },
	       { 0, 0x10000, DFL_KIND_PRIVATE, 0x0e, 0x10000, 0 },
	       { 0, 0x20000, DFL_KIND_PRIVATE, 0x20, 0x10000, 0 },
	       { 0, 0x30000, DFL_KIND_PRIVATE, 0x0f, 0x10000, 0 },
	       { 0, 0x40000, DFL_KIND_PRIVATE, 0x09, 0x50000, 0 },
	       { 0, 0x90000, DFL_KIND_PRIVATE, 0x05, 0x1000, 0 },
	       { 0, 0x91000, DFL_KIND_PORT, 0x01, 0x1000, 0 },
	       { 0, 0x92000, DFL_KIND_PRIVATE, 0x14, 0x1000, 0 },
	       { 0, 0x93000, DFL_KIND_PRIVATE, 0x13, 0xd000, 0 },
	       { 0, 0xa0000, DFL_KIND_PRIVATE, 0x10, 0x60000, 0 });
}

static void two_ports(void **state)
{
	const struct dfl_header *h;

	(void)state;
	fake_two_ports(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	EXPECT({ 0, 0x00000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x01000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
	       { 2, 0x00000, DFL_KIND_PORT, 0x01, 0x1000, 0 },
	       { 2, 0x01000, DFL_KIND_PRIVATE, 0x12, 0x1000, 0 },
	       { 2, 0x02000, DFL_KIND_PRIVATE, 0x14, 0x7e000, 0 },
	       { 2, 0x80000, DFL_KIND_PORT, 0x01, 0x1000, 0 },
	       { 2, 0x81000, DFL_KIND_PRIVATE, 0x12, 0x1000, 0 },
	       { 2, 0x82000, DFL_KIND_PRIVATE, 0x14, 0x7e000, 0 },
	       { 2, 0x40000, DFL_KIND_AFU, 0x00, 0x10000, 0 },
	       { 2, 0xc0000, DFL_KIND_AFU, 0x00, 0x10000, 0 });
	h = header_at(2, 0x40000);
	assert_int_equal(h->parent, 2);
	assert_int_equal(h->port, 0);
	assert_int_equal(h->first_vector, 0);
	assert_int_equal(h->nr_vectors, 4);
	assert_int_equal(h->guid_l, 0xf89e433683f9040b);
	assert_int_equal(h->guid_h, 0xd8424dc4a4a3c413);
	h = header_at(2, 0xc0000);
	assert_int_equal(h->parent, 5);
	assert_int_equal(h->port, 1);
	assert_int_equal(h->first_vector, 8);
	assert_int_equal(h->nr_vectors, 4);
	/* the vectors have one owner */
	assert_int_equal(header_at(2, 0x1000)->nr_vectors, 0);
	assert_int_equal(header_at(2, 0x81000)->nr_vectors, 0);
}

static void afu_is_read_after_reset(void **state)
{
	(void)state;
	fake_two_ports(&card);
	card.afu_in_reset = true;
	assert_int_equal(walk(), 0);
	assert_int_equal(card.nr_deasserts, 2);
	assert_int_equal(card.deasserted_bar[0], 2);
	assert_int_equal(card.deasserted[0], 0x0);
	assert_int_equal(card.deasserted_bar[1], 2);
	assert_int_equal(card.deasserted[1], 0x80000);
	assert_int_equal(header_at(2, 0x40000)->guid_h, 0xd8424dc4a4a3c413);
}

static void afu_in_list_of_port(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0);
	/* UINT, AFU and user clock in a row; the AFU has its own extent */
	fake_set(&card, 2, 0x1000, 0x3000000001000012);
	fake_set(&card, 2, 0x1100, 0x1000000020000000);
	fake_set(&card, 2, 0x1108, 0xf89e433683f9040b);
	fake_set(&card, 2, 0x1110, 0xd8424dc4a4a3c413);
	fake_set(&card, 2, 0x3100, 0x3000010000000014);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x1100)->kind, DFL_KIND_AFU);
	assert_int_equal(header_at(2, 0x1100)->limit, 0x10000);
	assert_int_equal(header_at(2, 0x1100)->nr_vectors, 4);
	assert_int_equal(header_at(2, 0x1100)->guid_h, 0xd8424dc4a4a3c413);
	assert_int_equal(header_at(2, 0x3100)->kind, DFL_KIND_PRIVATE);
	assert_int_equal(card.nr_deasserts, 2);
}

static void afu_in_list_must_match_the_port(void **state)
{
	(void)state;
	/* the port has offset 0x40000; its list has an AFU at 0x2000 */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x2000, 0x1000010010000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x2000)->reason, DFL_REASON_AFU_OFFSET);
	assert_int_equal(header_at(2, 0x40000)->reason, DFL_OK);

	/* two in one list */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0);
	fake_set(&card, 2, 0x1000, 0x1000000010000000);
	fake_set(&card, 2, 0x2000, 0x1000010010000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x1000)->reason, DFL_OK);
	assert_int_equal(header_at(2, 0x2000)->reason, DFL_REASON_AFU_OFFSET);

	/* without a window */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0);
	fake_set(&card, 2, 0x30, 0x0000000400000000);
	fake_set(&card, 2, 0x1000, 0x1000000010000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x1000)->reason, DFL_REASON_AFU_SIZE);
	assert_int_equal(header_at(2, 0x1000)->kind, DFL_KIND_OPAQUE);
	assert_int_equal(header_at(2, 0x2000)->reason, DFL_OK);
}

static void afu_parameters_end_where_others_begin(void **state)
{
	(void)state;
	/* three words up to a header at 0x3000, of which four are needed */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0x2fc0);
	fake_set(&card, 2, 0x2000, 0x3000000010000014);
	fake_set(&card, 2, 0x2fc0, 0x1010010000000000);
	fake_set(&card, 2, 0x2fe0, 0x0000100080000000);
	fake_set(&card, 2, 0x2fe8, 0x0000002100000009);
	fake_set(&card, 2, 0x3000, 0x3000010010000022);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x2fc0)->nr_params, 0);
	assert_int_equal(findings(DFL_REASON_PARAMS), 1);

	/* the same with the zero that ends the list */
	fake_set(&card, 2, 0x3000, 0);
	fake_forget_reads(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x2fc0)->nr_params, 0);
	assert_int_equal(findings(DFL_REASON_PARAMS), 1);
	assert_int_equal(findings(DFL_REASON_ZERO), 1);

	/* three do fit */
	fake_set(&card, 2, 0x2fe8, 0x0000001900000009);
	fake_forget_reads(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x2fc0)->nr_params, 3);
}

static void afu_is_whole_bar_but_unusable(void **state)
{
	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x1000;
	card.io.nr_vectors = 1;
	fake_set(&card, 0, 0x00, 0x1020010000000000);
	assert_int_equal(walk(), -EINVAL);
	assert_int_equal(map.header[0].reason, DFL_REASON_VERSION);
	assert_int_equal(map.header[0].nr_vectors, 0);

	fake_init(&card);
	card.io.bar_len[0] = 0x10;
	fake_set(&card, 0, 0x00, 0x1000010000000000);
	assert_int_equal(walk(), -EINVAL);
	assert_int_equal(map.header[0].reason, DFL_REASON_TRUNCATED);
	assert_int_equal(card.reads, 1);
}

static void afu_is_whole_bar(void **state)
{
	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	card.io.nr_vectors = 5;
	fake_set(&card, 0, 0x00, 0x1000000010000000);
	fake_set(&card, 0, 0x08, 0xf89e433683f9040b);
	fake_set(&card, 0, 0x10, 0xd8424dc4a4a3c413);
	fake_set(&card, 0, 0x1000, 0x3000010000000010);
	assert_int_equal(walk(), 0);
	EXPECT({ 0, 0x0, DFL_KIND_AFU, 0x00, 0x100000, 0 });
	assert_int_equal(map.header[0].parent, DFL_NO_PARENT);
	assert_int_equal(map.header[0].port, 0xff);
	assert_int_equal(map.header[0].first_vector, 0);
	assert_int_equal(map.header[0].nr_vectors, 4);
	assert_int_equal(card.reads, 3);
	assert_int_equal(card.nr_deasserts, 0);
}

static void afu_is_whole_bar_with_one_vector(void **state)
{
	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x1000;
	card.io.nr_vectors = 1;
	fake_set(&card, 0, 0x00, 0x1000000000000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.header[0].nr_vectors, 1);
}

static void afu_version_1_has_parameters(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 2, 0x1000, 0x3000000010000013);	/* no UINT */
	fake_set(&card, 2, 0x40000, 0x1010010000000000);
	fake_set(&card, 2, 0x40020, 0x0000100080000000);
	fake_set(&card, 2, 0x40028, 0x0000001100000001);
	fake_set(&card, 2, 0x40030, 0x0000000200000003);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x40000)->nr_params, 2);
	assert_int_equal(header_at(2, 0x40000)->first_vector, 3);
	assert_int_equal(header_at(2, 0x40000)->nr_vectors, 2);
}

static void uart_words(void **state)
{
	static const u64 params[] = {
		0x0000001000000001, 0x0000000100000005,
		0x0000001000000002, 0x00000000017d7840,
		0x0000001000000003, 0x0000000000000040,
		0x0000001100000004, 0x0000000400000002,
	};
	const struct dfl_header *h;

	(void)state;
	fake_uart(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	h = header_at(0, 0x1000);
	assert_int_equal(h->dfh, 0x3010000010000024);
	assert_int_equal(h->version, 1);
	assert_int_equal(h->guid_l, 0xe1df0d4ace8e486c);
	assert_int_equal(h->guid_h, 0x9e6641a6ca26cc04);
	assert_int_equal(h->csr_addr, 0x400);
	assert_int_equal(h->csr_size, 0x0000001080000000);
	assert_int_equal(h->nr_params, 8);
	assert_memory_equal(h->params, params, sizeof(params));
	assert_int_equal(h->first_vector, 5);
	assert_int_equal(h->nr_vectors, 1);
}

static void version_1_without_parameters(void **state)
{
	(void)state;
	fake_uart(&card);
	fake_set(&card, 0, 0x1020, 0x0000001000000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, 0);
	assert_int_equal(fake_reads(&card, 0, 0x1000, 0x1000), 5);
}

/* How much is read */

static void read_budget(void **state)
{
	(void)state;
	fake_n6001(&card);
	assert_int_equal(walk(), 0);
	/* FME 4 + 1 location, port 5, UART 5 + 8 parameters, 13 others */
	assert_int_equal(card.reads, 6 + 5 + 13 + 13);
	assert_int_equal(fake_reads(&card, 0, 0x0, 0x1000), 6);
	assert_int_equal(fake_reads(&card, 0, 0x71000, 0x1000), 5);
	assert_int_equal(fake_reads(&card, 0, 0x60000, 0x10000), 13);
	assert_int_equal(fake_reads(&card, 0, 0x10000, 0x2000), 0);

	fake_two_ports(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(fake_reads(&card, 0, 0x0, 0x1000), 7);
	assert_int_equal(fake_reads(&card, 2, 0x0, 0x1000), 5);
	assert_int_equal(fake_reads(&card, 2, 0x1000, 0x1000), 2);
	assert_int_equal(fake_reads(&card, 2, 0x2000, 0x3e000), 1);
	assert_int_equal(fake_reads(&card, 2, 0x40000, 0x40000), 3);
}

/* VSEC */

static const u32 good_vsec[] = { 0x01400043, 2, 0x00000000, 0x00000002 };

static void vsec_two_lists(void **state)
{
	(void)state;
	fake_two_ports(&card);
	assert_int_equal(walk_vsec(good_vsec, 4), 0);
	assert_int_equal(map.nr_findings, 0);
	/* PORT_OFST does not locate any more: port 1 is in no list */
	EXPECT({ 0, 0x00000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x01000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
	       { 2, 0x00000, DFL_KIND_PORT, 0x01, 0x1000, 0 },
	       { 2, 0x01000, DFL_KIND_PRIVATE, 0x12, 0x1000, 0 },
	       { 2, 0x02000, DFL_KIND_PRIVATE, 0x14, 0xfe000, 0 },
	       { 2, 0x40000, DFL_KIND_AFU, 0x00, 0x10000, 0 });
}

static void vsec_offset_is_not_shifted(void **state)
{
	static const u32 vsec[] = { 0x01000043, 1, 0x00080002 };

	(void)state;
	fake_two_ports(&card);
	assert_int_equal(walk_vsec(vsec, 3), 0);
	assert_int_equal(map.header[0].bar, 2);
	assert_int_equal(map.header[0].off, 0x80000);
	assert_int_equal(map.header[2].limit, 0x7e000);
}

static void vsec_last_port_may_come_before_fme(void **state)
{
	static const u32 vsec[] = { 0x01400043, 2, 0x00000002, 0x00000000 };

	(void)state;
	fake_two_ports(&card);
	/* port 0 is with a virtual function */
	fake_set(&card, 0, 0x38, 0x1080000200000000);
	assert_int_equal(walk_vsec(vsec, 4), 0);
	assert_int_equal(header_at(2, 0x0)->reason, DFL_REASON_PORT_VF);
	assert_int_equal(header_at(2, 0x2000)->reason, DFL_REASON_PORT_VF);
	assert_false(listed(2, 0x40000));
	assert_int_equal(card.nr_deasserts, 0);
}

/* Hostile cards, numbered as the cases of the reference */

static void all_ones(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x0, ~0ULL);
	assert_int_equal(walk(), -EIO);
	assert_int_equal(map.nr_headers, 0);
	assert_int_equal(findings(DFL_REASON_GONE), 1);

	fake_small(&card);
	fake_set(&card, 0, 0x2000, ~0ULL);
	assert_int_equal(walk(), -EIO);
	assert_int_equal(map.nr_headers, 0);
	assert_int_equal(card.reads, 5 + 2);
}

static void all_zero(void **state)
{
	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x1000;
	assert_int_equal(walk(), -ENODEV);
	assert_int_equal(card.reads, 1);

	fake_small(&card);
	fake_set(&card, 0, 0x2000, 0);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 2);
	assert_int_equal(findings(DFL_REASON_ZERO), 1);

	/* no BAR at all */
	fake_init(&card);
	assert_int_equal(walk(), -ENODEV);
	assert_int_equal(card.reads, 0);
}

static void next_zero_ends(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x2000, 0x3000000000000010);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 3);
	assert_int_equal(map.header[2].limit, 0xe000);
	assert_int_equal(map.nr_findings, 0);
}

static void next_unaligned(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x2000, 0x3000000010040010);
	assert_int_equal(walk(), 0);
	EXPECT({ 0, 0x0000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x1000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
	       { 0, 0x2000, DFL_KIND_OPAQUE, 0x10, 0x1004,
		 DFL_REASON_NEXT_UNALIGNED });
}

static void next_inside_header(void **state)
{
	(void)state;
	/* version 1 needs 0x28 */
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000000200024);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 2);
	assert_int_equal(map.header[1].reason, DFL_REASON_NEXT_SHORT);
	assert_int_equal(fake_reads(&card, 0, 0x1000, 0x1000), 1);

	/* FME needs 0x70; without it there is no list */
	fake_small(&card);
	fake_set(&card, 0, 0x0, 0x4000000000680000);
	assert_int_equal(walk(), -EINVAL);
	assert_int_equal(map.nr_headers, 1);
	assert_int_equal(map.header[0].reason, DFL_REASON_NEXT_SHORT);
	assert_int_equal(card.reads, 1);
}

static void two_in_a_page(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3000000008000010);
	fake_set(&card, 0, 0x1800, 0x3000000008000010);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->limit, 0x800);
	assert_int_equal(header_at(0, 0x1800)->limit, 0x800);
	assert_int_equal(header_at(0, 0x1800)->reason, DFL_OK);
}

static void next_beyond_end(void **state)
{
	(void)state;
	/* with EOL, as Intel writes it; not even aligned */
	fake_small(&card);
	fake_set(&card, 0, 0x3000, 0x300001ffffff0015);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.header[3].limit, 0xd000);
	assert_int_equal(map.header[3].reason, DFL_OK);
	assert_int_equal(map.nr_findings, 0);

	/* without */
	fake_small(&card);
	fake_set(&card, 0, 0x3000, 0x300000ffffff0015);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.header[3].limit, 0xd000);
	assert_int_equal(map.header[3].reason, DFL_OK);

	/* exactly to the end */
	fake_small(&card);
	fake_set(&card, 0, 0x3000, 0x30000000d0000015);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.header[3].limit, 0xd000);
	assert_int_equal(map.nr_headers, 4);
}

static void endless_small_steps(void **state)
{
	unsigned int i;

	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x0, 0x4000000010000000);
	for (i = 0; i < 4096; i++)
		fake_set(&card, 0, 0x1000 + 8 * i, 0x3000000000080010);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, DFL_MAX_HEADERS);
	assert_int_equal(findings(DFL_REASON_TOO_MANY), 1);
	/* one more word: the header that is too many */
	assert_int_equal(card.reads, 5 + 255 + 1);
}

static void vsec_header(void **state)
{
	/* count too large; array longer than the capability or than space */
	static const u32 many[] = { 0x02800043, 7, 0, 2, 4, 5, 3, 1, 0 };
	static const u32 ones[] = { 0x01000043, 0xffffffff, 0x00000000 };
	static const u32 short_len[] = { 0x00c00043, 1, 0x00000002 };
	static const u32 cut_off[] = { 0x01400043, 2, 0x00000002 };
	static const u32 other[] = { 0x01001172, 1, 0x00000002 };
	static const struct {
		const u32 *vsec;
		unsigned int dwords;
	} bad[] = {
		{ many, 9 }, { ones, 3 }, { short_len, 3 }, { cut_off, 3 },
		{ other, 3 }, { good_vsec, 1 }, { good_vsec, 0 },
	};
	static const u32 none[] = { 0x00c00043, 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_small(&card);
		assert_int_equal(walk_vsec(bad[i].vsec, bad[i].dwords), 0);
		assert_int_equal(findings(DFL_REASON_VSEC_BAD), 1);
		expect_small();
	}
	fake_small(&card);
	assert_int_equal(walk_vsec(none, 2), 0);
	assert_int_equal(map.nr_findings, 0);
	expect_small();
}

static void vsec_bar(void **state)
{
	/* BARs 6 and 7 do not exist, 1 is the upper half of 0 */
	static const u32 vsec[] = { 0x01c00043, 4, 6, 7, 1, 0 };

	(void)state;
	fake_small(&card);
	assert_int_equal(walk_vsec(vsec, 6), 0);
	assert_int_equal(findings(DFL_REASON_VSEC_ENTRY), 3);
	expect_small();
}

static void vsec_same_bar(void **state)
{
	static const u32 vsec[] = { 0x01400043, 2, 0x00000000, 0x00002000 };

	(void)state;
	fake_small(&card);
	assert_int_equal(walk_vsec(vsec, 4), 0);
	assert_int_equal(findings(DFL_REASON_VSEC_ENTRY), 1);
	assert_int_equal(map.finding[0].value, 0x2000);
	expect_small();
}

static void vsec_near_end(void **state)
{
	static const u32 beyond[] = { 0x01400043, 2, 0x00010000, 0x00000002 };
	static const u32 narrow[] = { 0x01000043, 1, 0x00001000 };
	static const u32 no_fiu[] = { 0x01000043, 1, 0x0000ffe8 };

	(void)state;
	/* at the end of BAR 0; the list in BAR 2 lives */
	fake_two_ports(&card);
	card.io.bar_len[0] = 0x10000;
	assert_int_equal(walk_vsec(beyond, 4), 0);
	assert_int_equal(findings(DFL_REASON_VSEC_ENTRY), 1);
	assert_int_equal(map.header[0].bar, 2);

	/* 4 bytes before the end of an odd BAR */
	fake_small(&card);
	card.io.bar_len[0] = 0x1004;
	assert_int_equal(walk_vsec(narrow, 3), 0);
	assert_int_equal(findings(DFL_REASON_VSEC_ENTRY), 1);

	/* 0x18 bytes are no FIU */
	fake_small(&card);
	fake_set(&card, 0, 0xffe8, 0x4000000010000001);
	assert_int_equal(walk_vsec(no_fiu, 3), -EINVAL);
	assert_int_equal(map.header[0].reason, DFL_REASON_TRUNCATED);
	assert_int_equal(card.reads, 1);
}

static void too_many_ports(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 0, 0x30, 0x00000000000e0000);
	/* words after the four locations are other registers */
	fake_set(&card, 0, 0x58, 0x1000000200000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_PORT_COUNT), 1);
	assert_int_equal(fake_reads(&card, 0, 0x0, 0x1000), 9);
	assert_true(listed(2, 0x80000));
}

static void port_location(void **state)
{
	static const u64 bad[] = {
		0x1000000600080000,	/* no BAR 6 */
		0x1000000400000000,	/* no BAR there */
		0x1000000200100000,	/* at the end */
		0x10000002000fffc0,	/* too near the end */
		0x1000000200080004,	/* unaligned */
		0x1000000200000000,	/* same as port 0 */
		0x1000000000000000,	/* FME itself */
		0x1000000000001000,	/* the Ethernet group */
		0x1000000000001800,	/* amid the Ethernet group */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_two_ports(&card);
		fake_set(&card, 0, 0x40, bad[i]);
		assert_int_equal(walk(), 0);
		assert_int_equal(findings(DFL_REASON_PORT_OFST), 1);
		assert_int_equal(map.finding[0].value, bad[i]);
		assert_int_equal(header_at(0, 0x1000)->reason, DFL_OK);
		assert_int_equal(header_at(2, 0x40000)->reason, DFL_OK);
		assert_false(listed(2, 0x80000));
	}
	/* not implemented is no error */
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x0000000200080000);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	assert_false(listed(2, 0x80000));
}

static void port_list_after_fme_in_bar0(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x1000000000002000);
	fake_set(&card, 0, 0x2000, 0x4000010010000001);
	fake_set(&card, 0, 0x2030, 0x0000000000000001);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	assert_int_equal(header_at(0, 0x2000)->kind, DFL_KIND_PORT);
	assert_int_equal(header_at(0, 0x2000)->port, 1);
}

static void port_list_where_fme_list_ends(void **state)
{
	(void)state;
	/* the zero there was read already */
	fake_two_ports(&card);
	fake_set(&card, 0, 0x1000, 0x3000000010000010);
	fake_set(&card, 0, 0x40, 0x1000000000002000);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_ZERO), 1);
	assert_int_equal(findings(DFL_REASON_PORT_OFST), 1);
}

static void port_absent_or_vf(void **state)
{
	(void)state;
	/* BAR 7, and nothing in BAR 0's chain */
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x1000000700000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 0);
	assert_false(listed(2, 0x80000));

	/* a port list of its own that belongs to a VF is not even read */
	fake_two_ports(&card);
	fake_set(&card, 0, 0x40, 0x1080000200080000);
	assert_int_equal(walk(), 0);
	assert_int_equal(fake_reads(&card, 2, 0x80000, 0x80000), 0);
	assert_true(listed(2, 0x40000));

	/* one in BAR 0's chain: no AFU, and none of its features */
	fake_n6001(&card);
	fake_set(&card, 0, 0x38, 0x1080000700000000);
	fake_set(&card, 0, 0x71018, 0x0000000000001800);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x71000)->reason, DFL_REASON_PORT_VF);
	assert_int_equal(header_at(0, 0x72000)->reason, DFL_REASON_PORT_VF);
	assert_int_equal(header_at(0, 0x60000)->reason, DFL_OK);
	assert_false(listed(0, 0x72800));
	assert_int_equal(card.nr_deasserts, 0);
}

static void afu_location(void **state)
{
	static const u64 bad[] = {
		0x0000000000080000,	/* at the end of the port's list */
		0x0000000000ffffff,	/* far beyond, unaligned */
		0x0000000000fffff8,	/* far beyond */
		0x0000000000040004,	/* unaligned */
		0x0000000000000018,	/* in the port header */
		0x0000000000001000,	/* a feature */
		0x0000000000000fe0,	/* its header would touch a feature */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_two_ports(&card);
		fake_set(&card, 2, 0x18, bad[i]);
		assert_int_equal(walk(), 0);
		assert_int_equal(findings(DFL_REASON_AFU_OFFSET), 1);
		assert_false(header_at(2, 0)->no_afu);
		assert_int_equal(map.nr_headers, 9);
		assert_int_equal(card.nr_deasserts, 1);
		assert_int_equal(fake_reads(&card, 2, 0x2008, 0x7dff8), 0);
	}
	/* at the end of a list that is the end of the BAR */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x80018, 0x80000);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_AFU_OFFSET), 1);

	/* only the low 24 bits count */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x18, 0xffffffffff040000);
	assert_int_equal(walk(), 0);
	assert_true(listed(2, 0x40000));
}

static void afu_where_a_list_ends(void **state)
{
	(void)state;
	fake_two_ports(&card);
	fake_set(&card, 2, 0x2000, 0x3000000010000014);
	fake_set(&card, 2, 0x18, 0x3000);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_ZERO), 1);
	assert_int_equal(findings(DFL_REASON_AFU_OFFSET), 1);
}

static void two_ports_no_afu(void **state)
{
	(void)state;
	/* as below, but what both point at is no AFU: it is read once */
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x00000, 0x4000000010000000);
	fake_set(&card, 0, 0x01000, 0x4000000010000001);
	fake_set(&card, 0, 0x01018, 0x000000000003f000);
	fake_set(&card, 0, 0x01030, 0x0000000000004000);
	fake_set(&card, 0, 0x02000, 0x4000010010000001);
	fake_set(&card, 0, 0x02018, 0x000000000003e000);
	fake_set(&card, 0, 0x02030, 0x0000000000004001);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 3);
	assert_int_equal(findings(DFL_REASON_AFU_HEADER), 1);
	assert_int_equal(findings(DFL_REASON_AFU_OFFSET), 1);
}

static void two_ports_one_afu(void **state)
{
	(void)state;
	/* both in the chain of BAR 0, both pointing at the same place */
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x00000, 0x4000000010000000);
	fake_set(&card, 0, 0x01000, 0x4000000010000001);
	fake_set(&card, 0, 0x01018, 0x000000000003f000);
	fake_set(&card, 0, 0x01030, 0x0000000000004000);
	fake_set(&card, 0, 0x02000, 0x4000010010000001);
	fake_set(&card, 0, 0x02018, 0x000000000003e000);
	fake_set(&card, 0, 0x02030, 0x0000000000004001);
	fake_set(&card, 0, 0x40000, 0x1000000000000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 4);
	assert_int_equal(header_at(0, 0x40000)->port, 0);
	assert_int_equal(findings(DFL_REASON_AFU_OFFSET), 1);
}

static void afu_size(void **state)
{
	(void)state;
	/* nothing */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x30, 0x0000000400000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_AFU_SIZE), 1);
	assert_false(listed(2, 0x40000));
	assert_int_equal(card.nr_deasserts, 1);

	/* 0xc0000 + 257 KiB leave the BAR by one; 256 KiB just fit */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x80030, 0x0000000400010101);
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_AFU_SIZE), 1);
	assert_false(listed(2, 0xc0000));

	fake_two_ports(&card);
	fake_set(&card, 2, 0x80030, 0x0000000400010001);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0xc0000)->limit, 0x40000);
}

static void no_fiu_above(void **state)
{
	static const u32 vsec[] = { 0x01000043, 1, 0x00002000 };

	(void)state;
	/* a list that begins with a private feature, then an AFU */
	fake_small(&card);
	fake_set(&card, 0, 0x3000, 0x1000000010000000);
	fake_set(&card, 0, 0x4000, 0x4000010010000001);
	assert_int_equal(walk_vsec(vsec, 3), 0);
	EXPECT({ 0, 0x2000, DFL_KIND_OPAQUE, 0x10, 0x1000, DFL_REASON_NO_FIU },
	       { 0, 0x3000, DFL_KIND_OPAQUE, 0x00, 0x1000, DFL_REASON_NO_FIU },
	       { 0, 0x4000, DFL_KIND_PORT, 0x01, 0x1000, 0 });

	/* an AFU right under FME */
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x1000000010000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->reason, DFL_REASON_AFU_UNDER_FME);
	assert_int_equal(header_at(0, 0x1000)->kind, DFL_KIND_OPAQUE);
	assert_int_equal(header_at(0, 0x2000)->reason, DFL_OK);
	assert_int_equal(fake_reads(&card, 0, 0x1000, 0x1000), 1);
}

static void bad_fiu(void **state)
{
	(void)state;
	/* unknown id; its children go with it, a later FIU does not */
	fake_n6001(&card);
	fake_set(&card, 0, 0x04000, 0x40000000e0000002);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x03000)->reason, DFL_OK);
	assert_int_equal(header_at(0, 0x04000)->reason, DFL_REASON_FIU_UNKNOWN);
	assert_int_equal(header_at(0, 0x12000)->reason, DFL_REASON_FIU_UNKNOWN);
	assert_int_equal(header_at(0, 0x12000)->kind, DFL_KIND_OPAQUE);
	assert_int_equal(header_at(0, 0x60000)->nr_vectors, 0);
	assert_int_equal(header_at(0, 0x71000)->reason, DFL_OK);
	assert_int_equal(header_at(0, 0x72000)->reason, DFL_OK);

	/* second FME */
	fake_n6001(&card);
	fake_set(&card, 0, 0x04000, 0x40000000e0000000);
	fake_set(&card, 0, 0x04030, 0x0000000000006000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x04000)->reason, DFL_REASON_FIU_DUPLICATE);
	assert_int_equal(header_at(0, 0x14000)->reason, DFL_REASON_FIU_DUPLICATE);
	assert_int_equal(map.fme_cap, 0x14021000);
	assert_int_equal(fake_reads(&card, 0, 0x4000, 0xe000), 1);

	/* two ports with one number */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x80030, 0x0000000400004000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x0)->reason, DFL_OK);
	assert_int_equal(header_at(2, 0x80000)->reason, DFL_REASON_FIU_DUPLICATE);
	assert_int_equal(header_at(2, 0x82000)->kind, DFL_KIND_OPAQUE);
	assert_true(listed(2, 0x40000));
	assert_false(listed(2, 0xc0000));
}

static void unknown_type(void **state)
{
	static const u64 types[] = { 0, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
				     15 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		fake_small(&card);
		fake_set(&card, 0, 0x1000, types[i] << 60 | 0x10000010);
		assert_int_equal(walk(), 0);
		EXPECT({ 0, 0x0000, DFL_KIND_FME, 0x00, 0x1000, 0 },
		       { 0, 0x1000, DFL_KIND_OPAQUE, 0x10, 0x1000,
			 DFL_REASON_TYPE_UNKNOWN },
		       { 0, 0x2000, DFL_KIND_PRIVATE, 0x10, 0x1000, 0 },
		       { 0, 0x3000, DFL_KIND_PRIVATE, 0x15, 0x1000, 0 });
		assert_int_equal(map.header[2].parent, 0);
	}
}

static void unknown_version(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x3020000010000010);
	fake_set(&card, 0, 0x2000, 0x3ff0000010000010);
	assert_int_equal(walk(), 0);
	EXPECT({ 0, 0x0000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x1000, DFL_KIND_OPAQUE, 0x10, 0x1000, DFL_REASON_VERSION },
	       { 0, 0x2000, DFL_KIND_OPAQUE, 0x10, 0x1000, DFL_REASON_VERSION },
	       { 0, 0x3000, DFL_KIND_PRIVATE, 0x15, 0x1000, 0 });
	assert_int_equal(card.reads, 5 + 3);

	/* an FIU whose layout is not known: nothing below it either */
	fake_small(&card);
	fake_set(&card, 0, 0x0, 0x4010000010000000);
	assert_int_equal(walk(), -EINVAL);
	assert_int_equal(header_at(0, 0x0)->reason, DFL_REASON_VERSION);
	assert_int_equal(header_at(0, 0x1000)->reason, DFL_REASON_VERSION);

	/* AFUs */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x40000, 0x1020010000000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x40000)->reason, DFL_REASON_VERSION);
	assert_int_equal(header_at(2, 0x40000)->nr_vectors, 0);
}

static void bad_parameters(void **state)
{
	static const struct word bad[] = {
		{ 0x1038, 0x0000000000000002 },	/* next 0 */
		{ 0x1038, 0x0000f00000000002 },	/* beyond the feature */
		{ 0x1038, 0xfffffff800000002 },	/* far beyond */
		{ 0x1058, 0x0000001000000004 },	/* no end, then zeros */
		{ 0x1058, 0xfffffff900000004 },	/* end, but huge */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_uart(&card);
		fake_set_all(&card, 0, &bad[i], 1);
		assert_int_equal(walk(), 0);
		assert_int_equal(findings(DFL_REASON_PARAMS), 1);
		assert_int_equal(header_at(0, 0x1000)->reason, DFL_OK);
		assert_int_equal(header_at(0, 0x1000)->nr_params, 0);
		assert_int_equal(header_at(0, 0x1000)->params[0], 0);
		assert_int_equal(header_at(0, 0x1000)->nr_vectors, 0);
		assert_int_equal(header_at(0, 0x2000)->reason, DFL_OK);
	}
}

static void parameters_end_with_the_feature(void **state)
{
	(void)state;
	/* next header at 0x1060: the last data word is not this feature's */
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000000600024);
	fake_set(&card, 0, 0x1060, 0x3000010010000010);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, 0);
	assert_int_equal(findings(DFL_REASON_PARAMS), 1);

	/* no room for a single one */
	fake_uart(&card);
	fake_set(&card, 0, 0x1000, 0x3010000000280024);
	fake_set(&card, 0, 0x1028, 0x3000010010000010);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, 0);
	assert_int_equal(header_at(0, 0x1028)->kind, DFL_KIND_PRIVATE);
}

static void long_parameters(void **state)
{
	unsigned int i;

	(void)state;
	/* exactly as many words as are kept, then one block more */
	fake_uart(&card);
	for (i = 0; i < 15; i++)
		fake_set(&card, 0, 0x1038 + 16 * i, 0x0000001000000009);
	fake_set(&card, 0, 0x1038 + 16 * 14, 0x0000001100000009);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, DFL_MAX_PARAM_WORDS);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 1);

	fake_uart(&card);
	for (i = 0; i < 400; i++)
		fake_set(&card, 0, 0x1038 + 8 * i, 0x0000000800000009);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, 0);
	assert_int_equal(findings(DFL_REASON_PARAMS), 1);
	assert_in_range(fake_reads(&card, 0, 0x1028, 0xfd8), 1,
			DFL_MAX_PARAM_WORDS);

	/* interrupts twice: the first counts; without data: none */
	fake_uart(&card);
	fake_set(&card, 0, 0x1038, 0x0000001000000001);
	fake_set(&card, 0, 0x1040, 0x0000000200000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->first_vector, 5);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 1);

	fake_uart(&card);
	fake_set(&card, 0, 0x1028, 0x0000000900000001);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_params, 1);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 0);
}

static void bad_vectors(void **state)
{
	static const u64 bad[] = {
		0x0000000100000007,	/* 7 of 7 */
		0x0000000300000005,	/* 5..7 of 7 */
		0x00000001ffffffff,	/* sum wraps in 32 bits */
		0xffffffff00000001,
		0x0000004100000000,	/* 65 */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_uart(&card);
		if (bad[i] == 0x0000004100000000)
			card.io.nr_vectors = 2048;
		fake_set(&card, 0, 0x1030, bad[i]);
		assert_int_equal(walk(), 0);
		assert_int_equal(header_at(0, 0x1000)->nr_vectors, 0);
		assert_int_equal(header_at(0, 0x1000)->nr_params, 8);
		assert_int_equal(findings(DFL_REASON_VECTORS), 1);
	}
	/* none is none */
	fake_uart(&card);
	fake_set(&card, 0, 0x1030, 0x0000000000000005);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 0);
	assert_int_equal(map.nr_findings, 0);

	/* the last two, and 64 of them */
	fake_uart(&card);
	fake_set(&card, 0, 0x1030, 0x0000000200000005);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 2);
	fake_uart(&card);
	card.io.nr_vectors = 64;
	fake_set(&card, 0, 0x1030, 0x0000004000000000);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x1000)->nr_vectors, 64);

	/* a port's: count 4095 */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x1008, 0x0000000000000fff);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x40000)->nr_vectors, 0);
	assert_int_equal(header_at(2, 0x40000)->reason, DFL_OK);
	assert_int_equal(findings(DFL_REASON_VECTORS), 1);
}

static void vectors_shared(void **state)
{
	(void)state;
	/* port 1 claims 3..6, port 0 has 0..3 */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x81008, 0x0000000000003004);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0x40000)->nr_vectors, 4);
	assert_int_equal(header_at(2, 0xc0000)->nr_vectors, 0);
	assert_int_equal(header_at(2, 0xc0000)->reason, DFL_OK);
	assert_int_equal(findings(DFL_REASON_VECTOR_SHARED), 1);

	/* 4..7 is next to it */
	fake_two_ports(&card);
	fake_set(&card, 2, 0x81008, 0x0000000000004004);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(2, 0xc0000)->first_vector, 4);
	assert_int_equal(header_at(2, 0xc0000)->nr_vectors, 4);
}

static void ids_fe_and_ff_are_private_features(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x1000, 0x30000000100000fe);
	fake_set(&card, 0, 0x2000, 0x30000000100000ff);
	assert_int_equal(walk(), 0);
	EXPECT({ 0, 0x0000, DFL_KIND_FME, 0x00, 0x1000, 0 },
	       { 0, 0x1000, DFL_KIND_PRIVATE, 0xfe, 0x1000, 0 },
	       { 0, 0x2000, DFL_KIND_PRIVATE, 0xff, 0x1000, 0 },
	       { 0, 0x3000, DFL_KIND_PRIVATE, 0x15, 0x1000, 0 });
	assert_int_equal(map.nr_findings, 0);
}

static void port_stuck(void **state)
{
	(void)state;
	fake_two_ports(&card);
	card.deassert_error = -ETIMEDOUT;
	assert_int_equal(walk(), 0);
	assert_int_equal(findings(DFL_REASON_PORT_STUCK), 2);
	assert_int_equal(header_at(2, 0x0)->reason, DFL_REASON_PORT_STUCK);
	assert_false(listed(2, 0x40000));
	assert_int_equal(fake_reads(&card, 2, 0x40000, 0x40000), 0);
	assert_int_equal(header_at(0, 0x1000)->reason, DFL_OK);
}

static void afu_unreadable(void **state)
{
	static const u64 bad[] = {
		0, ~0ULL,
		0x3000010000000000,	/* not an AFU */
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_two_ports(&card);
		fake_set(&card, 2, 0x40000, bad[i]);
		assert_int_equal(walk(), 0);
		assert_int_equal(findings(DFL_REASON_AFU_HEADER), 1);
		assert_false(listed(2, 0x40000));
		assert_true(listed(2, 0xc0000));
		assert_int_equal(fake_reads(&card, 2, 0x40000, 0x40000), 1);
	}
}

static void coherent_link_is_reported(void **state)
{
	(void)state;
	fake_small(&card);
	fake_set(&card, 0, 0x30, 0x0000000000006000);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.fme_cap, 0x6000);
	assert_true(map.fme_cap & DFL_FME_CAP_COHERENT);
	assert_true(map.fme_cap & DFL_FME_CAP_PCIE1);
}

/* The AFU could use the link while the driver refuses the card. */
static void port_of_coherent_card_stays_in_reset(void **state)
{
	u64 cap;

	(void)state;
	fake_two_ports(&card);
	assert_int_equal(walk(), 0);
	assert_int_equal(card.nr_deasserts, 2);
	cap = map.fme_cap | DFL_FME_CAP_COHERENT;
	fake_two_ports(&card);
	fake_set(&card, 0, 0x30, cap);
	assert_int_equal(walk(), 0);
	assert_int_equal(card.nr_deasserts, 0);
	assert_false(listed(2, 0x40000));
}

static void reads_are_bounded(void **state)
{
	unsigned int i;

	(void)state;
	/* as many full version 1 headers as there is room for */
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x0, 0x4000000010000000);
	for (i = 0; i < 300; i++) {
		u64 off = 0x1000 + 0x200 * i;

		fake_set(&card, 0, off, 0x3010000002000024);
		fake_set(&card, 0, off + 0x20, 0x0000001080000000);
		fake_set(&card, 0, off + 0x28, 0x0000010100000009);
	}
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, DFL_MAX_HEADERS);
	assert_int_equal(map.header[255].nr_params, DFL_MAX_PARAM_WORDS);
	assert_int_equal(card.reads, 5 + 255 * (5 + 32) + 1);
}

static void list_ends_amid_a_header(void **state)
{
	(void)state;
	fake_small(&card);
	card.io.bar_len[0] = 0x3004;
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_headers, 3);
	assert_int_equal(findings(DFL_REASON_TRUNCATED), 1);

	/* version 1 with 0x20 bytes left */
	fake_small(&card);
	card.io.bar_len[0] = 0x3020;
	fake_set(&card, 0, 0x3000, 0x3010010010000015);
	assert_int_equal(walk(), 0);
	assert_int_equal(header_at(0, 0x3000)->reason, DFL_REASON_TRUNCATED);
	assert_int_equal(fake_reads(&card, 0, 0x3000, 0x20), 1);
}

static void other_start_is_no_list(void **state)
{
	static const u64 start[] = {
		0x3000000010000010, 0x2000000010000000, 0x5000000010000000,
		0x0000000010000000,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(start); i++) {
		fake_small(&card);
		fake_set(&card, 0, 0x0, start[i]);
		assert_int_equal(walk(), -ENODEV);
		assert_int_equal(map.nr_headers, 0);
	}
}

static void findings_beyond_the_limit_are_counted(void **state)
{
	unsigned int i;

	(void)state;
	fake_init(&card);
	card.io.bar_len[0] = 0x100000;
	fake_set(&card, 0, 0x0, 0x4000000010000000);
	for (i = 0; i < 200; i++)
		fake_set(&card, 0, 0x1000 + 8 * i, 0x5000000000080010);
	assert_int_equal(walk(), 0);
	assert_int_equal(map.nr_findings, 200 + 1);
	assert_int_equal(map.finding[DFL_MAX_FINDINGS - 1].reason,
			 DFL_REASON_TYPE_UNKNOWN);
}

static void every_reason_has_a_text(void **state)
{
	enum dfl_reason reason;

	(void)state;
	assert_string_equal(dfl_reason_text(DFL_OK), "");
	for (reason = DFL_OK + 1; reason < DFL_REASON_NR; reason++) {
		assert_non_null(dfl_reason_text(reason));
		assert_true(strlen(dfl_reason_text(reason)) > 5);
	}
	assert_string_equal(dfl_reason_text(DFL_REASON_NR), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(n6001),
		cmocka_unit_test(d5005),
		cmocka_unit_test(two_ports),
		cmocka_unit_test(afu_is_read_after_reset),
		cmocka_unit_test(afu_in_list_of_port),
		cmocka_unit_test(afu_in_list_must_match_the_port),
		cmocka_unit_test(afu_parameters_end_where_others_begin),
		cmocka_unit_test(afu_is_whole_bar),
		cmocka_unit_test(afu_is_whole_bar_but_unusable),
		cmocka_unit_test(afu_is_whole_bar_with_one_vector),
		cmocka_unit_test(afu_version_1_has_parameters),
		cmocka_unit_test(uart_words),
		cmocka_unit_test(version_1_without_parameters),
		cmocka_unit_test(read_budget),
		cmocka_unit_test(vsec_two_lists),
		cmocka_unit_test(vsec_offset_is_not_shifted),
		cmocka_unit_test(vsec_last_port_may_come_before_fme),
		cmocka_unit_test(all_ones),
		cmocka_unit_test(all_zero),
		cmocka_unit_test(next_zero_ends),
		cmocka_unit_test(next_unaligned),
		cmocka_unit_test(next_inside_header),
		cmocka_unit_test(two_in_a_page),
		cmocka_unit_test(next_beyond_end),
		cmocka_unit_test(endless_small_steps),
		cmocka_unit_test(vsec_header),
		cmocka_unit_test(vsec_bar),
		cmocka_unit_test(vsec_same_bar),
		cmocka_unit_test(vsec_near_end),
		cmocka_unit_test(too_many_ports),
		cmocka_unit_test(port_location),
		cmocka_unit_test(port_list_after_fme_in_bar0),
		cmocka_unit_test(port_list_where_fme_list_ends),
		cmocka_unit_test(port_absent_or_vf),
		cmocka_unit_test(afu_location),
		cmocka_unit_test(afu_where_a_list_ends),
		cmocka_unit_test(two_ports_no_afu),
		cmocka_unit_test(two_ports_one_afu),
		cmocka_unit_test(afu_size),
		cmocka_unit_test(no_fiu_above),
		cmocka_unit_test(bad_fiu),
		cmocka_unit_test(unknown_type),
		cmocka_unit_test(unknown_version),
		cmocka_unit_test(bad_parameters),
		cmocka_unit_test(parameters_end_with_the_feature),
		cmocka_unit_test(long_parameters),
		cmocka_unit_test(bad_vectors),
		cmocka_unit_test(vectors_shared),
		cmocka_unit_test(ids_fe_and_ff_are_private_features),
		cmocka_unit_test(port_stuck),
		cmocka_unit_test(afu_unreadable),
		cmocka_unit_test(coherent_link_is_reported),
		cmocka_unit_test(port_of_coherent_card_stays_in_reset),
		cmocka_unit_test(reads_are_bounded),
		cmocka_unit_test(list_ends_amid_a_header),
		cmocka_unit_test(other_start_is_no_list),
		cmocka_unit_test(findings_beyond_the_limit_are_counted),
		cmocka_unit_test(every_reason_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
