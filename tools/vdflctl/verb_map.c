// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl map: the BARs of a card to scale */

#include <getopt.h>
#include <string.h>

#include "map.h"

static void print_row(const struct map *map, __u64 bar, __u64 row)
{
	__u64 at = row;
	int i;

	printf("  0x%08llx  ", row);
	for (i = 0; i < MAP_COLUMNS && at < map->bar_size[bar]; i++) {
		putchar(map_cell(map, bar, at));
		at += MAP_CELL;
	}
	putchar('\n');
}

static void print_bar(const struct map *map, __u64 bar)
{
	char size[NAME_LEN];
	bool omitted, more;
	__u64 row = 0;

	text_size(size, sizeof(size), map->bar_size[bar]);
	printf("\n  BAR %llu: %s\n", bar, size);
	do {
		print_row(map, bar, row);
		more = map_next_row(map, bar, &row, &omitted);
		if (omitted)
			printf("  *\n");
	} while (more);
}

static void print_legend(const struct map *map)
{
	char letter[2] = "", place[NAME_LEN], size[NAME_LEN], mappable[NAME_LEN];
	char state[TEXT_LEN * 2];
	const struct part *part;
	struct table table;
	size_t i;

	table_start(&table, 6);
	table_row(&table, " ", "PLACE", "SIZE", "MAP", "WHAT", "STATE");
	for (i = 0; i < map->nr_parts; i++) {
		part = &map->part[i];
		letter[0] = part->letter;
		text_set(place, sizeof(place), "b%llu-o%llx", part->bar,
			 part->start);
		text_size(size, sizeof(size), part->end - part->start);
		text_size(mappable, sizeof(mappable),
			  part->map_end - part->start);
		part_state(part, state, sizeof(state));
		table_row(&table, letter, place,
			  part->kind == PART_WITHHELD ? "-" : size, mappable,
			  part->what, state);
	}
	putchar('\n');
	table_print(&table, 2);
}

static void print_text(const struct map *map)
{
	__u64 bar;

	printf("%s: a character is 4K, * stands for rows like the one above\n",
	       map->card->address);
	for (bar = 0; bar < MAP_BARS; bar++)
		if (map->bar_size[bar])
			print_bar(map, bar);
	if (map->nr_parts)
		print_legend(map);
	printf("\n  A..Z can be mapped, a..z trapped only, - withheld, # MSI-X,\n"
	       "  + several of these, . outside of all blocks\n");
}

static json_t *part_json(const struct part *part)
{
	static const char * const kinds[] = {
		[PART_BLOCK] = "block",
		[PART_WITHHELD] = "withheld",
		[PART_MSIX] = "msix",
	};
	char state[TEXT_LEN * 2];

	part_state(part, state, sizeof(state));
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s?, s:s?}",
			 "kind", kinds[part->kind],
			 "bar", part->bar,
			 "offset", part->start,
			 "size", part->kind == PART_WITHHELD ? 0 :
				 part->end - part->start,
			 "mappable", part->map_end - part->start,
			 "what", part->what,
			 "state", state,
			 "block", part->block ? part->block->pos : NULL,
			 "instance", part->instance ? part->instance->uuid :
						      NULL);
}

static int map_json(const struct map *map)
{
	json_t *bars = json_array();
	json_t *parts = json_array();
	__u64 bar;
	size_t i;

	for (bar = 0; bar < MAP_BARS; bar++)
		if (map->bar_size[bar])
			json_array_append_new(bars,
					      json_pack("{s:I, s:I}",
							"bar", bar, "size",
							map->bar_size[bar]));
	for (i = 0; i < map->nr_parts; i++)
		json_array_append_new(parts, part_json(&map->part[i]));
	return print_json(json_pack("{s:s, s:o, s:o}",
				    "address", map->card->address,
				    "bars", bars, "parts", parts));
}

static int show(const char *bdf, int format)
{
	int status = EXIT_SUCCESS;
	struct card card;
	struct map map;

	model_card_load(&card, bdf);
	map_load(&map, &card);
	switch (format) {
	case 'j':
		status = map_json(&map);
		break;
	case 's':
		map_svg(&map);
		break;
	case 'd':
		map_dot(&map);
		break;
	default:
		print_text(&map);
	}
	map_free(&map);
	model_card_free(&card);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "svg", no_argument, NULL, 's' },
		{ "dot", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char bdf[BDF_LEN];
	struct fault fault;
	int opt, format = 0;

	while ((opt = getopt_long(argc, argv, "jsdh", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt == '?')
			return command_misuse(NULL);
		if (format && format != opt)
			return command_misuse("more than one format");
		format = opt;
	}
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	if (model_card_need(bdf, &fault))
		return fault_report(&fault);
	return show(bdf, format);
}

const struct command verb_map = {
	.name = "map",
	.arguments = "[--json | --svg | --dot] BDF",
	.summary = "Draw the BARs of a card with their blocks to scale",
	.details =
"  -j, --json   print JSON: offsets and sizes in bytes\n"
"  -s, --svg    print the picture as SVG\n"
"  -d, --dot    print a graph of BARs, blocks and instances for Graphviz\n"
"  -h, --help   display this help and exit\n"
"\n"
"Each character stands for a page of 4 KiB. For root, the picture includes the\n"
"MSI-X table and the pending bits.\n",
	.run = run,
};
