// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl list: cards with their blocks, types and instances */

#include <getopt.h>
#include <string.h>

#include "vdflctl.h"

static const char *or_unknown(const char *text)
{
	return text[0] ? text : "?";
}

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

static void number_text(char *buf, size_t size, __u64 number)
{
	if (number == ABSENT)
		text_set(buf, size, "?");
	else
		text_set(buf, size, "%llu", number);
}

/* Print "0x8086" as "8086" */
static const char *plain_hex(const char *text)
{
	return strncmp(text, "0x", 2) ? or_unknown(text) : text + 2;
}

static void print_violations(const struct card *card)
{
	char number[NAME_LEN];

	number_text(number, sizeof(number), card->busmaster_violations);
	printf("  violations:  %s\n", number);
	if (card->busmaster_acknowledged)
		return;
	printf("               NOT ACKNOWLEDGED, instances cannot be opened\n");
	printf("               after finding the cause: vdflctl acknowledge %s\n",
	       card->address);
}

/* The effect of the command fence, as far as it was measured */
static void print_proof(const struct proof *proof)
{
	printf("               honoured by the card: ");
	if (!proof->verdict[0])
		printf("not measured\n");
	else if (!proof_current(proof))
		printf("not measured (%s)\n", proof->state);
	else if (!proof_measured(proof))
		printf("not measured (%s: %s)\n", proof->verdict,
		       proof->reason);
	else
		printf("%s, measured with %s on %.10s\n",
		       strcmp(proof->verdict, PROOF_HONOURS) ? "NO" : "yes",
		       proof->engine, proof->date);
}

static void print_siblings(const struct card *card)
{
	if (card->siblings_mastering[0])
		printf("  siblings:    %s can master the bus, no fence covers them\n",
		       card->siblings_mastering);
	if (card->siblings_started && card->siblings_started != ABSENT)
		printf("  siblings:    started to master the bus %llu times\n",
		       card->siblings_started);
}

static void print_fences(const struct card *card)
{
	printf("  fences:      bus master off: %s\n",
	       strcmp(card->fence_command, "lost") ?
	       or_unknown(card->fence_command) : "LOST");
	print_proof(&card->proof);
	printf("               iommu: %s\n", or_unknown(card->fence_iommu));
	printf("               port above: %s\n",
	       strcmp(card->fence_port, "lost") ?
	       or_unknown(card->fence_port) : "LOST");
	printf("  links:       %s; out of sight: %s\n", or_unknown(card->links),
	       or_unknown(card->siblings_out_of_sight));
	print_violations(card);
	print_siblings(card);
}

static void print_interrupts(const struct card *card)
{
	char holdoff[NAME_LEN], floor[NAME_LEN], ceiling[NAME_LEN];

	printf("  interrupts:  %s", or_unknown(card->irq_source));
	number_text(holdoff, sizeof(holdoff), card->irq_holdoff_us);
	number_text(floor, sizeof(floor), card->poll_floor_us);
	number_text(ceiling, sizeof(ceiling), card->poll_ceiling_us);
	if (!strcmp(card->irq_source, "intx"))
		printf(", holdoff %s us", holdoff);
	else if (!strcmp(card->irq_source, "poll"))
		printf(", every %s to %s us", floor, ceiling);
	printf("; usable: %s\n", or_unknown(card->irq_sources));
	if (card->irq_stuck[0])
		printf("               vectors that never clear: %s\n",
		       card->irq_stuck);
}

static const char *state_note(const struct card *card)
{
	if (!strcmp(card->state, "unbinding"))
		return ", UNBINDING: waits until its instances are closed";
	if (card->gone == 1)
		return ", GONE: see dmesg";
	return strcmp(card->state, "frozen") ? "" : ", FROZEN";
}

static void print_errors(const struct card *card)
{
	struct names lines;
	__u64 port;
	size_t i;

	errors_lines(&lines, card);
	for (i = 0; i < lines.count; i++)
		printf("  %-13s%s\n", i ? "" : "errors:", lines.name[i]);
	if (errors_stopped(card, &port))
		printf("               to release the card: vdflctl reset-port %s %llu\n",
		       card->address, port);
	names_free(&lines);
}

static void print_head(const struct card *card)
{
	printf("%s %s:%s, subsystem %s:%s%s\n", card->address,
	       plain_hex(card->vendor), plain_hex(card->device),
	       plain_hex(card->subsystem_vendor),
	       plain_hex(card->subsystem_device), state_note(card));
	print_fences(card);
	print_interrupts(card);
	print_errors(card);
}

/* Append how many instances read the block, and the type of such instances */
static void add_readers(const struct block *block, char *state, size_t size)
{
	size_t len = strlen(state);

	if (!block->read_only_type[0])
		return;
	text_set(state + len, size - len, "; %llu readers, type %s",
		 block->readers == ABSENT ? 0 : block->readers,
		 block->read_only_type);
}

