// SPDX-License-Identifier: GPL-2.0-only
/* Drafts of hostile cards: memory, random numbers, words, headers. */
#include <stdlib.h>

#include "hostile/draft.h"
#include "lib/dfl.h"

#define SMALL_BAR		0x10000
#define OTHER_VSEC		0x44

void hostile_free(struct hostile *h)
{
	u32 i;

	if (!h)
		return;
	for (i = 0; i < NR_BARS; i++) {
		free(h->word[i]);
		free(h->seen[i]);
	}
	free(h);
}

static int alloc_words(struct hostile *h)
{
	u32 i;

	for (i = 0; i < NR_BARS; i++) {
		if (!h->len[i])
			continue;
		h->word[i] = calloc(h->len[i] / 8, sizeof(u64));
		h->seen[i] = calloc(h->len[i] / 8, 1);
		if (!h->word[i] || !h->seen[i])
			return -1;
	}
	return 0;
}

/* Return an empty draft for the BARs and vectors of the card, or NULL. */
struct hostile *hostile_new(const struct bar *bars, const struct identity *id,
			    u64 seed)
{
	struct hostile *h = calloc(1, sizeof(*h));
	u32 i;

	if (!h)
		return NULL;
	h->random = seed;
	h->vsec_id = OTHER_VSEC;
	h->vsec_len = DFL_VSEC_ENTRY;
	h->nr_vectors = id->nr_vectors;
	h->msix = id->table;
	h->unit = bars[0].size >= SMALL_BAR ? 0x1000 : 0x100;
	for (i = 0; i < NR_BARS; i++)
		h->len[i] = bars[i].size;
	if (alloc_words(h)) {
		hostile_free(h);
		return NULL;
	}
	return h;
}

/* splitmix64: the same sequence on every machine */
u64 hostile_random(struct hostile *h)
{
	u64 z = h->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Return a random number below @nr. */
u64 hostile_pick(struct hostile *h, u64 nr)
{
	return hostile_random(h) % nr;
}

/* Return the word at @off, or an unused word if @off is not in the BAR. */
u64 *hostile_word(struct hostile *h, u8 bar, u64 off)
{
	static u64 nowhere;

	if (bar >= NR_BARS || off >= h->len[bar] || off % 8)
		return &nowhere;
	return &h->word[bar][off / 8];
}

/* Return a random header of one of @kinds, or NULL. */
const struct place *hostile_some(struct hostile *h, u32 kinds)
{
	const struct place *found = NULL;
	u32 i, nr = 0;

	for (i = 0; i < h->nr_places; i++)
		if (h->place[i].kind & kinds && !hostile_pick(h, ++nr))
			found = &h->place[i];
	return found;
}

/* Announce one more list. */
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
