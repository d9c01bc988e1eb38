/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A card made of a few words; all others read as zero. It counts how often
 * each word is read and refuses to answer outside of its BARs.
 */
#ifndef _FAKE_CARD_H
#define _FAKE_CARD_H

#include "dfl/walk.h"

#define FAKE_MAX_WORDS		16384
#define FAKE_MAX_DEASSERTS	8

struct fake_word {
	u8 bar;
	u64 off;
	u64 value;
	unsigned int reads;
};

struct fake_card {
	struct dfl_io io;
	unsigned int nr_words;
	unsigned int reads;
	unsigned int most_reads;	/* of the same word */
	unsigned int stray_reads;	/* unaligned or outside */
	struct fake_word word[FAKE_MAX_WORDS];
	/* AFU words read as ones until the reset of their port is deasserted */
	bool afu_in_reset;
	int deassert_error;
	unsigned int nr_deasserts;
	u64 deasserted[FAKE_MAX_DEASSERTS];
	u8 deasserted_bar[FAKE_MAX_DEASSERTS];
};

struct word {
	u64 off;
	u64 value;
};

void fake_init(struct fake_card *card);
void fake_set(struct fake_card *card, u8 bar, u64 off, u64 value);
void fake_set_all(struct fake_card *card, u8 bar, const struct word *word,
		  unsigned int nr);
void fake_forget_reads(struct fake_card *card);
unsigned int fake_reads(const struct fake_card *card, u8 bar, u64 off,
			u64 len);

/* Cards of the reference, typed in word by word */
void fake_n6001(struct fake_card *card);
void fake_n6001_hello(struct fake_card *card);
void fake_d5005(struct fake_card *card);
void fake_d5005_hello(struct fake_card *card);
void fake_agilex5(struct fake_card *card);
/* A function of N6001 or N6000 with one AFU, which has the whole BAR 0 */
void fake_afu(struct fake_card *card, u64 bar_len, u64 guid_h, u64 guid_l);
/* FME, two Ethernet groups and an HSSI, 4 KiB each, in BAR 0 of 64 KiB */
void fake_small(struct fake_card *card);
/* FME in BAR 0, two ports with an AFU of 64 KiB each in BAR 2 of 1 MiB */
void fake_two_ports(struct fake_card *card);
/* FME, a version 1 UART at 0x1000 and an Ethernet group at 0x2000 */
void fake_uart(struct fake_card *card);

#endif /* _FAKE_CARD_H */
