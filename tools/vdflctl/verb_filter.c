// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl filter: registers that the user of an instance may access */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "filter.h"

/* One range a line */
static int show(const struct block *block, const struct instance *inst)
{
	char *text = filter_named(block, inst->filter), *range, *rest = NULL;

	for (range = strtok_r(text, ";", &rest); range;
	     range = strtok_r(NULL, ";", &rest))
		printf("%s\n", range + strspn(range, " "));
	free(text);
	return EXIT_SUCCESS;
}

static bool add_row(const struct reg *reg, const void *key)
{
	char place[NAME_LEN];

	text_set(place, sizeof(place), "0x%llx+0x%llx", reg->offset, reg->size);
	table_row((struct table *)key, reg->name, place);
	return false;
}

static int show_names(const struct block *block)
{
	struct table table;

	table_start(&table, 2);
	register_find(block, add_row, &table);
	table_print(&table, 0);
	return EXIT_SUCCESS;
}

/* Read a whole table; @text has room for the longest that the driver accepts */
static int read_table(const char *path, char text[WORDS_LEN + 1],
		      struct fault *fault)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t len;
	int error;

	if (!in)
		return fault_error(fault, errno, "cannot read %s", path);
	errno = 0;
	len = fread(text, 1, WORDS_LEN, in);
	error = ferror(in) ? errno : 0;
	if (in != stdin)
		fclose(in);
	if (error)
		return fault_set(fault, "cannot read %s: %s", path,
				 strerror(error));
	text[len] = '\0';
	if (len == WORDS_LEN)
		return fault_set(fault, "%s exceeds %d bytes", path,
				 WORDS_LEN - 1);
	if (strlen(text) != len)
		return fault_set(fault, "%s has a byte 0", path);
	return 0;
}

static int load(const char *uuid, const char *path)
{
	char text[WORDS_LEN + 1];
	struct fault fault;

	if (!strcmp(path, FILTER_NONE))
		text_set(text, sizeof(text), FILTER_NONE);
	else if (read_table(path, text, &fault))
		return fault_report(&fault);
	if (filter_set(uuid, text, &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

static int inspect(const char *uuid, bool names)
{
	struct block block = { 0 };
	struct instance inst;
	struct fault fault;

	if (model_instance_load(&inst, uuid, &fault))
		return fault_report(&fault);
	model_block_load(&block, inst.card, inst.block);
	return names ? show_names(&block) : show(&block, &inst);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool names = false, file;
	char uuid[UUID_LEN];
	int status = command_options(cmd, argc, argv, "names", &names);

	if (status >= 0)
		return status;
	file = !names && argc - optind >= 2;
	if (command_operands(argc, argv, file ? 2 : 1) ||
	    command_uuid(argv[optind], uuid))
		return EXIT_USAGE;
	return file ? load(uuid, argv[optind + 1]) : inspect(uuid, names);
}

const struct command verb_filter = {
	.name = "filter",
	.arguments = "[--names] UUID [FILE]",
	.summary = "Show or set the registers that a user may access",
	.details =
"  -n, --names   list the known registers of the block\n"
"  -h, --help    display this help and exit\n"
"\n"
"Each line of FILE is\n"
"  REGISTER r|w|rw [MASK[/FIXED]]\n"
"REGISTER is a name of --names or OFFSET+LENGTH, in hexadecimal with 0x. FILE is\n"
"- for the standard input, or none to permit the whole block again. Close the\n"
"instance first. 'vdflctl save' keeps the filter. Setting it needs root.\n",
	.run = run,
};
