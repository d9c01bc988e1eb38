// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl: command line tool for cards, blocks and instances */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vdflctl.h"

static const struct command * const commands[] = {
	&verb_list, &verb_info, &verb_map,
	&verb_create, &verb_remove,
	&verb_read, &verb_write, &verb_wait,
	&verb_bind, &verb_unbind, &verb_give, &verb_filter,
	&verb_save, &verb_restore, &verb_name, &verb_cdi,
	&verb_top, &verb_metrics, &verb_events,
	&verb_irq, &verb_acknowledge, &verb_reset_port, &verb_prove,
};

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i]->name, name) ||
		    (commands[i]->alias && !strcmp(commands[i]->alias, name)))
			return commands[i];
	}
	return NULL;
}

static int show_usage(void)
{
	char names[NAME_LEN];
	struct table table;
	size_t i;

	printf("Usage: vdflctl COMMAND [OPTION]... [OPERAND]...\n");
	printf("Use the blocks of FPGA cards as VFIO mediated devices.\n\n");
	table_start(&table, 2);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		text_set(names, sizeof(names), "%s%s%s", commands[i]->name,
			 commands[i]->alias ? ", " : "",
			 commands[i]->alias ? commands[i]->alias : "");
		table_row(&table, names, commands[i]->summary);
	}
	table_print(&table, 2);
	printf("\nSee 'vdflctl COMMAND --help' and vdflctl(8).\n");
	return EXIT_SUCCESS;
}

/* argv[0] is the name or the alias of the verb */
static int run(const struct command *cmd, int argc, char **argv)
{
	char name[NAME_LEN];

	/* Prefix of usage errors, also of getopt_long() */
	text_set(name, sizeof(name), "vdflctl %s", argv[0]);
	argv[0] = name;
	program_invocation_name = name;
	return cmd->run(cmd, argc, argv);
}

static int unknown(const char *word)
{
	if (word[0] == '-')
		return command_misuse("unrecognized option '%s'", word);
	return command_misuse("unrecognized command '%s'", word);
}

/* @words: at most one name of a verb, then NULL */
static int help(char **words)
{
	const struct command *cmd;

	if (!words[0])
		return show_usage();
	if (words[1])
		return command_misuse("extra operand '%s'", words[1]);
	cmd = find(words[0]);
	return cmd ? command_help(cmd) : unknown(words[0]);
}

/*
 * Occupy standard descriptors that the caller has closed. Otherwise open() would
 * return them for a device, and messages would be written to its registers. The
 * access mode is the wrong one, so that reads and writes fail with EBADF.
 */
static void open_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_FAILURE);
	}
}

/* Report output that was lost, for example on a full disk */
static void close_stdout(void)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (!fclose(stdout) && !failed)
		return;
	fprintf(stderr, "vdflctl: write error%s%s\n", errno ? ": " : "",
		errno ? strerror(errno) : "");
	_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	open_standard_fds();
	if (atexit(close_stdout))
		return EXIT_FAILURE;
	program_invocation_name = "vdflctl";
	if (argc < 2)
		return command_misuse("missing command");
	if (!strcmp(argv[1], "--version")) {
		printf("vdflctl " VERSION "\n");
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return help(argv + 2);
	cmd = find(argv[1]);
	return cmd ? run(cmd, argc - 1, argv + 1) : unknown(argv[1]);
}
