/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The draft of a hostile card, made from a seed: a valid list of random
 * contents (valid.c) in which one or more things are made wrong (cases.c). The
 * card becomes it (become.c) and then behaves as the draft states (raw.c).
 */
#ifndef _VDFL_CARD_HOSTILE_DRAFT_H
#define _VDFL_CARD_HOSTILE_DRAFT_H

#include "pci/bar.h"
#include "pci/config.h"

#define HOSTILE_MAX_PLACES	32
#define HOSTILE_MAX_WRITTEN	16

/** enum place_kind - bits, so that several kinds can be selected */
enum place_kind {
	PLACE_FME = 1,
	PLACE_PORT = 2,
	PLACE_PRIVATE = 4,	/* version 0 below an FME */
	PLACE_UART = 8,		/* version 1, its encoding is known */
	PLACE_VENDOR = 16,	/* version 1, its encoding is not */
	PLACE_UINT = 32,
	PLACE_AFU = 64,
};

/** struct place - place of a header in the valid list */
struct place {
	enum place_kind kind;
	u8 bar;
	u64 off;
	u64 next;		/* distance to the next header */
};

/** enum ack - how ports answer a reset */
enum ack {
	ACK_GOOD,
	ACK_NEVER,		/* for no request */
	ACK_ALWAYS,		/* even without a request */
	ACK_NO_END,		/* the reset begins and does not end */
	ACK_RANDOM,
	ACK_ONES,		/* the register reads ones */
};

/**
 * struct hostile - draft of a card
 * @name: name of the case
 * @expect: what the driver has to do: "bound", "refused" or "any"
 * @withheld: place of a block that the driver has to withhold, unless @why is
 *	NULL
 * @why: reason in sysfs; NOT_LISTED (cases.h): sysfs does not list it
 * @random: state of the generator
 * @unit: distance between headers that fits the BARs
 * @len: bytes of each BAR
 * @word: contents of each BAR
 * @place: places of the valid list
 * @nr_places: entries in @place
 * @vsec: lists that are announced
 * @vsec_id: id of the capability, which may not be that of feature lists
 * @vsec_len: length of the capability, as announced
 * @nr_vectors: vectors of the function
 * @msix: MSI-X table
 * @ack: how ports answer
 * @change: words change between one read and the next
 * @stall_us: time that a slow read takes
 * @stall_every: one in so many reads is slow
 * @vanish_after: accesses, 0: never
 * @master_after: accesses until bus master turns on by itself, 0: never
 * @master_stuck: bus master cannot be turned off
 * @storm: all interrupts, without end and without a cause
 * @nr_reads: registers read, for @stall_every
 * @flush: where the driver may read to flush writes, see struct watch
 * @seen: how often each word was read
 * @reread: words read more than once, without those of port control
 * @written: different words that were written
 * @nr_written: number of such words, which may exceed the size of @written
 */
struct hostile {
	const char *name;
	const char *expect;
	struct range withheld;
	const char *why;
	u64 random;
	u64 unit;
	u64 len[NR_BARS];
	u64 *word[NR_BARS];
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
	struct range *flush;
	u8 *seen[NR_BARS];
	u64 reread;
	struct range written[HOSTILE_MAX_WRITTEN];
	u32 nr_written;
};

struct hostile *hostile_new(const struct bar *bars, const struct identity *id,
			    u64 seed);
void hostile_free(struct hostile *h);
u64 hostile_random(struct hostile *h);
u64 hostile_pick(struct hostile *h, u64 nr);
u64 *hostile_word(struct hostile *h, u8 bar, u64 off);
const struct place *hostile_some(struct hostile *h, u32 kinds);
void hostile_add_vsec(struct hostile *h, u8 bar, u64 off);

#endif /* _VDFL_CARD_HOSTILE_DRAFT_H */
