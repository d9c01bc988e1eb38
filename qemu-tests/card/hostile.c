// SPDX-License-Identifier: GPL-2.0-only
/* From a seed to the image of a card: the valid part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define UART_GUID_L		0xe1df0d4ace8e486cULL
#define UART_GUID_H		0x9e6641a6ca26cc04ULL
#define VENDOR_GUID_L		0x9f01c6e8a4d2b735ULL
#define VENDOR_GUID_H		0x5a3c1e907b424d68ULL
#define AFU_GUID_L		0xf89e433683f9040bULL
#define AFU_GUID_H		0xd8424dc4a4a3c413ULL
#define PORT_GUID_L		0x9642b06c6b355b87ULL
#define PORT_GUID_H		0x3ab49893138d42ebULL
#define FME_GUID_L		0x82fe38f0f9e17764ULL
#define FME_GUID_H		0xbfaf2ae94a5246e3ULL

#define SMALL_BAR		0x10000
#define SMALLEST_BAR		0x800	/* port and AFU of 1 KiB */
#define OTHER_VSEC		0x44

/** hostile_random() - splitmix64: the same on every machine */
u64 hostile_random(struct hostile *h)
{
	u64 z = h->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/** hostile_pick() - a number below @nr */
u64 hostile_pick(struct hostile *h, u64 nr)
{
	return hostile_random(h) % nr;
}

/** hostile_word() - the word at @off; one that nobody reads if there is none */
u64 *hostile_word(struct hostile *h, u8 bar, u64 off)
{
	static u64 nowhere;

	if (bar >= CARD_NR_BARS || off >= h->len[bar] || off % 8)
		return &nowhere;
	return &h->word[bar][off / 8];
}

/** hostile_some() - a random one of the places of @kinds, or NULL */
const struct place *hostile_some(struct hostile *h, u32 kinds)
{
	const struct place *found = NULL;
	u32 i, nr = 0;

	for (i = 0; i < h->nr_places; i++)
		if (h->place[i].kind & kinds && !hostile_pick(h, ++nr))
			found = &h->place[i];
	return found;
}

/** hostile_add_vsec() - announce one more list */
void hostile_add_vsec(struct hostile *h, u8 bar, u64 off)
{
	struct vsec *v = &h->vsec;

	if (v->nr_entries == ARRAY_SIZE(v->entries))
		return;
	v->entries[v->nr_entries++] = off | bar;
	v->count = v->nr_entries;
	h->vsec_id = DFL_VSEC_ID;
	h->vsec_len = DFL_VSEC_ENTRY + 4 * v->nr_entries;
}

/* --- what a valid list has ------------------------------------------------- */

static struct place *add(struct hostile *h, enum place_kind kind, u8 bar,
			 u64 off)
{
	struct place *p = &h->place[h->nr_places++];

	*p = (struct place){ .kind = kind, .bar = bar, .off = off };
	return p;
}

static void put(struct hostile *h, const struct place *p, u64 off, u64 value)
{
	*hostile_word(h, p->bar, p->off + off) = value;
}

static void put_guid(struct hostile *h, const struct place *p, u64 low,
		     u64 high)
{
	put(h, p, DFL_GUID_L, low);
	put(h, p, DFL_GUID_H, high);
}

/* @next of 0 ends the list. */
static void put_dfh(struct hostile *h, struct place *p, u8 type, u16 id,
		    u8 version, u64 next)
{
	p->next = next;
	put(h, p, DFL_DFH, FIELD_PREP(DFL_DFH_TYPE, type) |
	    FIELD_PREP(DFL_DFH_ID, id) | FIELD_PREP(DFL_DFH_VERSION, version) |
	    FIELD_PREP(DFL_DFH_NEXT, next) | (next ? 0 : DFL_DFH_EOL));
}

static void add_private(struct hostile *h, u64 off, u64 next)
{
	static const u16 ids[] = {
		DFL_FME_ETH_GROUP, DFL_FME_HSSI, DFL_FME_TOD, DFL_FME_QSFP,
		DFL_FME_PR, DFL_FME_PERF, 0x7a,
	};
	struct place *p = add(h, PLACE_PRIVATE, 0, off);

	put_dfh(h, p, DFL_TYPE_PRIVATE, ids[hostile_pick(h, ARRAY_SIZE(ids))],
		0, next);
}

/* @csr is where the registers are, as its header has it. */
static void add_version_1(struct hostile *h, enum place_kind kind, u64 off,
			  u64 next, u64 csr)
{
	bool uart = kind == PLACE_UART;
	struct place *p = add(h, kind, 0, off);
	u32 first = h->nr_vectors ? h->nr_vectors - 1 - !uart : 0;

	put_dfh(h, p, DFL_TYPE_PRIVATE, uart ? DFL_FME_UART : DFL_FME_VENDOR,
		1, next);
	if (uart)
		put_guid(h, p, UART_GUID_L, UART_GUID_H);
	else
		put_guid(h, p, VENDOR_GUID_L, VENDOR_GUID_H);
	put(h, p, DFL_CSR_ADDR, csr);
	put(h, p, DFL_CSR_SIZE_GROUP,
	    FIELD_PREP(DFL_CSR_SIZE, 16) | DFL_CSR_HAS_PARAMS);
	put(h, p, DFL_PARAM, FIELD_PREP(DFL_PARAM_ID, DFL_PARAM_MSIX) |
	    FIELD_PREP(DFL_PARAM_NEXT, 2));
	put(h, p, DFL_PARAM + 8, FIELD_PREP(DFL_PARAM_MSIX_START, first) |
	    FIELD_PREP(DFL_PARAM_MSIX_COUNT, 1));
	put(h, p, DFL_PARAM + 16, FIELD_PREP(DFL_PARAM_ID, 2) |
	    FIELD_PREP(DFL_PARAM_NEXT, 2) | DFL_PARAM_EOP);
}

/* A port, its user interrupts and its AFU, in @space bytes. */
static void add_port(struct hostile *h, u8 bar, u64 off, u64 space, u32 nr)
{
	struct place *port = add(h, PLACE_PORT, bar, off);
	struct place *uint = add(h, PLACE_UINT, bar, off + h->unit);
	struct place *afu = add(h, PLACE_AFU, bar, off + space / 2);
	u32 count = h->nr_vectors >= 16 ? 3 : 1;

	put_dfh(h, port, DFL_TYPE_FIU, DFL_FIU_PORT, 0, h->unit);
	put_guid(h, port, PORT_GUID_L, PORT_GUID_H);
	put(h, port, DFL_NEXT_AFU, space / 2);
	put(h, port, DFL_PORT_CAP, FIELD_PREP(DFL_PORT_CAP_NUMBER, nr) |
	    FIELD_PREP(DFL_PORT_CAP_MMIO_KIB, space / 2 / 1024));
	put(h, port, DFL_PORT_CTRL, DFL_PORT_CTRL_RESET | DFL_PORT_CTRL_ACK);
	put_dfh(h, uint, DFL_TYPE_PRIVATE, DFL_PORT_UINT, 0, 0);
	put(h, uint, DFL_UINT_CAP, FIELD_PREP(DFL_UINT_CAP_COUNT, count) |
	    FIELD_PREP(DFL_UINT_CAP_FIRST, nr * count));
	put_dfh(h, afu, DFL_TYPE_AFU, 0, 0, 0);
	put_guid(h, afu, AFU_GUID_L, AFU_GUID_H);
}

/* Ports with lists of their own in BAR 2; else one in the list of BAR 0. */
static void add_ports(struct hostile *h, const struct place *fme, u64 off)
{
	u32 i, nr = 1;

	if (!h->len[2]) {
		put(h, fme, DFL_FME_PORT_OFST(0), DFL_PORT_OFST_IMPLEMENTED |
		    FIELD_PREP(DFL_PORT_OFST_BAR, DFL_PORT_OFST_BAR_SKIP));
		add_port(h, 0, off, (h->len[0] - off) & ~0x7ffULL, 0);
	} else {
		u64 space = h->len[2] / DFL_MAX_PORTS;

		if (space < SMALLEST_BAR)
			space = h->len[2];
		nr = 1 + hostile_pick(h, h->len[2] / space);
		for (i = 0; i < nr; i++) {
			put(h, fme, DFL_FME_PORT_OFST(i),
			    DFL_PORT_OFST_IMPLEMENTED |
			    FIELD_PREP(DFL_PORT_OFST_BAR, 2) |
			    FIELD_PREP(DFL_PORT_OFST_OFFSET, i * space));
			add_port(h, 2, i * space, space, i);
		}
	}
	put(h, fme, DFL_FME_CAP, FIELD_PREP(DFL_FME_CAP_NUM_PORTS, nr));
}

static void make_valid(struct hostile *h)
{
	u64 end = h->len[2] ? min_u64(16 * h->unit, h->len[0]) : h->len[0] / 2;
	u64 first = 3 * h->unit, off;
	u64 last = first + h->unit * hostile_pick(h, (end - first) / h->unit);
	struct place *fme = add(h, PLACE_FME, 0, 0);

	put_dfh(h, fme, DFL_TYPE_FIU, DFL_FIU_FME, 0, h->unit);
	put_guid(h, fme, FME_GUID_L, FME_GUID_H);
	add_version_1(h, PLACE_UART, h->unit, h->unit, 0x100);
	add_version_1(h, PLACE_VENDOR, 2 * h->unit, h->unit, 0x80);
	for (off = first; off < last; off += h->unit)
		add_private(h, off, h->unit);
	/* A port in the list of the FME is behind everything else */
	add_private(h, last, h->len[2] ? 0 : end - last);
	add_ports(h, fme, end);
}

/* --- the card becomes it ------------------------------------------------- */

static void forget(struct hostile *h)
{
	u32 i;

	if (!h)
		return;
	for (i = 0; i < CARD_NR_BARS; i++) {
		free(h->word[i]);
		free(h->seen[i]);
	}
	free(h);
}

static struct hostile *prepare(const struct card *c, u64 seed)
{
	struct hostile *h = calloc(1, sizeof(*h));
	u32 i;

	if (!h)
		return NULL;
	h->random = seed;
	h->vsec_id = OTHER_VSEC;
	h->vsec_len = DFL_VSEC_ENTRY;
	h->nr_vectors = c->id.nr_vectors;
	h->msix = (struct range){ c->id.table_bar, c->id.table,
				  16 * c->id.nr_vectors };
	h->unit = c->bars[0].size >= SMALL_BAR ? 0x1000 : 0x100;
	for (i = 0; i < CARD_NR_BARS; i++) {
		h->len[i] = c->bars[i].size;
		if (!h->len[i])
			continue;
		h->word[i] = calloc(h->len[i] / 8, sizeof(u64));
		h->seen[i] = calloc(h->len[i] / 8, 1);
		if (!h->word[i] || !h->seen[i]) {
			forget(h);
			return NULL;
		}
	}
	return h;
}

static void free_blocks(struct card *c)
{
	size_t i;

	for (i = 0; i < c->nr_blocks; i++) {
		dma_forget(c->dma, &c->blocks[i]);
		free(c->blocks[i].regs);
		if (c->blocks[i].model != &model_raw)
			free(c->blocks[i].priv);
	}
	free(c->blocks);
	c->blocks = NULL;
	c->nr_blocks = 0;
}

/* One block for each BAR. */
static int put_blocks(struct card *c, struct hostile *h)
{
	u32 i;

	free_blocks(c);
	c->blocks = calloc(CARD_NR_BARS, sizeof(*c->blocks));
	for (i = 0; c->blocks && i < CARD_NR_BARS; i++) {
		struct block *b = &c->blocks[c->nr_blocks];

		if (!h->len[i])
			continue;
		*b = (struct block){
			.card = c, .kind = KIND_HIDDEN, .model = &model_raw,
			.bar = i, .size = h->len[i], .priv = h,
		};
		snprintf(b->name, sizeof(b->name), "b%u-o0", i);
		b->regs = calloc(b->size / 8, sizeof(*b->regs));
		if (!b->regs)
			return -1;
		c->nr_blocks++;
		model_raw.init(b, NULL);
	}
	return c->blocks ? 0 : -1;
}

/**
 * hostile_become() - be the card of @seed from now on, as if reconfigured
 * @c: with the BARs and vectors of its profile; no driver is bound
 * @seed: decides everything
 * @name: of a case; NULL: @seed decides that as well
 *
 * Return: 0, -1 if there is no such case or no memory.
 */
int hostile_become(struct card *c, u64 seed, const char *name)
{
	struct hostile *h;

	if (c->bars[0].size < SMALLEST_BAR || !c->id.vsec.present)
		return -1;
	h = prepare(c, seed);
	if (!h)
		return -1;
	make_valid(h);
	if (hostile_make_wrong(h, seed, name) || put_blocks(c, h)) {
		forget(h);
		return -1;
	}
	forget(c->hostile);
	c->hostile = h;
	c->id.vsec = h->vsec;
	c->id.vsec.present = true;
	config_set_vsec(c, h->vsec_id, h->vsec_len);
	card_own(c, false);
	c->flush = (struct range){ 0 };
	c->stray = 0;
	c->vanish_at = 0;
	card_return(c);
	c->irq_storm = h->storm;
	c->master_stuck = h->master_stuck;
	c->vanish_at = h->vanish_after ? c->accesses + h->vanish_after : 0;
	c->master_at = h->master_after ? c->accesses + h->master_after : 0;
	if (h->master_stuck)
		config_set_master(c);
	irq_update(c);
	return 0;
}
