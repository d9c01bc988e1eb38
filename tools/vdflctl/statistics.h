/* SPDX-License-Identifier: GPL-2.0-only */
/* Activity of instances and cards */
#ifndef _VDFLCTL_STATISTICS_H
#define _VDFLCTL_STATISTICS_H

#include "vdflctl.h"

/* Order of the columns and of the metrics */
enum stat {
	STAT_READS,
	STAT_WRITES,
	STAT_FAULTS,
	STAT_WAITS,
	STAT_REVOCATIONS,
	STAT_RESETS,
	STAT_RAISED,
	STAT_SIGNALLED,
	STAT_COALESCED,
	STAT_NR,
};

#define STAT_VECTORS	64	/* vectors of an instance at most */

/**
 * struct vector_statistics - a line of the file vector_statistics
 * @vector: vector in the block
 * @count: counters from STAT_RAISED on
 */
struct vector_statistics {
	__u64 vector;
	__u64 count[STAT_NR - STAT_RAISED];
};

/**
 * struct statistics - contents of the files statistics and vector_statistics
 * @age_ms: time that the counters cover
 * @count: counters
 * @nr_vectors: number of @vector; 0 for a card
 * @vector: vectors that had an interrupt
 */
struct statistics {
	__u64 age_ms;
	__u64 count[STAT_NR];
	size_t nr_vectors;
	struct vector_statistics vector[STAT_VECTORS];
};

/* Name of the line in the file */
const char *statistics_name(enum stat stat);
/* Meaning of a counter, in a few words */
const char *statistics_help(enum stat stat);
/*
 * Load the file of a card, or the files of an instance. An instance that was never
 * opened has no files, and all counters are 0. Return 0 or -errno.
 */
int statistics_load_card(struct statistics *stats, const char *bdf);
int statistics_load(struct statistics *stats, const struct instance *inst);

#endif /* _VDFLCTL_STATISTICS_H */