static void block_row(struct table *table, const struct block *block)
{
	char size[NAME_LEN], map[NAME_LEN], vectors[NAME_LEN];
	char state[TEXT_LEN + 2 * NAME_LEN];

	text_size(size, sizeof(size), block->size);
	text_size(map, sizeof(map), block->mappable);
	text_size(vectors, sizeof(vectors), block->vectors);
	if (block->withheld[0])
		text_set(state, sizeof(state), "withheld: %s",
			 block->withheld);
	else if (block->instance[0])
		text_set(state, sizeof(state), "used by %s", block->instance);
	else
		text_set(state, sizeof(state), "free, type %s",
			 or_unknown(block->type));
	add_readers(block, state, sizeof(state));
	table_row(table, block->pos, or_unknown(block->feature_id),
		  block->what, or_unknown(block->class), size, map, vectors,
		  state);
}

static void print_blocks(const struct card *card)
{
	struct table table;
	size_t i;

	if (!card->nr_blocks)
		return;
	table_start(&table, 8);
	table_row(&table, "BLOCK", "ID", "WHAT", "CLASS", "SIZE", "MAP",
		  "IRQS", "STATE");
	for (i = 0; i < card->nr_blocks; i++)
		block_row(&table, &card->blocks[i]);
	putchar('\n');
	table_print(&table, 2);
}

static void print_types(const struct card *card)
{
	char available[NAME_LEN];
	struct table table;
	size_t i;

	if (!card->nr_types)
		return;
	table_start(&table, 3);
	table_row(&table, "TYPE", "FREE", "NAME");
	for (i = 0; i < card->nr_types; i++) {
		number_text(available, sizeof(available),
			    card->types[i].available_instances);
		table_row(&table, card->types[i].type, available,
			  or_dash(card->types[i].name));
	}
	putchar('\n');
	table_print(&table, 2);
}

static void print_instances(const struct card *card)
{
	const struct instance *inst;
	struct table table;
	size_t i;

	if (!card->nr_instances)
		return;
	table_start(&table, 6);
	table_row(&table, "INSTANCE", "TYPE", "BLOCK", "GROUP", "MMAP",
		  "SCRUB");
	for (i = 0; i < card->nr_instances; i++) {
		inst = &card->instances[i];
		table_row(&table, inst->uuid, or_unknown(inst->type),
			  or_unknown(inst->block), or_dash(inst->group),
			  or_unknown(inst->mmap), or_unknown(inst->scrub));
	}
	putchar('\n');
	table_print(&table, 2);
}

static void print_card(const struct card *card)
{
	print_head(card);
	print_blocks(card);
	print_types(card);
	print_instances(card);
}

static json_t *list_json(const struct card *card)
{
	json_t *json = card_json(card);

	json_object_set_new(json, "errors", errors_json(card));
	return json;
}

static void list(const struct names *names, json_t *json)
{
	struct card card;
	size_t i;

	for (i = 0; i < names->count; i++) {
		model_card_load(&card, names->name[i]);
		if (json) {
			json_array_append_new(json, list_json(&card));
		} else {
			if (i)
				putchar('\n');
			print_card(&card);
		}
		model_card_free(&card);
	}
}

static void report_none(void)
{
	if (sysfs_exists("bus/pci/drivers/" DRIVER))
		fprintf(stderr,
			"vdflctl: no card is bound to " DRIVER "; as root: vdflctl bind BDF\n");
	else
		fprintf(stderr, "vdflctl: driver " DRIVER
			" is not loaded; as root: modprobe " DRIVER "\n");
}

static int list_all(bool json)
{
	json_t *cards = json ? json_array() : NULL;
	struct names names;

	model_cards(&names);
	list(&names, cards);
	if (!names.count && !json)
		report_none();
	names_free(&names);
	return json ? print_json(json_pack("{s:o}", "cards", cards)) :
		      EXIT_SUCCESS;
}

static int list_one(char *bdf, bool json)
{
	struct names names = { .count = 1, .name = &bdf };
	struct fault fault;
	json_t *cards;

	if (model_card_need(bdf, &fault))
		return fault_report(&fault);
	cards = json ? json_array() : NULL;
	list(&names, cards);
	return json ? print_json(json_pack("{s:o}", "cards", cards)) :
		      EXIT_SUCCESS;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	char bdf[BDF_LEN];
	bool json = false;
	int status;

	status = command_options(cmd, argc, argv, "json", &json);
	if (status >= 0)
		return status;
	if (optind == argc)
		return list_all(json);
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	return list_one(bdf, json);
}

const struct command verb_list = {
	.name = "list",
	.arguments = "[--json] [BDF]",
	.summary = "Show cards with their blocks, types and instances",
	.details =
"  -j, --json   print JSON: sizes in bytes, null for absent values\n"
"  -h, --help   display this help and exit\n"
"\n"
"Without BDF, show all cards that are bound to " DRIVER ".\n"
"BDF is a PCI address such as 0000:01:00.0; the domain may be omitted.\n"
"Needs no privilege.\n",
	.run = run,
};
