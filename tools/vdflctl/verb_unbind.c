// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl unbind: unbind a card from the driver */

#include <getopt.h>

#include "holders.h"
#include "vdflctl.h"

static void note_holders(const char *bdf)
{
	struct instance inst;
	struct names uuids;
	struct fault fault;
	size_t i;

	model_instances(&uuids, bdf);
	for (i = 0; i < uuids.count; i++)
		if (!model_instance_load(&inst, uuids.name[i], &fault))
			holders_note(&inst);
	names_free(&uuids);
}

static int check_empty(const char *bdf, struct fault *fault)
{
	struct names uuids;
	size_t count;

	model_instances(&uuids, bdf);
	count = uuids.count;
	names_free(&uuids);
	if (!count)
		return 0;
	fault_set(fault, "%s has %zu instance%s", bdf, count,
		  count > 1 ? "s" : "");
	return fault_remedy(fault, "remove the instances first: vdflctl remove --all %s",
			    bdf);
}

/* An override that is left behind would bind the card again */
static int clear_driver(const char *bdf, struct fault *fault)
{
	int ret = sysfs_write(bdf, "bus/pci/drivers/" DRIVER "/unbind");

	if (ret)
		return fault_kernel(fault, -ret, "cannot unbind %s", bdf);
	ret = sysfs_write("\n", "bus/pci/devices/%s/driver_override", bdf);
	return ret ? fault_kernel(fault, -ret,
				  "cannot clear driver_override of %s",
				  bdf) : 0;
}

static int unbind_card(const char *bdf, bool force, const char *grace,
		       struct fault *fault)
{
	sigset_t former;
	int ret;

	if (!model_card_bound(bdf))
		return fault_set(fault, "%s is not bound to " DRIVER, bdf);
	if (!force && check_empty(bdf, fault))
		return -1;
	ret = sysfs_writable("bus/pci/drivers/" DRIVER "/unbind");
	if (ret)
		return fault_kernel(fault, -ret, "cannot unbind %s", bdf);
	if (grace_set(bdf, grace, fault))
		return -1;
	note_holders(bdf);
	signals_block(&former);
	ret = clear_driver(bdf, fault);
	signals_restore(&former);
	return ret;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "grace", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *grace = NULL;
	bool force = false;
	char bdf[BDF_LEN];
	struct fault fault;
	int opt;

	while ((opt = getopt_long(argc, argv, "fg:h", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt != 'f' && opt != 'g')
			return command_misuse(NULL);
		if (opt == 'f')
			force = true;
		else
			grace = optarg;
		if (grace && grace_parse(grace))
			return EXIT_USAGE;
	}
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	if (unbind_card(bdf, force, grace, &fault))
		return fault_report(&fault);
	printf("%s has no driver now\n"
	       "to bind it to its default driver: echo %s > /sys/bus/pci/drivers_probe\n",
	       bdf, bdf);
	return EXIT_SUCCESS;
}

const struct command verb_unbind = {
	.name = "unbind",
	.arguments = "[--force] [--grace MS] BDF",
	.summary = "Unbind a card from " DRIVER,
	.details =
"  -f, --force   unbind a card that has instances; waits until their users\n"
"                have closed them\n"
"  -g, --grace MS\n"
"                time that users keep access after the request to close\n"
"  -h, --help    display this help and exit\n"
"\n"
"The card has no driver afterwards. Needs root.\n",
	.run = run,
};
