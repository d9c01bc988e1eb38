// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers, and numbers at typical limits. */
#include "fuzz.h"

/* splitmix64 */
u64 rng(struct worker *w)
{
	u64 z = w->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/** below() - 0 to @limit - 1 */
u64 below(struct worker *w, u64 limit)
{
	return rng(w) % limit;
}

bool chance(struct worker *w, unsigned int one_in)
{
	return !below(w, one_in);
}

u64 pick(struct worker *w, const u64 *of, size_t nr)
{
	return of[below(w, nr)];
}

/** around() - mostly below or at @limit, sometimes anything */
u64 around(struct worker *w, u64 limit)
{
	u64 inside = limit ? below(w, limit) : 0;

	switch (below(w, 12)) {
	case 0:
		return limit - 1 + below(w, 3);
	case 1:
		return PICK(w, 0, 1, 0x7fffffff, 0x80000000, 0xffffffff,
			    1ULL << 40, 1ULL << 63, ONES);
	case 2:
		return (1ULL << below(w, 64)) - 1 + below(w, 3);
	case 3:
		return rng(w);
	default:
		return inside;
	}
}
