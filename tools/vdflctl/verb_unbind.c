// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl unbind: unbind a card from the driver */

#include <getopt.h>

#include "vdflctl.h"

static int unbind_card(const char *bdf, bool force, struct fault *fault)
{
	struct names uuids;
	size_t count;
	int ret;

	if (!model_card_bound(bdf))
		return fault_set(fault, "%s is not bound to " DRIVER, bdf);
	model_instances(&uuids, bdf);
	count = uuids.count;
	names_free(&uuids);
	if (count && !force) {
		fault_set(fault, "%s has %zu instance%s", bdf, count,
			  count > 1 ? "s" : "");
		return fault_remedy(fault, "remove the instances first: vdflctl remove --all %s",
				    bdf);
	}
	ret = sysfs_write(bdf, "bus/pci/drivers/" DRIVER "/unbind");
	if (ret)
		return fault_kernel(fault, -ret, "cannot unbind %s", bdf);
	ret = sysfs_write("\n", "bus/pci/devices/%s/driver_override", bdf);
	return ret ? fault_kernel(fault, -ret,
				  "cannot clear driver_override of %s",
				  bdf) : 0;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool force = false;
	char bdf[BDF_LEN];
	struct fault fault;
	int status;

	status = command_options(cmd, argc, argv, "force", &force);
	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 1))
		return EXIT_USAGE;
	if (command_bdf(argv[optind], bdf))
		return EXIT_USAGE;
	if (unbind_card(bdf, force, &fault))
		return fault_report(&fault);
	printf("%s has no driver now\n"
	       "to bind it to its default driver: echo %s > /sys/bus/pci/drivers_probe\n",
	       bdf, bdf);
	return EXIT_SUCCESS;
}

const struct command verb_unbind = {
	.name = "unbind",
	.arguments = "[--force] BDF",
	.summary = "Unbind a card from " DRIVER,
	.details =
"  -f, --force   unbind a card that has instances; waits until their users\n"
"                have closed them\n"
"  -h, --help    display this help and exit\n"
"\n"
"The card has no driver afterwards. Needs root.\n",
	.run = run,
};
