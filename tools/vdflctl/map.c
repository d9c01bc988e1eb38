// SPDX-License-Identifier: GPL-2.0-only
/* The BARs of a card, divided into parts */

#include <err.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "map.h"

#define HEADER_SIZE	24	/* header and GUID of a feature */
#define CONFIG_SIZE	256

/* The file has a line for each BAR: "start end flags" */
static void load_sizes(struct map *map)
{
	char text[WORDS_LEN], *line = text, *next;
	unsigned long long start, end;
	size_t i;

	sysfs_read_all(text, sizeof(text), "bus/pci/devices/%s/resource",
		       map->card->address);
	for (i = 0; i < MAP_BARS && line; i++, line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%llx %llx", &start, &end) == 2 && end > start)
			map->bar_size[i] = end - start + 1;
	}
}

static struct part *add_part(struct map *map, enum part_kind kind, __u64 bar,
			     __u64 start, __u64 size)
{
	struct part *part = &map->part[map->nr_parts++];

	*part = (struct part){ .kind = kind, .bar = bar, .start = start };
	part->end = start + size < start ? ~0ULL : start + size;
	part->map_end = start;
	return part;
}

static const struct instance *user_of(const struct card *card,
				      const struct block *block)
{
	size_t i;

	for (i = 0; i < card->nr_instances; i++)
		if (!strcmp(card->instances[i].uuid, block->instance))
			return &card->instances[i];
	return NULL;
}

static __u64 or_zero(__u64 number)
{
	return number == ABSENT ? 0 : number;
}

static void add_block(struct map *map, const struct block *block)
{
	bool withheld = block->withheld[0];
	__u64 size = or_zero(block->size);
	__u64 mappable = or_zero(block->mappable);
	struct part *part;

	if (block->bar >= MAP_BARS || block->offset == ABSENT)
		return;
	if (size < HEADER_SIZE)
		size = HEADER_SIZE;
	part = add_part(map, withheld ? PART_WITHHELD : PART_BLOCK, block->bar,
			block->offset, size);
	part->block = block;
	part->instance = user_of(map->card, block);
	text_set(part->what, sizeof(part->what), "%s", block->what);
	if (part->instance && !strcmp(part->instance->mmap, "off"))
		mappable = 0;
	if (!withheld && mappable <= part->end - part->start)
		part->map_end = part->start + mappable;
}

static __u32 word(const unsigned char *config, size_t at)
{
	return config[at] | config[at + 1] << 8 | config[at + 2] << 16 |
	       (__u32)config[at + 3] << 24;
}

static void add_msix_part(struct map *map, __u32 place, __u64 size,
			  const char *what)
{
	struct part *part;

	if ((place & PCI_MSIX_TABLE_BIR) >= MAP_BARS)
		return;
	part = add_part(map, PART_MSIX, place & PCI_MSIX_TABLE_BIR,
			place & PCI_MSIX_TABLE_OFFSET, size);
	text_set(part->what, sizeof(part->what), "%s", what);
}

/* Only root can read the capabilities */
static void add_msix(struct map *map)
{
	char text[CONFIG_SIZE + 1];
	unsigned char *config = (unsigned char *)text;
	ssize_t len = sysfs_read_all(text, sizeof(text),
				     "bus/pci/devices/%s/config",
				     map->card->address);
	size_t at, vectors, steps = CONFIG_SIZE / 4;

	if (len < CONFIG_SIZE)
		return;
	for (at = config[PCI_CAPABILITY_LIST] & ~3u;
	     at >= PCI_STD_HEADER_SIZEOF && steps; steps--) {
		if (config[at] == PCI_CAP_ID_MSIX && at + 12 <= CONFIG_SIZE) {
			vectors = 1 + (word(config, at) >> 16 &
				       PCI_MSIX_FLAGS_QSIZE);
			add_msix_part(map, word(config, at + PCI_MSIX_TABLE),
				      vectors * PCI_MSIX_ENTRY_SIZE,
				      "MSI-X table");
			add_msix_part(map, word(config, at + PCI_MSIX_PBA),
				      (vectors + 63) / 64 * 8,
				      "MSI-X pending bits");
			return;
		}
		at = config[at + 1] & ~3u;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->bar != y->bar)
		return x->bar < y->bar ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->kind - y->kind;
}

