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

/**
 * struct statistics - contents of the file statistics
 * @age_ms: time that the counters cover
 * @count: counters
 */
struct statistics {
	__u64 age_ms;
	__u64 count[STAT_NR];
};

/* Name of the line in the file */
const char *statistics_name(enum stat stat);
/* Meaning of a counter, in a few words */
const char *statistics_help(enum stat stat);
/*
 * Load the file of a card, or of an instance. An instance that was never opened has
 * no file, and all counters are 0. Return 0 or -errno.
 */
int statistics_load_card(struct statistics *stats, const char *bdf);
int statistics_load(struct statistics *stats, const struct instance *inst);

#endif /* _VDFLCTL_STATISTICS_H */
