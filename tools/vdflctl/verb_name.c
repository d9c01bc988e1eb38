// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl name: stable name of an instance, for the udev rules */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vdflctl.h"

#define POLL_MS		10
#define LIMIT_MS	1000

/* Several readers can have one block, so their names contain the UUID. */
static bool is_reader(const struct instance *inst)
{
	char type[NAME_LEN];

	return !sysfs_read(type, sizeof(type),
			   "bus/pci/devices/%s/dfl/blocks/%s/read_only_type",
			   inst->card, inst->block) &&
	       type[0] && !strncmp(inst->type, type, strlen(type));
}

/*
 * udev calls this for a node that appears while the kernel creates the instance.
 * The link to the type comes last. Without it, a reader would get the name of the
 * owner.
 */
static int load_complete(struct instance *inst, const char *uuid,
			 struct fault *fault)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000 };
	int left;

	for (left = LIMIT_MS; left; left -= POLL_MS) {
		if (model_instance_load(inst, uuid, fault))
			return -1;
		if (inst->type[0] && inst->block[0])
			return 0;
		nanosleep(&pause, NULL);
	}
	return fault_set(fault, "%s is being created or removed", uuid);
}

static int show_name(const char *uuid, struct fault *fault)
{
	struct instance inst;

	if (load_complete(&inst, uuid, fault))
		return -1;
	printf("vdfl/%s/%s", inst.card, inst.block);
	if (is_reader(&inst))
		printf("-ro-%s", inst.uuid);
	putchar('\n');
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
"The name is vdfl/BDF/POSITION, or vdfl/BDF/POSITION-ro-UUID if the instance is\n"
"read-only. udev makes a link with this name below /dev to the device node of the\n"
"instance.\n",
	.run = run,
};
