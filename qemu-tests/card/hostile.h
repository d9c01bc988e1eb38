/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hostile cards, made from a seed: a valid list that is random in what it
 * holds, and then one thing, or many, that no honest card would do.
 *
 * hostile.c makes the valid list and puts the result in place of the blocks of
 * the profile; hostile_cases.c knows what can be wrong; blocks/raw.c is how the
 * result behaves.
 */
#ifndef _VDFL_CARD_HOSTILE_H
#define _VDFL_CARD_HOSTILE_H

#include "card.h"

#define HOSTILE_MAX_PLACES	32
#define HOSTILE_MAX_WRITTEN	16
#define ALL_ONES		CARD_ONES
#define NOT_LISTED		""

/** enum place_kind - bits, so that some of several kinds can be asked for */
enum place_kind {
	PLACE_FME = 1,
	PLACE_PORT = 2,
	PLACE_PRIVATE = 4,	/* version 0 below an FME */
	PLACE_UART = 8,		/* version 1, its encoding is known */
	PLACE_VENDOR = 16,	/* version 1, its encoding is not */
	PLACE_UINT = 32,
	PLACE_AFU = 64,
};

/** struct place - where the valid list has something */
struct place {
	enum place_kind kind;
	u8 bar;
	u64 off;
	u64 next;		/* distance to the next header */
};

/** enum ack - how ports answer a reset */
enum ack {
	ACK_GOOD,
	ACK_NEVER,		/* whatever is asked for */
	ACK_ALWAYS,		/* even of what nobody asked for */
	ACK_NO_END,		/* the reset begins and does not end */
	ACK_RANDOM,
	ACK_ONES,		/* the register reads ones */
};

/**
 * struct hostile - a card to be
 * @name: of the case
 * @expect: what the driver has to do: "bound", "refused" or "any"
 * @withheld: where a block is that nobody may get, unless @why is NULL
 * @why: what sysfs has to say of it; NOT_LISTED: it is not even there
 * @random: state of the generator
 * @unit: distance between headers that fits the BARs
 * @len: bytes of each BAR
 * @word: contents of each BAR
 * @place: what is where, before anything was made wrong
 * @nr_places: entries in @place
 * @vsec: lists that are announced
 * @vsec_id: its id; another than that of feature lists: none
 * @vsec_len: its length, as announced
 * @nr_vectors: of the function
 * @msix: where its table is
 * @ack: how ports answer
 * @change: words change between one read and the next
 * @stall_us: how long a read takes
 * @stall_every: only each so many reads
 * @vanish_after: accesses, 0: never
 * @master_after: accesses until bus master turns on by itself, 0: never
 * @master_stuck: bus master cannot be turned off
 * @storm: interrupts that nobody asked for
 * @nr_reads: registers read, for @stall_every
 * @seen: how often each word was read
 * @reread: words other than those of a reset that were read more than once
 * @written: different words that were written
 * @nr_written: entries in @written; counts on
 */
struct hostile {
	const char *name;
	const char *expect;
	struct range withheld;
	const char *why;
	u64 random;
	u64 unit;
	u64 len[CARD_NR_BARS];
	u64 *word[CARD_NR_BARS];
	struct place place[HOSTILE_MAX_PLACES];
	u32 nr_places;
	struct vsec vsec;
	u16 vsec_id;
	u32 vsec_len;
	u32 nr_vectors;
	struct range msix;
	enum ack ack;
	bool change;
	u32 stall_us;
	u32 stall_every;
	u64 vanish_after;
	u64 master_after;
	bool master_stuck;
	bool storm;

	u64 nr_reads;
	u8 *seen[CARD_NR_BARS];
	u64 reread;
	struct range written[HOSTILE_MAX_WRITTEN];
	u32 nr_written;
};

/* hostile.c */
int hostile_become(struct card *c, u64 seed, const char *name);
u64 hostile_random(struct hostile *h);
u64 hostile_pick(struct hostile *h, u64 nr);
u64 *hostile_word(struct hostile *h, u8 bar, u64 off);
const struct place *hostile_some(struct hostile *h, u32 kinds);
void hostile_add_vsec(struct hostile *h, u8 bar, u64 off);

/* hostile_cases.c */
int hostile_make_wrong(struct hostile *h, u64 seed, const char *name);
json_t *hostile_case_names(void);

#endif /* _VDFL_CARD_HOSTILE_H */
