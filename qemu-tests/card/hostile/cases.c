// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defects of hostile cards. Most cases replace one field of one header; the
 * other cases are functions. Every second seed is random.
 */
#include <string.h>

#include "hostile/cases.h"
#include "lib/dfl.h"

#define DFH_TAIL	(DFL_DFH_NEXT | DFL_DFH_EOL)
#define NEXT(off)	FIELD_PREP(DFL_DFH_NEXT, off)
#define PARAM_TAIL	(DFL_PARAM_NEXT | DFL_PARAM_EOP)
#define VERSION_1	(PLACE_UART | PLACE_VENDOR)
#define CHAINED		(PLACE_PRIVATE | VERSION_1)
#define PORT_OFST	(DFL_PORT_OFST_OFFSET | DFL_PORT_OFST_BAR | \
			 DFL_PORT_OFST_VF | DFL_PORT_OFST_IMPLEMENTED)
#define PORT_AT(b, off)	(DFL_PORT_OFST_IMPLEMENTED | \
			 FIELD_PREP(DFL_PORT_OFST_BAR, b) | \
			 FIELD_PREP(DFL_PORT_OFST_OFFSET, off))
#define FIU_FIELDS	(DFL_DFH_TYPE | DFL_DFH_ID | DFL_DFH_VERSION)
#define UINT_RANGE	(DFL_UINT_CAP_COUNT | DFL_UINT_CAP_FIRST)
#define VECTORS(first, count) \
	(FIELD_PREP(DFL_UINT_CAP_FIRST, first) | \
	 FIELD_PREP(DFL_UINT_CAP_COUNT, count))
#define MSIX_PARAM(first, count) \
	(FIELD_PREP(DFL_PARAM_MSIX_START, first) | \
	 FIELD_PREP(DFL_PARAM_MSIX_COUNT, count))

/* Expected result for the card, and for one of its blocks */
#define BOUND			.expect = "bound"
#define REFUSED			.expect = "refused"
#define WITHHELD(reason)	.expect = "bound", .why = (reason)
#define GONE(kind) \
	.expect = "bound", .why = NOT_LISTED, .whose = (kind)

/*
 * Replace @mask of the word at @off by @value, in a header of one of @kinds.
 * The expected result @why is that of the block with this header or, if @whose
 * is set, of the next block of kind @whose.
 */
