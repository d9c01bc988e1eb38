// SPDX-License-Identifier: GPL-2.0-only
/*
 * Activity of instances: counters of each client, and their sums for the card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/sysfs.h>

#include "card/card_priv.h"

static const char * const stat_name[] = {
	[VDFL_STAT_READS]		= "trapped_reads",
	[VDFL_STAT_WRITES]		= "trapped_writes",
	[VDFL_STAT_FAULTS]		= "page_faults",
	[VDFL_STAT_WAITS]		= "waits",
	[VDFL_STAT_REVOCATIONS]		= "revocations",
	[VDFL_STAT_RESETS]		= "resets",
	[VDFL_STAT_IRQS_RAISED]		= "interrupts_raised",
	[VDFL_STAT_IRQS_SIGNALLED]	= "interrupts_signalled",
	[VDFL_STAT_IRQS_COALESCED]	= "interrupts_coalesced",
};

static_assert(ARRAY_SIZE(stat_name) == VDFL_STAT_SHOWN);

/**
 * vdfl_statistics_init() - start counting from 0
 * @stats: counters, all 0
 */
void vdfl_statistics_init(struct vdfl_statistics *stats)
{
	stats->since = ktime_get_boottime();
}

static s64 vector_count(const struct vdfl_statistics *stats,
			enum vdfl_stat stat, unsigned int nr)
{
	return atomic64_read(&stats->vector->count[stat - VDFL_STAT_IRQS_RAISED][nr]);
}

static s64 stat_count(const struct vdfl_statistics *stats, enum vdfl_stat stat)
{
	s64 count = atomic64_read(&stats->count[stat]);
	unsigned int i;

	if (stat >= VDFL_STAT_IRQS_RAISED)
		for (i = 0; i < stats->nr_vectors; i++)
			count += vector_count(stats, stat, i);
	return count;
}

/**
 * vdfl_statistics_add() - add the counters of a client to others
 * @sum: counters to add to
 * @stats: counters of a client, which may change meanwhile
 *
 * Does not sleep.
 */
void vdfl_statistics_add(struct vdfl_statistics *sum,
			 const struct vdfl_statistics *stats)
{
	unsigned int i;

	for (i = 0; i < VDFL_STAT_NR; i++)
		atomic64_add(stat_count(stats, i), &sum->count[i]);
}

static s64 stat_value(const struct vdfl_statistics *stats, enum vdfl_stat stat)
{
	s64 value = stat_count(stats, stat);

	if (stat == VDFL_STAT_IRQS_RAISED || stat == VDFL_STAT_IRQS_SIGNALLED)
		value += stat_count(stats, VDFL_STAT_IRQS_AT_ONCE);
	return value;
}

/**
 * vdfl_statistics_show() - print counters, a name and a number per line
 * @stats: counters, which may change meanwhile
 * @buf: page of a sysfs attribute
 *
 * Return: number of bytes
 */
ssize_t vdfl_statistics_show(const struct vdfl_statistics *stats, char *buf)
{
	s64 age = ktime_ms_delta(ktime_get_boottime(), stats->since);
	ssize_t len = sysfs_emit(buf, "age_ms %lld\n", age);
	unsigned int i;

	for (i = 0; i < VDFL_STAT_SHOWN; i++)
		len += sysfs_emit_at(buf, len, "%s %lld\n", stat_name[i],
				     stat_value(stats, i));
	return len;
}

/**
 * vdfl_vector_statistics_show() - print the interrupts of each vector
 * @stats: counters of an instance, which may change meanwhile
 * @buf: page of a sysfs attribute
 *
 * A line for each vector with an interrupt: the number of the vector, and of the
 * interrupts that were raised, signalled and coalesced.
 *
 * Return: number of bytes
 */
ssize_t vdfl_vector_statistics_show(const struct vdfl_statistics *stats,
				    char *buf)
{
	ssize_t len = 0;
	s64 at_once;
	unsigned int i;

	for (i = 0; i < stats->nr_vectors; i++) {
		at_once = vector_count(stats, VDFL_STAT_IRQS_AT_ONCE, i);
		if (!at_once && !vector_count(stats, VDFL_STAT_IRQS_RAISED, i))
			continue;
		len += sysfs_emit_at(buf, len, "%u %lld %lld %lld\n", i,
				     at_once + vector_count(stats, VDFL_STAT_IRQS_RAISED, i),
				     at_once + vector_count(stats, VDFL_STAT_IRQS_SIGNALLED, i),
				     vector_count(stats, VDFL_STAT_IRQS_COALESCED, i));
	}
	return len;
}

/**
 * vdfl_card_statistics() - sum the counters of all instances since bind
 * @card: bound card
 * @sum: result
 *
 * Takes vdfl_card.lock for a time that depends on the number of clients.
 */
void vdfl_card_statistics(struct vdfl_card *card, struct vdfl_statistics *sum)
{
	struct vdfl_client *client;

	*sum = (struct vdfl_statistics){ .since = card->stats.since };
	raw_spin_lock(&card->lock);
	vdfl_statistics_add(sum, &card->stats);
	list_for_each_entry(client, &card->clients, node)
		vdfl_statistics_add(sum, &client->stats);
	raw_spin_unlock(&card->lock);
}
