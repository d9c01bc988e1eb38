// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl: cards, blocks and instances of vfio_dfl_mdev from the shell */

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "vdflctl.h"

static const struct command * const commands[] = {
	&cmd_list, &cmd_info,
	&cmd_create, &cmd_remove,
	&cmd_read, &cmd_write, &cmd_wait,
	&cmd_bind, &cmd_unbind, &cmd_give,
	&cmd_irq, &cmd_acknowledge,
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

int command_help(const struct command *cmd)
{
	printf("usage: vdflctl %s %s\n\n%s.\n\n%s", cmd->name, cmd->arguments,
	       cmd->summary, cmd->details);
	return EXIT_SUCCESS;
}

int command_misuse(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	if (fmt) {
		fprintf(stderr, "vdflctl %s: ", cmd->name);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "usage: vdflctl %s %s\n", cmd->name, cmd->arguments);
	return EXIT_USAGE;
}

int command_options(const struct command *cmd, int argc, char **argv,
		    const char *name, bool *flag)
{
	const char letters[] = { 'h', name ? name[0] : '\0', '\0' };
	const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ name, no_argument, NULL, letters[1] },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt == '?')
			return command_misuse(cmd, NULL);
		*flag = true;
	}
	return -1;
}

int command_bdf(const struct command *cmd, const char *text, char bdf[BDF_LEN])
{
	if (parse_bdf(text, bdf))
		return 0;
	return command_misuse(cmd, "'%s' is not a PCI address such as 0000:01:00.0",
			      text);
}

int command_uuid(const struct command *cmd, const char *text,
		 char uuid[UUID_LEN])
{
	if (parse_uuid(text, uuid))
		return 0;
	return command_misuse(cmd, "'%s' is not a UUID", text);
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