static const struct field_case {
	const char *name;
	u32 kinds;
	u64 off;
	u64 mask;
	u64 value;
	const char *expect;
	const char *why;
	u32 whose;
} fields[] = {
	{ "ones-first", PLACE_FME, DFL_DFH, ALL_ONES, ALL_ONES, REFUSED },
	{ "ones-middle", CHAINED, DFL_DFH, ALL_ONES, ALL_ONES, REFUSED },
	{ "zero-first", PLACE_FME, DFL_DFH, ALL_ONES, 0, REFUSED },
	{ "zero-middle", CHAINED, DFL_DFH, ALL_ONES, 0, GONE(0) },
	{ "no-end", CHAINED, DFL_DFH, DFH_TAIL, 0, BOUND },
	{ "next-unaligned", CHAINED, DFL_DFH, DFH_TAIL, NEXT(0x84),
	  WITHHELD("next offset is not aligned") },
	{ "next-odd", PLACE_FME, DFL_DFH, DFH_TAIL, NEXT(1), REFUSED },
	{ "next-in-fme", PLACE_FME, DFL_DFH, DFH_TAIL, NEXT(0x40), REFUSED },
	{ "next-in-header", VERSION_1, DFL_DFH, DFH_TAIL, NEXT(0x10),
	  WITHHELD("next offset lies inside the header") },
	{ "next-beyond", CHAINED, DFL_DFH, DFH_TAIL, NEXT(0xfffff8), BOUND },
	{ "next-beyond-end", CHAINED, DFL_DFH, DFH_TAIL,
	  NEXT(0xfffff8) | DFL_DFH_EOL, BOUND },
	{ "ports-seven", PLACE_FME, DFL_FME_CAP, DFL_FME_CAP_NUM_PORTS,
	  DFL_FME_CAP_NUM_PORTS, BOUND },
	{ "port-bar-6", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(6, 0), GONE(PLACE_PORT) },
	{ "port-bar-absent", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(5, 0), GONE(PLACE_PORT) },
	{ "port-past-bar", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(0, 0xfffff8), GONE(PLACE_PORT) },
	{ "port-unaligned", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(2, 4), GONE(PLACE_PORT) },
	{ "port-in-fme", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(0, 0x100), GONE(PLACE_PORT) },
	{ "port-nowhere", PLACE_FME, DFL_FME_PORT_OFST(0), PORT_OFST,
	  PORT_AT(DFL_PORT_OFST_BAR_SKIP, 0), GONE(PLACE_PORT) },
	{ "port-vf", PLACE_FME, DFL_FME_PORT_OFST(0), DFL_PORT_OFST_VF,
	  DFL_PORT_OFST_VF, GONE(PLACE_PORT) },
	{ "link-coherent", PLACE_FME, DFL_FME_CAP, DFL_FME_CAP_COHERENT,
	  DFL_FME_CAP_COHERENT, REFUSED },
	{ "link-second", PLACE_FME, DFL_FME_CAP, DFL_FME_CAP_PCIE1,
	  DFL_FME_CAP_PCIE1, REFUSED },
	{ "afu-beyond", PLACE_PORT, DFL_NEXT_AFU, ALL_ONES, 0xfffff8,
	  GONE(PLACE_AFU) },
	{ "afu-unaligned", PLACE_PORT, DFL_NEXT_AFU, ALL_ONES, 0x404,
	  GONE(PLACE_AFU) },
	{ "afu-in-port", PLACE_PORT, DFL_NEXT_AFU, ALL_ONES, 0x18,
	  GONE(PLACE_AFU) },
	{ "afu-not-there", PLACE_AFU, DFL_DFH, ALL_ONES, 0, GONE(0) },
	{ "afu-empty", PLACE_PORT, DFL_PORT_CAP, DFL_PORT_CAP_MMIO_KIB, 0,
	  GONE(PLACE_AFU) },
	{ "afu-huge", PLACE_PORT, DFL_PORT_CAP, DFL_PORT_CAP_MMIO_KIB,
	  DFL_PORT_CAP_MMIO_KIB, GONE(PLACE_AFU) },
	{ "afu-under-fme", CHAINED, DFL_DFH, DFL_DFH_TYPE,
	  FIELD_PREP(DFL_DFH_TYPE, DFL_TYPE_AFU),
	  WITHHELD("AFU without port") },
	{ "fiu-unknown", CHAINED, DFL_DFH, FIU_FIELDS,
	  FIELD_PREP(DFL_DFH_TYPE, DFL_TYPE_FIU) | 5,
	  WITHHELD("interface unit of unknown kind") },
	{ "fme-twice", CHAINED, DFL_DFH, FIU_FIELDS,
	  FIELD_PREP(DFL_DFH_TYPE, DFL_TYPE_FIU),
	  WITHHELD("interface unit exists already") },
	{ "port-without-registers", CHAINED, DFL_DFH, DFL_DFH_TYPE | DFL_DFH_ID,
	  FIELD_PREP(DFL_DFH_TYPE, DFL_TYPE_FIU) | DFL_FIU_PORT, BOUND },
	{ "type-0", CHAINED, DFL_DFH, DFL_DFH_TYPE, 0,
	  WITHHELD("unknown header type") },
	{ "type-5", CHAINED, DFL_DFH, DFL_DFH_TYPE, FIELD_PREP(DFL_DFH_TYPE, 5),
	  WITHHELD("unknown header type") },
	{ "type-15", CHAINED, DFL_DFH, DFL_DFH_TYPE, DFL_DFH_TYPE,
	  WITHHELD("unknown header type") },
	{ "id-fe", CHAINED, DFL_DFH, DFL_DFH_ID, 0xfe,
	  WITHHELD("needs opt-in") },
	{ "id-ff", CHAINED, DFL_DFH, DFL_DFH_ID, 0xff,
	  WITHHELD("needs opt-in") },
	{ "version-2", CHAINED | PLACE_AFU | PLACE_UINT, DFL_DFH,
	  DFL_DFH_VERSION, FIELD_PREP(DFL_DFH_VERSION, 2),
	  WITHHELD("unknown header version") },
	{ "version-255", PLACE_PORT, DFL_DFH, DFL_DFH_VERSION, DFL_DFH_VERSION,
	  WITHHELD("unknown header version") },
	{ "csr-absolute", VERSION_1, DFL_CSR_ADDR, ALL_ONES, 0x80000001,
	  WITHHELD("absolute register address") },
	{ "csr-past-bar", VERSION_1, DFL_CSR_ADDR, ALL_ONES, 0xfffffff0,
	  WITHHELD("bad register window") },
	{ "csr-wraps", VERSION_1, DFL_CSR_ADDR, ALL_ONES, ALL_ONES - 1,
	  WITHHELD("bad register window") },
	{ "csr-wraps-with-size", VERSION_1, DFL_CSR_SIZE_GROUP, DFL_CSR_SIZE,
	  DFL_CSR_SIZE, WITHHELD("bad register window") },
	{ "csr-empty", VERSION_1, DFL_CSR_SIZE_GROUP, DFL_CSR_SIZE, 0,
	  WITHHELD("bad register window") },
	{ "csr-on-header", VERSION_1, DFL_CSR_ADDR, ALL_ONES, 0x10,
	  WITHHELD("bad register window") },
	{ "csr-on-block", VERSION_1, DFL_CSR_ADDR, ALL_ONES, 0x2000,
	  WITHHELD("bad register window") },
	{ "csr-ambiguous", PLACE_VENDOR, DFL_GUID_H, ALL_ONES, 0x1234ULL << 32,
	  WITHHELD("ambiguous register address") },
	{ "guid-unknown", PLACE_VENDOR, DFL_GUID_H, ALL_ONES, 0x1234,
	  WITHHELD("needs opt-in") },
	{ "param-next-zero", VERSION_1, DFL_PARAM, PARAM_TAIL, 0, BOUND },
	{ "param-past-end", VERSION_1, DFL_PARAM, PARAM_TAIL, DFL_PARAM_NEXT,
	  BOUND },
	{ "param-no-end", VERSION_1, DFL_PARAM + 16, DFL_PARAM_EOP, 0, BOUND },
	{ "param-end-huge", VERSION_1, DFL_PARAM + 16, PARAM_TAIL, PARAM_TAIL,
	  BOUND },
	{ "param-msix-empty", VERSION_1, DFL_PARAM, PARAM_TAIL,
	  FIELD_PREP(DFL_PARAM_NEXT, 1) | DFL_PARAM_EOP, BOUND },
	{ "param-msix-twice", VERSION_1, DFL_PARAM + 16, DFL_PARAM_ID,
	  FIELD_PREP(DFL_PARAM_ID, DFL_PARAM_MSIX), BOUND },
	{ "vectors-past-end", PLACE_UINT, DFL_UINT_CAP, UINT_RANGE,
	  VECTORS(0xfff, 1), BOUND },
	{ "vectors-over-end", PLACE_UINT, DFL_UINT_CAP, UINT_RANGE,
	  VECTORS(1, 64), BOUND },
	{ "vectors-none", PLACE_UINT, DFL_UINT_CAP, UINT_RANGE, VECTORS(0, 0),
	  BOUND },
	{ "vectors-many", PLACE_UINT, DFL_UINT_CAP, UINT_RANGE, VECTORS(0, 65),
	  BOUND },
	{ "vectors-wrap", VERSION_1, DFL_PARAM + 8, ALL_ONES,
	  MSIX_PARAM(0xffffffff, 1), BOUND },
	{ "vectors-wrap-with-count", VERSION_1, DFL_PARAM + 8, ALL_ONES,
	  MSIX_PARAM(1, 0xffffffff), BOUND },
	{ "vectors-shared", VERSION_1, DFL_PARAM + 8, ALL_ONES,
	  MSIX_PARAM(0, 1), BOUND },
};

