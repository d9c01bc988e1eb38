/* SPDX-License-Identifier: GPL-2.0-only */
/* The BARs of a card, and what lies in them */
#ifndef _VDFLCTL_MAP_H
#define _VDFLCTL_MAP_H

#include "vdflctl.h"

#define MAP_BARS	6
#define MAP_CELL	4096	/* bytes that a character stands for */
#define MAP_COLUMNS	64	/* characters per row */

enum part_kind {
	PART_BLOCK,	/* assignable */
	PART_WITHHELD,	/* the header of a feature that is never assigned */
	PART_MSIX,	/* MSI-X table or pending bits; known to root only */
};

/**
 * struct part - one part of a BAR
 * @kind: what it is
 * @letter: character in the pictures
 * @bar: number of the BAR
 * @start: first byte
 * @end: byte after the last one
 * @map_end: byte after the last one that can be mapped, or @start
 * @block: block or withheld feature, or NULL
 * @instance: instance that has the block, or NULL
 * @what: description
 */
struct part {
	enum part_kind kind;
	char letter;
	__u64 bar;
	__u64 start;
	__u64 end;
	__u64 map_end;
	const struct block *block;
	const struct instance *instance;
	char what[TEXT_LEN];
};

/**
 * struct map - the BARs of a card
 * @card: the card, which is loaded as long as the map
 * @bar_size: bytes of each BAR, 0 for none
 * @nr_parts: number of @part
 * @part: parts by BAR and offset
 */
struct map {
	const struct card *card;
	__u64 bar_size[MAP_BARS];
	size_t nr_parts;
	struct part *part;
};

void map_load(struct map *map, const struct card *card);
void map_free(struct map *map);

/* Set @text to the state of a part: "free", "used by", "withheld" */
void part_state(const struct part *part, char *text, size_t size);
/* Return the character for the page at @start */
char map_cell(const struct map *map, __u64 bar, __u64 start);
/*
 * Find the row after the one at *@row, and whether rows in between are omitted,
 * since they are like that one. Return false after the last row of the BAR.
 */
bool map_next_row(const struct map *map, __u64 bar, __u64 *row, bool *omitted);

/* picture.c: documents for other programs */
void map_svg(const struct map *map);
void map_dot(const struct map *map);

#endif /* _VDFLCTL_MAP_H */