/* Set the letters, and the sizes of BARs that are not known */
static void finish(struct map *map)
{
	unsigned int letters = 0;
	struct part *part;
	size_t i;

	for (i = 0; i < map->nr_parts; i++) {
		part = &map->part[i];
		part->letter = part->kind == PART_MSIX ? '#' : '-';
		if (part->kind == PART_BLOCK)
			part->letter = 'A' + letters++ % 26;
		if (map->bar_size[part->bar] < part->end)
			map->bar_size[part->bar] = part->end;
	}
}

void map_load(struct map *map, const struct card *card)
{
	size_t i;

	*map = (struct map){ .card = card };
	map->part = calloc(card->nr_blocks + 2, sizeof(*map->part));
	if (!map->part)
		err(EXIT_FAILURE, "map");
	load_sizes(map);
	for (i = 0; i < card->nr_blocks; i++)
		add_block(map, &card->blocks[i]);
	add_msix(map);
	qsort(map->part, map->nr_parts, sizeof(*map->part), by_place);
	finish(map);
}

void map_free(struct map *map)
{
	free(map->part);
}

void part_state(const struct part *part, char *text, size_t size)
{
	if (part->kind == PART_MSIX)
		text_set(text, size, "withheld: used by the driver");
	else if (part->kind == PART_WITHHELD)
		text_set(text, size, "withheld: %s", part->block->withheld);
	else if (part->instance)
		text_set(text, size, "used by %s%s%s", part->block->instance,
			 strcmp(part->instance->owner, OWNER_NONE) &&
			 part->instance->owner[0] ? ", owner " : "",
			 strcmp(part->instance->owner, OWNER_NONE) ?
			 part->instance->owner : "");
	else if (part->block->instance[0])
		text_set(text, size, "used by %s", part->block->instance);
	else
		text_set(text, size, "free, type %s", part->block->type);
}

char map_cell(const struct map *map, __u64 bar, __u64 start)
{
	__u64 last = start + MAP_CELL - 1;
	const struct part *part;
	char cell = '.';
	size_t i;

	for (i = 0; i < map->nr_parts; i++) {
		part = &map->part[i];
		if (part->bar != bar || part->start > last || part->end <= start)
			continue;
		if (cell != '.' && cell != part->letter)
			return '+';
		cell = part->letter;
		/* a page that is not mapped is a small letter */
		if (part->kind == PART_BLOCK && last >= part->map_end)
			cell += 'a' - 'A';
	}
	return cell;
}

/* Return the first boundary of a part after @at */
static __u64 next_boundary(const struct map *map, __u64 bar, __u64 at)
{
	__u64 next = map->bar_size[bar];
	size_t i, j;

	for (i = 0; i < map->nr_parts; i++) {
		const struct part *part = &map->part[i];
		const __u64 ends[] = { part->start, part->map_end, part->end };

		for (j = 0; part->bar == bar && j < ARRAY_SIZE(ends); j++)
			if (ends[j] > at && ends[j] < next)
				next = ends[j];
	}
	return next;
}

bool map_next_row(const struct map *map, __u64 bar, __u64 *row, bool *omitted)
{
	const __u64 bytes = MAP_CELL * MAP_COLUMNS;
	__u64 next = *row + bytes;
	__u64 change = next_boundary(map, bar, *row);

	*omitted = false;
	if (next < bytes || next >= map->bar_size[bar])
		return false;
	/* All rows before the one with the change are like this row */
	if (change > next && change / bytes > next / bytes) {
		next = change / bytes * bytes;
		*omitted = true;
	}
	*row = next;
	return next < map->bar_size[bar];
}