static void withheld(struct hostile *h, u8 bar, u64 off, const char *why)
{
	h->withheld = (struct range){ .bar = bar, .off = off };
	h->why = why;
}

static void set_field(struct hostile *h, const struct field_case *f)
{
	const struct place *p = hostile_some(h, f->kinds);
	u64 *word;

	if (!p)
		return;
	word = hostile_word(h, p->bar, p->off + f->off);
	*word = (*word & ~f->mask) | f->value;
	while (f->whose && p->kind != f->whose)
		p++;
	/* A port in the list of the FME is found without the port registers. */
	if (f->why && (f->whose != PLACE_PORT || p->bar))
		withheld(h, p->bar, p->off, f->why);
}

/* --- more than one field --------------------------------------------------- */

static u64 dfh(u8 type, u16 id, u64 next)
{
	return FIELD_PREP(DFL_DFH_TYPE, type) | FIELD_PREP(DFL_DFH_ID, id) |
	       NEXT(next);
}

static void valid(struct hostile *h)
{
	(void)h;
}

/* Turn the whole function into one AFU. */
static void afu_alone(struct hostile *h)
{
	*hostile_word(h, 0, DFL_DFH) = dfh(DFL_TYPE_AFU, 0, 0) | DFL_DFH_EOL;
}

static void next_in_page(struct hostile *h)
{
	const struct place *p = hostile_some(h, PLACE_PRIVATE);
	u64 *word = hostile_word(h, p->bar, p->off), old = *word;

	*word = (old & ~DFH_TAIL) | NEXT(0x40);
	*hostile_word(h, p->bar, p->off + 0x40) =
		dfh(DFL_TYPE_PRIVATE, DFL_FME_HSSI, p->next ? p->next - 0x40 : 0) |
		(old & DFL_DFH_EOL);
}

