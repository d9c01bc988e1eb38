// SPDX-License-Identifier: GPL-2.0-only
/*
 * Activity of instances and cards: lines "name number", and for the vectors of an
 * instance "vector raised signalled coalesced"
 */

#include <errno.h>
#include <string.h>

#include "statistics.h"

static const struct {
	const char *name;
	const char *help;
} lines[STAT_NR] = {
	[STAT_READS] = { "trapped_reads", "Reads of registers by system call" },
	[STAT_WRITES] = { "trapped_writes", "Writes of registers by system call" },
	[STAT_FAULTS] = { "page_faults", "Pages mapped at a page fault" },
	[STAT_WAITS] = { "waits", "Accesses that waited for a reset" },
	[STAT_REVOCATIONS] = { "revocations", "Revocations of access" },
	[STAT_RESETS] = { "resets", "Successful resets of the block" },
	[STAT_RAISED] = { "interrupts_raised", "Interrupts of armed vectors" },
	[STAT_SIGNALLED] = { "interrupts_signalled", "Interrupts signalled" },
	[STAT_COALESCED] = { "interrupts_coalesced",
			     "Interrupts merged with one not yet signalled" },
};

const char *statistics_name(enum stat stat)
{
	return lines[stat].name;
}

const char *statistics_help(enum stat stat)
{
	return lines[stat].help;
}

/* Lines of later drivers are ignored */
static void take_line(struct statistics *stats, const char *name, __u64 value)
{
	size_t i;

	if (!strcmp(name, "age_ms"))
		stats->age_ms = value;
	for (i = 0; i < STAT_NR; i++)
		if (!strcmp(name, lines[i].name))
			stats->count[i] = value;
}

static void parse(struct statistics *stats, char *text)
{
	char *line, *number, *rest = NULL;
	__u64 value;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		number = strchr(line, ' ');
		if (!number)
			continue;
		*number++ = '\0';
		if (parse_decimal(number, &value))
			take_line(stats, line, value);
	}
}

static int load_dir(struct statistics *stats, const char *dir)
{
	char text[WORDS_LEN];
	ssize_t len = sysfs_read_all(text, sizeof(text), "%s/dfl/statistics", dir);

	*stats = (struct statistics){ 0 };
	if (len < 0)
		return (int)len;
	parse(stats, text);
	return 0;
}

static bool parse_vector(struct vector_statistics *vector, const char *line)
{
	return sscanf(line, "%llu %llu %llu %llu", &vector->vector,
		      &vector->count[0], &vector->count[1],
		      &vector->count[2]) == 4;
}

/* Earlier drivers have no such file */
static void load_vectors(struct statistics *stats, const char *dir)
{
	char text[WORDS_LEN], *line, *rest = NULL;

	sysfs_read_all(text, sizeof(text), "%s/dfl/vector_statistics", dir);
	for (line = strtok_r(text, "\n", &rest);
	     line && stats->nr_vectors < STAT_VECTORS;
	     line = strtok_r(NULL, "\n", &rest))
		if (parse_vector(&stats->vector[stats->nr_vectors], line))
			stats->nr_vectors++;
}

int statistics_load_card(struct statistics *stats, const char *bdf)
{
	char dir[PATH_LEN];

	text_set(dir, sizeof(dir), "bus/pci/devices/%s", bdf);
	return load_dir(stats, dir);
}

int statistics_load(struct statistics *stats, const struct instance *inst)
{
	char dir[PATH_LEN];
	int ret;

	text_set(dir, sizeof(dir), "bus/pci/devices/%s/%s", inst->card,
		 inst->uuid);
	ret = load_dir(stats, dir);
	if (!ret)
		load_vectors(stats, dir);
	return ret == -ENOENT ? 0 : ret;
}
