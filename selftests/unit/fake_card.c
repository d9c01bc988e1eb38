// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of cards, typed in by hand: building them from dfl/regs.h would hide
 * a mistake in there.
 */
#include <stdlib.h>

#include "fake_card.h"

static struct fake_word *find(struct fake_card *card, u8 bar, u64 off)
{
	unsigned int i;

	for (i = 0; i < card->nr_words; i++)
		if (card->word[i].bar == bar && card->word[i].off == off)
			return &card->word[i];
	if (card->nr_words == FAKE_MAX_WORDS)
		abort();
	card->word[i] = (struct fake_word) { .bar = bar, .off = off };
	card->nr_words++;
	return &card->word[i];
}

static u64 fake_read64(void *ctx, u8 bar, u64 off)
{
	struct fake_card *card = ctx;
	struct fake_word *word;

	if (bar >= DFL_NR_BARS || off % 8 || off >= card->io.bar_len[bar] ||
	    card->io.bar_len[bar] - off < 8) {
		card->stray_reads++;
		return ~0ULL;
	}
	word = find(card, bar, off);
	card->reads++;
	if (++word->reads > card->most_reads)
		card->most_reads = word->reads;
	if (card->afu_in_reset && !card->nr_deasserts && bar == 2 &&
	    off >= 0x40000 && off < 0x80000)
		return ~0ULL;
	return word->value;
}

static int fake_deassert_port_reset(void *ctx, u8 bar, u64 off)
{
	struct fake_card *card = ctx;

	if (card->nr_deasserts == FAKE_MAX_DEASSERTS)
		abort();
	card->deasserted_bar[card->nr_deasserts] = bar;
	card->deasserted[card->nr_deasserts++] = off;
	return card->deassert_error;
}

void fake_init(struct fake_card *card)
{
	memset(card, 0, sizeof(*card));
	card->io.read64 = fake_read64;
	card->io.deassert_port_reset = fake_deassert_port_reset;
	card->io.ctx = card;
}

void fake_set(struct fake_card *card, u8 bar, u64 off, u64 value)
{
	find(card, bar, off)->value = value;
}

void fake_set_all(struct fake_card *card, u8 bar, const struct word *word,
		  unsigned int nr)
{
	for (; nr; nr--, word++)
		fake_set(card, bar, word->off, word->value);
}

void fake_forget_reads(struct fake_card *card)
{
	unsigned int i;

	for (i = 0; i < card->nr_words; i++)
		card->word[i].reads = 0;
	card->reads = 0;
	card->most_reads = 0;
}

unsigned int fake_reads(const struct fake_card *card, u8 bar, u64 off, u64 len)
{
	unsigned int i, reads = 0;

	for (i = 0; i < card->nr_words; i++)
		if (card->word[i].bar == bar && card->word[i].off >= off &&
		    card->word[i].off - off < len)
			reads += card->word[i].reads;
	return reads;
}

static const struct word n6001[] = {
	{ 0x00000, 0x4000000010000000 },	/* FME */
	{ 0x00008, 0x82fe38f0f9e17764 },
	{ 0x00010, 0xbfaf2ae94a5246e3 },
	{ 0x00030, 0x0000000014021000 },	/* one port, */
	{ 0x00038, 0x1000000700000000 },	/* without a list of its own */
	{ 0x01000, 0x3000000020000001 },
	{ 0x03000, 0x3000000010000007 },
	{ 0x04000, 0x30000000e0001004 },	/* hides 0x10000 */
	{ 0x12000, 0x3000000010000013 },
	{ 0x13000, 0x3000000010000013 },
	{ 0x14000, 0x3000000010002015 },
	{ 0x15000, 0x30000000b0001009 },
	{ 0x20000, 0x3000000200001012 },
	{ 0x40000, 0x3000000200000014 },
	{ 0x60000, 0x3010000100000024 },	/* UART */
	{ 0x60008, 0xe1df0d4ace8e486c },
	{ 0x60010, 0x9e6641a6ca26cc04 },
	{ 0x60018, 0x0000000000000400 },
	{ 0x60020, 0x0000001080000000 },
	{ 0x60028, 0x0000001000000001 },
	{ 0x60030, 0x0000000100000005 },
	{ 0x60038, 0x0000001000000002 },
	{ 0x60040, 0x00000000017d7840 },
	{ 0x60048, 0x0000001000000003 },
	{ 0x60050, 0x0000000000000040 },
	{ 0x60058, 0x0000001100000004 },
	{ 0x60060, 0x0000000400000002 },
	{ 0x70000, 0x3000000010001005 },
	{ 0x71000, 0x4000000010002001 },	/* port */
	{ 0x71008, 0x9642b06c6b355b87 },
	{ 0x71010, 0x3ab49893138d42eb },
	{ 0x71018, 0x0000000000000000 },
	{ 0x71030, 0x0000000400010000 },
	{ 0x72000, 0x3000000010001014 },
	{ 0x73000, 0x30000000d0002013 },
	{ 0x80000, 0x3000010000002010 },
};

