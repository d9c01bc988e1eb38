/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile user of instances: random system calls on VFIO descriptors, and a
 * model of their results.
 *
 * The operations of a worker depend only on its seed, never on a result, so a
 * seed reproduces a run. Only a lone worker knows the state of the instance
 * (see struct state). With several workers every result is accepted that some
 * state would give.
 */
#ifndef _VFIO_FUZZ_H
#define _VFIO_FUZZ_H

#include <pthread.h>

#include "vdfl_test.h"

#define MAX_FDS		16
#define MAX_WORKERS	16
#define NR_EVENTS	6
#define NR_MAPS		4
#define NR_CHILDREN	2
#define MAX_VECTORS	64
#define CHAIN		32
#define MAX_KEPT	256

/* Value of registers of other blocks; no user writes such a word */
#define CANARY		0xbadc0de0u
/*
 * Top half of each word that a user writes: 0xeN5c, where N is the user's tag
 */
#define TAG		0xe0
#define TAG_MASK	0xf0
#define TAG_LOW		0x5c

struct options {
	u64 seed;
	u64 ops;
	unsigned int threads;
	unsigned int fds;
	bool disturbed;
	bool cdev;
	bool verbose;
	bool feedback;
	const char *kept;
};

/**
 * struct state - what the oracle knows of an instance
 * @memory: memory enable of the virtual command register
 * @msix: MSI-X was enabled
 * @err: the error index has one
 * @req: the device request index has one
 */
struct state {
	bool memory;
	bool msix;
	bool err;
	bool req;
};

/**
 * struct slot - one descriptor of the instance
 * @lock: held for writing while @fd changes
 * @pos: file position, known to a lone worker
 */
struct slot {
	pthread_rwlock_t lock;
	int fd;
	u64 pos;
};

#define INFO_ROOM	128

/**
 * struct target - one instance, and its properties read at open
 * @dev: container and group
 * @alone: one worker and no disturbance: @state is exact
 * @tag: top byte of all words written to it
 * @info: answer of VFIO_DEVICE_GET_INFO
 * @info_size: bytes of that the kernel knows
 * @region: answers of VFIO_DEVICE_GET_REGION_INFO with capabilities
 * @map: mappable area of each region
 * @desc: description of the block
 * @config: configuration space when it was opened
 * @view: second view below the block, emulated
 * @view_block: where the block starts in the second view
 */
struct target {
	const struct options *opt;
	struct instance inst;
	struct dev dev;
	bool alone;
	u8 tag;
	struct slot slot[MAX_FDS];
	unsigned int nr_slots;
	struct state state;
	struct vfio_device_info info;
	u32 info_size;
	union {
		struct vfio_region_info info;
		u8 bytes[INFO_ROOM];
	} region[NR_REGIONS];
	struct vfio_region_sparse_mmap_area map[NR_REGIONS];
	u32 vectors;
	struct vfio_dfl_mdev_block block;
	u8 *desc;
	u8 config[4096];
	u64 *view;
	u64 view_block;
};

enum count { COUNT_IOCTL, COUNT_ACCESS, COUNT_MAP, COUNT_TOUCH, COUNT_FD,
	     NR_COUNTS };

/**
 * struct map - a mapping of a worker, NULL if there is none
 * @block: offset in the block of its first byte
 */
struct map {
	u8 *addr;
	size_t len;
	int prot;
	u64 block;
};

/** struct chain - operations that were done one after the other */
struct chain {
	u64 nr;
	u64 seed[CHAIN];
};

/**
 * struct worker - one thread of one target
 * @pcs: number of addresses that KCOV saw, and these
 * @seen: set of basic blocks
 * @kept: chains that reached new ones
 */
struct worker {
	struct target *t;
	pthread_t thread;
	unsigned int nr;
	u64 rng;
	u64 op;
	const char *doing;
	int event[NR_EVENTS];
	struct map map[NR_MAPS];
	pid_t child[NR_CHILDREN];
	u8 *rw, *ro, *hole;
	u64 count[NR_COUNTS];
	u64 refused;
	u64 *pcs;
	u32 *seen;
	struct chain chain;
	struct chain kept[MAX_KEPT];
	u32 nr_kept;
};

/* --- numbers (rng.c) ------------------------------------------------------ */

u64 rng(struct worker *w);
u64 below(struct worker *w, u64 limit);
bool chance(struct worker *w, unsigned int one_in);
u64 around(struct worker *w, u64 limit);
u64 pick(struct worker *w, const u64 *of, size_t nr);

#define PICK(w, ...) ({							\
	static const u64 of_[] = { __VA_ARGS__ };			\
	pick(w, of_, ARRAY_SIZE(of_));					\
})

/* --- places in memory (place.c) ------------------------------------------- */

#define ARENA_PAGES	4
#define ARENA		(ARENA_PAGES * PAGE)

/**
 * struct place - memory that a system call reads or writes
 * @addr: for the kernel
 * @bytes: the same memory for us, NULL if there is none
 * @readable: bytes from @addr on that can be read
 * @writable: and that can be written
 * @odd: no user address: refused before any other check
 */
struct place {
	void *addr;
	u8 *bytes;
	size_t readable;
	size_t writable;
	bool odd;
};

void arena_init(struct worker *w);
struct place good_place(struct worker *w, size_t len);
struct place any_place(struct worker *w, size_t len);

/* --- the oracle (oracle.c) -------------------------------------------------- */

/** struct answers - valid results: errors, and one value without error */
struct answers {
	u64 err[3];
	bool ok;
	s64 value;
};

struct answers answer(long ret);
void or_error(struct answers *a, int err);
void expect(struct worker *w, const struct answers *a, long ret,
	    const char *fmt, ...) __printf(4, 5);
void complain(struct worker *w, const char *fmt, ...) __noreturn __printf(2, 3);
bool is_foreign(const struct target *t, u32 word);
void check_words(struct worker *w, u64 pos, const u8 *buf, size_t len);
void fill_words(struct worker *w, u64 pos, u8 *buf, size_t len);

/* --- code that was reached (kcov.c) ------------------------------------------- */

void kcov_init(void);
void kcov_start(struct worker *w);
bool kcov_new(struct worker *w);
u64 kcov_blocks(void);

/* --- what comes again (chain.c) ------------------------------------------------ */

u64 chain_seed(struct worker *w);
void chain_done(struct worker *w);
void say_kept(const struct worker *w);

/* --- operations (ioctl.c, irqs.c, access.c, maps.c, fds.c) -------------------- */

void op_info(struct worker *w);
void op_region_info(struct worker *w);
void op_irq_info(struct worker *w);
void op_reset(struct worker *w);
void op_other_ioctl(struct worker *w);
void op_set_irqs(struct worker *w);
void op_events(struct worker *w);
void op_access(struct worker *w);
void op_read_on(struct worker *w);
void op_command(struct worker *w);
void op_map(struct worker *w);
void op_unmap(struct worker *w);
void op_change_map(struct worker *w);
void op_touch(struct worker *w);
void op_fork(struct worker *w);
void op_reopen(struct worker *w);
void op_dup(struct worker *w);
void op_cycle(struct worker *w);

void catch_faults(void);
void events_init(struct worker *w);
void maps_drop(struct worker *w);
void children_reap(struct worker *w);
void target_open(struct target *t);
void target_learn(struct target *t);
struct slot *slot_get(struct worker *w);
void slot_put(struct slot *s);

#endif /* _VFIO_FUZZ_H */
