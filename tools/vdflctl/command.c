// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl: command lines of the verbs */

#include <getopt.h>
#include <stdarg.h>

#include "vdflctl.h"

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

int command_width(const struct command *cmd, const char *text, __u32 *width)
{
	__u64 number;

	if (!parse_number(text, &number) ||
	    (number != 1 && number != 2 && number != 4 && number != 8))
		return command_misuse(cmd, "a width is 1, 2, 4 or 8, not '%s'",
				      text);
	*width = number;
	return 0;
}