/* Fill the BAR with headers, @step apart, starting at a feature of the list. */
static void headers_to_the_end(struct hostile *h, u64 step)
{
	const struct place *p = hostile_some(h, PLACE_PRIVATE);
	u64 off;

	for (off = p->off; off < h->len[0]; off += step)
		*hostile_word(h, 0, off) = dfh(DFL_TYPE_PRIVATE,
					       DFL_FME_ETH_GROUP, step);
}

static void next_8_forever(struct hostile *h)
{
	headers_to_the_end(h, 8);
}

/* Set the same id in all features of @kinds. */
static void same_ids(struct hostile *h, u32 kinds, u16 id)
{
	u32 i;

	for (i = 0; i < h->nr_places; i++) {
		const struct place *p = &h->place[i];
		u64 *word = hostile_word(h, p->bar, p->off);

		if (p->kind & kinds)
			*word = (*word & ~DFL_DFH_ID) | FIELD_PREP(DFL_DFH_ID, id);
	}
}

static void ids_zero(struct hostile *h)
{
	const struct place *p = hostile_some(h, CHAINED);

	same_ids(h, CHAINED, DFL_FME_PERF);
	withheld(h, p->bar, p->off, "never assigned");
}

static void ids_same(struct hostile *h)
{
	same_ids(h, PLACE_PRIVATE, DFL_FME_ETH_GROUP);
}

static void same_guid(struct hostile *h, u32 kinds, u64 word)
{
	const struct place *p = hostile_some(h, kinds);

	*hostile_word(h, p->bar, p->off + DFL_GUID_L) = word;
	*hostile_word(h, p->bar, p->off + DFL_GUID_H) = word;
	withheld(h, p->bar, p->off, "invalid GUID");
}

static void guid_zero(struct hostile *h)
{
	same_guid(h, PLACE_AFU | PLACE_VENDOR, 0);
}

static void guid_ones(struct hostile *h)
{
	same_guid(h, PLACE_AFU | PLACE_VENDOR, ALL_ONES);
}

static void headers_257(struct hostile *h)
{
	headers_to_the_end(h, h->unit / 16);
}

