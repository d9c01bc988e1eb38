// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl name: stable name of an instance, for the udev rules */

#include <getopt.h>

#include "vdflctl.h"

static int show_name(const char *uuid, struct fault *fault)
{
	struct instance inst;

	if (model_instance_load(&inst, uuid, fault))
		return -1;
	if (!inst.block[0])
		return fault_set(fault, "%s has no block", uuid);
	printf("vdfl/%s/%s\n", inst.card, inst.block);
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	char uuid[UUID_LEN] = "";
	struct fault fault;
	bool group = false;
	__u64 number;
	int status;

	status = command_options(cmd, argc, argv, "group", &group);
	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	if (group && !parse_decimal(argv[optind], &number))
		return command_misuse("invalid group: '%s'", argv[optind]);
	if (!group && command_uuid(argv[optind], uuid))
		return EXIT_USAGE;
	if (group && !model_group_instance(argv[optind], uuid)) {
		fault_set(&fault, "no instance has group %s", argv[optind]);
		return fault_report(&fault);
	}
	return show_name(uuid, &fault) ? fault_report(&fault) : EXIT_SUCCESS;
}

const struct command verb_name = {
	.name = "name",
	.arguments = "{UUID | --group N}",
	.summary = "Print the stable name of an instance",
	.details =
"  -g, --group   the operand is the number of a VFIO group\n"
"  -h, --help    display this help and exit\n"
"\n"
"The name is vdfl/BDF/POSITION. udev makes a link with this name below /dev to\n"
"the device node of the instance.\n",
	.run = run,
};
