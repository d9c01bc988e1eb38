/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Draft of a hostile card, made from a seed: a valid list with random contents
 * (valid.c), to which a case adds defects (cases.c). become.c replaces the
 * blocks of the card by the draft, and raw.c implements their behaviour.
 */
#ifndef _VDFL_CARD_HOSTILE_DRAFT_H
#define _VDFL_CARD_HOSTILE_DRAFT_H

#include "pci/bar.h"
#include "pci/config.h"

#define HOSTILE_MAX_PLACES	32
#define HOSTILE_MAX_WRITTEN	16

/** enum place_kind - kinds of headers; a mask selects several kinds */
enum place_kind {
	PLACE_FME = 1,
	PLACE_PORT = 2,
	PLACE_PRIVATE = 4,	/* version 0 below an FME */
	PLACE_UART = 8,		/* version 1, known address encoding */
	PLACE_VENDOR = 16,	/* version 1, unknown address encoding */
	PLACE_UINT = 32,
	PLACE_AFU = 64,
};

/** struct place - location of a header in the valid list */
struct place {
	enum place_kind kind;
	u8 bar;
	u64 off;
	u64 next;		/* distance to the next header */
};

/** enum ack - acknowledgment of resets by ports */
enum ack {
	ACK_GOOD,
	ACK_NEVER,		/* no request is acknowledged */
	ACK_ALWAYS,		/* even without a request */
	ACK_NO_END,		/* the end of the reset is not acknowledged */
	ACK_RANDOM,
	ACK_ONES,		/* the register reads as all-ones */
};

/**
 * struct hostile - draft of a card
 * @name: name of the case
 * @expect: expected result of a probe: "bound", "refused" or "any"
 * @withheld: location of a block that the driver has to withhold, unless @why
 *	is NULL
 * @why: reason in sysfs; NOT_LISTED (cases.h): sysfs does not list the block
 * @random: state of the generator
 * @unit: distance between headers that fits the BARs
 * @len: bytes of each BAR
 * @word: contents of each BAR
 * @place: headers of the valid list
 * @nr_places: entries in @place
 * @vsec: announced lists
 * @vsec_id: id of the capability; DFL_VSEC_ID if lists are announced
 * @vsec_len: length of the capability, as announced
 * @nr_vectors: vectors of the function
 * @msix: MSI-X table
 * @ack: acknowledgment of resets by ports
 * @change: repeated reads of a word return different values
 * @stall_us: duration of a slow read, in microseconds
 * @stall_every: every @stall_every-th read is slow
 * @vanish_after: accesses until the card vanishes, 0: never
 * @master_after: accesses until the card enables bus mastering, 0: never
 * @master_stuck: bus mastering cannot be disabled
 * @storm: all interrupts are signalled continuously, without a cause
 * @nr_reads: registers read, for @stall_every
 * @flush: register that the driver may read to flush writes, see struct watch
 * @seen: number of reads of each word, at most 2
 * @reread: words read more than once, except port control registers
 * @written: distinct words that were written
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