void fake_n6001(struct fake_card *card)
{
	fake_init(card);
	card->io.bar_len[0] = 0x100000;
	card->io.bar_len[4] = 0x4000;
	card->io.nr_vectors = 7;
	fake_set_all(card, 0, n6001, ARRAY_SIZE(n6001));
}

void fake_n6001_hello(struct fake_card *card)
{
	fake_n6001(card);
	fake_set(card, 0, 0x15000, 0x3000000010001009);
	fake_set(card, 0, 0x16000, 0x30000000a0000100);
	/* a placeholder in place of the UART, an older port */
	fake_set(card, 0, 0x60000, 0x3000000100000024);
	fake_set(card, 0, 0x71000, 0x4000000010001001);
}

void fake_agilex5(struct fake_card *card)
{
	fake_n6001(card);
	fake_set(card, 0, 0x04000, 0x3000000110001004);	/* hides 0x10000 */
	fake_set(card, 0, 0x10000, 0x3000000000000020);
	fake_set(card, 0, 0x15000, 0x30000002b0001009);
	fake_set(card, 0, 0x40000, 0x3000000300000014);
}

static const struct word d5005[] = {
	{ 0x00000, 0x4000000010000000 },	/* FME */
	{ 0x00008, 0x82fe38f0f9e17764 },
	{ 0x00010, 0xbfaf2ae94a5246e3 },
	{ 0x00030, 0x0000000014021000 },
	{ 0x00038, 0x1000000700000000 },
	{ 0x01000, 0x3000000020000001 },
	{ 0x03000, 0x3000000010000007 },
	{ 0x04000, 0x30000000c0001004 },
	{ 0x10000, 0x300000010000000e },
	{ 0x20000, 0x3000000100000020 },
	{ 0x30000, 0x300000010000100f },
	{ 0x40000, 0x3000000500000009 },	/* hides 0x80000 */
	{ 0x90000, 0x3000000010001005 },
	{ 0x91000, 0x4000000010002001 },	/* port */
	{ 0x91008, 0x9642b06c6b355b87 },
	{ 0x91010, 0x3ab49893138d42eb },
	{ 0x91018, 0x0000000000000000 },
	{ 0x91030, 0x0000000400010000 },
	{ 0x92000, 0x3000000010000014 },
	{ 0x93000, 0x30000000d0002013 },
	{ 0xa0000, 0x3000010000002010 },
};

void fake_d5005(struct fake_card *card)
{
	fake_init(card);
	card->io.bar_len[0] = 0x100000;
	card->io.bar_len[4] = 0x4000;
	card->io.nr_vectors = 7;
	fake_set_all(card, 0, d5005, ARRAY_SIZE(d5005));
}

void fake_d5005_hello(struct fake_card *card)
{
	fake_d5005(card);
	fake_set(card, 0, 0x40000, 0x3000000100000009);
	fake_set(card, 0, 0x50000, 0x3000000400000fff);	/* hides 0x80000 */
	fake_set(card, 0, 0x91000, 0x4000000010001001);
}