static void vsec_lists(struct hostile *h, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		hostile_add_vsec(h, i, 0);
}

static void vsec_good(struct hostile *h)
{
	const struct place *p = hostile_some(h, PLACE_FME | PLACE_PORT);

	hostile_add_vsec(h, p->bar, p->off);
}

static void vsec_none(struct hostile *h)
{
	vsec_good(h);
	h->vsec.count = 0;
}

static void vsec_seven(struct hostile *h)
{
	vsec_lists(h, 7);
}

static void vsec_count_huge(struct hostile *h)
{
	vsec_good(h);
	h->vsec.count = 0xffffffff;
}

static void vsec_past_length(struct hostile *h)
{
	vsec_lists(h, 3);
	h->vsec_len = DFL_VSEC_ENTRY;
}

static void vsec_length_huge(struct hostile *h)
{
	vsec_good(h);
	h->vsec_len = 0xfff;
}

static void vsec_length_zero(struct hostile *h)
{
	vsec_good(h);
	h->vsec_len = 0;
}

static void vsec_bar_6(struct hostile *h)
{
	hostile_add_vsec(h, 6, 0);
}

static void vsec_bar_7(struct hostile *h)
{
	hostile_add_vsec(h, 7, 0xfffffff8);
}

/* Announce a list in the upper half of a 64-bit BAR, or in an absent BAR. */
static void vsec_bar_absent(struct hostile *h)
{
	hostile_add_vsec(h, hostile_pick(h, 2) ? 1 : 5, 0);
}

static void vsec_bar_twice(struct hostile *h)
{
	vsec_good(h);
	hostile_add_vsec(h, 0, 8);
	hostile_add_vsec(h, 0, h->unit);
}

static void vsec_near_end(struct hostile *h)
{
	u64 room = 8 << hostile_pick(h, 4);

	hostile_add_vsec(h, 0, h->len[0] - room);
	*hostile_word(h, 0, h->len[0] - room) =
		dfh(DFL_TYPE_FIU, hostile_pick(h, 2), 0);
}

/* Announce a list whose first feature has no interface unit. */
static void vsec_orphan(struct hostile *h)
{
	const struct place *p = hostile_some(h, CHAINED);

	hostile_add_vsec(h, p->bar, p->off);
}

static void port_list_twice(struct hostile *h)
{
	*hostile_word(h, 0, DFL_FME_PORT_OFST(1)) =
		*hostile_word(h, 0, DFL_FME_PORT_OFST(0));
	*hostile_word(h, 0, DFL_FME_CAP) =
		FIELD_PREP(DFL_FME_CAP_NUM_PORTS, 2);
}

/* Set the same number in all ports. */
static void port_number_twice(struct hostile *h)
{
	u32 i, nr = 0;

	for (i = 0; i < h->nr_places; i++) {
		const struct place *p = &h->place[i];

		if (p->kind != PLACE_PORT)
			continue;
		*hostile_word(h, p->bar, p->off + DFL_PORT_CAP) &=
			~DFL_PORT_CAP_NUMBER;
		if (nr++)
			withheld(h, p->bar, p->off,
				 "interface unit exists already");
	}
}

/* Move the AFU of @port to @off of the BAR. */
static void afu_at(struct hostile *h, const struct place *port, u64 off)
{
	*hostile_word(h, port->bar, port->off + DFL_NEXT_AFU) = off - port->off;
	*hostile_word(h, port->bar, off) = dfh(DFL_TYPE_AFU, 0, 0) |
					   DFL_DFH_EOL;
}

static void afu_on_block(struct hostile *h)
{
	const struct place *port = hostile_some(h, PLACE_PORT);
	const struct place *afu = port + 2;	/* see valid.c:add_port() */

	*hostile_word(h, port->bar, port->off + DFL_NEXT_AFU) = h->unit;
	withheld(h, afu->bar, afu->off, NOT_LISTED);
}

/* Move the AFU into the registers of a feature. */
static void afu_in_block(struct hostile *h)
{
	const struct place *port = hostile_some(h, PLACE_PORT);
	u64 off = port->off + h->unit + 0x40 + 8 * hostile_pick(h, 8);

	afu_at(h, port, off);
	withheld(h, port->bar, off, NOT_LISTED);
}

