// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl: command lines of the verbs, reported in the words of coreutils */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>

#include "vdflctl.h"

int command_help(const struct command *cmd)
{
	printf("Usage: vdflctl %s %s\n", cmd->name, cmd->arguments);
	if (cmd->alias)
		printf("  or:  vdflctl %s %s\n", cmd->alias, cmd->arguments);
	printf("%s.\n\n%s", cmd->summary, cmd->details);
	return EXIT_SUCCESS;
}

int command_misuse(const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (fmt) {
		va_start(ap, fmt);
		if (vasprintf(&text, fmt, ap) < 0)
			err(EXIT_FAILURE, "%s", program_invocation_name);
		va_end(ap);
		text_clean(text);
		fprintf(stderr, "%s: %s\n", program_invocation_name, text);
		free(text);
	}
	fprintf(stderr, "Try '%s --help' for more information.\n",
		program_invocation_name);
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
			return command_misuse(NULL);
		*flag = true;
	}
	return -1;
}

int command_operands(int argc, char **argv, int count)
{
	if (argc - optind > count)
		return command_misuse("extra operand '%s'",
				      argv[optind + count]);
	if (argc - optind == count)
		return 0;
	if (argc == optind)
		return command_misuse("missing operand");
	return command_misuse("missing operand after '%s'", argv[argc - 1]);
}

int command_bdf(const char *text, char bdf[BDF_LEN])
{
	return parse_bdf(text, bdf) ? 0 :
	       command_misuse("invalid PCI address: '%s'", text);
}

int command_only_bdf(int argc, char **argv, char bdf[BDF_LEN])
{
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	return command_bdf(argv[optind], bdf);
}

int command_cards(int argc, char **argv, void (*all)(struct names *cards),
		  int (*act)(const char *bdf, struct fault *fault))
{
	int status = EXIT_SUCCESS;
	struct names cards = { 0 };
	char bdf[BDF_LEN];
	struct fault fault;
	size_t i;
	int arg;

	for (arg = optind; arg < argc; arg++)
		if (command_bdf(argv[arg], bdf))
			return EXIT_USAGE;
	if (optind == argc)
		all(&cards);
	for (i = 0; i < cards.count; i++)
		if (act(cards.name[i], &fault))
			status = fault_report(&fault);
	names_free(&cards);
	for (arg = optind; arg < argc; arg++)
		if (!command_bdf(argv[arg], bdf) && act(bdf, &fault))
			status = fault_report(&fault);
	return status;
}

int command_uuid(const char *text, char uuid[UUID_LEN])
{
	return parse_uuid(text, uuid) ? 0 :
	       command_misuse("invalid UUID: '%s'", text);
}

int command_number(const char *text, const char *what, __u64 *value)
{
	return parse_number(text, value) ? 0 :
	       command_misuse("invalid %s: '%s'", what, text);
}

int command_count(const char *text, __u64 *count)
{
	if (parse_number(text, count) && *count)
		return 0;
	return command_misuse("invalid count: '%s'", text);
}

int command_width(const char *text, __u32 *width)
{
	__u64 number;

	if (!parse_number(text, &number) ||
	    (number != 1 && number != 2 && number != 4 && number != 8))
		return command_misuse("invalid width: '%s'", text);
	*width = number;
	return 0;
}