void fake_afu(struct fake_card *card, u64 bar_len, u64 guid_h, u64 guid_l)
{
	fake_init(card);
	card->io.bar_len[0] = bar_len;
	card->io.bar_len[4] = 0x4000;
	card->io.nr_vectors = 7;
	fake_set(card, 0, 0x00, 0x1000010000000000);
	fake_set(card, 0, 0x08, guid_l);
	fake_set(card, 0, 0x10, guid_h);
}

static const struct word small[] = {
	{ 0x0000, 0x4000000010000000 },
	{ 0x1000, 0x3000000010000010 },
	{ 0x2000, 0x3000000010000010 },
	{ 0x3000, 0x3000010010000015 },
};

void fake_small(struct fake_card *card)
{
	fake_init(card);
	card->io.bar_len[0] = 0x10000;
	fake_set_all(card, 0, small, ARRAY_SIZE(small));
}

static const struct word two_ports_fme[] = {
	{ 0x0000, 0x4000000010000000 },
	{ 0x0030, 0x0000000000040000 },		/* two ports */
	{ 0x0038, 0x1000000200000000 },		/* BAR 2, 0x00000 */
	{ 0x0040, 0x1000000200080000 },		/* BAR 2, 0x80000 */
	{ 0x1000, 0x3000010010000010 },
};

static const struct word two_ports[] = {
	{ 0x00000, 0x4000000010000001 },
	{ 0x00018, 0x0000000000040000 },	/* AFU at 0x40000 */
	{ 0x00030, 0x0000000400004000 },	/* port 0, 64 KiB */
	{ 0x01000, 0x3000000010000012 },
	{ 0x01008, 0x0000000000000004 },	/* vectors 0..3 */
	{ 0x02000, 0x3000010000000014 },
	{ 0x40000, 0x1000010000000000 },
	{ 0x40008, 0xf89e433683f9040b },
	{ 0x40010, 0xd8424dc4a4a3c413 },
	{ 0x80000, 0x4000000010000001 },
	{ 0x80018, 0x0000000000040000 },	/* AFU at 0xc0000 */
	{ 0x80030, 0x0000000400004001 },	/* port 1, 64 KiB */
	{ 0x81000, 0x3000000010000012 },
	{ 0x81008, 0x0000000000008004 },	/* vectors 8..11 */
	{ 0x82000, 0x3000010000000014 },
	{ 0xc0000, 0x1000010000000000 },
	{ 0xc0008, 0xf89e433683f9040b },
	{ 0xc0010, 0xd8424dc4a4a3c413 },
};

void fake_two_ports(struct fake_card *card)
{
	fake_init(card);
	card->io.bar_len[0] = 0x80000;
	card->io.bar_len[2] = 0x100000;
	card->io.nr_vectors = 16;
	fake_set_all(card, 0, two_ports_fme, ARRAY_SIZE(two_ports_fme));
	fake_set_all(card, 2, two_ports, ARRAY_SIZE(two_ports));
}

static const struct word uart[] = {
	{ 0x0000, 0x4000000010000000 },
	{ 0x1000, 0x3010000010000024 },
	{ 0x1008, 0xe1df0d4ace8e486c },
	{ 0x1010, 0x9e6641a6ca26cc04 },
	{ 0x1018, 0x0000000000000400 },		/* registers at 0x200 */
	{ 0x1020, 0x0000001080000000 },		/* 16 bytes; parameters */
	{ 0x1028, 0x0000001000000001 },		/* vector 5, one */
	{ 0x1030, 0x0000000100000005 },
	{ 0x1038, 0x0000001000000002 },		/* clock */
	{ 0x1040, 0x00000000017d7840 },
	{ 0x1048, 0x0000001000000003 },		/* FIFO of 64 */
	{ 0x1050, 0x0000000000000040 },
	{ 0x1058, 0x0000001100000004 },		/* 4 bytes, shift 2; last */
	{ 0x1060, 0x0000000400000002 },
	{ 0x2000, 0x3000010010000010 },
};

void fake_uart(struct fake_card *card)
{
	fake_init(card);
	card->io.bar_len[0] = 0x10000;
	card->io.nr_vectors = 7;
	fake_set_all(card, 0, uart, ARRAY_SIZE(uart));
}
