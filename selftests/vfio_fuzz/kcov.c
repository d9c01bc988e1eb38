// SPDX-License-Identifier: GPL-2.0-only
/* Basic blocks of the module that are reached. */
#include <fcntl.h>
#include <linux/kcov.h>

#include "fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define MAX_PCS		0x10000UL	/* of one chain */
#define MAX_BLOCKS	0x10000

/* A set of blocks: the lower half of each address, within the module. */
static u32 *all_blocks;

/* The set is shared: other workers add to it at the same time. */
static bool blocks_add(u32 *set, u32 block)
{
	u32 at = block * 0x9e3779b1u >> 16, n, there;

	for (n = 0; n < MAX_BLOCKS; n++) {
		there = 0;
		if (__atomic_compare_exchange_n(&set[at], &there, block, false,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
		if (there == block)
			return false;
		at = (at + 1) % MAX_BLOCKS;
	}
	return false;
}

/* Number of basic blocks reached by all workers of all targets */
u64 kcov_blocks(void)
{
	u64 nr = 0;
	u32 i;

	for (i = 0; all_blocks && i < MAX_BLOCKS; i++)
		nr += all_blocks[i] != 0;
	return nr;
}

static void *shared(size_t len, int fd)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (map == MAP_FAILED)
		die_errno("mapping memory");
	return map;
}

/*
 * Called before targets are opened; print if the kernel has no
 * KCOV
 */
void kcov_init(void)
{
	if (access(KCOV, R_OK | W_OK))
		printf("no %s: nobody sees what is reached\n", KCOV);
	else
		all_blocks = shared(MAX_BLOCKS * sizeof(u32), -1);
}

/* Start tracing of the calling worker. */
void kcov_start(struct worker *w)
{
	int fd;

	if (!all_blocks)
		return;
	fd = open(KCOV, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, MAX_PCS))
		die_errno("opening %s", KCOV);
	w->pcs = shared(MAX_PCS * sizeof(u64), fd);
	w->seen = calloc(MAX_BLOCKS, sizeof(u32));
	if (!w->seen || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		die_errno("starting KCOV");
}

/* Return true if the worker reached new code since the last call. */
bool kcov_new(struct worker *w)
{
	bool is_new = false;
	u64 i, nr;

	if (!w->pcs)
		return false;
	nr = __atomic_load_n(&w->pcs[0], __ATOMIC_RELAXED);
	for (i = 1; i <= nr; i++) {
		if (!blocks_add(w->seen, w->pcs[i]))
			continue;
		blocks_add(all_blocks, w->pcs[i]);
		is_new = true;
	}
	__atomic_store_n(&w->pcs[0], 0, __ATOMIC_RELAXED);
	return is_new;
}
