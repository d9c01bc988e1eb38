// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl give: set the owner of an instance */

#include <getopt.h>

#include "vdflctl.h"

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	char uuid[UUID_LEN];
	struct fault fault;
	uid_t uid;

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 2))
		return EXIT_USAGE;
	if (command_uuid(argv[optind], uuid))
		return EXIT_USAGE;
	if (owner_find(argv[optind + 1], &uid, &fault) ||
	    owner_set(uuid, uid, &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command verb_give = {
	.name = "give",
	.alias = "chown",
	.arguments = "UUID USER",
	.summary = "Set the owner of an instance",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"Makes USER the owner of the instance and of its device nodes, so that only USER\n"
"and root can open it, until the instance is removed. USER is a name, a decimal\n"
"id, +ID where a user may have a number as the name, or none, which is the same as\n"
"root. 'vdflctl save' keeps it. Needs root.\n",
	.run = run,
};