/*
 * Let each AFU overlap the next port. The first AFU is not checked, because
 * MSI-X structures before the next port may end the AFU.
 */
static void afu_over_port(struct hostile *h)
{
	const struct place *afu;
	u32 i, nr = 0;

	for (i = 0; i < h->nr_places; i++) {
		const struct place *p = &h->place[i];

		if (p->kind != PLACE_PORT)
			continue;
		*hostile_word(h, p->bar, p->off + DFL_PORT_CAP) +=
			FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, 2);
		if (nr++ < 2)
			continue;
		afu = p - 1;	/* of the previous port */
		withheld(h, afu->bar, afu->off, "overlaps another feature");
	}
}

/* Continue the list among the registers of an AFU. */
static void afu_over_block(struct hostile *h)
{
	const struct place *uint = hostile_some(h, PLACE_UINT);
	const struct place *afu = uint + 1;	/* see valid.c:add_port() */
	u64 off = afu->off + 8 * (8 + hostile_pick(h, 16));

	*hostile_word(h, uint->bar, uint->off) =
		dfh(DFL_TYPE_PRIVATE, DFL_PORT_UINT, off - uint->off);
	*hostile_word(h, afu->bar, off) =
		dfh(DFL_TYPE_PRIVATE, DFL_PORT_STP, 0) | DFL_DFH_EOL;
	withheld(h, afu->bar, afu->off, "overlaps another feature");
}

static void afu_over_msix(struct hostile *h)
{
	const struct place *port = hostile_some(h, PLACE_PORT);

	if (port->bar == h->msix.bar && h->msix.off > port->off + 0x1000)
		afu_at(h, port, h->msix.off - 8 * (1 + hostile_pick(h, 0x100)));
}

/* Fill the space up to the next header with valid parameters. */
static void param_long(struct hostile *h)
{
	const struct place *p = hostile_some(h, VERSION_1);
	u64 off, end = p->off + (h->unit & ~0xfULL);

	for (off = p->off + DFL_PARAM; off + 16 < end; off += 16)
		*hostile_word(h, p->bar, off) = FIELD_PREP(DFL_PARAM_ID, 9) |
						FIELD_PREP(DFL_PARAM_NEXT, 2);
	*hostile_word(h, p->bar, off) = FIELD_PREP(DFL_PARAM_ID, 9) |
					FIELD_PREP(DFL_PARAM_NEXT, 1) |
					DFL_PARAM_EOP;
}

/* --- behaviour ------------------------------------------------------------- */

static void words_change(struct hostile *h)
{
	h->change = true;
}

static void stalls(struct hostile *h)
{
	h->stall_us = 20000;
	h->stall_every = 4;
}

/* Stall for longer in total than the time limit of the probe. */
static void stalls_for_good(struct hostile *h)
{
	headers_257(h);
	h->stall_us = 200000;
	h->stall_every = 1;
}

static void vanishes(struct hostile *h)
{
	h->vanish_after = 1 + hostile_pick(h, 200);
}

/* Start all ports in a reset that @ack does not end. */
static void stuck(struct hostile *h, enum ack ack)
{
	const struct place *port = hostile_some(h, PLACE_PORT);

	h->ack = ack;
	withheld(h, port->bar, port->off, "port does not leave or enter reset");
}

static void reset_never(struct hostile *h)
{
	stuck(h, ACK_NEVER);
}

static void reset_always(struct hostile *h)
{
	stuck(h, ACK_ALWAYS);
}

static void reset_no_end(struct hostile *h)
{
	stuck(h, ACK_NO_END);
}

static void reset_random(struct hostile *h)
{
	h->ack = ACK_RANDOM;
}

static void reset_ones(struct hostile *h)
{
	stuck(h, ACK_ONES);
}

static void interrupt_storm(struct hostile *h)
{
	h->storm = true;
}

static void master_stuck(struct hostile *h)
{
	h->master_stuck = true;
}

