// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory to pass to the kernel. Each worker has an arena that is mapped twice,
 * once read-only. An inaccessible page follows each mapping.
 */
#include "fuzz.h"

static u8 *map_arena(int fd, int prot)
{
	u8 *map = mmap(NULL, ARENA + PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED ||
	    mmap(map, ARENA, prot, MAP_SHARED | MAP_FIXED, fd, 0) != map)
		die_errno("mapping memory");
	return map;
}

void arena_init(struct worker *w)
{
	int fd = memfd_create("arena", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, ARENA))
		die_errno("making memory");
	w->rw = map_arena(fd, PROT_READ | PROT_WRITE);
	w->ro = map_arena(fd, PROT_READ);
	w->hole = w->rw + ARENA;
	close(fd);
}

static struct place in_arena(struct worker *w, size_t start, bool writable)
{
	size_t left = ARENA - start;

	return (struct place){
		.addr = (writable ? w->rw : w->ro) + start,
		.bytes = w->rw + start,
		.readable = left,
		.writable = writable ? left : 0,
	};
}

/** good_place() - @len bytes, often the last ones before the hole */
struct place good_place(struct worker *w, size_t len)
{
	size_t room = len < ARENA ? ARENA - len : 0;
	size_t start = chance(w, 2) ? room : below(w, room + 1) & ~7UL;

	return in_arena(w, start, true);
}

static struct place nowhere(struct worker *w)
{
	struct place p = {};

	switch (below(w, 4)) {
	case 0:
		p.addr = NULL;
		break;
	case 1:
		p.addr = w->hole + below(w, PAGE);
		break;
	case 2:
		p.addr = (void *)(0xffff888000000000UL + below(w, 1UL << 30));
		p.odd = true;
		break;
	default:
		p.addr = (void *)(rng(w) | 1UL << 63);
		p.odd = true;
		break;
	}
	return p;
}

/** any_place() - mostly good for @len bytes */
struct place any_place(struct worker *w, size_t len)
{
	switch (below(w, 16)) {
	case 0:
		return nowhere(w);
	case 1:
		return in_arena(w, len < ARENA ? ARENA - len : 0, false);
	case 2:		/* too short */
		return in_arena(w, ARENA - below(w, len < PAGE ? len + 1 : PAGE),
				true);
	default:
		return good_place(w, len);
	}
}
