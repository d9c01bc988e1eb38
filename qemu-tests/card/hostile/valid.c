// SPDX-License-Identifier: GPL-2.0-only
/* The valid list of a draft. */
#include "hostile/valid.h"
#include "lib/dfl.h"

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

/* @csr is the register address, as encoded in the header. */
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

/* Add a port with user interrupts and an AFU, in @space bytes. */
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

/* Add ports with lists in BAR 2, or one port in the list of BAR 0. */
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

void hostile_make_valid(struct hostile *h)
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
	/* A port in the list of the FME comes last. */
	add_private(h, last, h->len[2] ? 0 : end - last);
	add_ports(h, fme, end);
}