static void master_returns(struct hostile *h)
{
	h->master_after = 1 + hostile_pick(h, 200);
}

/* --- random ------------------------------------------------------------------ */

static const u64 odd_words[] = {
	0, ALL_ONES, 1, 0x8000000000000000, 0x7fffffffffffffff, 0xffffffff,
	0x3000000008000010, 0x3000000010000010, 0x30000100000000fe,
	0x4000000001000001, 0x1000000100000000, 0x3000000fffffff10,
	0x8000000000000001, 0x5000000010000000, 0x3010000010000023,
};

static u64 odd_word(struct hostile *h, u64 old)
{
	switch (hostile_pick(h, 4)) {
	case 0:
		return odd_words[hostile_pick(h, ARRAY_SIZE(odd_words))];
	case 1:
		return hostile_random(h);
	default:
		return old ^ BIT_ULL(hostile_pick(h, 64)) ^
		       BIT_ULL(hostile_pick(h, 64));
	}
}

/* Replace @nr random words of headers. */
static void mutate(struct hostile *h, u32 nr)
{
	while (nr--) {
		const struct place *p = &h->place[hostile_pick(h, h->nr_places)];
		u64 *word = hostile_word(h, p->bar,
					 p->off + 8 * hostile_pick(h, 10));

		*word = odd_word(h, *word);
	}
}

static void random_bits(struct hostile *h)
{
	mutate(h, 1);
}

static void random_words(struct hostile *h)
{
	mutate(h, 2 + hostile_pick(h, 8));
}

/* Fill the BAR with random headers, some of them valid. */
static void random_headers(struct hostile *h)
{
	u64 step = 8ULL << hostile_pick(h, 10);
	u64 off;

	for (off = h->unit; off + step < h->len[0]; off += step)
		*hostile_word(h, 0, off) =
			dfh(3 + (hostile_pick(h, 16) == 0),
			    hostile_pick(h, 0x30),
			    step * (1 + hostile_pick(h, 3))) |
			FIELD_PREP(DFL_DFH_VERSION, hostile_pick(h, 8) == 0);
	mutate(h, hostile_pick(h, 3));
}

static void random_all(struct hostile *h)
{
	u64 off;

	for (off = hostile_pick(h, 2) ? 0x80 : 0; off < h->len[0]; off += 8)
		*hostile_word(h, 0, off) = odd_word(h, 0);
	h->change = hostile_pick(h, 2);
}

static void random_vsec(struct hostile *h)
{
	u32 nr = 1 + hostile_pick(h, 7);

	while (nr--)
		hostile_add_vsec(h, hostile_pick(h, 8),
				 hostile_pick(h, h->len[0]) & ~7ULL);
	if (!hostile_pick(h, 4))
		h->vsec.count = hostile_random(h);
	mutate(h, hostile_pick(h, 4));
}

