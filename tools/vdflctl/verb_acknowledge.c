// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl acknowledge: bus master violations of a card */

#include <getopt.h>
#include <string.h>

#include "vdflctl.h"

static int acknowledge(const char *bdf, struct fault *fault)
{
	char violations[NAME_LEN];
	int ret;

	if (model_card_need(bdf, fault))
		return -1;
	sysfs_read(violations, sizeof(violations),
		   "bus/pci/devices/%s/dfl/busmaster_violations", bdf);
	ret = sysfs_write("1", "bus/pci/devices/%s/dfl/busmaster_acknowledged",
			  bdf);
	if (ret) {
		fault_set(fault, "cannot acknowledge violations of %s: %s",
			  bdf, strerror(-ret));
		fault_denied(fault, -ret);
		return -1;
	}
	printf("%s: acknowledged; bus master violations so far: %s\n",
	       bdf, violations);
	return 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	char bdf[BDF_LEN];
	struct fault fault;

	if (status >= 0)
		return status;
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	if (acknowledge(bdf, &fault))
		return fault_report(&fault);
	return EXIT_SUCCESS;
}

const struct command verb_acknowledge = {
	.name = "acknowledge",
	.alias = "ack",
	.arguments = "BDF",
	.summary = "Acknowledge bus master violations of a card",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"After a violation, instances of the card cannot be opened until this command\n"
"is run. Find the cause of the violation first. Needs root.\n",
	.run = run,
};
