// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl: cards, blocks and instances of vfio_dfl_mdev from the shell */

#include <string.h>

#include "vdflctl.h"

static const struct command * const commands[] = {
	&verb_list, &verb_info,
	&verb_create, &verb_remove,
	&verb_read, &verb_write, &verb_wait,
	&verb_bind, &verb_unbind, &verb_give,
	&verb_irq, &verb_acknowledge,
};

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static void show_usage(FILE *to)
{
	struct table table;
	size_t i;

	fprintf(to, "usage: vdflctl COMMAND [OPTIONS] [ARGUMENTS]\n");
	if (to == stderr) {
		fprintf(to, "try: vdflctl --help\n");
		return;
	}
	printf("\nBlocks of FPGA cards as VFIO mediated devices.\n\n");
	table_start(&table, 2);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		table_row(&table, commands[i]->name, commands[i]->summary);
	table_print(&table, 2);
	printf("\nvdflctl COMMAND --help tells more, vdflctl(1) all.\n");
}

static int run(const struct command *cmd, int argc, char **argv)
{
	char name[NAME_LEN];

	/* getopt_long() puts it in front of its own messages */
	text_set(name, sizeof(name), "vdflctl %s", cmd->name);
	argv[0] = name;
	return cmd->run(cmd, argc, argv);
}

static int help(int argc, char **argv)
{
	const struct command *cmd = argc > 2 ? find(argv[2]) : NULL;

	if (cmd)
		return command_help(cmd);
	show_usage(stdout);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		show_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("vdflctl " VERSION "\n");
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return help(argc, argv);
	cmd = find(argv[1]);
	if (cmd)
		return run(cmd, argc - 1, argv + 1);
	fprintf(stderr, "vdflctl: there is no command '%s'\n", argv[1]);
	show_usage(stderr);
	return EXIT_USAGE;
}