static const struct whole_case {
	const char *name;
	void (*make)(struct hostile *h);
	const char *expect;
} named[] = {
	{ "valid", valid, "bound" },
	{ "afu-alone", afu_alone, "bound" },
	{ "next-in-page", next_in_page, "bound" },
	{ "next-8-forever", next_8_forever, "bound" },
	{ "headers-257", headers_257, "bound" },
	{ "ids-zero", ids_zero, "bound" },
	{ "ids-same", ids_same, "bound" },
	{ "guid-zero", guid_zero, "bound" },
	{ "guid-ones", guid_ones, "bound" },
	{ "vsec-good", vsec_good, "bound" },
	{ "vsec-none", vsec_none, "bound" },
	{ "vsec-seven", vsec_seven, "bound" },
	{ "vsec-count-huge", vsec_count_huge, "bound" },
	{ "vsec-past-length", vsec_past_length, "bound" },
	{ "vsec-length-huge", vsec_length_huge, "bound" },
	{ "vsec-length-zero", vsec_length_zero, "bound" },
	{ "vsec-bar-6", vsec_bar_6, "bound" },
	{ "vsec-bar-7", vsec_bar_7, "bound" },
	{ "vsec-bar-absent", vsec_bar_absent, "bound" },
	{ "vsec-bar-twice", vsec_bar_twice, "any" },
	{ "vsec-near-end", vsec_near_end, "any" },
	{ "vsec-orphan", vsec_orphan, "any" },
	{ "port-list-twice", port_list_twice, "bound" },
	{ "port-number-twice", port_number_twice, "bound" },
	{ "afu-on-block", afu_on_block, "bound" },
	{ "afu-in-block", afu_in_block, "bound" },
	{ "afu-over-port", afu_over_port, "bound" },
	{ "afu-over-block", afu_over_block, "bound" },
	{ "afu-over-msix", afu_over_msix, "bound" },
	{ "param-long", param_long, "bound" },
	{ "words-change", words_change, "bound" },
	{ "stalls", stalls, "bound" },
	{ "vanishes", vanishes, "any" },
	{ "reset-never", reset_never, "bound" },
	{ "reset-always", reset_always, "bound" },
	{ "reset-no-end", reset_no_end, "bound" },
	{ "reset-random", reset_random, "bound" },
	{ "reset-ones", reset_ones, "bound" },
	{ "interrupt-storm", interrupt_storm, "bound" },
	{ "master-stuck", master_stuck, "refused" },
	{ "master-returns", master_returns, "any" },
	{ "stalls-for-good", stalls_for_good, "refused" },
}, at_random[] = {
	{ "random-bits", random_bits, "any" },
	{ "random-words", random_words, "any" },
	{ "random-headers", random_headers, "any" },
	{ "random-all", random_all, "any" },
	{ "random-vsec", random_vsec, "any" },
};

static void make_field(struct hostile *h, const struct field_case *f)
{
	set_field(h, f);
	h->name = f->name;
	h->expect = f->expect;
}

static void make_whole(struct hostile *h, const struct whole_case *w)
{
	w->make(h);
	h->name = w->name;
	h->expect = w->expect;
}

/*
 * Consecutive seeds select all cases in turn; every second seed is random.
 * Three of four rounds skip the last case, which takes seconds.
 */
static void make_any(struct hostile *h, u64 seed)
{
	u64 nr_cases = ARRAY_SIZE(fields) + ARRAY_SIZE(named);
	u64 nr = seed / 2 % nr_cases, round = seed / 2 / nr_cases;

	if (nr == nr_cases - 1 && round % 4)
		nr = hostile_pick(h, nr_cases - 1);
	if (seed % 2)
		make_whole(h, &at_random[seed / 2 % ARRAY_SIZE(at_random)]);
	else if (nr < ARRAY_SIZE(fields))
		make_field(h, &fields[nr]);
	else
		make_whole(h, &named[nr - ARRAY_SIZE(fields)]);
}

static const struct whole_case *find_whole(const struct whole_case *w, size_t nr,
					   const char *name)
{
	for (; nr--; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}

/**
 * hostile_make_wrong() - turn a valid draft into a hostile card
 * @h: draft
 * @seed: seed that chooses the case
 * @name: name of the case; NULL: @seed chooses it
 *
 * Return: 0, or -1 if there is no such case.
 */
int hostile_make_wrong(struct hostile *h, u64 seed, const char *name)
{
	const struct whole_case *w;
	size_t i;

	if (!name) {
		make_any(h, seed);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!strcmp(fields[i].name, name)) {
			make_field(h, &fields[i]);
			return 0;
		}
	}
	w = find_whole(named, ARRAY_SIZE(named), name) ?:
	    find_whole(at_random, ARRAY_SIZE(at_random), name);
	if (!w)
		return -1;
	make_whole(h, w);
	return 0;
}

/* Return an array of the names of all cases. */
json_t *hostile_case_names(void)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		json_array_append_new(names, json_string(fields[i].name));
	for (i = 0; i < ARRAY_SIZE(named); i++)
		json_array_append_new(names, json_string(named[i].name));
	for (i = 0; i < ARRAY_SIZE(at_random); i++)
		json_array_append_new(names, json_string(at_random[i].name));
	return names;
}
