// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the contents of a card: walk its lists, carve it up, and check
 * what must hold for every card there can be.
 *
 * Input: struct head, then the words of BAR 0, then those of BAR 2. Dense, the
 * words fill the BAR; sparse, 32 of them make the start of each 4 KiB, so that
 * lists with the spacing of real cards stay small.
 */
#include "dfl/carve.h"
#include "fuzz.h"

#define FLAG_VSEC		BIT(0)
#define FLAG_SPARSE		BIT(1)
#define FLAG_OPT_IN		BIT(2)
#define FLAG_PAGE_SHIFT		0x38	/* page size is 64 << this */
#define FLAG_PORTS_STUCK	BIT(6)
#define FLAG_BAR_UNALIGNED	BIT(7)

#define SPARSE_WORDS		32
#define MAX_READS		(DFL_MAX_HEADERS * 40)

struct head {
	u8 flags;
	u8 nr_vectors;
	u8 vsec_dwords;
	u8 nr_reserved;
	u16 len[2];		/* of BAR 0 and 2, in bytes; sparse: 256 bytes */
	u16 words0;		/* number of words in BAR 0 */
	u16 reserved[3];		/* offset, length, BAR */
	u32 vsec[8];
};

struct card {
	struct head head;
	const u8 *data;
	size_t words;
	struct dfl_io io;
	unsigned int nr_reads;
	u64 read[MAX_READS];	/* offset; the BAR is in the low bits */
};

static struct card card;
static struct dfl_map map;
static struct dfl_carve_args args;
static struct dfl_window win[DFL_MAX_HEADERS];
static struct dfl_window own[DFL_MAX_HEADERS];

#define OWNED "uart,tod,qsfp,stp,userclk,fme-7a,port-22"
#define VENDOR "vendor-12345678@plain,vendor-87654321@shifted"
#define READ_ONLY "thermal-ro,power-ro,iperf-ro,dperf-ro,fme-error-ro,emif-ro"

static const char opt_in[] = OWNED "," VENDOR "," READ_ONLY ",hssi-ro,tod-ro";

static u64 stored_word(u8 bar, u64 off)
{
	u64 index = off / 8;
	u64 word;

	if (card.head.flags & FLAG_SPARSE) {
		if (off % 0x1000 >= SPARSE_WORDS * 8)
			return 0;
		index = off / 0x1000 * SPARSE_WORDS + off % 0x1000 / 8;
	}
	if (bar == 2)
		index += card.head.words0;
	else if (index >= card.head.words0)
		return 0;
	if (index >= card.words)
		return 0;
	memcpy(&word, card.data + index * 8, sizeof(word));
	return word;
}

static u64 read64(void *ctx, u8 bar, u64 off)
{
	HOLDS(ctx == &card);
	HOLDS(bar < DFL_NR_BARS);
	HOLDS(off % 8 == 0);
	HOLDS(off < card.io.bar_len[bar]);
	HOLDS(card.io.bar_len[bar] - off >= 8);
	HOLDS(card.nr_reads < MAX_READS);
	card.read[card.nr_reads++] = off | bar;
	return stored_word(bar, off);
}

static int deassert_port_reset(void *ctx, u8 bar, u64 off)
{
	u32 i;

	HOLDS(ctx == &card);
	for (i = 0; i < map.nr_headers; i++)
		if (map.header[i].kind == DFL_KIND_PORT &&
		    map.header[i].bar == bar && map.header[i].off == off)
			return card.head.flags & FLAG_PORTS_STUCK ?
			       -ETIMEDOUT : 0;
	HOLDS(!"a port that was found");
	return 0;
}

