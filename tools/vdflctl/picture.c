// SPDX-License-Identifier: GPL-2.0-only
/* Pictures of the BARs for documents: SVG, and DOT of Graphviz */

#include <string.h>

#include "map.h"

#define CELL_X		9	/* pixels */
#define CELL_Y		16
#define LEFT		110
#define WIDTH		(LEFT + MAP_COLUMNS * CELL_X + 10)

/* Print text that may come from a card, without characters of the markup */
static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar(*text < ' ' || *text > '~' || strchr("<>&\"\\", *text) ?
			'?' : *text);
}

static const char *fill(char cell)
{
	static const char * const mapped[] = {
		"#8ecae6", "#a7c957", "#ffb703", "#cdb4db", "#f4978e", "#80ced7",
	};
	static const char * const trapped[] = {
		"#d7ecf5", "#dfebc3", "#ffe7a8", "#ece3f1", "#fad9d5", "#d3eef1",
	};

	if (cell >= 'A' && cell <= 'Z')
		return mapped[(cell - 'A') % ARRAY_SIZE(mapped)];
	if (cell >= 'a' && cell <= 'z')
		return trapped[(cell - 'a') % ARRAY_SIZE(trapped)];
	return cell == '.' ? "#ffffff" : "#bbbbbb";
}

static void svg_text(int x, int y)
{
	printf("<text x=\"%d\" y=\"%d\">", x, y + CELL_Y - 4);
}

/* Consecutive cells that are alike are one box */
static void svg_run(int y, int first, int count, char cell)
{
	printf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
	       LEFT + first * CELL_X, y, count * CELL_X, CELL_Y - 2,
	       fill(cell));
	if (cell == '.')
		return;
	svg_text(LEFT + first * CELL_X + 1, y);
	printf("%c</text>\n", cell);
}

static void svg_row(const struct map *map, __u64 bar, __u64 row, int y)
{
	int i, first = 0;
	char cell, run = 0;

	svg_text(4, y);
	printf("0x%08llx</text>\n", row);
	for (i = 0; i < MAP_COLUMNS; i++) {
		if (row + (__u64)i * MAP_CELL >= map->bar_size[bar])
			break;
		cell = map_cell(map, bar, row + (__u64)i * MAP_CELL);
		if (i && cell != run) {
			svg_run(y, first, i - first, run);
			first = i;
		}
		run = cell;
	}
	svg_run(y, first, i - first, run);
}

/* Return the place below the BAR; print nothing unless @draw */
static int svg_bar(const struct map *map, __u64 bar, int y, bool draw)
{
	char size[NAME_LEN];
	bool omitted, more;
	__u64 row = 0;

	text_size(size, sizeof(size), map->bar_size[bar]);
	if (draw) {
		svg_text(4, y);
		printf("BAR %llu: %s</text>\n", bar, size);
	}
	do {
		y += CELL_Y;
		if (draw)
			svg_row(map, bar, row, y);
		more = map_next_row(map, bar, &row, &omitted);
		if (!omitted)
			continue;
		y += CELL_Y;
		if (draw) {
			svg_text(LEFT, y);
			printf("...</text>\n");
		}
	} while (more);
	return y + 2 * CELL_Y;
}

static int svg_bars(const struct map *map, bool draw)
{
	int y = 4;
	__u64 bar;

	for (bar = 0; bar < MAP_BARS; bar++)
		if (map->bar_size[bar])
			y = svg_bar(map, bar, y, draw);
	return y;
}

static void svg_legend(const struct part *part, int y)
{
	char state[TEXT_LEN * 2];

	part_state(part, state, sizeof(state));
	svg_text(4, y);
	printf("%c  %s  ", part->letter, part->block ? part->block->pos : "");
	print_plain(part->what);
	printf(", ");
	print_plain(state);
	printf("</text>\n");
}

void map_svg(const struct map *map)
{
	int y = svg_bars(map, false);
	size_t i;

	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"\n"
	       " font-family=\"monospace\" font-size=\"12\" stroke-width=\"0.5\">\n"
	       "<style>rect { stroke: #888888 }</style>\n",
	       WIDTH, y + (int)map->nr_parts * CELL_Y);
	svg_bars(map, true);
	for (i = 0; i < map->nr_parts; i++)
		svg_legend(&map->part[i], y + (int)i * CELL_Y);
	printf("</svg>\n");
}

static void dot_part(const struct part *part, size_t number)
{
	char size[NAME_LEN], mappable[NAME_LEN];

	text_size(size, sizeof(size), part->end - part->start);
	text_size(mappable, sizeof(mappable), part->map_end - part->start);
	printf("\tp%zu [label=\"%s%s", number,
	       part->block ? part->block->pos : "", part->block ? "\\n" : "");
	print_plain(part->what);
	if (part->kind == PART_BLOCK)
		printf("\\n%s, maps %s", size, mappable);
	if (part->kind == PART_WITHHELD && part->block) {
		printf("\\n");
		print_plain(part->block->withheld);
	}
	printf("\"%s];\n", part->kind == PART_BLOCK ? "" : ", style=dashed");
	printf("\tbar%llu -> p%zu;\n", part->bar, number);
	if (!part->instance)
		return;
	printf("\tp%zu -> i%zu;\n", number, number);
	printf("\ti%zu [shape=ellipse, label=\"%s\\nowner ", number,
	       part->instance->uuid);
	print_plain(part->instance->owner);
	printf("\"];\n");
}

void map_dot(const struct map *map)
{
	char size[NAME_LEN];
	__u64 bar;
	size_t i;

	printf("digraph card {\n\trankdir=LR;\n\tnode [shape=box];\n");
	printf("\tcard [label=\"%s\"];\n", map->card->address);
	for (bar = 0; bar < MAP_BARS; bar++) {
		if (!map->bar_size[bar])
			continue;
		text_size(size, sizeof(size), map->bar_size[bar]);
		printf("\tbar%llu [label=\"BAR %llu\\n%s\"];\n\tcard -> bar%llu;\n",
		       bar, bar, size, bar);
	}
	for (i = 0; i < map->nr_parts; i++)
		dot_part(&map->part[i], i);
	printf("}\n");
}