static int by_value(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

static void each_word_once(void)
{
	unsigned int i;

	qsort(card.read, card.nr_reads, sizeof(card.read[0]), by_value);
	for (i = 1; i < card.nr_reads; i++)
		HOLDS(card.read[i] != card.read[i - 1]);
}

static unsigned int budget(const struct dfl_header *h)
{
	switch (h->kind) {
	case DFL_KIND_OPAQUE:
		return 2;
	case DFL_KIND_FME:
		return 4 + DFL_MAX_PORTS;
	case DFL_KIND_PORT:
		return 5;
	default:
		break;
	}
	if (h->version == 1)
		return FIELD_GET(DFL_CSR_HAS_PARAMS, h->csr_size) ?
		       5 + DFL_MAX_PARAM_WORDS : 5;
	if (h->kind == DFL_KIND_AFU)
		return 3;
	return h->id == DFL_PORT_UINT ? 2 : 1;
}

static void within_budget(void)
{
	/* the word that ends a list, or a header that is not an AFU */
	unsigned int most = DFL_MAX_LISTS + DFL_MAX_PORTS;
	u32 i;

	for (i = 0; i < map.nr_headers; i++)
		most += budget(&map.header[i]);
	HOLDS(card.nr_reads <= most);
}

static void check_header(u32 index)
{
	const struct dfl_header *h = &map.header[index];
	u64 len = card.io.bar_len[h->bar];
	u32 i;

	HOLDS(h->off < len);
	HOLDS(h->limit && h->limit <= len - h->off);
	HOLDS((unsigned int)h->reason < DFL_REASON_NR);
	HOLDS(h->kind != DFL_KIND_OPAQUE || h->reason);
	HOLDS(h->version < 2 || h->reason);
	HOLDS(h->nr_params <= DFL_MAX_PARAM_WORDS);
	if (h->parent != DFL_NO_PARENT) {
		HOLDS(h->parent >= 0 && (u32)h->parent < map.nr_headers);
		HOLDS(h->reason || map.header[h->parent].kind == DFL_KIND_FME ||
		      map.header[h->parent].kind == DFL_KIND_PORT);
	}
	if (!h->nr_vectors)
		return;
	HOLDS(h->nr_vectors <= DFL_MAX_VECTORS);
	HOLDS(h->first_vector + h->nr_vectors <= (int)card.io.nr_vectors);
	for (i = 0; i < index; i++) {
		const struct dfl_header *o = &map.header[i];

		HOLDS(!o->nr_vectors ||
		      h->first_vector >= o->first_vector + o->nr_vectors ||
		      o->first_vector >= h->first_vector + h->nr_vectors);
	}
}

static void check_type(const struct dfl_window *w)
{
	size_t len = strlen(w->type);

	HOLDS(len && len < DFL_TYPE_NAME_LEN);
	HOLDS(strspn(w->type, "abcdefghijklmnopqrstuvwxyz0123456789-") == len);
}

static void check_map(const struct dfl_header *h, const struct dfl_window *w)
{
	u64 in_page = args.page_size - 1;

	HOLDS(w->map_size <= w->size);
	HOLDS(!(w->map_size & in_page));
	if (!w->map_size)
		return;
	HOLDS(!((args.bar_start[h->bar] + h->off) & in_page));
	HOLDS(!(w->rule->flags & DFL_RULE_TRAP));
}

static void check_alone(u32 index)
{
	const struct dfl_header *h = &map.header[index];
	u64 end = h->off + win[index].size;
	unsigned int i;

	for (i = 0; i < map.nr_headers; i++) {
		const struct dfl_header *o = &map.header[i];

		if (i == index || o->bar != h->bar)
			continue;
		HOLDS(o->off < h->off || o->off >= end);
		HOLDS(o->off + win[i].size <= h->off || o->off >= end);
	}
	for (i = 0; i < args.nr_reserved; i++) {
		const struct dfl_range *range = &args.reserved[i];

		HOLDS(range->bar != h->bar || !range->len ||
		      range->off >= end || range->off + range->len <= h->off);
	}
}

static void check_class(const struct dfl_header *h, const struct dfl_window *w)
{
	if (args.view == DFL_VIEW_READ) {
		HOLDS(args.opt_in && !h->version);
		HOLDS(w->size <= w->rule->read_size);
		return;
	}
	HOLDS(w->rule->class == DFL_CLASS_YES ||
	      (w->rule->class == DFL_CLASS_OPT_IN && args.opt_in));
}

static void check_window(u32 index)
{
	const struct dfl_header *h = &map.header[index];
	const struct dfl_window *w = &win[index];

	HOLDS(w->rule);
	HOLDS(!(w->flags & DFL_RULE_READ_ONLY) == (args.view == DFL_VIEW_OWN));
	check_type(w);
	if (w->reason) {
		HOLDS(!w->size && !w->map_size && !w->csr);
		HOLDS(!h->reason || w->reason == h->reason);
		return;
	}
	HOLDS(!h->reason);
	HOLDS(h->kind == DFL_KIND_AFU || h->kind == DFL_KIND_PRIVATE);
	check_class(h, w);
	HOLDS(w->size >= 8 && w->size % 8 == 0);
	HOLDS(w->size <= h->limit && w->size <= w->rule->max_size);
	HOLDS(w->size <= args.bar_len[h->bar] - h->off);
	if (h->kind == DFL_KIND_PRIVATE && h->version == 1) {
		HOLDS(w->csr >= DFL_PARAM && w->csr < w->size);
		HOLDS(FIELD_GET(DFL_CSR_SIZE, h->csr_size) <=
		      w->size - w->csr);
	}
	check_map(h, w);
	check_alone(index);
}

static u64 scaled(u64 value)
{
	return card.head.flags & FLAG_SPARSE ? value * 0x100 : value;
}

static void set_up(const u8 *data, size_t size)
{
	const struct head *head = &card.head;

	card.nr_reads = 0;
	memcpy(&card.head, data, sizeof(card.head));
	card.data = data + sizeof(card.head);
	card.words = (size - sizeof(card.head)) / 8;
	card.io = (struct dfl_io) {
		.read64 = read64,
		.deassert_port_reset = deassert_port_reset,
		.ctx = &card,
		.bar_len = { [0] = scaled(head->len[0]),
			     [2] = scaled(head->len[1]) },
		.nr_vectors = head->nr_vectors,
	};
	memset(&args, 0, sizeof(args));
	args.page_size = 64ULL << FIELD_GET(FLAG_PAGE_SHIFT, head->flags);
	args.bar_start[0] = 0x80000000;
	args.bar_start[2] = 0x4000000000;
	if (head->flags & FLAG_BAR_UNALIGNED)
		args.bar_start[2] += 0x10;
	memcpy(args.bar_len, card.io.bar_len, sizeof(args.bar_len));
	if (head->flags & FLAG_OPT_IN)
		args.opt_in = opt_in;
	args.nr_reserved = head->nr_reserved & 1;
	args.reserved[0].off = head->reserved[0];
	args.reserved[0].len = head->reserved[1];
	args.reserved[0].bar = head->reserved[2] & 2;
}

static void check_view(enum dfl_view view)
{
	unsigned int assignable, counted = 0;
	u32 i;

	args.view = view;
	assignable = dfl_carve(&map, &args, win);
	for (i = 0; i < map.nr_headers; i++) {
		check_window(i);
		counted += !win[i].reason;
	}
	HOLDS(assignable == counted);
}

/* A reader has no byte of the window of another owner. */
static void check_views_apart(void)
{
	u32 i, j;

	for (i = 0; i < map.nr_headers; i++) {
		const struct dfl_header *h = &map.header[i];

		for (j = 0; j < map.nr_headers; j++) {
			const struct dfl_header *o = &map.header[j];

			HOLDS(i == j || h->bar != o->bar || !win[i].size ||
			      !own[j].size || h->off >= o->off + own[j].size ||
			      o->off >= h->off + win[i].size);
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int dwords;
	int err;
	u32 i;

	if (size < sizeof(struct head))
		return 0;
	set_up(data, size);
	dwords = min_t(unsigned int, card.head.vsec_dwords,
		       ARRAY_SIZE(card.head.vsec));
	err = dfl_walk(&card.io,
		       card.head.flags & FLAG_VSEC ? card.head.vsec : NULL,
		       dwords, &map);
	HOLDS(!err || err == -ENODEV || err == -EINVAL || err == -EIO);
	HOLDS(map.nr_headers <= DFL_MAX_HEADERS);
	each_word_once();
	if (err == -EIO || err == -ENODEV) {
		HOLDS(!map.nr_headers);
		return 0;
	}
	within_budget();
	for (i = 0; i < map.nr_headers; i++)
		check_header(i);
	check_view(DFL_VIEW_OWN);
	memcpy(own, win, sizeof(own));
	check_view(DFL_VIEW_READ);
	check_views_apart();
	return 0;
}
